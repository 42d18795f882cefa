package desklab

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"freehold"
	"freehold/internal/lab/eppd"
	"freehold/verify/identity"
)

// BenchmarkRelease compares what a case costs from its approval to the sealed code in
// somebody's hands with the bare cost of what cannot be spared: as many transactions
// that are on the disk when they return, and as many exchanges with the registry. It
// prints the ratio.
func BenchmarkRelease(b *testing.B) {
	w, err := Open(b.Context(), Config{DB: filepath.Join(b.TempDir(), "freehold.db"), Registry: eppd.Config{Secure: true}})
	must(b, err)
	defer w.Close()
	var ids []string
	for i := range b.N {
		name := fmt.Sprintf("shop-%06d.com", i)
		w.Register(name)
		row, err := w.Desk.Open(b.Context(), Request(name, w.Clock.Now()), identity.Surroundings{}, "anne", freehold.ChannelPhone)
		must(b, err)
		must(b, w.Prove(b.Context(), row.Case.ID))
		ids = append(ids, row.Case.ID)
	}
	w.Clock.Add(25 * time.Hour)
	for _, id := range ids {
		must(b, w.Approve(b.Context(), id, ""))
	}
	b.ResetTimer()
	from := time.Now()
	for _, id := range ids {
		_, err := w.Desk.Advance(b.Context(), id)
		must(b, err)
		_, _, err = w.Desk.Reveal(b.Context(), id, "anne")
		must(b, err)
	}
	ours := time.Since(from)
	b.StopTimer()
	bare := bareCost(b, w, len(ids))
	b.ReportMetric(float64(ours)/float64(bare), "ratio")
	b.ReportMetric(float64(bare)/float64(b.N), "bare-ns/op")
}

// What one case takes: leases and events to the disk, looks and the setting of the
// code at the registry.
const (
	transactions = 8
	exchanges    = 3
)

func bareCost(b *testing.B, w *World, cases int) time.Duration {
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	must(b, err)
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	_, err = pool.Exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, doc BLOB)")
	must(b, err)
	doc := make([]byte, 600)
	from := time.Now()
	for range cases {
		for range transactions {
			_, err := pool.Exec("INSERT INTO rows (doc) VALUES ($1)", doc)
			must(b, err)
		}
		for range exchanges {
			_, err := w.EPP.Look(b.Context(), Name("shop-000000.com"))
			must(b, err)
		}
	}
	return time.Since(from)
}
