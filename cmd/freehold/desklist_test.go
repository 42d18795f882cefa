package main

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"freehold"
)

// TestRiskiestFirst: by the day of the deadline, then by risk, then as they came; an
// error ends it after what is sure.
func TestRiskiestFirst(t *testing.T) {
	broken := errors.New("broken")
	line := func(id string, day, hour, risk int) freehold.CaseLine {
		return freehold.CaseLine{ID: id, Risk: risk, Deadline: time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC)}
	}
	queue := []freehold.CaseLine{line("a", 1, 9, 0), line("b", 1, 10, 4), line("c", 1, 11, 4), line("d", 2, 1, 9), line("e", 2, 23, 10), line("f", 3, 1, 0)}
	of := func(lines []freehold.CaseLine, err error) iter.Seq2[freehold.CaseLine, error] {
		return func(yield func(freehold.CaseLine, error) bool) {
			for _, l := range lines {
				if !yield(l, nil) {
					return
				}
			}
			if err != nil {
				yield(freehold.CaseLine{}, err)
			}
		}
	}
	for _, c := range []struct {
		lines []freehold.CaseLine
		err   error
		stop  int
		want  string
	}{
		{queue, nil, 99, "[b c a e d f]"},
		{queue, nil, 2, "[b c]"},
		{queue[:4], broken, 99, "[b c a broken]"},
		{nil, nil, 99, "[]"},
	} {
		var got []string
		for l, err := range riskiestFirst(of(slices.Clone(c.lines), c.err)) {
			if err != nil {
				l.ID = err.Error()
			}
			if got = append(got, l.ID); len(got) == c.stop {
				break
			}
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%v, want %s", got, c.want)
		}
	}
}
