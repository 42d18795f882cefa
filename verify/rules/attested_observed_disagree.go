package rules

import "freehold"

// AttestedObservedDisagree: what was said and what is seen exclude each other.
// One is wrong, or something has changed hands.
var AttestedObservedDisagree = Rule{
	ID: "attested-observed-disagree", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("What was said and what is seen exclude each other"),
	Reason: freehold.T("Where what you were told and what registries publish exclude each other, one of them is wrong, or something has changed hands."),
	Advice: freehold.T("Find out which. If nothing was changed on purpose, treat it as a theft until it is explained."),
	Looks:  []freehold.Text{needSaid, needRegistrar, needReseller, needHolder},
	Check: func(c *Case) Result {
		seen := false
		for _, claim := range c.Control {
			seen = seen || claim.Standing == freehold.StandingObserved
			if claim.Standing == freehold.StandingContradicted {
				return firing(
					freehold.T("About the %m it was said: %s. Public records show: %s.", layerWord(claim.Layer), claim.Against, claim.Holder),
					freehold.T("If nothing was changed on purpose, ask %m today what happened. If the word is old, say it anew: %s", c.registrar(), c.attest(string(claim.Layer)+"=…")),
					claim.Evidence)
			}
		}
		return decided(seen || c.free())
	},
}

// layerWord is the word for a layer that can be contradicted.
func layerWord(l freehold.Layer) string {
	switch l {
	case freehold.LayerRegistrar:
		return freehold.T("registrar").Format
	case freehold.LayerReseller:
		return freehold.T("reseller").Format
	case freehold.LayerRegistrant:
		return freehold.T("registrant").Format
	}
	return string(l)
}
