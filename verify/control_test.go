package verify

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"freehold"
)

func TestControl(t *testing.T) {
	type edits = []func(*freehold.Observed)
	signed := func(o *freehold.Observed) {
		o.DNS.DS = freehold.Known([]freehold.DS{{KeyTag: 1}}, id("dns"))
	}
	servers := func(names ...string) func(*freehold.Observed) {
		return func(o *freehold.Observed) { o.DNS.Delegation = freehold.Known(hosts(names...), id("dns")) }
	}
	for _, c := range []struct {
		what     string
		edits    edits
		layer    freehold.Layer
		holder   string
		standing freehold.Standing
		mine     bool
		stale    bool
		against  string
	}{
		{"registry", nil, freehold.LayerRegistry, "Afnic (.fr)", freehold.StandingObserved, false, false, ""},
		{"registry that did not answer", edits{unanswered(freehold.OutcomeTimeout)}, freehold.LayerRegistry, "", freehold.StandingUnknown, false, false, ""},
		{"registrar", nil, freehold.LayerRegistrar, "Comptoir des Noms SA", freehold.StandingObserved, false, false, ""},
		{"registrar, said and seen alike", edits{says("registrar", "comptoir-des-noms.com")}, freehold.LayerRegistrar, "Comptoir des Noms SA", freehold.StandingObserved, false, false, ""},
		{"registrar, said and seen differ", edits{says("registrar", "Wholenames BV")}, freehold.LayerRegistrar, "Comptoir des Noms SA", freehold.StandingContradicted, false, false, "Wholenames BV"},
		{"registrar, said otherwise long ago", edits{saysOn("2025-01-01", "registrar", "Wholenames BV", false)}, freehold.LayerRegistrar, "Comptoir des Noms SA", freehold.StandingObserved, false, false, ""},
		{"registrar, only said", edits{unanswered(freehold.OutcomeTimeout), says("registrar", "Wholenames BV")}, freehold.LayerRegistrar, "Wholenames BV", freehold.StandingClaimed, false, false, ""},
		{"registrar is the host, who is not named", edits{says("registrar", "host")}, freehold.LayerRegistrar, "Comptoir des Noms SA", freehold.StandingObserved, false, false, ""},
		{"no reseller, a source says", nil, freehold.LayerReseller, "", freehold.StandingObserved, false, false, ""},
		{"reseller, only said", edits{says("reseller", "Tiers SARL")}, freehold.LayerReseller, "Tiers SARL", freehold.StandingClaimed, false, false, ""},
		{"reseller, said to be none", edits{resellerIs("Tiers SARL"), says("reseller", "no")}, freehold.LayerReseller, "Tiers SARL", freehold.StandingContradicted, false, false, "no"},
		{"reseller, said to be one", edits{resellerIs("Tiers SARL"), says("reseller", "yes")}, freehold.LayerReseller, "Tiers SARL", freehold.StandingObserved, false, false, ""},
		{"reseller, nothing said", edits{resellerIs("Tiers SARL"), says("reseller", "")}, freehold.LayerReseller, "Tiers SARL", freehold.StandingObserved, false, false, ""},
		{"registrant", nil, freehold.LayerRegistrant, "Savonnerie Cardinal SAS", freehold.StandingObserved, false, false, ""},
		{"registrant, me", edits{says("registrant", "me")}, freehold.LayerRegistrant, "Savonnerie Cardinal SAS", freehold.StandingClaimed, true, false, ""},
		{"registrant, me in other words", edits{says("registrant_is", "me")}, freehold.LayerRegistrant, "Savonnerie Cardinal SAS", freehold.StandingClaimed, true, false, ""},
		{"registrant, the host", edits{says("host", "Rhodanum Web"), says("registrant_is", "host")}, freehold.LayerRegistrant, "Savonnerie Cardinal SAS", freehold.StandingContradicted, false, false, "Rhodanum Web"},
		{"registrant hidden", edits{hidden}, freehold.LayerRegistrant, "", freehold.StandingUnknown, false, false, ""},
		{"account is never seen", nil, freehold.LayerAccount, "", freehold.StandingUnknown, false, false, ""},
		{"account, me", edits{says("account", "me")}, freehold.LayerAccount, "", freehold.StandingClaimed, true, false, ""},
		{"account, me, yes", edits{says("account", "yes")}, freehold.LayerAccount, "", freehold.StandingClaimed, true, false, ""},
		{"account, shown", edits{shows("account", "me")}, freehold.LayerAccount, "", freehold.StandingProven, true, false, ""},
		{"account, long ago", edits{saysOn("2026-01-01", "account", "me", false)}, freehold.LayerAccount, "", freehold.StandingClaimed, true, true, ""},
		{"account, the host's", edits{says("account", "host"), says("host", "Rhodanum Web")}, freehold.LayerAccount, "Rhodanum Web", freehold.StandingClaimed, false, false, ""},
		{"account, not mine", edits{says("account", "no")}, freehold.LayerAccount, "", freehold.StandingClaimed, false, false, ""},
		{"name servers", edits{servers("ns1.a-dns.net", "ns2.b-dns.org", "ns3.a-dns.net")}, freehold.LayerDNS, "a-dns.net, b-dns.org", freehold.StandingObserved, false, false, ""},
		{"name servers in the name itself", edits{servers("ns1.savon.fr"), func(o *freehold.Observed) {
			o.Network.Addresses = append(o.Network.Addresses, freehold.AddressFacts{Addr: netip.MustParseAddr("192.0.2.1"), Roles: []string{"dns"}, Holder: freehold.Known("Transit Loire SAS")})
		}}, freehold.LayerDNS, "Transit Loire SAS", freehold.StandingObserved, false, false, ""},
		{"DNS not asked", edits{func(o *freehold.Observed) {
			o.DNS = freehold.DNSFacts{}
			o.Registration.Nameservers = freehold.Fact[[]freehold.Host]{}
		}}, freehold.LayerDNS, "", freehold.StandingUnknown, false, false, ""},
		{"unsigned", nil, freehold.LayerSigner, "", freehold.StandingObserved, false, false, ""},
		{"signed by one operator", edits{signed}, freehold.LayerSigner, "rhodanum-web.ch", freehold.StandingObserved, false, false, ""},
		{"signed, by one of two", edits{signed, servers("ns1.a-dns.net", "ns2.b-dns.org")}, freehold.LayerSigner, "", freehold.StandingUnknown, false, false, ""},
		{"mail", nil, freehold.LayerMail, "postilla-mail.ch", freehold.StandingObserved, false, false, ""},
		{"no mail, as said by null MX", edits{func(o *freehold.Observed) { o.DNS.MX = freehold.Known([]freehold.MX{{}}) }}, freehold.LayerMail, "", freehold.StandingObserved, false, false, ""},
		{"web", nil, freehold.LayerWeb, "Rhodanum Web Sàrl", freehold.StandingObserved, false, false, ""},
		{"web, said under another name, which excludes nothing", edits{says("web", "Atelier Dupré")}, freehold.LayerWeb, "Rhodanum Web Sàrl", freehold.StandingObserved, false, false, ""},
		{"networks", nil, freehold.LayerNetwork, "Rhodanum Web Sàrl, Postilla Mail AG", freehold.StandingObserved, false, false, ""},
		{"mailbox", edits{mailbox("a@b.example")}, freehold.LayerContactMailbox, "a@b.example", freehold.StandingObserved, false, false, ""},
		{"mailbox, hidden and mine", edits{says("contact_mailbox", "me")}, freehold.LayerContactMailbox, "", freehold.StandingClaimed, true, false, ""},
	} {
		control := Control(seen("savon.fr", c.edits...))
		got := control.Of(c.layer)
		if got.Holder != c.holder || got.Standing != c.standing || got.Mine != c.mine || got.Stale != c.stale || got.Against != c.against {
			t.Errorf("%s: %+v", c.what, got)
		}
		if got.Standing != freehold.StandingUnknown && (len(got.Evidence) == 0 && c.layer != freehold.LayerMail || got.At.IsZero()) {
			t.Errorf("%s: known without evidence or date: %+v", c.what, got)
		}
		if len(control) != len(freehold.Layers) {
			t.Errorf("%s: %d claims", c.what, len(control))
		}
	}
}

func hidden(o *freehold.Observed) {
	o.Registration.RegistrantOrg = freehold.Hidden[string]("privacy", id("registry"))
}

func TestHostOf(t *testing.T) {
	web := func(holder string) func(*freehold.Observed) {
		return func(o *freehold.Observed) { o.Network.Addresses[0].Holder = freehold.Known(holder, id("network")) }
	}
	mx := func(name string) func(*freehold.Observed) {
		return func(o *freehold.Observed) {
			o.DNS.MX = freehold.Known([]freehold.MX{{Host: hosts(name)[0]}}, id("dns"))
		}
	}
	noWeb := func(o *freehold.Observed) { o.Network = freehold.NetworkFacts{} }
	for _, c := range []struct {
		what      string
		edits     []func(*freehold.Observed)
		name      string
		basis     Basis
		registrar bool // is the host
	}{
		{"network and name servers agree", nil, "Rhodanum Web Sàrl", BasisNetwork, false},
		{"said", []func(*freehold.Observed){says("host", "Nordet inc.")}, "Nordet inc.", BasisSaid, false},
		{"said, that the owner is", []func(*freehold.Observed){says("host", "me")}, "", BasisSaid, false},
		{"said too long ago", []func(*freehold.Observed){saysOn("2026-01-01", "host", "Nordet inc.", false)}, "Rhodanum Web Sàrl", BasisNetwork, false},
		{"a rented rack", []func(*freehold.Observed){web("Colocation Huveaune SA")}, "", BasisNone, false},
		{"a rented rack, name servers and mail in one domain", []func(*freehold.Observed){web("Colocation Huveaune SA"), mx("mail.rhodanum-web.ch")}, "rhodanum-web.ch", BasisDomains, false},
		{"in the registrar's network", []func(*freehold.Observed){web("Comptoir des Noms")}, "Comptoir des Noms", BasisNetwork, true},
		{"registrar lends DNS and mail, the site stands elsewhere", []func(*freehold.Observed){registrarIs("Rhodanum Web"), web("Colocation Huveaune SA"), mx("mail.rhodanum-web.ch")}, "", BasisNone, false},
		{"registrar has DNS and mail, no site", []func(*freehold.Observed){registrarIs("Rhodanum Web"), noWeb, mx("mail.rhodanum-web.ch")}, "rhodanum-web.ch", BasisDomains, true},
		{"the holder of one of two networks is not known", []func(*freehold.Observed){func(o *freehold.Observed) {
			o.Network.Addresses = append(o.Network.Addresses, freehold.AddressFacts{Addr: netip.MustParseAddr("203.0.113.1"), Roles: []string{"web"}})
		}}, "", BasisNone, false},
	} {
		o := seen("savon.com", c.edits...)
		h := HostOf(o)
		if h.Name != c.name || h.Basis != c.basis {
			t.Errorf("%s: %+v", c.what, h)
		}
		if h.Basis != BasisNone && len(h.Evidence) == 0 {
			t.Errorf("%s: known without evidence", c.what)
		}
		if _, _, is := RegistrarIsHost(o, h); is != c.registrar {
			t.Errorf("%s: registrar is host: %v", c.what, is)
		}
	}
}

func TestQuestions(t *testing.T) {
	for _, c := range []struct {
		what     string
		o        *freehold.Observed
		subjects []string
	}{
		{"nothing said", seen("savon.com"), []string{"account", "contact_mailbox", "payer"}},
		{"nothing said under .eu: the mailbox decides", seen("savon.eu", statuses("ok")), []string{"contact_mailbox", "account", "payer"}},
		{"nothing said under .es, the registrar is the host", seen("savon.es", statuses("ok"), registrarIs("Rhodanum Web")), []string{"registry_access", "contact_mailbox", "payer"}},
		{"a way that is only second-hand, not yet asked about", seen("savon.de", statuses("ok"), registrarIs("Rhodanum Web")), []string{"contact_mailbox", "payer", "registry_access"}},
		{"the same, and the answer was no", seen("savon.de", statuses("ok"), registrarIs("Rhodanum Web"), says("registry_access", "no")), []string{"contact_mailbox", "payer"}},
		{"nothing said under .lu: the mailbox decides", seen("savon.lu", statuses("ok")), []string{"contact_mailbox", "account", "payer"}},
		{"account said", seen("savon.com", says("account", "me")), []string{"contact_mailbox"}},
		{"account said not to be", seen("savon.com", says("account", "no")), []string{"contact_mailbox", "payer"}},
		{"account said long ago", seen("savon.com", saysOn("2026-01-01", "account", "me", false)), []string{"account", "contact_mailbox", "payer"}},
		{"all said", seen("savon.com", says("account", "me"), says("contact_mailbox", "me")), nil},
		{"registrar is host: no account would change that", seen("savon.com", says("host", "Comptoir des Noms")), []string{"contact_mailbox", "payer"}},
		{"deleted", seen("savon.com", statuses("redemptionPeriod")), nil},
		{"not registered", seen("savon.com", free), nil},
		{"registry silent", seen("savon.com", unanswered(freehold.OutcomeTimeout)), []string{"account", "contact_mailbox", "payer"}},
	} {
		questions := Questions(c.o, Control(c.o), judge(c.o))
		var subjects []string
		for _, q := range questions {
			subjects = append(subjects, q.Subject)
			if q.Text.IsZero() || len(q.Options) < 2 {
				t.Errorf("%s: %+v", c.what, q)
			}
			for _, option := range q.Options {
				if option.Value == "" || option.Label.IsZero() {
					t.Errorf("%s: an option without value or label: %+v", c.what, option)
				}
			}
		}
		if len(subjects) != len(c.subjects) || len(subjects) > maxQuestions {
			t.Errorf("%s: %v, want %v", c.what, subjects, c.subjects)
			continue
		}
		for i := range subjects {
			if subjects[i] != c.subjects[i] {
				t.Errorf("%s: %v, want %v", c.what, subjects, c.subjects)
				break
			}
		}
	}
}

// TestQuestionsOfWays: the words and answers where the registry's own way decides.
func TestQuestionsOfWays(t *testing.T) {
	for _, c := range []struct {
		name, text, options string
	}{
		{"savon.be", "Whose mailbox is the registrant's, to which mail about savon.be goes?", "me host no"},
		{"savon.lu", "Whose mailbox is the administrative contact's, to which mail about savon.lu goes?", "me host no"},
		{"savon.de", "Did DENIC, or a new registrar, confirm that savon.de can move without the old one?", "yes no"},
		{"savon.uk", "Did Nominet, or a new registrar, confirm that savon.uk can move without the old one?", "yes no"},
		{"savon.es", "Do you have a login of your own at Dominios.es, and do you see savon.es there?", "yes no"},
	} {
		o := seen(c.name, statuses("ok"), registrarIs("Rhodanum Web"))
		all := Questions(o, Control(o), judge(o))
		first := all[0]
		if i := slices.IndexFunc(all, func(q Question) bool { return q.Subject == freehold.AttestRegistryRoute }); i > 0 {
			first = all[i]
		}
		var options []string
		for _, option := range first.Options {
			options = append(options, option.Value)
		}
		if first.Text.String() != c.text || strings.Join(options, " ") != c.options {
			t.Errorf("%s: %q, answers %q; want %q, %q", c.name, first.Text, options, c.text, c.options)
		}
	}
}
