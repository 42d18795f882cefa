package ovh

import (
	"context"
	"testing"
	"time"

	"freehold"
	"freehold/internal/policy"
	"freehold/internal/providerapi"
	"freehold/registrar/registrartest"
	"freehold/registrar/registrartest/shapes"
)

var today = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func client(t *testing.T, s *shapes.Store) *Client {
	t.Helper()
	rules, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(providerapi.Config{Base: shapes.OVH(t, s), Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}, shapes.OVHKeys,
		func(n freehold.Name) policy.Profile { return rules.For(n, today) }, func() time.Time { return today })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const ours = "old-shop.com"

func TestOVH(t *testing.T) {
	for _, lag := range []int{0, 3} {
		registrartest.Run(t, func(t *testing.T) *registrartest.World {
			s := shapes.New(ours)
			s.Do(ours, func(d *shapes.Domain) { d.Lag = lag })
			return registrartest.Over(t, client(t, s), s, ours)
		})
	}
}

// TestStates: what is said of a name by its state and its lock.
func TestStates(t *testing.T) {
	name, _ := freehold.ParseName(ours)
	for _, c := range []struct {
		state           string
		pending, barred bool
		locked          bool
	}{
		{"ok", false, false, true}, {"outgoing_transfer", true, false, true}, {"dispute", false, true, true}, {"no lock", false, false, false}, {"expired", false, false, true},
	} {
		s := shapes.New(ours)
		s.Do(ours, func(d *shapes.Domain) { d.Statuses = []string{c.state} })
		got, err := client(t, s).Look(t.Context(), name)
		if err != nil || !got.Ours || got.Pending != c.pending || len(got.Barred) > 0 != c.barred || got.Locked != c.locked {
			t.Errorf("%s: %+v, %v", c.state, got, err)
		}
	}
}

// TestNoLock: where the registry has no lock, a code is had as it is, and none is put on.
func TestNoLock(t *testing.T) {
	name, _ := freehold.ParseName(ours)
	s := shapes.New(ours)
	s.Do(ours, func(d *shapes.Domain) { d.Statuses, d.Locked = []string{"no lock"}, false })
	c := client(t, s)
	if code, err := c.Fetch(t.Context(), name, true); err != nil || code.IsZero() {
		t.Error(err)
	}
	if err := c.Lock(t.Context(), name, true); freehold.KindOf(err) != freehold.KindInvalid {
		t.Error(err)
	}
}

// TestTag: a .uk name is pushed to a tag.
func TestTag(t *testing.T) {
	name, _ := freehold.ParseName("old-shop.co.uk")
	s := shapes.New("old-shop.co.uk")
	c := client(t, s)
	if err := c.Push(t.Context(), name, "NEW-TAG"); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Look(t.Context(), name); err != nil || !got.Pending {
		t.Errorf("%+v, %v", got, err)
	}
}
