package identity

import (
	"strconv"
	"time"
	"unicode/utf8"

	"freehold"
)

// What an event of a case may say at the most. It comes from mails, tables and people
// on the telephone, and goes on into letters, lists and other programs. Ours.
const (
	maxCaseText     = 1000 // characters of a name, an address, a target
	maxCaseContacts = 50
	maxClaimed      = 366 * 24 * time.Hour // how long ago a first request is believed
)

// plausible refuses an event that says what nobody means: a second line in an address,
// which would be a header of a letter, an endless name, a day of another age. A case
// that was opened with one could not be listed, or its letters would go elsewhere.
// Errors are of KindInvalid.
func plausible(e freehold.CaseEvent) error {
	if y := e.At.Year(); y < 2000 || y > 9000 {
		return unlikely(freehold.T("the clock shows the year %s", strconv.Itoa(y)))
	}
	switch b := e.Body.(type) {
	case freehold.Opened:
		return plausibleRequest(b.Request, e.At)
	case freehold.EarlierRequest:
		return plausibleFirst(b.At, e.At)
	case freehold.Objected:
		return plausibleParties(b.Party)
	case freehold.SecondClaim:
		return plausibleParties(b.Party)
	case freehold.MandateShown:
		return plausibleParties(b.Mandate.From, b.Mandate.To)
	}
	return nil
}

func unlikely(t freehold.Text) error { return &freehold.Error{Kind: freehold.KindInvalid, Text: t} }

func plausibleRequest(r freehold.Request, at time.Time) error {
	if err := plausibleFirst(r.FirstRequest, at); err != nil {
		return err
	}
	if err := plausibleParties(r.Holder, r.Customer, r.Requester); err != nil {
		return err
	}
	if len(r.Contacts) > maxCaseContacts {
		return unlikely(freehold.T("a case has at most %d contacts, not %d", maxCaseContacts, len(r.Contacts)))
	}
	for _, k := range r.Contacts {
		if err := plausibleTexts(k.ID, k.Address, k.Source); err != nil {
			return err
		}
		if k.Since.After(at.Add(24 * time.Hour)) { // a day's grace: dates have no time zone
			return unlikely(freehold.T("the contact %q came on record on %t, which has not come yet", k.ID, k.Since))
		}
	}
	return plausibleTexts(r.Target)
}

// plausibleFirst holds what somebody says of an earlier request to a year. Whoever
// waited longer asked for something else then.
func plausibleFirst(first, at time.Time) error {
	if !first.IsZero() && at.Sub(first) > maxClaimed {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the first request is dated more than a year ago: %t", first), Advice: freehold.T("date it a year ago at the most; the deadline has passed either way")}
	}
	return nil
}

func plausibleParties(all ...freehold.Party) error {
	for _, p := range all {
		if err := plausibleTexts(p.Name, p.Organisation, p.Register, p.Account); err != nil {
			return err
		}
	}
	return nil
}

func plausibleTexts(all ...string) error {
	for _, s := range all {
		switch {
		case freehold.OneLine(s) != s:
			return unlikely(freehold.T("%q is not one line of text", freehold.OneLine(s)))
		case utf8.RuneCountInString(s) > maxCaseText:
			return unlikely(freehold.T("%q… is longer than %d characters", string([]rune(s)[:20]), maxCaseText))
		}
	}
	return nil
}
