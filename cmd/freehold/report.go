package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/report"
)

func (s *session) reportCommand() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "a saved run again, in any format and language",
		ArgsUsage: " ",
		Description: `Writes what a saved run found, as the audit itself did or would have done with the same flags. Nobody is asked anything.

Example:
  freehold report --from latest --lang fr -o report.txt`,
		Flags: join(
			[]cli.Flag{&cli.StringFlag{Name: "from", Value: "latest", Usage: "`RUN`: the ID of a run, latest or previous"}},
			pageFlags(), outputFlags(), storeFlags()),
		Action: s.report,
	}
}

func (s *session) report(c *cli.Context) error {
	if c.NArg() > 0 {
		return misuse(freehold.T("report takes no names"), freehold.T("for one name: %s", "freehold show "+freehold.OneLine(c.Args().First())))
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
	run, err := savedRun(c.Context, st, c.String("from"))
	if err != nil {
		return err
	}
	out.options.Saved = st.Location()
	run.Lang = out.options.Lang
	writer, err := out.openReport(c)
	if err != nil {
		return err
	}
	// An audit does not know yet when it will end.
	begun := run
	begun.Finished = time.Time{}
	if err := writer.Begin(begun); err != nil {
		return err
	}
	var summary freehold.Summary
	for r, err := range st.Results(c.Context, run.ID) {
		if err != nil {
			return failed(writer, err)
		}
		summary.Add(r)
		if err := writer.Result(r); err != nil {
			return err
		}
	}
	if err := writer.End(run, summary); err != nil {
		return err
	}
	return out.finish()
}

// failed ends a report with an error that its reader should see too.
func failed(w report.Writer, err error) error {
	if werr := w.Fail(err); werr != nil {
		return werr
	}
	return err
}

// savedRunWords are what a flag or argument for a run takes besides an ID.
var savedRunWords = []string{"latest", "previous"}
