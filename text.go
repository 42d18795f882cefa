package freehold

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Text is a sentence for a person that can still be said in another language:
// an English format and its arguments. The format is the key of the
// translation, so code reads as plain English and a saved run can be reported
// in any language later.
//
// Verbs: %s text, %q text in quotes, %d a whole number, %t a date (an RFC 3339
// argument, said as a calendar day), %m another sentence (an English format
// without arguments), %% a percent sign. An argument may be picked by position:
// %[2]s.
type Text struct {
	Format string
	Args   []string
}

// T makes a Text. Arguments may be strings, Stringers, integers and time.Time.
func T(format string, args ...any) Text {
	t := Text{Format: format}
	for _, a := range args {
		switch a := a.(type) {
		case time.Time:
			t.Args = append(t.Args, a.UTC().Format(time.RFC3339))
		case Text:
			t.Args = append(t.Args, a.String())
		default:
			t.Args = append(t.Args, fmt.Sprint(a))
		}
	}
	return t
}

// IsZero tells whether there is nothing to say.
func (t Text) IsZero() bool { return t.Format == "" }

// String says the text in English, on one line.
func (t Text) String() string { return t.Render(English{}) }

// Speaker turns the parts of a Text into a language.
type Speaker interface {
	// Sentence returns the translation of an English format.
	Sentence(format string) string
	// Date says a calendar day.
	Date(t time.Time) string
	// Quote puts text in the language's quotation marks.
	Quote(s string) string
	// Number says a whole number.
	Number(n int64) string
}

// English is the Speaker that needs no catalogue.
type English struct{}

func (English) Sentence(format string) string { return format }
func (English) Date(t time.Time) string       { return t.UTC().Format("2 January 2006") }
func (English) Quote(s string) string         { return `"` + s + `"` }
func (English) Number(n int64) string         { return strconv.FormatInt(n, 10) }

// Render says the text through s. A verb without an argument is left as it
// stands, so that a wrong translation is visible and never a panic.
func (t Text) Render(s Speaker) string {
	format := s.Sentence(t.Format)
	var b strings.Builder
	next := 0
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		verb, width, arg := parseVerb(format[i:], next)
		if verb == '%' {
			b.WriteByte('%')
			i += width - 1
			continue
		}
		if verb == 0 || arg >= len(t.Args) {
			b.WriteByte('%')
			continue
		}
		next = arg + 1
		said := say(s, verb, t.Args[arg])
		b.WriteString(said)
		i += width - 1
		if strings.HasSuffix(said, ".") && i+1 < len(format) && format[i+1] == '.' {
			i++ // "of Example Inc." ends the sentence by itself
		}
	}
	return OneLine(b.String())
}

// parseVerb reads a verb at the start of f ("%s", "%[2]q") and returns it with
// its length and the index of its argument; verb 0 means it is none of ours.
func parseVerb(f string, next int) (verb byte, width, arg int) {
	i := 1
	arg = next
	if f[i] == '[' {
		end := strings.IndexByte(f, ']')
		if end < 0 || end+1 >= len(f) {
			return 0, 1, next
		}
		n, err := strconv.Atoi(f[2:end])
		if err != nil || n < 1 {
			return 0, 1, next
		}
		arg, i = n-1, end+1
	}
	switch f[i] {
	case 's', 'q', 'd', 't', 'm', '%':
		return f[i], i + 1, arg
	}
	return 0, 1, next
}

func say(s Speaker, verb byte, arg string) string {
	switch verb {
	case 'q':
		return s.Quote(arg)
	case 'm':
		return s.Sentence(arg)
	case 't':
		if at, err := time.Parse(time.RFC3339, arg); err == nil {
			return s.Date(at)
		}
	case 'd':
		if n, err := strconv.ParseInt(arg, 10, 64); err == nil {
			return s.Number(n)
		}
	}
	return arg
}
