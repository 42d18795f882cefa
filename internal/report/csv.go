package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// csvWriter writes one row a name as it comes: RFC 4180 with CRLF, UTF-8. Its
// columns are described in docs/formats-report.md; new ones are added at the end.
type csvWriter struct {
	out   io.Writer
	w     *csv.Writer
	p     *printer
	begun bool
	cells []string // reused
}

func newCSV(w io.Writer, o Options, s freehold.Speaker) *csvWriter {
	o.Unicode = true
	c := &csvWriter{out: w, w: csv.NewWriter(w), p: newPrinter(io.Discard, o, s)}
	c.w.UseCRLF = true
	return c
}

// csvColumn is one column: its name, and the cell of a result.
type csvColumn struct {
	name string
	cell func(*csvWriter, *freehold.Result) string
}

var csvColumns = []csvColumn{
	{"name", func(_ *csvWriter, r *freehold.Result) string { return orDefault(r.Name.ASCII(), r.Asked) }},
	{"unicode", func(_ *csvWriter, r *freehold.Result) string { return orDefault(r.Name.Unicode(), r.Asked) }},
	{"client", func(_ *csvWriter, r *freehold.Result) string { return r.Client }},
	{"tags", func(_ *csvWriter, r *freehold.Result) string { return strings.Join(r.Tags, " ") }},
	{"status", func(_ *csvWriter, r *freehold.Result) string { return r.Status.String() }},
	{"error", (*csvWriter).whyNotWhole},
	{"can_leave", judged(func(_ *csvWriter, r *freehold.Result) string { return r.Verdict.CanLeave.String() })},
	{"not_before", judged(func(_ *csvWriter, r *freehold.Result) string { return csvDay(r.Verdict.NotBefore) })},
	{"question", judged(func(c *csvWriter, r *freehold.Result) string { return c.text(r.Verdict.Question) })},
	{"path", judged(func(c *csvWriter, r *freehold.Result) string { return c.text(r.Verdict.Path) })},
	{"who_acts", judged(func(c *csvWriter, r *freehold.Result) string { return c.text(r.Verdict.Who) })},
	{"how_long", judged(func(c *csvWriter, r *freehold.Result) string { return c.text(r.Verdict.HowLong) })},
	{"registration", func(_ *csvWriter, r *freehold.Result) string { return r.Observed.Registration.State.String() }},
	{"registrar", registrationText(func(r *freehold.Registration) freehold.Fact[string] { return r.Registrar })},
	{"registrar_iana_id", registrationText(func(r *freehold.Registration) freehold.Fact[string] { return r.RegistrarIANAID })},
	{"registrar_phone", registrationText(func(r *freehold.Registration) freehold.Fact[string] { return r.RegistrarPhone })},
	{"registrar_email", registrationText(func(r *freehold.Registration) freehold.Fact[string] { return r.RegistrarEmail })},
	{"reseller", registrationText(func(r *freehold.Registration) freehold.Fact[string] { return r.Reseller })},
	{"registrant_name", registrationText(func(r *freehold.Registration) freehold.Fact[string] { return r.RegistrantName })},
	{"registrant_org", registrationText(func(r *freehold.Registration) freehold.Fact[string] { return r.RegistrantOrg })},
	{"registrant_email", registrationText(func(r *freehold.Registration) freehold.Fact[string] { return r.RegistrantEmail })},
	{"created", registrationDay(func(r *freehold.Registration) freehold.Fact[time.Time] { return r.Created })},
	{"expires", registrationDay(func(r *freehold.Registration) freehold.Fact[time.Time] { return r.Expires })},
	{"registrar_expires", registrationDay(func(r *freehold.Registration) freehold.Fact[time.Time] { return r.RegistrarExpires })},
	{"last_transfer", registrationDay(func(r *freehold.Registration) freehold.Fact[time.Time] { return r.LastTransfer })},
	{"statuses", func(_ *csvWriter, r *freehold.Result) string {
		return csvFact(r.Observed.Registration.Statuses, func(all []string) string { return strings.Join(all, " ") })
	}},
	{"nameservers", func(_ *csvWriter, r *freehold.Result) string {
		return csvFact(r.Observed.Registration.Nameservers, func(all []freehold.Host) string { return joined(freehold.Host.ASCII)(all) })
	}},
	{"dnssec", func(_ *csvWriter, r *freehold.Result) string {
		return csvFact(r.Observed.DNS.Validation, freehold.Validation.String)
	}},
	{"account", layerColumn(freehold.LayerAccount)},
	{"dns_operator", layerColumn(freehold.LayerDNS)},
	{"mail", layerColumn(freehold.LayerMail)},
	{"web", layerColumn(freehold.LayerWeb)},
	{"network", layerColumn(freehold.LayerNetwork)},
	{"contact_mailbox", layerColumn(freehold.LayerContactMailbox)},
	{"critical", severityColumn(freehold.SeverityCritical)},
	{"warning", severityColumn(freehold.SeverityWarning)},
	{"notice", severityColumn(freehold.SeverityNotice)},
	{"info", severityColumn(freehold.SeverityInfo)},
	{"rules", func(_ *csvWriter, r *freehold.Result) string {
		return strings.Join(eachOf(gravest(r), func(f freehold.Finding) string { return f.Rule }), " ")
	}},
	{"worst_finding", worstColumn(func(f *freehold.Finding) freehold.Text { return f.Title })},
	{"do_first", worstColumn(func(f *freehold.Finding) freehold.Text { return f.Remedy })},
	{"audited", func(_ *csvWriter, r *freehold.Result) string { return orDefault(pointed(moment(r.At)), "") }},
}

func (c *csvWriter) text(t freehold.Text) string { return t.Render(c.p.speaker) }

// whyNotWhole says why a name failed, or which sources did not answer.
func (c *csvWriter) whyNotWhole(r *freehold.Result) string {
	if r.Status != freehold.StatusPartial || r.Error != "" {
		return c.p.why(r)
	}
	return strings.Join(eachOf(silentSources(&r.Observed), func(s silent) string { return s.Source + " " + c.p.missed(s.Outcome) }), "; ")
}

// judged leaves a cell empty for a name of which nothing was learnt.
func judged(cell func(*csvWriter, *freehold.Result) string) func(*csvWriter, *freehold.Result) string {
	return func(c *csvWriter, r *freehold.Result) string {
		if r.Status == freehold.StatusFailed {
			return ""
		}
		return cell(c, r)
	}
}

// csvFact writes a value, and for the three other states their word in
// parentheses: an empty cell could be read as any of them.
func csvFact[T any](f freehold.Fact[T], say func(T) string) string {
	if f.State == freehold.Value {
		return say(f.Value)
	}
	return "(" + f.State.String() + ")"
}

func registrationText(get func(*freehold.Registration) freehold.Fact[string]) func(*csvWriter, *freehold.Result) string {
	return func(_ *csvWriter, r *freehold.Result) string {
		return csvFact(get(&r.Observed.Registration), asIs)
	}
}

func registrationDay(get func(*freehold.Registration) freehold.Fact[time.Time]) func(*csvWriter, *freehold.Result) string {
	return func(_ *csvWriter, r *freehold.Result) string {
		f := get(&r.Observed.Registration)
		if f.State == freehold.Value && moment(f.Value) == nil {
			f.State = freehold.Unknown
		}
		return csvFact(f, csvDay)
	}
}

func csvDay(t time.Time) string {
	if moment(t) == nil {
		return ""
	}
	return day(t)
}

// layerColumn names who holds a layer; "me" is the owner who asks.
func layerColumn(l freehold.Layer) func(*csvWriter, *freehold.Result) string {
	return func(_ *csvWriter, r *freehold.Result) string {
		switch c := r.Control.Of(l); {
		case c.Mine && c.Holder == "":
			return freehold.AttestedMe
		case c.Holder != "":
			return c.Holder
		case c.Standing == freehold.StandingUnknown:
			return "(unknown)"
		}
		return "(absent)"
	}
}

func severityColumn(s freehold.Severity) func(*csvWriter, *freehold.Result) string {
	return func(_ *csvWriter, r *freehold.Result) string {
		n := 0
		for i := range r.Findings {
			if r.Findings[i].Severity == s {
				n++
			}
		}
		return strconv.Itoa(n)
	}
}

func worstColumn(get func(*freehold.Finding) freehold.Text) func(*csvWriter, *freehold.Result) string {
	return func(c *csvWriter, r *freehold.Result) string {
		if all := gravest(r); len(all) > 0 {
			return c.text(get(&all[0]))
		}
		return ""
	}
}

// gravest returns the findings, gravest first.
func gravest(r *freehold.Result) []freehold.Finding {
	sorted := slices.Clone(r.Findings)
	slices.SortStableFunc(sorted, func(a, b freehold.Finding) int { return int(b.Severity) - int(a.Severity) })
	return sorted
}

func eachOf[T, U any](in []T, f func(T) U) []U {
	out := make([]U, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

func pointed(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (c *csvWriter) Begin(freehold.Run) error {
	c.begun = true
	if c.p.o.BOM {
		if _, err := io.WriteString(c.out, "\ufeff"); err != nil {
			return err
		}
	}
	return c.write(eachOf(csvColumns, func(col csvColumn) string { return col.name }))
}

func (c *csvWriter) Result(r *freehold.Result) error {
	c.cells = c.cells[:0]
	for i := range csvColumns {
		c.cells = append(c.cells, spreadsheetSafe(csvColumns[i].cell(c, r)))
	}
	return c.write(c.cells)
}

func (c *csvWriter) write(cells []string) error {
	if err := c.w.Write(cells); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

func (c *csvWriter) End(freehold.Run, freehold.Summary) error { return nil }

// Fail leaves the rows that were told; a table has no place for an error, which
// belongs on standard error.
func (c *csvWriter) Fail(error) error {
	if c.begun {
		return nil
	}
	return c.Begin(freehold.Run{})
}

// maxCell keeps a cell well below the 32,767 characters that spreadsheets hold.
const maxCell = 2_000

// spreadsheetSafe makes a cell that no spreadsheet computes: one that begins as
// a formula does, after spaces too, gets an apostrophe before it, a telephone
// number included. Controls and text-direction overrides become U+FFFD.
func spreadsheetSafe(s string) string {
	s = clip(freehold.OneLine(s), maxCell)
	if first := strings.TrimLeft(s, " \u00a0\u3000\ufeff"); first != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(first[:min(len(first), 4)])[0]) {
		return "'" + s
	}
	return s
}
