// Package storetest holds a store to its contract, whatever engine is under it:
// what is saved is there, whole, in order, and once; what is not there is said
// to be not there; and several may write at once.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"reflect"
	"testing"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

// Run runs the suite. open returns a new, empty store that is closed when the
// test ends; it is called once or more for each test.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *store.Store)
	}{
		{"Runs", runs},
		{"Names", names},
		{"NamesOfAnyText", namesOfAnyText},
		{"PendingWhileSaving", pendingWhileSaving},
		{"RoundTrip", roundTrip},
		{"SaveTwice", saveTwice},
		{"Revisions", revisions},
		{"SaveIsWhole", saveIsWhole},
		{"NamesNotAskedFor", namesNotAskedFor},
		{"ResultsInOrder", resultsInOrder},
		{"Latest", latest},
		{"HugeHolder", hugeHolder},
		{"Evidence", evidence},
		{"EvidenceOfAnyText", evidenceOfAnyText},
		{"FindEvidence", findEvidence},
		{"Attestations", attestations},
		{"Challenges", challenges},
		{"ZoneCopies", zoneCopies},
		{"Portfolio", portfolio},
		{"PortfolioSelection", portfolioSelection},
		{"PortfolioIsWhole", portfolioIsWhole},
		{"PortfolioAttests", portfolioAttests},
		{"Register", registerOf},
		{"RegisterIsWhole", registerIsWhole},
		{"Cases", cases},
		{"CaseQueue", caseQueue},
		{"Leases", leases},
		{"SealedCodes", sealedCodes},
		{"Outbox", outbox},
		{"Ledger", ledgerRows},
		{"ConcurrentCase", concurrentCase},
		{"ConcurrentWriters", concurrentWriters},
		{"ConcurrentAttest", concurrentAttest},
		{"ReaderDuringWrite", readerDuringWrite},
		{"BackupDuringWrite", backupDuringWrite},
		{"Cancelled", cancelled},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
	t.Run("BackupAndRestore", func(t *testing.T) { BackupAndRestore(t, open(t), open(t)) })
}

// BackupAndRestore fills one store, and checks that the other, which may be of
// another engine, holds the same after a restore.
func BackupAndRestore(t *testing.T, from, to *store.Store) {
	ctx := t.Context()
	Populate(t, from)
	path := filepath.Join(t.TempDir(), "backup.gz")
	made, err := from.Backup(ctx, path, sample.Start)
	must(t, err)
	restored, err := to.Restore(ctx, path, false)
	must(t, err)
	if !reflect.DeepEqual(made, restored) {
		t.Errorf("made %+v\nrestored %+v", made, restored)
	}
	if a, b := content(t, from), content(t, to); !reflect.DeepEqual(a, b) {
		t.Errorf("after the restore\n%v\nwant\n%v", b, a)
	}
	again := filepath.Join(t.TempDir(), "again.gz")
	if second, err := to.Backup(ctx, again, sample.Start); err != nil || second.Rows != made.Rows {
		t.Errorf("the backup of the restored: %+v, %v", second, err)
	}
	_, err = to.Restore(ctx, path, false)
	wantKind(t, err, freehold.KindInvalid)
	_, err = to.Restore(ctx, path, true)
	must(t, err)
	if a, b := content(t, from), content(t, to); !reflect.DeepEqual(a, b) {
		t.Errorf("after a forced restore\n%v\nwant\n%v", b, a)
	}
}

// Populate saves a little of everything.
func Populate(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for n := range 2 {
		r := sample.Run(n)
		must(t, s.BeginRun(ctx, r))
		must(t, s.AddNames(ctx, r.ID, []string{"aux-abricots.ch", "bücher.example.com", "pain.fr", "kein name\x00\xff"}))
		for _, name := range []string{"pain.fr", "aux-abricots.ch"} {
			save(t, s, r, name)
		}
		r.Finished = r.Started.Add(1)
		must(t, s.FinishRun(ctx, r))
	}
	filled := sample.Filled()
	must(t, s.Save(ctx, sample.Run(1).ID, []store.Saved{{Result: filled, Evidence: []freehold.Evidence{{Body: make([]byte, 100_000)},
		{Kind: freehold.EvidenceRDAP, Status: "404"}}}})) // an empty answer is an answer
	a, e := attestation("pain.fr", freehold.AttestPayer, freehold.AttestedMe, 1)
	must(t, s.Attest(ctx, a, e))
	must(t, s.PutChallenge(ctx, challenge("pain.fr", "token")))
	made, piece := zoneCopy("pain.fr", 1)
	must(t, s.PutZoneCopy(ctx, made, piece))
	openCase(t, s, "k1", "pain.fr", sample.Start)
	l, err := s.TakeLease(ctx, "case k1", "work", sample.Start, sample.Start.Add(1))
	must(t, err)
	must(t, s.PutSealed(ctx, freehold.SealedCode{Case: "k1", Text: []byte("sealed"), Expires: sample.Start}, l.Fence))
	i := imported(1)
	put(t, s, i, false, entry(i, 2, "pain.fr", "Roux", "shop vip", "Eins"), entry(i, 3, "aux-abricots.ch", "", "", ""))
	i = imported(2)
	record(t, s, i, false, freehold.RegisterSaid{Account: "k7", Entries: []freehold.RegisterEntry{onRecord(i, 2, freehold.RegisterMail, "luc@a.example", sample.Start)}})
}

// content reads back all that Populate saved, in a form that compares.
func content(t *testing.T, s *store.Store) (all []string) {
	ctx := t.Context()
	list, err := s.Runs(ctx, 100)
	must(t, err)
	for _, r := range list {
		all = append(all, fmt.Sprintf("%+v", r))
		for _, p := range collect(t, s.Pending(ctx, r.ID, false)) {
			all = append(all, "pending "+p)
		}
		for _, res := range collect(t, s.Results(ctx, r.ID)) {
			all = append(all, fmt.Sprintf("%+v", *res))
			evs, err := s.EvidenceOf(ctx, r.ID, res.Name)
			must(t, err)
			for _, e := range evs {
				all = append(all, string(e.ID()), fmt.Sprint(e.Notes))
			}
		}
	}
	for _, a := range collect(t, s.AllAttestations(ctx)) {
		all = append(all, fmt.Sprintf("%+v", a))
	}
	for _, c := range collect(t, s.AllZoneCopies(ctx)) {
		all = append(all, fmt.Sprintf("%+v", c))
	}
	for _, l := range collect(t, s.Listings(ctx, freehold.Selection{})) {
		all = append(all, fmt.Sprintf("%+v", l))
	}
	for _, a := range collect(t, s.Register(ctx)) {
		all = append(all, fmt.Sprintf("%+v", a))
	}
	k, err := s.Case(ctx, "k1")
	must(t, err)
	sealed, err := s.Sealed(ctx, "k1")
	must(t, err)
	waiting, err := s.WaitingLeaves(ctx, 9)
	must(t, err)
	left, err := s.Outbox(ctx, sample.Start.AddDate(1, 0, 0), 9)
	must(t, err)
	all = append(all, k.Case.Basis(), fmt.Sprintf("%+v %+v %+v", sealed, waiting, left))
	c, err := s.Challenge(ctx, sample.Name("pain.fr"), "dns", sample.Start)
	must(t, err)
	return append(all, fmt.Sprintf("%+v", c))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, kind freehold.ErrorKind) {
	t.Helper()
	if err == nil || freehold.KindOf(err) != kind {
		t.Errorf("error %v of kind %d, want kind %d", err, freehold.KindOf(err), kind)
	}
}

func collect[T any](t *testing.T, seq iter.Seq2[T, error]) (all []T) {
	t.Helper()
	for v, err := range seq {
		must(t, err)
		all = append(all, v)
	}
	return all
}

// firstError returns what a sequence fails with.
func firstError[T any](seq iter.Seq2[T, error]) error {
	for _, err := range seq {
		if err != nil {
			return err
		}
	}
	return nil
}

// begin starts a run with names.
func begin(t *testing.T, s *store.Store, n int, asked ...string) freehold.Run {
	t.Helper()
	r := sample.Run(n)
	must(t, s.BeginRun(t.Context(), r))
	must(t, s.AddNames(t.Context(), r.ID, asked))
	return r
}

// save saves a plausible result.
func save(t *testing.T, s *store.Store, r freehold.Run, name string) store.Saved {
	t.Helper()
	result, evidence := sample.Audited(name, r.Started)
	one := store.Saved{Result: result, Evidence: evidence}
	must(t, s.Save(t.Context(), r.ID, []store.Saved{one}))
	return one
}

func cancelled(t *testing.T, s *store.Store) {
	r := begin(t, s, 0, "pain.fr")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, evidence := sample.Audited("pain.fr", r.Started)
	for what, err := range map[string]error{
		"Save":     s.Save(ctx, r.ID, []store.Saved{{Result: result, Evidence: evidence}}),
		"Results":  firstError(s.Results(ctx, r.ID)),
		"Pending":  firstError(s.Pending(ctx, r.ID, false)),
		"AddNames": s.AddNames(ctx, r.ID, []string{"x.fr"}),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s after a cancellation: %v", what, err)
		}
	}
	if got := collect(t, s.Pending(t.Context(), r.ID, false)); len(got) != 1 {
		t.Errorf("pending %q, want what was there before", got)
	}
}
