package identity

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"freehold"
)

// Signers are keys and whom they belong to, as an allowed-signers file of OpenSSH
// lists them (ssh-keygen(1), ALLOWED SIGNERS). The zero Signers trust nobody.
type Signers struct {
	all []signer
}

type signer struct {
	principals  []string // patterns
	namespaces  []string // patterns; none: any
	after       time.Time
	before      time.Time
	key         ssh.PublicKey
	minisign    *minisignKey
	fingerprint string
}

const (
	maxSigners    = 10000
	maxSignerLine = 16 << 10
)

// ParseSigners reads an allowed-signers file. A line that is not understood makes
// the whole file unusable: errors are of KindInvalid and name the line. Lines for
// certificate authorities are refused, and times that do not end in Z, which other
// programs read in whatever zone they run.
//
// A line whose key type is "minisign" holds a minisign public key (base64).
func ParseSigners(text []byte) (Signers, error) {
	var s Signers
	for n, line := range bytes.Split(text, []byte("\n")) {
		one := strings.TrimSpace(string(line))
		if one == "" || strings.HasPrefix(one, "#") {
			continue
		}
		parsed, err := parseSigner(one)
		if err == nil && len(s.all) >= maxSigners {
			err = fmt.Errorf("there are more than %d keys", maxSigners)
		}
		if err != nil {
			return Signers{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("line %d of the signers' file is no key that can be trusted", n+1), Err: err}
		}
		s.all = append(s.all, parsed)
	}
	return s, nil
}

func parseSigner(line string) (signer, error) {
	if len(line) > maxSignerLine {
		return signer{}, fmt.Errorf("it is longer than %d octets", maxSignerLine)
	}
	words, err := splitQuoted(line)
	if err != nil {
		return signer{}, err
	}
	if len(words) < 3 {
		return signer{}, fmt.Errorf("it needs principals, a key type and a key")
	}
	s := signer{principals: strings.Split(words[0], ",")}
	if slices.Contains(s.principals, "") {
		return signer{}, fmt.Errorf("a principal is empty")
	}
	if !isKeyType(words[1]) {
		if err := s.options(words[1]); err != nil {
			return signer{}, err
		}
		words = append(words[:1:1], words[2:]...)
	}
	if len(words) < 3 || !isKeyType(words[1]) {
		return signer{}, fmt.Errorf("it needs principals, a key type and a key")
	}
	raw, err := base64.StdEncoding.DecodeString(words[2])
	if err != nil {
		return signer{}, fmt.Errorf("the key is not base64")
	}
	if words[1] == minisignType {
		s.minisign, err = parseMinisignKey(raw)
		if err == nil {
			s.fingerprint = s.minisign.fingerprint()
		}
		return s, err
	}
	s.key, err = ssh.ParsePublicKey(raw)
	if err != nil || s.key.Type() != words[1] {
		return signer{}, fmt.Errorf("the key is not one of type %q", words[1])
	}
	s.fingerprint = ssh.FingerprintSHA256(s.key)
	return s, acceptable(s.key)
}

const minisignType = "minisign"

func isKeyType(word string) bool {
	for _, prefix := range []string{"ssh-", "ecdsa-", "sk-", minisignType} {
		if strings.HasPrefix(word, prefix) {
			return true
		}
	}
	return false
}

// options reads the comma-separated options of a line.
func (s *signer) options(words string) error {
	for _, o := range splitOptions(words) {
		name, value, _ := strings.Cut(o, "=")
		value = strings.Trim(value, `"`)
		var err error
		switch strings.ToLower(name) {
		case "namespaces":
			s.namespaces = strings.Split(value, ",")
		case "valid-after":
			s.after, err = signerTime(value)
		case "valid-before":
			s.before, err = signerTime(value)
		case "cert-authority":
			err = fmt.Errorf("certificate authorities are not accepted: list the keys themselves")
		default:
			err = fmt.Errorf("the option %q is not known", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func signerTime(value string) (time.Time, error) {
	utc, ok := strings.CutSuffix(value, "Z")
	if !ok {
		return time.Time{}, fmt.Errorf("the time %q needs a Z at its end: without it, it depends on where it is read", value)
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(utc) == len(layout) {
			return time.ParseInLocation(layout, utc, time.UTC)
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time such as 20261125Z", value)
}

// splitQuoted splits at blanks outside double quotes.
func splitQuoted(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quoted, started := false, false
	for _, r := range line {
		switch {
		case r == '"':
			quoted, started = !quoted, true
			word.WriteRune(r)
		case (r == ' ' || r == '\t') && !quoted:
			if started {
				words = append(words, word.String())
				word.Reset()
				started = false
			}
		default:
			started = true
			word.WriteRune(r)
		}
	}
	if started {
		words = append(words, word.String())
	}
	if quoted {
		return nil, fmt.Errorf("a quotation mark is not closed")
	}
	for i := range words {
		if i == 0 {
			words[i] = strings.Trim(words[i], `"`)
		}
	}
	return words, nil
}

// splitOptions splits at commas outside double quotes.
func splitOptions(s string) []string {
	var all []string
	from, quoted := 0, false
	for i, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ',' && !quoted:
			all, from = append(all, s[from:i]), i+1
		}
	}
	return append(all, s[from:])
}

// matchList matches a word against patterns as OpenSSH does: * and ? stand for
// others, one with ! before it excludes.
func matchList(patterns []string, word string) bool {
	found := false
	for _, p := range patterns {
		if not, ok := strings.CutPrefix(p, "!"); ok {
			if glob(not, word) {
				return false
			}
			continue
		}
		found = found || glob(p, word)
	}
	return found
}

// glob matches in time linear in pattern times word, whatever the stars.
func glob(pattern, word string) bool {
	p, w, star, mark := 0, 0, -1, 0
	for w < len(word) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, w
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == word[w]):
			p, w = p+1, w+1
		case star >= 0:
			mark++
			p, w = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// Verify checks that a principal's key, listed and valid at a moment, signed a text
// in a namespace; it returns the key's fingerprint. Errors are of KindPermission.
func (s Signers) Verify(principal, namespace string, text, signature []byte, at time.Time) (fingerprint string, err error) {
	refuse := func(why freehold.Text) (string, error) {
		return "", &freehold.Error{Kind: freehold.KindPermission, Text: why}
	}
	if len(signature) > maxSignature || len(text) > maxSignedText {
		return refuse(freehold.T("the signature or its text is larger than any that is made"))
	}
	var sig *sshSignature
	var mini *minisignSignature
	if bytes.HasPrefix(bytes.TrimSpace(signature), []byte(armorBegin)) {
		sig, err = parseSSHSignature(signature)
	} else {
		mini, err = parseMinisign(signature)
	}
	if err != nil {
		return refuse(freehold.T("the signature cannot be read"))
	}
	reason := freehold.T("%q has no key that made this signature", principal)
	for _, k := range s.all {
		if !k.made(sig, mini, namespace, text) || !matchList(k.principals, principal) {
			continue
		}
		switch {
		case len(k.namespaces) > 0 && !matchList(k.namespaces, namespace):
			reason = freehold.T("the key of %q is not for the namespace %q", principal, namespace)
		case !k.after.IsZero() && at.Before(k.after), !k.before.IsZero() && at.After(k.before):
			reason = freehold.T("the key of %q was not valid on %t", principal, at)
		default:
			return k.fingerprint, nil
		}
	}
	return refuse(reason)
}

func (s signer) made(sig *sshSignature, mini *minisignSignature, namespace string, text []byte) bool {
	switch {
	case sig != nil && s.key != nil:
		return bytes.Equal(sig.key.Marshal(), s.key.Marshal()) && sig.verify(namespace, text) == nil
	case mini != nil && s.minisign != nil:
		return mini.verify(s.minisign, namespace, text) == nil
	}
	return false
}
