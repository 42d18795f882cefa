package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"

	"freehold"
	"freehold/internal/store/db"
)

// maxZoneCopies is how many copies of one zone are told: a nightly export makes
// 365 a year, and the newest are what counts.
const maxZoneCopies = 100

// MadeCopy is a copy of a zone with the evidence that it was made.
type MadeCopy struct {
	Copy   freehold.ZoneCopy
	Pieces []freehold.Evidence
}

// PutZoneCopy records one copy: see PutZoneCopies.
func (s *Store) PutZoneCopy(ctx context.Context, c freehold.ZoneCopy, pieces ...freehold.Evidence) error {
	return s.PutZoneCopies(ctx, []MadeCopy{{c, pieces}})
}

// PutZoneCopies records that copies of zones were made, all or none. Nothing
// recorded before is changed. The evidence a copy names is joined by its pieces;
// what it names beside them has to be saved already, or come with a later result.
func (s *Store) PutZoneCopies(ctx context.Context, made []MadeCopy) error {
	copies := make([]db.ZoneCopy, len(made))
	saved := make([]Saved, len(made))
	for i, m := range made {
		row, err := zoneCopyRow(m)
		if err != nil {
			return err
		}
		copies[i], saved[i].Evidence = row, m.Pieces
	}
	evidence, err := evidenceRows(saved)
	if err != nil {
		return err
	}
	// In one order, or two runs could wait for each other's locks.
	slices.SortStableFunc(copies, func(a, b db.ZoneCopy) int { return cmp.Compare(a.Name, b.Name) })
	return s.write(ctx, "save to", func(tx *sql.Tx, _ *db.Queries) error {
		for _, c := range copies {
			if err := s.lock(ctx, tx, "zone copies "+c.Name); err != nil {
				return err
			}
		}
		if err := insertEvidence(ctx, tx, evidence); err != nil {
			return err
		}
		last, err := lastZoneCopies(ctx, tx, copies)
		if err != nil {
			return err
		}
		rows := make([][]any, len(copies))
		for i, c := range copies {
			last[c.Name]++
			rows[i] = []any{c.Name, last[c.Name], c.At, c.Source, c.Coverage, c.Serial, c.Records, c.Location, c.Evidence}
		}
		return insertMany(ctx, tx, "INSERT INTO zone_copies (name, seq, at, source, coverage, serial, records, location, evidence)", "", rows)
	})
}

// lastZoneCopies returns the number of the newest copy of each of the names.
func lastZoneCopies(ctx context.Context, tx *sql.Tx, copies []db.ZoneCopy) (map[string]int64, error) {
	last := map[string]int64{}
	for chunk := range slices.Chunk(copies, manyRows) {
		query := []byte("WITH asked (name) AS (VALUES ")
		var names []any
		for i, c := range chunk {
			query = fmt.Appendf(query, "%s(CAST($%d AS TEXT))", map[bool]string{true: "", false: ", "}[i == 0], i+1)
			names = append(names, c.Name)
		}
		// Each subquery is one look into the index, however many copies there are.
		query = append(query, ") SELECT name, COALESCE((SELECT MAX(seq) FROM zone_copies WHERE zone_copies.name = asked.name), 0) FROM asked"...)
		rows, err := tx.QueryContext(ctx, string(query), names...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var name string
			var seq int64
			if err := rows.Scan(&name, &seq); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			last[name] = seq
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
	}
	return last, nil
}

func zoneCopyRow(m MadeCopy) (db.ZoneCopy, error) {
	c := m.Copy
	ids := slices.Clone(c.Evidence)
	for _, e := range m.Pieces {
		if id := e.ID(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	digests := []byte{}
	for _, id := range ids {
		digest, err := digestBytes(id)
		if err != nil {
			return db.ZoneCopy{}, err
		}
		digests = append(digests, digest...)
	}
	return db.ZoneCopy{
		Name: c.Name.ASCII(), At: micros(c.At), Source: text(c.Source), Coverage: c.Coverage.String(), Serial: int64(c.Serial),
		Records: int64(c.Records), Location: text(c.Location), Evidence: digests,
	}, nil
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
