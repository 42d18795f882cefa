package cloudflare

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"freehold"
	"freehold/dnsexport/apizone"
	"freehold/dnsexport/zonefile"
)

// record is a record as the API lists it. Names are whole and lack their final
// dots, in the data too.
type record struct {
	ID       string          `json:"id"`
	Type     string          `json:"type"`
	Name     string          `json:"name"`
	Content  string          `json:"content"`
	Proxied  bool            `json:"proxied"`
	TTL      uint32          `json:"ttl"`
	Priority *uint16         `json:"priority"`
	Data     json.RawMessage `json:"data"`
	Comment  string          `json:"comment"`
}

// autoTTL is the TTL "automatic", and what Cloudflare serves for it.
const (
	autoTTL   = 1
	servedTTL = 300
)

func (r record) add(l *apizone.Listing) error {
	owner, err := l.FullOwner(r.Name)
	if err != nil {
		return err
	}
	ttl := r.TTL
	if ttl == autoTTL {
		ttl = servedTTL
	}
	kind := strings.ToUpper(r.Type)
	if kind == "CNAME" && owner.Equal(l.Origin) {
		l.Foreign(owner, "flattened CNAME", ttl, r.Content, freehold.T("A CNAME at the zone's apex, which the provider answers with the addresses behind it. Elsewhere this is called ALIAS, ANAME or flattening, or has to become plain addresses."))
		return nil
	}
	if r.Proxied {
		l.Foreign(owner, "proxied "+kind, ttl, r.Content, freehold.T("The world sees the provider's addresses, and its protection and cache stand before this one. Outside it this address becomes visible, and takes all requests itself."))
	}
	switch kind {
	case "TXT", "SPF":
		if strings.HasPrefix(r.Content, `"`) {
			return l.Add(r.ID, owner, kind, ttl, r.Content)
		}
		t, _ := freehold.ParseRRType(kind)
		return l.AddData(r.ID, owner, t, ttl, apizone.Text(r.Content))
	case "MX":
		if r.Priority != nil {
			return l.Add(r.ID, owner, kind, ttl, fmt.Sprintf("%d %s", *r.Priority, r.Content))
		}
	case "SRV", "URI":
		return l.Add(r.ID, owner, kind, ttl, r.prioritized())
	}
	return l.Add(r.ID, owner, kind, ttl, r.Content)
}

// prioritized puts the priority before the content of SRV and URI records: it is
// among the data, or a member of its own, or in the content already.
func (r record) prioritized() string {
	var d struct {
		Priority *uint16
	}
	// Data of another shape is no data: the content is read instead.
	_ = json.Unmarshal(r.Data, &d)
	full := map[string]int{"SRV": 4, "URI": 3}[strings.ToUpper(r.Type)]
	p := d.Priority
	if p == nil {
		p = r.Priority
	}
	if p == nil || len(strings.Fields(r.Content)) >= full {
		return r.Content
	}
	return fmt.Sprintf("%d %s", *p, r.Content)
}

// sent is a record as the API takes it: some types as content, others in parts.
type sent struct {
	ID       string         `json:"id,omitempty"`
	Type     string         `json:"type"`
	Name     string         `json:"name"`
	TTL      uint32         `json:"ttl"`
	Proxied  bool           `json:"proxied"`
	Content  string         `json:"content,omitempty"`
	Priority *int           `json:"priority,omitempty"` // a pointer: 0 is a priority (RFC 7505)
	Data     map[string]any `json:"data,omitempty"`
}

func send(r freehold.Record) sent {
	s := sent{Type: r.Type.String(), Name: apizone.Bare(r.Owner), TTL: r.TTL}
	text := zonefile.Data(r.Type, r.Data)
	words := strings.Fields(text)
	parts := func(names ...string) map[string]any {
		out := map[string]any{}
		for i, name := range names {
			if n, err := strconv.Atoi(words[i]); err == nil && i < len(names)-1 {
				out[name] = n
			} else {
				out[name] = strings.Join(words[i:], "")
			}
		}
		return out
	}
	switch r.Type {
	case freehold.TypeMX:
		s.Content, s.Priority = bare(words[1]), number(words[0])
	case freehold.TypeSRV:
		s.Data = parts("priority", "weight", "port", "target")
		s.Data["target"] = bare(words[3])
	case freehold.TypeCAA:
		n := int(r.Data[1])
		s.Data = map[string]any{"flags": int(r.Data[0]), "tag": r.Data[2 : 2+n], "value": r.Data[2+n:]}
	case freehold.TypeTLSA, typeSMIMEA:
		s.Data = parts("usage", "selector", "matching_type", "certificate")
	case freehold.TypeSSHFP:
		s.Data = parts("algorithm", "type", "fingerprint")
	case freehold.TypeDS:
		s.Data = parts("key_tag", "algorithm", "digest_type", "digest")
	case freehold.TypeHTTPS, freehold.TypeSVCB:
		p := strings.SplitN(text+" ", " ", 3)
		s.Data = map[string]any{"priority": *number(p[0]), "target": p[1], "value": strings.TrimSpace(p[2])}
	case freehold.TypeURI:
		weight := int(r.Data[2])<<8 | int(r.Data[3])
		s.Priority, s.Data = number(words[0]), map[string]any{"weight": weight, "target": r.Data[4:]}
	case freehold.TypeNAPTR:
		s.Data = naptr(r.Data)
	case freehold.TypeCNAME, freehold.TypeNS, freehold.TypePTR:
		s.Content = bare(text)
	default:
		s.Content = text
	}
	return s
}

const typeSMIMEA freehold.RRType = 53

func number(word string) *int {
	n, _ := strconv.Atoi(word)
	return &n
}

// bare takes the final dot off a name, but not off the root (RFC 7505, RFC 2782).
func bare(name string) string {
	if name == "." {
		return name
	}
	return strings.TrimSuffix(name, ".")
}

func naptr(data string) map[string]any {
	at := 4
	word := func() string {
		n := int(data[at])
		w := data[at+1 : at+1+n]
		at += 1 + n
		return w
	}
	out := map[string]any{"order": int(data[0])<<8 | int(data[1]), "preference": int(data[2])<<8 | int(data[3])}
	out["flags"], out["service"], out["regex"] = word(), word(), word()
	out["replacement"] = freehold.Owner(data[at:]).String()
	return out
}

// pageRules lists the rules that forward or otherwise act on web addresses.
func pageRules(l *apizone.Listing, body []byte) error {
	var doc struct {
		Result []struct {
			Targets []struct {
				Constraint struct{ Value string }
			}
			Actions []struct {
				ID    string
				Value json.RawMessage
			}
			Status string
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return notRead(err)
	}
	for _, r := range doc.Result {
		where, does := "", []string{r.Status}
		for _, t := range r.Targets {
			where = t.Constraint.Value
		}
		for _, a := range r.Actions {
			does = append(does, a.ID+" "+string(a.Value))
		}
		l.Foreign(webOwner(l, where), "page rule", 0, where+" → "+strings.Join(does, ", "), freehold.T("The provider's web proxy does this. Set it up anew on the web server, or as a redirect at the next provider."))
	}
	return nil
}

// webOwner finds the name that a web address is about; what is outside the zone or
// holds a pattern counts for the apex.
func webOwner(l *apizone.Listing, address string) freehold.Owner {
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://"), "/")
	if o, err := l.FullOwner(host); err == nil {
		return o
	}
	return l.Origin
}

func loadBalancers(l *apizone.Listing, body []byte) error {
	var doc struct {
		Result []struct {
			Name         string
			TTL          uint32
			Proxied      bool
			DefaultPools []string `json:"default_pools"`
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return notRead(err)
	}
	for _, b := range doc.Result {
		owner, err := l.FullOwner(b.Name)
		if err != nil {
			return err
		}
		l.Foreign(owner, "load balancer A", b.TTL, strings.Join(b.DefaultPools, " "), freehold.T("The provider answers with whichever of several servers is well. Elsewhere it becomes plain addresses, or that provider's own kind of balancing."))
	}
	return nil
}

func mailRoutes(l *apizone.Listing, body []byte) error {
	var doc struct {
		Result []struct {
			Enabled  bool
			Matchers []struct{ Type, Value string }
			Actions  []struct {
				Type  string
				Value []string
			}
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return notRead(err)
	}
	for _, r := range doc.Result {
		var from, to []string
		for _, m := range r.Matchers {
			from = append(from, m.Type+" "+m.Value)
		}
		for _, a := range r.Actions {
			to = append(to, a.Type+" "+strings.Join(a.Value, " "))
		}
		if r.Enabled && !slices.Equal(to, []string{"drop "}) {
			l.Foreign(l.Origin, "mail forward", 0, strings.Join(from, ", ")+" → "+strings.Join(to, ", "), freehold.T("The provider forwards this mail. It has to be received elsewhere before the zone leaves."))
		}
	}
	return nil
}

func notRead(err error) error {
	return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("what %s lists beside the records cannot be read", provider), Err: err}
}
