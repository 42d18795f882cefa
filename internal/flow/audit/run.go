package audit

import (
	"container/heap"
	"context"
	"errors"
	"iter"

	"freehold"
)

// Options says how a run is carried out.
type Options struct {
	// Parallel is how many names are worked on at once; at least 1.
	Parallel int
	// Pace tells when a server can be asked, so that names wait for theirs without
	// keeping others waiting. nil: they are taken up as they come.
	Pace Pacer
	// Urgency says which names are looked at first. nil: none before others.
	Urgency func(context.Context, freehold.Name) Urgency
	// Save makes results durable before they are told. nil: nothing is kept.
	Save func(context.Context, []Audited) error
	// Tell hands a result on; an error ends the run.
	Tell func(*freehold.Result) error
	// Note is called, from one goroutine, for each input that carries a note. May be nil.
	Note func(Input)
}

// Run audits names and tells the results, as near to the order of the input as
// memory allows: a name that is slow holds back at most a few hundred others. They
// are looked at in another order: see schedule. Of the names that wait for their
// turn little is kept, and of at most a million.
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

	go feed(work, inputs, jobs, opt)
	over := make(chan ended)
	plan := schedule{pace: opt.Pace, serverOf: a.server, workers: max(1, opt.Parallel), start: func(e ended, j job) {
		go func() {
			if f, ok := a.work(work, j); ok {
				done <- f
			}
			over <- e
		}()
	}}
	go func() {
		plan.run(work, jobs, over)
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
			saveErr = opt.Save(context.WithoutCancel(ctx), toSave(batch))
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
	Urgency
}

type finished struct {
	seq int
	Audited
}

// feed numbers the inputs and hands them out until they or ctx end.
func feed(ctx context.Context, inputs iter.Seq[Input], jobs chan<- job, opt Options) {
	defer close(jobs)
	seq := 0
	for in := range inputs {
		if in.Note != "" && opt.Note != nil {
			opt.Note(in)
		}
		if in.Err == nil && in.Name.IsZero() {
			continue // only a note: a duplicate
		}
		j := job{seq: seq, Input: in}
		if opt.Urgency != nil && in.Err == nil {
			j.Urgency = opt.Urgency(ctx, in.Name)
		}
		select {
		case jobs <- j:
			seq++
		case <-ctx.Done():
			return
		}
	}
}

// work audits one input. An input that is no name is a failed result.
func (a *Auditor) work(ctx context.Context, j job) (finished, bool) {
	if j.Err != nil {
		r := freehold.Result{Asked: j.Asked, At: a.Now}
		r.Fail(j.Err)
		return finished{j.seq, Audited{Result: r}}, ctx.Err() == nil
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

func toSave(batch []finished) []Audited {
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
	order   seqHeap // of waiting
	tell    func(*freehold.Result) error
}

func (q *inOrder) add(batch []finished) error {
	if q.waiting == nil {
		q.waiting = map[int]*freehold.Result{}
	}
	for i := range batch {
		if batch[i].seq >= q.next {
			q.waiting[batch[i].seq] = &batch[i].Result
			heap.Push(&q.order, batch[i].seq)
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
			q.next = q.order[0]
			continue
		}
		q.forget()
		if err := q.tell(r); err != nil {
			return err
		}
	}
}

// forget drops the first that waits.
func (q *inOrder) forget() {
	seq := heap.Pop(&q.order).(int)
	delete(q.waiting, seq)
	q.next = seq + 1
}

// flush tells all that still waits.
func (q *inOrder) flush() error {
	for len(q.order) > 0 {
		r := q.waiting[q.order[0]]
		q.forget()
		if err := q.tell(r); err != nil {
			return err
		}
	}
	return nil
}

// seqHeap is a heap of places in the input, for container/heap.
type seqHeap []int

func (h seqHeap) Len() int           { return len(h) }
func (h seqHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h seqHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *seqHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *seqHeap) Pop() any {
	last := len(*h) - 1
	seq := (*h)[last]
	*h = (*h)[:last]
	return seq
}
