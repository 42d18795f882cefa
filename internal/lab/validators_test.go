package lab

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// validated is what a real validator says of one question to the world.
type validated uint8

const (
	secure validated = iota
	insecure
	bogus
)

func (v validated) String() string { return [...]string{"secure", "insecure", "bogus"}[v] }

// questions, with the code and the validation that a real validator must give.
// A zone that opts out proves the absence of nothing: what is not there below it
// is insecure (RFC 5155 section 9.2).
var questions = []struct {
	name  string
	qtype uint16
	rcode int
	want  validated
}{
	{".", dns.TypeSOA, dns.RcodeSuccess, secure},
	{".", dns.TypeDNSKEY, dns.RcodeSuccess, secure},
	{"nowhere", dns.TypeA, dns.RcodeNameError, secure},
	{"com", dns.TypeDS, dns.RcodeSuccess, secure},
	{"com", dns.TypeNS, dns.RcodeSuccess, secure},
	{"ch", dns.TypeTXT, dns.RcodeSuccess, secure},
	{"nobody-has-this.ch", dns.TypeA, dns.RcodeNameError, secure},
	{"nobody-has-this.be", dns.TypeA, dns.RcodeNameError, secure},
	{"nobody-has-this.com", dns.TypeA, dns.RcodeNameError, insecure},

	// NSEC
	{"atelier-verrine.ch", dns.TypeA, dns.RcodeSuccess, secure},
	{"atelier-verrine.ch", dns.TypeMX, dns.RcodeSuccess, secure},
	{"atelier-verrine.ch", dns.TypeDS, dns.RcodeSuccess, secure},
	{"atelier-verrine.ch", dns.TypeAAAA, dns.RcodeSuccess, secure},
	{"atelier-verrine.ch", dns.TypeSRV, dns.RcodeSuccess, secure},
	{"www.atelier-verrine.ch", dns.TypeA, dns.RcodeSuccess, secure},
	{"absent.atelier-verrine.ch", dns.TypeA, dns.RcodeNameError, secure},
	{"deep.below.absent.atelier-verrine.ch", dns.TypeA, dns.RcodeNameError, secure},
	{"clients.atelier-verrine.ch", dns.TypeA, dns.RcodeSuccess, secure},
	{"dupont.clients.atelier-verrine.ch", dns.TypeA, dns.RcodeSuccess, secure},
	{"dupont.clients.atelier-verrine.ch", dns.TypeMX, dns.RcodeSuccess, secure},
	{"_dmarc.atelier-verrine.ch", dns.TypeTXT, dns.RcodeSuccess, secure},
	{"pepiniere-du-vully.eu", dns.TypeMX, dns.RcodeSuccess, secure},

	// NSEC3
	{"fournil-des-orgues.com", dns.TypeA, dns.RcodeSuccess, secure},
	{"fournil-des-orgues.com", dns.TypeCAA, dns.RcodeSuccess, secure},
	{"fournil-des-orgues.com", dns.TypeSRV, dns.RcodeSuccess, secure},
	{"absent.fournil-des-orgues.com", dns.TypeA, dns.RcodeNameError, secure},
	{"www.xn--caf-des-tanneurs-dqb.fr", dns.TypeA, dns.RcodeSuccess, secure},
	{"librairie-sept-marches.fr", dns.TypeNS, dns.RcodeSuccess, secure},
	{"poches.librairie-sept-marches.fr", dns.TypeA, dns.RcodeSuccess, secure},
	{"catalogue.poches.librairie-sept-marches.fr", dns.TypeTXT, dns.RcodeSuccess, secure},
	{"absent.poches.librairie-sept-marches.fr", dns.TypeA, dns.RcodeNameError, secure},
	{"a.b.fournil-des-orgues.com", dns.TypeA, dns.RcodeNameError, secure},
	{"c.d.e.fournil-des-orgues.com", dns.TypeMX, dns.RcodeNameError, secure},
	{"f.g.poches.librairie-sept-marches.fr", dns.TypeA, dns.RcodeNameError, secure},
	{"h.i.j.librairie-sept-marches.fr", dns.TypeA, dns.RcodeNameError, secure},
	{"k.l.m.n.xn--caf-des-tanneurs-dqb.fr", dns.TypeTXT, dns.RcodeNameError, secure},
	{"o.p.q.radio-vallon-libre.fr", dns.TypeTXT, dns.RcodeSuccess, secure},
	{"anything.radio-vallon-libre.fr", dns.TypeA, dns.RcodeSuccess, secure},
	{"any.thing.radio-vallon-libre.fr", dns.TypeA, dns.RcodeSuccess, secure},
	{"anything.radio-vallon-libre.fr", dns.TypeMX, dns.RcodeSuccess, secure},

	// Unsigned below a signed parent: NSEC, NSEC3 and NSEC3 that opts out.
	{"rhodanum-web.ch", dns.TypeA, dns.RcodeSuccess, insecure},
	{"tonnellerie-vinage.li", dns.TypeA, dns.RcodeSuccess, insecure},
	{"brasserie-deux-ponts.be", dns.TypeA, dns.RcodeSuccess, insecure},
	{"garage-montfleuri.com", dns.TypeA, dns.RcodeSuccess, insecure},
	{"www.garage-montfleuri.com", dns.TypeA, dns.RcodeSuccess, insecure},
	{"absent.garage-montfleuri.com", dns.TypeA, dns.RcodeNameError, insecure},
	{"n000042.shop", dns.TypeA, dns.RcodeSuccess, insecure},
	{"a.com.registry-wing.net", dns.TypeA, dns.RcodeSuccess, insecure},

	// Signatures that ran out.
	{"notaires-du-faubourg.com", dns.TypeA, dns.RcodeServerFailure, bogus},
	{"notaires-du-faubourg.com", dns.TypeTXT, dns.RcodeServerFailure, bogus},
	{"absent.notaires-du-faubourg.com", dns.TypeA, dns.RcodeServerFailure, bogus},
}

// rootDS is the trust anchor of the world.
func rootDS() *dns.DS { return newZoneKey(".").ds() }

// TestDelv: delv, a validator without a cache, agrees with every answer.
func TestDelv(t *testing.T) {
	program, l := need(t, "delv"), up(t, Config{Bulk: 1000})
	ds := rootDS()
	anchor := filepath.Join(t.TempDir(), "anchor")
	if err := os.WriteFile(anchor, fmt.Appendf(nil, "trust-anchors { . static-ds %d %d %d %q; };\n", ds.KeyTag, ds.Algorithm, ds.DigestType, ds.Digest), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, q := range questions {
		out, _ := exec.Command(program, "@127.53.0.53", "-p", strconv.Itoa(l.DNSPort()), "-a", anchor, "+root=.", "+multiline", dns.Fqdn(q.name), dns.TypeToString[q.qtype]).CombinedOutput()
		want := q.want
		if q.name == "nobody-has-this.com" {
			want = secure // delv takes a gap that opts out for a proof; unbound, as RFC 5155 section 9.2 has it, does not
		}
		if got, ok := delvSays(string(out)); !ok || got != want {
			t.Errorf("%s %s: want %v: %s", q.name, dns.TypeToString[q.qtype], want, out)
		}
	}
	t.Logf("delv: %d questions", len(questions))
}

// delvSays reads the worst word of delv's answer: an alias has one line for each
// step.
func delvSays(out string) (validated, bool) {
	switch {
	case strings.Contains(out, "broken trust chain"), strings.Contains(out, "no valid RRSIG"), strings.Contains(out, "RRSIG has expired"):
		return bogus, true
	case strings.Contains(out, "unsigned answer"), strings.Contains(out, "negative response, unsigned"):
		return insecure, true
	case strings.Contains(out, "fully validated"):
		return secure, true
	}
	return 0, false
}

// TestUnbound: unbound on top of the world's resolver agrees with every answer.
func TestUnbound(t *testing.T) {
	program, l := need(t, "unbound"), up(t, Config{Bulk: 1000})
	server := startUnbound(t, program, fmt.Sprintf("forward-zone:\n name: \".\"\n forward-addr: 127.53.0.53@%d\n", l.DNSPort()))
	checkUnbound(t, server)
}

const inNamespace = "FREEHOLD_LAB_IN_NAMESPACE"

// TestUnboundFromTheRoot: unbound walks down from the world's root on port 53,
// in a network of its own.
func TestUnboundFromTheRoot(t *testing.T) {
	program := need(t, "unbound")
	if os.Getenv(inNamespace) == "" {
		runInNamespace(t)
		return
	}
	l := up(t, Config{Bulk: 1000, DNSPort: 53})
	server := startUnbound(t, program, fmt.Sprintf("server:\n root-hints: %q\n", filepath.Join(l.Dir(), "root.hints")))
	checkUnbound(t, server)
}

// runInNamespace runs the calling test again where nobody else is on the network.
func runInNamespace(t *testing.T) {
	t.Helper()
	unshare, ip := need(t, "unshare"), need(t, "ip")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-n"}
	if os.Getuid() != 0 {
		args = []string{"-r", "-n"}
	}
	if out, err := exec.Command(unshare, append(args, "true")...).CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no private network namespace: %v %s", err, out)
		}
		t.Skipf("no private network namespace here: %s", out)
	}
	script := fmt.Sprintf("%s link set lo up && exec %q -test.run '^%s$' -test.v", ip, self, t.Name())
	cmd := exec.Command(unshare, append(args, "sh", "-c", script)...)
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// startUnbound starts a validating unbound and returns its address once it answers.
func startUnbound(t *testing.T, program, more string) string {
	t.Helper()
	ds, dir := rootDS(), t.TempDir()
	port := freePort()
	config := fmt.Sprintf(`server:
 interface: 127.0.0.1
 port: %d
 access-control: 127.0.0.0/8 allow
 do-daemonize: no
 use-syslog: no
 username: ""
 chroot: ""
 directory: %q
 pidfile: ""
 do-ip6: no
 num-threads: 1
 do-not-query-localhost: no
 module-config: "validator iterator"
 trust-anchor: ". DS %d %d %d %s"
 trust-anchor-signaling: no
 root-key-sentinel: no
 unblock-lan-zones: yes
%s
remote-control:
 control-enable: no
`, port, dir, ds.KeyTag, ds.Algorithm, ds.DigestType, ds.Digest, more)
	file := filepath.Join(dir, "unbound.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	cmd := exec.Command(program, "-d", "-c", file)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	server := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	q := new(dns.Msg).SetQuestion(".", dns.TypeSOA)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if _, _, err := (&dns.Client{Timeout: 100 * time.Millisecond}).Exchange(q, server); err == nil {
			return server
		}
	}
	t.Fatal("unbound does not answer")
	return ""
}

func checkUnbound(t *testing.T, server string) {
	t.Helper()
	for _, q := range questions {
		m, err := exchangeDO(server, q.name, q.qtype, false)
		if err != nil {
			t.Errorf("%s %s: %v", q.name, dns.TypeToString[q.qtype], err)
			continue
		}
		got := insecure
		switch {
		case m.Rcode == dns.RcodeServerFailure:
			got = bogus
		case m.AuthenticatedData:
			got = secure
		}
		if got != q.want || m.Rcode != q.rcode {
			t.Errorf("%s %s: %v, want %v %s: %s", q.name, dns.TypeToString[q.qtype], got, q.want, dns.RcodeToString[q.rcode], m)
		}
		if got != bogus {
			continue
		}
		if m, err := exchangeDO(server, q.name, q.qtype, true); err != nil || m.Rcode == dns.RcodeServerFailure {
			t.Errorf("%s: without checking: %v %v", q.name, m, err) // bogus, and not merely broken
		}
	}
	t.Logf("unbound: %d questions", len(questions))
}

func exchangeDO(server, name string, qtype uint16, unchecked bool) (*dns.Msg, error) {
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype)
	q.SetEdns0(udpSize, true)
	q.CheckingDisabled = unchecked
	m, _, err := (&dns.Client{Net: "tcp", Timeout: 10 * time.Second}).Exchange(q, server)
	return m, err
}
