package freehold

import (
	"errors"
	"strings"
	"testing"
)

func TestParseName(t *testing.T) {
	for _, c := range []struct{ in, ascii, unicode, tld string }{
		{"example.fr", "example.fr", "example.fr", "fr"},
		{" Example.FR. ", "example.fr", "example.fr", "fr"},
		{"boulangerie-dupont.co.uk", "boulangerie-dupont.co.uk", "boulangerie-dupont.co.uk", "uk"},
		{"ÉCOLE-café.fr", "xn--cole-caf-90ai.fr", "école-café.fr", "fr"},
		{"xn--caf-dma.ch", "xn--caf-dma.ch", "café.ch", "ch"},
		{"例え.jp", "xn--r8jz45g.jp", "例え.jp", "jp"},
		{"github.io", "github.io", "github.io", "io"}, // a private suffix is a name its registry knows
		{"xn--80ak6aa92e.com", "xn--80ak6aa92e.com", "аррӏе.com", "com"},
		{"xn--pple-43d.com", "xn--pple-43d.com", "xn--pple-43d.com", "com"}, // a look-alike is shown as it is spelt
		{"example.notatld", "example.notatld", "example.notatld", "notatld"},
	} {
		n, err := ParseName(c.in)
		if err != nil {
			t.Errorf("ParseName(%q): %v", c.in, err)
			continue
		}
		if n.ASCII() != c.ascii || n.Unicode() != c.unicode || n.TLD() != c.tld {
			t.Errorf("ParseName(%q) = %q, %q, TLD %q; want %q, %q, TLD %q", c.in, n.ASCII(), n.Unicode(), n.TLD(), c.ascii, c.unicode, c.tld)
		}
		back, err := ParseName(n.ASCII())
		if err != nil || back != n {
			t.Errorf("ParseName(%q) again = %v, %v; want the same name", n.ASCII(), back, err)
		}
	}
}

func TestParseNameRefuses(t *testing.T) {
	for _, c := range []struct{ in, msg, hint string }{
		{"", "empty", ""},
		{"localhost", "no dot", ""},
		{"com", "public suffix", ""},
		{"co.uk", "public suffix", ""},
		{"www.example.fr", "inside a domain", `"example.fr"`},
		{"foo.github.io", "inside a domain", `"github.io"`},
		{"192.0.2.1", "IP address", ""},
		{"[2001:db8::1]", "IP address", ""},
		{"192.0.2.0/24", "IP network", ""},
		{"moi@example.fr", "mail address", ""},
		{"https://example.fr/", "not a name", ""},
		{"a..fr", "empty label", ""},
		{".fr", "empty label", ""},
		{strings.Repeat("a", 64) + ".fr", "63 octets", ""},
		{strings.Repeat("é", 60) + ".fr", "63 octets", ""},
		{strings.Repeat("a.", 130) + "fr", "253 octets", ""},
		{strings.Repeat("a", 5000), "253 octets", ""},
		{"аpple.com", "mixes scripts", "xn--"}, // Cyrillic а
		{"x／y.example.ch", `stand for "x/y.example.ch"`, ""},
		{"１９２.0.2.1", `stand for "192.0.2.1"`, ""},
		{"⑴a.ch", `stand for "(1)a.ch"`, ""},
		{"_dmarc.example.fr", "inside a domain", ""},
		{"exa_mple.fr", "letters, digits and hyphens", ""},
		{"-example.fr", "letters, digits and hyphens", ""},
		{"exam ple.fr", "character", ""},
		{"exam\x1b[31mple.fr", "control characters", ""},
		{"caf\xe9.fr", "not UTF-8", "UTF-8"},
	} {
		n, err := ParseName(c.in)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("ParseName(%q) = %v, %v; want an *Error", c.in, n, err)
			continue
		}
		if e.Kind != KindInvalid || !strings.Contains(e.Error(), c.msg) || !strings.Contains(HintOf(e), c.hint) {
			t.Errorf("ParseName(%q): %q (hint %q); want %q, hint %q", c.in, e.Error(), HintOf(e), c.msg, c.hint)
		}
		if strings.ContainsAny(e.Error(), "\x1b\n") || len(e.Error()) > 400 {
			t.Errorf("ParseName(%q): message is not one short harmless line: %q", c.in, e.Error())
		}
	}
}

func TestParseHost(t *testing.T) {
	for in, want := range map[string]string{
		"_dmarc.café.fr": "_dmarc.xn--caf-dma.fr",
		"*.Example.com.": "*.example.com",
		"fr":             "fr",
	} {
		h, err := ParseHost(in)
		if err != nil || h.ASCII() != want {
			t.Errorf("ParseHost(%q) = %q, %v; want %q", in, h, err, want)
		}
	}
}

func TestHostWithin(t *testing.T) {
	zone, _ := ParseHost("example.com")
	for in, want := range map[string]bool{"example.com": true, "ns1.example.com": true, "notexample.com": false, "com": false} {
		h, err := ParseHost(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Within(zone); got != want {
			t.Errorf("%q within example.com = %v, want %v", in, got, want)
		}
	}
	if (Host{}).Within(Host{}) != true || zone.Within(Host{}) {
		t.Error("nothing but itself lies within the zero host")
	}
}

func FuzzParseHost(f *testing.F) {
	for _, s := range []string{"example.fr", "école.ch", "xn--caf-dma.ch", "a..b", "*.x.y", "例え.jp", "ｅxample.com", "xn--a.b", "İ.tr", "a.b.", "ß.de", "0.0.0.0."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseHost(s)
		if err != nil {
			if strings.ContainsRune(err.Error(), '\n') {
				t.Fatalf("error of %q has two lines", s)
			}
			return
		}
		again, err := ParseHost(h.ASCII())
		if err != nil || again != h {
			t.Fatalf("ParseHost(%q) = %q; parsed again %q (%q), %v", s, h.ASCII(), again.ASCII(), again.Unicode(), err)
		}
		if len(h.ASCII()) > 253 {
			t.Fatalf("%q is longer than a name may be", h)
		}
		if n, ok := h.Registrable(); ok {
			if !n.Contains(h) {
				t.Fatalf("%q is not within its registrable name %q", h, n)
			}
			if p, err := ParseName(n.ASCII()); err != nil || p != n {
				t.Fatalf("registrable name %q of %q does not parse: %v, %v", n, s, p, err)
			}
		}
	})
}

// What was stored under an older public suffix list must stay readable.
func TestNameReadsBackWhatIsNowASuffix(t *testing.T) {
	var n Name
	if err := n.UnmarshalText([]byte("co.uk")); err != nil || n.ASCII() != "co.uk" {
		t.Errorf("co.uk read back as %q, %v", n, err)
	}
	for _, text := range []string{"com", "a..b", "x y.com"} {
		if err := n.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q read back as a name", text)
		}
	}
}
