package rules

import (
	"slices"

	"freehold"
)

// GlueStale: the parent sends resolvers to an address that the server has left.
var GlueStale = Rule{
	ID: "glue-stale", Severity: freehold.SeverityWarning, Since: "0.1",
	Title: freehold.T("The registry holds an old address of a name server"), Cite: "RFC 1912 section 2.3",
	Reason: freehold.T("The registry hands out the address of a name server that lies below it. An old one sends part of all visitors to a machine that may belong to a stranger, who can answer as he likes."),
	Advice: freehold.T("Have the address corrected at the registrar of the server's own domain."),
	Looks:  []freehold.Text{needAddresses, needServers},
	Check: func(c *Case) Result {
		compared := false
		for _, s := range c.dns().Servers {
			if !s.Glue || !s.Addr.IsValid() {
				continue
			}
			for _, l := range c.dns().HostLookup {
				now, ok := l.Addrs.Get()
				if l.Host != s.Host || !ok {
					continue
				}
				compared = true
				if !slices.Contains(now, s.Addr) {
					return firing(
						freehold.T("The parent gives %s as the address of %s, whose own zone gives %s. Part of all look-ups of %s go to a machine that may be somebody else's by now.", s.Addr, s.Host.Unicode(), addrList(now), c.name()),
						freehold.T("Have the address of %s corrected at the registrar of the domain that it lies in.", s.Host.Unicode()),
						s.Evidence, l.Evidence, l.Addrs.Evidence, c.dns().Delegation.Evidence)
				}
			}
		}
		return decided(compared || c.free())
	},
}
