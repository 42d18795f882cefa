package rules

import (
	"freehold"
	"freehold/verify"
)

// DNSAtRegistrar: registrars that run the name servers may switch them off when
// the name leaves. DNS moves first.
var DNSAtRegistrar = Rule{
	ID: "dns-at-registrar", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The registrar runs the name servers: DNS has to move first"), Cite: "SSAC SAC119",
	Reason: freehold.T("Some registrars switch their name servers off for a name that leaves. Site and mail stop on the day of the transfer."),
	Advice: freehold.T("Move the DNS first, wait, and transfer the name afterwards."),
	Looks:  []freehold.Text{needRegistrar, needDelegation},
	Check: func(c *Case) Result {
		registrar, known := c.reg().Registrar.Get()
		names := verify.Nameservers(c.Observed)
		if !known || names.State != freehold.Value || len(names.Value) == 0 {
			return decided(c.free())
		}
		for _, d := range verify.Domains(names.Value) {
			if !freehold.SameParty(registrar, d) {
				return silent
			}
		}
		return firing(
			freehold.T("%s is registrar of %s and runs all its name servers. When the name leaves, they may stop answering, and site and mail with them.", registrar, c.name()),
			freehold.T("Copy the zone, set it up with another operator, change the name servers, wait a few days, and only then transfer the name."),
			c.reg().Registrar.Evidence, names.Evidence)
	},
}
