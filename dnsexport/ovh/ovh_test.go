package ovh

import (
	"bytes"
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/dnsexporttest"
	"freehold/dnsexport/dnsexporttest/shapes"
	"freehold/internal/providerapi"
)

var keys = Keys{Application: shapes.Key, Secret: shapes.Secret, Consumer: "consumer-key"}

func client(t *testing.T, store *shapes.Store, check func(*http.Request) bool) *Client {
	t.Helper()
	c, err := New(providerapi.Config{Base: shapes.OVH(t, store, check)}, keys, func() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSigned: every request carries the signature over what it is, at the server's
// time and not at ours.
func TestSigned(t *testing.T) {
	signed := 0
	c := client(t, shapes.New(shapes.Zone), func(r *http.Request) bool {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		text := fmt.Sprintf("%s+consumer-key+%s+http://%s%s+%s+1764000000", shapes.Secret, r.Method, r.Host, r.URL.RequestURI(), body)
		if want := fmt.Sprintf("$1$%x", sha1.Sum([]byte(text))); r.Header.Get("X-Ovh-Signature") != want || r.Header.Get("X-Ovh-Timestamp") != "1764000000" {
			t.Errorf("%s %s: %s at %s, want %s", r.Method, r.URL, r.Header.Get("X-Ovh-Signature"), r.Header.Get("X-Ovh-Timestamp"), want)
		}
		signed++
		return true
	})
	name := dnsexporttest.Name(t, shapes.Zone)
	z, err := c.Read(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	want := dnsexporttest.Zone(t, name, "www A 192.0.2.1\n")
	if err := c.Change(context.Background(), name, dnsexport.Plan(z, want, c.Traits())); err != nil || signed < 6 {
		t.Errorf("%d signed, %v", signed, err)
	}
}

// TestKinds: what OVH files as SPF or DKIM is a TXT record, and is changed in its
// place.
func TestKinds(t *testing.T) {
	store := shapes.New(shapes.Zone)
	store.Add(shapes.Zone, shapes.Rec{Type: "TXT", Kind: "SPF", TTL: 600, Data: `"v=spf1 -all"`})
	store.Add(shapes.Zone, shapes.Rec{Type: "TXT", TTL: 600, Data: `"other"`})
	c := client(t, store, nil)
	name := dnsexporttest.Name(t, shapes.Zone)
	at, err := c.Read(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	want := dnsexporttest.Zone(t, name, "@ 600 TXT \"v=spf1 mx -all\"\n@ 600 TXT other\n")
	if err := c.Change(context.Background(), name, dnsexport.Plan(at, want, c.Traits())); err != nil {
		t.Fatal(err)
	}
	got, err := c.Read(context.Background(), name)
	if err != nil || len(want.Diff(got, dnsexporttest.Rules(c.Traits())).Changes) > 0 {
		t.Errorf("%v %v", got.Records, err)
	}
}

// TestBeside: redirects are told of; what the key may not list is not silence.
func TestBeside(t *testing.T) {
	store := shapes.New(shapes.Zone)
	store.Beside["/domain/zone/suite.test/redirection"] = "[5]"
	store.Beside["/domain/zone/suite.test/redirection/5"] = `{"id":5,"zone":"suite.test","subDomain":"old","target":"https://new.example/","type":"visiblePermanent"}`
	z, err := client(t, store, nil).Read(context.Background(), dnsexporttest.Name(t, shapes.Zone))
	if err != nil || len(z.Foreign) != 1 || len(z.Notes) != 1 {
		t.Fatalf("%+v %v", z, err)
	}
	if f := z.Foreign[0]; f.Owner.String() != "old.suite.test." || f.Kind != "web redirect" || f.Value != "https://new.example/ visiblePermanent" {
		t.Errorf("%+v", f)
	}
	if z.Counts()[freehold.TypeNS] != 2 {
		t.Errorf("%v", z.Counts())
	}
}
