package report

import (
	"fmt"
	"io"
	"strings"

	"freehold"
)

// SchemaImport is the schema of an import's envelope, SchemaRegisterImport that of an
// import into the register of a host's customers.
const (
	SchemaImport         = "freehold.import/1"
	SchemaRegisterImport = "freehold.register_import/1"
)

// ImportFormats lists the formats an import can be told in.
var ImportFormats = []string{FormatTable, FormatJSON, FormatJSONL}

// An ImportWriter tells what became of the rows of an import: Begin, then Row
// and Missing as often as needed, then End.
type ImportWriter interface {
	Begin([]freehold.Import) error
	Row(*freehold.ImportedRow) error
	// Missing is a name of the portfolio that no file has.
	Missing(freehold.Listing) error
	End(freehold.ImportSummary) error
}

// NewImport makes an ImportWriter for one of ImportFormats.
func NewImport(format string, w io.Writer, o Options) (ImportWriter, error) {
	s, err := check(format, o)
	if err != nil {
		return nil, err
	}
	switch format {
	case FormatTable:
		return &importTable{p: newPrinter(w, o, s)}, nil
	case FormatJSON:
		return &importJSON{out: encoder{w: w}, speaker: s, schema: SchemaImport}, nil
	case FormatJSONL:
		return &importLines{out: encoder{w: w}, speaker: s, schema: SchemaImport}, nil
	}
	return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("an import is not told as %q", format), Advice: freehold.T("use one of %s", strings.Join(ImportFormats, ", "))}
}

// The bounds of what a table shows; the JSON formats have all of it.
const (
	maxShownRows    = 200
	maxShownMissing = 20
)

// NewRegisterImport is NewImport for an import into the register of a host's customers.
func NewRegisterImport(format string, w io.Writer, o Options) (ImportWriter, error) {
	writer, err := NewImport(format, w, o)
	switch t := writer.(type) {
	case *importTable:
		t.register = true
	case *importJSON:
		t.schema = SchemaRegisterImport
	case *importLines:
		t.schema = SchemaRegisterImport
	}
	return writer, err
}

// importTable tells an import to a person.
type importTable struct {
	p *printer
	// register: what is imported are customers, not names of the portfolio.
	register bool
	files    int
	shown    int
	hidden   int
	missing  []string
}

func (t *importTable) Begin(files []freehold.Import) error {
	t.files = len(files)
	for i := range files {
		t.file(&files[i])
	}
	return t.p.flush()
}

func (t *importTable) file(f *freehold.Import) {
	p := t.p
	p.line(p.heading(p.charset(freehold.OneLine(f.File))))
	p.lines(p.paragraph(text("  "), t.form(f), plainText, p.o.Width))
	if f.Guessed {
		p.lines(p.paragraph(text("  "), p.say("The encoding is a guess: look at the letters with accents; %s says which it is.", command("--encoding")), plainText, p.o.Width))
	}
	for _, s := range f.Sheets {
		if s.Name != "" {
			p.line(line{{text: "  "}, {p.charset(p.say("Sheet %q", s.Name)), bold}})
		}
		if !s.Skipped.IsZero() {
			p.lines(p.paragraph(text("  "), p.say("not read: %s", s.Skipped.Render(p.speaker)), dim, p.o.Width))
			continue
		}
		if s.Heading > 0 {
			p.lines(p.paragraph(text("  "), p.say("The columns are named in row %d.", s.Heading), plainText, p.o.Width))
		}
		t.columns(s.Columns)
	}
	p.line(nil)
}

// form says what a file is.
func (t *importTable) form(f *freehold.Import) string {
	if f.Kind == "xlsx" {
		return t.p.say("An XLSX workbook.")
	}
	separator := map[string]string{"\t": t.p.say("tabs"), ";": t.p.say("semicolons"), ",": t.p.say("commas"), "|": t.p.say("bars")}[f.Separator]
	switch {
	case f.Separator == "":
		return t.p.say("A text in %s with one column.", strings.ToUpper(f.Encoding))
	case separator == "":
		separator = `"` + f.Separator + `"`
	}
	return t.p.say("A text in %s with %s between the columns.", strings.ToUpper(f.Encoding), separator)
}

func (t *importTable) columns(all []freehold.ImportColumn) {
	p := t.p
	wide := 0
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = freehold.OneLine(c.Heading)
		if names[i] == "" {
			names[i] = fmt.Sprintf("#%d", c.Number)
		}
		wide = max(wide, min(cells(p.charset(names[i])), p.o.Width/3))
	}
	for i, c := range all {
		if c.Heading == "" && c.Field == "" {
			continue
		}
		lead := line{{"    " + p.fit(names[i], wide), plainText}, {text: "  "}}
		st := plainText
		if c.Field == "" {
			st = dim
		}
		p.lines(p.paragraph(lead, t.readAs(c), st, p.o.Width))
	}
	p.lines(p.paragraph(text("  "), p.say("To correct it: %s. To keep it for the next time: %s.", command(`--map "COLUMN=FIELD"`), command("--save-map FILE")), dim, p.o.Width))
}

// readAs says what a column is taken for, and why.
func (t *importTable) readAs(c freehold.ImportColumn) string {
	p := t.p
	word := p.field(c.Field)
	switch {
	case c.How == freehold.ColumnSecret:
		return p.say("never read: it holds secrets")
	case c.Field == "":
		return p.say("not read")
	case c.How == freehold.ColumnByContent:
		word = p.say("%s (by what stands in it)", word)
	case c.How == freehold.ColumnByUser:
		word = p.say("%s (as you say)", word)
	}
	switch c.Order {
	case "dmy":
		word = p.say("%s, the day before the month", word)
	case "mdy":
		word = p.say("%s, the month before the day", word)
	}
	return word
}

// field says what a field is, in words.
func (p *printer) field(f freehold.ListingField) string {
	switch f {
	case freehold.ListedName:
		return p.say("domain name")
	case freehold.ListedTLD:
		return p.say("ending of the domain name")
	case freehold.ListedClient:
		return p.say("client")
	case freehold.ListedTags:
		return p.say("tags")
	case freehold.ListedRegistrar:
		return p.say("registrar")
	case freehold.ListedAccount:
		return p.say("account at the registrar")
	case freehold.ListedExpires:
		return p.say("date of expiry")
	case freehold.ListedAutoRenew:
		return p.say("renews by itself")
	case freehold.ListedHost:
		return p.say("host")
	case freehold.ListedPayer:
		return p.say("payer")
	case freehold.ListedNotes:
		return p.say("notes")
	}
	return p.registerField(f)
}

func (t *importTable) Row(r *freehold.ImportedRow) error {
	if !r.Telling() {
		return nil
	}
	if t.shown == maxShownRows {
		t.hidden++
		return nil
	}
	t.shown++
	p := t.p
	st := plainText
	if r.Outcome == freehold.ImportOdd {
		st = red
	}
	lead := line{{p.charset(t.place(r.RowPlace)) + "  ", bold}, {p.charset(p.outcome(r.Outcome)), st}, {text: "  "}}
	p.lines(p.paragraph(lead, strings.Join(t.said(r), "; "), plainText, p.o.Width))
	return nil
}

// place says where a row is; the file is left out where there is only one.
func (t *importTable) place(at freehold.RowPlace) string {
	where := ""
	if t.files > 1 {
		where = freehold.OneLine(at.File) + " "
	}
	if at.Sheet != "" {
		where += freehold.OneLine(at.Sheet) + "!"
	}
	return where + t.p.say("row %d", at.Row)
}

func (p *printer) outcome(o freehold.ImportOutcome) string {
	switch o {
	case freehold.ImportNew:
		return p.say("new")
	case freehold.ImportUpdated:
		return p.say("updated")
	case freehold.ImportUnchanged:
		return p.say("there already")
	case freehold.ImportDuplicate:
		return p.say("repeated")
	}
	return p.say("odd")
}

// said is what there is to say about a row.
func (t *importTable) said(r *freehold.ImportedRow) []string {
	p := t.p
	var out []string
	name := r.Name.Unicode()
	if name == "" || t.register && r.Written != "" {
		name = freehold.OneLine(r.Written)
	}
	if t.register && !r.Name.IsZero() && r.Written != r.Name.ASCII() {
		name += " (" + r.Name.Unicode() + ")"
	}
	switch r.Outcome {
	case freehold.ImportOdd:
		out = append(out, reasons(p.speaker, r.Why))
		return out
	case freehold.ImportDuplicate:
		s := p.say("%s stands in %s already", name, t.place(r.First))
		if len(r.Differs) > 0 {
			var fields []string
			for _, f := range r.Differs {
				fields = append(fields, p.field(f))
			}
			s += ", " + p.say("which counts; here it says otherwise: %s", strings.Join(fields, ", "))
		}
		out = append(out, s)
	default:
		out = append(out, name)
	}
	for _, c := range r.Changes {
		out = append(out, p.say("%s was %s, is now %s", p.field(c.Field), orDefault(freehold.OneLine(c.Before), p.say("none")), freehold.OneLine(c.After)))
	}
	for _, n := range r.Notes {
		out = append(out, n.Render(p.speaker))
	}
	return out
}

// reasons joins a sentence with its reasons.
func reasons(s freehold.Speaker, all []freehold.Text) string {
	var said []string
	for _, t := range all {
		said = append(said, t.Render(s))
	}
	return strings.Join(said, ": ")
}

func (t *importTable) Missing(l freehold.Listing) error {
	if len(t.missing) < maxShownMissing {
		t.missing = append(t.missing, l.Name.Unicode())
	}
	return nil
}

func (t *importTable) End(s freehold.ImportSummary) error {
	p := t.p
	if t.hidden > 0 {
		p.lines(p.paragraph(nil, p.say("and %d more: use %s", t.hidden, command("--format jsonl")), plainText, p.o.Width))
	}
	if t.shown > 0 {
		p.line(nil)
	}
	if s.Missing > 0 {
		head := p.say("In the portfolio, and not in what was imported; kept")
		if t.register {
			head = p.say("In the register, and not in what was imported; kept")
		}
		p.line(p.heading(head))
		names := strings.Join(t.missing, ", ")
		if more := s.Missing - len(t.missing); more > 0 {
			names = p.say("%s and %d more", names, more)
		}
		p.lines(p.paragraph(text("  "), names, plainText, p.o.Width))
		p.line(nil)
	}
	t.totals(s)
	return p.flush()
}

func (t *importTable) totals(s freehold.ImportSummary) {
	p := t.p
	head := p.say("%d rows", s.Rows)
	if s.Rows == 1 {
		head = p.say("1 row")
	}
	p.line(p.heading(head))
	rows := []struct {
		n    int
		what string
	}{
		{s.Outcomes[freehold.ImportNew], p.say("new in the portfolio")},
		{s.Outcomes[freehold.ImportUpdated], p.say("in the portfolio already, and updated")},
		{s.Outcomes[freehold.ImportUnchanged], p.say("in the portfolio already, with nothing new")},
		{s.Outcomes[freehold.ImportDuplicate], p.say("repeating an earlier row")},
		{s.Outcomes[freehold.ImportOdd], p.say("odd: nothing was taken")},
		{s.Outcomes[freehold.ImportHeading], p.say("the heading, or above it")},
		{s.Outcomes[freehold.ImportEmpty] + s.Outcomes[freehold.ImportComment], p.say("empty or a comment")},
	}
	if t.register {
		rows[0].what, rows[1].what = p.say("of customers who are new"), p.say("of customers on record, with something new")
		rows[2].what = p.say("of customers on record, with nothing new")
	}
	digits := 0
	for _, r := range rows {
		digits = max(digits, cells(p.charset(p.number(r.n))))
	}
	for _, r := range rows {
		if r.n > 0 {
			n := p.charset(p.number(r.n))
			p.lines(p.paragraph(text("  "+strings.Repeat(" ", digits-cells(n))+n+"  "), r.what, plainText, p.o.Width))
		}
	}
	if s.Balanced() {
		p.lines(p.paragraph(text("  "), p.say("Every row is accounted for."), plainText, p.o.Width))
	} else {
		p.lines(p.paragraph(text("  "), p.say("The rows do not add up: please report it."), red, p.o.Width))
	}
	if s.Skipped > 0 {
		p.lines(p.paragraph(text("  "), p.say("Sheets not read: %d", s.Skipped), plainText, p.o.Width))
	}
	if s.Attested > 0 {
		p.lines(p.paragraph(text("  "), p.say("Attestations made: %d", s.Attested), plainText, p.o.Width))
	}
	if s.DryRun {
		p.lines(p.paragraph(text("  "), p.say("A dry run: nothing was kept."), bold, p.o.Width))
	}
}
