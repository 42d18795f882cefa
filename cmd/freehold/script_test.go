package main

import (
	"context"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"freehold/internal/lab"
)

// TestMain makes "freehold" a command of the scripts: this very program.
func TestMain(m *testing.M) {
	if os.Getenv("FREEHOLD_TEST_PROGRAM") != "" { // a test runs us to kill us
		main()
		return
	}
	testscript.Main(m, map[string]func(){"freehold": main})
}

// TestScripts runs testdata/script: the specification of the command line, each
// stanza headed by its reason.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_GOLDEN") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir+"/home")
			env.Setenv("LANG", "en_US.UTF-8")
			env.Setenv("USER", "anne")
			return os.MkdirAll(env.WorkDir+"/home", 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "token": token, "world": world},
	})
}

// token reads the record that a proof asks for: "token FILE" sets $TOKEN, and
// $VALUE to the whole text to publish.
func token(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: token FILE")
	}
	found := regexp.MustCompile(`IN TXT "(token=([a-z2-7]{32}) [^"]*)"`).FindStringSubmatch(ts.ReadFile(args[0]))
	if found == nil {
		ts.Fatalf("no record in %s", args[0])
	}
	ts.Setenv("VALUE", found[1])
	ts.Setenv("TOKEN", found[2])
}

// world starts the lab for the rest of the script, as "lab up" does in another
// shell: the flags that lead to it are set by their variables.
func world(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: world")
	}
	l, err := lab.Start(context.Background(), lab.Config{})
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	for variable, value := range l.Environment() {
		ts.Setenv(variable, value)
	}
}

// exits runs freehold and holds it to an exact exit code: "exits 3 audit --lab".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE ARGS…")
	}
	err := ts.Exec("freehold", args[1:]...)
	code := "0"
	if e, ok := err.(interface{ ExitCode() int }); ok {
		code = strconv.Itoa(e.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("freehold %v: exit code %s, want %s", args[1:], code, args[0])
	}
}
