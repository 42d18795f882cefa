package report

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"freehold"
)

// fixed is markup of our own. The type is what keeps data out of it: an untyped
// constant becomes fixed by itself, a string variable does not compile, and a
// test looks for conversions.
type fixed string

// markup builds HTML in memory. All that is not fixed passes through its escape.
type markup struct {
	b []byte
}

func (m *markup) raw(s fixed) { m.b = append(m.b, s...) }

// raws writes several pieces of fixed markup.
func (m *markup) raws(all ...fixed) {
	for _, s := range all {
		m.raw(s)
	}
}

// text writes characters, for an element or a quoted attribute.
func (m *markup) text(s string) { m.b = appendEscaped(m.b, s, false) }

// number writes digits for identifiers and coordinates, never for people.
func (m *markup) number(n int) { m.b = strconv.AppendInt(m.b, int64(n), 10) }

// el writes an element around text: el("<p>", s, "</p>").
func (m *markup) el(open fixed, s string, shut fixed) {
	m.raw(open)
	m.text(s)
	m.raw(shut)
}

// data writes what came from outside: cut to a sane length, and isolated, so
// that a right-to-left name does not rearrange what stands around it.
func (m *markup) data(s string) {
	m.raw("<bdi>")
	m.text(clip(s, maxShown))
	m.raw("</bdi>")
}

// sentence writes a rendered sentence of ours, in which isolated arguments and
// commands are marked (see printer.marked).
func (m *markup) sentence(s string) { m.b = appendEscaped(m.b, s, true) }

// maxShown is how many characters of one value from outside a page shows; the
// evidence has it whole.
const maxShown = 300

// clip cuts to n characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count := 0
	for i := range s {
		if count == n {
			return s[:i] + "…"
		}
		count++
	}
	return s
}

// Marks inside a rendered sentence, private-use characters that no data can
// bring in: data that holds them loses them first.
const (
	markIsolate, markIsolated = '\ue001', '\ue002'
	markCommand, markDone     = '\ue003', '\ue004'
)

// marked renders a sentence for a page: arguments are cut to a sane length and
// marked, commands to be set as code and the rest to be isolated.
func (p *printer) marked(t freehold.Text) string {
	if len(t.Args) == 0 {
		return t.Render(p.speaker)
	}
	args := make([]string, len(t.Args))
	for i, a := range t.Args {
		switch {
		case plainArgument(a), p.speaker.Sentence(a) != a: // an inner sentence must stay the key that it is
			args[i] = a
		case strings.HasPrefix(a, "freehold "):
			args[i] = string(markCommand) + unmarked(a) + string(markDone)
		default:
			a, dot := strings.CutSuffix(clip(unmarked(a), maxShown), ".")
			args[i] = string(markIsolate) + a + string(markIsolated)
			if dot { // outside the mark, so that "of Example Inc." still ends its sentence by itself
				args[i] += "."
			}
		}
	}
	t.Args = args
	return t.Render(p.speaker)
}

// plainArgument tells short ASCII text, which needs no mark, and which a date, a
// number or an inner sentence must be.
func plainArgument(s string) bool {
	if strings.HasPrefix(s, "freehold ") || len(s) > maxShown {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func unmarked(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0xe000 && r <= 0xe0ff {
			return utf8.RuneError
		}
		return r
	}, s)
}

// code renders a command for a sentence.
func code(words string) string {
	return string(markCommand) + unmarked(words) + string(markDone)
}

// appendEscaped writes text so that it can be nothing but text: the characters
// of markup become references; controls, text-direction overrides, octets that
// are no UTF-8 and stray marks become U+FFFD.
func appendEscaped(b []byte, s string, marks bool) []byte {
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if ref := references7[c]; ref != "" {
				b = append(append(b, s[done:i]...), ref...)
				done = i + 1
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if ref, special := special(r, n, marks); special {
			b = append(append(b, s[done:i]...), ref...)
			done = i + n
		}
		i += n
	}
	return append(b, s[done:]...)
}

const replacement = "\ufffd"

func special(r rune, size int, marks bool) (string, bool) {
	switch {
	case r == utf8.RuneError && size == 1, r < 0xa0,
		r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
		return replacement, true
	case string(r) == hardSpace:
		return " ", true
	case r < 0xe000 || r > 0xe0ff:
		return "", false
	case !marks:
		return replacement, true
	case r == markIsolate:
		return "<bdi>", true
	case r == markIsolated:
		return "</bdi>", true
	case r == markCommand:
		return "<code>", true
	case r == markDone:
		return "</code>", true
	}
	return replacement, true
}

// references7 says how each ASCII character that cannot stand as it is is written.
var references7 = func() (t [utf8.RuneSelf]string) {
	for c := range 0x20 {
		t[c] = replacement
	}
	t['\t'], t['\n'], t['\r'], t[0x7f] = " ", " ", " ", replacement
	t['&'], t['<'], t['>'], t['"'], t['\''] = "&amp;", "&lt;", "&gt;", "&#34;", "&#39;"
	return t
}()
