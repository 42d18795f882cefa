package desk

import (
	"context"

	"freehold"
	"freehold/registrar/transfer"
)

// Locked is how a name stands after it was looked at in a lockdown.
type Locked struct {
	Name freehold.Name
	Case string // whose code stood; empty: none of ours did
	// Code says what became of its code, and Lock of its transfer lock.
	Code CodeFate
	Lock bool
	// Pending: a transfer is under way, and no code stops it any more: it has to be
	// rejected before the registry lets it through.
	Pending bool
	Err     error
}

// CodeFate says what became of a code in a lockdown.
type CodeFate uint8

// The fates. The zero value is unknown: it was not found out.
const (
	CodeUnknown  CodeFate = iota
	CodeTaken             // unset, or replaced by one that nobody keeps
	CodeStands            // it stands until its own time: it cannot be taken back here
	CodeNotOurs           // the name is with another registrar
	CodeUntried           // nothing was changed: a dry run
	CodeBusyMove          // a transfer is pending: the registry changes nothing now
)

// Lockdown leaves no code of a name at the registry, whoever set it, and locks it. The
// case whose code stands is revoked by revoke first, which signs. Doing it again does no
// harm, so one that was cut off is done again. Without do it only looks.
func (d *Desk) Lockdown(ctx context.Context, name freehold.Name, do bool, revoke func(ctx context.Context, id string) error) Locked {
	out := Locked{Name: name}
	if out.Case, out.Err = d.standing(ctx, name); out.Err != nil {
		return out
	}
	reg, err := d.Registrar(name)
	if err != nil {
		out.Err = err
		return out
	}
	if out.Case != "" && do {
		if out.Err = revoke(ctx, out.Case); out.Err != nil {
			return out
		}
		if _, out.Err = d.Advance(ctx, out.Case); out.Err != nil {
			return out
		}
	}
	d.locked(ctx, reg, do, &out)
	return out
}

// standing finds the case of a name whose code stands.
func (d *Desk) standing(ctx context.Context, name freehold.Name) (string, error) {
	lines, err := d.Store.CasesOf(ctx, name)
	if err != nil {
		return "", err
	}
	for _, l := range lines {
		row, err := d.Store.Case(ctx, l.ID)
		if err != nil {
			return "", err
		}
		if !row.Case.CodeUntil.IsZero() {
			return l.ID, nil
		}
	}
	return "", nil
}

// locked takes whatever code there is back, and puts the lock on.
func (d *Desk) locked(ctx context.Context, reg transfer.Registrar, do bool, out *Locked) {
	state, err := reg.Look(ctx, out.Name)
	if err != nil {
		out.Err = err
		return
	}
	out.Lock, out.Pending = state.Locked, state.Pending
	able := reg.Able(out.Name)
	switch {
	case !state.Ours:
		out.Code = CodeNotOurs
		return
	case state.Pending:
		out.Code = CodeBusyMove
		return
	case !do:
		out.Code = CodeUntried
		return
	}
	u, unsets := reg.(transfer.Unsetter)
	l, locks := reg.(transfer.Locker)
	if unsets && able.Unsets {
		if out.Err = u.Unset(ctx, out.Name, able.Locks && !state.Locked); out.Err != nil {
			return
		}
		out.Code, out.Lock = CodeTaken, state.Locked || able.Locks
		return
	}
	out.Code = CodeStands
	if locks && able.Locks && !state.Locked {
		if out.Err = l.Lock(ctx, out.Name, true); out.Err == nil {
			out.Lock = true
		}
	}
}
