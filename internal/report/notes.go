package report

import (
	"regexp"
	"strings"
	"sync"

	"freehold"
)

// noteTexts are the notes of facts and of evidence. They are kept in English with what
// they are about, so they are known again by their form, and said in the language.
// One that is not here is said as it is.
var noteTexts = []freehold.Text{
	freehold.T("the registry links to no record of the registrar's"),
	freehold.T("the registrar's record names no reseller, which it need not"),
	freehold.T("the registry's WHOIS does not show it"),
	freehold.T("the registry's WHOIS holds it back"),
	freehold.T("held back by the server"),
	freehold.T("what is shown stands in place of the value"),
	freehold.T("the answer says %q"),
	freehold.T("the registrar has only a handle"),
	freehold.T("the answer gives no time zone; taken as UTC"),
	freehold.T("dates: no time zone, taken as UTC"),
	freehold.T("the date of event %q has no time zone; taken as UTC"),
	freehold.T("the type of the IANA id is written %q"),
	freehold.T("%s is written %q"),
	freehold.T("not in the answer"),
	freehold.T("the answer has no IANA id of the registrar"),
	freehold.T("the answer shows no status"),
	freehold.T("the server has no record of this name"),
	freehold.T("it has no address"),
	freehold.T("the server answers %s"),
	freehold.T("%q refuses connections"),
	freehold.T("%q asks us to slow down"),
	freehold.T("the answer is about another name, %q"),
	freehold.T("the answer is a web page, not RDAP"),
	freehold.T("the media type is %q, not application/rdap+json"),
	freehold.T("the name servers have different versions of the zone"),
	freehold.T("the registry's WHOIS says %q and does not show locks"),
	freehold.T("the answer says nothing of DNSSEC"),
	freehold.T("the answer does not show it"),
	freehold.T("the registrar stands inside another entity"),
	freehold.T("delegationSigned is no boolean"),
	freehold.T("the registrar's name is only in org"),
	freehold.T("the IANA id is a number, not a text"),
	freehold.T("the keys of %q do not validate: %s"),
	freehold.T("the signature of %q %s ended on %s UTC"),
	freehold.T("the registrar's record was not read: %s"),
	freehold.T("does not validate: %s"),
	freehold.T("it answers over TCP only"),
	freehold.T("the answer names no registrar"),
	freehold.T("the answer shows nothing of the registrant but that there is one"),
	freehold.T("the date in the answer is not understood"),
	freehold.T("a status in the answer is not understood"),
	freehold.T("the answer lists no name servers"),
	freehold.T("a name server in the answer is not understood"),
	freehold.T("the answer contradicts itself"),
	freehold.T("the answer does not say whether the delegation is signed"),
}

// noteForm is a note's form with holes in it. An argument that is itself a note is said
// in the language too.
type noteForm struct {
	format string
	shape  *regexp.Regexp
}

var noteForms = sync.OnceValue(func() (forms []noteForm) {
	holes := strings.NewReplacer("%q", `"([^"]*)"`, "%s", `(.+)`)
	for _, t := range noteTexts {
		if strings.Contains(t.Format, "%") {
			forms = append(forms, noteForm{t.Format, regexp.MustCompile("^" + holes.Replace(regexp.QuoteMeta(t.Format)) + "$")})
		}
	}
	return forms
})

// note says a note in the language.
func (p *printer) note(s string) string {
	s = freehold.OneLine(s)
	if _, same := p.speaker.(english); same {
		return s
	}
	return p.noteDeep(s, 0)
}

// deepestNote bounds notes within notes.
const deepestNote = 4

func (p *printer) noteDeep(s string, depth int) string {
	if said := p.speaker.Sentence(s); said != s || depth == deepestNote {
		return freehold.OneLine(said)
	}
	for _, f := range noteForms() {
		m := f.shape.FindStringSubmatch(s)
		if m == nil {
			continue
		}
		said := freehold.Text{Format: f.format}
		for i, verb := range verbsOf(f.format) {
			arg := m[i+1]
			if verb == 's' {
				arg = p.noteDeep(arg, depth+1)
			}
			said.Args = append(said.Args, arg)
		}
		return said.Render(p.speaker)
	}
	return s
}

// verbsOf lists the verbs of a form in order.
func verbsOf(format string) (verbs []byte) {
	for i := 0; i+1 < len(format); i++ {
		if format[i] == '%' {
			verbs = append(verbs, format[i+1])
			i++
		}
	}
	return verbs
}
