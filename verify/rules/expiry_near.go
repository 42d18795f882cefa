package rules

import "freehold"

// ExpiryNear: the registration ends soon, or has ended.
var ExpiryNear = Rule{
	ID: "expiry-near", Severity: freehold.SeverityWarning, Since: "0.1",
	Title: freehold.T("The registration is about to end"),
	Check: func(c *Case) Result {
		at, ok := c.reg().Expires.Get()
		if !ok {
			return decided(c.free())
		}
		evidence := c.reg().Expires.Evidence
		remedy := freehold.T("Renew it at %m, or ask for proof that it will be renewed by itself and that the card on file is valid.", c.registrar())
		switch left := at.Sub(c.Observed.At); {
		case left <= 0:
			return firing(freehold.T("%s expired on %t.", c.name(), at), remedy, evidence)
		case left <= near:
			return firing(freehold.T("%s expires on %t.", c.name(), at), remedy, evidence)
		}
		return silent
	},
}
