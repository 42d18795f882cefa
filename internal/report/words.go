package report

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"freehold"
)

// layer says what somebody holds.
func (p *printer) layer(l freehold.Layer) string {
	switch l {
	case freehold.LayerRegistry:
		return p.say("registry")
	case freehold.LayerRegistrar:
		return p.say("registrar")
	case freehold.LayerReseller:
		return p.say("reseller")
	case freehold.LayerRegistrant:
		return p.say("owner of record")
	case freehold.LayerAccount:
		return p.say("account log-in")
	case freehold.LayerDNS:
		return p.say("DNS servers")
	case freehold.LayerSigner:
		return p.say("DNSSEC signing")
	case freehold.LayerMail:
		return p.say("mail")
	case freehold.LayerWeb:
		return p.say("web site")
	case freehold.LayerNetwork:
		return p.say("network")
	case freehold.LayerContactMailbox:
		return p.say("contact mailbox")
	}
	return freehold.OneLine(string(l))
}

// standing says how well a thing is known.
func (p *printer) standing(s freehold.Standing) string {
	switch s {
	case freehold.StandingClaimed:
		return p.say("as told")
	case freehold.StandingObserved:
		return p.say("public record")
	case freehold.StandingProven:
		return p.say("proven")
	case freehold.StandingContradicted:
		return p.say("sources disagree")
	}
	return p.say("not known")
}

// severity returns the word, its symbol and its colour.
func (p *printer) severity(s freehold.Severity) (word, symbol string, st style) {
	switch s {
	case freehold.SeverityCritical:
		return p.say("critical"), p.mark("■", "#"), red
	case freehold.SeverityWarning:
		return p.say("warning"), p.mark("▲", "!"), yellow
	case freehold.SeverityNotice:
		return p.say("notice"), p.mark("•", "-"), plainText
	}
	return p.say("to know"), p.mark("·", "."), dim
}

// answer returns the verdict in capitals, its symbol and its colour.
func (p *printer) answer(c freehold.CanLeave) (word, symbol string, st style) {
	switch c {
	case freehold.LeaveAlone:
		return p.say("YES"), p.mark("✓", "+"), green
	case freehold.LeaveWithHost:
		return p.say("NOT ALONE"), p.mark("!", "!"), yellow
	case freehold.LeaveNotBefore:
		return p.say("NOT YET"), p.mark("!", "!"), yellow
	case freehold.LeaveNo:
		return p.say("NO"), p.mark("✗", "x"), red
	}
	return p.say("NOT KNOWN"), "?", yellow
}

// verdictSentence says the verdict in one plain line.
func (p *printer) verdictSentence(v *freehold.Verdict) string {
	switch v.CanLeave {
	case freehold.LeaveAlone:
		return p.say("It can leave today, and nobody else has to agree.")
	case freehold.LeaveWithHost:
		return p.say("It can leave only if the host helps.")
	case freehold.LeaveNotBefore:
		if v.Waivable {
			return p.say("It can leave from %t; the registrar may agree to an earlier date.", v.NotBefore)
		}
		return p.say("It can leave from %t, not earlier.", v.NotBefore)
	case freehold.LeaveNo:
		return p.say("Nothing can move it now.")
	}
	return p.say("Public records alone do not decide it.")
}

// shortVerdict says the verdict in a column of a list.
func (p *printer) shortVerdict(r *freehold.Result) (string, style) {
	if r.Status == freehold.StatusFailed {
		return p.say("failed"), red
	}
	switch v := &r.Verdict; v.CanLeave {
	case freehold.LeaveAlone:
		return p.say("yes"), green
	case freehold.LeaveWithHost:
		return p.say("with the host"), yellow
	case freehold.LeaveNotBefore:
		return p.say("from %s", day(v.NotBefore)), yellow
	case freehold.LeaveNo:
		return p.say("no"), red
	}
	return p.say("not known"), plainText
}

// missed says why a source gave no answer.
func (p *printer) missed(o freehold.Outcome) string { return p.text(o.Text()) }

// why says why a result is not whole, and wayOut what to do about it. In English also
// what the source's own failure was.
func (p *printer) why(r *freehold.Result) string {
	if _, english := p.speaker.(english); english || len(r.Reasons) == 0 {
		return freehold.OneLine(r.Error)
	}
	return freehold.SayReasons(p.speaker, r.Reasons)
}

func (p *printer) wayOut(r *freehold.Result) string {
	if r.Advice.IsZero() {
		return freehold.OneLine(r.Hint)
	}
	return p.text(r.Advice)
}

// factWord stands for a fact without a value.
func (p *printer) factWord(s freehold.FactState) string {
	switch s {
	case freehold.Absent:
		return p.say("none")
	case freehold.Redacted:
		return p.say("withheld")
	}
	return p.say("not known")
}

// day writes a calendar day the same in every language, for columns.
func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// sourceName shortens a source to the server that was asked.
func sourceName(source string) string {
	source = freehold.OneLine(source)
	if u, err := url.Parse(source); err == nil && u.Host != "" {
		source = u.Host
	}
	return columns.Truncate(source, 60, "…")
}

// silent is a source that was asked and gave no answer.
type silent struct {
	Source  string
	Outcome freehold.Outcome
}

// silentSources lists them once each, in the order they were asked.
func silentSources(o *freehold.Observed) []silent {
	var out []silent
	for _, asks := range [][]freehold.Ask{o.Registration.Asks, o.DNS.Asks, o.Network.Asks} {
		for _, a := range asks {
			if a.Outcome == freehold.OutcomeNone || a.Outcome == freehold.OutcomeAnswered {
				continue
			}
			if s := (silent{sourceName(a.Source), a.Outcome}); !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// nameOf returns what a person calls the name: Unicode where it can be shown,
// and what was written where it is no domain name.
func (p *printer) nameOf(r *freehold.Result) string {
	switch {
	case r.Name.IsZero():
		return strings.ToValidUTF8(freehold.OneLine(r.Asked), "\ufffd")
	case p.o.Unicode:
		return r.Name.Unicode()
	}
	return r.Name.ASCII()
}
