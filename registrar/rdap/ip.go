package rdap

import (
	"container/list"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"freehold"
	"freehold/internal/fetch"
)

// IP returns the registered holder of the block around an address, as the
// address registry's RDAP has it (RFC 9082 section 3.1.1), with the evidence and
// the question put. Who announces the block, and who supplies the holder, no
// registry says.
//
// Answers are kept for the addresses that share a /24 (IPv4) or /48 (IPv6) with
// the one asked and lie in the answered block: blocks assigned within smaller
// ones are seldom, and asking for each address of a host's would be a burden.
func (c *Client) IP(ctx context.Context, addr netip.Addr) (freehold.AddressFacts, []freehold.Evidence, []freehold.Ask) {
	addr = addr.Unmap().WithZone("")
	base, ok := c.cfg.Bootstrap.network(addr)
	if !ok {
		none := freehold.NotKnown[string]("no RDAP server is known for this address")
		return freehold.AddressFacts{Addr: addr, Holder: none, Network: none, Prefix: none}, nil, nil
	}
	n := c.networks.get(ctx, addr, func() network { return c.askNetwork(ctx, base, addr) })
	facts := n.facts
	facts.Addr = addr
	return facts, n.evidence, []freehold.Ask{n.ask}
}

// network is an answer about a block.
type network struct {
	facts       freehold.AddressFacts
	from, to    netip.Addr // the block; invalid where there is no answer
	ask         freehold.Ask
	evidence    []freehold.Evidence
	interrupted bool // the caller gave up: nothing was learnt about the server either
}

func (c *Client) askNetwork(ctx context.Context, base string, addr netip.Addr) network {
	resp, err := c.cfg.Fetch.Get(ctx, fetch.Request{URL: base + "ip/" + addr.String(), Policy: c.registry, Accept: accept})
	n := network{ask: freehold.Ask{Kind: freehold.EvidenceRDAP, Source: resp.URL, Outcome: resp.Outcome}, interrupted: ctx.Err() != nil}
	if err != nil {
		n.ask.Error = err.Error()
	}
	if resp.Status != 0 {
		e := evidenceOf(&resp, addr.String())
		n.ask.Evidence = e.ID()
		switch {
		case err != nil:
		case resp.Status == http.StatusNotFound && wrong404(resp.Body) != nil:
			n.ask.Outcome, n.ask.Error = freehold.OutcomeGarbled, wrong404(resp.Body).Error()
			e.Notes = append(e.Notes, n.ask.Error)
		case resp.Status == http.StatusNotFound:
			n.ask.Error = "the registry has no record of this address"
			absent := freehold.NotThere[string](n.ask.Evidence)
			n.facts = freehold.AddressFacts{Holder: absent, Network: absent, Prefix: absent}
		default:
			var notes []string
			notes, err = readNetwork(resp.Body, addr, &n)
			e.Notes = append(typeNotes(resp.ContentType), notes...)
			if err != nil {
				n.ask.Outcome, n.ask.Error = freehold.OutcomeGarbled, freehold.OneLine(err.Error())
				e.Notes = append(e.Notes, n.ask.Error)
			}
		}
		n.evidence = []freehold.Evidence{e}
		n.facts.Evidence = []freehold.EvidenceID{n.ask.Evidence}
	}
	for _, f := range [...]*freehold.Fact[string]{&n.facts.Holder, &n.facts.Network, &n.facts.Prefix} {
		explain(f, n.ask.Error)
	}
	return n
}

// readNetwork reads an answer about the block around addr into n.
func readNetwork(body []byte, addr netip.Addr, n *network) (notes []string, err error) {
	if err := looksWrong(body); err != nil {
		return nil, err
	}
	t, err := parse(body)
	if err != nil {
		return nil, fmt.Errorf("the answer cannot be read: %w", err)
	}
	defer t.release()
	root := t.root()
	if class := root.get("objectClassName"); class.there() && !strings.EqualFold(strings.TrimSpace(class.str()), "ip network") {
		return t.notes, fmt.Errorf("the answer is about a %q, not a network", clean(class.str()))
	}
	from, err1 := netip.ParseAddr(blockEnd(root.get("startAddress").str()))
	to, err2 := netip.ParseAddr(blockEnd(root.get("endAddress").str()))
	if err1 != nil || err2 != nil || from.Is4() != to.Is4() || to.Less(from) {
		return t.notes, fmt.Errorf("the answer does not say which block it is about")
	}
	if from.Is4() != addr.Is4() || addr.Less(from) || to.Less(addr) {
		return t.notes, fmt.Errorf("the answer is about another block, from %s to %s", from, to)
	}
	n.from, n.to = from, to
	ids := []freehold.EvidenceID{n.ask.Evidence}
	text := func(s string) freehold.Fact[string] {
		switch meaningOf(s) {
		case meansValue:
			return freehold.Known(s, ids...)
		case meansRedacted:
			return freehold.Hidden[string](`the answer says "`+s+`"`, ids...)
		}
		return freehold.NotKnown[string]("not in the answer", ids...)
	}
	name := clean(root.get("name").str())
	if meaningOf(name) != meansValue {
		name = clean(root.get("handle").str())
	}
	n.facts.Network = text(name)
	n.facts.Prefix = freehold.Known(blockName(from, to), ids...)
	n.facts.Holder = text(holder(root))
	return t.notes, nil
}

// blockEnd takes the address of "192.0.2.0/24", as some servers write the ends.
func blockEnd(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "/")
	return s
}

// holder is the name of the block's registrant: of several the first that is an
// organisation, for maintainers and persons stand there too. Where none has a
// name the first line of the description is the holder's (APNIC and AFRINIC keep
// it there, as "descr"); else it is known by its key alone. A maintainer's key is
// often the registry's own and says nothing.
func holder(root val) string {
	best, bestRank, key := "", 0, ""
	for e := range root.get("entities").list() {
		if rolesOf(e)&roleRegistrant == 0 {
			continue
		}
		c, handle := readContact(e), clean(e.get("handle").str())
		name := c.name
		if meaningOf(name) != meansValue {
			name = c.org
		}
		rank := 1
		switch {
		case meaningOf(name) != meansValue || name == handle:
			if key == "" && !strings.HasSuffix(strings.ToUpper(handle), "-MNT") {
				key = handle
			}
			continue
		case isOrgKind(c.kind):
			rank = 2
		}
		if rank > bestRank {
			best, bestRank = name, rank
		}
	}
	if best != "" {
		return best
	}
	for r := range root.get("remarks").list() {
		if !r.get("title").fold("description") {
			continue
		}
		for line := range r.get("description").list() {
			if s := clean(line.str()); meaningOf(s) == meansValue {
				return s
			}
		}
	}
	return key
}

// blockName writes a block as a prefix, or as its two ends where it is none.
func blockName(from, to netip.Addr) string {
	for bits := 0; bits <= from.BitLen(); bits++ {
		p := netip.PrefixFrom(from, bits)
		if p.Masked().Addr() == from && lastOf(p) == to {
			return p.String()
		}
	}
	return from.String() + "-" + to.String()
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	last, _ := netip.AddrFromSlice(b)
	return last
}

// Bounds of the network cache.
const (
	keptNetworks  = 1024
	failureMemory = time.Minute // a server that failed is not asked for every address of a run
)

// networkCache keeps the latest used answers, and asks once for what several ask
// at a time.
type networkCache struct {
	now    func() time.Time
	flight singleflight.Group

	mu     sync.Mutex
	byArea map[netip.Prefix]*list.Element
	recent *list.List // of *keptNetwork, latest used first
}

type keptNetwork struct {
	area netip.Prefix
	at   time.Time
	network
}

func newNetworkCache(now func() time.Time) *networkCache {
	return &networkCache{now: now, byArea: map[netip.Prefix]*list.Element{}, recent: list.New()}
}

// areaOf is the part of the address space that one answer can stand for.
func areaOf(addr netip.Addr) netip.Prefix {
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	return netip.PrefixFrom(addr, bits).Masked()
}

func (c *networkCache) get(ctx context.Context, addr netip.Addr, ask func() network) network {
	area := areaOf(addr)
	for {
		if n, ok := c.find(area, addr); ok {
			return n
		}
		asked := false
		got, _, _ := c.flight.Do(area.String(), func() (any, error) {
			asked = true
			n := ask()
			if !n.interrupted {
				c.put(area, n)
			}
			return n, nil
		})
		n := got.(network)
		// Another caller's answer may be about another block, or cut short with it.
		if asked || n.covers(addr) || ctx.Err() != nil {
			return n
		}
		if !n.interrupted && !n.from.IsValid() {
			return n
		}
	}
}

func (n *network) covers(addr netip.Addr) bool {
	return n.from.IsValid() && !addr.Less(n.from) && !n.to.Less(addr)
}

func (c *networkCache) find(area netip.Prefix, addr netip.Addr) (network, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byArea[area]
	if !ok {
		return network{}, false
	}
	k := el.Value.(*keptNetwork)
	switch {
	case k.from.IsValid() && !k.covers(addr):
		return network{}, false
	case !k.from.IsValid() && k.ask.Outcome != freehold.OutcomeAnswered && c.now().Sub(k.at) >= failureMemory:
		return network{}, false
	}
	c.recent.MoveToFront(el)
	return k.network, true
}

func (c *networkCache) put(area netip.Prefix, n network) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.byArea[area]; ok {
		c.recent.Remove(el)
	}
	c.byArea[area] = c.recent.PushFront(&keptNetwork{area: area, at: c.now(), network: n})
	for c.recent.Len() > keptNetworks {
		oldest := c.recent.Back()
		delete(c.byArea, oldest.Value.(*keptNetwork).area)
		c.recent.Remove(oldest)
	}
}
