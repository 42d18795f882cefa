package rules

import "freehold"

// RegistrantNotYou: the registrant is the only one whom the rules give the name
// to, and somebody else stands there.
var RegistrantNotYou = Rule{
	ID: "registrant-not-you", Severity: freehold.SeverityCritical, Since: "0.1",
	Title: freehold.T("Somebody else is registered as the holder"), Cite: "Transfer Policy I.A.1.1",
	Reason: freehold.T("By the rules the name belongs to its registered holder, whoever paid for it."),
	Advice: freehold.T("Have yourself or your company entered as the holder."),
	Looks:  []freehold.Text{needHolder, needSaid, needHost, needRegistrar, needReseller},
	Check: func(c *Case) Result {
		claim := c.Control.Of(freehold.LayerRegistrant)
		if c.free() || claim.Mine {
			return silent
		}
		for _, subject := range []string{freehold.AttestRegistrantIs, string(freehold.LayerRegistrant)} {
			if a, ok := c.said(subject); ok && a.Value != freehold.AttestedYes {
				return registrantIs(c, a.Value, []freehold.EvidenceID{a.Evidence})
			}
		}
		if claim.Holder == "" {
			return undecided
		}
		host, registrar, reseller := c.host(), c.reg().Registrar.Value, c.Control.Of(freehold.LayerReseller)
		if host.Is(claim.Holder) || freehold.SameParty(claim.Holder, registrar) || !reseller.Mine && freehold.SameParty(claim.Holder, reseller.Holder) {
			return registrantIs(c, claim.Holder, append(claim.Evidence, host.Evidence...))
		}
		return undecided // a name is shown; whether it is the owner's, only the owner knows
	},
}

func registrantIs(c *Case, who string, evidence []freehold.EvidenceID) Result {
	remedy := freehold.T("Have yourself or your company entered as the holder, in writing. Where a change of holder starts a waiting time for transfers, move first.")
	switch who {
	case freehold.AttestedNo:
		return firing(freehold.T("The registered holder of %s is not you, as you said. By the rules the name is theirs.", c.name()), remedy, evidence)
	case freehold.AttestedTheHost:
		return firing(freehold.T("The registered holder of %s is %m, not you. By the rules the name is theirs.", c.name(), c.hostName()), remedy, evidence)
	}
	return firing(freehold.T("The registered holder of %s is %s, not you. By the rules the name is theirs.", c.name(), who), remedy, evidence)
}
