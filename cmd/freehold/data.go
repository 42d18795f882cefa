package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"freehold/internal/policy"
)

func (s *session) dataCommand() *cli.Command {
	return &cli.Command{
		Name:  "data",
		Usage: "how old the policy data and the lists of servers are",
		Subcommands: []*cli.Command{{
			Name: "status", Usage: "each profile of transfer rules with the day it was read, and the copies of IANA's lists", ArgsUsage: " ",
			Flags: []cli.Flag{nowFlag()}, Action: s.dataStatus,
		}, {
			Name: "update", Usage: "ask IANA for its lists of servers and registrars again; the rules come with the program", ArgsUsage: " ",
			Flags: []cli.Flag{timeoutFlag()}, Action: s.dataUpdate,
		}},
	}
}

func (s *session) dataStatus(c *cli.Context) error {
	now, err := s.clock(c)
	if err != nil {
		return err
	}
	set, err := policy.Load()
	if err != nil {
		return err
	}
	days := func(t time.Time) int { return int(now().Sub(t) / (24 * time.Hour)) }
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join([]string{s.say("RULES"), s.say("READ"), s.say("DAYS OLD"), s.say("STATE"), s.say("TITLE")}, "\t"))
	for _, p := range set.Profiles() {
		state := s.say("in force")
		switch {
		case p.Binds(now()):
		case !p.Until.IsZero() && !now().Before(p.Until):
			state = s.say("over since %t", p.Until)
		case !p.From.IsZero():
			state = s.say("from %t on", p.From)
		default:
			state = s.say("adopted, binds nobody yet")
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", p.ID, p.Read.Format(time.DateOnly), days(p.Read), state, p.Title)
	}
	fmt.Fprintln(w, "\n"+strings.Join([]string{s.say("LIST"), s.say("FETCHED"), s.say("DAYS OLD"), "", ""}, "\t"))
	kept := 0
	for _, f := range s.ianaCopies() {
		if info, err := os.Stat(f); err == nil {
			kept++
			fmt.Fprintf(w, "%s\t%s\t%d\t\t\n", filepath.Base(f), info.ModTime().UTC().Format(time.DateOnly), days(info.ModTime()))
		}
	}
	if kept == 0 {
		fmt.Fprintln(w, s.say("(no copies of IANA's lists yet; the first audit fetches them)")+"\t\t\t\t")
	}
	return w.Flush()
}

// ianaCopies lists the kept copies of IANA's lists.
func (s *session) ianaCopies() []string {
	dir := s.dir("XDG_CACHE_HOME", ".cache")
	if dir == "" {
		return nil
	}
	files, _ := filepath.Glob(filepath.Join(dir, "iana", "*"))
	return files
}
