package mail

import (
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"freehold"
)

// lineWidth is that of the text of a letter (RFC 5322 §2.1.1: 78 at most).
const lineWidth = 72

// message makes a letter of its parts. It refuses what must not leave by mail.
func (p *Post) message(l Letter) (*gomail.Msg, error) {
	to := l.To
	if to == "" {
		to = p.house()
	}
	address, err := Address(to)
	if err != nil {
		return nil, err
	}
	body := p.body(l)
	if all := p.subject(l) + body; strings.Contains(all, "AGE ENCRYPTED FILE") || strings.Contains(all, "age-encryption.org") {
		return nil, &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("a transfer code does not go by mail, sealed or not")}
	}
	if l.ID == "" || strings.ContainsAny(l.ID, "<>@ \r\n\t") {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is no identifier of a letter", freehold.OneLine(l.ID))}
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	if err := m.From(freehold.OneLine(p.c.From)); err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("%q is no address", freehold.OneLine(p.c.From)), Err: plain(err)}
	}
	if err := m.To(address); err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is no address that mail can be sent to", address), Err: plain(err)}
	}
	if p.c.ReplyTo != "" {
		if err := m.ReplyTo(freehold.OneLine(p.c.ReplyTo)); err != nil {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("%q is no address", freehold.OneLine(p.c.ReplyTo)), Err: plain(err)}
		}
	}
	m.Subject(p.subject(l))
	m.SetDateWithValue(p.now())
	m.SetMessageIDWithValue("freehold." + l.ID + "@" + p.domain) // the same again: a receiver may know it
	m.SetGenHeader("Auto-Submitted", "auto-generated")           // RFC 3834 §5: no answers by machines, please
	m.SetGenHeader("Content-Language", p.codes())
	m.SetBodyString(gomail.TypeTextPlain, body)
	return m, nil
}

func (p *Post) now() time.Time {
	if p.c.Now == nil {
		return time.Now()
	}
	return p.c.Now()
}

func (p *Post) house() string {
	if p.c.House != "" {
		return p.c.House
	}
	return p.c.From
}

func (p *Post) codes() string {
	var codes []string
	for _, l := range p.c.Languages {
		codes = append(codes, l.Code)
	}
	return strings.Join(codes, ", ")
}

// subject says it once in each language.
func (p *Post) subject(l Letter) string {
	var all []string
	for _, lang := range p.c.Languages {
		all = append(all, l.Subject.Render(lang.Speaker))
	}
	return clip(strings.Join(all, " / "))
}

// body says all of it in one language after the other, and then what is long and
// nobody answers, likewise.
func (p *Post) body(l Letter) string {
	var all []string
	for _, lang := range p.c.Languages {
		text := paragraphs(l.Body, lang.Speaker)
		if l.To != "" {
			text += "\n* * *\n\n" + paragraphs(p.c.About, lang.Speaker) // not "-- ": a reader's program would hide the other languages with it
		}
		all = append(all, text)
	}
	if len(l.Privacy) > 0 {
		for _, lang := range p.c.Languages {
			all = append(all, paragraphs(l.Privacy, lang.Speaker))
		}
	}
	return strings.Join(all, "\n"+strings.Repeat("_", lineWidth)+"\n\n")
}

func paragraphs(texts []freehold.Text, speaker freehold.Speaker) string {
	var all []string
	for _, t := range texts {
		all = append(all, wrap(t.Render(speaker), lineWidth))
	}
	return strings.Join(all, "\n")
}

// wrap breaks a paragraph at spaces. A word that is longer than a line stays whole: it
// may be what somebody has to copy.
func wrap(s string, width int) string {
	var b strings.Builder
	used := 0
	for _, word := range strings.Split(s, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case used > 0 && used+1+n > width:
			b.WriteByte('\n')
			used = 0
		case used > 0:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	b.WriteByte('\n')
	return b.String()
}

// Preview is a letter as it would be sent, for people to read.
func (p *Post) Preview(l Letter) (string, error) {
	if _, err := p.message(l); err != nil {
		return "", err
	}
	to := l.To
	if to == "" {
		to = p.house()
	}
	return "To: " + freehold.OneLine(to) + "\nSubject: " + p.subject(l) + "\n\n" + p.body(l), nil
}
