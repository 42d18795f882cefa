package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"freehold"
)

func TestPageGolden(t *testing.T) {
	labelled := aloneResult()
	labelled.Client, labelled.Tags = "Anne Martel", []string{"shop", "2026"}
	portfolio := []*freehold.Result{withHost(), labelled, notBeforeResult(), noResult(), unknownResult(), invalidResult(), deadResult(), hostileResult()}
	for _, lang := range Langs {
		golden(t, "page-"+lang+".html.golden", broken(write(t, FormatHTML, Options{Lang: lang, Saved: database}, portfolio...)))
		golden(t, "report-"+lang+".md.golden", write(t, FormatMD, Options{Lang: lang}, portfolio...))
		golden(t, "card-"+lang+".html.golden", broken(writeCards(t, FormatHTML, Options{Lang: lang}, withHost(), deadResult())))
		golden(t, "card-"+lang+".md.golden", writeCards(t, FormatMD, Options{Lang: lang}, withHost(), deadResult()))
		golden(t, "dates-"+lang+".ics.golden", writeCalendar(t, Options{Lang: lang}, portfolio...))
	}
	golden(t, "page-one.html.golden", broken(write(t, FormatHTML, Options{}, unknownResult())))
	golden(t, "page-none.html.golden", broken(write(t, FormatHTML, Options{})))
	golden(t, "report.csv.golden", write(t, FormatCSV, Options{}, portfolio...))
}

// broken takes style and script out of a page and breaks it into lines, so that
// a difference can be read.
func broken(page string) string {
	for _, cut := range []struct{ from, to string }{{"<style>", "</style>"}, {"<script>", "</script>"}, {"style-src ", "; "}, {"script-src ", "; "}} {
		if before, rest, ok := strings.Cut(page, cut.from); ok {
			_, after, _ := strings.Cut(rest, cut.to)
			page = before + cut.from + cut.to + after
		}
	}
	for _, tag := range []string{"<section", "<li", "<tr", "<p", "<h2", "<h3", "<h4", "<a class=\"layer", "<a class=\"holder", "<figure", "<details", "<article", "<dt"} {
		page = strings.ReplaceAll(page, tag, "\n"+tag)
	}
	return page
}

func writeCalendar(t *testing.T, o Options, results ...*freehold.Result) string {
	t.Helper()
	var out strings.Builder
	w, err := NewCalendar(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	return tell(t, w, &out, results...)
}

// TestNothingBecomesMarkup: fixed is made of constants only. A conversion would
// let data through.
func TestNothingBecomesMarkup(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	conversions := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				if id, ok := c.Fun.(*ast.Ident); ok && id.Name == "fixed" {
					if _, constant := constant(c.Args[0]); !constant {
						conversions++
						t.Logf("%s", fset.Position(c.Pos()))
					}
				}
			}
			return true
		})
	}
	if conversions != 1 {
		t.Errorf("%d conversions to fixed, want one: that of a digest", conversions)
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		`<a href="x">'&`:              "&lt;a href=&#34;x&#34;&gt;&#39;&amp;",
		"a\x00\x1b[31m\x7f\u009bb":    "a\ufffd\ufffd[31m\ufffd\ufffdb",
		"\u202eevil\u2066\u200f":      "\ufffdevil\ufffd\ufffd",
		"\xff\xc3(":                   "\ufffd\ufffd(",
		"line\r\nbreak\t.":            "line  break .",
		"\ue001\ue003x\ue004\ue002":   "\ufffd\ufffdx\ufffd\ufffd",
		"é 例え مثال 🌳":                 "é 例え مثال 🌳",
		"freehold\ue000show\ue000a.b": "freehold show a.b",
	} {
		if got := string(appendEscaped(nil, in, false)); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	if got := string(appendEscaped(nil, "run \ue003a <b>\ue004 for \ue001é\ue002", true)); got != "run <code>a &lt;b&gt;</code> for <bdi>é</bdi>" {
		t.Errorf("marks became %q", got)
	}
}

// FuzzEscape holds its law: what a browser reads back is the text, hostile
// characters replaced, and nothing in it begins a tag or ends an attribute.
func FuzzEscape(f *testing.F) {
	f.Add(`<script>"'&amp;`)
	f.Add("\ue001\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		got := string(appendEscaped(nil, s, false))
		if strings.ContainsAny(got, "<>\"'\x00\n") || !utf8.ValidString(got) {
			t.Fatalf("%q became %q", s, got)
		}
		back := html.UnescapeString(got)
		want := strings.Map(func(r rune) rune {
			if string(r) == hardSpace {
				return ' '
			}
			if rep, special := special(r, utf8.RuneLen(r), false); special && r >= 0xa0 {
				return []rune(rep)[0]
			}
			return r
		}, freehold.OneLine(s))
		runs := regexp.MustCompile("\ufffd+") // OneLine says a run of bad octets once
		back, want = runs.ReplaceAllString(back, "\ufffd"), runs.ReplaceAllString(want, "\ufffd")
		if back != want {
			t.Fatalf("%q reads back as %q, want %q", s, back, want)
		}
	})
}

// FuzzMarkdown: no line begins, no tag opens and no code span is left open,
// whatever the text.
func FuzzMarkdown(f *testing.F) {
	f.Add("<img> `x` [a](javascript:b) | *c*")
	f.Add("\ue003`\ue004\ue003")
	f.Fuzz(func(t *testing.T, s string) {
		got := string(appendMarkdown(nil, freehold.OneLine(s)))
		if strings.ContainsAny(got, "\n\r\x00\x1b") || !strings.Contains(s, string(markCommand)) && strings.ContainsAny(got, "<>") {
			t.Fatalf("%q became %q", s, got)
		}
		plain := strings.NewReplacer("\\\\", "", "\\`", "").Replace(got)
		if strings.Count(plain, "`")%2 != 0 {
			t.Fatalf("%q leaves code open: %q", s, got)
		}
	})
}

func TestSpreadsheetSafe(t *testing.T) {
	for in, want := range map[string]string{
		"=1+1": "'=1+1", "+33 1 02": "'+33 1 02", "-2": "'-2", "@SUM(A1)": "'@SUM(A1)", "  =1": "'  =1", "\t=1": "' =1", "＝1": "'＝1", "\ufeff=1": "'\ufeff=1",
		"a=1": "a=1", "": "", "'x": "'x", "é": "é", "x\r\n=1": "x  =1",
	} {
		if got := spreadsheetSafe(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	if got := spreadsheetSafe(strings.Repeat("é", 40_000)); utf8.RuneCountInString(got) != maxCell+1 {
		t.Errorf("a long cell has %d characters", utf8.RuneCountInString(got))
	}
}

// TestCSV: rows of one width, whatever is in them, and the words of the states.
func TestCSV(t *testing.T) {
	out := write(t, FormatCSV, Options{BOM: true}, allResults()...)
	if !strings.HasPrefix(out, "\ufeffname,unicode,") || !strings.Contains(out, "\r\n") {
		t.Errorf("the file begins %q", out[:20])
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(allResults())+1 {
		t.Errorf("%d rows", len(rows))
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	first := rows[1]
	for name, want := range map[string]string{
		"reseller": "(absent)", "registrant_name": "(redacted)", "registrar_expires": "(unknown)", "expires": "2027-05-03", "account": "(unknown)", "can_leave": "with_host", "critical": "1",
	} {
		if got := first[column(name)]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, r := range rows[1:] {
		if r[column("status")] == "failed" && r[column("can_leave")] != "" {
			t.Errorf("%s failed and has the verdict %q", r[0], r[column("can_leave")])
		}
		for _, cell := range r {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("a spreadsheet would compute %q", cell)
			}
		}
	}
	// Why a name failed, and who left it partial, is in the language.
	for lang, want := range map[string][2]string{
		"en": {"no source answered", "rdap.galets-bleus.fr asked us to slow down, and did not answer"},
		"fr": {"aucune source n’a répondu sur «\u202ftout-mort.net\u202f»\u202f: rdap.registry.example n’a pas répondu à temps", "rdap.galets-bleus.fr nous a demandé de ralentir et n’a pas répondu"},
		"de": {"keine Quelle gab Auskunft über „tout-mort.net“: rdap.registry.example antwortete nicht rechtzeitig", "rdap.galets-bleus.fr bat uns um langsamere Anfragen und antwortete nicht"},
	} {
		failed := deadResult()
		failed.Reasons = []freehold.Text{freehold.T("no source answered about %q", "tout-mort.net"), freehold.T("%s %m", "rdap.registry.example", "did not answer in time")}
		rows, err := csv.NewReader(strings.NewReader(write(t, FormatCSV, Options{Lang: lang}, failed, withHost()))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range want {
			if got := rows[i+1][column("error")]; got != want {
				t.Errorf("%s: the error is %q, want %q", lang, got, want)
			}
		}
	}
	if plain := write(t, FormatCSV, Options{}); strings.HasPrefix(plain, "\ufeff") || strings.Count(plain, "\r\n") != 1 {
		t.Errorf("without results: %q", plain)
	}
}

// TestCalendarShape holds what RFC 5545 demands of every line and event.
func TestCalendarShape(t *testing.T) {
	long := simple("xn--"+strings.Repeat("a", 50)+".com", "Société; avec, tout \\ "+strings.Repeat("é", 200), freehold.Verdict{})
	long.Name = domain("nom-long.com")
	far := aloneResult()
	far.Observed.Registration.Expires = freehold.Known(time.Date(123456, 1, 1, 0, 0, 0, 0, time.UTC))
	out := writeCalendar(t, Options{Lang: "fr"}, append(allResults(), long, far)...)
	if !strings.HasPrefix(out, "BEGIN:VCALENDAR\r\n") || !strings.HasSuffix(out, "\r\nEND:VCALENDAR\r\n") {
		t.Errorf("not a calendar: %q", out)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") || !utf8.ValidString(line) {
			t.Errorf("line of %d octets: %q", len(line), line)
		}
	}
	unfolded := strings.ReplaceAll(out, "\r\n ", "")
	if !strings.Contains(unfolded, `Société\; avec\, tout \\ `+strings.Repeat("é", 200)) {
		t.Error("a text is not escaped or not whole")
	}
	uids := map[string]bool{}
	for line := range strings.SplitSeq(unfolded, "\r\n") {
		if uid, ok := strings.CutPrefix(line, "UID:"); ok {
			if uids[uid] {
				t.Errorf("%s twice", uid)
			}
			uids[uid] = true
		}
	}
	if len(uids) == 0 || len(uids) != strings.Count(unfolded, "BEGIN:VEVENT") || strings.Count(unfolded, "DTSTART;VALUE=DATE:") != len(uids) {
		t.Errorf("%d identifiers", len(uids))
	}
	if again := writeCalendar(t, Options{Lang: "fr"}, append(allResults(), long, far)...); again != out {
		t.Error("the same run makes another calendar")
	}
}

func TestFoldKeepsText(t *testing.T) {
	for n := range 160 {
		line := strings.Repeat("é", n) + "x"
		var b bytes.Buffer
		fold(&b, line)
		if got := strings.ReplaceAll(strings.TrimSuffix(b.String(), "\r\n"), "\r\n ", ""); got != line {
			t.Fatalf("%d: %q", n, got)
		}
	}
}

// TestTasks: by severity, then what has a date near, then the number of names.
func TestTasks(t *testing.T) {
	f := newPortfolio(newPrinter(&bytes.Buffer{}, Options{Unicode: true}, freehold.English{}))
	f.now = testNow
	find := func(rule string, s freehold.Severity, due time.Time) freehold.Finding {
		why := freehold.T("test: seen")
		if !due.IsZero() {
			why = freehold.T("test: it was transferred on %t", due)
		}
		return freehold.Finding{Rule: rule, Severity: s, Title: freehold.T("test: " + rule), Why: why}
	}
	add := func(name string, findings ...freehold.Finding) {
		r := simple(name, "Colline Registrar Inc.", freehold.Verdict{CanLeave: freehold.LeaveAlone})
		r.Findings = findings
		f.add(r, urgencyOf(r, f.holders[0].names))
	}
	soon, late, past := testNow.AddDate(0, 0, 10), testNow.AddDate(0, 0, 90), testNow.AddDate(0, 0, -1)
	add("a.com", find("many", freehold.SeverityWarning, time.Time{}), find("soon", freehold.SeverityWarning, late), find("info", freehold.SeverityInfo, soon))
	add("b.com", find("many", freehold.SeverityWarning, past), find("soon", freehold.SeverityWarning, soon), find("few", freehold.SeverityWarning, late))
	add("c.com", find("many", freehold.SeverityWarning, time.Time{}), find("grave", freehold.SeverityCritical, time.Time{}))
	var got []string
	for _, task := range f.tasks() {
		got = append(got, fmt.Sprint(task.rule, " ", task.names))
	}
	if want := []string{"grave 1", "soon 2", "many 3", "few 1"}; !slices.Equal(got, want) {
		t.Errorf("the tasks are %v, want %v", got, want)
	}
	if task := f.tasks()[1]; !task.due.Equal(soon) || task.first[0].name != "b.com" {
		t.Errorf("due %v, first %v", task.due, task.first)
	}
}

func TestConcentration(t *testing.T) {
	var h holding
	h.count = map[string]int{}
	p := newPrinter(&bytes.Buffer{}, Options{Unicode: true}, freehold.English{})
	add := func(holder string, standing freehold.Standing) {
		c := freehold.Claim{Layer: freehold.LayerDNS, Holder: holder, Standing: standing}
		h.add(p, &c, partiesOf(&freehold.Result{}, &c))
	}
	add("a.net", freehold.StandingObserved)
	add("a.net, b.net", freehold.StandingObserved)
	add("Foo, Inc.", freehold.StandingClaimed)
	add("", freehold.StandingObserved)
	add("", freehold.StandingUnknown)
	all, parties := h.shares()
	got := fmt.Sprint(all, parties, h.names)
	if want := fmt.Sprint([]share{{"a.net", 2, shareParty}, {"Foo, Inc.", 1, shareParty}, {"b.net", 1, shareParty}, {"", 1, shareNone}, {"", 1, shareUnknown}}, 3, 5); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for i := range maxHolders + 10 {
		add(fmt.Sprintf("n%d.net", i), freehold.StandingObserved)
	}
	if len(h.count) != maxHolders || h.beyond != 13 {
		t.Errorf("%d parties kept, %d names beyond", len(h.count), h.beyond)
	}
	all, parties = h.shares()
	rest := all[topHolders]
	if rest.kind != shareRest || parties != maxHolders || rest.names != maxHolders-topHolders+h.beyond {
		t.Errorf("the rest is %+v of %d", rest, parties)
	}
}

// TestMost: whatever the order of arrival, the most urgent are kept, in order.
func TestMost(t *testing.T) {
	m := most[urgency]{limit: 10}
	for i := range 1000 {
		n := (i * 7919) % 1000
		u := urgency{grade: n / 10, seq: n}
		if wanted := m.wants(u); !wanted {
			continue
		}
		m.keep(u)
	}
	for i, u := range m.sorted() {
		if u.grade != 99 || u.seq != 990+i {
			t.Errorf("place %d is %+v", i, u)
		}
	}
}

// TestSpool: pieces come back as they went in, in any order, from memory and
// from the file; the file is gone at the end.
func TestSpool(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var s spool
	var at []int64
	for i := range 300 {
		pos, err := s.add(bytes.Repeat([]byte{byte(i)}, 10_000))
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, pos)
	}
	if s.file == nil || len(s.buf) > spoolMemory {
		t.Fatal("nothing went to the file")
	}
	for _, i := range []int{299, 0, 150, 104, 105} {
		var out bytes.Buffer
		if err := s.copy(&out, at[i], 10_000); err != nil || !bytes.Equal(out.Bytes(), bytes.Repeat([]byte{byte(i)}, 10_000)) {
			t.Errorf("piece %d: %v", i, err)
		}
	}
	s.close()
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	var failing spool
	if _, err := failing.add(make([]byte, spoolMemory)); err == nil {
		t.Error("a spool without a folder did not say so")
	}
}

// TestPageIsBounded: of many names a page has the most urgent rows and sections,
// and says what it left out.
func TestPageIsBounded(t *testing.T) {
	var out bytes.Buffer
	w := newHTML(&out, Options{}, freehold.English{})
	w.rows.limit, w.sections.limit = 50, 20
	if err := w.Begin(testRun(200)); err != nil {
		t.Fatal(err)
	}
	var s freehold.Summary
	for i := range 200 {
		r := simple(fmt.Sprintf("verger-%03d.com", i), "Colline Registrar Inc.", freehold.Verdict{CanLeave: freehold.LeaveAlone})
		if i == 190 {
			r.Findings = noResult().Findings
		}
		s.Add(r)
		if err := w.Result(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(testRun(200), s); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	if rows, sections := strings.Count(page, "<tr data-verdict"), strings.Count(page, `<section class="name"`); rows != 50 || sections != 20 {
		t.Errorf("%d rows, %d sections", rows, sections)
	}
	if !strings.Contains(page, "This page lists the 50 names most in need; 150 more") || !strings.Contains(page, "The 20 most in need are told in full") {
		t.Error("it does not say what it left out")
	}
	if !strings.Contains(page, `<section class="name" id="n191"><details class="fold" open>`) {
		t.Error("the one with something to do has no open section")
	}
	if n := strings.Count(page, `class="fold" open`); n != 1 {
		t.Errorf("%d sections are open, want 1", n)
	}
}

// TestFailedRuns: what was learnt is told, with the error.
func TestFailedRuns(t *testing.T) {
	bad := &freehold.Error{Kind: freehold.KindFull, Msg: `no space left for "<b>"`, Hint: "make room"}
	for _, format := range []string{FormatHTML, FormatMD, FormatCSV} {
		for _, begun := range []bool{false, true} {
			var out strings.Builder
			w, err := New(format, &out, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if begun {
				if err := errors.Join(w.Begin(testRun(2)), w.Result(withHost())); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Fail(bad); err != nil {
				t.Fatal(err)
			}
			if begun && !strings.Contains(out.String(), "boulangerie-martel.fr") || strings.Contains(out.String(), "<b>") {
				t.Errorf("%s: %s", format, out.String())
			}
			if format == FormatHTML && (!strings.Contains(out.String(), "no space left for &#34;&lt;b&gt;&#34;") || !strings.HasSuffix(out.String(), "</html>\n")) {
				t.Errorf("the page does not say the error: %s", out.String())
			}
		}
	}
	for _, w := range []func() (Writer, *strings.Builder){
		func() (Writer, *strings.Builder) {
			var b strings.Builder
			w, _ := NewCalendar(&b, Options{})
			return w, &b
		},
		func() (Writer, *strings.Builder) {
			var b strings.Builder
			w, _ := NewCards(FormatHTML, &b, Options{})
			return w, &b
		},
	} {
		w, out := w()
		if err := w.Fail(bad); err != nil || !strings.Contains(out.String(), "END:VCALENDAR") && !strings.HasSuffix(out.String(), "</html>\n") {
			t.Errorf("%v: %s", err, out.String())
		}
	}
	if _, err := NewCards(FormatJSON, &bytes.Buffer{}, Options{}); freehold.KindOf(err) != freehold.KindInvalid || freehold.HintOf(err) == "" {
		t.Errorf("a card as JSON: %v", err)
	}
}

// TestPageIsPlain: a page reaches nowhere and runs nothing but its own script.
func TestPageIsPlain(t *testing.T) {
	page := write(t, FormatHTML, Options{}, allResults()...)
	for _, bad := range []string{"http-equiv=\"refresh", " style=\"", " onclick", " src=", "url(", "@import", "href=\"http", "href=\"javascript"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if !strings.Contains(page, "default-src 'none'; style-src 'sha256-") || !strings.Contains(page, "script-src 'sha256-") || strings.Contains(page, "unsafe-inline") {
		t.Error("the policy is not strict")
	}
}
