package identity

import (
	"time"

	"freehold"
	"freehold/internal/policy"
)

// A Deadline is when a case has to be done, and who says so.
type Deadline struct {
	At     time.Time
	Span   policy.Span
	Source policy.Source
	// Own: the rules give no number of days, so this is the host's own.
	Own bool
}

// Deadline counts from the first request by any channel. Days are whole days of 24
// hours; business days leave Saturdays and Sundays out but no public holidays, so
// it is never later than the registry's.
func (p Policy) Deadline(c *freehold.Case) Deadline {
	row := policy.Row[policy.Span]{}
	switch c.Act {
	case freehold.ActCode:
		row = p.Transfer.CodeDeadline
	case freehold.ActUnlock:
		row = p.Transfer.UnlockDeadline
	}
	if span, ok := row.Get(); ok && !span.Open() && !span.None() {
		return Deadline{At: after(c.FirstRequest, span), Span: span, Source: row.Source}
	}
	d := Deadline{At: after(c.FirstRequest, p.OwnDeadline), Span: p.OwnDeadline, Own: true}
	if _, ok := p.Transfer.Release.Get(); ok {
		d.Source = p.Transfer.Release.Source
	}
	return d
}

func after(from time.Time, span policy.Span) time.Time {
	if !span.Business {
		return from.Add(span.Duration())
	}
	at := from.UTC()
	for left := span.N; left > 0; {
		at = at.AddDate(0, 0, 1)
		if day := at.Weekday(); day != time.Saturday && day != time.Sunday {
			left--
		}
	}
	return at
}
