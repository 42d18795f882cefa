package rules

import "freehold"

// AccountHeldByOther: who holds the account can move, lock and lose the name.
var AccountHeldByOther = Rule{
	ID: "account-held-by-other", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("The name stands in somebody else's account"),
	Reason: freehold.T("For the registrar the customer is whoever holds the account. That party can unlock the name, move it, let it expire, and gets the code."),
	Advice: freehold.T("Have the name put into an account of your own; keep the request, with its date."),
	Looks:  []freehold.Text{needSaid, needRegistrar},
	Check: func(c *Case) Result {
		a, ok := c.said(string(freehold.LayerAccount))
		switch {
		case !ok, a.Value == freehold.AttestedNo, a.Value == "":
			return decided(c.free())
		case a.Value == freehold.AttestedMe, a.Value == freehold.AttestedYes:
			return silent
		}
		holder := a.Value
		if holder == freehold.AttestedTheHost {
			holder = c.hostName()
		}
		return firing(
			freehold.T("The account at %m in which %s stands is held by %m, as you said. For the registrar they are the customer.", c.registrar(), c.name(), holder),
			freehold.T("Ask %m in writing to put %s into an account of your own. Keep the request, with its date.", holder, c.name()),
			[]freehold.EvidenceID{a.Evidence})
	},
}
