package opensrs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/policy"
	"freehold/internal/providerapi"
	"freehold/registrar/registrartest"
	"freehold/registrar/registrartest/shapes"
	"freehold/registrar/transfer"
)

var today = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func client(t *testing.T, s *shapes.Store) *Client {
	t.Helper()
	rules, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(providerapi.Config{Base: shapes.OpenSRS(t, s), Secret: shapes.Secret, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}, shapes.Key,
		func(n freehold.Name) policy.Profile { return rules.For(n, today) })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const ours = "old-shop.com"

func TestOpenSRS(t *testing.T) {
	registrartest.Run(t, func(t *testing.T) *registrartest.World {
		s := shapes.New(ours)
		return registrartest.Over(t, client(t, s), s, ours)
	})
}

// TestSignature: by a value computed with md5sum.
func TestSignature(t *testing.T) {
	if got := Signature([]byte("<xml/>"), "key"); got != "0ad69e2131f761e92c1a47e3d6b0d29f" {
		t.Error(got)
	}
}

// TestDS: DS records are replaced, and nothing is asked for where there is nothing to do.
func TestDS(t *testing.T) {
	name, _ := freehold.ParseName(ours)
	s := shapes.New(ours)
	c := client(t, s)
	if err := c.SetDS(t.Context(), name, []freehold.DS{{KeyTag: 7, Algorithm: 13, DigestType: 2, Digest: "AB"}}); err != nil {
		t.Fatal(err)
	}
	s.Do(ours, func(d *shapes.Domain) {
		if !slices.Equal(d.DS, []string{"7 13 2 ab"}) {
			t.Error(d.DS)
		}
	})
	before := len(s.Requests())
	if err := c.SetDS(t.Context(), name, nil); err != nil || len(s.Requests()) != before+1 {
		t.Errorf("%d requests, %v", len(s.Requests())-before, err)
	}
}

// TestPending: a transfer that is under way is seen.
func TestPending(t *testing.T) {
	name, _ := freehold.ParseName(ours)
	s := shapes.New(ours)
	s.Do(ours, func(d *shapes.Domain) { d.Statuses = []string{"transfer away"} })
	if got, err := client(t, s).Look(t.Context(), name); err != nil || !got.Pending || !got.Ours {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestRead: what is no answer is none, and what is written comes back as it was.
func TestRead(t *testing.T) {
	const head, tail = `<OPS_envelope><body><data_block><dt_assoc>`, `</dt_assoc></data_block></body></OPS_envelope>`
	for _, c := range []struct {
		body string
		ok   bool
		done bool
	}{
		{head + `<item key="is_success">1</item><item key="response_code">200</item>` + tail, true, true},
		{head + `<item key="is_success">1</item><item key="response_code">480</item>` + tail, true, false},
		{head + `<item key="is_success">0</item><item key="response_code">200</item>` + tail, true, false},
		{head + `<item key="is_success">1</item>` + tail, false, false},
		{head + `<item key="response_code">200</item>` + tail, false, false},
		{head + `<item key="is_success">yes</item><item key="response_code">200</item>` + tail, false, false},
		{`<!DOCTYPE x [<!ENTITY a "1">]>` + head + `<item key="is_success">&a;</item><item key="response_code">200</item>` + tail, false, false},
		{`<html><body>is_success 1</body></html>`, false, false},
		{``, false, false},
	} {
		r, err := read([]byte(c.body))
		if (err == nil) != c.ok || r.done != c.done {
			t.Errorf("%s: %+v, %v", c.body, r, err)
		}
	}
}

// TestNotUnderstoodByThem: where OpenSRS did not understand the registry, nobody knows.
func TestNotUnderstoodByThem(t *testing.T) {
	name, _ := freehold.ParseName(ours)
	s := shapes.New(ours)
	s.Do(ours, func(d *shapes.Domain) { d.Statuses = []string{"registry fails"} })
	if err := client(t, s).Lock(t.Context(), name, true); !errors.Is(err, transfer.ErrUnknown) {
		t.Error(err)
	}
}

// FuzzWrite: whatever a value is, the document is read as that value and nothing else.
func FuzzWrite(f *testing.F) {
	f.Add(`a</item><item key="lock_state">0</item>`)
	f.Add(`]]>&amp;"'`)
	f.Fuzz(func(t *testing.T, value string) {
		if !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			document := write("MODIFY", "DOMAIN", []item{text("domain", value)})
			action, got := shapes.Command(document)
			if action != "MODIFY" || got["domain"] != value || len(got) != 1 {
				t.Errorf("%q came back as %q", value, got)
			}
		}
	})
}
