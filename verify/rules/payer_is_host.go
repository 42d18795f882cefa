package rules

import "freehold"

// PayerIsHost: the bill does not reach the owner. When the host stops paying, the
// name ends.
var PayerIsHost = Rule{
	ID: "payer-is-host", Severity: freehold.SeverityWarning, Since: "0.1",
	Title:  freehold.T("The host pays for the name"),
	Reason: freehold.T("If the host fails or stops paying, the name expires, and the bills and warnings do not reach you. Who pays is also a sign of whose name it is."),
	Advice: freehold.T("Have the bills sent to you, and keep them."),
	Looks:  []freehold.Text{needSaid, needHost},
	Check: func(c *Case) Result {
		a, ok := c.said(freehold.AttestPayer)
		switch {
		case !ok:
			return decided(c.free())
		case a.Value != freehold.AttestedTheHost && !c.host().Is(a.Value):
			return silent
		}
		return firing(
			freehold.T("%m pays the registrar for %s, as you said. If it stops, the name ends, and no bill and no warning reaches you.", c.hostName(), c.name()),
			freehold.T("Have the renewals billed to you, or pay for several years now; keep the receipts: they show whose name it is."),
			[]freehold.EvidenceID{a.Evidence})
	},
}
