package freehold

import "time"

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
