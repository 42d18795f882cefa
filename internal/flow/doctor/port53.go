package doctor

import (
	"context"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"freehold"
)

// DNS is where port 53 is looked at.
type DNS struct {
	Roots   []netip.Addr // of the hints in use
	Port    int
	Timeout time.Duration
	// Resolver is set where only that one is asked.
	Resolver netip.AddrPort
}

// rootsAsked is how many root servers are asked before none is said to answer.
const rootsAsked = 3

// Check asks root servers by UDP and by TCP. A root server answers for the root
// with authority and offers no recursion: what answers otherwise at its address
// is somebody else on the way.
func (d DNS) Check(ctx context.Context) []Check {
	if d.Resolver.IsValid() {
		return []Check{d.ask(ctx, "udp", []netip.AddrPort{d.Resolver}, false), d.ask(ctx, "tcp", []netip.AddrPort{d.Resolver}, false)}
	}
	var servers []netip.AddrPort
	for _, a := range d.Roots {
		if a.Is4() && len(servers) < rootsAsked { // every host can ask these
			servers = append(servers, netip.AddrPortFrom(a, uint16(d.Port)))
		}
	}
	return []Check{d.ask(ctx, "udp", servers, true), d.ask(ctx, "tcp", servers, true)}
}

func (d DNS) ask(ctx context.Context, network string, servers []netip.AddrPort, root bool) Check {
	check := Check{Area: Port53, Subject: network}
	client := dns.Client{Net: network, Timeout: d.Timeout}
	for _, server := range servers {
		q := new(dns.Msg)
		q.SetQuestion(".", dns.TypeSOA)
		q.RecursionDesired = !root
		answer, _, err := client.ExchangeContext(ctx, q, server.String())
		if err != nil {
			continue
		}
		if root && (!answer.Authoritative || answer.RecursionAvailable) {
			check.State = Wrong
			check.Said = freehold.T("somebody else answers in place of the root server %s: port 53 is intercepted", server.Addr())
			check.Advice = freehold.T("ask whoever runs this network, or give --resolver; until then facts about single servers are not theirs")
			return check
		}
		check.State = Fine
		check.Said = freehold.T("the root server %s answers for itself", server.Addr())
		if !root {
			check.Said = freehold.T("the resolver %s answers", server.Addr())
		}
		return check
	}
	check.State = Wrong
	check.Said = freehold.T("no root server answers")
	if !root {
		check.Said = freehold.T("the resolver %s does not answer", d.Resolver)
	}
	check.Advice = freehold.T("let port 53 out by UDP and TCP, or name a resolver with --resolver")
	return check
}
