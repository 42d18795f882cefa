package epp

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"freehold"
)

var name = func() freehold.Name {
	n, err := freehold.ParseName("old-shop.example")
	if err != nil {
		panic(err)
	}
	return n
}()

func code(s string) freehold.TransferCode { return freehold.NewTransferCode([]byte(s)) }

const hard = `a&b<c>d"e'f g`

// commands is one of each.
func commands(t testing.TB) map[string]Command {
	t.Helper()
	must := func(c Command, err error) Command {
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	ns, err := freehold.ParseHost("ns1.new.example")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Command{
		"check":            Check(name),
		"info":             Info(name, freehold.TransferCode{}),
		"info-code":        Info(name, code(hard)),
		"unlock":           must(Update(name, Unlocked(code(hard)))),
		"lock":             must(Update(name, Locked())),
		"delegate":         must(Update(name, Change{AddNS: []freehold.Host{ns}, RemoveNS: []freehold.Host{ns}, AddStatus: []string{"clientHold"}, RemoveStatus: []string{lock}, RemoveAllDS: true})),
		"sign":             must(Update(name, Change{RemoveAllDS: true, AddDS: []freehold.DS{{KeyTag: 12345, Algorithm: 13, DigestType: 2, Digest: strings.Repeat("49fd", 16)}}})),
		"transfer-request": TransferRequest(name, code(hard)),
		"transfer-query":   TransferQuery(name),
		"transfer-approve": TransferApprove(name),
		"transfer-reject":  TransferReject(name),
		"transfer-cancel":  TransferCancel(name),
		"poll":             PollRequest(),
		"ack":              PollAck(`12"3`),
		"restore":          Restore(name),
		"login":            login("anne & co", code(hard), code("next-secret"), []string{nsDomain}, []string{nsSecDNS, nsRGP}),
		"logout":           logout(),
	}
}

// TestFrames pins every command, octet for octet.
func TestFrames(t *testing.T) {
	for what, c := range commands(t) {
		got := append(c.build("T-1"), '\n')
		file := filepath.Join("testdata", what+".xml")
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(file, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is\n%s\nwant\n%s", what, got, want)
		}
		if _, err := parse(got); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func corpus(t testing.TB) string {
	dir := filepath.Join(cmp.Or(os.Getenv("FREEHOLD_CORPUS"), "../../../shared/corpus"), "5-epp")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("skipped: no shared corpus (set FREEHOLD_CORPUS)")
	}
	return dir
}

// TestSchemas holds every command to the schemas of the RFCs.
func TestSchemas(t *testing.T) {
	dir := corpus(t)
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("skipped: no xmllint; 'make deps' installs it")
	}
	all := filepath.Join(t.TempDir(), "all.xsd")
	imports := ""
	for ns, file := range map[string]string{
		nsEPP: "m247-epp-client/test/support/schemas/epp-1.0.xsd", nsDomain: "m247-epp-client/test/support/schemas/domain-1.0.xsd",
		nsSecDNS: "internetee-registry/lib/schemas/secDNS-1.1.xsd", nsRGP: "google-nomulus/core/src/main/java/google/registry/xml/xsd/rgp.xsd",
	} {
		path, err := filepath.Abs(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		imports += fmt.Sprintf(`<import namespace=%q schemaLocation=%q/>`, ns, path)
	}
	schema := `<schema targetNamespace="urn:freehold:all" xmlns="http://www.w3.org/2001/XMLSchema">` + imports + `</schema>`
	if err := os.WriteFile(all, []byte(schema), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, c := range commands(t) {
		cmd := exec.Command(xmllint, "--nonet", "--noout", "--schema", all, "-")
		cmd.Stdin = bytes.NewReader(c.build("T-1"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", what, err, out)
		}
	}
}

// TestCorpus reads every document of the corpus that is an answer.
func TestCorpus(t *testing.T) {
	dir := corpus(t)
	read, greetings, refused := 0, 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".xml" {
			return err
		}
		doc, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch {
		case bytes.Contains(doc, []byte("<greeting")):
			if _, err := parseGreeting(doc); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			greetings++
		case bytes.Contains(doc, []byte("<response")):
			r, err := ParseResponse(doc)
			switch {
			case err == nil && r.Code >= 1000:
				read++
			case bytes.Contains(doc, []byte("%")), bytes.Contains(doc, []byte("urn:ietf:params:xml:ns:fake")):
				refused++ // a template with holes where numbers belong, or no EPP at all
			default:
				t.Errorf("%s: %v", path, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 100 {
		t.Errorf("only %d answers read", read)
	}
	t.Logf("epp corpus: %d answers and %d greetings read, %d templates and others that are no answers refused", read, greetings, refused)
}

const info = `<?xml version="1.0" encoding="UTF-8"?>
<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response><result code="1000"><msg>ok</msg></result><resData>
<d:infData xmlns:d="urn:ietf:params:xml:ns:domain-1.0"><d:name>old-shop.example</d:name><d:roid>X-1</d:roid><d:status s="clientTransferProhibited"/><d:status s="pendingDelete">x</d:status>
<d:registrant>R1</d:registrant><d:contact type="admin">A1</d:contact><d:contact type="tech">T1</d:contact><d:contact type="tech">T2</d:contact>
<d:ns><d:hostAttr><d:hostName>ns1.host.example</d:hostName><d:hostAddr ip="v4">192.0.2.1</d:hostAddr></d:hostAttr></d:ns><d:host>ns1.old-shop.example</d:host>
<d:clID>loser</d:clID><d:crDate>2001-05-03T22:00:00.0Z</d:crDate><d:exDate>2027-05-03T22:00:00+02:00</d:exDate><d:trDate>yesterday</d:trDate>
<d:authInfo><d:pw>SeCret&amp;42</d:pw></d:authInfo></d:infData></resData>
<extension><rgp:infData xmlns:rgp="urn:ietf:params:xml:ns:rgp-1.0"><rgp:rgpStatus s="redemptionPeriod"/></rgp:infData>
<s:infData xmlns:s="urn:ietf:params:xml:ns:secDNS-1.1"><s:dsData><s:keyTag>1</s:keyTag></s:dsData></s:infData></extension>
<trID><clTRID>T-1</clTRID><svTRID>S-1</svTRID></trID></response></epp>`

func TestInfo(t *testing.T) {
	doc := []byte(info)
	r, err := ParseResponse(doc)
	if err != nil {
		t.Fatal(err)
	}
	d := r.Domain
	if got := fmt.Sprint(d.Name, d.ROID, d.Statuses, d.GracePeriods, d.Registrant, d.Contacts, d.NameServers, d.Hosts, d.Sponsor, d.Signed, d.Created, d.Expires, d.Last.IsZero()); got !=
		"old-shop.exampleX-1[clientTransferProhibited pendingDelete] [redemptionPeriod]R1map[admin:[A1] tech:[T1 T2]] [ns1.host.example] [ns1.old-shop.example]losertrue 2001-05-03 22:00:00 +0000 UTC 2027-05-03 20:00:00 +0000 UTC true" {
		t.Errorf("read %s", got)
	}
	if !d.Code.Matches([]byte("SeCret&42")) {
		t.Error("the code was not read")
	}
	if bytes.Contains(doc, []byte("SeCret")) {
		t.Error("the document still holds the code")
	}
}

func TestPollMessages(t *testing.T) {
	head := `<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response><result code="1301"><msg>ack</msg></result><msgQ count="3" id="77"><qDate>2026-11-25T09:00:00Z</qDate><msg lang="en">Something</msg></msgQ><resData>`
	tail := `</resData><trID><svTRID>S</svTRID></trID></response></epp>`
	r, err := ParseResponse([]byte(head + `<x:data xmlns:x="http://registry.example/low-credit-1.0"><x:left>3</x:left></x:data>` + tail))
	if err != nil || r.Queue.Count != 3 || r.Queue.ID != "77" || r.Queue.Message != "Something" || fmt.Sprint(r.Other) != "[http://registry.example/low-credit-1.0]" {
		t.Errorf("%+v %v", r, err)
	}
	r, err = ParseResponse([]byte(head + `<d:panData xmlns:d="urn:ietf:params:xml:ns:domain-1.0"><d:name paResult="1">a.example</d:name><d:paTRID><clTRID>T-9</clTRID><svTRID>S-9</svTRID></d:paTRID><d:paDate>2026-11-25T09:00:00Z</d:paDate></d:panData>` + tail))
	if err != nil || r.Pending == nil || !r.Pending.Done || r.Pending.ClientID != "T-9" || r.Pending.Name != "a.example" {
		t.Errorf("%+v %v", r.Pending, err)
	}
}

// TestHostileDocuments: none is read, none is slow, none is large in memory.
func TestHostileDocuments(t *testing.T) {
	ok := `<response><result code="1000"><msg>x</msg></result></response>`
	for what, doc := range map[string]string{
		"empty": "", "text": "hello", "html": "<html><body>down</body></html>", "no result": `<epp xmlns="` + nsEPP + `"><response/></epp>`,
		"bomb":       `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><epp xmlns="` + nsEPP + `"><response><result code="1000"><msg>&b;</msg></result></response></epp>`,
		"file":       `<!DOCTYPE x SYSTEM "file:///etc/passwd"><epp xmlns="` + nsEPP + `">` + ok + `</epp>`,
		"entity":     `<epp xmlns="` + nsEPP + `"><response><result code="1000"><msg>&x;</msg></result></response></epp>`,
		"deep":       strings.Repeat("<a>", 10000) + strings.Repeat("</a>", 10000),
		"wide":       `<epp xmlns="` + nsEPP + `">` + strings.Repeat("<a/>", 60000) + `</epp>`,
		"crossed":    `<epp xmlns="` + nsEPP + `"><response><result code="1000"></response></result></epp>`,
		"two":        `<epp xmlns="` + nsEPP + `">` + ok + `</epp><epp xmlns="` + nsEPP + `">` + ok + `</epp>`,
		"cut":        `<epp xmlns="` + nsEPP + `"><response><result code="1000">`,
		"no space":   `<epp>` + ok + `</epp>`,
		"prefix":     `<epp xmlns="` + nsEPP + `"><response><result code="1000"><q:msg/></result></response></epp>`,
		"code":       `<epp xmlns="` + nsEPP + `"><response><result code="999999"><msg>x</msg></result></response></epp>`,
		"latin-1":    `<?xml version="1.0" encoding="ISO-8859-1"?><epp xmlns="` + nsEPP + `">` + ok + `</epp>`,
		"not UTF-8":  `<epp xmlns="` + nsEPP + `"><response><result code="1000"><msg>` + "\xff" + `</msg></result></response></epp>`,
		"NUL":        `<epp xmlns="` + nsEPP + `"><response><result code="1000"><msg>` + "\x00" + `</msg></result></response></epp>`,
		"a greeting": `<epp xmlns="` + nsEPP + `"><greeting/></epp>`,
	} {
		r, err := ParseResponse([]byte(doc))
		if freehold.KindOf(err) != freehold.KindUnavailable || strings.ContainsAny(err.Error(), "\n\x00") {
			t.Errorf("%s: %+v, %v", what, r, err)
		}
	}
}

func TestFraming(t *testing.T) {
	var b bytes.Buffer
	if err := WriteFrame(&b, []byte("<epp/>")); err != nil || b.String() != "\x00\x00\x00\x0a<epp/>" {
		t.Errorf("%q %v", b.String(), err)
	}
	if got, err := ReadFrame(&b, maxFrame); err != nil || string(got) != "<epp/>" {
		t.Errorf("%q %v", got, err)
	}
	for _, bad := range []string{"", "\x00\x00", "\x00\x00\x00\x04", "\x00\x00\x00\x00x", "\xff\xff\xff\xffx", "\x00\x00\x00\x0aab"} {
		if got, err := ReadFrame(strings.NewReader(bad), maxFrame); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	if _, err := Update(name, Change{}); err == nil {
		t.Error("an update of nothing")
	}
	if _, err := Update(name, Change{SetCode: code("x"), UnsetCode: true}); err == nil {
		t.Error("set and unset at once")
	}
	if _, err := Update(name, Change{AddStatus: []string{"serverHold"}}); err == nil {
		t.Error("a registrar set a server status")
	}
	c := TransferRequest(name, code("Hush-4242"))
	for code, meaning := range meanings {
		r := &Response{Code: code, Message: "refused: \x1b[31mHush-4242\n"}
		err := r.Err(c)
		if freehold.KindOf(err) != meaning.kind || !strings.Contains(err.Error(), "old-shop.example") || strings.ContainsAny(err.Error(), "\x1b\n") || strings.Contains(err.Error(), "Hush") {
			t.Errorf("%d: %v", code, err)
		}
	}
	if err := (&Response{Code: 2999}).Err(c); err == nil {
		t.Error("an unknown refusal is none")
	}
	if err := (&Response{Code: DonePending}).Err(c); err != nil {
		t.Error(err)
	}
}

// TestPeers speaks to servers that do not keep to the protocol.
func TestPeers(t *testing.T) {
	greeting := `<epp xmlns="` + nsEPP + `"><greeting><svID>x</svID><svcMenu><objURI>` + nsDomain + `</objURI></svcMenu></greeting></epp>`
	for what, script := range map[string][]string{
		"closes at once":    {},
		"greets with a web": {"<html>"},
		"no domains":        {`<epp xmlns="` + nsEPP + `"><greeting><svcMenu/></greeting></epp>`},
		"answers garbage":   {greeting, "<"},
		"greets twice":      {greeting, greeting},
	} {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			for i, doc := range script {
				if i > 0 {
					if _, err := ReadFrame(server, maxFrame); err != nil {
						return
					}
				}
				WriteFrame(server, []byte(doc))
			}
		}()
		_, err := Dial(context.Background(), Config{Addr: "registry.example:700", User: "u", Password: code("p"), ID: "T", dial: func(context.Context) (net.Conn, error) { return client, nil }})
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := Dial(context.Background(), Config{ID: strings.Repeat("x", 41)}); freehold.KindOf(err) != freehold.KindInvalid {
		t.Errorf("a long identifier: %v", err)
	}
}

// FuzzResponse: whatever is read says the same when it is read again, and no
// input is a panic.
func FuzzResponse(f *testing.F) {
	f.Add([]byte(info))
	f.Add([]byte(`<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response><result code="2303"><msg/></result></response></epp>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		first, err1 := ParseResponse(bytes.Clone(doc))
		second, err2 := ParseResponse(bytes.Clone(doc))
		if (err1 == nil) != (err2 == nil) {
			t.Fatalf("%v, then %v", err1, err2)
		}
		if err1 == nil && fmt.Sprint(first.Code, first.Message, first.Queue, first.Transfer) != fmt.Sprint(second.Code, second.Message, second.Queue, second.Transfer) {
			t.Errorf("%+v, then %+v", first, second)
		}
		parseGreeting(doc)
	})
}

// FuzzEscape: whatever a value holds, it comes back as it was, and nothing of it
// becomes markup.
func FuzzEscape(f *testing.F) {
	f.Add(hard)
	f.Add("]]>")
	f.Fuzz(func(t *testing.T, value string) {
		doc := PollAck(value).build("T")
		top, err := parse(doc)
		if err != nil {
			return // a character that XML has no way to write
		}
		poll := top.child("command").child("poll")
		if len(top.child("command").children) != 2 || poll.attr("msgID") != strings.ToValidUTF8(value, "") && strings.ToValidUTF8(value, "") == value {
			t.Errorf("%q came back as %q", value, poll.attr("msgID"))
		}
	})
}
