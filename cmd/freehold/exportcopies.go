package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"freehold"
	"freehold/internal/flow/export"
	"freehold/internal/lab"
	"freehold/internal/store"
)

// copies collects what an export kept, for the judges: that a zone was copied,
// when, from where, how completely.
type copies struct {
	now func() time.Time
	// files: the zones came from files. How old such a zone is, nobody knows, and
	// a copy is worth what its age is: none is recorded.
	files bool

	mu   sync.Mutex
	made map[freehold.Host]freehold.ZoneCopy
	// The store is opened beside the zones, once the first of them is read; nil: not yet.
	open   func() openedStore
	opened chan openedStore
}

type openedStore struct {
	*store.Store
	said []freehold.Text // what the opening has to tell
	err  error
}

func (j *exportJob) openBeside(ctx context.Context) openedStore {
	var o openedStore
	o.Store, o.err = j.openStoreSaying(ctx, j.c, func(t freehold.Text) { o.said = append(o.said, t) })
	return o
}

// close closes a store that was opened for nothing.
func (k *copies) close() {
	if k.opened == nil {
		return
	}
	if o := <-k.opened; o.err == nil {
		_ = o.Close() // nothing was written
	}
}

// reading takes note of each zone that is read. It is dated by the clock of the
// run, as its manifest is.
func (k *copies) reading(read export.Reader) export.Reader {
	k.made = map[freehold.Host]freehold.ZoneCopy{}
	return func(ctx context.Context, zone freehold.Host) (*freehold.Zone, error) {
		z, err := read(ctx, zone)
		if err != nil {
			return nil, err
		}
		z.At = k.now().UTC()
		if name, err := freehold.NameOf(zone); err == nil && name.Host() == zone && !k.files {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.made[zone] = z.CopyAt(name, "")
			if k.opened == nil && k.open != nil {
				k.opened = make(chan openedStore, 1)
				go func() { k.opened <- k.open() }()
			}
		}
		return z, nil
	}
}

// remember records the copies in the store. A store that fails takes nothing
// from the copies, which lie there: it is said and the run ends well.
func (j *exportJob) remember(ctx context.Context, k *copies) error {
	if len(k.made) == 0 || !j.remembers() {
		return nil
	}
	if err := j.record(ctx, k); err != nil {
		j.tell(freehold.T("the copies are made, but not noted in the database: %s", freehold.SayError(j.speaker, err)))
	}
	return nil
}

// remembers: as audit does. The lab is not the user's portfolio.
func (j *exportJob) remembers() bool { return !j.c.Bool("lab") || j.c.IsSet("db") }

func (j *exportJob) record(ctx context.Context, k *copies) (err error) {
	dir, err := filepath.Abs(j.c.String("directory"))
	if err != nil {
		return err
	}
	st := <-k.opened
	k.opened = nil
	for _, t := range st.said {
		j.tell(t)
	}
	if st.err != nil {
		return st.err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	var made []store.MadeCopy
	for _, c := range k.made {
		if !j.kept[c.Name.Host()] {
			continue
		}
		c.Location = dir
		e := freehold.Evidence{
			Kind: freehold.EvidenceOwnRecord, Source: "export", Query: c.Name.ASCII(), Time: c.At, Status: "copied", MediaType: "text/plain; charset=utf-8",
			Body: fmt.Appendf(nil, "zone copy from %s\t%s\tserial %d\t%d records\tat %s\n", freehold.OneLine(c.Source), c.Coverage, c.Serial, c.Records, freehold.OneLine(dir)),
		}
		made = append(made, store.MadeCopy{Copy: c, Pieces: []freehold.Evidence{e}})
	}
	for batch := range slices.Chunk(made, 500) {
		if err := st.PutZoneCopies(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// wholeLab tells whether all of the lab is meant: it has no portfolio.
func (j *exportJob) wholeLab() bool {
	return j.c.Bool("lab") && !j.c.IsSet("db") && j.c.String("client") == "" && len(j.c.StringSlice("tag")) == 0
}

// labZones are all names of the lab.
func labZones() []freehold.Host {
	var zones []freehold.Host
	for _, n := range lab.Names() {
		zones = append(zones, n.Host())
	}
	slices.SortFunc(zones, func(a, b freehold.Host) int { return strings.Compare(a.ASCII(), b.ASCII()) })
	return zones
}
