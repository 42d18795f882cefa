package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"freehold"
)

var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// world is every source at once, answering from literals.
type world struct {
	mu     sync.Mutex
	noRDAP bool
	reg    map[string]freehold.Registration // by name; absent: an empty answer
	whois  map[string]freehold.Registration
	dns    func(ctx context.Context, n freehold.Name) freehold.DNSFacts
	said   map[string]freehold.Attestations
	copies []freehold.ZoneCopy
	memory error
	asked  map[string]int
}

func (w *world) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked == nil {
		w.asked = map[string]int{}
	}
	w.asked[what]++
}

func (w *world) Server(freehold.Name) (string, bool) { return "https://rdap.example/", !w.noRDAP }

func (w *world) Domain(_ context.Context, n freehold.Name) (freehold.Registration, []freehold.Evidence) {
	w.count("rdap " + n.ASCII())
	return w.reg[n.ASCII()], []freehold.Evidence{{Kind: freehold.EvidenceRDAP, Query: n.ASCII(), Status: "200"}}
}

func (w *world) IP(_ context.Context, addr netip.Addr) (freehold.AddressFacts, []freehold.Evidence, []freehold.Ask) {
	w.count("ip " + addr.String())
	return freehold.AddressFacts{Holder: freehold.Known("Block Holder SA")}, nil, []freehold.Ask{{Source: "rir", Outcome: freehold.OutcomeAnswered}}
}

func (w *world) Facts(ctx context.Context, n freehold.Name) (freehold.DNSFacts, []freehold.Evidence) {
	if w.dns != nil {
		return w.dns(ctx, n), nil
	}
	return freehold.DNSFacts{Asks: []freehold.Ask{{Outcome: freehold.OutcomeAnswered}}}, nil
}

func (w *world) ZoneCopies(context.Context, freehold.Name) ([]freehold.ZoneCopy, error) {
	return w.copies, nil
}

func (w *world) Earlier(context.Context, freehold.Name) (freehold.Earlier, error) {
	return freehold.Earlier{}, nil
}

func (w *world) Attestations(_ context.Context, n freehold.Name) (freehold.Attestations, error) {
	return w.said[n.ASCII()], w.memory
}

type whoisOf struct{ *world }

func (w whoisOf) Server(n freehold.Name) (string, bool) {
	_, ok := w.whois[n.ASCII()]
	return "whois", ok
}
func (w whoisOf) Domain(_ context.Context, n freehold.Name) (freehold.Registration, []freehold.Evidence) {
	w.count("whois " + n.ASCII())
	return w.whois[n.ASCII()], nil
}

func (w *world) auditor() *Auditor {
	return &Auditor{RDAP: w, WHOIS: whoisOf{w}, DNS: w, Memory: w, Now: now, Clock: func() time.Time { return now },
		Judge: func(*freehold.Observed) (freehold.Control, freehold.Verdict, []freehold.Finding) {
			return nil, freehold.Verdict{}, nil
		}}
}

func name(t testing.TB, s string) freehold.Name {
	t.Helper()
	n, err := freehold.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func host(t testing.TB, s string) freehold.Host {
	t.Helper()
	h, err := freehold.ParseHost(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func numbered(t testing.TB, n int) iter.Seq[Input] {
	return func(yield func(Input) bool) {
		for i := range n {
			s := fmt.Sprintf("n%06d.shop", i)
			if !yield(Input{Line: i + 1, Asked: s, Name: name(t, s)}) {
				return
			}
		}
	}
}

func registered(outcome freehold.Outcome) freehold.Registration {
	r := freehold.Registration{Asks: []freehold.Ask{{Source: "registry", Outcome: outcome}}}
	if outcome == freehold.OutcomeAnswered {
		r.State = freehold.Registered
	}
	return r
}

func TestRegistrationFallsBackToWHOIS(t *testing.T) {
	for _, c := range []struct {
		what        string
		noRDAP      bool
		rdap, whois *freehold.Registration
		state       freehold.RegistrationState
		status      freehold.NameStatus
		asks        int
	}{
		{"RDAP answers", false, new(registered(freehold.OutcomeAnswered)), new(registered(freehold.OutcomeAnswered)), freehold.Registered, freehold.StatusOK, 1},
		{"RDAP is throttled, WHOIS answers", false, new(registered(freehold.OutcomeThrottled)), new(registered(freehold.OutcomeAnswered)), freehold.Registered, freehold.StatusPartial, 2},
		{"RDAP is throttled, no WHOIS", false, new(registered(freehold.OutcomeThrottled)), nil, freehold.RegistrationUnknown, freehold.StatusPartial, 1},
		{"both fail", false, new(registered(freehold.OutcomeTimeout)), new(registered(freehold.OutcomeFailed)), freehold.RegistrationUnknown, freehold.StatusPartial, 2},
		{"only WHOIS is known", true, nil, new(registered(freehold.OutcomeAnswered)), freehold.Registered, freehold.StatusOK, 1},
		{"neither is known", true, nil, nil, freehold.RegistrationUnknown, freehold.StatusOK, 0},
	} {
		w := &world{noRDAP: c.noRDAP, reg: map[string]freehold.Registration{}, whois: map[string]freehold.Registration{}}
		if c.rdap != nil {
			w.reg["example.eu"] = *c.rdap
		}
		if c.whois != nil {
			w.whois["example.eu"] = *c.whois
		}
		got, ok := w.auditor().Name(context.Background(), "example.eu", name(t, "example.eu"))
		r := got.Result
		if !ok || r.Observed.Registration.State != c.state || r.Status != c.status || len(r.Observed.Registration.Asks) != c.asks {
			t.Errorf("%s: state %v, status %v, %d asks; want %v, %v, %d", c.what, r.Observed.Registration.State, r.Status, len(r.Observed.Registration.Asks), c.state, c.status, c.asks)
		}
	}
}

func TestNothingLearntIsFailedAndSaysWhy(t *testing.T) {
	w := &world{reg: map[string]freehold.Registration{"dead.com": registered(freehold.OutcomeTimeout)},
		dns: func(context.Context, freehold.Name) freehold.DNSFacts {
			return freehold.DNSFacts{Asks: []freehold.Ask{{Source: "root", Outcome: freehold.OutcomeTimeout}}}
		}}
	got, _ := w.auditor().Name(context.Background(), "dead.com", name(t, "dead.com"))
	if r := got.Result; r.Status != freehold.StatusFailed || r.Error != `no source answered about "dead.com": registry did not answer in time` || r.Hint == "" {
		t.Errorf("status %v, error %q, hint %q", r.Status, r.Error, r.Hint)
	}
}

func TestNetworkAsksEachAddressOnceWithItsRoles(t *testing.T) {
	shared, mail := netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("192.0.2.25")
	w := &world{dns: func(context.Context, freehold.Name) freehold.DNSFacts {
		return freehold.DNSFacts{
			A: freehold.Known([]netip.Addr{shared}), WWW: freehold.Known([]netip.Addr{shared}), MXIPs: freehold.Known([]netip.Addr{mail, shared}),
			Servers: []freehold.ServerFacts{{Addr: shared}}, Asks: []freehold.Ask{{Outcome: freehold.OutcomeAnswered}},
		}
	}}
	got, _ := w.auditor().Name(context.Background(), "x.fr", name(t, "x.fr"))
	addrs := got.Result.Observed.Network.Addresses
	if len(addrs) != 2 || addrs[0].Addr != shared || !slices.Equal(addrs[0].Roles, []string{"web", "mail", "dns"}) || !slices.Equal(addrs[1].Roles, []string{"mail"}) {
		t.Errorf("addresses: %+v", addrs)
	}
	if len(got.Result.Observed.Network.Asks) != 1 {
		t.Errorf("one source answered the same way twice: %d asks, want 1", len(got.Result.Observed.Network.Asks))
	}
}

func TestHostileNumberOfAddressesIsBounded(t *testing.T) {
	var many []netip.Addr
	for i := range 250 {
		many = append(many, netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}))
	}
	if got := addresses(&freehold.DNSFacts{A: freehold.Known(many)}); len(got) != maxAddresses {
		t.Errorf("%d addresses, want %d", len(got), maxAddresses)
	}
}

func TestNameserverDomainsAreAskedOnceARun(t *testing.T) {
	w := &world{reg: map[string]freehold.Registration{"dns-host.net": registered(freehold.OutcomeAnswered)},
		dns: func(_ context.Context, n freehold.Name) freehold.DNSFacts {
			return freehold.DNSFacts{Asks: []freehold.Ask{{Outcome: freehold.OutcomeAnswered}},
				Delegation: freehold.Known([]freehold.Host{host(t, "ns1.dns-host.net"), host(t, "ns2.dns-host.net"), host(t, "ns."+n.ASCII())})}
		}}
	a := w.auditor()
	var results []*freehold.Result
	_, err := a.Run(context.Background(), numbered(t, 40), Options{Parallel: 8, Tell: func(r *freehold.Result) error { results = append(results, r); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if n := w.asked["rdap dns-host.net"]; n != 1 {
		t.Errorf("the domain of the name servers was asked %d times, want once", n)
	}
	for _, r := range results {
		d := r.Observed.NameserverDomains
		if len(d) != 1 || d[0].Name.ASCII() != "dns-host.net" || len(d[0].Servers) != 2 || d[0].State != freehold.Registered || len(d[0].Evidence) != 1 {
			t.Fatalf("%s: %+v", r.Name, d)
		}
	}
}

// TestCopiesAreObserved: recorded copies of the zone reach the judges, and the
// record of our own query tells them.
func TestCopiesAreObserved(t *testing.T) {
	name := name(t, "a.fr")
	w := &world{copies: []freehold.ZoneCopy{{Name: name, At: now, Source: "axfr ns1.host.example\x1b", Coverage: freehold.CoverageTransferred, Serial: 7, Records: 12, Location: "/srv/zones"}}}
	got, ok := w.auditor().Name(t.Context(), "a.fr", name)
	if !ok || len(got.Result.Observed.ZoneCopies) != 1 {
		t.Fatalf("%v %+v", ok, got.Result.Observed.ZoneCopies)
	}
	own := string(got.Evidence[len(got.Evidence)-1].Body)
	if !strings.Contains(own, "zone copy from axfr ns1.host.example") || !strings.Contains(own, "at /srv/zones") || strings.Contains(own, "\x1b") {
		t.Errorf("our own record says %q", own)
	}
}

func TestOwnRecordIsEvidenceEvenWhenEmpty(t *testing.T) {
	w := &world{said: map[string]freehold.Attestations{"b.fr": {{Subject: "account", Value: "me", By: "Anne", At: now}}}}
	ids := map[freehold.EvidenceID]bool{}
	for _, n := range []string{"a.fr", "b.fr"} {
		got, _ := w.auditor().Name(context.Background(), n, name(t, n))
		own := got.Evidence[len(got.Evidence)-1]
		if own.Kind != freehold.EvidenceOwnRecord || own.ID() != got.Result.Observed.Own {
			t.Errorf("%s: last evidence is %q, own is %s", n, own.Kind, got.Result.Observed.Own)
		}
		ids[own.ID()] = true
	}
	a := w.auditor()
	a.Memory = nil
	got, _ := a.Name(context.Background(), "a.fr", name(t, "a.fr"))
	ids[got.Result.Observed.Own] = true
	if len(ids) != 3 {
		t.Errorf("holding nothing, holding something and having no store are told apart by %d IDs, want 3", len(ids))
	}
}

func TestUnreadableMemoryIsPartial(t *testing.T) {
	w := &world{reg: map[string]freehold.Registration{"a.fr": registered(freehold.OutcomeAnswered)}, memory: &freehold.Error{Kind: freehold.KindDamaged, Msg: "record is damaged", Hint: "restore"}}
	got, _ := w.auditor().Name(context.Background(), "a.fr", name(t, "a.fr"))
	if r := got.Result; r.Status != freehold.StatusPartial || r.Error != "record is damaged" || r.Hint != "restore" {
		t.Errorf("status %v, error %q, hint %q", r.Status, r.Error, r.Hint)
	}
}

func TestRunTellsInOrderAndOneBadNameFailsNothing(t *testing.T) {
	bad := errors.New(`"nonsense" is not a domain: it has no dot`)
	inputs := func(yield func(Input) bool) {
		for in := range numbered(t, 50) {
			if in.Line == 7 && !yield(Input{Line: 7, Asked: "nonsense", Err: bad}) {
				return
			}
			if in.Line == 9 && !yield(Input{Line: 9, Asked: in.Asked, Note: "given twice"}) {
				return
			}
			if !yield(in) {
				return
			}
		}
	}
	var told []string
	var notes int
	summary, err := (&world{}).auditor().Run(context.Background(), inputs, Options{Parallel: 5,
		Tell: func(r *freehold.Result) error { told = append(told, r.Asked); return nil }, Note: func(Input) { notes++ }})
	if err != nil || summary.Names != 51 || summary.Failed != 1 || summary.OK != 50 || notes != 1 {
		t.Fatalf("%+v, %v, %d notes", summary, err, notes)
	}
	if told[6] != "nonsense" || told[7] != "n000006.shop" || told[50] != "n000049.shop" {
		t.Errorf("out of order: %v", told)
	}
}

func TestSlowNameHoldsBackOnlyAWindow(t *testing.T) {
	release := make(chan struct{})
	w := &world{dns: func(_ context.Context, n freehold.Name) freehold.DNSFacts {
		if n.ASCII() == "n000000.shop" {
			<-release
		}
		return freehold.DNSFacts{Asks: []freehold.Ask{{Outcome: freehold.OutcomeAnswered}}}
	}}
	var told []string
	_, err := w.auditor().Run(context.Background(), numbered(t, 400), Options{Parallel: 4, Tell: func(r *freehold.Result) error {
		if told = append(told, r.Asked); len(told) == 200 {
			close(release) // the slow one answers only after 200 others were told
		}
		return nil
	}})
	if err != nil || len(told) != 400 || !slices.Contains(told[200:], "n000000.shop") {
		t.Errorf("%d told, %v", len(told), err)
	}
}

func TestSavedBeforeTold(t *testing.T) {
	saved := map[string]bool{}
	_, err := (&world{}).auditor().Run(context.Background(), numbered(t, 300), Options{Parallel: 6,
		Save: func(_ context.Context, batch []Audited) error {
			if len(batch) > maxBatch {
				t.Errorf("a batch of %d", len(batch))
			}
			for _, b := range batch {
				saved[b.Result.Asked] = true
			}
			return nil
		},
		Tell: func(r *freehold.Result) error {
			if !saved[r.Asked] {
				t.Errorf("%s was told before it was saved", r.Asked)
			}
			return nil
		}})
	if err != nil || len(saved) != 300 {
		t.Errorf("%d saved, %v", len(saved), err)
	}
}

func TestFailingSaveStillTellsAll(t *testing.T) {
	full := &freehold.Error{Kind: freehold.KindFull, Msg: "no space left"}
	told, saves := 0, 0
	_, err := (&world{}).auditor().Run(context.Background(), numbered(t, 100), Options{Parallel: 3,
		Save: func(context.Context, []Audited) error { saves++; return full },
		Tell: func(*freehold.Result) error { told++; return nil }})
	if !errors.Is(err, full) || told != 100 || saves != 1 {
		t.Errorf("told %d, saves %d, %v; want 100, 1, the error", told, saves, err)
	}
}

func TestInterruptedKeepsWhatWasLearnt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var saved, told atomic.Int64
	_, err := (&world{}).auditor().Run(ctx, numbered(t, 10000), Options{Parallel: 4,
		Save: func(ctx context.Context, batch []Audited) error {
			if ctx.Err() != nil {
				t.Error("the save was interrupted")
			}
			saved.Add(int64(len(batch)))
			return nil
		},
		Tell: func(*freehold.Result) error {
			if told.Add(1) == 100 {
				cancel()
			}
			return nil
		}})
	if err != nil || saved.Load() != told.Load() || told.Load() < 100 || told.Load() > 1000 {
		t.Errorf("saved %d, told %d, %v", saved.Load(), told.Load(), err)
	}
}

func TestReaderThatLeavesEndsTheRun(t *testing.T) {
	gone := errors.New("broken pipe")
	told := 0
	_, err := (&world{}).auditor().Run(context.Background(), numbered(t, 100000), Options{Parallel: 4, Tell: func(*freehold.Result) error { told++; return gone }})
	if !errors.Is(err, gone) || told != 1 {
		t.Errorf("told %d, %v", told, err)
	}
}

func TestAttest(t *testing.T) {
	n := name(t, "example.ch")
	for _, c := range []struct{ subject, value, want string }{
		{"account", "me", "me"}, {"ACCOUNT", " moi ", "me"}, {"contact-mailbox", "anne@example.org", "anne@example.org"},
		{"files_copy", "oui", "yes"}, {"registry_access", "nein", "no"}, {"key_holders", "2", "2"}, {"web", "hébergeur", "host"},
	} {
		a, e, err := Attest(n, c.subject, c.value, "Anne", now)
		if err != nil || a.Value != c.want || a.Evidence != e.ID() || a.Proven {
			t.Errorf("Attest(%q, %q) = %+v, %v", c.subject, c.value, a, err)
		}
	}
	for _, c := range []struct{ subject, value string }{
		{"colour", "red"}, {"account", ""}, {"account", "  "}, {"key_holders", "some"}, {"key_holders", "-1"}, {"registry_access", "me"}, {"account", string(make([]byte, 600))},
	} {
		if a, _, err := Attest(n, c.subject, c.value, "Anne", now); freehold.KindOf(err) != freehold.KindInvalid {
			t.Errorf("Attest(%q, %q) = %+v, %v; want it refused", c.subject, c.value, a, err)
		}
	}
}
