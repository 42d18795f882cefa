// Package fetch is HTTP that cannot be lured elsewhere. A registry's answer
// names the next server to ask, and anyone can write a registry-like answer, so
// every URL is held to a Policy: https to public servers on a list, and nothing
// else; http and private addresses only below the bases that the user named.
// The URL is checked, then the address behind its name as it is dialled, then
// every redirect.
//
// Bodies, headers and time are bounded. TLS is always verified. Proxies from
// the environment are not used: a proxy would resolve the name for us, and the
// check of its address would mean nothing.
package fetch

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"

	"freehold"
	"freehold/internal/limit"
)

// Config of a Client. The zero Config is usable.
type Config struct {
	// UserAgent is sent with every request: "freehold/1.2 (+https://…)".
	UserAgent string
	// MaxBody is the most octets of a body, after decompression; 0 means 1 MiB.
	MaxBody int64
	// MaxHeader is the most octets of a response header; 0 means 64 KiB.
	MaxHeader int64
	// Timeout bounds one attempt, from the look-up of the name to the last octet; 0 means 15 s.
	Timeout time.Duration
	// Patience is the longest that one Get waits, all attempts together, for a
	// server that says "slow down"; 0 means 30 s.
	Patience time.Duration
	// Attempts is how often a request is sent when the server says "slow down"
	// or drops the connection; 0 means 3.
	Attempts int
	// Redirects is the most redirects followed; 0 means 3.
	Redirects int
	// Parallel is how many requests the caller puts to one server at a time:
	// so many connections are kept open for reuse; 0 means 64.
	Parallel int
	// Limiter is shared with everything else that asks servers; nil means one of its own.
	Limiter *limit.Limiter
	// Now is the wall clock for Response.Time and for Retry-After; nil means the real one.
	Now func() time.Time
	// SawDate is told what time a server says it is, with every answer that says
	// so; nil means nobody is. It is called from many goroutines.
	SawDate func(host string, theirs time.Time)
	// Resolver looks up names; nil means the system's.
	Resolver *net.Resolver

	roots  *x509.CertPool        // tests: who signs certificates
	public func(netip.Addr) bool // tests: IsPublic
}

// Client asks HTTP servers. It is safe for concurrent use.
type Client struct {
	cfg   Config
	open  *http.Transport // below bases the user named: any address
	guard *http.Transport // everything else: public addresses only

	watch     watch
	userAgent []string // the header's value, shared by all requests
	headers   sync.Map // of plain requests, by what they accept: the program's own few constants
}

// New makes a Client.
func New(cfg Config) *Client {
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "freehold")
	cfg.MaxBody = cmp.Or(cfg.MaxBody, 1<<20)
	cfg.MaxHeader = cmp.Or(cfg.MaxHeader, 64<<10)
	cfg.Timeout = cmp.Or(cfg.Timeout, 15*time.Second)
	cfg.Patience = cmp.Or(cfg.Patience, 30*time.Second)
	cfg.Attempts = cmp.Or(cfg.Attempts, 3)
	cfg.Redirects = cmp.Or(cfg.Redirects, 3)
	cfg.Parallel = cmp.Or(cfg.Parallel, 64)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Limiter == nil {
		cfg.Limiter = limit.New(limit.Config{})
	}
	if cfg.public == nil {
		cfg.public = IsPublic
	}
	c := &Client{cfg: cfg, watch: watch{timeout: cfg.Timeout}, userAgent: []string{cfg.UserAgent}}
	c.open, c.guard = c.transport(nil), c.transport(c.refusePrivate)
	return c
}

// Limiter returns the limiter in use.
func (c *Client) Limiter() *limit.Limiter { return c.cfg.Limiter }

// Close ends the connections that are kept for reuse.
func (c *Client) Close() {
	c.open.CloseIdleConnections()
	c.guard.CloseIdleConnections()
}

type control func(ctx context.Context, network, address string, _ syscall.RawConn) error

func (c *Client) transport(check control) *http.Transport {
	dialer := &net.Dialer{Resolver: c.cfg.Resolver, KeepAlive: 30 * time.Second, ControlContext: check}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.cfg.roots},
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // readBody inflates
		MaxIdleConns:           512,
		MaxIdleConnsPerHost:    c.cfg.Parallel,
		IdleConnTimeout:        0, // a timer set and stopped for every request costs more; the bound above and the servers end idle ones
		TLSHandshakeTimeout:    c.cfg.Timeout,
		MaxResponseHeaderBytes: c.cfg.MaxHeader,
	}
}

// refusePrivate runs for every address as it is dialled, after the name was
// looked up: what was checked is what is connected to.
func (c *Client) refusePrivate(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !c.cfg.public(ap.Addr()) {
		return &privateAddressError{address}
	}
	return nil
}

type privateAddressError struct{ address string }

func (e *privateAddressError) Error() string {
	return "the address behind it is not public: " + e.address
}

// Request is one question.
type Request struct {
	URL    string
	Policy Policy
	// Accept is the media types wanted; empty means any.
	Accept string
	// ETag and LastModified make the request conditional: 304 says nothing changed.
	ETag, LastModified string
	// MaxBody replaces Config.MaxBody where it is set.
	MaxBody int64
}

// Response is what came back. It is filled as far as the exchange got, with an
// error beside it or not.
type Response struct {
	Outcome      freehold.Outcome
	Status       int    // HTTP status, 0 if none came
	URL          string // the one that answered, after redirects
	ContentType  string
	ETag         string
	LastModified string
	Expires      time.Time // from Cache-Control or Expires; zero if neither says
	Body         []byte
	Truncated    bool // more came than is kept
	Time         time.Time
}

// Get asks for a URL. The error is nil exactly where the outcome is answered,
// which 2xx, 304 and 404 are; it is a *freehold.Error on one line without the
// query's secrets, for there are none.
func (c *Client) Get(ctx context.Context, req Request) (Response, error) {
	u, err := url.Parse(req.URL)
	if err != nil {
		return c.end(Response{URL: req.URL, Outcome: freehold.OutcomeRefused}, invalid(req.URL, freehold.T("it is no URL")))
	}
	var from *url.URL
	var began time.Time // when the first server was asked; a clock read for nothing costs as much as a look-up
	for hop := 0; ; hop++ {
		x := exchange{url: u, shown: req.URL, server: hostPort(u), req: &req}
		if hop > 0 {
			x.shown = u.String()
		}
		if x.named, err = req.Policy.check(u, from, x.server); err != nil {
			return c.end(Response{URL: x.shown, Outcome: freehold.OutcomeRefused}, err)
		}
		resp, location, err := c.ask(ctx, &x, &began)
		if err != nil || location == "" {
			return c.end(resp, err)
		}
		if hop == c.cfg.Redirects {
			resp.Outcome = freehold.OutcomeGarbled
			return c.end(resp, unavailable(freehold.T("%q redirects too often", shown(u.Host)), nil))
		}
		next, err := u.Parse(location)
		if err != nil {
			resp.Outcome = freehold.OutcomeGarbled
			return c.end(resp, unavailable(freehold.T("%q redirects to what is no URL", shown(u.Host)), nil))
		}
		next.Fragment = ""
		from, u = u, next
	}
}

func (c *Client) end(r Response, err error) (Response, error) {
	r.Time = c.cfg.Now()
	return r, err
}

// exchange is one question to one server.
type exchange struct {
	url    *url.URL
	shown  string // the URL as text
	server string // "host:port"
	named  bool   // below a base that the user named
	req    *Request
}

// ask puts the request to one server, again where that may help. What is left of
// the patience with a whole Get, which began then, bounds its waits.
func (c *Client) ask(ctx context.Context, x *exchange, began *time.Time) (resp Response, location string, err error) {
	for attempt := 1; ; attempt++ {
		patience := c.cfg.Patience
		if now := c.cfg.Now(); began.IsZero() {
			*began = now
		} else {
			patience -= now.Sub(*began)
		}
		release, held := c.cfg.Limiter.AcquireWithin(ctx, x.server, patience)
		if held != nil {
			if attempt == 1 {
				resp = Response{URL: x.shown}
				resp.Outcome, err = c.notAdmitted(ctx, x.url, held)
			}
			return resp, "", err // of an earlier attempt: what the server said last
		}
		var feedback limit.Feedback
		resp, location, feedback, err = c.once(ctx, x)
		release(feedback)
		if !feedback.Throttled || attempt == c.cfg.Attempts || ctx.Err() != nil {
			return resp, location, err
		}
	}
}

func (c *Client) notAdmitted(ctx context.Context, u *url.URL, err error) (freehold.Outcome, error) {
	if ctx.Err() != nil {
		return freehold.OutcomeTimeout, unavailable(freehold.T("%q was not asked in time", shown(u.Host)), nil)
	}
	return freehold.OutcomeThrottled, &freehold.Error{Kind: freehold.KindUnavailable, Msg: err.Error(), Advice: throttleHint}
}

var throttleHint = freehold.T("ask again later, or more slowly with --rate")

// once is one exchange with one server.
func (c *Client) once(ctx context.Context, x *exchange) (resp Response, location string, f limit.Feedback, err error) {
	attempt, under := c.watch.start(ctx)
	defer c.watch.stop(under)
	u := x.url
	resp = Response{URL: x.shown}
	transport := c.guard
	if x.named {
		transport = c.open
	}
	hr, err := transport.RoundTrip(c.request(attempt, x))
	if err != nil {
		resp.Outcome, err = c.failed(ctx, attempt, u, err)
		return resp, "", limit.Feedback{Throttled: wasReset(err)}, err
	}
	defer hr.Body.Close()
	resp.Status = hr.StatusCode
	resp.readHeader(hr.Header, c.cfg.Now)
	if c.cfg.SawDate != nil {
		if theirs, err := http.ParseTime(hr.Header.Get("Date")); err == nil {
			c.cfg.SawDate(u.Host, theirs)
		}
	}
	if isRedirect(hr.StatusCode) {
		if location = hr.Header.Get("Location"); location != "" {
			return resp, location, f, nil
		}
	}
	most := cmp.Or(x.req.MaxBody, c.cfg.MaxBody)
	resp.Body, resp.Truncated, err = readBody(hr, most)
	switch {
	case err != nil:
		resp.Outcome, err = c.failed(ctx, attempt, u, err)
		f.Throttled = wasReset(err)
	case resp.Truncated:
		resp.Outcome = freehold.OutcomeGarbled
		err = unavailable(freehold.T("%q sent an answer larger than %s", shown(u.Host), size(most)), nil)
	default:
		resp.Outcome, err = judge(u, hr.StatusCode)
	}
	if hr.StatusCode == http.StatusTooManyRequests || hr.StatusCode == http.StatusServiceUnavailable {
		f.Throttled, f.RetryAfter = true, retryAfter(hr.Header.Get("Retry-After"), c.cfg.Now())
	}
	return resp, "", f, err
}

func (c *Client) request(ctx context.Context, x *exchange) *http.Request {
	header := c.header(x.req)
	r := http.Request{Method: http.MethodGet, URL: x.url, Host: x.url.Host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	return r.WithContext(ctx)
}

var acceptEncoding = []string{"gzip"}

// header returns the fields of a request. A transport only reads them
// (http.RoundTripper), so requests that want the same share one set.
func (c *Client) header(req *Request) http.Header {
	plain := req.ETag == "" && req.LastModified == ""
	if plain {
		if shared, ok := c.headers.Load(req.Accept); ok {
			return shared.(http.Header)
		}
	}
	header := http.Header{"User-Agent": c.userAgent, "Accept-Encoding": acceptEncoding}
	for _, h := range [...]struct{ key, value string }{{"Accept", req.Accept}, {"If-None-Match", req.ETag}, {"If-Modified-Since", req.LastModified}} {
		if h.value != "" {
			header[h.key] = []string{h.value}
		}
	}
	if plain {
		c.headers.Store(req.Accept, header)
	}
	return header
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// judge turns a status into an outcome (RFC 7480 section 5).
func judge(u *url.URL, status int) (freehold.Outcome, error) {
	switch {
	case status >= 200 && status < 300, status == http.StatusNotModified, status == http.StatusNotFound:
		return freehold.OutcomeAnswered, nil
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		err := unavailable(freehold.T("%q asks us to slow down", shown(u.Host)), nil)
		err.Advice = throttleHint
		return freehold.OutcomeThrottled, err
	case status >= 400 && status < 500:
		return freehold.OutcomeRefused, unavailable(freehold.T("%q refuses to say: %s", shown(u.Host), statusText(status)), nil)
	case status >= 500:
		return freehold.OutcomeFailed, unavailable(freehold.T("%q failed: %s", shown(u.Host), statusText(status)), nil)
	}
	return freehold.OutcomeGarbled, unavailable(freehold.T("%q answered with %s", shown(u.Host), statusText(status)), nil)
}

// failed turns an error of the connection into an outcome and a sentence.
func (c *Client) failed(ctx, attempt context.Context, u *url.URL, err error) (freehold.Outcome, error) {
	var private *privateAddressError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &private):
		return freehold.OutcomeRefused, &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("%q is not asked", shown(u.String())), Err: private}
	case ctx.Err() != nil:
		return freehold.OutcomeTimeout, unavailable(freehold.T("%q did not answer before the time was up", shown(u.Host)), nil)
	case context.Cause(attempt) == errTimeout:
		return freehold.OutcomeTimeout, unavailable(freehold.T("%q did not answer within %s", shown(u.Host), c.cfg.Timeout), nil)
	case errors.As(err, &dns):
		return freehold.OutcomeFailed, unavailable(freehold.T("%q has no address", shown(u.Host)), errors.New(dns.Err))
	case errors.As(err, &cert):
		return freehold.OutcomeFailed, unavailable(freehold.T("%q has no valid certificate", shown(u.Host)), cert.Err)
	case errors.As(err, &record):
		return freehold.OutcomeFailed, unavailable(freehold.T("%q does not speak TLS", shown(u.Host)), nil)
	case wasReset(err):
		return freehold.OutcomeFailed, unavailable(freehold.T("%q dropped the connection", shown(u.Host)), syscall.ECONNRESET)
	case errors.Is(err, syscall.ECONNREFUSED):
		return freehold.OutcomeFailed, unavailable(freehold.T("%q refuses connections", shown(u.Host)), nil)
	}
	return freehold.OutcomeFailed, unavailable(freehold.T("%q cannot be asked", shown(u.Host)), err)
}

func unavailable(what freehold.Text, err error) *freehold.Error {
	return &freehold.Error{Kind: freehold.KindUnavailable, Text: what, Err: err}
}
