package mail

import "freehold"

// A Controller is who answers for the personal data of the desk (GDPR art. 4(7)).
type Controller struct {
	Name      string // of the host, with its address
	Contact   string // where to write to
	Phone     string // where to call to object; empty: none
	DPO       string // its data protection officer; empty: none
	Authority string // where to complain; empty: the authority of one's country
}

// Whole tells whether the house has said who it is: without that nothing may be sent.
func (c Controller) Whole() error {
	if c.Name == "" || c.Contact == "" {
		return &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("who answers for the data is not said"), Advice: freehold.T("add [desk] with controller and contact to the config file")}
	}
	return nil
}

// About is what every letter ends with.
func (c Controller) About() []freehold.Text {
	return []freehold.Text{
		freehold.T("You get this letter because you stand on record as a contact of this name, from before the request. %s answers for your data: %s.", c.Name, c.Contact),
		freehold.T("What is kept of it and how long, and your rights, are told in the first letter of a case, and on request; give the number of the case."),
	}
}

// Kept says how long one kind of thing is kept after the end of a case.
type Kept struct {
	What string // "decision", "check", "contact", "document"
	Days int    // 0: not at all
}

// Privacy is what somebody has to be told whose data a case holds, at the latest with
// the first letter (GDPR art. 13 for who asks, art. 14 for who stands on record).
func (c Controller) Privacy(kept []Kept) []freehold.Text {
	all := []freehold.Text{
		freehold.T("Who answers for the data: %s (controller, GDPR art. 4(7)); %s.", c.Name, c.Contact),
	}
	if c.DPO != "" {
		all = append(all, freehold.T("Data protection officer: %s.", c.DPO))
	}
	all = append(all,
		freehold.T("What for: to check who asks that something be done with a domain name, to tell everybody on record, and to be able to show later what was done and why."),
		freehold.T("On what ground: the contract about the name, and the holder's and our interest that nobody takes it away (GDPR art. 6(1)(b) and (f))."),
		freehold.T("What is kept: what was asked, when and by which channel; the contacts that stood on record; the kind and the result of each check. No copy of a document, and not its number."),
		freehold.T("Where it comes from: from who asks, from our register of customers, and from the registry."),
		freehold.T("Who gets it: the registry and the registrars that take part. Everybody on record is told the name and what is asked, and not by whom."),
	)
	for _, k := range kept {
		all = append(all, k.text())
	}
	all = append(all, freehold.T("Your rights: to see the data, to have it corrected, erased or restricted, and to object (GDPR art. 15 to 21). Whoever asks is checked first: they are your data."))
	if c.Authority != "" {
		all = append(all, freehold.T("You can complain to %s (GDPR art. 77).", c.Authority))
	} else {
		all = append(all, freehold.T("You can complain to the data protection authority of your country (GDPR art. 77)."))
	}
	return append(all, freehold.T("Nobody has to give us anything. Without any proof of who asks we cannot hand over a code. People decide; no machine refuses anybody."))
}

func (k Kept) text() freehold.Text {
	if k.Days == 0 {
		return freehold.T("How long: documents are looked at and not kept.")
	}
	switch k.What {
	case "decision":
		return freehold.T("How long: decisions, %d days after the end of the case.", k.Days)
	case "check":
		return freehold.T("How long: results of checks, %d days after the end of the case.", k.Days)
	case "contact":
		return freehold.T("How long: contacts, %d days after the end of the case.", k.Days)
	}
	return freehold.T("How long: %s, %d days after the end of the case.", k.What, k.Days)
}
