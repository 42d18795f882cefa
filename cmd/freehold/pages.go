package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/report"
)

// pageFlags are of the commands that tell a whole run.
func pageFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "card", Usage: "write a card to print for each name instead, as html or md"},
		&cli.StringFlag{Name: "ics", Usage: "write the dates into the calendar `FILE` too (mode 0600)"},
		&cli.BoolFlag{Name: "bom", Usage: "begin a CSV with a byte order mark, which Excel needs"},
	}
}

// openReport makes the writer of a run as the page flags want it. With --ics a
// second file is open from here on; finish completes it, and what fails before
// leaves it under its unfinished name.
func (o *output) openReport(c *cli.Context) (report.Writer, error) {
	o.options.BOM = c.Bool("bom")
	if o.options.BOM && o.format != report.FormatCSV {
		return nil, misuse(freehold.T("--bom is for --format csv"), freehold.Text{})
	}
	var w report.Writer
	var err error
	if c.Bool("card") {
		if !c.IsSet("format") {
			o.format = report.FormatHTML
		}
		if o.format != report.FormatHTML && o.format != report.FormatMD {
			return nil, misuse(freehold.T("a card cannot be written as %q", o.format), freehold.T("use one of %s", "html, md"))
		}
		w, err = report.NewCards(o.format, o, o.options)
	} else {
		w, err = report.New(o.format, o, o.options)
	}
	if err != nil || c.String("ics") == "" {
		return w, err
	}
	file, done, err := outputFile(c.String("ics"))
	if err != nil {
		return nil, err
	}
	calendar, err := report.NewCalendar(file, o.options)
	if err != nil {
		return nil, err
	}
	first := o.done
	o.done = func() error { return errors.Join(first(), done()) }
	return report.Both(w, calendar), nil
}
