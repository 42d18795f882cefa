// Package registrartest is the conformance suite of adapters to registrars and
// registries (registrar/transfer): what is said is done, what is refused changes
// nothing, what is not known is said to be so, and no code comes out but where it
// is asked for.
package registrartest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"freehold"
	"freehold/registrar/registrartest/shapes"
	"freehold/registrar/transfer"
)

// World is an adapter and the other side's view of the same names.
type World struct {
	Registrar transfer.Registrar
	// Name is ours, locked, without a code; Foreign belongs to somebody else.
	Name, Foreign freehold.Name
	// Accepts, HasCode and Locked are the registry's own view of Name.
	Accepts         func(code []byte) bool
	HasCode, Locked func() bool
	// Lose makes the next change lose its answer, done or not; RefuseCode makes the
	// next codes be refused. Nil where the other side cannot.
	Lose       func(done bool)
	RefuseCode func(times int)
	// Request has somebody else ask for Name with a code; the registry waits for our
	// answer. Nil where it cannot.
	Request func(code []byte) error
	// Fault makes every answer go wrong in one way, for interfaces over HTTP; nil: none
	// of them.
	Fault func(shapes.Fault)
	// Delegation is the registry's view of the delegation: name servers, and whether DS
	// records stand. Nil where it is not looked at.
	Delegation func() (servers []string, signed bool)
	// Shown is what the adapter printed or logged, for adapters that do; nil: nothing.
	Shown func() string
}

// Run runs the suite. open makes a new world for each test.
func Run(t *testing.T, open func(t *testing.T) *World) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *World)
	}{
		{"Looks", looks},
		{"Sets", sets},
		{"SetsAgain", setsAgain},
		{"Fetches", fetches},
		{"Unsets", unsets},
		{"RefusedCode", refusedCode},
		{"LostAnswer", lostAnswer},
		{"LostFetch", lostFetch},
		{"Faults", faults},
		{"Repoints", repoints},
		{"NotOurs", notOurs},
		{"Polls", polls},
		{"Able", able},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

const first, second = "Kw7-first-Code#29xQ4uT", "Zr4-other-Code#81bM7pL"

func code(s string) freehold.TransferCode { return freehold.NewTransferCode([]byte(s)) }

// setter returns the adapter as one that sets codes, nil where it does not.
func setter(t *testing.T, w *World) transfer.Setter {
	t.Helper()
	if how := w.Registrar.Able(w.Name).How; how != transfer.HowSet {
		return nil // its codes come in another way: a property of the adapter, and nothing to skip
	}
	s, ok := w.Registrar.(transfer.Setter)
	if !ok {
		t.Fatal("the adapter says that it sets codes, and has no Set")
	}
	return s
}

// secretFree checks that an error does not repeat a code.
func secretFree(t *testing.T, err error) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %#v %s", err, err, err, freehold.HintOf(err))
	for _, s := range []string{first, second} {
		if strings.Contains(text, s) {
			t.Errorf("an error repeats a code: %s", strings.ReplaceAll(text, s, "[the code]"))
		}
	}
}

func look(t *testing.T, w *World) transfer.State {
	t.Helper()
	s, err := w.Registrar.Look(context.Background(), w.Name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func looks(t *testing.T, w *World) {
	s := look(t, w)
	if !s.Ours || !s.Locked || s.Pending || len(s.Barred) > 0 {
		t.Errorf("%+v", s)
	}
	if s, err := w.Registrar.Look(context.Background(), w.Foreign); err == nil && s.Ours {
		t.Error("a foreign name is called ours")
	}
}

func sets(t *testing.T, w *World) {
	s := setter(t, w)
	if s == nil {
		return
	}
	if err := s.Set(t.Context(), w.Name, code(first), true); err != nil {
		t.Fatal(err)
	}
	if !w.Accepts([]byte(first)) || w.Locked() {
		t.Errorf("accepted %v, locked %v", w.Accepts([]byte(first)), w.Locked())
	}
	if got := look(t, w); got.Locked || !got.Ours {
		t.Errorf("seen from here: %+v", got)
	}
}

func setsAgain(t *testing.T, w *World) {
	s := setter(t, w)
	if s == nil {
		return
	}
	for _, c := range []string{first, second} {
		if err := s.Set(t.Context(), w.Name, code(c), c == first); err != nil {
			t.Fatal(err)
		}
	}
	if w.Accepts([]byte(first)) || !w.Accepts([]byte(second)) {
		t.Error("the last code is not the one that counts")
	}
}

func fetches(t *testing.T, w *World) {
	if w.Registrar.Able(w.Name).How != transfer.HowFetch {
		return // codes are not fetched
	}
	got, err := w.Registrar.(transfer.Fetcher).Fetch(t.Context(), w.Name, true)
	if err != nil || got.IsZero() {
		t.Fatal("no code was fetched:", err)
	}
	got.Use(func(b []byte) {
		if !w.Accepts(b) || w.Locked() {
			t.Error("the code that was fetched is not the one that counts, or the lock is still on")
		}
		if w.Shown != nil && strings.Contains(w.Shown(), string(b)) {
			t.Error("the code was shown")
		}
	})
}

func unsets(t *testing.T, w *World) {
	u, ok := w.Registrar.(transfer.Unsetter)
	if !ok || !w.Registrar.Able(w.Name).Unsets {
		return // codes cannot be taken back
	}
	known := []byte(first)
	if s, ok := w.Registrar.(transfer.Setter); ok {
		if err := s.Set(t.Context(), w.Name, code(first), true); err != nil {
			t.Fatal(err)
		}
	} else {
		c, err := w.Registrar.(transfer.Fetcher).Fetch(t.Context(), w.Name, true)
		if err != nil {
			t.Fatal(err)
		}
		c.Use(func(b []byte) { known = append([]byte(nil), b...) })
	}
	for range 2 {
		if err := u.Unset(t.Context(), w.Name, true); err != nil {
			t.Fatal(err)
		}
		if w.Accepts(known) || !w.Locked() {
			t.Errorf("accepted %v, locked %v", w.Accepts(known), w.Locked())
		}
	}
}

func refusedCode(t *testing.T, w *World) {
	s := setter(t, w)
	if s == nil {
		return
	}
	if w.RefuseCode == nil {
		return // the other side refuses no code
	}
	w.RefuseCode(1)
	err := s.Set(t.Context(), w.Name, code(first), true)
	if !errors.Is(err, transfer.ErrOtherCode) || errors.Is(err, transfer.ErrUnknown) {
		t.Errorf("%v", err)
	}
	secretFree(t, err)
	if w.HasCode() || !w.Locked() {
		t.Error("a refusal changed something")
	}
	if err := s.Set(t.Context(), w.Name, code(second), true); err != nil || !w.Accepts([]byte(second)) {
		t.Errorf("another code: %v", err)
	}
}

func lostAnswer(t *testing.T, w *World) {
	s := setter(t, w)
	if s == nil {
		return
	}
	if w.Lose == nil {
		return // no answer can be lost
	}
	for _, done := range []bool{false, true} {
		w.Lose(done)
		err := s.Set(t.Context(), w.Name, code(first), true)
		if !errors.Is(err, transfer.ErrUnknown) || errors.Is(err, transfer.ErrOtherCode) {
			t.Errorf("done %v: %v", done, err)
		}
		secretFree(t, err)
		if w.HasCode() != done {
			t.Errorf("the command was repeated, or not sent: has a code: %v, want %v", w.HasCode(), done)
		}
		if err := s.Set(t.Context(), w.Name, code(second), true); err != nil || !w.Accepts([]byte(second)) || w.Accepts([]byte(first)) {
			t.Errorf("the fresh code after it: %v", err)
		}
	}
}

func notOurs(t *testing.T, w *World) {
	s := setter(t, w)
	if s == nil {
		return
	}
	err := s.Set(t.Context(), w.Foreign, code(first), true)
	if err == nil || errors.Is(err, transfer.ErrUnknown) {
		t.Errorf("%v", err)
	}
	secretFree(t, err)
}

func polls(t *testing.T, w *World) {
	p, ok := w.Registrar.(transfer.Poller)
	if !ok || w.Request == nil {
		return // it has no messages
	}
	if _, waits, err := p.Poll(t.Context()); err != nil || waits {
		t.Fatalf("a message before anything happened: %v, %v", waits, err)
	}
	if err := setter(t, w).Set(t.Context(), w.Name, code(first), true); err != nil {
		t.Fatal(err)
	}
	if err := w.Request([]byte(first)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // not acknowledged, it stays
		m, waits, err := p.Poll(t.Context())
		if err != nil || !waits || m.Name != w.Name || m.State != "pending" || m.Gaining == "" || m.ActBy.IsZero() {
			t.Fatalf("message %+v, %v, %v", m, waits, err)
		}
	}
	if !look(t, w).Pending {
		t.Error("the transfer is not seen")
	}
	m, _, _ := p.Poll(t.Context())
	if err := p.Ack(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Registrar.(transfer.Judge).Answer(t.Context(), w.Name, false); err != nil {
		t.Fatal(err)
	}
	if got := look(t, w); got.Pending || !got.Ours {
		t.Errorf("after a rejection: %+v", got)
	}
	if err := w.Registrar.(transfer.Judge).Answer(t.Context(), w.Name, false); err == nil {
		t.Error("rejected what was not pending")
	}
}

func able(t *testing.T, w *World) {
	a := w.Registrar.Able(w.Name)
	switch a.How {
	case transfer.HowSet:
		if len(a.Shapes) == 0 || a.Bits < 40 {
			t.Errorf("%+v", a)
		}
	case transfer.HowFetch:
		if _, ok := w.Registrar.(transfer.Fetcher); !ok {
			t.Error("it says that it fetches codes, and has no Fetch")
		}
	case transfer.HowMails:
		if _, ok := w.Registrar.(transfer.Mailer); !ok {
			t.Error("it says that the registry mails codes, and has no Mail")
		}
	}
	if _, ok := w.Registrar.(transfer.Unsetter); a.Unsets && !ok {
		t.Error("it says that it takes codes back, and has no Unset")
	}
}

// lostFetch: a code that was asked for and not seen is not made up, and the next one
// is the one that counts.
func lostFetch(t *testing.T, w *World) {
	f, ok := w.Registrar.(transfer.Fetcher)
	if !ok || w.Lose == nil {
		return
	}
	for _, done := range []bool{false, true} {
		if err := w.Registrar.(transfer.Locker).Lock(t.Context(), w.Name, true); err != nil {
			t.Fatal(err)
		}
		w.Lose(done)
		got, err := f.Fetch(t.Context(), w.Name, true)
		if !errors.Is(err, transfer.ErrUnknown) || !got.IsZero() {
			t.Errorf("done %v: a code %v, %v", done, !got.IsZero(), err)
		}
		if got, err = f.Fetch(t.Context(), w.Name, look(t, w).Locked); err != nil {
			t.Errorf("the next one: %v", err)
		}
		got.Use(func(b []byte) {
			if !w.Accepts(b) {
				t.Error("the next one does not count")
			}
		})
	}
}

// faults: what is not understood is neither a fact nor done, and what was refused is
// not called unknown.
func faults(t *testing.T, w *World) {
	if w.Fault == nil {
		return
	}
	locker := w.Registrar.(transfer.Locker)
	for _, c := range []struct {
		fault   shapes.Fault
		unknown bool // of a change
	}{
		{shapes.Broken, true}, {shapes.HTML, true}, {shapes.CutOff, true}, {shapes.Huge, true},
		{shapes.Denied, false}, {shapes.Gone, false},
	} {
		w.Fault(c.fault)
		if s, err := w.Registrar.Look(t.Context(), w.Name); err == nil {
			t.Errorf("fault %d: looked like %+v", c.fault, s)
		} else if strings.Contains(fmt.Sprintf("%+v", err), shapes.Secret) {
			t.Errorf("fault %d: %v tells the key", c.fault, strings.ReplaceAll(err.Error(), shapes.Secret, "[the key]"))
		}
		if err := locker.Lock(t.Context(), w.Name, false); err == nil || errors.Is(err, transfer.ErrUnknown) != c.unknown {
			t.Errorf("fault %d: a change: %v", c.fault, err)
		} else if strings.ContainsAny(err.Error(), "\x1b\n") || strings.Contains(err.Error(), shapes.Secret) {
			t.Errorf("fault %d: %q", c.fault, err)
		}
	}
	w.Fault(shapes.Refused)
	if s, err := w.Registrar.Look(t.Context(), w.Name); err == nil && s.Ours {
		t.Errorf("a refusal looked like %+v", s)
	}
	w.Fault(shapes.Throttled)
	if s, err := w.Registrar.Look(t.Context(), w.Name); err != nil || !s.Ours || !s.Locked {
		t.Errorf("asked too often: %+v, %v", s, err)
	}
	w.Fault(shapes.None)
}

// repoints: the name servers are those that were asked for, and no DS record of the
// old ones stays.
func repoints(t *testing.T, w *World) {
	r, ok := w.Registrar.(transfer.Repointer)
	if !ok || w.Delegation == nil {
		return
	}
	ns1, _ := freehold.ParseHost("ns1.new.example")
	ns2, _ := freehold.ParseHost("ns2.new.example")
	for range 2 {
		if err := r.Repoint(t.Context(), w.Name, []freehold.Host{ns1, ns2}); err != nil {
			t.Fatal(err)
		}
		if got, signed := w.Delegation(); len(got) != 2 || got[0] != "ns1.new.example" || got[1] != "ns2.new.example" || signed {
			t.Errorf("%v, signed %v", got, signed)
		}
	}
}
