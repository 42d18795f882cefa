// Package all is the list of the DNS providers that zones can be read from and
// written to: what each can do, what its account needs, and how it was tested.
package all

import (
	"context"
	"net/http"
	"slices"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/axfr"
	"freehold/dnsexport/cloudflare"
	"freehold/dnsexport/ddns"
	"freehold/dnsexport/desec"
	"freehold/dnsexport/digitalocean"
	"freehold/dnsexport/gandi"
	"freehold/dnsexport/godaddy"
	"freehold/dnsexport/hetzner"
	"freehold/dnsexport/infomaniak"
	"freehold/dnsexport/ovh"
	"freehold/dnsexport/porkbun"
	"freehold/dnsexport/powerdns"
	"freehold/dnsexport/route53"
	"freehold/internal/providerapi"
)

// Account is what proves who asks. Which of its members a provider needs is in
// Provider.Fields.
type Account struct {
	URL      string // of the API; empty: the provider's own
	Server   string // host:port, for dynamic updates
	Secret   string
	Key      string // what stands beside the secret
	Consumer string // OVH's third key
	Token    string // of keys that are lent for a time
	Account  string // the provider's identifier of the account
	TSIG     *axfr.Key
}

// Options of opening.
type Options struct {
	Now       func() time.Time
	Acquire   func(ctx context.Context, server string) (release func(), err error)
	Wait      func(ctx context.Context, d time.Duration) error
	Transport http.RoundTripper
}

// Tested says against what an adapter was held.
type Tested uint8

// The ways, the weakest first. No adapter was tried against a provider's live API.
const (
	// Shapes: servers that answer in the documented shapes, never the live API.
	Shapes Tested = iota
	// RealServer: the real program that answers at the provider's.
	RealServer
)

// Text says it to people.
func (t Tested) Text() freehold.Text {
	if t == RealServer {
		return freehold.T("real server")
	}
	return freehold.T("recorded shapes, never live")
}

// Provider is one row.
type Provider struct {
	ID     string // in the config file: "gandi"
	Title  string // "Gandi LiveDNS"
	Fields []string
	// Optional are fields that may stand there.
	Optional []string
	Tested   Tested
	// Foreign is what it lists that is no record.
	Foreign freehold.Text
	open    func(Account, Options) (dnsexport.Target, error)
}

func (o Options) config(a Account) providerapi.Config {
	return providerapi.Config{Base: a.URL, Secret: a.Secret, Acquire: o.Acquire, Wait: o.Wait, Transport: o.Transport}
}

// Providers lists them by identifier.
var Providers = []Provider{
	{ID: "cloudflare", Title: "Cloudflare", Fields: []string{"secret"}, Optional: []string{"account", "url"}, Foreign: freehold.T("proxied and flattened records, page rules, load balancers, mail forwards"),
		open: func(a Account, o Options) (dnsexport.Target, error) {
			return target(cloudflare.New(o.config(a), a.Account, o.Now))
		}},
	{ID: "ddns", Title: "dynamic update (RFC 2136)", Fields: []string{"server", "key", "secret"}, Optional: []string{"algorithm"}, Tested: RealServer, Foreign: freehold.T("nothing"),
		open: func(a Account, _ Options) (dnsexport.Target, error) {
			return ddns.New(axfr.New(axfr.Config{Key: a.TSIG}), axfr.Address(a.Server, false)), nil
		}},
	{ID: "desec", Title: "deSEC", Fields: []string{"secret"}, Optional: []string{"url"}, Foreign: freehold.T("nothing"),
		open: func(a Account, o Options) (dnsexport.Target, error) { return target(desec.New(o.config(a), o.Now)) }},
	{ID: "digitalocean", Title: "DigitalOcean", Fields: []string{"secret"}, Optional: []string{"url"}, Foreign: freehold.T("nothing"),
		open: func(a Account, o Options) (dnsexport.Target, error) {
			return target(digitalocean.New(o.config(a), o.Now))
		}},
	{ID: "gandi", Title: "Gandi LiveDNS", Fields: []string{"secret"}, Optional: []string{"url"}, Foreign: freehold.T("ALIAS"),
		open: func(a Account, o Options) (dnsexport.Target, error) { return target(gandi.New(o.config(a), o.Now)) }},
	{ID: "godaddy", Title: "GoDaddy", Fields: []string{"secret"}, Optional: []string{"key", "url"}, Foreign: freehold.T("parked names"),
		open: func(a Account, o Options) (dnsexport.Target, error) {
			return target(godaddy.New(o.config(a), a.Key, o.Now))
		}},
	{ID: "hetzner", Title: "Hetzner", Fields: []string{"secret"}, Optional: []string{"url"}, Foreign: freehold.T("nothing"),
		open: func(a Account, o Options) (dnsexport.Target, error) { return target(hetzner.New(o.config(a), o.Now)) }},
	{ID: "infomaniak", Title: "Infomaniak", Fields: []string{"secret"}, Optional: []string{"url"}, Foreign: freehold.T("dynamic addresses, in notes"),
		open: func(a Account, o Options) (dnsexport.Target, error) {
			return target(infomaniak.New(o.config(a), o.Now))
		}},
	{ID: "ovh", Title: "OVH", Fields: []string{"key", "secret", "consumer"}, Optional: []string{"url"}, Foreign: freehold.T("web redirects, dynamic addresses"),
		open: func(a Account, o Options) (dnsexport.Target, error) {
			c := o.config(a)
			c.Secret = ""
			return target(ovh.New(c, ovh.Keys{Application: a.Key, Secret: a.Secret, Consumer: a.Consumer}, o.Now))
		}},
	{ID: "porkbun", Title: "Porkbun", Fields: []string{"key", "secret"}, Optional: []string{"url"}, Foreign: freehold.T("ALIAS, web redirects"),
		open: func(a Account, o Options) (dnsexport.Target, error) {
			return target(porkbun.New(o.config(a), a.Key, o.Now))
		}},
	{ID: "powerdns", Title: "PowerDNS", Fields: []string{"url", "secret"}, Tested: RealServer, Foreign: freehold.T("ALIAS, LUA, records switched off"),
		open: func(a Account, o Options) (dnsexport.Target, error) {
			return target(powerdns.New(o.config(a), "", o.Now))
		}},
	{ID: "route53", Title: "Route 53", Fields: []string{"key", "secret"}, Optional: []string{"token", "url"}, Foreign: freehold.T("alias, weighted, routed and policy sets"),
		open: func(a Account, o Options) (dnsexport.Target, error) {
			c := o.config(a)
			c.Secret = ""
			return target(route53.New(c, route53.Keys{ID: a.Key, Secret: a.Secret, Token: a.Token}, o.Now))
		}},
}

// target keeps a nil pointer from becoming a target that is not nil.
func target[T dnsexport.Target](t T, err error) (dnsexport.Target, error) {
	if err != nil {
		return nil, err
	}
	return t, nil
}

// IDs lists the identifiers.
func IDs() []string {
	var out []string
	for _, p := range Providers {
		out = append(out, p.ID)
	}
	return out
}

// ByID finds a provider, false where there is none of that identifier.
func ByID(id string) (Provider, bool) {
	i := slices.IndexFunc(Providers, func(p Provider) bool { return p.ID == id })
	if i < 0 {
		return Provider{}, false
	}
	return Providers[i], true
}

// Open makes its client. Nothing is asked yet.
func (p Provider) Open(a Account, o Options) (dnsexport.Target, error) { return p.open(a, o) }

// Can says what it is able to do.
type Can struct {
	Create, List, Atomic, Sign bool
	MinTTL                     uint32
}

// Can tells what the provider is able to do.
func (p Provider) Can() Can {
	t, err := p.open(Account{URL: "https://api.example", Account: "any"}, Options{})
	if err != nil {
		return Can{}
	}
	traits := t.Traits()
	_, lists := t.(dnsexport.Lister)
	_, signs := t.(interface {
		Sign(ctx context.Context, name freehold.Name) ([]freehold.DS, error)
	})
	return Can{traits.Creates, lists, traits.Atomic, signs && traits.Signs, traits.MinTTL}
}
