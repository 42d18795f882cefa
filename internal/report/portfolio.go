package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"freehold"
)

// portfolio gathers, a result at a time and in bounded memory, what stands
// before the names on a page: what to do this week, who holds how many names,
// and when registrations end.
type portfolio struct {
	p       *printer
	rules   map[string]*task
	asks    task // names whose verdict waits for an answer
	failed  task
	holders [len(dimensions)]holding
	months  map[time.Time]int // first of the month, UTC: registrations that end in it
	overdue int               // registrations whose end has passed
	noDate  int               // registered, or not known not to be, without a known end
	soon    most[expiry]
	sources map[silent]int
	now     time.Time
}

// dimensions are the ways in which names can hang on one party.
var dimensions = [...]freehold.Layer{
	freehold.LayerRegistrar, freehold.LayerDNS, freehold.LayerNetwork, freehold.LayerMail, freehold.LayerContactMailbox,
}

// The bounds of what a page remembers.
const (
	maxTasks    = 500    // rules counted apart; there are fewer
	maxHolders  = 50_000 // parties counted apart in each dimension
	maxParties  = 10     // parties of one name in one dimension
	maxSoon     = 25     // registrations listed with their day
	taskNames   = 5      // names shown with a task
	topTasks    = 3
	topHolders  = 8
	monthsAhead = 12
)

// A task is something to do for a number of names: one rule's findings, mostly.
type task struct {
	rule     string
	severity freehold.Severity
	title    freehold.Text
	remedy   freehold.Text // of the most urgent name
	due      time.Time     // the nearest date it speaks of
	stuck    bool          // it concerns a name that nothing can move now
	names    int
	first    []example // the most urgent names
}

type example struct {
	urgency
	name string
}

func newPortfolio(p *printer) *portfolio {
	f := &portfolio{p: p, rules: map[string]*task{}, months: map[time.Time]int{}, sources: map[silent]int{}, soon: most[expiry]{limit: maxSoon}}
	for i := range f.holders {
		f.holders[i].count = map[string]int{}
	}
	return f
}

func (f *portfolio) add(r *freehold.Result, u urgency) {
	if f.now.IsZero() {
		f.now = r.At
	}
	name := clip(f.p.nameOf(r), maxShown)
	if r.Status == freehold.StatusFailed {
		f.failed.count(name, urgency{seq: u.seq}, time.Time{})
	}
	seen := map[string]bool{}
	for i := range r.Findings {
		if fd := &r.Findings[i]; !seen[fd.Rule] {
			seen[fd.Rule] = true
			f.finding(fd, name, r, u.seq)
		}
	}
	if r.Status != freehold.StatusFailed && !r.Verdict.Question.IsZero() {
		f.asks.count(name, urgency{seq: u.seq}, time.Time{})
	}
	for _, s := range silentSources(&r.Observed) {
		if _, ok := f.sources[s]; ok || len(f.sources) < maxSources {
			f.sources[s]++
		}
	}
	if r.Status == freehold.StatusFailed {
		return
	}
	for i, l := range dimensions {
		c := r.Control.Of(l)
		f.holders[i].add(f.p, &c, partiesOf(r, &c))
	}
	f.ends(r, name, u.seq)
}

func (f *portfolio) finding(fd *freehold.Finding, name string, r *freehold.Result, seq int) {
	t := f.rules[fd.Rule]
	if t == nil {
		if len(f.rules) == maxTasks {
			return
		}
		t = &task{rule: fd.Rule, severity: fd.Severity, title: fd.Title}
		f.rules[fd.Rule] = t
	}
	u := urgency{grade: int(fd.Severity), due: deadline(fd, r.At), seq: seq}
	t.severity = max(t.severity, fd.Severity)
	t.stuck = t.stuck || r.Verdict.CanLeave == freehold.LeaveNo
	if t.names == 0 || u.compare(t.first[0].urgency) < 0 {
		t.title, t.remedy = fd.Title, fd.Remedy
	}
	t.count(name, u, u.due)
}

func (t *task) count(name string, u urgency, due time.Time) {
	t.names++
	if compareDates(due, t.due) < 0 {
		t.due = due
	}
	at, _ := slices.BinarySearchFunc(t.first, u, func(e example, u urgency) int { return e.compare(u) })
	if at < taskNames {
		t.first = slices.Insert(t.first, at, example{u, name})
		t.first = t.first[:min(len(t.first), taskNames)]
	}
}

// near is how close a date must be to come before everything of its severity.
const near = 30 * 24 * time.Hour

// pressing tells whether something comes before everything of its severity: it has a
// near date, or it is critical for a name that is being lost or held (verdict "no").
func pressing(s freehold.Severity, due, now time.Time, stuck bool) bool {
	return !due.IsZero() && due.Sub(now) < near || stuck && s == freehold.SeverityCritical
}

// compareFirst puts first what is true.
func compareFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// tasks returns what to do: by severity, then what is pressing, then by how many
// names it concerns.
func (f *portfolio) tasks() []*task {
	var all []*task
	for _, t := range f.rules {
		if t.severity >= freehold.SeverityNotice {
			all = append(all, t)
		}
	}
	first := func(t *task) bool { return pressing(t.severity, t.due, f.now, t.stuck) }
	slices.SortFunc(all, func(a, b *task) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), compareFirst(first(a), first(b)), cmp.Compare(b.names, a.names), strings.Compare(a.rule, b.rule))
	})
	grave := func(t *task) bool { return t.severity < freehold.SeverityWarning }
	at := slices.IndexFunc(all, grave)
	if at < 0 {
		at = len(all)
	}
	if f.asks.names > 0 {
		t := f.asks
		t.severity, t.title, t.remedy = freehold.SeverityNotice, freehold.T("Answer the one question that decides whether it can leave"), freehold.T("Answer: %s", "freehold audit --ask")
		all = slices.Insert(all, at, &t)
	}
	if f.failed.names > 0 {
		t := f.failed
		t.severity, t.title, t.remedy = freehold.SeverityWarning, freehold.T("Nothing could be learnt"), freehold.T("Look at the reasons, then ask again: %s", "freehold audit --resume")
		all = slices.Insert(all, at, &t)
	}
	return all
}

// partiesOf names each party that holds a part of a layer, once: a claim joins
// them into one text, and a name that hangs on two is hit when either fails.
func partiesOf(r *freehold.Result, c *freehold.Claim) []string {
	var all []string
	add := func(s string) {
		if s = clip(strings.TrimSpace(freehold.OneLine(s)), maxShown); s != "" && !slices.Contains(all, s) && len(all) < maxParties {
			all = append(all, s)
		}
	}
	if c.Layer == freehold.LayerNetwork && c.Standing == freehold.StandingObserved {
		for i := range r.Observed.Network.Addresses {
			if holder, ok := r.Observed.Network.Addresses[i].Holder.Get(); ok {
				add(holder)
			}
		}
		if len(all) > 0 {
			return all
		}
	}
	parts := strings.Split(c.Holder, ", ")
	for _, part := range parts {
		if h, err := freehold.ParseHost(part); err != nil || !strings.Contains(h.ASCII(), ".") {
			parts = []string{c.Holder} // no list of domains: the comma belongs to a name
			break
		}
	}
	for _, part := range parts {
		add(part)
	}
	return all
}

// holding counts the names that each party holds in one dimension.
type holding struct {
	count   map[string]int
	names   int // all, those of which nothing is known too
	unknown int
	none    int
	// beyond counts names of parties that came after maxHolders others.
	beyond int
}

func (h *holding) add(p *printer, c *freehold.Claim, parties []string) {
	h.names++
	switch {
	case c.Standing == freehold.StandingUnknown:
		h.unknown++
		return
	case c.Mine:
		parties = []string{p.holder(&freehold.Claim{Holder: clip(freehold.OneLine(c.Holder), maxShown), Mine: true})}
	case len(parties) == 0:
		h.none++
		return
	}
	for _, who := range parties {
		if _, known := h.count[who]; !known && len(h.count) == maxHolders {
			h.beyond++
			continue
		}
		h.count[who]++
	}
}

// share is one bar of a chart.
type share struct {
	who   string
	names int
	kind  shareKind
}

type shareKind uint8

const (
	shareParty shareKind = iota
	shareRest            // the parties not shown
	shareNone            // there is none, as for mail
	shareUnknown
)

// shares returns the largest holders, then the rest together, then what is not
// known, and how many parties there are.
func (h *holding) shares() (all []share, parties int) {
	for _, who := range slices.SortedFunc(maps.Keys(h.count), func(a, b string) int {
		return cmp.Or(cmp.Compare(h.count[b], h.count[a]), strings.Compare(a, b))
	}) {
		all = append(all, share{who: who, names: h.count[who]})
	}
	parties = len(all)
	rest := h.beyond
	if len(all) > topHolders {
		for _, s := range all[topHolders:] {
			rest += s.names
		}
		all = all[:topHolders]
	}
	for _, s := range []share{{names: rest, kind: shareRest}, {names: h.none, kind: shareNone}, {names: h.unknown, kind: shareUnknown}} {
		if s.names > 0 {
			all = append(all, s)
		}
	}
	return all, parties
}

// expiry is a registration that ends.
type expiry struct {
	urgency
	name string
	at   time.Time
}

// ends notes when a registration ends: the registry's date, or where only the
// registrar names one, the registrar's.
func (f *portfolio) ends(r *freehold.Result, name string, seq int) {
	if r.Observed.Registration.State == freehold.NotRegistered {
		return
	}
	at, ok := endOf(&r.Observed.Registration)
	switch {
	case !ok:
		f.noDate++
		return
	case at.Before(f.now):
		f.overdue++
	default:
		at = at.UTC()
		month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
		if month.Before(f.firstMonth().AddDate(0, monthsAhead, 0)) {
			f.months[month]++
		}
	}
	if at.Sub(f.now) <= 90*24*time.Hour {
		f.soon.keep(expiry{urgency{due: at, seq: seq}, name, at})
	}
}

func endOf(r *freehold.Registration) (time.Time, bool) {
	if at, ok := r.Expires.Get(); ok && moment(at) != nil {
		return at, true
	}
	at, ok := r.RegistrarExpires.Get()
	return at, ok && moment(at) != nil
}

func (f *portfolio) firstMonth() time.Time {
	now := f.now.UTC()
	return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// calendar returns the months to come with how many registrations end in each.
func (f *portfolio) calendar() (months []monthCount, highest int) {
	for i := range monthsAhead {
		m := f.firstMonth().AddDate(0, i, 0)
		months = append(months, monthCount{m, f.months[m]})
		highest = max(highest, f.months[m])
	}
	return months, highest
}

type monthCount struct {
	month time.Time
	names int
}
