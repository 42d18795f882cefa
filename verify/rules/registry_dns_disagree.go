package rules

import "freehold"

// RegistryDNSDisagree: the registry says one thing about the name's existence,
// the DNS another.
var RegistryDNSDisagree = Rule{
	ID: "registry-dns-disagree", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("The registry and the DNS contradict each other"),
	Reason: freehold.T("Registry and DNS should tell one story. Where they do not, a change is under way, or something has gone wrong."),
	Advice: freehold.T("Ask the registrar which of the two is right."),
	Looks:  []freehold.Text{needState, needDelegation},
	Check: func(c *Case) Result {
		delegation, record := c.dns().Delegation, c.reg().Nameservers
		delegated := delegation.State == freehold.Value && len(delegation.Value) > 0
		held, statusKnown, _ := c.status("clientHold", "serverHold", "inactive", "pendingDelete", "redemptionPeriod", "pendingCreate")
		switch {
		case c.reg().State == freehold.RegistrationUnknown || delegation.State != freehold.Value && delegation.State != freehold.Absent:
			return undecided
		case c.free() && delegated:
			return firing(freehold.T("The registry does not have %s, but the DNS still delegates it to %s.", c.name(), hostList(delegation.Value)),
				freehold.T("If the name is yours, ask the registrar today whether it was deleted."), c.registryEvidence(), delegation.Evidence)
		case c.free(), delegated:
			return silent
		case held != "" || record.State != freehold.Value || len(record.Value) == 0:
			return decided(statusKnown)
		}
		return firing(freehold.T("The registry lists the name servers %s for %s, but the DNS does not delegate it: it does not work.", hostList(record.Value), c.name()),
			freehold.T("Ask %m why the delegation is not published.", c.registrar()), record.Evidence, delegation.Evidence)
	},
}

// registryEvidence is the registry's own answer.
func (c *Case) registryEvidence() []freehold.EvidenceID {
	return c.Control.Of(freehold.LayerRegistry).Evidence
}
