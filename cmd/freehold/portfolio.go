package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/portfolio"
	"freehold/internal/report"
)

func (s *session) portfolioCommand() *cli.Command {
	return &cli.Command{
		Name:      "portfolio",
		Usage:     "the names of the portfolio, and what files said of them",
		ArgsUsage: " ",
		Description: `Lists the names that import brought in, with client, tags and the newest word of each field.

As CSV it reads back: importing it again changes nothing. As JSON each value says in which file and row it stands.`,
		Flags:  join(selectionFlags(), outputFlags(), storeFlags()),
		Action: s.portfolio,
	}
}

func (s *session) portfolio(c *cli.Context) error {
	if c.NArg() > 0 {
		return misuse(freehold.T("%s wants no names", "portfolio"), freehold.T("choose with %s", "--client, --tag"))
	}
	out, err := s.openOutput(c)
	if err != nil {
		return err
	}
	if out.format != report.FormatCSV && !slices.Contains(report.ImportFormats, out.format) {
		return misuse(freehold.T("the portfolio is not told as %q", out.format), freehold.T("use one of %s", "table, json, jsonl, csv"))
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	listings := st.Listings(c.Context, selection(c))
	if out.format == report.FormatCSV {
		err = portfolio.WriteCSV(out, listings)
	} else {
		err = report.Portfolio(out.format, out, out.options, listings)
	}
	if err != nil {
		return err
	}
	return out.finish()
}
