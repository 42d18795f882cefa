package freehold

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// owner reads an absolute name of a test.
func owner(t testing.TB, s string) Owner {
	t.Helper()
	o, err := ParseOwner(s, "")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestParseOwner(t *testing.T) {
	origin := Owner("\x04shop\x04test\x00")
	for _, c := range []struct{ text, wire, shown string }{
		{"www", "\x03www\x04shop\x04test\x00", "www.shop.test."},
		{"WWW.", "\x03WWW\x00", "WWW."},
		{"@", string(origin), "shop.test."},
		{".", "\x00", "."},
		{`a\.b.`, "\x03a.b\x00", `a\.b.`},
		{`\000\255.`, "\x02\x00\xff\x00", `\000\255.`},
		{"\xe9t\xe9.", "\x03\xe9t\xe9\x00", `\233t\233.`},
		{`\@.`, "\x01@\x00", `\@.`},
		{strings.Repeat("a", 63) + ".", "\x3f" + strings.Repeat("a", 63) + "\x00", strings.Repeat("a", 63) + "."},
		{strings.Repeat("a", 64) + ".", "", ""},
		{strings.Repeat("abcdefg.", 32), "", ""},
		{"a..b.", "", ""}, {".a", "", ""}, {"", "", ""}, {`a\`, "", ""}, {`a\25.`, "", ""}, {`\256.`, "", ""},
	} {
		o, err := ParseOwner(c.text, origin)
		if string(o) != c.wire || (err != nil) != (c.wire == "") {
			t.Errorf("ParseOwner(%q) = %q, %v; want %q", c.text, o, err, c.wire)
		}
		if err == nil && o.String() != c.shown {
			t.Errorf("ParseOwner(%q) is shown as %q, want %q", c.text, o, c.shown)
		}
		if err != nil && KindOf(err) != KindInvalid {
			t.Errorf("ParseOwner(%q): %v is not of KindInvalid", c.text, err)
		}
	}
}

func TestOwnerRelations(t *testing.T) {
	zone := owner(t, "shop.test.")
	for _, c := range []struct {
		name     string
		within   bool
		relative string
	}{
		{"shop.test.", true, "@"}, {"WWW.shop.test.", true, "WWW"}, {"WWW.Shop.TEST.", true, "WWW.Shop.TEST."}, {"a.b.shop.test.", true, "a.b"},
		{"other.test.", false, "other.test."}, {"test.", false, "test."}, {`x\004shop.test.`, false, `x\004shop.test.`},
	} {
		o := owner(t, c.name)
		if o.Within(zone) != c.within || o.Relative(zone) != c.relative {
			t.Errorf("%q: within %v, relative %q", c.name, o.Within(zone), o.Relative(zone))
		}
	}
	if !owner(t, "x.").Within(RootOwner) || owner(t, "x.").Relative(RootOwner) != "x." {
		t.Error("all names are within the root, and absolute there")
	}
	h, ok := owner(t, "WWW.shop.test.").Host()
	if !ok || h.ASCII() != "www.shop.test" || OwnerOf(h) != owner(t, "www.shop.test.") {
		t.Errorf("Host: %v %v", h, ok)
	}
	for _, odd := range []string{".", `a\.b.test.`, `a\000.test.`} {
		if h, ok := owner(t, odd).Host(); ok {
			t.Errorf("%q became the host %q", odd, h)
		}
	}
}

// TestCanonicalOrder is the example of RFC 4034 section 6.1, and labels with the
// octets that end labels in sort keys.
func TestCanonicalOrder(t *testing.T) {
	var want []Owner
	for _, s := range []string{"example.", "a.example.", "yljkjljk.a.example.", "Z.a.example.", "zABC.a.EXAMPLE.", "z.example.", `\001.z.example.`, "*.z.example.", `\200.z.example.`, "zz.example.", `\000.zz.example.`, `b.\000.zz.example.`, `zz\000.example.`, `zz\000\001.example.`, `zz\001.example.`} {
		want = append(want, owner(t, s))
	}
	got := slices.Clone(want)
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		r.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		slices.SortFunc(got, Owner.Compare)
		if !slices.Equal(got, want) {
			t.Fatalf("Compare orders %q", got)
		}
		r.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		slices.SortFunc(got, func(a, b Owner) int { return strings.Compare(a.sortKey(), b.sortKey()) })
		if !slices.Equal(got, want) {
			t.Fatalf("the keys order %q", got)
		}
	}
}

func FuzzOwner(f *testing.F) {
	f.Add(`a\.b.c`, "\x01x\x00")
	f.Add("*.\xff", "\x00")
	f.Fuzz(func(t *testing.T, text, other string) {
		o, err := ParseOwner(text, RootOwner)
		if err != nil {
			return
		}
		if !o.Valid() {
			t.Fatalf("%q became the bad name %q", text, o)
		}
		if back, err := ParseOwner(o.String(), ""); err != nil || back != o {
			t.Fatalf("%q → %q → %q, %v", text, o, back, err)
		}
		p, n := ReadOwner(other)
		if n == 0 {
			return
		}
		a, b := sign(o.Compare(p)), strings.Compare(o.sortKey(), p.sortKey())
		if a != b || a != -sign(p.Compare(o)) || (a == 0) != o.Equal(p) {
			t.Fatalf("%q against %q: %d by labels, %d by keys", o, p, a, b)
		}
	})
}

func sign(n int) int { return min(1, max(-1, n)) }

func TestRecordValid(t *testing.T) {
	o := owner(t, "shop.test.")
	for _, c := range []struct {
		rrtype RRType
		data   string
		valid  bool
	}{
		{TypeA, "\xc0\x00\x02\x01", true}, {TypeA, "\xc0\x00\x02", false}, {TypeA, "", false},
		{TypeMX, "\x00\x0a\x02mx\x00", true}, {TypeMX, "\x00\x0a\x02mx", false}, {TypeMX, "\x00\x0a\x02mx\x00x", false},
		{TypeNS, "\xc0\x0c", false}, {TypeTXT, "\x03abc", true}, {TypeTXT, "\x04abc", false}, {TypeTXT, "", false}, {TypeTXT, "\x00", true},
		{TypeNAPTR, "\x00\x01\x00\x02\x01S\x00\x00\x00", true}, {TypeNAPTR, "\x00\x01\x00\x02\x01S\x00\x00", false},
		{65280, "", true}, {65280, "anything", true}, {TypeAXFR, "", false}, {TypeHTTPS, "\x00\x01\x00\x00\x03\x00\x02\x01\xbb", true},
	} {
		if r := (Record{Owner: o, Class: ClassIN, Type: c.rrtype, Data: c.data}); r.Valid() != c.valid {
			t.Errorf("%s %q: valid %v", c.rrtype, c.data, r.Valid())
		}
	}
	if got := (Record{Type: TypeTXT, Data: "\x01a\x00\x02bc"}).Strings(); !slices.Equal(got, []string{"a", "", "bc"}) {
		t.Errorf("Strings: %q", got)
	}
}

func TestRRTypeNames(t *testing.T) {
	for n := range 0x10000 {
		p, ok := ParseRRType(strings.ToLower(RRType(n).String()))
		if !ok || p != RRType(n) {
			t.Fatalf("type %d is written %s and read %d", n, RRType(n), p)
		}
	}
	for _, bad := range []string{"", "TYPE", "TYPE65536", "TYPE-1", "ALIAS"} {
		if p, ok := ParseRRType(bad); ok {
			t.Errorf("%q is read as type %d", bad, p)
		}
	}
}

// zone of a test: "owner ttl TYPE data", data being raw octets.
func testZone(t testing.TB, records ...Record) *Zone {
	return &Zone{Origin: owner(t, "shop.test."), Class: ClassIN, Records: records}
}

func rec(t testing.TB, name string, ttl uint32, rrtype RRType, data string) Record {
	return Record{Owner: owner(t, name), Class: ClassIN, TTL: ttl, Type: rrtype, Data: data}
}

const soaTail = "\x00\x00\x0e\x10\x00\x00\x03\x84\x00\x09\x3a\x80\x00\x00\x0e\x10"

func soaData(serial string) string { return "\x02ns\x00\x01h\x00" + serial + soaTail }

func TestZoneSortAndSets(t *testing.T) {
	z := testZone(t,
		rec(t, "www.shop.test.", 30, TypeA, "\x00\x00\x00\x02"),
		rec(t, "shop.test.", 60, TypeNS, "\x02ns\x00"),
		rec(t, "WWW.shop.test.", 60, TypeA, "\x00\x00\x00\x01"),
		rec(t, "shop.test.", 60, TypeSOA, soaData("\x00\x00\x00\x07")),
		rec(t, "shop.test.", 60, TypeA, "\x00\x00\x00\x01"),
		rec(t, "shop.test.", 60, TypeNS, "\x02ns\x00"),
		rec(t, "shop.test.", 60, TypeRRSIG, "any"),
	)
	z.Sort()
	var got []string
	for s := range z.RRsets() {
		got = append(got, s.Owner.Relative(z.Origin)+" "+s.Type.String()+strings.Repeat("+", len(s.Data)))
		if s.Type == TypeA && len(s.Data) == 2 && s.TTL != 30 {
			t.Errorf("the TTL of a set is its lowest, not %d", s.TTL)
		}
	}
	if want := []string{"@ SOA+", "@ A+", "@ NS+", "@ RRSIG+", "WWW A++"}; !slices.Equal(got, want) {
		// A (1) stands before NS (2): types go by number behind the SOA.
		t.Errorf("sets %q, want %q", got, want)
	}
	if serial, ok := z.Serial(); !ok || serial != 7 {
		t.Errorf("serial %d %v", serial, ok)
	}
	content, signer := z.Split()
	if len(content) != 5 || len(signer) != 1 || signer[0].Type != TypeRRSIG {
		t.Errorf("content %d, signer's %d", len(content), len(signer))
	}
	if z.Counts()[TypeA] != 3 {
		t.Errorf("counts %v", z.Counts())
	}
}

func TestZoneDiff(t *testing.T) {
	base := func() *Zone {
		return testZone(t,
			rec(t, "shop.test.", 60, TypeSOA, soaData("\x00\x00\x00\x07")),
			rec(t, "shop.test.", 60, TypeNS, "\x02ns\x00"),
			rec(t, "a.shop.test.", 60, TypeA, "\x00\x00\x00\x01"),
			rec(t, "a.shop.test.", 60, TypeA, "\x00\x00\x00\x02"),
			rec(t, "b.shop.test.", 60, TypeCNAME, "\x01a\x00"),
			rec(t, "b.shop.test.", 60, TypeRRSIG, "old"),
		)
	}
	for _, c := range []struct {
		why    string
		change func(*Zone)
		rules  DiffRules
		want   string // kind owner type, by set
	}{
		{"alike", func(*Zone) {}, DiffRules{}, ""},
		{"another order", func(z *Zone) { slices.Reverse(z.Records) }, DiffRules{}, ""},
		{"case is no difference", func(z *Zone) { z.Records[4].Data = "\x01A\x00"; z.Records[4].Owner = owner(t, "B.SHOP.test.") }, DiffRules{}, ""},
		{"a record twice is one", func(z *Zone) { z.Records = append(z.Records, z.Records[1]) }, DiffRules{}, ""},
		{"data", func(z *Zone) { z.Records[3].Data = "\x00\x00\x00\x03" }, DiffRules{}, "changed a A -1 +1"},
		{"one more in a set", func(z *Zone) { z.Records = append(z.Records, rec(t, "a.shop.test.", 60, TypeA, "\x00\x00\x00\x09")) }, DiffRules{}, "changed a A -0 +1"},
		{"gone", func(z *Zone) { z.Records = slices.Delete(z.Records, 4, 5) }, DiffRules{}, "removed b CNAME -1 +0"},
		{"new", func(z *Zone) { z.Records = append(z.Records, rec(t, "c.shop.test.", 60, TypeTXT, "\x01x")) }, DiffRules{}, "added c TXT -0 +1"},
		{"last one gone", func(z *Zone) { z.Records = z.Records[:1] }, DiffRules{}, "removed @ NS -1 +0;removed a A -2 +0;removed b CNAME -1 +0"},
		{"TTL", func(z *Zone) { z.Records[1].TTL = 30 }, DiffRules{}, "ttl @ NS -0 +0"},
		{"TTL ignored", func(z *Zone) { z.Records[1].TTL = 30 }, DiffRules{IgnoreTTL: true}, ""},
		{"serial", func(z *Zone) { z.Records[0].Data = soaData("\x00\x00\x00\x08") }, DiffRules{}, ""},
		{"serial counts", func(z *Zone) { z.Records[0].Data = soaData("\x00\x00\x00\x08") }, DiffRules{SOA: SOAExact}, "changed @ SOA -1 +1"},
		{"SOA's name server", func(z *Zone) { z.Records[0].Data = "\x02n2" + z.Records[0].Data[3:] }, DiffRules{}, "changed @ SOA -1 +1"},
		{"SOA ignored", func(z *Zone) { z.Records[0].Data = "\x02n2" + z.Records[0].Data[3:] }, DiffRules{SOA: SOAIgnore}, ""},
		{"signatures", func(z *Zone) { z.Records[5].Data = "new" }, DiffRules{}, ""},
		{"signatures count", func(z *Zone) { z.Records[5].Data = "new" }, DiffRules{DNSSEC: true}, "changed b RRSIG -1 +1"},
		{"apex NS ignored", func(z *Zone) { z.Records[1].Data = "\x02n2\x00" }, DiffRules{IgnoreApexNS: true}, ""},
	} {
		a, b := base(), base()
		c.change(b)
		var got []string
		d := a.Diff(b, c.rules)
		for _, ch := range d.Changes {
			s := ch.Set()
			got = append(got, ch.Kind.String()+" "+s.Owner.Relative(a.Origin)+" "+s.Type.String()+" -"+string('0'+rune(len(ch.OnlyA)))+" +"+string('0'+rune(len(ch.OnlyB))))
		}
		if s := strings.Join(got, ";"); s != c.want {
			t.Errorf("%s: %q, want %q", c.why, s, c.want)
		}
	}
}
