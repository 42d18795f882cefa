package verify

import (
	"time"

	"freehold"
	"freehold/internal/policy"
)

// sayNeeds tells who is needed and how that is known.
func (j *judgement) sayNeeds(needs []need) {
	for _, n := range needs {
		switch n.kind {
		case hostIsRegistrar:
			text := freehold.T("The registrar, %s, is also the host.", n.party)
			switch j.host.Basis {
			case BasisNetwork:
				text = freehold.T("The registrar, %s, is also the host: the site stands in its network.", n.party)
			case BasisDomains:
				text = freehold.T("The registrar, %s, is also the host: name servers and mail are its own.", n.party)
			}
			j.why(text, "", n.evidence)
		case hostIsReseller:
			j.why(freehold.T("The reseller is the host, %m: for the registrar, %m, the host is the customer.", j.hostName(), j.registrar()), "", n.evidence)
		case resellerStands:
			j.why(freehold.T("A reseller, %s, stands between you and %m.", n.party, j.registrar()), "", n.evidence)
		case hostHasAccount:
			j.why(freehold.T("The account at %m that holds %s belongs to %m, as you said.", j.registrar(), j.name(), n.party), "", n.evidence)
		case otherHasAccount:
			j.why(freehold.T("The account at %m that holds %s belongs to %s, as you said.", j.registrar(), j.name(), n.party), "", n.evidence)
		case hostPays:
			j.why(freehold.T("The name is paid for by %m, as you said, so it most likely stands in an account of theirs.", n.party), "", n.evidence)
		}
	}
}

// sayRoute tells what is known of the owner's own access.
func (j *judgement) sayRoute(needs []need) {
	switch {
	case j.route.byMailbox() && j.givesMove():
		j.rule(freehold.T("You read the mailbox with which %m has a move confirmed, as you said or have shown.", j.registryName()), j.route.way.Source, j.route.evidence)
	case j.route.byMailbox():
		j.rule(freehold.T("You read the mailbox with which %m gives out the transfer code, as you said or have shown.", j.registryName()), j.route.way.Source, j.route.evidence)
	case j.route.kind == byRegistry && j.route.proven:
		j.rule(freehold.T("You have shown that you can act at %m yourself.", j.registryName()), j.p.Bypass.Source, j.route.evidence)
	case j.route.kind == byRegistry:
		j.rule(freehold.T("You can act at %m yourself, as you said.", j.registryName()), j.p.Bypass.Source, j.route.evidence)
	case j.route.kind == byAccount && j.route.proven:
		j.why(freehold.T("You have shown that the account at %m is yours.", j.registrar()), "", j.route.evidence)
	case j.route.kind == byAccount:
		j.why(freehold.T("You can log in at %m and see %s there, as you said.", j.registrar(), j.name()), "", j.route.evidence)
	case len(needs) > 0:
	case j.account.Mine && j.movedAway():
		j.why(freehold.T("That you can log in was said on %t, before the name moved to %m.", j.account.At, j.registrar()), "", j.account.Evidence, j.o.Registration.LastTransfer.Evidence)
	case j.account.Mine && j.account.Stale:
		j.why(freehold.T("That you can log in at %m was said on %t, too long ago to rely on.", j.registrar(), j.account.At), "", j.account.Evidence)
	case j.account.Standing == freehold.StandingClaimed:
		j.why(freehold.T("You cannot log in where %s is registered, as you said, and who can is not known.", j.name()), "", j.account.Evidence)
	default:
		j.why(freehold.T("Whose account at %m holds %s stands in no public record, and nobody has said.", j.registrar(), j.name()), "", []freehold.EvidenceID{j.o.Own})
	}
}

// saySeen tells what public records show, and do not, that bears on leaving.
func (j *judgement) saySeen() {
	r := &j.o.Registration
	if r.State == freehold.Registered && r.Reseller.State == freehold.Unknown && silent(r) {
		j.why(freehold.T("The registrar's own record did not answer: whether a reseller stands in between is not known."), "", r.Reseller.Evidence)
	}
	if at, ok := r.Expires.Get(); ok && !j.o.At.Before(at) {
		if policy.Is(j.p.ExpiredMayLeave, true) {
			j.rule(freehold.T("It expired on %t; an expired name may still be transferred.", at), j.p.ExpiredMayLeave.Source, r.Expires.Evidence)
		} else {
			j.why(freehold.T("It expired on %t.", at), "", r.Expires.Evidence)
		}
	}
	if has, _ := r.HasStatus("clientHold"); has {
		j.why(freehold.T("Its registrar, %m, has taken it out of the DNS (clientHold), as is done over unpaid bills.", j.registrar()), "RFC 5731 section 2.3", r.Statuses.Evidence)
	}
	if has, _ := r.HasStatus("clientUpdateProhibited"); has {
		j.why(freehold.T("Its registrar has locked it against changes (clientUpdateProhibited): that lock must be lifted first."), "RFC 5731 section 2.3", r.Statuses.Evidence)
	}
}

// silent tells whether a source of the registration was asked and did not answer.
func silent(r *freehold.Registration) bool {
	for _, a := range r.Asks {
		if a.Outcome != freehold.OutcomeAnswered && a.Outcome != freehold.OutcomeNone {
			return true
		}
	}
	return false
}

// sayPath tells how the name would leave, who acts first, and how long it takes.
func (j *judgement) sayPath(needs []need) {
	j.v.HowLong = j.howLong()
	switch {
	case j.v.CanLeave == freehold.LeaveWithHost:
		j.pathWithHost(needs[0])
	case j.asked != nil && len(needs) > 0:
		j.v.Path = j.pathPast(*j.asked)
		j.v.Who = freehold.T("You, if that way is open to you; else %m has to act.", needs[0].party)
		j.sayEscalation()
	case j.asked != nil:
		j.v.Path = j.pathPast(*j.asked)
		j.v.Who = freehold.T("You, if that way is open to you; else whoever holds the account.")
	case j.route.kind == byRegistry, policy.Is(j.p.MovedBy, policy.ByConfirmation):
		j.v.Path = j.pathPast(j.route.way)
		j.v.Who = freehold.T("You alone, then the new registrar.")
		if w, _ := j.route.way.Get(); w.Through == policy.NewRegistrar || j.route.kind == byNobody {
			j.v.Who = freehold.T("You and the new registrar.")
		}
	default:
		j.pathByAccount()
	}
	j.duties()
}

// pathPast is the path by a way of the registry's.
func (j *judgement) pathPast(row policy.Row[policy.Route]) freehold.Text {
	w, _ := row.Get()
	switch {
	case policy.Is(j.p.MovedBy, policy.ByConfirmation):
		return freehold.T("Have the new registrar ask for %s, and confirm by the link that %m mails to the administrative contact. The old registrar has no part in it.", j.name(), j.registryName())
	case w.Through == policy.RegistrySite && w.Key == policy.RegistrantMailbox:
		return freehold.T("Get the transfer code on the site of %m, with the registrant's mailbox, and give it to the new registrar. The old one is not needed.", j.registryName())
	case w.Through == policy.NewRegistrar && w.Key == policy.RegistrantMailbox:
		return freehold.T("Ask %m for the code. If it refuses or stays silent, have the new registrar order one from %m, which mails it to the registrant's mailbox.", j.registrar(), j.registryName())
	}
	return freehold.T("Act at %m yourself, then let the new registrar take the name over. The old one is not needed.", j.registryName())
}

// pathByAccount is the path through the account at the registrar, known to be the
// owner's or not.
func (j *judgement) pathByAccount() {
	mine := j.route.kind == byAccount
	j.sayTag()
	switch {
	case policy.Is(j.p.MovedBy, policy.ByTag) && mine:
		j.v.Path = freehold.T("Log in at %m and have %s put under the tag of the new registrar.", j.registrar(), j.name())
	case policy.Is(j.p.MovedBy, policy.ByTag):
		j.v.Path = freehold.T("If you can log in at %m: have %s put under the tag of the new registrar there.", j.registrar(), j.name())
	case policy.Is(j.p.CodeIssuer, policy.Registry):
		j.v.Path = freehold.T("Have %m ask for the transfer code, which %m mails to the registrant's mailbox, and give it to the new registrar.", j.registrar(), j.registryName())
		j.rule(freehold.T("The transfer code comes from %m and goes to the registrant's mailbox.", j.registryName()), j.p.CodeIssuer.Source)
	case mine:
		j.v.Path = freehold.T("Log in at %m, unlock the name, copy its transfer code, and give it to the new registrar.", j.registrar())
	default:
		j.v.Path = freehold.T("If you can log in at %m: unlock the name there, copy its transfer code, and give it to the new registrar.", j.registrar())
	}
	j.v.Who = freehold.T("You, if the account is yours; else whoever holds it.")
	if mine {
		j.v.Who = freehold.T("You, in your account at %m; then the new registrar.", j.registrar())
	}
}

func (j *judgement) pathWithHost(n need) {
	switch n.kind {
	case hostIsRegistrar:
		j.v.Path = freehold.T("Ask %s in writing, as the registrant, to unlock %s and to hand out its transfer code; give the code to the new registrar.", n.party, j.name())
		j.v.Who = freehold.T("You ask; then %s, host and registrar in one, has to act.", n.party)
	case hostIsReseller, resellerStands:
		j.v.Path = freehold.T("Ask %m in writing to unlock %s and to hand out its transfer code. Without an answer, write to the registrar, %m.", n.party, j.name(), j.registrar())
		j.v.Who = freehold.T("You ask; then the reseller, %m, has to act.", n.party)
		if answerable, ok := j.p.ResellerAnswerable.Get(); ok && answerable == policy.Registrar {
			j.rule(freehold.T("The registrar, %m, stays responsible where a reseller serves you.", j.registrar()), j.p.ResellerAnswerable.Source)
		}
	default:
		j.v.Path = freehold.T("Ask %m in writing to unlock %s and to hand out its transfer code. Without an answer, write to the registrar, %m, as the registrant.", n.party, j.name(), j.registrar())
		j.v.Who = freehold.T("You ask; then %m, who holds the account, has to act.", n.party)
	}
	switch moved, _ := j.p.MovedBy.Get(); {
	case moved == policy.ByTag && n.kind == hostIsRegistrar:
		j.v.Path = freehold.T("Ask %s in writing, as the registrant, to put %s under the tag of the new registrar.", n.party, j.name())
	case moved == policy.ByTag:
		j.v.Path = freehold.T("Ask %m in writing to have %s put under the tag of the new registrar. Without an answer, write to the registrar, %m, as the registrant.", n.party, j.name(), j.registrar())
	case moved == policy.ByConfirmation:
		j.v.Path = freehold.T("Ask %m in writing, as the registrant, to make a mailbox of yours the administrative contact of %s; then the new registrar can ask for the name.", n.party, j.name())
	}
	j.sayTag()
	j.sayEscalation()
}

func (j *judgement) sayTag() {
	if policy.Is(j.p.MovedBy, policy.ByTag) {
		j.rule(freehold.T("Under .%s a name moves when its registrar puts it under the tag of the new one; there is no code.", j.o.Name.TLD()), j.p.MovedBy.Source)
	}
}

func (j *judgement) sayEscalation() {
	if list, ok := j.p.Escalation.Get(); ok && len(list) > 0 {
		j.rule(freehold.T("If the registrar does not act either, the next to write to is %s.", list[0]), j.p.Escalation.Source)
	}
}

// duties cites what the rules ask of the registrar on this path.
func (j *judgement) duties() {
	if j.route.kind == byRegistry && j.v.CanLeave != freehold.LeaveWithHost {
		w, _ := j.route.way.Get()
		if span := w.Validity; span.Days() > 0 && w.Gives == policy.GivesCode {
			j.rule(freehold.T("A code got that way is valid for %d days.", span.Days()), j.route.way.Source)
		} else if span, ok := j.p.CodeValidity.Get(); ok && span.Days() > 0 {
			j.rule(freehold.T("A code is valid for %d days.", span.Days()), j.p.CodeValidity.Source)
		}
		j.sayTerm()
		return
	}
	if span, ok := j.p.CodeDeadline.Get(); ok {
		j.rule(freehold.T("Without self-service the registrar has %d days from your first request to hand out the code.", span.Days()), j.p.CodeDeadline.Source)
	}
	if text, ok := releases[value(j.p.Release)]; ok {
		j.rule(text, j.p.Release.Source)
	}
	if policy.Is(j.p.UnpaidFeeMayRefuse, false) && j.v.CanLeave == freehold.LeaveWithHost {
		j.rule(freehold.T("An unpaid fee for leaving is no reason to refuse."), j.p.UnpaidFeeMayRefuse.Source)
	}
	if policy.Is(j.p.SilenceApproves, true) && !j.p.SilenceApproves.Dated() {
		j.rule(freehold.T("If the old registrar says nothing to the transfer, it goes through."), j.p.SilenceApproves.Source)
	}
	j.sayTerm()
}

func (j *judgement) sayTerm() {
	if text, ok := terms[value(j.p.TermEffect)]; ok {
		j.rule(text, j.p.TermEffect.Source)
	}
}

// releases is what the duties to let go without a number of days say.
var releases = map[string]freehold.Text{
	policy.AtAllTimes:   freehold.T("The registrar has to let you move to another one at all times."),
	policy.WithoutDelay: freehold.T("The registrar has to hand out the code without undue delay and without conditions."),
	policy.Promptly:     freehold.T("The registrar has to make the change promptly."),
	policy.MayNotRefuse: freehold.T("The registrar may not refuse the code."),
}

// terms is what a transfer does to the term of the registration.
var terms = map[string]freehold.Text{
	policy.AddsAYear:       freehold.T("A transfer adds a year to the registration."),
	policy.AddsTwoYears:    freehold.T("A transfer adds two years to the registration."),
	policy.NewPeriod:       freehold.T("With a transfer a new period of registration begins."),
	policy.RenewalOptional: freehold.T("A transfer can renew the registration, and need not."),
}

// value is that of a row that may be judged by, else empty.
func value(row policy.Row[string]) string {
	v, _ := row.Get()
	return v
}

// givesMove tells whether the way of the registry's moves the name itself.
func (j *judgement) givesMove() bool {
	w, _ := j.route.way.Get()
	return w.Gives == policy.GivesMove
}

// howLong adds up what the rules say, and says where they say nothing.
func (j *judgement) howLong() freehold.Text {
	code, hasCode := j.p.CodeDeadline.Get()
	delay, hasDelay := j.p.TransferDelay.Get()
	refusal, hasRefusal := j.p.RefusalDelay.Get()
	if hasDelay {
		j.cite(j.p.TransferDelay, delay)
	}
	self := j.route.kind == byRegistry
	way, _ := j.route.way.Get()
	switch {
	case self && way.Gives == policy.GivesMove && way.Validity.Days() > 0:
		return freehold.T("Until you confirm, for which there are %d days.", way.Validity.Days())
	case hasDelay && hasRefusal && j.p.TransferDelay.Dated():
		return freehold.T("From the request %d days if the old registrar is silent, %d if it refuses, by an old page of %m: ask before you rely on it.", delay.Days(), refusal.Days(), j.registryName())
	case hasDelay && delay.None() && hasCode && !self:
		return freehold.T("At most %d days for the code; the transfer itself is immediate.", code.Days())
	case hasDelay && delay.None():
		return freehold.T("The transfer itself is immediate once the new registrar has the code.")
	case hasDelay && hasCode && !self:
		return freehold.T("At most %d days for the code, then at most %d days for the transfer.", code.Days(), delay.Days())
	case hasDelay:
		return freehold.T("At most %d days from the request.", delay.Days())
	}
	return freehold.T("No rule on how long a transfer under .%s takes is held here for certain.", j.o.Name.TLD())
}

// cite gives the source of the time a transfer takes.
func (j *judgement) cite(row policy.Row[policy.Span], delay policy.Span) {
	switch {
	case delay.None():
		j.rule(freehold.T("With the right code a transfer is immediate."), row.Source)
	case row.Dated():
		j.rule(freehold.T("A page of %m from years ago gives the times; whether they still hold was not verified.", j.registryName()), row.Source)
	default:
		j.rule(freehold.T("The old registrar has %d days to answer a transfer request.", delay.Days()), row.Source)
	}
}

// question is the one whose answer would decide, when access is not known, or
// when the host is needed unless the registry's own way is open.
func (j *judgement) question(stuck bool) freehold.Text {
	_, registrarKnown := j.o.Registration.Registrar.Get()
	way, untold := j.untold()
	_, saidMailbox := Fresh(j.o, string(freehold.LayerContactMailbox))
	switch {
	case untold && (stuck || mailboxKey(way) || policy.Is(j.p.MovedBy, policy.ByConfirmation)):
		return j.wayQuestion(way)
	case j.account.Mine && !j.account.Stale && !j.accountSuffices() && !saidMailbox:
		return mailboxDecides(j.c.Of(freehold.LayerContactMailbox).Holder, j.registryName(), j.name())
	case j.account.Mine && j.account.Stale && !j.movedAway():
		return freehold.T("On %t you could log in at %m and see %s there. Can you still?", j.account.At, j.registrar(), j.name())
	case j.account.Standing == freehold.StandingClaimed && !j.account.Stale && !j.account.Mine:
		return freehold.T("Who can log in at %m and see %s there? Ask %m, as the registrant.", j.registrar(), j.name(), j.registrar())
	case !registrarKnown:
		return freehold.T("At which registrar does %s stand, and can you log in and see it there?", j.name())
	}
	return freehold.T("Can you log in at %m and see %s there?", j.registrar(), j.name())
}

// movedAway tells whether the name changed registrars after the last word about
// its account.
func (j *judgement) movedAway() bool {
	a, ok := j.o.Attestations.Latest(string(freehold.LayerAccount))
	return ok && movedSince(j.o, a)
}

// mailboxDecides is the question where the registry's own site serves whoever
// reads the registrant's mailbox.
func mailboxDecides(mailbox, registry, name string) freehold.Text {
	if mailbox == "" {
		return freehold.T("Is the registrant's mailbox of %s yours, and can you read it? Who reads it can get the transfer code from %m.", name, registry)
	}
	return freehold.T("Is %s your mailbox, and can you read it? Who reads it can get the transfer code of %s from %m.", mailbox, name, registry)
}

// unchangedFor tells whether the registry shows that nothing of the registration
// changed for a time.
func unchangedFor(o *freehold.Observed, d time.Duration) bool {
	at, ok := o.Registration.Changed.Get()
	return ok && !o.At.Before(at.Add(d))
}
