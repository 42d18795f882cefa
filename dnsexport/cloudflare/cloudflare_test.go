package cloudflare

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/apizone"
	"freehold/dnsexport/dnsexporttest"
	"freehold/dnsexport/dnsexporttest/shapes"
	"freehold/dnsexport/zonefile"
	"freehold/internal/providerapi"
)

func client(t *testing.T, store *shapes.Store) *Client {
	t.Helper()
	c, err := New(providerapi.Config{Base: shapes.Cloudflare(t, store), Secret: shapes.Secret}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestForeign: proxied and flattened records, and what lies beside the records.
func TestForeign(t *testing.T) {
	store := shapes.New(shapes.Zone)
	store.Add(shapes.Zone, shapes.Rec{Owner: "www", Type: "A", TTL: 1, Data: "192.0.2.1", Proxy: true})
	store.Add(shapes.Zone, shapes.Rec{Type: "CNAME", TTL: 1, Data: "pages.example.", Proxy: true})
	store.Add(shapes.Zone, shapes.Rec{Type: "MX", TTL: 1, Data: "0 ."})
	root := "/zones/id-of-" + shapes.Zone
	store.Beside[root+"/pagerules"] = `{"success":true,"result":[{"targets":[{"target":"url","constraint":{"operator":"matches","value":"old.suite.test/*"}}],"actions":[{"id":"forwarding_url","value":{"url":"https://new.example/$1","status_code":301}}],"status":"active"}]}`
	store.Beside[root+"/load_balancers"] = `{"success":true,"result":[{"name":"app.suite.test","ttl":30,"proxied":false,"default_pools":["p1","p2"]}]}`
	store.Beside[root+"/email/routing/rules"] = `{"success":true,"result":[{"enabled":true,"matchers":[{"type":"literal","field":"to","value":"info@suite.test"}],"actions":[{"type":"forward","value":["anne@elsewhere.test"]}]}]}`
	z, err := client(t, store).Read(context.Background(), dnsexporttest.Name(t, shapes.Zone))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range z.Foreign {
		got = append(got, f.Owner.Relative(z.Origin)+" "+f.Kind+" "+f.Value)
		if f.Note.IsZero() {
			t.Errorf("%s has no note", f.Kind)
		}
	}
	want := []string{"www proxied A 192.0.2.1", "@ flattened CNAME pages.example", `old page rule old.suite.test/* → active, forwarding_url {"url":"https://new.example/$1","status_code":301}`,
		"app load balancer A p1 p2", "@ mail forward literal info@suite.test → forward anne@elsewhere.test"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if c := z.Counts(); c[freehold.TypeA] != 1 || c[freehold.TypeCNAME] != 0 || c[freehold.TypeMX] != 1 || z.Records[0].TTL != servedTTL {
		t.Errorf("%v", z.Records)
	}
	if len(z.Notes) != 0 {
		t.Errorf("%v", z.Notes)
	}
}

// TestNotAllowed: a key that may not list the page rules says so in notes.
func TestNotAllowed(t *testing.T) {
	store := shapes.New(shapes.Zone)
	z, err := client(t, store).Read(context.Background(), dnsexporttest.Name(t, shapes.Zone))
	if err != nil || len(z.Notes) != 3 {
		t.Errorf("%+v %v", z, err)
	}
}

// TestStaysProxied: a proxied record whose address changes stays behind the proxy.
func TestStaysProxied(t *testing.T) {
	store := shapes.New(shapes.Zone)
	store.Add(shapes.Zone, shapes.Rec{Owner: "www", Type: "A", TTL: 300, Data: "192.0.2.1", Proxy: true})
	c, name := client(t, store), dnsexporttest.Name(t, shapes.Zone)
	at, err := c.Read(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Change(context.Background(), name, dnsexport.Plan(at, dnsexporttest.Zone(t, name, "www 300 A 192.0.2.9\n"), c.Traits())); err != nil {
		t.Fatal(err)
	}
	z, err := c.Read(context.Background(), name)
	if err != nil || len(z.Foreign) != 1 || z.Foreign[0].Value != "192.0.2.9" {
		t.Errorf("%+v %v", z, err)
	}
}

// TestContents: the forms in which a record may be listed.
func TestContents(t *testing.T) {
	for body, want := range map[string]string{
		`{"type":"TXT","content":"v=spf1 -all"}`:                                    `"v=spf1 -all"`,
		`{"type":"TXT","content":"\"abc\" \"def\""}`:                                `"abc" "def"`,
		`{"type":"MX","content":"mail.suite.test","priority":0}`:                    `0 mail.suite.test.`,
		`{"type":"SRV","content":"5 8080 host.suite.test","priority":1}`:            `1 5 8080 host.suite.test.`,
		`{"type":"SRV","content":"5 8080 host.suite.test","data":{"priority":2}}`:   `2 5 8080 host.suite.test.`,
		`{"type":"SRV","content":"1 5 8080 host.suite.test","data":{"priority":1}}`: `1 5 8080 host.suite.test.`,
		`{"type":"CAA","content":"0 issue \"ca.example\""}`:                         `0 issue "ca.example"`,
		`{"type":"HTTPS","content":"1 . alpn=\"h2\""}`:                              `1 . alpn=h2`,
		`{"type":"URI","content":"1 \"https://suite.test/\"","priority":10}`:        `10 1 "https://suite.test/"`,
		`{"type":"NS","content":"ns1.unit.test"}`:                                   `ns1.unit.test.`,
		`{"type":"MX","content":"mail.suite.test"}`:                                 "",
		`{"type":"A","content":"not an address"}`:                                   "",
		`{"type":"A","name":"www.other.test","content":"192.0.2.1"}`:                "",
		`{"type":"NEWKIND","content":"1"}`:                                          "",
		`{"type":"SRV","content":"x","data":["of another shape"]}`:                  "",
	} {
		if got, err := listed(t, body); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %s, %v", body, got, err)
		}
	}
}

// listed reads one record as the API lists it and writes its data anew.
func listed(t *testing.T, body string) (string, error) {
	t.Helper()
	var r record
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatal(err)
	}
	if r.Name == "" {
		r.Name = "x." + shapes.Zone
	}
	l := apizone.New(provider, dnsexporttest.Name(t, shapes.Zone), time.Time{})
	if err := r.add(l); err != nil {
		return "", err
	}
	one := l.Zone().Records[0]
	return zonefile.Data(one.Type, one.Data), nil
}
