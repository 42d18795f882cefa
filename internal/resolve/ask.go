package resolve

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"freehold"
)

// Ask puts one question to one server and returns its answer as it came: no
// referral is followed, nothing is cached and nothing validated. It is for reading
// a zone from its own servers. A truncated answer is asked for again over TCP.
//
// The error of a server that did not answer has the kind KindUnavailable.
func (r *Resolver) Ask(ctx context.Context, server netip.AddrPort, name string, qtype uint16) (*dns.Msg, error) {
	rep, err := r.client.ask(ctx, newTask(true), server, ask(name, qtype), false)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		f := asFailure(err)
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: `"` + server.String() + `" gave no answer about "` + freehold.OneLine(ask(name, qtype).String()) + `"`, Err: f}
	}
	return rep.msg, nil
}

// A Server is one address of one name server of a zone.
type Server struct {
	Host freehold.Host
	Addr netip.AddrPort
}

// ServersOf returns the servers that the parent names for a zone, at most so many
// as are looked at for its facts.
func (r *Resolver) ServersOf(ctx context.Context, name freehold.Name) ([]Server, error) {
	facts, _ := r.Facts(ctx, name)
	var out []Server
	for _, s := range facts.Servers {
		if s.Addr.IsValid() && s.InParent {
			out = append(out, Server{Host: s.Host, Addr: netip.AddrPortFrom(s.Addr, r.client.port)})
		}
	}
	if len(out) == 0 {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: `no name server of "` + name.ASCII() + `" is known`, Hint: "name one with --server"}
	}
	return out, nil
}

// A Parent is what each server of the parent zone says of a delegation right now.
// Servers that did not answer are counted, not guessed.
type Parent struct {
	// NS and DS as each server that answered has them, in the order asked: where they
	// differ, a change has not reached them all.
	NS     [][]freehold.Host
	DS     [][]freehold.DS
	NSTTL  time.Duration // the longest seen
	DSTTL  time.Duration // the same; where there is no DS, how long its absence is kept
	Asked  int
	Silent int
	// Glue is the addresses the parent gives for name servers inside the name.
	Glue map[string][]netip.Addr
}

// Parent asks every server of the zone above a name for its delegation, past
// every cache.
func (r *Resolver) Parent(ctx context.Context, name freehold.Name) (Parent, error) {
	child := dns.CanonicalName(name.ASCII())
	above, _ := dns.NextLabel(child, 0)
	t := newTask(true)
	z, err := r.zoneOf(ctx, t, dns.CanonicalName(child[above:]))
	if err != nil {
		return Parent{}, &freehold.Error{Kind: freehold.KindUnavailable, Msg: `the servers of the zone above "` + name.ASCII() + `" are not known`, Err: asFailure(err)}
	}
	servers := r.addresses(z)
	for _, s := range z.servers {
		if len(s.addrs) == 0 {
			if addrs, err := r.hostAddresses(ctx, t, s.host); err == nil {
				servers = append(servers, r.ports(addrs)...)
			}
		}
	}
	p := Parent{Glue: map[string][]netip.Addr{}}
	for _, server := range servers[:min(len(servers), maxServers)] {
		p.Asked++
		ns, err1 := r.client.ask(ctx, newTask(true), server, ask(child, dns.TypeNS), false)
		ds, err2 := r.client.ask(ctx, newTask(true), server, ask(child, dns.TypeDS), false)
		if err1 != nil || err2 != nil {
			p.Silent++
			continue
		}
		p.read(child, ns.msg, ds.msg)
	}
	if p.Asked == p.Silent {
		return p, &freehold.Error{Kind: freehold.KindUnavailable, Msg: `no server of the zone above "` + name.ASCII() + `" answers`}
	}
	return p, nil
}

func (p *Parent) read(child string, ns, ds *dns.Msg) {
	var hosts []freehold.Host
	var signers []freehold.DS
	for _, rr := range slices.Concat(ns.Answer, ns.Ns) {
		if n, ok := rr.(*dns.NS); ok && dns.CanonicalName(n.Hdr.Name) == child {
			if h, ok := hostFrom(n.Ns); ok {
				hosts = append(hosts, h)
			}
			p.NSTTL = max(p.NSTTL, time.Duration(n.Hdr.Ttl)*time.Second)
		}
	}
	for _, rr := range ns.Extra {
		switch rr := rr.(type) {
		case *dns.A:
			if a, ok := netip.AddrFromSlice(rr.A.To4()); ok {
				p.glue(rr.Hdr.Name, a)
			}
		case *dns.AAAA:
			if a, ok := netip.AddrFromSlice(rr.AAAA); ok {
				p.glue(rr.Hdr.Name, a)
			}
		}
	}
	all, _ := dsIn(ds.Answer)
	signers = append(signers, all...)
	for _, d := range signers {
		p.DSTTL = max(p.DSTTL, d.TTL)
	}
	for _, rr := range ds.Ns {
		if soa, ok := rr.(*dns.SOA); ok && len(signers) == 0 { // RFC 2308 section 5
			p.DSTTL = max(p.DSTTL, time.Duration(min(soa.Hdr.Ttl, soa.Minttl))*time.Second)
		}
	}
	slices.SortFunc(hosts, func(a, b freehold.Host) int { return strings.Compare(a.ASCII(), b.ASCII()) })
	p.NS, p.DS = append(p.NS, hosts), append(p.DS, signers)
}

func (p *Parent) glue(name string, a netip.Addr) {
	name = strings.TrimSuffix(dns.CanonicalName(name), ".")
	if !slices.Contains(p.Glue[name], a) {
		p.Glue[name] = append(p.Glue[name], a)
	}
}

// Delegates tells whether every server that answered names exactly these hosts.
func (p Parent) Delegates(hosts []freehold.Host) bool {
	want := slices.Clone(hosts)
	slices.SortFunc(want, func(a, b freehold.Host) int { return strings.Compare(a.ASCII(), b.ASCII()) })
	for _, ns := range p.NS {
		if !slices.Equal(ns, want) {
			return false
		}
	}
	return len(p.NS) > 0
}

// Unsigned tells whether no server that answered has a DS.
func (p Parent) Unsigned() bool {
	for _, ds := range p.DS {
		if len(ds) > 0 {
			return false
		}
	}
	return len(p.DS) > 0
}
