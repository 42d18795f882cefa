package report

import (
	"io"
	"strings"
	"unicode/utf8"

	"freehold"
)

// HelpPage describes one command for its help screen, its manual page and the
// generated documentation. Its texts are English formats, said in the language
// of the reader; a word in braces ("{formats}") is filled in from Words.
type HelpPage struct {
	Command  string // "freehold audit"
	Summary  string
	Args     string // "[NAME…]", empty if it takes none
	About    string // see Paragraphs
	Commands []HelpItem
	Flags    []HelpFlag
	Words    map[string]string
}

// HelpItem is a command within another.
type HelpItem struct{ Name, Summary string }

// HelpFlag is one flag. Summary has its value in back quotes: "read names from `FILE`".
type HelpFlag struct {
	Names   []string // without dashes, the long one first
	Summary string
	Value   string // the word for the value where Summary has none; empty: no value
	Default string
	Env     string
}

// A Paragraph is prose to be wrapped and translated, or one line to be kept as
// it stands, such as a command to type.
type Paragraph struct {
	Text string
	Kept bool
}

// Paragraphs reads a longer text: an empty line ends a paragraph, line breaks
// within one are spaces, and a line that begins with two spaces is kept.
func Paragraphs(about string) []Paragraph {
	var out []Paragraph
	open := false
	for line := range strings.Lines(about) {
		line = strings.TrimRight(line, " \n")
		switch {
		case strings.HasPrefix(line, "  "):
			out, open = append(out, Paragraph{strings.TrimSpace(line), true}), false
		case line == "":
			open = false
		case open:
			out[len(out)-1].Text += " " + line
		default:
			out, open = append(out, Paragraph{Text: line}), true
		}
	}
	return out
}

// Sentence says one of the page's texts.
func (h *HelpPage) Sentence(s freehold.Speaker, text string) string {
	if text == "" {
		return ""
	}
	text = s.Sentence(text)
	for word, said := range h.Words {
		text = strings.ReplaceAll(text, "{"+word+"}", said)
	}
	return text
}

// flag says a flag's value and summary apart, the default included.
func (h *HelpPage) flag(s freehold.Speaker, f HelpFlag) (value, summary string) {
	summary = h.Sentence(s, f.Summary)
	value = f.Value
	if before, rest, ok := strings.Cut(summary, "`"); ok {
		if quoted, after, ok := strings.Cut(rest, "`"); ok {
			value, summary = quoted, before+quoted+after
		}
	}
	if f.Default != "" {
		summary += " " + freehold.T("(default: %s)", f.Default).Render(s)
	}
	return value, summary
}

// spelling writes a flag as it is typed: "-f, --file FILE".
func (f HelpFlag) spelling(value string) string {
	short, long := "    ", ""
	for _, n := range f.Names {
		if utf8.RuneCountInString(n) == 1 {
			short = "-" + n + ", "
		} else if long == "" {
			long = "--" + n
		}
	}
	return strings.TrimRight(short+long+" "+value, " ")
}

// usage is the command line in one line.
func (h *HelpPage) usage(s freehold.Speaker) string {
	words := []string{h.Command}
	if len(h.Commands) > 0 {
		words = append(words, freehold.T("COMMAND").Render(s))
	}
	if len(h.Flags) > 0 {
		words = append(words, freehold.T("[FLAGS]").Render(s))
	}
	if h.Args != "" {
		words = append(words, h.Sentence(s, h.Args))
	}
	return strings.Join(words, " ")
}

// helpWidth is as wide as prose is read well.
const helpWidth = 110

// Help writes a help screen.
func Help(w io.Writer, o Options, h HelpPage) error {
	s, err := SpeakerFor(o.Lang)
	if err != nil {
		return err
	}
	p := newPrinter(w, o, s)
	p.o.Width = min(p.o.Width, helpWidth)
	p.lines(p.paragraph(line{{h.Command + "  ", bold}}, h.Sentence(s, h.Summary), plainText, p.o.Width))
	p.line(nil)
	p.line(line{{p.say("Usage") + "  ", bold}, {text: p.charset(h.usage(s))}})
	p.about(&h)
	p.helpCommands(&h)
	p.helpFlags(&h)
	return p.flush()
}

func (p *printer) about(h *HelpPage) {
	kept := false
	for _, par := range Paragraphs(h.About) {
		if !par.Kept || !kept {
			p.line(nil)
		}
		kept = par.Kept
		if kept {
			p.line(text("  " + p.charset(par.Text)))
			continue
		}
		p.lines(p.prose(nil, h.Sentence(p.speaker, par.Text), p.o.Width))
	}
}

// prose wraps our own text, of whatever length.
func (p *printer) prose(lead line, s string, width int) []line {
	var out []line
	for len(s) > 0 {
		cut := s
		if len(s) > maxSentence { // wrap bounds what comes from outside
			at := strings.LastIndexByte(s[:maxSentence], ' ')
			if at > 0 {
				cut = s[:at]
			}
		}
		part := p.paragraph(lead, cut, plainText, width)
		s = strings.TrimLeft(s[len(cut):], " ")
		if len(s) > 0 && len(part) > 1 { // the last line goes on
			last := part[len(part)-1]
			s = strings.TrimLeft(last[len(last)-1].text, " ") + " " + s
			part = part[:len(part)-1]
		}
		out = append(out, part...)
		lead = text(strings.Repeat(" ", lead.width()))
	}
	return out
}

func (p *printer) helpCommands(h *HelpPage) {
	if len(h.Commands) == 0 {
		return
	}
	p.line(nil)
	p.line(line{{p.say("Commands"), bold}})
	width := 0
	for _, c := range h.Commands {
		width = max(width, cells(c.Name))
	}
	for _, c := range h.Commands {
		lead := text("  " + p.fit(c.Name, width) + "  ")
		p.lines(p.prose(lead, h.Sentence(p.speaker, c.Summary), p.o.Width))
	}
	p.line(nil)
	more := h.Command + " " + p.say("COMMAND") + " --help"
	p.lines(p.paragraph(nil, p.say("More about one of them: %s", command(p.charset(more))), plainText, p.o.Width))
}

func (p *printer) helpFlags(h *HelpPage) {
	if len(h.Flags) == 0 {
		return
	}
	p.line(nil)
	p.line(line{{p.say("Flags"), bold}})
	spelled, said := make([]string, len(h.Flags)), make([]string, len(h.Flags))
	width := 0
	for i, f := range h.Flags {
		var value string
		value, said[i] = h.flag(p.speaker, f)
		spelled[i] = p.charset(f.spelling(value))
		width = max(width, cells(spelled[i]))
	}
	width = min(width, p.o.Width*2/5)
	for i := range spelled {
		lead := text("  " + p.fit(spelled[i], width) + "  ")
		if cells(spelled[i]) > width {
			p.line(text("  " + spelled[i]))
			lead = text(strings.Repeat(" ", width+4))
		}
		p.lines(p.prose(lead, said[i], p.o.Width))
	}
	if env := h.Flags[0].Env; env != "" {
		p.line(nil)
		p.lines(p.prose(nil, p.say("Each can also be set in the environment (--%s is %s) or in the config file (%s = …).", h.Flags[0].Names[0], env, h.Flags[0].Names[0]), p.o.Width))
	}
}
