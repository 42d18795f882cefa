package rules

import (
	"freehold"
	"freehold/verify"
)

// NoAccountAccessAttested: nobody has said that the owner can log in where the
// name stands. No public record shows a host's reseller account; this question
// does.
var NoAccountAccessAttested = Rule{
	ID: "no-account-access-attested", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("Nobody has shown that you can log in where the name stands"),
	Reason: freehold.T("In whose account a name stands is in no public record, and many hosts keep their customers' names in one of their own. One attempt to log in tells."),
	Advice: freehold.T("Log in at the registrar, look for the name, and write down what you see."),
	Looks:  []freehold.Text{needSaid, needHost, needRegistrar},
	Check: func(c *Case) Result {
		if _, _, one := verify.RegistrarIsHost(c.Observed, c.host()); one || c.free() {
			return silent // where registrar and host are one, no login takes the name past them
		}
		remedy := freehold.T("Log in at %m, look for %s, and write down what you see: %s", c.registrar(), c.name(), c.attest("account=me"))
		a, ok := c.Observed.Attestations.Latest(string(freehold.LayerAccount))
		switch {
		case !ok:
			return firing(freehold.T("In whose account at %m %s stands is in no public record. Hosts often keep their customers' names in an account of their own.", c.registrar(), c.name()), remedy, c.own()).softer()
		case verify.Outdated(c.Observed, a):
			return firing(freehold.T("What was said about the account of %s was said on %t, and can no longer be relied on.", c.name(), a.At), remedy, []freehold.EvidenceID{a.Evidence}).softer()
		case a.Value == freehold.AttestedNo:
			return firing(freehold.T("You cannot log in where %s stands, and who can is not known.", c.name()),
				freehold.T("Ask %m, as the registered holder, in whose account %s stands, and for access of your own.", c.registrar(), c.name()), []freehold.EvidenceID{a.Evidence})
		}
		return silent // it is the owner's, or somebody's for whom there is a rule
	},
}
