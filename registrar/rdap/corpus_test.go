package rdap

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"freehold"
)

// corpus returns the folder of real answers, which is no part of the project.
func corpus(t *testing.T, folder string) string {
	root := os.Getenv("FREEHOLD_CORPUS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	dir := filepath.Join(root, folder)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the corpus is not here (%s): set FREEHOLD_CORPUS", folder)
	}
	return dir
}

// corpusBodies returns every JSON body in a file: itself, those in the fences of
// a Markdown text, those recorded in a YAML file.
func corpusBodies(file string, content []byte) [][]byte {
	var bodies [][]byte
	switch filepath.Ext(file) {
	case ".md":
		for _, m := range fenced.FindAllSubmatch(content, -1) {
			bodies = append(bodies, m[1])
		}
	case ".yaml":
		for _, m := range recorded.FindAllSubmatch(content, -1) {
			if body, ok := unquoteYAML(string(m[1])); ok {
				bodies = append(bodies, body)
			}
		}
	default:
		bodies = append(bodies, content)
	}
	return bodies
}

var (
	fenced   = regexp.MustCompile("(?s)```[a-z]*\n(\\{.*?\n\\})\n```")
	recorded = regexp.MustCompile(`(?s)\n\s+body: ("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')`)
	escaped  = regexp.MustCompile(`\\\n\s*`)
	newline  = regexp.MustCompile(`\s*\n\s*`)
)

// unquoteYAML reads a quoted YAML text of one paragraph: a double-quoted one is a
// JSON text but for its folded lines.
func unquoteYAML(s string) ([]byte, bool) {
	if s[0] == '\'' {
		s = newline.ReplaceAllString(s[1:len(s)-1], " ")
		return []byte(strings.ReplaceAll(s, "''", "'")), true
	}
	s = newline.ReplaceAllString(escaped.ReplaceAllString(s, ""), " ")
	var body string
	err := json.Unmarshal([]byte(strings.ReplaceAll(s, `\ `, " ")), &body)
	return []byte(body), err == nil
}

// tokens stand in the templates of one registry's tests.
var tokens = regexp.MustCompile(`%DOMAIN_PUNYCODE_NAME_([0-9])%`)

// domainObjects returns the domains in a body: itself, or the results of a search.
func domainObjects(body []byte) (objects [][]byte) {
	var top struct {
		Class   string            `json:"objectClassName"`
		LDHName string            `json:"ldhName"`
		Found   []json.RawMessage `json:"domainSearchResults"`
	}
	if json.Unmarshal(body, &top) != nil {
		return nil
	}
	if strings.EqualFold(top.Class, "domain") || top.Class == "" && top.LDHName != "" {
		objects = append(objects, body)
	}
	for _, o := range top.Found {
		objects = append(objects, o)
	}
	return objects
}

func nameIn(body []byte) (freehold.Host, bool) {
	var o struct {
		LDHName string `json:"ldhName"`
	}
	if json.Unmarshal(body, &o) != nil {
		return freehold.Host{}, false
	}
	h, err := freehold.ParseHost(o.LDHName)
	return h, err == nil
}

// TestCorpus reads every body of the corpus, and compares what is taken from the
// domains with expectations that were written down from reading the bodies.
func TestCorpus(t *testing.T) {
	dir := corpus(t, "1-rdap")
	expected := corpusExpectations(t)
	stated, wrong, read, domains := 0, 0, 0, 0
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		rel = filepath.ToSlash(rel)
		content = tokens.ReplaceAll(content, []byte("token$1.example"))
		n := 0
		for _, body := range corpusBodies(rel, content) {
			readAsAnything(body) // licences and texts too
			if c := bytes.TrimSpace(body); len(c) > 0 && (c[0] == '{' || c[0] == '[') {
				read++
			}
			for _, o := range domainObjects(body) {
				n++
				h, ok := nameIn(o)
				if !ok {
					continue
				}
				domains++
				key := rel + " " + strconv.Itoa(n)
				want, ok := expected[key]
				if !ok {
					t.Errorf("no expectation is stated for %s (%s)", key, h)
					continue
				}
				delete(expected, key)
				stated++
				if got := summary(t, o, h); got != want {
					t.Errorf("%s\n got %s\nwant %s", key, got, want)
					wrong++
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range expected {
		t.Errorf("%s: an expectation without a body", key)
	}
	if stated < 90 {
		t.Errorf("only %d expectations", stated)
	}
	if wrong == 0 && !t.Failed() {
		t.Logf("rdap corpus: %d bodies read, %d domains among them, %d with stated expectations, all agree", read, domains, stated)
	}
}

// readAsAnything reads a body as a domain and as a network, whatever it is: it
// may be refused, and must not crash.
func readAsAnything(body []byte) {
	h, ok := nameIn(body)
	if !ok {
		h, _ = freehold.ParseHost("example.com")
	}
	_, _, _ = readDomain(body, h, "sha256:0", nil)
	var n network
	_, _ = readNetwork(body, netip.MustParseAddr("192.0.2.1"), &n)
}

// summary is what the expectations are compared with: one field after the other.
// "?" is unknown, "-" absent, "~" redacted with what is shown instead.
func summary(t *testing.T, body []byte, h freehold.Host) string {
	rec, _, err := readDomain(body, h, "sha256:0", nil)
	if err != nil {
		return "refused: " + err.Error()
	}
	return strings.Join(fields(rec), "|")
}

func fields(r *record) []string {
	text := func(f freehold.Fact[string]) string {
		return map[freehold.FactState]string{freehold.Unknown: "?", freehold.Absent: "-", freehold.Redacted: "~" + f.Value, freehold.Value: f.Value}[f.State]
	}
	date := func(f freehold.Fact[time.Time]) string {
		if f.State != freehold.Value {
			return "?"
		}
		return f.Value.Format(time.DateOnly)
	}
	count := func(s freehold.FactState, n int) string {
		return map[freehold.FactState]string{freehold.Unknown: "?", freehold.Absent: "-", freehold.Value: strconv.Itoa(n)}[s]
	}
	signed := "?"
	if r.DNSSEC.State == freehold.Value {
		signed = map[bool]string{true: "signed", false: "unsigned"}[r.DNSSEC.Value]
	}
	return []string{
		text(r.Registrar), text(r.RegistrarIANAID), text(r.RegistrantName), text(r.RegistrantOrg), text(r.RegistrantEmail), text(r.RegistrantCountry),
		date(r.Created), date(r.Expires), date(r.registrarExpiration), date(r.LastTransfer), date(r.Changed),
		count(r.Statuses.State, len(r.Statuses.Value)), count(r.Nameservers.State, len(r.Nameservers.Value)), signed,
	}
}

// corpusExpectations reads the table: lines of "file N: fields", N counting the
// domains in the file. A line "file N-M: fields" stands for several.
func corpusExpectations(t *testing.T) map[string]string {
	table, err := os.ReadFile("testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	expected := map[string]string{}
	for line := range strings.Lines(string(table)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, want, ok := strings.Cut(line, ": ")
		file, numbers, ok2 := cutLast(key)
		from, to, isRange := strings.Cut(numbers, "-")
		if !isRange {
			to = from
		}
		a, err1 := strconv.Atoi(from)
		b, err2 := strconv.Atoi(to)
		if !ok || !ok2 || err1 != nil || err2 != nil {
			t.Fatalf("testdata/corpus.txt: %q", line)
		}
		for n := a; n <= b; n++ {
			expected[file+" "+strconv.Itoa(n)] = want
		}
	}
	return expected
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// TestCorpusNetworks states the holders of the address blocks in the corpus.
func TestCorpusNetworks(t *testing.T) {
	dir := corpus(t, "1-rdap")
	for _, c := range []struct{ file, addr, holder, network, prefix string }{
		{"InstantDomain-instant-rdap/rdap/ip/ip_network_26.json", "2001:db8::1", "Joe User", "NET-RTR-1", "2001:db8::/48"},
		{"InstantDomain-instant-rdap/rdap/ip/ip_network_apnic_1_1_1_1.json", "1.1.1.1", "APNIC and Cloudflare DNS Resolver project", "APNIC-LABS", "1.1.1.0/24"},
		{"InstantDomain-instant-rdap/rdap/ip/ip_network_br.json", "177.1.2.3", "Brasil Telecom S/A - Filial Distrito Federal", "153304", "177.0.0.0/14"},
		{"InstantDomain-instant-rdap/rdap/ip/ip_network_lacnic.json", "179.0.1.1", "NEURALSOFT S.R.L.", "", "179.0.0.0/23"},
		{"InstantDomain-instant-rdap/rdap/ip/ip_network_ripe_193_0_0_0.json", "193.0.6.139", "ORG-RIEN1-RIPE", "RIPE-NCC", "193.0.0.0/21"},
		{"icann-icann-rdap/icann-rdap-common/src/response/test_files/network_192_198_0_0.json", "192.198.0.1", "Radio Link Internet", "RADIOLINK-ARIN-1", "192.198.0.0/22"},
		{"icann-rdap-conformance-tool/validator/src/test/resources/validators/ipNetwork/valid.json", "101.1.0.1", "CHINANET FUJIAN PROVINCE NETWORK", "CHINANET-FJ", "101.1.0.0/22"},
		{"20c-rdap/tests/data/rdap/ip/206.41.110.0.input", "206.41.110.7", "United-IX", "CHIX", "206.41.110.0/24"},
		{"spatie-laravel-rdap/tests/TestSupport/stubs/google-ip.json", "216.58.192.1", "Google LLC", "GOOGLE", "216.58.192.0/19"},
		{"adamdecaf-rdap-old/testdata/rfc-7483-section-4-10-example.json", "192.0.2.1", "?", "NET-RTR-1", "192.0.2.0/24"},
		{"meeb-whoisit/tests/data_rdap_response_ip_v6.json", "2001:4860:4860::8888", "Google LLC", "GOOGLE-IPV6", "2001:4860::/32"},
		{"juanparati-RDAPLib/tests/Resources/ip1.json", "94.234.0.1", "ORG-VSA1-RIPE", "SE-EUROPOLITAN-2008TEST", "94.234.0.0/16"},
		{"arineng-nicinfo/lib/nicinfo/demo/simple-ip.json", "192.0.2.255", "?", "NET-RTR-1", "192.0.2.0/24"},
	} {
		body, err := os.ReadFile(filepath.Join(dir, c.file))
		if err != nil {
			t.Error(err)
			continue
		}
		var n network
		if _, err := readNetwork(body, netip.MustParseAddr(c.addr), &n); err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		holder := n.facts.Holder.Value
		if n.facts.Holder.State == freehold.Unknown {
			holder = "?"
		}
		if holder != c.holder || c.network != "" && n.facts.Network.Value != c.network || n.facts.Prefix.Value != c.prefix {
			t.Errorf("%s: holder %q, network %q, prefix %q; want %q, %q, %q", c.file, holder, n.facts.Network.Value, n.facts.Prefix.Value, c.holder, c.network, c.prefix)
		}
		if _, err := readNetwork(body, netip.MustParseAddr("203.0.113.1"), &n); err == nil {
			t.Errorf("%s: taken for an answer about another address", c.file)
		}
	}
}

// TestCorpusLists reads IANA's own lists.
func TestCorpusLists(t *testing.T) {
	dir := corpus(t, "2-iana")
	s := Sources{}
	b, err := s.LoadBootstrap(t.Context(), filepath.Join(dir, "xevion-rdap-bootstrap/src/test/fixtures"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"example.com": "https://rdap.verisign.com/com/v1/", "example.fr": "https://rdap.nic.fr/", "example.ca": "https://rdap.ca.fury.ca/rdap/", "example.ch": ""} {
		if got, _ := b.server(name); got != want {
			t.Errorf("server(%s) = %q, want %q", name, got, want)
		}
	}
	if len(b.domains) < 1190 || len(b.networks) < 200 {
		t.Errorf("%d domains, %d networks", len(b.domains), len(b.networks))
	}
	ids, err := s.LoadRegistrarIDs(t.Context(), filepath.Join(dir, "latifie-cyber-registrar-ids/registrar-ids-1.csv"))
	if err != nil || ids.bases["2"] != "https://rdap.networksolutions.com/rdap/" || ids.bases["4"] != "" || len(ids.bases) < 2000 {
		t.Errorf("%d registrars, %v", len(ids.bases), err)
	}
}
