package resolve

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"math/big"
	"slices"

	"github.com/miekg/dns"
)

// A verifier is the cryptography of validation.
type verifier interface {
	// supports tells whether we can check signatures of an algorithm.
	supports(algorithm uint8) bool
	verify(*dns.RRSIG, *dns.DNSKEY, []dns.RR) error
}

// standardCrypto does what validators must do (IANA DNSSEC algorithm registry,
// RFC 9904). SHA-1 signatures are still validated, as RFC 9905 requires. A zone
// signed with anything else is insecure, not bogus (RFC 4035 section 5.2).
//
// The signatures are checked here and not by the DNS library, which refuses RSA
// exponents above 31 bits (the default of an old signer, still in use) and
// wildcards directly below the root.
type standardCrypto struct{}

func (standardCrypto) supports(algorithm uint8) bool {
	switch algorithm {
	case dns.RSASHA1, dns.RSASHA1NSEC3SHA1, dns.RSASHA256, dns.RSASHA512, dns.ECDSAP256SHA256, dns.ECDSAP384SHA384, dns.ED25519:
		return true
	}
	return false
}

var (
	errKey       = errors.New("the key is malformed")
	errSignature = errors.New("the signature does not match")
)

// verify checks one signature over an RRset with one key. That the key may sign,
// that the times are right and the names fit is for the caller to see.
func (standardCrypto) verify(sig *dns.RRSIG, key *dns.DNSKEY, set []dns.RR) error {
	k, err := base64.StdEncoding.DecodeString(key.PublicKey)
	if err != nil {
		return errKey
	}
	s, err := base64.StdEncoding.DecodeString(sig.Signature)
	if err != nil {
		return errSignature
	}
	data, err := signedData(sig, set)
	if err != nil {
		return err
	}
	switch sig.Algorithm {
	case dns.RSASHA1, dns.RSASHA1NSEC3SHA1:
		return verifyRSA(k, s, data, crypto.SHA1, sha1.New())
	case dns.RSASHA256:
		return verifyRSA(k, s, data, crypto.SHA256, sha256.New())
	case dns.RSASHA512:
		return verifyRSA(k, s, data, crypto.SHA512, sha512.New())
	case dns.ECDSAP256SHA256:
		return verifyECDSA(k, s, data, elliptic.P256(), sha256.New())
	case dns.ECDSAP384SHA384:
		return verifyECDSA(k, s, data, elliptic.P384(), sha512.New384())
	case dns.ED25519:
		if len(k) != ed25519.PublicKeySize {
			return errKey
		}
		if !ed25519.Verify(k, data, s) {
			return errSignature
		}
		return nil
	}
	return errors.New("the algorithm is not supported")
}

// maxModulus is the longest RSA modulus in octets (RFC 5702 section 2).
const maxModulus = 4096 / 8

// digestInfo holds the DER prefixes of RFC 8017 section 9.2.
var digestInfo = map[crypto.Hash][]byte{
	crypto.SHA1:   {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14},
	crypto.SHA256: {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
	crypto.SHA512: {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
}

// verifyRSA checks PKCS #1 v1.5 with a key in the form of RFC 3110. Keys that the
// standard library takes go to it; short keys and long exponents, which other
// validators accept, are checked by plain arithmetic: there is no secret to leak.
func verifyRSA(key, sig, data []byte, kind crypto.Hash, h hash.Hash) error {
	exponent, modulus, err := rsaKey(key)
	if err != nil {
		return err
	}
	h.Write(data)
	sum := h.Sum(nil)
	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	if n.BitLen() >= 1024 && e.BitLen() <= 31 {
		if rsa.VerifyPKCS1v15(&rsa.PublicKey{N: n, E: int(e.Int64())}, kind, sum, sig) != nil {
			return errSignature
		}
		return nil
	}
	size := (n.BitLen() + 7) / 8
	padding := size - 3 - len(digestInfo[kind]) - len(sum)
	if padding < 8 || len(sig) != size || n.Bit(0) == 0 {
		return errSignature
	}
	want := slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, padding), []byte{0}, digestInfo[kind], sum)
	got := new(big.Int).Exp(new(big.Int).SetBytes(sig), e, n).FillBytes(make([]byte, size))
	if !bytes.Equal(got, want) {
		return errSignature
	}
	return nil
}

// rsaKey splits a key into exponent and modulus (RFC 3110 section 2).
func rsaKey(key []byte) (exponent, modulus []byte, err error) {
	if len(key) < 3 {
		return nil, nil, errKey
	}
	n, rest := int(key[0]), key[1:]
	if n == 0 {
		n, rest = int(key[1])<<8|int(key[2]), key[3:]
	}
	if n == 0 || n > 8 || len(rest) < n+512/8 || len(rest)-n > maxModulus {
		return nil, nil, errKey
	}
	return rest[:n], rest[n:], nil
}

// verifyECDSA checks a signature in the form of RFC 6605 section 4.
func verifyECDSA(key, sig, data []byte, curve elliptic.Curve, h hash.Hash) error {
	size := curve.Params().BitSize / 8
	if len(key) != 2*size {
		return errKey
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(curve, append([]byte{4}, key...))
	if err != nil {
		return errKey
	}
	if len(sig) != 2*size {
		return errSignature
	}
	h.Write(data)
	r, s := new(big.Int).SetBytes(sig[:size]), new(big.Int).SetBytes(sig[size:])
	if !ecdsa.Verify(pub, h.Sum(nil), r, s) {
		return errSignature
	}
	return nil
}

// signedData builds what a signature is over (RFC 4034 section 3.1.8.1): its own
// fields, then the records in canonical form and order, each once.
func signedData(sig *dns.RRSIG, set []dns.RR) ([]byte, error) {
	head := dns.Copy(sig).(*dns.RRSIG)
	head.Hdr.Name, head.Signature, head.SignerName = ".", "", dns.CanonicalName(sig.SignerName)
	data, err := packOne(head)
	if err != nil {
		return nil, err
	}
	const header = 1 + 2 + 2 + 4 + 2 // of a record owned by the root
	data = data[header:]
	var wires [][]byte
	for _, rr := range set {
		w, err := packOne(canonical(rr, sig))
		if err != nil {
			return nil, err
		}
		wires = append(wires, w)
	}
	slices.SortFunc(wires, bytes.Compare)
	return append(data, bytes.Join(slices.CompactFunc(wires, bytes.Equal), nil)...), nil
}

func packOne(rr dns.RR) ([]byte, error) {
	buf := make([]byte, dns.Len(rr)+1)
	n, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil {
		return nil, errSignature
	}
	return buf[:n], nil
}

// canonical returns a record as it was signed (RFC 4034 section 6.2 with the
// corrections of RFC 6840 section 5.1): names in lower case, a wildcard's owner,
// the original TTL.
func canonical(rr dns.RR, sig *dns.RRSIG) dns.RR {
	c := dns.Copy(rr)
	h := c.Header()
	h.Name, h.Ttl = dns.CanonicalName(h.Name), sig.OrigTtl
	if signedLabels(h.Name) > int(sig.Labels) {
		h.Name = below(lastLabels(h.Name, int(sig.Labels)))
	}
	for _, name := range namesToLower(c) {
		*name = dns.CanonicalName(*name)
	}
	return c
}

// namesToLower lists the names in the data of a record that are signed in lower
// case: those of the types that RFC 4034 section 6.2 lists.
func namesToLower(rr dns.RR) []*string {
	switch rr := rr.(type) {
	case *dns.NS:
		return []*string{&rr.Ns}
	case *dns.MD:
		return []*string{&rr.Md}
	case *dns.MF:
		return []*string{&rr.Mf}
	case *dns.CNAME:
		return []*string{&rr.Target}
	case *dns.DNAME:
		return []*string{&rr.Target}
	case *dns.SOA:
		return []*string{&rr.Ns, &rr.Mbox}
	case *dns.MB:
		return []*string{&rr.Mb}
	case *dns.MG:
		return []*string{&rr.Mg}
	case *dns.MR:
		return []*string{&rr.Mr}
	case *dns.PTR:
		return []*string{&rr.Ptr}
	case *dns.MINFO:
		return []*string{&rr.Rmail, &rr.Email}
	case *dns.MX:
		return []*string{&rr.Mx}
	case *dns.RP:
		return []*string{&rr.Mbox, &rr.Txt}
	case *dns.AFSDB:
		return []*string{&rr.Hostname}
	case *dns.RT:
		return []*string{&rr.Host}
	case *dns.SIG:
		return []*string{&rr.SignerName}
	case *dns.PX:
		return []*string{&rr.Map822, &rr.Mapx400}
	case *dns.NAPTR:
		return []*string{&rr.Replacement}
	case *dns.KX:
		return []*string{&rr.Exchanger}
	case *dns.SRV:
		return []*string{&rr.Target}
	}
	return nil
}
