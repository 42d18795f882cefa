package policy

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEveryNameHasItsProfile(t *testing.T) {
	s := load(t)
	for _, c := range []struct{ name, profile string }{
		{"exemple.com", "gtld-2024"}, {"exemple.swiss", "gtld-2024"}, {"exemple.bzh", "gtld-2024"},
		{"exemple.fr", "fr"}, {"exemple.re", "fr"}, {"exemple.wf", "fr"},
		{"exemple.ch", "ch"}, {"exemple.li", "ch"}, {"exemple.ca", "ca"}, {"exemple.eu", "eu"},
		{"exemple.pm", "fr"}, {"exemple.uk", "uk-tag"}, {"exemple.de", "de"}, {"exemple.be", "be"}, {"exemple.nl", "nl"}, {"exemple.it", "it"}, {"exemple.es", "es"},
		{"exemple.se", "se"}, {"exemple.nu", "se"}, {"exemple.lu", "lu"}, {"exemple.at", "at"}, {"exemple.pl", "pl"}, {"exemple.au", "au"}, {"exemple.cz", "cz"},
		{"exemple.io", "io"}, {"exemple.dk", "dk"}, {"exemple.pt", "pt"}, {"exemple.com.pt", "pt"}, {"exemple.ai", "io"}, {"exemple.brussels", "gtld-2024"},
		// Zones of the second level, and names in other scripts.
		{"exemple.co.uk", "uk-tag"}, {"exemple.me.uk", "uk-tag"}, {"exemple.org.uk", "uk-tag"}, {"exemple.com.au", "au"}, {"exemple.org.au", "au"}, {"exemple.co.at", "at"},
		{"exemple.com.pl", "pl"}, {"exemple.com.es", "es"}, {"exemple.qc.ca", "ca"}, {"xn--bcher-kva.de", "de"}, {"bücher.at", "at"}, {"café.co.uk", "uk-tag"},
		{"exemple.xn--fiqs8s", "default"}, {"exemple.xn--e1a4c", "default"},
		// Under a family's domain, and under somebody else's rules.
		{"exemple.ac.uk", "default"}, {"exemple.gov.uk", "default"}, {"exemple.edu.au", "default"}, {"exemple.gv.at", "default"}, {"exemple.gouv.fr", "default"},
		// Looked for, and not found.
		{"exemple.us", "default"}, {"exemple.co", "default"}, {"exemple.me", "default"}, {"exemple.ro", "default"},
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

func TestRegistryOf(t *testing.T) {
	for n, want := range map[string]string{"a.fr": "Afnic", "a.re": "Afnic", "a.li": "Switch", "a.ca": "CIRA", "a.eu": "EURid", "a.co.uk": "Nominet", "a.ac.uk": "", "a.com": "", "a.dk": "Punktum dk", "a.us": "", "a.io": ""} {
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
		{"exemple.fr", "nobody verified", []string{"registry_desk decision decision code secondary", "registry_desk none failed code unverified"}},
		{"exemple.ch", "failure_only unverified", []string{"registry_desk identity refused code unverified"}},
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
		{"exemple.cz", "open secondary", []string{"registry_desk registrant_mailbox always code secondary", "registry_desk signed_form always code secondary"}},
		{"exemple.dk", "open verified", []string{"registry_site registry_account always code verified"}},
		{"exemple.pt", "open secondary", []string{"registry_site registry_account always code secondary"}},
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
