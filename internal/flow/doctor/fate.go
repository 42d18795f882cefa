package doctor

import (
	"maps"
	"net/netip"
	"slices"

	"freehold"
)

// Place is where something stands that is to outlive a host: this machine, the
// server of the database, a machine with copies of zones.
type Place struct {
	What  string       // "this machine", the database's host
	Addrs []netip.Addr // public ones; none: it cannot be told from here
	// Holder is who holds its network, as the user says; empty: not said.
	Holder string
	// Zones: what stands there are copies of zones, not the database.
	Zones bool
}

// Neighbours collects where names stand, a result at a time: who holds the
// networks of their servers, and which blocks those are.
type Neighbours struct {
	names  int
	blocks map[netip.Prefix]int
	addrs  map[netip.Addr]int
	holder map[string]int
}

// maxNetworks bounds how many networks are remembered.
const maxNetworks = 20000

// Add takes in one result.
func (n *Neighbours) Add(r *freehold.Result) {
	if n.blocks == nil {
		n.blocks, n.addrs, n.holder = map[netip.Prefix]int{}, map[netip.Addr]int{}, map[string]int{}
	}
	n.names++
	seen := map[string]bool{}
	once := func(key string, count func()) {
		if !seen[key] && len(n.blocks)+len(n.addrs)+len(n.holder) < maxNetworks {
			seen[key] = true
			count()
		}
	}
	for _, a := range r.Observed.Network.Addresses {
		once("a"+a.Addr.String(), func() { n.addrs[a.Addr]++ })
		if text, ok := a.Prefix.Get(); ok {
			if p, err := netip.ParsePrefix(text); err == nil {
				once("p"+text, func() { n.blocks[p]++ })
			}
		}
		if h, ok := a.Holder.Get(); ok {
			once("h"+h, func() { n.holder[h]++ })
		}
	}
}

// Check tells whether a place stands in a network of a name's servers. Public
// data shows who holds a network, not who else falls with it: that nothing is
// shared here is no proof of independence, and is said so.
func (n *Neighbours) Check(p Place) Check {
	check := Check{Area: Fate, Subject: p.What}
	if n.names == 0 {
		check.Said = freehold.T("no run is saved, so it is not known which hosts it is to outlive")
		check.Advice = freehold.T("run: %s", "freehold audit -f NAMES.csv")
		return check
	}
	if name, names := n.sharedHolder(p.Holder); names > 0 {
		return shared(check, p, freehold.T("stands in the network of %s, as %d names do that it is to outlive", name, names))
	}
	for _, a := range p.Addrs {
		for _, block := range slices.SortedFunc(maps.Keys(n.blocks), netip.Prefix.Compare) {
			if block.Contains(a.Unmap()) {
				return shared(check, p, freehold.T("stands in %s, as %d names do that it is to outlive", block, n.blocks[block]))
			}
		}
		if names := n.addrs[a]; names > 0 {
			return shared(check, p, freehold.T("stands at %s, as %d names do that it is to outlive", a, names))
		}
	}
	if len(p.Addrs) == 0 && p.Holder == "" {
		check.Said = freehold.T("it has no public address here, so its network is not known")
		check.Advice = freehold.T("say whose network it is: %s", "freehold doctor --here PROVIDER")
		return check
	}
	check.State = Fine
	check.Said = freehold.T("shares no network with the servers of %d names, as far as registers of addresses show", n.names)
	return check
}

func shared(c Check, p Place, said freehold.Text) Check {
	c.State, c.Said = Wrong, said
	c.Advice = freehold.T("keep a copy elsewhere: %s", "freehold db backup FILE")
	if p.Zones {
		c.Advice = freehold.T("keep a copy elsewhere: %s", "freehold export --all -o DIR")
	}
	return c
}

// sharedHolder finds the holder that is plainly the party the user names.
func (n *Neighbours) sharedHolder(said string) (holder string, names int) {
	if said == "" {
		return "", 0
	}
	for _, h := range slices.Sorted(maps.Keys(n.holder)) {
		if freehold.SameParty(h, said) {
			return h, n.holder[h]
		}
	}
	return "", 0
}
