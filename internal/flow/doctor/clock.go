package doctor

import (
	"slices"
	"sync"
	"time"

	"freehold"
)

// Clocks collects what time servers say it is, while they are asked about other
// things. The zero value is ready; it is safe for concurrent use.
type Clocks struct {
	// Now is our clock; nil means the real one.
	Now func() time.Time

	mu  sync.Mutex
	off map[string]time.Duration // theirs minus ours, by host
}

// maxClocks bounds how many servers are remembered.
const maxClocks = 2000

// Saw takes in one answer's Date (RFC 9110 section 6.6.1).
func (c *Clocks) Saw(host string, theirs time.Time) {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.off == nil {
		c.off = map[string]time.Duration{}
	}
	if len(c.off) < maxClocks {
		c.off[host] = theirs.Sub(now())
	}
}

// tolerance is how far a clock may be off before signatures and dates suffer:
// RRSIGs are made with hours to spare, but a Date is whole seconds old, and five
// minutes is what Kerberos and TLS stacks live with.
const tolerance = 5 * time.Minute

// Check compares our clock with the middle of what the servers said: one that
// lies moves nothing.
func (c *Clocks) Check() Check {
	c.mu.Lock()
	defer c.mu.Unlock()
	check := Check{Area: Clock}
	if len(c.off) == 0 {
		check.Said = freehold.T("no server said what time it is")
		return check
	}
	var all []time.Duration
	for _, d := range c.off {
		all = append(all, d)
	}
	slices.Sort(all)
	middle := all[len(all)/2].Round(time.Second)
	switch {
	case middle.Abs() <= tolerance:
		check.State = Fine
		check.Said = freehold.T("agrees with %d servers", len(all))
	case len(all) == 1:
		check.Said = freehold.T("the only server that said differs by %s", middle.Abs())
	default:
		check.State = Wrong
		check.Said = freehold.T("is slow by %s, as %d servers have it", middle.Abs(), len(all))
		if middle < 0 {
			check.Said = freehold.T("is fast by %s, as %d servers have it", middle.Abs(), len(all))
		}
		check.Advice = freehold.T("set the clock, and let it be kept by NTP: dates and DNSSEC signatures are judged by it")
	}
	return check
}
