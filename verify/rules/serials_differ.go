package rules

import (
	"fmt"

	"freehold"
	"freehold/verify"
)

// SerialsDiffer: one server has not seen the last change of the zone.
var SerialsDiffer = Rule{
	ID: "serials-differ", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The name servers hold different versions of the zone"), Cite: "RFC 1912 section 2.2",
	Reason: freehold.T("A server that has stopped copying answers with old data, and in an emergency it is the one that is left."),
	Advice: freehold.T("Have its transfers repaired."),
	Looks:  []freehold.Text{needServers},
	Check: func(c *Case) Result {
		var versions []string
		var evidence []freehold.EvidenceID
		seen := map[uint32]bool{}
		for _, s := range c.dns().Servers {
			serial, ok := s.Serial.Get()
			if !ok {
				continue
			}
			seen[serial] = true
			versions = append(versions, fmt.Sprintf("%s: %d", s.Host.Unicode(), serial))
			evidence = verify.Evidence(evidence, s.Serial.Evidence, s.Evidence)
		}
		if len(seen) < 2 {
			return decided(len(versions) > 1 || c.free())
		}
		return firing(
			freehold.T("The versions are %s. In the minutes after a change that is normal; later a copy has stopped.", verify.List(versions)),
			freehold.T("Look again in an hour. If they still differ, ask who runs the server that lags behind to have its transfers repaired."),
			evidence)
	},
}
