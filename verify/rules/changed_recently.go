package rules

import (
	"time"

	"freehold"
)

// ChangedRecently: a change of the holder's data may have started a waiting time
// that no public record shows.
var ChangedRecently = Rule{
	ID: "changed-recently", Severity: freehold.SeverityInfo, Since: "0.1",
	Title: freehold.T("Its record was changed lately: a waiting time may run"), Cite: "Transfer Policy II.C.2",
	Reason: freehold.T("After a change of the holder's name, organisation or mailbox, some rules let the registrar refuse transfers for a while, and no public record says so."),
	Advice: freehold.T("Ask the registrar whether such a time runs, and change no contact before you leave."),
	Looks:  []freehold.Text{needDates, needPolicy},
	Check: func(c *Case) Result {
		lock, ok := c.Profile.LockAfterRegistrantChange.Get()
		if !ok || lock.Length.None() {
			return decided(ok || c.free())
		}
		at, known := c.reg().Changed.Get()
		switch {
		case !known:
			return decided(c.free())
		case c.Observed.At.Sub(at) >= lock.Length.Duration(), c.explained(at):
			return silent
		}
		return firing(
			freehold.T("The record of %s was changed on %t. If that was the holder's name, organisation or e-mail, transfers can be refused until %t.", c.name(), at, at.Add(lock.Length.Duration())),
			freehold.T("Ask %m what was changed, and whether a waiting time runs. Change no contact before you leave.", c.registrar()),
			c.reg().Changed.Evidence)
	},
}

// explained tells whether a change of the record was its creation, a transfer,
// for which there is a rule, or a renewal, which falls on the day of its end.
func (c *Case) explained(at time.Time) bool {
	for _, f := range []freehold.Fact[time.Time]{c.reg().Created, c.reg().LastTransfer} {
		if t, ok := f.Get(); ok && at.Sub(t).Abs() <= 48*time.Hour {
			return true
		}
	}
	end, ok := c.reg().Expires.Get()
	if !ok {
		return false
	}
	anniversary := time.Date(at.Year(), end.Month(), end.Day(), 0, 0, 0, 0, time.UTC)
	return at.Sub(anniversary).Abs() <= 72*time.Hour
}
