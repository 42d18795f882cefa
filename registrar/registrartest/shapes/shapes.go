// Package shapes has servers that answer as registrars' interfaces do, by their
// documentation and their public clients: no registrar was asked. The names in them
// are invented. They do what they are told, and what goes wrong in the world.
package shapes

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// Owner is whoever ends the server: a test, or a script of one.
type Owner interface {
	Helper()
	Cleanup(func())
}

// Fault is what goes wrong with every answer.
type Fault uint8

// The faults.
const (
	None      Fault = iota
	Throttled       // too many requests, twice, then none
	Broken          // a status of 502
	HTML            // a page of HTML with a status of success
	CutOff          // a body that ends early
	Huge            // a body without an end
	Denied          // the key is not known
	Refused         // a refusal with a status of success
	Gone            // 404 with a page of HTML, as from a wrong address
)

// Secret proves who asks; Key stands beside it.
const (
	Secret = "registrar-secret-9d2c"
	Key    = "host-ag"
)

// A Domain is a name at the registrar.
type Domain struct {
	Code        string
	Locked      bool
	Statuses    []string // further ones
	NameServers []string
	Keys        int // of DNSSEC
	DS          []string
	// Lag is how many looks a change takes until it shows.
	Lag int

	pending []func()
	wait    int
}

// Store is the registrar: its names, and what goes wrong.
type Store struct {
	mu      sync.Mutex
	domains map[string]*Domain
	made    int
	loses   string // "", "before", "after"
	refuse  int
	fault   Fault
	slow    int // answers that were throttled
	// Requests are those that came, method and path.
	requests []string
}

// New makes a registrar with one name, locked and without a code.
func New(name string) *Store {
	return &Store{domains: map[string]*Domain{name: {Locked: true, NameServers: []string{"ns1.host.example", "ns2.host.example"}, Keys: 1}}}
}

// Do calls f with a name while nothing else happens.
func (s *Store) Do(name string, f func(*Domain)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.domains[name])
}

// SetFault makes everything go wrong in one way.
func (s *Store) SetFault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.slow = f, 0
}

// Lose makes the next change lose its answer, done or not.
func (s *Store) Lose(done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loses = map[bool]string{false: "before", true: "after"}[done]
}

// RefuseCode makes the next codes be refused.
func (s *Store) RefuseCode(times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = times
}

// Requests are those that came.
func (s *Store) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// make draws a code as registrars do.
func (s *Store) make() string {
	s.made++
	return fmt.Sprintf("Made-by-them-%d", s.made)
}

// later makes a change after some looks.
func (d *Domain) later(f func()) {
	if d.Lag == 0 {
		f()
		return
	}
	d.pending, d.wait = append(d.pending, f), d.Lag
}

// look lets time pass.
func (d *Domain) look() {
	if d.wait--; d.wait <= 0 {
		for _, f := range d.pending {
			f()
		}
		d.pending = nil
	}
}

// serve starts the server. proves tells whether a request proves who asks; refused is
// the document of a refusal with a status of success; writes tells a change.
func (s *Store) serve(t Owner, h http.Handler, proves func(*http.Request, []byte) bool, writes func(*http.Request, []byte) bool, refused string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		switch {
		case s.fault == Throttled && s.slow < 2:
			s.slow++
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		case s.fault == Broken:
			w.WriteHeader(http.StatusBadGateway)
			return
		case s.fault == HTML:
			io.WriteString(w, "<html><title>Maintenance</title>\x1b[2J</html>")
			return
		case s.fault == Gone:
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, "<html><title>Not found</title></html>")
			return
		case s.fault == CutOff:
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"fqdn":"`)
			return
		case s.fault == Huge:
			part := strings.Repeat(" ", 1<<16)
			for range 64 {
				if _, err := io.WriteString(w, part); err != nil {
					return
				}
			}
			return
		case s.fault == Denied || !proves(r, body):
			w.WriteHeader(http.StatusForbidden)
			answer(w, map[string]any{"message": "no such key: " + Secret})
			return
		case s.fault == Refused:
			io.WriteString(w, refused)
			return
		}
		lost := ""
		if writes(r, body) {
			lost, s.loses = s.loses, ""
		}
		if lost == "before" {
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
		if lost == "after" {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func answer(w io.Writer, doc any) {
	if err := json.NewEncoder(w).Encode(doc); err != nil {
		panic(err)
	}
}
