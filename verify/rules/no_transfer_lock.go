package rules

import (
	"freehold"
	"freehold/internal/policy"
)

// NoTransferLock: with the lock open, a leaked code is enough to take the name.
var NoTransferLock = Rule{
	ID: "no-transfer-lock", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The transfer lock is open"), Cite: "RFC 5731 section 2.3",
	Reason: freehold.T("Without the lock, a code that leaks is enough to take the name away."),
	Advice: freehold.T("Have the registrar set the transfer lock until you want to leave."),
	Looks:  []freehold.Text{needStatuses},
	Check: func(c *Case) Result {
		if !policy.Is(c.Profile.PublishesStatus, true) {
			return silent // registries without the habit of locking, or of showing it
		}
		word, known, evidence := c.status("clientTransferProhibited", "serverTransferProhibited", "transferProhibited", "locked", "pendingTransfer", "pendingDelete")
		if word != "" || !known {
			return decided(known || c.free())
		}
		return firing(
			freehold.T("Nothing but the transfer code protects %s: whoever gets it can move the name.", c.name()),
			freehold.T("Switch the transfer lock on in the account at %m, unless you are about to leave.", c.registrar()),
			evidence)
	},
}
