package move

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/dnsexporttest"
	"freehold/internal/resolve"
)

var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func situation(t *testing.T) Situation {
	name := dnsexporttest.Name(t, "shop.test")
	z := dnsexporttest.RichZone(t, name)
	z.Coverage = freehold.CoverageTransferred
	return Situation{Name: name, Zone: z, Parent: Parent{NS: []freehold.Host{host(t, "ns1.old.test")}, Signed: true, NSTTL: 24 * time.Hour, DSTTL: 6 * time.Hour},
		Target: dnsexport.Traits{Name: "New DNS", Creates: true}, NameServers: []freehold.Host{host(t, "ns1.new.test"), host(t, "ns2.new.test")}, Edits: true, Now: now}
}

func kinds(p *freehold.MovePlan) string {
	var out []string
	for _, s := range p.Steps {
		k := s.Kind.String()
		if s.ByHand {
			k += "!"
		}
		if s.After > 0 {
			k += "+" + Span(s.After)
		}
		out = append(out, k)
	}
	return strings.Join(out, " ")
}

// TestPlans holds the order of steps, who acts and the waits to literals.
func TestPlans(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*Situation)
		want   string
	}{
		{"signed, by hand", func(*Situation) {}, "lower-ttl+1 h 10 min create write verify unsign!+6 h 10 min delegate! keep+24 h 10 min retire!"},
		{"not signed, registrar at hand", func(s *Situation) { s.Parent.Signed, s.Delegates, s.Resigns = false, true, true },
			"lower-ttl+1 h 10 min create write verify delegate keep+24 h 10 min sign retire!"},
		{"old operator not editable", func(s *Situation) { s.Edits, s.Parent.Signed = false, false }, "create write verify delegate! keep+24 h 10 min retire!"},
		{"rescue", func(s *Situation) { s.Rescue, s.Down = true, now.Add(-3*time.Hour) }, "create write verify unsign!+6 h 10 min delegate!"},
		{"both operators help", func(s *Situation) { s.Cooperates, s.Delegates = true, true },
			"lower-ttl+1 h 10 min create write verify share-keys!+6 h 10 min add-ds+6 h 10 min delegate keep+24 h 10 min drop-ds retire!"},
		{"target makes no zones", func(s *Situation) { s.Target.Creates, s.Parent.Signed = false, false }, "lower-ttl+1 h 10 min create! write verify delegate! keep+24 h 10 min retire!"},
	} {
		s := situation(t)
		c.change(&s)
		p, err := Make(s)
		if err != nil || kinds(p) != c.want {
			t.Errorf("%s: %s\nwant %s (%v)", c.what, kinds(p), c.want, err)
		}
	}
}

func TestWhatIsSaidBefore(t *testing.T) {
	s := situation(t)
	s.Rescue, s.Down = true, now.Add(-3*time.Hour)
	s.Zone.Coverage = freehold.CoverageObserved
	s.Zone.Foreign = []freehold.ForeignRecord{{Owner: s.Zone.Origin, Kind: "ALIAS", Note: freehold.T("It has to become plain addresses.")}}
	s.Target.Holds = func(t freehold.RRType) bool { return t != freehold.TypeNAPTR }
	s.Target.MinTTL = 600
	p, err := Make(s)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, text := range slices.Concat(p.Losses, p.Warnings) {
		said = append(said, text.Render(freehold.English{}))
	}
	all := strings.Join(said, "\n")
	for _, want := range []string{"PARTIAL (observed)", "ALIAS is the old operator's own kind", "type NAPTR: 1 are lost", "no TTL below 10 min: 2 records", "up to 24 h later", "until 6 h after the DS record is out", "starts to bounce about 29 November 2026"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not said:\n%s", want, all)
		}
	}
}

func TestNoMove(t *testing.T) {
	for what, change := range map[string]func(*Situation){
		"no zone":                 func(s *Situation) { s.Zone = nil },
		"empty zone":              func(s *Situation) { s.Zone.Records = nil },
		"no servers":              func(s *Situation) { s.NameServers = nil },
		"help without signatures": func(s *Situation) { s.Cooperates, s.Parent.Signed = true, false },
		"help of the dead":        func(s *Situation) { s.Cooperates, s.Rescue = true, true },
		"there already":           func(s *Situation) { s.NameServers = s.Parent.NS },
	} {
		s := situation(t)
		change(&s)
		if _, err := Make(s); freehold.KindOf(err) != freehold.KindInvalid {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestDigest(t *testing.T) {
	p, _ := Make(situation(t))
	again, _ := Make(situation(t))
	again.Made = now.Add(time.Hour)
	if p.Digest() != again.Digest() {
		t.Error("the day it was made counts")
	}
	s := situation(t)
	s.Zone.Records[len(s.Zone.Records)-1].TTL++
	other, _ := Make(s)
	less := situation(t)
	less.NameServers = less.NameServers[:1]
	fewer, _ := Make(less)
	if p.Digest() == other.Digest() || p.Digest() == fewer.Digest() {
		t.Error("another content, or other servers, have the same digest")
	}
}

// stage is a parent, a target and a registrar made of variables.
type stage struct {
	ns     []freehold.Host
	ds     []freehold.DS
	silent int
	slow   bool // the registry publishes later
	wrong  []string
	calls  []string
	keys   map[string][]freehold.DNSKEY // by the first server's name
}

func (s *stage) Keys(_ context.Context, _ freehold.Name, ns []freehold.Host) (all, entry []freehold.DNSKEY, err error) {
	all = s.keys[ns[0].ASCII()]
	for _, k := range all {
		if k.Flags == 257 {
			entry = append(entry, k)
		}
	}
	return all, entry, nil
}

func (s *stage) Parent(context.Context, freehold.Name) (resolve.Parent, error) {
	return resolve.Parent{NS: [][]freehold.Host{s.ns}, DS: [][]freehold.DS{s.ds}, Asked: 1 + s.silent, Silent: s.silent}, nil
}

func (s *stage) Serves(context.Context, []freehold.Host, *freehold.Zone) ([]string, error) {
	return s.wrong, nil
}

func (s *stage) Delegate(_ context.Context, _ freehold.Name, ns []freehold.Host) error {
	s.calls = append(s.calls, "delegate to "+hosts(ns))
	if !s.slow {
		s.ns = ns
	}
	return nil
}

func (s *stage) SetDS(_ context.Context, _ freehold.Name, ds []freehold.DS) error {
	s.calls = append(s.calls, fmt.Sprintf("set %d DS", len(ds)))
	s.ds = ds
	return nil
}

// shelf is a target of variables.
type shelf struct{ zone *freehold.Zone }

func (s *shelf) Traits() dnsexport.Traits { return dnsexport.Traits{Name: "Shelf", Creates: true} }

func (s *shelf) Read(context.Context, freehold.Name) (*freehold.Zone, error) { return s.zone, nil }

func (s *shelf) Create(context.Context, freehold.Name) error { return nil }

func (s *shelf) Change(_ context.Context, _ freehold.Name, changes []dnsexport.Change) error {
	for _, c := range changes {
		s.zone.Records = slices.DeleteFunc(s.zone.Records, func(r freehold.Record) bool { return r.Owner.Equal(c.Set.Owner) && r.Type == c.Set.Type })
		for _, d := range c.Set.Data {
			s.zone.Records = append(s.zone.Records, freehold.Record{Owner: c.Set.Owner, Class: freehold.ClassIN, Type: c.Set.Type, TTL: c.Set.TTL, Data: d})
		}
	}
	s.zone.Sort()
	return nil
}

// signingShelf signs with the key 2.
type signingShelf struct{ *shelf }

func (signingShelf) Sign(context.Context, freehold.Name) ([]freehold.DS, error) {
	return []freehold.DS{{KeyTag: 2, Algorithm: 13, DigestType: 2, Digest: "bb"}}, nil
}

// TestStops: the move stops where going on would harm, and says why.
func TestStops(t *testing.T) {
	ctx := context.Background()
	set := func(change func(*Situation)) (*Mover, *stage, *memory, Situation, *time.Time) {
		s := situation(t)
		s.Edits, s.Delegates = false, true
		change(&s)
		p, err := Make(s)
		if err != nil {
			t.Fatal(err)
		}
		clock := now
		st := &stage{ns: s.Parent.NS, ds: []freehold.DS{{KeyTag: 1, Algorithm: 13, DigestType: 2, Digest: "aa"}}}
		kept := &memory{}
		empty := dnsexporttest.Zone(t, s.Name, "")
		m := &Mover{Target: &shelf{empty}, Registrar: st, Look: st, Memory: kept, Now: func() time.Time { return clock }}
		if err := m.Begin(ctx, p, p.Digest()); err != nil {
			t.Fatal(err)
		}
		return m, st, kept, s, &clock
	}
	plain := func(*Situation) {}

	t.Run("waits and goes on", func(t *testing.T) {
		m, st, _, s, clock := set(plain)
		var w *Waiting
		if err := m.Apply(ctx, s.Zone); !errors.As(err, &w) || w.Step.Kind != freehold.StepUnsign || freehold.KindOf(err) != freehold.KindWaiting {
			t.Fatalf("%v", err)
		}
		if len(st.calls) != 1 {
			t.Errorf("calls %q", st.calls)
		}
		*clock = w.Until.Add(-time.Second)
		if err := m.Apply(ctx, s.Zone); !errors.As(err, &w) {
			t.Errorf("a second too early: %v", err)
		}
		*clock = w.Until
		if err := m.Apply(ctx, s.Zone); !errors.As(err, &w) || w.Step.Kind != freehold.StepKeep {
			t.Errorf("%v", err)
		}
		*clock = w.Until
		if err := m.Apply(ctx, s.Zone); err != nil {
			t.Error(err)
		}
		if got := strings.Join(st.calls, "; "); got != "set 0 DS; delegate to ns1.new.test, ns2.new.test" {
			t.Errorf("calls %s", got)
		}
	})
	t.Run("new servers lag", func(t *testing.T) {
		m, st, _, s, _ := set(plain)
		st.wrong = []string{"shop.test. MX at 192.0.2.1: no answer"}
		if err := m.Apply(ctx, s.Zone); err == nil || !strings.Contains(err.Error(), "shop.test. MX") || len(st.calls) > 0 {
			t.Errorf("%v, calls %q", err, st.calls)
		}
	})
	t.Run("still signed", func(t *testing.T) {
		m, st, _, s, _ := set(func(s *Situation) { s.Parent.Signed = false })
		if err := m.Apply(ctx, s.Zone); err == nil || !strings.Contains(err.Error(), "still has a DS") || len(st.calls) > 0 {
			t.Errorf("%v, calls %q", err, st.calls)
		}
	})
	t.Run("somebody else moved it", func(t *testing.T) {
		m, st, _, s, _ := set(func(s *Situation) { s.Parent.Signed = false })
		st.ds, st.ns = nil, []freehold.Host{host(t, "ns.thief.test")}
		if err := m.Apply(ctx, s.Zone); !errors.Is(err, dnsexport.ErrChanged) || len(st.calls) > 0 {
			t.Errorf("%v, calls %q", err, st.calls)
		}
	})
	t.Run("the zone changed", func(t *testing.T) {
		m, _, _, s, _ := set(plain)
		s.Zone.Records[len(s.Zone.Records)-1].Data = "\x00\x00"
		if err := m.Apply(ctx, s.Zone); !errors.Is(err, dnsexport.ErrChanged) {
			t.Errorf("%v", err)
		}
	})
	t.Run("the record was edited", func(t *testing.T) {
		m, _, kept, s, _ := set(plain)
		kept.b = []byte(strings.Replace(string(kept.b), "Shelf", "Thief", 1))
		kept.b = []byte(strings.Replace(string(kept.b), "New DNS", "Thief DNS", 1))
		if err := m.Apply(ctx, s.Zone); freehold.KindOf(err) != freehold.KindDamaged {
			t.Errorf("%v", err)
		}
	})
	t.Run("registry publishes late", func(t *testing.T) {
		m, st, _, s, clock := set(func(s *Situation) { s.Parent.Signed = false })
		st.ds, st.slow = nil, true
		var w *Waiting
		if err := m.Apply(ctx, s.Zone); !errors.As(err, &w) || w.Step.Kind != freehold.StepDelegate || w.Until.IsZero() {
			t.Fatalf("%v", err)
		}
		st.ns, *clock = s.NameServers, w.Until
		if err := m.Apply(ctx, s.Zone); !errors.As(err, &w) || w.Step.Kind != freehold.StepKeep {
			t.Errorf("%v", err)
		}
		if len(st.calls) != 1 {
			t.Errorf("asked the registrar %d times: %q", len(st.calls), st.calls)
		}
	})
	t.Run("signed all the way", func(t *testing.T) {
		m, st, _, s, clock := set(func(s *Situation) { s.Cooperates = true })
		ksk := func(tag uint16) freehold.DNSKEY { return freehold.DNSKEY{KeyTag: tag, Algorithm: 13, Flags: 257} }
		zsk := func(tag uint16) freehold.DNSKEY { return freehold.DNSKEY{KeyTag: tag, Algorithm: 13, Flags: 256} }
		st.keys = map[string][]freehold.DNSKEY{"ns1.old.test": {ksk(1), zsk(11)}, "ns1.new.test": {ksk(2), zsk(22)}}
		m.Target = signingShelf{m.Target.(*shelf)}
		var w *Waiting
		if err := m.Apply(ctx, s.Zone); !errors.As(err, &w) || w.Step.Kind != freehold.StepShareKeys || !w.Until.IsZero() {
			t.Fatalf("keys not shared: %v", err)
		}
		st.keys = map[string][]freehold.DNSKEY{"ns1.old.test": {ksk(1), zsk(11), zsk(22)}, "ns1.new.test": {ksk(2), zsk(22), zsk(11)}}
		for range 5 {
			err := m.Apply(ctx, s.Zone)
			if err == nil {
				break
			}
			if !errors.As(err, &w) || w.Until.IsZero() {
				t.Fatal(err)
			}
			*clock = w.Until
		}
		if got := strings.Join(st.calls, "; "); got != "set 2 DS; delegate to ns1.new.test, ns2.new.test; set 1 DS" || st.ds[0].KeyTag != 2 {
			t.Errorf("calls %s, DS %v", got, st.ds)
		}
	})
	t.Run("taken back", func(t *testing.T) {
		m, st, _, s, clock := set(plain)
		var w *Waiting
		m.Apply(ctx, s.Zone)
		*clock = clock.Add(7 * time.Hour)
		if err := m.Apply(ctx, s.Zone); !errors.As(err, &w) || w.Step.Kind != freehold.StepKeep {
			t.Fatalf("%v", err)
		}
		// The old DS must not come back while resolvers remember the new servers.
		if err := m.TakeBack(ctx); !errors.As(err, &w) || w.Step.Kind != freehold.StepUnsign || w.Until.Before(clock.Add(24*time.Hour)) {
			t.Fatalf("%v", err)
		}
		if err := m.Apply(ctx, s.Zone); freehold.KindOf(err) != freehold.KindInvalid {
			t.Errorf("going on while it is taken back: %v", err)
		}
		*clock = w.Until
		if err := m.TakeBack(ctx); err != nil {
			t.Error(err)
		}
		if got := strings.Join(st.calls, "; "); got != "set 0 DS; delegate to ns1.new.test, ns2.new.test; delegate to ns1.old.test; set 1 DS" || st.ds[0].Digest != "aa" {
			t.Errorf("calls %s", got)
		}
	})
}
