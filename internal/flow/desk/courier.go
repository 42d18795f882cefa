package desk

import (
	"context"
	"errors"
	"time"

	"freehold"
)

// A Letter is a message on its way out: what it says, of which case, and to whom.
type Letter struct {
	freehold.Outgoing
	Of freehold.Case
	To freehold.Contact // zero where the message goes to the house
	By time.Time        // when the case is to be done
}

// A Courier takes letters out of the house.
type Courier interface {
	// Carry takes one out and says what became of it: "250 accepted by mail.example".
	// An error of KindUnavailable is one to be tried again, ErrNotMine of a letter that
	// another courier or a person has to take; after all others it never arrives.
	Carry(context.Context, Letter) (detail string, err error)
}

// ErrNotMine is a Courier's about a letter by a channel it does not serve.
var ErrNotMine = &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("nobody here carries letters by this channel")}

// Outbox is the part of a Store that holds messages until they have left.
type Outbox interface {
	Outbox(ctx context.Context, now time.Time, n int) ([]freehold.Outgoing, error)
	MarkSent(context.Context, freehold.Outgoing, time.Time) error
	Postpone(ctx context.Context, o freehold.Outgoing, again time.Time) error
}

const (
	outboxThing = "outbox"         // the lease: one worker at a time empties it
	outboxBatch = 50               // letters under one lease
	outboxLease = 5 * time.Minute  // for one batch
	giveUp      = 24 * time.Hour   // after it was written, a letter that never left has failed
	human       = 15 * time.Minute // until a letter that only a person can take is looked at again
)

// retryAfter is how long a letter waits after so many failed attempts: most
// mailboxes that refuse for now take it within minutes (greylisting).
func retryAfter(tries int) time.Duration { return min(time.Minute<<min(tries, 10), time.Hour) }

// Sent is what one look at the outbox did.
type Sent struct {
	Left    int // letters that left
	Failed  int // that will never arrive
	Waiting int // for another attempt, or for a person
}

// Send takes what is due out of the outbox through a courier and enters what became
// of it in each case. A worker that dies between the two sends a letter twice, and
// never not at all. Errors are those of the store; KindBusy where another worker is
// at it.
func (d *Desk) Send(ctx context.Context, box Outbox, courier Courier) (Sent, error) {
	now := d.Now()
	lease, err := d.Store.TakeLease(ctx, outboxThing, d.Worker, now, now.Add(outboxLease))
	if err != nil {
		return Sent{}, err
	}
	defer func() { _ = d.Store.EndLease(context.WithoutCancel(ctx), lease) }() // or it runs out
	ctx, cancel := context.WithTimeout(ctx, outboxLease*4/5)
	defer cancel()
	due, err := box.Outbox(ctx, now, outboxBatch)
	if err != nil {
		return Sent{}, err
	}
	var sent Sent
	for _, o := range due {
		if ctx.Err() != nil {
			break
		}
		if err := d.sendOne(ctx, box, courier, o, &sent); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func (d *Desk) sendOne(ctx context.Context, box Outbox, courier Courier, o freehold.Outgoing, sent *Sent) error {
	row, err := d.Store.Case(ctx, o.Case)
	if err != nil {
		return err
	}
	l := Letter{Outgoing: o, Of: row.Case, By: row.Deadline}
	if o.Contact != "" {
		var known bool
		if l.To, known = row.Case.Contact(o.Contact); !known {
			sent.Failed++
			return box.MarkSent(ctx, o, d.Now())
		}
		if told(row.Case, o) {
			sent.Left++
			return box.MarkSent(ctx, o, d.Now())
		}
	}
	detail, err := courier.Carry(ctx, l)
	switch {
	case ctx.Err() != nil:
		return nil // unknown whether it left: again, with the same number
	case errors.Is(err, ErrNotMine):
		sent.Waiting++
		return box.Postpone(ctx, o, d.Now().Add(human))
	case err != nil && freehold.KindOf(err) == freehold.KindUnavailable && d.Now().Sub(o.At) < giveUp:
		sent.Waiting++
		return box.Postpone(ctx, o, d.Now().Add(retryAfter(o.Tries)))
	case err != nil:
		sent.Failed++
		detail = err.Error()
	default:
		sent.Left++
	}
	if o.Contact != "" && row.Case.State != freehold.CaseClosed {
		end := freehold.NoticeEnded{Contact: o.Contact, Channel: l.To.Channel, Sent: err == nil, Detail: freehold.OneLine(detail)}
		if _, err := d.Add(ctx, o.Case, "desk", l.To.Channel, end); err != nil {
			return err
		}
	}
	return box.MarkSent(ctx, o, d.Now())
}

// told tells whether somebody entered already what became of a message.
func told(c freehold.Case, o freehold.Outgoing) bool {
	for _, n := range c.Notices {
		if n.Contact == o.Contact && n.At.After(o.At) {
			return true
		}
	}
	return false
}
