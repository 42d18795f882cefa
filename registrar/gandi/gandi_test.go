package gandi

import (
	"context"
	"errors"
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
	c, err := New(providerapi.Config{Base: shapes.Gandi(t, s), Secret: shapes.Secret, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }},
		func(n freehold.Name) policy.Profile { return rules.For(n, today) })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const ours = "old-shop.com"

func TestGandi(t *testing.T) {
	for _, lag := range []int{0, 3} {
		registrartest.Run(t, func(t *testing.T) *registrartest.World {
			s := shapes.New(ours)
			s.Do(ours, func(d *shapes.Domain) { d.Lag = lag })
			return registrartest.Over(t, client(t, s), s, ours)
		})
	}
}

// TestSlow: a change that does not come through in time is not called done.
func TestSlow(t *testing.T) {
	s := shapes.New(ours)
	s.Do(ours, func(d *shapes.Domain) { d.Lag = 100 })
	c := client(t, s)
	name, _ := freehold.ParseName(ours)
	code, err := c.Fetch(t.Context(), name, true)
	if freehold.KindOf(err) != freehold.KindUnavailable || errors.Is(err, transfer.ErrUnknown) || !code.IsZero() {
		t.Errorf("%v", err)
	}
	if n := len(s.Requests()); n > 20 {
		t.Errorf("%d requests", n)
	}
}

// TestStandingCode: the code that stood is not handed out, and not told.
func TestStandingCode(t *testing.T) {
	s := shapes.New(ours)
	s.Do(ours, func(d *shapes.Domain) { d.Code = "Stood-before-me" })
	c := client(t, s)
	name, _ := freehold.ParseName(ours)
	state, err := c.Look(t.Context(), name)
	if err != nil || !state.CodeSet {
		t.Errorf("%+v, %v", state, err)
	}
	code, err := c.Fetch(t.Context(), name, true)
	if err != nil || code.Matches([]byte("Stood-before-me")) {
		t.Errorf("%v", err)
	}
}

// TestKeys: DS records cannot be added, and this is said.
func TestKeys(t *testing.T) {
	name, _ := freehold.ParseName(ours)
	err := client(t, shapes.New(ours)).SetDS(t.Context(), name, []freehold.DS{{KeyTag: 1}})
	if freehold.KindOf(err) != freehold.KindInvalid || !strings.Contains(err.Error(), "DNSKEY") {
		t.Errorf("%v", err)
	}
}
