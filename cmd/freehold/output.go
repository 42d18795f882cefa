package main

import (
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/report"
)

// outputFlags say how a result is told.
func outputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Value: report.FormatTable, Usage: "`FORMAT` of the result: {formats}"},
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the result to `FILE` (mode 0600)"},
		langFlag(),
	}
}

func langFlag() cli.Flag {
	return &cli.StringFlag{Name: "lang", Usage: "`LANGUAGE` of all that a person reads: {languages} (default: the locale's)"}
}

func join(groups ...[]cli.Flag) []cli.Flag { return slices.Concat(groups...) }

// output is where a result goes and how.
type output struct {
	io.Writer
	format  string
	options report.Options
	done    func() error
}

// openOutput reads the output flags.
func (s *session) openOutput(c *cli.Context) (*output, error) {
	lang, err := s.language(c)
	if err != nil {
		return nil, err
	}
	o := &output{Writer: s.Out, format: c.String("format"), options: report.Options{Lang: lang, Width: 80, Unicode: s.unicode()}, done: func() error { return nil }}
	if !slices.Contains(report.Formats, o.format) {
		return nil, misuse(freehold.T("%q is not a format", o.format), freehold.T("use one of %s", strings.Join(report.Formats, ", ")))
	}
	path := c.String("output")
	switch {
	case path != "" && path != "-":
		f, done, err := outputFile(path)
		if err != nil {
			return nil, err
		}
		s.begun = append(s.begun, f.Name())
		o.Writer, o.done = f, done
	case isTerminal(s.Out):
		o.options.Width = terminalWidth(s.Out)
		o.options.Color = s.color()
	}
	return o, nil
}

// finish makes a file complete. A failure to write is said once, here.
func (o *output) finish() error { return o.done() }

// unicode tells whether the reader's locale shows more than ASCII. Without any
// locale in the environment it does: files and pipes are UTF-8.
func (s *session) unicode() bool {
	for _, v := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if l := strings.ToLower(s.Getenv(v)); l != "" {
			return strings.Contains(l, "utf-8") || strings.Contains(l, "utf8") || !isTerminal(s.Out)
		}
	}
	return true
}

// tidy removes the outputs that were begun and never written to.
func (s *session) tidy() {
	for _, part := range s.begun {
		if st, err := os.Lstat(part); err == nil && st.Mode().IsRegular() && st.Size() == 0 {
			os.Remove(part)
		}
	}
}

// outputFile opens -o: a file of mode 0600 that takes its name only when it is
// complete, so that a good older one is never half overwritten.
func outputFile(path string) (f *os.File, done func() error, err error) {
	if st, err := os.Stat(path); err == nil && st.IsDir() { // found at the end, a long run would be lost
		return nil, nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("cannot write %q", path), Err: syscall.EISDIR}
	}
	part := path + ".part"
	// What lies there is never written into: it may lead to another file, or be one that
	// others read.
	if st, err := os.Lstat(part); err == nil && !st.IsDir() {
		os.Remove(part)
	}
	f, err = os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("cannot write %q", path), Err: plain(err)}
	}
	return f, func() error {
		err := f.Sync()
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err == nil {
			err = os.Rename(part, path)
		}
		if err != nil {
			return &freehold.Error{Kind: freehold.KindFull, Text: freehold.T("cannot finish %q", path), Err: plain(err), Advice: freehold.T("what was written is in %q", part)}
		}
		return nil
	}, nil
}
