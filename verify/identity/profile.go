package identity

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/BurntSushi/toml"

	"freehold"
	"freehold/internal/policy"
)

//go:embed data/normal.toml data/crisis.toml data/reasons.toml data/retention.toml
var embedded embed.FS

// The names of the profiles that come with the program.
const (
	Normal = "normal"
	Crisis = "crisis"
)

// A Profile is how strictly a host checks identities: dated data of its own.
type Profile struct {
	Name  string    `toml:"name"`
	Title string    `toml:"title"`
	Read  time.Time `toml:"read"` // the day it was last gone through
	// SufficesForChanges are the checks that suffice at this host to change contacts
	// or name servers.
	SufficesForChanges []string    `toml:"suffices_for_changes"`
	Recent             policy.Span `toml:"recent"`       // a contact newer than this proves nothing
	Margin             policy.Span `toml:"margin"`       // every hold ends this long before the deadline
	OwnDeadline        policy.Span `toml:"own_deadline"` // where the rules give no number
	// Levels are what is asked for, the lowest first.
	Levels  []Level             `toml:"level"`
	Methods map[string]Strength `toml:"methods"`
}

// A Level is what has to be reached at some risk.
type Level struct {
	Name     string      `toml:"name"`
	Points   int         `toml:"points"`   // of risk, from which on it holds
	Bar      int         `toml:"bar"`      // the strength to reach
	Channels int         `toml:"channels"` // independent ones, that carry it
	Keys     int         `toml:"keys"`     // of different operators who sign
	Delay    policy.Span `toml:"delay"`    // between notice and release
}

// Strength is what a passed check adds, and how long it usually takes.
type Strength struct {
	Points int         `toml:"strength"`
	Takes  policy.Span `toml:"takes"`
}

// Version names the profile and its day, as a decision records it.
func (p Profile) Version() string { return p.Name + " of " + p.Read.Format(time.DateOnly) }

var builtIn = sync.OnceValues(func() (map[string]Profile, error) {
	all := map[string]Profile{}
	for _, name := range []string{Normal, Crisis} {
		body, err := fs.ReadFile(embedded, "data/"+name+".toml")
		if err != nil {
			return nil, err
		}
		p, err := ParseProfile(body)
		if err != nil {
			return nil, err
		}
		all[p.Name] = p
	}
	return all, nil
})

// LoadProfile returns a profile that comes with the program. Errors are of
// KindNotFound.
func LoadProfile(name string) (Profile, error) {
	all, err := builtIn()
	if err != nil {
		return Profile{}, err
	}
	p, ok := all[name]
	if !ok {
		return Profile{}, &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("there is no identity profile %q", name), Advice: freehold.T("there are %q and %q", Normal, Crisis)}
	}
	return p, nil
}

// maxProfile is the largest profile read, in bytes.
const maxProfile = 1 << 18

// ParseProfile reads a profile and refuses one whose gates would break what they
// are to keep: errors are of KindInvalid.
func ParseProfile(body []byte) (Profile, error) {
	var p Profile
	bad := func(err error) (Profile, error) {
		return Profile{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the identity profile cannot be used"), Err: err}
	}
	if len(body) > maxProfile {
		return bad(fmt.Errorf("it is larger than %d octets", maxProfile))
	}
	meta, err := toml.Decode(string(body), &p)
	if err != nil {
		return bad(err)
	}
	if left := meta.Undecoded(); len(left) > 0 {
		return bad(fmt.Errorf("unknown key %q", left[0].String()))
	}
	if err := p.check(); err != nil {
		return bad(err)
	}
	return p, nil
}

func (p Profile) check() error {
	switch {
	case p.Name == "" || p.Title == "" || p.Read.IsZero():
		return fmt.Errorf("it needs a name, a title and the day it was gone through")
	case p.Recent.None() || p.Margin.Duration() < 24*time.Hour || p.OwnDeadline.None():
		return fmt.Errorf("recent, margin (24 hours at least) and own_deadline have to be set")
	case len(p.Levels) != 3 || p.Levels[0].Points != 0:
		return fmt.Errorf("it needs three levels, the first from 0 points on")
	}
	for i, l := range p.Levels {
		if l.Name != levelNames[i] || l.Bar < 2 || l.Channels < 1 || l.Keys < 1 || l.Delay.None() || l.Delay.Open() {
			return fmt.Errorf("level %q: the levels are %v, with a bar of 2 at least, a channel, a key and a delay", l.Name, levelNames)
		}
		if i > 0 && (l.Points <= p.Levels[i-1].Points || l.Bar < p.Levels[i-1].Bar || l.Channels < p.Levels[i-1].Channels || l.Keys < 2) {
			return fmt.Errorf("level %q asks for less than the one below, or for one key alone", l.Name)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.Methods)) {
		m, ok := MethodOf(id)
		switch s := p.Methods[id]; {
		case !ok:
			return fmt.Errorf("there is no check %q", id)
		case s.Points < 0 || s.Points > 5 || m.Supports && s.Points > 1:
			return fmt.Errorf("%q cannot add %d: what supports only adds 1, no check more than 5", id, s.Points)
		}
	}
	for _, id := range p.SufficesForChanges {
		m, ok := MethodOf(id)
		if !ok || p.Methods[id].Points == 0 {
			return fmt.Errorf("suffices_for_changes: there is no check %q", id)
		}
		if m.Supports {
			return fmt.Errorf("suffices_for_changes: %q never suffices alone", id)
		}
	}
	return nil
}

var levelNames = []string{"routine", "raised", "high"}

// The indexes of the levels.
const (
	routine = iota
	raised
	high
)
