package fetch

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestIsPublic(t *testing.T) {
	for _, c := range []struct {
		addr string
		want bool
	}{
		{"8.8.8.8", true}, {"193.0.6.139", true}, {"2001:67c:2e8:22::c100:68b", true}, {"2a00:1450::1", true},
		{"::ffff:8.8.8.8", true}, {"64:ff9b::808:808", true},
		{"0.0.0.0", false}, {"0.1.2.3", false}, {"10.1.2.3", false}, {"100.64.0.1", false}, {"100.127.255.255", false}, {"100.128.0.1", true},
		{"127.0.0.1", false}, {"127.255.255.254", false}, {"169.254.169.254", false}, {"172.16.0.1", false}, {"172.31.255.255", false}, {"172.32.0.1", true},
		{"192.0.0.1", false}, {"192.0.2.1", false}, {"192.88.99.1", false}, {"192.168.1.1", false}, {"198.18.0.1", false}, {"198.19.255.255", false},
		{"198.51.100.1", false}, {"203.0.113.1", false}, {"224.0.0.1", false}, {"239.255.255.255", false}, {"240.0.0.1", false}, {"255.255.255.255", false},
		{"::", false}, {"::1", false}, {"::ffff:127.0.0.1", false}, {"::ffff:10.0.0.1", false}, {"::127.0.0.1", false},
		{"64:ff9b::7f00:1", false}, {"64:ff9b::a00:1", false}, {"64:ff9b:1::1", false},
		{"100::1", false}, {"2001::1", false}, {"2001:0:1::1", false}, {"2001:10::1", false}, {"2001:20::1", false}, {"2001:db8::1", false},
		{"2002:7f00:1::1", false}, {"2002:808:808::1", false}, {"3fff::1", false}, {"5f00::1", false}, {"fc00::1", false}, {"fd12:3456::1", false},
		{"fe80::1", false}, {"fec0::1", false}, {"ff02::1", false},
	} {
		if got := IsPublic(netip.MustParseAddr(c.addr)); got != c.want {
			t.Errorf("IsPublic(%s) = %v, want %v", c.addr, got, c.want)
		}
	}
	if IsPublic(netip.Addr{}) || IsPublic(netip.MustParseAddr("fe80::1%eth0")) || IsPublic(netip.MustParseAddr("2a00::1%eth0")) {
		t.Error("no address and a scoped address count as public")
	}
}

func bases(t testing.TB, list ...string) *Bases {
	t.Helper()
	b := &Bases{}
	for _, s := range list {
		if err := b.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestPolicy(t *testing.T) {
	named := bases(t, "http://127.0.0.1:8088/rdap/", "https://Internal.Example/registry", "http://[::1]:9000")
	p := Policy{Named: named, Hosts: func(hp string) bool {
		return hp == "rdap.example.com:443" || hp == "8.8.8.8:443" || hp == "10.0.0.1:443"
	}}
	for _, c := range []struct {
		url  string
		want string // "named", "public" or part of the refusal
	}{
		{"http://127.0.0.1:8088/rdap/domain/a.example", "named"},
		{"http://127.0.0.1:8088/rdap", "named"},
		{"http://127.0.0.1:8088/rdap/domain/a.example?x=1", "named"},
		{"http://127.0.0.1:8088/rdapx/domain/a.example", "only https"},
		{"http://127.0.0.1:8088/", "only https"},
		{"http://127.0.0.1/rdap/domain/a.example", "only https"},
		{"http://localhost:8088/rdap/domain/a.example", "only https"},
		{"https://127.0.0.1:8088/rdap/domain/a.example", "not public"},
		{"http://127.0.0.1:8088/rdap/../admin", "dots"},
		{"http://127.0.0.1:8088/rdap/./x", "dots"},
		{"http://127.0.0.1:8088/rdap/%2e%2e/admin", "dots"},
		{"http://127.0.0.1:8088/rdap/%2E%2E%2Fadmin", "dots"},
		{"http://127.0.0.1:8088/rdap/..%5cadmin", "dots"},
		{"http://127.0.0.1:8088/rdap/%252e%252e/admin", "dots"},
		{"http://127.0.0.1:8088/rdap/..;/admin", "dots"},
		{`http://127.0.0.1:8088/rdap/..\admin`, "dots"},
		{"http://user@127.0.0.1:8088/rdap/", "user name"},
		{"https://internal.example/registry/domain/x", "named"},
		{"https://INTERNAL.example.:443/registry/domain/x", "named"},
		{"https://internal.example:8443/registry/domain/x", "list of servers"},
		{"http://internal.example:443/registry/domain/x", "only https"},
		{"http://[::1]:9000/anything", "named"},
		{"https://rdap.example.com/domain/x", "public"},
		{"https://rdap.example.com:444/domain/x", "list of servers"},
		{"http://rdap.example.com/domain/x", "only https"},
		{"https://rdap.example.com.evil.example/domain/x", "list of servers"},
		{"https://rdap.example.com@evil.example/", "user name"},
		{"https://8.8.8.8/domain/x", "public"},
		{"https://10.0.0.1/domain/x", "not public"},
		{"https://[::ffff:10.0.0.1]/x", "not public"},
		{"https://[fe80::1%25eth0]/x", "plain name"},
		{"https://printer/x", "local network"},
		{"https://db.internal/x", "local network"},
		{"https://foo.localhost/x", "local network"},
		{"file:///etc/passwd", "neither"},
		{"gopher://rdap.example.com/x", "neither"},
		{"https:rdap.example.com/x", "no host"},
		{"https:///x", "no host"},
		{"//rdap.example.com/x", "neither"},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		isNamed, err := p.check(u, nil, hostPort(u))
		got := "public"
		switch {
		case err != nil:
			got = err.Error()
		case isNamed:
			got = "named"
		}
		if !strings.Contains(got, c.want) || err == nil && got != c.want {
			t.Errorf("%s: %s; want %s", c.url, got, c.want)
		}
		if named.Contains(u) != (c.want == "named") {
			t.Errorf("Contains(%s) = %v", c.url, !(c.want == "named"))
		}
	}
	https, _ := url.Parse("https://internal.example/registry/x")
	plain, _ := url.Parse("http://127.0.0.1:8088/rdap/x")
	if _, err := p.check(plain, https, hostPort(plain)); err == nil {
		t.Error("a step from https to http was allowed")
	}
	if _, err := (Policy{}).check(https, nil, hostPort(https)); err == nil {
		t.Error("the zero Policy allowed something")
	}
}

func TestBasesRefuse(t *testing.T) {
	for _, raw := range []string{"", "rdap.example.com", "ftp://a.example/", "https://a.example/?q", "https://a.example/#f", "https://u:secret@a.example/", "https://a.example/x/../y/", "https:///x", "http://a b/", "https://a.example/%2e%2e/"} {
		err := (&Bases{}).Add(raw)
		if err == nil {
			t.Errorf("Add(%q) was accepted", raw)
			continue
		}
		if strings.Contains(strings.ReplaceAll(err.Error(), raw, ""), "secret") {
			t.Errorf("Add(%q) repeats the password: %v", raw, err)
		}
	}
}

// FuzzBases: no URL that a base contains leaves the base's path once a server
// has decoded and cleaned it.
func FuzzBases(f *testing.F) {
	for _, s := range []string{"domain/x", "../x", "%2e%2e/x", "a/..%2f", "%252e%252e/", "..;/x", "a//b", "./x", "%c0%ae%c0%ae/x"} {
		f.Add(s)
	}
	b := bases(f, "http://127.0.0.1:8088/rdap/")
	f.Fuzz(func(t *testing.T, tail string) {
		u, err := url.Parse("http://127.0.0.1:8088/rdap/" + tail)
		if err != nil || !b.Contains(u) {
			return
		}
		path := u.EscapedPath()
		for range 3 {
			clean, err := url.JoinPath("/", path)
			if err != nil || clean != "/rdap" && !strings.HasPrefix(clean, "/rdap/") {
				t.Fatalf("%q becomes %q, outside the base", tail, clean)
			}
			if path, err = url.PathUnescape(path); err != nil {
				return
			}
		}
	})
}
