package identity

import (
	"slices"

	"freehold"
)

// held is what one passed check is worth in a case.
type held struct {
	method  string
	channel freehold.Channel
	points  int
	// anchors: it carries a release; what does not supports only.
	anchors bool
	// alone: it is the contact as it stood for long, and may suffice by itself where
	// the rules ask for parity.
	alone   bool
	contact string
}

// strength is what several checks come to.
type strength struct {
	points   int
	channels []freehold.Channel // that carry it
	alone    []string           // methods
}

// add sums checks: on one channel only the best counts, as they fall together with
// it; all that supports adds one, however much it is.
func add(all []held) strength {
	best := map[freehold.Channel]int{}
	supported := 0
	var s strength
	for _, h := range all {
		switch {
		case h.points <= 0:
		case h.anchors:
			best[h.channel] = max(best[h.channel], h.points)
			if h.alone && !slices.Contains(s.alone, h.method) {
				s.alone = append(s.alone, h.method)
			}
		default:
			supported = 1
		}
	}
	for channel, points := range best {
		s.points += points
		s.channels = append(s.channels, channel)
	}
	slices.Sort(s.channels)
	slices.Sort(s.alone)
	s.points += supported
	return s
}

// reaches tells whether the checks are as much as a level asks for.
func (s strength) reaches(l Level) bool { return s.points >= l.Bar && len(s.channels) >= l.Channels }

// worth says what a passed check proves about the holder of record in this case,
// and why it is less than usual, where it is.
func (p Policy) worth(c *freehold.Case, id string, contact string, throughHost bool) (held, freehold.Text) {
	m, ok := MethodOf(id)
	if !ok {
		return held{}, freehold.Text{}
	}
	h := held{method: id, channel: m.Channel, points: p.Methods[id].Points, anchors: !m.Supports, alone: !m.Supports, contact: contact}
	failed := !c.Incident.IsZero()
	if m.ThroughHost && !m.Supports && failed || throughHost {
		h.anchors, h.alone = false, false
	}
	if !m.ByContact {
		return h, freehold.Text{}
	}
	k, ok := c.Contact(contact)
	switch {
	case !ok || k.Channel != m.Channel:
		return held{}, freehold.T("A check that went to no contact on record proves nothing.")
	case k.Of != freehold.SideHolder && !(k.Of == freehold.SideCustomer && c.Customer.Is(c.Holder)):
		return held{}, freehold.T("A check through a contact that is not the holder's proves nothing about the holder.")
	case p.tooNew(c, k):
		return held{}, freehold.T("The contact %q came on record only on %t: what it answers proves nothing.", k.ID, k.Since)
	case k.Previous && !p.replacedLately(c, k):
		return held{}, freehold.T("The contact %q was replaced long ago: who answers there need not be the holder any more.", k.ID)
	case k.AtHost && failed:
		h.anchors, h.alone = false, false
		return h, freehold.T("The contact %q lies with the host that failed: whoever got in there could answer, so it never suffices alone.", k.ID)
	case k.Since.IsZero():
		h.points, h.alone = min(h.points, 1), false
		return h, freehold.T("Since when the contact %q is on record is not known, so it counts for less.", k.ID)
	}
	h.points = min(h.points, 5)
	return h, freehold.Text{}
}

// tooNew tells whether a contact came on record after the incident, or so shortly
// before the first request that a thief may have put it there.
func (p Policy) tooNew(c *freehold.Case, k freehold.Contact) bool {
	if k.Since.IsZero() {
		return false
	}
	return !c.Incident.IsZero() && !k.Since.Before(c.Incident) || k.Since.After(c.FirstRequest.Add(-p.Recent.Duration()))
}

// replacedLately tells whether what replaced a contact is itself too new: then the
// old one is the contact of record still.
func (p Policy) replacedLately(c *freehold.Case, k freehold.Contact) bool {
	return slices.ContainsFunc(c.Contacts, func(now freehold.Contact) bool {
		return !now.Previous && now.Of == k.Of && now.Channel == k.Channel && p.tooNew(c, now)
	})
}

// proved returns what the checks of one side come to, and what there is to say
// about them. An objection or claim is proved by its own checks alone.
func (p Policy) proved(c *freehold.Case, side freehold.Side, ref string) ([]held, []freehold.Text) {
	var all []held
	var why []freehold.Text
	for _, d := range c.Checks {
		of := d.Of == side || side == freehold.SideHolder && d.Of == freehold.SideCustomer && c.Customer.Is(c.Holder)
		if !of || d.Ref != ref || d.Outcome != freehold.CheckPassed {
			continue
		}
		h, less := p.worth(c, d.Method, d.Contact, d.ThroughHost)
		if !less.IsZero() {
			why = append(why, less)
		}
		if h.points > 0 {
			all = append(all, h)
		}
	}
	return all, why
}
