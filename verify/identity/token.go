package identity

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"freehold"
)

// Tokens are drawn from an alphabet that is hard to misread. Those that are spoken
// are digits, which every language has, and few: they live for minutes and for three
// guesses, and what is kept of them is stretched.
const (
	writtenAlphabet = "abcdefghjkmnpqrstuvwxyz23456789" // no i, l, o, 0, 1
	spokenAlphabet  = "0123456789"
	writtenLength   = 28 // 138 bits
	spokenLength    = 12 // 39 bits
	saltSize        = 16
)

// An Asked token: what goes to the person, and what the case keeps of it.
type Asked struct {
	// Token is to be sent and forgotten. It has the type of a secret: nothing prints it.
	Token freehold.TransferCode
	Event freehold.CheckAsked
}

// Ask draws a token for a check of a case, from random, which must be
// cryptographically secure. It is bound to the case, its name and act, the method,
// the side and the contact, lives as long as the method's channel allows, and is
// good once.
func Ask(random io.Reader, c freehold.Case, q freehold.CheckAsked, now time.Time) (Asked, error) {
	m, ok := MethodOf(q.Method)
	if !ok || m.Life == 0 {
		return Asked{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the check %q has no token", q.Method)}
	}
	if m.ByContact {
		if k, known := c.Contact(q.Contact); !known || k.Channel != m.Channel {
			return Asked{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the case has no contact %q that %q goes to", q.Contact, q.Method)}
		}
	}
	shape := freehold.CodeShape{Min: writtenLength, Max: writtenLength, Classes: []string{writtenAlphabet}}
	if m.Channel == freehold.ChannelPhone {
		shape = freehold.CodeShape{Min: spokenLength, Max: spokenLength, Classes: []string{spokenAlphabet}}
	}
	token, err := shape.Generate(random)
	if err != nil {
		return Asked{}, err
	}
	q.Salt, q.Expires = make([]byte, saltSize), now.Add(m.Life)
	if _, err := io.ReadFull(random, q.Salt); err != nil {
		return Asked{}, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("there is no randomness for a token"), Err: err}
	}
	token.Use(func(b []byte) { q.Hash = tokenHash(c, q, string(b)) })
	return Asked{token, q}, nil
}

// SpokenGroups is how many characters are read out, or printed, at a time.
const SpokenGroups = 4

// Grouped calls f with a token as people read it: in groups of four.
func Grouped(token freehold.TransferCode, f func(groups string)) {
	token.Use(func(b []byte) {
		var groups []string
		for len(b) > SpokenGroups {
			groups, b = append(groups, string(b[:SpokenGroups])), b[SpokenGroups:]
		}
		f(strings.Join(append(groups, string(b)), " "))
	})
}

// tokenHash binds a token to all that it is for; the salt keeps equal ones apart. A
// written token has 128 bits and more, so a fast hash keeps it. A spoken one is
// stretched by Argon2id (RFC 9106): a reader of the database finds it in weeks, not in
// its ten minutes.
func tokenHash(c freehold.Case, q freehold.CheckAsked, token string) []byte {
	h := sha256.New()
	for _, part := range []string{"freehold token 1", c.ID, c.Name.ASCII(), c.Act.String(), q.ID, q.Method, q.Of.String(), q.Ref, q.Contact, string(q.Salt), plain(token)} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	if m, ok := MethodOf(q.Method); ok && m.Channel == freehold.ChannelPhone {
		const times, memory, threads = 1, 8 << 10, 1 // KiB; about 10 ms
		return argon2.IDKey(h.Sum(nil), q.Salt, times, memory, threads, sha256.Size)
	}
	return h.Sum(nil)
}

// plain takes away what people add when they type a token: spaces, hyphens, capitals.
func plain(token string) string {
	return strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\u202f", "", "\n", "", "\t", "").Replace(strings.ToLower(token))
}

// maxTyped is the longest answer looked at, in bytes.
const maxTyped = 200

// matches compares in constant time. The empty token matches nothing.
func matches(c freehold.Case, q freehold.CheckAsked, token string) bool {
	if len(token) > maxTyped || plain(token) == "" || len(q.Hash) != sha256.Size {
		return false
	}
	return subtle.ConstantTimeCompare(q.Hash, tokenHash(c, q, token)) == 1
}
