package format

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"freehold"
	"freehold/dnsexport/zonefile"
)

// octoFields are the keys of a value, in the order of the rdata. Types without
// keys are plain strings. octoDNS has no SOA.
var octoFields = map[string][]string{
	"A": nil, "AAAA": nil, "CNAME": nil, "DNAME": nil, "NS": nil, "PTR": nil, "TXT": nil, "SPF": nil,
	"CAA":   {"flags", "tag", "value"},
	"DS":    {"key_tag", "algorithm", "digest_type", "digest"},
	"MX":    {"preference", "exchange"},
	"NAPTR": {"order", "preference", "flags", "service", "regexp", "replacement"},
	"SRV":   {"priority", "weight", "port", "target"},
	"SSHFP": {"algorithm", "fingerprint_type", "fingerprint"},
	"TLSA":  {"certificate_usage", "selector", "matching_type", "certificate_association_data"},
	"URI":   {"priority", "weight", "target"},
}

// octoQuoted are the keys whose value is a character string in rdata.
var octoQuoted = map[string]bool{"value": true, "flags_NAPTR": true, "service": true, "regexp": true, "target_URI": true}

func octoTypes() string {
	var types []string
	for t := range octoFields {
		types = append(types, t)
	}
	return strings.Join(types, " ")
}

// octoText is TXT as octoDNS keeps it: one string, semicolons escaped.
func octoText(set freehold.RRset, data string, l *losses) (string, bool) {
	text, same := joined(set.Type, data)
	if !plain(text) {
		l.add(set.Type, set.Owner, freehold.T("The format cannot carry octets that are not printable ASCII."))
		return "", false
	}
	if !same {
		l.add(set.Type, set.Owner, freehold.T("The borders between its strings are lost; the joined text is the same."))
	}
	return text, true
}

func writeOctoDNS(w io.Writer, z *freehold.Zone, l *losses) error {
	out := bufio.NewWriter(w)
	out.WriteString("---\n")
	header(out, "#", z)
	last := freehold.Owner("none")
	for _, set := range l.carried(z, octoTypes()) {
		var values []string
		for _, data := range set.Data {
			v, ok := octoValue(set, data, l)
			if ok {
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			continue
		}
		if !set.Owner.Equal(last) {
			name := set.Owner.Relative(z.Origin)
			if set.Owner.Equal(z.Origin) {
				name = ""
			}
			name = strings.TrimSuffix(strings.TrimSuffix(name, z.Origin.String()), ".")
			fmt.Fprintf(out, "%s:\n", quoteYAML(name))
			last = set.Owner
		}
		fmt.Fprintf(out, "- ttl: %d\n  type: %s\n  values:\n", set.TTL, set.Type)
		for _, v := range values {
			fmt.Fprintf(out, "  - %s\n", v)
		}
	}
	return out.Flush()
}

func octoValue(set freehold.RRset, data string, l *losses) (string, bool) {
	kind := set.Type.String()
	if kind == "TXT" || kind == "SPF" {
		text, ok := octoText(set, data, l)
		return quoteYAML(strings.ReplaceAll(text, ";", `\;`)), ok
	}
	text := zonefile.Data(set.Type, data)
	fields := octoFields[kind]
	if fields == nil {
		return quoteYAML(text), true
	}
	parts := words(text)
	if len(parts) != len(fields) || strings.HasPrefix(text, `\#`) {
		l.add(set.Type, set.Owner, freehold.T("The format cannot carry rdata of this shape."))
		return "", false
	}
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteString("\n    ")
		}
		b.WriteString(f + ": ")
		if _, err := strconv.ParseUint(parts[i], 10, 32); err == nil && !octoIsText(f, kind) {
			b.WriteString(parts[i])
		} else {
			b.WriteString(quoteYAML(parts[i]))
		}
	}
	return b.String(), true
}

func octoIsText(field, kind string) bool {
	return octoQuoted[field] || octoQuoted[field+"_"+kind] || strings.HasSuffix(field, "digest") || field == "fingerprint" || field == "certificate_association_data"
}

// quoteYAML writes a double-quoted scalar, whose escapes are those of JSON.
func quoteYAML(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

func readOctoDNS(r io.Reader, name string, origin freehold.Owner) (*freehold.Zone, error) {
	text, err := slurp(r, name)
	if err != nil {
		return nil, err
	}
	b := newBuilder(name, "octodns", origin)
	for line := range strings.SplitSeq(string(text[:min(len(text), 400)]), "\n") {
		if rest, ok := strings.CutPrefix(line, "# zone "); ok && origin == "" {
			zone, _, _ := strings.Cut(rest, ", coverage")
			b.zone.Origin, _ = freehold.ParseOwner(zone, "")
		}
	}
	if b.zone.Origin == "" {
		return b.done()
	}
	if bytes.Contains(text, []byte("&")) && anchors(text) { // repeated anchors grow without bound
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: name + ": YAML anchors are not read"}
	}
	var doc map[string]any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: name + ": it is no YAML of octoDNS: " + first}
	}
	owners := make([]string, 0, len(doc))
	for owner := range doc {
		owners = append(owners, owner)
	}
	sort.Strings(owners)
	for _, owner := range owners {
		sets, ok := doc[owner].([]any)
		if !ok {
			sets = []any{doc[owner]}
		}
		for _, s := range sets {
			if err := b.octoSet(owner, s); err != nil {
				return nil, err
			}
		}
	}
	return b.done()
}

// anchors tells whether a line defines an anchor outside quotes.
func anchors(text []byte) bool {
	for line := range bytes.Lines(text) {
		rest := bytes.TrimLeft(line, " -")
		if i := bytes.Index(rest, []byte(": ")); i >= 0 && !bytes.ContainsAny(rest[:i], `"'#`) {
			rest = bytes.TrimLeft(rest[i+2:], " ")
		}
		if bytes.HasPrefix(rest, []byte("&")) {
			return true
		}
	}
	return false
}

func (b *builder) octoSet(owner string, v any) error {
	set, ok := v.(map[string]any)
	place := fmt.Sprintf("%q", owner)
	if !ok {
		return b.errorf(place, "it is no record")
	}
	kind := strings.ToUpper(fmt.Sprint(set["type"]))
	ttl := uint64(3600) // octoDNS's own default
	if t, ok := set["ttl"]; ok {
		n, err := strconv.ParseUint(fmt.Sprint(t), 10, 32)
		if err != nil {
			return b.errorf(place, "%q is no TTL", fmt.Sprint(t))
		}
		ttl = n
	}
	name := owner
	if name == "" {
		name = "@"
	}
	fields, known := octoFields[kind]
	if !known || set["dynamic"] != nil || set["geo"] != nil {
		o, err := freehold.ParseOwner(name, b.zone.Origin)
		if err != nil {
			return b.errorf(place, "%s", freehold.OneLine(err.Error()))
		}
		b.zone.Foreign = append(b.zone.Foreign, freehold.ForeignRecord{Owner: o, Kind: freehold.OneLine(kind), TTL: uint32(ttl), Value: freehold.OneLine(fmt.Sprint(set["value"])), Place: place,
			Note: freehold.T("Only its provider knows the kind %s: set up anew what it does at the next one.", freehold.OneLine(kind))})
		if !known {
			return nil
		}
	}
	values, ok := set["values"].([]any)
	if !ok {
		if one, has := set["values"]; has {
			values = []any{one}
		} else if one, has := set["value"]; has {
			values = []any{one}
		}
	}
	for _, v := range values {
		if err := b.octoAdd(place, name, ttl, kind, fields, v); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) octoAdd(place, name string, ttl uint64, kind string, fields []string, v any) error {
	if kind == "TXT" || kind == "SPF" {
		text := strings.ReplaceAll(fmt.Sprint(v), `\;`, ";")
		o, err := freehold.ParseOwner(name, b.zone.Origin)
		if err != nil {
			return b.errorf(place, "%s", freehold.OneLine(err.Error()))
		}
		t, _ := freehold.ParseRRType(kind)
		return b.put(place, freehold.Record{Owner: o, Class: freehold.ClassIN, Type: t, Data: chunked(text)}, ttl)
	}
	if fields == nil {
		return b.add(place, name, ttl, kind, fmt.Sprint(v))
	}
	m, ok := v.(map[string]any)
	if !ok {
		return b.errorf(place, "a %s value has no fields", kind)
	}
	var parts []string
	for _, f := range fields {
		x, has := m[f]
		if !has {
			x = m[octoSynonyms[f]]
		}
		s := fmt.Sprint(x)
		if x == nil {
			if f != "flags" {
				return b.errorf(place, "a %s value has no %q", kind, f)
			}
			s = "0"
		}
		if octoQuoted[f] || octoQuoted[f+"_"+kind] {
			s = `"` + s + `"`
		}
		parts = append(parts, s)
	}
	return b.add(place, name, ttl, kind, strings.Join(parts, " "))
}

// octoSynonyms are older spellings of keys.
var octoSynonyms = map[string]string{"preference": "priority", "exchange": "value"}
