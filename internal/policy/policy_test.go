package policy

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
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

func TestEveryNameHasItsProfile(t *testing.T) {
	s := load(t)
	for _, c := range []struct{ name, profile string }{
		{"exemple.com", "gtld-2024"}, {"exemple.swiss", "gtld-2024"}, {"exemple.bzh", "gtld-2024"},
		{"exemple.fr", "fr"}, {"exemple.re", "fr"}, {"exemple.wf", "fr"},
		{"exemple.ch", "ch"}, {"exemple.li", "ch"}, {"exemple.ca", "ca"}, {"exemple.eu", "eu"},
		{"exemple.pm", "fr"}, {"exemple.uk", "uk-tag"}, {"exemple.de", "de"}, {"exemple.be", "be"}, {"exemple.nl", "nl"}, {"exemple.it", "it"}, {"exemple.es", "es"},
		{"exemple.se", "se"}, {"exemple.nu", "se"}, {"exemple.lu", "lu"}, {"exemple.at", "at"}, {"exemple.pl", "pl"}, {"exemple.au", "au"}, {"exemple.cz", "cz"},
		{"exemple.io", "io"}, {"exemple.ai", "io"}, {"exemple.brussels", "gtld-2024"},
		// Zones of the second level, and names in other scripts.
		{"exemple.co.uk", "uk-tag"}, {"exemple.me.uk", "uk-tag"}, {"exemple.org.uk", "uk-tag"}, {"exemple.com.au", "au"}, {"exemple.org.au", "au"}, {"exemple.co.at", "at"},
		{"exemple.com.pl", "pl"}, {"exemple.com.es", "es"}, {"exemple.qc.ca", "ca"}, {"xn--bcher-kva.de", "de"}, {"bücher.at", "at"}, {"café.co.uk", "uk-tag"},
		{"exemple.xn--fiqs8s", "default"}, {"exemple.xn--e1a4c", "default"},
		// Under a family's domain, and under somebody else's rules.
		{"exemple.ac.uk", "default"}, {"exemple.gov.uk", "default"}, {"exemple.edu.au", "default"}, {"exemple.gv.at", "default"}, {"exemple.gouv.fr", "default"},
		// Looked for, and not found.
		{"exemple.dk", "default"}, {"exemple.pt", "default"}, {"exemple.us", "default"}, {"exemple.co", "default"}, {"exemple.me", "default"}, {"exemple.ro", "default"},
		{"exemple.xn--p1ai", "default"}, {"exemple.edu", "default"}, {"exemple.int", "default"}, {"exemple.gov", "default"},
	} {
		if got := s.For(name(t, c.name), today); got.ID != c.profile || got.State != InForce {
			t.Errorf("%s is judged by %q (%s), want %q", c.name, got.ID, got.State, c.profile)
		}
	}
}

// TestAdoptedRulesDecideNothing: what ICANN adopted is found only by who asks
// for it by name, at any date.
func TestAdoptedRulesDecideNothing(t *testing.T) {
	s := load(t)
	adopted, ok := s.Adopted(name(t, "exemple.com"), today)
	if !ok || adopted.ID != "gtld-tpr" {
		t.Fatalf("adopted for .com: %q, %v", adopted.ID, ok)
	}
	if _, ok := s.Adopted(name(t, "exemple.fr"), today); ok {
		t.Error("rules adopted for .fr: none are known")
	}
	for year := 2020; year < 2040; year++ {
		p := s.For(name(t, "exemple.com"), time.Date(year, 7, 1, 0, 0, 0, 0, time.UTC))
		if p.State != InForce {
			t.Errorf("in %d .com is judged by %q, which is only %s", year, p.ID, p.State)
		}
		if _, ok := p.CodeValidity.Get(); ok {
			t.Errorf("in %d a .com code is said to run out, which is not in force", year)
		}
	}
	if p := s.For(name(t, "exemple.com"), time.Date(2025, 8, 20, 23, 59, 59, 0, time.UTC)); !p.Default() {
		t.Errorf("the day before the policy was in force .com is judged by %q", p.ID)
	}
	if p := s.For(name(t, "exemple.com"), time.Date(2025, 8, 21, 0, 0, 0, 0, time.UTC)); p.ID != "gtld-2024" {
		t.Errorf("from its first second .com is judged by %q", p.ID)
	}
}

func TestRowsOfOneTopLevelDomain(t *testing.T) {
	s := load(t)
	com, _ := s.For(name(t, "exemple.com"), today).LockAfterCreation.Get()
	if com.RefusedBy != ByRegistry || com.Waivable || com.Length.Days() != 60 {
		t.Errorf(".com after creation: %+v", com)
	}
	org, _ := s.For(name(t, "exemple.org"), today).LockAfterCreation.Get()
	if org.RefusedBy != RegistrarMay || !org.Waivable || org.Length.Days() != 60 {
		t.Errorf(".org after creation: %+v", org)
	}
	if !Is(s.For(name(t, "exemple.ch"), today).Release, AtAllTimes) {
		t.Error("the Swiss ordinance does not bind .ch")
	}
	if _, ok := s.For(name(t, "exemple.li"), today).Release.Get(); ok {
		t.Error("the Swiss ordinance is said to bind .li")
	}
}

// TestProtocolWords: a lock of the registry's is one everywhere, also in a
// family of the user's own that does not say so.
func TestProtocolWords(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "be.toml", good)
	s, err := LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"exemple.com", "exemple.fr", "exemple.be", "exemple.dk"} {
		p := s.For(name(t, n), today)
		registry, _ := p.LiftedByRegistry.Get()
		gone, _ := p.Gone.Get()
		if !slices.Contains(registry, "serverTransferProhibited") || !slices.Contains(gone, "redemptionPeriod") {
			t.Errorf("%s: lifted by the registry %v, gone %v", n, registry, gone)
		}
	}
}

func TestUnverifiedRowsHaveNoValue(t *testing.T) {
	p := load(t).For(name(t, "exemple.eu"), today)
	if _, ok := p.TransferDelay.Get(); ok {
		t.Error("conflicting sources are told as truth")
	}
	if v, ok := p.TransferDelay.Unverified(); !ok || !v.None() {
		t.Errorf("the explicit accessor gives %v, %v", v, ok)
	}
	if _, ok := (Row[string]{}).Unverified(); ok {
		t.Error("a row that is not there has a value")
	}
	if !load(t).For(name(t, "exemple.fr"), today).TransferDelay.Dated() {
		t.Error("an old page is not said to be old")
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

func TestRegistryOf(t *testing.T) {
	for n, want := range map[string]string{"a.fr": "Afnic", "a.re": "Afnic", "a.li": "Switch", "a.ca": "CIRA", "a.eu": "EURid", "a.co.uk": "Nominet", "a.ac.uk": "", "a.com": "", "a.dk": "", "a.io": ""} {
		if got, ok := RegistryOf(name(t, n)); got != want || ok != (want != "") {
			t.Errorf("the registry of %s is %q, want %q", n, got, want)
		}
	}
}

// TestEveryRowIsCited walks all rows of all built-in profiles.
func TestEveryRowIsCited(t *testing.T) {
	rows := 0
	for _, f := range load(t).sorted() {
		for _, p := range f.profiles {
			for _, rules := range append([]Rules{p.Rules}, values(p.only)...) {
				rows += cited(t, p.ID, rules)
			}
			if !p.From.IsZero() && p.FromSource.Citation == "" || !p.Until.IsZero() && p.UntilSource.Citation == "" {
				t.Errorf("%s begins or ends on a day that nobody is cited for", p.ID)
			}
		}
	}
	if rows < 160 {
		t.Errorf("only %d rows seen: the walk misses some", rows)
	}
}

// cited complains about rows without a source and returns how many there are.
func cited(t testing.TB, id string, rules Rules) (rows int) {
	v := reflect.ValueOf(rules)
	for i := range v.NumField() {
		r := v.Field(i).Interface().(row)
		if !r.isSet() {
			continue
		}
		for _, s := range r.sources() {
			rows++
			if strings.TrimSpace(s.Citation) == "" || !slices.Contains([]Confidence{Verified, Secondary, Old, Unverified}, s.Confidence) {
				t.Errorf("%s: %s has no citation or confidence", id, v.Type().Field(i).Name)
			}
		}
	}
	return rows
}

// TestUnreadIsUnverified: a row that says that no source was read is never judged by.
func TestUnreadIsUnverified(t *testing.T) {
	for _, f := range load(t).sorted() {
		for _, p := range f.profiles {
			for _, rules := range append([]Rules{p.Rules}, values(p.only)...) {
				v := reflect.ValueOf(rules)
				for i := range v.NumField() {
					for _, s := range v.Field(i).Interface().(row).sources() {
						for _, word := range []string{"no source read", "draft"} {
							if strings.Contains(s.Citation, word) && s.Confidence != Unverified {
								t.Errorf("%s: %s cites %q and is called %s", p.ID, v.Type().Field(i).Name, s.Citation, s.Confidence)
							}
						}
					}
				}
			}
		}
	}
}

// TestSwitch: .uk changes its rules at midnight, and what is adopted without a
// date never comes into force.
func TestSwitch(t *testing.T) {
	s := load(t)
	day := time.Date(2027, 2, 9, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at      time.Time
		profile string
		moved   string
		next    string
	}{
		{today, "uk-tag", ByTag, "uk-code"},
		{day.Add(-time.Second), "uk-tag", ByTag, "uk-code"},
		{day, "uk-code", ByCode, ""},
		{day.Add(time.Second), "uk-code", ByCode, ""},
		{day.In(time.FixedZone("", -3600)), "uk-code", ByCode, ""},
		{day.AddDate(10, 0, 0), "uk-code", ByCode, ""},
	} {
		for _, n := range []string{"exemple.uk", "exemple.co.uk"} {
			p := s.For(name(t, n), c.at)
			if moved, _ := p.MovedBy.Get(); p.ID != c.profile || p.State != InForce || moved != c.moved {
				t.Errorf("%s at %s: %q (%s), moved by %s; want %q, %s", n, c.at, p.ID, p.State, moved, c.profile, c.moved)
			}
			next, ok := s.Adopted(name(t, n), c.at)
			if next.ID != c.next || ok != (c.next != "") {
				t.Errorf("%s at %s: next %q, want %q", n, c.at, next.ID, c.next)
			}
		}
	}
	p := s.For(name(t, "exemple.uk"), today)
	if !p.Until.Equal(day) || p.UntilSource.Confidence != Secondary {
		t.Errorf("the tag's rules end on %s, %s", p.Until, p.UntilSource.Confidence)
	}
	for _, p := range s.Profiles() {
		if p.State == Adopted && p.From.IsZero() && p.Binds(day.AddDate(100, 0, 0)) {
			t.Errorf("%s has no date and is in force one day", p.ID)
		}
	}
}

// TestPromisedDomains: what the toolkit promises to know is either held or said
// not to be.
func TestPromisedDomains(t *testing.T) {
	s := load(t)
	for _, tld := range strings.Fields("com fr re ch li ca uk de eu be nl it es se nu lu at pl au cz dk pt us co io me") {
		p := s.For(name(t, "exemple."+tld), today)
		if why := s.Unheld()[tld]; p.Default() == (why == "") {
			t.Errorf(".%s: judged by %q, and said not to be held because %q", tld, p.ID, why)
		}
	}
}

// TestRoutes: what each registry does for a holder past the registrar, best first.
func TestRoutes(t *testing.T) {
	s := load(t)
	for _, c := range []struct {
		name, bypass string
		routes       []string // through, key, when, gives, confidence
	}{
		{"exemple.com", "nobody secondary", nil},
		{"exemple.fr", "nobody verified", []string{"registry_desk decision decision code secondary"}},
		{"exemple.ch", "failure_only unverified", nil},
		{"exemple.ca", "nobody verified", nil},
		{"exemple.uk", "open old", []string{"registry_desk none refused move old"}},
		{"exemple.de", "open verified", []string{"new_registrar postal_address refused code secondary", "registry_site postal_address failed code verified"}},
		{"exemple.eu", "open verified", []string{"registry_site registrant_mailbox always code verified", "registry_desk signed_form refused code verified"}},
		{"exemple.be", "open verified", []string{"registry_site registrant_mailbox always code verified"}},
		{"exemple.nl", "open secondary", []string{"new_registrar identity refused code secondary"}},
		{"exemple.it", "open secondary", []string{"registry_desk complaint refused code secondary"}},
		{"exemple.es", "open verified", []string{"registry_site registry_account always move verified"}},
		{"exemple.se", "nobody unverified", nil},
		{"exemple.lu", "open verified", []string{"new_registrar administrative_mailbox always move verified", "new_registrar signed_form always move verified"}},
		{"exemple.at", "open verified", []string{"new_registrar registrant_mailbox refused code verified"}},
		{"exemple.pl", "failure_only verified", []string{"registry_desk none failed move verified"}},
		{"exemple.au", "open verified", []string{"registry_site registrant_mailbox always code verified"}},
		{"exemple.cz", "open secondary", []string{"registry_desk registrant_mailbox always code secondary"}},
		{"exemple.io", "nobody unverified", nil},
	} {
		p := s.For(name(t, c.name), today)
		bypass, _ := p.Bypass.Unverified()
		var routes []string
		for _, row := range p.Routes {
			r, _ := row.Unverified()
			routes = append(routes, strings.Join([]string{r.Through, r.Key, r.When, r.Gives, string(row.Confidence)}, " "))
		}
		if got := bypass + " " + string(p.Bypass.Confidence); got != c.bypass || !slices.Equal(routes, c.routes) {
			t.Errorf("%s: %s, %q; want %s, %q", c.name, got, routes, c.bypass, c.routes)
		}
	}
}

// TestCodeShapes: a code is drawn only where its source gives the alphabet.
func TestCodeShapes(t *testing.T) {
	s := load(t)
	for _, c := range []struct {
		name     string
		min, max int
		drawn    bool
	}{{"a.fr", 12, 32, true}, {"a.de", 8, 16, false}, {"a.be", 15, 15, false}, {"a.eu", 19, 19, false}} {
		shape, _ := s.For(name(t, c.name), today).CodeShape.Get()
		code, ok := shape.CodeShape()
		if shape.Min != c.min || shape.Max != c.max || ok != c.drawn || ok && (code.Min != c.min || code.Max != c.max) {
			t.Errorf("%s: %+v, drawn as %+v (%v)", c.name, shape, code, ok)
		}
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
			for _, n := range []string{"exemple.com", "exemple.co.uk", "exemple.dk", "exemple.xn--p1ai"} {
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
