package axfr

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miekg/dns"

	"freehold"
)

// Asker asks authoritative servers for single record sets, to compare them.
// The zero Asker waits three seconds for an answer and asks twice.
type Asker struct {
	Timeout time.Duration
}

// Set asks server for one record set over "udp" or "tcp". No records and no
// error: the server says that there are none. An answer that is not
// authoritative, cut short over UDP, or an error code is an error, not an
// absence. Over UDP a cut answer is fetched over TCP, as resolvers do.
func (a Asker) Set(ctx context.Context, server, network string, owner freehold.Owner, t freehold.RRType) ([]freehold.Record, error) {
	if a.Timeout == 0 {
		a.Timeout = 3 * time.Second
	}
	var last error
	for range 2 {
		records, err := a.once(ctx, server, network, owner, t)
		if err == nil {
			return records, nil
		}
		if last = err; ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

func (a Asker) once(ctx context.Context, server, network string, owner freehold.Owner, t freehold.RRType) ([]freehold.Record, error) {
	q := new(dns.Msg)
	q.SetQuestion(owner.String(), uint16(t))
	q.RecursionDesired = false
	q.SetEdns0(1232, false)
	c := dns.Client{Net: network, Timeout: a.Timeout}
	m, _, err := c.ExchangeContext(ctx, q, Address(server, false))
	switch {
	case err != nil:
		return nil, errors.New("no answer")
	case m.Truncated && network == "udp":
		return a.once(ctx, server, "tcp", owner, t)
	case m.Rcode == dns.RcodeNameError:
		return nil, nil
	case m.Rcode != dns.RcodeSuccess:
		return nil, fmt.Errorf("the server answers %s", dns.RcodeToString[m.Rcode])
	case !m.Authoritative:
		return nil, errors.New("the answer is not authoritative")
	}
	var out []freehold.Record
	for _, rr := range m.Answer {
		if rr.Header().Rrtype != uint16(t) || rr.Header().Class != dns.ClassINET {
			continue
		}
		name, err := freehold.ParseOwner(rr.Header().Name, "")
		if err != nil || !name.Equal(owner) { // the data of an alias is not this set's
			continue
		}
		buf := make([]byte, dns.Len(rr)+16)
		n, err := dns.PackRR(rr, buf, 0, nil, false)
		if err != nil {
			return nil, fmt.Errorf("its answer does not read: %w", err)
		}
		_, at := freehold.ReadOwner(string(buf))
		out = append(out, freehold.Record{Owner: owner, Class: freehold.ClassIN, Type: t, TTL: rr.Header().Ttl, Data: string(buf[at+10 : n])})
	}
	return out, nil
}
