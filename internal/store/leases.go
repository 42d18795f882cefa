package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"freehold"
	"freehold/internal/store/db"
)

// TakeLease gives the right to work on a thing until a moment. KindBusy while
// another holds it. A lease that has run out may be taken by anybody, its holder
// included, and gets a new fence.
func (s *Store) TakeLease(ctx context.Context, thing, holder string, now, until time.Time) (freehold.Lease, error) {
	l := freehold.Lease{Thing: thing, Holder: holder, Until: until}
	err := s.write(ctx, "save to", func(_ *sql.Tx, q *db.Queries) error {
		n, err := q.TakeLease(ctx, db.TakeLeaseParams{Holder: text(holder), Until: micros(until), Thing: thing, Now: micros(now)})
		if err == nil && n == 0 {
			if n, err = q.InsertLease(ctx, thing); err == nil && n > 0 {
				n, err = q.TakeLease(ctx, db.TakeLeaseParams{Holder: text(holder), Until: micros(until), Thing: thing, Now: micros(now)})
			}
		}
		if err != nil {
			return err
		}
		row, err := q.LeaseOf(ctx, thing)
		if err == nil && n == 0 {
			err = &freehold.Error{Kind: freehold.KindBusy, Text: freehold.T("%q is being worked on by %q until %s", thing, row.Holder, fromMicros(row.HeldUntil).Format(time.RFC3339))}
		}
		l.Fence = row.Fence
		return err
	})
	if err != nil {
		return freehold.Lease{}, err
	}
	return l, nil
}

// KeepLease makes a lease last longer; KindPermission if it was lost.
func (s *Store) KeepLease(ctx context.Context, l freehold.Lease, until time.Time) (freehold.Lease, error) {
	err := s.write(ctx, "save to", func(_ *sql.Tx, q *db.Queries) error {
		n, err := q.KeepLease(ctx, db.KeepLeaseParams{Until: micros(until), Thing: l.Thing, Fence: l.Fence})
		if err == nil && n == 0 {
			err = errLeaseLost(l.Thing)
		}
		return err
	})
	l.Until = until
	return l, err
}

// EndLease gives a lease back. One that was lost already is no error.
func (s *Store) EndLease(ctx context.Context, l freehold.Lease) error {
	return s.write(ctx, "save to", func(_ *sql.Tx, q *db.Queries) error {
		_, err := q.EndLease(ctx, db.EndLeaseParams{Thing: l.Thing, Fence: l.Fence})
		return err
	})
}

func errLeaseLost(thing string) error {
	return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("another worker has taken %q over", thing)}
}

// holds checks within a transaction that a fence is that of the lease as it is. It
// writes the row, so that the lease cannot be taken before the transaction ends.
func (s *Store) holds(ctx context.Context, q *db.Queries, thing string, fence int64) error {
	if fence == 0 {
		return nil
	}
	n, err := q.HoldLease(ctx, db.HoldLeaseParams{Thing: thing, Fence: fence})
	if err == nil && n == 0 {
		err = errLeaseLost(thing)
	}
	return err
}

// DeskGrants are the rights of a PostgreSQL role that the desk and its workers use:
// it adds events and reads them, and can neither change nor remove one. Whoever
// migrates, restores or purges uses another.
func DeskGrants(role string) []string {
	role = `"` + strings.ReplaceAll(role, `"`, `""`) + `"`
	return []string{
		"GRANT USAGE ON SCHEMA public TO " + role,
		"GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role,
		"GRANT INSERT ON cases, case_events, leases, sealed_codes, outbox, ledger_leaves, ledger_hashes, checkpoints TO " + role,
		"GRANT UPDATE (state, version, risk, deadline, next) ON cases TO " + role,
		"GRANT UPDATE (holder, held_until, fence) ON leases TO " + role,
		"GRANT UPDATE, DELETE ON sealed_codes TO " + role,
		"GRANT UPDATE (sent, again, tries) ON outbox TO " + role,
		"GRANT UPDATE (idx) ON ledger_leaves TO " + role,
	}
}
