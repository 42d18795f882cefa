package axfr

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"freehold"
	"freehold/internal/resolve/serverstest"
)

// TestIXFRRealServers brings copies up to date from BIND and Knot: nothing new,
// several steps of a journal, and the whole zone where the journal does not
// reach back; with TSIG, and over TLS.
func TestIXFRRealServers(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	cert, key, pair, pool := certificate(t, place(t))
	t.Run("BIND", func(t *testing.T) {
		dir := place(t)
		// BIND sends the whole zone where the differences are larger: of a zone of
		// ten records they are.
		text := fmt.Sprintf(`key "key-hmac-sha256" { algorithm hmac-sha256; secret %q; };
tls ours { cert-file %q; key-file %q; };
options { directory %q; pid-file none; session-keyfile none; lock-file none; listen-on port 5305 { 127.0.0.1; };
	listen-on port 8535 tls ours { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; notify no; max-ixfr-ratio unlimited;
	allow-transfer { key "key-hmac-sha256"; }; };
controls { };
zone "shop.test" { type primary; file "shop.zone"; check-names ignore; allow-update { key "key-hmac-sha256"; }; };
`, secret, cert, key, dir)
		start(t, dir, "5305", "named", "-g", "-n", "1", "-c", write(t, filepath.Join(dir, "named.conf"), text))
		bringUpToDate(t, "5305", "127.0.0.1:8535", pool)
	})
	t.Run("Knot", func(t *testing.T) {
		dir := place(t)
		text := fmt.Sprintf("server:\n  rundir: %q\n  listen: 127.0.0.1@5306\ndatabase:\n  storage: %q\nlog:\n  - target: stderr\n    any: warning\nkey:\n  - id: key-hmac-sha256\n    algorithm: hmac-sha256\n    secret: %s\n"+
			"acl:\n  - id: all\n    key: key-hmac-sha256\n    action: [transfer, update]\ntemplate:\n  - id: default\n    storage: %q\n    zonefile-sync: -1\n    journal-content: changes\nzone:\n  - domain: shop.test\n    file: shop.zone\n    acl: all\n", dir, dir, secret, dir)
		start(t, dir, "5306", "knotd", "-c", write(t, filepath.Join(dir, "knot.conf"), text))
		bringUpToDate(t, "5306", behindTLS(t, pair, "5306"), pool)
	})
}

// follow asks for the differences and returns how they came beside the zone.
func follow(t *testing.T, c *Client, base *freehold.Zone, server string) (u update, z *freehold.Zone) {
	t.Helper()
	u.base = base
	u.soa, _ = base.SOA()
	if err := c.run(context.Background(), base.Origin, server, freehold.TypeIXFR, appendRecord(nil, u.soa), u.message, func() string { return "cut" }); err != nil {
		t.Fatal(err)
	}
	z, changed, err := c.Update(context.Background(), base, server)
	if err != nil || changed == u.same {
		t.Fatalf("changed %v, the answer says %v, %v", changed, u.same, err)
	}
	return u, z
}

func bringUpToDate(t *testing.T, port, secure string, pool *x509.CertPool) {
	t.Helper()
	ctx, server := context.Background(), "127.0.0.1:"+port
	k, err := NewKey("key-hmac-sha256", "hmac-sha256", secret)
	if err != nil {
		t.Fatal(err)
	}
	signed := New(Config{Key: k})
	base, err := signed.Zone(ctx, shop, server)
	sameZone(t, "the zone before", base, err)

	if u, z := follow(t, signed, base, server); !u.same || z != base {
		t.Error("nothing is new, and a zone was made")
	}
	for i, step := range []string{
		"add new.shop.test. 60 A 192.0.2.9\nadd new.shop.test. 60 A 192.0.2.10",
		"delete shop.test. MX\nadd shop.test. 60 MX 20 Mail.shop.test.",
		"delete new.shop.test. A 192.0.2.9\nadd t.shop.test. 60 TXT \"a\\228\" \"b\"",
		"delete sub.shop.test.\ndelete ns.sub.shop.test.",
	} {
		change(t, port, step)
		now, err := signed.Zone(ctx, shop, server)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			what   string
			client *Client
			at     string
		}{{"with TSIG", signed, server}, {"with TSIG over TLS", New(Config{Key: k, TLS: &tls.Config{RootCAs: pool}}), secure}} {
			u, z := follow(t, c.client, base, c.at)
			if u.full || u.soas < 2*(i+1) {
				t.Errorf("%s, %d steps: the whole zone %v, %d SOAs among the differences", c.what, i+1, u.full, u.soas)
			}
			if d := now.Diff(z, freehold.DiffRules{SOA: freehold.SOAExact, DNSSEC: true}); len(d.Changes) > 0 {
				t.Errorf("%s, %d steps: %+v", c.what, i+1, d.Changes)
			}
			if !strings.HasPrefix(z.Source, "ixfr ") || z.Coverage != freehold.CoverageTransferred {
				t.Errorf("%s: %q, %s", c.what, z.Source, z.Coverage)
			}
		}
	}
	now, err := signed.Zone(ctx, shop, server)
	if err != nil {
		t.Fatal(err)
	}

	old := withSerial(base, 3) // before the journal
	u, z := follow(t, signed, old, server)
	if d := now.Diff(z, freehold.DiffRules{SOA: freehold.SOAExact, DNSSEC: true}); !u.full || len(d.Changes) > 0 {
		t.Errorf("a copy older than the journal: the whole zone %v, %+v", u.full, d.Changes)
	}
	if u, z := follow(t, signed, withSerial(now, 4000), server); !u.same || len(z.Records) != len(now.Records) {
		t.Error("the server's zone is older than the copy, and took its place")
	}

	lacking := *base // a copy that is not what its serial says
	lacking.Records = nil
	for _, r := range base.Records {
		if r.Type != freehold.TypeMX {
			lacking.Records = append(lacking.Records, r)
		}
	}
	if _, _, err := signed.Update(ctx, &lacking, server); freehold.KindOf(err) != freehold.KindInvalid || !strings.Contains(fmt.Sprint(err), "is not in the copy") {
		t.Errorf("a damaged copy: %v", err)
	}
	if _, _, err := New(Config{}).Update(ctx, base, server); err == nil {
		t.Error("differences are given without the key")
	}
}

func withSerial(z *freehold.Zone, n uint32) *freehold.Zone {
	out := *z
	out.Records = nil
	for _, r := range z.Records {
		if r.Type == freehold.TypeSOA { // the serial is the first of the last five numbers
			at := len(r.Data) - 20
			r.Data = r.Data[:at] + string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + r.Data[at+4:]
		}
		out.Records = append(out.Records, r)
	}
	return &out
}

// change makes one dynamic update (RFC 2136): a step of the journal.
func change(t *testing.T, port, lines string) {
	t.Helper()
	cmd := exec.Command(serverstest.Need(t, "nsupdate"), "-v", "-y", "hmac-sha256:key-hmac-sha256:"+secret)
	cmd.Stdin = strings.NewReader(fmt.Sprintf("server 127.0.0.1 %s\nzone shop.test.\n%s\nsend\n", port, lines))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nsupdate: %v\n%s", err, out)
	}
}
