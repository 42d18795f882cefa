package report

import (
	"embed"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"

	"freehold"
)

// Langs lists the languages, the default first.
var Langs = []string{"en", "fr", "de"}

//go:embed lang/*/*.toml
var langFiles embed.FS

// SpeakerFor returns the speaker of a language of Langs; "" is English.
func SpeakerFor(lang string) (freehold.Speaker, error) {
	switch lang {
	case "", "en":
		return english{}, nil
	case "fr":
		return speakFrench(), nil
	case "de":
		return speakGerman(), nil
	}
	return nil, &freehold.Error{
		Kind: freehold.KindInvalid,
		Msg:  `"` + freehold.OneLine(lang) + `" is not a language of this program`,
		Hint: "use one of " + strings.Join(Langs, ", "),
	}
}

// CatalogueError tells that a file of a language's sentences could not be read, so that
// they are said in English; nil for a language that is whole. The files are part of the
// program and tested: this is for one that was built from others.
func CatalogueError(lang string) error {
	switch lang {
	case "fr":
		return speakFrench().err
	case "de":
		return speakGerman().err
	}
	return nil
}

// loadCatalogue reads one language: TOML tables from English formats to their
// translations, one file for each room of the program, adjusted by the
// language's typography. A file that does not read leaves English.
func loadCatalogue(files fs.FS, lang string, typography func(string) string) (map[string]string, error) {
	all := map[string]string{}
	var broken []error
	names, _ := fs.Glob(files, path.Join("lang", lang, "*.toml"))
	for _, name := range names {
		var c map[string]string
		if _, err := toml.DecodeFS(files, name, &c); err != nil {
			broken = append(broken, &freehold.Error{Kind: freehold.KindInternal,
				Text: freehold.T("the sentences in %q cannot be read, and are said in English", name), Err: err})
			continue
		}
		for k, v := range c {
			all[k] = typography(v)
		}
	}
	return all, errors.Join(broken...)
}

// english is the root's English with grouped digits.
type english struct{ freehold.English }

func (english) Number(n int64) string { return groupDigits(n, ",") }

const narrowNoBreak = "\u202f"

type french struct {
	sentences map[string]string
	err       error
}

var speakFrench = sync.OnceValue(func() french {
	sentences, err := loadCatalogue(langFiles, "fr", frenchTypography)
	return french{sentences, err}
})

func (f french) Sentence(format string) string { return translated(f.sentences, format) }
func (french) Quote(s string) string           { return "«" + narrowNoBreak + s + narrowNoBreak + "»" }
func (french) Number(n int64) string           { return groupDigits(n, narrowNoBreak) }

var frenchMonths = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

// Date writes the first of a month as "1er", as French does.
func (french) Date(t time.Time) string {
	t = t.UTC()
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return day + " " + frenchMonths[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// frenchTypography puts the narrow no-break space before high punctuation and
// inside quotation marks, where the catalogue has a plain one.
func frenchTypography(s string) string { return frenchSpaces.Replace(s) }

var frenchSpaces = strings.NewReplacer(" :", narrowNoBreak+":", " ;", narrowNoBreak+";", " !", narrowNoBreak+"!",
	" ?", narrowNoBreak+"?", "« ", "«"+narrowNoBreak, " »", narrowNoBreak+"»", "'", "’")

type german struct {
	sentences map[string]string
	err       error
}

var speakGerman = sync.OnceValue(func() german {
	sentences, err := loadCatalogue(langFiles, "de", func(s string) string { return s })
	return german{sentences, err}
})

func (g german) Sentence(format string) string { return translated(g.sentences, format) }
func (german) Quote(s string) string           { return "„" + s + "“" }
func (german) Number(n int64) string           { return groupDigits(n, ".") }

var germanMonths = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}

func (german) Date(t time.Time) string {
	t = t.UTC()
	return strconv.Itoa(t.Day()) + ". " + germanMonths[t.Month()-1] + " " + strconv.Itoa(t.Year())
}

// translated falls back to English: a sentence in the wrong language beats none.
func translated(sentences map[string]string, format string) string {
	if s, ok := sentences[format]; ok {
		return s
	}
	return format
}

// groupDigits writes a whole number with its digits in groups of three.
func groupDigits(n int64, sep string) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	var groups []string
	for len(s) > 3 {
		groups = append(groups, s[len(s)-3:])
		s = s[:len(s)-3]
	}
	groups = append(groups, s)
	slices.Reverse(groups)
	return sign + strings.Join(groups, sep)
}
