package lab

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"freehold"

	"github.com/miekg/dns"
)

// up starts a world that ends with the test.
func up(t testing.TB, cfg Config) *Lab {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	l, err := Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// need finds a program, or skips the test by name; in CI nothing may be missing.
func need(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		for _, dir := range []string{"/usr/sbin", "/sbin"} {
			if p, e := exec.LookPath(filepath.Join(dir, program)); e == nil {
				return p
			}
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing", program)
		}
		t.Skipf("%s is missing", program)
	}
	return path
}

// web returns a client whose connections end with the test.
func web(t testing.TB) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

func get(t testing.TB, c *http.Client, url string) (status int, header http.Header, body string) {
	t.Helper()
	r, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, r.Header, string(b)
}

// ask puts one question to a name server over UDP.
func ask(t testing.TB, l *Lab, addr, name string, qtype uint16) *dns.Msg {
	t.Helper()
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype)
	q.SetEdns0(udpSize, true)
	m, _, err := (&dns.Client{Timeout: 5 * time.Second}).Exchange(q, net.JoinHostPort(addr, strconv.Itoa(l.DNSPort())))
	if err != nil {
		t.Fatalf("%s %s at %s: %v", name, dns.TypeToString[qtype], addr, err)
	}
	return m
}

// domainURL is where the registry's record of a name is, read from the files as
// a client does.
func domainURL(t testing.TB, l *Lab, name string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(l.Dir(), "dns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var boot struct{ Services [][2][]string }
	if err := json.Unmarshal(body, &boot); err != nil {
		t.Fatal(err)
	}
	for _, s := range boot.Services {
		if slices.ContainsFunc(s[0], func(tld string) bool { return strings.HasSuffix(name, "."+tld) }) {
			return s[1][0] + "domain/" + name
		}
	}
	t.Fatalf("no RDAP for %q", name)
	return ""
}

// TestWorld holds the data to what the package promises of it.
func TestWorld(t *testing.T) {
	w, err := newWorld()
	if err != nil {
		t.Fatal(err)
	}
	for i := range w.domains {
		d := &w.domains[i]
		for _, s := range []string{d.created, d.expires, d.transferred, d.changed, d.paidUntil} {
			day(s)
		}
		for _, s := range d.said {
			if !slices.Contains(freehold.AttestSubjects, s.subject) || day(s.day).After(Now) {
				t.Errorf("%s: %v cannot have been said", d.name, s)
			}
		}
		for _, host := range d.servers() {
			name, err := freehold.NameOf(mustHost(t, host))
			if err != nil {
				t.Fatal(err)
			}
			if w.addrOf[host].IsValid() && w.byName[name.ASCII()] == nil {
				t.Errorf("%s: name server %s stands in a domain nobody registered", d.name, host)
			}
		}
	}
	for _, m := range w.machines {
		for _, addr := range w.addrs(m.host) {
			if _, _, ok := w.holderOf(addr); !ok {
				t.Errorf("%s: nobody holds %s", m.host, addr)
			}
		}
	}
	for _, z := range w.zones(0).all {
		z.ready()
		for owner, n := range z.nodes {
			if z.denial == nsec3OptOut && z.isCut(owner, n) && (len(n.sets[dns.TypeDS]) > 0) != (z.matching(owner) != nil) {
				t.Errorf("%s: %s and the chain that opts out", z.apex, owner)
			}
			for covered := range n.sigs {
				if z.isCut(owner, n) && covered != dns.TypeDS {
					t.Errorf("%s: %s at the delegation %s is signed", z.apex, dns.TypeToString[covered], owner)
				}
			}
		}
	}
	hosts := map[string]string{}
	for _, m := range w.machines {
		if other := hosts[m.addr]; other != "" {
			t.Errorf("%s and %s share %s", m.host, other, m.addr)
		}
		hosts[m.addr] = m.host
	}
}

func mustHost(t *testing.T, s string) freehold.Host {
	h, err := freehold.ParseHost(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestStories: at least 42 names, every verdict and every status, each told.
func TestStories(t *testing.T) {
	leave, status := map[freehold.CanLeave]int{}, map[freehold.NameStatus]int{}
	for _, s := range Describe() {
		leave[s.CanLeave]++
		status[s.Status]++
		if s.Story == "" {
			t.Errorf("%s has no story", s.Name)
		}
	}
	for _, c := range ZoneCopies() {
		if len(c.Evidence) != 1 || c.Evidence[0] != CopyEvidence(c).ID() || c.At.After(Now) {
			t.Errorf("%+v", c)
		}
	}
	if len(Names()) < 42 || len(leave) != 5 || len(status) != 3 {
		t.Errorf("%d names, verdicts %v, statuses %v", len(Names()), leave, status)
	}
	for _, a := range Attestations() {
		if e := Evidence(a); a.Evidence != e.ID() || a.Proven != (e.Kind == freehold.EvidenceProof) {
			t.Errorf("%s %s: evidence %v", a.Name, a.Subject, e)
		}
		if !slices.Contains([]string{"expo-lumiere-nord.com", "ferme-noisetier.com"}, a.Name.ASCII()) && a.IsStale(Now) {
			t.Errorf("%s %s is stale", a.Name, a.Subject)
		}
	}
}

// TestSilentReseller: the reseller account behind a name is in no record of it,
// while another's reseller is in the registrar's and only there.
func TestSilentReseller(t *testing.T) {
	l, c := up(t, Config{}), web(t)
	_, _, registry := get(t, c, domainURL(t, l, "fromagerie-du-cret.com"))
	_, _, registrar := get(t, c, relatedURL(t, registry))
	_, _, shown := get(t, c, relatedURL(t, mustGet(t, c, domainURL(t, l, "garage-montfleuri.com"))))
	for _, body := range []string{registry, registrar, mustGet(t, c, domainURL(t, l, "garage-montfleuri.com"))} {
		if strings.Contains(body, "reseller") || strings.Contains(body, "Mistraline") {
			t.Errorf("a reseller is told of: %s", body)
		}
	}
	if !strings.Contains(shown, `"reseller"`) || !strings.Contains(shown, "Nordet") {
		t.Errorf("no reseller in %s", shown)
	}
}

func mustGet(t testing.TB, c *http.Client, url string) string {
	t.Helper()
	status, _, body := get(t, c, url)
	if status != http.StatusOK {
		t.Fatalf("%s: %d", url, status)
	}
	return body
}

func relatedURL(t testing.TB, body string) string {
	t.Helper()
	var record struct{ Links []struct{ Rel, Href string } }
	if err := json.Unmarshal([]byte(body), &record); err != nil {
		t.Fatal(err)
	}
	for _, link := range record.Links {
		if link.Rel == "related" {
			return link.Href
		}
	}
	t.Fatalf("no related link in %s", body)
	return ""
}

// TestStart: quick, and quiet again afterwards.
func TestStart(t *testing.T) {
	before := runtime.NumGoroutine()
	began := time.Now()
	l, err := Start(context.Background(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	t.Logf("%d servers in %v", len(l.Servers()), took)
	if took > 2*time.Second { // 10 ms on a quiet machine; the promise is 200
		t.Errorf("starting took %v", took)
	}
	c := web(t)
	mustGet(t, c, domainURL(t, l, "garage-montfleuri.com"))
	ask(t, l, "127.53.0.1", "com", dns.TypeNS)
	l.Close()
	l.Close()
	c.CloseIdleConnections()
	if _, err := os.Stat(l.Dir()); !os.IsNotExist(err) {
		t.Errorf("temporary folder stays: %v", err)
	}
	deadline := time.After(5 * time.Second)
	for runtime.NumGoroutine() > before {
		select {
		case <-deadline:
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		case <-time.After(time.Millisecond):
		}
	}
}

// TestEndsWithContext: no Close is needed, and open questions are cut.
func TestEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	l, err := Start(ctx, Config{Dir: t.TempDir(), Faults: []Fault{{Server: "registry/grandgable", Kind: Silent}}})
	if err != nil {
		t.Fatal(err)
	}
	c := web(t)
	url := domainURL(t, l, "garage-montfleuri.com")
	answered := make(chan error, 1)
	go func() {
		r, err := c.Get(url)
		if err == nil {
			r.Body.Close()
		}
		answered <- err
	}()
	for l.Asked("registry/grandgable") == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-answered; err == nil {
		t.Error("a silent server answered")
	}
	l.Close()
	if _, err := net.Dial("tcp", net.JoinHostPort("127.53.0.1", strconv.Itoa(l.DNSPort()))); err == nil {
		t.Error("a name server still listens")
	}
}

func TestTwoWorlds(t *testing.T) {
	a, b := up(t, Config{}), up(t, Config{})
	if a.DNSPort() == b.DNSPort() {
		t.Fatal("one port for two worlds")
	}
	_, err := Start(context.Background(), Config{Dir: t.TempDir(), DNSPort: a.DNSPort()})
	if freehold.KindOf(err) != freehold.KindUnavailable {
		t.Errorf("a taken port: %v", err)
	}
	for _, cfg := range []Config{{Bulk: -1}, {Bulk: maxBulk + 1}, {Faults: []Fault{{Server: "registry/nowhere"}}}} {
		cfg.Dir = t.TempDir()
		if _, err := Start(context.Background(), cfg); freehold.KindOf(err) != freehold.KindInvalid {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// TestDeterministic: two worlds say the same, octet for octet, but for ports.
func TestDeterministic(t *testing.T) {
	a, b := up(t, Config{}), up(t, Config{})
	for _, name := range []string{"fournil-des-orgues.com", "missing.atelier-verrine.ch"} {
		x, y := ask(t, a, "127.53.0.53", name, dns.TypeA), ask(t, b, "127.53.0.53", name, dns.TypeA)
		x.Id = y.Id
		if x.String() != y.String() {
			t.Errorf("%s differs:\n%s\n%s", name, x, y)
		}
	}
	for _, file := range []string{"root.hints", "names.txt", "servers.txt"} {
		x, _ := os.ReadFile(filepath.Join(a.Dir(), file))
		y, _ := os.ReadFile(filepath.Join(b.Dir(), file))
		if string(x) != string(y) || len(x) == 0 {
			t.Errorf("%s differs", file)
		}
	}
}

func TestFlags(t *testing.T) {
	l := up(t, Config{})
	flags := strings.Join(l.Flags(), " ")
	for _, want := range []string{
		"--rdap-bootstrap " + l.Dir(), "--registrar-ids " + l.Dir(), "--whois eu=127.0.0.1:", "--whois be=127.0.0.1:",
		"--dns-hints " + filepath.Join(l.Dir(), "root.hints"), "--dns-port " + strconv.Itoa(l.DNSPort()), "--now 2026-11-25T09:00:00Z", "--rate 0",
	} {
		if !strings.Contains(flags, want) {
			t.Errorf("no %q in %q", want, flags)
		}
	}
	if strings.Contains(flags, "com=") {
		t.Errorf("WHOIS where RDAP is: %q", flags)
	}
	info, err := os.Stat(filepath.Join(l.Dir(), "dns.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("dns.json: %v %v", info, err)
	}
}

// TestBulk: a hundred thousand names that are held nowhere.
func TestBulk(t *testing.T) {
	l, c := up(t, Config{Bulk: 100_000}), web(t)
	for _, i := range []int{0, 99_999} {
		name := BulkName(i).ASCII()
		body := mustGet(t, c, domainURL(t, l, name))
		for _, record := range []string{body, mustGet(t, c, relatedURL(t, body))} {
			var got struct{ LDHName string }
			if err := json.Unmarshal([]byte(record), &got); err != nil || got.LDHName != name || strings.Contains(record, bulkMark) {
				t.Errorf("%s: %v in %s", name, err, record)
			}
		}
		if m := ask(t, l, "127.53.1.7", name, dns.TypeA); len(m.Ns) != 4 || m.Ns[0].(*dns.NS).Ns != "ns1.massif-parking.net." {
			t.Errorf("delegation of %s: %s", name, m)
		}
		for _, addr := range []string{"127.53.20.1", "127.53.20.2", "127.53.0.53"} {
			m := ask(t, l, addr, name, dns.TypeMX)
			if len(m.Answer) != 1 || m.Answer[0].Header().Name != name+"." {
				t.Errorf("%s at %s: %s", name, addr, m)
			}
		}
	}
	for _, name := range []string{BulkName(100_000).ASCII(), "n12345.shop", "n00000a.shop", "x000001.shop"} {
		if status, _, body := get(t, c, domainURL(t, l, name)); status != http.StatusNotFound || body != "" {
			t.Errorf("%s: %d %q", name, status, body)
		}
		if m := ask(t, l, "127.53.1.8", name, dns.TypeA); m.Rcode != dns.RcodeNameError {
			t.Errorf("%s: %s", name, m)
		}
	}
}

// TestServersAreKnown: every fault of the world is one of a server there is.
func TestServersAreKnown(t *testing.T) {
	l := up(t, Config{})
	for _, f := range faultsOfTheWorld {
		if !slices.Contains(l.Servers(), f.Server) {
			t.Errorf("no server %q", f.Server)
		}
	}
	kinds := map[string]bool{}
	for _, id := range l.Servers() {
		kind, _, _ := strings.Cut(id, "/")
		kinds[kind] = true
	}
	if got := slices.Sorted(maps.Keys(kinds)); !slices.Equal(got, []string{"dns", "registrar", "registry", "rir", "whois"}) {
		t.Error(got)
	}
}
