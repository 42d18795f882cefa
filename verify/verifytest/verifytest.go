// Package verifytest makes observed names for tests of the judging rooms.
package verifytest

import (
	"net/netip"
	"time"

	"freehold"
)

// Now is the moment all tests judge at, unless they say otherwise.
var Now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// ID makes the ID of a piece of evidence.
func ID(s string) freehold.EvidenceID {
	return freehold.Evidence{Source: s}.ID()
}

// Hosts parses DNS names.
func Hosts(names ...string) []freehold.Host {
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

// Name parses a registrable name.
func Name(s string) freehold.Name {
	n, err := freehold.ParseName(s)
	if err != nil {
		panic(err)
	}
	return n
}

// Date parses a day or an RFC 3339 time.
func Date(s string) time.Time {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	panic(s)
}

// Seen is a name at an ordinary registrar and an ordinary host that are two
// parties, as public sources show it, with edits.
func Seen(name string, edits ...func(*freehold.Observed)) *freehold.Observed {
	reg, dns, net := ID("registry"), ID("dns"), ID("network")
	o := &freehold.Observed{Name: Name(name), At: Now, Own: ID("own")}
	o.Registration = freehold.Registration{
		State: freehold.Registered, Registrar: freehold.Known("Comptoir des Noms SA", reg), RegistrarIANAID: freehold.Known("88001", reg),
		Reseller: freehold.NotThere[string](reg), RegistrantOrg: freehold.Known("Savonnerie Cardinal SAS", reg), RegistrantName: freehold.Hidden[string]("", reg),
		RegistrantEmail: freehold.Hidden[string]("", reg),
		Created:         freehold.Known(Date("2012-10-20"), reg), Expires: freehold.Known(Date("2027-10-20"), reg),
		LastTransfer: freehold.NotThere[time.Time](reg), Changed: freehold.Known(Date("2026-01-02"), reg),
		Statuses: freehold.Known([]string{"clientTransferProhibited"}, reg), Nameservers: freehold.Known(Hosts("ns1.rhodanum-web.ch", "ns2.rhodanum-web.ch"), reg),
		Asks: []freehold.Ask{{Kind: freehold.EvidenceRDAP, Source: "https://rdap.registry.example/", Outcome: freehold.OutcomeAnswered, Evidence: reg}},
	}
	o.DNS = freehold.DNSFacts{
		Delegation: freehold.Known(Hosts("ns1.rhodanum-web.ch", "ns2.rhodanum-web.ch"), dns), NS: freehold.Known(Hosts("ns1.rhodanum-web.ch", "ns2.rhodanum-web.ch"), dns),
		DS: freehold.NotThere[[]freehold.DS](dns), MX: freehold.Known([]freehold.MX{{Preference: 10, Host: Hosts("in1.postilla-mail.ch")[0]}}, dns),
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

// Says adds what a person said, a month ago.
func Says(subject, value string) func(*freehold.Observed) {
	return SaysOn("2026-10-25", subject, value, false)
}

// Shows adds what a person proved, a month ago.
func Shows(subject, value string) func(*freehold.Observed) {
	return SaysOn("2026-10-25", subject, value, true)
}

// SaysOn adds what a person said or proved on a day.
func SaysOn(day, subject, value string, proven bool) func(*freehold.Observed) {
	return func(o *freehold.Observed) {
		o.Attestations = append(o.Attestations, freehold.Attestation{Name: o.Name, Subject: subject, Value: value, By: "test", At: Date(day), Proven: proven, Evidence: ID(subject + "=" + value)})
	}
}

// Created sets the date of creation.
func Created(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.Created = freehold.Known(Date(s), ID("registry")) }
}

// Transferred sets the date of the last transfer.
func Transferred(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.LastTransfer = freehold.Known(Date(s), ID("registry")) }
}

// Statuses sets the EPP statuses.
func Statuses(words ...string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.Statuses = freehold.Known(words, ID("registry")) }
}

// At sets the moment of judgement.
func At(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.At = Date(s) }
}

// Registrar sets the registrar.
func Registrar(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.Registrar = freehold.Known(s, ID("registry")) }
}

// Reseller sets the reseller that the registrar's record names.
func Reseller(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.Reseller = freehold.Known(s, ID("registrar")) }
}

// Mailbox sets the registrant's mailbox.
func Mailbox(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.RegistrantEmail = freehold.Known(s, ID("registry")) }
}
