package main

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"freehold"
	"freehold/dnsexport/archive"
)

// keyFile is where the key lies that signs manifests.
func (s *session) keyFile() string {
	dir := s.dir("XDG_DATA_HOME", filepath.Join(".local", "share"))
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "export.key")
}

// signWith puts the signing key into the options; the key is made on first use.
func (j *exportJob) signWith(o *archive.Options) error {
	path := j.keyFile()
	if path == "" {
		j.tell(freehold.T("there is no home folder for a signing key: the manifest is not signed"))
		return nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if b, err = makeKey(path); err == nil {
			j.tell(freehold.T("made a key to sign exports with: %s (public: %s)", path, path+".pub"))
		}
	}
	if err != nil {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("no signing key in %q", path), Err: plain(err)}
	}
	secret := strings.TrimSpace(string(b))
	if o.Signer, err = note.NewSigner(secret); err != nil {
		return &freehold.Error{Kind: freehold.KindDamaged, Text: freehold.T("the signing key in %q does not read", path)}
	}
	mark := sha256.Sum256([]byte("freehold export mark\x00" + secret))
	o.Secret = mark[:]
	return nil
}

func makeKey(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	secret, public, err := note.GenerateKey(rand.Reader, "freehold-export")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path+".pub", []byte(public+"\n"), 0o600); err != nil {
		return nil, err
	}
	part := path + ".part"
	if err := os.WriteFile(part, []byte(secret+"\n"), 0o600); err != nil {
		return nil, err
	}
	// A link does not replace a key that another run made in the meantime.
	if err := os.Link(part, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	os.Remove(part)
	return os.ReadFile(path)
}

// verifier is the public key that is given, or one's own; nil where there is none.
func (j *exportJob) verifier(given string) (note.Verifier, error) {
	text := given
	if path, ok := strings.CutPrefix(given, "file:"); ok || given == "" {
		if given == "" {
			if path = j.keyFile() + ".pub"; path == ".pub" {
				return nil, nil
			}
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && given == "" {
			return nil, nil
		}
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read the public key in %q", path), Err: plain(err)}
		}
		text = string(b)
	}
	v, err := note.NewVerifier(strings.TrimSpace(text))
	if err != nil {
		return nil, misuse(freehold.T("the public key is not valid"), freehold.T("as freehold-export+1a2b3c4d+A…, the content of export.key.pub"))
	}
	return v, nil
}
