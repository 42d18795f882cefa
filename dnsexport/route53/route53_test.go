package route53

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/dnsexport/dnsexporttest"
	"freehold/dnsexport/dnsexporttest/shapes"
	"freehold/internal/providerapi"
)

// TestSign: the vector "get-vanilla" of AWS's own test suite for Signature Version 4.
func TestSign(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "https://example.amazonaws.com/", nil)
	r.URL.Host = "example.amazonaws.com"
	Keys{ID: "AKIDEXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}.sign(r, nil, time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC), "us-east-1/service/aws4_request")
	const want = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
	if got := r.Header.Get("Authorization"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestSignedQuery: "get-vanilla-query-order-key-case" of the same suite.
func TestSignedQuery(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "https://example.amazonaws.com/?Param2=value2&Param1=value1", nil)
	r.URL.Host = "example.amazonaws.com"
	Keys{ID: "AKIDEXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}.sign(r, nil, time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC), "us-east-1/service/aws4_request")
	if got := r.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500") {
		t.Error(got)
	}
}

// TestEscapes: octal there, decimal in master files.
func TestEscapes(t *testing.T) {
	for decimals, octals := range map[string]string{`\195\169`: `\303\251`, `a\\b\"c`: `a\\b\"c`, `\\195`: `\\195`, `plain`: `plain`, `\`: `\`, `\9`: `\9`, `\042.x`: `\052.x`} {
		if got := octal(decimals); got != octals {
			t.Errorf("octal %s: %s", decimals, got)
		}
		if got := decimal(octals); got != decimals {
			t.Errorf("decimal %s: %s", octals, got)
		}
	}
}

// TestForeign: alias and weighted sets are told of, and lose nothing else.
func TestForeign(t *testing.T) {
	store := shapes.New(shapes.Zone)
	store.Add(shapes.Zone, shapes.Rec{Type: "A", TTL: 60, Data: "192.0.2.1", Kind: "alias"})
	store.Add(shapes.Zone, shapes.Rec{Owner: "www", Type: "A", TTL: 60, Data: "192.0.2.2", Kind: "weighted"})
	store.Add(shapes.Zone, shapes.Rec{Owner: "mail", Type: "A", TTL: 60, Data: "192.0.2.3"})
	c, err := New(providerapi.Config{Base: shapes.Route53(t, store, nil)}, Keys{ID: shapes.Key, Secret: shapes.Secret}, nil)
	if err != nil {
		t.Fatal(err)
	}
	z, err := c.Read(context.Background(), dnsexporttest.Name(t, shapes.Zone))
	if err != nil || len(z.Foreign) != 2 || z.Counts()[freehold.TypeA] != 1 {
		t.Fatalf("%+v %v", z, err)
	}
	if f := z.Foreign[0]; f.Kind != "alias A" || f.Value != "lb-1.elb.test." || f.Note.IsZero() {
		t.Errorf("%+v", f)
	}
	if f := z.Foreign[1]; f.Kind != "routed A" || f.Value != "first 192.0.2.2" || f.TTL != 60 {
		t.Errorf("%+v", f)
	}
}
