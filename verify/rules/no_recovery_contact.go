package rules

import (
	"strings"

	"freehold"
	"freehold/verify"
)

// NoRecoveryContact: a way to be reached, and to reach the host, when name and
// mail are down.
var NoRecoveryContact = Rule{
	ID: "no-recovery-contact", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("No way to be reached when the name is down"), Cite: "SSAC SAC044",
	Reason: freehold.T("When name and mail are down, warnings do not reach you, and you reach nobody."),
	Advice: freehold.T("Agree on numbers and mailboxes outside the name and the host, and keep them on paper."),
	Looks:  []freehold.Text{needSaid, needHost},
	Check: func(c *Case) Result {
		if c.free() {
			return silent
		}
		remedy := freehold.T("Agree on a telephone number and a mailbox outside the name and the host, give them to the registrar, keep theirs on paper, and write it down: %s", c.attest("recovery=WHO"))
		a, ok := c.said(freehold.AttestRecovery)
		switch {
		case !ok:
			return firing(freehold.T("No contact outside %s and its host is known here.", c.name()), remedy, c.own()).softer()
		case a.Value == freehold.AttestedNo:
			return firing(freehold.T("There is no contact outside %s and its host, as you said.", c.name()), remedy, []freehold.EvidenceID{a.Evidence})
		case c.falls(a.Value):
			return firing(freehold.T("The recovery contact, %s, falls together with the name or the host.", a.Value), remedy, []freehold.EvidenceID{a.Evidence})
		}
		return silent
	},
}

// falls tells whether a contact is the host, or a mailbox in the name or at the host.
func (c *Case) falls(contact string) bool {
	if contact == freehold.AttestedTheHost || c.host().Is(contact) {
		return true
	}
	_, domain, ok := strings.Cut(contact, "@")
	if !ok {
		return false
	}
	h, err := freehold.ParseHost(domain)
	return err == nil && (c.Observed.Name.Contains(h) || c.host().Is(verify.Domain(h)))
}
