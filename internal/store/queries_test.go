package store

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestQueriesAreGenerated holds the generated code against the queries it was
// made from ("make generate" makes it anew): each stands in it word for word,
// but for the names of arguments, and there is no other.
func TestQueriesAreGenerated(t *testing.T) {
	files, err := filepath.Glob("db/*.sql.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no generated code", err)
	}
	var generated strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		generated.WriteString(plain(string(b)))
	}
	queries, err := filepath.Glob("queries/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range queries {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range strings.Split(string(b), "-- name: ")[1:] {
			n++
			if want := plain("-- name: " + strings.TrimRight(strings.TrimSpace(q), ";")); !strings.Contains(generated.String(), want) {
				t.Errorf("%s: the generated code lacks\n%s", f, q)
			}
		}
	}
	if made := strings.Count(generated.String(), "-- name: "); made != n {
		t.Errorf("%d queries are generated, %d are written", made, n)
	}
}

var argument = regexp.MustCompile(`sqlc\.arg\(\w+\)|\$\d+`)

func plain(sql string) string {
	return strings.Join(strings.Fields(argument.ReplaceAllString(sql, "$")), " ")
}

// What people said, and what was seen, is added to and never changed.
func TestRecordsAreOnlyAdded(t *testing.T) {
	files, err := filepath.Glob("queries/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no queries", err)
	}
	change := regexp.MustCompile(`(?i)(UPDATE|DELETE FROM)\s+(attestations|evidence|results)\b`)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if found := change.FindString(string(b)); found != "" {
			t.Errorf("%s: %s", f, found)
		}
	}
}
