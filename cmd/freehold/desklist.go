package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/registrar/transfer"
	"freehold/verify/identity"
)

// caseDoc is a case in JSON.
type caseDoc struct {
	Schema   string        `json:"schema,omitempty"`
	Case     string        `json:"case"`
	Name     string        `json:"name"`
	Act      string        `json:"act"`
	State    string        `json:"state"`
	Opened   time.Time     `json:"opened"`
	Deadline *time.Time    `json:"deadline"`
	Next     *time.Time    `json:"next_look"`
	Risk     int           `json:"risk"`
	Code     *time.Time    `json:"code_until,omitempty"`
	Waits    *string       `json:"waits,omitempty"`
	Judged   *judgedDoc    `json:"judged,omitempty"`
	Ability  *abilityDoc   `json:"ability,omitempty"`
	Contacts []contactDoc  `json:"contacts,omitempty"`
	Signs    []signDoc     `json:"signs,omitempty"`
	Doubts   []doubtDoc    `json:"doubts,omitempty"`
	Mandates []mandateDoc  `json:"mandates,omitempty"`
	Disputes []disputeDoc  `json:"disputes,omitempty"`
	Events   []caseLineDoc `json:"events,omitempty"`
}

type judgedDoc struct {
	Enough   bool       `json:"enough"`
	Level    string     `json:"level"`
	Keys     int        `json:"keys"`
	Hold     *time.Time `json:"hold"`
	Why      []string   `json:"why"`
	Suffices [][]string `json:"would_suffice"`
}

type abilityDoc struct {
	Through string `json:"through"`
	How     string `json:"how"`
	Length  int    `json:"length"`
	Bits    int    `json:"bits"`
	Unsets  bool   `json:"can_be_taken_back"`
}

type contactDoc struct {
	ID       string     `json:"id"`
	Of       string     `json:"of"`
	Channel  string     `json:"channel"`
	Address  string     `json:"address"`
	Since    *time.Time `json:"since"`
	Previous bool       `json:"previous"`
}

type signDoc struct {
	ID     string `json:"id"`
	Points int    `json:"points"`
	Why    string `json:"why"`
}

type doubtDoc struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	Words  string `json:"words"`
}

type mandateDoc struct {
	ID    string     `json:"id"`
	From  string     `json:"from"`
	To    string     `json:"to"`
	Since time.Time  `json:"since"`
	Until *time.Time `json:"until"`
}

type disputeDoc struct {
	ID      string `json:"id"`
	Claims  string `json:"claims"`
	Settled bool   `json:"settled"`
	Upheld  bool   `json:"upheld"`
}

type caseLineDoc struct {
	At    time.Time `json:"at"`
	Actor string    `json:"actor"`
	Kind  string    `json:"kind"`
}

func momentOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// openStates are those in which somebody has something to do.
var openStates = []freehold.CaseState{freehold.CaseOpen, freehold.CaseReleasing, freehold.CaseSet, freehold.CaseRevealed}

func (s *session) deskList(c *cli.Context) error {
	j, err := s.deskJob(c)
	if err != nil {
		return err
	}
	defer j.close()
	queue := riskiestFirst(j.store.Queue(c.Context, openStates...))
	if c.Bool("all") {
		queue = j.store.Queue(c.Context)
	}
	docs := []caseDoc{}
	w := tabwriter.NewWriter(j.Out, 0, 0, 2, ' ', 0)
	n := 0
	for l, err := range queue {
		if err != nil {
			return err
		}
		if n++; j.json() {
			docs = append(docs, caseDoc{Case: l.ID, Name: l.Name.ASCII(), Act: l.Act.String(), State: l.State.String(), Opened: l.Opened, Deadline: momentOrNull(l.Deadline), Next: momentOrNull(l.Next), Risk: l.Risk})
			continue
		}
		if n == 1 {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", j.say("CASE"), j.say("NAME"), j.say("ACT"), j.say("STATE"), j.say("TO BE DONE BY"), j.say("RISK"))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\n", l.ID, l.Name.Unicode(), l.Act, j.state(l.State), stamp(l.Deadline), l.Risk)
	}
	if j.json() {
		return j.write(struct {
			Schema string    `json:"schema"`
			Cases  []caseDoc `json:"cases"`
		}{"freehold.cases/1", docs})
	}
	if n == 0 {
		s.tell(freehold.T("there is no open case"))
	}
	return w.Flush()
}

// riskiestFirst puts cases that are due on one day in the order of their risk: those
// take the most work. The queue is by deadline, and no more than a day of it is held.
func riskiestFirst(queue iter.Seq2[freehold.CaseLine, error]) iter.Seq2[freehold.CaseLine, error] {
	return func(yield func(freehold.CaseLine, error) bool) {
		var day []freehold.CaseLine
		of := func(l freehold.CaseLine) time.Time { return l.Deadline.UTC().Truncate(24 * time.Hour) }
		flush := func() bool {
			slices.SortStableFunc(day, func(a, b freehold.CaseLine) int { return cmp.Compare(b.Risk, a.Risk) })
			for _, l := range day {
				if !yield(l, nil) {
					return false
				}
			}
			day = day[:0]
			return true
		}
		for l, err := range queue {
			if err != nil {
				yield(l, err)
				return
			}
			if len(day) > 0 && !of(l).Equal(of(day[0])) && !flush() {
				return
			}
			day = append(day, l)
		}
		flush()
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// state says where a case stands.
func (s *session) state(c freehold.CaseState) string {
	switch c {
	case freehold.CaseOpen:
		return s.say("open")
	case freehold.CaseNotOurs:
		return s.say("not ours")
	case freehold.CaseRefused:
		return s.say("refused")
	case freehold.CaseReleasing:
		return s.say("being released")
	case freehold.CaseSet:
		return s.say("code set, not handed over")
	case freehold.CaseRevealed:
		return s.say("code handed over")
	case freehold.CaseDone:
		return s.say("done")
	case freehold.CaseClosed:
		return s.say("closed")
	}
	return c.String()
}

func (s *session) deskShow(c *cli.Context) error {
	return s.withCase(c, func(ctx context.Context, j *deskJob, id string) error {
		row, err := j.store.Case(ctx, id)
		if err != nil {
			return err
		}
		var ability *abilityDoc
		if c.String("account") != "" {
			reg, done, err := j.account(c.String("account"))
			if err != nil {
				return err
			}
			defer done()
			ability = abilityOf(reg, row.Case.Name)
		}
		return j.tellCase(row, nil, ability, true)
	})
}

func abilityOf(reg transfer.Registrar, name freehold.Name) *abilityDoc {
	a := reg.Able(name)
	doc := &abilityDoc{Through: reg.Title(), How: a.How.String(), Bits: a.Bits, Unsets: a.Unsets}
	if len(a.Shapes) > 0 {
		doc.Length, _ = a.Shapes[0].Length()
	}
	return doc
}

// tellCase writes a case: in short after something was done, whole for show.
func (j *deskJob) tellCase(row freehold.CaseRow, waits error, ability *abilityDoc, whole bool) error {
	c := row.Case
	a := identity.Evaluate(c, j.keeper(c.Name, j.now()).Policy, j.now())
	if j.json() {
		return j.write(j.caseDocument(row, waits, a, ability, whole))
	}
	fmt.Fprintln(j.Out, j.say("Case %s: %s, %s", c.ID, c.Name.Unicode(), j.state(c.State)))
	if slices.Contains(openStates, c.State) {
		fmt.Fprintln(j.Out, j.say("To be done by %s UTC.", stamp(row.Deadline)))
	}
	if !c.CodeUntil.IsZero() {
		fmt.Fprintln(j.Out, j.say("A code stands at the registry until %s UTC.", stamp(c.CodeUntil)))
	}
	if waits != nil {
		fmt.Fprintln(j.Out, j.say("It waits: %s", freehold.SayError(j.speaker, waits)))
		if hint := freehold.SayHint(j.speaker, waits); hint != "" {
			fmt.Fprintln(j.Out, "  "+hint)
		}
	}
	if ability != nil {
		j.tellAbility(ability)
	}
	switch {
	case whole:
		j.tellWhole(row, a)
	case waits == nil && c.State == freehold.CaseOpen:
		j.tellApproved(c, a)
	}
	return nil
}

// tellApproved says who approved an open case, and from when it can be released.
func (j *deskJob) tellApproved(c freehold.Case, a identity.Assessment) {
	var who []string
	for _, d := range c.Standing(freehold.DecisionRelease) {
		who = append(who, freehold.OneLine(d.Decision.Operator))
	}
	if len(who) == 0 {
		return
	}
	fmt.Fprintln(j.Out, j.say("Approved by %s.", strings.Join(who, ", ")))
	if a.Hold.After(j.now()) {
		fmt.Fprintln(j.Out, j.say("Nothing is released before %s UTC, so that whoever was told can object.", stamp(a.Hold)))
	}
}

func (j *deskJob) tellAbility(a *abilityDoc) {
	switch a.How {
	case "set":
		fmt.Fprintln(j.Out, j.say("A code of %d characters (%d bits) can be set through %s.", a.Length, a.Bits, freehold.OneLine(a.Through)))
	case "fetch":
		if a.Through == (transfer.Manual{}).Title() {
			fmt.Fprintln(j.Out, j.say("The code comes from the registrar's panel."))
			return
		}
		fmt.Fprintln(j.Out, j.say("%s makes the code.", freehold.OneLine(a.Through)))
		if !a.Unsets {
			fmt.Fprintln(j.Out, j.say("It cannot be taken back there: after its time the transfer lock is put on."))
		}
	default:
		fmt.Fprintln(j.Out, j.say("No code can be had through %s.", freehold.OneLine(a.Through)))
	}
}

func (j *deskJob) tellWhole(row freehold.CaseRow, a identity.Assessment) {
	c := row.Case
	for _, k := range c.Contacts {
		since := "?"
		if !k.Since.IsZero() {
			since = k.Since.UTC().Format(time.DateOnly)
		}
		fmt.Fprintf(j.Out, "  %s  %s  %s  (%s)\n", k.ID, k.Channel, freehold.OneLine(k.Address), since)
	}
	j.tellAround(c)
	fmt.Fprintln(j.Out)
	for _, r := range a.Why {
		fmt.Fprintln(j.Out, "  "+r.Text.Render(j.speaker)+citation(r.Citation))
	}
	switch {
	case len(a.Missing) > 0:
		fmt.Fprintln(j.Out, j.say("One of these would suffice:"))
	case !a.Enough && c.State == freehold.CaseOpen && !a.Stopped && a.Strength < a.Level.Bar:
		fmt.Fprintln(j.Out, j.say("With the contacts of this case nothing would suffice: it takes another one on record, or what raises the bar has to be cleared."))
	}
	for _, o := range a.Missing {
		var parts []string
		for _, id := range o.Methods {
			m, _ := identity.MethodOf(id)
			parts = append(parts, fmt.Sprintf("%s (%s)", m.Title.Render(j.speaker), id))
		}
		fmt.Fprintln(j.Out, "  "+j.say("%s: %s", strings.Join(parts, " + "), o.Text.Render(j.speaker)))
	}
	fmt.Fprintln(j.Out)
	for _, e := range row.Events {
		fmt.Fprintf(j.Out, "  %s  %-18s %s\n", stamp(e.At), e.Body.Kind(), freehold.OneLine(e.Actor))
	}
}

// tellAround tells what makes a case more than a routine: signs of risk, doubts,
// mandates, objections and claims.
func (j *deskJob) tellAround(c freehold.Case) {
	line := func(t string) { fmt.Fprintln(j.Out, "  "+t) }
	for _, s := range c.Signals {
		line(j.say("sign of risk (points: %d): %s (%s)", s.Points, s.Why.Render(j.speaker), s.ID))
	}
	for _, d := range c.Doubts {
		line(j.say("doubt %s: %s, %s", d.ID, freehold.OneLine(d.Words), freehold.OneLine(d.Reason)))
	}
	for _, m := range c.Mandates {
		line(j.say("mandate %s of %s to %s", m.ID, partyName(m.From), partyName(m.To)))
	}
	for _, d := range c.Disputes {
		state := j.say("not decided")
		switch {
		case d.Settled && d.Upheld:
			state = j.say("upheld")
		case d.Settled:
			state = j.say("dismissed")
		}
		switch d.Claims {
		case freehold.SideHolder:
			line(j.say("%s by %s, who claims to be the holder: %s", d.ID, partyName(d.Party), state))
		case freehold.SideClaimant:
			line(j.say("%s by %s, who claims the name: %s", d.ID, partyName(d.Party), state))
		default:
			line(j.say("%s by %s: %s", d.ID, partyName(d.Party), state))
		}
	}
}

func partyName(p freehold.Party) string {
	switch {
	case p.Organisation != "":
		return freehold.OneLine(p.Organisation)
	case p.Name != "":
		return freehold.OneLine(p.Name)
	}
	return "?"
}

func citation(s string) string {
	if s == "" {
		return ""
	}
	return " [" + s + "]"
}

func (j *deskJob) caseDocument(row freehold.CaseRow, waits error, a identity.Assessment, ability *abilityDoc, whole bool) caseDoc {
	c := row.Case
	doc := caseDoc{Schema: "freehold.case/1", Case: c.ID, Name: c.Name.ASCII(), Act: c.Act.String(), State: c.State.String(), Opened: c.OpenedAt,
		Deadline: momentOrNull(row.Deadline), Next: momentOrNull(row.Next), Code: momentOrNull(c.CodeUntil), Ability: ability}
	for _, s := range c.Signals {
		doc.Risk += s.Points
	}
	if waits != nil {
		text := freehold.SayError(j.speaker, waits)
		doc.Waits = &text
	}
	if !whole {
		return doc
	}
	doc.Judged = &judgedDoc{Enough: a.Enough, Level: a.Level.Name, Keys: a.Keys, Hold: momentOrNull(a.Hold), Why: []string{}, Suffices: [][]string{}}
	for _, r := range a.Why {
		doc.Judged.Why = append(doc.Judged.Why, r.Text.Render(j.speaker)+citation(r.Citation))
	}
	for _, o := range a.Missing {
		doc.Judged.Suffices = append(doc.Judged.Suffices, o.Methods)
	}
	for _, k := range c.Contacts {
		doc.Contacts = append(doc.Contacts, contactDoc{k.ID, k.Of.String(), k.Channel.String(), k.Address, momentOrNull(k.Since), k.Previous})
	}
	for _, s := range c.Signals {
		doc.Signs = append(doc.Signs, signDoc{s.ID, s.Points, s.Why.Render(j.speaker)})
	}
	for _, d := range c.Doubts {
		doc.Doubts = append(doc.Doubts, doubtDoc{d.ID, d.Reason, d.Words})
	}
	for _, m := range c.Mandates {
		doc.Mandates = append(doc.Mandates, mandateDoc{m.ID, partyName(m.From), partyName(m.To), m.Since, momentOrNull(m.Until)})
	}
	for _, d := range c.Disputes {
		doc.Disputes = append(doc.Disputes, disputeDoc{d.ID, d.Claims.String(), d.Settled, d.Upheld})
	}
	for _, e := range row.Events {
		doc.Events = append(doc.Events, caseLineDoc{e.At, e.Actor, e.Body.Kind()})
	}
	return doc
}
