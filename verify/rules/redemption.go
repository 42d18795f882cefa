package rules

import "freehold"

// Redemption: the name was deleted and is about to be lost.
var Redemption = Rule{
	ID: "redemption", Severity: freehold.SeverityCritical, Since: "0.1",
	Title: freehold.T("The name was deleted and is about to be lost"), Cite: "RFC 3915 section 3.1",
	Reason: freehold.T("A deleted name can be restored for a few weeks only, and by its registrar only."),
	Advice: freehold.T("Have it restored today."),
	Looks:  []freehold.Text{needStatuses},
	Check: func(c *Case) Result {
		word, known, evidence := c.status("redemptionPeriod", "pendingRestore", "pendingDelete")
		if word == "" {
			return decided(known || c.free())
		}
		return firing(
			freehold.T("The registry shows %s for %s: after that anyone can register it.", word, c.name()),
			freehold.T("Have %m restore it today; it costs a fee, and the time for it is short.", c.registrar()),
			evidence)
	},
}
