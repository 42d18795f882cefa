package rules

import "freehold"

// RegistrarChanged: the last audit found another registrar. Either the owner moved
// the name, or somebody else did.
var RegistrarChanged = Rule{
	ID: "registrar-changed", Severity: freehold.SeverityCritical, Since: "0.1",
	Title: freehold.T("The registrar is another than at the last audit"), Cite: "Transfer Policy I.A.4.6",
	Reason: freehold.T("A transfer that the owner knows nothing of is how names are stolen, and the time to undo it is short."),
	Advice: freehold.T("Write down that it was you, or call the former registrar today."),
	Looks:  []freehold.Text{needEarlier, needRegistrar, needSaid},
	Check: func(c *Case) Result {
		before, now := c.Observed.Earlier, c.reg().Registrar
		said, ok := c.Observed.Attestations.Latest(string(freehold.LayerAccount))
		switch {
		case c.free():
			return silent
		case before.Registrar == "" || now.State != freehold.Value:
			return undecided
		case freehold.SameParty(before.Registrar, now.Value):
			return silent
		case ok && said.At.After(before.At) && (said.Value == freehold.AttestedMe || said.Value == freehold.AttestedYes):
			return silent // the owner has spoken since
		}
		return firing(
			freehold.T("On %t the registrar of %s was %s; now it is %s.", before.At, c.name(), before.Registrar, now.Value),
			freehold.T("If you moved it, write that down: %s. If you did not, telephone your former registrar today: registrars have an emergency contact among themselves, and little time.", c.attest("account=me")),
			c.own(), now.Evidence, before.Evidence)
	},
}
