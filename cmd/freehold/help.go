package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/report"
)

// helpWords fill the braces in the texts of the command at the end of path and of
// its flags.
func helpWords(path []*cli.Command) map[string]string {
	layers := len(freehold.Layers)
	return map[string]string{
		"formats":         strings.Join(formatsOf(path), ", "),
		"languages":       strings.Join(report.Langs, ", "),
		"layers":          strings.Join(freehold.AttestSubjects[:layers], ", "),
		"subjects":        strings.Join(freehold.AttestSubjects[layers:], ", "),
		"fields":          fieldWords(),
		"encodings":       encodingWords(),
		"register_fields": registerFieldWords(),
	}
}

// help shows the page of the command at the end of path, of the program itself
// where path is empty.
func (s *session) help(app *cli.App, path []*cli.Command) error {
	o := report.Options{Lang: s.lang, Width: terminalWidth(s.Out), Unicode: s.unicode()}
	if isTerminal(s.Out) {
		o.Color = s.color()
	}
	return report.Help(s.Out, o, helpPage(app, path))
}

// color tells whether the terminal takes colours.
func (s *session) color() bool { return s.Getenv("NO_COLOR") == "" && s.Getenv("TERM") != "dumb" }

func helpPage(app *cli.App, path []*cli.Command) report.HelpPage {
	if len(path) == 0 {
		return report.HelpPage{Command: app.Name, Summary: app.Usage, About: app.Description, Commands: helpItems(app.Commands), Flags: helpFlags(app.Flags), Words: helpWords(path)}
	}
	c := path[len(path)-1]
	words := []string{app.Name}
	for _, p := range path {
		words = append(words, p.Name)
	}
	return report.HelpPage{Command: strings.Join(words, " "), Summary: c.Usage, Args: strings.TrimSpace(c.ArgsUsage), About: c.Description,
		Commands: helpItems(c.Subcommands), Flags: helpFlags(c.Flags), Words: helpWords(path)}
}

// helpPages are the pages of all commands, depth first, the program's own first.
func helpPages(app *cli.App) []report.HelpPage {
	pages := []report.HelpPage{helpPage(app, nil)}
	var walk func(path, commands []*cli.Command)
	walk = func(path, commands []*cli.Command) {
		for _, c := range commands {
			if c.Hidden {
				continue
			}
			here := append(append([]*cli.Command{}, path...), c)
			pages = append(pages, helpPage(app, here))
			walk(here, c.Subcommands)
		}
	}
	walk(nil, app.Commands)
	return pages
}

func helpItems(commands []*cli.Command) []report.HelpItem {
	var items []report.HelpItem
	for _, c := range commands {
		if !c.Hidden {
			items = append(items, report.HelpItem{Name: c.Name, Summary: c.Usage})
		}
	}
	return items
}

func helpFlags(flags []cli.Flag) []report.HelpFlag {
	var out []report.HelpFlag
	for _, f := range flags {
		if h, hidden := helpFlag(f); !hidden {
			out = append(out, h)
		}
	}
	return out
}

func helpFlag(f cli.Flag) (h report.HelpFlag, hidden bool) {
	h.Names = f.Names()
	switch f := f.(type) {
	case *cli.StringFlag:
		h.Summary, h.Default, h.Value, hidden = f.Usage, f.Value, "TEXT", f.Hidden
	case *cli.StringSliceFlag:
		h.Summary, h.Value, hidden = f.Usage, "TEXT", f.Hidden
	case *cli.BoolFlag:
		h.Summary, hidden = f.Usage, f.Hidden
	case *cli.IntFlag:
		h.Summary, h.Value, hidden = f.Usage, "N", f.Hidden
		if f.Value != 0 {
			h.Default = fmt.Sprint(f.Value)
		}
	case *cli.Float64Flag:
		h.Summary, h.Value, hidden = f.Usage, "N", f.Hidden
		if f.Value != 0 {
			h.Default = fmt.Sprint(f.Value)
		}
	case *cli.DurationFlag:
		h.Summary, h.Value, hidden = f.Usage, "10s", f.Hidden
		if f.Value != 0 {
			h.Default = shortDuration(f.Value)
		}
	}
	if env := f.(cli.DocGenerationFlag).GetEnvVars(); len(env) > 0 {
		h.Env = env[0]
	}
	return h, hidden
}

// shortDuration writes "48h" where Go writes "48h0m0s".
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
