package store_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rawSQLite and rawPostgres open a database past the store.
func rawSQLite(t *testing.T, path string) *sql.DB { return raw(t, "sqlite", path) }

func rawPostgres(t *testing.T, dsn string) *sql.DB { return raw(t, "pgx", dsn) }

func raw(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	return db
}

func exec1(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// snapshot reads every file below a folder.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if errors.Is(err, fs.ErrPermission) {
			b, err = []byte("closed"), nil
		}
		all[strings.TrimPrefix(p, dir)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantSame(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	after := snapshot(t, dir)
	for name, was := range before {
		if after[name] != was {
			t.Errorf("%s was changed: %d octets before, %d after", name, len(was), len(after[name]))
		}
	}
	for name, is := range after {
		if _, was := before[name]; !was {
			t.Errorf("%s (%d octets) was left behind", name, len(is))
		}
	}
}
