// Package policy holds the rules by which names move between registrars: one
// dated file per family of top-level domains, each rule with its citation and
// how sure we are of it.
//
// A verdict rests on these data and on nothing else. Rules that were adopted but
// are not in force stand in profiles of their own that never decide anything.
package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Confidence says how a rule was read.
type Confidence string

// The confidences. A row must name one.
const (
	Verified   Confidence = "verified"   // the primary text was read
	Secondary  Confidence = "secondary"  // a source that quotes the primary text
	Old        Confidence = "old"        // a primary text that is clearly dated
	Unverified Confidence = "unverified" // general knowledge: never judged by, never printed as truth
)

// A Row is one rule: a value, where it stands, and how sure we are. The zero Row
// is a rule nobody told us.
type Row[T any] struct {
	value      T
	set        bool
	Citation   string
	Confidence Confidence
	Note       string // in English, for whoever reads the data
}

// Get returns the value of a row that may be judged by and printed. A row that
// was not verified has none.
func (r Row[T]) Get() (T, bool) {
	if !r.set || r.Confidence == Unverified {
		var zero T
		return zero, false
	}
	return r.value, true
}

// Unverified returns the value of a row whatever its confidence, for catalogues
// that show the confidence beside it.
func (r Row[T]) Unverified() (T, bool) { return r.value, r.set }

// Is tells whether the row may be judged by and has this value.
func Is[T comparable](r Row[T], value T) bool {
	v, ok := r.Get()
	return ok && v == value
}

// Dated tells whether the row was read in a text that is clearly old: what
// rests on it is said with a warning.
func (r Row[T]) Dated() bool { return r.set && r.Confidence == Old }

// Span is a length of time as a policy writes it.
type Span struct {
	N        int
	Unit     Unit
	Business bool // business days: the calendar decides, so it has no fixed duration
}

// Unit is the unit of a Span.
type Unit string

// The units. The empty unit is no time at all.
const (
	Hours Unit = "hours"
	Days  Unit = "days"
)

// None tells whether the span is no time at all: "at once".
func (s Span) None() bool { return s.N == 0 }

// Duration returns the length; business days are counted as the calendar days
// that any five of them take at the most, seven.
func (s Span) Duration() time.Duration {
	switch {
	case s.Unit == Hours:
		return time.Duration(s.N) * time.Hour
	case s.Business:
		return time.Duration((s.N*7+4)/5) * 24 * time.Hour
	}
	return time.Duration(s.N) * 24 * time.Hour
}

// Days returns the length in whole days, rounded up.
func (s Span) Days() int { return int((s.Duration() + 24*time.Hour - 1) / (24 * time.Hour)) }

func (s Span) String() string {
	switch {
	case s.None():
		return "none"
	case s.Business:
		return fmt.Sprintf("%d business days", s.N)
	}
	return fmt.Sprintf("%d %s", s.N, s.Unit)
}

// UnmarshalText reads "none", "720 hours", "40 days", "5 calendar days" or
// "5 business days", at most ten years.
func (s *Span) UnmarshalText(b []byte) error {
	words := strings.Fields(string(b))
	if len(words) == 1 && words[0] == "none" {
		*s = Span{}
		return nil
	}
	bad := fmt.Errorf("%q is no length of time such as %q", b, "5 calendar days")
	if len(words) < 2 || len(words) > 3 {
		return bad
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 1 || n > 3660 {
		return bad
	}
	switch strings.Join(words[1:], " ") {
	case "hours":
		*s = Span{N: n, Unit: Hours}
	case "days", "calendar days":
		*s = Span{N: n, Unit: Days}
	case "business days":
		*s = Span{N: n, Unit: Days, Business: true}
	default:
		return bad
	}
	return nil
}

// A Lock is a time in which a transfer is refused, counted from an event.
type Lock struct {
	Length    Span   `toml:"length"`
	RefusedBy string `toml:"refused_by"`
	Waivable  bool   `toml:"waivable"` // who refuses may agree to an earlier date
}

// Who refuses inside a Lock.
const (
	RegistrarMay  = "registrar_may"  // the registrar may refuse
	RegistrarMust = "registrar_must" // the registrar has to refuse
	ByRegistry    = "registry"       // the registry refuses, whatever the registrar says
)

// Words of the rules below.
const (
	Registrar = "registrar"
	Registry  = "registry"

	Nobody      = "nobody"
	SelfService = "self_service" // the registry's own site serves the holder
	OnRequest   = "on_request"   // the registry serves a holder who asks and proves
	FailureOnly = "failure_only" // only when the registrar has failed

	RegistrantMailbox = "registrant_mailbox"

	AtAllTimes = "at_all_times"

	AddsAYear = "adds_a_year"
	Unchanged = "unchanged"

	ContactRegistrant     = "registrant"
	ContactAdministrative = "administrative"

	ProofAsForContacts = "as_for_contact_changes"
	ProofCodeByMail    = "one_time_code_by_mail"
)

// Rules are the rows of a profile. A row that is not set is a rule nobody told
// us: nothing is claimed about it.
type Rules struct {
	CodeName       Row[string] `toml:"code_name"` // what the registry calls the transfer code
	CodeIssuer     Row[string] `toml:"code_issuer" words:"registrar registry nobody"`
	CodeValidity   Row[Span]   `toml:"code_validity"`
	CodeDeadline   Row[Span]   `toml:"code_deadline"`                // from the holder's first request
	UnlockDeadline Row[Span]   `toml:"unlock_deadline"`              // from the holder's first request
	Release        Row[string] `toml:"release" words:"at_all_times"` // a duty to let go without a number of days

	Bypass         Row[string] `toml:"bypass" words:"nobody self_service on_request failure_only"` // who serves the holder without the registrar
	SelfServiceKey Row[string] `toml:"self_service_key" words:"registrant_mailbox"`                // what opens the registry's own site
	Push           Row[bool]   `toml:"push"`                                                       // to another account of the same registrar

	TransferDelay   Row[Span]   `toml:"transfer_delay"` // from the request to the end, if the losing registrar is silent
	RefusalDelay    Row[Span]   `toml:"refusal_delay"`  // the same, if it refuses and the refusal only delays
	SilenceApproves Row[bool]   `toml:"silence_approves"`
	TermEffect      Row[string] `toml:"term_effect" words:"adds_a_year unchanged"`

	LockAfterCreation         Row[Lock] `toml:"lock_after_creation"`
	LockAfterTransfer         Row[Lock] `toml:"lock_after_transfer"`
	LockAfterRegistrantChange Row[Lock] `toml:"lock_after_registrant_change"`

	// EPP words (RFC 8056) by who can end them.
	LiftedByRegistrar Row[[]string] `toml:"lifted_by_registrar"`
	LiftedByRegistry  Row[[]string] `toml:"lifted_by_registry"`
	UnderWay          Row[[]string] `toml:"under_way"` // a transfer is in course
	Gone              Row[[]string] `toml:"gone"`      // deleted, perhaps to be restored
	PublishesStatus   Row[bool]     `toml:"publishes_status"`

	ExpiredMayLeave Row[bool]   `toml:"expired_may_leave"`
	RestoredBy      Row[string] `toml:"restored_by" words:"registrar registry"` // who restores from redemption
	Redemption      Row[Span]   `toml:"redemption"`

	Contact        Row[string] `toml:"contact" words:"registrant administrative"` // whose mailbox must work
	NoticeDeadline Row[Span]   `toml:"notice_deadline"`                           // to tell the holder of a transfer
	Proof          Row[string] `toml:"proof" words:"as_for_contact_changes one_time_code_by_mail"`

	PaymentDisputeMayRefuse Row[bool]   `toml:"payment_dispute_may_refuse"`
	ResellerDebtMayRefuse   Row[bool]   `toml:"reseller_debt_may_refuse"`
	ResellerAnswerable      Row[string] `toml:"reseller_answerable" words:"registrar"` // who answers for a reseller

	Escalation                Row[[]string] `toml:"escalation"` // whom to write to when the registrar does not answer, in order
	NameserversDuringTransfer Row[bool]     `toml:"nameservers_during_transfer"`
	FailedRegistrar           Row[Span]     `toml:"failed_registrar"` // to move after the contract with the registrar ended
}

// State says whether a profile binds anyone.
type State string

// The states.
const (
	InForce State = "in_force"
	Adopted State = "adopted" // decided, with no or a later date: binds nobody yet
)

// A Profile is one set of rules with the time in which it is in force.
type Profile struct {
	ID, Title string
	Family    string
	State     State
	From      time.Time // first day, UTC; zero: as long as we know of
	Until     time.Time // first day on which it is over; zero: open
	Read      time.Time // the day its sources were read
	Sources   []string
	Registry  Row[string] // who runs the top-level domain; not set where a family has many
	Rules
}

// Default tells whether this is the profile of a top-level domain whose rules we
// do not hold.
func (p Profile) Default() bool { return p.Family == familyDefault }

// binds tells whether the profile is in force at a moment.
func (p Profile) binds(at time.Time) bool {
	return p.State == InForce && !at.Before(p.From) && (p.Until.IsZero() || at.Before(p.Until))
}
