package report

import (
	"encoding/json"
	"errors"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"freehold"
)

// laterHost is withHost some days later: the name went to another registrar,
// one mailbox is withheld now, and one source did not answer.
func laterHost() *freehold.Result {
	r := withHost()
	reg := &r.Observed.Registration
	reg.Registrar = freehold.Known("Wholenames BV", ev("a"))
	reg.Reseller = freehold.NotKnown[string]("the registrar's server asked us to slow down")
	reg.RegistrantEmail = freehold.Hidden[string]("withheld", ev("a"))
	reg.RegistrantName = freehold.Known("Anne Martel", ev("a"))
	reg.RegistrarExpires = freehold.Known(on(2028, 5, 3), ev("a"))
	reg.LastTransfer = freehold.Known(on(2026, 11, 28), ev("a"))
	reg.RegistrarIANAID = freehold.NotThere[string](ev("a"))
	r.Observed.DNS.MX = freehold.NotThere[[]freehold.MX](ev("c"))
	r.Control = append(freehold.Control{}, r.Control...)
	for i := range r.Control {
		switch r.Control[i].Layer {
		case freehold.LayerRegistrar:
			r.Control[i].Holder = "Wholenames BV"
		case freehold.LayerMail:
			r.Control[i] = freehold.Claim{Layer: freehold.LayerMail}
		}
	}
	r.Verdict.CanLeave = freehold.LeaveNotBefore
	r.Verdict.NotBefore = on(2027, 1, 27)
	r.Findings = append(r.Findings[1:len(r.Findings):len(r.Findings)], freehold.Finding{
		Rule: "time-window", Severity: freehold.SeverityNotice, Title: freehold.T("it cannot move before %t", on(2027, 1, 27)), Evidence: []freehold.EvidenceID{ev("a")}})
	return r
}

func pairs(all ...Pair) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		for _, p := range all {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func diffOf(t *testing.T, format string, o Options, all ...Pair) (string, DiffSummary) {
	t.Helper()
	later := testRun(3)
	later.ID, later.Started, later.Finished = "20261201T090000Z-00aa11", on(2026, 12, 1), on(2026, 12, 1).Add(time.Minute)
	var b strings.Builder
	s, err := Diff(format, &b, o, testRun(3), later, pairs(all...))
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), s
}

func TestDiffGolden(t *testing.T) {
	all := []Pair{{withHost(), laterHost()}, {nil, aloneResult()}, {noResult(), nil}, {unknownResult(), unknownResult()}}
	for file, o := range map[string]Options{"diff-en-80": {Unicode: true}, "diff-fr-80": {Unicode: true, Lang: "fr"}, "diff-de-120": {Unicode: true, Lang: "de", Width: 120}, "diff-en-ascii": {Width: 80}} {
		got, s := diffOf(t, FormatTable, o, all...)
		golden(t, file+".golden", got)
		if want := (DiffSummary{Names: 4, Unchanged: 1, Changed: 1, New: 1, Gone: 1}); s != want || s.Differences() != 3 {
			t.Errorf("%s: %+v, want %+v", file, s, want)
		}
	}
	got, _ := diffOf(t, FormatJSON, Options{}, all...)
	golden(t, "diff.json.golden", got)
	var envelope struct {
		Schema string
		Names  []struct{ Change string }
	}
	if err := json.Unmarshal([]byte(got), &envelope); err != nil || envelope.Schema != SchemaDiff || len(envelope.Names) != 3 {
		t.Errorf("%v in %s", err, got)
	}
	lines, _ := diffOf(t, FormatJSONL, Options{}, all...)
	if n := strings.Count(lines, "\n"); n != 5 {
		t.Errorf("%d lines, want runs, three names and the summary", n)
	}
	for line := range strings.Lines(lines) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

// TestLearnt: every pair of states has its word, and silence is never removal.
func TestLearnt(t *testing.T) {
	unknown, absent, redacted := knownFact{}, knownFact{state: freehold.Absent}, knownFact{state: freehold.Redacted}
	x, y := knownFact{freehold.Value, "x"}, knownFact{freehold.Value, "y"}
	for _, c := range []struct {
		a, b knownFact
		want Learnt
	}{
		{x, x, LearntSame}, {x, y, LearntChanged}, {absent, x, LearntAdded}, {x, absent, LearntRemoved},
		{unknown, x, LearntNowKnown}, {unknown, absent, LearntNowKnown}, {unknown, redacted, LearntNowKnown},
		{x, unknown, LearntNoLongerKnown}, {absent, unknown, LearntNoLongerKnown}, {redacted, unknown, LearntNoLongerKnown},
		{x, redacted, LearntWithheld}, {absent, redacted, LearntWithheld}, {redacted, x, LearntShown}, {redacted, absent, LearntShown},
		{unknown, unknown, LearntSame},
	} {
		if got := c.a.to(c.b); got != c.want {
			t.Errorf("%v to %v is %q, want %q", c.a, c.b, got, c.want)
		}
	}
}

// TestDiffOfItself finds nothing, whatever the order in which servers tell lists.
func TestDiffOfItself(t *testing.T) {
	b := withHost()
	ns := b.Observed.Registration.Nameservers.Value
	ns[0], ns[1] = ns[1], ns[0]
	if d := compare(Pair{withHost(), b}); d.any() {
		t.Errorf("the same name differs: %+v", d)
	}
}

// TestDiffOfASilentRun: when nothing was learnt this time, nothing is said to be
// removed or settled.
func TestDiffOfASilentRun(t *testing.T) {
	silent := &freehold.Result{Asked: "boulangerie-martel.fr", Name: domain("boulangerie-martel.fr"), Status: freehold.StatusFailed}
	got, _ := diffOf(t, FormatJSON, Options{}, Pair{withHost(), silent})
	for _, wrong := range []string{`"learnt":"removed"`, `"learnt":"changed"`, `"settled":true`} {
		if strings.Contains(got, wrong) {
			t.Errorf("%s in %s", wrong, got)
		}
	}
	if !strings.Contains(got, `"learnt":"no_longer_known"`) {
		t.Errorf("nothing is no longer known in %s", got)
	}
}

func TestDiffErrors(t *testing.T) {
	var b strings.Builder
	if _, err := Diff("html", &b, Options{}, freehold.Run{}, freehold.Run{}, pairs()); freehold.KindOf(err) != freehold.KindUsage || freehold.HintOf(err) == "" {
		t.Errorf("an unknown format gave %v", err)
	}
	broken := errors.New("the disk is gone")
	_, err := Diff(FormatTable, &b, Options{}, testRun(1), testRun(1), func(yield func(Pair, error) bool) { yield(Pair{}, broken) })
	if !errors.Is(err, broken) {
		t.Errorf("the error of the runs became %v", err)
	}
}

// TestDiffMemory: a hundred thousand names take no more memory than a hundred.
func TestDiffMemory(t *testing.T) {
	a, b := withHost(), laterHost()
	peak := uint64(0)
	const names = 100_000
	many := func(yield func(Pair, error) bool) {
		for i := range names {
			p := Pair{a, a}
			if i%50 == 0 {
				p.After = b
			}
			if i%20_000 == 0 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				if peak == 0 {
					peak = m.HeapAlloc
				}
				if m.HeapAlloc > peak+4<<20 {
					t.Fatalf("after %d names %d KiB are in use, %d KiB were at the start", i, m.HeapAlloc>>10, peak>>10)
				}
			}
			if !yield(p, nil) {
				return
			}
		}
	}
	s, err := Diff(FormatJSONL, discard{}, Options{}, testRun(names), testRun(names), many)
	if err != nil || s.Names != names || s.Changed != names/50 {
		t.Errorf("%+v, %v", s, err)
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
