package freehold

import (
	"testing"
	"time"
)

// TestMergeRegister: a newer copy replaces its older one, another record replaces
// nothing, the later day is kept, and what was merged once adds nothing again.
func TestMergeRegister(t *testing.T) {
	day := func(s string) time.Time {
		at, _ := time.Parse(time.DateOnly, s)
		return at
	}
	entry := func(f ListingField, value string, source RegisterSource, since string) RegisterEntry {
		return RegisterEntry{Of: SideCustomer, Field: f, Value: value, Source: source, Since: day(since), Added: day("2026-01-01")}
	}
	known := entry(RegisterMail, "rosa@a.example", SourceRegister, "2020-01-01")
	known.Seq = 1
	paid := entry(RegisterBank, "CH93 0076", SourcePayments, "2024-05-01")
	paid.Seq = 1
	for _, c := range []struct {
		name                   string
		known, said            RegisterEntry
		add, replace, disputes int
		since                  string // of what was said, after
	}{
		{"the same", known, entry(RegisterMail, "ROSA@a.example", SourceRegister, ""), 0, 0, 0, ""},
		{"an earlier day is not believed", known, entry(RegisterMail, "rosa@a.example", SourceRegister, "2010-01-01"), 0, 0, 0, "2010-01-01"},
		{"a later one is", known, entry(RegisterMail, "rosa@a.example", SourceRegister, "2025-12-01"), 1, 1, 0, "2025-12-01"},
		{"another mailbox, known since the copy", known, entry(RegisterMail, "rosa@b.example", SourceRegister, ""), 1, 1, 0, "2026-06-01"},
		{"another record agrees", known, entry(RegisterMail, "rosa@a.example", SourceEPP, ""), 1, 0, 0, ""},
		{"another record disagrees", known, entry(RegisterMail, "rosa@b.example", SourceEPP, ""), 1, 0, 1, ""},
		{"an earlier payment counts", paid, entry(RegisterBank, "ch930076", SourcePayments, "2022-01-01"), 1, 1, 0, "2022-01-01"},
		{"a later payment does not", paid, entry(RegisterBank, "CH930076", SourcePayments, "2026-01-01"), 0, 0, 0, "2026-01-01"},
	} {
		said := RegisterSaid{At: day("2026-06-01"), Source: c.said.Source, Entries: []RegisterEntry{c.said}}
		m := MergeRegister([]RegisterEntry{c.known}, said)
		if len(m.Add) != c.add || len(m.Replace) != c.replace || len(m.Disputes) != c.disputes || !said.Entries[0].Since.Equal(day(c.since)) || m.New {
			t.Errorf("%s: %+v, since %v", c.name, m, said.Entries[0].Since)
		}
		after := []RegisterEntry{c.known, c.said}
		if c.replace > 0 {
			after[0].Replaced = said.At
		}
		after[1].Seq, after[1].Since = 2, said.Entries[0].Since
		if again := MergeRegister(after[:1+c.add], said); len(again.Add)+len(again.Replace) > 0 {
			t.Errorf("%s, again: %+v", c.name, again)
		}
	}
}
