package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

// imported makes the n-th import of a file.
func imported(n int) freehold.Import {
	return freehold.Import{ID: fmt.Sprintf("2026112%dT093516Z-%06x", n, n), At: sample.Start.Add(time.Duration(n) * time.Hour), File: "clients.csv", Digest: "sha256:" + strings.Repeat("ab", 32), Size: 1234,
		Kind: "text", Encoding: "utf-8", Separator: ";", Sheets: []freehold.ImportSheet{{Heading: 1, Columns: []freehold.ImportColumn{{Number: 1, Heading: "Domain", Field: freehold.ListedName}}}}}
}

// entry makes what a row of an import says.
func entry(i freehold.Import, row int, name, client, tags, registrar string) freehold.ListingEntry {
	from := freehold.Provenance{Import: i.ID, File: i.File, Digest: i.Digest, Sheet: "S", Row: row, At: i.At}
	e := freehold.ListingEntry{Listing: freehold.Listing{Name: sample.Name(name), Client: client, Added: i.At, From: from}}
	if tags != "" {
		e.Tags = freehold.JoinTags(strings.Split(tags, " "), nil)
	}
	if registrar != "" {
		e.Claims = []freehold.ListingClaim{{Field: freehold.ListedRegistrar, Value: registrar, From: from}}
	}
	return e
}

// put imports entries in one go.
func put(t *testing.T, s *store.Store, i freehold.Import, dry bool, entries ...freehold.ListingEntry) (results []freehold.ListingResult) {
	t.Helper()
	must(t, s.ImportListings(t.Context(), []freehold.Import{i}, dry, func(put func([]freehold.ListingEntry) ([]freehold.ListingResult, error)) (err error) {
		results, err = put(entries)
		return err
	}))
	return results
}

func portfolio(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first := imported(1)
	entries := []freehold.ListingEntry{entry(first, 2, "pain.fr", "Roux", "shop vip", "Eins"), entry(first, 3, "aux-abricots.ch", "", "", ""), entry(first, 5, "bücher.de", "Lampe", "shop", "")}
	if got := put(t, s, first, true, entries...); !got[0].New || !got[2].New {
		t.Errorf("the dry run says %+v", got)
	}
	if all := collect(t, s.Listings(ctx, freehold.Selection{})); len(all) != 0 {
		t.Fatalf("the dry run left %+v", all)
	}
	for _, r := range put(t, s, first, false, entries...) {
		if !r.New {
			t.Errorf("%+v", r)
		}
	}
	got, ok, err := s.Listing(ctx, entries[0].Name)
	if want := entries[0].Listing; err != nil || !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("came back as\n%+v\nwant\n%+v, %v", got, want, err)
	}
	if _, ok, err := s.Listing(ctx, sample.Name("other.fr")); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}

	// The same again, and then something else: the newest word counts, and says where it is from.
	for _, r := range put(t, s, imported(2), false, entries...) {
		if r.New || len(r.Changes) > 0 {
			t.Errorf("again: %+v", r)
		}
	}
	third := imported(3)
	r := put(t, s, third, false, entry(third, 9, "pain.fr", "Four", "SHOP new", "Zwei"))
	want := []freehold.ListingChange{{Field: freehold.ListedClient, Before: "Roux", After: "Four"}, {Field: freehold.ListedTags, Before: "shop, vip", After: "new, shop, vip"}, {Field: freehold.ListedRegistrar, Before: "Eins", After: "Zwei"}}
	if !reflect.DeepEqual(r[0].Changes, want) {
		t.Errorf("changes %+v", r[0].Changes)
	}
	got, _, err = s.Listing(ctx, entries[0].Name)
	must(t, err)
	if c := got.Claims[0]; got.Client != "Four" || got.From.Import != first.ID || c.Value != "Zwei" || c.From.Import != third.ID || c.From.Row != 9 || c.From.Digest != third.Digest || !c.From.At.Equal(third.At) {
		t.Errorf("%+v", got)
	}
	file, err := s.ImportByID(ctx, third.ID)
	if err != nil || file.File != third.File || file.Digest != third.Digest || file.Size != third.Size || file.Encoding != "utf-8" {
		t.Errorf("%+v, %v", file, err)
	}
	_, err = s.ImportByID(ctx, "none")
	wantKind(t, err, freehold.KindNotFound)
}

func portfolioSelection(t *testing.T, s *store.Store) {
	i := imported(1)
	var entries []freehold.ListingEntry
	for n := range 1500 { // several pages
		tags := "all"
		if n%3 == 0 {
			tags = "all Third"
		}
		entries = append(entries, entry(i, n+2, fmt.Sprintf("n%04d.fr", n), []string{"Even", "Odd"}[n%2], tags, "R"))
	}
	put(t, s, i, false, entries...)
	for _, c := range []struct {
		sel  freehold.Selection
		want int
	}{
		{freehold.Selection{}, 1500},
		{freehold.Selection{Client: "odd"}, 750},
		{freehold.Selection{Tags: []string{"third"}}, 500},
		{freehold.Selection{Client: "Even", Tags: []string{"ALL", "third"}}, 250},
		{freehold.Selection{Client: "nobody"}, 0},
	} {
		last, n := "", 0
		for l, err := range s.Listings(t.Context(), c.sel) {
			must(t, err)
			if n++; l.Name.ASCII() <= last || len(l.Claims) != 1 {
				t.Fatalf("%+v after %s", l, last)
			}
			last = l.Name.ASCII()
		}
		if n != c.want {
			t.Errorf("%+v: %d names, want %d", c.sel, n, c.want)
		}
	}
}

// An import is whole: what fails at its end leaves nothing of its beginning.
func portfolioIsWhole(t *testing.T, s *store.Store) {
	i := imported(1)
	broken := errors.New("the file cannot be read any further")
	err := s.ImportListings(t.Context(), []freehold.Import{i}, false, func(put func([]freehold.ListingEntry) ([]freehold.ListingResult, error)) error {
		for n := range 5 {
			if _, err := put([]freehold.ListingEntry{entry(i, n+2, fmt.Sprintf("n%d.fr", n), "C", "t", "R")}); err != nil {
				return err
			}
		}
		return &freehold.Error{Kind: freehold.KindUnavailable, Msg: "broken off", Err: broken}
	})
	if !errors.Is(err, broken) || freehold.KindOf(err) != freehold.KindUnavailable {
		t.Errorf("%v", err)
	}
	if all := collect(t, s.Listings(t.Context(), freehold.Selection{})); len(all) != 0 {
		t.Errorf("left behind: %+v", all)
	}
	if _, err := s.ImportByID(t.Context(), i.ID); freehold.KindOf(err) != freehold.KindNotFound {
		t.Errorf("the import: %v", err)
	}
	put(t, s, i, false, entry(i, 2, "n0.fr", "", "", "")) // nothing is in the way of trying again
}

func portfolioAttests(t *testing.T, s *store.Store) {
	i := imported(1)
	e := entry(i, 2, "pain.fr", "", "", "")
	a, evidence := attestation("pain.fr", freehold.AttestPayer, "Roux", 1)
	e.Attestations, e.Evidence = []freehold.Attestation{a}, []freehold.Evidence{evidence}
	if r := put(t, s, i, true, e); r[0].Attested != 1 {
		t.Errorf("the dry run: %+v", r)
	}
	if r := put(t, s, i, false, e); r[0].Attested != 1 {
		t.Errorf("%+v", r)
	}
	b, later := attestation("pain.fr", freehold.AttestPayer, "Roux", 2)
	e.Attestations, e.Evidence = []freehold.Attestation{b}, []freehold.Evidence{later}
	if r := put(t, s, imported(2), false, e); r[0].Attested != 0 {
		t.Errorf("the same words again: %+v", r)
	}
	said, err := s.Attestations(t.Context(), e.Name)
	if err != nil || len(said) != 1 || said[0].Value != "Roux" {
		t.Errorf("%+v, %v", said, err)
	}
}
