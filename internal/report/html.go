package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"
	"time"

	"freehold"
)

// The page's style and script are part of it, and named by their digests in its
// content security policy: nothing else runs or is fetched.
var (
	//go:embed page/page.css
	pageStyle fixed
	//go:embed page/page.js
	pageScript fixed
	//go:embed page/card.css
	cardStyle fixed
)

// digestOf is the source expression of CSP level 3 for inline text.
func digestOf(s fixed) fixed {
	sum := sha256.Sum256([]byte(s))
	return fixed("'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'") // base64 holds no markup
}

// collector gathers the results of a document that needs all of them before its
// first line: a row each, and the rendered sections of those most in need.
type collector struct {
	p        *printer
	run      freehold.Run
	folio    *portfolio
	rows     most[listed]
	sections most[piece]
	spool    spool
	seq      int
	m        markup // reused for every section
	labelled bool   // some name has a client or tags
}

func newCollector(o Options, s freehold.Speaker) collector {
	o.Unicode, o.Color = true, false
	p := newPrinter(io.Discard, o, s)
	return collector{p: p, folio: newPortfolio(p), rows: most[listed]{limit: maxRows}, sections: most[piece]{limit: maxSections}}
}

func (c *collector) Begin(r freehold.Run) error {
	c.run, c.folio.now = r, r.Started
	if !c.p.o.Now.IsZero() {
		c.folio.now = c.p.o.Now
	}
	return nil
}

// add takes a result in; render writes its section, where one is wanted, and
// returns where it can be unfolded.
func (c *collector) add(r *freehold.Result, render func(m *markup, r *freehold.Result, seq int) (open int)) error {
	c.seq++
	u := urgencyOf(r, c.seq)
	c.folio.add(r, u)
	if c.rows.wants(u) {
		row := c.p.listed(r, u)
		c.labelled = c.labelled || row.client != "" || len(row.tags) > 0
		c.rows.keep(row)
	}
	if !c.sections.wants(u) {
		return nil
	}
	c.m.b = c.m.b[:0]
	open := render(&c.m, r, c.seq)
	at, err := c.spool.add(c.m.b)
	if err == nil {
		c.sections.keep(piece{u, at, len(c.m.b), open})
	}
	return err
}

// budget returns the sections that fit the document, and which names have one.
func (c *collector) budget() (pieces []piece, shown map[int]bool) {
	pieces, shown = c.sections.sorted(), map[int]bool{}
	total := 0
	for i := range pieces {
		if total += pieces[i].len; total > maxSectionBytes && i > 0 {
			return pieces[:i], shown
		}
		shown[pieces[i].seq] = true
	}
	return pieces, shown
}

// htmlWriter writes one page that needs nothing but a browser.
type htmlWriter struct {
	collector
	out io.Writer
	err error // of Fail
}

func newHTML(w io.Writer, o Options, s freehold.Speaker) *htmlWriter {
	return &htmlWriter{collector: newCollector(o, s), out: w}
}

func (h *htmlWriter) Result(r *freehold.Result) error { return h.add(r, h.p.section) }

func (h *htmlWriter) End(r freehold.Run, s freehold.Summary) error {
	h.run = r
	return h.page(s)
}

// Fail writes the page of what was learnt until then, with the error on top.
func (h *htmlWriter) Fail(err error) error {
	h.err = err
	return h.page(freehold.Summary{Names: h.seq})
}

// page writes everything. Sections beyond the page's budget are left out, and
// the list says how to see them.
func (h *htmlWriter) page(s freehold.Summary) error {
	defer h.spool.close()
	pieces, shown := h.budget()
	w := bufio.NewWriterSize(h.out, 1<<16)
	v := &pageView{markup: &h.m, p: h.p, run: h.run, folio: h.folio, shown: shown, rows: h.rows.sorted(), total: h.seq, labelled: h.labelled}
	flush := func() {
		w.Write(v.b)
		v.b = v.b[:0]
	}
	v.b = v.b[:0]
	v.head(v.title())
	v.begin(h.err)
	if h.seq > 0 {
		v.tasks()
	}
	if h.seq > 1 {
		v.summary(s)
		v.concentration()
		v.calendar()
		v.list(flush)
	}
	v.raw(`<div id="sections">`)
	flush()
	if err := h.copySections(w, pieces); err != nil {
		return err
	}
	v.raw(`</div>`)
	v.foot()
	flush()
	return w.Flush()
}

// maxOpen is how many sections stand open: a page of more is read through its list.
const maxOpen = 40

// copySections writes the sections from the spool, the first of them unfolded
// where there is something to do.
func (h *htmlWriter) copySections(w io.Writer, pieces []piece) error {
	for i, x := range pieces {
		at, left := x.at, x.len
		if x.open > 0 && i < maxOpen {
			if err := h.spool.copy(w, at, x.open); err != nil {
				return err
			}
			if _, err := io.WriteString(w, " open"); err != nil {
				return err
			}
			at, left = at+int64(x.open), left-x.open
		}
		if err := h.spool.copy(w, at, left); err != nil {
			return err
		}
	}
	return nil
}

// listed is a name in the list of a page, all of it bounded.
type listed struct {
	urgency
	name, ascii string
	verdict     freehold.CanLeave
	notBefore   time.Time
	status      freehold.NameStatus
	registrar   string
	ends        time.Time
	worst       int // severity + 1, 0 for no finding
	title       freehold.Text
	findings    int
	labels
	why string // of a failure
}

func (p *printer) listed(r *freehold.Result, u urgency) listed {
	l := listed{
		urgency: u, name: clip(p.nameOf(r), maxShown), ascii: clip(r.Name.ASCII(), maxShown), verdict: r.Verdict.CanLeave, notBefore: r.Verdict.NotBefore,
		status: r.Status, findings: len(r.Findings), labels: labelsOf(r),
	}
	if l.status == freehold.StatusFailed {
		l.why = clip(p.why(r), maxShown)
	}
	if f := &r.Observed.Registration.Registrar; f.State == freehold.Value {
		l.registrar = clip(freehold.OneLine(f.Value), maxShown)
	}
	if at, ok := endOf(&r.Observed.Registration); ok {
		l.ends = at
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; int(f.Severity)+1 > l.worst {
			l.worst, l.title = int(f.Severity)+1, f.Title
		}
	}
	return l
}

// labels are what the owner of a portfolio calls a name by, bounded.
type labels struct {
	client string
	tags   []string
}

func labelsOf(r *freehold.Result) labels {
	l := labels{client: clip(freehold.OneLine(r.Client), maxShown)}
	for _, t := range r.Tags[:min(len(r.Tags), 20)] {
		if t = clip(freehold.OneLine(t), 60); t != "" {
			l.tags = append(l.tags, t)
		}
	}
	return l
}

var (
	severityClass = [...]fixed{freehold.SeverityInfo: "info", freehold.SeverityNotice: "notice", freehold.SeverityWarning: "warning", freehold.SeverityCritical: "critical"}
	verdictClass  = [...]fixed{freehold.LeaveUnknown: "unknown", freehold.LeaveAlone: "alone", freehold.LeaveWithHost: "with_host", freehold.LeaveNotBefore: "not_before", freehold.LeaveNo: "no"}
	standingClass = [...]fixed{freehold.StandingUnknown: "unknown", freehold.StandingClaimed: "claimed", freehold.StandingObserved: "observed", freehold.StandingProven: "proven", freehold.StandingContradicted: "contradicted"}
	standingMark  = [...]fixed{freehold.StandingUnknown: "?", freehold.StandingClaimed: "○", freehold.StandingObserved: "●", freehold.StandingProven: "✓", freehold.StandingContradicted: "≠"}
)

// classOf picks the class of an enumeration's value; one from a newer version
// has the most cautious one.
func classOf[E ~uint8](classes []fixed, e E) fixed {
	if int(e) < len(classes) {
		return classes[e]
	}
	return classes[0]
}
