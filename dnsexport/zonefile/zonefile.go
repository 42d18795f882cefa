// Package zonefile reads and writes zones as BIND's master files (RFC 1035
// section 5, RFC 2308 section 4, RFC 3597 section 5).
//
// The reader is ours, because an error must name file and line, $INCLUDE must
// not leave the folder, $GENERATE must be bounded, and every octet must stay as
// it is. The rdata of rare types is parsed and printed by miekg/dns; what that
// library cannot print so that it reads back alike is written in the form for
// unknown types. What servers would not load is refused with its line, or read
// with a note that says why they would not.
//
// The writer's output is made to be compared by a line-based diff: canonical
// order, every line with its owner, the most common TTL lifted, no dates, and
// the records that the old signer made in a file of their own.
package zonefile

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"freehold"
)

// Bounds of what is read. A zone of ten million records is larger than any
// customer's; a file beyond these is an attack or a mistake.
const (
	maxBytes    = 1 << 30
	maxRecords  = 10_000_000
	maxGenerate = 65536 // records of one $GENERATE
	maxInclude  = 8     // depth
	maxNotes    = 1000
	maxTTL      = 1<<31 - 1 // RFC 2181 section 8
)

// Options of reading. The zero Options read a file that says its own origin.
type Options struct {
	// Origin of the zone. "": the first $ORIGIN, else the owner of the SOA where that is absolute.
	Origin freehold.Owner
	// Include is the folder that $INCLUDE reads from; nil refuses $INCLUDE.
	Include fs.FS
	// MaxRecords and MaxBytes bound the zone, its includes counted in; 0 means 10 million and 1 GiB.
	MaxRecords int
	MaxBytes   int64
}

func (o Options) filled() Options {
	if o.MaxRecords == 0 {
		o.MaxRecords = maxRecords
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = maxBytes
	}
	return o
}

// ReadFile reads the zone in the file at path. $INCLUDE may name files in the
// same folder and below, and nothing else.
func ReadFile(path string, o Options) (*freehold.Zone, error) {
	dir, name := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, cannotRead(path, err)
	}
	defer root.Close()
	f, err := os.Open(path) // the path itself is the user's word; only what the file names is confined
	if err != nil {
		return nil, cannotRead(path, err)
	}
	defer f.Close()
	if o.Include == nil {
		o.Include = root.FS()
	}
	return Read(f, name, o)
}

func cannotRead(path string, err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		err = pe.Err
	}
	return &freehold.Error{Kind: freehold.KindInvalid, Msg: fmt.Sprintf("cannot read the zone in %q", path), Err: err}
}

// Read reads a zone. name is what errors and notes call the source. The records
// are in canonical order; the coverage is unknown, since a file does not say
// what it lacks. Errors are of KindInvalid and name file and line.
func Read(r io.Reader, name string, o Options) (*freehold.Zone, error) {
	o = o.filled()
	text, err := slurp(r, o.MaxBytes)
	if err != nil {
		return nil, cannotRead(name, err)
	}
	p := &parser{options: o, bytes: int64(len(text)), zone: &freehold.Zone{Origin: o.Origin, Class: freehold.ClassIN, Source: "file " + name}}
	p.origin = o.Origin
	if err := p.file(name, text); err != nil {
		return nil, err
	}
	if err := p.finish(name); err != nil {
		return nil, err
	}
	return p.zone, nil
}

// slurp reads all of r and refuses more than limit octets.
func slurp(r io.Reader, limit int64) ([]byte, error) {
	var b bytes.Buffer
	if f, ok := r.(fs.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode().IsRegular() && st.Size() < limit {
			b.Grow(int(st.Size()) + bytes.MinRead)
		}
	}
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("it is larger than %d octets", limit)
	}
	return b.Bytes(), err
}
