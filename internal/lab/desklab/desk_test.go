package desklab

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"freehold"
	"freehold/internal/flow/desk"
	"freehold/internal/lab/eppd"
	"freehold/internal/ledger"
	"freehold/internal/seal"
	"freehold/registrar/epp"
	"freehold/verify/identity"
)

const shop = "old-shop.com"

func world(t *testing.T, c Config) *World {
	t.Helper()
	if c.DB == "" {
		c.DB = filepath.Join(t.TempDir(), "freehold.db")
	}
	if c.Registry.TransferDelay == 0 {
		c.Registry = eppd.Config{Secure: true, TransferDelay: 5 * 24 * time.Hour}
	}
	w, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	w.Register(shop)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func kind(t testing.TB, err error, want freehold.ErrorKind) {
	t.Helper()
	if err == nil || freehold.KindOf(err) != want {
		t.Errorf("%v of kind %d, want kind %d", err, freehold.KindOf(err), want)
	}
}

// ready opens a case of which only the release is missing.
func (w *World) ready(t testing.TB, name, delivery string) string {
	t.Helper()
	row, err := w.Desk.Open(t.Context(), Request(name, w.Clock.Now().Add(-time.Hour)), identity.Surroundings{}, "anne", freehold.ChannelPhone)
	must(t, err)
	id := row.Case.ID
	must(t, w.Prove(t.Context(), id))
	w.Clock.Add(25 * time.Hour)
	must(t, w.Approve(t.Context(), id, delivery))
	return id
}

func (w *World) advance(t testing.TB, id string, want freehold.CaseState) desk.Outcome {
	t.Helper()
	o, err := w.Desk.Advance(t.Context(), id)
	must(t, err)
	if o.Row.Case.State != want {
		t.Fatalf("the case is %v, want %v; it waits: %v", o.Row.Case.State, want, o.Waits)
	}
	return o
}

func (w *World) at(t testing.TB, name string) (set, locked bool) {
	t.Helper()
	d, ok := w.Registry.Get(name)
	if !ok {
		t.Fatal("the registry lost a name")
	}
	return d.HasCode(), slices.Contains(d.Statuses, "clientTransferProhibited")
}

func (w *World) reveal(t testing.TB, id string) freehold.TransferCode {
	t.Helper()
	text, _, err := w.Desk.Reveal(t.Context(), id, "anne")
	must(t, err)
	code, err := seal.Open(text, w.Requester)
	must(t, err)
	return code
}

// TestWholeCase goes from a request to the name at the gaining registrar, and a
// receipt for each step that decided something.
func TestWholeCase(t *testing.T) {
	w := world(t, Config{})
	ctx := t.Context()
	row, err := w.Desk.Open(ctx, Request(shop, Start.Add(-time.Hour)), identity.Surroundings{}, "anne", freehold.ChannelPhone)
	must(t, err)
	id := row.Case.ID
	if want := Start.Add(-time.Hour).AddDate(0, 0, 5); !row.Deadline.Equal(want) {
		t.Errorf("to be done by %v, want five days from the first request: %v", row.Deadline, want)
	}
	if told, err := w.Store.Outbox(ctx, w.Clock.Now(), 9); err != nil || len(told) != 2 || told[0].Kind != "notice" || strings.Contains(told[0].Text.String(), "Rosa") {
		t.Errorf("notices %+v, %v", told, err)
	}
	o := w.advance(t, id, freehold.CaseOpen)
	kind(t, o.Waits, freehold.KindPermission)
	must(t, w.Prove(ctx, id))
	kind(t, w.advance(t, id, freehold.CaseOpen).Waits, freehold.KindWaiting)
	must(t, w.Approve(ctx, id, ""))
	o = w.advance(t, id, freehold.CaseOpen)
	kind(t, o.Waits, freehold.KindWaiting)
	if want := Start.Add(24 * time.Hour); !o.Row.Next.Equal(want) {
		t.Errorf("looked at again %v, want when the hold ends: %v", o.Row.Next, want)
	}
	if _, _, err := w.Desk.Reveal(ctx, id, "anne"); err == nil {
		t.Errorf("revealed before there was anything: %v", err)
	}
	if set, locked := w.at(t, shop); set || !locked {
		t.Error("something was done before the hold ended")
	}
	w.Clock.Add(24 * time.Hour)
	if n, err := w.Desk.Sweep(ctx, 2); err != nil || n != 1 {
		t.Errorf("swept %d, %v", n, err)
	}
	row, err = w.Store.Case(ctx, id)
	must(t, err)
	if set, locked := w.at(t, shop); row.Case.State != freehold.CaseSet || !set || locked {
		t.Fatalf("%v, set %v, locked %v", row.Case.State, set, locked)
	}
	code := w.reveal(t, id)
	if _, _, err := w.Desk.Reveal(ctx, id, "anne"); freehold.KindOf(err) != freehold.KindPermission {
		t.Errorf("revealed twice: %v", err)
	}
	if r, err := w.Gain(ctx, shop, code); err != nil || r.Code != epp.DonePending {
		t.Fatalf("%+v, %v", r, err)
	}
	if n, err := w.Desk.Poll(ctx, w.EPP); err != nil || n != 1 {
		t.Errorf("%d messages, %v", n, err)
	}
	if row, _ = w.Store.Case(ctx, id); len(row.Case.Transfers) != 1 || row.Case.Transfers[0].Gaining != Gainer {
		t.Errorf("transfers %+v", row.Case.Transfers)
	}
	w.Clock.Add(5 * 24 * time.Hour)
	_, err = w.Desk.Poll(ctx, w.EPP) // the registry decides when it is asked anything
	must(t, err)
	_, err = w.EPP.Look(ctx, Name(shop))
	must(t, err)
	_, err = w.Desk.Poll(ctx, w.EPP)
	must(t, err)
	w.advance(t, id, freehold.CaseDone)
	if d, _ := w.Registry.Get(shop); d.Sponsor != Gainer {
		t.Errorf("the name is with %q", d.Sponsor)
	}
	w.receipts(t, id)
}

// receipts sequences the ledger and verifies the receipt of each leaf of a case.
func (w *World) receipts(t *testing.T, id string) {
	t.Helper()
	ctx := t.Context()
	if n, err := w.Sequencer().Run(ctx); err != nil || n == 0 {
		t.Fatalf("%d placed, %v", n, err)
	}
	leaves, err := w.Store.LeavesOf(ctx, id)
	must(t, err)
	size, signed, err := w.Store.LedgerHead(ctx)
	must(t, err)
	c, err := ledger.OpenCheckpoint(signed, Origin, w.LedgerTrust)
	must(t, err)
	if len(leaves) < 6 || size < int64(len(leaves)) {
		t.Errorf("%d leaves of %d", len(leaves), size)
	}
	for _, l := range leaves {
		r, err := ledger.Issue(ledger.Salt(l.Salt), l.Record, l.Index, c.Tree, signed, ledger.Stored(ctx, w.Store))
		must(t, err)
		back, err := ledger.ParseReceipt(r.Marshal())
		must(t, err)
		if _, err := back.Verify(Origin, w.LedgerTrust); err != nil {
			t.Error(err)
		}
	}
}

// TestFaults: whatever the registry does, the case says what it holds, and the code
// that is handed over is the one that stands.
func TestFaults(t *testing.T) {
	for what, c := range map[string]struct {
		faults eppd.Faults
		state  freehold.CaseState
	}{
		"not done, not answered":  {eppd.Faults{DropBefore: 1}, freehold.CaseSet},
		"done, not answered":      {eppd.Faults{DropAfter: 1}, freehold.CaseSet},
		"thrice not answered":     {eppd.Faults{DropBefore: 1, DropAfter: 2}, freehold.CaseSet},
		"one code refused":        {eppd.Faults{RefuseCode: 1}, freehold.CaseSet},
		"four codes refused":      {eppd.Faults{RefuseCode: 4}, freehold.CaseSet},
		"all codes refused":       {eppd.Faults{RefuseCode: 1000}, freehold.CaseOpen},
		"never answered":          {eppd.Faults{DropAfter: 1000}, freehold.CaseReleasing},
		"nothing arrives":         {eppd.Faults{DropBefore: 1000}, freehold.CaseReleasing},
		"refused, then no answer": {eppd.Faults{RefuseCode: 2, DropAfter: 1}, freehold.CaseSet},
	} {
		t.Run(what, func(t *testing.T) {
			w := world(t, Config{})
			id := w.ready(t, shop, "")
			w.Registry.Fail(c.faults)
			o := w.advance(t, id, c.state)
			set, locked := w.at(t, shop)
			switch c.state {
			case freehold.CaseSet:
				code := w.reveal(t, id)
				d, _ := w.Registry.Get(shop)
				if ok := code.Use(func(b []byte) { set = d.Accepts(string(b)) }); !ok || !set || locked {
					t.Errorf("the code handed over is accepted: %v; locked %v", set, locked)
				}
			case freehold.CaseOpen:
				if set || !locked || o.Waits == nil || o.Row.Next.IsZero() {
					t.Errorf("set %v, locked %v, waits %v, looked at again %v", set, locked, o.Waits, o.Row.Next)
				}
			case freehold.CaseReleasing:
				kind(t, o.Waits, freehold.KindUnavailable)
				w.Registry.Fail(eppd.Faults{})
				w.Clock.Add(2 * time.Minute)
				w.advance(t, id, freehold.CaseSet)
				// The lock that an attempt nobody heard of took off comes back at the end.
				w.Clock.Add(80 * time.Hour)
				w.advance(t, id, freehold.CaseOpen)
				if set, locked := w.at(t, shop); set || !locked {
					t.Errorf("in the end: set %v, locked %v", set, locked)
				}
			}
		})
	}
}

// TestNeverAnswered: a code whose setting nobody confirmed is taken back when its
// time is over, as if it had been.
func TestNeverAnswered(t *testing.T) {
	w := world(t, Config{})
	id := w.ready(t, shop, "")
	w.Registry.Fail(eppd.Faults{DropAfter: 1000})
	w.advance(t, id, freehold.CaseReleasing)
	if set, locked := w.at(t, shop); !set || locked {
		t.Fatalf("set %v, locked %v: the fault did nothing", set, locked)
	}
	w.Registry.Fail(eppd.Faults{})
	w.Clock.Add(73 * time.Hour)
	w.advance(t, id, freehold.CaseOpen)
	if set, locked := w.at(t, shop); set || !locked {
		t.Errorf("set %v, locked %v", set, locked)
	}
}

// TestTriedForDays: attempts that go on do not lengthen the time of the first.
func TestTriedForDays(t *testing.T) {
	w := world(t, Config{})
	id := w.ready(t, shop, "")
	w.Registry.Fail(eppd.Faults{DropAfter: 1000})
	for range 3 {
		w.advance(t, id, freehold.CaseReleasing)
		w.Clock.Add(23 * time.Hour)
	}
	w.Registry.Fail(eppd.Faults{})
	w.Clock.Add(4 * time.Hour)
	w.advance(t, id, freehold.CaseOpen)
	if set, locked := w.at(t, shop); set || !locked {
		t.Errorf("set %v, locked %v", set, locked)
	}
}

// TestOutOfStep: a registry whose answers belong to other commands is believed
// nothing.
func TestOutOfStep(t *testing.T) {
	w := world(t, Config{})
	id := w.ready(t, shop, "")
	w.Registry.Fail(eppd.Faults{Lie: 1})
	o := w.advance(t, id, freehold.CaseOpen) // the look itself is lied to
	kind(t, o.Waits, freehold.KindUnavailable)
	w.Clock.Add(2 * time.Minute)
	w.advance(t, id, freehold.CaseSet)
}

// TestTaken: what ends a standing code, before and after it was handed over.
func TestTaken(t *testing.T) {
	for what, end := range map[string]func(*testing.T, *World, string){
		"expired": func(_ *testing.T, w *World, _ string) { w.Clock.Add(73 * time.Hour) },
		"revoked": func(t *testing.T, w *World, id string) {
			_, err := w.Decide(t.Context(), id, "bruno", freehold.DecisionRevoke, nil)
			must(t, err)
		},
		"refused": func(t *testing.T, w *World, id string) {
			_, err := w.Decide(t.Context(), id, "bruno", freehold.DecisionRefuse, func(d *freehold.Decision) {
				d.Reason = "fraud"
			})
			if err != nil {
				_, err = w.Decide(t.Context(), id, "bruno", freehold.DecisionRevoke, nil)
			}
			must(t, err)
		},
		"objection upheld": func(t *testing.T, w *World, id string) {
			_, err := w.Desk.Add(t.Context(), id, "anne", freehold.ChannelPhone, freehold.Objected{ID: "o1", Party: freehold.Party{Name: "Rosa Abegg"}, Claims: freehold.SideHolder})
			must(t, err)
			_, err = w.Decide(t.Context(), id, "bruno", freehold.DecisionSettle, func(d *freehold.Decision) { d.Dispute, d.Upheld = "o1", true })
			must(t, err)
		},
	} {
		for _, revealed := range []bool{false, true} {
			t.Run(what, func(t *testing.T) {
				w := world(t, Config{})
				id := w.ready(t, shop, "")
				w.advance(t, id, freehold.CaseSet)
				if revealed {
					w.reveal(t, id)
				}
				w.Clock.Add(time.Minute)
				end(t, w, id)
				o, err := w.Desk.Advance(t.Context(), id)
				must(t, err)
				if set, locked := w.at(t, shop); set || !locked || !o.Row.Case.CodeUntil.IsZero() {
					t.Errorf("set %v, locked %v, until %v", set, locked, o.Row.Case.CodeUntil)
				}
				if _, _, err := w.Desk.Reveal(t.Context(), id, "anne"); err == nil {
					t.Error("a code that was taken back was handed over")
				}
				if _, err := w.Store.Sealed(t.Context(), id); freehold.KindOf(err) != freehold.KindNotFound {
					t.Errorf("its sealed text is kept: %v", err)
				}
			})
		}
	}
}

// TestNotLockedBefore: what had no lock gets none.
func TestNotLockedBefore(t *testing.T) {
	w := world(t, Config{})
	w.Registry.Add(eppd.Domain{Name: "open-shop.com", Sponsor: Loser, Created: Start, Expires: Start.AddDate(1, 0, 0)}, "")
	id := w.ready(t, "open-shop.com", "")
	w.advance(t, id, freehold.CaseSet)
	w.Clock.Add(73 * time.Hour)
	w.advance(t, id, freehold.CaseOpen)
	if set, locked := w.at(t, "open-shop.com"); set || locked {
		t.Errorf("set %v, locked %v", set, locked)
	}
}

// attendant is an operator on the telephone.
type attendant struct {
	phrase, code string
	heard        bool
}

func (a *attendant) Phrase(_ context.Context, _ freehold.Case, p freehold.TransferCode) error {
	seal.Spoken(p, func(groups string) { a.phrase = groups })
	return nil
}

func (a *attendant) Aloud(_ context.Context, _ freehold.Case, c freehold.TransferCode) (bool, error) {
	c.Use(func(b []byte) { a.code = string(b) })
	return a.heard, nil
}

// TestSpoken: the ways that need somebody on the telephone wait for them.
func TestSpoken(t *testing.T) {
	for _, way := range []string{"phrase", "aloud"} {
		for _, heard := range []bool{true, false} {
			if way == "phrase" && !heard {
				continue // it is not read back
			}
			t.Run(way, func(t *testing.T) {
				w := world(t, Config{})
				id := w.ready(t, shop, way)
				kind(t, w.advance(t, id, freehold.CaseOpen).Waits, freehold.KindWaiting)
				at := &attendant{heard: heard}
				w.Desk.Attendant = at
				o, err := w.Desk.Advance(t.Context(), id)
				must(t, err)
				d, _ := w.Registry.Get(shop)
				switch {
				case way == "phrase":
					text, _, err := w.Desk.Reveal(t.Context(), id, "anne")
					must(t, err)
					var with age.Identity
					with, err = seal.Phrase(at.phrase)
					must(t, err)
					code, err := seal.Open(text, with)
					must(t, err)
					code.Use(func(b []byte) {
						if !d.Accepts(string(b)) {
							t.Error("the phrase opens another code")
						}
					})
				case heard:
					if o.Row.Case.State != freehold.CaseRevealed || !d.Accepts(at.code) {
						t.Errorf("%v, waits %v; accepted %v", o.Row.Case.State, o.Waits, d.Accepts(at.code))
					}
				default:
					if o.Row.Case.State != freehold.CaseOpen || d.HasCode() {
						t.Errorf("not heard: %v, set %v", o.Row.Case.State, d.HasCode())
					}
				}
			})
		}
	}
}

// TestDeliveries: a code is never sent by plain mail, nor to what is no key.
func TestDeliveries(t *testing.T) {
	_, err := desk.ParseDelivery("mail rosa@post.example")
	kind(t, err, freehold.KindPermission)
	for _, s := range []string{"", "key", "phrase age1x", "sms +41", "key age1\nage2"} {
		_, err := desk.ParseDelivery(s)
		kind(t, err, freehold.KindInvalid)
	}
	w := world(t, Config{})
	id := w.ready(t, shop, "key AGE-SECRET-KEY-1XYZ")
	o := w.advance(t, id, freehold.CaseOpen)
	if set, locked := w.at(t, shop); set || !locked || o.Waits == nil {
		t.Errorf("sealed to no key: set %v, locked %v, waits %v", set, locked, o.Waits)
	}
}

// TestOtherActs: what has no code is done once, and a lost answer is looked after.
func TestOtherActs(t *testing.T) {
	for _, c := range []struct {
		act    freehold.Act
		target string
		done   func(eppd.Domain) bool
	}{
		{freehold.ActUnlock, "", func(d eppd.Domain) bool { return len(d.Statuses) == 0 }},
		{freehold.ActRepoint, "ns1.new.example, ns2.new.example", func(d eppd.Domain) bool {
			return slices.Equal(d.NameServers, []string{"ns1.new.example", "ns2.new.example"})
		}},
	} {
		w := world(t, Config{})
		r := Request(shop, Start.Add(-time.Hour))
		r.Act, r.Target = c.act, c.target
		row, err := w.Desk.Open(t.Context(), r, identity.Surroundings{}, "anne", freehold.ChannelPhone)
		must(t, err)
		id := row.Case.ID
		must(t, w.Prove(t.Context(), id))
		w.Clock.Add(25 * time.Hour)
		_, err = w.Decide(t.Context(), id, "anne", freehold.DecisionRelease, nil)
		must(t, err)
		w.Registry.Fail(eppd.Faults{DropAfter: 1})
		w.advance(t, id, freehold.CaseReleasing)
		w.Clock.Add(2 * time.Minute)
		w.advance(t, id, freehold.CaseDone)
		if d, _ := w.Registry.Get(shop); !c.done(d) {
			t.Errorf("%v: %+v", c.act, d)
		}
	}
}

// TestTwoWorkers: of two who see a case due, one works on it; the other's words are
// refused once its lease is over.
func TestTwoWorkers(t *testing.T) {
	w := world(t, Config{})
	ctx := t.Context()
	id := w.ready(t, shop, "")
	l, err := w.Store.TakeLease(ctx, "case "+id, "other", w.Clock.Now(), w.Clock.Now().Add(time.Minute))
	must(t, err)
	_, err = w.Desk.Advance(ctx, id)
	kind(t, err, freehold.KindBusy)
	w.Clock.Add(2 * time.Minute)
	w.advance(t, id, freehold.CaseSet)
	kind(t, w.Store.PutSealed(ctx, freehold.SealedCode{Case: id}, l.Fence), freehold.KindPermission)
	var wg sync.WaitGroup
	revealed := make(chan []byte, 8)
	for range 8 {
		wg.Go(func() {
			if text, _, err := w.Desk.Reveal(ctx, id, "anne"); err == nil {
				revealed <- text
			}
		})
	}
	wg.Wait()
	if len(revealed) != 1 {
		t.Errorf("%d were handed the code", len(revealed))
	}
}

// TestUnsigned: approvals that nobody enrolled signed are none, also where they got
// into the store.
func TestUnsigned(t *testing.T) {
	w := world(t, Config{})
	ctx := t.Context()
	row, err := w.Desk.Open(ctx, Request(shop, Start.Add(-time.Hour)), identity.Surroundings{}, "anne", freehold.ChannelPhone)
	must(t, err)
	id := row.Case.ID
	must(t, w.Prove(ctx, id))
	w.Clock.Add(25 * time.Hour)
	row, err = w.Store.Case(ctx, id)
	must(t, err)
	d := w.Keeper(row.Case.Name, w.Clock.Now()).Policy.Decide(row.Case, freehold.DecisionRelease, "anne", w.Clock.Now())
	d.Delivery = "key " + w.Key
	forged := freehold.Decided{Decision: d, Signature: []byte("x"), Key: "SHA256:x"}
	_, err = w.Desk.Add(ctx, id, "anne", freehold.ChannelDesk, forged)
	kind(t, err, freehold.KindPermission)
	// An insider writes it past the desk.
	_, err = w.Store.WriteCase(ctx, freehold.CaseEntry{Case: id, Version: row.Version(), Events: []freehold.CaseEvent{{Case: id, At: w.Clock.Now(), Actor: "anne", Body: forged}}})
	must(t, err)
	w.advance(t, id, freehold.CaseOpen)
	if set, locked := w.at(t, shop); set || !locked {
		t.Error("released on a forged approval")
	}
}

// TestSecondRequest: the same person asks once; another one is a second claimant.
func TestSecondRequest(t *testing.T) {
	w := world(t, Config{})
	ctx := t.Context()
	first, err := w.Desk.Open(ctx, Request(shop, Start), identity.Surroundings{}, "anne", freehold.ChannelPhone)
	must(t, err)
	_, err = w.Desk.Open(ctx, Request(shop, Start), identity.Surroundings{}, "anne", freehold.ChannelPhone)
	kind(t, err, freehold.KindInvalid)
	r := Request(shop, Start)
	r.Requester = freehold.Party{Name: "Max Muster"}
	second, err := w.Desk.Open(ctx, r, identity.Surroundings{}, "anne", freehold.ChannelMail)
	must(t, err)
	row, err := w.Store.Case(ctx, first.Case.ID)
	must(t, err)
	if len(row.Case.Disputes) != 1 || row.Case.Disputes[0].ID != second.Case.ID {
		t.Errorf("%+v", row.Case.Disputes)
	}
}

// TestClockSetBack: events keep their order, or nothing is entered.
func TestClockSetBack(t *testing.T) {
	w := world(t, Config{})
	id := w.ready(t, shop, "")
	w.Clock.Add(-time.Second)
	w.advance(t, id, freehold.CaseSet)
	w.Clock.Add(-time.Hour)
	if _, _, err := w.Desk.Reveal(t.Context(), id, "anne"); err == nil {
		t.Error("an event was dated before the last one")
	}
}
