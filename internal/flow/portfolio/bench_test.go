package portfolio

import (
	"fmt"
	"strings"
	"testing"

	"freehold/internal/tabular"
)

// BenchmarkImport prints rows a second of an import into memory, and of the bare
// reading of the same table.
func BenchmarkImport(b *testing.B) {
	const rows = 20_000
	var file strings.Builder
	file.WriteString("Domain;Client;Registrar;Expires;Tags\n")
	for i := range rows {
		fmt.Fprintf(&file, "n%07d.ch;Client %d;Halbinsel Registrar GmbH;%02d/%02d/2027;shop\n", i, i%500, 1+i%28, 1+i%12)
	}
	b.Run("import", func(b *testing.B) {
		for b.Loop() {
			var k kept
			if s, err := k.take(Options{}, source("f.csv", file.String())); err != nil || s.Rows != rows+1 {
				b.Fatal(s, err)
			}
		}
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("bare reading", func(b *testing.B) {
		for b.Loop() {
			f, err := tabular.Open("f.csv", strings.NewReader(file.String()), int64(file.Len()), tabular.Options{})
			if err != nil {
				b.Fatal(err)
			}
			for _, err := range f.Sheets[0].Rows() {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
