package rules

import "freehold"

// HolderNotConfirmed: who the holder is, is hidden from the public, and the owner
// has not looked. It is the one thing the rules give the name by.
var HolderNotConfirmed = Rule{
	ID: "holder-not-confirmed", Severity: freehold.SeverityInfo, Since: "0.1",
	Title: freehold.T("Whether you are the registered holder is not confirmed"), Cite: "Transfer Policy I.A.1.1",
	Reason: freehold.T("Only the registered holder can have a name released, and hosts often enter themselves. Public records hide who it is."),
	Advice: freehold.T("Ask the registrar once, and write the answer down."),
	Looks:  []freehold.Text{needHolder, needSaid},
	Check: func(c *Case) Result {
		org, person := c.reg().RegistrantOrg, c.reg().RegistrantName
		for _, subject := range []string{freehold.AttestRegistrantIs, string(freehold.LayerRegistrant)} {
			if _, ok := c.said(subject); ok {
				return silent
			}
		}
		switch {
		case c.free(), org.State == freehold.Value, person.State == freehold.Value:
			return silent // what is shown is for other rules
		case org.State != freehold.Redacted && person.State != freehold.Redacted:
			return undecided
		}
		return firing(
			freehold.T("The record of %s hides its holder from the public, and nobody has said who it is. Whoever stands there can give the name away; nobody else can.", c.name()),
			freehold.T("Look in the account at %m, or ask for the holder data as registered. Then write it down: %s", c.registrar(), c.attest("registrant_is=me")),
			org.Evidence, person.Evidence, c.own())
	},
}
