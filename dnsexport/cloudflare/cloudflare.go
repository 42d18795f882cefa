// Package cloudflare reads and writes zones by Cloudflare's API, version 4.
//
// The list of records is the source, not the zone file that the API exports too:
// a CNAME at the apex, which Cloudflare flattens, makes that file one that no
// reader takes, and the export is limited to three a minute. The list holds
// neither the SOA nor Cloudflare's own name servers; both come from the servers
// when the copy is held against them.
//
// Proxied records are records and foreign objects at once: the world sees
// Cloudflare's addresses, and only the account knows the ones behind. Page rules,
// load balancers and mail routes are listed where the key may read them.
//
// Changes go through the batch endpoint, which does a batch whole or not at all;
// more than two hundred edits take several.
//
// Tested on recorded shapes; it was never tried against the live API.
package cloudflare

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/apizone"
	"freehold/internal/providerapi"
)

// Base is the API's address.
const Base = "https://api.cloudflare.com/client/v4"

const provider = "Cloudflare"

// Client is one account.
type Client struct {
	api     *providerapi.Client
	account string
	now     func() time.Time
}

var _ dnsexport.Target = (*Client)(nil)

// New makes a client. config.Secret is an API token that may read the zones
// (Zone Read, DNS Read), and write them where it is to be a target (DNS Write).
// account is the account's identifier; zones can be made only with it.
func New(config providerapi.Config, account string, now func() time.Time) (*Client, error) {
	config.Provider, config.Header, config.Scheme = provider, "Authorization", "Bearer"
	config.Refused = refused
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
	return &Client{api: api, account: account, now: now}, nil
}

// refused finds "success": false in an answer with a status of success.
func refused(body []byte) (string, bool) {
	var doc struct {
		Success *bool
		Errors  []struct{ Message string }
	}
	if json.Unmarshal(body, &doc) != nil || doc.Success == nil || *doc.Success {
		return "", false
	}
	if len(doc.Errors) > 0 {
		return doc.Errors[0].Message, true
	}
	return "", true
}

// Traits of Cloudflare. Its own SOA and name servers are not records of the zone.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: provider, Creates: c.account != "", OwnSOA: true, OwnNS: true, MinTTL: 60,
		Holds: apizone.Types("A AAAA CAA CNAME DS HTTPS MX NAPTR NS PTR SMIMEA SRV SSHFP SVCB TLSA TXT URI"), Cannot: apizone.Parts}
}

// zone, info and record are the API's documents.
type zone struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"` // full, partial, secondary, internal
	Paused bool   `json:"paused"`
}

type info struct {
	Page       int  `json:"page"`
	TotalPages int  `json:"total_pages"`
	TotalCount *int `json:"total_count"`
}

// How many of a kind come in one page.
const (
	zonesAPage   = 50
	recordsAPage = 100
)

// pages reads every page of a list.
func pages[T any](ctx context.Context, c *Client, path string, size int, page func([]T) error) (total *int, err error) {
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	turns := apizone.Turns{Provider: provider}
	for n := 1; ; n++ {
		if err := turns.Page(strconv.Itoa(n)); err != nil {
			return nil, err
		}
		var doc struct {
			Result []T  `json:"result"`
			Info   info `json:"result_info"`
		}
		if err := c.api.Do(ctx, http.MethodGet, path+sep+"per_page="+strconv.Itoa(size)+"&page="+strconv.Itoa(n), nil, &doc); err != nil {
			return nil, err
		}
		if err := page(doc.Result); err != nil {
			return nil, err
		}
		total = doc.Info.TotalCount
		if n >= doc.Info.TotalPages || len(doc.Result) == 0 {
			return total, nil
		}
	}
}

// Zones lists the account's zones.
func (c *Client) Zones(ctx context.Context) ([]string, error) {
	path := "/zones"
	if c.account != "" {
		path += "?account.id=" + url.QueryEscape(c.account)
	}
	var out []string
	_, err := pages(ctx, c, path, zonesAPage, func(zs []zone) error {
		for _, z := range zs {
			if z.Type != "internal" {
				out = append(out, z.Name)
			}
		}
		return nil
	})
	slices.Sort(out)
	return slices.Compact(out), err
}

// find looks a zone up. Internal zones, which serve a private network, may have
// the name of a public one.
func (c *Client) find(ctx context.Context, name freehold.Name) (zone, error) {
	path := "/zones?name=" + url.QueryEscape(name.ASCII())
	if c.account != "" {
		path += "&account.id=" + url.QueryEscape(c.account)
	}
	var found []zone
	_, err := pages(ctx, c, path, zonesAPage, func(zs []zone) error {
		for _, z := range zs {
			if strings.EqualFold(z.Name, name.ASCII()) && z.Type != "internal" {
				found = append(found, z)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return zone{}, err
	case len(found) == 0:
		return zone{}, apizone.NoZone(provider, name, nil)
	case len(found) > 1:
		return zone{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%s shows several zones %q to this key", provider, name.ASCII()), Advice: freehold.T("name the account: account = %q", "…")}
	}
	return found[0], nil
}

// Read lists the zone.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	z, err := c.find(ctx, name)
	if err != nil {
		return nil, err
	}
	l, _, err := c.list(ctx, name, z)
	if err != nil {
		return nil, err
	}
	if err := c.beside(ctx, l, z); err != nil {
		return nil, err
	}
	return l.Zone(), nil
}

// list reads the records, and which of them are proxied.
func (c *Client) list(ctx context.Context, name freehold.Name, z zone) (*apizone.Listing, map[string]bool, error) {
	l := apizone.New(provider, name, c.now())
	proxied := map[string]bool{}
	listed := 0
	total, err := pages(ctx, c, "/zones/"+url.PathEscape(z.ID)+"/dns_records", recordsAPage, func(records []record) error {
		for _, r := range records {
			if err := l.Once(r.ID); err != nil {
				return err
			}
			if err := r.add(l); err != nil {
				return err
			}
			proxied[r.ID] = r.Proxied
			listed++
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if total == nil {
		return nil, nil, l.Counted(listed, -1)
	}
	if z.Type != "full" && z.Type != "" {
		l.Note("", freehold.T("The provider calls this zone %q: its records are set or served elsewhere too.", freehold.OneLine(z.Type)))
	}
	return l, proxied, l.Counted(listed, *total)
}

// beside lists what is no record: page rules, load balancers and mail routes. A
// key that may not read them is told of in a note.
func (c *Client) beside(ctx context.Context, l *apizone.Listing, z zone) error {
	root := "/zones/" + url.PathEscape(z.ID)
	for _, kind := range []struct {
		path string
		what string
		add  func([]byte) error
	}{
		{root + "/pagerules", "page rules", func(b []byte) error { return pageRules(l, b) }},
		{root + "/load_balancers", "load balancers", func(b []byte) error { return loadBalancers(l, b) }},
		{root + "/email/routing/rules?per_page=50", "mail routes", func(b []byte) error { return mailRoutes(l, b) }},
	} {
		body, err := c.api.Raw(ctx, http.MethodGet, kind.path, nil)
		if k := freehold.KindOf(err); err != nil && (k == freehold.KindPermission || k == freehold.KindNotFound || k == freehold.KindInvalid) {
			l.Note(kind.what, freehold.T("The key may not list them: whether there are any is not known."))
			continue
		}
		if err == nil {
			err = kind.add(body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Create makes an empty zone in the account.
func (c *Client) Create(ctx context.Context, name freehold.Name) error {
	if _, err := c.find(ctx, name); !errors.Is(err, dnsexport.ErrNoZone) {
		if err == nil {
			err = apizone.Exists(provider, name)
		}
		return err
	}
	if c.account == "" {
		return apizone.ByHand(provider, name, freehold.T("name the account: account = %q", "…"))
	}
	doc := map[string]any{"name": name.ASCII(), "type": "full", "account": map[string]string{"id": c.account}}
	return c.api.Do(ctx, http.MethodPost, "/zones", doc, nil)
}

// maxBatch is what the batch endpoint takes from any account; paid ones may more.
const maxBatch = 200

// batch is one batch. Cloudflare deletes first, then puts, then posts, in one
// transaction of its database.
type batch struct {
	Deletes []deletion `json:"deletes,omitempty"`
	Puts    []sent     `json:"puts,omitempty"`
	Posts   []sent     `json:"posts,omitempty"`
}

type deletion struct {
	ID string `json:"id"`
}

func (b *batch) len() int { return len(b.Deletes) + len(b.Puts) + len(b.Posts) }

// Change makes the sets what they are to be. What is proxied stays proxied where
// its record is changed in its place.
func (c *Client) Change(ctx context.Context, name freehold.Name, changes []dnsexport.Change) error {
	z, err := c.find(ctx, name)
	if err != nil {
		return err
	}
	l, proxied, err := c.list(ctx, name, z)
	if err != nil {
		return err
	}
	if err := dnsexport.Unchanged(l.Zone(), changes); err != nil {
		return err
	}
	if err := apizone.Refuse(provider, changes, c.Traits().Cannot); err != nil {
		return err
	}
	var b batch
	flush := func() error {
		if b.len() == 0 {
			return nil
		}
		err := c.api.Do(ctx, http.MethodPost, "/zones/"+url.PathEscape(z.ID)+"/dns_records/batch", b, nil)
		b = batch{}
		return err
	}
	sets := apizone.Group(l.Entries())
	for _, ch := range changes {
		e := sets.Edit(ch)
		if b.len()+len(e.Add)+len(e.Drop)+len(e.Update) > maxBatch {
			if err := flush(); err != nil {
				return err
			}
		}
		for _, d := range e.Drop {
			b.Deletes = append(b.Deletes, deletion{d.ID})
		}
		for _, u := range e.Update {
			s := send(u.Record)
			s.ID, s.Proxied = u.ID, proxied[u.ID]
			b.Puts = append(b.Puts, s)
		}
		for _, r := range e.Add {
			b.Posts = append(b.Posts, send(r))
		}
	}
	return flush()
}
