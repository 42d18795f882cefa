package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"freehold"
	"freehold/internal/lab/desklab"
	"freehold/internal/lab/eppd"
	"freehold/internal/storetest/pgtest"
	"freehold/registrar/epp"
	"freehold/verify/identity"
)

// process is a worker as an operator starts it.
type process struct {
	*exec.Cmd
	mu    sync.Mutex
	log   []map[string]any
	at    chan string // where it serves
	ended chan error
}

func startWorker(t testing.TB, dir, dsn string, more ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{at: make(chan string, 1), ended: make(chan error, 1)}
	p.Cmd = exec.Command(exe, append([]string{"work", "--db", dsn, "--account", "registry", "--signers", filepath.Join(dir, "signers"), "--every", "100ms", "--listen", "127.0.0.1:0",
		"--now", desklab.Start.Add(25 * time.Hour).Format(time.RFC3339)}, more...)...)
	p.Env = append(os.Environ(), "FREEHOLD_TEST_PROGRAM=1", "HOME="+dir, "FREEHOLD_CONFIG="+filepath.Join(dir, "config.toml"), "EPP_PASSWORD="+desklab.LoserPassword)
	out, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var line map[string]any
			if json.Unmarshal(lines.Bytes(), &line) != nil {
				t.Errorf("the log is not JSON: %s", lines.Text())
			}
			if line["msg"] == "serving" {
				p.at <- fmt.Sprint(line["at"])
			}
			p.mu.Lock()
			p.log = append(p.log, line)
			p.mu.Unlock()
		}
		p.ended <- p.Wait()
	}()
	return p
}

// get reads a page of a worker.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestTwoWorkers: two processes share forty cases on one PostgreSQL and one account
// that allows three sessions. One is killed, the other does all the rest and then ends
// as it is told. The registry never sees a session too many.
func TestTwoWorkers(t *testing.T) {
	const cases, allowed = 40, 3
	server := pgtest.Start(t)
	dsn := server.DSN("postgres")
	dir := t.TempDir()
	clock := desklab.NewClock(desklab.Start)
	registry, err := eppd.Listen(eppd.Config{Secure: true, MaxSessions: allowed, TransferDelay: 5 * 24 * time.Hour, Now: clock.Now,
		Registrars: map[string]string{desklab.Loser: desklab.LoserPassword, desklab.Gainer: desklab.GainerPassword}}, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	w, err := desklab.Open(t.Context(), desklab.Config{DB: dsn, Addr: registry.Addr, Clock: clock, EPP: func(c *epp.Config) { c.TLS = registry.TLS }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	prepare(t, w, registry, cases)
	writeWorkConfig(t, w, dir, registry.Addr)
	registry.Fail(eppd.Faults{Latency: 5 * time.Millisecond})

	first := startWorker(t, dir, dsn, "--sessions", "2", "--cap", "3", "--parallel", "2")
	second := startWorker(t, dir, dsn, "--sessions", "2", "--cap", "3", "--parallel", "2")
	at := <-second.at
	status, health := get(t, "http://"+at+"/healthz")
	if status != http.StatusOK || !strings.Contains(health, `"ok":true`) {
		t.Errorf("healthz: %d %s", status, health)
	}
	set := func() (n int) {
		for _, err := range w.Store.Queue(t.Context(), freehold.CaseSet) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	until(t, "a quarter is set", func() bool { return set() >= cases/4 })
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-first.ended
	// What the first had begun comes back when its leases have run out; here the clock of
	// leases stands, so they are given back by hand.
	defer func() {
		if t.Failed() {
			second.mu.Lock()
			for _, line := range second.log[max(0, len(second.log)-30):] {
				t.Log(line)
			}
			second.mu.Unlock()
			t.Log(set())
		}
	}()
	until(t, "all that is free is set", func() bool { return set() >= cases-2 })
	if _, metrics := get(t, "http://"+at+"/metrics"); !strings.Contains(metrics, "\nfreehold_codes_set_total ") || !strings.Contains(metrics, "freehold_case_looks_total{outcome=\"done\"}") || strings.Contains(metrics, "shop-") {
		t.Errorf("metrics:\n%s", metrics)
	}
	if err := second.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-second.ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	if n := registry.Refused(); n != 0 {
		t.Errorf("%d logins were one too many", n)
	}
	var last string
	second.mu.Lock()
	defer second.mu.Unlock()
	for _, line := range second.log {
		last = fmt.Sprint(line["msg"])
	}
	if last != "the worker has ended" {
		t.Errorf("its last word is %q", last)
	}
}

// prepare opens cases that are proven and approved, and lets a day pass.
func prepare(t testing.TB, w *desklab.World, registry *eppd.Server, n int) {
	t.Helper()
	for i := range n {
		name := fmt.Sprintf("shop-%03d.com", i)
		registry.Add(eppd.Domain{Name: name, Sponsor: desklab.Loser, Statuses: []string{"clientTransferProhibited"}, Created: desklab.Start.AddDate(-3, 0, 0), Expires: desklab.Start.AddDate(1, 0, 0)}, "")
		row, err := w.Desk.Open(t.Context(), desklab.Request(name, desklab.Start), identity.Surroundings{}, "anne", freehold.ChannelPhone)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Prove(t.Context(), row.Case.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.Clock.Add(25 * time.Hour)
	for l, err := range w.Store.Queue(t.Context(), freehold.CaseOpen) {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Approve(t.Context(), l.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func writeWorkConfig(t testing.TB, w *desklab.World, dir, addr string) {
	t.Helper()
	var signers strings.Builder
	for who, key := range w.Operators {
		fmt.Fprintf(&signers, "%s namespaces=%q %s", who, identity.Namespace, ssh.MarshalAuthorizedKey(key.PublicKey()))
	}
	config := fmt.Sprintf("[accounts.registry]\nprovider = \"epp\"\ntest = true\nserver = %q\nuser = %q\nsecret = \"env:EPP_PASSWORD\"\ncertificate = \"registry-client.pem\"\nprivate_key = \"registry-client-key.pem\"\nroots = \"registry-ca.pem\"\n", addr, desklab.Loser)
	for name, text := range map[string]string{"signers": signers.String(), "config.toml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// until waits for what other processes do: it asks again and again, for a minute.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); !done(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

// TestWorkerOnFile: on SQLite one worker does all in rounds of its own, and is told to
// end while a registry takes its time: what is under way is finished.
func TestWorkerOnFile(t *testing.T) {
	const cases = 8
	dir := t.TempDir()
	dsn := filepath.Join(dir, "freehold.db")
	clock := desklab.NewClock(desklab.Start)
	registry, err := eppd.Listen(eppd.Config{Secure: true, TransferDelay: 5 * 24 * time.Hour, Now: clock.Now,
		Registrars: map[string]string{desklab.Loser: desklab.LoserPassword, desklab.Gainer: desklab.GainerPassword}}, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	w, err := desklab.Open(t.Context(), desklab.Config{DB: dsn, Addr: registry.Addr, Clock: clock, EPP: func(c *epp.Config) { c.TLS = registry.TLS }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	prepare(t, w, registry, cases)
	writeWorkConfig(t, w, dir, registry.Addr)
	registry.Fail(eppd.Faults{Latency: 100 * time.Millisecond})

	p := startWorker(t, dir, dsn, "--sessions", "2", "--parallel", "2")
	until(t, "two are set", func() bool { return registry.Commands()["update"] >= 2 })
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-p.ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	// Each code the registry has is in a case, and no case hangs between.
	set := 0
	for l, err := range w.Store.Queue(t.Context(), freehold.CaseOpen, freehold.CaseReleasing, freehold.CaseSet) {
		switch {
		case err != nil:
			t.Fatal(err)
		case l.State == freehold.CaseReleasing:
			t.Errorf("the case of %s was left half way", l.Name.ASCII())
		case l.State == freehold.CaseSet:
			set++
		}
	}
	if set != registry.Commands()["update"] || set == cases {
		t.Errorf("%d cases are set of %d, and the registry set %d codes", set, cases, registry.Commands()["update"])
	}
	// Its leases are given back: the next one goes on at once.
	p = startWorker(t, dir, dsn, "--once")
	if err := <-p.ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	if n := registry.Commands()["update"]; n != cases {
		t.Errorf("%d codes are set in the end", n)
	}
}
