package identity

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"freehold"
)

// testMail is a message as a mail server would sign it.
type testMail struct {
	from, subject, body, domain, extra, canon string
	rsa                                       *rsa.PrivateKey
}

func (m testMail) build(at int64) (raw []byte, keys map[string]string) {
	seed := sha256.Sum256([]byte("dkim"))
	key := ed25519.NewKeyFromSeed(seed[:])
	algorithm, record := "ed25519-sha256", "v=DKIM1; k=ed25519; p="+base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	if m.rsa != nil {
		der, _ := x509.MarshalPKIXPublicKey(&m.rsa.PublicKey)
		algorithm, record = "rsa-sha256", "v=DKIM1; k=rsa; p="+base64.StdEncoding.EncodeToString(der)
	}
	head := "From: " + m.from + "\r\nTo: desk@rhodanum.ch\r\nSubject: " + m.subject + "\r\n"
	probe := &message{body: []byte(m.body)}
	_, bodyForm, _ := strings.Cut(m.canon, "/")
	body, _ := canonBody(probe.body, bodyForm)
	sum := sha256.Sum256(body)
	own := fmt.Sprintf("DKIM-Signature: v=1; a=%s; c=%s; d=%s; s=sel;\r\n\th=From:Subject; t=%d; bh=%s%s;\r\n\tb=", algorithm, m.canon, m.domain, at, base64.StdEncoding.EncodeToString(sum[:]), m.extra)
	parsed, err := parseMail([]byte(own + "\r\n" + head + "\r\n" + m.body))
	if err != nil {
		panic(err)
	}
	s := parsed.signatures()[0]
	headForm, _, _ := strings.Cut(m.canon, "/")
	data, _ := parsed.canonHead(s, []string{"from", "subject"}, headForm)
	digest := sha256.Sum256(data)
	sig := ed25519.Sign(key, digest[:])
	if m.rsa != nil {
		sig, _ = rsa.SignPKCS1v15(rand.Reader, m.rsa, crypto.SHA256, digest[:])
	}
	return []byte(own + base64.StdEncoding.EncodeToString(sig) + "\r\n" + head + "\r\n" + m.body), map[string]string{"sel._domainkey." + m.domain: record}
}

// mail runs a message of the holder's, edited, through the check, and returns why it
// failed.
func (w *world) mail(edit func(*testMail)) error {
	m := testMail{from: "Verrine <atelier@poste-verrine.ch>", subject: "Re: case-7", body: "yes, it is us\r\n", domain: "poste-verrine.ch", canon: "relaxed/relaxed"}
	edit(&m)
	raw, keys := m.build(w.now.Unix() - 60)
	if ok, err := w.look("dkim_mail", "", "mail", freehold.SideHolder, "", MailSeen{raw, keys}); ok || err != nil {
		return err
	}
	return errorText(w.c.Checks[len(w.c.Checks)-1].Result)
}

// TestMailChecks: what a signed mail proves, and every way in which it does not.
func TestMailChecks(t *testing.T) {
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		edit func(*testMail)
		raw  func(string) string
		want string // empty: passes
	}{
		{what: "as it came"},
		{what: "simple forms", edit: func(m *testMail) { m.canon = "simple/simple" }},
		{what: "RSA", edit: func(m *testMail) { m.rsa = big }},
		{what: "saved without carriage returns", raw: func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }},
		{what: "blank lines added at the end", raw: func(s string) string { return s + "\r\n\r\n" }},
		{what: "blanks changed, relaxed", raw: func(s string) string { return strings.Replace(s, "yes, it", "yes,   it", 1) }},
		{what: "blanks changed, simple", edit: func(m *testMail) { m.canon = "simple/simple" }, raw: func(s string) string { return strings.Replace(s, "yes, it", "yes,   it", 1) }, want: "changed"},
		{what: "text changed", raw: func(s string) string { return strings.Replace(s, "yes", "no", 1) }, want: "changed"},
		{what: "text added", raw: func(s string) string { return s + "and more\r\n" }, want: "changed"},
		{what: "another sender", raw: func(s string) string { return strings.Replace(s, "atelier@", "Atelier2@", 1) }, want: "another address"},
		{what: "another subject that names the case", raw: func(s string) string { return strings.Replace(s, "Re: case-7", "yes to case-7", 1) }, want: "not good"},
		{what: "two senders", raw: func(s string) string { return "From: x@ailleurs.ru\r\n" + s }, want: "no single sender"},
		{what: "two subjects", raw: func(s string) string { return "Subject: case-7\r\n" + s }, want: "does not name this case"},
		{what: "signed by a public suffix", edit: func(m *testMail) { m.domain = "ch" }, want: "public suffix"},
		{what: "signed by a parent that is not the sender's", edit: func(m *testMail) { m.domain = "verrine.ch" }, want: "not by the sender's domain"},
		{what: "expired", edit: func(m *testMail) { m.extra = "; x=1" }, want: "expired"},
		{what: "a tag twice", edit: func(m *testMail) { m.extra = "; d=poste-verrine.ch" }, want: "no signature"},
		{what: "From not signed", raw: func(s string) string { return strings.Replace(s, "h=From:Subject", "h=To:Subject", 1) }, want: "does not sign From"},
		{what: "unknown form", edit: func(m *testMail) { m.canon = "odd/relaxed" }, want: "form"},
		{what: "no signature", raw: func(s string) string { return strings.Replace(s, "DKIM-Signature", "X-Was-Signed", 1) }, want: "no signature"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}})
			m := testMail{from: "Verrine <atelier@poste-verrine.ch>", subject: "Re: case-7", body: "yes, it is us \r\n\r\n", domain: "poste-verrine.ch", canon: "relaxed/relaxed"}
			if c.edit != nil {
				c.edit(&m)
			}
			raw, keys := []byte(nil), map[string]string(nil)
			func() {
				defer func() { recover() }() // a message that cannot be signed at all is looked at unsigned
				raw, keys = m.build(w.now.Unix() - 60)
			}()
			if raw == nil {
				raw = []byte("From: Verrine <atelier@poste-verrine.ch>\r\nSubject: Re: case-7\r\nDKIM-Signature: v=1" + m.extra + m.extra + "\r\n\r\nx")
			}
			if c.raw != nil {
				raw = []byte(c.raw(string(raw)))
			}
			ok, err := w.look("dkim_mail", "", "mail", freehold.SideHolder, "", MailSeen{raw, keys})
			if err != nil {
				t.Fatal(err)
			}
			if said := w.c.Checks[0].Result; ok != (c.want == "") || !strings.Contains(said, c.want) {
				t.Errorf("passed %v: %q, want %q", ok, said, c.want)
			}
		})
	}
}

// TestMailKeys: the key's own record decides too.
func TestMailKeys(t *testing.T) {
	m := testMail{from: "atelier@poste-verrine.ch", subject: "case-7", body: "x\r\n", domain: "poste-verrine.ch", canon: "relaxed/relaxed"}
	short, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 511, 1), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, record, want string }{
		{"withdrawn", "v=DKIM1; k=ed25519; p=", "withdrawn"},
		{"none", "", "not published"},
		{"for tests", "t=y:s", "for tests only"},
		{"for another hash", "h=sha1", "for this hash"},
		{"another type", "k=rsa", "algorithm"},
		{"short", "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(short), "algorithm"},
	} {
		w := open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}})
		raw, keys := m.build(w.now.Unix())
		if len(DKIMKeys(raw)) != 1 || DKIMKeys(raw)[0].ASCII() != "sel._domainkey.poste-verrine.ch" {
			t.Fatal(DKIMKeys(raw))
		}
		for host, good := range keys {
			switch {
			case c.record == "" || strings.HasPrefix(c.record, "v="):
				keys[host] = c.record
			case strings.HasPrefix(c.record, "k="):
				keys[host] = strings.Replace(good, "k=ed25519", c.record, 1)
			default:
				keys[host] = good + "; " + c.record
			}
		}
		w.look("dkim_mail", "", "mail", freehold.SideHolder, "", MailSeen{raw, keys})
		if d := w.c.Checks[0]; d.Outcome != freehold.CheckFailed || !strings.Contains(d.Result, c.want) {
			t.Errorf("%s: %s, %q", c.what, d.Outcome, d.Result)
		}
	}
	if _, err := rsaKey(short); err == nil {
		t.Error("a key of 512 bits is taken")
	}
}

// TestMailOfTheNameItself: who writes the zone can publish a key, so such a mail is
// marked as one the host could have sent.
func TestMailOfTheNameItself(t *testing.T) {
	k := contactMail()
	k.Address = "info@verrine.com"
	w := open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{k}})
	m := testMail{from: k.Address, subject: "case-7", body: "x\r\n", domain: "verrine.com", canon: "relaxed/relaxed"}
	raw, keys := m.build(w.now.Unix())
	if ok, err := w.look("dkim_mail", "", "mail", freehold.SideHolder, "", MailSeen{raw, keys}); !ok || err != nil || !w.c.Checks[0].ThroughHost {
		t.Errorf("passed %v, %v, through the host: %v", ok, err, w.c.Checks[0].ThroughHost)
	}
}
