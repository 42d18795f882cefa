package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"freehold"
	"freehold/internal/report"
)

// Exit codes, a contract (docs/cli.md).
const (
	exitDone     = 0 // all was done and nothing was found
	exitFailed   = 1 // nothing was achieved
	exitUsage    = 2 // the command line is wrong, an unknown command included
	exitFindings = 3 // findings, differences, or some names failed
	exitDenied   = 4 // not permitted
	exitWaiting  = 8 // somebody else must act first
)

// Streams is the world a run of the program sees.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
}

// session is one run of the program.
type session struct {
	Streams
	args []string
	// code is the exit code of a command that ended without an error.
	code int
}

// Run runs the program and returns its exit code.
func Run(ctx context.Context, args []string, std Streams) int {
	s := &session{Streams: std, args: args}
	app := s.app()
	arranged, err := arrange(app, args)
	if err == nil {
		err = app.RunContext(ctx, arranged)
	}
	if err == nil {
		return s.code
	}
	if errors.Is(err, syscall.EPIPE) {
		return exitDone // who read our output has seen enough
	}
	s.fail(err)
	return exitCode(err)
}

// fail tells an error: one line and a hint on stderr, and with a JSON format the
// envelope on stdout as well, whatever went wrong.
func (s *session) fail(err error) {
	msg := "freehold: " + freehold.OneLine(err.Error()) + "\n"
	if hint := freehold.HintOf(err); hint != "" {
		msg += "hint: " + hint + "\n"
	}
	io.WriteString(s.Err, msg)
	if format := s.askedFormat(); format == "json" || format == "jsonl" {
		report.Error(s.Out, format, "", err)
	}
}

// askedFormat finds the format on a command line that may be too wrong to parse.
func (s *session) askedFormat() string {
	format := s.Getenv("FREEHOLD_FORMAT")
	for i, a := range s.args {
		if a == "--" {
			break
		}
		if v, ok := strings.CutPrefix(strings.TrimLeft(a, "-"), "format="); ok && strings.HasPrefix(a, "-") {
			format = v
		} else if (a == "--format" || a == "-format") && i+1 < len(s.args) {
			format = s.args[i+1]
		}
	}
	return format
}

func exitCode(err error) int {
	switch freehold.KindOf(err) {
	case freehold.KindUsage:
		return exitUsage
	case freehold.KindPermission:
		return exitDenied
	case freehold.KindWaiting:
		return exitWaiting
	}
	return exitFailed
}

// app is the table of commands: help, completion, docs/cli.md and the tests are
// made from it.
func (s *session) app() *cli.App {
	cli.VersionFlag = nil
	app := &cli.App{
		Name:                      "freehold",
		Usage:                     "who really controls a domain name, and can it leave its host today?",
		UsageText:                 "freehold COMMAND [FLAGS] [NAME…]",
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		Reader:                    s.In,
		Writer:                    s.Out,
		ErrWriter:                 s.Err,
		ExitErrHandler:            func(*cli.Context, error) {}, // Run decides
		OnUsageError:              func(_ *cli.Context, err error, _ bool) error { return usageError(err.Error(), "") },
		Flags:                     []cli.Flag{&cli.BoolFlag{Name: "version", Usage: "print the version"}},
		Action: func(c *cli.Context) error {
			if c.Bool("version") {
				return s.version(c)
			}
			return cli.ShowAppHelp(c)
		},
		Commands: s.commands(),
	}
	finish(app.Commands, s.configured)
	return app
}

// commands is the surface, in the order of a first hour with the program.
func (s *session) commands() []*cli.Command {
	return []*cli.Command{
		s.auditCommand(),
		s.showCommand(),
		s.historyCommand(),
		s.attestCommand(),
		s.proveCommand(),
		s.rulesCommand(),
		s.dataCommand(),
		s.dbCommand(),
		s.labCommand(),
		s.versionCommand(),
	}
}

// finish gives every command what all commands have in common.
func finish(commands []*cli.Command, before cli.BeforeFunc) {
	for _, c := range commands {
		c.HideHelpCommand = true
		c.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return usageError(err.Error(), "") }
		if len(c.Subcommands) == 0 {
			c.Before = before
		} else if c.Action == nil {
			c.Action = func(c *cli.Context) error { return cli.ShowSubcommandHelp(c) }
		}
		for _, f := range c.Flags {
			envVar(f)
		}
		finish(c.Subcommands, before)
	}
}

// envVar gives a flag its environment variable: --rdap-bootstrap is
// FREEHOLD_RDAP_BOOTSTRAP.
func envVar(f cli.Flag) {
	name := []string{"FREEHOLD_" + strings.ToUpper(strings.ReplaceAll(f.Names()[0], "-", "_"))}
	switch f := f.(type) {
	case *cli.StringFlag:
		f.EnvVars = name
	case *cli.StringSliceFlag:
		f.EnvVars = name
	case *cli.BoolFlag:
		f.EnvVars = name
	case *cli.IntFlag:
		f.EnvVars = name
	case *cli.Float64Flag:
		f.EnvVars = name
	case *cli.DurationFlag:
		f.EnvVars = name
	}
}

// isTerminal tells whether a person sees what is written to w.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth returns the columns of a terminal, 80 where there is none.
func terminalWidth(w any) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}
