package apizone

import (
	"slices"

	"freehold"
	"freehold/dnsexport"
)

// Edits are a change of one record set in single records. Updates come first, so
// that a set is never empty on its way; what has no record to take the place of is
// added, and what is left over goes last.
type Edits struct {
	Update []Entry // identifiers with what they are to be
	Add    []freehold.Record
	Drop   []Entry
}

// Sets are entries by owner and type.
type Sets map[setKey][]Entry

type setKey struct {
	owner freehold.Owner
	t     freehold.RRType
}

// Group puts entries into sets.
func Group(entries []Entry) Sets {
	out := Sets{}
	for _, e := range entries {
		k := setKey{e.Owner.Canonical(), e.Type}
		out[k] = append(out[k], e)
	}
	return out
}

// Edit finds the edits that make a set of entries what a change wants. Entries
// that already are so stay untouched.
func (s Sets) Edit(c dnsexport.Change) Edits {
	has := slices.Clone(s[setKey{c.Set.Owner.Canonical(), c.Set.Type}])
	var wants []freehold.Record
	for _, d := range c.Set.Data {
		r := freehold.Record{Owner: c.Set.Owner, Class: freehold.ClassIN, Type: c.Set.Type, TTL: c.Set.TTL, Data: d}
		if i := slices.IndexFunc(has, func(e Entry) bool { return e.Data == d }); i >= 0 {
			if has[i].TTL != r.TTL {
				has[i].Record = r
				wants = append(wants, r)
				continue // the same data under another TTL: updated in its place below
			}
			has = slices.Delete(has, i, i+1)
			continue
		}
		wants = append(wants, r)
	}
	return pair(has, wants)
}

// pair gives each wanted record the entry that already has its data, else any.
func pair(has []Entry, wants []freehold.Record) Edits {
	var out Edits
	var rest []freehold.Record
	for _, r := range wants {
		if i := slices.IndexFunc(has, func(e Entry) bool { return e.Data == r.Data }); i >= 0 {
			out.Update = append(out.Update, Entry{has[i].ID, r})
			has = slices.Delete(has, i, i+1)
			continue
		}
		rest = append(rest, r)
	}
	n := min(len(has), len(rest))
	for i := range n {
		out.Update = append(out.Update, Entry{has[i].ID, rest[i]})
	}
	out.Add, out.Drop = rest[n:], has[n:]
	return out
}

// An Editor edits single records at the provider.
type Editor struct {
	Update func(id string, r freehold.Record) error
	Add    func(r freehold.Record) error
	Drop   func(id string) error
}

// Apply carries out changes record by record, set after set.
func Apply(entries []Entry, changes []dnsexport.Change, with Editor) error {
	sets := Group(entries)
	for _, c := range changes {
		e := sets.Edit(c)
		for _, u := range e.Update {
			if err := with.Update(u.ID, u.Record); err != nil {
				return err
			}
		}
		for _, r := range e.Add {
			if err := with.Add(r); err != nil {
				return err
			}
		}
		for _, d := range e.Drop {
			if err := with.Drop(d.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
