package portfolio

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"freehold"
)

// FuzzImport: whatever the file, every row of it is accounted for; what was
// imported, written as a CSV and imported again, changes nothing; and no password
// is kept.
func FuzzImport(f *testing.F) {
	for _, s := range []string{
		"Domain;Client;Expires;Auto-renew;Tags;Notes\nroux-pains.fr;Roux;31/12/2027;yes;a, b;x\nROUX-PAINS.FR;;;;;\n",
		"# ours\na.ch # x\n\nwww.b.ch\n", "\xff\xfea\x00.\x00c\x00h\x00\n\x00", "Domain,Notes\na.ch,\"'=1+1\"\nb.ch,\"two\nlines\"\n", "Domaine\tPayeur\nm\xfcller.ch\t-\n",
		"titre\n\n*Domaine (x);Tags\na.ch;\"a;b|c,d\"\n", "domain,client\na.ch,'=x\nb.ch,'\n", "Domain;Kunde\na.ch;\"Rohr\nb.ch;x\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		var k kept
		s, err := k.take(Options{}, source("f.csv", file))
		if err != nil {
			if kind := freehold.KindOf(err); kind != freehold.KindInvalid {
				t.Fatalf("kind %d: %v", kind, err)
			}
			return
		}
		if !s.Balanced() || s.Rows != len(k.rows) {
			t.Fatalf("%+v for %d rows", s, len(k.rows))
		}
		last := 0
		for _, r := range k.rows {
			if r.Row <= last || (r.Outcome == freehold.ImportOdd) != (len(r.Why) > 0) || (r.Outcome == freehold.ImportDuplicate) != (r.First.Row > 0) || r.First.Row >= r.Row {
				t.Fatalf("%+v after row %d", r, last)
			}
			last = r.Row
		}
		taken := s.Outcomes[freehold.ImportNew]
		if taken != len(k.listings) {
			t.Fatalf("%d new, %d listed", taken, len(k.listings))
		}
		if taken == 0 {
			return
		}
		var written bytes.Buffer
		if err := WriteCSV(&written, k.Listings(context.Background(), freehold.Selection{})); err != nil {
			t.Fatal(err)
		}
		again, err := k.take(Options{}, source("again.csv", written.String()))
		if err != nil {
			t.Fatalf("%v of\n%s", err, written.String())
		}
		if again.Outcomes[freehold.ImportUnchanged] != taken || again.Rows != taken+1 || len(k.missing) != 0 {
			t.Fatalf("%+v, missing %v, of\n%s\n%s", again, k.missing, written.String(), strings.Join(k.told(), "\n"))
		}
	})
}
