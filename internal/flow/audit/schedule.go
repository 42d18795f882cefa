package audit

import (
	"container/heap"
	"context"
	"encoding/binary"
	"slices"
	"time"

	"freehold"
	"freehold/internal/fetch"
	"freehold/internal/limit"
)

// Pacer tells when a server can be asked; *limit.Limiter is one.
type Pacer interface {
	Pace(server string) limit.Pace
}

// Urgency says how soon a name is to be looked at.
type Urgency uint8

// The urgencies, the most urgent last.
const (
	Usual     Urgency = iota
	Unseen            // it was never audited
	Urgent            // its last audit found something that cannot wait
	urgencies = iota
)

// Bounds of the schedule.
const (
	// maxWaiting bounds the names that are read before their turn, at some 20
	// octets each. Only a name that was read can be put before another.
	maxWaiting = 1 << 20
	// gathered and gatherFor bound what is read before the first name is asked
	// about: a source that is slow to tell its names is not waited for.
	gathered  = 20_000
	gatherFor = 50 * time.Millisecond
	// ahead is how long before its server's turn a name may be taken up.
	ahead = 50 * time.Millisecond
	// slowAnswer is how long a name may take before its server counts as slow.
	slowAnswer = 3 * time.Second
	// heldPatience is the longest that names wait for a server that asked to be
	// left alone, when there is nothing else to do.
	heldPatience = 30 * time.Second
)

// schedule hands out names so that every server is kept as busy as it may be, and
// none keeps another waiting: names queue at the registry that is asked about
// them first, and are taken up when it is that server's turn. Of the servers whose
// turn it is, the one with urgent names goes first, then the one that will take
// longest for what waits. One goroutine runs it.
type schedule struct {
	pace     Pacer // nil: every server can always be asked
	serverOf func(freehold.Name) string
	workers  int
	start    func(ended, job) // tells finished of what it is given, once the name is done

	lanes   map[string]*lane
	ready   laneHeap // those whose turn it is
	later   laneHeap // those whose turn comes
	waiting int      // names
	queued  int      // lanes with names
	inWork  int      // names
}

// lane is the queue of one server.
type lane struct {
	server string
	names  [urgencies]fifo
	inWork []time.Time   // since when, the oldest first
	at     time.Time     // its next turn
	paced  bool          // it has turns
	takes  time.Duration // for what waits, at its present pace
	held   bool
}

// ended is a name done, and when it was taken up.
type ended struct {
	*lane
	since time.Time
}

func (l *lane) len() (n int) {
	for i := range l.names {
		n += l.names[i].n
	}
	return n
}

// run hands out what comes from jobs until that is closed and all is done, or ctx
// ends; then it waits for what is in work. finished tells it of each name done.
func (s *schedule) run(ctx context.Context, jobs <-chan job, finished <-chan ended) {
	s.lanes = map[string]*lane{}
	s.ready.less = func(a, b *lane) bool {
		if ua, ub := a.names[Urgent].n > 0, b.names[Urgent].n > 0; ua != ub {
			return ua
		}
		return a.takes > b.takes
	}
	s.later.less = func(a, b *lane) bool { return a.at.Before(b.at) }
	jobs = s.gather(ctx, jobs)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(s.handOut(time.Now()))
		if jobs == nil && s.waiting == 0 && s.inWork == 0 {
			return
		}
		more := jobs
		if s.waiting >= maxWaiting {
			more = nil
		}
		select {
		case j, ok := <-more:
			if !ok {
				jobs = nil
				continue
			}
			s.add(j)
		case e := <-finished:
			s.done(e)
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	for s.inWork > 0 {
		s.done(<-finished)
	}
}

// gather reads what is there at once, so that the most urgent of it is first.
func (s *schedule) gather(ctx context.Context, jobs <-chan job) <-chan job {
	timer := time.NewTimer(gatherFor)
	defer timer.Stop()
	for s.waiting < gathered {
		select {
		case j, ok := <-jobs:
			if !ok {
				return nil
			}
			s.add(j)
			timer.Reset(gatherFor)
		case <-timer.C:
			return jobs
		case <-ctx.Done():
			return jobs
		}
	}
	return jobs
}

func (s *schedule) add(j job) {
	server := ""
	if j.Err == nil {
		server = s.serverOf(j.Name)
	}
	l := s.lanes[server]
	if l == nil {
		l = &lane{server: server}
		s.lanes[server] = l
	}
	if l.len() == 0 {
		s.queued++
		heap.Push(&s.later, l)
	}
	l.names[j.Urgency].push(j)
	s.waiting++
}

func (s *schedule) done(e ended) {
	i := slices.IndexFunc(e.inWork, e.since.Equal)
	e.inWork = slices.Delete(e.inWork, i, i+1)
	s.inWork--
}

// handOut starts the names whose turn it is, as far as there are workers, and
// returns how long until the next turn.
func (s *schedule) handOut(now time.Time) time.Duration {
	s.look(now)
	var full []*lane // have their share of the workers
	for s.inWork < s.workers && s.ready.Len() > 0 {
		l := heap.Pop(&s.ready).(*lane)
		if s.hogs(l, now) {
			full = append(full, l)
			continue
		}
		s.startNext(l, now)
		s.look(now)
	}
	for _, l := range full {
		heap.Push(&s.ready, l)
	}
	switch {
	case s.later.Len() == 0 || s.inWork >= s.workers:
		return time.Hour // the end of a name wakes us
	case s.inWork == 0 && s.ready.Len() == 0 && s.later.lanes[0].held && s.later.lanes[0].at.Sub(now) > heldPatience:
		// Nothing else to do, and too long to wait: the names say so themselves.
		l := heap.Pop(&s.later).(*lane)
		for s.inWork < s.workers && l.len() > 0 {
			s.take(l, now)
		}
		if l.len() > 0 {
			heap.Push(&s.later, l)
		}
		return time.Hour
	}
	return max(0, s.later.lanes[0].at.Sub(now))
}

// hogs tells whether a lane has its share of the workers while others have names
// waiting: a quarter, as long as its names come and go; where it has no pace or is
// slow to answer, half of the free ones or its part of all. So a server that never
// answers leaves enough to the others.
func (s *schedule) hogs(l *lane, now time.Time) bool {
	if s.queued <= 1 {
		return false
	}
	share := max(1, (s.workers-s.inWork)/2, s.workers/s.queued)
	if slow := len(l.inWork) > 0 && now.Sub(l.inWork[0]) > slowAnswer; l.paced && !slow {
		share = max(share, s.workers/4)
	}
	return len(l.inWork) >= share
}

// look moves the lanes whose turn it is to the ready ones.
func (s *schedule) look(now time.Time) {
	for s.later.Len() > 0 && !s.later.lanes[0].at.After(now) {
		l := heap.Pop(&s.later).(*lane)
		p := s.paceOf(l)
		if wait := p.Wait - early(p); wait > 0 {
			l.at, l.held = now.Add(wait), p.Held
			heap.Push(&s.later, l)
			continue
		}
		l.paced = p.Interval > 0
		l.takes = time.Duration(l.len()) * max(p.Interval, 1)
		heap.Push(&s.ready, l)
	}
}

func (s *schedule) paceOf(l *lane) limit.Pace {
	if s.pace == nil || l.server == "" {
		return limit.Pace{}
	}
	return s.pace.Pace(l.server)
}

// early is how long before its turn a name is taken up: so the next one is there
// when the turn comes, and no worker waits long.
func early(p limit.Pace) time.Duration {
	if p.Held {
		return 0
	}
	return min(p.Interval/2, ahead)
}

// startNext starts a lane's next name and reckons when the one after has its turn.
func (s *schedule) startNext(l *lane, now time.Time) {
	p := s.paceOf(l)
	s.take(l, now)
	l.held = false
	l.at = now.Add(max(0, p.Wait+p.Interval-early(p)))
	if l.len() > 0 {
		heap.Push(&s.later, l)
	}
}

func (s *schedule) take(l *lane, now time.Time) {
	u := Urgent
	for l.names[u].n == 0 {
		u--
	}
	j := l.names[u].pop(u)
	s.waiting--
	if l.len() == 0 {
		s.queued--
	}
	l.inWork = append(l.inWork, now)
	s.inWork++
	s.start(ended{l, now}, j)
}

// laneHeap is a heap of lanes, for container/heap.
type laneHeap struct {
	lanes []*lane
	less  func(a, b *lane) bool
}

func (h *laneHeap) Len() int           { return len(h.lanes) }
func (h *laneHeap) Less(i, j int) bool { return h.less(h.lanes[i], h.lanes[j]) }
func (h *laneHeap) Swap(i, j int)      { h.lanes[i], h.lanes[j] = h.lanes[j], h.lanes[i] }
func (h *laneHeap) Push(x any)         { h.lanes = append(h.lanes, x.(*lane)) }
func (h *laneHeap) Pop() any {
	last := len(h.lanes) - 1
	l := h.lanes[last]
	h.lanes = h.lanes[:last]
	return l
}

// fifo is a queue of names that wait. A hundred thousand may: of each is kept what
// it is audited by, packed into blocks of text, which cost the garbage collector
// nothing and are let go once read. The line it stood in, and the note on it, were
// told when it was read.
type fifo struct {
	first, last *block
	n           int
}

// block holds, for each job, its number doubled, its name, and what was asked
// where that is not the name. An odd number marks one of the jobs that are kept as
// they are.
type block struct {
	packed []byte
	odd    []job
	next   *block
}

// blockSize is small enough for a thousand servers, each with its own.
const blockSize = 2048

func (q *fifo) push(j job) {
	var room [256]byte
	entry := pack(room[:0], j)
	if q.last == nil || len(q.last.packed)+len(entry) > cap(q.last.packed) {
		b := &block{packed: make([]byte, 0, max(blockSize, len(entry)))}
		if q.last == nil {
			q.first = b
		} else {
			q.last.next = b
		}
		q.last = b
	}
	q.last.packed = append(q.last.packed, entry...)
	if entry[0]&1 == 1 {
		q.last.odd = append(q.last.odd, j)
	}
	q.n++
}

func pack(b []byte, j job) []byte {
	// Only what reads back as the same name is kept as text.
	if name, err := freehold.ParseName(j.Name.ASCII()); err != nil || name != j.Name || j.Err != nil {
		return binary.AppendUvarint(b, uint64(j.seq)<<1|1)
	}
	b = binary.AppendUvarint(b, uint64(j.seq)<<1)
	b = packText(b, j.Name.ASCII())
	if j.Asked == j.Name.ASCII() {
		return append(b, 0)
	}
	return packText(b, j.Asked)
}

// packText writes a text after its length plus one: zero is no text, not even an
// empty one.
func packText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))+1), s...)
}

func (q *fifo) pop(u Urgency) job {
	b := q.first
	number := b.uvarint()
	j := job{seq: int(number >> 1), Urgency: u}
	if number&1 == 1 {
		j = b.odd[0]
		b.odd[0] = job{}
		b.odd = b.odd[1:]
	} else {
		ascii, _ := b.text()
		j.Name, _ = freehold.ParseName(ascii) // as it did when it was packed
		asked, other := b.text()
		if !other {
			asked = ascii
		}
		j.Asked = asked
	}
	q.n--
	if len(b.packed) == 0 {
		if q.first = b.next; q.first == nil {
			q.last = nil
		}
	}
	return j
}

func (b *block) uvarint() uint64 {
	v, n := binary.Uvarint(b.packed)
	b.packed = b.packed[n:]
	return v
}

func (b *block) text() (s string, there bool) {
	n := b.uvarint()
	if n == 0 {
		return "", false
	}
	s = string(b.packed[:n-1])
	b.packed = b.packed[n-1:]
	return s, true
}

// server is what the limiter calls the server that is asked about a name first.
func (a *Auditor) server(name freehold.Name) string {
	if base, ok := a.RDAP.Server(name); ok {
		server, _ := fetch.HostPort(base)
		return server
	}
	server, _ := a.WHOIS.Server(name)
	return server
}
