package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"freehold"
)

// honest is a holder, or somebody with the holder's power, who has to get through
// before the deadline with what they have.
type honest struct {
	who, has string
	at       place
	go_      func(w *world)
}

var onlyPhonePostBank = []freehold.Contact{phone, post, bank}

var honestPeople = []honest{
	{"site owner", "the mailbox on record, in quiet times", place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) { w.answers("contact_mail", "mail", freehold.SideHolder, "").told("mail", "phone") }},
	{"site owner", "the mailbox on record and nothing else at all", place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}},
		func(w *world) { w.answers("contact_mail", "mail", freehold.SideHolder, "").told("mail") }},
	{"site owner", "the mailbox on record, outside the failed host, in the crisis", place{name: "verrine.com", profile: Crisis, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) { w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone") }},
	{"site owner", "in the crisis a telephone and past payments", place{name: "verrine.com", profile: Crisis, contacts: onlyPhonePostBank},
		func(w *world) {
			w.told("phone").answers("call_back", "phone", freehold.SideHolder, "").ask("payment_reference", "bank", freehold.SideHolder, "")
			w.wait(2 * day).pays("q2")
		}},
	{"site owner", "in the crisis a telephone and a postal address", place{name: "verrine.ch", profile: Crisis, contacts: onlyPhonePostBank},
		func(w *world) {
			id := w.ask("letter_code", "post", freehold.SideHolder, "")
			w.told("phone").answers("call_back", "phone", freehold.SideHolder, "").wait(3 * day)
			w.look("letter_code", id, "post", freehold.SideHolder, "", TokenShown{w.tokens[id]})
		}},
	{"site owner", "in the crisis a postal address and past payments: nobody answers the telephone", place{name: "verrine.fr", profile: Crisis, contacts: onlyPhonePostBank},
		func(w *world) {
			letter := w.ask("letter_code", "post", freehold.SideHolder, "")
			w.told("phone").ask("payment_reference", "bank", freehold.SideHolder, "")
			w.wait(2 * day).pays("q2")
			w.wait(day).look("letter_code", letter, "post", freehold.SideHolder, "", TokenShown{strings.ToUpper(w.tokens[letter])})
		}},
	{"site owner", "all three, against a false claimant who passed a check with a stolen mailbox", place{name: "verrine.com", profile: Crisis, contacts: append([]freehold.Contact{contactMail()}, onlyPhonePostBank...)},
		func(w *world) {
			w.do("desk", freehold.SecondClaim{ID: "s1", Party: thief, Other: "case-9"})
			letter := w.ask("letter_code", "post", freehold.SideHolder, "")
			w.told("phone", "mail").answers("call_back", "phone", freehold.SideHolder, "").ask("payment_reference", "bank", freehold.SideHolder, "")
			w.answers("contact_mail", "mail", freehold.SideClaimant, "s1")
			w.wait(2 * day).pays("q3")
			w.wait(day).look("letter_code", letter, "post", freehold.SideHolder, "", TokenShown{w.tokens[letter]})
			w.settles("s1", false)
		}},
	{"site owner", "the mailbox, against somebody who only objects and proves nothing", place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) {
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone")
			for i := range 40 {
				w.do("desk", freehold.Objected{ID: "o" + string(rune('A'+i)), Party: thief, Claims: freehold.SideHolder, Words: "mine"})
			}
		}},
	{"site owner", "the mailbox, against somebody who objects every hour after the approvals", place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) {
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone").wait(2 * day)
			for _, who := range []string{"ana", "bruno"} {
				if err := w.decide(who, freehold.DecisionRelease, nil); err != nil {
					w.t.Fatal(err)
				}
			}
			for i := range 60 {
				w.wait(hour).do("desk", freehold.Objected{ID: fmt.Sprint("o", i), Party: thief, Claims: freehold.SideHolder})
			}
		}},
	{"site owner", "the mailbox, against somebody who types wrong tokens all day", place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) {
			for range 20 {
				id := w.ask("contact_mail", "mail", freehold.SideHolder, "")
				for range 3 {
					w.look("contact_mail", id, "mail", freehold.SideHolder, "", TokenShown{"wrong"})
				}
			}
			w.told("phone").answers("contact_mail", "mail", freehold.SideHolder, "").answers("call_back", "phone", freehold.SideHolder, "")
		}},
	{"site owner", "the mailbox, against somebody who files claims and proves nothing", place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) {
			w.do("desk", freehold.SecondClaim{ID: "s1", Party: thief, Other: "case-9"})
			w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone")
			w.do("desk", freehold.SecondClaim{ID: "s2", Party: thief, Other: "case-10"})
		}},
	{"site owner", "the mailbox, with a doubt on the case, and the telephone", place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) {
			w.do("ana", freehold.DoubtRecorded{ID: "d1", Reason: "lookalike_domain", Words: "writes from poste-verr1ne.ch"})
			w.answers("contact_mail", "mail", freehold.SideHolder, "").answers("call_back", "phone", freehold.SideHolder, "").told("phone", "mail")
		}},
	{"site owner", "the old mailbox, as a thief replaced it two days ago", place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{{ID: "new", Of: freehold.SideHolder, Channel: freehold.ChannelMail, Address: "x@ailleurs.ru", Since: monday.Add(-2 * day)},
		{ID: "mail", Of: freehold.SideHolder, Channel: freehold.ChannelMail, Address: "atelier@poste-verrine.ch", Since: monday.AddDate(-6, 0, 0), Previous: true}, phone}},
		func(w *world) { w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone", "new") }},
	{"agency", "a mandate, the client's answer by mail and its own telephone", place{name: "verrine.com", profile: Normal, requester: agency, contacts: []freehold.Contact{contactMail(), phone, agencyPhone}},
		func(w *world) { w.mandated(mandate(nil)); w.told("phone") }},
	{"agency", "a mandate that the client signed with the enrolled key", place{name: "verrine.ch", profile: Normal, requester: agency, contacts: []freehold.Contact{key, phone, agencyPhone}},
		func(w *world) {
			text := []byte(TextToSign(w.c, freehold.SideHolder) + "\nWe let Agence Pixelune have the code.\n")
			sig, _ := Sign(nil, keyOf("verrine"), text)
			w.do("ana", freehold.MandateShown{Mandate: mandate(func(m *freehold.Mandate) { m.Signed = true })})
			w.passes("mandate_key", "key", freehold.SideHolder, Signed{Text: text, Signature: sig, Principal: "verrine"})
			w.answers("call_back", "apel", freehold.SideRequester, "").told("phone")
		}},
	{"customer of a reseller", "the mailbox, four days after asking the reseller, who passed it on late", place{name: "verrine.com", profile: Normal, openedLag: 4*day - 2*hour, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) { w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone") }},
	{"owner of a valuable name", "the mailbox: the rules allow no more, but two operators sign", place{name: "verrine.com", profile: Normal, high: true, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) { w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone") }},
	{"site owner", "name servers to change in the crisis, with telephone and payments", place{name: "verrine.com", profile: Crisis, act: freehold.ActRepoint, target: "ns1.secours.example", contacts: onlyPhonePostBank},
		func(w *world) {
			w.told("phone").answers("call_back", "phone", freehold.SideHolder, "").ask("payment_reference", "bank", freehold.SideHolder, "")
			w.wait(2 * day).pays("q2")
		}},
	{"site owner", "a recovery contact enrolled in quiet times, and a telephone; the mailbox lay with the host", place{name: "verrine.ch", profile: Crisis, contacts: []freehold.Contact{spare, phone}},
		func(w *world) {
			w.answers("recovery_contact", "spare", freehold.SideHolder, "").answers("call_back", "phone", freehold.SideHolder, "").told("phone")
		}},
	{"owner of a .uk name", "the mailbox, to move it under another tag", place{name: "verrine.co.uk", profile: Normal, act: freehold.ActTag, target: "SECOURS", contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) { w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone") }},
	{"owner of a .pl name", "the mailbox; the registry gives no number of days", place{name: "verrine.pl", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}},
		func(w *world) { w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone") }},
}

func (w *world) pays(ask string) {
	w.t.Helper()
	if ok, err := w.look("payment_reference", ask, "bank", freehold.SideHolder, "", PaymentSeen{Account: "ch93 0076 2011 6238 5295 7", Reference: w.tokens[ask]}); !ok {
		w.t.Fatal(err)
	}
}

func (w *world) settles(dispute string, upheld bool) {
	w.t.Helper()
	if err := w.decide("bruno", freehold.DecisionSettle, func(d *freehold.Decision) { d.Dispute, d.Upheld = dispute, upheld }); err != nil {
		w.t.Fatal(err)
	}
}

// TestHonest: each gets through, and before the deadline.
func TestHonest(t *testing.T) {
	for _, h := range honestPeople {
		t.Run(strings.ReplaceAll(h.who+" "+h.has, " ", "_"), func(t *testing.T) {
			w := open(t, h.at)
			deadline := w.keeper.Policy.Deadline(&w.c).At
			h.go_(w)
			at, err := w.released()
			if err != nil {
				t.Fatalf("not released: %v; %v", err, Evaluate(w.c, w.keeper.Policy, w.now).Why)
			}
			if !at.Before(deadline) {
				t.Errorf("released on %s, after the deadline of %s", at, deadline)
			}
		})
	}
}

// TestAsked: what is still missing is told in ways that lead there, in time.
func TestAsked(t *testing.T) {
	for _, c := range []struct {
		what    string
		at      place
		methods string // of the first way
		inTime  bool
		text    string
	}{
		{"quiet times", place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}}, "contact_mail", true, "ready about 23 November 2026"},
		{"crisis", place{name: "verrine.ch", profile: Crisis, contacts: onlyPhonePostBank}, "call_back payment_reference", true, "ready about 25 November 2026"},
		{"crisis, by letter", place{name: "verrine.ch", profile: Crisis, contacts: []freehold.Contact{phone, post}}, "call_back letter_code", true, "ready about 26 November 2026"},
		{"a letter too late", place{name: "verrine.com", profile: Normal, openedLag: 3 * day, contacts: []freehold.Contact{post}}, "letter_code", false, "the letter would arrive about 29 November 2026, after the deadline"},
	} {
		w := open(t, c.at)
		a := Evaluate(w.c, w.keeper.Policy, w.now)
		if a.Enough || len(a.Missing) == 0 {
			t.Fatalf("%s: %+v", c.what, a)
		}
		if o := a.Missing[0]; strings.Join(o.Methods, " ") != c.methods || o.InTime != c.inTime || o.Text.String() != c.text {
			t.Errorf("%s: %v, in time %v, %s", c.what, o.Methods, o.InTime, o.Text)
		}
	}
	w := open(t, place{name: "verrine.com", profile: Normal, customer: agency, contacts: []freehold.Contact{agencyMail}})
	if a := Evaluate(w.c, w.keeper.Policy, w.now); len(a.Missing) != 0 {
		t.Errorf("nobody can be reached, and yet %v", a.Missing)
	}
}

// TestDeadlines: from the first request by any channel, by the rules of the name.
func TestDeadlines(t *testing.T) {
	friday := time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		act  freehold.Act
		own  bool
		cite string
	}{
		{"verrine.com", freehold.ActCode, false, "Transfer Policy I.A.5.2"},
		{"verrine.com", freehold.ActUnlock, false, "Transfer Policy I.A.5.1"},
		{"verrine.com", freehold.ActRepoint, true, ""},
		{"verrine.ca", freehold.ActCode, false, "CIRA, registrant FAQs"},
		{"verrine.pl", freehold.ActCode, true, "NASK, rights of registrants"},
		{"verrine.co.uk", freehold.ActTag, true, "Nominet, tag change FAQ"},
	} {
		w := open(t, place{name: c.name, profile: Normal, act: c.act})
		w.c.FirstRequest = friday
		if d := w.keeper.Policy.Deadline(&w.c); !d.At.Equal(friday.AddDate(0, 0, 5)) || d.Own != c.own || d.Source.Citation != c.cite {
			t.Errorf("%s, %s: %+v", c.name, c.act, d)
		}
	}
	for _, c := range []struct {
		from time.Time
		days int
		want string
	}{{friday, 2, "2026-12-01"}, {friday.AddDate(0, 0, 1), 2, "2026-12-01"}, {friday.AddDate(0, 0, -1), 5, "2026-12-03"}} {
		if got := after(c.from, spanOf(c.days, true)); got.Format(time.DateOnly) != c.want {
			t.Errorf("%d business days from %s: %s, want %s", c.days, c.from, got, c.want)
		}
	}
	w := open(t, place{name: "verrine.com", profile: Normal})
	w.do("desk", freehold.EarlierRequest{At: monday.Add(-2 * day), Through: freehold.ChannelReseller})
	if d := w.keeper.Policy.Deadline(&w.c); !d.At.Equal(monday.Add(3 * day)) {
		t.Errorf("asked the reseller two days before: %s", d.At)
	}
	if err := w.try("desk", freehold.EarlierRequest{At: monday}); err == nil {
		t.Error("the clock was moved to a later request")
	}
}

// TestHolds: no hold ends later than a day before the deadline, whatever is brought up.
func TestHolds(t *testing.T) {
	w := open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}})
	last := monday.Add(4 * day)
	w.answers("contact_mail", "mail", freehold.SideHolder, "")
	hold := func(want time.Time) {
		t.Helper()
		if a := Evaluate(w.c, w.keeper.Policy, w.now); !a.Hold.Equal(want) {
			t.Errorf("hold until %s, want %s", a.Hold, want)
		}
	}
	hold(last) // nobody else was told
	w.told("mail")
	hold(last) // the mailbox that answered was told: nobody else was
	w.wait(hour).told("phone")
	hold(monday.Add(25 * hour))
	w.do("desk", freehold.Objected{ID: "o1", Party: thief})
	hold(last)
	w.settles("o1", false)
	hold(monday.Add(25 * hour))
	w.do("ana", freehold.DoubtRecorded{ID: "d1", Reason: "odd"})
	hold(monday.Add(49 * hour))
	w.now = last
	hold(time.Time{})
}
