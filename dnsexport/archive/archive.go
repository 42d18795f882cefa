// Package archive keeps copies of zones in a folder: NAME.zone and its like
// beside manifest.json, which says of each zone where it came from, how
// complete it is, and the digest of each file. A signed note covers the manifest.
//
// What is good is never touched before its successor is whole and on disk. A
// run writes everything into .freehold/stage; renaming that folder to
// .freehold/commit is the one moment at which the new copy counts; only then do
// its files move to their places. A run that dies before it leaves the old copy,
// one that dies after it is finished by the next run, and Check sees the new copy
// either way.
package archive

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/sync/errgroup"

	"freehold"
	"freehold/dnsexport/format"
)

const (
	manifestName = "manifest.json"
	noteName     = "manifest.json.note"
	ownFolder    = ".freehold"
	maxManifest  = 256 << 20
)

// Options of writing.
type Options struct {
	Formats []*format.Format
	// Keep is how many generations stay; 1 is the newest alone.
	Keep int
	// Recipients encrypt every file of a zone; the manifest stays readable.
	Recipients []age.Recipient
	// RecipientNames stand in the manifest.
	RecipientNames []string
	// Signer signs the manifest; nil leaves it unsigned. Secret makes the marks
	// by which an encrypted file that did not change is known again.
	Signer  note.Signer
	Secret  []byte
	Now     func() time.Time
	Version string
}

// Writer writes one generation. Zone and Failed may be called concurrently.
type Writer struct {
	dir, own, stage string
	o               Options
	unlock          func()

	mu       sync.Mutex
	manifest Manifest // of the new generation
	old      Manifest
	staying  map[string]bool // the files of the old that are the new one's too
	// Files go to the disk while others are still being read.
	disk errgroup.Group
}

// Begin opens the folder, makes it if need be, finishes what a killed run had
// committed, and holds a lock until Commit or Abort. Errors: KindBusy where
// another run holds it, KindDamaged where the manifest does not read.
func Begin(dir string, o Options) (*Writer, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Keep = max(1, o.Keep)
	w := &Writer{dir: dir, own: filepath.Join(dir, ownFolder), o: o}
	w.disk.SetLimit(16)
	w.stage = filepath.Join(w.own, "stage")
	if err := os.MkdirAll(w.own, 0o700); err != nil {
		return nil, failure(freehold.T("cannot make the folder %q", dir), err)
	}
	unlock, err := lock(filepath.Join(w.own, "lock"))
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindBusy, Text: freehold.T("another run is writing to %q", dir), Advice: freehold.T("wait until it is done")}
	}
	w.unlock = unlock
	if err := w.prepare(); err != nil {
		unlock()
		return nil, err
	}
	return w, nil
}

func (w *Writer) prepare() error {
	if err := w.finishCommit(); err != nil {
		return err
	}
	old, err := readManifest(filepath.Join(w.dir, manifestName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w.old = old
	if err := os.RemoveAll(w.stage); err != nil {
		return failure(freehold.T("cannot clear %q", w.stage), err)
	}
	if err := os.Mkdir(w.stage, 0o700); err != nil {
		return failure(freehold.T("cannot make the folder %q", w.stage), err)
	}
	w.manifest = Manifest{Schema: SchemaManifest, Version: w.o.Version, Created: w.o.Now().UTC().Truncate(time.Second)}
	for _, e := range old.Zones { // a zone that is not exported this time keeps its last good copy
		e.Current = false
		w.manifest.Zones = append(w.manifest.Zones, e)
	}
	return nil
}

// Abort gives the run up: the folder stays as it was.
func (w *Writer) Abort() {
	_ = w.disk.Wait() // what it says no longer matters
	os.RemoveAll(w.stage)
	w.unlock()
}

// Zone writes the files of a zone, which is put into canonical order. A copy
// that is known to lack records does not take the place of a better one: then
// the error is of KindInvalid and the better one stays.
func (w *Writer) Zone(z *freehold.Zone) (Entry, error) {
	z.Sort()
	name := strings.ToLower(bare(z.Origin))
	previous := w.previous(name)
	if previous != nil && z.Partial() && previous.Coverage > z.Coverage {
		return *previous, &freehold.Error{Kind: freehold.KindInvalid,
			Text:   freehold.T("zone %q: the new copy is only %s; the one of %s, %s, is kept", name, z.Coverage, previous.At.Format(time.DateOnly), previous.Coverage),
			Advice: freehold.T("export it into another folder to have both")}
	}
	e := entryOf(z, name)
	for _, f := range w.o.Formats {
		for _, file := range f.Files(z) {
			written, losses, err := w.file(f, file, fileName(name)+file.Suffix, previous, e)
			if err != nil {
				return Entry{}, err
			}
			e.Files = append(e.Files, written)
			for _, l := range losses {
				e.Losses = append(e.Losses, lossOf(l, z))
			}
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.replace(e)
	return e, nil
}

// Failed records that a zone could not be read. Its last good copy stays.
func (w *Writer) Failed(name string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.manifest.Failed = append(w.manifest.Failed, Failure{Zone: name, Error: freehold.OneLine(err.Error())})
}

func (w *Writer) previous(name string) *Entry {
	for i := range w.old.Zones {
		if w.old.Zones[i].Zone == name {
			return &w.old.Zones[i]
		}
	}
	return nil
}

func (w *Writer) replace(e Entry) {
	for i := range w.manifest.Zones {
		if w.manifest.Zones[i].Zone == e.Zone {
			w.manifest.Zones[i] = e
			return
		}
	}
	w.manifest.Zones = append(w.manifest.Zones, e)
}

// file writes one file into the stage.
func (w *Writer) file(f *format.Format, file format.File, name string, previous *Entry, e Entry) (File, []format.Loss, error) {
	if len(w.o.Recipients) == 0 {
		if same, losses, ok := w.samePlain(file, name, previous, e); ok {
			return same, losses, nil
		}
		return w.plainFile(f, file, name)
	}
	name += ".age"
	mark := hmac.New(sha256.New, w.o.Secret)
	losses, err := file.Write(mark)
	if err != nil {
		return File{}, nil, failure(freehold.T("cannot write %q", name), err)
	}
	out := File{Path: name, Format: f.Name, Mark: hex.EncodeToString(mark.Sum(nil)), Recipients: w.o.RecipientNames}
	if previous != nil { // age never writes the same twice: an unchanged zone keeps its file
		for _, p := range previous.Files {
			if p.Path == name && p.Mark == out.Mark && slices.Equal(p.Recipients, out.Recipients) && w.lies(p) {
				w.stay(p)
				return p, losses, nil
			}
		}
	}
	size, sum, err := w.write(name, func(dst io.Writer) error {
		sealed, err := age.Encrypt(dst, w.o.Recipients...)
		if err != nil {
			return err
		}
		if _, err := file.Write(sealed); err != nil {
			return err
		}
		return sealed.Close()
	})
	out.Size, out.SHA256 = size, sum
	return out, losses, err
}

func (w *Writer) plainFile(f *format.Format, file format.File, name string) (File, []format.Loss, error) {
	var losses []format.Loss
	size, sum, err := w.write(name, func(dst io.Writer) (err error) {
		losses, err = file.Write(dst)
		return err
	})
	return File{Path: name, Format: f.Name, Size: size, SHA256: sum}, losses, err
}

// write writes a file of the stage and returns its size and digest. Commit waits
// until it is on the disk.
func (w *Writer) write(name string, content func(io.Writer) error) (int64, string, error) {
	f, err := os.OpenFile(filepath.Join(w.stage, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, "", failure(freehold.T("cannot write %q", name), err)
	}
	sum := sha256.New()
	counted := &counter{w: io.MultiWriter(f, sum)}
	err = content(counted)
	if err != nil {
		f.Close()
		return 0, "", failure(freehold.T("cannot write %q", name), err)
	}
	w.disk.Go(func() error { return syncClose(f) })
	return counted.n, hex.EncodeToString(sum.Sum(nil)), nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// Commit makes the new generation the one that counts. expected is how many
// zones the run was to export.
func (w *Writer) Commit(expected int) (Manifest, error) {
	defer w.unlock()
	m := &w.manifest
	slices.SortFunc(m.Zones, func(a, b Entry) int { return strings.Compare(a.Zone, b.Zone) })
	slices.SortFunc(m.Failed, func(a, b Failure) int { return strings.Compare(a.Zone, b.Zone) })
	m.Expected = expected
	for _, e := range m.Zones {
		if e.Current {
			m.Exported++
		}
	}
	if err := w.writeManifest(); err != nil {
		return *m, err
	}
	if err := errors.Join(w.disk.Wait(), syncDir(w.stage)); err != nil {
		return *m, failure(freehold.T("cannot finish %q", w.stage), err)
	}
	if w.o.Keep > 1 {
		if err := w.keepGeneration(); err != nil {
			return *m, err
		}
	}
	if err := os.Rename(w.stage, filepath.Join(w.own, "commit")); err != nil {
		return *m, failure(freehold.T("cannot commit %q", w.dir), err)
	}
	if err := syncDir(w.own); err != nil {
		return *m, failure(freehold.T("cannot commit %q", w.dir), err)
	}
	if err := w.place(w.old.paths(), m.paths()); err != nil {
		return *m, err
	}
	return *m, w.prune()
}

func (w *Writer) writeManifest() error {
	b, err := json.MarshalIndent(w.manifest, "", " ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if _, _, err := w.write(manifestName, func(dst io.Writer) error { _, err := dst.Write(b); return err }); err != nil {
		return err
	}
	if w.o.Signer == nil {
		return nil
	}
	signed, err := note.Sign(&note.Note{Text: noteText(b, w.manifest)}, w.o.Signer)
	if err != nil {
		return err
	}
	_, _, err = w.write(noteName, func(dst io.Writer) error { _, err := dst.Write(signed); return err })
	return err
}

// noteText is what the note says: the digest of the manifest, and its date.
func noteText(manifest []byte, m Manifest) string {
	sum := sha256.Sum256(manifest)
	return fmt.Sprintf("%s\nsha256 %s\ncreated %s\n", SchemaManifest, hex.EncodeToString(sum[:]), m.Created.Format(time.RFC3339))
}

// finishCommit places what a run committed before it was killed.
func (w *Writer) finishCommit() error {
	next, err := readManifest(filepath.Join(w.own, "commit", manifestName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil { // nothing is committed, or its manifest is at its place already
		return w.place(nil, nil)
	}
	old, err := readManifest(filepath.Join(w.dir, manifestName))
	if err != nil {
		return w.place(nil, nil)
	}
	return w.place(old.paths(), next.paths())
}

// place moves the files of a committed generation to their places, and removes
// those of the old that the new does not name. It may be done again after any
// interruption. The manifest moves last.
func (w *Writer) place(old, next map[string]bool) error {
	commit := filepath.Join(w.own, "commit")
	entries, err := os.ReadDir(commit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return failure(freehold.T("cannot read %q", commit), err)
	}
	for path := range old {
		if next[path] {
			continue
		}
		if err := os.Remove(filepath.Join(w.dir, path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failure(freehold.T("cannot remove %q", path), err)
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return rank(a.Name()) - rank(b.Name()) })
	for _, e := range entries {
		if err := os.Rename(filepath.Join(commit, e.Name()), filepath.Join(w.dir, e.Name())); err != nil {
			return failure(freehold.T("cannot place %q", e.Name()), err)
		}
	}
	if err := syncDir(w.dir); err != nil {
		return failure(freehold.T("cannot finish %q", w.dir), err)
	}
	return os.Remove(commit)
}

func rank(name string) int {
	switch name {
	case noteName:
		return 1
	case manifestName:
		return 2
	}
	return 0
}

func failure(what freehold.Text, err error) error {
	kind := freehold.KindInvalid
	var advice freehold.Text
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		kind, advice = freehold.KindFull, freehold.T("the last good copy is untouched; make room and run again")
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		err = le.Err
	}
	return &freehold.Error{Kind: kind, Text: what, Err: err, Advice: advice}
}

// syncAll brings files and their folder to the disk.
func syncAll(dir string, names []string) error {
	work := make(chan string)
	errs := make(chan error, 8)
	for range 8 {
		go func() {
			var first error
			for name := range work {
				if err := syncFile(filepath.Join(dir, name)); err != nil && first == nil {
					first = err
				}
			}
			errs <- first
		}()
	}
	for _, name := range names {
		work <- name
	}
	close(work)
	var all error
	for range 8 {
		all = errors.Join(all, <-errs)
	}
	if all != nil {
		return all
	}
	return syncDir(dir)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return syncClose(f)
}

func syncClose(f *os.File) error {
	err := f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func syncDir(path string) error { return syncFile(path) }

// bare returns a zone's name without its final dot.
func bare(o freehold.Owner) string {
	if o == freehold.RootOwner {
		return "."
	}
	return strings.TrimSuffix(o.String(), ".")
}

// fileName makes a zone's name one of a file: nothing in it leads elsewhere.
func fileName(zone string) string {
	if zone == "." {
		return "@root"
	}
	var b strings.Builder
	for _, c := range []byte(zone) {
		if c == '-' || c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	name := b.String()
	if strings.HasPrefix(name, ".") {
		name = "%2E" + name[1:]
	}
	if len(name) > 200 {
		sum := sha256.Sum256([]byte(zone))
		name = name[:150] + "~" + hex.EncodeToString(sum[:8])
	}
	return name
}
