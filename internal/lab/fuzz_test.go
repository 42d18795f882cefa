package lab

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// FuzzReply puts any question to the resolver and every name server's zones. The
// law: an answer to the question asked, that packs and reads back, in which all
// that is signed verifies, and whose authoritative answers from signed zones are
// signed throughout.
func FuzzReply(f *testing.F) {
	for _, q := range questions {
		f.Add(q.name, q.qtype, uint16(dns.ClassINET), true)
	}
	f.Add(`\000.atelier-verrine.ch`, dns.TypeA, uint16(dns.ClassINET), true)
	f.Add(`a\.b.fournil-des-orgues.com`, dns.TypeNSEC, uint16(dns.ClassCHAOS), false)
	f.Add(`*.clients.atelier-verrine.ch`, dns.TypeANY, uint16(dns.ClassINET), true)
	w, err := newWorld()
	if err != nil {
		f.Fatal(err)
	}
	l := &Lab{world: w, bulk: 1000}
	set := w.zones(l.bulk)
	n := &nameServer{lab: l, zones: set.all, resolver: true, bulk: l.bulk}
	f.Fuzz(func(t *testing.T, name string, qtype, class uint16, dnssec bool) {
		q := new(dns.Msg)
		q.Id, q.RecursionDesired = 7, true
		q.Question = []dns.Question{{Name: dns.Fqdn(name), Qtype: qtype, Qclass: class}}
		q.SetEdns0(udpSize, dnssec)
		wire, err := q.Pack()
		if err != nil {
			t.Skip()
		}
		if err := q.Unpack(wire); err != nil {
			t.Skip()
		}
		m := n.reply(q)
		wire, err = m.Pack()
		if err != nil {
			t.Fatalf("%v in %s", err, m)
		}
		back := new(dns.Msg)
		if err := back.Unpack(wire); err != nil || back.Id != q.Id || back.Question[0] != q.Question[0] {
			t.Fatalf("%v: %s", err, back)
		}
		for _, section := range [][]dns.RR{m.Answer, m.Ns} {
			verifySection(t, set, section, dnssec)
		}
	})
}

// verifySection checks each signature, and that no set of a signed zone lacks one.
func verifySection(t *testing.T, set *zoneSet, section []dns.RR, dnssec bool) {
	t.Helper()
	type key struct {
		owner string
		t     uint16
	}
	sets, signedBy := map[key][]dns.RR{}, map[key]*dns.RRSIG{}
	for _, rr := range section {
		h := rr.Header()
		if sig, ok := rr.(*dns.RRSIG); ok {
			signedBy[key{strings.ToLower(h.Name), sig.TypeCovered}] = sig
			continue
		}
		k := key{strings.ToLower(h.Name), h.Rrtype}
		sets[k] = append(sets[k], rr)
	}
	if !dnssec && len(signedBy) > 0 {
		t.Fatalf("signatures nobody asked for: %v", section)
	}
	for k, rrs := range sets {
		sig := signedBy[k]
		home := set.all[k.owner]
		if k.t == dns.TypeDS || home == nil {
			home = set.all[parent(k.owner)]
		}
		switch {
		case sig != nil:
			zone := set.all[sig.SignerName]
			if err := sig.Verify(zone.key.record, rrs); err != nil {
				t.Fatalf("%v: %v", err, rrs)
			}
		case dnssec && home != nil && home.denial != unsigned && !home.isCut(k.owner, home.node(k.owner)):
			t.Fatalf("unsigned in a signed zone: %v", rrs)
		}
	}
}

// FuzzWHOIS puts any line to every WHOIS server. The law: some text comes, and
// what it says of a name is that the registry holds it only if it does.
func FuzzWHOIS(f *testing.F) {
	for _, q := range []string{"traiteur-lievens.eu", "-T dn,ace delta-meuse.be", "=garage-montfleuri.com", "", "\x1b[2J.eu", "CAFÉ-DES-TANNEURS.FR"} {
		f.Add(q)
	}
	w, err := newWorld()
	if err != nil {
		f.Fatal(err)
	}
	l := &Lab{world: w}
	f.Fuzz(func(t *testing.T, query string) {
		for i := range w.registries {
			reg := &w.registries[i]
			if reg.whois == nil {
				continue
			}
			text := string(l.whoisAnswer(reg, query))
			if text == "" || strings.ContainsAny(text, "\x1b\x00") {
				t.Fatalf("%q: %q", query, text)
			}
			fields := strings.Fields(query)
			if !strings.Contains(text, "Registrar") && !strings.Contains(text, "registrar:") {
				continue
			}
			if w.byName[mustName(strings.TrimPrefix(fields[len(fields)-1], "=")).ASCII()] == nil {
				t.Fatalf("%q is held: %s", query, text)
			}
		}
	})
}

func BenchmarkBulk(b *testing.B) {
	l := up(b, Config{Bulk: 100_000})
	registry := l.registryService(l.world.byTLD[bulkTLD])
	b.Run("RDAP", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if registry("domain/"+BulkName(i%100_000).ASCII()).status != 200 {
				b.Fatal("not there")
			}
		}
	})
	n := &nameServer{lab: l, zones: map[string]*zone{}, bulk: l.bulk}
	b.Run("DNS", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			q := new(dns.Msg).SetQuestion(BulkName(i%100_000).FQDN(), dns.TypeMX)
			if len(n.reply(q).Answer) != 1 {
				b.Fatal("not there")
			}
		}
	})
}

// BenchmarkServe shows that the world does not slow down who measures against
// it: its answers a second as a share of those of a bare handler with the same
// body, both over loopback.
func BenchmarkServe(b *testing.B) {
	l, c := up(b, Config{Bulk: 100_000}), web(b)
	url := domainURL(b, l, BulkName(7).ASCII())
	body := []byte(mustGet(b, c, url))
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", rdapMedia)
		w.Write(body)
	}))
	b.Cleanup(bare.Close)
	var took [2]time.Duration
	for range b.N {
		for i, at := range []string{url, bare.URL} {
			began := time.Now()
			for range 20 {
				mustGet(b, c, at)
			}
			took[i] += time.Since(began)
		}
	}
	b.ReportMetric(took[1].Seconds()/took[0].Seconds(), "of-bare-handler")
}

func BenchmarkStart(b *testing.B) {
	for range b.N {
		l, err := Start(b.Context(), Config{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		l.Close()
	}
}
