package desklab

import (
	"context"
	"errors"
	"testing"
	"time"

	"freehold"
	"freehold/internal/flow/desk"
	"freehold/verify/identity"
)

// carrier carries what it is told to carry and remembers it.
type carrier struct {
	answer func(desk.Letter) (string, error)
	got    []desk.Letter
}

func (c *carrier) Carry(_ context.Context, l desk.Letter) (string, error) {
	c.got = append(c.got, l)
	return c.answer(l)
}

// byMail takes what goes to a mailbox, and answers it.
func byMail(detail string, err error) *carrier {
	return &carrier{answer: func(l desk.Letter) (string, error) {
		if l.To.Channel != freehold.ChannelMail {
			return "", desk.ErrNotMine
		}
		return detail, err
	}}
}

func (w *World) send(t *testing.T, by desk.Courier, want desk.Sent) {
	t.Helper()
	got, err := w.Desk.Send(t.Context(), w.Store, by)
	must(t, err)
	if got != want {
		t.Errorf("sent %+v, want %+v", got, want)
	}
}

func (w *World) openShop(t *testing.T) string {
	t.Helper()
	row, err := w.Desk.Open(t.Context(), Request(shop, Start.Add(-time.Hour)), identity.Surroundings{}, "anne", freehold.ChannelPhone)
	must(t, err)
	return row.Case.ID
}

func (w *World) notices(t *testing.T, id string) []freehold.NoticeDone {
	t.Helper()
	row, err := w.Store.Case(t.Context(), id)
	must(t, err)
	return row.Case.Notices
}

// TestSend: the mailbox on record is told once; the telephone waits for a person, and
// when one entered the call, for nobody.
func TestSend(t *testing.T) {
	w := world(t, Config{})
	id := w.openShop(t)
	post := byMail("250 accepted", nil)
	w.send(t, post, desk.Sent{Left: 1, Waiting: 1})
	if len(post.got) != 2 || post.got[0].Kind != freehold.OutNotice || post.got[0].To.Address != "rosa@post.example" || post.got[0].Of.ID != id {
		t.Errorf("carried %+v", post.got)
	}
	if told := w.notices(t, id); len(told) != 1 || !told[0].Sent || told[0].Contact != "c1" || told[0].Detail != "250 accepted" {
		t.Errorf("told %+v", told)
	}
	w.send(t, post, desk.Sent{})
	w.Clock.Add(20 * time.Minute)
	w.send(t, post, desk.Sent{Waiting: 1})
	_, err := w.Desk.Add(t.Context(), id, "anne", freehold.ChannelPhone, freehold.NoticeEnded{Contact: "c2", Channel: freehold.ChannelPhone, Sent: true})
	must(t, err)
	w.Clock.Add(20 * time.Minute)
	w.send(t, post, desk.Sent{Left: 1})
	if told := w.notices(t, id); len(told) != 2 {
		t.Errorf("told %+v", told)
	}
	w.Clock.Add(48 * time.Hour)
	w.send(t, post, desk.Sent{})
}

// TestSendFails: an address that refuses has failed at once, one that refuses for now
// after a day of attempts that get rarer; either is in the case, for its doubt.
func TestSendFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		tries int
	}{
		{"for good", &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("550 no such user")}, 1},
		{"for now", &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("450 try later")}, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world(t, Config{})
			id := w.openShop(t)
			post := byMail("", c.err)
			var failed, rounds int
			for ; failed == 0 && rounds < 10_000; rounds++ {
				sent, err := w.Desk.Send(t.Context(), w.Store, post)
				must(t, err)
				failed += sent.Failed
				w.Clock.Add(time.Minute)
			}
			mails := 0
			for _, l := range post.got {
				if l.To.Channel == freehold.ChannelMail {
					mails++
				}
			}
			if failed != 1 || mails != c.tries {
				t.Errorf("given up %d times after %d attempts, want once after %d", failed, mails, c.tries)
			}
			if told := w.notices(t, id); len(told) != 1 || told[0].Sent || told[0].Detail != c.err.Error() {
				t.Errorf("told %+v", told)
			}
		})
	}
}

// TestSendTwice: two workers at one outbox; the second is told who is at it. What was
// cut off is carried again, under the same number.
func TestSendTwice(t *testing.T) {
	w := world(t, Config{})
	id := w.openShop(t)
	other := w.desk(Config{Worker: "other"})
	ctx, cancel := context.WithCancel(t.Context())
	var first desk.Letter
	cut := &carrier{answer: func(l desk.Letter) (string, error) {
		_, err := other.Send(t.Context(), w.Store, byMail("250", nil))
		kind(t, err, freehold.KindBusy)
		first = l
		cancel()
		return "", errors.New("cut off")
	}}
	if sent, err := w.Desk.Send(ctx, w.Store, cut); err != nil || sent != (desk.Sent{}) || len(cut.got) != 1 {
		t.Errorf("sent %+v of %d, %v", sent, len(cut.got), err)
	}
	if told := w.notices(t, id); len(told) != 0 {
		t.Errorf("told %+v", told)
	}
	post := byMail("250", nil)
	w.send(t, post, desk.Sent{Left: 1, Waiting: 1})
	if got := post.got[0]; got.Case != first.Case || got.Event != first.Event || got.Part != first.Part {
		t.Errorf("carried %+v again as %+v", first, got)
	}
}
