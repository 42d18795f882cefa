package shapes

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"freehold/internal/providerapi/ovhauth"
)

// OVHKeys prove who asks.
var OVHKeys = ovhauth.Keys{Application: Key, Secret: Secret, Consumer: "consumer-key"}

// OVH answers as version 1 of its API does: signed requests at its own clock, locks
// that take their time, and a code only while a name is unlocked.
func OVH(t Owner, s *Store) string {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(w http.ResponseWriter, r *http.Request, d *Domain)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			d := s.domains[r.PathValue("name")]
			if d == nil {
				w.WriteHeader(http.StatusNotFound)
				answer(w, map[string]any{"class": "Client::NotFound", "message": "This service does not exist"})
				return
			}
			f(w, r, d)
		})
	}
	bad := func(w http.ResponseWriter, message string) {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]any{"class": "Client::BadRequest", "message": message})
	}
	task := func(w http.ResponseWriter, function string) {
		answer(w, map[string]any{"id": 4711, "function": function, "status": "todo", "canAccelerate": false, "canCancel": true, "canRelaunch": false})
	}
	mux.HandleFunc("GET /auth/time", func(w http.ResponseWriter, r *http.Request) { answer(w, 1764000000) })
	handle("GET /domain/{name}", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		moving := len(d.pending) > 0
		d.look()
		lock := map[bool]string{true: "locked", false: "unlocked"}[d.Locked]
		if moving && len(d.pending) > 0 {
			lock = map[bool]string{true: "unlocking", false: "locking"}[d.Locked]
		}
		state := "ok"
		if len(d.Statuses) > 0 {
			state = d.Statuses[0]
		}
		if state == "no lock" {
			lock, state = "unavailable", "ok"
		}
		answer(w, map[string]any{
			"domain": r.PathValue("name"), "transferLockStatus": lock, "state": state, "nameServerType": "hosted", "offer": "gold", "dnssecSupported": true,
			"whoisOwner": "77", "lastUpdate": "2026-10-01T00:00:00Z", "glueRecordIpv6Supported": true, "owoSupported": true, "parentService": nil,
		})
	})
	handle("PUT /domain/{name}", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		var in struct{ TransferLockStatus, NameServerType string }
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			bad(w, "no JSON")
			return
		}
		switch in.TransferLockStatus {
		case "locked", "unlocked":
			d.later(func() { d.Locked = in.TransferLockStatus == "locked" })
		case "":
		default:
			bad(w, "Given data ("+in.TransferLockStatus+") does not belong to the enumeration")
			return
		}
		io.WriteString(w, "null")
	})
	handle("GET /domain/{name}/authInfo", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		if d.Locked {
			w.WriteHeader(http.StatusForbidden)
			answer(w, map[string]any{"class": "Client::Forbidden", "message": "This domain is locked"})
			return
		}
		if d.Code == "" {
			d.Code = s.make()
		}
		answer(w, d.Code)
	})
	handle("POST /domain/{name}/nameServers/update", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		var in struct{ NameServers []struct{ Host string } }
		if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.NameServers) == 0 {
			bad(w, "no name servers")
			return
		}
		d.NameServers = nil
		for _, n := range in.NameServers {
			d.NameServers = append(d.NameServers, n.Host)
		}
		task(w, "DomainDnsUpdate")
	})
	handle("GET /domain/{name}/dsRecord", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		out := []int{}
		for i := range d.Keys {
			out = append(out, 80+i)
		}
		answer(w, out)
	})
	handle("POST /domain/{name}/dsRecord", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		var in struct{ Keys *[]any }
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Keys == nil {
			bad(w, "no keys")
			return
		}
		d.Keys = len(*in.Keys)
		task(w, "DomainDnssecUpdate")
	})
	handle("POST /domain/{name}/ukOutgoingTransfer", func(w http.ResponseWriter, r *http.Request, d *Domain) {
		var in struct{ Tag string }
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Tag == "" {
			bad(w, "no tag")
			return
		}
		d.Statuses = []string{"outgoing_transfer"}
		task(w, "DomainOutgoingTransfer")
	})
	return s.serve(t, mux, func(r *http.Request, body []byte) bool {
		at := r.Header.Get("X-Ovh-Timestamp")
		return r.URL.Path == "/auth/time" || at == "1764000000" && r.Header.Get("X-Ovh-Application") == Key &&
			r.Header.Get("X-Ovh-Signature") == ovhauth.Signature(OVHKeys, r.Method, "http://"+r.Host+r.URL.RequestURI(), string(body), at)
	}, func(r *http.Request, _ []byte) bool { return slices.Contains([]string{"PUT", "POST"}, r.Method) }, `{"class":"Client::BadRequest","message":"no"}`)
}
