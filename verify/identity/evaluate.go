package identity

import (
	"slices"
	"time"

	"freehold"
	"freehold/internal/policy"
)

// Policy is all that a judgement rests on: the host's profile and the rules of the
// name's top-level domain.
type Policy struct {
	Profile
	Transfer policy.Profile
}

// PolicyFor joins a profile with the rules in force for a name.
func PolicyFor(p Profile, rules *policy.Set, name freehold.Name, at time.Time) Policy {
	return Policy{Profile: p, Transfer: rules.For(name, at)}
}

// parity tells whether the rules forbid a harder gate for this act than for changes
// of contacts or name servers (Transfer Policy I.A.5.3).
func (p Policy) parity() bool { return policy.Is(p.Transfer.Proof, policy.ProofAsForContacts) }

// An Assessment says whether enough is proven to do what a case asks for, what
// would suffice if not, and from when it may be done.
type Assessment struct {
	Enough bool
	// Missing lists what would suffice, the soonest first.
	Missing []Option
	// Hold is the moment before which nothing is released; zero: no hold.
	Hold     time.Time
	Deadline Deadline
	Level    Level
	// Keys is how many operators have to sign: a matter of the house, which the rules
	// do not bound.
	Keys     int
	Strength int
	Channels int
	// Stopped: a holder proven at least as strongly objects, or an objection was
	// upheld. Only a decision ends that.
	Stopped bool
	// Undecided lists objections and claims that have to be decided before a release.
	Undecided []string
	// Doubts lists signs of risk that may be written down as a doubt; until one is,
	// the rules allow no more to be asked for.
	Doubts []string
	Why    []freehold.Reason
}

// An Option is a set of checks that would suffice together.
type Option struct {
	Methods []string // their titles: MethodOf
	Takes   time.Duration
	Ready   time.Time     // about when it would be done, if asked for now
	InTime  bool          // before the deadline
	Text    freehold.Text // when it would be ready
}

func (a *Assessment) say(t freehold.Text, s ...policy.Source) {
	r := freehold.Reason{Text: t}
	if len(s) > 0 {
		r.Citation = s[0].Citation
	}
	a.Why = append(a.Why, r)
}

// Evaluate judges a case at a moment. It has no side effects and says the same
// again when asked again.
func Evaluate(c freehold.Case, p Policy, now time.Time) Assessment {
	if len(p.Levels) != len(levelNames) {
		return Assessment{Why: []freehold.Reason{{Text: freehold.T("Without an identity policy nothing is enough.")}}}
	}
	a := Assessment{Deadline: p.Deadline(&c)}
	holder, less := p.proved(&c, freehold.SideHolder, "")
	for _, t := range less {
		a.say(t)
	}
	mine := add(holder)
	a.Strength, a.Channels = mine.points, len(mine.channels)
	n := p.level(&c, mine, now, &a)
	a.Level = p.Levels[n]
	a.Keys = p.keys(&c, n)
	enough := p.carries(mine, n, p.doubted(&c, now), &a)
	authority := p.authority(&c, now, &a)
	a.Enough = enough && authority && !a.Stopped && p.fits(&c, &a)
	if !enough && c.State == freehold.CaseOpen {
		a.Missing = p.options(&c, holder, n, p.doubted(&c, now), now, a.Deadline.At)
	}
	a.Hold = p.hold(&c, holder, mine, n, now, a.Deadline.At, &a)
	p.explainDeadline(now, &a)
	return a
}

// carries tells whether what is proven about the holder is enough at a level.
func (p Policy) carries(s strength, n int, doubt bool, a *Assessment) bool {
	if p.parity() && !doubt {
		for _, m := range s.alone {
			if slices.Contains(p.SufficesForChanges, m) {
				if a != nil {
					title, _ := MethodOf(m)
					a.say(freehold.T("%m suffices: it is enough here for contacts and name servers, so no more may be asked for a transfer while no doubt stands on the case.", title.Title), p.Transfer.Proof.Source)
				}
				return true
			}
		}
	}
	l := p.Levels[n]
	if a != nil {
		a.say(freehold.T("Proven so far: a strength of %d by %d independent channels; needed are %d by %d.", s.points, len(s.channels), l.Bar, l.Channels))
	}
	return s.reaches(l)
}

// doubted tells whether anything stands on the case that lets more be asked than
// is usual: a doubt in writing, or a dispute that counts.
func (p Policy) doubted(c *freehold.Case, now time.Time) bool {
	return len(c.Doubts) > 0 || slices.ContainsFunc(c.Disputes, func(d freehold.Dispute) bool { return p.counts(c, d, now) != nothing })
}

// How much a dispute counts.
const (
	nothing = iota
	waits   // somebody objects without proof: until shortly before the deadline
	proven  // somebody proved something
)

// counts weighs an open objection or claim. A second claim is nothing before it has
// passed one check that carries: or anybody could block anything.
func (p Policy) counts(c *freehold.Case, d freehold.Dispute, now time.Time) int {
	theirs, _ := p.proved(c, p.sideOf(d), d.ID)
	switch {
	case d.Settled:
		return nothing
	case len(add(theirs).channels) > 0:
		return proven
	case d.Claims != freehold.SideClaimant && now.Before(p.lastHold(c)):
		return waits
	}
	return nothing
}

func (p Policy) sideOf(d freehold.Dispute) freehold.Side {
	if d.Claims == freehold.SideClaimant {
		return freehold.SideClaimant
	}
	return freehold.SideObjector
}

// lastHold is the moment at which every hold ends.
func (p Policy) lastHold(c *freehold.Case) time.Time {
	return p.Deadline(c).At.Add(-p.Margin.Duration())
}

// level finds what has to be reached: by the signs of risk as far as the rules
// allow, by doubts in writing, by disputes.
func (p Policy) level(c *freehold.Case, mine strength, now time.Time, a *Assessment) int {
	n := p.byPoints(c, a)
	if len(c.Doubts) > 0 {
		n = max(n, raised)
		for _, d := range c.Doubts {
			a.say(freehold.T("A doubt stands on the case (%s): more is asked for than is usual.", d.Reason))
		}
	}
	for _, d := range c.Disputes {
		n = max(n, p.disputed(c, d, mine, now, a))
	}
	return n
}

// byPoints is the level that the signs of risk come to. Where parity is asked for
// and no doubt is written down, they raise nothing and are handed on.
func (p Policy) byPoints(c *freehold.Case, a *Assessment) int {
	points := 0
	for _, s := range c.Signals {
		points += s.Points
	}
	// At most as much as one other sign: whoever types wrong tokens at random must not
	// be able to keep the holder out.
	if failed := failures(c); failed > 1 {
		points += min(failed-1, 3)
	}
	n := routine
	for i, l := range p.Levels {
		if points >= l.Points {
			n = i
		}
	}
	if n == routine {
		return n
	}
	if p.parity() && len(c.Doubts) == 0 {
		for _, s := range c.Signals {
			a.Doubts = append(a.Doubts, s.ID)
		}
		a.say(freehold.T("There are %d points of risk. The rules let more be asked for only if a concrete doubt is written on the case.", points), p.Transfer.Proof.Source)
		return routine
	}
	a.say(freehold.T("There are %d points of risk: more is asked for than is usual.", points))
	return n
}

// keys is how many operators sign: as many as the level asks for, and two wherever
// the name or the signs of risk call for it, or one operator could have cleared a
// doubt or an objection away alone, or have taken away the time to object.
func (p Policy) keys(c *freehold.Case, n int) int {
	points := 0
	for _, s := range c.Signals {
		points += s.Points
	}
	if c.HighValue || c.Doubted || len(c.Disputes) > 0 || points >= p.Levels[raised].Points || p.hurried(c) {
		n = max(n, raised)
	}
	return p.Levels[n].Keys
}

// hurried tells whether the first request is said to lie so far back that no time is
// left for whoever was told to object: a word that costs nobody anything.
func (p Policy) hurried(c *freehold.Case) bool {
	enough := func(c *freehold.Case) bool {
		return !p.lastHold(c).Before(c.OpenedAt.Add(p.Levels[routine].Delay.Duration()))
	}
	unsaid := *c
	unsaid.FirstRequest = c.OpenedAt
	return !enough(c) && enough(&unsaid) // else it is the rules that leave none
}

// failures counts the wrong answers about the holder.
func failures(c *freehold.Case) int {
	n := 0
	for _, d := range c.Checks {
		if d.Outcome == freehold.CheckFailed && d.Of == freehold.SideHolder {
			n++
		}
	}
	return n
}

// disputed says what one objection or claim does to the level, and whether it stops
// the release: only the holder, proven at least as strongly, can.
func (p Policy) disputed(c *freehold.Case, d freehold.Dispute, mine strength, now time.Time, a *Assessment) int {
	if d.Settled {
		if d.Upheld {
			a.Stopped = true
			a.say(freehold.T("The objection or claim %q was upheld.", d.ID))
		}
		return routine
	}
	theirs, _ := p.proved(c, p.sideOf(d), d.ID)
	s := add(theirs)
	switch p.counts(c, d, now) {
	case proven:
		a.Undecided = append(a.Undecided, d.ID)
		if d.Claims == freehold.SideHolder && s.points >= mine.points {
			a.Stopped = true
			a.say(freehold.T("A holder proven at least as strongly objects (%s): nothing is released before that is decided.", d.ID))
			return high
		}
		a.say(freehold.T("The objection or claim %q passed a check: it has to be decided, and more is asked for.", d.ID))
		return high
	case waits:
		a.say(freehold.T("Somebody objects (%s) without having proven to be the holder: more is asked for, and nothing is released before %t.", d.ID, p.lastHold(c)))
		return raised
	}
	return routine
}

// authority tells whether who asks may: the holder, or somebody with a mandate of
// the holder's who was looked at too.
func (p Policy) authority(c *freehold.Case, now time.Time, a *Assessment) bool {
	if c.Requester.Is(c.Holder) {
		return true
	}
	for _, m := range c.Mandates {
		if !m.From.Is(c.Holder) || !m.To.Is(c.Requester) {
			continue
		}
		if !m.Covers(c.Name, c.Act, now) {
			a.say(freehold.T("The mandate %q does not cover this name and act today.", m.ID))
			continue
		}
		if !p.requesterSeen(c) {
			a.say(freehold.T("Who holds the mandate %q has to pass one check too, so that the code goes to them and to nobody in their name.", m.ID))
			return false
		}
		return true
	}
	if c.Requester.Is(c.Customer) {
		a.say(freehold.T("%s is the customer here and not the registrant of record, %s. The registrant has to give a mandate; where that person is not to be had, this is a change of registrant and no release.",
			said(c.Requester), said(c.Holder)), policy.Source{Citation: p.registrantChange()})
		return false
	}
	a.say(freehold.T("%s is not the registrant of record, %s, and has shown no mandate of theirs that holds.", said(c.Requester), said(c.Holder)))
	return false
}

// registrantChange cites the rule on changes of registrant, where one is known.
func (p Policy) registrantChange() string {
	if _, ok := p.Transfer.LockAfterRegistrantChange.Get(); ok {
		return p.Transfer.LockAfterRegistrantChange.Citation
	}
	return ""
}

func said(p freehold.Party) string {
	if p.Organisation != "" {
		return p.Organisation
	}
	return p.Name
}

// requesterSeen tells whether somebody who acts for the holder passed a check that
// went to a contact of theirs on record: one that came with the request is none.
func (p Policy) requesterSeen(c *freehold.Case) bool {
	return slices.ContainsFunc(c.Checks, func(d freehold.CheckDone) bool {
		m, ok := MethodOf(d.Method)
		k, known := c.Contact(d.Contact)
		theirs := k.Of == freehold.SideRequester || k.Of == freehold.SideCustomer && c.Customer.Is(c.Requester)
		return ok && known && !m.Supports && theirs && k.Channel == m.Channel && !k.Since.IsZero() && !k.Previous && !p.tooNew(c, k) &&
			(d.Of == freehold.SideRequester || d.Of == freehold.SideCustomer && c.Customer.Is(c.Requester)) && d.Outcome == freehold.CheckPassed
	})
}

// fits tells whether names of this top-level domain move by this act at all.
func (p Policy) fits(c *freehold.Case, a *Assessment) bool {
	moved, known := p.Transfer.MovedBy.Get()
	switch {
	case c.Act == freehold.ActTag && moved != policy.ByTag:
		a.say(freehold.T("Names under .%s do not move by a tag.", c.Name.TLD()))
		return false
	case c.Act == freehold.ActCode && known && moved != policy.ByCode:
		a.say(freehold.T("Names under .%s do not move by a code today.", c.Name.TLD()), p.Transfer.MovedBy.Source)
		return false
	}
	return true
}

// hold is the moment before which nothing is released: a delay after a notice that
// reached somebody else than who passed the checks; where none did, as long as the
// rules allow, unless a second channel carries the case.
func (p Policy) hold(c *freehold.Case, holder []held, mine strength, n int, now, deadline time.Time, a *Assessment) time.Time {
	last := deadline.Add(-p.Margin.Duration())
	until := last
	told := p.told(c, holder)
	switch {
	case !told.IsZero():
		until = told.Add(p.Levels[n].Delay.Duration())
	case len(mine.channels) > 1:
		until = c.OpenedAt.Add(p.Levels[n].Delay.Duration())
	default:
		a.say(freehold.T("No notice has reached a contact other than the one that answered: a second check, or waiting until %t, stands in for it.", last))
	}
	for _, d := range c.Disputes {
		if p.counts(c, d, now) != nothing {
			until = last
		}
	}
	if until.After(last) {
		until = last
	}
	if !until.After(now) {
		return time.Time{}
	}
	a.say(freehold.T("Nothing is released before %t, so that whoever was told can object.", until))
	return until
}

// told is when a notice first reached somebody else than who passed the checks; zero
// if none did. A contact that whoever passed them may have put on record, or answers
// at the failed host, is nobody else.
func (p Policy) told(c *freehold.Case, holder []held) time.Time {
	for _, n := range c.Notices {
		k, ok := c.Contact(n.Contact)
		ours := ok && (k.Of == freehold.SideHolder || k.Of == freehold.SideCustomer) && !p.tooNew(c, k) && !(k.AtHost && !c.Incident.IsZero())
		if n.Sent && ours && !slices.ContainsFunc(holder, func(h held) bool { return h.contact == n.Contact }) {
			return n.At
		}
	}
	return time.Time{}
}

func (p Policy) explainDeadline(now time.Time, a *Assessment) {
	d := a.Deadline
	switch {
	case !now.Before(d.At):
		a.say(freehold.T("It should have been done by %t.", d.At), d.Source)
	case d.Own:
		a.say(freehold.T("It is to be done by %t: the rules give no number of days, this is the host's own.", d.At), d.Source)
	default:
		a.say(freehold.T("It has to be done by %t, counted from the first request.", d.At), d.Source)
	}
}
