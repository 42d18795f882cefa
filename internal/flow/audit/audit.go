// Package audit is the main job: names in, and for each the facts that registries,
// registrars, name servers and address registries publish, joined with what the
// owner said, judged, and handed on.
//
// It knows no protocol and no store: the small interfaces below are all it asks
// of them.
package audit

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"freehold"
)

// RDAP asks registries and registrars over RDAP, and address registries for the
// holders of networks.
type RDAP interface {
	// Server returns the registry's RDAP base for a name, and false where none is known.
	Server(name freehold.Name) (string, bool)
	// Domain returns what the registry and the registrar of record say.
	Domain(ctx context.Context, name freehold.Name) (freehold.Registration, []freehold.Evidence)
	// IP returns the registered holder of the block around an address.
	IP(ctx context.Context, addr netip.Addr) (freehold.AddressFacts, []freehold.Evidence, []freehold.Ask)
}

// WHOIS asks registries on port 43.
type WHOIS interface {
	Server(name freehold.Name) (string, bool)
	Domain(ctx context.Context, name freehold.Name) (freehold.Registration, []freehold.Evidence)
}

// DNS asks name servers.
type DNS interface {
	Facts(ctx context.Context, name freehold.Name) (freehold.DNSFacts, []freehold.Evidence)
}

// Memory is what was said and proven before.
type Memory interface {
	Attestations(ctx context.Context, name freehold.Name) (freehold.Attestations, error)
	// ZoneCopies lists the copies of a name's zone that were recorded, the oldest first.
	ZoneCopies(ctx context.Context, name freehold.Name) ([]freehold.ZoneCopy, error)
	// Earlier returns what the last audit of the name found, the zero value where there was none.
	Earlier(ctx context.Context, name freehold.Name) (freehold.Earlier, error)
}

// Judge turns what was observed into the control record, the verdict and the findings.
type Judge func(*freehold.Observed) (freehold.Control, freehold.Verdict, []freehold.Finding)

// Auditor audits names one at a time; it is safe for concurrent use.
type Auditor struct {
	RDAP   RDAP
	WHOIS  WHOIS
	DNS    DNS
	Memory Memory // nil: nothing is remembered, and that is evidence too
	Past   Past   // nil: nothing is used again
	Judge  Judge
	// Ask puts the open questions about a judged name to a person and returns
	// what they said; the name is then judged again. nil: nobody is asked.
	Ask func(context.Context, *freehold.Result) ([]freehold.Attestation, []freehold.Evidence, error)
	// Labels returns the client and the tags of a name of the portfolio. nil: none.
	Labels func(context.Context, freehold.Name) (client string, tags []string, err error)
	// Now is the moment the judgement is made for; Clock is when answers came.
	Now   time.Time
	Clock func() time.Time
	// Timeout bounds the work on one name, all sources together. 0 is none.
	Timeout time.Duration

	nsDomains domainCache
}

// An Audited is a result and the evidence it rests on.
type Audited struct {
	Result   freehold.Result
	Evidence []freehold.Evidence
}

// Name audits one name. It returns false when ctx ended first: a name that was
// interrupted is not a result.
func (a *Auditor) Name(ctx context.Context, asked string, name freehold.Name) (Audited, bool) {
	bounded := ctx
	if a.Timeout > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, a.Timeout)
		defer cancel()
	}
	out := Audited{Result: freehold.Result{Asked: asked, Name: name, At: a.Now}}
	o := &out.Result.Observed
	o.Name, o.At = name, a.Now

	type dnsAnswer struct {
		facts    freehold.DNSFacts
		evidence []freehold.Evidence
	}
	dns := make(chan dnsAnswer, 1)
	go func() {
		facts, evidence := a.DNS.Facts(bounded, name)
		dns <- dnsAnswer{facts, evidence}
	}()
	var evidence []freehold.Evidence
	var kept bool
	if o.Registration, evidence, kept = a.kept(bounded, name); !kept {
		o.Registration, evidence = a.registration(bounded, name)
	}
	answer := <-dns
	o.DNS = answer.facts
	out.Evidence = append(evidence, answer.evidence...)

	out.Evidence = append(out.Evidence, a.network(bounded, o)...)
	out.Evidence = append(out.Evidence, a.nameserverDomains(bounded, o)...)
	own, err := a.remember(ctx, o)
	if ctx.Err() != nil {
		return Audited{}, false
	}
	out.Evidence = append(out.Evidence, own)
	if a.Labels != nil && err == nil {
		out.Result.Client, out.Result.Tags, err = a.Labels(ctx, name)
	}
	out.Result.Status = freehold.StatusOf(o)
	switch {
	case err != nil:
		out.Result.Fail(err)
		out.Result.Status = min(out.Result.Status, freehold.StatusPartial)
	case out.Result.Status == freehold.StatusFailed:
		detail, err := nothingLearnt(o)
		if out.Result.Fail(err); detail != "" {
			out.Result.Error = freehold.OneLine(out.Result.Error + " (" + detail + ")")
		}
	}
	r := &out.Result
	r.Control, r.Verdict, r.Findings = a.Judge(o)
	if a.Ask != nil && r.Status != freehold.StatusFailed {
		said, evidence, err := a.Ask(ctx, r)
		if err != nil {
			r.Fail(err)
		}
		o.Attestations = append(o.Attestations, said...)
		out.Evidence = append(out.Evidence, evidence...)
		r.Control, r.Verdict, r.Findings = a.Judge(o)
	}
	return out, ctx.Err() == nil
}

// registration asks RDAP, and WHOIS where no RDAP is known or it did not answer.
func (a *Auditor) registration(ctx context.Context, name freehold.Name) (freehold.Registration, []freehold.Evidence) {
	var reg freehold.Registration
	var evidence []freehold.Evidence
	if _, ok := a.RDAP.Server(name); ok {
		reg, evidence = a.RDAP.Domain(ctx, name)
		if reg.State != freehold.RegistrationUnknown {
			return reg, evidence
		}
	}
	if _, ok := a.WHOIS.Server(name); !ok {
		if len(reg.Asks) == 0 {
			reg.Registrar = freehold.NotKnown[string](fmt.Sprintf("no RDAP or WHOIS server is known for .%s", name.TLD()))
		}
		return reg, evidence
	}
	fallback, more := a.WHOIS.Domain(ctx, name)
	evidence = append(evidence, more...)
	if fallback.State == freehold.RegistrationUnknown && len(reg.Asks) > 0 {
		reg.Asks = append(reg.Asks, fallback.Asks...)
		return reg, evidence
	}
	fallback.Asks = append(slices.Clone(reg.Asks), fallback.Asks...)
	return fallback, evidence
}

// maxAddresses bounds the address blocks looked up for one name: a hostile zone
// can list any number.
const maxAddresses = 24

// network looks up who holds the blocks that the name's servers stand in.
func (a *Auditor) network(ctx context.Context, o *freehold.Observed) []freehold.Evidence {
	var evidence []freehold.Evidence
	seen := map[freehold.EvidenceID]bool{}
	for _, found := range addresses(&o.DNS) {
		facts, more, asks := a.RDAP.IP(ctx, found.addr)
		facts.Addr, facts.Roles = found.addr, found.roles
		o.Network.Addresses = append(o.Network.Addresses, facts)
		o.Network.Asks = appendNewAsks(o.Network.Asks, asks)
		for _, e := range more {
			if id := e.ID(); !seen[id] {
				seen[id] = true
				evidence = append(evidence, e)
			}
		}
	}
	return evidence
}

type foundAddress struct {
	addr  netip.Addr
	roles []string
}

// addresses lists the addresses of a name's web, mail and name servers, each
// once with all its roles, in that order of interest.
func addresses(d *freehold.DNSFacts) []foundAddress {
	var found []foundAddress
	add := func(role string, addrs ...netip.Addr) {
		for _, addr := range addrs {
			i := slices.IndexFunc(found, func(f foundAddress) bool { return f.addr == addr })
			switch {
			case i >= 0 && !slices.Contains(found[i].roles, role):
				found[i].roles = append(found[i].roles, role)
			case i < 0 && addr.IsValid() && len(found) < maxAddresses:
				found = append(found, foundAddress{addr, []string{role}})
			}
		}
	}
	add("web", d.A.Value...)
	add("web", d.AAAA.Value...)
	add("web", d.WWW.Value...)
	add("mail", d.MXIPs.Value...)
	for _, s := range d.Servers {
		add("dns", s.Addr)
	}
	servers := append(slices.Clone(d.Delegation.Value), d.NS.Value...)
	for _, h := range d.HostLookup {
		if slices.Contains(servers, h.Host) {
			add("dns", h.Addrs.Value...)
		}
	}
	return found
}

// appendNewAsks keeps one entry for each source and outcome: several addresses
// in one block are one question.
func appendNewAsks(have, more []freehold.Ask) []freehold.Ask {
	for _, ask := range more {
		if !slices.ContainsFunc(have, func(h freehold.Ask) bool { return h.Source == ask.Source && h.Outcome == ask.Outcome }) {
			have = append(have, ask)
		}
	}
	return have
}

// remember adds what was said before. What our own store holds on the name, or
// that it holds nothing, is evidence as well.
func (a *Auditor) remember(ctx context.Context, o *freehold.Observed) (freehold.Evidence, error) {
	own := freehold.Evidence{Kind: freehold.EvidenceOwnRecord, Source: "store", Query: "attestations and zone copies of " + o.Name.ASCII(), Time: a.Now, MediaType: "text/plain; charset=utf-8"}
	var err error
	switch {
	case a.Memory == nil:
		own.Source, own.Status = "no store", "nothing held"
	default:
		o.Attestations, err = a.Memory.Attestations(ctx, o.Name)
		if err == nil {
			o.ZoneCopies, err = a.Memory.ZoneCopies(ctx, o.Name)
		}
		if err == nil {
			o.Earlier, err = a.Memory.Earlier(ctx, o.Name)
		}
		own.Status = fmt.Sprintf("%d held", len(o.Attestations)+len(o.ZoneCopies))
		if err != nil {
			own.Status = "not read"
		}
	}
	for _, at := range o.Attestations {
		own.Body = fmt.Appendf(own.Body, "%s\t%s=%s\tby %s\t%s\n", at.At.UTC().Format(time.RFC3339), at.Subject, freehold.OneLine(at.Value), freehold.OneLine(at.By), at.Evidence)
	}
	for _, c := range o.ZoneCopies {
		own.Body = fmt.Appendf(own.Body, "%s\tzone copy from %s\t%s\tserial %d\t%d records\tat %s\t%s\n",
			c.At.UTC().Format(time.RFC3339), freehold.OneLine(c.Source), c.Coverage, c.Serial, c.Records, freehold.OneLine(c.Location), c.Evidence)
	}
	if e := o.Earlier; !e.At.IsZero() {
		own.Body = fmt.Appendf(own.Body, "%s\tlast audit\tregistrar %s\tname servers %s\n", e.At.UTC().Format(time.RFC3339), freehold.OneLine(e.Registrar), e.NameServers)
	}
	o.Own = own.ID()
	return own, err
}

// nothingLearnt says why a name failed, by its first failed question; detail is what
// that source's failure was, in English.
func nothingLearnt(o *freehold.Observed) (detail string, err error) {
	e := &freehold.Error{Kind: freehold.KindUnavailable, Advice: freehold.T("check the network, then run again with --resume")}
	for _, a := range o.Asks() {
		if a.Outcome != freehold.OutcomeAnswered && a.Outcome != freehold.OutcomeNone {
			e.Text = freehold.T("no source answered about %q", o.Name.Unicode())
			e.Err = &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s %m", a.Source, a.Outcome.Text().Format)}
			return a.Error, e
		}
	}
	e.Text = freehold.T("no source is known that could be asked about %q", o.Name.Unicode())
	return "", e
}
