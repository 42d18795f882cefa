// Package digitalocean reads and writes zones of DigitalOcean, version 2 of its API.
//
// Records come one by one, in pages with a total. Priority, weight, port, flags and
// tag are members of their own; names lack their final dots, the apex is "@", and
// the text of TXT records is bare. The SOA is listed without its data; it is taken
// from the zone file that the API adds to the domain, where that can be read.
//
// Every edit is a request of its own, so nothing is changed together.
//
// Tested on recorded shapes; it was never tried against the live API.
package digitalocean

import (
	"context"
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
const Base = "https://api.digitalocean.com/v2"

const provider = "DigitalOcean"

// Client is one account.
type Client struct {
	api *providerapi.Client
	now func() time.Time
}

var _ dnsexport.Target = (*Client)(nil)

// New makes a client. config.Secret is an API token.
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

// Traits of DigitalOcean.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: provider, Creates: true, OwnSOA: true, OwnNS: true, MinTTL: 30,
		Holds: apizone.Types("A AAAA CAA CNAME MX NS SRV TXT"), Cannot: apizone.Plain}
}

type record struct {
	ID       int64   `json:"id,omitempty"`
	Type     string  `json:"type"`
	Name     string  `json:"name"`
	Data     string  `json:"data"`
	Priority *int    `json:"priority"`
	Port     *int    `json:"port"`
	TTL      uint32  `json:"ttl"`
	Weight   *int    `json:"weight"`
	Flags    *int    `json:"flags"`
	Tag      *string `json:"tag"`
}

// text puts a record's members together as a master file has them.
func (r record) text() (string, error) {
	data := r.Data
	need := func(members ...*int) (string, error) {
		var words []string
		for _, m := range members {
			if m == nil {
				return "", &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("a number is missing in the record %q", freehold.OneLine(r.Name+" "+r.Type))}
			}
			words = append(words, strconv.Itoa(*m))
		}
		return strings.Join(append(words, data), " "), nil
	}
	switch r.Type {
	case "MX":
		return need(r.Priority)
	case "SRV":
		return need(r.Priority, r.Weight, r.Port)
	case "CAA":
		if r.Flags != nil && r.Tag != nil {
			return fmt.Sprintf("%d %s %s", *r.Flags, *r.Tag, quoted(data)), nil
		}
	}
	return data, nil
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func (r record) add(l *apizone.Listing) error {
	owner, err := l.Owner(r.Name)
	if err != nil {
		return err
	}
	id := strconv.FormatInt(r.ID, 10)
	if r.Type == "TXT" {
		return l.AddData(id, owner, freehold.TypeTXT, r.TTL, apizone.Text(r.Data))
	}
	if r.Data == "@" {
		r.Data = l.Origin.String()
	}
	text, err := r.text()
	if err != nil {
		return err
	}
	return l.Add(id, owner, r.Type, r.TTL, text)
}

func path(name freehold.Name) string { return "/domains/" + url.PathEscape(name.ASCII()) }

func (c *Client) list(ctx context.Context, name freehold.Name) (*apizone.Listing, error) {
	l := apizone.New(provider, name, c.now())
	listed := 0
	for page := "1"; page != ""; {
		if err := l.Page(page); err != nil {
			return nil, err
		}
		var doc struct {
			Records []record `json:"domain_records"`
			Links   links
			Meta    struct{ Total *int }
		}
		if err := c.api.Do(ctx, http.MethodGet, path(name)+"/records?per_page=200&page="+page, nil, &doc); err != nil {
			return nil, noZone(name, err)
		}
		for _, r := range doc.Records {
			listed++
			if r.Type == "SOA" {
				continue // without its data
			}
			if err := l.Once(strconv.FormatInt(r.ID, 10)); err != nil {
				return nil, err
			}
			if err := r.add(l); err != nil {
				return nil, err
			}
		}
		if page = doc.Links.next(); page != "" {
			continue
		}
		if doc.Meta.Total == nil {
			return nil, l.Counted(listed, -1)
		}
		if err := l.Counted(listed, *doc.Meta.Total); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// links lead to the next page.
type links struct {
	Pages struct{ Next string }
}

func (l links) next() string {
	u, err := url.Parse(l.Pages.Next)
	if err != nil {
		return ""
	}
	return url.QueryEscape(u.Query().Get("page"))
}

// Read lists the zone.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	l, err := c.list(ctx, name)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Domain struct {
			File string `json:"zone_file"`
		}
	}
	if err := c.api.Do(ctx, http.MethodGet, path(name), nil, &doc); err != nil {
		return nil, noZone(name, err)
	}
	if z, err := zonefile.Read(strings.NewReader(doc.Domain.File), provider, zonefile.Options{Origin: l.Origin}); err == nil {
		if soa, ok := z.SOA(); ok {
			if err := l.AddData("", soa.Owner, soa.Type, soa.TTL, soa.Data); err != nil {
				return nil, err
			}
		}
	}
	return l.Zone(), nil
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
	return c.api.Do(ctx, http.MethodPost, "/domains", map[string]string{"name": name.ASCII()}, nil)
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
			return c.api.Do(ctx, http.MethodPut, path(name)+"/records/"+url.PathEscape(id), send(r, l.Origin), nil)
		},
		Add: func(r freehold.Record) error {
			return c.api.Do(ctx, http.MethodPost, path(name)+"/records", send(r, l.Origin), nil)
		},
		Drop: func(id string) error {
			return c.api.Do(ctx, http.MethodDelete, path(name)+"/records/"+url.PathEscape(id), nil, nil)
		},
	})
}

// send is a record as the API takes it. Names end in a dot, or they would be taken
// for relative ones; the domain of a CAA record has one too.
func send(r freehold.Record, origin freehold.Owner) record {
	out := record{Type: r.Type.String(), Name: apizone.Relative(r.Owner, origin, "@"), TTL: r.TTL}
	words := strings.Fields(zonefile.Data(r.Type, r.Data))
	n := func(i int) *int {
		v, _ := strconv.Atoi(words[i])
		return &v
	}
	switch r.Type {
	case freehold.TypeTXT:
		out.Data = apizone.Joined(r.Data)
	case freehold.TypeMX:
		out.Priority, out.Data = n(0), words[1]
	case freehold.TypeSRV:
		out.Priority, out.Weight, out.Port, out.Data = n(0), n(1), n(2), words[3]
	case freehold.TypeCAA:
		tag := r.Data[2 : 2+int(r.Data[1])]
		out.Flags, out.Tag, out.Data = n(0), &tag, r.Data[2+len(tag):]
		if strings.HasPrefix(tag, "issue") && !strings.ContainsAny(out.Data, "; ") && out.Data != "" {
			out.Data = strings.TrimSuffix(out.Data, ".") + "."
		}
	default:
		out.Data = words[0]
	}
	return out
}

// Zones lists the account's zones.
func (c *Client) Zones(ctx context.Context) ([]string, error) {
	var out []string
	turns := apizone.Turns{Provider: provider}
	for page := "1"; page != ""; {
		if err := turns.Page(page); err != nil {
			return nil, err
		}
		var doc struct {
			Domains []struct{ Name string }
			Links   links
		}
		if err := c.api.Do(ctx, http.MethodGet, "/domains?per_page=200&page="+page, nil, &doc); err != nil {
			return nil, err
		}
		for _, d := range doc.Domains {
			out = append(out, d.Name)
		}
		page = doc.Links.next()
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
