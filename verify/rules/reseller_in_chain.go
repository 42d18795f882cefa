package rules

import "freehold"

// ResellerInChain: the name stands in somebody's reseller account at a registrar
// whose customer the owner is not.
var ResellerInChain = Rule{
	ID: "reseller-in-chain", Severity: freehold.SeverityWarning, Since: "0.1",
	Title: freehold.T("A reseller stands between you and the registrar"), Cite: "Registrar Accreditation Agreement 3.12",
	Reason: freehold.T("The registrar knows the reseller as its customer, not you. If the reseller is silent, you first have to show who you are."),
	Advice: freehold.T("Have the name put into an account of your own at the registrar."),
	Looks:  []freehold.Text{needReseller, needHost, needSaid},
	Check: func(c *Case) Result {
		reseller := c.Control.Of(freehold.LayerReseller)
		switch {
		case reseller.Mine, reseller.Standing == freehold.StandingObserved && reseller.Holder == "":
			return silent
		case reseller.Holder == "":
			return undecided
		case freehold.SameParty(reseller.Holder, c.reg().Registrar.Value):
			return silent
		}
		r := firing(
			freehold.T("The registrar, %m, knows %m as its customer, not you. If the reseller fails, you first have to show %m who you are.", c.registrar(), reseller.Holder, c.registrar()),
			freehold.T("Have %s put into an account of your own at the registrar, or move it to one; keep the bills that you paid.", c.name()),
			reseller.Evidence)
		if host := c.host(); host.Name != "" && !host.Is(reseller.Holder) && reseller.Holder != freehold.AttestedTheHost {
			return r.softer()
		}
		return r
	},
}
