package audit

import (
	"context"
	"slices"
	"sync"

	"freehold"
)

// maxNameserverDomains bounds the look-ups of one name: a hostile delegation can
// name any number of servers.
const maxNameserverDomains = 8

// nameserverDomains looks up the registration of each domain that a name
// server's own name lies in: whoever registers a lapsed one takes the zone.
func (a *Auditor) nameserverDomains(ctx context.Context, o *freehold.Observed) []freehold.Evidence {
	var evidence []freehold.Evidence
	for _, d := range domainsOf(o) {
		entry := a.nsDomains.get(ctx, d.Name, func() nsDomain {
			reg, ev := a.registration(ctx, d.Name)
			return nsDomain{reg, ev}
		})
		d.State, d.Expires, d.Asks = entry.reg.State, entry.reg.Expires, entry.reg.Asks
		for _, e := range entry.evidence {
			d.Evidence = append(d.Evidence, e.ID())
		}
		o.NameserverDomains = append(o.NameserverDomains, d)
		evidence = append(evidence, entry.evidence...)
	}
	return evidence
}

// domainsOf groups the name servers of parent and child by their registrable
// domain, leaving out those inside the name itself.
func domainsOf(o *freehold.Observed) []freehold.NameserverDomain {
	var domains []freehold.NameserverDomain
	for _, host := range append(slices.Clone(o.DNS.Delegation.Value), o.DNS.NS.Value...) {
		name, ok := host.Registrable()
		if !ok || name == o.Name {
			continue
		}
		i := slices.IndexFunc(domains, func(d freehold.NameserverDomain) bool { return d.Name == name })
		switch {
		case i >= 0 && !slices.Contains(domains[i].Servers, host):
			domains[i].Servers = append(domains[i].Servers, host)
		case i < 0 && len(domains) < maxNameserverDomains:
			domains = append(domains, freehold.NameserverDomain{Name: name, Servers: []freehold.Host{host}})
		}
	}
	return domains
}

type nsDomain struct {
	reg      freehold.Registration
	evidence []freehold.Evidence
}

// domainCache asks about each name server domain once a run, however many names
// share it, and asks only once at a time. It forgets the oldest beyond its bound.
type domainCache struct {
	mu      sync.Mutex
	entries map[freehold.Name]*cachedDomain
	order   []freehold.Name
}

type cachedDomain struct {
	done chan struct{}
	cut  bool // its asker was interrupted
	nsDomain
}

const cachedDomains = 4096

func (c *domainCache) get(ctx context.Context, name freehold.Name, ask func() nsDomain) nsDomain {
	for {
		c.mu.Lock()
		e, ok := c.entries[name]
		if !ok {
			e = c.add(name)
			c.mu.Unlock()
			e.nsDomain = ask()
			if e.cut = ctx.Err() != nil; e.cut {
				c.drop(name) // the next name that needs it asks again
			}
			close(e.done)
			return e.nsDomain
		}
		c.mu.Unlock()
		select {
		case <-e.done:
		case <-ctx.Done():
			return nsDomain{}
		}
		if !e.cut {
			return e.nsDomain
		}
	}
}

func (c *domainCache) add(name freehold.Name) *cachedDomain {
	if c.entries == nil {
		c.entries = map[freehold.Name]*cachedDomain{}
	}
	if len(c.order) >= cachedDomains {
		delete(c.entries, c.order[0])
		c.order = c.order[1:]
	}
	e := &cachedDomain{done: make(chan struct{})}
	c.entries[name] = e
	c.order = append(c.order, name)
	return e
}

func (c *domainCache) drop(name freehold.Name) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, name)
	c.order = slices.DeleteFunc(c.order, func(n freehold.Name) bool { return n == name })
}
