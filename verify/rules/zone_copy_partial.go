package rules

import (
	"slices"

	"freehold"
)

// ZoneCopyPartial: a copy made by asking holds what was asked for, and nothing
// tells what was forgotten.
var ZoneCopyPartial = Rule{
	ID: "zone-copy-partial", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The copy of the zone is not complete"), Cite: "RFC 5936 section 2.2",
	Reason: freehold.T("A copy made from questions holds only what somebody thought of asking: keys for mail, proofs for services and rare names are missing."),
	Advice: freehold.T("Get the whole zone once, from the operator's panel, its API or a zone transfer."),
	Looks:  []freehold.Text{needCopies},
	Check: func(c *Case) Result {
		kept, ok := c.newestCopy()
		switch {
		case !ok || c.free():
			return decided(c.free())
		case kept.Coverage == freehold.CoverageUnknown:
			return undecided
		case slices.ContainsFunc(c.Observed.ZoneCopies, func(z freehold.ZoneCopy) bool {
			return z.Coverage.Complete() && (z.At.Equal(kept.At) || z.Serial != 0 && z.Serial == kept.Serial)
		}):
			return silent
		}
		return firing(
			freehold.T("The newest copy of the zone of %s, of %t, was made from questions to the name servers. Records that nobody thought of are missing, and nothing shows which.", c.name(), kept.At),
			freehold.T("Get the whole zone once: export it from the DNS panel or by its API, or have the operator allow a zone transfer (AXFR)."),
			kept.Evidence, c.own())
	},
}
