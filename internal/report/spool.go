package report

import (
	"cmp"
	"container/heap"
	"io"
	"os"
	"slices"
	"time"

	"freehold"
)

// A page that needs its whole portfolio before its first line keeps, of each
// name, a row; and of the names most in need, a rendered section in a spool. Both
// are bounded, so that a run of any length takes the same memory and makes a
// page that a browser opens.
const (
	// maxRows is how many names the list of a page has: those most in need.
	maxRows = 10_000
	// maxSections is how many names have a section of their own.
	maxSections = 500
	// maxSectionBytes ends the sections earlier where they are long.
	maxSectionBytes = 24 << 20
	// spoolMemory is how much of the spool stays in memory before a file takes it.
	spoolMemory = 1 << 20
)

// urgency orders names: the gravest finding, then the verdict, then the nearest
// date, then the order of the run.
type urgency struct {
	grade int
	due   time.Time // zero: none
	seq   int
}

// compare is negative where u is more urgent than v.
func (u urgency) compare(v urgency) int {
	if u.grade != v.grade {
		return cmp.Compare(v.grade, u.grade)
	}
	if c := compareDates(u.due, v.due); c != 0 {
		return c
	}
	return cmp.Compare(u.seq, v.seq)
}

// compareDates puts no date last.
func compareDates(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

// urgencyOf grades a result.
func urgencyOf(r *freehold.Result, seq int) urgency {
	u := urgency{seq: seq}
	worst := 0
	for i := range r.Findings {
		worst = max(worst, int(r.Findings[i].Severity)+1)
		if due := deadline(&r.Findings[i], r.At); compareDates(due, u.due) < 0 {
			u.due = due
		}
	}
	if r.Status == freehold.StatusFailed {
		worst = max(worst, int(freehold.SeverityWarning)+1)
	}
	u.grade = worst*10 + map[freehold.CanLeave]int{
		freehold.LeaveNo: 4, freehold.LeaveWithHost: 3, freehold.LeaveUnknown: 2, freehold.LeaveNotBefore: 1,
	}[r.Verdict.CanLeave]
	return u
}

// deadline is the nearest date to come that a finding speaks of; zero if it
// speaks of none.
func deadline(f *freehold.Finding, now time.Time) time.Time {
	var due time.Time
	for _, args := range [][]string{f.Why.Args, f.Remedy.Args} {
		for _, a := range args {
			if len(a) < len("2006-01-02T15:04:05Z") || len(a) > 40 || a[4] != '-' {
				continue
			}
			at, err := time.Parse(time.RFC3339, a)
			if err == nil && !at.Before(now) && compareDates(at, due) < 0 {
				due = at
			}
		}
	}
	return due
}

// piece is a section in the spool. Where it can be unfolded, open is how far into
// it the word goes that does so.
type piece struct {
	urgency
	at   int64
	len  int
	open int // 0: it stays folded
}

// ranked is anything with an urgency.
type ranked interface{ rank() urgency }

func (u urgency) rank() urgency { return u }

// most keeps the n most urgent of what it is offered; a heap with the least
// urgent on top.
type most[T ranked] struct {
	limit int
	items []T
}

func (m *most[T]) Len() int { return len(m.items) }
func (m *most[T]) Less(i, j int) bool {
	return m.items[i].rank().compare(m.items[j].rank()) > 0
}
func (m *most[T]) Swap(i, j int) { m.items[i], m.items[j] = m.items[j], m.items[i] }
func (m *most[T]) Push(x any)    { m.items = append(m.items, x.(T)) }
func (m *most[T]) Pop() any {
	last := m.items[len(m.items)-1]
	m.items = m.items[:len(m.items)-1]
	return last
}

// wants tells whether something of this urgency would be kept.
func (m *most[T]) wants(u urgency) bool {
	return len(m.items) < m.limit || u.compare(m.items[0].rank()) < 0
}

func (m *most[T]) keep(x T) {
	switch {
	case len(m.items) < m.limit:
		heap.Push(m, x)
	case m.wants(x.rank()):
		m.items[0] = x
		heap.Fix(m, 0)
	}
}

// sorted empties m, most urgent first.
func (m *most[T]) sorted() []T {
	items := m.items
	m.items = nil
	slices.SortFunc(items, func(a, b T) int { return a.rank().compare(b.rank()) })
	return items
}

// spool keeps rendered text in memory and, beyond spoolMemory, in a file of mode
// 0600 that is removed at the end, or at once where the system allows it.
type spool struct {
	buf  []byte // not yet in the file
	file *os.File
	size int64
}

// add appends text and returns where it begins.
func (s *spool) add(b []byte) (int64, error) {
	at := s.size
	s.buf = append(s.buf, b...)
	s.size += int64(len(b))
	if len(s.buf) < spoolMemory {
		return at, nil
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "freehold-report-*")
		if err != nil {
			return 0, err
		}
		s.file = f
		os.Remove(f.Name())
	}
	_, err := s.file.Write(s.buf)
	s.buf = s.buf[:0]
	return at, err
}

// copy writes n octets from at to w.
func (s *spool) copy(w io.Writer, at int64, n int) error {
	inFile := s.size - int64(len(s.buf))
	if at < inFile { // no piece lies half in the file: it takes whole ones
		_, err := io.Copy(w, io.NewSectionReader(s.file, at, int64(n)))
		return err
	}
	_, err := w.Write(s.buf[at-inFile:][:n])
	return err
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
		s.file = nil
	}
	s.buf = nil
}
