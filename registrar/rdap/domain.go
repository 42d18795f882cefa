package rdap

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"freehold"
)

// record is what one server says about a name.
type record struct {
	freehold.Registration
	// registrarExpiration is the event of that name, apart from "expiration".
	registrarExpiration freehold.Fact[time.Time]
	related             []string // links to another server's record of the same name
	about               string   // the RDAP base that the registry states for the registrar
	hasRegistrant       bool
}

// records holds what answers are read into: the caller of Domain gets a copy.
var records = sync.Pool{New: func() any { return new(record) }}

// release gives a record back, if there is one. The lists in it stay with their facts.
func (r *record) release() {
	if r != nil {
		*r = record{}
		records.Put(r)
	}
}

// readDomain reads an answer about a domain, which is a Name or a reverse zone. The error says why nothing can be taken
// from it. Notes say what was wrong in what was taken. untold are members that
// say nothing on this server.
func readDomain(body []byte, name freehold.Host, id freehold.EvidenceID, untold []string) (rec *record, notes []string, err error) {
	if err := looksWrong(body); err != nil {
		return nil, nil, err
	}
	t, err := parse(body)
	if err != nil {
		return nil, nil, fmt.Errorf("the answer cannot be read: %w", err)
	}
	defer t.release()
	r := domainReader{record: records.Get().(*record), root: t.root(), name: name, ids: []freehold.EvidenceID{id}}
	if err := r.check(); err != nil {
		r.release()
		return nil, t.notes, err
	}
	r.redacted = readRedacted(r.root)
	r.truncated = r.saysTruncated()
	r.readParties()
	if r.told(untold, "events", &r.Created.Note) {
		r.readEvents()
	}
	if r.told(untold, "status", &r.Statuses.Note) {
		r.readStatuses()
	}
	if r.told(untold, "nameservers", &r.Nameservers.Note) {
		r.readNameservers()
	}
	if r.told(untold, "secureDNS", &r.DNSSEC.Note) {
		r.readDNSSEC()
	}
	r.readLinks()
	return r.record, t.notes, nil
}

// told tells whether a member says something on this server; if not it is noted
// on the fact.
func (r *domainReader) told(untold []string, member string, note *string) bool {
	if slices.Contains(untold, member) {
		*note = "this server does not tell it to the public"
		return false
	}
	return true
}

// looksWrong finds what is plainly no RDAP answer, for a clearer error than the
// parser's.
func looksWrong(body []byte) error {
	for _, c := range body {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '<':
			return fmt.Errorf("the answer is a web page, not RDAP")
		}
		return nil
	}
	return fmt.Errorf("the answer is empty")
}

type domainReader struct {
	*record
	root      val
	name      freehold.Host
	ids       []freehold.EvidenceID
	redacted  hidden
	truncated bool // the answer says that it is not the whole record
}

func (r *domainReader) note(format string, args ...any) { r.root.t.note(format, args...) }

// essential are the members that decide a fact: two different ones in one answer
// make it one that says two things.
var essential = []string{"objectClassName", "ldhName", "unicodeName", "entities", "events", "status", "nameservers", "secureDNS", "redacted", "links"}

// check makes sure that the answer is about the name that was asked for.
func (r *domainReader) check() error {
	if !r.root.is(object) {
		return fmt.Errorf("the answer is no JSON object")
	}
	for m := range r.root.all() {
		if r.root.t.nodes[m.i].twice && slices.Contains(essential, m.key()) {
			return fmt.Errorf("the answer has %q twice, with different values", m.key())
		}
	}
	if code := r.root.get("errorCode"); code.there() {
		return fmt.Errorf("the answer is an error: %s %s", clean(code.str()), clean(r.root.get("title").str()))
	}
	switch class := r.root.get("objectClassName"); {
	case class.fold("domain"):
	case class.there():
		return fmt.Errorf("the answer is about a %q, not a domain", clean(class.str()))
	default:
		r.note("objectClassName is missing")
	}
	return r.checkName()
}

func (r *domainReader) checkName() error {
	unicode := r.root.get("unicodeName").str()
	if unicode != "" {
		// ldhName decides: unicodeName is for people, and some servers spoil it.
		if host, err := freehold.ParseHost(unicode); err != nil || host != r.name {
			r.note("unicodeName is another name, %q", clean(unicode))
		}
	}
	if string(r.root.get("ldhName").raw()) == r.name.ASCII() {
		return nil
	}
	ldh := r.root.get("ldhName").str()
	if ldh == "" && unicode == "" {
		return fmt.Errorf("the answer does not say which name it is about")
	}
	said := ldh
	if said == "" {
		said = unicode
		r.note("ldhName is missing")
	}
	host, err := freehold.ParseHost(said)
	if err != nil || host != r.name {
		return fmt.Errorf("the answer is about another name, %q", clean(said))
	}
	if ldh != "" {
		r.note("ldhName is written %q", clean(ldh))
	}
	return nil
}

// saysTruncated tells whether the server says that it left out some of the record
// (RFC 9083 section 10.2.1: "object truncated due to authorization", "… excessive
// load", "… unexplainable reasons"). Lists in it may be cut.
func (r *domainReader) saysTruncated() bool {
	for _, member := range [...]string{"remarks", "notices"} {
		for notice := range r.root.get(member).list() {
			if kind := notice.get("type").raw(); len(kind) > 0 && strings.HasPrefix(words(string(kind)), "object truncated") {
				r.note("the answer says that it is not the whole record: %q", clean(string(kind)))
				return true
			}
		}
	}
	return false
}

// notWhole is why a list of a truncated answer is not believed.
const notWhole = "the answer says that it is not the whole record"

// readEvents reads the dates (RFC 9083 section 10.2.3 has the words).
func (r *domainReader) readEvents() {
	events := r.root.get("events")
	var torn []*freehold.Fact[time.Time]
	if events.there() && !events.is(array) {
		r.note("events is no array")
	}
	for e := range events.list() {
		action := e.get("eventAction").raw()
		to, latest := r.event(action)
		if to == nil {
			continue
		}
		date := e.get("eventDate").raw()
		at, zoned, ok := readDateText(date)
		if !ok {
			r.note("the date of event %q is not understood: %q", string(action), clean(string(date)))
			if to.State == freehold.Unknown {
				to.Note = "the date in the answer is not understood"
			}
			continue
		}
		switch {
		case to.State == freehold.Unknown:
			*to = freehold.Fact[time.Time]{State: freehold.Value, Value: at, Evidence: r.ids}
			if !zoned {
				r.note("the date of event %q has no time zone; taken as UTC", string(action))
				to.Note = "the answer gives no time zone; taken as UTC"
			}
		case to.Value.Equal(at):
		case latest:
			if at.After(to.Value) {
				to.Value = at
			}
		case !slices.Contains(torn, to):
			// Two dates of one thing: which is meant, nobody knows.
			r.note("event %q is there twice with different dates: neither is taken", clean(string(action)))
			torn = append(torn, to)
		}
	}
	for _, f := range torn {
		*f = freehold.NotKnown[time.Time]("the answer has two different dates", r.ids...)
	}
}

// event returns the fact that an event's date belongs to, and whether of several
// the latest counts.
func (r *domainReader) event(action []byte) (to *freehold.Fact[time.Time], latest bool) {
	switch string(action) { // the words as they should be, without the general way
	case "registration":
		return &r.Created, false
	case "expiration":
		return &r.Expires, false
	case "last changed":
		return &r.Changed, true
	case "last update of RDAP database":
		return nil, false
	}
	switch strings.ReplaceAll(words(string(action)), " ", "") {
	case "registration", "registered", "created", "creation", "creationdate":
		return &r.Created, false
	case "expiration", "expires", "expiry", "expirationdate", "registryexpiration":
		return &r.Expires, false
	case "registrarexpiration", "registrarexpirationdate", "registrarregistrationexpiration", "registrarregistrationexpirationdate":
		return &r.registrarExpiration, false
	case "lastchanged", "lastupdate", "lastupdated", "lastmodified", "changed", "updated":
		return &r.Changed, true
	case "transfer", "transferred", "lasttransfer", "lasttransferred":
		return &r.LastTransfer, true
	}
	return nil, false
}

// maxStatuses is more than there are: RFC 9083 section 10.2.2 and RFC 8056 have
// some forty words.
const maxStatuses = 64

func (r *domainReader) readStatuses() {
	words := make([]string, 0, 4)
	for s := range r.root.get("status").list() {
		if !s.there() {
			continue
		}
		if !s.is(text) || len(words) >= maxStatuses {
			// A list with a hole is no list: the lock may have stood there.
			r.note("a status is not understood: %q", clean(s.str()))
			r.Statuses.Note = "a status in the answer is not understood"
			return
		}
		word, known := statusWords[string(s.raw())]
		if !known {
			word = clean(freehold.EPPStatus(s.str()))
		}
		if word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	switch {
	case len(words) == 0:
		r.Statuses.Note = "the answer shows no status"
		return
	case r.truncated:
		r.Statuses.Note = notWhole
		return
	}
	r.Statuses = freehold.Fact[[]string]{State: freehold.Value, Value: words, Evidence: r.ids}
}

// heldByNobody returns the status by which a registry says that its record is of
// a name nobody holds: some answer 200 for names that are free or kept back.
// Beside a registrar or a date of registration it means something else.
func (r *record) heldByNobody() string {
	if r.Registrar.State != freehold.Unknown || r.Created.State != freehold.Unknown {
		return ""
	}
	for _, word := range r.Statuses.Value {
		switch lower(word) {
		case "available", "free", "notregistered", "unassigned", "reserved", "blocked", "unavailable", "prohibited":
			return word
		}
	}
	return ""
}

// statusWords spares the common words the general way.
var statusWords = func() map[string]string {
	m := map[string]string{}
	for _, s := range []string{
		"active", "inactive", "associated", "add period", "auto renew period", "renew period", "transfer period", "redemption period",
		"client delete prohibited", "client hold", "client renew prohibited", "client transfer prohibited", "client update prohibited",
		"server delete prohibited", "server hold", "server renew prohibited", "server transfer prohibited", "server update prohibited",
		"pending create", "pending delete", "pending renew", "pending restore", "pending transfer", "pending update",
	} {
		m[s] = freehold.EPPStatus(s)
	}
	return m
}()

func (r *domainReader) readNameservers() {
	list := r.root.get("nameservers")
	if !list.there() {
		if list = r.root.get("nameServers"); list.there() {
			r.note("nameservers is written nameServers")
		}
	}
	if !list.there() {
		r.Nameservers.Note = "the answer lists no name servers"
		return
	}
	if r.truncated {
		r.Nameservers.Note = notWhole
		return
	}
	hosts := make([]freehold.Host, 0, 4)
	for ns := range list.list() {
		raw := ns.get("ldhName").raw()
		if len(raw) == 0 {
			raw = ns.get("unicodeName").raw()
		}
		if len(raw) == 0 && ns.is(text) {
			raw = ns.raw()
			r.note("a name server is a text, not an object")
		}
		host, err := freehold.ParseHost(lowerText(raw))
		if err != nil || len(hosts) >= 64 {
			r.note("a name server is not understood: %q", clean(string(raw)))
			r.Nameservers.Note = "a name server in the answer is not understood"
			return
		}
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	r.Nameservers = freehold.Fact[[]freehold.Host]{State: freehold.Value, Value: hosts, Evidence: r.ids}
	if len(hosts) == 0 {
		r.Nameservers.State = freehold.Absent
	}
}

func (r *domainReader) readDNSSEC() {
	secure := r.root.get("secureDNS")
	if !secure.is(object) {
		if secure.there() {
			r.note("secureDNS is no object")
		}
		r.DNSSEC.Note = "the answer says nothing of DNSSEC"
		return
	}
	keys := filled(secure.get("dsData")) || filled(secure.get("keyData"))
	said, signed := secure.get("delegationSigned"), false
	switch {
	case said.is(boolean):
		signed = string(said.raw()) == "true"
	case said.there():
		word := lower(clean(said.str()))
		switch word {
		case "true", "yes", "signed", "1", "signeddelegation":
			signed = true
		case "false", "no", "unsigned", "0":
		default:
			r.note("delegationSigned is not understood: %q", word)
			said = val{}
		}
		if said.there() {
			r.note("delegationSigned is no boolean")
		}
	}
	switch {
	case keys && !signed && said.there():
		r.note("delegationSigned is false, and there are keys: neither is taken")
		r.DNSSEC.Note = "the answer contradicts itself"
		return
	case !keys && !said.there():
		r.DNSSEC.Note = "the answer does not say whether the delegation is signed"
		return
	}
	r.DNSSEC = freehold.Fact[bool]{State: freehold.Value, Value: signed || keys, Evidence: r.ids}
}

// filled tells whether a list holds an object with something in it.
func filled(v val) bool {
	for e := range v.list() {
		if e.is(object) && e.t.nodes[e.i].next > e.i+1 {
			return true
		}
	}
	return false
}

// readLinks finds links to another record of the same name, such as the
// registrar's (rel "related" with a /domain/ query).
func (r *domainReader) readLinks() {
	for l := range r.root.get("links").list() {
		if !l.get("rel").fold("related") || len(r.related) >= 8 {
			continue
		}
		href := l.get("href").str()
		if r.isDomainQuery(href) {
			r.related = append(r.related, href)
		} else if strings.Contains(lower(l.get("type").str()), "rdap") {
			r.note("the related link %q is no query about this name", clean(href))
		}
	}
}

func (r *domainReader) isDomainQuery(href string) bool {
	if len(href) > 500 {
		return false
	}
	u, err := url.Parse(href)
	if err != nil || u.Host == "" {
		return false
	}
	parts := strings.Split(strings.TrimSuffix(u.Path, "/"), "/")
	if len(parts) < 3 || !strings.EqualFold(parts[len(parts)-2], "domain") {
		return false
	}
	host, err := freehold.ParseHost(parts[len(parts)-1])
	return err == nil && host == r.name
}
