package mail_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/mail"
	"freehold/internal/report"
)

var start = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

var house = mail.Controller{Name: "Rhodanum SA, Ruelle du Lac 3, 1800 Vevey", Contact: "donnees@rhodanum.example", Phone: "+41 21 000 00 00"}

func config(t testing.TB, languages ...string) mail.Config {
	t.Helper()
	c := mail.Config{Server: "127.0.0.1:25", TLS: "none", From: "Guichet <desk@rhodanum.example>", Now: func() time.Time { return start }, About: house.About()}
	for _, code := range languages {
		speaker, err := report.SpeakerFor(code)
		if err != nil {
			t.Fatal(err)
		}
		c.Languages = append(c.Languages, mail.Language{Code: code, Speaker: speaker})
	}
	return c
}

func letterCase(t testing.TB) freehold.Case {
	t.Helper()
	name, err := freehold.ParseName("früchte-abegg.ch")
	if err != nil {
		t.Fatal(err)
	}
	return freehold.Case{ID: "20261125-abcdef", Request: freehold.Request{Name: name, Act: freehold.ActCode, FirstRequest: start.Add(-time.Hour)}}
}

// TestLetters holds every letter in every language to testdata, where a person has
// read it; UPDATE_GOLDEN=1 writes what there is.
func TestLetters(t *testing.T) {
	about := mail.About{ID: "20261125-abcdef.1.1", To: "rosa@post.example", Case: letterCase(t), By: start.AddDate(0, 0, 5)}
	said := freehold.T("Somebody asks us to do this with %s: %m. If that is not as you want it, tell us at once and give the number %s.", about.Case.Name.Unicode(), "hand over its transfer code", about.Case.ID)
	moving := freehold.T("%s is being moved to another registrar with the code that was handed over here. If that is not as you want it, tell us at once and give the number %s.", about.Case.Name.Unicode(), about.Case.ID)
	alarm := freehold.T("%s is being moved to %q, and nobody was given a code here.", about.Case.Name.Unicode(), "gainer-7")
	notice := house.Notice(about, said)
	notice.Privacy = house.Privacy([]mail.Kept{{What: "decision", Days: 456}, {What: "check", Days: 456}, {What: "contact", Days: 90}, {What: "document"}})
	for name, letter := range map[string]mail.Letter{
		"notice":   notice,
		"transfer": house.Transfer(about, moving),
		"alarm":    house.Alarm(about, alarm),
		"token":    house.Token(about, "ab2c d3ef gh4j k5mn", freehold.T("It is good until %s UTC, once.", "2026-11-26 09:00")),
	} {
		for _, code := range report.Langs {
			t.Run(name+" "+code, func(t *testing.T) {
				post, err := mail.New(config(t, code))
				if err != nil {
					t.Fatal(err)
				}
				got, err := post.Preview(letter)
				if err != nil {
					t.Fatal(err)
				}
				path := "testdata/" + name + "." + code + ".txt"
				if os.Getenv("UPDATE_GOLDEN") != "" {
					if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}

// TestNothingInjected: what a stranger may have written into a case stays on its line,
// and never becomes a format, a header or another paragraph.
func TestNothingInjected(t *testing.T) {
	post, err := mail.New(config(t, "fr", "de", "en"))
	if err != nil {
		t.Fatal(err)
	}
	for _, hostile := range []string{
		"\r\nBcc: all@thief.example", "\nSubject: other", "x\r\n\r\nSay yes", "%s %d %q %m %!", "{{.}} ${PATH} <%= 1 %>", "=?utf-8?q?=0D=0ABcc:_x?=",
		"\u202eelpmaxe", "\u2028Bcc: x", "\x00\x1b[31m", "_______\n\nother language", strings.Repeat("w", 5000),
	} {
		c := letterCase(t)
		letter := house.Notice(mail.About{ID: "k.1.1", To: "rosa@post.example", Case: c}, freehold.T("%s", hostile))
		letter.Subject = freehold.T("%s", hostile)
		plain, err := post.Preview(house.Notice(mail.About{ID: "k.1.1", To: "rosa@post.example", Case: c}, freehold.T("%s", "w")))
		if err != nil {
			t.Fatal(err)
		}
		got, err := post.Preview(letter)
		if err != nil {
			t.Errorf("%q: %v", hostile, err)
			continue
		}
		if a, b := strings.Count(got, "\n\n"), strings.Count(plain, "\n\n"); a != b {
			t.Errorf("%q makes %d paragraphs of %d:\n%s", hostile, a, b, got)
		}
		head, _, _ := strings.Cut(got, "\n\n")
		if n := strings.Count(head, "\n"); n != 1 {
			t.Errorf("%q makes %d lines of head:\n%s", hostile, n+1, head)
		}
		for _, r := range got {
			if r < ' ' && r != '\n' || r == '\u202e' || r == '\u2028' || r == 0x7f {
				t.Errorf("%q: %q is in the letter", hostile, r)
			}
		}
	}
}

// TestNoCodes: a sealed code is known by how it begins, whoever put it in a letter.
func TestNoCodes(t *testing.T) {
	post, err := mail.New(config(t, "en"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sealed := range []string{"-----BEGIN AGE ENCRYPTED FILE-----", "age-encryption.org/v1"} {
		for where, l := range map[string]mail.Letter{
			"text":    {Body: []freehold.Text{freehold.T("%s", sealed)}},
			"privacy": {Privacy: []freehold.Text{freehold.T("%s", sealed)}},
			"subject": {Subject: freehold.T("%s", sealed)},
		} {
			l.ID, l.To = "k.1.1", "rosa@post.example"
			if _, err := post.Send(t.Context(), l); freehold.KindOf(err) != freehold.KindPermission || !strings.Contains(err.Error(), "a transfer code does not go by mail") {
				t.Errorf("%s in the %s: %v", sealed, where, err)
			}
		}
	}
}

// TestConfig: each word that is missing or wrong is named, before anything is sent.
func TestConfig(t *testing.T) {
	for want, edit := range map[string]func(*mail.Config){
		"no HOST:PORT":                        func(c *mail.Config) { c.Server = "mail.example" },
		`"mail.example:0" is no`:              func(c *mail.Config) { c.Server = "mail.example:0" },
		`":25" is no`:                         func(c *mail.Config) { c.Server = ":25" },
		"no way to protect mail":              func(c *mail.Config) { c.TLS = "opportunistic" },
		`unprotected to this machine only`:    func(c *mail.Config) { c.Server = "192.0.2.1:25" },
		"letters need a language":             func(c *mail.Config) { c.Languages = nil },
		"which is no address":                 func(c *mail.Config) { c.From = "desk" },
		`"a@b.example, c@d.example" is no ad`: func(c *mail.Config) { c.ReplyTo = "a@b.example, c@d.example" },
	} {
		c := config(t, "en")
		edit(&c)
		if _, err := mail.New(c); freehold.KindOf(err) != freehold.KindUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// FuzzAddress: what is taken for an address has one @, no space and nothing that ends a
// header or an SMTP command, and is the same when it is read again.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"rosa@post.example", "Rosa <rosa@zürich.example>", "a@b.example\r\nRCPT TO:<x@y.example>", "\"a b\"@c.example", "a@[192.0.2.1]", "a@b", "<a@b.example>>", "ａ@b.example", "a@b.example."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := mail.Address(s)
		if err != nil {
			var e *freehold.Error
			if !errors.As(err, &e) || e.Kind != freehold.KindInvalid {
				t.Fatalf("%q: %v is of no kind", s, err)
			}
			return
		}
		if strings.Count(a, "@") != 1 || strings.ContainsAny(a, " \t\r\n<>(),;:\\\"[]\x00") {
			t.Fatalf("%q is read as %q", s, a)
		}
		for _, r := range a {
			if r <= ' ' || r > '~' {
				t.Fatalf("%q is read as %q", s, a)
			}
		}
		if again, err := mail.Address(a); err != nil || again != a {
			t.Fatalf("%q is read as %q, then as %q, %v", s, a, again, err)
		}
	})
}
