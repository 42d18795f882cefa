package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"freehold"
	"freehold/internal/store/db"
)

// TableCount is how many rows a table has.
type TableCount struct {
	Table string
	Rows  int64
}

// Status says what a database is.
type Status struct {
	Engine   string // "sqlite" or "postgresql"
	Version  string // of the engine
	Location string
	// Schema is the version it has, Needed the one this freehold works with. 0: it is empty.
	Schema, Needed int64
	// Size in octets, the write-ahead log included.
	Size int64
	Rows []TableCount
	// Problem is why it cannot be used as it is, nil if it can: of KindDamaged,
	// KindNewer, or of KindInvalid for an older schema.
	Problem error
}

// Inspect tells what a database is and changes nothing about it, whatever it
// is. The structure is checked whole, and every result and every piece of
// evidence is held against its digest. Errors are those that forbid even that:
// KindInvalid (no address of ours), KindNotFound where nothing is, KindPermission, KindUnavailable, KindBusy.
func Inspect(ctx context.Context, dsn string, o Options) (Status, error) {
	a, err := parseAddress(dsn)
	if err != nil {
		return Status{}, err
	}
	s := &Store{address: a, options: o.fill()}
	st := Status{Engine: "sqlite", Location: a.shown, Needed: neededVersion(s.options.migrations)}
	if a.postgres {
		st.Engine = "postgresql"
		err = s.inspectPostgres(ctx, &st)
	} else {
		err = s.inspectSQLite(ctx, &st)
	}
	err = s.fail(ctx, "read from", err)
	switch freehold.KindOf(err) {
	case freehold.KindDamaged, freehold.KindNewer:
		st.Problem, err = err, nil
	}
	return st, err
}

func (s *Store) inspectSQLite(ctx context.Context, st *Status) error {
	path := s.address.path
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return notFound(freehold.T("there is no database %q", path), freehold.T("it is created by the first audit that is saved"))
	}
	st.Size = size(path) + size(path+"-wal")
	file, err := s.lookAtFile()
	if err != nil || file.fresh || file.journal {
		return err
	}
	pool, err := s.openUntouched(file)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := pool.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&st.Version); err != nil {
		return err
	}
	if err := s.checkStructure(ctx, pool, "integrity_check"); err != nil {
		return err
	}
	return s.inspectContent(ctx, pool, st)
}

func (s *Store) inspectPostgres(ctx context.Context, st *Status) error {
	config, err := s.postgresConfig()
	if err != nil {
		return err
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET default_transaction_read_only = on")
		return err
	}))
	defer pool.Close()
	err = pool.QueryRowContext(ctx, "SELECT current_setting('server_version'), pg_database_size(current_database())").Scan(&st.Version, &st.Size)
	if err != nil {
		return err
	}
	return s.inspectContent(ctx, pool, st)
}

// inspectContent reads what is the same on both engines.
func (s *Store) inspectContent(ctx context.Context, pool *sql.DB, st *Status) (err error) {
	if st.Schema, err = readVersion(ctx, pool, s.address.postgres); err != nil || st.Schema == 0 {
		return err
	}
	if st.Schema > st.Needed {
		return s.newer(st.Schema, st.Needed)
	}
	for _, t := range tablesUpTo(st.Schema) {
		c := TableCount{Table: t.name}
		if err := pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+t.name).Scan(&c.Rows); err != nil {
			return err
		}
		st.Rows = append(st.Rows, c)
	}
	if st.Schema < st.Needed {
		st.Problem = s.older(st.Schema, st.Needed)
		return nil
	}
	return s.checkDigests(ctx, db.New(pool))
}

// checkDigests reads every piece of evidence and every result of the runs.
func (s *Store) checkDigests(ctx context.Context, q *db.Queries) error {
	last := []byte{}
	for {
		rows, err := q.EvidenceAfter(ctx, db.EvidenceAfterParams{Digest: last, AtMost: 100})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			if _, err := s.readEvidence(storedEvidence(row)); err != nil {
				return err
			}
			last = row.Digest
		}
	}
	after := db.ResultsAfterParams{AtMost: 32}
	for {
		rows, err := q.ResultsAfter(ctx, after)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if _, err := s.readResult(storedResult(row)); err != nil {
				return err
			}
			after.Run, after.Name, after.Rev = row.Run, row.Name, row.Rev
		}
	}
}
