package rules

import (
	"testing"

	"freehold"
	vt "freehold/verify/verifytest"
)

// incidents are the five of docs/design.md §1, as they could have been observed
// the day before, with invented names, and what must have been warned about.
var incidents = []struct {
	drill string
	o     *freehold.Observed
	want  map[string]freehold.Severity
}{
	{
		// A host in Canada is wiped one night. Sites, mail and zones were there and
		// nowhere else.
		"wiped-host",
		vt.Seen("clinique-des-erables.ca",
			vt.Registrar("Laurentide Domaines inc."), servers("ns1.nordet-web.ca", "ns2.nordet-web.ca"), mx("courriel.nordet-web.ca"), spf("v=spf1 include:_spf.nordet-web.ca -all"),
			vt.Mailbox("direction@clinique-des-erables.ca"), vt.Says("account", "host"), vt.Says("host", "Nordet Hébergement Web inc."), vt.Says("files_copy", "no"), vt.Says("zone_copy", "no"),
			server("ns1.nordet-web.ca", "203.0.113.1", "203.0.113.0/27", "x"), server("ns2.nordet-web.ca", "203.0.113.2", "203.0.113.0/27", "x"), allBy("Nordet Hébergement Web inc.")),
		map[string]freehold.Severity{
			"no-offhost-zone-copy": freehold.SeverityWarning, "no-offhost-data-copy": freehold.SeverityWarning, "account-held-by-other": freehold.SeverityWarning,
			"contact-mailbox-inside-name": freehold.SeverityWarning, "nameservers-one-network": freehold.SeverityWarning, "all-in-one-network": freehold.SeverityNotice, "mail-tied-to-host": freehold.SeverityNotice,
		},
	},
	{
		// A machine room in France is lost. The host is the registrar too, mail is
		// out for weeks, and nobody can be reached.
		"stranded-customers",
		vt.Seen("serrurerie-quaibleu.fr",
			vt.Registrar("Ormalis SAS"), registrant("Serrurerie du Quai Bleu SARL"), servers("ns1.ormalis-hebergement.fr", "ns2.ormalis-hebergement.fr"), mx("mx1.ormalis-hebergement.fr"),
			vt.Mailbox("contact@serrurerie-quaibleu.fr"), allBy("Ormalis SAS")),
		map[string]freehold.Severity{
			"registrar-is-host": freehold.SeverityWarning, "contact-mailbox-inside-name": freehold.SeverityWarning, "mail-tied-to-host": freehold.SeverityNotice,
			"no-recovery-contact": freehold.SeverityInfo, "no-offhost-data-copy": freehold.SeverityNotice,
		},
	},
	{
		// A .com of 2001 in the reseller account of a host who answers no letters. No
		// public record shows it; one question would have.
		"silent-reseller",
		vt.Seen("fromagerie-du-cret.com",
			vt.Registrar("Wholenames BV"), hiddenRegistrant, vt.Created("2001-03-14"), servers("dns1.mistraline.com", "dns2.mistraline.com"), mx("mail.mistraline.com"), allBy("Colocation Huveaune SA")),
		map[string]freehold.Severity{"no-account-access-attested": freehold.SeverityNotice, "no-recovery-contact": freehold.SeverityInfo},
	},
	{
		// The same name after the question was answered.
		"silent-reseller, asked",
		vt.Seen("fromagerie-du-cret.com",
			vt.Registrar("Wholenames BV"), hiddenRegistrant, vt.Created("2001-03-14"), servers("dns1.mistraline.com", "dns2.mistraline.com"), allBy("Colocation Huveaune SA"), vt.Says("account", "no"), vt.Says("payer", "host")),
		map[string]freehold.Severity{"no-account-access-attested": freehold.SeverityWarning},
	},
	{
		// A supplier cuts every server, address block and name server of a host for an
		// hour: all stood in that one network.
		"cut-upstream",
		vt.Seen("radio-vallon-libre.fr",
			servers("ns1.arvornet-services.fr", "ns2.arvornet-services.fr", "ns3.arvornet-services.fr"), mx("mail.arvornet-services.fr"),
			server("ns1.arvornet-services.fr", "192.0.2.33", "192.0.2.32/27", "x"), server("ns2.arvornet-services.fr", "192.0.2.34", "192.0.2.32/27", "x"), server("ns3.arvornet-services.fr", "192.0.2.35", "192.0.2.32/27", "x"), allBy("Transit Loire SAS")),
		map[string]freehold.Severity{"nameservers-one-network": freehold.SeverityWarning, "all-in-one-network": freehold.SeverityNotice, "nameservers-one-operator": freehold.SeverityInfo},
	},
	{
		// One firewall before all that is shared; the host's own site went down too, so
		// nobody knew where to ask.
		"shared-firewall",
		vt.Seen("orfevrerie-sambre.com",
			servers("ns1.delta-meuse.be", "ns2.delta-meuse.be"), mx("mail.delta-meuse.be"),
			server("ns1.delta-meuse.be", "192.0.2.65", "192.0.2.64/27", "x"), server("ns2.delta-meuse.be", "192.0.2.66", "192.0.2.64/27", "x"), allBy("Delta-Meuse Hosting SRL"), vt.Says("recovery", "help@delta-meuse.be")),
		map[string]freehold.Severity{"all-in-one-network": freehold.SeverityNotice, "nameservers-one-network": freehold.SeverityWarning, "no-recovery-contact": freehold.SeverityNotice, "mail-tied-to-host": freehold.SeverityNotice},
	},
}

// TestIncidentsWereForeseeable: each of the five would have raised its warnings.
func TestIncidentsWereForeseeable(t *testing.T) {
	for _, i := range incidents {
		got := map[string]freehold.Severity{}
		for _, f := range Apply(*caseOf(i.o)) {
			got[f.Rule] = f.Severity
			if f.Severity == freehold.SeverityCritical {
				t.Errorf("%s: %s is called critical: nothing was lost yet", i.drill, f.Rule)
			}
		}
		for rule, severity := range i.want {
			if s, ok := got[rule]; !ok || s != severity {
				t.Errorf("%s: %s is %v (%s), want %s; found %v", i.drill, rule, ok, s, severity, got)
			}
		}
	}
}

// TestIncidentVerdicts: what the audit would have answered the day before.
func TestIncidentVerdicts(t *testing.T) {
	want := map[string]freehold.CanLeave{
		"wiped-host": freehold.LeaveWithHost, "stranded-customers": freehold.LeaveWithHost, "silent-reseller": freehold.LeaveUnknown,
		"silent-reseller, asked": freehold.LeaveWithHost, "cut-upstream": freehold.LeaveUnknown, "shared-firewall": freehold.LeaveUnknown,
	}
	for _, i := range incidents {
		if got := caseOf(i.o).Verdict.CanLeave; got != want[i.drill] {
			t.Errorf("%s: %s, want %s", i.drill, got, want[i.drill])
		}
	}
}
