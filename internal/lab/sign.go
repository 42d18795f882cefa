package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"github.com/miekg/dns"
)

// Signatures of the world hold on the wall clock too, so that validators that
// know nothing of the world's own clock accept them.
var (
	signedFrom  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	signedUntil = time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)

	expiredFrom  = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	expiredUntil = time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC)
)

// zoneKey signs one zone: a single key for the key set and all else (algorithm
// 13, RFC 6605). Keys and signatures are the same in every run, so that answers
// are, and with them the digests of evidence.
type zoneKey struct {
	record *dns.DNSKEY
	signer crypto.Signer
}

// deterministic signs as RFC 6979 says, whatever source of chance it is handed.
type deterministic struct{ *ecdsa.PrivateKey }

func (d deterministic) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return d.PrivateKey.Sign(nil, digest, opts)
}

// newZoneKey derives the key of a zone from its name. It protects nothing.
func newZoneKey(apex string) zoneKey {
	for try := 0; ; try++ {
		seed := sha256.Sum256(fmt.Appendf(nil, "freehold lab zone key %d\n%s", try, apex))
		private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
		if err != nil {
			continue // one seed in 2^32 is above the order of the curve
		}
		point, err := private.PublicKey.Bytes() // 4, X, Y
		if err != nil {
			continue
		}
		return zoneKey{signer: deterministic{private}, record: &dns.DNSKEY{
			Hdr:   dns.RR_Header{Name: apex, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 3600},
			Flags: dns.ZONE | dns.SEP, Protocol: 3, Algorithm: dns.ECDSAP256SHA256,
			PublicKey: base64.StdEncoding.EncodeToString(point[1:]),
		}}
	}
}

// ds returns the record that the parent publishes for the key.
func (k zoneKey) ds() *dns.DS {
	ds := k.record.ToDS(dns.SHA256)
	ds.Hdr.Ttl = 86400
	return ds
}

// sign returns the signature over one record set.
func (k zoneKey) sign(apex string, set []dns.RR, from, until time.Time) *dns.RRSIG {
	sig := &dns.RRSIG{
		Hdr:       dns.RR_Header{Ttl: set[0].Header().Ttl},
		Algorithm: dns.ECDSAP256SHA256, KeyTag: k.record.KeyTag(), SignerName: apex,
		Inception: uint32(from.Unix()), Expiration: uint32(until.Unix()),
	}
	if err := sig.Sign(k.signer, set); err != nil {
		panic("lab: signing " + apex + ": " + err.Error()) // a set of ours that cannot be packed
	}
	return sig
}
