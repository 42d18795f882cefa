// Package hetzner reads and writes zones of Hetzner's DNS, which is a part of its
// Cloud API, version 1. The older DNS Console's API is not spoken.
//
// Record sets come in pages with a total, names in rdata relative to the zone
// unless they end in a dot. A set without a TTL of its own has the zone's. Every
// change of a set is an action, which is waited for.
//
// Tested on recorded shapes; it was never tried against the live API.
package hetzner

import (
	"context"
	"errors"
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
const Base = "https://api.hetzner.cloud/v1"

const provider = "Hetzner"

// Client is one project.
type Client struct {
	api  *providerapi.Client
	wait func(ctx context.Context, d time.Duration) error
	now  func() time.Time
}

var _ dnsexport.Target = (*Client)(nil)

// New makes a client. config.Secret is a token of the project.
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
	return &Client{api, api.Wait, now}, nil
}

// Traits of Hetzner.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: provider, Creates: true, OwnSOA: true, OwnNS: true, MinTTL: 60,
		Holds: apizone.Types("A AAAA CAA CNAME DS HINFO HTTPS MX NS PTR RP SRV SVCB TLSA TXT")}
}

type value struct {
	Value string `json:"value"`
}

type set struct {
	Name    string  `json:"name"`
	Type    string  `json:"type"`
	TTL     *uint32 `json:"ttl"`
	Records []value `json:"records"`
}

type meta struct {
	Pagination struct {
		Next  int  `json:"next_page"`
		Total *int `json:"total_entries"`
	}
}

type zoneDoc struct {
	Zone struct {
		TTL  uint32
		Mode string
	}
}

func path(name freehold.Name) string { return "/zones/" + url.PathEscape(name.ASCII()) }

// Read lists the zone.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	var doc zoneDoc
	if err := c.api.Do(ctx, http.MethodGet, path(name), nil, &doc); err != nil {
		return nil, noZone(name, err)
	}
	l := apizone.New(provider, name, c.now())
	l.Base = l.Origin
	if doc.Zone.Mode != "primary" {
		l.Note("", freehold.T("The provider calls this zone %q: its records are set or served elsewhere too.", freehold.OneLine(doc.Zone.Mode)))
	}
	sets := 0
	for page := 1; page != 0; {
		if err := l.Page(strconv.Itoa(page)); err != nil {
			return nil, err
		}
		var list struct {
			Sets []set `json:"rrsets"`
			Meta meta
		}
		if err := c.api.Do(ctx, http.MethodGet, path(name)+"/rrsets?per_page=50&page="+strconv.Itoa(page), nil, &list); err != nil {
			return nil, noZone(name, err)
		}
		for _, s := range list.Sets {
			if err := s.add(l, doc.Zone.TTL); err != nil {
				return nil, err
			}
			sets++
		}
		if page = list.Meta.Pagination.Next; page == 0 {
			if list.Meta.Pagination.Total == nil {
				return nil, l.Counted(sets, -1)
			}
			if err := l.Counted(sets, *list.Meta.Pagination.Total); err != nil {
				return nil, err
			}
		}
	}
	return l.Zone(), nil
}

func (s set) add(l *apizone.Listing, zoneTTL uint32) error {
	if err := l.Once(s.Name + " " + s.Type); err != nil {
		return err
	}
	owner, err := l.Owner(s.Name)
	if err != nil {
		return err
	}
	ttl := zoneTTL
	if s.TTL != nil {
		ttl = *s.TTL
	}
	for _, v := range s.Records {
		if err := l.Add("", owner, s.Type, ttl, v.Value); err != nil {
			return err
		}
	}
	return nil
}

// action is something under way.
type action struct {
	Action struct {
		ID     int64
		Status string // running, success, error
		Error  *struct{ Message string }
	}
}

// How an action is waited for.
const (
	actionPause = time.Second
	actionTries = 60
)

// act sends a request that begins an action, and waits for its end.
func (c *Client) act(ctx context.Context, method, at string, in any) error {
	var a action
	if err := c.api.Do(ctx, method, at, in, &a); err != nil {
		return err
	}
	for try := 0; a.Action.Status == "running" && try < actionTries; try++ {
		if err := c.wait(ctx, actionPause); err != nil {
			return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s was not waited for", provider), Err: err}
		}
		if err := c.api.Do(ctx, http.MethodGet, "/actions/"+strconv.FormatInt(a.Action.ID, 10), nil, &a); err != nil {
			return err
		}
	}
	if a.Action.Status == "success" {
		return nil
	}
	e := &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s began the change and did not finish it", provider)}
	if a.Action.Error != nil {
		e.Err = errors.New(freehold.OneLine(a.Action.Error.Message))
	}
	return e
}

// Create makes an empty zone.
func (c *Client) Create(ctx context.Context, name freehold.Name) error {
	err := c.api.Do(ctx, http.MethodGet, path(name), nil, nil)
	if err == nil {
		return apizone.Exists(provider, name)
	}
	if apizone.Status(err) != http.StatusNotFound {
		return err
	}
	return c.act(ctx, http.MethodPost, "/zones", map[string]string{"name": name.ASCII(), "mode": "primary"})
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
		if err := c.change(ctx, name, now.Origin, ch); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) change(ctx context.Context, name freehold.Name, origin freehold.Owner, ch dnsexport.Change) error {
	owner := apizone.Relative(ch.Set.Owner, origin, "@")
	at := path(name) + "/rrsets/" + url.PathEscape(owner) + "/" + ch.Set.Type.String()
	s := set{Name: owner, Type: ch.Set.Type.String(), TTL: &ch.Set.TTL}
	for _, d := range ch.Set.Data {
		s.Records = append(s.Records, value{zonefile.Data(ch.Set.Type, d)})
	}
	switch {
	case len(ch.Set.Data) == 0:
		return c.act(ctx, http.MethodDelete, at, nil)
	case len(ch.Was.Data) == 0:
		return c.act(ctx, http.MethodPost, path(name)+"/rrsets", s)
	}
	if !slices.Equal(ch.Was.Data, ch.Set.Data) {
		if err := c.act(ctx, http.MethodPost, at+"/actions/set_records", map[string]any{"records": s.Records}); err != nil {
			return err
		}
	}
	if ch.Was.TTL != ch.Set.TTL {
		return c.act(ctx, http.MethodPost, at+"/actions/change_ttl", map[string]any{"ttl": ch.Set.TTL})
	}
	return nil
}

// Zones lists the project's zones.
func (c *Client) Zones(ctx context.Context) ([]string, error) {
	var out []string
	turns := apizone.Turns{Provider: provider}
	for page := 1; page != 0; {
		if err := turns.Page(strconv.Itoa(page)); err != nil {
			return nil, err
		}
		var list struct {
			Zones []struct{ Name string }
			Meta  meta
		}
		if err := c.api.Do(ctx, http.MethodGet, "/zones?per_page=50&page="+strconv.Itoa(page), nil, &list); err != nil {
			return nil, err
		}
		for _, z := range list.Zones {
			out = append(out, z.Name)
		}
		page = list.Meta.Pagination.Next
	}
	slices.Sort(out)
	return out, nil
}

func noZone(name freehold.Name, err error) error {
	if apizone.Status(err) == http.StatusNotFound {
		return apizone.NoZone(provider, name, err)
	}
	return err
}
