package resolve

import (
	"errors"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"freehold"
)

// typeNXNAME marks a name that does not exist in compact denial (RFC 9824
// section 3.3), where the answer is NOERROR all the same.
const typeNXNAME = 128

// denial is the verified proof of a reply that something does not exist.
type denial struct {
	zone  string
	nsec  []*dns.NSEC
	nsec3 []*dns.NSEC3
	hash  func(name string, n *dns.NSEC3) (string, error)
}

var (
	errNoProof    = errors.New("the answer holds no such proof")
	errHasType    = errors.New("the proof says the opposite")
	errNoCover    = errors.New("no record covers the name")
	errNoWildcard = errors.New("no record covers the wildcard")
	errWrongSide  = errors.New("the proof is from the wrong side of a zone cut")
	errBeyondCut  = errors.New("the proof is from above a delegation")
)

// denialIn verifies the NSEC and NSEC3 records in the authority section.
// Records that do not verify prove nothing and are left out; none that verifies
// among some that were sent is an error.
func (r *Resolver) denialIn(t *task, z *zone, m *dns.Msg) (*denial, error) {
	d := &denial{zone: z.name, hash: r.hasher(t)}
	var last error
	seen := map[string]bool{}
	for _, rr := range m.Ns {
		rrtype := rr.Header().Rrtype
		owner := dns.CanonicalName(rr.Header().Name)
		key := owner + typeName(rrtype)
		if rrtype != dns.TypeNSEC && rrtype != dns.TypeNSEC3 || seen[key] {
			continue
		}
		if seen[key] = true; len(seen) > maxDenials {
			return nil, errors.New("the answer holds too many proofs")
		}
		set := recordsOf(m.Ns, owner, rrtype)
		s, err := r.verifySet(t, z.name, z.keys, set, sigsOf(m.Ns, owner, rrtype))
		if err != nil {
			last = err
			continue
		}
		if s.labels != signedLabels(owner) {
			continue // a wildcard's own record, blown up to another name
		}
		for _, rr := range set {
			switch n := rr.(type) {
			case *dns.NSEC:
				if dns.IsSubDomain(z.name, dns.CanonicalName(n.NextDomain)) {
					d.nsec = append(d.nsec, n)
				}
			case *dns.NSEC3:
				if n.Hash == dns.SHA1 && n.Flags <= 1 { // RFC 5155 sections 8.1, 8.2
					d.nsec3 = append(d.nsec3, n)
				}
			}
		}
	}
	if len(d.nsec)+len(d.nsec3) == 0 && last != nil {
		return nil, last
	}
	for _, n := range d.nsec3 {
		if n.Iterations != d.nsec3[0].Iterations || !strings.EqualFold(n.Salt, d.nsec3[0].Salt) {
			return nil, errors.New("the proofs are hashed in different ways") // RFC 5155 section 8.2
		}
	}
	return d, nil
}

// tooMany tells whether the zone hashes its names so often that no validator
// follows it: it then counts as insecure (RFC 9276 section 3.2).
func (d *denial) tooMany() bool {
	return slices.ContainsFunc(d.nsec3, func(n *dns.NSEC3) bool { return n.Iterations > maxIteration })
}

// absent tells what the proof makes of an answer that name, or a type of it,
// does not exist. The error says why it is no proof.
func (d *denial) absent(name string, qtype uint16, noName bool) (freehold.Validation, error) {
	if len(d.nsec) > 0 {
		prove := d.noData
		if noName {
			prove = func(name string, _ uint16) error { return d.noName(name) }
		}
		if err := prove(name, qtype); err == nil || len(d.nsec3) == 0 {
			return freehold.Secure, err
		}
	}
	switch {
	case len(d.nsec3) == 0:
		return freehold.Bogus, errNoProof
	case d.tooMany():
		return freehold.Insecure, nil
	case noName:
		return d.noName3(name)
	}
	return d.noData3(name, qtype)
}

// wildcardAnswer tells what the proof makes of records at name that a wildcard
// of labels labels gave.
func (d *denial) wildcardAnswer(name string, labels int) (freehold.Validation, error) {
	for _, n := range d.nsec {
		if d.covers(n, name) && !aboveCut(n.Hdr.Name, n.TypeBitMap, name) && dns.CountLabel(d.encloser(n, name)) == labels {
			return freehold.Secure, nil
		}
	}
	if d.tooMany() {
		return freehold.Insecure, nil
	}
	if len(d.nsec3) > 0 {
		return d.wildcardAnswer3(name, labels)
	}
	if len(d.nsec) == 0 {
		return freehold.Bogus, errNoProof
	}
	return freehold.Bogus, errNoCover
}

// unsignedDelegation tells whether child is proven to be a delegation without
// DS (RFC 4035 section 5.2, RFC 5155 section 8.9).
func (d *denial) unsignedDelegation(child string) error {
	err := errNoProof
	for _, n := range d.nsec {
		if dns.CanonicalName(n.Hdr.Name) == child {
			if err = delegationBits(n.TypeBitMap); err == nil {
				return nil
			}
		}
	}
	if len(d.nsec3) == 0 {
		return err
	}
	if d.tooMany() {
		return nil
	}
	return d.unsignedDelegation3(child)
}

// delegationBits checks a type bitmap at a delegation without DS.
func delegationBits(bits []uint16) error {
	switch {
	case has(bits, dns.TypeDS):
		return errHasType
	case has(bits, dns.TypeSOA):
		return errWrongSide
	case !has(bits, dns.TypeNS):
		return errors.New("the proof says that there is no delegation")
	}
	return nil
}

// noTypeBits checks a type bitmap at the name itself (RFC 6840 section 4).
func noTypeBits(bits []uint16, name string, qtype uint16) error {
	switch {
	case has(bits, qtype) || has(bits, dns.TypeCNAME):
		return errHasType
	case qtype == dns.TypeDS && has(bits, dns.TypeSOA) && name != ".":
		return errWrongSide
	case qtype != dns.TypeDS && has(bits, dns.TypeNS) && !has(bits, dns.TypeSOA):
		return errWrongSide
	case qtype == dns.TypeANY && len(bits) > 2:
		return errHasType
	}
	return nil
}

func has(bits []uint16, t uint16) bool { return slices.Contains(bits, t) }

// noData proves by NSEC that name has no such type (RFC 4035 section 5.4).
func (d *denial) noData(name string, qtype uint16) error {
	for _, n := range d.nsec {
		if dns.CanonicalName(n.Hdr.Name) == name {
			return noTypeBits(n.TypeBitMap, name, qtype)
		}
	}
	for _, n := range d.nsec {
		if !d.covers(n, name) || aboveCut(n.Hdr.Name, n.TypeBitMap, name) {
			continue
		}
		if dns.IsSubDomain(name, dns.CanonicalName(n.NextDomain)) {
			return nil // an empty non-terminal: it exists, and has nothing
		}
		wildcard := "*." + strings.TrimPrefix(d.encloser(n, name), ".")
		for _, w := range d.nsec {
			if dns.CanonicalName(w.Hdr.Name) == wildcard {
				return noTypeBits(w.TypeBitMap, wildcard, qtype)
			}
		}
		return errNoWildcard
	}
	return errNoCover
}

// noName proves by NSEC that name does not exist, nor a wildcard for it.
func (d *denial) noName(name string) error {
	for _, n := range d.nsec {
		if !d.covers(n, name) || aboveCut(n.Hdr.Name, n.TypeBitMap, name) || dns.IsSubDomain(name, dns.CanonicalName(n.NextDomain)) {
			continue
		}
		wildcard := "*." + strings.TrimPrefix(d.encloser(n, name), ".")
		for _, w := range d.nsec {
			if d.covers(w, wildcard) && !aboveCut(w.Hdr.Name, w.TypeBitMap, wildcard) {
				return nil
			}
		}
		return errNoWildcard
	}
	return errNoCover
}

// covers tells whether name lies strictly between the record's owner and next
// name; the last record of a zone points to the apex.
func (d *denial) covers(n *dns.NSEC, name string) bool {
	owner, next := dns.CanonicalName(n.Hdr.Name), dns.CanonicalName(n.NextDomain)
	if !dns.IsSubDomain(d.zone, name) || canonicalCompare(owner, name) >= 0 {
		return false
	}
	return canonicalCompare(name, next) < 0 || canonicalCompare(next, owner) <= 0
}

// encloser returns the closest ancestor of name that a covering record shows to
// exist.
func (d *denial) encloser(n *dns.NSEC, name string) string {
	a := commonAncestor(name, dns.CanonicalName(n.Hdr.Name))
	b := commonAncestor(name, dns.CanonicalName(n.NextDomain))
	if dns.CountLabel(b) > dns.CountLabel(a) {
		return b
	}
	return a
}

func commonAncestor(a, b string) string {
	n := dns.CompareDomainName(a, b)
	return lastLabels(a, n)
}

// lastLabels returns the last n labels of name.
func lastLabels(name string, n int) string {
	starts := dns.Split(name)
	if n <= 0 || n > len(starts) {
		if n > len(starts) {
			return name
		}
		return "."
	}
	return name[starts[len(starts)-n]:]
}

// aboveCut tells whether the record is at a delegation or DNAME above name: what
// it says of names below is not for it to say (RFC 6840 section 4.1).
func aboveCut(owner string, bits []uint16, name string) bool {
	owner = dns.CanonicalName(owner)
	if owner == name || !dns.IsSubDomain(owner, name) {
		return false
	}
	return has(bits, dns.TypeDNAME) || has(bits, dns.TypeNS) && !has(bits, dns.TypeSOA)
}

// compactlyAbsent tells whether a NODATA reply says by compact denial that there
// is nothing at all at a name (RFC 9824 section 3): its own NSEC record lists no
// type but those that the record itself brings.
func compactlyAbsent(m *dns.Msg, name string) bool {
	for _, rr := range m.Ns {
		if n, ok := rr.(*dns.NSEC); ok && dns.CanonicalName(n.Hdr.Name) == name {
			return !slices.ContainsFunc(n.TypeBitMap, func(t uint16) bool { return t != dns.TypeRRSIG && t != dns.TypeNSEC && t != typeNXNAME })
		}
	}
	return false
}
