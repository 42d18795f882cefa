// Package headings understands what people head their columns with, and what
// they write into cells: which column is read as what by the user's word, what is
// never read, dates, cells that say nothing.
//
//	mapping.go    the user's word, and how it is saved
//	words.go      headings made comparable; secrets; cells
//	dates.go      dates as exports write them
package headings

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"freehold"
)

// Fields are what columns of one kind of table can be read as.
type Fields struct {
	All []freehold.ListingField
	// Other are words that people use for a field beside its own.
	Other map[string]freehold.ListingField
	Dated []freehold.ListingField // those that hold dates
	// Example shows how a column is named, as in `--map "Kunde=client"`; DateExample
	// the same for the order of a date.
	Example, DateExample string
}

// Mapping is what a user says about columns, by their heading or number.
type Mapping struct {
	fields    Fields
	byHeading map[string]Target // normalised
	byNumber  map[int]Target
	shown     map[string]string // as it was written, for errors and for saving
}

// Target is what a column is to be read as.
type Target struct {
	Field freehold.ListingField // empty: not to be read
	Order string                // of its dates, empty: as the column says
	Asked string                // the column, as the user wrote it
}

const maxMapping = 1 << 20

// ParseMapping reads "COLUMN=FIELD" as given on a command line. A column is its
// heading, or "#" and its number from 1. A field is one of
// fields, or "-" for a column not to be read; for dates
// "expires:dmy" or "expires:mdy" tells the order of day and month. Errors are
// of KindUsage.
func ParseMapping(specs []string, fields Fields) (Mapping, error) {
	m := Mapping{fields: fields}
	for _, spec := range specs {
		at := strings.LastIndexByte(spec, '=')
		if at < 1 {
			return m, usage(freehold.T("%q is not COLUMN=FIELD", spec), freehold.T("as in %s", fields.Example))
		}
		if err := m.add(spec[:at], spec[at+1:]); err != nil {
			return m, err
		}
	}
	return m, nil
}

func usage(what, advice freehold.Text) error {
	return &freehold.Error{Kind: freehold.KindUsage, Text: what, Advice: advice}
}

func (m *Mapping) add(column, field string) error {
	to := Target{Asked: strings.TrimSpace(column)}
	name, order, ordered := strings.Cut(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(field)), "-", "_"), ":")
	switch {
	case name == "_" || name == "":
	case m.fields.Other[name] != "":
		to.Field = m.fields.Other[name]
	case slices.Contains(m.fields.All, freehold.ListingField(name)):
		to.Field = freehold.ListingField(name)
	default:
		return usage(freehold.T("%q is none of the fields", field), freehold.T("use one of %s", m.fields.list()))
	}
	if to.Order = order; ordered && (!slices.Contains(m.fields.Dated, to.Field) || !IsOrder(order)) {
		return usage(freehold.T("%q tells no order of dates", field), freehold.T("as in %s", m.fields.DateExample))
	}
	if to.Field != "" && Secret(Normal(column)) {
		return usage(freehold.T("the column %q holds secrets and is not read", column), freehold.T("passwords and transfer codes do not belong in what is kept"))
	}
	if m.shown == nil {
		m.byHeading, m.byNumber, m.shown = map[string]Target{}, map[int]Target{}, map[string]string{}
	}
	m.shown[to.Asked] = strings.TrimSpace(field)
	if n, err := strconv.Atoi(strings.TrimPrefix(to.Asked, "#")); err == nil && n > 0 && strings.HasPrefix(to.Asked, "#") {
		m.byNumber[n] = to
		return nil
	}
	m.byHeading[NormalOrWhole(to.Asked)] = to
	return nil
}

func (f Fields) list() string {
	var all []string
	for _, f := range f.All {
		all = append(all, string(f))
	}
	return strings.Join(append(all, "-"), ", ")
}

// NormalOrWhole is how headings are compared: a heading of marks alone, as "€",
// is itself.
func NormalOrWhole(heading string) string {
	if n := Normal(heading); n != "" {
		return n
	}
	return heading
}

// Of returns what the user said about a column.
func (m Mapping) Of(number int, heading string) (Target, bool) {
	if to, ok := m.byNumber[number]; ok {
		return to, true
	}
	to, ok := m.byHeading[NormalOrWhole(heading)]
	return to, ok && heading != ""
}

// Over returns m with what it does not say taken from other.
func (m Mapping) Over(other Mapping) Mapping {
	out := Mapping{fields: m.fields, byHeading: maps.Clone(other.byHeading), byNumber: maps.Clone(other.byNumber), shown: maps.Clone(other.shown)}
	if out.shown == nil {
		return m
	}
	maps.Copy(out.byHeading, m.byHeading)
	maps.Copy(out.byNumber, m.byNumber)
	maps.Copy(out.shown, m.shown)
	return out
}

// mapFile is a mapping as it is saved.
type mapFile struct {
	Columns map[string]string `toml:"columns"`
}

// ReadMapping reads what WriteMapping wrote. Errors are of KindInvalid or KindUsage.
func ReadMapping(name string, r io.Reader, fields Fields) (Mapping, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxMapping))
	if err != nil {
		return Mapping{}, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%q cannot be read", name), Err: err}
	}
	var file mapFile
	if err := toml.Unmarshal(b, &file); err != nil || file.Columns == nil {
		return Mapping{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is not a saved map of columns", name), Advice: freehold.T("make one with %s", "--save-map"), Err: err}
	}
	m := Mapping{fields: fields}
	for _, column := range slices.Sorted(maps.Keys(file.Columns)) {
		if err := m.add(column, file.Columns[column]); err != nil {
			return m, err
		}
	}
	return m, nil
}

// WriteMapping saves how the columns of some files were read, for ReadMapping.
func WriteMapping(w io.Writer, imports []freehold.Import) error {
	file := mapFile{Columns: map[string]string{}}
	for _, i := range imports {
		for _, s := range i.Sheets {
			for _, c := range s.Columns {
				key, field := c.Heading, string(c.Field)
				if key == "" || c.How == freehold.ColumnByContent {
					key = "#" + strconv.Itoa(c.Number)
				}
				switch {
				case c.How == freehold.ColumnSecret:
					continue
				case field == "":
					field = "-"
				case c.Order != "":
					field += ":" + c.Order
				}
				if known, twice := file.Columns[key]; !twice || known == "-" {
					file.Columns[key] = field
				}
			}
		}
	}
	if _, err := io.WriteString(w, "# How freehold import reads columns: heading = field. \"-\" is not read.\n"); err != nil {
		return err
	}
	e := toml.NewEncoder(w)
	e.Indent = ""
	return e.Encode(file)
}

// Asked returns the columns that the user said something about, as they wrote them.
func (m Mapping) Asked() []string { return slices.Sorted(maps.Keys(m.shown)) }

// Names tells whether the user said something about a column of this heading.
func (m Mapping) Names(heading string) bool {
	_, said := m.byHeading[NormalOrWhole(heading)]
	return said
}
