package report

import "freehold"

// Why a fact is unknown or withheld, as readers of answers say it most often
// (freehold.Fact.Note, in English): the catalogues have these words. A note with
// something of the answer in it is said as it stands.
var _ = []freehold.Text{
	freehold.T("the registrar's record names no reseller, which it need not"),
	freehold.T("held back by the server"),
	freehold.T("not in the answer"),
	freehold.T("what is shown stands in place of the value"),
	freehold.T("the answer names no registrar"),
	freehold.T("the answer has no IANA id of the registrar"),
	freehold.T("the answer shows nothing of the registrant but that there is one"),
	freehold.T("the answer does not show it"),
	freehold.T("the date in the answer is not understood"),
	freehold.T("the answer gives no time zone; taken as UTC"),
	freehold.T("a status in the answer is not understood"),
	freehold.T("the answer shows no status"),
	freehold.T("the answer lists no name servers"),
	freehold.T("a name server in the answer is not understood"),
	freehold.T("the answer says nothing of DNSSEC"),
	freehold.T("the answer contradicts itself"),
	freehold.T("the answer does not say whether the delegation is signed"),
}
