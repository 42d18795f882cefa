package mail

import (
	"time"

	"freehold"
)

// About a letter of a case: its number, its name, and when it was asked.
type About struct {
	ID   string // of the letter
	To   string
	Case freehold.Case
	By   time.Time // when it is to be done; zero: not known
}

// Notice tells somebody on record of a request. said is the sentence of the case.
func (c Controller) Notice(a About, said freehold.Text) Letter {
	l := Letter{ID: a.ID, To: a.To, Subject: freehold.T("%s: somebody asks for something to be done with this name (%s)", a.Case.Name.Unicode(), a.Case.ID), Body: []freehold.Text{
		said,
		freehold.T("It was asked on %t. Whoever asks has to prove who they are before anything is done.", a.Case.FirstRequest),
		c.objecting(),
	}}
	if !a.By.IsZero() {
		l.Body = append(l.Body, freehold.T("We have to answer by %t, and may do so earlier. The sooner you object, the more can still be stopped.", a.By))
	}
	return l
}

// Transfer tells somebody on record that the name is being moved.
func (c Controller) Transfer(a About, said freehold.Text) Letter {
	return Letter{ID: a.ID, To: a.To, Subject: freehold.T("%s: this name is being moved to another registrar (%s)", a.Case.Name.Unicode(), a.Case.ID), Body: []freehold.Text{
		said,
		freehold.T("The registry gives us a few days to answer. After that nobody but the two registrars can bring it back."),
		c.objecting(),
	}}
}

// Alarm tells the house of what needs somebody at once.
func (c Controller) Alarm(a About, said freehold.Text) Letter {
	return Letter{ID: a.ID, Subject: freehold.T("%s: a transfer that no case explains (%s)", a.Case.Name.Unicode(), a.Case.ID), Body: []freehold.Text{said}}
}

// Token sends a token to the mailbox on record, in the groups that people read.
func (c Controller) Token(a About, groups string, until freehold.Text) Letter {
	return Letter{ID: a.ID, To: a.To, Subject: freehold.T("%s: is this request yours? (%s)", a.Case.Name.Unicode(), a.Case.ID), Body: []freehold.Text{
		freehold.T("Somebody asks us for something to be done with %s, and says to be you or to act for you. If that is so, tell us these letters and digits, which stand in this letter alone:", a.Case.Name.Unicode()),
		{Format: "%s", Args: []string{groups}},
		until,
		freehold.T("We never ask for them first: give them only where you asked yourself. If it was not you, give them to nobody."),
		c.objecting(),
	}}
}

func (c Controller) objecting() freehold.Text {
	if c.Phone != "" {
		return freehold.T("If you do not want it, say so at once: answer this letter or call %s. To object you need to prove nothing at first.", c.Phone)
	}
	return freehold.T("If you do not want it, say so at once: answer this letter. To object you need to prove nothing at first.")
}
