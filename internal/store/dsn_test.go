package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	sqlite3 "modernc.org/sqlite/lib"

	"freehold"
)

func TestParseAddress(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dsn, want := range map[string]string{
		"freehold.db":           filepath.Join(here, "freehold.db"),
		"sqlite:freehold.db":    filepath.Join(here, "freehold.db"),
		"sqlite:///var/x.db":    "/var/x.db",
		"sqlite:/var/../x.db":   "/x.db",
		"./postgres:/x":         filepath.Join(here, "postgres:/x"),
		"postgres://h/db":       "postgres://h/db",
		"POSTGRESQL://h:5/db?x": "postgres://h:5/db",
		"postgres://ann:geheim@h:5432/db?sslmode=require&password=geheim": "postgres://ann@h:5432/db",
		"postgresql:///db?host=/run/postgresql&password=geheim":           "postgres://socket/db",
		"postgresql:///db?host=db.example&user=ann":                       "postgres://db.example/db",
	} {
		if a, err := parseAddress(dsn); err != nil || a.shown != want {
			t.Errorf("%s is shown as %q, %v; want %q", dsn, a.shown, err, want)
		}
	}
	for _, dsn := range []string{"", "sqlite:", ":memory:", "mysql://ann:geheim@h/db", "a\x00b", "postgres://ann:ge%heim@h/db", "postgres://ann:geheim@h:port/db"} {
		_, err := parseAddress(dsn)
		if freehold.KindOf(err) != freehold.KindInvalid || strings.Contains(err.Error(), "heim") || freehold.HintOf(err) == "" {
			t.Errorf("%q: %v", dsn, err)
		}
	}
}

// No error holds a password: not in its text, and not in what it wraps.
func TestErrorsHoldNoPassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://ann:geheim@127.0.0.1:1/db?connect_timeout=1",
		"postgres://ann:geheim@127.0.0.1:1/db?sslmode=nonsense",
		"postgres://ann@127.0.0.1:1/db?password=geheim&connect_timeout=x",
		"postgres://ann:geheim@127.0.0.1:1,127.0.0.1:2/db",
		"postgres://ann:geheim@/db?host=/nowhere/geheim&sslpassword=geheim",
		"mysql://ann:geheim@h/db",
	} {
		_, err := Open(t.Context(), dsn, Options{})
		_, err2 := Inspect(t.Context(), dsn, Options{})
		for _, err := range []error{err, err2} {
			if err == nil {
				t.Errorf("%s opened", dsn)
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if said := fmt.Sprintf("%v %+v %#v", e, e, e) + freehold.HintOf(e); strings.Contains(strings.ReplaceAll(said, "/nowhere/geheim", ""), "geheim") {
					t.Errorf("%s: the error holds the password: %s", dsn, said)
				}
			}
		}
		if kind := freehold.KindOf(err); kind != freehold.KindUnavailable && kind != freehold.KindInvalid {
			t.Errorf("%s: kind %d", dsn, kind)
		}
	}
}

// FuzzAddress: a password never shows, whatever stands around it.
func FuzzAddress(f *testing.F) {
	f.Add("postgres://ann:", "@h/db")
	f.Add("postgres://h/db?password=", "")
	f.Add("postgres://h/db?host=x&sslpassword=", "#")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "qzSecretqz"
		if !strings.HasPrefix(strings.ToLower(before), "postgres://") || !strings.HasSuffix(before, ":") && !strings.HasSuffix(before, "password=") || strings.Contains(before, "@") && !strings.Contains(before, "?") {
			return
		}
		a, err := parseAddress(before + secret + after)
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", before+secret+after, err)
		}
		if strings.Contains(a.shown, secret) && strings.HasSuffix(before, "password=") && strings.Contains(before, "?") {
			t.Errorf("%q is shown as %q", before+secret+after, a.shown)
		}
		if strings.Contains(a.shown, secret) && strings.HasSuffix(before, ":") && strings.HasPrefix(after, "@") && !strings.ContainsAny(before[11:], "/?#") {
			t.Errorf("%q is shown as %q", before+secret+after, a.shown)
		}
	})
}

func TestErrorKinds(t *testing.T) {
	for code, want := range map[int]freehold.ErrorKind{
		sqlite3.SQLITE_BUSY: freehold.KindBusy, sqlite3.SQLITE_BUSY_SNAPSHOT: freehold.KindBusy, sqlite3.SQLITE_LOCKED: freehold.KindBusy,
		sqlite3.SQLITE_FULL: freehold.KindFull, sqlite3.SQLITE_IOERR_WRITE: freehold.KindFull, sqlite3.SQLITE_IOERR_SHMSIZE: freehold.KindFull,
		sqlite3.SQLITE_CORRUPT: freehold.KindDamaged, sqlite3.SQLITE_NOTADB: freehold.KindDamaged, sqlite3.SQLITE_IOERR_SHORT_READ: freehold.KindDamaged,
		sqlite3.SQLITE_READONLY: freehold.KindPermission, sqlite3.SQLITE_READONLY_DIRECTORY: freehold.KindPermission, sqlite3.SQLITE_CANTOPEN: freehold.KindPermission,
		sqlite3.SQLITE_CONSTRAINT: freehold.KindInternal, sqlite3.SQLITE_IOERR: freehold.KindInternal,
	} {
		if got := sqliteKind(code); got != want {
			t.Errorf("SQLite's %d is kind %d, want %d", code, got, want)
		}
	}
	for state, want := range map[string]freehold.ErrorKind{
		"53100": freehold.KindFull, "53300": freehold.KindBusy, "40P01": freehold.KindBusy, "3D000": freehold.KindNotFound, "28P01": freehold.KindPermission,
		"28000": freehold.KindPermission, "42501": freehold.KindPermission, "25006": freehold.KindPermission, "XX001": freehold.KindDamaged, "42P01": freehold.KindDamaged,
		"57P03": freehold.KindUnavailable, "57P01": freehold.KindUnavailable, "08006": freehold.KindUnavailable, "23505": freehold.KindInternal,
	} {
		if got := kindOf(fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: state})); got != want {
			t.Errorf("PostgreSQL's %s is kind %d, want %d", state, got, want)
		}
	}
}
