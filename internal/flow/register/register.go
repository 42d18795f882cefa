// Package register brings the host's customer register into the desk, and rebuilds
// it from other records where it died with the disks: the listing of an account at a
// registrar, contacts as the registry has them, invoices, payments.
//
//	register.go   the job: look at the files, understand them, put their rows into the register
//	guess.go      what each column is
//	words.go      how columns of registers are headed, in three languages
//	rows.go       a row into entries
//	enrol.go      recovery contacts and keys, in quiet times
//
// Every row is accounted for: new, updated, there already, repeating an earlier row,
// or odd, with the reason. Each entry keeps its file, row and day, and since when it is
// so. Where two records say different things both are kept, and it is told.
package register

import (
	"context"
	"io"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"freehold"
	"freehold/internal/headings"
	"freehold/internal/tabular"
)

// mostRows bounds the rows of one import, all files together: they are held until
// all is read, as the rows of one customer need not stand together.
const mostRows = 300_000

// Fields are what a column of a register can be read as.
var Fields = headings.Fields{All: freehold.RegisterFields, Other: map[string]freehold.ListingField{"account": freehold.RegisterCustomer, "domain": freehold.ListedName, "email": freehold.RegisterMail},
	Dated: freehold.RegisterDates, Example: `--map "Kundennr=customer"`, DateExample: `--map "Seit=since:dmy"`}

// Keeper keeps the register.
type Keeper interface {
	// ImportRegister puts entries in one transaction; with dry it only says what they
	// would do. do may be called again from its start.
	ImportRegister(ctx context.Context, imports []freehold.Import, dry bool, do func(put func([]freehold.RegisterSaid) ([]freehold.RegisterMerge, error)) error) error
	FindRegister(ctx context.Context, field freehold.ListingField, folded []string, standing bool) (map[string][]string, error)
	Register(ctx context.Context) iter.Seq2[freehold.RegisterAccount, error]
}

// Source is a file to be read. It is read several times.
type Source struct {
	Path string // as the user named it
	io.ReaderAt
	Size int64
}

// Options say how to read.
type Options struct {
	From     freehold.RegisterSource // what kind of record the files are
	Map      headings.Mapping        // of --map, which goes before Saved
	Saved    headings.Mapping
	Encoding string // empty: found out
	Sheet    string // read this one only; empty: all that can be read
	DryRun   bool
	Now      time.Time
	ID       func() string // makes a new identifier
	maxRows  int           // for tests; 0 is mostRows
}

// Teller is told of an import. An error of its methods ends the telling, and is
// returned: what was kept stays kept.
type Teller interface {
	Begin([]freehold.Import) error
	Row(*freehold.ImportedRow) error
	// Missing is told a name of the register that no file has.
	Missing(freehold.Listing) error
	End(freehold.ImportSummary) error
}

// Import reads files into the register, all of them or nothing. Errors are of
// KindInvalid (a file that is no table, or without a column that tells one customer
// from another), KindUsage, KindDamaged, KindUnavailable, and those of the keeper.
func Import(ctx context.Context, sources []Source, keeper Keeper, o Options, tell Teller) (freehold.ImportSummary, error) {
	if o.maxRows == 0 {
		o.maxRows = mostRows
	}
	j := &job{Options: o, keeper: keeper, names: map[freehold.Name]place{}, places: map[string]int{}}
	j.Now = j.Now.UTC().Truncate(time.Microsecond)
	for _, source := range sources {
		if err := j.look(ctx, source); err != nil {
			return freehold.ImportSummary{}, err
		}
	}
	if err := j.checkUser(); err != nil {
		return freehold.ImportSummary{}, err
	}
	for i := range j.tables {
		if err := j.read(ctx, &j.tables[i]); err != nil {
			return freehold.ImportSummary{}, err
		}
	}
	if err := j.settle(ctx); err != nil {
		return freehold.ImportSummary{}, err
	}
	if err := j.put(ctx); err != nil {
		return freehold.ImportSummary{}, err
	}
	return j.report(ctx, tell)
}

// job is one import.
type job struct {
	Options
	keeper  Keeper
	imports []freehold.Import
	tables  []table
	rows    []row
	names   map[freehold.Name]place // where a name stood first
	places  map[string]int          // of accounts in said
	said    []freehold.RegisterSaid
	from    [][]int // for each entry of said, its row
}

type place struct {
	row     int
	account string
}

// look understands one file.
func (j *job) look(ctx context.Context, source Source) error {
	base := filepath.Base(source.Path)
	f, err := tabular.Open(base, source, source.Size, tabular.Options{Encoding: j.Encoding})
	if err != nil {
		return err
	}
	i := freehold.Import{ID: j.ID(), At: j.Now, File: base, Digest: f.Digest, Size: f.Size, Kind: f.Kind, Encoding: f.Encoding, Guessed: f.Guessed, Separator: f.Separator}
	read := false
	for _, sheet := range f.Sheets {
		if j.Sheet != "" && sheet.Name != j.Sheet {
			i.Sheets = append(i.Sheets, freehold.ImportSheet{Name: sheet.Name, Skipped: freehold.T("another sheet was asked for")})
			continue
		}
		t := table{sheet: sheet, serial: f.Kind == "xlsx", from04: f.Date1904, place: freehold.RowPlace{File: base, Sheet: sheet.Name}, source: j.From,
			from: freehold.Provenance{Import: i.ID, File: base, Digest: f.Digest, Sheet: sheet.Name, At: j.Now}}
		if err := t.understand(ctx, j.Map.Over(j.Saved)); err != nil {
			return err
		}
		i.Sheets = append(i.Sheets, freehold.ImportSheet{Name: sheet.Name, Heading: t.heading, Columns: t.columns, Skipped: t.skipped})
		if t.skipped.IsZero() {
			j.tables, read = append(j.tables, t), true
		}
	}
	j.imports = append(j.imports, i)
	if read {
		return nil
	}
	return nothingIn(i)
}

// nothingIn says why no sheet of a file is read.
func nothingIn(i freehold.Import) error {
	known := ""
	for _, s := range i.Sheets {
		for _, c := range s.Columns {
			if c.Heading != "" {
				known += ", " + `"` + headings.Cut(freehold.OneLine(c.Heading), 60) + `"`
			}
		}
	}
	e := &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("nothing in %q tells one customer from another", i.File),
		Advice: freehold.T("say which column has the customer's number, or the domain names: %s", `--map "#1=customer"`)}
	if known != "" {
		e.Advice = freehold.T("say which column has the customer's number, or the domain names, as in %s; the columns: %s", `--map "#1=customer"`, headings.Cut(known[len(", "):], 800))
	}
	return e
}

// checkUser refuses a mapping of columns that no table has.
func (j *job) checkUser() error {
	for _, asked := range j.Map.Asked() {
		used := false
		for _, i := range j.imports {
			for _, s := range i.Sheets {
				for _, c := range s.Columns {
					_, said := j.Map.Of(c.Number, c.Heading)
					used = used || said && (headings.NormalOrWhole(c.Heading) == headings.NormalOrWhole(asked) || asked == "#"+itoa(c.Number))
				}
			}
		}
		if !used {
			return &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("no column is headed %q", asked)}
		}
	}
	return nil
}

// read reads all rows of a table.
func (j *job) read(ctx context.Context, t *table) error {
	for r, err := range t.sheet.Rows() {
		if err == nil && len(j.rows)%1024 == 0 {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if len(j.rows) == j.maxRows {
			return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("there are more than %d rows", j.maxRows), Advice: freehold.T("import them in several parts")}
		}
		one := t.row(r)
		for i := range one.entries {
			one.entries[i].Added = j.Now
		}
		j.rows = append(j.rows, one)
	}
	return nil
}

// settle finds the account of each row and joins the rows of one. A row that names
// none is of whoever has its name, or its invoice; a name that nobody has is an
// account of its own.
func (j *job) settle(ctx context.Context) error {
	owners, err := j.owners(ctx)
	if err != nil {
		return err
	}
	for n := range j.rows {
		r := &j.rows[n]
		if len(r.entries) == 0 {
			continue
		}
		if r.account == "" {
			r.account = owners.of(r)
		}
		if r.account == "" {
			r.odd(freehold.T("nothing in this row tells whose it is"))
			continue
		}
		if r.told.Written == "" {
			r.told.Written = headings.Cut(r.account, maxShown)
		}
		j.twice(n, r)
	}
	if err := j.moved(ctx); err != nil {
		return err
	}
	for n := range j.rows {
		r := &j.rows[n]
		if len(r.entries) == 0 {
			continue
		}
		if len(r.moved) > 0 {
			for i := range r.entries {
				if r.entries[i].Field == freehold.ListedName {
					r.entries[i].Since = j.Now // it was another's when the record was read last
				}
			}
		}
		at := j.place(r.account)
		j.said[at].Entries = append(j.said[at].Entries, r.entries...)
		for range r.entries {
			j.from[at] = append(j.from[at], n)
		}
	}
	return nil
}

// twice notes the names of a row, and tells where an earlier row has one of them as
// another customer's. Both stay: whose it is, a person has to say.
func (j *job) twice(n int, r *row) {
	for _, e := range r.entries {
		if e.Field != freehold.ListedName {
			continue
		}
		before, known := j.names[e.Name]
		if !known {
			j.names[e.Name] = place{n, r.account}
			continue
		}
		if before.account != r.account {
			r.told.First, r.told.Differs = j.rows[before.row].told.RowPlace, []freehold.ListingField{freehold.RegisterCustomer}
			r.told.Notes = append(r.told.Notes, freehold.T("%s stands in row %d as that of %q: both are kept, and a case will ask whose it is", e.Name.Unicode(), r.told.First.Row, before.account))
			r.notes = len(r.told.Notes)
		}
	}
}

// moved finds the names that a newer copy of the record has under another account than
// the older one, and takes them from that one.
func (j *job) moved(ctx context.Context) error {
	of := map[string][]int{} // the rows of a name
	for n, r := range j.rows {
		for _, e := range r.entries {
			if e.Field == freehold.ListedName {
				of[e.Value] = append(of[e.Value], n)
			}
		}
	}
	stood, err := j.keeper.FindRegister(ctx, freehold.ListedName, slices.Sorted(maps.Keys(of)), true)
	if err != nil {
		return err
	}
	for _, value := range slices.Sorted(maps.Keys(stood)) {
		rows := of[value]
		for _, account := range stood[value] {
			if slices.ContainsFunc(rows, func(n int) bool { return j.rows[n].account == account }) {
				continue
			}
			r := &j.rows[rows[0]]
			at := j.place(account)
			j.said[at].Gone = append(j.said[at].Gone, r.told.Name)
			r.moved = append(r.moved, freehold.T("the register had %s as that of %q", r.told.Name.Unicode(), account))
		}
	}
	return nil
}

// place returns the index of an account among what is said.
func (j *job) place(account string) int {
	at, known := j.places[account]
	if !known {
		at = len(j.said)
		j.places[account] = at
		j.said, j.from = append(j.said, freehold.RegisterSaid{Account: account, At: j.Now, Source: j.From}), append(j.from, nil)
	}
	return at
}

// owners are the accounts that names and invoices stand under, in the register and
// in the rows that name an account.
type owners struct{ names, invoices map[string][]string }

func (o owners) of(r *row) string {
	name := ""
	for _, e := range r.entries {
		if e.Field == freehold.ListedName {
			name = e.Name.ASCII()
		}
		if is := o.invoices[e.Key()]; e.Field == freehold.RegisterInvoice && len(is) == 1 {
			return is[0]
		}
	}
	if is := o.names[name]; len(is) > 0 {
		return is[0]
	}
	return name
}

func (j *job) owners(ctx context.Context) (o owners, err error) {
	var names, invoices []string
	for _, r := range j.rows {
		if r.account != "" {
			continue
		}
		for _, e := range r.entries {
			switch e.Field {
			case freehold.ListedName:
				names = append(names, e.Name.ASCII())
			case freehold.RegisterInvoice:
				invoices = append(invoices, e.Key())
			}
		}
	}
	if o.names, err = j.keeper.FindRegister(ctx, freehold.ListedName, names, true); err != nil {
		return o, err
	}
	if o.invoices, err = j.keeper.FindRegister(ctx, freehold.RegisterInvoice, invoices, true); err != nil {
		return o, err
	}
	for _, r := range j.rows {
		for _, e := range r.entries {
			if r.account == "" {
				continue
			}
			switch e.Field {
			case freehold.ListedName:
				o.names[e.Name.ASCII()] = []string{r.account}
			case freehold.RegisterInvoice:
				if !slices.Contains(o.invoices[e.Key()], r.account) {
					o.invoices[e.Key()] = append(o.invoices[e.Key()], r.account)
				}
			}
		}
	}
	return o, nil
}

// putAtOnce is how many accounts are put with one call.
const putAtOnce = 512

// put writes all accounts and enters what became of their rows.
func (j *job) put(ctx context.Context) error {
	return j.keeper.ImportRegister(ctx, j.imports, j.DryRun, func(put func([]freehold.RegisterSaid) ([]freehold.RegisterMerge, error)) error {
		for i := range j.rows {
			j.rows[i].begin()
		}
		for at := 0; at < len(j.said); at += putAtOnce {
			if err := ctx.Err(); err != nil {
				return err
			}
			some := j.said[at:min(at+putAtOnce, len(j.said))]
			merges, err := put(some)
			if err != nil {
				return err
			}
			for i := range merges {
				j.enter(at+i, &merges[i])
			}
		}
		return nil
	})
}

// enter says of the rows of an account what they did.
func (j *job) enter(at int, m *freehold.RegisterMerge) {
	outcome := freehold.ImportUpdated
	if m.New {
		outcome = freehold.ImportNew
	}
	for _, i := range m.Add {
		j.rows[j.from[at][i]].told.Outcome = outcome
	}
	for _, c := range m.Changes {
		r := &j.rows[j.from[at][c.Entry]]
		r.told.Changes = append(r.told.Changes, c.ListingChange)
	}
	for _, d := range m.Disputes {
		r := &j.rows[j.from[at][d.Entry]]
		e := j.said[at].Entries[d.Entry]
		r.told.Notes = append(r.told.Notes, freehold.T("%q here, and %q by %m: both are kept", headings.Cut(e.Value, maxShown), headings.Cut(d.Value, maxShown), SourceText(d.Source).Format))
	}
	first := -1
	for i := range j.said[at].Entries {
		n := j.from[at][i]
		if first < 0 {
			first = n
		}
		if t := &j.rows[n].told; n != first && t.Outcome == freehold.ImportUnchanged && m.New {
			t.Outcome, t.First = freehold.ImportDuplicate, j.rows[first].told.RowPlace // it adds nothing
		}
	}
}

// SourceText says what kind of record something stands in.
func SourceText(s freehold.RegisterSource) freehold.Text {
	switch s {
	case freehold.SourceEPP:
		return freehold.T("the registry")
	case freehold.SourceRegistrar:
		return freehold.T("the registrar's listing")
	case freehold.SourceInvoices:
		return freehold.T("the invoices")
	case freehold.SourcePayments:
		return freehold.T("the payments")
	case freehold.SourceEnrolled:
		return freehold.T("what was enrolled")
	}
	return freehold.T("the customer register")
}

// report tells what became of the rows. Nothing of it can undo the import.
func (j *job) report(ctx context.Context, tell Teller) (freehold.ImportSummary, error) {
	sum := freehold.ImportSummary{DryRun: j.DryRun}
	for _, i := range j.imports {
		for _, s := range i.Sheets {
			if !s.Skipped.IsZero() {
				sum.Skipped++
			}
		}
	}
	if err := tell.Begin(j.imports); err != nil {
		return sum, err
	}
	for i := range j.rows {
		sum.Rows++
		sum.Add(&j.rows[i].told)
		if err := tell.Row(&j.rows[i].told); err != nil {
			return sum, err
		}
	}
	if j.From == freehold.SourceRegister {
		if err := j.missing(ctx, &sum, tell); err != nil {
			return sum, err
		}
	}
	return sum, tell.End(sum)
}

// missing tells the names of the register that this copy of it does not have.
func (j *job) missing(ctx context.Context, sum *freehold.ImportSummary, tell Teller) error {
	told := map[freehold.Name]bool{}
	for a, err := range j.keeper.Register(ctx) {
		if err != nil {
			return err
		}
		for _, e := range a.Entries {
			if _, here := j.names[e.Name]; e.Field != freehold.ListedName || e.Source != freehold.SourceRegister || !e.Standing() || here || told[e.Name] {
				continue
			}
			told[e.Name] = true
			sum.Missing++
			if err := tell.Missing(freehold.Listing{Name: e.Name, Client: a.ID}); err != nil {
				return err
			}
		}
	}
	return nil
}
