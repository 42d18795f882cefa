package freehold

import (
	"slices"
	"strings"
	"time"
)

// CaseState is where a case stands, derived from its events.
type CaseState uint8

// The states. The zero value is none: a case without events, to which only
// Opened can happen.
const (
	CaseNone      CaseState = iota
	CaseOpen                // proof, notices or a decision are waited for
	CaseNotOurs             // told so
	CaseRefused             // for a reason of the closed list
	CaseReleasing           // the registry is being asked
	CaseSet                 // a code stands at the registry, and nobody has seen it
	CaseRevealed            // the code was handed over
	CaseDone                // the act is done, or the name has gone
	CaseClosed              // nothing more happens
)

var caseStates = names[CaseState]{"none", "open", "not_ours", "refused", "releasing", "set", "revealed", "done", "closed"}

func (s CaseState) String() string               { return caseStates.name(s) }
func (s CaseState) MarshalText() ([]byte, error) { return caseStates.marshal(s) }
func (s *CaseState) UnmarshalText(b []byte) error {
	return caseStates.unmarshal(b, s, "state of a case")
}

// A Case is one request, derived from its events by FoldCase and With and by
// nothing else.
type Case struct {
	ID string
	Request
	State    CaseState
	OpenedAt time.Time // by our clock
	Last     time.Time // of the last event
	Mandates []Mandate
	Asks     []CheckAsked
	Checks   []CheckDone
	Doubts   []DoubtRecorded // those that stand
	Doubted  bool            // one was recorded, whatever became of it
	Signals  []SignalSeen
	Disputes []Dispute
	Notices  []NoticeDone
	// Decisions are all that were taken, in the order of their digests: which of
	// two concurrent ones was written first does not matter.
	Decisions []Decided
	Release   ReleaseBegun // under way, or done; zero where none is
	CodeUntil time.Time    // when the standing code must be gone; zero: none stands
	Transfers []TransferSeen
	Ended     Closed
	spent     []string // approvals used up
	basis     []string // digests of the events a decision rests on, sorted
}

// CheckDone is a check that ended, and when.
type CheckDone struct {
	CheckEnded
	At time.Time
	By string
}

// NoticeDone is a notice and when its fate was known.
type NoticeDone struct {
	NoticeEnded
	At time.Time
}

// A Dispute is an objection or a second claim.
type Dispute struct {
	ID      string
	Party   Party
	Claims  Side // SideClaimant for a second claim
	At      time.Time
	Settled bool
	Upheld  bool
}

// FoldCase derives a case from its events. It fails on the first that cannot have
// happened.
func FoldCase(events []CaseEvent) (Case, error) {
	var c Case
	for _, e := range events {
		if err := c.add(e); err != nil {
			return Case{}, err
		}
	}
	return c, nil
}

// With returns the case as it is after one more event; the case itself stays as
// it is. Errors are of KindPermission: the event cannot happen now, and why.
func (c Case) With(e CaseEvent) (Case, error) {
	next := c.clone()
	return next, next.add(e)
}

func (c Case) clone() Case {
	c.Mandates, c.Asks, c.Checks, c.Doubts = slices.Clone(c.Mandates), slices.Clone(c.Asks), slices.Clone(c.Checks), slices.Clone(c.Doubts)
	c.Signals, c.Disputes, c.Notices, c.Decisions = slices.Clone(c.Signals), slices.Clone(c.Disputes), slices.Clone(c.Notices), slices.Clone(c.Decisions)
	c.Transfers, c.spent, c.basis = slices.Clone(c.Transfers), slices.Clone(c.spent), slices.Clone(c.basis)
	return c
}

func refusal(why Text) error { return &Error{Kind: KindPermission, Text: why} }

// What a case holds at the most. Each list has its own bound, so that who floods one
// keeps nothing else out.
const (
	maxCaseEvents   = 1000 // of one kind
	maxOpenDisputes = 100  // objections and claims that nobody has decided
)

func (c *Case) full(b CaseBody) bool {
	n := 0
	switch b.(type) {
	case Objected, SecondClaim:
		for _, d := range c.Disputes {
			if !d.Settled {
				n++
			}
		}
		return n >= maxOpenDisputes || len(c.Disputes) >= maxCaseEvents
	case CheckAsked:
		n = len(c.Asks)
	case CheckEnded:
		n = len(c.Checks)
	case NoticeEnded:
		n = len(c.Notices)
	case Decided:
		n = len(c.Decisions)
	case TransferSeen:
		n = len(c.Transfers)
	case MandateShown:
		n = len(c.Mandates)
	case SignalSeen:
		n = len(c.Signals)
	case DoubtRecorded:
		n = len(c.Doubts)
	}
	return n >= maxCaseEvents
}

func (c *Case) add(e CaseEvent) error {
	_, begins := e.Body.(Opened)
	switch {
	case e.Body == nil || e.At.IsZero():
		return &Error{Kind: KindInvalid, Text: T("an event needs a time and something that happened")}
	case begins != (c.State == CaseNone):
		return &Error{Kind: KindPermission, Text: T("a case is opened once, before all else")}
	case !begins && e.Case != c.ID:
		return &Error{Kind: KindInvalid, Text: T("the event belongs to the case %q, not to %q", e.Case, c.ID)}
	case e.At.Before(c.Last):
		return &Error{Kind: KindPermission, Text: T("the event is dated before the last one: the clock was set back"), Advice: T("set the clock right, then enter it again")}
	case c.full(e.Body):
		return &Error{Kind: KindFull, Text: T("the case %q has more events of this kind than anybody reads", c.ID), Advice: T("decide what is open")}
	}
	if c.State == CaseClosed {
		switch e.Body.(type) {
		case Noted, TransferSeen:
		default:
			return &Error{Kind: KindPermission, Text: T("the case %q is closed", c.ID)}
		}
	}
	if err := e.Body.happen(c, e); err != nil {
		return err
	}
	if c.bears(e) {
		d := e.Digest()
		at, _ := slices.BinarySearch(c.basis, d)
		c.basis = slices.Insert(c.basis, at, d)
	}
	c.Last = e.At
	return nil
}

// bears tells whether a decision rests on the event, so that one taken before it
// is void. What a stranger can send at will is none: a flood of objections or wrong
// answers would keep an honest holder waiting for signatures. Its weight is judged
// anew at the release.
func (c *Case) bears(e CaseEvent) bool {
	switch b := e.Body.(type) {
	case Opened, EarlierRequest, MandateShown, MandateWithdrawn, DoubtRecorded, DoubtCleared, CodeUnset, Reopened:
		return true
	case CheckEnded:
		return b.Outcome == CheckPassed || b.Outcome == CheckWithdrawn
	case Decided:
		return b.Decision.Kind == DecisionSettle || b.Decision.Kind == DecisionRevoke
	}
	return false
}

// Basis identifies all that a decision rests on. It does not depend on the order
// in which concurrent events were written down.
func (c *Case) Basis() string { return digest([]byte(strings.Join(c.basis, "\n"))) }

// Contact returns the contact with an ID.
func (c *Case) Contact(id string) (Contact, bool) {
	i := slices.IndexFunc(c.Contacts, func(k Contact) bool { return k.ID == id })
	if i < 0 || id == "" {
		return Contact{}, false
	}
	return c.Contacts[i], true
}

// Ask returns what was asked under an ID.
func (c *Case) Ask(id string) (CheckAsked, bool) {
	i := slices.IndexFunc(c.Asks, func(a CheckAsked) bool { return a.ID == id })
	if i < 0 || id == "" {
		return CheckAsked{}, false
	}
	return c.Asks[i], true
}

// Dispute returns the objection or claim with an ID, or nil.
func (c *Case) Dispute(id string) *Dispute {
	i := slices.IndexFunc(c.Disputes, func(d Dispute) bool { return d.ID == id })
	if i < 0 || id == "" {
		return nil
	}
	return &c.Disputes[i]
}

// Standing returns the decisions of a kind that rest on the case as it is now and
// were not used up, one for each operator and key.
func (c *Case) Standing(kind DecisionKind) []Decided {
	var all []Decided
	basis := c.Basis()
	for _, d := range c.Decisions {
		if d.Decision.Kind != kind || d.Decision.Basis != basis || slices.Contains(c.spent, d.Decision.Digest()) {
			continue
		}
		if !slices.ContainsFunc(all, func(o Decided) bool { return o.Key == d.Key || o.Decision.Operator == d.Decision.Operator }) {
			all = append(all, d)
		}
	}
	return all
}

func (o Opened) happen(c *Case, e CaseEvent) error {
	switch {
	case e.Case == "" || o.Name.IsZero() || o.Act == ActNone:
		return &Error{Kind: KindInvalid, Text: T("a case needs an identifier, a name and an act")}
	case o.FirstRequest.IsZero() || o.FirstRequest.After(e.At):
		return &Error{Kind: KindInvalid, Text: T("the first request has to lie before the opening of the case")}
	}
	o.Contacts = slices.Clone(o.Contacts)
	for i, k := range o.Contacts {
		if k.ID == "" || slices.ContainsFunc(o.Contacts[:i], func(other Contact) bool { return other.ID == k.ID }) {
			return &Error{Kind: KindInvalid, Text: T("every contact of a case needs an identifier of its own")}
		}
	}
	c.ID, c.Request, c.OpenedAt, c.State = e.Case, o.Request, e.At, CaseOpen
	return nil
}

func (b EarlierRequest) happen(c *Case, _ CaseEvent) error {
	if b.At.IsZero() || !b.At.Before(c.FirstRequest) {
		return refusal(T("the clock of a case can be moved to an earlier request only"))
	}
	c.FirstRequest = b.At
	return nil
}

func (b MandateShown) happen(c *Case, _ CaseEvent) error {
	if b.Mandate.ID == "" || slices.ContainsFunc(c.Mandates, func(m Mandate) bool { return m.ID == b.Mandate.ID }) {
		return refusal(T("a mandate needs an identifier that the case does not have yet"))
	}
	c.Mandates = append(c.Mandates, b.Mandate)
	return nil
}

func (b MandateWithdrawn) happen(c *Case, _ CaseEvent) error {
	i := slices.IndexFunc(c.Mandates, func(m Mandate) bool { return m.ID == b.ID })
	if i < 0 {
		return refusal(T("the case has no mandate %q", b.ID))
	}
	c.Mandates = slices.Delete(c.Mandates, i, i+1)
	return nil
}

func (b CheckAsked) happen(c *Case, e CaseEvent) error {
	if _, known := c.Ask(b.ID); known || b.ID == "" || !b.Expires.After(e.At) || len(b.Hash) == 0 || len(b.Salt) == 0 {
		return refusal(T("a question needs a new identifier, a hash with its salt and an end"))
	}
	if _, known := c.Contact(b.Contact); b.Contact != "" && !known {
		return refusal(T("the case has no contact %q", b.Contact))
	}
	if b.Ref != "" && c.Dispute(b.Ref) == nil {
		return refusal(T("the case has no objection or claim %q", b.Ref))
	}
	c.Asks = append(c.Asks, b)
	return nil
}

// maxGuesses is how many wrong answers a question takes before it is void.
const maxGuesses = 3

// Answerable says why the question with an ID cannot be answered at a moment; nil
// if it can. A token is good once, until it expires, and for three attempts.
func (c *Case) Answerable(ask string, at time.Time) error {
	q, ok := c.Ask(ask)
	if !ok {
		return refusal(T("the case has no question %q", ask))
	}
	wrong := 0
	for _, d := range c.Checks {
		switch {
		case d.Ask != ask:
		case d.Outcome == CheckFailed:
			wrong++
		default:
			return refusal(T("the token was used already"))
		}
	}
	switch {
	case wrong >= maxGuesses:
		return refusal(T("the token is void after %d wrong answers", maxGuesses))
	case !at.Before(q.Expires):
		return refusal(T("the token has expired"))
	}
	return nil
}

func (b CheckEnded) happen(c *Case, e CaseEvent) error {
	if b.Method == "" || b.Of == SideNone {
		return refusal(T("a check needs a method and somebody it is about"))
	}
	if _, known := c.Contact(b.Contact); b.Contact != "" && !known {
		return refusal(T("the case has no contact %q", b.Contact))
	}
	if b.Ref != "" && c.Dispute(b.Ref) == nil || b.Ref == "" && (b.Of == SideClaimant || b.Of == SideObjector) {
		return refusal(T("the case has no objection or claim %q", b.Ref))
	}
	switch {
	case b.Outcome == CheckWithdrawn:
		i := slices.IndexFunc(c.Checks, func(d CheckDone) bool {
			return d.Outcome == CheckPassed && d.Ask == b.Ask && d.Method == b.Method && d.Of == b.Of && d.Ref == b.Ref && d.Contact == b.Contact
		})
		if i < 0 {
			return refusal(T("no such check had passed"))
		}
		c.Checks[i].Outcome = CheckWithdrawn
		return nil
	case b.Ask != "":
		q, _ := c.Ask(b.Ask)
		if q.Method != b.Method || q.Of != b.Of || q.Ref != b.Ref || q.Contact != b.Contact {
			return refusal(T("the answer belongs to another question than %q", b.Ask))
		}
		if err := c.Answerable(b.Ask, e.At); err != nil && b.Outcome != CheckExpired {
			return err
		}
	}
	if d := c.Dispute(b.Ref); d != nil && b.Outcome == CheckPassed && !d.Upheld {
		d.Settled = false // dismissed before this was known
	}
	c.Checks = append(c.Checks, CheckDone{b, e.At, e.Actor})
	return nil
}

func (b DoubtRecorded) happen(c *Case, _ CaseEvent) error {
	if b.ID == "" || b.Reason == "" || slices.ContainsFunc(c.Doubts, func(d DoubtRecorded) bool { return d.ID == b.ID }) {
		return refusal(T("a doubt needs a concrete reason, and an identifier of its own"))
	}
	c.Doubts, c.Doubted = append(c.Doubts, b), true
	return nil
}

func (b DoubtCleared) happen(c *Case, _ CaseEvent) error {
	i := slices.IndexFunc(c.Doubts, func(d DoubtRecorded) bool { return d.ID == b.ID })
	if i < 0 || b.Words == "" {
		return refusal(T("a doubt that stands is cleared with a reason"))
	}
	c.Doubts = slices.Delete(c.Doubts, i, i+1)
	return nil
}

func (b SignalSeen) happen(c *Case, _ CaseEvent) error {
	if b.ID == "" || b.Points < 0 || b.Points > 100 {
		return refusal(T("a sign of risk needs an identifier and points from 0 to 100"))
	}
	if !slices.ContainsFunc(c.Signals, func(s SignalSeen) bool { return s.ID == b.ID }) {
		c.Signals = append(c.Signals, b)
	}
	return nil
}

func (c *Case) dispute(d Dispute) error {
	if d.ID == "" || c.Dispute(d.ID) != nil {
		return refusal(T("an objection or claim needs an identifier of its own"))
	}
	c.Disputes = append(c.Disputes, d)
	return nil
}

func (b Objected) happen(c *Case, e CaseEvent) error {
	return c.dispute(Dispute{ID: b.ID, Party: b.Party, Claims: b.Claims, At: e.At})
}

func (b SecondClaim) happen(c *Case, e CaseEvent) error {
	return c.dispute(Dispute{ID: b.ID, Party: b.Party, Claims: SideClaimant, At: e.At})
}

func (b NoticeEnded) happen(c *Case, e CaseEvent) error {
	if _, known := c.Contact(b.Contact); !known {
		return refusal(T("the case has no contact %q", b.Contact))
	}
	c.Notices = append(c.Notices, NoticeDone{b, e.At})
	return nil
}
