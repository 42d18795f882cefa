package rdap

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"freehold"
)

// with makes an answer about boulangerie-perrin.com with more members.
func with(members string) string {
	if members != "" {
		members = ", " + members
	}
	return `{"objectClassName":"domain","ldhName":"boulangerie-perrin.com"` + members + `}`
}

func entity(role, members string) string {
	return fmt.Sprintf(`{"objectClassName":"entity","roles":["%s"]%s}`, role, members)
}

func card(properties string) string {
	return `"vcardArray":["vcard",[["version",{},"text","4.0"]` + properties + `]]`
}

func fn(name string) string { return `,["fn",{},"text","` + name + `"]` }

const registrarID = `,"publicIds":[{"type":"IANA Registrar ID","identifier":"9301"}]`

func mustHost(t testing.TB, s string) freehold.Host {
	t.Helper()
	h, err := freehold.ParseHost(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// numbered makes "ns0", "ns1" …
func numbered(s string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(s, i)
	}
	return list
}

// TestQuirks: each way in which a server was seen to break the standards, with
// what is read nonetheless. fields are those of the corpus table, from the
// registrar on; a note, if given, must be among the parser's.
func TestQuirks(t *testing.T) {
	const rest = "|?|?|?|?|?|?" // six fields nobody told
	for _, c := range []struct {
		name, body string
		fields     string // a prefix of the fields
		note       string
	}{
		{"plain", with(`"entities":[` + entity("registrar", `,"handle":"9301",`+card(fn("Alpenregistrar AG"))+registrarID) + `]`),
			"Alpenregistrar AG|9301" + rest, ""},
		{"capitalised role", with(`"entities":[` + entity("Registrar", `,`+card(fn("Alpenregistrar AG"))+registrarID) + `]`),
			"Alpenregistrar AG|9301", ""},
		{"role as a text", with(`"entities":[{"roles":"registrar",` + card(fn("Alpenregistrar AG")) + `}]`),
			"Alpenregistrar AG|?", ""},
		{"entity alone, without a list", with(`"entities":` + entity("registrar", `,`+card(fn("Alpenregistrar AG")))),
			"Alpenregistrar AG|?", ""},
		{"only a handle", with(`"entities":[` + entity("registrar", `,"handle":"REG-ALPEN"`) + `]`),
			"REG-ALPEN|?", "only a handle"},
		{"null handle and undefined name", with(`"entities":[` + entity("registrar", `,"handle":null,`+card(fn("undefined"))) + `]`),
			"?|?", "has no name"},
		{"only in org", with(`"entities":[` + entity("registrar", `,`+card(`,["org",{},"text","Alpenregistrar AG"]`)) + `]`),
			"Alpenregistrar AG", "only in org"},
		{"empty fn, name in org", with(`"entities":[` + entity("registrar", `,`+card(fn("")+`,["org",{},"text",["Alpenregistrar AG","Domains"]]`)) + `]`),
			"Alpenregistrar AG, Domains", "only in org"},
		{"inside another entity", with(`"entities":[` + entity("technical", `,"entities":[`+entity("registrar", `,`+card(fn("Alpenregistrar AG"))+registrarID)+`]`) + `]`),
			"Alpenregistrar AG|9301", "inside another entity"},
		{"the upper registrar wins", with(`"entities":[` + entity("sponsor", `,"entities":[`+entity("registrar", `,`+card(fn("Unten GmbH")))+`]`) + `,` + entity("registrar", `,`+card(fn("Oben GmbH"))) + `]`),
			"Oben GmbH", ""},
		{"id type written otherwise", with(`"entities":[` + entity("registrar", `,`+card(fn("A"))+`,"publicIds":[{"type":"IANA_REGISTRAR_ID","identifier":"9301"}]`) + `]`),
			"A|9301", "type of the IANA id"},
		{"id as a number", with(`"entities":[` + entity("registrar", `,`+card(fn("A"))+`,"publicIds":[{"type":"IANA Registrar ID","identifier":9301}]`) + `]`),
			"A|9301", "is a number"},
		{"ids not in a list", with(`"entities":[` + entity("registrar", `,`+card(fn("A"))+`,"publicIds":{"type":"IANA Registrar ID","identifier":"9301"}`) + `]`),
			"A|9301", ""},
		{"publicIDs", with(`"entities":[` + entity("registrar", `,`+card(fn("A"))+`,"publicIDs":[{"type":"IANA Registrar ID","id":"9301"}]`) + `]`),
			"A|9301", "publicIDs"},
		{"id at the domain", with(`"publicIds":[{"type":"IANA Registrar ID","identifier":"9301"}],"entities":[` + entity("registrar", `,`+card(fn("A"))) + `]`),
			"A|9301", ""},
		{"registrar's name as the type", with(`"publicIds":[{"type":"ALPENREGISTRAR AG","identifier":"9301"}],"entities":[` + entity("registrar", `,`+card(fn("Alpenregistrar AG"))) + `]`),
			"Alpenregistrar AG|9301", "type of the IANA id"},
		{"id in the handle", with(`"entities":[` + entity("registrar", `,"handle":"9301",`+card(fn("A"))) + `]`),
			"A|9301", "taken from its handle"},
		{"handle that is no id", with(`"entities":[` + entity("registrar", `,"handle":"RAR93-FRNIC",`+card(fn("A"))) + `]`), "A|?", ""},
		{"id of nonsense", with(`"entities":[` + entity("registrar", `,`+card(fn("A"))+`,"publicIds":[{"type":"IANA Registrar ID","identifier":"n/a"}]`) + `]`),
			"A|?", "IANA id is not understood"},
		{"registry's own identifier", with(`"entities":[` + entity("registrar", `,"handle":"EXAMPLE-TAG",`+card(fn("Albion Names Ltd"))+`,"publicIds":[{"type":"Nominet Registrar Tag","identifier":"1234"}]`) + `]`),
			"Albion Names Ltd|?", ""},
		{"jCard with one property wrong", with(`"entities":[` + entity("registrar", `,"vcardArray":["vcard",[["version"],7,["fn",{},"text","Alpenregistrar AG"],{"x":1},["tel",null],["email"]]]`) + `]`),
			"Alpenregistrar AG", "no array"},
		{"jCard without its inner list", with(`"entities":[` + entity("registrar", `,"vcardArray":["vcard",["version","{}","text","4.0"],["fn","{}","text","Alpenregistrar AG"]]`) + `]`),
			"Alpenregistrar AG", ""},
		{"jCard as an object", with(`"entities":[` + entity("registrar", `,"vcardArray":["vcard",{"fn":"Alpenregistrar AG"}]`) + `]`),
			"Alpenregistrar AG", "an object"},
		{"jCard of nonsense", with(`"entities":[` + entity("registrar", `,"handle":"REG-A","vcardArray":"none"`) + `]`), "REG-A", "vcardArray is no array"},
		{"JSContact", with(`"entities":[` + entity("registrant", `,"jscard":{"@type":"Card","kind":"individual","name":{"full":"Anne Perrin"},"organizations":{"o":{"name":"Perrin SA"}},"emails":{"e":{"address":"anne@perrin.example"}},"addresses":{"a":{"countryCode":"ch"}}}`) + `]`),
			"?|?|Anne Perrin|Perrin SA|anne@perrin.example|CH", ""},
		{"trailing dots and capitals", `{"objectClassName":"Domain","ldhName":"BOULANGERIE-Perrin.COM.","nameservers":[{"ldhName":"NS1.Hebergeur.EXAMPLE."},{"ldhName":"ns1.hebergeur.example"}]}`,
			"?|?|?|?|?|?|?|?|?|?|?|?|1|?", "ldhName is written"},
		{"only the Unicode name", `{"objectClassName":"domain","unicodeName":"boulangerie-perrin.com"}`, "?", "ldhName is missing"},
		{"no class", `{"ldhName":"boulangerie-perrin.com"}`, "?", "objectClassName is missing"},
		{"odd dates", with(`"events":[{"eventAction":"registration","eventDate":"2003-09-15 04:00:00"},{"eventAction":"Expiration","eventDate":"2028-09-14T04:00:00.000+0000"},{"eventAction":"last changed","eventDate":"2026/09/09"},{"eventAction":"transfer","eventDate":"2019-02-30"}]`),
			"?|?|?|?|?|?|2003-09-15|2028-09-14|?|?|2026-09-09", "no time zone"},
		{"date of nonsense", with(`"events":[{"eventAction":"expiration","eventDate":"soon"}]`), "?|?|?|?|?|?|?|?", "not understood"},
		{"two expiry dates", with(`"events":[{"eventAction":"expiration","eventDate":"2028-09-14T04:00:00Z"},{"eventAction":"expiration","eventDate":"2027-09-14T04:00:00Z"}]`),
			"?|?|?|?|?|?|?|?|?", "neither is taken"},
		{"two expiry dates, a third like the first", with(`"events":[{"eventAction":"expiration","eventDate":"2028-09-14T04:00:00Z"},{"eventAction":"expiration","eventDate":"2027-09-14T04:00:00Z"},{"eventAction":"expiration","eventDate":"2028-09-14T04:00:00Z"}]`),
			"?|?|?|?|?|?|?|?|?", "neither is taken"},
		{"freshness of the database", with(`"events":[{"eventAction":"last update of RDAP database","eventDate":"2026-01-01T00:00:00Z"},{"eventAction":"reregistration","eventDate":"2026-01-01T00:00:00Z"},{"eventAction":"soft expiration","eventDate":"2026-01-01T00:00:00Z"},{"eventAction":"locked","eventDate":"2026-01-01T00:00:00Z"}]`),
			"?|?|?|?|?|?|?|?|?|?|?", ""},
		{"years that stand for none", with(`"events":[{"eventAction":"registration","eventDate":"0000-01-01T00:00:00Z"},{"eventAction":"expiration","eventDate":"10000-01-01T00:00:00Z"},{"eventAction":"last changed","eventDate":"-0001-01-01T00:00:00Z"},{"eventAction":"transfer","eventDate":"+12026-01-01T00:00:00Z"},{"eventAction":"registrar expiration","eventDate":"9999-12-31T23:59:59-14:00"}]`),
			"?|?|?|?|?|?|?|?|?|?|?", "not understood"},
		{"two registrars", with(`"entities":[` + entity("registrar", `,"handle":"9301",`+card(fn("Alpenregistrar AG"))+registrarID) + `,` + entity("registrar", `,"handle":"9302",`+card(fn("Unten GmbH"))) + `]`),
			"?|?", "more than one registrar"},
		{"one registrar, twice", with(`"entities":[` + entity("registrar", `,"handle":"9301",`+card(fn("Alpenregistrar AG"))+registrarID) + `,` + entity("registrar", `,`+card(fn("ALPENREGISTRAR, AG"))) + `]`),
			"Alpenregistrar AG|9301", ""},
		{"another Unicode name", `{"objectClassName":"domain","ldhName":"boulangerie-perrin.com","unicodeName":"pâtisserie-perrin.com"}`,
			"?", "unicodeName is another name"},
		{"a country in an object", with(`"entities":[` + entity("registrant", `,`+card(fn("A")+`,["adr",{},"text",{"a":"1","b":"2","c":"3","d":"4","e":"5","f":"6","g":"CH"}]`)) + `]`),
			"?|?|A|-|?|?", ""},
		{"JSContact with two companies, in any order", with(`"entities":[` + entity("registrant", `,"jscard":{"name":{"full":"Anne Perrin"},"organizations":{"2":{"name":"Zweite AG"},"1":{"name":"Perrin SA"}}}`) + `]`),
			"?|?|Anne Perrin|Perrin SA|?|?", ""},
		{"a truncated record", with(`"remarks":[{"title":"Incomplete","type":"object truncated due to unexplainable reasons"}],"status":["active"],"nameservers":[{"ldhName":"ns1.hebergeur.example"}]`),
			"?|?|?|?|?|?|?|?|?|?|?|?|?|?", "not the whole record"},
		{"a status that is no text", with(`"status":["active",{"x":1}]`), "?|?|?|?|?|?|?|?|?|?|?|?|?|?", "a status is not understood"},
		{"a null among statuses", with(`"status":[null,"active"]`), "?|?|?|?|?|?|?|?|?|?|?|1", ""},
		{"more statuses than there are", with(`"status":["` + strings.Join(numbered("s", 70), `","`) + `"]`), "?|?|?|?|?|?|?|?|?|?|?|?|?|?", "a status is not understood"},
		{"more name servers than a list has", with(`"nameservers":[{"ldhName":"` + strings.Join(numbered("ns", 70), `.example"},{"ldhName":"`) + `.example"}]`), "?|?|?|?|?|?|?|?|?|?|?|?|?|?", "a name server is not understood"},
		{"the later change counts", with(`"events":[{"eventAction":"last changed","eventDate":"2025-01-01T00:00:00Z"},{"eventAction":"last changed","eventDate":"2026-01-01T00:00:00Z"},{"eventAction":"last changed","eventDate":"2024-01-01T00:00:00Z"}]`),
			"?|?|?|?|?|?|?|?|?|?|2026-01-01", ""},
		{"keys without delegationSigned", with(`"secureDNS":{"keyData":[{"flags":257,"protocol":3,"algorithm":13,"publicKey":"AAAA"}]}`), "?|?|?|?|?|?|?|?|?|?|?|?|?|signed", ""},
		{"delegationSigned as a text", with(`"secureDNS":{"delegationSigned":"true"}`), "?|?|?|?|?|?|?|?|?|?|?|?|?|signed", "no boolean"},
		{"unsigned as a text", with(`"secureDNS":{"delegationSigned":"False"}`), "?|?|?|?|?|?|?|?|?|?|?|?|?|unsigned", "no boolean"},
		{"unsigned with keys", with(`"secureDNS":{"delegationSigned":false,"dsData":[{"keyTag":1}]}`), "?|?|?|?|?|?|?|?|?|?|?|?|?|?", "neither is taken"},
		{"only zoneSigned", with(`"secureDNS":{"zoneSigned":true,"dsData":[]}`), "?|?|?|?|?|?|?|?|?|?|?|?|?|?", ""},
		{"no name servers", with(`"nameservers":[]`), "?|?|?|?|?|?|?|?|?|?|?|?|-|?", ""},
		{"a name server of nonsense", with(`"nameservers":[{"ldhName":"ns1.hebergeur.example"},{"ldhName":"no name"}]`), "?|?|?|?|?|?|?|?|?|?|?|?|?|?", "not understood"},
		{"name servers as texts", with(`"nameServers":["ns1.hebergeur.example","ns2.hebergeur.example"]`), "?|?|?|?|?|?|?|?|?|?|?|?|2|?", "not an object"},
		{"an empty status", with(`"status":[]`), "?|?|?|?|?|?|?|?|?|?|?|?|?|?", ""},
		{"raw control characters", with("\"entities\":[" + entity("registrar", `,`+card(fn("Alpen\x01registrar\tAG\x1b[31m"))) + "]"), "Alpen\uFFFDregistrar AG\uFFFD[31m", "control characters"},
		{"not UTF-8", with("\"entities\":[" + entity("registrar", `,`+card(fn("Hébergement Gen\xe8ve"))) + "]"), "Hébergement Gen\uFFFDve", "not UTF-8"},
		{"byte order mark", "\ufeff" + with(`"status":["active"]`), "?|?|?|?|?|?|?|?|?|?|?|1", "byte order mark"},
		{"equal members twice", with(`"status":["active"],"status":[ "active" ]`), "?|?|?|?|?|?|?|?|?|?|?|1", ""},
		{"a card's member twice", with(`"entities":[` + entity("registrar", `,"handle":"9301","handle":"9302",`+card(fn("A"))) + `]`), "A|?", "neither is taken"},
		{"a comma too many", with(`"status":["active",]`), "?|?|?|?|?|?|?|?|?|?|?|1", "comma"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec, notes, err := readDomain([]byte(c.body), mustHost(t, "boulangerie-perrin.com"), "sha256:0", nil)
			if err != nil {
				t.Fatalf("refused: %v\n%s", err, c.body)
			}
			got := strings.Join(fields(rec), "|")
			if got != c.fields && !strings.HasPrefix(got, c.fields+"|") {
				t.Errorf("got %s\nwant %s", got, c.fields)
			}
			if c.note != "" && !strings.Contains(strings.Join(notes, "\n"), c.note) {
				t.Errorf("notes %q, want one with %q", notes, c.note)
			}
			if c.note == "" && len(notes) > 0 {
				t.Errorf("notes %q, want none", notes)
			}
		})
	}
}

// In a country's domain, and where ICANN accredits nobody, a number as handle is
// the registry's own.
func TestHandleIsNoIDInCountryDomains(t *testing.T) {
	for _, name := range []string{"perrin.ch", "perrin.edu", "perrin.int", "2.0.192.in-addr.arpa", "perrin.xn--fiqs8s"} {
		body := `{"objectClassName":"domain","ldhName":"` + name + `","entities":[` + entity("registrar", `,"handle":"9301",`+card(fn("A"))) + `]}`
		rec, _, err := readDomain([]byte(body), mustHost(t, name), "sha256:0", nil)
		if err != nil || rec.RegistrarIANAID.State != freehold.Unknown {
			t.Errorf("%s: IANA id %+v, %v", name, rec.RegistrarIANAID, err)
		}
	}
}

// TestRefused: answers from which nothing is taken.
func TestRefused(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 30_000) + strings.Repeat(`]}`, 30_000)
	for _, c := range []struct{ name, body, want string }{
		{"empty", "", "empty"},
		{"space", " \r\n\t", "empty"},
		{"a web page", "<!DOCTYPE html><html>", "web page"},
		{"text", "Not found", "not JSON"},
		{"a list", "[]", "no JSON object"},
		{"a text", `"domain"`, "no JSON object"},
		{"cut short", with(`"status":["act`)[:78], "ends too early"},
		{"something behind it", with("") + "<!-- 12 ms -->", "follows"},
		{"another name", `{"objectClassName":"domain","ldhName":"patisserie-perrin.com"}`, "another name"},
		{"a name below", `{"objectClassName":"domain","ldhName":"www.boulangerie-perrin.com"}`, "another name"},
		{"no name", `{"objectClassName":"domain","handle":"X"}`, "which name"},
		{"another class", `{"objectClassName":"entity","ldhName":"boulangerie-perrin.com"}`, `about a "entity"`},
		{"an error", `{"errorCode":429,"title":"Too many requests"}`, "error: 429 Too many requests"},
		{"a search result", `{"domainSearchResults":[` + with("") + `]}`, "which name"},
		{"nested 60,000 deep", deep, "deeper than 64"},
		{"deep arrays", strings.Repeat("[", 60_000), "deeper than 64"},
		{"too many values", "[" + strings.Repeat("0,", 200_000) + "0]", "more than 100000 values"},
		{"status twice", with(`"status":["active"],"status":["client hold"]`), `"status" twice`},
		{"name twice", with(`"ldhName":"patisserie-perrin.com"`), `"ldhName" twice`},
		{"name twice, one escaped", with(`"ldh\u004eame":"patisserie-perrin.com"`), `"ldhName" twice`},
		{"a bad escape", with(`"x":"\q"`), "escape"},
		{"no colon", `{"a" 1}`, "colon"},
		{"no comma", `{"a":1 "b":2}`, "comma"},
		{"no name of a member", `{1:2}`, "member's name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec, _, err := readDomain([]byte(c.body), mustHost(t, "boulangerie-perrin.com"), "sha256:0", nil)
			if err == nil || rec != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v; want %s", rec, err, c.want)
			}
			if err != nil && len(err.Error()) > 400 {
				t.Errorf("an error of %d octets", len(err.Error()))
			}
		})
	}
}

// TestRedaction: RFC 9537 in all its methods, and the words that stand for values.
func TestRedaction(t *testing.T) {
	registrant := func(properties string) string {
		return `"entities":[` + entity("registrant", `,`+card(properties)) + `]`
	}
	redacted := func(items ...string) string { return `,"redacted":[` + strings.Join(items, ",") + `]` }
	all := fn("Anne Perrin") + `,["org",{},"text","Perrin SA"],["email",{},"text","anne@perrin.example"],["adr",{"cc":"ch"},"text",["","","","Genf","","",""]]`
	for _, c := range []struct{ name, members, want string }{ // want: name|org|e-mail|country
		{"nothing is redacted", registrant(all), "Anne Perrin|Perrin SA|anne@perrin.example|CH"},
		{"removal, by name", registrant(fn("")) + redacted(`{"name":{"description":"Registrant Name"},"method":"removal"}`, `{"name":{"type":"Registrant Organization"}}`, `{"name":{"description":"Registrant Email"}}`), "~|~|~|?"},
		{"empty value, by path", registrant(fn("")) + redacted(`{"name":{"description":"Name"},"postPath":"$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='fn')][3]","method":"emptyValue"}`), "~|?|?|?"},
		{"partial value", registrant(fn("A. P.")) + redacted(`{"name":{"description":"Registrant Name"},"method":"partialValue"}`), "~A. P.|?|?|?"},
		{"replacement value", registrant(`,["fn",{},"text",""],["email",{},"text","k3j4@anon.example"]`) + redacted(`{"name":{"type":"Registrant Email"},"method":"replacementValue"}`), "?|?|~k3j4@anon.example|?"},
		{"by index", registrant(fn("")+`,["org",{},"text",""]`) + redacted(`{"name":{"description":"x"},"postPath":"$.entities[0].vcardArray[1][2][3]","method":"emptyValue"}`), "?|~|?|?"},
		{"an index before a removal", registrant(fn("")+`,["org",{},"text",""]`) + redacted(`{"name":{"description":"x"},"prePath":"$.entities[0].vcardArray[1][2]","method":"removal"}`), "?|?|?|?"},
		{"of another entity", registrant(all) + redacted(`{"name":{"description":"Tech Name"},"postPath":"$.entities[?(@.roles[0]=='technical')].vcardArray[1][?(@[0]=='fn')][3]"}`), "Anne Perrin|Perrin SA|anne@perrin.example|CH"},
		{"the street, not the country", registrant(all) + redacted(`{"name":{"description":"Registrant Street"},"postPath":"$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='adr')][3][:3]"}`), "Anne Perrin|Perrin SA|anne@perrin.example|CH"},
		{"the whole address", registrant(fn("A")) + redacted(`{"name":{"description":"x"},"prePath":"$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='adr')]","method":"removal"}`), "A|-|?|~"},
		{"the whole registrant", redactedOnly(`{"name":{"description":"x"},"prePath":"$.entities[?(@.roles[0]==\"registrant\")]","method":"removal"}`), "~|~|~|~"},
		{"the registrant, by name", redactedOnly(`{"name":{"type":"Registrant"},"method":"removal"}`), "~|~|~|~"},
		{"thin, nothing said", `"entities":[]`, "?|?|?|?"},
		{"thin, one field", redactedOnly(`{"name":{"description":"Registrant E-mail"}}`), "?|?|~|?"},
		{"words for values", registrant(fn("REDACTED FOR PRIVACY") + `,["org",{},"text","Statutory Masking Enabled"],["email",{},"text","Please query the RDDS service of the Registrar"],["adr",{},"text",["","","","","","","GDPR Masked"]]`), "~|~|~|~"},
		{"a form for the mailbox", registrant(fn("A") + `,["email",{},"text","https://registrar.example/contact?d=x"]`), "A|-|~https://registrar.example/contact?d=x|?"},
		{"a contact URI", registrant(fn("") + `,["contact-uri",{},"uri","https://registrar.example/contact"]`), "?|?|~https://registrar.example/contact|?"},
		{"a contact URI beside the mailbox", registrant(all + `,["contact-uri",{},"uri","mailto:x@registrar.example"]`), "Anne Perrin|Perrin SA|anne@perrin.example|CH"},
		{"a remark on the entity", `"entities":[` + entity("registrant", `,`+card(`,["org",{},"text","Perrin SA"]`)+`,"remarks":[{"title":"REDACTED FOR PRIVACY","type":"object redacted due to authorization"}]`) + `]`, "~|Perrin SA|~|~"},
		{"only a handle", `"entities":[` + entity("registrant", `,"handle":"P12-EX"`) + `]`, "?|?|?|?"},
		{"a company's card", registrant(fn("Perrin SA") + `,["kind",{},"text","org"]`), "Perrin SA|Perrin SA|?|?"},
		{"a mailbox too long to be one", registrant(fn("A") + `,["email",{},"text","` + strings.Repeat("a", 250) + `@b.example"]`), "A|-|?|?"},
		{"a card of nothing but empty fields", registrant(fn("") + `,["org",{},"text",""],["email",{},"text",""],["adr",{"cc":""},"text",["","","","","","",""]]`), "?|?|?|?"},
		{"a person without a company", registrant(fn("Anne Perrin") + `,["org",{},"text",""],["email",{},"text","anne@perrin.example"],["adr",{"cc":"CH"},"text",["","","","","","",""]]`), "Anne Perrin|-|anne@perrin.example|CH"},
		{"the reseller's own contact", `"entities":[` + entity("reseller", `,`+card(fn("Webagentur Süd"))+`,"entities":[`+entity("registrant", `,`+card(fn("Clerk")))+`]`) + `]`, "?|?|?|?"},
		{"a privacy service is a value", registrant(fn("Domain Privacy Service") + `,["org",{},"text","Whois Privacy Corp."]`), "Domain Privacy Service|Whois Privacy Corp.|?|?"},
		{"the registrar's own contact", `"entities":[` + entity("registrar", `,`+card(fn("A"))+`,"entities":[`+entity("registrant", `,`+card(fn("Clerk")))+`]`) + `]`, "?|?|?|?"},
		{"redacted is no list", registrant(all) + `,"redacted":"yes"`, "Anne Perrin|Perrin SA|anne@perrin.example|CH"},
		{"paths of nonsense", registrant(all) + redacted(`{"name":7,"prePath":"$.entities[","postPath":"$.entities[999].vcardArray[1][99]","replacementPath":[]}`), "Anne Perrin|Perrin SA|anne@perrin.example|CH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec, _, err := readDomain([]byte(with(c.members)), mustHost(t, "boulangerie-perrin.com"), "sha256:0", nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(fields(rec)[2:6], "|"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func redactedOnly(item string) string { return `"redacted":[` + item + `]` }

func TestReseller(t *testing.T) {
	for _, c := range []struct {
		name, members string
		want          freehold.Fact[string]
	}{
		{"named", `"entities":[` + entity("Reseller", `,`+card(fn("Webagentur Süd"))) + `]`, freehold.Known("Webagentur Süd", "sha256:0")},
		{"inside the registrar", `"entities":[` + entity("registrar", `,"entities":[`+entity("reseller", `,`+card(fn("Webagentur Süd")))+`]`) + `]`, freehold.Known("Webagentur Süd", "sha256:0")},
		{"held back", redactedOnly(`{"name":{"type":"Reseller"}}`), freehold.Hidden[string](heldBack, "sha256:0")},
		{"none", `"entities":[]`, freehold.Fact[string]{Note: notInThin}},
	} {
		rec, _, err := readDomain([]byte(with(c.members)), mustHost(t, "boulangerie-perrin.com"), "sha256:0", nil)
		if err != nil || fmt.Sprint(rec.Reseller) != fmt.Sprint(c.want) {
			t.Errorf("%s: %+v, %v; want %+v", c.name, rec.Reseller, err, c.want)
		}
	}
}

func TestStatuses(t *testing.T) {
	rec, _, err := readDomain([]byte(with(`"status":["client transfer prohibited","Server Hold","active","transfer prohibited","clientHold","active","renew\u0050eriod"]`)), mustHost(t, "boulangerie-perrin.com"), "sha256:0", nil)
	want := []string{"clientTransferProhibited", "serverHold", "ok", "transferProhibited", "clientHold", "renewPeriod"}
	if err != nil || !slices.Equal(rec.Statuses.Value, want) {
		t.Errorf("statuses %q, %v; want %q", rec.Statuses.Value, err, want)
	}
}

func TestRelatedLinks(t *testing.T) {
	link := func(rel, href, media string) string {
		return fmt.Sprintf(`{"rel":%q,"href":%q,"type":%q}`, rel, href, media)
	}
	const rdap, html = "application/rdap+json", "text/html"
	body := with(`"links":[` + strings.Join([]string{
		link("self", "https://a.example/domain/boulangerie-perrin.com", rdap),
		link("related", "https://registry.example/", html),
		link("Related", "https://b.example/rdap/domain/BOULANGERIE-PERRIN.COM", rdap),
		link("related", "https://c.example/domain/patisserie-perrin.com", rdap),
		link("related", "https://d.example/entity/boulangerie-perrin.com", rdap),
		link("related", "https://e.example/domain/boulangerie-perrin.com/", html),
		link("related", "/domain/boulangerie-perrin.com", rdap),
		link("related", "://", rdap),
	}, ",") + `]`)
	rec, _, err := readDomain([]byte(body), mustHost(t, "boulangerie-perrin.com"), "sha256:0", nil)
	want := []string{"https://b.example/rdap/domain/BOULANGERIE-PERRIN.COM", "https://e.example/domain/boulangerie-perrin.com/"}
	if err != nil || !slices.Equal(rec.related, want) {
		t.Errorf("related %q, %v; want %q", rec.related, err, want)
	}
}

// Members that a server tells nobody are not taken from it.
func TestUntold(t *testing.T) {
	body := with(`"status":["inactive"],"nameservers":[],"events":[],"secureDNS":{"delegationSigned":false},"entities":[` + entity("registrar", `,`+card(fn("A"))) + `]`)
	rec, _, err := readDomain([]byte(body), mustHost(t, "boulangerie-perrin.com"), "sha256:0", []string{"status", "nameservers", "events", "secureDNS"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(fields(rec), "|"); got != "A|?|?|?|?|?|?|?|?|?|?|?|?|?" {
		t.Errorf("got %s", got)
	}
	if rec.Nameservers.Note == "" || rec.Statuses.Note == "" || rec.DNSSEC.Note == "" {
		t.Error("no reason is given")
	}
}

// No answer can make many notes or long texts.
func TestBounded(t *testing.T) {
	var ns []string
	for range 500 {
		ns = append(ns, `{"eventAction":"expiration","eventDate":"`+strings.Repeat("x", 200)+`"}`)
	}
	rec, notes, err := readDomain([]byte(with(`"events":[`+strings.Join(ns, ",")+`],"entities":[`+entity("registrar", `,`+card(fn(strings.Repeat("A", 100_000))))+`]`)), mustHost(t, "boulangerie-perrin.com"), "sha256:0", nil)
	if err != nil || len(notes) > maxNotes || len(rec.Registrar.Value) > maxText {
		t.Errorf("%d notes, a name of %d, %v", len(notes), len(rec.Registrar.Value), err)
	}
	for _, n := range notes {
		if len(n) > maxText {
			t.Errorf("a note of %d octets", len(n))
		}
	}
}

// The abuse contact of the reseller's is not the registrar's.
func TestAbuse(t *testing.T) {
	abuse := func(mail string) string {
		return entity("abuse", `,`+card(fn("Abuse")+`,["email",{},"text","`+mail+`"],["tel",{"type":"fax"},"uri","tel:+41.220000001"],["tel",{"type":"voice"},"uri","tel:+41.220000002;ext=3"]`))
	}
	for _, c := range []struct{ name, entities, mail, phone string }{
		{"inside the registrar", entity("registrar", `,`+card(fn("A"))+`,"entities":[`+abuse("a@registrar.example")+`]`) + `,` + abuse("a@else.example"), "a@registrar.example", "+41.220000002"},
		{"beside the registrar", entity("registrar", `,`+card(fn("A"))) + `,` + abuse("a@registrar.example"), "a@registrar.example", "+41.220000002"},
		{"inside the reseller", entity("reseller", `,"entities":[`+abuse("a@reseller.example")+`]`) + `,` + entity("registrar", `,`+card(fn("A"))), "", ""},
		{"inside the registrant", entity("registrant", `,"entities":[`+abuse("a@holder.example")+`]`) + `,` + entity("registrar", `,`+card(fn("A"))), "", ""},
	} {
		rec, _, err := readDomain([]byte(with(`"entities":[`+c.entities+`]`)), mustHost(t, "boulangerie-perrin.com"), "sha256:0", nil)
		if err != nil || rec.RegistrarEmail.Value != c.mail || rec.RegistrarPhone.Value != c.phone {
			t.Errorf("%s: %+v %+v, %v", c.name, rec.RegistrarEmail, rec.RegistrarPhone, err)
		}
	}
}
