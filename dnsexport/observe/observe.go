// Package observe reads what can be read of a zone when nobody hands it over: by
// questions to its own name servers, and to nobody else. It is for names that the
// asker answers for.
//
//	denial.go   how the zone says that a name does not exist
//	walk.go     following the NSEC chain from name to name (RFC 4034 §4)
//	chain.go    closing the NSEC3 chain, and what its hashes stand for (RFC 5155)
//	words.go    names worth asking for, ranked
//	probe.go    asking for them, with wildcards told from records
//	mention.go  names that the zone's own records speak of
//	journal.go  what was asked before an interruption is not asked again
//
// What comes out is labelled for what it is: walked, where a chain proves which
// names there are and every one of them was asked for; observed otherwise, with
// the reasons. It is never called complete.
package observe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/internal/resolve"
)

// An Asker puts one question to one server and returns its answer, whatever its
// response code. An error means that there was none.
type Asker func(ctx context.Context, server netip.AddrPort, name string, qtype uint16) (*dns.Msg, error)

// Config says whom to ask and for what.
type Config struct {
	Ask     Asker
	Servers []netip.AddrPort // the zone's own, at least one
	// Words are labels to ask for, the likeliest first; nil is Words().
	Words []string
	// Hints are names known to exist or to have existed, from certificates, mail
	// headers or logs. Those outside the zone are passed over.
	Hints []string
	// Selectors are DKIM selectors; nil is Selectors().
	Selectors []string
	// Parallel is how many questions may be under way; 0 is 16. How many a second
	// a server is asked is the limiter's matter, behind Ask.
	Parallel int
	// Guesses bounds how many hashes are computed to close an NSEC3 chain and to
	// find what its hashes stand for; 0 is 50 million.
	Guesses int64
	// Journal keeps answers across interruptions; nil is none.
	Journal *Journal
	Now     func() time.Time
	// Progress is called now and then with what was done so far; nil is allowed.
	Progress func(Progress)
}

// Progress is how far an observation got.
type Progress struct {
	Asked, Names, Records int
	Doing                 string // "walking", "hashing", "asking"
}

// The caps: a zone beyond them is not read by asking.
const (
	maxNames   = 1_000_000 // names followed in one zone
	maxMention = 5_000     // names asked for because another record speaks of them
	maxProbes  = 200_000   // labels asked for
)

// observer is one observation.
type observer struct {
	Config
	origin string // canonical, with the final dot
	seed   [16]byte
	now    time.Time

	mu      sync.Mutex
	records map[freehold.Record]bool
	names   map[string]bool // owners known to exist
	asks    map[netip.AddrPort]*freehold.Ask
	asked   atomic.Int64
	next    atomic.Uint32 // whose turn it is
	reasons []freehold.Text
	notes   []freehold.ZoneNote
	wild    map[string]*wildcard // by the level's name
}

// Zone observes a zone. What it learnt before the context ended, or before the
// servers fell silent, is returned beside the error.
func Zone(ctx context.Context, name freehold.Name, c Config) (*freehold.Zone, error) {
	if len(c.Servers) == 0 || c.Ask == nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "there is no server to ask"}
	}
	if c.Words == nil {
		c.Words = Words()
	}
	if c.Selectors == nil {
		c.Selectors = Selectors()
	}
	if c.Parallel <= 0 {
		c.Parallel = 16
	}
	if c.Guesses <= 0 {
		c.Guesses = 50_000_000
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	o := &observer{Config: c, origin: dns.CanonicalName(name.ASCII()), now: c.Now().UTC(), records: map[freehold.Record]bool{}, names: map[string]bool{},
		asks: map[netip.AddrPort]*freehold.Ask{}, wild: map[string]*wildcard{}}
	o.seed = c.Journal.seedOr()
	coverage, err := o.run(ctx)
	return o.zone(name, coverage), err
}

func (o *observer) run(ctx context.Context) (freehold.Coverage, error) {
	if err := o.apex(ctx); err != nil {
		return freehold.CoverageUnknown, err
	}
	way, err := o.denialStyle(ctx)
	if err != nil {
		return freehold.CoverageObserved, err
	}
	switch way.kind {
	case denialNSEC:
		complete, err := o.walk(ctx)
		if err != nil {
			return freehold.CoverageObserved, err
		}
		if complete {
			o.reason(freehold.T("The chain of NSEC records was followed from the apex round to the apex: it names every owner in the zone, and each was asked for what it has."))
			return freehold.CoverageWalked, nil
		}
	case denialNSEC3:
		complete, err := o.chain(ctx, way)
		if err != nil {
			return freehold.CoverageObserved, err
		}
		if complete {
			return freehold.CoverageWalked, nil
		}
	case denialWhiteLies:
		o.reason(freehold.T("The zone's servers make up a proof for each missing name, so that its names cannot be listed (RFC 4470)."))
	case denialCompact:
		o.reason(freehold.T("The zone's servers deny names in the compact way, so that its names cannot be listed (RFC 9824)."))
	default:
		o.reason(freehold.T("The zone is not signed: nothing lists its names, and those that nobody thought of are missing."))
	}
	return freehold.CoverageObserved, o.probe(ctx, way)
}

func (o *observer) reason(t freehold.Text) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reasons = append(o.reasons, t)
}

// apexTypes are what the apex of a zone may have.
var apexTypes = []uint16{dns.TypeSOA, dns.TypeNS, dns.TypeA, dns.TypeAAAA, dns.TypeMX, dns.TypeTXT, dns.TypeCAA, dns.TypeHTTPS, dns.TypeSVCB, dns.TypeCNAME, dns.TypeDNAME,
	dns.TypeSRV, dns.TypeNAPTR, dns.TypeSPF, dns.TypeLOC, dns.TypeHINFO, dns.TypeRP, dns.TypeURI, dns.TypeSSHFP, dns.TypeDNSKEY, dns.TypeCDS, dns.TypeCDNSKEY, dns.TypeCSYNC,
	dns.TypeNSEC3PARAM, dns.TypeZONEMD}

func (o *observer) apex(ctx context.Context) error {
	m, err := o.ask(ctx, o.origin, dns.TypeSOA)
	if err != nil {
		return err
	}
	if m.Rcode != dns.RcodeSuccess || !m.Authoritative || !o.take(m, o.origin, dns.TypeSOA) {
		return &freehold.Error{Kind: freehold.KindUnavailable, Msg: `the servers asked are not responsible for "` + strings.TrimSuffix(o.origin, ".") + `"`,
			Hint: "name one that is with --server"}
	}
	o.exists(o.origin)
	return o.askTypes(ctx, o.origin, apexTypes[1:])
}

// ask puts a question to the server whose turn it is, and to the others where
// that one does not answer.
func (o *observer) ask(ctx context.Context, name string, qtype uint16) (*dns.Msg, error) {
	first := int(o.next.Add(1))
	var last error
	for i := range o.Servers {
		server := o.Servers[(first+i)%len(o.Servers)]
		m, err := o.Journal.ask(ctx, o.Ask, server, name, qtype)
		if ctx.Err() != nil {
			return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: "the zone was not read to its end", Err: ctx.Err()}
		}
		o.note(server, m, err)
		if err == nil && (m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError) {
			if n := o.asked.Add(1); n%500 == 0 {
				o.tell("asking")
			}
			return m, nil
		}
		if err == nil {
			err = fmt.Errorf("%s answered %s", server, dns.RcodeToString[m.Rcode])
		}
		last = err
	}
	return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: `no server answers about "` + freehold.OneLine(strings.TrimSuffix(name, ".")) + `"`, Err: last}
}

func (o *observer) tell(doing string) {
	if o.Progress == nil {
		return
	}
	o.mu.Lock()
	p := Progress{Asked: int(o.asked.Load()), Names: len(o.names), Records: len(o.records), Doing: doing}
	o.mu.Unlock()
	o.Progress(p)
}

// note keeps how each server did: its last trouble is what the zone's Asks tell.
func (o *observer) note(server netip.AddrPort, m *dns.Msg, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a := o.asks[server]
	if a == nil {
		a = &freehold.Ask{Kind: freehold.EvidenceDNS, Source: "dns://" + server.String(), Outcome: freehold.OutcomeAnswered}
		o.asks[server] = a
	}
	switch {
	case err != nil:
		a.Outcome, a.Error = freehold.OutcomeFailed, freehold.OneLine(err.Error())
	case m.Rcode == dns.RcodeRefused:
		a.Outcome, a.Error = freehold.OutcomeRefused, "it refused a question"
	}
}

// take keeps the records that answer a question about name. It returns whether
// there were any. Records of other owners are believed where a CNAME in the same
// answer leads to them inside the zone: the server is responsible for both.
func (o *observer) take(m *dns.Msg, name string, qtype uint16) bool {
	found := false
	for _, rr := range m.Answer {
		h := rr.Header()
		if dns.CanonicalName(h.Name) != name || h.Class != dns.ClassINET || h.Rrtype == dns.TypeRRSIG {
			continue
		}
		if h.Rrtype != qtype && h.Rrtype != dns.TypeCNAME {
			continue
		}
		if o.keep(rr) {
			found = true
		}
	}
	return found
}

// keep adds a record to the zone.
func (o *observer) keep(rr dns.RR) bool {
	r, err := resolve.Record(rr)
	if err != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.notes = append(o.notes, freehold.ZoneNote{Text: freehold.T("A record of %s could not be read and is left out.", freehold.OneLine(rr.Header().Name))})
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.records[r] = true
	return true
}

// exists remembers that an owner is there, and tells whether that is news.
func (o *observer) exists(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.names[name] || len(o.names) >= maxNames {
		return false
	}
	o.names[name] = true
	return true
}

// askTypes asks for several types of one name.
func (o *observer) askTypes(ctx context.Context, name string, types []uint16) error {
	return o.each(ctx, len(types), func(i int) error {
		m, err := o.ask(ctx, name, types[i])
		if err != nil {
			return err
		}
		o.take(m, name, types[i])
		if isReferral(m, name) {
			o.takeReferral(m, name)
		}
		return nil
	})
}

// isReferral tells a delegation below the zone from an answer.
func isReferral(m *dns.Msg, name string) bool {
	if m.Authoritative || len(m.Answer) > 0 {
		return false
	}
	return slices.ContainsFunc(m.Ns, func(rr dns.RR) bool {
		return rr.Header().Rrtype == dns.TypeNS && dns.IsSubDomain(rr.Header().Name, name)
	})
}

// takeReferral keeps a delegation: its NS set, the DS set and the glue, which all
// belong to this zone's copy.
func (o *observer) takeReferral(m *dns.Msg, name string) {
	var servers []string
	for _, rr := range m.Ns {
		owner := dns.CanonicalName(rr.Header().Name)
		if owner == o.origin || !dns.IsSubDomain(o.origin, owner) || !dns.IsSubDomain(owner, name) {
			continue
		}
		switch rr := rr.(type) {
		case *dns.NS:
			servers = append(servers, dns.CanonicalName(rr.Ns))
			o.keep(rr)
			o.exists(owner)
		case *dns.DS:
			o.keep(rr)
		}
	}
	for _, rr := range m.Extra {
		t := rr.Header().Rrtype
		owner := dns.CanonicalName(rr.Header().Name)
		if (t == dns.TypeA || t == dns.TypeAAAA) && slices.Contains(servers, owner) && dns.IsSubDomain(o.origin, owner) {
			o.keep(rr)
		}
	}
}

// each runs f for 0 to n-1, so many at once, and returns the first error.
func (o *observer) each(ctx context.Context, n int, f func(int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var at atomic.Int64
	var wg sync.WaitGroup
	for range min(n, o.Parallel) {
		wg.Go(func() {
			for {
				i := int(at.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				if err := f(i); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		var ours *freehold.Error
		if errors.As(err, &ours) {
			return err
		}
		return &freehold.Error{Kind: freehold.KindUnavailable, Msg: "the zone was not read to its end", Err: err}
	}
	return nil
}

// zone puts together what was learnt.
func (o *observer) zone(name freehold.Name, c freehold.Coverage) *freehold.Zone {
	o.mu.Lock()
	defer o.mu.Unlock()
	origin, _ := freehold.ParseOwner(o.origin, "")
	z := &freehold.Zone{Origin: origin, Class: freehold.ClassIN, Coverage: c, Reasons: o.reasons, At: o.now, Notes: o.notes, Source: "observed at " + o.Servers[0].String()}
	if len(o.Servers) > 1 {
		z.Source += fmt.Sprintf(" and %d more", len(o.Servers)-1)
	}
	for r := range o.records {
		z.Records = append(z.Records, r)
	}
	z.Sort()
	for _, s := range o.Servers {
		if a := o.asks[s]; a != nil {
			z.Asks = append(z.Asks, *a)
		}
	}
	return z
}
