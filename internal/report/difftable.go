package report

import (
	"freehold"
)

// diffTable tells a person what changed, a name at a time.
type diffTable struct {
	p *printer
}

func (t *diffTable) begin(before, after freehold.Run) error {
	p := t.p
	p.lines(p.prose(nil, p.say("From run %s of %t to run %s of %t:", before.ID, before.Started, after.ID, after.Started), p.o.Width))
	return p.flush()
}

func (t *diffTable) name(d *difference) error {
	p := t.p
	p.line(nil)
	head := line{{p.nameOf(d.pair.shown()), bold}}
	switch {
	case d.pair.Before == nil:
		verdict, st := p.shortVerdict(d.pair.After)
		p.line(append(head, span{text: "  " + p.say("is new in this run:") + " "}, span{verdict, st}))
		return p.flush()
	case d.pair.After == nil:
		p.line(append(head, span{text: "  " + p.say("is not in this run")}))
		return p.flush()
	}
	p.line(head)
	t.verdict(d)
	for _, c := range d.control {
		before, after := c.before, c.after
		t.change(p.layer(c.layer), c.learnt, p.held(&before), p.held(&after))
	}
	for _, f := range d.facts {
		t.change(f.field, f.learnt, p.factSaid(f.before), p.factSaid(f.after))
	}
	for i := range d.appeared {
		t.finding(p.mark("+", "+"), &d.appeared[i], "")
	}
	for i := range d.gone {
		note := ""
		if !d.settled {
			note = p.say("(no longer seen; the new run did not learn all it asked)")
		}
		t.finding(p.mark("−", "-"), &d.gone[i], note)
	}
	return p.flush()
}

func (t *diffTable) verdict(d *difference) {
	p, a, b := t.p, d.pair.Before, d.pair.After
	if a.Status != b.Status && (a.Status == freehold.StatusFailed || b.Status == freehold.StatusFailed) || d.verdict {
		before, _ := p.shortVerdict(a)
		after, st := p.shortVerdict(b)
		lead := line{{text: "  " + p.say("can it leave?") + "  "}}
		l := append(lead, span{before + " " + p.mark("→", ">") + " ", plainText}, span{after, st})
		p.line(l)
		return
	}
	switch {
	case a.Status == freehold.StatusOK && b.Status == freehold.StatusPartial:
		p.lines(p.prose(text("  "), p.say("This time a source did not answer."), p.o.Width))
	case a.Status == freehold.StatusPartial && b.Status == freehold.StatusOK:
		p.lines(p.prose(text("  "), p.say("This time every source answered."), p.o.Width))
	}
}

// change says one difference; what is no longer known is never said to be gone.
func (t *diffTable) change(what string, l Learnt, before, after string) {
	p := t.p
	lead := text("  ")
	var s string
	switch l {
	case LearntNoLongerKnown:
		s = p.say("%s: no longer known (was %s)", what, before)
	case LearntNowKnown:
		s = p.say("%s: now known: %s", what, after)
	case LearntAdded:
		s = p.say("%s: there was none, now %s", what, after)
	case LearntRemoved:
		s = p.say("%s: was %s, now there is none", what, before)
	case LearntWithheld:
		s = p.say("%s: was %s, now withheld", what, before)
	case LearntShown:
		s = p.say("%s: was withheld, now %s", what, after)
	default:
		s = p.say("%s: was %s, now %s", what, before, after)
	}
	p.lines(p.paragraph(lead, s, plainText, p.o.Width))
}

func (t *diffTable) finding(mark string, f *freehold.Finding, note string) {
	p := t.p
	word, _, st := p.severity(f.Severity)
	s := p.text(f.Title)
	if note != "" {
		s += " " + note
	}
	p.lines(p.paragraph(line{{text: "  "}, {mark + " " + p.charset(word) + "  ", st}}, s, plainText, p.o.Width))
}

// held says who holds a layer and how that is known.
func (p *printer) held(c *freehold.Claim) string {
	if c.Standing == freehold.StandingUnknown {
		return p.standing(c.Standing)
	}
	return p.holder(c) + " (" + p.standing(c.Standing) + ")"
}

func (p *printer) factSaid(f knownFact) string {
	if f.state != freehold.Value {
		return p.factWord(f.state)
	}
	return freehold.OneLine(orDefault(f.value, p.say("none")))
}

func (t *diffTable) end(s DiffSummary) error {
	p := t.p
	switch {
	case s.Names == 1 && s.Unchanged == 1:
		p.line(nil)
		p.line(text(p.say("Nothing changed.")))
		return p.flush()
	case s.Names == 1:
		return p.flush()
	}
	p.line(nil)
	p.lines(p.prose(nil, p.say("%d names: %d changed, %d new, %d gone, %d as before.", s.Names, s.Changed, s.New, s.Gone, s.Unchanged), p.o.Width))
	return p.flush()
}
