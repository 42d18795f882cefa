// Package apizone is what the adapters of provider APIs have in common: putting a
// zone together from what an API lists, so that nothing is lost in silence, and
// turning changes of record sets into edits of the single records that many APIs
// know alone.
package apizone

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/zonefile"
	"freehold/internal/providerapi"
)

// The caps: a listing beyond them is an attack or a mistake.
const (
	maxRecords = 1_000_000
	maxPages   = 10_000
)

// A Listing is a zone on its way out of an API. An error of any of its methods is
// of KindUnavailable: what the API gave is not a zone, and none is returned.
type Listing struct {
	// Origin is the zone's name, and Base what relative names in rdata are below:
	// the origin, or the root where the API leaves final dots away.
	Origin, Base freehold.Owner

	provider string
	zone     *freehold.Zone
	seen     map[string]bool
	entries  []Entry
	Turns
}

// Turns guard a list against pages that never end.
type Turns struct {
	Provider string
	marks    map[string]bool
}

// Page tells that a page is about to be read. mark is what leads to it, and no two
// pages have the same: an API whose pages go round in a circle is an error.
func (t *Turns) Page(mark string) error {
	if len(t.marks) >= maxPages {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s gives a list that does not end: more than %d pages", t.Provider, maxPages)}
	}
	if t.marks[mark] {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s gives a list in pages that lead in a circle: after page %d comes one that was read already", t.Provider, len(t.marks))}
	}
	if t.marks == nil {
		t.marks = map[string]bool{}
	}
	t.marks[mark] = true
	return nil
}

// An Entry is one record under the identifier that the provider gives it.
type Entry struct {
	ID string
	freehold.Record
}

// New begins a listing of a zone. provider is its name for people: "Gandi".
func New(provider string, name freehold.Name, at time.Time) *Listing {
	origin := freehold.OwnerOf(name.Host())
	return &Listing{Origin: origin, Base: freehold.RootOwner, provider: provider, seen: map[string]bool{}, Turns: Turns{Provider: provider},
		zone: &freehold.Zone{Origin: origin, Class: freehold.ClassIN, Source: "api " + provider, At: at.UTC()}}
}

func (l *Listing) bad(t freehold.Text, err error) error {
	return &freehold.Error{Kind: freehold.KindUnavailable, Text: t, Err: err}
}

// Once tells that an entry or a record set was listed, by what identifies it: one
// that comes twice means that pages overlap, and then others may be missing.
func (l *Listing) Once(id string) error {
	if l.seen["id "+id] {
		return l.bad(freehold.T("%s lists %q in %q twice: its pages overlap, and what lies between them may be missing", l.provider, freehold.OneLine(id), l.name()), nil)
	}
	l.seen["id "+id] = true
	return nil
}

// Counted holds how many were listed to how many the API says there are.
func (l *Listing) Counted(listed, said int) error {
	if listed != said {
		return l.bad(freehold.T("%s says that %q has %d records, and lists %d", l.provider, l.name(), said, listed), nil)
	}
	return nil
}

func (l *Listing) name() string { return strings.TrimSuffix(l.Origin.String(), ".") }

// Owner reads an owner as the API writes it: "@", "." and "" are the apex, what
// ends in a dot is absolute, and all else is below the origin.
func (l *Listing) Owner(text string) (freehold.Owner, error) {
	if text == "" || text == "." {
		text = "@"
	}
	return l.inside(freehold.ParseOwner(text, l.Origin))
}

// FullOwner reads an owner that is written whole, with its final dot or without.
func (l *Listing) FullOwner(text string) (freehold.Owner, error) {
	return l.inside(freehold.ParseOwner(strings.TrimSuffix(text, ".")+".", ""))
}

func (l *Listing) inside(o freehold.Owner, err error) (freehold.Owner, error) {
	if err == nil && !o.Within(l.Origin) {
		err = l.bad(freehold.T("%q lies outside the zone", o.String()), nil)
	}
	if err != nil {
		return "", l.bad(freehold.T("%s lists a record in %q that has no place there", l.provider, l.name()), err)
	}
	return o, nil
}

// Add adds a record whose data is written as in master files. id may be empty
// where the API names no single records.
func (l *Listing) Add(id string, owner freehold.Owner, kind string, ttl uint32, text string) error {
	t, known := freehold.ParseRRType(kind)
	if !known || t.Meta() {
		return l.bad(freehold.T("%s lists a record of the type %q in %q, which is not known", l.provider, freehold.OneLine(kind), l.name()), nil)
	}
	data, err := zonefile.ParseData(t, text, l.Base)
	if err != nil {
		return l.bad(freehold.T("%s lists a record %q in %q that cannot be read", l.provider, freehold.OneLine(owner.String()+" "+kind), l.name()), err)
	}
	return l.AddData(id, owner, t, ttl, data)
}

// AddData adds a record whose data is in wire form.
func (l *Listing) AddData(id string, owner freehold.Owner, t freehold.RRType, ttl uint32, data string) error {
	if len(l.entries) >= maxRecords {
		return l.bad(freehold.T("%s lists more than %d records in %q", l.provider, maxRecords, l.name()), nil)
	}
	r := freehold.Record{Owner: owner, Class: freehold.ClassIN, Type: t, TTL: ttl, Data: data}
	if !r.Valid() {
		return l.bad(freehold.T("%s lists a record %q in %q that cannot be read", l.provider, freehold.OneLine(owner.String()+" "+t.String()), l.name()), nil)
	}
	l.entries = append(l.entries, Entry{id, r})
	return nil
}

// Foreign adds what only this provider knows.
func (l *Listing) Foreign(owner freehold.Owner, kind string, ttl uint32, value string, note freehold.Text) {
	l.zone.Foreign = append(l.zone.Foreign, freehold.ForeignRecord{Owner: owner, Kind: freehold.OneLine(kind), TTL: ttl, Value: freehold.OneLine(value), Place: l.provider, Note: note})
}

// Note remarks on one place.
func (l *Listing) Note(place string, t freehold.Text) {
	l.zone.Notes = append(l.zone.Notes, freehold.ZoneNote{Place: freehold.OneLine(place), Text: t})
}

// Len is how many records were listed so far.
func (l *Listing) Len() int { return len(l.entries) }

// Zone returns what was listed, in canonical order. Its coverage is unknown: an
// API's word is held against the name servers first.
func (l *Listing) Zone() *freehold.Zone {
	for _, e := range l.entries {
		l.zone.Records = append(l.zone.Records, e.Record)
	}
	l.zone.Sort()
	return l.zone
}

// Entries returns the records with their identifiers.
func (l *Listing) Entries() []Entry { return l.entries }

// Text returns the rdata of a TXT record for text that an API gives bare: cut into
// strings of 255 octets, as servers do.
func Text(raw string) string {
	var b strings.Builder
	for {
		n := min(len(raw), 255)
		b.WriteByte(byte(n))
		b.WriteString(raw[:n])
		if raw = raw[n:]; raw == "" {
			return b.String()
		}
	}
}

// Joined returns the strings of a TXT record's rdata as one.
func Joined(data string) string {
	var b strings.Builder
	for at := 0; at < len(data); at += 1 + int(data[at]) {
		b.WriteString(data[at+1 : min(at+1+int(data[at]), len(data))])
	}
	return b.String()
}

// OneText is a Traits.Cannot for APIs that take the text of a TXT record bare: the
// borders between its strings are lost unless they fall where the API puts them.
func OneText(s freehold.RRset) freehold.Text {
	if s.Type != freehold.TypeTXT && s.Type != freehold.TypeSPF {
		return freehold.Text{}
	}
	for _, d := range s.Data {
		if Text(Joined(d)) != d {
			return freehold.T("It joins the strings of a TXT record to one. Whoever reads them joins them as well (SPF, DKIM, DMARC), but the record is not the same.")
		}
	}
	return freehold.Text{}
}

// Plain is a Traits.Cannot for APIs whose text is JSON or XML and not escaped: what
// is no UTF-8 cannot be sent through them.
func Plain(s freehold.RRset) freehold.Text {
	for _, d := range s.Data {
		if (s.Type == freehold.TypeTXT || s.Type == freehold.TypeSPF) && !isText(Joined(d)) {
			return freehold.T("It takes text alone, and the record holds octets that are none.")
		}
	}
	if why := OneText(s); !why.IsZero() {
		return why
	}
	return Parts(s)
}

func isText(s string) bool {
	return strings.ToValidUTF8(s, "") == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Relative writes an owner below the origin as most APIs want it: the part before
// the zone's name, apex for the apex.
func Relative(o, origin freehold.Owner, apex string) string {
	if o.Equal(origin) {
		return apex
	}
	return o.Canonical().Relative(origin.Canonical())
}

// Bare writes an owner whole, without its final dot.
func Bare(o freehold.Owner) string { return strings.TrimSuffix(o.Canonical().String(), ".") }

// Seconds reads a TTL that an API may give as a number or as text; false where it
// is neither, or out of bounds (RFC 2181 section 8).
func Seconds(text string) (uint32, bool) {
	n, err := strconv.ParseUint(strings.Trim(text, `"`), 10, 31)
	return uint32(n), err == nil
}

// Types makes a Traits.Holds of a list of mnemonics.
func Types(list string) func(freehold.RRType) bool {
	held := map[freehold.RRType]bool{}
	for _, word := range strings.Fields(list) {
		if t, ok := freehold.ParseRRType(word); ok {
			held[t] = true
		}
	}
	return func(t freehold.RRType) bool { return held[t] }
}

// NoZone is the error of a zone that the account does not have.
func NoZone(provider string, name freehold.Name, err error) error {
	return &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("%s has no zone %q in this account", provider, name.ASCII()), Err: errors.Join(dnsexport.ErrNoZone, err)}
}

// Exists is the error of a zone that is to be made and is there already.
func Exists(provider string, name freehold.Name) error {
	return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%s has a zone %q already", provider, name.ASCII()), Err: dnsexport.ErrExists}
}

// ByHand is the error of a provider whose zones come into being otherwise.
func ByHand(provider string, name freehold.Name, how freehold.Text) error {
	return &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("%s has no zone %q, and its API cannot make one", provider, name.ASCII()), Advice: how, Err: dnsexport.ErrNoZone}
}

// Status returns the HTTP status that an error of an API carries, 0 where none.
func Status(err error) int {
	var s *providerapi.StatusError
	if errors.As(err, &s) {
		return s.Status
	}
	return 0
}

// Reader is an adapter as MakeByHand needs it.
type Reader interface {
	Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error)
}

// MakeByHand is Create for providers whose API makes no zones: it tells whether the
// zone is there, or how to get it.
func MakeByHand(ctx context.Context, r Reader, provider string, name freehold.Name, how freehold.Text) error {
	_, err := r.Read(ctx, name)
	switch {
	case errors.Is(err, dnsexport.ErrNoZone):
		return ByHand(provider, name, how)
	case err != nil:
		return err
	}
	return Exists(provider, name)
}

// least are the octets that a type's rdata has before its last part, which is not
// empty either.
var least = map[freehold.RRType]int{freehold.TypeTLSA: 3, typeSMIMEA: 3, freehold.TypeSSHFP: 2, freehold.TypeDS: 4, freehold.TypeURI: 4}

const typeSMIMEA freehold.RRType = 53

// Whole tells whether every record of a set has all the parts that APIs take apart:
// DNS itself does not mind a TLSA record without its digest, nor a CAA record whose
// tag is longer than the record.
func Whole(s freehold.RRset) bool {
	for _, d := range s.Data {
		if n, ok := least[s.Type]; ok && len(d) <= n {
			return false
		}
		if s.Type == freehold.TypeCAA && (len(d) < 2 || d[1] == 0 || len(d) < 2+int(d[1])) {
			return false
		}
	}
	return true
}

// Parts is a Traits.Cannot for APIs that take records in parts.
func Parts(s freehold.RRset) freehold.Text {
	if !Whole(s) {
		return freehold.T("It takes such records in parts, and one of them is missing.")
	}
	return freehold.Text{}
}

// Refuse is the error of a change that a Traits.Cannot speaks against.
func Refuse(provider string, changes []dnsexport.Change, cannot func(freehold.RRset) freehold.Text) error {
	for _, c := range changes {
		if why := cannot(c.Set); !why.IsZero() {
			return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%s cannot hold %q: %m", provider, freehold.OneLine(c.Set.Owner.String()+" "+c.Set.Type.String()), why)}
		}
	}
	return nil
}
