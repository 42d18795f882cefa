package identity

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"freehold"
)

// TestChecks: what passes each check without a token, and what does not.
func TestChecks(t *testing.T) {
	extract := ExtractSeen{Number: verrine.Register, Organisation: "ATELIER VERRINE S.à r.l.", Drawn: monday.AddDate(0, 0, -3)}
	with := func(edit func(*ExtractSeen)) ExtractSeen { e := extract; edit(&e); return e }
	seen := LoginSeen{Account: "k-17", SecondFactor: true, PasswordSet: monday.AddDate(-1, 0, 0)}
	for _, c := range []struct {
		method, contact string
		proof           Proof
		passes          bool
		kept            string
	}{
		{"account_login", "login", seen, true, "second factor"},
		{"account_login", "login", LoginSeen{Account: "k-18", SecondFactor: true, PasswordSet: seen.PasswordSet}, false, "another account"},
		{"account_login", "login", LoginSeen{Account: "k-17", PasswordSet: seen.PasswordSet}, false, "no second factor"},
		{"account_login", "login", LoginSeen{Account: "k-17", SecondFactor: true}, false, "nobody knows when"},
		{"invoice", "", InvoiceShown{"R-7", "99.00", "R-7", "99.00"}, true, "an invoice"},
		{"invoice", "", InvoiceShown{"R-7", "98.00", "R-7", "99.00"}, false, "another number or amount"},
		{"invoice", "", InvoiceShown{}, false, "another number or amount"},
		{"register_extract", "", extract, true, "exists"},
		{"register_extract", "", with(func(e *ExtractSeen) { e.Ended = true }), false, "living"},
		{"register_extract", "", with(func(e *ExtractSeen) { e.Drawn = monday.AddDate(0, -2, 0) }), false, "living"},
		{"register_extract", "", with(func(e *ExtractSeen) { e.Drawn = monday.AddDate(0, 0, 1) }), false, "living"},
		{"register_extract", "", with(func(e *ExtractSeen) { e.Number = "CHE-999.999.999" }), false, "another organisation"},
		{"document_viewed", "", Viewed{Kind: "passport", How: "video", Matches: true}, true, "passport, viewed by video"},
		{"document_viewed", "", Viewed{Kind: "passport", How: "video", Matches: true, Number: "X123"}, false, "not to be written down"},
		{"document_viewed", "", Viewed{Kind: "passport", How: "video", Matches: true, Expired: true}, false, "not valid"},
		{"document_viewed", "", Viewed{Kind: "passport", How: "video"}, false, "not the holder's"},
		{"document_viewed", "", Viewed{}, false, "nothing was viewed"},
		{"document_viewed", "", Viewed{Kind: "pass\x1b[2J\nport", How: "video", Matches: true}, true, "viewed by video"},
		{"mandate_paper", "", nil, false, "nothing was viewed"},
		{"invoice", "", TokenShown{"x"}, false, "another number or amount"},
	} {
		w := open(t, place{name: "verrine.com", profile: Normal, contacts: everyContact})
		ok, err := w.look(c.method, "", c.contact, freehold.SideHolder, "", c.proof)
		if err != nil {
			t.Fatalf("%s: %v", c.method, err)
		}
		if kept := w.c.Checks[0].Result; ok != c.passes || !strings.Contains(kept, c.kept) || strings.ContainsAny(kept, "\x1b\n") || strings.Contains(kept, "X123") {
			t.Errorf("%s, %+v: passed %v, kept %q", c.method, c.proof, ok, kept)
		}
	}
	w := open(t, place{name: "verrine.com", profile: Normal, contacts: everyContact})
	for method, contact := range map[string]string{"eyes": "", "contact_mail": "mail", "account_login": "mail", "mandate_key": ""} {
		if _, err := w.look(method, "", contact, freehold.SideHolder, "", nil); err == nil {
			t.Errorf("%s by %q was looked at", method, contact)
		}
	}
}

// TestTokensAreStrong: 128 bits, or 39 spoken ones that are kept stretched; readable,
// bound, and never in clear.
func TestTokensAreStrong(t *testing.T) {
	for method, c := range map[string]struct {
		contact string
		life    time.Duration
	}{"contact_mail": {"mail", 24 * time.Hour}, "call_back": {"phone", 10 * time.Minute}, "letter_code": {"post", 21 * 24 * time.Hour}, "payment_reference": {"bank", 21 * 24 * time.Hour}, "dns_txt": {"", 7 * 24 * time.Hour}} {
		w := open(t, place{name: "verrine.com", profile: Normal, contacts: everyContact})
		id := w.ask(method, c.contact, freehold.SideHolder, "")
		q, _ := w.c.Ask(id)
		token := w.tokens[id]
		if !q.Expires.Equal(w.now.Add(c.life)) {
			t.Errorf("%s lives until %s", method, q.Expires)
		}
		shape, least := freehold.CodeShape{Min: len(token), Max: len(token), Classes: []string{writtenAlphabet}}, 128
		if method == "call_back" {
			shape.Classes, least = []string{spokenAlphabet}, 39
		}
		if _, bits := shape.Length(); bits < least || !shape.Accepts([]byte(token)) {
			t.Errorf("%s: %d bits", method, bits)
		}
		for _, e := range w.events {
			if strings.Contains(fmt.Sprintf("%+v", e), token) || bytes.Contains(q.Hash, []byte(token)) {
				t.Errorf("%s: the token stands in the case", method)
			}
		}
		other := q
		other.Contact = "elsewhere"
		if !matches(w.c, q, strings.ToUpper(token[:8])+" - "+token[8:]) || matches(w.c, other, token) || matches(w.c, q, "") || matches(w.c, q, strings.Repeat("x", 500)) {
			t.Errorf("%s: the token is not what it is bound to", method)
		}
	}
	w := open(t, place{name: "verrine.com", profile: Normal, contacts: everyContact})
	first, _ := Ask(&w.rand, w.c, freehold.CheckAsked{ID: "a", Method: "call_back", Of: freehold.SideHolder, Contact: "phone"}, w.now)
	Grouped(first.Token, func(s string) {
		if len(strings.Fields(s)) != 3 {
			t.Errorf("read out as %q", s)
		}
	})
	ChallengeText(first.Token, w.now, func(s string) {
		if !strings.HasPrefix(s, "token=") || !strings.HasSuffix(s, " expiry=2026-11-23") {
			t.Error(s)
		}
	})
	for _, q := range []freehold.CheckAsked{{ID: "a", Method: "invoice"}, {ID: "a", Method: "eyes"}, {ID: "a", Method: "call_back", Contact: "mail"}} {
		if _, err := Ask(&w.rand, w.c, q, w.now); err == nil {
			t.Errorf("%+v was asked", q)
		}
	}
	if _, err := Ask(strings.NewReader("short"), w.c, freehold.CheckAsked{ID: "a", Method: "call_back", Contact: "phone"}, w.now); freehold.KindOf(err) != freehold.KindUnavailable {
		t.Error(err)
	}
}

// TestZeroLetsNothingGo: without a policy, without keys, nothing is released.
func TestZeroLetsNothingGo(t *testing.T) {
	w := open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}})
	w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone").wait(5 * day)
	for _, who := range []string{"ana", "bruno"} {
		if err := w.decide(who, freehold.DecisionRelease, nil); err != nil {
			t.Fatal(err)
		}
	}
	for what, k := range map[string]Keeper{"nothing": {}, "no keys": {Policy: w.keeper.Policy}, "no policy": {Signers: w.keeper.Signers}} {
		if _, err := k.MayRelease(w.c, w.now); err == nil {
			t.Errorf("a keeper with %s releases", what)
		}
		if err := k.MayReveal(w.c, w.now); err == nil && what != "no keys" {
			t.Errorf("a keeper with %s hands over", what)
		}
	}
	if a := Evaluate(w.c, Policy{}, w.now); a.Enough {
		t.Error("the zero policy finds it enough")
	}
	if a := Evaluate(freehold.Case{}, w.keeper.Policy, w.now); a.Enough {
		t.Error("the zero case is enough")
	}
	other := w.keeper
	other.Policy.Profile = profileNamed(t, Crisis)
	if _, err := other.MayRelease(w.c, w.now); err == nil {
		t.Error("approvals under another policy count")
	}
}
