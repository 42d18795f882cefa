package rules

import (
	"freehold"
	"freehold/verify"
)

// NameserverDomainExpiring: when the domain of the name servers ends, so does
// every name that is delegated to them.
var NameserverDomainExpiring = Rule{
	ID: "nameserver-domain-expiring", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("The domain of a name server is about to end"),
	Reason: freehold.T("Whoever registers the domain of a name server after it has expired answers for every name delegated to it."),
	Advice: freehold.T("Ask its owner to renew it, or move to servers that stand on firmer ground."),
	Looks:  []freehold.Text{needNSDomains},
	Check: func(c *Case) Result {
		known := false
		for _, d := range c.Observed.NameserverDomains {
			at, ok := d.Expires.Get()
			if d.Name == c.Observed.Name || !ok {
				continue // its own end has a rule of its own
			}
			known = true
			if at.Sub(c.Observed.At) > near {
				continue
			}
			return firing(
				freehold.T("%s is delegated to %s, and %s ends on %t. If its owner forgets it, your name stops too.", c.name(), hostList(d.Servers), d.Name.Unicode(), at),
				freehold.T("Ask who runs %s whether it will be renewed; have name servers at a second provider ready.", d.Name.Unicode()),
				verify.Evidence(d.Evidence, d.Expires.Evidence, verify.Nameservers(c.Observed).Evidence))
		}
		return decided(known || c.free())
	},
}
