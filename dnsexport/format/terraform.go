package format

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"freehold"
	"freehold/dnsexport/zonefile"
)

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
	terraformResource = regexp.MustCompile(`(?s)resource\s+"(aws_route53_record|cloudflare_dns_record|cloudflare_record)"\s+"[^"]*"\s*\{(.*?)\n\}`)
	terraformZone     = regexp.MustCompile(`(?m)^# zone (\S+), coverage`)
	terraformRepeated = regexp.MustCompile(`(?m)^\s*(?:count|for_each)\s*=`)
	terraformName     = regexp.MustCompile(`(?m)^\s*name\s*=\s*"((?:[^"\\]|\\.)*)"`)
	terraformType     = regexp.MustCompile(`(?m)^\s*type\s*=\s*"(\w+)"`)
	terraformTTL      = regexp.MustCompile(`(?m)^\s*ttl\s*=\s*"?(\d+)"?`)
	terraformRecords  = regexp.MustCompile(`(?s)records\s*=\s*\[((?:\s*"(?:[^"\\]|\\.)*"\s*,?)*)\s*\]`)
	terraformString   = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

const notWrittenOut = "the record is not written out: name, type, ttl and records must be values"

// readTerraform reads resources whose values are written out, as ours are, of
// either provider; what is computed from other resources it refuses.
func readTerraform(r io.Reader, name string, origin freehold.Owner) (*freehold.Zone, error) {
	text, err := slurp(r, name)
	if err != nil {
		return nil, err
	}
	b := newBuilder(name, "terraform", origin)
	if m := terraformZone.FindSubmatch(text); m != nil && origin == "" {
		b.zone.Origin, _ = freehold.ParseOwner(string(m[1]), "")
	}
	if b.zone.Origin == "" {
		return b.done()
	}
	for _, at := range terraformResource.FindAllSubmatchIndex(text, -1) {
		place := "line " + strconv.Itoa(1+bytes.Count(text[:at[0]], []byte("\n")))
		kind, body := string(text[at[2]:at[3]]), text[at[4]:at[5]]
		switch {
		case terraformRepeated.Match(body):
			err = b.errorf(place, notWrittenOut)
		case kind == "aws_route53_record":
			err = b.awsRecord(place, body)
		default:
			err = b.cloudflareRecord(place, body)
		}
		if err != nil {
			return nil, err
		}
	}
	return b.done()
}

func (b *builder) awsRecord(place string, body []byte) error {
	owner, kind, ttl, records := terraformName.FindSubmatch(body), terraformType.FindSubmatch(body), terraformTTL.FindSubmatch(body), terraformRecords.FindSubmatch(body)
	if owner == nil || kind == nil || ttl == nil || records == nil {
		return b.errorf(place, notWrittenOut)
	}
	seconds, err := strconv.ParseUint(string(ttl[1]), 10, 32)
	if err != nil {
		return b.errorf(place, "%q is no TTL", ttl[1])
	}
	for _, v := range terraformString.FindAllSubmatch(records[1], -1) {
		data := decimal(unhcl(string(v[1])))
		if string(kind[1]) == "TXT" || string(kind[1]) == "SPF" {
			data = `"` + splitQuotes(data) + `"`
		}
		if err := b.add(place, strings.TrimSuffix(decimal(unhcl(string(owner[1]))), ".")+".", seconds, string(kind[1]), data); err != nil {
			return err
		}
	}
	return nil
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
