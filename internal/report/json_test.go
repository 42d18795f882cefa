package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"freehold"
)

func TestJSONMatchesSchema(t *testing.T) {
	schema := loadSchema(t)
	for _, lang := range Langs {
		out := write(t, FormatJSON, Options{Lang: lang}, allResults()...)
		for _, e := range schema.validate([]byte(out), "") {
			t.Errorf("%s: %s", lang, e)
		}
	}
	if errs := schema.validate([]byte(write(t, FormatJSON, Options{})), ""); len(errs) > 0 {
		t.Errorf("a run without names: %v", errs)
	}
}

func TestJSONLMatchesSchema(t *testing.T) {
	schema := loadSchema(t)
	out := write(t, FormatJSONL, Options{}, allResults()...)
	var types []string
	for l := range strings.Lines(out) {
		for _, e := range schema.validate([]byte(l), "#/$defs/line") {
			t.Error(e)
		}
		var kind struct{ Type string }
		if err := json.Unmarshal([]byte(l), &kind); err != nil {
			t.Fatal(err)
		}
		types = append(types, kind.Type)
	}
	want := append(append([]string{"run"}, slices.Repeat([]string{"name"}, len(allResults()))...), "summary")
	if !slices.Equal(types, want) {
		t.Errorf("line types %v, want %v", types, want)
	}
}

// TestSchemaCatches breaks good output in every way the schema should notice.
func TestSchemaCatches(t *testing.T) {
	schema := loadSchema(t)
	good := write(t, FormatJSON, Options{}, withHost())
	for _, c := range [][2]string{
		{`"schema":"freehold.audit/1"`, `"schema":"freehold.audit/2"`},
		{`"status":"partial"`, `"status":"unsure"`},
		{`"asked":`, `"asked_for":`},
		{`"state":"value","value":"2001-05-03T12:00:00Z"`, `"state":"value","value":"2001-05-03"`},
		{`"state":"value","value":"2001-05-03T12:00:00Z"`, `"state":"value","value":"2001-05-03T12:00:00+02:00"`},
		{`"state":"value","value":"2001-05-03T12:00:00Z"`, `"state":"value","value":null`},
		{`"state":"absent","value":null`, `"state":"absent","value":"x"`},
		{`"standing":"observed"`, `"standing":"sure"`},
		{`"evidence":["sha256:aaaa`, `"evidence":["sha256:XXXX`},
		{`"serial":2026112401`, `"serial":-1`},
		{`"can_leave":"with_host"`, `"can_leave":null`},
		{`"findings":[{`, `"findings":[{"colour":"red",`},
		{`"mine":true`, `"mine":"yes"`},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		if bad == good {
			t.Errorf("%s is not in the output", c[0])
		} else if len(schema.validate([]byte(bad), "")) == 0 {
			t.Errorf("%s for %s passes the schema", c[1], c[0])
		}
	}
}

// fields lists every object path of a document in the order of its keys.
func fields(t *testing.T, doc string) string {
	t.Helper()
	var b strings.Builder
	seen := map[string]bool{}
	dec := json.NewDecoder(strings.NewReader(doc))
	var walk func(path string)
	walk = func(path string) {
		tok, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch tok {
		case json.Delim('{'):
			for dec.More() {
				key, err := dec.Token()
				if err != nil {
					t.Fatal(err)
				}
				p := path + "." + key.(string)
				if !seen[p] {
					seen[p] = true
					b.WriteString(p + "\n")
				}
				walk(p)
			}
		case json.Delim('['):
			for dec.More() {
				walk(path + "[]")
			}
		default:
			return
		}
		if _, err := dec.Token(); err != nil && err != io.EOF {
			t.Fatal(err)
		}
	}
	walk("")
	return b.String()
}

// TestJSONFields pins every field name and its place: a consumer may rely on them.
func TestJSONFields(t *testing.T) {
	r := withHost()
	r.Observed.DNS.DS = freehold.Known([]freehold.DS{{KeyTag: 1, Algorithm: 13, DigestType: 2, Digest: "ab", TTL: time.Hour}}, ev("c"))
	r.Observed.DNS.DNSKEY = freehold.Known([]freehold.DNSKEY{{KeyTag: 1, Algorithm: 13, Flags: 257}}, ev("c"))
	golden(t, "fields.golden", fields(t, write(t, FormatJSON, Options{}, r)))
}

// TestContract holds the first fields of each object to the words and the order
// of the contract.
func TestContract(t *testing.T) {
	var env struct {
		Names []json.RawMessage
	}
	if err := json.Unmarshal([]byte(write(t, FormatJSON, Options{}, withHost())), &env); err != nil {
		t.Fatal(err)
	}
	all := fields(t, string(env.Names[0]))
	keys := func(prefix string) []string {
		var out []string
		for p := range strings.SplitSeq(all, "\n") {
			if k, ok := strings.CutPrefix(p, prefix+"."); ok && !strings.ContainsAny(k, ".[") {
				out = append(out, k)
			}
		}
		return out
	}
	for prefix, want := range map[string]string{
		"":                      "name unicode status error registration dns control verdict findings",
		".registration":         "state registrar registrar_iana_id reseller registrant_name registrant_org registrant_email created expires registrar_expires last_transfer statuses nameservers dnssec",
		".registration.expires": "state value evidence",
		".control[]":            "layer holder standing evidence",
		".verdict":              "can_leave not_before waivable path who how_long question conditions why policy",
		".verdict.conditions[]": "what standing",
		".findings[]":           "rule severity title why remedy evidence",
	} {
		if got := strings.Join(keys(prefix), " "); got != want && !strings.HasPrefix(got, want+" ") {
			t.Errorf("%s has %q, want %q first", prefix, got, want)
		}
	}
	for _, k := range []string{"name", "unicode", "error", "asked"} {
		if strings.Count(all, "\n."+k+"\n")+strings.Count("\n"+all[:len(k)+2], "\n."+k+"\n") != 1 {
			t.Errorf("%q is not there once", k)
		}
	}
}

func TestJSONGolden(t *testing.T) {
	golden(t, "audit.json.golden", write(t, FormatJSON, Options{}, withHost(), invalidResult()))
	golden(t, "audit.jsonl.golden", write(t, FormatJSONL, Options{Lang: "fr"}, notBeforeResult(), deadResult()))
}

// TestJSONIsHarmlessAndWhole: what a registry sends comes back as it was, valid
// UTF-8, and without a byte that a terminal would act on.
func TestJSONIsHarmlessAndWhole(t *testing.T) {
	for _, format := range []string{FormatJSON, FormatJSONL} {
		out := write(t, format, Options{}, hostileResult())
		if !utf8.ValidString(out) {
			t.Errorf("%s is not UTF-8", format)
		}
		if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && freehold.OneLine(string(r)) != string(r) }); i >= 0 {
			t.Errorf("%s holds %q", format, out[i:i+8])
		}
	}
	var env struct {
		Names []struct {
			Registration struct{ Registrar struct{ Value string } }
		}
	}
	if err := json.Unmarshal([]byte(write(t, FormatJSON, Options{}, hostileResult())), &env); err != nil {
		t.Fatal(err)
	}
	want := strings.ToValidUTF8(strings.ReplaceAll(hostileResult().Observed.Registration.Registrar.Value, "\xff\xfe", "\ufffd\ufffd"), "")
	if got := env.Names[0].Registration.Registrar.Value; got != want {
		t.Errorf("the registrar came back as %.80q, want %.80q", got, want)
	}
}

func TestEscapeHostile(t *testing.T) {
	for in, want := range map[string]string{
		"plain é –":                "plain é –",
		"a\x7fb":                   `a\u007fb`,
		"\u0080\u009b\u009f\u00a0": `\u0080\u009b\u009f` + "\u00a0",
		"\u200d\u200e\u200f":       "\u200d" + `\u200e\u200f`,
		"\u2029\u202a\u202e\u202f": "\u2029" + `\u202a\u202e` + "\u202f",
		"\u2065\u2066\u2069\u206a": "\u2065" + `\u2066\u2069` + "\u206a",
		"cut \xe2\x80":             "cut \xe2\x80",
		"cut \xc2":                 "cut \xc2",
	} {
		if got := string(escapeHostile([]byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestFactStates(t *testing.T) {
	for _, c := range []struct {
		doc  any
		want string
	}{
		{plain(freehold.Known("x", ev("a"))), `{"state":"value","value":"x","evidence":["` + string(ev("a")) + `"]}`},
		{plain(freehold.Fact[string]{}), `{"state":"unknown","value":null,"evidence":[]}`},
		{plain(freehold.Fact[string]{State: freehold.Redacted, Value: "REDACTED FOR PRIVACY"}), `{"state":"redacted","value":null,"evidence":[]}`},
		{texts(freehold.Known[[]string](nil)), `{"state":"value","value":[],"evidence":[]}`},
		{texts(freehold.NotThere[[]string]()), `{"state":"absent","value":null,"evidence":[]}`},
		{plain(freehold.Known(false)), `{"state":"value","value":false,"evidence":[]}`},
		{date(freehold.Known(time.Date(2026, 1, 2, 1, 0, 0, 500e6, time.FixedZone("", 7200)))), `{"state":"value","value":"2026-01-01T23:00:00.5Z","evidence":[]}`},
		{date(freehold.Known(time.Time{})), `{"state":"unknown","value":null,"evidence":[]}`},
		{date(freehold.Known(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))), `{"state":"unknown","value":null,"evidence":[]}`},
		{mxDoc(freehold.MX{}), `{"preference":0,"host":"."}`},
	} {
		if got, err := marshal(c.doc); err != nil || string(got) != c.want {
			t.Errorf("%s, %v, want %s", got, err, c.want)
		}
	}
}

func TestErrorEnvelopes(t *testing.T) {
	err := &freehold.Error{Kind: freehold.KindInvalid, Msg: `unknown command "adit"`, Hint: `did you mean "audit"?`}
	schema := loadSchema(t)
	for _, c := range []struct{ format, schema, want string }{
		{FormatJSON, "", `{"schema":"freehold.error/1","error":{"kind":"invalid","message":"unknown command \"adit\"","hint":"did you mean \"audit\"?"}}`},
		{FormatJSON, SchemaAudit, `{"schema":"freehold.audit/1","names":[],"error":{"kind":"invalid","message":"unknown command \"adit\"","hint":"did you mean \"audit\"?"}}`},
		{FormatJSONL, SchemaAudit, `{"type":"error","schema":"freehold.audit/1","error":{"kind":"invalid","message":"unknown command \"adit\"","hint":"did you mean \"audit\"?"}}`},
		{FormatTable, SchemaAudit, ""},
		{"no-format", SchemaAudit, ""},
	} {
		var b strings.Builder
		if werr := Error(&b, c.format, c.schema, err); werr != nil {
			t.Error(werr)
		}
		if strings.TrimSuffix(b.String(), "\n") != c.want {
			t.Errorf("%s %s: %s", c.format, c.schema, b.String())
		}
		if c.format == FormatJSON && c.schema == SchemaAudit {
			for _, e := range schema.validate([]byte(b.String()), "") {
				t.Error(e)
			}
		}
	}
}

// TestFailKeepsWhatWasTold: a run that breaks off is still one JSON document.
func TestFailKeepsWhatWasTold(t *testing.T) {
	schema := loadSchema(t)
	for names := range 3 {
		for _, begin := range []bool{false, true} {
			if names > 0 && !begin {
				continue
			}
			var b strings.Builder
			w, err := New(FormatJSON, &b, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if begin {
				err = w.Begin(testRun(3))
			}
			for range names {
				err = errors.Join(err, w.Result(aloneResult()))
			}
			if err = errors.Join(err, w.Fail(&freehold.Error{Kind: freehold.KindFull, Msg: "no space left"})); err != nil {
				t.Fatal(err)
			}
			if errs := schema.validate([]byte(b.String()), ""); len(errs) > 0 {
				t.Errorf("begun %v, %d names: %v", begin, names, errs)
			}
			if !strings.Contains(b.String(), `"kind":"full"`) {
				t.Errorf("the error is missing: %s", b.String())
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct{ format, lang string }{{"xml", "en"}, {"", "en"}, {"table", "it"}} {
		_, err := New(c.format, io.Discard, Options{Lang: c.lang})
		if freehold.KindOf(err) != freehold.KindInvalid || freehold.HintOf(err) == "" {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// brokenPipe fails after a number of writes, as a closed pager does.
type brokenPipe struct{ left int }

var errBroken = errors.New("broken pipe")

func (b *brokenPipe) Write(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

// TestStreamErrorsComeBack: whatever the format and the moment, a stream's
// error reaches the caller as it came.
func TestStreamErrorsComeBack(t *testing.T) {
	for _, format := range Formats {
		writes := 4
		if !streams(format) {
			writes = 1 // a short page is written at once, at the end
		}
		for ok := range writes {
			w, err := New(format, &brokenPipe{ok}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			err = w.Begin(testRun(5))
			for range 5 {
				if err == nil {
					err = w.Result(aloneResult())
				}
			}
			if err == nil {
				err = w.End(testRun(5), freehold.Summary{})
			}
			if !errors.Is(err, errBroken) || err.Error() != errBroken.Error() {
				t.Errorf("%s after %d writes: %v", format, ok, err)
			}
		}
	}
}

// streams tells whether a format is written as results come: pages begin with
// what all names together say.
func streams(format string) bool { return format != FormatHTML && format != FormatMD }

// TestStreaming: a name is told as soon as it is handed over.
func TestStreaming(t *testing.T) {
	for _, format := range Formats {
		if !streams(format) {
			continue
		}
		var b bytes.Buffer
		w, err := New(format, &b, Options{Unicode: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Begin(testRun(100)); err != nil {
			t.Fatal(err)
		}
		for _, r := range []*freehold.Result{aloneResult(), noResult()} {
			if err := w.Result(r); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), r.Name.ASCII()) {
				t.Errorf("%s holds %s back", format, r.Name)
			}
		}
	}
}

// FuzzJSON: whatever a registry sends, the output is one valid document under
// the schema, and no terminal control is in it.
func FuzzJSON(f *testing.F) {
	schema := loadSchema(f)
	f.Add("plain", int64(0))
	f.Add("\x1b[2J\u202e\u009b", int64(1<<40))
	f.Add("\"\\\xff\x00", int64(-1<<60))
	f.Fuzz(func(t *testing.T, s string, sec int64) {
		r := aloneResult()
		reg := &r.Observed.Registration
		reg.Registrar, reg.Statuses, reg.Expires = freehold.Known(s), freehold.Known([]string{s}), freehold.Known(time.Unix(sec, 0))
		reg.Asks = []freehold.Ask{{Kind: freehold.EvidenceKind(s), Source: s, Error: s}}
		r.Asked, r.Error, r.Hint = s, s, s
		r.Control = freehold.Control{{Layer: freehold.LayerWeb, Holder: s, Against: s, At: time.Unix(sec, 0)}}
		r.Verdict.Question = freehold.T("%q", s)
		doc, err := marshal(nameDoc(r, english{}))
		if err != nil {
			t.Fatal(err)
		}
		if errs := schema.validate(doc, "#/$defs/name"); len(errs) > 0 {
			t.Fatalf("%v in %s", errs, doc)
		}
		for _, r := range string(doc) {
			if freehold.OneLine(string(r)) != string(r) {
				t.Fatalf("%U in %s", r, doc)
			}
		}
	})
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and read the difference. got:\n%s", file, got)
	}
}
