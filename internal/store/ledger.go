package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"freehold"
	"freehold/internal/store/db"
)

const hashSize = 32

// WaitingLeaves returns up to n leaves that have no place in the ledger yet.
func (s *Store) WaitingLeaves(ctx context.Context, n int) ([]freehold.LedgerLeaf, error) {
	rows, err := s.queries.UnsequencedLeaves(ctx, int64(n))
	if err != nil {
		return nil, s.fail(ctx, "read from", err)
	}
	return convert(rows, leafOf), nil
}

// LeavesOf returns the leaves of a case in the order of their events.
func (s *Store) LeavesOf(ctx context.Context, id string) ([]freehold.LedgerLeaf, error) {
	rows, err := s.queries.LeavesOfCase(ctx, id)
	if err != nil {
		return nil, s.fail(ctx, "read from", err)
	}
	return convert(rows, leafOf), nil
}

// Leaves streams the ledger in its order.
func (s *Store) Leaves(ctx context.Context) iter.Seq2[freehold.LedgerLeaf, error] {
	return paged(ctx, s, func(after db.LedgerLeaf) ([]db.LedgerLeaf, error) {
		first := after.Idx + 1
		if after.CaseID == "" {
			first = 0
		}
		return s.queries.LeavesFrom(ctx, db.LeavesFromParams{First: first, AtMost: 500})
	}, func(row db.LedgerLeaf) (freehold.LedgerLeaf, error) { return leafOf(row), nil })
}

func leafOf(row db.LedgerLeaf) freehold.LedgerLeaf {
	return freehold.LedgerLeaf{Case: row.CaseID, Event: int(row.Seq), Index: row.Idx, Salt: row.Salt, Record: row.Record, Commitment: row.Commitment}
}

// LedgerHead returns the size of the ledger and its last checkpoint, a signed
// note; 0 and nil before the first.
func (s *Store) LedgerHead(ctx context.Context) (int64, []byte, error) {
	row, err := s.queries.LastCheckpoint(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, s.fail(ctx, "read from", err)
	}
	return row.Size, row.Signed, nil
}

// LedgerHashes returns inner hashes of the tree.
func (s *Store) LedgerHashes(ctx context.Context, indexes []int64) ([][hashSize]byte, error) {
	out := make([][hashSize]byte, len(indexes))
	for i, index := range indexes {
		h, err := s.queries.HashAt(ctx, index)
		if err == nil && len(h) != hashSize {
			err = s.damaged(freehold.T("hash %d of the ledger", index), nil)
		}
		if errors.Is(err, sql.ErrNoRows) {
			err = s.damaged(freehold.T("hash %d of the ledger", index), errors.New("it is missing"))
		}
		if err != nil {
			return nil, s.fail(ctx, "read from", err)
		}
		out[i] = [hashSize]byte(h)
	}
	return out, nil
}

// AppendLedger gives leaves their places, adds the hashes and the checkpoint, all
// or nothing. Two sequencers cannot both succeed from one size: the fence refuses
// one, and so do the keys of the tables.
func (s *Store) AppendLedger(ctx context.Context, b freehold.LedgerBatch) error {
	return s.write(ctx, "save to", func(tx *sql.Tx, q *db.Queries) error {
		if err := s.holds(ctx, q, freehold.LedgerThing, b.Fence); err != nil {
			return err
		}
		for i, l := range b.Leaves {
			n, err := q.PlaceLeaf(ctx, db.PlaceLeafParams{Idx: b.From + int64(i), CaseID: l.Case, Seq: int64(l.Event)})
			if err == nil && n == 0 {
				err = &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("a record of the case %q has its place in the ledger already", l.Case)}
			}
			if err != nil {
				return err
			}
		}
		rows := make([][]any, len(b.Hashes))
		for i := range b.Hashes {
			rows[i] = []any{b.HashesFrom + int64(i), b.Hashes[i][:]}
		}
		if err := insertMany(ctx, tx, "INSERT INTO ledger_hashes (idx, hash)", "", rows); err != nil {
			return err
		}
		return q.InsertCheckpoint(ctx, db.InsertCheckpointParams{Size: b.From + int64(len(b.Leaves)), At: micros(b.At), Signed: b.Checkpoint})
	})
}

// ForgetRecords destroys salts and records of a case in the ledger: what stays is
// noise that keeps the tree in order. It returns how many.
func (s *Store) ForgetRecords(ctx context.Context, id string) (int, error) {
	var n int64
	err := s.write(ctx, "save to", func(_ *sql.Tx, q *db.Queries) (err error) {
		n, err = q.ForgetLeaf(ctx, db.ForgetLeafParams{None: []byte{}, CaseID: id})
		return err
	})
	return int(n), err
}
