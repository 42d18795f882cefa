package move

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/miekg/dns"

	"freehold"
	"freehold/internal/resolve"
)

// Eyes are a Look by questions to the DNS itself.
type Eyes struct {
	Resolver *resolve.Resolver
	// Addrs are addresses of name servers that the world cannot look up yet.
	Addrs map[freehold.Host][]netip.Addr
	Port  uint16 // 0 is 53
	// Parallel questions; 0 is 16.
	Parallel int
}

// Parent asks the servers above.
func (e *Eyes) Parent(ctx context.Context, name freehold.Name) (resolve.Parent, error) {
	return e.Resolver.Parent(ctx, name)
}

// Keys asks each address of each server for the DNSKEY set. A server that does not
// answer is an error: what it publishes is not known.
func (e *Eyes) Keys(ctx context.Context, name freehold.Name, ns []freehold.Host) (all, entry []freehold.DNSKEY, err error) {
	servers, wrong, err := e.addresses(ctx, ns)
	if err != nil || len(wrong) > 0 || len(servers) == 0 {
		return nil, nil, errors.Join(err, &freehold.Error{Kind: freehold.KindUnavailable, Msg: "not every name server has an address"})
	}
	for i, server := range servers {
		m, err := e.Resolver.Ask(ctx, server, name.ASCII()+".", dns.TypeDNSKEY)
		if err != nil {
			return nil, nil, err
		}
		var here []freehold.DNSKEY
		for _, rr := range m.Answer {
			if k, ok := rr.(*dns.DNSKEY); ok {
				here = append(here, freehold.DNSKEY{KeyTag: k.KeyTag(), Algorithm: k.Algorithm, Flags: k.Flags})
			}
		}
		if i == 0 {
			all = here
			continue
		}
		all = slices.DeleteFunc(all, func(k freehold.DNSKEY) bool { return !slices.Contains(here, k) })
	}
	for _, k := range all {
		if k.Flags&dns.SEP != 0 {
			entry = append(entry, k)
		}
	}
	return all, entry, nil
}

// maxWrong bounds what is told of servers that are wrong throughout.
const maxWrong = 100

// Serves asks every server for every record set. Names below a delegation are
// asked for by their delegation alone.
func (e *Eyes) Serves(ctx context.Context, ns []freehold.Host, z *freehold.Zone) ([]string, error) {
	servers, wrong, err := e.addresses(ctx, ns)
	if err != nil {
		return nil, err
	}
	sets := asked(z)
	type job struct {
		server netip.AddrPort
		set    freehold.RRset
	}
	jobs := make(chan job)
	var mu sync.Mutex
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range max(e.Parallel, 16) {
		wg.Go(func() {
			for j := range jobs {
				if why := e.check(ctx, j.server, j.set); why != "" {
					mu.Lock()
					if len(wrong) < maxWrong {
						wrong = append(wrong, why)
					}
					mu.Unlock()
				}
			}
		})
	}
	for _, server := range servers {
		for _, set := range sets {
			select {
			case jobs <- job{server, set}:
			case <-ctx.Done():
			}
		}
	}
	close(jobs)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: "the new name servers were not asked to the end", Err: err}
	}
	slices.Sort(wrong)
	return wrong, nil
}

// addresses finds where the servers are; one without an address is wrong.
func (e *Eyes) addresses(ctx context.Context, ns []freehold.Host) (out []netip.AddrPort, wrong []string, err error) {
	port := e.Port
	if port == 0 {
		port = 53
	}
	for _, h := range ns {
		addrs := e.Addrs[h]
		if len(addrs) == 0 {
			fact, _, _ := e.Resolver.Addrs(ctx, h)
			if fact.State == freehold.Unknown {
				return nil, nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: fmt.Sprintf("the address of %q could not be looked up", h.ASCII())}
			}
			addrs = fact.Value
		}
		if len(addrs) == 0 {
			wrong = append(wrong, h.ASCII()+" has no address")
		}
		for _, a := range addrs {
			out = append(out, netip.AddrPortFrom(a, port))
		}
	}
	return out, wrong, nil
}

// asked are the sets that the zone's servers answer for themselves: not glue and
// whatever else lies below a delegation, nor the SOA, which each operator counts.
func asked(z *freehold.Zone) []freehold.RRset {
	cuts := map[freehold.Owner]bool{}
	var all []freehold.RRset
	for s := range z.RRsets() {
		if s.Type == freehold.TypeNS && !s.Owner.Equal(z.Origin) {
			cuts[s.Owner.Canonical()] = true
		}
		all = append(all, s)
	}
	return slices.DeleteFunc(all, func(s freehold.RRset) bool {
		if s.Type == freehold.TypeSOA || s.Type.Signer() {
			return true
		}
		for at := s.Owner.Canonical(); at.Within(z.Origin) && !at.Equal(z.Origin); at = at.Parent() {
			if cuts[at] && (!at.Equal(s.Owner) || s.Type != freehold.TypeNS && s.Type != freehold.TypeDS) {
				return true
			}
		}
		return false
	})
}

// check asks one server for one set, and says what is wrong, or nothing.
func (e *Eyes) check(ctx context.Context, server netip.AddrPort, set freehold.RRset) string {
	what := fmt.Sprintf("%s %s at %s", set.Owner, set.Type, server.Addr())
	m, err := e.Resolver.Ask(ctx, server, set.Owner.String(), uint16(set.Type))
	if err != nil {
		return what + ": no answer"
	}
	if m.Rcode != dns.RcodeSuccess {
		return what + ": " + dns.RcodeToString[m.Rcode]
	}
	section := m.Answer
	if len(section) == 0 && set.Type == freehold.TypeNS {
		section = m.Ns // a delegation is told by referring to it
	} else if !m.Authoritative {
		return what + ": the server is not responsible"
	}
	var got []string
	for _, rr := range section {
		if rr.Header().Rrtype != uint16(set.Type) {
			continue
		}
		r, err := resolve.Record(rr)
		if err != nil || !r.Owner.Equal(set.Owner) {
			continue
		}
		got = append(got, r.Data)
	}
	want := freehold.Zone{Origin: set.Owner}
	is := freehold.Zone{Origin: set.Owner}
	for _, d := range set.Data {
		want.Records = append(want.Records, freehold.Record{Owner: set.Owner, Class: set.Class, Type: set.Type, Data: d})
	}
	for _, d := range got {
		is.Records = append(is.Records, freehold.Record{Owner: set.Owner, Class: set.Class, Type: set.Type, Data: d})
	}
	// Diff knows what DNS takes as equal: case in names, order.
	if d := want.Diff(&is, freehold.DiffRules{IgnoreTTL: true, DNSSEC: true}); len(d.Changes) > 0 {
		return what + ": another answer"
	}
	return ""
}
