package report

import (
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"freehold"
)

// HistoryEntry is what one run found about a name.
type HistoryEntry struct {
	Run    string
	Result *freehold.Result
}

// Change is one thing that differs between two audits of a name. Field is the
// path in docs/json.md; an empty side had none.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Changes returns what b says differently from a. What one of the two did not
// learn is no change: an unknown fact says nothing.
func Changes(a, b *freehold.Result) []Change {
	changes := []Change{}
	add := func(field, before, after string) {
		if before != after {
			changes = append(changes, Change{field, before, after})
		}
	}
	if a.Status != freehold.StatusFailed && b.Status != freehold.StatusFailed {
		add("verdict.can_leave", a.Verdict.CanLeave.String(), b.Verdict.CanLeave.String())
	}
	x, y := &a.Observed.Registration, &b.Observed.Registration
	if x.State != freehold.RegistrationUnknown && y.State != freehold.RegistrationUnknown {
		add("registration.state", x.State.String(), y.State.String())
	}
	diff(add, "registration.registrar", x.Registrar, y.Registrar, asIs)
	diff(add, "registration.reseller", x.Reseller, y.Reseller, asIs)
	diff(add, "registration.registrant_name", x.RegistrantName, y.RegistrantName, asIs)
	diff(add, "registration.registrant_org", x.RegistrantOrg, y.RegistrantOrg, asIs)
	diff(add, "registration.registrant_email", x.RegistrantEmail, y.RegistrantEmail, asIs)
	diff(add, "registration.expires", x.Expires, y.Expires, day)
	diff(add, "registration.last_transfer", x.LastTransfer, y.LastTransfer, day)
	diff(add, "registration.statuses", x.Statuses, y.Statuses, sortedWords(asIs))
	diff(add, "registration.nameservers", x.Nameservers, y.Nameservers, sortedWords(freehold.Host.ASCII))
	diff(add, "registration.dnssec", x.DNSSEC, y.DNSSEC, func(b bool) string {
		if b {
			return "true"
		}
		return ""
	})
	diff(add, "dns.delegation", a.Observed.DNS.Delegation, b.Observed.DNS.Delegation, sortedWords(freehold.Host.ASCII))
	for _, l := range freehold.Layers {
		before, after := a.Control.Of(l), b.Control.Of(l)
		if before.Holder != "" && after.Holder != "" {
			add("control."+string(l), before.Holder, after.Holder)
		}
	}
	return changes
}

// diff compares a fact of two audits where both know it.
func diff[T any](add func(field, before, after string), field string, a, b freehold.Fact[T], say func(T) string) {
	known := func(f freehold.Fact[T]) (string, bool) {
		switch f.State {
		case freehold.Value:
			return say(f.Value), true
		case freehold.Absent:
			return "", true
		}
		return "", false
	}
	before, ok1 := known(a)
	after, ok2 := known(b)
	if ok1 && ok2 {
		add(field, before, after)
	}
}

// sortedWords joins a list in an order of its own, since servers shuffle theirs.
func sortedWords[T any](say func(T) string) func([]T) string {
	return func(all []T) string {
		words := make([]string, len(all))
		for i, v := range all {
			words[i] = say(v)
		}
		slices.Sort(words)
		return strings.Join(words, " ")
	}
}

type historyEnvelope struct {
	Schema  string       `json:"schema"`
	Name    string       `json:"name"`
	Unicode string       `json:"unicode"`
	Entries []historyDoc `json:"entries"`
}

type historyDoc struct {
	Run     string   `json:"run"`
	At      *string  `json:"at"`
	Status  string   `json:"status"`
	Verdict verdict  `json:"verdict"`
	Changes []Change `json:"changes"`
}

// History writes what was found about a name over time, each entry with what
// changed since the one before it that learnt anything. Entries come oldest
// first. In the JSON formats it is one envelope of SchemaHistory.
func History(format string, w io.Writer, o Options, n freehold.Name, entries iter.Seq2[HistoryEntry, error]) error {
	s, err := checkFormat(format, dataFormats, o)
	if err != nil {
		return err
	}
	env := historyEnvelope{Schema: SchemaHistory, Name: n.ASCII(), Unicode: n.Unicode(), Entries: []historyDoc{}}
	p := newPrinter(w, o, s)
	if format == FormatTable {
		p.line(p.heading(p.nameOf(&freehold.Result{Name: n})))
	}
	var previous *freehold.Result
	for e, err := range entries {
		if err != nil {
			return err
		}
		changes := []Change{}
		if previous != nil {
			changes = Changes(previous, e.Result)
		}
		if e.Result.Status != freehold.StatusFailed {
			previous = e.Result
		}
		if format != FormatTable {
			env.Entries = append(env.Entries, historyDoc{
				Run: e.Run, At: moment(e.Result.At), Status: e.Result.Status.String(), Verdict: verdictDoc(&e.Result.Verdict, s), Changes: changes,
			})
			continue
		}
		p.historyEntry(e, changes)
	}
	if format != FormatTable {
		return encoder{w: w}.write(env)
	}
	return p.flush()
}

func (p *printer) historyEntry(e HistoryEntry, changes []Change) {
	verdict, st := p.shortVerdict(e.Result)
	if e.Result.Status == freehold.StatusPartial {
		verdict += " *"
	}
	at := e.Result.At.UTC().Format(time.DateTime)
	p.line(line{{text: p.fit(at, 21)}, {p.fit(verdict, 20), st}, {"  " + freehold.OneLine(e.Run), dim}})
	for _, c := range changes {
		s := p.say("%s was %s, is now %s", c.Field, orDefault(c.Before, p.say("none")), orDefault(c.After, p.say("none")))
		p.lines(p.paragraph(text("  "+p.mark("→", ">")+" "), s, plainText, p.o.Width))
	}
}
