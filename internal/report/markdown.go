package report

import (
	"bufio"
	"io"
	"strings"

	"freehold"
)

// mdWriter writes the page's content as Markdown (CommonMark with the tables of
// GitHub), for tickets, wikis and mail.
type mdWriter struct {
	collector
	out io.Writer
	err error // of Fail
}

func newMarkdown(w io.Writer, o Options, s freehold.Speaker) *mdWriter {
	return &mdWriter{collector: newCollector(o, s), out: w}
}

func (d *mdWriter) Result(r *freehold.Result) error {
	return d.add(r, func(m *markup, r *freehold.Result, _ int) int {
		(&mdView{m, d.p}).section(r)
		return 0
	})
}

func (d *mdWriter) End(r freehold.Run, s freehold.Summary) error {
	d.run = r
	return d.document(s)
}

// Fail writes what was learnt until then, with the error on top.
func (d *mdWriter) Fail(err error) error {
	d.err = err
	return d.document(freehold.Summary{Names: d.seq})
}

func (d *mdWriter) document(s freehold.Summary) error {
	defer d.spool.close()
	pieces, shown := d.budget()
	rows := d.rows.sorted()
	w := bufio.NewWriterSize(d.out, 1<<16)
	v := &mdView{&d.m, d.p}
	d.m.b = d.m.b[:0]
	d.top(v, rows)
	if d.seq > 1 {
		d.summary(v, s)
		d.concentration(v)
		d.calendar(v)
		v.list(rows)
	}
	if left := d.seq - len(shown); left > 0 {
		v.paragraph(v.p.say("The %d most in need are told in full below; for any other: %s", len(shown), code("freehold show --format md NAME")))
	}
	w.Write(v.b)
	for _, x := range pieces {
		if err := d.spool.copy(w, x.at, x.len); err != nil {
			return err
		}
	}
	v.b = v.b[:0]
	v.raw("---\n\n")
	if !d.run.PolicyDate.IsZero() {
		v.paragraph(v.p.policyNote(d.run.PolicyDate, d.run.PolicyAge()))
	}
	w.Write(v.b)
	return w.Flush()
}

func (d *mdWriter) top(v *mdView, rows []listed) {
	title := v.p.say("Who controls your domain names")
	if len(rows) == 1 && d.seq == 1 {
		title = v.p.say("Who controls %s", rows[0].name)
	}
	v.line("# ", title)
	if !d.run.Started.IsZero() {
		v.paragraph(v.p.say("audited %t", d.run.Started))
	}
	switch {
	case d.err != nil:
		v.paragraph(v.p.say("The audit broke off: this page is incomplete.") + " " + freehold.SayError(v.p.speaker, d.err))
	case d.run.Finished.IsZero():
		v.paragraph(v.p.say("The audit was interrupted: names are missing."))
	}
	if d.seq == 0 {
		v.paragraph(v.p.say("There were no names to audit."))
		return
	}
	v.line("## ", v.p.say("What to do this week"))
	all := d.folio.tasks()
	if len(all) == 0 {
		v.paragraph(v.p.say("Nothing to fix was found."))
	}
	for _, t := range all[:min(len(all), topTasks)] {
		v.task(t, d.seq)
	}
	v.raw("\n")
}

func (d *mdWriter) summary(v *mdView, s freehold.Summary) {
	v.line("## ", v.p.say("Can they leave today without their host?"))
	for _, row := range v.p.counts(s) {
		v.line("- ", v.p.number(row.n)+" "+row.what)
	}
	if s.Failed > 0 {
		v.line("- ", v.p.say("%d failed: nothing was learnt about them, and they are counted in none of the figures.", s.Failed))
	}
	if s.Partial > 0 {
		v.line("- ", v.p.say("In %d of them a source did not answer; what it would have said is unknown here, not absent.", s.Partial))
	}
	v.raw("\n")
}

func (d *mdWriter) concentration(v *mdView) {
	v.line("## ", v.p.say("What hangs on whom"))
	for i, l := range dimensions {
		all, parties := d.folio.holders[i].shares()
		if len(all) == 0 {
			continue
		}
		v.row(capitalised(v.p.layer(l)), "")
		v.raw("|---|---:|\n")
		for _, s := range all {
			v.row(v.p.shareName(s, parties), v.p.number(s.names))
		}
		v.raw("\n")
	}
}

func (d *mdWriter) calendar(v *mdView) {
	soon := d.folio.soon.sorted()
	if len(soon) == 0 {
		return
	}
	v.line("## ", v.p.say("When registrations end"))
	for _, e := range soon {
		v.line("- ", v.p.speaker.Date(e.at)+" "+e.name)
	}
	v.raw("\n")
}

// mdView writes Markdown. Text passes through appendMarkdown, as text of a page
// passes through appendEscaped.
type mdView struct {
	*markup
	p *printer
}

func (v *mdView) put(s string) { v.b = appendMarkdown(v.b, s) }

func (v *mdView) line(lead fixed, s string) {
	v.raw(lead)
	v.put(s)
	if strings.HasPrefix(string(lead), "#") {
		v.raw("\n")
	}
	v.raw("\n")
}

func (v *mdView) paragraph(s string) { v.line("", s+"\n") }

func (v *mdView) row(cells ...string) {
	for _, c := range cells {
		v.raw("| ")
		v.put(clip(c, maxShown))
		v.raw(" ")
	}
	v.raw("|\n")
}

func (v *mdView) task(t *task, total int) {
	word, symbol, _ := v.p.severity(t.severity)
	v.raw("1. **")
	v.put(v.p.marked(t.title))
	v.raw("** (")
	meta := []string{symbol + " " + word}
	if total > 1 && t.names > 1 {
		meta = append(meta, v.p.say("%d names", t.names))
	}
	if !t.due.IsZero() {
		meta = append(meta, v.p.say("by %t", t.due))
	}
	v.put(strings.Join(meta, ", "))
	v.raw(")  \n   ")
	v.put(v.p.marked(t.remedy))
	v.raw("\n")
	if total > 1 {
		names := strings.Join(eachOf(t.first, func(e example) string { return e.name }), ", ")
		if more := t.names - len(t.first); more > 0 {
			names = v.p.say("%s and %d more", names, more)
		}
		v.raw("   ")
		v.put(names)
		v.raw("\n")
	}
}

func (v *mdView) list(rows []listed) {
	v.line("## ", v.p.say("The names, most in need first"))
	v.row(v.p.say("name"), v.p.say("can it leave?"), v.p.say("registered at"), v.p.say("expires"), v.p.say("worst finding"))
	v.raw("|---|---|---|---|---|\n")
	for i := range rows {
		l := &rows[i]
		r := &freehold.Result{Status: l.status, Verdict: freehold.Verdict{CanLeave: l.verdict, NotBefore: l.notBefore}}
		verdict, _ := v.p.shortVerdict(r)
		worst, ends := l.why, ""
		if l.worst > 0 {
			_, symbol, _ := v.p.severity(freehold.Severity(l.worst - 1))
			worst = symbol + " " + v.p.marked(l.title)
		}
		if !l.ends.IsZero() {
			ends = day(l.ends)
		}
		v.row(l.name, verdict, l.registrar, ends, worst)
	}
	v.raw("\n")
}

// section writes one name.
func (v *mdView) section(r *freehold.Result) {
	p := v.p
	name := p.nameOf(r)
	if r.Name.Unicode() != r.Name.ASCII() {
		name += " (" + r.Name.ASCII() + ")"
	}
	v.line("## ", clip(name, maxShown))
	if r.Status == freehold.StatusFailed {
		v.paragraph(p.say("Nothing could be learnt") + ": " + clip(p.why(r), maxShown))
		v.silent(r)
		return
	}
	word, symbol, _ := p.answer(r.Verdict.CanLeave)
	v.paragraph(p.registered(&r.Observed.Registration))
	v.raw("**")
	v.put(symbol + " " + word)
	v.raw("** ")
	v.paragraph(p.verdictSentence(&r.Verdict))
	for _, w := range r.Verdict.Why {
		s := p.marked(w.Text)
		if w.Citation != "" {
			s += " (" + clip(freehold.OneLine(w.Citation), maxShown) + ")"
		}
		v.line("- ", s)
	}
	v.raw("\n")
	if !r.Verdict.Question.IsZero() {
		v.line("> ", p.marked(r.Verdict.Question))
		v.line("> ", p.say("To answer: %s", code("freehold audit --ask "+r.Name.Unicode())))
		v.raw("\n")
	}
	v.findings(r)
	v.control(r)
	v.leaving(r)
	v.silent(r)
}

func (v *mdView) findings(r *freehold.Result) {
	v.line("### ", v.p.say("What to do"))
	all := gravest(r)
	if len(all) == 0 {
		v.paragraph(v.p.say("Nothing to fix was found."))
	}
	for i := range all {
		f := &all[i]
		word, symbol, _ := v.p.severity(f.Severity)
		v.raw("- **")
		v.put(symbol + " " + word + ": " + v.p.marked(f.Title))
		v.raw("** ")
		v.put(v.p.marked(f.Why))
		if !f.Remedy.IsZero() {
			v.raw("  \n  → ")
			v.put(v.p.marked(f.Remedy))
		}
		v.raw("\n")
	}
	v.raw("\n")
}

func (v *mdView) control(r *freehold.Result) {
	if len(r.Control) == 0 {
		return
	}
	v.line("### ", v.p.say("Who holds what"))
	v.row(v.p.say("layer"), v.p.say("holder"), v.p.say("how we know"))
	v.raw("|---|---|---|\n")
	for i := range r.Control {
		c := &r.Control[i]
		holder := v.p.holder(c)
		if c.Standing == freehold.StandingUnknown && c.Holder == "" {
			holder = v.p.say("not known")
		}
		if c.Against != "" {
			holder = clip(holder, maxShown/2) + "; " + v.p.say("but another source says: %s", clip(c.Against, maxShown/2))
		}
		v.row(v.p.layer(c.Layer), holder, v.p.claimStanding(c))
	}
	v.raw("\n")
}

func (v *mdView) leaving(r *freehold.Result) {
	j := &r.Verdict
	if j.Path.IsZero() && j.Who.IsZero() && len(j.Conditions) == 0 {
		return
	}
	v.line("### ", v.p.say("How it would leave"))
	for _, row := range []struct {
		label string
		value freehold.Text
	}{{v.p.say("how"), j.Path}, {v.p.say("who acts"), j.Who}, {v.p.say("how long"), j.HowLong}} {
		if !row.value.IsZero() {
			v.line("- ", row.label+": "+v.p.marked(row.value))
		}
	}
	for _, c := range j.Conditions {
		v.line("- ", v.p.marked(c.What)+" ("+v.p.standing(c.Standing)+")")
	}
	v.raw("\n")
}

func (v *mdView) silent(r *freehold.Result) {
	all := silentSources(&r.Observed)
	if len(all) == 0 {
		return
	}
	v.line("### ", v.p.say("Who did not answer, so that this report is incomplete"))
	for _, s := range all[:min(len(all), maxSilent)] {
		v.line("- ", s.Source+" "+v.p.missed(s.Outcome))
	}
	v.raw("\n")
}

// appendMarkdown writes text so that it is nothing but text to a reader of
// Markdown, or of HTML made from it. It never stands at the beginning of a line,
// so that no line mark (#, -, 1.) needs an escape.
func appendMarkdown(b []byte, s string) []byte {
	inCode := false
	for _, r := range s {
		switch {
		case r == markCommand && !inCode, r == markDone && inCode:
			b, inCode = append(b, '`'), !inCode
		case r == markCommand, r == markDone: // not ours
		case r == markIsolate, r == markIsolated:
		case r == '\n': // ours: the end of a paragraph
			b = append(b, '\n')
		case string(r) == hardSpace:
			b = append(b, ' ')
		case inCode && r == '`':
			b = append(b, '\'')
		case inCode:
			b = append(b, freehold.OneLine(string(r))...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '&':
			b = append(b, "&amp;"...)
		case strings.ContainsRune("\\`*_[]|~$", r):
			b = append(b, '\\', byte(r))
		default:
			b = append(b, freehold.OneLine(string(r))...)
		}
	}
	if inCode {
		b = append(b, '`')
	}
	return b
}
