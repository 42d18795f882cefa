package work

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"freehold"
	"freehold/registrar/transfer"
)

// leases are those of a store, in memory.
type leases struct {
	mu    sync.Mutex
	fence int64
	held  map[string]freehold.Lease
}

func (l *leases) TakeLease(_ context.Context, thing, holder string, now, until time.Time) (freehold.Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if is, ok := l.held[thing]; ok && is.Until.After(now) {
		return freehold.Lease{}, &freehold.Error{Kind: freehold.KindBusy, Text: freehold.T("held")}
	}
	l.fence++
	l.held[thing] = freehold.Lease{Thing: thing, Holder: holder, Fence: l.fence, Until: until}
	return l.held[thing], nil
}

func (l *leases) KeepLease(_ context.Context, is freehold.Lease, until time.Time) (freehold.Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[is.Thing].Fence != is.Fence {
		return is, &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("lost")}
	}
	is.Until = until
	l.held[is.Thing] = is
	return is, nil
}

func (l *leases) EndLease(_ context.Context, is freehold.Lease) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[is.Thing].Fence == is.Fence {
		delete(l.held, is.Thing)
	}
	return nil
}

// TestSlots: two processes share three sessions; those of one that was killed come back
// in time, those of one that lives stay its own, and one that slept is told.
func TestSlots(t *testing.T) {
	ctx := t.Context()
	store := &leases{held: map[string]freehold.Lease{}}
	var mu sync.Mutex
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	ticks := make(chan time.Time)
	never := make(chan time.Time)
	lost := make(chan error, 1)
	lives := &Slots{Store: store, Account: "registry", Cap: 3, Holder: "a", Now: clock, Every: func(time.Duration) <-chan time.Time { return ticks }, Lost: func(err error) { lost <- err }}
	killed := &Slots{Store: store, Account: "registry", Cap: 3, Holder: "b", Now: clock, Every: func(time.Duration) <-chan time.Time { return never }}
	take := func(s *Slots) func() {
		t.Helper()
		free, err := s.Take(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return free
	}
	mine := take(lives)
	take(killed)
	third := take(killed)
	if _, err := lives.Take(ctx); !errors.Is(err, transfer.ErrNoSlot) || freehold.KindOf(err) != freehold.KindUnavailable {
		t.Errorf("a fourth of three: %v", err)
	}
	third()
	take(killed)
	pass(time.Minute)
	ticks <- now // the one that lives renews
	ticks <- now // and has done so once this is read
	pass(90 * time.Second)
	take(lives)()
	fresh := take(lives)
	if _, err := killed.Take(ctx); err != nil { // the second of the killed one's
		t.Errorf("what the killed one held never came back: %v", err)
	}
	if _, err := killed.Take(ctx); !errors.Is(err, transfer.ErrNoSlot) {
		t.Errorf("a fourth of three, later: %v", err)
	}
	fresh()
	pass(time.Hour) // it slept through its lease
	take(killed)
	ticks <- now
	if err := <-lost; freehold.KindOf(err) != freehold.KindPermission {
		t.Errorf("told %v", err)
	}
	mine()
}
