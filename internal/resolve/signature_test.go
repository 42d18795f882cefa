package resolve

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"testing"

	"github.com/miekg/dns"
)

// TestSignaturesOfEveryType signs one record of each type with the DNS library
// and checks it here, in upper and lower case, as a wildcard, and spoilt.
func TestSignaturesOfEveryType(t *testing.T) {
	records := []string{
		"A 192.0.2.1", "AAAA 2001:db8::1", "NS NS.Example.", "CNAME Target.Example.", "DNAME Target.Example.", "SOA NS.Example. Host.Example. 1 2 3 4 5",
		"PTR Host.Example.", "MX 10 Mail.Example.", "TXT \"Some Text\" \"\\000\\255\"", "RP Box.Example. Text.Example.", "AFSDB 1 Host.Example.", "RT 1 Host.Example.",
		"PX 10 A.Example. B.Example.", "NAPTR 1 2 \"U\" \"E2U+sip\" \"!^.*$!sip:x@Y!\" Host.Example.", "KX 1 Host.Example.", "SRV 1 2 3 Host.Example.",
		"CAA 0 issue \"Ca.Example\"", "DS 1 13 2 " + "AB" + "cd0123456789012345678901234567890123456789012345678901234567890123"[:62], "SSHFP 1 1 0123456789012345678901234567890123456789",
		"TLSA 3 1 1 " + "0123456789012345678901234567890101234567890123456789012345678901", "HTTPS 1 . alpn=h2", "SVCB 1 Svc.Example. port=53", "LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
		"HINFO \"CPU\" \"Os\"", "URI 10 1 \"https://Example/\"", "OPENPGPKEY mQ==", "NSEC Next.Example. A TXT", "TYPE65400 \\# 3 414243",
	}
	for _, alg := range []uint8{dns.RSASHA1, dns.RSASHA256, dns.RSASHA512, dns.ECDSAP256SHA256, dns.ECDSAP384SHA384, dns.ED25519} {
		key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: "example.", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET}, Flags: 256, Protocol: 3, Algorithm: alg}
		priv, err := key.Generate(map[uint8]int{dns.ECDSAP256SHA256: 256, dns.ECDSAP384SHA384: 384, dns.ED25519: 256, dns.RSASHA1: 1024, dns.RSASHA256: 1024, dns.RSASHA512: 1024}[alg])
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range records {
			for _, owner := range []string{"Www.Example.", "*.example."} {
				rr, err := dns.NewRR(owner + " 300 " + text)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				sig := &dns.RRSIG{Algorithm: alg, KeyTag: key.KeyTag(), SignerName: "example.", Inception: 1, Expiration: 2}
				if err := sig.Sign(priv.(crypto.Signer), []dns.RR{rr}); err != nil {
					t.Fatal(err)
				}
				rr.Header().Ttl = 17
				if owner == "*.example." {
					rr.Header().Name = "deep.down.example."
				}
				if err := (standardCrypto{}).verify(sig, key, []dns.RR{rr}); err != nil {
					t.Errorf("%s %s with algorithm %d: %v", owner, text, alg, err)
				}
				sig.OrigTtl++
				if (standardCrypto{}).verify(sig, key, []dns.RR{rr}) == nil {
					t.Errorf("%s %s: a spoilt signature is accepted", owner, text)
				}
			}
		}
	}
}

// TestUnusualRSA: an exponent above 31 bits and a short modulus, which the
// standard library refuses.
func TestUnusualRSA(t *testing.T) {
	data := []byte("what is signed")
	for _, c := range []struct {
		name string
		bits int
		e    int64
	}{{"the exponent of an old signer", 1024, 1<<32 + 1}, {"a short modulus", 512, 65537}} {
		n, d := rsaNumbers(t, c.bits, c.e)
		sum := sha256.Sum256(data)
		size := c.bits / 8
		em := make([]byte, size)
		em[1] = 1
		tail := append(append([]byte{0}, digestInfo[crypto.SHA256]...), sum[:]...)
		for i := 2; i < size-len(tail); i++ {
			em[i] = 0xff
		}
		copy(em[size-len(tail):], tail)
		sig := new(big.Int).Exp(new(big.Int).SetBytes(em), d, n).FillBytes(make([]byte, size))
		e := big.NewInt(c.e).Bytes()
		key := append(append([]byte{byte(len(e))}, e...), n.Bytes()...)
		if err := verifyRSA(key, sig, data, crypto.SHA256, sha256.New()); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		sig[size-1] ^= 1
		if verifyRSA(key, sig, data, crypto.SHA256, sha256.New()) == nil {
			t.Errorf("%s: a spoilt signature is accepted", c.name)
		}
		if verifyRSA(key, make([]byte, size), data, crypto.SHA256, sha256.New()) == nil {
			t.Errorf("%s: zero is accepted", c.name)
		}
	}
	for _, key := range []string{"", "AA==", "AwEAAQ==", "AAAA", base64.StdEncoding.EncodeToString(make([]byte, 2000))} {
		raw, _ := base64.StdEncoding.DecodeString(key)
		if verifyRSA(raw, make([]byte, 64), data, crypto.SHA256, sha256.New()) == nil {
			t.Errorf("key %q is accepted", key)
		}
	}
}

func rsaNumbers(t *testing.T, bits int, exponent int64) (n, d *big.Int) {
	t.Helper()
	e := big.NewInt(exponent)
	for range 200 {
		p, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			t.Fatal(err)
		}
		q, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			t.Fatal(err)
		}
		one := big.NewInt(1)
		n = new(big.Int).Mul(p, q)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		if d = new(big.Int).ModInverse(e, phi); d != nil && n.BitLen() == bits {
			return n, d
		}
	}
	t.Fatal("no key")
	return nil, nil
}
