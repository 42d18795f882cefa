package verify

import (
	"freehold"
	"freehold/internal/policy"
)

// sayConditions lists what has to work on the path, each with how well it is known.
func (j *judgement) sayConditions() {
	r := &j.o.Registration
	need := func(what freehold.Text, s freehold.Standing, evidence ...[]freehold.EvidenceID) {
		j.v.Conditions = append(j.v.Conditions, freehold.Condition{What: what, Standing: s, Evidence: Evidence(evidence...)})
	}
	if j.route.kind != byRegistry && j.asked == nil && j.v.CanLeave != freehold.LeaveWithHost {
		need(freehold.T("you can log in at %m and see %s there", j.registrar(), j.name()), heldByOwner(j.account), j.account.Evidence)
	}
	_, moved := j.p.MovedBy.Get()
	if _, issued := j.p.CodeIssuer.Get(); !moved && !issued && !j.p.Default() && j.asked == nil && j.route.kind != byRegistry {
		need(freehold.T("%m gives you what a transfer of %s needs", j.registrar(), j.name()), freehold.StandingUnknown)
	}
	j.mailboxCondition(need)
	if locks := j.statuses(j.p.LiftedByRegistrar); len(locks) > 0 {
		if span, ok := j.p.UnlockDeadline.Get(); ok {
			need(freehold.T("%m lifts its transfer lock within %d days of your request", j.registrar(), span.Days()), freehold.StandingUnknown, r.Statuses.Evidence)
			j.rule(freehold.T("The registrar has to lift its lock (%s) within %d days of your first request, where you cannot do so yourself.", List(locks), span.Days()), j.p.UnlockDeadline.Source, r.Statuses.Evidence)
		} else {
			need(freehold.T("%m lifts its transfer lock", j.registrar()), freehold.StandingUnknown, r.Statuses.Evidence)
		}
	}
	if lock, ok := j.p.LockAfterRegistrantChange.Get(); ok && !lock.Length.None() && !unchangedFor(j.o, lock.Length.Duration()) {
		need(freehold.T("the registrant's name, organisation and e-mail did not change in the last %d days", lock.Length.Days()), freehold.StandingUnknown, r.Changed.Evidence)
		j.rule(freehold.T("After a change of the registrant's name, organisation or e-mail the registrar refuses transfers for %d days, unless you opted out before; no public record shows it.", lock.Length.Days()), j.p.LockAfterRegistrantChange.Source)
	}
	if has, _ := r.HasStatus("clientHold"); has {
		need(freehold.T("nothing is owed to %m for a past period", j.registrar()), freehold.StandingUnknown, r.Statuses.Evidence)
	}
	if r.State == freehold.Registered && r.Statuses.State == freehold.Unknown {
		need(freehold.T("no lock stands on %s that the registry does not show", j.name()), freehold.StandingUnknown, r.Statuses.Evidence)
	}
	if j.p.Default() {
		need(freehold.T("the rules of .%s, which are not held here, allow it", j.o.Name.TLD()), freehold.StandingUnknown)
	}
}

// mailboxCondition: where the rules name the contact that transfer mail goes to, or
// the path is by a mailbox, that one has to work, and be the owner's.
func (j *judgement) mailboxCondition(need func(freehold.Text, freehold.Standing, ...[]freehold.EvidenceID)) {
	contact, ok := j.p.Contact.Get()
	if !ok && !j.route.byMailbox() && (j.asked == nil || !mailboxKey(*j.asked)) {
		return
	}
	claim := j.c.Of(freehold.LayerContactMailbox)
	text := freehold.T("the registrant's mailbox is yours and answers")
	switch {
	case contact == policy.ContactAdministrative:
		text = administrativeMailbox()
	case claim.Holder != "" && claim.Holder != freehold.AttestedTheHost:
		text = freehold.T("the registrant's mailbox, %s, is yours and answers", claim.Holder)
	}
	need(text, heldByOwner(claim), claim.Evidence)
}

func administrativeMailbox() freehold.Text {
	return freehold.T("the administrative contact's mailbox is yours and answers")
}

// heldByOwner is how well it is known that a layer is the owner's: an observed
// holder is not, until somebody says that it is he.
func heldByOwner(c freehold.Claim) freehold.Standing {
	if !c.Mine || c.Stale {
		return freehold.StandingUnknown
	}
	return c.Standing
}
