package rules

import (
	"slices"

	"freehold"
)

// DelegationDiffers: registry record, parent zone and the zone itself name
// different servers.
var DelegationDiffers = Rule{
	ID: "delegation-differs", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The registry and the zone name different servers"), Cite: "RFC 1912 section 2.3",
	Reason: freehold.T("Resolvers follow the parent first and the zone later. Where they differ, an old server may still answer, and a move goes wrong."),
	Advice: freehold.T("Set the same servers in the zone and in the delegation."),
	Looks:  []freehold.Text{needDelegation, needZoneNS, needServers},
	Check: func(c *Case) Result {
		parent, child, record := c.dns().Delegation, c.dns().NS, c.reg().Nameservers
		remedy := freehold.T("Set the same servers in the zone and, at %m, in the delegation.", c.registrar())
		switch {
		case parent.State != freehold.Value:
			return decided(c.free())
		case child.State == freehold.Value && !sameHosts(parent.Value, child.Value):
			return firing(freehold.T("The parent zone sends to %s, the zone itself names %s.", hostList(parent.Value), hostList(child.Value)), remedy, parent.Evidence, child.Evidence)
		case record.State == freehold.Value && len(record.Value) > 0 && !sameHosts(parent.Value, record.Value):
			return firing(freehold.T("The parent zone sends to %s, the registry's record names %s: one of the two is late or wrong.", hostList(parent.Value), hostList(record.Value)), remedy, parent.Evidence, record.Evidence)
		}
		for _, s := range c.dns().Servers {
			if own, ok := s.NS.Get(); ok && !s.Lame && !sameHosts(parent.Value, own) {
				return firing(freehold.T("%s names the servers %s, the parent zone sends to %s.", s.Host.Unicode(), hostList(own), hostList(parent.Value)), remedy, s.NS.Evidence, s.Evidence, parent.Evidence)
			}
		}
		return decided(child.State == freehold.Value)
	},
}

func sameHosts(a, b []freehold.Host) bool {
	list := func(hosts []freehold.Host) []string {
		var out []string
		for _, h := range hosts {
			out = append(out, h.ASCII())
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return slices.Equal(list(a), list(b))
}
