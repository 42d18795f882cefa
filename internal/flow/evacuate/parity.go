package evacuate

import (
	"context"
	"maps"
	"slices"
	"sync"

	"freehold"
	"freehold/dnsexport/zonefile"
)

// A Difference is a zone that the new server does not serve as the folder has it.
type Difference struct {
	Zone string
	Why  freehold.Text
}

// Transfer reads a zone from the new server.
type Transfer func(ctx context.Context, zone freehold.Owner) (*freehold.Zone, error)

// Parity transfers every zone from the new server and holds it against the
// folder: every record, the serial and the signatures too.
func Parity(ctx context.Context, dir string, from Transfer, parallel int) (checked int, wrong []Difference, err error) {
	s, err := Load(dir)
	if err != nil {
		return 0, nil, err
	}
	if parallel <= 0 {
		parallel = 8
	}
	names := slices.Sorted(maps.Keys(s.Zones))
	next := make(chan string)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range min(parallel, len(names)) {
		wg.Go(func() {
			for name := range next {
				why := compare(ctx, dir, name, from)
				mu.Lock()
				checked++
				if !why.IsZero() {
					wrong = append(wrong, Difference{name, why})
				}
				mu.Unlock()
			}
		})
	}
	for _, name := range names {
		if ctx.Err() != nil {
			break
		}
		next <- name
	}
	close(next)
	wg.Wait()
	slices.SortFunc(wrong, func(a, b Difference) int {
		if a.Zone < b.Zone {
			return -1
		}
		return 1
	})
	if ctx.Err() != nil {
		return checked, wrong, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("interrupted"), Err: ctx.Err()}
	}
	return checked, wrong, nil
}

func compare(ctx context.Context, dir, name string, from Transfer) freehold.Text {
	r := run{Options: Options{Dir: dir}}
	want, err := zonefile.ReadFile(r.path(name), zonefile.Options{})
	if err != nil {
		return freehold.T("the copy in the folder cannot be read: %s", freehold.OneLine(err.Error()))
	}
	is, err := from(ctx, want.Origin)
	if err != nil {
		return freehold.T("the server does not give it: %s", freehold.OneLine(err.Error()))
	}
	d := want.Diff(is, freehold.DiffRules{SOA: freehold.SOAExact, DNSSEC: true})
	if len(d.Changes) > 0 {
		c := d.Changes[0]
		return freehold.T("%d record sets differ, the first is %s %s", len(d.Changes), c.Set().Owner.String(), c.Set().Type.String())
	}
	return freehold.Text{}
}
