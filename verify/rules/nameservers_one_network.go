package rules

import (
	"net/netip"
	"slices"

	"freehold"
	"freehold/verify"
)

// NameserversOneNetwork: one cut cable, one mistake of one supplier, and no
// resolver finds the name any more.
var NameserversOneNetwork = Rule{
	ID: "nameservers-one-network", Severity: freehold.SeverityWarning, Since: "0.1",
	Title: freehold.T("All name servers stand in one network"), Cite: "RFC 2182 section 3.1",
	Reason: freehold.T("One cut cable, one mistake of one supplier, and no resolver finds the name any more, however many servers there are."),
	Advice: freehold.T("Add a server at a second provider in another network."),
	Looks:  []freehold.Text{needAddresses, needNetworks},
	Check: func(c *Case) Result {
		addrs, complete := c.nameserverAddrs()
		if len(addrs) == 0 || !complete {
			return decided(c.free())
		}
		var blocks, holders []string
		var evidence []freehold.EvidenceID
		for _, a := range addrs {
			block, holder, ids := c.network(a)
			evidence = verify.Evidence(evidence, ids)
			if !slices.Contains(blocks, block) {
				blocks = append(blocks, block)
			}
			if !slices.Contains(holders, holder) {
				holders = append(holders, holder)
			}
		}
		remedy := freehold.T("Add a name server at a second provider, in another network: a secondary that copies the zone is enough.")
		seen := verify.Evidence(verify.Nameservers(c.Observed).Evidence, c.serverEvidence(), evidence)
		switch {
		case len(blocks) == 1 && holders[0] != "":
			return firing(freehold.T("All stand in %s, a network of %s. If it is cut off, %s cannot be found.", blocks[0], holders[0], c.name()), remedy, seen)
		case len(blocks) == 1:
			return firing(freehold.T("All stand in %s. If it is cut off, %s cannot be found.", blocks[0], c.name()), remedy, seen)
		case len(holders) == 1 && holders[0] != "":
			return firing(freehold.T("All stand in networks of %s: a mistake or a dispute there is enough, and %s cannot be found.", holders[0], c.name()), remedy, seen).softer()
		}
		return silent
	},
}

// nameserverAddrs returns the addresses of the name servers that the parent
// names, and whether every server has one.
func (c *Case) nameserverAddrs() (addrs []netip.Addr, complete bool) {
	names, ok := verify.Nameservers(c.Observed).Get()
	if !ok {
		return nil, false
	}
	for _, h := range names {
		found := false
		add := func(list ...netip.Addr) {
			for _, a := range list {
				if a.IsValid() {
					found = true
					if !slices.Contains(addrs, a) {
						addrs = append(addrs, a)
					}
				}
			}
		}
		for _, s := range c.dns().Servers {
			if s.Host == h {
				add(s.Addr)
			}
		}
		for _, l := range c.dns().HostLookup {
			if l.Host == h {
				add(l.Addrs.Value...)
			}
		}
		if !found {
			return addrs, false
		}
	}
	return addrs, true
}

func (c *Case) serverEvidence() []freehold.EvidenceID {
	var ids []freehold.EvidenceID
	for _, s := range c.dns().Servers {
		ids = verify.Evidence(ids, s.Evidence)
	}
	return ids
}
