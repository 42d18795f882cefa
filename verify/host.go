package verify

import (
	"slices"

	"freehold"
)

// Basis says how we know who the host is.
type Basis uint8

// The bases, weakest first. The zero value is that nobody told us.
const (
	BasisNone    Basis = iota
	BasisDomains       // name servers and mail servers are named in one domain
	BasisNetwork       // the site stands in the network of the party that also runs its DNS or mail, or that is registrar or reseller
	BasisSaid          // attested
)

// A Host is the company that keeps the site, and that would be left.
type Host struct {
	Name     string // empty when unknown, or when the owner is his own host
	Self     bool   // attested: the owner hosts it himself
	Basis    Basis
	Evidence []freehold.EvidenceID
}

// Is tells whether a party is plainly the host. Doubt is false.
func (h Host) Is(party string) bool { return h.Name != "" && freehold.SameParty(h.Name, party) }

// HostOf finds the host of a name: what was said, else what can be seen. The
// holder of the web server's network alone is not called the host, since hosts
// rent their racks: a second sign must agree with it.
func HostOf(o *freehold.Observed) Host {
	if a, ok := Fresh(o, freehold.AttestHost); ok {
		h := Host{Basis: BasisSaid, Evidence: Evidence([]freehold.EvidenceID{a.Evidence})}
		switch {
		case a.Value == freehold.AttestedMe:
			h.Self = true
			return h
		case !wordOnly(a.Value):
			h.Name = freehold.OneLine(a.Value)
			return h
		}
	}
	names := Nameservers(o)
	mail, _ := MailHosts(o)
	web, webEvidence, complete := Holders(o, "web")
	if complete && len(web) == 1 {
		for _, sign := range signs(o, names, mail) {
			if freehold.SameParty(web[0], sign.party) {
				return Host{Name: web[0], Basis: BasisNetwork, Evidence: Evidence(webEvidence, sign.evidence)}
			}
		}
	}
	// A registrar lends name servers and mail to sites that stand elsewhere: with
	// the site in a network of somebody else, it is not the host for that.
	dns, mx := Domains(names.Value), Domains(mail)
	if len(dns) == 1 && slices.Equal(dns, mx) && dns[0] != o.Name.ASCII() {
		registrar, _ := o.Registration.Registrar.Get()
		if len(web) == 0 || !freehold.SameParty(registrar, dns[0]) {
			return Host{Name: dns[0], Basis: BasisDomains, Evidence: Evidence(names.Evidence, o.DNS.MX.Evidence)}
		}
	}
	return Host{}
}

type sign struct {
	party    string
	evidence []freehold.EvidenceID
}

// signs are the parties that may turn out to be the host, each with its evidence.
func signs(o *freehold.Observed, names freehold.Fact[[]freehold.Host], mail []freehold.Host) []sign {
	var all []sign
	if r, ok := o.Registration.Registrar.Get(); ok {
		all = append(all, sign{r, o.Registration.Registrar.Evidence})
	}
	if r, ok := o.Registration.Reseller.Get(); ok {
		all = append(all, sign{r, o.Registration.Reseller.Evidence})
	}
	for _, d := range Domains(names.Value) {
		all = append(all, sign{d, names.Evidence})
	}
	for _, d := range Domains(mail) {
		all = append(all, sign{d, o.DNS.MX.Evidence})
	}
	return all
}
