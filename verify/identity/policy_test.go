package identity

import (
	"os"
	"slices"
	"strings"
	"testing"

	"freehold"
	"freehold/internal/policy"
)

// TestProfiles: both profiles that come with the program are whole, and a profile that
// would break what it is to keep is refused.
func TestProfiles(t *testing.T) {
	for _, name := range []string{Normal, Crisis} {
		p := profileNamed(t, name)
		for _, m := range Methods() {
			if s := p.Methods[m.ID]; s.Points == 0 || s.Takes.None() {
				t.Errorf("%s: %s adds %d and takes %s", name, m.ID, s.Points, s.Takes)
			}
		}
		// Every bar can be reached by somebody who has only a telephone, a postal address
		// and past payments, in the crisis.
		if s := add([]held{{method: "call_back", channel: freehold.ChannelPhone, points: 2, anchors: true}, {method: "letter_code", channel: freehold.ChannelPost, points: 3, anchors: true},
			{method: "payment_reference", channel: freehold.ChannelBank, points: 3, anchors: true}}); !s.reaches(p.Levels[high]) {
			t.Errorf("%s: telephone, letter and payment do not reach the highest bar", name)
		}
	}
	if _, err := LoadProfile("lax"); freehold.KindOf(err) != freehold.KindNotFound {
		t.Error(err)
	}
	good, err := os.ReadFile("data/normal.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`["account_login", "contact_mail"]`, `["dns_txt"]`, "never suffices alone"},
		{`["account_login", "contact_mail"]`, `["invoice"]`, "never suffices alone"},
		{`["account_login", "contact_mail"]`, `["eyes"]`, "no check"},
		{`dns_txt = { strength = 1`, `dns_txt = { strength = 2`, "supports only adds 1"},
		{`letter_code = { strength = 3`, `letter_code = { strength = 9`, "no check more than 5"},
		{`margin = "24 hours"`, `margin = "2 hours"`, "24 hours at least"},
		{`recent = "60 days"`, `recent = "none"`, "recent"},
		{"keys = 2\ndelay = \"48 hours\"", "keys = 1\ndelay = \"48 hours\"", "one key alone"},
		{"bar = 4", "bar = 1", "a bar of 2"},
		{"bar = 6", "bar = 3", "less than the one below"},
		{`delay = "24 hours"`, `delay = "none"`, "a delay"},
		{`name = "raised"`, `name = "odd"`, "the levels are"},
		{`title = "`, `color = "red"` + "\n" + `title = "`, "unknown key"},
		{`read = 2026-11-22`, ``, "the day it was gone through"},
		{"invoice = {", "vibes = {", "no check"},
	} {
		changed := strings.Replace(string(good), c.old, c.new, 1)
		if changed == string(good) {
			t.Fatalf("%q is not there", c.old)
		}
		if _, err := ParseProfile([]byte(changed)); freehold.KindOf(err) != freehold.KindInvalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.new, err, c.want)
		}
	}
	if _, err := ParseProfile(make([]byte, maxProfile+1)); err == nil {
		t.Error("a profile of any size is read")
	}
}

// TestParity: where the rules ask for it, one check that suffices for contacts
// suffices for a code, whatever the bar says; a doubt in writing ends that.
func TestParity(t *testing.T) {
	for _, c := range []struct {
		name    string
		profile string
		doubt   bool
		enough  bool
		why     string
	}{
		{"verrine.com", Crisis, false, true, "no more may be asked"},
		{"verrine.swiss", Crisis, false, true, "no more may be asked"},
		{"verrine.com", Crisis, true, false, "A doubt stands on the case (odd_request)"},
		{"verrine.ch", Crisis, false, false, "a strength of 2 by 1"},
		{"verrine.ch", Normal, false, true, "a strength of 2 by 1"},
	} {
		w := open(t, place{name: c.name, profile: c.profile, contacts: []freehold.Contact{contactMail(), phone}})
		w.answers("contact_mail", "mail", freehold.SideHolder, "")
		if c.doubt {
			w.do("ana", freehold.DoubtRecorded{ID: "d1", Reason: "odd_request"})
		}
		if a := Evaluate(w.c, w.keeper.Policy, w.now); a.Enough != c.enough || !w.because(nil, c.why) {
			t.Errorf("%s, %s, doubt %v: enough %v, %v", c.name, c.profile, c.doubt, a.Enough, a.Why)
		}
	}
	// A doubt that is cleared again is none, but two operators sign.
	w := open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}})
	w.answers("contact_mail", "mail", freehold.SideHolder, "")
	w.do("ana", freehold.DoubtRecorded{ID: "d1", Reason: "odd_request"})
	w.do("ana", freehold.DoubtCleared{ID: "d1", Words: "it was the new secretary"})
	if a := Evaluate(w.c, w.keeper.Policy, w.now); !a.Enough || a.Keys != 2 {
		t.Errorf("enough %v, %d keys", a.Enough, a.Keys)
	}
}

// TestSignals: each sign, and how far the signs raise the bar under each kind of rules.
func TestSignals(t *testing.T) {
	w := open(t, place{name: "verrine.com", profile: Normal, high: true, contacts: []freehold.Contact{contactMail()}})
	all := w.keeper.Policy.Signals(w.c, Surroundings{ContactChanged: monday.AddDate(0, 0, -3), NameserversChanged: monday.AddDate(0, 0, -1), RequesterMail: "Atelier <atelier@poste-verr1ne.ch>",
		MailDomainCreated: monday.AddDate(0, 0, -2), NamesFromOrigin: 12, OtherClaims: 1, Pressure: true})
	var ids []string
	for _, s := range all {
		if s.Why.IsZero() || s.Points < 1 {
			t.Errorf("%+v", s)
		}
		ids = append(ids, s.ID)
	}
	if got, want := strings.Join(ids, " "), "second_claimant recent_contact_change recent_nameserver_change lookalike_domain new_mail_domain many_names outside_contacts high_value pressure"; got != want {
		t.Errorf("got %s", got)
	}
	if calm := w.keeper.Policy.Signals(open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}}).c, Surroundings{RequesterMail: "atelier@poste-verrine.ch", ContactChanged: monday.AddDate(-1, 0, 0), NamesFromOrigin: 2}); len(calm) != 0 {
		t.Errorf("a calm request shows %+v", calm)
	}
	for _, c := range []struct {
		name, level string
		enough      bool
		keys        int
		doubts      int
	}{{"verrine.com", "routine", true, 2, 9}, {"verrine.ch", "high", false, 2, 0}} {
		w := open(t, place{name: c.name, profile: Normal, contacts: []freehold.Contact{contactMail()}})
		for _, s := range all {
			w.do("desk", s)
			w.do("desk", s) // said twice, it counts once
		}
		w.answers("contact_mail", "mail", freehold.SideHolder, "")
		if a := Evaluate(w.c, w.keeper.Policy, w.now); a.Level.Name != c.level || a.Enough != c.enough || a.Keys != c.keys || len(a.Doubts) != c.doubts {
			t.Errorf("%s: level %s, enough %v, %d keys, doubts %v", c.name, a.Level.Name, a.Enough, a.Keys, a.Doubts)
		}
	}
}

func TestLooksLike(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"poste-verr1ne.ch", "poste-verrine.ch", true}, {"posteverrine.ch", "poste-verrine.ch", true}, {"poste-verrine.com", "poste-verrine.ch", true}, {"verrlne.com", "verrine.com", true},
		{"vеrrine.com", "verrine.com", true}, {"xn--vrrine-3of.com", "verrine.com", true}, {"vemne.com", "verrine.com", false}, {"cardinai.fr", "cardinal.fr", true}, {"verrines.com", "verrine.com", true},
		{"rnarthe-savon.fr", "marthe-savon.fr", true}, {"verrien.com", "verrine.com", true}, {"verrine.com", "verrine.com", false}, {"gmail.com", "verrine.com", false}, {"abc.ch", "abd.ch", false},
		{"", "verrine.com", false}, {"..", "verrine.com", false}, {"rhodanum.ch", "verrine.ch", false},
	} {
		if got := LooksLike(c.a, c.b); got != c.want {
			t.Errorf("%q like %q: %v", c.a, c.b, got)
		}
	}
}

// TestReasons: what may, must and must not be a reason, with its source.
func TestReasons(t *testing.T) {
	for _, c := range []struct {
		name, reason, words string
		free                bool
		kind                freehold.DecisionKind
		want                string // empty: may be given
	}{
		{name: "verrine.com", reason: "fraud"},
		{name: "verrine.com", reason: "court_order"},
		{name: "verrine.com", reason: "previous_period_unpaid", kind: freehold.DecisionRejectTransfer},
		{name: "verrine.com", reason: "previous_period_unpaid", want: "a reason for another act"},
		{name: "verrine.com", reason: "holder_silent", want: "I.A.3.9"},
		{name: "verrine.com", reason: "next_period_unpaid", want: "I.A.3.9"},
		{name: "verrine.com", reason: "locked", want: "I.A.3.9"},
		{name: "verrine.com", reason: "other_time_limit", want: "I.A.3.9"},
		{name: "verrine.com", reason: "transfer_fee_unpaid", want: "ICANN FAQ"},
		{name: "verrine.com", reason: "payment_dispute", kind: freehold.DecisionRejectTransfer, want: "I.A.5.4"},
		{name: "verrine.com", reason: "bad_weather", want: "not on the closed list"},
		{name: "verrine.com", reason: "fraud", free: true, words: "x", want: "not a reason in free words"},
		{name: "verrine.com", free: true, words: "x", want: "not on the closed list"},
		{name: "verrine.ch", free: true, words: "the ordinance says so"},
		{name: "verrine.ch", free: true, want: "a second operator"},
		{name: "verrine.ch", reason: "fraud", want: "a second operator"},
		{name: "verrine.ch", reason: "payment_dispute", want: "freehold's own rule"},
		{name: "verrine.ch", reason: "reseller_debt", free: true, words: "x", want: "freehold's own rule"},
		{name: "verrine.pl", reason: "transfer_fee_unpaid", want: "NASK"},
		{name: "verrine.pl", free: true, words: "x"},
	} {
		if c.kind == freehold.DecisionNone {
			c.kind = freehold.DecisionRefuse
		}
		w := open(t, place{name: c.name, profile: Normal})
		err := w.keeper.Policy.MayRefuse(freehold.Decision{Name: w.c.Name, Kind: c.kind, Reason: c.reason, Free: c.free, Words: c.words})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, %q: %v, want %q", c.name, c.reason, err, c.want)
		}
	}
	all, err := loadReasons()
	if err != nil {
		t.Fatal(err)
	}
	for id := range reasonTexts {
		if !slices.ContainsFunc(all, func(r Reason) bool { return r.ID == id }) {
			t.Errorf("the text of %q is of no reason", id)
		}
	}
}

func TestRetentions(t *testing.T) {
	rows, read, err := Retentions()
	if err != nil || read.IsZero() || len(rows) < 5 {
		t.Fatal(rows, read, err)
	}
	for _, r := range rows {
		if r.What == "document" && !r.Keep.None() {
			t.Error("a document is kept")
		}
		if strings.Contains(r.Citation, "TPR") && !strings.Contains(r.Citation, "not in force") {
			t.Errorf("%s: an adopted rule is told as a duty", r.What)
		}
	}
}

// TestMethodsAreWhole: each says what it goes through and what it keeps.
func TestMethodsAreWhole(t *testing.T) {
	for _, m := range Methods() {
		if m.ID == "" || m.Title.IsZero() || m.Channel == freehold.ChannelNone || len(m.Stores) == 0 || m.Keep == (policy.Span{}) || m.Check == nil {
			t.Errorf("%+v", m)
		}
		if m.ThroughHost && !m.Supports && m.ID != "account_login" {
			t.Errorf("%s runs on the host and carries a release", m.ID)
		}
	}
}
