package main

import (
	"context"
	"iter"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/report"
	"freehold/internal/store"
)

func (s *session) diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "what two saved runs say differently: facts, who holds what, verdicts, findings",
		ArgsUsage: "[RUN RUN | NAME]",
		Description: `Compares two runs name by name, the last two where none are named. RUN is the ID of a run, "latest" or "previous". With NAME it compares
the last two audits of that name.

A fact that a source did not tell this time is "no longer known", never removed; a finding that is gone while the new run did not learn all it
asked is said to be no longer seen.

Exit codes: 0 no difference, 1 nothing compared, 2 usage, 3 differences.`,
		Flags:  join(outputFlags(), storeFlags()),
		Action: s.diff,
	}
}

func (s *session) diff(c *cli.Context) error {
	if c.NArg() > 2 {
		return misuse(freehold.T("diff wants two runs, or one name"), freehold.T("for example: %s", "freehold diff previous latest"))
	}
	out, err := s.openOutput(c)
	if err != nil {
		return err
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	before, after, pairs, err := s.pairs(c, st)
	if err != nil {
		return err
	}
	summary, err := report.Diff(out.format, out, out.options, before, after, pairs)
	if err != nil {
		return err
	}
	if summary.Differences() > 0 {
		s.code = exitFindings
	}
	return out.finish()
}

// pairs finds the two runs that are meant and joins their names.
func (s *session) pairs(c *cli.Context, st *store.Store) (before, after freehold.Run, pairs iter.Seq2[report.Pair, error], err error) {
	ctx := c.Context
	if c.NArg() == 1 {
		return lastTwo(ctx, st, c.Args().First())
	}
	words := c.Args().Slice()
	if len(words) == 0 {
		words = []string{"previous", "latest"}
	}
	if before, err = savedRun(ctx, st, words[0]); err != nil {
		return
	}
	if after, err = savedRun(ctx, st, words[1]); err != nil {
		return
	}
	return before, after, joined(ctx, st, before.ID, after.ID), nil
}

// joined pairs the names of two runs: in the order of the newer run, then those
// that only the older one has. Each is looked up by the index on its name, so
// memory holds one pair whatever the size of the runs.
func joined(ctx context.Context, st *store.Store, before, after string) iter.Seq2[report.Pair, error] {
	return func(yield func(report.Pair, error) bool) {
		for r, err := range st.Results(ctx, after) {
			if err == nil && r.Name.IsZero() {
				continue // a line that is no domain name says nothing that could differ
			}
			p := report.Pair{After: r}
			if err == nil {
				p.Before, err = resultOf(ctx, st, before, r.Name)
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
		for r, err := range st.Results(ctx, before) {
			if err == nil && r.Name.IsZero() {
				continue
			}
			p := report.Pair{Before: r}
			if err == nil {
				p.After, err = resultOf(ctx, st, after, r.Name)
			}
			if err == nil && p.After != nil {
				continue
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// resultOf reads what a run found about a name, nil where it has none.
func resultOf(ctx context.Context, st *store.Store, run string, name freehold.Name) (*freehold.Result, error) {
	r, err := st.Result(ctx, run, name)
	if freehold.KindOf(err) == freehold.KindNotFound {
		return nil, nil
	}
	return r, err
}

// lastTwo pairs the last two audits of one name.
func lastTwo(ctx context.Context, st *store.Store, arg string) (before, after freehold.Run, pairs iter.Seq2[report.Pair, error], err error) {
	name, err := parseName(arg)
	if err != nil {
		return
	}
	var older, newer store.HistoryEntry
	for h, err := range st.History(ctx, name) {
		if err != nil {
			return before, after, nil, err
		}
		if h.Run != newer.Run { // of one run the last revision counts
			older = newer
		}
		newer = h
	}
	if older.Result == nil {
		return before, after, nil, &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("%q was audited once, so there is nothing to compare", name.Unicode()),
			Advice: freehold.T("run: %s", "freehold audit "+name.ASCII())}
	}
	if before, err = st.RunByID(ctx, older.Run); err != nil {
		return
	}
	if after, err = st.RunByID(ctx, newer.Run); err != nil {
		return
	}
	one := report.Pair{Before: older.Result, After: newer.Result}
	return before, after, func(yield func(report.Pair, error) bool) { yield(one, nil) }, nil
}

// savedRun finds a run by its ID or by "latest" or "previous".
func savedRun(ctx context.Context, st *store.Store, word string) (freehold.Run, error) {
	back := map[string]int{"latest": 0, "previous": 1}
	nth, ok := back[word]
	if !ok {
		return st.RunByID(ctx, word)
	}
	runs, err := st.Runs(ctx, nth+1)
	if err != nil {
		return freehold.Run{}, err
	}
	if len(runs) <= nth {
		e := &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("no run is saved in %q", st.Location()), Advice: freehold.T("it is created by the first audit that is saved")}
		if len(runs) > 0 {
			e.Text, e.Advice = freehold.T("only one run is saved in %q", st.Location()), freehold.Text{}
		}
		return freehold.Run{}, e
	}
	return runs[nth], nil
}
