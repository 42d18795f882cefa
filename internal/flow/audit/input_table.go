package audit

import (
	"io"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"freehold"
)

// table finds the names in the lines of a file, which may be a plain list or a
// CSV with or without a heading.
type table struct {
	begun     bool
	separator byte // of the heading, or told by "sep=;"; 0 where each line decides
	column    int  // of the domain, where a heading named it
	headed    bool
}

// maxRecordLines bounds how many lines one quoted field may span. A quotation
// mark that is never closed then costs these lines a second look, not the file.
const maxRecordLines = 20

// read returns what a line asks for, and false for a line that asks for
// nothing. A quoted field may go on in the following lines, taken from more.
func (t *table) read(l textLine, more *lines) (Input, bool) {
	s := strings.TrimSpace(l.text)
	if s == "" || s[0] == '#' {
		return Input{}, false
	}
	if !t.begun && len(s) == 5 && strings.EqualFold(s[:4], "sep=") { // a spreadsheet's own mark
		t.separator = s[4]
		return Input{}, false
	}
	first := !t.begun
	t.begun = true
	if name, ok := t.alone(s); ok {
		if first && isHeading(name) {
			return Input{}, false
		}
		return at(l, ParseInput(name)), true
	}
	fields := t.record(l, more)
	if first && t.heading(fields) {
		return Input{}, false
	}
	in := t.pick(fields)
	if first && in.Err != nil && len(fields) > 1 && likelyCell(fields) < 0 {
		return Input{Line: l.number, Asked: asked(s), Note: "taken for a heading: there is no domain in it"}, true
	}
	return at(l, in), true
}

func at(l textLine, in Input) Input {
	in.Line = l.number
	return in
}

// alone returns the name of a line that holds nothing else, without the comment
// behind it. In a table with a heading, "#" is an ordinary character.
func (t *table) alone(s string) (string, bool) {
	if t.headed {
		return "", false
	}
	if i := strings.Index(s, " #"); i >= 0 && !strings.ContainsAny(s[:i], `,;"`+"\t") {
		return strings.TrimSpace(s[:i]), true
	}
	if i := strings.Index(s, "\t#"); i >= 0 && !strings.ContainsAny(s[:i], `,;"`+"\t") {
		return strings.TrimSpace(s[:i]), true
	}
	return s, !strings.ContainsAny(s, `,;"`+"\t")
}

// record splits a line into fields, joining those after it where a quoted field
// goes on.
func (t *table) record(l textLine, more *lines) []string {
	separator := t.separator
	if separator == 0 {
		separator = separatorOf(l.text)
	}
	fields, open := split(l.text, separator)
	text := l.text
	var taken []textLine
	for open && len(taken) < maxRecordLines {
		next, err := more.next()
		if err != nil {
			if err != io.EOF {
				break
			}
			more.unread(taken)
			return fields
		}
		taken = append(taken, next)
		if text += "\n" + next.text; next.tooLong || len(text) > maxLine {
			break
		}
		if joined, stillOpen := split(text, separator); !stillOpen {
			return joined
		}
	}
	more.unread(taken)
	return fields
}

// separatorOf returns the separator that a line has most of, outside quotes.
func separatorOf(s string) byte {
	best, most := byte(','), 0
	for _, c := range []byte{'\t', ';', ','} {
		if fields, _ := split(s, c); len(fields)-1 > most {
			best, most = c, len(fields)-1
		}
	}
	return best
}

// split cuts a CSV record into trimmed fields (RFC 4180 section 2). A quotation
// mark is one only at the start of a field. open tells that the last field was
// not closed; it is then what stands there.
func split(s string, separator byte) (fields []string, open bool) {
	var field strings.Builder
	quoted, started := false, false
	end := func() {
		fields = append(fields, strings.TrimSpace(field.String()))
		field.Reset()
		started = false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quoted && c == '"' && i+1 < len(s) && s[i+1] == '"':
			field.WriteByte('"')
			i++
		case quoted && c == '"':
			quoted = false
		case quoted:
			field.WriteByte(c)
		case c == separator:
			end()
		case c == '"' && !started:
			quoted, started = true, true
		default:
			field.WriteByte(c)
			started = started || c != ' ' && c != '\t'
		}
	}
	end()
	return fields, quoted
}

// domainHeadings are how a column of domains is headed, the surest first.
var domainHeadings = [][]string{
	{"domain", "domains", "domain name", "domain names", "domainname", "domainnames", "fqdn", "nom de domaine", "noms de domaine", "domaine", "domaines",
		"domäne", "domänen", "domänenname", "domainnamen", "dominio", "domini", "nome a dominio", "nome di dominio", "nombre de dominio", "domein", "domeinnaam"},
	{"url", "website", "web site", "webseite", "website url", "site web", "site internet", "site", "host", "hostname"},
	{"name", "names", "nom", "noms", "nome", "nombre"},
}

func normalHeading(s string) string {
	s = strings.NewReplacer("_", " ", "-", " ").Replace(strings.ToLower(s))
	return strings.Join(strings.Fields(s), " ")
}

// isHeading tells the heading of a list with one column.
func isHeading(s string) bool {
	for _, words := range domainHeadings {
		for _, w := range words {
			if normalHeading(s) == w {
				return true
			}
		}
	}
	return false
}

// heading takes the first record of a table for its heading where it names a
// column of domains.
func (t *table) heading(fields []string) bool {
	for _, words := range domainHeadings {
		for i, f := range fields {
			f = normalHeading(f)
			for _, w := range words {
				if f == w {
					t.headed, t.column = len(fields) > 1, i
					return true
				}
			}
		}
	}
	return false
}

// pick returns the name in a record.
func (t *table) pick(fields []string) Input {
	if t.headed && t.column < len(fields) {
		if fields[t.column] == "" {
			return Input{Asked: asked(strings.Join(fields, ", ")), Note: "there is no domain in this line"}
		}
		return ParseInput(fields[t.column])
	}
	for _, f := range fields {
		if in := ParseInput(f); in.Err == nil && hasKnownSuffix(in.Name) {
			return in
		}
	}
	if len(fields) == 1 {
		return ParseInput(fields[0])
	}
	// The cell that was most likely meant says best what is wrong with it.
	if i := likelyCell(fields); i >= 0 {
		in := ParseInput(fields[i])
		if in.Err == nil {
			in = Input{Asked: askedLine(strings.Join(fields, ", ")), Err: invalid(freehold.T("%q is not a domain: no such top-level domain", in.Asked), freehold.T("if it is meant, head its column %q", "domain"))}
		}
		return in
	}
	whole := askedLine(strings.Join(fields, ", "))
	return Input{Asked: whole, Err: invalid(freehold.T("there is no domain in %q", whole), freehold.T("head the column of the domains %q", "domain"))}
}

// likelyCell returns the first cell that looks like a name, or -1.
func likelyCell(fields []string) int {
	return slices.IndexFunc(fields, func(f string) bool { return strings.Contains(f, ".") && !strings.ContainsAny(f, " @") })
}

// hasKnownSuffix tells whether a name ends in a public suffix. In a table
// "St.Gallen" is a town.
func hasKnownSuffix(n freehold.Name) bool {
	suffix, icann := publicsuffix.PublicSuffix(n.ASCII())
	return icann || strings.Contains(suffix, ".")
}
