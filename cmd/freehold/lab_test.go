package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"freehold/internal/lab"
	"freehold/internal/store"
	"freehold/verify/rules"
)

// environment is that of a run of the program in a test: an empty home.
func environment(t *testing.T) func(string) string {
	home := t.TempDir()
	return func(name string) string {
		return map[string]string{"HOME": home, "LANG": "en_US.UTF-8", "USER": "anne"}[name]
	}
}

// told is one line of a jsonl report, as far as the tests look at it.
type told struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Status  string `json:"status"`
	Verdict struct {
		CanLeave string `json:"can_leave"`
	} `json:"verdict"`
	Findings []struct {
		Rule string `json:"rule"`
	} `json:"findings"`
}

// TestEveryStoryOfTheLab audits the lab through the program and its sockets, and
// holds every name to the verdict its story promises, and every rule to firing
// somewhere.
func TestEveryStoryOfTheLab(t *testing.T) {
	var out, errs bytes.Buffer
	code := Run(context.Background(), []string{"freehold", "audit", "--lab", "--format", "jsonl"}, Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: environment(t)})
	if code != exitFindings {
		t.Errorf("exit code %d, want %d; stderr: %s", code, exitFindings, errs.String())
	}
	got := map[string]told{}
	for line := range strings.Lines(out.String()) {
		var n told
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if n.Type == "name" {
			got[n.Name] = n
		}
	}
	if len(got) != len(lab.Describe()) {
		t.Errorf("%d names told, want %d", len(got), len(lab.Describe()))
	}
	for _, s := range lab.Describe() {
		n := got[s.Name.ASCII()]
		if n.Verdict.CanLeave != s.CanLeave.String() || n.Status != s.Status.String() {
			t.Errorf("%s: %s, %s; want %s, %s (%s)", s.Name, n.Verdict.CanLeave, n.Status, s.CanLeave, s.Status, s.Story)
		}
	}
	everyRuleFires(t, got)
}

// everyRuleFires prints where each rule speaks (go test -v), and wants each to
// speak somewhere.
func everyRuleFires(t *testing.T, got map[string]told) {
	t.Helper()
	where := map[string][]string{}
	for _, s := range lab.Describe() {
		for _, f := range got[s.Name.ASCII()].Findings {
			where[f.Rule] = append(where[f.Rule], s.Name.ASCII())
		}
	}
	for _, r := range rules.All {
		names := where[r.ID]
		if len(names) == 0 {
			t.Errorf("%s fires for no name of the lab", r.ID)
			continue
		}
		t.Logf("%-27s %2d  %s", r.ID, len(names), strings.Join(names[:min(3, len(names))], " "))
	}
}

// killAfter is after how many told names the program is killed.
var killAfter = []int{1, 37, 180, 420}

// TestKillLosesNothingTold kills an audit of 500 names with SIGKILL: what it told
// is in the database, and --resume tells the rest.
func TestKillLosesNothingTold(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const names = 500
	world, err := lab.Start(context.Background(), lab.Config{Bulk: names})
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	var list strings.Builder
	for i := range names {
		fmt.Fprintln(&list, lab.BulkName(i))
	}
	for _, after := range killAfter {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			dir := t.TempDir()
			file, db := filepath.Join(dir, "names.txt"), filepath.Join(dir, "f.db")
			if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			args := append([]string{"audit", "-f", file, "--format", "jsonl", "--parallel", "4", "--db", db}, world.Flags()...)
			first := runUntil(t, exe, args, after)
			kept := results(t, db)
			for name := range first {
				if !kept[name] {
					t.Errorf("%s was told and is not kept", name)
				}
			}
			if len(first) >= names {
				t.Fatalf("all %d names were told before the kill: nothing was tested", len(first))
			}
			rest := runUntil(t, exe, append([]string{"audit", "--resume", "--format", "jsonl", "--db", db}, world.Flags()...), 0)
			all := results(t, db)
			if len(all) != names || len(rest)+len(kept) != names {
				t.Errorf("%d kept at the kill, %d told by --resume, %d kept at the end; want %d in all", len(kept), len(rest), len(all), names)
			}
		})
	}
}

// runUntil runs the program, kills it once it has told so many names (0: never),
// and returns the names of the complete lines it told.
func runUntil(t *testing.T, exe string, args []string, kill int) map[string]bool {
	t.Helper()
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), "FREEHOLD_TEST_PROGRAM=1", "HOME="+t.TempDir())
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	lines := bufio.NewReaderSize(pipe, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var n told
		if err := json.Unmarshal(line, &n); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if n.Type == "name" {
			names[n.Name] = true
		}
		if kill > 0 && len(names) == kill {
			cmd.Process.Signal(syscall.SIGKILL)
		}
	}
	cmd.Wait()
	return names
}

// results reads the names that the last run of a database holds results for.
func results(t *testing.T, path string) map[string]bool {
	t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	run, err := st.LastRun(ctx)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for r, err := range st.Results(ctx, run.ID) {
		if err != nil {
			t.Fatal(err)
		}
		names[r.Name.ASCII()] = true
	}
	return names
}
