package zonefile

import (
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"freehold"
)

// Types that need more than fields one after another, and that the library
// reads too narrowly: key algorithms by name, hashes of any length, unpadded
// base32, well-known services.

func init() {
	parsers[freehold.TypeDNSKEY] = (*rdata).key
	parsers[freehold.TypeCDNSKEY] = (*rdata).key
	parsers[freehold.TypeDS] = (*rdata).digest
	parsers[freehold.TypeCDS] = (*rdata).digest
	parsers[32769] = (*rdata).digest // DLV
	parsers[freehold.TypeNSEC] = func(r *rdata) { r.name(); r.bitmap() }
	parsers[62] = func(r *rdata) { r.number(32); r.number(16); r.bitmap() } // CSYNC (RFC 7477)
	parsers[freehold.TypeNSEC3] = (*rdata).nsec3
	parsers[11] = (*rdata).wks
}

// algorithms are the mnemonics of IANA's registry "DNS Security Algorithm Numbers".
var algorithms = map[string]uint64{
	"RSAMD5": 1, "DH": 2, "DSA": 3, "ECC": 4, "RSASHA1": 5, "NSEC3DSA": 6, "DSA-NSEC3-SHA1": 6, "NSEC3RSASHA1": 7, "RSASHA1-NSEC3-SHA1": 7,
	"RSASHA256": 8, "RSASHA512": 10, "ECC-GOST": 12, "ECDSAP256SHA256": 13, "ECDSAP384SHA384": 14, "ED25519": 15, "ED448": 16,
	"INDIRECT": 252, "PRIVATEDNS": 253, "PRIVATEOID": 254,
}

func (r *rdata) algorithm() {
	if len(r.words) > 0 {
		if n, ok := algorithms[strings.ToUpper(r.words[0].text)]; ok {
			r.word()
			r.put(n, 8)
			return
		}
	}
	r.number(8)
}

// key is flags, protocol, algorithm, key (RFC 4034 section 2.2).
func (r *rdata) key() {
	r.number(16)
	r.number(8)
	r.algorithm()
	r.base64()
}

// digest is key tag, algorithm, digest type, digest (RFC 4034 section 5.3).
func (r *rdata) digest() {
	r.number(16)
	r.algorithm()
	r.number(8)
	r.hex()
}

func (r *rdata) hex() {
	var all strings.Builder
	for len(r.words) > 0 && r.err == nil {
		all.WriteString(r.word())
	}
	b, err := hex.DecodeString(all.String())
	if err != nil || len(b) == 0 && all.Len() == 0 {
		r.fail("it is not hexadecimal")
	}
	r.out = append(r.out, b...)
}

// bitmap is the list of types of NSEC records (RFC 4034 section 4.1.2).
func (r *rdata) bitmap() {
	var types []uint16
	for len(r.words) > 0 && r.err == nil {
		w := r.word()
		t, ok := freehold.ParseRRType(w)
		if !ok {
			r.fail("%q is no record type", w)
		}
		types = append(types, uint16(t))
	}
	slices.Sort(types)
	for from := 0; from < len(types); {
		window := types[from] >> 8
		var bits [32]byte
		last := 0
		for ; from < len(types) && types[from]>>8 == window; from++ {
			low := types[from] & 0xff
			last = int(low / 8)
			bits[last] |= 0x80 >> (low % 8)
		}
		r.out = append(append(r.out, byte(window), byte(last+1)), bits[:last+1]...)
	}
}

var base32hex = base32.HexEncoding.WithPadding(base32.NoPadding)

// nsec3 is algorithm, flags, iterations, salt, next hash, types (RFC 5155 section 3.3).
func (r *rdata) nsec3() {
	r.number(8)
	r.number(8)
	r.number(16)
	salt := r.word()
	if salt == "-" {
		salt = ""
	}
	b, err := hex.DecodeString(salt)
	if err != nil || len(b) > 255 {
		r.fail("%q is no salt", salt)
	}
	r.out = append(append(r.out, byte(len(b))), b...)
	hash := r.word()
	if b, err = base32hex.DecodeString(strings.ToUpper(hash)); err != nil || len(b) == 0 || len(b) > 255 {
		r.fail("%q is no hash", hash)
	}
	r.out = append(append(r.out, byte(len(b))), b...)
	r.bitmap()
}

// services are the names that WKS records use for ports (RFC 1010).
var services = map[string]uint64{
	"tcpmux": 1, "echo": 7, "discard": 9, "systat": 11, "daytime": 13, "netstat": 15, "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25,
	"time": 37, "whois": 43, "domain": 53, "tftp": 69, "gopher": 70, "finger": 79, "http": 80, "pop2": 109, "pop3": 110, "nntp": 119, "ntp": 123, "imap": 143, "https": 443,
}

// wks is an address, a protocol and a bitmap of ports (RFC 1035 section 3.4.2).
func (r *rdata) wks() {
	r.address(false)
	protocol := strings.ToLower(r.word())
	n, err := strconv.ParseUint(protocol, 10, 8)
	if known := map[string]uint64{"tcp": 6, "udp": 17}[protocol]; known > 0 {
		n, err = known, nil
	}
	if err != nil {
		r.fail("%q is no protocol", protocol)
	}
	r.put(n, 8)
	var bits []byte
	for len(r.words) > 0 && r.err == nil {
		w := strings.ToLower(r.word())
		port, ok := services[w]
		if n, err := strconv.ParseUint(w, 10, 16); err == nil {
			port, ok = n, true
		}
		if !ok {
			r.fail("%q is no service", w)
		}
		for len(bits) <= int(port/8) {
			bits = append(bits, 0)
		}
		bits[port/8] |= 0x80 >> (port % 8)
	}
	r.out = append(r.out, bits...)
}

// svcParams are the parameter keys that all readers of SVCB know (RFC 9460
// section 14.3.2); younger ones are written keyNNN.
var svcParams = []string{"mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint"}

func svcKey(n uint16) string {
	if int(n) < len(svcParams) {
		return svcParams[n]
	}
	return "key" + strconv.Itoa(int(n))
}

// appendSVCB prints SVCB and HTTPS rdata; false where it is not well formed.
// Only what has no value of its own form is told as opaque octets.
func appendSVCB(b []byte, data string) ([]byte, bool) {
	b = strconv.AppendUint(b, uint64(be16(data)), 10)
	target, n := freehold.ReadOwner(data[2:])
	b = target.AppendText(append(b, ' '))
	for data = data[2+n:]; data != ""; {
		if len(data) < 4 || len(data) < 4+int(be16(data[2:])) {
			return b, false
		}
		key, value := be16(data), data[4:4+int(be16(data[2:]))]
		data = data[4+len(value):]
		b = append(append(b, ' '), svcKey(key)...)
		if value == "" {
			continue
		}
		b = append(b, '=')
		var ok bool
		if b, ok = appendSvcValue(b, key, value); !ok {
			return b, false
		}
	}
	return b, true
}

func be16(s string) uint16 { return binary.BigEndian.Uint16([]byte(s[:2])) }

func appendSvcValue(b []byte, key uint16, value string) ([]byte, bool) {
	list := func(size int, item func([]byte, string) []byte) ([]byte, bool) {
		for i := 0; i < len(value); i += size {
			if i > 0 {
				b = append(b, ',')
			}
			b = item(b, value[i:i+size])
		}
		return b, true
	}
	address := func(b []byte, s string) []byte {
		a, _ := netip.AddrFromSlice([]byte(s))
		return a.AppendTo(b)
	}
	switch {
	case key == 0 && len(value)%2 == 0:
		return list(2, func(b []byte, s string) []byte { return append(b, svcKey(be16(s))...) })
	case key == 3 && len(value) == 2:
		return strconv.AppendUint(b, uint64(be16(value)), 10), true
	case key == 4 && len(value)%4 == 0:
		return list(4, address)
	case key == 6 && len(value)%16 == 0:
		return list(16, address)
	case key == 1:
		return appendALPN(b, value)
	case key > 6:
		return appendQuoted(b, value), true
	}
	return b, false // ech: its base64 is left to the library
}

// appendALPN prints protocol names that need no escapes within escapes.
func appendALPN(b []byte, value string) ([]byte, bool) {
	for first := true; value != ""; first = false {
		n := 1 + int(value[0])
		if n > len(value) || strings.ContainsAny(value[1:n], `",\`) {
			return b, false
		}
		if !first {
			b = append(b, ',')
		}
		for _, c := range []byte(value[1:n]) {
			if c <= ' ' || c >= 0x7f || c == ';' || c == '(' || c == ')' {
				return b, false
			}
			b = append(b, c)
		}
		value = value[n:]
	}
	return b, true
}
