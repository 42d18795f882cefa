package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

func zoneCopy(name string, n int) (freehold.ZoneCopy, freehold.Evidence) {
	c := freehold.ZoneCopy{
		Name: sample.Name(name), At: sample.Start.Add(time.Duration(n) * time.Hour), Source: "axfr ns1.host.example", Coverage: freehold.CoverageTransferred,
		Serial: 4294967295 - uint32(n), Records: 12 + n, Location: "/srv/zones/é",
	}
	e := freehold.Evidence{Kind: freehold.EvidenceOwnRecord, Source: "export", Query: name, Time: c.At, Status: fmt.Sprint(n)}
	c.Evidence = []freehold.EvidenceID{freehold.Evidence{Query: "the whole transfer"}.ID(), e.ID()}
	return c, e
}

func zoneCopies(t *testing.T, s *store.Store) {
	ctx := t.Context()
	if got, err := s.ZoneCopies(ctx, sample.Name("pain.fr")); err != nil || len(got) != 0 {
		t.Errorf("before a copy was made: %v, %v", got, err)
	}
	var want []freehold.ZoneCopy
	for n := range 3 {
		c, e := zoneCopy("pain.fr", n)
		put := c
		put.Evidence = c.Evidence[:1] // the piece itself adds its own
		must(t, s.PutZoneCopy(ctx, put, e))
		want = append(want, c)
	}
	bare := freehold.ZoneCopy{Name: sample.Name("abricot.ch")}
	must(t, s.PutZoneCopy(ctx, bare))
	got, err := s.ZoneCopies(ctx, sample.Name("pain.fr"))
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("copies\n%+v\nwant\n%+v", got, want)
	}
	if all := collect(t, s.AllZoneCopies(ctx)); !reflect.DeepEqual(all, append([]freehold.ZoneCopy{bare}, want...)) {
		t.Errorf("all copies\n%+v", all)
	}
	if e, err := s.Evidence(ctx, want[2].Evidence[1]); err != nil || e.Status != "2" {
		t.Errorf("the evidence of a copy: %+v, %v", e, err)
	}
	want[0].Evidence = []freehold.EvidenceID{"sha256:no"}
	wantKind(t, s.PutZoneCopy(ctx, want[0]), freehold.KindInvalid)
	for n := range 120 {
		c, _ := zoneCopy("noix.ch", n)
		must(t, s.PutZoneCopy(ctx, c))
	}
	var many []store.MadeCopy // a night's, one zone of them twice
	for n := range 150 {
		c, _ := zoneCopy(fmt.Sprintf("n%d.ch", n%149), n)
		many = append(many, store.MadeCopy{Copy: c})
	}
	must(t, s.PutZoneCopies(ctx, many))
	must(t, s.PutZoneCopies(ctx, many))
	for n, want := range map[int]int{0: 4, 1: 2, 70: 2, 148: 2} {
		if got, err := s.ZoneCopies(ctx, sample.Name(fmt.Sprintf("n%d.ch", n))); err != nil || len(got) != want || got[0].Records != 12+n {
			t.Errorf("of zone %d of many: %d copies, %v", n, len(got), err)
		}
	}
	got, err = s.ZoneCopies(ctx, sample.Name("noix.ch"))
	if err != nil || len(got) != 100 || got[99].Records != 12+119 {
		t.Errorf("%d of many copies, %v", len(got), err)
	}
}
