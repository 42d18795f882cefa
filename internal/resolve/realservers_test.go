package resolve

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/internal/resolve/serverstest"
)

// shop is what an ordinary zone holds, with a text too long for UDP.
func shop(name string) string {
	var long strings.Builder
	for i := range 24 {
		fmt.Fprintf(&long, ` "part%02d %s"`, i, strings.Repeat("x", 180))
	}
	return "@ A 192.0.2.80\n@ AAAA 2001:db8::80\nwww CNAME @\n@ MX 20 mx2\n@ MX 10 mx1\nmx1 A 192.0.2.25\nmx2 A 192.0.2.26\n" +
		"@ TXT \"v=spf1 mx -all\"\n@ TXT" + long.String() + "\n_dmarc TXT \"v=DMARC1; p=reject\"\n@ CAA 0 issue \"ca.example\"\n"
}

// TestFactsFromServers takes the facts of names from BIND, NSD, Knot and
// PowerDNS: signed, bogus, unsigned, lame, differing and truncated.
func TestFactsFromServers(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	w := newWorld(t)
	kinds := map[string]string{"bind": bindAt, "nsd": nsdAt, "knot": knotAt}
	for kind, at := range kinds {
		w.add(leaf{name: kind + ".example.", at: at, serial: 7, records: shop(kind), sign: &serverstest.Signing{NSEC3: kind == "nsd"}})
		w.add(leaf{name: "plain-" + kind + ".test.", at: at, serial: 7, records: shop(kind)})
		w.add(leaf{name: "old-" + kind + ".example.", at: at, records: shop(kind),
			sign: &serverstest.Signing{Inception: time.Now().Add(-9 * 24 * time.Hour), Expiration: time.Now().Add(-2 * 24 * time.Hour)}})
	}
	w.add(leaf{name: "plain-pdns.test.", at: pdnsAt, serial: 7, records: shop("pdns")})
	// PowerDNS signs as it answers. For the second of its zones the parent holds the
	// digest of another key, as after a key change that nobody told it.
	signing := func(name string) serverstest.Served {
		return serverstest.Served{Name: name, Text: serverstest.Zone(name, 7, "ns1."+name, pdnsLiveAt) + shop("pdns")}
	}
	ds := serverstest.PowerDNSSigning(t, pdnsLiveAt, false, signing("pdns.example."), signing("old-pdns.example."))
	stale := ds["old-pdns.example."]
	stale.Digest = strings.Repeat("5a", len(stale.Digest)/2)
	for name, d := range ds {
		w.delegate(name, fmt.Sprintf("%s NS ns1.%s\nns1.%s A %s\n%s\n", name, name, name, pdnsLiveAt, d))
	}

	// One server that refuses, one that is not there, one that is not named by the parent.
	w.add(leaf{name: "lame.example.", at: knotAt, records: host, ns: []string{"ns1.lame.example.", knotAt, "ns2.lame.example.", nsdAt, "ns3.lame.example.", "127.0.1.99", "ns4.lame.example.", pdnsAt}})
	// Two servers with different versions, the newer of which names a third.
	for at, serial := range map[string]uint32{bindAt: 4294967290, nsdAt: 3} {
		ns := []string{"ns1.drift.example.", bindAt, "ns2.drift.example.", nsdAt}
		if serial == 3 {
			ns = append(ns, "ns3.plain-knot.test.", "")
		}
		w.zones[at] = append(w.zones[at], serverstest.Served{Name: "drift.example.", Text: serverstest.Zone("drift.example.", serial, ns...) + host})
	}
	w.delegate("drift.example.", fmt.Sprintf("drift.example. NS ns1.drift.example.\nns1.drift.example. A %s\ndrift.example. NS ns2.drift.example.\nns2.drift.example. A %s\n", bindAt, nsdAt))
	// A name server that does not exist, and one without glue in another TLD.
	w.add(leaf{name: "glueless.example.", at: knotAt, records: host + "* A 192.0.2.99\n", ns: []string{"mx1.plain-knot.test.", "", "nobody.test.", "", "ns1.knot.example.", ""}})
	w.start()
	r := w.resolver()
	facts := func(name string) (freehold.DNSFacts, []freehold.Evidence) {
		n, err := freehold.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		return r.Facts(context.Background(), n)
	}
	kinds["pdns"] = pdnsLiveAt
	for kind, at := range kinds {
		t.Run(kind, func(t *testing.T) {
			f, evidence := facts(kind + ".example")
			checkShop(t, f, at)
			checkEvidence(t, f, evidence)
			if v, ok := f.Validation.Get(); !ok || v != freehold.Secure {
				t.Errorf("validation %v %q, want secure", f.Validation.Value, f.Validation.Note)
			}
			if len(f.DS.Value) != 1 || len(f.DNSKEY.Value) == 0 {
				t.Errorf("DS %v, keys %v", f.DS.Value, f.DNSKEY.Value)
			}
			if kind == "pdns" {
				at = pdnsAt
			}
			f, evidence = facts("plain-" + kind + ".test")
			checkShop(t, f, at)
			checkEvidence(t, f, evidence)
			if v, ok := f.Validation.Get(); !ok || v != freehold.Insecure {
				t.Errorf("validation %v %q, want insecure", f.Validation.Value, f.Validation.Note)
			}
			if f.DS.State != freehold.Absent || f.DNSKEY.State != freehold.Absent || f.CDS.State != freehold.Absent {
				t.Errorf("DS %v, DNSKEY %v, CDS %v, want all absent", f.DS.State, f.DNSKEY.State, f.CDS.State)
			}
			f, _ = facts("old-" + kind + ".example")
			why := "ended on"
			if kind == "pdns" {
				why = "matches what its parent names"
			}
			if v, ok := f.Validation.Get(); !ok || v != freehold.Bogus || !strings.Contains(f.Validation.Note, why) {
				t.Errorf("validation %v %q, want bogus, %s", f.Validation.Value, f.Validation.Note, why)
			}
			if len(f.A.Value) != 1 || !strings.Contains(f.A.Note, "does not validate") {
				t.Errorf("A %v %q, want the address and a doubt", f.A.Value, f.A.Note)
			}
		})
	}
	t.Run("lame", func(t *testing.T) { f, _ := facts("lame.example"); checkLame(t, f) })
	t.Run("drift", func(t *testing.T) { f, _ := facts("drift.example"); checkDrift(t, f) })
	t.Run("glueless", func(t *testing.T) { f, _ := facts("glueless.example"); checkGlueless(t, f) })
	t.Run("nobody", func(t *testing.T) { f, _ := facts("nobody.example"); checkNobody(t, f) })
	t.Run("text at every server", func(t *testing.T) { checkTextEverywhere(t, r) })
	t.Run("stub", func(t *testing.T) { checkStub(t, w) })
}

func checkShop(t *testing.T, f freehold.DNSFacts, at string) {
	t.Helper()
	for _, a := range f.Asks {
		if a.Outcome != freehold.OutcomeAnswered {
			t.Errorf("ask %s ended %s: %s", a.Source, a.Outcome, a.Error)
		}
	}
	if len(f.Asks) != 2 {
		t.Errorf("%d asks, want the parent and the server: %v", len(f.Asks), f.Asks)
	}
	if len(f.Servers) != 1 {
		t.Fatalf("servers %+v", f.Servers)
	}
	s := f.Servers[0]
	if s.Addr.String() != at || !s.Glue || !s.InParent || s.Lame || s.Error != "" || s.Serial.Value != 7 || !s.TCP.Value || len(s.NS.Value) != 1 {
		t.Errorf("server %+v", s)
	}
	for _, c := range []struct{ what, got, want string }{
		{"delegation", fmt.Sprint(f.Delegation.Value), fmt.Sprint(f.NS.Value)},
		{"A", fmt.Sprint(f.A.Value), "[192.0.2.80]"},
		{"AAAA", fmt.Sprint(f.AAAA.Value), "[2001:db8::80]"},
		{"WWW", fmt.Sprint(f.WWW.Value), "[192.0.2.80 2001:db8::80]"},
		{"MX addresses", fmt.Sprint(f.MXIPs.Value), "[192.0.2.25 192.0.2.26]"},
		{"SPF", f.SPF.Value, "v=spf1 mx -all"},
		{"DMARC", f.DMARC.Value, "v=DMARC1; p=reject"},
		{"CAA", fmt.Sprint(f.CAA.Value), `[0 issue "ca.example"]`},
		{"wildcard", fmt.Sprint(f.Wildcard.State, f.Wildcard.Value), "value false"},
		{"serial", fmt.Sprint(f.SOA.Value.Serial, f.SOA.Value.Refresh), "7 1h0m0s"},
		{"hosts looked up", fmt.Sprint(len(f.HostLookup)), "3"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %s, want %s", c.what, c.got, c.want)
		}
	}
	if len(f.MX.Value) != 2 || f.MX.Value[0].Preference != 10 {
		t.Errorf("MX %v", f.MX.Value)
	}
	if len(f.TXT.Value) != 2 || len(f.TXT.Value[0]) != maxText || !strings.Contains(f.TXT.Note, "cut") {
		t.Errorf("TXT %d texts, note %q", len(f.TXT.Value), f.TXT.Note)
	}
}

// checkEvidence sees that every identifier in the facts leads to a message that
// reads back.
func checkEvidence(t *testing.T, f freehold.DNSFacts, evidence []freehold.Evidence) {
	t.Helper()
	byID := map[freehold.EvidenceID]freehold.Evidence{}
	for _, e := range evidence {
		byID[e.ID()] = e
		if m := new(dns.Msg); e.Kind != freehold.EvidenceDNS || m.Unpack(e.Body) != nil || !strings.HasPrefix(e.Source, "dns://127.") {
			t.Errorf("evidence %s %q does not read back", e.Source, e.Query)
		}
	}
	ids := append(f.A.Evidence, f.Delegation.Evidence...)
	ids = append(ids, f.Validation.Evidence...)
	ids = append(ids, f.Servers[0].Evidence...)
	for _, id := range ids {
		if _, ok := byID[id]; !ok {
			t.Errorf("evidence %s is not there", id)
		}
	}
	if len(f.A.Evidence) == 0 || len(f.TXT.Evidence) == 0 || len(f.Validation.Evidence) == 0 {
		t.Error("a fact rests on nothing")
	}
}

func checkLame(t *testing.T, f freehold.DNSFacts) {
	t.Helper()
	if len(f.Servers) != 4 {
		t.Fatalf("servers %+v", f.Servers)
	}
	for i, want := range []struct {
		outcome freehold.Outcome
		lame    bool
		text    string
	}{
		{freehold.OutcomeAnswered, false, ""}, {freehold.OutcomeAnswered, true, "REFUSED"},
		{freehold.OutcomeFailed, false, "connection refused"}, {freehold.OutcomeAnswered, true, "REFUSED"},
	} {
		if s := f.Servers[i]; s.Outcome != want.outcome || s.Lame != want.lame || !strings.Contains(s.Error, want.text) {
			t.Errorf("server %d: %s lame=%v %q, want %+v", i, s.Outcome, s.Lame, s.Error, want)
		}
	}
	if len(f.WWW.Value) != 1 {
		t.Errorf("the one good server is enough for the records, got %v %q", f.WWW.Value, f.WWW.Note)
	}
	o := freehold.Observed{DNS: f}
	if got := freehold.StatusOf(&o); got != freehold.StatusPartial {
		t.Errorf("status %s: a dead server makes a name partial, a lame one does not", got)
	}
}

func checkDrift(t *testing.T, f freehold.DNSFacts) {
	t.Helper()
	if f.SOA.Value.Serial != 3 || !strings.Contains(f.SOA.Note, "different versions") {
		t.Errorf("serial %d %q: 3 comes after 4294967290 (RFC 1982)", f.SOA.Value.Serial, f.SOA.Note)
	}
	last := f.Servers[len(f.Servers)-1]
	if len(f.Servers) != 3 || last.Host.ASCII() != "ns3.plain-knot.test" || last.InParent || last.Error == "" {
		t.Errorf("the server that only the child names comes last, without an address: %+v", f.Servers)
	}
	if len(f.Servers[0].NS.Value) == len(f.Servers[1].NS.Value) {
		t.Errorf("NS sets %v and %v do not differ", f.Servers[0].NS.Value, f.Servers[1].NS.Value)
	}
}

func checkGlueless(t *testing.T, f freehold.DNSFacts) {
	t.Helper()
	if got := fmt.Sprint(f.Wildcard.State, f.Wildcard.Value); got != "value true" {
		t.Errorf("wildcard %s", got)
	}
	found := map[string]freehold.HostFacts{}
	for _, h := range f.HostLookup {
		found[h.Host.ASCII()] = h
	}
	if got := found["nobody.test"].Addrs.State; got != freehold.Absent {
		t.Errorf("a name server that does not exist has addresses %v", got)
	}
	if got := found["ns1.knot.example"].Addrs.Value; len(got) != 1 || got[0] != netip.MustParseAddr(knotAt) {
		t.Errorf("the name server in another zone is at %v", got)
	}
	if f.A.State != freehold.Absent || f.WWW.State != freehold.Value {
		t.Errorf("A %v, WWW %v", f.A.State, f.WWW.State)
	}
}

func checkNobody(t *testing.T, f freehold.DNSFacts) {
	t.Helper()
	if f.Delegation.State != freehold.Absent || f.A.State != freehold.Absent || f.MX.State != freehold.Absent || len(f.Delegation.Evidence) != 1 {
		t.Errorf("a name that is not there: delegation %v, A %v, MX %v", f.Delegation.State, f.A.State, f.MX.State)
	}
	if f.Validation.Value != freehold.Secure || len(f.Asks) != 1 {
		t.Errorf("validation %v, asks %v", f.Validation.Value, f.Asks)
	}
}

func checkTextEverywhere(t *testing.T, r *Resolver) {
	t.Helper()
	name, _ := freehold.ParseName("lame.example")
	h, _ := freehold.ParseHost("er.ent.lame.example")
	got, evidence := r.TXTAtEveryServer(context.Background(), name, h)
	if len(got) != 4 || len(evidence) == 0 {
		t.Fatalf("%+v", got)
	}
	if got[0].TXT.State != freehold.Absent || got[1].TXT.State != freehold.Unknown || got[2].Outcome != freehold.OutcomeFailed {
		t.Errorf("%+v", got)
	}
	deep, _ := freehold.ParseHost("deep.er.ent.lame.example")
	got, _ = r.TXTAtEveryServer(context.Background(), name, deep)
	if fmt.Sprint(got[0].TXT.Value) != "[here]" {
		t.Errorf("%+v", got[0])
	}
	signed, _ := freehold.ParseHost("_dmarc.knot.example")
	fact, v, evidence := r.TXT(context.Background(), signed)
	if v != freehold.Secure || fmt.Sprint(fact.Value) != "[v=DMARC1; p=reject]" || len(evidence) == 0 {
		t.Errorf("TXT %v %v", fact, v)
	}
	addrs, v, _ := r.Addrs(context.Background(), signed)
	if addrs.State != freehold.Absent || v != freehold.Secure {
		t.Errorf("addresses %v %v", addrs, v)
	}
}

// checkStub asks unbound only.
func checkStub(t *testing.T, w *world) {
	serverstest.Unbound(t, unboundAt, rootAt, w.ds.String())
	r, err := New(Config{Resolver: unboundAt + ":53", Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	name, _ := freehold.ParseName("knot.example")
	f, evidence := r.Facts(context.Background(), name)
	if !f.Stub || len(f.Asks) != 1 || f.Asks[0].Outcome != freehold.OutcomeAnswered || len(evidence) == 0 {
		t.Errorf("stub %v, asks %v", f.Stub, f.Asks)
	}
	if len(f.Servers) != 0 || f.Validation.State != freehold.Unknown || f.DS.State != freehold.Unknown || f.Delegation.State != freehold.Unknown {
		t.Errorf("a stub knows no single server, no validation: %v %v", f.Servers, f.Validation)
	}
	if len(f.NS.Value) != 1 || f.SOA.Value.Serial != 7 || len(f.WWW.Value) != 2 || len(f.MXIPs.Value) != 2 || f.SPF.Value == "" || f.Wildcard.State != freehold.Value {
		t.Errorf("facts through a resolver: %+v", f)
	}
	bogus, _ := freehold.ParseName("old-knot.example")
	f, _ = r.Facts(context.Background(), bogus)
	if f.A.State != freehold.Unknown || freehold.StatusOf(&freehold.Observed{DNS: f}) != freehold.StatusFailed {
		t.Errorf("what the resolver withholds is unknown: %v %v", f.A, f.Asks)
	}
}
