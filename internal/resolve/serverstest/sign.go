package serverstest

import (
	"crypto"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Signing says how a zone is signed. The zero value signs with ECDSA P-256 and
// NSEC, from an hour ago for a day.
type Signing struct {
	Algorithm uint8 // 0 means ECDSAP256SHA256
	Bits      int   // of RSA keys; 0 means 2048
	NSEC3     bool
	OptOut    bool // unsigned delegations are left out of the chain
	// Iterations and Salt (hexadecimal) of NSEC3.
	Iterations uint16
	Salt       string
	// Inception and Expiration of every signature.
	Inception, Expiration time.Time
	// Digest is the DS digest type; 0 means SHA-256.
	Digest uint8
}

// Signed is a signed zone: its master file, the DS for its parent, and its keys.
type Signed struct {
	Text string
	DS   *dns.DS
	Keys []*dns.DNSKEY
}

// Sign signs a zone given as master-file text with absolute names or relative to
// origin. A key-signing and a zone-signing key are made for it.
func Sign(t testing.TB, origin, text string, how Signing) Signed {
	t.Helper()
	s := &signer{t: t, origin: dns.CanonicalName(origin), how: how, sets: map[setKey][]dns.RR{}}
	if s.how.Algorithm == 0 {
		s.how.Algorithm = dns.ECDSAP256SHA256
	}
	if s.how.Digest == 0 {
		s.how.Digest = dns.SHA256
	}
	if s.how.Inception.IsZero() {
		s.how.Inception = time.Now().Add(-time.Hour)
	}
	if s.how.Expiration.IsZero() {
		s.how.Expiration = time.Now().Add(24 * time.Hour)
	}
	s.read(text)
	ksk, kskKey := s.makeKey(257)
	zsk, zskKey := s.makeKey(256)
	s.add(ksk, zsk)
	if s.how.NSEC3 {
		s.chain3()
	} else {
		s.chain()
	}
	var out strings.Builder
	for _, k := range s.sorted() {
		set := s.sets[k]
		for _, rr := range set {
			out.WriteString(rr.String() + "\n")
		}
		switch {
		case !s.authoritative(k.name) || k.rrtype == dns.TypeNS && k.name != s.origin:
		case k.rrtype == dns.TypeDNSKEY:
			out.WriteString(s.sign(set, ksk, kskKey).String() + "\n")
		default:
			out.WriteString(s.sign(set, zsk, zskKey).String() + "\n")
		}
	}
	return Signed{Text: out.String(), DS: ksk.ToDS(s.how.Digest), Keys: []*dns.DNSKEY{ksk, zsk}}
}

type setKey struct {
	name   string
	rrtype uint16
}

type signer struct {
	t      testing.TB
	origin string
	how    Signing
	sets   map[setKey][]dns.RR
	cuts   []string
}

func (s *signer) read(text string) {
	zp := dns.NewZoneParser(strings.NewReader(text), s.origin, "")
	zp.SetDefaultTTL(300)
	for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
		s.add(rr)
		if rr.Header().Rrtype == dns.TypeNS && dns.CanonicalName(rr.Header().Name) != s.origin {
			s.cuts = append(s.cuts, dns.CanonicalName(rr.Header().Name))
		}
	}
	if err := zp.Err(); err != nil {
		s.t.Fatalf("the zone %s does not parse: %v", s.origin, err)
	}
	if len(s.sets[setKey{s.origin, dns.TypeSOA}]) != 1 {
		s.t.Fatalf("the zone %s has no SOA", s.origin)
	}
}

func (s *signer) add(rrs ...dns.RR) {
	for _, rr := range rrs {
		k := setKey{dns.CanonicalName(rr.Header().Name), rr.Header().Rrtype}
		s.sets[k] = append(s.sets[k], rr)
	}
}

// authoritative tells whether a name is the zone's own: not below a delegation.
func (s *signer) authoritative(name string) bool {
	return !slices.ContainsFunc(s.cuts, func(cut string) bool { return name != cut && dns.IsSubDomain(cut, name) })
}

func (s *signer) sorted() []setKey {
	var keys []setKey
	for k := range s.sets {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b setKey) int {
		if c := Canonical(a.name, b.name); c != 0 {
			return c
		}
		// The SOA comes first, as some servers want it.
		if (a.rrtype == dns.TypeSOA) != (b.rrtype == dns.TypeSOA) {
			if a.rrtype == dns.TypeSOA {
				return -1
			}
			return 1
		}
		return int(a.rrtype) - int(b.rrtype)
	})
	return keys
}

// Canonical compares two lower-case names in the order of RFC 4034 section 6.1.
// It knows no escapes: names in tests have none.
func Canonical(a, b string) int {
	la, lb := dns.SplitDomainName(a), dns.SplitDomainName(b)
	slices.Reverse(la)
	slices.Reverse(lb)
	return slices.Compare(la, lb)
}

func (s *signer) makeKey(flags uint16) (*dns.DNSKEY, crypto.Signer) {
	k := &dns.DNSKEY{Hdr: dns.RR_Header{Name: s.origin, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 300}, Flags: flags, Protocol: 3, Algorithm: s.how.Algorithm}
	bits := map[uint8]int{dns.ECDSAP256SHA256: 256, dns.ECDSAP384SHA384: 384, dns.ED25519: 256}[s.how.Algorithm]
	if bits == 0 {
		if bits = s.how.Bits; bits == 0 {
			bits = 2048
		}
	}
	priv, err := k.Generate(bits)
	if err != nil {
		s.t.Fatalf("no key for %s: %v", s.origin, err)
	}
	return k, priv.(crypto.Signer)
}

func (s *signer) sign(set []dns.RR, key *dns.DNSKEY, priv crypto.Signer) *dns.RRSIG {
	sig := &dns.RRSIG{Hdr: dns.RR_Header{Ttl: set[0].Header().Ttl}, Algorithm: key.Algorithm, KeyTag: key.KeyTag(), SignerName: s.origin,
		Inception: uint32(s.how.Inception.Unix()), Expiration: uint32(s.how.Expiration.Unix())}
	if err := sig.Sign(priv, set); err != nil {
		s.t.Fatalf("cannot sign %s: %v", set[0].Header().Name, err)
	}
	return sig
}

// types lists the types at a name that its owner answers for.
func (s *signer) types(name string, more ...uint16) []uint16 {
	cut := slices.Contains(s.cuts, name)
	bits := more
	signed := false
	for k := range s.sets {
		if k.name != name || cut && k.rrtype != dns.TypeNS && k.rrtype != dns.TypeDS {
			continue
		}
		bits = append(bits, k.rrtype)
		signed = signed || !cut || k.rrtype == dns.TypeDS
	}
	if signed || slices.Contains(more, dns.TypeNSEC) {
		bits = append(bits, dns.TypeRRSIG)
	}
	slices.Sort(bits)
	return slices.Compact(bits)
}

func (s *signer) owners() []string {
	var names []string
	for k := range s.sets {
		if s.authoritative(k.name) && !slices.Contains(names, k.name) {
			names = append(names, k.name)
		}
	}
	slices.SortFunc(names, Canonical)
	return names
}

func (s *signer) minimum() uint32 { return s.sets[setKey{s.origin, dns.TypeSOA}][0].(*dns.SOA).Minttl }

// chain adds the NSEC records.
func (s *signer) chain() {
	names := s.owners()
	var records []dns.RR
	for i, name := range names {
		records = append(records, &dns.NSEC{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeNSEC, Class: dns.ClassINET, Ttl: s.minimum()},
			NextDomain: names[(i+1)%len(names)], TypeBitMap: s.types(name, dns.TypeNSEC)})
	}
	s.add(records...)
}

// chain3 adds the NSEC3 records, empty non-terminals included.
func (s *signer) chain3() {
	param := &dns.NSEC3PARAM{Hdr: dns.RR_Header{Name: s.origin, Rrtype: dns.TypeNSEC3PARAM, Class: dns.ClassINET}, Hash: dns.SHA1,
		Iterations: s.how.Iterations, SaltLength: uint8(len(s.how.Salt) / 2), Salt: s.how.Salt}
	s.add(param)
	bits := map[string][]uint16{}
	for _, name := range s.owners() {
		if s.how.OptOut && slices.Contains(s.cuts, name) && len(s.sets[setKey{name, dns.TypeDS}]) == 0 {
			continue
		}
		bits[name] = s.types(name)
		for _, i := range dns.Split(name)[1:] {
			up := name[i:]
			if dns.IsSubDomain(s.origin, up) && bits[up] == nil {
				bits[up] = []uint16{}
			}
		}
	}
	hashes := map[string][]uint16{}
	var order []string
	for name, b := range bits {
		h := strings.ToLower(dns.HashName(name, dns.SHA1, s.how.Iterations, s.how.Salt))
		hashes[h] = b
		order = append(order, h)
	}
	slices.Sort(order)
	flags := uint8(0)
	if s.how.OptOut {
		flags = 1
	}
	for i, h := range order {
		s.add(&dns.NSEC3{Hdr: dns.RR_Header{Name: h + "." + strings.TrimPrefix(s.origin, "."), Rrtype: dns.TypeNSEC3, Class: dns.ClassINET, Ttl: s.minimum()},
			Hash: dns.SHA1, Flags: flags, Iterations: s.how.Iterations, SaltLength: uint8(len(s.how.Salt) / 2), Salt: s.how.Salt,
			HashLength: 20, NextDomain: strings.ToUpper(order[(i+1)%len(order)]), TypeBitMap: hashes[h]})
	}
}

// Zone writes the beginning of a master file: SOA and NS. ns are host names and
// addresses in turn; addresses may be empty.
func Zone(origin string, serial uint32, ns ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ORIGIN %s\n$TTL 300\n@ SOA %s hostmaster.%s %d 3600 600 86400 60\n", origin, ns[0], strings.TrimPrefix(origin, "."), serial)
	for i := 0; i+1 < len(ns); i += 2 {
		fmt.Fprintf(&b, "@ NS %s\n", ns[i])
		if ns[i+1] != "" {
			fmt.Fprintf(&b, "%s A %s\n", ns[i], ns[i+1])
		}
	}
	return b.String()
}
