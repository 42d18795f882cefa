package godaddy

import (
	"context"
	"fmt"
	"testing"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/apizone"
	"freehold/dnsexport/dnsexporttest"
	"freehold/dnsexport/dnsexporttest/shapes"
	"freehold/internal/providerapi"
)

func client(t *testing.T, store *shapes.Store) *Client {
	t.Helper()
	c, err := New(providerapi.Config{Base: shapes.GoDaddy(t, store), Secret: shapes.Secret}, shapes.Key, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPages: more than one answer holds; and no zone at all where the pages do not
// follow one another.
func TestPages(t *testing.T) {
	store := shapes.New(shapes.Zone)
	for i := range 1203 {
		store.Add(shapes.Zone, shapes.Rec{Owner: fmt.Sprintf("host%d", i), Type: "A", TTL: 600, Data: fmt.Sprintf("192.0.2.%d", i%250)})
	}
	c, name := client(t, store), dnsexporttest.Name(t, shapes.Zone)
	if z, err := c.Read(context.Background(), name); err != nil || len(z.Records) != 1203 {
		t.Errorf("%v", err)
	}
	for _, fault := range []shapes.Fault{shapes.Overlap, shapes.Circle} {
		store.Fault = fault
		if z, err := c.Read(context.Background(), name); freehold.KindOf(err) != freehold.KindUnavailable || z != nil {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

// TestServices: two services at one name are one request there, and none is lost.
func TestServices(t *testing.T) {
	c, name := client(t, shapes.New(shapes.Zone)), dnsexporttest.Name(t, shapes.Zone)
	for _, text := range []string{"_sip._tcp 600 SRV 1 2 5060 a\n_xmpp._tcp 600 SRV 1 2 5222 b\n_sip._tcp.deep 600 SRV 0 0 0 .\n", "_sip._tcp 600 SRV 9 2 5060 a\n_xmpp._tcp 600 SRV 1 2 5222 b\n"} {
		at, err := c.Read(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		want := dnsexporttest.Zone(t, name, text)
		if err := c.Change(context.Background(), name, dnsexport.Plan(at, want, c.Traits())); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Read(context.Background(), name); err != nil || len(want.Diff(got, dnsexporttest.Rules(c.Traits())).Changes) > 0 {
			t.Errorf("%v %v", got.Records, err)
		}
	}
}

// TestRecords: the forms in which a record may be listed.
func TestRecords(t *testing.T) {
	n := func(i int) *int { return &i }
	for _, c := range []struct {
		r       record
		owner   string
		foreign bool
		good    bool
	}{
		{record{Type: "A", Name: "@", Data: "Parked", TTL: 600}, "suite.test.", true, true},
		{record{Type: "A", Name: "www", Data: "192.0.2.1", TTL: 600}, "www.suite.test.", false, true},
		{record{Type: "SRV", Name: "@", Service: "_sip", Protocol: "_tcp", Data: "a.suite.test", Priority: n(1), Weight: n(0), Port: n(5060)}, "_sip._tcp.suite.test.", false, true},
		{record{Type: "SRV", Name: "deep", Service: "_sip", Protocol: "_tcp", Data: "a.suite.test", Priority: n(1), Weight: n(0), Port: n(5060)}, "_sip._tcp.deep.suite.test.", false, true},
		{record{Type: "SRV", Name: "_sip._tcp", Service: "_sip", Protocol: "_tcp", Data: "@", Priority: n(1), Weight: n(0), Port: n(5060)}, "_sip._tcp.suite.test.", false, true},
		{record{Type: "SRV", Name: "_sip._tcp", Data: "a"}, "", false, false},
		{record{Type: "MX", Name: "@", Data: "mail.suite.test"}, "", false, false},
		{record{Type: "NEWKIND", Name: "@", Data: "x"}, "", false, false},
	} {
		l := apizone.New(provider, dnsexporttest.Name(t, shapes.Zone), time.Time{})
		err := c.r.add(l)
		z := l.Zone()
		if (err == nil) != c.good || c.good && !c.foreign && (len(z.Records) != 1 || z.Records[0].Owner.String() != c.owner) || c.foreign && (len(z.Foreign) != 1 || z.Foreign[0].Kind != "parked A") {
			t.Errorf("%+v: %v %v %v", c.r, z.Records, z.Foreign, err)
		}
	}
	if bare(".") != "." || bare("a.") != "a" {
		t.Error("final dots")
	}
}
