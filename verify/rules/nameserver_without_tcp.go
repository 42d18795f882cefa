package rules

import (
	"slices"

	"freehold"
	"freehold/verify"
)

// NameserverWithoutTCP: long answers, and whole zones, travel over TCP only.
var NameserverWithoutTCP = Rule{
	ID: "nameserver-without-tcp", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("A name server does not answer over TCP"), Cite: "RFC 7766 section 5",
	Reason: freehold.T("Long answers and zone copies need TCP. Where it is blocked, part of the answers never arrives, and nobody can copy the zone."),
	Advice: freehold.T("Have TCP port 53 opened on the server."),
	Looks:  []freehold.Text{needServers},
	Check: func(c *Case) Result {
		var without []string
		var evidence []freehold.EvidenceID
		known := false
		for _, s := range c.dns().Servers {
			tcp, ok := s.TCP.Get()
			known = known || ok
			if ok && !tcp && s.Outcome == freehold.OutcomeAnswered && !s.Lame && !slices.Contains(without, s.Host.Unicode()) {
				without, evidence = append(without, s.Host.Unicode()), verify.Evidence(evidence, s.TCP.Evidence, s.Evidence)
			}
		}
		if len(without) == 0 {
			return decided(known || c.free())
		}
		return firing(
			freehold.T("%s refuses TCP. Answers that are too long for UDP, such as those with signatures, do not get through, and nobody can copy the zone from there.", verify.List(without)),
			freehold.T("Have whoever runs the server open TCP port 53 in its firewall."),
			evidence)
	},
}
