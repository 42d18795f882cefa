package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/policy"
	"freehold/internal/report"
	"freehold/internal/store"
	"freehold/verify/identity"
)

// soon is how near a deadline has to be for a case to be told as late soon.
const soon = 24 * time.Hour

func (s *session) deskReportCommand() *cli.Command {
	return &cli.Command{
		Name: "report", Usage: "the desk in numbers: states, deadlines, refusals, times", ArgsUsage: " ",
		Description: `Counts the cases that were opened since a day. No name, person or identifier is in it. Of cases that were purged only their number is known.`,
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "since", Usage: "the cases opened since `DATE` (default: all)"},
			&cli.StringFlag{Name: "format", Value: report.FormatTable, Usage: "`FORMAT` of the result: table, json, csv, md"},
			langFlag(), nowFlag(),
		}, storeFlags()),
		Action: s.deskReport,
	}
}

// deskReportDoc is a report in JSON. Times are whole seconds from the first request by
// any channel to the first handing over, or to the act where it has no code.
type deskReportDoc struct {
	Schema   string         `json:"schema"`
	At       time.Time      `json:"at"`
	Since    *time.Time     `json:"since"`
	Cases    int            `json:"cases"`
	States   map[string]int `json:"states"`
	Purged   int            `json:"purged"`
	Late     int            `json:"late"`
	Soon     int            `json:"late_within_24_hours"`
	Refusals []refusalDoc   `json:"refusals"`
	Released struct {
		Cases  int  `json:"cases"`
		Late   int  `json:"after_the_deadline"`
		Median *int `json:"median_seconds"`
		Worst  *int `json:"worst_seconds"`
	} `json:"released"`
	Notices struct {
		Sent   int `json:"sent"`
		Failed int `json:"failed"`
	} `json:"notices"`

	times []time.Duration
}

type refusalDoc struct {
	Decision string  `json:"decision"`
	Reason   *string `json:"reason"` // null: in words of its own, which are not told here
	Citation *string `json:"citation"`
	Cases    int     `json:"cases"`
}

func (s *session) deskReport(c *cli.Context) error {
	if _, err := s.language(c); err != nil {
		return err
	}
	formats := []string{report.FormatTable, report.FormatJSON, "csv", "md"}
	if f := c.String("format"); !slices.Contains(formats, f) {
		return misuse(freehold.T("%q is not a format of this result", freehold.OneLine(f)), freehold.T("use one of %s", strings.Join(formats, ", ")))
	}
	now, err := s.clock(c)
	if err != nil {
		return err
	}
	since, err := timeFlag(c, "since", time.Time{})
	if err != nil {
		return err
	}
	rules, err := policy.Load()
	if err != nil {
		return err
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	doc, err := countCases(c.Context, st, rules, since, now())
	if err != nil {
		return err
	}
	return s.writeDeskReport(c.String("format"), doc)
}

// countCases reads every case that was opened since a moment.
func countCases(ctx context.Context, st *store.Store, rules *policy.Set, since, now time.Time) (*deskReportDoc, error) {
	doc := &deskReportDoc{Schema: "freehold.desk_report/1", At: now.UTC(), Since: momentOrNull(since), States: map[string]int{}, Refusals: []refusalDoc{}}
	for l, err := range st.Queue(ctx) {
		if err != nil {
			return nil, err
		}
		if l.Opened.Before(since) {
			continue
		}
		doc.Cases++
		row, err := st.Case(ctx, l.ID)
		if freehold.KindOf(err) == freehold.KindNotFound {
			doc.Purged++
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := doc.add(row, rules, now); err != nil {
			return nil, err
		}
	}
	doc.settle()
	return doc, nil
}

// settle orders the refusals and finds the median and the longest time.
func (doc *deskReportDoc) settle() {
	slices.SortFunc(doc.Refusals, func(a, b refusalDoc) int { return strings.Compare(a.key(), b.key()) })
	if n := len(doc.times); n > 0 {
		slices.Sort(doc.times)
		median, worst := int(((doc.times[(n-1)/2] + doc.times[n/2]) / 2).Seconds()), int(doc.times[n-1].Seconds())
		doc.Released.Median, doc.Released.Worst = &median, &worst
	}
}

func (d refusalDoc) key() string {
	word := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	return d.Decision + " " + word(d.Reason) + " " + word(d.Citation)
}

func (doc *deskReportDoc) add(row freehold.CaseRow, rules *policy.Set, now time.Time) error {
	c := row.Case
	doc.States[c.State.String()]++
	// A code that was handed over is what the deadline is about: such a case is not late.
	if c.State == freehold.CaseOpen || c.State == freehold.CaseReleasing || c.State == freehold.CaseSet {
		switch {
		case row.Deadline.IsZero():
		case row.Deadline.Before(now):
			doc.Late++
		case row.Deadline.Before(now.Add(soon)):
			doc.Soon++
		}
	}
	for _, n := range c.Notices {
		if n.Sent {
			doc.Notices.Sent++
		} else {
			doc.Notices.Failed++
		}
	}
	seen := map[string]bool{}
	released := false
	for i, e := range row.Events {
		switch b := e.Body.(type) {
		case freehold.CodeRevealed, freehold.ActDone:
			if released {
				continue
			}
			released = true
			doc.Released.Cases++
			doc.times = append(doc.times, e.At.Sub(c.FirstRequest))
			if !row.Deadline.IsZero() && e.At.After(row.Deadline) {
				doc.Released.Late++
			}
		case freehold.Decided:
			then, err := freehold.FoldCase(row.Events[:i+1])
			if err != nil {
				return err
			}
			if r, ok := refused(then, b.Decision, rules); ok && !seen[r.key()] {
				seen[r.key()] = true
				doc.refusal(r)
			}
		}
	}
	return nil
}

// refused tells what a decision refuses, and whether it does yet: one in words of its
// own needs a second operator.
func refused(then freehold.Case, d freehold.Decision, rules *policy.Set) (r refusalDoc, ok bool) {
	switch d.Kind {
	case freehold.DecisionRefuse:
		ok = then.State == freehold.CaseRefused
	case freehold.DecisionRejectTransfer:
		ok = !d.Free || len(then.Standing(d.Kind)) > 1
	}
	r = refusalDoc{Decision: d.Kind.String()}
	if !ok || d.Free {
		return r, ok
	}
	r.Reason = &d.Reason
	known, _ := identity.PolicyFor(identity.Profile{}, rules, d.Name, d.Time).Reasons()
	if at := slices.IndexFunc(known, func(k identity.Reason) bool { return k.ID == d.Reason }); at >= 0 {
		r.Citation = orNull(known[at].Citation)
	}
	return r, ok
}

func (doc *deskReportDoc) refusal(r refusalDoc) {
	at := slices.IndexFunc(doc.Refusals, func(o refusalDoc) bool { return o.key() == r.key() })
	if at < 0 {
		at = len(doc.Refusals)
		doc.Refusals = append(doc.Refusals, r)
	}
	doc.Refusals[at].Cases++
}

// reportStates are the states a report tells, in the order a case goes through them.
var reportStates = []freehold.CaseState{freehold.CaseOpen, freehold.CaseReleasing, freehold.CaseSet, freehold.CaseRevealed, freehold.CaseDone, freehold.CaseNotOurs, freehold.CaseRefused, freehold.CaseClosed}

// lines are a report for people: what, how many, and by which rule.
func (s *session) reportLines(doc *deskReportDoc) [][3]string {
	lines := [][3]string{{s.say("WHAT"), s.say("NUMBER"), s.say("RULE")}}
	number := func(what string, n int) { lines = append(lines, [3]string{what, strconv.Itoa(n), ""}) }
	number(s.say("cases"), doc.Cases)
	for _, state := range reportStates {
		if n := doc.States[state.String()]; n > 0 {
			number(s.say("cases: %s", s.state(state)), n)
		}
	}
	if doc.Purged > 0 {
		number(s.say("cases: purged"), doc.Purged)
	}
	number(s.say("late now"), doc.Late)
	number(s.say("late within 24 hours"), doc.Soon)
	for _, r := range doc.Refusals {
		reason, rule := s.say("in words of its own"), ""
		if r.Reason != nil {
			reason = freehold.OneLine(*r.Reason)
		}
		if r.Citation != nil {
			rule = *r.Citation
		}
		what := s.say("refused: %s", reason)
		if r.Decision == freehold.DecisionRejectTransfer.String() {
			what = s.say("transfer rejected: %s", reason)
		}
		lines = append(lines, [3]string{what, strconv.Itoa(r.Cases), rule})
	}
	number(s.say("released"), doc.Released.Cases)
	number(s.say("released after the deadline"), doc.Released.Late)
	if doc.Released.Median != nil {
		number(s.say("hours from request to release: median"), hours(*doc.Released.Median))
		number(s.say("hours from request to release: longest"), hours(*doc.Released.Worst))
	}
	number(s.say("notices sent"), doc.Notices.Sent)
	number(s.say("notices that failed"), doc.Notices.Failed)
	return lines
}

// hours are begun hours.
func hours(seconds int) int { return (seconds + 3599) / 3600 }

func (s *session) writeDeskReport(format string, doc *deskReportDoc) error {
	if format == report.FormatJSON {
		return json.NewEncoder(s.Out).Encode(doc)
	}
	lines := s.reportLines(doc)
	switch format {
	case "csv":
		w := csv.NewWriter(s.Out)
		for _, l := range lines {
			if err := w.Write(l[:]); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	case "md":
		cell := strings.NewReplacer("|", `\|`, "<", "&lt;")
		for i, l := range lines {
			if _, err := fmt.Fprintf(s.Out, "| %s | %s | %s |\n", cell.Replace(l[0]), cell.Replace(l[1]), cell.Replace(l[2])); err != nil {
				return err
			}
			if i == 0 {
				fmt.Fprintln(s.Out, "|---|---:|---|")
			}
		}
		return nil
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, l := range lines {
		fmt.Fprintln(w, strings.Join(l[:], "\t"))
	}
	w.Flush()
	for line := range strings.Lines(table.String()) {
		if _, err := fmt.Fprintln(s.Out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}
