package rules

import "freehold"

// NoOffhostZoneCopy: when the host is gone, nobody remembers what stood in the zone.
var NoOffhostZoneCopy = Rule{
	ID: "no-offhost-zone-copy", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("No copy of the zone away from the host"),
	Reason: freehold.T("Without a copy every record has to be found again by hand while site and mail are down."),
	Advice: freehold.T("Export the zone, and keep the copy away from the host."),
	Looks:  []freehold.Text{needSaid, needCopies, needHost},
	Check: func(c *Case) Result {
		if c.free() || len(c.Observed.ZoneCopies) > 0 {
			return silent // copies are recorded: how old they are and where they lie are rules of their own
		}
		remedy := freehold.T("Export the zone from the DNS panel today, keep the file with nobody but yourself, and write it down: %s", c.attest("zone_copy=yes"))
		a, ok := c.Observed.Attestations.Latest(freehold.AttestZoneCopy)
		switch {
		case !ok:
			return firing(freehold.T("No copy of the zone of %s is known here. If its DNS operator fails, every record has to be found again by hand.", c.name()), remedy, c.own()).softer()
		case a.IsStale(c.Observed.At):
			return firing(freehold.T("The last copy of the zone of %s that is known here is of %t or older.", c.name(), a.At), remedy, []freehold.EvidenceID{a.Evidence}).softer()
		case a.Value == freehold.AttestedNo, a.Value == freehold.AttestedTheHost, c.host().Is(a.Value):
			return firing(freehold.T("There is no copy of the zone of %s away from the host, as you said.", c.name()), remedy, []freehold.EvidenceID{a.Evidence})
		}
		return silent
	},
}
