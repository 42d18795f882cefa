package rules

import (
	"freehold"
	"freehold/verify"
)

// AttestationStale: what was said long ago decides nothing any more.
var AttestationStale = Rule{
	ID: "attestation-stale", Severity: freehold.SeverityInfo, Since: "0.1",
	Title:  freehold.T("What was said about the name is old"),
	Reason: freehold.T("People change jobs, cards expire, copies stop. What was said half a year ago is no longer known."),
	Advice: freehold.T("Ask again and write the answers down."),
	Looks:  []freehold.Text{needSaid},
	Check: func(c *Case) Result {
		var stale []string
		var oldest freehold.Attestation
		var evidence []freehold.EvidenceID
		said := false
		for _, subject := range freehold.AttestSubjects {
			a, ok := c.Observed.Attestations.Latest(subject)
			if !ok || subject == string(freehold.LayerAccount) || subject == freehold.AttestZoneCopy {
				continue // these have rules of their own
			}
			said = true
			if !a.IsStale(c.Observed.At) {
				continue
			}
			stale, evidence = append(stale, subject), append(evidence, a.Evidence)
			if oldest.At.IsZero() || a.At.Before(oldest.At) {
				oldest = a
			}
		}
		if len(stale) == 0 || c.free() {
			return decided(said || c.free())
		}
		return firing(
			freehold.T("What was said about %s is too old to rely on, the oldest of %t: %s.", c.name(), oldest.At, verify.List(stale)),
			freehold.T("Ask again and write it down, also where nothing has changed: %s", c.attest(stale[0]+"=…")),
			evidence)
	},
}
