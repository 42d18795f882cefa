package audit

import (
	"context"
	"errors"
	"iter"
	"sync"

	"freehold"
)

// Options says how a run is carried out.
type Options struct {
	// Parallel is how many names are worked on at once; at least 1.
	Parallel int
	// Save makes results durable before they are told. nil: nothing is kept.
	Save func(context.Context, []Audited) error
	// Tell hands a result on; an error ends the run.
	Tell func(*freehold.Result) error
	// Note is called, from one goroutine, for each input that carries a note. May be nil.
	Note func(Input)
}

// Run audits names as they come and tells the results, as near to the order of
// the input as memory allows: a name that is slow holds back at most a few
// hundred others. Memory does not grow with the number of names.
//
// A result is saved before it is told. When ctx ends, what was learnt so far is
// saved and told, and the names in work are dropped. A failure to save does not
// end the run: the results are told all the same, and the first failure is
// returned at the end.
func (a *Auditor) Run(ctx context.Context, inputs iter.Seq[Input], opt Options) (freehold.Summary, error) {
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs := make(chan job)
	done := make(chan finished, opt.Parallel)

	go feed(work, inputs, jobs, opt.Note)
	var workers sync.WaitGroup
	for range max(1, opt.Parallel) {
		workers.Go(func() {
			for j := range jobs {
				if f, ok := a.work(work, j); ok {
					done <- f
				}
			}
		})
	}
	go func() {
		workers.Wait()
		close(done)
	}()

	var summary freehold.Summary
	var saveErr error
	queue := inOrder{window: max(128, 4*opt.Parallel), tell: func(r *freehold.Result) error {
		summary.Add(r)
		return opt.Tell(r)
	}}
	var tellErr error
	for batch := range batches(done) {
		if opt.Save != nil && saveErr == nil {
			// What was learnt before an interruption is kept.
			saveErr = opt.Save(context.WithoutCancel(ctx), audited(batch))
		}
		if tellErr != nil {
			continue // drain, so that the workers can end
		}
		if tellErr = queue.add(batch); tellErr != nil {
			cancel()
		}
	}
	if tellErr == nil {
		tellErr = queue.flush()
	}
	return summary, errors.Join(tellErr, saveErr)
}

type job struct {
	seq int
	Input
}

type finished struct {
	seq int
	Audited
}

// feed numbers the inputs and hands them out until they or ctx end.
func feed(ctx context.Context, inputs iter.Seq[Input], jobs chan<- job, note func(Input)) {
	defer close(jobs)
	seq := 0
	for in := range inputs {
		if in.Note != "" && note != nil {
			note(in)
		}
		if in.Err == nil && in.Name.IsZero() {
			continue // only a note: a duplicate
		}
		select {
		case jobs <- job{seq, in}:
			seq++
		case <-ctx.Done():
			return
		}
	}
}

// work audits one input. An input that is no name is a failed result.
func (a *Auditor) work(ctx context.Context, j job) (finished, bool) {
	if j.Err != nil {
		return finished{j.seq, Audited{Result: freehold.Result{Asked: j.Asked, At: a.Now, Error: j.Err.Error(), Hint: freehold.HintOf(j.Err)}}}, ctx.Err() == nil
	}
	r, ok := a.Name(ctx, j.Asked, j.Input.Name)
	return finished{j.seq, r}, ok
}

// maxBatch bounds how many results share one transaction.
const maxBatch = 64

// batches collects what is ready into one save: one durable commit for many
// names when many are ready, for one when it is alone.
func batches(done <-chan finished) iter.Seq[[]finished] {
	return func(yield func([]finished) bool) {
		for first := range done {
			batch := []finished{first}
		ready:
			for len(batch) < maxBatch {
				select {
				case f, ok := <-done:
					if !ok {
						break ready
					}
					batch = append(batch, f)
				default:
					break ready
				}
			}
			if !yield(batch) {
				return
			}
		}
	}
}

func audited(batch []finished) []Audited {
	out := make([]Audited, len(batch))
	for i, f := range batch {
		out[i] = f.Audited
	}
	return out
}

// inOrder tells results in the order of the input. It keeps at most window
// results waiting for a slow one before it; then it goes on without that one.
type inOrder struct {
	window  int
	next    int
	waiting map[int]*freehold.Result
	tell    func(*freehold.Result) error
}

func (q *inOrder) add(batch []finished) error {
	if q.waiting == nil {
		q.waiting = map[int]*freehold.Result{}
	}
	for i := range batch {
		if batch[i].seq >= q.next {
			q.waiting[batch[i].seq] = &batch[i].Result
		} else if err := q.tell(&batch[i].Result); err != nil { // the slow one, at last
			return err
		}
	}
	for {
		r, ok := q.waiting[q.next]
		if !ok && len(q.waiting) <= q.window {
			return nil
		}
		if !ok {
			q.next = q.lowest()
			continue
		}
		delete(q.waiting, q.next)
		q.next++
		if err := q.tell(r); err != nil {
			return err
		}
	}
}

func (q *inOrder) lowest() int {
	first := true
	low := 0
	for seq := range q.waiting {
		if first || seq < low {
			low, first = seq, false
		}
	}
	return low
}

// flush tells all that still waits.
func (q *inOrder) flush() error {
	for len(q.waiting) > 0 {
		low := q.lowest()
		r := q.waiting[low]
		delete(q.waiting, low)
		if err := q.tell(r); err != nil {
			return err
		}
	}
	return nil
}
