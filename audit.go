package freehold

import (
	"slices"
	"strings"
	"time"
)

// NameStatus says how far an audit of a name got.
type NameStatus uint8

// The statuses. The zero value is failed: nothing was learnt.
const (
	StatusFailed  NameStatus = iota // nothing was learnt
	StatusPartial                   // a source that was asked did not answer
	StatusOK                        // every source that was asked answered
)

var nameStatuses = names[NameStatus]{"failed", "partial", "ok"}

func (s NameStatus) String() string               { return nameStatuses.name(s) }
func (s NameStatus) MarshalText() ([]byte, error) { return nameStatuses.marshal(s) }
func (s *NameStatus) UnmarshalText(b []byte) error {
	return nameStatuses.unmarshal(b, s, "status")
}

// Observed is all that was seen and said about one name at one time: what the
// judging stages work on, and nothing else.
type Observed struct {
	Name              Name
	At                time.Time // the run's clock
	Registration      Registration
	DNS               DNSFacts
	Network           NetworkFacts
	NameserverDomains []NameserverDomain
	Attestations      Attestations
	// ZoneCopies are the copies of its zone that were recorded, the oldest first.
	ZoneCopies []ZoneCopy
	// Earlier is what the last audit before this one found.
	Earlier Earlier
	// Own is the evidence of what our store holds on the name, or that it holds nothing.
	Own EvidenceID
}

// An Earlier is what an audit found that a later one compares with. Empty: it was
// not known then.
type Earlier struct {
	At          time.Time // zero: there was no such audit
	Registrar   string
	NameServers []Host // as the parent named them, in order of their names
	Evidence    []EvidenceID
}

// EarlierOf returns what a later audit compares with this result.
func EarlierOf(r *Result) Earlier {
	e := Earlier{At: r.Observed.At}
	e.Registrar, _ = r.Observed.Registration.Registrar.Get()
	hosts, _ := r.Observed.DNS.Delegation.Get()
	e.NameServers = slices.SortedFunc(slices.Values(hosts), func(a, b Host) int { return strings.Compare(a.ASCII(), b.ASCII()) })
	e.Evidence = slices.Concat(r.Observed.Registration.Registrar.Evidence, r.Observed.DNS.Delegation.Evidence)
	return e
}

// Asks lists every question that was put about the name, in the order of the flow.
func (o *Observed) Asks() []Ask {
	asks := slices.Concat(o.Registration.Asks, o.DNS.Asks, o.Network.Asks)
	for _, d := range o.NameserverDomains {
		asks = append(asks, d.Asks...)
	}
	return asks
}

// Result is the audit of one name.
type Result struct {
	// Asked is what the user wrote; Name is zero when that is no domain.
	Asked  string
	Name   Name
	Status NameStatus
	Error  string // one line in English, empty when nothing went wrong
	Hint   string
	// Reasons are what Error says, the outermost first, and Advice what Hint says, for
	// other languages; none in runs of before they were kept.
	Reasons  []Text
	Advice   Text
	At       time.Time
	Observed Observed
	Control  Control
	Verdict  Verdict
	Findings []Finding
	// Client and Tags are what the owner of the portfolio calls the name by.
	Client string
	Tags   []string
}

// Fail writes into the result why nothing, or not all, is in it.
func (r *Result) Fail(err error) {
	r.Error, r.Reasons = err.Error(), ReasonsOf(err)
	r.Advice = AdviceOf(err)
	r.Hint = HintOf(err)
}

// StatusOf derives the status from the questions that were put: ok when all
// were answered, failed when nothing was learnt, else partial.
func StatusOf(o *Observed) NameStatus {
	answered, missed := 0, 0
	for _, a := range o.Asks() {
		switch a.Outcome {
		case OutcomeNone:
		case OutcomeAnswered:
			answered++
		default:
			missed++
		}
	}
	switch {
	case answered == 0:
		return StatusFailed
	case missed > 0:
		return StatusPartial
	}
	return StatusOK
}

// Run is one execution of an audit.
type Run struct {
	ID       string // time-ordered: "20261125T093516Z-3f9a2c"
	Started  time.Time
	Finished time.Time // zero while it runs or if it was interrupted
	Version  string    // of freehold
	// PolicyDate is the day the policy data was last read against its sources.
	PolicyDate time.Time
	// Args is the command line without secrets, for the record.
	Args  []string
	Lang  string
	Names int // names asked for, known once the input was read
}

// PolicyAge returns how many whole days old the policy data was at the start.
func (r Run) PolicyAge() int {
	return int(r.Started.Sub(r.PolicyDate) / (24 * time.Hour))
}

// Summary counts a run.
type Summary struct {
	Names      int
	OK         int
	Partial    int
	Failed     int
	CanLeave   map[CanLeave]int
	Severities map[Severity]int // findings
}

// Add counts one result in.
func (s *Summary) Add(r *Result) {
	if s.CanLeave == nil {
		s.CanLeave, s.Severities = map[CanLeave]int{}, map[Severity]int{}
	}
	s.Names++
	switch r.Status {
	case StatusOK:
		s.OK++
	case StatusPartial:
		s.Partial++
	default:
		s.Failed++
	}
	if r.Status != StatusFailed {
		s.CanLeave[r.Verdict.CanLeave]++
	}
	for _, f := range r.Findings {
		s.Severities[f.Severity]++
	}
}
