package eppd

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOwnAnswers holds what this registry sends to the schemas of the RFCs.
func TestOwnAnswers(t *testing.T) {
	dir := filepath.Join(cmp.Or(os.Getenv("FREEHOLD_CORPUS"), "../../../../shared/corpus"), "5-epp")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("skipped: no shared corpus (set FREEHOLD_CORPUS)")
	}
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("skipped: no xmllint; 'make deps' installs it")
	}
	imports := ""
	for ns, file := range map[string]string{
		"epp-1.0": "m247-epp-client/test/support/schemas/epp-1.0.xsd", "domain-1.0": "m247-epp-client/test/support/schemas/domain-1.0.xsd",
		"secDNS-1.1": "internetee-registry/lib/schemas/secDNS-1.1.xsd",
	} {
		path, err := filepath.Abs(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		imports += fmt.Sprintf(`<import namespace="urn:ietf:params:xml:ns:%s" schemaLocation=%q/>`, ns, path)
	}
	schema := filepath.Join(t.TempDir(), "all.xsd")
	if err := os.WriteFile(schema, []byte(`<schema targetNamespace="urn:freehold:all" xmlns="http://www.w3.org/2001/XMLSchema">`+imports+`</schema>`), 0o600); err != nil {
		t.Fatal(err)
	}
	h := open(t, Config{Secure: true, TransferDelay: time.Hour})
	talk := func(who string) func(string) string {
		conn, err := tls.Dial("tcp", h.addr, h.tls)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		check := func() string {
			doc, err := read(conn)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(xmllint, "--nonet", "--noout", "--schema", schema, "-")
			cmd.Stdin = bytes.NewReader(doc)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s\n%s", err, out, doc)
			}
			return string(doc)
		}
		check()
		say := func(inner string) string {
			if err := write(conn, `<epp xmlns="urn:ietf:params:xml:ns:epp-1.0">`+inner+`</epp>`); err != nil {
				t.Fatal(err)
			}
			return check()
		}
		say(`<hello/>`)
		say(`<command><login><clID>` + who + `</clID><pw>` + map[string]string{"loser": "losing-secret", "gainer": "gaining-secret"}[who] + `</pw></login><clTRID>T-1</clTRID></command>`)
		return say
	}
	loser, gainer := talk("loser"), talk("gainer")
	domain := func(verb, op, inner string) string {
		return `<command><` + verb + op + `><d:` + verb + ` xmlns:d="urn:ietf:params:xml:ns:domain-1.0"><d:name>old-shop.example</d:name>` + inner + `</d:` + verb + `></` + verb + `><clTRID>T-1</clTRID></command>`
	}
	pw := `<d:authInfo><d:pw>Some-code-1</d:pw></d:authInfo>`
	for _, step := range []struct {
		who  func(string) string
		say  string
		code string
	}{
		{loser, domain("check", "", ""), "1000"},
		{loser, domain("info", "", ""), "1000"},
		{gainer, domain("info", "", ""), "1000"},
		{loser, domain("update", "", `<d:rem><d:status s="clientTransferProhibited"/></d:rem><d:chg>`+pw+`</d:chg>`), "1000"},
		{loser, domain("info", "", ""), "1000"},
		{gainer, domain("transfer", ` op="request"`, pw), "1001"},
		{loser, `<command><poll op="req"/></command>`, "1301"},
		{loser, `<command><poll op="ack" msgID="9"/></command>`, "2303"},
		{gainer, domain("transfer", ` op="query"`, ""), "1000"},
		{gainer, domain("transfer", ` op="approve"`, ""), "2201"},
		{loser, domain("transfer", ` op="reject"`, ""), "1000"},
		{loser, `<command><create/></command>`, "2000"},
		{loser, `<nonsense/>`, "2001"},
		{loser, `<command><logout/></command>`, "1500"},
	} {
		if got := step.who(step.say); !strings.Contains(got, `code="`+step.code+`"`) {
			t.Errorf("%s\nis answered by\n%s\nwant %s", step.say, got, step.code)
		}
	}
}
