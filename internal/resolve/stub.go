package resolve

import (
	"context"

	"github.com/miekg/dns"

	"freehold"
)

// stubLookup asks the user's resolver. What it says is taken as it is: it is the
// user's own, and its validation cannot be checked from its answers alone.
func (r *Resolver) stubLookup(ctx context.Context, t *task, q question) (*answer, error) {
	now := r.cfg.Now()
	if !t.fresh {
		if a, ok := r.answers.get(q, now); ok {
			return a, nil
		}
	}
	rep, err := r.client.ask(ctx, t, r.stub, q, false)
	if err != nil {
		return nil, err
	}
	switch rep.msg.Rcode {
	case dns.RcodeSuccess, dns.RcodeNameError:
	case dns.RcodeRefused:
		return nil, withReply(failed(freehold.OutcomeRefused, "the resolver answers REFUSED"), rep)
	default:
		return nil, withReply(failed(freehold.OutcomeFailed, "the resolver answers %s", rcodeName(rep.msg.Rcode)), rep)
	}
	a := &answer{q: q}
	anywhere := &zone{name: "."}
	name := q.name
	for range maxAliases + 1 {
		h := readHop(rep, anywhere, question{name, q.qtype})
		if h == nil {
			return nil, withReply(failed(freehold.OutcomeGarbled, "the answer is about something else"), rep)
		}
		h.why = "only a resolver was asked"
		a.hops = append(a.hops, *h)
		if h.kind != kindAlias {
			a.why = h.why
			r.answers.put(q, a, now.Add(keep(a.ttl())))
			return a, nil
		}
		name = h.target
	}
	return nil, withReply(failed(freehold.OutcomeAnswered, "%q is an alias in a circle", display(q.name)), rep)
}
