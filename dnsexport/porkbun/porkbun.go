// Package porkbun reads and writes zones by Porkbun's API, version 3.
//
// Every call is a POST, and says with the word "status" whether it was done,
// whatever the HTTP status. The records come in one answer without a count. Names
// are whole and lack their final dots, numbers are text, the priority of MX and
// SRV records is a member of its own, and the text of TXT records is bare.
//
// The API has to be switched on for each domain. Every edit is a request of its
// own. Web redirects are listed as foreign objects.
//
// Tested on recorded shapes; it was never tried against the live API.
package porkbun

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
)

// Base is the API's address.
const Base = "https://api.porkbun.com/api/json/v3"

const provider = "Porkbun"

// Client is one account.
type Client struct {
	api *providerapi.Client
	now func() time.Time
}

var _ dnsexport.Target = (*Client)(nil)

// New makes a client. key is the API key, config.Secret its secret.
func New(config providerapi.Config, key string, now func() time.Time) (*Client, error) {
	config.Provider, config.Header, config.Refused = provider, "X-Secret-API-Key", refused
	config.Sign = func(r *http.Request, _ []byte) error {
		r.Header.Set("X-API-Key", key)
		return nil
	}
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
	var doc struct{ Status, Message string }
	if json.Unmarshal(body, &doc) != nil || doc.Status == "SUCCESS" {
		return "", false
	}
	return doc.Message, true
}

// Traits of Porkbun.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: provider, OwnSOA: true, OwnNS: true, MinTTL: 600, Holds: apizone.Types("A AAAA CAA CNAME HTTPS MX NS SRV SVCB TLSA TXT"), Cannot: apizone.Plain}
}

type record struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Content string `json:"content"`
	TTL     text   `json:"ttl"`
	Prio    *text  `json:"prio"`
}

// text is a number that may come as text.
type text string

// UnmarshalJSON takes either.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = text(strings.Trim(string(b), `"`))
	return nil
}

// call asks the API something that changes nothing.
func (c *Client) call(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := c.api.Send(ctx, providerapi.Request{Method: http.MethodPost, Path: path, Body: body, Reads: true})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s does not list what was asked for", provider), Err: err}
	}
	return nil
}

var nothing = struct{}{}

func (c *Client) list(ctx context.Context, name freehold.Name) (*apizone.Listing, error) {
	var doc struct {
		Status  string
		Records []record
	}
	if err := c.call(ctx, "/dns/retrieve/"+url.PathEscape(name.ASCII()), nothing, &doc); err != nil {
		return nil, noZone(name, err)
	}
	l := apizone.New(provider, name, c.now())
	if doc.Status != "SUCCESS" || doc.Records == nil {
		return nil, l.Counted(0, -1)
	}
	for _, r := range doc.Records {
		if err := l.Once(r.ID); err != nil {
			return nil, err
		}
		if err := r.add(l); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (r record) add(l *apizone.Listing) error {
	owner, err := l.FullOwner(r.Name)
	if err != nil {
		return err
	}
	ttl, ok := apizone.Seconds(string(r.TTL))
	if !ok {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("a number is missing in the record %q", freehold.OneLine(r.Name+" "+r.Type))}
	}
	content := r.Content
	switch r.Type {
	case "ALIAS":
		l.Foreign(owner, r.Type, ttl, content, freehold.T("The provider answers with the addresses of another name here. Elsewhere this is called ALIAS, ANAME or flattening, or has to become plain addresses."))
		return nil
	case "TXT":
		return l.AddData(r.ID, owner, freehold.TypeTXT, ttl, apizone.Text(content))
	case "MX", "SRV":
		if full := map[string]int{"MX": 2, "SRV": 4}[r.Type]; len(strings.Fields(content)) < full {
			if r.Prio == nil || *r.Prio == "" || *r.Prio == "null" {
				return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("a number is missing in the record %q", freehold.OneLine(r.Name+" "+r.Type))}
			}
			content = string(*r.Prio) + " " + content
		}
	}
	return l.Add(r.ID, owner, r.Type, ttl, content)
}

// Read lists the zone.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	l, err := c.list(ctx, name)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Forwards []struct{ Subdomain, Location, Type string }
	}
	err = c.call(ctx, "/domain/getUrlForwarding/"+url.PathEscape(name.ASCII()), nothing, &doc)
	if k := freehold.KindOf(err); k == freehold.KindInvalid || k == freehold.KindPermission || k == freehold.KindNotFound {
		l.Note("web redirects", freehold.T("The key may not list them: whether there are any is not known."))
		return l.Zone(), nil
	}
	if err != nil {
		return nil, err
	}
	for _, f := range doc.Forwards {
		owner, err := l.Owner(f.Subdomain)
		if err != nil {
			return nil, err
		}
		l.Foreign(owner, "web redirect", 0, f.Location+" ("+f.Type+")", freehold.T("The provider's web server redirects this name. Set it up anew on a web server, or as a redirect at the next provider."))
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
	at := url.PathEscape(name.ASCII())
	return apizone.Apply(l.Entries(), changes, apizone.Editor{
		Update: func(id string, r freehold.Record) error {
			return c.api.Do(ctx, http.MethodPost, "/dns/edit/"+at+"/"+url.PathEscape(id), send(r, l.Origin), nil)
		},
		Add: func(r freehold.Record) error {
			return c.api.Do(ctx, http.MethodPost, "/dns/create/"+at, send(r, l.Origin), nil)
		},
		Drop: func(id string) error {
			return c.api.Do(ctx, http.MethodPost, "/dns/delete/"+at+"/"+url.PathEscape(id), nothing, nil)
		},
	})
}

// send is a record as the API takes it.
func send(r freehold.Record, origin freehold.Owner) map[string]string {
	out := map[string]string{"name": apizone.Relative(r.Owner, origin, ""), "type": r.Type.String(), "ttl": strconv.Itoa(int(r.TTL))}
	content := zonefile.Data(r.Type, r.Data)
	switch r.Type {
	case freehold.TypeTXT:
		content = apizone.Joined(r.Data)
	case freehold.TypeMX, freehold.TypeSRV:
		out["prio"], content, _ = strings.Cut(content, " ")
	}
	switch r.Type {
	case freehold.TypeMX, freehold.TypeSRV, freehold.TypeCNAME, freehold.TypeNS:
		// The root alone keeps its dot (RFC 7505, RFC 2782).
		if content != "." && !strings.HasSuffix(content, " .") {
			content = strings.TrimSuffix(content, ".")
		}
	}
	out["content"] = content
	return out
}

// Zones lists the account's domains, a thousand at a time.
func (c *Client) Zones(ctx context.Context) ([]string, error) {
	var out []string
	turns := apizone.Turns{Provider: provider}
	for start := 0; ; start += 1000 {
		if err := turns.Page(strconv.Itoa(start)); err != nil {
			return nil, err
		}
		var doc struct{ Domains []struct{ Domain string } }
		if err := c.call(ctx, "/domain/listAll", map[string]string{"start": fmt.Sprint(start)}, &doc); err != nil {
			return nil, err
		}
		for _, d := range doc.Domains {
			if slices.Contains(out, d.Domain) {
				return nil, turns.Page(strconv.Itoa(start))
			}
			out = append(out, d.Domain)
		}
		if len(doc.Domains) < 1000 {
			slices.Sort(out)
			return out, nil
		}
	}
}

// noZone marks how Porkbun says that a domain is not the account's, or not open to
// the API: a refusal with the words "invalid domain".
func noZone(name freehold.Name, err error) error {
	var s *providerapi.StatusError
	if errors.As(err, &s) && (s.Status == http.StatusNotFound || strings.Contains(strings.ToLower(s.Message), "invalid domain")) {
		return apizone.NoZone(provider, name, err)
	}
	return err
}
