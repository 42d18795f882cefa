package freehold

import "strings"

// Where names stand inside rdata, by type. The layout is read from the left:
// "n" a name, "s" a character string, a digit that many octets, "*" the rest.
// Types without a layout are opaque (RFC 3597 section 2).
type rdataLayout struct {
	form string
	// canonical: names are lower-cased in the canonical form (RFC 4034 section
	// 6.2 as corrected by RFC 6840 section 5.1).
	canonical bool
	// compressed: a sender may have compressed the names (RFC 3597 section 4).
	compressed bool
}

var rdataLayouts = map[RRType]rdataLayout{
	TypeNS: {"n", true, true}, 3: {"n", true, true}, 4: {"n", true, true}, TypeCNAME: {"n", true, true},
	TypeSOA: {"nn992", true, true}, 7: {"n", true, true}, 8: {"n", true, true}, 9: {"n", true, true}, TypePTR: {"n", true, true},
	14: {"nn", true, true}, TypeMX: {"2n", true, true}, 17: {"nn", true, true}, 18: {"2n", true, true}, 21: {"2n", true, true},
	23: {"n", false, false}, 24: {"99n*", true, true}, 26: {"2nn", true, true}, 30: {"n*", true, true}, TypeSRV: {"6n", true, true},
	TypeNAPTR: {"4sssn", true, true}, 36: {"2n", true, false}, TypeDNAME: {"n", true, true}, TypeRRSIG: {"99n*", true, false},
	TypeNSEC: {"n*", false, false}, 58: {"nn", false, false}, TypeSVCB: {"2n*", false, false}, TypeHTTPS: {"2n*", false, false},
	66: {"5n", false, false}, 107: {"2n", false, false},
}

// rdataLengths are types whose rdata has one length; rdataMin, a least one.
var rdataLengths = map[RRType]int{TypeA: 4, TypeAAAA: 16, 104: 10, 105: 6, 106: 10, 108: 6, 109: 8}

var rdataMin = map[RRType]int{TypeTXT: 1, TypeSPF: 1, TypeDS: 4, TypeCDS: 4, TypeDNSKEY: 4, TypeCDNSKEY: 4, TypeSSHFP: 2, TypeTLSA: 3, TypeURI: 4, TypeCAA: 2}

// walkNames calls name with the place of each name in rdata and tells whether
// the rdata is what its type says.
func walkNames(t RRType, data string, name func(from, to int)) bool {
	layout, ok := rdataLayouts[t]
	if !ok {
		return flatDataValid(t, data)
	}
	at := 0
	for _, c := range []byte(layout.form) {
		switch {
		case c == '*':
			return at <= len(data)
		case c >= '1' && c <= '9':
			at += int(c - '0')
		case c == 's':
			if at >= len(data) {
				return false
			}
			at += 1 + int(data[at])
		case at > len(data):
			return false
		default:
			_, n := ReadOwner(data[at:])
			if n == 0 {
				return false
			}
			if name != nil {
				name(at, at+n)
			}
			at += n
		}
		if at > len(data) {
			return false
		}
	}
	return at == len(data)
}

func flatDataValid(t RRType, data string) bool {
	if n, ok := rdataLengths[t]; ok {
		return len(data) == n
	}
	if len(data) < rdataMin[t] {
		return false
	}
	if t == TypeTXT || t == TypeSPF {
		at := 0
		for at < len(data) {
			at += 1 + int(data[at])
		}
		return at == len(data)
	}
	return true
}

// Valid tells whether the record's owner and rdata have the shape that its type
// asks for. Rdata of unknown types is any octets.
func (r Record) Valid() bool {
	return r.Owner.Valid() && !r.Type.Meta() && len(r.Data) <= 0xffff && walkNames(r.Type, r.Data, nil)
}

// RDataForm returns where names stand in the rdata of t ("2n": two octets, then
// a name; see the layouts above), and whether a sender may have compressed them.
// Empty: none do.
func (t RRType) RDataForm() (form string, compressed bool) {
	l := rdataLayouts[t]
	return l.form, l.compressed
}

// CanonicalData returns the rdata in canonical form (RFC 4034 section 6.2),
// by which the records of a set are ordered.
func (r Record) CanonicalData() string {
	if !rdataLayouts[r.Type].canonical {
		return r.Data
	}
	return foldNames(r.Type, r.Data)
}

// foldData returns the rdata with every name in it in lower case: two records
// with the same folded data say the same (RFC 4343).
func (r Record) foldData() string { return foldNames(r.Type, r.Data) }

func foldNames(t RRType, data string) string {
	layout := rdataLayouts[t]
	if layout.form == "" || !strings.ContainsFunc(data, func(c rune) bool { return c >= 'A' && c <= 'Z' }) {
		return data
	}
	out := []byte(data)
	walkNames(t, data, func(from, to int) {
		for i := from; i < to; i++ {
			out[i] = lower(out[i])
		}
	})
	return string(out)
}

// Target returns the last name in the rdata of types that point at one name:
// NS, CNAME, PTR, DNAME, MX, SRV, NAPTR, SVCB, HTTPS. "" for other types.
func (r Record) Target() Owner {
	var target Owner
	switch r.Type {
	case TypeNS, TypeCNAME, TypePTR, TypeDNAME, TypeMX, TypeSRV, TypeNAPTR, TypeSVCB, TypeHTTPS:
		walkNames(r.Type, r.Data, func(from, to int) { target = Owner(r.Data[from:to]) })
	}
	return target
}

// Strings returns the character strings of TXT and SPF records, boundaries kept.
func (r Record) Strings() []string {
	if r.Type != TypeTXT && r.Type != TypeSPF || !flatDataValid(r.Type, r.Data) {
		return nil
	}
	var out []string
	for at := 0; at < len(r.Data); at += 1 + int(r.Data[at]) {
		out = append(out, r.Data[at+1:at+1+int(r.Data[at])])
	}
	return out
}
