package resolve

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"syscall"
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

// authority is a name server in memory that serves zones as their text has them.
type authority struct {
	records map[string][]dns.RR // by owner
	zones   []string
}

// serving makes an authority of master-file texts with absolute names.
func serving(t testing.TB, texts ...string) *authority {
	t.Helper()
	a := &authority{records: map[string][]dns.RR{}}
	for _, text := range texts {
		zp := dns.NewZoneParser(strings.NewReader(text), ".", "")
		zp.SetDefaultTTL(300)
		for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
			owner := dns.CanonicalName(rr.Header().Name)
			a.records[owner] = append(a.records[owner], rr)
			if rr.Header().Rrtype == dns.TypeSOA {
				a.zones = append(a.zones, owner)
			}
		}
		if err := zp.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func (a *authority) answer(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(q)
	name, qtype := dns.CanonicalName(q.Question[0].Name), q.Question[0].Qtype
	zone := ""
	for _, z := range a.zones {
		if dns.IsSubDomain(z, name) && len(z) > len(zone) && !(qtype == dns.TypeDS && z == name && len(a.zones) > 1) {
			zone = z
		}
	}
	if zone == "" {
		m.Rcode = dns.RcodeRefused
		return m
	}
	for n := dns.CountLabel(zone) + 1; n <= dns.CountLabel(name); n++ {
		cut := lastLabels(name, n)
		ns := recordsOf(a.records[cut], cut, dns.TypeNS)
		if len(ns) == 0 || qtype == dns.TypeDS && cut == name {
			continue
		}
		m.Ns = append(ns, recordsOf(a.records[cut], cut, dns.TypeDS)...)
		for _, rr := range ns {
			host := dns.CanonicalName(rr.(*dns.NS).Ns)
			m.Extra = append(m.Extra, recordsOf(a.records[host], host, dns.TypeA)...)
		}
		return m
	}
	m.Authoritative = true
	if m.Answer = recordsOf(a.records[name], name, qtype); len(m.Answer) > 0 {
		return m
	}
	if m.Answer = recordsOf(a.records[name], name, dns.TypeCNAME); len(m.Answer) > 0 {
		return m
	}
	m.Ns = recordsOf(a.records[zone], zone, dns.TypeSOA)
	if len(a.records[name]) == 0 {
		m.Rcode = dns.RcodeNameError
		for owner := range a.records {
			if dns.IsSubDomain(name, owner) {
				m.Rcode = dns.RcodeSuccess
			}
		}
	}
	return m
}

func soa(zone string) string {
	return zone + " SOA ns." + strings.TrimPrefix(zone, ".") + " h. 1 2 3 4 60\n"
}

// hintsAt makes hints whose root is at addr.
func hintsAt(t testing.TB, addr string) *Hints {
	t.Helper()
	h, err := ParseHints([]byte(". NS ns.root.\nns.root. A "+addr+"\n"), "test")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// noIPv6 is a machine whose kernel has no route there.
type noIPv6 struct{ *fakeNet }

func (n noIPv6) exchange(ctx context.Context, server netip.AddrPort, query []byte, tcp bool, accept func([]byte) bool) error {
	if server.Addr().Is6() {
		return syscall.ENETUNREACH
	}
	return n.fakeNet.exchange(ctx, server, query, tcp, accept)
}
