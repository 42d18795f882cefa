// Package evacuate is the host's own act in a disaster: all its zones go to other
// servers, which answer under the same name-server names. No customer's delegation
// changes and no registry is asked a thousand times; only the addresses of the
// host's name servers, and the glue for them, are new.
//
// It makes one folder that a name server can be started on: the zones as they
// were, signatures included, and the server's configuration. Parity is proved
// against the new server before anybody is sent to it.
package evacuate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"freehold"
	"freehold/dnsexport/zonefile"
)

// A Reader reads one zone whole, signatures included.
type Reader func(ctx context.Context, zone freehold.Host) (*freehold.Zone, error)

// Options of an evacuation.
type Options struct {
	Dir string // the folder, made where it is not there
	As  string // one of Servers
	// Addresses are the new ones of the name servers that move. The zones that hold
	// their address records get these instead, with the serial one higher.
	Addresses map[freehold.Host][]netip.Addr
	Parallel  int // zones at once; 0 is 8
	Now       func() time.Time
	// Tell is called once a zone, one call at a time.
	Tell func(Outcome)
}

// An Outcome is how one zone got on.
type Outcome struct {
	Zone freehold.Host
	// Kept: it lay in the folder already, from an earlier run.
	Kept bool
	Err  error
}

// Entry is one zone in the folder.
type Entry struct {
	Zone   string
	Serial uint32
	// Renumbered: an address of a name server in it was changed; where the zone is
	// signed, that record's signature no longer holds.
	Renumbered bool
	Signed     bool
	// Until is when the first of its signatures ends; zero where it is not signed.
	Until time.Time
	Read  time.Time
}

// State is what the folder's evacuation.json holds.
type State struct {
	Form  int
	As    string
	Zones map[string]Entry
}

const (
	stateFile = "evacuation.json"
	zonesDir  = "zones"
	form      = 1
)

// Run reads every zone that the folder does not hold yet, and then writes the
// server's configuration over all that it holds. A run that was killed goes on
// where it was. It returns the state; zones that failed are in Tell's outcomes
// and not in the state.
func Run(ctx context.Context, zones []freehold.Host, read Reader, o Options) (*State, error) {
	if !slices.Contains(Servers, o.As) {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("%q is no server that an evacuation can be made for", freehold.OneLine(o.As)), Advice: freehold.T("use one of %s", strings.Join(Servers, ", "))}
	}
	if err := os.MkdirAll(filepath.Join(o.Dir, zonesDir), 0o755); err != nil {
		return nil, trouble(o.Dir, err)
	}
	state, err := Load(o.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		state, err = &State{Form: form, Zones: map[string]Entry{}}, nil
	}
	if err != nil {
		return nil, err
	}
	state.As = o.As
	r := &run{Options: o, state: state, read: read}
	if err := r.all(ctx, zones); err != nil {
		return state, errors.Join(err, r.save())
	}
	if err := r.save(); err != nil {
		return state, err
	}
	return state, configure(o.Dir, state)
}

// Load reads the state of a folder.
func Load(dir string) (*State, error) {
	b, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return nil, trouble(dir, err)
	}
	s := &State{}
	if err := json.Unmarshal(b, s); err != nil || s.Zones == nil {
		return nil, &freehold.Error{Kind: freehold.KindDamaged, Text: freehold.T("%q is damaged", filepath.Join(dir, stateFile)), Err: err}
	}
	if s.Form != form {
		return nil, &freehold.Error{Kind: freehold.KindNewer, Text: freehold.T("%q was written by another version of freehold", filepath.Join(dir, stateFile))}
	}
	return s, nil
}

// run is one run of the evacuation.
type run struct {
	Options
	read  Reader
	mu    sync.Mutex
	state *State
	since int // zones since the state was saved
}

func (r *run) all(ctx context.Context, zones []freehold.Host) error {
	parallel := r.Parallel
	if parallel <= 0 {
		parallel = 8
	}
	next := make(chan freehold.Host)
	var wg sync.WaitGroup
	for range min(parallel, len(zones)) {
		wg.Go(func() {
			for zone := range next {
				out := r.one(ctx, zone)
				r.mu.Lock()
				if r.Tell != nil {
					r.Tell(out)
				}
				r.mu.Unlock()
			}
		})
	}
	for _, zone := range zones {
		if ctx.Err() != nil {
			break
		}
		next <- zone
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("interrupted"), Advice: freehold.T("run the same command again: it goes on where it was")}
	}
	return nil
}

func (r *run) one(ctx context.Context, zone freehold.Host) Outcome {
	r.mu.Lock()
	_, have := r.state.Zones[zone.ASCII()]
	r.mu.Unlock()
	if have {
		if _, err := os.Stat(r.path(zone.ASCII())); err == nil {
			return Outcome{Zone: zone, Kept: true}
		}
	}
	z, err := r.read(ctx, zone)
	if err != nil {
		return Outcome{Zone: zone, Err: err}
	}
	entry, err := r.keep(zone, z)
	if err != nil {
		return Outcome{Zone: zone, Err: err}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Zones[zone.ASCII()] = entry
	if r.since++; r.since >= 200 { // a crash costs at most so many readings
		r.since = 0
		err = r.save()
	}
	return Outcome{Zone: zone, Err: err}
}

func (r *run) path(zone string) string { return filepath.Join(r.Dir, zonesDir, zone+".zone") }

// keep writes a zone, with the new addresses in it.
func (r *run) keep(zone freehold.Host, z *freehold.Zone) (Entry, error) {
	e := Entry{Zone: zone.ASCII(), Read: r.Now().UTC()}
	e.Renumbered = renumber(z, r.Addresses)
	e.Serial, _ = z.Serial()
	for _, rec := range z.Records {
		if rec.Type != freehold.TypeRRSIG || len(rec.Data) < 12 {
			continue
		}
		e.Signed = true
		// RFC 4034 §3.1.5: the end is the third 32-bit number, in serial arithmetic.
		end := uint32(rec.Data[8])<<24 | uint32(rec.Data[9])<<16 | uint32(rec.Data[10])<<8 | uint32(rec.Data[11])
		at := serialTime(end, r.Now())
		if e.Until.IsZero() || at.Before(e.Until) {
			e.Until = at
		}
	}
	var b bytes.Buffer
	if err := zonefile.Write(&b, z, zonefile.All); err != nil {
		return e, err
	}
	if err := replace(r.path(e.Zone), b.Bytes(), 0o644); err != nil {
		return e, trouble(r.Dir, err)
	}
	return e, nil
}

// serialTime reads a time of 32 bits near now (RFC 1982).
func serialTime(v uint32, now time.Time) time.Time {
	n := now.Unix()
	return time.Unix(n+int64(int32(v-uint32(n))), 0).UTC()
}

// renumber gives name servers their new addresses, and the zone a higher serial
// where that changed something.
func renumber(z *freehold.Zone, to map[freehold.Host][]netip.Addr) bool {
	changed := false
	for host, addrs := range to {
		owner := freehold.OwnerOf(host)
		if !owner.Within(z.Origin) {
			continue
		}
		ttl, had := uint32(300), false
		kept := z.Records[:0:0]
		for _, r := range z.Records {
			if r.Owner.Equal(owner) && (r.Type == freehold.TypeA || r.Type == freehold.TypeAAAA) {
				ttl, had = min(r.TTL, 300), true
				continue
			}
			kept = append(kept, r)
		}
		if !had {
			continue // it only has the name's zone, not its address
		}
		for _, a := range addrs {
			r := freehold.Record{Owner: owner, Class: freehold.ClassIN, Type: freehold.TypeA, TTL: ttl, Data: string(a.AsSlice())}
			if a.Is6() {
				r.Type = freehold.TypeAAAA
			}
			kept = append(kept, r)
		}
		z.Records, changed = kept, true
	}
	if changed {
		for i, r := range z.Records {
			if serial := len(r.Data) - 20; r.Type == freehold.TypeSOA && serial > 0 {
				n := uint32(r.Data[serial])<<24 | uint32(r.Data[serial+1])<<16 | uint32(r.Data[serial+2])<<8 | uint32(r.Data[serial+3])
				n++
				z.Records[i].Data = r.Data[:serial] + string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + r.Data[serial+4:]
			}
		}
		z.Sort()
	}
	return changed
}

func (r *run) save() error {
	b, err := json.MarshalIndent(r.state, "", " ")
	if err == nil {
		err = replace(filepath.Join(r.Dir, stateFile), b, 0o600)
	}
	if err != nil {
		return trouble(r.Dir, err)
	}
	return nil
}

// replace puts a file in the place of another, whole or not at all.
func replace(path string, b []byte, mode fs.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err = tmp.Write(b); err == nil {
		err = tmp.Chmod(mode)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

func trouble(dir string, err error) error {
	return &freehold.Error{Kind: freehold.KindFull, Text: freehold.T("the folder %q cannot be used", dir), Err: fmt.Errorf("%w", err)}
}
