package report

import (
	"encoding/json"
	"io"
	"testing"
	"time"

	"freehold"
)

// BenchmarkJSONL writes 10,000 names as JSON lines and prints its time relative
// to encoding/json on the same results as they are.
func BenchmarkJSONL(b *testing.B) {
	const names = 10_000
	r := withHost()
	var ours, bare time.Duration
	for b.Loop() {
		w, err := New(FormatJSONL, io.Discard, Options{})
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		for range names {
			if err := w.Result(r); err != nil {
				b.Fatal(err)
			}
		}
		ours += time.Since(start)
		start = time.Now()
		for range names {
			if _, err := json.Marshal(r); err != nil {
				b.Fatal(err)
			}
		}
		bare += time.Since(start)
	}
	b.ReportMetric(float64(ours)/float64(bare), "x-json.Marshal")
	b.ReportMetric(float64(names*b.N)/ours.Seconds(), "names/s")
}

// BenchmarkList writes 10,000 names as a table.
func BenchmarkList(b *testing.B) {
	const names = 10_000
	r := withHost()
	for b.Loop() {
		w, err := New(FormatTable, io.Discard, Options{Unicode: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Begin(freehold.Run{Names: names}); err != nil {
			b.Fatal(err)
		}
		for range names {
			if err := w.Result(r); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(names*b.N)/b.Elapsed().Seconds(), "names/s")
}
