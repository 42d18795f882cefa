package rdap

import (
	"cmp"
	"strings"
)

// contact is what an entity's card says: jCard (RFC 7095) or JSContact (RFC
// 9553). Texts are clean, and may be words like "REDACTED FOR PRIVACY".
type contact struct {
	name, org, email, phone, country string
	uri                              string // CONTACT-URI (RFC 8605 section 2.1): how to write to them without their address
	site                             string
	// kind is "individual", "org" or whatever else the card says.
	kind string
	// Which of name, org, email and country are in the card at all.
	hasName, hasOrg, hasEmail, hasCountry bool
	oddCountry                            bool // there is an address, and no saying which part is the country
}

// readContact reads an entity's card. What one property has wrong does not lose
// the others.
func readContact(entity val) contact {
	var c contact
	card := entity.get("vcardArray")
	switch {
	case card.is(array):
		c.readCard(card)
	case card.there():
		card.t.note("vcardArray is no array")
	}
	for _, key := range [...]string{"jscard", "jscontact_card", "jscontact"} {
		if js := entity.get(key); js.is(object) {
			c.readJSContact(js)
		}
	}
	return c
}

// readCard reads ["vcard", [property…]]. Some servers leave out the inner array
// or the word "vcard"; properties are then found where they are. One writes the
// properties as members of an object.
func (c *contact) readCard(card val) {
	for part := range card.all() {
		if part.is(object) {
			c.readMembers(part)
			continue
		}
		if !part.is(array) {
			continue
		}
		if part.at(0).is(text) {
			c.readProperty(part)
			continue
		}
		for property := range part.all() {
			c.readProperty(property)
		}
	}
}

// readMembers reads {name: value…}.
func (c *contact) readMembers(card val) {
	card.t.note("a jCard is an object, not an array")
	c.take(&c.name, &c.hasName, joined(card.get("fn"), " "))
	if org := card.get("org"); org.there() {
		c.take(&c.org, &c.hasOrg, joined(org, ", "))
	}
	if mail := card.get("email"); mail.there() {
		c.take(&c.email, &c.hasEmail, joined(mail, " "))
	}
	for address := range card.get("adr").list() {
		if name := joined(address.get("country-name"), " "); name != "" {
			c.take(&c.country, &c.hasCountry, name)
		}
	}
}

// readProperty reads [name, parameters, type, value…].
func (c *contact) readProperty(p val) {
	if !p.is(array) {
		if p.there() {
			p.t.note("a property of a jCard is no array")
		}
		return
	}
	name, value := p.at(0), p.at(3)
	if !name.is(text) {
		p.t.note("a property of a jCard has no name")
		return
	}
	switch {
	case name.fold("fn"):
		c.take(&c.name, &c.hasName, joined(value, " "))
	case name.fold("org"):
		c.take(&c.org, &c.hasOrg, joined(value, ", "))
	case name.fold("email"):
		c.take(&c.email, &c.hasEmail, strings.TrimPrefix(joined(value, " "), "mailto:"))
	case name.fold("tel"):
		if c.phone == "" && !isFax(p.at(1)) {
			c.phone = phone(joined(value, " "))
		}
	case name.fold("contact-uri"):
		if c.uri == "" {
			c.uri = clean(joined(value, " "))
		}
	case name.fold("url"):
		if c.site == "" {
			c.site = clean(joined(value, " "))
		}
	case name.fold("kind"):
		c.kind = lower(clean(joined(value, " ")))
	case name.fold("adr"):
		c.readAddress(p.at(1), value)
	}
}

// take keeps the first value that says something.
func (c *contact) take(to *string, has *bool, value string) {
	*has = true
	if *to == "" {
		*to = clean(value)
	}
}

// readAddress takes the country: the code in parameter cc (RFC 8605 section
// 3.1) before the last of the seven parts (RFC 6350 section 6.3.1).
func (c *contact) readAddress(parameters, value val) {
	country := joined(parameters.get("cc"), " ")
	if country == "" {
		n := 0
		if value.is(array) {
			for part := range value.all() {
				if n++; n == 7 {
					country = joined(part, " ")
				}
			}
		}
		if n < 7 {
			if n > 0 {
				value.t.note("an address has %d parts, not seven: its country is not taken", n)
				c.oddCountry = true
			}
			return
		}
	}
	c.take(&c.country, &c.hasCountry, country)
}

// joined returns a text, or the texts of an array put together.
func joined(v val, sep string) string {
	if !v.is(array) {
		if v.is(text) || v.is(number) {
			return v.str()
		}
		return ""
	}
	var parts []string
	for e := range v.all() {
		if s := e.str(); strings.TrimSpace(s) != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, sep)
}

func isFax(parameters val) bool {
	for kind := range parameters.get("type").list() {
		if kind.fold("fax") {
			return true
		}
	}
	return false
}

func phone(s string) string {
	s = clean(s)
	s = strings.TrimPrefix(s, "tel:")
	number, _, _ := strings.Cut(s, ";")
	return number
}

// readJSContact reads the parts of a JSContact card that are asked about.
func (c *contact) readJSContact(card val) {
	if k := card.get("kind"); k.is(text) && c.kind == "" {
		c.kind = lower(clean(k.str()))
	}
	name := card.get("name")
	if full := name.get("full"); full.is(text) {
		c.take(&c.name, &c.hasName, full.str())
	} else if full := card.get("fullName"); full.is(text) { // the form of the drafts
		c.take(&c.name, &c.hasName, full.str())
	}
	for org := range card.get("organizations").byKey() {
		c.take(&c.org, &c.hasOrg, org.get("name").str())
	}
	for mail := range card.get("emails").byKey() {
		c.take(&c.email, &c.hasEmail, cmp.Or(mail.get("address").str(), mail.get("email").str()))
	}
	for tel := range card.get("phones").byKey() {
		if c.phone == "" && !tel.get("features").get("fax").there() {
			c.phone = phone(cmp.Or(tel.get("number").str(), tel.get("phone").str()))
		}
	}
	for address := range card.get("addresses").byKey() {
		if code := address.get("countryCode"); code.is(text) {
			c.take(&c.country, &c.hasCountry, code.str())
		}
	}
	for link := range card.get("links").byKey() {
		if c.uri == "" && link.get("kind").fold("contact") {
			c.uri = clean(link.get("uri").str())
		}
	}
}

// lower is strings.ToLower without work for what is lower already.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 'A' && c <= 'Z' || c >= 0x80 {
			return strings.ToLower(s)
		}
	}
	return s
}

// lowerText returns a copy of raw with ASCII's letters small: one copy, where
// parsing a host in capitals would take two.
func lowerText(raw []byte) string {
	var room [256]byte
	b := room[:0]
	for _, c := range raw {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return string(b)
}
