// Package libdns is a bridge to the providers of github.com/libdns, for operators
// that have no adapter of their own here.
//
// What comes through it is never complete by itself: many of those modules lose
// records in silence, read the first page alone, or change names and text on their
// way. A zone read through it says so, and is held against the name servers
// (agree). A write is read back, and what is not as it was written is an error.
//
// The interface itself knows no SOA, no strings within a TXT record, and no zones
// to be made.
package libdns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/libdns/libdns"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/apizone"
	"freehold/dnsexport/zonefile"
)

// Source reads by a libdns provider.
type Source struct {
	title  string
	getter libdns.RecordGetter
	now    func() time.Time
}

// Target writes by it too.
type Target struct {
	*Source
	writer Writer
}

// Writer is what a provider needs to be written to.
type Writer interface {
	libdns.RecordGetter
	libdns.RecordAppender
	libdns.RecordSetter
	libdns.RecordDeleter
}

var (
	_ dnsexport.Source = (*Source)(nil)
	_ dnsexport.Lister = (*Source)(nil)
	_ dnsexport.Target = (*Target)(nil)
)

// NewSource makes a source. title is the provider's name for people.
func NewSource(title string, getter libdns.RecordGetter, now func() time.Time) *Source {
	if now == nil {
		now = time.Now
	}
	return &Source{title, getter, now}
}

// NewTarget makes a target.
func NewTarget(title string, writer Writer, now func() time.Time) *Target {
	return &Target{NewSource(title, writer, now), writer}
}

// guarded calls a provider. Some panic, and some ignore the context: what they do
// then goes on alone.
func guarded[T any](ctx context.Context, title string, call func() (T, error)) (T, error) {
	type result struct {
		t   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("the module broke down: %v", p)
			}
			done <- r
		}()
		r.t, r.err = call()
	}()
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		r.err = ctx.Err()
	}
	if r.err != nil {
		var none T
		return none, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s did not do what was asked", title), Err: errors.New(freehold.OneLine(r.err.Error()))}
	}
	return r.t, nil
}

// Read lists the zone.
func (s *Source) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	records, err := guarded(ctx, s.title, func() ([]libdns.Record, error) { return s.getter.GetRecords(ctx, name.ASCII()+".") })
	if err != nil {
		return nil, err
	}
	l := apizone.New(s.title, name, s.now())
	for _, r := range records {
		if err := add(l, s.title, r); err != nil {
			return nil, err
		}
	}
	z := l.Zone()
	z.Source = "api " + s.title + " (libdns)"
	z.Reasons = append(z.Reasons, freehold.T("It was read through a common library, many of whose modules lose records in silence."))
	return z, nil
}

func add(l *apizone.Listing, title string, record libdns.Record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s gives a record that cannot be read", title)}
		}
	}()
	rr := record.RR()
	owner, err := ownerOf(l, rr.Name)
	if err != nil {
		return err
	}
	ttl := rr.TTL / time.Second
	if ttl < 0 || ttl >= 1<<31 {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s gives a record that cannot be read", title), Err: fmt.Errorf("TTL %s", rr.TTL)}
	}
	place := rr.Name + " " + rr.Type
	if ttl == 0 {
		l.Note(place, freehold.T("It has no TTL of its own: the provider has one, which its module does not give."))
	}
	if t, ok := freehold.ParseRRType(rr.Type); ok && (t == freehold.TypeTXT || t == freehold.TypeSPF) {
		if len(rr.Data) > 1 && strings.HasPrefix(rr.Data, `"`) && strings.HasSuffix(rr.Data, `"`) {
			l.Note(place, freehold.T("Its text came in quotes, which were taken for marks and not for text."))
			return l.Add("", owner, rr.Type, uint32(ttl), rr.Data)
		}
		return l.AddData("", owner, t, uint32(ttl), apizone.Text(rr.Data))
	}
	return l.Add("", owner, rr.Type, uint32(ttl), rr.Data)
}

// ownerOf reads a name that is to be relative and is whole with some modules.
func ownerOf(l *apizone.Listing, name string) (freehold.Owner, error) {
	if strings.HasSuffix(name, ".") && name != "." {
		return l.FullOwner(name)
	}
	if o, err := l.FullOwner(name); err == nil && name != "" {
		l.Note(name, freehold.T("The name ends in the zone's own: it was taken for whole."))
		return o, nil
	}
	return l.Owner(name)
}

// Zones lists the account's zones, where the provider can.
func (s *Source) Zones(ctx context.Context) ([]string, error) {
	lister, ok := s.getter.(libdns.ZoneLister)
	if !ok {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%s cannot list its zones", s.title), Advice: freehold.T("name them")}
	}
	zones, err := guarded(ctx, s.title, func() ([]libdns.Zone, error) { return lister.ListZones(ctx) })
	if err != nil {
		return nil, err
	}
	var out []string
	for _, z := range zones {
		out = append(out, strings.TrimSuffix(z.Name, "."))
	}
	slices.Sort(out)
	return out, nil
}

// Traits of a provider that nothing more is known of.
func (t *Target) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: t.title, OwnSOA: true, OwnNS: true, Holds: func(freehold.RRType) bool { return true }, Cannot: apizone.OneText}
}

// Create tells whether the zone is there: the interface makes none.
func (t *Target) Create(ctx context.Context, name freehold.Name) error {
	return apizone.MakeByHand(ctx, t, t.title, name, freehold.T("make the zone in the provider's panel"))
}

// Change makes the sets what they are to be, and reads them back.
func (t *Target) Change(ctx context.Context, name freehold.Name, changes []dnsexport.Change) error {
	now, err := t.Read(ctx, name)
	if err != nil {
		return err
	}
	if err := dnsexport.Unchanged(now, changes); err != nil {
		return err
	}
	if err := apizone.Refuse(t.title, changes, t.Traits().Cannot); err != nil {
		return err
	}
	var goes, comes []libdns.Record
	for _, ch := range changes {
		if len(ch.Set.Data) == 0 {
			goes = append(goes, records(ch.Was, now.Origin)...)
			continue
		}
		comes = append(comes, records(ch.Set, now.Origin)...)
	}
	zone := name.ASCII() + "."
	if len(goes) > 0 {
		if _, err := guarded(ctx, t.title, func() ([]libdns.Record, error) { return t.writer.DeleteRecords(ctx, zone, goes) }); err != nil {
			return err
		}
	}
	if len(comes) > 0 {
		if _, err := guarded(ctx, t.title, func() ([]libdns.Record, error) { return t.writer.SetRecords(ctx, zone, comes) }); err != nil {
			return err
		}
	}
	return t.readBack(ctx, name, changes)
}

// readBack holds what is there now to what was written.
func (t *Target) readBack(ctx context.Context, name freehold.Name, changes []dnsexport.Change) error {
	z, err := t.Read(ctx, name)
	if err != nil {
		return err
	}
	var done []dnsexport.Change
	for _, ch := range changes {
		done = append(done, dnsexport.Change{Was: ch.Set, Set: ch.Set})
	}
	if err := dnsexport.Unchanged(z, done); err != nil {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s does not hold what was written to it", t.title), Err: errors.New(freehold.OneLine(err.Error()))}
	}
	return nil
}

// records writes a set as the interface has it: text bare, all else as in master
// files, names relative.
func records(s freehold.RRset, origin freehold.Owner) []libdns.Record {
	var out []libdns.Record
	for _, d := range s.Data {
		data := zonefile.Data(s.Type, d)
		if s.Type == freehold.TypeTXT || s.Type == freehold.TypeSPF {
			data = apizone.Joined(d)
		}
		out = append(out, libdns.RR{Name: apizone.Relative(s.Owner, origin, "@"), TTL: time.Duration(s.TTL) * time.Second, Type: s.Type.String(), Data: data})
	}
	return out
}
