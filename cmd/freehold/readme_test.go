package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeSession: the session that the README shows is what the program says
// now, word for word.
func TestReadmeSession(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "\n    $ bin/freehold ")
	if !ok {
		t.Fatal("the README shows no session")
	}
	line, rest, _ := strings.Cut(rest, "\n")
	session, _, _ := strings.Cut(rest, "\n(")
	want := strings.TrimSpace(strings.ReplaceAll("\n"+session, "\n    ", "\n"))
	var out bytes.Buffer
	args := append([]string{"freehold"}, append(strings.Fields(line), "--no-save", "--lang", "en")...)
	code := Run(t.Context(), args, Streams{In: strings.NewReader(""), Out: &out, Err: io.Discard, Getenv: environment(t)})
	if got := strings.TrimSpace(out.String()); got != want || code != exitFindings {
		t.Errorf("freehold %s ends with %d and says\n%s\nThe README has\n%s", line, code, got, want)
	}
}
