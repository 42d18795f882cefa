package lab

import (
	"path/filepath"
	"testing"
	"time"

	"freehold"
	"freehold/internal/fetch"
	"freehold/internal/policy"
	"freehold/internal/resolve"
	"freehold/registrar/rdap"
	"freehold/registrar/whois"
	"freehold/verify"
)

// readers are freehold's own, pointed at a world.
type readers struct {
	rdap  *rdap.Client
	whois *whois.Client
	dns   *resolve.Resolver
}

func newReaders(t *testing.T, l *Lab) readers {
	t.Helper()
	now := func() time.Time { return Now }
	client := fetch.New(fetch.Config{Timeout: 5 * time.Second})
	t.Cleanup(client.Close)
	bootstrap, ids, err := rdap.Sources{Fetch: client}.Load(t.Context(), l.Dir(), filepath.Join(l.Dir(), "registrar-ids.csv"))
	if err != nil {
		t.Fatal(err)
	}
	registries, err := rdap.New(rdap.Config{Bootstrap: bootstrap, RegistrarIDs: ids, Fetch: client, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	hints, err := resolve.ReadHints(filepath.Join(l.Dir(), "root.hints"))
	if err != nil {
		t.Fatal(err)
	}
	resolver, err := resolve.New(resolve.Config{Hints: hints, Port: l.DNSPort(), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	servers := map[string]string{}
	for _, tld := range []string{"eu", "be"} {
		servers[tld], _ = l.WHOIS(tld)
	}
	return readers{registries, whois.New(whois.Config{Servers: servers, Now: now}), resolver}
}

// registration asks RDAP, and WHOIS where there is none.
func (r readers) registration(t *testing.T, name freehold.Name) freehold.Registration {
	if _, ok := r.rdap.Server(name); ok {
		reg, _ := r.rdap.Domain(t.Context(), name)
		return reg
	}
	reg, _ := r.whois.Domain(t.Context(), name)
	return reg
}

// TestReaders: what freehold reads off the world is what the world's data says,
// name by name, or that it does not know; never anything else.
func TestReaders(t *testing.T) {
	l := up(t, Config{})
	r := newReaders(t, l)
	for i := range l.world.domains {
		d := &l.world.domains[i]
		t.Run(d.name, func(t *testing.T) {
			name := l.world.parsed[d]
			reg := r.registration(t, name)
			checkRegistration(t, l.world, d, &reg)
			facts, _ := r.dns.Facts(t.Context(), name)
			checkZone(t, d, &facts)
		})
	}
}

// TestVerdicts: each name reaches the verdict that its story promises.
func TestVerdicts(t *testing.T) {
	l := up(t, Config{})
	r := newReaders(t, l)
	rules, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, story := range Describe() {
		o := &freehold.Observed{Name: story.Name, At: Now, Registration: r.registration(t, story.Name)}
		o.DNS, _ = r.dns.Facts(t.Context(), story.Name)
		for _, addr := range o.DNS.A.Value {
			facts, _, _ := r.rdap.IP(t.Context(), addr)
			facts.Addr, facts.Roles = addr, []string{"web"}
			o.Network.Addresses = append(o.Network.Addresses, facts)
		}
		for _, a := range Attestations() {
			if a.Name == story.Name {
				o.Attestations = append(o.Attestations, a)
			}
		}
		got := verify.Judge(o, verify.Control(o), rules.For(o.Name, o.At))
		if got.CanLeave != story.CanLeave {
			t.Errorf("%s (%s): %v, want %v", story.Name, story.Story, got.CanLeave, story.CanLeave)
		}
		if status := freehold.StatusOf(o); status != story.Status {
			t.Errorf("%s (%s): %v, want %v: %+v", story.Name, story.Story, status, story.Status, o.Asks())
		}
	}
}

func checkRegistration(t *testing.T, w *world, d *domain, reg *freehold.Registration) {
	t.Helper()
	want := freehold.Registered
	switch {
	case d.gone:
		want = freehold.NotRegistered
	case d.status == freehold.StatusFailed || w.registryOf(d).server == "suffixes":
		want = freehold.RegistrationUnknown
	}
	if reg.State != want {
		t.Fatalf("%v, want %v: %+v", reg.State, want, reg.Asks)
	}
	if d.gone {
		return
	}
	r := w.byKey[d.registrar]
	must := want == freehold.Registered
	checkFact(t, "registrar", reg.Registrar, r.name, must)
	checkFact(t, "IANA ID", reg.RegistrarIANAID, r.ianaID, false)
	checkFact(t, "created", reg.Created, day(d.created), false)
	checkFact(t, "expires", reg.Expires, day(d.expires), false)
	checkFact(t, "paid until", reg.RegistrarExpires, d.paid(), false)
	checkFact(t, "transferred", reg.LastTransfer, day(d.transferred), d.transferred != "")
	checkFact(t, "reseller", reg.Reseller, d.reseller, d.reseller != "")
	checkFact(t, "organisation", reg.RegistrantOrg, d.holder.org, false)
	checkFact(t, "mailbox", reg.RegistrantEmail, d.holder.email, false)
	checkFact(t, "signed", reg.DNSSEC, d.signed != unsigned, false)
	if hosts, ok := reg.Nameservers.Get(); ok && len(hosts) != len(d.ns) {
		t.Errorf("name servers %v, want %v", hosts, d.ns)
	}
}

// checkFact holds a fact to the data: the value, or none, which only must forbids.
// Some registries say the day of a registration and not the hour.
func checkFact[T comparable](t *testing.T, what string, got freehold.Fact[T], want T, must bool) {
	t.Helper()
	value, ok := got.Get()
	if at, isTime := any(value).(time.Time); isTime && ok {
		if want := any(want).(time.Time); at.Equal(want) || at.Equal(want.Add(-hour)) {
			return
		}
	}
	if ok && value != want || !ok && must {
		t.Errorf("%s: %v %v, want %v", what, got.State, got.Value, want)
	}
}

func checkZone(t *testing.T, d *domain, facts *freehold.DNSFacts) {
	t.Helper()
	want := map[denial]freehold.Validation{unsigned: freehold.Insecure, expired: freehold.Bogus}[d.signed]
	if d.signed == nsec || d.signed == nsec3 {
		want = freehold.Secure
	}
	got, ok := facts.Validation.Get()
	switch {
	case d.status == freehold.StatusFailed:
		if ok && got != freehold.Indeterminate {
			t.Errorf("validation %v where nothing answers", got)
		}
		return
	case got != want && len(d.ns) > 0:
		t.Errorf("validation %v %v, want %v", facts.Validation.State, got, want)
	}
	delegated := d.ns
	if d.unpublished || d.onHold() {
		delegated = nil
	}
	if servers, _ := facts.Delegation.Get(); len(servers) != len(delegated) {
		t.Errorf("delegated to %v, want %v", servers, delegated)
	}
	lame := 0
	for _, s := range facts.Servers {
		if s.Lame {
			lame++
		}
	}
	if lame != len(d.lame) {
		t.Errorf("%d lame servers, want %v", lame, d.lame)
	}
}
