package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkStart measures "freehold version" against a hello-world that links the
// same libraries, the two by turns, and prints the ratio of their medians.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	freehold, hello := filepath.Join(dir, "freehold"), filepath.Join(dir, "hello")
	build(b, freehold, ".")
	build(b, hello, helloWorld(b, dir))
	var ours, theirs []time.Duration
	for b.Loop() {
		ours = append(ours, start(b, freehold, "version"))
		theirs = append(theirs, start(b, hello))
	}
	for len(ours) < 21 { // a median of fewer says little
		ours = append(ours, start(b, freehold, "version"))
		theirs = append(theirs, start(b, hello))
	}
	ratio := float64(median(ours)) / float64(median(theirs))
	b.ReportMetric(ratio, "ratio")
	b.ReportMetric(float64(median(ours).Microseconds())/1000, "ms/freehold")
	b.ReportMetric(float64(median(theirs).Microseconds())/1000, "ms/hello")
	if ratio > 3 {
		b.Errorf("freehold starts in %v, hello-world in %v: more than three times as long", median(ours), median(theirs))
	}
}

// helloWorld writes a program that links every library that freehold links.
func helloWorld(b *testing.B, dir string) string {
	b.Helper()
	out, err := exec.Command("go", "list", "-deps", "-f", `{{if and .Module (not .Module.Main)}}{{.ImportPath}}{{end}}`, ".").Output()
	if err != nil {
		b.Fatal(err)
	}
	var imports strings.Builder
	for _, path := range strings.Fields(string(out)) {
		if !strings.Contains(path, "/internal/") && !strings.HasSuffix(path, "/internal") {
			fmt.Fprintf(&imports, "import _ %q\n", path)
		}
	}
	file := filepath.Join(dir, "hello.go")
	program := "package main\n\nimport \"fmt\"\n" + imports.String() + "\nfunc main() { fmt.Println(\"hello, world\") }\n"
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

func build(b *testing.B, to, what string) {
	b.Helper()
	c := exec.Command("go", "build", "-o", to, what)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
}

func start(b *testing.B, program string, args ...string) time.Duration {
	b.Helper()
	c := exec.Command(program, args...)
	c.Env = []string{"HOME=" + b.TempDir()}
	began := time.Now()
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return time.Since(began)
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
