package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"freehold"
)

//go:embed migrations/*.sql
var embedded embed.FS

var migrations = func() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}()

// versionTable is where goose writes which migrations a database has had.
const versionTable = "schema_version"

// neededVersion returns the number of the newest migration.
func neededVersion(fsys fs.FS) int64 {
	var newest int64
	files, _ := fs.Glob(fsys, "*.sql")
	for _, f := range files {
		newest = max(newest, versionOf(f))
	}
	return newest
}

// since holds the migration that made a table, of those that came after the first.
var since = map[string]int64{"imports": 10, "portfolio": 10, "portfolio_tags": 10, "portfolio_claims": 10, "zone_copies": 11,
	"cases": 12, "case_events": 12, "leases": 12, "sealed_codes": 12, "outbox": 12, "ledger_leaves": 12, "ledger_hashes": 12, "checkpoints": 12,
	"register": 15, "purges": 15}

// tablesOf lists the tables that migrations make: an old backup is staged in a
// database of its own schema, which lacks the later ones.
func tablesOf(fsys fs.FS) []table { return tablesUpTo(neededVersion(fsys)) }

func tablesUpTo(schema int64) []table {
	var list []table
	for _, t := range tables {
		if since[t.name] <= schema {
			list = append(list, t)
		}
	}
	return list
}

// versionOf reads the number of a migration's file name, 0 if it has none.
func versionOf(file string) int64 {
	number, _, _ := strings.Cut(path.Base(file), "_")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// readVersion returns the schema version of a database, 0 for an empty one. It
// changes nothing.
func readVersion(ctx context.Context, pool *sql.DB, postgres bool) (int64, error) {
	there := "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1"
	if postgres {
		there = "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass($1)"
	}
	var n, version int64
	if err := pool.QueryRowContext(ctx, there, versionTable).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	err := pool.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM "+versionTable).Scan(&version)
	return version, err
}

// ensureSchema brings a database of schema version `from` to this freehold's, or says
// why not. copyFirst keeps the old state before an old schema is changed.
func (s *Store) ensureSchema(ctx context.Context, from int64, copyFirst func() error) error {
	needed := neededVersion(s.options.migrations)
	switch {
	case from == needed:
		return nil
	case from > needed:
		return s.newer(from, needed)
	case from > 0 && !s.options.AutoMigrate:
		if s.beingMade(ctx, needed) {
			return nil
		}
		return s.older(from, needed)
	case from > 0:
		if err := copyFirst(); err != nil {
			return err
		}
	}
	return s.migrate(ctx, needed)
}

// beingMade waits a moment for another program that is just creating the
// database: each migration is a transaction of its own, and those between the
// first and the last show an older schema.
func (s *Store) beingMade(ctx context.Context, needed int64) bool {
	for range 25 {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
		if now, err := readVersion(ctx, s.writer, s.address.postgres); err != nil || now == needed {
			return err == nil
		}
	}
	return false
}

func (s *Store) older(has, needed int64) error {
	return &freehold.Error{Kind: freehold.KindInvalid,
		Text:   freehold.T("database %q has schema %d of an older freehold, and schema %d is needed", s.address.shown, has, needed),
		Advice: freehold.T(`back it up, then run "freehold db migrate"`)}
}

func (s *Store) newer(has, needed int64) error {
	return &freehold.Error{Kind: freehold.KindNewer,
		Text:   freehold.T("database %q was written by a newer freehold: it has schema %d, this one knows %d", s.address.shown, has, needed),
		Advice: freehold.T("use that newer version, or another database")}
}

// migrate runs the migrations that are missing. Each is a transaction of its
// own with its version number. Several programs may try at once: whoever comes
// second fails, looks again, and finds it done.
func (s *Store) migrate(ctx context.Context, needed int64) error {
	dialect := goose.DialectSQLite3
	if s.address.postgres {
		dialect = goose.DialectPostgres
	}
	provider, err := goose.NewProvider(dialect, s.writer, s.options.migrations,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	for range 3 + len(provider.ListSources()) {
		if _, err = provider.Up(ctx); err == nil {
			return nil
		}
		if now, look := readVersion(ctx, s.writer, s.address.postgres); look == nil && now == needed {
			return nil
		}
	}
	var partial *goose.PartialError
	if errors.As(err, &partial) && partial.Err != nil {
		err = partial.Err
	}
	return err
}

// Migration says what Migrate did.
type Migration struct {
	From, To int64
	// Copy is the file in which the old state was kept, empty where none was needed.
	Copy string
}

// Migrate brings a database to this freehold's schema. Of a SQLite file of an
// older schema a copy is kept beside it; on PostgreSQL a failed migration is
// rolled back by the server, and a copy is the caller's to make (Backup).
func Migrate(ctx context.Context, dsn string, o Options) (Migration, error) {
	before, err := Inspect(ctx, dsn, o)
	if err != nil && freehold.KindOf(err) != freehold.KindNotFound {
		return Migration{}, err
	}
	o.AutoMigrate = true
	s, err := Open(ctx, dsn, o)
	if err != nil {
		return Migration{}, err
	}
	m := Migration{From: before.Schema, To: neededVersion(s.options.migrations)}
	if !s.address.postgres && m.From > 0 && m.From < m.To {
		m.Copy = s.copyPath(m.From)
	}
	return m, s.Close()
}
