package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"

	"freehold"
	"freehold/dnsexport/format"
)

// CheckOptions say what a check has at hand.
type CheckOptions struct {
	// Verifier knows the signature; nil: nobody vouches for the manifest.
	Verifier note.Verifier
	// Identities open encrypted files; without, only their digests are checked.
	Identities []age.Identity
}

// Problem is what a check found wrong.
type Problem struct {
	Zone string
	File string
	Text freehold.Text
}

// CheckResult is what a check found.
type CheckResult struct {
	Manifest Manifest
	Files    int // whose digest was checked
	Read     int // that were read back
	Sealed   int // encrypted, and only their digest checked
	// Signed: the manifest has a signature, and the verifier knows it.
	Signed   bool
	Problems []Problem
}

// Check verifies the signature, the manifest and the digest of every file, reads
// every file back and compares it with the counts of the manifest. What is wrong
// is a Problem; the error is for a folder that cannot be checked at all.
func Check(dir string, o CheckOptions) (CheckResult, error) {
	c := &checker{dir: dir, commit: filepath.Join(dir, ownFolder, "commit"), o: o}
	path := c.place(manifestName)
	m, raw, err := loadManifest(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c.r, &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("%q holds no export: there is no %s", dir, manifestName)}
	}
	if err != nil {
		return c.r, err
	}
	c.r.Manifest = m
	c.signature(raw)
	for _, e := range m.Zones {
		c.zone(e)
	}
	return c.r, nil
}

type checker struct {
	dir, commit string
	o           CheckOptions
	r           CheckResult
}

// place is where a file of the newest generation lies: what a killed run
// committed and did not place yet counts.
func (c *checker) place(name string) string {
	if p := filepath.Join(c.commit, name); exists(p) {
		return p
	}
	return filepath.Join(c.dir, name)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func (c *checker) problem(zone, file string, text freehold.Text) {
	c.r.Problems = append(c.r.Problems, Problem{zone, file, text})
}

func (c *checker) signature(manifest []byte) {
	signed, err := os.ReadFile(c.place(noteName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.problem("", noteName, freehold.T("The manifest is not signed."))
		return
	case err != nil:
		c.problem("", noteName, freehold.T("The signature cannot be read."))
		return
	case c.o.Verifier == nil:
		c.problem("", noteName, freehold.T("There is no key to check the signature with."))
		return
	}
	n, err := note.Open(signed, note.VerifierList(c.o.Verifier))
	if err != nil {
		c.problem("", noteName, freehold.T("The signature is not of the key %q, or wrong.", c.o.Verifier.Name()))
		return
	}
	if n.Text != noteText(manifest, c.r.Manifest) {
		c.problem("", manifestName, freehold.T("The manifest was changed after it was signed."))
		return
	}
	c.r.Signed = true
}

func (c *checker) zone(e Entry) {
	for _, f := range e.Files {
		b, err := os.ReadFile(c.place(f.Path))
		if err != nil {
			c.problem(e.Zone, f.Path, freehold.T("The file is missing or cannot be read."))
			continue
		}
		sum := sha256.Sum256(b)
		c.r.Files++
		if hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(b)) != f.Size {
			c.problem(e.Zone, f.Path, freehold.T("The file was changed: its digest is not that of the manifest."))
			continue
		}
		if strings.HasSuffix(f.Path, ".age") {
			if len(c.o.Identities) == 0 {
				c.r.Sealed++
				continue
			}
			if b, err = open(b, c.o.Identities); err != nil {
				c.problem(e.Zone, f.Path, freehold.T("The file cannot be decrypted with this key."))
				continue
			}
		}
		c.readBack(e, f, b)
	}
}

func open(sealed []byte, with []age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), with...)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// complete are the formats that hold every record, the signer's in its own file.
var complete = map[string]bool{"bind": true, "json": true, "csv": true}

func (c *checker) readBack(e Entry, f File, b []byte) {
	known := format.ByName(f.Format)
	origin, err := freehold.ParseOwner(e.Zone, freehold.RootOwner)
	if known == nil || err != nil {
		c.problem(e.Zone, f.Path, freehold.T("The manifest names a format or a zone that is none."))
		return
	}
	z, err := known.Read(bytes.NewReader(b), f.Path, origin)
	if err != nil {
		c.problem(e.Zone, f.Path, freehold.T("The file does not read back: %s", freehold.OneLine(err.Error())))
		return
	}
	c.r.Read++
	if !complete[f.Format] {
		return
	}
	counts := z.Counts()
	for name, want := range e.Counts {
		t, _ := freehold.ParseRRType(name)
		if f.Format == "bind" && t.Signer() != strings.Contains(f.Path, ".dnssec.zone") {
			continue
		}
		if counts[t] != want {
			c.problem(e.Zone, f.Path, freehold.T("It holds %d records of type %s, where the manifest says %d.", counts[t], name, want))
		}
	}
}

// Load reads the best copy of a zone out of a folder, for comparison: the JSON
// or the BIND files, decrypted with the identities.
func Load(dir, zone string, identities []age.Identity) (*freehold.Zone, error) {
	c := &checker{dir: dir, commit: filepath.Join(dir, ownFolder, "commit")}
	m, _, err := loadManifest(c.place(manifestName))
	if err != nil {
		return nil, err
	}
	for _, e := range m.Zones {
		if e.Zone == zone {
			return c.load(e, identities)
		}
	}
	return nil, &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("%q has no copy of %q", dir, zone)}
}

func (c *checker) load(e Entry, identities []age.Identity) (*freehold.Zone, error) {
	origin, err := freehold.ParseOwner(e.Zone, freehold.RootOwner)
	if err != nil {
		return nil, err
	}
	var out *freehold.Zone
	for _, f := range e.Files {
		if !complete[f.Format] || out != nil && f.Format != "bind" {
			continue
		}
		b, err := os.ReadFile(c.place(f.Path))
		if err != nil {
			return nil, failure(freehold.T("cannot read %q", f.Path), err)
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != f.SHA256 {
			return nil, &freehold.Error{Kind: freehold.KindDamaged, Text: freehold.T("%q is not what its manifest says", f.Path)}
		}
		if strings.HasSuffix(f.Path, ".age") {
			if b, err = open(b, identities); err != nil {
				return nil, &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("%q cannot be decrypted", f.Path), Err: err, Advice: freehold.T("give the age key with --identity FILE")}
			}
		}
		z, err := format.ByName(f.Format).Read(bytes.NewReader(b), f.Path, origin)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = z
		} else {
			out.Records = append(out.Records, z.Records...)
		}
	}
	if out == nil {
		return nil, &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("the copy of %q has no file in the formats bind, json or csv", e.Zone)}
	}
	out.Sort()
	out.Coverage, out.Source, out.At = e.Coverage, "copy "+filepath.Join(c.dir, e.Zone), e.At
	return out, nil
}
