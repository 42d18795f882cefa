package registrartest_test

import (
	"testing"
	"time"

	"freehold"
	"freehold/internal/policy"
	"freehold/registrar/transfer"
)

var today = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// TestAbility: what is promised is what the rules in force allow.
func TestAbility(t *testing.T) {
	rules, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		how    transfer.How
		shapes int
		bits   int // at least
	}{
		{"old-shop.com", transfer.HowSet, 2, 128},
		{"old-shop.fr", transfer.HowSet, 1, 128},
		{"old-shop.de", transfer.HowSet, 2, 90},
		{"old-shop.be", transfer.HowNone, 0, 0},
		{"old-shop.se", transfer.HowNone, 0, 0},
		{"old-shop.uk", transfer.HowTag, 0, 0},
	} {
		name, err := freehold.ParseName(c.name)
		if err != nil {
			t.Fatal(err)
		}
		a := transfer.AbilityOf(rules.For(name, today))
		if a.How != c.how || len(a.Shapes) != c.shapes || a.Bits < c.bits || a.Unsets != (c.how == transfer.HowSet) {
			t.Errorf("%s: %v with %d shapes of %d bits, want %v with %d of %d", c.name, a.How, len(a.Shapes), a.Bits, c.how, c.shapes, c.bits)
		}
		if c.how != transfer.HowSet && a.Why.Citation == "" {
			t.Errorf("%s: nobody says why", c.name)
		}
	}
}
