package report

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
	"golang.org/x/text/unicode/norm"

	"freehold"
)

// style is how a piece of text looks where colour is allowed. Nothing is told
// by a style alone.
type style uint8

const (
	plainText style = iota
	bold
	dim
	red
	yellow
	green
)

// sgr holds the terminal's code of each style (ECMA-48 section 8.3.117).
var sgr = [...]string{bold: "1", dim: "2", red: "1;31", yellow: "1;33", green: "1;32"}

type span struct {
	text  string
	style style
}

// line is one line of a table before colours, so that its width can be known.
type line []span

func (l line) width() int {
	n := 0
	for _, s := range l {
		n += cells(s.text)
	}
	return n
}

func text(s string) line { return line{{text: s}} }

// columns measures text as a terminal shows it. It does not look at the
// environment: the same result is the same table everywhere.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

func cells(s string) int { return columns.StringWidth(s) }

// printer writes lines in one language for one width.
type printer struct {
	w       *bufio.Writer
	o       Options
	speaker freehold.Speaker
	refs    *references // numbers of the evidence, where it is shown
}

const (
	defaultWidth = 80
	minWidth     = 60 // a narrower terminal breaks lines itself
	maxWidth     = 200
)

func newPrinter(w io.Writer, o Options, s freehold.Speaker) *printer {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	o.Width = min(max(o.Width, minWidth), maxWidth)
	return &printer{w: bufio.NewWriter(w), o: o, speaker: s}
}

// say renders a sentence of ours, an English format that is its own key in the
// catalogue.
func (p *printer) say(format string, args ...any) string {
	return freehold.T(format, args...).Render(p.speaker)
}

// text renders a sentence from a result. A command in it is kept in one piece.
// Where only ASCII may be written, an international name is said in its A-label
// form: without its accents it would be another name.
func (p *printer) text(t freehold.Text) string {
	args := slices.Clone(t.Args)
	for i, a := range args {
		switch h, err := freehold.ParseHost(a); {
		case strings.HasPrefix(a, "freehold "):
			args[i] = command(a)
		case !p.o.Unicode && err == nil && strings.Contains(a, "."):
			args[i] = h.ASCII()
		}
	}
	t.Args = args
	return t.Render(p.speaker)
}

// hardSpace stands for a space that no line is broken at: a command copied from
// the screen must be whole, so it is printed as an ordinary space. It is a
// private-use character; one that came from outside becomes a space too.
const hardSpace = "\ue000"

// command writes a command line to be copied.
func command(words ...string) string {
	return strings.ReplaceAll(strings.Join(words, hardSpace), " ", hardSpace)
}

// number says a whole number.
func (p *printer) number(n int) string { return p.speaker.Number(int64(n)) }

// mark picks a symbol, or its stand-in where only ASCII may be written.
func (p *printer) mark(symbol, ascii string) string {
	if p.o.Unicode {
		return symbol
	}
	return ascii
}

func (p *printer) line(l line) {
	for len(l) > 0 && strings.TrimRight(l[len(l)-1].text, " ") == "" {
		l = l[:len(l)-1]
	}
	for i, s := range l {
		t := strings.ReplaceAll(p.charset(strings.ToValidUTF8(s.text, "\ufffd")), hardSpace, " ")
		if i == len(l)-1 {
			t = strings.TrimRight(t, " ")
		}
		if p.o.Color && s.style != plainText && t != "" {
			t = "\x1b[" + sgr[s.style] + "m" + t + "\x1b[0m"
		}
		p.w.WriteString(t)
	}
	p.w.WriteByte('\n')
}

func (p *printer) lines(ls []line) {
	for _, l := range ls {
		p.line(l)
	}
}

// flush hands everything to the stream and returns its error as it came.
func (p *printer) flush() error { return p.w.Flush() }

// charset keeps text within ASCII where the terminal knows no more: accents
// fall away, the rest becomes "?".
func (p *printer) charset(s string) string {
	if p.o.Unicode {
		return s
	}
	return toASCII(s)
}

var asciiStandIns = strings.NewReplacer("«\u202f", `"`, "\u202f»", `"`, "«", `"`, "»", `"`, "„", `"`, "“", `"`, "”", `"`, "’", "'", "‘", "'",
	"…", "...", "–", "-", "—", "-", "\u00a0", " ", "\u202f", " ", "ß", "ss", "æ", "ae", "œ", "oe", "Æ", "AE", "Œ", "OE", "ø", "o", "Ø", "O",
	"ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue")

func toASCII(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] < 0x80
	}
	if plain {
		return s
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(asciiStandIns.Replace(s)) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		case string(r) == hardSpace:
			b.WriteString(hardSpace)
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// fit returns s in exactly width cells: cut with an ellipsis, or padded.
func (p *printer) fit(s string, width int) string {
	if !p.o.Unicode {
		s = toASCII(s)
	}
	if cells(s) > width {
		s = columns.Truncate(s, width, p.mark("…", "~"))
	}
	return s + strings.Repeat(" ", max(0, width-cells(s)))
}

// maxSentence bounds a sentence that holds data from outside: longer ones are cut.
const maxSentence = 500

// wrap breaks text at spaces into lines of at most width cells. A word that is
// longer than a line is broken where the line ends.
func wrap(s string, width int) []string {
	if r := []rune(s); len(r) > maxSentence {
		s = string(r[:maxSentence]) + "..."
	}
	width = max(width, 8)
	var out []string
	current, used := "", 0
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }) {
		n := cells(word)
		if used > 0 && used+1+n <= width {
			current, used = current+" "+word, used+1+n
			continue
		}
		if used > 0 {
			out = append(out, current)
		}
		for n > width {
			head := columns.Truncate(word, width, "")
			if head == "" { // one character wider than the line
				break
			}
			out = append(out, head)
			word = word[len(head):]
			n = cells(word)
		}
		current, used = word, n
	}
	if used > 0 {
		out = append(out, current)
	}
	return out
}

// paragraph wraps text behind a lead ("- ", "registrar  "), later lines being
// indented as far as the lead is wide.
func (p *printer) paragraph(lead line, s string, st style, width int) []line {
	s = p.charset(s)
	indent := lead.width()
	parts := wrap(s, width-indent)
	if len(parts) == 0 {
		return []line{lead}
	}
	out := make([]line, 0, len(parts))
	for i, part := range parts {
		l := line{{text: strings.Repeat(" ", indent)}}
		if i == 0 {
			l = append(line{}, lead...)
		}
		out = append(out, append(l, span{part, st}))
	}
	return out
}

// beside puts two blocks next to each other, the left one padded to width.
func (p *printer) beside(left, right []line, width, gap int) []line {
	out := make([]line, 0, max(len(left), len(right)))
	for i := range max(len(left), len(right)) {
		var l line
		if i < len(left) {
			for _, s := range left[i] {
				l = append(l, span{p.charset(s.text), s.style})
			}
		}
		if i < len(right) && len(right[i]) > 0 {
			l = append(l, span{text: strings.Repeat(" ", max(0, width+gap-l.width()))})
			l = append(l, right[i]...)
		}
		out = append(out, l)
	}
	return out
}

// stack joins sections with an empty line between them; empty ones vanish.
func stack(sections ...[]line) []line {
	var out []line
	for _, s := range sections {
		if len(s) == 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, line{})
		}
		out = append(out, s...)
	}
	return out
}
