package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/dnsexport/dnsexporttest"
	"freehold/dnsexport/powerdns"
	"freehold/internal/resolve/serverstest"
)

// TestMoveByHand takes a signed zone to another operator by commands alone. The
// registrar has no adapter, so the owner changes the delegation when told to.
func TestMoveByHand(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	world := dnsexporttest.NewWorld(t, true)
	api := dnsexporttest.PowerDNS(t, dnsexporttest.NewAt)
	home := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(".config/freehold/config.toml", "[accounts.new]\nprovider = \"powerdns\"\nurl = \""+api.Base+"\"\nsecret = \"env:PDNS_KEY\"\nnameservers = [\"ns1.new.test\"]\n")
	hints := write("hints", world.Hints)
	dnsJSON := write("dns.json", `{"version":"1.0","publication":"2026-01-01T00:00:00Z","services":[[["test"],["http://127.0.0.1:1/"]]]}`)
	ids := write("ids.csv", "ID,Registrar Name,Status,RDAP Base URL\n")
	clock := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		observe := []string{"--now", clock.Format(time.RFC3339), "--dns-hints", hints, "--rdap-bootstrap", dnsJSON, "--registrar-ids", ids}
		all := append([]string{"freehold", "move"}, args...)
		if args[0] != "check" {
			all = append(all, observe...)
		}
		code := Run(context.Background(), all, Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(k string) string {
			return map[string]string{"HOME": home, "LANG": "en_US.UTF-8", "PDNS_KEY": dnsexporttest.APIKey, "TSIG": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ="}[k]
		}})
		said := out.String() + errs.String()
		if code != want {
			t.Fatalf("%v: exit code %d, want %d:\n%s", args, code, want, said)
		}
		if strings.Contains(said, dnsexporttest.APIKey) || strings.Contains(said, "c2VjcmV0") {
			t.Errorf("%v told a secret:\n%s", args, said)
		}
		return said
	}
	says := func(said string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(said, w) {
				t.Errorf("%q is not said:\n%s", w, said)
			}
		}
	}
	// Every time before the move goes on, it is begun and killed at moments that a
	// seed decides: what follows must be as if that had not been.
	random, kills := mathrand.New(mathrand.NewPCG(7, 9)), 0
	apply := func(want int, args ...string) string {
		t.Helper()
		times := 3
		if os.Getenv("SOAK") != "" {
			times = 15
		}
		for range times {
			cmd := exec.Command(os.Args[0], append([]string{"move", "apply", "shop.test", "--yes", "--now", clock.Format(time.RFC3339), "--dns-hints", hints, "--rdap-bootstrap", dnsJSON, "--registrar-ids", ids}, args...)...)
			cmd.Env = append(os.Environ(), "FREEHOLD_TEST_PROGRAM=1", "HOME="+home, "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "PDNS_KEY="+dnsexporttest.APIKey)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(time.Duration(random.IntN(150))*time.Millisecond, func() { cmd.Process.Kill() })
			err := cmd.Wait()
			timer.Stop()
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() == -1 {
				kills++
			}
		}
		return run(want, append([]string{"apply", "shop.test", "--yes"}, args...)...)
	}
	transfer := []string{"--server", dnsexporttest.OldAt + ":53", "--tsig", "mover", "--tsig-secret", "env:TSIG"}
	says(run(exitFailed, "check", "shop.test"), "no move of \"shop.test\" is planned")
	says(run(exitUsage, "plan", "shop.test", "--to", "nowhere"), "no account is called \"nowhere\"")
	said := run(exitDone, append([]string{"plan", "shop.test", "--to", "new"}, transfer...)...)
	says(said, "Make the zone at PowerDNS", "By hand: Take the DS record of shop.test out", "By hand: Have the registrar name the new servers for shop.test: ns1.new.test", "It takes at least")
	digest := regexp.MustCompile(`sha256:[0-9a-f]{64}`).FindString(said)
	says(run(exitDone, "apply", "shop.test"), "Nothing is changed without --yes", "has no zone shop.test yet", "record sets would be written")
	says(run(exitUsage, "apply", "shop.test", "--yes"), "was not approved")
	run(exitFailed, "apply", "shop.test", "--yes", "--approve", "sha256:"+strings.Repeat("0", 64))

	says(apply(exitWaiting, "--approve", digest), "Now somebody has to act", "Take the DS record")
	says(apply(exitWaiting), "Now somebody has to act")
	says(run(exitFailed, append([]string{"plan", "shop.test", "--to", "new"}, transfer...)...), "is under way")
	ctx, name := context.Background(), dnsexporttest.Name(t, "shop.test")
	if err := world.Registry.SetDS(ctx, name, nil); err != nil {
		t.Fatal(err)
	}
	says(apply(exitWaiting), "Come back at 2026-11-25 09:1")
	clock = clock.Add(11 * time.Minute)
	says(apply(exitWaiting), "Have the registrar name the new servers")
	ns, _ := freehold.ParseHost("ns1.new.test")
	if err := world.Registry.Delegate(ctx, name, []freehold.Host{ns}); err != nil {
		t.Fatal(err)
	}
	says(apply(exitWaiting), "Come back at")
	var doc struct {
		State string
		Steps []struct {
			Step string
			Done *time.Time
		}
	}
	if err := json.Unmarshal([]byte(run(exitDone, "check", "shop.test", "--format", "json")), &doc); err != nil || doc.State != "under_way" || len(doc.Steps) != 7 || doc.Steps[4].Step != "delegate" || doc.Steps[4].Done == nil {
		t.Errorf("%+v %v", doc, err)
	}
	clock = clock.Add(2 * time.Hour)
	says(apply(exitDone), "The move of shop.test is done")
	says(run(exitDone, "rollback", "shop.test"), "Nothing is changed without --yes", "Name the old servers again: ns1.old.test")
	if kills < 5 {
		t.Errorf("only %d runs were killed in time: nothing was tested", kills)
	}
	t.Logf("killed %d times", kills)
	moved, err := powerdns.New(api, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	z, err := moved.Read(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	old, err := world.Old.Read(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	if d := old.Diff(z, freehold.DiffRules{SOA: freehold.SOAIgnore, IgnoreApexNS: true}); len(d.Changes) > 0 {
		t.Errorf("after all that %d record sets differ", len(d.Changes))
	}
}
