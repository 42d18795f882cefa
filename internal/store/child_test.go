package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/pgtest"
	"freehold/internal/storetest/sample"
)

// Some tests need a process of their own: one that is killed, that may not write
// beyond a limit, or that is another user. It is this test binary again, with a
// job in its environment.
const (
	childJob   = "FREEHOLD_STORE_TEST_CHILD"
	childDSN   = "FREEHOLD_STORE_TEST_DSN"
	childLimit = 1 << 20 // octets a file may have in the job "full"
)

// kinds names the error kinds that a child tells.
var kinds = map[freehold.ErrorKind]string{freehold.KindFull: "full", freehold.KindPermission: "permission"}

// child runs a job, tells "saved NAME" for each result after Save returned, and
// how it ended: "failed KIND MESSAGE".
func child(job string) int {
	switch job {
	case "full":
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: childLimit, Max: childLimit}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			fmt.Println("failed to set the limit", err)
			return 1
		}
	case "stranger":
		if err := syscall.Setuid(65534); err != nil && os.Geteuid() == 0 {
			fmt.Println("failed to become another user", err)
			return 1
		}
	}
	work := saveForever
	if job == "import" {
		work = importForever
	}
	if err := work(os.Getenv(childDSN)); err != nil {
		fmt.Println("failed", kinds[freehold.KindOf(err)], err)
		return 1
	}
	return 0
}

func saveForever(dsn string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	run, err := s.LastRun(ctx)
	if err != nil {
		return err
	}
	for name, err := range s.Pending(ctx, run.ID, false) {
		if err != nil {
			return err
		}
		result, evidence := sample.Audited(name, run.Started)
		evidence = append(evidence, freehold.Evidence{Query: name, Time: run.Started, Body: noise(name, 20_000)})
		if err := s.Save(ctx, run.ID, []store.Saved{{Result: result, Evidence: evidence}}); err != nil {
			return err
		}
		fmt.Println("saved", name)
	}
	return nil
}

// noise makes octets that do not compress, always the same for a name.
func noise(name string, n int) []byte {
	var seed [32]byte
	copy(seed[:], name)
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(seed).Read(b)
	return b
}

// startChild starts a job and returns its lines.
func startChild(t *testing.T, job, dsn string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe)
	c.Env = append(os.Environ(), childJob+"="+job, childDSN+"="+dsn)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	return c, bufio.NewScanner(out)
}

// manyNames begins a run of so many names that no child comes to their end.
func manyNames(t *testing.T, dsn string) freehold.Run {
	t.Helper()
	s := open(t, dsn)
	run := sample.Run(0)
	if err := s.BeginRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	var asked []string
	for i := range 4_000 {
		asked = append(asked, fmt.Sprintf("name-%d.fr", i))
	}
	if err := s.AddNames(t.Context(), run.ID, asked); err != nil {
		t.Fatal(err)
	}
	return run
}

// wantSaved checks that everything that was told to be saved is there, sound,
// and done.
func wantSaved(t *testing.T, dsn string, run freehold.Run, told []string) {
	t.Helper()
	st, err := store.Inspect(t.Context(), dsn, store.Options{})
	if err != nil || st.Problem != nil {
		t.Fatalf("%+v, %v", st, err)
	}
	s, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range told {
		want, _ := sample.Audited(name, run.Started)
		got, err := s.Result(t.Context(), run.ID, want.Name)
		if err != nil || !got.At.Equal(want.At) || len(got.Control) != len(want.Control) {
			t.Fatalf("%s was told to be saved: %+v, %v", name, got, err)
		}
		if pieces, err := s.EvidenceOf(t.Context(), run.ID, want.Name); err != nil || len(pieces) < 5 {
			t.Fatalf("%s was told to be saved: %d pieces of evidence, %v", name, len(pieces), err)
		}
	}
	for name, err := range s.Pending(t.Context(), run.ID, false) {
		if err != nil || slices.Contains(told, name) {
			t.Fatalf("%s is to be done again, %v", name, err)
		}
	}
}

func rounds(t *testing.T) int {
	switch {
	case os.Getenv("SOAK") != "":
		return 150
	case testing.Short():
		return 2
	}
	return 6
}

// A process that is killed at any moment has kept all it told.
func TestKillTheProgram(t *testing.T) {
	onEngines(t, func(t *testing.T, dsn string) {
		run := manyNames(t, dsn)
		random := rand.New(rand.NewPCG(1, 2))
		var told []string
		for range rounds(t) {
			c, lines := startChild(t, "save", dsn)
			after := 1 + random.IntN(25)
			for n := 0; lines.Scan(); {
				name, ok := strings.CutPrefix(lines.Text(), "saved ")
				if !ok {
					t.Fatal(lines.Text())
				}
				told = append(told, name)
				if n++; n == after {
					_ = c.Process.Kill() // while it saves the next; what it told before it died still comes
				}
			}
			_ = c.Wait()
			wantSaved(t, dsn, run, told)
		}
		t.Logf("%d results told in %d lives, all there", len(told), rounds(t))
	})
}

// A server that is killed has kept all that was told, and the same Store works
// on when it is back.
func TestKillTheServer(t *testing.T) {
	server := pgtest.Start(t)
	dsn := server.DSN("postgres")
	run := manyNames(t, dsn)
	s := open(t, dsn)
	var told []string
	random := rand.New(rand.NewPCG(3, 4))
	for range rounds(t) / 2 {
		die := make(chan struct{})
		dead := make(chan struct{})
		go func() { <-die; server.Kill(); close(dead) }()
		after := 5 + random.IntN(20)
		var failure error
		for i := 0; failure == nil; i++ {
			if i == after {
				close(die)
			}
			name := fmt.Sprintf("name-%d.fr", len(told))
			result, evidence := sample.Audited(name, run.Started)
			evidence = append(evidence, freehold.Evidence{Query: name, Body: noise(name, 20_000)})
			if failure = s.Save(t.Context(), run.ID, []store.Saved{{Result: result, Evidence: evidence}}); failure == nil {
				told = append(told, name)
			}
		}
		if freehold.KindOf(failure) != freehold.KindUnavailable || freehold.HintOf(failure) == "" {
			t.Errorf("the server died: %v, kind %d", failure, freehold.KindOf(failure))
		}
		<-dead
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		wantSaved(t, dsn, run, told)
	}
	t.Logf("%d results told in %d lives, all there", len(told), rounds(t)/2)
}

// A disk that is full, or a limit that is reached, ends the run with a clear
// error; what was told is there, and with room again the run can be finished.
func TestFullDisk(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "freehold.db")
	run := sample.Run(0)
	s := open(t, dsn)
	var asked []string
	for i := range 500 {
		asked = append(asked, fmt.Sprintf("name-%d.fr", i))
	}
	if err := errors.Join(s.BeginRun(t.Context(), run), s.AddNames(t.Context(), run.ID, asked), s.Close()); err != nil {
		t.Fatal(err)
	}
	c, lines := startChild(t, "full", dsn)
	var told []string
	var end string
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "saved "); ok {
			told = append(told, name)
		} else {
			end = lines.Text()
		}
	}
	_ = c.Wait()
	if want := `failed full no room to write to database "` + dsn; !strings.HasPrefix(end, want) || len(told) == 0 {
		t.Errorf("%d saved, and then %q; want %q", len(told), end, want)
	}
	wantSaved(t, dsn, run, told)
	s = open(t, dsn)
	result, evidence := sample.Audited(asked[400], run.Started)
	if err := s.Save(t.Context(), run.ID, []store.Saved{{Result: result, Evidence: evidence}}); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// A server without room says so in its own way; so does a failing page.
func TestServerErrors(t *testing.T) {
	dsn := engines[1].dsn(t)
	s := open(t, dsn)
	run := sample.Run(0)
	if err := s.BeginRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	result, _ := sample.Audited("pain.fr", run.Started)
	for state, kind := range map[string]freehold.ErrorKind{"53100": freehold.KindFull, "XX001": freehold.KindDamaged, "42501": freehold.KindPermission, "25006": freehold.KindPermission, "55P03": freehold.KindBusy} {
		raw := rawPostgres(t, dsn)
		exec1(t, raw, `CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '`+state+`'; END $$`)
		exec1(t, raw, `CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON results FOR EACH ROW EXECUTE FUNCTION refuse()`)
		err := s.Save(t.Context(), run.ID, []store.Saved{{Result: result}})
		if freehold.KindOf(err) != kind || freehold.HintOf(err) == "" {
			t.Errorf("%s: %v of kind %d, want kind %d with a hint", state, err, freehold.KindOf(err), kind)
		}
	}
}

func TestNotAllowed(t *testing.T) {
	dir := t.TempDir()
	dsn := filepath.Join(dir, "freehold.db")
	if err := open(t, dsn).Close(); err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	// The child is another user, who may come as far as the folder.
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() != 0 {
		if err := os.Chmod(dsn, 0); err != nil {
			t.Fatal(err)
		}
	}
	before := snapshot(t, dir)
	for _, path := range []string{dsn, filepath.Join(closed, "new.db"), filepath.Join(closed, "new", "new.db")} {
		c, lines := startChild(t, "stranger", path)
		lines.Scan()
		if want := `failed permission not allowed to use database "` + path; !strings.HasPrefix(lines.Text(), want) {
			t.Errorf("%s: %q, want %q", path, lines.Text(), want)
		}
		_ = c.Wait()
	}
	wantSame(t, dir, before)
}
