package rules

import "freehold"

// DNSSECBogus: resolvers that check signatures refuse the name.
var DNSSECBogus = Rule{
	ID: "dnssec-bogus", Severity: freehold.SeverityCritical, Since: "0.1",
	Title: freehold.T("The signatures of the zone are wrong"), Cite: "RFC 4035 section 4.3",
	Reason: freehold.T("Resolvers that check signatures, as many large ones do, treat wrong signatures as no answer at all."),
	Advice: freehold.T("Have the zone signed again, or the DS record taken out."),
	Looks:  []freehold.Text{needValidation},
	Check: func(c *Case) Result {
		v, ok := c.dns().Validation.Get()
		switch {
		case !ok, v == freehold.Indeterminate:
			return decided(c.free())
		case v != freehold.Bogus:
			return silent
		}
		return firing(
			freehold.T("Whoever checks signatures (DNSSEC), as many providers do, can reach neither site nor mail of %s.", c.name()),
			freehold.T("Have whoever runs the name servers sign the zone again. If they cannot today, have the DS record taken out at %m.", c.registrar()),
			c.dns().Validation.Evidence, c.dns().DS.Evidence)
	},
}
