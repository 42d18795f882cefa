package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/policy"
	"freehold/verify"
	vt "freehold/verify/verifytest"
)

type edit = func(*freehold.Observed)

var policies = func() *policy.Set {
	s, err := policy.Load()
	if err != nil {
		panic(err)
	}
	return s
}()

func caseOf(o *freehold.Observed) *Case {
	c := verify.Control(o)
	p := policies.For(o.Name, o.At)
	return &Case{Observed: o, Control: c, Verdict: verify.Judge(o, c, p), Profile: p}
}

// nothing is a name about which no source answered and nothing was asked of our
// own records.
func nothing(o *freehold.Observed) {
	*o = freehold.Observed{Name: o.Name, At: o.At}
}

func unowned(o *freehold.Observed) { o.Own = "" }

func gone(o *freehold.Observed) {
	o.Registration = freehold.Registration{State: freehold.NotRegistered, Asks: o.Registration.Asks}
	o.DNS, o.Network = freehold.DNSFacts{Delegation: freehold.NotThere[[]freehold.Host](vt.ID("dns"))}, freehold.NetworkFacts{}
}

func servers(names ...string) edit {
	return func(o *freehold.Observed) {
		o.DNS.Delegation = freehold.Known(vt.Hosts(names...), vt.ID("dns"))
		o.DNS.NS, o.Registration.Nameservers = o.DNS.Delegation, o.DNS.Delegation
	}
}

func zoneNames(names ...string) edit {
	return func(o *freehold.Observed) { o.DNS.NS = freehold.Known(vt.Hosts(names...), vt.ID("child")) }
}

func recordNames(names ...string) edit {
	return func(o *freehold.Observed) {
		o.Registration.Nameservers = freehold.Known(vt.Hosts(names...), vt.ID("registry"))
	}
}

// server adds one address of a name server, in a block of a holder ("" is not known).
func server(host, addr, block, holder string) edit {
	return func(o *freehold.Observed) {
		a := netip.MustParseAddr(addr)
		o.DNS.Servers = append(o.DNS.Servers, freehold.ServerFacts{Host: vt.Hosts(host)[0], Addr: a, Outcome: freehold.OutcomeAnswered, InParent: true, Evidence: []freehold.EvidenceID{vt.ID("server " + addr)}})
		f := freehold.AddressFacts{Addr: a, Roles: []string{"dns"}, Evidence: []freehold.EvidenceID{vt.ID("net " + addr)}}
		if holder != "" {
			f.Holder, f.Prefix = freehold.Known(holder, vt.ID("net "+addr)), freehold.Known(block, vt.ID("net "+addr))
		}
		o.Network.Addresses = append(o.Network.Addresses, f)
	}
}

// lastServer changes the server that was added last.
func lastServer(change func(*freehold.ServerFacts)) edit {
	return func(o *freehold.Observed) {
		if n := len(o.DNS.Servers); n > 0 {
			change(&o.DNS.Servers[n-1])
		}
	}
}

func serial(n uint32) edit {
	return lastServer(func(s *freehold.ServerFacts) { s.Serial = freehold.Known(n, vt.ID("serial")) })
}

func lame(s *freehold.ServerFacts) { s.Lame = true }

func mx(name string) edit {
	return func(o *freehold.Observed) {
		o.DNS.MX = freehold.Known([]freehold.MX{{Host: vt.Hosts(name)[0]}}, vt.ID("dns"))
	}
}

func spf(record string) edit {
	return func(o *freehold.Observed) { o.DNS.SPF = freehold.Known(record, vt.ID("dns")) }
}

func signed(o *freehold.Observed) {
	o.DNS.DS = freehold.Known([]freehold.DS{{KeyTag: 1}}, vt.ID("dns"))
}

func validation(v freehold.Validation) edit {
	return func(o *freehold.Observed) { o.DNS.Validation = freehold.Known(v, vt.ID("dns")) }
}

func allBy(holder string) edit {
	return func(o *freehold.Observed) {
		for i := range o.Network.Addresses {
			o.Network.Addresses[i].Holder = freehold.Known(holder, vt.ID("network"))
		}
	}
}

func nsDomain(name string, state freehold.RegistrationState, expires string) edit {
	return func(o *freehold.Observed) {
		d := freehold.NameserverDomain{Name: vt.Name(name), Servers: vt.Hosts("ns1." + name), State: state, Evidence: []freehold.EvidenceID{vt.ID("ns domain")}}
		if expires != "" {
			d.Expires = freehold.Known(vt.Date(expires), vt.ID("ns domain"))
		}
		o.NameserverDomains = append(o.NameserverDomains, d)
	}
}

func expires(registry, registrar string) edit {
	return func(o *freehold.Observed) {
		o.Registration.Expires = freehold.Known(vt.Date(registry), vt.ID("registry"))
		o.Registration.RegistrarExpires = freehold.NotThere[time.Time](vt.ID("registrar"))
		if registrar != "" {
			o.Registration.RegistrarExpires = freehold.Known(vt.Date(registrar), vt.ID("registrar"))
		}
	}
}

func conflict(field string) edit {
	return func(o *freehold.Observed) {
		o.Registration.Conflicts = append(o.Registration.Conflicts, freehold.Conflict{Field: field, A: "one", B: "two", Evidence: []freehold.EvidenceID{vt.ID("registry")}})
	}
}

func registrant(org string) edit {
	return func(o *freehold.Observed) { o.Registration.RegistrantOrg = freehold.Known(org, vt.ID("registry")) }
}

func hiddenRegistrant(o *freehold.Observed) {
	o.Registration.RegistrantOrg = freehold.Hidden[string]("privacy", vt.ID("registry"))
}

func noHost(o *freehold.Observed) { o.Network = freehold.NetworkFacts{} }

func noReseller(o *freehold.Observed) { o.Registration.Reseller = freehold.Fact[string]{} }

func notDelegated(o *freehold.Observed) {
	o.DNS.Delegation = freehold.NotThere[[]freehold.Host](vt.ID("dns"))
}

func delegated(o *freehold.Observed) {
	gone(o)
	o.DNS.Delegation = freehold.Known(vt.Hosts("ns1.rhodanum-web.ch"), vt.ID("dns"))
}

func unanswered(outcome freehold.Outcome) edit {
	return func(o *freehold.Observed) {
		o.Registration = freehold.Registration{Asks: []freehold.Ask{{Outcome: outcome, Evidence: vt.ID("silence")}}}
	}
}

// zoneCopyOf adds a copy made some days ago.
func zoneCopyOf(days int, coverage freehold.Coverage, serial uint32, location string) edit {
	return func(o *freehold.Observed) {
		o.ZoneCopies = append(o.ZoneCopies, freehold.ZoneCopy{
			Name: o.Name, At: o.At.AddDate(0, 0, -days), Source: "axfr", Coverage: coverage, Serial: serial, Location: location, Evidence: []freehold.EvidenceID{vt.ID("copy " + location)},
		})
	}
}

// earlier is what the last audit found.
func earlier(day, registrar string, ns ...string) edit {
	return func(o *freehold.Observed) {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			panic(err)
		}
		o.Earlier = freehold.Earlier{At: at, Registrar: registrar, NameServers: vt.Hosts(ns...), Evidence: []freehold.EvidenceID{vt.ID("earlier")}}
	}
}

func earlierSame(day string) edit {
	return func(o *freehold.Observed) { earlier(day, o.Registration.Registrar.Value)(o) }
}

func nothingOfDNS(o *freehold.Observed) { o.DNS = freehold.DNSFacts{} }

func soa(serial uint32) edit {
	return func(o *freehold.Observed) { o.DNS.SOA = freehold.Known(freehold.SOA{Serial: serial}, vt.ID("soa")) }
}

func ds(tags ...uint16) edit {
	return func(o *freehold.Observed) { o.DNS.DS = freehold.Known(dsList(tags), vt.ID("ds")) }
}

func cds(tags ...uint16) edit {
	return func(o *freehold.Observed) { o.DNS.CDS = freehold.Known(dsList(tags), vt.ID("cds")) }
}

// dsList makes a DS for each tag; 0 is the request to take all out.
func dsList(tags []uint16) (list []freehold.DS) {
	for _, tag := range tags {
		d := freehold.DS{KeyTag: tag, Algorithm: 13, DigestType: 2}
		if tag == 0 {
			d = freehold.DS{}
		}
		list = append(list, d)
	}
	return list
}

func noCDS(o *freehold.Observed) { o.DNS.CDS = freehold.NotThere[[]freehold.DS](vt.ID("cds")) }

func keys(tags ...uint16) edit {
	return func(o *freehold.Observed) {
		var list []freehold.DNSKEY
		for _, tag := range tags {
			list = append(list, freehold.DNSKEY{KeyTag: tag, Algorithm: 13, Flags: 257})
		}
		o.DNS.DNSKEY = freehold.Known(list, vt.ID("dnskey"))
	}
}

func glue(s *freehold.ServerFacts) { s.Glue = true }

func tcp(works bool) edit {
	return lastServer(func(s *freehold.ServerFacts) { s.TCP = freehold.Known(works) })
}

// lookup says where a host is; "" is nowhere.
func lookup(host, addr string) edit {
	return func(o *freehold.Observed) {
		l := freehold.HostFacts{Host: vt.Hosts(host)[0], Addrs: freehold.NotThere[[]netip.Addr](vt.ID("lookup " + host))}
		if addr != "" {
			l.Addrs = freehold.Known([]netip.Addr{netip.MustParseAddr(addr)}, vt.ID("lookup "+host))
		}
		o.DNS.HostLookup = append(o.DNS.HostLookup, l)
	}
}

func wildcard(any bool) edit {
	return func(o *freehold.Observed) { o.DNS.Wildcard = freehold.Known(any, vt.ID("wildcard")) }
}

func caa(records ...string) edit {
	return func(o *freehold.Observed) { o.DNS.CAA = freehold.Known(records, vt.ID("caa")) }
}

func changed(day string) edit {
	return func(o *freehold.Observed) { o.Registration.Changed = freehold.Known(vt.Date(day), vt.ID("registry")) }
}

// registrarAsk is how the registrar answered, after the registry did.
func registrarAsk(outcome freehold.Outcome) edit {
	return func(o *freehold.Observed) {
		o.Registration.Asks = append(o.Registration.Asks, freehold.Ask{Kind: freehold.EvidenceRDAP, Source: "https://rdap.registrar.example/", Outcome: outcome, Evidence: vt.ID("registrar " + outcome.String())})
	}
}

func hiddenHolder(o *freehold.Observed) {
	hiddenRegistrant(o)
	o.Registration.RegistrantName = freehold.Hidden[string]("privacy", vt.ID("registry"))
}

func unknownHolder(o *freehold.Observed) {
	o.Registration.RegistrantOrg, o.Registration.RegistrantName = freehold.Fact[string]{}, freehold.Fact[string]{}
}

// scenes hold for each rule cases in which it fires, is silent and undecided.
// The fact that a softer answer stands for "softer:" is in the name.
var scenes = []struct {
	rule  string
	state State
	what  string
	edits []edit
}{
	{"account-held-by-other", Firing, "the host's", []edit{vt.Says("account", "host")}},
	{"account-held-by-other", Firing, "an agency's", []edit{vt.Says("account", "Agence Ruche")}},
	{"account-held-by-other", Silent, "mine", []edit{vt.Says("account", "me")}},
	{"account-held-by-other", Undecided, "nobody said", nil},
	{"account-held-by-other", Undecided, "said long ago", []edit{vt.SaysOn("2025-01-01", "account", "host", false)}},

	{"all-in-one-network", Firing, "all with one", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "192.0.2.0/24", "x"), allBy("Rhodanum Web Sàrl")}},
	{"all-in-one-network", Silent, "mail elsewhere", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "192.0.2.0/24", "Rhodanum Web Sàrl")}},
	{"all-in-one-network", Undecided, "who holds the DNS is not known", []edit{allBy("Rhodanum Web Sàrl"), server("ns1.rhodanum-web.ch", "192.0.2.1", "", "")}},
	{"all-in-one-network", Undecided, "no addresses", []edit{noHost}},

	{"attested-observed-disagree", Firing, "another registrar", []edit{vt.Says("registrar", "Wholenames BV")}},
	{"attested-observed-disagree", Silent, "the same", []edit{vt.Says("registrar", "Comptoir des Noms")}},
	{"attested-observed-disagree", Undecided, "nothing was seen", []edit{nothing, vt.Says("registrar", "Wholenames BV")}},

	{"contact-mailbox-at-host", Firing, "at the host", []edit{vt.Mailbox("client77@rhodanum-web.ch")}},
	{"contact-mailbox-at-host", Firing, "as attested", []edit{vt.Says("contact_mailbox", "host")}},
	{"contact-mailbox-at-host", Firing, "at the reseller", []edit{vt.Reseller("Tiers SARL"), vt.Mailbox("x@tiers.fr")}},
	{"contact-mailbox-at-host", Silent, "elsewhere", []edit{vt.Mailbox("a@postilla-mail.ch")}},
	{"contact-mailbox-at-host", Silent, "inside the name, for which there is a rule", []edit{vt.Mailbox("a@savon.com")}},
	{"contact-mailbox-at-host", Silent, "inside the name, which is the host's own", []edit{vt.Mailbox("a@savon.com"), vt.Says("host", "savon.com")}},
	{"contact-mailbox-at-host", Undecided, "hidden", nil},
	{"contact-mailbox-at-host", Undecided, "the host is not known", []edit{noHost, vt.Mailbox("a@postilla-mail.ch")}},

	{"contact-mailbox-free-mail", Firing, "free mail", []edit{vt.Mailbox("marie.cardinal@bluewin.ch")}},
	{"contact-mailbox-free-mail", Silent, "a company's", []edit{vt.Mailbox("a@postilla-mail.ch")}},
	{"contact-mailbox-free-mail", Undecided, "hidden", nil},

	{"contact-mailbox-inside-name", Firing, "inside", []edit{vt.Mailbox("a@savon.com")}},
	{"contact-mailbox-inside-name", Firing, "below", []edit{vt.Mailbox("a@mail.savon.com")}},
	{"contact-mailbox-inside-name", Silent, "outside, with a like ending", []edit{vt.Mailbox("a@mon-savon.com")}},
	{"contact-mailbox-inside-name", Undecided, "hidden", nil},
	{"contact-mailbox-inside-name", Undecided, "a form instead of a mailbox", []edit{vt.Mailbox("https://contact.example/form")}},

	{"delegation-differs", Firing, "the zone names another", []edit{zoneNames("ns1.rhodanum-web.ch", "ns9.rhodanum-web.ch")}},
	{"delegation-differs", Firing, "the record names another", []edit{recordNames("ns1.rhodanum-web.ch")}},
	{"delegation-differs", Firing, "one server names another", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), lastServer(func(s *freehold.ServerFacts) { s.NS = freehold.Known(vt.Hosts("ns9.rhodanum-web.ch"), vt.ID("x")) })}},
	{"delegation-differs", Silent, "all agree, in another order", []edit{zoneNames("ns2.rhodanum-web.ch", "ns1.rhodanum-web.ch")}},
	{"delegation-differs", Undecided, "the parent did not answer", []edit{func(o *freehold.Observed) { o.DNS = freehold.DNSFacts{} }}},

	{"dnssec-bogus", Firing, "bogus", []edit{validation(freehold.Bogus)}},
	{"dnssec-bogus", Silent, "secure", []edit{validation(freehold.Secure)}},
	{"dnssec-bogus", Silent, "insecure", []edit{validation(freehold.Insecure)}},
	{"dnssec-bogus", Undecided, "not validated", nil},
	{"dnssec-bogus", Undecided, "indeterminate", []edit{validation(freehold.Indeterminate)}},

	{"ds-with-leaving-operator", Firing, "the host signs", []edit{signed}},
	{"ds-with-leaving-operator", Firing, "the registrar signs", []edit{signed, servers("dns1.comptoir-des-noms.com")}},
	{"ds-with-leaving-operator", Silent, "unsigned", nil},
	{"ds-with-leaving-operator", Silent, "a third party signs", []edit{signed, vt.Says("host", "Nordet inc.")}},
	{"ds-with-leaving-operator", Undecided, "not asked", []edit{func(o *freehold.Observed) { o.DNS.DS = freehold.Fact[[]freehold.DS]{} }}},

	{"expiry-near", Firing, "in its last second", []edit{expires("2026-12-25T09:00:00Z", "")}},
	{"expiry-near", Firing, "over", []edit{expires("2026-11-25T09:00:00Z", "")}},
	{"expiry-near", Silent, "one second later", []edit{expires("2026-12-25T09:00:01Z", "")}},
	{"expiry-near", Undecided, "not known", []edit{unanswered(freehold.OutcomeThrottled)}},

	{"lame-server", Firing, "one of two", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), server("ns2.rhodanum-web.ch", "192.0.2.2", "", ""), lastServer(lame)}},
	{"lame-server", Silent, "none", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", "")}},
	{"lame-server", Undecided, "no server was asked", nil},
	{"lame-server", Undecided, "none answered", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), lastServer(func(s *freehold.ServerFacts) { s.Outcome = freehold.OutcomeTimeout })}},

	{"mail-tied-to-host", Firing, "MX", []edit{mx("mail.rhodanum-web.ch")}},
	{"mail-tied-to-host", Firing, "SPF", []edit{spf("v=spf1 mx include:_spf.rhodanum-web.ch -all")}},
	{"mail-tied-to-host", Firing, "MX under its own name, in the host's network", []edit{mx("mail.savon.com"), allBy("Rhodanum Web Sàrl")}},
	{"mail-tied-to-host", Silent, "MX under its own name, elsewhere", []edit{mx("mail.savon.com")}},
	{"mail-tied-to-host", Silent, "neither", []edit{spf("v=spf1 include:_spf.postilla-mail.ch -all")}},
	{"mail-tied-to-host", Undecided, "the host is not known", []edit{noHost}},

	{"nameserver-domain-expiring", Firing, "in ten days", []edit{nsDomain("vieux-serveurs.net", freehold.Registered, "2026-12-05")}},
	{"nameserver-domain-expiring", Silent, "next year", []edit{nsDomain("vieux-serveurs.net", freehold.Registered, "2027-12-05")}},
	{"nameserver-domain-expiring", Undecided, "no date", []edit{nsDomain("vieux-serveurs.net", freehold.Registered, "")}},

	{"nameserver-domain-free", Firing, "free", []edit{nsDomain("vieux-serveurs.net", freehold.Registered, ""), nsDomain("relais-perdu.net", freehold.NotRegistered, "")}},
	{"nameserver-domain-free", Silent, "registered", []edit{nsDomain("vieux-serveurs.net", freehold.Registered, "")}},
	{"nameserver-domain-free", Undecided, "no answer", []edit{nsDomain("vieux-serveurs.net", freehold.RegistrationUnknown, "")}},
	{"nameserver-domain-free", Undecided, "not asked", nil},

	{"nameservers-one-network", Firing, "one block", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "192.0.2.0/26", "Transit Loire SAS"), server("ns2.rhodanum-web.ch", "192.0.2.2", "192.0.2.0/26", "Transit Loire SAS")}},
	{"nameservers-one-network", Firing, "one block of nobody known", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), server("ns2.rhodanum-web.ch", "192.0.2.2", "", "")}},
	{"nameservers-one-network", Firing, "softer: two blocks of one holder", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "192.0.2.0/26", "Transit Loire SAS"), server("ns2.rhodanum-web.ch", "203.0.113.2", "203.0.113.0/24", "Transit Loire SAS")}},
	{"nameservers-one-network", Silent, "two holders", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "192.0.2.0/26", "Transit Loire SAS"), server("ns2.rhodanum-web.ch", "203.0.113.2", "203.0.113.0/24", "Levant Carrier Ltd")}},
	{"nameservers-one-network", Silent, "two blocks of nobody known", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), server("ns2.rhodanum-web.ch", "203.0.113.2", "", "")}},
	{"nameservers-one-network", Undecided, "one address is not known", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", "")}},

	{"nameservers-one-operator", Firing, "one", nil},
	{"nameservers-one-operator", Silent, "two", []edit{servers("ns1.a-dns.net", "ns2.b-dns.org")}},
	{"nameservers-one-operator", Undecided, "not known", []edit{nothing}},

	{"no-account-access-attested", Firing, "softer: nobody said", nil},
	{"no-account-access-attested", Firing, "softer: said long ago", []edit{vt.SaysOn("2025-01-01", "account", "me", false)}},
	{"no-account-access-attested", Firing, "softer: said before the name moved", []edit{vt.Says("account", "me"), vt.Transferred("2026-10-26")}},
	{"no-account-access-attested", Firing, "said not to be", []edit{vt.Says("account", "no")}},
	{"no-account-access-attested", Silent, "said", []edit{vt.Says("account", "me")}},
	{"no-account-access-attested", Silent, "the host's, for which there is a rule", []edit{vt.Says("account", "host")}},
	{"no-account-access-attested", Silent, "registrar and host are one, for which there is a rule", []edit{vt.Registrar("Rhodanum Web")}},
	{"no-account-access-attested", Undecided, "our records were not asked", []edit{unowned}},

	{"no-offhost-data-copy", Firing, "softer: nobody said", nil},
	{"no-offhost-data-copy", Firing, "softer: one is not known", []edit{vt.Says("files_copy", "yes"), vt.Says("database_copy", "on the NAS")}},
	{"no-offhost-data-copy", Firing, "said not to be", []edit{vt.Says("files_copy", "no"), vt.Says("mail_copy", "host")}},
	{"no-offhost-data-copy", Silent, "all said", []edit{vt.Says("files_copy", "yes"), vt.Says("database_copy", "yes"), vt.Says("mail_copy", "with Postilla")}},
	{"no-offhost-data-copy", Undecided, "our records were not asked", []edit{unowned}},

	{"no-offhost-zone-copy", Firing, "softer: nobody said", nil},
	{"no-offhost-zone-copy", Firing, "softer: old", []edit{vt.SaysOn("2025-01-01", "zone_copy", "yes", false)}},
	{"no-offhost-zone-copy", Firing, "said not to be", []edit{vt.Says("zone_copy", "no")}},
	{"no-offhost-zone-copy", Firing, "with the host itself", []edit{vt.Says("zone_copy", "rhodanum-web.ch")}},
	{"no-offhost-zone-copy", Silent, "said", []edit{vt.Says("zone_copy", "yes")}},
	{"no-offhost-zone-copy", Undecided, "our records were not asked", []edit{unowned}},

	{"no-offhost-zone-copy", Silent, "a copy is recorded", []edit{zoneCopyOf(1, freehold.CoverageTransferred, 5, "/srv/zones")}},

	{"no-recovery-contact", Firing, "softer: nobody said", nil},
	{"no-recovery-contact", Firing, "said not to be", []edit{vt.Says("recovery", "no")}},
	{"no-recovery-contact", Firing, "inside the name", []edit{vt.Says("recovery", "boss@savon.com")}},
	{"no-recovery-contact", Firing, "at the host", []edit{vt.Says("recovery", "help@rhodanum-web.ch")}},
	{"no-recovery-contact", Silent, "the accountant", []edit{vt.Says("recovery", "the accountant")}},
	{"no-recovery-contact", Undecided, "our records were not asked", []edit{unowned}},

	{"no-transfer-lock", Firing, "open", []edit{vt.Statuses("ok")}},
	{"no-transfer-lock", Silent, "locked", nil},
	{"no-transfer-lock", Silent, "locked by the registry", []edit{vt.Statuses("serverTransferProhibited")}},
	{"no-transfer-lock", Undecided, "no status", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"on-hold", Firing, "by the registrar", []edit{vt.Statuses("clientHold")}},
	{"on-hold", Firing, "by the registry", []edit{vt.Statuses("serverHold")}},
	{"on-hold", Silent, "not", nil},
	{"on-hold", Undecided, "no status", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"one-key-holder", Firing, "one", []edit{vt.Says("key_holders", "1")}},
	{"one-key-holder", Firing, "none", []edit{vt.Says("key_holders", "0")}},
	{"one-key-holder", Silent, "two", []edit{vt.Says("key_holders", "2")}},
	{"one-key-holder", Undecided, "nobody said", nil},
	{"one-key-holder", Undecided, "no number", []edit{vt.Says("key_holders", "some")}},

	{"pending-transfer", Firing, "pending", []edit{vt.Statuses("pendingTransfer")}},
	{"pending-transfer", Silent, "not", nil},
	{"pending-transfer", Undecided, "no status", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"redemption", Firing, "in redemption", []edit{vt.Statuses("pendingDelete", "redemptionPeriod")}},
	{"redemption", Silent, "not", nil},
	{"redemption", Undecided, "no status", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"registrant-not-you", Firing, "the host, as said", []edit{vt.Says("registrant_is", "host")}},
	{"registrant-not-you", Firing, "another, as said", []edit{vt.Says("registrant", "Agence Ruche")}},
	{"registrant-not-you", Firing, "not me, as said", []edit{hiddenRegistrant, vt.Says("registrant_is", "no")}},
	{"registrant-not-you", Firing, "the host, as seen", []edit{registrant("Rhodanum Web")}},
	{"registrant-not-you", Firing, "the registrar, as seen", []edit{registrant("Comptoir des Noms")}},
	{"registrant-not-you", Firing, "the reseller, as seen", []edit{vt.Reseller("Tiers SARL"), registrant("Tiers")}},
	{"registrant-not-you", Silent, "me", []edit{vt.Says("registrant_is", "me")}},
	{"registrant-not-you", Undecided, "some name", nil},
	{"registrant-not-you", Undecided, "hidden", []edit{hiddenRegistrant}},

	{"registrar-expiry-differs", Firing, "not paid", []edit{expires("2027-11-10", "2026-11-10")}},
	{"registrar-expiry-differs", Firing, "softer: a year apart, far off", []edit{expires("2029-11-10", "2028-11-10")}},
	{"registrar-expiry-differs", Silent, "the same day", []edit{expires("2027-11-10T23:59:59Z", "2027-11-10")}},
	{"registrar-expiry-differs", Silent, "the registrar shows none", []edit{expires("2027-11-10", "")}},
	{"registrar-expiry-differs", Undecided, "the registrar did not answer", nil},

	{"registrar-is-host", Firing, "the site stands at the registrar", []edit{vt.Registrar("Rhodanum Web Sàrl")}},
	{"registrar-is-host", Firing, "said", []edit{vt.Says("host", "Comptoir des Noms")}},
	{"registrar-is-host", Silent, "two parties", nil},
	{"registrar-is-host", Undecided, "the host is not known", []edit{noHost}},
	{"registrar-is-host", Undecided, "the registrar is not known", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"registry-dns-disagree", Firing, "free, and delegated", []edit{delegated}},
	{"registry-dns-disagree", Firing, "registered, and not delegated", []edit{notDelegated}},
	{"registry-dns-disagree", Silent, "both there", nil},
	{"registry-dns-disagree", Silent, "both gone", []edit{gone}},
	{"registry-dns-disagree", Silent, "on hold", []edit{notDelegated, vt.Statuses("clientHold")}},
	{"registry-dns-disagree", Undecided, "the parent did not answer", []edit{func(o *freehold.Observed) { o.DNS = freehold.DNSFacts{} }}},
	{"registry-dns-disagree", Undecided, "the registry did not answer", []edit{unanswered(freehold.OutcomeThrottled)}},

	{"reseller-in-chain", Firing, "the host", []edit{vt.Reseller("Rhodanum Web")}},
	{"reseller-in-chain", Firing, "softer: a third party", []edit{vt.Reseller("Tiers SARL")}},
	{"reseller-in-chain", Firing, "said", []edit{noReseller, noHost, vt.Says("reseller", "host")}},
	{"reseller-in-chain", Silent, "none", nil},
	{"reseller-in-chain", Silent, "me", []edit{vt.Reseller("Tiers SARL"), vt.Says("reseller", "me")}},
	{"reseller-in-chain", Silent, "the registrar again", []edit{vt.Reseller("Comptoir des Noms")}},
	{"reseller-in-chain", Undecided, "the registrar did not answer", []edit{noReseller}},

	{"serials-differ", Firing, "one behind", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), serial(2), server("ns2.rhodanum-web.ch", "192.0.2.2", "", ""), serial(1)}},
	{"serials-differ", Silent, "the same", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), serial(2), server("ns2.rhodanum-web.ch", "192.0.2.2", "", ""), serial(2)}},
	{"serials-differ", Undecided, "one answered", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), serial(2), server("ns2.rhodanum-web.ch", "192.0.2.2", "", "")}},

	{"sources-disagree", Firing, "two registrars", []edit{conflict("registrar")}},
	{"sources-disagree", Silent, "only the end, for which there is a rule", []edit{conflict("registrar_expires")}},
	{"sources-disagree", Undecided, "no answer", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"time-window", Firing, "young", []edit{vt.Created("2026-11-01")}},
	{"time-window", Firing, "moved lately", []edit{vt.Transferred("2026-11-01")}},
	{"time-window", Silent, "old", nil},
	{"time-window", Undecided, "no dates", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"transfer-lock-by-registry", Firing, "locked", []edit{vt.Statuses("serverTransferProhibited")}},
	{"transfer-lock-by-registry", Silent, "not", nil},
	{"transfer-lock-by-registry", Undecided, "no status", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"attestation-stale", Firing, "said long ago", []edit{vt.SaysOn("2025-01-01", "payer", "me", false), vt.Says("host", "Rhodanum Web")}},
	{"attestation-stale", Silent, "all fresh", []edit{vt.Says("host", "Rhodanum Web")}},
	{"attestation-stale", Silent, "old, and said anew", []edit{vt.SaysOn("2025-01-01", "host", "Tiers", false), vt.Says("host", "Rhodanum Web")}},
	{"attestation-stale", Undecided, "nothing was said", nil},
	{"attestation-stale", Undecided, "the account, which has a rule of its own", []edit{vt.SaysOn("2025-01-01", "account", "me", false)}},

	{"auto-renew-grace", Firing, "renewed on credit", []edit{vt.Statuses("autoRenewPeriod", "clientTransferProhibited")}},
	{"auto-renew-grace", Silent, "not", nil},
	{"auto-renew-grace", Undecided, "no status", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"caa-binds-account", Firing, "bound", []edit{caa(`0 issue "ca.example; AccountURI=https://ca.example/acct/7"`)}},
	{"caa-binds-account", Silent, "open to all accounts", []edit{caa(`0 issue "ca.example"`)}},
	{"caa-binds-account", Silent, "none", []edit{func(o *freehold.Observed) { o.DNS.CAA = freehold.NotThere[[]string](vt.ID("caa")) }}},
	{"caa-binds-account", Undecided, "not known", nil},

	{"cds-differs", Firing, "other keys", []edit{ds(1), cds(2)}},
	{"cds-differs", Firing, "one more", []edit{ds(1), cds(1, 2)}},
	{"cds-differs", Firing, "to be taken out", []edit{ds(1), cds(0)}},
	{"cds-differs", Firing, "softer: never taken in", []edit{cds(1)}},
	{"cds-differs", Silent, "the same", []edit{ds(1), cds(1, 1)}},
	{"cds-differs", Silent, "taken out", []edit{cds(0)}},
	{"cds-differs", Silent, "asks for nothing", []edit{ds(1), noCDS}},
	{"cds-differs", Undecided, "not known", []edit{ds(1)}},

	{"changed-recently", Firing, "three weeks ago", []edit{changed("2026-11-03")}},
	{"changed-recently", Silent, "long ago", nil},
	{"changed-recently", Silent, "created then", []edit{vt.Created("2026-11-03"), changed("2026-11-03")}},
	{"changed-recently", Silent, "moved then", []edit{vt.Transferred("2026-11-02"), changed("2026-11-03")}},
	{"changed-recently", Silent, "renewed then", []edit{expires("2027-11-02", ""), changed("2026-11-03")}},
	{"changed-recently", Undecided, "no dates", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"dns-at-registrar", Firing, "at the registrar", []edit{servers("dns1.comptoir-des-noms.com", "dns2.comptoir-des-noms.com")}},
	{"dns-at-registrar", Silent, "one elsewhere", []edit{servers("dns1.comptoir-des-noms.com", "ns1.rhodanum-web.ch")}},
	{"dns-at-registrar", Silent, "elsewhere", nil},
	{"dns-at-registrar", Undecided, "the registrar is not known", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"ds-left-over", Firing, "one too many", []edit{ds(1, 2), keys(1)}},
	{"ds-left-over", Silent, "each has its key", []edit{ds(1, 2), keys(1, 2, 3)}},
	{"ds-left-over", Silent, "not signed", nil},
	{"ds-left-over", Undecided, "none matches, for which there is a rule", []edit{ds(1), keys(2)}},
	{"ds-left-over", Undecided, "the keys are not known", []edit{ds(1)}},

	{"glue-stale", Firing, "an old address", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), lastServer(glue), lookup("ns1.rhodanum-web.ch", "192.0.2.9")}},
	{"glue-stale", Silent, "the same", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), lastServer(glue), lookup("ns1.rhodanum-web.ch", "192.0.2.1")}},
	{"glue-stale", Undecided, "no glue", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), lookup("ns1.rhodanum-web.ch", "192.0.2.9")}},
	{"glue-stale", Undecided, "not looked up", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), lastServer(glue)}},

	{"holder-is-proxy", Firing, "a proxy", []edit{registrant("Domains By Proxy, LLC")}},
	{"holder-is-proxy", Firing, "as the person", []edit{hiddenRegistrant, func(o *freehold.Observed) {
		o.Registration.RegistrantName = freehold.Known("Paravent Whois Privacy Service", vt.ID("registry"))
	}}},
	{"holder-is-proxy", Silent, "a company", nil},
	{"holder-is-proxy", Undecided, "hidden", []edit{hiddenHolder}},

	{"holder-not-confirmed", Firing, "hidden, and nobody said", []edit{hiddenHolder}},
	{"holder-not-confirmed", Silent, "hidden, and said", []edit{hiddenHolder, vt.Says("registrant_is", "me")}},
	{"holder-not-confirmed", Silent, "shown", nil},
	{"holder-not-confirmed", Undecided, "no answer", []edit{unknownHolder}},

	{"moved-since-attested", Firing, "moved since", []edit{vt.Says("account", "me"), vt.Transferred("2026-11-10")}},
	{"moved-since-attested", Silent, "moved before", []edit{vt.Says("account", "me"), vt.Transferred("2026-10-10")}},
	{"moved-since-attested", Silent, "never moved", []edit{vt.Says("account", "me")}},
	{"moved-since-attested", Undecided, "not said to be mine", []edit{vt.Says("account", "host"), vt.Transferred("2026-11-10")}},
	{"moved-since-attested", Undecided, "the date is not known", []edit{vt.Says("account", "me"), unanswered(freehold.OutcomeTimeout)}},

	{"registrar-changed", Firing, "another", []edit{earlier("2026-10-20", "Somebody Else Registrar BV")}},
	{"registrar-changed", Firing, "said before the last audit", []edit{earlier("2026-10-20", "Somebody Else Registrar BV"), vt.SaysOn("2026-10-01", "account", "me", false)}},
	{"registrar-changed", Silent, "said since", []edit{earlier("2026-10-20", "Somebody Else Registrar BV"), vt.SaysOn("2026-11-01", "account", "me", false)}},
	{"registrar-changed", Silent, "the same", []edit{earlierSame("2026-10-20")}},
	{"registrar-changed", Undecided, "never audited before", nil},
	{"registrar-changed", Undecided, "not known then", []edit{earlier("2026-10-20", "")}},
	{"registrar-changed", Undecided, "not known now", []edit{earlier("2026-10-20", "Somebody Else Registrar BV"), unanswered(freehold.OutcomeTimeout)}},

	{"nameservers-changed", Firing, "all others", []edit{servers("ns1.new.example", "ns2.new.example"), earlier("2026-10-20", "", "ns1.old.example", "ns2.old.example")}},
	{"nameservers-changed", Silent, "one is left", []edit{servers("ns1.new.example", "ns2.old.example"), earlier("2026-10-20", "", "ns1.old.example", "ns2.old.example")}},
	{"nameservers-changed", Undecided, "never audited before", []edit{servers("ns1.new.example")}},
	{"nameservers-changed", Undecided, "not known then", []edit{servers("ns1.new.example"), earlier("2026-10-20", "X")}},
	{"nameservers-changed", Undecided, "not known now", []edit{earlier("2026-10-20", "", "ns1.old.example"), nothingOfDNS}},

	{"nameserver-without-address", Firing, "nowhere", []edit{lookup("ns2.rhodanum-web.ch", "")}},
	{"nameserver-without-address", Silent, "all somewhere", []edit{lookup("ns2.rhodanum-web.ch", "192.0.2.2")}},
	{"nameserver-without-address", Silent, "its domain is free, for which there is a rule", []edit{lookup("ns1.relais-perdu.net", ""), servers("ns1.relais-perdu.net"), nsDomain("relais-perdu.net", freehold.NotRegistered, "")}},
	{"nameserver-without-address", Undecided, "not looked up", nil},
	{"nameserver-without-address", Undecided, "another host is nowhere", []edit{lookup("in1.postilla-mail.ch", "")}},

	{"nameserver-without-tcp", Firing, "one", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), tcp(true), server("ns2.rhodanum-web.ch", "192.0.2.2", "", ""), tcp(false)}},
	{"nameserver-without-tcp", Silent, "all answer", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", ""), tcp(true)}},
	{"nameserver-without-tcp", Undecided, "not tried", []edit{server("ns1.rhodanum-web.ch", "192.0.2.1", "", "")}},

	{"nameservers-inside-name", Firing, "inside", []edit{servers("ns1.savon.com", "ns2.savon.com")}},
	{"nameservers-inside-name", Silent, "one of two", []edit{servers("ns1.savon.com", "ns1.rhodanum-web.ch")}},
	{"nameservers-inside-name", Undecided, "not known", []edit{nothing}},

	{"payer-is-host", Firing, "the host", []edit{vt.Says("payer", "host")}},
	{"payer-is-host", Firing, "the host, by name", []edit{vt.Says("host", "Rhodanum Web Sàrl"), vt.Says("payer", "Rhodanum Web")}},
	{"payer-is-host", Silent, "me", []edit{vt.Says("payer", "me")}},
	{"payer-is-host", Undecided, "nobody said", nil},
	{"payer-is-host", Undecided, "said long ago", []edit{vt.SaysOn("2025-01-01", "payer", "host", false)}},

	{"registrar-record-missing", Firing, "no answer", []edit{registrarAsk(freehold.OutcomeTimeout)}},
	{"registrar-record-missing", Firing, "a page instead", []edit{registrarAsk(freehold.OutcomeGarbled)}},
	{"registrar-record-missing", Silent, "answered", []edit{registrarAsk(freehold.OutcomeAnswered)}},
	{"registrar-record-missing", Undecided, "throttled", []edit{registrarAsk(freehold.OutcomeThrottled)}},
	{"registrar-record-missing", Undecided, "not asked", nil},

	{"update-locked-by-registry", Firing, "locked", []edit{vt.Statuses("serverUpdateProhibited")}},
	{"update-locked-by-registry", Silent, "only by the registrar", []edit{vt.Statuses("clientUpdateProhibited")}},
	{"update-locked-by-registry", Undecided, "no status", []edit{unanswered(freehold.OutcomeTimeout)}},

	{"wildcard-hides", Firing, "any name", []edit{wildcard(true)}},
	{"wildcard-hides", Silent, "none", []edit{wildcard(false)}},
	{"wildcard-hides", Undecided, "not tried", nil},

	{"zone-copy-at-host", Firing, "a machine of the host's", []edit{zoneCopyOf(1, 4, 5, "backup.rhodanum-web.ch:/srv"), vt.Says("host", "Rhodanum Web Sàrl")}},
	{"zone-copy-at-host", Firing, "by URL", []edit{zoneCopyOf(1, 4, 5, "sftp://me@backup.rhodanum-web.ch:22/zones"), vt.Says("host", "Rhodanum Web Sàrl")}},
	{"zone-copy-at-host", Firing, "under the name itself", []edit{zoneCopyOf(1, 4, 5, "me@files.savon.com:zones"), noHost}},
	{"zone-copy-at-host", Firing, "in its network", []edit{zoneCopyOf(1, 4, 5, "198.51.100.77"), vt.Says("host", "Rhodanum Web Sàrl")}},
	{"zone-copy-at-host", Silent, "another too", []edit{zoneCopyOf(1, 4, 5, "backup.rhodanum-web.ch"), zoneCopyOf(1, 4, 5, "s3://bucket.vault.example/zones"), vt.Says("host", "Rhodanum Web Sàrl")}},
	{"zone-copy-at-host", Silent, "on a disk", []edit{zoneCopyOf(1, 4, 5, "/srv/zones/savon.com"), vt.Says("host", "Rhodanum Web Sàrl")}},
	{"zone-copy-at-host", Silent, "on a disk of Windows", []edit{zoneCopyOf(1, 4, 5, `C:\zones\savon.com.zone`)}},
	{"zone-copy-at-host", Undecided, "the host is not known", []edit{zoneCopyOf(1, 4, 5, "vault.example"), noHost}},
	{"zone-copy-at-host", Undecided, "where it lies is not known", []edit{zoneCopyOf(1, 4, 5, "")}},
	{"zone-copy-at-host", Undecided, "where one of two lies is not known", []edit{zoneCopyOf(1, 4, 5, "backup.rhodanum-web.ch"), zoneCopyOf(1, 4, 5, ""), vt.Says("host", "Rhodanum Web Sàrl")}},
	{"zone-copy-at-host", Undecided, "none", nil},

	{"zone-copy-old", Firing, "the zone has moved on", []edit{zoneCopyOf(10, 4, 5, "/a"), soa(6)}},
	{"zone-copy-old", Firing, "softer: nobody knows", []edit{zoneCopyOf(40, 4, 5, "/a")}},
	{"zone-copy-old", Silent, "old, and still right", []edit{zoneCopyOf(400, 4, 5, "/a"), soa(5)}},
	{"zone-copy-old", Silent, "a day old", []edit{zoneCopyOf(1, 4, 5, "/a"), soa(6)}},
	{"zone-copy-old", Silent, "the newest counts", []edit{zoneCopyOf(1, 4, 6, "/a"), zoneCopyOf(40, 4, 5, "/a"), soa(6)}},
	{"zone-copy-old", Undecided, "three weeks, and nobody knows", []edit{zoneCopyOf(20, 4, 0, "/a"), soa(6)}},
	{"zone-copy-old", Undecided, "none", nil},

	{"zone-copy-partial", Firing, "observed", []edit{zoneCopyOf(1, freehold.CoverageObserved, 5, "/a")}},
	{"zone-copy-partial", Firing, "an older one was whole", []edit{zoneCopyOf(90, freehold.CoverageTransferred, 4, "/a"), zoneCopyOf(1, freehold.CoverageObserved, 5, "/a")}},
	{"zone-copy-partial", Silent, "an older one of the same version is whole", []edit{zoneCopyOf(3, freehold.CoverageTransferred, 5, "/a"), zoneCopyOf(1, freehold.CoverageObserved, 5, "/a")}},
	{"zone-copy-partial", Silent, "transferred", []edit{zoneCopyOf(1, freehold.CoverageTransferred, 5, "/a")}},
	{"zone-copy-partial", Undecided, "nobody said how much", []edit{zoneCopyOf(1, freehold.CoverageUnknown, 5, "/a")}},
	{"zone-copy-partial", Undecided, "none", nil},
}

func TestScenes(t *testing.T) {
	covered := map[string]map[State]bool{}
	for _, s := range scenes {
		rule, ok := Find(s.rule)
		if !ok {
			t.Fatalf("no rule %q", s.rule)
		}
		if covered[s.rule] == nil {
			covered[s.rule] = map[State]bool{}
		}
		covered[s.rule][s.state] = true
		got := rule.Check(caseOf(vt.Seen("savon.com", s.edits...)))
		if got.State != s.state {
			t.Errorf("%s, %s: %s, want %s (%s)", s.rule, s.what, got.State, s.state, got.Why)
			continue
		}
		if got.State == Firing && got.Softer != strings.HasPrefix(s.what, "softer: ") {
			t.Errorf("%s, %s: softer %v", s.rule, s.what, got.Softer)
		}
		if got.State == Firing {
			wellSaid(t, s.rule, got)
		}
	}
	for _, r := range All {
		if len(covered[r.ID]) != 3 {
			t.Errorf("%s is tested in %d of its three states", r.ID, len(covered[r.ID]))
		}
	}
}

// TestGravestWord: of several statuses the one that says most is told.
func TestGravestWord(t *testing.T) {
	for _, words := range [][]string{{"pendingDelete", "redemptionPeriod"}, {"redemptionPeriod", "pendingDelete"}} {
		if r := Redemption.Check(caseOf(vt.Seen("savon.com", vt.Statuses(words...)))); !strings.Contains(r.Why.String(), "redemptionPeriod") {
			t.Errorf("%v: %s", words, r.Why)
		}
	}
}

func wellSaid(t *testing.T, rule string, r Result) {
	t.Helper()
	if len(r.Evidence) == 0 {
		t.Errorf("%s speaks without evidence", rule)
	}
	for _, text := range []freehold.Text{r.Why, r.Remedy} {
		s := text.String()
		if s == "" || strings.Contains(s, "%") || strings.Contains(s, "  ") || strings.Contains(s, " ,") || strings.Contains(s, "is  ") {
			t.Errorf("%s says badly: %q", rule, s)
		}
		if first := []rune(s)[0]; strings.ToLower(string(first)) == string(first) && !strings.Contains(s[:min(30, len(s))], ".") {
			t.Errorf("%s begins a sentence small: %q", rule, s)
		}
	}
}

// TestNothingOnAFreeName: for a name that nobody has, no rule about keeping it speaks.
func TestNothingOnAFreeName(t *testing.T) {
	if found := Apply(*caseOf(vt.Seen("savon.com", gone))); len(found) != 0 {
		t.Errorf("%+v", found)
	}
}

// TestNothingWithoutEvidence: where no source answered and our records were not
// asked, no rule speaks.
func TestNothingWithoutEvidence(t *testing.T) {
	for _, edits := range [][]edit{{nothing}, {unanswered(freehold.OutcomeThrottled), func(o *freehold.Observed) { o.DNS, o.Network, o.Own = freehold.DNSFacts{}, freehold.NetworkFacts{}, "" }}} {
		if found := Apply(*caseOf(vt.Seen("savon.com", edits...))); len(found) != 0 {
			t.Errorf("%+v", found)
		}
	}
}

func TestApplySorts(t *testing.T) {
	found := Apply(*caseOf(vt.Seen("savon.com", vt.Statuses("clientHold", "redemptionPeriod"), registrant("Rhodanum Web"), vt.Mailbox("a@savon.com"))))
	if len(found) < 6 {
		t.Fatalf("only %d findings", len(found))
	}
	if !slices.IsSortedFunc(found, func(a, b freehold.Finding) int {
		if a.Severity != b.Severity {
			return int(b.Severity) - int(a.Severity)
		}
		return strings.Compare(a.Rule, b.Rule)
	}) {
		t.Errorf("not in order: %v", found)
	}
	if found[0].Severity != freehold.SeverityCritical || found[0].Rule != "on-hold" {
		t.Errorf("first is %s, %s", found[0].Rule, found[0].Severity)
	}
}

// TestCriticalsAreRare: an ordinary name with all at one host is warned about,
// and nothing of it is called critical.
func TestCriticalsAreRare(t *testing.T) {
	found := Apply(*caseOf(vt.Seen("savon.com", vt.Registrar("Rhodanum Web"), mx("mail.rhodanum-web.ch"), vt.Mailbox("a@savon.com"))))
	warnings := 0
	for _, f := range found {
		if f.Severity == freehold.SeverityCritical {
			t.Errorf("critical: %s", f.Rule)
		}
		if f.Severity == freehold.SeverityWarning {
			warnings++
		}
	}
	if warnings < 2 || warnings > 4 {
		t.Errorf("%d warnings", warnings)
	}
}

// TestCatalogue: IDs are short words and in order, one rule a file, and the file
// bears the rule's name.
func TestCatalogue(t *testing.T) {
	shape := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)+$|^redemption$`)
	if !slices.IsSortedFunc(All, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("the rules are not in order")
	}
	seen := map[string]bool{}
	for _, r := range All {
		if !shape.MatchString(r.ID) || seen[r.ID] || r.Title.IsZero() || r.Since == "" || r.Check == nil || r.Reason.IsZero() || r.Advice.IsZero() || len(r.Looks) == 0 {
			t.Errorf("%q is not a whole rule", r.ID)
		}
		seen[r.ID] = true
		file := strings.ReplaceAll(r.ID, "-", "_") + ".go"
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Errorf("%s: %v", r.ID, err)
			continue
		}
		body, _ := os.ReadFile(file)
		if n := strings.Count(string(body), "= Rule{"); n != 1 || !strings.Contains(string(body), fmt.Sprintf("%q", r.ID)) {
			t.Errorf("%s holds %d rules, or another one than %s", file, n, r.ID)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "init" {
				t.Errorf("%s has an init", file)
			}
		}
	}
}
