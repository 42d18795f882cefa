package rules

import (
	"freehold"
	"freehold/verify"
)

// LameServer: the parent sends resolvers to a server that does not know the zone.
var LameServer = Rule{
	ID: "lame-server", Severity: freehold.SeverityWarning, Since: "0.1",
	Title: freehold.T("A name server does not know the name"), Cite: "RFC 1912 section 2.8",
	Reason: freehold.T("Resolvers ask all servers of the delegation in turn. One that does not know the name makes answers slow or missing, and is no reserve."),
	Advice: freehold.T("Set the zone up there again, or take the server out of the delegation."),
	Looks:  []freehold.Text{needServers},
	Check: func(c *Case) Result {
		var lame []string
		var evidence []freehold.EvidenceID
		heard := false
		for _, s := range c.dns().Servers {
			heard = heard || s.Outcome == freehold.OutcomeAnswered
			if s.Lame {
				lame = append(lame, s.Host.Unicode())
				evidence = verify.Evidence(evidence, s.Evidence)
			}
		}
		if len(lame) == 0 {
			return decided(heard || c.free())
		}
		return firing(
			freehold.T("%s answers without knowing %s: part of all look-ups fail or are slow, and there is one server less to fall back on.", verify.List(lame), c.name()),
			freehold.T("Have the zone set up on %s again, or take that server out of the delegation at %m.", verify.List(lame), c.registrar()),
			evidence)
	},
}
