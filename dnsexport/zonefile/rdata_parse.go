package zonefile

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"freehold"
)

// ParseData reads rdata as master files write it ("10 mail.shop.test.") into
// wire form. Relative names get the origin. Errors are of KindInvalid.
func ParseData(t freehold.RRType, text string, origin freehold.Owner) (string, error) {
	l := &lexer{name: "rdata", text: []byte(" " + text), line: 1}
	if ok, err := l.next(); err != nil {
		return "", err
	} else if !ok {
		l.tokens = nil
	}
	if l.at < len(l.text) {
		return "", invalid(errors.New("rdata of more than one line"))
	}
	data, _, err := parseWords(t, l.tokens, origin)
	return data, err
}

func invalid(err error) error {
	if err == nil {
		return nil
	}
	var e *freehold.Error
	if errors.As(err, &e) {
		return err
	}
	return &freehold.Error{Kind: freehold.KindInvalid, Msg: err.Error()}
}

// parseWords reads the words of rdata. split says that a string was too long
// and had to be cut.
func parseWords(t freehold.RRType, words []token, origin freehold.Owner) (data string, split bool, err error) {
	r := &rdata{words: words, origin: origin}
	if len(words) > 0 && words[0].text == `\#` && !words[0].quoted {
		r.unknown()
	} else if parse := parsers[t]; parse != nil {
		parse(r)
	} else {
		r.library(t)
	}
	if r.err == nil && len(r.words) > 0 {
		r.err = fmt.Errorf("%q is too much", r.words[0].text)
	}
	if r.err == nil && len(r.out) > 0xffff {
		r.err = errors.New("it is longer than 65535 octets")
	}
	if r.err == nil && !(freehold.Record{Owner: freehold.RootOwner, Type: t, Data: string(r.out)}).Valid() {
		r.err = fmt.Errorf("these %d octets are no %s rdata", len(r.out), t)
	}
	return string(r.out), r.split, invalid(r.err)
}

// rdata is rdata on its way from words to wire form. The first error stays.
type rdata struct {
	words  []token
	origin freehold.Owner
	out    []byte
	split  bool
	err    error
}

func (r *rdata) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *rdata) word() string {
	if r.err != nil {
		return ""
	}
	if len(r.words) == 0 {
		r.fail("something is missing at its end")
		return ""
	}
	w := r.words[0]
	r.words = r.words[1:]
	return w.text
}

func (r *rdata) name() {
	w := r.word()
	if r.err != nil {
		return
	}
	if r.origin == "" && !absolute(w) {
		r.fail("%q is relative, and there is no origin", w)
		return
	}
	o, err := freehold.ParseOwner(w, r.origin)
	if err != nil {
		r.err = err
	}
	r.out = append(r.out, o...)
}

func (r *rdata) number(bits int) {
	w := r.word()
	n, err := strconv.ParseUint(w, 10, bits)
	if err != nil && r.err == nil {
		r.fail("%q is no number up to %d", w, uint64(1)<<bits-1)
	}
	r.put(n, bits)
}

func (r *rdata) put(n uint64, bits int) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	r.out = append(r.out, b[8-bits/8:]...)
}

// duration is a number of seconds, with units.
func (r *rdata) duration() {
	w := r.word()
	n, ok := parseTTL(w)
	if !ok && r.err == nil {
		r.fail("%q is no number of seconds", w)
	}
	r.put(uint64(n), 32)
}

func (r *rdata) address(six bool) {
	w := r.word()
	a, err := netip.ParseAddr(w)
	if r.err == nil && (err != nil || a.Is4() == six || a.Zone() != "") {
		r.fail("%q is no IPv%d address", w, map[bool]int{false: 4, true: 6}[six])
	}
	if r.err == nil {
		r.out = append(r.out, a.AsSlice()...)
	}
}

// text is one character string.
func (r *rdata) text(mayCut bool) {
	w := r.word()
	if r.err != nil {
		return
	}
	s, ok := unescapeText(w)
	if !ok {
		r.fail("an escape in it is not complete")
		return
	}
	if len(s) > 255 && !mayCut {
		r.fail("a string is longer than 255 octets")
		return
	}
	for {
		n := min(len(s), 255)
		r.out = append(append(r.out, byte(n)), s[:n]...)
		if s = s[n:]; len(s) == 0 {
			return
		}
		r.split = true
	}
}

func (r *rdata) texts() {
	r.text(true)
	for len(r.words) > 0 && r.err == nil {
		r.text(true)
	}
}

func unescapeText(w string) ([]byte, bool) {
	if strings.IndexByte(w, '\\') < 0 {
		return []byte(w), true
	}
	out := make([]byte, 0, len(w))
	for i := 0; i < len(w); i++ {
		if w[i] != '\\' {
			out = append(out, w[i])
			continue
		}
		switch rest := w[i+1:]; {
		case rest == "":
			return nil, false
		case rest[0] < '0' || rest[0] > '9':
			out = append(out, rest[0])
			i++
		case len(rest) < 3:
			return nil, false
		default:
			n, err := strconv.ParseUint(rest[:3], 10, 8)
			if err != nil {
				return nil, false
			}
			out = append(out, byte(n))
			i += 3
		}
	}
	return out, true
}

// unknown is "\# length hex…" (RFC 3597 section 5).
func (r *rdata) unknown() {
	r.word()
	w := r.word()
	length, err := strconv.ParseUint(w, 10, 16)
	if r.err == nil && err != nil {
		r.fail(`%q behind \# is no length`, w)
	}
	var digits strings.Builder
	for len(r.words) > 0 && r.err == nil {
		digits.WriteString(r.word())
	}
	if r.err != nil {
		return
	}
	if r.out, err = hex.DecodeString(digits.String()); err != nil {
		r.fail(`what stands behind \# is not hexadecimal`)
	} else if len(r.out) != int(length) {
		r.fail(`\# says %d octets, and there are %d`, length, len(r.out))
	}
}

func (r *rdata) base64() {
	var all strings.Builder
	for len(r.words) > 0 && r.err == nil {
		all.WriteString(r.word())
	}
	b, err := base64.StdEncoding.DecodeString(all.String())
	if err != nil {
		r.fail("it is not base64")
	}
	r.out = append(r.out, b...)
}

// parsers read the types that zones mostly hold, and those that miekg/dns does
// not know. All others are left to the library.
var parsers = map[freehold.RRType]func(*rdata){
	freehold.TypeA:     func(r *rdata) { r.address(false) },
	freehold.TypeAAAA:  func(r *rdata) { r.address(true) },
	freehold.TypeNS:    (*rdata).name,
	freehold.TypeCNAME: (*rdata).name,
	freehold.TypePTR:   (*rdata).name,
	freehold.TypeDNAME: (*rdata).name,
	3:                  (*rdata).name, // MD
	4:                  (*rdata).name, // MF
	7:                  (*rdata).name, // MB
	8:                  (*rdata).name, // MG
	9:                  (*rdata).name, // MR
	freehold.TypeMX:    func(r *rdata) { r.number(16); r.name() },
	freehold.TypeTXT:   (*rdata).texts,
	freehold.TypeSPF:   (*rdata).texts,
	56:                 (*rdata).texts, // NINFO
	258:                (*rdata).texts, // AVC
	261:                (*rdata).texts, // RESINFO
	262:                (*rdata).texts, // WALLET
	13:                 func(r *rdata) { r.text(false); r.text(false) },
	freehold.TypeSOA: func(r *rdata) {
		r.name()
		r.name()
		r.number(32)
		for range 4 {
			r.duration()
		}
	},
	freehold.TypeSRV: func(r *rdata) { r.number(16); r.number(16); r.number(16); r.name() },
	freehold.TypeNAPTR: func(r *rdata) {
		r.number(16)
		r.number(16)
		r.text(false)
		r.text(false)
		r.text(false)
		r.name()
	},
	freehold.TypeCAA: (*rdata).caa,
	freehold.TypeURI: func(r *rdata) { r.number(16); r.number(16); r.rest() },
	66:               (*rdata).dsync,
	67:               (*rdata).base64, // HHIT
	68:               (*rdata).base64, // BRID
}

// caa is flags, tag and value (RFC 8659 section 4.1.1).
func (r *rdata) caa() {
	r.number(8)
	tag := r.word()
	if r.err == nil && (tag == "" || len(tag) > 255 || strings.ContainsFunc(tag, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})) {
		r.fail("%q is no tag", tag)
	}
	r.out = append(append(r.out, byte(len(tag))), tag...)
	r.rest()
}

// rest is one string that fills the rdata without a length of its own.
func (r *rdata) rest() {
	s, ok := unescapeText(r.word())
	if !ok {
		r.fail("an escape in it is not complete")
	}
	r.out = append(r.out, s...)
}

// dsync is RRtype, scheme, port, target (RFC 9859 section 2.1).
func (r *rdata) dsync() {
	w := r.word()
	t, ok := freehold.ParseRRType(w)
	if !ok && r.err == nil {
		r.fail("%q is no record type", w)
	}
	r.put(uint64(t), 16)
	if len(r.words) > 0 && strings.EqualFold(r.words[0].text, "NOTIFY") {
		r.words = append([]token{{text: "1"}}, r.words[1:]...)
	}
	r.number(8)
	r.number(16)
	r.name()
}

// library leaves a type to miekg/dns.
func (r *rdata) library(t freehold.RRType) {
	if dns.TypeToString[uint16(t)] != t.String() || dns.TypeToRR[uint16(t)] == nil {
		r.fail(`its rdata can only be given in the form "\# length hex" (RFC 3597)`)
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, ". 0 IN %s", t)
	for _, w := range r.words {
		if !w.glued {
			text.WriteByte(' ')
		}
		if w.quoted {
			text.WriteString(`"` + w.text + `"`)
		} else {
			text.WriteString(w.text)
		}
	}
	text.WriteByte('\n')
	r.words = nil
	origin := ""
	if r.origin != "" {
		origin = r.origin.String()
	}
	parser := dns.NewZoneParser(strings.NewReader(text.String()), origin, "")
	rr, _ := parser.Next()
	if err := parser.Err(); err != nil {
		r.fail("%s", libraryReason(err))
		return
	}
	if rr == nil {
		r.fail("something is missing at its end")
		return
	}
	if r.out, r.err = pack(rr); r.err != nil {
		return
	}
	// The library packs some things that it then cannot read itself.
	if _, _, err := dns.UnpackRRWithHeader(dns.RR_Header{Name: ".", Rrtype: uint16(t), Class: dns.ClassINET, Rdlength: uint16(len(r.out))}, r.out, 0); err != nil {
		r.fail("%s", libraryReason(err))
	}
}

// libraryReason is the library's error without its own idea of file and line.
func libraryReason(err error) string {
	s := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "dns: "), "bad ")
	if at := strings.LastIndex(s, " at line:"); at > 0 {
		s = s[:at]
	}
	return "bad " + s
}

// pack returns the uncompressed rdata of a record.
func pack(rr dns.RR) ([]byte, error) {
	buf := make([]byte, dns.Len(rr)+64)
	for {
		n, err := dns.PackRR(rr, buf, 0, nil, false)
		if err == nil {
			return buf[1+10 : n], nil // the owner is the root, and ten octets stand before the rdata
		}
		if len(buf) > 1<<17 {
			return nil, errors.New("it does not fit into a record")
		}
		buf = make([]byte, 4*len(buf))
	}
}
