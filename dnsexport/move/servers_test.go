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
	"freehold/dnsexport"
	"freehold/dnsexport/axfr"
	"freehold/dnsexport/ddns"
	"freehold/dnsexport/dnsexporttest"
	"freehold/dnsexport/powerdns"
	"freehold/internal/resolve"
	"freehold/internal/resolve/serverstest"
)

const (
	rootAt    = "127.0.6.1"
	tldAt     = "127.0.6.2"
	oldAt     = "127.0.6.3"
	newAt     = "127.0.6.5"
	unboundAt = "127.0.6.9"
	keySecret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ="
)

// cached is how long anything of this world is remembered.
const cached = 2 * time.Second

// registry is the zone "test" as a registrar changes it.
type registry struct{ t testing.TB }

func (r registry) update(f func(*dns.Msg)) error {
	m := new(dns.Msg)
	m.SetUpdate("test.")
	f(m)
	m.SetTsig("mover.", dns.HmacSHA256, 300, time.Now().Unix())
	c := dns.Client{Net: "tcp", TsigSecret: map[string]string{"mover.": keySecret}}
	answer, _, err := c.Exchange(m, tldAt+":53")
	if err == nil && answer.Rcode != dns.RcodeSuccess {
		err = errors.New(dns.RcodeToString[answer.Rcode])
	}
	return err
}

func (r registry) replace(name string, rrtype uint16, texts ...string) error {
	return r.update(func(m *dns.Msg) {
		m.RemoveRRset([]dns.RR{&dns.ANY{Hdr: dns.RR_Header{Name: name, Rrtype: rrtype}}})
		for _, text := range texts {
			rr, err := dns.NewRR(text)
			if err != nil {
				r.t.Fatal(err)
			}
			m.Insert([]dns.RR{rr})
		}
	})
}

func (r registry) Delegate(_ context.Context, name freehold.Name, ns []freehold.Host) error {
	var texts []string
	for _, h := range ns {
		texts = append(texts, fmt.Sprintf("%s. 2 NS %s.", name.ASCII(), h.ASCII()))
	}
	return r.replace(name.ASCII()+".", dns.TypeNS, texts...)
}

func (r registry) SetDS(_ context.Context, name freehold.Name, ds []freehold.DS) error {
	var texts []string
	for _, d := range ds {
		texts = append(texts, fmt.Sprintf("%s. 2 DS %d %d %d %s", name.ASCII(), d.KeyTag, d.Algorithm, d.DigestType, d.Digest))
	}
	return r.replace(name.ASCII()+".", dns.TypeDS, texts...)
}

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

// world is a root, a registry, an old operator with a zone, and a resolver.
func world(t *testing.T, signed bool) *resolve.Resolver {
	t.Helper()
	dnsexporttest.Knot(t, tldAt, true, "test")
	reg := registry{t}
	for owner, at := range map[string]string{"ns1.ours.test.": tldAt, "ns1.old.test.": oldAt, "ns1.new.test.": newAt} {
		if err := reg.replace(owner, dns.TypeA, owner+" 2 A "+at); err != nil {
			t.Fatal(err)
		}
	}
	root := ". 300 SOA ns.root. hostmaster.root. 1 3600 600 86400 2\n. 300 NS ns.root.\nns.root. 300 A " + rootAt + "\ntest. 2 NS ns1.ours.test.\nns1.ours.test. 2 A " + tldAt + "\n" +
		serverstest.DSAt(t, tldAt, "test.").String() + "\n"
	s := serverstest.Sign(t, ".", root, serverstest.Signing{})
	serverstest.BIND(t, rootAt, serverstest.Served{Name: ".", Text: s.Text})
	h, err := resolve.ParseHints([]byte(". 3600 IN NS ns.root.\nns.root. 3600 IN A "+rootAt+"\n"+s.DS.String()+"\n"), "world")
	if err != nil {
		t.Fatal(err)
	}
	r, err := resolve.New(resolve.Config{Hints: h, Timeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	dnsexporttest.Knot(t, oldAt, signed, "shop.test")
	name := dnsexporttest.Name(t, "shop.test")
	old := ddns.New(axfr.New(axfr.Config{Key: dnsexporttest.Key(t)}), oldAt+":53")
	at, err := old.Read(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	want := dnsexporttest.RichZone(t, name)
	for i, rec := range want.Records {
		want.Records[i].TTL = 2
		if rec.Type == freehold.TypeNS && rec.Owner.Equal(want.Origin) {
			want.Records[i].Data = string(freehold.OwnerOf(host(t, "ns1.old.test")))
		}
	}
	want.Sort()
	if err := old.Change(context.Background(), name, dnsexport.Plan(at, want, old.Traits())); err != nil {
		t.Fatal(err)
	}
	if err := reg.Delegate(context.Background(), name, []freehold.Host{host(t, "ns1.old.test")}); err != nil {
		t.Fatal(err)
	}
	if signed {
		ds := serverstest.DSAt(t, oldAt, "shop.test.")
		if err := reg.SetDS(context.Background(), name, []freehold.DS{{KeyTag: ds.KeyTag, Algorithm: ds.Algorithm, DigestType: ds.DigestType, Digest: ds.Digest}}); err != nil {
			t.Fatal(err)
		}
	}
	serverstest.Unbound(t, unboundAt, rootAt, s.DS.String())
	return r
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
			answer, _, err := c.Exchange(m, unboundAt+":53")
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
	<-time.After(cached + 500*time.Millisecond)
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
	r := world(t, signed)
	name := dnsexporttest.Name(t, "shop.test")
	target, err := powerdns.New(dnsexporttest.PowerDNS(t, newAt), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	old := ddns.New(axfr.New(axfr.Config{Key: dnsexporttest.Key(t)}), oldAt+":53")
	zone, err := old.Read(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	parent, err := r.Parent(ctx, name)
	if err != nil || parent.NSTTL != cached || parent.Unsigned() == signed {
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
		return &Mover{Target: target, Old: old, Registrar: registry{t}, Memory: kept, Now: func() time.Time { return clock },
			Look: &Eyes{Resolver: r, Addrs: map[freehold.Host][]netip.Addr{host(t, "ns1.new.test"): {netip.MustParseAddr(newAt)}}}}
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
	answer, _, err := c.Exchange(m, unboundAt+":53")
	if err != nil || !answer.AuthenticatedData {
		t.Errorf("at the end the name is not secure: %v %v", answer, err)
	}
}
