// Package portfolio brings names into the portfolio from any table of names: a
// registrar's export, a panel's, somebody's spreadsheet.
//
//	portfolio.go   the job: look at the files, understand them, put their rows into the store
//	guess.go       what each column is, by its heading, its content, or the user's word
//	mapping.go     the user's word, and how it is saved
//	words.go       the headings of real exports in three languages, and words in cells
//	rows.go        a row into an entry of the portfolio
//	dates.go       dates as exports write them
//	spool.go       what is told of the rows, until they are kept
//	csv.go         the portfolio as a CSV that reads back
//
// Every row is accounted for: new, updated, there already, repeating an earlier
// row, or odd, with the reason. What a file says of registrars, accounts and
// payers is kept with where it says so and is never a fact; only who attests it
// makes it an attestation.
package portfolio

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"freehold"
	"freehold/internal/headings"
	"freehold/internal/tabular"
)

// mostRows bounds the rows of one import, all files together: of each name a
// little is remembered.
const mostRows = 2_000_000

// Keeper keeps the portfolio.
type Keeper interface {
	// ImportListings puts entries in one transaction; with dry it only says what
	// they would do. do may be called again from its start.
	ImportListings(ctx context.Context, imports []freehold.Import, dry bool, do func(put func([]freehold.ListingEntry) ([]freehold.ListingResult, error)) error) error
	Listings(ctx context.Context, sel freehold.Selection) iter.Seq2[freehold.Listing, error]
}

// Fields are what a column of names can be read as.
var Fields = headings.Fields{All: freehold.ListingFields, Other: map[string]freehold.ListingField{"domain": freehold.ListedName}, Dated: []freehold.ListingField{freehold.ListedExpires},
	Example: `--map "Kunde=client"`, DateExample: `--map "Expiry=expires:dmy"`}

// Source is a file to be read. It is read several times.
type Source struct {
	Path string // as the user named it
	io.ReaderAt
	Size int64
}

// Options say how to read.
type Options struct {
	Map      headings.Mapping // of --map, which goes before Saved
	Saved    headings.Mapping
	Encoding string   // empty: found out
	Sheet    string   // read this one only; empty: all that hold names
	Client   string   // of the rows that name none
	Tags     []string // of all rows
	DryRun   bool
	// AttestBy is who attests accounts, payers and hosts as the files have them;
	// empty: nobody. Attest makes the attestation.
	AttestBy string
	Attest   func(name freehold.Name, subject, value, by string, at time.Time) (freehold.Attestation, freehold.Evidence, error)
	// Now is the time of the import, ID makes a new identifier.
	Now time.Time
	ID  func() string
	// AllRows asks for every row; without it only those a person should see are told.
	AllRows bool
	// maxRows is for tests; 0 is mostRows.
	maxRows int
	// Progress is told how many rows are done, now and then. May be nil.
	Progress func(done, total int)
}

// Teller is told of an import. An error of its methods ends the telling, and
// is returned: what was kept stays kept.
type Teller interface {
	// Begin is told how the files were understood, once all of it is kept.
	Begin([]freehold.Import) error
	Row(*freehold.ImportedRow) error
	// Missing is told a name of the portfolio that no file has.
	Missing(freehold.Listing) error
	End(freehold.ImportSummary) error
}

// Import reads files into the portfolio, all of them or nothing. Errors are of
// KindInvalid (a file that is no table, or without a column of names),
// KindUsage, KindDamaged, KindUnavailable, and those of the keeper.
func Import(ctx context.Context, sources []Source, keeper Keeper, o Options, tell Teller) (freehold.ImportSummary, error) {
	if o.maxRows == 0 {
		o.maxRows = mostRows
	}
	job := &job{Options: o, keeper: keeper, seed: maphash.MakeSeed()}
	for _, source := range sources {
		if err := job.look(ctx, source); err != nil {
			return freehold.ImportSummary{}, err
		}
	}
	if err := job.checkUser(); err != nil {
		return freehold.ImportSummary{}, err
	}
	rows, err := newSpool()
	if err != nil {
		return freehold.ImportSummary{}, err
	}
	defer rows.close()
	job.spool = rows
	if err := keeper.ImportListings(ctx, job.imports, o.DryRun, func(put func([]freehold.ListingEntry) ([]freehold.ListingResult, error)) error {
		return job.run(ctx, put)
	}); err != nil {
		return freehold.ImportSummary{}, err
	}
	err = job.report(ctx, tell)
	return job.summary, err
}

// job is one import.
type job struct {
	Options
	keeper  Keeper
	imports []freehold.Import
	tables  []table
	total   int // rows of all tables

	seed    maphash.Seed
	seen    map[uint64]firstRow
	spool   *spool
	summary freehold.ImportSummary
	batch   []pending
}

// table is a sheet that is read.
type table struct {
	reader
	sheet *tabular.Sheet
}

// firstRow is what is remembered of the first row of a name: where it stands,
// and a digest of each of its fields, to tell where a second one differs.
type firstRow struct {
	table, row int32
	fields     [fieldCount]uint32
}

// fieldCount is the number of fields that two rows of a name can differ in.
const fieldCount = 9

var comparedFields = slices.Concat([]freehold.ListingField{freehold.ListedClient, freehold.ListedTags}, freehold.ClaimedFields)

// look understands one file.
func (j *job) look(ctx context.Context, source Source) error {
	base := filepath.Base(source.Path)
	f, err := tabular.Open(base, source, source.Size, tabular.Options{Encoding: j.Encoding})
	if err != nil {
		return err
	}
	i := freehold.Import{ID: j.ID(), At: j.Now, File: base, Digest: f.Digest, Size: f.Size, Kind: f.Kind, Encoding: f.Encoding, Guessed: f.Guessed, Separator: f.Separator}
	first := len(j.tables)
	for _, sheet := range f.Sheets {
		if j.Sheet != "" && sheet.Name != j.Sheet {
			i.Sheets = append(i.Sheets, freehold.ImportSheet{Name: sheet.Name, Skipped: freehold.T("another sheet was asked for")})
			continue
		}
		told, err := j.lookAtSheet(ctx, f, sheet, &i)
		if err != nil {
			return err
		}
		i.Sheets = append(i.Sheets, told)
	}
	j.imports = append(j.imports, i)
	if len(j.tables) == first {
		return j.nothingIn(i)
	}
	return nil
}

// nothingIn says why no sheet of a file is read.
func (j *job) nothingIn(i freehold.Import) error {
	if j.Sheet != "" && !slices.ContainsFunc(i.Sheets, func(s freehold.ImportSheet) bool { return s.Name == j.Sheet }) {
		var names []string
		for _, s := range i.Sheets {
			names = append(names, s.Name)
		}
		return usage(freehold.T("%q has no sheet %q", i.File, j.Sheet), freehold.T("its sheets: %s", joined(names)))
	}
	var known []string
	for _, s := range i.Sheets {
		for _, c := range s.Columns {
			if c.Heading != "" {
				known = append(known, c.Heading)
			}
		}
	}
	advice := freehold.T("say which column has them: %s", `--map "#1=name"`)
	if len(known) > 0 {
		advice = freehold.T("say which column has them, as in %s; the columns: %s", `--map "`+known[0]+`=name"`, joined(known))
	}
	if len(i.Sheets) == 1 && i.Sheets[0].Skipped.Format != noNames.Format {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("there is nothing to import in %q", i.File), Err: odd(i.Sheets[0].Skipped)}
	}
	return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q has no column of domain names", i.File), Advice: advice}
}

// Why a sheet is not read.
var (
	noRows  = freehold.T("it holds no rows")
	noData  = freehold.T("it holds a heading and no rows")
	noNames = freehold.T("it has no column of domain names")
)

func joined(words []string) string {
	var out string
	for n, w := range words {
		if n == 20 {
			return out + ", …"
		}
		if n > 0 {
			out += ", "
		}
		out += `"` + headings.Cut(freehold.OneLine(w), 60) + `"`
	}
	return out
}

// lookAtSheet understands one sheet: first by its beginning, then by all of it,
// for the order of its dates.
func (j *job) lookAtSheet(ctx context.Context, f *tabular.File, sheet *tabular.Sheet, i *freehold.Import) (freehold.ImportSheet, error) {
	told := freehold.ImportSheet{Name: sheet.Name}
	var sample []tabular.Row
	for r, err := range sheet.Rows() {
		if err != nil {
			return told, err
		}
		if !r.Empty() {
			sample = append(sample, r)
		}
		if len(sample) == sampled {
			break
		}
	}
	if len(sample) == 0 {
		told.Skipped = noRows
		return told, nil
	}
	s, found := guess(sample, j.Map.Over(j.Saved))
	told.Heading, told.Columns = s.heading, s.columns
	if !found {
		told.Skipped = noNames
		return told, nil
	}
	t := table{sheet: sheet, reader: reader{shape: s, place: freehold.RowPlace{File: i.File, Sheet: sheet.Name}, serial: f.Kind == "xlsx", from04: f.Date1904, guessed: f.Guessed,
		client: headings.Value(j.Client), tags: freehold.JoinTags(j.Tags, nil), from: freehold.Provenance{Import: i.ID, File: i.File, Digest: i.Digest, Sheet: sheet.Name, At: i.At}}}
	rows, err := j.survey(ctx, &t)
	if err != nil {
		return told, err
	}
	told.Columns = t.columns
	if rows == 0 {
		told.Skipped = noData
		return told, nil
	}
	j.tables = append(j.tables, t)
	return told, nil
}

// survey reads all rows of a sheet once: how many there are behind the heading,
// and in what order its dates are written.
func (j *job) survey(ctx context.Context, t *table) (rows int, err error) {
	var order headings.DayOrder
	at, dated := t.at[freehold.ListedExpires]
	for r, err := range t.sheet.Rows() {
		if err == nil && j.total%1024 == 0 {
			err = ctx.Err()
		}
		if err != nil {
			return rows, err
		}
		if j.total++; j.total > j.maxRows {
			return rows, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("there are more than %d rows", j.maxRows), Advice: freehold.T("import them in several parts")}
		}
		if r.Line > t.heading {
			rows++
		}
		if dated && at < len(r.Cells) && r.Line > t.heading {
			order.See(headings.ReadDay(headings.Value(r.Cells[at]), t.serial, t.from04))
		}
	}
	if dated && t.columns[at].Order == "" {
		t.columns[at].Order = order.Decided()
	}
	return rows, nil
}

// checkUser refuses a mapping of columns that no table has: a word misspelt
// would else be a column not read.
func (j *job) checkUser() error {
	var known []string
	used := map[string]bool{}
	for _, i := range j.imports {
		for _, s := range i.Sheets {
			for _, c := range s.Columns {
				if c.Heading != "" {
					known = append(known, c.Heading)
				}
				if to, ok := j.Map.Of(c.Number, c.Heading); ok {
					used[to.Asked] = true
				}
			}
		}
	}
	for _, asked := range j.Map.Asked() {
		if !used[asked] {
			return usage(freehold.T("no column is headed %q", asked), freehold.T("the columns: %s", joined(known)))
		}
	}
	return nil
}

// pending is a row that is being dealt with.
type pending struct {
	told  freehold.ImportedRow
	entry freehold.ListingEntry // without a name: there is nothing to put
}

// The sizes of a batch: entries that are put at once, and rows that may wait
// for them.
const (
	maxPut     = 512
	maxPending = 8192
)

type putFunc func([]freehold.ListingEntry) ([]freehold.ListingResult, error)

// run reads all rows and puts them.
func (j *job) run(ctx context.Context, put putFunc) error {
	j.seen, j.summary, j.batch = map[uint64]firstRow{}, freehold.ImportSummary{DryRun: j.DryRun}, nil
	if err := j.spool.reset(); err != nil {
		return err
	}
	entries := 0
	for n := range j.tables {
		t := &j.tables[n]
		for r, err := range t.sheet.Rows() {
			if err != nil {
				return err
			}
			p := j.row(n, t, r)
			if j.batch = append(j.batch, p); !p.entry.Name.IsZero() {
				entries++
			}
			if entries == maxPut || len(j.batch) == maxPending {
				if err := j.flush(ctx, put); err != nil {
					return err
				}
				entries = 0
			}
		}
	}
	return j.flush(ctx, put)
}

// row reads one row.
func (j *job) row(n int, t *table, r tabular.Row) pending {
	if r.Line <= t.heading {
		told := freehold.ImportedRow{RowPlace: t.place, Outcome: freehold.ImportHeading}
		told.Row = r.Line
		return pending{told: told}
	}
	told, entry := t.read(r)
	p := pending{told: told}
	if entry.Name.IsZero() {
		return p
	}
	h := maphash.String(j.seed, entry.Name.ASCII())
	fields := j.digests(&entry.Listing)
	if first, twice := j.seen[h]; twice {
		p.told.Outcome = freehold.ImportDuplicate
		p.told.First = j.tables[first.table].place
		p.told.First.Row = int(first.row)
		for i, f := range comparedFields {
			if fields[i] != first.fields[i] && fields[i] != 0 {
				p.told.Differs = append(p.told.Differs, f)
			}
		}
		return p
	}
	j.seen[h] = firstRow{table: int32(n), row: int32(r.Line), fields: fields}
	j.attest(&entry, &p.told)
	p.entry = entry
	return p
}

// digests returns a digest of each field, 0 for one that says nothing.
func (j *job) digests(l *freehold.Listing) (out [fieldCount]uint32) {
	digest := func(s string) uint32 {
		if s == "" {
			return 0
		}
		return uint32(maphash.String(j.seed, s)) | 1
	}
	out[0], out[1] = digest(l.Client), digest(strings.Join(l.Tags, "\n"))
	for i, f := range freehold.ClaimedFields {
		c, _ := l.Claim(f)
		out[2+i] = digest(c.Value)
	}
	return out
}

// attested are the fields that a person may attest by importing them.
var attested = []struct {
	field   freehold.ListingField
	subject string
}{
	{freehold.ListedAccount, string(freehold.LayerAccount)},
	{freehold.ListedHost, freehold.AttestHost},
	{freehold.ListedPayer, freehold.AttestPayer},
}

func (j *job) attest(e *freehold.ListingEntry, told *freehold.ImportedRow) {
	if j.AttestBy == "" {
		return
	}
	for _, a := range attested {
		c, ok := e.Claim(a.field)
		if !ok {
			continue
		}
		said, evidence, err := j.Attest(e.Name, a.subject, c.Value, j.AttestBy, j.Now)
		if err != nil {
			told.Notes = append(told.Notes, reasons(err)...)
			continue
		}
		e.Attestations, e.Evidence = append(e.Attestations, said), append(e.Evidence, evidence)
	}
}

// flush puts the entries of a batch and keeps what is to be told of its rows.
func (j *job) flush(ctx context.Context, put putFunc) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var entries []freehold.ListingEntry
	for i := range j.batch {
		if !j.batch[i].entry.Name.IsZero() {
			entries = append(entries, j.batch[i].entry)
		}
	}
	var results []freehold.ListingResult
	if len(entries) > 0 {
		var err error
		if results, err = put(entries); err != nil {
			return err
		}
		if len(results) != len(entries) {
			return errors.New("the keeper does not say what each entry did")
		}
	}
	for i := range j.batch {
		told := &j.batch[i].told
		if !j.batch[i].entry.Name.IsZero() {
			j.settle(told, results[0])
			results = results[1:]
		}
		j.summary.Rows++
		j.summary.Add(told)
		if j.AllRows || told.Telling() {
			if err := j.spool.add(told); err != nil {
				return err
			}
		}
	}
	j.batch = j.batch[:0]
	if j.Progress != nil {
		j.Progress(j.summary.Rows, j.total)
	}
	return nil
}

func (j *job) settle(told *freehold.ImportedRow, r freehold.ListingResult) {
	j.summary.Attested += r.Attested
	switch {
	case r.New:
		told.Outcome = freehold.ImportNew
	case len(r.Changes) > 0:
		told.Outcome, told.Changes = freehold.ImportUpdated, r.Changes
	default:
		told.Outcome = freehold.ImportUnchanged
	}
}

// report tells what became of the rows, and which names no file has. Nothing of
// it can undo the import.
func (j *job) report(ctx context.Context, tell Teller) error {
	for _, i := range j.imports {
		for _, s := range i.Sheets {
			if !s.Skipped.IsZero() {
				j.summary.Skipped++
			}
		}
	}
	if err := tell.Begin(j.imports); err != nil {
		return err
	}
	if err := j.spool.tell(tell.Row); err != nil {
		return err
	}
	for l, err := range j.keeper.Listings(ctx, freehold.Selection{Client: headings.Value(j.Client)}) {
		if err != nil {
			return err
		}
		if _, here := j.seen[maphash.String(j.seed, l.Name.ASCII())]; here {
			continue
		}
		j.summary.Missing++
		if err := tell.Missing(l); err != nil {
			return err
		}
	}
	return tell.End(j.summary)
}
