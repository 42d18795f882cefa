package desk

import (
	"context"
	"slices"
	"time"

	"freehold"
	"freehold/verify/identity"
)

// Repeated enters a request that was made before: who has an open case about the name
// and the act asks again, by another channel perhaps, or earlier than was known. ok is
// false where there is no such case, and nothing was written.
func (d *Desk) Repeated(ctx context.Context, r freehold.Request, actor string, through freehold.Channel) (row freehold.CaseRow, ok bool, err error) {
	others, err := d.Store.CasesOf(ctx, r.Name)
	if err != nil {
		return row, false, err
	}
	row, ok, err = d.sameRequest(ctx, r, others)
	if err != nil || !ok {
		return row, false, err
	}
	var body freehold.CaseBody = freehold.Noted{Words: "asked again"}
	if r.FirstRequest.Before(row.Case.FirstRequest) {
		body = freehold.EarlierRequest{At: r.FirstRequest, Through: through}
	}
	row, err = d.Add(ctx, row.Case.ID, actor, through, body)
	return row, true, err
}

// sameRequest finds the open case of the same person about the same.
func (d *Desk) sameRequest(ctx context.Context, r freehold.Request, others []freehold.CaseLine) (row freehold.CaseRow, ok bool, err error) {
	for _, o := range others {
		if o.State != freehold.CaseOpen || o.Act != r.Act {
			continue
		}
		other, err := d.Store.Case(ctx, o.ID)
		if err != nil {
			return row, false, err
		}
		if other.Case.Requester.Is(r.Requester) {
			return other, true, nil
		}
	}
	return row, false, nil
}

// LookAgain looks for signs of risk that have come up since a case was opened, as is
// due before it is approved, and writes down those it does not have yet. They can
// raise what is asked for as far as the rules allow, and void no approval.
func (d *Desk) LookAgain(ctx context.Context, id string, seen identity.Surroundings) (freehold.CaseRow, error) {
	row, err := d.Store.Case(ctx, id)
	if err != nil {
		return row, err
	}
	others, err := d.Store.CasesOf(ctx, row.Case.Name)
	if err != nil {
		return row, err
	}
	others = slices.DeleteFunc(others, func(l freehold.CaseLine) bool { return l.ID == id })
	fresh := slices.DeleteFunc(d.signs(row.Case.Request, seen, others, d.Now()), func(b freehold.CaseBody) bool {
		return slices.ContainsFunc(row.Case.Signals, func(s freehold.SignalSeen) bool { return s.ID == b.(freehold.SignalSeen).ID })
	})
	if len(fresh) == 0 {
		return row, nil
	}
	return d.retried(ctx, id, addition{id: id, actor: "desk", bodies: fresh, wake: true})
}

// signs are the signs of risk of a request, from what the operator knows around it
// and what the desk sees by itself: others who ask for the same name, and the newest
// contact on record.
func (d *Desk) signs(r freehold.Request, s identity.Surroundings, others []freehold.CaseLine, now time.Time) (bodies []freehold.CaseBody) {
	for _, o := range others {
		switch o.State {
		case freehold.CaseOpen, freehold.CaseReleasing, freehold.CaseSet, freehold.CaseRevealed:
			s.OtherClaims++
		}
	}
	for _, k := range r.Contacts {
		if !k.Previous && k.Since.After(s.ContactChanged) {
			s.ContactChanged = k.Since
		}
	}
	for _, sign := range d.Keeper(r.Name, now).Policy.Signals(freehold.Case{Request: r}, s) {
		bodies = append(bodies, sign)
	}
	return bodies
}
