package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/store"
)

func (s *session) dbCommand() *cli.Command {
	return &cli.Command{
		Name:  "db",
		Usage: "the database: what it is, upgrades, backups",
		Subcommands: []*cli.Command{
			{Name: "status", Usage: "what the database is, without changing it", ArgsUsage: " ", Flags: storeFlags(), Action: s.dbStatus},
			{Name: "migrate", Usage: "bring the database to this version's schema, keeping a copy of the old", ArgsUsage: " ", Flags: storeFlags(), Action: s.dbMigrate},
			{Name: "backup", Usage: "write everything into one portable FILE, while in use", ArgsUsage: "FILE", Flags: storeFlags(), Action: s.dbBackup},
			{Name: "restore", Usage: "read a backup FILE into an empty database, of either engine", ArgsUsage: "FILE",
				Flags: join([]cli.Flag{&cli.BoolFlag{Name: "force", Usage: "replace what the database holds"}}, storeFlags()), Action: s.dbRestore},
		},
	}
}

func (s *session) dbBackup(c *cli.Context) error {
	if c.NArg() != 1 {
		return misuse(freehold.T("%s wants one file", "db backup"), freehold.Text{})
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err := st.Backup(c.Context, c.Args().First(), time.Now()); err != nil {
		return err
	}
	s.tell(freehold.T("%s is backed up", st.Location()))
	return nil
}

func (s *session) dbRestore(c *cli.Context) error {
	if c.NArg() != 1 {
		return misuse(freehold.T("%s wants one file", "db restore"), freehold.Text{})
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err := st.Restore(c.Context, c.Args().First(), c.Bool("force")); err != nil {
		return err
	}
	s.tell(freehold.T("%s is restored", st.Location()))
	return nil
}

func (s *session) dbStatus(c *cli.Context) error {
	dsn, err := s.dsn(c)
	if err != nil {
		return err
	}
	st, err := store.Inspect(c.Context, dsn, store.Options{})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s\n%s\n%s\n", s.say("%s %s at %s", st.Engine, st.Version, st.Location),
		s.say("schema %d, this freehold works with %d", st.Schema, st.Needed), s.say("%d octets", st.Size))
	for _, t := range st.Rows {
		fmt.Fprintf(s.Out, "%s %d\n", t.Table, t.Rows)
	}
	return st.Problem
}

func (s *session) dbMigrate(c *cli.Context) error {
	dsn, err := s.dsn(c)
	if err != nil {
		return err
	}
	m, err := store.Migrate(c.Context, dsn, store.Options{})
	if err != nil {
		return err
	}
	if m.Copy != "" {
		s.tell(freehold.T("the old state is in %q", m.Copy))
	}
	_, err = fmt.Fprintln(s.Out, s.say("schema %d → %d", m.From, m.To))
	return err
}
