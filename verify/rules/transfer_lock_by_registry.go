package rules

import "freehold"

// TransferLockByRegistry: a lock that the registrar cannot lift.
var TransferLockByRegistry = Rule{
	ID: "transfer-lock-by-registry", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The registry has locked the name against transfers"), Cite: "RFC 5731 section 2.3",
	Reason: freehold.T("This lock is not the registrar's to lift. It is a protection somebody ordered, or the sign of a dispute."),
	Advice: freehold.T("Find out which, and who may have it lifted."),
	Looks:  []freehold.Text{needStatuses},
	Check: func(c *Case) Result {
		word, known, evidence := c.status("serverTransferProhibited")
		if word == "" {
			return decided(known || c.free())
		}
		return firing(
			freehold.T("%s carries %s. Either somebody ordered that lock as a protection, or there is a dispute or a court order.", c.name(), word),
			freehold.T("Ask %m which it is. If you ordered it: good, and know who may have it lifted, and how long that takes.", c.registrar()),
			evidence)
	},
}
