package resolve

import (
	"cmp"
	"slices"
	"sync"

	"freehold"
)

// collector keeps the messages that facts rest on, each once, up to a bound.
type collector struct {
	mu    sync.Mutex
	ids   map[*reply]freehold.EvidenceID
	items []freehold.Evidence
	bytes int
}

// add keeps replies and returns their identifiers. Beyond the bound on octets a
// message is cut, beyond the bound on their number it is left out.
func (c *collector) add(reps ...*reply) []freehold.EvidenceID {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ids == nil {
		c.ids = map[*reply]freehold.EvidenceID{}
	}
	var out []freehold.EvidenceID
	for _, rep := range reps {
		if rep == nil {
			continue
		}
		id, ok := c.ids[rep]
		if !ok {
			if len(c.items) >= maxEvidence {
				continue
			}
			e := evidenceOf(rep)
			if c.bytes+len(e.Body) > maxEvidenceBytes && len(e.Body) > cutEvidence {
				e.Body, e.Truncated = e.Body[:cutEvidence], true
			}
			id = e.ID()
			c.ids[rep] = id
			c.bytes += len(e.Body)
			if !slices.ContainsFunc(c.items, func(have freehold.Evidence) bool { return have.ID() == id }) {
				c.items = append(c.items, e)
			}
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// all returns what was kept, in an order that does not depend on who answered first.
func (c *collector) all() []freehold.Evidence {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortStableFunc(c.items, func(a, b freehold.Evidence) int {
		return cmp.Or(cmp.Compare(a.Query, b.Query), cmp.Compare(a.Source, b.Source), a.Time.Compare(b.Time))
	})
	return c.items
}

// evidenceOf makes evidence of a reply: the message as it came (RFC 1035 wire
// format, media type of RFC 8484).
func evidenceOf(rep *reply) freehold.Evidence {
	return freehold.Evidence{Kind: freehold.EvidenceDNS, Source: rep.source(), Query: rep.q.String(), Time: rep.at.UTC(),
		Status: rcodeName(rep.msg.Rcode), MediaType: "application/dns-message", Body: rep.wire}
}
