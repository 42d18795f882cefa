package rules

import (
	"freehold"
	"freehold/verify"
)

// AllInOneNetwork: what stands together falls together, also where each customer
// has a machine of his own behind a shared part.
var AllInOneNetwork = Rule{
	ID: "all-in-one-network", Severity: freehold.SeverityNotice, Since: "0.1",
	Title:  freehold.T("Site, mail and name servers stand with one company"),
	Reason: freehold.T("What stands together falls together. When mail falls too, nobody can write to you, and you cannot ask for help by mail."),
	Advice: freehold.T("Put at least DNS or mail with another provider, and keep the host's telephone number on paper."),
	Looks:  []freehold.Text{needNetworks},
	Check: func(c *Case) Result {
		var one string
		var evidence []freehold.EvidenceID
		known := true
		for _, role := range []string{"web", "mail", "dns"} {
			holders, ids, complete := verify.Holders(c.Observed, role)
			evidence = verify.Evidence(evidence, ids)
			switch {
			case len(holders) > 1, len(holders) == 1 && one != "" && holders[0] != one:
				return silent
			case !complete:
				known = false
			case len(holders) == 1:
				one = holders[0]
			}
		}
		if !known || one == "" {
			return decided(c.free())
		}
		return firing(
			freehold.T("The networks of site, mail and name servers all belong to %s: what stops one of them there can stop all, and then nobody can even write to you.", one),
			freehold.T("Put at least the DNS or the mail with another provider, and keep the host's telephone number and another channel on paper."),
			evidence)
	},
}
