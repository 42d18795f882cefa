package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"freehold"
)

// tableWriter writes a screen for one name and a list for several. It keeps
// counters and a bounded number of examples, never the results.
type tableWriter struct {
	p   *printer
	run freehold.Run
	// first is held back until it is known whether it is the only one.
	first *freehold.Result
	cols  []column
	// reasonAt is the column from which on the reason stands of a name that failed.
	reasonAt int
	tally    tally
}

func (t *tableWriter) Begin(r freehold.Run) error {
	t.run = r
	if r.Names > 1 {
		t.startList()
	}
	return t.p.flush()
}

func (t *tableWriter) Result(r *freehold.Result) error {
	if t.cols == nil {
		if t.first == nil {
			t.first = r
			return nil
		}
		t.startList()
		t.row(t.first)
		t.first = nil
	}
	t.row(r)
	return t.p.flush()
}

func (t *tableWriter) End(r freehold.Run, s freehold.Summary) error {
	if t.cols == nil && t.first != nil {
		t.p.lines(t.p.screen(r, t.first))
		return t.p.flush()
	}
	t.end(r, s)
	return t.p.flush()
}

// Fail shows what was held back; the error itself belongs on standard error,
// where the caller says it.
func (t *tableWriter) Fail(error) error {
	if t.cols == nil && t.first != nil {
		t.p.lines(t.p.screen(t.run, t.first))
	}
	return t.p.flush()
}

// column is one column of the list.
type column struct {
	head  string
	width int
	cell  func(*freehold.Result) (string, style)
}

// startList fixes the columns for the width and writes their heads. All widths
// add up to the terminal's with one space between columns, two from 120 on.
func (t *tableWriter) startList() {
	p := t.p
	w := p.o.Width
	nameW, verdictW, registrarW, dateW, worst := 25, 17, 14, 10, p.say("findings")
	switch {
	case w >= 160:
		nameW, verdictW, registrarW, worst = 40, 20, 34, p.say("worst finding")
	case w >= 110:
		nameW, verdictW, registrarW, worst = 32, 18, 22, p.say("worst finding")
	case w < 80:
		registrarW = 0
		nameW = w - verdictW - dateW - 10 - 3*t.gap()
	}
	clientW := 0
	if p.o.Clients && w >= 80 { // in a narrow list it takes the place of the registrar
		if clientW = w / 7; w < 110 {
			clientW, registrarW = min(14, w/6), 0
		}
		nameW -= 2
	}
	gaps := 4
	if registrarW == 0 {
		gaps--
	}
	if clientW > 0 {
		gaps++
	}
	worstW := w - nameW - clientW - verdictW - registrarW - dateW - gaps*t.gap()
	t.cols = []column{
		{p.say("name"), nameW, func(r *freehold.Result) (string, style) { return p.nameOf(r), bold }},
		{p.say("client, tags"), clientW, clientCell},
		{p.say("can it leave?"), verdictW, t.verdictCell},
		{p.say("registered at"), registrarW, t.registrarCell},
		{p.say("expires"), dateW, t.expiresCell},
		{worst, worstW, t.worstCell},
	}
	t.cols = slices.DeleteFunc(t.cols, func(c column) bool { return c.width <= 0 })
	t.reasonAt = 2
	if clientW > 0 {
		t.reasonAt = 3
	}
	var head line
	for i, c := range t.cols {
		head = append(head, span{t.pad(i) + p.fit(c.head, c.width), bold})
	}
	p.line(head)
}

func (t *tableWriter) gap() int {
	if t.p.o.Width >= 110 {
		return 2
	}
	return 1
}

func (t *tableWriter) pad(col int) string {
	if col == 0 {
		return ""
	}
	return strings.Repeat(" ", t.gap())
}

func (t *tableWriter) row(r *freehold.Result) {
	t.tally.add(t.p, r)
	var l line
	used := 0
	for i, c := range t.cols {
		used += cells(t.pad(i)) + c.width
		if i == t.reasonAt && r.Status == freehold.StatusFailed { // the reason takes the room of all that is not known
			used -= c.width
			t.p.line(append(l, span{text: t.pad(i) + t.p.fit(t.p.why(r), t.p.o.Width-used)}))
			return
		}
		s, st := c.cell(r)
		l = append(l, span{text: t.pad(i)}, span{t.p.fit(s, c.width), st})
	}
	t.p.line(l)
}

// verdictCell marks a name of which a source said nothing with a star.
func (t *tableWriter) verdictCell(r *freehold.Result) (string, style) {
	s, st := t.p.shortVerdict(r)
	if r.Status == freehold.StatusPartial {
		s += " *"
	}
	return s, st
}

// clientCell shows whose a name is, then its tags.
func clientCell(r *freehold.Result) (string, style) {
	words := r.Tags
	if r.Client != "" {
		words = append([]string{r.Client}, r.Tags...)
	}
	return freehold.OneLine(strings.Join(words, ", ")), plainText
}

func (t *tableWriter) registrarCell(r *freehold.Result) (string, style) {
	f := &r.Observed.Registration.Registrar
	switch {
	case r.Observed.Registration.State == freehold.NotRegistered:
		return "", plainText
	case f.State == freehold.Value:
		return freehold.OneLine(f.Value), plainText
	}
	return t.p.factWord(f.State), dim
}

func (t *tableWriter) expiresCell(r *freehold.Result) (string, style) {
	at, ok := r.Observed.Registration.Expires.Get()
	if !ok {
		return "", plainText
	}
	if !r.At.IsZero() && at.Before(r.At) {
		return day(at), red
	}
	return day(at), plainText
}

// worstCell shows the gravest finding's title where it fits, else the counts.
func (t *tableWriter) worstCell(r *freehold.Result) (string, style) {
	if len(r.Findings) == 0 {
		return "", plainText
	}
	worst := slices.MaxFunc(r.Findings, func(a, b freehold.Finding) int { return cmp.Compare(a.Severity, b.Severity) })
	word, symbol, st := t.p.severity(worst.Severity)
	if t.p.o.Width >= 110 {
		return symbol + " " + t.p.text(worst.Title), st
	}
	n := 0
	for _, f := range r.Findings {
		if f.Severity == worst.Severity {
			n++
		}
	}
	return word + " " + t.p.number(n), st
}

// end writes totals, what to fix first across the portfolio, who did not answer
// and which names failed.
func (t *tableWriter) end(r freehold.Run, s freehold.Summary) {
	p := t.p
	p.line(nil)
	p.lines(stack(
		p.totals(s),
		t.tally.fixFirst(p),
		t.tally.unanswered(p),
		t.tally.kept.lines(p),
		t.tally.failed(p),
		p.footer(r, nil, p.o.Width),
	))
}

func (p *printer) totals(s freehold.Summary) []line {
	width := p.o.Width
	rows := []struct {
		n    int
		what string
	}{
		{s.CanLeave[freehold.LeaveAlone], p.say("can leave today, and nobody else has to agree")},
		{s.CanLeave[freehold.LeaveWithHost], p.say("can leave only if the host helps")},
		{s.CanLeave[freehold.LeaveNotBefore], p.say("must wait for a date")},
		{s.CanLeave[freehold.LeaveNo], p.say("cannot be moved now")},
		{s.CanLeave[freehold.LeaveUnknown], p.say("not decided by public records; to answer: %s", command("freehold audit --ask NAME"))},
		{s.Failed, p.say("failed: nothing was learnt")},
	}
	out := []line{p.heading(p.say("%d names", s.Names))}
	if s.Names == 1 {
		out[0] = p.heading(p.say("1 name"))
	}
	digits := 0
	for _, r := range rows {
		digits = max(digits, cells(p.charset(p.number(r.n))))
	}
	for _, r := range rows {
		if r.n > 0 {
			n := p.charset(p.number(r.n))
			out = append(out, p.paragraph(text("  "+strings.Repeat(" ", digits-cells(n))+n+"  "), r.what, plainText, width)...)
		}
	}
	if s.Partial > 0 {
		out = append(out, p.paragraph(text("  "), p.say("* in %d of them a source did not answer", s.Partial), plainText, width)...)
	}
	return out
}

// The bounds of what a list remembers.
const (
	maxRules    = 100 // rules counted apart; there are fewer
	maxSources  = 100
	maxExamples = 3
	maxFailed   = 20
	topRules    = 5
	topSources  = 5
)

// tally counts what a list ends with.
type tally struct {
	rules   map[string]*ruleCount
	sources map[silent]int
	// failures holds the first of the names that failed.
	failures []failure
	failedN  int
	kept     keptTally
}

type ruleCount struct {
	rule     string
	severity freehold.Severity
	title    freehold.Text
	pressing bool
	names    int
	examples []string
}

type failure struct{ name, why string }

func (t *tally) add(p *printer, r *freehold.Result) {
	if t.rules == nil {
		t.rules, t.sources = map[string]*ruleCount{}, map[silent]int{}
	}
	if r.Status == freehold.StatusFailed {
		t.failedN++
		if len(t.failures) < maxFailed {
			t.failures = append(t.failures, failure{p.nameOf(r), p.why(r)})
		}
	}
	t.kept.add(r)
	seen := map[string]bool{}
	for _, f := range r.Findings {
		if !seen[f.Rule] {
			seen[f.Rule] = true
			t.count(&f, p.nameOf(r), r)
		}
	}
	for _, s := range silentSources(&r.Observed) {
		if _, ok := t.sources[s]; ok || len(t.sources) < maxSources {
			t.sources[s]++
		}
	}
}

func (t *tally) count(f *freehold.Finding, name string, r *freehold.Result) {
	c := t.rules[f.Rule]
	if c == nil {
		if len(t.rules) == maxRules {
			return
		}
		c = &ruleCount{rule: f.Rule, severity: f.Severity, title: f.Title}
		t.rules[f.Rule] = c
	}
	c.names++
	c.severity = max(c.severity, f.Severity)
	c.pressing = c.pressing || pressing(f.Severity, deadline(f, r.At), r.At, r.Verdict.CanLeave == freehold.LeaveNo)
	if len(c.examples) < maxExamples {
		c.examples = append(c.examples, name)
	}
}

// fixFirst lists what to do as the page orders it: by severity, then what is pressing,
// then by how many names it concerns. What is critical is never left out.
func (t *tally) fixFirst(p *printer) []line {
	rules := slices.SortedFunc(maps.Values(t.rules), func(a, b *ruleCount) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), compareFirst(a.pressing, b.pressing), cmp.Compare(b.names, a.names), strings.Compare(a.rule, b.rule))
	})
	rules = slices.DeleteFunc(rules, func(c *ruleCount) bool { return c.severity < freehold.SeverityNotice })
	if len(rules) == 0 {
		return nil
	}
	out := []line{p.heading(p.say("Fix first across all of them"))}
	for i, c := range rules {
		if i >= topRules && c.severity < freehold.SeverityCritical {
			more := p.say("and %d more", len(rules)-i)
			if p.o.Saved != "" {
				more = p.say("and %d more: use %s", len(rules)-i, command("freehold report --format html -o FILE"))
			}
			out = append(out, p.paragraph(text("  "), more, dim, p.o.Width)...)
			break
		}
		word, symbol, st := p.severity(c.severity)
		lead := line{{"  " + symbol + " " + word, st}, {text: "  "}}
		out = append(out, p.paragraph(lead, p.ruleTitle(c), bold, p.o.Width)...)
		who := strings.Join(c.examples, ", ")
		if more := c.names - len(c.examples); more > 0 {
			who = p.say("%s and %d more", who, more)
		}
		out = append(out, p.paragraph(text("    "), who, plainText, p.o.Width)...)
	}
	return out
}

// ruleTitle leaves out a title that speaks of one name where it is about several.
func (p *printer) ruleTitle(c *ruleCount) string {
	rule := freehold.OneLine(c.rule)
	if c.names > 1 && len(c.title.Args) > 0 || c.title.IsZero() {
		return rule
	}
	return p.text(c.title) + " (" + rule + ")"
}

func (t *tally) unanswered(p *printer) []line {
	if len(t.sources) == 0 {
		return nil
	}
	all := slices.SortedFunc(maps.Keys(t.sources), func(a, b silent) int {
		return cmp.Or(cmp.Compare(t.sources[b], t.sources[a]), strings.Compare(a.Source, b.Source), cmp.Compare(a.Outcome, b.Outcome))
	})
	out := []line{p.heading(p.say("Who did not answer"))}
	for i, s := range all {
		if i == topSources {
			out = append(out, text("  "+p.say("and %d more", len(all)-i)))
			break
		}
		names := p.say("%d names", t.sources[s])
		if t.sources[s] == 1 {
			names = p.say("1 name")
		}
		out = append(out, p.paragraph(text("  "), s.Source+" "+p.missed(s.Outcome)+" ("+names+")", plainText, p.o.Width)...)
	}
	return out
}

func (t *tally) failed(p *printer) []line {
	if t.failedN == 0 {
		return nil
	}
	out := []line{p.heading(p.say("Failed"))}
	for _, f := range t.failures {
		why := f.why
		if !strings.Contains(why, f.name) {
			why = f.name + ": " + why
		}
		out = append(out, p.paragraph(text("  "), why, plainText, p.o.Width)...)
	}
	if more := t.failedN - len(t.failures); more > 0 {
		out = append(out, p.paragraph(text("  "), p.say("and %d more: use %s", more, command("--format jsonl")), plainText, p.o.Width)...)
	}
	return out
}
