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

// A nameServer is one name server of a zone and the addresses its parent gave.
type nameServer struct {
	host  string // canonical
	addrs []netip.Addr
}

// A zone is a zone cut as the parent told it, and how far it can be trusted.
// It does not change once made.
type zone struct {
	name    string
	servers []nameServer
	// helper is the server that told of the cut and serves the zone itself.
	helper netip.AddrPort
	// cut is the parent's reply that told of the zone; nil for the root.
	cut *reply

	trust freehold.Validation
	why   string // of trust, where it is neither secure nor plainly insecure
	// unsettled: what would settle the trust was not answered; it may be soon.
	unsettled bool
	keys      []*dns.DNSKEY // verified, of a secure zone
	// chain is what the trust rests on: the reply with the DS or its denial, the DNSKEY reply.
	chain   []*reply
	expires time.Time
}

// zoneOf returns the deepest zone that name lies in, as far as the servers tell:
// label by label below the deepest zone already known, so that a server of both
// parent and child cannot hide the cut between them.
func (r *Resolver) zoneOf(ctx context.Context, t *task, name string) (*zone, error) {
	z, err := r.known(ctx, t, name)
	if err != nil {
		return nil, err
	}
	labels := dns.SplitDomainName(name)
	first := dns.CountLabel(z.name) + 1
	for n := first; n <= len(labels) && n < first+maxWalk; n++ {
		child := dns.Fqdn(strings.Join(labels[len(labels)-n:], "."))
		next, err := r.cutAt(ctx, t, z, child)
		if err != nil {
			return z, err
		}
		if next != nil {
			z = next
		}
	}
	return z, nil
}

// known returns the deepest zone above or at name that is in the cache.
func (r *Resolver) known(ctx context.Context, t *task, name string) (*zone, error) {
	now := r.cfg.Now()
	for _, i := range dns.Split(name) {
		if z, ok := r.zones.get(name[i:], now); ok {
			return z, nil
		}
	}
	if z, ok := r.zones.get(".", now); ok {
		return z, nil
	}
	root := *r.root
	r.anchorRoot(ctx, t, &root)
	r.remember(&root)
	return &root, ctx.Err()
}

// remember keeps a zone for as long as what made it is good. What could not be
// settled is asked again soon.
func (r *Resolver) remember(z *zone) {
	now := r.cfg.Now()
	if z.unsettled || z.trust == freehold.Bogus || z.expires.IsZero() || z.expires.Before(now) {
		z.expires = now.Add(minTTL)
	}
	r.zones.put(z.name, z, z.expires)
}

// cutAt asks z's servers whether child is a zone of its own, and returns it, or
// nil where it is not.
func (r *Resolver) cutAt(ctx context.Context, t *task, z *zone, child string) (*zone, error) {
	now := r.cfg.Now()
	if _, ok := r.cuts.get(child, now); ok {
		return nil, nil
	}
	var found *zone
	err := r.askZone(ctx, t, z, ask(child, dns.TypeNS), func(rep *reply) error {
		found = r.cutIn(z, child, rep)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if found == nil {
		r.cuts.put(child, true, now.Add(10*time.Minute))
		return nil, nil
	}
	r.trustChild(ctx, t, z, found)
	r.remember(found)
	return found, nil
}

// cutIn reads the zone cut that a reply of z's servers about child shows: a
// referral, or the answer of a server that serves the child as well.
func (r *Resolver) cutIn(z *zone, child string, rep *reply) *zone {
	if cut, ns := referral(rep.msg, z.name, child); cut != "" {
		return r.childZone(z, cut, ns, rep, false)
	}
	if ns := recordsOf(rep.msg.Answer, child, dns.TypeNS); len(ns) > 0 && child != z.name {
		return r.childZone(z, child, ns, rep, true)
	}
	return nil
}

// referral returns the zone that msg refers to for name, strictly below zone and
// at or above name, and its NS records. Anything else in the authority section
// is no referral.
func referral(msg *dns.Msg, zone, name string) (string, []dns.RR) {
	if msg.Rcode != dns.RcodeSuccess || len(msg.Answer) > 0 {
		return "", nil
	}
	for _, rr := range msg.Ns {
		if rr.Header().Rrtype != dns.TypeNS {
			continue
		}
		cut := dns.CanonicalName(rr.Header().Name)
		if cut != zone && dns.IsSubDomain(zone, cut) && dns.IsSubDomain(cut, name) {
			return cut, recordsOf(msg.Ns, cut, dns.TypeNS)
		}
	}
	return "", nil
}

// childZone makes the zone that a reply of its parent's servers tells of. Only
// addresses of names inside the parent are believed as glue: the rest is not the
// parent's to say.
func (r *Resolver) childZone(parent *zone, name string, ns []dns.RR, rep *reply, selfServed bool) *zone {
	z := &zone{name: name, cut: rep}
	if selfServed {
		z.helper = rep.server
	}
	ttl := maxTTL
	for _, rr := range ns {
		host := dns.CanonicalName(rr.(*dns.NS).Ns)
		ttl = min(ttl, seconds(rr.Header().Ttl))
		if len(z.servers) >= maxServers || slices.ContainsFunc(z.servers, func(s nameServer) bool { return s.host == host }) {
			continue
		}
		s := nameServer{host: host}
		if dns.IsSubDomain(parent.name, host) {
			s.addrs = glueFor(rep.msg, host)
		}
		z.servers = append(z.servers, s)
	}
	slices.SortFunc(z.servers, func(a, b nameServer) int { return strings.Compare(a.host, b.host) })
	z.expires = r.cfg.Now().Add(keep(ttl))
	return z
}

func glueFor(msg *dns.Msg, host string) []netip.Addr {
	var addrs []netip.Addr
	for _, rr := range msg.Extra {
		if len(addrs) < maxServers && dns.CanonicalName(rr.Header().Name) == host {
			if a, ok := addrOf(rr); ok && !slices.Contains(addrs, a.Unmap()) {
				addrs = append(addrs, a.Unmap())
			}
		}
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return addrs
}

// askZone puts q to z's servers, the healthy first, until accept takes a reply.
// accept is only shown replies that a responsible server could give; an error of
// its own sends us to the next server, a bounded number of times, and is
// returned if none does better.
func (r *Resolver) askZone(ctx context.Context, t *task, z *zone, q question, accept func(*reply) error) error {
	var worst error
	tried, rejected := map[netip.AddrPort]bool{}, 0
	try := func(servers []netip.AddrPort) (done bool) {
		for _, s := range r.client.inOrder(servers) {
			if tried[s] || len(tried) >= maxTries || ctx.Err() != nil {
				continue
			}
			tried[s] = true
			rep, err := r.client.ask(ctx, t, s, q, false)
			if err == nil {
				err = responsible(rep, z.name)
			}
			if err == nil {
				if err = accept(rep); err == nil {
					return true
				}
				rejected++
			}
			worst = moreTelling(worst, err)
			if rejected >= maxBogusTries {
				return false
			}
		}
		return false
	}
	if try(r.addresses(z)) {
		return nil
	}
	looked := 0
	for _, s := range z.servers {
		if len(s.addrs) > 0 || looked >= maxGlueless || rejected >= maxBogusTries || ctx.Err() != nil {
			continue
		}
		looked++
		addrs, err := r.hostAddresses(ctx, t, s.host)
		if err != nil {
			worst = moreTelling(worst, err)
		}
		if try(r.ports(addrs)) {
			return nil
		}
	}
	if err := ctx.Err(); err != nil && worst == nil {
		worst = asFailure(err)
	}
	if worst == nil {
		worst = failed(freehold.OutcomeFailed, "no name server of %q has an address", display(z.name))
	}
	return worst
}

// addresses lists where z's servers are known to be without asking.
func (r *Resolver) addresses(z *zone) []netip.AddrPort {
	var all []netip.Addr
	for _, s := range z.servers {
		all = append(all, s.addrs...)
	}
	out := r.ports(all)
	if z.helper.IsValid() && !slices.Contains(out, z.helper) {
		out = append(out, z.helper)
	}
	return out
}

func (r *Resolver) ports(addrs []netip.Addr) []netip.AddrPort {
	var out []netip.AddrPort
	for _, a := range addrs {
		out = append(out, netip.AddrPortFrom(a.Unmap(), uint16(r.cfg.Port)))
	}
	return out
}

// responsible tells whether a reply is one that a server responsible for zone
// gives: an authoritative answer or a referral downward. The error says in what
// way the server is lame.
func responsible(rep *reply, zone string) error {
	fail := func(o freehold.Outcome, format string, args ...any) error {
		f := failed(o, format, args...)
		f.server, f.reply = rep.server, rep
		return f
	}
	m := rep.msg
	switch m.Rcode {
	case dns.RcodeSuccess, dns.RcodeNameError:
	case dns.RcodeRefused, dns.RcodeNotAuth:
		return fail(freehold.OutcomeRefused, "the server answers %s", rcodeName(m.Rcode))
	default:
		return fail(freehold.OutcomeFailed, "the server answers %s", rcodeName(m.Rcode))
	}
	if m.Authoritative {
		return nil
	}
	if cut, _ := referral(m, zone, rep.q.name); cut != "" {
		return nil
	}
	return fail(freehold.OutcomeFailed, "the server is not authoritative for %q", display(zone))
}

// moreTelling keeps, of two errors, the one that says more: a bogus or refused
// answer over silence.
func moreTelling(a, b error) error {
	rank := func(err error) int {
		if err == nil {
			return -1
		}
		if _, ok := err.(*bogusError); ok {
			return 10
		}
		switch asFailure(err).outcome {
		case freehold.OutcomeNone:
			return 0
		case freehold.OutcomeTimeout:
			return 1
		case freehold.OutcomeGarbled:
			return 2
		case freehold.OutcomeThrottled:
			return 3
		}
		return 4
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// hostAddresses returns a host's addresses by looking them up: IPv4, and IPv6
// where there is no IPv4.
func (r *Resolver) hostAddresses(ctx context.Context, t *task, host string) ([]netip.Addr, error) {
	inner, ok := t.within(host)
	if !ok {
		return nil, failed(freehold.OutcomeFailed, "finding the address of %q leads in a circle", display(host))
	}
	var addrs []netip.Addr
	var last error
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		a, err := r.lookup(ctx, inner, ask(host, qtype))
		if err != nil {
			last = err
			continue
		}
		addrs = append(addrs, a.addrs()...)
		if len(addrs) > 0 {
			break
		}
	}
	if len(addrs) > 0 {
		return addrs, nil
	}
	return nil, last
}

// recordsOf returns the records of rrs with that owner and type, or of any type.
func recordsOf(rrs []dns.RR, owner string, rrtype uint16) []dns.RR {
	var out []dns.RR
	for _, rr := range rrs {
		h := rr.Header()
		if h.Class == dns.ClassINET && (h.Rrtype == rrtype || rrtype == dns.TypeANY && h.Rrtype != dns.TypeRRSIG) && dns.CanonicalName(h.Name) == owner {
			out = append(out, rr)
		}
	}
	return out
}

func seconds(ttl uint32) time.Duration {
	if ttl > 1<<31-1 { // RFC 2181 section 8
		return 0
	}
	return time.Duration(ttl) * time.Second
}

// display returns a name as people write it.
func display(name string) string {
	if name == "." {
		return name
	}
	return strings.TrimSuffix(name, ".")
}
