package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"iter"
	"slices"

	"freehold"
	"freehold/internal/store/db"
)

// maxZoneCopies is how many copies of one zone are told: a nightly export makes
// 365 a year, and the newest are what counts.
const maxZoneCopies = 100

// PutZoneCopy records that a copy of a zone was made, with the evidence of it.
// Nothing recorded before is changed. c.Evidence is joined by that of the pieces
// given; what it names beside them has to be saved already, or come with a later
// result.
func (s *Store) PutZoneCopy(ctx context.Context, c freehold.ZoneCopy, pieces ...freehold.Evidence) error {
	ids := slices.Clone(c.Evidence)
	for _, e := range pieces {
		if id := e.ID(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	var digests []byte
	for _, id := range ids {
		digest, err := digestBytes(id)
		if err != nil {
			return err
		}
		digests = append(digests, digest...)
	}
	if digests == nil {
		digests = []byte{}
	}
	rows, err := evidenceRows([]Saved{{Evidence: pieces}})
	if err != nil {
		return err
	}
	p := db.InsertZoneCopyParams{
		Name: c.Name.ASCII(), At: micros(c.At), Source: text(c.Source), Coverage: c.Coverage.String(), Serial: int64(c.Serial),
		Records: int64(c.Records), Location: text(c.Location), Evidence: digests,
	}
	return s.write(ctx, "save to", func(tx *sql.Tx, q *db.Queries) error {
		if err := s.lock(ctx, tx, "zone copies "+p.Name); err != nil {
			return err
		}
		if err := insertEvidence(ctx, tx, rows); err != nil {
			return err
		}
		last, err := q.LastZoneCopy(ctx, p.Name)
		if err != nil {
			return err
		}
		p.Seq = last + 1
		return q.InsertZoneCopy(ctx, p)
	})
}

// ZoneCopies returns the copies of a name's zone in the order they were
// recorded, of very many the last hundred; none is no error.
func (s *Store) ZoneCopies(ctx context.Context, name freehold.Name) ([]freehold.ZoneCopy, error) {
	rows, err := s.queries.ZoneCopiesOf(ctx, db.ZoneCopiesOfParams{Name: name.ASCII(), AtMost: maxZoneCopies})
	if err != nil {
		return nil, s.fail(ctx, "read from", err)
	}
	var out []freehold.ZoneCopy
	for _, row := range slices.Backward(rows) {
		c, err := s.zoneCopyOf(row)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// AllZoneCopies streams the copies of all zones, by name.
func (s *Store) AllZoneCopies(ctx context.Context) iter.Seq2[freehold.ZoneCopy, error] {
	next := func(after db.ZoneCopy) ([]db.ZoneCopy, error) {
		return s.queries.ZoneCopiesAfter(ctx, db.ZoneCopiesAfterParams{Name: after.Name, Seq: after.Seq, AtMost: 500})
	}
	return paged(ctx, s, next, s.zoneCopyOf)
}

func (s *Store) zoneCopyOf(row db.ZoneCopy) (freehold.ZoneCopy, error) {
	what := freehold.T("zone copy %d of %q", row.Seq, row.Name)
	c := freehold.ZoneCopy{At: fromMicros(row.At), Source: row.Source, Serial: uint32(row.Serial), Records: int(row.Records), Location: row.Location}
	if err := c.Name.UnmarshalText([]byte(row.Name)); err != nil {
		return c, s.damaged(what, err)
	}
	if err := c.Coverage.UnmarshalText([]byte(row.Coverage)); err != nil {
		return c, s.damaged(what, err)
	}
	if len(row.Evidence)%digestSize != 0 {
		return c, s.damaged(what, hex.ErrLength)
	}
	for digest := range slices.Chunk(row.Evidence, digestSize) {
		c.Evidence = append(c.Evidence, idOf(digest))
	}
	return c, nil
}
