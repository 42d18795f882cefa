package apizone

import (
	"slices"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/dnsexport"
)

func listing(t testing.TB) *Listing {
	t.Helper()
	n, err := freehold.ParseName("suite.test")
	if err != nil {
		t.Fatal(err)
	}
	return New("Test", n, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))
}

func TestOwners(t *testing.T) {
	l := listing(t)
	for text, want := range map[string]string{"@": "suite.test.", "": "suite.test.", ".": "suite.test.", "www": "www.suite.test.", "*.apps": "*.apps.suite.test.", "a.suite.test.": "a.suite.test.",
		"suite.test": "suite.test.suite.test.", "other.test.": "", "notsuite.test.": "", "a..b": ""} {
		if o, err := l.Owner(text); err == nil != (want != "") || err == nil && o.String() != want {
			t.Errorf("%q: %q %v", text, o, err)
		}
	}
	for text, want := range map[string]string{"suite.test": "suite.test.", "WWW.suite.test.": "WWW.suite.test.", "notsuite.test": "", "test": "", "": ""} {
		if o, err := l.FullOwner(text); err == nil != (want != "") || err == nil && o.String() != want {
			t.Errorf("%q whole: %q %v", text, o, err)
		}
	}
}

// TestNothingInSilence: what is not a record of the zone is an error.
func TestNothingInSilence(t *testing.T) {
	l := listing(t)
	for _, c := range []struct{ kind, text string }{{"NEWKIND", "1"}, {"A", "192.0.2.256"}, {"A", ""}, {"AXFR", ""}, {"MX", "mail"}, {"TXT", `"open`}} {
		if err := l.Add("", l.Origin, c.kind, 300, c.text); freehold.KindOf(err) != freehold.KindUnavailable {
			t.Errorf("%v: %v", c, err)
		}
	}
	if err := l.AddData("", l.Origin, freehold.TypeA, 300, "123"); freehold.KindOf(err) != freehold.KindUnavailable {
		t.Error(err)
	}
	if l.Len() != 0 {
		t.Errorf("%d records", l.Len())
	}
	for _, err := range []error{l.Counted(3, 4), l.Page("2"), l.Page("2"), l.Once("x"), l.Once("x")} {
		if err != nil && freehold.KindOf(err) != freehold.KindUnavailable {
			t.Error(err)
		}
	}
	if l.Counted(4, 4) != nil || l.Page("2") == nil || l.Once("x") == nil {
		t.Error("a page or an entry came twice and passed")
	}
}

func TestText(t *testing.T) {
	for _, raw := range []string{"", "v=spf1 -all", strings.Repeat("x", 255), strings.Repeat("y", 256), strings.Repeat("é", 400)} {
		data := Text(raw)
		if r := (freehold.Record{Owner: freehold.RootOwner, Class: freehold.ClassIN, Type: freehold.TypeTXT, Data: data}); !r.Valid() || Joined(data) != raw {
			t.Errorf("%d octets: %q", len(raw), data)
		}
		if why := OneText(freehold.RRset{Type: freehold.TypeTXT, Data: []string{data}}); !why.IsZero() {
			t.Errorf("%d octets: %s", len(raw), why)
		}
	}
	two := freehold.RRset{Type: freehold.TypeTXT, Data: []string{"\x03two\x07strings"}}
	if OneText(two).IsZero() || Plain(two).IsZero() || Plain(freehold.RRset{Type: freehold.TypeTXT, Data: []string{"\x01\xff"}}).IsZero() || !Plain(freehold.RRset{Type: freehold.TypeA, Data: []string{"\x01\xff"}}).IsZero() {
		t.Error("what cannot be held passes")
	}
}

func TestWhole(t *testing.T) {
	for _, c := range []struct {
		t    freehold.RRType
		data string
		want bool
	}{
		{freehold.TypeTLSA, "\x03\x01\x01\xab", true}, {freehold.TypeTLSA, "\x03\x01\x01", false}, {freehold.TypeSSHFP, "\x04\x02", false}, {freehold.TypeDS, "\x30\x39\x0d\x02", false},
		{freehold.TypeURI, "\x00\x0a\x00\x01x", true}, {freehold.TypeURI, "\x00\x0a\x00\x01", false}, {freehold.TypeCAA, "\x00\x05issueca.example", true}, {freehold.TypeCAA, "\x00\x05issue", true},
		{freehold.TypeCAA, "\x00\xffissue", false}, {freehold.TypeCAA, "\x00\x00", false}, {freehold.TypeCAA, "\x00", false}, {freehold.TypeA, "", true},
	} {
		if got := Whole(freehold.RRset{Type: c.t, Data: []string{c.data}}); got != c.want {
			t.Errorf("%s %q: %v", c.t, c.data, got)
		}
	}
}

// TestEdit: as few edits as there can be, and never an empty set on the way.
func TestEdit(t *testing.T) {
	l := listing(t)
	entry := func(id, data string, ttl uint32) Entry {
		return Entry{id, freehold.Record{Owner: l.Origin, Class: freehold.ClassIN, Type: freehold.TypeA, TTL: ttl, Data: data}}
	}
	entries := []Entry{entry("1", "aaaa", 300), entry("2", "bbbb", 300), {"9", freehold.Record{Owner: l.Origin, Type: freehold.TypeTXT, Data: "\x01x"}}}
	for _, c := range []struct {
		what string
		data []string
		ttl  uint32
		want string
	}{
		{"the same", []string{"bbbb", "aaaa"}, 300, ""},
		{"one other", []string{"aaaa", "cccc"}, 300, "2=cccc"},
		{"one more", []string{"aaaa", "bbbb", "cccc"}, 300, "+cccc"},
		{"one less", []string{"bbbb"}, 300, "-1"},
		{"none", nil, 0, "-1 -2"},
		{"another TTL", []string{"aaaa", "bbbb"}, 600, "1=aaaa 2=bbbb"},
		{"another TTL and one less", []string{"bbbb"}, 600, "2=bbbb -1"},
		{"all others and one more", []string{"cccc", "dddd", "eeee"}, 300, "1=cccc 2=dddd +eeee"},
	} {
		e := Group(entries).Edit(dnsexport.Change{Set: freehold.RRset{Owner: l.Origin, Type: freehold.TypeA, TTL: c.ttl, Data: c.data}})
		var got []string
		for _, u := range e.Update {
			got = append(got, u.ID+"="+u.Data)
		}
		for _, a := range e.Add {
			got = append(got, "+"+a.Data)
		}
		for _, d := range e.Drop {
			got = append(got, "-"+d.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.what, got, c.want)
		}
	}
	if slices.ContainsFunc(entries, func(e Entry) bool { return e.TTL == 600 }) {
		t.Error("the entries were changed")
	}
}
