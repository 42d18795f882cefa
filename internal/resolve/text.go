package resolve

import (
	"context"
	"net/netip"

	"github.com/miekg/dns"

	"freehold"
)

// TXT looks up the texts at a host, fresh, aliases followed and validated. The
// strings of one record are joined. Through a resolver the validation is
// indeterminate.
func (r *Resolver) TXT(ctx context.Context, host freehold.Host) (freehold.Fact[[]string], freehold.Validation, []freehold.Evidence) {
	return lookupFact(ctx, r, ask(host.FQDN(), dns.TypeTXT), txtIn)
}

// Addrs looks up the IPv4 and IPv6 addresses of a host, fresh, aliases followed
// and validated.
func (r *Resolver) Addrs(ctx context.Context, host freehold.Host) (freehold.Fact[[]netip.Addr], freehold.Validation, []freehold.Evidence) {
	v4, one, evidence := lookupFact(ctx, r, ask(host.FQDN(), dns.TypeA), addrsIn)
	v6, two, more := lookupFact(ctx, r, ask(host.FQDN(), dns.TypeAAAA), addrsIn)
	if worse(two, one) {
		one = two
	}
	return bothFamilies(v4, v6), one, append(evidence, more...)
}

func lookupFact[T any](ctx context.Context, r *Resolver, q question, read func([]dns.RR) ([]T, string)) (freehold.Fact[[]T], freehold.Validation, []freehold.Evidence) {
	var got collector
	a, err := r.find(ctx, newTask(true), q)
	if err != nil {
		ids := got.add(asFailure(err).reply)
		return freehold.NotKnown[[]T](freehold.OneLine(err.Error()), ids...), freehold.Indeterminate, got.all()
	}
	ids := got.add(a.replies()...)
	if a.kind() != kindFound {
		return noted(freehold.NotThere[[]T](ids...), doubt(a)), a.validation, got.all()
	}
	list, note := read(a.records())
	return noted(freehold.Known(list, ids...), join(note, doubt(a))), a.validation, got.all()
}

// ServerTXT is the texts at a host as one authoritative server gives them.
type ServerTXT struct {
	Host    freehold.Host // the name server
	Addr    netip.Addr    // zero where it has none
	Outcome freehold.Outcome
	// Error says why there was no usable answer.
	Error string
	// TXT is absent where the server answers that there is none, an alias included.
	TXT      freehold.Fact[[]string]
	Evidence []freehold.EvidenceID
}

// TXTAtEveryServer asks every name server of zone, the parent's and those that
// only the zone names, at each address, for the texts at host. host must lie in
// the zone. It asks servers only: through a resolver it returns nothing.
func (r *Resolver) TXTAtEveryServer(ctx context.Context, zone freehold.Name, host freehold.Host) ([]ServerTXT, []freehold.Evidence) {
	if r.Stub() || !zone.Contains(host) {
		return nil, nil
	}
	o := &observation{r: r, t: newTask(true), fqdn: dns.CanonicalName(zone.FQDN()), hosts: map[freehold.Host]freehold.HostFacts{}}
	if !o.delegation(ctx) || o.zone == nil {
		return nil, o.got.all()
	}
	o.askServers(ctx)
	out := make([]ServerTXT, len(o.servers))
	var jobs []func()
	for i, s := range o.servers {
		out[i] = ServerTXT{Host: s.facts.Host, Addr: s.facts.Addr, Outcome: s.facts.Outcome, Error: s.facts.Error, TXT: freehold.NotKnown[[]string](s.facts.Error)}
		if s.soa != nil {
			jobs = append(jobs, func() { o.textAt(ctx, &out[i], ask(host.FQDN(), dns.TypeTXT)) })
		}
	}
	together(jobs)
	return out, o.got.all()
}

// textAt asks one server.
func (o *observation) textAt(ctx context.Context, s *ServerTXT, q question) {
	rep, err := o.r.client.ask(ctx, o.t, netip.AddrPortFrom(s.Addr, uint16(o.r.cfg.Port)), q, false)
	if err == nil {
		err = responsible(rep, o.fqdn)
	}
	if err != nil {
		f := asFailure(err)
		s.Outcome, s.Error, s.TXT = f.outcome, f.text, freehold.NotKnown[[]string](f.text)
		return
	}
	s.Outcome, s.Error, s.Evidence = freehold.OutcomeAnswered, "", o.got.add(rep)
	switch found := recordsOf(rep.msg.Answer, q.name, dns.TypeTXT); {
	case !rep.msg.Authoritative:
		s.Error = quote(q.name) + " is delegated to other servers"
		s.TXT = freehold.NotKnown[[]string](s.Error, s.Evidence...)
	case len(found) > 0:
		list, note := txtIn(found)
		s.TXT = noted(freehold.Known(list, s.Evidence...), note)
	case len(recordsOf(rep.msg.Answer, q.name, dns.TypeCNAME)) > 0:
		s.TXT = noted(freehold.NotThere[[]string](s.Evidence...), "it is an alias")
	default:
		s.TXT = freehold.NotThere[[]string](s.Evidence...)
	}
}
