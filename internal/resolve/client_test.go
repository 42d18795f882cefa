package resolve

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
)

// liar is a name server on a loopback port that answers as it is told. A nil
// answer is silence.
type liar struct {
	addr netip.AddrPort
	mu   sync.Mutex
	udp  int
	tcp  int
	from []uint16 // source ports seen over UDP
}

func newLiar(t *testing.T, overUDP, overTCP func(query []byte) [][]byte) *liar {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{addr: pc.LocalAddr().(*net.UDPAddr).AddrPort()}
	ln, err := net.Listen("tcp", l.addr.String())
	for tries := 0; err != nil && tries < 50; tries++ { // somebody's TCP port has this number: take another
		pc.Close()
		if pc, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		l.addr = pc.LocalAddr().(*net.UDPAddr).AddrPort()
		ln, err = net.Listen("tcp", l.addr.String())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close(); ln.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			l.mu.Lock()
			l.udp++
			l.from = append(l.from, from.(*net.UDPAddr).AddrPort().Port())
			l.mu.Unlock()
			for _, a := range overUDP(append([]byte(nil), buf[:n]...)) {
				_, _ = pc.WriteTo(a, from)
			}
		}
	}()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			l.mu.Lock()
			l.tcp++
			l.mu.Unlock()
			go func() {
				defer c.Close()
				var size [2]byte
				if _, err := io.ReadFull(c, size[:]); err != nil {
					return
				}
				q := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(c, q); err != nil || overTCP == nil {
					return
				}
				for _, a := range overTCP(q) {
					_, _ = c.Write(a)
				}
			}()
		}
	}()
	return l
}

func framed(b []byte) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...) }

// truth makes the right answer to a query, changed by edit.
func truth(edit func(*dns.Msg)) func([]byte) [][]byte {
	return func(query []byte) [][]byte {
		q := new(dns.Msg)
		if q.Unpack(query) != nil {
			return nil
		}
		m := new(dns.Msg)
		m.SetReply(q)
		m.Authoritative = true
		rr, _ := dns.NewRR(q.Question[0].Name + " 60 A 192.0.2.1")
		m.Answer = []dns.RR{rr}
		if edit != nil {
			edit(m)
		}
		b, err := m.Pack()
		if err != nil {
			return nil
		}
		return [][]byte{b}
	}
}

func TestClientAgainstLiars(t *testing.T) {
	right := truth(nil)
	wrongID := truth(func(m *dns.Msg) { m.Id++ })
	otherName := truth(func(m *dns.Msg) { m.Question[0].Name = "other.example." })
	otherType := truth(func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeMX })
	noQuestion := truth(func(m *dns.Msg) { m.Question = nil })
	twoQuestions := truth(func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) })
	query := truth(func(m *dns.Msg) { m.Response = false })
	truncated := truth(func(m *dns.Msg) { m.Truncated, m.Answer = true, nil })
	garbage := func([]byte) [][]byte { return [][]byte{[]byte("\x00not a message at all, not at all")} }
	broken := func(q []byte) [][]byte { b := right(q)[0]; return [][]byte{b[:len(b)-2]} }
	silence := func([]byte) [][]byte { return nil }
	tcp := func(f func([]byte) [][]byte) func([]byte) [][]byte {
		return func(q []byte) [][]byte { return [][]byte{framed(f(q)[0])} }
	}
	both := func(fs ...func([]byte) [][]byte) func([]byte) [][]byte {
		return func(q []byte) [][]byte {
			var out [][]byte
			for _, f := range fs {
				out = append(out, f(q)...)
			}
			return out
		}
	}
	many := make([]func([]byte) [][]byte, 0, 3*maxStrangers)
	for range 3 * maxStrangers {
		many = append(many, wrongID)
	}
	for _, c := range []struct {
		name     string
		udp, tcp func([]byte) [][]byte
		want     freehold.Outcome
		overTCP  bool
	}{
		{"the truth", right, nil, freehold.OutcomeAnswered, false},
		{"lies before the truth", both(wrongID, otherName, otherType, query, garbage, twoQuestions, right), nil, freehold.OutcomeAnswered, false},
		{"a wrong ID only", wrongID, nil, freehold.OutcomeFailed, false}, // TCP is asked instead, and closes
		{"a wrong ID, then TCP", wrongID, tcp(right), freehold.OutcomeAnswered, true},
		{"a flood of wrong IDs, then TCP", both(many...), tcp(right), freehold.OutcomeAnswered, true},
		{"another question, over TCP too", otherName, tcp(otherName), freehold.OutcomeGarbled, false},
		{"no question", noQuestion, tcp(noQuestion), freehold.OutcomeGarbled, false},
		{"a message cut short", broken, tcp(broken), freehold.OutcomeGarbled, false},
		{"silence", silence, nil, freehold.OutcomeTimeout, false},
		{"truncated, then TCP", truncated, tcp(right), freehold.OutcomeAnswered, true},
		{"truncated over TCP as well", truncated, tcp(truncated), freehold.OutcomeAnswered, true},
		{"truncated, and TCP is silent", truncated, nil, freehold.OutcomeFailed, false},
		{"truncated, and TCP promises more than it sends", truncated, func(q []byte) [][]byte { return [][]byte{{0xff, 0xff}, right(q)[0]} }, freehold.OutcomeFailed, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLiar(t, c.udp, c.tcp)
			client := newClient(Config{Hints: hintsAt(t, "127.0.0.1"), Timeout: 150 * time.Millisecond, Parallel: 4, Now: time.Now}, netip.AddrPort{})
			rep, err := client.ask(context.Background(), newTask(true), l.addr, ask("www.example.", dns.TypeA), false)
			got := freehold.OutcomeAnswered
			if err != nil {
				got = asFailure(err).outcome
			}
			if got != c.want {
				t.Fatalf("outcome %s (%v), want %s", got, err, c.want)
			}
			if err == nil && rep.tcp != c.overTCP {
				t.Errorf("over TCP: %v, want %v", rep.tcp, c.overTCP)
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.udp > 2 || l.tcp > 1 {
				t.Errorf("asked %d times over UDP and %d times over TCP", l.udp, l.tcp)
			}
		})
	}
}

// TestOldServer: one that knows no EDNS is asked again without it (RFC 6891).
func TestOldServer(t *testing.T) {
	l := newLiar(t, func(query []byte) [][]byte {
		q := new(dns.Msg)
		if q.Unpack(query) == nil && q.IsEdns0() != nil {
			return truth(func(m *dns.Msg) { m.Rcode, m.Answer, m.Question = dns.RcodeFormatError, nil, nil })(query)
		}
		return truth(nil)(query)
	}, nil)
	client := newClient(Config{Hints: hintsAt(t, "127.0.0.1"), Timeout: time.Second, Parallel: 4, Now: time.Now}, netip.AddrPort{})
	rep, err := client.ask(context.Background(), newTask(true), l.addr, ask("www.example.", dns.TypeA), false)
	if err != nil || len(rep.msg.Answer) != 1 {
		t.Fatalf("%v %v", rep, err)
	}
}

// TestUnpredictable: neither ports nor IDs follow one another (RFC 5452).
func TestUnpredictable(t *testing.T) {
	ids := map[uint16]bool{}
	l := newLiar(t, truth(nil), nil)
	client := newClient(Config{Hints: hintsAt(t, "127.0.0.1"), Timeout: time.Second, Parallel: 4, Now: time.Now}, netip.AddrPort{})
	const n = 200
	for range n {
		rep, err := client.ask(context.Background(), newTask(true), l.addr, ask("www.example.", dns.TypeA), false)
		if err != nil {
			t.Fatal(err)
		}
		ids[rep.msg.Id] = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	ports, near := map[uint16]bool{}, 0
	for i, p := range l.from {
		ports[p] = true
		if i > 0 && p-l.from[i-1] < 16 {
			near++
		}
	}
	// Of 28,000 ports and 65,536 IDs, 200 drawn at random hardly ever repeat.
	if len(ports) < n-15 || len(ids) < n-15 || near > 20 {
		t.Errorf("%d queries came from %d ports with %d IDs, %d times from a port just above the last", n, len(ports), len(ids), near)
	}
}

func TestCancelled(t *testing.T) {
	l := newLiar(t, func([]byte) [][]byte { return nil }, nil)
	client := newClient(Config{Hints: hintsAt(t, "127.0.0.1"), Timeout: time.Minute, Parallel: 1, Now: time.Now}, netip.AddrPort{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := client.ask(ctx, newTask(true), l.addr, ask("www.example.", dns.TypeA), false)
		done <- err
	}()
	cancel()
	if err := <-done; err == nil {
		t.Error("an answer after all")
	}
}

func TestHints(t *testing.T) {
	root := RootHints()
	if len(root.servers) != 13 || len(root.anchors["."]) != 2 || root.Private() || !root.Anchored() {
		t.Errorf("the public root: %d servers, %d anchors", len(root.servers), len(root.anchors["."]))
	}
	for _, c := range []struct {
		name, text        string
		private, anchored bool
		err               string
	}{
		{"private without anchor", ". NS a.\na. A 127.0.0.1\n", true, false, ""},
		{"private with a DS", ". NS a.\na. A 10.0.0.1\n. DS 1 13 2 " + strings.Repeat("ab", 32) + "\n", true, true, ""},
		{"public without anchor trusts the public root", ". NS a.\na. A 9.9.9.9\n", false, true, ""},
		{"one public address makes it public", ". NS a.\na. A 9.9.9.9\na. A 127.0.0.1\n", false, true, ""},
		{"IPv6 loopback", ". NS a.\na. AAAA ::1\n", true, false, ""},
		{"no address", ". NS a.\n", false, false, "no name server of the root has an address"},
		{"another zone", "example. NS a.\na. A 127.0.0.1\n", false, false, "no name server of the root"},
		{"no master file", "\x00\x01<html>", false, false, "holds no root hints"},
		{"empty", "", false, false, "no name server"},
	} {
		h, err := ParseHints([]byte(c.text), "hints")
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) || freehold.KindOf(err) != freehold.KindInvalid || freehold.HintOf(err) == "" {
				t.Errorf("%s: %v, want %q", c.name, err, c.err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case h.Private() != c.private || h.Anchored() != c.anchored:
			t.Errorf("%s: private %v, anchored %v", c.name, h.Private(), h.Anchored())
		}
	}
	if _, err := ReadHints("testdata/none"); freehold.KindOf(err) != freehold.KindNotFound {
		t.Errorf("a missing file: %v", err)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct{ resolver, want string }{
		{"192.0.2.1:5353", "192.0.2.1:5353"}, {"192.0.2.1", "192.0.2.1:53"}, {"[2001:db8::1]:53", "[2001:db8::1]:53"}, {"2001:db8::1", "[2001:db8::1]:53"},
		{"dns.example", ""}, {"192.0.2.1:0", ""}, {"192.0.2.1:99999", ""},
	} {
		r, err := New(Config{Resolver: c.resolver})
		if c.want == "" {
			if freehold.KindOf(err) != freehold.KindInvalid || freehold.HintOf(err) == "" {
				t.Errorf("%s: %v", c.resolver, err)
			}
			continue
		}
		if err != nil || !r.Stub() || r.stub.String() != c.want {
			t.Errorf("%s: %v %v", c.resolver, r, err)
		}
	}
	if _, err := New(Config{Port: 70000}); freehold.KindOf(err) != freehold.KindInvalid {
		t.Errorf("port 70000: %v", err)
	}
}

func TestPublicAddr(t *testing.T) {
	for _, c := range []struct {
		addr string
		want bool
	}{
		{"9.9.9.9", true}, {"2620:fe::9", true}, {"127.0.0.1", false}, {"10.1.2.3", false}, {"172.31.0.1", false}, {"192.168.1.1", false}, {"169.254.1.1", false},
		{"100.64.0.1", false}, {"0.0.0.0", false}, {"255.255.255.255", false}, {"224.0.0.1", false}, {"::1", false}, {"::", false}, {"fe80::1", false}, {"fc00::1", false},
		{"::ffff:127.0.0.1", false}, {"::ffff:9.9.9.9", true}, {"64:ff9b::7f00:1", false}, {"2002:7f00:1::", false}, {"::127.0.0.1", false}, {"ff02::1", false},
	} {
		if got := publicAddr(netip.MustParseAddr(c.addr)); got != c.want {
			t.Errorf("%s: %v, want %v", c.addr, got, c.want)
		}
	}
}
