package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"freehold"
)

// A Lock is a time in which a transfer is refused, counted from an event.
type Lock struct {
	Length    Span   `toml:"length"`
	RefusedBy string `toml:"refused_by"`
	Waivable  bool   `toml:"waivable"` // who refuses may agree to an earlier date
}

// Who refuses inside a Lock.
const (
	RegistrarMay  = "registrar_may"  // the registrar may refuse
	RegistrarMust = "registrar_must" // the registrar has to refuse
	ByRegistry    = "registry"       // the registry refuses, whatever the registrar says
	Unsaid        = "unsaid"         // the source does not say who refuses
)

// A Shape is what a transfer code looks like.
type Shape struct {
	Min int `toml:"min"` // characters
	Max int `toml:"max"`
	// Classes are "lower", "upper", "digits", "symbols": a code holds at least one
	// of each. None where the source does not give the alphabet.
	Classes []string `toml:"classes"`
}

// CodeShape returns the shape to draw a code in, and whether the source says
// enough to draw one.
func (s Shape) CodeShape() (freehold.CodeShape, bool) {
	letters := []string{"lower", "upper", "digits"}
	if len(s.Classes) < len(letters) || !slices.Equal(s.Classes[:len(letters)], letters) {
		return freehold.CodeShape{}, false
	}
	return freehold.NewCodeShape(s.Min, s.Max, slices.Contains(s.Classes, "symbols")), true
}

// A Route is a way for the holder to move a name, or to get its code, without the
// registrar it stands at.
type Route struct {
	Through string `toml:"through" words:"registry_site registry_desk new_registrar"`
	// Key is what the holder has to have.
	Key  string `toml:"key" words:"registrant_mailbox administrative_mailbox postal_address registry_account identity signed_form complaint decision none"`
	When string `toml:"when" words:"always refused failed decision"`
	// Gives is what comes of it: the code, or the move itself.
	Gives    string `toml:"gives" words:"code move"`
	After    Span   `toml:"after"`    // how long the registry waits for the registrar first
	Validity Span   `toml:"validity"` // of a code got this way, or of the link to confirm
	Cost     string `toml:"cost" words:"free fee"`
}

// Words of a Route.
const (
	RegistrySite = "registry_site" // the registry's own site
	RegistryDesk = "registry_desk" // people at the registry
	NewRegistrar = "new_registrar" // the new registrar asks the registry

	RegistrantMailbox     = "registrant_mailbox"
	AdministrativeMailbox = "administrative_mailbox"
	PostalAddress         = "postal_address"   // as the registry holds it
	RegistryAccount       = "registry_account" // a login at the registry itself
	Identity              = "identity"         // who the holder is, shown to the new registrar
	SignedForm            = "signed_form"
	Complaint             = "complaint" // with proof that the registrar was asked
	NoKey                 = "none"      // nothing the source names

	Always   = "always"
	Refused  = "refused"  // once the registrar refused or did not answer
	Failed   = "failed"   // once the registrar has given up the name or lost its contract
	Decision = "decision" // once a court or a dispute panel has decided

	GivesCode = "code"
	GivesMove = "move"

	Fee = "fee"
)

// Words of the rules below.
const (
	Registrar = "registrar"
	Registry  = "registry"

	ByCode         = "code"
	ByTag          = "tag"          // the losing registrar pushes the name to the tag of the new one
	ByConfirmation = "confirmation" // the registry asks the contact; no code exists

	Nobody      = "nobody"
	FailureOnly = "failure_only" // only when the registrar has failed
	Open        = "open"         // see the routes

	AtAllTimes   = "at_all_times"
	WithoutDelay = "without_delay" // and without conditions
	Promptly     = "promptly"
	MayNotRefuse = "may_not_refuse"

	AddsAYear       = "adds_a_year"
	AddsTwoYears    = "adds_two_years"
	Unchanged       = "unchanged"
	NewPeriod       = "new_period"
	RenewalOptional = "renewal_optional"

	ContactRegistrant     = "registrant"
	ContactAdministrative = "administrative"

	ProofAsForContacts = "as_for_contact_changes"
)

// Rules are the rows of a profile. A row that is not set is a rule nobody told
// us: nothing is claimed about it.
type Rules struct {
	MovedBy        Row[string] `toml:"moved_by" words:"code tag confirmation"` // not set: by a code, as EPP has it
	CodeName       Row[string] `toml:"code_name"`                              // what the registry calls the transfer code
	CodeIssuer     Row[string] `toml:"code_issuer" words:"registrar registry nobody"`
	CodeMadeBy     Row[string] `toml:"code_made_by" words:"registrar registry"` // who draws it, whoever hands it out
	CodeShape      Row[Shape]  `toml:"code_shape"`
	CodeValidity   Row[Span]   `toml:"code_validity"`
	CodeDeadline   Row[Span]   `toml:"code_deadline"`   // from the holder's first request
	UnlockDeadline Row[Span]   `toml:"unlock_deadline"` // from the holder's first request
	// Release is a duty to let go without a number of days.
	Release Row[string] `toml:"release" words:"at_all_times without_delay promptly may_not_refuse"`

	Bypass Row[string] `toml:"bypass" words:"nobody failure_only open"` // whom the registry serves without the registrar
	Routes Rows[Route] `toml:"routes"`                                  // the ways without the registrar, best first
	Push   Row[bool]   `toml:"push"`                                    // to another account of the same registrar

	TransferDelay   Row[Span]   `toml:"transfer_delay"` // from the request to the end, if the losing registrar is silent
	RefusalDelay    Row[Span]   `toml:"refusal_delay"`  // the same, if it refuses and the refusal only delays
	SilenceApproves Row[bool]   `toml:"silence_approves"`
	TermEffect      Row[string] `toml:"term_effect" words:"adds_a_year adds_two_years unchanged new_period renewal_optional"`

	LockAfterCreation         Row[Lock] `toml:"lock_after_creation"`
	LockAfterTransfer         Row[Lock] `toml:"lock_after_transfer"`
	LockAfterRegistrantChange Row[Lock] `toml:"lock_after_registrant_change"`

	// EPP words (RFC 8056) by who can end them.
	LiftedByRegistrar Row[[]string] `toml:"lifted_by_registrar"`
	LiftedByRegistry  Row[[]string] `toml:"lifted_by_registry"`
	UnderWay          Row[[]string] `toml:"under_way"` // a transfer is in course
	Gone              Row[[]string] `toml:"gone"`      // deleted, perhaps to be restored
	PublishesStatus   Row[bool]     `toml:"publishes_status"`

	ExpiredMayLeave Row[bool]   `toml:"expired_may_leave"`
	RestoredBy      Row[string] `toml:"restored_by" words:"registrar registry"` // who restores from redemption
	Redemption      Row[Span]   `toml:"redemption"`
	RenewalGrace    Row[Span]   `toml:"renewal_grace"` // after an automatic renewal at expiry

	Contact        Row[string] `toml:"contact" words:"registrant administrative"` // whose mailbox must work
	NoticeDeadline Row[Span]   `toml:"notice_deadline"`                           // to tell the holder of a transfer
	Proof          Row[string] `toml:"proof" words:"as_for_contact_changes"`

	PaymentDisputeMayRefuse Row[bool]   `toml:"payment_dispute_may_refuse"`
	UnpaidFeeMayRefuse      Row[bool]   `toml:"unpaid_fee_may_refuse"` // a fee for leaving
	ResellerDebtMayRefuse   Row[bool]   `toml:"reseller_debt_may_refuse"`
	ResellerAnswerable      Row[string] `toml:"reseller_answerable" words:"registrar"` // who answers for a reseller

	Escalation                Row[[]string] `toml:"escalation"` // whom to write to when the registrar does not answer, in order
	NameserversDuringTransfer Row[bool]     `toml:"nameservers_during_transfer"`
	FailedRegistrar           Row[Span]     `toml:"failed_registrar"` // to move after the contract with the registrar ended
}

// Rows are several rules of one kind, each with its own source.
type Rows[T any] []Row[T]

// row is what all rows have in common, whatever their value.
type row interface {
	isSet() bool
	words() (string, bool)
	sources() []Source
}

func (r Row[T]) isSet() bool  { return r.set }
func (r Rows[T]) isSet() bool { return len(r) > 0 }

// words returns the value of a row of text.
func (r Row[T]) words() (string, bool) {
	s, ok := any(r.value).(string)
	return s, ok && r.set
}

func (r Rows[T]) words() (string, bool) { return "", false }

func (r Row[T]) sources() []Source { return []Source{r.Source} }

func (r Rows[T]) sources() []Source {
	var all []Source
	for _, one := range r {
		all = append(all, one.Source)
	}
	return all
}

// check holds the words of the rows to those that the code knows.
func (r Rules) check() error {
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		field := v.Type().Field(i)
		word, isText := v.Field(i).Interface().(row).words()
		if err := oneOf(word, field); isText && err != nil {
			return err
		}
	}
	for _, lock := range []Row[Lock]{r.LockAfterCreation, r.LockAfterTransfer, r.LockAfterRegistrantChange} {
		if lock.set && !slices.Contains([]string{RegistrarMay, RegistrarMust, ByRegistry, Unsaid, Nobody}, lock.value.RefusedBy) {
			return fmt.Errorf("a lock is refused by %q, which is nobody we know", lock.value.RefusedBy)
		}
	}
	if s := r.CodeShape.value; r.CodeShape.set && (s.Min < 1 || s.Max < s.Min || s.Max > 255) {
		return fmt.Errorf("a code of %d to %d characters is none", s.Min, s.Max)
	}
	for _, route := range r.Routes {
		if err := route.value.check(); err != nil {
			return err
		}
	}
	if open := r.Bypass.set && r.Bypass.value == Open; open && len(r.Routes) == 0 {
		return fmt.Errorf("bypass is %q, and no route is given", Open)
	}
	return nil
}

func (r Route) check() error {
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		if word, isText := v.Field(i).Interface().(string); isText && (word != "" || v.Type().Field(i).Name != "Cost") {
			if err := oneOf(word, v.Type().Field(i)); err != nil {
				return fmt.Errorf("a route: %w", err)
			}
		}
	}
	return nil
}

// oneOf tells whether a word is among those of a field's tag.
func oneOf(word string, field reflect.StructField) error {
	allowed := strings.Fields(field.Tag.Get("words"))
	if len(allowed) == 0 || slices.Contains(allowed, word) {
		return nil
	}
	return fmt.Errorf("%s: %q is none of %s", field.Tag.Get("toml"), word, strings.Join(allowed, ", "))
}
