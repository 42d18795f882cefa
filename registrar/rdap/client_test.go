package rdap

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"freehold"
	"freehold/internal/fetch"
	"freehold/internal/limit"
)

// world is one HTTP server that plays the registry (/registry/), the registrars
// (/registrar/…) and the address registry (/rir/), on a clock of its own.
type world struct {
	t   *testing.T
	url string

	mu       sync.Mutex
	now      time.Time
	handlers map[string]http.HandlerFunc
	asked    []string
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), handlers: map[string]http.HandlerFunc{}}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked = append(w.asked, r.URL.Path)
		h := w.handlers[r.URL.Path]
		for prefix, other := range w.handlers {
			if h == nil && strings.HasSuffix(prefix, "/") && strings.HasPrefix(r.URL.Path, prefix) {
				h = other
			}
		}
		w.mu.Unlock()
		if h == nil {
			http.NotFound(rw, r)
			return
		}
		h(rw, r)
	}))
	t.Cleanup(s.Close)
	w.url = s.URL
	return w
}

func (w *world) handle(path string, h http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handlers[path] = h
}

// answer serves a body; SRV in it stands for the server's own.
func (w *world) answer(path string, status int, body string) {
	w.handle(path, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "application/rdap+json")
		rw.WriteHeader(status)
		fmt.Fprint(rw, strings.ReplaceAll(body, "SRV", w.url))
	})
}

func (w *world) total() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked)
}

func (w *world) paths() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.asked)
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) timer(d time.Duration) (<-chan time.Time, func()) {
	w.advance(d)
	c := make(chan time.Time, 1)
	c <- w.clock()
	return c, func() {}
}

func (w *world) fetcher() *fetch.Client {
	f := fetch.New(fetch.Config{Now: w.clock, Limiter: limit.New(limit.Config{Now: w.clock, Timer: w.timer}), Timeout: 5 * time.Second})
	w.t.Cleanup(f.Close)
	return f
}

// lists writes the world's lists of servers and returns the folder and the file.
func (w *world) lists() (dir, ids string) {
	dir = w.t.TempDir()
	for file, body := range map[string]string{
		"dns.json":  `{"version":"1.0","publication":"2026-11-01T00:00:00Z","services":[[["com","ch"],["SRV/registry/"]]]}`,
		"ipv4.json": `{"services":[[["192.0.2.0/24","198.51.100.0/23"],["SRV/rir/"]]]}`,
		"ipv6.json": `{"services":[[["2001:db8::/32"],["SRV/rir/"]]]}`,
		"ids.csv":   "ID,Registrar Name,Status,RDAP Base URL\n9301,Alpenregistrar AG,Accredited,SRV/registrar/alpen/\n9302,Other,Accredited,SRV/registrar/other/\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(strings.ReplaceAll(body, "SRV", w.url)), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	return dir, filepath.Join(dir, "ids.csv")
}

func (w *world) client() *Client {
	dir, ids := w.lists()
	return w.clientOf(dir, ids)
}

func (w *world) clientOf(bootstrap, ids string) *Client {
	f := w.fetcher()
	b, r, err := Sources{Fetch: f, Now: w.clock}.Load(context.Background(), bootstrap, ids)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := New(Config{Bootstrap: b, RegistrarIDs: r, Fetch: f, Now: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func mustName(t testing.TB, s string) freehold.Name {
	t.Helper()
	n, err := freehold.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// registryAnswer is a thin registry's, with a link to the registrar's record.
func registryAnswer(link string) string {
	return with(`"status":["client transfer prohibited"],"nameservers":[{"ldhName":"ns1.hebergeur.example"}],"secureDNS":{"delegationSigned":true},
		"links":[{"rel":"related","href":"` + link + `","type":"application/rdap+json"}],
		"events":[{"eventAction":"registration","eventDate":"2003-09-15T04:00:00Z"},{"eventAction":"expiration","eventDate":"2028-09-15T04:00:00Z"}],
		"entities":[` + entity("registrar", `,"handle":"9301","links":[{"rel":"about","value":"SRV/registrar/alpen/","href":"https://alpen.example"}],`+card(fn("Alpenregistrar AG"))+registrarID) + `]`)
}

const registrarAnswer = `"status":["client transfer prohibited"],"nameservers":[{"ldhName":"NS1.hebergeur.example."}],"secureDNS":{"delegationSigned":true},
	"events":[{"eventAction":"registration","eventDate":"2003-09-15T10:00:00Z"},{"eventAction":"expiration","eventDate":"2027-09-15T04:00:00Z"}]`

func registrarEntities(registrar string) string {
	return `,"entities":[` + entity("registrar", `,`+card(fn(registrar))+registrarID) + `,` +
		entity("reseller", `,`+card(fn("Webagentur Süd"))) + `,` +
		entity("registrant", `,`+card(fn("REDACTED FOR PRIVACY")+`,["org",{},"text","Boulangerie Perrin SA"],["email",{},"text","info@boulangerie-perrin.com"]`)) + `]`
}

func TestTwoQuestions(t *testing.T) {
	w := newWorld(t)
	w.answer("/registry/domain/boulangerie-perrin.com", 200, registryAnswer("SRV/registrar/alpen/domain/boulangerie-perrin.com"))
	w.answer("/registrar/alpen/domain/boulangerie-perrin.com", 200, with(registrarAnswer+registrarEntities("ALPENREGISTRAR, ag")))
	reg, evidence := w.client().Domain(context.Background(), mustName(t, "boulangerie-perrin.com"))

	if len(evidence) != 2 || len(reg.Asks) != 2 {
		t.Fatalf("%d pieces of evidence, asks %+v", len(evidence), reg.Asks)
	}
	registry, registrar := evidence[0].ID(), evidence[1].ID()
	for i, path := range []string{"/registry/domain/boulangerie-perrin.com", "/registrar/alpen/domain/boulangerie-perrin.com"} {
		e, a := evidence[i], reg.Asks[i]
		if e.Kind != freehold.EvidenceRDAP || e.Source != w.url+path || e.Query != "boulangerie-perrin.com" || e.Status != "200" || len(e.Body) == 0 || !e.Time.Equal(w.now) || e.MediaType != "application/rdap+json" {
			t.Errorf("evidence %+v", e)
		}
		if a != (freehold.Ask{Kind: freehold.EvidenceRDAP, Source: w.url + path, Outcome: freehold.OutcomeAnswered, Evidence: e.ID()}) {
			t.Errorf("ask %+v", a)
		}
	}
	for _, c := range []struct {
		what, got, want string
		fact            []freehold.EvidenceID
		from            freehold.EvidenceID
	}{
		{"registrar", reg.Registrar.Value, "Alpenregistrar AG", reg.Registrar.Evidence, registry},
		{"iana id", reg.RegistrarIANAID.Value, "9301", reg.RegistrarIANAID.Evidence, registry},
		{"url", reg.RegistrarURL.Value, "https://alpen.example", reg.RegistrarURL.Evidence, registry},
		{"reseller", reg.Reseller.Value, "Webagentur Süd", reg.Reseller.Evidence, registrar},
		{"registrant", reg.RegistrantName.State.String(), "redacted", reg.RegistrantName.Evidence, registrar},
		{"organisation", reg.RegistrantOrg.Value, "Boulangerie Perrin SA", reg.RegistrantOrg.Evidence, registrar},
		{"mailbox", reg.RegistrantEmail.Value, "info@boulangerie-perrin.com", reg.RegistrantEmail.Evidence, registrar},
		{"created", reg.Created.Value.Format(time.DateOnly), "2003-09-15", reg.Created.Evidence, registry},
		{"expires", reg.Expires.Value.Format(time.DateOnly), "2028-09-15", reg.Expires.Evidence, registry},
		{"registrar expires", reg.RegistrarExpires.Value.Format(time.DateOnly), "2027-09-15", reg.RegistrarExpires.Evidence, registrar},
		{"statuses", strings.Join(reg.Statuses.Value, " "), "clientTransferProhibited", reg.Statuses.Evidence, registry},
		{"name servers", hostList(reg.Nameservers.Value), "ns1.hebergeur.example", reg.Nameservers.Evidence, registry},
	} {
		if c.got != c.want || !slices.Equal(c.fact, []freehold.EvidenceID{c.from}) {
			t.Errorf("%s: %q from %v; want %q from %s", c.what, c.got, c.fact, c.want, c.from)
		}
	}
	if reg.State != freehold.Registered || !reg.DNSSEC.Value || len(reg.Conflicts) != 0 {
		t.Errorf("state %s, DNSSEC %+v, conflicts %+v", reg.State, reg.DNSSEC, reg.Conflicts)
	}
}

func TestConflicts(t *testing.T) {
	w := newWorld(t)
	w.answer("/registry/domain/boulangerie-perrin.com", 200, registryAnswer("SRV/registrar/alpen/domain/boulangerie-perrin.com"))
	w.answer("/registrar/alpen/domain/boulangerie-perrin.com", 200, with(`"status":["active"],"nameservers":[{"ldhName":"ns.other.example"}],"secureDNS":{"delegationSigned":false},
		"events":[{"eventAction":"registration","eventDate":"2004-01-01T00:00:00Z"},{"eventAction":"registrar expiration","eventDate":"2026-12-01T00:00:00Z"},{"eventAction":"expiration","eventDate":"2028-09-15T04:00:00Z"}],
		"entities":[`+entity("registrar", `,`+card(fn("Other Names Ltd"))+`,"publicIds":[{"type":"IANA Registrar ID","identifier":"9302"}]`)+`]`))
	reg, evidence := w.client().Domain(context.Background(), mustName(t, "boulangerie-perrin.com"))
	var got []string
	for _, c := range reg.Conflicts {
		got = append(got, c.Field+": "+c.A+" / "+c.B)
		if c.SourceA != evidence[0].Source || c.SourceB != evidence[1].Source || len(c.Evidence) != 2 {
			t.Errorf("%+v", c)
		}
	}
	want := []string{
		"registrar: Alpenregistrar AG / Other Names Ltd", "registrar_iana_id: 9301 / 9302", "created: 2003-09-15T04:00:00Z / 2004-01-01T00:00:00Z",
		"nameservers: ns1.hebergeur.example / ns.other.example", "statuses: clientTransferProhibited / ok", "dnssec: true / false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("conflicts\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if reg.Reseller.State != freehold.Unknown || !strings.Contains(reg.Reseller.Note, "need not") {
		t.Errorf("that the registrar names no reseller is taken for there being none: %+v", reg.Reseller)
	}
	if reg.Registrar.Value != "Alpenregistrar AG" || !reg.DNSSEC.Value || reg.RegistrarExpires.Value.Year() != 2026 {
		t.Errorf("the registry is not believed, or its expiry not the registrar's: %+v", reg)
	}
}

// TestState: only the registry's word counts, and only a clear one.
func TestState(t *testing.T) {
	for _, c := range []struct {
		name    string
		status  int
		body    string
		want    freehold.RegistrationState
		outcome freehold.Outcome
	}{
		{"record", 200, with(""), freehold.Registered, freehold.OutcomeAnswered},
		{"401", 401, "", freehold.Registered, freehold.OutcomeRefused},
		{"404", 404, `{"errorCode":404}`, freehold.NotRegistered, freehold.OutcomeAnswered},
		{"empty 404", 404, "", freehold.NotRegistered, freehold.OutcomeAnswered},
		{"a name that is kept back", 200, with(`"status":["reserved"]`), freehold.RegistrationUnknown, freehold.OutcomeAnswered},
		{"a name that is kept back, and held", 200, with(`"status":["reserved"],"events":[{"eventAction":"registration","eventDate":"2003-09-15T04:00:00Z"}]`), freehold.Registered, freehold.OutcomeAnswered},
		{"a name that is free", 200, with(`"status":["Not registered"],"nameservers":[]`), freehold.RegistrationUnknown, freehold.OutcomeAnswered},
		{"404 of a web server", 404, "<!DOCTYPE html><title>Not found</title>", freehold.RegistrationUnknown, freehold.OutcomeGarbled},
		{"404 in words", 404, "404 page not found\n", freehold.RegistrationUnknown, freehold.OutcomeGarbled},
		{"404 that is another error", 404, `{"errorCode":429,"title":"Too many"}`, freehold.RegistrationUnknown, freehold.OutcomeGarbled},
		{"404 with a title alone", 404, `{"title":"No such domain"}`, freehold.NotRegistered, freehold.OutcomeAnswered},
		{"400", 400, `{"errorCode":400}`, freehold.RegistrationUnknown, freehold.OutcomeRefused},
		{"403", 403, "", freehold.RegistrationUnknown, freehold.OutcomeRefused},
		{"429", 429, "", freehold.RegistrationUnknown, freehold.OutcomeThrottled},
		{"500", 500, "", freehold.RegistrationUnknown, freehold.OutcomeFailed},
		{"503", 503, "", freehold.RegistrationUnknown, freehold.OutcomeThrottled},
		{"a web page", 200, "<html>", freehold.RegistrationUnknown, freehold.OutcomeGarbled},
		{"nothing", 200, "", freehold.RegistrationUnknown, freehold.OutcomeGarbled},
		{"another name", 200, `{"objectClassName":"domain","ldhName":"x.com"}`, freehold.RegistrationUnknown, freehold.OutcomeGarbled},
		{"an error as 200", 200, `{"errorCode":404,"title":"Not found"}`, freehold.RegistrationUnknown, freehold.OutcomeGarbled},
	} {
		w := newWorld(t)
		w.answer("/registry/domain/boulangerie-perrin.com", c.status, c.body)
		reg, evidence := w.client().Domain(context.Background(), mustName(t, "boulangerie-perrin.com"))
		if reg.State != c.want || len(reg.Asks) != 1 || reg.Asks[0].Outcome != c.outcome {
			t.Errorf("%s: %s, asks %+v; want %s, %s", c.name, reg.State, reg.Asks, c.want, c.outcome)
		}
		if len(evidence) != 1 || reg.Asks[0].Evidence != evidence[0].ID() || evidence[0].Status != fmt.Sprint(c.status) || string(evidence[0].Body) != c.body {
			t.Errorf("%s: evidence %+v", c.name, evidence)
		}
		if c.outcome != freehold.OutcomeAnswered && (reg.Asks[0].Error == "" || reg.Registrar.Note == "") {
			t.Errorf("%s: no reason is given: %+v", c.name, reg)
		}
		if reg.Registrar.State != freehold.Unknown || reg.Reseller.State != freehold.Unknown {
			t.Errorf("%s: a fact from nothing: %+v", c.name, reg)
		}
	}
}

// TestRegistrarHop: where the second question may go, and what its failure means.
func TestRegistrarHop(t *testing.T) {
	const own = "SRV/registrar/alpen/domain/boulangerie-perrin.com"
	for _, c := range []struct {
		name, link string
		asked      bool // a second question reached the server
		outcome    freehold.Outcome
		why        string
		setUp      func(*world)
	}{
		{name: "own record", link: own, asked: true, outcome: freehold.OutcomeAnswered},
		{name: "another registrar on the list", link: "SRV/registrar/other/domain/boulangerie-perrin.com", asked: true, outcome: freehold.OutcomeAnswered},
		{name: "not on the list", link: "SRV/registrar/evil/domain/boulangerie-perrin.com", outcome: freehold.OutcomeRefused, why: "not asked"},
		{name: "outside the base", link: "SRV/registrar/alpen/../secret/domain/boulangerie-perrin.com", outcome: freehold.OutcomeRefused, why: "not asked"},
		{name: "encoded dots", link: "SRV/registrar/alpen/%2e%2e/secret/domain/boulangerie-perrin.com", outcome: freehold.OutcomeRefused, why: "not asked"},
		{name: "cloud metadata", link: "http://169.254.169.254/domain/boulangerie-perrin.com", outcome: freehold.OutcomeRefused, why: "not asked"},
		{name: "a public host not on the list", link: "https://rdap.evil.example/domain/boulangerie-perrin.com", outcome: freehold.OutcomeRefused, why: "not on the list"},
		{name: "not found there", link: own, asked: true, outcome: freehold.OutcomeAnswered, why: "no record of this name", setUp: func(w *world) {
			w.answer("/registrar/alpen/domain/boulangerie-perrin.com", 404, "")
		}},
		{name: "another name there", link: own, asked: true, outcome: freehold.OutcomeGarbled, why: "another name", setUp: func(w *world) {
			w.answer("/registrar/alpen/domain/boulangerie-perrin.com", 200, `{"objectClassName":"domain","ldhName":"x.com","entities":[`+entity("registrant", `,`+card(fn("Somebody Else")))+`]}`)
		}},
		{name: "redirected away", link: own, asked: true, outcome: freehold.OutcomeRefused, why: "not asked", setUp: func(w *world) {
			w.handle("/registrar/alpen/domain/boulangerie-perrin.com", func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, "/registrar/evil/domain/boulangerie-perrin.com", http.StatusFound)
			})
		}},
		{name: "throttled", link: own, asked: true, outcome: freehold.OutcomeThrottled, why: "slow down", setUp: func(w *world) {
			w.answer("/registrar/alpen/domain/boulangerie-perrin.com", 429, "")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			record := with(registrarAnswer + registrarEntities("Alpenregistrar AG"))
			for _, r := range []string{"alpen", "other", "evil"} {
				w.answer("/registrar/"+r+"/domain/boulangerie-perrin.com", 200, record)
			}
			w.answer("/registrar/secret/domain/boulangerie-perrin.com", 200, record)
			w.answer("/registry/domain/boulangerie-perrin.com", 200, registryAnswer(c.link))
			if c.setUp != nil {
				c.setUp(w)
			}
			reg, _ := w.client().Domain(context.Background(), mustName(t, "boulangerie-perrin.com"))
			if reg.State != freehold.Registered || reg.Registrar.Value != "Alpenregistrar AG" {
				t.Errorf("the registry's word is lost: %+v", reg)
			}
			if len(reg.Asks) != 2 || reg.Asks[1].Outcome != c.outcome || !strings.Contains(reg.Asks[1].Error, c.why) {
				t.Errorf("asks %+v; want %s, %q", reg.Asks, c.outcome, c.why)
			}
			for _, p := range w.paths()[1:] {
				if !c.asked || strings.Contains(p, "evil") || strings.Contains(p, "secret") {
					t.Errorf("%s was asked", p)
				}
			}
			if c.why != "" {
				if reg.RegistrantName.State != freehold.Unknown || !strings.Contains(reg.RegistrantName.Note, c.why) || reg.Reseller.State != freehold.Unknown {
					t.Errorf("registrant %+v, reseller %+v", reg.RegistrantName, reg.Reseller)
				}
			}
		})
	}
}

func TestNoRegistrarHop(t *testing.T) {
	for _, c := range []struct{ name, answer, ids, why string }{
		{"no link", with(""), "ids.csv", "links to no record"},
		{"no list", registryAnswer("SRV/registrar/alpen/domain/boulangerie-perrin.com"), "", "no list of registrars"},
		{"reserved id", strings.ReplaceAll(registryAnswer("SRV/registrar/alpen/domain/boulangerie-perrin.com"), "9301", "9995"), "ids.csv", "reserved"},
		{"a link to itself", registryAnswer("SRV/registry/domain/boulangerie-perrin.com"), "ids.csv", "leads to itself"},
	} {
		w := newWorld(t)
		w.answer("/registry/domain/boulangerie-perrin.com", 200, c.answer)
		dir, ids := w.lists()
		if c.ids == "" {
			ids = ""
		}
		reg, _ := w.clientOf(dir, ids).Domain(context.Background(), mustName(t, "boulangerie-perrin.com"))
		if w.total() != 1 {
			t.Errorf("%s: asked %v", c.name, w.paths())
		}
		if reg.State != freehold.Registered || !strings.Contains(reg.RegistrantName.Note, c.why) || reg.RegistrantName.State != freehold.Unknown || reg.Reseller.State != freehold.Unknown {
			t.Errorf("%s: %+v", c.name, reg.RegistrantName)
		}
		for _, a := range reg.Asks[1:] {
			if a.Outcome != freehold.OutcomeNone || a.Error == "" {
				t.Errorf("%s: ask %+v", c.name, a)
			}
		}
	}
}

// The registry's own statement of the registrar's base is enough, over https.
func TestAboutBase(t *testing.T) {
	ids, err := parseRegistrarIDs([]byte("ID,Registrar Name,Status,RDAP Base URL\n9302,Other,Accredited,https://rdap.other.example/\n9303,Gone,Terminated,https://rdap.gone.example/\n9304,Plain,Accredited,http://rdap.plain.example/\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		about, hostport string
		want            bool
	}{
		{"", "rdap.other.example:443", true},
		{"", "rdap.alpen.example:443", false},
		{"https://rdap.alpen.example/x/", "rdap.alpen.example:443", true},
		{"https://rdap.alpen.example/x/", "rdap.alpen.example:8443", false},
		{"not a url", "rdap.alpen.example:443", false},
		{"", "rdap.gone.example:443", false},
		{"", "rdap.plain.example:443", false},
		{"", "rdap.plain.example:80", false},
		{"", "", false},
	} {
		if got := ids.allows(c.about)(c.hostport); got != c.want {
			t.Errorf("about %q: %q allowed %v, want %v", c.about, c.hostport, got, c.want)
		}
	}
	for _, c := range []struct {
		links    []string
		id, want string
	}{
		{[]string{"https://a.example/domain/x"}, "9302", "https://a.example/domain/x"},
		{[]string{"https://a.example/domain/x", "https://rdap.other.example/domain/x"}, "9302", "https://rdap.other.example/domain/x"},
		{[]string{"http://a.example/domain/x"}, "", "https://a.example/domain/x"},
	} {
		if got := ids.choose(c.links, c.id); got != c.want {
			t.Errorf("choose(%q, %s) = %s, want %s", c.links, c.id, got, c.want)
		}
	}
}

func TestServer(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	list := `{"services":[[["com","CO.uk.","bücher.example"],["http://plain.example/","SRV/a"]],[["uk"],["SRV/b/"]],[["bad..label"],["SRV/c/"]],[["nothing"],["mailto:x","SRV/?q"]]]}`
	if err := os.WriteFile(filepath.Join(dir, "dns.json"), []byte(strings.ReplaceAll(list, "SRV", "https://rdap.example")), 0o600); err != nil {
		t.Fatal(err)
	}
	c := w.clientOf(dir, "")
	for name, want := range map[string]string{
		"perrin.com": "https://rdap.example/a/", "perrin.co.uk": "https://rdap.example/a/", "perrin.uk": "https://rdap.example/b/",
		"perrin.ch": "", "perrin.nothing": "",
	} {
		got, ok := c.Server(mustName(t, name))
		if got != want || ok != (want != "") {
			t.Errorf("Server(%s) = %q, %v; want %q", name, got, ok, want)
		}
	}
	reg, evidence := c.Domain(context.Background(), mustName(t, "perrin.ch"))
	if reg.State != freehold.RegistrationUnknown || len(reg.Asks) != 0 || len(evidence) != 0 || !strings.Contains(reg.Registrar.Note, ".ch") {
		t.Errorf("no server: %+v", reg)
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a client without anything was made")
	}
}

// A wrong media type is noted, and the body decides.
func TestMediaType(t *testing.T) {
	for media, note := range map[string]bool{
		"application/rdap+json": false, "application/rdap+json; charset=utf-8": false, "application/json": false, "Application/RDAP+JSON": false,
		"text/html; charset=UTF-8": true, "": true, "text/plain": true,
	} {
		if got := typeNotes(media); (len(got) > 0) != note {
			t.Errorf("typeNotes(%q) = %q", media, got)
		}
	}
}

// Where both show a registrant, the registrar's word counts; a value counts more
// than a redaction, whoever shows it.
func TestThickRegistry(t *testing.T) {
	w := newWorld(t)
	thick := strings.Replace(registryAnswer("SRV/registrar/alpen/domain/boulangerie-perrin.com"), `"entities":[`,
		`"entities":[`+entity("registrant", `,`+card(fn("Anne Perrin")+`,["org",{},"text","Perrin & Fils"],["email",{},"text","anne@perrin.example"]`))+`,`, 1)
	w.answer("/registry/domain/boulangerie-perrin.com", 200, thick)
	w.answer("/registrar/alpen/domain/boulangerie-perrin.com", 200, with(registrarAnswer+registrarEntities("Alpenregistrar AG")))
	reg, evidence := w.client().Domain(context.Background(), mustName(t, "boulangerie-perrin.com"))
	for _, c := range []struct {
		fact freehold.Fact[string]
		want string
		from int
	}{{reg.RegistrantName, "Anne Perrin", 0}, {reg.RegistrantOrg, "Boulangerie Perrin SA", 1}, {reg.RegistrantEmail, "info@boulangerie-perrin.com", 1}} {
		if c.fact.State != freehold.Value || c.fact.Value != c.want || c.fact.Evidence[0] != evidence[c.from].ID() {
			t.Errorf("%+v; want %q from %s", c.fact, c.want, evidence[c.from].Source)
		}
	}
	var fields []string
	for _, c := range reg.Conflicts {
		fields = append(fields, c.Field)
	}
	if !slices.Equal(fields, []string{"registrant_org", "registrant_email"}) {
		t.Errorf("conflicts %q", fields)
	}
}
