package rules

import (
	"strings"

	"freehold"
	"freehold/verify"
)

// MailTiedToHost: the mail goes through the host, or only the host may send it.
var MailTiedToHost = Rule{
	ID: "mail-tied-to-host", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The mail depends on the host"), Cite: "RFC 7208 section 5.2",
	Reason: freehold.T("When the host fails or you leave, mail stops with it; an SPF record that names it makes mail sent elsewhere look forged."),
	Advice: freehold.T("Set mail up elsewhere first, and keep both ways valid for a few days."),
	Looks:  []freehold.Text{needMX, needSPF, needHost},
	Check: func(c *Case) Result {
		host := c.host()
		hosts, known := verify.MailHosts(c.Observed)
		if host.Name == "" || !known {
			return decided(host.Self || c.free())
		}
		remedy := freehold.T("Before you leave, set up the mailboxes elsewhere and copy the mail; then change MX and SPF, keeping the old ones valid for a few days.")
		for _, d := range verify.Domains(hosts) {
			if host.Is(d) {
				return firing(freehold.T("%s takes in the mail for %s: %s.", host.Name, c.name(), hostList(hosts)), remedy, c.dns().MX.Evidence, host.Evidence)
			}
		}
		if holders, evidence, complete := verify.Holders(c.Observed, "mail"); complete && len(holders) == 1 && host.Is(holders[0]) && within(c.Observed.Name, hosts) {
			return firing(freehold.T("The mail servers of %s bear its own name, %s, and stand with %s all the same.", c.name(), hostList(hosts), host.Name), remedy, c.dns().MX.Evidence, evidence, host.Evidence)
		}
		for _, d := range spfDomains(c.dns().SPF.Value) {
			if host.Is(verify.Domain(d)) {
				return firing(freehold.T("The SPF record of %s lets %s send its mail by way of %s: when that record goes, so does the permission.", c.name(), host.Name, d.Unicode()), remedy, c.dns().SPF.Evidence, host.Evidence)
			}
		}
		return silent
	},
}

// within tells whether all of some hosts, and at least one, are named inside a name.
func within(name freehold.Name, hosts []freehold.Host) bool {
	for _, h := range hosts {
		if !name.Contains(h) {
			return false
		}
	}
	return len(hosts) > 0
}

// spfDomains returns the hosts that an SPF record takes in, by their names.
func spfDomains(record string) []freehold.Host {
	var out []freehold.Host
	for _, term := range strings.Fields(record) {
		term = strings.TrimLeft(strings.ToLower(term), "+-~?")
		for _, prefix := range []string{"include:", "redirect=", "a:", "mx:"} {
			if target, ok := strings.CutPrefix(term, prefix); ok {
				target, _, _ = strings.Cut(target, "/")
				if h, err := freehold.ParseHost(target); err == nil && len(out) < 50 {
					out = append(out, h)
				}
			}
		}
	}
	return out
}
