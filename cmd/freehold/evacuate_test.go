package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold/dnsexport/dnsexporttest"
	"freehold/internal/resolve/serverstest"
)

// evacuated is how many zones the host has.
const evacuated = 2000

// TestEvacuation moves 2,000 zones from a BIND that dies to an NSD, under the same
// name-server name, while a resolver keeps asking for them. The evacuation itself
// is interrupted and taken up again.
func TestEvacuation(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	const oldServer, newServer = "127.0.7.3", "127.0.7.4"
	world := dnsexporttest.NewWorld(t, false)
	zones := []serverstest.Served{{Name: "host.test", Text: "$TTL 2\n@ SOA ns1.host.test. hostmaster.host.test. 7 3600 900 1209600 2\n@ NS ns1\nns1 A " + oldServer + "\nwww A 192.0.2.1\n"}}
	delegations := []string{"host.test. 2 NS ns1.host.test.", "ns1.host.test. 2 A " + oldServer}
	names := []string{"host.test"}
	for i := range evacuated - 1 {
		name := fmt.Sprintf("customer%04d.test", i)
		names = append(names, name)
		zones = append(zones, serverstest.Served{Name: name, Text: fmt.Sprintf("$TTL 2\n@ SOA ns1.host.test. hostmaster.host.test. %d 3600 900 1209600 2\n@ NS ns1.host.test.\n@ A 192.0.2.%d\nwww CNAME @\n@ MX 10 mail.host.test.\n@ TXT \"customer %d\"\n", i+1, i%250, i)})
		delegations = append(delegations, name+". 2 NS ns1.host.test.")
	}
	if err := world.Registry.Insert(delegations...); err != nil {
		t.Fatal(err)
	}
	stopOld := dnsexporttest.BINDWith(t, oldServer, zones...)
	home := t.TempDir()
	list, folder := filepath.Join(home, "zones.txt"), filepath.Join(home, "out")
	if err := os.WriteFile(list, []byte(strings.Join(names, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context, want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		code := Run(ctx, append([]string{"freehold", "move", "evacuate", "-o", folder}, args...), Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(k string) string {
			return map[string]string{"HOME": home, "LANG": "en_US.UTF-8", "TSIG": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ="}[k]
		}})
		if code != want {
			t.Fatalf("%v: exit code %d, want %d: %.2000s%.2000s", args, code, want, out.String(), errs.String())
		}
		return out.String() + errs.String()
	}
	gather := []string{"-f", list, "--server", oldServer + ":53", "--tsig", "mover", "--tsig-secret", "env:TSIG", "--as", "nsd", "--ns", "ns1.host.test=" + newServer}
	watch := watchZones(t, names)

	// Interrupted after some zones: the second run reads the rest only.
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for ctx.Err() == nil {
			if files, _ := filepath.Glob(filepath.Join(folder, "zones", "*.zone")); len(files) > 300 {
				cancel()
				return
			}
			<-time.After(time.Millisecond)
		}
	}()
	run(ctx, exitFailed, gather...)
	cancel()
	said := run(context.Background(), exitDone, gather...)
	if !strings.Contains(said, fmt.Sprintf("%s zones lie in", "2,000")) || strings.Contains(said, " 0 of them from an earlier run") || !strings.Contains(said, "change its glue to ns1.host.test "+newServer) {
		t.Errorf("the second run said %s", said)
	}
	b, err := os.ReadFile(filepath.Join(folder, "zones", "host.test.zone"))
	if err != nil || !strings.Contains(string(b), newServer) || strings.Contains(string(b), oldServer) {
		t.Errorf("host.test is %s (%v)", b, err)
	}
	conf := filepath.Join(home, "nsd.conf")
	text := fmt.Sprintf("server:\n\tip-address: %s@53\n\tusername: \"\"\n\tchroot: \"\"\n\tdatabase: \"\"\n\tzonesdir: %q\n\tzonelistfile: %q\n\txfrdfile: %q\n\txfrdir: %q\n\tpidfile: \"\"\n\tserver-count: 1\n\trrl-ratelimit: 0\nremote-control:\n\tcontrol-enable: no\ninclude: %q\n",
		newServer, home, home+"/zone.list", home+"/xfrd.state", home, filepath.Join(folder, "nsd.conf"))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	dnsexporttest.Start(t, newServer, "nsd", "-d", "-c", conf)
	if said := run(context.Background(), exitDone, "--check", newServer); !strings.Contains(said, "2,000 zones checked") || !strings.Contains(said, " 0 are not as they should be") {
		t.Errorf("parity: %s", said)
	}
	// A zone that was tampered with is found.
	victim := filepath.Join(folder, "zones", "customer0007.test.zone")
	good, _ := os.ReadFile(victim)
	if err := os.WriteFile(victim, bytes.Replace(good, []byte("192.0.2.7"), []byte("192.0.2.77"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := run(context.Background(), exitFindings, "--check", newServer); !strings.Contains(said, "customer0007.test: 1 record sets differ") {
		t.Errorf("a changed copy: %s", said)
	}

	before := watch.asked.Load()
	// The registry's glue is changed, caches forget, and only then does the old server die.
	if err := world.Registry.Replace("ns1.host.test.", dns.TypeA, "ns1.host.test. 2 A "+newServer); err != nil {
		t.Fatal(err)
	}
	<-time.After(2*dnsexporttest.Cached + 500*time.Millisecond)
	stopOld()
	<-time.After(2 * dnsexporttest.Cached)
	watch.stop()
	if watch.wrong.Load() > 0 || watch.asked.Load() == before || before == 0 {
		t.Errorf("%d of %d answers were wrong, the first: %v", watch.wrong.Load(), watch.asked.Load(), watch.first.Load())
	}
	t.Logf("%d answers, %d before the change, none wrong", watch.asked.Load(), before)
}

// zoneWatch asks a resolver for the customers' zones all the time.
type zoneWatch struct {
	asked, wrong atomic.Int64
	first        atomic.Value
	stop         func()
}

func watchZones(t *testing.T, names []string) *zoneWatch {
	w := &zoneWatch{}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	w.stop = func() { cancel(); wg.Wait() }
	t.Cleanup(w.stop)
	wg.Go(func() {
		c := dns.Client{Timeout: 5 * time.Second}
		for i := 0; ctx.Err() == nil; i++ {
			n := 1 + (i*37)%(len(names)-1)
			m := new(dns.Msg)
			m.SetQuestion("www."+names[n]+".", dns.TypeA)
			answer, _, err := c.Exchange(m, dnsexporttest.UnboundAt+":53")
			if ctx.Err() != nil {
				return
			}
			w.asked.Add(1)
			if err != nil || answer.Rcode != dns.RcodeSuccess || !strings.Contains(answer.String(), fmt.Sprintf("192.0.2.%d\n", (n-1)%250)) {
				if w.wrong.Add(1) == 1 {
					w.first.Store(fmt.Sprint(names[n], err, answer))
				}
			}
		}
	})
	return w
}
