package format

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"freehold"
	"freehold/dnsexport/zonefile"
)

// cloudflareParts are the types that Cloudflare takes in parts, with the names of
// these in the order of the master file. What stands before a colon is its shape:
// n a number, s a string, d a name, w a word, m metres, r all the rest.
var cloudflareParts = map[string]string{
	"CAA": "n:flags w:tag s:value", "CERT": "n:type n:key_tag n:algorithm r:certificate", "DS": "n:key_tag n:algorithm n:digest_type r:digest",
	"HTTPS": "n:priority w:target r:value", "SVCB": "n:priority w:target r:value",
	"LOC": "n:lat_degrees n:lat_minutes n:lat_seconds w:lat_direction n:long_degrees n:long_minutes n:long_seconds w:long_direction " +
		"m:altitude m:size m:precision_horz m:precision_vert",
	"NAPTR": "n:order n:preference s:flags s:service s:regex d:replacement", "SMIMEA": "n:usage n:selector n:matching_type r:certificate",
	"SRV": "n:priority n:weight n:port d:target", "SSHFP": "n:algorithm n:type r:fingerprint", "TLSA": "n:usage n:selector n:matching_type r:certificate",
	"URI": "n:priority n:weight s:target",
}

// cloudflareTypes are those that have one content; the priority of an MX and of a
// URI stands beside it.
const cloudflareTypes = "A AAAA CNAME MX NS OPENPGPKEY PTR TXT"

// What Cloudflare takes as a TTL of a free zone, and what it serves for "automatic".
const (
	cloudflareLeastTTL = 60
	cloudflareMostTTL  = 86400
	cloudflareAutoTTL  = 300
)

// writeCloudflareTerraform writes resources of version 5 of Cloudflare's provider,
// one a record; the zone's ID is a variable.
func writeCloudflareTerraform(w io.Writer, z *freehold.Zone, l *losses) error {
	out := bufio.NewWriter(w)
	header(out, "#", z)
	fmt.Fprintf(out, "\nvariable \"zone_id\" {\n  type = string\n}\n")
	types := cloudflareTypes
	for t := range cloudflareParts {
		types += " " + t
	}
	used := map[string]int{}
	for _, set := range l.carried(z, types) {
		name, ttl := bare(set.Owner), min(max(set.TTL, cloudflareLeastTTL), cloudflareMostTTL)
		switch {
		case set.Type == freehold.TypeNS && set.Owner.Equal(z.Origin):
			l.addSet(set, freehold.T("The new operator puts its own name servers at the origin."))
			continue
		case strings.Contains(name, `\`):
			l.addSet(set, freehold.T("The format cannot carry octets that are not printable ASCII."))
			continue
		case ttl != set.TTL:
			l.addSet(set, freehold.T("The provider takes TTLs from 60 to 86400 seconds; the nearest is written."))
		}
		for _, data := range set.Data {
			text := zonefile.Data(set.Type, data)
			if set.Type.String() == "CERT" && len(data) > 5 { // master files have words for its numbers (RFC 4398 section 2.2)
				text = fmt.Sprintf("%d %d %d %s", int(data[0])<<8|int(data[1]), int(data[2])<<8|int(data[3]), data[4], rest(text, 3))
			}
			content, ok := cloudflareContent(set.Type.String(), text)
			if !ok {
				l.add(set.Type, set.Owner, freehold.T("The format cannot carry rdata of this shape."))
				continue
			}
			label := identifier(set.Owner.Relative(z.Origin)) + "_" + strings.ToLower(set.Type.String())
			if used[label]++; used[label] > 1 {
				label += "_" + strconv.Itoa(used[label])
			}
			fmt.Fprintf(out, "\nresource \"cloudflare_dns_record\" %q {\n  zone_id = var.zone_id\n  name    = %s\n  type    = %q\n  ttl     = %d\n%s}\n",
				label, hcl(name), set.Type, ttl, content)
		}
	}
	return out.Flush()
}

// cloudflareContent are the attributes of a record's data in presentation form.
func cloudflareContent(rrtype, text string) (string, bool) {
	if strings.HasPrefix(text, `\#`) {
		return "", false
	}
	shape, inParts := cloudflareParts[rrtype]
	if !inParts {
		return cloudflareWhole(rrtype, text)
	}
	parts := words(text)
	var b strings.Builder
	b.WriteString("  data = {\n")
	fields := strings.Fields(shape)
	for i, field := range fields {
		kind, name, _ := strings.Cut(field, ":")
		if i >= len(parts) && kind != "r" {
			return "", false
		}
		var value string
		switch kind {
		case "n", "m":
			value = strings.TrimSuffix(parts[i], "m")
			if _, err := strconv.ParseFloat(value, 64); err != nil {
				return "", false
			}
		case "r":
			value = hcl(rest(text, i))
		case "d":
			value = hcl(undotted(parts[i]))
		default:
			raw, ok := unescaped(parts[i])
			if !ok {
				return "", false
			}
			value = hcl(raw)
		}
		if rrtype == "URI" && name == "priority" {
			b.Reset()
			fmt.Fprintf(&b, "  priority = %s\n  data = {\n", value)
			continue
		}
		fmt.Fprintf(&b, "    %s = %s\n", name, value)
	}
	if last := fields[len(fields)-1]; len(parts) > len(fields) && last[0] != 'r' {
		return "", false
	}
	b.WriteString("  }\n")
	return b.String(), true
}

func cloudflareWhole(rrtype, text string) (string, bool) {
	switch rrtype {
	case "MX":
		priority, host, _ := strings.Cut(text, " ")
		return fmt.Sprintf("  priority = %s\n  content  = %s\n", priority, hcl(undotted(host))), !strings.Contains(host, `\`)
	case "CNAME", "NS", "PTR":
		return "  content = " + hcl(undotted(text)) + "\n", !strings.Contains(text, `\`)
	case "TXT":
		for _, part := range words(text) { // \DDD was never seen to be understood
			if _, ok := unescaped(part); !ok {
				return "", false
			}
		}
	}
	return "  content = " + hcl(text) + "\n", true
}

// rest is what follows the first n words.
func rest(text string, n int) string {
	for range n {
		_, text, _ = strings.Cut(text, " ")
	}
	return text
}

func undotted(name string) string {
	if name == "." {
		return name
	}
	return strings.TrimSuffix(name, ".")
}

// unescaped is a string without the escapes of master files; those of octets
// outside ASCII have no other form.
func unescaped(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			if i++; i == len(s) || s[i] >= '0' && s[i] <= '9' {
				return "", false
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

var (
	cloudflareData      = regexp.MustCompile(`(?m)^\s*data\s*=?\s*\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}`)
	cloudflareAttribute = regexp.MustCompile(`(?m)^\s*(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(-?[0-9]+(?:\.[0-9]+)?|true|false))[ \t]*(?:#.*|//.*|,)?$`)
)

// cloudflareAttributes are the attributes that are written out.
func cloudflareAttributes(body []byte) map[string]string {
	out := map[string]string{}
	for _, m := range cloudflareAttribute.FindAllSubmatch(body, -1) {
		if out[string(m[1])] = string(m[3]); m[3] == nil {
			out[string(m[1])] = unhcl(string(m[2]))
		}
	}
	return out
}

// cloudflareRecord reads a cloudflare_dns_record, or a cloudflare_record of the
// versions before 5, which said "value" for "content".
func (b *builder) cloudflareRecord(place string, body []byte) error {
	var parts map[string]string
	if at := cloudflareData.FindSubmatchIndex(body); at != nil {
		parts = cloudflareAttributes(body[at[2]:at[3]])
		body = append(append([]byte{}, body[:at[0]]...), body[at[1]:]...)
	}
	top := cloudflareAttributes(body)
	content, written := top["content"]
	if !written {
		content, written = top["value"]
	}
	name, rrtype := top["name"], strings.ToUpper(top["type"])
	if name == "" || rrtype == "" || !written && parts == nil {
		return b.errorf(place, notWrittenOut)
	}
	ttl := uint64(1) // as the versions that needed none
	if text, ok := top["ttl"]; ok {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return b.errorf(place, "%q is no TTL", freehold.OneLine(text))
		}
		ttl = n
	} else if terraformHasTTL.Match(body) {
		return b.errorf(place, notWrittenOut)
	}
	if ttl == 1 {
		ttl = cloudflareAutoTTL
	}
	// A name is whole where it ends with the zone's, else below it.
	owner := strings.TrimSuffix(name, ".")
	if zone := bare(b.zone.Origin); !strings.EqualFold(owner, zone) && !strings.HasSuffix(strings.ToLower(owner), "."+strings.ToLower(zone)) && owner != "@" {
		owner += "." + zone
	} else if owner == "@" {
		owner = zone
	}
	data, err := cloudflarePresented(rrtype, content, top, parts)
	if err != "" {
		return b.errorf(place, "%s", err)
	}
	if top["proxied"] == "true" {
		o, err := freehold.ParseOwner(owner+".", freehold.RootOwner)
		if err != nil {
			return b.errorf(place, "%s", freehold.OneLine(err.Error()))
		}
		b.zone.Foreign = append(b.zone.Foreign, freehold.ForeignRecord{Owner: o, Kind: "proxied " + rrtype, TTL: uint32(ttl), Value: content, Place: place,
			Note: freehold.T("The world sees the provider's addresses, and its protection and cache stand before this one. Outside it this address becomes visible, and takes all requests itself.")})
	}
	return b.add(place, owner+".", ttl, rrtype, data)
}

var terraformHasTTL = regexp.MustCompile(`(?m)^\s*ttl\s*=`)

// cloudflarePresented is the data in presentation form.
func cloudflarePresented(rrtype, content string, top, parts map[string]string) (data, wrong string) {
	dotted := func(name string) string { return strings.TrimSuffix(name, ".") + "." }
	shape, inParts := cloudflareParts[rrtype]
	switch {
	case inParts && parts != nil:
	case rrtype == "MX":
		if _, err := strconv.ParseUint(top["priority"], 10, 16); err != nil {
			return "", "the MX record has no priority"
		}
		return top["priority"] + " " + dotted(content), ""
	case rrtype == "CNAME", rrtype == "NS", rrtype == "PTR":
		return dotted(content), ""
	case rrtype == "TXT" && !strings.HasPrefix(content, `"`):
		var strs []string
		for text := content; ; {
			n := min(255, len(text))
			strs = append(strs, quoted(text[:n]))
			if text = text[n:]; text == "" {
				return strings.Join(strs, " "), ""
			}
		}
	default:
		return content, ""
	}
	if _, old := parts["service"]; old && rrtype == "SRV" {
		return "", "a service among the data of an SRV record is of an old version, and not read"
	}
	var all []string
	for field := range strings.FieldsSeq(shape) {
		kind, name, _ := strings.Cut(field, ":")
		value, ok := parts[name]
		if !ok && name == "priority" {
			value, ok = top["priority"]
		}
		if !ok {
			return "", notWrittenOut
		}
		switch kind {
		case "n", "m", "w":
			if strings.ContainsAny(value, " \t\"\\") || value == "" {
				return "", fmt.Sprintf("%q is no %s", freehold.OneLine(value), name)
			}
			if kind == "m" {
				value += "m"
			}
		case "s":
			value = quoted(value)
		case "d":
			value = dotted(value)
		}
		all = append(all, value)
	}
	return strings.TrimSpace(strings.Join(all, " ")), ""
}
