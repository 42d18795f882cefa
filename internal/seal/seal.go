// Package seal encrypts what one person alone may read: a transfer code for the
// requester whose identity was checked, a backup for its keeper. The format is
// age's (age-encryption.org/v1), so that whoever receives a file opens it with
// tools that are not ours.
package seal

import (
	"bytes"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"

	"freehold"
)

// maxRecipients bounds a list of keys; a code is for one person.
const maxRecipients = 64

// Recipients reads public keys, one a line: age's own (age1…), post-quantum ones
// (age1pq1…), and SSH keys (ssh-ed25519, ssh-rsa) as people have them. Empty
// lines and those with # are passed over. A secret key is refused without being
// repeated.
func Recipients(text string) ([]age.Recipient, error) {
	var all []age.Recipient
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := recipient(line)
		if err != nil {
			return nil, err
		}
		if all = append(all, r); len(all) > maxRecipients {
			return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "there are more than 64 keys to seal to"}
		}
	}
	if len(all) == 0 {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "there is no key to seal to", Hint: "give a key that begins with age1 or ssh-"}
	}
	return all, nil
}

func recipient(line string) (age.Recipient, error) {
	var r age.Recipient
	var err error
	switch {
	case strings.Contains(strings.ToUpper(line), "SECRET-KEY") || strings.Contains(line, "PRIVATE KEY"):
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "this is a secret key: whoever wrote it here has given it away",
			Hint: "make a new pair, and give its public half only"}
	case strings.HasPrefix(line, "age1pq1"):
		r, err = age.ParseHybridRecipient(line)
	case strings.HasPrefix(line, "age1"):
		r, err = age.ParseX25519Recipient(line)
	case strings.HasPrefix(line, "ssh-"):
		r, err = agessh.ParseRecipient(line)
	default:
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: `"` + freehold.OneLine(shorten(line)) + `" is no key to seal to`,
			Hint: "give a key that begins with age1 or ssh-"}
	}
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: `the key "` + freehold.OneLine(shorten(line)) + `" is not whole`,
			Hint: "copy the whole line, from its first character to its last"}
	}
	return r, nil
}

func shorten(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// Code seals a transfer code to keys, as an armored text of which nothing but
// its length can be read without one of them. The code is not wiped: its
// owner still has to set it at the registry.
func Code(code freehold.TransferCode, to ...age.Recipient) ([]byte, error) {
	if len(to) == 0 {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "a code is sealed to a key, and there is none"}
	}
	var sealed []byte
	var err error
	if !code.Use(func(b []byte) { sealed, err = encrypt(b, to) }) {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "there is no code to seal"}
	}
	return sealed, err
}

func encrypt(plain []byte, to []age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	text := armor.NewWriter(&out)
	w, err := age.Encrypt(text, to...)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = text.Close()
	}
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "the code cannot be sealed to these keys", Err: err}
	}
	return out.Bytes(), nil
}

// phraseShape is 20 digits, 66 bits: as much as a person says over the telephone
// in four-digit groups and in any language. Every guess costs scrypt besides.
var phraseShape = freehold.CodeShape{Min: 20, Max: 20, Classes: []string{"0123456789"}}

// NewPhrase draws a passphrase to be spoken on the call-back. It is a secret as a
// code is, and has its type.
func NewPhrase(random io.Reader) (freehold.TransferCode, error) { return phraseShape.Generate(random) }

// Spoken calls f with a phrase as it is read out: in groups of four digits.
func Spoken(phrase freehold.TransferCode, f func(groups string)) {
	phrase.Use(func(b []byte) {
		var groups []string
		for len(b) > 4 {
			groups, b = append(groups, string(b[:4])), b[4:]
		}
		f(strings.Join(append(groups, string(b)), " "))
	})
}

// workFactor is the cost of one guess: 2^18 rounds of scrypt, a second of one core.
const workFactor = 18

// WithPhrase seals a code so that whoever knows the phrase opens it. The groups
// of the phrase may be typed with or without the spaces: it is sealed without.
func WithPhrase(code, phrase freehold.TransferCode) ([]byte, error) {
	return withPhrase(code, phrase, workFactor)
}

func withPhrase(code, phrase freehold.TransferCode, work int) ([]byte, error) {
	var r *age.ScryptRecipient
	var err error
	if !phrase.Use(func(b []byte) { r, err = age.NewScryptRecipient(string(b)) }) || err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "a code is sealed with a phrase, and there is none"}
	}
	r.SetWorkFactor(work)
	return Code(code, r)
}

// maxSealed is the largest sealed text opened, in bytes.
const maxSealed = 1 << 20

// Open opens what Code and WithPhrase sealed. It is for tests, for read-aloud by
// the worker that sealed to itself, and for a gaining registrar's side.
func Open(sealed []byte, with ...age.Identity) (freehold.TransferCode, error) {
	if len(sealed) > maxSealed {
		return freehold.TransferCode{}, &freehold.Error{Kind: freehold.KindInvalid, Msg: "the sealed code is longer than 1 MiB"}
	}
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(sealed)), with...)
	if err != nil {
		return freehold.TransferCode{}, &freehold.Error{Kind: freehold.KindPermission, Msg: "the sealed code does not open with this key", Err: err}
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		clear(plain)
		return freehold.TransferCode{}, &freehold.Error{Kind: freehold.KindDamaged, Msg: "the sealed code is damaged", Err: err}
	}
	return freehold.NewTransferCode(plain), nil
}

// Phrase makes an identity of a phrase, as it was heard: spaces and hyphens do
// not count.
func Phrase(heard string) (age.Identity, error) {
	id, err := age.NewScryptIdentity(strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\u202f", "").Replace(heard))
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "there is no phrase"}
	}
	id.SetMaxWorkFactor(workFactor)
	return id, nil
}
