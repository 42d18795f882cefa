package whois

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"freehold"
)

// readAnswer splits a file of testdata/answers: "asked: NAME", "want: …" as in
// testdata/corpus.txt, "----", and the answer as it would come.
func readAnswer(t testing.TB, path string) (name freehold.Name, want string, body []byte) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, body, ok := bytes.Cut(file, []byte("----\n"))
	asked, rest, _ := strings.Cut(strings.TrimPrefix(string(head), "asked: "), "\n")
	if !ok {
		t.Fatalf("%s: no ---- line", path)
	}
	return mustName(t, asked), strings.TrimSpace(strings.TrimPrefix(rest, "want: ")), body
}

func answers(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/answers/*.txt")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d answers in testdata, %v", len(files), err)
	}
	return files
}

func TestAnswers(t *testing.T) {
	for _, path := range answers(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			name, want, body := readAnswer(t, path)
			for _, complaint := range compare(checkLaw(t, name, body), want) {
				t.Error(complaint)
			}
		})
	}
}

// TestEveryRegistry: of each registry that has no RDAP there is an answer about a
// name that is registered and one about a name that is not; and the ways in which
// any server says "not now" and "not you" say nothing about either, alone or
// before what else it would have sent.
func TestEveryRegistry(t *testing.T) {
	states := map[string]map[string][]byte{}
	names := map[string]freehold.Name{}
	for _, path := range answers(t) {
		name, want, body := readAnswer(t, path)
		state, _, _ := strings.Cut(want, ";")
		if states[name.TLD()] == nil {
			states[name.TLD()] = map[string][]byte{}
		}
		states[name.TLD()][state] = body
		names[name.TLD()+state] = name
	}
	for tld := range strings.FieldsSeq("eu be it se nu lu at dk pt ie hu ro xx") {
		for _, state := range []string{"registered", "not_registered"} {
			body, name := states[tld][state], names[tld+state]
			if body == nil && tld != "xx" {
				t.Errorf("no answer of .%s that says %s", tld, state)
			}
			if body == nil {
				continue
			}
			for text, want := range map[string]freehold.Outcome{
				"Too many requests": freehold.OutcomeThrottled, "% Quota exceeded": freehold.OutcomeThrottled, "%% Maximum query rate reached": freehold.OutcomeThrottled,
				"Access denied": freehold.OutcomeRefused, "# Your IP address has been blocked": freehold.OutcomeRefused,
				"The service is temporarily unavailable": freehold.OutcomeFailed, "% Down for maintenance": freehold.OutcomeFailed,
			} {
				for _, answer := range []string{text, text + "\n\n" + string(body), text + "\n\n% No entries found"} {
					if a := checkLaw(t, name, []byte(answer)); a.outcome != want || a.reg.State != freehold.RegistrationUnknown || a.why == "" {
						t.Errorf(".%s, %q before %s: %s, %s, %q", tld, text, state, a.outcome, a.reg.State, a.why)
					}
				}
			}
		}
	}
}

// TestLineEnds reads every answer with the other kinds of line ends: servers
// differ, and the meaning must not.
func TestLineEnds(t *testing.T) {
	for _, path := range answers(t) {
		name, _, body := readAnswer(t, path)
		checkLineEnds(t, name, body)
	}
}

func checkLineEnds(t testing.TB, name freehold.Name, body []byte) {
	t.Helper()
	if bytes.ContainsAny(body, "\r\x00") || !bytes.Contains(body, []byte("\n")) {
		return // it has others among them, or is in UTF-16
	}
	want := parse(name, body, "")
	for _, end := range []string{"\r\n", "\r"} {
		got := parse(name, bytes.ReplaceAll(body, []byte("\n"), []byte(end)), "")
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("with line ends %q: %+v\nwant %+v", end, got, want)
		}
	}
}

// checkLaw holds any answer to what must be true of it, whatever its bytes:
//   - "registered" only where the text names the domain, "not registered" only
//     where it says so and shows nothing a registration has;
//   - a state only with the outcome answered, a reason with every other;
//   - no fact carries a control character, all carry the evidence.
func checkLaw(t testing.TB, name freehold.Name, body []byte) answer {
	t.Helper()
	const id = freehold.EvidenceID("sha256:x")
	a := parse(name, body, id)
	answered := a.outcome == freehold.OutcomeAnswered
	if !answered && a.reg.State != freehold.RegistrationUnknown {
		t.Fatalf("state %s with outcome %s", a.reg.State, a.outcome)
	}
	if answered == (a.why != "") {
		t.Fatalf("outcome %s with reason %q", a.outcome, a.why)
	}
	text := strings.ToLower(string(body))
	switch a.reg.State {
	case freehold.Registered:
		if !strings.Contains(text, name.ASCII()) && !namesIt(body, name) {
			t.Fatalf("%s is registered, says a text that does not name it", name)
		}
	case freehold.NotRegistered:
		if v := readText(body).phrases(name); v.free == "" || v.throttled != "" || v.refused != "" || readText(body).hasData() {
			t.Fatalf("%s is not registered, says a text with %+v", name, v)
		}
	}
	for _, field := range []string{"registrar", "iana", "url", "mail", "phone", "reseller", "name", "org", "email", "country", "status", "ns"} {
		if v := shown(a.reg, field); v != freehold.OneLine(v) || !utf8.ValidString(v) {
			t.Fatalf("%s holds raw control characters: %q", field, v)
		}
	}
	if f := a.reg.Registrar; a.reg.State != freehold.RegistrationUnknown && !slices.Contains(f.Evidence, id) {
		t.Fatalf("the registrar has no evidence: %+v", f)
	}
	for _, n := range append(a.notes, a.why) {
		if n != freehold.OneLine(n) || len(n) > 3000 {
			t.Fatalf("a note that is not one line: %q", n)
		}
	}
	if a.wait < 0 || len(a.notes) > 60 || len(a.reg.Nameservers.Value) > 64 || len(a.reg.Statuses.Value) > 64 {
		t.Fatalf("out of bounds: %+v", a)
	}
	return a
}

// namesIt tells whether a text names a domain in its own letters, whatever their
// capitals, normal form and encoding.
func namesIt(body []byte, name freehold.Name) bool {
	for _, l := range readText(body).lines {
		for _, w := range append(strings.Fields(l.value), l.value) {
			if h, err := freehold.ParseHost(strings.Trim(w, "\"'[],;")); err == nil && h == name.Host() {
				return true
			}
		}
	}
	return false
}

func FuzzParse(f *testing.F) {
	for _, path := range answers(f) {
		name, _, body := readAnswer(f, path)
		f.Add(name.ASCII(), body)
	}
	f.Fuzz(func(t *testing.T, asked string, body []byte) {
		name, err := freehold.ParseName(asked)
		if err != nil || len(body) > 256<<10 {
			t.Skip()
		}
		checkLaw(t, name, body)
		checkLineEnds(t, name, body)
	})
}

// printed writes a registration as gTLD registries do.
func printed(name freehold.Name, r freehold.Registration) []byte {
	var b bytes.Buffer
	line := func(key, value string) { b.WriteString(key + ": " + value + "\r\n") }
	line("Domain Name", strings.ToUpper(name.ASCII()))
	line("Registrar", r.Registrar.Value)
	line("Registrar IANA ID", r.RegistrarIANAID.Value)
	line("Registrant Organization", r.RegistrantOrg.Value)
	line("Creation Date", r.Created.Value.Format(time.RFC3339Nano))
	line("Registry Expiry Date", r.Expires.Value.Format("02-Jan-2006 15:04:05 UTC"))
	for _, s := range r.Statuses.Value {
		line("Domain Status", s+" https://icann.org/epp#"+s)
	}
	for _, h := range r.Nameservers.Value {
		line("Name Server", strings.ToUpper(h.ASCII())+".")
	}
	return b.Bytes()
}

// FuzzPrint: what is printed is read as it was.
func FuzzPrint(f *testing.F) {
	f.Add("example.com", "Echt AG", "Muster GmbH & Co. KG", "a.example b.example", uint32(123456789), uint16(3))
	f.Add("a.info", "No match for a.info", "Too many requests", "x.y", uint32(1), uint16(0xffff))
	known := []string{"clientHold", "clientTransferProhibited", "serverTransferProhibited", "pendingDelete", "redemptionPeriod", "ok", "autoRenewPeriod"}
	f.Fuzz(func(t *testing.T, asked, registrar, org, hosts string, at uint32, which uint16) {
		name, err := freehold.ParseName(asked)
		clean := func(s string) string {
			return strings.Join(strings.Fields(strings.ToValidUTF8(freehold.OneLine(s), "")), " ")
		}
		registrar, org = clean(registrar), clean(org)
		if err != nil || empty(registrar) || empty(org) || hidden(registrar) || hidden(org) || len(registrar)+len(org) > 500 ||
			registrarTag.MatchString(registrar) || registrarHandle.MatchString(registrar) || registrarLink.MatchString(registrar) || strings.HasPrefix(strings.ToLower(registrar), "no registrar listed") {
			t.Skip()
		}
		want := freehold.Registration{State: freehold.Registered, Registrar: freehold.Known(registrar), RegistrarIANAID: freehold.Known("292"), RegistrantOrg: freehold.Known(org),
			Created: freehold.Known(time.Unix(int64(at)+1e9, int64(which)).UTC()), Expires: freehold.Known(time.Unix(int64(at)+1e9, 0).UTC())}
		for i, s := range known {
			if which>>i&1 == 1 {
				want.Statuses.Value, want.Statuses.State = append(want.Statuses.Value, s), freehold.Value
			}
		}
		for w := range strings.FieldsSeq(hosts) {
			if h, err := freehold.ParseHost(w); err == nil && !slices.Contains(want.Nameservers.Value, h) && len(want.Nameservers.Value) < 13 && !empty(h.ASCII()) {
				want.Nameservers.Value, want.Nameservers.State = append(want.Nameservers.Value, h), freehold.Value
			}
		}
		got := parse(name, printed(name, want), "")
		for _, field := range []string{"registrar", "iana", "org", "created", "expires", "status", "ns"} {
			if g, w := shown(got.reg, field), shown(want, field); g != w {
				t.Fatalf("%s: read %q, printed %q (%s %s)", field, g, w, got.outcome, got.why)
			}
		}
	})
}

func TestWait(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"wait 50 seconds": 50 * time.Second, "wait 1 second": time.Second, "retry in 3 minutes": 3 * time.Minute, "1 hour": time.Hour,
		"only 1 request per second": 0, "wait": 0, "wait 7777777 seconds": 24 * time.Hour, "wait 999999999 hours": 24 * time.Hour,
	} {
		if got := waitOf(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
