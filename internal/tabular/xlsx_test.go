package tabular

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"freehold"
)

// made writes a workbook with a program that is not ours.
func made(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f)
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func set(t testing.TB, f *excelize.File, sheet string, cells map[string]any) {
	t.Helper()
	for ref, v := range cells {
		if err := f.SetCellValue(sheet, ref, v); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWorkbook(t *testing.T) {
	book := made(t, func(f *excelize.File) {
		set(t, f, "Sheet1", map[string]any{
			"A1": "Unsere Domains", "A3": "Domäne", "B3": "Kunde", "C3": "Ablauf", "D3": "Konto",
			"A4": " müller.ch ", "B4": "Café <du> Lac & Co", "C4": time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), "D4": 12345678,
			"A5": "b.ch", "C5": "31.12.2026", "D5": true,
			"A6": "c.ch", "A9": "d.ch", "B9": "Ende",
		})
		if err := f.MergeCell("Sheet1", "B4", "B6"); err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellFormula("Sheet1", "D6", "SUM(1,2)"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.NewSheet("Zweites"); err != nil {
			t.Fatal(err)
		}
		set(t, f, "Zweites", map[string]any{"B2": "e.ch"})
	})
	file, err := openBytes(book, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if file.Kind != "xlsx" || len(file.Sheets) != 2 || file.Sheets[1].Name != "Zweites" || file.Date1904 {
		t.Fatalf("%+v", file)
	}
	want := []string{
		"1: Unsere Domains",
		"3: Domäne|Kunde|Ablauf|Konto",
		"4: müller.ch|Café <du> Lac & Co|46387|12345678",
		"5: b.ch|Café <du> Lac & Co|31.12.2026|1",
		"6: c.ch|Café <du> Lac & Co||~", // the formula: see below
		"9: d.ch|Ende",
	}
	for range 2 {
		got := told(t, file.Sheets[0])
		var lines []string
		for _, l := range got {
			if !strings.HasSuffix(l, ": ") { // rows without cells between them
				lines = append(lines, l)
			}
		}
		want[4] = "6: c.ch|Café <du> Lac & Co|| ~ column 4 holds a formula whose result was not saved"
		if strings.Join(lines, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
	}
	if got := told(t, file.Sheets[1]); got[len(got)-1] != "2: |e.ch" {
		t.Errorf("%q", got)
	}
}

// packed makes an archive of parts as they stand.
func packed(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, body := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(body))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// raw is a workbook of one sheet, written by hand.
func raw(sheet, shared string) map[string]string {
	parts := map[string]string{
		"xl/workbook.xml":            `<x:workbook xmlns:x="m" xmlns:r="r"><x:workbookPr date1904="true"/><x:sheets><x:sheet name="S" sheetId="1" r:id="rId1"/><x:sheet name="Chart" sheetId="2" r:id="rId2"/></x:sheets></x:workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="/xl/worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://x/chartsheet" Target="c.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   sheet,
	}
	if shared != "" {
		parts["xl/sharedStrings.xml"] = shared
	}
	return parts
}

func TestWorkbookByHand(t *testing.T) {
	shared := `<x:sst><x:si><x:t>a.ch</x:t></x:si><x:si><x:r><x:t>rich </x:t></x:r><x:r><x:t>text</x:t></x:r><x:rPh><x:t>spoken</x:t></x:rPh></x:si><x:si><x:t>two_x000D_lines</x:t></x:si></x:sst>`
	for _, c := range []struct {
		name, sheet string
		want        []string
	}{
		{"kinds of cells", `<x:worksheet><x:sheetData><x:row r="2"><x:c r="A2" t="s"><x:v>0</x:v></x:c><x:c r="C2" t="s"><x:v>1</x:v></x:c><x:c t="inlineStr"><x:is><x:t>in line</x:t></x:is></x:c>` +
			`<x:c t="str"><x:f>A1&amp;"x"</x:f><x:v>made</x:v></x:c><x:c t="b"><x:v>1</x:v></x:c><x:c t="e"><x:v>#REF!</x:v></x:c><x:c><x:v>1.2345678E7</x:v></x:c><x:c><x:v>46387.5</x:v></x:c><x:c t="s"><x:v>2</x:v></x:c><x:c t="s"><x:v>99</x:v></x:c></x:row></x:sheetData></x:worksheet>`,
			[]string{"2: a.ch||rich text|in line|made|1|#REF!|12345678|46387.5|two\nlines"}},
		{"rows without numbers", `<worksheet><sheetData><row><c><v>1</v></c></row><row><c><v>2</v></c></row></sheetData></worksheet>`, []string{"1: 1", "2: 2"}},
		{"rows that go back", `<worksheet><sheetData><row r="5"><c><v>1</v></c></row><row r="3"><c><v>2</v></c></row></sheetData></worksheet>`, []string{"5: 1", "6: 2"}},
		{"too many columns", `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row></sheetData></worksheet>`, []string{"1! it has more than 1000 columns: 1"}},
		{"a merge to the side alone", `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="B2"><v>2</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells></worksheet>`, []string{"1: 1", "2: |2"}},
		{"cut off", `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2`, []string{"1: 1", `error: "f.csv" is a damaged workbook: unexpected EOF`}},
		{"an entity of its own", `<!DOCTYPE x [<!ENTITY e "boom">]><worksheet><sheetData><row r="1"><c t="str"><v>&e;</v></c></row></sheetData></worksheet>`, []string{`error: "f.csv" is a damaged workbook: XML syntax error on line 1: invalid character entity &e;`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := openBytes(packed(t, raw(c.sheet, shared)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Sheets) != 1 || !f.Date1904 {
				t.Fatalf("%+v", f)
			}
			if got := told(t, f.Sheets[0]); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestArchivesThatAreNoTable(t *testing.T) {
	for _, c := range []struct{ part, want string }{
		{"xl/workbook.bin", "binary .xlsb form"},
		{"content.xml", "OpenDocument"},
		{"word/document.xml", "text document"},
		{"Index/Document.iwa", "Numbers"},
		{"clients.csv", "an archive, not a table"},
	} {
		_, err := openBytes(packed(t, map[string]string{c.part: "x"}), Options{})
		if freehold.KindOf(err) != freehold.KindInvalid || !strings.Contains(err.Error(), c.want) || freehold.HintOf(err) == "" {
			t.Errorf("%s: %v", c.part, err)
		}
	}
	_, err := openBytes(packed(t, map[string]string{"xl/workbook.xml": "<workbook/>"}), Options{})
	if freehold.KindOf(err) != freehold.KindDamaged {
		t.Errorf("without its relations: %v", err)
	}
}

// A part made to fill memory is refused by what the archive says of it, and one
// that lies about its size by what comes out of it.
func TestZipBomb(t *testing.T) {
	parts := raw("<worksheet><sheetData>"+strings.Repeat(" ", 65<<20), "")
	_, err := openBytes(packed(t, parts), Options{})
	if freehold.KindOf(err) != freehold.KindInvalid || !strings.Contains(err.Error(), "hundreds of times") {
		t.Errorf("%v", err)
	}
	b := &bounded{ReadCloser: readCloser{strings.NewReader("0123456789")}, left: 4}
	got := make([]byte, 10)
	n, err := b.Read(got)
	if n != 4 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := b.Read(got); err != errTooLarge {
		t.Errorf("%v", err)
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// FuzzWorkbook: whatever the XML of a sheet, rows come in order and within
// bounds, or an error.
func FuzzWorkbook(f *testing.F) {
	f.Add(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData><mergeCells><mergeCell ref="A1:A9"/></mergeCells></worksheet>`, `<sst><si><t>a.ch</t></si></sst>`)
	f.Add(`<row r="-1"><c r="ZZZZ9"><v>1e999</v><is><t>x</t></is></c></row><row r="99999999">`, `<si><rPh><t></t></rPh></si>`)
	f.Fuzz(func(t *testing.T, sheet, shared string) {
		file, err := openBytes(packed(t, raw(sheet, shared)), Options{})
		if err != nil {
			return
		}
		last := 0
		for r, err := range file.Sheets[0].Rows() {
			if err != nil {
				if k := freehold.KindOf(err); k != freehold.KindDamaged {
					t.Fatalf("%d %v", k, err)
				}
				return
			}
			if r.Line <= last || len(r.Cells) > maxCells {
				t.Fatalf("%+v after %d", r, last)
			}
			last = r.Line
		}
	})
}

// BenchmarkWorkbook prints rows a second, beside the library's own reader of rows.
func BenchmarkWorkbook(b *testing.B) {
	const rows = 20_000
	book := made(b, func(f *excelize.File) {
		w, err := f.NewStreamWriter("Sheet1")
		if err != nil {
			b.Fatal(err)
		}
		for i := range rows {
			cell := fmt.Sprintf("A%d", i+1)
			if err := w.SetRow(cell, []any{fmt.Sprintf("n%07d.ch", i), "Muster AG", 46387, "Halbinsel Registrar GmbH", "yes"}); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			f, err := openBytes(book, Options{})
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for _, err := range f.Sheets[0].Rows() {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != rows {
				b.Fatal(n)
			}
		}
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("excelize", func(b *testing.B) {
		for b.Loop() {
			f, err := excelize.OpenReader(bytes.NewReader(book))
			if err != nil {
				b.Fatal(err)
			}
			all, err := f.Rows("Sheet1")
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for all.Next() {
				if _, err := all.Columns(excelize.Options{RawCellValue: true}); err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != rows {
				b.Fatal(n)
			}
			f.Close()
		}
		b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
