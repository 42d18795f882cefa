package lab

import (
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// transfer answers AXFR (RFC 5936) as the zone's own operator allows it: whole
// zones of names, over TCP, in one message, since none of them is large. It
// returns nil where the question is another, or the server gives no transfers;
// registries and the resolver give none.
func (n *nameServer) transfer(q *dns.Msg) *dns.Msg {
	if q.Opcode != dns.OpcodeQuery || len(q.Question) != 1 || q.Question[0].Qtype != dns.TypeAXFR || q.Question[0].Qclass != dns.ClassINET {
		return nil
	}
	apex := strings.ToLower(dns.Fqdn(q.Question[0].Name))
	z := n.zoneFor(apex, dns.TypeAXFR)
	if z == nil || z.apex != apex || n.resolver || dns.CountLabel(apex) < 2 || slices.Contains(withoutTransfers, strings.TrimPrefix(n.server.id, "dns/")) {
		return nil
	}
	m := new(dns.Msg).SetReply(q)
	m.Authoritative, m.Compress = true, true
	m.Answer = z.records()
	return m
}

// records lists all of the zone in canonical order, from SOA to SOA.
func (z *zone) records() []dns.RR {
	z.ready()
	soa := z.nodes[z.apex].sets[dns.TypeSOA]
	list := slices.Clone(soa)
	owners := make([]string, 0, len(z.nodes))
	for owner := range z.nodes {
		owners = append(owners, owner)
	}
	slices.SortFunc(owners, canonicalOrder)
	for _, owner := range owners {
		n := z.nodes[owner]
		types := make([]uint16, 0, len(n.sets))
		for t := range n.sets {
			types = append(types, t)
		}
		slices.Sort(types)
		for _, t := range types {
			if t != dns.TypeSOA {
				list = append(list, n.sets[t]...)
			}
			if sig := n.sigs[t]; sig != nil {
				list = append(list, sig)
			}
		}
	}
	for _, l := range z.chain {
		list = append(list, l.rrs...)
	}
	return append(list, soa...)
}
