package serverstest

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/miekg/dns"
	_ "modernc.org/sqlite" // PowerDNS keeps its zones in an SQLite file
)

// pdnsSchema is where packages of PowerDNS's SQLite backend put its tables.
var pdnsSchema = []string{
	"/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql",
	"/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql",
	"/usr/share/doc/pdns-backend-sqlite/schema.sqlite3.sql",
}

// PowerDNS serves unsigned zones with pdns_server at addr. It makes its own
// proofs of what is not there, so a zone signed elsewhere is not for it.
func PowerDNS(t testing.TB, addr string, zones ...Served) {
	t.Helper()
	p := newPowerDNS(t, addr, zones)
	for _, z := range zones {
		p.util("rectify-zone", z.Name)
	}
	p.start(zones, Need(t, "pdns_server"), "--config-dir="+p.dir)
}

// PowerDNSSigning serves zones with pdns_server at addr, which signs every
// answer as it gives it. With narrow it makes up an NSEC3 record for each name it
// denies ("white lies", RFC 4470). It returns the DS records of each zone.
func PowerDNSSigning(t testing.TB, addr string, narrow bool, zones ...Served) map[string]*dns.DS {
	t.Helper()
	p := newPowerDNS(t, addr, zones)
	out := map[string]*dns.DS{}
	for _, z := range zones {
		p.util("secure-zone", z.Name)
		if narrow {
			p.util("set-nsec3", z.Name, "1 0 0 -", "narrow")
		}
		p.util("rectify-zone", z.Name)
		for _, line := range strings.Split(p.util("export-zone-ds", z.Name), "\n") {
			line, _, _ = strings.Cut(line, ";")
			if rr, err := dns.NewRR(line); err == nil && rr != nil {
				if ds, ok := rr.(*dns.DS); ok && ds.DigestType == dns.SHA256 {
					out[z.Name] = ds
				}
			}
		}
		if out[z.Name] == nil {
			t.Fatalf("PowerDNS gives no DS for %s", z.Name)
		}
	}
	p.start(zones, Need(t, "pdns_server"), "--config-dir="+p.dir)
	return out
}

func newPowerDNS(t testing.TB, addr string, zones []Served) place {
	t.Helper()
	Need(t, "pdns_server")
	Need(t, "pdnsutil")
	p := newPlace(t, addr, zones)
	file := p.dir + "/pdns.sqlite3"
	p.write("pdns.conf", fmt.Sprintf(`launch=gsqlite3
gsqlite3-database=%s
gsqlite3-dnssec=yes
gsqlite3-pragma-synchronous=0
local-address=%s
local-port=53
socket-dir=%s
daemon=no
guardian=no
receiver-threads=1
distributor-threads=1
disable-syslog=yes
loglevel=3
cache-ttl=0
query-cache-ttl=0
security-poll-suffix=
`, file, addr, p.dir))
	var schema []byte
	for _, path := range pdnsSchema {
		if b, err := os.ReadFile(path); err == nil {
			schema = b
			break
		}
	}
	if schema == nil {
		lacking(t, "PowerDNS's SQLite backend")
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
	for _, z := range zones {
		p.util("load-zone", z.Name, p.dir+"/"+zoneFile(z.Name))
	}
	return p
}

// util runs pdnsutil and returns what it prints.
func (p place) util(args ...string) string {
	p.t.Helper()
	out, err := exec.Command(Need(p.t, "pdnsutil"), append([]string{"--config-dir=" + p.dir}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("pdnsutil %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
