package rules

import (
	"strings"

	"freehold"
)

// HolderIsProxy: by the record the name belongs to a service that stands in for
// its customer, and only that service knows who the customer is.
var HolderIsProxy = Rule{
	ID: "holder-is-proxy", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("A privacy or proxy service stands as the holder"), Cite: "RAA 2013, specification on privacy and proxy registrations",
	Reason: freehold.T("Where a service stands as the holder, the rules give the name to that service. To show that it is yours you need its word."),
	Advice: freehold.T("See whose data lie behind the service, and keep proof of it."),
	Looks:  []freehold.Text{needHolder},
	Check: func(c *Case) Result {
		known := false
		for _, f := range []freehold.Fact[string]{c.reg().RegistrantOrg, c.reg().RegistrantName} {
			who, ok := f.Get()
			known = known || ok
			if ok && isProxy(who) {
				return firing(
					freehold.T("By the record the holder of %s is %s, a service that stands in for its customer. Who that customer is, only the service knows.", c.name(), who),
					freehold.T("Log in at %m and see whose data lie behind the service; keep a picture of it. Where a change of holder starts a waiting time, have the service taken off only after you have moved.", c.registrar()),
					f.Evidence)
			}
		}
		return decided(known || c.free())
	},
}

// proxyWords are in the names that such services go by.
var proxyWords = []string{
	"domains by proxy", "withheld for privacy", "whoisguard", "whois privacy", "whois proxy", "whois agent", "contact privacy", "perfect privacy", "privacy protect", "privacyprotect",
	"privacyguardian", "privacy service", "privacy guard", "privacy customer", "identity protection service", "identity protect", "domain protection services", "proxy protection", "proxy service", "private registration",
	"domain privacy", "registration private", "anonymize, inc", "njalla",
}

func isProxy(who string) bool {
	who = strings.ToLower(who)
	for _, w := range proxyWords {
		if strings.Contains(who, w) {
			return true
		}
	}
	return false
}
