// Package limit is the one limiter that everything which asks a server goes
// through: RDAP, WHOIS and DNS alike, so that a registry which counts its
// services in one quota sees one polite client.
//
// It works per server. A server that says "slow down" (429, 503, a reset
// connection) is left alone for as long as it asked, then tried with a single
// request, and asked more slowly from then on; other servers never wait for it.
// Without a rate and without a complaint it costs a lock and a map look-up.
package limit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"freehold"
)

// Bounds of the adaptive part. They are ours: RFC 7480 section 5.5 only says
// that a client should slow down.
const (
	slowestRate = 1.0 / 60 // requests a second: one a minute is the slowest we become
	firstSlow   = 2.0      // requests a second after the first complaint, where nothing was measured
	fastEnough  = 100.0    // requests a second: pacing above this is no pacing
	window      = 10 * time.Second
	recovery    = time.Minute // the rate grows by half in each
	growth      = 1.5
	firstHold   = time.Second // without a Retry-After: 1 s, 2 s, 4 s…
	longestOwn  = time.Minute // …up to this
)

// Config of a Limiter. The zero Config limits nothing until a server complains.
type Config struct {
	// Rate is the most requests a second put to one server; 0 is no limit.
	Rate float64
	// RateOf gives a server a rate of its own; nil means Rate for all. It is asked
	// once for each server remembered.
	RateOf func(server string) float64
	// Patience is the longest that Acquire waits for a server that asked to be
	// left alone; 0 means 30 s.
	Patience time.Duration
	// MaxHold caps what a Retry-After can ask for; 0 means 10 minutes. A server
	// cannot make us forget it for a day with one header.
	MaxHold time.Duration
	// MaxServers bounds the servers remembered; 0 means 4096.
	MaxServers int
	// Now and Timer are the clock; nil means the real one. Timer returns a
	// channel that delivers once after d, and a function that ends it early.
	Now   func() time.Time
	Timer func(d time.Duration) (<-chan time.Time, func())
}

// Feedback is how a request ended, as far as the server's load is concerned.
type Feedback struct {
	// Throttled: the server told us to slow down (429, 503, a reset connection).
	Throttled bool
	// RetryAfter is how long the server asked us to stay away; 0 if it did not say.
	RetryAfter time.Duration
}

// HeldError says that a server is held back for longer than the caller waits.
type HeldError struct {
	Server string
	For    time.Duration // how much longer it is held
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%q asked us to slow down; it is left alone for %s more", freehold.OneLine(e.Server), e.For.Round(time.Second))
}

// Limiter limits requests per server. It is safe for concurrent use.
type Limiter struct {
	cfg     Config
	mu      sync.Mutex
	servers map[string]*server
}

// server is what is remembered of one server.
type server struct {
	name     string
	limit    float64 // the configured rate
	inFlight int
	waiting  int
	last     time.Time // when it was last asked or released

	next time.Time // the first free slot, where requests are paced

	// Adaptive part. rate 0 is "as configured".
	rate      float64
	rateSince time.Time // from when rate grows again
	until     time.Time // left alone until then
	complaint int       // complaints in a row
	epoch     uint64    // counts complaints acted upon
	probing   bool      // after a complaint: one request at a time until one succeeds
	probe     bool      // that one is under way
	changed   chan struct{}

	// How fast it was asked lately, to know what was too fast.
	windowFrom time.Time
	count      int
}

// New makes a Limiter.
func New(cfg Config) *Limiter {
	if cfg.Patience == 0 {
		cfg.Patience = 30 * time.Second
	}
	if cfg.MaxHold == 0 {
		cfg.MaxHold = 10 * time.Minute
	}
	if cfg.MaxServers == 0 {
		cfg.MaxServers = 4096
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Timer == nil {
		cfg.Timer = func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTimer(d)
			return t.C, func() { t.Stop() }
		}
	}
	return &Limiter{cfg: cfg, servers: map[string]*server{}}
}

// Acquire waits for a turn at a server ("host:port") and returns the function
// that gives it back with how the request went; it must be called once.
// The errors are ctx's own, and *HeldError when the server asked to be left
// alone for longer than the configured patience. Waiting for a slot of the rate
// is no matter of patience: it is progress, and only ctx ends it.
func (l *Limiter) Acquire(ctx context.Context, name string) (release func(Feedback), err error) {
	return l.AcquireWithin(ctx, name, l.cfg.Patience)
}

// AcquireWithin is Acquire with a patience of the caller's.
func (l *Limiter) AcquireWithin(ctx context.Context, name string, patience time.Duration) (release func(Feedback), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.cfg.Now()
	s := l.get(name, now)
	deadline := now.Add(patience)
	var mine slot
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		wait, why := s.turn(now, &mine)
		switch {
		case why == free:
			return l.admit(s, now), nil
		case why == held && now.Add(wait).After(deadline):
			return nil, &HeldError{Server: name, For: wait}
		case why == probed && !now.Before(deadline):
			return nil, &HeldError{Server: name}
		case why == probed:
			wait = deadline.Sub(now) // the end of the probe wakes us earlier
		}
		if err := l.sleep(ctx, s, wait); err != nil {
			return nil, err
		}
		now = l.cfg.Now()
	}
}

// A slot is a moment reserved for one caller where requests are paced. A
// complaint voids those given before it.
type slot struct {
	at    time.Time
	epoch uint64
}

// why says what a caller waits for.
type why uint8

const (
	free   why = iota // nothing
	paced             // its slot
	held              // the server asked to be left alone
	probed            // another caller's single request decides first
)

// turn tells how long to wait, and for what.
func (s *server) turn(now time.Time, mine *slot) (time.Duration, why) {
	if wait := s.until.Sub(now); wait > 0 {
		return wait, held
	}
	if s.probing {
		if s.probe {
			return 0, probed
		}
		return 0, free
	}
	rate := s.currentRate(now)
	if rate <= 0 {
		return 0, free
	}
	if mine.at.IsZero() || mine.epoch != s.epoch {
		*mine = slot{at: s.next, epoch: s.epoch}
		if mine.at.Before(now) {
			mine.at = now
		}
		s.next = mine.at.Add(interval(rate))
	}
	if wait := mine.at.Sub(now); wait > 0 {
		return wait, paced
	}
	return 0, free
}

// currentRate is the rate in force: the configured one, or a slower one that a
// complaint brought, growing back with time. 0 is no limit.
func (s *server) currentRate(now time.Time) float64 {
	if s.rate == 0 {
		return s.limit
	}
	for now.Sub(s.rateSince) >= recovery {
		s.rateSince = s.rateSince.Add(recovery)
		s.rate *= growth
		if s.rate >= fastEnough || s.limit > 0 && s.rate >= s.limit {
			s.rate = 0
			return s.limit
		}
	}
	return s.rate
}

// admit lets one request through and returns its release.
func (l *Limiter) admit(s *server, now time.Time) func(Feedback) {
	s.inFlight++
	s.last = now
	if now.Sub(s.windowFrom) > window {
		s.windowFrom, s.count = now, 0
	}
	s.count++
	probe := s.probing
	if probe {
		s.probe = true
		s.next = now.Add(interval(s.currentRate(now))) // the one that follows it is paced from here
	}
	epoch := s.epoch
	var once sync.Once
	return func(f Feedback) { once.Do(func() { l.release(s, epoch, probe, f) }) }
}

func (l *Limiter) release(s *server, epoch uint64, probe bool, f Feedback) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.cfg.Now()
	s.inFlight--
	s.last = now
	if f.Throttled {
		l.complain(s, now, epoch, f.RetryAfter)
	}
	if probe {
		s.probe = false
		if !f.Throttled {
			s.probing, s.complaint = false, 0
		}
		s.wake()
	} else if !f.Throttled && !s.probing {
		s.complaint = 0
	}
}

// complain holds the server back. Requests that were already under way when an
// earlier complaint came belong to the same burst: they can lengthen the hold,
// not slow the rate again.
func (l *Limiter) complain(s *server, now time.Time, epoch uint64, asked time.Duration) {
	hold := min(asked, l.cfg.MaxHold)
	if epoch == s.epoch {
		s.epoch++
		if hold <= 0 {
			hold = min(firstHold<<min(s.complaint, 10), longestOwn)
		}
		s.complaint++
		s.rate, s.rateSince = s.slower(now), now.Add(hold)
		s.windowFrom, s.count = now, 0
	}
	if until := now.Add(hold); until.After(s.until) {
		s.until = until
	}
	s.probing = true
	s.next = s.until
	s.wake()
}

// slower halves the rate in force, or where there was none the rate measured.
func (s *server) slower(now time.Time) float64 {
	if rate := s.currentRate(now); rate > 0 {
		return max(rate/2, slowestRate)
	}
	measured := float64(s.count) / max(now.Sub(s.windowFrom).Seconds(), 1)
	return max(measured/2, firstSlow)
}

// wake lets everyone who waits for this server look again.
func (s *server) wake() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// sleep gives up the lock until d has passed, the server changed or ctx ended.
func (l *Limiter) sleep(ctx context.Context, s *server, d time.Duration) error {
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	changed := s.changed
	s.waiting++
	c, stop := l.cfg.Timer(d)
	l.mu.Unlock()
	defer func() {
		stop()
		l.mu.Lock()
		s.waiting--
	}()
	select {
	case <-c:
	case <-changed:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// get returns the record of a server, making room for a new one where needed.
func (l *Limiter) get(name string, now time.Time) *server {
	if s, ok := l.servers[name]; ok {
		return s
	}
	if len(l.servers) >= l.cfg.MaxServers {
		l.forget(now)
	}
	s := &server{name: name, limit: l.rateOf(name), windowFrom: now, last: now}
	l.servers[name] = s
	return s
}

func (l *Limiter) rateOf(name string) float64 {
	if l.cfg.RateOf != nil {
		return l.cfg.RateOf(name)
	}
	return l.cfg.Rate
}

// forget drops a quarter of the servers that nobody is using: first those that
// owe us nothing, then the longest unused. It never drops one in use, so the
// bound can be exceeded by the number of requests under way.
func (l *Limiter) forget(now time.Time) {
	var idle []*server
	for _, s := range l.servers {
		if s.inFlight == 0 && s.waiting == 0 {
			idle = append(idle, s)
		}
	}
	slices.SortFunc(idle, func(a, b *server) int {
		if ha, hb := a.slowed(now), b.slowed(now); ha != hb {
			if hb {
				return -1
			}
			return 1
		}
		return a.last.Compare(b.last)
	})
	for _, s := range idle[:min(len(idle), max(1, l.cfg.MaxServers/4))] {
		delete(l.servers, s.name)
	}
}

// slowed tells whether the server is held back or being tried again.
func (s *server) slowed(now time.Time) bool { return s.probing || s.until.After(now) }

// Throttled lists the servers that are held back now or have not answered since,
// in order.
func (l *Limiter) Throttled() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.cfg.Now()
	var names []string
	for _, s := range l.servers {
		if s.slowed(now) {
			names = append(names, s.name)
		}
	}
	slices.Sort(names)
	return names
}

// Hold tells for how much longer a server is held back; 0 if it can be asked.
// Work for other servers can be done first.
func (l *Limiter) Hold(name string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.servers[name]
	if !ok {
		return 0
	}
	return max(0, s.until.Sub(l.cfg.Now()))
}

// Pace is how a server can be asked at a moment.
type Pace struct {
	// Wait is how long until its next turn; 0 if it can be asked now.
	Wait time.Duration
	// Interval is the time between two turns; 0 is no limit.
	Interval time.Duration
	// Held: it asked to be left alone, or is being tried again with one request.
	Held bool
}

// probeLook is how soon to look again at a server that one request is trying:
// nobody knows when that will end.
const probeLook = 200 * time.Millisecond

// Pace tells when a server can be asked, without taking a turn: whoever has work
// for many servers does it for those whose turn it is, instead of waiting for one.
func (l *Limiter) Pace(name string) Pace {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.cfg.Now()
	s, ok := l.servers[name]
	if !ok {
		return Pace{Interval: interval(l.rateOf(name))}
	}
	p := Pace{Interval: interval(s.currentRate(now)), Held: s.slowed(now)}
	switch {
	case s.until.After(now):
		p.Wait = s.until.Sub(now)
	case s.probing && s.probe:
		p.Wait = probeLook
	case !s.probing && p.Interval > 0:
		p.Wait = max(0, s.next.Sub(now))
	}
	if s.probing {
		p.Interval = max(p.Interval, probeLook)
	}
	return p
}

func interval(rate float64) time.Duration {
	if rate <= 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / rate)
}
