package storetest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

func opened(id, name string) freehold.CaseEvent {
	holder := freehold.Party{Name: "Rosa Abegg", Organisation: "Abegg Früchte GmbH", Register: "CHE-100.200.300"}
	return freehold.CaseEvent{Case: id, At: sample.Start.Add(1234567 * time.Nanosecond), Actor: "anne", Channel: freehold.ChannelPhone, Body: freehold.Opened{Request: freehold.Request{
		Name: sample.Name(name), Act: freehold.ActCode, FirstRequest: sample.Start.Add(-time.Hour), Holder: holder, Customer: holder, Requester: holder, HighValue: true,
		Contacts: []freehold.Contact{{ID: "c1", Of: freehold.SideHolder, Channel: freehold.ChannelMail, Address: "rosa@post.example", Since: sample.Start.AddDate(-3, 0, 0), Source: "registry"}},
	}}}
}

func noted(id, words string, n int) freehold.CaseEvent {
	return freehold.CaseEvent{Case: id, At: sample.Start.Add(time.Duration(n) * time.Minute), Actor: "desk", Body: freehold.Noted{Words: words}}
}

func moment(t time.Time) *time.Time { return &t }

// openCase opens a case and adds a sign of risk, a message and a leaf to it.
func openCase(t *testing.T, s *store.Store, id, name string, deadline time.Time) freehold.CaseRow {
	t.Helper()
	_, err := s.WriteCase(t.Context(), freehold.CaseEntry{Case: id, Events: []freehold.CaseEvent{opened(id, name)}, Deadline: &deadline, Next: moment(sample.Start.Add(time.Minute))})
	must(t, err)
	row, err := s.WriteCase(t.Context(), freehold.CaseEntry{Case: id, Version: 1,
		Events: []freehold.CaseEvent{{Case: id, At: sample.Start.Add(time.Minute), Actor: "desk", Body: freehold.SignalSeen{ID: "second_claim", Points: 4, Why: freehold.T("%s: %s", "second claim", name)}}},
		Outbox: []freehold.Outgoing{{Kind: "notice", Contact: "c1", Text: freehold.T("%s: %s", "notice", name), At: sample.Start}},
		Leaves: []freehold.LedgerLeaf{{Event: 2, Salt: bytes.Repeat([]byte{1}, 32), Record: []byte(id), Commitment: bytes.Repeat([]byte{2}, 32)}},
	})
	must(t, err)
	return row
}

func cases(t *testing.T, s *store.Store) {
	ctx := t.Context()
	row := openCase(t, s, "k1", "pain.fr", sample.Start.AddDate(0, 0, 5))
	got, err := s.Case(ctx, "k1")
	must(t, err)
	if !reflect.DeepEqual(got, row) || got.Version() != 2 || got.Case.State != freehold.CaseOpen || got.Case.Basis() != row.Case.Basis() {
		t.Errorf("read\n%+v\nwritten\n%+v", got, row)
	}
	if at := got.Events[0].At; at != sample.Start.Add(1234*time.Microsecond) {
		t.Errorf("times are kept to the microsecond: %v", at)
	}
	_, err = s.Case(ctx, "k2")
	wantKind(t, err, freehold.KindNotFound)
	_, err = s.WriteCase(ctx, freehold.CaseEntry{Case: "k2", Version: 3, Events: []freehold.CaseEvent{noted("k2", "x", 9)}})
	wantKind(t, err, freehold.KindNotFound)
	_, err = s.WriteCase(ctx, freehold.CaseEntry{Case: "k1", Version: 1, Events: []freehold.CaseEvent{noted("k1", "late", 9)}})
	wantKind(t, err, freehold.KindBusy)
	_, err = s.WriteCase(ctx, freehold.CaseEntry{Case: "k1", Version: 0, Events: []freehold.CaseEvent{opened("k1", "noix.ch")}})
	wantKind(t, err, freehold.KindBusy)
	// What cannot happen is refused, with all that came with it.
	_, err = s.WriteCase(ctx, freehold.CaseEntry{Case: "k1", Version: 2, Events: []freehold.CaseEvent{noted("k1", "first", 9), {Case: "k1", At: sample.Start.Add(time.Hour), Body: freehold.CodeRevealed{}}}})
	wantKind(t, err, freehold.KindPermission)
	_, err = s.WriteCase(ctx, freehold.CaseEntry{Case: "k1", Version: 2, Events: []freehold.CaseEvent{noted("k1", "before", -1)}})
	wantKind(t, err, freehold.KindPermission)
	if again, err := s.Case(ctx, "k1"); err != nil || !reflect.DeepEqual(again, row) {
		t.Errorf("after refusals: %+v, %v", again, err)
	}
	due, err := s.DueCases(ctx, sample.Start.Add(time.Minute), 10)
	if must(t, err); !slices.Equal(due, []string{"k1"}) {
		t.Errorf("due %v", due)
	}
	if due, _ = s.DueCases(ctx, sample.Start, 10); len(due) != 0 {
		t.Errorf("due too early: %v", due)
	}
	if at, err := s.NextDue(ctx); err != nil || !at.Equal(sample.Start.Add(time.Minute)) {
		t.Errorf("next due %v, %v", at, err)
	}
}

func caseQueue(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i, day := range []int{5, 2, 9, 2} {
		openCase(t, s, fmt.Sprintf("k%d", i), []string{"pain.fr", "noix.ch"}[i%2], sample.Start.AddDate(0, 0, day))
	}
	_, err := s.WriteCase(ctx, freehold.CaseEntry{Case: "k2", Version: 2, Next: &time.Time{}, Events: []freehold.CaseEvent{{Case: "k2", At: sample.Start.Add(time.Hour), Body: freehold.Closed{Outcome: "withdrawn"}}}})
	must(t, err)
	ids := func(lines []freehold.CaseLine) (out []string) {
		for _, l := range lines {
			out = append(out, l.ID)
		}
		return out
	}
	if got := ids(collect(t, s.Queue(ctx, freehold.CaseOpen))); !slices.Equal(got, []string{"k1", "k3", "k0"}) {
		t.Errorf("open, by deadline: %v", got)
	}
	if got := ids(collect(t, s.Queue(ctx, freehold.CaseOpen, freehold.CaseClosed, freehold.CaseSet))); !slices.Equal(got, []string{"k1", "k3", "k0", "k2"}) {
		t.Errorf("open and closed, by deadline: %v", got)
	}
	all := collect(t, s.Queue(ctx))
	if got := ids(all); !slices.Equal(got, []string{"k0", "k1", "k2", "k3"}) {
		t.Errorf("all: %v", got)
	}
	if l := all[2]; l.Risk != 4 || l.State != freehold.CaseClosed || l.Act != freehold.ActCode || !l.Next.IsZero() || l.Name != sample.Name("pain.fr") {
		t.Errorf("a line: %+v", l)
	}
	of, err := s.CasesOf(ctx, sample.Name("noix.ch"))
	if must(t, err); !slices.Equal(ids(of), []string{"k1", "k3"}) {
		t.Errorf("of one name: %v", ids(of))
	}
}

func leases(t *testing.T, s *store.Store) {
	ctx := t.Context()
	openCase(t, s, "k1", "pain.fr", sample.Start)
	at := func(n int) time.Time { return sample.Start.Add(time.Duration(n) * time.Minute) }
	a, err := s.TakeLease(ctx, "case k1", "work-1", at(0), at(2))
	must(t, err)
	_, err = s.TakeLease(ctx, "case k1", "work-2", at(1), at(3))
	wantKind(t, err, freehold.KindBusy)
	if due, err := s.DueCases(ctx, at(1), 9); err != nil || len(due) != 0 {
		t.Errorf("a case somebody works on is due: %v, %v", due, err)
	}
	write := func(fence int64, version int) error {
		_, err := s.WriteCase(ctx, freehold.CaseEntry{Case: "k1", Version: version, Fence: fence, Events: []freehold.CaseEvent{noted("k1", "x", 10)}})
		return err
	}
	must(t, write(a.Fence, 2))
	a, err = s.KeepLease(ctx, a, at(4))
	must(t, err)
	_, err = s.TakeLease(ctx, "case k1", "work-2", at(3), at(5))
	wantKind(t, err, freehold.KindBusy)
	b, err := s.TakeLease(ctx, "case k1", "work-2", at(4), at(6))
	must(t, err)
	if b.Fence <= a.Fence {
		t.Errorf("fences %d, then %d", a.Fence, b.Fence)
	}
	// The one who slept through it can do no harm.
	wantKind(t, write(a.Fence, 3), freehold.KindPermission)
	wantKind(t, s.PutSealed(ctx, freehold.SealedCode{Case: "k1"}, a.Fence), freehold.KindPermission)
	_, err = s.KeepLease(ctx, a, at(9))
	wantKind(t, err, freehold.KindPermission)
	must(t, s.EndLease(ctx, a))
	must(t, write(b.Fence, 3))
	must(t, s.EndLease(ctx, b))
	wantKind(t, write(b.Fence, 4), freehold.KindPermission)
	_, err = s.TakeLease(ctx, "case k1", "work-1", at(4), at(6))
	must(t, err)
	must(t, write(0, 4)) // people write without a lease, and are held to the version
}

func sealedCodes(t *testing.T, s *store.Store) {
	ctx := t.Context()
	openCase(t, s, "k1", "pain.fr", sample.Start)
	_, err := s.Sealed(ctx, "k1")
	wantKind(t, err, freehold.KindNotFound)
	l, err := s.TakeLease(ctx, "case k1", "work", sample.Start, sample.Start.Add(time.Hour))
	must(t, err)
	c := freehold.SealedCode{Case: "k1", Delivery: "phrase", Text: []byte("-----BEGIN AGE\x00é"), Made: sample.Start, Expires: sample.Start.Add(time.Hour), WasLocked: true}
	must(t, s.PutSealed(ctx, c, l.Fence))
	c.Text, c.WasLocked = []byte("another"), false
	must(t, s.PutSealed(ctx, c, l.Fence))
	if got, err := s.Sealed(ctx, "k1"); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("sealed %+v, %v", got, err)
	}
	_, err = s.WriteCase(ctx, freehold.CaseEntry{Case: "k1", Version: 2, Fence: l.Fence, DropSealed: true, Events: []freehold.CaseEvent{noted("k1", "gone", 9)}})
	must(t, err)
	_, err = s.Sealed(ctx, "k1")
	wantKind(t, err, freehold.KindNotFound)
}

func outbox(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i := range 3 {
		openCase(t, s, fmt.Sprintf("k%d", i), "pain.fr", sample.Start)
	}
	all, err := s.Outbox(ctx, sample.Start, 2)
	must(t, err)
	if len(all) != 2 || all[0].Case != "k0" || all[0].Event != 2 || all[0].Contact != "c1" || all[0].Text.String() != "notice: pain.fr" {
		t.Errorf("outbox %+v", all)
	}
	must(t, s.MarkSent(ctx, all[0], sample.Start))
	wantKind(t, s.MarkSent(ctx, all[0], sample.Start), freehold.KindInvalid)
	if all, err = s.Outbox(ctx, sample.Start, 10); err != nil || len(all) != 2 || all[0].Case != "k1" {
		t.Errorf("after one was sent: %+v, %v", all, err)
	}
	again := sample.Start.Add(time.Minute)
	must(t, s.Postpone(ctx, all[0], again))
	if now, err := s.Outbox(ctx, sample.Start, 10); err != nil || len(now) != 1 || now[0].Case != "k2" {
		t.Errorf("with one that waits: %+v, %v", now, err)
	}
	if later, err := s.Outbox(ctx, again, 10); err != nil || len(later) != 2 || later[0].Case != "k1" || later[0].Tries != 1 {
		t.Errorf("when it is due again: %+v, %v", later, err)
	}
	must(t, s.MarkSent(ctx, all[0], again))
	wantKind(t, s.Postpone(ctx, all[0], again), freehold.KindInvalid)
}

func ledgerRows(t *testing.T, s *store.Store) {
	ctx := t.Context()
	if size, note, err := s.LedgerHead(ctx); err != nil || size != 0 || note != nil {
		t.Errorf("an empty ledger: %d, %q, %v", size, note, err)
	}
	for i := range 3 {
		openCase(t, s, fmt.Sprintf("k%d", i), "pain.fr", sample.Start)
	}
	l, err := s.TakeLease(ctx, freehold.LedgerThing, "work", sample.Start, sample.Start.Add(time.Minute))
	must(t, err)
	waiting, err := s.WaitingLeaves(ctx, 2)
	must(t, err)
	batch := freehold.LedgerBatch{Fence: l.Fence, Leaves: waiting, Hashes: [][32]byte{{1}, {2}, {3}}, Checkpoint: []byte("note 2"), At: sample.Start}
	must(t, s.AppendLedger(ctx, batch))
	wantKind(t, s.AppendLedger(ctx, batch), freehold.KindPermission)
	batch.Fence++
	wantKind(t, s.AppendLedger(ctx, batch), freehold.KindPermission)
	if size, note, err := s.LedgerHead(ctx); err != nil || size != 2 || string(note) != "note 2" {
		t.Errorf("head %d, %q, %v", size, note, err)
	}
	if h, err := s.LedgerHashes(ctx, []int64{2, 0}); err != nil || h[0] != [32]byte{3} || h[1] != [32]byte{1} {
		t.Errorf("hashes %v, %v", h, err)
	}
	_, err = s.LedgerHashes(ctx, []int64{3})
	wantKind(t, err, freehold.KindDamaged)
	if waiting, err = s.WaitingLeaves(ctx, 9); err != nil || len(waiting) != 1 || waiting[0].Case != "k2" || waiting[0].Index != -1 {
		t.Errorf("waiting %+v, %v", waiting, err)
	}
	// From a size that is not the ledger's any more, nothing is added.
	l2 := freehold.LedgerBatch{Fence: l.Fence, From: 0, Leaves: waiting, Hashes: [][32]byte{{9}}, Checkpoint: []byte("fork"), At: sample.Start}
	if err := s.AppendLedger(ctx, l2); err == nil {
		t.Error("a second leaf took the place of the first")
	}
	n, err := s.ForgetRecords(ctx, "k0")
	must(t, err)
	got := collect(t, s.Leaves(ctx))
	if n != 1 || len(got) != 2 || got[0].Index != 0 || len(got[0].Salt) != 0 || len(got[0].Record) != 0 || len(got[0].Commitment) != 32 || string(got[1].Record) != "k1" {
		t.Errorf("%d forgotten; ledger %+v", n, got)
	}
	if of, err := s.LeavesOf(ctx, "k1"); err != nil || len(of) != 1 || of[0].Index != 1 || of[0].Event != 2 {
		t.Errorf("of a case %+v, %v", of, err)
	}
}

// concurrentCase: of several who saw the same state of a case, one is first.
func concurrentCase(t *testing.T, s *store.Store) {
	ctx := t.Context()
	openCase(t, s, "k1", "pain.fr", sample.Start)
	const writers, each = 4, 5
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				row, err := s.Case(ctx, "k1")
				if err == nil {
					_, err = s.WriteCase(ctx, freehold.CaseEntry{Case: "k1", Version: row.Version(), Events: []freehold.CaseEvent{noted("k1", fmt.Sprint(w), 9)}})
				}
				switch freehold.KindOf(err) {
				case freehold.KindBusy:
				default:
					if done++; err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if row, err := s.Case(ctx, "k1"); err != nil || row.Version() != 2+writers*each {
		t.Errorf("%d events, %v", row.Version(), err)
	}
	var mu sync.Mutex
	fences := map[int64]bool{}
	for range 8 {
		wg.Go(func() {
			l, err := s.TakeLease(ctx, "session x", "w", sample.Start, sample.Start.Add(time.Minute))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				fences[l.Fence] = true
			} else if freehold.KindOf(err) != freehold.KindBusy {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(fences) != 1 {
		t.Errorf("%d took one lease", len(fences))
	}
}
