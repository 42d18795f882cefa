package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"freehold"
)

// told writes an input on one line: "3 name", "3 ! error (hint)", "3 ~ note".
func told(in Input) string {
	s := fmt.Sprint(in.Line)
	if !in.Name.IsZero() {
		s += " " + in.Name.Unicode()
	}
	if in.Err != nil {
		s += " ! " + in.Err.Error()
		if hint := freehold.HintOf(in.Err); hint != "" {
			s += " (" + hint + ")"
		}
	}
	if in.Note != "" {
		s += " ~ " + in.Note
	}
	return s
}

func readAll(args []string, file io.Reader) []string {
	var out []string
	for in := range ReadNames(args, file, "f") {
		out = append(out, told(in))
	}
	return out
}

func TestReadNames(t *testing.T) {
	utf16le := func(s string) string {
		b := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u), byte(u>>8))
		}
		return string(b)
	}
	utf16be := func(s string) string {
		b := []byte{0xfe, 0xff}
		for _, u := range utf16.Encode([]rune(s)) {
			b = append(b, byte(u>>8), byte(u))
		}
		return string(b)
	}
	for _, c := range []struct {
		name string
		file string
		want []string
	}{
		{"empty", "", nil},
		{"only comments", "# one\n\n   \n  # two", nil},
		{"plain list", "example.ch\n\n# ours\nExample.FR. # since 2001, in Paris\ncafé.fr\t# une fois\n", []string{"1 example.ch", "4 example.fr", "5 café.fr"}},
		{"no final line end", "a.ch\nb.ch", []string{"1 a.ch", "2 b.ch"}},
		{"CR LF", "a.ch\r\n\r\nb.ch\r\n", []string{"1 a.ch", "3 b.ch"}},
		{"CR alone", "a.ch\rb.ch\r\rc.ch", []string{"1 a.ch", "2 b.ch", "4 c.ch"}},
		{"byte order mark", "\xef\xbb\xbfa.ch\n", []string{"1 a.ch"}},
		{"UTF-16 little endian", utf16le("domain;client\r\nmüller.ch;Müller\r\n"), []string{"2 müller.ch"}},
		{"UTF-16 big endian", utf16be("müller.ch\nb.ch"), []string{"1 müller.ch", "2 b.ch"}},
		{"list with a heading", "Domain\na.ch\n", []string{"2 a.ch"}},
		{"pages and hosts", "https://www.example.ch/a?b#c\nexample.fr:8080\n//cdn.example.com/x\nuser:pass@example.net\nhttp://u:p@example.org:80/\n*.example.re\n", []string{
			`1 example.ch ~ f:1: "www.example.ch" is inside "example.ch", which is audited`,
			`2 example.fr ~ f:2: "example.fr:8080" is taken as "example.fr"`,
			`3 example.com ~ f:3: "cdn.example.com" is inside "example.com", which is audited`,
			`4 ! f:4: "user:pass@example.net" is not a domain name: it is a mail address (give the part after the @)`,
			`5 example.org ~ f:5: "http://u:p@example.org:80/" is taken as "example.org"`,
			`6 example.re ~ f:6: "*.example.re" is inside "example.re", which is audited`,
		}},
		{"twice", "example.ch\nwww.example.ch\nEXAMPLE.CH\nb.ch\n", []string{"1 example.ch", `2 ~ f:2: "example.ch" was given before`, `3 ~ f:3: "example.ch" was given before`, "4 b.ch"}},
		{"wrong ones", "localhost\nco.uk\n192.0.2.1\nanna@example.ch\n2.0\nexample..ch\n" + strings.Repeat("a", 64) + ".ch\nрaypal.com\nok.ch\n", []string{
			`1 ! f:1: "localhost" is not a domain: it has no dot`,
			`2 ! f:2: "co.uk" is a public suffix, not a domain one can register`,
			`3 ! f:3: "192.0.2.1" is not a domain name: it is an IP address (give the domain name that points there)`,
			`4 ! f:4: "anna@example.ch" is not a domain name: it is a mail address (give the part after the @)`,
			`5 ! f:5: "2.0" is not a domain: its last part is a number`,
			`6 ! f:6: "example..ch" is not a domain name: it has an empty label`,
			`7 ! f:7: "` + strings.Repeat("a", 64) + `.ch" is not a domain name: a label is longer than 63 octets`,
			`8 ! f:8: "рaypal.com" is not a domain name: the label "рaypal" mixes scripts, as look-alike names do (if it is really meant, write it in its xn-- form)`,
			"9 ok.ch",
		}},
		{"Latin-1", "example.ch\nm\xfcller.ch\n\"Z\xfcrich\";b.ch\n", []string{
			"1 example.ch",
			"2 ! f:2: \"m\uFFFDller.ch\" is not a domain name: it is not UTF-8 text (if \"müller.ch\" is meant, save the file as UTF-8 or write \"xn--mller-kva.ch\")",
			"3 b.ch",
		}},
		{"CSV with a heading", "Kunde;Ort;Domain\nMuster AG;St.Gallen;example.ch\n\"Meier; Söhne\";\"5\"\" Rohr\";\"www.example.fr\"\nClient #1;Bern;b.ch\nohne;Bern;\n", []string{
			"2 example.ch",
			`3 example.fr ~ f:3: "www.example.fr" is inside "example.fr", which is audited`,
			"4 b.ch",
			"5 ~ f:5: there is no domain in this line",
		}},
		{"the surest heading wins", "Name,URL,Nom de domaine\nx.com,https://y.com/,z.com\n", []string{"2 z.com"}},
		{"tabs", "id\tdomain_name\n1\ta.ch\n", []string{"2 a.ch"}},
		{"a spreadsheet's mark", "sep=;\nKunde;Domains\nA, B;a.ch\n", []string{"3 a.ch"}},
		{"CSV without a heading", "1,Muster AG,example.ch,info@example.ch\n2,St.Gallen,b.ch,\n3,1.5,c.ch\n", []string{"1 example.ch", "2 b.ch", "3 c.ch"}},
		{"an unknown heading", "Kundin,Adresse im Netz\nA,a.ch\n", []string{"1 ~ f:1: taken for a heading: there is no domain in it", "2 a.ch"}},
		{"a wrong name in a CSV", "A,m\xfcller.ch\nB,nichts\nC,St.Gallen\nD,b.ch\n", []string{
			"1 ! f:1: \"m\uFFFDller.ch\" is not a domain name: it is not UTF-8 text (if \"müller.ch\" is meant, save the file as UTF-8 or write \"xn--mller-kva.ch\")",
			`2 ! f:2: there is no domain in "B, nichts" (head the column of the domains "domain")`,
			`3 ! f:3: "St.Gallen" is not a domain: no such top-level domain (if it is meant, head its column "domain")`,
			"4 b.ch",
		}},
		{"a short row", "Kunde;Domain\nb.ch\nnur ein Feld\n", []string{"2 b.ch", `3 ! f:3: "nur ein Feld" is not a domain name: it holds a character that no domain name has`}},
		{"a field over lines", "Kunde,Adresse,Domain\nA,\"Weg 1\r\n3000 Bern\",a.ch\nB,x,b.ch\n", []string{"2 a.ch", "4 b.ch"}},
		{"a quotation mark never closed", "A,\"Rohr,a.ch\nb.ch\nC,c.ch\n", []string{`1 ! f:1: "Rohr,a.ch" is not a domain name: it holds a character that no domain name has`, "2 b.ch", "3 c.ch"}},
		{"a comment with commas", "a.ch # one, two; three\n# b.ch\n", []string{"1 a.ch"}},
		{"a line too long", "a.ch\nhttps://b.ch/" + strings.Repeat("x", maxLine) + "\nc.ch\n", []string{"1 a.ch", `2 ! f:2: the line is longer than 64 KiB (write one name a line)`, "3 c.ch"}},
		{"terminal escapes", "\x1b[31ma.ch\n", []string{"1 ! f:1: \"\uFFFD[31ma.ch\" is not a domain name: it holds control characters"}},
		{"a spreadsheet", "PK\x03\x04\n\n", []string{"0 ! f: it is a spreadsheet or an archive, not text (save the sheet as CSV)"}},
		{"no text", "a\x00b\n", []string{"0 ! f: it is not text (one name a line, or a CSV, in UTF-8)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{"whole": strings.NewReader(c.file), "one octet at a time": iotest.OneByteReader(strings.NewReader(c.file))} {
				got := readAll(nil, r)
				for i := range max(len(got), len(c.want)) {
					if i >= len(got) || i >= len(c.want) || got[i] != c.want[i] {
						t.Fatalf("%s:\n got %q\nwant %q", how, got, c.want)
					}
				}
			}
		})
	}
}

func TestReadNamesOfTheCommandLine(t *testing.T) {
	got := readAll([]string{"example.ch", "www.example.ch", "", "#b.ch", "c.ch,d.ch"}, strings.NewReader("example.ch\nb.ch\n"))
	want := []string{
		"1 example.ch",
		`2 ~ "example.ch" was given before`,
		`3 ! "" is not a domain name: it is empty`,
		`4 ! "#b.ch" is not a domain one can register: a label may hold letters, digits and hyphens only`,
		`5 ! "c.ch,d.ch" is not a domain name: it holds a character that no domain name has`,
		`1 ~ f:1: "example.ch" was given before`,
		"2 b.ch",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if got := readAll([]string{"a.ch"}, nil); len(got) != 1 {
		t.Errorf("without a file: %q", got)
	}
}

func TestReadFailure(t *testing.T) {
	file := io.MultiReader(strings.NewReader("a.ch\nb.ch\n"), iotest.ErrReader(errors.New("input/output error")))
	got := readAll(nil, file)
	if want := []string{"1 a.ch", "2 b.ch", "3 ! f:3: cannot be read any further: input/output error"}; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
	for in := range ReadNames(nil, strings.NewReader("\x00"), "-") {
		if !strings.HasPrefix(in.Err.Error(), "standard input: ") {
			t.Errorf("got %v", in.Err)
		}
	}
}

// TestStop: who stops reading leaves the rest of the file alone.
func TestStop(t *testing.T) {
	for range ReadNames([]string{"a.ch"}, iotest.ErrReader(errors.New("was read")), "f") {
		break
	}
	n := 0
	for in := range ReadNames(nil, strings.NewReader("a.ch\nb.ch\nc.ch\n"), "f") {
		if n++; in.Line == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d inputs before the stop", n)
	}
}

// TestStreaming reads a long file whose size is never held: what remains is a
// hash for each name.
func TestStreaming(t *testing.T) {
	const names = 150_000
	r, w := io.Pipe()
	go func() {
		line := bytes.Repeat([]byte(" "), 200)
		for i := range names {
			copy(line, fmt.Sprintf("n%07d.ch # ", i))
			line[len(line)-1] = '\n'
			if _, err := w.Write(line); err != nil {
				return
			}
		}
		w.Close()
	}()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, n, most := heap(), 0, uint64(0)
	for in := range ReadNames(nil, r, "f") {
		if in.Err != nil || in.Line != n+1 {
			t.Fatal(told(in))
		}
		if n++; n%50_000 == 0 {
			most = max(most, heap())
		}
	}
	if n != names {
		t.Errorf("%d names", n)
	}
	if grown := int64(most) - int64(before); grown > 8<<20 {
		t.Errorf("%d KiB for %d names of %d KiB", grown>>10, names, names*200>>10)
	}
}

// checkInput holds an input to what must be true of any.
func checkInput(t *testing.T, in Input) {
	t.Helper()
	if in.Err != nil && (!in.Name.IsZero() || freehold.KindOf(in.Err) != freehold.KindInvalid) || in.Err == nil && in.Name.IsZero() && in.Note == "" {
		t.Fatalf("%+v", in)
	}
	if utf8.RuneCountInString(in.Asked) > maxAsked || in.Asked != freehold.OneLine(in.Asked) || in.Note != freehold.OneLine(in.Note) || !utf8.ValidString(in.Asked+in.Note) {
		t.Fatalf("asked %q, note %q", in.Asked, in.Note)
	}
	// What was wrong is wrong when it is read again from the store, and a name stays itself.
	if again := ParseInput(in.Asked); in.Err != nil && again.Err == nil {
		t.Fatalf("%q is wrong (%v) and then %q", in.Asked, in.Err, again.Name)
	}
	if in.Err == nil && !in.Name.IsZero() {
		if again := ParseInput(in.Name.ASCII()); again.Name != in.Name || again.Note != "" || again.Err != nil {
			t.Fatalf("%q is %+v when read again", in.Name, again)
		}
	}
}

func FuzzReadNames(f *testing.F) {
	for _, s := range []string{"a.ch\r\nb.ch # x\n", "Domain;Kunde\n\"a.ch\";\"x\n\"\n", "\xff\xfea\x00.\x00c\x00h\x00", "sep=\t\na.ch\tb", "https://u@a.ch:1/#\n*.b.ch", "m\xfcller.ch,…\n", "\"\n\"\n\",", "0.A,\n", "https://a.gallen/,1\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		names, last := map[freehold.Name]bool{}, 0
		for in := range ReadNames(nil, bytes.NewReader(file), "f") {
			if in.Asked != "" || in.Line > 0 { // all but a file that is no text
				checkInput(t, in)
			}
			if in.Line < last || names[in.Name] {
				t.Fatalf("%+v after line %d", in, last)
			}
			if last = in.Line; !in.Name.IsZero() {
				names[in.Name] = true
			}
		}
	})
}

func FuzzParseInput(f *testing.F) {
	for _, s := range []string{"example.ch", "https://www.example.ch/x", "a.ch:80", "//a.ch", "a@b.ch", "x://", strings.Repeat("a.", 200) + "ch", "\u2026a.ch", "1.2.3.4/8", "[::1]:80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkInput(t, ParseInput(s)) })
}
