// Package providerapi is what the APIs of DNS providers and registrars have in
// common: JSON over HTTPS to one base that the user named, with a secret in a
// header, bounded in size and time, and errors that tell what the provider said
// without telling the secret.
package providerapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// Config says which API, and how to prove who asks.
type Config struct {
	Provider string // for errors: "PowerDNS"
	Base     string // https, or http at a loopback address
	// Header and Secret are sent with every request: "X-API-Key" and the key.
	// Scheme stands before the secret: "Bearer".
	Header, Scheme, Secret string
	// Sign proves who asks where a header is not enough. body is what is sent.
	Sign func(r *http.Request, body []byte) error
	// Secrets are further words that no error may repeat.
	Secrets []string
	// Refused looks into answers with a status of success for a refusal, as some
	// APIs give it, and returns the provider's words.
	Refused func(body []byte) (said string, refused bool)
	Timeout time.Duration // of one request; 0 is 30 seconds
	MaxBody int64         // of one answer, in bytes; 0 is 64 MiB
	// Acquire waits for the limiter's leave; nil is none.
	Acquire func(ctx context.Context, server string) (release func(), err error)
	// Wait sleeps before a request is tried again; nil is the real clock.
	Wait func(ctx context.Context, d time.Duration) error
	// Transport replaces the network in tests.
	Transport http.RoundTripper
}

// Client asks one API.
type Client struct {
	config Config
	base   *url.URL
	http   *http.Client
}

// A StatusError is an answer with a status that says no.
type StatusError struct {
	Status  int
	Message string // the provider's words, one line, without the secret
}

func (e *StatusError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("status %d", e.Status)
	}
	return fmt.Sprintf("status %d: %s", e.Status, e.Message)
}

// New checks the base and makes a client. Redirects are not followed: a base that
// moved is the user's to know.
func New(c Config) (*Client, error) {
	base, err := url.Parse(c.Base)
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is not the address of an API", freehold.OneLine(c.Base)), Advice: freehold.T("give a URL such as %s", "https://api.example/v1")}
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())) {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q would carry the key in clear", freehold.OneLine(c.Base)), Advice: freehold.T("use https; http is for this machine alone")}
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 64 << 20
	}
	if c.Wait == nil {
		c.Wait = realWait
	}
	transport := c.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	return &Client{config: c, base: base, http: &http.Client{Transport: transport, Timeout: c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// A Request is one question to the API.
type Request struct {
	Method string
	Path   string // below the base, already escaped, with its query
	Body   []byte
	Type   string // of the body; empty: JSON
	Accept string // empty: JSON
	// Reads: it changes nothing, whatever its method, and may be asked again.
	Reads bool
	// Hide is what the answer's words may repeat and no error may: a transfer code.
	Hide []byte
}

// An Answer is what came back, with a status of success.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends in as JSON, where it is not nil, and reads the answer into out, where
// that is not nil. path is below the base and already escaped. A status of 300 or
// more is an error that wraps a *StatusError.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	body, err := c.Raw(ctx, method, path, in)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return c.fail(freehold.KindUnavailable, method, path, errNoJSON)
	}
	return nil
}

var errNoJSON = &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("its answer is not the JSON it promises")}

// Raw is Do for answers that are not JSON.
func (c *Client) Raw(ctx context.Context, method, path string, in any) ([]byte, error) {
	var payload []byte
	if in != nil {
		var err error
		if payload, err = json.Marshal(in); err != nil {
			return nil, c.fail(freehold.KindInternal, method, path, err)
		}
	}
	answer, err := c.Send(ctx, Request{Method: method, Path: path, Body: payload})
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// How often and how long a throttled or broken API is asked again.
const (
	maxTries = 5
	maxPause = time.Minute
)

// Send sends a request. Where the API says that it is asked too often, the request
// is sent again after the time that it names; where it or the way to it is broken,
// again only if the request reads.
func (c *Client) Send(ctx context.Context, q Request) (*Answer, error) {
	q.Reads = q.Reads || q.Method == http.MethodGet
	pause := time.Second
	for try := 1; ; try++ {
		answer, again, err := c.once(ctx, q)
		if err == nil || !again || try == maxTries || answer == nil && try == 2 || ctx.Err() != nil {
			return answer, err
		}
		wait := pause
		if answer != nil {
			wait = max(wait, retryAfter(answer.Header))
		}
		if wait > maxPause {
			return nil, err // it asks for more patience than a run has
		}
		if c.config.Wait(ctx, wait) != nil {
			return nil, err
		}
		pause *= 2
	}
}

// once sends a request once, and tells whether it may be sent again.
func (c *Client) once(ctx context.Context, q Request) (answer *Answer, again bool, err error) {
	if c.config.Acquire != nil {
		release, err := c.config.Acquire(ctx, c.base.Host)
		if err != nil {
			return nil, false, c.fail(freehold.KindUnavailable, q.Method, q.Path, err)
		}
		defer release()
	}
	r, err := c.request(ctx, q)
	if err != nil {
		return nil, false, err
	}
	got, err := c.http.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address, which the message has
		}
		return nil, q.Reads, c.fail(freehold.KindUnavailable, q.Method, q.Path, err)
	}
	defer got.Body.Close()
	answer = &Answer{Status: got.StatusCode, Header: got.Header}
	answer.Body, err = io.ReadAll(io.LimitReader(got.Body, c.config.MaxBody+1))
	switch {
	case err != nil:
		return answer, q.Reads, c.fail(freehold.KindUnavailable, q.Method, q.Path, err)
	case int64(len(answer.Body)) > c.config.MaxBody:
		return answer, false, c.fail(freehold.KindUnavailable, q.Method, q.Path, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("its answer is longer than %d bytes", c.config.MaxBody)})
	case got.StatusCode >= 300:
		throttled := got.StatusCode == http.StatusTooManyRequests
		return answer, throttled || q.Reads && got.StatusCode >= 500, c.fail(kindOf(got.StatusCode), q.Method, q.Path, &StatusError{got.StatusCode, c.Scrub(message(answer.Body), q.Hide)})
	}
	if c.config.Refused != nil {
		if said, refused := c.config.Refused(answer.Body); refused {
			return answer, false, c.fail(freehold.KindInvalid, q.Method, q.Path, &StatusError{got.StatusCode, c.Scrub(said, q.Hide)})
		}
	}
	return answer, false, nil
}

func (c *Client) request(ctx context.Context, q Request) (*http.Request, error) {
	var body io.Reader
	if q.Body != nil {
		body = bytes.NewReader(q.Body)
	}
	r, err := http.NewRequestWithContext(ctx, q.Method, strings.TrimSuffix(c.base.String(), "/")+q.Path, body)
	if err != nil {
		return nil, c.fail(freehold.KindInvalid, q.Method, q.Path, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the path is broken")})
	}
	r.Header.Set("Accept", cmp.Or(q.Accept, "application/json"))
	if q.Body != nil {
		r.Header.Set("Content-Type", cmp.Or(q.Type, "application/json"))
	}
	if c.config.Header != "" {
		r.Header.Set(c.config.Header, strings.TrimPrefix(c.config.Scheme+" "+c.config.Secret, " "))
	}
	if c.config.Sign != nil {
		if err := c.config.Sign(r, q.Body); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// retryAfter reads how long the server asks to wait (RFC 9110 section 10.2.3, in
// seconds; a date is answered by our own pause).
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get("Retry-After")))
	if err != nil || n < 0 || n > 1<<20 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// Wait waits as the client does between two tries.
func (c *Client) Wait(ctx context.Context, d time.Duration) error { return c.config.Wait(ctx, d) }

func realWait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func kindOf(status int) freehold.ErrorKind {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return freehold.KindPermission
	case status == http.StatusNotFound:
		return freehold.KindNotFound
	case status >= 400 && status < 500 && status != http.StatusTooManyRequests:
		return freehold.KindInvalid
	}
	return freehold.KindUnavailable
}

// message finds what an error document says: the usual members of the usual APIs.
func message(body []byte) string {
	var doc struct {
		Error, Message, Detail, Title any
		Errors                        []any
	}
	if json.Unmarshal(body, &doc) != nil {
		var of struct {
			Message string `xml:"Error>Message"`
		}
		// What is neither JSON nor XML says nothing that is worth telling.
		_ = xml.Unmarshal(body, &of)
		return of.Message
	}
	for _, m := range append([]any{doc.Error, doc.Message, doc.Detail, doc.Title}, doc.Errors...) {
		switch m := m.(type) {
		case string:
			if m != "" {
				return m
			}
		case map[string]any:
			if s, ok := m["message"].(string); ok && s != "" {
				return s
			}
		}
	}
	return ""
}

// Scrub takes the secrets, and hide, out of what the provider said, and bounds it.
func (c *Client) Scrub(said string, hide []byte) string {
	for _, secret := range append([]string{c.config.Secret, string(hide)}, c.config.Secrets...) {
		if secret != "" {
			said = strings.ReplaceAll(said, secret, "[secret]")
		}
	}
	said = freehold.OneLine(said)
	if len(said) > 300 {
		said = strings.ToValidUTF8(said[:300], "") + "…"
	}
	return said
}

func (c *Client) fail(kind freehold.ErrorKind, method, path string, err error) error {
	e := &freehold.Error{Kind: kind, Text: freehold.T("%s did not do %q", c.config.Provider, freehold.OneLine(method+" "+path)), Err: err}
	if kind == freehold.KindPermission {
		e.Advice = freehold.T("check the key and what it is allowed to do")
	}
	return e
}
