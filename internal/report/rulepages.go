package report

import (
	"io"

	"freehold"
)

// RulePage is all that is to be said of one rule, of no name in particular.
type RulePage struct {
	RuleInfo
	Reason freehold.Text   // why it matters
	Advice freehold.Text   // what to do
	Looks  []freehold.Text // what it looks at, and is undecided without
}

type rulePagesEnvelope struct {
	Schema string        `json:"schema"`
	Rules  []rulePageDoc `json:"rules"`
}

type rulePageDoc struct {
	ruleDoc
	Reason  string   `json:"reason"`
	Advice  string   `json:"advice"`
	LooksAt []string `json:"looks_at"`
}

// RulePages writes rules in full. Its JSON is that of Rules, with more fields.
func RulePages(format string, w io.Writer, o Options, pages []RulePage) error {
	s, err := checkFormat(format, dataFormats, o)
	if err != nil {
		return err
	}
	if format != FormatTable {
		env := rulePagesEnvelope{Schema: SchemaRules, Rules: []rulePageDoc{}}
		for _, r := range pages {
			doc := rulePageDoc{
				ruleDoc: ruleDoc{r.ID, r.Severity.String(), r.Title.Render(s), textOrNull(r.Citation), textOrNull(r.Since)},
				Reason:  r.Reason.Render(s), Advice: r.Advice.Render(s), LooksAt: []string{},
			}
			for _, l := range r.Looks {
				doc.LooksAt = append(doc.LooksAt, l.Render(s))
			}
			env.Rules = append(env.Rules, doc)
		}
		return encoder{w: w}.write(env)
	}
	p := newPrinter(w, o, s)
	p.o.Width = min(p.o.Width, helpWidth)
	for i, r := range pages {
		if i > 0 {
			p.line(nil)
		}
		p.rulePage(&r)
	}
	return p.flush()
}

func (p *printer) rulePage(r *RulePage) {
	word, symbol, st := p.severity(r.Severity)
	p.line(line{{r.ID + "  ", bold}, {symbol + " " + word, st}})
	p.lines(p.prose(nil, p.text(r.Title), p.o.Width))
	part := func(title, body string) {
		p.line(nil)
		p.line(p.heading(title))
		p.lines(p.prose(text("  "), body, p.o.Width))
	}
	part(p.say("WHY IT MATTERS"), p.text(r.Reason))
	part(p.say("WHAT TO DO"), p.text(r.Advice))
	p.line(nil)
	p.line(p.heading(p.say("WHAT IT LOOKS AT")))
	for _, l := range r.Looks {
		p.lines(p.prose(text("  - "), p.text(l), p.o.Width))
	}
	p.lines(p.prose(text("  "), p.say("Where what decides is not known, the rule says nothing: that is not the same as all being well."), p.o.Width))
	p.line(nil)
	source := p.say("Source: ours.")
	if r.Citation != "" {
		source = p.say("Source: %s.", r.Citation)
	}
	p.lines(p.prose(nil, source+" "+p.say("Severity at the most: %m. Since version %s.", severityFormat(r.Severity), r.Since), p.o.Width))
}

// severityFormat is the English word for a severity, the key of its translation.
func severityFormat(s freehold.Severity) string {
	switch s {
	case freehold.SeverityCritical:
		return freehold.T("critical").Format
	case freehold.SeverityWarning:
		return freehold.T("warning").Format
	case freehold.SeverityNotice:
		return freehold.T("notice").Format
	}
	return freehold.T("to know").Format
}
