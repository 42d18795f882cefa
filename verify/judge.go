package verify

import (
	"slices"

	"freehold"
	"freehold/internal/policy"
)

// Judge says whether a name can leave today without its host, by the rules of p,
// at the moment o.At.
//
// Several answers can hold at once. The first of these decides, and the others
// are told among the reasons:
//
//  1. not registered: unknown, since there is nothing to move.
//  2. no: deleted, locked by the registry, or already being transferred. Nothing
//     the owner or the host does now changes that.
//  3. with_host: the host is the registrar, the reseller or the account's holder.
//     It comes before any date, since the date passes and the need for the host
//     does not. A way of the registry's own that is open to the owner lifts it; one
//     of which nobody said whether it is makes the verdict unknown, with that
//     question. Only ways read in the registry's own text count: the others are told.
//  4. not_before: a time-based refusal is lawful until a date. It comes before
//     unknown, since it is true whoever holds the account; the question is asked
//     all the same.
//  5. unknown, while a fact that could forbid the move is unknown.
//  6. alone: access to the account, or the registry's own route, is attested or
//     proven, and that not too long ago.
//  7. unknown, with the question about the account. Public data alone end here.
func Judge(o *freehold.Observed, c freehold.Control, p policy.Profile) freehold.Verdict {
	j := &judgement{o: o, c: c, p: p, host: HostOf(o)}
	j.v.Policy = p.ID
	j.account = c.Of(freehold.LayerAccount)
	j.route = j.findRoute()
	switch {
	case o.Registration.State == freehold.NotRegistered:
		j.notRegistered()
	case j.nothingMovesIt():
	default:
		j.weigh()
	}
	j.saySwitch()
	j.sayConfidence()
	return j.v
}

// judgement is the work on one verdict.
type judgement struct {
	o       *freehold.Observed
	c       freehold.Control
	p       policy.Profile
	host    Host
	account freehold.Claim
	route   route
	asked   *policy.Row[policy.Route] // the registry's way that the question is about
	used    []policy.Source           // the rules the verdict speaks of
	v       freehold.Verdict
}

// weigh decides among the verdicts that depend on who holds what.
func (j *judgement) weigh() {
	needs := j.needsHost()
	windows := j.windows()
	open := j.openFacts()
	way, untold := j.untold()
	stuck := len(needs) > 0 && (j.route.kind != byRegistry || j.locked())
	switch {
	case stuck && !untold:
		j.v.CanLeave = freehold.LeaveWithHost
		j.sayNeeds(needs)
		j.sayWindows(windows)
	case len(windows) > 0:
		j.v.CanLeave = freehold.LeaveNotBefore
		j.sayWindows(windows)
		j.notBefore(windows)
		if stuck || j.route.kind == byNobody {
			j.v.Question = j.question(stuck)
		}
	case stuck:
		j.v.Question = j.wayQuestion(way)
		j.sayNeeds(needs)
	case j.route.kind == byNobody:
		j.v.Question = j.question(false)
	case len(open) > 0:
		j.v.Question = open[0].question
	default:
		j.v.CanLeave = freehold.LeaveAlone
	}
	j.sayRoute(needs)
	for _, f := range open {
		j.why(f.text, "", f.evidence)
	}
	j.saySeen()
	j.sayPath(needs)
	if stuck || j.asked != nil {
		j.sayWays()
	}
	j.sayConditions()
}

// why adds a reason, once.
func (j *judgement) why(text freehold.Text, citation string, evidence ...[]freehold.EvidenceID) {
	for _, r := range j.v.Why {
		if r.Text.String() == text.String() {
			return
		}
	}
	j.v.Why = append(j.v.Why, freehold.Reason{Text: text, Citation: citation, Evidence: Evidence(evidence...)})
}

// rule adds a reason that rests on a rule, and remembers how sure that one is.
func (j *judgement) rule(text freehold.Text, source policy.Source, evidence ...[]freehold.EvidenceID) {
	j.used = append(j.used, source)
	j.why(text, source.Citation, evidence...)
}

// locked tells whether a lock stands on the name that its registrar must lift.
func (j *judgement) locked() bool { return len(j.statuses(j.p.LiftedByRegistrar)) > 0 }

// name is the name as people write it.
func (j *judgement) name() string { return j.o.Name.Unicode() }

// registrar is the registrar's name, or the words for one who is not known; the
// sentence around it takes it in with %m.
func (j *judgement) registrar() string { return registrarOf(j.o) }

func registrarOf(o *freehold.Observed) string {
	if r, ok := o.Registration.Registrar.Get(); ok && r != "" {
		return r
	}
	return freehold.T("the registrar").Format
}

// hostName is the host's name, or the words for one who is not known.
func (j *judgement) hostName() string {
	if j.host.Name != "" {
		return j.host.Name
	}
	return freehold.T("your host").Format
}

// registryName is who runs the top-level domain, or the words for whoever does.
func (j *judgement) registryName() string {
	if r, ok := j.p.Registry.Get(); ok {
		return r
	}
	return freehold.T("the registry").Format
}

// need is one reason why a step needs the host.
type need struct {
	kind     needKind
	party    string
	evidence []freehold.EvidenceID
}

type needKind uint8

const (
	hostIsRegistrar needKind = iota
	hostIsReseller
	resellerStands // a reseller, not known to be the host
	hostHasAccount
	otherHasAccount
	hostPays
)

// needsHost lists why a step needs the host or a party like it, gravest first.
func (j *judgement) needsHost() []need {
	var all []need
	if registrar, evidence, ok := RegistrarIsHost(j.o, j.host); ok {
		all = append(all, need{hostIsRegistrar, registrar, evidence})
	}
	reseller := j.c.Of(freehold.LayerReseller)
	registrar, _ := j.o.Registration.Registrar.Get()
	isReseller := reseller.Holder != "" && !reseller.Mine && !reseller.Stale && !freehold.SameParty(reseller.Holder, registrar)
	switch {
	case !isReseller:
	case j.host.Is(reseller.Holder) || reseller.Holder == freehold.AttestedTheHost:
		all = append(all, need{hostIsReseller, reseller.Holder, Evidence(reseller.Evidence, j.host.Evidence)})
	case j.route.kind == byAccount && (j.host.Basis == BasisSaid || j.host.Self):
		// A reseller who is not the host, and an account the owner can open.
	default:
		all = append(all, need{resellerStands, reseller.Holder, reseller.Evidence})
	}
	return append(all, j.accountNeeds()...)
}

// accountNeeds is what was said about who holds the account, or pays for the name.
func (j *judgement) accountNeeds() []need {
	if a, ok := Fresh(j.o, string(freehold.LayerAccount)); ok {
		evidence := Evidence([]freehold.EvidenceID{a.Evidence})
		switch {
		case a.Value == freehold.AttestedTheHost, j.host.Is(a.Value):
			return []need{{hostHasAccount, j.hostName(), evidence}}
		case !wordOnly(a.Value):
			return []need{{otherHasAccount, freehold.OneLine(a.Value), evidence}}
		}
	}
	if a, ok := Fresh(j.o, freehold.AttestPayer); ok && j.route.kind == byNobody && (a.Value == freehold.AttestedTheHost || j.host.Is(a.Value)) {
		return []need{{hostPays, j.hostName(), Evidence([]freehold.EvidenceID{a.Evidence})}}
	}
	return nil
}

// RegistrarIsHost tells whether the registrar of record is plainly the host,
// with the registrar's name and the evidence.
func RegistrarIsHost(o *freehold.Observed, h Host) (registrar string, evidence []freehold.EvidenceID, ok bool) {
	registrar, ok = o.Registration.Registrar.Get()
	if !ok {
		return "", nil, false
	}
	evidence = Evidence(o.Registration.Registrar.Evidence, h.Evidence)
	if a, said := Fresh(o, string(freehold.LayerRegistrar)); said && a.Value == freehold.AttestedTheHost {
		return registrar, Evidence(evidence, []freehold.EvidenceID{a.Evidence}), true
	}
	return registrar, evidence, h.Is(registrar)
}

// statuses returns those of the words that the registration carries.
func (j *judgement) statuses(words policy.Row[[]string]) []string {
	wanted, _ := words.Get()
	var out []string
	for _, s := range j.o.Registration.Statuses.Value {
		if slices.Contains(wanted, s) {
			out = append(out, s)
		}
	}
	return out
}
