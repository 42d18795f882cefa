package rules

import "freehold"

// UpdateLockedByRegistry: in an emergency the name servers cannot be changed
// until the registry has lifted its lock.
var UpdateLockedByRegistry = Rule{
	ID: "update-locked-by-registry", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The registry lets nobody change the name servers"), Cite: "RFC 5731 section 2.3",
	Reason: freehold.T("Nobody can point the name elsewhere while that lock stands, the owner neither. In an emergency that costs hours or days."),
	Advice: freehold.T("Know who may have it lifted, and how long that takes."),
	Looks:  []freehold.Text{needStatuses},
	Check: func(c *Case) Result {
		word, known, evidence := c.status("serverUpdateProhibited")
		if word == "" {
			return decided(known || c.free())
		}
		return firing(
			freehold.T("%s carries %s: name servers, DS records and contacts stay as they are until the registry lifts it, also in an emergency.", c.name(), word),
			freehold.T("Ask %m who may have the lock lifted, by which channel, and how long it takes at night; keep that on paper.", c.registrar()),
			evidence)
	},
}
