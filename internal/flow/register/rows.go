package register

import (
	"net/mail"
	"slices"
	"strings"
	"time"

	"freehold"
	"freehold/internal/headings"
	"freehold/internal/tabular"
)

// The bounds of what is kept and told, in characters.
const (
	maxValue = 500
	maxShown = 120
)

// table is a sheet that is read.
type table struct {
	sheet   *tabular.Sheet
	place   freehold.RowPlace // Row is not set
	from    freehold.Provenance
	source  freehold.RegisterSource
	heading int // the line of the heading; 0: there is none
	columns []freehold.ImportColumn
	at      map[freehold.ListingField][]int // the columns of a field
	skipped freehold.Text
	serial  bool // numbers in a column of dates count days
	from04  bool
}

// row is a row that was read: what it says, and what is told of it.
type row struct {
	told    freehold.ImportedRow
	account string
	entries []freehold.RegisterEntry
	notes   int             // of told that are about the row itself
	moved   []freehold.Text // that its name was another customer's
}

// begin forgets what became of the row: the transaction may begin again.
func (r *row) begin() {
	r.told.Notes = slices.Concat(r.told.Notes[:r.notes], r.moved)
	r.told.Changes = nil
	if len(r.entries) > 0 {
		r.told.Outcome = freehold.ImportUnchanged
	}
}

func (r *row) odd(why freehold.Text) {
	r.told.Outcome, r.told.Why, r.entries = freehold.ImportOdd, []freehold.Text{why}, nil
}

// row reads one row.
func (t *table) row(r tabular.Row) row {
	out := row{told: freehold.ImportedRow{RowPlace: t.place, Notes: slices.Clone(r.Notes)}}
	out.told.Row = r.Line
	switch {
	case r.Line <= t.heading:
		out.told.Outcome = freehold.ImportHeading
		return out
	case !r.Problem.IsZero():
		out.odd(r.Problem)
		return out
	case r.Empty():
		out.told.Outcome = freehold.ImportEmpty
		return out
	}
	out.account = headings.Cut(t.cell(r, freehold.RegisterCustomer), maxValue)
	out.told.Written = headings.Cut(out.account, maxShown)
	e := entries{table: t, row: &out, cells: r, from: t.from}
	e.from.Row = r.Line
	if why := e.read(); !why.IsZero() {
		out.odd(why)
		return out
	}
	if len(out.entries) == 0 {
		out.odd(freehold.T("it says nothing of a customer"))
	}
	out.notes = len(out.told.Notes)
	return out
}

// cell returns what the first column of a field says.
func (t *table) cell(r tabular.Row, f freehold.ListingField) string {
	all := t.all(r, f)
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// all returns what the columns of a field say, without the empty ones.
func (t *table) all(r tabular.Row, f freehold.ListingField) (said []string) {
	for _, i := range t.at[f] {
		if i < len(r.Cells) {
			if v := headings.Value(r.Cells[i]); v != "" {
				said = append(said, v)
			}
		}
	}
	return said
}

// entries makes the entries of one row.
type entries struct {
	*table
	*row
	cells tabular.Row
	from  freehold.Provenance
	name  freehold.Name
}

func (e *entries) note(t freehold.Text) { e.told.Notes = append(e.told.Notes, t) }

// say adds an entry.
func (e *entries) say(f freehold.ListingField, value, detail string, since time.Time) {
	if value == "" {
		return
	}
	if cut := headings.Cut(value, maxValue); cut != value {
		e.note(freehold.T("%q is longer than %d characters and was cut", string(f), maxValue))
		value = cut
	}
	one := freehold.RegisterEntry{Of: freehold.SideCustomer, Field: f, Value: value, Detail: headings.Cut(detail, maxValue), Since: since, Source: e.source, From: e.from}
	if f == freehold.ListedName {
		one.Name = e.name
	}
	if f == freehold.RegisterHolder || e.aboutHolder() && (channelled(f) || f == freehold.RegisterPerson || f == freehold.RegisterOrganisation) {
		one.Of, one.Name = freehold.SideHolder, e.name
		if f == freehold.RegisterOrganisation {
			one.Field = freehold.RegisterHolder
		}
	}
	if !slices.ContainsFunc(e.entries, func(o freehold.RegisterEntry) bool {
		return o.Field == one.Field && o.Of == one.Of && o.Key() == one.Key()
	}) {
		e.entries = append(e.entries, one)
	}
}

// aboutHolder: what a registry has of contacts is about the holder of the name, not
// about the host's customer.
func (e *entries) aboutHolder() bool { return e.source == freehold.SourceEPP && !e.name.IsZero() }

func channelled(f freehold.ListingField) bool {
	return f == freehold.RegisterMail || f == freehold.RegisterPhone || f == freehold.RegisterPost
}

// read reads all cells. It says why where nothing of the row is to be taken.
func (e *entries) read() freehold.Text {
	if why := e.readName(); !why.IsZero() {
		return why
	}
	e.say(freehold.RegisterPerson, strings.Join(e.all(e.cells, freehold.RegisterPerson), " "), "", time.Time{})
	e.say(freehold.RegisterOrganisation, e.cell(e.cells, freehold.RegisterOrganisation), "", time.Time{})
	e.say(freehold.RegisterCompany, e.cell(e.cells, freehold.RegisterCompany), "", time.Time{})
	if holder := e.cell(e.cells, freehold.RegisterHolder); holder != "" && e.name.IsZero() {
		e.note(freehold.T("a holder is of a name, and this row has none: %q is left out", headings.Cut(holder, maxShown)))
	} else {
		e.say(freehold.RegisterHolder, holder, "", time.Time{})
	}
	for _, said := range e.all(e.cells, freehold.RegisterMail) {
		e.mailbox(freehold.RegisterMail, said, e.since(freehold.RegisterMailSince))
	}
	for _, said := range e.all(e.cells, freehold.RegisterPhone) {
		e.phone(freehold.RegisterPhone, said, e.since(freehold.RegisterPhoneSince))
	}
	e.say(freehold.RegisterPost, e.post(), "", e.since(freehold.RegisterPostSince))
	for _, said := range e.all(e.cells, freehold.RegisterRecovery) {
		if strings.Contains(said, "@") {
			e.mailbox(freehold.RegisterRecovery, said, e.since(freehold.RegisterRecoverySince))
		} else {
			e.phone(freehold.RegisterRecovery, said, e.since(freehold.RegisterRecoverySince))
		}
	}
	if key := e.cell(e.cells, freehold.RegisterKey); key != "" {
		if kind, err := KeyKind(key); err != nil {
			e.note(freehold.T("%q is no public key: it is left out", headings.Cut(key, 40)))
		} else {
			e.say(freehold.RegisterKey, key, kind, e.since(""))
		}
	}
	e.money()
	return freehold.Text{}
}

// money reads invoices and payments. A bank account is on record from the first
// payment that came from it.
func (e *entries) money() {
	amount, on := e.cell(e.cells, freehold.RegisterAmount), e.day(freehold.RegisterDay)
	e.say(freehold.RegisterInvoice, e.cell(e.cells, freehold.RegisterInvoice), amount, on)
	e.say(freehold.RegisterPayment, e.cell(e.cells, freehold.RegisterPayment), amount, on)
	since := e.since(freehold.RegisterBankSince)
	if e.source == freehold.SourcePayments {
		since = on
	}
	e.say(freehold.RegisterBank, strings.ToUpper(e.cell(e.cells, freehold.RegisterBank)), "", since)
}

// readName reads the domain name of a row.
func (e *entries) readName() freehold.Text {
	asked := e.cell(e.cells, freehold.ListedName)
	if tld := strings.TrimPrefix(e.cell(e.cells, freehold.ListedTLD), "."); tld != "" && asked != "" && !strings.Contains(asked, ".") {
		asked += "." + tld
	}
	if asked == "" {
		return freehold.Text{}
	}
	host, err := freehold.ParseHost(tabular.HostPart(asked))
	var name freehold.Name
	if err == nil {
		name, err = freehold.NameOf(host)
	}
	if err != nil || !known(name) {
		return freehold.T("%q is no domain name", headings.Cut(asked, maxShown))
	}
	if name.Host() != host {
		e.note(freehold.T("%q is taken as %q", headings.Cut(asked, maxShown), name.Unicode()))
	}
	e.name, e.told.Name = name, name
	e.say(freehold.ListedName, name.ASCII(), "", time.Time{})
	return freehold.Text{}
}

// mailbox takes an address as RFC 5322 section 3.4 writes one; what is none is left
// out, and told.
func (e *entries) mailbox(f freehold.ListingField, said string, since time.Time) {
	a, err := mail.ParseAddress(said)
	if err != nil || strings.ContainsAny(a.Address, " \"\\") {
		e.note(freehold.T("%q is no address of a mailbox: it is left out", headings.Cut(said, maxShown)))
		return
	}
	e.say(f, a.Address, "", since)
}

// phone takes what has as many digits as a number has (ITU-T E.164: at most 15).
func (e *entries) phone(f freehold.ListingField, said string, since time.Time) {
	digits := 0
	for _, r := range said {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if digits < 5 || digits > 17 {
		e.note(freehold.T("%q is no telephone number: it is left out", headings.Cut(said, maxShown)))
		return
	}
	e.say(f, said, "", since)
}

// post joins the parts of a postal address.
func (e *entries) post() string {
	if whole := e.cell(e.cells, freehold.RegisterPost); whole != "" && len(e.at[freehold.RegisterCity]) == 0 {
		return whole
	}
	parts := append(e.all(e.cells, freehold.RegisterPost), e.all(e.cells, freehold.RegisterStreet)...)
	town := strings.TrimSpace(e.cell(e.cells, freehold.RegisterPostcode) + " " + e.cell(e.cells, freehold.RegisterCity))
	if len(parts) == 0 || town == "" {
		return "" // a town alone reaches nobody
	}
	parts = append(parts, town)
	if country := e.cell(e.cells, freehold.RegisterCountry); country != "" {
		parts = append(parts, country)
	}
	return strings.Join(parts, ", ")
}

// since is when a contact of the row came on record: by its own column, by that of all
// contacts, or when the row was last changed, which is the latest it can be. Since when
// somebody is a customer says nothing about when a contact was changed last.
func (e *entries) since(own freehold.ListingField) time.Time {
	for _, f := range []freehold.ListingField{own, freehold.RegisterSince, freehold.RegisterChanged} {
		if at := e.day(f); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

// day reads a date; one that is not understood says nothing, and a note says so.
func (e *entries) day(f freehold.ListingField) time.Time {
	cell := e.cell(e.cells, f)
	if f == "" || cell == "" {
		return time.Time{}
	}
	d := headings.ReadDay(cell, e.serial, e.from04)
	at, ok := d.In(e.columns[e.at[f][0]].Order)
	note := freehold.Text{}
	switch {
	case !d.OK:
		note = freehold.T("%q is not understood as a date: it is left open", headings.Cut(cell, maxShown))
	case !ok:
		note = freehold.T("%q can be read as %t or as %t, and the column does not decide it: it is left open", headings.Cut(cell, maxShown), d.Date, d.Swapped)
	case at.After(e.from.At):
		note = freehold.T("%q lies in the future: it is left open", headings.Cut(cell, maxShown))
	default:
		return at
	}
	if !slices.ContainsFunc(e.told.Notes, func(t freehold.Text) bool { return t.String() == note.String() }) {
		e.note(note)
	}
	return time.Time{}
}
