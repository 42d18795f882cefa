package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// FaultKind is a way for a server to go wrong.
type FaultKind uint8

// The kinds. Unless told otherwise each is understood by RDAP, WHOIS and name servers.
const (
	None        FaultKind = iota
	Slow                  // the right answer, after Delay
	Throttle              // told to slow down: 429 with Retry-After; EURid's grace period; a truncated answer over UDP, as response rate limiting gives
	Unavailable           // 503; SERVFAIL
	Refuse                // 403; REFUSED
	OtherName             // an answer about another name; another question
	HTML                  // a web page in place of the answer; bytes that are no DNS message
	WrongType             // the right body as text/html (RDAP only)
	WrongID               // the right answer under another message ID (name servers only)
	Empty                 // an answer without content
	Endless               // an answer that does not end (RDAP and WHOIS)
	Silent                // the question is taken and nothing is said
	Reset                 // the connection is broken off (RDAP and WHOIS)
	Gone                  // nothing listens: the connection is refused
)

var faultNames = [...]string{"none", "slow", "throttle", "unavailable", "refuse", "other-name", "html", "wrong-type", "wrong-id", "empty", "endless", "silent", "reset", "gone"}

func (k FaultKind) String() string {
	if int(k) < len(faultNames) {
		return faultNames[k]
	}
	return fmt.Sprintf("kind %d", k)
}

// FaultKindOf reads a kind's name.
func FaultKindOf(s string) (FaultKind, bool) {
	i := slices.Index(faultNames[:], s)
	return FaultKind(max(i, 0)), i >= 0
}

// Fault is what is wrong with one server.
type Fault struct {
	Server string // one of (*Lab).Servers: "registry/grandgable", "registrar/comptoir", "rir/…", "whois/eu", "dns/ns1.nordet-web.ca"
	Kind   FaultKind
	// After lets this many questions be answered well first.
	After int
	// Delay is how long a Slow server takes.
	Delay time.Duration
	// RetryAfter is what a throttling server asks for, in seconds.
	RetryAfter int
}

// server is one place that answers questions, with what is wrong with it.
type server struct {
	id    string
	start func() (stop func(), err error)

	asked atomic.Int64
	fault atomic.Pointer[fault]

	mu   sync.Mutex
	stop func() // nil while nothing listens
}

// fault is a Fault with the count of questions since it was set.
type fault struct {
	Fault
	since atomic.Int64
}

// next counts a question and returns what goes wrong with it.
func (s *server) next() Fault {
	s.asked.Add(1)
	f := s.fault.Load()
	if f == nil || f.since.Add(1) <= int64(f.After) {
		return Fault{}
	}
	return f.Fault
}

// open lets the server listen, unless it does or is Gone.
func (s *server) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.fault.Load(); s.stop != nil || f != nil && f.Kind == Gone {
		return nil
	}
	stop, err := s.start()
	s.stop = stop
	return err
}

func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// impossible lists what a kind of server cannot do.
var impossible = map[string][]FaultKind{
	"dns":       {WrongType, Endless, Reset},
	"whois":     {WrongType, WrongID},
	"registry":  {WrongID},
	"registrar": {WrongID},
	"rir":       {WrongID},
}

// Break lets a server go wrong from now on, in place of what was wrong before.
func (l *Lab) Break(f Fault) error {
	s, ok := l.servers[f.Server]
	service, _, _ := strings.Cut(f.Server, "/")
	if !ok {
		return fmt.Errorf("lab: no server %q", f.Server)
	}
	if int(f.Kind) >= len(faultNames) || slices.Contains(impossible[service], f.Kind) {
		return fmt.Errorf("lab: server %q cannot be made %q", f.Server, f.Kind)
	}
	s.fault.Store(&fault{Fault: f})
	if f.Kind == Gone {
		s.close()
		return nil
	}
	return s.open()
}

// Mend lets a server answer well again, also one that was broken from the start.
func (l *Lab) Mend(id string) error { return l.Break(Fault{Server: id, Kind: None}) }

// Servers lists every server, sorted.
func (l *Lab) Servers() []string {
	ids := make([]string, 0, len(l.servers))
	for id := range l.servers {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Asked returns how many questions a server was asked so far.
func (l *Lab) Asked(id string) int {
	if s, ok := l.servers[id]; ok {
		return int(s.asked.Load())
	}
	return 0
}

// wait lets d pass; false when ctx ends first.
func (l *Lab) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	return l.cfg.Sleep(ctx, d) == nil
}

// sleep is the wall clock's way to let time pass.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

var errClosed = errors.New("lab: closed")
