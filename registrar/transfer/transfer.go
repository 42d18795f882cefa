// Package transfer is what a desk can do at a registry or registrar to let a name
// go: set or fetch its code, take it back, lock and unlock, point it elsewhere, and
// answer the transfers that are asked for. What an adapter can do differs with the
// top-level domain, and is said before anything is promised (Ability).
//
//	transfer.go   the capabilities
//	ability.go    what the rules of a top-level domain allow
//	epp.go        a registrar of its own, at a registry that speaks EPP
//	pool.go       the same with several sessions
//	manual.go     an operator who works in the registrar's panel
//	web.go        what registrars' interfaces over HTTP have in common
//
// Package registrartest is the conformance suite: an adapter is what passes it.
package transfer

import (
	"context"
	"errors"
	"time"

	"freehold"
)

// How says in which way a code comes to be.
type How uint8

// The ways. The zero value is none: an adapter that says nothing can do nothing.
const (
	HowNone  How = iota // no code can be had here
	HowSet              // we draw it and set it
	HowFetch            // the registrar makes it and shows it: reading may change it, so it is a write
	HowMails            // it is sent to the holder and nobody else
	HowTag              // there is no code: the name is pushed to the other registrar's tag
)

func (h How) String() string {
	return [...]string{"none", "set", "fetch", "mails", "tag"}[min(int(h), int(HowTag))]
}

// Ability is what an adapter can do for one name, before it is tried.
type Ability struct {
	How How
	// Shapes are the codes to draw, the likeliest first: the next one is for a registry
	// that refuses the one before. Of HowSet only.
	Shapes []freehold.CodeShape
	Bits   int // strength of the first shape
	// Unsets: a code can be taken back, or replaced by one that nobody keeps.
	Unsets bool
	Locks  bool            // the transfer lock can be taken off and put back
	Why    freehold.Reason // where the rule stands; zero where none is known
}

// State is how a name stands at its registry.
type State struct {
	// Ours: the account that asks is the registrar of record.
	Ours    bool
	Locked  bool     // by the registrar; what it can take off itself
	Barred  []string // statuses that forbid the release and that only others lift
	Pending bool     // a transfer is pending
	CodeSet bool     // a code is known to be set
}

// A Registrar is an account somewhere. What else it can do is in the interfaces
// below; which of them it has says nothing yet of one name: Able does.
type Registrar interface {
	Title() string // for people: "EPP at epp.registry.example:700"
	Able(freehold.Name) Ability
	Look(context.Context, freehold.Name) (State, error)
}

// A Setter sets codes. Errors wrap ErrOtherCode where another code may be taken, and
// ErrUnknown where nobody knows whether it was done.
type Setter interface {
	// Set makes code the code of the name, and takes the lock off in the same step.
	Set(ctx context.Context, name freehold.Name, code freehold.TransferCode, unlock bool) error
}

// An Unsetter takes codes back. Doing it again does no harm.
type Unsetter interface {
	Unset(ctx context.Context, name freehold.Name, relock bool) error
}

// A Fetcher brings a code that the registrar made.
type Fetcher interface {
	Fetch(ctx context.Context, name freehold.Name, unlock bool) (freehold.TransferCode, error)
}

// A Mailer has the code sent to the holder.
type Mailer interface {
	Mail(context.Context, freehold.Name) error
}

// A Locker changes the transfer lock alone.
type Locker interface {
	Lock(ctx context.Context, name freehold.Name, on bool) error
}

// A Tagger pushes a name to another registrar's tag, or account.
type Tagger interface {
	Push(ctx context.Context, name freehold.Name, to string) error
}

// A Repointer gives a name other name servers. DS records of the old ones go with
// them: they would make the name unreachable.
type Repointer interface {
	Repoint(ctx context.Context, name freehold.Name, servers []freehold.Host) error
}

// A Delegator makes a delegation what it is to be, in two acts: their order is the
// business of whoever moves a zone.
type Delegator interface {
	// Delegate replaces the name servers and leaves DS records alone.
	Delegate(ctx context.Context, name freehold.Name, servers []freehold.Host) error
	// SetDS replaces the DS records; none removes them.
	SetDS(ctx context.Context, name freehold.Name, ds []freehold.DS) error
}

// A Poller reads the registry's messages one by one. The next shows once the first
// is taken off.
type Poller interface {
	// Poll returns the oldest message; ok is false where none waits.
	Poll(context.Context) (m Message, ok bool, err error)
	Ack(ctx context.Context, id string) error
}

// A Judge answers a transfer that is pending.
type Judge interface {
	Answer(ctx context.Context, name freehold.Name, approve bool) error
}

// A Message of a registry. Name is zero for one that is not about a transfer.
type Message struct {
	ID      string
	At      time.Time
	Text    string // the registry's words: not to be trusted, nor printed as they are
	Name    freehold.Name
	State   string // RFC 5730 §2.9.3.4: "pending", "serverApproved", …
	Gaining string // the registrar that asks
	Losing  string
	ActBy   time.Time // when the registry decides by itself
	// Incoming: the name comes to us.
	Incoming bool
}

// Errors that an adapter's errors wrap.
var (
	// ErrUnknown: the command was sent and not answered. After the setting of a code a
	// fresh one is set, or none is left; nothing is assumed.
	ErrUnknown = errors.New("whether it was done is not known")
	// ErrOtherCode: the code was refused, not the act. Another one may be taken.
	ErrOtherCode = errors.New("the registry wants another code")
)
