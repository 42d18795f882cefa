package tabular

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"freehold"
)

// openBytes opens a file that is held.
func openBytes(b []byte, o Options) (*File, error) {
	return Open("f.csv", bytes.NewReader(b), int64(len(b)), o)
}

// told writes rows on one line each: "3: a|b", "4! problem: a".
func told(t *testing.T, s *Sheet) []string {
	t.Helper()
	var out []string
	for r, err := range s.Rows() {
		if err != nil {
			return append(out, "error: "+err.Error())
		}
		line := fmt.Sprintf("%d: %s", r.Line, strings.Join(r.Cells, "|"))
		if !r.Problem.IsZero() {
			line = fmt.Sprintf("%d! %s: %s", r.Line, r.Problem, strings.Join(r.Cells, "|"))
		}
		for _, n := range r.Notes {
			line += " ~ " + n.String()
		}
		out = append(out, line)
	}
	return out
}

func wide(s string, little bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if little {
			b = append(b, byte(u), byte(u>>8))
		} else {
			b = append(b, byte(u>>8), byte(u))
		}
	}
	return string(b)
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		name, file string
		kind       string // "encoding separator", "?" where it is guessed
		want       []string
	}{
		{"commas", "Domain,Kunde\na.ch,A\n", "utf-8 ,", []string{"1: Domain|Kunde", "2: a.ch|A"}},
		{"semicolons win over commas in words", "Domain;Kunde\na.ch;Muster, Meier\nb.ch;Huber, Frey\n", "utf-8 ;", []string{"1: Domain|Kunde", "2: a.ch|Muster, Meier", "3: b.ch|Huber, Frey"}},
		{"tabs", "a.ch\tA, B; C\nb.ch\tD\n", "utf-8 \t", []string{"1: a.ch|A, B; C", "2: b.ch|D"}},
		{"bars", "a.ch|A\nb.ch|B", "utf-8 |", []string{"1: a.ch|A", "2: b.ch|B"}},
		{"one column", "a.ch\n\nb.ch", "utf-8 ", []string{"1: a.ch", "2: ", "3: b.ch"}},
		{"a spreadsheet's mark", "sep=;\nDomain;Kunde\na.ch;A,B\n", "utf-8 ;", []string{"2: Domain|Kunde", "3: a.ch|A,B"}},
		{"CR LF and blanks", " a.ch , A \r\nb.ch,B\r\n", "utf-8 ,", []string{"1: a.ch|A", "2: b.ch|B"}},
		{"CR alone", "a.ch,A\rb.ch,B\r", "utf-8 ,", []string{"1: a.ch|A", "2: b.ch|B"}},
		{"quotes", "\"a.ch\",\"say \"\"hi\"\", x\"\n\"b.ch\" ,5\" tube\n", "utf-8 ,", []string{`1: a.ch|say "hi", x`, `2: b.ch|5" tube`}},
		{"a cell over lines", "a.ch,\"Weg 1\r\n3000 Bern\"\nb.ch,x\n", "utf-8 ,", []string{"1: a.ch|Weg 1\n3000 Bern", "3: b.ch|x"}},
		{"a quotation mark never closed", "a.ch,A\nb.ch,\"B\nc.ch,C\nd.ch,D\n", "utf-8 ,", []string{"1: a.ch|A", `2! a quotation mark in it is never closed: b.ch|B`, "3: c.ch|C", "4: d.ch|D"}},
		{"a quotation mark closed in another row", "b.ch,\"B\nc.ch,\"C\"\nd.ch,D\n", "utf-8 ,", []string{`1! a quotation mark in it is never closed: b.ch|B`, "2: c.ch|C", "3: d.ch|D"}},
		{"mark of UTF-8", "\xef\xbb\xbfDomäne,Kunde\nmüller.ch,A\n", "utf-8 ,", []string{"1: Domäne|Kunde", "2: müller.ch|A"}},
		{"Windows-1252", "Dom\xe4ne;Stra\xdfe \x80\nm\xfcller.ch;x\n", "windows-1252? ;", []string{"1: Domäne|Straße €", "2: müller.ch|x"}},
		{"UTF-16 little endian", "\xff\xfe" + wide("müller.ch\tA\r\nb.ch\tB\r\n", true), "utf-16le \t", []string{"1: müller.ch|A", "2: b.ch|B"}},
		{"UTF-16 big endian", "\xfe\xff" + wide("müller.ch;A\nb.ch;B", false), "utf-16be ;", []string{"1: müller.ch|A", "2: b.ch|B"}},
		{"UTF-16 without a mark", wide("muller.ch;A\nb.ch;B", true), "utf-16le? ;", []string{"1: muller.ch|A", "2: b.ch|B"}},
		{"UTF-8 with a wound", "müller.ch,A\ncafé.fr,é\nb.ch,\xff\nüé.ch,ä", "utf-8 ,", []string{"1: müller.ch|A", "2: café.fr|é", "3: b.ch|\uFFFD", "4: üé.ch|ä"}},
		{"no-break spaces and marks without width", "\u00a0a.ch\u200b,\ufeffA\u202f\n", "utf-8 ,", []string{"1: a.ch|A"}},
		{"a NUL in a row", "a.ch,A\n" + strings.Repeat("x.ch,X\n", 20_000) + "b\x00.ch,B\n", "utf-8 ,", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := openBytes([]byte(c.file), Options{})
			if err != nil {
				t.Fatal(err)
			}
			kind := f.Encoding
			if f.Guessed {
				kind += "?"
			}
			if kind += " " + f.Separator; kind != c.kind || f.Kind != "text" || f.Size != int64(len(c.file)) {
				t.Errorf("kind %q, want %q", kind, c.kind)
			}
			for range 2 { // it reads as often as asked
				if got := told(t, f.Sheets[0]); c.want != nil && strings.Join(got, "\n") != strings.Join(c.want, "\n") {
					t.Errorf("got %q\nwant %q", got, c.want)
				}
			}
		})
	}
}

func TestEncodingSaidByTheUser(t *testing.T) {
	f, err := openBytes([]byte("domaine;n\nch\x89teau.fr;1\n"), Options{Encoding: "CP850"})
	if err != nil {
		t.Fatal(err)
	}
	if got := told(t, f.Sheets[0]); got[1] != "2: chëteau.fr|1" || f.Guessed {
		t.Errorf("%q", got)
	}
	if _, err := openBytes([]byte("a.ch"), Options{Encoding: "ebcdic"}); freehold.KindOf(err) != freehold.KindUsage || !strings.Contains(freehold.HintOf(err), "cp850") {
		t.Errorf("%v", err)
	}
}

func TestNoTable(t *testing.T) {
	encrypted := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 1000) + wide("EncryptedPackage", true)
	for _, c := range []struct{ name, file, want, hint string }{
		{"empty", "", `"f.csv" is empty`, ""},
		{"PDF", "%PDF-1.7\n…", `"f.csv" is a PDF, whatever its name says`, "XLSX or CSV"},
		{"password", encrypted, `"f.csv" is protected by a password`, "take the password away"},
		{"old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 1000), `"f.csv" is a spreadsheet in the old .xls form`, "save it as XLSX or CSV"},
		{"gzip", "\x1f\x8b\x08", `"f.csv" is packed`, "unpack"},
		{"web page named .xls", "\ufeff \r\n<HTML><table>", `"f.csv" is a web page`, "XLSX or CSV"},
		{"XML", "<?xml version=\"1.0\"?>", `"f.csv" is XML`, "XLSX or CSV"},
		{"JSON", `[{"domain":"a.ch"}]`, `"f.csv" is JSON, not a table`, "CSV"},
		{"picture", "\x89PNG\r\n", `"f.csv" is a picture`, "CSV"},
		{"octets", "a\x00\x01\x02\x00\xff\x00", `"f.csv" is not text`, "CSV, TSV or XLSX"},
		{"a Mac's or DOS's letters", "domaine\nch\x89teau.fr\n", `"f.csv" is in an encoding that cannot be told from its octets`, "--encoding"},
		{"broken archive", "PK\x03\x04nonsense", `"f.csv" is a broken spreadsheet or archive`, "copied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openBytes([]byte(c.file), Options{})
			if err == nil || err.Error() != c.want || !strings.Contains(freehold.HintOf(err), c.hint) || freehold.KindOf(err) != freehold.KindInvalid {
				t.Errorf("%v, hint %q", err, freehold.HintOf(err))
			}
		})
	}
}

// A row is bounded, and so is what is read to find its end.
func TestLongRows(t *testing.T) {
	file := "a.ch," + strings.Repeat("x", maxRecord) + "\nb.ch,B\n" + strings.Repeat("c,", maxCells+5) + "\nd.ch,D\n"
	f, err := openBytes([]byte(file), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := told(t, f.Sheets[0])
	if len(got) != 4 || got[0] != "1! the row is longer than 1024 KiB: " || got[1] != "2: b.ch|B" || !strings.HasPrefix(got[2], "3! it has more than 1000 columns") || got[3] != "4: d.ch|D" {
		t.Errorf("%.200q", got)
	}
}

type failing struct{ at int64 }

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.at {
		return 0, errors.New("input/output error")
	}
	for i := range p {
		p[i] = "a.ch,A\n"[(off+int64(i))%7]
	}
	return len(p), nil
}

func TestReadFailure(t *testing.T) {
	_, err := Open("f.csv", failing{1 << 20}, 4<<20, Options{})
	if freehold.KindOf(err) != freehold.KindUnavailable || !strings.Contains(err.Error(), "input/output error") {
		t.Errorf("%v", err)
	}
}

// endless is a file of a size that nobody holds.
type endless struct{ size int64 }

func (e endless) ReadAt(p []byte, off int64) (int, error) {
	const row = "n0000000.ch;client number one\r\n"
	for i := range p {
		if off+int64(i) >= e.size {
			return i, io.EOF
		}
		p[i] = row[(off+int64(i))%int64(len(row))]
	}
	return len(p), nil
}

// TestMemory: what is held does not grow with the file.
func TestMemory(t *testing.T) {
	const size = 31 << 18
	f, err := Open("f.csv", endless{size}, size, Options{})
	if err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, rows := heap(), 0
	for _, err := range f.Sheets[0].Rows() {
		if err != nil {
			t.Fatal(err)
		}
		if rows++; rows == 250_000 {
			if grown := int64(heap()) - int64(before); grown > 1<<20 {
				t.Errorf("%d KiB held after %d rows", grown>>10, rows)
			}
		}
	}
	if rows != size/31 {
		t.Errorf("%d rows", rows)
	}
}

// FuzzText: whatever the octets, every line of them is in exactly one row, and
// reading again gives the same.
func FuzzText(f *testing.F) {
	for _, s := range []string{"a,b\nc,\"d\n\"\n", "\"\n\"x\n,\"\"\"", "sep=;\na;b", "\xff\xfea\x00,\x00", "m\xfc,é\r\r\n", "a\tb|c;d,e\n#\n", "\"a\"b\",\n\"c\n\nd\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := openBytes(b, Options{})
		if err != nil {
			if freehold.KindOf(err) != freehold.KindInvalid {
				t.Fatal(err)
			}
			return
		}
		for _, sheet := range file.Sheets {
			last := 0
			first := told(t, sheet)
			for r, err := range sheet.Rows() {
				if err != nil {
					return
				}
				if r.Line <= last {
					t.Fatalf("row %d after %d", r.Line, last)
				}
				last = r.Line
				if len(r.Cells) > maxCells {
					t.Fatal("too many cells")
				}
			}
			if again := told(t, sheet); strings.Join(first, "\n") != strings.Join(again, "\n") {
				t.Fatalf("%q, then %q", first, again)
			}
		}
	})
}

// FuzzSplit: a row written with quotation marks reads back as its cells.
func FuzzSplit(f *testing.F) {
	f.Add(uint64(1), "a,b", "\"x\"\n", ";")
	f.Fuzz(func(t *testing.T, seed uint64, a, b, c string) {
		random := rand.New(rand.NewPCG(seed, 0))
		separator := separators[random.IntN(len(separators))]
		var want, quoted []string
		for _, cell := range []string{a, b, c} {
			want = append(want, clean(cell))
			quoted = append(quoted, `"`+strings.ReplaceAll(cell, `"`, `""`)+`"`)
		}
		got, state := split(strings.Join(quoted, string(separator)), separator)
		if state != quoteNone || strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Fatalf("%q, want %q (%d)", got, want, state)
		}
	})
}
