package whois

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"freehold"
)

// corpus returns the folder of real WHOIS texts, which is not part of the project.
func corpus(t testing.TB) string {
	dir := filepath.Join(cmp.Or(os.Getenv("FREEHOLD_CORPUS"), "../../../shared/corpus"), "3-whois")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("skipped: no shared corpus (set FREEHOLD_CORPUS)")
	}
	return dir
}

// isText tells the texts of the corpus from what lies beside them.
func isText(path string) bool {
	switch filepath.Ext(path) {
	case ".json", ".pre", ".expected":
		return false
	}
	return !strings.HasPrefix(filepath.Base(path), "LICENSE")
}

func TestCorpus(t *testing.T) {
	dir := corpus(t)
	read := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isText(path) {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, asked := range []string{"example.com", "google.fr", "xn--fl-fka.se"} { // whoever is asked about
			checkLaw(t, mustName(t, asked), body)
		}
		read++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile("testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	stated, wrong := 0, 0
	for l := range strings.Lines(string(list)) {
		if l = strings.TrimSpace(l); l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		parts := strings.SplitN(l, " | ", 3)
		body, err := os.ReadFile(filepath.Join(dir, parts[0]))
		if err != nil {
			t.Fatal(err)
		}
		stated++
		a := parse(mustName(t, parts[1]), body, "")
		for _, complaint := range compare(a, parts[2]) {
			t.Errorf("%s: %s", parts[0], complaint)
			wrong++
		}
	}
	if stated < 300 || read < 470 {
		t.Errorf("%d texts read, %d with stated expectations: some are missing", read, stated)
	}
	if wrong == 0 {
		t.Logf("whois corpus: %d texts read, %d with stated expectations, all agree", read, stated)
	}
}

// compare holds an answer to an expectation of testdata/corpus.txt.
func compare(a answer, want string) (complaints []string) {
	head, facts, _ := strings.Cut(want, "; ")
	got := a.outcome.String()
	if a.outcome == freehold.OutcomeAnswered {
		got = a.reg.State.String()
		if s, ok := a.reg.Statuses.Get(); ok && a.reg.State == freehold.RegistrationUnknown && len(s) == 1 && s[0] == "reserved" {
			got = "reserved"
		}
	}
	if got != head {
		return []string{fmt.Sprintf("says %s (%s), want %s", got, a.why, head)}
	}
	if facts == "" {
		return nil
	}
	for _, f := range strings.Split(facts, "; ") {
		field, want, ok := strings.Cut(f, "=")
		got := shown(a.reg, field)
		if at, err := readTime(want); err == nil && strings.Contains("created expires registrar_expires changed last_transfer", field) {
			want = at.UTC().Format(time.RFC3339Nano)
		}
		if !ok || got != want {
			complaints = append(complaints, fmt.Sprintf("%s: %q, want %q", field, got, want))
		}
	}
	return complaints
}

func readTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05-0700", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, os.ErrInvalid
}

// shown returns a fact as an expectation writes it.
func shown(r freehold.Registration, field string) string {
	text := map[string]freehold.Fact[string]{
		"registrar": r.Registrar, "iana": r.RegistrarIANAID, "url": r.RegistrarURL, "mail": r.RegistrarEmail, "phone": r.RegistrarPhone, "reseller": r.Reseller,
		"name": r.RegistrantName, "org": r.RegistrantOrg, "email": r.RegistrantEmail, "country": r.RegistrantCountry,
	}
	dates := map[string]freehold.Fact[time.Time]{
		"created": r.Created, "expires": r.Expires, "registrar_expires": r.RegistrarExpires, "changed": r.Changed, "last_transfer": r.LastTransfer,
	}
	if f, ok := text[field]; ok {
		return show(f, func(s string) string { return s })
	}
	if f, ok := dates[field]; ok {
		return show(f, func(t time.Time) string { return t.Format(time.RFC3339Nano) })
	}
	switch field {
	case "status":
		return show(r.Statuses, func(s []string) string { return strings.Join(s, " ") })
	case "ns":
		return show(r.Nameservers, func(hosts []freehold.Host) string {
			var names []string
			for _, h := range hosts {
				names = append(names, h.ASCII())
			}
			return strings.Join(names, " ")
		})
	case "dnssec":
		return show(r.DNSSEC, func(yes bool) string { return map[bool]string{true: "yes", false: "no"}[yes] })
	}
	return "no such field"
}

func show[T any](f freehold.Fact[T], value func(T) string) string {
	switch f.State {
	case freehold.Value:
		return value(f.Value)
	case freehold.Absent:
		return "-"
	case freehold.Redacted:
		return "*"
	}
	return "?"
}

func mustName(t testing.TB, s string) freehold.Name {
	t.Helper()
	n, err := freehold.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
