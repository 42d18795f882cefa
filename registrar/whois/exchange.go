package whois

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"freehold"
	"freehold/internal/fetch"
)

// exchange is what one connection brought.
type exchange struct {
	evidence freehold.Evidence
	came     bool // the server ended the answer itself, or sent some of one
	again    bool // asking again may help
}

// fault is an exchange that brought no whole answer.
type fault struct {
	outcome freehold.Outcome
	reset   bool // the server dropped the connection: it may want us slower
	err     *freehold.Error
}

// exchange sends one query line and reads until the server closes (RFC 3912
// section 2). The connection is not half-closed after the query: some servers
// take that for a client that has gone.
func (c *Client) exchange(ctx context.Context, s server, query string) (exchange, *fault) {
	bounded, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	got := exchange{evidence: freehold.Evidence{Kind: freehold.EvidenceWHOIS, Source: "whois://" + s.hostport, Query: query}}
	conn, err := c.dial(bounded, s)
	if err != nil {
		return got, c.failed(bounded, ctx, s, err)
	}
	defer conn.Close()
	// Closing is what ends a blocked read, whatever kind of connection Dial made.
	stop := context.AfterFunc(bounded, func() { conn.Close() })
	defer stop()
	if _, err := io.WriteString(conn, query+"\r\n"); err != nil {
		return got, c.failed(bounded, ctx, s, err)
	}
	body, err := io.ReadAll(io.LimitReader(conn, int64(c.cfg.MaxBytes)+1))
	tooMuch := len(body) > c.cfg.MaxBytes
	if tooMuch {
		body = body[:c.cfg.MaxBytes]
	}
	e := &got.evidence
	e.Body, e.Truncated, e.Time = body, err != nil || tooMuch, c.cfg.Now()
	got.came = err == nil || len(body) > 0
	switch {
	case tooMuch:
		e.Status = "cut off"
		return got, &fault{outcome: freehold.OutcomeGarbled, err: unavailable(s, "sent more than "+strconv.Itoa(c.cfg.MaxBytes)+" octets", nil)}
	case err != nil:
		// A list may have been cut in the middle, so nothing of it is read.
		f := c.failed(bounded, ctx, s, err)
		e.Status = f.outcome.String()
		return got, f
	}
	e.Status = "closed"
	return got, nil
}

// dial opens the connection. For servers that the user did not name, every
// address is checked as it is dialled, after the name was resolved: what was
// checked is what is connected to.
func (c *Client) dial(ctx context.Context, s server) (net.Conn, error) {
	if c.cfg.Dial != nil {
		return c.cfg.Dial(ctx, "tcp", s.hostport)
	}
	dialer := &net.Dialer{}
	if !s.named {
		dialer.ControlContext = publicOnly
	}
	return dialer.DialContext(ctx, "tcp", s.hostport)
}

func publicOnly(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !fetch.IsPublic(ap.Addr()) {
		return &privateAddressError{address}
	}
	return nil
}

type privateAddressError struct{ address string }

func (e *privateAddressError) Error() string {
	return "the address behind it is not public: " + e.address
}

// failed turns an error of the connection into an outcome and a sentence.
func (c *Client) failed(bounded, ctx context.Context, s server, err error) *fault {
	var private *privateAddressError
	var dns *net.DNSError
	switch {
	case errors.As(err, &private):
		return &fault{outcome: freehold.OutcomeRefused, err: &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("%q is not asked", s.hostport), Err: private}}
	case ctx.Err() != nil:
		return &fault{outcome: freehold.OutcomeTimeout, err: unavailable(s, "did not answer before the time was up", nil)}
	case bounded.Err() != nil:
		return &fault{outcome: freehold.OutcomeTimeout, err: unavailable(s, "did not answer within "+c.cfg.Timeout.String(), nil)}
	case errors.As(err, &dns):
		return &fault{outcome: freehold.OutcomeFailed, err: unavailable(s, "has no address", errors.New(dns.Err))}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &fault{outcome: freehold.OutcomeFailed, reset: true, err: unavailable(s, "dropped the connection", nil)}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &fault{outcome: freehold.OutcomeFailed, err: unavailable(s, "refuses connections", nil)}
	}
	return &fault{outcome: freehold.OutcomeFailed, err: unavailable(s, "cannot be asked", err)}
}

func unavailable(s server, what string, err error) *freehold.Error {
	return &freehold.Error{Kind: freehold.KindUnavailable, Msg: `"` + strings.ToValidUTF8(s.hostport, "?") + `" ` + what, Err: err}
}
