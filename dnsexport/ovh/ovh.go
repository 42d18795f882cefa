// Package ovh reads and writes zones by OVHcloud's API, version 1.
//
// The zone comes as a master file from the API's own export, one request where the
// list of records takes one for each; the identifiers of the list are counted
// against it. Where a change needs identifiers, those of its record set alone are
// asked for. OVH has kinds of its own for some TXT records (SPF, DKIM, DMARC),
// which lie at the same names: they are taken for what they are. Nothing that was
// edited is served before the zone is refreshed, which ends every change.
//
// Requests are signed; the time of the signature is the server's, asked for once.
// Web redirects and dynamic addresses are listed as foreign objects.
//
// Tested on recorded shapes; it was never tried against the live API.
package ovh

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/apizone"
	"freehold/dnsexport/zonefile"
	"freehold/internal/providerapi"
	"freehold/internal/providerapi/ovhauth"
)

const provider = ovhauth.Provider

// Keys prove who asks.
type Keys = ovhauth.Keys

// Client is one account.
type Client struct {
	api *providerapi.Client
	now func() time.Time
}

var _ dnsexport.Target = (*Client)(nil)

// New makes a client.
func New(config providerapi.Config, keys Keys, now func() time.Time) (*Client, error) {
	if now == nil {
		now = time.Now
	}
	api, err := ovhauth.New(config, keys, now)
	if err != nil {
		return nil, err
	}
	return &Client{api, now}, nil
}

// Traits of OVH.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: provider, OwnSOA: true, OwnNS: true, MinTTL: 60, Holds: apizone.Types("A AAAA CAA CNAME LOC MX NAPTR NS PTR SRV SSHFP TLSA TXT")}
}

func path(name freehold.Name) string { return "/domain/zone/" + url.PathEscape(name.ASCII()) }

// Read exports the zone, and counts it.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	z, err := c.export(ctx, name)
	if err != nil {
		return nil, err
	}
	l := apizone.New(provider, name, c.now())
	for _, r := range z.Records {
		if err := l.AddData("", r.Owner, r.Type, r.TTL, r.Data); err != nil {
			return nil, err
		}
	}
	var ids []int64
	if err := c.api.Do(ctx, http.MethodGet, path(name)+"/record", nil, &ids); err != nil {
		return nil, noZone(name, err)
	}
	own := 0 // the SOA and the apex's name servers, which the list may leave out
	for _, r := range z.Records {
		if r.Owner.Equal(z.Origin) && (r.Type == freehold.TypeSOA || r.Type == freehold.TypeNS) {
			own++
		}
	}
	if n := len(z.Records); len(ids) > n || len(ids) < n-own {
		return nil, l.Counted(n, len(ids))
	}
	if err := c.beside(ctx, name, l); err != nil {
		return nil, err
	}
	out := l.Zone()
	out.Notes, out.Comments = append(out.Notes, z.Notes...), z.Comments
	return out, nil
}

// export reads the zone as a master file.
func (c *Client) export(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	var text string
	if err := c.api.Do(ctx, http.MethodGet, path(name)+"/export", nil, &text); err != nil {
		return nil, noZone(name, err)
	}
	z, err := zonefile.Read(strings.NewReader(text), provider, zonefile.Options{Origin: freehold.OwnerOf(name.Host())})
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("the export that %s gives of %q cannot be read", provider, name.ASCII()), Err: err}
	}
	return z, nil
}

// beside lists web redirects and dynamic addresses. Both have records of their own
// in the zone, which lead to OVH's servers or move with a client.
func (c *Client) beside(ctx context.Context, name freehold.Name, l *apizone.Listing) error {
	for _, kind := range []struct {
		path, what string
		note       freehold.Text
	}{
		{"/redirection", "web redirect", freehold.T("The provider's web server redirects this name. Set it up anew on a web server, or as a redirect at the next provider.")},
		{"/dynHost/record", "dynamic address", freehold.T("A dynamic DNS client moves this address: it has to be told of the next provider.")},
	} {
		var ids []int64
		err := c.api.Do(ctx, http.MethodGet, path(name)+kind.path, nil, &ids)
		if k := freehold.KindOf(err); k == freehold.KindPermission || k == freehold.KindNotFound {
			l.Note(kind.what, freehold.T("The key may not list them: whether there are any is not known."))
			continue
		}
		if err != nil {
			return err
		}
		for _, id := range ids {
			var doc struct{ SubDomain, Target, Type, IP string }
			if err := c.api.Do(ctx, http.MethodGet, path(name)+kind.path+"/"+strconv.FormatInt(id, 10), nil, &doc); err != nil {
				return err
			}
			owner, err := l.Owner(doc.SubDomain)
			if err != nil {
				return err
			}
			l.Foreign(owner, kind.what, 0, strings.TrimSpace(doc.Target+" "+doc.Type+doc.IP), kind.note)
		}
	}
	return nil
}

// Create tells whether the zone is there: a zone is ordered.
func (c *Client) Create(ctx context.Context, name freehold.Name) error {
	return apizone.MakeByHand(ctx, c, provider, name, freehold.T("order a DNS zone for the name in the provider's panel"))
}

type record struct {
	ID     int64  `json:"id,omitempty"`
	Kind   string `json:"fieldType,omitempty"`
	Sub    string `json:"subDomain"`
	Target string `json:"target"`
	TTL    uint32 `json:"ttl"`
}

// kinds are what OVH files a type under.
func kinds(t freehold.RRType) []string {
	if t == freehold.TypeTXT {
		return []string{"TXT", "SPF", "DKIM", "DMARC"}
	}
	return []string{t.String()}
}

// Change makes the sets what they are to be, record by record, and has the zone
// served anew.
func (c *Client) Change(ctx context.Context, name freehold.Name, changes []dnsexport.Change) error {
	now, err := c.export(ctx, name)
	if err != nil {
		return err
	}
	if err := dnsexport.Unchanged(now, changes); err != nil || len(changes) == 0 {
		return err
	}
	for _, ch := range changes {
		entries, err := c.entries(ctx, name, now, ch)
		if err != nil {
			return err
		}
		if err := apizone.Apply(entries, []dnsexport.Change{ch}, c.editor(ctx, name, now.Origin)); err != nil {
			return err
		}
	}
	return c.api.Do(ctx, http.MethodPost, path(name)+"/refresh", nil, nil)
}

func (c *Client) editor(ctx context.Context, name freehold.Name, origin freehold.Owner) apizone.Editor {
	at := path(name) + "/record"
	return apizone.Editor{
		Update: func(id string, r freehold.Record) error {
			out := send(r, origin)
			out.Kind = "" // a record keeps its kind
			return c.api.Do(ctx, http.MethodPut, at+"/"+url.PathEscape(id), out, nil)
		},
		Add:  func(r freehold.Record) error { return c.api.Do(ctx, http.MethodPost, at, send(r, origin), nil) },
		Drop: func(id string) error { return c.api.Do(ctx, http.MethodDelete, at+"/"+url.PathEscape(id), nil, nil) },
	}
}

func send(r freehold.Record, origin freehold.Owner) record {
	return record{Kind: r.Type.String(), Sub: apizone.Relative(r.Owner, origin, ""), Target: zonefile.Data(r.Type, r.Data), TTL: r.TTL}
}

// entries finds the identifiers of one record set.
func (c *Client) entries(ctx context.Context, name freehold.Name, z *freehold.Zone, ch dnsexport.Change) ([]apizone.Entry, error) {
	if len(ch.Was.Data) == 0 {
		return nil, nil
	}
	l := apizone.New(provider, name, c.now())
	l.Base = l.Origin
	for _, kind := range kinds(ch.Set.Type) {
		var ids []int64
		query := url.Values{"fieldType": {kind}, "subDomain": {apizone.Relative(ch.Set.Owner, z.Origin, "")}}
		if err := c.api.Do(ctx, http.MethodGet, path(name)+"/record?"+query.Encode(), nil, &ids); err != nil {
			return nil, err
		}
		for _, id := range ids {
			var r record
			if err := c.api.Do(ctx, http.MethodGet, path(name)+"/record/"+strconv.FormatInt(id, 10), nil, &r); err != nil {
				return nil, err
			}
			owner, err := l.Owner(r.Sub)
			if err != nil {
				return nil, err
			}
			// The filter may be taken for a pattern: what it gave too much is left alone.
			if !owner.Equal(ch.Set.Owner) || r.Kind != kind {
				continue
			}
			if err := add(l, strconv.FormatInt(id, 10), owner, ch.Set.Type, r); err != nil {
				return nil, err
			}
		}
	}
	return l.Entries(), nil
}

// add reads one record of the list. Text may stand there without its quotes.
func add(l *apizone.Listing, id string, owner freehold.Owner, t freehold.RRType, r record) error {
	if t == freehold.TypeTXT && !strings.HasPrefix(r.Target, `"`) {
		return l.AddData(id, owner, t, r.TTL, apizone.Text(r.Target))
	}
	return l.Add(id, owner, t.String(), r.TTL, r.Target)
}

// Zones lists the account's zones.
func (c *Client) Zones(ctx context.Context) ([]string, error) {
	var out []string
	err := c.api.Do(ctx, http.MethodGet, "/domain/zone", nil, &out)
	slices.Sort(out)
	return out, err
}

func noZone(name freehold.Name, err error) error {
	if apizone.Status(err) == http.StatusNotFound {
		return apizone.NoZone(provider, name, err)
	}
	return err
}
