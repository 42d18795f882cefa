package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/dnsexport/archive"
	"freehold/internal/store"
)

// growing serves every zone below test. by transfer; the serial is what the test says.
func growing(t *testing.T, serial *atomic.Uint32) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		zone := q.Question[0].Name
		for _, text := range []string{
			fmt.Sprintf("%s 300 SOA ns.host.test. h.host.test. %d 1 2 3 4", zone, serial.Load()), zone + " 300 NS ns.host.test.",
			fmt.Sprintf("n%d.%s 300 A 192.0.2.1", serial.Load(), zone), "t." + zone + " 300 TXT " + strings.Repeat("x", 200),
		} {
			rr, err := dns.NewRR(text)
			if err != nil {
				panic(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		m.Answer = append(m.Answer, m.Answer[0])
		_ = w.WriteMsg(m) // whoever asked may be dead
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.ActivateAndServe() }()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// TestExportKilled kills exports at moments that a seed decides. After each the
// folder holds one whole generation, the new one where the run had said so, and
// the next run makes the copies and notes them.
func TestExportKilled(t *testing.T) {
	const zones = 40
	kills := 10
	if os.Getenv("SOAK") != "" {
		kills = 50
	}
	var serial atomic.Uint32
	home := t.TempDir()
	folder, db := filepath.Join(home, "copies"), filepath.Join(home, "f.db")
	args := []string{"export", "--server", growing(t, &serial), "-o", folder, "--as", "bind,json", "--keep", "2", "--db", db}
	for i := range zones {
		args = append(args, fmt.Sprintf("z%02d.test", i))
	}
	// run runs the program and kills it after a while, or never.
	run := func(after time.Duration) (said string, killed bool) {
		t.Helper()
		cmd := exec.Command(os.Args[0], args...)
		cmd.Env = append(os.Environ(), "FREEHOLD_TEST_PROGRAM=1", "HOME="+home, "LANG=en_US.UTF-8", "XDG_DATA_HOME=", "XDG_CONFIG_HOME=")
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if after > 0 {
			defer time.AfterFunc(after, func() { _ = cmd.Process.Kill() }).Stop()
		}
		err := cmd.Wait()
		if killed = cmd.ProcessState.ExitCode() == -1; err != nil && !killed {
			t.Fatalf("%v\n%s%s", err, out.String(), errs.String())
		}
		return out.String(), killed
	}
	// holds returns the serial that all zones of the folder have.
	holds := func(when string) uint32 {
		t.Helper()
		var out, errs bytes.Buffer
		if code := Run(context.Background(), []string{"freehold", "export", "--check", folder, "--format", "json"}, Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(k string) string {
			return map[string]string{"HOME": home}[k]
		}}); code != exitDone {
			t.Fatalf("%s: the folder is damaged:\n%s%s", when, out.String(), errs.String())
		}
		var doc struct{ Manifest archive.Manifest }
		if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		seen, of := map[string]bool{}, map[uint32]bool{}
		for _, e := range doc.Manifest.Zones {
			seen[e.Zone], of[*e.Serial] = true, true
		}
		if len(seen) != zones || len(doc.Manifest.Zones) != zones || len(of) != 1 {
			t.Fatalf("%s: %d entries of %d zones, of the serials %v", when, len(doc.Manifest.Zones), len(seen), of)
		}
		return *doc.Manifest.Zones[0].Serial
	}

	serial.Store(1)
	run(0) // makes key and database
	serial.Store(2)
	begun := time.Now()
	run(0)
	usual := time.Since(begun)
	holds("at first")
	random := mathrand.New(mathrand.NewPCG(20261201, 4))
	hit, old, runs := 0, 0, 2
	for i := range kills {
		before := serial.Add(1) - 1
		said, killed := run(time.Duration(random.Float64() * 1.2 * float64(usual)))
		if runs++; killed {
			hit++
		}
		when := fmt.Sprintf("kill %d", i)
		switch got := holds(when); {
		case got == before && strings.Contains(said, "zones exported to"):
			t.Errorf("%s: the run said that it was done, and the copies are the old ones", when)
		case got == before:
			old++
		case got != before+1:
			t.Errorf("%s: the copies are of serial %d, neither %d nor %d", when, got, before, before+1)
		}
		run(0)
		if runs++; holds(when+", and again") != before+1 {
			t.Errorf("%s: the next run did not bring the new copies", when)
		}
		if left, _ := filepath.Glob(filepath.Join(folder, ".freehold", "[cs]*")); len(left) > 0 {
			t.Errorf("%s: %q is left behind", when, left)
		}
		noted(t, db, zones, before+1, runs)
	}
	t.Logf("%d of %d runs were killed, %d before their copies counted; one takes %s", hit, kills, old, usual)
	if hit == 0 || old == 0 {
		t.Error("no run was killed before its end: nothing was tested")
	}
}

// noted looks at what the database knows: the newest copy of each zone last, and
// none twice.
func noted(t *testing.T, db string, zones int, serial uint32, runs int) {
	t.Helper()
	st, err := store.Open(context.Background(), db, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	last, times := map[freehold.Name]uint32{}, map[string]int{}
	for c, err := range st.AllZoneCopies(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		last[c.Name] = c.Serial
		times[c.Name.ASCII()+" "+c.At.String()]++
	}
	if len(last) != zones || len(times) > zones*runs {
		t.Fatalf("copies of %d zones are noted, %d in all after %d runs", len(last), len(times), runs)
	}
	for name, s := range last {
		if s != serial {
			t.Fatalf("the last copy of %s is noted with serial %d, not %d", name, s, serial)
		}
	}
	for what, n := range times {
		if n > 1 {
			t.Fatalf("the copy of %s is noted %d times", what, n)
		}
	}
}
