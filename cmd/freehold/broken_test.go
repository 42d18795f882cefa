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
)

// bulkWorld starts a lab of many names and writes them into a file.
func bulkWorld(t *testing.T, names int) (world *lab.Lab, file string) {
	t.Helper()
	world, err := lab.Start(context.Background(), lab.Config{Bulk: names})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { world.Close() })
	var list strings.Builder
	for i := range names {
		fmt.Fprintln(&list, lab.BulkName(i))
	}
	file = filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return world, file
}

// asProgram is this test binary as freehold, in a home of its own, behind a shell
// where before says what the shell does first.
func asProgram(t *testing.T, before string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	if before != "" {
		cmd = exec.Command("sh", append([]string{"-c", before + `; exec "$0" "$@"`, exe}, args...)...)
	}
	cmd.Env = append(os.Environ(), "FREEHOLD_TEST_PROGRAM=1", "HOME="+t.TempDir(), "LANG=en_US.UTF-8")
	errs := &bytes.Buffer{}
	cmd.Stderr = errs
	return cmd, errs
}

// TestCtrlC: an audit that is interrupted says how far it got and how to go on,
// closes its output as incomplete, and has kept all that it told.
func TestCtrlC(t *testing.T) {
	const names, after = 400, 30
	world, file := bulkWorld(t, names)
	db := filepath.Join(t.TempDir(), "f.db")
	cmd, errs := asProgram(t, "", append([]string{"audit", "-f", file, "--format", "jsonl", "--parallel", "4", "--db", db}, world.Flags()...)...)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	last := ""
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		last = lines.Text()
		var n struct{ Type, Name string }
		if err := json.Unmarshal(lines.Bytes(), &n); err != nil {
			t.Fatalf("%v in %s", err, last)
		}
		if n.Type == "name" {
			if told[n.Name] = true; len(told) == after {
				_ = cmd.Process.Signal(os.Interrupt)
			}
		}
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitFindings {
		t.Errorf("exit code %d, want %d", code, exitFindings)
	}
	if len(told) >= names {
		t.Fatal("all names were told before the interruption: nothing was tested")
	}
	if !strings.Contains(last, `"type":"summary"`) || !strings.Contains(last, `"complete":false`) {
		t.Errorf("the output ends in %.300s", last)
	}
	if said := errs.String(); !strings.Contains(said, fmt.Sprintf("freehold: interrupted after %d of %d names\n", len(told), names)) ||
		!strings.Contains(said, `hint: "freehold audit --resume" finishes the run`) {
		t.Errorf("stderr: %s", said)
	}
	kept := results(t, db)
	for name := range told {
		if !kept[name] {
			t.Errorf("%s was told and is not kept", name)
		}
	}
}

// TestFullDisk: no room for the database is said once, clearly, with the way out;
// what was kept before stays, and the results are told all the same.
func TestFullDisk(t *testing.T) {
	const names = 400
	world, file := bulkWorld(t, names)
	db := filepath.Join(t.TempDir(), "f.db")
	// A limit of the process in blocks of 512 octets stands for the quota.
	cmd, errs := asProgram(t, "ulimit -f 3000", append([]string{"audit", "-f", file, "--format", "jsonl", "--parallel", "4", "--db", db}, world.Flags()...)...)
	out, _ := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != exitFindings && code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	said := errs.String()
	if strings.Count(said, "no room to write to database") != 1 || !strings.Contains(said, "hint: free some space") || strings.Contains(said, "panic") {
		t.Errorf("stderr: %s", said)
	}
	told := strings.Count(string(out), `"type":"name"`)
	kept := results(t, db)
	if len(kept) == 0 || len(kept) >= names {
		t.Errorf("%d kept: nothing was tested", len(kept))
	}
	if told < len(kept) {
		t.Errorf("%d told, %d kept", told, len(kept))
	}
}

// TestFullOutput: what cannot be written is an error with its reason, and never
// takes the place of an older, good file.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	cmd, errs := asProgram(t, "", "rules")
	cmd.Stdout = full
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(errs.String(), "no space left on device") {
		t.Errorf("exit code %d, stderr: %s", code, errs.String())
	}

	path := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(path, []byte("the good one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, errs = asProgram(t, "ulimit -f 1", "rules", "--format", "json", "-o", path)
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(errs.String(), syscall.EFBIG.Error()) {
		t.Errorf("exit code %d, stderr: %s", code, errs.String())
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "the good one\n" {
		t.Errorf("the older file is now %.80q, %v", b, err)
	}
}
