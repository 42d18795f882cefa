package shapes

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// Gandi answers as LiveDNS does.
func Gandi(t testing.TB, s *Store) string {
	mux := http.NewServeMux()
	type doc struct {
		Name   string   `json:"rrset_name"`
		Type   string   `json:"rrset_type"`
		TTL    uint32   `json:"rrset_ttl"`
		Href   string   `json:"rrset_href"`
		Values []string `json:"rrset_values"`
	}
	mux.HandleFunc("GET /livedns/domains", func(w http.ResponseWriter, r *http.Request) {
		var out []map[string]string
		part, _, _ := page(s, s.names(), number(r, "page", 1), number(r, "per_page", 100))
		for _, z := range part {
			out = append(out, map[string]string{"fqdn": z, "domain_href": "https://api.gandi.example/v5/domain/domains/" + z})
		}
		answer(w, out)
	})
	mux.HandleFunc("POST /livedns/domains", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ FQDN string }
		if !read(w, r, &in) {
			return
		}
		if _, ok := s.zones[in.FQDN]; ok {
			refuse(w, http.StatusConflict, "The domain already exists")
			return
		}
		s.zones[in.FQDN] = nil
		w.WriteHeader(http.StatusCreated)
		answer(w, map[string]string{"message": "Domain Created"})
	})
	mux.HandleFunc("GET /livedns/domains/{zone}/records", func(w http.ResponseWriter, r *http.Request) {
		zone := r.PathValue("zone")
		if !s.has(w, zone) {
			return
		}
		all := s.sets(zone)
		if r.Header.Get("Accept") == "text/plain" {
			for _, x := range all {
				for _, d := range x.Data {
					fmt.Fprintf(w, "%s %d IN %s %s\n", at(x.Owner), x.TTL, x.Type, d)
				}
			}
			return
		}
		part, _, _ := page(s, all, 1, len(all)+1)
		out := []doc{}
		for _, x := range part {
			out = append(out, doc{at(x.Owner), x.Type, x.TTL, "https://api.gandi.example/", x.Data})
		}
		if s.Fault == Overlap && len(out) > 0 {
			out = append(out, out[0])
		}
		answer(w, out)
	})
	mux.HandleFunc("PUT /livedns/domains/{zone}/records/{name}/{type}", func(w http.ResponseWriter, r *http.Request) {
		var in doc
		if zone := r.PathValue("zone"); s.has(w, zone) && read(w, r, &in) {
			if in.TTL < 300 {
				refuse(w, http.StatusBadRequest, "rrset_ttl: min 300")
				return
			}
			if err := s.replace(zone, Set{unat(r.PathValue("name")), r.PathValue("type"), in.TTL, in.Values}); err != nil {
				refuse(w, http.StatusBadRequest, err.Error())
				return
			}
			w.WriteHeader(http.StatusCreated)
			answer(w, map[string]string{"message": "DNS Record Created"})
		}
	})
	mux.HandleFunc("DELETE /livedns/domains/{zone}/records/{name}/{type}", func(w http.ResponseWriter, r *http.Request) {
		if zone := r.PathValue("zone"); s.has(w, zone) {
			if s.replace(zone, Set{Owner: unat(r.PathValue("name")), Type: r.PathValue("type")}) == nil {
				w.WriteHeader(http.StatusNoContent)
			}
		}
	})
	return s.serve(t, bearer, mux)
}

// DeSEC answers as deSEC does: pages by cursor, with links.
func DeSEC(t testing.TB, s *Store) string {
	mux := http.NewServeMux()
	type doc struct {
		Domain  string   `json:"domain"`
		Subname string   `json:"subname"`
		Name    string   `json:"name"`
		Type    string   `json:"type"`
		TTL     uint32   `json:"ttl"`
		Records []string `json:"records"`
	}
	link := func(w http.ResponseWriter, r *http.Request, n, last int) {
		base := "http://" + r.Host + r.URL.Path + "?cursor="
		w.Header().Add("Link", "<"+base+`>; rel="first"`)
		if next := s.next(n, last); next > 0 {
			w.Header().Add("Link", "<"+base+url.QueryEscape("p="+strconv.Itoa(next))+`>; rel="next"`)
		}
	}
	cursor := func(r *http.Request) int {
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Query().Get("cursor"), "p="))
		if err != nil {
			return 1
		}
		return n
	}
	domain := func(z string) map[string]any {
		return map[string]any{"name": z, "minimum_ttl": 3600, "keys": []any{map[string]any{"dnskey": "257 3 13 AAAA", "managed": true,
			"ds": []string{"12345 13 2 49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC4444", "12345 13 4 00"}}}}
	}
	mux.HandleFunc("GET /domains/{$}", func(w http.ResponseWriter, r *http.Request) {
		part, last, _ := page(s, s.names(), cursor(r), 500)
		link(w, r, cursor(r), last)
		out := []any{}
		for _, z := range part {
			out = append(out, domain(z))
		}
		answer(w, out)
	})
	mux.HandleFunc("POST /domains/{$}", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Name string }
		if read(w, r, &in) {
			s.zones[in.Name] = nil
			w.WriteHeader(http.StatusCreated)
			answer(w, domain(in.Name))
		}
	})
	mux.HandleFunc("GET /domains/{zone}/{$}", func(w http.ResponseWriter, r *http.Request) {
		if s.has(w, r.PathValue("zone")) {
			answer(w, domain(r.PathValue("zone")))
		}
	})
	mux.HandleFunc("GET /domains/{zone}/rrsets/{$}", func(w http.ResponseWriter, r *http.Request) {
		zone := r.PathValue("zone")
		if !s.has(w, zone) {
			return
		}
		part, last, _ := page(s, s.sets(zone), cursor(r), 500)
		link(w, r, cursor(r), last)
		out := []doc{}
		for _, x := range part {
			out = append(out, doc{zone, x.Owner, whole(x.Owner, zone) + ".", x.Type, x.TTL, x.Data})
		}
		answer(w, out)
	})
	mux.HandleFunc("PATCH /domains/{zone}/rrsets/{$}", func(w http.ResponseWriter, r *http.Request) {
		zone := r.PathValue("zone")
		var in []doc
		if !s.has(w, zone) || !read(w, r, &in) {
			return
		}
		before := append([]Rec(nil), s.zones[zone]...)
		for _, x := range in {
			if len(x.Records) > 0 && (x.TTL < 3600 || x.TTL > 86400) {
				s.zones[zone] = before
				refuse(w, http.StatusBadRequest, "Ensure this value is greater than or equal to 3600.")
				return
			}
			if err := s.replace(zone, Set{x.Subname, x.Type, x.TTL, x.Records}); err != nil {
				s.zones[zone] = before
				refuse(w, http.StatusBadRequest, err.Error())
				return
			}
		}
		answer(w, in)
	})
	return s.serve(t, func(r *http.Request) bool { return r.Header.Get("Authorization") == "Token "+Secret }, mux)
}

// Hetzner answers as the Cloud API does: pages with a total, and actions that take
// their time.
func Hetzner(t testing.TB, s *Store) string {
	mux := http.NewServeMux()
	type value struct {
		Value   string `json:"value"`
		Comment string `json:"comment"`
	}
	type doc struct {
		ID      string  `json:"id"`
		Name    string  `json:"name"`
		Type    string  `json:"type"`
		TTL     *uint32 `json:"ttl"`
		Records []value `json:"records"`
	}
	meta := func(r *http.Request, last, total int) map[string]any {
		n := number(r, "page", 1)
		var next any
		if x := s.next(n, last); x > 0 {
			next = x
		}
		return map[string]any{"pagination": map[string]any{"page": n, "next_page": next, "last_page": last, "total_entries": total}}
	}
	running := map[string]any{"action": map[string]any{"id": 7, "status": "running", "progress": 0, "error": nil}}
	data := func(values []value) (out []string) {
		for _, v := range values {
			out = append(out, v.Value)
		}
		return out
	}
	find := func(zone, name, kind string) *Set {
		for _, x := range s.sets(zone) {
			if x.Owner == unat(name) && x.Type == kind {
				return &x
			}
		}
		return nil
	}
	replace := func(w http.ResponseWriter, zone string, x Set) {
		if err := s.replace(zone, x); err != nil {
			refuse(w, http.StatusUnprocessableEntity, err.Error())
			return
		}
		w.WriteHeader(http.StatusCreated)
		answer(w, running)
	}
	mux.HandleFunc("GET /zones", func(w http.ResponseWriter, r *http.Request) {
		part, last, total := page(s, s.names(), number(r, "page", 1), number(r, "per_page", 25))
		out := []any{}
		for i, z := range part {
			out = append(out, map[string]any{"id": i + 1, "name": z, "ttl": 3600, "mode": "primary"})
		}
		answer(w, map[string]any{"zones": out, "meta": meta(r, last, total)})
	})
	mux.HandleFunc("POST /zones", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Name, Mode string }
		if read(w, r, &in) {
			s.zones[in.Name] = nil
			w.WriteHeader(http.StatusCreated)
			answer(w, running)
		}
	})
	mux.HandleFunc("GET /actions/7", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]any{"action": map[string]any{"id": 7, "status": "success", "progress": 100, "error": nil}})
	})
	mux.HandleFunc("GET /zones/{zone}", func(w http.ResponseWriter, r *http.Request) {
		if s.has(w, r.PathValue("zone")) {
			answer(w, map[string]any{"zone": map[string]any{"id": 1, "name": r.PathValue("zone"), "ttl": 3600, "mode": "primary", "record_count": len(s.zones[r.PathValue("zone")])}})
		}
	})
	mux.HandleFunc("GET /zones/{zone}/rrsets", func(w http.ResponseWriter, r *http.Request) {
		zone := r.PathValue("zone")
		if !s.has(w, zone) {
			return
		}
		part, last, total := page(s, s.sets(zone), number(r, "page", 1), number(r, "per_page", 25))
		out := []doc{}
		for _, x := range part {
			d := doc{ID: at(x.Owner) + "/" + x.Type, Name: at(x.Owner), Type: x.Type}
			if x.TTL != 3600 {
				d.TTL = &x.TTL
			}
			for _, v := range x.Data {
				d.Records = append(d.Records, value{Value: v})
			}
			out = append(out, d)
		}
		answer(w, map[string]any{"rrsets": out, "meta": meta(r, last, total)})
	})
	mux.HandleFunc("POST /zones/{zone}/rrsets", func(w http.ResponseWriter, r *http.Request) {
		var in doc
		if zone := r.PathValue("zone"); s.has(w, zone) && read(w, r, &in) {
			if find(zone, in.Name, in.Type) != nil || in.TTL == nil || *in.TTL < 60 {
				refuse(w, http.StatusUnprocessableEntity, "uniqueness_error")
				return
			}
			replace(w, zone, Set{unat(in.Name), in.Type, *in.TTL, data(in.Records)})
		}
	})
	mux.HandleFunc("DELETE /zones/{zone}/rrsets/{name}/{type}", func(w http.ResponseWriter, r *http.Request) {
		if find(r.PathValue("zone"), r.PathValue("name"), r.PathValue("type")) == nil {
			refuse(w, http.StatusNotFound, "not found")
			return
		}
		replace(w, r.PathValue("zone"), Set{Owner: unat(r.PathValue("name")), Type: r.PathValue("type")})
	})
	mux.HandleFunc("POST /zones/{zone}/rrsets/{name}/{type}/actions/{what}", func(w http.ResponseWriter, r *http.Request) {
		x := find(r.PathValue("zone"), r.PathValue("name"), r.PathValue("type"))
		var in doc
		if x == nil {
			refuse(w, http.StatusNotFound, "not found")
			return
		}
		if !read(w, r, &in) {
			return
		}
		switch r.PathValue("what") {
		case "set_records":
			x.Data = data(in.Records)
		case "change_ttl":
			x.TTL = *in.TTL
		}
		replace(w, r.PathValue("zone"), *x)
	})
	return s.serve(t, bearer, mux)
}

// GoDaddy answers as version 1 of its API does: no identifiers, no count.
func GoDaddy(t testing.TB, s *Store) string {
	mux := http.NewServeMux()
	type doc struct {
		Data     string `json:"data"`
		Name     string `json:"name"`
		Type     string `json:"type"`
		TTL      uint32 `json:"ttl"`
		Priority *int   `json:"priority,omitempty"`
		Weight   *int   `json:"weight,omitempty"`
		Port     *int   `json:"port,omitempty"`
		Service  string `json:"service,omitempty"`
		Protocol string `json:"protocol,omitempty"`
	}
	mux.HandleFunc("GET /domains", func(w http.ResponseWriter, r *http.Request) {
		out := []any{}
		for _, z := range s.names() {
			out = append(out, map[string]string{"domain": z, "status": "ACTIVE", "authCode": "not-to-be-read"})
		}
		answer(w, out)
	})
	mux.HandleFunc("GET /domains/{zone}/records", func(w http.ResponseWriter, r *http.Request) {
		zone := r.PathValue("zone")
		if !s.has(w, zone) {
			return
		}
		limit := number(r, "limit", 500)
		all := s.records(zone)
		from := min(number(r, "offset", 0), len(all))
		if s.Fault == Overlap && from > 0 {
			from--
		}
		if s.Fault == Circle {
			from = 0
		}
		out := []doc{}
		for _, x := range all[from:min(from+limit, len(all))] {
			d := doc{Data: x.Data, Name: at(x.Owner), Type: x.Type, TTL: x.TTL}
			words := strings.Fields(x.Data)
			n := func(i int) *int { v, _ := strconv.Atoi(words[i]); return &v }
			last := undotted(words[len(words)-1])
			switch x.Type {
			case "TXT":
				d.Data = plainText(x.Data)
			case "MX":
				d.Priority, d.Data = n(0), last
			case "SRV":
				labels := strings.SplitN(x.Owner, ".", 3)
				d.Priority, d.Weight, d.Port, d.Data, d.Service, d.Protocol = n(0), n(1), n(2), last, labels[0], labels[1]
			case "CNAME", "NS":
				if d.Data = last; last == zone {
					d.Data = "@"
				}
			}
			out = append(out, d)
		}
		answer(w, out)
	})
	mux.HandleFunc("PUT /domains/{zone}/records/{type}/{name}", func(w http.ResponseWriter, r *http.Request) {
		zone := r.PathValue("zone")
		var in []doc
		if !s.has(w, zone) || !read(w, r, &in) {
			return
		}
		x := Set{Owner: unat(r.PathValue("name")), Type: r.PathValue("type")}
		for _, d := range in {
			x.TTL = d.TTL
			data := d.Data
			switch x.Type {
			case "TXT":
				data = bareText(d.Data)
			case "MX":
				data = fmt.Sprintf("%d %s", *d.Priority, dotted(d.Data))
			case "SRV":
				data = fmt.Sprintf("%d %d %d %s", *d.Priority, *d.Weight, *d.Port, dotted(d.Data))
			case "CNAME", "NS":
				data += "."
			}
			x.Data = append(x.Data, data)
		}
		if x.TTL < 600 {
			refuse(w, http.StatusUnprocessableEntity, "ttl is below 600")
			return
		}
		if err := s.replace(zone, x); err != nil {
			refuse(w, http.StatusUnprocessableEntity, err.Error())
		}
	})
	mux.HandleFunc("DELETE /domains/{zone}/records/{type}/{name}", func(w http.ResponseWriter, r *http.Request) {
		if s.replace(r.PathValue("zone"), Set{Owner: unat(r.PathValue("name")), Type: r.PathValue("type")}) == nil {
			w.WriteHeader(http.StatusNoContent)
		}
	})
	return s.serve(t, func(r *http.Request) bool { return r.Header.Get("Authorization") == "sso-key "+Key+":"+Secret }, mux)
}
