package freehold

import "time"

// This file holds what a desk's store and its engine tell one another about cases,
// beside the events themselves.

// A CaseRow is where the work on a case stands. It is bookkeeping: what is true of
// the case is in its events.
type CaseRow struct {
	Case Case
	// Events are all that happened, in order; their number is the case's version.
	Events []CaseEvent
	Next   time.Time // when the worker has to look again; zero: not by itself
	// Deadline is when the case has to be done, by the rules of its top-level domain.
	Deadline time.Time
}

// Version is the number of events: whoever adds one says how many they had read.
func (r CaseRow) Version() int { return len(r.Events) }

// A CaseLine is a case in a list.
type CaseLine struct {
	ID       string
	Name     Name
	Act      Act
	State    CaseState
	Risk     int // points of the signs of risk
	Opened   time.Time
	Deadline time.Time
	Next     time.Time
}

// A CaseEntry is what is written of a case in one transaction: all of it or nothing.
type CaseEntry struct {
	Case    string
	Version int // events that were there when the case was read; 0 opens one
	// Fence is that of the lease the writer holds; 0: written without one, as people do.
	Fence  int64
	Events []CaseEvent
	// Next and Deadline replace what the row has, where they are set.
	Next, Deadline *time.Time
	Outbox         []Outgoing
	Leaves         []LedgerLeaf
	// DropSealed removes the sealed code: it was handed over, or is worth nothing any more.
	DropSealed bool
}

// A Lease is the right to work on one thing for a while. Its fence grows with every
// lease of that thing: what is written under an older one is refused.
type Lease struct {
	Thing  string
	Holder string
	Until  time.Time
	Fence  int64
}

// An Outgoing is a message that has to leave the house, kept until it has.
type Outgoing struct {
	Case    string
	Event   int // it came with, from 1; with Part, given by the store
	Part    int
	Kind    string // OutNotice and its like
	Contact string // the contact of the case that it goes to; empty: to the house
	Text    Text
	At      time.Time
	Tries   int // attempts that failed
}

// The kinds of messages.
const (
	OutNotice   = "notice"   // somebody asks for something: to everybody on record
	OutTransfer = "transfer" // the name is being moved: to the same
	OutAlarm    = "alarm"    // to the house: a transfer that no case explains
)

// A SealedCode is a transfer code that only its receiver can open. Until it is
// handed over, it is all that is kept of the code.
type SealedCode struct {
	Case     string
	Delivery string // as the approved decision says
	Text     []byte // armored
	Made     time.Time
	Expires  time.Time // when no code may stand at the registry any more
	// WasLocked: the name had the registrar's transfer lock before the release, and
	// gets it back after.
	WasLocked bool
}

// A LedgerLeaf is one record of a case on its way into the ledger, and there. Salt
// and record are destroyed by a purge; the commitment stays.
type LedgerLeaf struct {
	Case         string
	Event        int   // the number of the event in its case, from 1
	Index        int64 // in the ledger, from 0; -1: not sequenced yet
	Salt, Record []byte
	Commitment   []byte // 32 octets
}

// A LedgerBatch is what a sequencer adds to the ledger at once.
type LedgerBatch struct {
	Fence      int64 // of the lease LedgerThing
	From       int64 // the ledger's size before
	Leaves     []LedgerLeaf
	HashesFrom int64
	Hashes     [][32]byte
	Checkpoint []byte // the signed note that covers all
	At         time.Time
}

// LedgerThing is the thing that a sequencer leases.
const LedgerThing = "ledger"

// Ended tells whether nothing is to be done any more: what is kept of such a case is
// kept for a time only. A case that does not exist has not ended.
func (s CaseState) Ended() bool {
	return s == CaseNotOurs || s == CaseRefused || s == CaseDone || s == CaseClosed
}
