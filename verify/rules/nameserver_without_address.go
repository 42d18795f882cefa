package rules

import (
	"slices"

	"freehold"
	"freehold/verify"
)

// NameserverWithoutAddress: the delegation names a server that is nowhere.
var NameserverWithoutAddress = Rule{
	ID: "nameserver-without-address", Severity: freehold.SeverityWarning, Since: "0.1",
	Title: freehold.T("A name server of the delegation has no address"), Cite: "RFC 1912 section 2.8",
	Reason: freehold.T("A server that cannot be found answers nobody: the reserve that the delegation promises is not there."),
	Advice: freehold.T("Set the server up again, or take it out of the delegation."),
	Looks:  []freehold.Text{needDelegation, needAddresses},
	Check: func(c *Case) Result {
		names, ok := verify.Nameservers(c.Observed).Get()
		if !ok {
			return decided(c.free())
		}
		known := false
		for _, l := range c.dns().HostLookup {
			if !slices.Contains(names, l.Host) || l.Addrs.State == freehold.Unknown {
				continue
			}
			known = true
			if l.Addrs.State == freehold.Absent && !c.inFreeDomain(l.Host) {
				return firing(
					freehold.T("%s is delegated to %s, a name that does not exist or has no address: there is one server less than it seems.", c.name(), l.Host.Unicode()),
					freehold.T("Set %s up again, or take it out of the delegation at %m.", l.Host.Unicode(), c.registrar()),
					l.Addrs.Evidence, l.Evidence, verify.Nameservers(c.Observed).Evidence)
			}
		}
		return decided(known || c.free())
	},
}

// inFreeDomain tells whether a server's domain is not registered: a graver rule
// speaks then.
func (c *Case) inFreeDomain(h freehold.Host) bool {
	return slices.ContainsFunc(c.Observed.NameserverDomains, func(d freehold.NameserverDomain) bool {
		return d.State == freehold.NotRegistered && slices.Contains(d.Servers, h)
	})
}
