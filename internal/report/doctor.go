package report

import (
	"io"

	"freehold"
)

// SchemaDoctor is the contract of Doctor's envelope.
const SchemaDoctor = "freehold.doctor/1"

// DoctorCheck is the result of one look at the set-up. State is "fine", "wrong"
// or "unknown".
type DoctorCheck struct {
	Area, Subject, State string
	Said, Advice         freehold.Text
}

type doctorEnvelope struct {
	Schema  string           `json:"schema"`
	Checks  []doctorDoc      `json:"checks"`
	Summary doctorSummaryDoc `json:"summary"`
}

type doctorDoc struct {
	Area    string  `json:"area"`
	Subject *string `json:"subject"`
	State   string  `json:"state"`
	Said    string  `json:"said"`
	Advice  *string `json:"advice"`
}

type doctorSummaryDoc struct {
	Fine    int `json:"fine"`
	Wrong   int `json:"wrong"`
	Unknown int `json:"unknown"`
}

// DoctorFormats lists the formats Doctor writes.
var DoctorFormats = []string{FormatTable, FormatJSON}

// Doctor writes checks in their order, with what to do about each that is wrong.
func Doctor(format string, w io.Writer, o Options, checks []DoctorCheck) error {
	s, err := checkFormat(format, DoctorFormats, o)
	if err != nil {
		return err
	}
	env := doctorEnvelope{Schema: SchemaDoctor, Checks: []doctorDoc{}}
	for _, c := range checks {
		switch c.State {
		case "fine":
			env.Summary.Fine++
		case "wrong":
			env.Summary.Wrong++
		default:
			env.Summary.Unknown++
		}
		env.Checks = append(env.Checks, doctorDoc{c.Area, textOrNull(c.Subject), c.State, c.Said.Render(s), textOrNull(c.Advice.Render(s))})
	}
	if format == FormatJSON {
		return encoder{w: w}.write(env)
	}
	p := newPrinter(w, o, s)
	area := ""
	for i := range checks {
		c := &checks[i]
		if c.Area != area {
			if area != "" {
				p.line(nil)
			}
			area = c.Area
			p.line(p.heading(p.area(area)))
		}
		p.check(c)
	}
	p.line(nil)
	p.line(text(p.say("%d fine, %d wrong, %d not known.", env.Summary.Fine, env.Summary.Wrong, env.Summary.Unknown)))
	return p.flush()
}

func (p *printer) check(c *DoctorCheck) {
	symbol, st := "?", yellow
	switch c.State {
	case "fine":
		symbol, st = p.mark("✓", "+"), green
	case "wrong":
		symbol, st = p.mark("✗", "x"), red
	}
	said := p.text(c.Said)
	if c.Subject != "" {
		said = p.say("%s: %s", freehold.OneLine(c.Subject), said)
	}
	p.lines(p.paragraph(line{{text: "  "}, {symbol, st}, {text: " "}}, said, plainText, p.o.Width))
	if advice := p.text(c.Advice); advice != "" && c.State != "fine" {
		p.lines(p.paragraph(text("    "+p.mark("→", ">")+" "), advice, plainText, p.o.Width))
	}
}

// area heads the checks of one kind.
func (p *printer) area(a string) string {
	switch a {
	case "config":
		return p.say("Config file")
	case "store":
		return p.say("Database")
	case "clock":
		return p.say("Clock")
	case "dns":
		return p.say("DNS, port 53")
	case "registries":
		return p.say("Registries")
	case "data":
		return p.say("Rules and lists")
	case "fate":
		return p.say("Would it outlive a host?")
	}
	return freehold.OneLine(a)
}
