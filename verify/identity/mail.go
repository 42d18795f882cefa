package identity

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"freehold"
)

// Mailed is what a request by mail shows. It is no check: who sat at the mailbox, and
// whether the mailbox stands on record, it does not show.
type Mailed struct {
	From    string // the one sender's address
	ID      string // Message-ID, as the sender wrote it; empty: none, or several
	Subject string
	// Received is when the house's own server took it in; zero where none of its
	// Received headers is there.
	Received time.Time
	// Signed is the sender's own domain where it signed From and Subject (RFC 6376),
	// else Why says what is wrong with the signature.
	Signed string
	Why    freehold.Text
}

// ReadRequest reads a message as it arrived at one of the house's own servers. Whatever
// stands below their own Received headers the sender may have written (RFC 5321 §4.4:
// each server puts its own on top), so only the topmost of theirs dates it. Signatures
// are judged as at that time. Errors are of KindInvalid.
func ReadRequest(raw []byte, servers []string, keys map[string]string, now time.Time) (Mailed, error) {
	bad := func(err error) error {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the message cannot be read"), Err: err}
	}
	m, err := parseMail(raw)
	if err != nil {
		return Mailed{}, bad(err)
	}
	var r Mailed
	if r.From, err = m.sender(); err != nil {
		return r, bad(err)
	}
	if freehold.OneLine(r.From) != r.From {
		return r, bad(fmt.Errorf("it has no single sender"))
	}
	r.ID, r.Subject = freehold.OneLine(m.one("message-id")), freehold.OneLine(m.one("subject"))
	r.Received = m.received(servers)
	at := now
	if !r.Received.IsZero() && r.Received.Before(now) {
		at = r.Received
	}
	_, domain, _ := strings.Cut(strings.ToLower(r.From), "@")
	r.Why = freehold.T("no signature")
	for _, s := range m.signatures() {
		if err := m.verify(s, domain, keys, at); err != nil {
			r.Why = freehold.Text{Format: err.Error()}
			continue
		}
		r.Signed, r.Why = domain, freehold.Text{}
		break
	}
	return r, nil
}

// received is the time in the topmost Received header that one of the servers wrote.
func (m *message) received(servers []string) time.Time {
	for _, h := range m.headers {
		if h.name != "received" {
			continue
		}
		_, value, _ := strings.Cut(strings.ReplaceAll(h.raw, "\r\n", ""), ":")
		clauses, date, ok := cutLast(value, ";")          // RFC 5321 §4.4: the date is what follows the last one
		words := strings.Fields(withoutComments(clauses)) // which hold what the sender said of itself
		by := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, "by") })
		if !ok || by < 0 || by+1 == len(words) {
			continue
		}
		host := strings.TrimSuffix(words[by+1], ".")
		if !slices.ContainsFunc(servers, func(s string) bool { return strings.EqualFold(strings.TrimSuffix(s, "."), host) }) {
			continue
		}
		at, err := mail.ParseDate(strings.TrimSpace(date))
		if err != nil {
			return time.Time{}
		}
		return at.UTC()
	}
	return time.Time{}
}

// withoutComments leaves out what stands in parentheses (RFC 5322 §3.2.2).
func withoutComments(s string) string {
	depth := 0
	return strings.Map(func(r rune) rune {
		switch {
		case r == '(':
			depth++
			return ' '
		case r == ')' && depth > 0:
			depth--
			return ' '
		case depth > 0:
			return -1
		}
		return r
	}, s)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
