package report

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// references numbers the evidence of a page in the order it is listed.
type references struct {
	number map[freehold.EvidenceID]int
	order  []freehold.EvidenceID
}

func newReferences(evidence []freehold.Evidence) *references {
	r := &references{number: map[freehold.EvidenceID]int{}}
	for _, e := range evidence {
		r.of(e.ID())
	}
	return r
}

func (r *references) of(id freehold.EvidenceID) int {
	n, ok := r.number[id]
	if !ok {
		r.order = append(r.order, id)
		n = len(r.order)
		r.number[id] = n
	}
	return n
}

// cite writes the rule and the numbers of the evidence behind a sentence; where
// the evidence is not shown, nothing.
func (p *printer) cite(rule string, ids []freehold.EvidenceID) string {
	if p.refs == nil {
		return ""
	}
	var b strings.Builder
	if rule != "" {
		b.WriteString(" (" + freehold.OneLine(rule) + ")")
	}
	for _, id := range ids {
		if id != "" {
			b.WriteString(" [" + strconv.Itoa(p.refs.of(id)) + "]")
		}
	}
	return b.String()
}

type showEnvelope struct {
	Schema   string        `json:"schema"`
	Run      run           `json:"run"`
	Name     *name         `json:"name"`
	Evidence []evidenceDoc `json:"evidence"`
}

type evidenceDoc struct {
	ID        freehold.EvidenceID `json:"id"`
	Kind      string              `json:"kind"`
	Source    string              `json:"source"`
	Query     string              `json:"query"`
	Time      *string             `json:"time"`
	Status    string              `json:"status"`
	MediaType string              `json:"media_type"`
	Size      int                 `json:"size"`
	Truncated bool                `json:"truncated"`
	Notes     []string            `json:"notes"`
}

// Show writes one name in depth: all that the screen of an audit shows, every
// fact with its state, and the evidence behind it. The bodies of the evidence
// are not part of it. In the JSON formats it is one envelope of SchemaShow; as a
// page, Markdown or CSV it is the report of an audit of this one name.
func Show(format string, w io.Writer, o Options, r freehold.Run, result *freehold.Result, evidence []freehold.Evidence) error {
	s, err := check(format, o)
	if err != nil {
		return err
	}
	switch format {
	case FormatHTML, FormatMD, FormatCSV:
		return showAlone(format, w, o, r, result)
	case FormatJSON, FormatJSONL:
		env := showEnvelope{Schema: SchemaShow, Run: runDoc(r), Name: nameDoc(result, s), Evidence: make([]evidenceDoc, 0, len(evidence))}
		for _, e := range evidence {
			env.Evidence = append(env.Evidence, evidenceDoc{
				ID: e.ID(), Kind: string(e.Kind), Source: e.Source, Query: e.Query, Time: moment(e.Time), Status: e.Status,
				MediaType: e.MediaType, Size: len(e.Body), Truncated: e.Truncated, Notes: list(e.Notes),
			})
		}
		return encoder{w: w}.write(env)
	}
	p := newPrinter(w, o, s)
	p.refs = newReferences(evidence)
	width := p.o.Width
	head := p.title(result, width)
	if result.Error != "" {
		head = append(head, p.failure(result, width)...)
	}
	p.lines(stack(
		head,
		p.verdict(result, everything.reasons, width),
		p.fixFirst(result, everything, width),
		p.holders(result, width),
		p.leaving(result, everything.conditions, width),
		p.factRows(p.say("What registry and registrar say"), p.registrationRows(&result.Observed.Registration), width),
		p.factRows(p.say("What the DNS says"), p.dnsRows(&result.Observed), width),
		p.told(result, width),
		p.unanswered(result, everything.silent, width),
		p.evidence(evidence, width),
		p.footer(r, nil, width),
	))
	return p.flush()
}

// showAlone writes one name in a format whose audit of one name says it all.
func showAlone(format string, w io.Writer, o Options, r freehold.Run, result *freehold.Result) error {
	report, err := New(format, w, o)
	if err != nil {
		return err
	}
	if r.Finished.IsZero() { // of an interrupted run this name is here
		r.Finished = result.At
	}
	var s freehold.Summary
	s.Add(result)
	if err := report.Begin(r); err != nil {
		return err
	}
	if err := report.Result(result); err != nil {
		return err
	}
	return report.End(r, s)
}

// factRow is one fact as a person reads it.
type factRow struct {
	label, value string
	state        freehold.FactState
	note         string
	evidence     []freehold.EvidenceID
}

func row[T any](label string, f freehold.Fact[T], say func(T) string) factRow {
	r := factRow{label: label, state: f.State, note: f.Note, evidence: f.Evidence}
	if f.State == freehold.Value {
		r.value = freehold.OneLine(say(f.Value))
	}
	return r
}

func (p *printer) factRows(title string, rows []factRow, width int) []line {
	label := 0
	for i := range rows {
		rows[i].label = p.charset(rows[i].label)
		label = max(label, cells(rows[i].label))
	}
	out := []line{p.heading(title)}
	for _, r := range rows {
		value, st := r.value, plainText
		switch {
		case r.state != freehold.Value:
			value, st = p.factWord(r.state), dim
		case value == "":
			value, st = p.say("none"), dim
		}
		if r.note != "" {
			value += " (" + p.note(r.note) + ")"
		}
		out = append(out, p.paragraph(text("  "+p.fit(r.label, label)+"  "), value+p.cite("", r.evidence), st, width)...)
	}
	return out
}

func asIs(s string) string { return s }

func joined[T any](say func(T) string) func([]T) string {
	return func(all []T) string {
		words := make([]string, len(all))
		for i, v := range all {
			words[i] = say(v)
		}
		return strings.Join(words, ", ")
	}
}

func (p *printer) yesNo(b bool) string {
	if b {
		return p.say("present")
	}
	return p.say("none")
}

func (p *printer) registrationRows(r *freehold.Registration) []factRow {
	hosts := joined(freehold.Host.Unicode)
	rows := []factRow{
		row(p.say("registrar"), r.Registrar, asIs),
		row(p.say("its IANA number"), r.RegistrarIANAID, asIs),
		row(p.say("its telephone"), r.RegistrarPhone, asIs),
		row(p.say("its mailbox"), r.RegistrarEmail, asIs),
		row(p.say("reseller"), r.Reseller, asIs),
		row(p.say("owner, name"), r.RegistrantName, asIs),
		row(p.say("owner, organisation"), r.RegistrantOrg, asIs),
		row(p.say("owner, e-mail"), r.RegistrantEmail, asIs),
		row(p.say("owner, country"), r.RegistrantCountry, asIs),
		row(p.say("registered on"), r.Created, p.speaker.Date),
		row(p.say("expires (registry)"), r.Expires, p.speaker.Date),
		row(p.say("expires (registrar)"), r.RegistrarExpires, p.speaker.Date),
		row(p.say("last transfer"), r.LastTransfer, p.speaker.Date),
		row(p.say("last change"), r.Changed, p.speaker.Date),
		row(p.say("statuses"), r.Statuses, joined(asIs)),
		row(p.say("DNS servers"), r.Nameservers, hosts),
		row(p.say("DNSSEC"), r.DNSSEC, p.yesNo),
	}
	for _, c := range r.Conflicts {
		both := p.say("%s says %s, %s says %s", c.SourceA, c.A, c.SourceB, c.B)
		rows = append(rows, factRow{label: p.say("disagreement"), value: freehold.OneLine(c.Field) + ": " + both, state: freehold.Value, evidence: c.Evidence})
	}
	return rows
}

func (p *printer) dnsRows(o *freehold.Observed) []factRow {
	d := &o.DNS
	hosts, addrs := joined(freehold.Host.Unicode), joined(netip.Addr.String)
	rows := []factRow{
		row(p.say("delegated to"), d.Delegation, hosts),
		row(p.say("DNS servers"), d.NS, hosts),
		row(p.say("DNSSEC check"), d.Validation, p.validation),
		row(p.say("web site"), d.A, addrs),
		row(p.say("web site, IPv6"), d.AAAA, addrs),
		row("www", d.WWW, addrs),
		row(p.say("mail"), d.MX, joined(func(m freehold.MX) string { return orDefault(m.Host.Unicode(), ".") })),
		row("SPF", d.SPF, asIs),
		row("DMARC", d.DMARC, asIs),
		row("CAA", d.CAA, joined(asIs)),
		row(p.say("wildcard"), d.Wildcard, p.yesNo),
	}
	for i := range d.Servers {
		rows = append(rows, p.serverRow(&d.Servers[i]))
	}
	for _, a := range o.Network.Addresses {
		r := row(a.Addr.String(), a.Holder, asIs)
		if prefix, ok := a.Prefix.Get(); ok && r.value != "" {
			r.value += ", " + freehold.OneLine(prefix)
		}
		rows = append(rows, r)
	}
	return rows
}

func (p *printer) validation(v freehold.Validation) string {
	switch v {
	case freehold.Insecure:
		return p.say("not signed")
	case freehold.Secure:
		return p.say("signed and valid")
	case freehold.Bogus:
		return p.say("signed wrongly: many visitors cannot reach the name")
	}
	return p.say("could not be checked")
}

func (p *printer) serverRow(s *freehold.ServerFacts) factRow {
	value := p.say("answers")
	switch {
	case s.Lame:
		value = p.say("answers, but does not serve this name")
	case s.Outcome != freehold.OutcomeAnswered:
		value = p.missed(s.Outcome)
	}
	if serial, ok := s.Serial.Get(); ok {
		value += ", " + p.say("serial %s", strconv.FormatUint(uint64(serial), 10))
	}
	label := s.Host.Unicode()
	if s.Addr.IsValid() {
		value = s.Addr.String() + " " + value
	}
	return factRow{label: label, value: value, state: freehold.Value, note: s.Error, evidence: s.Evidence}
}

// told lists what people said about the name.
func (p *printer) told(r *freehold.Result, width int) []line {
	if len(r.Observed.Attestations) == 0 {
		return nil
	}
	out := []line{p.heading(p.say("What was told or proven"))}
	for _, a := range r.Observed.Attestations {
		out = append(out, p.attestation(a, width)...)
	}
	return out
}

func (p *printer) attestation(a freehold.Attestation, width int) []line {
	s := p.say("%s: told by %s on %t", a.Subject+"="+a.Value, a.By, a.At)
	if a.Proven {
		s = p.say("%s: proven by %s on %t", a.Subject+"="+a.Value, a.By, a.At)
	}
	return p.paragraph(text("  "), s+p.cite("", []freehold.EvidenceID{a.Evidence}), plainText, width)
}

// evidence lists the answers that the page rests on, by their numbers.
func (p *printer) evidence(all []freehold.Evidence, width int) []line {
	if len(p.refs.order) == 0 {
		return nil
	}
	out := []line{p.heading(p.say("Evidence (raw: %s)", command("freehold show --raw ID")))}
	for i, id := range p.refs.order {
		lead := line{{fmt.Sprintf("%4s ", "["+strconv.Itoa(i+1)+"]"), bold}}
		at := slices.IndexFunc(all, func(e freehold.Evidence) bool { return e.ID() == id })
		if at < 0 {
			out = append(out, p.paragraph(lead, shortID(id)+" "+p.say("is not in this database"), plainText, width)...)
			continue
		}
		e := &all[at]
		head := strings.Join([]string{shortID(id), string(e.Kind), e.Query, e.Status, e.Time.UTC().Format(time.DateTime) + " UTC"}, "  ")
		out = append(out, p.paragraph(lead, freehold.OneLine(head), plainText, width)...)
		out = append(out, p.paragraph(text("     "), freehold.OneLine(e.Source), dim, width)...)
		for _, n := range e.Notes {
			out = append(out, p.paragraph(text("     ! "), p.note(n), plainText, width)...)
		}
	}
	return out
}

// shortID is enough of a digest to find it by.
func shortID(id freehold.EvidenceID) string {
	const enough = len("sha256:") + 12
	s := freehold.OneLine(string(id))
	return s[:min(len(s), enough)]
}
