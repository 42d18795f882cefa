package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"freehold"
	"freehold/internal/flow/audit"
	"freehold/internal/flow/portfolio"
	"freehold/internal/headings"
	"freehold/internal/report"
	"freehold/internal/store"
	"freehold/internal/tabular"
)

func (s *session) importCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "bring the names of a CSV, TSV or XLSX file into the portfolio",
		ArgsUsage: "FILE…",
		Description: `Reads tables of names: the export of a registrar, a panel or a billing program, or anybody's spreadsheet. Encoding, separator, heading and columns are found out and shown; "--map" corrects them, "--save-map" keeps them for "--with-map". "-" is standard input.

Every row is accounted for: new, updated, there already, repeating an earlier row, or odd, with the reason. Importing again changes only what the file says differently; nothing is removed, and names that the file does not have are listed. All files are imported, or nothing is.

What a file says of registrars, accounts, hosts, payers and dates is kept with file, row and day, and is never taken for a fact. Passwords and transfer codes are never read.

Fields: {fields}.

Examples:
  freehold import clients.xlsx --client "Muster AG" --tag shop
  freehold import export.csv --map "Ablauf=expires:dmy" --map "Kunde=client" --save-map export.toml
  freehold audit --all --client "Muster AG"

Exit codes: 0 every row was taken, 1 nothing achieved, 2 usage, 3 some rows are odd, or repeat another and differ from it.`,
		Flags: join(
			[]cli.Flag{
				&cli.StringSliceFlag{Name: "map", Usage: "read a column as a field: `COLUMN=FIELD`, by its heading or as #3; \"-\" is not to be read"},
				&cli.StringFlag{Name: "with-map", Usage: "read columns as `FILE` says, saved before"},
				&cli.StringFlag{Name: "save-map", Usage: "write to `FILE` how the columns were read"},
				&cli.StringFlag{Name: "sheet", Usage: "read the sheet `NAME` of a workbook only"},
				&cli.StringFlag{Name: "encoding", Usage: "`ENCODING` of the text: {encodings}"},
				&cli.StringFlag{Name: "client", Usage: "client `NAME` of the rows that name none"},
				&cli.StringSliceFlag{Name: "tag", Usage: "give every name this `TAG`"},
				&cli.StringFlag{Name: "attest-by", Usage: "`NAME` of who attests accounts, hosts and payers as the file has them"},
				&cli.BoolFlag{Name: "dry-run", Usage: "show what would be, and keep nothing"},
				nowFlag(),
			},
			outputFlags(), storeFlags(),
		),
		Action: s.importFiles,
	}
}

func (s *session) importFiles(c *cli.Context) (err error) {
	if !c.Args().Present() {
		return misuse(freehold.T("%s wants a file", "import"), freehold.T("for example: %s", "freehold import clients.csv"))
	}
	options, err := s.importOptions(c)
	if err != nil {
		return err
	}
	out, err := s.openOutput(c)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 64<<10)
	writer, err := report.NewImport(out.format, buffered, out.options)
	if err != nil {
		return err
	}
	options.AllRows = out.format != report.FormatTable
	sources, closeAll, err := s.sources(c.Args().Slice())
	defer closeAll()
	if err != nil {
		return err
	}
	keeper, closeStore, err := s.keeper(c, options.DryRun)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	bar := s.importProgress()
	options.Progress = bar.done
	teller := &mapSaver{ImportWriter: writer, path: c.String("save-map")}
	summary, err := portfolio.Import(c.Context, sources, keeper, options, teller)
	bar.end()
	if errors.Is(err, context.Canceled) {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("interrupted: nothing was imported")}
	}
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = out.finish()
	}
	if err != nil {
		return err
	}
	s.code = importCode(summary)
	return nil
}

// importCode is the exit code of an import that was carried out.
func importCode(s freehold.ImportSummary) int {
	n := s.Outcomes
	switch {
	case n[freehold.ImportNew]+n[freehold.ImportUpdated]+n[freehold.ImportUnchanged] == 0:
		return exitFailed
	case n[freehold.ImportOdd] > 0 || s.Differing > 0 || !s.Balanced():
		return exitFindings
	}
	return exitDone
}

func (s *session) importOptions(c *cli.Context) (portfolio.Options, error) {
	now, err := s.clock(c)
	if err != nil {
		return portfolio.Options{}, err
	}
	o := portfolio.Options{Encoding: c.String("encoding"), Sheet: c.String("sheet"), Client: c.String("client"), Tags: c.StringSlice("tag"), DryRun: c.Bool("dry-run"),
		AttestBy: c.String("attest-by"), Attest: audit.Attest, Now: now(), ID: func() string { return runID(now()) }}
	if o.Map, err = headings.ParseMapping(c.StringSlice("map"), portfolio.Fields); err != nil {
		return o, err
	}
	if path := c.String("with-map"); path != "" {
		f, err := os.Open(path)
		if err != nil {
			return o, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
		}
		defer f.Close()
		o.Saved, err = headings.ReadMapping(path, f, portfolio.Fields)
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

// maxPiped bounds what is taken from standard input, in octets: it is kept in a
// file, since a table is read more than once.
const maxPiped = 4 << 30

// sources opens the files. What cannot be read twice is copied first.
func (s *session) sources(paths []string) (all []portfolio.Source, closeAll func(), err error) {
	var open []*os.File
	closeAll = func() {
		for _, f := range open {
			f.Close()
		}
	}
	for _, path := range paths {
		f, shown, err := s.source(path)
		if err != nil {
			return nil, closeAll, err
		}
		open = append(open, f)
		info, err := f.Stat()
		if err != nil {
			return nil, closeAll, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("cannot read %q", shown), Err: plain(err)}
		}
		all = append(all, portfolio.Source{Path: shown, ReaderAt: f, Size: info.Size()})
	}
	return all, closeAll, nil
}

func (s *session) source(path string) (f *os.File, shown string, err error) {
	cannot := func(err error) error {
		return &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
	}
	if path == "-" {
		f, err := copied(s.In)
		return f, "stdin", err
	}
	f, err = os.Open(path)
	if err != nil {
		return nil, path, cannot(err)
	}
	info, err := f.Stat()
	switch {
	case err == nil && info.IsDir():
		err = syscall.EISDIR
	case err == nil && !info.Mode().IsRegular():
		pipe := f
		f, err = copied(pipe)
		pipe.Close()
		return f, path, err
	}
	if err != nil {
		f.Close()
		return nil, path, cannot(err)
	}
	return f, path, nil
}

// copied writes what comes into a file without a name.
func copied(r io.Reader) (*os.File, error) {
	fail := func(err error) error {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("cannot read standard input"), Err: plain(err)}
	}
	f, err := os.CreateTemp("", "freehold-import-") // mode 0600
	if err != nil {
		return nil, fail(err)
	}
	n, err := io.Copy(f, io.LimitReader(r, maxPiped+1))
	if err := errors.Join(err, os.Remove(f.Name())); err != nil {
		f.Close()
		return nil, fail(err)
	}
	if n > maxPiped {
		f.Close()
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("standard input is longer than %d GiB", maxPiped>>30), Advice: freehold.T("import it in several parts")}
	}
	return f, nil
}

// keeper opens the store. A dry run neither creates nor migrates one: where there
// is none, the portfolio is empty.
func (s *session) keeper(c *cli.Context, dry bool) (portfolio.Keeper, func() error, error) {
	if !dry {
		st, err := s.openStore(c.Context, c)
		if err != nil {
			return nil, nil, err
		}
		return st, st.Close, nil
	}
	dsn, err := s.dsn(c)
	if err != nil {
		return nil, nil, err
	}
	if _, err := store.Inspect(c.Context, dsn, store.Options{}); freehold.KindOf(err) == freehold.KindNotFound {
		return emptyPortfolio{}, func() error { return nil }, nil
	}
	st, err := store.Open(c.Context, dsn, store.Options{})
	if err != nil {
		return nil, nil, err
	}
	return st, st.Close, nil
}

// emptyPortfolio is the portfolio of a database that is not there.
type emptyPortfolio struct{}

func (emptyPortfolio) ImportListings(_ context.Context, _ []freehold.Import, _ bool, do func(func([]freehold.ListingEntry) ([]freehold.ListingResult, error)) error) error {
	return do(func(entries []freehold.ListingEntry) ([]freehold.ListingResult, error) {
		results := make([]freehold.ListingResult, len(entries))
		for i, e := range entries {
			results[i] = freehold.ListingResult{New: true, Attested: len(e.Attestations)}
		}
		return results, nil
	})
}

func (emptyPortfolio) Listings(context.Context, freehold.Selection) iter.Seq2[freehold.Listing, error] {
	return func(func(freehold.Listing, error) bool) {}
}

// mapSaver writes how the columns were read, where that was asked for, before
// anything is told.
type mapSaver struct {
	report.ImportWriter
	path string
}

func (m *mapSaver) Begin(imports []freehold.Import) error {
	if m.path != "" {
		f, done, err := outputFile(m.path)
		if err != nil {
			return err
		}
		if err := errors.Join(headings.WriteMapping(f, imports), done()); err != nil {
			return err
		}
	}
	return m.ImportWriter.Begin(imports)
}

// importBar shows how far a long import has come, at a terminal.
type importBar struct {
	*session
	box *mpb.Progress
	bar *mpb.Bar
}

// manyRows is how many rows are enough for a bar.
const manyRows = 20_000

func (s *session) importProgress() *importBar { return &importBar{session: s} }

func (b *importBar) done(done, total int) {
	if b.bar == nil && total >= manyRows && isTerminal(b.Err) {
		b.box = mpb.New(mpb.WithOutput(b.Err), mpb.WithWidth(24))
		b.bar = b.box.AddBar(int64(total), mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.CountersNoUnit(b.say("%s of %s rows", "%d", "%d"), decor.WCSyncSpace)),
			mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_MMSS, decor.WCSyncSpace)))
	}
	if b.bar != nil {
		b.bar.SetCurrent(int64(done))
	}
}

func (b *importBar) end() {
	if b.bar != nil {
		b.bar.Abort(true)
		b.box.Wait()
	}
}

// fieldWords and encodingWords fill the braces in the help of import.
func fieldWords() string {
	var all []string
	for _, f := range freehold.ListingFields {
		all = append(all, string(f))
	}
	return strings.Join(all, ", ")
}

func encodingWords() string { return strings.Join(tabular.Encodings, ", ") }
