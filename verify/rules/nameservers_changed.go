package rules

import (
	"slices"

	"freehold"
)

// NameserversChanged: none of the name servers of the last audit is left. A thief
// who holds the account changes them first, and the mail goes with them.
var NameserversChanged = Rule{
	ID: "nameservers-changed", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("All name servers are others than at the last audit"),
	Reason: freehold.T("Whoever sets the name servers reads the mail. If it was not you or whoever works for you, the account at the registrar is in other hands."),
	Advice: freehold.T("Make sure that you know who changed them, and why."),
	Looks:  []freehold.Text{needEarlier, needDelegation},
	Check: func(c *Case) Result {
		before := c.Observed.Earlier
		now, known := c.dns().Delegation.Get()
		switch {
		case c.free():
			return silent
		case len(before.NameServers) == 0 || !known || len(now) == 0:
			return undecided
		case slices.ContainsFunc(now, func(h freehold.Host) bool { return slices.Contains(before.NameServers, h) }):
			return silent
		}
		return firing(
			freehold.T("On %t the name servers of %s were %s; now they are %s.", before.At, c.name(), hostList(before.NameServers), hostList(now)),
			freehold.T("If nobody who works for you changed them, log in at %m from a device you trust, change the password and set them back.", c.registrar()),
			c.own(), c.dns().Delegation.Evidence, before.Evidence)
	},
}
