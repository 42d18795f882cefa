package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"freehold/internal/resolve/serverstest"
)

const shopZone = "$TTL 3600\n@ IN SOA ns1.shop-des-tests.ch. h.shop-des-tests.ch. 7 3600 900 604800 300\n@ NS ns1\nns1 A 127.0.0.1\nwww A 192.0.2.1\nmail MX 10 www\nsub NS ns.sub\nns.sub A 192.0.2.7\nlong TXT \"a\" \"b\"\n"

// TestZonesOfRealServers takes a zone out of a delegation served by BIND, with a
// key, and compares it with every server.
func TestZonesOfRealServers(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	dir := t.TempDir()
	for d := dir; strings.HasPrefix(d, os.TempDir()) && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := write("copy.key", "key \"copy\" { algorithm hmac-sha512; secret \"c2VjcmV0LXNlY3JldC1zZWNyZXQ=\"; };\n")
	write("root.zone", "$TTL 60\n. SOA ns.root. h. 1 2 3 4 5\n. NS ns.root.\nns.root. A 127.0.0.1\nch. NS ns.ch.\nns.ch. A 127.0.0.1\n")
	write("ch.zone", "$TTL 60\nch. SOA ns.ch. h.ch. 1 2 3 4 5\nch. NS ns.ch.\nns.ch. A 127.0.0.1\nshop-des-tests.ch. NS ns1.shop-des-tests.ch.\nns1.shop-des-tests.ch. A 127.0.0.1\n")
	write("shop.zone", shopZone)
	hints := write("hints", ". 3600 NS ns.root.\nns.root. 3600 A 127.0.0.1\n")
	conf := write("named.conf", fmt.Sprintf("include %q;\noptions { directory %q; pid-file none; session-keyfile none; lock-file none; listen-on { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; notify no; empty-zones-enable no; allow-transfer { none; }; };\ncontrols { };\n"+
		"zone \".\" { type primary; file \"root.zone\"; };\nzone \"ch\" { type primary; file \"ch.zone\"; };\nzone \"shop-des-tests.ch\" { type primary; file \"shop.zone\"; allow-transfer { key copy; }; };\n", key, dir))
	named := exec.Command(serverstest.Need(t, "named"), "-g", "-n", "1", "-c", conf)
	named.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var log bytes.Buffer
	named.Stderr = &log
	if err := named.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = named.Process.Kill()
		_ = named.Wait()
		if t.Failed() {
			t.Logf("named: %s", log.String()[max(0, log.Len()-2000):])
		}
	})
	out := filepath.Join(dir, "copies")
	run := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		var o, e bytes.Buffer
		code := Run(context.Background(), append([]string{"freehold"}, args...), Streams{In: strings.NewReader(""), Out: &o, Err: &e, Getenv: func(k string) string {
			return map[string]string{"HOME": dir, "KEY": "file"}[k]
		}})
		if code != want {
			t.Errorf("%v: exit code %d, want %d\n%s%s", args, code, want, o.String(), e.String())
		}
		return o.String(), e.String()
	}
	world := []string{"--dns-hints", hints, "--timeout", "2s"}
	signed := append([]string{"--tsig", "copy", "--tsig-secret", "file:" + key}, world...)
	with := func(flags []string, args ...string) []string { return append(args, flags...) }
	for deadline := time.Now().Add(20 * time.Second); ; {
		var o, e bytes.Buffer
		if Run(context.Background(), append([]string{"freehold"}, with(signed, "compare", "--zone", "shop-des-tests.ch", filepath.Join(dir, "shop.zone"), "dns://127.0.0.1")...), Streams{In: strings.NewReader(""), Out: &o, Err: &e, Getenv: func(string) string { return "" }}) == 0 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("named does not answer: %s %s", o.String(), e.String())
		}
		<-time.After(50 * time.Millisecond)
	}
	if _, stderr := run(1, with(world, "export", "shop-des-tests.ch", "-o", out)...); !strings.Contains(stderr, "REFUSED") || !strings.Contains(stderr, "hint: ") {
		t.Errorf("without the key: %s", stderr)
	}
	stdout, _ := run(0, with(signed, "export", "shop-des-tests.ch", "-o", out, "--as", "bind,json")...)
	if !strings.Contains(stdout, "transferred") || !strings.Contains(stdout, "axfr 127.0.0.1:53") {
		t.Errorf("export: %s", stdout)
	}
	if b, err := os.ReadFile(filepath.Join(out, "manifest.json")); err != nil || bytes.Contains(b, []byte("c2VjcmV0")) || !bytes.Contains(b, []byte(`signed with the key \"copy\"`)) {
		t.Errorf("manifest: %v\n%s", err, b)
	}
	run(0, "export", "--check", out)
	run(0, with(signed, "compare", out, "dns://127.0.0.1", "--zone", "shop-des-tests.ch")...)
	stdout, _ = run(0, with(world, "compare", out, "@")...)
	if !strings.Contains(stdout, "127.0.0.1:53 udp") || !strings.Contains(stdout, "127.0.0.1:53 tcp") || strings.Count(stdout, "Record sets: 6 the same, 0 different") != 2 {
		t.Errorf("every server:\n%s", stdout)
	}
	changed := write("changed.zone", strings.Replace(shopZone, "192.0.2.1\n", "192.0.2.2\n", 1)+"gone TXT x\n")
	stdout, _ = run(3, with(world, "compare", changed, "delegation:", "--zone", "shop-des-tests.ch")...)
	for _, want := range []string{"-www\t3600\tIN\tA\t192.0.2.2\n", "+www\t3600\tIN\tA\t192.0.2.1\n", "-gone\t3600\tIN\tTXT\t\"x\"\n"} {
		if strings.Count(stdout, want) != 2 {
			t.Errorf("every server, over UDP and TCP, differs by %q:\n%s", want, stdout)
		}
	}
}
