// Package axfr reads whole zones from name servers: AXFR (RFC 5936) and IXFR
// (RFC 1995), with TSIG (RFC 8945) and over TLS (RFC 9103).
//
// The stream is decoded by our own reader, because a transfer is the one answer
// of the DNS without a bound: records reach the caller message by message, and
// size, count and time are limited. A transfer counts only when it is whole: it
// begins and ends with the same SOA, nothing follows, and with a key every
// octet of it is covered by a signature.
package axfr

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"freehold"
)

// Config of a Client. The zero Config asks without a key and without TLS.
type Config struct {
	Key *Key        // signs questions and proves answers; nil: none
	TLS *tls.Config // asks over TLS 1.3 (RFC 9103); nil: plain TCP
	// Idle is the longest wait for one message, and for the connection; 0 means 15 s.
	Idle time.Duration
	// Total is the longest that a transfer may take; 0 means 10 minutes.
	Total time.Duration
	// MaxRecords and MaxBytes bound a transfer; 0 means 10 million and 2 GiB.
	MaxRecords int
	MaxBytes   int64
	// Now is the clock of TSIG and of Zone.At; nil means the real one.
	Now func() time.Time
	// Dial opens the connection; nil means a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client transfers zones. It is safe for concurrent use.
type Client struct {
	cfg   Config
	conns conns
}

// New returns a Client.
func New(cfg Config) *Client {
	if cfg.Idle == 0 {
		cfg.Idle = 15 * time.Second
	}
	if cfg.Total == 0 {
		cfg.Total = 10 * time.Minute
	}
	if cfg.MaxRecords == 0 {
		cfg.MaxRecords = 10_000_000
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 2 << 30
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{}).DialContext
	}
	return &Client{cfg: cfg}
}

// Zone transfers a whole zone from server ("host:port"; without a port 53, over
// TLS 853). The records are in canonical order.
//
// Errors: KindPermission where the server refuses, KindNotFound where it does
// not have the zone, KindInvalid where what it sends is no whole zone,
// KindUnavailable where it does not answer.
func (c *Client) Zone(ctx context.Context, zone freehold.Owner, server string) (*freehold.Zone, error) {
	z := &freehold.Zone{Origin: zone, Class: freehold.ClassIN}
	left := 0
	err := c.Transfer(ctx, zone, server, func(records []freehold.Record) error {
		for _, r := range records {
			if r.Owner.Within(zone) {
				z.Records = append(z.Records, r)
			} else {
				left++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if left > 0 {
		z.Notes = append(z.Notes, freehold.ZoneNote{Text: freehold.T("%d records outside the zone were left out.", left)})
	}
	c.label(z, "axfr", server)
	z.Sort()
	return z, nil
}

// label says how z was read.
func (c *Client) label(z *freehold.Zone, how, server string) {
	over := ""
	if c.cfg.TLS != nil {
		over = " over TLS"
	}
	z.Source = how + " " + server + over
	z.At = c.cfg.Now().UTC()
	z.Coverage = freehold.CoverageTransferred
	z.Reasons = []freehold.Text{freehold.T("The server sent the whole zone, from SOA to SOA.")}
	if c.cfg.Key != nil {
		z.Reasons = append(z.Reasons, freehold.T("Every message is signed with the key %q.", c.cfg.Key.Name()))
	}
}

// Transfer asks for the whole zone and gives each message's records to each, in
// the server's order, the final SOA left out. Records are only known to be all
// once Transfer returns nil. An error of each ends the transfer.
func (c *Client) Transfer(ctx context.Context, zone freehold.Owner, server string, each func([]freehold.Record) error) error {
	var w whole
	w.zone, w.each = zone, each
	return c.run(ctx, zone, server, freehold.TypeAXFR, nil, w.message, func() string {
		return fmt.Sprintf("the transfer ended without its SOA, after %d records", w.records)
	})
}

// whole follows an AXFR from SOA to SOA.
type whole struct {
	zone    freehold.Owner
	each    func([]freehold.Record) error
	first   freehold.Record
	records int
}

// message takes the records of one message and tells whether they end the zone.
func (w *whole) message(records []freehold.Record) (done bool, err error) {
	if w.records == 0 {
		if records[0].Type != freehold.TypeSOA || !records[0].Owner.Equal(w.zone) {
			return false, fmt.Errorf("the transfer begins with a record of type %s and not with the zone's SOA", records[0].Type)
		}
		w.first = records[0]
	}
	for i, r := range records {
		if r.Type != freehold.TypeSOA || w.records+i == 0 {
			continue
		}
		switch {
		case !r.Owner.Equal(w.zone):
			return false, fmt.Errorf("an SOA of %q in the middle of the transfer", r.Owner)
		case r.Data != w.first.Data:
			return false, errors.New("the last SOA is not the first: the zone changed under the transfer")
		case i+1 < len(records):
			return false, fmt.Errorf("%d records after the last SOA", len(records)-i-1)
		}
		return true, w.each(records[:i])
	}
	w.records += len(records)
	return false, w.each(records)
}

// run asks one question and feeds the messages of the answer to take until it
// says done. cut words the error of an answer that ends before.
func (c *Client) run(ctx context.Context, zone freehold.Owner, server string, qtype freehold.RRType, authority []byte, take func([]freehold.Record) (bool, error), cut func() string) error {
	address := Address(server, c.cfg.TLS != nil)
	done, err := c.conns.turn(ctx, address)
	if err != nil {
		return failed(ctx, zone, server, err, freehold.KindUnavailable)
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Total)
	defer cancel()
	s := stream{cfg: &c.cfg, zone: zone, qtype: qtype, cut: cut}
	for {
		conn, waited, err := c.connect(ctx, address)
		if err != nil {
			return failed(ctx, zone, server, err, freehold.KindUnavailable)
		}
		err = c.ask(ctx, conn, &s, authority, take)
		if err == nil {
			c.conns.put(address, conn)
			return nil
		}
		conn.Close()
		if !waited || s.records > 0 || !stale(ctx, err) {
			return failed(ctx, zone, server, err, freehold.KindInvalid)
		}
	}
}

// ask sends the question on a connection and reads the whole answer.
func (c *Client) ask(ctx context.Context, conn net.Conn, s *stream, authority []byte, take func([]freehold.Record) (bool, error)) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	rand.Read(s.id[:])
	question := appendQuestion(nil, s.id, s.zone, s.qtype, authority)
	s.conn, s.messages, s.bytes = conn, 0, 0
	if c.cfg.Key != nil {
		question, s.proof = c.cfg.Key.sign(question, c.cfg.Now())
	}
	conn.SetDeadline(time.Now().Add(c.cfg.Idle))
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(question))), question...)); err != nil {
		return err
	}
	for {
		records, err := s.next()
		if err != nil {
			return err
		}
		done, err := take(records)
		if err == nil && done {
			err = s.finish()
		}
		if err != nil || done {
			return err
		}
	}
}

// Address completes "host" or "host:port" with the port of the service.
func Address(server string, overTLS bool) string {
	if _, _, err := net.SplitHostPort(server); err == nil {
		return server
	}
	port := "53"
	if overTLS {
		port = "853"
	}
	return net.JoinHostPort(strings.Trim(server, "[]"), port)
}

// failed makes an error of the transfer, with zone and server.
func failed(ctx context.Context, zone freehold.Owner, server string, err error, kind freehold.ErrorKind) error {
	e := &freehold.Error{Kind: kind, Text: freehold.T("transfer of %q from %s", strings.TrimSuffix(zone.String(), "."), server)}
	var refused *refusal
	var network net.Error
	var given *freehold.Error
	switch {
	case errors.As(err, &refused):
		e.Kind, e.Advice = refused.kind(), refused.advice()
	case ctx.Err() == context.DeadlineExceeded:
		e.Kind, err = freehold.KindUnavailable, errors.New("it does not end: the time allowed is over")
	case ctx.Err() != nil:
		e.Kind, err = freehold.KindUnavailable, errors.New("interrupted")
	case errors.As(err, &given):
		return err // of the caller's own making
	case errors.As(err, &network) && network.Timeout():
		e.Kind, err = freehold.KindUnavailable, errors.New("the server does not answer")
	case errors.As(err, new(*net.OpError)):
		e.Kind = freehold.KindUnavailable
	}
	e.Err = err
	return e
}

// stream reads the messages of one answer.
type stream struct {
	conn  net.Conn
	cfg   *Config
	id    [2]byte
	zone  freehold.Owner
	qtype freehold.RRType
	proof *verifier
	cut   func() string

	buf      []byte
	scratch  []byte
	messages int
	records  int
	bytes    int64
}

// next reads one message and returns its records, at least one.
func (s *stream) next() ([]freehold.Record, error) {
	var length [2]byte
	s.conn.SetDeadline(time.Now().Add(s.cfg.Idle))
	if _, err := io.ReadFull(s.conn, length[:]); err != nil {
		return nil, s.ended(err)
	}
	n := int(binary.BigEndian.Uint16(length[:]))
	if cap(s.buf) < n {
		s.buf = make([]byte, max(n, min(1<<16, 2*n))) // most zones are small
	}
	msg := s.buf[:n]
	if _, err := io.ReadFull(s.conn, msg); err != nil {
		return nil, s.ended(err)
	}
	if s.bytes += int64(n) + 2; s.bytes > s.cfg.MaxBytes {
		return nil, fmt.Errorf("it does not end: more than %d octets", s.cfg.MaxBytes)
	}
	s.messages++
	return s.decode(msg)
}

func (s *stream) decode(msg []byte) ([]freehold.Record, error) {
	if len(msg) < 12 || msg[0] != s.id[0] || msg[1] != s.id[1] || msg[2]&0x80 == 0 {
		return nil, fmt.Errorf("message %d is no answer to the question", s.messages)
	}
	rcode := int(msg[3] & 15)
	if s.proof != nil {
		if err := s.proof.check(msg, s.cfg.Now()); err != nil {
			var r *refusal
			if rcode != 0 && s.messages == 1 && !errors.As(err, &r) { // an unsigned refusal is one too; later ones prove nothing
				return nil, &refusal{rcode: rcode}
			}
			return nil, fmt.Errorf("message %d: %w", s.messages, err)
		}
	}
	if rcode != 0 {
		return nil, &refusal{rcode: rcode}
	}
	if msg[2]&0x02 != 0 {
		return nil, fmt.Errorf("message %d says that it is cut", s.messages)
	}
	records, scratch, err := decodeAnswer(msg, s.scratch, s.zone, s.qtype)
	s.scratch = scratch
	if err != nil {
		return nil, fmt.Errorf("message %d: %w", s.messages, err)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("message %d has no records", s.messages)
	}
	if s.records += len(records); s.records > s.cfg.MaxRecords {
		return nil, fmt.Errorf("it does not end: more than %d records", s.cfg.MaxRecords)
	}
	return records, nil
}

func (s *stream) ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		if s.messages == 0 {
			return &refusal{closed: true}
		}
		return errors.New(s.cut())
	}
	return err
}

// finish makes sure that the last message is signed where a key is used.
func (s *stream) finish() error {
	if s.proof != nil {
		return s.proof.end()
	}
	return nil
}

// What a refusal says, as far as people meet it: the catalogues have these words.
var _ = []freehold.Text{
	freehold.T("the server closed the connection without an answer"),
	freehold.T("the server says that our signature is wrong (BADSIG)"),
	freehold.T("the server does not know our key (BADKEY)"),
	freehold.T("the server says that our clock is wrong (BADTIME)"),
	freehold.T("the server answers SERVFAIL"),
	freehold.T("the server answers NXDOMAIN"),
	freehold.T("the server answers NOTIMP"),
	freehold.T("the server answers REFUSED"),
	freehold.T("the server answers NOTAUTH"),
	freehold.T("the server does not answer"),
}

// refusal is an answer that says no.
type refusal struct {
	rcode  int
	tsig   int // the TSIG error (RFC 8945 section 3), where there is one
	closed bool
}

func (r *refusal) Error() string {
	switch {
	case r.closed:
		return "the server closed the connection without an answer"
	case r.tsig == 16:
		return "the server says that our signature is wrong (BADSIG)"
	case r.tsig == 17:
		return "the server does not know our key (BADKEY)"
	case r.tsig == 18:
		return "the server says that our clock is wrong (BADTIME)"
	case r.tsig != 0:
		return fmt.Sprintf("the server refuses our signature (TSIG error %d)", r.tsig)
	}
	if name := rcodes[r.rcode]; name != "" {
		return "the server answers " + name
	}
	return fmt.Sprintf("the server answers with code %d", r.rcode)
}

var rcodes = map[int]string{1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH"}

func (r *refusal) kind() freehold.ErrorKind {
	switch {
	case r.tsig != 0, r.rcode == 5:
		return freehold.KindPermission
	case r.rcode == 9, r.rcode == 3:
		return freehold.KindNotFound
	}
	return freehold.KindUnavailable
}

func (r *refusal) advice() freehold.Text {
	switch {
	case r.tsig == 18:
		return freehold.T("set this machine's clock")
	case r.tsig != 0:
		return freehold.T("compare name, algorithm and secret of the key with the server's")
	case r.rcode == 5, r.closed:
		return freehold.T("the server's operator must allow transfers to your address or key")
	case r.rcode == 9:
		return freehold.T("this server does not serve the zone, or wants a key")
	}
	return freehold.Text{}
}
