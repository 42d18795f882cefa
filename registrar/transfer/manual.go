package transfer

import (
	"context"

	"freehold"
	"freehold/internal/policy"
)

// An Operator is a person at a terminal who works in the registrar's own panel.
type Operator interface {
	// Yes asks something that is answered by yes or no.
	Yes(ctx context.Context, question freehold.Text) (bool, error)
	// Secret asks for something that is typed and not shown.
	Secret(ctx context.Context, question freehold.Text) (freehold.TransferCode, error)
}

// Manual is an account without an interface: the operator does in the registrar's
// panel what it is told, and types what the panel shows. All the rest of a case is
// as with any other adapter.
type Manual struct {
	Operator Operator
	Rules    func(freehold.Name) policy.Profile
}

// Title names the way.
func (Manual) Title() string { return "manual" }

// Able: the panel shows the code; we draw none.
func (m Manual) Able(name freehold.Name) Ability {
	a := AbilityOf(m.Rules(name))
	if a.How == HowTag {
		return a
	}
	return Ability{How: HowFetch, Unsets: true, Locks: true, Why: a.Why}
}

func (m Manual) yes(ctx context.Context, question freehold.Text) (bool, error) {
	if m.Operator == nil {
		return false, errNobody
	}
	return m.Operator.Yes(ctx, question)
}

var errNobody = &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("an operator has to be at the terminal for this"), Advice: freehold.T("run it by hand: %s", "freehold desk release CASE")}

// done asks the operator to do something. Who says no has not done it.
func (m Manual) done(ctx context.Context, question freehold.Text) error {
	ok, err := m.yes(ctx, question)
	if err == nil && !ok {
		err = &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("the operator has not done it in the registrar's panel")}
	}
	return err
}

// Look asks the operator what the panel shows.
func (m Manual) Look(ctx context.Context, name freehold.Name) (s State, err error) {
	if s.Ours, err = m.yes(ctx, freehold.T("Is %s in your account at the registrar?", name.Unicode())); err != nil || !s.Ours {
		return s, err
	}
	s.Locked, err = m.yes(ctx, freehold.T("Is the transfer lock of %s on?", name.Unicode()))
	return s, err
}

// Fetch has the operator get the code and type it.
func (m Manual) Fetch(ctx context.Context, name freehold.Name, unlock bool) (freehold.TransferCode, error) {
	if unlock {
		if err := m.Lock(ctx, name, false); err != nil {
			return freehold.TransferCode{}, err
		}
	}
	if m.Operator == nil {
		return freehold.TransferCode{}, errNobody
	}
	return m.Operator.Secret(ctx, freehold.T("Ask the registrar's panel for a new transfer code of %s, and type it here (it is not shown):", name.Unicode()))
}

// Unset has the operator make the code worthless.
func (m Manual) Unset(ctx context.Context, name freehold.Name, relock bool) error {
	if err := m.done(ctx, freehold.T("Have the registrar's panel make a new transfer code for %s and do not note it. Done?", name.Unicode())); err != nil || !relock {
		return err
	}
	return m.Lock(ctx, name, true)
}

// Lock has the operator change the transfer lock.
func (m Manual) Lock(ctx context.Context, name freehold.Name, on bool) error {
	if on {
		return m.done(ctx, freehold.T("Put the transfer lock of %s on in the registrar's panel. Done?", name.Unicode()))
	}
	return m.done(ctx, freehold.T("Take the transfer lock of %s off in the registrar's panel. Done?", name.Unicode()))
}

// Push has the operator push the name.
func (m Manual) Push(ctx context.Context, name freehold.Name, to string) error {
	return m.done(ctx, freehold.T("Push %s to %q in the registrar's panel. Done?", name.Unicode(), to))
}

// Answer has the operator answer a pending transfer.
func (m Manual) Answer(ctx context.Context, name freehold.Name, approve bool) error {
	if approve {
		return m.done(ctx, freehold.T("Approve the transfer of %s in the registrar's panel. Done?", name.Unicode()))
	}
	return m.done(ctx, freehold.T("Reject the transfer of %s in the registrar's panel. Done?", name.Unicode()))
}
