package dnsexporttest

import (
	"bytes"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // PowerDNS's database is one of SQLite

	"freehold/dnsexport/axfr"
	"freehold/internal/providerapi"
	"freehold/internal/resolve/serverstest"
)

const (
	keyName   = "mover"
	keySecret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ="
	// APIKey is the key of PowerDNS's API.
	APIKey = "test-api-key"
)

// Key is the key that the servers started here give transfers and take updates by.
func Key(t testing.TB) *axfr.Key {
	t.Helper()
	k, err := axfr.NewKey(keyName, "hmac-sha256", keySecret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// empty is a zone before anything is in it. Its TTLs are short, for tests that
// wait for caches.
const empty = "$TTL 2\n@ SOA ns1.ours.test. hostmaster.ours.test. 1 3600 900 1209600 2\n@ NS ns1.ours.test.\n"

// place makes a folder that a server which gives up root can still read.
func place(t testing.TB) string {
	dir := t.TempDir()
	for d := dir; strings.HasPrefix(d, os.TempDir()) && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// output collects what a server says, for a test that fails.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// start runs a program until the test ends or stop is called, and waits until it
// listens.
func start(t testing.TB, listens []string, program string, args ...string) (stop func()) {
	t.Helper()
	out := &output{}
	cmd := exec.Command(serverstest.Need(t, program), args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			said := out.b.String()
			t.Logf("%s:\n%s", program, said[max(0, len(said)-3000):])
		}
	})
	deadline := time.Now().Add(20 * time.Second)
	for _, addr := range listens {
		for {
			conn, err := net.DialTimeout("tcp", addr, time.Second)
			if err == nil {
				conn.Close()
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s does not listen at %s: %v", program, addr, err)
			}
			<-time.After(20 * time.Millisecond)
		}
	}
	return stop
}

// Knot serves empty zones at addr:53 and lets the key transfer and update them.
// With sign it signs them.
func Knot(t testing.TB, addr string, sign bool, zones ...string) {
	t.Helper()
	dir := place(t)
	var c strings.Builder
	fmt.Fprintf(&c, "server:\n  rundir: %q\n  listen: %s@53\ndatabase:\n  storage: %q\nlog:\n  - target: stderr\n    any: info\nkey:\n  - id: %s\n    algorithm: hmac-sha256\n    secret: %s\n",
		dir, addr, dir, keyName, keySecret)
	c.WriteString("acl:\n  - id: mover\n    key: mover\n    action: [transfer, update]\n")
	policy := ""
	if sign {
		c.WriteString("policy:\n  - id: ours\n    algorithm: ecdsap256sha256\n")
		policy = "    dnssec-signing: on\n    dnssec-policy: ours\n"
	}
	fmt.Fprintf(&c, "template:\n  - id: default\n    storage: %q\n    semantic-checks: off\n    zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: all\n%szone:\n", dir, policy)
	for _, z := range zones {
		write(t, dir, z+".zone", empty)
		fmt.Fprintf(&c, "  - domain: %q\n    file: %q\n    acl: mover\n", z, z+".zone")
	}
	start(t, []string{addr + ":53"}, "knotd", "-c", write(t, dir, "knot.conf", c.String()))
}

// BIND does the same with named.
func BIND(t testing.TB, addr string, zones ...string) {
	t.Helper()
	var served []serverstest.Served
	for _, z := range zones {
		served = append(served, serverstest.Served{Name: z, Text: empty})
	}
	BINDWith(t, addr, served...)
}

// BINDWith serves zones that have something in them.
func BINDWith(t testing.TB, addr string, zones ...serverstest.Served) (stop func()) {
	t.Helper()
	dir := place(t)
	// named listens only on addresses that an interface has; it is there already
	// where this fails.
	_ = exec.Command(serverstest.Need(t, "ip"), "addr", "add", addr+"/32", "dev", "lo").Run()
	var c strings.Builder
	fmt.Fprintf(&c, "key \"%s\" { algorithm hmac-sha256; secret %q; };\noptions { directory %q; pid-file none; session-keyfile none; lock-file none; listen-on port 53 { %s; }; listen-on-v6 { none; };\n"+
		"\trecursion no; notify no; dnssec-validation no; transfers-out 200; tcp-clients 300; allow-transfer { key %s; }; };\ncontrols { };\n", keyName, keySecret, dir, addr, keyName)
	for _, z := range zones {
		write(t, dir, z.Name+".zone", z.Text)
		fmt.Fprintf(&c, "zone %q { type primary; file %q; allow-update { key %s; }; check-names ignore; };\n", z.Name, z.Name+".zone", keyName)
	}
	return start(t, []string{addr + ":53"}, "named", "-g", "-n", "1", "-c", write(t, dir, "named.conf", c.String()))
}

// Start runs a name server of a program and its configuration, both the caller's.
func Start(t testing.TB, addr, program string, args ...string) {
	start(t, []string{addr + ":53"}, program, args...)
}

// PowerDNS runs pdns_server at addr:53 with no zones, and its API at addr:8081.
func PowerDNS(t testing.TB, addr string) providerapi.Config {
	t.Helper()
	dir := place(t)
	file := filepath.Join(dir, "pdns.sqlite3")
	var schema []byte
	for _, path := range []string{"/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql", "/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql"} {
		if b, err := os.ReadFile(path); err == nil {
			schema = b
			break
		}
	}
	if schema == nil {
		t.Fatal("not on this machine: PowerDNS's SQLite backend")
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(schema)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "pdns.conf", fmt.Sprintf("launch=gsqlite3\ngsqlite3-database=%s\ngsqlite3-dnssec=yes\ngsqlite3-pragma-synchronous=0\nlocal-address=%s\nlocal-port=53\nsocket-dir=%s\ndaemon=no\nguardian=no\n"+
		"api=yes\napi-key=%s\nwebserver=yes\nwebserver-address=%s\nwebserver-port=8081\nwebserver-allow-from=127.0.0.0/8\ncache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\nzone-cache-refresh-interval=0\n"+
		"security-poll-suffix=\nloglevel=4\ndefault-soa-content=ns1.ours.test. hostmaster.@ 0 3600 900 1209600 300\n", file, addr, dir, APIKey, addr))
	start(t, []string{addr + ":53", addr + ":8081"}, "pdns_server", "--config-dir="+dir)
	return providerapi.Config{Base: "http://" + addr + ":8081", Secret: APIKey}
}
