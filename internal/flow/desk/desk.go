// Package desk is a host's desk at work: it takes requests, goes on with each case
// as far as its events allow, sets a code at the registry just in time and hands it
// over once, takes it back, and watches the transfer that follows.
//
//	desk.go      what it works with; opening a case and adding to it
//	advance.go   Advance: what the state of a case asks for next
//	code.go      the code: drawn, sealed, set; handed over once
//	guard.go     a code that stands: until it expires, is revoked or was used
//	lockdown.go  after an intrusion: no code stands, every name is locked
//	transfer.go  the registry's messages, each matched to a case
//	record.go    what goes into the ledger
//	signs.go     signs of risk, and a request that is made again
//	courier.go   messages on their way out of the house
//
// Work is level-triggered: Advance looks at the case as it is and does what is
// missing, whoever or whatever stopped before. It may be killed anywhere. What a
// crash leaves unknown at the registry is never assumed: a fresh code is set, or
// none is left.
//
// A code exists in clear in this process only, from the moment it is drawn to the
// end of the command that sets it, and where it is read aloud.
package desk

import (
	"context"
	"encoding/base32"
	"io"
	"strings"
	"time"

	"freehold"
	"freehold/registrar/transfer"
	"freehold/verify/identity"
)

// Store keeps the cases.
type Store interface {
	WriteCase(context.Context, freehold.CaseEntry) (freehold.CaseRow, error)
	Case(ctx context.Context, id string) (freehold.CaseRow, error)
	CasesOf(context.Context, freehold.Name) ([]freehold.CaseLine, error)
	DueCases(ctx context.Context, now time.Time, n int) ([]string, error)
	TakeLease(ctx context.Context, thing, holder string, now, until time.Time) (freehold.Lease, error)
	EndLease(context.Context, freehold.Lease) error
	PutSealed(ctx context.Context, c freehold.SealedCode, fence int64) error
	Sealed(ctx context.Context, id string) (freehold.SealedCode, error)
}

// Sealer makes texts of codes that only their receiver opens.
type Sealer interface {
	// ToKeys seals to public keys; it refuses what is none.
	ToKeys(code freehold.TransferCode, keys string) ([]byte, error)
	NewPhrase(random io.Reader) (freehold.TransferCode, error)
	WithPhrase(code, phrase freehold.TransferCode) ([]byte, error)
}

// Attendant is the operator at a terminal, on the telephone with the requester.
type Attendant interface {
	// Phrase tells the phrase that opens the sealed code, once.
	Phrase(ctx context.Context, c freehold.Case, phrase freehold.TransferCode) error
	// Aloud has the code read out; heard: the requester read it back without a fault.
	Aloud(ctx context.Context, c freehold.Case, code freehold.TransferCode) (heard bool, err error)
}

// Desk is all a desk works with. All fields without "nil" in their comment are needed.
type Desk struct {
	Store Store
	// Keeper judges for a name at a moment: identity, signatures, policy.
	Keeper func(freehold.Name, time.Time) identity.Keeper
	// Registrar finds the account a name stands in.
	Registrar func(freehold.Name) (transfer.Registrar, error)
	Seal      Sealer
	// Commit makes a leaf of a ledger's record: its salt and the commitment.
	Commit    func(record []byte) (salt, commitment []byte, err error)
	Random    io.Reader // cryptographically secure
	Now       func() time.Time
	Worker    string    // who holds the leases: host and process
	Attendant Attendant // nil: nobody is at a terminal
	// Tell is told what no case can hold; nil is silence.
	Tell func(freehold.Text)
	// TTL is how long a code stands at the registry; 0 is 72 hours.
	TTL time.Duration
	// Lease is how long one worker has for a step; 0 is 45 seconds. No command to a
	// registry lasts longer.
	Lease time.Duration
}

const (
	usualTTL   = 72 * time.Hour
	usualLease = 45 * time.Second
)

func (d *Desk) ttl() time.Duration {
	if d.TTL > 0 {
		return d.TTL
	}
	return usualTTL
}

func (d *Desk) lease() time.Duration {
	if d.Lease > 0 {
		return d.Lease
	}
	return usualLease
}

func (d *Desk) tell(t freehold.Text) {
	if d.Tell != nil {
		d.Tell(t)
	}
}

// skew is how far the clocks of two machines that work on one case may differ.
const skew = 2 * time.Second

// at is the time of the next event of a case. A clock that was set back is an error
// of the case's, beyond the usual difference of two machines.
func (d *Desk) at(c *freehold.Case) time.Time {
	now := d.Now().UTC().Truncate(time.Microsecond)
	if now.Before(c.Last) && c.Last.Sub(now) <= skew {
		return c.Last
	}
	return now
}

// NewID draws the identifier of a case: the day, and 30 bits.
func (d *Desk) NewID() (string, error) {
	var b [4]byte
	if _, err := io.ReadFull(d.Random, b[:]); err != nil {
		return "", &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("there is no randomness for a case"), Err: err}
	}
	tail := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
	return d.Now().UTC().Format("20060102") + "-" + tail[:6], nil
}

// Open opens a case. Everybody who stands on record is told, also where they were
// replaced; what they are told names the name and the act only. Whoever else has an
// open case about the name is a second claimant from then on. seen is what is known
// around the request; the desk adds what it sees itself.
func (d *Desk) Open(ctx context.Context, r freehold.Request, seen identity.Surroundings, actor string, through freehold.Channel) (freehold.CaseRow, error) {
	others, err := d.underWay(ctx, r.Name)
	if err != nil {
		return freehold.CaseRow{}, err
	}
	if o, same := sameRequest(r, others); same {
		return freehold.CaseRow{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q has an open case of the same person: %s", r.Name.Unicode(), o.Case.ID),
			Advice: freehold.T("go on with that one, or close it first")}
	}
	id, err := d.NewID()
	if err != nil {
		return freehold.CaseRow{}, err
	}
	bodies := append([]freehold.CaseBody{freehold.Opened{Request: r}}, d.signs(r, seen, others, d.Now())...)
	row, err := d.write(ctx, freehold.CaseRow{}, addition{id: id, actor: actor, channel: through, bodies: bodies, notices: true})
	if err != nil {
		return row, err
	}
	return row, d.claim(ctx, row, rivals(r, others))
}

// claim writes a second claim on the other open cases of the name. One that has more
// objections than anybody reads takes none, which keeps nobody from asking.
func (d *Desk) claim(ctx context.Context, mine freehold.CaseRow, others []freehold.CaseRow) error {
	for _, o := range others {
		if o.Case.State == freehold.CaseRevealed {
			continue // it is too late to object to
		}
		_, err := d.Add(ctx, o.Case.ID, "desk", freehold.ChannelNone, freehold.SecondClaim{ID: mine.Case.ID, Party: mine.Case.Requester, Other: mine.Case.ID})
		switch {
		case err == nil:
		case freehold.KindOf(err) == freehold.KindFull:
			d.tell(freehold.T("the case %q: %s", o.Case.ID, err))
		default:
			return err
		}
	}
	return nil
}

// Add adds an event to a case and has the worker look at it. What the keeper
// refuses is refused.
func (d *Desk) Add(ctx context.Context, id, actor string, through freehold.Channel, body freehold.CaseBody) (freehold.CaseRow, error) {
	return d.retried(ctx, id, addition{id: id, actor: actor, channel: through, bodies: []freehold.CaseBody{body}, wake: true})
}

// An addition is what is written of a case at once.
type addition struct {
	id      string
	actor   string
	channel freehold.Channel
	bodies  []freehold.CaseBody
	fence   int64
	next    *time.Time // when to look again
	wake    bool       // look at once
	drop    bool       // the sealed code goes
	notices bool       // everybody on record is told
	alarm   freehold.Text
	due     time.Time // a deadline other than the policy's
}

// maxRaces bounds how often a write is tried again that another one overtook.
const maxRaces = 20

// retried writes an addition on the case as it is, again where somebody was faster:
// what happened at the registry has to be entered, and what a person entered is
// judged anew on the case as it is then.
func (d *Desk) retried(ctx context.Context, id string, a addition) (row freehold.CaseRow, err error) {
	for range maxRaces {
		if row, err = d.Store.Case(ctx, id); err != nil {
			return row, err
		}
		next, err := d.write(ctx, row, a)
		if err == nil || freehold.KindOf(err) != freehold.KindBusy {
			return next, err
		}
	}
	return row, err
}

// write judges the events and stores them, with the leaves and messages that go
// with them, in one transaction.
func (d *Desk) write(ctx context.Context, row freehold.CaseRow, a addition) (freehold.CaseRow, error) {
	c := row.Case
	entry := freehold.CaseEntry{Case: a.id, Version: row.Version(), Fence: a.fence, Next: a.next, DropSealed: a.drop}
	for _, body := range a.bodies {
		at := d.at(&c)
		e := freehold.CaseEvent{Case: a.id, At: at, Actor: a.actor, Channel: a.channel, Body: body}
		next, err := d.Keeper(nameOf(c, body), at).Add(c, e)
		if err != nil {
			return row, err
		}
		c = next
		entry.Events = append(entry.Events, e)
		leaf, ok, err := d.leaf(c, e, row.Version()+len(entry.Events))
		if err != nil {
			return row, err
		}
		if ok {
			entry.Leaves = append(entry.Leaves, leaf)
		}
	}
	now := d.at(&c)
	if a.wake && entry.Next == nil {
		entry.Next = &now
	}
	deadline := d.Keeper(c.Name, now).Policy.Deadline(&c).At
	if !a.due.IsZero() {
		deadline = a.due
	} else if row.Version() > 0 && c.FirstRequest.Equal(row.Case.FirstRequest) {
		deadline = row.Deadline
	}
	entry.Deadline = &deadline
	entry.Outbox = d.messages(c, a, now)
	return d.Store.WriteCase(ctx, entry)
}

func nameOf(c freehold.Case, body freehold.CaseBody) freehold.Name {
	if o, ok := body.(freehold.Opened); ok {
		return o.Name
	}
	return c.Name
}

// messages are what has to leave the house with an addition.
func (d *Desk) messages(c freehold.Case, a addition, now time.Time) []freehold.Outgoing {
	var out []freehold.Outgoing
	if !a.alarm.IsZero() {
		out = append(out, freehold.Outgoing{Kind: freehold.OutAlarm, Text: a.alarm, At: now})
	}
	if !a.notices {
		return out
	}
	for _, k := range c.Contacts {
		text := freehold.T("Somebody asks us to do this with %s: %m. If that is not as you want it, tell us at once and give the number %s.", c.Name.Unicode(), actText(c.Act).Format, c.ID)
		kind := freehold.OutNotice
		if lastTransfer(c).State == "pending" {
			kind = freehold.OutTransfer
			text = freehold.T("%s is being moved to another registrar with the code that was handed over here. If that is not as you want it, tell us at once and give the number %s.", c.Name.Unicode(), c.ID)
		}
		out = append(out, freehold.Outgoing{Kind: kind, Contact: k.ID, Text: text, At: now})
	}
	return out
}

// actText says an act, for whoever is told of it.
func actText(a freehold.Act) freehold.Text {
	switch a {
	case freehold.ActCode:
		return freehold.T("hand over its transfer code")
	case freehold.ActUnlock:
		return freehold.T("take its transfer lock off")
	case freehold.ActPush:
		return freehold.T("move it to another account")
	case freehold.ActTag:
		return freehold.T("move it to another registrar")
	case freehold.ActRepoint:
		return freehold.T("change its name servers")
	}
	return freehold.T("nothing")
}
