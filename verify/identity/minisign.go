package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/blake2b"
)

// The format of minisign (jedisct1.github.io/minisign): Ed25519 over the text, or
// over its BLAKE2b-512 digest, and over signature and trusted comment together.
// It has no namespace of its own, so the trusted comment has to begin with ours.

type minisignKey struct {
	id  [8]byte
	key ed25519.PublicKey
}

func parseMinisignKey(raw []byte) (*minisignKey, error) {
	if len(raw) != 2+8+ed25519.PublicKeySize || string(raw[:2]) != "Ed" {
		return nil, fmt.Errorf("the key is no minisign public key")
	}
	k := &minisignKey{key: bytes.Clone(raw[10:])}
	copy(k.id[:], raw[2:10])
	return k, nil
}

func (k *minisignKey) fingerprint() string {
	sum := sha256.Sum256(k.key)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

type minisignSignature struct {
	hashed  bool
	id      [8]byte
	sig     []byte
	comment string
	global  []byte
}

func parseMinisign(text []byte) (*minisignSignature, error) {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), "\n")
	bad := fmt.Errorf("no minisign signature")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "untrusted comment: ") {
		return nil, bad
	}
	comment, ok := strings.CutPrefix(lines[2], "trusted comment: ")
	raw, err1 := base64.StdEncoding.DecodeString(lines[1])
	global, err2 := base64.StdEncoding.DecodeString(lines[3])
	if !ok || err1 != nil || err2 != nil || len(raw) != 2+8+ed25519.SignatureSize || len(global) != ed25519.SignatureSize {
		return nil, bad
	}
	s := &minisignSignature{sig: raw[10:], comment: comment, global: global}
	switch string(raw[:2]) {
	case "ED":
		s.hashed = true
	case "Ed":
	default:
		return nil, bad
	}
	copy(s.id[:], raw[2:10])
	return s, nil
}

func (s *minisignSignature) verify(k *minisignKey, namespace string, text []byte) error {
	message := text
	if s.hashed {
		sum := blake2b.Sum512(text)
		message = sum[:]
	}
	switch {
	case s.id != k.id:
		return fmt.Errorf("another key made it")
	case s.comment != namespace && !strings.HasPrefix(s.comment, namespace+" "):
		return fmt.Errorf("its trusted comment does not begin with %q", namespace)
	case !ed25519.Verify(k.key, message, s.sig):
		return fmt.Errorf("the signature is not good")
	case !ed25519.Verify(k.key, append(bytes.Clone(s.sig), s.comment...), s.global):
		return fmt.Errorf("the trusted comment is not the one that was signed")
	}
	return nil
}
