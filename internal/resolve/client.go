package resolve

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/internal/limit"
)

// A question is a name in canonical form (lower case, final dot) and a type.
type question struct {
	name  string
	qtype uint16
}

func ask(name string, qtype uint16) question { return question{dns.CanonicalName(name), qtype} }

// String returns "example.com A", as evidence is labelled.
func (q question) String() string {
	name := strings.TrimSuffix(q.name, ".")
	if name == "" {
		name = "."
	}
	return name + " " + typeName(q.qtype)
}

func typeName(t uint16) string {
	if s, ok := dns.TypeToString[t]; ok {
		return s
	}
	return fmt.Sprintf("TYPE%d", t)
}

// A reply is what one server answered to one question.
type reply struct {
	q      question
	server netip.AddrPort
	tcp    bool
	at     time.Time
	wire   []byte
	msg    *dns.Msg
}

func (r *reply) source() string { return "dns://" + r.server.String() }

func rcodeName(rcode int) string {
	if s, ok := dns.RcodeToString[rcode]; ok {
		return s
	}
	return fmt.Sprintf("RCODE%d", rcode)
}

// failure is a question without a usable answer: what an Ask says about it.
type failure struct {
	outcome freehold.Outcome
	text    string
	// reply is what came, where something came.
	reply *reply
	// server was asked last, if any was.
	server netip.AddrPort
}

func (f *failure) Error() string { return f.text }

func failed(o freehold.Outcome, format string, args ...any) *failure {
	return &failure{outcome: o, text: fmt.Sprintf(format, args...)}
}

// asFailure returns the failure in err's chain, or makes one.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return failed(freehold.OutcomeTimeout, "no answer in time")
	}
	return failed(freehold.OutcomeFailed, "%s", freehold.OneLine(err.Error()))
}

// An exchanger carries one query to one server and hands every message that
// comes back to accept, until it says true.
type exchanger interface {
	exchange(ctx context.Context, server netip.AddrPort, query []byte, tcp bool, accept func([]byte) bool) error
}

// client puts questions to servers. Each query goes from a socket of its own, so
// its source port is the kernel's random choice, with a random ID; what comes
// from another address, with another ID or to another question is not its answer
// (RFC 5452).
type client struct {
	net     exchanger
	port    uint16
	timeout time.Duration
	slots   chan struct{}
	limiter Limiter
	now     func() time.Time
	allowed func(netip.Addr) bool
	recurse bool
	known   *lru[netip.AddrPort, health]
}

// health is how a server did lately: those that answer are asked first.
type health struct {
	failures int
	took     time.Duration
}

const rememberHealth = 5 * time.Minute

func newClient(cfg Config, stub netip.AddrPort) *client {
	c := &client{net: sockets{}, port: uint16(cfg.Port), timeout: cfg.Timeout, slots: make(chan struct{}, cfg.Parallel), limiter: cfg.Limiter, now: cfg.Now,
		recurse: stub.IsValid(), known: newLRU[netip.AddrPort, health](maxKnownServers)}
	open := cfg.AllowPrivate || cfg.Hints.private || stub.IsValid()
	c.allowed = func(a netip.Addr) bool { return open || publicAddr(a) }
	return c
}

// ask puts q to one server: twice over UDP, then over TCP if the answer was cut
// off or somebody else answered; or over TCP alone. The error is a *failure.
func (c *client) ask(ctx context.Context, t *task, server netip.AddrPort, q question, tcp bool) (*reply, error) {
	if !c.allowed(server.Addr()) {
		return nil, &failure{outcome: freehold.OutcomeNone, text: server.Addr().String() + " is a private address and was not asked", server: server}
	}
	rep, err := c.attempts(ctx, t, server, q, tcp)
	if err != nil {
		f := asFailure(err)
		f.server = server
		return nil, f
	}
	return rep, nil
}

func (c *client) attempts(ctx context.Context, t *task, server netip.AddrPort, q question, tcp bool) (*reply, error) {
	edns := true
	var last error
	for tries := 0; tries < 2; tries++ {
		rep, err := c.once(ctx, t, server, q, tcp, edns)
		switch {
		case ctx.Err() != nil && err != nil:
			return nil, err
		case err != nil:
			last = err
			if f := asFailure(err); f.outcome == freehold.OutcomeGarbled {
				tcp = true // nobody but the server answers there
			} else if f.outcome != freehold.OutcomeTimeout || tcp {
				return nil, err
			}
		case rep.msg.Truncated && !tcp:
			return c.once(ctx, t, server, q, true, edns)
		case edns && (rep.msg.Rcode == dns.RcodeFormatError || rep.msg.Rcode == dns.RcodeNotImplemented) && rep.msg.IsEdns0() == nil:
			edns = false // an old server that does not know EDNS (RFC 6891 section 7)
			last = failed(freehold.OutcomeFailed, "%s", rcodeName(rep.msg.Rcode))
			if tries == 1 {
				return c.once(ctx, t, server, q, tcp, edns)
			}
		default:
			return rep, nil
		}
	}
	return nil, last
}

// once is a single query and its answer.
func (c *client) once(ctx context.Context, t *task, server netip.AddrPort, q question, tcp, edns bool) (*reply, error) {
	if err := t.query(); err != nil {
		return nil, err
	}
	if c.limiter != nil {
		release, err := c.limiter.Acquire(ctx, server.String())
		var held *limit.HeldError
		if errors.As(err, &held) {
			return nil, failed(freehold.OutcomeThrottled, "%s", held.Error())
		}
		if err != nil {
			return nil, err
		}
		defer release(limit.Feedback{})
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	id, query, err := packQuery(q, c.recurse, edns)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	ear := listener{id: id, q: q}
	began := time.Now()
	err = c.net.exchange(ctx, server, query, tcp, ear.accept)
	c.note(server, time.Since(began), err)
	if err != nil {
		return nil, ear.why(server, err)
	}
	return &reply{q: q, server: server, tcp: tcp, at: c.now(), wire: ear.wire, msg: ear.msg}, nil
}

// note remembers how the server did.
func (c *client) note(server netip.AddrPort, took time.Duration, err error) {
	now := c.now()
	if err == nil {
		c.known.put(server, health{took: took}, now.Add(rememberHealth))
		return
	}
	h, _ := c.known.get(server, now)
	h.failures++
	c.known.put(server, h, now.Add(rememberHealth))
}

// inOrder sorts servers: those that failed lately last, quick before slow, IPv4
// before IPv6. Among equals chance decides, so that the load is spread and nobody
// can tell which one is asked; a server not yet asked counts as quick.
func (c *client) inOrder(servers []netip.AddrPort) []netip.AddrPort {
	type ranked struct {
		server   netip.AddrPort
		failures int
		took     time.Duration
		family   int
	}
	now := c.now()
	rs := make([]ranked, len(servers))
	for i, s := range servers {
		h, _ := c.known.get(s, now)
		rs[i] = ranked{s, h.failures, h.took.Truncate(100 * time.Millisecond), s.Addr().BitLen()}
	}
	mathrand.Shuffle(len(rs), func(i, j int) { rs[i], rs[j] = rs[j], rs[i] })
	slices.SortStableFunc(rs, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.failures, b.failures), cmp.Compare(a.took, b.took), cmp.Compare(a.family, b.family))
	})
	out := make([]netip.AddrPort, len(rs))
	for i, r := range rs {
		out[i] = r.server
	}
	return out
}

// packQuery makes a query with a random ID and, with edns, room for 1232 octets
// and the request for signatures.
func packQuery(q question, recurse, edns bool) (uint16, []byte, error) {
	var random [2]byte
	if _, err := rand.Read(random[:]); err != nil {
		return 0, nil, err
	}
	m := new(dns.Msg)
	m.Id = binary.BigEndian.Uint16(random[:])
	m.RecursionDesired = recurse
	m.Question = []dns.Question{{Name: q.name, Qtype: q.qtype, Qclass: dns.ClassINET}}
	if edns {
		m.SetEdns0(1232, true)
	}
	wire, err := m.Pack()
	if err != nil {
		return 0, nil, failed(freehold.OutcomeFailed, "the name cannot be asked for: %s", freehold.OneLine(err.Error()))
	}
	return m.Id, wire, nil
}

// A listener tells the answer to one query from whatever else arrives.
type listener struct {
	id        uint16
	q         question
	wire      []byte
	msg       *dns.Msg
	strangers int
	unread    bool // the last one was addressed to us and could not be read
}

func (l *listener) accept(wire []byte) bool {
	msg, err := readReply(wire, l.id, l.q)
	if err != nil {
		l.strangers++
		l.unread = errors.Is(err, errUnread)
		return false
	}
	l.wire, l.msg = slices.Clone(wire), msg
	return true
}

// why makes a failure of the end of an exchange.
func (l *listener) why(server netip.AddrPort, err error) error {
	switch {
	case l.unread:
		return failed(freehold.OutcomeGarbled, "the answer cannot be read")
	case l.strangers > 0:
		return failed(freehold.OutcomeGarbled, "the answer has another ID or is to another question")
	case errors.Is(err, context.Canceled):
		return err
	case isTimeout(err):
		return failed(freehold.OutcomeTimeout, "no answer in time")
	case errors.Is(err, syscall.ECONNREFUSED):
		return failed(freehold.OutcomeFailed, "connection refused")
	case server.Addr().Is6() && (errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)):
		return failed(freehold.OutcomeNone, "this machine has no IPv6")
	}
	return failed(freehold.OutcomeFailed, "%s", freehold.OneLine(plainNetError(err)))
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
}

// plainNetError returns the innermost reason of a network error, without the
// addresses that make each one different.
func plainNetError(err error) string {
	var no syscall.Errno
	if errors.As(err, &no) {
		return no.Error()
	}
	return err.Error()
}

var (
	errStranger = errors.New("not the answer to this query")
	errUnread   = errors.New("the answer cannot be read")
)

// readReply reads a message if it is the answer to the query with id and q. It
// returns errStranger for one that is not, errUnread for one that is and does
// not parse. A truncated answer is returned with what could be read of it.
func readReply(wire []byte, id uint16, q question) (*dns.Msg, error) {
	if len(wire) < 12 || len(wire) > maxMessage || binary.BigEndian.Uint16(wire) != id {
		return nil, errStranger
	}
	const response, opcode, truncated = 0x80, 0x78, 0x02
	if wire[2]&response == 0 || wire[2]&opcode != 0 {
		return nil, errStranger
	}
	rcode := int(wire[3] & 0x0f)
	switch binary.BigEndian.Uint16(wire[4:]) {
	case 0:
		// Some servers do not repeat the question of a query they reject.
		if rcode == dns.RcodeSuccess || rcode == dns.RcodeNameError {
			return nil, errStranger
		}
	case 1:
		name, off, err := dns.UnpackDomainName(wire, 12)
		if err != nil || off+4 > len(wire) || dns.CanonicalName(name) != q.name ||
			binary.BigEndian.Uint16(wire[off:]) != q.qtype || binary.BigEndian.Uint16(wire[off+2:]) != dns.ClassINET {
			return nil, errStranger
		}
	default:
		return nil, errStranger
	}
	msg := new(dns.Msg)
	if err := msg.Unpack(wire); err != nil {
		if wire[2]&truncated == 0 {
			return nil, errUnread
		}
		msg.Truncated = true
	}
	return msg, nil
}
