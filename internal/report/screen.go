package report

import (
	"slices"
	"strings"
	"time"

	"freehold"
)

// screenLines is how many lines a screen has before it gives up detail, which
// "freehold show" has in full.
const screenLines = 40

// twoColumns is the width from which a screen puts its sections side by side.
const twoColumns = 150

// detail bounds what a screen tells.
type detail struct{ findings, remedies, reasons, conditions, silent int }

// details are tried in turn until the screen is short enough. Everything has
// the zero value of a limit: none.
var details = []detail{{4, 4, 3, 4, 3}, {3, 3, 2, 3, 3}, {4, 2, 2, 3, 2}, {3, 2, 1, 3, 2}, {3, 1, 1, 2, 1}, {2, 1, 1, 2, 1}}

// everything is the detail of "freehold show".
var everything = detail{}

// beyond tells whether i has reached a limit.
func beyond(i, limit int) bool { return limit > 0 && i >= limit }

// screen makes the one page about one name: the verdict, what to fix first, who
// holds what, how it would leave, and what could not be learnt.
func (p *printer) screen(run freehold.Run, r *freehold.Result) []line {
	var out []line
	for _, d := range details {
		if out = p.screenWith(run, r, d); len(out) <= screenLines {
			break
		}
	}
	return out
}

func (p *printer) screenWith(run freehold.Run, r *freehold.Result, d detail) []line {
	width := p.o.Width
	if r.Status == freehold.StatusFailed {
		return stack(p.title(r, width), p.failure(r, width), p.unanswered(r, d.silent, width), p.footer(run, r, width))
	}
	if width < twoColumns {
		return stack(
			append(p.title(r, width), append([]line{{}}, p.verdict(r, d.reasons, width)...)...),
			p.fixFirst(r, d, width),
			p.holders(r, width),
			p.leaving(r, d.conditions, width),
			p.unanswered(r, d.silent, width),
			p.footer(run, r, width),
		)
	}
	const gap = 4
	left := (width - gap) / 2
	right := width - gap - left
	head := append(p.title(r, width), append([]line{{}}, p.verdict(r, d.reasons, width)...)...)
	return stack(head, p.beside(
		stack(p.fixFirst(r, d, left), p.unanswered(r, d.silent, left)),
		stack(p.holders(r, right), p.leaving(r, d.conditions, right)),
		left, gap,
	), p.footer(run, r, width))
}

// title is the name, the day of the audit, and the dates of the registration.
func (p *printer) title(r *freehold.Result, width int) []line {
	shown := p.nameOf(r)
	if p.o.Unicode && r.Name.Unicode() != r.Name.ASCII() {
		shown += " (" + r.Name.ASCII() + ")"
	}
	first := line{{shown, bold}}
	if !r.At.IsZero() {
		at := p.charset(p.say("audited %t", r.At))
		if pad := width - first.width() - cells(at); pad >= 2 {
			first = append(first, span{text: strings.Repeat(" ", pad)}, span{at, dim})
		}
	}
	out := []line{first}
	if s := p.registered(&r.Observed.Registration); s != "" && r.Status != freehold.StatusFailed {
		out = append(out, p.paragraph(nil, s, plainText, width)...)
	}
	return out
}

// registered says in a line whether and until when the name is registered.
func (p *printer) registered(r *freehold.Registration) string {
	switch r.State {
	case freehold.NotRegistered:
		return p.say("The registry does not have this name: it is not registered.")
	case freehold.RegistrationUnknown:
		return p.say("The registry did not say whether this name is registered.")
	}
	created, hasCreated := r.Created.Get()
	expires, hasExpires := r.Expires.Get()
	switch {
	case hasCreated && hasExpires:
		return p.say("Registered on %t, expires on %t.", created, expires)
	case hasExpires:
		return p.say("Registered, expires on %t.", expires)
	case hasCreated:
		return p.say("Registered on %t; the registry does not publish when it expires.", created)
	}
	return p.say("Registered; the registry publishes no dates.")
}

func (p *printer) heading(s string) line { return line{{s, bold}} }

func (p *printer) verdict(r *freehold.Result, reasons, width int) []line {
	v := &r.Verdict
	word, symbol, st := p.answer(v.CanLeave)
	out := []line{p.heading(p.say("Can it leave today without its host?"))}
	out = append(out, p.paragraph(line{{symbol + " " + word, st}, {text: "  "}}, p.verdictSentence(v), bold, width)...)
	for i, why := range v.Why {
		if beyond(i, reasons) {
			break
		}
		out = append(out, p.paragraph(text("  "), p.text(why.Text)+p.cite(why.Citation, why.Evidence), plainText, width)...)
	}
	if !v.Question.IsZero() {
		out = append(out, p.paragraph(line{{"  " + p.mark("→", ">") + " ", bold}}, p.text(v.Question), bold, width)...)
		if !r.Name.IsZero() {
			out = append(out, p.paragraph(text("    "), p.say("To answer: %s", command("freehold audit --ask", p.nameOf(r))), plainText, width)...)
		}
	}
	return out
}

// fixFirst shows the gravest findings with what to do about them.
func (p *printer) fixFirst(r *freehold.Result, d detail, width int) []line {
	sorted := slices.Clone(r.Findings)
	slices.SortStableFunc(sorted, func(a, b freehold.Finding) int { return int(b.Severity) - int(a.Severity) })
	out := []line{p.heading(p.say("Fix first"))}
	if len(sorted) == 0 {
		return append(out, text("  "+p.say("Nothing to fix was found.")))
	}
	for i := range sorted {
		if beyond(i, d.findings) {
			out = append(out, p.more(r, len(sorted)-i, width)...)
			break
		}
		f := &sorted[i]
		word, symbol, st := p.severity(f.Severity)
		out = append(out, p.paragraph(line{{"  " + symbol + " " + word, st}, {text: "  "}}, p.text(f.Title), bold, width)...)
		if d == everything {
			out = append(out, p.paragraph(text("    "), p.text(f.Why)+p.cite(f.Rule, f.Evidence), plainText, width)...)
		}
		if !f.Remedy.IsZero() && !beyond(i, d.remedies) {
			out = append(out, p.paragraph(text("    "+p.mark("→", ">")+" "), p.text(f.Remedy), plainText, width)...)
		}
	}
	return out
}

// more says how many things were left out, and where they are.
func (p *printer) more(r *freehold.Result, n, width int) []line {
	return p.paragraph(text("  "), p.say("and %d more: %s", n, command("freehold show", p.nameOf(r))), dim, width)
}

// holders shows who holds each layer, and how that is known. Layers nobody
// knows anything about share one line.
func (p *printer) holders(r *freehold.Result, width int) []line {
	type row struct {
		layer, holder, standing, against string
	}
	var rows []row
	var unknown []string
	label, last := 0, 0
	for i := range r.Control {
		c := &r.Control[i]
		if c.Standing == freehold.StandingUnknown && c.Holder == "" {
			unknown = append(unknown, p.layer(c.Layer))
			continue
		}
		w := row{layer: p.charset(p.layer(c.Layer)), holder: p.holder(c), standing: p.charset(p.claimStanding(c) + p.cite("", c.Evidence)), against: freehold.OneLine(c.Against)}
		rows = append(rows, w)
		label, last = max(label, cells(w.layer)), max(last, cells(w.standing))
	}
	if len(r.Control) == 0 {
		return nil
	}
	out := []line{p.heading(p.say("Who holds what"))}
	space := width - 2 - label - 2 - 2 - last
	for _, w := range rows {
		out = append(out, line{{text: "  " + p.fit(w.layer, label) + "  "}, {p.fit(w.holder, space), bold}, {"  " + w.standing, dim}})
		if w.against != "" {
			out = append(out, p.paragraph(text(strings.Repeat(" ", label+4)), p.say("but another source says: %s", w.against), yellow, width)...)
		}
	}
	if len(unknown) > 0 {
		out = append(out, p.paragraph(text("  "), p.say("Not known: %s", strings.Join(unknown, ", ")), plainText, width)...)
	}
	return out
}

func (p *printer) holder(c *freehold.Claim) string {
	holder := freehold.OneLine(c.Holder)
	switch {
	case c.Mine && (holder == "" || holder == freehold.AttestedMe):
		return p.say("you")
	case c.Mine:
		return p.say("you: %s", holder)
	case holder == "":
		return p.say("none")
	}
	return holder
}

// claimStanding adds to a standing when it was said or proven, since that ages.
func (p *printer) claimStanding(c *freehold.Claim) string {
	s := p.standing(c.Standing)
	if c.Standing != freehold.StandingClaimed && c.Standing != freehold.StandingProven || c.At.IsZero() {
		return s
	}
	if c.Stale {
		return p.say("%s %s, too old", s, day(c.At))
	}
	return s + " " + day(c.At)
}

// leaving says how the name would leave and what has to work for it.
func (p *printer) leaving(r *freehold.Result, conditions, width int) []line {
	v := &r.Verdict
	rows := []struct{ label, value string }{
		{p.say("how"), p.text(v.Path)}, {p.say("who acts"), p.text(v.Who)}, {p.say("how long"), p.text(v.HowLong)},
	}
	label := 0
	for i := range rows {
		rows[i].label = p.charset(rows[i].label)
		label = max(label, cells(rows[i].label))
	}
	var out []line
	for _, row := range rows {
		if row.value != "" {
			out = append(out, p.paragraph(text("  "+p.fit(row.label, label)+"  "), row.value, plainText, width)...)
		}
	}
	for i, c := range v.Conditions {
		if i == 0 {
			out = append(out, text("  "+p.say("what must work:")))
		}
		if beyond(i, conditions) {
			out = append(out, p.more(r, len(v.Conditions)-i, width)...)
			break
		}
		out = append(out, p.paragraph(text("  - "), p.text(c.What)+" ("+p.standing(c.Standing)+")"+p.cite("", c.Evidence), plainText, width)...)
	}
	if len(out) == 0 {
		return nil
	}
	return append([]line{p.heading(p.say("How it would leave"))}, out...)
}

func (p *printer) unanswered(r *freehold.Result, limit, width int) []line {
	all := silentSources(&r.Observed)
	if len(all) == 0 {
		return nil
	}
	out := []line{p.heading(p.say("Who did not answer, so that this report is incomplete"))}
	for i, s := range all {
		if beyond(i, limit) {
			out = append(out, p.more(r, len(all)-i, width)...)
			break
		}
		out = append(out, p.paragraph(text("  "), s.Source+" "+p.missed(s.Outcome), plainText, width)...)
	}
	return out
}

// failure stands where there is nothing to tell.
func (p *printer) failure(r *freehold.Result, width int) []line {
	out := p.paragraph(line{{p.mark("✗", "x") + " " + p.say("NOTHING LEARNT"), red}, {text: "  "}}, p.why(r), plainText, width)
	if hint := p.wayOut(r); hint != "" {
		out = append(out, p.paragraph(line{{"  " + p.mark("→", ">") + " ", bold}}, hint, plainText, width)...)
	}
	return out
}

// footer says how old the rules are and where the run is kept.
func (p *printer) footer(run freehold.Run, r *freehold.Result, width int) []line {
	return p.paragraph(nil, strings.Join(p.footnotes(run, r), " "), dim, width)
}

func (p *printer) footnotes(run freehold.Run, r *freehold.Result) []string {
	var notes []string
	if !run.PolicyDate.IsZero() {
		age := run.PolicyAge()
		if !p.o.Now.IsZero() {
			age = int(p.o.Now.Sub(run.PolicyDate) / (24 * time.Hour))
		}
		notes = append(notes, p.policyNote(run.PolicyDate, age))
	}
	if r != nil {
		if age, kept := keptAge(r); kept {
			notes = append(notes, p.say("The registry's answer is %s old (%s asks again).", age, command("--fresh")))
		}
	}
	switch {
	case p.o.Saved == "" || run.ID == "":
		notes = append(notes, p.say("This run is not saved."))
	case r != nil && !r.Name.IsZero():
		notes = append(notes, p.say("Saved as run %s in %s. In full: %s", run.ID, p.o.Saved, command("freehold show", p.nameOf(r))))
	default:
		notes = append(notes, p.say("Saved as run %s in %s.", run.ID, p.o.Saved))
	}
	return notes
}

func (p *printer) policyNote(read time.Time, days int) string {
	switch {
	case days < 0: // judged by rules that were read later
		return p.say("Transfer rules as of %t.", read)
	case days == 0:
		return p.say("Transfer rules as of %t (today).", read)
	case days == 1:
		return p.say("Transfer rules as of %t (yesterday).", read)
	}
	return p.say("Transfer rules as of %t (%d days ago).", read, days)
}
