package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

func runs(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, err := s.LastRun(ctx)
	wantKind(t, err, freehold.KindNotFound)
	_, err = s.RunByID(ctx, "none")
	wantKind(t, err, freehold.KindNotFound)
	wantKind(t, s.FinishRun(ctx, freehold.Run{ID: "none"}), freehold.KindNotFound)
	wantKind(t, s.AddNames(ctx, "none", []string{"a.fr"}), freehold.KindNotFound)
	wantKind(t, firstError(s.Pending(ctx, "none", false)), freehold.KindNotFound)
	wantKind(t, firstError(s.Results(ctx, "none")), freehold.KindNotFound)

	for _, n := range []int{1, 0, 2} { // not in the order of time
		must(t, s.BeginRun(ctx, sample.Run(n)))
	}
	wantKind(t, s.BeginRun(ctx, sample.Run(1)), freehold.KindInvalid)
	list, err := s.Runs(ctx, 2)
	must(t, err)
	if want := []freehold.Run{sample.Run(2), sample.Run(1)}; !reflect.DeepEqual(list, want) {
		t.Errorf("runs\n%+v\nwant\n%+v", list, want)
	}
	last, err := s.LastRun(ctx)
	must(t, err)
	if last.ID != sample.Run(2).ID {
		t.Errorf("last run %q", last.ID)
	}

	must(t, s.AddNames(ctx, last.ID, []string{"a.fr", "b.fr", "c.fr"}))
	last.Finished, last.Names = last.Started.Add(time.Minute), 1 // as a resumed run knows it
	must(t, s.FinishRun(ctx, last))
	got, err := s.RunByID(ctx, last.ID)
	must(t, err)
	if !got.Finished.Equal(last.Finished) || got.Names != 3 {
		t.Errorf("finished %v with %d names, want %v with 3", got.Finished, got.Names, last.Finished)
	}
}

func names(t *testing.T, s *store.Store) {
	ctx := t.Context()
	var asked []string
	for i := range 1203 { // more than two pages, more than one INSERT
		asked = append(asked, fmt.Sprintf("name-%d.fr", 2000-i))
	}
	r := begin(t, s, 0, asked...)
	must(t, s.AddNames(ctx, r.ID, nil))
	must(t, s.AddNames(ctx, r.ID, []string{"name-1500.fr", "NAME-1500.fr.", "last.fr", "last.fr", "bücher.ch", "xn--bcher-kva.ch"})) // two are new
	want := append(slices.Clone(asked), "last.fr", "bücher.ch")
	if got := collect(t, s.Pending(ctx, r.ID, false)); !slices.Equal(got, want) {
		t.Fatalf("%d pending, from %q to %q; want %d in the order they were asked for", len(got), got[0], got[len(got)-1], len(want))
	}
	for _, name := range []string{"name-2000.fr", "name-1490.fr", "last.fr"} {
		save(t, s, r, name)
	}
	partial, _ := sample.Audited("name-1999.fr", r.Started)
	partial.Status = freehold.StatusPartial
	failed, _ := sample.Audited("bücher.ch", r.Started)
	failed.Status = freehold.StatusFailed
	must(t, s.Save(ctx, r.ID, []store.Saved{{Result: partial}, {Result: failed}}))

	fresh := collect(t, s.Pending(ctx, r.ID, false))
	again := collect(t, s.Pending(ctx, r.ID, true))
	if len(fresh) != len(want)-5 || len(again) != len(want)-3 {
		t.Errorf("%d new and %d unsettled names, want %d and %d", len(fresh), len(again), len(want)-5, len(want)-3)
	}
	if slices.Contains(fresh, "bücher.ch") || again[0] != "name-1999.fr" || again[len(again)-1] != "bücher.ch" {
		t.Errorf("again from %q to %q, in the order they were asked for", again[0], again[len(again)-1])
	}
	if got, err := s.RunByID(ctx, r.ID); err != nil || got.Names != len(want) {
		t.Errorf("the run counts %d names, %v; want %d", got.Names, err, len(want))
	}
}

// What a file of names may hold must come back, as far as it is text, and fit
// every index.
func namesOfAnyText(t *testing.T, s *store.Store) {
	long := sample.Text(100_000)
	r := begin(t, s, 0, "a\x00b", "latin-1: \xe9", long, long+"!", "' OR 1=1 --", "")
	want := []string{"a\uFFFDb", "latin-1: \uFFFD", long, long + "!", "' OR 1=1 --", ""}
	got := collect(t, s.Pending(t.Context(), r.ID, false))
	if !slices.Equal(got, want) {
		t.Errorf("got %d texts, %.40q", len(got), got)
	}
	for _, asked := range got {
		bad := &freehold.Result{Asked: asked, Status: freehold.StatusFailed, Error: "not a domain name", At: r.Started}
		must(t, s.Save(t.Context(), r.ID, []store.Saved{{Result: bad}}))
	}
	if left := collect(t, s.Pending(t.Context(), r.ID, false)); len(left) != 0 {
		t.Errorf("%.40q are still to be done after their results were saved", left)
	}
	for i, res := range collect(t, s.Results(t.Context(), r.ID)) {
		if res.Asked != want[i] {
			t.Errorf("result %d is for %.40q, want %.40q", i, res.Asked, want[i])
		}
	}
}

// An audit reads the names and saves results at the same time: every name must
// come once, whatever its result.
func pendingWhileSaving(t *testing.T, s *store.Store) {
	var asked []string
	for i := range 620 {
		asked = append(asked, fmt.Sprintf("name-%d.fr", i))
	}
	r := begin(t, s, 0, asked...)
	var got []string
	var batch []store.Saved
	for name, err := range s.Pending(t.Context(), r.ID, true) {
		must(t, err)
		got = append(got, name)
		result, _ := sample.Audited(name, r.Started)
		result.Status = freehold.NameStatus(len(got) % 3)
		if batch = append(batch, store.Saved{Result: result}); len(batch) == 31 {
			must(t, s.Save(t.Context(), r.ID, batch))
			batch = nil
		}
	}
	if !slices.Equal(got, asked) {
		t.Errorf("%d names came, want the %d asked for, each once", len(got), len(asked))
	}
}
