package report

import (
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"freehold"
)

// SchemaDiff is the contract of Diff's envelope.
const SchemaDiff = "freehold.diff/1"

// A Pair is one name in two runs; one side is nil where its run does not have
// the name.
type Pair struct{ Before, After *freehold.Result }

// Learnt says how what is known of a fact differs between two runs.
type Learnt string

// What can be said of a fact. That a source says nothing any more is never
// taken for the thing being gone.
const (
	LearntSame          Learnt = ""
	LearntChanged       Learnt = "changed"         // a value, then another
	LearntAdded         Learnt = "added"           // the source had none, then a value
	LearntRemoved       Learnt = "removed"         // a value, then the source has none
	LearntNowKnown      Learnt = "now_known"       // nothing was learnt, then an answer
	LearntNoLongerKnown Learnt = "no_longer_known" // an answer, then nothing was learnt
	LearntWithheld      Learnt = "withheld"        // shown or absent, then redacted
	LearntShown         Learnt = "shown"           // redacted, then shown or absent
)

// knownFact is a fact as two runs are compared by it.
type knownFact struct {
	state freehold.FactState
	value string
}

func (a knownFact) to(b knownFact) Learnt {
	switch {
	case a == b:
		return LearntSame
	case b.state == freehold.Unknown:
		return LearntNoLongerKnown
	case a.state == freehold.Unknown:
		return LearntNowKnown
	case b.state == freehold.Redacted:
		return LearntWithheld
	case a.state == freehold.Redacted:
		return LearntShown
	case a.state == freehold.Absent:
		return LearntAdded
	case b.state == freehold.Absent:
		return LearntRemoved
	}
	return LearntChanged
}

// known makes a fact comparable. An empty list is a value like any other.
func known[T any](f freehold.Fact[T], say func(T) string) knownFact {
	if f.State == freehold.Value {
		return knownFact{f.State, say(f.Value)}
	}
	return knownFact{state: f.State}
}

// comparedFact is one fact of a name that a diff looks at. What changes at
// every question without meaning anything (serials, TTLs) is not among them.
type comparedFact struct {
	field string // the path in docs/json.md
	of    func(*freehold.Observed) knownFact
}

var comparedFacts = func() []comparedFact {
	text := func(pick func(*freehold.Observed) freehold.Fact[string]) func(*freehold.Observed) knownFact {
		return func(o *freehold.Observed) knownFact { return known(pick(o), asIs) }
	}
	yes := func(pick func(*freehold.Observed) freehold.Fact[bool]) func(*freehold.Observed) knownFact {
		return func(o *freehold.Observed) knownFact { return known(pick(o), strconv.FormatBool) }
	}
	hosts := func(pick func(*freehold.Observed) freehold.Fact[[]freehold.Host]) func(*freehold.Observed) knownFact {
		return func(o *freehold.Observed) knownFact { return known(pick(o), sortedWords(freehold.Host.ASCII)) }
	}
	addrs := func(pick func(*freehold.Observed) freehold.Fact[[]netip.Addr]) func(*freehold.Observed) knownFact {
		return func(o *freehold.Observed) knownFact { return known(pick(o), sortedWords(netip.Addr.String)) }
	}
	type obs = freehold.Observed
	return []comparedFact{
		{"registration.state", func(o *obs) knownFact {
			if o.Registration.State == freehold.RegistrationUnknown {
				return knownFact{}
			}
			return knownFact{freehold.Value, o.Registration.State.String()}
		}},
		{"registration.registrar", text(func(o *obs) freehold.Fact[string] { return o.Registration.Registrar })},
		{"registration.registrar_iana_id", text(func(o *obs) freehold.Fact[string] { return o.Registration.RegistrarIANAID })},
		{"registration.reseller", text(func(o *obs) freehold.Fact[string] { return o.Registration.Reseller })},
		{"registration.registrant_name", text(func(o *obs) freehold.Fact[string] { return o.Registration.RegistrantName })},
		{"registration.registrant_org", text(func(o *obs) freehold.Fact[string] { return o.Registration.RegistrantOrg })},
		{"registration.registrant_email", text(func(o *obs) freehold.Fact[string] { return o.Registration.RegistrantEmail })},
		{"registration.registrant_country", text(func(o *obs) freehold.Fact[string] { return o.Registration.RegistrantCountry })},
		{"registration.created", func(o *obs) knownFact { return known(o.Registration.Created, day) }},
		{"registration.expires", func(o *obs) knownFact { return known(o.Registration.Expires, day) }},
		{"registration.registrar_expires", func(o *obs) knownFact { return known(o.Registration.RegistrarExpires, day) }},
		{"registration.last_transfer", func(o *obs) knownFact { return known(o.Registration.LastTransfer, day) }},
		{"registration.statuses", func(o *obs) knownFact { return known(o.Registration.Statuses, sortedWords(asIs)) }},
		{"registration.nameservers", hosts(func(o *obs) freehold.Fact[[]freehold.Host] { return o.Registration.Nameservers })},
		{"registration.dnssec", yes(func(o *obs) freehold.Fact[bool] { return o.Registration.DNSSEC })},
		{"dns.delegation", hosts(func(o *obs) freehold.Fact[[]freehold.Host] { return o.DNS.Delegation })},
		{"dns.ds", func(o *obs) knownFact { return known(o.DNS.DS, sortedWords(dsWords)) }},
		{"dns.ns", hosts(func(o *obs) freehold.Fact[[]freehold.Host] { return o.DNS.NS })},
		{"dns.a", addrs(func(o *obs) freehold.Fact[[]netip.Addr] { return o.DNS.A })},
		{"dns.aaaa", addrs(func(o *obs) freehold.Fact[[]netip.Addr] { return o.DNS.AAAA })},
		{"dns.www", addrs(func(o *obs) freehold.Fact[[]netip.Addr] { return o.DNS.WWW })},
		{"dns.mx", func(o *obs) knownFact {
			return known(o.DNS.MX, sortedWords(func(m freehold.MX) string { return orDefault(m.Host.ASCII(), ".") }))
		}},
		{"dns.txt", func(o *obs) knownFact { return known(o.DNS.TXT, sortedWords(asIs)) }},
		{"dns.spf", text(func(o *obs) freehold.Fact[string] { return o.DNS.SPF })},
		{"dns.dmarc", text(func(o *obs) freehold.Fact[string] { return o.DNS.DMARC })},
		{"dns.caa", func(o *obs) knownFact { return known(o.DNS.CAA, sortedWords(asIs)) }},
		{"dns.validation", func(o *obs) knownFact { return known(o.DNS.Validation, freehold.Validation.String) }},
	}
}()

// dsWords writes a DS without its TTL, which is no part of what it says.
func dsWords(d freehold.DS) string {
	return strings.Join([]string{strconv.Itoa(int(d.KeyTag)), strconv.Itoa(int(d.Algorithm)), strconv.Itoa(int(d.DigestType)), d.Digest}, "/")
}

// difference is what two runs say differently about one name.
type difference struct {
	pair     Pair
	facts    []factChange
	control  []controlChange
	verdict  bool
	appeared []freehold.Finding
	gone     []freehold.Finding
	// settled: the new run learnt all it asked, so a finding that is gone is gone.
	settled bool
}

type factChange struct {
	field         string
	learnt        Learnt
	before, after knownFact
}

type controlChange struct {
	layer         freehold.Layer
	learnt        Learnt
	before, after freehold.Claim
}

// shown is the result that names the pair.
func (p Pair) shown() *freehold.Result {
	if p.After != nil {
		return p.After
	}
	return p.Before
}

// any tells whether there is a difference at all.
func (d *difference) any() bool {
	return d.pair.Before == nil || d.pair.After == nil || d.verdict || d.pair.Before.Status != d.pair.After.Status ||
		len(d.facts)+len(d.control)+len(d.appeared)+len(d.gone) > 0
}

// compare finds the differences of a pair of which both sides exist.
func compare(p Pair) difference {
	d := difference{pair: p}
	if p.Before == nil || p.After == nil {
		return d
	}
	a, b := p.Before, p.After
	d.settled = b.Status == freehold.StatusOK
	d.verdict = a.Verdict.CanLeave != b.Verdict.CanLeave || !a.Verdict.NotBefore.Equal(b.Verdict.NotBefore)
	for _, f := range comparedFacts {
		before, after := f.of(&a.Observed), f.of(&b.Observed)
		if l := before.to(after); l != LearntSame {
			d.facts = append(d.facts, factChange{f.field, l, before, after})
		}
	}
	for _, layer := range freehold.Layers {
		before, after := a.Control.Of(layer), b.Control.Of(layer)
		if l := holderOf(before).to(holderOf(after)); l != LearntSame {
			d.control = append(d.control, controlChange{layer, l, before, after})
		}
	}
	d.appeared, d.gone = findingsBeside(b.Findings, a.Findings), findingsBeside(a.Findings, b.Findings)
	return d
}

// holderOf makes a claim comparable: who holds it, and how well that is known.
func holderOf(c freehold.Claim) knownFact {
	if c.Standing == freehold.StandingUnknown {
		return knownFact{}
	}
	return knownFact{freehold.Value, c.Standing.String() + " " + c.Holder}
}

// findingsBeside returns the findings of a whose rule says nothing in b.
func findingsBeside(a, b []freehold.Finding) []freehold.Finding {
	var out []freehold.Finding
	for _, f := range a {
		if !slices.ContainsFunc(b, func(other freehold.Finding) bool { return other.Rule == f.Rule }) {
			out = append(out, f)
		}
	}
	return out
}

// DiffSummary counts the names of a diff.
type DiffSummary struct {
	Names     int `json:"names"`
	Unchanged int `json:"unchanged"`
	Changed   int `json:"changed"`
	New       int `json:"new"`
	Gone      int `json:"gone"`
}

// Differences is how many names differ.
func (s DiffSummary) Differences() int { return s.Changed + s.New + s.Gone }

func (s *DiffSummary) add(d *difference) {
	s.Names++
	switch {
	case d.pair.Before == nil:
		s.New++
	case d.pair.After == nil:
		s.Gone++
	case d.any():
		s.Changed++
	default:
		s.Unchanged++
	}
}

// DiffFormats lists the formats Diff writes.
var DiffFormats = []string{FormatTable, FormatJSON, FormatJSONL}

// Diff writes what two runs say differently, a name at a time: memory does not
// grow with their size. Names without a difference are counted, not written.
func Diff(format string, w io.Writer, o Options, before, after freehold.Run, pairs func(yield func(Pair, error) bool)) (DiffSummary, error) {
	var s DiffSummary
	speaker, err := checkFormat(format, DiffFormats, o)
	if err != nil {
		return s, err
	}
	var out diffWriter
	switch format {
	case FormatTable:
		out = &diffTable{p: newPrinter(w, o, speaker)}
	default:
		out = &diffJSON{out: encoder{w: w}, speaker: speaker, lines: format == FormatJSONL}
	}
	if err := out.begin(before, after); err != nil {
		return s, err
	}
	for p, err := range pairs {
		if err != nil {
			return s, err
		}
		d := compare(p)
		s.add(&d)
		if !d.any() {
			continue
		}
		if err := out.name(&d); err != nil {
			return s, err
		}
	}
	return s, out.end(s)
}

type diffWriter interface {
	begin(before, after freehold.Run) error
	name(*difference) error
	end(DiffSummary) error
}

// checkFormat is check for results that not every format can hold.
func checkFormat(format string, known []string, o Options) (freehold.Speaker, error) {
	if !slices.Contains(known, format) {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("%q is not a format of this result", format),
			Advice: freehold.T("use one of %s", strings.Join(known, ", "))}
	}
	return SpeakerFor(o.Lang)
}
