package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"freehold"
	"freehold/internal/storetest/sample"
)

// BenchmarkManyCases compares what the queue of all open cases (desk list) and one
// case (desk show) cost in a store with 10,000 cases and in one with 1,000,000
// (SOAK=1; else 100,000). In both, 300 are open: a desk's work does not grow with
// its past. It prints the ratios of the fastest rounds.
func BenchmarkManyCases(b *testing.B) {
	const few, open = 10_000, 300
	many := 100_000
	if os.Getenv("SOAK") != "" {
		many = 1_000_000
	}
	for b.Loop() {
		var list, show [2]time.Duration
		stores := [2]*Store{manyCases(b, few, open), manyCases(b, many, open)}
		for range 15 {
			for i, s := range stores {
				fastest(&list[i], func() {
					n := 0
					for _, err := range s.Queue(b.Context(), freehold.CaseOpen, freehold.CaseReleasing, freehold.CaseSet, freehold.CaseRevealed) {
						if err != nil {
							b.Fatal(err)
						}
						n++
					}
					if n != open {
						b.Fatalf("%d are open", n)
					}
				})
				fastest(&show[i], func() {
					for k := range 50 {
						if _, err := s.Case(b.Context(), fmt.Sprintf("open-%03d", k*open/50)); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
		fmt.Printf("desk list at %d cases / at %d, %d open ratio %.2f\n", many, few, open, float64(list[1])/float64(list[0]))
		fmt.Printf("desk show at %d cases / at %d ratio %.2f\n", many, few, float64(show[1])/float64(show[0]))
	}
}

func fastest(best *time.Duration, f func()) {
	from := time.Now()
	f()
	if took := time.Since(from); *best == 0 || took < *best {
		*best = took
	}
}

// manyCases makes a store with that many cases. The open ones are written as any; the
// past is put in by SQL, with as many events of the same size.
func manyCases(b *testing.B, all, open int) *Store {
	b.Helper()
	path := filepath.Join(b.TempDir(), "freehold.db")
	s, err := Open(b.Context(), path, Options{AutoMigrate: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	for i := range open {
		someCase(b, s, fmt.Sprintf("open-%03d", i))
	}
	past := fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", all-open)
	pool := beside(b, "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	change(b, pool, "INSERT INTO cases (id, name, act, state, version, risk, opened, deadline, next) "+past+
		fmt.Sprintf("SELECT printf('past-%%07d', i), printf('shop-%%07d.fr', i), 'code', 'done', 2, 0, %d, %d, 0 FROM n", micros(sample.Start), micros(sample.Start.AddDate(0, 0, 5))))
	change(b, pool, "INSERT INTO case_events (case_id, seq, at, kind, doc, chain) "+past+
		"SELECT printf('past-%07d', i), e.seq, e.at, e.kind, e.doc, e.chain FROM n, case_events AS e WHERE e.case_id = 'open-000'")
	change(b, pool, "ANALYZE")
	return s
}
