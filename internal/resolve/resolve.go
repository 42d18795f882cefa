// Package resolve asks the DNS: a client that a liar cannot easily answer for, an
// iterative resolver from the root, a DNSSEC validator, and the facts about one
// name that are made of them.
//
//	client.go    one question to one server, and what counts as its answer
//	zone.go      zone cuts, the servers of a zone, its keys
//	lookup.go    a name and type followed to its end, aliases included
//	validate.go  signatures and the chain of trust; denial.go, nsec3.go what is not there
//	facts.go     all that bears on leaving about one name
//	stub.go      the same by asking one resolver of the user's
//
// What comes from the network is hostile: every count, size and depth has a cap
// (limits.go), data is believed only from servers responsible for it, and a
// public zone cannot make us ask a private address.
package resolve

import (
	"context"
	"net/netip"
	"time"

	"freehold"
	"freehold/internal/limit"
)

// Limiter spaces out the questions put to one server; *limit.Limiter is one.
type Limiter interface {
	Acquire(ctx context.Context, server string) (release func(limit.Feedback), err error)
}

// Config of a Resolver. The zero Config resolves from the public root.
type Config struct {
	// Hints is where resolution begins and what it trusts; nil means the public root.
	Hints *Hints
	// Port that name servers are asked on; 0 means 53.
	Port int
	// Resolver is a resolver of the user's, "host:port" or an address; then only it is asked.
	Resolver string
	// Timeout of one attempt at one server; 0 means 3 s. A question is put twice.
	Timeout time.Duration
	// Parallel is how many questions are under way at once; 0 means 64.
	Parallel int
	// Limiter spaces out questions per server; nil limits nothing.
	Limiter Limiter
	// Now is the clock that TTLs and signatures are read by; nil means the real one.
	Now func() time.Time
	// AllowPrivate lets loopback and private addresses be asked. It is implied
	// when the hints themselves are private.
	AllowPrivate bool
}

// Resolver resolves from the root, or through one resolver. It is safe for
// concurrent use.
type Resolver struct {
	cfg    Config
	hints  *Hints
	stub   netip.AddrPort // valid in stub mode
	client *client
	crypto verifier

	zones   *lru[string, *zone]
	cuts    *lru[string, bool] // names known to be no zone cut
	answers *lru[question, *answer]
	root    *zone
}

// New makes a Resolver. Errors are of KindInvalid.
func New(cfg Config) (*Resolver, error) {
	if cfg.Hints == nil {
		cfg.Hints = RootHints()
	}
	if cfg.Port == 0 {
		cfg.Port = 53
	}
	if cfg.Port < 0 || cfg.Port > 65535 {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%d is not a port", cfg.Port)}
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 3 * time.Second
	}
	if cfg.Parallel <= 0 {
		cfg.Parallel = 64
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	r := &Resolver{cfg: cfg, hints: cfg.Hints, crypto: standardCrypto{}}
	if cfg.Resolver != "" {
		stub, err := parseResolver(cfg.Resolver)
		if err != nil {
			return nil, err
		}
		r.stub = stub
	}
	r.client = newClient(cfg, r.stub)
	r.zones = newLRU[string, *zone](maxCachedZones)
	r.cuts = newLRU[string, bool](maxCachedAnswers)
	r.answers = newLRU[question, *answer](maxCachedAnswers)
	r.root = &zone{name: ".", servers: r.hints.servers}
	return r, nil
}

// Stub tells whether only a resolver of the user's is asked.
func (r *Resolver) Stub() bool { return r.stub.IsValid() }

// parseResolver reads "192.0.2.1:53", "[2001:db8::1]:53" or an address alone.
// A name is refused: finding its address would need the resolver it names.
func parseResolver(s string) (netip.AddrPort, error) {
	if ap, err := netip.ParseAddrPort(s); err == nil && ap.Port() != 0 {
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(a.Unmap(), 53), nil
	}
	return netip.AddrPort{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is not the address of a resolver", s),
		Advice: freehold.T("write address:port, as in 192.0.2.1:53 or [2001:db8::1]:53")}
}
