package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"time"

	"freehold"
	"freehold/internal/store/db"
)

// Attest adds what a person said or proved, with its evidence. Nothing that was
// said before is changed. a.Evidence may be empty and is then that of e.
func (s *Store) Attest(ctx context.Context, a freehold.Attestation, e freehold.Evidence) error {
	return s.write(ctx, "save to", func(tx *sql.Tx, q *db.Queries) error { return s.attest(ctx, tx, q, a, e) })
}

// attest is Attest within a transaction.
func (s *Store) attest(ctx context.Context, tx *sql.Tx, q *db.Queries, a freehold.Attestation, e freehold.Evidence) error {
	id := e.ID()
	if a.Evidence != "" && a.Evidence != id {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the attestation on %q names other evidence than it comes with", a.Name.Unicode())}
	}
	digest, err := digestBytes(id)
	if err != nil {
		return err
	}
	row, err := evidenceRow(id, e)
	if err != nil {
		return err
	}
	if err := s.lock(ctx, tx, "attestations "+a.Name.ASCII()); err != nil {
		return err
	}
	if err := insertEvidence(ctx, tx, [][]any{row}); err != nil {
		return err
	}
	last, err := q.LastAttestation(ctx, a.Name.ASCII())
	if err != nil {
		return err
	}
	p := db.InsertAttestationParams{Name: a.Name.ASCII(), Seq: last + 1, Subject: text(a.Subject), Value: text(a.Value), SaidBy: text(a.By), At: micros(a.At), Evidence: digest}
	if a.Proven {
		p.Proven = 1
	}
	return q.InsertAttestation(ctx, p)
}

// Attestations returns all that was said about a name, in the order it was
// said; nothing said is no error.
func (s *Store) Attestations(ctx context.Context, name freehold.Name) (freehold.Attestations, error) {
	rows, err := s.queries.AttestationsOf(ctx, name.ASCII())
	if err != nil {
		return nil, s.fail(ctx, "read from", err)
	}
	var out freehold.Attestations
	for _, row := range rows {
		a, err := s.attestationOf(row)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// AllAttestations streams all that was said about any name, by name.
func (s *Store) AllAttestations(ctx context.Context) iter.Seq2[freehold.Attestation, error] {
	next := func(after db.Attestation) ([]db.Attestation, error) {
		return s.queries.AttestationsAfter(ctx, db.AttestationsAfterParams{Name: after.Name, Seq: after.Seq, AtMost: 500})
	}
	return paged(ctx, s, next, s.attestationOf)
}

func (s *Store) attestationOf(row db.Attestation) (freehold.Attestation, error) {
	a := freehold.Attestation{Subject: row.Subject, Value: row.Value, By: row.SaidBy, At: fromMicros(row.At), Proven: row.Proven != 0, Evidence: idOf(row.Evidence)}
	if err := a.Name.UnmarshalText([]byte(row.Name)); err != nil {
		return a, s.damaged(freehold.T("attestation %d of %q", row.Seq, row.Name), err)
	}
	return a, nil
}

// PutChallenge keeps a challenge that was put to a holder.
func (s *Store) PutChallenge(ctx context.Context, c freehold.Challenge) error {
	return s.write(ctx, "save to", func(_ *sql.Tx, q *db.Queries) error {
		return q.InsertChallenge(ctx, db.InsertChallengeParams{Name: c.Name.ASCII(), Kind: text(c.Kind), Token: text(c.Token), Created: micros(c.Created), Expires: micros(c.Expires)})
	})
}

// Challenge returns the newest challenge of a kind that waits for a name at
// now, neither used nor expired; KindNotFound if none does.
func (s *Store) Challenge(ctx context.Context, name freehold.Name, kind string, now time.Time) (freehold.Challenge, error) {
	row, err := s.queries.OpenChallenge(ctx, db.OpenChallengeParams{Name: name.ASCII(), Kind: kind, Now: micros(now)})
	if errors.Is(err, sql.ErrNoRows) {
		return freehold.Challenge{}, notFound(freehold.T("no proof of %q by %s is waiting", name.Unicode(), kind), freehold.Text{})
	}
	if err != nil {
		return freehold.Challenge{}, s.fail(ctx, "read from", err)
	}
	return freehold.Challenge{Name: name, Kind: row.Kind, Token: row.Token, Created: fromMicros(row.Created), Expires: fromMicros(row.Expires), Used: fromMicros(row.Used)}, nil
}

// UseChallenge marks a challenge as met at a time. It succeeds once: a
// challenge that was used, has expired or was never put gives KindInvalid.
func (s *Store) UseChallenge(ctx context.Context, c freehold.Challenge, at time.Time) error {
	return s.write(ctx, "save to", func(_ *sql.Tx, q *db.Queries) error {
		n, err := q.UseChallenge(ctx, db.UseChallengeParams{At: micros(at), Name: c.Name.ASCII(), Kind: c.Kind, Token: c.Token, Now: micros(at)})
		if err == nil && n == 0 {
			err = &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the proof of %q by %s was used before or has expired", c.Name.Unicode(), c.Kind), Advice: freehold.T("start a new one")}
		}
		return err
	})
}
