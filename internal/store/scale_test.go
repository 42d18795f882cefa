package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

// A run is read with memory that does not grow with it.
func TestResultsStreamInBoundedMemory(t *testing.T) {
	names := 1000
	if os.Getenv("SOAK") != "" {
		names = 100_000
	}
	const each = 24 << 10 // octets of each result, so that the smaller run is 24 MB
	s := open(t, filepath.Join(t.TempDir(), "freehold.db"))
	run := sample.Run(0)
	must(t, s.BeginRun(t.Context(), run))
	text := string(make([]byte, each/6)) // a NUL takes six octets in JSON
	for from := 0; from < names; from += 500 {
		var batch []store.Saved
		for i := from; i < from+500; i++ {
			name := fmt.Sprintf("name-%d.fr", i)
			batch = append(batch, store.Saved{Result: &freehold.Result{Asked: name, Name: sample.Name(name), Error: text}})
		}
		must(t, s.Save(t.Context(), run.ID, batch))
	}
	before := heap()
	var highest uint64
	n := 0
	for r, err := range s.Results(t.Context(), run.ID) {
		must(t, err)
		if r.Asked != fmt.Sprintf("name-%d.fr", n) {
			t.Fatalf("result %d is for %q", n, r.Asked)
		}
		if n++; n%250 == 0 {
			highest = max(highest, heap())
		}
	}
	if grown := int64(highest) - int64(before); n != names || grown > 4<<20 {
		t.Errorf("%d results of %d, and %d octets held of %d", n, names, grown, names*each)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkSave saves plausible results, 50 in a transaction.
func BenchmarkSave(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			s := open(b, e.dsn(b))
			run := sample.Run(0)
			must(b, s.BeginRun(b.Context(), run))
			n := 0
			for b.Loop() {
				var batch []store.Saved
				for range 50 {
					n++
					result, evidence := sample.Audited(fmt.Sprintf("name-%d.fr", n), run.Started)
					batch = append(batch, store.Saved{Result: result, Evidence: evidence})
				}
				must(b, s.Save(b.Context(), run.ID, batch))
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "names/s")
		})
	}
}

func BenchmarkResults(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			s := open(b, e.dsn(b))
			run := sample.Run(0)
			var batch []store.Saved
			for i := range 1000 {
				result, _ := sample.Audited(fmt.Sprintf("name-%d.fr", i), run.Started)
				batch = append(batch, store.Saved{Result: result})
			}
			must(b, errors.Join(s.BeginRun(b.Context(), run), s.Save(b.Context(), run.ID, batch)))
			for b.Loop() {
				for _, err := range s.Results(context.Background(), run.ID) {
					must(b, err)
				}
			}
			b.ReportMetric(float64(b.N*1000)/b.Elapsed().Seconds(), "names/s")
		})
	}
}
