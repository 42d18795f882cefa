package freehold

import (
	"slices"
	"strings"
)

// SOARule says what of the SOA is compared.
type SOARule uint8

// The rules for the SOA. The zero value compares all but the serial, which
// every server counts in its own way once a zone has moved.
const (
	SOAContent SOARule = iota // all but the serial
	SOAExact                  // the serial too
	SOAIgnore                 // nothing
)

// DiffRules say what counts as a difference. The zero value: TTLs count, the
// SOA counts without its serial, and what signers make (RRType.Signer) does not.
// Upper and lower case never count (RFC 4343).
type DiffRules struct {
	IgnoreTTL bool
	SOA       SOARule
	// DNSSEC compares the signers' records too.
	DNSSEC bool
	// IgnoreApexNS leaves out the NS set of the origin, which differs between
	// two operators by intent.
	IgnoreApexNS bool
}

// DiffKind says how a record set differs.
type DiffKind uint8

// The kinds.
const (
	DiffChanged DiffKind = iota // both have the set, with other data
	DiffAdded                   // only the second has it
	DiffRemoved                 // only the first has it
	DiffTTL                     // the data is the same, the TTL is not
)

var diffKinds = names[DiffKind]{"changed", "added", "removed", "ttl"}

func (k DiffKind) String() string               { return diffKinds.name(k) }
func (k DiffKind) MarshalText() ([]byte, error) { return diffKinds.marshal(k) }
func (k *DiffKind) UnmarshalText(b []byte) error {
	return diffKinds.unmarshal(b, k, "kind of difference")
}

// RRsetDiff is one record set that differs. A is zero in an added set, B in a
// removed one.
type RRsetDiff struct {
	Kind DiffKind
	A, B RRset
	// OnlyA and OnlyB are the rdata that the other side lacks, in canonical order.
	OnlyA, OnlyB []string
}

// Set returns the side that exists: B, or A where the set was removed.
func (d RRsetDiff) Set() RRset {
	if d.Kind == DiffRemoved {
		return d.A
	}
	return d.B
}

// ZoneDiff is the comparison of two zones.
type ZoneDiff struct {
	Changes []RRsetDiff // in canonical order
	// Equal counts the record sets that both have alike; Skipped, the records of
	// both sides that the rules left out.
	Equal, Skipped int
}

// Diff compares z with other, record set by record set. Both are sorted in
// place. Coverage is for the caller: what is missing in a partial copy is no
// proof that it was removed.
func (z *Zone) Diff(other *Zone, rules DiffRules) ZoneDiff {
	z.Sort()
	other.Sort()
	var d ZoneDiff
	a, b := diffSide{zone: z, rules: rules}, diffSide{zone: other, rules: rules}
	okA, okB := a.next(), b.next()
	for okA || okB {
		order := 0
		switch {
		case !okB:
			order = -1
		case !okA:
			order = 1
		default:
			order = compareSets(a.set[0], b.set[0])
		}
		switch {
		case order < 0:
			set := makeSet(a.set)
			d.Changes = append(d.Changes, RRsetDiff{Kind: DiffRemoved, A: set, OnlyA: set.Data})
		case order > 0:
			set := makeSet(b.set)
			d.Changes = append(d.Changes, RRsetDiff{Kind: DiffAdded, B: set, OnlyB: set.Data})
		default:
			if change, differs := diffSets(a.set, b.set, rules); differs {
				d.Changes = append(d.Changes, change)
			} else {
				d.Equal++
			}
		}
		if order <= 0 {
			okA = a.next()
		}
		if order >= 0 {
			okB = b.next()
		}
	}
	d.Skipped = a.skipped + b.skipped
	return d
}

// diffSide walks the record sets of one zone that the rules compare.
type diffSide struct {
	zone    *Zone
	rules   DiffRules
	set     []Record
	at      int
	skipped int
}

func (s *diffSide) next() bool {
	for s.at < len(s.zone.Records) {
		from := s.at
		s.at = setEnd(s.zone.Records, from)
		if s.compared(s.zone.Records[from]) {
			s.set = s.zone.Records[from:s.at]
			return true
		}
		s.skipped += s.at - from
	}
	return false
}

func (s *diffSide) compared(r Record) bool {
	switch {
	case r.Type.Signer():
		return s.rules.DNSSEC
	case r.Type == TypeSOA:
		return s.rules.SOA != SOAIgnore
	case r.Type == TypeNS && s.rules.IgnoreApexNS:
		return !r.Owner.Equal(s.zone.Origin)
	}
	return true
}

func compareSets(a, b Record) int {
	a.Data, b.Data, a.TTL, b.TTL = "", "", 0, 0
	a.Owner, b.Owner = a.Owner.Canonical(), b.Owner.Canonical()
	return compareRecords(a, b)
}

func diffSets(a, b []Record, rules DiffRules) (RRsetDiff, bool) {
	if slices.EqualFunc(a, b, func(x, y Record) bool { return x.TTL == y.TTL && x.Data == y.Data }) {
		return RRsetDiff{}, false // by far the most
	}
	d := RRsetDiff{A: makeSet(a), B: makeSet(b)}
	d.OnlyA, d.OnlyB = lacking(a, b, rules), lacking(b, a, rules)
	switch {
	case len(d.OnlyA) > 0 || len(d.OnlyB) > 0:
		d.Kind = DiffChanged
		return d, true
	case d.A.TTL != d.B.TTL && !rules.IgnoreTTL:
		d.Kind = DiffTTL
		return d, true
	}
	return d, false
}

// lacking returns the data of a that b does not have.
func lacking(a, b []Record, rules DiffRules) []string {
	has := make(map[string]bool, len(b))
	for _, r := range b {
		has[meaning(r, rules)] = true
	}
	var out []string
	for _, r := range a {
		if !has[meaning(r, rules)] {
			out = append(out, r.Data)
		}
	}
	return out
}

// meaning is what of the rdata is compared.
func meaning(r Record, rules DiffRules) string {
	data := r.foldData()
	if r.Type == TypeSOA && rules.SOA == SOAContent && len(data) >= 20 {
		at := len(data) - 20
		return strings.Join([]string{data[:at], data[at+4:]}, "")
	}
	return data
}
