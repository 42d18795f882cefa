package rules

import "freehold"

// ExpiryNear: the registration ends soon, or has ended.
var ExpiryNear = Rule{
	ID: "expiry-near", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("The registration is about to end"),
	Reason: freehold.T("After the end of the term the registrar may switch the name off and, some weeks later, delete it; then anyone can register it."),
	Advice: freehold.T("Renew it, or have it proven that it renews by itself."),
	Looks:  []freehold.Text{needDates},
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
