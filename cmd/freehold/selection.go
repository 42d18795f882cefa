package main

import (
	"context"
	"iter"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/audit"
	"freehold/internal/store"
)

// selectionFlags choose names of the portfolio.
func selectionFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "all", Usage: "all names of the portfolio"},
		&cli.StringFlag{Name: "client", Usage: "the names of client `NAME`"},
		&cli.StringSliceFlag{Name: "tag", Usage: "the names with this `TAG`; of several, with all of them"},
	}
}

// selects tells whether names of the portfolio are asked for.
func selects(c *cli.Context) bool {
	return c.Bool("all") || c.String("client") != "" || len(c.StringSlice("tag")) > 0
}

func selection(c *cli.Context) freehold.Selection {
	return freehold.Selection{Client: c.String("client"), Tags: c.StringSlice("tag")}
}

// openPortfolio opens the store for the names asked for: with --no-save, and in
// the lab, the portfolio is read all the same. It fails where it has none of them.
func (j *auditJob) openPortfolio(ctx context.Context) (err error) {
	j.listed = j.store
	if !selects(j.c) {
		return nil
	}
	if j.listed == nil {
		if j.listed, err = j.openStore(ctx, j.c); err != nil {
			return err
		}
	}
	j.out.options.Clients = true
	for _, err := range j.listed.Listings(ctx, selection(j.c)) {
		return err // there is one, or it cannot be read
	}
	return nothingSelected(ctx, j.listed, selection(j.c))
}

// nothingSelected says why no name of the portfolio is meant.
func nothingSelected(ctx context.Context, st *store.Store, sel freehold.Selection) error {
	for _, err := range st.Listings(ctx, freehold.Selection{}) {
		if err != nil {
			return err
		}
		if sel.Client != "" && len(sel.Tags) == 0 {
			return misuse(freehold.T("the portfolio has no name of client %q", sel.Client), freehold.Text{})
		}
		return misuse(freehold.T("the portfolio has no name with these tags"), freehold.Text{})
	}
	return misuse(freehold.T("the portfolio is empty"), freehold.T("fill it first: %s", "freehold import FILE"))
}

// selected streams the names of the portfolio that are asked for.
func (j *auditJob) selected(ctx context.Context) iter.Seq[audit.Input] {
	return func(yield func(audit.Input) bool) {
		if !selects(j.c) {
			return
		}
		for l, err := range j.listed.Listings(ctx, selection(j.c)) {
			if !yield(audit.Input{Asked: l.Name.ASCII(), Name: l.Name, Err: err}) || err != nil {
				return
			}
		}
	}
}

// labels gives results the client and the tags of their names; nil without a
// portfolio.
func (j *auditJob) labels() func(context.Context, freehold.Name) (string, []string, error) {
	if j.listed == nil {
		return nil
	}
	return func(ctx context.Context, name freehold.Name) (string, []string, error) {
		l, _, err := j.listed.Listing(ctx, name)
		return l.Client, l.Tags, err
	}
}
