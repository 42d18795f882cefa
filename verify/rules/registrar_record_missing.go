package rules

import "freehold"

// RegistrarRecordMissing: the registry answered and the registrar did not. It may
// be an hour's trouble; it may be a registrar that is going down.
var RegistrarRecordMissing = Rule{
	ID: "registrar-record-missing", Severity: freehold.SeverityNotice, Since: "0.1",
	Title: freehold.T("The registrar's own record cannot be had"), Cite: "gTLD RDAP technical implementation guide, section 3.2",
	Reason: freehold.T("Registrars have to publish a record of each name. One that gives none may have an hour's trouble, or be going down."),
	Advice: freehold.T("Ask again in a few days. If it stays so, have the transfer code sent while somebody answers."),
	Looks:  []freehold.Text{needRecord},
	Check: func(c *Case) Result {
		asks := c.reg().Asks
		if len(asks) < 2 || asks[0].Kind != freehold.EvidenceRDAP || asks[0].Outcome != freehold.OutcomeAnswered || c.free() {
			return decided(c.free())
		}
		last := asks[len(asks)-1]
		switch last.Outcome {
		case freehold.OutcomeAnswered:
			return silent
		case freehold.OutcomeTimeout, freehold.OutcomeFailed, freehold.OutcomeGarbled:
			return firing(
				freehold.T("The registry names %m as registrar of %s, and its server gave no usable record. Whether a reseller stands between and until when it is paid stay unknown.", c.registrar(), c.name()),
				freehold.T("Run the audit again in a few days. If it stays so, telephone %m while somebody still answers, and have the transfer code sent.", c.registrar()),
				[]freehold.EvidenceID{last.Evidence}, c.reg().Registrar.Evidence)
		}
		return undecided // throttled or refused: that says nothing of the registrar
	},
}
