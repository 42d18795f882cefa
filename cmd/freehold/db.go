package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

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
		return usageError("db backup wants one file", "")
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err := st.Backup(c.Context, c.Args().First(), time.Now()); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "freehold: %s is backed up\n", st.Location())
	return nil
}

func (s *session) dbRestore(c *cli.Context) error {
	if c.NArg() != 1 {
		return usageError("db restore wants one file", "")
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err := st.Restore(c.Context, c.Args().First(), c.Bool("force")); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "freehold: %s is restored\n", st.Location())
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
	fmt.Fprintf(s.Out, "%s %s at %s\nschema %d, this freehold works with %d\n%d octets\n", st.Engine, st.Version, st.Location, st.Schema, st.Needed, st.Size)
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
		fmt.Fprintf(s.Err, "freehold: the old state is in %q\n", m.Copy)
	}
	_, err = fmt.Fprintf(s.Out, "schema %d → %d\n", m.From, m.To)
	return err
}
