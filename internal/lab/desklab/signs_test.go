package desklab

import (
	"slices"
	"testing"
	"time"

	"freehold"
	"freehold/verify/identity"
)

// TestLookAgain: what came up after a case was opened is found before it is approved,
// once, and voids no approval.
func TestLookAgain(t *testing.T) {
	w := world(t, Config{})
	ctx := t.Context()
	id := w.ready(t, shop, "")
	r := Request(shop, w.Clock.Now())
	r.Requester = freehold.Party{Name: "Max Muster"}
	_, err := w.Desk.Open(ctx, r, identity.Surroundings{}, "anne", freehold.ChannelMail)
	must(t, err)
	for range 2 {
		row, err := w.Desk.LookAgain(ctx, id, identity.Surroundings{NameserversChanged: Start.Add(-48 * time.Hour)})
		must(t, err)
		var found []string
		for _, s := range row.Case.Signals {
			found = append(found, s.ID)
		}
		if want := []string{"second_claimant", "recent_nameserver_change"}; !slices.Equal(found, want) {
			t.Errorf("signs %q, want %q", found, want)
		}
		signs := 0
		for _, e := range row.Events {
			if _, is := e.Body.(freehold.SignalSeen); is {
				signs++
			}
		}
		if signs != 2 || len(row.Case.Standing(freehold.DecisionRelease)) != 1 {
			t.Errorf("%d signs written, %d approvals stand", signs, len(row.Case.Standing(freehold.DecisionRelease)))
		}
	}
}
