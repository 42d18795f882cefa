package desk

import (
	"encoding/json"
	"time"

	"freehold"
)

// A Record is what the ledger commits to of an event that decided or released
// something. With the receipt its holder can show it; without the salt it is noise.
type Record struct {
	Version int       `json:"freehold_record"`
	Case    string    `json:"case"`
	Event   int       `json:"event"` // its number in the case
	Kind    string    `json:"kind"`
	Name    string    `json:"name"`
	Act     string    `json:"act"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Digest  string    `json:"digest"` // of the event, all it says
	Basis   string    `json:"basis"`  // all that decisions of the case rested on then
}

// recorded tells the kinds of events that go into the ledger.
func recorded(b freehold.CaseBody) bool {
	switch b.(type) {
	case freehold.Decided, freehold.ReleaseBegun, freehold.ReleaseFailed, freehold.CodeSet, freehold.CodeRevealed, freehold.CodeUnset, freehold.ActDone,
		freehold.TransferSeen, freehold.Closed:
		return true
	}
	return false
}

// leaf makes the ledger's leaf of an event; c is the case after it.
func (d *Desk) leaf(c freehold.Case, e freehold.CaseEvent, number int) (freehold.LedgerLeaf, bool, error) {
	if !recorded(e.Body) || d.Commit == nil {
		return freehold.LedgerLeaf{}, false, nil
	}
	record, err := json.Marshal(Record{1, c.ID, number, e.Body.Kind(), c.Name.ASCII(), c.Act.String(), e.At, e.Actor, e.Digest(), c.Basis()})
	if err != nil {
		return freehold.LedgerLeaf{}, false, err
	}
	salt, commitment, err := d.Commit(record)
	return freehold.LedgerLeaf{Case: c.ID, Event: number, Index: -1, Salt: salt, Record: record, Commitment: commitment}, true, err
}
