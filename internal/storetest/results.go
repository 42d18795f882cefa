package storetest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

// Every field of every type must come back as it was, to the nanosecond.
func roundTrip(t *testing.T, s *store.Store) {
	ctx := t.Context()
	want := sample.Filled()
	r := begin(t, s, 0, want.Asked)
	must(t, s.Save(ctx, r.ID, []store.Saved{{Result: want}}))
	got, err := s.Result(ctx, r.ID, want.Name)
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("came back as\n%+v\nwant\n%+v", got, want)
	}
	zero := &freehold.Result{}
	must(t, s.Save(ctx, r.ID, []store.Saved{{Result: zero}}))
	all := collect(t, s.Results(ctx, r.ID))
	if len(all) != 2 || !reflect.DeepEqual(all[1], zero) {
		t.Errorf("the zero result did not come back: %d results", len(all))
	}
}

func saveTwice(t *testing.T, s *store.Store) {
	ctx := t.Context()
	r := begin(t, s, 0, "pain.fr")
	save(t, s, r, "pain.fr")
	one := save(t, s, r, "pain.fr")
	must(t, s.Save(ctx, r.ID, []store.Saved{one, one}))
	must(t, s.Save(ctx, r.ID, nil))
	if h := collect(t, s.History(ctx, sample.Name("pain.fr"))); len(h) != 1 {
		t.Errorf("the same result saved four times is there %d times", len(h))
	}
}

// A name that is done again in one run: the new result counts, the old one can
// still be shown.
func revisions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	name := sample.Name("pain.fr")
	r := begin(t, s, 0, "pain.fr")
	first, firstEvidence := sample.Audited("pain.fr", r.Started)
	first.Status, first.Control = freehold.StatusPartial, freehold.Control{{Layer: freehold.LayerDNS, Holder: "old"}}
	must(t, s.Save(ctx, r.ID, []store.Saved{{Result: first, Evidence: firstEvidence[:1]}}))
	second := save(t, s, r, "pain.fr")

	got, err := s.Result(ctx, r.ID, name)
	must(t, err)
	if !reflect.DeepEqual(got, second.Result) {
		t.Errorf("the result is\n%+v\nwant the second\n%+v", got, second.Result)
	}
	if all := collect(t, s.Results(ctx, r.ID)); len(all) != 1 || all[0].Status != freehold.StatusOK {
		t.Errorf("%d results in the run, want the second alone", len(all))
	}
	h := collect(t, s.History(ctx, name))
	if len(h) != 2 || !reflect.DeepEqual(h[0].Result, first) || !reflect.DeepEqual(h[1].Result, second.Result) || h[0].Run != r.ID {
		t.Errorf("the history is %+v, want both", h)
	}
	evidence, err := s.EvidenceOf(ctx, r.ID, name)
	must(t, err)
	if !reflect.DeepEqual(evidence, second.Evidence) {
		t.Errorf("evidence\n%v\nwant that of the second\n%v", evidence, second.Evidence)
	}
}

// One transaction: where one result of a batch cannot be stored, none is.
func saveIsWhole(t *testing.T, s *store.Store) {
	ctx := t.Context()
	r := begin(t, s, 0, "a.fr", "b.fr")
	good, evidence := sample.Audited("a.fr", r.Started)
	bad, _ := sample.Audited("b.fr", r.Started)
	bad.At = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) // no JSON has such a year
	wantKind(t, s.Save(ctx, r.ID, []store.Saved{{Result: good, Evidence: evidence}, {Result: bad}}), freehold.KindInvalid)
	wantKind(t, s.Save(ctx, "none", []store.Saved{{Result: good, Evidence: evidence}}), freehold.KindNotFound)
	if got := collect(t, s.Pending(ctx, r.ID, false)); len(got) != 2 {
		t.Errorf("pending %q, want both", got)
	}
	_, err := s.Evidence(ctx, evidence[0].ID())
	wantKind(t, err, freehold.KindNotFound)
}

func namesNotAskedFor(t *testing.T, s *store.Store) {
	ctx := t.Context()
	r := begin(t, s, 0, "www.pain.fr", "a.fr")
	inside, _ := sample.Audited("pain.fr", r.Started)
	inside.Asked = "www.pain.fr" // asked for by a name inside it
	z, _ := sample.Audited("z.fr", r.Started)
	b, _ := sample.Audited("b.fr", r.Started)
	must(t, s.Save(ctx, r.ID, []store.Saved{{Result: z}, {Result: inside}, {Result: b}}))
	save(t, s, r, "a.fr")
	var got []string
	for _, res := range collect(t, s.Results(ctx, r.ID)) {
		got = append(got, res.Name.ASCII())
	}
	if want := []string{"pain.fr", "a.fr", "z.fr", "b.fr"}; !slices.Equal(got, want) {
		t.Errorf("results %q, want %q", got, want)
	}
	if left := collect(t, s.Pending(ctx, r.ID, false)); len(left) != 0 {
		t.Errorf("%q are still to be done", left)
	}
	if got, err := s.RunByID(ctx, r.ID); err != nil || got.Names != 4 {
		t.Errorf("the run counts %d names, %v; want 4", got.Names, err)
	}
}

func resultsInOrder(t *testing.T, s *store.Store) {
	asked := []string{"z.fr", "a.fr", "m-m.fr", "mm.fr", "m.fr", "é.fr"}
	for i := range 40 { // more than one page
		asked = append(asked, strings.Repeat("q", 40-i)+".fr")
	}
	r := begin(t, s, 0, asked...)
	var batch []store.Saved
	for _, name := range slices.Backward(asked) {
		result, evidence := sample.Audited(name, r.Started)
		batch = append(batch, store.Saved{Result: result, Evidence: evidence})
	}
	must(t, s.Save(t.Context(), r.ID, batch[:20]))
	must(t, s.Save(t.Context(), r.ID, batch[20:]))
	var got []string
	for _, res := range collect(t, s.Results(t.Context(), r.ID)) {
		got = append(got, res.Asked)
	}
	if !slices.Equal(got, asked) {
		t.Errorf("results of %q\nwant %q", got, asked)
	}
	for res, err := range s.Results(t.Context(), r.ID) { // a reader may stop at any time
		if err != nil || res == nil {
			t.Fatal(err)
		}
		break
	}
}

func latest(t *testing.T, s *store.Store) {
	ctx := t.Context()
	name := sample.Name("pain.fr")
	_, _, err := s.Latest(ctx, name)
	wantKind(t, err, freehold.KindNotFound)
	wantKind(t, firstError(s.History(ctx, name)), freehold.KindNotFound)
	for _, n := range []int{1, 2, 0} { // saved in another order than they happened
		save(t, s, begin(t, s, n, "pain.fr"), "pain.fr")
	}
	got, run, err := s.Latest(ctx, name)
	must(t, err)
	if run != sample.Run(2).ID || !got.At.Equal(sample.Run(2).Started) {
		t.Errorf("latest is of run %q at %v", run, got.At)
	}
	var order []string
	for _, e := range collect(t, s.History(ctx, name)) {
		order = append(order, e.Run)
	}
	if want := []string{sample.Run(0).ID, sample.Run(1).ID, sample.Run(2).ID}; !slices.Equal(order, want) {
		t.Errorf("history %q, want oldest first", order)
	}
	// Under a clock that stands still the newest run is the one that was begun last.
	again := sample.Run(2)
	again.ID = "0" + again.ID
	must(t, s.BeginRun(ctx, again))
	must(t, s.AddNames(ctx, again.ID, []string{"pain.fr"}))
	save(t, s, again, "pain.fr")
	if _, run, err = s.Latest(ctx, name); err != nil || run != again.ID {
		t.Errorf("latest is of run %q and not of the one begun last, %v", run, err)
	}
	_, err = s.Result(ctx, sample.Run(0).ID, sample.Name("none.fr"))
	wantKind(t, err, freehold.KindNotFound)
	_, err = s.EvidenceOf(ctx, sample.Run(0).ID, sample.Name("none.fr"))
	wantKind(t, err, freehold.KindNotFound)
}

// A registry may send any name for a registrar: it must fit the index.
func hugeHolder(t *testing.T, s *store.Store) {
	r := begin(t, s, 0, "pain.fr")
	result, _ := sample.Audited("pain.fr", r.Started)
	result.Control = freehold.Control{
		{Layer: freehold.LayerWeb, Holder: sample.Text(100_000) + "\x00"},
		{Layer: freehold.LayerWeb, Holder: "b"}, {Layer: freehold.LayerWeb, Holder: "b"},
	}
	must(t, s.Save(t.Context(), r.ID, []store.Saved{{Result: result}}))
	got, err := s.Result(t.Context(), r.ID, result.Name)
	must(t, err)
	if !reflect.DeepEqual(got, result) {
		t.Error("the result did not come back whole")
	}
}
