package verify

import (
	"slices"
	"strings"

	"freehold"
	"freehold/internal/policy"
)

// routeKind says through whom the owner can act.
type routeKind uint8

const (
	byNobody   routeKind = iota // nothing is attested or proven, or too long ago
	byAccount                   // the account at the registrar
	byRegistry                  // a way of the registry's that needs no registrar
)

type route struct {
	kind     routeKind
	way      policy.Row[policy.Route] // of the registry's; not set where only somebody said that one is open
	proven   bool
	evidence []freehold.EvidenceID
}

// byMailbox tells whether the registry's way is opened by a mailbox of record.
func (r route) byMailbox() bool { return r.kind == byRegistry && mailboxKey(r.way) }

func mailboxKey(way policy.Row[policy.Route]) bool {
	w, _ := way.Get()
	return w.Key == policy.RegistrantMailbox || w.Key == policy.AdministrativeMailbox
}

// findRoute looks for a way that needs no host: the registry's own first, since
// it needs no registrar either, unless it opens only once the registrar refused.
// Where the registrar has locked the name, its lock stands in the way of the
// registry's code too: then the owner's account, which can lift it, comes first.
func (j *judgement) findRoute() route {
	registry := j.registryRoute()
	if w, _ := registry.way.Get(); registry.kind == byRegistry && !j.locked() && w.When != policy.Refused {
		return registry
	}
	if a := j.account; a.Mine && !a.Stale && j.accountSuffices() {
		return route{kind: byAccount, proven: a.Standing == freehold.StandingProven, evidence: a.Evidence}
	}
	return registry
}

// accountSuffices: the account at the registrar moves a name, unless the registry
// asks a contact itself, or hands its code to nobody but the holder's mailbox.
func (j *judgement) accountSuffices() bool {
	mailbox := j.c.Of(freehold.LayerContactMailbox)
	switch {
	case policy.Is(j.p.MovedBy, policy.ByConfirmation):
		return false
	case policy.Is(j.p.CodeIssuer, policy.Registry):
		return mailbox.Mine && !mailbox.Stale
	}
	return true
}

// registryRoute holds where the registry serves holders and the owner has what
// opens its door. Where the policy says that nobody is served, a word to the
// contrary does not make it so. A way that was not read in the registry's own
// text is not counted on, unless the owner says that it is open.
func (j *judgement) registryRoute() route {
	bypass, known := j.p.Bypass.Get()
	if known && bypass != policy.Open {
		return route{}
	}
	if a, ok := Fresh(j.o, freehold.AttestRegistryRoute); ok {
		if a.Value != freehold.AttestedYes && a.Value != freehold.AttestedMe {
			return route{}
		}
		return route{kind: byRegistry, proven: a.Proven, evidence: Evidence([]freehold.EvidenceID{a.Evidence})}
	}
	mailbox := j.c.Of(freehold.LayerContactMailbox)
	for _, way := range j.ways() {
		if mailboxKey(way) && way.Confidence == policy.Verified && mailbox.Mine && !mailbox.Stale && !j.mailboxFalls() {
			return route{kind: byRegistry, way: way, proven: mailbox.Standing == freehold.StandingProven, evidence: mailbox.Evidence}
		}
	}
	return route{}
}

// ways are those past a registrar that still holds the name, best first.
func (j *judgement) ways() []policy.Row[policy.Route] {
	var open []policy.Row[policy.Route]
	for _, row := range j.p.Routes {
		if w, ok := row.Get(); ok && (w.When == policy.Always || w.When == policy.Refused) {
			open = append(open, row)
		}
	}
	return open
}

// untold is a way of the registry's that was read in its own text, and of which
// nobody has said whether the owner has what it needs. The answer decides.
func (j *judgement) untold() (policy.Row[policy.Route], bool) {
	if _, said := Fresh(j.o, freehold.AttestRegistryRoute); said || j.locked() {
		return policy.Row[policy.Route]{}, false
	}
	if bypass, known := j.p.Bypass.Get(); known && bypass != policy.Open {
		return policy.Row[policy.Route]{}, false
	}
	_, saidMailbox := Fresh(j.o, string(freehold.LayerContactMailbox))
	for _, way := range j.ways() {
		if way.Confidence == policy.Verified && (!mailboxKey(way) || !saidMailbox && !j.mailboxFalls()) {
			return way, true
		}
	}
	return policy.Row[policy.Route]{}, false
}

// mailboxFalls tells whether the contact's mailbox hangs on the host: it is the
// host's own, or its mail runs there.
func (j *judgement) mailboxFalls() bool {
	address, ok := j.o.Registration.RegistrantEmail.Get()
	if !ok || j.host.Name == "" {
		return false
	}
	domain, ok := mailDomain(address)
	if !ok {
		return false
	}
	if j.o.Name.Contains(domain) {
		hosts, _ := MailHosts(j.o)
		holders, _, _ := Holders(j.o, "mail")
		return slices.ContainsFunc(append(Domains(hosts), holders...), j.host.Is)
	}
	return j.host.Is(Domain(domain))
}

// wayQuestion asks for what opens a way.
func (j *judgement) wayQuestion(way policy.Row[policy.Route]) freehold.Text {
	j.asked = &way
	w, _ := way.Get()
	switch w.Key {
	case policy.RegistrantMailbox:
		return mailboxDecides(j.c.Of(freehold.LayerContactMailbox).Holder, j.registryName(), j.name())
	case policy.AdministrativeMailbox:
		return confirmationDecides(j.name(), j.registryName())
	case policy.RegistryAccount:
		return registryLogin(j.registryName(), j.name())
	}
	return registryForm(j.registryName(), j.name())
}

// The questions of the ways, by which Questions knows them again.
func confirmationDecides(name, registry string) freehold.Text {
	return freehold.T("Is the administrative contact's mailbox of %s yours, and can you read it? Who reads it can confirm the move to %m.", name, registry)
}

func registryLogin(registry, name string) freehold.Text {
	return freehold.T("Do you have a login of your own at %m, and do you see %s there?", registry, name)
}

func registryForm(registry, name string) freehold.Text {
	return freehold.T("Does %m let you move %s yourself, on a signed form?", registry, name)
}

// The doubts about a way, by which Questions knows that there is one.
func secondHandWay(registry string) freehold.Text {
	return freehold.T("That way was read in a source that quotes %m, not in its own text: ask before you rely on it.", registry)
}

func oldWay(registry string) freehold.Text {
	return freehold.T("That way was read in a page of %m from years ago: ask before you rely on it.", registry)
}

// sayWays tells what the registry does for a holder whose registrar does nothing,
// and how sure that is.
func (j *judgement) sayWays() {
	if mailbox := j.c.Of(freehold.LayerContactMailbox); mailbox.Mine && j.mailboxFalls() && slices.ContainsFunc(j.ways(), mailboxKey) {
		j.why(freehold.T("The mailbox %s hangs on the host: without the host it may not receive what %m sends.", mailbox.Holder, j.registryName()), "", mailbox.Evidence, j.host.Evidence)
	}
	for _, row := range j.p.Routes {
		way, ok := row.Get()
		text := j.wayText(way)
		if !ok || text.IsZero() {
			continue
		}
		j.why(text, row.Citation)
		if way.Validity.Days() > 0 && way.Gives == policy.GivesCode {
			j.why(freehold.T("A code got that way is valid for %d days.", way.Validity.Days()), row.Citation)
		}
		if way.Cost == policy.Fee {
			j.why(freehold.T("There is a fee for that way."), row.Citation)
		}
		switch row.Confidence {
		case policy.Secondary:
			j.why(secondHandWay(j.registryName()), row.Citation)
		case policy.Old:
			j.why(oldWay(j.registryName()), row.Citation)
		}
	}
	bypass, known := j.p.Bypass.Get()
	switch {
	case known && bypass == policy.Nobody && j.p.Registry.Citation != "":
		j.rule(freehold.T("%m serves registrars only: it hands no code to holders.", j.registryName()), j.p.Bypass.Source)
	case !known && !j.p.Default():
		j.why(freehold.T("Whether %m helps a holder past a silent registrar was not verified.", j.registryName()), "")
	}
}

// wayText says a way in words. Ways that open only by a court's decision are no
// advice for today.
func (j *judgement) wayText(w policy.Route) freehold.Text {
	registry := j.registryName()
	switch {
	case w.When == policy.Decision:
		return freehold.Text{}
	case w.When == policy.Failed && w.Key == policy.PostalAddress:
		return freehold.T("If the registrar gives the name up, %m keeps it for a while and writes to the holder's postal address on record: answer within the time the letter sets.", registry)
	case w.When == policy.Failed:
		return freehold.T("If the registrar has lost its contract with %m, there is a procedure for its names.", registry)
	case w.Through == policy.RegistrySite && w.Key == policy.RegistrantMailbox:
		return freehold.T("Past the registrar: whoever reads the registrant's mailbox gets the transfer code on the site of %m.", registry)
	case w.Through == policy.RegistrySite:
		return freehold.T("Past the registrar: holders have a login of their own at %m.", registry)
	case w.Through == policy.NewRegistrar && w.Key == policy.RegistrantMailbox:
		return freehold.T("Past the registrar: a new registrar orders a code from %m, which mails it to the holder.", registry)
	case w.Through == policy.NewRegistrar && w.Key == policy.AdministrativeMailbox:
		return freehold.T("Past the registrar: a new registrar asks %m, which mails a link to the administrative contact to confirm.", registry)
	case w.Through == policy.NewRegistrar && w.Key == policy.PostalAddress:
		return freehold.T("Past the registrar: a new registrar orders a code from %m, which posts it to the holder's address on record.", registry)
	case w.Through == policy.NewRegistrar && w.Key == policy.SignedForm:
		return freehold.T("Without that mailbox, %m takes a signed letter instead.", registry)
	case w.Through == policy.NewRegistrar:
		return freehold.T("Past the registrar: a new registrar that has checked who you are takes the matter to %m, which gives it the code.", registry)
	case w.Key == policy.SignedForm:
		return freehold.T("As a last resort, %m gives the holder a code on a signed form.", registry)
	case w.Key == policy.RegistrantMailbox:
		return freehold.T("Past the registrar: %m mails the transfer code to the registrant's mailbox when asked.", registry)
	case w.Key == policy.Complaint:
		return freehold.T("Past the registrar: on a complaint with proof, %m sends the code to the registrant when the registrar has not answered it within %d days.", registry, w.After.Days())
	case w.Gives == policy.GivesMove:
		return freehold.T("Past the registrar: %m helps to make the change itself where the registrar cannot or will not.", registry)
	}
	return freehold.T("Past the registrar: %m can be asked for the code.", registry)
}

// mailDomain returns the host part of a mailbox.
func mailDomain(address string) (freehold.Host, bool) {
	_, domain, ok := strings.Cut(address, "@")
	if !ok {
		return freehold.Host{}, false
	}
	h, err := freehold.ParseHost(domain)
	return h, err == nil
}
