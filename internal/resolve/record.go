package resolve

import (
	"errors"

	"github.com/miekg/dns"

	"freehold"
)

// Record turns what the wire said into our own shape, its rdata uncompressed.
func Record(rr dns.RR) (freehold.Record, error) {
	h := rr.Header()
	owner, err := freehold.ParseOwner(h.Name, "")
	if err != nil {
		return freehold.Record{}, err
	}
	buf := make([]byte, dns.Len(rr)+1)
	n, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return freehold.Record{}, err
	}
	off := len(owner) + 10 // type, class, TTL, length
	if off > n {
		return freehold.Record{}, errors.New("it is too short")
	}
	return freehold.Record{Owner: owner, Class: freehold.RRClass(h.Class), Type: freehold.RRType(h.Rrtype), TTL: h.Ttl, Data: string(buf[off:n])}, nil
}
