package portfolio

import (
	"errors"
	"strings"
	"time"

	"freehold"
	"freehold/internal/headings"
	"freehold/internal/tabular"
)

// The bounds of what is kept, in characters.
const (
	maxValue = 500
	maxNotes = 4000
	maxTags  = 50
	maxShown = 200 // of a cell, in what is told
)

// reader turns the rows of one sheet into entries of the portfolio.
type reader struct {
	shape
	place   freehold.RowPlace // Row is not set
	from    freehold.Provenance
	serial  bool // numbers in the column of dates count days
	from04  bool
	guessed bool // letters beyond ASCII may be others
	client  string
	tags    []string
}

// read reads one row behind the heading. An entry without a name is none: the
// row is told as odd, empty or a comment.
func (t *reader) read(r tabular.Row) (freehold.ImportedRow, freehold.ListingEntry) {
	told := freehold.ImportedRow{RowPlace: t.place, Notes: r.Notes}
	told.Row = r.Line
	switch {
	case !r.Problem.IsZero():
		told.Written = t.written(r)
		told.Why = []freehold.Text{r.Problem}
		return told, freehold.ListingEntry{}
	case r.Empty():
		told.Outcome = freehold.ImportEmpty
		return told, freehold.ListingEntry{}
	case isComment(r) && !isName(r.Cells[0]):
		told.Outcome = freehold.ImportComment
		return told, freehold.ListingEntry{}
	}
	told.Written = t.written(r)
	name, note, err := t.name(r)
	if err != nil {
		told.Why = reasons(err)
		return told, freehold.ListingEntry{}
	}
	if !note.IsZero() {
		told.Notes = append(told.Notes, note)
	}
	told.Name = name
	if t.guessed && strings.Contains(name.ASCII(), "xn--") && !strings.Contains(strings.ToLower(told.Written), "xn--") {
		told.Notes = append(told.Notes, freehold.T("check the letters of %q: the encoding of the file is guessed", name.Unicode()))
	}
	if !hasKnownSuffix(name) {
		told.Notes = append(told.Notes, freehold.T("no top-level domain %q is known", "."+name.TLD()))
	}
	entry := t.entry(name, r, &told)
	return told, entry
}

func (t *reader) cell(r tabular.Row, f freehold.ListingField) string {
	if i, ok := t.at[f]; ok && i < len(r.Cells) {
		return headings.Value(r.Cells[i])
	}
	return ""
}

// written is what stands in the row for the name. Nothing else of a row that
// was not understood is told: it may hold a password.
func (t *reader) written(r tabular.Row) string {
	return headings.Cut(t.cell(r, freehold.ListedName), maxShown)
}

// name reads the name of a row, as people and programs write it: also as the
// address of a page or of a mailbox, or with its ending in another column.
func (t *reader) name(r tabular.Row) (freehold.Name, freehold.Text, error) {
	none := freehold.Text{}
	asked := withoutComment(t.cell(r, freehold.ListedName))
	if tld := strings.TrimPrefix(t.cell(r, freehold.ListedTLD), "."); tld != "" && asked != "" && !strings.Contains(asked, ".") {
		asked += "." + tld
	}
	if asked == "" {
		return freehold.Name{}, none, odd(freehold.T("there is no domain name in this row"))
	}
	text := asked
	if scheme, rest, ok := strings.Cut(text, ":"); ok && strings.EqualFold(scheme, "mailto") {
		text = rest
	}
	if at := strings.LastIndexByte(text, '@'); at > 0 && !strings.ContainsAny(text, "/ ,;") {
		text = text[at+1:]
	}
	text = tabular.HostPart(text)
	host, err := freehold.ParseHost(text)
	if err != nil {
		if several(text) {
			err = odd(freehold.T("%q holds several names", headings.Cut(asked, maxShown)))
		}
		return freehold.Name{}, none, err
	}
	name, err := freehold.NameOf(host)
	if err != nil {
		return freehold.Name{}, none, err
	}
	if strings.Trim(name.TLD(), "0123456789") == "" {
		return freehold.Name{}, none, odd(freehold.T("%q is not a domain: its last part is a number", headings.Cut(asked, maxShown)))
	}
	if plain, err := freehold.ParseHost(asked); err != nil || plain != name.Host() {
		return name, freehold.T("%q is taken as %q", headings.Cut(asked, maxShown), name.Unicode()), nil
	}
	return name, none, nil
}

// several tells a cell that lists names.
func several(s string) bool {
	names := 0
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(",;|/ \t\n", r) }) {
		if isName(part) {
			names++
		}
	}
	return names > 1
}

func odd(why freehold.Text) error { return &freehold.Error{Kind: freehold.KindInvalid, Text: why} }

// reasons takes an error apart into its sentences.
func reasons(err error) []freehold.Text {
	var all []freehold.Text
	var e *freehold.Error
	for err != nil && errors.As(err, &e) {
		if !e.Text.IsZero() {
			all = append(all, e.Text)
		}
		err = e.Err
	}
	return all
}

// entry reads all other cells of a row.
func (t *reader) entry(name freehold.Name, r tabular.Row, told *freehold.ImportedRow) freehold.ListingEntry {
	from := t.from
	from.Row = r.Line
	e := freehold.ListingEntry{Listing: freehold.Listing{Name: name, Added: from.At, From: from}}
	e.Client = t.text(r, freehold.ListedClient, maxValue, told)
	if e.Client == "" {
		e.Client = t.client
	}
	e.Tags = freehold.JoinTags(t.tagsOf(r, told), t.tags)
	for _, f := range freehold.ClaimedFields {
		if v := t.claim(r, f, told); v != "" {
			e.Claims = append(e.Claims, freehold.ListingClaim{Field: f, Value: v, From: from})
		}
	}
	return e
}

// claim reads a cell by what its column holds; a cell that is not understood
// says nothing, and a note says so.
func (t *reader) claim(r tabular.Row, f freehold.ListingField, told *freehold.ImportedRow) string {
	switch f {
	case freehold.ListedNotes:
		return t.text(r, f, maxNotes, told)
	case freehold.ListedAutoRenew:
		cell := t.cell(r, f)
		v, ok := yesOrNo(cell)
		if cell != "" && !ok {
			told.Notes = append(told.Notes, freehold.T("%q is neither yes nor no: whether it renews by itself is left open", headings.Cut(cell, maxShown)))
		}
		return v
	case freehold.ListedExpires:
		return t.expiry(r, told)
	}
	return t.text(r, f, maxValue, told)
}

func (t *reader) expiry(r tabular.Row, told *freehold.ImportedRow) string {
	cell := t.cell(r, freehold.ListedExpires)
	if cell == "" {
		return ""
	}
	d := headings.ReadDay(cell, t.serial, t.from04)
	at, ok := d.In(t.columns[t.at[freehold.ListedExpires]].Order)
	switch {
	case !d.OK:
		told.Notes = append(told.Notes, freehold.T("%q is not understood as a date: when it expires is left open", headings.Cut(cell, maxShown)))
		return ""
	case !ok:
		told.Notes = append(told.Notes, freehold.T("%q can be read as %t or as %t, and the column does not decide it: when it expires is left open", headings.Cut(cell, maxShown), d.Date, d.Swapped))
		return ""
	}
	return at.Format(time.DateOnly)
}

func (t *reader) text(r tabular.Row, f freehold.ListingField, most int, told *freehold.ImportedRow) string {
	cell := t.cell(r, f)
	short := headings.Cut(cell, most)
	if short != cell {
		told.Notes = append(told.Notes, freehold.T("%q is longer than %d characters and was cut", string(f), most))
	}
	return short
}

// tagsOf reads the tags of a row, which stand in one cell with commas,
// semicolons or bars between them.
func (t *reader) tagsOf(r tabular.Row, told *freehold.ImportedRow) []string {
	var tags []string
	for tag := range strings.FieldsFuncSeq(t.cell(r, freehold.ListedTags), func(r rune) bool { return strings.ContainsRune(",;|", r) }) {
		if tag = headings.Value(tag); tag == "" {
			continue
		}
		if len(tags) == maxTags {
			told.Notes = append(told.Notes, freehold.T("it has more than %d tags: the others are left out", maxTags))
			break
		}
		tags = append(tags, headings.Cut(tag, maxValue))
	}
	return freehold.JoinTags(tags, nil)
}
