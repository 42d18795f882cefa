package rules

import (
	"freehold"
	"freehold/verify"
)

// RegistrarIsHost: whoever keeps the site also decides whether the name may go.
var RegistrarIsHost = Rule{
	ID: "registrar-is-host", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("Registrar and host are one company"),
	Reason: freehold.T("Whoever keeps the site also decides whether the name may go. A quarrel or a failure holds both."),
	Advice: freehold.T("While all is well, move the name to a registrar who does not host it."),
	Looks:  []freehold.Text{needRegistrar, needHost},
	Check: func(c *Case) Result {
		host := c.host()
		registrar, evidence, is := verify.RegistrarIsHost(c.Observed, host)
		if !is {
			return decided(registrar != "" && (host.Name != "" || host.Self))
		}
		return firing(
			freehold.T("%s keeps the site and is the registrar too. If it fails or refuses, site and name are stuck together.", registrar),
			freehold.T("While all is well, move %s to a registrar that does not host it, in an account of your own.", c.name()),
			evidence)
	},
}
