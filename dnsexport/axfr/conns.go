package axfr

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

// rest is how long a connection waits for another question; servers close what is
// idle after some seconds themselves (RFC 7766 section 6.2.3).
const rest = 2 * time.Second

// most is how many connections to one server there are at once. Name servers keep
// short queues of those that knock (BIND: ten), and what does not fit waits a second.
const most = 4

// conns bounds the connections to each server, and keeps those on which a transfer
// has ended for the next one (RFC 5936 section 4.1, RFC 7766 section 6.2). The zero
// value has none.
type conns struct {
	mu    sync.Mutex
	idle  map[string][]*idleConn
	turns map[string]chan struct{}
}

// turn waits until one more connection to a server may be used; done ends that.
func (p *conns) turn(ctx context.Context, address string) (done func(), err error) {
	p.mu.Lock()
	if p.turns == nil {
		p.turns = map[string]chan struct{}{}
	}
	t := p.turns[address]
	if t == nil {
		t = make(chan struct{}, most)
		p.turns[address] = t
	}
	p.mu.Unlock()
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type idleConn struct {
	net.Conn
	timer *time.Timer
}

// take returns a connection that waits, or nil.
func (p *conns) take(address string) net.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for all := p.idle[address]; len(all) > 0; all = p.idle[address] {
		last := all[len(all)-1]
		p.idle[address] = all[:len(all)-1]
		if last.timer.Stop() {
			return last.Conn
		}
	}
	return nil
}

func (p *conns) put(address string, c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle == nil {
		p.idle = map[string][]*idleConn{}
	}
	p.idle[address] = append(p.idle[address], &idleConn{c, time.AfterFunc(rest, func() { c.Close() })})
}

// connect returns a connection to a server, new or one that waited.
func (c *Client) connect(ctx context.Context, address string) (conn net.Conn, waited bool, err error) {
	if conn := c.conns.take(address); conn != nil {
		return conn, true, nil
	}
	conn, err = c.dial(ctx, address)
	return conn, false, err
}

// stale tells whether a connection that waited failed for having waited: the server
// closed it meanwhile, or an answer to nobody lay on it. A refusal is an answer.
func stale(ctx context.Context, err error) bool {
	var refused *refusal
	var network net.Error
	return ctx.Err() == nil && !(errors.As(err, &refused) && !refused.closed) && !(errors.As(err, &network) && network.Timeout())
}

func (c *Client) dial(ctx context.Context, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Idle)
	defer cancel()
	conn, err := c.cfg.Dial(ctx, "tcp", address)
	if err != nil || c.cfg.TLS == nil {
		return conn, err
	}
	t := c.cfg.TLS.Clone()
	t.MinVersion, t.NextProtos, t.InsecureSkipVerify = tls.VersionTLS13, []string{"dot"}, false
	if t.ServerName == "" {
		t.ServerName, _, _ = net.SplitHostPort(address)
	}
	secure := tls.Client(conn, t)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}
