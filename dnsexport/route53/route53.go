// Package route53 reads and writes hosted zones of Amazon's Route 53, by its API of
// 2013-04-01.
//
// Record sets come in pages, and their number is the hosted zone's own count. Alias
// sets, and sets that are weighted or chosen by place, latency, failover or health,
// exist there alone: they are listed as foreign objects, and their answers depend
// on who asks. Octets are escaped in octal. An account may hold several zones of
// one name; private ones are passed over, and two public ones are an error.
//
// A batch of changes happens whole or not at all; more than a thousand records
// take several.
//
// Tested on recorded shapes; it was never tried against the live API.
package route53

import (
	"context"
	"encoding/xml"
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
const Base = "https://route53.amazonaws.com/2013-04-01"

const provider = "Route 53"

// Client is one account.
type Client struct {
	api *providerapi.Client
	now func() time.Time
}

var _ dnsexport.Target = (*Client)(nil)

// New makes a client. Token is empty for long-lived keys.
func New(config providerapi.Config, keys Keys, now func() time.Time) (*Client, error) {
	if now == nil {
		now = time.Now
	}
	config.Provider, config.Secrets = provider, []string{keys.Secret, keys.Token}
	config.Sign = func(r *http.Request, body []byte) error {
		keys.sign(r, body, now(), scope)
		return nil
	}
	if config.Base == "" {
		config.Base = Base
	}
	api, err := providerapi.New(config)
	if err != nil {
		return nil, err
	}
	return &Client{api, now}, nil
}

// Traits of Route 53.
func (c *Client) Traits() dnsexport.Traits {
	return dnsexport.Traits{Name: provider, Creates: true, OwnSOA: true, OwnNS: true, Holds: apizone.Types("A AAAA CAA CNAME DS HTTPS MX NAPTR NS PTR SPF SRV SSHFP SVCB TLSA TXT")}
}

// do sends XML and reads XML.
func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	q := providerapi.Request{Method: method, Path: path, Type: "text/xml", Accept: "text/xml"}
	if in != nil {
		body, err := xml.Marshal(in)
		if err != nil {
			return err
		}
		q.Body = append([]byte(xml.Header), body...)
	}
	answer, err := c.api.Send(ctx, q)
	if err != nil || out == nil {
		return err
	}
	if err := xml.Unmarshal(answer.Body, out); err != nil {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s does not list what was asked for", provider), Err: err}
	}
	return nil
}

type hostedZone struct {
	ID      string `xml:"Id"`
	Name    string
	Private bool `xml:"Config>PrivateZone"`
	Count   int  `xml:"ResourceRecordSetCount"`
}

// zones reads hosted zones, from a name on or all, until stop says so.
func (c *Client) zones(ctx context.Context, each func(hostedZone) (stop bool)) error {
	turns := apizone.Turns{Provider: provider}
	marker := ""
	for {
		if err := turns.Page(marker); err != nil {
			return err
		}
		path := "/hostedzone?maxitems=100"
		if marker != "" {
			path += "&marker=" + url.QueryEscape(marker)
		}
		var doc struct {
			Zones     []hostedZone `xml:"HostedZones>HostedZone"`
			Truncated bool         `xml:"IsTruncated"`
			Next      string       `xml:"NextMarker"`
		}
		if err := c.do(ctx, http.MethodGet, path, nil, &doc); err != nil {
			return err
		}
		for _, z := range doc.Zones {
			if each(z) {
				return nil
			}
		}
		if !doc.Truncated {
			return nil
		}
		marker = doc.Next
	}
}

// Zones lists the account's public zones.
func (c *Client) Zones(ctx context.Context) ([]string, error) {
	var out []string
	err := c.zones(ctx, func(z hostedZone) bool {
		if !z.Private {
			out = append(out, strings.TrimSuffix(decimal(z.Name), "."))
		}
		return false
	})
	slices.Sort(out)
	return slices.Compact(out), err
}

// find looks the public zone of a name up. The list by name begins at it.
func (c *Client) find(ctx context.Context, name freehold.Name) (hostedZone, error) {
	var doc struct {
		Zones []hostedZone `xml:"HostedZones>HostedZone"`
	}
	if err := c.do(ctx, http.MethodGet, "/hostedzonesbyname?maxitems=100&dnsname="+url.QueryEscape(name.ASCII()), nil, &doc); err != nil {
		return hostedZone{}, err
	}
	var found []hostedZone
	for _, z := range doc.Zones {
		if !z.Private && strings.EqualFold(strings.TrimSuffix(z.Name, "."), name.ASCII()) {
			found = append(found, z)
		}
	}
	switch len(found) {
	case 0:
		return hostedZone{}, apizone.NoZone(provider, name, nil)
	case 1:
		found[0].ID = strings.TrimPrefix(found[0].ID, "/hostedzone/")
		return found[0], nil
	}
	return hostedZone{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%s holds %d zones %q, and which of them is served is not in its list", provider, len(found), name.ASCII())}
}

type value struct {
	Value string
}

// set is a record set, with what makes it Route 53's own.
type set struct {
	Name          string
	Type          string
	SetIdentifier string    `xml:",omitempty"`
	Weight        *int64    `xml:",omitempty"`
	Region        string    `xml:",omitempty"`
	Geo           *struct{} `xml:"GeoLocation"`
	Failover      string    `xml:",omitempty"`
	MultiValue    string    `xml:"MultiValueAnswer,omitempty"`
	TTL           *uint32   `xml:",omitempty"`
	Values        []value   `xml:"ResourceRecords>ResourceRecord,omitempty"`
	Alias         *alias    `xml:"AliasTarget"`
	HealthCheck   string    `xml:"HealthCheckId,omitempty"`
	Policy        string    `xml:"TrafficPolicyInstanceId,omitempty"`
}

type alias struct {
	Zone string `xml:"HostedZoneId"`
	Name string `xml:"DNSName"`
}

// Read lists the zone.
func (c *Client) Read(ctx context.Context, name freehold.Name) (*freehold.Zone, error) {
	z, err := c.find(ctx, name)
	if err != nil {
		return nil, err
	}
	return c.list(ctx, name, z)
}

func (c *Client) list(ctx context.Context, name freehold.Name, z hostedZone) (*freehold.Zone, error) {
	l := apizone.New(provider, name, c.now())
	sets, query := 0, ""
	for {
		if err := l.Page(query); err != nil {
			return nil, err
		}
		var doc struct {
			Sets      []set  `xml:"ResourceRecordSets>ResourceRecordSet"`
			Truncated bool   `xml:"IsTruncated"`
			Name      string `xml:"NextRecordName"`
			Type      string `xml:"NextRecordType"`
			ID        string `xml:"NextRecordIdentifier"`
		}
		if err := c.do(ctx, http.MethodGet, "/hostedzone/"+url.PathEscape(z.ID)+"/rrset?maxitems=300"+query, nil, &doc); err != nil {
			return nil, err
		}
		for _, s := range doc.Sets {
			if err := s.add(l); err != nil {
				return nil, err
			}
			sets++
		}
		if !doc.Truncated {
			return l.Zone(), l.Counted(sets, z.Count)
		}
		query = "&name=" + url.QueryEscape(doc.Name) + "&type=" + url.QueryEscape(doc.Type)
		if doc.ID != "" {
			query += "&identifier=" + url.QueryEscape(doc.ID)
		}
	}
}

func (s set) add(l *apizone.Listing) error {
	if err := l.Once(s.Name + " " + s.Type + " " + s.SetIdentifier); err != nil {
		return err
	}
	owner, err := l.FullOwner(decimal(s.Name))
	if err != nil {
		return err
	}
	var ttl uint32
	if s.TTL != nil {
		ttl = *s.TTL
	}
	if kind := s.kind(); kind != "" {
		var values []string
		for _, v := range s.Values {
			values = append(values, v.Value)
		}
		if s.Alias != nil {
			values = append(values, s.Alias.Name)
		}
		l.Foreign(owner, kind+" "+s.Type, ttl, strings.TrimSpace(s.SetIdentifier+" "+strings.Join(values, " ")), notes[kind])
		return nil
	}
	if s.TTL == nil || len(s.Values) == 0 {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s lists a record set %q without its data", provider, freehold.OneLine(s.Name+" "+s.Type))}
	}
	for _, v := range s.Values {
		if err := l.Add("", owner, s.Type, ttl, decimal(v.Value)); err != nil {
			return err
		}
	}
	return nil
}

var notes = map[string]freehold.Text{
	"alias":  freehold.T("The provider answers with the addresses of another of its services here. Elsewhere this is called ALIAS, ANAME or flattening, or has to become plain addresses."),
	"routed": freehold.T("The provider answers differently by weight, place, latency or health. Elsewhere it becomes one plain set, or that provider's own kind of routing."),
	"policy": freehold.T("A traffic policy of the provider makes this answer. It has to be built anew elsewhere."),
}

// kind tells what makes a set Route 53's own; "" for a plain one.
func (s set) kind() string {
	switch {
	case s.Policy != "":
		return "policy"
	case s.SetIdentifier != "" || s.Weight != nil || s.Region != "" || s.Geo != nil || s.Failover != "" || s.MultiValue != "":
		return "routed"
	case s.Alias != nil:
		return "alias"
	}
	return ""
}

// Create makes an empty zone. Route 53 would make a second one of the same name.
func (c *Client) Create(ctx context.Context, name freehold.Name) error {
	switch _, err := c.find(ctx, name); {
	case err == nil:
		return apizone.Exists(provider, name)
	case !errors.Is(err, dnsexport.ErrNoZone):
		return err
	}
	type request struct {
		XMLName xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ CreateHostedZoneRequest"`
		Name    string
		Caller  string `xml:"CallerReference"`
	}
	return c.do(ctx, http.MethodPost, "/hostedzone", request{Name: name.ASCII(), Caller: "freehold " + c.now().UTC().Format(time.RFC3339Nano)}, nil)
}

// The bounds of one batch: records, and octets of their values. An UPSERT counts
// for two.
const (
	maxRecords = 1000
	maxOctets  = 32000
)

type change struct {
	Action string
	Set    set `xml:"ResourceRecordSet"`
}

// Change makes the sets what they are to be, in as few batches as hold them.
func (c *Client) Change(ctx context.Context, name freehold.Name, changes []dnsexport.Change) error {
	z, err := c.find(ctx, name)
	if err != nil {
		return err
	}
	now, err := c.list(ctx, name, z)
	if err != nil {
		return err
	}
	if err := dnsexport.Unchanged(now, changes); err != nil {
		return err
	}
	var batch []change
	records, octets := 0, 0
	for _, ch := range changes {
		one := send(ch)
		n, size := 2*len(one.Set.Values), 0
		for _, v := range one.Set.Values {
			size += 2 * len(v.Value)
		}
		if len(batch) > 0 && (records+n > maxRecords || octets+size > maxOctets) {
			if err := c.send(ctx, z, batch); err != nil {
				return err
			}
			batch, records, octets = nil, 0, 0
		}
		batch, records, octets = append(batch, one), records+n, octets+size
	}
	return c.send(ctx, z, batch)
}

// send is a change as the API takes it. What is deleted has to be named as it is.
func send(ch dnsexport.Change) change {
	action, s := "UPSERT", ch.Set
	if len(s.Data) == 0 {
		action, s = "DELETE", ch.Was
	}
	out := change{action, set{Name: octal(s.Owner.String()), Type: s.Type.String(), TTL: &s.TTL}}
	for _, d := range s.Data {
		out.Set.Values = append(out.Set.Values, value{octal(zonefile.Data(s.Type, d))})
	}
	return out
}

func (c *Client) send(ctx context.Context, z hostedZone, batch []change) error {
	if len(batch) == 0 {
		return nil
	}
	type request struct {
		XMLName xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ChangeResourceRecordSetsRequest"`
		Changes []change `xml:"ChangeBatch>Changes>Change"`
	}
	return c.do(ctx, http.MethodPost, "/hostedzone/"+url.PathEscape(z.ID)+"/rrset/", request{Changes: batch}, nil)
}

// octal turns the \DDD of master files into Route 53's, decimal turns it back.
func octal(s string) string   { return escapes(s, 10, "%03o") }
func decimal(s string) string { return escapes(s, 8, "%03d") }

func escapes(s string, base int, form string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		if i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], base, 8); err == nil {
				fmt.Fprintf(&b, `\`+form, n)
				i += 3
				continue
			}
		}
		b.WriteString(s[i : i+2])
		i++
	}
	return b.String()
}
