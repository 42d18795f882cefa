package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"time"

	"freehold"
	"freehold/internal/store/db"
)

// errStale says that somebody was faster. Whoever gets it reads the case anew.
func errStale(id string) error {
	return &freehold.Error{Kind: freehold.KindBusy, Text: freehold.T("the case %q has changed since it was read", id), Advice: freehold.T("look at it again, then repeat")}
}

func errNoCase(id string) error {
	return notFound(freehold.T("there is no case %q", id), freehold.T("%s lists them", "freehold desk list"))
}

// WriteCase adds events to a case, with all that goes with them, in one
// transaction. It returns the row as it is then. What cannot happen to the case is
// refused, whoever asks: KindPermission. KindBusy: there are more events than
// entry.Version; KindPermission too, where the fence is that of an older lease.
func (s *Store) WriteCase(ctx context.Context, entry freehold.CaseEntry) (freehold.CaseRow, error) {
	var row freehold.CaseRow
	err := s.write(ctx, "save to", func(tx *sql.Tx, q *db.Queries) (err error) {
		if err := s.lock(ctx, tx, "case "+entry.Case); err != nil {
			return err
		}
		row, err = s.writeCase(ctx, q, entry)
		return err
	})
	if err != nil {
		return freehold.CaseRow{}, err
	}
	return row, nil
}

func (s *Store) writeCase(ctx context.Context, q *db.Queries, entry freehold.CaseEntry) (freehold.CaseRow, error) {
	if err := s.holds(ctx, q, "case "+entry.Case, entry.Fence); err != nil {
		return freehold.CaseRow{}, err
	}
	row, chain, err := s.readCase(ctx, q, entry.Case)
	if freehold.KindOf(err) == freehold.KindNotFound && entry.Version == 0 {
		err = nil
	}
	if err != nil {
		return row, err
	}
	if row.Version() != entry.Version {
		return row, errStale(entry.Case)
	}
	var params []db.InsertCaseEventParams
	for _, e := range entry.Events {
		stored, p, err := asStored(e)
		if err != nil {
			return row, err
		}
		if row.Case, err = row.Case.With(stored); err != nil {
			return row, err
		}
		chain = chained(chain, stored)
		row.Events = append(row.Events, stored)
		p.Seq, p.Chain = int64(row.Version()), chain
		params = append(params, p)
	}
	if entry.Next != nil {
		row.Next = *entry.Next
	}
	if entry.Deadline != nil {
		row.Deadline = *entry.Deadline
	}
	if err := s.putCaseRow(ctx, q, entry, row); err != nil {
		return row, err
	}
	for _, p := range params {
		if err := q.InsertCaseEvent(ctx, p); err != nil {
			return row, err
		}
	}
	return row, putBesides(ctx, q, entry, row)
}

func (s *Store) putCaseRow(ctx context.Context, q *db.Queries, entry freehold.CaseEntry, row freehold.CaseRow) error {
	risk := 0
	for _, signal := range row.Case.Signals {
		risk += signal.Points
	}
	if entry.Version == 0 {
		if row.Version() == 0 {
			return errNoCase(entry.Case)
		}
		return q.InsertCase(ctx, db.InsertCaseParams{ID: entry.Case, Name: row.Case.Name.ASCII(), Act: row.Case.Act.String(), State: row.Case.State.String(),
			Version: int64(row.Version()), Risk: int64(risk), Opened: micros(row.Case.OpenedAt), Deadline: micros(row.Deadline), Next: micros(row.Next)})
	}
	n, err := q.UpdateCase(ctx, db.UpdateCaseParams{State: row.Case.State.String(), Version: int64(row.Version()), Risk: int64(risk),
		Deadline: micros(row.Deadline), Next: micros(row.Next), ID: entry.Case, Was: int64(entry.Version)})
	if err == nil && n == 0 {
		err = errStale(entry.Case)
	}
	return err
}

// putBesides writes what goes with the events.
func putBesides(ctx context.Context, q *db.Queries, entry freehold.CaseEntry, row freehold.CaseRow) error {
	for i, o := range entry.Outbox {
		doc, err := json.Marshal(o.Text)
		if err != nil {
			return err
		}
		if err := q.InsertOutgoing(ctx, db.InsertOutgoingParams{CaseID: entry.Case, Seq: int64(row.Version()), Part: int64(i), Kind: text(o.Kind), Contact: text(o.Contact), Doc: doc, At: micros(o.At)}); err != nil {
			return err
		}
	}
	for _, l := range entry.Leaves {
		if err := q.InsertLeaf(ctx, db.InsertLeafParams{CaseID: entry.Case, Seq: int64(l.Event), Salt: l.Salt, Record: l.Record, Commitment: l.Commitment}); err != nil {
			return err
		}
	}
	if entry.DropSealed {
		return q.DropSealedCode(ctx, entry.Case)
	}
	return nil
}

// Case reads a case with all its events; KindNotFound if there is none,
// KindDamaged where an event is not the one that was written.
func (s *Store) Case(ctx context.Context, id string) (freehold.CaseRow, error) {
	row, _, err := s.readCase(ctx, s.queries, id)
	if err != nil {
		return freehold.CaseRow{}, s.fail(ctx, "read from", err)
	}
	return row, nil
}

func (s *Store) readCase(ctx context.Context, q *db.Queries, id string) (freehold.CaseRow, []byte, error) {
	stored, err := q.CaseRow(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return freehold.CaseRow{}, nil, errNoCase(id)
	}
	if err != nil {
		return freehold.CaseRow{}, nil, err
	}
	events, err := q.CaseEvents(ctx, id)
	if err != nil {
		return freehold.CaseRow{}, nil, err
	}
	row := freehold.CaseRow{Next: fromMicros(stored.Next), Deadline: fromMicros(stored.Deadline)}
	var chain []byte
	for i, stored := range events {
		if stored.Kind == kindPurged {
			return row, nil, s.purged(ctx, q, id)
		}
		e, err := decodeEvent(stored)
		if freehold.KindOf(err) == freehold.KindNewer {
			return row, nil, err
		}
		if err == nil {
			chain = chained(chain, e)
			if stored.Seq != int64(i+1) || !bytes.Equal(chain, stored.Chain) {
				err = errors.New("it is not the event that was written")
			}
		}
		if err != nil {
			return row, nil, s.damaged(freehold.T("event %d of the case %q", i+1, id), err)
		}
		row.Events = append(row.Events, e)
	}
	// The events were read after the row: there may be more of them by now, never fewer.
	if int64(len(row.Events)) < stored.Version {
		return row, nil, s.damaged(freehold.T("the case %q", id), errors.New("its last events are missing"))
	}
	row.Case, err = freehold.FoldCase(row.Events)
	if err != nil {
		return row, nil, s.damaged(freehold.T("the case %q", id), err)
	}
	return row, chain, nil
}

// DueCases returns up to n cases at which a worker has to look, the longest due
// first, without those that one is looking at.
func (s *Store) DueCases(ctx context.Context, now time.Time, n int) ([]string, error) {
	ids, err := s.queries.DueCases(ctx, db.DueCasesParams{Now: micros(now), AtMost: int64(n)})
	if err != nil {
		return nil, s.fail(ctx, "read from", err)
	}
	return ids, nil
}

// NextDue is when the next case becomes due; zero if none does by itself.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	us, err := s.queries.NextDue(ctx)
	if err != nil {
		return time.Time{}, s.fail(ctx, "read from", err)
	}
	return fromMicros(us), nil
}

// CasesOf returns the cases of a name.
func (s *Store) CasesOf(ctx context.Context, name freehold.Name) ([]freehold.CaseLine, error) {
	rows, err := s.queries.CasesByName(ctx, name.ASCII())
	if err != nil {
		return nil, s.fail(ctx, "read from", err)
	}
	var out []freehold.CaseLine
	for _, row := range rows {
		l, err := s.caseLine(row)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// Queue streams the cases in the states given by deadline, and within one by
// identifier; with no state, all cases by identifier.
func (s *Store) Queue(ctx context.Context, states ...freehold.CaseState) iter.Seq2[freehold.CaseLine, error] {
	if len(states) == 0 {
		return paged(ctx, s, func(after db.Case) ([]db.Case, error) {
			return s.queries.CasesAfter(ctx, db.CasesAfterParams{After: after.ID, AtMost: 500})
		}, s.caseLine)
	}
	return merged(states, func(state freehold.CaseState) iter.Seq2[freehold.CaseLine, error] {
		return paged(ctx, s, func(after db.Case) ([]db.Case, error) {
			if after.ID == "" {
				after.Deadline = -1
			}
			return s.queries.CasesByState(ctx, db.CasesByStateParams{State: state.String(), Deadline: after.Deadline, After: after.ID, AtMost: 500})
		}, s.caseLine)
	})
}

// merged joins one stream for each state, in the order of deadlines.
func merged(states []freehold.CaseState, of func(freehold.CaseState) iter.Seq2[freehold.CaseLine, error]) iter.Seq2[freehold.CaseLine, error] {
	return func(yield func(freehold.CaseLine, error) bool) {
		type head struct {
			line freehold.CaseLine
			next func() (freehold.CaseLine, error, bool)
		}
		var heads []head
		for _, state := range states {
			next, stop := iter.Pull2(of(state))
			defer stop()
			if l, err, ok := next(); err != nil {
				yield(l, err)
				return
			} else if ok {
				heads = append(heads, head{l, next})
			}
		}
		for len(heads) > 0 {
			first := 0
			for i, h := range heads {
				if c := h.line.Deadline.Compare(heads[first].line.Deadline); c < 0 || c == 0 && h.line.ID < heads[first].line.ID {
					first = i
				}
			}
			if !yield(heads[first].line, nil) {
				return
			}
			l, err, ok := heads[first].next()
			if err != nil {
				yield(l, err)
				return
			}
			if heads[first].line = l; !ok {
				heads = slices.Delete(heads, first, first+1)
			}
		}
	}
}

func (s *Store) caseLine(row db.Case) (freehold.CaseLine, error) {
	l := freehold.CaseLine{ID: row.ID, Risk: int(row.Risk), Opened: fromMicros(row.Opened), Deadline: fromMicros(row.Deadline), Next: fromMicros(row.Next)}
	err := errors.Join(l.Name.UnmarshalText([]byte(row.Name)), l.Act.UnmarshalText([]byte(row.Act)), l.State.UnmarshalText([]byte(row.State)))
	if err != nil {
		return l, s.damaged(freehold.T("the case %q", row.ID), err)
	}
	return l, nil
}

// PutSealed keeps a sealed code in place of the one before. What is kept opens with
// its receiver's key alone. Only who holds the case's lease may.
func (s *Store) PutSealed(ctx context.Context, c freehold.SealedCode, fence int64) error {
	return s.write(ctx, "save to", func(_ *sql.Tx, q *db.Queries) error {
		if err := s.holds(ctx, q, "case "+c.Case, fence); err != nil {
			return err
		}
		p := db.PutSealedCodeParams{CaseID: c.Case, Delivery: text(c.Delivery), Sealed: c.Text, Made: micros(c.Made), Expires: micros(c.Expires)}
		if c.WasLocked {
			p.WasLocked = 1
		}
		if p.Sealed == nil {
			p.Sealed = []byte{}
		}
		return q.PutSealedCode(ctx, p)
	})
}

// Sealed returns the sealed code of a case; KindNotFound if there is none.
func (s *Store) Sealed(ctx context.Context, id string) (freehold.SealedCode, error) {
	row, err := s.queries.SealedCodeOf(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return freehold.SealedCode{}, notFound(freehold.T("the case %q has no sealed code", id), freehold.Text{})
	}
	if err != nil {
		return freehold.SealedCode{}, s.fail(ctx, "read from", err)
	}
	return freehold.SealedCode{Case: row.CaseID, Delivery: row.Delivery, Text: row.Sealed, Made: fromMicros(row.Made), Expires: fromMicros(row.Expires), WasLocked: row.WasLocked != 0}, nil
}

// Outbox returns up to n messages that have not left yet and are to be tried now,
// the oldest first.
func (s *Store) Outbox(ctx context.Context, now time.Time, n int) ([]freehold.Outgoing, error) {
	rows, err := s.queries.UnsentOutgoing(ctx, db.UnsentOutgoingParams{Now: micros(now), AtMost: int64(n)})
	if err != nil {
		return nil, s.fail(ctx, "read from", err)
	}
	var out []freehold.Outgoing
	for _, row := range rows {
		o := freehold.Outgoing{Case: row.CaseID, Event: int(row.Seq), Part: int(row.Part), Kind: row.Kind, Contact: row.Contact, At: fromMicros(row.At), Tries: int(row.Tries)}
		if err := json.Unmarshal(row.Doc, &o.Text); err != nil {
			return nil, s.damaged(freehold.T("a message of the case %q", row.CaseID), err)
		}
		out = append(out, o)
	}
	return out, nil
}

// Postpone says that an attempt to send a message failed, and when the next is due.
// KindInvalid if it has left.
func (s *Store) Postpone(ctx context.Context, o freehold.Outgoing, again time.Time) error {
	return s.write(ctx, "save to", func(_ *sql.Tx, q *db.Queries) error {
		n, err := q.PostponeOutgoing(ctx, db.PostponeOutgoingParams{Again: micros(again), CaseID: o.Case, Seq: int64(o.Event), Part: int64(o.Part)})
		if err == nil && n == 0 {
			err = errSent(o)
		}
		return err
	})
}

func errSent(o freehold.Outgoing) error {
	return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the message of the case %q was sent before", o.Case)}
}

// MarkSent says that a message has left, or that it never will. KindInvalid if it
// was marked before.
func (s *Store) MarkSent(ctx context.Context, o freehold.Outgoing, at time.Time) error {
	return s.write(ctx, "save to", func(_ *sql.Tx, q *db.Queries) error {
		n, err := q.MarkSent(ctx, db.MarkSentParams{At: micros(at), CaseID: o.Case, Seq: int64(o.Event), Part: int64(o.Part)})
		if err == nil && n == 0 {
			err = errSent(o)
		}
		return err
	})
}
