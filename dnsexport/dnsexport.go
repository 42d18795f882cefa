// Package dnsexport reads zones out of wherever they lie, and writes them where
// they are to lie next.
//
//	zonefile/  master files, in and out
//	axfr/      whole zones from name servers
//	observe/   what questions bring to light where nobody hands a zone over
//	powerdns/  PowerDNS's API
//	ddns/      any server that takes dynamic updates (RFC 2136)
//	apizone/   what the adapters of providers' APIs share; each has its own folder
//	agree/     an API's word, held against the name servers
//	all/       the list of all providers
//
// This page is what they have in common.
package dnsexport

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"freehold"
)

// A Source gives zones whole. What it gives carries its own coverage.
type Source interface {
	Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error)
}

// A Lister is a source that can say which zones it has: their names, in ASCII,
// without final dots, sorted.
type Lister interface {
	Zones(ctx context.Context) ([]string, error)
}

// A Target is an operator that can be told to serve a zone.
type Target interface {
	Source
	// Create makes an empty zone. Where there is one already the error wraps
	// ErrExists and nothing has changed.
	Create(ctx context.Context, name freehold.Name) error
	// Change makes record sets what they are to be. An error that wraps ErrChanged
	// says that one of them was not what it was thought to be; what was done
	// before it is read back from the target, never assumed.
	Change(ctx context.Context, name freehold.Name, changes []Change) error
	// Traits say what it can hold.
	Traits() Traits
}

// A Change replaces one record set whole.
type Change struct {
	// Was is the set as it was last read; without data: there was none.
	Was freehold.RRset
	// Set is what it is to be; without data: it goes. Owner, class and type are set
	// in either case.
	Set freehold.RRset
}

// Traits are what a move has to know of a target before its first step.
type Traits struct {
	Name string // "PowerDNS"
	// Atomic: all changes of one call happen together or not at all.
	Atomic bool
	// Creates zones; otherwise somebody sets them up by hand first.
	Creates bool
	// OwnSOA and OwnNS: the target keeps these of the apex itself.
	OwnSOA, OwnNS bool
	// Holds tells whether it can serve a type.
	Holds func(freehold.RRType) bool
	// Cannot says why it cannot hold a set of a type that it holds, zero where it
	// can. nil: it can hold them all.
	Cannot func(freehold.RRset) freehold.Text
	// MinTTL is the lowest TTL it keeps, in seconds.
	MinTTL uint32
	// Signs: it can sign the zone.
	Signs bool
}

// Errors that the parts wrap.
var (
	ErrExists  = errors.New("the zone is there already")
	ErrChanged = errors.New("it was changed meanwhile")
	ErrNoZone  = errors.New("there is no such zone")
)

// Unchanged checks that the sets of a zone are what the changes take them to be.
// The serial and case do not count. The error wraps ErrChanged.
func Unchanged(z *freehold.Zone, changes []Change) error {
	now := map[setKey]freehold.RRset{}
	for s := range z.RRsets() {
		now[keyOf(s)] = s
	}
	for _, c := range changes {
		is := now[keyOf(c.Set)]
		if c.Set.Type == freehold.TypeSOA {
			continue // its serial moves by itself
		}
		if !slices.Equal(is.Data, c.Was.Data) {
			return &freehold.Error{Kind: freehold.KindInvalid, Msg: `"` + c.Set.Owner.String() + " " + c.Set.Type.String() + `" is not what it was when this was planned`, Hint: "plan again", Err: ErrChanged}
		}
	}
	return nil
}

type setKey struct {
	owner freehold.Owner
	class freehold.RRClass
	rtype freehold.RRType
}

func keyOf(s freehold.RRset) setKey {
	return setKey{s.Owner.Canonical(), cmp.Or(s.Class, freehold.ClassIN), s.Type}
}

// Plan returns the changes that make a zone at a target hold what another holds.
// Left alone are the apex's SOA and NS where the target keeps them itself, and
// signers' records always. What goes comes before what is set: a CNAME makes room
// for what takes its place.
func Plan(at, want *freehold.Zone, t Traits) []Change {
	is := map[setKey]freehold.RRset{}
	for s := range at.RRsets() {
		is[keyOf(s)] = s
	}
	var out []Change
	seen := map[setKey]bool{}
	ours := func(s freehold.RRset) bool {
		apex := s.Owner.Equal(at.Origin)
		return !s.Type.Signer() && !(apex && s.Type == freehold.TypeSOA && t.OwnSOA) && !(apex && s.Type == freehold.TypeNS && t.OwnNS)
	}
	for s := range want.RRsets() {
		seen[keyOf(s)] = true
	}
	for s := range at.RRsets() {
		if !seen[keyOf(s)] && ours(s) && s.Type != freehold.TypeSOA {
			out = append(out, Change{Was: s, Set: freehold.RRset{Owner: s.Owner, Class: s.Class, Type: s.Type}})
		}
	}
	for s := range want.RRsets() {
		if !ours(s) {
			continue
		}
		s.TTL = max(s.TTL, t.MinTTL)
		if s.Type == freehold.TypeSOA {
			s.Data = withSerialOf(s.Data, is[keyOf(s)].Data)
		}
		if was := is[keyOf(s)]; !slices.Equal(was.Data, s.Data) || was.TTL != s.TTL {
			out = append(out, Change{Was: was, Set: s})
		}
	}
	return out
}

// withSerialOf gives a SOA the serial of another, or the next one where something
// else in it is new: the target counts on from its own, and takes a SOA with no
// higher serial for an old one (RFC 2136 section 3.4.2.2).
func withSerialOf(soa, of []string) []string {
	const tail = 20 // serial, refresh, retry, expire, minimum: four octets each
	if len(soa) != 1 || len(of) != 1 || len(soa[0]) < tail || len(of[0]) < tail {
		return soa
	}
	at, from := len(soa[0])-tail, len(of[0])-tail
	same := soa[0][:at] + of[0][from:from+4] + soa[0][at+4:]
	if same == of[0] {
		return []string{same}
	}
	next := binary.BigEndian.Uint32([]byte(of[0][from:])) + 1
	return []string{soa[0][:at] + string(binary.BigEndian.AppendUint32(nil, next)) + soa[0][at+4:]}
}
