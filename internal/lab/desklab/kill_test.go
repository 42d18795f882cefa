package desklab

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/lab/eppd"
	"freehold/internal/ledger"
	"freehold/internal/seal"
	"freehold/internal/storetest/pgtest"
	"freehold/registrar/epp"
	"freehold/verify/identity"
)

// The tests that kill need a process of their own: this test binary again.
const (
	childDB    = "FREEHOLD_DESKLAB_DB"
	childAddr  = "FREEHOLD_DESKLAB_ADDR"
	childFiles = "FREEHOLD_DESKLAB_FILES"
	childNow   = "FREEHOLD_DESKLAB_NOW"
)

func TestMain(m *testing.M) {
	if os.Getenv(childDB) != "" {
		if err := worker(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(pgtest.Main(m))
}

// worker goes on with all cases, hands over what is set, and says "revealed CASE
// TEXT" for each, until nothing is left to do.
func worker(ctx context.Context) error {
	now, err := strconv.ParseInt(os.Getenv(childNow), 10, 64)
	if err != nil {
		return err
	}
	w, err := Open(ctx, Config{DB: os.Getenv(childDB), Addr: os.Getenv(childAddr), Clock: NewClock(time.UnixMicro(now).UTC()), Worker: fmt.Sprint("work ", os.Getpid()), EPP: certified})
	if err != nil {
		return err
	}
	defer w.Close()
	for range 3 { // what fell due meanwhile, too
		if _, err := w.Desk.Sweep(ctx, 4); err != nil {
			return err
		}
		for l, err := range w.Store.Queue(ctx, freehold.CaseSet) {
			if err != nil {
				return err
			}
			text, _, err := w.Desk.Reveal(ctx, l.ID, "anne")
			if kind := freehold.KindOf(err); err != nil && (kind == freehold.KindBusy || kind == freehold.KindPermission) {
				continue // another worker was faster
			}
			if err != nil {
				return err
			}
			fmt.Println("revealed", l.ID, base64.StdEncoding.EncodeToString(text))
		}
		if _, err := w.Sequencer().Run(ctx); err != nil && freehold.KindOf(err) != freehold.KindBusy {
			return err
		}
	}
	return nil
}

// certified gives a child the files of the parent's registry.
func certified(c *epp.Config) {
	dir := os.Getenv(childFiles)
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "registry-client.pem"), filepath.Join(dir, "registry-client-key.pem"))
	if err != nil {
		panic(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "registry-ca.pem"))
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	c.TLS = &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}}
	c.ID = fmt.Sprint("w", os.Getpid())
}

// caseCount is how many cases a run has.
func caseCount() int {
	if os.Getenv("SOAK") != "" {
		return 500
	}
	return 24
}

// killed is a run whose workers are killed.
type killed struct {
	*World
	t        *testing.T
	dsn      string
	server   *eppd.Server
	files    string
	ids      map[string]string // case by name
	revealed map[string]string // sealed text by case
	kills    int
}

func startKilled(t *testing.T, dsn string, n int) *killed {
	k := &killed{t: t, dsn: dsn, files: t.TempDir(), ids: map[string]string{}, revealed: map[string]string{}}
	clock := NewClock(Start)
	var err error
	k.server, err = eppd.Listen(eppd.Config{Secure: true, TransferDelay: 5 * 24 * time.Hour, Now: clock.Now, Registrars: map[string]string{Loser: LoserPassword, Gainer: GainerPassword}}, k.files)
	must(t, err)
	t.Cleanup(k.server.Close)
	k.World, err = Open(t.Context(), Config{DB: dsn, Addr: k.server.Addr, Clock: clock, EPP: func(c *epp.Config) { c.TLS = k.server.TLS }})
	must(t, err)
	t.Cleanup(func() { k.World.Close() })
	for i := range n {
		name := fmt.Sprintf("shop-%03d.com", i)
		k.server.Add(eppd.Domain{Name: name, Sponsor: Loser, Statuses: []string{"clientTransferProhibited"}, Created: Start.AddDate(-3, 0, 0), Expires: Start.AddDate(1, 0, 0)}, "")
		row, err := k.Desk.Open(t.Context(), Request(name, Start), identity.Surroundings{}, "anne", freehold.ChannelPhone)
		must(t, err)
		must(t, k.Prove(t.Context(), row.Case.ID))
		k.ids[name] = row.Case.ID
	}
	k.Clock.Add(25 * time.Hour)
	for _, id := range k.ids {
		must(t, k.Approve(t.Context(), id, ""))
	}
	return k
}

// run starts workers and kills them after a while, 0 for never. It collects what
// they handed over.
func (k *killed) run(workers int, after time.Duration) {
	k.t.Helper()
	exe, err := os.Executable()
	must(k.t, err)
	done := make(chan []string, workers)
	var started []*exec.Cmd
	for range workers {
		c := exec.Command(exe)
		c.Env = append(os.Environ(), childDB+"="+k.dsn, childAddr+"="+k.server.Addr, childFiles+"="+k.files, childNow+"="+strconv.FormatInt(k.Clock.Now().UnixMicro(), 10))
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		must(k.t, err)
		must(k.t, c.Start())
		started = append(started, c)
		go func() {
			var lines []string
			for in := bufio.NewScanner(out); in.Scan(); {
				lines = append(lines, in.Text())
			}
			done <- lines
		}()
	}
	if after > 0 {
		timer := time.AfterFunc(after, func() {
			for _, c := range started {
				c.Process.Kill()
			}
		})
		defer timer.Stop()
	}
	for range workers {
		for _, line := range <-done {
			k.heard(line)
		}
	}
	for _, c := range started {
		var exit *exec.ExitError
		if err := c.Wait(); errors.As(err, &exit) && exit.ExitCode() > 0 {
			k.t.Errorf("a worker failed: %v", err)
		} else if err != nil {
			k.kills++
		}
	}
}

func (k *killed) heard(line string) {
	words := strings.Fields(line)
	if len(words) != 3 || words[0] != "revealed" {
		return // cut by the kill
	}
	text, err := base64.StdEncoding.DecodeString(words[2])
	if err != nil {
		return
	}
	if k.revealed[words[1]] != "" {
		k.t.Errorf("the code of case %s was handed over twice", words[1])
	}
	k.revealed[words[1]] = string(text)
}

// TestKilled: workers that are killed anywhere lose no case, hand no code over twice,
// and leave no code behind its time.
func TestKilled(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgresql"} {
		t.Run(engine, func(t *testing.T) {
			dsn, workers, start := filepath.Join(t.TempDir(), "freehold.db"), 1, 20 // milliseconds
			if engine == "postgresql" {
				dsn, workers, start = pgtest.Database(t), 2, 60
			}
			n := caseCount()
			k := startKilled(t, dsn, n)
			seed := uint64(20261125)
			random := rand.New(rand.NewPCG(seed, 7))
			k.server.Fail(eppd.Faults{Latency: time.Millisecond})
			for range n { // more rounds than are ever needed
				k.run(workers, time.Duration(start+random.IntN(80))*time.Millisecond)
				k.Clock.Add(time.Minute) // the leases of the dead run out
				if k.left() == 0 {
					break
				}
			}
			left := k.left()
			k.run(workers, 0)
			k.check(n)
			t.Logf("%d cases, %d workers killed, %d cases left for the last one, %d codes seen handed over", n, k.kills, left, len(k.revealed))
		})
	}
}

// left counts the cases that nobody was handed a code for.
func (k *killed) left() int {
	n := 0
	for range one(k.t, k.Store.Queue(k.t.Context(), freehold.CaseOpen, freehold.CaseReleasing, freehold.CaseSet)) {
		n++
	}
	return n
}

func one(t *testing.T, seq iter.Seq2[freehold.CaseLine, error]) iter.Seq[freehold.CaseLine] {
	return func(yield func(freehold.CaseLine) bool) {
		for l, err := range seq {
			must(t, err)
			if !yield(l) {
				return
			}
		}
	}
}

func (k *killed) check(n int) {
	t, ctx := k.t, k.t.Context()
	for name, id := range k.ids {
		row, err := k.Store.Case(ctx, id)
		must(t, err)
		revealed := 0
		for _, e := range row.Events {
			if _, ok := e.Body.(freehold.CodeRevealed); ok {
				revealed++
			}
		}
		if revealed != 1 || row.Case.State != freehold.CaseRevealed {
			t.Errorf("%s: handed over %d times, %v", name, revealed, row.Case.State)
		}
		text, seen := k.revealed[id]
		if !seen {
			continue // killed between the writing down and the saying
		}
		code, err := seal.Open([]byte(text), k.Requester)
		must(t, err)
		d, _ := k.server.Get(name)
		code.Use(func(b []byte) {
			if !d.Accepts(string(b)) {
				t.Errorf("%s: the code that was handed over is not the one that stands", name)
			}
		})
	}
	// When its time is over, a restart takes every code back within a minute.
	k.Clock.Add(73 * time.Hour)
	k.run(1, 0)
	for name := range k.ids {
		if d, _ := k.server.Get(name); d.HasCode() || len(d.Statuses) != 1 {
			t.Errorf("%s: a code stands beyond its time: %v, %v", name, d.HasCode(), d.Statuses)
		}
	}
	size, _, err := k.Store.LedgerHead(ctx)
	must(t, err)
	leaves := int64(0)
	for l, err := range k.Store.Leaves(ctx) {
		must(t, err)
		if l.Index != leaves || ledger.Commit(ledger.Salt(l.Salt), l.Record) != ledger.Leaf(l.Commitment) {
			t.Fatalf("leaf %d of the ledger is at %d, or another", leaves, l.Index)
		}
		leaves++
	}
	if leaves != size || leaves < int64(n*4) {
		t.Errorf("the ledger has %d leaves, its checkpoint %d", leaves, size)
	}
}
