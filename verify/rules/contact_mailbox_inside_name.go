package rules

import "freehold"

// ContactMailboxInsideName: when the name's DNS or mail fails, so does the
// mailbox that everything about the name is sent to.
var ContactMailboxInsideName = Rule{
	ID: "contact-mailbox-inside-name", Severity: freehold.SeverityWarning, Since: "0.1",
	Title: freehold.T("The holder's mailbox lies inside the name itself"), Cite: "SSAC SAC040, SAC044",
	Reason: freehold.T("When the name or its mail fails, the mailbox fails too, and with it the code, the warnings and the way to reset the password."),
	Advice: freehold.T("Use a mailbox under another name, with another provider."),
	Looks:  []freehold.Text{needMailbox},
	Check: func(c *Case) Result {
		mailbox, domain, ok := c.contactDomain()
		if !ok {
			return decided(c.free())
		}
		if !c.Observed.Name.Contains(domain) {
			return silent
		}
		return firing(
			freehold.T("Mail about %s goes to %s. When the name or its mail server fails, no code and no warning reaches you.", c.name(), mailbox),
			freehold.T("Change the contact at %m to a mailbox under another name, with another provider. Under a gTLD a new address can stop transfers for 60 days: if you want to leave soon, leave first.", c.registrar()),
			c.reg().RegistrantEmail.Evidence)
	},
}
