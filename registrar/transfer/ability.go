package transfer

import (
	"freehold"
	"freehold/internal/policy"
)

// AbilityOf says what the rules of a top-level domain leave to whoever sets codes
// through EPP. Where they do not say what a code looks like, two usual shapes are
// tried, the stronger alphabet first.
func AbilityOf(p policy.Profile) Ability {
	moved, known := p.MovedBy.Get()
	switch {
	case known && moved == policy.ByTag:
		return Ability{How: HowTag, Why: reason(freehold.T("names move by a tag here"), p.MovedBy.Source)}
	case known && moved == policy.ByConfirmation:
		return Ability{Why: reason(freehold.T("the registry asks the holder; there is no code"), p.MovedBy.Source)}
	case policy.Is(p.CodeMadeBy, policy.Registry):
		return Ability{Why: reason(freehold.T("the registry makes the code itself"), p.CodeMadeBy.Source)}
	case policy.Is(p.CodeIssuer, policy.Registry):
		return Ability{Why: reason(freehold.T("the registry hands the code out itself"), p.CodeIssuer.Source)}
	case policy.Is(p.CodeIssuer, policy.Nobody):
		return Ability{Why: reason(freehold.T("nobody hands out codes here"), p.CodeIssuer.Source)}
	}
	a := Ability{How: HowSet, Unsets: true, Locks: true, Shapes: []freehold.CodeShape{freehold.NewCodeShape(16, 32, true), freehold.NewCodeShape(16, 32, false)}}
	if shape, ok := p.CodeShape.Get(); ok {
		a.Why = reason(freehold.T("codes have %d to %d characters here", shape.Min, shape.Max), p.CodeShape.Source)
		a.Shapes = []freehold.CodeShape{freehold.NewCodeShape(shape.Min, shape.Max, false), freehold.NewCodeShape(shape.Min, shape.Max, true)}
		if exact, ok := shape.CodeShape(); ok {
			a.Shapes = []freehold.CodeShape{exact}
		}
	}
	_, a.Bits = a.Shapes[0].Length()
	return a
}

func reason(t freehold.Text, s policy.Source) freehold.Reason {
	return freehold.Reason{Text: t, Citation: s.Citation}
}
