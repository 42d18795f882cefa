package identity

import (
	"strings"
	"testing"
	"time"

	"freehold"
)

// TestPlausible: what nobody means is not entered, and what people do mean is.
func TestPlausible(t *testing.T) {
	w := open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}})
	long := strings.Repeat("é", 1001)
	request := func(change func(*freehold.Request)) freehold.CaseBody {
		r := w.c.Request
		change(&r)
		return freehold.Opened{Request: r}
	}
	contact := func(change func(*freehold.Contact)) freehold.CaseBody {
		return request(func(r *freehold.Request) { k := phone; change(&k); r.Contacts = []freehold.Contact{k} })
	}
	for what, c := range map[string]struct {
		body freehold.CaseBody
		at   time.Time
		says string // nothing: it is entered
	}{
		"as it was":           {request(func(*freehold.Request) {}), monday, ""},
		"the longest name":    {request(func(r *freehold.Request) { r.Holder.Organisation = long[:2000] }), monday, ""},
		"a year ago":          {request(func(r *freehold.Request) { r.FirstRequest = monday.AddDate(-1, 0, 0) }), monday, ""},
		"on record since now": {contact(func(k *freehold.Contact) { k.Since = monday.Add(20 * time.Hour) }), monday, ""},
		"a year that has not come": {request(func(r *freehold.Request) { r.FirstRequest = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) }),
			time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), "the year 9999"},
		"a year before computers":    {freehold.Noted{Words: "x"}, time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC), "the year 1600"},
		"asked in another age":       {request(func(r *freehold.Request) { r.FirstRequest = monday.AddDate(-400, 0, 0) }), monday, "more than a year ago"},
		"asked earlier, long ago":    {freehold.EarlierRequest{At: monday.AddDate(-2, 0, 0)}, monday, "more than a year ago"},
		"a holder without end":       {request(func(r *freehold.Request) { r.Holder.Name = long }), monday, "longer than 1000"},
		"a target of two lines":      {request(func(r *freehold.Request) { r.Target = "ns1.new.example\nns2.new.example" }), monday, "not one line"},
		"a contact in the future":    {contact(func(k *freehold.Contact) { k.Since = monday.AddDate(0, 0, 3) }), monday, "not come yet"},
		"a header in an address":     {contact(func(k *freehold.Contact) { k.Address += "\r\nBcc: x@y.example" }), monday, "not one line"},
		"an escape in an address":    {contact(func(k *freehold.Contact) { k.Address += "\x1b[2J" }), monday, "not one line"},
		"letters that turn around":   {contact(func(k *freehold.Contact) { k.Address = "\u202e" + k.Address }), monday, "not one line"},
		"more contacts than anybody": {request(func(r *freehold.Request) { r.Contacts = make([]freehold.Contact, 51) }), monday, "at most 50"},
		"an objector of two lines":   {freehold.Objected{ID: "o1", Party: freehold.Party{Name: "a\nb"}}, monday, "not one line"},
		"a claimant of two lines":    {freehold.SecondClaim{ID: "o1", Party: freehold.Party{Name: "a\nb"}}, monday, "not one line"},
		"a mandate of two lines":     {freehold.MandateShown{Mandate: freehold.Mandate{ID: "m1", To: freehold.Party{Account: "a\nb"}}}, monday, "not one line"},
	} {
		t.Run(what, func(t *testing.T) {
			before := w.c
			if _, opens := c.body.(freehold.Opened); opens {
				before = freehold.Case{}
			}
			e := w.event("ana", c.body)
			e.At = c.at
			_, err := w.keeper.Add(before, e)
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || freehold.KindOf(err) != freehold.KindInvalid) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

// TestHurried: a first request that leaves no time for objections takes two operators;
// rules that leave none by themselves do not.
func TestHurried(t *testing.T) {
	for _, c := range []struct {
		ago  time.Duration
		days int // of the host's own deadline
		want bool
	}{{0, 5, false}, {3 * day, 5, false}, {3*day + time.Minute, 5, true}, {300 * day, 5, true}, {hour, 2, true}, {0, 2, false}, {0, 1, false}, {9 * day, 1, false}} {
		w := open(t, place{name: "verrine.pl", profile: Normal, contacts: []freehold.Contact{contactMail()}, openedLag: c.ago})
		w.keeper.Policy.OwnDeadline = spanOf(c.days, false)
		if got := w.keeper.Policy.hurried(&w.c); got != c.want {
			t.Errorf("asked %v before the opening, %d days: hurried %v", c.ago, c.days, got)
		}
	}
}
