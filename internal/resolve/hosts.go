package resolve

import (
	"context"
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"freehold"
)

// mailAndServerHosts finds where the name servers and mail hosts are.
func (o *observation) mailAndServerHosts(ctx context.Context) {
	f := &o.facts
	var want []freehold.Host
	add := func(h freehold.Host) {
		if !h.IsZero() && !slices.Contains(want, h) && len(want) < maxHosts {
			want = append(want, h)
		}
	}
	for _, h := range slices.Concat(f.Delegation.Value, f.NS.Value) {
		add(h)
	}
	for _, mx := range f.MX.Value {
		add(mx.Host)
	}
	o.lookUpHosts(ctx, want)
	for _, h := range want {
		f.HostLookup = append(f.HostLookup, o.hosts[h])
	}
	switch f.MX.State {
	case freehold.Absent:
		f.MXIPs = freehold.NotThere[[]netip.Addr](f.MX.Evidence...)
	case freehold.Value:
		f.MXIPs = o.mailAddresses()
	default:
		f.MXIPs = freehold.NotKnown[[]netip.Addr](f.MX.Note, f.MX.Evidence...)
	}
}

func (o *observation) mailAddresses() freehold.Fact[[]netip.Addr] {
	all := freehold.NotThere[[]netip.Addr](o.facts.MX.Evidence...)
	for _, mx := range o.facts.MX.Value {
		if h, ok := o.hosts[mx.Host]; ok {
			all = bothFamilies(all, h.Addrs)
		}
	}
	all.Value, _ = bounded(all.Value, maxRecords)
	return all
}

// lookUpHosts looks up the addresses of hosts that were not looked up yet.
func (o *observation) lookUpHosts(ctx context.Context, hosts []freehold.Host) {
	var jobs []func()
	for _, h := range hosts {
		if _, ok := o.hosts[h]; ok || h.IsZero() || len(o.hosts)+len(jobs) >= 2*maxHosts {
			continue
		}
		jobs = append(jobs, func() {
			facts := o.hostFacts(ctx, h)
			o.mu.Lock()
			o.hosts[h] = facts
			o.mu.Unlock()
		})
	}
	together(jobs)
}

func (o *observation) hostFacts(ctx context.Context, h freehold.Host) freehold.HostFacts {
	fqdn := dns.CanonicalName(h.FQDN())
	t := &task{spent: o.t.spent, hosts: []string{fqdn}, fresh: o.zone != nil && dns.IsSubDomain(o.zone.name, fqdn)}
	family := func(qtype uint16) freehold.Fact[[]netip.Addr] {
		a, ids, err := o.find(ctx, t, ask(fqdn, qtype))
		if err != nil {
			return freehold.NotKnown[[]netip.Addr](freehold.OneLine(err.Error()), ids...)
		}
		if addrs := a.addrs(); len(addrs) > 0 {
			return noted(freehold.Known(addrs, ids...), doubt(a))
		}
		return noted(freehold.NotThere[[]netip.Addr](ids...), doubt(a))
	}
	both := bothFamilies(family(dns.TypeA), family(dns.TypeAAAA))
	return freehold.HostFacts{Host: h, Addrs: both, Evidence: both.Evidence}
}
