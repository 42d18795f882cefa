package report

import (
	"io"
	"iter"
	"strings"
	"time"

	"freehold"
)

// RuleInfo describes one rule for "freehold rules".
type RuleInfo struct {
	ID       string
	Severity freehold.Severity
	Title    freehold.Text
	Citation string
	Since    string
}

type rulesEnvelope struct {
	Schema string    `json:"schema"`
	Rules  []ruleDoc `json:"rules"`
}

type ruleDoc struct {
	ID       string  `json:"id"`
	Severity string  `json:"severity"`
	Title    string  `json:"title"`
	Citation *string `json:"citation"`
	Since    *string `json:"since"`
}

// Rules writes the catalogue of rules.
func Rules(format string, w io.Writer, o Options, rules []RuleInfo) error {
	s, err := checkFormat(format, dataFormats, o)
	if err != nil {
		return err
	}
	if format != FormatTable {
		env := rulesEnvelope{Schema: SchemaRules, Rules: []ruleDoc{}}
		for _, r := range rules {
			env.Rules = append(env.Rules, ruleDoc{r.ID, r.Severity.String(), r.Title.Render(s), textOrNull(r.Citation), textOrNull(r.Since)})
		}
		return encoder{w: w}.write(env)
	}
	p := newPrinter(w, o, s)
	id, sev := 0, 0
	for _, r := range rules {
		word, _, _ := p.severity(r.Severity)
		id, sev = max(id, cells(r.ID)), max(sev, cells(p.charset(word)))
	}
	for _, r := range rules {
		word, symbol, st := p.severity(r.Severity)
		lead := line{{p.fit(r.ID, id) + "  ", bold}, {symbol + " " + p.fit(word, sev), st}, {text: "  "}}
		p.lines(p.paragraph(lead, p.text(r.Title), plainText, p.o.Width))
	}
	return p.flush()
}

type attestationsEnvelope struct {
	Schema       string        `json:"schema"`
	Attestations []attestation `json:"attestations"`
}

// Attestations writes what people said and proved, a name and subject a line.
// Their age is counted to Options.Now.
func Attestations(format string, w io.Writer, o Options, all iter.Seq2[freehold.Attestation, error]) error {
	s, err := checkFormat(format, dataFormats, o)
	if err != nil {
		return err
	}
	env := attestationsEnvelope{Schema: SchemaAttestations, Attestations: []attestation{}}
	p := newPrinter(w, o, s)
	for a, err := range all {
		if err != nil {
			return err
		}
		if format != FormatTable {
			env.Attestations = append(env.Attestations, attestationDoc(a, o.Now))
			continue
		}
		p.attestationRow(a, o.Now)
	}
	if format != FormatTable {
		return encoder{w: w}.write(env)
	}
	return p.flush()
}

func (p *printer) attestationRow(a freehold.Attestation, now time.Time) {
	standing := freehold.StandingClaimed
	if a.Proven {
		standing = freehold.StandingProven
	}
	c := freehold.Claim{Standing: standing, At: a.At, Stale: !now.IsZero() && a.IsStale(now)}
	shown := p.nameOf(&freehold.Result{Name: a.Name})
	what := freehold.OneLine(a.Subject + "=" + a.Value)
	lead := line{{p.fit(shown, p.o.Width/3), bold}, {text: "  "}}
	p.lines(p.paragraph(lead, strings.Join([]string{what, p.claimStanding(&c), freehold.OneLine(a.By)}, ", "), plainText, p.o.Width))
}
