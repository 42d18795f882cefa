package report

import (
	"encoding/json"
	"html/template"
	"io"
	"strings"
	"testing"
	"time"

	"freehold"
)

// counter counts what is written.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// BenchmarkHTML renders 10,000 saved names as a page and prints its time relative
// to json.Marshal of the same results and an html/template that writes as many
// octets. "page" is what the program does: the list of all names and the sections
// of those most in need; "whole" is a section for every one of them.
func BenchmarkHTML(b *testing.B) {
	const names = 10_000
	results := []*freehold.Result{withHost(), aloneResult(), noResult(), unknownResult(), notBeforeResult()}
	for _, c := range []struct {
		name     string
		sections int
	}{{"page", maxSections}, {"whole", names}} {
		b.Run(c.name, func(b *testing.B) {
			var ours, bare time.Duration
			var octets int64
			for b.Loop() {
				start := time.Now()
				octets = renderPage(b, results, names, c.sections)
				ours += time.Since(start)
				start = time.Now()
				for i := range names {
					if _, err := json.Marshal(results[i%len(results)]); err != nil {
						b.Fatal(err)
					}
				}
				bareTemplate(b, names, octets)
				bare += time.Since(start)
			}
			b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ms-ours")
			b.ReportMetric(float64(bare.Milliseconds())/float64(b.N), "ms-json+template")
			b.ReportMetric(float64(ours)/float64(bare), "x-json+template")
			b.ReportMetric(float64(octets)/1e6, "MB")
		})
	}
}

func renderPage(b *testing.B, results []*freehold.Result, names, sections int) int64 {
	var out counter
	w := newHTML(&out, Options{}, english{})
	w.sections.limit = sections
	if err := w.Begin(testRun(names)); err != nil {
		b.Fatal(err)
	}
	var s freehold.Summary
	for i := range names {
		r := results[i%len(results)]
		s.Add(r)
		if err := w.Result(r); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.End(testRun(names), s); err != nil {
		b.Fatal(err)
	}
	return out.n
}

// bareTemplate writes a page of as many octets, a section a name and a row for
// every sixty octets in it, as a template of the standard library does.
func bareTemplate(b *testing.B, names int, octets int64) {
	tpl := template.Must(template.New("page").Parse(`{{range .}}<section><h2>{{.Name}}</h2>{{range .Rows}}<p><b>{{.Label}}</b>{{.Value}}</p>{{end}}</section>{{end}}`))
	type row struct{ Label, Value string }
	type section struct {
		Name string
		Rows []row
	}
	rows := make([]row, max(1, int(octets)/names/60))
	for i := range rows {
		rows[i] = row{"registrar", strings.Repeat("v", 37)} // sixty octets with its markup
	}
	all := make([]section, names)
	for i := range all {
		all[i] = section{"boulangerie-martel.fr", rows}
	}
	if err := tpl.Execute(io.Discard, all); err != nil {
		b.Fatal(err)
	}
}
