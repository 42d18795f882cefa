package rules

import (
	"freehold"
	"freehold/verify"
)

// NameserversOneOperator is common, and worth knowing: whoever runs them all can
// stop them all.
var NameserversOneOperator = Rule{
	ID: "nameservers-one-operator", Severity: freehold.SeverityInfo, Since: "0.1",
	Title: freehold.T("All name servers are one operator's"), Cite: "RFC 2182 section 3.1",
	Reason: freehold.T("If the one operator fails, errs or falls out with you, the whole name falls."),
	Advice: freehold.T("Let a second operator serve the zone too, where the name matters."),
	Looks:  []freehold.Text{needDelegation},
	Check: func(c *Case) Result {
		names := verify.Nameservers(c.Observed)
		domains := verify.Domains(names.Value)
		if len(domains) != 1 {
			return decided(len(domains) > 1 || c.free() || names.State == freehold.Absent)
		}
		return firing(
			freehold.T("%s all lie in %s: whoever runs that runs the DNS of %s alone.", hostList(names.Value), domains[0], c.name()),
			freehold.T("Where the name matters, let a second operator serve the zone too."),
			names.Evidence)
	},
}
