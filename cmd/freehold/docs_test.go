package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"freehold/internal/report"
)

// table is the table of commands as the program builds it.
func table(t *testing.T) *cli.App {
	t.Helper()
	s := &session{Streams: Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Getenv: environment(t)}, args: []string{"freehold"}}
	s.listen()
	return s.app()
}

// TestCommandDocs holds docs/cli.md to the table of commands; UPDATE_GOLDEN=1
// writes it anew.
func TestCommandDocs(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("<!-- Made from the table of commands by `UPDATE_GOLDEN=1 go test -run CommandDocs ./cmd/freehold`; do not edit. -->\n\n")
	if err := report.Markdown(&b, "en", helpPages(table(t))); err != nil {
		t.Fatal(err)
	}
	b.WriteString(exitCodes)
	path := filepath.Join("..", "..", "docs", "cli.md")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, b.Bytes()) {
		t.Error("docs/cli.md is not what the commands say: make it anew with UPDATE_GOLDEN=1 go test -run CommandDocs ./cmd/freehold")
	}
}

const exitCodes = `
## Exit codes

| code | means |
|---|---|
| 0 | done, nothing found |
| 1 | failed: nothing was achieved |
| 2 | the command line is wrong, an unknown command included |
| 3 | findings, differences, something wrong with the set-up, or some names failed |
| 4 | not permitted |
| 8 | somebody else must act first |

Results go to standard output, everything else to standard error. ` + "`--format json` and `jsonl`" + ` tell errors on standard output too, in English: see [json.md](json.md).
`

// TestEveryFlagHasItsVariable: --dns-port is FREEHOLD_DNS_PORT, in every command,
// and a flag means the same type everywhere.
func TestEveryFlagHasItsVariable(t *testing.T) {
	for _, p := range helpPages(table(t))[1:] {
		for _, f := range p.Flags {
			if want := "FREEHOLD_" + strings.ToUpper(strings.ReplaceAll(f.Names[0], "-", "_")); f.Env != want {
				t.Errorf("%s --%s has the variable %q, want %q", p.Command, f.Names[0], f.Env, want)
			}
			if f.Summary == "" {
				t.Errorf("%s --%s says nothing", p.Command, f.Names[0])
			}
		}
		if p.Summary == "" {
			t.Errorf("%s says nothing", p.Command)
		}
	}
}

// TestManualPages holds every page in every language to mandoc's judgement.
func TestManualPages(t *testing.T) {
	dir := t.TempDir()
	var errs bytes.Buffer
	if code := Run(context.Background(), []string{"freehold", "man", dir}, Streams{In: strings.NewReader(""), Out: io.Discard, Err: &errs, Getenv: environment(t)}); code != exitDone {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	pages, err := filepath.Glob(filepath.Join(dir, "man1", "*.1"))
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	english := len(pages)
	for _, lang := range report.Langs[1:] {
		more, _ := filepath.Glob(filepath.Join(dir, lang, "man1", "*.1"))
		if len(more) != english {
			t.Errorf("%d pages in %s, %d in English", len(more), lang, english)
		}
		pages = append(pages, more...)
	}
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Skip("mandoc is not installed: make deps")
	}
	out, err := exec.Command(mandoc, append([]string{"-T", "lint", "-W", "warning"}, pages...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
	shown, err := exec.Command(mandoc, "-T", "utf8", filepath.Join(dir, "fr", "man1", "freehold-audit.1")).Output()
	if err != nil || !strings.Contains(string(shown), "FICHIER") {
		t.Errorf("%v\n%s", err, shown)
	}
}
