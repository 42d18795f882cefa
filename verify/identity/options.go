package identity

import (
	"cmp"
	"slices"
	"time"

	"freehold"
)

// maxOptions is how many ways are listed: whoever reads more chooses none.
const maxOptions = 6

// candidate is a check that was not passed yet, with the best contact for it.
type candidate struct {
	held
	takes time.Duration
}

// options lists what would suffice: single checks, else pairs, else three, none of
// which holds a smaller set that is enough.
func (p Policy) options(c *freehold.Case, have []held, n int, doubt bool, now, deadline time.Time) []Option {
	could := p.candidates(c, have)
	var found []Option
	var walk func(from int, chosen []candidate)
	walk = func(from int, chosen []candidate) {
		if len(chosen) > 0 && p.wouldCarry(have, chosen, n, doubt) {
			found = append(found, option(chosen, now, deadline))
			return
		}
		if len(chosen) == 3 {
			return
		}
		for i := from; i < len(could); i++ {
			walk(i+1, append(slices.Clone(chosen), could[i]))
		}
	}
	walk(0, nil)
	found = minimal(found)
	slices.SortStableFunc(found, func(a, b Option) int {
		return cmp.Or(-cmpBool(a.InTime, b.InTime), cmp.Compare(len(a.Methods), len(b.Methods)), cmp.Compare(a.Takes, b.Takes))
	})
	return found[:min(len(found), maxOptions)]
}

func cmpBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// minimal drops the sets that hold another one.
func minimal(all []Option) []Option {
	return slices.DeleteFunc(slices.Clone(all), func(o Option) bool {
		return slices.ContainsFunc(all, func(less Option) bool {
			return len(less.Methods) < len(o.Methods) && !slices.ContainsFunc(less.Methods, func(m string) bool { return !slices.Contains(o.Methods, m) })
		})
	})
}

func (p Policy) wouldCarry(have []held, chosen []candidate, n int, doubt bool) bool {
	all := slices.Clone(have)
	for _, k := range chosen {
		all = append(all, k.held)
	}
	return p.carries(add(all), n, doubt, nil)
}

// candidates are the checks that this case allows and that would add something.
func (p Policy) candidates(c *freehold.Case, have []held) []candidate {
	var all []candidate
	for _, m := range methods {
		if slices.ContainsFunc(have, func(h held) bool { return h.method == m.ID }) {
			continue
		}
		best := candidate{takes: p.Methods[m.ID].Takes.Duration()}
		contacts := []freehold.Contact{{}}
		if m.ByContact {
			contacts = c.Contacts
		}
		for _, k := range contacts {
			if h, _ := p.worth(c, m.ID, k.ID, false); better(h, best.held) {
				best.held = h
			}
		}
		if best.points > 0 {
			all = append(all, best)
		}
	}
	return all
}

func better(a, b held) bool {
	if a.anchors != b.anchors && a.points > 0 {
		return a.anchors
	}
	return a.points > b.points
}

// Would says about when one check would be done, if it is asked for now, and whether
// that is before a deadline.
func (p Policy) Would(method string, now, deadline time.Time) Option {
	return option([]candidate{{held: held{method: method}, takes: p.Methods[method].Takes.Duration()}}, now, deadline)
}

func option(chosen []candidate, now, deadline time.Time) Option {
	o := Option{}
	for _, k := range chosen {
		o.Methods = append(o.Methods, k.method)
		o.Takes = max(o.Takes, k.takes) // they are asked for at the same time
	}
	o.Ready = now.Add(o.Takes)
	o.InTime = o.Ready.Before(deadline)
	switch {
	case !o.InTime && slices.Contains(o.Methods, "letter_code"):
		o.Text = freehold.T("the letter would arrive about %t, after the deadline", o.Ready)
	case !o.InTime:
		o.Text = freehold.T("ready about %t, after the deadline", o.Ready)
	default:
		o.Text = freehold.T("ready about %t", o.Ready)
	}
	return o
}
