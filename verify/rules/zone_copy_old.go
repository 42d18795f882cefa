package rules

import "freehold"

// ZoneCopyOld: a copy that the zone has left behind restores a zone that was.
var ZoneCopyOld = Rule{
	ID: "zone-copy-old", Severity: freehold.SeverityNotice, Since: "0.1",
	Title:  freehold.T("The newest copy of the zone is old"),
	Reason: freehold.T("A copy that the zone has left behind brings back servers and addresses that are gone."),
	Advice: freehold.T("Export the zone again, and let that happen by itself."),
	Looks:  []freehold.Text{needCopies, needSerial},
	Check: func(c *Case) Result {
		kept, ok := c.newestCopy()
		if !ok || c.free() {
			return decided(c.free())
		}
		age := c.Observed.At.Sub(kept.At)
		soa, known := c.dns().SOA.Get()
		known = known && kept.Serial != 0
		remedy := freehold.T("Export the zone again, and let that happen by itself from now on.")
		switch {
		case age <= week, known && soa.Serial == kept.Serial:
			return silent
		case known:
			return firing(freehold.T("The newest copy of the zone of %s is of %t and holds version %s; the name servers hold version %s.", c.name(), kept.At, kept.Serial, soa.Serial), remedy,
				kept.Evidence, c.own(), c.dns().SOA.Evidence)
		case age > near:
			return firing(freehold.T("The newest copy of the zone of %s is of %t. Whether the zone has changed since is not known.", c.name(), kept.At), remedy, kept.Evidence, c.own()).softer()
		}
		return undecided
	},
}
