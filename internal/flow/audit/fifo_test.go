package audit

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"freehold"
)

// TestFifo: what waits comes back as it was, in its order, whatever was asked.
func TestFifo(t *testing.T) {
	bad := errors.New("no name")
	var jobs []job
	for i := range 3000 {
		ascii := fmt.Sprintf("n%06d.shop", i)
		j := job{seq: i * 7, Input: Input{Asked: ascii, Name: name(t, ascii)}, Urgency: Unseen}
		switch i % 10 {
		case 1:
			j.Asked = "https://www." + ascii + "/"
		case 2:
			j.Asked = ""
		case 3:
			j.Input = Input{Asked: "B\u00fccher.example", Name: name(t, fmt.Sprintf("b\u00fccher%d.ch", i))}
		case 4:
			j.Input = Input{Asked: "n o n s e n s e", Err: bad}
		case 5:
			j.Asked = strings.Repeat("\u00e9", maxAsked) + ascii
		}
		jobs = append(jobs, j)
	}
	var q fifo
	next := 0
	for i, j := range jobs {
		q.push(j)
		if i%3 == 2 { // taken while others still come
			if got := q.pop(Unseen); got != jobs[next] {
				t.Fatalf("number %d came back as %+v, want %+v", next, got, jobs[next])
			}
			next++
		}
	}
	for ; q.n > 0; next++ {
		if got := q.pop(Unseen); got != jobs[next] {
			t.Fatalf("number %d came back as %+v, want %+v", next, got, jobs[next])
		}
	}
	if next != len(jobs) || q.first != nil || q.last != nil {
		t.Errorf("%d of %d came back; first %v, last %v", next, len(jobs), q.first, q.last)
	}
}

// TestFifoIsSmall: a hundred thousand names that wait for their turn take little.
func TestFifoIsSmall(t *testing.T) {
	const names, most = 100_000, 24 // octets a name
	var q fifo
	for i := range names {
		ascii := fmt.Sprintf("n%06d.shop", i)
		n, err := freehold.ParseName(ascii)
		if err != nil {
			t.Fatal(err)
		}
		q.push(job{seq: i, Input: Input{Line: i, Asked: ascii, Name: n}})
	}
	kept := 0
	for b := q.first; b != nil; b = b.next {
		kept += cap(b.packed) + 64
	}
	if kept > most*names {
		t.Errorf("%d names keep %d octets, %d each", names, kept, kept/names)
	}
}
