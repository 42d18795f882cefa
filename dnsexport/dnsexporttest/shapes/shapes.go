// Package shapes are servers that answer as the APIs of DNS providers do, written
// by hand after their documentation and after answers that others recorded: the
// shapes of documents, pages, counts, refusals and limits. They keep zones, so that
// adapters can be held to what they wrote, and they can misbehave.
//
// They prove that an adapter speaks the documented API. They do not prove that the
// provider does.
package shapes

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"freehold"
	"freehold/dnsexport/zonefile"
)

// Secret is the key that every server takes, in its own place, and Key what
// stands beside it where there are two.
const (
	Secret = "s3cret-of-the-account"
	Key    = "key-of-the-account"
	// Zone is the one that is there from the beginning where zones are not made
	// through the API.
	Zone = "suite.test"
)

// A Fault is a way to misbehave.
type Fault int

// The faults.
const (
	None       Fault = iota
	Throttled        // the first two requests are one too many
	Hiccup           // the third request fails once
	Broken           // every request from the third on fails
	NotJSON          // a page of HTML with a status of success
	CutOff           // the answer ends in the middle
	Denied           // the key is not taken
	Miscounted       // the list is one shorter than its count
	Circle           // the last page leads back to the first
	Overlap          // the second page begins with the last record of the first
	Refused          // a refusal with a status of success
	Strange          // one record of a type that nobody knows
)

var faultNames = []string{"none", "throttled", "hiccup", "broken", "not JSON", "cut off", "denied", "miscounted", "circle", "overlap", "refused", "strange"}

func (f Fault) String() string { return faultNames[f] }

// Rec is a record as a server keeps it: owner below the zone, "" for the apex,
// data as in master files with whole names.
type Rec struct {
	ID    int64
	Owner string
	Type  string
	TTL   uint32
	Data  string
	Kind  string // where the provider files it under another word
	Proxy bool
}

// Store is what a server keeps.
type Store struct {
	Fault Fault
	// Page is how many of a list come at once where the server has pages; 0 is what
	// the caller asks for.
	Page int
	// Beside answers for paths that are no records, as JSON.
	Beside map[string]string

	mu       sync.Mutex
	zones    map[string][]Rec
	last     int64
	requests int
}

// New makes a store with the zone that is there from the beginning.
func New(zones ...string) *Store {
	s := &Store{zones: map[string][]Rec{}, Beside: map[string]string{}}
	for _, z := range zones {
		s.zones[z] = nil
	}
	return s
}

// Fill puts a zone in. Records of the types that are not listed stay out.
func (s *Store) Fill(zone string, z *freehold.Zone, holds func(freehold.RRType) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zones[zone] = nil
	for _, r := range z.Records {
		if holds == nil || holds(r.Type) {
			s.add(zone, Rec{Owner: strings.TrimPrefix(r.Owner.Relative(z.Origin), "@"), Type: r.Type.String(), TTL: r.TTL, Data: zonefile.Data(r.Type, r.Data)})
		}
	}
}

// Add adds one record.
func (s *Store) Add(zone string, r Rec) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(zone, r)
}

func (s *Store) add(zone string, r Rec) int64 {
	s.last++
	r.ID = s.last
	s.zones[zone] = append(s.zones[zone], r)
	return r.ID
}

// Requests is how many there were.
func (s *Store) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Restart counts requests anew.
func (s *Store) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = 0
}

// serve starts a server. auth tells whether a request proves who asks.
func (s *Store) serve(t testing.TB, auth func(*http.Request) bool, mux *http.ServeMux) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests++
		n := s.requests
		s.mu.Unlock()
		switch {
		case s.Fault == Throttled && n <= 2:
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusTooManyRequests, "slow down")
		case s.Fault == Hiccup && n == 3, s.Fault == Broken && n >= 3:
			refuse(w, http.StatusBadGateway, "come back")
		case s.Fault == NotJSON:
			io.WriteString(w, "<html><title>Maintenance</title>\x1b[2J</html>")
		case s.Fault == CutOff:
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, `{"result":[`)
		case s.Fault == Denied || !auth(r):
			refuse(w, http.StatusUnauthorized, "no such key: "+Secret)
		default:
			s.mu.Lock()
			defer s.mu.Unlock()
			if text, ok := s.Beside[r.URL.Path]; ok {
				io.WriteString(w, text)
				return
			}
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"message": message})
}

func answer(w http.ResponseWriter, doc any) {
	if err := json.NewEncoder(w).Encode(doc); err != nil {
		panic(err)
	}
}

// read reads a request's JSON; a broken one is answered with 400.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "no JSON: "+err.Error())
		return false
	}
	return true
}

// canon brings data into the form that the store keeps; it panics where a server
// would refuse the record, which the handlers turn into 422.
func canon(kind, data, zone string) (string, error) {
	t, ok := freehold.ParseRRType(kind)
	if !ok {
		return "", fmt.Errorf("no such type: %s", kind)
	}
	origin, err := freehold.ParseOwner(zone+".", "")
	if err != nil {
		return "", err
	}
	wire, err := zonefile.ParseData(t, data, origin)
	if err != nil {
		return "", err
	}
	return zonefile.Data(t, wire), nil
}

// bareText cuts and quotes text as the servers do that take it bare.
func bareText(text string) string {
	var b strings.Builder
	for {
		n := min(len(text), 255)
		b.WriteString(` "`)
		for _, c := range []byte(text[:n]) {
			if c == '"' || c == '\\' || c < ' ' || c > '~' {
				fmt.Fprintf(&b, `\%03d`, c)
			} else {
				b.WriteByte(c)
			}
		}
		b.WriteByte('"')
		if text = text[n:]; text == "" {
			return strings.TrimSpace(b.String())
		}
	}
}

// plainText takes the quotes off again, and joins the strings.
func plainText(data string) string {
	wire, err := zonefile.ParseData(freehold.TypeTXT, data, "")
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	for _, s := range (freehold.Record{Type: freehold.TypeTXT, Data: wire}).Strings() {
		b.WriteString(s)
	}
	return b.String()
}

// whole is an owner with its zone, without the final dot.
func whole(owner, zone string) string { return strings.TrimPrefix(owner+"."+zone, ".") }

// below takes the zone off a whole owner.
func below(name, zone string) string {
	name = strings.TrimSuffix(name, ".")
	if name == zone {
		return ""
	}
	return strings.TrimSuffix(name, "."+zone)
}

// undotted and dotted take the final dot off a name and put it back; the root keeps
// its own.
func undotted(name string) string {
	if name == "." {
		return name
	}
	return strings.TrimSuffix(name, ".")
}

func dotted(name string) string { return strings.TrimSuffix(name, ".") + "." }

// lastUndotted and lastDotted do so with the last word.
func lastUndotted(data string) string {
	i := strings.LastIndexByte(data, ' ') + 1
	return data[:i] + undotted(data[i:])
}

func lastDotted(data string) string {
	i := strings.LastIndexByte(data, ' ') + 1
	return data[:i] + dotted(data[i:])
}

func at(owner string) string {
	if owner == "" {
		return "@"
	}
	return owner
}

// unat is the reverse, and takes "." too.
func unat(owner string) string {
	if owner == "@" || owner == "." {
		return ""
	}
	return owner
}

// page cuts a list. number counts from one. The faults of pages are made here.
func page[T any](s *Store, all []T, number, size int) (part []T, last int, total int) {
	if s.Page > 0 {
		size = s.Page
	}
	total = len(all)
	last = max(1, (len(all)+size-1)/size)
	from := min(max(number-1, 0)*size, len(all))
	part = slices.Clone(all[from:min(from+size, len(all))])
	if s.Fault == Overlap && number == 2 && from > 0 {
		part = append([]T{all[from-1]}, part...)
	}
	if s.Fault == Miscounted && number == last && len(part) > 0 {
		part = part[:len(part)-1]
	}
	return part, last, total
}

// next is the number of the page after one, 0 after the last.
func (s *Store) next(number, last int) int {
	if number < last {
		return number + 1
	}
	if s.Fault == Circle {
		return 1
	}
	return 0
}

func number(r *http.Request, param string, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(param))
	if err != nil {
		return otherwise
	}
	return n
}

// Set is the records of one owner and type.
type Set struct {
	Owner, Type string
	TTL         uint32
	Data        []string
}

// sets groups a zone's records, in the order in which they came.
func (s *Store) sets(zone string) []Set {
	var out []Set
	at := map[[2]string]int{}
	for _, r := range s.zones[zone] {
		i, ok := at[[2]string{r.Owner, r.Type}]
		if !ok {
			out = append(out, Set{Owner: r.Owner, Type: r.Type, TTL: r.TTL})
			i = len(out) - 1
			at[[2]string{r.Owner, r.Type}] = i
		}
		out[i].Data = append(out[i].Data, r.Data)
	}
	if s.Fault == Strange {
		out = append(out, Set{Owner: "odd", Type: "NEWKIND", TTL: 300, Data: []string{"1"}})
	}
	return out
}

// records are a zone's records; with a fault, one that nobody knows among them.
func (s *Store) records(zone string) []Rec {
	out := s.zones[zone]
	if s.Fault == Strange {
		out = append(slices.Clone(out), Rec{ID: 999999, Owner: "odd", Type: "NEWKIND", TTL: 300, Data: "1"})
	}
	return out
}

// replace makes a set of records what it is to be.
func (s *Store) replace(zone string, x Set) error {
	var fresh []Rec
	for _, d := range x.Data {
		data, err := canon(x.Type, d, zone)
		if err != nil {
			return err
		}
		fresh = append(fresh, Rec{Owner: x.Owner, Type: x.Type, TTL: x.TTL, Data: data})
	}
	s.zones[zone] = slices.DeleteFunc(s.zones[zone], func(r Rec) bool { return r.Owner == x.Owner && r.Type == x.Type })
	for _, r := range fresh {
		if r.Type == "CNAME" && slices.ContainsFunc(s.zones[zone], func(o Rec) bool { return o.Owner == r.Owner }) {
			return fmt.Errorf("a CNAME beside other data at %q", r.Owner)
		}
		s.add(zone, r)
	}
	return nil
}

// put changes one record, or adds it where id is 0.
func (s *Store) put(zone string, id int64, r Rec) (int64, error) {
	data, err := canon(r.Type, r.Data, zone)
	if err != nil {
		return 0, err
	}
	r.Data = data
	for i, o := range s.zones[zone] {
		if o.ID == id {
			r.ID = id
			s.zones[zone][i] = r
			return id, nil
		}
		if o.Owner == r.Owner && (r.Type == "CNAME" || o.Type == "CNAME" || o.Type == r.Type && o.Data == r.Data) {
			return 0, fmt.Errorf("there is a record already at %q", r.Owner)
		}
	}
	if id != 0 {
		return 0, fmt.Errorf("no record %d", id)
	}
	return s.add(zone, r), nil
}

func (s *Store) drop(zone string, id int64) bool {
	n := len(s.zones[zone])
	s.zones[zone] = slices.DeleteFunc(s.zones[zone], func(r Rec) bool { return r.ID == id })
	return len(s.zones[zone]) < n
}

// has tells whether a zone is there, and answers 404 where it is not.
func (s *Store) has(w http.ResponseWriter, zone string) bool {
	if _, ok := s.zones[zone]; !ok {
		refuse(w, http.StatusNotFound, "not found")
		return false
	}
	return true
}

func (s *Store) names() []string {
	var out []string
	for z := range s.zones {
		out = append(out, z)
	}
	slices.Sort(out)
	return out
}

func bearer(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+Secret }
