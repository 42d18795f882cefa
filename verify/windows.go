package verify

import (
	"slices"
	"time"

	"freehold"
	"freehold/internal/policy"
)

// window is a time in which the rules let a transfer be refused.
type window struct {
	since    time.Time // the event
	until    time.Time // the first moment at which it is over
	transfer bool      // counted from a transfer, else from the creation
	lock     policy.Lock
	source   policy.Source
	evidence []freehold.EvidenceID
}

// windows returns those open at o.At, the one that ends last first. A day is 24
// hours from the moment the registry gives, in UTC.
func (j *judgement) windows() []window {
	var open []window
	add := func(row policy.Row[policy.Lock], event freehold.Fact[time.Time], transfer bool) {
		lock, ok := row.Get()
		at, known := event.Get()
		if !ok || !known || lock.Length.None() {
			return
		}
		if until := at.Add(lock.Length.Duration()); j.o.At.Before(until) {
			open = append(open, window{at.UTC(), until.UTC(), transfer, lock, row.Source, event.Evidence})
		}
	}
	add(j.p.LockAfterCreation, j.o.Registration.Created, false)
	add(j.p.LockAfterTransfer, j.o.Registration.LastTransfer, true)
	slices.SortStableFunc(open, func(a, b window) int { return b.until.Compare(a.until) })
	return open
}

// notBefore sets the date of the last window to close. An earlier date is to be
// had only if whoever refuses may waive every one of them.
func (j *judgement) notBefore(open []window) {
	j.v.NotBefore, j.v.Waivable = open[0].until, true
	for _, w := range open {
		j.v.Waivable = j.v.Waivable && w.lock.Waivable
	}
}

func (j *judgement) sayWindows(open []window) {
	for _, w := range open {
		days := w.lock.Length.Days()
		var text freehold.Text
		switch {
		case w.lock.RefusedBy == policy.ByRegistry && w.transfer:
			text = freehold.T("%s changed registrars on %t; %m allows no other transfer for %d days, until %t, and nobody can shorten that.", j.name(), w.since, j.registryName(), days, w.until)
		case w.lock.RefusedBy == policy.ByRegistry:
			text = freehold.T("%s was registered on %t; %m allows no transfer for %d days, until %t, and nobody can shorten that.", j.name(), w.since, j.registryName(), days, w.until)
		case w.lock.RefusedBy == policy.Unsaid && w.transfer:
			text = freehold.T("%s changed registrars on %t; for %d days, until %t, another transfer is refused.", j.name(), w.since, days, w.until)
		case w.lock.RefusedBy == policy.Unsaid:
			text = freehold.T("%s was registered on %t; for %d days, until %t, a transfer is refused.", j.name(), w.since, days, w.until)
		case w.transfer && w.lock.Waivable:
			text = freehold.T("%s changed registrars on %t; for %d days, until %t, %m may refuse another transfer, or agree to one.", j.name(), w.since, days, w.until, j.registrar())
		case w.transfer:
			text = freehold.T("%s changed registrars on %t; for %d days, until %t, %m has to refuse another transfer.", j.name(), w.since, days, w.until, j.registrar())
		case w.lock.Waivable:
			text = freehold.T("%s was registered on %t; for %d days, until %t, %m may refuse a transfer, or agree to one.", j.name(), w.since, days, w.until, j.registrar())
		default:
			text = freehold.T("%s was registered on %t; for %d days, until %t, %m has to refuse a transfer.", j.name(), w.since, days, w.until, j.registrar())
		}
		j.rule(text, w.source, w.evidence)
	}
}

// openFact is something unknown that could forbid the move, with the question
// that would settle it.
type openFact struct {
	text, question freehold.Text
	evidence       []freehold.EvidenceID
}

// openFacts lists what is not known and has to be before a name is called free.
func (j *judgement) openFacts() []openFact {
	r := &j.o.Registration
	var open []openFact
	if f, ok := j.silentRegistry(); ok {
		return []openFact{f} // all below follows from it
	}
	if r.Statuses.State == freehold.Unknown && policy.Is(j.p.PublishesStatus, true) {
		open = append(open, openFact{freehold.T("The registry's answer shows no status, which it should: a lock cannot be excluded."),
			freehold.T("Does your account at %m show %s as active, without a lock that only the registry can lift?", j.registrar(), j.name()), r.Statuses.Evidence})
	}
	if has, _ := r.HasStatus("transferProhibited", "locked"); has {
		open = append(open, openFact{freehold.T("%s is locked against transfers, and the registry does not say who set the lock.", j.name()),
			freehold.T("Can you switch off the transfer lock of %s in your account at %m?", j.name(), j.registrar()), r.Statuses.Evidence})
	}
	if has, _ := r.HasStatus("serverHold"); has {
		open = append(open, openFact{freehold.T("The registry has taken %s out of the DNS (serverHold) and does not say why.", j.name()),
			freehold.T("Why has the registry put %s on hold? Ask %m, who can find out.", j.name(), j.registrar()), r.Statuses.Evidence})
	}
	if lock, ok := j.p.LockAfterCreation.Get(); ok && !lock.Length.None() && r.Created.State != freehold.Value {
		open = append(open, openFact{freehold.T("The registry does not show when %s was registered.", j.name()),
			freehold.T("Was %s registered more than %d days ago?", j.name(), lock.Length.Days()), r.Created.Evidence})
	}
	if lock, ok := j.p.LockAfterTransfer.Get(); ok && !lock.Length.None() && r.LastTransfer.State != freehold.Value {
		if has, _ := r.HasStatus("transferPeriod"); has {
			open = append(open, openFact{freehold.T("%s changed registrars lately (transferPeriod), and the registry does not show when.", j.name()),
				freehold.T("Did %s come to %m more than %d days ago?", j.name(), j.registrar(), lock.Length.Days()), r.Statuses.Evidence})
		}
	}
	if j.route.kind == byRegistry && j.locked() {
		open = append(open, openFact{freehold.T("Its registrar has locked %s (%s): whether %m moves it all the same was not verified.", j.name(), List(j.statuses(j.p.LiftedByRegistrar)), j.registryName()),
			freehold.T("Can you switch off the transfer lock of %s in your account at %m?", j.name(), j.registrar()), r.Statuses.Evidence})
	}
	return append(open, j.noRules()...)
}

// cautiousDays is how young a name must not be where no rule is held: the
// longest lock after a creation or a transfer that we know of anywhere. Ours.
const cautiousDays = 60

// noRules is open where no rule is held on how soon a name of the top-level
// domain may move, and the name is young; or may be, where none at all are held.
func (j *judgement) noRules() []openFact {
	r := &j.o.Registration
	silent := j.p.Default() && r.Created.State != freehold.Value
	young := func(row policy.Row[policy.Lock], event freehold.Fact[time.Time]) bool {
		_, held := row.Get()
		at, known := event.Get()
		return !held && known && j.o.At.Before(at.Add(cautiousDays*24*time.Hour))
	}
	if !silent && !young(j.p.LockAfterCreation, r.Created) && !young(j.p.LockAfterTransfer, r.LastTransfer) {
		return nil
	}
	text := freehold.T("No rule is held here on how soon a young name under .%s may move, and many registries lock one for its first weeks.", j.o.Name.TLD())
	if j.p.Default() {
		text = freehold.T("No transfer rules are held here for .%s, and many registries lock a name for its first weeks.", j.o.Name.TLD())
	}
	return []openFact{{text, freehold.T("Does %m let %s move to another registrar now?", j.registrar(), j.name()), Evidence(r.Created.Evidence, r.LastTransfer.Evidence)}}
}

// silentRegistry says why the registry told nothing, where it did not.
func (j *judgement) silentRegistry() (openFact, bool) {
	if j.o.Registration.State != freehold.RegistrationUnknown {
		return openFact{}, false
	}
	f := openFact{
		text:     freehold.T("No registry is known that could be asked about .%s: locks and dates are not known.", j.o.Name.TLD()),
		question: freehold.T("Does your account at %m show %s as active, without a lock that only the registry can lift?", j.registrar(), j.name()),
	}
	for _, a := range j.o.Registration.Asks {
		switch a.Outcome {
		case freehold.OutcomeThrottled:
			f.text = freehold.T("The registry is asked too much and turned our question away: locks and dates are not known. Ask again later.")
		case freehold.OutcomeRefused:
			f.text = freehold.T("The registry refused to answer about %s, or may not be asked: locks and dates are not known.", j.name())
		case freehold.OutcomeTimeout:
			f.text = freehold.T("The registry did not answer in time: locks and dates are not known. Ask again later.")
		case freehold.OutcomeFailed, freehold.OutcomeGarbled:
			f.text = freehold.T("The registry gave no usable answer: locks and dates are not known. Ask again later.")
		default:
			continue
		}
		f.evidence = Evidence([]freehold.EvidenceID{a.Evidence})
		break
	}
	return f, true
}
