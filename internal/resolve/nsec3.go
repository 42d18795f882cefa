package resolve

import (
	"strings"

	"github.com/miekg/dns"

	"freehold"
)

// hasher returns the NSEC3 hash (RFC 5155 section 5), remembered and counted
// against what the name may cost.
func (r *Resolver) hasher(t *task) func(string, *dns.NSEC3) (string, error) {
	type key struct {
		name, salt string
		iterations uint16
	}
	known := map[key]string{}
	return func(name string, n *dns.NSEC3) (string, error) {
		k := key{name, n.Salt, n.Iterations}
		if h, ok := known[k]; ok {
			return h, nil
		}
		if err := t.hashName(); err != nil {
			return "", err
		}
		h := dns.HashName(name, n.Hash, n.Iterations, n.Salt)
		known[k] = h
		return h, nil
	}
}

// ownerHash returns the hash in a record's owner name, in upper case, if the
// record is directly below the zone.
func (d *denial) ownerHash(n *dns.NSEC3) string {
	label, zone, _ := strings.Cut(dns.CanonicalName(n.Hdr.Name), ".")
	if zone == "" {
		zone = "."
	}
	if zone != d.zone {
		return ""
	}
	return strings.ToUpper(label)
}

// match returns the record at name's hash.
func (d *denial) match(name string) (*dns.NSEC3, error) {
	for _, n := range d.nsec3 {
		h, err := d.hash(name, n)
		if err != nil {
			return nil, err
		}
		if h != "" && h == d.ownerHash(n) {
			return n, nil
		}
	}
	return nil, nil
}

// cover returns the record whose span name's hash falls into.
func (d *denial) cover(name string) (*dns.NSEC3, error) {
	for _, n := range d.nsec3 {
		h, err := d.hash(name, n)
		if err != nil {
			return nil, err
		}
		owner, next := d.ownerHash(n), strings.ToUpper(n.NextDomain)
		if h == "" || owner == "" || len(next) != len(h) {
			continue
		}
		inside := owner < h && h < next
		if owner >= next { // the last record of the zone
			inside = h > owner || h < next
		}
		if inside && h != owner {
			return n, nil
		}
	}
	return nil, nil
}

func optOut(n *dns.NSEC3) bool { return n.Flags&1 != 0 }

// closest is the closest encloser proof (RFC 5155 section 8.3): the closest
// ancestor that exists, and the record that covers the name next below it.
func (d *denial) closest(name string) (encloser string, nextCloser *dns.NSEC3, err error) {
	starts := dns.Split(name)
	below := name
	for i := range len(starts) + 1 {
		candidate := "."
		if i < len(starts) {
			candidate = name[starts[i]:]
		}
		if !dns.IsSubDomain(d.zone, candidate) {
			break
		}
		n, err := d.match(candidate)
		if err != nil {
			return "", nil, err
		}
		if n == nil {
			below = candidate
			continue
		}
		if candidate == name {
			return "", nil, errHasType
		}
		if aboveCut(candidate, n.TypeBitMap, name) {
			return "", nil, errBeyondCut
		}
		c, err := d.cover(below)
		if err == nil && c == nil {
			err = errNoCover
		}
		return candidate, c, err
	}
	return "", nil, errNoCover
}

func below(encloser string) string { return "*." + strings.TrimPrefix(encloser, ".") }

// byOptOut is secure, or insecure where the covering record opts out: an
// unsigned delegation may be there all the same.
func byOptOut(n *dns.NSEC3) freehold.Validation {
	if optOut(n) {
		return freehold.Insecure
	}
	return freehold.Secure
}

// noName3 is RFC 5155 section 8.4.
func (d *denial) noName3(name string) (freehold.Validation, error) {
	encloser, next, err := d.closest(name)
	if err != nil {
		return freehold.Bogus, err
	}
	w, err := d.cover(below(encloser))
	if err == nil && w == nil {
		err = errNoWildcard
	}
	return byOptOut(next), err
}

// noData3 is RFC 5155 sections 8.5 to 8.7.
func (d *denial) noData3(name string, qtype uint16) (freehold.Validation, error) {
	n, err := d.match(name)
	if err != nil {
		return freehold.Bogus, err
	}
	if n != nil {
		return freehold.Secure, noTypeBits(n.TypeBitMap, name, qtype)
	}
	encloser, next, err := d.closest(name)
	if err != nil {
		return freehold.Bogus, err
	}
	w, err := d.match(below(encloser))
	switch {
	case err != nil:
		return freehold.Bogus, err
	case w != nil:
		return byOptOut(next), noTypeBits(w.TypeBitMap, below(encloser), qtype)
	case optOut(next):
		return freehold.Insecure, nil
	}
	return freehold.Bogus, errNoWildcard
}

// wildcardAnswer3 is RFC 5155 section 8.8.
func (d *denial) wildcardAnswer3(name string, labels int) (freehold.Validation, error) {
	n, err := d.cover(lastLabels(name, labels+1))
	if err != nil {
		return freehold.Bogus, err
	}
	if n == nil {
		return freehold.Bogus, errNoCover
	}
	return byOptOut(n), nil
}

// unsignedDelegation3 is RFC 5155 section 8.9.
func (d *denial) unsignedDelegation3(child string) error {
	n, err := d.match(child)
	if err != nil {
		return err
	}
	if n != nil {
		return delegationBits(n.TypeBitMap)
	}
	_, next, err := d.closest(child)
	if err != nil {
		return err
	}
	if !optOut(next) {
		return errNoProof
	}
	return nil
}
