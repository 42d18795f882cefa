package resolve

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold/internal/resolve/serverstest"
)

// Where the servers of the test world are.
const (
	rootAt                   = "127.0.0.1" // BIND, the root
	exampleAt                = "127.0.0.2" // NSD, the TLD example, with NSEC
	testAt                   = "127.0.0.3" // Knot, the TLD test, with NSEC3 and opt-out
	bindAt                   = "127.0.1.1"
	nsdAt                    = "127.0.1.2"
	knotAt                   = "127.0.1.3"
	pdnsAt                   = "127.0.1.4"
	pdnsLiveAt, pdnsNarrowAt = "127.0.1.5", "127.0.1.6"
	knotLiveAt               = "127.0.1.7"
	unboundAt                = "127.0.9.1"
)

// world is a small Internet of real servers.
type world struct {
	t      testing.TB
	zones  map[string][]serverstest.Served // by address
	tlds   map[string]*strings.Builder     // delegations
	anchor *dns.DNSKEY
	ds     *dns.DS
}

func newWorld(t testing.TB) *world {
	return &world{t: t, zones: map[string][]serverstest.Served{}, tlds: map[string]*strings.Builder{"example.": {}, "test.": {}}}
}

// leaf is one zone below a TLD (or below another leaf) and what is wrong with it.
type leaf struct {
	name    string
	at      string // server address
	records string // beside SOA, NS and a mail host
	sign    *serverstest.Signing
	// damage changes the signed zone, ds the DS at the parent (nil leaves it out).
	damage func(text string) string
	ds     func(*dns.DS) *dns.DS
	serial uint32
	ns     []string // host and address in turn; default: ns1 at the server
}

// add builds a leaf, puts it on its server, and returns the delegation.
func (w *world) add(l leaf) string {
	w.t.Helper()
	if l.serial == 0 {
		l.serial = 1
	}
	if l.ns == nil {
		l.ns = []string{"ns1." + l.name, l.at}
	}
	text := serverstest.Zone(l.name, l.serial, l.ns...) + l.records
	var delegation strings.Builder
	for i := 0; i+1 < len(l.ns); i += 2 {
		fmt.Fprintf(&delegation, "%s NS %s\n", l.name, l.ns[i])
		if l.ns[i+1] != "" && strings.HasSuffix(l.ns[i], l.name) {
			fmt.Fprintf(&delegation, "%s A %s\n", l.ns[i], l.ns[i+1])
		}
	}
	if l.sign != nil {
		signed := serverstest.Sign(w.t, l.name, text, *l.sign)
		text = signed.Text
		ds := signed.DS
		if l.ds != nil {
			ds = l.ds(ds)
		}
		if ds != nil {
			delegation.WriteString(ds.String() + "\n")
		}
	}
	if l.damage != nil {
		text = l.damage(text)
	}
	w.zones[l.at] = append(w.zones[l.at], serverstest.Served{Name: l.name, Text: text})
	w.delegate(l.name, delegation.String())
	return delegation.String()
}

// delegate puts a delegation into the TLD that a name is directly below.
func (w *world) delegate(name, records string) {
	for tld, b := range w.tlds {
		if dns.CountLabel(name) == 2 && dns.IsSubDomain(tld, name) {
			b.WriteString(records)
		}
	}
}

// start signs the TLDs and the root, and starts every server.
func (w *world) start() {
	w.t.Helper()
	root := ". 300 SOA ns.root. hostmaster.root. 1 3600 600 86400 60\n. 300 NS ns.root.\nns.root. 300 A " + rootAt + "\n"
	for _, tld := range []struct {
		name, at string
		how      serverstest.Signing
	}{{"example.", exampleAt, serverstest.Signing{}}, {"test.", testAt, serverstest.Signing{NSEC3: true, OptOut: true, Salt: "ab"}}} {
		signed := serverstest.Sign(w.t, tld.name, serverstest.Zone(tld.name, 1, "a.nic."+tld.name, tld.at)+w.tlds[tld.name].String(), tld.how)
		w.zones[tld.at] = []serverstest.Served{{Name: tld.name, Text: signed.Text}}
		root += fmt.Sprintf("%s 300 NS a.nic.%s\na.nic.%s 300 A %s\n%s\n", tld.name, tld.name, tld.name, tld.at, signed.DS)
	}
	signed := serverstest.Sign(w.t, ".", root, serverstest.Signing{})
	w.anchor, w.ds = signed.Keys[0], signed.DS
	serverstest.BIND(w.t, rootAt, serverstest.Served{Name: ".", Text: signed.Text})
	serverstest.NSD(w.t, exampleAt, w.zones[exampleAt]...)
	serverstest.Knot(w.t, testAt, w.zones[testAt]...)
	for at, start := range map[string]func(testing.TB, string, ...serverstest.Served){
		bindAt: serverstest.BIND, nsdAt: serverstest.NSD, knotAt: serverstest.Knot, pdnsAt: serverstest.PowerDNS,
	} {
		if len(w.zones[at]) > 0 {
			start(w.t, at, w.zones[at]...)
		}
	}
}

// hints is the hints file of the world, with its trust anchor.
func (w *world) hints() string {
	return ". 3600 IN NS ns.root.\nns.root. 3600 IN A " + rootAt + "\n" + w.ds.String() + "\n"
}

func (w *world) resolver() *Resolver {
	w.t.Helper()
	h, err := ParseHints([]byte(w.hints()), "world")
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := New(Config{Hints: h, Timeout: 3 * time.Second})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}
