package desklab

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"freehold"
	"freehold/internal/flow/desk"
	"freehold/internal/lab/eppd"
	"freehold/internal/ledger"
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
	bare := bareLoop(b, w, len(ids)*transactions, len(ids)*exchanges)
	b.ReportMetric(float64(ours)/float64(bare), "ratio")
	b.ReportMetric(float64(bare)/float64(b.N), "bare-ns/op")
}

// What one case takes: leases and events to the disk, looks and the setting of the
// code at the registry.
const (
	transactions = 8
	exchanges    = 3
)

// bareLoop is so many transactions of one row, each on the disk when it returns, and
// so many questions to the registry, in turns.
func bareLoop(b *testing.B, w *World, transactions, exchanges int) time.Duration {
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	must(b, err)
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	_, err = pool.Exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, doc BLOB)")
	must(b, err)
	doc := make([]byte, 600)
	from := time.Now()
	asked := 0
	for i := range transactions {
		_, err := pool.Exec("INSERT INTO rows (doc) VALUES ($1)", doc)
		must(b, err)
		for ; asked*transactions < (i+1)*exchanges; asked++ {
			_, err := w.EPP.Look(b.Context(), Name("shop-000000.com"))
			must(b, err)
		}
	}
	return time.Since(from)
}

// BenchmarkWholeCases takes cases through all a desk does with them, one after the
// other on SQLite: opened, checked, told, approved, the code set at the registry and
// handed over, placed in the ledger, each leaf's receipt verified. It prints the ratio
// to as many bare transactions as the desk made and as many exchanges as the registry
// saw: 300 cases, 7,000 with SOAK=1.
func BenchmarkWholeCases(b *testing.B) {
	cases := 300
	if os.Getenv("SOAK") != "" {
		cases = 7000
	}
	for b.Loop() {
		var writes atomic.Int64
		w, err := Open(b.Context(), Config{DB: filepath.Join(b.TempDir(), "freehold.db"), Registry: eppd.Config{Secure: true}, Wrap: func(s desk.Store) desk.Store { return counted{s, &writes} }})
		must(b, err)
		for i := range cases {
			w.Register(fmt.Sprintf("shop-%06d.com", i))
		}
		from := time.Now()
		wholeCases(b, w, cases)
		ours := time.Since(from)
		seen := 0
		for _, n := range w.Registry.Commands() {
			seen += n
		}
		transactions := int(writes.Load())
		bare := bareLoop(b, w, transactions, seen)
		ratio := float64(ours) / float64(bare)
		b.ReportMetric(ratio, "ratio")
		fmt.Printf("desk %d whole cases in %s / %d bare transactions and %d exchanges (ratio %.2f)\n", cases, ours.Round(time.Second), transactions, seen, ratio)
		must(b, w.Close())
	}
}

func wholeCases(b *testing.B, w *World, n int) {
	ctx := b.Context()
	var ids []string
	for i := range n {
		row, err := w.Desk.Open(ctx, Request(fmt.Sprintf("shop-%06d.com", i), w.Clock.Now()), identity.Surroundings{}, "anne", freehold.ChannelPhone)
		must(b, err)
		must(b, w.Prove(ctx, row.Case.ID))
		ids = append(ids, row.Case.ID)
	}
	w.Clock.Add(25 * time.Hour)
	for _, id := range ids {
		must(b, w.Approve(ctx, id, ""))
		_, err := w.Desk.Advance(ctx, id)
		must(b, err)
		_, _, err = w.Desk.Reveal(ctx, id, "anne")
		must(b, err)
	}
	_, err := w.Sequencer().Run(ctx)
	must(b, err)
	_, signed, err := w.Store.LedgerHead(ctx)
	must(b, err)
	c, err := ledger.OpenCheckpoint(signed, Origin, w.LedgerTrust)
	must(b, err)
	for _, id := range ids {
		leaves, err := w.Store.LeavesOf(ctx, id)
		must(b, err)
		for _, l := range leaves {
			r, err := ledger.Issue(ledger.Salt(l.Salt), l.Record, l.Index, c.Tree, signed, ledger.Stored(ctx, w.Store))
			must(b, err)
			_, err = r.Verify(Origin, w.LedgerTrust)
			must(b, err)
		}
	}
}

// counted counts transactions that write.
type counted struct {
	desk.Store
	writes *atomic.Int64
}

func (c counted) WriteCase(ctx context.Context, e freehold.CaseEntry) (freehold.CaseRow, error) {
	c.writes.Add(1)
	return c.Store.WriteCase(ctx, e)
}

func (c counted) TakeLease(ctx context.Context, thing, holder string, now, until time.Time) (freehold.Lease, error) {
	c.writes.Add(1)
	return c.Store.TakeLease(ctx, thing, holder, now, until)
}

func (c counted) EndLease(ctx context.Context, l freehold.Lease) error {
	c.writes.Add(1)
	return c.Store.EndLease(ctx, l)
}

func (c counted) PutSealed(ctx context.Context, s freehold.SealedCode, fence int64) error {
	c.writes.Add(1)
	return c.Store.PutSealed(ctx, s, fence)
}
