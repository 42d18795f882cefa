package storetest

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

// concurrentWriters: several save names of one run at once, some of them the
// same, all with one piece of evidence in common, in orders that invite a deadlock.
func concurrentWriters(t *testing.T, s *store.Store) {
	const writers, each = 4, 15
	r := begin(t, s, 0)
	common := freehold.Evidence{Kind: freehold.EvidenceData, Source: "https://data.example/dns.json", Time: sample.Start, Body: []byte("{}")}
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				i := i
				if w%2 == 1 {
					i = each - 1 - i
				}
				var batch []store.Saved
				for _, name := range []string{fmt.Sprintf("own-%d-%d.fr", w, i), fmt.Sprintf("shared-%d.fr", i)} {
					result, evidence := sample.Audited(name, r.Started)
					batch = append(batch, store.Saved{Result: result, Evidence: append(evidence, common)})
				}
				if w%2 == 1 {
					slices.Reverse(batch)
				}
				if err := s.Save(t.Context(), r.ID, batch); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, res := range collect(t, s.Results(t.Context(), r.ID)) {
		seen[res.Asked] = true
	}
	if len(seen) != writers*each+each {
		t.Errorf("%d names are saved, want %d", len(seen), writers*each+each)
	}
	if h := collect(t, s.History(t.Context(), sample.Name("shared-3.fr"))); len(h) != 1 {
		t.Errorf("one result saved by all is there %d times", len(h))
	}
}

func concurrentAttest(t *testing.T, s *store.Store) {
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 5 {
				a, e := attestation("pain.fr", freehold.AttestPayer, fmt.Sprintf("writer %d, %d", w, i), i)
				if err := s.Attest(t.Context(), a, e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got, err := s.Attestations(t.Context(), sample.Name("pain.fr")); err != nil || len(got) != 20 {
		t.Errorf("%d attestations, %v; want 20", len(got), err)
	}
}

// readerDuringWrite: a report is read while an audit saves. What was there when
// the reader began must come, in order.
func readerDuringWrite(t *testing.T, s *store.Store) {
	var asked []string
	for i := range 100 {
		asked = append(asked, fmt.Sprintf("name-%d.fr", i))
	}
	r := begin(t, s, 0, asked...)
	for _, name := range asked[:50] {
		save(t, s, r, name)
	}
	var both sync.WaitGroup
	both.Go(func() {
		for _, name := range asked[50:] {
			result, evidence := sample.Audited(name, r.Started)
			if err := s.Save(t.Context(), r.ID, []store.Saved{{Result: result, Evidence: evidence}}); err != nil {
				t.Error(err)
			}
		}
	})
	both.Go(func() {
		for range 5 {
			n := 0
			for res, err := range s.Results(t.Context(), r.ID) {
				if err != nil {
					t.Error(err)
					return
				}
				if res.Asked != asked[n] {
					t.Errorf("result %d is for %q, want %q", n, res.Asked, asked[n])
					return
				}
				n++
			}
			if n < 50 {
				t.Errorf("%d results, want the 50 that were there at least", n)
			}
		}
	})
	both.Wait()
}

// backupDuringWrite: a backup holds what was there at one moment. Each result
// comes with one piece of evidence of its own, in one transaction, so that there
// are as many of one as of the other.
func backupDuringWrite(t *testing.T, s *store.Store) {
	r := begin(t, s, 0)
	save1 := func(i int) error {
		name := fmt.Sprintf("name-%d.fr", i)
		result, evidence := sample.Audited(name, r.Started)
		return s.Save(t.Context(), r.ID, []store.Saved{{Result: result, Evidence: evidence[:1]}})
	}
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := save1(i); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer writer.Wait()
	defer close(stop)
	for i := range 8 {
		info, err := s.Backup(t.Context(), filepath.Join(t.TempDir(), fmt.Sprint(i)), sample.Start)
		must(t, err)
		rows := map[string]int64{}
		for _, table := range info.Tables {
			rows[table.Table] = table.Rows
		}
		if rows["results"] != rows["evidence"] || rows["results"] != rows["run_names"] {
			t.Fatalf("the backup mixes several moments: %v", rows)
		}
	}
}
