package freehold

import (
	"strconv"
	"strings"
)

// An Owner is a domain name as zones hold it: uncompressed wire form (RFC 1035
// section 3.1), every octet and its case kept, as an immutable string. Unlike a
// Host it may be the root and may hold any octet. "" is no name at all.
type Owner string

// RootOwner is the root of the DNS.
const RootOwner Owner = "\x00"

// Most octets of a name and of a label (RFC 1035 section 2.3.4).
const (
	maxOwner = 255
	maxLabel = 63
)

// OwnerOf returns a Host in wire form; of the zero Host, no name.
func OwnerOf(h Host) Owner {
	if h.IsZero() {
		return ""
	}
	var b strings.Builder
	for label := range strings.SplitSeq(h.ascii, ".") {
		b.WriteByte(byte(len(label)))
		b.WriteString(label)
	}
	b.WriteByte(0)
	return Owner(b.String())
}

// ParseOwner reads a name in the form of master files (RFC 1035 section 5.1):
// escapes \X and \DDD, "@" for the origin, and the origin added to a name that
// does not end in a dot. Without an origin ("") every name is absolute. Octets
// above 127 are taken as they stand. Errors are of KindInvalid.
func ParseOwner(text string, origin Owner) (Owner, error) {
	if text == "@" && origin != "" {
		return origin, nil
	}
	if text == "." {
		return RootOwner, nil
	}
	bad := func(why string) (Owner, error) {
		return "", &Error{Kind: KindInvalid, Msg: `"` + shorten(text) + `" is not a domain name: ` + why}
	}
	wire := make([]byte, 1, len(text)+2+len(origin))
	start, absolute := 0, false // of the label's length octet
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '.':
			if len(wire) == start+1 {
				return bad("it has an empty label")
			}
			if i+1 == len(text) {
				absolute = true
				continue
			}
			start = len(wire)
			wire = append(wire, 0)
			continue
		case c == '\\':
			n, octet := unescape(text[i:])
			if n == 0 {
				return bad("an escape in it is not complete")
			}
			c = octet
			i += n - 1
		}
		wire = append(wire, c)
		if wire[start]++; wire[start] > maxLabel {
			return bad("a label is longer than 63 octets")
		}
		if len(wire) > maxOwner {
			return bad("it is longer than 255 octets")
		}
	}
	switch {
	case len(wire) == 1:
		return bad("it is empty")
	case absolute || origin == "":
		wire = append(wire, 0)
	default:
		wire = append(wire, origin...)
	}
	if len(wire) > maxOwner {
		return bad("it is longer than 255 octets")
	}
	return Owner(wire), nil
}

// unescape reads "\X" or "\DDD" at the start of s: its length and octet, or 0.
func unescape(s string) (n int, octet byte) {
	if len(s) < 2 {
		return 0, 0
	}
	if s[1] < '0' || s[1] > '9' {
		return 2, s[1]
	}
	if len(s) < 4 {
		return 0, 0
	}
	v, err := strconv.ParseUint(s[1:4], 10, 8)
	if err != nil {
		return 0, 0
	}
	return 4, byte(v)
}

// ReadOwner reads an uncompressed name at the start of wire and returns it with
// its length, or 0 where there is none.
func ReadOwner(wire string) (Owner, int) {
	for i := 0; i < len(wire) && i < maxOwner; {
		n := int(wire[i])
		switch {
		case n == 0:
			return Owner(wire[:i+1]), i + 1
		case n > maxLabel:
			return "", 0
		}
		i += 1 + n
	}
	return "", 0
}

// Valid tells whether o is one whole name and nothing else.
func (o Owner) Valid() bool {
	_, n := ReadOwner(string(o))
	return n == len(o) && n > 0
}

// String returns the name as master files have it, absolute, with its final
// dot; special and unprintable octets are escaped.
func (o Owner) String() string { return string(o.AppendText(nil)) }

// AppendText appends what String returns to b.
func (o Owner) AppendText(b []byte) []byte {
	if o == RootOwner {
		return append(b, '.')
	}
	for i := 0; i < len(o) && o[i] != 0; {
		end := min(i+1+int(o[i]), len(o))
		for _, c := range []byte(o[i+1 : end]) {
			b = appendOctet(b, c)
		}
		b = append(b, '.')
		i = end
	}
	return b
}

func appendOctet(b []byte, c byte) []byte {
	switch {
	case c <= ' ' || c >= 0x7f:
		return append(b, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
	case c == '"' || c == '(' || c == ')' || c == '.' || c == ';' || c == '\\' || c == '@' || c == '$':
		return append(b, '\\', c)
	}
	return append(b, c)
}

// Relative returns the name without its origin: "@" for the origin itself,
// "www" below it, the absolute form outside and where the origin is written in
// other case, which would be lost.
func (o Owner) Relative(origin Owner) string { return string(o.AppendRelative(nil, origin)) }

// AppendRelative appends what Relative returns to b.
func (o Owner) AppendRelative(b []byte, origin Owner) []byte {
	switch {
	case origin == "" || origin == RootOwner || !strings.HasSuffix(string(o), string(origin)) || !o.Within(origin):
		return o.AppendText(b)
	case len(o) == len(origin):
		return append(b, '@')
	}
	b = (o[:len(o)-len(origin)] + RootOwner).AppendText(b)
	return b[:len(b)-1]
}

// Canonical returns the name in lower case (RFC 4034 section 6.2).
func (o Owner) Canonical() Owner {
	for i := 0; i < len(o); i++ {
		if o[i] >= 'A' && o[i] <= 'Z' {
			return Owner(lowerASCII(string(o)))
		}
	}
	return o
}

// lowerASCII lowers the letters of a wire-form name. A length octet is at most
// 63 and so never a letter.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Equal compares without regard to case (RFC 4343).
func (o Owner) Equal(p Owner) bool {
	if len(o) != len(p) {
		return false
	}
	return o == p || o.Canonical() == p.Canonical()
}

// Within tells whether o is zone itself or below it.
func (o Owner) Within(zone Owner) bool {
	at := len(o) - len(zone)
	if at < 0 || zone == "" || !o[at:].Equal(zone) {
		return false
	}
	for i := 0; i <= at; i += 1 + int(o[i]) {
		if i == at {
			return true
		}
	}
	return false
}

// Parent returns the name without its first label; of the root, the root.
func (o Owner) Parent() Owner {
	if len(o) <= 1 {
		return o
	}
	return o[1+int(o[0]):]
}

// Wildcard tells whether the first label is "*" (RFC 4592).
func (o Owner) Wildcard() bool { return strings.HasPrefix(string(o), "\x01*") }

// Host returns the name as a Host, and false for the root and for names that
// hold octets no Host has.
func (o Owner) Host() (Host, bool) {
	for i := 0; i < len(o) && o[i] != 0; {
		end := min(i+1+int(o[i]), len(o))
		for _, c := range []byte(o[i+1 : end]) {
			if c <= ' ' || c >= 0x7f || c == '.' || c == '\\' {
				return Host{}, false
			}
		}
		i = end
	}
	h, err := ParseHost(o.String())
	return h, err == nil
}

// Compare orders names canonically (RFC 4034 section 6.1): label by label from
// the right, each as lower-case octets, a name before those below it.
func (o Owner) Compare(p Owner) int {
	if o == p {
		return 0
	}
	var a, b [128]uint8
	na, nb := labelStarts(o, &a), labelStarts(p, &b)
	for na > 0 && nb > 0 {
		na, nb = na-1, nb-1
		if c := compareLabels(o[a[na]:], p[b[nb]:]); c != 0 {
			return c
		}
	}
	return na - nb
}

func labelStarts(o Owner, at *[128]uint8) int {
	n := 0
	for i := 0; i < len(o) && o[i] != 0 && n < len(at); i += 1 + int(o[i]) {
		at[n] = uint8(i)
		n++
	}
	return n
}

// compareLabels compares the first labels of two names in wire form.
func compareLabels(o, p Owner) int {
	x, y := o[1:min(1+int(o[0]), len(o))], p[1:min(1+int(p[0]), len(p))]
	for i := 0; i < len(x) && i < len(y); i++ {
		if c, d := lower(x[i]), lower(y[i]); c != d {
			return int(c) - int(d)
		}
	}
	return len(x) - len(y)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// sortKey returns octets that compare, as plain strings, in the order of Compare.
func (o Owner) sortKey() string {
	var at [128]uint8
	key := make([]byte, 0, len(o)+8)
	for n := labelStarts(o, &at); n > 0; n-- {
		i := int(at[n-1])
		for _, c := range []byte(o[i+1 : min(i+1+int(o[i]), len(o))]) {
			if c < 2 { // 0 ends a label, 1 marks what would be taken for it
				key = append(key, 1, c+1)
				continue
			}
			key = append(key, lower(c))
		}
		key = append(key, 0)
	}
	return string(key)
}

// A Record is one resource record as it goes over the wire. It is comparable;
// equality is by octet, not by meaning: Zone.Diff knows what DNS takes as equal.
type Record struct {
	Owner Owner
	Class RRClass
	Type  RRType
	TTL   uint32 // seconds
	// Data is the uncompressed wire form of the rdata, at most 65535 octets.
	Data string
}

// RRClass is a class of the DNS; nearly always ClassIN.
type RRClass uint16

// ClassIN is the Internet.
const ClassIN RRClass = 1

func (c RRClass) String() string {
	switch c {
	case 1:
		return "IN"
	case 3:
		return "CH"
	case 4:
		return "HS"
	}
	return "CLASS" + strconv.Itoa(int(c))
}

// RRType is a type of resource record.
type RRType uint16

// Types that the code speaks of.
const (
	TypeA          RRType = 1
	TypeNS         RRType = 2
	TypeCNAME      RRType = 5
	TypeSOA        RRType = 6
	TypePTR        RRType = 12
	TypeMX         RRType = 15
	TypeTXT        RRType = 16
	TypeAAAA       RRType = 28
	TypeSRV        RRType = 33
	TypeNAPTR      RRType = 35
	TypeDNAME      RRType = 39
	TypeDS         RRType = 43
	TypeSSHFP      RRType = 44
	TypeRRSIG      RRType = 46
	TypeNSEC       RRType = 47
	TypeDNSKEY     RRType = 48
	TypeNSEC3      RRType = 50
	TypeNSEC3PARAM RRType = 51
	TypeTLSA       RRType = 52
	TypeCDS        RRType = 59
	TypeCDNSKEY    RRType = 60
	TypeZONEMD     RRType = 63
	TypeSVCB       RRType = 64
	TypeHTTPS      RRType = 65
	TypeSPF        RRType = 99
	TypeIXFR       RRType = 251
	TypeAXFR       RRType = 252
	TypeURI        RRType = 256
	TypeCAA        RRType = 257
	// typeSigning is BIND's note on how far its signing got; it means nothing elsewhere.
	typeSigning RRType = 65534
)

// typeNames are the mnemonics of IANA's registry "Resource Record (RR) TYPEs".
var typeNames = map[RRType]string{
	1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 10: "NULL", 11: "WKS", 12: "PTR", 13: "HINFO",
	14: "MINFO", 15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB", 19: "X25", 20: "ISDN", 21: "RT", 22: "NSAP", 23: "NSAP-PTR", 24: "SIG",
	25: "KEY", 26: "PX", 27: "GPOS", 28: "AAAA", 29: "LOC", 30: "NXT", 31: "EID", 32: "NIMLOC", 33: "SRV", 34: "ATMA", 35: "NAPTR",
	36: "KX", 37: "CERT", 38: "A6", 39: "DNAME", 40: "SINK", 41: "OPT", 42: "APL", 43: "DS", 44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG",
	47: "NSEC", 48: "DNSKEY", 49: "DHCID", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 56: "NINFO", 57: "RKEY",
	58: "TALINK", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS", 66: "DSYNC", 67: "HHIT",
	68: "BRID", 99: "SPF", 100: "UINFO", 101: "UID", 102: "GID", 103: "UNSPEC", 104: "NID", 105: "L32", 106: "L64", 107: "LP", 108: "EUI48",
	109: "EUI64", 128: "NXNAME", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR", 253: "MAILB", 254: "MAILA", 255: "ANY", 256: "URI",
	257: "CAA", 258: "AVC", 259: "DOA", 260: "AMTRELAY", 261: "RESINFO", 262: "WALLET", 263: "CLA", 264: "IPN", 32768: "TA", 32769: "DLV",
}

var typesByName = func() map[string]RRType {
	m := make(map[string]RRType, len(typeNames))
	for t, n := range typeNames {
		m[n] = t
	}
	return m
}()

// String returns the mnemonic, or "TYPE65280" (RFC 3597 section 5).
func (t RRType) String() string {
	if n := typeNames[t]; n != "" {
		return n
	}
	return "TYPE" + strconv.Itoa(int(t))
}

// ParseRRType reads a mnemonic or "TYPEnnn" in any case, and false for what is no type.
func ParseRRType(s string) (RRType, bool) {
	s = strings.ToUpper(s)
	if t, ok := typesByName[s]; ok {
		return t, true
	}
	if digits, ok := strings.CutPrefix(s, "TYPE"); ok {
		n, err := strconv.ParseUint(digits, 10, 16)
		return RRType(n), err == nil
	}
	return 0, false
}

// Meta tells the types that are questions or belong to a message, and so never
// stand in a zone (RFC 6895 section 3.1).
func (t RRType) Meta() bool {
	return t == 0 || t == 41 || t == 128 || t >= 249 && t <= 255
}

// Signer tells the types that the zone's signer makes, and another signer would
// make anew: they are kept apart from content (docs/design.md §8).
func (t RRType) Signer() bool {
	switch t {
	case TypeRRSIG, TypeNSEC, TypeDNSKEY, TypeNSEC3, TypeNSEC3PARAM, TypeCDS, TypeCDNSKEY, TypeZONEMD, typeSigning:
		return true
	}
	return false
}

// MarshalText and UnmarshalText make a type its mnemonic wherever text is stored.
func (t RRType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (t *RRType) UnmarshalText(b []byte) error {
	p, ok := ParseRRType(string(b))
	if !ok {
		return &Error{Kind: KindInvalid, Msg: `unknown record type "` + shorten(string(b)) + `"`}
	}
	*t = p
	return nil
}
