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
	change := regexp.MustCompile(`(?i)(UPDATE|DELETE FROM)\s+(attestations|evidence|results|zone_copies)\b`)
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

// Reading page by page is only bounded if no page needs a scan or a sort of the
// whole table.
func TestPagesUseIndexes(t *testing.T) {
	s := openSome(t, Options{})
	files, err := filepath.Glob("queries/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range strings.Split(string(b), "-- name: ")[1:] {
			name, sql, _ := strings.Cut(q, "\n")
			if !strings.HasPrefix(strings.TrimSpace(sql), "SELECT") {
				continue
			}
			n++
			rows, err := s.reader.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+argument.ReplaceAllString(sql, "1"))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for rows.Next() {
				var id, parent, unused int
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					t.Fatal(err)
				}
				fromTheEnd := strings.HasPrefix(name, "Runs ") || strings.HasPrefix(name, "LastCheckpoint ") // the newest few, along an index
				ofOneName := strings.HasPrefix(name, "OpenChallenge") || strings.HasPrefix(name, "ResultKeys") || strings.HasPrefix(name, "LatestResult")
				if strings.HasPrefix(detail, "SCAN") && !fromTheEnd || strings.Contains(detail, "ORDER BY") && !fromTheEnd && !ofOneName {
					t.Errorf("%s: %s", name, detail)
				}
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d queries looked at", n)
	}
}
