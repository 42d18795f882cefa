package rules

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"freehold"
	vt "freehold/verify/verifytest"
)

// TestMain draws the same cases in every run; "go test -rapid.seed=N" draws others.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.seed": "20261125", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	flag.Parse()
	os.Exit(m.Run())
}

// TestAnyMixture: whatever is observed together, each rule speaks at most once,
// with evidence, in whole sentences without a line or an escape of others, no
// graver than it says it can be, and says the same again.
func TestAnyMixture(t *testing.T) { rapid.Check(t, anyMixture) }

// FuzzMixture looks for what the drawn cases above did not meet.
func FuzzMixture(f *testing.F) { f.Fuzz(rapid.MakeFuzz(anyMixture)) }

func anyMixture(t *rapid.T) {
	var edits []edit
	for range rapid.IntRange(0, 8).Draw(t, "edits") {
		scene := rapid.IntRange(0, len(scenes)-1).Draw(t, "scene")
		edits = append(edits, scenes[scene].edits...)
	}
	if rapid.Bool().Draw(t, "hostile") {
		edits = append(edits, vt.Registrar("\x1b[2J%s\nEvil"), vt.Reseller("%[9]m"), vt.Mailbox("@"), vt.Says("account", "\u202eme"))
	}
	name := rapid.SampledFrom([]string{"savon.com", "savon.fr", "savon.eu", "savon.de", "rhodanum-web.ch"}).Draw(t, "name")
	c := caseOf(vt.Seen(name, edits...))
	found := Apply(*c)
	for i, f := range found {
		rule, ok := Find(f.Rule)
		if !ok || f.Severity > rule.Severity || len(f.Evidence) == 0 || slices.Contains(f.Evidence, "") {
			t.Fatalf("%+v", f)
		}
		for _, text := range []freehold.Text{f.Title, f.Why, f.Remedy} {
			if s := text.String(); s == "" || strings.ContainsAny(s, "\x1b\n\u202e") {
				t.Fatalf("%s: %q", f.Rule, s)
			}
		}
		if slices.ContainsFunc(found[:i], func(g freehold.Finding) bool { return g.Rule == f.Rule }) {
			t.Fatalf("%s speaks twice", f.Rule)
		}
	}
	if again := Apply(*c); fmt.Sprint(again) != fmt.Sprint(found) {
		t.Fatal("asked twice, told two things")
	}
}
