package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

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
	// lang is the language of the run, speaker says it.
	lang    string
	speaker freehold.Speaker
	// sawDate is told what time servers say it is; only doctor listens.
	sawDate func(host string, theirs time.Time)
	// code is the exit code of a command that ended without an error.
	code int
	// begun are the files of output that were opened, under the names they have
	// until they are complete.
	begun []string
}

// Run runs the program and returns its exit code.
func Run(ctx context.Context, args []string, std Streams) int {
	s := &session{Streams: std, args: args}
	defer s.tidy()
	s.listen()
	app := s.app()
	line, err := arrange(app, args)
	switch {
	case err != nil:
	case line.help:
		err = s.help(app, line.path)
	default:
		if err = s.checkEnvironment(line.path); err == nil {
			err = app.RunContext(ctx, line.args)
		}
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
	s.tellText(freehold.SayError(s.speaker, err))
	s.hint(freehold.SayHint(s.speaker, err))
	if format := s.askedFormat(); format == "json" || format == "jsonl" {
		report.Error(s.Out, format, "", err)
	}
}

// askedFormat finds the format on a command line that may be too wrong to parse.
func (s *session) askedFormat() string {
	if format := s.lineWord("format"); format != "" {
		return format
	}
	return s.Getenv("FREEHOLD_FORMAT")
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
		Description:               `The first step: freehold audit example.ch. To try it without asking anyone: freehold audit --lab.`,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		Reader:                    s.In,
		Writer:                    s.Out,
		ErrWriter:                 s.Err,
		ExitErrHandler:            func(*cli.Context, error) {}, // Run decides
		HideHelpCommand:           true,
		OnUsageError:              misread,
		Flags:                     []cli.Flag{&cli.BoolFlag{Name: "version", Usage: "print the version"}, langFlag()},
		Action: func(c *cli.Context) error {
			if c.Bool("version") {
				return s.version(c)
			}
			return s.help(c.App, nil)
		},
		Commands: s.commands(),
	}
	s.finish(app, nil, app.Commands)
	return app
}

// commands is the surface, in the order of a first hour with the program.
func (s *session) commands() []*cli.Command {
	return []*cli.Command{
		s.auditCommand(),
		s.importCommand(),
		s.portfolioCommand(),
		s.showCommand(),
		s.historyCommand(),
		s.diffCommand(),
		s.reportCommand(),
		s.attestCommand(),
		s.proveCommand(),
		s.exportCommand(),
		s.compareCommand(),
		s.moveCommand(),
		s.rulesCommand(),
		s.doctorCommand(),
		s.adaptersCommand(),
		s.dataCommand(),
		s.dbCommand(),
		s.deskCommand(),
		s.workCommand(),
		s.ledgerCommand(),
		s.labCommand(),
		s.completionCommand(),
		s.completeCommand(),
		s.manCommand(),
		s.versionCommand(),
	}
}

// finish gives every command what all commands have in common.
func (s *session) finish(app *cli.App, path, commands []*cli.Command) {
	for _, c := range commands {
		here := append(append([]*cli.Command{}, path...), c)
		c.HideHelpCommand = true
		c.OnUsageError = misread
		if !flagNames(c.Flags)["lang"] {
			c.Flags = append(c.Flags, langFlag())
		}
		if len(c.Subcommands) == 0 {
			c.Before = s.configured
			if slices.Contains(lenient, c.Name) {
				c.Before = func(c *cli.Context) error {
					_ = s.configured(c)
					return nil
				}
			}
		} else if c.Action == nil {
			c.Action = func(*cli.Context) error { return s.help(app, here) }
		}
		for _, f := range c.Flags {
			envVar(f)
		}
		s.finish(app, here, c.Subcommands)
	}
}

// lenient commands work beside a config file that is wrong: doctor says what is
// wrong with it, the others need nothing of it.
var lenient = []string{"doctor", "version", "completion", "complete", "man"}

// misread is for what urfave/cli refuses although arrange let it pass.
func misread(_ *cli.Context, err error, _ bool) error { return usageError(err.Error(), "") }

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
