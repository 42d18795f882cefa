package resolve

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"freehold"
)

// served is one name server at one address, and what it said.
type served struct {
	facts   freehold.ServerFacts
	soa     *dns.SOA
	soaHop  *hop
	nsReply *reply
}

// askServers asks every name server of the delegation at every address, and
// those that only the zone itself names. It settles the zone's trust on the way,
// and returns whether any server is authoritative.
func (o *observation) askServers(ctx context.Context) bool {
	var outside, inside []freehold.Host
	for _, s := range o.zone.servers {
		h, ok := hostFrom(s.host)
		if !ok {
			continue
		}
		for _, a := range s.addrs {
			o.target(h, a, true, true)
		}
		if dns.IsSubDomain(o.zone.name, s.host) {
			inside = append(inside, h)
		} else {
			outside = append(outside, h)
		}
	}
	if o.zone.helper.IsValid() {
		// The parent's server serves the zone as well, so it gave no referral and
		// no glue: it is asked where the zone's servers are.
		z := *o.zone
		o.r.trustChild(ctx, o.t, o.parent, &z)
		o.r.remember(&z)
		o.lookUpHosts(ctx, inside)
		o.targetsOf(inside, true)
	}
	o.lookUpHosts(ctx, outside)
	o.targetsOf(outside, true)
	o.askTargets(ctx)
	if !o.settle(ctx) {
		o.finishServers()
		return false
	}
	// Now that the zone can be asked: its own word on where its servers are.
	o.lookUpHosts(ctx, inside)
	o.targetsOf(inside, true)
	var childOnly []freehold.Host
	for _, s := range o.servers {
		for _, h := range s.facts.NS.Value {
			if !slices.Contains(o.facts.Delegation.Value, h) && !slices.Contains(childOnly, h) && len(childOnly) < maxServers {
				childOnly = append(childOnly, h)
			}
		}
	}
	slices.SortFunc(childOnly, func(a, b freehold.Host) int { return strings.Compare(a.ASCII(), b.ASCII()) })
	o.lookUpHosts(ctx, childOnly)
	o.targetsOf(childOnly, false)
	o.askTargets(ctx)
	o.finishServers()
	return true
}

func (o *observation) target(h freehold.Host, a netip.Addr, inParent, glue bool) {
	if len(o.servers) >= maxAddresses || slices.ContainsFunc(o.servers, func(s *served) bool { return s.facts.Host == h && s.facts.Addr == a }) {
		return
	}
	o.servers = append(o.servers, &served{facts: freehold.ServerFacts{Host: h, Addr: a, InParent: inParent, Glue: glue}})
}

// targetsOf adds the looked-up addresses of hosts; a host without one is an
// entry without an address.
func (o *observation) targetsOf(hosts []freehold.Host, inParent bool) {
	for _, h := range hosts {
		found := o.hosts[h].Addrs
		for _, a := range found.Value {
			o.target(h, a, inParent, false)
		}
		if len(found.Value) == 0 && !slices.ContainsFunc(o.servers, func(s *served) bool { return s.facts.Host == h }) && len(o.servers) < maxAddresses {
			why := "it has no address"
			if found.State != freehold.Absent {
				why = join("its address is not known", found.Note)
			}
			o.servers = append(o.servers, &served{facts: freehold.ServerFacts{Host: h, InParent: inParent, Error: why, Evidence: found.Evidence}})
		}
	}
}

// askTargets asks the servers that were not asked yet.
func (o *observation) askTargets(ctx context.Context) {
	var jobs []func()
	for _, s := range o.servers {
		if s.facts.Addr.IsValid() && s.facts.Outcome == freehold.OutcomeNone && s.facts.Error == "" {
			jobs = append(jobs, func() { o.askServer(ctx, s) })
		}
	}
	together(jobs)
}

// askServer asks one server for the zone's SOA, over UDP and TCP, and its NS.
func (o *observation) askServer(ctx context.Context, s *served) {
	at := netip.AddrPortFrom(s.facts.Addr, uint16(o.r.cfg.Port))
	soaQ := ask(o.fqdn, dns.TypeSOA)
	tcp := make(chan struct{})
	var overTCP *reply
	var tcpErr error
	go func() {
		defer close(tcp)
		overTCP, tcpErr = o.r.client.ask(ctx, o.t, at, soaQ, true)
	}()
	rep, err := o.r.client.ask(ctx, o.t, at, soaQ, false)
	<-tcp
	s.facts.TCP = o.overTCP(overTCP, tcpErr)
	if err != nil && tcpErr == nil {
		rep, err = overTCP, nil
		s.facts.Error = "it answers over TCP only"
	}
	if err != nil {
		f := asFailure(err)
		s.facts.Outcome, s.facts.Error = f.outcome, f.text
		return
	}
	s.facts.Outcome = freehold.OutcomeAnswered
	s.facts.Evidence = o.got.add(rep)
	if why := o.notAuthoritative(s, rep); why != "" {
		s.facts.Error = why
		return
	}
	s.soaHop = readHop(rep, o.zone, soaQ)
	s.soa = recordsOf(rep.msg.Answer, o.fqdn, dns.TypeSOA)[0].(*dns.SOA)
	s.facts.Serial = freehold.Known(s.soa.Serial, s.facts.Evidence...)
	o.askServerNS(ctx, s, at)
}

func (o *observation) overTCP(rep *reply, err error) freehold.Fact[bool] {
	if err == nil {
		return freehold.Known(true, o.got.add(rep)...)
	}
	f := asFailure(err)
	if f.outcome == freehold.OutcomeFailed {
		return noted(freehold.Known(false), f.text)
	}
	return freehold.NotKnown[bool](f.text)
}

// notAuthoritative says why a server's answer is not that of the zone's own
// server: it is lame, or it fails.
func (o *observation) notAuthoritative(s *served, rep *reply) string {
	switch err := responsible(rep, o.fqdn); {
	case err != nil && rep.msg.Rcode != dns.RcodeSuccess && asFailure(err).outcome == freehold.OutcomeFailed:
		s.facts.Outcome = freehold.OutcomeFailed // SERVFAIL and the like: it may be better tomorrow
		return asFailure(err).text
	case err != nil:
		s.facts.Lame = true
		return asFailure(err).text
	case rep.msg.Rcode == dns.RcodeNameError:
		s.facts.Lame = true
		return "the server says that the zone does not exist"
	case !rep.msg.Authoritative || len(recordsOf(rep.msg.Answer, o.fqdn, dns.TypeSOA)) == 0:
		s.facts.Lame = true
		return "the server has no such zone"
	}
	return ""
}

func (o *observation) askServerNS(ctx context.Context, s *served, at netip.AddrPort) {
	rep, err := o.r.client.ask(ctx, o.t, at, ask(o.fqdn, dns.TypeNS), false)
	if err == nil {
		err = responsible(rep, o.fqdn)
	}
	if err != nil {
		s.facts.NS = freehold.NotKnown[[]freehold.Host](asFailure(err).text)
		o.miss(ask(o.fqdn, dns.TypeNS), err)
		return
	}
	ids := o.got.add(rep)
	s.nsReply = rep
	s.facts.Evidence = append(s.facts.Evidence, ids...)
	hosts, note := hostsIn(recordsOf(rep.msg.Answer, o.fqdn, dns.TypeNS))
	s.facts.NS = noted(freehold.Known(hosts, ids...), note)
	if len(hosts) == 0 {
		s.facts.NS = noted(freehold.NotThere[[]freehold.Host](ids...), note)
	}
}

// settle settles the zone's trust and makes it known, with the servers that
// proved to be authoritative: later questions are put to them.
func (o *observation) settle(ctx context.Context) bool {
	z := *o.zone
	z.servers, z.helper = nil, netip.AddrPort{}
	for _, s := range o.servers {
		if s.soa == nil {
			continue
		}
		host := dns.CanonicalName(s.facts.Host.FQDN())
		i := slices.IndexFunc(z.servers, func(n nameServer) bool { return n.host == host })
		if i < 0 {
			i = len(z.servers)
			z.servers = append(z.servers, nameServer{host: host})
		}
		z.servers[i].addrs = append(z.servers[i].addrs, s.facts.Addr)
	}
	if len(z.servers) == 0 {
		return false
	}
	o.r.trustChild(ctx, o.t, o.parent, &z)
	o.r.remember(&z)
	o.zone = &z
	return true
}

// finishServers puts the servers into the facts: the parent's first.
func (o *observation) finishServers() {
	slices.SortStableFunc(o.servers, func(a, b *served) int {
		if a.facts.InParent != b.facts.InParent {
			if a.facts.InParent {
				return -1
			}
			return 1
		}
		if c := strings.Compare(a.facts.Host.ASCII(), b.facts.Host.ASCII()); c != 0 {
			return c
		}
		return a.facts.Addr.Compare(b.facts.Addr)
	})
	for _, s := range o.servers {
		o.facts.Servers = append(o.facts.Servers, s.facts)
		if s.facts.Outcome == freehold.OutcomeNone {
			continue
		}
		a := freehold.Ask{Kind: freehold.EvidenceDNS, Source: "dns://" + netip.AddrPortFrom(s.facts.Addr, uint16(o.r.cfg.Port)).String(),
			Outcome: s.facts.Outcome, Evidence: first(s.facts.Evidence)}
		if a.Outcome != freehold.OutcomeAnswered {
			a.Error = serverName(s.facts.Host, s.facts.Addr) + ": " + s.facts.Error
		}
		if !slices.ContainsFunc(o.facts.Asks, func(have freehold.Ask) bool { return have.Source == a.Source && have.Outcome == a.Outcome }) {
			o.facts.Asks = append(o.facts.Asks, a)
		}
	}
}

// apex makes the SOA and NS facts of what the servers said: of the newest
// version of the zone, validated like everything else.
func (o *observation) apex() {
	var newest *served
	serials := map[uint32]bool{}
	for _, s := range o.servers {
		if s.soa == nil {
			continue
		}
		serials[s.soa.Serial] = true
		if newest == nil || int32(s.soa.Serial-newest.soa.Serial) > 0 { // RFC 1982
			newest = s
		}
	}
	if newest == nil {
		return
	}
	note := ""
	if len(serials) > 1 {
		note = "the name servers have different versions of the zone"
	}
	h := newest.soaHop
	h.zone = o.zone
	o.r.validateHop(o.t, h, dns.TypeSOA)
	o.hops = append(o.hops, *h)
	o.facts.SOA = noted(freehold.Known(soaFact(newest.soa), o.got.add(h.reply)...), join(note, hopDoubt(h)))
	o.facts.NS = newest.facts.NS
	if newest.nsReply == nil {
		return
	}
	if n := readHop(newest.nsReply, o.zone, ask(o.fqdn, dns.TypeNS)); n != nil {
		o.r.validateHop(o.t, n, dns.TypeNS)
		o.hops = append(o.hops, *n)
		o.facts.NS.Note = join(o.facts.NS.Note, hopDoubt(n))
	}
}

func hopDoubt(h *hop) string {
	if h.validation == freehold.Bogus {
		return "does not validate: " + freehold.OneLine(h.why)
	}
	return ""
}
