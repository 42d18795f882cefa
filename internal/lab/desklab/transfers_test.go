package desklab

import (
	"context"
	"errors"
	"testing"

	"freehold"
	"freehold/internal/lab/eppd"
	"freehold/registrar/transfer"
	"freehold/verify/identity"
)

// TestStrayTransfer: a transfer that nobody here was given a code for is an alarm
// with a date, and a signed decision rejects it.
func TestStrayTransfer(t *testing.T) {
	w := world(t, Config{})
	ctx := t.Context()
	w.Registry.Add(eppd.Domain{Name: "stolen.com", Sponsor: Loser, Created: Start, Expires: Start.AddDate(1, 0, 0)}, "leaked-code-1")
	if _, err := w.Gain(ctx, "stolen.com", freehold.NewTransferCode([]byte("leaked-code-1"))); err != nil {
		t.Fatal(err)
	}
	_, err := w.Desk.Poll(ctx, w.EPP)
	must(t, err)
	lines, err := w.Store.CasesOf(ctx, Name("stolen.com"))
	must(t, err)
	if len(lines) != 1 || lines[0].Risk < 10 || !lines[0].Deadline.Equal(Start.AddDate(0, 0, 5)) {
		t.Fatalf("cases %+v", lines)
	}
	if told, _ := w.Store.Outbox(ctx, w.Clock.Now(), 9); len(told) != 1 || told[0].Kind != "alarm" {
		t.Errorf("alarms %+v", told)
	}
	id := lines[0].ID
	w.advance(t, id, freehold.CaseOpen)
	if d, _ := w.EPP.Look(ctx, Name("stolen.com")); !d.Pending {
		t.Fatal("answered before anybody decided")
	}
	_, err = w.Decide(ctx, id, "anne", freehold.DecisionRejectTransfer, func(d *freehold.Decision) { d.Reason = "no such reason" })
	kind(t, err, freehold.KindPermission)
	_, err = w.Decide(ctx, id, "anne", freehold.DecisionRejectTransfer, func(d *freehold.Decision) { d.Reason = "fraud" })
	must(t, err)
	w.advance(t, id, freehold.CaseOpen)
	if d, _ := w.EPP.Look(ctx, Name("stolen.com")); d.Pending || !d.Ours {
		t.Errorf("after the rejection: %+v", d)
	}
	_, err = w.Desk.Poll(ctx, w.EPP)
	must(t, err)
	row, err := w.Store.Case(ctx, id)
	must(t, err)
	if n := len(row.Case.Transfers); n != 2 {
		t.Errorf("the registry's own word came twice: %+v", row.Case.Transfers)
	}
	if lines, _ = w.Store.CasesOf(ctx, Name("stolen.com")); len(lines) != 1 {
		t.Errorf("%d cases", len(lines))
	}
}

// TestStrayBesideACase: an open case of the name is no permission for a transfer, nor
// is a code that nobody was handed; the alarm stands beside it.
func TestStrayBesideACase(t *testing.T) {
	w := world(t, Config{})
	ctx := t.Context()
	w.Registry.Add(eppd.Domain{Name: "stolen.com", Sponsor: Loser, Created: Start, Expires: Start.AddDate(1, 0, 0)}, "leaked-code-1")
	row, err := w.Desk.Open(ctx, Request("stolen.com", Start), identity.Surroundings{}, "anne", freehold.ChannelPhone)
	must(t, err)
	_, err = w.Gain(ctx, "stolen.com", freehold.NewTransferCode([]byte("leaked-code-1")))
	must(t, err)
	_, err = w.Desk.Poll(ctx, w.EPP)
	must(t, err)
	lines, err := w.Store.CasesOf(ctx, Name("stolen.com"))
	must(t, err)
	if len(lines) != 2 {
		t.Fatalf("%d cases, want the request and the alarm", len(lines))
	}
	if row, err = w.Store.Case(ctx, row.Case.ID); err != nil || len(row.Case.Transfers) != 0 {
		t.Errorf("the transfer was taken for the case's own: %+v, %v", row.Case.Transfers, err)
	}
	// A rejection that an insider wrote past the desk, without a good signature, rejects nothing.
	alarm := lines[0].ID
	if alarm == row.Case.ID {
		alarm = lines[1].ID
	}
	stray, err := w.Store.Case(ctx, alarm)
	must(t, err)
	d := w.Keeper(stray.Case.Name, w.Clock.Now()).Policy.Decide(stray.Case, freehold.DecisionRejectTransfer, "anne", w.Clock.Now())
	d.Reason = "fraud"
	_, err = w.Store.WriteCase(ctx, freehold.CaseEntry{Case: alarm, Version: stray.Version(), Events: []freehold.CaseEvent{{Case: alarm, At: w.Clock.Now(), Actor: "anne",
		Body: freehold.Decided{Decision: d, Signature: []byte("x"), Key: "SHA256:x"}}}})
	must(t, err)
	w.advance(t, alarm, freehold.CaseOpen)
	if s, err := w.EPP.Look(ctx, Name("stolen.com")); err != nil || !s.Pending {
		t.Errorf("answered on a forged decision: %+v, %v", s, err)
	}
}

// TestAcknowledgedLate: a message that was written down and not taken off the queue
// is written once.
func TestAcknowledgedLate(t *testing.T) {
	w := world(t, Config{})
	ctx := t.Context()
	id := w.ready(t, shop, "")
	w.advance(t, id, freehold.CaseSet)
	code := w.reveal(t, id)
	_, err := w.Gain(ctx, shop, code)
	must(t, err)
	for range 2 {
		if _, err := w.Desk.Poll(ctx, noAck{w.EPP}); err == nil {
			t.Fatal("acknowledged")
		}
	}
	row, err := w.Store.Case(ctx, id)
	must(t, err)
	if len(row.Case.Transfers) != 1 {
		t.Errorf("%+v", row.Case.Transfers)
	}
	// The holder confirms: it is let through before its time.
	_, err = w.Decide(ctx, id, "anne", freehold.DecisionApproveTransfer, nil)
	must(t, err)
	w.advance(t, id, freehold.CaseDone)
}

type noAck struct{ transfer.Poller }

func (noAck) Ack(context.Context, string) error { return errors.New("the connection broke") }
