// Package threats keeps the tables of docs/threat-model.md to the attacks that tests
// play, wherever those are.
package threats

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// An Attack is one row: who does what, what stops it, and what the program says there.
type Attack struct{ Who, Does, Stops, Says string }

// Hold holds the table under a mark of the page to the attacks; UPDATE_GOLDEN=1 writes
// it.
func Hold(t *testing.T, page, mark string, attacks []Attack) {
	t.Helper()
	kept, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, opened := strings.Cut(string(kept), "<!-- "+mark+" -->\n")
	_, tail, closed := strings.Cut(rest, "<!-- end -->")
	if !opened || !closed {
		t.Fatalf("%s has no place for %s", page, mark)
	}
	made := head + "<!-- " + mark + " -->\n" + table(attacks) + "<!-- end -->" + tail
	switch {
	case made == string(kept):
	case os.Getenv("UPDATE_GOLDEN") != "":
		if err := os.WriteFile(page, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table %q of %s is not what the tests play: UPDATE_GOLDEN=1 writes it", mark, page)
	}
}

func table(attacks []Attack) string {
	var b strings.Builder
	b.WriteString("| | who | does | what stops it | it says |\n|---|---|---|---|---|\n")
	cell := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
	for i, a := range attacks {
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", i+1, cell(a.Who), cell(a.Does), cell(a.Stops), cell("“…"+a.Says+"…”"))
	}
	return b.String()
}
