package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

// onRecord makes what a row of a record says of a field.
func onRecord(i freehold.Import, row int, f freehold.ListingField, value string, since time.Time) freehold.RegisterEntry {
	e := freehold.RegisterEntry{Of: freehold.SideCustomer, Field: f, Value: value, Since: since, Source: freehold.SourceRegister, Added: i.At,
		From: freehold.Provenance{Import: i.ID, File: i.File, Digest: i.Digest, Row: row, At: i.At}}
	if f == freehold.ListedName {
		e.Name = sample.Name(value)
	}
	return e
}

// record imports what one record says of an account.
func record(t *testing.T, s *store.Store, i freehold.Import, dry bool, said ...freehold.RegisterSaid) (merges []freehold.RegisterMerge) {
	t.Helper()
	for n := range said {
		said[n].At, said[n].Source = i.At, freehold.SourceRegister
	}
	must(t, s.ImportRegister(t.Context(), []freehold.Import{i}, dry, func(put func([]freehold.RegisterSaid) ([]freehold.RegisterMerge, error)) (err error) {
		merges, err = put(said)
		return err
	}))
	return merges
}

func registerOf(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first, since := imported(1), sample.Start.AddDate(-2, 0, 0)
	said := func(i freehold.Import, mail string) freehold.RegisterSaid {
		return freehold.RegisterSaid{Account: "k7", Entries: []freehold.RegisterEntry{onRecord(i, 2, freehold.ListedName, "pain.fr", time.Time{}),
			onRecord(i, 2, freehold.RegisterMail, mail, since), onRecord(i, 2, freehold.RegisterPhone, "+33 1 00\x00", time.Time{})}}
	}
	if m := record(t, s, first, true, said(first, "luc@a.example")); !m[0].New || len(m[0].Add) != 3 {
		t.Errorf("the dry run: %+v", m)
	}
	_, err := s.RegisterAccount(ctx, "k7")
	wantKind(t, err, freehold.KindNotFound)
	record(t, s, first, false, said(first, "luc@a.example"))
	a, err := s.RegisterAccount(ctx, "k7")
	must(t, err)
	if e := a.Entries[1]; len(a.Entries) != 3 || e.Seq != 2 || e.Value != "luc@a.example" || !e.Since.Equal(since) || e.From.Row != 2 || e.From.File != first.File || e.From.Digest != first.Digest || !e.Standing() {
		t.Errorf("came back as %+v", a)
	}

	// The same again adds nothing; a new contact takes the old one's place, and is known
	// since the second copy at the latest.
	second := imported(2)
	if m := record(t, s, second, false, said(second, "LUC@a.example")); m[0].New || len(m[0].Add)+len(m[0].Changes) != 0 {
		t.Errorf("again: %+v", m)
	}
	third := imported(3)
	since = time.Time{}
	record(t, s, third, false, said(third, "luc@b.example"))
	a, err = s.RegisterAccount(ctx, "k7")
	must(t, err)
	contacts := a.Contacts(sample.Name("pain.fr"), time.Time{}, nil)
	if len(contacts) != 3 || contacts[1].Address != "luc@b.example" || !contacts[1].Since.Equal(third.At) || contacts[1].Previous || contacts[2].Address != "luc@a.example" || !contacts[2].Previous {
		t.Errorf("contacts %+v", contacts)
	}
	for field, want := range map[freehold.ListingField]string{freehold.ListedName: "pain.fr", freehold.RegisterMail: "luc@a.example"} {
		all, err := s.FindRegister(ctx, field, []string{want, "nothing"}, false)
		if err != nil || len(all) != 1 || all[want][0] != "k7" {
			t.Errorf("%s: %v, %v", field, all, err)
		}
	}
	if all, err := s.FindRegister(ctx, freehold.RegisterMail, []string{"luc@a.example"}, true); err != nil || len(all) != 0 {
		t.Errorf("standing: %v, %v", all, err)
	}
}

// The register is imported whole, and read in pages.
func registerIsWhole(t *testing.T, s *store.Store) {
	i := imported(1)
	broken := errors.New("the file cannot be read any further")
	err := s.ImportRegister(t.Context(), []freehold.Import{i}, false, func(put func([]freehold.RegisterSaid) ([]freehold.RegisterMerge, error)) error {
		if _, err := put([]freehold.RegisterSaid{{Account: "k1", At: i.At, Entries: []freehold.RegisterEntry{onRecord(i, 2, freehold.RegisterPerson, "Luc", time.Time{})}}}); err != nil {
			return err
		}
		return &freehold.Error{Kind: freehold.KindUnavailable, Msg: "broken off", Err: broken}
	})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if all := collect(t, s.Register(t.Context())); len(all) != 0 {
		t.Errorf("left behind: %+v", all)
	}
	var said []freehold.RegisterSaid
	for n := range 700 { // several pages
		said = append(said, freehold.RegisterSaid{Account: fmt.Sprintf("k%04d", n), Entries: []freehold.RegisterEntry{onRecord(i, n, freehold.RegisterPerson, "Luc", time.Time{}), onRecord(i, n, freehold.RegisterMail, fmt.Sprintf("%d@x.example", n), time.Time{})}})
	}
	record(t, s, i, false, said...)
	last, n := "", 0
	for a, err := range s.Register(t.Context()) {
		must(t, err)
		if n++; a.ID <= last || len(a.Entries) != 2 || a.Entries[0].Account != a.ID {
			t.Fatalf("%+v after %s", a, last)
		}
		last = a.ID
	}
	if n != 700 {
		t.Errorf("%d accounts", n)
	}
}
