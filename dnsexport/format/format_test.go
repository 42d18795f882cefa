package format

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"freehold"
	"freehold/dnsexport/zonefile"
)

var shop = freehold.Owner("\x04shop\x04test\x00")

// everyType has one record set or more of every type that zones hold, some of
// them in shapes that tools stumble over.
var everyType = "$TTL 3600\n@ IN SOA ns1.host.test. hostmaster 7 3600 900 604800 300\n@ NS ns1.host.test.\n" + `@ A 192.0.2.1
@ AAAA 2001:db8::1
@ MX 10 mail
@ MX 0 .
@ TXT "v=spf1 include:_spf.host.test -all"
@ TXT "google-site-verification=a;b"
@ CAA 0 issue "ca.test"
@ CAA 128 iodef "mailto:a@shop.test"
@ HTTPS 1 . alpn="h3,h2"
www 60 A 192.0.2.2
www 60 A 192.0.2.3
alias CNAME www
*.wild CNAME www
d DNAME other.test.
ptr PTR www
_sip._tcp SRV 1 2 5060 sip
_svc SVCB 1 svc alpn=h2 port=8443
naptr NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@shop.test!" .
host SSHFP 4 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF
_25._tcp.mail TLSA 3 1 1 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF
sub NS ns.sub
sub DS 12345 13 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF
ns.sub A 192.0.2.4
_http._tcp URI 10 1 "https://shop.test/a?b=c;d"
spf SPF "v=spf1 -all"
loc LOC 46 31 0.000 N 6 37 0.000 E 400.00m 1m 10000m 10m
hinfo HINFO "PC" "Linux"
rp RP hostmaster txt
afsdb AFSDB 1 db
openpgp OPENPGPKEY AQIDBA==
smime SMIMEA 3 0 0 0102
cert CERT 1 2 3 AQID
dhcid DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=
kx KX 10 kx
eui48 EUI48 00-00-5e-00-53-2a
nid NID 10 0014:4fff:ff20:ee64
apl APL 1:192.0.2.0/24
csync CSYNC 7 3 A NS AAAA
unknown TYPE65280 \# 3 0102ff
` + "dkim._domainkey TXT ( \"v=DKIM1; k=rsa; p=" + strings.Repeat("A", 237) + "\" \"" + strings.Repeat("B", 100) + "\" )\n" + `parts TXT "one" "two"
bytes TXT "\000\255"
quote TXT "a\"b\\c ${x} %{y}"
empty TXT ""
formula TXT "=cmd|'/c calc'!A1"
@ DNSKEY 257 3 13 AQIDBA==
@ NSEC3PARAM 1 0 0 -
@ CDS 12345 13 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF
www RRSIG A 13 3 60 20270101000000 20260101000000 12345 shop.test. AQID
www NSEC _http._tcp.shop.test. A RRSIG NSEC
`

func everything(t testing.TB) *freehold.Zone {
	t.Helper()
	z, err := zonefile.Read(strings.NewReader(everyType+"apexalias ALIAS target.test.\n"), "every.zone", zonefile.Options{Origin: shop})
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// roundTrip writes all files of a format, reads them back and joins them.
func roundTrip(t testing.TB, f *Format, z *freehold.Zone) (*freehold.Zone, []Loss) {
	t.Helper()
	var back *freehold.Zone
	var all []Loss
	for _, file := range f.Files(z) {
		var first, second bytes.Buffer
		losses, err := file.Write(&first)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if _, err := file.Write(&second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: two writings differ (%v)", f.Name, err)
		}
		all = append(all, losses...)
		read, err := f.Read(bytes.NewReader(first.Bytes()), "shop.test"+file.Suffix, z.Origin)
		if err != nil {
			t.Fatalf("%s: %v\n%s", f.Name, err, first.String())
		}
		if back == nil {
			back = read
		} else {
			back.Records = append(back.Records, read.Records...)
			back.Sort()
		}
	}
	return back, all
}

// TestRoundTrips writes every type in every format and reads it back. A record
// that does not come back as it was must stand in a finding: nothing is lost in
// silence. docs/formats.md is what this test finds.
func TestRoundTrips(t *testing.T) {
	z := everything(t)
	table := map[freehold.RRType]map[string]string{}
	for _, f := range All {
		back, losses := roundTrip(t, f, z)
		d := z.Diff(back, freehold.DiffRules{SOA: freehold.SOAExact, DNSSEC: true})
		differ := map[freehold.RRType]bool{}
		for _, c := range d.Changes {
			set := c.Set()
			differ[set.Type] = true
			if !slices.ContainsFunc(losses, func(l Loss) bool { return l.Type == set.Type }) {
				t.Errorf("%s: %s %s at %s, and no finding says so", f.Name, set.Type, c.Kind, set.Owner)
			}
			if c.Kind == freehold.DiffAdded {
				t.Errorf("%s: a set that never was: %s %s", f.Name, set.Owner, set.Type)
			}
		}
		survive := map[freehold.RRType]bool{}
		for _, r := range back.Records {
			survive[r.Type] = true
		}
		for _, rrtype := range z.Types() {
			if table[rrtype] == nil {
				table[rrtype] = map[string]string{}
			}
			lost := slices.ContainsFunc(losses, func(l Loss) bool { return l.Type == rrtype })
			switch {
			case !survive[rrtype]:
				table[rrtype][f.Name] = "–"
			case lost:
				table[rrtype][f.Name] = "partly"
			default:
				table[rrtype][f.Name] = "yes"
			}
		}
		if f.Name != "json" && !slices.ContainsFunc(losses, func(l Loss) bool { return l.Type == 0 }) {
			t.Errorf("%s: the ALIAS is not told of", f.Name)
		}
	}
	formatsDoc(t, z.Types(), table)
}

func formatsDoc(t *testing.T, types []freehold.RRType, table map[freehold.RRType]map[string]string) {
	var b strings.Builder
	b.WriteString(formatsIntro)
	b.WriteString("| type |")
	for _, f := range All {
		b.WriteString(" " + f.Name + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(All)) + "\n")
	for _, rrtype := range types {
		fmt.Fprintf(&b, "| %s |", rrtype)
		for _, f := range All {
			b.WriteString(" " + table[rrtype][f.Name] + " |")
		}
		b.WriteString("\n")
	}
	path := filepath.Join("..", "..", "docs", "formats.md")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != b.String() {
		t.Errorf("docs/formats.md is not what the formats do (%v): make golden", err)
	}
}

const formatsIntro = `# Zone formats

For whoever takes a zone elsewhere with ` + "`freehold export --as …`" + `. This page is generated by the round-trip test
(` + "`dnsexport/format`" + `): each type was written, read back and compared by octets.

| format | file | read by |
|---|---|---|
| ` + "`bind`" + ` | ` + "`NAME.zone`, `NAME.dnssec.zone`" + ` | every name server; the signer's records lie in the second file |
| ` + "`json`" + ` | ` + "`NAME.json`" + ` | programs; ` + "`freehold.zone/1`" + `, below |
| ` + "`octodns`" + ` | ` + "`NAME.yaml`" + ` | octoDNS |
| ` + "`dnscontrol`" + ` | ` + "`NAME.js`" + ` | DNSControl |
| ` + "`terraform`" + ` | ` + "`NAME.tf`" + ` | Terraform's AWS provider (aws_route53_record) |
| ` + "`terraform-cloudflare`" + ` | ` + "`NAME.cloudflare.tf`" + ` | Terraform's Cloudflare provider from version 5 on (cloudflare_dns_record) |
| ` + "`route53`" + ` | ` + "`NAME.route53.json`" + ` | aws route53 change-resource-record-sets --change-batch; at most 1,000 records a call |
| ` + "`csv`" + ` | ` + "`NAME.csv`" + ` | spreadsheets; a cell that would be a formula begins with an apostrophe |

Read and not written: ` + "`NAME.tsv`" + `, as "dnscontrol get-zones --format=tsv" prints it. Resources of both of Terraform's providers, the older
cloudflare_record too, are read from any ` + "`.tf`" + ` whose values are written out.

What a format cannot carry is a finding in the manifest and on stderr, never silence. A partial copy says PARTIAL in
every format. Complete in every respect are ` + "`bind` and `json`" + `: keep one of them.

## freehold.zone/1

One object: ` + "`schema`, `zone`, `coverage` (`unknown`, `observed`, `walked`, `api-complete`, `transferred`), `partial`, `reasons`" + `,
then ` + "`records`" + ` and ` + "`signer`" + ` (what the old signer made), each a list of ` + "`{owner, ttl, type, data, comment}`" + `: the owner absolute
with its final dot and its case, the TTL in seconds, the data as master files write it (RFC 1035 section 5.1; RFC 3597 for types
without a form). ` + "`foreign`" + ` lists what only the provider knows: ` + "`{owner, ttl, kind, value, note}`" + `. One record stands on one line.

## manifest.json (freehold.manifest/1)

` + "`zones`" + ` has one entry a zone: ` + "`zone`, `unicode`, `current`" + ` (exported by this very run; a zone that failed keeps its last good copy and
says false), ` + "`source`, `at`, `serial`, `coverage`, `partial`, `reasons`, `records`, `counts`" + ` (by type), ` + "`files`" + ` (` + "`path`, `format`, `size`, `sha256`" + `;
of an encrypted file also ` + "`recipients`" + ` and ` + "`mark`" + `, a keyed digest by which an unchanged zone is known), ` + "`losses`" + ` (what a format cannot
carry), ` + "`foreign`" + ` and ` + "`notes`" + `. ` + "`expected` and `exported`" + ` count the zones of the run, ` + "`failed`" + ` says which did not come and why. The digest of a file
is that of its octets, encrypted or not, so ` + "`sha256sum`" + ` checks it too.

` + "`manifest.json.note`" + ` is a signed note (golang.org/x/mod/sumdb/note, Ed25519) over the digest of manifest.json. The public key lies
beside the signing key as ` + "`export.key.pub`" + `: keep a copy of it elsewhere, it is what ` + "`export --check DIR --key …`" + ` needs on another machine.

With ` + "`--keep N`" + ` older generations lie in ` + "`.freehold/generations/TIME/manifest.json`" + `, their files under ` + "`.freehold/objects/SHA256`" + `, each content once.

## Record types

"yes": every octet comes back. "partly": a finding says which records do not, or what of them is lost (borders between the
strings of a TXT, octets outside ASCII, the NS set of the origin). "–": not at all, and a finding says so.

`

// TestPartialIsSaid: a copy that lacks records says so in every format.
func TestPartialIsSaid(t *testing.T) {
	z := everything(t)
	z.Coverage = freehold.CoverageObserved
	for _, f := range All {
		for _, file := range f.Files(z) {
			var b bytes.Buffer
			if _, err := file.Write(&b); err != nil {
				t.Fatal(err)
			}
			first := b.String()[:min(b.Len(), 400)]
			if !strings.Contains(first, "PARTIAL") {
				t.Errorf("%s%s does not say PARTIAL at its head: %.200s", f.Name, file.Suffix, first)
			}
		}
	}
}

func TestFormulasAreHarmless(t *testing.T) {
	z, err := zonefile.Read(strings.NewReader("$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS ns.host.test.\n=cmd 60 A 192.0.2.1\n"), "z", zonefile.Options{Origin: shop})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := ByName("csv").Files(z)[0].Write(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\n'=cmd.shop.test.,") {
		t.Errorf("a formula stands in\n%s", b.String())
	}
}

// reader finds a format among those that are read.
func reader(name string) *Format {
	for _, f := range slices.Concat(All, ReadOnly) {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// TestForeignTexts reads what the tools themselves write.
func TestForeignTexts(t *testing.T) {
	for _, c := range []struct{ format, text, want string }{
		{"octodns", "---\n'':\n  - type: MX\n    value: {preference: 10, exchange: mail.shop.test.}\n  - {type: NS, values: [ns1.host.test., ns2.host.test.]}\nwww: {type: A, ttl: 60, value: 192.0.2.1}\n'*':\n  type: TXT\n  values:\n  - v=DKIM1\\; k=rsa\n  - x\nal:\n  type: ALIAS\n  value: x.test.\n",
			"@ 3600 IN NS ns1.host.test.;@ 3600 IN NS ns2.host.test.;@ 3600 IN MX 10 mail.shop.test.;* 3600 IN TXT \"x\";* 3600 IN TXT \"v=DKIM1; k=rsa\";www 60 IN A 192.0.2.1;ALIAS"},
		{"dnscontrol", "var R = NewRegistrar('none');\nD('shop.test', R, DnsProvider(X), DefaultTTL(600),\n  A('@', '192.0.2.1'), // first\n  MX('@', 10, 'mail', TTL(60)), /* two\nlines */ TXT('t', 'a\\'b'),\n  CAA('@', 'issue', 'ca.test', CAA_CRITICAL), ALIAS('al', 'x.test.'),\nEND);\nD('other.test', R, A('@', '192.0.2.9'));\n",
			"@ 600 IN A 192.0.2.1;@ 60 IN MX 10 mail.shop.test.;@ 600 IN CAA 128 issue \"ca.test\";t 600 IN TXT \"a'b\";ALIAS"},
		{"terraform", "resource \"cloudflare_record\" \"a\" {\n  zone_id = var.z\n  name = \"www\"\n  value = \"192.0.2.1\"\n  type = \"A\"\n  proxied = true\n}\nresource \"cloudflare_record\" \"m\" {\n  name = \"@\"\n  content = \"mail.shop.test\"\n  type = \"MX\"\n  ttl = 60\n  priority = 5\n}\n" +
			"resource \"cloudflare_record\" \"c\" {\n  name = \"shop.test\"\n  type = \"CAA\"\n  ttl = 60\n  data {\n    flags = \"0\"\n    tag = \"issue\"\n    value = \"ca.test; x={y}\"\n  }\n}\n" +
			"resource \"cloudflare_dns_record\" \"t\" {\n  name = \"t.shop.test\"\n  type = \"TXT\"\n  ttl = 1\n  content = \"a \\\"b\\\"\"\n}\nresource \"aws_route53_record\" \"b\" {\n  zone_id = \"Z\"\n  name = \"b.shop.test\"\n  type = \"A\"\n  ttl = 60\n  records = [\"192.0.2.3\"]\n}\n",
			"@ 60 IN MX 5 mail.shop.test.;@ 60 IN CAA 0 issue \"ca.test; x={y}\";b 60 IN A 192.0.2.3;t 300 IN TXT \"a \\\"b\\\"\";www 300 IN A 192.0.2.1;proxied A"},
		{"tsv", "shop.test\t@\t43200\tIN\tSOA\tns1.host.test. h.host.test. 7 1 2 3 4\nshop.test\t@\t60\tIN\tMX\t10 mail.shop.test.\nwww.shop.test\twww\t60\tIN\tA\t192.0.2.1\tcloudflare_proxy=true\r\n*.shop.test\t*\t60\tIN\tTXT\t\"a b\" \"c\"\nal.shop.test\tal\t300\tIN\tALIAS\tx.test.\n",
			"@ 43200 IN SOA ns1.host.test. h.host.test. 7 1 2 3 4;@ 60 IN MX 10 mail.shop.test.;* 60 IN TXT \"a b\" \"c\";www 60 IN A 192.0.2.1;proxied A;ALIAS"},
		{"route53", `{"ResourceRecordSets":[{"Name":"\\052.shop.test.","Type":"A","TTL":60,"ResourceRecords":[{"Value":"192.0.2.1"}]},{"Name":"shop.test.","Type":"A","AliasTarget":{"DNSName":"x."}},{"Name":"t.shop.test.","Type":"TXT","TTL":60,"ResourceRecords":[{"Value":"\"a\\344\" \"b\""}]}]}`,
			"* 60 IN A 192.0.2.1;t 60 IN TXT \"a\\228\" \"b\";ALIAS"},
	} {
		var z *freehold.Zone
		var err error
		if c.format == "dnscontrol" { // two zones in one file are the user's own; ours has one
			c.text = strings.Split(c.text, "D('other")[0]
		}
		z, err = reader(c.format).Read(strings.NewReader(c.text), "file", shop)
		if err != nil {
			t.Errorf("%s: %v", c.format, err)
			continue
		}
		var got []string
		for _, r := range z.Records {
			got = append(got, strings.ReplaceAll(zonefile.Line(r, shop), "\t", " "))
		}
		for _, f := range z.Foreign {
			got = append(got, f.Kind)
		}
		if s := strings.Join(got, ";"); s != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.format, s, c.want)
		}
	}
}

func TestReadersRefuse(t *testing.T) {
	for _, c := range []struct{ format, text, want string }{
		{"json", "{", "it is no JSON of a zone"},
		{"json", `{"schema":"other/1"}`, `its schema is "other/1"`},
		{"json", `{"schema":"freehold.zone/1","zone":"other.test."}`, `it is the zone "other.test."`},
		{"json", `{"schema":"freehold.zone/1","zone":"shop.test.","records":[{"owner":"a.shop.test.","ttl":1,"type":"A","data":"x"}]}`, `record 1: A record: "x" is no IPv4 address`},
		{"json", `{"schema":"freehold.zone/1","zone":"shop.test.","records":[{"owner":"a.shop.test.","ttl":4294967296,"type":"A","data":"192.0.2.1"}]}`, "over the greatest"},
		{"csv", "owner,ttl\n", `there is no column "class"`},
		{"csv", "owner,ttl,class,type,data\nshop.test.,x,IN,A,192.0.2.1\n", `line 2: "x" is no TTL`},
		{"octodns", "a: &x [*x, *x]\n", "YAML anchors are not read"},
		{"octodns", "a: 1\n", `"a": it is no record`},
		{"octodns", "a: {type: MX, value: {preference: 1}}\n", `has no "exchange"`},
		{"dnscontrol", "D('shop.test', A('a'", "line 1: a parenthesis is not closed"},
		{"dnscontrol", "D('shop.test', A('a', 'x'))", "line 1: A record"},
		{"dnscontrol", strings.Repeat("f(", 100), "nested too deep"},
		{"route53", "[]", "it is no JSON of Route 53"},
		{"terraform", "resource \"aws_route53_record\" \"a\" {\n  name = var.x\n}\n", "line 1: the record is not written out"},
		{"terraform", "\nresource \"cloudflare_dns_record\" \"a\" {\n  for_each = var.x\n  name = \"a\"\n  type = \"A\"\n  ttl = 60\n  content = \"192.0.2.1\"\n}\n", "line 2: the record is not written out"},
		{"terraform", "resource \"cloudflare_dns_record\" \"a\" {\n  name = \"a\"\n  type = \"A\"\n  ttl = var.ttl\n  content = \"192.0.2.1\"\n}\n", "line 1: the record is not written out"},
		{"terraform", "resource \"cloudflare_dns_record\" \"a\" {\n  name = \"a\"\n  type = \"A\"\n  ttl = 60\n  content = aws_eip.x.public_ip\n}\n", "line 1: the record is not written out"},
		{"terraform", "resource \"cloudflare_dns_record\" \"a\" {\n  name = \"a\"\n  type = \"MX\"\n  ttl = 60\n  content = \"m\"\n}\n", "line 1: the MX record has no priority"},
		{"terraform", "resource \"cloudflare_record\" \"a\" {\n  name = \"_sip._tls\"\n  type = \"SRV\"\n  data = {\n    service = \"_sip\"\n  }\n}\n", "of an old version"},
		{"terraform", "resource \"cloudflare_dns_record\" \"a\" {\n  name = \"a\"\n  type = \"SRV\"\n  ttl = 60\n  data = {\n    priority = 1\n    weight = 1\n    port = \"1 1\"\n    target = \"a\"\n  }\n}\n", `"1 1" is no port`},
		{"tsv", "shop.test\t@\t60\tIN\tA\n", "line 1: it has 5 columns"},
		{"tsv", "shop.test\twww\t60\tIN\tA\t192.0.2.1\n", `line 1: "shop.test" does not begin with "www"`},
		{"tsv", "shop.test\t@\tx\tIN\tA\t192.0.2.1\n", `line 1: "x" is no TTL`},
		{"tsv", "shop.test\t@\t60\tCH\tA\t192.0.2.1\n", `line 1: "CH" is not the class IN`},
		{"tsv", "shop.test\t@\t60\tIN\tA\tx\n", "line 1: A record"},
		{"tsv", "shop.test\t@\t60\tIN\tA\t192.0.2.1\nother.test\t@\t60\tIN\tA\t192.0.2.1\n", "line 2: it is of the zone"},
	} {
		_, err := reader(c.format).Read(strings.NewReader(c.text), "file", shop)
		if err == nil || !strings.Contains(err.Error(), c.want) || freehold.KindOf(err) != freehold.KindInvalid {
			t.Errorf("%s %.40q: %v, want %q", c.format, c.text, err, c.want)
		}
	}
}

// FuzzReaders holds every reader to its law: what it accepts, it writes and
// reads again to the same records, as far as no finding says otherwise.
func FuzzReaders(f *testing.F) {
	z := everything(f)
	for i, format := range All {
		var b bytes.Buffer
		if _, err := format.Files(z)[0].Write(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(byte(i), b.String())
	}
	f.Add(byte(len(All)), "shop.test\t@\t60\tIN\tMX\t10 mail.shop.test.\nwww.shop.test\twww\t60\tIN\tA\t192.0.2.1\tcloudflare_proxy=true\n")
	f.Fuzz(func(t *testing.T, which byte, text string) {
		readers := slices.Concat(All, ReadOnly)
		format := readers[int(which)%len(readers)]
		z, err := format.Read(strings.NewReader(text), "fuzz", shop)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Fatalf("%s: error %q", format.Name, err)
			}
			return
		}
		if format.files == nil {
			format = ByName("json")
		}
		back, losses := roundTrip(t, format, z)
		for _, c := range z.Diff(back, freehold.DiffRules{SOA: freehold.SOAExact, DNSSEC: true, IgnoreTTL: true}).Changes {
			if !slices.ContainsFunc(losses, func(l Loss) bool { return l.Type == c.Set().Type }) {
				t.Fatalf("%s: %s %s at %s in silence", format.Name, c.Set().Type, c.Kind, c.Set().Owner)
			}
		}
	})
}
