package rules

import (
	"freehold"
	"freehold/verify"
)

// TimeWindow: a refusal is lawful for a while; good to know before one asks.
var TimeWindow = Rule{
	ID: "time-window", Severity: freehold.SeverityInfo, Since: "0.1",
	Title: freehold.T("A transfer may be refused for a while"), Cite: "Transfer Policy I.A.3.7.5, I.A.3.7.6",
	Reason: freehold.T("For a while after creation or a transfer a registrar may, or a registry does, refuse to let a name go."),
	Advice: freehold.T("Wait for the day, or ask the registrar whether it agrees to an earlier one."),
	Looks:  []freehold.Text{needDates, needPolicy},
	Check: func(c *Case) Result {
		if c.Verdict.CanLeave != freehold.LeaveNotBefore {
			return decided(c.reg().State != freehold.RegistrationUnknown)
		}
		evidence := verify.Evidence(c.reg().Created.Evidence, c.reg().LastTransfer.Evidence)
		if c.Verdict.Waivable {
			return firing(freehold.T("Until %t a transfer of %s may be refused because it was registered or transferred lately.", c.Verdict.NotBefore, c.name()),
				freehold.T("Ask %m whether it agrees to an earlier date; else wait, and change no contact meanwhile.", c.registrar()), evidence)
		}
		return firing(freehold.T("Until %t a transfer of %s is refused because it was registered or transferred lately.", c.Verdict.NotBefore, c.name()),
			freehold.T("Wait for that day, and change no contact meanwhile."), evidence)
	},
}
