package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"iter"
	"strings"

	"freehold"
	"freehold/internal/store/db"
)

// BeginRun records a run before its first question is put.
func (s *Store) BeginRun(ctx context.Context, r freehold.Run) error {
	args, err := json.Marshal(append([]string{}, r.Args...))
	if err != nil {
		return s.fail(ctx, "save to", err)
	}
	return s.write(ctx, "save to", func(tx *sql.Tx, q *db.Queries) error {
		if _, err := q.RunByID(ctx, r.ID); err == nil {
			return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("run %q exists already", r.ID)}
		}
		started, err := afterOthers(ctx, tx, micros(r.Started))
		if err != nil {
			return err
		}
		return q.InsertRun(ctx, db.InsertRunParams{ID: text(r.ID), Started: started, Finished: micros(r.Finished), Version: text(r.Version),
			PolicyDate: micros(r.PolicyDate), Args: text(string(args)), Lang: text(r.Lang), Names: int64(r.Names)})
	})
}

// afterOthers moves the start of a run behind those that started at the same
// moment, by microseconds: under a clock that stands still (--now, the lab) runs
// keep the order in which they were made, and the newest is the last.
func afterOthers(ctx context.Context, tx *sql.Tx, started int64) (int64, error) {
	var last sql.NullInt64
	err := tx.QueryRowContext(ctx, "SELECT MAX(started) FROM runs WHERE started >= $1 AND started < $2", started, started+1000).Scan(&last)
	if last.Valid {
		started = last.Int64 + 1
	}
	return started, err
}

// AddNames records what a run was asked for, in this order, after what was
// added before. A name that the run already has is not added again.
func (s *Store) AddNames(ctx context.Context, run string, asked []string) error {
	if len(asked) == 0 {
		return nil
	}
	return s.write(ctx, "save to", func(tx *sql.Tx, q *db.Queries) error {
		if err := s.lockRun(ctx, tx, q, run); err != nil {
			return err
		}
		seq, err := q.LastSeq(ctx, run)
		if err != nil {
			return err
		}
		var rows [][]any
		seen := map[string]bool{}
		for _, a := range asked {
			key := nameKey(freehold.Name{}, a)
			if seen[key] {
				continue
			}
			seen[key] = true
			seq++
			rows = append(rows, []any{run, seq, key, text(a), int64(0), ""})
		}
		err = insertMany(ctx, tx, "INSERT INTO run_names (run, seq, name, asked, rev, status)", "ON CONFLICT (run, name) DO NOTHING", rows)
		if err != nil {
			return err
		}
		return q.CountRunNames(ctx, run)
	})
}

// FinishRun records when a run was complete. How many names it has is counted,
// not taken from r: a resumed run knows only those it still had to do.
func (s *Store) FinishRun(ctx context.Context, r freehold.Run) error {
	return s.write(ctx, "save to", func(_ *sql.Tx, q *db.Queries) error {
		n, err := q.SetRunFinished(ctx, db.SetRunFinishedParams{Finished: micros(r.Finished), ID: r.ID})
		if err == nil && n == 0 {
			err = noRun(r.ID)
		}
		if err != nil {
			return err
		}
		return q.CountRunNames(ctx, r.ID)
	})
}

// RunByID returns a run; KindNotFound if there is none of that ID.
func (s *Store) RunByID(ctx context.Context, id string) (freehold.Run, error) {
	row, err := s.queries.RunByID(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return freehold.Run{}, noRun(id)
	}
	if err != nil {
		return freehold.Run{}, s.fail(ctx, "read from", err)
	}
	return s.runOf(row)
}

// Runs returns the newest runs, newest first, at most limit.
func (s *Store) Runs(ctx context.Context, limit int) ([]freehold.Run, error) {
	rows, err := s.queries.Runs(ctx, int64(limit))
	if err != nil {
		return nil, s.fail(ctx, "read from", err)
	}
	runs := make([]freehold.Run, 0, len(rows))
	for _, row := range rows {
		r, err := s.runOf(row)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// LastRun returns the run that was started last; KindNotFound if there is none.
func (s *Store) LastRun(ctx context.Context) (freehold.Run, error) {
	runs, err := s.Runs(ctx, 1)
	if err != nil {
		return freehold.Run{}, err
	}
	if len(runs) == 0 {
		return freehold.Run{}, notFound(freehold.T("no run is saved in %q", s.address.shown), freehold.Text{})
	}
	return runs[0], nil
}

// Pending streams what a run still has to do, in the order it was asked for:
// names without a result and, with again, also those whose status is not ok.
// Results may be saved while it runs.
func (s *Store) Pending(ctx context.Context, run string, again bool) iter.Seq2[string, error] {
	next := func(after db.NewNamesRow) ([]db.NewNamesRow, error) {
		if after.Seq == 0 {
			if err := runExists(ctx, s.queries, run); err != nil {
				return nil, err
			}
		}
		if !again {
			return s.queries.NewNames(ctx, db.NewNamesParams{Run: run, Seq: after.Seq, AtMost: 500})
		}
		rows, err := s.queries.UnsettledNames(ctx, db.UnsettledNamesParams{Run: run, Seq: after.Seq, Settled: freehold.StatusOK.String(), AtMost: 500})
		return convert(rows, func(r db.UnsettledNamesRow) db.NewNamesRow { return db.NewNamesRow(r) }), err
	}
	return paged(ctx, s, next, func(r db.NewNamesRow) (string, error) { return r.Asked, nil })
}

func (s *Store) runOf(row db.Run) (freehold.Run, error) {
	r := freehold.Run{ID: row.ID, Started: fromMicros(row.Started), Finished: fromMicros(row.Finished), Version: row.Version,
		PolicyDate: fromMicros(row.PolicyDate), Lang: row.Lang, Names: int(row.Names)}
	if err := json.Unmarshal([]byte(row.Args), &r.Args); err != nil {
		return freehold.Run{}, s.damaged(freehold.T("run %q", row.ID), err)
	}
	return r, nil
}

func runExists(ctx context.Context, q *db.Queries, run string) error {
	_, err := q.RunByID(ctx, run)
	if errors.Is(err, sql.ErrNoRows) {
		return noRun(run)
	}
	return err
}

// lockRun makes sure that a run is there, and that nobody else adds to it until
// the end of the transaction.
func (s *Store) lockRun(ctx context.Context, tx *sql.Tx, q *db.Queries, run string) error {
	if err := s.lock(ctx, tx, "run "+run); err != nil {
		return err
	}
	return runExists(ctx, q, run)
}

func noRun(id string) error {
	return notFound(freehold.T("no run %q is saved", id), freehold.Text{})
}

// nameKey is how a name is found within a run: the ASCII form of the domain,
// also where it was asked for in another, or the text itself where that is no
// domain. Long texts are replaced by their digest: indexes have limits.
func nameKey(n freehold.Name, asked string) string {
	if !n.IsZero() {
		return n.ASCII()
	}
	if n, err := freehold.ParseName(asked); err == nil {
		return n.ASCII()
	}
	key := text(asked)
	if len(key) > 255 {
		sum := sha256.Sum256([]byte(key))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return key
}

// text makes s storable on both engines: UTF-8 without NUL.
func text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
