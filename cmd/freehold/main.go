// Command freehold tells who really controls a domain name, whether it can leave
// its host today, and what to fix first.
//
// One file per command; app.go has the table of all of them, setup.go builds
// what they work with from flags.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

// version is set at build time; an unstamped build reads the module's own.
var version = ""

func main() {
	collectLate()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Run(ctx, os.Args, Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv})
	stop()
	os.Exit(code)
}

// collectLate has the first garbage collection wait until 64 MB are in use; from
// then on all is as usual. Most runs are over before, and would collect a heap of
// a few megabytes a dozen times. Who sets GOGC or GOMEMLIMIT has the last word.
func collectLate() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(64<<20)
	runtime.SetFinalizer(new(*int), func(**int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
}
