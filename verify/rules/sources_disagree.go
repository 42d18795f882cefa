package rules

import (
	"strings"

	"freehold"
)

// SourcesDisagree: registry and registrar publish different things.
var SourcesDisagree = Rule{
	ID: "sources-disagree", Severity: freehold.SeverityInfo, Since: "0.1",
	Title:  freehold.T("Registry and registrar publish different things"),
	Reason: freehold.T("Where registry and registrar publish different things, one of them is late or wrong, and a transfer can fail over it."),
	Advice: freehold.T("Have the wrong one corrected."),
	Looks:  []freehold.Text{needRecord},
	Check: func(c *Case) Result {
		for _, k := range c.reg().Conflicts {
			if strings.Contains(k.Field, "expires") {
				continue // a rule of its own
			}
			return firing(
				freehold.T("About %s one source says %s, the other %s.", k.Field, k.A, k.B),
				freehold.T("Ask %m which is right, and to have the other corrected.", c.registrar()), k.Evidence)
		}
		return decided(c.reg().State != freehold.RegistrationUnknown)
	},
}
