package shapes

import (
	"encoding/json"
	"net/http"
	"slices"
)

// Gandi answers as version 5 of its API does. The detail of a name has more than is
// asked for, its code among it; changes are taken and made later.
func Gandi(t Owner, s *Store) string {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(w http.ResponseWriter, r *http.Request, d *Domain)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			d := s.domains[r.PathValue("name")]
			if d == nil {
				w.WriteHeader(http.StatusNotFound)
				answer(w, map[string]any{"code": 404, "message": "The resource could not be found.", "object": "HTTPNotFound", "cause": "Not Found"})
				return
			}
			f(w, r, d)
		})
	}
	taken := func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusAccepted)
		answer(w, map[string]any{"message": "Confirmed"})
	}
	handle("GET /domain/domains/{name}", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		d.look()
		status := append([]string{}, d.Statuses...)
		if d.Locked {
			status = append(status, "clientTransferProhibited")
		}
		doc := map[string]any{
			"fqdn": r.PathValue("name"), "status": status, "can_tld_lock": true, "nameservers": d.NameServers, "services": []string{"gandidns"},
			"contacts":      map[string]any{"owner": map[string]any{"family": "Abegg", "email": "rosa@post.example"}},
			"dates":         map[string]any{"registry_ends_at": "2027-03-01T00:00:00Z", "authinfo_expires_at": "2027-03-01T00:00:00Z"},
			"sharing_space": map[string]any{"name": "host-ag"}, "trustee_roles": []any{},
		}
		if d.Code != "" {
			doc["authinfo"] = d.Code
		}
		answer(w, doc)
	})
	handle("PATCH /domain/domains/{name}/status", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		var in map[string]bool
		on, ok := false, false
		if json.NewDecoder(r.Body).Decode(&in) == nil {
			on, ok = in["clientTransferProhibited"]
		}
		if !ok || len(in) != 1 {
			w.WriteHeader(http.StatusBadRequest)
			answer(w, map[string]any{"status": "error", "errors": []any{map[string]string{"location": "body", "name": "clientTransferProhibited", "description": "Required"}}})
			return
		}
		d.later(func() { d.Locked = on })
		taken(w)
	})
	handle("PUT /domain/domains/{name}/authinfo", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		code := s.make()
		d.later(func() { d.Code = code })
		taken(w)
	})
	handle("PUT /domain/domains/{name}/nameservers", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		var in struct{ Nameservers []string }
		if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.Nameservers) == 0 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		d.NameServers = in.Nameservers
		taken(w)
	})
	handle("GET /domain/domains/{name}/dnskeys", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		out := []any{}
		for i := range d.Keys {
			out = append(out, map[string]any{"id": 70 + i, "algorithm": 13, "keytag": 12345, "type": "ksk", "public_key": "oJMRESz5E4gYzS/q6XDrvU1qMPYIjCWzJaOau8XNEZeqCYKD5ar0IRd8KqXXFJkqmVfRvMGPmM1x8fGAa2XhSA==", "digest_type": 2, "digest": "aa"})
		}
		answer(w, out)
	})
	handle("DELETE /domain/domains/{name}/dnskeys/{id}", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		if d.Keys == 0 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		d.Keys--
		taken(w)
	})
	return s.serve(t, mux, func(r *http.Request, _ []byte) bool { return r.Header.Get("Authorization") == "Bearer "+Secret },
		func(r *http.Request, _ []byte) bool {
			return r.Method != http.MethodGet && slices.Contains([]string{"PUT", "PATCH", "DELETE"}, r.Method)
		}, `{"status":"error","errors":[]}`)
}
