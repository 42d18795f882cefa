package rules

import "freehold"

// PendingTransfer: the owner is leaving, or the name is being stolen.
var PendingTransfer = Rule{
	ID: "pending-transfer", Severity: freehold.SeverityCritical, Since: "0.1",
	Title: freehold.T("A transfer to another registrar is under way"), Cite: "RFC 5731 section 2.3",
	Reason: freehold.T("If nobody objects, the name is gone to another registrar within days."),
	Advice: freehold.T("If it was not you, have your registrar reject it today."),
	Looks:  []freehold.Text{needStatuses},
	Check: func(c *Case) Result {
		word, known, evidence := c.status("pendingTransfer")
		if word == "" {
			return decided(known || c.free())
		}
		return firing(
			freehold.T("%s is on its way from %m to another registrar.", c.name(), c.registrar()),
			freehold.T("If you did not ask for this, call %m now and have it rejected; then change the account's password. If you did, wait.", c.registrar()),
			evidence)
	},
}
