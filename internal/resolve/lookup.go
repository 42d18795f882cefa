package resolve

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"freehold"
)

// answerKind says what was found at the end of the aliases.
type answerKind uint8

const (
	kindFound answerKind = iota
	kindAlias            // of a hop only: the name is an alias
	kindNoData
	kindNoName
)

// A hop is what one reply says about one name.
type hop struct {
	name   string
	kind   answerKind
	rrs    []dns.RR // the RRset found, or the CNAME
	dname  []dns.RR // the DNAME that the CNAME comes from
	target string   // of an alias

	zone       *zone
	reply      *reply
	validation freehold.Validation
	why        string
}

// An answer is a question followed to its end.
type answer struct {
	q          question
	hops       []hop
	validation freehold.Validation // the worst of the hops
	why        string
}

func (a *answer) last() *hop { return &a.hops[len(a.hops)-1] }

func (a *answer) kind() answerKind { return a.last().kind }

// records returns the RRset at the end of the aliases.
func (a *answer) records() []dns.RR {
	if a.kind() != kindFound {
		return nil
	}
	return a.last().rrs
}

func (a *answer) addrs() []netip.Addr {
	var out []netip.Addr
	for _, rr := range a.records() {
		if addr, ok := addrOf(rr); ok && len(out) < maxRecords && !slices.Contains(out, addr.Unmap()) {
			out = append(out, addr.Unmap())
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

// replies lists what the answer rests on, chain of trust not included.
func (a *answer) replies() []*reply {
	var out []*reply
	for _, h := range a.hops {
		if !slices.Contains(out, h.reply) {
			out = append(out, h.reply)
		}
	}
	return out
}

// lookup follows q to its end. The error is a *failure where the servers gave no
// usable answer; a bogus answer is an answer, with its validation.
func (r *Resolver) lookup(ctx context.Context, t *task, q question) (*answer, error) {
	now := r.cfg.Now()
	if !t.fresh {
		if a, ok := r.answers.get(q, now); ok {
			return a, nil
		}
	}
	a := &answer{q: q, validation: freehold.Secure}
	name := q.name
	var prior *hop
	for range maxAliases {
		h, err := r.hopAt(ctx, t, question{name, q.qtype}, prior)
		if err != nil {
			return nil, err
		}
		a.hops = append(a.hops, *h)
		if worse(h.validation, a.validation) {
			a.validation, a.why = h.validation, h.why
		}
		if h.kind != kindAlias {
			r.answers.put(q, a, now.Add(keep(a.ttl())))
			return a, nil
		}
		if slices.ContainsFunc(a.hops, func(seen hop) bool { return seen.name == h.target }) {
			return nil, withReply(failed(freehold.OutcomeAnswered, "%q is an alias in a circle", display(q.name)), h.reply)
		}
		name, prior = h.target, &a.hops[len(a.hops)-1]
	}
	return nil, withReply(failed(freehold.OutcomeAnswered, "%q is an alias of an alias more than %d times", display(q.name), maxAliases), a.last().reply)
}

// withReply adds the reply that shows the failure. An alias in a circle was
// answered all right: asking again would change nothing.
func withReply(f *failure, rep *reply) *failure {
	f.reply, f.server = rep, rep.server
	return f
}

// worse orders validation results: bogus, indeterminate, insecure, secure.
func worse(a, b freehold.Validation) bool {
	rank := [...]int{freehold.Indeterminate: 1, freehold.Insecure: 2, freehold.Secure: 3, freehold.Bogus: 0}
	return rank[a] < rank[b]
}

// ttl is how long the answer may be kept.
func (a *answer) ttl() time.Duration {
	ttl := maxTTL
	for _, h := range a.hops {
		if h.validation == freehold.Bogus || h.zone.unsettled || h.validation == freehold.Indeterminate && h.zone.trust == freehold.Secure {
			return minTTL
		}
		for _, rr := range h.rrs {
			ttl = min(ttl, seconds(rr.Header().Ttl))
		}
		if h.kind == kindNoData || h.kind == kindNoName {
			ttl = min(ttl, negativeTTL(h.reply.msg))
		}
	}
	return ttl
}

// negativeTTL is RFC 2308 section 5: the lesser of the SOA's TTL and its minimum.
func negativeTTL(m *dns.Msg) time.Duration {
	for _, rr := range m.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return min(seconds(soa.Hdr.Ttl), seconds(soa.Minttl))
		}
	}
	return minTTL
}

// hopAt finds out what is at q.name. prior is the alias that led there: the
// reply that held it often holds the target as well, and is used where its
// server is responsible for the target too.
func (r *Resolver) hopAt(ctx context.Context, t *task, q question, prior *hop) (*hop, error) {
	if prior != nil {
		if h := r.sameReply(t, q, prior); h != nil {
			return h, nil
		}
	}
	z, err := r.startFor(ctx, t, q)
	if z == nil {
		return nil, err
	}
	for range maxSteps {
		h, next, err := r.step(ctx, t, z, q)
		if err != nil {
			return nil, err
		}
		if next == nil {
			return h, nil
		}
		z = next
	}
	return nil, failed(freehold.OutcomeFailed, "%q is delegated in a circle", display(q.name))
}

// sameReply reads the target of an alias from the alias's own reply: only inside
// the same zone, and only when that settles it.
func (r *Resolver) sameReply(t *task, q question, prior *hop) *hop {
	if !dns.IsSubDomain(prior.zone.name, q.name) || q.qtype == dns.TypeDS && q.name == prior.zone.name {
		return nil
	}
	h := readHop(prior.reply, prior.zone, q)
	if h == nil || h.kind != kindFound && h.kind != kindAlias && soaOwner(prior.reply.msg) != prior.zone.name {
		return nil
	}
	hidden := r.validateHop(t, h, q.qtype)
	if hidden != "" || h.validation == freehold.Bogus || h.validation == freehold.Indeterminate && h.zone.trust == freehold.Secure {
		return nil
	}
	return h
}

// startFor returns the zone to begin at: the deepest one known above the name
// (above its zone cut, for a DS, which belongs to the parent).
func (r *Resolver) startFor(ctx context.Context, t *task, q question) (*zone, error) {
	above := "."
	if i, end := dns.NextLabel(q.name, 0); !end {
		above = q.name[i:]
	}
	z, err := r.zoneOf(ctx, t, above)
	if err != nil || q.qtype == dns.TypeDS || q.name == "." {
		return z, err // with an error, z may still answer the whole question
	}
	if at, ok := r.zones.get(q.name, r.cfg.Now()); ok {
		return at, nil
	}
	return z, nil
}

// step asks z's servers for q. It returns the hop, or the zone further down that
// must be asked instead.
func (r *Resolver) step(ctx context.Context, t *task, z *zone, q question) (*hop, *zone, error) {
	var h *hop
	var next *zone
	referred := false
	err := r.askZone(ctx, t, z, q, func(rep *reply) error {
		h, next = nil, nil
		if cut, ns := referral(rep.msg, z.name, q.name); cut != "" && !(q.qtype == dns.TypeDS && cut == q.name) && soaOwner(rep.msg) == "" {
			next, referred = r.childZone(z, cut, ns, rep, false), true
			return nil
		}
		h = readHop(rep, z, q)
		if h == nil {
			f := failed(freehold.OutcomeGarbled, "the answer is about something else")
			return withReply(f, rep)
		}
		if hidden := r.validateHop(t, h, q.qtype); hidden != "" {
			if q.qtype == dns.TypeDS && hidden == q.name {
				return withReply(failed(freehold.OutcomeFailed, "the server answers for the child, not for the parent"), rep)
			}
			if next = r.hiddenZone(ctx, t, z, hidden, rep); next != nil {
				return nil
			}
			h.validation, h.why = freehold.Bogus, quote(q.name)+" is not signed by "+quote(z.name)+", and no zone of its own"
		}
		if h.validation == freehold.Bogus {
			return &bogusError{hop: h}
		}
		return nil
	})
	if b, ok := err.(*bogusError); ok {
		return b.hop, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if referred && next != nil {
		r.trustChild(ctx, t, z, next)
		r.remember(next)
	}
	return h, next, nil
}

// hiddenZone settles the zone that a reply of z's servers seems to come from:
// they serve it as well, so they gave no referral. It returns nil where z denies
// that there is such a zone.
func (r *Resolver) hiddenZone(ctx context.Context, t *task, z *zone, name string, rep *reply) *zone {
	if found, err := r.cutAt(ctx, t, z, name); err == nil && found != nil {
		return found
	}
	// They do not say who serves it. The parent's DS, or proof of none, decides.
	same := &zone{name: name, servers: z.servers, helper: z.helper, cut: rep, expires: z.expires}
	r.trustChild(ctx, t, z, same)
	if same.trust == freehold.Bogus {
		return nil
	}
	r.remember(same)
	return same
}

// bogusError sends askZone to another server; the hop is used if none does better.
type bogusError struct{ hop *hop }

func (b *bogusError) Error() string { return b.hop.why }

// readHop reads what a reply of z's servers says about q.name, or nil if it says
// nothing about it.
func readHop(rep *reply, z *zone, q question) *hop {
	h := &hop{name: q.name, zone: z, reply: rep}
	m := rep.msg
	if h.rrs = recordsOf(m.Answer, q.name, q.qtype); len(h.rrs) > 0 {
		return h
	}
	if dname, target := dnameFor(m.Answer, z.name, q.name); target != "" {
		h.kind, h.dname, h.target = kindAlias, dname, target
		h.rrs = recordsOf(m.Answer, q.name, dns.TypeCNAME)
		return h
	}
	if cname := recordsOf(m.Answer, q.name, dns.TypeCNAME); len(cname) > 0 {
		h.kind, h.rrs = kindAlias, cname
		h.target = dns.CanonicalName(cname[0].(*dns.CNAME).Target)
		return h
	}
	if q.name == rep.q.name && len(m.Answer) > 0 {
		return nil
	}
	h.kind = kindNoData
	if m.Rcode == dns.RcodeNameError {
		h.kind = kindNoName
	}
	return h
}

// dnameFor returns the DNAME in rrs that covers name, and what name becomes
// under it (RFC 6672 section 2.2).
func dnameFor(rrs []dns.RR, zone, name string) ([]dns.RR, string) {
	for _, rr := range rrs {
		d, ok := rr.(*dns.DNAME)
		if !ok {
			continue
		}
		owner := dns.CanonicalName(d.Hdr.Name)
		if owner == name || !dns.IsSubDomain(owner, name) || !dns.IsSubDomain(zone, owner) {
			continue
		}
		target := dns.CanonicalName(strings.TrimSuffix(name, owner) + strings.TrimPrefix(dns.CanonicalName(d.Target), "."))
		if _, ok := dns.IsDomainName(target); !ok {
			continue
		}
		return recordsOf(rrs, owner, dns.TypeDNAME), target
	}
	return nil, ""
}

// soaOwner returns the owner of the SOA in the authority section: the zone that
// a negative answer comes from.
func soaOwner(m *dns.Msg) string {
	for _, rr := range m.Ns {
		if rr.Header().Rrtype == dns.TypeSOA {
			return dns.CanonicalName(rr.Header().Name)
		}
	}
	return ""
}

func quote(name string) string { return `"` + freehold.OneLine(display(name)) + `"` }
