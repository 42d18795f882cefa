package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"

	"freehold/dnsexport/format"
)

// A file whose content did not change since the last generation stays where it
// lies: it is on the disk already, and whoever copies the folder away copies less.

// lies tells whether a file of the last generation is there, with all its content.
func (w *Writer) lies(f File) bool {
	in, err := os.Open(filepath.Join(w.dir, f.Path))
	if err != nil {
		return false
	}
	defer in.Close()
	if at, err := in.Stat(); err != nil || !at.Mode().IsRegular() || at.Size() != f.Size {
		return false
	}
	sum := sha256.New()
	_, err = io.Copy(sum, in)
	return err == nil && hex.EncodeToString(sum.Sum(nil)) == f.SHA256
}

// stay has a file of the last generation be one of the new.
func (w *Writer) stay(f File) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.staying == nil {
		w.staying = map[string]bool{}
	}
	w.staying[f.Path] = true
}

// samePlain returns the file of the last generation that holds just what would be
// written now. A zone with another serial is not looked at.
func (w *Writer) samePlain(file format.File, name string, previous *Entry, e Entry) (File, []format.Loss, bool) {
	if previous == nil || previous.Serial == nil || e.Serial == nil || *previous.Serial != *e.Serial {
		return File{}, nil, false
	}
	i := slices.IndexFunc(previous.Files, func(f File) bool { return f.Path == name && len(f.Recipients) == 0 })
	if i < 0 {
		return File{}, nil, false
	}
	sum := sha256.New()
	losses, err := file.Write(sum)
	if f := previous.Files[i]; err == nil && hex.EncodeToString(sum.Sum(nil)) == f.SHA256 && w.lies(f) {
		w.stay(f)
		return f, losses, true
	}
	return File{}, nil, false
}
