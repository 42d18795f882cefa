package archive

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"freehold"
	"freehold/dnsexport/format"
)

// SchemaManifest is the contract of manifest.json (docs/formats.md).
const SchemaManifest = "freehold.manifest/1"

// Manifest says what a folder holds.
type Manifest struct {
	Schema  string    `json:"schema"`
	Version string    `json:"version"` // of freehold
	Created time.Time `json:"created"`
	// Expected is how many zones the run was to export, Exported how many it did.
	Expected int       `json:"expected"`
	Exported int       `json:"exported"`
	Zones    []Entry   `json:"zones"`
	Failed   []Failure `json:"failed,omitempty"`
}

// Entry is one zone's copy.
type Entry struct {
	Zone     string            `json:"zone"`
	Unicode  string            `json:"unicode"`
	Current  bool              `json:"current"` // exported by this very run
	Label    string            `json:"label,omitempty"`
	Source   string            `json:"source"`
	At       time.Time         `json:"at"` // when it was read
	Serial   *uint32           `json:"serial"`
	Coverage freehold.Coverage `json:"coverage"`
	Partial  bool              `json:"partial"`
	Reasons  []string          `json:"reasons"`
	Records  int               `json:"records"`
	Counts   map[string]int    `json:"counts"` // by type
	Files    []File            `json:"files"`
	Losses   []Loss            `json:"losses,omitempty"`
	Foreign  []Foreign         `json:"foreign,omitempty"`
	Notes    []Note            `json:"notes,omitempty"`
}

// File is one file of a zone.
type File struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // of the file as it lies there, encrypted or not
	// Mark is a keyed digest of what was encrypted, to know an unchanged zone again.
	Mark       string   `json:"mark,omitempty"`
	Recipients []string `json:"recipients,omitempty"`
}

// Loss is what a format cannot carry.
type Loss struct {
	Format string        `json:"format"`
	Type   string        `json:"type,omitempty"`
	Owner  string        `json:"owner"`
	Count  int           `json:"count"`
	Why    string        `json:"why"`
	Text   freehold.Text `json:"-"`
}

// Foreign is a provider's own kind of record, with what to do about it.
type Foreign struct {
	Owner string        `json:"owner"`
	Kind  string        `json:"kind"`
	Value string        `json:"value"`
	Note  string        `json:"note"`
	Text  freehold.Text `json:"-"`
}

// Note is a remark on the source.
type Note struct {
	Place string        `json:"place,omitempty"`
	Why   string        `json:"text"`
	Text  freehold.Text `json:"-"`
}

// Failure is a zone that could not be exported.
type Failure struct {
	Zone  string `json:"zone"`
	Error string `json:"error"`
}

func entryOf(z *freehold.Zone, name string) Entry {
	e := Entry{Zone: name, Unicode: name, Current: true, Source: freehold.OneLine(z.Source), At: z.At.UTC().Truncate(time.Second), Coverage: z.Coverage, Partial: z.Partial(),
		Records: len(z.Records), Counts: map[string]int{}, Reasons: []string{}}
	if h, ok := z.Origin.Host(); ok {
		e.Unicode = h.Unicode()
	}
	if serial, ok := z.Serial(); ok {
		e.Serial = &serial
	}
	if e.Partial {
		e.Label = "PARTIAL"
	}
	for t, n := range z.Counts() {
		e.Counts[t.String()] = n
	}
	for _, r := range z.Reasons {
		e.Reasons = append(e.Reasons, r.String())
	}
	for _, f := range z.Foreign {
		e.Foreign = append(e.Foreign, Foreign{Owner: f.Owner.Relative(z.Origin), Kind: freehold.OneLine(f.Kind), Value: freehold.OneLine(f.Value), Note: f.Note.String(), Text: f.Note})
	}
	for _, n := range z.Notes {
		e.Notes = append(e.Notes, Note{Place: freehold.OneLine(n.Place), Why: n.Text.String(), Text: n.Text})
	}
	return e
}

func lossOf(l format.Loss, z *freehold.Zone) Loss {
	out := Loss{Format: l.Format, Owner: l.Owner.Relative(z.Origin), Count: l.Count, Why: l.Why.String(), Text: l.Why}
	if l.Type != 0 {
		out.Type = l.Type.String()
	}
	return out
}

// paths are the files that the manifest names.
func (m *Manifest) paths() map[string]bool {
	all := map[string]bool{}
	for _, e := range m.Zones {
		for _, f := range e.Files {
			all[f.Path] = true
		}
	}
	return all
}

// readManifest reads a manifest and refuses one that names files elsewhere.
func readManifest(path string) (Manifest, error) {
	m, _, err := loadManifest(path)
	return m, err
}

func loadManifest(path string) (m Manifest, raw []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, nil, err
	}
	defer f.Close()
	if raw, err = io.ReadAll(io.LimitReader(f, maxManifest)); err != nil {
		return m, nil, failure(freehold.T("cannot read %q", path), err)
	}
	damaged := func(why string) error {
		return &freehold.Error{Kind: freehold.KindDamaged, Text: freehold.T("the manifest %q does not read: %s", path, why), Advice: freehold.T("nothing was changed; put it back, or export into another folder")}
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, raw, damaged(err.Error())
	}
	if m.Schema != SchemaManifest {
		return m, raw, damaged(fmt.Sprintf("its schema is %q", freehold.OneLine(m.Schema)))
	}
	for p := range m.paths() {
		if p != filepath.Base(p) || !filepath.IsLocal(p) || p == manifestName || p == noteName || p == ownFolder {
			return m, raw, damaged(fmt.Sprintf("it names the file %q", freehold.OneLine(p)))
		}
	}
	return m, raw, nil
}
