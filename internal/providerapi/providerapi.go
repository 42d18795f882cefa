// Package providerapi is what the APIs of DNS providers and registrars have in
// common: JSON over HTTPS to one base that the user named, with a secret in a
// header, bounded in size and time, and errors that tell what the provider said
// without telling the secret.
package providerapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"freehold"
)

// Config says which API, and how to prove who asks.
type Config struct {
	Provider string // for errors: "PowerDNS"
	Base     string // https, or http at a loopback address
	// Header and Secret are sent with every request: "X-API-Key" and the key.
	Header, Secret string
	Timeout        time.Duration // of one request; 0 is 30 seconds
	MaxBody        int64         // of one answer, in bytes; 0 is 64 MiB
	// Acquire waits for the limiter's leave; nil is none.
	Acquire func(ctx context.Context, server string) (release func(), err error)
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
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: `"` + freehold.OneLine(c.Base) + `" is not the address of an API`, Hint: "give a URL such as https://api.example/v1"}
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())) {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: `"` + freehold.OneLine(c.Base) + `" would carry the key in clear`, Hint: "use https; http is for this machine alone"}
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 64 << 20
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

// Do sends in as JSON, where it is not nil, and reads the answer into out, where
// that is not nil. path is below the base and already escaped. A status of 400 or
// more is an error that wraps a *StatusError.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	body, err := c.Raw(ctx, method, path, in)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return c.fail(freehold.KindUnavailable, method, path, errors.New("its answer is not the JSON it promises"))
	}
	return nil
}

// Raw is Do for answers that are not JSON.
func (c *Client) Raw(ctx context.Context, method, path string, in any) ([]byte, error) {
	var payload io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, c.fail(freehold.KindInternal, method, path, err)
		}
		payload = bytes.NewReader(b)
	}
	if c.config.Acquire != nil {
		release, err := c.config.Acquire(ctx, c.base.Host)
		if err != nil {
			return nil, c.fail(freehold.KindUnavailable, method, path, err)
		}
		defer release()
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.base.String(), "/")+path, payload)
	if err != nil {
		return nil, c.fail(freehold.KindInvalid, method, path, errors.New("the path is broken"))
	}
	r.Header.Set("Accept", "application/json")
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.config.Header != "" {
		r.Header.Set(c.config.Header, c.config.Secret)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address, which the message has
		}
		return nil, c.fail(freehold.KindUnavailable, method, path, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, c.config.MaxBody+1))
	switch {
	case err != nil:
		return nil, c.fail(freehold.KindUnavailable, method, path, err)
	case int64(len(body)) > c.config.MaxBody:
		return nil, c.fail(freehold.KindUnavailable, method, path, fmt.Errorf("its answer is longer than %d bytes", c.config.MaxBody))
	case answer.StatusCode >= 300:
		return nil, c.fail(kindOf(answer.StatusCode), method, path, &StatusError{answer.StatusCode, c.scrub(message(body))})
	}
	return body, nil
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
		return ""
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

// scrub takes the secret out of what the provider said, and bounds it.
func (c *Client) scrub(said string) string {
	if c.config.Secret != "" {
		said = strings.ReplaceAll(said, c.config.Secret, "[secret]")
	}
	said = freehold.OneLine(said)
	if len(said) > 300 {
		said = strings.ToValidUTF8(said[:300], "") + "…"
	}
	return said
}

func (c *Client) fail(kind freehold.ErrorKind, method, path string, err error) error {
	e := &freehold.Error{Kind: kind, Msg: c.config.Provider + ` did not do "` + freehold.OneLine(method+" "+path) + `"`, Err: err}
	if kind == freehold.KindPermission {
		e.Hint = "check the key and what it is allowed to do"
	}
	return e
}
