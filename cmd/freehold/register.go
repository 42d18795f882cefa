package main

import (
	"bufio"
	"context"
	"errors"
	"iter"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/portfolio"
	"freehold/internal/flow/register"
	"freehold/internal/headings"
	"freehold/internal/report"
	"freehold/internal/store"
)

func (s *session) deskImportCommand() *cli.Command {
	return &cli.Command{
		Name: "import", Usage: "bring the register of your customers in, or rebuild it from other records", ArgsUsage: "FILE…",
		Description: `Reads tables (CSV, TSV, XLSX) of customers: numbers, persons, organisations, contacts and since when they are on record, names, invoices, payments. Rows of one customer are joined; a row without a number is of whoever has its name, or its invoice. Every row is accounted for, and all files are read in, or nothing is. Passwords and transfer codes are never read.

A newer copy of a record replaces what its older copy said: the contact that is gone stays as a previous one, the new one is on record since that day at the latest. --from says what the record is, where the register itself is lost: registrar (the listing of an account there), epp (contacts as the registry has them), invoices, payments. What two records say differently is kept twice, and told.

Fields: {register_fields}.

Examples:
  freehold desk import customers.xlsx --dry-run
  freehold desk import customers.csv --map "Kundennr=customer" --map "Seit=since:dmy" --save-map register.toml
  freehold desk import --from payments statement.csv

Exit codes: 0 every row was taken, 1 nothing achieved, 2 usage, 3 some rows are odd, or differ from others.`,
		Flags: join(
			[]cli.Flag{
				&cli.StringFlag{Name: "from", Value: string(freehold.SourceRegister), Usage: "what the files are, `RECORD`: register, registrar, epp, invoices, payments"},
				&cli.StringSliceFlag{Name: "map", Usage: "read a column as a field: `COLUMN=FIELD`, by its heading or as #3; \"-\" is not to be read"},
				&cli.StringFlag{Name: "with-map", Usage: "read columns as `FILE` says, saved before"},
				&cli.StringFlag{Name: "save-map", Usage: "write to `FILE` how the columns were read"},
				&cli.StringFlag{Name: "sheet", Usage: "read the sheet `NAME` of a workbook only"},
				&cli.StringFlag{Name: "encoding", Usage: "`ENCODING` of the text: {encodings}"},
				&cli.BoolFlag{Name: "dry-run", Usage: "show what would be, and keep nothing"},
				nowFlag(),
			},
			outputFlags(), storeFlags(),
		),
		Action: s.deskImport,
	}
}

// importable are the records that files can be.
var importable = []freehold.RegisterSource{freehold.SourceRegister, freehold.SourceRegistrar, freehold.SourceEPP, freehold.SourceInvoices, freehold.SourcePayments}

func (s *session) registerOptions(c *cli.Context) (register.Options, error) {
	now, err := s.clock(c)
	if err != nil {
		return register.Options{}, err
	}
	o := register.Options{From: freehold.RegisterSource(c.String("from")), Encoding: c.String("encoding"), Sheet: c.String("sheet"), DryRun: c.Bool("dry-run"), Now: now(), ID: func() string { return runID(now()) }}
	if !slices.Contains(importable, o.From) {
		return o, misuse(freehold.T("%q is no record that can be read", freehold.OneLine(string(o.From))), freehold.T("use one of %s", "register, registrar, epp, invoices, payments"))
	}
	if o.Map, err = headings.ParseMapping(c.StringSlice("map"), register.Fields); err != nil {
		return o, err
	}
	if path := c.String("with-map"); path != "" {
		f, err := os.Open(path)
		if err != nil {
			return o, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
		}
		defer f.Close()
		if o.Saved, err = headings.ReadMapping(path, f, register.Fields); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (s *session) deskImport(c *cli.Context) (err error) {
	if !c.Args().Present() {
		return misuse(freehold.T("%s wants a file", "desk import"), freehold.T("for example: %s", "freehold desk import customers.csv --dry-run"))
	}
	options, err := s.registerOptions(c)
	if err != nil {
		return err
	}
	out, err := s.openOutput(c)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 64<<10)
	writer, err := report.NewRegisterImport(out.format, buffered, out.options)
	if err != nil {
		return err
	}
	files, closeAll, err := s.sources(c.Args().Slice())
	defer closeAll()
	if err != nil {
		return err
	}
	keeper, closeStore, err := s.registerKeeper(c, options.DryRun)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	summary, err := register.Import(c.Context, registerSources(files), keeper, options, &mapSaver{ImportWriter: writer, path: c.String("save-map")})
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

func registerSources(files []portfolio.Source) (all []register.Source) {
	for _, f := range files {
		all = append(all, register.Source(f))
	}
	return all
}

// registerKeeper opens the store. A dry run neither creates nor migrates one: where
// there is none, the register is empty.
func (s *session) registerKeeper(c *cli.Context, dry bool) (register.Keeper, func() error, error) {
	if dry {
		dsn, err := s.dsn(c)
		if err != nil {
			return nil, nil, err
		}
		if _, err := store.Inspect(c.Context, dsn, store.Options{}); freehold.KindOf(err) == freehold.KindNotFound {
			return emptyRegister{}, func() error { return nil }, nil
		}
		st, err := store.Open(c.Context, dsn, store.Options{})
		if err != nil {
			return nil, nil, err
		}
		return st, st.Close, nil
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return nil, nil, err
	}
	return st, st.Close, nil
}

// emptyRegister is the register of a database that is not there.
type emptyRegister struct{}

func (emptyRegister) ImportRegister(_ context.Context, _ []freehold.Import, _ bool, do func(func([]freehold.RegisterSaid) ([]freehold.RegisterMerge, error)) error) error {
	return do(func(said []freehold.RegisterSaid) ([]freehold.RegisterMerge, error) {
		merges := make([]freehold.RegisterMerge, len(said))
		for i, a := range said {
			merges[i] = freehold.MergeRegister(nil, a)
		}
		return merges, nil
	})
}

func (emptyRegister) FindRegister(context.Context, freehold.ListingField, []string, bool) (map[string][]string, error) {
	return map[string][]string{}, nil
}

func (emptyRegister) Register(context.Context) iter.Seq2[freehold.RegisterAccount, error] {
	return func(func(freehold.RegisterAccount, error) bool) {}
}

// registerFieldWords fills the braces in the help of desk import.
func registerFieldWords() string {
	out := ""
	for _, f := range freehold.RegisterFields {
		if out != "" {
			out += ", "
		}
		out += string(f)
	}
	return out
}
