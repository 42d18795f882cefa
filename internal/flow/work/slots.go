package work

import (
	"context"
	"fmt"
	"time"

	"freehold"
	"freehold/registrar/transfer"
)

// Leaser is the part of a store that gives rights to work on things.
type Leaser interface {
	TakeLease(ctx context.Context, thing, holder string, now, until time.Time) (freehold.Lease, error)
	KeepLease(ctx context.Context, l freehold.Lease, until time.Time) (freehold.Lease, error)
	EndLease(context.Context, freehold.Lease) error
}

// Slots are the sessions of one account, shared by all processes on one store: at no
// moment hold all of them together more than the registry allows.
type Slots struct {
	Store   Leaser
	Account string
	Cap     int
	Holder  string // host and process
	Now     func() time.Time
	// Life is how long a slot of a killed process stays taken; 0 is two minutes.
	Life time.Duration
	// Every is how time passes between two renewals; nil is the clock of the machine.
	Every func(time.Duration) <-chan time.Time
	// Lost is told of a slot that was taken over, as its holder slept too long.
	Lost func(error)
}

// Take takes a free slot until free is called, which is when the session has ended.
// KindUnavailable where all are taken: later one may be free.
func (s *Slots) Take(ctx context.Context) (free func(), err error) {
	life := s.Life
	if life <= 0 {
		life = 2 * time.Minute
	}
	for i := range s.Cap {
		now := s.Now()
		l, err := s.Store.TakeLease(ctx, fmt.Sprintf("session %s %d", s.Account, i+1), s.Holder, now, now.Add(life))
		if freehold.KindOf(err) == freehold.KindBusy {
			continue
		}
		if err != nil {
			return nil, err
		}
		return s.keep(l, life), nil
	}
	return nil, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("all %d sessions of the account %q are taken", s.Cap, s.Account), Err: transfer.ErrNoSlot}
}

// keep renews a lease until it is given back.
func (s *Slots) keep(l freehold.Lease, life time.Duration) (free func()) {
	every := s.Every
	if every == nil {
		every = time.After
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-every(life / 3):
			}
			kept, err := s.Store.KeepLease(ctx, l, s.Now().Add(life))
			switch {
			case ctx.Err() != nil:
				return
			case err == nil:
				l = kept
			case freehold.KindOf(err) == freehold.KindPermission:
				if s.Lost != nil {
					s.Lost(err)
				}
				return
			}
		}
	}()
	return func() {
		stop()
		<-done
		_ = s.Store.EndLease(context.Background(), l) // or it runs out
	}
}
