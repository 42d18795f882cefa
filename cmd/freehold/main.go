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
	"syscall"
)

// version is set at build time; an unstamped build reads the module's own.
var version = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Run(ctx, os.Args, Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv})
	stop()
	os.Exit(code)
}
