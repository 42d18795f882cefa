package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"freehold/internal/store"
	"freehold/internal/storetest"
	"freehold/internal/storetest/pgtest"
)

func TestMain(m *testing.M) {
	if job := os.Getenv(childJob); job != "" {
		os.Exit(child(job))
	}
	os.Exit(pgtest.Main(m))
}

// engines are what every test of the store runs on: each gives the address of a
// new, empty database.
var engines = []struct {
	name string
	dsn  func(t testing.TB) string
}{
	{"sqlite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "freehold.db") }},
	{"postgresql", func(t testing.TB) string {
		return pgtest.Clone(t, "migrated", func(dsn string) error {
			s, err := store.Open(t.Context(), dsn, store.Options{})
			if err != nil {
				return err
			}
			return s.Close()
		})
	}},
}

func onEngines(t *testing.T, test func(t *testing.T, dsn string)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { test(t, e.dsn(t)) })
	}
}

// open opens a database until the test ends.
func open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) *store.Store { return open(t, e.dsn(t)) })
		})
	}
}

// A backup is one format for both engines.
func TestRestoreIntoTheOtherEngine(t *testing.T) {
	for i, from := range engines {
		to := engines[1-i]
		t.Run(from.name+" to "+to.name, func(t *testing.T) {
			storetest.BackupAndRestore(t, open(t, from.dsn(t)), open(t, to.dsn(t)))
		})
	}
}

func emptyPostgres(t testing.TB) string { return pgtest.Database(t) }
