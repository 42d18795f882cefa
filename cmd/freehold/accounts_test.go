package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"freehold/dnsexport/all"
	"freehold/dnsexport/dnsexporttest/shapes"
	"freehold/dnsexport/zonefile"
	"freehold/internal/resolve/serverstest"
)

const providersPage = "../../docs/providers.md"

//go:generate env UPDATE_GOLDEN=1 go test -run ProvidersPage .

// TestProvidersPage: docs/providers.md is what the list of providers says.
// UPDATE_GOLDEN=1 writes it.
func TestProvidersPage(t *testing.T) {
	made := providersMarkdown()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(providersPage, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(providersPage); err != nil || !bytes.Equal(kept, made) {
		t.Errorf("docs/providers.md is not what the list says (%v): make it anew with UPDATE_GOLDEN=1 go test -run ProvidersPage ./cmd/freehold", err)
	}
}

func providersMarkdown() []byte {
	var b bytes.Buffer
	b.WriteString(`# DNS providers

Made from the list of providers (dnsexport/all); "make generate" makes it anew.

Zones are read from these providers, and moved to them. An account stands in the config file:

    [accounts.shop]
    provider = "gandi"
    secret = "env:GANDI_TOKEN"   # or file:PATH; never the secret itself

    freehold export --account shop --all -o copies
    freehold move plan shop.example --to shop --ns …

**Complete is what the name servers confirm.** What an API gives counts as complete (api-complete) only after every record set was asked for at every
name server of the delegation and all agree. Until then the copy's coverage is unknown, with the reasons and each disagreement by server; the exit code
is 3. What no question can find is a name that the API left out and that nothing in the zone speaks of.

**How it was tested.** "real server": the program itself answered in the tests. "recorded shapes, never live": a server written by hand answered in the
documented shapes, with its pages, limits and refusals; the provider's own API was never asked. Try such a provider on an unimportant zone first.

**One by one** means that a change of several record sets is not done together: a run that is cut off leaves a part of it, and the next run goes on.

| provider | name in the config file | account has | may have | changes | makes zones | lists zones | signs | lowest TTL | lists beside records | tested |
|---|---|---|---|---|---|---|---|---|---|---|
`)
	yes := map[bool]string{true: "yes", false: "–"}
	for _, p := range all.Providers {
		can := p.Can()
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s | %s | %s | %d s | %s | %s |\n", p.Title, p.ID, strings.Join(p.Fields, ", "), strings.Join(p.Optional, ", "),
			map[bool]string{true: "together", false: "one by one"}[can.Atomic], yes[can.Create], yes[can.List], yes[can.Sign], can.MinTTL, p.Foreign, p.Tested.Text())
	}
	b.WriteString(`
"secret", "consumer" and "token" are references (env:VARIABLE or file:PATH); "key" is what stands beside the secret: an access key's identifier, an
application key, the name of a TSIG key. "url" replaces the address of the API. Any provider of github.com/libdns can be bridged in code
(dnsexport/libdns); its word is held against the name servers as well, and its writes are read back.
`)
	return b.Bytes()
}

const (
	apiRoot = "$TTL 60\n. SOA ns.root. h. 1 2 3 4 5\n. NS ns.root.\nns.root. A 127.0.0.1\nch. NS ns.ch.\nns.ch. A 127.0.0.1\n"
	apiTLD  = "$TTL 60\nch. SOA ns.ch. h.ch. 1 2 3 4 5\nch. NS ns.ch.\nns.ch. A 127.0.0.1\nshop-des-tests.ch. NS ns1.shop-des-tests.ch.\nns1.shop-des-tests.ch. A 127.0.0.1\nstill-des-tests.ch. NS ns1.shop-des-tests.ch.\n"
)

// TestAccounts: zones by a provider's API, held against BIND; and by observation.
func TestAccounts(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	serverstest.BIND(t, "127.0.0.1", serverstest.Served{Name: ".", Text: apiRoot}, serverstest.Served{Name: "ch.", Text: apiTLD}, serverstest.Served{Name: "shop-des-tests.ch.", Text: shopZone})
	z, err := zonefile.Read(strings.NewReader("$ORIGIN shop-des-tests.ch.\n"+shopZone), "shop", zonefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := shapes.New("shop-des-tests.ch")
	api := z
	kept := api.Records[:0:0]
	for _, r := range api.Records {
		if !r.Owner.Equal(api.Origin) {
			kept = append(kept, r)
		}
	}
	api.Records = kept
	store.Fill("shop-des-tests.ch", api, nil)
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(".config/freehold/config.toml", fmt.Sprintf("[accounts.shop]\nprovider = \"gandi\"\nurl = %q\nsecret = \"env:TOKEN\"\n[accounts.half]\nprovider = \"ovh\"\nsecret = \"env:TOKEN\"\nkey = \"k\"\n[accounts.odd]\nprovider = \"nobody\"\n[accounts.ninth]\nprovider = \"infomaniak\"\nurl = \"https://127.0.0.1:1\"\nsecret = \"env:TOKEN\"\n", shapes.Gandi(t, store)))
	hints := write("hints", ". 3600 NS ns.root.\nns.root. 3600 A 127.0.0.1\n")
	command := func(ctx context.Context, want int, args ...string) string {
		t.Helper()
		var o, e bytes.Buffer
		code := Run(ctx, append([]string{"freehold"}, args...), Streams{In: strings.NewReader(""), Out: &o, Err: &e, Getenv: func(k string) string {
			return map[string]string{"HOME": dir, "TOKEN": shapes.Secret, "LANG": "en_US.UTF-8"}[k]
		}})
		said := o.String() + e.String()
		if code != want {
			t.Errorf("%v: exit code %d, want %d\n%s", args, code, want, said)
		}
		if strings.Contains(said, shapes.Secret) {
			t.Errorf("%v told the secret:\n%s", args, said)
		}
		return said
	}
	run := func(want int, args ...string) string {
		t.Helper()
		return command(context.Background(), want, append([]string{"export", "--dns-hints", hints, "--timeout", "2s", "--rate", "0"}, args...)...)
	}
	says := func(said string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(said, w) {
				t.Errorf("%q is not said:\n%s", w, said)
			}
		}
	}
	out := filepath.Join(dir, "copies")
	copied := func() string {
		b, err := os.ReadFile(filepath.Join(out, "shop-des-tests.ch.zone"))
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	says(run(exitDone, "--account", "shop", "--all", "-o", out), "api-complete", "api Gandi LiveDNS", "1 of 1 zones exported")
	says(copied(), "every name server agrees", "SOA", "ns1.shop-des-tests.ch.", "192.0.2.7")
	store.Add("shop-des-tests.ch", shapes.Rec{Owner: "forgotten", Type: "A", TTL: 300, Data: "192.0.2.77"})
	says(run(exitFindings, "--from", "api", "--account", "shop", "shop-des-tests.ch", "-o", out), "unknown", "forgotten.shop-des-tests.ch. A")
	says(copied(), "coverage: unknown", "ns1.shop-des-tests.ch (127.0.0.1) has 1 record sets otherwise than the API gives them")
	says(run(exitFailed, "--account", "shop", "nobody-des-tests.ch", "-o", out), `Gandi LiveDNS has no zone "nobody-des-tests.ch"`)
	says(run(exitUsage, "--from", "api", "shop-des-tests.ch", "-o", out), "the account is not said")
	says(run(exitUsage, "--account", "half", "shop-des-tests.ch", "-o", out), `"half" has no consumer`, "OVH needs key, secret, consumer")
	says(run(exitUsage, "--account", "odd", "shop-des-tests.ch", "-o", out), `"nobody", which is not known`, "cloudflare, ddns, desec")
	says(run(exitUsage, "--account", "ninth", "--all", "-o", out), "Infomaniak cannot list its zones")

	zone := write("shop.zone", "$ORIGIN shop-des-tests.ch.\n"+shopZone)
	says(command(t.Context(), exitFindings, "compare", "api:shop", zone, "--soa", "ignore", "--ignore-apex-ns"), "forgotten")
	says(command(t.Context(), exitUsage, "compare", "api:nowhere", zone), "no account is called")
	says(command(t.Context(), exitUsage, "compare", "api:shop", "api:shop"), "which zone is meant")

	words := write("words", "www # the web\nsub\n\nmail\n")
	// At twenty questions a second there is time to interrupt it, once it has learnt
	// something.
	journal := filepath.Join(dir, ".local/state/freehold/observe/shop-des-tests.ch.journal")
	soon, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for soon.Err() == nil {
			if st, err := os.Stat(journal); err == nil && st.Size() > 500 {
				stop()
			}
			<-time.After(5 * time.Millisecond)
		}
	}()
	command(soon, exitFailed, "export", "--from", "observe", "shop-des-tests.ch", "-o", out, "--dns-hints", hints)
	if st, err := os.Stat(journal); err != nil || st.Size() < 500 {
		t.Errorf("an interrupted observation left no journal: %v", err)
	}
	said := run(exitFindings, "--from", "observe", "--wordlist", words, "--hints", write("known", "long.shop-des-tests.ch\n"), "shop-des-tests.ch", "-o", out)
	says(said, "PARTIAL", "observed")
	says(copied(), "PARTIAL", "192.0.2.1", `"a" "b"`)
	if left, _ := filepath.Glob(filepath.Join(dir, ".local/state/freehold/observe/*")); len(left) != 0 {
		t.Errorf("a finished observation left %q", left)
	}
	says(run(exitFailed, "--from", "observe", "still-des-tests.ch", "-o", filepath.Join(dir, "none")), "still-des-tests.ch")
	if left, _ := filepath.Glob(filepath.Join(dir, ".local/state/freehold/observe/*")); len(left) != 1 {
		t.Errorf("an observation that failed keeps its journal: %q", left)
	}
	says(run(exitUsage, "--from", "observe", "--wordlist", filepath.Join(dir, "absent"), "shop-des-tests.ch", "-o", out), "cannot read")
}
