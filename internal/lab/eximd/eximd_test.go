package eximd

import (
	"crypto/x509"
	"io"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/mail"
	"freehold/internal/report"
)

var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func start(t *testing.T) *Server {
	t.Helper()
	if _, err := exec.LookPath(Program); err != nil {
		t.Skip("exim4 is not on this machine")
	}
	if os.Getuid() != 0 {
		t.Skip("exim takes mail as root only")
	}
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func config(t *testing.T, s *Server) mail.Config {
	t.Helper()
	pem, err := os.ReadFile(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c := mail.Config{Server: s.Addr, TLS: "starttls", User: User, Password: Password, Roots: roots, From: "Guichet d'Ormalis <desk@ormalis.example>", ReplyTo: "desk@ormalis.example",
		House: "alarm@ormalis.example", Now: func() time.Time { return now }}
	for _, code := range []string{"fr", "de", "en"} {
		speaker, err := report.SpeakerFor(code)
		if err != nil {
			t.Fatal(err)
		}
		c.Languages = append(c.Languages, mail.Language{Code: code, Speaker: speaker})
	}
	return c
}

// TestLetter: a letter goes through a real server, over TLS that is checked and with a
// password, and is what it should be on the other side.
func TestLetter(t *testing.T) {
	s := start(t)
	post, err := mail.New(config(t, s))
	if err != nil {
		t.Fatal(err)
	}
	letter := mail.Letter{ID: "20261125-abcdef.2.1", To: "rosa@zürich-früchte.example", Subject: freehold.T("none of ours: %s", "Abegg Früchte\r\nBcc: all@thief.example"),
		Body: []freehold.Text{freehold.T("It is good until %s UTC, once.", "2026-11-26 09:00"), freehold.T("%s", ".\r\nQUIT\r\nMAIL FROM:<thief@thief.example>")}}
	if said, err := post.Send(t.Context(), letter); err != nil || said != "accepted by 127.0.0.1" {
		t.Fatalf("%q, %v", said, err)
	}
	all, err := s.Mail()
	if err != nil || len(all) != 1 {
		t.Fatalf("%d letters, %v", len(all), err)
	}
	m, err := netmail.ReadMessage(strings.NewReader(all[0]))
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{"Message-Id": "<freehold.20261125-abcdef.2.1@ormalis.example>", "To": "<rosa@xn--zrich-frchte-dlbh.example>", "Auto-Submitted": "auto-generated",
		"Date": "Wed, 25 Nov 2026 09:00:00 +0000", "Content-Language": "fr, de, en", "Bcc": "", "Reply-To": "<desk@ormalis.example>"} {
		if got := m.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if !strings.HasPrefix(m.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("it is %s", m.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(body), "\r\n", "\n")
	for _, want := range []string{"2026-11-26 09:00", ".  QUIT  MAIL FROM:<thief@thief.example>"} {
		if strings.Count(text, want) != 3 {
			t.Errorf("%q is not in it three times:\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if len([]rune(line)) > 79 {
			t.Errorf("a line of %d characters: %q", len([]rune(line)), line)
		}
	}
}

// TestRefusals: what may pass is told from what never will.
func TestRefusals(t *testing.T) {
	s := start(t)
	whole := config(t, s)
	for _, c := range []struct {
		name string
		to   string
		as   func(*mail.Config)
		kind freehold.ErrorKind
		says string
	}{
		{"greylisted", "later@post.example", nil, freehold.KindUnavailable, "greylisted, come back later"},
		{"unknown user", "nobody@post.example", nil, freehold.KindPermission, "no such user"},
		{"no login", "rosa@post.example", func(c *mail.Config) { c.User = "" }, freehold.KindPermission, "log in first"},
		{"wrong password", "rosa@post.example", func(c *mail.Config) { c.Password = "guessed" }, freehold.KindUnavailable, "535"},
		{"unknown authority", "rosa@post.example", func(c *mail.Config) { c.Roots = x509.NewCertPool() }, freehold.KindUnavailable, "certificate"},
		{"nobody listens", "rosa@post.example", func(c *mail.Config) { c.Server = "127.0.0.1:1" }, freehold.KindUnavailable, "refused"},
		{"two addresses", "rosa@post.example, thief@thief.example", nil, freehold.KindInvalid, "no address that mail can be sent to"},
		{"a header in the address", "rosa@post.example\r\nBcc: thief@thief.example", nil, freehold.KindInvalid, "is no address"},
		{"before the @ not ASCII", "rosé@post.example", nil, freehold.KindInvalid, "no address that mail can be sent to"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := whole
			if c.as != nil {
				c.as(&config)
			}
			post, err := mail.New(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = post.Send(t.Context(), mail.Letter{ID: "k.1.1", To: c.to, Subject: freehold.T("%s", "x"), Body: []freehold.Text{freehold.T("%s", "x")}})
			if err == nil || freehold.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, kind %v; want %v with %q", err, freehold.KindOf(err), c.kind, c.says)
			}
			if err != nil && strings.Contains(err.Error(), Password) {
				t.Error("the password is in the error")
			}
		})
	}
	if all, err := s.Mail(); err != nil || len(all) != 0 {
		t.Errorf("%d letters went out, %v", len(all), err)
	}
}
