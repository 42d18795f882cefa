package report

import (
	"io"
	"strings"
	"time"

	"freehold"
)

// NewCards makes a Writer of one printable page per name to be kept on paper:
// whom to call, by channels that work without the name's own mail, and what to
// do first. What is not known is a line to fill in by hand. Formats: FormatHTML
// and FormatMD; another is an error of KindInvalid. It streams.
func NewCards(format string, w io.Writer, o Options) (Writer, error) {
	s, err := SpeakerFor(o.Lang)
	if err != nil {
		return nil, err
	}
	if format != FormatHTML && format != FormatMD {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("a card cannot be written as %q", format), Advice: freehold.T("use one of %s", "html, md")}
	}
	o.Unicode, o.Color = true, false
	return &cardWriter{out: w, p: newPrinter(io.Discard, o, s), md: format == FormatMD}, nil
}

type cardWriter struct {
	out   io.Writer
	p     *printer
	md    bool
	run   freehold.Run
	begun bool
	m     markup
}

// A cardBlock is one box of a card.
type cardBlock struct {
	title string
	lines []cardLine
}

// A cardLine is a label and what is known; empty: a line to write on.
type cardLine struct {
	label, value, note string
}

// The bounds that keep a card on its page.
const (
	maxCardValue = 110
	maxCardStep  = 320
	maxCardSteps = 4
)

// blocks gathers what a card tells.
func (c *cardWriter) blocks(r *freehold.Result) []cardBlock {
	p, reg := c.p, &r.Observed.Registration
	fact := func(label string, f freehold.Fact[string]) cardLine {
		l := cardLine{label: label}
		if v, ok := f.Get(); ok {
			l.value = c.short(v)
		}
		return l
	}
	return []cardBlock{
		{p.say("Registrar"), []cardLine{
			fact(p.say("registrar"), reg.Registrar),
			fact(p.say("telephone (as published, often the abuse desk)"), reg.RegistrarPhone),
			fact(p.say("mailbox (as published, often the abuse desk)"), reg.RegistrarEmail),
			fact(p.say("its site"), reg.RegistrarURL),
			{label: p.say("customer number")},
		}},
		{p.say("Account and owner"), []cardLine{
			c.holder(p.say("in whose account the name stands"), r.Control.Of(freehold.LayerAccount)),
			{label: p.say("log-in name, and where its password is kept")},
			{label: p.say("who holds the second factor")},
			c.holder(p.say("owner of record"), r.Control.Of(freehold.LayerRegistrant)),
			c.attested(p.say("who pays"), r, freehold.AttestPayer),
		}},
		{p.say("Who acts, with a mobile number each"), []cardLine{{label: "1"}, {label: "2"}, c.attested(p.say("recovery contact outside the name and the host"), r, freehold.AttestRecovery)}},
		{p.say("Host, DNS and mail"), []cardLine{
			c.host(r),
			{label: p.say("the host's telephone, and a second channel")},
			c.holder(p.say("DNS servers"), r.Control.Of(freehold.LayerDNS)),
			c.holder(p.say("mail"), r.Control.Of(freehold.LayerMail)),
			{label: p.say("a mailbox of ours under another name")},
			c.attested(p.say("where the copies are: zone, files, databases, mail"), r, freehold.AttestZoneCopy),
		}},
	}
}

// holder writes who holds a layer, and how that is known.
func (c *cardWriter) holder(label string, claim freehold.Claim) cardLine {
	if claim.Standing == freehold.StandingUnknown {
		return cardLine{label: label}
	}
	claim.Holder = c.short(claim.Holder)
	return cardLine{label: label, value: c.p.holder(&claim), note: c.p.claimStanding(&claim)}
}

func (c *cardWriter) attested(label string, r *freehold.Result, subject string) cardLine {
	a, ok := r.Observed.Attestations.Latest(subject)
	if !ok || a.Value == freehold.AttestedNo || a.Value == freehold.AttestedYes {
		return cardLine{label: label}
	}
	standing := freehold.StandingClaimed
	if a.Proven {
		standing = freehold.StandingProven
	}
	return c.holder(label, freehold.Claim{Holder: a.Value, Mine: a.Value == freehold.AttestedMe, Standing: standing, At: a.At, Stale: a.IsStale(r.At)})
}

func (c *cardWriter) host(r *freehold.Result) cardLine {
	l := c.attested(c.p.say("web host"), r, freehold.AttestHost)
	if l.value == "" {
		if host := hostParty(r); host != "" {
			l.value, l.note = c.short(host), c.p.standing(freehold.StandingObserved)
		}
	}
	return l
}

func (c *cardWriter) short(s string) string {
	return clip(strings.TrimSpace(freehold.OneLine(s)), maxCardValue)
}

// steps is what to do first: what the verdict says, then the gravest findings.
func (c *cardWriter) steps(r *freehold.Result) []string {
	var all []string
	for _, t := range []freehold.Text{r.Verdict.Question, r.Verdict.Path} {
		if !t.IsZero() {
			all = append(all, c.said(t))
		}
	}
	for _, f := range gravest(r) {
		if f.Severity >= freehold.SeverityNotice && !f.Remedy.IsZero() {
			all = append(all, c.said(f.Remedy))
		}
	}
	all = all[:min(len(all), maxCardSteps)]
	for i, s := range all {
		all[i] = clip(s, maxCardStep)
	}
	return all
}

// said says a text with its arguments cut for the card.
func (c *cardWriter) said(t freehold.Text) string {
	t.Args = eachOf(t.Args, func(a string) string { return clip(a, maxCardValue) })
	return c.p.marked(t)
}

// warning is said where mail cannot help, since it hangs on the name itself.
func (c *cardWriter) warning(r *freehold.Result) string {
	box := r.Control.Of(freehold.LayerContactMailbox).Holder
	_, domain, ok := strings.Cut(box, "@")
	if h, err := freehold.ParseHost(domain); !ok || err != nil || r.Name.IsZero() || !h.Within(r.Name.Host()) {
		return c.p.say("Whoever asks you for a password or a code by telephone is not your registrar: call back the number on this card.")
	}
	return c.p.marked(freehold.T("Mail to %s stops when this name stops: do not count on it to prove who you are.", c.short(box)))
}

func (c *cardWriter) Begin(r freehold.Run) error {
	c.run, c.begun = r, true
	if c.md {
		return nil
	}
	v := pageView{markup: &c.m, p: c.p}
	c.m.b = c.m.b[:0]
	c.m.openDocument(v.lang(), c.p.say("Cards to print and keep")+" – freehold", cardStyle, "")
	c.m.raw(`<body><main>`)
	return c.flush()
}

func (c *cardWriter) flush() error {
	_, err := c.out.Write(c.m.b)
	c.m.b = c.m.b[:0]
	return err
}

func (c *cardWriter) Result(r *freehold.Result) error {
	if c.md {
		c.markdown(r)
	} else {
		c.page(r)
	}
	return c.flush()
}

func (c *cardWriter) End(r freehold.Run, s freehold.Summary) error {
	if s.Names == 0 {
		if c.md {
			c.m.b = appendMarkdown(c.m.b, c.p.say("There were no names to audit."))
			c.m.raw("\n")
		} else {
			c.m.el(`<p>`, c.p.say("There were no names to audit."), `</p>`)
		}
	}
	return c.close()
}

func (c *cardWriter) close() error {
	if !c.md {
		c.m.raw("</main></body></html>\n")
	}
	return c.flush()
}

// Fail closes the document after what was told; the error belongs on standard error.
func (c *cardWriter) Fail(error) error {
	if !c.begun {
		if err := c.Begin(freehold.Run{}); err != nil {
			return err
		}
	}
	return c.close()
}

// printed is the date on the card.
func (c *cardWriter) printed() time.Time {
	if !c.p.o.Now.IsZero() {
		return c.p.o.Now
	}
	return c.run.Started
}

func (c *cardWriter) page(r *freehold.Result) {
	m := &c.m
	m.raw(`<article class="card"><header><h1>`)
	m.data(clip(c.p.nameOf(r), maxCardValue))
	m.raw(`</h1>`)
	if r.Name.Unicode() != r.Name.ASCII() {
		m.el(`<p class="ascii">`, r.Name.ASCII(), `</p>`)
	}
	m.el(`<p class="date">`, c.p.say("Printed on %t. Keep it where it can be read when the name, its site and its mail are gone.", c.printed()), `</p></header>`)
	if r.Status == freehold.StatusFailed {
		m.el(`<p class="failed">`, c.p.say("Nothing could be learnt")+": "+c.short(c.p.why(r)), `</p>`)
	} else {
		word, symbol, _ := c.p.answer(r.Verdict.CanLeave)
		m.el(`<p class="verdict"><strong>`, symbol+" "+word, `</strong> `)
		m.text(c.p.verdictSentence(&r.Verdict) + " " + c.p.registered(&r.Observed.Registration))
		m.raw(`</p>`)
	}
	m.raw(`<div class="blocks">`)
	for _, b := range c.blocks(r) {
		m.el(`<section><h2>`, b.title, `</h2><dl>`)
		for _, l := range b.lines {
			m.el(`<div><dt>`, l.label, `</dt>`)
			if l.value == "" {
				m.el(`<dd class="blank"><span class="vh">`, c.p.say("to fill in"), `</span></dd></div>`)
				continue
			}
			m.raw(`<dd>`)
			m.data(l.value)
			if l.note != "" {
				m.el(` <small>`, l.note, `</small>`)
			}
			m.raw(`</dd></div>`)
		}
		m.raw(`</dl></section>`)
	}
	m.el(`</div><section class="first"><h2>`, c.p.say("What to do first"), `</h2><ol>`)
	for _, s := range c.steps(r) {
		m.raw(`<li>`)
		m.sentence(s)
		m.raw(`</li>`)
	}
	m.raw(`</ol><p class="warning">`)
	m.sentence(c.warning(r))
	m.raw(`</p></section></article>`)
}

func (c *cardWriter) markdown(r *freehold.Result) {
	v := &mdView{&c.m, c.p}
	v.line("# ", clip(c.p.nameOf(r), maxCardValue))
	v.paragraph(c.p.say("Printed on %t. Keep it where it can be read when the name, its site and its mail are gone.", c.printed()))
	if r.Status == freehold.StatusFailed {
		v.paragraph(c.p.say("Nothing could be learnt") + ": " + c.short(c.p.why(r)))
	} else {
		word, symbol, _ := c.p.answer(r.Verdict.CanLeave)
		v.paragraph(symbol + " " + word + ". " + c.p.verdictSentence(&r.Verdict) + " " + c.p.registered(&r.Observed.Registration))
	}
	for _, b := range c.blocks(r) {
		v.line("## ", b.title)
		for _, l := range b.lines {
			v.raw("- ")
			v.put(l.label + ": ")
			switch {
			case l.value == "":
				v.raw("\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_\\_")
			case l.note == "":
				v.put(l.value)
			default:
				v.put(l.value + " (" + l.note + ")")
			}
			v.raw("\n")
		}
		v.raw("\n")
	}
	v.line("## ", c.p.say("What to do first"))
	for _, s := range c.steps(r) {
		v.line("1. ", s)
	}
	v.raw("\n")
	v.paragraph(c.warning(r))
}
