package policy

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"

	"freehold"
)

//go:embed data/*.toml
var embedded embed.FS

const (
	familyGTLD    = "gtld"
	familyDefault = "default"

	maxFile     = 1 << 20 // octets of one policy file
	maxFiles    = 500     // files of a directory
	maxProfiles = 50      // sets of rules of one family
)

// Set is all policy data, by family. It does not change once loaded.
type Set struct {
	families map[string]*family
	byTLD    map[string]*family
}

type family struct {
	name     string
	tlds     []string
	except   []string // suffixes below the tlds, under which other rules hold
	registry Row[string]
	unheld   map[string]string
	profiles []profileData
}

type profileData struct {
	Profile
	only map[string]Rules // rows that hold for one top-level domain alone
}

// Load returns the data that come with the program. They are read once.
func Load() (*Set, error) { return builtIn() }

var builtIn = sync.OnceValues(func() (*Set, error) {
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil, err
	}
	set := &Set{families: map[string]*family{}}
	return set, set.read(sub, "built-in policy data")
})

// LoadDir returns the built-in data with the families of a directory's *.toml
// files in place of those of the same name. They are held to the same schema.
// Errors are of KindInvalid, or of KindNotFound when there is no such directory.
func LoadDir(dir string) (*Set, error) {
	built, err := Load()
	if err != nil {
		return nil, err
	}
	set := &Set{families: maps.Clone(built.families)}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("%q is no directory of policy files", dir)}
	}
	return set, set.read(os.DirFS(dir), fmt.Sprintf("%q", dir))
}

// read adds the families of a directory and checks the whole again.
func (s *Set) read(dir fs.FS, where string) error {
	files, err := fs.Glob(dir, "*.toml")
	if err != nil {
		return err
	}
	if len(files) == 0 || len(files) > maxFiles {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%s holds %d policy files, not between 1 and %d", where, len(files), maxFiles)}
	}
	seen := map[string]string{}
	for _, name := range files {
		f, err := readFile(dir, name)
		if err != nil {
			return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%s: policy file %q", where, name), Err: err}
		}
		if other, twice := seen[f.name]; twice {
			return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%s: %q and %q both describe the family %q", where, other, name, f.name)}
		}
		seen[f.name] = name
		s.families[f.name] = f
	}
	if err := s.index(); err != nil {
		return &freehold.Error{Kind: freehold.KindInvalid, Msg: where, Err: err}
	}
	return nil
}

// fileData is a policy file as it is written.
type fileData struct {
	Family   string            `toml:"family"`
	TLDs     []string          `toml:"tlds"`
	Except   []string          `toml:"except"`
	Registry Row[string]       `toml:"registry"`
	Unheld   map[string]string `toml:"unheld"`
	Profiles []struct {
		ID      string           `toml:"id"`
		Title   string           `toml:"title"`
		State   State            `toml:"state"`
		From    Row[time.Time]   `toml:"from"`
		Until   Row[time.Time]   `toml:"until"`
		Read    time.Time        `toml:"read"`
		Sources []string         `toml:"sources"`
		Rules   Rules            `toml:"rules"`
		Only    map[string]Rules `toml:"only"`
	} `toml:"profile"`
}

func readFile(dir fs.FS, name string) (*family, error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("it is larger than %d octets", maxFile)
	}
	body, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil, err
	}
	var data fileData
	meta, err := toml.Decode(string(body), &data)
	if err != nil {
		return nil, err
	}
	if left := meta.Undecoded(); len(left) > 0 {
		return nil, fmt.Errorf("unknown key %q", left[0].String())
	}
	f := &family{name: data.Family, tlds: data.TLDs, except: data.Except, registry: data.Registry, unheld: data.Unheld}
	for _, p := range data.Profiles {
		f.profiles = append(f.profiles, profileData{only: p.Only, Profile: Profile{
			ID: p.ID, Title: p.Title, Family: data.Family, State: p.State, Read: day(p.Read),
			From: day(p.From.value), FromSource: p.From.Source, Until: day(p.Until.value), UntilSource: p.Until.Source,
			Sources: p.Sources, Registry: data.Registry, Rules: p.Rules,
		}})
	}
	return f, f.check()
}

// day takes a date as the whole day it names, in UTC.
func day(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

var (
	idShape  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	tldShape = regexp.MustCompile(`^([a-z]{2,63}|xn--[a-z0-9-]{1,59})$`)
)

func (f *family) check() error {
	if !idShape.MatchString(f.name) {
		return fmt.Errorf("the family %q is not a short lower-case word", f.name)
	}
	if len(f.tlds) == 0 || len(f.profiles) == 0 {
		return fmt.Errorf("a family needs tlds and at least one profile")
	}
	if len(f.profiles) > maxProfiles {
		return fmt.Errorf("it has %d profiles, more than %d", len(f.profiles), maxProfiles)
	}
	for _, tld := range f.tlds {
		if !tldShape.MatchString(tld) && tld != f.name {
			return fmt.Errorf("%q is no top-level domain in its A-label form", tld)
		}
	}
	for _, suffix := range f.except {
		_, tld, below := strings.Cut(suffix, ".")
		if !below || !slices.Contains(f.tlds, tld[strings.LastIndexByte(tld, '.')+1:]) {
			return fmt.Errorf("the exception %q does not lie below a top-level domain of the family", suffix)
		}
	}
	for tld, why := range f.unheld {
		if f.name != familyDefault || !tldShape.MatchString(tld) || strings.TrimSpace(why) == "" {
			return fmt.Errorf("unheld %q: only the family %q says, of top-level domains, why no rules are held", tld, familyDefault)
		}
	}
	for i := range f.profiles {
		p := &f.profiles[i]
		if err := p.check(); err != nil {
			return fmt.Errorf("profile %q: %w", p.ID, err)
		}
		for tld, rules := range p.only {
			if !tldShape.MatchString(tld) {
				return fmt.Errorf("profile %q: rows for %q, which is no top-level domain", p.ID, tld)
			}
			if err := rules.check(); err != nil {
				return fmt.Errorf("profile %q, %q alone: %w", p.ID, tld, err)
			}
		}
		for j := range f.profiles[:i] {
			if q := &f.profiles[j]; q.overlaps(&p.Profile) {
				return fmt.Errorf("profiles %q and %q are in force at the same time", q.ID, p.ID)
			}
		}
	}
	return nil
}

func (p Profile) check() error {
	switch {
	case !idShape.MatchString(p.ID):
		return fmt.Errorf("the id is not a short lower-case word")
	case p.Title == "" || len(p.Sources) == 0:
		return fmt.Errorf("it needs a title and sources")
	case p.Read.IsZero():
		return fmt.Errorf("it does not say on which day its sources were read")
	case p.State != InForce && p.State != Adopted:
		return fmt.Errorf("the state %q is neither %q nor %q", p.State, InForce, Adopted)
	case !p.Until.IsZero() && !p.From.Before(p.Until):
		return fmt.Errorf("it ends before it begins")
	case p.FromSource.Confidence == Unverified || p.UntilSource.Confidence == Unverified:
		return fmt.Errorf("no rules begin or end on a date that was not verified")
	}
	return p.Rules.check()
}

// overlaps tells whether both profiles are in force on some day.
func (p *Profile) overlaps(q *Profile) bool {
	if !p.dated() || !q.dated() {
		return false
	}
	return (p.Until.IsZero() || q.From.Before(p.Until)) && (q.Until.IsZero() || p.From.Before(q.Until))
}

// index finds families by top-level domain and refuses what would be ambiguous.
func (s *Set) index() error {
	s.byTLD = map[string]*family{}
	ids := map[string]bool{}
	for _, f := range s.sorted() {
		for i := range f.profiles {
			if id := f.profiles[i].ID; ids[id] {
				return fmt.Errorf("two profiles have the id %q", id)
			} else {
				ids[id] = true
			}
		}
		for _, tld := range f.tlds {
			if other := s.byTLD[tld]; other != nil {
				return fmt.Errorf("the families %q and %q both claim .%s", other.name, f.name, tld)
			}
			s.byTLD[tld] = f
		}
	}
	for _, needed := range []string{familyGTLD, familyDefault} {
		if s.families[needed] == nil {
			return fmt.Errorf("the family %q is missing", needed)
		}
	}
	words := s.families[familyDefault].profiles[0].Rules
	if !words.LiftedByRegistrar.set || !words.LiftedByRegistry.set || !words.UnderWay.set || !words.Gone.set {
		return fmt.Errorf("the family %q does not say what the protocol's status words mean", familyDefault)
	}
	return nil
}

func (s *Set) sorted() []*family {
	var all []*family
	for _, f := range s.families {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *family) int { return cmp.Compare(a.name, b.name) })
	return all
}

// notGeneric are top-level domains of three and more letters outside ICANN's
// agreements.
var notGeneric = []string{"arpa", "gov", "edu", "mil", "int"}

// family returns the family of a name: that of its top-level domain, else the
// generic one for three and more plain letters, else the default. Forms in xn--
// may be of a country or generic; we do not guess which.
func (s *Set) family(name freehold.Name) *family {
	tld := name.TLD()
	if f := s.byTLD[tld]; f != nil && tld != familyGTLD && tld != familyDefault {
		if f.excepts(name) {
			return s.families[familyDefault]
		}
		return f
	}
	if len(tld) >= 3 && !strings.HasPrefix(tld, "xn--") && !slices.Contains(notGeneric, tld) {
		return s.families[familyGTLD]
	}
	return s.families[familyDefault]
}

// excepts tells whether a name stands under a suffix for which other rules hold.
func (f *family) excepts(name freehold.Name) bool {
	return slices.ContainsFunc(f.except, func(suffix string) bool { return strings.HasSuffix(name.ASCII(), "."+suffix) })
}

// For returns the rules in force for a name at a moment, with the rows of its
// top-level domain alone put in. Where none of its family is in force then, it
// is the default: no rules held.
func (s *Set) For(name freehold.Name, at time.Time) Profile {
	for _, f := range []*family{s.family(name), s.families[familyDefault]} {
		for _, p := range f.profiles {
			if p.Binds(at) {
				p.State = InForce
				return s.of(p, name.TLD())
			}
		}
	}
	return Profile{ID: familyDefault, Family: familyDefault, State: InForce}
}

// Adopted returns the rules that were adopted for a name and are not in force at
// a moment: those that have a date first. They decide nothing until that date,
// and never without one.
func (s *Set) Adopted(name freehold.Name, at time.Time) (Profile, bool) {
	var next Profile
	found := false
	for _, p := range s.family(name).profiles {
		if p.State != Adopted || !p.From.IsZero() && !at.Before(p.From) {
			continue
		}
		if !found || next.From.IsZero() && !p.From.IsZero() || !p.From.IsZero() && p.From.Before(next.From) {
			next, found = s.of(p, name.TLD()), true
		}
	}
	return next, found
}

// Unheld returns the top-level domains of which the default says why no rules
// are held, each with the reason, less those that a file of the user's describes.
func (s *Set) Unheld() map[string]string {
	unheld := maps.Clone(s.families[familyDefault].unheld)
	maps.DeleteFunc(unheld, func(tld, _ string) bool { return s.byTLD[tld] != nil })
	return unheld
}

// Profiles returns all profiles, by family, without the rows of single
// top-level domains.
func (s *Set) Profiles() []Profile {
	var all []Profile
	for _, f := range s.sorted() {
		for _, p := range f.profiles {
			all = append(all, p.Profile)
		}
	}
	return all
}

// Date returns the day on which the least recently read profile was read: no
// part of the data is older.
func (s *Set) Date() time.Time {
	var oldest time.Time
	for _, p := range s.Profiles() {
		if oldest.IsZero() || p.Read.Before(oldest) {
			oldest = p.Read
		}
	}
	return oldest
}

// RegistryOf returns who runs the registry of a name, where the built-in data say.
func RegistryOf(name freehold.Name) (string, bool) {
	set, err := Load()
	if err != nil {
		return "", false
	}
	return set.family(name).registry.Get()
}

// of returns the profile as it holds for one top-level domain: the protocol's
// words from the default, its own rows over them, and over those the rows of
// that domain alone.
func (s *Set) of(p profileData, tld string) Profile {
	merged := p.Profile
	merged.Rules = Rules{}
	for _, over := range []Rules{s.families[familyDefault].profiles[0].Rules, p.Rules, p.only[tld]} {
		to, from := reflect.ValueOf(&merged.Rules).Elem(), reflect.ValueOf(over)
		for i := range to.NumField() {
			if from.Field(i).Interface().(row).isSet() {
				to.Field(i).Set(from.Field(i))
			}
		}
	}
	return merged
}

// UnmarshalTOML reads a row and refuses one without value, citation or
// confidence, and any key that no row has.
func (r *Row[T]) UnmarshalTOML(data any) error {
	table, ok := data.(map[string]any)
	if !ok {
		return fmt.Errorf("a rule is a table of value, citation, confidence and note")
	}
	var raw struct {
		Value      *T         `toml:"value"`
		Citation   string     `toml:"citation"`
		Confidence Confidence `toml:"confidence"`
		Note       string     `toml:"note"`
	}
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(table); err != nil {
		return err
	}
	meta, err := toml.Decode(b.String(), &raw)
	if err != nil {
		return err
	}
	switch left := meta.Undecoded(); {
	case len(left) > 0:
		return fmt.Errorf("unknown key %q in a rule", left[0].String())
	case raw.Value == nil:
		return fmt.Errorf("a rule has no value")
	case strings.TrimSpace(raw.Citation) == "":
		return fmt.Errorf("the rule with the value %v has no citation", *raw.Value)
	case !slices.Contains([]Confidence{Verified, Secondary, Old, Unverified}, raw.Confidence):
		return fmt.Errorf("the rule with the value %v has no confidence: verified, secondary, old or unverified", *raw.Value)
	}
	*r = Row[T]{*raw.Value, true, Source{raw.Citation, raw.Confidence, raw.Note}}
	return nil
}
