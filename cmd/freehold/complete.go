package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/report"
	"freehold/internal/store"
	"freehold/verify/rules"
)

// completionShells are the shells that completion knows.
var completionShells = []string{"bash", "zsh", "fish"}

func (s *session) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "a script that makes your shell complete commands, flags, their values and saved names",
		ArgsUsage: "bash|zsh|fish",
		Description: `Prints a script for the shell. To try it in this session:
  source <(freehold completion bash)
  source <(freehold completion zsh)
  freehold completion fish | source

To keep it, write it to where the shell looks:
  freehold completion bash > ~/.local/share/bash-completion/completions/freehold
  freehold completion zsh > "${fpath[1]}/_freehold"
  freehold completion fish > ~/.config/fish/completions/freehold.fish`,
		Action: s.completion,
	}
}

func (s *session) completion(c *cli.Context) error {
	script, ok := completionScripts[c.Args().First()]
	if !ok || c.NArg() != 1 {
		return misuse(freehold.T("completion wants the name of a shell"), freehold.T("use one of %s", strings.Join(completionShells, ", ")))
	}
	_, err := fmt.Fprint(s.Out, script)
	return err
}

// The scripts ask the program itself, so they never fall behind it. It answers
// with one candidate a line, a tab and what it is; ":files" stands for file names.
var completionScripts = map[string]string{
	"bash": `# freehold completion for bash
_freehold() {
    local word
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        case $word in
            :files) compopt -o default ;;
            *) COMPREPLY+=("$word") ;;
        esac
    done < <("$1" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    [[ ${COMPREPLY[0]} == *= && ${#COMPREPLY[@]} == 1 ]] && compopt -o nospace
}
complete -F _freehold freehold
`,
	"zsh": `#compdef freehold
# freehold completion for zsh
_freehold() {
    local word what
    local -a found
    while IFS=$'\t' read -r word what; do
        if [[ $word == :files ]]; then
            _files
        else
            found+=("${word//:/\\:}:$what")
        fi
    done < <("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( ${#found} )) && _describe -t freehold freehold found
}
if [[ ${funcstack[1]} == _freehold ]]; then
    _freehold "$@"
else
    compdef _freehold freehold
fi
`,
	"fish": `# freehold completion for fish
function __freehold_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c freehold -f -a '(__freehold_complete)'
`,
}

// completeCommand answers the scripts. It is not for people.
func (s *session) completeCommand() *cli.Command {
	return &cli.Command{Name: "complete", Hidden: true, Flags: storeFlags(), Action: s.complete}
}

// patience is how long a person waits for a completion.
const patience = 2 * time.Second

func (s *session) complete(c *cli.Context) error {
	ctx, stop := context.WithTimeout(c.Context, patience)
	defer stop()
	t := &completer{session: s, c: c, app: c.App}
	for _, found := range t.candidates(ctx, joinedWords(c.Args().Slice())) {
		what := found.what
		if what != "" {
			p := helpPage(t.app, nil)
			what = strings.ReplaceAll(p.Sentence(s.speaker, what), "`", "")
		}
		fmt.Fprintf(s.Out, "%s\t%s\n", freehold.OneLine(found.word), freehold.OneLine(what))
	}
	return nil
}

// joinedWords puts together what bash takes apart at "=".
func joinedWords(words []string) []string {
	var out []string
	for i, w := range words {
		last := len(out) - 1
		switch {
		case w == "=" && last >= 0:
			out[last] += "="
		case i > 0 && words[i-1] == "=" && last >= 0:
			out[last] += w
		default:
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		out = []string{""}
	}
	// bash wants only what follows the "=" that it took apart.
	if n := len(words); n > 1 && (words[n-1] == "=" || words[n-2] == "=") {
		out = append(out, "=") // marks it
	}
	return out
}

// candidate is one word that could stand at the cursor.
type candidate struct{ word, what string }

// completer finds candidates for one command line.
type completer struct {
	*session
	c   *cli.Context
	app *cli.App
	db  string // the database that the line names
}

// candidates finds what could be the last of the words.
func (t *completer) candidates(ctx context.Context, words []string) []candidate {
	apart := false
	if n := len(words); n > 1 && words[n-1] == "=" {
		words, apart = words[:n-1], true
	}
	current, before := words[len(words)-1], words[:len(words)-1]
	t.db = wordIn(before, "db")
	path, rest, err := commandPath(t.app.Commands, before)
	if err != nil {
		return nil
	}
	commands, flags := t.app.Commands, t.app.Flags
	if len(path) > 0 {
		commands, flags = path[len(path)-1].Subcommands, path[len(path)-1].Flags
	}
	byName := flagsByName(flags)
	if name, value, ok := strings.Cut(current, "="); ok && strings.HasPrefix(current, "-") {
		found := t.values(ctx, path, byName[strings.TrimLeft(name, "-")], value)
		for i := range found {
			if !apart && found[i].word != ":files" {
				found[i].word = name + "=" + found[i].word
			}
		}
		return found
	}
	if f := openFlag(before, byName); f != nil {
		return t.values(ctx, path, f, current)
	}
	switch {
	case strings.HasPrefix(current, "-"):
		return flagCandidates(flags, rest, current)
	case len(commands) > 0:
		return commandCandidates(commands, current)
	}
	return t.arguments(ctx, path, rest, current)
}

// openFlag returns the flag whose value comes next, nil if none does.
func openFlag(before []string, flags map[string]cli.Flag) cli.Flag {
	if len(before) == 0 {
		return nil
	}
	last := before[len(before)-1]
	if !strings.HasPrefix(last, "-") || strings.Contains(last, "=") || last == "--" {
		return nil
	}
	f := flags[strings.TrimLeft(last, "-")]
	if _, isBool := f.(*cli.BoolFlag); isBool {
		return nil
	}
	return f
}

func commandCandidates(commands []*cli.Command, prefix string) []candidate {
	var out []candidate
	for _, c := range commands {
		if !c.Hidden && strings.HasPrefix(c.Name, prefix) {
			out = append(out, candidate{c.Name, c.Usage})
		}
	}
	return out
}

// flagCandidates are the flags that can still be given, by their long names.
func flagCandidates(flags []cli.Flag, given []string, prefix string) []candidate {
	var out []candidate
	for _, f := range append([]cli.Flag{&cli.BoolFlag{Name: "help", Usage: "show this help"}}, flags...) {
		h, hidden := helpFlag(f)
		word := "--" + h.Names[0]
		_, repeats := f.(*cli.StringSliceFlag)
		used := slices.ContainsFunc(given, func(g string) bool { return g == word || strings.HasPrefix(g, word+"=") })
		if !hidden && (repeats || !used) && strings.HasPrefix(word, prefix) {
			out = append(out, candidate{word, h.Summary})
		}
	}
	return out
}

// fileFlags take the name of a file or folder.
var fileFlags = []string{"file", "output", "db", "dir", "dns-hints", "rdap-bootstrap", "registrar-ids", "mapping", "save-mapping"}

// values are what a flag takes.
func (t *completer) values(ctx context.Context, path []*cli.Command, f cli.Flag, prefix string) []candidate {
	if f == nil {
		return nil
	}
	switch name := f.Names()[0]; {
	case name == "format":
		return matching(formatsOf(path), prefix)
	case name == "lang":
		return matching(report.Langs, prefix)
	case name == "from" || name == "run":
		return t.runs(ctx, prefix)
	case slices.Contains(fileFlags, name):
		return []candidate{{word: ":files"}}
	}
	return nil
}

// formatsOf are the formats that a command writes.
func formatsOf(path []*cli.Command) []string {
	if len(path) == 0 {
		return report.Formats
	}
	switch path[0].Name {
	case "audit", "report", "show":
		return report.Formats
	case "doctor":
		return report.DoctorFormats
	}
	return report.DiffFormats // the table and the two of JSON: every other result
}

// arguments are what can stand after a command and its flags.
func (t *completer) arguments(ctx context.Context, path []*cli.Command, rest []string, prefix string) []candidate {
	if len(path) == 0 {
		return nil
	}
	switch command := path[len(path)-1]; command.Name {
	case "audit", "show", "history", "attest", "whatif":
		return t.names(ctx, prefix)
	case "diff":
		return append(t.runs(ctx, prefix), t.names(ctx, prefix)...)
	case "prove":
		if slices.ContainsFunc(rest, func(w string) bool { return !strings.HasPrefix(w, "-") }) {
			return matching([]string{"dns"}, prefix)
		}
		return t.names(ctx, prefix)
	case "rules":
		var out []candidate
		for _, r := range rules.All {
			if strings.HasPrefix(r.ID, prefix) {
				out = append(out, candidate{r.ID, ""})
			}
		}
		return out
	case "completion":
		return matching(completionShells, prefix)
	case "backup", "restore", "import":
		return []candidate{{word: ":files"}}
	}
	return nil
}

func matching(words []string, prefix string) []candidate {
	var out []candidate
	for _, w := range words {
		if strings.HasPrefix(w, prefix) {
			out = append(out, candidate{word: w})
		}
	}
	return out
}

// memory opens the store to look something up, nil where that needs more than a
// look: completion creates nothing, upgrades nothing and complains of nothing.
func (t *completer) memory(ctx context.Context) *store.Store {
	dsn := t.db
	if dsn == "" {
		var err error
		if dsn, err = t.dsn(t.c); err != nil {
			return nil
		}
	}
	if !strings.Contains(dsn, "://") {
		if _, err := os.Stat(strings.TrimPrefix(dsn, "sqlite:")); err != nil {
			return nil
		}
	}
	st, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		return nil
	}
	return st
}

// manyCandidates is more than a person reads.
const manyCandidates = 200

// names are the saved ones.
func (t *completer) names(ctx context.Context, prefix string) []candidate {
	st := t.memory(ctx)
	if st == nil {
		return nil
	}
	defer st.Close()
	names, err := st.Names(ctx, strings.ToLower(prefix), manyCandidates)
	if err != nil {
		return nil
	}
	var out []candidate
	for _, n := range names {
		out = append(out, candidate{word: n.ASCII()})
	}
	return out
}

// runs are the newest ones and the words for the last two.
func (t *completer) runs(ctx context.Context, prefix string) []candidate {
	found := matching(savedRunWords, prefix)
	st := t.memory(ctx)
	if st == nil {
		return found
	}
	defer st.Close()
	runs, err := st.Runs(ctx, 20)
	if err != nil {
		return found
	}
	for _, r := range runs {
		if strings.HasPrefix(r.ID, prefix) {
			found = append(found, candidate{word: r.ID})
		}
	}
	return found
}
