package rules

import "freehold"

// AutoRenewGrace: the registry has renewed by itself, and the registrar can still
// give the name back.
var AutoRenewGrace = Rule{
	ID: "auto-renew-grace", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("It was renewed on credit: the registrar can still delete it"), Cite: "RFC 3915 section 3.1",
	Reason: freehold.T("Many registries renew by themselves at the end of a term and give the registrar some weeks to take that back. If your payment did not reach the registrar, it can delete the name and lose nothing."),
	Advice: freehold.T("Make sure that the renewal is paid, and settle what becomes of the added year before you leave."),
	Looks:  []freehold.Text{needStatuses},
	Check: func(c *Case) Result {
		word, known, evidence := c.status("autoRenewPeriod")
		if word == "" {
			return decided(known || c.free())
		}
		return firing(
			freehold.T("The term of %s is over, and the registry has added a year by itself (%s). Until that period ends, %m can delete it and gets its money back.", c.name(), word, c.registrar()),
			freehold.T("Make sure today that the renewal is paid at %m. If you want to leave, ask first what becomes of the year that was added.", c.registrar()),
			evidence, c.reg().Expires.Evidence)
	},
}
