package report

import (
	"bytes"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"freehold"
)

// NewCalendar makes a Writer of an iCalendar file (RFC 5545): an all-day event
// for the end of each registration, for a registrar's end that comes before the
// registry's, and for the day from which a name that must wait can leave. It
// streams; an audit without any date is a calendar without events.
//
// The identifiers of the events are made of the name and the kind of date, so
// that the calendar of a later run replaces this one's events.
func NewCalendar(w io.Writer, o Options) (Writer, error) {
	s, err := SpeakerFor(o.Lang)
	if err != nil {
		return nil, err
	}
	o.Unicode = true
	return &icsWriter{out: w, p: newPrinter(io.Discard, o, s)}, nil
}

type icsWriter struct {
	out   io.Writer
	p     *printer
	stamp time.Time
	begun bool
}

func (c *icsWriter) Begin(r freehold.Run) error {
	c.begun, c.stamp = true, r.Started
	if c.stamp.IsZero() {
		c.stamp = c.p.o.Now
	}
	name := c.p.say("Domain names: dates")
	return c.write(
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//freehold//audit//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
		"NAME:"+icsText(name), "X-WR-CALNAME:"+icsText(name),
	)
}

func (c *icsWriter) Result(r *freehold.Result) error {
	if r.Name.IsZero() || r.Status == freehold.StatusFailed {
		return nil
	}
	shown := r.Name.Unicode()
	reg := &r.Observed.Registration
	registrar := ""
	if who, ok := reg.Registrar.Get(); ok {
		registrar = clip(who, maxShown)
	}
	expires, hasExpires := reg.Expires.Get()
	hasExpires = hasExpires && icsYear(expires)
	if hasExpires {
		what := c.p.say("The registry's date. Renew before it.")
		if registrar != "" {
			what = c.p.say("The registry's date. Renew before it at %s.", registrar)
		}
		if err := c.event(r, "expires", expires, c.p.say("%s: registration ends", shown), what); err != nil {
			return err
		}
	}
	paid, hasPaid := reg.RegistrarExpires.Get()
	if hasPaid && icsYear(paid) && (!hasExpires || expires.Sub(paid) > 24*time.Hour) {
		what := c.p.say("The registrar's date: what was paid for ends here.")
		if err := c.event(r, "registrar-expires", paid, c.p.say("%s: registration ends at the registrar", shown), what); err != nil {
			return err
		}
	}
	if r.Verdict.CanLeave == freehold.LeaveNotBefore && icsYear(r.Verdict.NotBefore) {
		return c.event(r, "can-leave", r.Verdict.NotBefore, c.p.say("%s: can leave from today", shown), c.p.verdictSentence(&r.Verdict))
	}
	return nil
}

// icsYear tells whether a date can be written at all.
func icsYear(t time.Time) bool { return moment(t) != nil && t.UTC().Year() > 0 }

func (c *icsWriter) event(r *freehold.Result, kind string, at time.Time, summary, description string) error {
	lines := []string{
		"BEGIN:VEVENT",
		"UID:" + kind + "." + r.Name.ASCII() + "@freehold",
		"DTSTAMP:" + c.stamp.UTC().Format("20060102T150405Z"),
		"DTSTART;VALUE=DATE:" + at.UTC().Format("20060102"),
		"TRANSP:TRANSPARENT", // the day is not busy
		"SUMMARY:" + icsText(summary),
		"DESCRIPTION:" + icsText(description),
	}
	if kind != "can-leave" {
		for _, before := range []string{"-P30D", "-P7D"} {
			lines = append(lines, "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:"+icsText(summary), "TRIGGER:"+before, "END:VALARM")
		}
	}
	return c.write(append(lines, "END:VEVENT")...)
}

func (c *icsWriter) End(freehold.Run, freehold.Summary) error { return c.write("END:VCALENDAR") }

func (c *icsWriter) Fail(error) error {
	if !c.begun {
		if err := c.Begin(freehold.Run{}); err != nil {
			return err
		}
	}
	return c.write("END:VCALENDAR")
}

func (c *icsWriter) write(lines ...string) error {
	var b bytes.Buffer
	for _, l := range lines {
		fold(&b, l)
	}
	_, err := c.out.Write(b.Bytes())
	return err
}

// icsText escapes a value of type TEXT (RFC 5545 section 3.3.11).
func icsText(s string) string {
	return icsEscapes.Replace(freehold.OneLine(s))
}

var icsEscapes = strings.NewReplacer(`\`, `\\`, `;`, `\;`, `,`, `\,`)

// fold writes a content line in pieces of at most 75 octets, never within a
// character (RFC 5545 section 3.1).
func fold(b *bytes.Buffer, line string) {
	limit := 75
	for len(line) > limit {
		cut := limit
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		b.WriteString(line[:cut])
		b.WriteString("\r\n ")
		line = line[cut:]
		limit = 74 // the space counts
	}
	b.WriteString(line)
	b.WriteString("\r\n")
}
