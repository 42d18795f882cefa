package axfr

import (
	"context"
	"errors"
	"fmt"

	"freehold"
)

// Update brings a copy of a zone up to date by the differences that the server
// keeps (IXFR, RFC 1995), or by the whole zone where it sends that instead. base
// is not changed. changed is false where the server has nothing newer.
func (c *Client) Update(ctx context.Context, base *freehold.Zone, server string) (z *freehold.Zone, changed bool, err error) {
	soa, ok := base.SOA()
	if !ok {
		return nil, false, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the copy to bring up to date has no SOA")}
	}
	u := update{base: base, soa: soa}
	// Some servers give the SOA a reply over TCP with one record where nothing
	// is newer (RFC 1995 section 2).
	err = c.run(ctx, base.Origin, server, freehold.TypeIXFR, appendRecord(nil, soa), u.message, func() string {
		return fmt.Sprintf("the transfer ended without its SOA, after %d records", u.records)
	})
	if err != nil {
		return nil, false, err
	}
	if u.same {
		return base, false, nil
	}
	z = &freehold.Zone{Origin: base.Origin, Class: base.Class, Records: u.result()}
	c.label(z, "ixfr", server)
	z.Sort()
	return z, true, nil
}

// update follows an IXFR answer: SOA new, then for each step SOA old, what goes,
// SOA next, what comes, at last SOA new; or a whole zone as in AXFR.
type update struct {
	base *freehold.Zone
	soa  freehold.Record

	records int
	last    freehold.Record // the SOA that the answer ends with
	same    bool
	full    bool
	whole   []freehold.Record
	left    map[freehold.Record]freehold.Record // what the zone holds, by meaning
	adding  bool
	soas    int // SOA records seen in a run of differences
}

func key(r freehold.Record) freehold.Record {
	return freehold.Record{Owner: r.Owner.Canonical(), Class: r.Class, Type: r.Type, Data: r.CanonicalData()}
}

func (u *update) message(records []freehold.Record) (bool, error) {
	for i, r := range records {
		done, err := u.record(r, u.records+i, len(records)-i-1)
		if err != nil || done {
			return done, err
		}
	}
	u.records += len(records)
	return false, nil
}

// record takes one record; n is how many came before, more how many follow in
// its message.
func (u *update) record(r freehold.Record, n, more int) (done bool, err error) {
	isSOA := r.Type == freehold.TypeSOA
	if isSOA && !r.Owner.Equal(u.base.Origin) {
		return false, fmt.Errorf("an SOA of %q in the transfer", r.Owner)
	}
	switch n {
	case 0:
		if !isSOA {
			return false, fmt.Errorf("the transfer begins with a record of type %s and not with the zone's SOA", r.Type)
		}
		u.last = r
		u.same = !newer(serial(r), serial(u.soa))
		if u.same && more > 0 && serial(r) != serial(u.soa) {
			return false, errors.New("the server has an older zone than the copy")
		}
		return u.same, nil
	case 1:
		if u.full = !isSOA || r.Data == u.last.Data; !u.full {
			u.left = make(map[freehold.Record]freehold.Record, len(u.base.Records))
			for _, b := range u.base.Records {
				u.left[key(b)] = b
			}
			u.adding = true // the SOA of this very record turns to what goes
		} else {
			u.whole = append(u.whole, u.last)
		}
	}
	if u.full {
		if !isSOA {
			u.whole = append(u.whole, r)
			return false, nil
		}
		return u.end(r, more)
	}
	return u.difference(r, isSOA, more)
}

func (u *update) end(r freehold.Record, more int) (bool, error) {
	switch {
	case r.Data != u.last.Data:
		return false, errors.New("the last SOA is not the first: the zone changed under the transfer")
	case more > 0:
		return false, fmt.Errorf("%d records after the last SOA", more)
	}
	return true, nil
}

func (u *update) difference(r freehold.Record, isSOA bool, more int) (bool, error) {
	if isSOA && u.adding && r.Data == u.last.Data && u.soas > 0 {
		if current, ok := u.left[key(u.last)]; !ok || current.Data != u.last.Data {
			return false, errors.New("the differences do not lead to the serial that they promise")
		}
		return u.end(r, more)
	}
	if isSOA {
		u.adding = !u.adding
		u.soas++
	}
	k := key(r)
	_, has := u.left[k]
	switch {
	case !u.adding && !has:
		return false, fmt.Errorf("a record to remove, %s of %q, is not in the copy", r.Type, r.Owner)
	case !u.adding:
		delete(u.left, k)
	default:
		u.left[k] = r
	}
	return false, nil
}

func (u *update) result() []freehold.Record {
	if u.full {
		return u.whole
	}
	out := make([]freehold.Record, 0, len(u.left))
	for _, r := range u.left {
		out = append(out, r)
	}
	return out
}

func serial(soa freehold.Record) uint32 {
	z := freehold.Zone{Origin: soa.Owner, Records: []freehold.Record{soa}}
	n, _ := z.Serial()
	return n
}

// newer compares serials as RFC 1982 does.
func newer(a, b uint32) bool { return a != b && int32(a-b) > 0 }
