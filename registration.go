package freehold

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// RegistrationState says whether the registry holds the name. It comes from the
// registry's RDAP or WHOIS only; a delegation in the DNS is other evidence.
type RegistrationState uint8

// The states. The zero value is unknown.
const (
	RegistrationUnknown RegistrationState = iota
	Registered
	NotRegistered
)

var registrationStates = names[RegistrationState]{"unknown", "registered", "not_registered"}

func (s RegistrationState) String() string               { return registrationStates.name(s) }
func (s RegistrationState) MarshalText() ([]byte, error) { return registrationStates.marshal(s) }
func (s *RegistrationState) UnmarshalText(b []byte) error {
	return registrationStates.unmarshal(b, s, "registration state")
}

// Registration is what the registry and the registrar of record publish about a
// name. Where both speak, the registry is believed for the registrar, dates,
// statuses and delegation, the registrar for the registrant and the reseller;
// what they say differently is kept in Conflicts.
type Registration struct {
	State RegistrationState

	Registrar       Fact[string] // name of the registrar of record
	RegistrarIANAID Fact[string] // ICANN accreditation number, decimal digits
	RegistrarURL    Fact[string] // the registrar's site or RDAP base
	RegistrarPhone  Fact[string] // public (abuse) telephone
	RegistrarEmail  Fact[string] // public (abuse) mailbox
	Reseller        Fact[string]

	RegistrantName    Fact[string]
	RegistrantOrg     Fact[string]
	RegistrantEmail   Fact[string]
	RegistrantCountry Fact[string]

	Created          Fact[time.Time]
	Expires          Fact[time.Time] // the registry's expiry
	RegistrarExpires Fact[time.Time] // the registrar's: what the customer paid for
	LastTransfer     Fact[time.Time] // last transfer between registrars
	Changed          Fact[time.Time]

	Statuses    Fact[[]string] // EPP words in camel case (RFC 8056): "clientTransferProhibited"
	Nameservers Fact[[]Host]
	DNSSEC      Fact[bool] // the registry publishes a DS

	Conflicts []Conflict
	Asks      []Ask
}

// A Conflict is one thing two sources say differently.
type Conflict struct {
	Field    string // the field's name in docs/json.md: "registrar_expires"
	A, B     string // what each said
	SourceA  string
	SourceB  string
	Evidence []EvidenceID
}

// HasStatus tells whether the registration carries one of the statuses, and
// whether the statuses are known at all.
func (r *Registration) HasStatus(words ...string) (has, known bool) {
	have, known := r.Statuses.Get()
	for _, w := range words {
		if slices.Contains(have, w) {
			return true, known
		}
	}
	return false, known
}

// EPPStatus returns the EPP word of a status as RDAP or WHOIS writes it:
// "client transfer prohibited" is clientTransferProhibited, "active" is ok
// (RFC 8056 section 2). Words without an EPP form keep their meaning in camel
// case: "transfer prohibited", which does not say who set it, is
// transferProhibited. A WHOIS line's URL is cut off.
func EPPStatus(s string) string {
	s = strings.TrimSpace(OneLine(s))
	if i := strings.Index(s, "http"); i > 0 {
		s = strings.TrimRight(s[:i], " (\t")
	}
	if s == "" {
		return ""
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '_' || r == '-' })
	if len(words) == 1 {
		if word, ok := statusByFold[strings.ToLower(words[0])]; ok {
			return word
		}
		return words[0]
	}
	for i, w := range words {
		w = strings.ToLower(w)
		if i > 0 {
			r := []rune(w)
			r[0] = unicode.ToUpper(r[0])
			w = string(r)
		}
		words[i] = w
	}
	joined := strings.Join(words, "")
	if word, ok := statusByFold[strings.ToLower(joined)]; ok {
		return word
	}
	return joined
}

// statusByFold finds the EPP word whatever its capitals. Sources: RFC 5731
// section 2.3, RFC 3915 section 3.1, RFC 8056 section 2 for the two renames.
var statusByFold = func() map[string]string {
	m := map[string]string{"active": "ok", "associated": "linked"}
	for _, w := range []string{
		"ok", "inactive", "linked",
		"clientDeleteProhibited", "clientHold", "clientRenewProhibited", "clientTransferProhibited", "clientUpdateProhibited",
		"serverDeleteProhibited", "serverHold", "serverRenewProhibited", "serverTransferProhibited", "serverUpdateProhibited",
		"pendingCreate", "pendingDelete", "pendingRenew", "pendingRestore", "pendingTransfer", "pendingUpdate",
		"addPeriod", "autoRenewPeriod", "renewPeriod", "transferPeriod", "redemptionPeriod",
		"deleteProhibited", "renewProhibited", "transferProhibited", "updateProhibited", "locked",
	} {
		m[strings.ToLower(w)] = w
	}
	return m
}()
