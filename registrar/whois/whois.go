// Package whois asks registries on port 43 (RFC 3912), where RDAP is not to be
// had, and reads what comes back.
//
// The protocol has no format, no encoding and no status: an answer is text for
// people. So the reader is careful rather than clever. It tells apart a name
// that is registered, one that is not, one that the registry keeps back, a
// refusal and a quota that ran out; whatever is none of these, is about another
// name or contradicts itself is "garbled" and says nothing about the name. A
// refusal beside "no entries found" is a refusal.
//
// A fact that the answer does not show is unknown; one whose line is there and
// empty is absent, unless the registry must have it; "REDACTED FOR PRIVACY" and
// its kin are redacted; what is there twice and differs is unknown.
//
// Referrals are never followed: text from outside cannot make us ask anyone.
//
//	whois.go     the client
//	exchange.go  one question over TCP, bounded, and to whom it may go
//	servers.go   which server, and servers.toml: the dated list
//	text.go      bytes → lines with key, value and the heading they stand under
//	judge.go     what kind of answer it is
//	parse.go     lines → freehold.Registration
//	words.go     the keys and phrases of the registries
//	dates.go     their dates
package whois

import (
	"cmp"
	"context"
	"net"
	"strings"
	"time"

	"freehold"
	"freehold/internal/limit"
)

// Limiter lets questions through at the pace a server bears; *limit.Limiter is one.
type Limiter interface {
	Acquire(ctx context.Context, server string) (release func(limit.Feedback), err error)
}

// Config of a Client. The zero Config knows no server.
type Config struct {
	// Servers maps a top-level domain ("eu", or a longer suffix such as "co.uk")
	// to the user's own server, "host:port" or "host". These may stand anywhere,
	// on loopback too, and go before the built-in ones.
	Servers map[string]string
	// Builtin adds the dated list in servers.toml. These must have public addresses.
	Builtin bool
	// Dial opens connections; nil dials TCP, and holds built-in servers to public
	// addresses after their names are resolved.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Limiter is shared with everything else that asks servers; nil is no limit,
	// and no second attempt.
	Limiter Limiter
	// Timeout bounds one exchange, from the look-up of the server to the last
	// octet; 0 means 15 s.
	Timeout time.Duration
	// MaxBytes is the most octets of an answer; 0 means 256 KiB. More is garbled.
	MaxBytes int
	// Now is the clock that evidence is dated by; nil means the real one.
	Now func() time.Time
}

// Client asks WHOIS servers. It is safe for concurrent use.
type Client struct {
	cfg     Config
	servers map[string]server // by suffix, lower case, without dots at the ends
}

// attempts is how often a question is put to a server that says "slow down" or
// drops the connection. The limiter waits between them.
const attempts = 3

// New makes a Client.
func New(cfg Config) *Client {
	cfg.Timeout = cmp.Or(cfg.Timeout, 15*time.Second)
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 256<<10)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Client{cfg: cfg, servers: serversOf(cfg)}
}

// Server returns the server that is asked about a name as "host:port", and
// false where none is known.
func (c *Client) Server(name freehold.Name) (hostport string, ok bool) {
	s, ok := c.serverFor(name)
	return s.hostport, ok
}

// Domain asks the registry of name. The registration carries one Ask; its
// outcome is answered where the registry said whether the name is registered or
// that it keeps it back. The evidence is the answer as it came, with a note for
// every field that was wrong or not understood; there is none where no octet of
// an answer came.
func (c *Client) Domain(ctx context.Context, name freehold.Name) (freehold.Registration, []freehold.Evidence) {
	s, ok := c.serverFor(name)
	if !ok {
		return freehold.Registration{}, nil
	}
	query := s.queryFor(name)
	var got exchange
	var a answer
	for attempt := 1; ; attempt++ {
		got, a = c.ask(ctx, s, name, query)
		if !got.again || c.cfg.Limiter == nil || attempt == attempts || ctx.Err() != nil {
			break
		}
	}
	reg := a.reg
	ask := freehold.Ask{Kind: freehold.EvidenceWHOIS, Source: "whois://" + s.hostport, Outcome: a.outcome, Error: freehold.OneLine(a.why)}
	if !got.came {
		reg.Asks = []freehold.Ask{ask}
		return reg, nil
	}
	evidence := got.evidence
	evidence.Notes = a.notes
	ask.Evidence = evidence.ID()
	reg.Asks = []freehold.Ask{ask}
	return reg, []freehold.Evidence{evidence}
}

// ask is one attempt: wait for a turn, ask, read.
func (c *Client) ask(ctx context.Context, s server, name freehold.Name, query string) (exchange, answer) {
	release := func(limit.Feedback) {}
	if c.cfg.Limiter != nil {
		var err error
		release, err = c.cfg.Limiter.Acquire(ctx, s.hostport)
		if err != nil {
			return exchange{}, notAdmitted(ctx, s, err)
		}
	}
	got, fault := c.exchange(ctx, s, query)
	if fault != nil {
		got.again = fault.reset
		release(limit.Feedback{Throttled: fault.reset})
		return got, answer{outcome: fault.outcome, why: fault.err.Error()}
	}
	a := parse(name, got.evidence.Body, got.evidence.ID())
	if a.why != "" {
		a.why = `"` + s.hostport + `" ` + a.why
	}
	got.again = a.outcome == freehold.OutcomeThrottled
	release(limit.Feedback{Throttled: got.again, RetryAfter: a.wait})
	return got, a
}

func notAdmitted(ctx context.Context, s server, err error) answer {
	if ctx.Err() != nil {
		return answer{outcome: freehold.OutcomeTimeout, why: `"` + s.hostport + `" was not asked in time`}
	}
	return answer{outcome: freehold.OutcomeThrottled, why: err.Error()}
}

// suffixes yields the suffixes of a name that a server may be known for, the
// longest first: "co.uk", then "uk".
func suffixes(name freehold.Name) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		rest := name.ASCII()
		for {
			_, after, ok := strings.Cut(rest, ".")
			if !ok || !yield(after) {
				return
			}
			rest = after
		}
	}
}
