package rules

import (
	"strings"

	"freehold"
)

// CAABindsAccount: certificates are issued to one account at the authority only,
// which is mostly the host's.
var CAABindsAccount = Rule{
	ID: "caa-binds-account", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("Certificates are bound to one account at the authority"), Cite: "RFC 8657 section 3",
	Reason: freehold.T("A certificate authority that finds an account in the CAA record refuses everyone else. The new host's first certificate fails, and browsers refuse the site."),
	Advice: freehold.T("Add the new host's account to the record before you move, or take that part out."),
	Looks:  []freehold.Text{needCAA},
	Check: func(c *Case) Result {
		caa := c.dns().CAA
		for _, record := range caa.Value {
			if caa.State == freehold.Value && strings.Contains(strings.ToLower(record), "accounturi=") {
				return firing(
					freehold.T("The CAA records of %s let only one account at the certificate authority have certificates (accounturi). If that account is the host's, the next host gets none, and browsers refuse the site.", c.name()),
					freehold.T("Before you move, add the new host's account, or take the accounturi part out."),
					caa.Evidence)
			}
		}
		return decided(caa.State == freehold.Value || caa.State == freehold.Absent || c.free())
	},
}
