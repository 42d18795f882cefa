package doctor

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func name(t *testing.T, s string) freehold.Name {
	t.Helper()
	n, err := freehold.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestClock: the middle of what servers say decides, so one that lies moves nothing.
func TestClock(t *testing.T) {
	for _, c := range []struct {
		what string
		off  []time.Duration
		want State
		said string
	}{
		{"nobody said", nil, Unknown, "no server said what time it is"},
		{"all agree", []time.Duration{0, time.Second, -2 * time.Second}, Fine, "agrees with 3 servers"},
		{"one lies", []time.Duration{0, time.Second, 300 * time.Hour}, Fine, "agrees with 3 servers"},
		{"we are slow", []time.Duration{time.Hour, time.Hour, time.Hour + time.Second}, Wrong, "is slow by 1h0m0s, as 3 servers have it"},
		{"we are fast", []time.Duration{-10 * time.Minute, -10 * time.Minute, 0}, Wrong, "is fast by 10m0s, as 3 servers have it"},
		{"one alone", []time.Duration{time.Hour}, Unknown, "the only server that said differs by 1h0m0s"},
	} {
		clocks := Clocks{Now: func() time.Time { return noon }}
		for i, d := range c.off {
			clocks.Saw(string(rune('a'+i))+".example", noon.Add(d))
		}
		got := clocks.Check()
		if got.State != c.want || got.Said.String() != c.said {
			t.Errorf("%s: %v %q, want %v %q", c.what, got.State, got.Said, c.want, c.said)
		}
		if (got.State == Wrong) == got.Advice.IsZero() {
			t.Errorf("%s: wrong and advice do not go together", c.what)
		}
	}
}

// server answers questions on loopback by UDP and TCP, on one port.
func server(t *testing.T, answer func(*dns.Msg)) netip.AddrPort {
	t.Helper()
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		answer(m)
		_ = w.WriteMsg(m)
	})
	up := make(chan struct{})
	udp := &dns.Server{Net: "udp", Addr: "127.0.0.1:0", Handler: handler, NotifyStartedFunc: func() { close(up) }}
	go func() { _ = udp.ListenAndServe() }()
	<-up
	at := netip.MustParseAddrPort(udp.PacketConn.LocalAddr().String())
	up2 := make(chan struct{})
	tcp := &dns.Server{Net: "tcp", Addr: at.String(), Handler: handler, NotifyStartedFunc: func() { close(up2) }}
	go func() { _ = tcp.ListenAndServe() }()
	<-up2
	t.Cleanup(func() { _ = udp.Shutdown(); _ = tcp.Shutdown() })
	return at
}

// TestPort53 tells a root server from a resolver that took its place, and from silence.
func TestPort53(t *testing.T) {
	root := server(t, func(m *dns.Msg) { m.Authoritative = true })
	thief := server(t, func(m *dns.Msg) { m.RecursionAvailable = true })
	silent := netip.MustParseAddrPort("127.0.0.1:1")
	for _, c := range []struct {
		what string
		dns  DNS
		want State
	}{
		{"the root itself", DNS{Roots: []netip.Addr{root.Addr()}, Port: int(root.Port())}, Fine},
		{"a thief in its place", DNS{Roots: []netip.Addr{thief.Addr()}, Port: int(thief.Port())}, Wrong},
		{"nobody", DNS{Roots: []netip.Addr{silent.Addr()}, Port: int(silent.Port())}, Wrong},
		{"a resolver that is wanted", DNS{Resolver: thief}, Fine},
		{"a resolver that is gone", DNS{Resolver: silent}, Wrong},
	} {
		c.dns.Timeout = 2 * time.Second
		checks := c.dns.Check(t.Context())
		if len(checks) != 2 || checks[0].Subject != "udp" || checks[1].Subject != "tcp" {
			t.Fatalf("%s: %+v", c.what, checks)
		}
		for _, got := range checks {
			if got.State != c.want || (got.State == Wrong) == got.Advice.IsZero() {
				t.Errorf("%s by %s: %v %q, want %v", c.what, got.Subject, got.State, got.Said, c.want)
			}
		}
	}
}

// source answers for some TLDs as it is told.
type source map[string]freehold.Outcome

func (s source) Server(n freehold.Name) (string, bool) {
	_, ok := s[n.TLD()]
	return "server." + n.TLD(), ok
}

func (s source) Domain(_ context.Context, n freehold.Name) (freehold.Registration, []freehold.Evidence) {
	return freehold.Registration{Asks: []freehold.Ask{{Outcome: s[n.TLD()]}}}, nil
}

// TestReach: an answer of whatever kind is fine, throttled and silent are not, a
// TLD without servers is not known.
func TestReach(t *testing.T) {
	rdap := source{"ch": freehold.OutcomeAnswered, "fr": freehold.OutcomeThrottled, "de": freehold.OutcomeTimeout, "uk": freehold.OutcomeGarbled}
	whois := source{"ch": freehold.OutcomeRefused, "eu": freehold.OutcomeFailed, "be": freehold.OutcomeNone}
	samples := map[string]freehold.Name{}
	for _, tld := range []string{"ch", "fr", "de", "uk", "eu", "be", "it"} {
		samples[tld] = name(t, "nic-test."+tld)
	}
	want := map[string]State{".ch RDAP": Fine, ".ch WHOIS": Wrong, ".fr RDAP": Wrong, ".de RDAP": Wrong, ".uk RDAP": Wrong, ".eu WHOIS": Wrong, ".be WHOIS": Unknown, ".it": Unknown}
	checks := Reach(t.Context(), rdap, whois, samples, 2)
	if len(checks) != len(want) || checks[0].Subject != ".be WHOIS" {
		t.Errorf("%d checks, %+v first", len(checks), checks[0])
	}
	for _, c := range checks {
		if w, ok := want[c.Subject]; !ok || c.State != w || (c.State == Wrong) == c.Advice.IsZero() {
			t.Errorf("%s is %v (%s), want %v", c.Subject, c.State, c.Said, w)
		}
	}
	if Worst(checks) != Wrong || Worst(nil) != Fine || Worst([]Check{{State: Fine}, {State: Unknown}}) != Unknown {
		t.Error("the worst of the checks is another")
	}
}

func TestAge(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		got  Check
		want State
	}{
		{Rules(noon.Add(-179*day), noon), Fine}, {Rules(noon.Add(-181*day), noon), Wrong},
		{Copy("dns.json", time.Time{}, noon), Unknown}, {Copy("dns.json", noon.Add(-29*day), noon), Fine}, {Copy("dns.json", noon.Add(-31*day), noon), Wrong},
	} {
		if c.got.State != c.want || c.want != Fine && c.got.Advice.IsZero() {
			t.Errorf("%q is %v, want %v", c.got.Said, c.got.State, c.want)
		}
	}
}

// TestFate: a place in the network of a name's server is found by address, block
// and holder; without an address and a word it is not known.
func TestFate(t *testing.T) {
	n := Neighbours{}
	if c := n.Check(Place{What: "this machine"}); c.State != Unknown || c.Advice.IsZero() {
		t.Errorf("without a run: %+v", c)
	}
	n.Add(&freehold.Result{Observed: freehold.Observed{Network: freehold.NetworkFacts{Addresses: []freehold.AddressFacts{
		{Addr: netip.MustParseAddr("192.0.2.80"), Prefix: freehold.Known("192.0.2.0/24"), Holder: freehold.Known("Galets Bleus Hébergement SAS")},
		{Addr: netip.MustParseAddr("192.0.2.81"), Prefix: freehold.Known("192.0.2.0/24")},
		{Addr: netip.MustParseAddr("203.0.113.9"), Prefix: freehold.NotKnown[string]("no answer")},
	}}}})
	n.Add(&freehold.Result{})
	for _, c := range []struct {
		place Place
		want  State
		said  string
	}{
		{Place{Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.7")}}, Wrong, "stands in 192.0.2.0/24, as 1 names do that it is to outlive"},
		{Place{Addrs: []netip.Addr{netip.MustParseAddr("203.0.113.9")}}, Wrong, "stands at 203.0.113.9, as 1 names do that it is to outlive"},
		{Place{Holder: "galets bleus"}, Wrong, "stands in the network of Galets Bleus Hébergement SAS, as 1 names do that it is to outlive"},
		{Place{Addrs: []netip.Addr{netip.MustParseAddr("198.51.100.1")}}, Fine, "shares no network with the servers of 2 names, as far as registers of addresses show"},
		{Place{Holder: "Somebody Else"}, Fine, "shares no network with the servers of 2 names, as far as registers of addresses show"},
		{Place{}, Unknown, "it has no public address here, so its network is not known"},
	} {
		if got := n.Check(c.place); got.State != c.want || got.Said.String() != c.said {
			t.Errorf("%+v: %v %q, want %v %q", c.place, got.State, got.Said, c.want, c.said)
		}
	}
	copies := n.Check(Place{What: "backup.example", Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.7")}, Zones: true})
	if copies.State != Wrong || !strings.Contains(copies.Advice.String(), "freehold export") {
		t.Errorf("copies of zones there: %+v", copies)
	}
}
