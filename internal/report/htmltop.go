package report

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// pageView writes what stands around the sections of names.
type pageView struct {
	*markup
	p     *printer
	run   freehold.Run
	folio *portfolio
	shown map[int]bool // names with a section on this page
	rows  []listed
	total int
	// labelled: some name has a client or tags.
	labelled bool
}

func (v *pageView) lang() fixed {
	switch v.p.o.Lang {
	case "fr":
		return "fr"
	case "de":
		return "de"
	}
	return "en"
}

func (v *pageView) title() string {
	if v.total == 1 && len(v.rows) == 1 {
		return v.p.say("Who controls %s", v.rows[0].name)
	}
	return v.p.say("Who controls your domain names")
}

// openDocument writes the head of a page that fetches nothing, runs nothing but
// its own script and is not to be indexed.
func (m *markup) openDocument(lang fixed, title string, style, script fixed) {
	m.raws(`<!DOCTYPE html>
<html lang="`, lang, `"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src `, digestOf(style))
	if script != "" {
		m.raws(`; script-src `, digestOf(script))
	}
	m.raw(`; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">
<meta name="generator" content="freehold">
`)
	m.el(`<title>`, clip(title, maxShown), `</title>`)
	m.raws(`
<style>`, style, `</style></head>
`)
}

func (v *pageView) head(title string) {
	v.openDocument(v.lang(), title+" – freehold", pageStyle, pageScript)
	v.raw(`<body`)
	if v.total > 1 {
		v.raw(` class="several"`)
	}
	v.el(`><a class="skip" href="#main">`, v.p.say("To the content"), `</a><header>`)
	v.raw(`<h1>`)
	v.data(title)
	v.raw(`</h1><p class="sub">`)
	var parts []string
	if v.total != 1 {
		parts = append(parts, v.p.say("%d names", v.total))
	}
	if !v.run.Started.IsZero() {
		parts = append(parts, v.p.say("audited %t", v.run.Started))
	}
	v.text(strings.Join(parts, " · "))
	v.raw(`</p></header><main id="main">`)
}

// begin says at once what is wrong with the run as a whole.
func (v *pageView) begin(err error) {
	switch {
	case err != nil:
		v.el(`<div class="notice-box" role="note"><p><strong>`, v.p.say("The audit broke off: this page is incomplete."), `</strong> `)
		v.data(freehold.SayError(v.p.speaker, err))
		v.raw(`</p>`)
		if hint := freehold.SayHint(v.p.speaker, err); hint != "" {
			v.raw(`<p>`)
			v.data(hint)
			v.raw(`</p>`)
		}
		v.raw(`</div>`)
	case v.run.Finished.IsZero():
		v.raw(`<div class="notice-box" role="note"><p><strong>`)
		v.text(v.p.say("The audit was interrupted: names are missing."))
		v.raw(`</strong> `)
		v.sentence(v.p.say("To finish it: %s", code("freehold audit --resume")))
		v.raw(`</p></div>`)
	}
	if v.total == 0 {
		v.el(`<p class="empty">`, v.p.say("There were no names to audit."), `</p>`)
	}
}

// tasks writes the things to do this week.
func (v *pageView) tasks() {
	all := v.folio.tasks()
	v.raw(`<section id="todo" aria-labelledby="todo-h"><h2 id="todo-h">`)
	switch n := min(len(all), topTasks); {
	case n == 0:
		v.el(``, v.p.say("Nothing to do this week"), `</h2>`)
		v.el(`<p>`, v.p.say("Nothing to fix was found."), `</p></section>`)
		return
	case n == 1:
		v.text(v.p.say("One thing to do this week"))
	case n == 2:
		v.text(v.p.say("Two things to do this week"))
	default:
		v.text(v.p.say("Three things to do this week"))
	}
	v.raw(`</h2><ol class="tasks">`)
	for _, t := range all[:min(len(all), topTasks)] {
		v.task(t)
	}
	v.raw(`</ol></section>`)
}

func (v *pageView) task(t *task) {
	word, symbol, _ := v.p.severity(t.severity)
	v.raws(`<li class="task `, classOf(severityClass[:], t.severity), `"><h3>`)
	v.sentence(v.p.marked(t.title))
	v.raw(`</h3><p class="meta"><span class="sev"><span aria-hidden="true">`)
	v.text(symbol)
	v.el(`</span> `, word, `</span>`)
	if v.total > 1 {
		v.el(` · <span>`, v.names(t.names), `</span>`)
	}
	if !t.due.IsZero() {
		v.el(` · <strong>`, v.p.say("by %t", t.due), `</strong>`)
	}
	v.raw(`</p>`)
	if !t.remedy.IsZero() {
		v.raw(`<p class="remedy">`)
		v.sentence(v.p.marked(t.remedy))
		v.raw(`</p>`)
	}
	if v.total > 1 {
		v.raw(`<p class="who">`)
		for i, e := range t.first {
			if i > 0 {
				v.raw(`, `)
			}
			v.link(e.seq, e.name)
		}
		if more := t.names - len(t.first); more > 0 {
			v.el(` `, v.p.say("and %d more", more), ``)
		}
		v.raw(`</p>`)
	}
	v.raw(`</li>`)
}

func (v *pageView) names(n int) string {
	if n == 1 {
		return v.p.say("1 name")
	}
	return v.p.say("%d names", n)
}

// link leads to a name's section, where the page has it.
func (v *pageView) link(seq int, name string) {
	if v.shown[seq] {
		v.raw(`<a href="#n`)
		v.number(seq)
		v.raw(`">`)
	}
	v.data(name)
	if v.shown[seq] {
		v.raw(`</a>`)
	}
}

// summary writes how many names can leave, and what failed.
func (v *pageView) summary(s freehold.Summary) {
	v.el(`<section id="summary" aria-labelledby="summary-h"><h2 id="summary-h">`, v.p.say("Can they leave today without their host?"), `</h2><ul class="tiles">`)
	for _, c := range v.p.counts(s) {
		_, symbol, _ := v.p.answer(c.answer)
		v.raws(`<li class="tile `, classOf(verdictClass[:], c.answer), `"><strong><span aria-hidden="true">`)
		v.text(symbol)
		v.el(`</span> `, v.p.number(c.n), `</strong> `)
		v.el(`<span>`, c.what, `</span></li>`)
	}
	v.raw(`</ul><p class="totals">`)
	var found []string
	for i := len(severityClass) - 1; i >= 0; i-- {
		if n := s.Severities[freehold.Severity(i)]; n > 0 {
			word, symbol, _ := v.p.severity(freehold.Severity(i))
			found = append(found, symbol+" "+word+" "+v.p.number(n))
		}
	}
	if len(found) > 0 {
		v.text(v.p.say("Findings: %s.", strings.Join(found, ", ")))
	}
	v.raw(`</p>`)
	if s.Failed > 0 {
		v.el(`<p class="totals">`, v.p.say("%d failed: nothing was learnt about them, and they are counted in none of the figures.", s.Failed), `</p>`)
	}
	if s.Partial > 0 {
		v.el(`<p class="totals">`, v.p.say("In %d of them a source did not answer; what it would have said is unknown here, not absent.", s.Partial), `</p>`)
	}
	v.silent()
	v.raw(`</section>`)
}

// verdictCount is how many names have one answer.
type verdictCount struct {
	n      int
	answer freehold.CanLeave
	what   string
}

func (p *printer) counts(s freehold.Summary) []verdictCount {
	return []verdictCount{
		{s.CanLeave[freehold.LeaveAlone], freehold.LeaveAlone, p.say("can leave today, and nobody else has to agree")},
		{s.CanLeave[freehold.LeaveWithHost], freehold.LeaveWithHost, p.say("can leave only if the host helps")},
		{s.CanLeave[freehold.LeaveNotBefore], freehold.LeaveNotBefore, p.say("must wait for a date")},
		{s.CanLeave[freehold.LeaveNo], freehold.LeaveNo, p.say("cannot be moved now")},
		{s.CanLeave[freehold.LeaveUnknown], freehold.LeaveUnknown, p.say("not decided by public records: one question each would")},
	}
}

// silent lists who did not answer.
func (v *pageView) silent() {
	all := slices.SortedFunc(maps.Keys(v.folio.sources), func(a, b silent) int {
		return cmp.Or(cmp.Compare(v.folio.sources[b], v.folio.sources[a]), strings.Compare(a.Source, b.Source), cmp.Compare(a.Outcome, b.Outcome))
	})
	if len(all) == 0 {
		return
	}
	v.el(`<details class="silent"><summary>`, v.p.say("Who did not answer"), `</summary><ul>`)
	for _, x := range all[:min(len(all), maxSilent)] {
		v.raw(`<li>`)
		v.data(x.Source)
		v.el(` `, v.p.missed(x.Outcome)+" ("+v.names(v.folio.sources[x])+")", `</li>`)
	}
	if more := len(all) - maxSilent; more > 0 {
		v.el(`<li>`, v.p.say("and %d more", more), `</li>`)
	}
	v.raw(`</ul></details>`)
}

// concentration writes one chart for each way to hang on one party.
func (v *pageView) concentration() {
	v.el(`<section id="concentration" aria-labelledby="concentration-h"><h2 id="concentration-h">`, v.p.say("What hangs on whom"), `</h2><p class="lead">`)
	v.text(v.p.say("How many names would be hit if one of them failed."))
	v.raw(`</p><div class="charts">`)
	for i, l := range dimensions {
		v.chart(l, &v.folio.holders[i])
	}
	v.raw(`</div></section>`)
}

func (v *pageView) chart(l freehold.Layer, h *holding) {
	all, parties := h.shares()
	total := h.names
	if total == 0 {
		return
	}
	label := v.p.layer(l)
	v.raw(`<figure><figcaption><h3>`)
	v.text(capitalised(label))
	v.raw(`</h3>`)
	if parties > 0 && all[0].kind == shareParty {
		v.raw(`<p>`)
		v.sentence(v.p.marked(freehold.T("%s holds %d of %d.", all[0].who, all[0].names, total)))
		v.raw(`</p>`)
	}
	v.raw(`</figcaption><table class="bars"><caption class="vh">`)
	v.text(label)
	v.raw(`</caption><tbody>`)
	for _, s := range all {
		v.bar(s, parties, total)
	}
	v.raw(`</tbody></table>`)
	if h.beyond > 0 {
		v.el(`<p class="note">`, v.p.say("Only the first %d parties were counted one by one.", maxHolders), `</p>`)
	}
	v.raw(`</figure>`)
}

func (v *pageView) bar(s share, parties, total int) {
	class := fixed("party")
	switch s.kind {
	case shareRest:
		class = "rest"
	case shareNone, shareUnknown:
		class = "unknown"
	}
	v.raws(`<tr class="`, class, `"><th scope="row">`)
	v.data(v.p.shareName(s, parties))
	v.raw(`</th><td class="figure">`)
	v.text(v.p.number(s.names))
	v.raw(`</td><td class="track"><svg viewBox="0 0 200 10" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="ground" width="200" height="10"/><rect class="fill" width="`)
	v.number(min(200, max(1, s.names*200/total)))
	v.raw(`" height="10"/></svg></td></tr>`)
}

// shareName says whose bar it is.
func (p *printer) shareName(s share, parties int) string {
	switch s.kind {
	case shareRest:
		if rest := parties - topHolders; rest > 1 {
			return p.say("%d others", rest)
		}
		return p.say("1 other")
	case shareNone:
		return p.say("none")
	case shareUnknown:
		return p.say("not known")
	}
	return s.who
}

// capitalised sets the first letter of a label that begins a line.
func capitalised(s string) string {
	for i, r := range s {
		if i == 0 {
			return strings.ToUpper(string(r)) + s[len(string(r)):]
		}
	}
	return s
}

// calendar writes when registrations end: a column a month, and the nearest days.
func (v *pageView) calendar() {
	months, highest := v.folio.calendar()
	soon := v.folio.soon.sorted()
	v.el(`<section id="calendar" aria-labelledby="calendar-h"><h2 id="calendar-h">`, v.p.say("When registrations end"), `</h2>`)
	if v.folio.overdue > 0 {
		v.el(`<p class="alert">`, v.p.say("Already past their end: %d.", v.folio.overdue), `</p>`)
	}
	if highest > 0 {
		v.months(months, highest)
	}
	if len(soon) > 0 {
		v.el(`<h3>`, v.p.say("The nearest"), `</h3><ul class="soon">`)
		for _, e := range soon {
			v.raw(`<li><time datetime="`)
			v.text(day(e.at))
			v.el(`">`, v.p.speaker.Date(e.at), `</time> `)
			v.link(e.seq, e.name)
			v.raw(`</li>`)
		}
		v.raw(`</ul>`)
	}
	if v.folio.noDate > 0 {
		v.el(`<p class="note">`, v.p.say("For %d no end is known: their registry does not publish one, or did not answer.", v.folio.noDate), `</p>`)
	}
	v.raw(`</section>`)
}

// months draws the columns; its text alternative lists the months that have any.
func (v *pageView) months(months []monthCount, highest int) {
	const width, column, floor, ceiling = 360, 30, 84, 70
	var said []string
	for _, m := range months {
		if m.names > 0 {
			said = append(said, v.p.month(m.month)+": "+v.p.number(m.names))
		}
	}
	v.raw(`<svg class="months" viewBox="0 0 360 112" role="img" aria-label="`)
	v.text(v.p.say("Registrations that end in each month. %s", strings.Join(said, "; ")))
	v.raw(`">`)
	for i, m := range months {
		x := i*column + column/2
		if m.names > 0 {
			h := max(2, m.names*(ceiling-10)/highest)
			v.raw(`<rect x="`)
			v.number(x - 9)
			v.raw(`" y="`)
			v.number(floor - h)
			v.raw(`" width="18" height="`)
			v.number(h)
			v.raw(`"/>`)
			v.columnText("count", x, floor-h-4, v.p.number(m.names))
		}
		v.columnText("month", x, floor+12, v.p.shortMonth(m.month))
		if i == 0 || m.month.Month() == time.January {
			v.columnText("year", x, floor+23, strconv.Itoa(m.month.Year()))
		}
	}
	v.raw(`<line x1="0" x2="360" y1="84" y2="84"/></svg>`)
}

func (v *pageView) columnText(class fixed, x, y int, s string) {
	v.raws(`<text class="`, class, `" text-anchor="middle" x="`)
	v.number(x)
	v.raw(`" y="`)
	v.number(y)
	v.el(`">`, s, `</text>`)
}

// month says a month with its year: the date of a day without the day.
func (p *printer) month(t time.Time) string {
	said := p.speaker.Date(t)
	if _, rest, ok := strings.Cut(said, " "); ok {
		return rest
	}
	return said
}

// shortMonth is the month's first three letters, enough where its year's order
// tells the rest; French needs four for its juin and juillet.
func (p *printer) shortMonth(t time.Time) string {
	word, _, _ := strings.Cut(p.month(t), " ")
	n := 3
	if strings.HasPrefix(word, "jui") {
		n = 4
	}
	r := []rune(word)
	return string(r[:min(n, len(r))])
}
