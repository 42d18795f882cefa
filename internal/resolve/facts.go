package resolve

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"freehold"
)

// atOnce is how many questions about one name are under way together.
const atOnce = 8

// Facts asks all that the DNS says about a name and bears on leaving: the
// parent's delegation, every name server of it at every address, the zone's
// records, and where its name servers and mail hosts are. It never fails: what
// was not answered is unknown, and the Asks say why. The evidence holds the
// messages that the facts rest on.
func (r *Resolver) Facts(ctx context.Context, name freehold.Name) (freehold.DNSFacts, []freehold.Evidence) {
	o := &observation{r: r, t: newTask(true), fqdn: dns.CanonicalName(name.FQDN()), hosts: map[freehold.Host]freehold.HostFacts{}}
	if r.Stub() {
		o.facts.Stub = true
		note := "only a resolver was asked"
		o.facts.Delegation, o.facts.DS = freehold.NotKnown[[]freehold.Host](note), freehold.NotKnown[[]freehold.DS](note)
		o.facts.DNSKEY, o.facts.CDS = freehold.NotKnown[[]freehold.DNSKEY](note), freehold.NotKnown[[]freehold.DS](note)
		o.facts.Validation = freehold.NotKnown[freehold.Validation](note)
		o.records(ctx)
		o.mailAndServerHosts(ctx)
		o.stubAsk()
		return o.facts, o.got.all()
	}
	if o.delegation(ctx) {
		if o.zone == nil || o.askServers(ctx) {
			o.records(ctx)
			o.judgeValidation()
		} else {
			o.unreachable()
		}
		o.mailAndServerHosts(ctx)
	}
	o.facts.Asks = append(o.facts.Asks, o.sortedMisses()...)
	return o.facts, o.got.all()
}

// observation is the making of the facts about one name.
type observation struct {
	r     *Resolver
	t     *task
	fqdn  string
	got   collector
	facts freehold.DNSFacts

	parent, zone *zone // zone is nil where the parent delegates nothing
	servers      []*served

	mu     sync.Mutex
	misses []freehold.Ask
	hosts  map[freehold.Host]freehold.HostFacts
	hops   []hop // of the zone itself, for its validation
}

// miss counts a question that was not answered.
func (o *observation) miss(q question, err error) {
	f := asFailure(err)
	if f.outcome == freehold.OutcomeAnswered || f.outcome == freehold.OutcomeNone {
		return
	}
	a := freehold.Ask{Kind: freehold.EvidenceDNS, Source: "dns:" + display(q.name), Outcome: f.outcome, Error: freehold.OneLine(q.String() + ": " + f.text)}
	if f.server.IsValid() {
		a.Source = "dns://" + f.server.String()
	}
	if ids := o.got.add(f.reply); len(ids) > 0 {
		a.Evidence = ids[0]
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.ContainsFunc(o.misses, func(m freehold.Ask) bool { return m.Source == a.Source && m.Outcome == a.Outcome }) {
		o.misses = append(o.misses, a)
	}
}

// sortedMisses leaves out the servers that are already counted.
func (o *observation) sortedMisses() []freehold.Ask {
	slices.SortFunc(o.misses, func(a, b freehold.Ask) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Outcome, b.Outcome))
	})
	return slices.DeleteFunc(o.misses, func(m freehold.Ask) bool {
		return slices.ContainsFunc(o.facts.Asks, func(a freehold.Ask) bool { return a.Source == m.Source && a.Outcome == m.Outcome })
	})
}

// delegation asks the parent. It returns false when there is nothing more to ask.
func (o *observation) delegation(ctx context.Context) bool {
	above := "."
	if i, end := dns.NextLabel(o.fqdn, 0); !end {
		above = o.fqdn[i:]
	}
	q := ask(o.fqdn, dns.TypeNS)
	var err error
	if o.parent, err = o.r.zoneOf(ctx, &task{spent: o.t.spent}, above); err != nil {
		o.facts.Delegation = freehold.NotKnown[[]freehold.Host](freehold.OneLine(err.Error()))
		o.miss(ask(above, dns.TypeNS), err)
		return false
	}
	var rep *reply
	var h *hop
	err = o.r.askZone(ctx, o.t, o.parent, q, func(got *reply) error {
		rep, h, o.zone = got, nil, o.r.cutIn(o.parent, o.fqdn, got)
		if o.zone != nil {
			return nil
		}
		if h = readHop(got, o.parent, q); h == nil {
			return withReply(failed(freehold.OutcomeGarbled, "the answer is about something else"), got)
		}
		if o.r.validateHop(o.t, h, q.qtype); h.validation == freehold.Bogus {
			return &bogusError{hop: h}
		}
		return nil
	})
	if err != nil {
		o.facts.Delegation = freehold.NotKnown[[]freehold.Host](freehold.OneLine(err.Error()))
		if _, bogus := err.(*bogusError); bogus {
			err = withReply(failed(freehold.OutcomeFailed, "%s", err), rep)
		}
		o.miss(q, err)
		return false
	}
	ids := o.got.add(rep)
	o.facts.Asks = append(o.facts.Asks, freehold.Ask{Kind: freehold.EvidenceDNS, Source: rep.source(), Outcome: freehold.OutcomeAnswered, Evidence: first(ids)})
	if o.zone == nil {
		o.facts.Delegation, o.facts.DS = freehold.NotThere[[]freehold.Host](ids...), freehold.NotThere[[]freehold.DS](ids...)
		if h.kind == kindNoName {
			o.nothing(h, ids)
			return false
		}
		return true
	}
	hosts, note := hostsIn(slices.Concat(recordsOf(rep.msg.Answer, o.fqdn, dns.TypeNS), recordsOf(rep.msg.Ns, o.zone.name, dns.TypeNS)))
	if o.zone.helper.IsValid() {
		note = join(note, "the parent's server answers for the zone itself, so the parent's own record is not seen")
	}
	o.facts.Delegation = noted(freehold.Known(hosts, ids...), note)
	o.delegationSigners(ctx, rep)
	return true
}

// delegationSigners finds the DS at the parent: in the referral, or by asking.
func (o *observation) delegationSigners(ctx context.Context, referral *reply) {
	if ds := recordsOf(referral.msg.Ns, o.fqdn, dns.TypeDS); len(ds) > 0 {
		list, note := dsIn(ds)
		o.facts.DS = noted(freehold.Known(list, o.got.add(referral)...), note)
		return
	}
	q := ask(o.fqdn, dns.TypeDS)
	err := o.r.askZone(ctx, o.t, o.parent, q, func(rep *reply) error {
		ds := recordsOf(rep.msg.Answer, o.fqdn, dns.TypeDS)
		if soa := soaOwner(rep.msg); len(ds) == 0 && (soa == o.fqdn || soa == "" && !rep.msg.Authoritative) {
			return withReply(failed(freehold.OutcomeFailed, "the server answers for the child, not for the parent"), rep)
		}
		list, note := dsIn(ds)
		o.facts.DS = noted(freehold.Known(list, o.got.add(rep)...), note)
		if len(ds) == 0 {
			o.facts.DS = freehold.NotThere[[]freehold.DS](o.got.add(rep)...)
		}
		return nil
	})
	if err != nil {
		o.facts.DS = freehold.NotKnown[[]freehold.DS](freehold.OneLine(err.Error()))
		o.miss(q, err)
	}
}

// nothing sets every fact to absent: the parent says that the name does not
// exist, and so nothing below it does (RFC 8020).
func (o *observation) nothing(h *hop, ids []freehold.EvidenceID) {
	f := &o.facts
	f.NS, f.SOA = freehold.NotThere[[]freehold.Host](ids...), freehold.NotThere[freehold.SOA](ids...)
	f.A, f.AAAA, f.WWW, f.MXIPs = freehold.NotThere[[]netip.Addr](ids...), freehold.NotThere[[]netip.Addr](ids...), freehold.NotThere[[]netip.Addr](ids...), freehold.NotThere[[]netip.Addr](ids...)
	f.MX, f.TXT, f.CAA = freehold.NotThere[[]freehold.MX](ids...), freehold.NotThere[[]string](ids...), freehold.NotThere[[]string](ids...)
	f.SPF, f.DMARC = freehold.NotThere[string](ids...), freehold.NotThere[string](ids...)
	f.DNSKEY, f.CDS = freehold.NotThere[[]freehold.DNSKEY](ids...), freehold.NotThere[[]freehold.DS](ids...)
	f.Wildcard = freehold.Known(false, ids...)
	f.Validation = validationFact(h.validation, h.why, ids)
}

func validationFact(v freehold.Validation, why string, ids []freehold.EvidenceID) freehold.Fact[freehold.Validation] {
	if v == freehold.Indeterminate {
		return freehold.NotKnown[freehold.Validation](freehold.OneLine(why), ids...)
	}
	f := freehold.Known(v, ids...)
	f.Note = freehold.OneLine(why)
	return f
}

// unreachable says of a zone whose servers told nothing why its facts are unknown.
func (o *observation) unreachable() {
	note := "no name server of the zone answered"
	if slices.ContainsFunc(o.servers, func(s *served) bool { return s.facts.Lame }) {
		note = "no name server that answers is responsible for the zone"
	}
	f := &o.facts
	f.NS, f.SOA = freehold.NotKnown[[]freehold.Host](note), freehold.NotKnown[freehold.SOA](note)
	f.A, f.AAAA, f.WWW, f.MXIPs = freehold.NotKnown[[]netip.Addr](note), freehold.NotKnown[[]netip.Addr](note), freehold.NotKnown[[]netip.Addr](note), freehold.NotKnown[[]netip.Addr](note)
	f.MX, f.TXT, f.CAA = freehold.NotKnown[[]freehold.MX](note), freehold.NotKnown[[]string](note), freehold.NotKnown[[]string](note)
	f.SPF, f.DMARC = freehold.NotKnown[string](note), freehold.NotKnown[string](note)
	f.DNSKEY, f.CDS = freehold.NotKnown[[]freehold.DNSKEY](note), freehold.NotKnown[[]freehold.DS](note)
	f.Wildcard, f.Validation = freehold.NotKnown[bool](note), freehold.NotKnown[freehold.Validation](note)
}

// records asks for the zone's records, all at the same time.
func (o *observation) records(ctx context.Context) {
	f := &o.facts
	var www4, www6 freehold.Fact[[]netip.Addr]
	var dmarc freehold.Fact[[]string]
	jobs := []func(){
		func() { f.A = o.addresses(ctx, o.fqdn, dns.TypeA) },
		func() { f.AAAA = o.addresses(ctx, o.fqdn, dns.TypeAAAA) },
		func() { www4 = o.addresses(ctx, "www."+o.fqdn, dns.TypeA) },
		func() { www6 = o.addresses(ctx, "www."+o.fqdn, dns.TypeAAAA) },
		func() { f.MX = listFact(ctx, o, ask(o.fqdn, dns.TypeMX), mxIn) },
		func() { f.TXT = listFact(ctx, o, ask(o.fqdn, dns.TypeTXT), txtIn) },
		func() { f.CAA = listFact(ctx, o, ask(o.fqdn, dns.TypeCAA), caaIn) },
		func() { dmarc = listFact(ctx, o, ask("_dmarc."+o.fqdn, dns.TypeTXT), txtIn) },
		func() { f.Wildcard = o.wildcard(ctx) },
	}
	if !f.Stub {
		jobs = append(jobs,
			func() { f.DNSKEY = listFact(ctx, o, ask(o.fqdn, dns.TypeDNSKEY), keysFact) },
			func() { f.CDS = listFact(ctx, o, ask(o.fqdn, dns.TypeCDS), dsIn) })
	}
	if f.Stub || o.zone == nil {
		jobs = append(jobs,
			func() { f.NS = listFact(ctx, o, ask(o.fqdn, dns.TypeNS), hostsIn) },
			func() { f.SOA = o.soaByLookup(ctx) })
	} else {
		o.apex()
	}
	together(jobs)
	f.WWW = bothFamilies(www4, www6)
	f.SPF = policyRecord(f.TXT, "v=spf1", strings.EqualFold)
	f.DMARC = policyRecord(dmarc, "v=DMARC1", func(a, b string) bool { return a == b })
}

// together runs jobs side by side, a few at a time.
func together(jobs []func()) {
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, job := range jobs {
		g.Go(func() error { job(); return nil })
	}
	_ = g.Wait()
}

// find looks q up for a fact: it keeps the evidence, counts a miss, and
// remembers what the zone itself said for its validation.
func (o *observation) find(ctx context.Context, t *task, q question) (*answer, []freehold.EvidenceID, error) {
	a, err := o.r.find(ctx, t, q)
	if err != nil {
		o.miss(q, err)
		return nil, o.got.add(asFailure(err).reply), err
	}
	o.mu.Lock()
	for _, h := range a.hops {
		if o.zone != nil && h.zone != nil && h.zone.name == o.zone.name {
			o.hops = append(o.hops, h)
		}
	}
	o.mu.Unlock()
	return a, o.got.add(a.replies()...), nil
}

// find looks q up, by resolving or by asking the user's resolver.
func (r *Resolver) find(ctx context.Context, t *task, q question) (*answer, error) {
	if r.Stub() {
		return r.stubLookup(ctx, t, q)
	}
	return r.lookup(ctx, t, q)
}

// listFact makes a fact of the records of one type.
func listFact[T any](ctx context.Context, o *observation, q question, read func([]dns.RR) ([]T, string)) freehold.Fact[[]T] {
	a, ids, err := o.find(ctx, o.t, q)
	if err != nil {
		return freehold.NotKnown[[]T](freehold.OneLine(err.Error()), ids...)
	}
	if a.kind() != kindFound {
		return noted(freehold.NotThere[[]T](ids...), doubt(a))
	}
	list, note := read(a.records())
	return noted(freehold.Known(list, ids...), join(note, doubt(a)))
}

// doubt says that an answer does not validate: no validating resolver passes it on.
func doubt(a *answer) string {
	if a.validation == freehold.Bogus {
		return "does not validate: " + freehold.OneLine(a.why)
	}
	return ""
}

func noted[T any](f freehold.Fact[T], note string) freehold.Fact[T] {
	f.Note = note
	return f
}

func (o *observation) addresses(ctx context.Context, name string, qtype uint16) freehold.Fact[[]netip.Addr] {
	q := ask(name, qtype)
	if _, ok := dns.IsDomainName(name); !ok {
		return freehold.NotThere[[]netip.Addr]()
	}
	return listFact(ctx, o, q, addrsIn)
}

func addrsIn(rrs []dns.RR) ([]netip.Addr, string) {
	var out []netip.Addr
	for _, rr := range rrs {
		if a, ok := addrOf(rr); ok {
			out = append(out, a.Unmap())
		}
	}
	return bounded(sortAddrs(out), maxRecords)
}

// bothFamilies joins the IPv4 and IPv6 addresses of one name.
func bothFamilies(v4, v6 freehold.Fact[[]netip.Addr]) freehold.Fact[[]netip.Addr] {
	ids := slices.Concat(v4.Evidence, v6.Evidence)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	note := join(v4.Note, v6.Note)
	switch {
	case v4.State == freehold.Value || v6.State == freehold.Value:
		return noted(freehold.Known(sortAddrs(slices.Concat(v4.Value, v6.Value)), ids...), note)
	case v4.State == freehold.Absent && v6.State == freehold.Absent:
		return noted(freehold.NotThere[[]netip.Addr](ids...), note)
	}
	return freehold.NotKnown[[]netip.Addr](note, ids...)
}

// wildcard asks for a random name: does it get an answer?
func (o *observation) wildcard(ctx context.Context) freehold.Fact[bool] {
	name := "fh-" + strings.ToLower(rand.Text()[:16]) + "." + o.fqdn
	if _, ok := dns.IsDomainName(name); !ok || len(name) > 254 {
		return freehold.NotKnown[bool]("the name is too long to ask below it")
	}
	var seen []freehold.EvidenceID
	for _, qtype := range []uint16{dns.TypeA, dns.TypeMX, dns.TypeTXT, dns.TypeAAAA} {
		a, ids, err := o.find(ctx, o.t, ask(name, qtype))
		seen = append(seen, ids...)
		switch {
		case err != nil:
			return freehold.NotKnown[bool](freehold.OneLine(err.Error()), seen...)
		case a.kind() == kindFound || len(a.hops) > 1:
			return freehold.Known(true, seen...)
		case a.kind() == kindNoName || compactlyAbsent(a.last().reply.msg, name):
			return freehold.Known(false, seen...)
		}
	}
	// Every name exists and has none of these: a wildcard of other types, or a
	// server that denies no name.
	return freehold.NotKnown[bool]("any name is said to exist, without addresses, mail or text", seen...)
}

func (o *observation) soaByLookup(ctx context.Context) freehold.Fact[freehold.SOA] {
	list := listFact(ctx, o, ask(o.fqdn, dns.TypeSOA), func(rrs []dns.RR) ([]freehold.SOA, string) {
		var out []freehold.SOA
		for _, rr := range rrs {
			if soa, ok := rr.(*dns.SOA); ok {
				out = append(out, soaFact(soa))
			}
		}
		return out, ""
	})
	f := freehold.Fact[freehold.SOA]{State: list.State, Evidence: list.Evidence, Note: list.Note}
	if len(list.Value) > 0 {
		f.Value = list.Value[0]
	}
	return f
}

// judgeValidation says how far a validating resolver believes the zone.
func (o *observation) judgeValidation() {
	z := o.zone
	if z == nil {
		z = o.parent
	}
	ids := o.got.add(z.chain...)
	if z.trust != freehold.Secure {
		o.facts.Validation = validationFact(z.trust, z.why, ids)
		return
	}
	slices.SortFunc(o.hops, func(a, b hop) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.reply.q.qtype, b.reply.q.qtype))
	})
	for _, h := range o.hops {
		if h.validation == freehold.Bogus {
			o.facts.Validation = validationFact(freehold.Bogus, h.why, append(ids, o.got.add(h.reply)...))
			return
		}
	}
	o.facts.Validation = validationFact(freehold.Secure, "", ids)
}

// stubAsk counts the user's resolver: it answered, unless it answered nothing.
func (o *observation) stubAsk() {
	source := "dns://" + o.r.stub.String()
	for _, e := range o.got.all() {
		if e.Status == "NOERROR" || e.Status == "NXDOMAIN" {
			o.facts.Asks = append(o.facts.Asks, freehold.Ask{Kind: freehold.EvidenceDNS, Source: source, Outcome: freehold.OutcomeAnswered, Evidence: e.ID()})
			break
		}
	}
	o.facts.Asks = append(o.facts.Asks, o.sortedMisses()...)
}

func first(ids []freehold.EvidenceID) freehold.EvidenceID {
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

// serverName is a server as errors name it.
func serverName(host freehold.Host, addr netip.Addr) string {
	return fmt.Sprintf("%s (%s)", host, addr)
}
