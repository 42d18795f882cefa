package rules

import "freehold"

// OnHold: the name is out of the DNS by order.
var OnHold = Rule{
	ID: "on-hold", Severity: freehold.SeverityCritical, Since: "0.1",
	Title: freehold.T("The name was taken out of the DNS"), Cite: "RFC 5731 section 2.3",
	Reason: freehold.T("A name on hold is not in the DNS: site and mail do not work, and before long it may be deleted."),
	Advice: freehold.T("Ask the registrar for the reason, and settle it in writing."),
	Looks:  []freehold.Text{needStatuses},
	Check: func(c *Case) Result {
		word, known, evidence := c.status("clientHold", "serverHold")
		switch word {
		case "":
			return decided(known || c.free())
		case "serverHold":
			return firing(freehold.T("The registry has put %s on hold: site and mail do not work.", c.name()),
				freehold.T("Ask %m today why the registry did that, and what would end it.", c.registrar()), evidence)
		}
		return firing(freehold.T("%s was put on hold by %m: site and mail do not work. It is often done over unpaid bills or an unconfirmed address.", c.name(), c.registrar()),
			freehold.T("Ask %m today for the reason; pay or confirm what is open, in writing.", c.registrar()), evidence)
	},
}
