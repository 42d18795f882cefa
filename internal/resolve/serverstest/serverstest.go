// Package serverstest starts real name servers for tests: BIND, NSD, Knot,
// PowerDNS and unbound, on port 53 of loopback addresses, in a network of their
// own. It also signs zones, in every right and wrong way that a test needs.
//
//	func TestAgainstServers(t *testing.T) {
//		if !serverstest.Isolated(t) {
//			return // it ran in a network of its own, and told how it went
//		}
//		serverstest.NSD(t, "127.0.1.1", serverstest.Served{Name: "shop.test.", Text: zone})
//		…
//	}
//
// A test that needs a program which is not installed is skipped by the name of
// the program; with CI=true it fails instead.
package serverstest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// isolatedEnv marks the process that runs inside the new network.
const isolatedEnv = "FREEHOLD_TEST_NETWORK"

// patience bounds how long a server may take to answer its first question.
const patience = 20 * time.Second

// Isolated runs the calling test again in a network namespace of its own, where
// there is nothing but loopback and every port is free. In there it returns
// true; outside it returns false after the other run is over, having failed if
// that failed. It needs unshare(1), and either root or user namespaces.
func Isolated(t *testing.T) bool {
	t.Helper()
	if os.Getenv(isolatedEnv) != "" {
		return true
	}
	unshare, ip := Need(t, "unshare"), Need(t, "ip")
	flags := "-n"
	if os.Geteuid() != 0 {
		flags = "-rn"
	}
	if err := exec.Command(unshare, flags, "true").Run(); err != nil {
		lacking(t, "network namespaces (unshare "+flags+")")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{flags, "sh", "-c", ip + ` link set lo up && exec "$0" "$@"`, self, "-test.run", "^" + regexp.QuoteMeta(t.Name()) + "$", "-test.v"}
	for _, a := range os.Args[1:] {
		if strings.HasPrefix(a, "-test.timeout") || strings.HasPrefix(a, "-test.short") {
			args = append(args, a)
		}
	}
	cmd := exec.Command(unshare, args...)
	cmd.Env = append(os.Environ(), isolatedEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Errorf("in its own network: %v\n%s", err, out)
	case !bytes.Contains(out, []byte("--- PASS: "+t.Name())):
		t.Skipf("in its own network:\n%s", out)
	default:
		t.Logf("in its own network:\n%s", out)
	}
	return false
}

// Need returns the path of a program, or skips the test by its name.
func Need(t testing.TB, program string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin", "/usr/local/sbin") {
		p := filepath.Join(dir, program)
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return p
		}
	}
	lacking(t, program)
	return ""
}

func lacking(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("not on this machine: %s", what)
	}
	t.Skipf("not on this machine: %s", what)
}

// Served is one zone of a server: its name and master file.
type Served struct {
	Name string
	Text string
}

// place is the folder of one server, with its zone files.
type place struct {
	t    testing.TB
	dir  string
	addr string
}

func newPlace(t testing.TB, addr string, zones []Served) place {
	t.Helper()
	p := place{t: t, dir: t.TempDir(), addr: addr}
	// Servers that give up root must still read it.
	for d := p.dir; strings.HasPrefix(d, os.TempDir()) && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, z := range zones {
		p.write(zoneFile(z.Name), z.Text)
	}
	return p
}

func zoneFile(name string) string { return "zone-" + strings.Trim(name, ".") }

func (p place) write(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// start runs a server until the test ends, and waits until it answers for every
// zone. What it prints is shown if the test fails.
func (p place) start(zones []Served, program string, args ...string) {
	p.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	p.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(3 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		if p.t.Failed() {
			p.t.Logf("%s at %s:\n%s", filepath.Base(program), p.addr, out.tail())
		}
	})
	if len(zones) == 0 {
		zones = []Served{{Name: "."}}
	}
	for _, z := range zones {
		if err := p.ready(z.Name, ended); err != nil {
			p.t.Fatalf("%s at %s does not serve %q: %v\n%s", filepath.Base(program), p.addr, z.Name, err, out.tail())
		}
	}
}

// ready asks until there is an answer: it does not guess how long a start takes.
func (p place) ready(zone string, ended <-chan struct{}) error {
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(zone), dns.TypeSOA)
	q.CheckingDisabled = true
	c := dns.Client{Timeout: 500 * time.Millisecond}
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	last := fmt.Errorf("no answer")
	for time.Now().Before(deadline) {
		m, _, err := c.Exchange(q, net.JoinHostPort(p.addr, "53"))
		switch {
		case err != nil:
			last = err
		case m.Rcode == dns.RcodeSuccess:
			return nil
		default:
			last = fmt.Errorf("it answers %s", dns.RcodeToString[m.Rcode])
		}
		select {
		case <-ended:
			return fmt.Errorf("the server ended: %w", last)
		case <-tick.C:
		}
	}
	return last
}

// output keeps the end of what a server prints.
type output struct {
	mu sync.Mutex
	b  []byte
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b = append(o.b, p...)
	if len(o.b) > 1<<16 {
		o.b = o.b[len(o.b)-1<<15:]
	}
	return len(p), nil
}

func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.b)
}
