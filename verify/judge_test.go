package verify

import (
	"slices"
	"strings"
	"testing"
	"time"

	"freehold"
)

func TestJudge(t *testing.T) {
	type edits = []func(*freehold.Observed)
	for _, c := range []struct {
		what  string
		name  string
		edits edits
		want  freehold.CanLeave
		say   string // in the reasons, or in the question
	}{
		// Public data alone.
		{"public data of a gTLD", "savon.com", nil, freehold.LeaveUnknown, "Can you log in at Comptoir des Noms SA and see savon.com there?"},
		{"public data of .fr", "savon.fr", nil, freehold.LeaveUnknown, "Can you log in at"},
		{"public data of .ch", "savon.ch", nil, freehold.LeaveUnknown, "at all times. [OID"},
		{"public data of .ca", "savon.ca", nil, freehold.LeaveUnknown, "Can you log in at"},
		{"public data of .eu", "savon.eu", edits{statuses("ok")}, freehold.LeaveUnknown, "Is the registrant's mailbox of savon.eu yours"},
		{"public data of .eu with the mailbox", "savon.eu", edits{statuses("ok"), mailbox("a@savon.eu")}, freehold.LeaveUnknown, "Is a@savon.eu your mailbox"},
		{"public data of a TLD without rules", "savon.me", nil, freehold.LeaveUnknown, "Can you log in at"},

		// Alone.
		{"account attested", "savon.com", edits{says("account", "me")}, freehold.LeaveAlone, "as you said"},
		{"account proven", "savon.com", edits{shows("account", "me")}, freehold.LeaveAlone, "You have shown"},
		{"account attested under .fr", "savon.fr", edits{says("account", "me")}, freehold.LeaveAlone, "not verified. [afnic.re"},
		{"account attested in a TLD without rules", "savon.me", edits{says("account", "me")}, freehold.LeaveAlone, ""},
		{"the mailbox opens EURid's site", "savon.eu", edits{statuses("ok"), says("contact_mailbox", "me")}, freehold.LeaveAlone, "You read the mailbox with which EURid"},
		{"the mailbox opens EURid's site although the host is registrar", "savon.eu", edits{statuses("ok"), registrarIs("Rhodanum Web Sàrl"), says("contact_mailbox", "me")}, freehold.LeaveAlone, ""},
		{"registry access under .eu", "savon.eu", edits{statuses("ok"), says("registry_access", "yes")}, freehold.LeaveAlone, "EURid yourself"},
		{"another reseller, the account open", "savon.com", edits{resellerIs("Tiers SARL"), says("host", "Rhodanum Web"), says("account", "me")}, freehold.LeaveAlone, ""},
		{"expired, the account open", "savon.com", edits{at("2027-10-21"), saysOn("2027-10-20", "account", "me", false)}, freehold.LeaveAlone, "expired on 20 October 2027; an expired name may"},

		// What does not make it alone.
		{"the mailbox does not open .com", "savon.com", edits{says("contact_mailbox", "me")}, freehold.LeaveUnknown, "Can you log in"},
		{"no registry of a gTLD serves holders", "savon.com", edits{says("registry_access", "yes")}, freehold.LeaveUnknown, "Can you log in"},
		{"Afnic serves no holders", "savon.fr", edits{says("registry_access", "yes")}, freehold.LeaveUnknown, "Can you log in"},
		{"no access at EURid, as attested", "savon.eu", edits{statuses("ok"), says("registry_access", "no"), says("contact_mailbox", "me")}, freehold.LeaveUnknown, "Can you log in"},
		{"the mailbox, said half a year ago", "savon.eu", edits{statuses("ok"), saysOn("2026-05-01", "contact_mailbox", "me", false)}, freehold.LeaveUnknown, "Is the registrant's mailbox"},
		{"said half a year ago", "savon.com", edits{saysOn("2026-05-01", "account", "me", false)}, freehold.LeaveUnknown, "On 1 May 2026 you could log in"},
		{"proven a quarter ago", "savon.com", edits{saysOn("2026-08-01", "account", "me", true)}, freehold.LeaveUnknown, "On 1 August 2026 you could log in"},
		{"the name moved since", "savon.com", edits{transferred("2026-01-05"), saysOn("2026-01-04", "account", "me", false), at("2026-03-30")}, freehold.LeaveUnknown, "before the name moved to Comptoir des Noms SA"},
		{"the name moved since, asked as of a new registrar", "savon.com", edits{transferred("2026-01-05"), saysOn("2026-01-04", "account", "me", true), at("2026-03-30")}, freehold.LeaveUnknown, "Can you log in at Comptoir des Noms SA"},
		{"the name moved before", "savon.com", edits{transferred("2026-01-05"), saysOn("2026-01-06", "account", "me", false), at("2026-03-30")}, freehold.LeaveAlone, ""},
		{"the host's account, but the name moved since", "savon.com", edits{transferred("2026-01-05"), saysOn("2026-01-04", "account", "host", false), at("2026-03-30")}, freehold.LeaveUnknown, "Can you log in at"},
		{"taken back", "savon.com", edits{says("account", "me"), saysOn("2026-11-01", "account", "no", false)}, freehold.LeaveUnknown, "Who can log in at"},
		{"the registry does not answer", "savon.com", edits{unanswered(freehold.OutcomeThrottled), says("account", "me")}, freehold.LeaveUnknown, "turned our question away"},
		{"the registry refuses", "savon.com", edits{unanswered(freehold.OutcomeRefused), says("account", "me")}, freehold.LeaveUnknown, "refused to answer about savon.com"},
		{"no status where one is due", "savon.com", edits{noStatus, says("account", "me")}, freehold.LeaveUnknown, "shows no status"},
		{"a lock of unknown making", "savon.com", edits{statuses("transferProhibited"), says("account", "me")}, freehold.LeaveUnknown, "Can you switch off"},
		{"held by the registry", "savon.com", edits{statuses("serverHold"), says("account", "me")}, freehold.LeaveUnknown, "Why has the registry"},
		{"no date of creation", "savon.com", edits{noCreated, says("account", "me")}, freehold.LeaveUnknown, "more than 60 days ago"},
		{"moved lately, nobody says when", "savon.com", edits{statuses("transferPeriod"), says("account", "me")}, freehold.LeaveUnknown, "come to Comptoir des Noms SA more than 60 days ago"},
		{"young in a TLD without rules", "savon.me", edits{created("2026-11-01"), says("account", "me")}, freehold.LeaveUnknown, "Does Comptoir des Noms SA let savon.me move"},
		{"no status in a TLD that shows none", "savon.ch", edits{noStatus, says("account", "me")}, freehold.LeaveAlone, ""},

		// With the host.
		{"the registrar is the host", "savon.com", edits{registrarIs("Rhodanum Web Sàrl")}, freehold.LeaveWithHost, "the site stands in its network"},
		{"the registrar is the host, as attested", "savon.com", edits{says("host", "Comptoir des Noms")}, freehold.LeaveWithHost, "is also the host."},
		{"the registrar is the host, in a word", "savon.com", edits{says("registrar", "host")}, freehold.LeaveWithHost, "is also the host"},
		{"the registrar is the host, and the account open", "savon.com", edits{registrarIs("Rhodanum Web Sàrl"), says("account", "me")}, freehold.LeaveWithHost, ""},
		{"a reseller is seen", "savon.com", edits{resellerIs("Tiers SARL")}, freehold.LeaveWithHost, "A reseller, Tiers SARL"},
		{"a reseller is seen, host not known for certain", "savon.com", edits{resellerIs("Tiers SARL"), says("account", "me")}, freehold.LeaveWithHost, "Tiers SARL"},
		{"the reseller is the host", "savon.com", edits{resellerIs("Rhodanum Web"), says("account", "me")}, freehold.LeaveWithHost, "Registrar Accreditation Agreement 3.12"},
		{"the host holds the account", "savon.com", edits{says("account", "host")}, freehold.LeaveWithHost, "belongs to Rhodanum Web Sàrl, as you said"},
		{"the host holds the account, by name", "savon.com", edits{says("account", "rhodanum-web.ch")}, freehold.LeaveWithHost, "belongs to Rhodanum Web Sàrl"},
		{"an agency holds the account", "savon.com", edits{says("account", "Agence Ruche")}, freehold.LeaveWithHost, "belongs to Agence Ruche"},
		{"the host pays", "savon.com", edits{says("payer", "host")}, freehold.LeaveWithHost, "paid for by"},
		{"the host pays, but the account is open", "savon.com", edits{says("payer", "host"), says("account", "me")}, freehold.LeaveAlone, ""},
		{"the registry is silent, the host holds the account", "savon.com", edits{unanswered(freehold.OutcomeTimeout), says("account", "host")}, freehold.LeaveWithHost, "did not answer in time"},
		{"with the host, and young", "savon.org", edits{registrarIs("Rhodanum Web"), created("2026-11-01")}, freehold.LeaveWithHost, "until 31 December 2026"},
		{"the reseller is the owner", "savon.com", edits{resellerIs("Tiers SARL"), says("reseller", "me"), says("account", "me")}, freehold.LeaveAlone, ""},
		{"the registrar calls itself reseller", "savon.com", edits{resellerIs("Comptoir des Noms"), says("account", "me")}, freehold.LeaveAlone, ""},
		{"the owner is his own host", "savon.com", edits{registrarIs("Rhodanum Web"), says("host", "me"), says("account", "me")}, freehold.LeaveAlone, ""},

		// Nothing moves it.
		{"redemption", "savon.com", edits{statuses("pendingDelete", "redemptionPeriod"), says("account", "me")}, freehold.LeaveNo, "Only its present registrar"},
		{"being deleted", "savon.com", edits{statuses("pendingDelete")}, freehold.LeaveNo, "perhaps no longer be restored"},
		{"being restored", "savon.com", edits{statuses("pendingDelete", "pendingRestore")}, freehold.LeaveNo, "pendingRestore"},
		{"locked by the registry", "savon.com", edits{statuses("serverTransferProhibited", "clientTransferProhibited"), says("account", "me")}, freehold.LeaveNo, "lock that only the registry can lift"},
		{"locked by Afnic", "savon.fr", edits{statuses("serverTransferProhibited")}, freehold.LeaveNo, "only Afnic can lift"},
		{"being transferred", "savon.com", edits{statuses("pendingTransfer"), says("account", "me")}, freehold.LeaveNo, "goes through after 5 days"},
		{"locked by the registry of a TLD without rules", "savon.me", edits{statuses("serverTransferProhibited")}, freehold.LeaveNo, ""},

		// Nothing to move.
		{"not registered", "savon.com", edits{free, says("account", "me")}, freehold.LeaveUnknown, "Is savon.com the name you mean?"},
		{"not registered, once said to be theirs", "savon.com", edits{free, says("account", "me")}, freehold.LeaveUnknown, "it has been deleted since"},
	} {
		o := seen(c.name, c.edits...)
		v := judge(o)
		if v.CanLeave != c.want {
			t.Errorf("%s: %s, want %s\n%s%s", c.what, v.CanLeave, c.want, v.Question, reasons(v))
			continue
		}
		if !strings.Contains(v.Question.String()+"\n"+reasons(v), c.say) {
			t.Errorf("%s: nothing says %q:\n%s\n%s", c.what, c.say, v.Question, reasons(v))
		}
		lawful(t, c.what, o, v)
	}
}

func unanswered(outcome freehold.Outcome) func(*freehold.Observed) {
	return func(o *freehold.Observed) {
		o.Registration = freehold.Registration{Asks: []freehold.Ask{{Kind: freehold.EvidenceRDAP, Outcome: outcome, Evidence: id("silence")}}}
	}
}

func noStatus(o *freehold.Observed) {
	o.Registration.Statuses = freehold.NotKnown[[]string]("the answer shows no status")
}

func noCreated(o *freehold.Observed) { o.Registration.Created = freehold.NotThere[time.Time]() }

func free(o *freehold.Observed) {
	o.Registration = freehold.Registration{State: freehold.NotRegistered, Asks: o.Registration.Asks}
	o.DNS, o.Network = freehold.DNSFacts{}, freehold.NetworkFacts{}
}

// byMailbox are the domains whose registries serve whoever reads the contact's
// mailbox, by their own texts.
var byMailbox = []string{"eu", "be", "lu", "at", "au"}

// lawful holds any verdict to what all verdicts promise.
func lawful(t interface{ Errorf(string, ...any) }, what string, o *freehold.Observed, v freehold.Verdict) {
	c := Control(o)
	account, box := c.Of(freehold.LayerAccount), c.Of(freehold.LayerContactMailbox)
	access, hasAccess := Fresh(o, freehold.AttestRegistryRoute)
	registry := hasAccess && access.Value != freehold.AttestedNo
	switch v.CanLeave {
	case freehold.LeaveAlone:
		if moved, ok := o.Registration.LastTransfer.Get(); ok && account.Mine && moved.After(account.At) && !account.Stale {
			t.Errorf("%s: the account was attested before the name moved", what)
		}
		if !(account.Mine && !account.Stale) && !registry && !(slices.Contains(byMailbox, o.Name.TLD()) && box.Mine && !box.Stale) {
			t.Errorf("%s: alone without attested or proven access", what)
		}
		if o.Registration.State != freehold.Registered {
			t.Errorf("%s: alone although the registry is %s", what, o.Registration.State)
		}
	case freehold.LeaveUnknown:
		if v.Question.IsZero() {
			t.Errorf("%s: unknown without a question", what)
		}
	}
	if (v.CanLeave == freehold.LeaveNotBefore) != !v.NotBefore.IsZero() {
		t.Errorf("%s: %s with the date %s", what, v.CanLeave, v.NotBefore)
	}
	if v.CanLeave == freehold.LeaveNotBefore && !v.NotBefore.After(o.At) {
		t.Errorf("%s: not before %s, which is over at %s", what, v.NotBefore, o.At)
	}
	if v.CanLeave != freehold.LeaveNotBefore && v.Waivable {
		t.Errorf("%s: waivable without a date", what)
	}
	if len(v.Why) == 0 || v.Policy == "" {
		t.Errorf("%s: a verdict without reason or policy", what)
	}
	if (v.CanLeave == freehold.LeaveAlone || v.CanLeave == freehold.LeaveWithHost || v.CanLeave == freehold.LeaveNotBefore) && (v.Path.IsZero() || v.Who.IsZero() || v.HowLong.IsZero()) {
		t.Errorf("%s: no path, nobody to act or no time", what)
	}
	for _, text := range texts(v) {
		if s := text.String(); s == "" || strings.Contains(s, "%") || strings.Contains(s, "  ") {
			t.Errorf("%s: badly said: %q", what, s)
		}
	}
}

func texts(v freehold.Verdict) []freehold.Text {
	all := []freehold.Text{}
	for _, text := range []freehold.Text{v.Path, v.Who, v.HowLong, v.Question} {
		if !text.IsZero() {
			all = append(all, text)
		}
	}
	for _, r := range v.Why {
		all = append(all, r.Text)
	}
	for _, c := range v.Conditions {
		all = append(all, c.What)
	}
	return all
}

// TestDates tests every time-based refusal to the second, in UTC.
func TestDates(t *testing.T) {
	for _, c := range []struct {
		what     string
		name     string
		edits    []func(*freehold.Observed)
		want     freehold.CanLeave
		until    string
		waivable bool
	}{
		{"a gTLD in its last second", "savon.org", []func(*freehold.Observed){created("2026-09-26T09:00:01Z")}, freehold.LeaveNotBefore, "2026-11-25T09:00:01Z", true},
		{"a gTLD one second later", "savon.org", []func(*freehold.Observed){created("2026-09-26T09:00:00Z")}, freehold.LeaveAlone, "", false},
		{"a gTLD created now", "savon.org", []func(*freehold.Observed){created("2026-11-25T09:00:00Z")}, freehold.LeaveNotBefore, "2027-01-24T09:00:00Z", true},
		{"the registry of .com does not waive", "savon.com", []func(*freehold.Observed){created("2026-10-20")}, freehold.LeaveNotBefore, "2026-12-19T00:00:00Z", false},
		{"a gTLD moved", "savon.com", []func(*freehold.Observed){transferred("2026-11-05")}, freehold.LeaveNotBefore, "2027-01-04T00:00:00Z", true},
		{"a gTLD moved, last second", "savon.com", []func(*freehold.Observed){transferred("2026-09-26T09:00:01Z")}, freehold.LeaveNotBefore, "2026-11-25T09:00:01Z", true},
		{"a gTLD moved, over", "savon.com", []func(*freehold.Observed){transferred("2026-09-26T09:00:00Z")}, freehold.LeaveAlone, "", false},
		{"both, the later counts", "savon.org", []func(*freehold.Observed){created("2026-10-01"), transferred("2026-11-20")}, freehold.LeaveNotBefore, "2027-01-19T00:00:00Z", true},
		{"both under .com, one never waived", "savon.com", []func(*freehold.Observed){created("2026-10-01"), transferred("2026-11-20")}, freehold.LeaveNotBefore, "2027-01-19T00:00:00Z", false},
		{"both under .com, the last never waived", "savon.com", []func(*freehold.Observed){created("2026-11-20"), transferred("2026-10-10")}, freehold.LeaveNotBefore, "2027-01-19T00:00:00Z", false},
		{".ca is absolute", "savon.ca", []func(*freehold.Observed){created("2026-11-15")}, freehold.LeaveNotBefore, "2027-01-14T00:00:00Z", false},
		{".ca moved, absolute", "savon.ca", []func(*freehold.Observed){transferred("2026-11-15")}, freehold.LeaveNotBefore, "2027-01-14T00:00:00Z", false},
		{".fr has no such rule that is held here", "savon.fr", []func(*freehold.Observed){created("2026-11-15")}, freehold.LeaveUnknown, "", false},
		{".ch has no such rule that is held here", "savon.ch", []func(*freehold.Observed){created("2026-10-15"), transferred("2026-10-16")}, freehold.LeaveUnknown, "", false},
		{".ch, old enough anywhere", "savon.ch", []func(*freehold.Observed){created("2026-09-26T09:00:00Z"), transferred("2026-09-26T09:00:00Z")}, freehold.LeaveAlone, "", false},
		{"another zone of time", "savon.org", []func(*freehold.Observed){func(o *freehold.Observed) {
			o.Registration.Created = freehold.Known(time.Date(2026, 9, 26, 11, 0, 1, 0, time.FixedZone("", 2*3600)))
		}}, freehold.LeaveNotBefore, "2026-11-25T09:00:01Z", true},
		{"created in the future, as a wrong clock says", "savon.org", []func(*freehold.Observed){created("2026-12-01")}, freehold.LeaveNotBefore, "2027-01-30T00:00:00Z", true},
	} {
		o := seen(c.name, append(c.edits, says("account", "me"))...)
		v := judge(o)
		if v.CanLeave != c.want || v.Waivable != c.waivable {
			t.Errorf("%s: %s, waivable %v; want %s, %v", c.what, v.CanLeave, v.Waivable, c.want, c.waivable)
		}
		if c.until != "" && (!v.NotBefore.Equal(date(c.until)) || v.NotBefore.Location() != time.UTC) {
			t.Errorf("%s: not before %s, want %s", c.what, v.NotBefore, c.until)
		}
		lawful(t, c.what, o, v)
	}
}

// TestDateBeforeQuestion: a date holds whoever has the account, and the question
// is asked all the same.
func TestDateBeforeQuestion(t *testing.T) {
	v := judge(seen("savon.com", created("2026-10-20")))
	if v.CanLeave != freehold.LeaveNotBefore || !strings.Contains(v.Question.String(), "Can you log in") {
		t.Errorf("%s, question %q", v.CanLeave, v.Question)
	}
	if strings.Contains(reasons(v), "No rule is held") {
		t.Errorf("a rule is held, and said not to be:\n%s", reasons(v))
	}
	if v = judge(seen("savon.com", created("2026-10-20"), says("account", "me"))); !v.Question.IsZero() {
		t.Errorf("asked although it was said: %q", v.Question)
	}
}

// TestConditions: each with its standing.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		what     string
		o        *freehold.Observed
		say      string
		standing freehold.Standing // contradicted: the condition must not be there
	}{
		{"account not known", seen("savon.com"), "you can log in at Comptoir des Noms SA", freehold.StandingUnknown},
		{"account said", seen("savon.com", says("account", "me")), "you can log in at", freehold.StandingClaimed},
		{"account shown", seen("savon.com", shows("account", "me")), "you can log in at", freehold.StandingProven},
		{"mailbox seen, nobody's word", seen("savon.com", mailbox("a@b.example")), "mailbox, a@b.example, is yours", freehold.StandingUnknown},
		{"mailbox said", seen("savon.com", mailbox("a@b.example"), says("contact_mailbox", "me")), "a@b.example", freehold.StandingClaimed},
		{"mailbox shown", seen("savon.com", mailbox("a@b.example"), shows("contact_mailbox", "me")), "a@b.example", freehold.StandingProven},
		{"mailbox said long ago", seen("savon.com", saysOn("2026-01-01", "contact_mailbox", "me", false)), "the registrant's mailbox is yours", freehold.StandingUnknown},
		{"the contact of .ca", seen("savon.ca"), "administrative contact", freehold.StandingUnknown},
		{"no rule on the contact of .fr", seen("savon.fr"), "mailbox", freehold.StandingContradicted},
		{"a lock, with a deadline", seen("savon.com"), "lifts its transfer lock within 5 days", freehold.StandingUnknown},
		{"a lock, without one", seen("savon.fr"), "Comptoir des Noms SA lifts its transfer lock", freehold.StandingUnknown},
		{"no lock", seen("savon.com", statuses("ok")), "lock", freehold.StandingContradicted},
		{"nothing changed for long", seen("savon.com"), "did not change", freehold.StandingContradicted},
		{"something changed lately", seen("savon.com", changed("2026-10-01")), "did not change in the last 60 days", freehold.StandingUnknown},
		{"on hold", seen("savon.com", statuses("clientHold")), "nothing is owed", freehold.StandingUnknown},
		{"no rules held", seen("savon.me"), "the rules of .me", freehold.StandingUnknown},
		{"no status shown", seen("savon.ch", noStatus), "no lock stands on savon.ch", freehold.StandingUnknown},
		{"self-service needs no account", seen("savon.eu", statuses("ok"), says("contact_mailbox", "me")), "log in", freehold.StandingContradicted},
	} {
		v := judge(c.o)
		i := slices.IndexFunc(v.Conditions, func(k freehold.Condition) bool { return strings.Contains(k.What.String(), c.say) })
		switch {
		case c.standing == freehold.StandingContradicted:
			if i >= 0 {
				t.Errorf("%s: says %q", c.what, v.Conditions[i].What)
			}
		case i < 0:
			t.Errorf("%s: no condition says %q: %v", c.what, c.say, v.Conditions)
		case v.Conditions[i].Standing != c.standing:
			t.Errorf("%s: %q is %s, want %s", c.what, v.Conditions[i].What, v.Conditions[i].Standing, c.standing)
		}
	}
}

func changed(s string) func(*freehold.Observed) {
	return func(o *freehold.Observed) { o.Registration.Changed = freehold.Known(date(s), id("registry")) }
}

// TestNothingInvented: what is only adopted, or not verified, is said nowhere.
func TestNothingInvented(t *testing.T) {
	for _, o := range []*freehold.Observed{seen("savon.com", says("account", "me")), seen("savon.com"), seen("savon.eu", statuses("ok"), says("contact_mailbox", "me")), seen("savon.ch"), seen("savon.li")} {
		v := judge(o)
		all := reasons(v) + v.HowLong.String() + v.Path.String()
		for _, bad := range []string{"14 days", "336", "TPR", "TAC", "30 days", "no source read"} {
			if strings.Contains(all, bad) {
				t.Errorf("%s: says %q:\n%s", o.Name, bad, all)
			}
		}
		if o.Name.TLD() == "li" && strings.Contains(all, "OID") {
			t.Errorf("the Swiss ordinance is said to bind .li:\n%s", all)
		}
	}
	if v := judge(seen("savon.eu", statuses("ok"), says("contact_mailbox", "me"))); !strings.Contains(v.HowLong.String(), "No rule on how long") {
		t.Errorf(".eu takes %q, of which the sources say two things", v.HowLong)
	}
	if v := judge(seen("savon.fr", says("account", "me"))); !strings.Contains(v.HowLong.String(), "by an old page") {
		t.Errorf(".fr takes %q, without a warning that the page is old", v.HowLong)
	}
}
