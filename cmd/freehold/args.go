package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
)

// line is a command line in order.
type line struct {
	path []*cli.Command
	args []string // for urfave/cli
	help bool     // help about path is asked for
}

// arrange puts a command line into the one order in which urfave/cli v2 reads it
// safely: command, flags, "--", the rest. Its own reader takes every flag after
// the first name for another name, silently; here a flag works before and after
// the names, and what looks like a flag is never taken for a name. Errors are
// usage errors.
func arrange(app *cli.App, args []string) (line, error) {
	asked := args[1:]
	wantsHelp := len(asked) > 0 && asked[0] == "help" // "freehold help audit"
	if wantsHelp {
		asked = asked[1:]
	}
	path, rest, err := commandPath(app.Commands, asked)
	if err != nil {
		return line{}, err
	}
	flags := app.Flags
	if len(path) > 0 {
		flags = path[len(path)-1].Flags
	}
	known := flagNames(flags)
	byName := flagsByName(flags)
	out := []string{args[0]}
	for _, c := range path {
		out = append(out, c.Name)
	}
	var names []string
	for i := 0; i < len(rest); i++ {
		arg := rest[i]
		switch {
		case arg == "--":
			names = append(names, rest[i+1:]...)
			i = len(rest)
		case arg == "-" || !strings.HasPrefix(arg, "-"):
			names = append(names, arg)
		default:
			name, value, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			takesValue, ok := known[name]
			if !ok {
				return line{}, unknownFlag(arg, path, known)
			}
			if name == "help" || name == "h" {
				wantsHelp = true
				continue
			}
			switch {
			case joined:
				out = append(out, "--"+name+"="+value)
			case !takesValue:
				out = append(out, "--"+name)
				continue
			case i+1 == len(rest):
				return line{}, misuse(freehold.T("the flag %q needs a value", arg), freehold.T("see %q", helpFor(path)))
			default:
				i++
				value = rest[i]
				out = append(out, "--"+name+"="+value)
			}
			if err := checkValue(byName[name], "--"+name, value); err != nil {
				return line{}, err
			}
		}
	}
	if len(path) == 0 && len(names) > 0 {
		return line{}, unknownCommand(app.Commands, nil, names[0])
	}
	return line{path: path, args: append(append(out, "--"), names...), help: wantsHelp}, nil
}

// commandPath finds the command and subcommand, looking past flags and their
// values, and returns what is left of the line.
func commandPath(commands []*cli.Command, args []string) (path []*cli.Command, rest []string, err error) {
	values := valueFlags(commands)
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			return path, append(rest, args[i:]...), nil
		case strings.HasPrefix(arg, "-") && arg != "-":
			rest = append(rest, arg)
			name, _, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			if !joined && values[name] && i+1 < len(args) {
				i++
				rest = append(rest, args[i])
			}
		case len(path) > 0 && len(path[len(path)-1].Subcommands) == 0:
			rest = append(rest, arg)
		default:
			within := commands
			if len(path) > 0 {
				within = path[len(path)-1].Subcommands
			}
			at := slices.IndexFunc(within, func(c *cli.Command) bool { return c.HasName(arg) })
			if at < 0 {
				return nil, nil, unknownCommand(within, path, arg)
			}
			path = append(path, within[at])
		}
	}
	return path, rest, nil
}

// flagNames maps every spelling of the flags to whether it takes a value.
func flagNames(flags []cli.Flag) map[string]bool {
	known := map[string]bool{"help": false, "h": false}
	for _, f := range flags {
		_, isBool := f.(*cli.BoolFlag)
		for _, n := range f.Names() {
			known[n] = !isBool
		}
	}
	return known
}

// valueFlags collects the flags that take a value in any command: the commands
// agree on them, so a line can be read before its command is known.
func valueFlags(commands []*cli.Command) map[string]bool {
	all := map[string]bool{}
	for _, c := range commands {
		for n, takes := range flagNames(c.Flags) {
			all[n] = all[n] || takes
		}
		for n := range valueFlags(c.Subcommands) {
			all[n] = true
		}
	}
	for n, takes := range all {
		if !takes {
			delete(all, n)
		}
	}
	return all
}

// misuse is a usage error with what to do about it, zero where nothing more is
// to be said.
func misuse(what, advice freehold.Text) error {
	return &freehold.Error{Kind: freehold.KindUsage, Text: what, Advice: advice}
}

// usageError is a usage error in words that come from elsewhere.
func usageError(msg, hint string) error {
	return &freehold.Error{Kind: freehold.KindUsage, Msg: msg, Hint: hint}
}

func helpFor(path []*cli.Command) string {
	words := []string{"freehold"}
	for _, c := range path {
		words = append(words, c.Name)
	}
	return strings.Join(append(words, "--help"), " ")
}

func unknownFlag(arg string, path []*cli.Command, known map[string]bool) error {
	var names []string
	for n := range known {
		names = append(names, n)
	}
	name, _, _ := strings.Cut(arg, "=")
	hint := freehold.T("see %q", helpFor(path))
	if near := nearest(strings.TrimLeft(name, "-"), names); near != "" {
		hint = freehold.T("did you mean %q?", "--"+near)
	}
	if len(path) == 0 {
		return misuse(freehold.T("unknown flag %q", name), hint)
	}
	of := strings.TrimSuffix(strings.TrimPrefix(helpFor(path), "freehold "), " --help")
	return misuse(freehold.T("unknown flag %q of %q", name, of), hint)
}

func unknownCommand(within []*cli.Command, path []*cli.Command, word string) error {
	var names []string
	for _, c := range within {
		names = append(names, c.Names()...)
	}
	hint := freehold.T("see %q", helpFor(path))
	if near := nearest(word, names); near != "" {
		hint = freehold.T("did you mean %q?", near)
	} else if strings.Contains(word, ".") && len(path) == 0 {
		hint = freehold.T("to audit a name: %q", "freehold audit "+word)
	}
	return misuse(freehold.T("unknown command %q", word), hint)
}

// checkValue tells whether a flag takes a value; where is how the flag was given.
func checkValue(f cli.Flag, where, value string) (err error) {
	var hint freehold.Text
	switch f.(type) {
	case *cli.IntFlag:
		_, err = strconv.ParseInt(value, 0, 64)
		hint = freehold.T("it takes a whole number")
	case *cli.Float64Flag:
		_, err = strconv.ParseFloat(value, 64)
		hint = freehold.T("it takes a number")
	case *cli.DurationFlag:
		_, err = time.ParseDuration(value)
		hint = freehold.T("it takes a time such as 10s, 5m or 1h30m")
	case *cli.BoolFlag:
		_, err = strconv.ParseBool(value)
		hint = freehold.T("it takes no value, or true or false")
	}
	if err != nil {
		return misuse(freehold.T("%q is no value for %s", value, where), hint)
	}
	return nil
}

// checkEnvironment holds the environment variables of a command's flags to what
// the flags take.
func (s *session) checkEnvironment(path []*cli.Command) error {
	if len(path) == 0 {
		return nil
	}
	for _, f := range path[len(path)-1].Flags {
		for _, name := range f.(cli.DocGenerationFlag).GetEnvVars() {
			if value := s.Getenv(name); value != "" {
				if err := checkValue(f, name, value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func flagsByName(flags []cli.Flag) map[string]cli.Flag {
	all := map[string]cli.Flag{}
	for _, f := range flags {
		for _, n := range f.Names() {
			all[n] = f
		}
	}
	return all
}

// nearest returns the one candidate within two edits of word, or "".
func nearest(word string, candidates []string) string {
	best, bestAt := "", 3
	slices.Sort(candidates)
	for _, c := range candidates {
		if d := distance(word, c); d < bestAt && d < len(c) {
			best, bestAt = c, d
		}
	}
	return best
}

// distance is the Levenshtein distance, bounded by the lengths of commands.
func distance(a, b string) int {
	if len(a) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
