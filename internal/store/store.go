// Package store keeps what freehold learnt: runs, results, the evidence behind
// them, what people attested, and the challenges of proofs. One layer of
// queries (db, made by sqlc) and one set of migrations serve SQLite, the
// default, and PostgreSQL; package storetest holds both to the same behaviour.
//
//	store.go          open and close, reading and writing, pages
//	dsn.go            which database an address means, without its password
//	sqlite.go         a file: looked at before it is touched, private, durable
//	postgres.go       a server
//	schema.go         migrations and versions
//	document.go       how a result is stored, and packed
//	runs.go           runs and the names they were asked for
//	results.go        results, the newest and all of them
//	evidence.go       raw answers by digest
//	attestations.go   what people said; challenges
//	portfolio.go      the names someone answers for, and what files said of them
//	register.go       what the host's records say of its customers
//	cases.go          the desk's cases: events added, never changed; sealed codes, the outbox
//	leases.go         who works on what
//	ledger.go         leaves on their way into the ledger, its hashes and checkpoints
//	backup.go         one portable file for both engines; restore.go reads it
//	status.go         what a database is, without changing it
//	errors.go         which of our errors an engine's error is
//
// All that Save, Attest and the others were given is durable when they return.
// What cannot be read is an error, never an empty answer, and a database that
// is damaged, locked, full or of a newer freehold stays as it is.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"time"

	"freehold"
	"freehold/internal/store/db"
)

// Options say how to open a database. The zero Options are usable.
type Options struct {
	// AutoMigrate brings a database of an older freehold to this one's schema. Of
	// a SQLite file a copy is made first, beside it. Without it an older database
	// is refused. A new or empty database always gets the schema.
	AutoMigrate bool
	// BusyTimeout is how long to wait for another program that writes to a SQLite
	// file; 0 is 10 seconds.
	BusyTimeout time.Duration
	// Log is told of what happens to the database beside what was asked for, such
	// as a copy made before a migration; nil is silence.
	Log func(freehold.Text)

	migrations fs.FS // nil: those of this freehold
}

func (o Options) fill() Options {
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = func(freehold.Text) {}
	}
	if o.migrations == nil {
		o.migrations = migrations
	}
	return o
}

// Store is an open database. It is safe for concurrent use, also by several
// processes.
type Store struct {
	address address
	options Options
	// SQLite has one writer at a time: one connection writes, so that writers of
	// this process queue up fairly instead of polling a lock; others read. On
	// PostgreSQL both are one pool.
	writer, reader *sql.DB
	queries        *db.Queries // on reader
}

// Open opens the database at an address: a path, "sqlite:PATH", or a
// PostgreSQL URL ("postgres://user@host/database?…"). A SQLite file that is not
// there is created with mode 0600, its folder with 0700.
//
// Errors are freehold.Errors: KindInvalid (no address of ours, or an older schema and
// no AutoMigrate), KindNewer, KindDamaged, KindBusy, KindFull, KindPermission,
// KindNotFound (no such PostgreSQL database), KindUnavailable. None holds a password.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	a, err := parseAddress(dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{address: a, options: o.fill()}
	if a.postgres {
		err = s.openPostgres(ctx)
	} else {
		err = s.openSQLite(ctx)
	}
	if err != nil {
		_ = s.Close()
		return nil, s.fail(ctx, "open", err)
	}
	s.queries = db.New(s.reader)
	return s, nil
}

// Close ends all connections. Closing the last one to a SQLite file folds its
// write-ahead log into it.
func (s *Store) Close() error {
	var errs []error
	if s.reader != nil && s.reader != s.writer {
		errs = append(errs, s.reader.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return s.fail(context.Background(), "close", err)
	}
	return nil
}

// Location says where the database is, for people: the absolute path, or the
// URL without password and parameters.
func (s *Store) Location() string { return s.address.shown }

// maxAttempts bounds how often a transaction is tried again that lost against
// another one. On SQLite none is: its writers wait for one another.
const maxAttempts = 8

// write runs fn in one transaction, again if it lost against another. fn must
// not talk to anyone but the database.
func (s *Store) write(ctx context.Context, doing string, fn func(*sql.Tx, *db.Queries) error) error {
	var err error
	for range maxAttempts {
		if err = s.writeOnce(ctx, fn); err == nil {
			return nil
		}
		if !lostRace(err) || ctx.Err() != nil {
			break
		}
	}
	return s.fail(ctx, doing, err)
}

func (s *Store) writeOnce(ctx context.Context, fn func(*sql.Tx, *db.Queries) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(tx, db.New(tx)); err != nil {
		return err
	}
	return tx.Commit()
}

// lock makes transactions that number rows of one thing wait for one another,
// to the end of this one. SQLite has one writer at a time anyway.
func (s *Store) lock(ctx context.Context, tx *sql.Tx, thing string) error {
	if !s.address.postgres {
		return nil
	}
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "freehold "+thing)
	return err
}

// paged streams rows page by page, so that no cursor stays open and memory
// stays bounded however much there is. next returns the page that starts after
// a row; the zero T stands before the first.
func paged[T, V any](ctx context.Context, s *Store, next func(after T) ([]T, error), value func(T) (V, error)) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		var last T
		var none V
		for {
			rows, err := next(last)
			if err != nil {
				yield(none, s.fail(ctx, "read from", err))
				return
			}
			if len(rows) == 0 {
				return
			}
			for _, row := range rows {
				v, err := value(row)
				if err != nil {
					err = s.fail(ctx, "read from", err)
				}
				if !yield(v, err) || err != nil {
					return
				}
			}
			last = rows[len(rows)-1]
		}
	}
}

// manyRows is how many rows one INSERT carries: enough to make the way to a
// server cheap, few enough for every engine's limits.
const manyRows = 64

// insertMany adds rows with as few statements as possible. head is the INSERT
// up to its column list, tail what follows the values.
func insertMany(ctx context.Context, tx *sql.Tx, head, tail string, rows [][]any) error {
	for len(rows) > 0 {
		n := min(len(rows), manyRows)
		query := []byte(head + " VALUES ")
		var args []any
		for i, row := range rows[:n] {
			if i > 0 {
				query = append(query, ", "...)
			}
			for j := range row {
				query = fmt.Appendf(query, "%s$%d", map[bool]string{true: "(", false: ", "}[j == 0], len(args)+j+1)
			}
			query = append(query, ')')
			args = append(args, row...)
		}
		query = append(query, " "+tail...)
		if _, err := tx.ExecContext(ctx, string(query), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// micros is how times are stored: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func convert[A, B any](in []A, one func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = one(a)
	}
	return out
}
