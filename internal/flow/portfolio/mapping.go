package portfolio

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"freehold"
)

// Mapping is what a user says about columns, by their heading or number.
type Mapping struct {
	byHeading map[string]target // normalised
	byNumber  map[int]target
	shown     map[string]string // as it was written, for errors and for saving
}

// target is what a column is to be read as.
type target struct {
	field freehold.ListingField // empty: not to be read
	order string                // of its dates, empty: as the column says
	asked string                // the column, as the user wrote it
}

const maxMapping = 1 << 20

// ParseMapping reads "COLUMN=FIELD" as given on a command line. A column is its
// heading, or "#" and its number from 1. A field is one of
// freehold.ListingFields, or "-" for a column not to be read; for dates
// "expires:dmy" or "expires:mdy" tells the order of day and month. Errors are
// of KindUsage.
func ParseMapping(specs []string) (Mapping, error) {
	var m Mapping
	for _, spec := range specs {
		at := strings.LastIndexByte(spec, '=')
		if at < 1 {
			return m, usage(freehold.T("%q is not COLUMN=FIELD", spec), freehold.T("as in %s", `--map "Kunde=client"`))
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
	to := target{asked: strings.TrimSpace(column)}
	name, order, ordered := strings.Cut(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(field)), "-", "_"), ":")
	switch {
	case name == "_" || name == "":
	case name == "domain":
		to.field = freehold.ListedName
	case slices.Contains(freehold.ListingFields, freehold.ListingField(name)):
		to.field = freehold.ListingField(name)
	default:
		return usage(freehold.T("%q is no field of the portfolio", field), freehold.T("use one of %s", fieldList()))
	}
	if to.order = order; ordered && (to.field != freehold.ListedExpires || !isOrder(order)) {
		return usage(freehold.T("%q tells no order of dates", field), freehold.T("as in %s", `--map "Expiry=expires:dmy"`))
	}
	if to.field != "" && isSecret(normal(column)) {
		return usage(freehold.T("the column %q holds secrets and is not read", column), freehold.T("passwords and transfer codes do not belong in the portfolio"))
	}
	if m.shown == nil {
		m.byHeading, m.byNumber, m.shown = map[string]target{}, map[int]target{}, map[string]string{}
	}
	m.shown[to.asked] = strings.TrimSpace(field)
	if n, err := strconv.Atoi(strings.TrimPrefix(to.asked, "#")); err == nil && n > 0 && strings.HasPrefix(to.asked, "#") {
		m.byNumber[n] = to
		return nil
	}
	m.byHeading[normalOrWhole(to.asked)] = to
	return nil
}

func fieldList() string {
	var all []string
	for _, f := range freehold.ListingFields {
		all = append(all, string(f))
	}
	return strings.Join(append(all, "-"), ", ")
}

// normalOrWhole is how headings are compared: a heading of marks alone, as "€",
// is itself.
func normalOrWhole(heading string) string {
	if n := normal(heading); n != "" {
		return n
	}
	return heading
}

// of returns what the user said about a column.
func (m Mapping) of(number int, heading string) (target, bool) {
	if to, ok := m.byNumber[number]; ok {
		return to, true
	}
	to, ok := m.byHeading[normalOrWhole(heading)]
	return to, ok && heading != ""
}

// over returns m with what it does not say taken from other.
func (m Mapping) over(other Mapping) Mapping {
	out := Mapping{byHeading: maps.Clone(other.byHeading), byNumber: maps.Clone(other.byNumber), shown: maps.Clone(other.shown)}
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
func ReadMapping(name string, r io.Reader) (Mapping, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxMapping))
	if err != nil {
		return Mapping{}, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%q cannot be read", name), Err: err}
	}
	var file mapFile
	if err := toml.Unmarshal(b, &file); err != nil || file.Columns == nil {
		return Mapping{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is not a saved map of columns", name), Advice: freehold.T("make one with %s", "--save-map"), Err: err}
	}
	var m Mapping
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
