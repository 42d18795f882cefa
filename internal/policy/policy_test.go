package policy

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"freehold"
)

func name(t testing.TB, s string) freehold.Name {
	t.Helper()
	n, err := freehold.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func load(t testing.TB) *Set {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var today = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// TestProtocolWords: a lock of the registry's is one everywhere, also in a
// family of the user's own that does not say so.
func TestProtocolWords(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "be.toml", good)
	s, err := LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"exemple.com", "exemple.fr", "exemple.be", "exemple.us"} {
		p := s.For(name(t, n), today)
		registry, _ := p.LiftedByRegistry.Get()
		gone, _ := p.Gone.Get()
		if !slices.Contains(registry, "serverTransferProhibited") || !slices.Contains(gone, "redemptionPeriod") {
			t.Errorf("%s: lifted by the registry %v, gone %v", n, registry, gone)
		}
	}
}

func TestDateIsTheOldestReading(t *testing.T) {
	if got, want := load(t).Date(), time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("read on %s, want %s", got, want)
	}
	dir := t.TempDir()
	write(t, dir, "be.toml", strings.ReplaceAll(good, "2026-11-22", "2026-01-02"))
	s, err := LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Date(), time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("with one old file read on %s, want %s", got, want)
	}
}

func values(m map[string]Rules) []Rules {
	var out []Rules
	for _, r := range m {
		out = append(out, r)
	}
	return out
}

const good = `family = "be"
tlds = ["be"]
registry = { value = "Registre Plat", citation = "its own page", confidence = "verified" }
[[profile]]
id = "be"
title = "a test"
state = "in_force"
read = 2026-11-22
sources = ["a page"]
[profile.rules]
code_name = { value = "transfer code", citation = "a page", confidence = "verified" }
code_validity = { value = "7 days", citation = "a page", confidence = "verified" }
lock_after_transfer = { value = { length = "60 days", refused_by = "registry", waivable = false }, citation = "a page", confidence = "secondary" }
`

func onDay(key, value, confidence string) string {
	return key + " = { value = " + value + ", citation = \"a page\", confidence = \"" + confidence + "\" }\n"
}

// oneRoute is a line with one route, before the line that it takes the place of.
func oneRoute(words string) string {
	return "routes = [{ value = { " + words + " }, citation = \"a page\", confidence = \"verified\" }]\ncode_name"
}

func write(t testing.TB, dir, file, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, file), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOwnDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "be.toml", good)
	s, err := LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := s.For(name(t, "exemple.be"), today)
	if v, _ := p.CodeValidity.Get(); p.ID != "be" || v.Days() != 7 {
		t.Errorf("profile %q, code valid %s", p.ID, v)
	}
	if p := s.For(name(t, "exemple.com"), today); p.ID != "gtld-2024" {
		t.Errorf(".com is now judged by %q", p.ID)
	}
}

// TestBadFilesAreRefused: each change to the good file is refused, with a word
// that leads to it.
func TestBadFilesAreRefused(t *testing.T) {
	for _, c := range []struct{ what, old, new, say string }{
		{"no citation", `citation = "a page", confidence = "verified" }` + "\ncode_val", `confidence = "verified" }` + "\ncode_val", "no citation"},
		{"blank citation", `"7 days", citation = "a page"`, `"7 days", citation = " "`, "no citation"},
		{"no confidence", `value = "7 days", citation = "a page", confidence = "verified"`, `value = "7 days", citation = "a page"`, "no confidence"},
		{"invented confidence", `"secondary"`, `"certain"`, "no confidence"},
		{"no value", `value = "7 days", `, ``, "no value"},
		{"no table", `{ value = "7 days", citation = "a page", confidence = "verified" }`, `"7 days"`, "table"},
		{"unknown key in a row", `confidence = "secondary" }`, `confidence = "secondary", by = "me" }`, `"by"`},
		{"unknown key in a lock", `waivable = false`, `waivable = false, hard = true`, "hard"},
		{"unknown row", `code_name`, `code_nmae`, "code_nmae"},
		{"unknown top key", `tlds = `, `aliases = ["b"]` + "\ntlds = ", "aliases"},
		{"no length", `"7 days"`, `"a week"`, "length of time"},
		{"endless", `"7 days"`, `"99999999999999999999 days"`, "length of time"},
		{"negative", `"7 days"`, `"-7 days"`, "length of time"},
		{"refused by nobody known", `"registry", w`, `"the king", w`, "the king"},
		{"unknown word", `code_name = { value = "transfer code"`, `bypass = { value = "perhaps"`, "perhaps"},
		{"state", `"in_force"`, `"soon"`, "soon"},
		{"no read date", "read = 2026-11-22\n", "", "were read"},
		{"no sources", "sources = [\"a page\"]\n", "", "sources"},
		{"ends before it begins", `state =`, onDay("from", "2026-02-01", "verified") + onDay("until", "2026-01-01", "verified") + "state =", "before it begins"},
		{"begins on a day nobody verified", `state =`, onDay("from", "2026-02-01", "unverified") + "state =", "not verified"},
		{"begins on a bare day", `state =`, "from = 2026-02-01\nstate =", "table"},
		{"begins on no day", `state =`, "from = { value = \"soon\", citation = \"a page\", confidence = \"verified\" }\nstate =", "be.toml"},
		{"a route without source", `code_name`, `routes = [{ value = { through = "registry_site", key = "none", when = "always", gives = "code" } }]` + "\ncode_name", "no citation"},
		{"a route through nobody known", `code_name`, oneRoute("through = \"the king\", key = \"none\", when = \"always\", gives = \"code\""), "the king"},
		{"a route with half its words", `code_name`, oneRoute("through = \"registry_site\", when = \"always\", gives = \"code\""), "key"},
		{"a route at an unknown price", `code_name`, oneRoute("through = \"registry_site\", key = \"none\", when = \"always\", gives = \"code\", cost = \"gold\""), "gold"},
		{"an unknown word in a route", `code_name`, oneRoute("through = \"registry_site\", key = \"none\", when = \"always\", gives = \"code\", speed = \"fast\""), "speed"},
		{"open, and no way in", `code_name`, `bypass = { value = "open", citation = "a page", confidence = "verified" }` + "\ncode_name", "no route"},
		{"a code of no length", `code_name`, `code_shape = { value = { min = 9, max = 8 }, citation = "a page", confidence = "verified" }` + "\ncode_name", "9 to 8"},
		{"an exception elsewhere", `tlds =`, "except = [\"ac.uk\"]\ntlds =", "ac.uk"},
		{"an exception that is all", `tlds =`, "except = [\"be\"]\ntlds =", "exception"},
		{"says of another what is not held", `family =`, "unheld = { dk = \"not read\" }\nfamily =", "unheld"},
		{"no profile", good[strings.Index(good, "[[profile]]"):], "", "profile"},
		{"another's domain", `["be"]`, `["fr"]`, ".fr"},
		{"profiles without end", good[strings.Index(good, "[[profile]]"):], strings.Repeat("[[profile]]\n", maxProfiles+1), "51 profiles"},
		{"no domain", `["be"]`, `["BE."]`, "BE."},
		{"another's id", `id = "be"`, `id = "fr"`, `"fr"`},
		{"not toml", `family = "be"`, `family = `, "be.toml"},
		{"overlap", "[[profile]]", "[[profile]]\nid = \"be-too\"\ntitle = \"a test\"\nstate = \"in_force\"\nread = 2026-11-22\nsources = [\"a page\"]\n[[profile]]", "same time"},
	} {
		dir := t.TempDir()
		if !strings.Contains(good, c.old) {
			t.Fatalf("%s: the good file does not hold %q", c.what, c.old)
		}
		write(t, dir, "be.toml", strings.Replace(good, c.old, c.new, 1))
		_, err := LoadDir(dir)
		if err == nil {
			t.Errorf("%s: not refused", c.what)
			continue
		}
		if freehold.KindOf(err) != freehold.KindInvalid || !strings.Contains(err.Error(), c.say) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

func TestWindows(t *testing.T) {
	d := func(m int) time.Time { return time.Date(2026, time.Month(m), 1, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		what string
		a, b Profile
		want bool
	}{
		{"one after the other", Profile{State: InForce, Until: d(3)}, Profile{State: InForce, From: d(3)}, false},
		{"the other way round", Profile{State: InForce, From: d(3)}, Profile{State: InForce, Until: d(3)}, false},
		{"a month in common", Profile{State: InForce, Until: d(4)}, Profile{State: InForce, From: d(3)}, true},
		{"both open", Profile{State: InForce}, Profile{State: InForce}, true},
		{"adopted with a date, before the other ends", Profile{State: InForce}, Profile{State: Adopted, From: d(3)}, true},
		{"adopted with the date on which the other ends", Profile{State: InForce, Until: d(3)}, Profile{State: Adopted, From: d(3)}, false},
		{"one within the other", Profile{State: InForce, From: d(1), Until: d(9)}, Profile{State: InForce, From: d(3), Until: d(4)}, true},
		{"only adopted", Profile{State: InForce}, Profile{State: Adopted}, false},
	} {
		if got := c.a.overlaps(&c.b); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

func TestDirectoriesThatAreNone(t *testing.T) {
	if _, err := LoadDir(filepath.Join(t.TempDir(), "gone")); freehold.KindOf(err) != freehold.KindNotFound {
		t.Errorf("a directory that is not there: %v", err)
	}
	if _, err := LoadDir(t.TempDir()); freehold.KindOf(err) != freehold.KindInvalid {
		t.Errorf("an empty directory: %v", err)
	}
	dir := t.TempDir()
	write(t, dir, "big.toml", strings.Repeat("#", maxFile+1))
	if _, err := LoadDir(dir); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a file without end: %v", err)
	}
	dir = t.TempDir()
	write(t, dir, "a.toml", good)
	write(t, dir, "b.toml", good)
	if _, err := LoadDir(dir); err == nil || !strings.Contains(err.Error(), "both") {
		t.Errorf("a family twice: %v", err)
	}
}

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		text string
		want time.Duration
		days int
	}{
		{"none", 0, 0}, {"720 hours", 720 * time.Hour, 30}, {"25 hours", 25 * time.Hour, 2}, {"5 calendar days", 120 * time.Hour, 5},
		{"40 days", 960 * time.Hour, 40}, {"5 business days", 168 * time.Hour, 7}, {"1 business days", 48 * time.Hour, 2},
		{"until changed", 0, 0},
	} {
		var s Span
		if err := s.UnmarshalText([]byte(c.text)); err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
		if s.Duration() != c.want || s.Days() != c.days {
			t.Errorf("%q is %s, %d days; want %s, %d", c.text, s.Duration(), s.Days(), c.want, c.days)
		}
		var back Span
		if err := back.UnmarshalText([]byte(s.String())); err != nil || back != s {
			t.Errorf("%q is written %q and read back as %v, %v", c.text, s, back, err)
		}
	}
}

// FuzzFile: any file is refused with one line, or gives rules that all are cited.
func FuzzFile(f *testing.F) {
	f.Add(good)
	files, err := embedded.ReadDir("data")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := embedded.ReadFile("data/" + file.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(body))
	}
	built := load(f)
	f.Fuzz(func(t *testing.T, body string) {
		s := &Set{families: maps.Clone(built.families)}
		if err := s.read(fstest.MapFS{"x.toml": {Data: []byte(body)}}, "a directory"); err != nil {
			if strings.Contains(err.Error(), "\n") || freehold.KindOf(err) != freehold.KindInvalid {
				t.Fatalf("%q", err)
			}
			return
		}
		for _, family := range s.sorted() {
			for _, p := range family.profiles {
				for _, rules := range append([]Rules{p.Rules}, values(p.only)...) {
					cited(t, p.ID, rules)
				}
			}
		}
		for _, at := range []time.Time{{}, today, today.AddDate(500, 0, 0)} {
			for _, n := range []string{"exemple.com", "exemple.co.uk", "exemple.us", "exemple.xn--p1ai"} {
				if p := s.For(name(t, n), at); p.State != InForce || p.ID == "" || !p.FromSource.judged() || !p.UntilSource.judged() {
					t.Fatalf("%s is judged by %q (%s)", n, p.ID, p.State)
				}
			}
		}
		if again := s.Markdown(); again != s.Markdown() || !strings.HasPrefix(again, "# ") {
			t.Fatal("the page is not the same twice")
		}
	})
}
