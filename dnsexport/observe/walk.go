package observe

import (
	"context"
	"slices"
	"sync"

	"github.com/miekg/dns"

	"freehold"
)

// walk follows the NSEC chain (RFC 4034 §4.1.1). One question leads to the next,
// so several places of the chain are followed at once: names that do not exist,
// spread over the alphabet, bring the proofs in whose gaps to start. It returns
// whether the chain closed.
func (o *observer) walk(ctx context.Context) (bool, error) {
	w := &walker{observer: o, links: map[string]link{}}
	if o.Journal != nil {
		for m := range o.Journal.Answers() {
			for _, rr := range slices.Concat(m.Answer, m.Ns) {
				if n, ok := rr.(*dns.NSEC); ok {
					w.add(n)
				}
			}
		}
	}
	starts := []string{o.origin}
	const spread = "0123456789abcdefghijklmnopqrstuvwxyz"
	var mu sync.Mutex
	err := o.each(ctx, len(spread), func(i int) error {
		m, err := o.ask(ctx, spread[i:i+1]+o.nobody(o.origin, i), dns.TypeA)
		if err != nil {
			return err
		}
		for _, rr := range m.Ns {
			if n, ok := rr.(*dns.NSEC); ok {
				w.add(n)
				mu.Lock()
				starts = append(starts, dns.CanonicalName(n.NextDomain))
				mu.Unlock()
			}
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	if err := o.each(ctx, len(starts), func(i int) error { return w.follow(ctx, starts[i]) }); err != nil {
		return false, err
	}
	if !w.closed() {
		o.reason(freehold.T("The chain of NSEC records does not close: servers disagree, or the zone changed while it was read."))
		return false, nil
	}
	return true, w.collect(ctx)
}

type link struct {
	next  string
	types []uint16
}

type walker struct {
	*observer
	mu    sync.Mutex
	links map[string]link
}

// add keeps a link, and tells whether it is a new one inside the zone.
func (w *walker) add(n *dns.NSEC) bool {
	owner, next := dns.CanonicalName(n.Hdr.Name), dns.CanonicalName(n.NextDomain)
	if !dns.IsSubDomain(w.origin, owner) || !dns.IsSubDomain(w.origin, next) {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.links[owner]; known || len(w.links) >= maxNames {
		return false
	}
	w.links[owner] = link{next, n.TypeBitMap}
	return true
}

func (w *walker) next(owner string) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	l, ok := w.links[owner]
	return l.next, ok
}

// follow goes from name to name until it meets what another has followed, or
// cannot go on.
func (w *walker) follow(ctx context.Context, name string) error {
	for i := 0; ; i++ {
		if next, known := w.next(name); known {
			if i > 0 || next == name {
				return nil
			}
			name = next
			continue
		}
		moved, err := w.link(ctx, name, name, dns.TypeNSEC)
		if err == nil && !moved {
			// At a delegation the servers refer instead of answering. The next sibling that
			// could exist is denied with the delegation's own NSEC.
			moved, err = w.link(ctx, name, successor(name), dns.TypeA)
		}
		if err != nil {
			return err
		}
		if !moved {
			return nil // closed() finds the gap
		}
		name, _ = w.next(name)
	}
}

// link asks a question whose answer should hold the NSEC of owner.
func (w *walker) link(ctx context.Context, owner, name string, qtype uint16) (bool, error) {
	m, err := w.ask(ctx, name, qtype)
	if err != nil {
		return false, err
	}
	for _, rr := range append(slices.Clone(m.Answer), m.Ns...) {
		if n, ok := rr.(*dns.NSEC); ok && dns.CanonicalName(n.Hdr.Name) == owner && w.add(n) {
			return true, nil
		}
	}
	return false, nil
}

// successor is the name that follows another and all below it, in canonical order
// (RFC 4034 §6.1): its first label made longer by a zero.
func successor(name string) string {
	i, end := dns.NextLabel(name, 0)
	if end {
		return name
	}
	return name[:i-1] + `\000` + name[i-1:]
}

// closed tells whether the links lead from the apex round to it through all of
// them.
func (w *walker) closed() bool {
	at, steps := w.origin, 0
	for {
		l, ok := w.links[at]
		if !ok {
			return false
		}
		steps++
		if at = l.next; at == w.origin || steps > len(w.links) {
			return at == w.origin && steps == len(w.links)
		}
	}
}

// collect asks each name for the types its NSEC lists.
func (w *walker) collect(ctx context.Context) error {
	type wanted struct {
		name  string
		qtype uint16
	}
	var all []wanted
	for name, l := range w.links {
		w.exists(name)
		for _, t := range listed(l.types, name == w.origin) {
			all = append(all, wanted{name, t})
		}
	}
	return w.each(ctx, len(all), func(i int) error {
		m, err := w.ask(ctx, all[i].name, all[i].qtype)
		if err != nil {
			return err
		}
		w.take(m, all[i].name, all[i].qtype)
		if isReferral(m, all[i].name) {
			w.takeReferral(m, all[i].name)
		}
		return nil
	})
}
