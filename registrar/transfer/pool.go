package transfer

import (
	"context"
	"errors"
	"sync"
	"time"

	"freehold"
)

// ErrNoSlot is wrapped by the error of an EPPConfig.Slot that has no session to give:
// others hold all that the registry allows.
var ErrNoSlot = errors.New("others hold them")

// Pool is an account at a registry with several sessions: each call takes one that is
// free, the one that was used last, so that as few as needed are open. One that gets
// no slot is left alone for a while, and those that are open do its work.
type Pool struct {
	all []*EPP
	now func() time.Time

	mu     sync.Mutex
	free   []*EPP // a stack
	parked []parked
	wake   chan struct{} // closed, and made anew, when something became free
}

type parked struct {
	*EPP
	until time.Time
}

// parkTime is how long a session that got no slot is left alone.
const parkTime = 5 * time.Second

// NewPool makes a pool of n sessions at the most, without connecting.
func NewPool(c EPPConfig, n int) *Pool {
	p := &Pool{now: time.Now, wake: make(chan struct{})}
	for range max(1, n) {
		p.all = append(p.all, NewEPP(c))
	}
	p.free = append(p.free, p.all...)
	return p
}

// with runs f on a session that nobody else uses meanwhile.
func (p *Pool) with(ctx context.Context, f func(*EPP) error) error {
	for {
		e, err := p.take(ctx)
		if err != nil {
			return err
		}
		err = f(e)
		if errors.Is(err, ErrNoSlot) && p.park(e) {
			continue
		}
		p.give(e)
		return err
	}
}

// take waits for a session.
func (p *Pool) take(ctx context.Context) (*EPP, error) {
	for {
		p.mu.Lock()
		if n := len(p.free); n > 0 {
			e := p.free[n-1]
			p.free = p.free[:n-1]
			p.mu.Unlock()
			return e, nil
		}
		if len(p.parked) > 0 && p.now().After(p.parked[0].until) {
			e := p.parked[0].EPP
			p.parked = p.parked[1:]
			p.mu.Unlock()
			return e, nil
		}
		wake := p.wake
		p.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (p *Pool) give(e *EPP) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, e)
	close(p.wake)
	p.wake = make(chan struct{})
}

// park leaves a session alone that got no slot; false where no other one is left.
func (p *Pool) park(e *EPP) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.parked) == len(p.all)-1 {
		return false
	}
	p.parked = append(p.parked, parked{e, p.now().Add(parkTime)})
	return true
}

// Title names the account.
func (p *Pool) Title() string { return p.all[0].Title() }

// Able says what the rules allow.
func (p *Pool) Able(name freehold.Name) Ability { return p.all[0].Able(name) }

// Close logs out everywhere.
func (p *Pool) Close() error {
	var all []error
	for _, e := range p.all {
		all = append(all, e.Close())
	}
	return errors.Join(all...)
}

// Look is EPP's.
func (p *Pool) Look(ctx context.Context, name freehold.Name) (s State, err error) {
	err = p.with(ctx, func(e *EPP) error { s, err = e.Look(ctx, name); return err })
	return s, err
}

// Set is EPP's.
func (p *Pool) Set(ctx context.Context, name freehold.Name, code freehold.TransferCode, unlock bool) error {
	return p.with(ctx, func(e *EPP) error { return e.Set(ctx, name, code, unlock) })
}

// Unset is EPP's.
func (p *Pool) Unset(ctx context.Context, name freehold.Name, relock bool) error {
	return p.with(ctx, func(e *EPP) error { return e.Unset(ctx, name, relock) })
}

// Lock is EPP's.
func (p *Pool) Lock(ctx context.Context, name freehold.Name, on bool) error {
	return p.with(ctx, func(e *EPP) error { return e.Lock(ctx, name, on) })
}

// Repoint is EPP's.
func (p *Pool) Repoint(ctx context.Context, name freehold.Name, servers []freehold.Host) error {
	return p.with(ctx, func(e *EPP) error { return e.Repoint(ctx, name, servers) })
}

// Delegate is EPP's.
func (p *Pool) Delegate(ctx context.Context, name freehold.Name, servers []freehold.Host) error {
	return p.with(ctx, func(e *EPP) error { return e.Delegate(ctx, name, servers) })
}

// SetDS is EPP's.
func (p *Pool) SetDS(ctx context.Context, name freehold.Name, ds []freehold.DS) error {
	return p.with(ctx, func(e *EPP) error { return e.SetDS(ctx, name, ds) })
}

// Poll is EPP's.
func (p *Pool) Poll(ctx context.Context) (m Message, ok bool, err error) {
	err = p.with(ctx, func(e *EPP) error { m, ok, err = e.Poll(ctx); return err })
	return m, ok, err
}

// Ack is EPP's.
func (p *Pool) Ack(ctx context.Context, id string) error {
	return p.with(ctx, func(e *EPP) error { return e.Ack(ctx, id) })
}

// Answer is EPP's.
func (p *Pool) Answer(ctx context.Context, name freehold.Name, approve bool) error {
	return p.with(ctx, func(e *EPP) error { return e.Answer(ctx, name, approve) })
}
