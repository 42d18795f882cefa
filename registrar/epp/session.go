package epp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"freehold"
)

// Config says which registry to talk to, and as whom.
type Config struct {
	Addr string // host:port; the port of RFC 5734 is 700
	// TLS holds the client certificate that the registry asks for and the roots
	// that vouch for it. Its verification is never off.
	TLS      *tls.Config
	User     string
	Password freehold.TransferCode // a secret as a code is
	// NewPassword, where set, replaces Password with this log-in.
	NewPassword freehold.TransferCode
	// Want lists the extensions to use where the registry offers them; nil is all
	// that this package can read.
	Want []string
	// Timeout bounds each exchange; 0 is 30 seconds.
	Timeout time.Duration
	// ID makes the transaction identifiers unique among the sessions of an account:
	// "work-3-20261125T120000Z". At most 40 characters.
	ID string
	// dial replaces the TLS connection in tests.
	dial func(context.Context) (net.Conn, error)
}

// ErrOutcomeUnknown is wrapped by the error of a command that was sent and not
// answered: whether the registry did it is not known. Look before repeating it;
// after the setting of a code, set a fresh one.
var ErrOutcomeUnknown = errors.New("whether the registry did it is not known")

// A Session is one logged-in connection. Commands run one at a time, whoever
// calls; after an error that is not the registry's answer it is over.
type Session struct {
	Greeting Greeting

	mu     sync.Mutex
	conn   net.Conn
	config Config
	count  int
	broken error
}

// Dial connects, reads the greeting and logs in. An account may hold only so many
// sessions: End gives one back.
func Dial(ctx context.Context, c Config) (*Session, error) {
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if len(c.ID) > 40 {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "a session's identifier has more than 40 characters"}
	}
	dial := c.dial
	if dial == nil {
		dial = c.dialTLS
	}
	conn, err := dial(ctx)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: `cannot reach the registry at "` + freehold.OneLine(c.Addr) + `"`, Err: err}
	}
	s := &Session{conn: conn, config: c}
	if err := s.start(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

func (c Config) dialTLS(ctx context.Context) (net.Conn, error) {
	config := &tls.Config{}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	config.InsecureSkipVerify = false
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: c.Timeout}, Config: config}
	return d.DialContext(ctx, "tcp", c.Addr)
}

func (s *Session) start(ctx context.Context) error {
	defer s.until(ctx)()
	doc, err := ReadFrame(s.conn, maxFrame)
	if err != nil {
		return &freehold.Error{Kind: freehold.KindUnavailable, Msg: `no greeting from "` + freehold.OneLine(s.config.Addr) + `"`, Err: err}
	}
	if s.Greeting, err = parseGreeting(doc); err != nil {
		return err
	}
	if !slices.Contains(s.Greeting.Objects, nsDomain) {
		return &freehold.Error{Kind: freehold.KindInvalid, Msg: `"` + freehold.OneLine(s.config.Addr) + `" serves no domain names by RFC 5731`}
	}
	want := s.config.Want
	if want == nil {
		want = []string{nsRGP, nsSecDNS, SecureAuthInfo}
	}
	var extensions []string
	for _, e := range want {
		if slices.Contains(s.Greeting.Extensions, e) {
			extensions = append(extensions, e)
		}
	}
	in := login(s.config.User, s.config.Password, s.config.NewPassword, s.Greeting.Objects, extensions)
	r, err := s.exchange(in)
	if err != nil {
		return err
	}
	return r.Err(in)
}

// until makes the connection end its waiting with the context or the timeout,
// whichever is first. The returned function undoes it.
func (s *Session) until(ctx context.Context) func() {
	deadline := time.Now().Add(s.config.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	s.conn.SetDeadline(deadline)
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { s.conn.SetDeadline(time.Unix(1, 0)); close(ended) })
	return func() {
		if !stop() {
			<-ended // or it would cut the next command short
		}
	}
}

// Do runs a command. It returns the response even where that is a refusal, beside
// the error that says so. An error that wraps ErrOutcomeUnknown means that the
// command may have been done.
func (s *Session) Do(ctx context.Context, c Command) (*Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: c.subject() + " was not sent: the session is over", Err: s.broken}
	}
	if err := ctx.Err(); err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: c.subject() + " was not sent", Err: err}
	}
	defer s.until(ctx)()
	r, err := s.exchange(c)
	if err != nil {
		s.broken = errors.New("an earlier command got no answer")
		s.conn.Close()
		return nil, err
	}
	if r.Code.Closes() {
		s.broken = errors.New("the registry closed it")
		s.conn.Close()
	}
	return r, r.Err(c)
}

// exchange sends a command and reads its answer.
func (s *Session) exchange(c Command) (*Response, error) {
	s.count++
	id := s.config.ID + "-" + strconv.Itoa(s.count)
	doc := c.build(id)
	err := WriteFrame(s.conn, doc)
	clear(doc)
	if err != nil {
		return nil, s.lost(c, err)
	}
	answer, err := ReadFrame(s.conn, maxFrame)
	if err != nil {
		return nil, s.lost(c, err)
	}
	r, err := ParseResponse(answer)
	if err != nil {
		return nil, s.lost(c, err)
	}
	// A registry repeats our identifier (RFC 5730 §2.6). Another one belongs to
	// another command: the two sides are out of step, and every later answer would
	// be taken for the wrong command's.
	if r.ClientID != "" && r.ClientID != id {
		return nil, s.lost(c, garbled("it answers another command"))
	}
	return r, nil
}

// lost is the error of a command without a readable answer.
func (s *Session) lost(c Command, err error) error {
	if errors.Is(err, net.ErrClosed) {
		err = errors.New("the connection is closed")
	}
	e := &freehold.Error{Kind: freehold.KindUnavailable, Msg: c.subject() + " got no answer", Err: err}
	if c.changes {
		e.Err = fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
		e.Hint = "ask the registry how it stands before repeating it"
	}
	return e
}

// Keep sends a hello, which keeps an idle session open (RFC 5730 §2.3).
func (s *Session) Keep(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	defer s.until(ctx)()
	err := WriteFrame(s.conn, hello())
	var doc []byte
	if err == nil {
		doc, err = ReadFrame(s.conn, maxFrame)
	}
	if err == nil {
		_, err = parseGreeting(doc)
	}
	if err != nil {
		s.broken = err
		s.conn.Close()
		return &freehold.Error{Kind: freehold.KindUnavailable, Msg: "the registry does not answer", Err: err}
	}
	return nil
}

// End logs out and closes. It may be called at any time, and again.
func (s *Session) End(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil
	}
	defer s.until(ctx)()
	s.exchange(logout()) // the answer changes nothing: the session is over either way
	s.broken = errors.New("it was ended")
	return s.conn.Close()
}
