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
	others, err := d.underWay(ctx, r.Name)
	if err != nil {
		return row, false, err
	}
	if row, ok = sameRequest(r, others); !ok {
		return row, false, nil
	}
	var body freehold.CaseBody = freehold.Noted{Words: "asked again"}
	if r.FirstRequest.Before(row.Case.FirstRequest) {
		body = freehold.EarlierRequest{At: r.FirstRequest, Through: through}
	}
	row, err = d.Add(ctx, row.Case.ID, actor, through, body)
	return row, true, err
}

// Request takes a request in: a case of its own, or, where who asks has an open one
// about the same, another event of that one (again). What is known around it is looked at
// either way: who slips into the case of somebody else does not escape notice.
func (d *Desk) Request(ctx context.Context, r freehold.Request, seen identity.Surroundings, actor string, through freehold.Channel) (row freehold.CaseRow, again bool, err error) {
	row, again, err = d.Repeated(ctx, r, actor, through)
	switch {
	case err != nil:
	case again:
		row, err = d.LookAgain(ctx, row.Case.ID, seen)
	default:
		row, err = d.Open(ctx, r, seen, actor, through)
	}
	return row, again, err
}

// underWay reads the cases of a name in which something may still be done. One that
// does not read back is told and left out: who damaged it must not keep the holder from
// asking anew.
func (d *Desk) underWay(ctx context.Context, name freehold.Name) (rows []freehold.CaseRow, err error) {
	lines, err := d.Store.CasesOf(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		switch l.State {
		case freehold.CaseOpen, freehold.CaseReleasing, freehold.CaseSet, freehold.CaseRevealed:
		default:
			continue
		}
		row, err := d.Store.Case(ctx, l.ID)
		if freehold.KindOf(err) == freehold.KindDamaged {
			d.tell(freehold.T("the case %q: %s", l.ID, err))
			continue
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// sameRequest finds the open case of the same person about the same.
func sameRequest(r freehold.Request, others []freehold.CaseRow) (freehold.CaseRow, bool) {
	for _, o := range others {
		if o.Case.State == freehold.CaseOpen && o.Case.Act == r.Act && o.Case.Requester.Is(r.Requester) {
			return o, true
		}
	}
	return freehold.CaseRow{}, false
}

// rivals are the cases of other people. Who asks for a code and for name servers has
// two cases and is no rival of their own.
func rivals(r freehold.Request, others []freehold.CaseRow) (rows []freehold.CaseRow) {
	for _, o := range others {
		if !o.Case.Requester.Is(r.Requester) && !alarm(o.Case) {
			rows = append(rows, o)
		}
	}
	return rows
}

// LookAgain looks for signs of risk that have come up since a case was opened, as is
// due before it is approved, and writes down those it does not have yet. They can
// raise what is asked for as far as the rules allow, and void no approval.
func (d *Desk) LookAgain(ctx context.Context, id string, seen identity.Surroundings) (freehold.CaseRow, error) {
	row, err := d.Store.Case(ctx, id)
	if err != nil {
		return row, err
	}
	others, err := d.underWay(ctx, row.Case.Name)
	if err != nil {
		return row, err
	}
	others = slices.DeleteFunc(others, func(o freehold.CaseRow) bool { return o.Case.ID == id })
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
func (d *Desk) signs(r freehold.Request, s identity.Surroundings, others []freehold.CaseRow, now time.Time) (bodies []freehold.CaseBody) {
	s.OtherClaims += len(rivals(r, others))
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
