package rules

import (
	"freehold"
	"freehold/verify"
)

// ContactMailboxAtHost: the party that would be left reads, or can lose, the
// mail that lets one leave.
var ContactMailboxAtHost = Rule{
	ID: "contact-mailbox-at-host", Severity: freehold.SeverityWarning, Since: "0.1",
	Title: freehold.T("The holder's mailbox belongs to the host"), Cite: "SSAC SAC040, SAC044",
	Reason: freehold.T("The code and every warning go to that mailbox. The party you would leave can read it, and it falls with that party."),
	Advice: freehold.T("Use a mailbox of your own, away from the host."),
	Looks:  []freehold.Text{needMailbox, needHost, needReseller, needSaid},
	Check: func(c *Case) Result {
		remedy := freehold.T("Change the contact at %m to a mailbox of your own, away from the host.", c.registrar())
		if a, ok := c.said(string(freehold.LayerContactMailbox)); ok && a.Value == freehold.AttestedTheHost {
			return firing(freehold.T("Mail about %s goes to a mailbox of %m, as you said.", c.name(), c.hostName()), remedy, []freehold.EvidenceID{a.Evidence})
		}
		mailbox, domain, ok := c.contactDomain()
		if !ok {
			return decided(c.free())
		}
		host, reseller := c.host(), c.Control.Of(freehold.LayerReseller)
		switch {
		case c.Observed.Name.Contains(domain):
			return silent // a rule of its own
		case host.Is(verify.Domain(domain)):
			return firing(freehold.T("Mail about %s goes to %s, a mailbox of %s: it fails with the host, and the host can read it.", c.name(), mailbox, host.Name), remedy, c.reg().RegistrantEmail.Evidence, host.Evidence)
		case !reseller.Mine && freehold.SameParty(reseller.Holder, verify.Domain(domain)):
			return firing(freehold.T("Mail about %s goes to %s, a mailbox of the reseller %s.", c.name(), mailbox, reseller.Holder), remedy, c.reg().RegistrantEmail.Evidence, reseller.Evidence)
		}
		return decided(host.Name != "" || host.Self)
	},
}
