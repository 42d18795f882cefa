package verify

import (
	"slices"

	"freehold"
	"freehold/internal/policy"
)

// notRegistered: there is nothing to move, and only the asker can say whether
// another name was meant.
func (j *judgement) notRegistered() {
	j.v.Question = freehold.T("Is %s the name you mean? The registry does not have it.", j.name())
	j.why(freehold.T("%s is not registered: there is nothing to move, and anyone may be able to register it.", j.name()), "", j.registryEvidence())
	if a, ok := j.o.Attestations.Latest(string(freehold.LayerAccount)); ok && (a.Value == freehold.AttestedMe || a.Value == freehold.AttestedYes) {
		j.why(freehold.T("On %t you said that you hold its account: if the name was yours, it has been deleted since.", a.At), "", []freehold.EvidenceID{a.Evidence})
	}
	if names, ok := j.o.DNS.Delegation.Get(); ok && len(names) > 0 {
		j.why(freehold.T("The DNS still delegates it all the same: one of the two is wrong or late."), "", j.o.DNS.Delegation.Evidence)
	}
}

func (j *judgement) registryEvidence() []freehold.EvidenceID {
	return j.c.Of(freehold.LayerRegistry).Evidence
}

// nothingMovesIt tells whether the registry's own state forbids any move, and
// says so.
func (j *judgement) nothingMovesIt() bool {
	r := &j.o.Registration
	gone, locked, underWay := j.statuses(j.p.Gone), j.statuses(j.p.LiftedByRegistry), j.statuses(j.p.UnderWay)
	if len(gone)+len(locked)+len(underWay) == 0 {
		return false
	}
	j.v.CanLeave = freehold.LeaveNo
	if len(gone) > 0 {
		j.deleted(gone)
	}
	if len(locked) > 0 {
		j.rule(freehold.T("On %s stands a lock that only %m can lift (%s): it was ordered as a protection, or there is a dispute or a court order.", j.name(), j.registryName(), List(locked)),
			j.p.LiftedByRegistry.Source, r.Statuses.Evidence)
		j.say(
			freehold.T("Ask %m in writing who ordered the registry's lock and why; it can move once %m has lifted it.", j.registrar(), j.registryName()),
			freehold.T("You ask %m; the registry lifts the lock.", j.registrar()),
			freehold.T("As long as the lock stands."))
	}
	if len(underWay) > 0 {
		j.inCourse()
	}
	return true
}

// deleted says what is left to do for a name the registry is deleting. RDAP and
// WHOIS may show pendingDelete alone although the redemption still runs: then it
// is not said to be over.
func (j *judgement) deleted(words []string) {
	evidence := j.o.Registration.Statuses.Evidence
	switch {
	case slices.Contains(words, "pendingRestore"):
		j.rule(freehold.T("%s was deleted, and its restoration is under way (pendingRestore).", j.name()), j.p.Gone.Source, evidence)
		j.say(freehold.T("Wait until %s is restored, then ask for its code.", j.name()), freehold.T("Nobody now: %m has asked for the restoration.", j.registrar()), freehold.T("Until the registry has the registrar's report."))
	case slices.Contains(words, "redemptionPeriod"):
		j.rule(freehold.T("%s was deleted and is in redemption: it can still be restored, but not moved.", j.name()), j.p.Gone.Source, evidence)
		path := freehold.T("Have %m restore %s today; it can move after that.", j.registrar(), j.name())
		long := freehold.T("The time to restore runs out; ask %m for the last day.", j.registrar())
		if span, ok := j.p.Redemption.Get(); ok {
			long = freehold.T("The time to restore is %d days from the deletion; ask %m for the last day.", span.Days(), j.registrar())
			j.rule(freehold.T("A deleted name can be restored for %d days.", span.Days()), j.p.Redemption.Source)
		}
		if policy.Is(j.p.RestoredBy, policy.Registrar) {
			j.rule(freehold.T("Only its present registrar, %m, can restore it.", j.registrar()), j.p.RestoredBy.Source, j.o.Registration.Registrar.Evidence)
		}
		j.say(path, freehold.T("You ask, %m restores.", j.registrar()), long)
	default:
		j.rule(freehold.T("%s is being deleted (pendingDelete): it cannot be moved, and perhaps no longer be restored.", j.name()), j.p.Gone.Source, evidence)
		j.say(freehold.T("Ask %m today whether %s can still be restored.", j.registrar(), j.name()), freehold.T("You ask, %m restores.", j.registrar()), freehold.T("Days at the most."))
	}
}

// inCourse says that a transfer is under way: the owner's own, or a theft.
func (j *judgement) inCourse() {
	j.rule(freehold.T("A transfer of %s to another registrar is under way (pendingTransfer): no other can begin.", j.name()), j.p.UnderWay.Source, j.o.Registration.Statuses.Evidence)
	long := freehold.T("Until the registry has completed or ended it.")
	if span, ok := j.p.TransferDelay.Get(); ok && !span.None() {
		long = freehold.T("%d days from the request at the most, if nobody answers.", span.Days())
		if policy.Is(j.p.SilenceApproves, true) {
			j.rule(freehold.T("It goes through after %d days if %m says nothing.", span.Days(), j.registrar()), j.p.SilenceApproves.Source)
		}
	}
	if policy.Is(j.p.NameserversDuringTransfer, false) {
		j.rule(freehold.T("Until then the name servers cannot be changed."), j.p.NameserversDuringTransfer.Source)
	}
	j.say(
		freehold.T("If you asked for this transfer, wait for it. If you did not, tell %m today to reject it.", j.registrar()),
		freehold.T("You, at once, if you did not ask for it."), long)
}

// say sets path, who and how long, unless something graver has already.
func (j *judgement) say(path, who, long freehold.Text) {
	if j.v.Path.IsZero() {
		j.v.Path, j.v.Who, j.v.HowLong = path, who, long
	}
}
