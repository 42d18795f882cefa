package all

import (
	"slices"
	"testing"
	"time"

	"freehold"
	"freehold/internal/policy"
	"freehold/registrar/transfer"
)

// TestAdapters: what the list says is what the adapters can do.
func TestAdapters(t *testing.T) {
	if !slices.IsSorted(IDs()) {
		t.Error(IDs())
	}
	rules, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Rules: func(n freehold.Name) policy.Profile {
		return rules.For(n, time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC))
	}}
	name, _ := freehold.ParseName("old-shop.com")
	for _, a := range Adapters {
		var reg transfer.Registrar
		switch a.ID {
		case "epp":
			reg = transfer.NewEPP(transfer.EPPConfig{Rules: options.Rules})
		case "manual":
			reg = transfer.Manual{Rules: options.Rules}
		default:
			if reg, err = a.Open(Account{User: "u", Secret: "s", Key: "k", Consumer: "c"}, options); err != nil {
				t.Fatal(err)
			}
		}
		able := reg.Able(name)
		_, tags := reg.(transfer.Tagger)
		_, delegates := reg.(transfer.Delegator)
		_, polls := reg.(transfer.Poller)
		if able.How != a.Codes || able.Unsets != a.Unsets || able.Locks != a.Locks || tags != a.Tags || delegates != a.Delegates || polls != a.Polls {
			t.Errorf("%s: %+v, tags %v, delegates %v, polls %v", a.ID, able, tags, delegates, polls)
		}
		if a.Opens() == (a.ID == "epp" || a.ID == "manual") {
			t.Errorf("%s: opens %v", a.ID, a.Opens())
		}
	}
}
