package freehold

import "time"

// CanLeave is the answer to "can this name leave today without its host?".
type CanLeave uint8

// The answers. The zero value is unknown.
const (
	// LeaveUnknown: public data does not decide; the verdict carries the one question that would.
	LeaveUnknown CanLeave = iota
	// LeaveAlone: every step can be taken today without the host or its goodwill, and access to the
	// account or the registry's own route is attested or proven.
	LeaveAlone
	// LeaveWithHost: a step needs the host, because it is the registrar, the reseller or the account holder.
	LeaveWithHost
	// LeaveNotBefore: a date is the first on which no time-based refusal is lawful.
	LeaveNotBefore
	// LeaveNo: nothing can move it now.
	LeaveNo
)

var leaves = names[CanLeave]{"unknown", "alone", "with_host", "not_before", "no"}

func (c CanLeave) String() string               { return leaves.name(c) }
func (c CanLeave) MarshalText() ([]byte, error) { return leaves.marshal(c) }
func (c *CanLeave) UnmarshalText(b []byte) error {
	return leaves.unmarshal(b, c, "verdict")
}

// Verdict says whether a name can leave today, by which path, who acts, how
// long it takes, and what has to work.
type Verdict struct {
	CanLeave CanLeave
	// NotBefore is set with LeaveNotBefore: the first moment at which no time-based refusal is lawful.
	NotBefore time.Time
	// Waivable: the registrar may agree to an earlier date.
	Waivable bool
	// Path is how the name would leave, Who acts first, HowLong from the first request to the end.
	Path, Who, HowLong Text
	// Question is the one question whose answer would decide an unknown verdict.
	Question   Text
	Conditions []Condition
	Why        []Reason
	// Policy is the identifier of the policy profile it rests on: "gtld-2024".
	Policy string
}

// Condition is something that must work for the path to hold.
type Condition struct {
	What     Text // "the registrant's mailbox answers"
	Standing Standing
	Evidence []EvidenceID
}

// Reason is one step of the judgement, with the rule it applies.
type Reason struct {
	Text     Text
	Citation string // "Transfer Policy I.A.3.7.5", empty where none applies
	Evidence []EvidenceID
}
