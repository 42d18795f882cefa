package resolve

import (
	"testing"

	"github.com/miekg/dns"

	"freehold"
)

func nsec(owner, next string, bits ...uint16) *dns.NSEC {
	return &dns.NSEC{Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypeNSEC, Class: dns.ClassINET}, NextDomain: next, TypeBitMap: bits}
}

// TestNSEC proves and does not prove, with verified records given.
func TestNSEC(t *testing.T) {
	apex := nsec("example.", "b.example.", dns.TypeNS, dns.TypeSOA, dns.TypeRRSIG, dns.TypeNSEC)
	b := nsec("b.example.", "d.e.example.", dns.TypeA)
	cut := nsec("cut.example.", "f.example.", dns.TypeNS)
	signedCut := nsec("cut.example.", "f.example.", dns.TypeNS, dns.TypeDS)
	dname := nsec("dname.example.", "f.example.", dns.TypeDNAME)
	wild := nsec("*.example.", "b.example.", dns.TypeTXT)
	last := nsec("z.example.", "example.", dns.TypeA)
	alias := nsec("alias.example.", "b.example.", dns.TypeCNAME)
	black := nsec("any.example.", "\\000.any.example.", dns.TypeRRSIG, dns.TypeNSEC, typeNXNAME)
	for _, c := range []struct {
		what   string
		n      []*dns.NSEC
		name   string
		qtype  uint16
		noName bool
		good   bool
	}{
		{"no such type", []*dns.NSEC{b}, "b.example.", dns.TypeMX, false, true},
		{"it has the type", []*dns.NSEC{b}, "b.example.", dns.TypeA, false, false},
		{"an alias has every type", []*dns.NSEC{alias}, "alias.example.", dns.TypeA, false, false},
		{"an empty non-terminal", []*dns.NSEC{b}, "e.example.", dns.TypeA, false, true},
		{"the delegation's record is the parent's", []*dns.NSEC{cut}, "cut.example.", dns.TypeA, false, false},
		{"the parent's record denies the DS", []*dns.NSEC{cut}, "cut.example.", dns.TypeDS, false, true},
		{"the child's apex does not deny its DS", []*dns.NSEC{apex}, "example.", dns.TypeDS, false, false},
		{"no name, no wildcard", []*dns.NSEC{b, apex}, "c.example.", dns.TypeA, true, true},
		{"no name, wildcard not denied", []*dns.NSEC{b}, "c.example.", dns.TypeA, true, false},
		{"no name, wildcard there", []*dns.NSEC{b, wild}, "c.example.", dns.TypeA, true, false},
		{"the name is there", []*dns.NSEC{b, apex}, "b.example.", dns.TypeA, true, false},
		{"wildcard without the type", []*dns.NSEC{b, wild}, "c.example.", dns.TypeA, false, true},
		{"wildcard with the type", []*dns.NSEC{b, wild}, "c.example.", dns.TypeTXT, false, false},
		{"below a delegation", []*dns.NSEC{cut, apex}, "x.cut.example.", dns.TypeA, true, false},
		{"below a DNAME", []*dns.NSEC{dname, apex}, "x.dname.example.", dns.TypeA, true, false},
		{"after the last name", []*dns.NSEC{last, apex}, "zz.example.", dns.TypeA, true, true},
		{"another name", []*dns.NSEC{last}, "c.example.", dns.TypeA, true, false},
		{"compact denial", []*dns.NSEC{black}, "any.example.", dns.TypeA, false, true},
		{"nothing", nil, "c.example.", dns.TypeA, true, false},
	} {
		d := &denial{zone: "example.", nsec: c.n}
		v, err := d.absent(c.name, c.qtype, c.noName)
		if (err == nil) != c.good || c.good && v != freehold.Secure {
			t.Errorf("%s: %v %v, want proof %v", c.what, v, err, c.good)
		}
	}
	for _, c := range []struct {
		what string
		n    *dns.NSEC
		good bool
	}{
		{"a delegation without DS", cut, true}, {"with DS", signedCut, false},
		{"the child's side", nsec("cut.example.", "f.example.", dns.TypeNS, dns.TypeSOA), false},
		{"no delegation", nsec("cut.example.", "f.example.", dns.TypeA), false},
		{"another name's", b, false},
	} {
		d := &denial{zone: "example.", nsec: []*dns.NSEC{c.n}}
		if err := d.unsignedDelegation("cut.example."); (err == nil) != c.good {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	for _, c := range []struct {
		what   string
		n      *dns.NSEC
		labels int
		good   bool
	}{
		{"nothing closer", b, 1, true}, {"something closer", nsec("x.c.example.", "d.e.example."), 1, false}, {"from further up", b, 0, false}, {"not covered", last, 1, false},
	} {
		d := &denial{zone: "example.", nsec: []*dns.NSEC{c.n}}
		if _, err := d.wildcardAnswer("y.c.example.", c.labels); (err == nil) != c.good {
			t.Errorf("wildcard, %s: %v", c.what, err)
		}
	}
	if !compactlyAbsent(&dns.Msg{Ns: []dns.RR{black}}, "any.example.") || compactlyAbsent(&dns.Msg{Ns: []dns.RR{b}}, "b.example.") {
		t.Error("compact denial is not told from a missing type")
	}
}

// TestValidityTimes reads signature times by serial number arithmetic.
func TestValidityTimes(t *testing.T) {
	sig := &dns.RRSIG{Inception: uint32(day.Unix()) - 10, Expiration: uint32(day.Unix()) + 3600}
	if got := expiration(sig, day).Sub(day).Seconds(); got != 3600 {
		t.Errorf("ends in %v s", got)
	}
	sig.Expiration = uint32(day.Unix()) - 60
	if got := expiration(sig, day).Sub(day).Seconds(); got != -60 {
		t.Errorf("ended %v s ago", got)
	}
}

// TestOptOut: only a record that opts out leaves room for an unsigned delegation.
func TestOptOut(t *testing.T) {
	hash := func(name string) string { return dns.HashName(name, dns.SHA1, 0, "") }
	r := over(t, &fakeNet{}, hintsAt(t, "127.0.0.1"), day)
	for _, flags := range []uint8{0, 1} {
		apex := &dns.NSEC3{Hdr: dns.RR_Header{Name: hash("example.") + ".example."}, Hash: dns.SHA1, NextDomain: hash("example."), Flags: flags, TypeBitMap: []uint16{dns.TypeNS, dns.TypeSOA}}
		d := &denial{zone: "example.", nsec3: []*dns.NSEC3{apex}, hash: r.hasher(newTask(true))}
		if err := d.unsignedDelegation("child.example."); (err == nil) != (flags == 1) {
			t.Errorf("flags %d: %v", flags, err)
		}
		want := freehold.Secure
		if flags == 1 {
			want = freehold.Insecure
		}
		if v, err := d.absent("child.example.", dns.TypeA, true); v != want || err != nil {
			t.Errorf("flags %d: %v %v, want %v", flags, v, err, want)
		}
	}
}

// TestKeysThatMaySign leaves out revoked keys, host keys and other protocols.
func TestKeysThatMaySign(t *testing.T) {
	key := func(flags uint16, protocol uint8) dns.RR { return &dns.DNSKEY{Flags: flags, Protocol: protocol} }
	got := zoneKeys([]dns.RR{key(257, 3), key(256, 3), key(257|dns.REVOKE, 3), key(0, 3), key(256, 2)})
	if len(got) != 2 || got[0].Flags != 257 || got[1].Flags != 256 {
		t.Errorf("%v", got)
	}
}

// TestTooManyLabels: a signature cannot count more labels than the name has.
func TestTooManyLabels(t *testing.T) {
	r := over(t, &fakeNet{}, hintsAt(t, "127.0.0.1"), day)
	r.crypto = yes{}
	rr, _ := dns.NewRR("www.example. A 192.0.2.1")
	key := &dns.DNSKEY{Flags: 256, Protocol: 3, Algorithm: dns.ED25519}
	for labels, good := range map[uint8]bool{1: true, 2: true, 3: false} {
		sig := &dns.RRSIG{SignerName: "example.", Labels: labels, Algorithm: dns.ED25519, KeyTag: key.KeyTag(), Inception: uint32(day.Unix()) - 1, Expiration: uint32(day.Unix()) + 1}
		if _, err := r.verifySet(newTask(true), "example.", []*dns.DNSKEY{key}, []dns.RR{rr}, []*dns.RRSIG{sig}); (err == nil) != good {
			t.Errorf("%d labels: %v", labels, err)
		}
	}
}

// yes believes every signature.
type yes struct{ standardCrypto }

func (yes) verify(*dns.RRSIG, *dns.DNSKEY, []dns.RR) error { return nil }

// TestEvidenceIsBounded in number and in octets.
func TestEvidenceIsBounded(t *testing.T) {
	var c collector
	for i := range 2 * maxEvidence {
		c.add(&reply{q: ask("z.example.", uint16(i)), wire: make([]byte, maxMessage-1), msg: new(dns.Msg)})
	}
	total := 0
	for _, e := range c.all() {
		total += len(e.Body)
	}
	if n := len(c.all()); n != maxEvidence || total > maxEvidenceBytes+maxEvidence*cutEvidence {
		t.Errorf("%d messages of %d octets", n, total)
	}
	if last := c.all()[maxEvidence-1]; !last.Truncated {
		t.Error("what is cut does not say so")
	}
}
