package move

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/dnsexport/axfr"
	"freehold/dnsexport/ddns"
	"freehold/dnsexport/dnsexporttest"
	"freehold/dnsexport/powerdns"
	"freehold/internal/resolve"
	"freehold/internal/resolve/serverstest"
)

// memory keeps a record as it would lie in a file.
type memory struct{ b []byte }

func (m *memory) Load() (*Record, error) {
	r := &Record{}
	return r, json.Unmarshal(m.b, r)
}

func (m *memory) Save(r *Record) (err error) {
	m.b, err = json.Marshal(r)
	return err
}

func host(t testing.TB, s string) freehold.Host {
	t.Helper()
	h, err := freehold.ParseHost(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// witness asks a validating resolver all the time.
type witness struct {
	asked, wrong, secure atomic.Int64
	mu                   sync.Mutex
	first                string
	stop                 func()
}

// watch begins to ask. Every answer has to be the zone's, whoever gives it.
func watch(t *testing.T) *witness {
	w := &witness{}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	w.stop = func() { cancel(); wg.Wait() }
	questions := []struct {
		name  string
		qtype uint16
		says  string
	}{
		{"shop.test.", dns.TypeA, "192.0.2.80"}, {"www.shop.test.", dns.TypeA, "192.0.2.81"}, {"shop.test.", dns.TypeMX, "mail.shop.test."}, {"mail.shop.test.", dns.TypeA, "192.0.2.25"},
		{"x.apps.shop.test.", dns.TypeA, "192.0.2.99"}, {"shop.test.", dns.TypeTXT, "v=spf1"}, {"nobody.shop.test.", dns.TypeA, "NXDOMAIN"}, {"mail.shop.test.", dns.TypeAAAA, "NOERROR"},
	}
	wg.Go(func() {
		c := dns.Client{Timeout: 5 * time.Second}
		for i := 0; ctx.Err() == nil; i++ {
			q := questions[i%len(questions)]
			m := new(dns.Msg)
			m.SetQuestion(q.name, q.qtype)
			m.SetEdns0(1232, true)
			m.AuthenticatedData = true
			answer, _, err := c.Exchange(m, dnsexporttest.UnboundAt+":53")
			if ctx.Err() != nil {
				return
			}
			w.asked.Add(1)
			text := fmt.Sprint(err)
			if err == nil {
				text = answer.String()
			}
			if err != nil || !strings.Contains(text, q.says) || answer.Rcode == dns.RcodeServerFailure {
				if w.wrong.Add(1) == 1 {
					w.mu.Lock()
					w.first = q.name + " " + dns.TypeToString[q.qtype] + ": " + text
					w.mu.Unlock()
				}
			} else if answer.AuthenticatedData {
				w.secure.Add(1)
			}
		}
	})
	t.Cleanup(w.stop)
	return w
}

// phase waits until all that this world remembers is forgotten, and returns how
// many answers were secure meanwhile.
func (w *witness) phase(t *testing.T, what string) int64 {
	t.Helper()
	asked, secure := w.asked.Load(), w.secure.Load()
	<-time.After(dnsexporttest.Cached + 500*time.Millisecond)
	t.Logf("%s: %d answers, %d of them secure", what, w.asked.Load()-asked, w.secure.Load()-secure)
	if w.asked.Load() == asked {
		t.Errorf("%s: nobody asked", what)
	}
	return w.secure.Load() - secure
}

// TestMoves takes a zone from Knot to PowerDNS under the eyes of a validating
// resolver, unsigned and signed, killed and taken up again at every step, and
// takes one back half-way.
func TestMoves(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	for _, signed := range []bool{false, true} {
		t.Run(fmt.Sprintf("signed %t", signed), func(t *testing.T) { checkMove(t, signed) })
	}
}

func checkMove(t *testing.T, signed bool) {
	ctx := context.Background()
	world := dnsexporttest.NewWorld(t, signed)
	h, err := resolve.ParseHints([]byte(world.Hints), "world")
	if err != nil {
		t.Fatal(err)
	}
	r, err := resolve.New(resolve.Config{Hints: h, Timeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	name := dnsexporttest.Name(t, "shop.test")
	target, err := powerdns.New(dnsexporttest.PowerDNS(t, dnsexporttest.NewAt), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	old := ddns.New(axfr.New(axfr.Config{Key: dnsexporttest.Key(t)}), dnsexporttest.OldAt+":53")
	zone, err := old.Read(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	parent, err := r.Parent(ctx, name)
	if err != nil || parent.NSTTL != dnsexporttest.Cached || parent.Unsigned() == signed {
		t.Fatalf("%+v %v", parent, err)
	}
	clock := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	plan, err := Make(Situation{Name: name, Zone: zone, Parent: Parent{NS: parent.NS[0], Signed: signed, NSTTL: parent.NSTTL, DSTTL: parent.DSTTL}, Target: target.Traits(),
		NameServers: []freehold.Host{host(t, "ns1.new.test")}, Edits: true, Delegates: true, Resigns: true, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	kept := &memory{}
	// Every run of the program is a mover of its own.
	mover := func() *Mover {
		return &Mover{Target: target, Old: old, Registrar: world.Registry, Memory: kept, Now: func() time.Time { return clock },
			Look: &Eyes{Resolver: r, Addrs: map[freehold.Host][]netip.Addr{host(t, "ns1.new.test"): {netip.MustParseAddr(dnsexporttest.NewAt)}}}}
	}
	if err := mover().Begin(ctx, plan, "sha256:other"); freehold.KindOf(err) != freehold.KindInvalid {
		t.Errorf("a plan that nobody approved: %v", err)
	}
	if err := mover().Begin(ctx, plan, plan.Digest()); err != nil {
		t.Fatal(err)
	}
	w := watch(t)
	if n := w.phase(t, "before"); (n > 0) != signed {
		t.Errorf("%d secure answers before", n)
	}
	var steps []string
	for runs := 0; ; runs++ {
		m := mover()
		ctx, cancel := context.WithCancel(ctx)
		m.Told = func(s freehold.MoveStep, done bool) {
			if !done {
				steps = append(steps, s.Kind.String())
			}
			if !done && runs%2 == 0 {
				cancel() // every step is first interrupted as it begins
			}
		}
		err := m.Apply(ctx, zone)
		interrupted := ctx.Err() != nil
		cancel()
		var wait *Waiting
		switch {
		case err == nil:
			w.phase(t, "after")
			checkMoved(t, w, steps, signed)
			return
		case errors.As(err, &wait) && !wait.Until.IsZero():
			w.phase(t, "after "+wait.Step.Kind.String())
			clock = wait.Until
		case !interrupted || runs > 100:
			t.Fatalf("run %d: %v", runs, err)
		}
	}
}

func checkMoved(t *testing.T, w *witness, steps []string, signed bool) {
	t.Helper()
	w.stop()
	if n := w.wrong.Load(); n > 0 {
		t.Errorf("%d of %d answers were wrong, the first: %s", n, w.asked.Load(), w.first)
	}
	said := strings.Join(steps, " ")
	order := []string{"create", "write", "verify", "unsign", "delegate", "keep", "sign", "retire"}
	if !signed {
		order = []string{"create", "write", "verify", "delegate", "keep", "sign", "retire"}
	}
	at := 0
	for _, s := range order {
		i := strings.Index(said[at:], s)
		if i < 0 {
			t.Fatalf("the steps were %s; %s is missing or too early", said, s)
		}
		at += i
	}
	// After a phase with the new DS everything is secure again, from the new operator.
	c := dns.Client{Timeout: 5 * time.Second}
	m := new(dns.Msg)
	m.SetQuestion("shop.test.", dns.TypeA)
	m.SetEdns0(1232, true)
	answer, _, err := c.Exchange(m, dnsexporttest.UnboundAt+":53")
	if err != nil || !answer.AuthenticatedData {
		t.Errorf("at the end the name is not secure: %v %v", answer, err)
	}
}
