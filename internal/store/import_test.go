package store_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

// importForever puts names into the portfolio in one transaction that never
// ends, and tells "saved NAME" for each that was put.
func importForever(dsn string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	i := freehold.Import{ID: fmt.Sprintf("import-%d", os.Getpid()), At: sample.Start, File: "clients.csv", Digest: string(freehold.Evidence{}.ID()), Kind: "text"}
	return s.ImportListings(ctx, []freehold.Import{i}, false, func(put func([]freehold.ListingEntry) ([]freehold.ListingResult, error)) error {
		for n := 0; ; n++ {
			l := freehold.Listing{Name: sample.Name(fmt.Sprintf("n%d.fr", n)), Client: "Roux", Tags: []string{"shop"}, Added: i.At, From: freehold.Provenance{Import: i.ID, Row: n + 2}}
			l.Claims = []freehold.ListingClaim{{Field: freehold.ListedNotes, Value: fmt.Sprintf("%x", noise(l.Name.ASCII(), 2000)), From: l.From}}
			if _, err := put([]freehold.ListingEntry{{Listing: l}}); err != nil {
				return err
			}
			fmt.Println("saved", l.Name)
		}
	})
}

// A process that is killed in the middle of an import leaves nothing of it, and
// nothing that is in the way of the next.
func TestKillAnImport(t *testing.T) {
	onEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		must(t, s.Close())
		for range 2 {
			c, lines := startChild(t, "import", dsn)
			for n := 0; lines.Scan(); {
				if n++; n == 2000 { // some megabytes: much of it is in the file by now
					_ = c.Process.Kill()
				}
			}
			_ = c.Wait()
			st, err := store.Inspect(t.Context(), dsn, store.Options{})
			if err != nil || st.Problem != nil {
				t.Fatalf("%+v, %v", st, err)
			}
			for _, rows := range st.Rows {
				if rows.Rows > 0 {
					t.Errorf("%d rows are left in %s", rows.Rows, rows.Table)
				}
			}
		}
	})
}
