package rules

import "freehold"

// WildcardHides: where every name answers, a record that is missing after a move
// is missed by nobody.
var WildcardHides = Rule{
	ID: "wildcard-hides", Severity: freehold.SeverityInfo, Since: "0.1",
	Title: freehold.T("Any name below it answers"), Cite: "RFC 4592 section 2",
	Reason: freehold.T("Where every name answers, asking cannot show what a zone holds, nor what a copy of it lacks."),
	Advice: freehold.T("Export the zone from its operator, and compare by records."),
	Looks:  []freehold.Text{needWildcard},
	Check: func(c *Case) Result {
		any, ok := c.dns().Wildcard.Get()
		if !ok || !any {
			return decided(ok || c.free())
		}
		return firing(
			freehold.T("A wildcard record answers for every name below %s. A copy made by asking cannot tell its real records from invented ones, and a test after a move finds nothing missing.", c.name()),
			freehold.T("Before you move, export the whole zone from its operator, and compare by records, not by whether names answer."),
			c.dns().Wildcard.Evidence)
	},
}
