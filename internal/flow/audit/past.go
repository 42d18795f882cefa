package audit

import (
	"context"
	"slices"
	"strings"
	"time"

	"freehold"
)

// Past is what earlier runs found. An error, KindNotFound included, is no reason
// to fail: it is as if there were nothing.
type Past interface {
	// Latest returns the newest result for a name and its run.
	Latest(ctx context.Context, name freehold.Name) (*freehold.Result, string, error)
	Evidence(ctx context.Context, id freehold.EvidenceID) (freehold.Evidence, error)
}

// keepRegistration is how long the answers of registries and registrars are used
// again: asking the same servers for the same name within the hour tells nothing
// and costs them and us a question. DNS answers have their own times to live, and
// across runs are always fresh.
const keepRegistration = time.Hour

// kept returns the registration of the last audit with its evidence, where all
// that was asked then was answered, lately, and by the servers that would be asked
// now. What failed or was throttled is never used again. The age counts from the
// answer, not from its last use.
func (a *Auditor) kept(ctx context.Context, name freehold.Name) (reg freehold.Registration, evidence []freehold.Evidence, ok bool) {
	if a.Past == nil {
		return reg, nil, false
	}
	last, _, err := a.Past.Latest(ctx, name)
	if err != nil || last.Name != name {
		return reg, nil, false
	}
	reg = last.Observed.Registration
	if reg.State == freehold.RegistrationUnknown || len(reg.Asks) == 0 || !a.wouldAsk(name, reg.Asks[0]) {
		return reg, nil, false
	}
	asks := slices.Clone(reg.Asks)
	for i := range asks {
		e, err := a.Past.Evidence(ctx, asks[i].Evidence)
		if err != nil || asks[i].Outcome != freehold.OutcomeAnswered || e.Truncated {
			return reg, nil, false
		}
		if age := a.Clock().Sub(e.Time); age < 0 || age >= keepRegistration {
			return reg, nil, false
		}
		asks[i].Kept = e.Time
		evidence = append(evidence, e)
	}
	reg.Asks = asks
	return reg, evidence, true
}

// wouldAsk tells whether the registry's server of an earlier run is that of this
// one: with another bootstrap or resolver table the answers are another world's.
func (a *Auditor) wouldAsk(name freehold.Name, first freehold.Ask) bool {
	if base, ok := a.RDAP.Server(name); ok {
		return first.Kind == freehold.EvidenceRDAP && strings.HasPrefix(first.Source, base)
	}
	server, ok := a.WHOIS.Server(name)
	return ok && first.Source == "whois://"+server
}

// soon is how near an expiry makes a name urgent.
const soon = 30 * 24 * time.Hour

// urgentStatuses are those in which days count: the name is being deleted, can
// only be restored, or is leaving (EPP words, as registrations have them).
var urgentStatuses = []string{"redemptionPeriod", "pendingDelete", "pendingRestore", "pendingTransfer"}

// UrgencyOf says how soon a name is to be looked at, by what its last audit found.
func UrgencyOf(ctx context.Context, past Past, name freehold.Name, now time.Time) Urgency {
	last, _, err := past.Latest(ctx, name)
	switch {
	case freehold.KindOf(err) == freehold.KindNotFound:
		return Unseen
	case err != nil:
		return Usual
	}
	reg := &last.Observed.Registration
	if expires, ok := reg.Expires.Get(); ok && expires.Sub(now) < soon {
		return Urgent
	}
	if slices.ContainsFunc(urgentStatuses, func(s string) bool { return slices.Contains(reg.Statuses.Value, s) }) {
		return Urgent
	}
	if slices.ContainsFunc(last.Findings, func(f freehold.Finding) bool { return f.Severity == freehold.SeverityCritical }) {
		return Urgent
	}
	return Usual
}
