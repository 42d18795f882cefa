package verify

import (
	"cmp"
	"slices"
	"strings"

	"freehold"
	"freehold/internal/policy"
)

// Control makes the control record: one claim a layer, in the order of
// freehold.Layers.
//
// Public sources give observed claims; what a person said gives claimed, what
// they showed by an act gives proven. Where somebody says of an observed holder
// "that is me", the claim names the holder, is Mine, and stands as well as that
// word does. Where word and observation exclude each other the claim is
// contradicted: Holder is what was observed, Against what was said. An observed
// claim without a holder says that a source answered and there is none. The
// account is in no public record and never observed.
func Control(o *freehold.Observed) freehold.Control {
	record := make(freehold.Control, 0, len(freehold.Layers))
	for _, l := range freehold.Layers {
		record = append(record, join(o, l, see(o, l)))
	}
	return record
}

// sighting is what public sources show of a layer.
type sighting struct {
	seen     bool
	holder   string // empty: a source answered and there is none
	evidence []freehold.EvidenceID
}

func see(o *freehold.Observed, l freehold.Layer) sighting {
	r := &o.Registration
	switch l {
	case freehold.LayerRegistry:
		return registry(o)
	case freehold.LayerRegistrar:
		return ofFact(r.Registrar)
	case freehold.LayerReseller:
		return ofFact(r.Reseller)
	case freehold.LayerRegistrant:
		return registrant(r)
	case freehold.LayerDNS:
		return ofHosts(o, Nameservers(o), "dns")
	case freehold.LayerSigner:
		return signer(o)
	case freehold.LayerMail:
		hosts, _ := MailHosts(o)
		return ofHosts(o, freehold.Fact[[]freehold.Host]{State: o.DNS.MX.State, Value: hosts, Evidence: o.DNS.MX.Evidence}, "mail")
	case freehold.LayerWeb:
		return ofNetworks(o, "web")
	case freehold.LayerNetwork:
		return ofNetworks(o, "web", "mail", "dns")
	case freehold.LayerContactMailbox:
		return ofFact(r.RegistrantEmail)
	}
	return sighting{} // the account
}

func ofFact(f freehold.Fact[string]) sighting {
	switch f.State {
	case freehold.Value:
		return sighting{seen: strings.TrimSpace(f.Value) != "", holder: strings.TrimSpace(freehold.OneLine(f.Value)), evidence: f.Evidence}
	case freehold.Absent:
		return sighting{seen: true, evidence: f.Evidence}
	}
	return sighting{evidence: f.Evidence}
}

// registry names who runs the top-level domain, once a registry has answered.
func registry(o *freehold.Observed) sighting {
	if o.Registration.State == freehold.RegistrationUnknown {
		return sighting{}
	}
	s := sighting{seen: true, holder: "." + o.Name.TLD()}
	if name, ok := policy.RegistryOf(o.Name); ok {
		s.holder = name + " (" + s.holder + ")"
	}
	for _, a := range o.Registration.Asks {
		if a.Outcome == freehold.OutcomeAnswered {
			s.evidence = Evidence([]freehold.EvidenceID{a.Evidence})
			break
		}
	}
	return s
}

func registrant(r *freehold.Registration) sighting {
	for _, f := range []freehold.Fact[string]{r.RegistrantOrg, r.RegistrantName} {
		if s := ofFact(f); s.holder != "" {
			return s
		}
	}
	s := sighting{evidence: Evidence(r.RegistrantOrg.Evidence, r.RegistrantName.Evidence)}
	s.seen = r.RegistrantOrg.State == freehold.Absent && r.RegistrantName.State == freehold.Absent
	return s
}

// ofHosts names the operators of servers by the domains their names lie in.
// Servers named inside the domain itself say nothing about who runs them; then
// it is the holder of their network, where known.
func ofHosts(o *freehold.Observed, hosts freehold.Fact[[]freehold.Host], role string) sighting {
	if hosts.State != freehold.Value && hosts.State != freehold.Absent {
		return sighting{evidence: hosts.Evidence}
	}
	s := sighting{seen: true, evidence: hosts.Evidence}
	var operators []string
	for _, d := range Domains(hosts.Value) {
		if d == o.Name.ASCII() {
			if inside, evidence, _ := Holders(o, role); len(inside) > 0 {
				operators, s.evidence = append(operators, inside...), Evidence(s.evidence, evidence)
				continue
			}
		}
		operators = append(operators, d)
	}
	s.holder = List(operators)
	return s
}

// signer is the DNS operator where there is exactly one and a DS stands at the
// parent. With several, which of them signs cannot be seen from outside.
func signer(o *freehold.Observed) sighting {
	s := sighting{evidence: o.DNS.DS.Evidence}
	switch o.DNS.DS.State {
	case freehold.Absent:
		s.seen = true
	case freehold.Value:
		if domains := Domains(Nameservers(o).Value); len(domains) == 1 {
			s.seen, s.holder = true, domains[0]
		}
	}
	return s
}

func ofNetworks(o *freehold.Observed, roles ...string) sighting {
	holders, evidence, _ := Holders(o, roles...)
	return sighting{seen: len(holders) > 0, holder: List(holders), evidence: evidence}
}

// exclusive layers have one holder at a time, by name: two names that are not
// one party's exclude each other. A mailbox or a server may be somebody's under
// any name.
var exclusive = []freehold.Layer{freehold.LayerRegistrar, freehold.LayerReseller, freehold.LayerRegistrant}

// join puts what was said about a layer over what was seen.
func join(o *freehold.Observed, l freehold.Layer, s sighting) freehold.Claim {
	c := freehold.Claim{Layer: l, Holder: s.holder, Evidence: Evidence(s.evidence)}
	if s.seen {
		c.Standing, c.At = freehold.StandingObserved, o.At
	}
	a, ok := said(o, l)
	if !ok || a.Value == "" {
		return c
	}
	c.Evidence = Evidence(s.evidence, []freehold.EvidenceID{a.Evidence})
	standing := freehold.StandingClaimed
	if a.Proven {
		standing = freehold.StandingProven
	}
	party, mine := meaning(o, l, a.Value)
	switch {
	case mine:
		c.Mine, c.Standing = true, standing
	case !s.seen || s.holder == "" && party != "":
		c.Holder, c.Standing = party, standing
	case s.holder == "" || party == "" && !(l == freehold.LayerReseller && a.Value == freehold.AttestedNo) || party == freehold.AttestedTheHost || freehold.SameParty(party, s.holder):
		return c // the word adds nothing to what was seen, or cannot be compared with it
	case slices.Contains(exclusive, l) && !Outdated(o, a):
		c.Standing, c.Against = freehold.StandingContradicted, cmp.Or(party, a.Value)
		return c
	default:
		return c
	}
	c.At, c.Stale = a.At, Outdated(o, a)
	return c
}

// said returns what was last said about a layer. Whose the registrant of record
// is can be said in either of two ways.
func said(o *freehold.Observed, l freehold.Layer) (freehold.Attestation, bool) {
	a, ok := o.Attestations.Latest(string(l))
	if l != freehold.LayerRegistrant {
		return a, ok
	}
	if b, also := o.Attestations.Latest(freehold.AttestRegistrantIs); also && (!ok || b.At.After(a.At)) {
		return b, true
	}
	return a, ok
}

// meaning reads an attested value: a party's name, or the owner who asks. "no"
// is nobody we can name.
func meaning(o *freehold.Observed, l freehold.Layer, value string) (party string, mine bool) {
	switch value {
	case freehold.AttestedMe:
		return "", true
	case freehold.AttestedYes:
		return "", l != freehold.LayerReseller
	case freehold.AttestedNo:
		return "", false
	case freehold.AttestedTheHost:
		if a, ok := o.Attestations.Latest(freehold.AttestHost); ok && !wordOnly(a.Value) {
			return a.Value, false
		}
		return freehold.AttestedTheHost, false
	}
	return freehold.OneLine(value), false
}

// wordOnly tells values that name nobody.
func wordOnly(value string) bool {
	switch value {
	case freehold.AttestedMe, freehold.AttestedTheHost, freehold.AttestedYes, freehold.AttestedNo:
		return true
	}
	return false
}
