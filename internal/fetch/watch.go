package fetch

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errTimeout is the cause of a context that watch ended.
var errTimeout = errors.New("the time for one attempt is up")

// watch ends attempts that take too long. One timer serves all attempts under
// way: a timer for each of many thousand short requests a second costs more than
// reading their answers. An attempt may live a tick longer than its time.
type watch struct {
	timeout time.Duration

	mu      sync.Mutex
	now     int      // looks so far: the clock is not read for each attempt
	first   *attempt // in order of their deadlines, for all have the same timeout
	last    *attempt
	running bool
}

// attempt is one exchange under way.
type attempt struct {
	deadline   int // the look that ends it
	cancel     context.CancelCauseFunc
	prev, next *attempt
	done       bool
}

// start returns a context that ends after the timeout, and the function that
// must be called when the attempt is over.
func (w *watch) start(ctx context.Context) (context.Context, *attempt) {
	ctx, cancel := context.WithCancelCause(ctx)
	a := &attempt{cancel: cancel}
	w.mu.Lock()
	defer w.mu.Unlock()
	a.deadline = w.now + ticks + 1 // the first tick may be nearly over
	if a.prev = w.last; a.prev != nil {
		a.prev.next = a
	} else {
		w.first = a
	}
	w.last = a
	if !w.running {
		w.running = true
		time.AfterFunc(w.tick(), w.look)
	}
	return ctx, a
}

// ticks is how often it is looked within the time of an attempt.
const ticks = 16

func (w *watch) tick() time.Duration { return max(w.timeout/ticks, time.Millisecond) }

// stop ends an attempt and frees its context.
func (w *watch) stop(a *attempt) {
	w.mu.Lock()
	w.remove(a)
	w.mu.Unlock()
	a.cancel(nil)
}

func (w *watch) remove(a *attempt) {
	if a.done {
		return
	}
	a.done = true
	if a.prev != nil {
		a.prev.next = a.next
	} else {
		w.first = a.next
	}
	if a.next != nil {
		a.next.prev = a.prev
	} else {
		w.last = a.prev
	}
}

// look ends what is overdue, and comes back while anything is under way.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now++
	for w.first != nil && w.first.deadline <= w.now {
		a := w.first
		w.remove(a)
		a.cancel(errTimeout)
	}
	if w.running = w.first != nil; w.running {
		time.AfterFunc(w.tick(), w.look)
	}
}
