// Package infomaniak reads and writes zones by Infomaniak's API, version 2.
//
// Every answer says with the word "result" whether it was a success. The apex is
// "." in the list, names are relative to the zone, names in data lack their final
// dots, and MX, SRV and CAA data stands whole in the target. Names in the answers
// are those of libraries that read this API; whether a long list comes in pages is
// not documented, so pages are followed where the answer counts them.
//
// Every edit is a request of its own. Tested on recorded shapes; it was never tried
// against the live API.
package infomaniak

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/apizone"
	"freehold/dnsexport/zonefile"
	"freehold/internal/providerapi"
)

// Base is the API's address.
const Base = "https://api.infomaniak.com"

const provider = "Infomaniak"

// Client is one account.
type Client struct {
	api *providerapi.Client
	now func() time.Time
}

var _ dnsexport.Target = (*Client)(nil)

// New makes a client. config.Secret is an API token with the scope "domain" or "dns".
func New(config providerapi.Config, now func() time.Time) (*Client, error) {
	config.Provider, config.Header, config.Scheme, config.Refused = provider, "Authorization", "Bearer", refused
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

func refused(body []byte) (string, bool) {
	var doc struct {
		Result string
		Error  struct{ Code, Description string }
	}
	// An error of another shape still says "result": "error".
	_ = json.Unmarshal(body, &doc)
	if doc.Result != "error" {
		return "", false
	}
	return strings.TrimSpace(doc.Error.Code + " " + doc.Error.Description), true
}

// Traits of Infomaniak.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: provider, OwnSOA: true, OwnNS: true, MinTTL: 60, Holds: apizone.Types("A AAAA CAA CNAME DS MX NS SRV SSHFP TLSA TXT"), Cannot: apizone.Plain}
}

type record struct {
	ID     int64  `json:"id,omitempty"`
	Source string `json:"source"`
	Type   string `json:"type"`
	TTL    uint32 `json:"ttl"`
	Target string `json:"target"`
	// DynDNS is set where a client moves the address.
	DynDNS *int64 `json:"dyndns_id,omitempty"`
}

func path(name freehold.Name) string {
	return "/2/zones/" + url.PathEscape(name.ASCII()) + "/records"
}

func (c *Client) list(ctx context.Context, name freehold.Name) (*apizone.Listing, error) {
	l := apizone.New(provider, name, c.now())
	listed := 0
	for page, last := 1, 1; page <= last; page++ {
		if err := l.Page(strconv.Itoa(page)); err != nil {
			return nil, err
		}
		var doc struct {
			Result string
			Data   []record
			Pages  int
			Total  *int
		}
		at := path(name) + "?with=records_description"
		if page > 1 {
			at += "&page=" + strconv.Itoa(page)
		}
		if err := c.api.Do(ctx, http.MethodGet, at, nil, &doc); err != nil {
			return nil, noZone(name, err)
		}
		if doc.Result != "success" || page > 1 && len(doc.Data) == 0 {
			return nil, l.Counted(listed, -1)
		}
		for _, r := range doc.Data {
			if err := l.Once(strconv.FormatInt(r.ID, 10)); err != nil {
				return nil, err
			}
			if err := r.add(l); err != nil {
				return nil, err
			}
			listed++
		}
		if last = max(last, doc.Pages); page == last && doc.Total != nil {
			if err := l.Counted(listed, *doc.Total); err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}

func (r record) add(l *apizone.Listing) error {
	owner, err := l.Owner(r.Source)
	if err != nil {
		return err
	}
	if r.DynDNS != nil && *r.DynDNS != 0 {
		l.Note(r.Source, freehold.T("A dynamic DNS client moves this address: it has to be told of the next provider."))
	}
	id := strconv.FormatInt(r.ID, 10)
	if r.Type == "TXT" {
		return l.AddData(id, owner, freehold.TypeTXT, r.TTL, apizone.Text(unquoted(r.Target)))
	}
	return l.Add(id, owner, r.Type, r.TTL, r.Target)
}

// unquoted takes the quotes and escapes off a text, as a program's string has them.
func unquoted(s string) string {
	if plain, err := strconv.Unquote(s); err == nil && strings.HasPrefix(s, `"`) {
		return plain
	}
	return s
}

// Read lists the zone.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	l, err := c.list(ctx, name)
	if err != nil {
		return nil, err
	}
	return l.Zone(), nil
}

// Create tells whether the zone is there: it comes with the domain.
func (c *Client) Create(ctx context.Context, name freehold.Name) error {
	return apizone.MakeByHand(ctx, c, provider, name, freehold.T("the zone comes with the domain: it has to be registered there, or added by hand"))
}

// Change makes the sets what they are to be, record by record.
func (c *Client) Change(ctx context.Context, name freehold.Name, changes []dnsexport.Change) error {
	l, err := c.list(ctx, name)
	if err != nil {
		return err
	}
	if err := dnsexport.Unchanged(l.Zone(), changes); err != nil {
		return err
	}
	if err := apizone.Refuse(provider, changes, c.Traits().Cannot); err != nil {
		return err
	}
	return apizone.Apply(l.Entries(), changes, apizone.Editor{
		Update: func(id string, r freehold.Record) error {
			return c.send(ctx, http.MethodPut, path(name)+"/"+url.PathEscape(id), r, l.Origin)
		},
		Add: func(r freehold.Record) error { return c.send(ctx, http.MethodPost, path(name), r, l.Origin) },
		Drop: func(id string) error {
			return c.api.Do(ctx, http.MethodDelete, path(name)+"/"+url.PathEscape(id), nil, nil)
		},
	})
}

func (c *Client) send(ctx context.Context, method, at string, r freehold.Record, origin freehold.Owner) error {
	out := record{Source: apizone.Relative(r.Owner, origin, "."), Type: r.Type.String(), TTL: r.TTL, Target: zonefile.Data(r.Type, r.Data)}
	switch r.Type {
	case freehold.TypeTXT:
		out.Target = apizone.Joined(r.Data)
	case freehold.TypeMX, freehold.TypeSRV, freehold.TypeCNAME, freehold.TypeNS:
		// The root alone keeps its dot (RFC 7505, RFC 2782).
		if !strings.HasSuffix(out.Target, " .") {
			out.Target = strings.TrimSuffix(out.Target, ".")
		}
	}
	return c.api.Do(ctx, method, at, out, nil)
}

func noZone(name freehold.Name, err error) error {
	if apizone.Status(err) == http.StatusNotFound {
		return apizone.NoZone(provider, name, err)
	}
	return err
}
