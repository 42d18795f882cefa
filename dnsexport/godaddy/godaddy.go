// Package godaddy reads and writes zones by GoDaddy's API, version 1.
//
// Records come without identifiers and without a count, five hundred at most at a
// time. Where the pages overlap, as they would if the offset counted otherwise than
// documented, nothing is returned. Names in data lack their final dots, the apex is
// "@", and the service and protocol of an SRV record may stand apart from its name.
//
// A request replaces all records of a type at a name. For SRV that is every service
// at the name, which therefore are sent together. A parked name has an A record
// whose data is a word; it is listed as a foreign object.
//
// The key works for accounts that GoDaddy lets use the API at all. Tested on
// recorded shapes; it was never tried against the live API.
package godaddy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
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
const Base = "https://api.godaddy.com/v1"

const provider = "GoDaddy"

// Client is one account.
type Client struct {
	api *providerapi.Client
	now func() time.Time
}

var _ dnsexport.Target = (*Client)(nil)

// New makes a client. key is the API key, config.Secret its secret; without a key
// the secret is a personal access token.
func New(config providerapi.Config, key string, now func() time.Time) (*Client, error) {
	config.Provider, config.Header, config.Scheme = provider, "Authorization", "Bearer"
	if key != "" {
		config.Secrets = append(config.Secrets, config.Secret)
		config.Scheme, config.Secret = "sso-key", key+":"+config.Secret
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

// Traits of GoDaddy.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: provider, OwnSOA: true, OwnNS: true, MinTTL: 600, Holds: apizone.Types("A AAAA CNAME MX NS SRV TXT"), Cannot: apizone.Plain}
}

type record struct {
	Data     string `json:"data"`
	Name     string `json:"name"`
	Type     string `json:"type,omitempty"`
	TTL      uint32 `json:"ttl"`
	Priority *int   `json:"priority,omitempty"`
	Weight   *int   `json:"weight,omitempty"`
	Port     *int   `json:"port,omitempty"`
	Service  string `json:"service,omitempty"`
	Protocol string `json:"protocol,omitempty"`
}

func path(name freehold.Name) string {
	return "/domains/" + url.PathEscape(name.ASCII()) + "/records"
}

// aPage is the most records in one answer.
const aPage = 500

// Read lists the zone.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	l := apizone.New(provider, name, c.now())
	for offset := 0; ; offset += aPage {
		if err := l.Page(strconv.Itoa(offset)); err != nil {
			return nil, err
		}
		var records []record
		if err := c.api.Do(ctx, http.MethodGet, path(name)+"?limit="+strconv.Itoa(aPage)+"&offset="+strconv.Itoa(offset), nil, &records); err != nil {
			return nil, noZone(name, err)
		}
		for _, r := range records {
			if err := l.Once(r.identity()); err != nil {
				return nil, err
			}
			if err := r.add(l); err != nil {
				return nil, err
			}
		}
		if len(records) < aPage {
			return l.Zone(), nil
		}
	}
}

// identity is all of a record: it has no identifier.
func (r record) identity() string {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Sprint(r)
	}
	return string(b)
}

// owner puts service, protocol and name together, unless the name has them.
func (r record) owner() string {
	name := r.Name
	if name == "@" {
		name = ""
	}
	before := strings.Trim(r.Service+"."+r.Protocol, ".")
	if before == "" || name == before || strings.HasPrefix(name, before+".") {
		return name
	}
	return strings.Trim(before+"."+name, ".")
}

func (r record) add(l *apizone.Listing) error {
	owner, err := l.Owner(r.owner())
	if err != nil {
		return err
	}
	data := r.Data
	if data == "@" && r.Type != "TXT" {
		data = l.Origin.String()
	}
	missing := &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("a number is missing in the record %q", freehold.OneLine(r.Name+" "+r.Type))}
	switch r.Type {
	case "A":
		if _, err := netip.ParseAddr(data); err != nil {
			l.Foreign(owner, "parked A", r.TTL, data, freehold.T("The provider answers with the address of a page of its own here: the name is parked, or leads to its website builder."))
			return nil
		}
	case "TXT":
		return l.AddData("", owner, freehold.TypeTXT, r.TTL, apizone.Text(data))
	case "MX":
		if r.Priority == nil {
			return missing
		}
		data = fmt.Sprintf("%d %s", *r.Priority, data)
	case "SRV":
		if r.Priority == nil || r.Weight == nil || r.Port == nil {
			return missing
		}
		data = fmt.Sprintf("%d %d %d %s", *r.Priority, *r.Weight, *r.Port, data)
	case "SOA":
		if len(strings.Fields(data)) != 7 {
			return nil // the name of the first server alone
		}
	}
	return l.Add("", owner, r.Type, r.TTL, data)
}

// Create tells whether the zone is there: it comes with the domain.
func (c *Client) Create(ctx context.Context, name freehold.Name) error {
	return apizone.MakeByHand(ctx, c, provider, name, freehold.T("the zone comes with the domain: it has to be registered there, or added by hand"))
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
	if err := apizone.Refuse(provider, changes, c.Traits().Cannot); err != nil {
		return err
	}
	for _, ch := range changes {
		rel := apizone.Relative(ch.Set.Owner, now.Origin, "@")
		at := path(name) + "/" + ch.Set.Type.String() + "/" + url.PathEscape(rel)
		if len(ch.Set.Data) == 0 {
			err = c.api.Do(ctx, http.MethodDelete, at, nil, nil)
		} else {
			err = c.api.Do(ctx, http.MethodPut, at, send(ch.Set, rel), nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func send(s freehold.RRset, name string) []record {
	var out []record
	for _, d := range s.Data {
		r := record{Name: name, TTL: s.TTL}
		words := strings.Fields(zonefile.Data(s.Type, d))
		n := func(i int) *int {
			v, _ := strconv.Atoi(words[i])
			return &v
		}
		switch s.Type {
		case freehold.TypeTXT:
			r.Data = apizone.Joined(d)
		case freehold.TypeMX:
			r.Priority, r.Data = n(0), bare(words[1])
		case freehold.TypeSRV:
			r.Priority, r.Weight, r.Port, r.Data = n(0), n(1), n(2), bare(words[3])
			if labels := strings.SplitN(name, ".", 3); len(labels) > 1 {
				r.Service, r.Protocol = labels[0], labels[1]
			}
		default:
			r.Data = bare(words[0])
		}
		out = append(out, r)
	}
	return out
}

// bare takes the final dot off a name, but not off the root.
func bare(name string) string {
	if name == "." {
		return name
	}
	return strings.TrimSuffix(name, ".")
}

// Zones lists the account's domains. The list holds transfer codes too; they are
// not read.
func (c *Client) Zones(ctx context.Context) ([]string, error) {
	var out []string
	turns := apizone.Turns{Provider: provider}
	marker := ""
	for {
		if err := turns.Page(marker); err != nil {
			return nil, err
		}
		var docs []struct{ Domain, Status string }
		if err := c.api.Do(ctx, http.MethodGet, "/domains?limit="+strconv.Itoa(aPage)+"&marker="+url.QueryEscape(marker), nil, &docs); err != nil {
			return nil, err
		}
		for _, d := range docs {
			if d.Status == "" || d.Status == "ACTIVE" {
				out = append(out, d.Domain)
			}
		}
		if len(docs) < aPage {
			slices.Sort(out)
			return out, nil
		}
		marker = docs[len(docs)-1].Domain
	}
}

func noZone(name freehold.Name, err error) error {
	if apizone.Status(err) == http.StatusNotFound {
		return apizone.NoZone(provider, name, err)
	}
	return err
}
