package observe

import (
	"strings"

	"github.com/miekg/dns"

	"freehold"
)

// mentioned returns the names inside the zone that its records speak of: targets
// of MX, SRV, NS, CNAME and the like, and what SPF names (RFC 7208 §5).
func (o *observer) mentioned() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	set := map[string]bool{}
	add := func(name string) {
		name = dns.CanonicalName(name)
		if _, ok := dns.IsDomainName(name); ok && dns.IsSubDomain(o.origin, name) && name != o.origin {
			set[name] = true
		}
	}
	for r := range o.records {
		switch r.Type {
		case freehold.TypeTXT, freehold.TypeSPF:
			for _, n := range spfNames(text(r.Data)) {
				add(n)
			}
		default:
			for _, n := range targets(r) {
				add(n)
			}
		}
	}
	out := make([]string, 0, len(set))
	for n := range set {
		out = append(out, n)
	}
	return out
}

// targets reads the names in the rdata of the types that have one.
func targets(r freehold.Record) []string {
	off := 0
	switch r.Type {
	case freehold.TypeNS, freehold.TypeCNAME, freehold.TypeDNAME, freehold.TypePTR, freehold.TypeSOA:
	case freehold.TypeMX, freehold.TypeSVCB, freehold.TypeHTTPS:
		off = 2
	case freehold.TypeSRV:
		off = 6
	default:
		return nil
	}
	if off > len(r.Data) {
		return nil
	}
	name, n := freehold.ReadOwner(r.Data[off:])
	if n == 0 {
		return nil
	}
	return []string{name.String()}
}

// text joins the strings of a TXT record.
func text(data string) string {
	var b strings.Builder
	for len(data) > 0 {
		n := int(data[0])
		if n+1 > len(data) {
			break
		}
		b.WriteString(data[1 : 1+n])
		data = data[1+n:]
	}
	return b.String()
}

// spfNames are the domains that an SPF record refers to, without macros.
func spfNames(txt string) []string {
	if !strings.HasPrefix(strings.ToLower(txt), "v=spf1") {
		return nil
	}
	var out []string
	for term := range strings.FieldsSeq(txt) {
		term = strings.TrimLeft(strings.ToLower(term), "+-~?")
		for _, mechanism := range []string{"include:", "a:", "mx:", "redirect=", "exists:", "ptr:"} {
			if name, ok := strings.CutPrefix(term, mechanism); ok && !strings.Contains(name, "%") {
				name, _, _ = strings.Cut(name, "/")
				out = append(out, name)
			}
		}
	}
	return out
}
