package serverstest

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// BIND serves zones with named at addr.
func BIND(t testing.TB, addr string, zones ...Served) {
	t.Helper()
	p := newPlace(t, addr, zones)
	// named listens only on addresses that an interface has; it is there already
	// where this fails.
	_ = exec.Command(Need(t, "ip"), "addr", "add", addr+"/32", "dev", "lo").Run()
	var c strings.Builder
	fmt.Fprintf(&c, `options {
	directory %q; pid-file none; session-keyfile none; lock-file none;
	listen-on port 53 { %s; }; listen-on-v6 { none; };
	recursion no; dnssec-validation no; notify no; empty-zones-enable no; minimal-responses yes; check-names primary ignore;
	allow-transfer { none; };
};
controls { };
`, p.dir, addr)
	for _, z := range zones {
		fmt.Fprintf(&c, "zone %q { type primary; file %q; check-names ignore; };\n", strings.TrimSuffix(z.Name, ".")+suffix(z.Name), zoneFile(z.Name))
	}
	p.start(zones, Need(t, "named"), "-g", "-n", "1", "-c", p.write("named.conf", c.String()))
}

func suffix(name string) string {
	if name == "." {
		return "."
	}
	return ""
}

// NSD serves zones with nsd at addr.
func NSD(t testing.TB, addr string, zones ...Served) {
	t.Helper()
	p := newPlace(t, addr, zones)
	var c strings.Builder
	fmt.Fprintf(&c, `server:
	ip-address: %s@53
	username: ""
	chroot: ""
	database: ""
	zonesdir: %q
	zonelistfile: %q
	xfrdfile: %q
	xfrdir: %q
	pidfile: ""
	server-count: 1
	minimal-responses: yes
	rrl-ratelimit: 0
	rrl-whitelist-ratelimit: 0
remote-control:
	control-enable: no
`, addr, p.dir, p.dir+"/zone.list", p.dir+"/xfrd.state", p.dir)
	for _, z := range zones {
		fmt.Fprintf(&c, "zone:\n\tname: %q\n\tzonefile: %q\n", z.Name, zoneFile(z.Name))
	}
	p.start(zones, Need(t, "nsd"), "-d", "-c", p.write("nsd.conf", c.String()))
}

// Knot serves zones with knotd at addr, as their files have them.
func Knot(t testing.TB, addr string, zones ...Served) {
	t.Helper()
	knot(t, addr, "", zones)
}

// KnotSigning serves zones with knotd at addr and lets it sign them: with NSEC,
// or NSEC3 where nsec3 is set.
func KnotSigning(t testing.TB, addr string, nsec3 bool, zones ...Served) {
	t.Helper()
	use := "off"
	if nsec3 {
		use = "on"
	}
	knot(t, addr, fmt.Sprintf("policy:\n  - id: ours\n    algorithm: ecdsap256sha256\n    nsec3: %s\n    manual: off\n", use), zones)
}

// DSAt asks the server at addr for the keys of a zone and returns the DS (SHA-256)
// of its key-signing key.
func DSAt(t testing.TB, addr, zone string) *dns.DS {
	t.Helper()
	q := new(dns.Msg)
	q.SetQuestion(zone, dns.TypeDNSKEY)
	c := dns.Client{Net: "tcp", Timeout: patience}
	m, _, err := c.Exchange(q, net.JoinHostPort(addr, "53"))
	if err != nil {
		t.Fatal(err)
	}
	for _, rr := range m.Answer {
		if k, ok := rr.(*dns.DNSKEY); ok && k.Flags&dns.SEP != 0 {
			return k.ToDS(dns.SHA256)
		}
	}
	t.Fatalf("the server at %s has no key for %s", addr, zone)
	return nil
}

func knot(t testing.TB, addr, policy string, zones []Served) {
	t.Helper()
	p := newPlace(t, addr, zones)
	var c strings.Builder
	fmt.Fprintf(&c, `server:
  rundir: %q
  listen: %s@53
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: %q
log:
  - target: stderr
    any: warning
%stemplate:
  - id: default
    storage: %q
    semantic-checks: off
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
`, p.dir, addr, p.dir, policy, p.dir)
	if policy != "" {
		c.WriteString("    dnssec-signing: on\n    dnssec-policy: ours\n")
	}
	c.WriteString("zone:\n")
	for _, z := range zones {
		fmt.Fprintf(&c, "  - domain: %q\n    file: %q\n", z.Name, zoneFile(z.Name))
	}
	p.start(zones, Need(t, "knotd"), "-c", p.write("knot.conf", strings.Replace(c.String(), "zonefile-load: whole", "zonefile-load: whole", 1)))
}

// Unbound runs a validating resolver at addr that begins at root (an address)
// and trusts anchor, a DS or DNSKEY record of the root in master-file form.
func Unbound(t testing.TB, addr, root, anchor string) {
	t.Helper()
	p := newPlace(t, addr, nil)
	hints := p.write("hints", fmt.Sprintf(". 3600 IN NS ns.root.\nns.root. 3600 IN A %s\n", root))
	conf := p.write("unbound.conf", fmt.Sprintf(`server:
	interface: %s
	port: 53
	do-ip6: no
	username: ""
	chroot: ""
	directory: %q
	pidfile: ""
	use-syslog: no
	verbosity: 1
	val-log-level: 2
	num-threads: 1
	access-control: 127.0.0.0/8 allow
	do-not-query-localhost: no
	root-hints: %q
	trust-anchor: %q
	module-config: "validator iterator"
	aggressive-nsec: no
	local-zone: "test." nodefault
	local-zone: "invalid." nodefault
	trust-anchor-signaling: no
remote-control:
	control-enable: no
`, addr, p.dir, hints, strings.ReplaceAll(anchor, "\t", " ")))
	p.start(nil, Need(t, "unbound"), "-d", "-c", conf)
}
