package export

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"freehold"
)

// Asker asks one server for one record set, over "udp" or "tcp". It returns no
// records and no error where the server says that there are none.
type Asker interface {
	Set(ctx context.Context, server, network string, owner freehold.Owner, t freehold.RRType) ([]freehold.Record, error)
}

// ServerDiff is how one server's answers differ from a zone.
type ServerDiff struct {
	Server  Server
	Network string // "udp" or "tcp"
	Diff    freehold.ZoneDiff
	// Failed counts questions without a usable answer, Error says why the first was.
	Failed int
	Error  string
}

// EveryServer asks each server over UDP and TCP for each record set of a zone.
// What only a server has is not seen: only a transfer shows that. Record sets
// below a delegation are left out, since the server answers those with a referral.
func EveryServer(ctx context.Context, z *freehold.Zone, servers []Server, ask Asker, rules freehold.DiffRules, parallel int) []ServerDiff {
	z.Sort()
	asked := &freehold.Zone{Origin: z.Origin, Class: z.Class, Records: answerable(z, rules)}
	out := make([]ServerDiff, 0, 2*len(servers))
	for _, s := range servers {
		for _, network := range []string{"udp", "tcp"} {
			d := ServerDiff{Server: s, Network: network}
			d.ask(ctx, asked, ask, rules, max(1, parallel))
			out = append(out, d)
		}
	}
	return out
}

// answerable are the records that an authoritative server answers with itself.
func answerable(z *freehold.Zone, rules freehold.DiffRules) []freehold.Record {
	cuts := map[freehold.Owner]bool{}
	for _, r := range z.Records {
		if r.Type == freehold.TypeNS && !r.Owner.Equal(z.Origin) {
			cuts[r.Owner.Canonical()] = true
		}
	}
	var out []freehold.Record
	for _, r := range z.Records {
		if r.Type.Signer() && !rules.DNSSEC || r.Type == freehold.TypeRRSIG || r.Type == freehold.TypeNSEC || r.Type == freehold.TypeNSEC3 || hidden(r, z.Origin, cuts) {
			continue
		}
		out = append(out, r)
	}
	return out
}

func hidden(r freehold.Record, origin freehold.Owner, cuts map[freehold.Owner]bool) bool {
	for o := r.Owner; len(o) > len(origin); o = o.Parent() {
		if cuts[o.Canonical()] && !(r.Type == freehold.TypeDS && len(o) == len(r.Owner)) {
			return true
		}
	}
	return false
}

func (d *ServerDiff) ask(ctx context.Context, z *freehold.Zone, ask Asker, rules freehold.DiffRules, parallel int) {
	sets := slices.Collect(z.RRsets())
	answers := make([][]freehold.Record, len(sets))
	errs := make([]error, len(sets))
	next := make(chan int)
	var wg sync.WaitGroup
	for range parallel {
		wg.Go(func() {
			for i := range next {
				answers[i], errs[i] = ask.Set(ctx, d.Server.Address, d.Network, sets[i].Owner, sets[i].Type)
			}
		})
	}
	for i := range sets {
		next <- i
	}
	close(next)
	wg.Wait()
	mine, theirs := &freehold.Zone{Origin: z.Origin}, &freehold.Zone{Origin: z.Origin}
	for i, set := range sets {
		if errs[i] != nil { // no answer is no difference
			if d.Failed++; d.Failed == 1 {
				d.Error = fmt.Sprintf("%s %s: %s", set.Owner, set.Type, freehold.OneLine(errs[i].Error()))
			}
			continue
		}
		for _, data := range set.Data {
			mine.Records = append(mine.Records, freehold.Record{Owner: set.Owner, Class: set.Class, Type: set.Type, TTL: set.TTL, Data: data})
		}
		theirs.Records = append(theirs.Records, answers[i]...)
	}
	d.Diff = mine.Diff(theirs, rules)
}
