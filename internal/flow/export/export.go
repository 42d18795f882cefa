// Package export is the job of keeping copies of zones: it reads each zone from
// its source and hands it to the archive. One zone that cannot be read never
// stops the others.
package export

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"freehold"
	"freehold/dnsexport/archive"
)

// Reader reads one zone: a transfer, a file, a provider's API, observation.
type Reader func(ctx context.Context, zone freehold.Host) (*freehold.Zone, error)

// Sink keeps zones. An archive.Writer is one.
type Sink interface {
	Zone(*freehold.Zone) (archive.Entry, error)
	Failed(name string, err error)
}

// Outcome is how the export of one zone ended.
type Outcome struct {
	Zone  freehold.Host
	Entry archive.Entry
	Err   error
}

// Options of a run.
type Options struct {
	// Parallel is how many zones are worked on at once; 0 means 8.
	Parallel int
	// Tell is called once a zone, one call at a time, in the order of the zones.
	Tell func(Outcome)
}

// Run reads the zones and gives them to the sink. It returns how many were
// kept; the error is that of an interrupted run.
func Run(ctx context.Context, zones []freehold.Host, read Reader, sink Sink, o Options) (kept int, err error) {
	if o.Parallel <= 0 {
		o.Parallel = 8
	}
	outcomes := make([]chan Outcome, len(zones))
	for i := range outcomes {
		outcomes[i] = make(chan Outcome, 1)
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(o.Parallel, len(zones)) {
		wg.Go(func() {
			for i := range next {
				outcomes[i] <- one(ctx, zones[i], read, sink)
			}
		})
	}
	go func() {
		defer close(next)
		for i := range zones {
			next <- i
		}
	}()
	for i := range zones {
		out := <-outcomes[i]
		if out.Err == nil {
			kept++
		}
		if o.Tell != nil {
			o.Tell(out)
		}
	}
	wg.Wait()
	if ctx.Err() != nil {
		return kept, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("interrupted"), Advice: freehold.T("the last good copies are untouched")}
	}
	return kept, nil
}

func one(ctx context.Context, zone freehold.Host, read Reader, sink Sink) Outcome {
	out := Outcome{Zone: zone}
	if out.Err = ctx.Err(); out.Err != nil {
		return out
	}
	z, err := read(ctx, zone)
	if err == nil {
		out.Entry, err = sink.Zone(z)
	}
	if err != nil {
		out.Err = err
		sink.Failed(zone.ASCII(), err)
	}
	return out
}

// Transfer is what reads a zone from one server.
type Transfer interface {
	Zone(ctx context.Context, zone freehold.Owner, server string) (*freehold.Zone, error)
}

// Servers finds the addresses ("192.0.2.1:53") of a zone's name servers, with
// the serial that each has, where it is known.
type Servers func(ctx context.Context, zone freehold.Host) ([]Server, error)

// Server is one name server of a zone.
type Server struct {
	Address string
	Host    freehold.Host
	Serial  freehold.Fact[uint32]
}

// FromServers reads a zone by transfer from the first of its servers that gives
// it, and says in the coverage's reasons which others have another serial.
func FromServers(find Servers, t Transfer) Reader {
	return func(ctx context.Context, zone freehold.Host) (*freehold.Zone, error) {
		servers, err := find(ctx, zone)
		if err != nil {
			return nil, err
		}
		var refusals []error
		var last error
		for _, s := range servers {
			z, err := t.Zone(ctx, freehold.OwnerOf(zone), s.Address)
			if err == nil {
				disagreeing(z, servers)
				return z, nil
			}
			last = err
			refusals = append(refusals, &freehold.Error{Kind: freehold.KindOf(err), Text: freehold.T("%s: %m", s.Address, cause(err))})
			if ctx.Err() != nil {
				break
			}
		}
		if last == nil {
			return nil, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("no name server of %q was found", zone), Advice: freehold.T("name one with --server HOST:PORT")}
		}
		return nil, &freehold.Error{Kind: freehold.KindOf(last), Text: freehold.T("no name server of %q gives the zone", zone), Err: errors.Join(refusals...),
			Advice: freehold.T("have the operator allow a transfer, give the key with --tsig, or read a file with --from file")}
	}
}

// cause is the innermost reason of a refusal.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return freehold.OneLine(err.Error())
		}
		err = next
	}
}

func disagreeing(z *freehold.Zone, servers []Server) {
	serial, ok := z.Serial()
	for _, s := range servers {
		if other, known := s.Serial.Get(); ok && known && other != serial {
			z.Reasons = append(z.Reasons, freehold.T("The server %s has the serial %s, not %s.", s.Host, fmt.Sprint(other), fmt.Sprint(serial)))
		}
	}
}
