// Package gandi reads and writes zones of Gandi's LiveDNS, version 5 of its API.
//
// The API lists record sets in the form of master files, names in rdata relative to
// the zone unless they end in a dot. The list has no pages and gives no count; the
// zone as text, which the same address gives as text/plain, is held against it. It
// holds no SOA.
//
// A change of one set is one request, so several sets are not changed together.
//
// Tested on recorded shapes; it was never tried against the live API, and the form
// of the text export least of all.
package gandi

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/apizone"
	"freehold/dnsexport/zonefile"
	"freehold/internal/providerapi"
)

// Base is the API's address.
const Base = "https://api.gandi.net/v5"

const provider = "Gandi LiveDNS"

// Client is one account.
type Client struct {
	api *providerapi.Client
	now func() time.Time
}

var _ dnsexport.Target = (*Client)(nil)

// New makes a client. config.Secret is a personal access token.
func New(config providerapi.Config, now func() time.Time) (*Client, error) {
	config.Provider, config.Header, config.Scheme = provider, "Authorization", "Bearer"
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

// Traits of LiveDNS.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: provider, Creates: true, OwnSOA: true, OwnNS: true, MinTTL: 300,
		Holds: apizone.Types("A AAAA CAA CDS CNAME DNAME DS HTTPS LOC MX NAPTR NS OPENPGPKEY PTR RP SPF SRV SSHFP SVCB TLSA TXT")}
}

type set struct {
	Name   string   `json:"rrset_name,omitempty"`
	Type   string   `json:"rrset_type,omitempty"`
	TTL    uint32   `json:"rrset_ttl"`
	Values []string `json:"rrset_values"`
}

func (c *Client) path(name freehold.Name) string {
	return "/livedns/domains/" + url.PathEscape(name.ASCII()) + "/records"
}

// Read lists the zone.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	var sets []set
	if err := c.api.Do(ctx, http.MethodGet, c.path(name), nil, &sets); err != nil {
		return nil, noZone(name, err)
	}
	l := apizone.New(provider, name, c.now())
	l.Base = l.Origin
	foreign := 0
	for _, s := range sets {
		if err := l.Once(s.Name + " " + s.Type); err != nil {
			return nil, err
		}
		owner, err := l.Owner(s.Name)
		if err != nil {
			return nil, err
		}
		for _, v := range s.Values {
			if s.Type == "ALIAS" {
				foreign++
				l.Foreign(owner, s.Type, s.TTL, v, freehold.T("The provider answers with the addresses of another name here. Elsewhere this is called ALIAS, ANAME or flattening, or has to become plain addresses."))
				continue
			}
			if err := l.Add("", owner, s.Type, s.TTL, v); err != nil {
				return nil, err
			}
		}
	}
	if err := c.compare(ctx, l, name, foreign); err != nil {
		return nil, err
	}
	return l.Zone(), nil
}

// compare counts the records of the zone as text. A text that no reader takes is
// told of in a note: the list is the source.
func (c *Client) compare(ctx context.Context, l *apizone.Listing, name freehold.Name, foreign int) error {
	answer, err := c.api.Send(ctx, providerapi.Request{Method: http.MethodGet, Path: c.path(name), Accept: "text/plain"})
	if err != nil {
		return err
	}
	z, err := zonefile.Read(bytes.NewReader(answer.Body), provider, zonefile.Options{Origin: l.Origin})
	if err != nil {
		l.Note("", freehold.T("The provider's export as text cannot be read, and was not counted: %s", freehold.OneLine(err.Error())))
		return nil
	}
	said := len(z.Records) + len(z.Foreign)
	if _, ok := z.SOA(); ok {
		said--
	}
	return l.Counted(l.Len()+foreign, said)
}

// Create makes the zone in LiveDNS, with nothing in it.
func (c *Client) Create(ctx context.Context, name freehold.Name) error {
	err := c.api.Do(ctx, http.MethodPost, "/livedns/domains", map[string]any{"fqdn": name.ASCII(), "zone": struct{}{}}, nil)
	if apizone.Status(err) == http.StatusConflict {
		return apizone.Exists(provider, name)
	}
	return err
}

// Change makes the sets what they are to be, one after another.
func (c *Client) Change(ctx context.Context, name freehold.Name, changes []dnsexport.Change) error {
	now, err := c.Read(ctx, name)
	if err != nil {
		return err
	}
	if err := dnsexport.Unchanged(now, changes); err != nil {
		return err
	}
	for _, ch := range changes {
		path := c.path(name) + "/" + url.PathEscape(apizone.Relative(ch.Set.Owner, now.Origin, "@")) + "/" + ch.Set.Type.String()
		if len(ch.Set.Data) == 0 {
			if err := c.api.Do(ctx, http.MethodDelete, path, nil, nil); err != nil {
				return err
			}
			continue
		}
		s := set{TTL: ch.Set.TTL}
		for _, d := range ch.Set.Data {
			s.Values = append(s.Values, zonefile.Data(ch.Set.Type, d))
		}
		if err := c.api.Do(ctx, http.MethodPut, path, s, nil); err != nil {
			return err
		}
	}
	return nil
}

// Zones lists the account's zones, in pages of a hundred.
func (c *Client) Zones(ctx context.Context) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for page := 1; ; page++ {
		var docs []struct{ FQDN string }
		if err := c.api.Do(ctx, http.MethodGet, "/livedns/domains?per_page=100&page="+strconv.Itoa(page), nil, &docs); err != nil {
			return nil, err
		}
		fresh := false
		for _, d := range docs {
			if !seen[d.FQDN] {
				seen[d.FQDN], fresh = true, true
				out = append(out, d.FQDN)
			}
		}
		// A server that knows no pages gives the same list again.
		if len(docs) < 100 || !fresh {
			slices.Sort(out)
			return out, nil
		}
	}
}

func noZone(name freehold.Name, err error) error {
	if apizone.Status(err) == http.StatusNotFound {
		return apizone.NoZone(provider, name, err)
	}
	return err
}
