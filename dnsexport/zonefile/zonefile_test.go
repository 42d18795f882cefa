package zonefile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"freehold"
)

var shop = freehold.Owner("\x04shop\x04test\x00")

const head = "$TTL 3600\n@ IN SOA ns1 hostmaster 7 3600 900 604800 300\n@ NS ns1.host.test.\n"

func read(t testing.TB, text string) *freehold.Zone {
	t.Helper()
	z, err := Read(strings.NewReader(text), "shop.zone", Options{Origin: shop})
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func lines(z *freehold.Zone) string {
	var b strings.Builder
	for _, r := range z.Records {
		b.WriteString(strings.ReplaceAll(Line(r, z.Origin), "\t", " ") + "\n")
	}
	return b.String()
}

func TestRead(t *testing.T) {
	for _, c := range []struct{ why, text, want string }{
		{"owner, TTL and class in any order, and blank owners", head + "www 60 IN A 192.0.2.1\n IN 70 AAAA 2001:db8::1\nftp IN CNAME www\n",
			"ftp 3600 IN CNAME www.shop.test.\nwww 60 IN A 192.0.2.1\nwww 70 IN AAAA 2001:db8::1\n"},
		{"owners that look like types and classes", head + "a A 192.0.2.1\nin IN A 192.0.2.2\nmx. 1h A 192.0.2.3\n", "a 3600 IN A 192.0.2.1\nin 3600 IN A 192.0.2.2\n"},
		{"$ORIGIN and units", head + "$ORIGIN sub.shop.test.\nx 1w1d1h1m1s TXT a\n", "x.sub 694861 IN TXT \"a\"\n"},
		{"string boundaries, escapes, NUL and 8-bit octets", head + "t TXT \"a\" \"\" \"b c;d\" e\\\"f \"\\000\\255\xff\"\n", "t 3600 IN TXT \"a\" \"\" \"b c;d\" \"e\\\"f\" \"\\000\\255\\255\"\n"},
		{"NUL and 8-bit octets as they are", head + "n\x00\xfe TXT \"a\x00\xff\"\n", "n\\000\\254 3600 IN TXT \"a\\000\\255\"\n"},
		{"case of owners", head + "WwW A 192.0.2.1\n", "WwW 3600 IN A 192.0.2.1\n"},
		{"unknown types", head + "u TYPE65280 \\# 3 01 02ff\nv A \\# 4 c0000201\n", "u 3600 IN TYPE65280 \\# 3 0102ff\nv 3600 IN A 192.0.2.1\n"},
		{"parentheses and comments", head + "m ( 60 ; a ( comment\n IN MX 10 ; more\n mail ) ; last\n", "m 60 IN MX 10 mail.shop.test.\n"},
		{"a record twice is one", head + "a A 192.0.2.1\nA A 192.0.2.1\n", "A 3600 IN A 192.0.2.1\n"},
		{"one TTL a set", head + "a 60 A 192.0.2.1\na 50 A 192.0.2.2\n", "a 60 IN A 192.0.2.1\na 60 IN A 192.0.2.2\n"},
		{"out of zone", head + "www.other.test. A 192.0.2.1\n", ""},
		{"SVCB", head + "s HTTPS 1 . alpn=\"h3,h2\" ipv4hint=192.0.2.1 port=8443 key65400=\"x\"\n", "s 3600 IN HTTPS 1 . alpn=h3,h2 port=8443 ipv4hint=192.0.2.1 key65400=\"x\"\n"},
		{"generate", head + "$GENERATE 1-3/2 h${-1,2,d} A 192.0.2.$\n", "h00 3600 IN A 192.0.2.1\nh02 3600 IN A 192.0.2.3\n"},
		{"generate of dollars and nibbles", head + "$GENERATE 18-18 ${0,3,n} TXT \"$$ \\$ ${0,0,x}\"\n", "2.1 3600 IN TXT \"$ $ 12\"\n"},
		{"mark of byte order, no last line break", "\xef\xbb\xbf" + head + "a A 192.0.2.1", "a 3600 IN A 192.0.2.1\n"},
	} {
		got := lines(read(t, c.text))
		got = got[strings.Index(got, " NS ns1.host.test.\n")+len(" NS ns1.host.test.\n"):]
		if got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.why, got, c.want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a A 192.0.2.1\n", "shop.zone:4: there is no TTL"},
		{"a 60 A 192.0.2.256\n", `shop.zone:4: A record: "192.0.2.256" is no IPv4 address`},
		{"a 60 CH TXT x\n", "shop.zone:4: class CH, where the zone is of class IN"},
		{"a 60 NOPE x\n", `shop.zone:4: unknown record type "NOPE"`},
		{"@ 60 SOA ns1 hostmaster 8 3600 900 604800 300\n", "shop.zone:4: a second SOA record"},
		{"a 60 SOA ns1 hostmaster 8 3600 900 604800 300\n", "shop.zone:4: an SOA record at"},
		{"a 60 CNAME b\n\nA 60 TXT c\n", `shop.zone:6: TXT record beside a CNAME at "A.shop.test."`},
		{"a 60 CNAME b\na 60 CNAME c\n", "shop.zone:5: a second CNAME record"},
		{"a 60 MX 10\n", "shop.zone:4: MX record: something is missing"},
		{"a 60 MX 10 b c\n", `shop.zone:4: MX record: "c" is too much`},
		{"a 60 TXT \"open\n", "shop.zone:4: a quoted string does not end"},
		{"a 60 A ( 192.0.2.1\n\n", "shop.zone:4: a parenthesis is not closed"},
		{"a 60 A 192.0.2.1 )\n", "shop.zone:4: a closing parenthesis"},
		{"a 60 TYPE65280 \\# 3 0102\n", `shop.zone:4: TYPE65280 record: \# says 3 octets, and there are 2`},
		{"a 60 AXFR x\n", "shop.zone:4: AXFR is no type"},
		{"$GENERATE 1-1000000 h$ 60 A 192.0.2.1\n", "shop.zone:4: $GENERATE 1-1000000 makes more than 65536 records"},
		{"$GENERATE 5-1 h$ 60 A 192.0.2.1\n", "shop.zone:4: $GENERATE"},
		{"$INCLUDE ../../etc/passwd\n", `shop.zone:4: $INCLUDE "../../etc/passwd" leaves the folder`},
		{"$INCLUDE /etc/passwd\n", `shop.zone:4: $INCLUDE "/etc/passwd" leaves the folder`},
		{"$INCLUDE gone.inc\n", `shop.zone:4: $INCLUDE "gone.inc"`},
		{"$INCLUDE self.inc\n", "self.inc:1: $INCLUDE \"self.inc\": more than 8 files deep"},
		{"$INCLUDE bad.inc\n", "bad.inc:2: A record"},
		{"$NOPE\n", "shop.zone:4: unknown directive"},
		{strings.Repeat("a", 64) + " 60 A 192.0.2.1\n", "shop.zone:4: "},
		{"a 60 TXT " + strings.Repeat("\""+strings.Repeat("x", 255)+"\" ", 257) + "\n", "shop.zone:4: TXT record: it is longer than 65535 octets"},
	} {
		text := "@ 60 IN SOA ns1 hostmaster 7 3600 900 604800 300\n@ 60 NS ns1.host.test.\n\n" + c.text
		if strings.Contains(c.want, "no TTL") {
			text = "; nothing\n; with\n; a TTL\n" + c.text
		}
		z, err := Read(strings.NewReader(text), "shop.zone", Options{Origin: shop, Include: fstest.MapFS{
			"self.inc": {Data: []byte("$INCLUDE self.inc\n")}, "bad.inc": {Data: []byte("a 60 A 192.0.2.1\nb 60 A x\n")}}})
		if err == nil {
			t.Errorf("%.60q was read as\n%s", c.text, lines(z))
		} else if !strings.HasPrefix(err.Error(), c.want) || freehold.KindOf(err) != freehold.KindInvalid {
			t.Errorf("%.60q: %v, want %q", c.text, err, c.want)
		}
	}
}

// TestIncludeStaysInside: a link that leads out of the folder is no way out.
func TestIncludeStaysInside(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret")
	for path, text := range map[string]string{outside: "s TXT secret\n", filepath.Join(dir, "shop.zone"): head + "$INCLUDE sub/more.inc\n$INCLUDE link.inc\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sub", "more.inc"), []byte("in A 192.0.2.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.inc")); err != nil {
		t.Fatal(err)
	}
	_, err := ReadFile(filepath.Join(dir, "shop.zone"), Options{Origin: shop})
	if err == nil || !strings.HasPrefix(err.Error(), `shop.zone:5: $INCLUDE "link.inc"`) {
		t.Errorf("a link out of the folder: %v", err)
	}
}

// TestInclude: after an included file origin and owner are what they were.
func TestInclude(t *testing.T) {
	z, err := Read(strings.NewReader(head+"a A 192.0.2.1\n$INCLUDE more.inc sub\n TXT \"of a\"\nb TXT \"b\"\n"), "shop.zone", Options{Origin: shop,
		Include: fstest.MapFS{"more.inc": {Data: []byte("x A 192.0.2.2\n$ORIGIN deep.shop.test.\ny A 192.0.2.3\n")}}})
	if err != nil {
		t.Fatal(err)
	}
	got := lines(z)
	for _, want := range []string{"a 3600 IN TXT \"of a\"\n", "b 3600 IN TXT \"b\"\n", "x.sub 3600 IN A 192.0.2.2\n", "y.deep 3600 IN A 192.0.2.3\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestBounds(t *testing.T) {
	text := head + "a TXT x\nb TXT y\n"
	if _, err := Read(strings.NewReader(text), "shop.zone", Options{Origin: shop, MaxRecords: 3}); err == nil || !strings.Contains(err.Error(), "more than 3 records") {
		t.Errorf("records: %v", err)
	}
	if _, err := Read(strings.NewReader(text), "shop.zone", Options{Origin: shop, MaxBytes: 20}); err == nil || !strings.Contains(err.Error(), "larger than 20 octets") {
		t.Errorf("octets: %v", err)
	}
}

func TestNotes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a TXT x\n", ""},
		{"b.other. TXT x\n", "shop.zone:4: \"b.other.\" is outside the zone and was left out, as servers do."},
		{"l TXT \"" + strings.Repeat("x", 300) + "\"\n", "shop.zone:4: A string of \"l\" is longer than 255 octets, and was split."},
		{"@ NS in\n", "shop.zone:4: The name server \"in.shop.test.\" lies in the zone and has no address there."},
		{"@ NS in\nin CNAME x\n", "shop.zone:4: The name server \"in.shop.test.\" is a CNAME: servers refuse such a zone."},
		{"@ DS 1 13 2 " + strings.Repeat("00", 32) + "\n", "shop.zone:4: A DS record at the origin belongs to the parent zone: servers refuse it."},
	} {
		z := read(t, head+c.text)
		var got []string
		for _, n := range z.Notes {
			got = append(got, n.Place+": "+n.Text.String())
		}
		if s := strings.Join(got, "\n"); s != c.want {
			t.Errorf("%.40q: %s, want %s", c.text, s, c.want)
		}
	}
	z := read(t, head+"www ALIAS target.test.\nx 60 AWS ALIAS \"A z1 false\" ; here\n")
	if len(z.Foreign) != 2 || z.Foreign[0].Kind != "ALIAS" || z.Foreign[0].Value != "target.test." || z.Foreign[0].TTL != 3600 || z.Foreign[1].TTL != 60 {
		t.Errorf("foreign records %+v", z.Foreign)
	}
	if z := read(t, head+"www A 192.0.2.1 ; the site\n"); z.Comments[z.Records[2]] != "the site" {
		t.Errorf("comments %v", z.Comments)
	}
}

// TestPanels reads what panels and providers write.
func TestPanels(t *testing.T) {
	for _, c := range []struct {
		panel, text, want string
		foreign, notes    int
	}{
		{"Windows DNS", ";\n;  Database file shop.test.dns for Default zone scope in zone shop.test.\n;\n\n@                       IN  SOA ns1.host.test. hostmaster.shop.test. (\n\t\t\t7            ; serial number\n\t\t\t900          ; refresh\n\t\t\t600          ; retry\n\t\t\t86400        ; expire\n\t\t\t3600       ) ; default TTL\n\n;\n;  Zone NS records\n;\n\n@                       NS\tns1.host.test.\n@                       0\tWINS\t192.0.2.9\nwww                     [AGE:3659121] 1200\tA\t192.0.2.1\n_ldap._tcp              600\tSRV\t0 100 389\tdc.shop.test.\n",
			"_ldap._tcp 600 IN SRV 0 100 389 dc.shop.test.\nwww 1200 IN A 192.0.2.1\n", 1, 0},
		{"cPanel", "; cPanel first:11.25.0-STABLE_46156 (update_time):1774000000 Cpanel::ZoneFile::VERSION:1.3 hostname:server.host.test latest:11\n; Zone file for shop.test\n$TTL 14400\nshop.test.      86400   IN      SOA     ns1.host.test.   root.server.host.test.       (\n                2026112500      ;Serial Number\n                3600    ;refresh\n                1800    ;retry\n                1209600 ;expire\n                86400)\nshop.test.      86400   IN      NS      ns1.host.test.\n\n\nwww     14400   IN      CNAME   shop.test.\ndefault._domainkey\t14400\tIN\tTXT\tv=DKIM1\\;\\ k=rsa\n",
			"default._domainkey 14400 IN TXT \"v=DKIM1; k=rsa\"\nwww 14400 IN CNAME shop.test.\n", 0, 0},
		{"OVH", "$TTL 3600\n@\tIN SOA dns200.anycast.test. tech.host.test. (2026112500 86400 3600 3600000 60)\n        IN NS     ns1.host.test.\n        IN MX     1 mx1.host.test.\nwww     IN A      192.0.2.1\nwww     IN TXT    \"3|welcome\"\n",
			"@ 3600 IN MX 1 mx1.host.test.\nwww 3600 IN A 192.0.2.1\nwww 3600 IN TXT \"3|welcome\"\n", 0, 0},
		{"Cloudflare", ";;\n;; Domain:     shop.test.\n;; Exported:   2026-11-25 09:00:00\n;;\n\n;; SOA Record\nshop.test\t3600\tIN\tSOA\tns1.host.test. dns.host.test. 7 10000 2400 604800 3600\n\n;; NS Records\nshop.test.\t86400\tIN\tNS\tns1.host.test.\n\n;; A Records\nwww.shop.test.\t1\tIN\tA\t192.0.2.1 ; cf_tags=cf-proxied:true\n",
			"www 1 IN A 192.0.2.1\n", 0, 2},
	} {
		origin := shop
		z, err := Read(strings.NewReader(c.text), "export", Options{Origin: origin})
		if err != nil {
			t.Errorf("%s: %v", c.panel, err)
			continue
		}
		got := lines(z)
		got = got[strings.Index(got, " NS ns1.host.test.\n")+len(" NS ns1.host.test.\n"):]
		if got != c.want || len(z.Foreign) != c.foreign || len(z.Notes) != c.notes {
			t.Errorf("%s: %d foreign, %d notes,\n%swant\n%s", c.panel, len(z.Foreign), len(z.Notes), got, c.want)
		}
	}
}

func TestWriteIsMadeToBeDiffed(t *testing.T) {
	z := read(t, head+"www 60 A 192.0.2.1 ; the site\nb TXT x\na MX 10 b\nb RRSIG TXT 13 3 3600 20270101000000 20260101000000 1 shop.test. AAAA\nv ALIAS w.\n")
	z.Coverage, z.Reasons = freehold.CoverageObserved, []freehold.Text{freehold.T("A\x1b[31m file.")}
	var content, again, signer bytes.Buffer
	for _, w := range []struct {
		b    *bytes.Buffer
		part Part
	}{{&content, Content}, {&again, Content}, {&signer, Signer}} {
		if err := Write(w.b, z, w.part); err != nil {
			t.Fatal(err)
		}
	}
	want := "; PARTIAL: records are missing or may be\n; zone shop.test., coverage: observed\n; A\uFFFD[31m file.\n$ORIGIN shop.test.\n$TTL 3600\n" +
		"@\tIN\tSOA\tns1.shop.test. hostmaster.shop.test. 7 3600 900 604800 300\n@\tIN\tNS\tns1.host.test.\na\tIN\tMX\t10 b.shop.test.\nb\tIN\tTXT\t\"x\"\n" +
		"www\t60\tIN\tA\t192.0.2.1 ; the site\n; not a DNS record: v\t3600\tALIAS\tw.\n"
	if content.String() != want || again.String() != want {
		t.Errorf("got\n%swant\n%s", content.String(), want)
	}
	if s := signer.String(); !strings.Contains(s, "\nb\tIN\tRRSIG\tTXT 13") || strings.Contains(s, "\tMX\t") {
		t.Errorf("the signer's part:\n%s", s)
	}
}

// FuzzRead holds the reader to its law: what it accepts is written in a form
// that reads back to the same records.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"a A 192.0.2.1\n", "$GENERATE 1-3 a$ TXT ${0,2,x}\n", "x ( TXT \"a\\;\\000\" ; c\n ) \n", "h HTTPS 1 . alpn=h2\n",
		"n NSEC3 1 0 0 - 0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM A RRSIG\n", "u TYPE9 \\# 1 00\n", "l LOC 51 30 12.748 N 0 7 39.611 W 0.00m\n", "c CAA 0 issue \"x\"\n", "w WKS 192.0.2.1 6 25\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		z, err := Read(strings.NewReader(head+text), "fuzz.zone", Options{Origin: shop, MaxRecords: 5000})
		if err != nil {
			if freehold.KindOf(err) != freehold.KindInvalid || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Fatalf("error %q", err)
			}
			return
		}
		var b bytes.Buffer
		if err := Write(&b, z, All); err != nil {
			t.Fatal(err)
		}
		back, err := Read(bytes.NewReader(b.Bytes()), "back.zone", Options{Origin: shop})
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		if d := z.Diff(back, freehold.DiffRules{SOA: freehold.SOAExact, DNSSEC: true}); len(d.Changes) > 0 {
			t.Fatalf("changed by writing: %+v\n%s", d.Changes, b.Bytes())
		}
	})
}

// FuzzData: any rdata of any type is printed so that it reads back to its octets.
func FuzzData(f *testing.F) {
	f.Add(uint16(1), []byte{192, 0, 2, 1})
	f.Add(uint16(64), []byte{0, 1, 0, 0, 1, 0, 3, 2, 'h', '2'})
	f.Add(uint16(257), []byte("\x00\x05issuex"))
	f.Add(uint16(45), []byte{10, 3, 2, 1, 'a', 0, 1})
	f.Fuzz(func(t *testing.T, rrtype uint16, data []byte) {
		r := freehold.Record{Owner: shop, Class: freehold.ClassIN, Type: freehold.RRType(rrtype), Data: string(data)}
		if !r.Valid() {
			return
		}
		text := Data(r.Type, r.Data)
		back, err := ParseData(r.Type, text, "")
		if err != nil || back != r.Data {
			t.Fatalf("%s %q is printed %q and read as %q, %v", r.Type, r.Data, text, back, err)
		}
	})
}
