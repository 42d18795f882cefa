// Package agree holds what a provider's API gave of a zone against the zone's own
// name servers. Only then is the copy complete (docs/design.md §8): APIs, and the
// libraries that speak them, lose records in silence.
//
// Every record set of the copy is asked for at every address of every server, and
// every owner is asked for types that the copy does not have there, as are the names
// that its records point at and a few that most zones have. What it cannot find is
// an owner that the API left out altogether and nothing speaks of.
package agree

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"freehold"
	"freehold/internal/resolve"
)

// An Asker puts one question to one server and returns its answer, whatever its
// response code. An error means that there was none. How many a second a server is
// asked is the limiter's matter, behind it.
type Asker func(ctx context.Context, server netip.AddrPort, name string, qtype uint16) (*dns.Msg, error)

// Config says whom to ask.
type Config struct {
	Ask     Asker
	Servers []resolve.Server
	// Parallel is how many questions may be under way; 0 is 16.
	Parallel int
	// Owners is how many owners are asked for what the copy does not have; 0 is 500.
	Owners int
}

// The caps of what is told.
const (
	maxTold  = 5 // cases named of one server
	maxNotes = 200
)

// Judge asks, and sets the zone's coverage, with its reasons and what was asked.
// The SOA and the name servers of the apex, which many APIs keep to themselves, are
// added as the servers have them. An error is that of a context that ended.
func Judge(ctx context.Context, z *freehold.Zone, c Config) error {
	z.Sort()
	j := &judge{Config: c, zone: z, servers: make([]place, len(c.Servers))}
	for i, s := range c.Servers {
		j.servers[i].Server = s
	}
	if j.Parallel <= 0 {
		j.Parallel = 16
	}
	if j.Owners <= 0 {
		j.Owners = 500
	}
	z.Coverage = freehold.CoverageUnknown
	if len(j.servers) == 0 {
		z.Reasons = append(z.Reasons, freehold.T("The API's word stands alone: no name server of the zone is known to hold it against."))
		return nil
	}
	j.greet(ctx)
	j.sets(ctx)
	j.beyond(ctx)
	if err := ctx.Err(); err != nil {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("the name servers were not asked to the end"), Err: err}
	}
	j.conclude()
	return nil
}

// place is one address and how it did.
type place struct {
	resolve.Server
	answered, silent int
	wrong            []string // cases, in the order found
	cause            string   // the first trouble
}

type judge struct {
	Config
	zone    *freehold.Zone
	servers []place
	mu      sync.Mutex
	asked   int // record sets
	passed  int // sets that the provider makes up, and so cannot be compared
	// ttls are the sets with another TTL, each as the first server had it.
	ttls map[string]freehold.Text
}

// ask asks one server and keeps how it did. nil: it gave no usable answer.
func (j *judge) ask(ctx context.Context, i int, owner freehold.Owner, t freehold.RRType) *dns.Msg {
	m, err := j.Ask(ctx, j.servers[i].Addr, owner.String(), uint16(t))
	if err == nil && (m.Rcode == dns.RcodeServerFailure || m.Rcode == dns.RcodeRefused || m.Rcode == dns.RcodeNotImplemented || m.Rcode == dns.RcodeFormatError) {
		err = &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("it answered %s", dns.RcodeToString[m.Rcode])}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	s := &j.servers[i]
	if err != nil {
		if s.silent++; s.cause == "" {
			s.cause = freehold.OneLine(err.Error())
		}
		return nil
	}
	s.answered++
	return m
}

func (j *judge) wrong(i int, what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.servers[i].wrong = append(j.servers[i].wrong, what)
}

// greet asks each server for the apex's SOA and NS, and adds what the copy lacks.
func (j *judge) greet(ctx context.Context) {
	z := j.zone
	apexNS := slices.ContainsFunc(z.Records, func(r freehold.Record) bool { return r.Type == freehold.TypeNS && r.Owner.Equal(z.Origin) })
	_, hasSOA := z.SOA()
	var added []freehold.Record
	for i := range j.servers {
		m := j.ask(ctx, i, z.Origin, freehold.TypeSOA)
		if m == nil {
			continue
		}
		soa := records(m.Answer, z.Origin, freehold.TypeSOA)
		if !m.Authoritative || len(soa) != 1 {
			j.wrong(i, "SOA")
			continue
		}
		if !hasSOA {
			added, hasSOA = append(added, soa...), true
		}
		if m := j.ask(ctx, i, z.Origin, freehold.TypeNS); m != nil && !apexNS {
			ns := records(m.Answer, z.Origin, freehold.TypeNS)
			added, apexNS = append(added, ns...), len(ns) > 0
		}
	}
	if len(added) > 0 {
		z.Records = append(z.Records, added...)
		z.Sort()
		z.Notes = append(z.Notes, freehold.ZoneNote{Text: freehold.T("The provider's API does not give the SOA and the zone's own name servers, or not both; these are as the name servers have them.")})
	}
}

// records are the records of one set in a section.
func records(section []dns.RR, owner freehold.Owner, t freehold.RRType) []freehold.Record {
	var out []freehold.Record
	for _, rr := range section {
		if rr.Header().Rrtype != uint16(t) {
			continue
		}
		if r, err := resolve.Record(rr); err == nil && r.Owner.Equal(owner) {
			out = append(out, r)
		}
	}
	return out
}

// sets asks each server for each record set.
func (j *judge) sets(ctx context.Context) {
	made := madeUp(j.zone)
	var sets []freehold.RRset
	cuts := cutsOf(j.zone)
	for s := range j.zone.RRsets() {
		switch {
		case s.Type == freehold.TypeSOA || s.Type.Signer() || below(s.Owner, j.zone.Origin, cuts, s.Type):
		case made[key{s.Owner.Canonical(), s.Type}]:
			j.passed++
		default:
			sets = append(sets, s)
		}
	}
	j.asked = len(sets)
	j.each(ctx, len(sets)*len(j.servers), func(n int) {
		i, set := n%len(j.servers), sets[n/len(j.servers)]
		m := j.ask(ctx, i, set.Owner, set.Type)
		switch {
		case m == nil:
		case !agrees(m, set, j.zone.Origin):
			j.wrong(i, set.Owner.String()+" "+set.Type.String())
		default:
			j.ttl(i, m, set)
		}
	})
}

// ttl notes a set that is served with another TTL than the API says: the copy is
// whole, but who plans a move waits for what resolvers really keep.
func (j *judge) ttl(i int, m *dns.Msg, set freehold.RRset) {
	served := records(m.Answer, set.Owner, set.Type)
	if len(served) == 0 || served[0].TTL == set.TTL { // none: a delegation, told by referring to it
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	what := set.Owner.String() + " " + set.Type.String()
	if j.ttls == nil {
		j.ttls = map[string]freehold.Text{}
	}
	if _, told := j.ttls[what]; !told {
		j.ttls[what] = freehold.T("%s serves it with a TTL of %d, and the API says %d.", j.servers[i].Addr.Addr().String(), served[0].TTL, set.TTL)
	}
}

// agrees tells whether an answer is a set. A delegation is told by referring to it.
func agrees(m *dns.Msg, set freehold.RRset, origin freehold.Owner) bool {
	section := m.Answer
	if len(section) == 0 && set.Type == freehold.TypeNS && !set.Owner.Equal(origin) {
		section = m.Ns
	} else if !m.Authoritative {
		return false
	}
	want := freehold.Zone{Origin: set.Owner}
	for _, d := range set.Data {
		want.Records = append(want.Records, freehold.Record{Owner: set.Owner, Class: set.Class, Type: set.Type, Data: d})
	}
	is := freehold.Zone{Origin: set.Owner, Records: records(section, set.Owner, set.Type)}
	is.Sort()
	// Diff knows what DNS takes as equal: case in names, order.
	return len(want.Diff(&is, freehold.DiffRules{IgnoreTTL: true, DNSSEC: true}).Changes) == 0
}

// apexTypes and ownerTypes are asked for where the copy has none of them.
var (
	apexTypes  = []freehold.RRType{freehold.TypeA, freehold.TypeAAAA, freehold.TypeMX, freehold.TypeTXT, freehold.TypeCAA, freehold.TypeHTTPS, freehold.TypeSVCB, freehold.TypeSRV, freehold.TypeNAPTR, freehold.TypeSSHFP, freehold.TypeURI, freehold.TypeDNAME, freehold.TypeSPF, freehold.TypeTLSA}
	ownerTypes = []freehold.RRType{freehold.TypeA, freehold.TypeAAAA, freehold.TypeMX, freehold.TypeTXT, freehold.TypeCNAME, freehold.TypeSRV, freehold.TypeCAA, freehold.TypeTLSA}
)

// beyond asks for what the copy does not have: one server for each question, each
// in its turn.
func (j *judge) beyond(ctx context.Context) {
	type question struct {
		owner freehold.Owner
		t     freehold.RRType
	}
	made, cuts := madeUp(j.zone), cutsOf(j.zone)
	has := map[key]bool{}
	var owners []freehold.Owner
	for s := range j.zone.RRsets() {
		has[key{s.Owner.Canonical(), s.Type}] = true
		if o := s.Owner.Canonical(); len(owners) == 0 || !owners[len(owners)-1].Equal(o) {
			owners = append(owners, o)
		}
	}
	var questions []question
	for n, o := range owners {
		if n >= j.Owners {
			break
		}
		if has[key{o, freehold.TypeCNAME}] || cuts[o] || below(o, j.zone.Origin, cuts, 0) {
			continue
		}
		types := ownerTypes
		if o.Equal(j.zone.Origin) {
			types = apexTypes
		}
		for _, t := range types {
			if k := (key{o, t}); !has[k] && !made[k] {
				questions = append(questions, question{o, t})
			}
		}
	}
	for _, o := range j.mentioned(has) {
		if below(o, j.zone.Origin, cuts, 0) {
			continue
		}
		for _, t := range []freehold.RRType{freehold.TypeA, freehold.TypeAAAA, freehold.TypeTXT} {
			if !made[key{o, t}] {
				questions = append(questions, question{o, t})
			}
		}
	}
	j.each(ctx, len(questions), func(n int) {
		i, q := n%len(j.servers), questions[n]
		m := j.ask(ctx, i, q.owner, q.t)
		if m != nil && len(records(m.Answer, q.owner, q.t))+len(records(m.Answer, q.owner, freehold.TypeCNAME)) > 0 {
			j.wrong(i, q.owner.String()+" "+q.t.String())
		}
	})
}

// usual are names that most zones have.
var usual = []string{"www", "_dmarc", "mail", "autodiscover"}

// mentioned are owners that the copy does not have: those that its records point
// at, and the usual ones. What a wildcard of the copy answers for is left out.
func (j *judge) mentioned(has map[key]bool) []freehold.Owner {
	known := map[freehold.Owner]bool{}
	var wild []freehold.Owner
	for k := range has {
		known[k.owner] = true
		if k.owner.Wildcard() {
			wild = append(wild, k.owner.Parent())
		}
	}
	var out []freehold.Owner
	add := func(o freehold.Owner) {
		o = o.Canonical()
		if o == "" || known[o] || !o.Within(j.zone.Origin) || len(out) >= j.Owners || slices.ContainsFunc(wild, func(w freehold.Owner) bool { return o.Within(w) }) {
			return
		}
		known[o] = true
		out = append(out, o)
	}
	for _, r := range j.zone.Records {
		add(r.Target())
	}
	for _, label := range usual {
		if o, err := freehold.ParseOwner(label, j.zone.Origin); err == nil {
			add(o)
		}
	}
	return out
}

type key struct {
	owner freehold.Owner
	t     freehold.RRType
}

// madeUp are the sets that the provider computes: the last word of a foreign
// record's kind is the type that it answers for. Where addresses are computed,
// HTTPS may be too.
func madeUp(z *freehold.Zone) map[key]bool {
	out := map[key]bool{}
	for _, f := range z.Foreign {
		word := f.Kind[strings.LastIndexByte(f.Kind, ' ')+1:]
		t, ok := freehold.ParseRRType(word)
		if !ok && word != "ALIAS" && word != "ANAME" && word != "LUA" {
			continue
		}
		o := f.Owner.Canonical()
		if ok {
			out[key{o, t}] = true
		}
		if !ok || t == freehold.TypeA || t == freehold.TypeAAAA || t == freehold.TypeCNAME {
			for _, t := range []freehold.RRType{freehold.TypeA, freehold.TypeAAAA, freehold.TypeCNAME, freehold.TypeHTTPS} {
				out[key{o, t}] = true
			}
		}
	}
	return out
}

func cutsOf(z *freehold.Zone) map[freehold.Owner]bool {
	out := map[freehold.Owner]bool{}
	for _, r := range z.Records {
		if r.Type == freehold.TypeNS && !r.Owner.Equal(z.Origin) {
			out[r.Owner.Canonical()] = true
		}
	}
	return out
}

// below tells what lies under a delegation, where the zone's servers only refer on:
// all but the delegation's own NS and DS.
func below(o, origin freehold.Owner, cuts map[freehold.Owner]bool, t freehold.RRType) bool {
	for at := o.Canonical(); at.Within(origin) && !at.Equal(origin); at = at.Parent() {
		if cuts[at] && (!at.Equal(o) || t != freehold.TypeNS && t != freehold.TypeDS) {
			return true
		}
	}
	return false
}

// each runs f for 0 to n-1, so many at once, until the context ends.
func (j *judge) each(ctx context.Context, n int, f func(int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(n, j.Parallel) {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	wg.Wait()
}

// conclude says what came of it.
func (j *judge) conclude() {
	z := j.zone
	answers := map[freehold.Host]bool{}
	for _, s := range j.servers {
		answers[s.Host] = answers[s.Host] || s.answered > 0
	}
	agree := true
	for _, s := range j.servers {
		ask := freehold.Ask{Kind: freehold.EvidenceDNS, Source: "dns://" + s.Addr.String(), Outcome: freehold.OutcomeAnswered}
		switch {
		case s.answered == 0 && answers[s.Host]:
			// Another address of the same server answered: on a machine without IPv6
			// half of them are always silent.
			z.Reasons = append(z.Reasons, freehold.T("%s did not answer at %s, but elsewhere.", s.Host.ASCII(), s.Addr.Addr().String()))
		case s.answered == 0:
			agree = false
			z.Reasons = append(z.Reasons, freehold.T("%s (%s) did not answer: whether it agrees is not known.", s.Host.ASCII(), s.Addr.Addr().String()))
		case s.silent > 0:
			agree = false
			z.Reasons = append(z.Reasons, freehold.T("%s (%s) left %d of %d questions without an answer.", s.Host.ASCII(), s.Addr.Addr().String(), s.silent, s.silent+s.answered))
		}
		if s.silent > 0 {
			ask.Outcome, ask.Error = freehold.OutcomeFailed, s.cause
		}
		if len(s.wrong) > 0 {
			agree = false
			slices.Sort(s.wrong)
			z.Reasons = append(z.Reasons, freehold.T("%s (%s) has %d record sets otherwise than the API gives them: %s", s.Host.ASCII(), s.Addr.Addr().String(), len(s.wrong), told(s.wrong)))
			for _, w := range s.wrong {
				if len(z.Notes) < maxNotes {
					z.Notes = append(z.Notes, freehold.ZoneNote{Place: w, Text: freehold.T("%s has it otherwise than the API gives it.", s.Addr.Addr().String())})
				}
			}
		}
		z.Asks = append(z.Asks, ask)
	}
	if len(j.ttls) > 0 {
		z.Reasons = append(z.Reasons, freehold.T("The name servers give other TTLs than the API; the copy has the API's. Record sets: %d.", len(j.ttls)))
		for _, what := range slices.Sorted(maps.Keys(j.ttls)) {
			if len(z.Notes) < maxNotes {
				z.Notes = append(z.Notes, freehold.ZoneNote{Place: what, Text: j.ttls[what]})
			}
		}
	}
	if j.passed > 0 {
		z.Reasons = append(z.Reasons, freehold.T("%d record sets are answered otherwise by the provider's own doing, and were not compared.", j.passed))
	}
	if agree {
		z.Coverage = freehold.CoverageAPI
		z.Reasons = append(z.Reasons, freehold.T("The provider's API gave the zone, and every name server agrees: %d record sets, asked for at %d addresses.", j.asked, len(j.servers)))
	}
}

func told(cases []string) string {
	more := ""
	if len(cases) > maxTold {
		cases, more = cases[:maxTold], ", …"
	}
	return strings.Join(cases, ", ") + more
}
