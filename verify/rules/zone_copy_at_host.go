package rules

import (
	"freehold"
)

// ZoneCopyAtHost: a copy that stands where the zone stands is lost with it.
var ZoneCopyAtHost = Rule{
	ID: "zone-copy-at-host", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("The copies of the zone lie with the host"),
	Reason: freehold.T("A copy on the machine, account or network that fails is no copy."),
	Advice: freehold.T("Keep one copy where the host has no key to it."),
	Looks:  []freehold.Text{needCopies, needHost, needNetworks},
	Check: func(c *Case) Result {
		var where string
		var evidence []freehold.EvidenceID
		known := true
		for _, z := range c.Observed.ZoneCopies {
			switch c.lies(z.Location) {
			case liesElsewhere:
				return silent
			case liesAtHost:
				where, evidence = z.Location, append(evidence, z.Evidence...)
			default:
				known = false
			}
		}
		if where == "" || !known || c.free() {
			return decided(c.free())
		}
		return firing(
			freehold.T("Every copy of the zone of %s that is known here lies with %m, at %s: when the host is gone, so are they.", c.name(), c.hostName(), where),
			freehold.T("Keep one copy where the host has no key to it: with another provider, or on your own disk."),
			evidence, c.own(), c.host().Evidence)
	},
}
