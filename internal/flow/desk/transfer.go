package desk

import (
	"context"
	"errors"
	"time"

	"freehold"
	"freehold/registrar/transfer"
	"freehold/verify/identity"
)

// maxMessages bounds one look at a queue.
const maxMessages = 10000

// Poll reads a registry's messages until none waits, and returns how many there
// were. Each message about a transfer is written down before it is taken off the
// queue, so that none is lost; one that is read twice is written once.
func (d *Desk) Poll(ctx context.Context, p transfer.Poller) (int, error) {
	for n := range maxMessages {
		m, waits, err := p.Poll(ctx)
		if err != nil || !waits {
			return n, err
		}
		if m.Name.IsZero() || m.Incoming {
			d.tell(freehold.T("a message of the registry: %s", m.Text))
		} else if err := d.seen(ctx, m); err != nil {
			return n, err
		}
		if err := p.Ack(ctx, m.ID); err != nil && !errors.Is(err, transfer.ErrUnknown) {
			return n, err
		}
	}
	return maxMessages, nil
}

// seen matches a message to a case. A transfer that nobody was given a code for is
// an alarm: a case of its own, with the time at which the registry decides.
func (d *Desk) seen(ctx context.Context, m transfer.Message) error {
	lines, err := d.Store.CasesOf(ctx, m.Name)
	if err != nil {
		return err
	}
	// Nothing that a registry writes may keep the messages after it waiting.
	m.Gaining = short(freehold.OneLine(m.Gaining))
	body := freehold.TransferSeen{State: m.State, Gaining: m.Gaining, ActBy: m.ActBy.UTC().Truncate(time.Microsecond)}
	if m.ActBy.IsZero() || m.State != "pending" {
		body.ActBy = time.Time{}
	}
	var alarmed string
	for _, l := range lines {
		row, err := d.Store.Case(ctx, l.ID)
		if freehold.KindOf(err) == freehold.KindDamaged {
			d.tell(freehold.T("the case %q: %s", l.ID, err))
			continue // then the transfer has no case, which is an alarm
		}
		if err != nil {
			return err
		}
		c := row.Case
		switch {
		case sameTransfer(lastTransfer(c), body) && (c.Act == freehold.ActCode || alarm(c)):
			return nil // read before
		case c.State == freehold.CaseRevealed, lastTransfer(c).State == "pending" && lastTransfer(c).Gaining == m.Gaining:
			_, err := d.retried(ctx, l.ID, addition{id: l.ID, actor: "registry", bodies: []freehold.CaseBody{body}, wake: true, notices: m.State == "pending"})
			return err
		case alarm(c) && c.State == freehold.CaseOpen:
			alarmed = l.ID
		}
	}
	return d.alarm(ctx, m, body, alarmed)
}

// short cuts a registrar's identifier (RFC 5730 knows 16 characters) to what is kept.
func short(s string) string {
	const most = 255
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

func sameTransfer(a, b freehold.TransferSeen) bool {
	return a.State == b.State && a.Gaining == b.Gaining && a.ActBy.Equal(b.ActBy)
}

func lastTransfer(c freehold.Case) freehold.TransferSeen {
	if len(c.Transfers) == 0 {
		return freehold.TransferSeen{}
	}
	return c.Transfers[len(c.Transfers)-1]
}

// strayTransfer is the sign of risk on a case that the desk opened by itself.
const strayTransfer = "transfer_without_case"

func alarm(c freehold.Case) bool {
	for _, s := range c.Signals {
		if s.ID == strayTransfer {
			return true
		}
	}
	return false
}

// oldMessage is how long a message may have lain with the registry for its date to be
// believed.
const oldMessage = 90 * 24 * time.Hour

// alarm puts a transfer without a case before the operators.
func (d *Desk) alarm(ctx context.Context, m transfer.Message, body freehold.TransferSeen, open string) error {
	text := freehold.T("%s is being moved to %q, and nobody was given a code here.", m.Name.Unicode(), m.Gaining)
	if open != "" {
		_, err := d.retried(ctx, open, addition{id: open, actor: "registry", bodies: []freehold.CaseBody{body}, wake: true, alarm: text, due: m.ActBy})
		return err
	}
	id, err := d.NewID()
	if err != nil {
		return err
	}
	now := d.Now().UTC().Truncate(time.Microsecond)
	first := now
	if !m.At.IsZero() && m.At.Before(now) && now.Sub(m.At) < oldMessage {
		first = m.At.UTC().Truncate(time.Microsecond)
	}
	bodies := []freehold.CaseBody{
		freehold.Opened{Request: freehold.Request{Name: m.Name, Act: freehold.ActCode, FirstRequest: first, Requester: freehold.Party{Organisation: m.Gaining}}},
		freehold.SignalSeen{ID: strayTransfer, Points: 10, Why: text},
		body,
	}
	_, err = d.write(ctx, freehold.CaseRow{}, addition{id: id, actor: "registry", bodies: bodies, alarm: text, due: m.ActBy})
	return err
}

// answer does what was decided about a pending transfer. done: it was answered, or
// tried.
func (w *work) answer(ctx context.Context) (done bool, err error) {
	c := w.c()
	approve := w.decided(freehold.DecisionApproveTransfer)
	reject := w.decided(freehold.DecisionRejectTransfer)
	if approve == reject {
		return false, nil // nothing was decided, or both
	}
	reg, err := w.Registrar(c.Name)
	if err != nil {
		return true, w.again(ctx, soon, err)
	}
	judge, ok := reg.(transfer.Judge)
	if !ok {
		return true, w.rest(ctx, time.Time{}, &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("transfers cannot be answered through %s", reg.Title())})
	}
	state := map[bool]string{true: "clientApproved", false: "clientRejected"}[approve]
	if err := judge.Answer(ctx, c.Name, approve); err != nil {
		look, lookErr := reg.Look(ctx, c.Name)
		if lookErr != nil || look.Pending {
			return true, w.again(ctx, soon, err)
		}
		// It is pending no more: by our answer, or by somebody else's. The registry's
		// message says which.
		return true, w.again(ctx, later, err)
	}
	now := w.at(c)
	return true, w.put(ctx, addition{bodies: []freehold.CaseBody{freehold.TransferSeen{State: state, Gaining: lastTransfer(*c).Gaining}}, next: &now})
}

// decided tells whether a decision of a kind stands whose signatures hold now: one,
// or two where its reason is none of a list.
func (w *work) decided(kind freehold.DecisionKind) bool {
	k := w.keeper()
	listed, free := 0, 0
	for _, d := range w.c().Standing(kind) {
		key, err := k.Signers.Verify(d.Decision.Operator, identity.Namespace, d.Decision.Statement(), d.Signature, d.Decision.Time)
		switch {
		case err != nil || key != d.Key:
		case d.Decision.Free:
			free++
		default:
			listed++
		}
	}
	return listed > 0 || free > 1
}
