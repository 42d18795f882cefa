package freehold

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// A Host is any DNS name, parsed once: comparable, lower case, without the
// final dot, its ASCII (A-label) and Unicode (U-label) forms kept together.
// Underscores and a leading "*" are allowed. The zero Host is no name at all;
// the DNS root is not a Host.
type Host struct {
	ascii, unicode string
}

// A Name is a registrable domain name: exactly one label below a public suffix
// of the ICANN section of the public suffix list (https://publicsuffix.org).
// Names under private suffixes (such as a hosting platform's) are not Names:
// the registry knows only the platform's own.
type Name struct {
	host Host
}

// lookupProfile maps for look-up (lower case, normal form) and accepts
// underscores; empty labels and lengths are checked by ParseHost itself.
var lookupProfile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule())

// ParseHost parses a DNS name given in either form, with or without a final dot.
// Limits: 63 octets a label, 253 octets in all (RFC 1035 section 2.3.4).
// Errors are of KindInvalid.
func ParseHost(s string) (Host, error) {
	if h, ok := plainHost(s); ok {
		return h, nil
	}
	raw := strings.TrimSpace(s)
	shown := shorten(raw)
	bad := func(why, advice Text) (Host, error) {
		return Host{}, &Error{Kind: KindInvalid, Text: T("%q is not a domain name", shown), Advice: advice, Err: &Error{Kind: KindInvalid, Text: why}}
	}
	if raw == "" {
		return bad(T("it is empty"), Text{})
	}
	if !utf8.ValidString(raw) {
		return bad(T("it is not UTF-8 text"), T("save the file as UTF-8, or write the name in its xn-- form"))
	}
	if strings.IndexFunc(raw, hostileRune) >= 0 {
		return bad(T("it holds control characters"), Text{})
	}
	if last := raw[len(raw)-1]; last >= '0' && last <= '9' || strings.ContainsAny(raw, ":/].") { // no address looks otherwise
		if _, err := netip.ParseAddr(strings.Trim(raw, "[].")); err == nil {
			return bad(T("it is an IP address"), T("give the domain name that points there"))
		}
		if _, err := netip.ParsePrefix(raw); err == nil {
			return bad(T("it is an IP network"), Text{})
		}
	}
	if strings.Contains(raw, "@") {
		return bad(T("it is a mail address"), T("give the part after the @"))
	}
	if strings.ContainsAny(raw, "/:") {
		return bad(T("it is an address of a page, not a name"), T("give the host name alone"))
	}
	if strings.ContainsAny(raw, " \t,;\"'()<>\\") {
		return bad(T("it holds a character that no domain name has"), Text{})
	}
	if len(raw) > 4*253 { // four octets a character at the most, before any work is spent on it
		return bad(T("it is longer than 253 octets"), Text{})
	}
	trimmed := strings.TrimSuffix(raw, ".")
	ascii, err := toASCII(trimmed)
	if err != nil {
		return bad(T("its international form is not valid (%s)", idnaReason(err)), Text{})
	}
	if why := checkLabels(ascii); !why.IsZero() {
		return bad(why, Text{})
	}
	if !isASCII(trimmed) && !standsForName(ascii) { // full-width forms of "/" or of an IP address
		return bad(T("its characters stand for %q", shorten(ascii)), Text{})
	}
	if mixed := mixedScriptLabel(toUnicode(ascii)); mixed != "" && !isASCII(trimmed) {
		return bad(T("the label %q mixes scripts, as look-alike names do", mixed), T("if it is really meant, write it in its xn-- form"))
	}
	return hostOf(ascii), nil
}

// standsForName tells whether what a name was mapped to is still one.
func standsForName(ascii string) bool {
	_, err := ParseHost(ascii)
	return err == nil
}

// plainHost parses what most names are: letters, digits, hyphens and underscores
// of ASCII, no A-label, nothing that could be an address. All others take the
// long way, which gives the same answer for these.
func plainHost(s string) (Host, bool) {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return Host{}, false
	}
	label, digits := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_':
			label++
		case c >= '0' && c <= '9':
			label++
			digits++
		case c == '.' && label > 0 && label <= 63:
			label, digits = 0, 0
		default:
			return Host{}, false
		}
	}
	if label == 0 || label > 63 || label == digits {
		return Host{}, false
	}
	ascii := strings.ToLower(s)
	return Host{ascii: ascii, unicode: ascii}, !strings.Contains(ascii, "xn--")
}

// hostOf makes a Host of a checked ASCII form. A look-alike asked for by its
// A-label is never shown in the form that deceives.
func hostOf(ascii string) Host {
	uni := toUnicode(ascii)
	if mixedScriptLabel(uni) != "" {
		uni = ascii
	}
	return Host{ascii: ascii, unicode: uni}
}

func toASCII(s string) (string, error) {
	if isASCII(s) {
		return strings.ToLower(s), nil // A-labels are checked by toUnicode when shown, never rejected when asked
	}
	return lookupProfile.ToASCII(s)
}

// toUnicode returns the U-label form, or the A-label form where a label does
// not decode to what it claims.
func toUnicode(ascii string) string {
	if !strings.Contains(ascii, "xn--") {
		return ascii
	}
	uni, err := lookupProfile.ToUnicode(ascii)
	if err != nil {
		return ascii
	}
	back, err := lookupProfile.ToASCII(uni)
	if err != nil || back != ascii {
		return ascii
	}
	return uni
}

func idnaReason(err error) string {
	return strings.TrimPrefix(OneLine(err.Error()), "idna: ")
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func checkLabels(ascii string) Text {
	if ascii == "" {
		return T("it is empty")
	}
	if len(ascii) > 253 {
		return T("it is longer than 253 octets")
	}
	for label := range strings.SplitSeq(ascii, ".") {
		switch {
		case label == "":
			return T("it has an empty label")
		case len(label) > 63:
			return T("a label is longer than 63 octets")
		}
	}
	return Text{}
}

func shorten(s string) string {
	s = OneLine(s)
	if r := []rune(s); len(r) > 80 {
		return string(r[:77]) + "..."
	}
	return s
}

// ASCII returns the lower-case A-label form without the final dot.
func (h Host) ASCII() string { return h.ascii }

// Unicode returns the U-label form without the final dot.
func (h Host) Unicode() string { return h.unicode }

// String returns the A-label form.
func (h Host) String() string { return h.ascii }

// IsZero tells whether h is no name at all.
func (h Host) IsZero() bool { return h.ascii == "" }

// FQDN returns the A-label form with the final dot, as DNS libraries want it.
func (h Host) FQDN() string { return h.ascii + "." }

// Within tells whether h is zone itself or below it.
func (h Host) Within(zone Host) bool {
	return h == zone || !zone.IsZero() && strings.HasSuffix(h.ascii, "."+zone.ascii)
}

// Parent returns the name one label up, and false at a top-level domain.
func (h Host) Parent() (Host, bool) {
	_, ascii, ok := strings.Cut(h.ascii, ".")
	if !ok {
		return Host{}, false
	}
	return hostOf(ascii), true
}

// Registrable returns the registrable name h is or lies below, and false for a
// public suffix and for what lies directly under none.
func (h Host) Registrable() (Name, bool) {
	suffix := icannSuffix(h.ascii)
	if len(suffix) >= len(h.ascii) {
		return Name{}, false
	}
	above := strings.TrimSuffix(h.ascii[:len(h.ascii)-len(suffix)], ".")
	label := above[strings.LastIndexByte(above, '.')+1:]
	if !hostLabel(label) {
		return Name{}, false
	}
	ascii := label + "." + suffix
	return Name{hostOf(ascii)}, true
}

// MarshalText and UnmarshalText make a Host its A-label form wherever text is
// stored. The zero Host is the empty text.
func (h Host) MarshalText() ([]byte, error) { return []byte(h.ascii), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Host) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*h = Host{}
		return nil
	}
	p, err := ParseHost(string(b))
	if err != nil {
		return err
	}
	*h = p
	return nil
}

// ParseName parses a registrable domain name. A name below one, a public
// suffix, an address and anything that is no domain name give an error of
// KindInvalid; for a name below one the hint says which to ask for.
func ParseName(s string) (Name, error) {
	h, err := ParseHost(s)
	if err != nil {
		return Name{}, err
	}
	n, err := NameOf(h)
	if err != nil {
		return Name{}, err
	}
	if n.host != h {
		return Name{}, &Error{Kind: KindInvalid, Text: T("%q is a name inside a domain, not a registrable domain", h.unicode), Advice: T("ask for %q", n.Unicode())}
	}
	return n, nil
}

// NameOf returns the registrable name that h is or lies below.
func NameOf(h Host) (Name, error) {
	n, ok := h.Registrable()
	if ok {
		return n, nil
	}
	e := &Error{Kind: KindInvalid}
	switch {
	case !strings.Contains(h.ascii, "."):
		e.Text = T("%q is not a domain: it has no dot", shorten(h.unicode))
		if _, managed := publicsuffix.PublicSuffix(h.ascii); managed {
			e.Text = T("%q is a public suffix, not a domain one can register", shorten(h.unicode))
		}
	case icannSuffix(h.ascii) == h.ascii:
		e.Text = T("%q is a public suffix, not a domain one can register", shorten(h.unicode))
	default:
		e.Text = T("%q is not a domain one can register: a label may hold letters, digits and hyphens only", shorten(h.unicode))
	}
	return Name{}, e
}

// icannSuffix returns the public suffix of the ICANN section that d ends in.
func icannSuffix(d string) string {
	suffix, icann := publicsuffix.PublicSuffix(d)
	for !icann {
		_, parent, dotted := strings.Cut(suffix, ".")
		if !dotted {
			break
		}
		suffix, icann = publicsuffix.PublicSuffix(parent)
	}
	return suffix
}

// hostLabel tells whether an ASCII label may be registered: letters, digits and
// inner hyphens (RFC 1123 section 2.1).
func hostLabel(label string) bool {
	if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := 0; i < len(label); i++ {
		c := label[i]
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// ASCII returns the lower-case A-label form without the final dot.
func (n Name) ASCII() string { return n.host.ascii }

// Unicode returns the U-label form without the final dot.
func (n Name) Unicode() string { return n.host.unicode }

// String returns the A-label form.
func (n Name) String() string { return n.host.ascii }

// Host returns n as a DNS name.
func (n Name) Host() Host { return n.host }

// IsZero tells whether n is no name at all.
func (n Name) IsZero() bool { return n.host.ascii == "" }

// FQDN returns the A-label form with the final dot.
func (n Name) FQDN() string { return n.host.FQDN() }

// TLD returns the last label in A-label form: "fr", "xn--p1ai".
func (n Name) TLD() string { return n.host.ascii[strings.LastIndexByte(n.host.ascii, '.')+1:] }

// Contains tells whether h is n or lies below it.
func (n Name) Contains(h Host) bool { return h.Within(n.host) }

// MarshalText makes a Name its A-label form wherever text is stored.
func (n Name) MarshalText() ([]byte, error) { return n.host.MarshalText() }

// UnmarshalText reads what MarshalText wrote, also long ago: a name that was
// registrable then may be a public suffix by the list of today, and what was
// stored about it must stay readable. What comes from outside is for ParseName.
func (n *Name) UnmarshalText(b []byte) error {
	var h Host
	if err := h.UnmarshalText(b); err != nil {
		return err
	}
	if !h.IsZero() && !strings.Contains(h.ascii, ".") {
		return &Error{Kind: KindInvalid, Text: T("%q is not a domain: it has no dot", shorten(h.unicode))}
	}
	*n = Name{h}
	return nil
}

// mixedScriptLabel returns the first label whose letters come from scripts that
// are not written together (Unicode UTS 39, "highly restrictive"), or "".
func mixedScriptLabel(uni string) string {
	if isASCII(uni) {
		return ""
	}
	for label := range strings.SplitSeq(uni, ".") {
		if !scriptsFit(label) {
			return label
		}
	}
	return ""
}

// singleScripts are the scripts that look-alikes are made from. A letter of
// none of these and of no East Asian script counts as a script of its own.
var singleScripts = []*unicode.RangeTable{
	unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Georgian, unicode.Hebrew, unicode.Arabic,
	unicode.Devanagari, unicode.Bengali, unicode.Tamil, unicode.Thai, unicode.Cherokee, unicode.Coptic, unicode.Ethiopic, unicode.Khmer,
}

func scriptsFit(label string) bool {
	var seen []*unicode.RangeTable
	east := false
	for _, r := range label {
		if r < utf8.RuneSelf && !unicode.IsLetter(r) || unicode.In(r, unicode.Common, unicode.Inherited) {
			continue
		}
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) {
			east = true
			continue
		}
		for _, t := range singleScripts {
			if unicode.Is(t, r) && (len(seen) == 0 || seen[len(seen)-1] != t) {
				seen = append(seen, t)
			}
		}
	}
	switch len(seen) {
	case 0:
		return true
	case 1:
		return !east || seen[0] == unicode.Latin // Latin is written inside East Asian text
	}
	for _, t := range seen[1:] {
		if t != seen[0] {
			return false
		}
	}
	return true
}
