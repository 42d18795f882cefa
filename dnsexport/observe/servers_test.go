package observe

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/internal/resolve"
	"freehold/internal/resolve/serverstest"
)

const (
	plainAt  = "127.0.4.1"
	nsecAt   = "127.0.4.2"
	nsec3At  = "127.0.4.3"
	narrowAt = "127.0.4.4"
	bindAt   = "127.0.4.5"
)

// shop is a zone with something of everything that an observer meets.
const shop = `@ A 192.0.2.80
@ MX 10 mx-odd-name
@ TXT "v=spf1 a:relay-nobody-guesses.ORIGIN mx include:_spf.elsewhere.test ~all"
@ CAA 0 issue "ca.example"
www CNAME @
mail A 192.0.2.25
mail AAAA 2001:db8::25
Mx-Odd-Name A 192.0.2.26
relay-nobody-guesses A 192.0.2.27
_dmarc TXT "v=DMARC1; p=none"
_sip._tcp SRV 0 0 5060 voice-of-nowhere
voice-of-nowhere A 192.0.2.28
selector1._domainkey TXT "v=DKIM1; p=AAAA"
selector2._domainkey CNAME selector2.dkim.mailer.test.
zq7-secret-name A 192.0.2.99
deep.down.here A 192.0.2.30
www.blog A 192.0.2.31
blog A 192.0.2.31
customers NS ns1.customers
ns1.customers A 192.0.2.53
signed NS ns1.elsewhere.test.
signed DS 12345 13 2 49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC4444
`

// at puts the zone's name into a text.
func at(text, name string) string {
	return strings.ReplaceAll(text, "ORIGIN", strings.TrimSuffix(name, "."))
}

func serve(name, text string) serverstest.Served {
	return serverstest.Served{Name: name, Text: serverstest.Zone(name, 7, "ns1."+name, plainAt) + at(text, name)}
}

func signed(t *testing.T, name, text string, how serverstest.Signing) serverstest.Served {
	s := serve(name, text)
	s.Text = serverstest.Sign(t, name, s.Text, how).Text
	return s
}

func asker(t testing.TB, count *atomic.Int64) Asker {
	t.Helper()
	r, err := resolve.New(resolve.Config{Timeout: 3 * time.Second, AllowPrivate: true, Now: time.Now, Parallel: 64})
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, server netip.AddrPort, name string, qtype uint16) (*dns.Msg, error) {
		if count != nil {
			count.Add(1)
		}
		return r.Ask(ctx, server, name, qtype)
	}
}

func servers(at ...string) []netip.AddrPort {
	var out []netip.AddrPort
	for _, a := range at {
		out = append(out, netip.AddrPortFrom(netip.MustParseAddr(a), 53))
	}
	return out
}

func observe(t *testing.T, name string, c Config) *freehold.Zone {
	t.Helper()
	n, err := freehold.ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	if c.Ask == nil {
		c.Ask = asker(t, nil)
	}
	z, err := Zone(context.Background(), n, c)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// content is a zone's records without what signers make, one a line. The owners'
// case is the servers', which may answer in the asker's.
func content(z *freehold.Zone) map[string]bool {
	out := map[string]bool{}
	kept, _ := z.Split()
	for _, r := range kept {
		out[strings.ToLower(fmt.Sprintf("%s %s %x", r.Owner, r.Type, r.Data))] = true
	}
	return out
}

// truth reads the text that the servers serve.
func truth(t *testing.T, name, text string) map[string]bool {
	t.Helper()
	z := &freehold.Zone{}
	zp := dns.NewZoneParser(strings.NewReader(serverstest.Zone(name, 7, "ns1."+name, plainAt)+at(text, name)), name, "")
	zp.SetDefaultTTL(3600)
	for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
		r, err := resolve.Record(rr)
		if err != nil {
			t.Fatal(err)
		}
		z.Records = append(z.Records, r)
	}
	if zp.Err() != nil {
		t.Fatal(zp.Err())
	}
	z.Origin, _ = freehold.ParseOwner(name, "")
	return content(z)
}

func compare(t *testing.T, what string, got, want map[string]bool) {
	t.Helper()
	for _, r := range slices.Sorted(maps.Keys(want)) {
		if !got[r] {
			t.Errorf("%s lacks %s", what, r)
		}
	}
	for _, r := range slices.Sorted(maps.Keys(got)) {
		if !want[r] {
			t.Errorf("%s has %s, which is not in the zone", what, r)
		}
	}
}

// TestZonesOfServers observes zones of NSD, Knot, BIND and PowerDNS, signed and
// not, and holds what comes out to what is served.
func TestZonesOfServers(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	wild := shop + "* A 192.0.2.200\n* MX 5 mail\n*.here TXT \"wild\"\nreal A 192.0.2.201\n"
	serverstest.NSD(t, plainAt, serve("plain.test.", shop), serve("wild.test.", wild), signed(t, "nsd3.test.", shop, serverstest.Signing{NSEC3: true, Salt: "abcd", Iterations: 3}))
	serverstest.BIND(t, bindAt, signed(t, "bind.test.", shop, serverstest.Signing{}), signed(t, "bind3.test.", shop, serverstest.Signing{NSEC3: true}), serve("plain.test.", shop))
	serverstest.KnotSigning(t, nsecAt, false, serve("knot.test.", shop))
	serverstest.KnotSigning(t, nsec3At, true, serve("knot3.test.", shop))
	serverstest.PowerDNSSigning(t, narrowAt, true, serve("narrow.test.", shop))

	for name, at := range map[string]string{"bind.test": bindAt, "knot.test": nsecAt} {
		t.Run("walk "+name, func(t *testing.T) {
			z := observe(t, name, Config{Servers: servers(at), Words: []string{"www"}})
			if z.Coverage != freehold.CoverageWalked {
				t.Errorf("coverage %s: %v", z.Coverage, z.Reasons)
			}
			compare(t, name, content(z), truth(t, name+".", shop))
		})
	}
	for name, at := range map[string]string{"nsd3.test": plainAt, "bind3.test": bindAt, "knot3.test": nsec3At} {
		t.Run("chain "+name, func(t *testing.T) {
			z := observe(t, name, Config{Servers: servers(at)})
			want := truth(t, name+".", shop)
			for r := range want {
				if strings.HasPrefix(r, "zq7-secret-name") || strings.HasPrefix(r, "deep.down.here") || strings.HasPrefix(r, "signed.") {
					delete(want, r) // no word and no record leads there
				}
			}
			compare(t, name, content(z), want)
			if z.Coverage != freehold.CoverageObserved {
				t.Errorf("coverage %s, though a name was not found", z.Coverage)
			}
			if said := fmt.Sprint(z.Reasons); !strings.Contains(said, "names of") {
				t.Errorf("reasons %s", said)
			}
			z = observe(t, name, Config{Servers: servers(at), Hints: []string{"zq7-secret-name." + name, "deep.down.here." + name, "signed." + name}})
			if z.Coverage != freehold.CoverageWalked {
				t.Errorf("coverage %s with all names known: %v", z.Coverage, z.Reasons)
			}
			compare(t, name, content(z), truth(t, name+".", shop))
		})
	}
	t.Run("plain", func(t *testing.T) {
		z := observe(t, "plain.test", Config{Servers: servers(plainAt, bindAt), Hints: []string{"*.deep.down.here.plain.test", "www.google.test", "bad..name"}})
		want := truth(t, "plain.test.", shop)
		for r := range want {
			if strings.HasPrefix(r, "zq7-secret-name") || strings.HasPrefix(r, "signed.") {
				delete(want, r)
			}
		}
		got := content(z)
		compare(t, "plain.test", got, want)
		if z.Coverage != freehold.CoverageObserved || !z.Partial() || len(z.Asks) != 2 {
			t.Errorf("%s %v %v", z.Coverage, z.Reasons, z.Asks)
		}
	})
	t.Run("wildcard", func(t *testing.T) {
		z := observe(t, "wild.test", Config{Servers: servers(plainAt), Words: []string{"www", "mail", "nobody", "real", "blog", "here", "invented"}})
		got := content(z)
		for r := range got {
			for _, made := range []string{"nobody.", "invented."} {
				if strings.HasPrefix(r, made) {
					t.Errorf("a name that only the wildcard answers for: %s", r)
				}
			}
		}
		for _, want := range []string{"*.wild.test. a ", "*.wild.test. mx ", "real.wild.test. a ", "mail.wild.test. aaaa "} {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(got)), func(r string) bool { return strings.HasPrefix(r, want) }) {
				t.Errorf("no %s", want)
			}
		}
		if said := fmt.Sprint(z.Notes); !strings.Contains(said, "wildcard answers for every name") {
			t.Errorf("notes %s", said)
		}
	})
	t.Run("white lies", func(t *testing.T) {
		z := observe(t, "narrow.test", Config{Servers: servers(narrowAt), Words: []string{"www", "mail"}})
		if z.Coverage != freehold.CoverageObserved || !strings.Contains(fmt.Sprint(z.Reasons), "RFC 4470") {
			t.Errorf("%s %v", z.Coverage, z.Reasons)
		}
	})
	t.Run("journal", func(t *testing.T) { checkJournal(t) })
	t.Run("not theirs", func(t *testing.T) {
		n, _ := freehold.ParseName("nobody.test")
		if _, err := Zone(context.Background(), n, Config{Ask: asker(t, nil), Servers: servers(nsecAt)}); freehold.KindOf(err) != freehold.KindUnavailable {
			t.Errorf("%v", err)
		}
	})
}

// checkJournal interrupts an observation and takes it up again: what was answered
// is not asked again, and the result is that of one run.
func checkJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	run := func(limit int64) (*freehold.Zone, int64, error) {
		j, err := OpenJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		var count atomic.Int64
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ask := asker(t, &count)
		n, _ := freehold.ParseName("plain.test")
		z, err := Zone(ctx, n, Config{Servers: servers(plainAt), Journal: j, Ask: func(ctx context.Context, s netip.AddrPort, name string, qtype uint16) (*dns.Msg, error) {
			if limit > 0 && count.Load() >= limit {
				cancel()
			}
			return ask(ctx, s, name, qtype)
		}})
		return z, count.Load(), err
	}
	if _, _, err := run(200); err == nil {
		t.Fatal("it was not interrupted")
	}
	z, second, err := run(0)
	if err != nil {
		t.Fatal(err)
	}
	whole := observe(t, "plain.test", Config{Servers: servers(plainAt)})
	compare(t, "taken up again", content(z), content(whole))
	_, third, err := run(0)
	if err != nil || third > 10 {
		t.Errorf("a finished one asks %d questions again, %v", third, err)
	}
	if second < 200 {
		t.Errorf("the second run asked %d only: the first was not interrupted", second)
	}
}
