package freehold

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Coverage says how much of a zone a copy is known to hold, the weakest first
// (docs/design.md §8).
type Coverage uint8

// The coverages.
const (
	CoverageUnknown Coverage = iota
	// CoverageObserved is what questions to the name servers brought to light.
	CoverageObserved
	// CoverageWalked is a complete chain of NSEC or NSEC3 names, as far as the
	// hashes were resolved.
	CoverageWalked
	// CoverageAPI is a provider's own answer, with which the authoritative
	// servers agree.
	CoverageAPI
	// CoverageTransferred is a whole AXFR, from SOA to SOA (RFC 5936 §2.2).
	CoverageTransferred
)

var coverages = names[Coverage]{"unknown", "observed", "walked", "api-complete", "transferred"}

func (c Coverage) String() string               { return coverages.name(c) }
func (c Coverage) MarshalText() ([]byte, error) { return coverages.marshal(c) }
func (c *Coverage) UnmarshalText(b []byte) error {
	return coverages.unmarshal(b, c, "coverage")
}

// Complete tells whether nothing is known to be missing.
func (c Coverage) Complete() bool { return c >= CoverageAPI }

// A ZoneCopy is a copy of a zone that lies somewhere: what the rules need to
// know of it. The records themselves are a Zone.
type ZoneCopy struct {
	Name     Name
	At       time.Time // when the zone was read, UTC
	Source   string    // where it was read: "axfr ns1.host.example", "api gandi", a file
	Coverage Coverage
	Serial   uint32 // of its SOA
	Records  int    // how many, its SOA once
	// Location is where the copy lies: a host name, an address or a path. Empty: not known.
	Location string
	Evidence []EvidenceID
}

// A Zone is the content of a zone as one source gave it at one time.
type Zone struct {
	Origin  Owner
	Class   RRClass
	Records []Record
	// Foreign is what the source holds beside records: a provider's own kinds,
	// which no other provider has under the same meaning.
	Foreign []ForeignRecord
	// Comments are the remarks that a source makes on single records.
	Comments map[Record]string

	Coverage Coverage
	// Reasons say why the coverage is what it is.
	Reasons []Text
	Source  string    // "axfr ns1.host.example (192.0.2.1:53)", "file shop.zone"
	At      time.Time // when it was read, UTC
	// Notes say what in the source was left out, mended or strange.
	Notes []ZoneNote
	Asks  []Ask
}

// A ForeignRecord is a provider's own kind of record: ALIAS, ANAME, a redirect,
// a proxied or weighted set.
type ForeignRecord struct {
	Owner Owner
	Kind  string // the provider's word: "ALIAS"
	TTL   uint32
	Value string // as the provider writes it
	Place string // where it stands: "shop.zone:12"
	// Note says what to do about it elsewhere.
	Note Text
}

// A ZoneNote is a remark on one place of a source.
type ZoneNote struct {
	Place string // "shop.zone:12", empty: the whole
	Text  Text
}

// An RRset is the records of one owner, class and type.
type RRset struct {
	Owner Owner // as the first record writes it
	Class RRClass
	Type  RRType
	TTL   uint32   // the lowest of its records (RFC 2181 section 5.2)
	Data  []string // rdata of each record, in canonical order
}

// SOA returns the zone's start of authority, and false where it has none.
func (z *Zone) SOA() (Record, bool) {
	for _, r := range z.Records {
		if r.Type == TypeSOA && r.Owner.Equal(z.Origin) {
			return r, true
		}
	}
	return Record{}, false
}

// Serial returns the serial of the SOA, and false where there is none.
func (z *Zone) Serial() (uint32, bool) {
	soa, ok := z.SOA()
	if !ok || len(soa.Data) < 20 {
		return 0, false
	}
	t := soa.Data[len(soa.Data)-20:]
	return uint32(t[0])<<24 | uint32(t[1])<<16 | uint32(t[2])<<8 | uint32(t[3]), true
}

// Partial tells whether records are known or feared to be missing. A copy whose
// coverage is unknown is not partial: nobody said so.
func (z *Zone) Partial() bool {
	return z.Coverage == CoverageObserved || z.Coverage == CoverageWalked
}

// Counts returns how many records of each type there are.
func (z *Zone) Counts() map[RRType]int {
	counts := map[RRType]int{}
	for _, r := range z.Records {
		counts[r.Type]++
	}
	return counts
}

// Types returns the keys of Counts in order.
func (z *Zone) Types() []RRType { return slices.Sorted(maps.Keys(z.Counts())) }

// CopyAt returns what the rules need to know of a copy of z that lies at location.
func (z *Zone) CopyAt(name Name, location string) ZoneCopy {
	serial, _ := z.Serial()
	return ZoneCopy{Name: name, At: z.At, Source: z.Source, Coverage: z.Coverage, Serial: serial, Records: len(z.Records), Location: location}
}

// Sort puts the records into canonical order: owners by RFC 4034 section 6.1,
// then the SOA, then types by number, then canonical rdata (section 6.3). A
// record that is there twice is kept once, with the lower TTL, as servers do.
func (z *Zone) Sort() {
	if !slices.IsSortedFunc(z.Records, compareRecords) {
		sortRecords(z.Records)
	}
	same := func(a, b Record) bool {
		return a.Type == b.Type && a.Class == b.Class && a.Data == b.Data && a.Owner.Equal(b.Owner)
	}
	z.Records = slices.CompactFunc(z.Records, same)
}

// sortRecords sorts by keys made once, which is much faster than by Compare.
func sortRecords(records []Record) {
	type keyed struct {
		key string
		Record
	}
	all := make([]keyed, len(records))
	for i, r := range records {
		all[i].Record = r
		if i > 0 && r.Owner == records[i-1].Owner {
			all[i].key = all[i-1].key
			continue
		}
		all[i].key = r.Owner.sortKey()
	}
	slices.SortFunc(all, func(a, b keyed) int {
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		return compareWithin(a.Record, b.Record)
	})
	for i := range all {
		records[i] = all[i].Record
	}
}

func compareRecords(a, b Record) int {
	if a.Owner != b.Owner {
		if c := a.Owner.Compare(b.Owner); c != 0 {
			return c
		}
	}
	return compareWithin(a, b)
}

// compareWithin orders the records of one owner.
func compareWithin(a, b Record) int {
	rank := func(t RRType) int {
		if t == TypeSOA {
			return -1
		}
		return int(t)
	}
	if c := cmp.Or(rank(a.Type)-rank(b.Type), int(a.Class)-int(b.Class)); c != 0 {
		return c
	}
	if c := strings.Compare(a.CanonicalData(), b.CanonicalData()); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(a.Data, b.Data), strings.Compare(string(a.Owner), string(b.Owner)), cmp.Compare(a.TTL, b.TTL))
}

// RRsets yields the record sets of a sorted zone, in order.
func (z *Zone) RRsets() iter.Seq[RRset] {
	return func(yield func(RRset) bool) {
		for from := 0; from < len(z.Records); {
			to := setEnd(z.Records, from)
			if !yield(makeSet(z.Records[from:to])) {
				return
			}
			from = to
		}
	}
}

// setEnd returns the end of the record set that begins at from.
func setEnd(records []Record, from int) int {
	to := from + 1
	for to < len(records) && records[to].Type == records[from].Type && records[to].Class == records[from].Class && records[to].Owner.Equal(records[from].Owner) {
		to++
	}
	return to
}

func makeSet(records []Record) RRset {
	first := records[0]
	set := RRset{Owner: first.Owner, Class: first.Class, Type: first.Type, TTL: first.TTL, Data: make([]string, len(records))}
	for i, r := range records {
		set.TTL = min(set.TTL, r.TTL)
		set.Data[i] = r.Data
	}
	return set
}

// Split separates what the zone says from what its signer made of it
// (RRType.Signer). Both keep their order.
func (z *Zone) Split() (content, signer []Record) {
	n := 0
	for _, r := range z.Records {
		if r.Type.Signer() {
			n++
		}
	}
	if n == 0 {
		return z.Records, nil
	}
	content, signer = make([]Record, 0, len(z.Records)-n), make([]Record, 0, n)
	for _, r := range z.Records {
		if r.Type.Signer() {
			signer = append(signer, r)
		} else {
			content = append(content, r)
		}
	}
	return content, signer
}
