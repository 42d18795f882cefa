package identity

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"freehold"
)

// Surroundings are what is known around a request, beside the case itself.
type Surroundings struct {
	ContactChanged     time.Time // at the registry or in the register
	NameserversChanged time.Time
	RequesterMail      string    // the address the request came from, or wants to be answered at
	MailDomainCreated  time.Time // zero: not known
	NamesFromOrigin    int       // asked for from the same address or network within a day
	OtherClaims        int       // open cases of others for the same name
	Pressure           bool      // threats, or haste without a reason
}

// manyNames is from how many names asked for from one origin it is a sign.
const manyNames = 10

// Signals finds the signs of risk of a request, each with its points and one line.
func (p Policy) Signals(c freehold.Case, s Surroundings) []freehold.SignalSeen {
	var all []freehold.SignalSeen
	sign := func(found bool, id string, points int, why freehold.Text) {
		if found {
			all = append(all, freehold.SignalSeen{ID: id, Points: points, Why: why})
		}
	}
	recent := func(at time.Time) bool {
		return !at.IsZero() && at.After(c.FirstRequest.Add(-p.Recent.Duration()))
	}
	domain := mailDomain(s.RequesterMail)
	like, looks := lookAlike(c, domain)
	sign(s.OtherClaims > 0, "second_claimant", 3, freehold.T("Somebody else asks for the same name."))
	sign(recent(s.ContactChanged), "recent_contact_change", 3, freehold.T("A contact was changed on %t.", s.ContactChanged))
	sign(recent(s.NameserversChanged), "recent_nameserver_change", 2, freehold.T("The name servers were changed on %t.", s.NameserversChanged))
	sign(looks, "lookalike_domain", 4, freehold.T("The requester writes from %q, which looks like %q.", domain, like))
	sign(recent(s.MailDomainCreated), "new_mail_domain", 2, freehold.T("The requester's mail domain was registered only on %t.", s.MailDomainCreated))
	sign(s.NamesFromOrigin >= manyNames, "many_names", 2, freehold.T("%d names were asked for from one place within a day.", s.NamesFromOrigin))
	sign(domain != "" && !onRecord(c, s.RequesterMail), "outside_contacts", 1, freehold.T("The requester is none of the contacts on record."))
	sign(c.HighValue, "high_value", 3, freehold.T("The name is of high value."))
	sign(s.Pressure, "pressure", 1, freehold.T("The requester presses for haste or threatens."))
	return all
}

func mailDomain(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return ""
	}
	return strings.ToLower(strings.Trim(address[at+1:], " >."))
}

func onRecord(c freehold.Case, address string) bool {
	return slices.ContainsFunc(c.Contacts, func(k freehold.Contact) bool { return strings.EqualFold(k.Address, address) })
}

// lookAlike returns the domain of a contact on record, or the name itself, that a
// mail domain is made to look like.
func lookAlike(c freehold.Case, domain string) (string, bool) {
	if domain == "" {
		return "", false
	}
	known := []string{c.Name.ASCII()}
	for _, k := range c.Contacts {
		if d := mailDomain(k.Address); d != "" {
			known = append(known, d)
		}
	}
	if slices.Contains(known, domain) {
		return "", false
	}
	for _, k := range known {
		if LooksLike(domain, k) {
			return k, true
		}
	}
	return "", false
}

// LooksLike tells whether a domain is easily taken for another one that it is not:
// characters that look alike, a letter more, less or changed, a hyphen, another
// ending.
func LooksLike(a, b string) bool {
	x, y := domainLabel(a), domainLabel(b)
	if x == "" || y == "" || strings.EqualFold(a, b) {
		return false
	}
	sx, sy := skeleton(x), skeleton(y)
	switch n := min(len([]rune(sx)), len([]rune(sy))); {
	case sx == sy:
		return true
	case n >= 10:
		return edits(sx, sy) <= 2
	case n >= 5:
		return edits(sx, sy) <= 1
	}
	return false
}

// domainLabel is the label that somebody chose, in Unicode.
func domainLabel(domain string) string {
	h, err := freehold.ParseHost(domain)
	if err != nil {
		// Scripts that are mixed are no domain name of ours, and just what is looked for.
		labels := strings.Split(strings.Trim(domain, "."), ".")
		if len(labels) < 2 || len(domain) > 253 {
			return ""
		}
		return labels[len(labels)-2]
	}
	n, ok := h.Registrable()
	if !ok {
		return ""
	}
	label, _, _ := strings.Cut(n.ASCII(), ".")
	if shown, err := idna.Punycode.ToUnicode(label); err == nil {
		return shown
	}
	return label
}

// alike maps what the eye confuses to one form: Latin, Cyrillic and Greek letters,
// digits, pairs.
var alike = strings.NewReplacer("rn", "m", "vv", "w", "cl", "d", "0", "o", "1", "l", "i", "l", "ı", "l", "5", "s", "-", "",
	"а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "у", "y", "х", "x", "і", "l", "ј", "j", "ѕ", "s", "һ", "h", "ԁ", "d",
	"ο", "o", "α", "a", "ν", "v", "ρ", "p", "à", "a", "á", "a", "â", "a", "ä", "a", "é", "e", "è", "e", "ê", "e", "ë", "e",
	"í", "l", "ï", "l", "ó", "o", "ô", "o", "ö", "o", "ú", "u", "ü", "u", "ç", "c", "ñ", "n")

func skeleton(label string) string { return alike.Replace(strings.ToLower(label)) }

// edits counts letters added, left out, changed or swapped with their neighbour.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	two, one := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now := make([]int, len(y)+1)
		now[0] = i
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			now[j] = min(one[j]+1, now[j-1]+1, one[j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], two[j-2]+1)
			}
		}
		two, one = one, now
	}
	return one[len(y)]
}
