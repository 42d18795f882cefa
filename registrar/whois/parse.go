package whois

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"freehold"
)

// parse reads a whole answer about name. Every fact carries the evidence id.
func parse(name freehold.Name, body []byte, id freehold.EvidenceID) answer {
	t := readText(body)
	a, done := t.judge(name)
	if done {
		a.notes = t.notes
		if a.reg.State == freehold.NotRegistered {
			a.reg = notRegistered(id)
		}
		return a
	}
	r := reader{text: t, id: id, order: dateOrders[name.TLD()]}
	r.order, r.home = r.dateOrder(), t.home()
	reg := freehold.Registration{State: freehold.Registered}
	r.registrar(&reg)
	r.holder(&reg)
	reg.Created, reg.Expires = r.date("created", createdKeys), r.date("expires", expiresKeys)
	reg.RegistrarExpires = r.date("registrar_expires", registrarExpiresKeys)
	reg.Changed, reg.LastTransfer = r.latest("changed", changedKeys), r.date("last_transfer", transferredKeys)
	reg.Statuses = r.statuses()
	reg.Nameservers = r.nameservers()
	reg.DNSSEC = r.dnssec()
	if r.unzoned {
		r.note("dates: no time zone, taken as UTC")
	}
	return answer{outcome: freehold.OutcomeAnswered, reg: reg, notes: r.notes}
}

// notRegistered is what a registry says that has no such name: of every field
// that there is none.
func notRegistered(id freehold.EvidenceID) freehold.Registration {
	s, d := freehold.NotThere[string](id), freehold.NotThere[time.Time](id)
	return freehold.Registration{State: freehold.NotRegistered,
		Registrar: s, RegistrarIANAID: s, RegistrarURL: s, RegistrarPhone: s, RegistrarEmail: s, Reseller: s,
		RegistrantName: s, RegistrantOrg: s, RegistrantEmail: s, RegistrantCountry: s,
		Created: d, Expires: d, RegistrarExpires: d, LastTransfer: d, Changed: d,
		Statuses: freehold.NotThere[[]string](id), Nameservers: freehold.NotThere[[]freehold.Host](id), DNSSEC: freehold.NotThere[bool](id)}
}

// reader takes the facts out of an answer about a registered name.
type reader struct {
	text
	id      freehold.EvidenceID
	order   order
	home    int // the paragraph that names the domain
	unzoned bool
}

const (
	notShown  = "the registry's WHOIS does not show it"
	leftEmpty = "the registry's WHOIS leaves it empty"
	saidTwice = "the registry's WHOIS gives it twice, and differently"
)

func (r *reader) note(format string, args ...any) {
	if len(r.notes) < 50 {
		r.notes = append(r.notes, freehold.OneLine(fmt.Sprintf(format, args...)))
	}
}

// home returns the paragraph that names the domain, or -1. Where the registry
// writes contacts and name servers as paragraphs of their own, those have dates
// too.
func (t text) home() int {
	for _, l := range t.lines {
		if l.namesDomain() && !empty(l.value) {
			return l.part
		}
	}
	return -1
}

// values returns the values of the best key that has any among the lines that
// where chooses, those of the domain's own paragraph if there are such, and
// whether any of the keys is there at all.
func (r *reader) values(where func(line) bool, keys ...string) (values []string, there bool) {
	for _, k := range keys {
		atHome := false
		for _, l := range r.lines {
			if l.comment || l.title || l.key != k || !where(l) {
				continue
			}
			there = true
			switch {
			case empty(l.value) || atHome && l.part != r.home:
			case l.part == r.home && !atHome:
				values, atHome = []string{l.value}, true
			default:
				values = append(values, l.value)
			}
		}
		if len(values) > 0 {
			return values, true
		}
	}
	return nil, there
}

// find returns the first of the values.
func (r *reader) find(where func(line) bool, keys ...string) (value string, there bool) {
	values, there := r.values(where, keys...)
	if len(values) == 0 {
		return "", there
	}
	return values[0], true
}

// differ tells whether there is more than one value: which is meant, nobody knows.
func (r *reader) differ(where func(line) bool, keys ...string) bool {
	values, _ := r.values(where, keys...)
	same := func(v string) string { return strings.Join(strings.Fields(strings.ToLower(v)), " ") }
	for _, v := range values {
		if same(v) != same(values[0]) {
			return true
		}
	}
	return false
}

// top chooses the lines about the domain itself.
func top(l line) bool {
	switch l.heading {
	case "", "domain", "domain information", "relevant dates", "registration status":
		return true
	}
	return false
}

func under(heading string) func(line) bool {
	return func(l line) bool { return l.heading == heading }
}

// fact makes the fact of a value: not there, there and empty, hidden, shown.
func (r *reader) fact(value string, there bool) freehold.Fact[string] {
	switch {
	case !there:
		return freehold.NotKnown[string](notShown, r.id)
	case value == "":
		return freehold.NotThere[string](r.id)
	case hidden(value):
		return freehold.Hidden[string]("the registry's WHOIS holds it back", r.id)
	}
	return freehold.Known(value, r.id)
}

var (
	registrarTag    = compiled(`(?i)\s*\[tag = [^\]]*\]$`)         // .uk: "Example Ltd [Tag = EXAMPLE]"
	registrarHandle = compiled(`\s*\((?:R\d+|\d+)-[A-Z]{2,8}\)$`)  // "Example Inc. (R37-LROR)"
	registrarLink   = compiled(`\s*\( ?https?://\S+ ?\)$`)         // .at: "Example GmbH ( https://nic.at/registrar/1 )"
	decimal         = compiled(`^\d{1,9}$`)                        // an IANA registrar ID
	handleLike      = compiled(`^[A-Za-z0-9_-]*\d[A-Za-z0-9_-]*$`) // one word with a digit, where a handle is usual
	handleForm      = compiled(`^[A-Za-z]{2,}\d+-[A-Za-z0-9]+$`)   // "ABC001234-EXMPL", anywhere
	unsigned        = compiled(`^(?:unsigned|not signed|no\b|n$|inactive|disabled)`)
	signed          = compiled(`^(?:signed|yes|y$|active)`)
)

func (r *reader) registrar(reg *freehold.Registration) {
	section := under("registrar")
	name, there := r.find(top, registrarKeys...)
	if name == "" {
		var below bool
		name, below = r.find(section, "organization", "organisation", "name", "registrar", "")
		there = there || below
	}
	for _, behind := range []*pattern{registrarTag, registrarHandle, registrarLink} {
		name = behind.ReplaceAllString(name, "")
	}
	switch reg.Registrar = r.fact(name, there); {
	case r.differ(top, registrarKeys...):
		r.note("registrar: there is more than one")
		reg.Registrar = freehold.NotKnown[string](saidTwice, r.id)
	case strings.HasPrefix(strings.ToLower(name), "no registrar listed"):
		reg.Registrar = freehold.NotThere[string](r.id)
	case reg.Registrar.State == freehold.Absent:
		// An empty line is no word of the registry's that there is no registrar.
		reg.Registrar = freehold.NotKnown[string](leftEmpty, r.id)
	}
	either := func(topKeys []string, sectionKeys ...string) freehold.Fact[string] {
		if r.differ(top, topKeys...) {
			return freehold.NotKnown[string](saidTwice, r.id)
		}
		value, there := r.find(top, topKeys...)
		if value == "" {
			v, below := r.find(section, sectionKeys...)
			value, there = v, there || below
		}
		return r.fact(value, there)
	}
	reg.RegistrarURL = either(urlKeys, "website", "web", "url", "www")
	reg.RegistrarPhone = either(phoneKeys, "phone")
	reg.RegistrarEmail = either(mailKeys, "email", "e-mail")
	if reg.Reseller = either(resellerKeys); reg.Reseller.State == freehold.Absent {
		reg.Reseller = freehold.NotKnown[string]("registries seldom know a reseller", r.id)
	}
	reg.RegistrarIANAID = either(ianaKeys)
	if id, ok := reg.RegistrarIANAID.Get(); ok && !decimal.MatchString(id) {
		r.note("registrar_iana_id: %q is no number", id)
		reg.RegistrarIANAID = freehold.NotKnown[string]("the registry's WHOIS gives what is no IANA number", r.id)
	}
}

// holder reads the registrant, whom registries show in three ways: as keys of
// the record ("Registrant Name: …"), under a heading, or as an object of its own
// that the record refers to by handle.
func (r *reader) holder(reg *freehold.Registration) {
	handle, _ := r.find(top, "holder-c", "registrant", "holder")
	object := under(contactHeading(handle))
	section := func(l line) bool { return holderWords.MatchString(l.heading) }
	var name, org, email, country freehold.Fact[string]
	switch {
	case handle != "" && slices.ContainsFunc(r.lines, object):
		name, org = r.fact(r.find(object, "contact", "person", "personname", "name")), r.fact(r.find(object, "organization", "organisation", "org"))
		email, country = r.fact(r.find(object, "e-mail", "email")), r.fact(r.find(object, "country"))
		if kind, _ := r.find(object, "type"); strings.HasPrefix(strings.ToLower(kind), "organi") && org.State == freehold.Unknown {
			name, org = org, name // .fr: the one name of an object of type ORGANIZATION
		}
		if anonymous, _ := r.find(object, "anonymous"); strings.EqualFold(anonymous, "yes") {
			f := freehold.Hidden[string]("the registry's WHOIS holds it back: the holder chose so", r.id)
			name, org, email, country = f, f, f, f
		}
	case slices.ContainsFunc(r.lines, section):
		name, org = r.fact(r.find(section, "name", "")), r.fact(r.find(section, "organization", "organisation"))
		email, country = r.fact(r.find(section, "email", "e-mail")), r.fact(r.find(section, "country", "country code"))
		if first := r.lines[slices.IndexFunc(r.lines, section)]; first.key == "" && hidden(first.value) {
			org, email, country = name, name, name // one sentence stands for all
		}
		if handle, _ := r.find(section, "handle"); hidden(handle) && name.State == freehold.Unknown {
			// .dk: of a holder who chose to be anonymous there is no more than this.
			f := freehold.Hidden[string]("the registry's WHOIS holds it back: the holder is anonymous", r.id)
			name, org, email, country = f, f, f, f
		}
	default:
		name, org = r.fact(r.find(top, nameKeys...)), r.fact(r.find(top, append(orgKeys, "org-name")...))
		email, country = r.fact(r.find(top, emailKeys...)), r.fact(r.find(top, countryKeys...))
		r.redactEmpty(&name, &org, &email, &country)
	}
	if v, ok := name.Get(); ok && (v == handle && handleLike.MatchString(v) || handleForm.MatchString(v)) {
		name = freehold.NotKnown[string](fmt.Sprintf("the registry's WHOIS shows the holder's handle only: %q", v), r.id)
	}
	if name.State != freehold.Value {
		org = r.unlessShown(org) // where the name is kept back, the organisation may be too
	}
	name, email, country = r.unlessShown(name), r.unlessShown(email), r.unlessShown(country)
	reg.RegistrantName, reg.RegistrantOrg = name, org
	reg.RegistrantEmail = r.mailbox(email)
	if c, ok := country.Get(); ok && len(c) == 2 {
		country.Value = strings.ToUpper(c)
	}
	reg.RegistrantCountry = country
}

// unlessShown makes unknown what the registry leaves empty though it must have
// it: a registry holds a name, a mailbox and a country of every holder (RFC 5733
// section 3.2.1).
func (r *reader) unlessShown(f freehold.Fact[string]) freehold.Fact[string] {
	if f.State == freehold.Absent {
		return freehold.NotKnown[string](leftEmpty, r.id)
	}
	return f
}

// redactEmpty makes empty fields of the holder redacted where the answer says
// that it leaves data out: some registries empty the fields and say why below.
func (r *reader) redactEmpty(fields ...*freehold.Fact[string]) {
	hides := r.redacts || slices.ContainsFunc(fields, func(f *freehold.Fact[string]) bool { return f.State == freehold.Redacted })
	for _, f := range fields {
		if hides && f.State == freehold.Absent {
			*f = freehold.Hidden[string]("the registry's WHOIS holds it back", r.id)
		}
	}
}

// mailbox keeps the first mailbox of a fact; what is none is no fact.
func (r *reader) mailbox(f freehold.Fact[string]) freehold.Fact[string] {
	v, ok := f.Get()
	if !ok {
		return f
	}
	if strings.HasPrefix(v, "http://") || strings.HasPrefix(v, "https://") { // a form to write through
		return freehold.Hidden[string]("the registry's WHOIS gives a contact form: "+cut(v, 200), r.id)
	}
	first, _, _ := strings.Cut(strings.FieldsFunc(v+" ", func(c rune) bool { return c == ',' || c == ';' })[0], " ")
	if local, domain, ok := strings.Cut(first, "@"); !ok || local == "" || !strings.Contains(domain, ".") {
		r.note("registrant_email: %q is no mailbox", v)
		return freehold.NotKnown[string]("the registry's WHOIS gives what is no mailbox", r.id)
	}
	f.Value = first
	return f
}

// maxStatuses and maxServers are more than any list has; a longer one is not cut
// but not believed.
const maxStatuses, maxServers = 64, 64

// statuses reads the statuses of RFC 5731. A registry that only says "active",
// or has words of its own, has not said that there is no lock.
func (r *reader) statuses() freehold.Fact[[]string] {
	lines := slices.DeleteFunc(slices.Clone(r.lines), func(l line) bool {
		return l.comment || l.title || !top(l) || !statusKeys[l.key] && l.heading != "registration status"
	})
	isEPP := func(l line) bool { return l.key == "eppstatus" }
	if slices.ContainsFunc(lines, isEPP) { // .fr shows its own word beside them
		lines = slices.DeleteFunc(lines, func(l line) bool { return !isEPP(l) })
	}
	var words []string
	said := ""
	for _, l := range lines {
		lower := strings.TrimRight(strings.ToLower(l.value), ". ")
		switch {
		case empty(l.value):
		case l.key == "state", takenWords[lower] && !isEPP(l):
			said = l.value
		case l.cut || len(words) >= maxStatuses:
			return freehold.NotKnown[[]string]("the registry's WHOIS gives a list longer than any", r.id)
		default:
			for _, w := range strings.FieldsFunc(strings.ReplaceAll(l.value, " / ", ","), func(c rune) bool { return c == ',' }) {
				if w = statusWord(w); w == "" {
					said = l.value
				} else if !slices.Contains(words, w) {
					words = append(words, w)
				}
				if said == "" && !eppWords[w] {
					said = l.value
				}
			}
		}
	}
	switch {
	case slices.ContainsFunc(words, func(w string) bool { return eppWords[w] }):
		return freehold.Known(words, r.id)
	case said != "":
		return freehold.NotKnown[[]string](fmt.Sprintf("the registry's WHOIS says %q and does not show locks", cut(said, 60)), r.id)
	case len(lines) > 0:
		return freehold.NotKnown[[]string](leftEmpty, r.id)
	}
	return freehold.NotKnown[[]string](notShown, r.id)
}

// statusWord returns a status without the address and the remark behind it.
func statusWord(s string) string {
	if i := strings.Index(s, "http"); i >= 0 {
		s = s[:i]
	}
	s, _, _ = strings.Cut(s, "(")
	word := freehold.EPPStatus(s)
	if !strings.ContainsFunc(word, unicode.IsLetter) {
		return ""
	}
	if word == strings.TrimSpace(s) && word == strings.ToUpper(word) { // "RESERVED", no word of EPP
		return strings.ToLower(word)
	}
	first, size := utf8.DecodeRuneInString(word)
	return string(unicode.ToLower(first)) + word[size:]
}

func (r *reader) nameservers() freehold.Fact[[]freehold.Host] {
	var hosts []freehold.Host
	there, wrong := false, false
	for _, l := range r.lines {
		below := nameserverWords.MatchString(l.heading)
		if l.comment || l.title || !below && (!top(l) || l.key == "hostname") || !nameserverKey.MatchString(l.key) && !(below && l.key == "") {
			continue
		}
		there = true
		if empty(l.value) {
			continue
		}
		found, ok := serversIn(l.value)
		if !ok || l.cut || len(hosts)+len(found) > maxServers {
			wrong = true
			r.note("nameservers: %q is no list of host names", cut(l.value, 80))
			continue
		}
		for _, h := range found {
			if !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	switch {
	case wrong: // a list with a hole is no list
		return freehold.NotKnown[[]freehold.Host]("the registry's WHOIS gives what is no host name", r.id)
	case len(hosts) > 0:
		return freehold.Known(hosts, r.id)
	case there:
		return freehold.NotThere[[]freehold.Host](r.id)
	}
	return freehold.NotKnown[[]freehold.Host](notShown, r.id)
}

// serversIn returns the hosts of a name server line: the first word, or the one
// behind "NS" where the line is written as a record, and what other hosts follow.
// Addresses (glue) and remarks between them are passed over; it is false where
// the first word is no host.
func serversIn(s string) (hosts []freehold.Host, ok bool) {
	words := strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '|' })
	if len(words) > 2 && strings.EqualFold(words[1], "ns") {
		words = words[2:3]
	}
	for i, w := range words {
		h, err := freehold.ParseHost(w)
		switch {
		case i == 0 && (err != nil || isAddress(w)):
			return nil, false
		case err != nil || i > 0 && (isAddress(w) || !strings.ContainsFunc(tld(h), unicode.IsLetter) || !strings.Contains(h.ASCII(), ".")):
			continue
		}
		hosts = append(hosts, h)
	}
	return hosts, len(hosts) > 0
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

func tld(h freehold.Host) string {
	ascii := h.ASCII()
	return ascii[strings.LastIndexByte(ascii, '.')+1:]
}

func (r *reader) dnssec() freehold.Fact[bool] {
	yes, no := false, false
	for _, l := range r.lines {
		value := strings.ToLower(l.value)
		switch {
		case l.comment || l.title:
		case l.heading == "keys":
			yes = yes || value != ""
		case !top(l) && l.heading != "dnssec":
		case l.key == "keys":
			no = no || value == ""
		case signedKeys.MatchString(l.key):
			yes = yes || !empty(l.value)
		case dnssecKeys[l.key] && unsigned.MatchString(value):
			no = true
		case dnssecKeys[l.key] && signed.MatchString(value):
			yes = true
		case dnssecKeys[l.key] && value != "":
			r.note("dnssec: %q is not understood", cut(l.value, 80))
		}
	}
	switch {
	case yes && no:
		r.note("dnssec: the answer says signed and unsigned")
		return freehold.NotKnown[bool]("the registry's WHOIS contradicts itself", r.id)
	case yes || no:
		return freehold.Known(yes, r.id)
	}
	return freehold.NotKnown[bool](notShown, r.id)
}
