package resolve

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"freehold"
)

// hostsIn returns the hosts that NS records name, sorted, each once, and a note
// on those that are no host names or too many.
func hostsIn(rrs []dns.RR) ([]freehold.Host, string) {
	var out []freehold.Host
	odd := 0
	for _, rr := range rrs {
		ns, ok := rr.(*dns.NS)
		if !ok {
			continue
		}
		h, ok := hostFrom(ns.Ns)
		switch {
		case !ok:
			odd++
		case !slices.Contains(out, h):
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b freehold.Host) int { return cmp.Compare(a.ASCII(), b.ASCII()) })
	out, note := bounded(out, maxRecords)
	return out, join(note, oddNote(odd, "is no host name"))
}

func hostFrom(name string) (freehold.Host, bool) {
	if strings.ContainsRune(name, '\\') {
		return freehold.Host{}, false
	}
	h, err := freehold.ParseHost(name)
	return h, err == nil
}

// bounded cuts a list to what is kept as a fact, and says so.
func bounded[T any](list []T, most int) ([]T, string) {
	if len(list) <= most {
		return list, ""
	}
	return list[:most], fmt.Sprintf("the first %d of %d", most, len(list))
}

func oddNote(n int, what string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "one of them " + what
	}
	return fmt.Sprintf("%d of them: each %s", n, what)
}

func join(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(s string) bool { return s == "" }), "; ")
}

func mxIn(rrs []dns.RR) ([]freehold.MX, string) {
	var out []freehold.MX
	odd := 0
	for _, rr := range rrs {
		mx, ok := rr.(*dns.MX)
		if !ok {
			continue
		}
		if mx.Mx == "." { // RFC 7505
			out = append(out, freehold.MX{Preference: mx.Preference})
			continue
		}
		h, ok := hostFrom(mx.Mx)
		if !ok {
			odd++
			continue
		}
		out = append(out, freehold.MX{Preference: mx.Preference, Host: h})
	}
	slices.SortFunc(out, func(a, b freehold.MX) int {
		return cmp.Or(cmp.Compare(a.Preference, b.Preference), cmp.Compare(a.Host.ASCII(), b.Host.ASCII()))
	})
	out, note := bounded(slices.Compact(out), maxRecords)
	return out, join(note, oddNote(odd, "is no host name"))
}

func txtIn(rrs []dns.RR) ([]string, string) {
	var out []string
	cut := ""
	for _, rr := range rrs {
		if txt, ok := rr.(*dns.TXT); ok {
			var b strings.Builder
			for _, part := range txt.Txt { // parts of one record are one text (RFC 7208 section 3.3)
				b.Write(rawText(part))
			}
			s := strings.ToValidUTF8(b.String(), "\uFFFD")
			if len(s) > maxText {
				s = strings.ToValidUTF8(s[:maxText], "")
				cut = fmt.Sprintf("texts are cut after %d octets", maxText)
			}
			out = append(out, s)
		}
	}
	slices.Sort(out)
	out, note := bounded(slices.Compact(out), maxRecords)
	return out, join(note, cut)
}

// rawText undoes the escapes that the library puts into character strings.
func rawText(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+3 < len(s) && digits(s[i+1:i+4]):
			b = append(b, (s[i+1]-'0')*100+(s[i+2]-'0')*10+(s[i+3]-'0'))
			i += 3
		case s[i] == '\\' && i+1 < len(s):
			i++
			b = append(b, s[i])
		default:
			b = append(b, s[i])
		}
	}
	return b
}

func caaIn(rrs []dns.RR) ([]string, string) {
	var out []string
	for _, rr := range rrs {
		if caa, ok := rr.(*dns.CAA); ok {
			value := strings.ToValidUTF8(string(rawText(caa.Value)), "\uFFFD")
			tag := strings.ToValidUTF8(string(rawText(caa.Tag)), "\uFFFD")
			out = append(out, fmt.Sprintf("%d %s %q", caa.Flag, freehold.OneLine(tag), freehold.OneLine(value)))
		}
	}
	slices.Sort(out)
	return bounded(slices.Compact(out), maxRecords)
}

func dsIn(rrs []dns.RR) ([]freehold.DS, string) {
	var out []freehold.DS
	for _, rr := range rrs {
		var d *dns.DS
		switch rr := rr.(type) {
		case *dns.DS:
			d = rr
		case *dns.CDS:
			d = &rr.DS
		default:
			continue
		}
		out = append(out, freehold.DS{KeyTag: d.KeyTag, Algorithm: d.Algorithm, DigestType: d.DigestType, Digest: strings.ToLower(d.Digest), TTL: seconds(d.Hdr.Ttl)})
	}
	slices.SortFunc(out, func(a, b freehold.DS) int {
		return cmp.Or(cmp.Compare(a.KeyTag, b.KeyTag), cmp.Compare(a.Algorithm, b.Algorithm), cmp.Compare(a.DigestType, b.DigestType), cmp.Compare(a.Digest, b.Digest))
	})
	return bounded(slices.Compact(out), maxRecords)
}

func keysFact(rrs []dns.RR) ([]freehold.DNSKEY, string) {
	var out []freehold.DNSKEY
	for _, rr := range rrs {
		if k, ok := rr.(*dns.DNSKEY); ok {
			out = append(out, freehold.DNSKEY{KeyTag: k.KeyTag(), Algorithm: k.Algorithm, Flags: k.Flags})
		}
	}
	slices.SortFunc(out, func(a, b freehold.DNSKEY) int {
		return cmp.Or(cmp.Compare(a.KeyTag, b.KeyTag), cmp.Compare(a.Algorithm, b.Algorithm), cmp.Compare(a.Flags, b.Flags))
	})
	return bounded(out, maxRecords)
}

func soaFact(soa *dns.SOA) freehold.SOA {
	mname, _ := hostFrom(soa.Ns)
	return freehold.SOA{MName: mname, RName: mailbox(soa.Mbox), Serial: soa.Serial, Refresh: seconds(soa.Refresh), Retry: seconds(soa.Retry),
		Expire: seconds(soa.Expire), Minimum: seconds(soa.Minttl), TTL: seconds(soa.Hdr.Ttl)}
}

// mailbox reads a domain name as a mailbox: its first label is the local part
// (RFC 1035 section 8).
func mailbox(name string) string {
	starts := dns.Split(name)
	if len(starts) < 2 {
		return freehold.OneLine(display(name))
	}
	local := rawText(name[:starts[1]-1])
	return freehold.OneLine(strings.ToValidUTF8(string(local), "\uFFFD") + "@" + display(dns.CanonicalName(name[starts[1]:])))
}

// policyRecord returns the one TXT record that begins with a version tag, as SPF
// (RFC 7208 section 4.5) and DMARC (RFC 7489 section 6.6.3) count them.
// SPF's tag is written in any case, DMARC's in one.
func policyRecord(txt freehold.Fact[[]string], version string, same func(a, b string) bool) freehold.Fact[string] {
	switch txt.State {
	case freehold.Absent:
		return freehold.NotThere[string](txt.Evidence...)
	case freehold.Value:
	default:
		return freehold.NotKnown[string](txt.Note, txt.Evidence...)
	}
	var found []string
	for _, s := range txt.Value {
		head, rest := s[:min(len(s), len(version))], s[min(len(s), len(version)):]
		if same(head, version) && (rest == "" || strings.ContainsAny(rest[:1], " ;\t")) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return freehold.NotThere[string](txt.Evidence...)
	case 1:
		f := freehold.Known(found[0], txt.Evidence...)
		f.Note = txt.Note
		return f
	}
	return freehold.NotKnown[string](fmt.Sprintf("%d records begin with %s, so none of them counts", len(found), version), txt.Evidence...)
}

func sortAddrs(addrs []netip.Addr) []netip.Addr {
	slices.SortFunc(addrs, netip.Addr.Compare)
	return slices.Compact(addrs)
}
