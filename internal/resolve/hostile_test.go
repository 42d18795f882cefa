package resolve

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/internal/resolve/serverstest"
)

var day = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// hostileWorld has a root and a TLD, and lets a test add servers.
func hostileWorld(t testing.TB, delegations string, servers map[string]*authority) (*Resolver, *fakeNet) {
	t.Helper()
	n := &fakeNet{servers: map[netip.Addr]func(*dns.Msg) *dns.Msg{}}
	root := serving(t, soa(".")+". NS ns.root.\nexample. NS a.nic.example.\na.nic.example. A 127.0.0.2\n")
	tld := serving(t, soa("example.")+"example. NS a.nic.example.\na.nic.example. A 127.0.0.2\n"+delegations)
	n.servers[netip.MustParseAddr("127.0.0.1")] = root.answer
	n.servers[netip.MustParseAddr("127.0.0.2")] = tld.answer
	for at, a := range servers {
		n.servers[netip.MustParseAddr(at)] = a.answer
	}
	return over(t, n, hintsAt(t, "127.0.0.1"), day), n
}

func zoneAt(name, at string) string {
	return fmt.Sprintf("%s NS ns.%s\nns.%s A %s\n", name, name, name, at)
}

func lookUp(r *Resolver, name string, qtype uint16) (*answer, error) {
	return r.lookup(context.Background(), newTask(false), ask(name, qtype))
}

func TestAliasLoops(t *testing.T) {
	long := soa("z.example.") + zoneAt("z.example.", "127.0.1.1") + "a.z.example. CNAME b.z.example.\nb.z.example. CNAME a.z.example.\nself.z.example. CNAME self.z.example.\n"
	for i := range maxAliases + 3 {
		long += fmt.Sprintf("c%d.z.example. CNAME c%d.z.example.\n", i, i+1)
	}
	r, n := hostileWorld(t, zoneAt("z.example.", "127.0.1.1"), map[string]*authority{"127.0.1.1": serving(t, long)})
	for _, name := range []string{"a.z.example.", "self.z.example.", "c0.z.example."} {
		n.asked = 0
		_, err := lookUp(r, name, dns.TypeA)
		if err == nil || asFailure(err).reply == nil || !strings.Contains(err.Error(), "alias") {
			t.Errorf("%s: %v", name, err)
		}
		if n.asked > 20 {
			t.Errorf("%s: %d questions", name, n.asked)
		}
	}
	// A circle is an answer: asking again would change nothing, so it is no miss.
	o := &observation{r: r, t: newTask(true), fqdn: "z.example."}
	if f := o.addresses(context.Background(), "a.z.example.", dns.TypeA); f.State != freehold.Unknown || len(f.Evidence) == 0 || len(o.misses) != 0 {
		t.Errorf("%+v, misses %v", f, o.misses)
	}
}

func TestDelegationLoops(t *testing.T) {
	r, n := hostileWorld(t, "a.example. NS ns.b.example.\nb.example. NS ns.a.example.\nself.example. NS ns.self.example.\nup.example. NS ns.up.example.\nns.up.example. A 127.0.1.1\n", map[string]*authority{
		"127.0.1.1": serving(t, soa(".")+"example. NS a.nic.example.\na.nic.example. A 127.0.0.2\n"), // refers upward
	})
	for _, name := range []string{"www.a.example.", "www.b.example.", "www.self.example.", "www.up.example."} {
		n.asked = 0
		if a, err := lookUp(r, name, dns.TypeA); err == nil {
			t.Errorf("%s: %v", name, a.hops)
		}
		if n.asked > 60 {
			t.Errorf("%s: %d questions", name, n.asked)
		}
	}
}

// TestEverDeeper: a server that refers to a zone one label deeper, without end.
func TestEverDeeper(t *testing.T) {
	r, n := hostileWorld(t, zoneAt("z.example.", "127.0.1.1"), nil)
	n.servers[netip.MustParseAddr("127.0.1.1")] = func(q *dns.Msg) *dns.Msg {
		m := new(dns.Msg)
		m.SetReply(q)
		name := q.Question[0].Name
		ns, _ := dns.NewRR(name + " NS ns." + name)
		glue, _ := dns.NewRR("ns." + name + " A 127.0.1.1")
		m.Ns, m.Extra = []dns.RR{ns}, []dns.RR{glue}
		return m
	}
	if _, err := lookUp(r, strings.Repeat("x.", 60)+"z.example.", dns.TypeA); err == nil {
		t.Error("an answer")
	}
	if n.asked > 120 {
		t.Errorf("%d questions", n.asked)
	}
}

// TestPoison: what a server says about names that are not its own is not believed.
func TestPoison(t *testing.T) {
	r, n := hostileWorld(t, zoneAt("victim.example.", "127.0.1.1")+zoneAt("evil.example.", "127.0.1.2"), map[string]*authority{
		"127.0.1.1": serving(t, soa("victim.example.")+zoneAt("victim.example.", "127.0.1.1")+"www.victim.example. A 192.0.2.1\n"),
	})
	var strayed atomic.Int64
	n.servers[netip.MustParseAddr("127.0.1.3")] = func(*dns.Msg) *dns.Msg { strayed.Add(1); return nil }
	honest := serving(t, soa("evil.example.")+zoneAt("evil.example.", "127.0.1.2")+"www.evil.example. CNAME www.victim.example.\nsub.evil.example. NS ns.victim.example.\n")
	n.servers[netip.MustParseAddr("127.0.1.2")] = func(q *dns.Msg) *dns.Msg {
		m := honest.answer(q)
		refers := len(m.Answer) == 0 && !m.Authoritative
		for _, s := range []string{"victim.example. NS ns.evil.example.", "example. NS ns.evil.example.", ". NS ns.evil.example."} {
			rr, _ := dns.NewRR(s)
			m.Ns = append(m.Ns, rr)
		}
		for _, s := range []string{"ns.victim.example. A 127.0.1.3", "www.victim.example. A 192.0.2.66", "a.nic.example. A 127.0.1.3"} {
			rr, _ := dns.NewRR(s)
			m.Extra = append(m.Extra, rr)
			if !refers {
				m.Answer = append(m.Answer, rr)
			}
		}
		return m
	}
	for _, name := range []string{"evil.example.", "www.evil.example.", "nope.evil.example.", "x.sub.evil.example."} {
		_, _ = lookUp(r, name, dns.TypeA)
	}
	for _, name := range []string{"www.victim.example.", "www.evil.example."} {
		a, err := lookUp(r, name, dns.TypeA)
		if err != nil || fmt.Sprint(a.addrs()) != "[192.0.2.1]" {
			t.Errorf("%s: %v %v, want the victim's own address", name, a, err)
		}
	}
	if strayed.Load() > 0 {
		t.Error("an address was believed that another zone gave for the victim's server")
	}
	// A referral that is not downward is no referral.
	for _, c := range []struct{ zone, name, ns, want string }{
		{"evil.example.", "www.evil.example.", "victim.example.", ""},
		{"evil.example.", "www.evil.example.", "example.", ""},
		{"evil.example.", "www.evil.example.", "evil.example.", ""},
		{"evil.example.", "www.evil.example.", "other.evil.example.", ""},
		{"evil.example.", "a.www.evil.example.", "www.evil.example.", "www.evil.example."},
	} {
		rr, _ := dns.NewRR(c.ns + " NS ns.evil.example.")
		if got, _ := referral(&dns.Msg{Ns: []dns.RR{rr}}, c.zone, c.name); got != c.want {
			t.Errorf("from %s for %s to %s: %q", c.zone, c.name, c.ns, got)
		}
	}
}

// TestManyNameServers is NXNSAttack (CVE-2020-12667): a delegation to a hundred
// name servers without address must not make us ask a victim a hundred times.
func TestManyNameServers(t *testing.T) {
	delegation := ""
	for i := range 100 {
		delegation += fmt.Sprintf("nx.example. NS n%d.victim.example.\n", i)
	}
	r, n := hostileWorld(t, delegation+zoneAt("victim.example.", "127.0.1.1"), nil)
	var asked atomic.Int64
	victim := serving(t, soa("victim.example.")+zoneAt("victim.example.", "127.0.1.1"))
	n.servers[netip.MustParseAddr("127.0.1.1")] = func(q *dns.Msg) *dns.Msg { asked.Add(1); return victim.answer(q) }
	if _, err := lookUp(r, "www.nx.example.", dns.TypeA); err == nil {
		t.Error("an answer")
	}
	if asked.Load() > 4*maxGlueless {
		t.Errorf("the victim was asked %d times for one question", asked.Load())
	}
	asked.Store(0)
	name, _ := freehold.ParseName("nx.example")
	f, evidence := r.Facts(context.Background(), name)
	if asked.Load() > 2*maxHosts+8 || n.asked > maxQueries+100 {
		t.Errorf("the victim was asked %d times for the facts", asked.Load())
	}
	if len(f.Servers) > maxServers || len(f.Delegation.Value) > maxRecords || f.Delegation.Note == "" || len(evidence) > maxEvidence {
		t.Errorf("%d servers, %d names %q", len(f.Servers), len(f.Delegation.Value), f.Delegation.Note)
	}
}

// TestPrivateAddresses: a public zone cannot make us ask inside the house.
func TestPrivateAddresses(t *testing.T) {
	n := &fakeNet{servers: map[netip.Addr]func(*dns.Msg) *dns.Msg{}}
	inside := []string{"127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"}
	text := soa(".")
	for i, a := range inside {
		text += zoneAt(fmt.Sprintf("z%d.", i), a) + fmt.Sprintf("zz.z%d. NS ns.z%d.\n", i, i)
		n.servers[netip.MustParseAddr(a)] = func(*dns.Msg) *dns.Msg { t.Errorf("%s was asked", a); return nil }
	}
	n.servers[netip.MustParseAddr("9.9.9.1")] = serving(t, text).answer
	h, err := ParseHints([]byte(". NS a.\na. A 9.9.9.1\n"), "public")
	if err != nil {
		t.Fatal(err)
	}
	h.anchors = nil
	r, err := New(Config{Hints: h, Now: func() time.Time { return day }})
	if err != nil {
		t.Fatal(err)
	}
	r.client.net = n
	for i := range inside {
		_, err := lookUp(r, fmt.Sprintf("www.z%d.", i), dns.TypeA)
		if err == nil || !strings.Contains(err.Error(), "private") || asFailure(err).outcome != freehold.OutcomeNone {
			t.Errorf("%s: %v", inside[i], err)
		}
	}
}

// TestKeyTrap (CVE-2023-50387): many keys of one tag and many signatures must
// not multiply.
func TestKeyTrap(t *testing.T) {
	signed := serverstest.Sign(t, "z.example.", soa("z.example.")+"z.example. NS ns.z.example.\nwww.z.example. A 192.0.2.1\n",
		serverstest.Signing{Inception: day.Add(-time.Hour), Expiration: day.Add(time.Hour)})
	r := over(t, &fakeNet{}, hintsAt(t, "127.0.0.1"), day)
	counting := &countingCrypto{}
	r.crypto = counting
	var set []dns.RR
	var sigs []*dns.RRSIG
	zp := dns.NewZoneParser(strings.NewReader(signed.Text), ".", "")
	for rr, ok := zp.Next(); ok; rr, ok = zp.Next() {
		sig, isSig := rr.(*dns.RRSIG)
		if rr.Header().Rrtype == dns.TypeA {
			set = append(set, rr)
		} else if isSig && sig.TypeCovered == dns.TypeA {
			for i := range 200 {
				bad := dns.Copy(sig).(*dns.RRSIG)
				bad.OrigTtl += uint32(i) + 1
				sigs = append(sigs, bad)
			}
		}
	}
	var keys []*dns.DNSKEY
	for range 200 {
		keys = append(keys, signed.Keys[1])
	}
	_, err := r.verifySet(newTask(true), "z.example.", keys, set, sigs)
	if err == nil || counting.n > maxSetSigs {
		t.Errorf("%d signatures tried, %v", counting.n, err)
	}
	counting.n = 0
	spentTask := newTask(true)
	for range 2000 {
		_, _ = r.verifySet(spentTask, "z.example.", keys, set, sigs)
	}
	if counting.n > maxVerified {
		t.Errorf("%d signatures tried for one name", counting.n)
	}
}

type countingCrypto struct {
	standardCrypto
	n int
}

func (c *countingCrypto) verify(sig *dns.RRSIG, key *dns.DNSKEY, set []dns.RR) error {
	c.n++
	return c.standardCrypto.verify(sig, key, set)
}

// TestHashFlood (CVE-2023-50868): a deep name against a hashed zone.
func TestHashFlood(t *testing.T) {
	r := over(t, &fakeNet{}, hintsAt(t, "127.0.0.1"), day)
	task := newTask(true)
	d := &denial{zone: "example.", hash: r.hasher(task)}
	for i := range maxDenials {
		d.nsec3 = append(d.nsec3, &dns.NSEC3{Hdr: dns.RR_Header{Name: fmt.Sprintf("%032d.example.", i)}, Hash: dns.SHA1, Iterations: maxIteration, NextDomain: fmt.Sprintf("%032d", i+1)})
	}
	for i := range 50 {
		_, _ = d.absent(strings.Repeat("a.", 100)+fmt.Sprintf("x%d.example.", i), dns.TypeA, true)
	}
	if n := task.hashed.Load(); n > 51+maxHashed {
		t.Errorf("%d names hashed", n)
	}
	if _, err := d.absent("other.example.", dns.TypeA, true); err == nil {
		t.Error("a proof without the work")
	}
}

func TestDeadZone(t *testing.T) {
	r, n := hostileWorld(t, zoneAt("dead.example.", "127.0.1.1"), nil)
	var silent atomic.Int64
	n.servers[netip.MustParseAddr("127.0.1.1")] = func(*dns.Msg) *dns.Msg { silent.Add(1); return nil }
	name, _ := freehold.ParseName("dead.example")
	f, _ := r.Facts(context.Background(), name)
	if len(f.Servers) != 1 || f.Servers[0].Outcome != freehold.OutcomeGarbled && f.Servers[0].Outcome != freehold.OutcomeTimeout {
		t.Errorf("%+v", f.Servers)
	}
	if f.A.State != freehold.Unknown || f.A.Note == "" || f.MXIPs.State != freehold.Unknown || f.Validation.State != freehold.Unknown || f.Wildcard.State != freehold.Unknown {
		t.Errorf("silence is unknown: %+v", f.A)
	}
	if f.Delegation.State != freehold.Value {
		t.Error("the parent did answer")
	}
	if silent.Load() > 10 {
		t.Errorf("a dead server was asked %d times", silent.Load())
	}
	if got := freehold.StatusOf(&freehold.Observed{DNS: f}); got != freehold.StatusPartial {
		t.Errorf("status %v", got)
	}
}

// TestDeadParent: nothing is learnt, and nothing is said.
func TestDeadParent(t *testing.T) {
	r, n := hostileWorld(t, "", nil)
	delete(n.servers, netip.MustParseAddr("127.0.0.2"))
	name, _ := freehold.ParseName("any.example")
	f, _ := r.Facts(context.Background(), name)
	if f.Delegation.State != freehold.Unknown || f.A.State != freehold.Unknown || len(f.Asks) != 1 || f.Asks[0].Outcome == freehold.OutcomeAnswered {
		t.Errorf("%+v %+v", f.Delegation, f.Asks)
	}
	if got := freehold.StatusOf(&freehold.Observed{DNS: f}); got != freehold.StatusFailed {
		t.Errorf("status %v", got)
	}
}

// TestNoIPv6 is a machine without it: that is no fault of the name.
func TestNoIPv6(t *testing.T) {
	r, n := hostileWorld(t, "six.example. NS ns.six.example.\nns.six.example. A 127.0.1.1\nns.six.example. AAAA fd00::1\n", map[string]*authority{
		"127.0.1.1": serving(t, soa("six.example.")+"six.example. NS ns.six.example.\nns.six.example. A 127.0.1.1\nns.six.example. AAAA fd00::1\n"),
	})
	r.client.net = noIPv6{n}
	name, _ := freehold.ParseName("six.example")
	f, _ := r.Facts(context.Background(), name)
	i := slices.IndexFunc(f.Servers, func(s freehold.ServerFacts) bool { return s.Addr.Is6() })
	if len(f.Servers) != 2 || i < 0 || f.Servers[i].Outcome != freehold.OutcomeNone || !strings.Contains(f.Servers[i].Error, "IPv6") {
		t.Fatalf("%+v", f.Servers)
	}
	if got := freehold.StatusOf(&freehold.Observed{DNS: f}); got != freehold.StatusOK {
		t.Errorf("status %v: %+v", got, f.Asks)
	}
}

// TestUnanchored: a private root without keys says nothing about validation.
func TestUnanchored(t *testing.T) {
	r, _ := hostileWorld(t, zoneAt("z.example.", "127.0.1.1"), map[string]*authority{
		"127.0.1.1": serving(t, soa("z.example.")+zoneAt("z.example.", "127.0.1.1")+"z.example. TXT \"one\" \"two\"\nz.example. TXT \"v=spf1 -all\"\nz.example. TXT \"V=SPF1 a\"\nz.example. MX 0 .\n"),
	})
	name, _ := freehold.ParseName("z.example")
	f, _ := r.Facts(context.Background(), name)
	if f.Validation.State != freehold.Unknown || !strings.Contains(f.Validation.Note, "trust anchor") {
		t.Errorf("validation %+v", f.Validation)
	}
	if !slices.Contains(f.TXT.Value, "onetwo") {
		t.Errorf("the parts of a text are one text: %q", f.TXT.Value)
	}
	if f.SPF.State != freehold.Unknown || !strings.Contains(f.SPF.Note, "2 records") {
		t.Errorf("two SPF records are none: %+v", f.SPF)
	}
	if len(f.MX.Value) != 1 || !f.MX.Value[0].Host.IsZero() || f.MXIPs.State != freehold.Absent {
		t.Errorf("the null MX: %+v %+v", f.MX, f.MXIPs)
	}
	if got := freehold.StatusOf(&freehold.Observed{DNS: f}); got != freehold.StatusOK {
		t.Errorf("status %v: %+v", got, f.Asks)
	}
}

// TestSameServer: the parent's server serves the child too, and gives no referral.
func TestSameServer(t *testing.T) {
	r, n := hostileWorld(t, "", nil)
	both := serving(t, soa("example.")+"example. NS a.nic.example.\na.nic.example. A 127.0.0.2\nz.example. NS ns.z.example.\n",
		soa("z.example.")+"z.example. NS ns.z.example.\nns.z.example. A 127.0.0.2\nwww.z.example. A 192.0.2.1\n")
	n.servers[netip.MustParseAddr("127.0.0.2")] = both.answer
	name, _ := freehold.ParseName("z.example")
	f, _ := r.Facts(context.Background(), name)
	if len(f.Servers) != 1 || f.Servers[0].Lame || f.Servers[0].Serial.State != freehold.Value || len(f.WWW.Value) != 1 {
		t.Errorf("%+v, www %+v", f.Servers, f.WWW)
	}
	if f.DS.State != freehold.Absent || f.Delegation.State != freehold.Value {
		t.Errorf("DS %v, delegation %v", f.DS, f.Delegation)
	}
}

// TestRecordsWithoutDelegation: some registries hold a name's records themselves.
func TestRecordsWithoutDelegation(t *testing.T) {
	r, _ := hostileWorld(t, "z.example. A 192.0.2.1\nz.example. MX 10 mail.z.example.\nmail.z.example. A 192.0.2.2\n", nil)
	name, _ := freehold.ParseName("z.example")
	f, _ := r.Facts(context.Background(), name)
	if f.Delegation.State != freehold.Absent || len(f.A.Value) != 1 || len(f.MXIPs.Value) != 1 || f.NS.State != freehold.Absent || f.SOA.State != freehold.Absent {
		t.Errorf("delegation %v, A %v, mail %v, NS %v, SOA %v", f.Delegation.State, f.A, f.MXIPs, f.NS.State, f.SOA.State)
	}
}

// TestCache: what is shared between names is asked once, and again when its time is over.
func TestCache(t *testing.T) {
	r, n := hostileWorld(t, zoneAt("z.example.", "127.0.1.1"), map[string]*authority{
		"127.0.1.1": serving(t, soa("z.example.")+zoneAt("z.example.", "127.0.1.1")+"www.z.example. 60 A 192.0.2.1\n"),
	})
	now := day
	r.cfg.Now = func() time.Time { return now }
	r.client.now = r.cfg.Now
	count := func() int {
		n.asked = 0
		if _, err := lookUp(r, "www.z.example.", dns.TypeA); err != nil {
			t.Fatal(err)
		}
		return n.asked
	}
	if got := count(); got == 0 {
		t.Error("nothing was asked")
	}
	if got := count(); got != 0 {
		t.Errorf("asked %d times again at once", got)
	}
	now = now.Add(61 * time.Second)
	if got := count(); got != 1 {
		t.Errorf("after the record's TTL %d questions, want 1", got)
	}
	now = now.Add(7 * time.Hour)
	if got := count(); got < 3 {
		t.Errorf("after the delegations' TTL %d questions", got)
	}
	small := newLRU[int, int](3)
	for i := range 5 {
		small.put(i, i, now.Add(time.Hour))
		small.get(0, now)
	}
	if _, ok := small.get(1, now); ok || len(small.items) != 3 {
		t.Errorf("%d items in a cache of 3, the oldest among them: %v", len(small.items), ok)
	}
	if _, ok := small.get(0, now); !ok {
		t.Error("what is used is kept")
	}
}

// TestServerFailure: SERVFAIL is a failure that may pass, not a lame server.
func TestServerFailure(t *testing.T) {
	r, n := hostileWorld(t, zoneAt("z.example.", "127.0.1.1"), nil)
	n.servers[netip.MustParseAddr("127.0.1.1")] = func(q *dns.Msg) *dns.Msg {
		m := new(dns.Msg)
		m.SetRcode(q, dns.RcodeServerFailure)
		return m
	}
	name, _ := freehold.ParseName("z.example")
	f, _ := r.Facts(context.Background(), name)
	if s := f.Servers[0]; s.Outcome != freehold.OutcomeFailed || s.Lame || !strings.Contains(s.Error, "SERVFAIL") || len(s.Evidence) == 0 {
		t.Errorf("%+v", s)
	}
	if got := freehold.StatusOf(&freehold.Observed{DNS: f}); got != freehold.StatusPartial {
		t.Errorf("status %v", got)
	}
}
