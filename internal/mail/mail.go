// Package mail takes the desk's letters out of the house by SMTP: notices to those who
// stand on record, tokens for the mailbox on record, alarms to the house itself.
//
// A letter is plain text, says who asked what and how to object, in every language the
// house writes in, and holds nothing that is worth stealing: no transfer code, sealed
// or not, ever goes by mail (RFC 9154 §4.3 wants codes protected on their way).
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"net/textproto"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"freehold"
)

// Language is one that letters are written in.
type Language struct {
	Code    string // "fr", for Content-Language (RFC 3282)
	Speaker freehold.Speaker
}

// Config says through which server letters go, and in whose name.
type Config struct {
	// Server is host:port of a submission server (RFC 6409).
	Server string
	// TLS is "starttls", which is never left out, "tls" from the first octet on, or
	// "none", on loopback only.
	TLS            string
	User, Password string
	Roots          *x509.CertPool // nil: the system's
	From           string         // address, or "Name <address>"
	ReplyTo        string         // who reads answers; empty: From
	House          string         // gets alarms; empty: From
	Languages      []Language     // one at least; a letter has them one after the other
	// Timeout bounds one letter; 0 is half a minute.
	Timeout time.Duration
	Now     func() time.Time
	// About is what each letter ends with: who answers for the data, and the rights of
	// whoever reads it.
	About []freehold.Text
}

// Post sends letters.
type Post struct {
	c      Config
	host   string
	port   int
	domain string // of From, for identifiers
}

// A Letter is what one receiver is told.
type Letter struct {
	// ID is the same each time the letter is tried: "20261125-abcdef.2.1".
	ID      string
	To      string // empty: to the house
	Subject freehold.Text
	Body    []freehold.Text // paragraphs
	// Privacy is what follows it all, after every language: see Controller.Privacy.
	Privacy []freehold.Text
}

// New checks a configuration. Errors are of KindUsage and name what is missing.
func New(c Config) (*Post, error) {
	bad := func(t freehold.Text) error { return &freehold.Error{Kind: freehold.KindUsage, Text: t} }
	p := &Post{c: c}
	host, port, err := net.SplitHostPort(c.Server)
	if err != nil {
		return nil, bad(freehold.T("the mail server %q is no HOST:PORT", freehold.OneLine(c.Server)))
	}
	if p.host = host; host == "" {
		return nil, bad(freehold.T("the mail server %q is no HOST:PORT", freehold.OneLine(c.Server)))
	}
	if p.port, err = strconv.Atoi(port); err != nil || p.port < 1 || p.port > 65535 {
		return nil, bad(freehold.T("the mail server %q is no HOST:PORT", freehold.OneLine(c.Server)))
	}
	switch {
	case c.TLS != "starttls" && c.TLS != "tls" && c.TLS != "none":
		return nil, bad(freehold.T("%q is no way to protect mail: use starttls or tls", freehold.OneLine(c.TLS)))
	case c.TLS == "none" && !loopback(host):
		return nil, bad(freehold.T("mail goes unprotected to this machine only, not to %q", freehold.OneLine(host)))
	case len(c.Languages) == 0:
		return nil, bad(freehold.T("letters need a language"))
	}
	from, err := Address(c.From)
	if err != nil {
		return nil, bad(freehold.T("letters come from %q, which is no address", freehold.OneLine(c.From)))
	}
	for _, other := range []string{c.ReplyTo, c.House} {
		if _, err := Address(other); other != "" && err != nil {
			return nil, bad(freehold.T("%q is no address", freehold.OneLine(other)))
		}
	}
	_, p.domain, _ = strings.Cut(from, "@")
	if c.Timeout <= 0 {
		p.c.Timeout = 30 * time.Second
	}
	return p, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// Address reads one address, with or without a name before it, and returns it with its
// domain in A-labels. A part before the @ that is not ASCII is refused: it would need
// SMTPUTF8 (RFC 6531) all the way to the mailbox. Errors are of KindInvalid.
func Address(s string) (string, error) {
	bad := func(why freehold.Text) error { return &freehold.Error{Kind: freehold.KindInvalid, Text: why} }
	if strings.ContainsAny(s, "\r\n\x00") || len(s) > 320 || !utf8.ValidString(s) {
		return "", bad(freehold.T("%q is no address", freehold.OneLine(s)))
	}
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '<'); i >= 0 && strings.HasSuffix(s, ">") {
		s = s[i+1 : len(s)-1]
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || at == len(s)-1 || !dotAtom(s[:at]) { // RFC 5321 §4.5.3.1.1
		return "", bad(freehold.T("%q is no address that mail can be sent to", freehold.OneLine(s)))
	}
	domain, err := idna.Lookup.ToASCII(strings.TrimSuffix(s[at+1:], "."))
	if _, wrong := freehold.ParseHost(domain); err != nil || wrong != nil || len(domain) > 253 || !strings.Contains(domain, ".") {
		return "", bad(freehold.T("%q is no address that mail can be sent to", freehold.OneLine(s)))
	}
	return s[:at] + "@" + domain, nil
}

// dotAtom is what may stand before the @ without quotes (RFC 5322 §3.2.3). Quoted
// parts exist and are as rare as attacks that use them.
func dotAtom(s string) bool {
	if strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r)) {
			return false
		}
	}
	return true
}

// Send takes a letter to the server and returns its last word. An error of
// KindUnavailable is one to be tried again (a 4xx, no connection); others never
// arrive.
func (p *Post) Send(ctx context.Context, l Letter) (detail string, err error) {
	m, err := p.message(l)
	if err != nil {
		return "", err
	}
	client, err := p.client()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, p.c.Timeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, m); err != nil {
		return "", p.failure(err)
	}
	return "accepted by " + p.host, nil
}

func (p *Post) client() (*gomail.Client, error) {
	config := &tls.Config{ServerName: p.host, RootCAs: p.c.Roots, MinVersion: tls.VersionTLS12}
	options := []gomail.Option{gomail.WithPort(p.port), gomail.WithTimeout(p.c.Timeout), gomail.WithTLSConfig(config), gomail.WithHELO(p.domain), gomail.WithoutNoop()}
	switch p.c.TLS {
	case "tls":
		options = append(options, gomail.WithSSL())
	case "starttls":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if p.c.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(p.c.User), gomail.WithPassword(p.c.Password))
	}
	client, err := gomail.NewClient(p.host, options...)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("mail cannot be sent through %q", p.c.Server), Err: plain(err)}
	}
	return client, nil
}

// failure sorts what the server or the way to it said. A 4xx may go away (RFC 5321
// §4.2.1), and so may all that is not the server's own word.
func (p *Post) failure(err error) error {
	kind := freehold.KindUnavailable
	var sent *gomail.SendError
	var said *textproto.Error
	switch {
	case errors.As(err, &sent) && sent.ErrorCode() >= 500:
		kind = freehold.KindPermission
	case errors.As(err, &said) && said.Code >= 500 && said.Code != 535: // 535: our own password, no fault of the letter's
		kind = freehold.KindPermission
	}
	return &freehold.Error{Kind: kind, Text: freehold.T("the mail server %q did not take the letter", p.c.Server), Err: plain(err)}
}

// plain is the server's word on one line, without what we sent.
func plain(err error) error {
	var said *textproto.Error
	if errors.As(err, &said) {
		return errors.New(strconv.Itoa(said.Code) + " " + clip(freehold.OneLine(said.Msg)))
	}
	text, _, _ := strings.Cut(err.Error(), ", affected message ID")
	return errors.New(clip(freehold.OneLine(strings.TrimPrefix(text, "send failed: "))))
}

func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
