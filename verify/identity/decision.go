package identity

import (
	"slices"
	"time"

	"freehold"
)

// signedWithin is how far a decision's own time may lie from the moment it is
// entered: an old one brought again, or one dated otherwise, is none.
const signedWithin = 15 * time.Minute

// Decide writes a decision of an operator on a case as it stands, ready to be
// signed over its Statement.
func (p Policy) Decide(c freehold.Case, kind freehold.DecisionKind, operator string, now time.Time) freehold.Decision {
	return freehold.Decision{Case: c.ID, Name: c.Name, Act: c.Act, Kind: kind, Basis: c.Basis(), Policy: p.Version(), Operator: operator, Time: now.UTC().Truncate(time.Second)}
}

// A Keeper adds events to cases. What needs a judgement it judges: a decision's
// signature and reason, whether a release may begin and a code be handed over.
// The zero Keeper trusts no key and lets nothing go.
type Keeper struct {
	Policy  Policy
	Signers Signers
}

// Add returns the case with one more event, or says why it cannot happen. Errors
// are of KindPermission, KindInvalid, or KindWaiting where time alone is missing.
func (k Keeper) Add(c freehold.Case, e freehold.CaseEvent) (freehold.Case, error) {
	err := plausible(e)
	if err != nil {
		return c, err
	}
	switch b := e.Body.(type) {
	case freehold.Decided:
		err = k.checkDecision(c, b, e.At)
	case freehold.ReleaseBegun:
		err = k.checkRelease(c, b, e.At)
	case freehold.CodeRevealed:
		err = k.MayReveal(c, e.At)
	case freehold.CheckEnded:
		err = checkEnded(b)
	}
	if err != nil {
		return c, err
	}
	return c.With(e)
}

// checkEnded refuses a check that is none of ours, and one that needs a token and
// passed without.
func checkEnded(b freehold.CheckEnded) error {
	m, ok := MethodOf(b.Method)
	if !ok {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("there is no check %q", b.Method)}
	}
	if m.Life > 0 && b.Outcome == freehold.CheckPassed && b.Ask == "" {
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the check %q passes with a token only", b.Method)}
	}
	return nil
}

// verified checks that the operator it names signed a decision with an enrolled key.
func (k Keeper) verified(d freehold.Decided) error {
	fingerprint, err := k.Signers.Verify(d.Decision.Operator, Namespace, d.Decision.Statement(), d.Signature, d.Decision.Time)
	if err == nil && fingerprint != d.Key {
		err = &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the decision names another key than the one that signed it")}
	}
	return err
}

func (k Keeper) checkDecision(c freehold.Case, d freehold.Decided, at time.Time) error {
	if err := k.verified(d); err != nil {
		return err
	}
	if gap := at.Sub(d.Decision.Time); gap > signedWithin || gap < 0 {
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the decision was not signed just now: it is dated %s", d.Decision.Time.UTC().Format(time.RFC3339))}
	}
	if d.Decision.Policy != k.Policy.Version() {
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the decision was taken under the policy %q, not under %q", d.Decision.Policy, k.Policy.Version())}
	}
	if err := k.Policy.MayRefuse(d.Decision); err != nil {
		return err
	}
	if d.Decision.Reason == "identity_dispute" && !c.Doubted && len(c.Disputes) == 0 {
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("nobody disputes who the registrant is, and no doubt is written on the case"), Advice: freehold.T("what is not proven yet is not refused: say what would suffice")}
	}
	if d.Decision.Kind != freehold.DecisionRelease {
		return nil
	}
	return unproven(Evaluate(c, k.Policy, at))
}

// unproven says why an assessment lets nothing go, whatever time passes; nil if
// only time and signatures are missing.
func unproven(a Assessment) error {
	switch {
	case a.Stopped:
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("an objection of a holder stops it"), Advice: freehold.T("decide the objection first")}
	case len(a.Undecided) > 0:
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the objection or claim %q is not decided", a.Undecided[0]), Advice: freehold.T("decide the objection first")}
	case !a.Enough:
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("not enough is proven about who asks")}
	}
	return nil
}

// MayRelease judges whether a release may begin at a moment, and returns the event
// that begins it. Errors are of KindPermission, or of KindWaiting where time or a
// second signature is missing.
func (k Keeper) MayRelease(c freehold.Case, now time.Time) (freehold.ReleaseBegun, error) {
	if len(k.Policy.Levels) == 0 {
		return freehold.ReleaseBegun{}, &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("without an identity policy nothing is released")}
	}
	a := Evaluate(c, k.Policy, now)
	if err := unproven(a); err != nil {
		return freehold.ReleaseBegun{}, err
	}
	if !a.Hold.IsZero() {
		return freehold.ReleaseBegun{}, &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("nothing is released before %s", a.Hold.UTC().Format(time.RFC3339))}
	}
	begun := freehold.ReleaseBegun{Basis: c.Basis()}
	for _, d := range c.Standing(freehold.DecisionRelease) {
		// The signers' file may have changed since: who was struck off it decides nothing.
		// What was approved under another policy was another question.
		if d.Decision.Policy == k.Policy.Version() && k.verified(d) == nil {
			begun.Approvals = append(begun.Approvals, d.Decision.Digest())
		}
	}
	if len(begun.Approvals) < a.Keys {
		return freehold.ReleaseBegun{}, &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("%d of %d operators have approved it, each with a key of their own", len(begun.Approvals), a.Keys)}
	}
	return begun, nil
}

func (k Keeper) checkRelease(c freehold.Case, b freehold.ReleaseBegun, at time.Time) error {
	may, err := k.MayRelease(c, at)
	if err != nil {
		return err
	}
	if b.Basis != may.Basis || !slices.Equal(b.Approvals, may.Approvals) {
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("a release rests on approvals of the case as it is now")}
	}
	return nil
}

// MayReveal judges anew, with all that came up since the release began, whether the
// code may be handed over.
func (k Keeper) MayReveal(c freehold.Case, now time.Time) error {
	if len(k.Policy.Levels) == 0 {
		return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("without an identity policy nothing is released")}
	}
	a := Evaluate(c, k.Policy, now)
	if err := unproven(a); err != nil {
		return err
	}
	if !a.Hold.IsZero() {
		return &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("nothing is released before %s", a.Hold.UTC().Format(time.RFC3339))}
	}
	if len(c.Release.Approvals) < a.Keys {
		return &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("%d of %d operators have approved it, each with a key of their own", len(c.Release.Approvals), a.Keys)}
	}
	return nil
}
