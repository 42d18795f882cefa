// Package rules holds what freehold warns about, one rule a file.
//
// A rule looks at one judged name and answers firing, silent or undecided:
// undecided where a fact it needs is not known. It says nothing without
// evidence; that nobody told us something is evidence too (Observed.Own). IDs
// never change and are never used again.
package rules

import (
	"cmp"
	"slices"

	"freehold"
	"freehold/internal/policy"
	"freehold/verify"
)

// Case is a judged name, as rules see it.
type Case struct {
	Observed *freehold.Observed
	Control  freehold.Control
	Verdict  freehold.Verdict
	Profile  policy.Profile
}

// Rule is one thing worth a warning.
type Rule struct {
	ID       string
	Severity freehold.Severity // the gravest it can be
	Title    freehold.Text
	Cite     string // where the danger is described, empty where it is ours
	Since    string // the version it came with
	// Reason says why it matters and Advice what to do, of no name in particular;
	// Looks is what the rule looks at, and what it is undecided without.
	Reason, Advice freehold.Text
	Looks          []freehold.Text
	Check          func(*Case) Result
}

// State is a rule's answer.
type State uint8

// The answers. The zero value is undecided.
const (
	Undecided State = iota // a fact it needs is not known
	Silent                 // there is nothing to say
	Firing
)

func (s State) String() string { return [...]string{"undecided", "silent", "firing"}[s] }

// Result is what a rule says about a case.
type Result struct {
	State State
	// Softer lowers the severity by one: the danger may be there, rather than is.
	Softer      bool
	Why, Remedy freehold.Text
	Evidence    []freehold.EvidenceID
}

// All lists the rules, in the order of their IDs.
var All = []Rule{
	AccountHeldByOther,
	AllInOneNetwork,
	AttestationStale,
	AttestedObservedDisagree,
	AutoRenewGrace,
	CAABindsAccount,
	CDSDiffers,
	ChangedRecently,
	ContactMailboxAtHost,
	ContactMailboxFreeMail,
	ContactMailboxInsideName,
	DelegationDiffers,
	DNSAtRegistrar,
	DNSSECBogus,
	DSLeftOver,
	DSWithLeavingOperator,
	ExpiryNear,
	GlueStale,
	HolderIsProxy,
	HolderNotConfirmed,
	LameServer,
	MailTiedToHost,
	MovedSinceAttested,
	NameserverDomainExpiring,
	NameserverDomainFree,
	NameserverWithoutAddress,
	NameserverWithoutTCP,
	NameserversChanged,
	NameserversInsideName,
	NameserversOneNetwork,
	NameserversOneOperator,
	NoAccountAccessAttested,
	NoOffhostDataCopy,
	NoOffhostZoneCopy,
	NoRecoveryContact,
	NoTransferLock,
	OnHold,
	OneKeyHolder,
	PayerIsHost,
	PendingTransfer,
	Redemption,
	RegistrantNotYou,
	RegistrarChanged,
	RegistrarExpiryDiffers,
	RegistrarIsHost,
	RegistrarRecordMissing,
	RegistryDNSDisagree,
	ResellerInChain,
	SerialsDiffer,
	SourcesDisagree,
	TimeWindow,
	TransferLockByRegistry,
	UpdateLockedByRegistry,
	WildcardHides,
	ZoneCopyAtHost,
	ZoneCopyOld,
	ZoneCopyPartial,
}

// Find returns the rule with an ID, and whether there is one.
func Find(id string) (Rule, bool) {
	for _, r := range All {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}

// Apply runs all rules on a case. The findings are sorted by severity, gravest
// first, then by rule.
func Apply(c Case) []freehold.Finding {
	var found []freehold.Finding
	for _, r := range All {
		result := r.Check(&c)
		if result.State != Firing {
			continue
		}
		severity := r.Severity
		if result.Softer && severity > freehold.SeverityInfo {
			severity--
		}
		found = append(found, freehold.Finding{Rule: r.ID, Severity: severity, Title: r.Title, Why: result.Why, Remedy: result.Remedy, Evidence: result.Evidence})
	}
	slices.SortStableFunc(found, func(a, b freehold.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Rule, b.Rule))
	})
	return found
}

var (
	undecided = Result{State: Undecided}
	silent    = Result{State: Silent}
)

// firing speaks, if there is evidence to speak on.
func firing(why, remedy freehold.Text, evidence ...[]freehold.EvidenceID) Result {
	ids := verify.Evidence(evidence...)
	if len(ids) == 0 {
		return undecided
	}
	return Result{State: Firing, Why: why, Remedy: remedy, Evidence: ids}
}

// softer is the same, one step lighter.
func (r Result) softer() Result {
	r.Softer = true
	return r
}

// decided is silent where a fact was known, else undecided.
func decided(known bool) Result {
	if known {
		return silent
	}
	return undecided
}
