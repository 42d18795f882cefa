package audit

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"freehold"
	"freehold/internal/tabular"
)

// Input is one thing a person asked to audit: a name, what is wrong with what
// they wrote, or only a note.
type Input struct {
	// Line counts the lines of the file, or the arguments, from 1.
	Line int
	// Asked is what was written, on one line, at most 300 characters.
	Asked string
	Name  freehold.Name
	// Note tells what was done with it: "taken as its domain", "given twice". With
	// neither a Name nor an Err there is nothing more to do.
	Note string
	// Err is of KindInvalid and names the file and line.
	Err error
}

// ReadNames reads the names of a run as they are needed: first those of the
// command line, then those of a file. Memory does not grow with the
// file. source is the file's name in errors and notes, "-" for standard input.
//
// A file has one name a line; "#" begins a comment at the start of a line or
// after a blank. It may be a CSV with commas, semicolons or tabs: then a column
// headed as a domain is taken, without such a heading the first column of each
// line that is a domain. It is UTF-8, or UTF-16 with a byte order mark. In a
// file of another encoding the ASCII names are read, and the others are errors
// that say what to do: guessing letters would audit another name.
//
// Addresses of pages and hosts inside a domain are taken as their domain, with
// a note. A name that was there before is a note alone.
func ReadNames(args []string, file io.Reader, source string) iter.Seq[Input] {
	return func(yield func(Input) bool) {
		seen := newDuplicates()
		for i, arg := range args {
			in := ParseInput(arg)
			in.Line = i + 1
			if !yield(seen.check(in)) {
				return
			}
		}
		if file == nil {
			return
		}
		if source == "-" {
			source = "standard input"
		}
		for in := range readFile(file) {
			if !yield(inFile(seen.check(in), source)) {
				return
			}
		}
	}
}

// inFile adds the file and line to what is said about an input.
func inFile(in Input, source string) Input {
	at := freehold.OneLine(source)
	if in.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, in.Line)
	}
	if in.Note != "" {
		in.Note = at + ": " + in.Note
	}
	if in.Err != nil {
		e := &freehold.Error{Kind: freehold.KindOf(in.Err), Msg: at, Err: in.Err}
		in.Err = e
	}
	return in
}

// ParseInput reads one name as a person writes it: a domain, a host inside one,
// or the address of a page.
func ParseInput(s string) Input {
	in := Input{Asked: asked(s)}
	host, err := freehold.ParseHost(tabular.HostPart(s))
	if err != nil {
		in.Err = helpWithEncoding(s, err)
		return in
	}
	name, err := freehold.NameOf(host)
	if err != nil {
		in.Err = err
		return in
	}
	if strings.Trim(name.TLD(), "0123456789") == "" {
		in.Err = invalid(freehold.T("%q is not a domain: its last part is a number", in.Asked), freehold.Text{})
		return in
	}
	in.Name = name
	if name.Host() != host {
		in.Note = fmt.Sprintf("%q is inside %q, which is audited", host.Unicode(), name.Unicode())
	} else if plain, err := freehold.ParseHost(s); err != nil || plain != host {
		in.Note = fmt.Sprintf("%q is taken as %q", in.Asked, name.Unicode())
	}
	return in
}

// maxAsked bounds what is kept of a wrong line. The dots that mark a cut are in
// no name, so what was too long is never read as a shorter name later.
const maxAsked = 300

func cutTo(s string, n int) string { return s[:min(n, len(s))] }

func asked(s string) string {
	s = strings.TrimSpace(freehold.OneLine(strings.ToValidUTF8(s, "\uFFFD")))
	n := 0
	for i := range s {
		if n == maxAsked-1 {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// askedLine is asked for a line that is wrong as a whole: it is made to stay
// wrong, for wrong lines are read again when a run is resumed.
func askedLine(s string) string {
	if s = asked(s); ParseInput(s).Err == nil {
		s = asked("… " + s)
	}
	return s
}

// helpWithEncoding tells what a name that is not UTF-8 would be in ISO 8859-1,
// without taking it: it could as well be another encoding and another name.
func helpWithEncoding(s string, err error) error {
	if utf8.ValidString(s) {
		return err
	}
	decoded, decodeErr := charmap.ISO8859_1.NewDecoder().String(s)
	if decodeErr != nil {
		return err
	}
	host, parseErr := freehold.ParseHost(tabular.HostPart(decoded))
	if parseErr != nil {
		return err
	}
	return notUTF8(err, host)
}

// notUTF8 adds to an error what the name would be.
func notUTF8(err error, meant freehold.Host) error {
	e := &freehold.Error{Kind: freehold.KindInvalid, Msg: err.Error()}
	if known := (*freehold.Error)(nil); errors.As(err, &known) {
		*e = *known
	}
	e.Hint, e.Advice = "", freehold.T("if %q is meant, save the file as UTF-8 or write %q", meant.Unicode(), meant.ASCII())
	return e
}

func invalid(what, advice freehold.Text) error {
	return &freehold.Error{Kind: freehold.KindInvalid, Text: what, Advice: advice}
}

// duplicates remembers names by a hash of 64 bits, so that ten million take no
// more room than their hashes; it stops remembering at maxRemembered. Two names
// of one hash are the rarest of accidents, and the note would show it.
type duplicates struct {
	seed maphash.Seed
	seen map[uint64]struct{}
}

const maxRemembered = 1 << 21

func newDuplicates() *duplicates {
	return &duplicates{maphash.MakeSeed(), map[uint64]struct{}{}}
}

// check turns the second input of one name into a note.
func (d *duplicates) check(in Input) Input {
	if in.Err != nil || in.Name.IsZero() {
		return in
	}
	h := maphash.String(d.seed, in.Name.ASCII())
	if _, twice := d.seen[h]; twice {
		return Input{Line: in.Line, Asked: in.Asked, Note: fmt.Sprintf("%q was given before", in.Name.Unicode())}
	}
	if len(d.seen) < maxRemembered {
		d.seen[h] = struct{}{}
	}
	return in
}

// readFile reads a file of names.
func readFile(r io.Reader) iter.Seq[Input] {
	return func(yield func(Input) bool) {
		lines, err := newLines(r)
		if err != nil {
			yield(Input{Err: err})
			return
		}
		var t table
		for {
			l, err := lines.next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(Input{Line: l.number, Err: &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("cannot be read any further"), Err: err}})
				return
			case l.tooLong:
				in := Input{Line: l.number, Asked: askedLine(cutTo(l.text, 60) + "…"), Err: invalid(freehold.T("the line is longer than %d KiB", maxLine>>10), freehold.T("write one name a line"))}
				if !yield(in) {
					return
				}
				continue
			}
			if in, ok := t.read(l, lines); ok && !yield(in) {
				return
			}
		}
	}
}
