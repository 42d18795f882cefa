// Package move keeps the moves of zones under way: for each name a folder with
// the record of what was planned and done, and the copy that is to be served.
package move

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"freehold"
	"freehold/dnsexport/move"
	"freehold/dnsexport/zonefile"
)

// A Folder is one move on disk, readable by its owner alone. Each file in it is
// replaced whole or not at all.
type Folder struct {
	dir  string
	name freehold.Name
}

// Open returns the folder of a name's move below base. It need not exist yet.
func Open(base string, name freehold.Name) *Folder {
	return &Folder{dir: filepath.Join(base, name.ASCII()), name: name}
}

var _ move.Memory = (*Folder)(nil)

const (
	recordFile = "move.json"
	zoneFile   = "copy.zone"
	planFile   = "plan.json"
)

// form is the version of the files.
const form = 1

type recordDoc struct {
	Form   int
	Record *move.Record
}

// Load reads the record. Without one the error is of KindNotFound.
func (f *Folder) Load() (*move.Record, error) {
	doc := recordDoc{}
	if err := f.read(recordFile, &doc); err != nil {
		return nil, err
	}
	if doc.Form != form {
		return nil, &freehold.Error{Kind: freehold.KindNewer, Msg: `the record of the move of "` + f.name.ASCII() + `" was written by another version of freehold`, Hint: "use the version that began it"}
	}
	if doc.Record == nil || doc.Record.Marks == nil {
		return nil, &freehold.Error{Kind: freehold.KindDamaged, Msg: `the record of the move of "` + f.name.ASCII() + `" is damaged`}
	}
	return doc.Record, nil
}

// Save writes the record and returns once it would survive a crash.
func (f *Folder) Save(r *move.Record) error { return f.write(recordFile, recordDoc{form, r}) }

// Started tells whether a plan was begun.
func (f *Folder) Started() bool {
	_, err := os.Stat(filepath.Join(f.dir, recordFile))
	return err == nil
}

// Planned is what was planned and not begun yet.
type Planned struct {
	Plan     freehold.MovePlan
	Account  string // the target's name in the configuration
	Source   string // of the copy
	Coverage freehold.Coverage
	Servers  []string // HOST or HOST=ADDRESS, as given
	Old      string   // the old operator's account, where it can be edited
	// Registrar is the account through which the delegation is changed; empty: by hand.
	Registrar string
}

// Plan keeps a plan with the copy that it was made from. A move that was begun
// stays as it is: the error says so.
func (f *Folder) Plan(p Planned, z *freehold.Zone) error {
	if f.Started() {
		return &freehold.Error{Kind: freehold.KindBusy, Msg: `a move of "` + f.name.ASCII() + `" is under way`, Hint: "finish it, or take it back with \"freehold move rollback\" and delete " + f.dir}
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return f.trouble("made", err)
	}
	var b bytes.Buffer
	if err := zonefile.Write(&b, z, zonefile.Content); err != nil {
		return err
	}
	if err := replace(filepath.Join(f.dir, zoneFile), b.Bytes()); err != nil {
		return f.trouble("written", err)
	}
	return f.write(planFile, p)
}

// Planned reads the plan and its copy back.
func (f *Folder) Planned() (Planned, *freehold.Zone, error) {
	var p Planned
	if err := f.read(planFile, &p); err != nil {
		return p, nil, err
	}
	z, err := zonefile.ReadFile(filepath.Join(f.dir, zoneFile), zonefile.Options{})
	if err != nil {
		return p, nil, err
	}
	z.Coverage, z.Source = p.Coverage, p.Source
	return p, z, nil
}

func (f *Folder) read(file string, into any) error {
	b, err := os.ReadFile(filepath.Join(f.dir, file))
	if errors.Is(err, fs.ErrNotExist) {
		return &freehold.Error{Kind: freehold.KindNotFound, Msg: `no move of "` + f.name.ASCII() + `" is planned`, Hint: "begin with \"freehold move plan " + f.name.ASCII() + " --to ACCOUNT\""}
	}
	if err != nil {
		return f.trouble("read", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return &freehold.Error{Kind: freehold.KindDamaged, Msg: `"` + filepath.Join(f.dir, file) + `" is damaged`, Err: err}
	}
	return nil
}

func (f *Folder) write(file string, doc any) error {
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(f.dir, file), append(b, '\n')); err != nil {
		return f.trouble("written", err)
	}
	return nil
}

func (f *Folder) trouble(what string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &freehold.Error{Kind: freehold.KindFull, Msg: `the folder "` + f.dir + `" cannot be ` + what, Err: err}
}

// replace writes a file beside the old one, makes sure that it is on disk, and
// puts it in the old one's place.
func replace(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err = tmp.Write(b); err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
