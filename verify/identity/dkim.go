package identity

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// What is read of a message; anything beyond makes it one that proves nothing.
const (
	maxMail       = 10 << 20
	maxHeaders    = 500
	maxSignatures = 5
)

// mailCheck takes a message that the sender's own domain signed (RFC 6376, RFC 8463):
// from the address on record, aligned, signed over From and Subject, with the case
// in its subject, not older than mailAge.
type mailCheck struct{}

const mailAge = 7 * 24 * time.Hour

func (mailCheck) Look(t Trial) freehold.CheckEnded {
	p, ok := t.Proof.(MailSeen)
	k, _ := t.Case.Contact(t.Ended.Contact)
	if !ok {
		return t.failed(freehold.T("no message"))
	}
	m, err := parseMail(p.Raw)
	if err != nil {
		return t.failed(freehold.Text{Format: err.Error()})
	}
	from, err := m.sender()
	if err != nil {
		return t.failed(freehold.Text{Format: err.Error()})
	}
	if !strings.EqualFold(from, k.Address) {
		return t.failed(freehold.T("from another address than the one on record"))
	}
	if !names(m.one("subject"), t.Case.ID) {
		return t.failed(freehold.T("its subject does not name this case"))
	}
	_, domain, _ := strings.Cut(strings.ToLower(from), "@")
	why := freehold.T("no signature")
	for _, s := range m.signatures() {
		if err := m.verify(s, domain, p.Keys, t.Now); err != nil {
			why = freehold.Text{Format: err.Error()}
			continue
		}
		// Whoever writes the zone of the name can publish a key for its mail.
		if h, err := freehold.ParseHost(domain); err == nil && t.Case.Name.Contains(h) {
			t.Ended.ThroughHost = true
		}
		return t.passed("signed by " + domain)
	}
	return t.failed(why)
}

// names tells whether a text holds a word as a word of its own.
func names(text, word string) bool {
	return word != "" && slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;:()[]\"", r) }), word)
}

// DKIMKeys returns the hosts whose TXT records hold the keys that a message's
// signatures name: at most five.
func DKIMKeys(raw []byte) []freehold.Host {
	m, err := parseMail(raw)
	if err != nil {
		return nil
	}
	var hosts []freehold.Host
	for _, s := range m.signatures() {
		if h, err := freehold.ParseHost(s.tags["s"] + "._domainkey." + s.tags["d"]); err == nil && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

type header struct{ name, raw string } // raw: with its name and folding, without the last CRLF

type message struct {
	headers []header
	body    []byte
}

func parseMail(raw []byte) (*message, error) {
	if len(raw) > maxMail {
		return nil, fmt.Errorf("the message is too large")
	}
	// Saved messages often have lost their carriage returns.
	raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	m := &message{body: body}
	for _, line := range strings.Split(string(head), "\r\n") {
		if line != "" && (line[0] == ' ' || line[0] == '\t') && len(m.headers) > 0 {
			m.headers[len(m.headers)-1].raw += "\r\n" + line
			continue
		}
		name, _, ok := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimRight(name, " \t"))
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("its headers cannot be read")
		}
		if m.headers = append(m.headers, header{name, line}); len(m.headers) > maxHeaders {
			return nil, fmt.Errorf("it has too many headers")
		}
	}
	return m, nil
}

// one returns the value of a header that stands once, else nothing.
func (m *message) one(name string) string {
	value, found := "", 0
	for _, h := range m.headers {
		if h.name == name {
			_, value, _ = strings.Cut(h.raw, ":")
			found++
		}
	}
	if found != 1 {
		return ""
	}
	return strings.TrimSpace(strings.ReplaceAll(value, "\r\n", ""))
}

// sender returns the one address of the one From header.
func (m *message) sender() (string, error) {
	list, err := mail.ParseAddressList(m.one("from"))
	if err != nil || len(list) != 1 {
		return "", fmt.Errorf("it has no single sender")
	}
	return list[0].Address, nil
}

type dkimSignature struct {
	header header
	tags   map[string]string
}

func (m *message) signatures() []dkimSignature {
	var all []dkimSignature
	for _, h := range m.headers {
		if h.name != "dkim-signature" || len(all) == maxSignatures {
			continue
		}
		_, value, _ := strings.Cut(h.raw, ":")
		if tags, ok := tagList(value); ok {
			all = append(all, dkimSignature{h, tags})
		}
	}
	return all
}

// tagList reads "a=b; c=d" (RFC 6376 section 3.2). A tag that stands twice makes it
// unreadable.
func tagList(s string) (map[string]string, bool) {
	tags := map[string]string{}
	for _, part := range strings.Split(strings.ReplaceAll(s, "\r\n", ""), ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		if _, twice := tags[name]; !ok || twice {
			return nil, false
		}
		tags[name] = strings.TrimSpace(value)
	}
	return tags, true
}

// verify checks one signature and that it speaks for the sender's domain.
func (m *message) verify(s dkimSignature, from string, keys map[string]string, now time.Time) error {
	if err := s.acceptable(from, now); err != nil {
		return err
	}
	signed := strings.Split(strings.ToLower(squeeze(s.tags["h"])), ":")
	if !slices.Contains(signed, "from") || !slices.Contains(signed, "subject") {
		return fmt.Errorf("it does not sign From and Subject")
	}
	headCanon, bodyCanon, _ := strings.Cut(s.tags["c"], "/")
	body, ok := canonBody(m.body, bodyCanon)
	if !ok {
		return fmt.Errorf("its form is not known")
	}
	sum := sha256.Sum256(body)
	bh, err := base64.StdEncoding.DecodeString(squeeze(s.tags["bh"]))
	if err != nil || subtle.ConstantTimeCompare(bh, sum[:]) != 1 {
		return fmt.Errorf("its text was changed")
	}
	data, ok := m.canonHead(s, signed, headCanon)
	if !ok {
		return fmt.Errorf("its form is not known")
	}
	sig, err := base64.StdEncoding.DecodeString(squeeze(s.tags["b"]))
	if err != nil {
		return fmt.Errorf("the signature cannot be read")
	}
	host, err := freehold.ParseHost(s.tags["s"] + "._domainkey." + s.tags["d"])
	if err != nil {
		return fmt.Errorf("the signature names no key")
	}
	return checkDKIM(keys[host.ASCII()], s.tags["a"], data, sig)
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// acceptable refuses what may be right by the RFC and proves too little: a part of
// the text only (l=), an old message, another domain than the sender's.
func (s dkimSignature) acceptable(from string, now time.Time) error {
	d := strings.ToLower(s.tags["d"])
	_, partial := s.tags["l"]
	at, err := strconv.ParseInt(s.tags["t"], 10, 62)
	switch {
	case s.tags["v"] != "1" || d == "" || s.tags["s"] == "":
		return fmt.Errorf("the signature is not whole")
	case partial:
		return fmt.Errorf("it signs a part of the text only (l=)")
	case from != d && !strings.HasSuffix(from, "."+d):
		return fmt.Errorf("it is signed by %s, not by the sender's domain", freehold.OneLine(d))
	case isSuffix(d):
		return fmt.Errorf("it is signed by a public suffix")
	case err != nil || at > now.Unix()+300 || now.Sub(time.Unix(at, 0)) > mailAge:
		return fmt.Errorf("it does not say when it was signed, or that is too long ago")
	}
	if x, ok := s.tags["x"]; ok {
		if until, err := strconv.ParseInt(x, 10, 62); err != nil || until < now.Unix() {
			return fmt.Errorf("the signature has expired")
		}
	}
	return nil
}

// isSuffix tells whether nobody in particular holds a domain.
func isSuffix(d string) bool {
	h, err := freehold.ParseHost(d)
	if err != nil {
		return true
	}
	_, ok := h.Registrable()
	return !ok
}

func checkDKIM(record, algorithm string, data, sig []byte) error {
	tags, ok := tagList(record)
	if !ok || record == "" || tags["v"] != "" && tags["v"] != "DKIM1" || squeeze(tags["p"]) == "" {
		return fmt.Errorf("its key is not published, or was withdrawn")
	}
	if h := tags["h"]; h != "" && !slices.Contains(strings.Split(squeeze(h), ":"), "sha256") {
		return fmt.Errorf("its key is not for this hash")
	}
	if slices.Contains(strings.Split(squeeze(tags["t"]), ":"), "y") {
		return fmt.Errorf("its key is for tests only")
	}
	der, err := base64.StdEncoding.DecodeString(squeeze(tags["p"]))
	if err != nil {
		return fmt.Errorf("its key cannot be read")
	}
	sum := sha256.Sum256(data)
	kind := tags["k"]
	switch {
	case algorithm == "ed25519-sha256" && kind == "ed25519" && len(der) == ed25519.PublicKeySize:
		if ed25519.Verify(der, sum[:], sig) {
			return nil
		}
	case algorithm == "rsa-sha256" && (kind == "" || kind == "rsa"):
		key, err := rsaKey(der)
		if err != nil {
			return err
		}
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil {
			return nil
		}
	default:
		return fmt.Errorf("its algorithm is not accepted")
	}
	return fmt.Errorf("the signature is not good")
}

func rsaKey(der []byte) (*rsa.PublicKey, error) {
	any, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		any, err = x509.ParsePKCS1PublicKey(der)
	}
	key, ok := any.(*rsa.PublicKey)
	if err != nil || !ok || key.N.BitLen() < 1024 || key.N.BitLen() > 8192 {
		return nil, fmt.Errorf("its key cannot be read, or is too short (RFC 8301)")
	}
	return key, nil
}

// canonBody brings the text into the form that is signed (RFC 6376 section 3.4).
func canonBody(body []byte, form string) ([]byte, bool) {
	switch form {
	case "", "simple":
	case "relaxed":
		lines := strings.Split(string(body), "\r\n")
		for i, l := range lines {
			lines[i] = strings.TrimRight(collapse(l), " ")
		}
		body = []byte(strings.Join(lines, "\r\n"))
	default:
		return nil, false
	}
	body = bytes.TrimRight(body, "\r\n")
	if len(body) == 0 {
		if form == "relaxed" {
			return nil, true
		}
		return []byte("\r\n"), true
	}
	return append(bytes.Clone(body), "\r\n"...), true
}

// collapse makes every run of blanks one space.
func collapse(s string) string {
	var b strings.Builder
	blank := false
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' || s[i] == '\t' {
			blank = true
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		b.WriteByte(s[i])
	}
	if blank {
		b.WriteByte(' ')
	}
	return b.String()
}

// canonHead lists the signed headers, each taken from the bottom up, and the
// signature's own without its value.
func (m *message) canonHead(s dkimSignature, signed []string, form string) ([]byte, bool) {
	if form != "" && form != "simple" && form != "relaxed" {
		return nil, false
	}
	one := func(h header) string {
		if form != "relaxed" {
			return h.raw
		}
		_, value, _ := strings.Cut(h.raw, ":")
		return h.name + ":" + strings.Trim(collapse(strings.ReplaceAll(value, "\r\n", "")), " ")
	}
	var b strings.Builder
	taken := map[string]int{}
	for _, name := range signed {
		left := taken[name]
		taken[name]++
		for i := len(m.headers) - 1; i >= 0; i-- {
			if m.headers[i].name != name {
				continue
			}
			if left == 0 {
				b.WriteString(one(m.headers[i]) + "\r\n")
				break
			}
			left--
		}
	}
	own := s.header
	own.raw = withoutValue(own.raw)
	b.WriteString(one(own))
	return []byte(b.String()), true
}

// withoutValue empties the b= tag of a signature's header.
func withoutValue(raw string) string {
	name, value, _ := strings.Cut(raw, ":")
	parts := strings.Split(value, ";")
	for i, p := range parts {
		if tag, _, ok := strings.Cut(p, "="); ok && strings.TrimSpace(strings.ReplaceAll(tag, "\r\n", "")) == "b" {
			parts[i] = tag + "="
		}
	}
	return name + ":" + strings.Join(parts, ";")
}
