package rules

import (
	"slices"

	"freehold"
	"freehold/verify"
)

// ContactMailboxFreeMail: one person's private mailbox decides over a company's
// name, and providers close mailboxes that are not used.
var ContactMailboxFreeMail = Rule{
	ID: "contact-mailbox-free-mail", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The holder's mailbox is one person's private one"), Cite: "SSAC SAC044",
	Reason: freehold.T("Whoever can log in to one private mailbox can have the name. When that person leaves, falls ill or is locked out, so is everyone."),
	Advice: freehold.T("Use a mailbox that two people can read, with a provider who knows you."),
	Looks:  []freehold.Text{needMailbox},
	Check: func(c *Case) Result {
		mailbox, domain, ok := c.contactDomain()
		if !ok {
			return decided(c.free())
		}
		if !slices.Contains(freeMail, verify.Domain(domain)) {
			return silent
		}
		return firing(
			freehold.T("Mail about %s goes to %s. Who has its password has the name; when that person goes, the name can go with them.", c.name(), mailbox),
			freehold.T("Make sure that two people can read %s, that it has a second factor, and that it is written down who they are.", mailbox),
			c.reg().RegistrantEmail.Evidence)
	},
}

// freeMail lists providers of mailboxes to private persons.
var freeMail = []string{
	"gmail.com", "googlemail.com", "outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr", "live.com", "live.fr", "msn.com", "yahoo.com", "yahoo.fr", "yahoo.ca", "ymail.com",
	"icloud.com", "me.com", "mac.com", "aol.com", "proton.me", "protonmail.com", "gmx.net", "gmx.ch", "gmx.de", "gmx.fr", "gmx.com", "web.de", "mail.com", "t-online.de", "freenet.de",
	"orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "laposte.net", "bbox.fr", "neuf.fr", "bluewin.ch", "sunrise.ch", "hispeed.ch", "videotron.ca", "sympatico.ca", "bell.net", "skynet.be", "telenet.be", "proximus.be",
}
