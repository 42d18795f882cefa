package report

import (
	"freehold"
)

// diffJSON writes the envelope of SchemaDiff, or its lines.
type diffJSON struct {
	out     encoder
	speaker freehold.Speaker
	lines   bool
	names   int
}

type diffName struct {
	Name         string           `json:"name"`
	Unicode      string           `json:"unicode"`
	Change       string           `json:"change"`
	Status       side[string]     `json:"status"`
	CanLeave     side[string]     `json:"can_leave"`
	NotBefore    side[string]     `json:"not_before"`
	Facts        []factChangeDoc  `json:"facts"`
	Control      []claimChangeDoc `json:"control"`
	FindingsNew  []finding        `json:"findings_new"`
	FindingsGone []goneDoc        `json:"findings_gone"`
}

// side holds what each of the two runs says, null where it says nothing.
type side[T any] struct {
	Before *T `json:"before"`
	After  *T `json:"after"`
}

type factChangeDoc struct {
	Field  string    `json:"field"`
	Learnt Learnt    `json:"learnt"`
	Before knownView `json:"before"`
	After  knownView `json:"after"`
}

type knownView struct {
	State string  `json:"state"`
	Value *string `json:"value"`
}

type claimChangeDoc struct {
	Layer  string    `json:"layer"`
	Learnt Learnt    `json:"learnt"`
	Before claimView `json:"before"`
	After  claimView `json:"after"`
}

type claimView struct {
	Standing string  `json:"standing"`
	Holder   *string `json:"holder"`
}

type goneDoc struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	Settled  bool   `json:"settled"`
}

func (j *diffJSON) begin(before, after freehold.Run) error {
	if j.lines {
		return j.out.write(struct {
			Type   string `json:"type"`
			Schema string `json:"schema"`
			Before run    `json:"before"`
			After  run    `json:"after"`
		}{"runs", SchemaDiff, runDoc(before), runDoc(after)})
	}
	a, err := marshal(runDoc(before))
	if err != nil {
		return err
	}
	b, err := marshal(runDoc(after))
	if err != nil {
		return err
	}
	return j.raw(`{"schema":"`+SchemaDiff+`","before":`, string(a), `,"after":`, string(b), `,"names":[`)
}

func (j *diffJSON) raw(parts ...string) error {
	for _, p := range parts {
		if _, err := j.out.w.Write([]byte(p)); err != nil {
			return err
		}
	}
	return nil
}

func (j *diffJSON) name(d *difference) error {
	doc := diffDoc(d, j.speaker)
	j.names++
	if j.lines {
		return j.out.write(struct {
			Type string `json:"type"`
			*diffName
		}{"name", doc})
	}
	b, err := marshal(doc)
	if err != nil {
		return err
	}
	comma := ",\n"
	if j.names == 1 {
		comma = "\n"
	}
	return j.raw(comma, string(b))
}

func (j *diffJSON) end(s DiffSummary) error {
	if j.lines {
		return j.out.write(struct {
			Type    string      `json:"type"`
			Schema  string      `json:"schema"`
			Summary DiffSummary `json:"summary"`
		}{"summary", SchemaDiff, s})
	}
	b, err := marshal(s)
	if err != nil {
		return err
	}
	return j.raw("],\n"+`"summary":`, string(b), "}\n")
}

func diffDoc(d *difference, s freehold.Speaker) *diffName {
	shown := d.pair.shown()
	doc := &diffName{Name: shown.Name.ASCII(), Unicode: shown.Name.Unicode(), Change: "changed",
		Facts: []factChangeDoc{}, Control: []claimChangeDoc{}, FindingsNew: []finding{}, FindingsGone: []goneDoc{}}
	if shown.Name.IsZero() {
		doc.Name, doc.Unicode = shown.Asked, shown.Asked
	}
	if r := d.pair.Before; r != nil {
		doc.Status.Before, doc.CanLeave.Before, doc.NotBefore.Before = ptr(r.Status.String()), ptr(r.Verdict.CanLeave.String()), moment(r.Verdict.NotBefore)
	} else {
		doc.Change = "new"
	}
	if r := d.pair.After; r != nil {
		doc.Status.After, doc.CanLeave.After, doc.NotBefore.After = ptr(r.Status.String()), ptr(r.Verdict.CanLeave.String()), moment(r.Verdict.NotBefore)
	} else {
		doc.Change = "gone"
	}
	view := func(f knownFact) knownView {
		v := knownView{State: f.state.String()}
		if f.state == freehold.Value {
			v.Value = &f.value
		}
		return v
	}
	for _, f := range d.facts {
		doc.Facts = append(doc.Facts, factChangeDoc{f.field, f.learnt, view(f.before), view(f.after)})
	}
	for _, c := range d.control {
		doc.Control = append(doc.Control, claimChangeDoc{string(c.layer), c.learnt,
			claimView{c.before.Standing.String(), textOrNull(c.before.Holder)}, claimView{c.after.Standing.String(), textOrNull(c.after.Holder)}})
	}
	for i := range d.appeared {
		f := &d.appeared[i]
		doc.FindingsNew = append(doc.FindingsNew, finding{Rule: f.Rule, Severity: f.Severity.String(), Title: f.Title.Render(s), Why: f.Why.Render(s), Remedy: f.Remedy.Render(s), Evidence: list(f.Evidence)})
	}
	for _, f := range d.gone {
		doc.FindingsGone = append(doc.FindingsGone, goneDoc{f.Rule, f.Severity.String(), f.Title.Render(s), d.settled})
	}
	return doc
}

func ptr[T any](v T) *T { return &v }
