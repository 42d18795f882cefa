package verify

import (
	"net/netip"
	"time"

	"freehold"
	"freehold/internal/policy"
)

// now is the moment all tests judge at, unless they say otherwise.
var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func id(s string) freehold.EvidenceID {
	return freehold.Evidence{Source: s}.ID()
}

func hosts(names ...string) []freehold.Host {
	var out []freehold.Host
	for _, n := range names {
		h, err := freehold.ParseHost(n)
		if err != nil {
			panic(err)
		}
		out = append(out, h)
	}
	return out
}

func must(s string) freehold.Name {
	n, err := freehold.ParseName(s)
	if err != nil {
		panic(err)
	}
	return n
}

func date(s string) time.Time {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	panic(s)
}

// seen is a name at an ordinary registrar and an ordinary host that are two
// parties, as public sources show it, with edits.
func seen(name string, edits ...func(*freehold.Observed)) *freehold.Observed {
	reg, dns, net := id("registry"), id("dns"), id("network")
	o := &freehold.Observed{Name: must(name), At: now, Own: id("own")}
	o.Registration = freehold.Registration{
		State: freehold.Registered, Registrar: freehold.Known("Comptoir des Noms SA", reg), RegistrarIANAID: freehold.Known("88001", reg),
		Reseller: freehold.NotThere[string](reg), RegistrantOrg: freehold.Known("Savonnerie Cardinal SAS", reg), RegistrantName: freehold.Hidden[string]("", reg),
		RegistrantEmail: freehold.Hidden[string]("", reg),
		Created:         freehold.Known(date("2012-10-20"), reg), Expires: freehold.Known(date("2027-10-20"), reg),
		LastTransfer: freehold.NotThere[time.Time](reg), Changed: freehold.Known(date("2026-01-02"), reg),
		Statuses: freehold.Known([]string{"clientTransferProhibited"}, reg), Nameservers: freehold.Known(hosts("ns1.rhodanum-web.ch", "ns2.rhodanum-web.ch"), reg),
		Asks: []freehold.Ask{{Kind: freehold.EvidenceRDAP, Source: "https://rdap.registry.example/", Outcome: freehold.OutcomeAnswered, Evidence: reg}},
	}
	o.DNS = freehold.DNSFacts{
		Delegation: freehold.Known(hosts("ns1.rhodanum-web.ch", "ns2.rhodanum-web.ch"), dns), NS: freehold.Known(hosts("ns1.rhodanum-web.ch", "ns2.rhodanum-web.ch"), dns),
		DS: freehold.NotThere[[]freehold.DS](dns), MX: freehold.Known([]freehold.MX{{Preference: 10, Host: hosts("in1.postilla-mail.ch")[0]}}, dns),
	}
	o.Network.Addresses = []freehold.AddressFacts{
		{Addr: netip.MustParseAddr("198.51.100.3"), Roles: []string{"web"}, Holder: freehold.Known("Rhodanum Web Sàrl", net)},
		{Addr: netip.MustParseAddr("198.51.100.65"), Roles: []string{"mail"}, Holder: freehold.Known("Postilla Mail AG", net)},
	}
	for _, edit := range edits {
		edit(o)
	}
	return o
}

// says adds what a person said, a month ago.
func says(subject, value string) func(*freehold.Observed) {
	return saysOn("2026-10-25", subject, value, false)
}

// shows adds what a person proved, a month ago.
func shows(subject, value string) func(*freehold.Observed) {
	return saysOn("2026-10-25", subject, value, true)
}

func saysOn(day, subject, value string, proven bool) func(*freehold.Observed) {
	return func(o *freehold.Observed) {
		o.Attestations = append(o.Attestations, freehold.Attestation{Name: o.Name, Subject: subject, Value: value, By: "test", At: date(day), Proven: proven, Evidence: id(subject + "=" + value)})
	}
}

func created(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.Created = freehold.Known(date(s), id("registry")) }
}

func transferred(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.LastTransfer = freehold.Known(date(s), id("registry")) }
}

func statuses(words ...string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.Statuses = freehold.Known(words, id("registry")) }
}

func at(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.At = date(s) }
}

func registrarIs(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.Registrar = freehold.Known(s, id("registry")) }
}

func resellerIs(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.Reseller = freehold.Known(s, id("registrar")) }
}

func mailbox(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.RegistrantEmail = freehold.Known(s, id("registry")) }
}

var policies = func() *policy.Set {
	s, err := policy.Load()
	if err != nil {
		panic(err)
	}
	return s
}()

func judge(o *freehold.Observed) freehold.Verdict {
	return Judge(o, Control(o), policies.For(o.Name, o.At))
}

func reasons(v freehold.Verdict) string {
	s := ""
	for _, r := range v.Why {
		s += r.Text.String() + " [" + r.Citation + "]\n"
	}
	return s
}
