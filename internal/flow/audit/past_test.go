package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"freehold"
)

// past is the last results and all evidence.
type past struct {
	results  map[freehold.Name]*freehold.Result
	evidence map[freehold.EvidenceID]freehold.Evidence
	err      error
}

func (p *past) Latest(_ context.Context, n freehold.Name) (*freehold.Result, string, error) {
	if p.err != nil {
		return nil, "", p.err
	}
	if r := p.results[n]; r != nil {
		return r, "run", nil
	}
	return nil, "", &freehold.Error{Kind: freehold.KindNotFound, Msg: "never audited"}
}

func (p *past) Evidence(_ context.Context, id freehold.EvidenceID) (freehold.Evidence, error) {
	e, ok := p.evidence[id]
	if !ok {
		return e, errors.New("gone")
	}
	return e, nil
}

// audited makes a past in which a name's registry and registrar answered.
func audited(n freehold.Name, ago time.Duration, change func(*freehold.Registration, *freehold.Evidence)) *past {
	p := &past{results: map[freehold.Name]*freehold.Result{}, evidence: map[freehold.EvidenceID]freehold.Evidence{}}
	reg := freehold.Registration{State: freehold.Registered, Registrar: freehold.Known("Alpenregistrar AG")}
	for _, source := range []string{"https://rdap.example/domain/" + n.ASCII(), "https://rdap.alpenregistrar.example/domain/" + n.ASCII()} {
		e := freehold.Evidence{Kind: freehold.EvidenceRDAP, Source: source, Query: n.ASCII(), Time: now.Add(-ago), Status: "200", Body: []byte("{}")}
		reg.Asks = append(reg.Asks, freehold.Ask{Kind: e.Kind, Source: source, Outcome: freehold.OutcomeAnswered})
		if change != nil {
			change(&reg, &e)
		}
		reg.Asks[len(reg.Asks)-1].Evidence = e.ID()
		p.evidence[e.ID()] = e
	}
	p.results[n] = &freehold.Result{Name: n, Observed: freehold.Observed{Name: n, Registration: reg}}
	return p
}

func TestAnswersOfLatelyAreUsedAgain(t *testing.T) {
	n := name(t, "example.com")
	last := func(r *freehold.Registration) *freehold.Ask { return &r.Asks[len(r.Asks)-1] }
	for _, c := range []struct {
		what string
		past *past
		kept bool
	}{
		{"twelve minutes ago", audited(n, 12*time.Minute, nil), true},
		{"no earlier runs are looked at", nil, false},
		{"never audited", &past{}, false},
		{"a store that cannot be read", &past{err: errors.New("locked")}, false},
		{"an hour ago", audited(n, time.Hour, nil), false},
		{"in the future", audited(n, -time.Minute, nil), false},
		{"not known whether it is registered", audited(n, 0, func(r *freehold.Registration, _ *freehold.Evidence) { r.State = freehold.RegistrationUnknown }), false},
		{"the registrar throttled", audited(n, 0, func(r *freehold.Registration, _ *freehold.Evidence) { last(r).Outcome = freehold.OutcomeThrottled }), false},
		{"the registrar was not asked", audited(n, 0, func(r *freehold.Registration, _ *freehold.Evidence) { last(r).Outcome = freehold.OutcomeNone }), false},
		{"cut off", audited(n, 0, func(_ *freehold.Registration, e *freehold.Evidence) { e.Truncated = true }), false},
		{"another registry server", audited(n, 0, func(r *freehold.Registration, _ *freehold.Evidence) {
			r.Asks[0].Source = "https://rdap.other.example/x"
		}), false},
		{"asked by WHOIS then", audited(n, 0, func(r *freehold.Registration, _ *freehold.Evidence) { r.Asks[0].Kind = freehold.EvidenceWHOIS }), false},
		{"the evidence is gone", &past{results: audited(n, 0, nil).results}, false},
	} {
		w := &world{}
		a := w.auditor()
		if c.past != nil {
			a.Past = c.past
		}
		got, ok := a.Name(context.Background(), "example.com", n)
		reg := got.Result.Observed.Registration
		asked := w.asked["rdap example.com"]
		if !ok || (asked == 0) != c.kept || (reg.Registrar.Value != "") != c.kept {
			t.Errorf("%s: asked %d times, registrar %q; want kept %v", c.what, asked, reg.Registrar.Value, c.kept)
		}
		if !c.kept {
			continue
		}
		for _, ask := range reg.Asks {
			if !ask.Kept.Equal(now.Add(-12 * time.Minute)) {
				t.Errorf("%s: an answer is said to be of %v", c.what, ask.Kept)
			}
			if !slices.ContainsFunc(got.Evidence, func(e freehold.Evidence) bool { return e.ID() == ask.Evidence }) {
				t.Errorf("%s: the evidence of %q is not kept with the result", c.what, ask.Source)
			}
		}
	}
}

func TestUrgency(t *testing.T) {
	n := name(t, "example.com")
	with := func(change func(*freehold.Result)) *past {
		p := audited(n, time.Hour, nil)
		change(p.results[n])
		return p
	}
	status := func(s string) *past {
		return with(func(r *freehold.Result) { r.Observed.Registration.Statuses = freehold.Known([]string{"active", s}) })
	}
	expires := func(in time.Duration) *past {
		return with(func(r *freehold.Result) { r.Observed.Registration.Expires = freehold.Known(now.Add(in)) })
	}
	for _, c := range []struct {
		what string
		past *past
		want Urgency
	}{
		{"never audited", &past{}, Unseen},
		{"a store that cannot be read", &past{err: errors.New("locked")}, Usual},
		{"nothing of note", audited(n, 0, nil), Usual},
		{"expires in ten days", expires(10 * 24 * time.Hour), Urgent},
		{"expired", expires(-24 * time.Hour), Urgent},
		{"expires in a year", expires(365 * 24 * time.Hour), Usual},
		{"redemption", status("redemptionPeriod"), Urgent},
		{"pending transfer", status("pendingTransfer"), Urgent},
		{"locked", status("clientTransferProhibited"), Usual},
		{"a critical finding", with(func(r *freehold.Result) { r.Findings = []freehold.Finding{{Severity: freehold.SeverityCritical}} }), Urgent},
		{"a warning", with(func(r *freehold.Result) { r.Findings = []freehold.Finding{{Severity: freehold.SeverityWarning}} }), Usual},
	} {
		if got := UrgencyOf(context.Background(), c.past, n, now); got != c.want {
			t.Errorf("%s: urgency %d, want %d", c.what, got, c.want)
		}
	}
}

// TestMostUrgentFirst: names are asked about by their urgency, and told in the
// order of the input.
func TestMostUrgentFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		urgency := map[string]Urgency{"n000005.shop": Urgent, "n000002.shop": Unseen, "n000007.shop": Urgent, "n000004.shop": Unseen}
		w := &world{}
		var order, told []string
		w.dns = func(_ context.Context, n freehold.Name) freehold.DNSFacts {
			order = append(order, n.ASCII())
			return freehold.DNSFacts{}
		}
		_, err := w.auditor().Run(context.Background(), numbered(t, 8), Options{Parallel: 1,
			Urgency: func(_ context.Context, n freehold.Name) Urgency { return urgency[n.ASCII()] },
			Tell:    func(r *freehold.Result) error { told = append(told, r.Asked); return nil }})
		want := []string{"n000005.shop", "n000007.shop", "n000002.shop", "n000004.shop", "n000000.shop", "n000001.shop", "n000003.shop", "n000006.shop"}
		if err != nil || !slices.Equal(order, want) {
			t.Errorf("asked in the order %v, %v; want %v", order, err, want)
		}
		for i, asked := range told {
			if asked != fmt.Sprintf("n%06d.shop", i) {
				t.Fatalf("told in the order %v", told)
			}
		}
	})
}

// TestHungServerLeavesWorkersToOthers: a server that never answers does not keep
// the names of another waiting.
func TestHungServerLeavesWorkersToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegistries(400, 2)
		r.list[0].takes, r.list[0].rate = time.Hour, 50
		r.list[1].takes, r.list[1].rate = time.Second, 2
		from := time.Now()
		r.simulate(t, 16, inSequence(400))
		if took, bound := r.list[1].ended.Sub(from), r.list[1].bound(); took > bound+5*time.Second {
			t.Errorf("the names of the server that answers took %s, want %s", took, bound)
		}
	})
}
