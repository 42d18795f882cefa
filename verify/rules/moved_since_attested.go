package rules

import "freehold"

// MovedSinceAttested: the name went to another registrar after its owner said
// where it stands. Either they moved it, or somebody else did.
var MovedSinceAttested = Rule{
	ID: "moved-since-attested", Severity: freehold.SeverityCritical, Since: "0.1",
	Title: freehold.T("It has moved to another registrar since you said you hold it"), Cite: "Transfer Policy I.A.4.6",
	Reason: freehold.T("A transfer that the owner knows nothing of is how names are stolen, and the time to undo it is short."),
	Advice: freehold.T("Write down that it was you, or call the former registrar today."),
	Looks:  []freehold.Text{needSaid, needDates},
	Check: func(c *Case) Result {
		a, ok := c.Observed.Attestations.Latest(string(freehold.LayerAccount))
		moved := c.reg().LastTransfer
		switch {
		case c.free():
			return silent
		case !ok || a.Value != freehold.AttestedMe && a.Value != freehold.AttestedYes:
			return undecided
		case moved.State == freehold.Absent:
			return silent
		case moved.State != freehold.Value:
			return undecided
		case !moved.Value.After(a.At):
			return silent
		}
		return firing(
			freehold.T("On %t you said that you hold the account of %s; on %t it was transferred to %m.", a.At, c.name(), moved.Value, c.registrar()),
			freehold.T("If you moved it, write that down: %s. If you did not, telephone your former registrar today: registrars have an emergency contact among themselves, and little time.", c.attest("account=me")),
			[]freehold.EvidenceID{a.Evidence}, moved.Evidence)
	},
}
