package shapes

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

type r53Set struct {
	Name   string
	Type   string
	ID     string     `xml:"SetIdentifier,omitempty"`
	Weight *int       `xml:"Weight"`
	TTL    *uint32    `xml:"TTL"`
	Values []r53Value `xml:"ResourceRecords>ResourceRecord,omitempty"`
	Alias  *r53Alias  `xml:"AliasTarget"`
}

type r53Value struct{ Value string }

type r53Alias struct {
	HostedZoneID string `xml:"HostedZoneId"`
	DNSName      string
}

// Route53 answers as the API of 2013-04-01 does: XML, octets in octal, pages by the
// name that comes next. Records of the kinds "alias" and "weighted" are its own.
// check holds the signature of a request to what it has to be; it may be nil.
func Route53(t testing.TB, s *Store, check func(r *http.Request) bool) string {
	mux := http.NewServeMux()
	send := func(w http.ResponseWriter, root string, doc any) {
		fmt.Fprint(w, xml.Header)
		enc := xml.NewEncoder(w)
		if err := enc.EncodeElement(doc, xml.StartElement{Name: xml.Name{Local: root, Space: "https://route53.amazonaws.com/doc/2013-04-01/"}}); err != nil {
			panic(err)
		}
	}
	fail := func(w http.ResponseWriter, status int, message string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>InvalidChangeBatch</Code><Message>%s</Message></Error></ErrorResponse>`, message)
	}
	type hosted struct {
		ID      string `xml:"Id"`
		Name    string
		Private bool `xml:"Config>PrivateZone"`
		Count   int  `xml:"ResourceRecordSetCount"`
	}
	list := func() []hosted {
		out := []hosted{{"/hostedzone/ZPRIVATE", Zone + ".", true, 2}}
		for _, z := range s.names() {
			n := len(s.r53Sets(z))
			if s.Fault == Miscounted {
				n++
			}
			out = append(out, hosted{"/hostedzone/Z" + strings.ToUpper(strings.ReplaceAll(z, ".", "0")), z + ".", false, n})
		}
		return out
	}
	zoneOf := func(r *http.Request) string {
		return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(r.PathValue("id"), "Z")), "0", ".")
	}
	type listed struct {
		Zones     []hosted `xml:"HostedZones>HostedZone"`
		Truncated bool     `xml:"IsTruncated"`
		Next      string   `xml:"NextMarker,omitempty"`
	}
	mux.HandleFunc("GET /hostedzone", func(w http.ResponseWriter, r *http.Request) {
		n := number(r, "marker", 1)
		part, last, _ := page(s, list(), n, 100)
		next := s.next(n, last)
		send(w, "ListHostedZonesResponse", listed{part, next > 0, strconv.Itoa(next)})
	})
	mux.HandleFunc("GET /hostedzonesbyname", func(w http.ResponseWriter, r *http.Request) {
		all := list()
		from := slices.IndexFunc(all, func(h hosted) bool { return h.Name == r.URL.Query().Get("dnsname")+"." })
		send(w, "ListHostedZonesByNameResponse", listed{Zones: all[max(0, from):]})
	})
	mux.HandleFunc("POST /hostedzone", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Name, CallerReference string }
		if err := xml.NewDecoder(r.Body).Decode(&in); err != nil || in.CallerReference == "" {
			fail(w, http.StatusBadRequest, "no caller reference")
			return
		}
		s.zones[in.Name] = nil
		w.WriteHeader(http.StatusCreated)
		send(w, "CreateHostedZoneResponse", struct{}{})
	})
	mux.HandleFunc("GET /hostedzone/{id}/rrset", func(w http.ResponseWriter, r *http.Request) {
		sets := s.r53Sets(zoneOf(r))
		from := 0
		if name := r.URL.Query().Get("name"); name != "" {
			from = max(0, slices.IndexFunc(sets, func(x r53Set) bool {
				return x.Name == name && x.Type == r.URL.Query().Get("type") && x.ID == r.URL.Query().Get("identifier")
			}))
		}
		size := number(r, "maxitems", 300)
		if s.Page > 0 {
			size = s.Page
		}
		to := min(from+size, len(sets))
		doc := struct {
			Sets      []r53Set `xml:"ResourceRecordSets>ResourceRecordSet"`
			Truncated bool     `xml:"IsTruncated"`
			Name      string   `xml:"NextRecordName,omitempty"`
			Type      string   `xml:"NextRecordType,omitempty"`
			ID        string   `xml:"NextRecordIdentifier,omitempty"`
		}{Sets: sets[from:to], Truncated: to < len(sets)}
		if s.Fault == Overlap && from > 0 {
			doc.Sets = sets[from-1 : to]
		}
		if doc.Truncated {
			doc.Name, doc.Type, doc.ID = sets[to].Name, sets[to].Type, sets[to].ID
		} else if s.Fault == Circle {
			doc.Truncated, doc.Name, doc.Type = true, sets[0].Name, sets[0].Type
		}
		send(w, "ListResourceRecordSetsResponse", doc)
	})
	mux.HandleFunc("POST /hostedzone/{id}/rrset/{$}", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Changes []struct {
				Action string
				Set    r53Set `xml:"ResourceRecordSet"`
			} `xml:"ChangeBatch>Changes>Change"`
		}
		zone := zoneOf(r)
		if err := xml.NewDecoder(r.Body).Decode(&in); err != nil || !s.has(w, zone) {
			fail(w, http.StatusBadRequest, "no batch")
			return
		}
		before := slices.Clone(s.zones[zone])
		records := 0
		sets := s.r53Sets(zone)
		for _, c := range in.Changes {
			x := Set{Owner: below(fromOctal(c.Set.Name), zone), Type: c.Set.Type, TTL: *c.Set.TTL}
			records += 2 * len(c.Set.Values)
			if c.Action != "DELETE" {
				for _, v := range c.Set.Values {
					x.Data = append(x.Data, fromOctal(v.Value))
				}
			} else if !slices.ContainsFunc(sets, func(o r53Set) bool {
				return fromOctal(o.Name) == fromOctal(c.Set.Name) && o.Type == c.Set.Type && *o.TTL == *c.Set.TTL && sameValues(o.Values, c.Set.Values, o.Type, zone)
			}) {
				s.zones[zone] = before
				fail(w, http.StatusBadRequest, "Tried to delete resource record set but the values provided do not match the current values")
				return
			}
			if err := s.replace(zone, x); err != nil || records > 1000 {
				s.zones[zone] = before
				fail(w, http.StatusBadRequest, fmt.Sprintf("%v, %d records", err, records))
				return
			}
		}
		send(w, "ChangeResourceRecordSetsResponse", struct{}{})
	})
	return s.serve(t, func(r *http.Request) bool {
		return strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="+Key+"/") && (check == nil || check(r))
	}, mux)
}

// r53Sets are a zone's sets, with the SOA and name servers that are always there.
func (s *Store) r53Sets(zone string) []r53Set {
	ttl := func(n uint32) *uint32 { return &n }
	out := []r53Set{
		{Name: zone + ".", Type: "NS", TTL: ttl(172800), Values: []r53Value{{"ns-1.awsdns.test."}, {"ns-2.awsdns.test."}}},
		{Name: zone + ".", Type: "SOA", TTL: ttl(900), Values: []r53Value{{"ns-1.awsdns.test. awsdns-hostmaster.amazon.test. 1 7200 900 1209600 86400"}}},
	}
	kinds := map[[2]string]string{}
	for _, r := range s.zones[zone] {
		kinds[[2]string{r.Owner, r.Type}] = r.Kind
	}
	for _, x := range s.sets(zone) {
		set := r53Set{Name: toOctal(whole(x.Owner, zone) + "."), Type: x.Type, TTL: ttl(x.TTL)}
		for _, d := range x.Data {
			set.Values = append(set.Values, r53Value{toOctal(d)})
		}
		switch kinds[[2]string{x.Owner, x.Type}] {
		case "alias":
			set.TTL, set.Values, set.Alias = nil, nil, &r53Alias{"Z1", "lb-1.elb.test."}
		case "weighted":
			n := 10
			set.ID, set.Weight = "first", &n
		}
		out = append(out, set)
	}
	return out
}

// toOctal writes the octets that Route 53 escapes as it does.
func toOctal(s string) string {
	s = strings.ReplaceAll(s, "*.", `\052.`)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' && !strings.HasPrefix(s[i:], `\052`) {
			n, _ := strconv.Atoi(s[i+1 : i+4])
			fmt.Fprintf(&b, `\%03o`, n)
			i += 3
			continue
		}
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] < '0' || s[i+1] > '9') {
			b.WriteString(s[i : i+2])
			i++
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func fromOctal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' {
			n, _ := strconv.ParseInt(s[i+1:i+4], 8, 16)
			fmt.Fprintf(&b, `\%03d`, n)
			i += 3
			continue
		}
		if s[i] == '\\' && i+1 < len(s) {
			b.WriteString(s[i : i+2])
			i++
			continue
		}
		b.WriteByte(s[i])
	}
	return strings.ReplaceAll(b.String(), `\042`+".", "*.")
}

// sameValues compares what is to be deleted with what is there.
func sameValues(a, b []r53Value, kind, zone string) bool {
	sorted := func(values []r53Value) (out []string) {
		for _, v := range values {
			data, err := canon(kind, fromOctal(v.Value), zone)
			if err != nil {
				return nil
			}
			out = append(out, data)
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(sorted(a), sorted(b))
}
