package report

import (
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"freehold"
)

var update = flag.Bool("update", os.Getenv("UPDATE_GOLDEN") != "", "write the golden files anew")

const database = "~/.local/share/freehold/freehold.db"

func TestScreenGolden(t *testing.T) {
	for file, o := range map[string]Options{
		"screen-en-80":    {Width: 80, Unicode: true},
		"screen-fr-80":    {Width: 80, Unicode: true, Lang: "fr"},
		"screen-de-80":    {Width: 80, Unicode: true, Lang: "de"},
		"screen-en-200":   {Width: 200, Unicode: true},
		"screen-fr-200":   {Width: 200, Unicode: true, Lang: "fr"},
		"screen-en-color": {Width: 80, Unicode: true, Color: true},
		"screen-fr-ascii": {Width: 80, Lang: "fr"},
	} {
		o.Saved = database
		golden(t, file+".golden", write(t, FormatTable, o, withHost()))
	}
}

// TestEveryVerdictGolden has one screen of each verdict and each way to fail.
func TestEveryVerdictGolden(t *testing.T) {
	for _, lang := range Langs {
		var b strings.Builder
		for _, r := range []*freehold.Result{aloneResult(), notBeforeResult(), noResult(), unknownResult(), notRegisteredResult(), invalidResult(), deadResult()} {
			b.WriteString(write(t, FormatTable, Options{Lang: lang, Unicode: true}, r))
			b.WriteString(strings.Repeat("=", 80) + "\n")
		}
		golden(t, "verdicts-"+lang+".golden", b.String())
	}
}

func TestListGolden(t *testing.T) {
	for file, o := range map[string]Options{
		"list-en-60":    {Width: 60, Unicode: true},
		"list-en-80":    {Width: 80, Unicode: true},
		"list-en-120":   {Width: 120, Unicode: true},
		"list-en-200":   {Width: 200, Unicode: true},
		"list-fr-80":    {Width: 80, Unicode: true, Lang: "fr"},
		"list-de-80":    {Width: 80, Unicode: true, Lang: "de"},
		"list-en-color": {Width: 80, Unicode: true, Color: true},
		"list-en-ascii": {Width: 80},
	} {
		o.Saved = database
		golden(t, file+".golden", write(t, FormatTable, o, allResults()...))
	}
}

func testEvidence() []freehold.Evidence {
	return []freehold.Evidence{
		{Kind: freehold.EvidenceRDAP, Source: "https://rdap.registry.example/domain/boulangerie-martel.fr", Query: "boulangerie-martel.fr", Time: testNow, Status: "200", MediaType: "application/rdap+json", Body: []byte("{}"), Notes: []string{"the date of last change has no zone: taken as UTC"}},
		{Kind: freehold.EvidenceDNS, Source: "dns://192.0.2.53:53", Query: "boulangerie-martel.fr SOA", Time: testNow, Status: "NOERROR", Body: []byte{1, 2, 3}},
	}
}

// shown is withHost with the evidence that it cites first and third at hand.
func shown() (*freehold.Result, []freehold.Evidence) {
	evidence := testEvidence()
	r := withHost()
	id := evidence[0].ID()
	r.Observed.Registration = withHostRegistration(id)
	r.Control = withHostControl(id, ev("b"))
	r.Verdict = withHostVerdict(id, ev("b"))
	r.Findings = withHostFindings(id, ev("b"))
	r.Observed.DNS = withHostDNS(evidence[1].ID())
	return r, evidence
}

func TestShowGolden(t *testing.T) {
	r, evidence := shown()
	for file, o := range map[string]Options{
		"show-en-80":  {Width: 80, Unicode: true},
		"show-fr-120": {Width: 120, Unicode: true, Lang: "fr"},
		"show-de-80":  {Width: 80, Unicode: true, Lang: "de"},
	} {
		o.Saved = database
		var b strings.Builder
		if err := Show(FormatTable, &b, o, testRun(1), r, evidence); err != nil {
			t.Fatal(err)
		}
		golden(t, file+".golden", b.String())
	}
	var b strings.Builder
	if err := Show(FormatJSON, &b, Options{}, testRun(1), r, evidence); err != nil {
		t.Fatal(err)
	}
	golden(t, "show.json.golden", b.String())
}

func seq[T any](all ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func historyEntries() []HistoryEntry {
	before := withHost()
	before.At = on(2026, 9, 1)
	before.Observed.Registration.Registrar = freehold.Known("Vieux Bureau SARL", ev("a"))
	before.Observed.Registration.Reseller = freehold.NotKnown[string]("throttled")
	before.Verdict.CanLeave = freehold.LeaveAlone
	before.Control = withHostControl(ev("a"), ev("b"))
	before.Control[1].Holder = "Vieux Bureau SARL"
	dead := withHost()
	dead.Status, dead.At, dead.Observed.Registration = freehold.StatusFailed, on(2026, 10, 1), freehold.Registration{}
	same := withHost()
	same.Observed.Registration.Nameservers = freehold.Known([]freehold.Host{host("ns2.galets-bleus.fr"), host("ns1.galets-bleus.fr")}, ev("a"))
	return []HistoryEntry{{"20260901T120000Z-000001", before}, {"20261001T120000Z-000002", dead}, {"20261125T090000Z-3f9a2c", withHost()}, {"20261125T100000Z-3f9a2d", same}}
}

func TestHistoryGolden(t *testing.T) {
	for file, o := range map[string]Options{"history-en-80": {Unicode: true}, "history-fr-80": {Unicode: true, Lang: "fr"}} {
		var b strings.Builder
		if err := History(FormatTable, &b, o, domain("boulangerie-martel.fr"), seq(historyEntries()...)); err != nil {
			t.Fatal(err)
		}
		golden(t, file+".golden", b.String())
	}
	var b strings.Builder
	if err := History(FormatJSON, &b, Options{}, domain("boulangerie-martel.fr"), seq(historyEntries()...)); err != nil {
		t.Fatal(err)
	}
	golden(t, "history.json.golden", b.String())
}

// TestChangesKeepToWhatIsKnown: what was not learnt once has not changed.
func TestChangesKeepToWhatIsKnown(t *testing.T) {
	a, b := withHost(), withHost()
	if c := Changes(a, b); len(c) != 0 {
		t.Errorf("the same audit changed: %v", c)
	}
	b.Observed.Registration = freehold.Registration{}
	b.Observed.DNS = freehold.DNSFacts{}
	b.Control = nil
	if c := Changes(a, b); len(c) != 0 {
		t.Errorf("a silent registry changed: %v", c)
	}
	b = withHost()
	b.Observed.Registration.Reseller = freehold.Known("Revendeur X", ev("a"))
	if c := Changes(a, b); len(c) != 1 || c[0] != (Change{"registration.reseller", "", "Revendeur X"}) {
		t.Errorf("a new reseller is %v", c)
	}
	b = withHost()
	b.Observed.Registration.DNSSEC = freehold.Known(true, ev("a"))
	if c := Changes(a, b); len(c) != 1 || c[0] != (Change{"registration.dnssec", "", "true"}) {
		t.Errorf("a new DS is %v", c)
	}
}

func TestCatalogues(t *testing.T) {
	rules := []RuleInfo{
		{ID: "registrar-is-host", Severity: freehold.SeverityWarning, Title: freehold.T("test: registrar and host are one company"), Citation: "design §7", Since: "0.1"},
		{ID: "redemption", Severity: freehold.SeverityCritical, Title: freehold.T("test: the name is about to be deleted")},
	}
	said := freehold.Attestations{
		{Name: domain("boulangerie-martel.fr"), Subject: "account", Value: "me", By: "Anne", At: on(2026, 11, 1), Proven: true, Evidence: ev("d")},
		{Name: domain("café-lumière.com"), Subject: "payer", Value: "host", By: "Anne", At: on(2025, 11, 1)},
	}
	var b strings.Builder
	for _, format := range []string{FormatTable, FormatJSON} {
		o := Options{Unicode: true, Now: testNow}
		if err := Rules(format, &b, o, rules); err != nil {
			t.Fatal(err)
		}
		if err := Attestations(format, &b, o, seq(said...)); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "catalogues.golden", b.String())
}

// TestTablesKeepTheirPlace: at every width and in every language no line is
// wider than the terminal, and nothing from outside reaches it unharmed.
func TestTablesKeepTheirPlace(t *testing.T) {
	for _, lang := range Langs {
		for _, width := range []int{60, 70, 79, 80, 100, 110, 149, 150, 159, 160, 200, 500} {
			for _, uni := range []bool{true, false} {
				o := Options{Lang: lang, Width: width, Unicode: uni, Saved: database}
				var pages []string
				for _, r := range allResults() {
					pages = append(pages, write(t, FormatTable, o, r))
				}
				pages = append(pages, write(t, FormatTable, o, allResults()...))
				var b strings.Builder
				if err := Show(FormatTable, &b, o, testRun(1), hostileResult(), testEvidence()); err != nil {
					t.Fatal(err)
				}
				for _, page := range append(pages, b.String()) {
					checkPage(t, page, o)
				}
			}
		}
	}
}

func checkPage(t *testing.T, page string, o Options) {
	t.Helper()
	if !utf8.ValidString(page) {
		t.Fatalf("%+v: not UTF-8", o)
	}
	for l := range strings.Lines(page) {
		l = strings.TrimSuffix(l, "\n")
		if freehold.OneLine(l) != l {
			t.Fatalf("%+v: %q moves the terminal", o, l)
		}
		if w := cells(l); w > min(o.Width, maxWidth) && strings.Contains(l, " ") && !strings.Contains(l, "freehold") {
			t.Errorf("%+v: %d cells in %q", o, w, l)
		}
		if strings.TrimRight(l, " ") != l {
			t.Errorf("%+v: spaces at the end of %q", o, l)
		}
		for _, r := range l {
			if !o.Unicode && r >= 0x80 {
				t.Fatalf("%+v: %q is not ASCII", o, l)
			}
		}
	}
}

// TestScreenIsOneScreen: however much there is to tell, one name fits a screen,
// and nothing grave is dropped from it without saying so.
func TestScreenIsOneScreen(t *testing.T) {
	r := withHost()
	for i := range 30 {
		r.Findings = append(r.Findings, freehold.Finding{Rule: fmt.Sprintf("rule-%d", i), Severity: freehold.SeverityWarning, Title: freehold.T("test: %s", strings.Repeat("word ", 20)), Remedy: freehold.T("test: %s", strings.Repeat("act ", 60))})
		r.Verdict.Conditions = append(r.Verdict.Conditions, freehold.Condition{What: freehold.T("test: %s", strings.Repeat("works ", 20))})
		r.Verdict.Why = append(r.Verdict.Why, freehold.Reason{Text: freehold.T("test: %s", strings.Repeat("since ", 30))})
		r.Observed.Registration.Asks = append(r.Observed.Registration.Asks, freehold.Ask{Source: fmt.Sprintf("https://rdap%d.example/", i), Outcome: freehold.OutcomeTimeout})
	}
	for _, lang := range Langs {
		out := write(t, FormatTable, Options{Lang: lang, Unicode: true, Saved: database}, r)
		if n := strings.Count(out, "\n"); n > 50 {
			t.Errorf("%s: %d lines:\n%s", lang, n, out)
		}
		if !strings.Contains(out, "32") || strings.Count(out, "30") < 2 {
			t.Errorf("%s does not say how much it leaves out:\n%s", lang, out)
		}
	}
}

// TestWithoutColorTheSame: colour adds codes and nothing else.
func TestWithoutColorTheSame(t *testing.T) {
	strip := strings.NewReplacer("\x1b[0m", "", "\x1b[1m", "", "\x1b[2m", "", "\x1b[1;31m", "", "\x1b[1;32m", "", "\x1b[1;33m", "")
	for _, results := range [][]*freehold.Result{allResults(), {withHost()}, {deadResult()}} {
		o := Options{Unicode: true}
		want := write(t, FormatTable, o, results...)
		o.Color = true
		got := write(t, FormatTable, o, results...)
		if got == want {
			t.Error("no colour where it is allowed")
		}
		if got = strip.Replace(got); got != want {
			t.Errorf("with colour the text is another:\n%s\nand without:\n%s", got, want)
		}
	}
}

// TestUnknownCount: names read from a stream are not counted beforehand; one
// still is a screen, and several a list with none missing.
func TestUnknownCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 names", 1: "Can it leave today", 2: "2 names"} {
		var b strings.Builder
		w, err := New(FormatTable, &b, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var s freehold.Summary
		err = w.Begin(testRun(0))
		for _, r := range []*freehold.Result{aloneResult(), noResult()}[:n] {
			s.Add(r)
			if e := w.Result(r); e != nil {
				err = e
			}
		}
		if e := w.End(testRun(0), s); e != nil || err != nil {
			t.Fatal(err, e)
		}
		if !strings.Contains(b.String(), want) || n > 0 && !strings.Contains(b.String(), "atelier-roselin.com") {
			t.Errorf("%d names: %s", n, b.String())
		}
	}
}

func TestPolicyAge(t *testing.T) {
	for _, c := range []struct {
		now  time.Time
		want string
	}{
		{time.Time{}, "(3 days ago)"},
		{testNow.AddDate(0, 0, 400), "(403 days ago)"},
		{testNow.AddDate(0, 0, -2), "(yesterday)"},
		{testNow.AddDate(0, 0, -3), "(today)"},
	} {
		out := write(t, FormatTable, Options{Width: 200, Now: c.now}, aloneResult())
		if !strings.Contains(out, c.want) {
			t.Errorf("%v: no %q in %s", c.now, c.want, out)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"", 10, ""},
		{"one two three", 9, "one two|three"},
		{"averyveryverylongword end", 10, "averyveryv|erylongwor|d end"},
		{"日本語日本語 日本", 8, "日本語日|本語|日本"},
		{"a\u202f: b", 8, "a\u202f: b"},
		{"  spaced   out  ", 20, "spaced out"},
		{strings.Repeat("x", 600), 1000, strings.Repeat("x", 500) + "..."},
	} {
		if got := strings.Join(wrap(c.in, c.width), "|"); got != c.want {
			t.Errorf("wrap(%.40q, %d) = %.80q, want %.80q", c.in, c.width, got, c.want)
		}
	}
}

func TestASCII(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                      "plain",
		"«\u202fÉlysée\u202f» : œuf": `"Elysee" : oeuf`,
		"„Größe“ – Übung…":           `"Groesse" - Uebung...`,
		"Жук 日本":                     "??? ??",
		"1\u202f234":                 "1 234",
	} {
		if got := toASCII(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// FuzzTable: whatever a registry sends, every line stays a line.
func FuzzTable(f *testing.F) {
	f.Add("plain", 80, true)
	f.Add("\x1b[2J\u202e\u009b\xff\n\ue000日本", 40, false)
	f.Fuzz(func(t *testing.T, s string, width int, uni bool) {
		r := hostileResult()
		r.Asked, r.Error, r.Hint = s, s, s
		r.Control[0].Holder, r.Control[0].Against = s, s
		r.Observed.Registration.Registrar, r.Findings[0].Title = freehold.Known(s), freehold.T("test: %q", s)
		o := Options{Width: width, Unicode: uni}
		for _, page := range []string{write(t, FormatTable, o, r), write(t, FormatTable, o, r, r)} {
			for l := range strings.Lines(page) {
				l = strings.TrimSuffix(l, "\n")
				if freehold.OneLine(l) != l || !utf8.ValidString(l) {
					t.Fatalf("%q moves the terminal", l)
				}
			}
		}
	})
}

// TestListMemoryIsBounded: a list of many names keeps counters, not names.
func TestListMemoryIsBounded(t *testing.T) {
	grown := func(n int) uint64 {
		w, err := New(FormatTable, io.Discard, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Begin(testRun(n)); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range n {
			r := noResult()
			r.Status = freehold.NameStatus(i % 3)
			r.Error = fmt.Sprintf("name %d failed", i)
			r.Findings[0].Rule = fmt.Sprintf("rule-%d", i)
			r.Observed.Registration.Asks = []freehold.Ask{{Source: fmt.Sprintf("https://rdap%d.example/", i), Outcome: freehold.OutcomeTimeout}}
			if err := w.Result(r); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if err := w.End(testRun(n), freehold.Summary{}); err != nil {
			t.Fatal(err)
		}
		return max(after.HeapAlloc, before.HeapAlloc) - before.HeapAlloc
	}
	if got := grown(20000); got > 512<<10 {
		t.Errorf("20,000 names left %d bytes behind", got)
	}
}

// TestPortfolio: what several names share is told once, with a few of them
// named, and what is left out is counted.
func TestPortfolio(t *testing.T) {
	var results []*freehold.Result
	for i := range 30 {
		dead := invalidResult()
		dead.Asked, dead.Error = fmt.Sprintf("bad-%d", i), fmt.Sprintf(`"bad-%d" is not a domain`, i)
		r := simple(fmt.Sprintf("nom-%d.com", i), "Colline Registrar Inc.", freehold.Verdict{CanLeave: freehold.LeaveWithHost})
		r.Findings = []freehold.Finding{
			{Rule: "shared", Severity: freehold.SeverityWarning, Title: freehold.T("test: all of them")},
			{Rule: "shared", Severity: freehold.SeverityWarning, Title: freehold.T("test: all of them")},
			{Rule: "each-its-own", Severity: freehold.SeverityWarning, Title: freehold.T("test: only %s", r.Asked)},
			{Rule: "mild", Severity: freehold.SeverityInfo, Title: freehold.T("test: nothing to do")},
		}
		results = append(results, dead, r)
	}
	out := write(t, FormatTable, Options{Width: 100}, results...)
	for want, times := range map[string]int{
		"test: all of them (shared)":             1,
		"warning  each-its-own\n":                1,
		"nom-0.com, nom-1.com, nom-2.com and 27": 2,
		`"bad-19" is not a domain`:               2, // in its row and at the end
		`"bad-20" is not a domain`:               1,
		"and 10 more: use --format jsonl":        1,
		"(mild)":                                 0,
		"60 names":                               1,
	} {
		if got := strings.Count(out, want); got != times {
			t.Errorf("%q stands there %d times, want %d", want, got, times)
		}
	}
}

// TestFixFirstNearest: among rules of one severity what is pressing comes first,
// what is critical is never left out, and the number of the others is told.
func TestFixFirstNearest(t *testing.T) {
	finding := func(rule string, s freehold.Severity, why freehold.Text) freehold.Finding {
		return freehold.Finding{Rule: rule, Severity: s, Title: freehold.T(rule), Why: why}
	}
	r := simple("beaucoup.com", "Colline", freehold.Verdict{})
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		r.Findings = append(r.Findings, finding("grave-"+id, freehold.SeverityCritical, freehold.Text{}))
	}
	r.Findings = append(r.Findings, finding("grave-soon", freehold.SeverityCritical, freehold.T("until %t", testNow.AddDate(0, 0, 5))),
		finding("grave-late", freehold.SeverityCritical, freehold.T("until %t", testNow.AddDate(0, 2, 0))),
		finding("slight", freehold.SeverityWarning, freehold.Text{}), finding("slighter", freehold.SeverityNotice, freehold.Text{}))
	stuck := simple("autre.com", "Colline", freehold.Verdict{CanLeave: freehold.LeaveNo})
	stuck.Findings = []freehold.Finding{finding("grave-stuck", freehold.SeverityCritical, freehold.Text{}), finding("slightest", freehold.SeverityNotice, freehold.Text{})}
	out := write(t, FormatTable, Options{Width: 80}, r, stuck)
	_, first, _ := strings.Cut(out, "Fix first across all of them\n")
	var rules []string
	for line := range strings.SplitSeq(first, "\n") {
		if _, rule, ok := strings.Cut(line, "critical  "); ok {
			rules = append(rules, strings.Fields(rule)[0])
		}
	}
	if got := strings.Join(rules, " "); got != "grave-soon grave-stuck grave-a grave-b grave-c grave-d grave-e grave-f grave-late" {
		t.Errorf("first: %s", got)
	}
	if !strings.Contains(first, "\n  and 3 more\n") || strings.Contains(first, "slight") {
		t.Errorf("what is left out is not told:\n%s", first)
	}
}
