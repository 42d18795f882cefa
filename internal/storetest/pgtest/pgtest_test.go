package pgtest

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestCloneCopiesWhatWasPrepared(t *testing.T) {
	prepare := func(dsn string) error {
		c, err := pgx.Connect(context.Background(), dsn)
		if err != nil {
			return err
		}
		defer c.Close(context.Background())
		_, err = c.Exec(context.Background(), "CREATE TABLE prepared (n BIGINT); INSERT INTO prepared VALUES (42)")
		return err
	}
	first, second := Clone(t, "prepared", prepare), Clone(t, "prepared", prepare)
	if first == second {
		t.Fatal("two tests got one database")
	}
	for _, dsn := range []string{first, second} {
		c, err := pgx.Connect(context.Background(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		err = c.QueryRow(context.Background(), "UPDATE prepared SET n = n + 1 RETURNING n").Scan(&n)
		if c.Close(context.Background()); err != nil || n != 43 {
			t.Errorf("%d, %v; want 43: each has its own copy", n, err)
		}
	}
}

func TestKillAndRestart(t *testing.T) {
	s := Start(t)
	dsn := s.DSN("postgres")
	s.Kill()
	if _, err := pgx.Connect(context.Background(), dsn); err == nil {
		t.Fatal("the server answers after it was killed")
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	c.Close(context.Background())
}
