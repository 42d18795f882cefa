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

// A Source says where a rule stands and how sure we are of it.
type Source struct {
	Citation   string
	Confidence Confidence
	Note       string // in English, for whoever reads the data
}

// Dated tells whether the rule was read in a text that is clearly old: what
// rests on it has to say so.
func (s Source) Dated() bool { return s.Confidence == Old }

// judged tells whether what has this source may be judged by.
func (s Source) judged() bool { return s.Confidence != Unverified }

// A Row is one rule: a value, where it stands, and how sure we are. The zero Row
// is a rule nobody told us.
type Row[T any] struct {
	value T
	set   bool
	Source
}

// Get returns the value of a row that may be judged by and printed. A row that
// was not verified has none.
func (r Row[T]) Get() (T, bool) {
	if !r.set || !r.judged() {
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
	Hours        Unit = "hours"
	Days         Unit = "days"
	UntilChanged Unit = "until changed" // of a code that does not run out
)

// None tells whether the span is no time at all: "at once".
func (s Span) None() bool { return s.N == 0 && s.Unit != UntilChanged }

// Open tells whether the span has no end of its own.
func (s Span) Open() bool { return s.Unit == UntilChanged }

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
	case s.Open():
		return string(UntilChanged)
	case s.Business:
		return fmt.Sprintf("%d business days", s.N)
	}
	return fmt.Sprintf("%d %s", s.N, s.Unit)
}

// UnmarshalText reads "none", "until changed", "720 hours", "40 days", "5 calendar
// days" or "5 business days", at most ten years.
func (s *Span) UnmarshalText(b []byte) error {
	words := strings.Fields(string(b))
	switch strings.Join(words, " ") {
	case "none":
		*s = Span{}
		return nil
	case string(UntilChanged):
		*s = Span{Unit: UntilChanged}
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

// State says whether a profile binds anyone.
type State string

// The states.
const (
	InForce State = "in_force"
	Adopted State = "adopted" // decided: binds from its date, and nobody as long as it has none
)

// A Profile is one set of rules with the time in which it is in force.
type Profile struct {
	ID, Title string
	Family    string
	State     State // as it is on the day asked about: see Set.For
	// From is the first moment, UTC; zero: as long as we know of, or no date yet
	// where the rules are only adopted. Until is the first moment at which it is
	// over; zero: open. A date is no surer than its source.
	From, Until             time.Time
	FromSource, UntilSource Source
	Read                    time.Time // the day its sources were read
	Sources                 []string
	Registry                Row[string] // who runs the top-level domain; not set where a family has many
	Rules
}

// Default tells whether this is the profile of a top-level domain whose rules we
// do not hold.
func (p Profile) Default() bool { return p.Family == familyDefault }

// dated tells whether the profile has a time in which it binds: rules that were
// adopted without a date have none.
func (p Profile) dated() bool { return p.State == InForce || p.State == Adopted && !p.From.IsZero() }

// Binds tells whether the profile is in force at a moment.
func (p Profile) Binds(at time.Time) bool {
	return p.dated() && !at.Before(p.From) && (p.Until.IsZero() || at.Before(p.Until))
}
