package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestExamples plays every page of examples: all that stands in its console blocks is
// done in one shell, and says what the page shows. "…" stands for what differs from
// one time to the next; a line of nothing else for any lines.
func TestExamples(t *testing.T) {
	for _, tool := range []string{"bash", "age", "ssh-keygen", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not on this machine", tool)
		}
	}
	pages, err := filepath.Glob(filepath.Join("..", "..", "examples", "*.md"))
	if err != nil || len(pages) < 2 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(page), ".md"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			steps := console(string(text))
			if len(steps) < 10 {
				t.Fatalf("only %d commands on the page", len(steps))
			}
			play(t, steps)
		})
	}
}

// step is one command of a page and what it shows.
type step struct{ command, shows string }

// console reads the commands of a page.
func console(page string) (steps []step) {
	in := false
	for line := range strings.Lines(page) {
		switch command, is := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "$ "); {
		case strings.HasPrefix(line, "```"):
			in = strings.HasPrefix(line, "```console")
		case in && is:
			steps = append(steps, step{command: command})
		case in:
			steps[len(steps)-1].shows += line
		}
	}
	return steps
}

// play does the steps in an empty folder, with an empty home.
func play(t *testing.T, steps []step) {
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "freehold"), []byte("#!/bin/sh\nFREEHOLD_TEST_PROGRAM=1 exec "+exe+" \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	env := []string{"HOME=" + dir, "PATH=" + bin + ":" + os.Getenv("PATH"), "LANG=en_US.UTF-8", "USER=anne", "TMPDIR=" + dir}
	run := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(name, args...)
		c.Dir, c.Env = dir, env
		return c
	}
	shell := run("bash", "-s")
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); shell.Wait() })
	said := bufio.NewReader(out)
	for _, s := range steps {
		if strings.HasPrefix(s.command, "freehold lab up") {
			inAnotherShell(t, run("bash", "-c", "exec "+s.command), s)
			continue
		}
		fmt.Fprintf(in, "{ %s\n} 2>&1 </dev/null; printf '\\n\\001%%d\\n' $?\n", s.command)
		var got strings.Builder
		for {
			line, err := said.ReadString('\n')
			if code, end := strings.CutPrefix(line, "\x01"); end {
				if code = strings.TrimSpace(code); code != "0" && code != "3" && code != "8" { // findings; waiting
					t.Errorf("$ %s\nends with %s", s.command, code)
				}
				break
			}
			got.WriteString(line)
			if err != nil {
				t.Fatalf("$ %s\n%s%v", s.command, got.String(), err)
			}
		}
		shown(t, s, strings.TrimSuffix(got.String(), "\n"))
	}
}

// inAnotherShell starts what runs until the page is played, and waits for all it
// shows on the page.
func inAnotherShell(t *testing.T, c *exec.Cmd, s step) {
	t.Helper()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = c.Stdout
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Signal(os.Interrupt); c.Wait() })
	lines := strings.Split(strings.TrimSpace(s.shows), "\n")
	last := lines[len(lines)-1]
	var got bytes.Buffer
	for r := bufio.NewReader(out); ; {
		line, err := r.ReadString('\n')
		got.WriteString(line)
		if err != nil {
			t.Fatalf("$ %s\n%s%v", s.command, got.String(), err)
		}
		if strings.TrimSpace(line) == last {
			break
		}
	}
	shown(t, s, got.String())
}

// shown holds what a command said to what the page shows. French writes narrow
// spaces that nobody types into a page.
func shown(t *testing.T, s step, got string) {
	t.Helper()
	spaces := strings.NewReplacer("\u00a0", " ", "\u202f", " ")
	got, s.shows = spaces.Replace(got), spaces.Replace(s.shows)
	pattern := regexp.QuoteMeta(strings.TrimSpace(s.shows)) + "\n"
	pattern = regexp.MustCompile(`(?m)^…\n`).ReplaceAllString(pattern, `(?s:.*)`)
	pattern = strings.ReplaceAll(pattern, "…", `[^\n]*`)
	if !regexp.MustCompile(`^` + pattern + `$`).MatchString(strings.TrimSpace(got) + "\n") {
		t.Errorf("$ %s\nsays\n%s\nThe page has\n%s", s.command, got, s.shows)
	}
}
