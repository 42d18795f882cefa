package rules

import (
	"freehold"
	"freehold/verify"
)

// NameserversInsideName: the name hangs on itself, and so does every other name
// on these servers.
var NameserversInsideName = Rule{
	ID: "nameservers-inside-name", Severity: freehold.SeverityInfo, Since: "0.1",
	Title: freehold.T("The name servers are named inside the name itself"), Cite: "RFC 5732 section 1",
	Reason: freehold.T("Such servers hide who runs them, need addresses at the registry that are kept by hand, and pull every name that uses them down together."),
	Advice: freehold.T("Know which names use them, and keep their addresses at the registry in step."),
	Looks:  []freehold.Text{needDelegation},
	Check: func(c *Case) Result {
		names := verify.Nameservers(c.Observed)
		if names.State != freehold.Value || len(names.Value) == 0 {
			return decided(c.free())
		}
		for _, h := range names.Value {
			if !c.Observed.Name.Contains(h) {
				return silent
			}
		}
		return firing(
			freehold.T("%s is found by way of %s, whose addresses the registry keeps on behalf of %m. When %s expires or is put on hold, every other name on these servers goes dark with it.", c.name(), hostList(names.Value), c.registrar(), c.name()),
			freehold.T("List the other names that use these servers. Whenever a machine moves, change the addresses at %m too, and ask for the old ones to keep answering until then.", c.registrar()),
			names.Evidence)
	},
}
