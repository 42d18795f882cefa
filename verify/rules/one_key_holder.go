package rules

import (
	"strconv"

	"freehold"
)

// OneKeyHolder: one illness, one quarrel, one lost telephone.
var OneKeyHolder = Rule{
	ID: "one-key-holder", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("One person alone can log in"), Cite: "SSAC SAC044",
	Reason: freehold.T("One illness, one quarrel, one lost telephone, and nobody can act for the name."),
	Advice: freehold.T("Give a second person access of their own."),
	Looks:  []freehold.Text{needSaid},
	Check: func(c *Case) Result {
		a, ok := c.said(freehold.AttestKeyHolders)
		n, err := strconv.Atoi(a.Value)
		switch {
		case !ok || err != nil:
			return decided(c.free())
		case n > 1:
			return silent
		}
		return firing(
			freehold.T("The number of people who can log in for %s is %d, as you said. If they cannot, nobody can.", c.name(), n),
			freehold.T("Give a second person access of their own, and keep a sealed way in (recovery codes) where both know it."),
			[]freehold.EvidenceID{a.Evidence})
	},
}
