package report

import (
	"slices"
	"strconv"

	"freehold"
)

// section writes one name: verdict, findings, control map, facts, evidence. It
// is folded; where there is something to do it returns where it can be unfolded.
func (p *printer) section(m *markup, r *freehold.Result, seq int) (open int) {
	s := &nameView{markup: m, p: p, r: r, seq: seq, refs: references{number: map[freehold.EvidenceID]int{}}}
	s.raw(`<section class="name" id="n`)
	s.number(seq)
	s.raw(`"><details class="fold"`)
	if s.needsWork() {
		open = len(s.b)
	}
	s.raw(`><summary>`)
	s.heading()
	s.raw(`</summary><div class="body">`)
	if r.Status == freehold.StatusFailed {
		s.failure()
		s.silent()
	} else {
		s.raw(`<div class="columns"><div>`)
		s.verdict()
		s.findings()
		s.raw(`</div><div>`)
		s.control()
		s.leaving()
		s.raw(`</div></div>`)
		s.silent()
		s.facts()
	}
	s.raw(`</div></details></section>`)
	return open
}

// nameView writes the parts of a section.
type nameView struct {
	*markup
	p    *printer
	r    *freehold.Result
	seq  int
	refs references
}

// needsWork tells whether there is anything to do: a finding above "to know", an
// open question, a failure.
func (s *nameView) needsWork() bool {
	if s.r.Status == freehold.StatusFailed || !s.r.Verdict.Question.IsZero() {
		return true
	}
	return slices.ContainsFunc(s.r.Findings, func(f freehold.Finding) bool { return f.Severity >= freehold.SeverityNotice })
}

// anchor writes an identifier within the section: n12-claim-3.
func (s *nameView) anchor(kind fixed, n int) {
	s.raw("n")
	s.number(s.seq)
	s.raw("-")
	s.raw(kind)
	s.number(n)
}

func (s *nameView) heading() {
	r := s.r
	s.raw(`<h2>`)
	s.data(s.p.nameOf(r))
	s.raw(`</h2>`)
	if r.Name.Unicode() != r.Name.ASCII() {
		s.el(`<span class="ascii">`, r.Name.ASCII(), `</span>`)
	}
	s.chip()
	labels := labelsOf(r)
	if labels.client != "" {
		s.raw(`<span class="tag client">`)
		s.data(labels.client)
		s.raw(`</span>`)
	}
	for _, t := range labels.tags {
		s.raw(`<span class="tag">`)
		s.data(t)
		s.raw(`</span>`)
	}
}

func (s *nameView) chip() {
	if s.r.Status == freehold.StatusFailed {
		s.el(`<span class="chip failed"><span aria-hidden="true">✗</span> `, s.p.say("failed"), `</span>`)
		return
	}
	short, _ := s.p.shortVerdict(s.r)
	_, symbol, _ := s.p.answer(s.r.Verdict.CanLeave)
	s.raws(`<span class="chip `, classOf(verdictClass[:], s.r.Verdict.CanLeave), `"><span aria-hidden="true">`)
	s.text(symbol)
	s.el(`</span> `, short, `</span>`)
}

func (s *nameView) failure() {
	s.raw(`<p class="failure"><strong>`)
	s.text(s.p.say("Nothing could be learnt"))
	s.raw(`</strong> `)
	s.data(s.p.why(s.r))
	s.raw(`</p>`)
	if out := s.p.wayOut(s.r); out != "" {
		s.raw(`<p class="remedy">`)
		s.data(out)
		s.raw(`</p>`)
	}
}

func (s *nameView) verdict() {
	v := &s.r.Verdict
	s.el(`<p class="dates">`, s.p.registered(&s.r.Observed.Registration), `</p>`)
	s.raws(`<div class="verdict `, classOf(verdictClass[:], v.CanLeave), `">`)
	s.el(`<h3>`, s.p.say("Can it leave today without its host?"), `</h3>`)
	word, symbol, _ := s.p.answer(v.CanLeave)
	s.el(`<p class="answer"><span aria-hidden="true">`, symbol, `</span> `)
	s.el(`<strong>`, word, `</strong> `)
	s.el(`<span>`, s.p.verdictSentence(v), `</span></p>`)
	if len(v.Why) > 0 {
		s.raw(`<ul class="why">`)
		for _, w := range v.Why {
			s.raw(`<li>`)
			s.sentence(s.p.marked(w.Text))
			if w.Citation != "" {
				s.raw(` <cite>`)
				s.data(freehold.OneLine(w.Citation))
				s.raw(`</cite>`)
			}
			s.cite(w.Evidence)
			s.raw(`</li>`)
		}
		s.raw(`</ul>`)
	}
	if !v.Question.IsZero() {
		s.el(`<div class="question"><h4>`, s.p.say("The question that would decide"), `</h4><p>`)
		s.sentence(s.p.marked(v.Question))
		s.raw(`</p>`)
		if !s.r.Name.IsZero() {
			s.raw(`<p class="how">`)
			s.sentence(s.p.say("To answer: %s", code("freehold audit --ask "+s.r.Name.Unicode())))
			s.raw(`</p>`)
		}
		s.raw(`</div>`)
	}
	s.raw(`</div>`)
}

func (s *nameView) findings() {
	sorted := slices.Clone(s.r.Findings)
	slices.SortStableFunc(sorted, func(a, b freehold.Finding) int { return int(b.Severity) - int(a.Severity) })
	s.el(`<div class="findings"><h3>`, s.p.say("What to do"), `</h3>`)
	if len(sorted) == 0 {
		s.el(`<p>`, s.p.say("Nothing to fix was found."), `</p></div>`)
		return
	}
	s.raw(`<ol>`)
	for i := range sorted {
		f := &sorted[i]
		word, symbol, _ := s.p.severity(f.Severity)
		s.raws(`<li class="finding `, classOf(severityClass[:], f.Severity), `"><h4><span class="sev"><span aria-hidden="true">`)
		s.text(symbol)
		s.el(`</span> `, word, `</span> `)
		s.sentence(s.p.marked(f.Title))
		s.raw(`</h4><p class="seen">`)
		s.sentence(s.p.marked(f.Why))
		s.cite(f.Evidence)
		s.raw(`</p>`)
		if !f.Remedy.IsZero() {
			s.raw(`<p class="remedy">`)
			s.sentence(s.p.marked(f.Remedy))
			s.raw(`</p>`)
		}
		s.el(`<p class="rule">`, clip(freehold.OneLine(f.Rule), maxShown), `</p></li>`)
	}
	s.raw(`</ol></div>`)
}

// control writes the map and, as its text, the table that its nodes link to.
func (s *nameView) control() {
	if len(s.r.Control) == 0 {
		return
	}
	s.el(`<div class="control"><h3>`, s.p.say("Who holds what"), `</h3>`)
	s.controlMap()
	s.el(`<table class="claims"><caption class="vh">`, s.p.say("Who holds what"), `</caption><thead><tr>`)
	s.el(`<th scope="col">`, s.p.say("layer"), `</th>`)
	s.el(`<th scope="col">`, s.p.say("holder"), `</th>`)
	s.el(`<th scope="col">`, s.p.say("how we know"), `</th></tr></thead><tbody>`)
	for i := range s.r.Control {
		s.claim(i)
	}
	s.raw(`</tbody></table></div>`)
}

func (s *nameView) claim(i int) {
	c := &s.r.Control[i]
	s.raw(`<tr id="`)
	s.anchor("c", i)
	s.raws(`" tabindex="-1" class="`, classOf(standingClass[:], c.Standing), `"><th scope="row">`)
	s.text(s.p.layer(c.Layer))
	s.raw(`</th><td>`)
	if c.Standing == freehold.StandingUnknown && c.Holder == "" {
		s.el(`<span class="none">`, s.p.say("not known"), `</span>`)
	} else {
		s.data(s.p.holder(c))
	}
	if c.Against != "" {
		s.raw(`<span class="against">`)
		s.sentence(s.p.marked(freehold.T("but another source says: %s", freehold.OneLine(c.Against))))
		s.raw(`</span>`)
	}
	s.raws(`</td><td><span aria-hidden="true" class="mark">`, classOf(standingMark[:], c.Standing), `</span> `)
	s.text(s.p.claimStanding(c))
	s.cite(c.Evidence)
	s.raw(`</td></tr>`)
}

func (s *nameView) leaving() {
	v := &s.r.Verdict
	if v.Path.IsZero() && v.Who.IsZero() && v.HowLong.IsZero() && len(v.Conditions) == 0 {
		return
	}
	s.el(`<div class="leaving"><h3>`, s.p.say("How it would leave"), `</h3><dl>`)
	for _, row := range []struct {
		label string
		value freehold.Text
	}{{s.p.say("how"), v.Path}, {s.p.say("who acts"), v.Who}, {s.p.say("how long"), v.HowLong}} {
		if !row.value.IsZero() {
			s.el(`<dt>`, row.label, `</dt><dd>`)
			s.sentence(s.p.marked(row.value))
			s.raw(`</dd>`)
		}
	}
	s.raw(`</dl>`)
	if len(v.Conditions) > 0 {
		s.el(`<p class="lead">`, s.p.say("what must work:"), `</p><ul class="conditions">`)
		for _, c := range v.Conditions {
			s.raws(`<li class="`, classOf(standingClass[:], c.Standing), `"><span aria-hidden="true" class="mark">`, classOf(standingMark[:], c.Standing), `</span> `)
			s.sentence(s.p.marked(c.What))
			s.el(` <span class="standing">(`, s.p.standing(c.Standing), `)</span>`)
			s.cite(c.Evidence)
			s.raw(`</li>`)
		}
		s.raw(`</ul>`)
	}
	s.raw(`</div>`)
}

func (s *nameView) silent() {
	all := silentSources(&s.r.Observed)
	if len(all) == 0 {
		return
	}
	s.el(`<div class="silent"><h3>`, s.p.say("Who did not answer, so that this report is incomplete"), `</h3><ul>`)
	for _, x := range all[:min(len(all), maxSilent)] {
		s.raw(`<li>`)
		s.data(x.Source)
		s.el(` `, s.p.missed(x.Outcome), `</li>`)
	}
	if more := len(all) - maxSilent; more > 0 {
		s.el(`<li>`, s.p.say("and %d more", more), `</li>`)
	}
	s.raw(`</ul></div>`)
}

// The bounds of a section.
const (
	maxSilent   = 20
	maxFacts    = 200
	maxEvidence = 300
)

// facts writes every fact with its state, and the digests of the evidence that
// the whole section refers to.
func (s *nameView) facts() {
	s.el(`<details class="facts"><summary><h3>`, s.p.say("Every fact and its evidence"), `</h3></summary>`)
	s.factTable(s.p.say("What registry and registrar say"), s.p.registrationRows(&s.r.Observed.Registration))
	s.factTable(s.p.say("What the DNS says"), s.p.dnsRows(&s.r.Observed))
	s.told()
	s.evidence()
	s.raw(`</details>`)
}

func (s *nameView) factTable(title string, rows []factRow) {
	s.el(`<table class="factlist"><caption>`, title, `</caption><tbody>`)
	for _, row := range rows[:min(len(rows), maxFacts)] {
		s.raw(`<tr><th scope="row">`)
		s.data(row.label)
		s.raw(`</th>`)
		switch {
		case row.state != freehold.Value:
			s.el(`<td class="none">`, s.p.factWord(row.state), ``)
		case row.value == "":
			s.el(`<td class="none">`, s.p.say("none"), ``)
		default:
			s.raw(`<td>`)
			s.data(row.value)
		}
		if row.note != "" {
			s.raw(` <span class="note">`)
			s.data(freehold.OneLine(row.note))
			s.raw(`</span>`)
		}
		s.cite(row.evidence)
		s.raw(`</td></tr>`)
	}
	s.raw(`</tbody></table>`)
}

func (s *nameView) told() {
	if len(s.r.Observed.Attestations) == 0 {
		return
	}
	s.el(`<h4>`, s.p.say("What was told or proven"), `</h4><ul>`)
	for i, a := range s.r.Observed.Attestations {
		if i == maxFacts {
			break
		}
		what := freehold.OneLine(a.Subject + "=" + a.Value)
		t := freehold.T("%s: told by %s on %t", what, a.By, a.At)
		if a.Proven {
			t = freehold.T("%s: proven by %s on %t", what, a.By, a.At)
		}
		s.raw(`<li>`)
		s.sentence(s.p.marked(t))
		s.cite([]freehold.EvidenceID{a.Evidence})
		s.raw(`</li>`)
	}
	s.raw(`</ul>`)
}

// cite links to the evidence behind a sentence, by its number in the section.
func (s *nameView) cite(ids []freehold.EvidenceID) {
	for _, id := range ids {
		if !id.Valid() {
			continue
		}
		if _, known := s.refs.number[id]; !known && len(s.refs.order) == maxEvidence {
			continue
		}
		n := s.refs.of(id)
		s.raw(` <a class="ref" href="#`)
		s.anchor("e", n)
		s.raw(`">[`)
		s.number(n)
		s.raw(`]</a>`)
	}
}

// evidence lists the digests, with the source where the record of questions or
// the answers themselves tell it.
func (s *nameView) evidence() {
	if len(s.refs.order) == 0 {
		return
	}
	from := map[freehold.EvidenceID]string{}
	for _, a := range s.r.Observed.Asks() {
		from[a.Evidence] = freehold.OneLine(string(a.Kind) + " " + a.Source)
	}
	for _, a := range s.r.Observed.Attestations {
		from[a.Evidence] = freehold.OneLine(a.Subject + "=" + a.Value)
	}
	s.raw(`<h4>`)
	s.sentence(s.p.say("Evidence (raw: %s)", code("freehold show --raw ID")))
	s.raw(`</h4><ol class="evidence">`)
	for i, id := range s.refs.order {
		s.raw(`<li id="`)
		s.anchor("e", i+1)
		s.el(`" tabindex="-1"><span class="num">[`, strconv.Itoa(i+1), `]</span> `)
		if source := from[id]; source != "" {
			s.data(source)
			s.raw(` `)
		}
		s.el(`<code class="digest">`, string(id), `</code></li>`)
	}
	s.raw(`</ol>`)
}
