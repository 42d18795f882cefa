package doctor

import (
	"time"

	"freehold"
)

// Rules change with notice of months; lists of servers change by the week, and
// an audit renews its copies after two days anyhow.
const (
	rulesTooOld = 180 * 24 * time.Hour
	listTooOld  = 30 * 24 * time.Hour
)

// Rules checks how old the transfer rules in the program are.
func Rules(read, now time.Time) Check {
	check := Check{Area: Data, State: Fine, Said: freehold.T("transfer rules read on %t", read)}
	if now.Sub(read) > rulesTooOld {
		check.State = Wrong
		check.Said = freehold.T("transfer rules read on %t, too long ago to be relied on", read)
		check.Advice = freehold.T("the rules are part of the program: install a newer freehold")
	}
	return check
}

// Copy checks how old a kept copy of a published list is; a zero time is none.
func Copy(name string, fetched, now time.Time) Check {
	check := Check{Area: Data, Subject: name, State: Fine, Said: freehold.T("copy of %t", fetched)}
	switch {
	case fetched.IsZero():
		check.State, check.Said = Unknown, freehold.T("no copy is kept yet")
		check.Advice = freehold.T("run: %s", "freehold data update")
	case now.Sub(fetched) > listTooOld:
		check.State, check.Said = Wrong, freehold.T("the copy of %t is old: the list could not be renewed", fetched)
		check.Advice = freehold.T("run: %s", "freehold data update")
	}
	return check
}
