package freehold

import "time"

// A Request is what was asked, by whom, and who stands on record.
type Request struct {
	Name Name
	Act  Act
	// FirstRequest is when anybody was first asked for this, by any channel, the
	// reseller's included: the policy's clock starts there, not when we noticed.
	FirstRequest                time.Time
	Holder, Customer, Requester Party
	Contacts                    []Contact
	// Incident is when the host failed, zero if it did not; what came on record
	// later proves nothing.
	Incident  time.Time
	HighValue bool
	// Target is where it is to go: an account, a tag, name servers. Empty for a code.
	Target string
}

// Opened begins a case.
type Opened struct{ Request }

// EarlierRequest says that somebody had asked before we thought.
type EarlierRequest struct {
	At      time.Time
	Through Channel
}

// MandateShown brings a mandate into the case; whether it holds is judged later.
type MandateShown struct{ Mandate Mandate }

// MandateWithdrawn ends one, by the holder's word.
type MandateWithdrawn struct{ ID string }

// CheckAsked records that somebody was asked to prove something with a token. The
// token is not kept: only its hash, with a salt of its own.
type CheckAsked struct {
	ID      string
	Method  string // "contact_mail"
	Of      Side   // whose identity it is about
	Ref     string // the objection or claim, where Of is an objector or a claimant
	Contact string // the contact it went to
	Salt    []byte
	Hash    []byte
	Expires time.Time
}

// CheckOutcome says how a check ended.
type CheckOutcome uint8

// The outcomes. The zero value is failed.
const (
	CheckFailed    CheckOutcome = iota
	CheckPassed                 // the proof was brought
	CheckExpired                // nothing came in time: says nothing against anybody
	CheckWithdrawn              // it had passed, and is found not to have
)

var checkOutcomes = names[CheckOutcome]{"failed", "passed", "expired", "withdrawn"}

func (o CheckOutcome) String() string               { return checkOutcomes.name(o) }
func (o CheckOutcome) MarshalText() ([]byte, error) { return checkOutcomes.marshal(o) }
func (o *CheckOutcome) UnmarshalText(b []byte) error {
	return checkOutcomes.unmarshal(b, o, "outcome of a check")
}

// CheckEnded is the result of a check: its kind and outcome, never what was shown.
type CheckEnded struct {
	Ask     string // the CheckAsked that is answered; empty for a check without a token
	Method  string
	Of      Side
	Ref     string
	Contact string
	Outcome CheckOutcome
	// ThroughHost: whoever runs the failing host could have brought this proof.
	ThroughHost bool
	// Result is what may be kept of it: "passport, viewed by video", never a number.
	Result   string
	Evidence EvidenceID
}

// DoubtRecorded writes a doubt about the requester's identity on the case, with
// its concrete reason: what allows more to be asked than is usual.
type DoubtRecorded struct {
	ID     string
	Reason string // "recent_contact_change"
	Words  string
}

// DoubtCleared takes it off, with a reason.
type DoubtCleared struct{ ID, Words string }

// SignalSeen records a sign of risk, once for each ID.
type SignalSeen struct {
	ID     string
	Points int
	Why    Text
}

// Objected records that somebody asks that nothing be done.
type Objected struct {
	ID    string
	Party Party
	// Claims is what they say they are: only a holder can stop a release.
	Claims Side
	Words  string
}

// SecondClaim records that somebody else asks for the same name.
type SecondClaim struct {
	ID    string
	Party Party
	Other string // their case
}

// NoticeEnded records what became of a notice: to whom, by which channel.
type NoticeEnded struct {
	Contact string
	Channel Channel
	Sent    bool
	Detail  string // "550 no such user"
}

// Decided brings in a signed decision. The case checks that it fits; whether the
// signature is good is checked by whoever trusts the keys.
type Decided struct {
	Decision  Decision
	Signature []byte // an armored SSH signature over Decision.Statement
	Key       string // its key's fingerprint: "SHA256:…"
}

// ReleaseBegun says that the act is about to be done at the registry. It uses up
// the approvals it rests on.
type ReleaseBegun struct {
	Basis     string
	Approvals []string // digests of the decisions
}

// ReleaseFailed says that nothing was done at the registry: the approvals stand.
type ReleaseFailed struct{ Why string }

// CodeSet says that a code stands at the registry. Said again, a fresh code
// replaced one whose fate was not known.
type CodeSet struct {
	Expires  time.Time
	Unlocked bool // the transfer lock was taken off with it
}

// CodeRevealed says that the code was handed over, once.
type CodeRevealed struct{ Delivery string }

// CodeUnset says that no code stands any more.
type CodeUnset struct {
	Why      string
	Relocked bool
}

// ActDone says that an act without a code was done.
type ActDone struct{ Receipt string }

// TransferSeen records a message of the registry about a transfer.
type TransferSeen struct {
	State   string // RFC 5730 §2.9.3.4: "pending", "clientApproved", "serverApproved", …
	Gaining string // the registrar that asks
	// ActBy is when the registry decides a pending one by itself; zero: not told.
	ActBy time.Time
}

// Reopened lets a refused case go on, with a reason.
type Reopened struct{ Why string }

// Closed ends a case.
type Closed struct{ Outcome, Why string }

// Noted is a word for whoever reads the case later.
type Noted struct{ Words string }

func (Opened) Kind() string           { return "opened" }
func (EarlierRequest) Kind() string   { return "earlier_request" }
func (MandateShown) Kind() string     { return "mandate_shown" }
func (MandateWithdrawn) Kind() string { return "mandate_withdrawn" }
func (CheckAsked) Kind() string       { return "check_asked" }
func (CheckEnded) Kind() string       { return "check_ended" }
func (DoubtRecorded) Kind() string    { return "doubt_recorded" }
func (DoubtCleared) Kind() string     { return "doubt_cleared" }
func (SignalSeen) Kind() string       { return "signal_seen" }
func (Objected) Kind() string         { return "objected" }
func (SecondClaim) Kind() string      { return "second_claim" }
func (NoticeEnded) Kind() string      { return "notice_ended" }
func (Decided) Kind() string          { return "decided" }
func (ReleaseBegun) Kind() string     { return "release_begun" }
func (ReleaseFailed) Kind() string    { return "release_failed" }
func (CodeSet) Kind() string          { return "code_set" }
func (CodeRevealed) Kind() string     { return "code_revealed" }
func (CodeUnset) Kind() string        { return "code_unset" }
func (ActDone) Kind() string          { return "act_done" }
func (TransferSeen) Kind() string     { return "transfer_seen" }
func (Reopened) Kind() string         { return "reopened" }
func (Closed) Kind() string           { return "closed" }
func (Noted) Kind() string            { return "noted" }
