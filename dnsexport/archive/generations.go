package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"freehold"
)

// Older generations lie in .freehold/generations/TIME as manifests; their files
// lie in .freehold/objects under their digests, each content once.

// keepGeneration stores the staged generation, and what it takes over from the
// one before.
func (w *Writer) keepGeneration() error {
	objects := filepath.Join(w.own, "objects")
	generation := filepath.Join(w.own, "generations", w.manifest.Created.Format("20060102T150405Z"))
	for _, dir := range []string{objects, generation} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return failure(freehold.T("cannot make the folder %q", dir), err)
		}
	}
	var added []string
	for _, e := range w.manifest.Zones {
		for _, f := range e.Files {
			from := w.dir
			if e.Current && !w.staying[f.Path] {
				from = w.stage
			}
			object := filepath.Join(objects, f.SHA256)
			if _, err := os.Stat(object); err == nil {
				continue
			}
			if err := copyFile(filepath.Join(from, f.Path), object, f.SHA256); err != nil {
				if !e.Current { // damaged before us: Check tells, and it is no reason to stop
					continue
				}
				return failure(freehold.T("cannot keep %q", f.Path), err)
			}
			added = append(added, f.SHA256)
		}
	}
	var described []string
	for _, name := range []string{manifestName, noteName} {
		if err := copyFile(filepath.Join(w.stage, name), filepath.Join(generation, name), ""); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failure(freehold.T("cannot keep %q", name), err)
		} else if err == nil {
			described = append(described, name)
		}
	}
	if err := errors.Join(syncAll(objects, added), syncAll(generation, described)); err != nil {
		return failure(freehold.T("cannot keep %q", generation), err)
	}
	return nil
}

// prune removes generations beyond Keep and the files that only they held.
func (w *Writer) prune() error {
	root := filepath.Join(w.own, "generations")
	all, err := os.ReadDir(root) // sorted by name, which is by time
	if err != nil {
		return nil // there are none
	}
	keep := w.o.Keep
	if keep == 1 {
		keep = 0 // the newest lies in the folder itself
	}
	for len(all) > keep {
		if err := os.RemoveAll(filepath.Join(root, all[0].Name())); err != nil {
			return failure(freehold.T("cannot remove %q", all[0].Name()), err)
		}
		all = all[1:]
	}
	used := map[string]bool{}
	for _, g := range all {
		m, err := readManifest(filepath.Join(root, g.Name(), manifestName))
		if err != nil {
			return nil // what an unreadable generation holds is not ours to throw away
		}
		for _, e := range m.Zones {
			for _, f := range e.Files {
				used[f.SHA256] = true
			}
		}
	}
	objects, err := os.ReadDir(filepath.Join(w.own, "objects"))
	if err != nil {
		return nil
	}
	for _, o := range objects {
		if !used[o.Name()] {
			if err := os.Remove(filepath.Join(w.own, "objects", o.Name())); err != nil {
				return failure(freehold.T("cannot remove %q", o.Name()), err)
			}
		}
	}
	return nil
}

// Generations lists the kept generations, oldest first.
func Generations(dir string) []string {
	entries, _ := os.ReadDir(filepath.Join(dir, ownFolder, "generations"))
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	slices.Sort(out)
	return out
}

// copyFile copies src to dst whole or not at all. With a digest, only what has
// it. Bringing it to the disk is left to syncAll.
func copyFile(src, dst, digest string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	part := dst + ".part"
	out, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, sum), in)
	if err == nil && digest != "" && hex.EncodeToString(sum.Sum(nil)) != digest {
		err = errors.New("its content is not what the manifest says")
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(part, dst)
	}
	if err != nil {
		os.Remove(part)
	}
	return err
}
