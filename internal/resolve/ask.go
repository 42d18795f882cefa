package resolve

import (
	"context"
	"net/netip"

	"github.com/miekg/dns"

	"freehold"
)

// Ask puts one question to one server and returns its answer as it came: no
// referral is followed, nothing is cached and nothing validated. It is for reading
// a zone from its own servers. A truncated answer is asked for again over TCP.
//
// The error of a server that did not answer has the kind KindUnavailable.
func (r *Resolver) Ask(ctx context.Context, server netip.AddrPort, name string, qtype uint16) (*dns.Msg, error) {
	rep, err := r.client.ask(ctx, newTask(true), server, ask(name, qtype), false)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		f := asFailure(err)
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: `"` + server.String() + `" gave no answer about "` + freehold.OneLine(ask(name, qtype).String()) + `"`, Err: f}
	}
	return rep.msg, nil
}

// A Server is one address of one name server of a zone.
type Server struct {
	Host freehold.Host
	Addr netip.AddrPort
}

// ServersOf returns the servers that the parent names for a zone, at most so many
// as are looked at for its facts.
func (r *Resolver) ServersOf(ctx context.Context, name freehold.Name) ([]Server, error) {
	facts, _ := r.Facts(ctx, name)
	var out []Server
	for _, s := range facts.Servers {
		if s.Addr.IsValid() && s.InParent {
			out = append(out, Server{Host: s.Host, Addr: netip.AddrPortFrom(s.Addr, r.client.port)})
		}
	}
	if len(out) == 0 {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: `no name server of "` + name.ASCII() + `" is known`, Hint: "name one with --server"}
	}
	return out, nil
}
