package format

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"freehold"
	"freehold/dnsexport/zonefile"
)

// route53Types are what a hosted zone takes, with the SOA and the NS of the
// apex left to Route 53.
const route53Types = "A AAAA CAA CNAME DS HTTPS MX NAPTR NS PTR SPF SRV SSHFP SVCB TLSA TXT"

type route53Set struct {
	Name            string          `json:"Name"`
	Type            string          `json:"Type"`
	TTL             *uint64         `json:"TTL,omitempty"`
	SetIdentifier   string          `json:"SetIdentifier,omitempty"`
	ResourceRecords []route53Value  `json:"ResourceRecords,omitempty"`
	AliasTarget     json.RawMessage `json:"AliasTarget,omitempty"`
}

type route53Value struct {
	Value string `json:"Value"`
}

type route53Change struct {
	Action string     `json:"Action"`
	Set    route53Set `json:"ResourceRecordSet"`
}

// octal turns \DDD of master files into Route 53's \ooo.
func octal(s string) string {
	return decimalEscape.ReplaceAllStringFunc(s, func(m string) string {
		if len(m) != 4 {
			return m
		}
		n, _ := strconv.Atoi(m[1:])
		return fmt.Sprintf(`\%03o`, n)
	})
}

// decimal turns them back.
func decimal(s string) string {
	return decimalEscape.ReplaceAllStringFunc(s, func(m string) string {
		if len(m) != 4 {
			return m
		}
		n, err := strconv.ParseUint(m[1:], 8, 8)
		if err != nil {
			return m
		}
		return fmt.Sprintf(`\%03d`, n)
	})
}

var decimalEscape = regexp.MustCompile(`\\([0-9]{3}|.)`)

// hosted returns the record sets for Route 53.
func hosted(z *freehold.Zone, l *losses) []freehold.RRset {
	var out []freehold.RRset
	for _, set := range l.carried(z, route53Types) {
		if set.Type == freehold.TypeNS && set.Owner.Equal(z.Origin) {
			l.addSet(set, freehold.T("The new operator puts its own name servers at the origin."))
			continue
		}
		out = append(out, set)
	}
	return out
}

// writeRoute53 writes what "aws route53 change-resource-record-sets
// --change-batch" takes.
func writeRoute53(w io.Writer, z *freehold.Zone, l *losses) error {
	out := bufio.NewWriter(w)
	comment := "zone " + bare(z.Origin) + ", coverage: " + z.Coverage.String()
	if z.Partial() {
		comment = "PARTIAL: " + comment
	}
	b, err := json.Marshal(comment)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "{\"Comment\":%s,\n\"Changes\":[", b)
	for i, set := range hosted(z, l) {
		ttl := uint64(set.TTL)
		c := route53Change{"UPSERT", route53Set{Name: octal(set.Owner.String()), Type: set.Type.String(), TTL: &ttl}}
		for _, data := range set.Data {
			c.Set.ResourceRecords = append(c.Set.ResourceRecords, route53Value{octal(zonefile.Data(set.Type, data))})
		}
		if err := element(out, i, c); err != nil {
			return err
		}
	}
	out.WriteString("]}\n")
	return out.Flush()
}

// readRoute53 reads a change batch, and what "list-resource-record-sets" prints.
func readRoute53(r io.Reader, name string, origin freehold.Owner) (*freehold.Zone, error) {
	text, err := slurp(r, name)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Changes            []route53Change
		ResourceRecordSets []route53Set
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: name + ": it is no JSON of Route 53", Err: err}
	}
	for _, c := range doc.Changes {
		if c.Action != "DELETE" {
			doc.ResourceRecordSets = append(doc.ResourceRecordSets, c.Set)
		}
	}
	b := newBuilder(name, "route53", origin)
	if b.zone.Origin == "" {
		for _, s := range doc.ResourceRecordSets {
			if s.Type == "SOA" {
				b.zone.Origin, _ = freehold.ParseOwner(decimal(s.Name), "")
			}
		}
		if b.zone.Origin == "" {
			return b.done()
		}
	}
	for i, s := range doc.ResourceRecordSets {
		place := "record set " + strconv.Itoa(i+1)
		owner := strings.TrimSuffix(decimal(s.Name), ".") + "."
		if s.AliasTarget != nil || s.SetIdentifier != "" || s.TTL == nil {
			if err := b.routed(place, owner, s); err != nil {
				return nil, err
			}
			continue
		}
		for _, v := range s.ResourceRecords {
			if err := b.add(place, owner, *s.TTL, s.Type, decimal(v.Value)); err != nil {
				return nil, err
			}
		}
	}
	return b.done()
}

// routed keeps an alias or a set that answers by a routing policy.
func (b *builder) routed(place, owner string, s route53Set) error {
	o, err := freehold.ParseOwner(owner, "")
	if err != nil {
		return b.errorf(place, "%s", freehold.OneLine(err.Error()))
	}
	var compact bytes.Buffer
	if s.AliasTarget != nil {
		_ = json.Compact(&compact, s.AliasTarget) // it was parsed already
	}
	for _, v := range s.ResourceRecords {
		compact.WriteString(" " + v.Value)
	}
	kind := "ALIAS"
	if s.SetIdentifier != "" {
		kind = "ROUTED"
	}
	b.zone.Foreign = append(b.zone.Foreign, freehold.ForeignRecord{Owner: o, Kind: kind, Value: s.Type + " " + strings.TrimSpace(compact.String()), Place: place,
		Note: freehold.T("Only its provider knows the kind %s: set up anew what it does at the next one.", kind)})
	return nil
}

// writeTerraform writes resources of the AWS provider; the zone's ID is a variable.
func writeTerraform(w io.Writer, z *freehold.Zone, l *losses) error {
	out := bufio.NewWriter(w)
	header(out, "#", z)
	fmt.Fprintf(out, "\nvariable \"zone_id\" {\n  type = string\n}\n")
	used := map[string]int{}
	for _, set := range hosted(z, l) {
		label := identifier(set.Owner.Relative(z.Origin)) + "_" + strings.ToLower(set.Type.String())
		if used[label]++; used[label] > 1 {
			label += "_" + strconv.Itoa(used[label])
		}
		var values []string
		for _, data := range set.Data {
			text := zonefile.Data(set.Type, data)
			if set.Type == freehold.TypeTXT || set.Type == freehold.TypeSPF { // the provider puts the outer quotes
				text = strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`), `" "`, `""`)
			}
			values = append(values, hcl(octal(text)))
		}
		fmt.Fprintf(out, "\nresource \"aws_route53_record\" %q {\n  zone_id = var.zone_id\n  name    = %s\n  type    = %q\n  ttl     = %d\n  records = [%s]\n}\n",
			label, hcl(octal(bare(set.Owner))), set.Type, set.TTL, strings.Join(values, ", "))
	}
	return out.Flush()
}

func identifier(s string) string {
	if s == "@" {
		return "apex"
	}
	var b strings.Builder
	for i, c := range []byte(strings.ToLower(s)) {
		switch {
		case c >= 'a' && c <= 'z', c == '_', c >= '0' && c <= '9' && i > 0, c == '-' && i > 0:
			b.WriteByte(c)
		case c == '*':
			b.WriteString("wildcard")
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}

// hcl is a quoted string of Terraform's language, in which ${ and %{ begin templates.
func hcl(s string) string {
	s = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", "$${", "%{", "%%{").Replace(s)
	return `"` + s + `"`
}

func unhcl(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, "$${", "${", "%%{", "%{").Replace(s)
}

var (
	terraformResource = regexp.MustCompile(`(?s)resource\s+"aws_route53_record"\s+"[^"]*"\s*\{(.*?)\n\}`)
	terraformName     = regexp.MustCompile(`(?m)^\s*name\s*=\s*"((?:[^"\\]|\\.)*)"`)
	terraformType     = regexp.MustCompile(`(?m)^\s*type\s*=\s*"(\w+)"`)
	terraformTTL      = regexp.MustCompile(`(?m)^\s*ttl\s*=\s*"?(\d+)"?`)
	terraformRecords  = regexp.MustCompile(`(?s)records\s*=\s*\[((?:\s*"(?:[^"\\]|\\.)*"\s*,?)*)\s*\]`)
	terraformString   = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

// readTerraform reads resources whose values are written out, as ours are;
// what is computed from other resources it refuses.
func readTerraform(r io.Reader, name string, origin freehold.Owner) (*freehold.Zone, error) {
	text, err := slurp(r, name)
	if err != nil {
		return nil, err
	}
	b := newBuilder(name, "terraform", origin)
	if m := regexp.MustCompile(`(?m)^# zone (\S+), coverage`).FindSubmatch(text); m != nil && origin == "" {
		b.zone.Origin, _ = freehold.ParseOwner(string(m[1]), "")
	}
	if b.zone.Origin == "" {
		return b.done()
	}
	for _, at := range terraformResource.FindAllSubmatchIndex(text, -1) {
		place := "line " + strconv.Itoa(1+bytes.Count(text[:at[0]], []byte("\n")))
		body := text[at[2]:at[3]]
		owner, kind, ttl, records := terraformName.FindSubmatch(body), terraformType.FindSubmatch(body), terraformTTL.FindSubmatch(body), terraformRecords.FindSubmatch(body)
		if owner == nil || kind == nil || ttl == nil || records == nil {
			return nil, b.errorf(place, "the record is not written out: name, type, ttl and records must be values")
		}
		seconds, err := strconv.ParseUint(string(ttl[1]), 10, 32)
		if err != nil {
			return nil, b.errorf(place, "%q is no TTL", ttl[1])
		}
		for _, v := range terraformString.FindAllSubmatch(records[1], -1) {
			data := decimal(unhcl(string(v[1])))
			if string(kind[1]) == "TXT" || string(kind[1]) == "SPF" {
				data = `"` + splitQuotes(data) + `"`
			}
			if err := b.add(place, strings.TrimSuffix(decimal(unhcl(string(owner[1]))), ".")+".", seconds, string(kind[1]), data); err != nil {
				return nil, err
			}
		}
	}
	return b.done()
}

// splitQuotes puts a space between two quotes that are not escaped: the border
// of two strings.
func splitQuotes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			b.WriteString(s[i : i+2])
			i++
			continue
		}
		if s[i] == '"' && i+1 < len(s) && s[i+1] == '"' {
			b.WriteString(`" "`)
			i++
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
