package identity

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const threatModel = "../../docs/threat-model.md"

// TestThreatModel: the tables of docs/threat-model.md are what the tests play.
// UPDATE_GOLDEN=1 writes them.
func TestThreatModel(t *testing.T) {
	kept, err := os.ReadFile(threatModel)
	if err != nil {
		t.Fatal(err)
	}
	made := between(t, between(t, string(kept), "attacks", attackTable()), "honest", honestTable(t))
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(threatModel, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if made != string(kept) {
		t.Error("docs/threat-model.md is not what the tests play: UPDATE_GOLDEN=1 go test ./verify/identity -run ThreatModel")
	}
}

// between replaces what stands between a mark and the next end.
func between(t *testing.T, page, mark, table string) string {
	t.Helper()
	head, rest, ok := strings.Cut(page, "<!-- "+mark+" -->\n")
	_, tail, closed := strings.Cut(rest, "<!-- end -->")
	if !ok || !closed {
		t.Fatalf("%s has no place for %s", threatModel, mark)
	}
	return head + "<!-- " + mark + " -->\n" + table + "<!-- end -->" + tail
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func attackTable() string {
	var b strings.Builder
	b.WriteString("| | who | does | what stops it | it says |\n|---|---|---|---|---|\n")
	for i, a := range attacks {
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", i+1, cell(a.who), cell(a.how), cell(a.rule), cell("“…"+a.by+"…”"))
	}
	return b.String()
}

func honestTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| | who | has | name | profile | act | done after |\n|---|---|---|---|---|---|---|\n")
	for i, h := range honestPeople {
		w := open(t, h.at)
		h.go_(w)
		at, err := w.released()
		if err != nil {
			t.Fatalf("%s: %v", h.has, err)
		}
		fmt.Fprintf(&b, "| %d | %s | %s | .%s | %s | %s | %.1f days |\n", i+1, cell(h.who), cell(h.has), w.c.Name.TLD(), h.at.profile, w.c.Act, at.Sub(monday).Hours()/24)
	}
	return b.String()
}
