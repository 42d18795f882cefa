package desk

import (
	"context"
	"errors"
	"time"

	"freehold"
	"freehold/registrar/transfer"
)

// guard looks after a code that stands: it goes when its time is over, when the
// release was revoked, or when something came up that forbids it.
func (w *work) guard(ctx context.Context) error {
	c := w.c()
	why := ""
	switch {
	case !w.at(c).Before(c.CodeUntil):
		why = "its time is over"
	case c.State == freehold.CaseSet || c.State == freehold.CaseRevealed:
		if err := w.moved(); err != nil {
			why = err.Error()
		}
	default:
		why = "the case is " + c.State.String()
	}
	if why == "" {
		return w.rest(ctx, c.CodeUntil, nil)
	}
	reg, err := w.Registrar(c.Name)
	if err != nil {
		return w.again(ctx, soon, err)
	}
	return w.unset(ctx, reg, why)
}

// unset takes a standing code back and writes that down.
func (w *work) unset(ctx context.Context, reg transfer.Registrar, why string) error {
	relock := w.unlocked()
	err := w.takeBack(ctx, reg, relock)
	switch {
	case errors.Is(err, errGone):
		why, relock = errGone.Error(), false
	case errors.Is(err, errPending):
		return w.again(ctx, later, err)
	case err != nil && freehold.KindOf(err) == freehold.KindWaiting:
		return w.rest(ctx, time.Time{}, err)
	case err != nil:
		return w.again(ctx, soon, err)
	}
	if err == nil && !takesBack(reg, w.c().Name) {
		why += "; the registrar takes no code back"
		relock = relock && reg.Able(w.c().Name).Locks
	}
	now := w.at(w.c())
	return w.put(ctx, addition{bodies: []freehold.CaseBody{freehold.CodeUnset{Why: freehold.OneLine(why), Relocked: relock}}, next: &now, drop: true})
}

var (
	errGone    = &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the name is with another registrar now")}
	errPending = &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("a transfer is pending: the registry changes nothing before it has ended")}
)

// takeBack leaves no code of ours at the registry, and the lock as it was. Doing it
// again does no harm.
func (w *work) takeBack(ctx context.Context, reg transfer.Registrar, relock bool) error {
	name := w.c().Name
	state, err := reg.Look(ctx, name)
	switch {
	case err != nil:
		return err
	case !state.Ours:
		return errGone
	case state.Pending:
		return errPending
	}
	relock = relock && !state.Locked
	if takesBack(reg, name) {
		return reg.(transfer.Unsetter).Unset(ctx, name, relock)
	}
	// The code ends by the registry's own time; behind a lock it moves nothing till then.
	if l, ok := reg.(transfer.Locker); ok && relock && reg.Able(name).Locks {
		return l.Lock(ctx, name, true)
	}
	return nil
}

// takesBack tells whether a code can be taken back there.
func takesBack(reg transfer.Registrar, name freehold.Name) bool {
	_, ok := reg.(transfer.Unsetter)
	return ok && reg.Able(name).Unsets
}

// unlocked tells whether the standing code came with the lock taken off.
func (w *work) unlocked() bool {
	unlocked := false
	for _, e := range w.row.Events {
		switch b := e.Body.(type) {
		case freehold.CodeSet:
			unlocked = unlocked || b.Unlocked
		case freehold.CodeUnset:
			unlocked = false
		}
	}
	return unlocked
}
