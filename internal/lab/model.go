package lab

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"freehold"
)

// The world is data: registries.go, companies.go and names.go hold it as
// literals of the types below; everything that answers is made from them.

// registry runs one top-level domain.
type registry struct {
	tld      string
	operator string
	// path is the prefix of its RDAP service, "" where it has none. Registries
	// of one operator share a server, as com and net do.
	server, path string
	style        rdapStyle
	// whois writes its port 43 answer, nil where it has none.
	whois *whoisFormat
	// handle is the suffix of its object handles.
	handle string
	denial denial
	// addrs are those of its name servers.
	addrs [2]string
}

// registrar sells names, at retail or through resellers.
type registrar struct {
	key    string
	ianaID string
	name   string
	domain string // its site
	phone  string
	abuse  string
	style  rdapStyle // of its RDAP record; nil: it publishes none
}

// company is a party that runs machines. Its blocks are registered to it, or to
// whoever supplies it.
type company struct {
	name    string
	country string
	blocks  []string
}

// machine is a server with a name: what stands at an address.
type machine struct {
	host  string
	addr  string
	addr6 string // empty: none
}

// holder is a registrant.
type holder struct {
	person, org, email, country string
}

// concealment says how a registrar's record treats the registrant.
type concealment uint8

const (
	concealPerson concealment = iota // RFC 9537: the person's name and mailbox hidden, the organisation shown
	concealAll                       // RFC 9537: every method, nothing shown
	concealText                      // the words REDACTED FOR PRIVACY, without RFC 9537
	concealNone                      // all shown
)

// denial says how a zone proves that something is not there.
type denial uint8

const (
	unsigned    denial = iota
	nsec               // RFC 4034
	nsec3              // RFC 5155, no salt, no iterations (RFC 9276)
	nsec3OptOut        // the same, leaving unsigned delegations out
	expired            // NSEC, with signatures that ran out long ago: bogus
)

// domain is one name of the world, registered or not.
type domain struct {
	name string // in its Unicode form

	// story says what has happened to it; empty for the companies' own names.
	story  string
	leave  freehold.CanLeave   // the verdict it should reach
	status freehold.NameStatus // how far an audit of it should get

	// gone: the registry does not hold it.
	gone bool

	registrar string // key
	reseller  string // named in the registrar's record, and nowhere else
	holder    holder
	conceal   concealment

	// Days, at the hour below: "2001-03-14".
	created, expires, transferred, changed string
	paidUntil                              string // the registrar's expiry; empty: the registry's
	statuses                               []string

	ns      []string // the delegation
	childNS []string // the zone's own NS set; empty: the same
	lame    []string // servers of the delegation that do not know the zone
	behind  []string // servers that have not seen the last change
	signed  denial
	// unpublished: the registry's record has a delegation that its zone does not.
	unpublished bool
	// oldDS: the parent still holds the digest of a key that is gone.
	oldDS bool
	// recordNS is what the registrar's record still names; empty: the delegation.
	recordNS []string

	web     string   // machine
	mail    []string // machines
	records []string // more of the zone, in master file form below the name

	said   []saying
	copies []zoneCopy
	before *before
}

// before is what an audit of an earlier day found.
type before struct {
	day, registrar string // the registrar's name
	ns             []string
}

// saying is what the owner has said, or proven, before.
type saying struct {
	subject, value, day string
	proven              bool
}

// zoneCopy is a copy of the zone that the owner made.
type zoneCopy struct {
	day, source string
	coverage    freehold.Coverage
	serial      uint32
	records     int
	location    string
}

// hour is the time of day of all dates of the world.
const hour = 9*time.Hour + 13*time.Minute + 22*time.Second

// day reads a date of the world; the zero time for an empty one.
func day(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic("lab: " + err.Error()) // the world is ours: TestWorld reads every date
	}
	return t.Add(hour)
}

// world is the data with its indexes; it is read only once made.
type world struct {
	registries []registry
	registrars []registrar
	companies  []company
	machines   []machine
	domains    []domain

	byName    map[string]*domain    // A-label form
	byTLD     map[string]*registry  // tld
	byKey     map[string]*registrar // key
	addrOf    map[string]netip.Addr // machine → its IPv4 address
	addr6Of   map[string]netip.Addr // machine → its IPv6 address, if it has one
	parsed    map[*domain]freehold.Name
	delegated map[string]bool // domains with a zone
}

// newWorld joins the data and checks that it is of one piece.
func newWorld() (*world, error) {
	w := &world{
		registries: registries, registrars: registrars, companies: companies, machines: machines,
		domains: slices.Concat(stories, houses),
		byName:  map[string]*domain{}, byTLD: map[string]*registry{}, byKey: map[string]*registrar{},
		addrOf: map[string]netip.Addr{}, addr6Of: map[string]netip.Addr{}, parsed: map[*domain]freehold.Name{}, delegated: map[string]bool{},
	}
	for i := range w.registries {
		w.byTLD[w.registries[i].tld] = &w.registries[i]
	}
	for i := range w.registrars {
		w.byKey[w.registrars[i].key] = &w.registrars[i]
	}
	for _, m := range w.machines {
		addr, err := netip.ParseAddr(m.addr)
		if err != nil {
			return nil, fmt.Errorf("machine %q: %w", m.host, err)
		}
		w.addrOf[m.host] = addr
		if m.addr6 != "" {
			if w.addr6Of[m.host], err = netip.ParseAddr(m.addr6); err != nil {
				return nil, fmt.Errorf("machine %q: %w", m.host, err)
			}
		}
	}
	for i := range w.domains {
		if err := w.add(&w.domains[i]); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *world) add(d *domain) error {
	name, err := freehold.ParseName(d.name)
	if err != nil {
		return err
	}
	key := name.ASCII()
	switch {
	case w.byName[key] != nil:
		return fmt.Errorf("%q is there twice", key)
	case w.byTLD[name.TLD()] == nil:
		return fmt.Errorf("%q: no registry for its top-level domain", key)
	case !d.gone && w.byKey[d.registrar] == nil:
		return fmt.Errorf("%q: no registrar %q", key, d.registrar)
	}
	for _, host := range slices.Concat(d.mail, []string{d.web}) {
		if _, ok := w.addrOf[host]; host != "" && !ok {
			return fmt.Errorf("%q: no machine %q", key, host)
		}
	}
	w.byName[key], w.parsed[d] = d, name
	w.delegated[key] = !d.gone && !d.unpublished && !d.onHold() && len(d.ns) > 0
	return nil
}

// asciiOf returns the A-label form of a name of the world.
func (w *world) asciiOf(d *domain) string { return w.parsed[d].ASCII() }

// registryOf returns the registry of a name.
func (w *world) registryOf(d *domain) *registry { return w.byTLD[w.parsed[d].TLD()] }

// holderOf returns the company that an address block is registered to, with the
// block; false outside the world.
func (w *world) holderOf(addr netip.Addr) (company, netip.Prefix, bool) {
	for _, c := range w.companies {
		for _, b := range c.blocks {
			if p := netip.MustParsePrefix(b); p.Contains(addr) {
				return c, p, true
			}
		}
	}
	return company{}, netip.Prefix{}, false
}

// addrs returns the addresses of a machine, none if there is no such machine.
func (w *world) addrs(host string) []netip.Addr {
	var list []netip.Addr
	for _, of := range []map[string]netip.Addr{w.addrOf, w.addr6Of} {
		if addr, ok := of[host]; ok {
			list = append(list, addr)
		}
	}
	return list
}

// paid returns the registrar's expiry.
func (d *domain) paid() time.Time {
	if d.paidUntil != "" {
		return day(d.paidUntil)
	}
	return day(d.expires)
}

// onHold tells whether the name is kept out of the DNS (RFC 5731 section 2.3).
func (d *domain) onHold() bool {
	return slices.Contains(d.statuses, "clientHold") || slices.Contains(d.statuses, "serverHold")
}

// zoneNS returns the zone's own NS set.
func (d *domain) zoneNS() []string {
	if len(d.childNS) > 0 {
		return d.childNS
	}
	return d.ns
}

// servers returns every server that has something to do with the zone.
func (d *domain) servers() []string {
	all := slices.Clone(d.ns)
	for _, s := range d.childNS {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// within tells whether a host name lies in or below a domain, both in lower case
// without the final dot.
func within(host, zone string) bool { return host == zone || strings.HasSuffix(host, "."+zone) }
