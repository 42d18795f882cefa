// Package work is the desk's worker: what nobody has to ask for. It goes on with cases
// that are due, sends letters, reads the registries' messages and has the ledger grow.
//
// It is level-triggered: each round looks at how things stand and does what is missing,
// whatever was missed before. Any number of processes may work on one store: each act
// is under a lease, and the sessions of an account are shared (slots.go).
//
//	work.go     the rounds
//	watch.go    what is counted, and whether all is well
//	slots.go    sessions of an account, over all processes
package work

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"freehold"
	"freehold/internal/flow/desk"
	"freehold/registrar/transfer"
)

// Store is what a worker needs beside what the desk does.
type Store interface {
	Leaser
	desk.Outbox
	DueCases(ctx context.Context, now time.Time, n int) ([]string, error)
	Case(ctx context.Context, id string) (freehold.CaseRow, error)
	Queue(ctx context.Context, states ...freehold.CaseState) iter.Seq2[freehold.CaseLine, error]
}

// A Queue has cases gone on with by whichever process is free. What it holds are hints:
// a job that is lost is put in again by the next round.
type Queue interface {
	Push(ctx context.Context, cases []string) error
}

// Account is where messages of a registry wait.
type Account struct {
	Name string
	transfer.Poller
}

// Worker is one process's.
type Worker struct {
	Desk     *desk.Desk
	Store    Store
	Queue    Queue        // nil: this process goes on with all that is due by itself
	Courier  desk.Courier // nil: letters wait for a person
	Accounts []Account
	// Record gives what waits its place in the ledger; nil: another process has the key.
	Record   func(context.Context) error
	Parallel int           // cases gone on with at once; at least 1
	Every    time.Duration // between two rounds
	// Wait lets time pass; nil is the clock of the machine.
	Wait  func(context.Context, time.Duration) error
	Log   *slog.Logger
	Watch *Watch
}

// batch is how many cases one look takes.
const batch = 256

// pollLease is how long one process has for an account's messages.
const pollLease = 5 * time.Minute

// Run works in rounds until stop ends; what is under way then is finished, within hard.
// It returns once all is quiet.
func (w *Worker) Run(stop, hard context.Context) {
	wait := w.Wait
	if wait == nil {
		wait = sleep
	}
	for stop.Err() == nil {
		w.Round(stop, hard)
		if wait(stop, w.Every) != nil {
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Round looks once at everything. No part keeps another from its turn: what fails is
// logged and counted. Nothing new begins once stop has ended.
func (w *Worker) Round(stop, hard context.Context) {
	began := w.Desk.Now()
	for _, part := range []struct {
		name string
		do   func(stop, hard context.Context) error
	}{{"messages", w.messages}, {"cases", w.cases}, {"letters", w.letters}, {"ledger", w.ledger}} {
		if stop.Err() != nil {
			return
		}
		if err := part.do(stop, hard); err != nil && hard.Err() == nil {
			w.Watch.failed(part.name)
			w.Log.Error("a part of the round failed", "part", part.name, "error", err.Error())
		}
	}
	if err := w.Watch.look(hard, w.Store, w.Desk.Now(), began); err != nil && hard.Err() == nil {
		w.Log.Error("the state of the cases cannot be read", "error", err.Error())
	}
}

// cases goes on with what is due, or hands it to the queue.
func (w *Worker) cases(stop, hard context.Context) error {
	if w.Queue != nil {
		ids, err := w.Store.DueCases(hard, w.Desk.Now(), batch*16)
		if err != nil || len(ids) == 0 {
			return err
		}
		return w.Queue.Push(hard, ids)
	}
	for stop.Err() == nil {
		ids, err := w.Store.DueCases(hard, w.Desk.Now(), batch)
		if err != nil || len(ids) == 0 {
			return err
		}
		if w.each(stop, hard, ids) == 0 {
			return nil // all of these are somebody else's, or failed: the next round
		}
	}
	return nil
}

// each goes on with cases and returns how many went without an error.
func (w *Worker) each(stop, hard context.Context, ids []string) int {
	var wg sync.WaitGroup
	var mu sync.Mutex
	good := 0
	slots := make(chan struct{}, max(1, w.Parallel))
	for _, id := range ids {
		slots <- struct{}{}
		if stop.Err() != nil {
			<-slots
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if w.Advance(hard, id) == nil {
				mu.Lock()
				good++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return good
}

// Advance goes on with one case. That somebody else is at it is no error worth a log.
func (w *Worker) Advance(ctx context.Context, id string) error {
	o, err := w.Desk.Advance(ctx, id)
	switch {
	case err == nil:
		w.Watch.advanced("done")
		w.Log.Info("case", "case", id, "state", o.Row.Case.State.String(), "waits", waits(o.Waits))
	case freehold.KindOf(err) == freehold.KindBusy:
		w.Watch.advanced("busy")
	case ctx.Err() != nil:
	default:
		w.Watch.advanced("failed")
		w.Log.Error("case", "case", id, "error", err.Error())
	}
	return err
}

func waits(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// letters empties the outbox.
func (w *Worker) letters(stop, hard context.Context) error {
	if w.Courier == nil {
		return nil
	}
	for stop.Err() == nil {
		sent, err := w.Desk.Send(hard, w.Store, w.Courier)
		if freehold.KindOf(err) == freehold.KindBusy && err != nil {
			return nil // another process is at it
		}
		if err != nil {
			return err
		}
		w.Watch.letters(sent)
		if sent == (desk.Sent{}) {
			return nil
		}
	}
	return nil
}

// messages reads what the registries have to say, each account by one process.
func (w *Worker) messages(stop, hard context.Context) error {
	var all []error
	for _, a := range w.Accounts {
		if stop.Err() == nil {
			all = append(all, w.poll(hard, a))
		}
	}
	return errors.Join(all...)
}

func (w *Worker) poll(ctx context.Context, a Account) error {
	now := w.Desk.Now()
	l, err := w.Store.TakeLease(ctx, "messages "+a.Name, w.Desk.Worker, now, now.Add(pollLease))
	if err != nil {
		if freehold.KindOf(err) == freehold.KindBusy {
			return nil
		}
		return err
	}
	defer func() { _ = w.Store.EndLease(context.WithoutCancel(ctx), l) }()
	ctx, cancel := context.WithTimeout(ctx, pollLease*4/5)
	defer cancel()
	n, err := w.Desk.Poll(ctx, a)
	if w.Watch.messages(n); err != nil {
		return fmt.Errorf("the account %q: %w", a.Name, err)
	}
	return nil
}

func (w *Worker) ledger(_, hard context.Context) error {
	if w.Record == nil {
		return nil
	}
	err := w.Record(hard)
	if freehold.KindOf(err) == freehold.KindBusy && err != nil {
		return nil
	}
	return err
}
