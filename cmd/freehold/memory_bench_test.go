package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"freehold/internal/lab"
)

// BenchmarkMemory audits 10,000 and then 100,000 names in processes of their own
// and prints the ratio of their peaks: memory must not grow with the names. With
// SOAK set it does the same keeping all in a database, which takes a quarter of
// an hour.
func BenchmarkMemory(b *testing.B) {
	const few, many = 10_000, 100_000
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	world, err := lab.Start(context.Background(), lab.Config{Bulk: many})
	if err != nil {
		b.Fatal(err)
	}
	defer world.Close()
	ways := []struct {
		name string
		keep []string
	}{{"jsonl", []string{"--no-save"}}, {"jsonl and --db", []string{"--db", filepath.Join(b.TempDir(), "a.db")}}}
	if os.Getenv("SOAK") == "" {
		ways = ways[:1]
	}
	for _, how := range ways {
		for range b.N {
			small, large := peak(b, exe, world, few, how.keep), peak(b, exe, world, many, how.keep)
			fmt.Printf("memory %s: %d names %d MiB, %d names %d MiB, ratio %.2f\n", how.name, few, small>>10, many, large>>10, float64(large)/float64(small))
		}
	}
}

// peak audits n names in a process of its own and returns its largest resident size in KiB.
func peak(b *testing.B, exe string, world *lab.Lab, n int, keep []string) int64 {
	file := filepath.Join(b.TempDir(), "names.txt")
	var list strings.Builder
	for i := range n {
		fmt.Fprintln(&list, lab.BulkName(i))
	}
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	args := append([]string{"audit", "-f", file, "--format", "jsonl"}, keep...)
	cmd := exec.Command(exe, append(args, world.Flags()...)...)
	cmd.Env = append(os.Environ(), "FREEHOLD_TEST_PROGRAM=1", "HOME="+b.TempDir())
	cmd.Stdout = io.Discard
	_ = cmd.Run() // findings are exit code 3
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != exitFindings {
		b.Fatalf("the audit of %d names ended with %v", n, cmd.ProcessState)
	}
	return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
}
