package transfer

import (
	"context"
	"errors"
	"slices"

	"freehold"
)

// Pool is an account at a registry with several sessions: each call takes one that is
// free, the one that was used last, so that as few as needed are open.
type Pool struct {
	all  []*EPP
	free chan []*EPP // one slice: the stack of those that are free
	wake chan struct{}
}

// NewPool makes a pool of n sessions at the most, without connecting.
func NewPool(c EPPConfig, n int) *Pool {
	p := &Pool{free: make(chan []*EPP, 1), wake: make(chan struct{}, max(1, n))}
	for range max(1, n) {
		p.all = append(p.all, NewEPP(c))
		p.wake <- struct{}{}
	}
	p.free <- slices.Clone(p.all)
	return p
}

// with runs f on a session that nobody else uses meanwhile.
func (p *Pool) with(ctx context.Context, f func(*EPP) error) error {
	select {
	case <-p.wake:
	case <-ctx.Done():
		return ctx.Err()
	}
	stack := <-p.free
	e := stack[len(stack)-1]
	p.free <- stack[:len(stack)-1]
	defer func() {
		p.free <- append(<-p.free, e)
		p.wake <- struct{}{}
	}()
	return f(e)
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
