// Package pgtest gives tests a PostgreSQL server of their own: started from the
// installed binaries when the first test asks, in a temporary folder, listening
// on loopback and a socket there, and gone when the test binary ends. Each test
// gets a database of its own.
//
// A package that uses it runs its tests through Main:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
// FREEHOLD_TEST_POSTGRES names a server to use instead: a URL of a database from
// which others may be created. Without a server tests skip, except where CI is
// "true": there they fail.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared is the one server of the test binary.
var shared struct {
	once   sync.Once
	base   *url.URL
	server *Server
	err    error

	mu        sync.Mutex
	templates map[string]string
	created   []string // templates, to be dropped from a server that stays
}

var counter atomic.Int64

// Main runs the tests and then ends the server.
func Main(m *testing.M) int {
	defer stopShared()
	return m.Run()
}

func stopShared() {
	for _, name := range shared.created {
		_ = admin(fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name))
	}
	if shared.server != nil {
		shared.server.Stop()
	}
}

func ready(t testing.TB) {
	t.Helper()
	shared.once.Do(func() {
		dsn := os.Getenv("FREEHOLD_TEST_POSTGRES")
		if dsn == "" {
			shared.server, shared.err = start()
			if shared.err != nil {
				return
			}
			dsn = shared.server.DSN("postgres")
		}
		shared.base, shared.err = url.Parse(dsn)
	})
	if shared.err != nil {
		missing(t, shared.err)
	}
}

// missing skips the test, or fails it where nothing may be missing.
func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("no PostgreSQL: %v", err)
	}
	t.Skipf("no PostgreSQL, and its tests with it: %v", err)
}

// Database creates an empty database and returns its URL. It is dropped when
// the test ends.
func Database(t testing.TB) string {
	t.Helper()
	ready(t)
	return create(t, "TEMPLATE template0")
}

// Clone returns the URL of a database that prepare has prepared: it is called
// once for each key, and its database is copied for each test. It must have
// closed its connections when it returns.
func Clone(t testing.TB, key string, prepare func(dsn string) error) string {
	t.Helper()
	ready(t)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	template, ok := shared.templates[key]
	if !ok {
		template = newName()
		err := admin("CREATE DATABASE " + template + " TEMPLATE template0")
		if err == nil {
			shared.created = append(shared.created, template)
			err = prepare(at(template))
		}
		if err != nil {
			t.Fatal(err)
		}
		if shared.templates == nil {
			shared.templates = map[string]string{}
		}
		shared.templates[key] = template
	}
	return create(t, "TEMPLATE "+template)
}

func create(t testing.TB, how string) string {
	t.Helper()
	name := newName()
	if err := admin("CREATE DATABASE " + name + " " + how); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return at(name)
}

func newName() string {
	return fmt.Sprintf("freehold_test_%d_%d", os.Getpid(), counter.Add(1))
}

// at returns the URL of a database on the shared server.
func at(name string) string {
	u := *shared.base
	u.Path = "/" + name
	return u.String()
}

func admin(sql string) error {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, shared.base.String())
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, sql)
	return err
}
