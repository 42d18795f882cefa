package rules

import (
	"slices"
	"strconv"

	"freehold"
	"freehold/verify"
)

// DSLeftOver: the parent still vouches for a key that the zone does not have. Who
// holds it, a former operator for one, can sign for the name.
var DSLeftOver = Rule{
	ID: "ds-left-over", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The parent vouches for a key that the zone does not have"), Cite: "RFC 6781 section 4.3.5",
	Reason: freehold.T("A DS record says which keys may sign. One that stays behind lets whoever holds the old key sign false answers that are believed."),
	Advice: freehold.T("Have DS records taken out that belong to no key of yours."),
	Looks:  []freehold.Text{needDS, needKeys},
	Check: func(c *Case) Result {
		ds, keys := c.dns().DS, c.dns().DNSKEY
		switch {
		case ds.State == freehold.Absent:
			return silent
		case ds.State != freehold.Value || keys.State != freehold.Value:
			return decided(c.free())
		}
		var over []string
		matched := false
		for _, d := range ds.Value {
			if slices.ContainsFunc(keys.Value, func(k freehold.DNSKEY) bool { return k.KeyTag == d.KeyTag && k.Algorithm == d.Algorithm }) {
				matched = true
			} else {
				over = append(over, strconv.Itoa(int(d.KeyTag)))
			}
		}
		if len(over) == 0 || !matched {
			return decided(matched) // where none matches the signatures are wrong: a rule of its own
		}
		return firing(
			freehold.T("The DS records of %s name keys that the zone does not have: %s. Whoever holds such a key can sign answers for %s that resolvers believe.", c.name(), verify.List(over), c.name()),
			freehold.T("If they are not keys that you keep ready, have their DS records taken out at %m.", c.registrar()),
			ds.Evidence, keys.Evidence)
	},
}
