package rules

import (
	"freehold"
	"freehold/verify"
)

// NameserverDomainFree: whoever registers the domain of a name server answers
// for every name that is delegated to it, its mail included.
var NameserverDomainFree = Rule{
	ID: "nameserver-domain-free", Severity: freehold.SeverityCritical, Since: "0.1",
	Title:  freehold.T("Anyone can register the domain of a name server"),
	Reason: freehold.T("Anyone can register that domain today and answer for your name: read its mail, show another site, pass the tests of certificate authorities."),
	Advice: freehold.T("Take the server out of the delegation today."),
	Looks:  []freehold.Text{needNSDomains},
	Check: func(c *Case) Result {
		known := len(c.Observed.NameserverDomains) > 0
		for _, d := range c.Observed.NameserverDomains {
			if d.State == freehold.NotRegistered {
				return firing(
					freehold.T("%s is delegated to %s, and %s is not registered. Who registers it can read your mail and put up your site.", c.name(), hostList(d.Servers), d.Name.Unicode()),
					freehold.T("Take %s out of the delegation at %m today, after another server has the zone.", hostList(d.Servers), c.registrar()),
					verify.Evidence(d.Evidence, verify.Nameservers(c.Observed).Evidence))
			}
			known = known && d.State == freehold.Registered
		}
		return decided(known || c.free())
	},
}
