// Package all is the list of the ways to registries and registrars: what an account
// needs, what can be done there, and how it was tested.
package all

import (
	"context"
	"net/http"
	"slices"
	"time"

	"freehold"
	"freehold/internal/policy"
	"freehold/internal/providerapi"
	"freehold/internal/providerapi/ovhauth"
	"freehold/registrar/gandi"
	"freehold/registrar/opensrs"
	"freehold/registrar/ovh"
	"freehold/registrar/transfer"
)

// Account is what proves who asks. Which of its members an adapter needs is in
// Adapter.Fields.
type Account struct {
	URL      string // of the interface; empty: the registrar's own
	User     string
	Secret   string
	Key      string // what stands beside the secret
	Consumer string // OVH's third key
}

// Options of opening.
type Options struct {
	Rules     func(freehold.Name) policy.Profile
	Timeout   time.Duration // of one request
	Now       func() time.Time
	Acquire   func(ctx context.Context, server string) (release func(), err error)
	Wait      func(ctx context.Context, d time.Duration) error
	Transport http.RoundTripper
}

// Tested says against what an adapter was held. None ever met a registrar's live
// interface.
type Tested uint8

// The ways, the weakest first.
const (
	// Shapes: servers that answer in the documented shapes.
	Shapes Tested = iota
	// OwnRegistry: a registry of our own that speaks the protocol of the RFCs, another
	// client at it, and recorded answers of registries.
	OwnRegistry
	// ByHand: there is no interface: a person does it.
	ByHand
)

// Text says it to people.
func (t Tested) Text() freehold.Text {
	switch t {
	case OwnRegistry:
		return freehold.T("a registry of the lab's and recorded answers, never live")
	case ByHand:
		return freehold.T("a person does it")
	}
	return freehold.T("recorded shapes, never live")
}

// Live tells whether it was tried where real names hang on it, or is done by a person
// who sees what happens.
func (t Tested) Live() bool { return t == ByHand }

// Adapter is one row.
type Adapter struct {
	ID     string // in the config file: "gandi"
	Title  string
	Fields []string
	// Optional are fields that may stand there.
	Optional []string
	// Codes says how codes come to be where the registry has the usual ones.
	Codes transfer.How
	// Unsets, Locks, Tags, Delegates and Polls: what it can do beside.
	Unsets, Locks, Tags, Delegates, Polls bool
	Tested                                Tested
	open                                  func(Account, Options) (transfer.Registrar, error)
}

func (o Options) config(a Account) providerapi.Config {
	return providerapi.Config{Base: a.URL, Secret: a.Secret, Timeout: o.Timeout, Acquire: o.Acquire, Wait: o.Wait, Transport: o.Transport}
}

// Adapters lists them by identifier. The command line opens "epp" and "manual" itself:
// they need certificates, or a person at a terminal.
var Adapters = []Adapter{
	{ID: "epp", Title: "EPP", Fields: []string{"server", "user", "secret"}, Optional: []string{"certificate", "private_key", "roots"}, Codes: transfer.HowSet, Unsets: true, Locks: true, Delegates: true, Polls: true, Tested: OwnRegistry},
	{ID: "gandi", Title: "Gandi", Fields: []string{"secret"}, Optional: []string{"url"}, Codes: transfer.HowFetch, Unsets: true, Locks: true, Delegates: true,
		open: func(a Account, o Options) (transfer.Registrar, error) {
			return registrar(gandi.New(o.config(a), o.Rules))
		}},
	{ID: "manual", Title: "the registrar's panel", Codes: transfer.HowFetch, Unsets: true, Locks: true, Tags: true, Tested: ByHand},
	{ID: "opensrs", Title: "OpenSRS", Fields: []string{"user", "secret"}, Optional: []string{"url"}, Codes: transfer.HowSet, Unsets: true, Locks: true, Delegates: true,
		open: func(a Account, o Options) (transfer.Registrar, error) {
			return registrar(opensrs.New(o.config(a), a.User, o.Rules))
		}},
	{ID: "ovh", Title: "OVH", Fields: []string{"key", "secret", "consumer"}, Optional: []string{"url"}, Codes: transfer.HowFetch, Locks: true, Tags: true, Delegates: true,
		open: func(a Account, o Options) (transfer.Registrar, error) {
			c := o.config(a)
			c.Secret = ""
			return registrar(ovh.New(c, ovhauth.Keys{Application: a.Key, Secret: a.Secret, Consumer: a.Consumer}, o.Rules, o.Now))
		}},
}

// registrar keeps a nil pointer from becoming a registrar that is not nil.
func registrar[T transfer.Registrar](r T, err error) (transfer.Registrar, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}

// IDs lists the identifiers.
func IDs() (out []string) {
	for _, a := range Adapters {
		out = append(out, a.ID)
	}
	return out
}

// ByID finds an adapter, false where there is none of that identifier.
func ByID(id string) (Adapter, bool) {
	i := slices.IndexFunc(Adapters, func(a Adapter) bool { return a.ID == id })
	if i < 0 {
		return Adapter{}, false
	}
	return Adapters[i], true
}

// Opens tells whether Open opens it.
func (a Adapter) Opens() bool { return a.open != nil }

// Open makes its client. Nothing is asked yet.
func (a Adapter) Open(account Account, o Options) (transfer.Registrar, error) {
	return a.open(account, o)
}
