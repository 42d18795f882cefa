package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/report"
)

// listen finds the language before the command line is parsed, so that help and
// complaints about the line itself are in it. A word that is no language is left
// to the flag's own check.
func (s *session) listen() {
	s.lang = s.localeLang()
	for _, said := range []string{s.configWord("lang"), s.Getenv("FREEHOLD_LANG"), s.lineWord("lang")} {
		if slices.Contains(report.Langs, said) {
			s.lang = said
		}
	}
	s.speaker, _ = report.SpeakerFor(s.lang) // it is one of Langs
	if err := report.CatalogueError(s.lang); err != nil {
		s.tellText(freehold.SayError(s.speaker, err))
	}
}

// localeLang is the language of the user's locale if it is one of ours, else English.
func (s *session) localeLang() string {
	for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if l := s.Getenv(v); l != "" {
			if lang := l[:min(2, len(l))]; slices.Contains(report.Langs, lang) {
				return lang
			}
			break
		}
	}
	return report.Langs[0]
}

// lineWord finds the value of a flag on a command line that may be too wrong to
// parse; "" if it is not there.
func (s *session) lineWord(flag string) string { return wordIn(s.args, flag) }

func wordIn(args []string, flag string) string {
	word := ""
	for i, a := range args {
		if a == "--" {
			break
		}
		if v, ok := strings.CutPrefix(strings.TrimLeft(a, "-"), flag+"="); ok && strings.HasPrefix(a, "-") {
			word = v
		} else if (a == "--"+flag || a == "-"+flag) && i+1 < len(args) {
			word = args[i+1]
		}
	}
	return word
}

// language is the language of a command: the flag's, else the one found before.
func (s *session) language(c *cli.Context) (string, error) {
	lang := c.String("lang")
	if lang == "" {
		return s.lang, nil
	}
	if !slices.Contains(report.Langs, lang) {
		return "", misuse(freehold.T("language %q is not one of %s", lang, strings.Join(report.Langs, ", ")), freehold.Text{})
	}
	return lang, nil
}

// say says an English format and its arguments in the language of the run.
func (s *session) say(format string, args ...any) string {
	return freehold.T(format, args...).Render(s.speaker)
}

// tell says something on standard error, beside the result.
func (s *session) tell(t freehold.Text) {
	s.tellText(t.Render(s.speaker))
}

func (s *session) tellText(said string) {
	_, _ = s.Err.Write([]byte("freehold: " + freehold.OneLine(said) + "\n"))
}

// hint says what to do next, on standard error.
func (s *session) hint(said string) {
	if said != "" {
		_, _ = s.Err.Write([]byte(s.say("hint: %s", said) + "\n"))
	}
}

// systemWords are what the operating system says, as far as people meet it: an
// error of ours ends with one of them.
var systemWords = []freehold.Text{
	freehold.T("no such file or directory"),
	freehold.T("permission denied"),
	freehold.T("is a directory"),
	freehold.T("not a directory"),
	freehold.T("file exists"),
	freehold.T("no space left on device"),
	freehold.T("disk quota exceeded"),
	freehold.T("read-only file system"),
	freehold.T("input/output error"),
	freehold.T("too many open files"),
	freehold.T("connection refused"),
	freehold.T("network is unreachable"),
	freehold.T("no route to host"),
	freehold.T("address already in use"),
	freehold.T("context canceled"),
	freehold.T("context deadline exceeded"),
}
