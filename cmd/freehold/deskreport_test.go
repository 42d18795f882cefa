package main

import (
	"fmt"
	"testing"
	"time"

	"freehold"
	"freehold/internal/policy"
)

// TestDeskReportCounts: what is late, what was released when, and once for each case.
func TestDeskReportCounts(t *testing.T) {
	rules, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	now := start.Add(100 * time.Hour)
	row := func(state freehold.CaseState, deadline int, released ...int) freehold.CaseRow {
		r := freehold.CaseRow{Case: freehold.Case{State: state, Request: freehold.Request{FirstRequest: start}}}
		if deadline > 0 {
			r.Deadline = start.Add(time.Duration(deadline) * time.Hour)
		}
		for _, h := range released {
			r.Events = append(r.Events, freehold.CaseEvent{At: start.Add(time.Duration(h) * time.Hour), Body: freehold.CodeRevealed{}})
		}
		return r
	}
	for _, c := range []struct {
		rows []freehold.CaseRow
		want string // late, late soon; released, of them late; median and longest in hours
	}{
		{nil, "0 0; 0 0; - -"},
		{[]freehold.CaseRow{row(freehold.CaseOpen, 99), row(freehold.CaseSet, 99), row(freehold.CaseReleasing, 100), row(freehold.CaseOpen, 123), row(freehold.CaseOpen, 124), row(freehold.CaseOpen, 0)}, "2 2; 0 0; - -"},
		{[]freehold.CaseRow{row(freehold.CaseRevealed, 50, 40), row(freehold.CaseRefused, 50), row(freehold.CaseClosed, 50)}, "0 0; 1 0; 40 40"},
		{[]freehold.CaseRow{row(freehold.CaseRevealed, 50, 51), row(freehold.CaseDone, 50, 20, 90), row(freehold.CaseDone, 50, 10)}, "0 0; 3 1; 20 51"},
		{[]freehold.CaseRow{row(freehold.CaseDone, 50, 10), row(freehold.CaseDone, 0, 60)}, "0 0; 2 0; 35 60"},
	} {
		doc := &deskReportDoc{States: map[string]int{}}
		for _, r := range c.rows {
			if err := doc.add(r, rules, now); err != nil {
				t.Fatal(err)
			}
		}
		doc.settle()
		of := func(seconds *int) string {
			if seconds == nil {
				return "-"
			}
			return fmt.Sprint(hours(*seconds))
		}
		got := fmt.Sprintf("%d %d; %d %d; %s %s", doc.Late, doc.Soon, doc.Released.Cases, doc.Released.Late, of(doc.Released.Median), of(doc.Released.Worst))
		if got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
