package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"freehold"
	"freehold/internal/storetest/pgtest"
	"freehold/internal/storetest/sample"
)

// later returns the migrations with more after them.
func later(t testing.TB, more ...string) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	files, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := fs.ReadFile(migrations, f)
		if err != nil {
			t.Fatal(err)
		}
		all[f] = &fstest.MapFile{Data: b}
	}
	for i, sql := range more {
		all[fmt.Sprintf("%05d_more.sql", 90+i)] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + sql)}
	}
	return all
}

func openSome(t testing.TB, o Options) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "freehold.db"), o)
}

func openAt(t testing.TB, dsn string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func bothEngines(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "freehold.db")) })
	t.Run("postgresql", func(t *testing.T) { test(t, pgtest.Database(t)) })
}

// addColumn works on both engines, and shows in every row.
const addColumn = "ALTER TABLE runs ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';"

func TestOlderSchemaIsMigratedOnlyOnRequest(t *testing.T) {
	bothEngines(t, func(t *testing.T, dsn string) {
		s := openAt(t, dsn, Options{})
		if err := errors.Join(s.BeginRun(t.Context(), sample.Run(0)), s.Close()); err != nil {
			t.Fatal(err)
		}
		next := Options{migrations: later(t, addColumn)}
		_, err := Open(t.Context(), dsn, next)
		if freehold.KindOf(err) != freehold.KindInvalid || freehold.HintOf(err) == "" {
			t.Fatalf("opened an older schema: %v", err)
		}
		if st, err := Inspect(t.Context(), dsn, next); err != nil || st.Schema != neededVersion(migrations) || st.Needed != 90 || st.Problem == nil {
			t.Errorf("%+v, %v", st, err)
		}
		m, err := Migrate(t.Context(), dsn, next)
		if err != nil || m.From != neededVersion(migrations) || m.To != 90 {
			t.Fatalf("%+v, %v", m, err)
		}
		s = openAt(t, dsn, next)
		var colour string
		if err := s.reader.QueryRowContext(t.Context(), "SELECT colour FROM runs").Scan(&colour); err != nil || colour != "blue" {
			t.Errorf("after the migration: %q, %v", colour, err)
		}
		if _, err := Open(t.Context(), dsn, Options{}); freehold.KindOf(err) != freehold.KindNewer {
			t.Errorf("the older program opened the newer schema: %v", err)
		}
		if s.address.postgres {
			return
		}
		if info, err := os.Stat(m.Copy); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("the copy %q: %v, %v", m.Copy, info, err)
		}
		old := openAt(t, m.Copy, Options{})
		if run, err := old.LastRun(t.Context()); err != nil || run.ID != sample.Run(0).ID {
			t.Errorf("the copy of the old state holds %+v, %v", run, err)
		}
	})
}

// A migration that fails half-way leaves the schema and the data as they were.
func TestFailedMigrationChangesNothing(t *testing.T) {
	bothEngines(t, func(t *testing.T, dsn string) {
		s := openAt(t, dsn, Options{})
		if err := errors.Join(s.BeginRun(t.Context(), sample.Run(0)), s.Close()); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), dsn, Options{AutoMigrate: true, migrations: later(t, addColumn+"\nDELETE FROM runs;\nSELECT * FROM nowhere;")})
		if err == nil {
			t.Fatal("a broken migration went through")
		}
		if run, err := openAt(t, dsn, Options{}).LastRun(t.Context()); err != nil || run.ID != sample.Run(0).ID {
			t.Errorf("after it: %+v, %v", run, err)
		}
	})
}

// A backup of an older schema goes through the migrations on its way.
func TestRestoreOfAnOlderSchema(t *testing.T) {
	old := openSome(t, Options{})
	if err := old.BeginRun(t.Context(), sample.Run(0)); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "old.gz")
	if _, err := old.Backup(t.Context(), backup, sample.Start); err != nil {
		t.Fatal(err)
	}
	next := Options{migrations: later(t, addColumn)}
	bothEngines(t, func(t *testing.T, dsn string) {
		s := openAt(t, dsn, next)
		info, err := s.Restore(t.Context(), backup, false)
		if err != nil || info.Schema != neededVersion(migrations) {
			t.Fatalf("%+v, %v", info, err)
		}
		var colour string
		if err := s.reader.QueryRowContext(t.Context(), "SELECT colour FROM runs").Scan(&colour); err != nil || colour != "blue" {
			t.Errorf("%q, %v", colour, err)
		}
		newer := filepath.Join(t.TempDir(), "new.gz")
		if _, err := s.Backup(t.Context(), newer, sample.Start); err != nil {
			t.Fatal(err)
		}
		if _, err := old.Restore(t.Context(), newer, true); freehold.KindOf(err) != freehold.KindNewer {
			t.Errorf("a backup of a newer schema: %v", err)
		}
	})
}

// A backup of the first schema has none of the tables that came later.
func TestRestoreOfTheFirstSchema(t *testing.T) {
	first := Options{migrations: upTo{migrations, 1}}
	old := openSome(t, first)
	if err := old.BeginRun(t.Context(), sample.Run(0)); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "backup")
	if _, err := old.Backup(t.Context(), backup, sample.Start); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	s := openSome(t, Options{})
	if info, err := s.Restore(t.Context(), backup, false); err != nil || info.Schema != 1 {
		t.Fatalf("%+v, %v", info, err)
	}
	if run, err := s.LastRun(t.Context()); err != nil || run.ID != sample.Run(0).ID {
		t.Errorf("%+v, %v", run, err)
	}
}
