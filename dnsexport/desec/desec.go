// Package desec reads and writes zones of deSEC (desec.io), version 1 of its API.
//
// Record sets come in pages that the Link header leads through, names in rdata
// absolute. deSEC signs every zone and keeps SOA and signatures to itself. A change
// of many sets is one request, done whole or not at all. TTLs below the domain's
// minimum, mostly an hour, and above a day are refused.
//
// Tested on recorded shapes; it was never tried against the live API.
package desec

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/apizone"
	"freehold/dnsexport/zonefile"
	"freehold/internal/providerapi"
)

// Base is the API's address.
const Base = "https://desec.io/api/v1"

const provider = "deSEC"

// Client is one account.
type Client struct {
	api *providerapi.Client
	now func() time.Time
}

var _ dnsexport.Target = (*Client)(nil)

// New makes a client. config.Secret is an API token.
func New(config providerapi.Config, now func() time.Time) (*Client, error) {
	config.Provider, config.Header, config.Scheme = provider, "Authorization", "Token"
	if config.Base == "" {
		config.Base = Base
	}
	api, err := providerapi.New(config)
	if err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	return &Client{api, now}, nil
}

// maxTTL is the longest that deSEC takes.
const maxTTL = 86400

// Traits of deSEC.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: provider, Atomic: true, Creates: true, OwnSOA: true, OwnNS: true, Signs: true, MinTTL: 3600,
		Holds: apizone.Types("A AAAA AFSDB APL CAA CERT CNAME CSYNC DHCID DNAME DS EUI48 EUI64 HINFO HTTPS KX LOC LP MX NAPTR NS OPENPGPKEY PTR RP SMIMEA SPF SRV SSHFP SVCB TLSA TXT URI"),
		Cannot: func(s freehold.RRset) freehold.Text {
			if s.TTL > maxTTL {
				return freehold.T("It keeps no TTL above a day.")
			}
			return freehold.Text{}
		}}
}

type set struct {
	Subname string   `json:"subname"`
	Type    string   `json:"type"`
	TTL     uint32   `json:"ttl,omitempty"`
	Records []string `json:"records"`
}

func path(name freehold.Name) string { return "/domains/" + url.PathEscape(name.ASCII()) + "/" }

// pages reads every page of a list. The first question already asks for pages:
// without a cursor more than five hundred entries are refused.
func pages[T any](ctx context.Context, c *Client, at string, l interface{ Page(string) error }, take func([]T) error) error {
	cursor := ""
	for {
		if err := l.Page(cursor); err != nil {
			return err
		}
		answer, err := c.api.Send(ctx, providerapi.Request{Method: http.MethodGet, Path: at + "?cursor=" + url.QueryEscape(cursor)})
		if err != nil {
			return err
		}
		var list []T
		if err := json.Unmarshal(answer.Body, &list); err != nil {
			return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s does not list what was asked for", provider), Err: err}
		}
		if err := take(list); err != nil {
			return err
		}
		next, ok := nextCursor(answer.Header)
		if !ok {
			return nil
		}
		cursor = next
	}
}

// nextCursor reads the cursor of the next page out of the Link header (RFC 8288).
func nextCursor(h http.Header) (string, bool) {
	for _, link := range strings.Split(strings.Join(h.Values("Link"), ","), ",") {
		target, params, _ := strings.Cut(link, ";")
		if !strings.Contains(params, `rel="next"`) {
			continue
		}
		u, err := url.Parse(strings.Trim(strings.TrimSpace(target), "<>"))
		if err == nil && u.Query().Get("cursor") != "" {
			return u.Query().Get("cursor"), true
		}
	}
	return "", false
}

// Read lists the zone.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	l := apizone.New(provider, name, c.now())
	err := pages(ctx, c, path(name)+"rrsets/", l, func(sets []set) error {
		for _, s := range sets {
			if err := l.Once(s.Subname + " " + s.Type); err != nil {
				return err
			}
			owner, err := l.Owner(s.Subname)
			if err != nil {
				return err
			}
			for _, r := range s.Records {
				if err := l.Add("", owner, s.Type, s.TTL, r); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, noZone(name, err)
	}
	return l.Zone(), nil
}

// Create makes the zone.
func (c *Client) Create(ctx context.Context, name freehold.Name) error {
	_, err := c.domain(ctx, name)
	if err == nil {
		return apizone.Exists(provider, name)
	}
	if apizone.Status(err) != http.StatusNotFound {
		return err
	}
	return c.api.Do(ctx, http.MethodPost, "/domains/", map[string]string{"name": name.ASCII()}, nil)
}

// Change sends all changes as one.
func (c *Client) Change(ctx context.Context, name freehold.Name, changes []dnsexport.Change) error {
	now, err := c.Read(ctx, name)
	if err != nil {
		return err
	}
	if err := dnsexport.Unchanged(now, changes); err != nil {
		return err
	}
	var sets []set
	for _, ch := range changes {
		s := set{Subname: apizone.Relative(ch.Set.Owner, now.Origin, ""), Type: ch.Set.Type.String(), TTL: ch.Set.TTL, Records: []string{}}
		for _, d := range ch.Set.Data {
			s.Records = append(s.Records, zonefile.Data(ch.Set.Type, d))
		}
		sets = append(sets, s)
	}
	if len(sets) == 0 {
		return nil
	}
	return c.api.Do(ctx, http.MethodPatch, path(name)+"rrsets/", sets, nil)
}

type domain struct {
	Name string
	Keys []struct {
		DS      []string
		Managed *bool
	}
}

func (c *Client) domain(ctx context.Context, name freehold.Name) (domain, error) {
	var d domain
	return d, c.api.Do(ctx, http.MethodGet, path(name), nil, &d)
}

// Sign returns the DS records, in SHA-256, of the keys that deSEC signs every zone
// with.
func (c *Client) Sign(ctx context.Context, name freehold.Name) ([]freehold.DS, error) {
	d, err := c.domain(ctx, name)
	if err != nil {
		return nil, noZone(name, err)
	}
	const sha256 = 2 // RFC 4509
	var out []freehold.DS
	for _, k := range d.Keys {
		for _, text := range k.DS {
			var ds freehold.DS
			if n, _ := fmt.Sscanf(text, "%d %d %d %s", &ds.KeyTag, &ds.Algorithm, &ds.DigestType, &ds.Digest); n == 4 && ds.DigestType == sha256 {
				ds.Digest = strings.ToLower(ds.Digest)
				out = append(out, ds)
			}
		}
	}
	if len(out) == 0 {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s gives no DS record for %q", provider, name.ASCII())}
	}
	return out, nil
}

// Zones lists the account's zones.
func (c *Client) Zones(ctx context.Context) ([]string, error) {
	var out []string
	err := pages(ctx, c, "/domains/", &apizone.Turns{Provider: provider}, func(list []domain) error {
		for _, d := range list {
			out = append(out, d.Name)
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}

func noZone(name freehold.Name, err error) error {
	if apizone.Status(err) == http.StatusNotFound {
		return apizone.NoZone(provider, name, err)
	}
	return err
}
