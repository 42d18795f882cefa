package rules

import "freehold"

// NoOffhostDataCopy: what only the host has, is lost with the host. freehold does
// not copy files, databases or mail; it asks.
var NoOffhostDataCopy = Rule{
	ID: "no-offhost-data-copy", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("No copies of files, databases or mail away from the host"),
	Reason: freehold.T("What only the host has is lost with the host. freehold copies zones, not files, databases or mail."),
	Advice: freehold.T("Copy them to a place that the host cannot delete, and try to restore one."),
	Looks:  []freehold.Text{needSaid, needHost},
	Check: func(c *Case) Result {
		if c.free() {
			return silent
		}
		var missing, unknown []string
		var evidence []freehold.EvidenceID
		for _, kind := range copies {
			a, ok := c.said(kind.subject)
			switch {
			case !ok:
				unknown = append(unknown, kind.word)
			case a.Value == freehold.AttestedNo, a.Value == freehold.AttestedTheHost, c.host().Is(a.Value):
				missing, evidence = append(missing, kind.word), append(evidence, a.Evidence)
			}
		}
		remedy := freehold.T("Copy files, databases and mailboxes to a place that the host cannot delete, regularly, and try to restore one. Then write it down: %s", c.attest("files_copy=yes"))
		switch {
		case len(missing) > 0:
			return firing(missingCopies(missing), remedy, evidence)
		case len(unknown) > 0:
			return firing(unknownCopies(unknown), remedy, c.own()).softer()
		}
		return silent
	},
}

// copies are what freehold asks about, with the words for them.
var copies = []struct{ subject, word string }{
	{freehold.AttestFilesCopy, freehold.T("files").Format},
	{freehold.AttestDatabaseCopy, freehold.T("databases").Format},
	{freehold.AttestMailCopy, freehold.T("mailboxes").Format},
}

func missingCopies(w []string) freehold.Text {
	switch len(w) {
	case 1:
		return freehold.T("Away from the host there is no copy of this, as you said: %m.", w[0])
	case 2:
		return freehold.T("Away from the host there is no copy of these, as you said: %m and %m.", w[0], w[1])
	}
	return freehold.T("Away from the host there is no copy of these, as you said: %m, %m and %m.", w[0], w[1], w[2])
}

func unknownCopies(w []string) freehold.Text {
	switch len(w) {
	case 1:
		return freehold.T("Nobody has said that a copy of this exists away from the host: %m.", w[0])
	case 2:
		return freehold.T("Nobody has said that copies of these exist away from the host: %m and %m.", w[0], w[1])
	}
	return freehold.T("Nobody has said that copies of these exist away from the host: %m, %m and %m.", w[0], w[1], w[2])
}
