package audit

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"freehold"
)

// Input is one line of what the user wants audited: a name, an error that names
// file and line, or, without either, only a note (a name given twice).
type Input struct {
	Line  int // in its file; 0 on the command line
	Asked string
	Name  freehold.Name
	Note  string
	Err   error
}

// maxLine bounds one line of a file, in octets.
const maxLine = 64 << 10

// ParseInput reads one name as a person writes it: a host or a URL inside a
// domain means the domain, with a note that says so.
func ParseInput(asked string) Input {
	in := Input{Asked: strings.TrimSpace(asked)}
	text := in.Asked
	if _, after, ok := strings.Cut(text, "://"); ok {
		text, _, _ = strings.Cut(after, "/")
		text, _, _ = strings.Cut(text, ":")
	}
	h, err := freehold.ParseHost(text)
	if err == nil {
		in.Name, err = freehold.NameOf(h)
	}
	if err != nil {
		in.Err = err
		return in
	}
	if in.Name.Host() != h || text != in.Asked {
		in.Note = fmt.Sprintf("%s: auditing %s, the registrable name", freehold.OneLine(in.Asked), in.Name.Unicode())
	}
	return in
}

// ReadNames reads the names of the command line, then those of a file: one name
// a line or a CSV with a header, "#" for comments. Nothing is held but one line
// and a hash of each name; a name given twice is only a note.
func ReadNames(args []string, file io.Reader, source string) iter.Seq[Input] {
	seed := maphash.MakeSeed()
	seen := map[uint64]bool{}
	once := func(in Input) Input {
		if in.Err != nil {
			return in
		}
		key := maphash.String(seed, in.Name.ASCII())
		if seen[key] {
			return Input{Line: in.Line, Asked: in.Asked, Note: fmt.Sprintf("%s is given twice; it is audited once", in.Name.Unicode())}
		}
		seen[key] = true
		return in
	}
	return func(yield func(Input) bool) {
		for _, a := range args {
			if !yield(once(ParseInput(a))) {
				return
			}
		}
		if file == nil {
			return
		}
		for in := range lines(file, source) {
			if !yield(once(in)) {
				return
			}
		}
	}
}

// lines reads a file. A UTF-16 file with its mark is decoded; every line that is
// no UTF-8, too long or no name is an error of its own.
func lines(file io.Reader, source string) iter.Seq[Input] {
	return func(yield func(Input) bool) {
		r := bufio.NewReaderSize(transform.NewReader(file, unicode.BOMOverride(transform.Nop)), maxLine)
		column, separator, first := -1, ',', true
		for n := 1; ; n++ {
			line, err := readLine(r)
			if errors.Is(err, io.EOF) && line == "" {
				return
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield(at(source, n, Input{Asked: "", Err: err}))
				if !errors.Is(err, errLongLine) {
					return
				}
				continue
			}
			text := strings.TrimSpace(line)
			if i := strings.IndexByte(text, '#'); i >= 0 && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t') {
				text = strings.TrimSpace(text[:i])
			}
			if text == "" {
				continue
			}
			if first {
				first = false
				separator = separatorOf(text)
				if c := headerColumn(cells(text, separator)); c >= 0 {
					column = c
					continue
				}
			}
			if !yield(at(source, n, pick(cells(text, separator), column))) {
				return
			}
		}
	}
}

var errLongLine = &freehold.Error{Kind: freehold.KindInvalid, Msg: fmt.Sprintf("the line is longer than %d octets", maxLine)}

// readLine returns one line; of a longer one it reads past the rest.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.ReadSlice('\n')
		}
		return "", errLongLine
	}
	return string(line), err
}

func separatorOf(line string) rune {
	for _, s := range []rune{'\t', ';', ','} {
		if strings.ContainsRune(line, s) {
			return s
		}
	}
	return ','
}

func cells(line string, separator rune) []string {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = separator, -1, true, true
	fields, err := r.Read()
	if err != nil {
		return []string{line}
	}
	return fields
}

// headerColumn finds the column of the names in a header row, or -1.
func headerColumn(fields []string) int {
	for i, f := range fields {
		switch strings.ToLower(strings.TrimSpace(f)) {
		case "domain", "domains", "domain name", "domain_name", "name", "domaine", "nom de domaine", "nom", "domäne", "domainname":
			return i
		}
	}
	return -1
}

// pick reads the name of a row: in its column, else in the first field that is one.
func pick(fields []string, column int) Input {
	if column >= 0 {
		if column >= len(fields) {
			return Input{Err: &freehold.Error{Kind: freehold.KindInvalid, Msg: "the row has no domain column"}}
		}
		return ParseInput(fields[column])
	}
	first := ParseInput(fields[0])
	if first.Err == nil || len(fields) == 1 {
		return first
	}
	for _, f := range fields[1:] {
		if in := ParseInput(f); in.Err == nil {
			return in
		}
	}
	return first
}

// at gives an input its place, and an error the file and line.
func at(source string, line int, in Input) Input {
	in.Line = line
	if !utf8.ValidString(in.Asked) {
		in.Asked = strings.ToValidUTF8(in.Asked, "\uFFFD")
	}
	if in.Err != nil {
		in.Err = &freehold.Error{Kind: freehold.KindOf(in.Err), Msg: fmt.Sprintf("%s:%d", source, line), Err: in.Err}
	}
	return in
}
