package verify

import (
	"slices"

	"freehold"
)

// A Question is one thing that no public source shows and that a person may know.
type Question struct {
	Subject string // what the answer attests
	Text    freehold.Text
	Options []Option
}

// An Option is one answer that may be given. Any name of a party is another.
type Option struct {
	Value string // as it is attested
	Label freehold.Text
}

// Questions returns at most three questions on a name, the one that decides
// first, and only those whose answers would change the verdict, its conditions
// or its path. What was answered lately is not asked again.
func Questions(o *freehold.Observed, c freehold.Control, v freehold.Verdict) []Question {
	if o.Registration.State == freehold.NotRegistered || v.CanLeave == freehold.LeaveNo {
		return nil
	}
	var ask []Question
	host := HostOf(o)
	_, _, hostIsRegistrar := RegistrarIsHost(o, host)
	_, accountSaid := Fresh(o, string(freehold.LayerAccount))
	mine := c.Of(freehold.LayerAccount).Mine && accountSaid
	if !accountSaid && !hostIsRegistrar && v.CanLeave != freehold.LeaveAlone {
		ask = append(ask, accountQuestion(o))
	}
	if _, said := Fresh(o, string(freehold.LayerContactMailbox)); !said {
		ask = append(ask, mailboxQuestion(o, c, v))
	}
	if _, said := Fresh(o, freehold.AttestPayer); !said && !mine && v.CanLeave != freehold.LeaveAlone {
		ask = append(ask, payerQuestion(o))
	}
	decides := string(freehold.LayerAccount)
	switch v.Question.Format {
	case mailboxDecides(c.Of(freehold.LayerContactMailbox).Holder, "", "").Format, confirmationDecides("", "").Format:
		decides = string(freehold.LayerContactMailbox)
	case registryLogin("", "").Format, registryForm("", "").Format:
		decides = freehold.AttestRegistryRoute
		ask = append(ask, wayQuestion(v.Question))
	}
	_, saidRoute := Fresh(o, freehold.AttestRegistryRoute)
	if registry, ok := toldWay(v); ok && !saidRoute && v.CanLeave == freehold.LeaveWithHost {
		ask = append(ask, wayQuestion(freehold.T("Did %m, or a new registrar, confirm that %s can move without the old one?", registry, o.Name.Unicode())))
	}
	slices.SortStableFunc(ask, func(a, b Question) int { return rank(a, decides) - rank(b, decides) })
	return ask[:min(len(ask), maxQuestions)]
}

const maxQuestions = 3

func rank(q Question, first string) int {
	if q.Subject == first {
		return 0
	}
	return 1
}

func accountQuestion(o *freehold.Observed) Question {
	q := Question{Subject: string(freehold.LayerAccount), Options: []Option{
		{freehold.AttestedMe, freehold.T("Yes, I see it in my own account")},
		{freehold.AttestedTheHost, freehold.T("No, it is in an account of my host")},
		{freehold.AttestedNo, freehold.T("No, and I do not know who can")},
	}}
	if _, ok := o.Registration.Registrar.Get(); ok {
		q.Text = freehold.T("Can you log in at %m and see %s there?", registrarOf(o), o.Name.Unicode())
	} else {
		q.Text = freehold.T("Can you log in where %s is registered, and see it there?", o.Name.Unicode())
	}
	return q
}

func mailboxQuestion(o *freehold.Observed, c freehold.Control, v freehold.Verdict) Question {
	q := Question{Subject: string(freehold.LayerContactMailbox), Options: []Option{
		{freehold.AttestedMe, freehold.T("It is mine, and I read it")},
		{freehold.AttestedTheHost, freehold.T("It is my host's")},
		{freehold.AttestedNo, freehold.T("Nobody's any more, or I do not know it")},
	}}
	if asksAdministrative(v) {
		q.Text = freehold.T("Whose mailbox is the administrative contact's, to which mail about %s goes?", o.Name.Unicode())
	} else if holder := c.Of(freehold.LayerContactMailbox).Holder; holder != "" && holder != freehold.AttestedTheHost {
		q.Text = freehold.T("Whose mailbox is %s, to which mail about %s goes?", holder, o.Name.Unicode())
	} else {
		q.Text = freehold.T("Whose mailbox is the registrant's, to which mail about %s goes?", o.Name.Unicode())
	}
	return q
}

func wayQuestion(text freehold.Text) Question {
	return Question{Subject: freehold.AttestRegistryRoute, Text: text, Options: []Option{
		{freehold.AttestedYes, freehold.T("Yes, it can be done there")},
		{freehold.AttestedNo, freehold.T("No, it cannot")},
	}}
}

// toldWay tells whether the verdict speaks of a way past the registrar that it
// does not count on, and at which registry: who asks there can settle it.
func toldWay(v freehold.Verdict) (registry string, ok bool) {
	for _, r := range v.Why {
		if (r.Text.Format == secondHandWay("").Format || r.Text.Format == oldWay("").Format) && len(r.Text.Args) > 0 {
			return r.Text.Args[0], true
		}
	}
	return "", false
}

// asksAdministrative tells whether the path needs the administrative contact's
// mailbox and not the registrant's.
func asksAdministrative(v freehold.Verdict) bool {
	return slices.ContainsFunc(v.Conditions, func(c freehold.Condition) bool { return c.What.Format == administrativeMailbox().Format })
}

func payerQuestion(o *freehold.Observed) Question {
	return Question{Subject: freehold.AttestPayer, Text: freehold.T("Who pays for %s each year?", o.Name.Unicode()), Options: []Option{
		{freehold.AttestedMe, freehold.T("I do, directly to the registrar")},
		{freehold.AttestedTheHost, freehold.T("My host does; it is on their bill")},
		{freehold.AttestedNo, freehold.T("Somebody else")},
	}}
}
