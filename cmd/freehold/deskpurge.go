package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/verify/identity"
)

func (s *session) deskPurgeCommand() *cli.Command {
	return &cli.Command{
		Name: "purge", Usage: "destroy what is kept of cases longer than it is to be kept", ArgsUsage: " ",
		Description: `Of a case that ended long enough ago, all that its events say is destroyed, with its messages and the salts of its records in the ledger. What stays is that there was a case about the name, the digest over its events, and by which rule it was purged; the ledger verifies as before. Open cases are never purged.

How long is data with its source, by jurisdiction. Without --yes it is only told what would go.`,
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "jurisdiction", Value: "default", Usage: "by the rules of `JURISDICTION`: default, ch-registrar"},
			&cli.BoolFlag{Name: "dry-run", Usage: "tell what would go, also with --yes"},
		}, deskFlags(), yesFlag()),
		Action: s.deskPurge,
	}
}

// kept is how long decisions are kept, and by which rule: all that a case says is kept
// for as long as the longest of its kinds.
func kept(jurisdiction string) (identity.Retention, error) {
	all, _, err := identity.Retentions()
	if err != nil {
		return identity.Retention{}, err
	}
	found, known := identity.Retention{}, ""
	for _, r := range all {
		if r.Jurisdiction == jurisdiction && r.Keep.Duration() > found.Keep.Duration() {
			found = r
		}
		if r.What == "decision" {
			known += ", " + r.Jurisdiction
		}
	}
	if found.What == "" {
		return found, misuse(freehold.T("nothing is known of how long %q wants things to be kept", freehold.OneLine(jurisdiction)), freehold.T("use one of %s", known[len(", "):]))
	}
	return found, nil
}

type purgeDoc struct {
	Case   string    `json:"case"`
	Name   string    `json:"name"`
	Ended  time.Time `json:"ended"`
	Events int       `json:"events"`
}

func (s *session) deskPurge(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	rule, err := kept(c.String("jurisdiction"))
	if err != nil {
		return err
	}
	do := c.Bool("yes") && !c.Bool("dry-run")
	due, waiting, err := j.purgeDue(c.Context, j.now().Add(-rule.Keep.Duration()))
	if err != nil {
		return err
	}
	docs := []purgeDoc{}
	for _, row := range due {
		if do {
			if _, err := j.store.PurgeCase(c.Context, row.Case.ID, j.operator(), rule.Citation, j.now()); err != nil {
				return err
			}
		}
		docs = append(docs, purgeDoc{row.Case.ID, row.Case.Name.ASCII(), row.Case.Last, row.Version()})
	}
	if j.json() {
		return j.write(struct {
			Schema   string     `json:"schema"`
			Done     bool       `json:"done"`
			Days     int        `json:"kept_days"`
			Citation string     `json:"citation"`
			Kept     int        `json:"not_due"`
			Cases    []purgeDoc `json:"cases"`
		}{"freehold.purge/1", do, int(rule.Keep.Duration().Hours() / 24), rule.Citation, waiting, docs})
	}
	w := tabwriter.NewWriter(j.Out, 0, 0, 2, ' ', 0)
	for _, d := range docs {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.Case, d.Name, d.Ended.UTC().Format(time.DateOnly), j.say("%d events", d.Events))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(j.Out, j.say("Kept for %d days after the end of a case. [%s]", int(rule.Keep.Duration().Hours()/24), rule.Citation))
	switch {
	case len(docs) == 0:
		fmt.Fprintln(j.Out, j.say("Nothing is to be purged."))
	case do:
		fmt.Fprintln(j.Out, j.say("Cases purged: %d.", len(docs)))
	default:
		fmt.Fprintln(j.Out, j.say("Cases to be purged: %d. Nothing is destroyed without --yes.", len(docs)))
	}
	return nil
}

// purgeDue reads the cases that ended before a moment, and counts those that ended
// later. One that was purged before is passed over.
func (j *deskJob) purgeDue(ctx context.Context, before time.Time) (due []freehold.CaseRow, waiting int, err error) {
	for l, err := range j.store.Queue(ctx) {
		if err != nil {
			return nil, 0, err
		}
		if !l.State.Ended() || !l.Opened.Before(before) {
			if l.State.Ended() {
				waiting++
			}
			continue
		}
		row, err := j.store.Case(ctx, l.ID)
		if freehold.KindOf(err) == freehold.KindNotFound {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		if !row.Case.Last.Before(before) {
			waiting++
			continue
		}
		due = append(due, row)
	}
	return due, waiting, nil
}
