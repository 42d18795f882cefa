package zonefile

import (
	"encoding/hex"
	"net/netip"
	"strconv"

	"github.com/miekg/dns"

	"freehold"
)

// Data returns rdata as master files write it; it always reads back to the same
// octets, in the form for unknown types (RFC 3597) where nothing else does.
func Data(t freehold.RRType, data string) string { return string(AppendData(nil, t, data)) }

// AppendData appends what Data returns to b.
func AppendData(b []byte, t freehold.RRType, data string) []byte {
	if !(freehold.Record{Owner: freehold.RootOwner, Type: t, Data: data}).Valid() {
		return appendUnknown(b, data)
	}
	if form := plainForms[t]; form != "" {
		return appendForm(b, form, data)
	}
	switch t {
	case freehold.TypeA, freehold.TypeAAAA:
		a, _ := netip.AddrFromSlice([]byte(data))
		return a.AppendTo(b)
	case freehold.TypeCAA:
		return appendCAA(b, data)
	}
	return appendLibrary(b, t, data)
}

// plainForms print rdata field by field: "n" a name, "s" a quoted string, "S"
// strings to the end, "u" the rest as one string, 1, 2 and 4 a number of that many octets.
var plainForms = map[freehold.RRType]string{
	freehold.TypeNS: "n", freehold.TypeCNAME: "n", freehold.TypePTR: "n", freehold.TypeDNAME: "n", 7: "n", 8: "n", 9: "n",
	freehold.TypeMX: "2n", freehold.TypeTXT: "S", freehold.TypeSPF: "S", freehold.TypeSOA: "nn44444", freehold.TypeSRV: "222n", freehold.TypeNAPTR: "22sssn",
	freehold.TypeURI: "22u",
}

func appendForm(b []byte, form, data string) []byte {
	for i, c := range []byte(form) {
		if i > 0 {
			b = append(b, ' ')
		}
		switch c {
		case 'n':
			o, n := freehold.ReadOwner(data)
			b, data = o.AppendText(b), data[n:]
		case 's':
			n := 1 + int(data[0])
			b, data = appendQuoted(b, data[1:n]), data[n:]
		case 'S':
			for first := true; len(data) > 0; first = false {
				if !first {
					b = append(b, ' ')
				}
				n := 1 + int(data[0])
				b, data = appendQuoted(b, data[1:n]), data[n:]
			}
		case 'u':
			b, data = appendQuoted(b, data), ""
		default:
			n := int(c - '0')
			v := uint64(0)
			for _, octet := range []byte(data[:n]) {
				v = v<<8 | uint64(octet)
			}
			b, data = strconv.AppendUint(b, v, 10), data[n:]
		}
	}
	return b
}

// appendQuoted writes a character string. Octets outside ASCII are escaped:
// what encoding they are in is not known.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c >= 0x7f:
			b = append(b, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

func appendCAA(b []byte, data string) []byte {
	n := int(data[1])
	if n == 0 || 2+n > len(data) {
		return appendUnknown(b, data)
	}
	for _, c := range []byte(data[2 : 2+n]) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return appendUnknown(b, data)
		}
	}
	b = strconv.AppendUint(b, uint64(data[0]), 10)
	b = append(append(append(b, ' '), data[2:2+n]...), ' ')
	return appendQuoted(b, data[2+n:])
}

func appendUnknown(b []byte, data string) []byte {
	b = append(b, `\# `...)
	b = strconv.AppendInt(b, int64(len(data)), 10)
	if data != "" {
		b = append(b, ' ')
		b = hex.AppendEncode(b, []byte(data))
	}
	return b
}

// named tells whether a type is written by its mnemonic. Those that older servers do not read become TYPEnnn, which all read.
func named(t freehold.RRType) bool {
	switch {
	case t >= 66 && t < 99, t > 260, t == 3, t == 4, t == 38, t == 30, t == 34:
		return false
	}
	return dns.TypeToRR[uint16(t)] != nil && dns.TypeToString[uint16(t)] == t.String()
}

// appendLibrary prints through miekg/dns, and makes sure that what is printed
// reads back to the same octets.
func appendLibrary(b []byte, t freehold.RRType, data string) []byte {
	if !named(t) || t >= 100 && t <= 103 {
		return appendUnknown(b, data)
	}
	header := dns.RR_Header{Name: ".", Rrtype: uint16(t), Class: dns.ClassINET, Rdlength: uint16(len(data))}
	rr, n, err := dns.UnpackRRWithHeader(header, []byte(data), 0)
	if err != nil || n != len(data) {
		return appendUnknown(b, data)
	}
	text := rr.String()
	text = text[min(len(text), len(rr.Header().String())):]
	if t == freehold.TypeSVCB || t == freehold.TypeHTTPS {
		if own, ok := appendSVCB(nil, data); ok {
			text = string(own)
		}
	}
	if back, err := ParseData(t, text, ""); err != nil || back != data {
		return appendUnknown(b, data)
	}
	return append(b, text...)
}

// AppendType appends the type as the writer names it.
func AppendType(b []byte, t freehold.RRType) []byte {
	if plainForms[t] != "" || named(t) {
		return append(b, t.String()...)
	}
	return strconv.AppendUint(append(b, "TYPE"...), uint64(t), 10)
}
