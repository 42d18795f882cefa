package report

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"freehold"
)

// Markdown writes the pages of all commands as one document: docs/cli.md.
func Markdown(w io.Writer, lang string, pages []HelpPage) error {
	s, err := SpeakerFor(lang)
	if err != nil {
		return err
	}
	var b strings.Builder
	for i := range pages {
		h := &pages[i]
		level := strings.Repeat("#", min(4, 1+strings.Count(h.Command, " ")))
		if i == 0 {
			level = "#"
		} else {
			level += "#"
			level = level[:min(len(level), 3)]
		}
		fmt.Fprintf(&b, "%s %s\n\n%s\n\n    %s\n", level, h.Command, markdownText(fullSentence(h.Sentence(s, h.Summary))), h.usage(s))
		markdownAbout(&b, s, h)
		markdownTables(&b, s, h)
		b.WriteByte('\n')
	}
	_, err = io.WriteString(w, strings.TrimRight(b.String(), "\n")+"\n")
	return err
}

func markdownAbout(b *strings.Builder, s freehold.Speaker, h *HelpPage) {
	kept := false
	for _, par := range Paragraphs(h.About) {
		if !par.Kept || !kept {
			b.WriteByte('\n')
		}
		if kept = par.Kept; kept {
			b.WriteString("    " + par.Text + "\n")
			continue
		}
		b.WriteString(markdownText(h.Sentence(s, par.Text)) + "\n")
	}
}

func markdownTables(b *strings.Builder, s freehold.Speaker, h *HelpPage) {
	if len(h.Commands) > 0 {
		fmt.Fprintf(b, "\n| %s | |\n|---|---|\n", freehold.T("Commands").Render(s))
		for _, c := range h.Commands {
			fmt.Fprintf(b, "| [`%s`](#%s) | %s |\n", c.Name, strings.ReplaceAll(h.Command+" "+c.Name, " ", "-"), markdownText(h.Sentence(s, c.Summary)))
		}
	}
	if len(h.Flags) == 0 {
		return
	}
	fmt.Fprintf(b, "\n| %s | |\n|---|---|\n", freehold.T("Flags").Render(s))
	for _, f := range h.Flags {
		value, said := h.flag(s, f)
		env := ""
		if f.Env != "" {
			env = " `" + f.Env + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s%s |\n", strings.TrimSpace(f.spelling(value)), markdownText(said), env)
	}
}

var markdownEscapes = strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]")

// markdownText keeps prose from being read as markup.
func markdownText(s string) string { return markdownEscapes.Replace(s) }

// fullSentence makes a summary one.
func fullSentence(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return s
	}
	r[0] = unicode.ToUpper(r[0])
	if !strings.ContainsRune(".?!", r[len(r)-1]) {
		r = append(r, '.')
	}
	return string(r)
}

// Man writes the manual page of one command (man(7)); about is the page of the
// program, which its others refer to. read is the day the program's data was
// read, which stands for the date of the page.
func Man(w io.Writer, lang string, h HelpPage, version string, read time.Time) error {
	s, err := SpeakerFor(lang)
	if err != nil {
		return err
	}
	var b strings.Builder
	title := strings.ReplaceAll(h.Command, " ", "-")
	say := func(format string) string { return roffText(freehold.T(format).Render(s)) }
	fmt.Fprintf(&b, ".\\\" -*- coding: utf-8 -*-\n.TH %s 1 %s \"freehold %s\"\n", strings.ToUpper(title), read.Format(time.DateOnly), roffText(version))
	fmt.Fprintf(&b, ".SH %s\n%s \\- %s\n", say("NAME"), roffText(title), roffText(h.Sentence(s, h.Summary)))
	fmt.Fprintf(&b, ".SH %s\n.B %s\n%s\n", say("SYNOPSIS"), roffText(h.Command), roffText(strings.TrimPrefix(h.usage(s), h.Command+" ")))
	if h.About != "" {
		fmt.Fprintf(&b, ".SH %s\n", say("DESCRIPTION"))
		manAbout(&b, s, &h)
	}
	if len(h.Commands) > 0 {
		fmt.Fprintf(&b, ".SH %s\n", say("COMMANDS"))
		for _, c := range h.Commands {
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roffText(c.Name), roffText(h.Sentence(s, c.Summary)))
		}
	}
	if len(h.Flags) > 0 {
		fmt.Fprintf(&b, ".SH %s\n", say("OPTIONS"))
		for _, f := range h.Flags {
			value, said := h.flag(s, f)
			if f.Env != "" {
				said += " [" + f.Env + "]"
			}
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roffText(strings.TrimSpace(f.spelling(value))), roffText(said))
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func manAbout(b *strings.Builder, s freehold.Speaker, h *HelpPage) {
	kept, first := false, true
	for _, par := range Paragraphs(h.About) {
		switch {
		case par.Kept && !kept:
			b.WriteString(".PP\n.nf\n")
		case !par.Kept && kept:
			b.WriteString(".fi\n.PP\n")
		case !par.Kept && !first:
			b.WriteString(".PP\n")
		}
		kept, first = par.Kept, false
		if kept {
			b.WriteString(roffText("    "+par.Text) + "\n")
			continue
		}
		b.WriteString(roffText(h.Sentence(s, par.Text)) + "\n")
	}
	if kept {
		b.WriteString(".fi\n")
	}
}

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", "\\`")

// roffText keeps text from being read as a request.
func roffText(s string) string {
	s = roffEscapes.Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
