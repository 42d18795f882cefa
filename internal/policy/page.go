package policy

//go:generate env UPDATE_GOLDEN=1 go test -run TestPage .

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Markdown is all rules as a page to read: docs/policies.md. It is made from the
// data alone, the same every time.
func (s *Set) Markdown() string {
	p := &page{}
	p.line("# Transfer rules by top-level domain")
	p.line("")
	p.line("Made from `internal/policy/data` by `go generate ./internal/policy`: change the data, not this page. The oldest source was read on %s.", s.Date().Format(time.DateOnly))
	p.line("")
	p.line("A verdict rests on these rows and on nothing else. How sure a row is:")
	p.line("")
	for _, c := range []Confidence{Verified, Secondary, Old, Unverified} {
		p.line("- **%s**: %s", confidences[c].word, confidences[c].meaning)
	}
	p.line("")
	p.line("A rule that is not listed was not found, and nothing is claimed about it. Not in these data: who may hold a name (residence, trade marks), what registrars")
	p.line("charge, and what the law of a country gives a customer against a host.")
	p.overview(s)
	for _, f := range s.chapters() {
		for i := range f.profiles {
			p.profile(f, &f.profiles[i])
		}
	}
	p.byDefault(s)
	return p.b.String()
}

var confidences = map[Confidence]struct{ word, meaning string }{
	Verified:   {"verified", "the primary text was read: the registry's, the law's, the RFC's."},
	Secondary:  {"second-hand", "read in a source that quotes the primary text; verdicts count on it and say so. A way past the registrar that is only second-hand is told, and not counted on."},
	Old:        {"old", "read in a primary text that is years old; told with that warning."},
	Unverified: {"not verified", "no source was read, or sources conflict: never judged by, never told as true. The value is here so that somebody can verify it."},
}

type page struct{ b strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

func (p *page) row(cells ...string) { p.line("| %s |", strings.Join(cells, " | ")) }

func (p *page) head(cells ...string) {
	p.line("")
	p.row(cells...)
	p.line("|%s", strings.Repeat("---|", len(cells)))
}

// cell writes text that cannot break out of its cell.
func cell(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "`", "'").Replace(s)
}

// overview is one line for each set of rules: how a name leaves, and how it
// leaves when the registrar does not answer.
func (p *page) overview(s *Set) {
	p.line("")
	p.line("## At a glance")
	p.line("")
	p.line("*Past the registrar* is what the registry does for a holder whose registrar refuses or is silent. *How sure* is said of that way; in the")
	p.line("other columns ² is second-hand and † is old. The sources stand in the chapters below. *Not found* is no rule that we know of, and not the word that there is none.")
	p.head("domains", "rules", "a name moves by", "the code comes from", "how long", "code valid", "waiting periods", "past the registrar", "with what", "how sure")
	for _, f := range s.chapters() {
		for i := range f.profiles {
			pr := &f.profiles[i]
			rest := slices.DeleteFunc(slices.Clone(f.tlds), func(tld string) bool { return pr.only[tld].some() })
			if f.name == familyGTLD {
				p.glance(f.domains(), pr.Profile)
			} else if len(rest) > 0 {
				p.glance(cell("."+strings.Join(rest, " .")), pr.Profile)
			}
			for _, tld := range slices.Sorted(maps.Keys(pr.only)) {
				p.glance("."+cell(tld), s.of(*pr, tld))
			}
		}
	}
}

// chapters are the families in the order of the page: the generic one first, the
// default elsewhere.
func (s *Set) chapters() []*family {
	all := slices.DeleteFunc(s.sorted(), func(f *family) bool { return f.name == familyDefault })
	slices.SortStableFunc(all, func(a, b *family) int {
		switch {
		case a.name == familyGTLD && b.name != familyGTLD:
			return -1
		case b.name == familyGTLD && a.name != familyGTLD:
			return 1
		}
		return 0
	})
	return all
}

// some tells whether any row is set.
func (r Rules) some() bool {
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		if v.Field(i).Interface().(row).isSet() {
			return true
		}
	}
	return false
}

func (p *page) glance(domains string, pr Profile) {
	way, key, sure := pr.past()
	p.row(domains, cell(pr.ID)+pr.pending(), pr.words(pr.MovedBy, "code"), pr.words(pr.CodeIssuer, notFound), pr.times(), span(pr.CodeValidity), pr.locks(), way, cmp.Or(key, "–"), sure)
}

const notFound = "not found"

// domains names what a family is for.
func (f *family) domains() string {
	if f.name == familyGTLD {
		return "generic: .com, .org, .swiss, …"
	}
	return cell("." + strings.Join(f.tlds, " ."))
}

func (p Profile) pending() string {
	switch {
	case p.State == Adopted && p.From.IsZero():
		return " (adopted, no date: in force nowhere)"
	case !p.From.IsZero() && p.State == Adopted:
		return " (from " + p.From.Format(time.DateOnly) + ")"
	case !p.Until.IsZero():
		return " (until " + p.Until.Format(time.DateOnly) + ")"
	}
	return ""
}

func (p Profile) words(row Row[string], otherwise string) string {
	if v, ok := row.Get(); ok {
		return say(v) + row.mark()
	}
	return otherwise
}

// mark is the sign of a source that is not the primary text as it stands today.
func (s Source) mark() string {
	switch s.Confidence {
	case Secondary:
		return " ²"
	case Old:
		return " †"
	}
	return ""
}

func span(row Row[Span]) string {
	if v, ok := row.Get(); ok {
		return v.String() + row.mark()
	}
	return notFound
}

// times is the registrar's time for the code and the registry's for the transfer.
func (p Profile) times() string {
	var all []string
	if v, ok := p.CodeDeadline.Get(); ok {
		all = append(all, "code: "+v.String()+p.CodeDeadline.mark())
	} else if v, ok := p.Release.Get(); ok {
		all = append(all, "code: "+say(v)+p.Release.mark())
	}
	if v, ok := p.TransferDelay.Get(); ok {
		delay := v.String()
		if v.None() {
			delay = "at once"
		}
		if refusal, ok := p.RefusalDelay.Get(); ok {
			delay += " (" + refusal.String() + " if refused)"
		}
		all = append(all, "transfer: "+delay+p.TransferDelay.mark())
	}
	return cmp.Or(strings.Join(all, "; "), notFound)
}

func (p Profile) locks() string {
	var all []string
	for _, l := range []struct {
		after string
		row   Row[Lock]
	}{{"creation", p.LockAfterCreation}, {"a transfer", p.LockAfterTransfer}, {"a change of registrant", p.LockAfterRegistrantChange}} {
		if v, ok := l.row.Get(); ok && !v.Length.None() {
			all = append(all, v.Length.String()+" after "+l.after+l.row.mark())
		}
	}
	return cmp.Or(strings.Join(all, ", "), notFound)
}

// past is the best way without the registrar, what it needs, and how sure it is.
func (p Profile) past() (way, key, sure string) {
	for _, row := range p.Routes {
		if r, ok := row.Get(); ok && (r.When == Always || r.When == Refused) {
			return say(r.Through), say(r.Key), confidences[row.Confidence].word
		}
	}
	if v, ok := p.Bypass.Get(); ok {
		return say(v), "", confidences[p.Bypass.Confidence].word
	}
	return "not known", "", confidences[Unverified].word
}

// profile is the chapter of one set of rules.
func (p *page) profile(f *family, pr *profileData) {
	p.line("")
	p.line("## %s: %s", cell(pr.ID), cell(pr.Title))
	p.line("")
	p.line("- Domains: %s%s", f.domains(), f.exceptions())
	if registry, ok := pr.Registry.Get(); ok {
		p.line("- Registry: %s", cell(registry))
	}
	p.line("- In force: %s", pr.period())
	p.line("- Read on %s: %s", pr.Read.Format(time.DateOnly), cell(strings.Join(pr.Sources, "; ")))
	p.ways(pr.Rules)
	p.rules(pr.Rules)
	for _, tld := range slices.Sorted(maps.Keys(pr.only)) {
		p.line("")
		p.line("For .%s alone:", cell(tld))
		p.ways(pr.only[tld])
		p.rules(pr.only[tld])
	}
}

func (f *family) exceptions() string {
	if len(f.except) == 0 {
		return ""
	}
	return cell(", but not under ." + strings.Join(f.except, " .") + ", where these rules were not found to hold")
}

func (p Profile) period() string {
	day := func(word string, at time.Time, s Source) string {
		out := fmt.Sprintf("%s %s (%s; %s)", word, at.Format(time.DateOnly), cell(s.Citation), confidences[s.Confidence].word)
		if s.Note != "" {
			out += ". " + cell(s.Note)
		}
		return out
	}
	switch {
	case p.State == Adopted && p.From.IsZero():
		return "**no.** Adopted, without a date: nobody's duty yet, and nothing here decides a verdict"
	case !p.From.IsZero():
		return day("from", p.From, p.FromSource)
	case !p.Until.IsZero():
		return day("until", p.Until, p.UntilSource)
	}
	return "yes"
}

// ways is the usual way out, through the registrar, and those past it.
func (p *page) ways(pr Rules) {
	issuer, usual := pr.CodeIssuer.Unverified()
	usual = usual && issuer != Nobody || pr.MovedBy.set && pr.MovedBy.value == ByTag
	if !usual && len(pr.Routes) == 0 {
		return
	}
	p.head("way", "actor", "when", "proof", "delay", "validity", "cost", "citation", "confidence", "note")
	if usual {
		source, gives, actor := pr.CodeIssuer.Source, "gives the code", "the registrar"
		switch {
		case pr.MovedBy.set && pr.MovedBy.value == ByTag:
			source, gives = pr.MovedBy.Source, "changes the tag"
		case issuer == Registry:
			actor = "the registry, asked through the registrar"
		}
		proof := pr.Proof.Source.hedge(said(pr.Proof, true), pr.Proof.set)
		delay := pr.CodeDeadline.Source.hedge(said(pr.CodeDeadline, true), pr.CodeDeadline.set)
		if _, ok := pr.CodeDeadline.Get(); !ok && pr.Release.set {
			delay = pr.Release.Source.hedge(said(pr.Release, true), pr.Release.set)
		}
		p.row(source.hedge(gives, true), actor, "always", proof, delay, pr.CodeValidity.Source.hedge(said(pr.CodeValidity, true), pr.CodeValidity.set), "–",
			cell(source.Citation), confidences[source.Confidence].word, "The usual way; each part's own source stands below.")
	}
	for _, row := range pr.Routes {
		r := row.value
		p.row(row.hedge("past the registrar, gives the "+r.Gives, true), say(r.Through), say(r.When), say(r.Key), dash(r.After), dash(r.Validity), cmp.Or(r.Cost, "–"),
			cell(row.Citation), confidences[row.Confidence].word, cell(row.Note))
	}
}

// hedge writes a value so that one that was not verified does not look true.
func (s Source) hedge(value string, set bool) string {
	switch {
	case !set:
		return "–"
	case s.Confidence == Unverified:
		return "not verified: " + value
	}
	return value
}

func dash(s Span) string {
	if s == (Span{}) {
		return "–"
	}
	return s.String()
}

// rules lists the rows that are set, in the order of the struct.
func (p *page) rules(r Rules) {
	p.head("rule", "value", "citation", "confidence", "note")
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		row, one := v.Field(i).Interface().(row), v.Field(i)
		if !row.isSet() || v.Type().Field(i).Name == "Routes" {
			continue
		}
		source := row.sources()[0]
		value := said(one.Interface(), v.Type().Field(i).Tag.Get("words") != "")
		p.row(label(v.Type().Field(i).Tag.Get("toml")), source.hedge(value, true), cell(source.Citation), confidences[source.Confidence].word, cell(source.Note))
	}
}

// byDefault lists what no rules are held for, and why.
func (p *page) byDefault(s *Set) {
	p.line("")
	p.line("## Without rules of their own: the cautious default")
	p.line("")
	p.line("Nothing is assumed but what the protocol's own status words mean (RFC 5731, RFC 3915). A name younger than 60 days, or of which the registry shows no date, is")
	p.line("*unknown* until somebody has asked the registrar; no deadline, no way past the registrar and no duty is claimed.")
	p.head("domains", "why")
	unheld := s.Unheld()
	for _, tld := range slices.Sorted(maps.Keys(unheld)) {
		p.row("."+cell(tld), cell(unheld[tld]))
	}
	p.row("every other two-letter domain", "its registry's rules were not looked for yet")
	p.row("every domain in another script (xn--…)", "it may be a country's or generic, which its name does not tell")
	p.row("."+strings.Join(notGeneric, ", ."), "three letters and more, but outside ICANN's agreements with registries")
	for _, f := range s.sorted() {
		if len(f.except) > 0 {
			p.row(cell("."+strings.Join(f.except, ", .")), cell("below ."+strings.Join(f.tlds, " .")+", where other rules may hold"))
		}
	}
	p.rules(s.families[familyDefault].profiles[0].Rules)
}

// label is the name of a rule as people say it.
func label(key string) string {
	if l, ok := labels[key]; ok {
		return l
	}
	return strings.ReplaceAll(key, "_", " ")
}

var labels = map[string]string{
	"moved_by": "a name moves by", "code_name": "the code is called", "code_issuer": "the code comes from", "code_made_by": "the code is drawn by",
	"code_shape": "the code looks like", "code_validity": "the code is valid for", "code_deadline": "time for the code", "unlock_deadline": "time to unlock",
	"release": "duty to let go", "bypass": "who is served past the registrar", "push": "push within the registrar", "transfer_delay": "time for the transfer",
	"refusal_delay": "time for the transfer if refused", "silence_approves": "silence lets it go through", "term_effect": "effect on the term",
	"lock_after_creation": "lock after creation", "lock_after_transfer": "lock after a transfer", "lock_after_registrant_change": "lock after a change of registrant",
	"lifted_by_registrar": "locks the registrar lifts", "lifted_by_registry": "locks the registry lifts", "under_way": "a transfer is under way", "gone": "deleted",
	"publishes_status": "statuses are published", "expired_may_leave": "an expired name may leave", "restored_by": "restored by", "redemption": "time to restore",
	"renewal_grace": "grace after renewal", "contact": "contact whose mailbox must work", "notice_deadline": "time to tell the holder", "proof": "proof asked for",
	"payment_dispute_may_refuse": "a payment dispute may refuse", "unpaid_fee_may_refuse": "an unpaid fee may refuse", "reseller_debt_may_refuse": "a reseller's debt may refuse",
	"reseller_answerable": "answers for a reseller", "escalation": "next to write to", "nameservers_during_transfer": "name servers may change meanwhile",
	"failed_registrar": "time after the registrar's contract ended",
}

// say writes a word of the data as people say it.
func say(word string) string {
	if w, ok := sayings[word]; ok {
		return w
	}
	return cell(strings.ReplaceAll(word, "_", " "))
}

var sayings = map[string]string{
	RegistrySite: "the registry's own site", RegistryDesk: "people at the registry", NewRegistrar: "the new registrar, at the registry",
	RegistrantMailbox: "the registrant's mailbox", AdministrativeMailbox: "the administrative contact's mailbox", PostalAddress: "the holder's postal address on record",
	RegistryAccount: "a login at the registry", Identity: "identity, shown to the new registrar", SignedForm: "a signed form", Complaint: "a complaint with proof",
	Decision: "a decision of a court or panel", NoKey: "nothing the source names",
	Refused: "the registrar refuses or is silent", Failed: "the registrar has given up or failed",
	Nobody: "nobody", FailureOnly: "only customers of a failed registrar", Open: "holders, see above",
	WithoutDelay: "without delay or conditions", ByTag: "a change of tag", ByConfirmation: "a link to confirm, no code",
	RegistrarMay: "the registrar may", RegistrarMust: "the registrar must", ByRegistry: "registry", Unsaid: "by whom is not said",
}

// said writes the value of a row; one of our words as people say it.
func said(row any, ours bool) string {
	switch r := row.(type) {
	case Row[string]:
		if !ours {
			return cell(r.value)
		}
		return say(r.value)
	case Row[bool]:
		if r.value {
			return "yes"
		}
		return "no"
	case Row[Span]:
		if r.value.None() {
			return "at once"
		}
		return r.value.String()
	case Row[[]string]:
		return cell(strings.Join(r.value, ", "))
	case Row[Lock]:
		if r.value.Length.None() {
			return "none"
		}
		waived := "cannot be waived"
		if r.value.Waivable {
			waived = "can be waived"
		}
		return fmt.Sprintf("%s; refused: %s; %s", r.value.Length, say(r.value.RefusedBy), waived)
	case Row[Shape]:
		length := fmt.Sprintf("%d to %d characters", r.value.Min, r.value.Max)
		if r.value.Min == r.value.Max {
			length = fmt.Sprintf("%d characters", r.value.Min)
		}
		if len(r.value.Classes) == 0 {
			return length + ", alphabet not given"
		}
		return cell(length + " of " + strings.Join(r.value.Classes, ", "))
	}
	return ""
}
