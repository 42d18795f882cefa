package axfr

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"freehold"
	"freehold/internal/resolve/serverstest"
)

const zoneText = `$TTL 3600
$ORIGIN shop.test.
@ IN SOA ns1.host.test. hostmaster 7 3600 900 604800 300
@ NS ns1.host.test.
@ MX 10 mail
@ TXT "v=spf1 mx -all" "two"
mail A 192.0.2.1
mail AAAA 2001:db8::1
* CNAME mail
_sip._tcp SRV 1 2 5060 mail
sub NS ns.sub
ns.sub A 192.0.2.2
u TYPE65280 \# 3 0102ff
`

// certificate makes a certificate for 127.0.0.0/8 and returns its files and pool.
func certificate(t *testing.T, dir string) (cert, key string, pair tls.Certificate, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, DNSNames: []string{"ns1.host.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM, keyPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	write(t, cert, string(certPEM))
	write(t, key, string(keyPEM))
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	if pair, err = tls.X509KeyPair(certPEM, keyPEM); err != nil {
		t.Fatal(err)
	}
	return
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// place is a folder that servers which give up root can still read.
func place(t *testing.T) string {
	dir := t.TempDir()
	for d := dir; strings.HasPrefix(d, os.TempDir()) && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "shop.zone"), zoneText)
	return dir
}

// start runs a server until the test ends and waits for its port.
func start(t *testing.T, dir, port, program string, args ...string) {
	t.Helper()
	out, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(serverstest.Need(t, program), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(out.Name())
			t.Logf("%s:\n%s", program, log[max(0, len(log)-3000):])
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; {
		_, err := New(Config{}).Zone(context.Background(), shop, "127.0.0.1:"+port)
		if kind := freehold.KindOf(err); err == nil || kind == freehold.KindPermission || kind == freehold.KindNotFound {
			return
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(out.Name())
			t.Fatalf("%s does not start: %v\n%s", program, err, log)
		}
		<-time.After(30 * time.Millisecond)
	}
}

// behindTLS puts a TLS front before a server that has none of its own, as
// stunnel or haproxy would be.
func behindTLS(t *testing.T, pair tls.Certificate, port string) string {
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"dot"}, MinVersion: tls.VersionTLS13})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			front, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer front.Close()
				back, err := net.Dial("tcp", "127.0.0.1:"+port)
				if err != nil {
					return
				}
				defer back.Close()
				go io.Copy(back, front)
				io.Copy(front, back)
			}()
		}
	}()
	return l.Addr().String()
}

func sameZone(t *testing.T, what string, got *freehold.Zone, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	want := testZone(t, strings.Join(strings.Split(zoneText, "\n")[4:], "\n"))
	if d := want.Diff(got, freehold.DiffRules{SOA: freehold.SOAExact}); len(d.Changes) > 0 {
		t.Errorf("%s: %d record sets differ: %+v", what, len(d.Changes), d.Changes[0])
	}
}

// try transfers without a key (refused), with a wrong secret (refused) and with
// the right one.
func try(t *testing.T, server, port string, algorithms []string, secure string, pool *x509.CertPool) {
	t.Helper()
	ctx, at := context.Background(), "127.0.0.1:"+port
	if _, err := New(Config{}).Zone(ctx, shop, at); err == nil {
		t.Errorf("%s gives the zone without a key", server)
	} else {
		t.Logf("%s without a key: %v", server, err)
	}
	wrong, err := NewKey("key-hmac-sha256", "hmac-sha256", "d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmc=")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Key: wrong}).Zone(ctx, shop, at); err == nil || freehold.KindOf(err) != freehold.KindPermission && server != "PowerDNS" { // which says NOTAUTH alone
		t.Errorf("%s with a wrong secret: %v", server, err)
	} else {
		t.Logf("%s with a wrong secret: %v", server, err)
	}
	for _, algorithm := range algorithms {
		k, err := NewKey("key-"+algorithm, algorithm, secret)
		if err != nil {
			t.Fatal(err)
		}
		z, err := New(Config{Key: k}).Zone(ctx, shop, at)
		sameZone(t, server+" with "+algorithm, z, err)
	}
	k, _ := NewKey("key-hmac-sha256", "hmac-sha256", secret)
	z, err := New(Config{Key: k, TLS: &tls.Config{RootCAs: pool}}).Zone(ctx, shop, secure)
	sameZone(t, server+" over TLS", z, err)
	if _, err := New(Config{Key: k, TLS: &tls.Config{RootCAs: pool, ServerName: "other.test"}}).Zone(ctx, shop, secure); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%s with another's certificate: %v", server, err)
	}
	if _, err := New(Config{Key: k, TLS: &tls.Config{RootCAs: pool}, Idle: 300 * time.Millisecond}).Zone(ctx, shop, at); err == nil {
		t.Errorf("%s: TLS on the plain port succeeds", server)
	}
}

// TestRealServers transfers from BIND, NSD, Knot and PowerDNS: with every
// algorithm of TSIG that each knows, and over TLS.
func TestRealServers(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	dir := place(t)
	cert, key, pair, pool := certificate(t, dir)
	full := Algorithms()

	t.Run("BIND", func(t *testing.T) {
		dir := place(t)
		algorithms := append([]string{"hmac-sha256-128", "hmac-sha384-192", "hmac-sha512-256"}, full...)
		var conf strings.Builder
		var allowed string
		for _, a := range algorithms {
			fmt.Fprintf(&conf, "key \"key-%s\" { algorithm %s; secret %q; };\n", a, a, secret)
			allowed += "key \"key-" + a + "\"; "
		}
		fmt.Fprintf(&conf, `tls ours { cert-file %q; key-file %q; };
options { directory %q; pid-file none; session-keyfile none; lock-file none; listen-on port 5301 { 127.0.0.1; };
	listen-on port 8531 tls ours { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; notify no; allow-transfer { %s };
	allow-transfer port 8531 transport tls { %s }; };
controls { };
zone "shop.test" { type primary; file "shop.zone"; check-names ignore; };
`, cert, key, dir, allowed, allowed)
		text := strings.Replace(conf.String(), fmt.Sprintf("\n\tallow-transfer port 8531 transport tls { %s };", allowed), "", 1)
		start(t, dir, "5301", "named", "-g", "-n", "1", "-c", write(t, filepath.Join(dir, "named.conf"), text))
		try(t, "BIND", "5301", algorithms, "127.0.0.1:8531", pool)
	})
	t.Run("NSD", func(t *testing.T) {
		dir := place(t)
		var conf strings.Builder
		fmt.Fprintf(&conf, "server:\n\tip-address: 127.0.0.1@5302\n\tip-address: 127.0.0.1@8532\n\ttls-port: 8532\n\ttls-service-key: %q\n\ttls-service-pem: %q\n\tusername: \"\"\n\tchroot: \"\"\n\tdatabase: \"\"\n\tzonesdir: %q\n\tzonelistfile: %q\n\txfrdfile: %q\n\txfrdir: %q\n\tpidfile: \"\"\n\tserver-count: 1\nremote-control:\n\tcontrol-enable: no\n",
			key, cert, dir, dir+"/zone.list", dir+"/xfrd.state", dir)
		zone := "zone:\n\tname: shop.test\n\tzonefile: shop.zone\n"
		for _, a := range full {
			fmt.Fprintf(&conf, "key:\n\tname: key-%s\n\talgorithm: %s\n\tsecret: %q\n", a, a, secret)
			zone += "\tprovide-xfr: 127.0.0.1 key-" + a + "\n"
		}
		start(t, dir, "5302", "nsd", "-d", "-c", write(t, filepath.Join(dir, "nsd.conf"), conf.String()+zone))
		try(t, "NSD", "5302", full, "127.0.0.1:8532", pool)
	})
	t.Run("Knot", func(t *testing.T) {
		dir := place(t)
		var conf strings.Builder
		fmt.Fprintf(&conf, "server:\n  rundir: %q\n  listen: 127.0.0.1@5303\ndatabase:\n  storage: %q\nlog:\n  - target: stderr\n    any: warning\nkey:\n", dir, dir)
		var ids []string
		for _, a := range full {
			fmt.Fprintf(&conf, "  - id: key-%s\n    algorithm: %s\n    secret: %s\n", a, a, secret)
			ids = append(ids, "key-"+a)
		}
		fmt.Fprintf(&conf, "acl:\n  - id: copy\n    key: [%s]\n    action: transfer\ntemplate:\n  - id: default\n    storage: %q\n    zonefile-sync: -1\n    journal-content: none\nzone:\n  - domain: shop.test\n    file: shop.zone\n    acl: copy\n", strings.Join(ids, ", "), dir)
		start(t, dir, "5303", "knotd", "-c", write(t, filepath.Join(dir, "knot.conf"), conf.String()))
		try(t, "Knot", "5303", full, behindTLS(t, pair, "5303"), pool)
	})
	t.Run("PowerDNS", func(t *testing.T) {
		dir := place(t)
		// The bind backend keeps keys in a database of its own.
		write(t, filepath.Join(dir, "named.conf"), fmt.Sprintf("zone \"shop.test\" { type master; file %q; };\n", dir+"/shop.zone"))
		conf := fmt.Sprintf("launch=bind\nbind-config=%s/named.conf\nbind-dnssec-db=%s/keys.db\nlocal-address=127.0.0.1\nlocal-port=5304\nsocket-dir=%s\ndaemon=no\nguardian=no\ndisable-axfr=no\nallow-axfr-ips=\nsecurity-poll-suffix=\nloglevel=4\n", dir, dir, dir)
		write(t, filepath.Join(dir, "pdns.conf"), conf)
		util := func(args ...string) {
			if out, err := exec.Command(serverstest.Need(t, "pdnsutil"), append([]string{"--config-dir=" + dir}, args...)...).CombinedOutput(); err != nil {
				t.Fatalf("pdnsutil %v: %v\n%s", args, err, out)
			}
		}
		util("create-bind-db", dir+"/keys.db")
		for _, a := range full {
			util("import-tsig-key", "key-"+a, a, secret)
			util("activate-tsig-key", "shop.test", "key-"+a, "primary")
		}
		start(t, dir, "5304", "pdns_server", "--config-dir="+dir)
		try(t, "PowerDNS", "5304", full, behindTLS(t, pair, "5304"), pool)
	})
}
