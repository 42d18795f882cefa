// Package powerdns reads and writes zones by the HTTP API of PowerDNS's
// authoritative server (its version 1, of server 4.x and 5.x).
//
// Records travel in the API as master files write them, one record set at a time;
// a change of several sets is one transaction of the server.
package powerdns

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/zonefile"
	"freehold/internal/providerapi"
)

// Client is one server's API.
type Client struct {
	api    *providerapi.Client
	server string
	now    func() time.Time
}

// New makes a client. config.Base is the server's web address without path:
// "http://127.0.0.1:8081". server is the server's identifier, "" is "localhost".
func New(config providerapi.Config, server string, now func() time.Time) (*Client, error) {
	config.Provider, config.Header = "PowerDNS", "X-API-Key"
	config.Base = strings.TrimSuffix(config.Base, "/") + "/api/v1"
	api, err := providerapi.New(config)
	if err != nil {
		return nil, err
	}
	if server == "" {
		server = "localhost"
	}
	if now == nil {
		now = time.Now
	}
	return &Client{api: api, server: server, now: now}, nil
}

var _ dnsexport.Target = (*Client)(nil)

// zoneDoc and the like are the API's documents.
type zoneDoc struct {
	Name        string   `json:"name"`
	Kind        string   `json:"kind,omitempty"`
	Nameservers []string `json:"nameservers,omitempty"`
	Serial      uint32   `json:"serial,omitempty"`
	RRsets      []rrset  `json:"rrsets,omitempty"`
	DNSSEC      bool     `json:"dnssec,omitempty"`
}

type rrset struct {
	Name       string   `json:"name"`
	Type       string   `json:"type"`
	TTL        uint32   `json:"ttl"`
	ChangeType string   `json:"changetype,omitempty"`
	Records    []record `json:"records"`
}

type record struct {
	Content  string `json:"content"`
	Disabled bool   `json:"disabled"`
}

func (c *Client) path(name freehold.Name) string {
	// The server's own escaping of zone identifiers is "=XX"; dots and what host
	// names hold need none.
	return "/servers/" + url.PathEscape(c.server) + "/zones/" + url.PathEscape(name.ASCII()+".")
}

// Traits of PowerDNS: it holds what it knows of types, and the generic form of
// the rest; it signs.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: "PowerDNS", Atomic: true, Creates: true, Signs: true, Holds: func(freehold.RRType) bool { return true }}
}

// Read returns the zone as the API lists it: complete by the server's word, which
// the caller holds against its answers before calling it so.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	var doc zoneDoc
	if err := c.api.Do(ctx, http.MethodGet, c.path(name), nil, &doc); err != nil {
		return nil, noZone(err)
	}
	origin, err := freehold.ParseOwner(name.ASCII()+".", "")
	if err != nil {
		return nil, err
	}
	z := &freehold.Zone{Origin: origin, Class: freehold.ClassIN, Source: "api PowerDNS", At: c.now().UTC()}
	for _, s := range doc.RRsets {
		if err := readSet(z, s); err != nil {
			return nil, err
		}
	}
	if _, ok := z.SOA(); !ok {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: `PowerDNS gives no SOA for "` + name.ASCII() + `"`}
	}
	z.Sort()
	return z, nil
}

// foreign are record types that exist in PowerDNS alone.
var foreign = map[string]freehold.Text{
	"ALIAS": freehold.T("PowerDNS answers with the addresses of another name here. Elsewhere this is called ALIAS, ANAME or flattening, or has to become plain addresses."),
	"LUA":   freehold.T("PowerDNS computes the answer with a program here. It has to be written anew elsewhere."),
}

func readSet(z *freehold.Zone, s rrset) error {
	owner, err := freehold.ParseOwner(s.Name, "")
	if err != nil || !owner.Within(z.Origin) {
		return &freehold.Error{Kind: freehold.KindUnavailable, Msg: `PowerDNS lists "` + freehold.OneLine(s.Name) + `" in "` + z.Origin.String() + `"`}
	}
	for _, r := range s.Records {
		if r.Disabled {
			z.Notes = append(z.Notes, freehold.ZoneNote{Place: s.Name + " " + s.Type, Text: freehold.T("This record is switched off at the provider and is left out: %s", freehold.OneLine(r.Content))})
			continue
		}
		if note, ok := foreign[s.Type]; ok {
			z.Foreign = append(z.Foreign, freehold.ForeignRecord{Owner: owner, Kind: s.Type, TTL: s.TTL, Value: r.Content, Place: s.Name, Note: note})
			continue
		}
		t, known := freehold.ParseRRType(s.Type)
		if !known {
			return &freehold.Error{Kind: freehold.KindUnavailable, Msg: `PowerDNS lists a record of the type "` + freehold.OneLine(s.Type) + `", which nobody knows`}
		}
		data, err := zonefile.ParseData(t, r.Content, "")
		if err != nil {
			return &freehold.Error{Kind: freehold.KindUnavailable, Msg: `PowerDNS gives a record of "` + freehold.OneLine(s.Name+" "+s.Type) + `" that cannot be read`, Err: err}
		}
		z.Records = append(z.Records, freehold.Record{Owner: owner, Class: freehold.ClassIN, Type: t, TTL: s.TTL, Data: data})
	}
	return nil
}

// Create makes an empty zone that replicates on its own (kind Native).
func (c *Client) Create(ctx context.Context, name freehold.Name) error {
	doc := struct {
		Name        string   `json:"name"`
		Kind        string   `json:"kind"`
		Nameservers []string `json:"nameservers"`
	}{name.ASCII() + ".", "Native", []string{}}
	err := c.api.Do(ctx, http.MethodPost, "/servers/"+url.PathEscape(c.server)+"/zones", doc, nil)
	var status *providerapi.StatusError
	if errors.As(err, &status) && status.Status == http.StatusConflict {
		return &freehold.Error{Kind: freehold.KindInvalid, Msg: `PowerDNS has a zone "` + name.ASCII() + `" already`, Err: dnsexport.ErrExists}
	}
	return err
}

// Change makes the sets what they are to be, in one transaction. What each of
// them was is read just before, because the API has no conditions: a change by
// somebody else in that moment is overwritten.
func (c *Client) Change(ctx context.Context, name freehold.Name, changes []dnsexport.Change) error {
	if len(changes) == 0 {
		return nil
	}
	now, err := c.Read(ctx, name)
	if err != nil {
		return err
	}
	if err := dnsexport.Unchanged(now, changes); err != nil {
		return err
	}
	var doc struct {
		RRsets []rrset `json:"rrsets"`
	}
	for _, ch := range changes {
		s := rrset{Name: ch.Set.Owner.Canonical().String(), Type: ch.Set.Type.String(), TTL: ch.Set.TTL, ChangeType: "REPLACE", Records: []record{}}
		if len(ch.Set.Data) == 0 {
			s.ChangeType = "DELETE"
		}
		for _, d := range ch.Set.Data {
			s.Records = append(s.Records, record{Content: zonefile.Data(ch.Set.Type, d)})
		}
		doc.RRsets = append(doc.RRsets, s)
	}
	return noZone(c.api.Do(ctx, http.MethodPatch, c.path(name), doc, nil))
}

// Zones lists the server's zones, by name.
func (c *Client) Zones(ctx context.Context) ([]string, error) {
	var docs []zoneDoc
	if err := c.api.Do(ctx, http.MethodGet, "/servers/"+url.PathEscape(c.server)+"/zones", nil, &docs); err != nil {
		return nil, err
	}
	var out []string
	for _, d := range docs {
		out = append(out, strings.TrimSuffix(d.Name, "."))
	}
	slices.Sort(out)
	return out, nil
}

// noZone marks the API's way to say that there is no such zone.
func noZone(err error) error {
	var status *providerapi.StatusError
	if errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusUnprocessableEntity && strings.Contains(status.Message, "Could not find domain")) {
		return &freehold.Error{Kind: freehold.KindNotFound, Msg: "PowerDNS has no such zone", Err: errors.Join(dnsexport.ErrNoZone, err)}
	}
	return err
}

// Sign makes the server sign the zone with keys of its own and returns the DS
// records, in SHA-256, that the parent is to have.
func (c *Client) Sign(ctx context.Context, name freehold.Name) ([]freehold.DS, error) {
	on := struct {
		DNSSEC  bool `json:"dnssec"`
		Rectify bool `json:"api_rectify"`
	}{true, true}
	if err := c.api.Do(ctx, http.MethodPut, c.path(name), on, nil); err != nil {
		return nil, noZone(err)
	}
	var keys []struct {
		Active bool     `json:"active"`
		DS     []string `json:"ds"`
	}
	if err := c.api.Do(ctx, http.MethodGet, c.path(name)+"/cryptokeys", nil, &keys); err != nil {
		return nil, noZone(err)
	}
	const sha256 = 2 // RFC 4509
	var out []freehold.DS
	for _, k := range keys {
		for _, text := range k.DS {
			var d freehold.DS
			if n, _ := fmt.Sscanf(text, "%d %d %d %s", &d.KeyTag, &d.Algorithm, &d.DigestType, &d.Digest); n == 4 && d.DigestType == sha256 && k.Active {
				d.Digest = strings.ToLower(d.Digest)
				out = append(out, d)
			}
		}
	}
	if len(out) == 0 {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: `PowerDNS signs "` + name.ASCII() + `" and gives no DS record for it`}
	}
	return out, nil
}
