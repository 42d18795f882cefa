package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/BurntSushi/toml"

	"freehold"
)

const repo = "../.."

// sentences collects every English format in the source: the first argument of
// freehold.T and of the printer's say, sentences inside sentences (%m), and
// Text literals. It returns where each was found.
func sentences(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(repo, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != repo && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Logf("not read: %v", err)
			return nil
		}
		rel, _ := filepath.Rel(repo, p)
		collect(t, fset, f, filepath.ToSlash(rel), found)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func collect(t *testing.T, fset *token.FileSet, f *ast.File, rel string, found map[string]string) {
	program := strings.HasPrefix(rel, "cmd/freehold/")
	ours := strings.HasPrefix(rel, "internal/report/") || program
	root := !strings.Contains(rel, "/")
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if len(n.Args) == 0 || !tells(n.Fun, ours, root) {
				return true
			}
			where := fset.Position(n.Pos()).String()
			format, ok := constant(n.Args[0])
			if !ok {
				if id, isIdent := n.Args[0].(*ast.Ident); !isIdent || id.Name != "format" {
					t.Errorf("%s: the sentence is not a literal, so nobody can translate it", where)
				}
				return true
			}
			found[format] = where
			for _, inner := range inserted(format, n.Args[1:]) {
				found[inner] = where
			}
		case *ast.CompositeLit:
			if format, ok := textLiteral(n); ok {
				found[format] = fset.Position(n.Pos()).String()
			}
			if program {
				collectHelp(t, fset, n, found)
			}
		}
		return true
	})
}

// helpKeys are the fields of a command or flag that people read.
var helpKeys = []string{"Usage", "ArgsUsage", "Description"}

// collectHelp takes in the texts of the table of commands. A name alone, such
// as the package's own type with a field Usage, is none.
func collectHelp(t *testing.T, fset *token.FileSet, n *ast.CompositeLit, found map[string]string) {
	for _, e := range n.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		id, ok := kv.Key.(*ast.Ident)
		if !ok || !slices.Contains(helpKeys, id.Name) {
			continue
		}
		where := fset.Position(kv.Pos()).String()
		all, ok := constant(kv.Value)
		if !ok {
			t.Errorf("%s: %s is not a literal, so nobody can translate it; what varies goes into braces", where, id.Name)
		}
		for _, p := range Paragraphs(all) {
			if !p.Kept {
				found[p.Text] = where
			}
		}
	}
}

func tells(fun ast.Expr, ours, root bool) bool {
	switch fun := fun.(type) {
	case *ast.Ident:
		return root && fun.Name == "T"
	case *ast.SelectorExpr:
		x, _ := fun.X.(*ast.Ident)
		return fun.Sel.Name == "T" && x != nil && x.Name == "freehold" || ours && fun.Sel.Name == "say"
	}
	return false
}

// constant evaluates a string literal or a sum of them.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		a, ok1 := constant(e.X)
		b, ok2 := constant(e.Y)
		return a + b, ok1 && ok2 && e.Op == token.ADD
	case *ast.ParenExpr:
		return constant(e.X)
	}
	return "", false
}

func textLiteral(n *ast.CompositeLit) (string, bool) {
	sel, ok := n.Type.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Text" {
		return "", false
	}
	for _, e := range n.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok && id.Name == "Format" {
				return constant(kv.Value)
			}
		}
	}
	return "", false
}

// verbs returns the verbs of a format in their order, with the argument each takes.
func verbs(format string) (out []string, args []int) {
	next := 0
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			continue
		}
		arg := next
		i++
		if format[i] == '[' {
			end := strings.IndexByte(format[i:], ']')
			n, err := strconv.Atoi(format[i+1 : i+max(1, end)])
			if end < 0 || err != nil {
				return append(out, "broken"), append(args, -1)
			}
			arg = n - 1
			i += end + 1
		}
		if format[i] == '%' {
			continue
		}
		out, args = append(out, string(format[i])), append(args, arg)
		next = arg + 1
	}
	return out, args
}

// inserted returns the literal sentences that a format takes in by %m.
func inserted(format string, args []ast.Expr) []string {
	var out []string
	vs, at := verbs(format)
	for i, v := range vs {
		if v == "m" && at[i] < len(args) {
			if s, ok := constant(args[at[i]]); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

func catalogue(t *testing.T, lang string) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, err := filepath.Glob(filepath.Join("lang", lang, "*.toml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no catalogues of %s: %v", lang, err)
	}
	for _, file := range files {
		var c map[string]string
		if _, err := toml.DecodeFile(file, &c); err != nil {
			t.Fatal(err)
		}
		for english, other := range c {
			if _, twice := all[english]; twice {
				t.Errorf("%s translates %q again", file, english)
			}
			all[english] = other
		}
	}
	return all
}

// inLanguages are sentences that reach the reports from elsewhere than a
// literal in Go: see policySentences.
func allSentences(t *testing.T) map[string]string {
	t.Helper()
	all := sentences(t)
	if len(all) < 50 {
		t.Fatalf("only %d sentences found: the test does not look where they are", len(all))
	}
	return all
}

// TestEveryLanguageIsComplete fails on a sentence without a translation, and on
// a translation whose sentence is gone.
func TestEveryLanguageIsComplete(t *testing.T) {
	all := allSentences(t)
	for _, lang := range Langs[1:] {
		c := catalogue(t, lang)
		for _, s := range sorted(all) {
			if _, ok := c[s]; !ok {
				t.Errorf("%s has no translation of %q (%s)", lang, s, all[s])
			}
		}
		for _, s := range sorted(c) {
			if _, ok := all[s]; !ok {
				t.Errorf("%s translates %q, which nothing says", lang, s)
			}
		}
	}
	if os.Getenv("WRITE_MISSING") != "" {
		writeMissing(t, all)
	}
}

// writeMissing writes what has no translation to testdata/missing.LANG.toml,
// ready to be filled in.
func writeMissing(t *testing.T, all map[string]string) {
	for _, lang := range Langs[1:] {
		c := catalogue(t, lang)
		var b strings.Builder
		for _, s := range sorted(all) {
			if _, ok := c[s]; !ok {
				b.WriteString(strconv.Quote(s) + " = \"\"\n")
			}
		}
		if err := os.WriteFile(filepath.Join(os.TempDir(), "missing."+lang+".toml"), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTranslationsKeepTheirArguments: a translation says every argument of its
// sentence, with the same verb, in whatever order.
func TestTranslationsKeepTheirArguments(t *testing.T) {
	for _, lang := range Langs[1:] {
		for english, other := range catalogue(t, lang) {
			if a, b := uses(english), uses(other); !slices.Equal(a, b) {
				t.Errorf("%s: %q takes %v, its translation %q takes %v", lang, english, a, other, b)
			}
			if other == "" || strings.TrimSpace(other) != other || strings.TrimSpace(english) != english {
				t.Errorf("%s: %q = %q: empty or padded", lang, english, other)
			}
		}
	}
}

func uses(format string) []string {
	vs, args := verbs(format)
	out := make([]string, len(vs))
	for i := range vs {
		out[i] = strconv.Itoa(args[i]) + vs[i]
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestTypography holds the catalogues to their languages' own punctuation.
func TestTypography(t *testing.T) {
	for english, s := range catalogue(t, "fr") {
		for i, r := range s {
			if strings.ContainsRune(";!?", r) && i > 0 && s[i-1] != ' ' {
				t.Errorf("fr: %q lacks a space before %q", s, r)
			}
			inWord := i+1 < len(s) && s[i+1] != ' ' // HOST:PORT
			if r == ':' && i > 0 && s[i-1] != ' ' && !inWord && !strings.Contains(english, "://") {
				t.Errorf("fr: %q lacks a space before the colon", s)
			}
		}
		if strings.ContainsAny(s, `"“”`) || strings.Contains(s, "...") {
			t.Errorf("fr: %q does not use « » and …", s)
		}
	}
	for _, s := range catalogue(t, "de") {
		if strings.ContainsAny(s, `"«»`) || strings.Contains(s, " ?") || strings.Contains(s, " !") || strings.Contains(s, " :") {
			t.Errorf("de: %q does not punctuate as German does", s)
		}
	}
}

func TestSpeakers(t *testing.T) {
	first := time.Date(2027, 3, 1, 23, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		lang, date, quote, number string
	}{
		{"", "1 March 2027", `"x"`, "1,234,567"},
		{"en", "1 March 2027", `"x"`, "1,234,567"},
		{"fr", "1er mars 2027", "«\u202fx\u202f»", "1\u202f234\u202f567"},
		{"de", "1. März 2027", "„x“", "1.234.567"},
	} {
		s, err := SpeakerFor(c.lang)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Date(first); got != c.date {
			t.Errorf("%s date %q, want %q", c.lang, got, c.date)
		}
		if got := s.Quote("x"); got != c.quote {
			t.Errorf("%s quote %q, want %q", c.lang, got, c.quote)
		}
		if got := s.Number(1234567); got != c.number {
			t.Errorf("%s number %q, want %q", c.lang, got, c.number)
		}
		if got := s.Sentence("no such sentence %s"); got != "no such sentence %s" {
			t.Errorf("%s: unknown sentence became %q", c.lang, got)
		}
	}
	if _, err := SpeakerFor("it"); freehold.KindOf(err) != freehold.KindInvalid || freehold.HintOf(err) == "" {
		t.Errorf("an unknown language gave %v", err)
	}
	for n, want := range map[int64]string{0: "0", -1: "-1", 999: "999", 1000: "1.000", -1234567: "-1.234.567"} {
		if got := groupDigits(n, "."); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestFrenchTypography(t *testing.T) {
	for in, want := range map[string]string{
		"Qui ? Lui : l'hébergeur ; « ici » !": "Qui\u202f? Lui\u202f: l’hébergeur\u202f; «\u202fici\u202f»\u202f!",
		"rien à faire":                        "rien à faire",
	} {
		if got := frenchTypography(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// TestBrokenCatalogue: a file with a key twice is told, and the others are used.
func TestBrokenCatalogue(t *testing.T) {
	files := fstest.MapFS{
		"lang/de/a.toml": {Data: []byte("\"yes\" = \"ja\"\n")},
		"lang/de/b.toml": {Data: []byte("\"no\" = \"nein\"\n\"no\" = \"nö\"\n")},
	}
	sentences, err := loadCatalogue(files, "de", func(s string) string { return s })
	if len(sentences) != 1 || sentences["yes"] != "ja" {
		t.Errorf("read: %v", sentences)
	}
	if err == nil || !strings.HasPrefix(err.Error(), `the sentences in "lang/de/b.toml" cannot be read, and are said in English: `) {
		t.Errorf("told: %v", err)
	}
	for _, lang := range Langs {
		if err := CatalogueError(lang); err != nil {
			t.Errorf("%s: %v", lang, err)
		}
	}
}
