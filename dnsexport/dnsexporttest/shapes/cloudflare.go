package shapes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// cfRecord is a record as Cloudflare writes it.
type cfRecord struct {
	ID        string         `json:"id"`
	ZoneName  string         `json:"zone_name"`
	Name      string         `json:"name"`
	Type      string         `json:"type"`
	Content   string         `json:"content"`
	Proxiable bool           `json:"proxiable"`
	Proxied   bool           `json:"proxied"`
	TTL       uint32         `json:"ttl"`
	Priority  *int           `json:"priority,omitempty"`
	Data      map[string]any `json:"data,omitempty"`
}

// Cloudflare answers as version 4 of its API does: everything in an envelope, pages
// with a total, and batches that happen whole or not at all.
func Cloudflare(t testing.TB, s *Store) string {
	mux := http.NewServeMux()
	envelope := func(w http.ResponseWriter, result any, info map[string]int) {
		doc := map[string]any{"result": result, "success": true, "errors": []any{}, "messages": []any{}}
		if info != nil {
			doc["result_info"] = info
		}
		answer(w, doc)
	}
	fail := func(w http.ResponseWriter, status, code int, message string) {
		w.WriteHeader(status)
		answer(w, map[string]any{"result": nil, "success": false, "errors": []any{map[string]any{"code": code, "message": message}}, "messages": []any{}})
	}
	info := func(r *http.Request, count, last, total int) map[string]int {
		if s.Fault == Circle {
			last = 1 << 30
		}
		return map[string]int{"page": number(r, "page", 1), "per_page": number(r, "per_page", 20), "count": count, "total_pages": last, "total_count": total}
	}
	mux.HandleFunc("GET /zones", func(w http.ResponseWriter, r *http.Request) {
		if s.Fault == Refused {
			fail(w, http.StatusOK, 6003, "Invalid request headers")
			return
		}
		names := s.names()
		if name := r.URL.Query().Get("name"); name != "" {
			names = slices.DeleteFunc(names, func(z string) bool { return z != name })
		}
		part, last, total := page(s, names, number(r, "page", 1), number(r, "per_page", 20))
		if s.Fault == Miscounted || s.Fault == Overlap {
			part, last = names, 1
		}
		out := []any{}
		for _, z := range part {
			out = append(out, map[string]any{"id": "id-of-" + z, "name": z, "type": "full", "status": "active", "name_servers": []string{"ada.ns.cloudflare.test"}})
		}
		keep := s.Fault
		s.Fault = None
		envelope(w, out, info(r, len(part), last, total))
		s.Fault = keep
	})
	mux.HandleFunc("POST /zones", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Name    string
			Account struct{ ID string }
		}
		if !read(w, r, &in) {
			return
		}
		if _, ok := s.zones[in.Name]; ok || in.Account.ID == "" {
			fail(w, http.StatusBadRequest, 1061, in.Name+" already exists")
			return
		}
		s.zones[in.Name] = nil
		envelope(w, map[string]string{"id": "id-of-" + in.Name}, nil)
	})
	zoneOf := func(r *http.Request) string { return strings.TrimPrefix(r.PathValue("id"), "id-of-") }
	mux.HandleFunc("GET /zones/{id}/dns_records", func(w http.ResponseWriter, r *http.Request) {
		out := []cfRecord{}
		for _, x := range s.records(zoneOf(r)) {
			out = append(out, cfShow(x, zoneOf(r)))
		}
		n := number(r, "page", 1)
		part, last, total := page(s, out, n, number(r, "per_page", 100))
		if s.Fault == Circle && n > last {
			part = out
		}
		envelope(w, part, info(r, len(part), last, total))
	})
	mux.HandleFunc("POST /zones/{id}/dns_records/batch", func(w http.ResponseWriter, r *http.Request) {
		zone := zoneOf(r)
		var in struct {
			Deletes []struct{ ID string }
			Puts    []cfRecord
			Posts   []cfRecord
		}
		if !s.has(w, zone) || !read(w, r, &in) {
			return
		}
		before := slices.Clone(s.zones[zone])
		if err := cfBatch(s, zone, in.Deletes, in.Puts, in.Posts); err != nil {
			s.zones[zone] = before
			fail(w, http.StatusBadRequest, 9005, err.Error())
			return
		}
		envelope(w, map[string]any{}, nil)
	})
	for _, path := range []string{"pagerules", "load_balancers", "email/routing/rules"} {
		mux.HandleFunc("GET /zones/{id}/"+path, func(w http.ResponseWriter, r *http.Request) {
			fail(w, http.StatusForbidden, 10000, "Authentication error")
		})
	}
	return s.serve(t, bearer, mux)
}

func cfBatch(s *Store, zone string, deletes []struct{ ID string }, puts, posts []cfRecord) error {
	if len(deletes)+len(puts)+len(posts) > 200 {
		return fmt.Errorf("too many operations in one batch")
	}
	for _, d := range deletes {
		n, _ := strconv.ParseInt(strings.TrimPrefix(d.ID, "rec"), 10, 64)
		if !s.drop(zone, n) {
			return fmt.Errorf("no record %s", d.ID)
		}
	}
	for _, p := range append(puts, posts...) {
		n, _ := strconv.ParseInt(strings.TrimPrefix(p.ID, "rec"), 10, 64)
		x, err := cfTake(p, zone)
		if err != nil {
			return err
		}
		if x.TTL < 60 && x.TTL != 1 {
			return fmt.Errorf("the TTL is invalid")
		}
		if _, err := s.put(zone, n, x); err != nil {
			return err
		}
	}
	return nil
}

func cfShow(x Rec, zone string) cfRecord {
	out := cfRecord{ID: fmt.Sprintf("rec%d", x.ID), ZoneName: zone, Name: whole(x.Owner, zone), Type: x.Type, TTL: x.TTL, Proxied: x.Proxy, Content: x.Data, Proxiable: x.Type == "A" || x.Type == "AAAA" || x.Type == "CNAME"}
	words := strings.Fields(x.Data)
	n := func(i int) *int { v, _ := strconv.Atoi(words[i]); return &v }
	switch x.Type {
	case "MX":
		out.Priority, out.Content = n(0), undotted(words[1])
	case "SRV":
		out.Content = strings.Join(words[1:3], " ") + " " + undotted(words[3])
		out.Priority = n(0)
		out.Data = map[string]any{"priority": *n(0), "weight": *n(1), "port": *n(2), "target": undotted(words[3])}
	case "URI":
		out.Priority, out.Content = n(0), strings.Join(words[1:], " ")
	case "CNAME", "NS", "PTR":
		out.Content = strings.TrimSuffix(x.Data, ".")
	}
	return out
}

func cfTake(p cfRecord, zone string) (Rec, error) {
	x := Rec{Owner: below(p.Name, zone), Type: p.Type, TTL: p.TTL, Data: p.Content, Proxy: p.Proxied}
	get := func(names ...string) string {
		var words []string
		for _, n := range names {
			words = append(words, fmt.Sprint(p.Data[n]))
		}
		return strings.Join(words, " ")
	}
	quote := func(name string) string {
		b, _ := json.Marshal(p.Data[name])
		return string(b)
	}
	for _, structured := range []string{"SRV", "CAA", "TLSA", "SMIMEA", "SSHFP", "DS", "HTTPS", "SVCB", "URI", "NAPTR"} {
		if p.Type == structured && p.Data == nil {
			return x, fmt.Errorf("DNS record type %s needs data", p.Type)
		}
	}
	switch p.Type {
	case "MX":
		if p.Priority == nil {
			return x, fmt.Errorf("priority is a required field")
		}
		x.Data = fmt.Sprintf("%d %s", *p.Priority, dotted(p.Content))
	case "SRV":
		x.Data = lastDotted(get("priority", "weight", "port", "target"))
	case "CAA":
		x.Data = get("flags", "tag") + " " + quote("value")
	case "TLSA", "SMIMEA":
		x.Data = get("usage", "selector", "matching_type", "certificate")
	case "SSHFP":
		x.Data = get("algorithm", "type", "fingerprint")
	case "DS":
		x.Data = get("key_tag", "algorithm", "digest_type", "digest")
	case "HTTPS", "SVCB":
		x.Data = get("priority", "target", "value")
	case "URI":
		x.Data = fmt.Sprintf("%d %s %s", *p.Priority, get("weight"), quote("target"))
	case "NAPTR":
		x.Data = get("order", "preference") + " " + quote("flags") + " " + quote("service") + " " + quote("regex") + " " + get("replacement")
	case "CNAME", "NS", "PTR":
		x.Data = p.Content + "."
	}
	return x, nil
}
