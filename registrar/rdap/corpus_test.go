package rdap

import (
	"bytes"
	"encoding/json"
	"fmt"
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

// TestCorpusOthers holds the bodies that are no domains to what was read in them:
// cards of entities, networks, errors, and what nothing may be taken from.
func TestCorpusOthers(t *testing.T) {
	dir := corpus(t, "1-rdap")
	table, err := os.ReadFile("testdata/corpus-others.txt")
	if err != nil {
		t.Fatal(err)
	}
	stated := 0
	for line := range strings.Lines(string(table)) {
		if line = strings.TrimRight(line, "\n"); line == "" || line[0] == '#' {
			continue
		}
		m := otherLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("testdata/corpus-others.txt: %q", line)
		}
		content, err := os.ReadFile(filepath.Join(dir, m[1]))
		if err != nil {
			t.Error(err)
			continue
		}
		n, _ := strconv.Atoi(m[2])
		bodies := corpusBodies(m[1], content)
		if n < 1 || n > len(bodies) {
			t.Errorf("%s: there are %d bodies", line, len(bodies))
			continue
		}
		stated++
		if got := otherSays(t, bodies[n-1], m[3], m[4]); got != m[4] {
			t.Errorf("%s %s %s\n got %s\nwant %s", m[1], m[2], m[3], got, m[4])
		}
	}
	if stated < 110 {
		t.Errorf("only %d expectations", stated)
	}
	if !t.Failed() {
		t.Logf("rdap corpus: %d bodies that are no domains with stated expectations, all agree", stated)
	}
}

var otherLine = regexp.MustCompile(`^(\S+) (\d+) (entity|registrant|network|no network|error|class|no name)(?:: (.*))?$`)

// otherSays writes down what a body says, in the form of the table. Where want
// holds a question, such as the address asked about, it is taken from there.
func otherSays(t *testing.T, body []byte, kind, want string) string {
	t.Helper()
	_, _, asDomain := readDomain(body, mustHost(t, "example.com"), "sha256:0", nil)
	if asDomain == nil {
		return "taken for an answer about example.com"
	}
	asked, _, _ := strings.Cut(want, "|")
	switch kind {
	case "network", "no network":
		return networkSays(body, kind, asked, want)
	case "error":
		if (wrong404(body) == nil) != (asked == "404") {
			return fmt.Sprintf("as the body of a 404: %v", wrong404(body))
		}
		return asked + "|" + strings.TrimPrefix(asDomain.Error(), "the answer is an error: "+asked+" ")
	case "no name":
		return strings.TrimPrefix(asDomain.Error(), "the answer does not say which name it is about")
	case "class":
		return strings.TrimSuffix(strings.TrimPrefix(asDomain.Error(), `the answer is about a "`), `", not a domain`)
	}
	tree, err := parse(body)
	if err != nil {
		return err.Error()
	}
	defer tree.release()
	root := tree.root()
	if kind == "entity" {
		c := readContact(root)
		return strings.Join([]string{c.name, c.org, c.email, c.phone, c.country}, "|")
	}
	r := domainReader{record: &record{}, root: root, name: mustHost(t, "example.com"), ids: []freehold.EvidenceID{"sha256:0"}, redacted: readRedacted(root)}
	r.readParties()
	return strings.Join(fields(r.record)[2:6], "|")
}

func networkSays(body []byte, kind, asked, want string) string {
	var n network
	_, err := readNetwork(body, netip.MustParseAddr(asked), &n)
	if kind == "no network" {
		if _, why, _ := strings.Cut(want, "|"); err != nil && strings.Contains(err.Error(), why) {
			return want
		}
	}
	if err != nil {
		return err.Error()
	}
	if _, err := readNetwork(body, netip.MustParseAddr("203.0.113.1"), &network{}); err == nil {
		return "taken for an answer about another address"
	}
	holder := n.facts.Holder.Value
	if n.facts.Holder.State == freehold.Unknown {
		holder = "?"
	}
	return strings.Join([]string{asked, holder, n.facts.Network.Value, n.facts.Prefix.Value}, "|")
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
