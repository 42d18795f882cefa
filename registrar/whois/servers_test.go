package whois

import (
	"strings"
	"testing"

	"freehold"
)

func TestServer(t *testing.T) {
	cfg := Config{Servers: map[string]string{"eu": "127.0.0.1:4343", ".UK.": "Whois.Uk.Example", "co.uk": "[2001:db8::1]:43", "dk": "whois.punktum.dk"}}
	for _, c := range []struct {
		builtin bool
		name    string
		server  string
		query   string
	}{
		{false, "moulin-bleu.eu", "127.0.0.1:4343", "moulin-bleu.eu"},
		{true, "moulin-bleu.eu", "127.0.0.1:4343", "moulin-bleu.eu"},
		{false, "example.uk", "whois.uk.example:43", "example.uk"},
		{false, "example.co.uk", "[2001:db8::1]:43", "example.co.uk"},
		{false, "example.org.uk", "whois.uk.example:43", "example.org.uk"},
		{false, "example.be", "", ""},
		{true, "example.be", "whois.dns.be:43", "example.be"},
		{true, "bücher.de", "whois.denic.de:43", "-T dn,ace xn--bcher-kva.de"},
		{false, "example.dk", "whois.punktum.dk:43", "--show-handles example.dk"},
		{true, "example.com", "", ""},
	} {
		cfg.Builtin = c.builtin
		client := New(cfg)
		name := mustName(t, c.name)
		hostport, ok := client.Server(name)
		if hostport != c.server || ok != (c.server != "") {
			t.Errorf("%s: %q %t, want %q", c.name, hostport, ok, c.server)
		}
		if s, ok := client.serverFor(name); ok && s.queryFor(name) != c.query {
			t.Errorf("%s: asked as %q, want %q", c.name, s.queryFor(name), c.query)
		}
	}
}

// TestCatalogue holds servers.toml to its form: every row has a source, no TLD
// stands twice, and nothing is a guess.
func TestCatalogue(t *testing.T) {
	if builtin.Read.Year() < 2026 || len(builtin.Server) < 15 {
		t.Fatalf("read %s, %d servers", builtin.Read, len(builtin.Server))
	}
	seen := map[string]bool{}
	for _, row := range builtin.Server {
		host, err := freehold.ParseHost(row.Host)
		if err != nil || host.ASCII() != row.Host || row.Source == "" || row.Query != "" && !strings.HasSuffix(row.Query, " {name}") {
			t.Errorf("%+v: %v", row, err)
		}
		for _, tld := range row.TLDs {
			if seen[tld] {
				t.Errorf("%q stands twice", tld)
			}
			seen[tld] = true
		}
	}
	for _, row := range builtin.Dates {
		if orders[row.Order] == orderUnknown || row.Source == "" || len(row.TLDs) == 0 {
			t.Errorf("%+v", row)
		}
	}
	for _, tld := range strings.Fields("eu be it se nu lu at ch li de dk pt ie hu ro") {
		if !seen[tld] {
			t.Errorf("no server for %q", tld)
		}
	}
}

func TestParseServer(t *testing.T) {
	for _, c := range []struct{ in, suffix, hostport string }{
		{"eu=127.0.0.1:4343", "eu", "127.0.0.1:4343"},
		{" .EU=whois.eu ", "eu", "whois.eu:43"},
		{"co.uk=[::1]:43", "co.uk", "[::1]:43"},
		{"fr=::1", "fr", "[::1]:43"},
		{"рф=whois.example", "xn--p1ai", "whois.example:43"},
		{"eu", "", ""}, {"=whois.eu", "", ""}, {"eu=", "", ""}, {"eu=:43", "", ""}, {"eu=a b:43", "", ""}, {"eu=http://whois.eu/", "", ""}, {"eu=host:", "", ""}, {"eu=host:x", "", ""},
	} {
		suffix, hostport, err := ParseServer(c.in)
		if suffix != c.suffix || hostport != c.hostport || (err != nil) != (c.suffix == "") {
			t.Errorf("%q: %q %q %v", c.in, suffix, hostport, err)
		}
		if err != nil && (freehold.KindOf(err) != freehold.KindUsage || freehold.HintOf(err) == "") {
			t.Errorf("%q: %v", c.in, err)
		}
	}
}
