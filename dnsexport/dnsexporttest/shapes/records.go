package shapes

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// DigitalOcean answers as version 2 of its API does: members for each number, pages
// with links and a total.
func DigitalOcean(t testing.TB, s *Store) string {
	mux := http.NewServeMux()
	type doc struct {
		ID       int64   `json:"id"`
		Type     string  `json:"type"`
		Name     string  `json:"name"`
		Data     *string `json:"data"`
		Priority *int    `json:"priority"`
		Port     *int    `json:"port"`
		TTL      *uint32 `json:"ttl"`
		Weight   *int    `json:"weight"`
		Flags    *int    `json:"flags"`
		Tag      *string `json:"tag"`
	}
	links := func(r *http.Request, last int) map[string]any {
		if next := s.next(number(r, "page", 1), last); next > 0 {
			return map[string]any{"pages": map[string]string{"next": fmt.Sprintf("http://%s%s?page=%d&per_page=20", r.Host, r.URL.Path, next)}}
		}
		return map[string]any{}
	}
	show := func(x Rec, zone string) doc {
		words := strings.Fields(x.Data)
		n := func(i int) *int { v, _ := strconv.Atoi(words[i]); return &v }
		data := undotted(words[len(words)-1])
		d := doc{ID: x.ID, Type: x.Type, Name: at(x.Owner), Data: &data, TTL: &x.TTL}
		switch x.Type {
		case "MX":
			d.Priority = n(0)
		case "SRV":
			d.Priority, d.Weight, d.Port = n(0), n(1), n(2)
		case "CAA":
			value := strings.Trim(strings.Join(words[2:], " "), `"`)
			d.Flags, d.Tag, d.Data = n(0), &words[1], &value
		case "TXT":
			text := plainText(x.Data)
			d.Data = &text
		case "CNAME", "NS":
			if data == zone {
				data = "@"
			}
		}
		return d
	}
	take := func(d doc) Rec {
		x := Rec{Owner: unat(d.Name), Type: d.Type, TTL: *d.TTL, Data: *d.Data}
		switch d.Type {
		case "MX":
			x.Data = fmt.Sprintf("%d %s", *d.Priority, *d.Data)
		case "SRV":
			x.Data = fmt.Sprintf("%d %d %d %s", *d.Priority, *d.Weight, *d.Port, *d.Data)
		case "CAA":
			x.Data = fmt.Sprintf(`%d %s "%s"`, *d.Flags, *d.Tag, strings.TrimSuffix(*d.Data, "."))
		case "TXT":
			x.Data = bareText(*d.Data)
		}
		return x
	}
	mux.HandleFunc("GET /domains", func(w http.ResponseWriter, r *http.Request) {
		part, last, total := page(s, s.names(), number(r, "page", 1), number(r, "per_page", 20))
		out := []any{}
		for _, z := range part {
			out = append(out, map[string]any{"name": z, "ttl": 1800, "zone_file": nil})
		}
		answer(w, map[string]any{"domains": out, "links": links(r, last), "meta": map[string]int{"total": total}})
	})
	mux.HandleFunc("POST /domains", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Name string }
		if read(w, r, &in) {
			s.zones[in.Name] = nil
			w.WriteHeader(http.StatusCreated)
			answer(w, map[string]any{"domain": map[string]any{"name": in.Name, "ttl": 1800, "zone_file": nil}})
		}
	})
	mux.HandleFunc("GET /domains/{zone}", func(w http.ResponseWriter, r *http.Request) {
		if zone := r.PathValue("zone"); s.has(w, zone) {
			file := "$ORIGIN " + zone + ".\n$TTL 1800\n" + zone + ". IN SOA ns1.digitalocean.test. hostmaster." + zone + ". 17 10800 3600 604800 1800\n" + zone + ". 1800 IN NS ns1.digitalocean.test.\n"
			answer(w, map[string]any{"domain": map[string]any{"name": zone, "ttl": 1800, "zone_file": file}})
		}
	})
	mux.HandleFunc("GET /domains/{zone}/records", func(w http.ResponseWriter, r *http.Request) {
		zone := r.PathValue("zone")
		if !s.has(w, zone) {
			return
		}
		all := []doc{{ID: 1000000, Type: "SOA", Name: "@"}}
		for _, x := range s.records(zone) {
			all = append(all, show(x, zone))
		}
		part, last, total := page(s, all, number(r, "page", 1), number(r, "per_page", 20))
		answer(w, map[string]any{"domain_records": part, "links": links(r, last), "meta": map[string]int{"total": total}})
	})
	save := func(w http.ResponseWriter, r *http.Request, id int64) {
		var in doc
		if zone := r.PathValue("zone"); s.has(w, zone) && read(w, r, &in) {
			for _, name := range []*string{in.Data} {
				if in.Type != "TXT" && in.Type != "CAA" && in.Type != "A" && in.Type != "AAAA" && !strings.HasSuffix(*name, ".") {
					refuse(w, http.StatusUnprocessableEntity, "Data needs to end with a dot (.)")
					return
				}
			}
			if _, err := s.put(zone, id, take(in)); err != nil {
				refuse(w, http.StatusUnprocessableEntity, err.Error())
				return
			}
			w.WriteHeader(http.StatusCreated)
			answer(w, map[string]any{"domain_record": in})
		}
	}
	mux.HandleFunc("POST /domains/{zone}/records", func(w http.ResponseWriter, r *http.Request) { save(w, r, 0) })
	mux.HandleFunc("PUT /domains/{zone}/records/{id}", func(w http.ResponseWriter, r *http.Request) { save(w, r, id(r)) })
	mux.HandleFunc("DELETE /domains/{zone}/records/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.drop(r.PathValue("zone"), id(r))
		w.WriteHeader(http.StatusNoContent)
	})
	return s.serve(t, bearer, mux)
}

func id(r *http.Request) int64 {
	n, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	return n
}

// Porkbun answers as version 3 of its API does: POST alone, numbers as text, and a
// status within the answer.
func Porkbun(t testing.TB, s *Store) string {
	mux := http.NewServeMux()
	type doc struct {
		ID      string `json:"id,omitempty"`
		Name    string `json:"name"`
		Type    string `json:"type"`
		Content string `json:"content"`
		TTL     string `json:"ttl"`
		Prio    string `json:"prio"`
		Notes   string `json:"notes"`
	}
	fail := func(w http.ResponseWriter, message string) {
		answer(w, map[string]string{"status": "ERROR", "message": message})
	}
	done := map[string]string{"status": "SUCCESS"}
	take := func(d doc) Rec {
		ttl, _ := strconv.Atoi(d.TTL)
		x := Rec{Owner: d.Name, Type: d.Type, TTL: uint32(ttl), Data: d.Content}
		switch d.Type {
		case "TXT":
			x.Data = bareText(d.Content)
		case "MX", "SRV":
			x.Data = d.Prio + " " + lastDotted(d.Content)
		case "CNAME", "NS":
			x.Data += "."
		}
		return x
	}
	save := func(w http.ResponseWriter, r *http.Request, id int64) {
		var in doc
		if !read(w, r, &in) {
			return
		}
		if _, ok := s.zones[r.PathValue("zone")]; !ok {
			fail(w, "Invalid domain.")
			return
		}
		if n, _ := strconv.Atoi(in.TTL); n < 600 {
			fail(w, "TTL below 600")
			return
		}
		n, err := s.put(r.PathValue("zone"), id, take(in))
		if err != nil {
			fail(w, err.Error())
			return
		}
		answer(w, map[string]any{"status": "SUCCESS", "id": n})
	}
	mux.HandleFunc("POST /dns/retrieve/{zone}", func(w http.ResponseWriter, r *http.Request) {
		zone := r.PathValue("zone")
		if _, ok := s.zones[zone]; !ok || s.Fault == Refused {
			fail(w, map[bool]string{true: "Domain is not opted in to API access.", false: "Invalid domain."}[s.Fault == Refused])
			return
		}
		out := []doc{}
		for _, x := range s.records(zone) {
			d := doc{strconv.FormatInt(x.ID, 10), whole(x.Owner, zone), x.Type, x.Data, strconv.Itoa(int(x.TTL)), "0", ""}
			switch x.Type {
			case "TXT":
				d.Content = plainText(x.Data)
			case "MX", "SRV":
				d.Prio, d.Content, _ = strings.Cut(lastUndotted(x.Data), " ")
			case "CNAME", "NS":
				d.Content = strings.TrimSuffix(x.Data, ".")
			}
			out = append(out, d)
		}
		if s.Fault == Overlap && len(out) > 0 {
			out = append(out, out[0])
		}
		answer(w, map[string]any{"status": "SUCCESS", "cloudflare": "enabled", "records": out})
	})
	mux.HandleFunc("POST /dns/create/{zone}", func(w http.ResponseWriter, r *http.Request) { save(w, r, 0) })
	mux.HandleFunc("POST /dns/edit/{zone}/{id}", func(w http.ResponseWriter, r *http.Request) { save(w, r, id(r)) })
	mux.HandleFunc("POST /dns/delete/{zone}/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.drop(r.PathValue("zone"), id(r))
		answer(w, done)
	})
	mux.HandleFunc("POST /domain/listAll", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Start string }
		if !read(w, r, &in) {
			return
		}
		start, _ := strconv.Atoi(in.Start)
		out := []any{}
		for _, z := range s.names()[min(start, len(s.zones)):] {
			out = append(out, map[string]any{"domain": z, "status": "ACTIVE"})
		}
		answer(w, map[string]any{"status": "SUCCESS", "domains": out})
	})
	mux.HandleFunc("POST /domain/getUrlForwarding/{zone}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]any{"status": "SUCCESS", "forwards": []any{}})
	})
	return s.serve(t, func(r *http.Request) bool {
		return r.Header.Get("X-API-Key") == Key && r.Header.Get("X-Secret-API-Key") == Secret
	}, mux)
}

// Infomaniak answers as version 2 of its API does: the result within the answer, "."
// for the apex.
func Infomaniak(t testing.TB, s *Store) string {
	mux := http.NewServeMux()
	type doc struct {
		ID      int64  `json:"id,omitempty"`
		Source  string `json:"source"`
		Type    string `json:"type"`
		TTL     uint32 `json:"ttl"`
		Target  string `json:"target"`
		Updated int64  `json:"updated_at,omitempty"`
	}
	good := func(w http.ResponseWriter, data any) {
		answer(w, map[string]any{"result": "success", "data": data})
	}
	fail := func(w http.ResponseWriter, status int, why string) {
		w.WriteHeader(status)
		answer(w, map[string]any{"result": "error", "error": map[string]string{"code": "validation_failed", "description": why}})
	}
	take := func(d doc) Rec {
		x := Rec{Owner: unat(d.Source), Type: d.Type, TTL: d.TTL, Data: d.Target}
		switch d.Type {
		case "TXT":
			x.Data = bareText(d.Target)
		case "MX", "SRV", "CNAME", "NS":
			x.Data = lastDotted(x.Data)
		}
		return x
	}
	save := func(w http.ResponseWriter, r *http.Request, id int64) {
		var in doc
		if !read(w, r, &in) {
			return
		}
		if in.TTL < 60 {
			fail(w, http.StatusUnprocessableEntity, "ttl")
			return
		}
		n, err := s.put(r.PathValue("zone"), id, take(in))
		if err != nil {
			fail(w, http.StatusUnprocessableEntity, err.Error())
			return
		}
		good(w, map[string]int64{"id": n})
	}
	mux.HandleFunc("GET /2/zones/{zone}/records", func(w http.ResponseWriter, r *http.Request) {
		zone := r.PathValue("zone")
		if _, ok := s.zones[zone]; !ok {
			fail(w, http.StatusNotFound, "object_not_found")
			return
		}
		if s.Fault == Refused {
			fail(w, http.StatusOK, "not_allowed")
			return
		}
		out := []doc{}
		for _, x := range s.records(zone) {
			d := doc{x.ID, x.Owner, x.Type, x.TTL, x.Data, 1659958248}
			if x.Owner == "" {
				d.Source = "."
			}
			switch x.Type {
			case "TXT":
				d.Target = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(plainText(x.Data)) + `"`
			case "MX", "SRV", "CNAME", "NS":
				d.Target = lastUndotted(x.Data)
			}
			out = append(out, d)
		}
		if s.Page == 0 {
			if s.Fault == Overlap && len(out) > 0 {
				out = append(out, out[0])
			}
			good(w, out)
			return
		}
		part, last, total := page(s, out, number(r, "page", 1), 100)
		answer(w, map[string]any{"result": "success", "data": part, "total": total, "page": number(r, "page", 1), "pages": last, "items_per_page": s.Page})
	})
	mux.HandleFunc("POST /2/zones/{zone}/records", func(w http.ResponseWriter, r *http.Request) { save(w, r, 0) })
	mux.HandleFunc("PUT /2/zones/{zone}/records/{id}", func(w http.ResponseWriter, r *http.Request) { save(w, r, id(r)) })
	mux.HandleFunc("DELETE /2/zones/{zone}/records/{id}", func(w http.ResponseWriter, r *http.Request) {
		good(w, s.drop(r.PathValue("zone"), id(r)))
	})
	return s.serve(t, bearer, mux)
}

// OVH answers as version 1 of its API does: an export as text, a list of
// identifiers, and nothing served before a refresh. check holds the signature of a
// request to what it has to be; it may be nil.
func OVH(t testing.TB, s *Store, check func(r *http.Request) bool) string {
	mux := http.NewServeMux()
	type doc struct {
		ID     int64  `json:"id"`
		Zone   string `json:"zone"`
		Kind   string `json:"fieldType"`
		Sub    string `json:"subDomain"`
		Target string `json:"target"`
		TTL    uint32 `json:"ttl"`
	}
	served := map[string][]Rec{}
	kind := func(x Rec) string {
		if x.Kind != "" {
			return x.Kind
		}
		return x.Type
	}
	mux.HandleFunc("GET /auth/time", func(w http.ResponseWriter, r *http.Request) { answer(w, 1764000000) })
	mux.HandleFunc("GET /domain/zone", func(w http.ResponseWriter, r *http.Request) { answer(w, s.names()) })
	mux.HandleFunc("GET /domain/zone/{zone}/export", func(w http.ResponseWriter, r *http.Request) {
		zone := r.PathValue("zone")
		if !s.has(w, zone) {
			return
		}
		if served[zone] == nil {
			served[zone] = slices.Clone(s.zones[zone])
		}
		var b strings.Builder
		fmt.Fprintf(&b, "$TTL 3600\n@\tIN SOA dns1.ovh.test. tech.ovh.test. (2026112500 86400 3600 3600000 300)\n        IN NS     dns1.ovh.test.\n        IN NS     ns1.ovh.test.\n")
		for _, x := range served[zone] {
			ttl := ""
			if x.TTL != 3600 {
				ttl = strconv.Itoa(int(x.TTL))
			}
			fmt.Fprintf(&b, "%-20s %s IN %s %s\n", at(x.Owner), ttl, x.Type, x.Data)
		}
		if s.Fault == Strange {
			b.WriteString("odd IN NEWKIND 1\n")
		}
		answer(w, b.String())
	})
	mux.HandleFunc("GET /domain/zone/{zone}/record", func(w http.ResponseWriter, r *http.Request) {
		zone, query := r.PathValue("zone"), r.URL.Query()
		out := []int64{}
		for _, x := range s.zones[zone] {
			if query.Has("fieldType") && (kind(x) != query.Get("fieldType") || x.Owner != query.Get("subDomain")) {
				continue
			}
			out = append(out, x.ID)
		}
		if s.Fault == Miscounted {
			out = append(out, 1000001, 1000002, 1000003, 1000004)
		}
		answer(w, out)
	})
	mux.HandleFunc("GET /domain/zone/{zone}/record/{id}", func(w http.ResponseWriter, r *http.Request) {
		for _, x := range s.zones[r.PathValue("zone")] {
			if x.ID == id(r) {
				answer(w, doc{x.ID, r.PathValue("zone"), kind(x), x.Owner, x.Data, x.TTL})
				return
			}
		}
		refuse(w, http.StatusNotFound, "This service does not exist")
	})
	save := func(w http.ResponseWriter, r *http.Request, id int64) {
		var in doc
		zone := r.PathValue("zone")
		if !s.has(w, zone) || !read(w, r, &in) {
			return
		}
		for _, x := range s.zones[zone] {
			if x.ID == id {
				in.Kind = x.Type
			}
		}
		if _, err := s.put(zone, id, Rec{Owner: in.Sub, Type: in.Kind, TTL: in.TTL, Data: in.Target}); err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		answer(w, in)
	}
	mux.HandleFunc("POST /domain/zone/{zone}/record", func(w http.ResponseWriter, r *http.Request) { save(w, r, 0) })
	mux.HandleFunc("PUT /domain/zone/{zone}/record/{id}", func(w http.ResponseWriter, r *http.Request) { save(w, r, id(r)) })
	mux.HandleFunc("DELETE /domain/zone/{zone}/record/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.drop(r.PathValue("zone"), id(r))
		answer(w, nil)
	})
	mux.HandleFunc("POST /domain/zone/{zone}/refresh", func(w http.ResponseWriter, r *http.Request) {
		served[r.PathValue("zone")] = slices.Clone(s.zones[r.PathValue("zone")])
		if served[r.PathValue("zone")] == nil {
			served[r.PathValue("zone")] = []Rec{}
		}
		answer(w, nil)
	})
	mux.HandleFunc("GET /domain/zone/{zone}/redirection", func(w http.ResponseWriter, r *http.Request) { answer(w, []int64{}) })
	mux.HandleFunc("GET /domain/zone/{zone}/dynHost/record", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusForbidden, "This call has not been granted")
	})
	return s.serve(t, func(r *http.Request) bool {
		return r.URL.Path == "/auth/time" || r.Header.Get("X-Ovh-Application") == Key && r.Header.Get("X-Ovh-Consumer") == "consumer-key" && (check == nil || check(r))
	}, mux)
}
