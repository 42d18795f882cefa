package lab

import (
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

// zone is one zone as its servers hold it. It is signed when it is first asked.
type zone struct {
	apex   string // lower case, final dot
	denial denial
	nodes  map[string]*node // by owner, names between them included
	// invent makes a node that is not held, for the names of Bulk; nil: none.
	invent func(owner string) *node

	once  sync.Once
	key   zoneKey
	chain []link // the denial chain in its own order
}

// node is what stands at one name of a zone.
type node struct {
	sets map[uint16][]dns.RR
	sigs map[uint16]dns.RR
}

// link is one record of the denial chain, NSEC or NSEC3, with its signature.
type link struct {
	owner string // the owner name, or the hash of it
	next  string
	rrs   []dns.RR
}

func newZone(apex string, d denial) *zone {
	return &zone{apex: apex, denial: d, nodes: map[string]*node{}}
}

// add puts records into the zone, with the names between them and the apex.
func (z *zone) add(rrs ...dns.RR) {
	for _, rr := range rrs {
		h := rr.Header()
		h.Name = strings.ToLower(h.Name)
		n := z.makeNode(h.Name)
		n.sets[h.Rrtype] = append(n.sets[h.Rrtype], rr)
		for owner := h.Name; owner != z.apex && owner != "."; owner = parent(owner) {
			z.makeNode(owner)
		}
	}
}

func (z *zone) makeNode(owner string) *node {
	n := z.nodes[owner]
	if n == nil {
		n = &node{sets: map[uint16][]dns.RR{}, sigs: map[uint16]dns.RR{}}
		z.nodes[owner] = n
	}
	return n
}

// text adds records in master file form; names without a final dot lie below the apex.
func (z *zone) text(lines ...string) {
	p := dns.NewZoneParser(strings.NewReader(strings.Join(lines, "\n")+"\n"), z.apex, "")
	p.SetDefaultTTL(3600)
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		z.add(rr)
	}
	if err := p.Err(); err != nil {
		panic("lab: zone " + z.apex + ": " + err.Error()) // the world is ours: TestWorld builds every zone
	}
}

// node returns what stands at a name, nil if nothing does.
func (z *zone) node(owner string) *node {
	if n := z.nodes[owner]; n != nil {
		return n
	}
	if z.invent != nil {
		return z.invent(owner)
	}
	return nil
}

// isCut tells whether a node delegates its name away.
func (z *zone) isCut(owner string, n *node) bool {
	return owner != z.apex && len(n.sets[dns.TypeNS]) > 0
}

// ready signs the zone once.
func (z *zone) ready() {
	z.once.Do(func() {
		if z.denial != unsigned {
			z.sign()
		}
	})
}

func (z *zone) sign() {
	from, until := signedFrom, signedUntil
	if z.denial == expired {
		from, until = expiredFrom, expiredUntil
	}
	z.key = newZoneKey(z.apex)
	apex := z.nodes[z.apex]
	apex.sets[dns.TypeDNSKEY] = []dns.RR{z.key.record}
	hashed := z.denial == nsec3 || z.denial == nsec3OptOut
	if hashed {
		apex.sets[dns.TypeNSEC3PARAM] = []dns.RR{&dns.NSEC3PARAM{
			Hdr: dns.RR_Header{Name: z.apex, Rrtype: dns.TypeNSEC3PARAM, Class: dns.ClassINET}, Hash: dns.SHA1,
		}}
	}
	for owner, n := range z.nodes {
		if z.hidden(owner) {
			continue
		}
		for t, set := range n.sets {
			if !z.isCut(owner, n) || t == dns.TypeDS {
				n.sigs[t] = z.key.sign(z.apex, set, from, until)
			}
		}
	}
	if hashed {
		z.chainNSEC3()
	} else {
		z.chainNSEC()
	}
	for i := range z.chain {
		l := &z.chain[i]
		l.rrs = append(l.rrs, z.key.sign(z.apex, l.rrs, from, until))
	}
}

// hidden tells whether a name lies below a delegation: address records there are
// glue, which is neither signed nor denied.
func (z *zone) hidden(owner string) bool {
	for owner != z.apex {
		owner = parent(owner)
		if n := z.nodes[owner]; n != nil && z.isCut(owner, n) {
			return true
		}
	}
	return false
}

// types lists what a denial record says exists at a node (RFC 4034 section 4.1.2, RFC 5155 section 3.1.8).
func (z *zone) types(owner string, n *node, chain uint16) []uint16 {
	var types []uint16
	for t := range n.sets {
		if !z.isCut(owner, n) || t == dns.TypeNS || t == dns.TypeDS {
			types = append(types, t)
		}
	}
	if len(n.sigs) > 0 || chain == dns.TypeNSEC {
		types = append(types, dns.TypeRRSIG)
	}
	if chain == dns.TypeNSEC {
		types = append(types, dns.TypeNSEC)
	}
	slices.Sort(types)
	return types
}

// minimum is the TTL of denial (RFC 2308 section 5).
func (z *zone) minimum() uint32 {
	return z.nodes[z.apex].sets[dns.TypeSOA][0].(*dns.SOA).Minttl
}

func (z *zone) chainNSEC() {
	var owners []string
	for owner, n := range z.nodes {
		if len(n.sets) > 0 && !z.hidden(owner) {
			owners = append(owners, owner)
		}
	}
	slices.SortFunc(owners, canonicalOrder)
	for i, owner := range owners {
		next := owners[(i+1)%len(owners)]
		z.chain = append(z.chain, link{owner, next, []dns.RR{&dns.NSEC{
			Hdr:        dns.RR_Header{Name: owner, Rrtype: dns.TypeNSEC, Class: dns.ClassINET, Ttl: z.minimum()},
			NextDomain: next, TypeBitMap: z.types(owner, z.nodes[owner], dns.TypeNSEC),
		}}})
	}
}

func (z *zone) chainNSEC3() {
	type entry struct {
		hash, owner string
	}
	var entries []entry
	for owner, n := range z.nodes {
		unsignedCut := z.isCut(owner, n) && len(n.sets[dns.TypeDS]) == 0
		if z.hidden(owner) || z.denial == nsec3OptOut && unsignedCut {
			continue
		}
		entries = append(entries, entry{hashName(owner), owner})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.hash, b.hash) })
	var flags uint8
	if z.denial == nsec3OptOut {
		flags = 1
	}
	suffix := z.apex
	if suffix == "." {
		suffix = ""
	}
	for i, e := range entries {
		next := entries[(i+1)%len(entries)].hash
		z.chain = append(z.chain, link{e.hash, next, []dns.RR{&dns.NSEC3{
			Hdr:  dns.RR_Header{Name: strings.ToLower(e.hash) + "." + suffix, Rrtype: dns.TypeNSEC3, Class: dns.ClassINET, Ttl: z.minimum()},
			Hash: dns.SHA1, Flags: flags, HashLength: 20, NextDomain: next, TypeBitMap: z.types(e.owner, z.nodes[e.owner], dns.TypeNSEC3),
		}}})
	}
}

// hashName hashes without salt and with no further iterations (RFC 9276 section 3.1).
func hashName(name string) string { return dns.HashName(name, dns.SHA1, 0, "") }

// matching returns the chain's record at a name, nil if there is none.
func (z *zone) matching(owner string) []dns.RR {
	at := z.place(owner)
	for _, l := range z.chain {
		if l.owner == at {
			return l.rrs
		}
	}
	return nil
}

// covering returns the chain's record for the gap that a name lies in, nil if
// the name is in the chain itself.
func (z *zone) covering(owner string) []dns.RR {
	at := z.place(owner)
	order := canonicalOrder
	if z.hashed() {
		order = strings.Compare
	}
	for i, l := range z.chain {
		after := order(l.owner, at) < 0
		before := order(at, l.next) < 0
		last := i == len(z.chain)-1 // wraps round to the first
		if l.owner == at {
			return nil
		}
		if after && before || last && (after || before) {
			return l.rrs
		}
	}
	return nil
}

func (z *zone) hashed() bool { return z.denial == nsec3 || z.denial == nsec3OptOut }

func (z *zone) place(owner string) string {
	if z.hashed() {
		return hashName(owner)
	}
	return owner
}

// parent returns the name one label up; the root's parent is the root.
func parent(name string) string {
	i, end := dns.NextLabel(name, 0)
	if end || name == "." {
		return "."
	}
	return name[i:]
}

// canonicalOrder compares names as RFC 4034 section 6.1 orders them: label by
// label from the right, octet by octet.
func canonicalOrder(a, b string) int {
	la, lb := dns.SplitDomainName(a), dns.SplitDomainName(b)
	for i, j := len(la)-1, len(lb)-1; i >= 0 && j >= 0; i, j = i-1, j-1 {
		if c := strings.Compare(octets(la[i]), octets(lb[j])); c != 0 {
			return c
		}
	}
	return len(la) - len(lb)
}

// octets undoes the escapes of a label in presentation form and lowers its case.
func octets(label string) string {
	if !strings.Contains(label, `\`) {
		return strings.ToLower(label)
	}
	var b strings.Builder
	for i := 0; i < len(label); i++ {
		c := label[i]
		if c == '\\' && i+3 < len(label) && isDigit(label[i+1]) {
			c = (label[i+1]-'0')*100 + (label[i+2]-'0')*10 + (label[i+3] - '0')
			i += 3
		} else if c == '\\' && i+1 < len(label) {
			i++
			c = label[i]
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
