package lab

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/miekg/dns"
)

// obj is a JSON object in the making.
type obj = map[string]any

// recordView is what a style writes an RDAP record from.
type recordView struct {
	w         *world
	d         *domain
	ascii     string
	unicode   string
	registry  *registry
	registrar *registrar
	base      string // of the service that answers, with its final slash
	related   string // the registrar's own record, "" where the registry links none
	about     string // the registrar's RDAP base
}

// rdapStyle writes a domain record in the habits of one registry or registrar.
type rdapStyle func(*recordView) obj

var conformance2024 = []string{"rdap_level_0", "icann_rdap_technical_implementation_guide_1", "icann_rdap_response_profile_1", "redacted"}

// record is what all styles begin with, as RFC 9083 has it.
func (v *recordView) record() obj {
	o := obj{
		"rdapConformance": []string{"rdap_level_0"},
		"objectClassName": "domain",
		"ldhName":         v.ascii,
		"links":           []obj{v.link("self", v.base+"domain/"+v.ascii)},
		"status":          v.statuses(),
		"events":          v.events(time.RFC3339),
		"nameservers":     v.nameservers(func(s string) string { return s }),
		"secureDNS":       obj{"delegationSigned": v.d.signed != unsigned},
		"notices": []obj{{
			"title": "Terms of Use", "description": []string{"An invented record of an invented name."},
			"links": []obj{v.link("terms-of-service", v.base+"help")},
		}},
	}
	if v.unicode != v.ascii {
		o["unicodeName"] = v.unicode
	}
	if v.d.signed != unsigned {
		o["secureDNS"] = obj{"delegationSigned": true, "dsData": []obj{v.dsData()}}
	}
	return o
}

func (v *recordView) link(rel, href string) obj {
	return obj{"rel": rel, "href": href, "value": v.base + "domain/" + v.ascii, "type": "application/rdap+json"}
}

func (v *recordView) dsData() obj {
	ds := newZoneKey(v.ascii + ".").ds()
	return obj{"keyTag": ds.KeyTag, "algorithm": ds.Algorithm, "digestType": ds.DigestType, "digest": strings.ToUpper(ds.Digest)}
}

func (v *recordView) keyData() obj {
	key := newZoneKey(v.ascii + ".").record
	return obj{"flags": key.Flags, "protocol": key.Protocol, "algorithm": key.Algorithm, "publicKey": key.PublicKey}
}

// statuses are the EPP words as RDAP says them (RFC 8056 section 2).
func (v *recordView) statuses() []string {
	var list []string
	for _, s := range v.d.statuses {
		if s == "ok" {
			s = "active"
		}
		var b strings.Builder
		for _, r := range s {
			if unicode.IsUpper(r) {
				b.WriteByte(' ')
				r = unicode.ToLower(r)
			}
			b.WriteRune(r)
		}
		list = append(list, b.String())
	}
	if list == nil {
		return []string{"active"}
	}
	return list
}

func (v *recordView) events(layout string) []obj {
	var list []obj
	add := func(action string, at time.Time) {
		if !at.IsZero() {
			list = append(list, obj{"eventAction": action, "eventDate": at.Format(layout)})
		}
	}
	add("registration", day(v.d.created))
	add("expiration", day(v.d.expires))
	add("last changed", day(v.d.changed))
	add("transfer", day(v.d.transferred))
	add("last update of RDAP database", Now)
	return list
}

func (v *recordView) nameservers(form func(string) string) []obj {
	list := []obj{}
	for _, host := range v.d.ns {
		list = append(list, obj{"objectClassName": "nameserver", "ldhName": form(host)})
	}
	return list
}

// card is a jCard (RFC 7095) of properties.
func card(props ...[]any) []any {
	all := []any{[]any{"version", obj{}, "text", "4.0"}}
	for _, p := range props {
		if p != nil {
			all = append(all, p)
		}
	}
	return []any{"vcard", all}
}

func prop(name, value string) []any { return []any{name, obj{}, "text", value} }

func filled(name, value string) []any {
	if value == "" {
		return nil
	}
	return prop(name, value)
}

// country is an address of which only the country is shown (RFC 8605 section 3).
func country(code string) []any {
	return []any{"adr", obj{"cc": code}, "text", []string{"", "", "", "", "", "", ""}}
}

// registrarEntity is the registrar of record as ICANN's profile wants it.
func (v *recordView) registrarEntity() obj {
	r := v.registrar
	e := obj{
		"objectClassName": "entity", "handle": r.ianaID, "roles": []string{"registrar"},
		"publicIds":  []obj{{"type": "IANA Registrar ID", "identifier": r.ianaID}},
		"vcardArray": card(prop("fn", r.name)),
		"entities": []obj{{
			"objectClassName": "entity", "roles": []string{"abuse"},
			"vcardArray": card(prop("fn", ""), []any{"tel", obj{"type": "voice"}, "uri", "tel:" + r.phone}, prop("email", r.abuse)),
		}},
	}
	if v.about != "" {
		e["links"] = []obj{{"rel": "about", "value": v.about, "href": "https://www." + r.domain + "/", "type": "text/html"}}
	}
	return e
}

// registrantEntity is the holder, with what the concealment leaves, and the
// redactions to announce (RFC 9537).
func (v *recordView) registrantEntity() (entity obj, redacted []obj) {
	h := v.d.holder
	e := obj{"objectClassName": "entity", "roles": []string{"registrant"}}
	switch v.d.conceal {
	case concealNone:
		e["vcardArray"] = card(prop("fn", orElse(h.person, h.org)), filled("org", h.org), filled("email", h.email), country(h.country))
	case concealText:
		org := h.org
		if org == "" {
			org = "REDACTED FOR PRIVACY"
		}
		e["handle"] = "REDACTED FOR PRIVACY"
		e["vcardArray"] = card(prop("fn", "REDACTED FOR PRIVACY"), prop("org", org), prop("email", "REDACTED FOR PRIVACY"), country(h.country))
	case concealAll:
		e["vcardArray"] = card(prop("fn", ""), prop("org", "Privacy Service"), v.contactURI(), []any{"adr", obj{}, "text", []string{"", "", "", "Riv…", "", "", ""}})
		redacted = []obj{
			redaction("Registry Domain ID", "removal", "prePath", "$.handle"),
			redaction("Registrant Name", "emptyValue", "postPath", "$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='fn')][3]"),
			redaction("Registrant Organization", "replacementValue", "postPath", "$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='org')][3]"),
			redaction("Registrant Email", "replacementValue", "prePath", "$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='email')]"),
			redaction("Registrant City", "partialValue", "postPath", "$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='adr')][3][3]"),
			redaction("Registrant Country", "removal", "prePath", "$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='adr')][1].cc"),
		}
	default:
		e["vcardArray"] = card(prop("fn", ""), filled("org", h.org), v.contactURI(), country(h.country))
		redacted = []obj{
			redaction("Registrant Name", "emptyValue", "postPath", "$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='fn')][3]"),
			redaction("Registrant Email", "replacementValue", "prePath", "$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='email')]"),
		}
		if h.org == "" {
			redacted = append(redacted, redaction("Registrant Organization", "removal", "prePath", "$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='org')]"))
		}
	}
	return e, redacted
}

func (v *recordView) contactURI() []any {
	return []any{"contact-uri", obj{}, "uri", "https://www." + v.registrar.domain + "/contact/" + v.ascii}
}

func redaction(field, method, pathKind, path string) obj {
	return obj{"name": obj{"type": field}, "reason": obj{"description": "Server policy"}, "method": method, pathKind: path, "pathLang": "jsonpath"}
}

func orElse(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func (v *recordView) addRelated(o obj) {
	if v.related != "" {
		o["links"] = append(o["links"].([]obj), v.link("related", v.related))
	}
}

// thinRegistry knows no holder: capitals in every name, all else with the registrar.
func thinRegistry(v *recordView) obj {
	o := v.record()
	o["rdapConformance"] = conformance2024[:3]
	o["handle"] = handleOf(v)
	o["ldhName"] = strings.ToUpper(v.ascii)
	o["nameservers"] = v.nameservers(strings.ToUpper)
	o["entities"] = []obj{v.registrarEntity()}
	v.addRelated(o)
	return o
}

// thickRegistry shows a redacted holder, and a registrar without a handle.
func thickRegistry(v *recordView) obj {
	o := v.record()
	o["rdapConformance"] = conformance2024
	registrar := v.registrarEntity()
	delete(registrar, "handle")
	registrant, redacted := v.registrantEntity()
	o["entities"] = []obj{registrant, registrar}
	if redacted != nil {
		o["redacted"] = redacted
	}
	if v.d.conceal != concealAll {
		o["handle"] = handleOf(v)
	}
	v.addRelated(o)
	return o
}

// sparseRegistry names the registrar only as an organisation, numbers it with a
// number, and writes fractions of seconds.
func sparseRegistry(v *recordView) obj {
	o := v.record()
	o["handle"] = handleOf(v)
	o["events"] = v.events("2006-01-02T15:04:05.000Z")
	registrar := v.registrarEntity()
	registrar["vcardArray"] = card(prop("fn", ""), prop("org", v.registrar.name))
	registrar["publicIds"] = []obj{{"type": "IANA Registrar Id", "identifier": mustNumber(v.registrar.ianaID)}}
	o["entities"] = []obj{registrar}
	v.addRelated(o)
	return o
}

// frenchRegistry gives a registrar two roles, shows organisations and hides
// persons behind a remark.
func frenchRegistry(v *recordView) obj {
	o := v.record()
	o["handle"] = handleOf(v)
	o["events"] = v.events("2006-01-02T15:04:05.000000Z")
	registrar := v.registrarEntity()
	registrar["handle"] = "BE" + v.registrar.ianaID + v.registry.handle
	registrar["roles"] = []string{"sponsor", "registrar"}
	registrar["vcardArray"] = card(prop("fn", v.registrar.name), prop("tel", v.registrar.phone), prop("email", v.registrar.abuse))
	delete(registrar, "entities")
	registrant := obj{"objectClassName": "entity", "handle": "TI" + v.registrar.ianaID + v.registry.handle, "roles": []string{"registrant"}, "status": []string{"associated", "active"}}
	h := v.d.holder
	if v.d.conceal == concealNone {
		registrant["vcardArray"] = card(prop("fn", orElse(h.org, h.person)), filled("org", h.org), filled("email", h.email),
			[]any{"adr", obj{}, "text", []string{"", "", "", "", "", "", h.country}})
	} else {
		registrant["vcardArray"] = card(prop("fn", ""))
		registrant["remarks"] = []obj{{"title": "REDACTED FOR PRIVACY", "type": "object redacted due to authorization", "description": []string{"Some of the data in this object has been removed."}}}
	}
	o["entities"] = []obj{registrar, registrant}
	return o
}

// swissRegistry capitalises roles, names the registrar by handle alone, ends
// hosts in a dot, says when a name was registered and not when it ends, and
// gives keys without saying that the delegation is signed.
func swissRegistry(v *recordView) obj {
	o := v.record()
	o["entities"] = []obj{{"objectClassName": "entity", "handle": v.registrar.name, "roles": []string{"Registrar"}}}
	o["nameservers"] = v.nameservers(func(host string) string { return strings.ToUpper(host[:1]) + host[1:] + "." })
	o["events"] = []obj{{"eventAction": "registration", "eventDate": day(v.d.created).Format(time.DateOnly)}}
	delete(o, "status")
	delete(o, "secureDNS")
	if v.d.signed != unsigned {
		o["secureDNS"] = obj{"keyData": []obj{v.keyData()}}
	}
	return o
}

// canadianRegistry writes dates without a zone, and words in place of a person.
func canadianRegistry(v *recordView) obj {
	o := v.record()
	o["handle"] = handleOf(v)
	o["events"] = v.events("2006-01-02T15:04:05")
	registrar := v.registrarEntity()
	registrar["publicIds"] = []obj{{"type": "iana registrar identifier", "identifier": v.registrar.ianaID}}
	registrant, redacted := v.registrantEntity()
	o["entities"] = []obj{registrar, registrant}
	if redacted != nil {
		o["redacted"] = redacted
	}
	v.addRelated(o)
	return o
}

// britishRegistry puts the registrar inside the registrant, gives it a number of
// its own that is not ICANN's, and writes a truth value as a word.
func britishRegistry(v *recordView) obj {
	o := v.record()
	registrar := v.registrarEntity()
	registrar["handle"] = strings.ToUpper(v.registrar.key)
	registrar["publicIds"] = []obj{{"type": "Albion Registrar Identifier", "identifier": "1107"}}
	registrant, redacted := v.registrantEntity()
	registrant["entities"] = []obj{registrar}
	o["entities"] = []obj{registrant}
	if redacted != nil {
		o["redacted"] = redacted
	}
	o["secureDNS"] = obj{"delegationSigned": fmt.Sprint(v.d.signed != unsigned)}
	return o
}

// retailRegistrar is a registrar's record in ICANN's profile of 2024, redacted
// by RFC 9537.
func retailRegistrar(v *recordView) obj {
	o := v.record()
	o["rdapConformance"] = conformance2024
	o["handle"] = handleOf(v)
	o["events"] = append(v.events(time.RFC3339), obj{"eventAction": "registrar expiration", "eventDate": v.d.paid().Format(time.RFC3339)})
	registrant, redacted := v.registrantEntity()
	o["entities"] = v.withReseller([]obj{registrant, v.registrarEntity()})
	if redacted != nil {
		o["redacted"] = redacted
	}
	return o
}

// wholesaleRegistrar names its reseller where it does, writes EPP's words in
// place of RDAP's, offsets in dates and an own language tag.
func wholesaleRegistrar(v *recordView) obj {
	o := v.record()
	o["handle"] = handleOf(v)
	o["lang"] = "nl"
	o["status"] = slices.Clone(v.d.statuses)
	o["events"] = append(v.events("2006-01-02T15:04:05-07:00"), obj{"eventAction": "registrar expiration", "eventDate": v.d.paid().Format("2006-01-02T15:04:05-07:00")})
	registrant, redacted := v.registrantEntity()
	o["entities"] = v.withReseller([]obj{v.registrarEntity(), registrant})
	if redacted != nil {
		o["redacted"] = redacted
	}
	return o
}

// hostRegistrar capitalises roles and shows what it has.
func hostRegistrar(v *recordView) obj {
	o := v.record()
	o["events"] = append(v.events(time.RFC3339), obj{"eventAction": "registrar expiration", "eventDate": v.d.paid().Format(time.RFC3339)})
	registrar := v.registrarEntity()
	registrar["roles"] = []string{"REGISTRAR"}
	registrant, redacted := v.registrantEntity()
	registrant["roles"] = []string{"Registrant"}
	o["entities"] = []obj{registrar, registrant}
	if redacted != nil {
		o["redacted"] = redacted
	}
	return o
}

func (v *recordView) withReseller(entities []obj) []obj {
	if v.d.reseller == "" {
		return entities
	}
	return append(entities, obj{"objectClassName": "entity", "roles": []string{"reseller"}, "vcardArray": card(prop("fn", v.d.reseller))})
}

// handleOf makes the registry's handle of a name, the same every time.
func handleOf(v *recordView) string {
	key := dns.HashName(v.ascii+".", dns.SHA1, 0, "")
	return "D" + key[:10] + v.registry.handle
}

func mustNumber(s string) int {
	n := 0
	for _, c := range []byte(s) {
		n = 10*n + int(c-'0')
	}
	return n
}
