package rdap

import (
	"strings"

	"freehold"
)

// roles is a set of the roles that matter here (RFC 9083 section 10.2.4).
type roles uint8

const (
	roleRegistrar roles = 1 << iota
	roleRegistrant
	roleReseller
	roleAbuse
)

func rolesOf(entity val) roles {
	var r roles
	for role := range entity.get("roles").list() {
		switch {
		case role.fold("registrar"):
			r |= roleRegistrar
		case role.fold("registrant"):
			r |= roleRegistrant
		case role.fold("reseller"):
			r |= roleReseller
		case role.fold("abuse"):
			r |= roleAbuse
		}
	}
	return r
}

// parties are the entities of an answer that matter.
type parties struct {
	registrar, registrant, reseller, abuse val
	rival                                  val  // another registrar, as near to the top as the first
	nested                                 bool // the registrar stands inside another entity
}

// Bounds of the search for parties.
const (
	maxEntities    = 500
	maxEntityDepth = 4
)

// findParties takes the first entity in each role, those nearer to the top
// first. A registrant inside the registrar or the reseller is their own contact.
func findParties(root val) (p parties) {
	type level struct {
		entities val
		inside   roles
	}
	seen := 0
	levels := []level{{root.get("entities"), 0}}
	for depth := 0; depth < maxEntityDepth && len(levels) > 0; depth++ {
		var deeper []level
		settled := p.registrar.there() // further up: those here are no rivals
		for _, l := range levels {
			for e := range l.entities.list() {
				if seen++; seen > maxEntities {
					root.t.note("more than %d entities: the rest is not read", maxEntities)
					return p
				}
				r := rolesOf(e)
				if r&roleRegistrar != 0 && !settled {
					p.takeRegistrar(e, depth)
				}
				p.take(e, r, l.inside, depth)
				if more := e.get("entities"); more.there() {
					deeper = append(deeper, level{more, l.inside | r})
				}
			}
		}
		levels = deeper
	}
	return p
}

func (p *parties) takeRegistrar(e val, depth int) {
	switch {
	case !p.registrar.there():
		p.registrar, p.nested = e, depth > 0
	case !p.rival.there() && !sameEntity(p.registrar, e):
		p.rival = e
	}
}

func (p *parties) take(e val, r, inside roles, depth int) {
	if r&roleRegistrant != 0 && inside&(roleRegistrar|roleReseller) == 0 && !p.registrant.there() {
		p.registrant = e
	}
	if r&roleReseller != 0 && !p.reseller.there() {
		p.reseller = e
	}
	// Deeper ones are the contacts of whoever they stand in: the reseller, say.
	if r&roleAbuse != 0 && depth == 0 && !p.abuse.there() {
		p.abuse = e
	}
}

// sameEntity tells whether two entities are one, as servers that list a party
// once for each role write it.
func sameEntity(a, b val) bool {
	if x, y := clean(a.get("handle").str()), clean(b.get("handle").str()); x != "" && x == y {
		return true
	}
	x, y := readContact(a), readContact(b)
	return x.name != "" && words(x.name) == words(y.name)
}

func (r *domainReader) readParties() {
	p := findParties(r.root)
	if p.nested {
		r.note("the registrar stands inside another entity")
	}
	if p.rival.there() {
		const why = "the answer names more than one registrar"
		r.note(why)
		r.Registrar.Note, r.RegistrarIANAID.Note = why, why
	} else {
		r.readRegistrar(p)
	}
	r.readRegistrant(p.registrant)
	r.readReseller(p.reseller)
}

func (r *domainReader) readRegistrar(p parties) {
	if !p.registrar.there() {
		r.Registrar.Note = "the answer names no registrar"
		r.RegistrarIANAID.Note = "the answer names no registrar"
		return
	}
	c := readContact(p.registrar)
	r.Registrar = r.partyName(p.registrar, c, "registrar")
	r.RegistrarIANAID = r.ianaID(p.registrar)
	r.readAbout(p.registrar, c)
	abuse := p.abuse
	for e := range p.registrar.get("entities").list() {
		if rolesOf(e)&roleAbuse != 0 {
			abuse = e
			break
		}
	}
	a := readContact(abuse)
	r.RegistrarPhone = r.first(a.phone, c.phone)
	r.RegistrarEmail = r.first(a.email, c.email)
}

// first makes a fact of the first text that is a value.
func (r *domainReader) first(texts ...string) freehold.Fact[string] {
	for _, s := range texts {
		if s != "" && meaningOf(s) == meansValue {
			return freehold.Fact[string]{State: freehold.Value, Value: s, Evidence: r.ids}
		}
	}
	return freehold.Fact[string]{Note: "not in the answer"}
}

// partyName is the name of a company: the card's name, else its organisation,
// else the handle.
func (r *domainReader) partyName(entity val, c contact, what string) freehold.Fact[string] {
	handle := clean(entity.get("handle").str())
	fact := r.first(c.name, c.org, handle)
	switch {
	case fact.State != freehold.Value:
		fact.Note = "the answer does not name the " + what
		r.note("the %s has no name", what)
		if meaningOf(c.name) == meansRedacted || meaningOf(c.org) == meansRedacted {
			fact.State = freehold.Redacted
			fact.Evidence = r.ids
		}
	case fact.Value == c.name:
	case fact.Value == c.org:
		r.note("the %s's name is only in org", what)
	default:
		r.note("the %s has only a handle", what)
	}
	return fact
}

// ianaID finds the registrar's accreditation number: in the public ids of its
// entity or, as some do, of the domain; in a generic top-level domain also in
// its handle. A registry's own number for it is not one.
func (r *domainReader) ianaID(registrar val) freehold.Fact[string] {
	named := r.Registrar.Value
	for _, holder := range [...]val{registrar, r.root} {
		for _, key := range [...]string{"publicIds", "publicIDs", "publicids", "publicId", "public_ids"} {
			for id := range holder.get(key).list() {
				if number, ok := r.readPublicID(id, named); ok {
					if key != "publicIds" {
						r.note("publicIds is written %s", key)
					}
					return freehold.Fact[string]{State: freehold.Value, Value: number, Evidence: r.ids}
				}
			}
		}
	}
	if handle := clean(registrar.get("handle").str()); generic(r.name) && ianaNumber(handle) {
		r.note("the registrar's IANA id is taken from its handle")
		return freehold.Fact[string]{State: freehold.Value, Value: handle, Evidence: r.ids}
	}
	return freehold.Fact[string]{Note: "the answer has no IANA id of the registrar"}
}

// readPublicID reads an IANA id. In a generic top-level domain some write the
// registrar's name where the type belongs.
func (r *domainReader) readPublicID(id val, registrar string) (string, bool) {
	if name := id.get("type"); string(name.raw()) != "IANA Registrar ID" {
		isName := generic(r.name) && registrar != "" && words(name.str()) == words(registrar)
		if !isName && !strings.Contains(words(name.str()), "iana") {
			return "", false
		}
		r.note("the type of the IANA id is written %q", clean(name.str()))
	}
	value := id.get("identifier")
	for _, other := range [...]string{"id", "value", "Identifier"} {
		if !value.there() {
			if value = id.get(other); value.there() {
				r.note("the identifier of the IANA id is written %q", other)
			}
		}
	}
	if value.is(number) {
		r.note("the IANA id is a number, not a text")
	}
	digits := strings.TrimSpace(value.str())
	if !ianaNumber(digits) {
		r.note("the IANA id is not understood: %q", clean(digits))
		return "", false
	}
	return digits, true
}

// ianaNumber tells whether s has the form of IANA's registrar ids.
func ianaNumber(s string) bool {
	if len(s) == 0 || len(s) > 7 || s[0] == '0' {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// generic tells the generic top-level domains, where the registrar's handle is
// its IANA id (gTLD RDAP profile). Country codes have two letters; those in
// other scripts cannot be told from generic ones and are left out.
func generic(name freehold.Host) bool {
	ascii := name.ASCII()
	tld := ascii[strings.LastIndexByte(ascii, '.')+1:]
	switch tld {
	case "arpa", "edu", "gov", "int", "mil": // run without ICANN's registrars
		return false
	}
	return len(tld) > 2 && !strings.HasPrefix(tld, "xn--")
}

// readAbout reads the link of the registrar's that leads to its site and names
// its RDAP base (gTLD RDAP profile 2024 section 2.4.6).
func (r *domainReader) readAbout(registrar val, c contact) {
	for l := range registrar.get("links").list() {
		if !l.get("rel").fold("about") {
			continue
		}
		if base := l.get("value").str(); isWeb(base) {
			r.about = base
		}
		if site := clean(l.get("href").str()); isWeb(site) {
			r.RegistrarURL = freehold.Fact[string]{State: freehold.Value, Value: site, Evidence: r.ids}
			return
		}
	}
	if isWeb(c.site) {
		r.RegistrarURL = freehold.Fact[string]{State: freehold.Value, Value: c.site, Evidence: r.ids}
	}
}

// isWeb tells whether s is the address of a site, fit to be shown. Whether it may
// be asked is another question, and not decided here.
func isWeb(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "http://")
	}
	if !ok || rest == "" || rest[0] == '/' || len(s) > 500 {
		return false
	}
	for i := range len(rest) {
		if c := rest[i]; c <= ' ' || c == '<' || c == '>' || c == '"' {
			return false
		}
	}
	return true
}

// readReseller: an answer without a reseller does not say that there is none:
// RFC 9083 demands no entity in any role, and many registrars leave theirs out.
func (r *domainReader) readReseller(reseller val) {
	switch {
	case reseller.there():
		r.Reseller = r.partyName(reseller, readContact(reseller), "reseller")
		if r.redacted&hidesReseller != 0 && r.Reseller.State != freehold.Value {
			r.Reseller = freehold.Hidden[string](heldBack, r.ids...)
		}
	case r.redacted&hidesReseller != 0:
		r.Reseller = freehold.Hidden[string](heldBack, r.ids...)
	default:
		r.Reseller.Note = notInThin
	}
}

const (
	heldBack     = "held back by the server"
	notInThin    = "not in the answer"
	shownInstead = "what is shown stands in place of the value"
)

func (r *domainReader) readRegistrant(entity val) {
	if !entity.there() {
		r.noRegistrant()
		return
	}
	r.hasRegistrant = true
	c := readContact(entity)
	if remarksRedacted(entity) {
		// The remark is about the whole entity; what is shown is shown.
		if c.name == "" {
			r.redacted |= hidesName
		}
		if c.org == "" && c.kind != "individual" {
			r.redacted |= hidesOrg
		}
		if c.email == "" {
			r.redacted |= hidesEmail
		}
		if c.country == "" {
			r.redacted |= hidesCountry
		}
	}
	bare := !c.hasName && !c.hasOrg && !c.hasEmail && !c.hasCountry
	fact := func(value string, has bool, h hidden) freehold.Fact[string] {
		if bare && r.redacted&h == 0 {
			return freehold.Fact[string]{Note: "the answer shows nothing of the registrant but that there is one"}
		}
		return r.textFact(value, has, r.redacted&h != 0)
	}
	r.RegistrantName = unlessShown(fact(c.name, c.hasName, hidesName))
	r.RegistrantOrg = fact(c.org, c.hasOrg, hidesOrg)
	if r.RegistrantName.State != freehold.Value {
		// Where the name is kept back, the organisation may be too.
		r.RegistrantOrg = unlessShown(r.RegistrantOrg)
	}
	if !c.hasOrg && r.redacted&hidesOrg == 0 && isOrgKind(c.kind) {
		r.RegistrantOrg = r.RegistrantName // the card of a company: its name is the organisation
	}
	r.RegistrantEmail = unlessShown(r.emailFact(c, fact(c.email, c.hasEmail, hidesEmail)))
	r.RegistrantCountry = unlessShown(fact(country(c.country), c.hasCountry, hidesCountry))
	if c.oddCountry && !c.hasCountry && r.RegistrantCountry.State == freehold.Unknown {
		r.RegistrantCountry.Note = "the address in the answer is not understood"
	}
}

// unlessShown makes unknown what a card leaves out or empty. Registries hold a
// name, a mailbox and a country of every contact (RFC 5733 section 3.2.1), so
// that an answer shows none does not mean that there is none: many servers leave
// out what they hold back and do not say so.
func unlessShown(f freehold.Fact[string]) freehold.Fact[string] {
	if f.State == freehold.Absent {
		f.State, f.Note = freehold.Unknown, "the answer does not show it"
	}
	return f
}

func isOrgKind(kind string) bool {
	return kind == "org" || kind == "organization" || kind == "organisation"
}

func country(s string) string {
	if len(s) == 2 {
		return strings.ToUpper(s)
	}
	return s
}

// noRegistrant: an answer without a registrant may be a thin one. Only what it
// declares to hold back is redacted; the rest nobody told us.
func (r *domainReader) noRegistrant() {
	for _, f := range [...]struct {
		fact *freehold.Fact[string]
		h    hidden
	}{{&r.RegistrantName, hidesName}, {&r.RegistrantOrg, hidesOrg}, {&r.RegistrantEmail, hidesEmail}, {&r.RegistrantCountry, hidesCountry}} {
		if r.redacted&f.h != 0 {
			*f.fact = freehold.Hidden[string](heldBack, r.ids...)
		} else {
			f.fact.Note = notInThin
		}
	}
}

// textFact makes a fact of a text in a card. Redacted ones keep what is shown
// instead, if anything is.
func (r *domainReader) textFact(s string, has, redacted bool) freehold.Fact[string] {
	m := meaningOf(s)
	f := freehold.Fact[string]{Evidence: r.ids}
	switch {
	case redacted && m == meansValue:
		f.State, f.Value, f.Note = freehold.Redacted, s, shownInstead
	case redacted:
		f.State, f.Note = freehold.Redacted, heldBack
	case m == meansRedacted:
		f.State, f.Note = freehold.Redacted, `the answer says "`+s+`"`
	case m == meansValue:
		f.State, f.Value = freehold.Value, s
	case has && s != "":
		r.note("a text stands for nothing: %q", s)
		f.State = freehold.Absent
	default:
		f.State = freehold.Absent
	}
	return f
}

// maxMailbox is the longest mail address there can be (RFC 5321 section 4.5.3.1.3).
const maxMailbox = 254

// emailFact: what is no mail address stands in place of one (a form's URL, "see
// our site"), and a CONTACT-URI (RFC 8605) is published instead of the address.
// It is kept as what is shown: one can write to the holder through it, but it is
// not the mailbox.
func (r *domainReader) emailFact(c contact, f freehold.Fact[string]) freehold.Fact[string] {
	switch {
	case f.State != freehold.Value:
	case len(f.Value) > maxMailbox:
		return freehold.Fact[string]{Note: "what the answer shows is longer than a mailbox can be"}
	case strings.Count(f.Value, "@") != 1 || strings.ContainsAny(f.Value, " /"):
		f.State, f.Note = freehold.Redacted, shownInstead
	}
	if f.State != freehold.Value && f.Value == "" && c.uri != "" {
		f = freehold.Fact[string]{State: freehold.Redacted, Value: strings.TrimPrefix(c.uri, "mailto:"), Note: shownInstead, Evidence: r.ids}
	}
	return f
}

// remarksRedacted tells whether an entity's remarks say that it is redacted
// (RFC 9083 section 10.2.1: "object redacted due to authorization").
func remarksRedacted(entity val) bool {
	for remark := range entity.get("remarks").list() {
		for _, key := range [...]string{"type", "title"} {
			if s := remark.get(key).str(); s != "" && (strings.Contains(lower(s), "redacted") || strings.Contains(lower(s), "truncated due to authorization")) {
				return true
			}
		}
	}
	return false
}
