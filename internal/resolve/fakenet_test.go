package resolve

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// fakeNet is a network in memory: each server is a function. A nil message is
// silence.
type fakeNet struct {
	mu      sync.Mutex
	servers map[netip.Addr]func(q *dns.Msg) *dns.Msg
	asked   int
}

var errNoServer = errors.New("nobody is there")

func (n *fakeNet) exchange(ctx context.Context, server netip.AddrPort, query []byte, tcp bool, accept func([]byte) bool) error {
	n.mu.Lock()
	n.asked++
	handle := n.servers[server.Addr()]
	n.mu.Unlock()
	if handle == nil {
		return errNoServer
	}
	q := new(dns.Msg)
	if err := q.Unpack(query); err != nil {
		return err
	}
	m := handle(q)
	if m == nil {
		return context.DeadlineExceeded
	}
	wire, err := m.Pack()
	if err != nil {
		return err
	}
	if !tcp && m.Truncated {
		wire = wire[:min(len(wire), 600)]
	}
	if !accept(wire) {
		return context.DeadlineExceeded
	}
	return nil
}

// over makes a resolver that works over a network in memory.
func over(t testing.TB, n exchanger, hints *Hints, now time.Time) *Resolver {
	t.Helper()
	r, err := New(Config{Hints: hints, AllowPrivate: true, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	r.client.net = n
	return r
}
