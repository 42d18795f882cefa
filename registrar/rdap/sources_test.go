package rdap

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/fetch"
)

// iana plays data.iana.org and www.iana.org: it answers by URL and remembers
// what it was asked.
type iana struct {
	t      *testing.T
	answer map[string]fetch.Response
	asked  []fetch.Request
}

func (i *iana) Get(_ context.Context, req fetch.Request) (fetch.Response, error) {
	i.asked = append(i.asked, req)
	hp, ok := fetch.HostPort(req.URL)
	if !ok || req.Policy.Hosts == nil || !req.Policy.Hosts(hp) || req.Policy.Hosts("evil.example:443") {
		i.t.Errorf("%s was asked under a wrong policy", req.URL)
	}
	r, ok := i.answer[req.URL]
	if !ok {
		return fetch.Response{URL: req.URL}, errors.New("the network is down")
	}
	if req.ETag != "" && req.ETag == r.ETag {
		r.Status, r.Body = 304, nil
	}
	return r, nil
}

func (i *iana) urls() string {
	var list []string
	for _, r := range i.asked {
		list = append(list, filepath.Base(r.URL))
	}
	i.asked = nil
	return strings.Join(list, " ")
}

const (
	ianaDNS  = `{"publication":"2026-11-20T00:00:00Z","services":[[["com"],["https://rdap.registry.example/com/"]],[["kg"],["http://rdap.cctld.kg.example/"]],[["us"],["https://rdap.iana-says.example/"]]]}`
	ianaIPv4 = `{"services":[[["192.0.0.0/8"],["https://rdap.rir.example/"]],[["192.0.2.0/24"],["http://plain.example/","https://rdap.special.example/"]]]}`
	ianaIPv6 = `{"services":[[["2001:db8::/32"],["https://rdap.rir.example/"]]]}`
	ianaCSV  = "\ufeff\"ID\",Registrar Name,Status,RDAP Base URL\n9301,\"Alpen, AG\",Accredited,https://rdap.alpen.example/\n"
)

func newIANA(t *testing.T) *iana {
	ok := func(body, etag string) fetch.Response {
		return fetch.Response{Outcome: freehold.OutcomeAnswered, Status: 200, Body: []byte(body), ETag: etag}
	}
	return &iana{t: t, answer: map[string]fetch.Response{
		ianaRDAP + "dns.json": ok(ianaDNS, `"d1"`), ianaRDAP + "ipv4.json": ok(ianaIPv4, `"4"`), ianaRDAP + "ipv6.json": ok(ianaIPv6, `"6"`), ianaRegistrars: ok(ianaCSV, `"r"`),
	}}
}

func TestIANALists(t *testing.T) {
	web := newIANA(t)
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	s := Sources{Fetch: web, CacheDir: filepath.Join(t.TempDir(), "cache", "iana"), Now: func() time.Time { return now }}
	load := func() (*Bootstrap, *RegistrarIDs) {
		t.Helper()
		b, ids, err := s.Load(context.Background(), "", "")
		if err != nil || ids == nil {
			t.Fatal(b, ids, err)
		}
		return b, ids
	}
	check := func(step, want string) {
		t.Helper()
		if got := web.urls(); got != want {
			t.Errorf("%s: asked for %q, want %q", step, got, want)
		}
	}
	const all = "dns.json ipv4.json ipv6.json registrar-ids-1.csv"

	b, ids := load()
	check("first", all)
	if b.Published != "2026-11-20T00:00:00Z" || len(b.Notes) != 0 || ids.bases["9301"] != "https://rdap.alpen.example/" || b.named != nil || ids.named != nil {
		t.Errorf("%+v, %+v", b, ids)
	}
	for name, want := range map[string]string{
		"x.com": "https://rdap.registry.example/com/", "x.kg": "", "x.us": "https://rdap.iana-says.example/",
		"x.ch": "https://rdap.nic.ch/", "x.de": "https://rdap.denic.de/", "x.io": "https://rdap.identitydigital.services/rdap/", "x.eu": "", "x.my": "",
	} {
		if got, _ := b.server(name); got != want {
			t.Errorf("server(%s) = %q, want %q", name, got, want)
		}
	}
	if !b.hosts["rdap.nic.ch:443"] || !b.hosts["rdap.registry.example:443"] || b.hosts["rdap.cctld.kg.example:80"] || b.hosts["rdap.cctld.kg.example:443"] {
		t.Errorf("hosts %v", b.hosts)
	}
	for addr, want := range map[string]string{"192.0.2.9": "https://rdap.special.example/", "192.9.9.9": "https://rdap.rir.example/", "2001:db8::1": "https://rdap.rir.example/", "10.0.0.1": ""} {
		if got, _ := b.network(netip.MustParseAddr(addr)); got != want {
			t.Errorf("network(%s) = %q, want %q", addr, got, want)
		}
	}

	now = now.Add(23 * time.Hour)
	load()
	check("within a day", "")

	now = now.Add(2 * time.Hour)
	load()
	check("after a day", all)
	now = now.Add(23 * time.Hour)
	load()
	check("a day after nothing had changed", "")

	web.answer[ianaRDAP+"dns.json"] = fetch.Response{Status: 200, Body: []byte(strings.Replace(ianaDNS, "rdap.registry", "rdap.new", 1)), ETag: `"d2"`, Expires: now.Add(1000 * time.Hour)}
	now = now.Add(2 * time.Hour)
	b, _ = load()
	check("changed", all)
	if got, _ := b.server("x.com"); got != "https://rdap.new.example/com/" {
		t.Errorf("after a change: %q", got)
	}
	now = now.Add(47 * time.Hour)
	load()
	check("within 48 hours, whatever it says", "ipv4.json ipv6.json registrar-ids-1.csv")
	now = now.Add(2 * time.Hour)
	load()
	check("after 48 hours, whatever it says", "dns.json")

	// The network fails, or a captive portal answers: the old copy, with a note.
	web.answer = map[string]fetch.Response{ianaRDAP + "dns.json": {Status: 200, Body: []byte("<html>Welcome to the hotel</html>")}}
	now = now.Add(24 * 30 * time.Hour)
	b, _ = load()
	check("down", all)
	if got, _ := b.server("x.com"); got != "https://rdap.new.example/com/" || len(b.Notes) != 4 || !strings.Contains(b.Notes[0], "the copy of") || !strings.Contains(b.Notes[0], "of 2026-11-29") {
		t.Errorf("down: %q, notes %q", got, b.Notes)
	}

	// A damaged copy is no copy.
	if err := os.WriteFile(filepath.Join(s.CacheDir, "rdap-dns.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.Load(context.Background(), "", "")
	if freehold.KindOf(err) != freehold.KindUnavailable || freehold.HintOf(err) == "" {
		t.Errorf("damaged and down: %v", err)
	}

	files, err := os.ReadDir(s.CacheDir)
	if err != nil || len(files) != 8 {
		t.Errorf("%v, %v", files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

// Without IANA's registrars or networks the rest works, and says so.
func TestIANAInPart(t *testing.T) {
	web := newIANA(t)
	delete(web.answer, ianaRegistrars)
	delete(web.answer, ianaRDAP+"ipv6.json")
	b, ids, err := Sources{Fetch: web}.Load(context.Background(), "", "")
	if err != nil || ids != nil || len(b.Notes) != 2 || !strings.Contains(b.Notes[0], "networks are not looked up") || !strings.Contains(b.Notes[1], "registrars are not asked") {
		t.Errorf("%+v, %+v, %v", b, ids, err)
	}
}

// What is overridden fetches nothing else.
func TestOverridesFetchNothing(t *testing.T) {
	web := &iana{t: t}
	dir := t.TempDir()
	dns, csv := filepath.Join(dir, "dns.json"), filepath.Join(dir, "ids.csv")
	for file, body := range map[string]string{dns: `{"services":[[["com"],["http://127.0.0.1:8088/rdap"]]]}`, csv: ianaCSV} {
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, spec := range []struct {
		bootstrap, ids string
		has            bool
	}{{dns, "", false}, {dir, "", false}, {dns, csv, true}} {
		b, ids, err := Sources{Fetch: web}.Load(context.Background(), spec.bootstrap, spec.ids)
		if err != nil || (ids != nil) != spec.has || len(web.asked) != 0 {
			t.Fatalf("%+v: %v, %+v, asked %v", spec, err, ids, web.asked)
		}
		if base, _ := b.server("x.com"); base != "http://127.0.0.1:8088/rdap/" || b.named.Len() != 1 {
			t.Errorf("%+v: base %q, %d named", spec, base, b.named.Len())
		}
		if _, ok := b.server("x.ch"); ok {
			t.Errorf("%+v: the built-in list is used beside the user's", spec)
		}
		if spec.has && (ids.named.Len() != 1 || !ids.hosts["rdap.alpen.example:443"]) {
			t.Errorf("%+v: %+v", spec, ids)
		}
	}
}

func TestListsByURL(t *testing.T) {
	w := newWorld(t)
	w.answer("/lists/dns.json", 200, `{"services":[[["com"],["SRV/registry/"]]]}`)
	w.answer("/lists/ipv4.json", 200, `{"services":[[["192.0.2.0/24"],["SRV/rir/"]]]}`)
	w.answer("/lists/ids.csv", 200, "ID,Registrar Name,Status,RDAP Base URL\n9301,A,Accredited,SRV/registrar/alpen/\n")
	w.answer("/registry/domain/boulangerie-perrin.com", 200, with(""))
	c := w.clientOf(w.url+"/lists/dns.json", w.url+"/lists/ids.csv")
	if want := []string{"/lists/dns.json", "/lists/ipv4.json", "/lists/ipv6.json", "/lists/ids.csv"}; !slices.Equal(w.paths(), want) {
		t.Errorf("asked for %q, want %q", w.paths(), want)
	}
	if _, ok := c.cfg.Bootstrap.network(netip.MustParseAddr("192.0.2.1")); !ok || len(c.cfg.Bootstrap.Notes) != 0 {
		t.Errorf("networks %v, notes %q", ok, c.cfg.Bootstrap.Notes)
	}
	if reg, _ := c.Domain(context.Background(), mustName(t, "boulangerie-perrin.com")); reg.State != freehold.Registered {
		t.Errorf("%+v", reg)
	}
	for _, spec := range []string{w.url + "/none/dns.json", w.url + "/registry/domain/boulangerie-perrin.com"} {
		if _, err := (Sources{Fetch: w.fetcher()}).LoadBootstrap(context.Background(), spec); err == nil {
			t.Errorf("%s: accepted", spec)
		}
	}
}

func TestBadLists(t *testing.T) {
	dir := t.TempDir()
	write := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := Sources{Fetch: &iana{t: t}}
	for _, c := range []struct {
		spec string
		kind freehold.ErrorKind
		msg  string
	}{
		{filepath.Join(dir, "none.json"), freehold.KindNotFound, "none.json"},
		{t.TempDir(), freehold.KindNotFound, "dns.json"},
		{write("html.json", "<html>"), freehold.KindInvalid, "bootstrap"},
		{write("empty.json", "{}"), freehold.KindInvalid, "names no server"},
		{write("odd.json", `{"services":[[["com"]]]}`), freehold.KindInvalid, "malformed"},
	} {
		_, err := s.LoadBootstrap(context.Background(), c.spec)
		if freehold.KindOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.msg) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want %q", c.spec, err, c.msg)
		}
	}
	for _, c := range []struct{ spec, msg string }{
		{filepath.Join(dir, "none.csv"), "none.csv"},
		{write("empty.csv", ""), "no CSV"},
		{write("columns.csv", "ID,Name\n1,x\n"), "column is missing"},
	} {
		if _, err := s.LoadRegistrarIDs(context.Background(), c.spec); err == nil || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%s: %v; want %q", c.spec, err, c.msg)
		}
	}
	ids, err := s.LoadRegistrarIDs(context.Background(), write("odd.csv", "rdap base url,ID\nhttps://a.example/ https://b.example,9301\n,9302\nnot a url,9303\nshort\nhttps://c.example/,x\n"))
	if err != nil || len(ids.bases) != 1 || ids.bases["9301"] != "https://a.example/" || !ids.hosts["b.example:443"] || !ids.hosts["c.example:443"] {
		t.Errorf("%+v, %v", ids, err)
	}
}

// A list of networks may be empty: there are networks of one family only.
func TestEmptyNetworks(t *testing.T) {
	dir := t.TempDir()
	for file, body := range map[string]string{
		"dns.json":  `{"services":[[["com"],["https://rdap.example/"]]]}`,
		"ipv4.json": `{"services":[[["192.0.2.0/24"],["https://rir.example/"]]]}`,
		"ipv6.json": "\ufeff" + `{"version":"1.0","services":[]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := Sources{Fetch: &iana{t: t}}.LoadBootstrap(context.Background(), dir)
	if err != nil || len(b.Notes) != 0 {
		t.Fatalf("%v, notes %q", err, b.Notes)
	}
	if _, ok := b.network(mustAddr("2001:db8::1")); ok {
		t.Error("a server for IPv6 out of nothing")
	}
	if base, _ := b.network(mustAddr("192.0.2.1")); base != "https://rir.example/" {
		t.Errorf("IPv4: %q", base)
	}
	for _, body := range []string{`{}`, `{"services":{}}`, `[]`, `{"services":null}`} {
		if err := os.WriteFile(filepath.Join(dir, "ipv6.json"), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := (Sources{Fetch: &iana{t: t}}).LoadBootstrap(context.Background(), dir); err == nil {
			t.Errorf("%s: accepted", body)
		}
	}
}

// TestBuiltIn holds the built-in list to its form: a server over https, a day and
// a source for each row, and no top-level domain twice.
func TestBuiltIn(t *testing.T) {
	rows, err := readBuiltIn(builtInServers)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, row := range rows {
		base, ok := normalBase(row.Base)
		if !ok || base != row.Base || !strings.HasPrefix(base, "https://") || row.Seen.IsZero() || row.Source == "" || len(row.TLD) == 0 {
			t.Errorf("row %+v", row)
		}
		for _, tld := range row.TLD {
			if seen[tld] || len(tld) != 2 || tld != strings.ToLower(tld) {
				t.Errorf("TLD %q", tld)
			}
			seen[tld] = true
		}
		for _, member := range row.Untold {
			if !slices.Contains([]string{"events", "status", "nameservers", "secureDNS"}, member) {
				t.Errorf("untold %q", member)
			}
		}
	}
	if len(seen) < 15 {
		t.Errorf("only %d top-level domains", len(seen))
	}
	if _, err := readBuiltIn("[[server]]\ntld=[\"xx\"]\nbse=\"https://x.example/\""); err == nil {
		t.Error("an unknown key was accepted")
	}
}

// answers plays one server for any URL.
type answers func(fetch.Request) (fetch.Response, error)

func (a answers) Get(_ context.Context, r fetch.Request) (fetch.Response, error) { return a(r) }

// Quirks of built-in servers reach the reading.
func TestBuiltInQuirks(t *testing.T) {
	web := newIANA(t)
	b, _, err := Sources{Fetch: web}.Load(context.Background(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{Bootstrap: b, Fetch: answers(func(r fetch.Request) (fetch.Response, error) {
		if hp, _ := fetch.HostPort(r.URL); !r.Policy.Hosts(hp) {
			t.Errorf("%s is outside its own policy", r.URL)
		}
		resp := fetch.Response{Outcome: freehold.OutcomeAnswered, Status: 404, URL: r.URL}
		if strings.HasSuffix(r.URL, "perrin.ch") {
			resp.Status = 200
			resp.Body = []byte(`{"objectClassName":"domain","ldhName":"perrin.ch","status":["inactive"],"nameservers":[],"secureDNS":{"delegationSigned":false},"entities":[` + entity("registrar", `,`+card(fn("Alpen AG"))) + `]}`)
		}
		return resp, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	reg, _ := c.Domain(context.Background(), mustName(t, "perrin.ch"))
	if reg.State != freehold.Registered || reg.Registrar.Value != "Alpen AG" || reg.Statuses.State != freehold.Unknown || reg.Nameservers.State != freehold.Unknown || reg.DNSSEC.State != freehold.Unknown {
		t.Errorf(".ch: %+v", reg)
	}
	for name, want := range map[string]freehold.RegistrationState{"perrin.co": freehold.RegistrationUnknown, "perrin.de": freehold.NotRegistered} {
		if reg, _ := c.Domain(context.Background(), mustName(t, name)); reg.State != want {
			t.Errorf("%s: %s, want %s", name, reg.State, want)
		}
	}
}
