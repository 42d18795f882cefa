package rules

import (
	"freehold"
	"freehold/verify"
)

// DSWithLeavingOperator: a zone signed by the party one leaves has to be unsigned
// in the right order, or the name goes dark (RFC 6781 section 4.3.5).
var DSWithLeavingOperator = Rule{
	ID: "ds-with-leaving-operator", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The zone is signed by the party you would leave"), Cite: "RFC 6781 section 4.3.5",
	Reason: freehold.T("When name servers change while the old operator's DS record still stands, signatures no longer match, and the name goes dark for resolvers that check them."),
	Advice: freehold.T("Take the DS record out first, wait, move, and sign again afterwards."),
	Looks:  []freehold.Text{needDS, needDelegation, needHost, needRegistrar},
	Check: func(c *Case) Result {
		ds := c.dns().DS
		switch {
		case ds.State == freehold.Absent:
			return silent
		case ds.State != freehold.Value:
			return decided(c.free())
		}
		host := c.host()
		registrar, known := c.reg().Registrar.Get()
		for _, d := range verify.Domains(verify.Nameservers(c.Observed).Value) {
			switch {
			case host.Is(d):
				return dsFinding(c, host.Name, host.Evidence)
			case known && freehold.SameParty(registrar, d):
				return dsFinding(c, registrar, c.reg().Registrar.Evidence)
			}
		}
		return decided(host.Name != "" || host.Self)
	},
}

func dsFinding(c *Case, party string, evidence []freehold.EvidenceID) Result {
	return firing(
		freehold.T("%s runs the name servers of %s and signs the zone (DNSSEC). If a move forgets that, resolvers that check signatures find nothing.", party, c.name()),
		freehold.T("Before you change name servers, have the DS record taken out at %m and wait until caches have forgotten it; sign again with the new operator afterwards.", c.registrar()),
		c.dns().DS.Evidence, evidence)
}
