package resolve

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/internal/resolve/serverstest"
)

// FuzzReadReply: whatever is accepted has our ID and our question, and nothing
// makes reading panic.
func FuzzReadReply(f *testing.F) {
	q := ask("www.example.", dns.TypeA)
	for _, edit := range []func(*dns.Msg){nil, func(m *dns.Msg) { m.Truncated = true }, func(m *dns.Msg) { m.Rcode, m.Question = dns.RcodeFormatError, nil }} {
		query := new(dns.Msg)
		query.SetQuestion(q.name, q.qtype)
		query.Id = 4711
		wire, err := query.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(truth(edit)(wire)[0])
	}
	f.Add(bytes.Repeat([]byte{0xc0, 0x0c}, 300))
	f.Fuzz(func(t *testing.T, wire []byte) {
		m, err := readReply(wire, 4711, q)
		if err != nil {
			return
		}
		if binary.BigEndian.Uint16(wire) != 4711 || wire[2]&0x80 == 0 {
			t.Error("not our answer")
		}
		if m.Rcode == dns.RcodeSuccess && !m.Truncated && (len(m.Question) != 1 || dns.CanonicalName(m.Question[0].Name) != q.name || m.Question[0].Qtype != q.qtype) {
			t.Errorf("another question: %v", m.Question)
		}
	})
}

// echo is a server that answers every query with the same bytes behind the right
// ID and question.
type echo struct{ tail []byte }

func (e echo) exchange(_ context.Context, _ netip.AddrPort, query []byte, _ bool, accept func([]byte) bool) error {
	if len(e.tail) < 8 {
		return context.DeadlineExceeded
	}
	_, off, err := dns.UnpackDomainName(query, 12)
	if err != nil {
		return err
	}
	wire := append([]byte{query[0], query[1], e.tail[0] | 0x80, e.tail[1], 0, 1}, e.tail[2:8]...)
	wire = append(wire, query[12:off+4]...)
	if !accept(append(wire, e.tail[8:]...)) {
		return context.DeadlineExceeded
	}
	return nil
}

// FuzzFacts: a hostile server cannot make the facts of a name panic, grow without
// bound, or say secure.
func FuzzFacts(f *testing.F) {
	signed := serverstest.Sign(f, "example.", soa("example.")+"example. NS ns.example.\nns.example. A 127.0.0.1\nwww.example. CNAME ns.example.\n",
		serverstest.Signing{NSEC3: true, Inception: day.Add(-time.Hour), Expiration: day.Add(time.Hour)})
	m := new(dns.Msg)
	m.Authoritative, m.Response = true, true
	zp := dns.NewZoneParser(strings.NewReader(signed.Text), ".", "")
	for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
		m.Answer = append(m.Answer, rr)
		m.Ns = append(m.Ns, rr)
		if wire, err := m.Pack(); err == nil {
			f.Add(append(append([]byte{}, wire[2:4]...), wire[6:]...))
		}
	}
	f.Add([]byte{0x84, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x84, 3, 0, 0, 0, 0, 0, 0})
	hints := hintsAt(f, "127.0.0.1")
	anchor, err := dns.NewRR(". DS 1 13 2 " + strings.Repeat("ab", 32))
	if err != nil {
		f.Fatal(err)
	}
	hints.anchors["."] = []dns.RR{anchor}
	name, err := freehold.ParseName("www.example")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, tail []byte) {
		r := over(t, echo{tail}, hints, day)
		facts, evidence := r.Facts(context.Background(), name)
		if facts.Validation.Value == freehold.Secure {
			t.Error("secure without a key")
		}
		if len(evidence) > maxEvidence || len(facts.Servers) > maxAddresses || len(facts.HostLookup) > maxHosts || len(facts.TXT.Value) > maxRecords {
			t.Errorf("%d messages, %d servers", len(evidence), len(facts.Servers))
		}
	})
}

// FuzzValidator: records of any kind in a secure zone, whose keys nobody has but
// us, are never secure.
func FuzzValidator(f *testing.F) {
	signed := serverstest.Sign(f, "example.", soa("example.")+"example. NS ns.example.\n*.example. A 127.0.0.1\na.b.example. TXT x\n",
		serverstest.Signing{Inception: day.Add(-time.Hour), Expiration: day.Add(time.Hour)})
	zp := dns.NewZoneParser(strings.NewReader(signed.Text), ".", "")
	m := new(dns.Msg)
	for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
		m.Answer = append(m.Answer, rr)
		m.Ns = append(m.Ns, rr)
		if wire, err := m.Pack(); err == nil {
			f.Add(wire, "x.example.", uint16(dns.TypeA))
		}
	}
	other := serverstest.Sign(f, "example.", soa("example."), serverstest.Signing{})
	f.Fuzz(func(t *testing.T, wire []byte, name string, qtype uint16) {
		m := new(dns.Msg)
		name = dns.CanonicalName(name)
		if _, ok := dns.IsDomainName(name); !ok || m.Unpack(wire) != nil || !dns.IsSubDomain("example.", name) {
			return
		}
		r := over(t, &fakeNet{}, hintsAt(t, "127.0.0.1"), day)
		z := &zone{name: "example.", trust: freehold.Secure, keys: other.Keys}
		q := question{name, qtype}
		h := readHop(&reply{q: q, msg: m}, z, q)
		if h == nil {
			return
		}
		if r.validateHop(newTask(true), h, qtype); h.validation == freehold.Secure {
			t.Errorf("%s %s is secure by another's keys", name, typeName(qtype))
		}
	})
}

// FuzzCanonicalOrder: the order of names is that of their wire forms, label by
// label from the right (RFC 4034 section 6.1).
func FuzzCanonicalOrder(f *testing.F) {
	f.Add("a.example.", "\\000.a.example.")
	f.Add("Z.a.example.", "z.A.EXAMPLE.")
	f.Add("*.z.example.", "\\200.z.example.")
	f.Add("²\\", "0")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = dns.CanonicalName(a), dns.CanonicalName(b)
		if strings.ContainsFunc(a+b, func(r rune) bool { return r > 127 }) {
			return // names here come from the wire, where the printed form is ASCII
		}
		wa, wb := packed(a), packed(b)
		if wa == nil || wb == nil {
			return
		}
		got := canonicalCompare(a, b)
		want := 0
		for i := 1; want == 0 && (i <= len(wa) || i <= len(wb)); i++ {
			switch {
			case i > len(wa):
				want = -1
			case i > len(wb):
				want = 1
			default:
				want = bytes.Compare(wa[len(wa)-i], wb[len(wb)-i])
			}
		}
		if sign(got) != sign(want) || sign(canonicalCompare(b, a)) != -sign(got) {
			t.Errorf("%q and %q: %d, want %d", a, b, got, want)
		}
	})
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// packed splits a name into labels by way of its wire form.
func packed(name string) [][]byte {
	buf := make([]byte, 300)
	n, err := dns.PackDomainName(name, buf, 0, nil, false)
	if err != nil {
		return nil
	}
	labels := [][]byte{}
	for off := 0; off < n && buf[off] != 0; off += 1 + int(buf[off]) {
		label := append([]byte(nil), buf[off+1:off+1+int(buf[off])]...)
		for i, c := range label {
			if c > 127 {
				continue
			}
			label[i] = lower(c)
		}
		labels = append(labels, label)
	}
	return labels
}
