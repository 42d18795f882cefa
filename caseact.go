package freehold

import (
	"cmp"
	"slices"
	"time"
)

// This file holds what can happen to a case once somebody decides: decisions,
// the release and what the registry says afterwards.

func (b Decided) happen(c *Case, e CaseEvent) error {
	d := b.Decision
	switch {
	case d.Case != c.ID || d.Name != c.Name || d.Act != c.Act:
		return refusal(T("the decision is about another case, name or act"))
	case d.Kind == DecisionNone || d.Operator == "" || b.Key == "" || d.Time.IsZero():
		return refusal(T("a decision needs a kind, an operator, a key and a time"))
	case d.Basis != c.Basis():
		return refusal(T("the decision rests on a state of the case that has changed since"))
	case slices.ContainsFunc(c.Decisions, func(o Decided) bool { return o.Decision.Digest() == d.Digest() }):
		return refusal(T("this decision was entered already"))
	case d.Time.Before(c.OpenedAt) || d.Time.After(e.At):
		return refusal(T("the decision is dated before the case or after today"))
	}
	if err := c.fits(d); err != nil {
		return err
	}
	at, _ := slices.BinarySearchFunc(c.Decisions, d.Digest(), func(o Decided, digest string) int { return cmp.Compare(o.Decision.Digest(), digest) })
	c.Decisions = slices.Insert(c.Decisions, at, b)
	c.settle(d)
	return nil
}

// fits says why a decision of this kind cannot be taken in the state of the case.
func (c *Case) fits(d Decision) error {
	stands := c.State == CaseSet || c.State == CaseRevealed
	switch d.Kind {
	case DecisionRelease:
		if c.State != CaseOpen {
			return refusal(T("a case that is %q cannot be approved", c.State))
		}
	case DecisionNotProven, DecisionNotOurs:
		if c.State != CaseOpen {
			return refusal(T("a case that is %q is past that answer", c.State))
		}
	case DecisionRefuse:
		if c.State != CaseOpen && !stands {
			return refusal(T("a case that is %q cannot be refused", c.State))
		}
		if d.Reason == "" && !d.Free || d.Free && d.Words == "" {
			return refusal(T("a refusal needs a reason"))
		}
	case DecisionRejectTransfer, DecisionApproveTransfer:
		if len(c.Transfers) == 0 || c.Transfers[len(c.Transfers)-1].State != "pending" {
			return refusal(T("no transfer is pending"))
		}
		if d.Kind == DecisionApproveTransfer && c.State != CaseRevealed {
			return refusal(T("a transfer is let through early only where the code was handed over"))
		}
		if d.Kind == DecisionRejectTransfer && (d.Reason == "" && !d.Free || d.Free && d.Words == "") {
			return refusal(T("a refusal needs a reason"))
		}
	case DecisionSettle:
		if x := c.Dispute(d.Dispute); x == nil || x.Settled {
			return refusal(T("there is no open objection or claim %q to settle", d.Dispute))
		}
	}
	return nil
}

// settle draws the consequences of a decision. A free reason takes two operators.
func (c *Case) settle(d Decision) {
	switch d.Kind {
	case DecisionNotOurs:
		c.State = CaseNotOurs
	case DecisionRefuse:
		agreed := slices.DeleteFunc(c.Standing(DecisionRefuse), func(o Decided) bool { return o.Decision.Reason != d.Reason || o.Decision.Free != d.Free })
		if !d.Free || len(agreed) > 1 {
			c.State = CaseRefused
		}
	case DecisionSettle:
		x := c.Dispute(d.Dispute)
		x.Settled, x.Upheld = true, d.Upheld
	}
}

func (b ReleaseBegun) happen(c *Case, _ CaseEvent) error {
	standing := c.Standing(DecisionRelease)
	switch {
	case c.State != CaseOpen:
		return refusal(T("a case that is %q cannot be released", c.State))
	case b.Basis != c.Basis() || len(b.Approvals) == 0:
		return refusal(T("a release rests on approvals of the case as it is now"))
	}
	for _, want := range b.Approvals {
		if !slices.ContainsFunc(standing, func(d Decided) bool { return d.Decision.Digest() == want }) {
			return refusal(T("an approval it rests on does not stand"))
		}
	}
	b.Approvals = slices.Clone(b.Approvals)
	c.Release, c.State = b, CaseReleasing
	return nil
}

func (ReleaseFailed) happen(c *Case, _ CaseEvent) error {
	if c.State != CaseReleasing {
		return refusal(T("no release is under way"))
	}
	c.Release, c.State = ReleaseBegun{}, CaseOpen
	return nil
}

// unmoved tells whether nothing came up since the release began.
func (c *Case) unmoved() bool { return c.Release.Basis == c.Basis() }

// CodeSet tells what the registry has done, so it is entered even where something
// came up meanwhile: the code is then unset and never handed over.
func (b CodeSet) happen(c *Case, e CaseEvent) error {
	switch {
	case c.Act != ActCode || c.State != CaseReleasing && c.State != CaseSet:
		return refusal(T("a code is set in a release only"))
	case !b.Expires.After(e.At):
		return refusal(T("a code needs a time after which it is gone"))
	}
	c.State, c.CodeUntil = CaseSet, b.Expires
	return nil
}

func (b CodeRevealed) happen(c *Case, e CaseEvent) error {
	switch {
	case c.State == CaseRevealed:
		return refusal(T("the code was handed over already"))
	case c.State != CaseSet:
		return refusal(T("there is no code to hand over"))
	case !c.unmoved():
		return refusal(T("something came up since the release began"))
	case !e.At.Before(c.CodeUntil):
		return refusal(T("the code has expired"))
	}
	c.State = CaseRevealed
	c.spend()
	return nil
}

// spend uses the approvals of the release up.
func (c *Case) spend() { c.spent = append(c.spent, c.Release.Approvals...) }

func (CodeUnset) happen(c *Case, _ CaseEvent) error {
	if c.CodeUntil.IsZero() {
		return refusal(T("there is no code to unset"))
	}
	if c.State == CaseSet || c.State == CaseRevealed {
		c.spend()
		c.State = CaseOpen
	}
	c.Release = ReleaseBegun{}
	c.CodeUntil = time.Time{}
	return nil
}

func (ActDone) happen(c *Case, _ CaseEvent) error {
	if c.Act == ActCode || c.State != CaseReleasing {
		return refusal(T("an act is done in a release only"))
	}
	c.spend()
	c.State = CaseDone
	return nil
}

func (b TransferSeen) happen(c *Case, _ CaseEvent) error {
	c.Transfers = append(c.Transfers, b)
	if (b.State == "clientApproved" || b.State == "serverApproved") && c.State == CaseRevealed {
		c.State, c.CodeUntil = CaseDone, time.Time{} // the registry unsets a code that was used (RFC 9154 §5.4)
	}
	return nil
}

func (b Reopened) happen(c *Case, _ CaseEvent) error {
	if c.State != CaseRefused && c.State != CaseNotOurs || b.Why == "" {
		return refusal(T("only a refused case is reopened, and with a reason"))
	}
	c.State = CaseOpen
	return nil
}

func (b Closed) happen(c *Case, _ CaseEvent) error {
	if c.State == CaseReleasing || !c.CodeUntil.IsZero() {
		return refusal(T("a case is not closed while a release is under way or a code stands"))
	}
	c.State, c.Ended = CaseClosed, b
	return nil
}

func (Noted) happen(*Case, CaseEvent) error { return nil }
