package verify

import (
	"slices"
	"strings"
	"testing"
	"time"

	"freehold"
)

type edit = func(*freehold.Observed)

// The three situations that every top-level domain is judged in.
var (
	// The host is the registrar and does not answer; nobody has said anything.
	silentHost = []edit{statuses("ok"), registrarIs("Rhodanum Web Sàrl")}
	// The same, and the owner reads the contact's mailbox, which is not the host's.
	silentHostMailbox = append(slices.Clone(silentHost), mailbox("savon@postilla-mail.ch"), says("contact_mailbox", "me"))
	// Host and registrar are two, and the owner has the account.
	ownAccount = []edit{statuses("ok"), says("account", "me")}
)

const (
	noRule    = "No rule on how long a transfer under "
	immediate = "The transfer itself is immediate once the new registrar has the code."
	secondary = "Read in sources that quote the original, and not in the original itself: "
	years     = "Read in pages that are years old, and not verified since: "
	askHost   = "Ask Rhodanum Web Sàrl in writing, as the registrant, to unlock %s and to hand out its transfer code"
	logIn     = "Log in at Comptoir des Noms SA, unlock the name, copy its transfer code"
)

// TestEveryTopLevelDomain: for each, what is said of a silent host, of a silent
// host whose customer reads the contact's mailbox, and of an owner with access.
// Verdict, path, who, how long; conditions; and words among the reasons, those on
// how sure a rule is included.
func TestEveryTopLevelDomain(t *testing.T) {
	type want struct {
		leave            freehold.CanLeave
		path, who, long  string // how each begins; %s is the name
		condition        string // one that must be there, else none may
		standing         freehold.Standing
		says, doesNotSay string // among the reasons, several split by |
	}
	host := func(long, condition, says string) want {
		return want{freehold.LeaveWithHost, askHost, "You ask; then Rhodanum Web Sàrl, host and registrar in one, has to act.", long, condition, freehold.StandingUnknown, says, ""}
	}
	account := func(long, says string) want {
		return want{freehold.LeaveAlone, logIn, "You, in your account at Comptoir des Noms SA", long, "you can log in at Comptoir des Noms SA", freehold.StandingClaimed, says, ""}
	}
	either := func(path, condition, says string) want {
		return want{freehold.LeaveUnknown, path, "You, if that way is open to you; else Rhodanum Web Sàrl has to act.", noRule, condition, freehold.StandingUnknown, says, ""}
	}
	past := func(path, who, long, condition, says string) want {
		return want{freehold.LeaveAlone, path, who, long, condition, freehold.StandingClaimed, says, "That way was read in"}
	}
	claimed := func(w want) want { w.standing = freehold.StandingClaimed; return w }
	tagged := func(w want, path string) want { w.path = path; return w }
	const (
		holderBox = "the registrant's mailbox"
		adminBox  = "the administrative contact's mailbox"
	)
	gtld := host("At most 5 days for the code, then at most 5 days for the transfer.", holderBox, "ICANN Contractual Compliance|"+secondary+"Transfer Policy I.A.3.5|An unpaid fee for leaving")
	fr := host("From the request 8 days if the old registrar is silent, 22 if it refuses, by an old page of Afnic: ask before you rely on it.", "", "Afnic serves registrars only|"+years+"afnic.re")
	ch := host(immediate, "", "at all times|Whether Switch helps a holder past a silent registrar was not verified.|"+secondary+"switchie.ch")
	li := host(immediate, "", "Whether Switch helps a holder past a silent registrar was not verified.|"+secondary+"switchie.ch")
	li.doesNotSay = "at all times|OID"
	ca := host("At most 5 days for the code; the transfer itself is immediate.", adminBox, "CIRA serves registrars only|the next to write to is CIRA|"+secondary+"namespro.ca")
	uk := tagged(host(noRule, "", "The registrar has to make the change promptly.|Nominet helps to make the change itself|in a page of Nominet from years ago|changes on 9 February 2027. That day was not read at Nominet itself|"+years+"Nominet, "), "Ask Rhodanum Web Sàrl in writing, as the registrant, to put %s under the tag of the new registrar.")
	uk.doesNotSay = "5 days|handshake"
	de := host(immediate, "", "a new registrar orders a code from DENIC, which posts it to the holder's address on record|A code got that way is valid for 30 days.|There is a fee for that way.|in a source that quotes DENIC, not in its own text|If the registrar gives the name up, DENIC keeps it for a while")
	nl := host("At most 5 days for the code; the transfer itself is immediate.", "", "takes the matter to SIDN|in a source that quotes SIDN|"+secondary+"ongekend.nl")
	it := host(noRule, "", "The registrar may not refuse the code.|has not answered it within 2 days|in a source that quotes Registro .it")
	it.doesNotSay = "5 days"
	se := host(noRule, "", "Whether Internetstiftelsen helps a holder past a silent registrar was not verified.|"+years+"iis.se")
	pl := host(noRule, "", "without undue delay and without conditions|An unpaid fee for leaving is no reason to refuse.|If the registrar has lost its contract with NASK|the next to write to is NASK")
	cz := host(noRule, holderBox, "CZ.NIC mails the transfer code to the registrant's mailbox when asked|in a source that quotes CZ.NIC")
	const given = "Rhodanum Web Sàrl gives you what a transfer of savon."
	io := host(noRule, given, "A transfer adds a year|Whether the registry helps a holder past a silent registrar was not verified.|"+secondary+"knowledge bases of registrars")
	io.doesNotSay = "60 days"
	us := host(noRule, "the rules of .us, which are not held here, allow it", "")
	dk := either("Act at Punktum dk yourself", "", "holders have a login of their own at Punktum dk|A code got that way is valid for 14 days.|the next to write to is Punktum dk")
	pt := host(immediate, "", "holders have a login of their own at DNS.PT|in a source that quotes DNS.PT|"+secondary)
	onSite := func(registry string) string {
		return "Get the transfer code on the site of " + registry + ", with the registrant's mailbox"
	}
	readsBox := func(registry string) string {
		return "You read the mailbox with which " + registry + " gives out the transfer code"
	}
	const nicat = "Ask Rhodanum Web Sàrl for the code. If it refuses or stays silent, have the new registrar order one from nic.at"
	const dnslu = "Have the new registrar ask for %s, and confirm by the link that DNS-LU mails to the administrative contact."
	const ficz = "Have Comptoir des Noms SA ask for the transfer code, which CZ.NIC mails to the registrant's mailbox"

	for _, c := range []struct {
		tld                    string
		silent, mailbox, owner want
	}{
		{"com", gtld, claimed(gtld), account("At most 5 days for the code, then", "goes through|adds a year|"+secondary)},
		{"swiss", gtld, claimed(gtld), account("At most 5 days for the code, then", secondary)},
		{"fr", fr, fr, account("From the request 8 days", years+"afnic.re")},
		{"re", fr, fr, account("From the request 8 days", years+"afnic.re")},
		{"ch", ch, ch, account(immediate, "at all times")},
		{"li", li, li, account(immediate, secondary+"switchie.ch")},
		{"ca", ca, claimed(ca), account("At most 5 days for the code; the transfer itself is immediate.", "from your first request")},
		{"uk", uk, uk, tagged(account(noRule, "under the tag of the new one; there is no code"), "Log in at Comptoir des Noms SA and have %s put under the tag")},
		{"co.uk", uk, uk, tagged(account(noRule, "changes on 9 February 2027"), "Log in at Comptoir des Noms SA and have %s put under the tag")},
		{"de", de, de, account(immediate, "With the right code a transfer is immediate.")},
		{"eu", either(onSite("EURid"), holderBox, "gets the transfer code on the site of EURid|on a signed form"), past(onSite("EURid"), "You alone", noRule, holderBox, readsBox("EURid")+"|A code is valid for 40 days.|"+secondary+"support.zone.eu"), account(noRule, "")},
		{"be", either(onSite("DNS Belgium"), holderBox, "A code got that way is valid for 7 days."), past(onSite("DNS Belgium"), "You alone", noRule, holderBox, readsBox("DNS Belgium")+"|valid for 7 days"), want{leave: freehold.LeaveUnknown, path: onSite("DNS Belgium"), who: "You, if that way is open to you; else whoever holds the account.", long: noRule, condition: holderBox}},
		{"nl", nl, nl, account("At most 5 days for the code; the transfer itself is immediate.", "With the right code")},
		{"it", it, it, account(noRule, "may not refuse")},
		{"es", either("Act at Dominios.es yourself", "", "holders have a login of their own at Dominios.es"), either("Act at Dominios.es yourself", "", ""), account(noRule, "")},
		{"se", se, se, account(noRule, "")},
		{"nu", se, se, account(noRule, "")},
		{"lu", either(dnslu, adminBox, "a new period of registration begins|takes a signed letter instead"), past(dnslu, "You and the new registrar.", "Until you confirm, for which there are 14 days.", adminBox, "You read the mailbox with which DNS-LU has a move confirmed"), want{leave: freehold.LeaveUnknown, path: dnslu, who: "You, if that way is open to you; else whoever holds the account.", long: noRule, condition: adminBox}},
		{"at", either(nicat, holderBox, "A code got that way is valid for 21 days.|the next to write to is nic.at"), past(nicat, "You and the new registrar.", noRule, holderBox, readsBox("nic.at")+"|valid for 21 days"), account(noRule, "")},
		{"pl", pl, pl, account(noRule, "without undue delay")},
		{"com.au", either(onSite("auDA"), holderBox, "the next to write to is auDA"), past(onSite("auDA"), "You alone", noRule, holderBox, readsBox("auDA")), account(noRule, "")},
		{"cz", cz, claimed(cz), want{leave: freehold.LeaveUnknown, path: ficz, who: "You, if the account is yours", long: noRule, condition: holderBox, says: secondary + "developers.opusdns.com"}},
		{"io", io, io, account(noRule, "A transfer adds a year")},
		{"ai", host(noRule, given, "A transfer adds two years"), host(noRule, given, "A transfer adds two years"), account(noRule, "A transfer adds two years")},
		{"dk", dk, dk, account(noRule, "")}, {"pt", pt, pt, account(immediate, secondary)}, {"us", us, us, account(noRule, "")},
		{"co", host(noRule, "the rules of .co", ""), host(noRule, "the rules of .co", ""), account(noRule, "")},
		{"me", host(noRule, "the rules of .me", ""), host(noRule, "the rules of .me", ""), account(noRule, "")},
		{"ac.uk", host(noRule, "the rules of .uk", ""), host(noRule, "the rules of .uk", ""), account(noRule, "")},
	} {
		for _, situation := range []struct {
			what  string
			edits []edit
			want
		}{{"silent host", silentHost, c.silent}, {"silent host, mailbox read", silentHostMailbox, c.mailbox}, {"own account", ownAccount, c.owner}} {
			what, w := "."+c.tld+", "+situation.what, situation.want
			o := seen("savon."+c.tld, situation.edits...)
			v := judge(o)
			if v.CanLeave != w.leave || v.Waivable || !v.NotBefore.IsZero() {
				t.Errorf("%s: %s, want %s\n%s\n%s", what, v.CanLeave, w.leave, v.Question, reasons(v))
			}
			for _, text := range []struct {
				field     string
				got, want string
			}{{"path", v.Path.String(), w.path}, {"who", v.Who.String(), w.who}, {"how long", v.HowLong.String(), w.long}} {
				if begins := strings.ReplaceAll(text.want, "%s", o.Name.ASCII()); begins == "" || !strings.HasPrefix(text.got, begins) {
					t.Errorf("%s: %s is %q, want %q", what, text.field, text.got, begins)
				}
			}
			i := slices.IndexFunc(v.Conditions, func(k freehold.Condition) bool {
				return w.condition == "" || strings.HasPrefix(k.What.String(), w.condition)
			})
			if w.condition == "" && i >= 0 || w.condition != "" && (i < 0 || v.Conditions[i].Standing != w.standing) {
				t.Errorf("%s: conditions %v, want %q %s", what, v.Conditions, w.condition, w.standing)
			}
			for _, words := range strings.Split(w.says, "|") {
				if !strings.Contains(reasons(v), words) {
					t.Errorf("%s: nothing says %q:\n%s", what, words, reasons(v))
				}
			}
			for _, words := range strings.Split(w.doesNotSay, "|") {
				if words != "" && strings.Contains(reasons(v)+v.HowLong.String(), words) {
					t.Errorf("%s: says %q:\n%s", what, words, reasons(v))
				}
			}
			lawful(t, what, o, v)
		}
	}
}

// TestUKSwitch: what is judged, and said, to the second on either side of the day.
func TestUKSwitch(t *testing.T) {
	for _, c := range []struct {
		at, policy, path, says, not string
	}{
		{"2027-02-08T23:59:59Z", "uk-tag", "have savon.co.uk put under the tag of the new registrar", "changes on 9 February 2027. That day was not read at Nominet itself: ask before", "changed on"},
		{"2027-02-09T00:00:00Z", "uk-code", "copy its transfer code", "changed on 9 February 2027. That day was not read at Nominet itself: the old way may still hold.", "tag"},
		{"2027-02-09T00:00:01Z", "uk-code", "copy its transfer code", "A transfer can renew the registration, and need not. [Nominet, preparing for standardisation]", "5 days"},
		{"2027-12-01", "uk-code", "copy its transfer code", "A transfer can renew", "changed on"},
	} {
		o := seen("savon.co.uk", statuses("ok"), at(c.at), saysOn("2027-01-20", "account", "me", false))
		if c.at == "2027-12-01" {
			o = seen("savon.co.uk", statuses("ok"), at(c.at), saysOn("2027-11-20", "account", "me", false))
		}
		o.Registration.Expires = freehold.Known(date("2029-01-01"), id("registry"))
		v := judge(o)
		if v.Policy != c.policy || v.CanLeave != freehold.LeaveAlone || !strings.Contains(v.Path.String(), c.path) {
			t.Errorf("%s: %s by %s, %q; want %s, %q", c.at, v.CanLeave, v.Policy, v.Path, c.policy, c.path)
		}
		if !strings.Contains(reasons(v), c.says) || strings.Contains(reasons(v)+v.Path.String(), c.not) {
			t.Errorf("%s: wanted %q and not %q:\n%s", c.at, c.says, c.not, reasons(v))
		}
	}
	// What the code's rules do not say is not said: a draft binds nobody.
	v := judge(seen("savon.uk", append(slices.Clone(silentHost), at("2027-03-01"))...))
	if v.CanLeave != freehold.LeaveWithHost || strings.Contains(reasons(v), "days") || !strings.Contains(reasons(v), "Whether Nominet helps a holder past a silent registrar was not verified.") {
		t.Errorf("after the switch, a silent host: %s\n%s", v.CanLeave, reasons(v))
	}
}

// TestWays: what opens a way past the registrar, and what shuts it.
func TestWays(t *testing.T) {
	silent := func(more ...edit) []edit { return append(slices.Clone(silentHost), more...) }
	owner := func(more ...edit) []edit { return append([]edit{statuses("ok")}, more...) }
	atHost := func(o *freehold.Observed) {
		o.DNS.MX = freehold.Known([]freehold.MX{{Preference: 10, Host: hosts("mx.rhodanum-web.ch")[0]}}, id("dns"))
		o.Network.Addresses = o.Network.Addresses[:1]
	}
	for _, c := range []struct {
		what, name string
		edits      []edit
		want       freehold.CanLeave
		say        string // among question, path and reasons
	}{
		// A word on the mailbox decides, either way.
		{"the mailbox is somebody else's", "savon.be", silent(says("contact_mailbox", "no")), freehold.LeaveWithHost, "If the registrar does not act either"},
		{"the mailbox is the host's", "savon.au", silent(says("contact_mailbox", "host")), freehold.LeaveWithHost, ""},
		{"the mailbox was said long ago", "savon.be", silent(saysOn("2026-01-05", "contact_mailbox", "me", false)), freehold.LeaveUnknown, "Is the registrant's mailbox of savon.be yours"},
		{"the mailbox was proven", "savon.be", silent(shows("contact_mailbox", "me")), freehold.LeaveAlone, ""},
		{"without the mailbox EURid has a form", "savon.eu", silent(says("contact_mailbox", "no")), freehold.LeaveUnknown, "Does EURid let you move savon.eu yourself, on a signed form?"},
		{"and so has DNS-LU", "savon.lu", silent(says("contact_mailbox", "no")), freehold.LeaveUnknown, "Does DNS-LU let you move savon.lu yourself, on a signed form?"},

		// The mailbox hangs on the host.
		{"a mailbox inside the name, its mail at the host", "savon.be", silent(atHost, mailbox("a@savon.be"), says("contact_mailbox", "me")), freehold.LeaveWithHost, "The mailbox a@savon.be hangs on the host"},
		{"a mailbox of the host's", "savon.be", silent(mailbox("client7@rhodanum-web.ch"), says("contact_mailbox", "me")), freehold.LeaveWithHost, "The mailbox client7@rhodanum-web.ch hangs on the host"},
		{"a mailbox inside the name, its mail elsewhere", "savon.be", silent(mailbox("a@savon.be"), says("contact_mailbox", "me")), freehold.LeaveAlone, ""},
		{"it is not asked about either", "savon.be", silent(atHost, mailbox("a@savon.be")), freehold.LeaveWithHost, ""},

		// Said of the registry itself.
		{"es, by the owner's login", "savon.es", silent(says("registry_access", "yes")), freehold.LeaveAlone, "You can act at Dominios.es yourself, as you said."},
		{"es, without one", "savon.es", silent(says("registry_access", "no")), freehold.LeaveWithHost, ""},
		{"de, once somebody asked", "savon.de", silent(says("registry_access", "yes")), freehold.LeaveAlone, "You can act at DENIC yourself"},
		{"pl serves customers of failed registrars only", "savon.pl", silent(says("registry_access", "yes")), freehold.LeaveWithHost, ""},
		{"ca serves no holders", "savon.ca", silent(says("registry_access", "yes")), freehold.LeaveWithHost, ""},

		// A way that is only second-hand or old opens nothing.
		{"cz with the mailbox", "savon.cz", silent(says("contact_mailbox", "me")), freehold.LeaveWithHost, "ask before you rely on it"},
		{"uk with the mailbox", "savon.uk", silent(says("contact_mailbox", "me")), freehold.LeaveWithHost, "from years ago"},
		{"cz, account and mailbox", "savon.cz", owner(says("account", "me"), says("contact_mailbox", "me")), freehold.LeaveAlone, "The transfer code comes from CZ.NIC and goes to the registrant's mailbox."},

		// The registry's code goes to the mailbox, whoever has the account.
		{"be, the account without the mailbox", "savon.be", owner(says("account", "me"), says("contact_mailbox", "no")), freehold.LeaveUnknown, ""},
		{"lu, the account alone", "savon.lu", owner(says("account", "me")), freehold.LeaveUnknown, "Who reads it can confirm the move to DNS-LU."},

		// The registrar's lock stands in the way of the registry's code.
		{"a lock, the host is registrar", "savon.eu", silent(statuses("clientTransferProhibited"), says("contact_mailbox", "me")), freehold.LeaveWithHost, "whether EURid moves it all the same was not verified"},
		{"a lock, somebody else is registrar", "savon.eu", owner(statuses("clientTransferProhibited"), says("contact_mailbox", "me")), freehold.LeaveUnknown, "Can you switch off the transfer lock of savon.eu"},
		{"a lock, and the account to lift it", "savon.eu", owner(statuses("clientTransferProhibited"), says("contact_mailbox", "me"), says("account", "me")), freehold.LeaveAlone, "Log in at"},

		// A way that opens after a refusal comes after the owner's own account.
		{"at, account and mailbox", "savon.at", owner(says("account", "me"), says("contact_mailbox", "me")), freehold.LeaveAlone, "Log in at Comptoir des Noms SA"},
		{"eu, account and mailbox", "savon.eu", owner(says("account", "me"), says("contact_mailbox", "me")), freehold.LeaveAlone, "Get the transfer code on the site of EURid"},

		// A tag that somebody else holds.
		{"uk, a reseller", "savon.uk", owner(resellerIs("Tiers SARL")), freehold.LeaveWithHost, "Ask Tiers SARL in writing to have savon.uk put under the tag"},
		{"lu, no way at the registry", "savon.lu", silent(says("registry_access", "no")), freehold.LeaveWithHost, "to make a mailbox of yours the administrative contact of savon.lu"},
	} {
		o := seen(c.name, c.edits...)
		v := judge(o)
		all := strings.Join([]string{v.Question.String(), v.Path.String(), reasons(v)}, "\n")
		if v.CanLeave != c.want || !strings.Contains(all, c.say) {
			t.Errorf("%s: %s, want %s and %q\n%s", c.what, v.CanLeave, c.want, c.say, all)
		}
		lawful(t, c.what, o, v)
	}
}

// TestWindowsOfCountries: waiting periods of the registries, to the second, with
// the ways past the registrar open.
func TestWindowsOfCountries(t *testing.T) {
	for _, c := range []struct {
		what, name string
		edits      []edit
		want       freehold.CanLeave
		until      string
		say        string
	}{
		{"lu moved, last second", "savon.lu", []edit{transferred("2026-09-26T09:00:01Z")}, freehold.LeaveNotBefore, "2026-11-25T09:00:01Z", "another transfer is refused. [hexonet wiki]"},
		{"lu moved, over", "savon.lu", []edit{transferred("2026-09-26T09:00:00Z")}, freehold.LeaveAlone, "", ""},
		{"lu young: no rule is held", "savon.lu", []edit{created("2026-11-01")}, freehold.LeaveUnknown, "", "No rule is held here on how soon a young name under .lu may move"},
		{"be young: no rule is held", "savon.be", []edit{created("2026-11-01")}, freehold.LeaveUnknown, "", "No rule is held here on how soon a young name under .be may move"},
		{"be moved lately: no rule is held", "savon.be", []edit{transferred("2026-11-01")}, freehold.LeaveUnknown, "", "No rule is held here on how soon"},
		{"be, no date shown", "savon.be", []edit{noCreated}, freehold.LeaveAlone, "", ""},
		{"be, 60 days old to the second", "savon.be", []edit{created("2026-09-26T09:00:00Z")}, freehold.LeaveAlone, "", ""},
		{"be, a second younger", "savon.be", []edit{created("2026-09-26T09:00:01Z")}, freehold.LeaveUnknown, "", "No rule is held here"},
		{"io young: the lock is not verified", "savon.io", []edit{created("2026-11-01"), says("account", "me")}, freehold.LeaveUnknown, "", "No rule is held here on how soon a young name under .io may move"},
	} {
		o := seen(c.name, append([]edit{statuses("ok"), says("contact_mailbox", "me")}, c.edits...)...)
		v := judge(o)
		until := time.Time{}
		if c.until != "" {
			until = date(c.until)
		}
		if v.CanLeave != c.want || !v.NotBefore.Equal(until) || v.Waivable || !strings.Contains(reasons(v), c.say) {
			t.Errorf("%s: %s until %s, want %s until %s and %q\n%s", c.what, v.CanLeave, v.NotBefore, c.want, until, c.say, reasons(v))
		}
		lawful(t, c.what, o, v)
	}
}
