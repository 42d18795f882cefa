package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/miekg/dns"
	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/report"
	"freehold/internal/store"
)

func (s *session) showCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "a name's record from the last audit, with the evidence for each fact; or one raw answer",
		ArgsUsage: "NAME",
		Description: `Shows what the last saved audit of NAME found: every fact with its state, and which answers it rests on.

"show --raw ID" prints one answer exactly as it came; its ID is the SHA-256 of the header that "--header" prints and the body. The first
letters of an ID are enough. At a terminal, what would move the cursor or colour the screen is made harmless, and DNS messages are shown as text.`,
		Flags: join(
			[]cli.Flag{
				&cli.StringFlag{Name: "run", Usage: "show what the run with this `ID` found"},
				&cli.StringFlag{Name: "raw", Usage: "print the answer with this evidence `ID`"},
				&cli.BoolFlag{Name: "header", Usage: "with --raw: print the header before the body"},
			},
			outputFlags(), storeFlags()),
		Action: s.show,
	}
}

func (s *session) show(c *cli.Context) error {
	raw := c.String("raw")
	if raw == "" && c.NArg() != 1 || raw != "" && c.NArg() != 0 {
		return misuse(freehold.T("show wants one name, or --raw and an evidence ID"), freehold.Text{})
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	out, err := s.openOutput(c)
	if err != nil {
		return err
	}
	if raw != "" {
		id, err := st.FindEvidence(c.Context, raw)
		if err != nil {
			return err
		}
		e, err := st.Evidence(c.Context, id)
		if err != nil {
			return err
		}
		if err := printRaw(out, e, c.Bool("header"), isTerminal(s.Out) && c.String("output") == ""); err != nil {
			return err
		}
		return out.finish()
	}
	name, err := parseName(c.Args().First())
	if err != nil {
		return err
	}
	result, runID, err := s.saved(c, st, name)
	if err != nil {
		return err
	}
	run, err := st.RunByID(c.Context, runID)
	if err != nil {
		return err
	}
	evidence, err := st.EvidenceOf(c.Context, runID, name)
	if err != nil {
		return err
	}
	if evidence, err = withMemory(c.Context, st, result, evidence); err != nil {
		return err
	}
	out.options.Now, out.options.Saved = result.At, st.Location()
	if err := report.Show(out.format, out, out.options, run, result, evidence); err != nil {
		return err
	}
	return out.finish()
}

// saved reads what a run found about a name; without a run, what the last one did.
func (s *session) saved(c *cli.Context, st *store.Store, name freehold.Name) (*freehold.Result, string, error) {
	run := c.String("run")
	if run == "" {
		return st.Latest(c.Context, name)
	}
	r, err := st.Result(c.Context, run, name)
	return r, run, err
}

// withMemory adds the evidence of what was remembered of a name when it was
// audited, its attestations and zone copies, to that of the run itself.
func withMemory(ctx context.Context, st *store.Store, r *freehold.Result, evidence []freehold.Evidence) ([]freehold.Evidence, error) {
	have := map[freehold.EvidenceID]bool{}
	for i := range evidence {
		have[evidence[i].ID()] = true
	}
	var remembered []freehold.EvidenceID
	for _, a := range r.Observed.Attestations {
		remembered = append(remembered, a.Evidence)
	}
	for _, k := range r.Observed.ZoneCopies {
		remembered = append(remembered, k.Evidence...)
	}
	for _, id := range remembered {
		if id == "" || have[id] {
			continue
		}
		have[id] = true
		e, err := st.Evidence(ctx, id)
		if freehold.KindOf(err) == freehold.KindNotFound {
			continue // the page says so
		}
		if err != nil {
			return nil, err
		}
		evidence = append(evidence, e)
	}
	return evidence, nil
}

// printRaw prints an answer as it came, or at a terminal in a form that cannot
// harm it.
func printRaw(w io.Writer, e freehold.Evidence, header, terminal bool) error {
	if header {
		if _, err := io.WriteString(w, e.Header()); err != nil {
			return err
		}
	}
	body := e.Body
	if terminal {
		body = readable(e)
	}
	_, err := w.Write(body)
	return err
}

func readable(e freehold.Evidence) []byte {
	if e.Kind == freehold.EvidenceDNS {
		if m := new(dns.Msg); m.Unpack(e.Body) == nil {
			return defused(m.String())
		}
	}
	if !utf8.Valid(e.Body) {
		return fmt.Appendf(nil, "%d octets that are no text; pipe them to a file\n", len(e.Body))
	}
	return defused(string(e.Body))
}

// defused keeps the lines of a text and makes each of them harmless.
func defused(text string) []byte {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(freehold.OneLine(strings.TrimRight(line, "\r\n")))
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// parseName reads a name given to a command about one name; a host in it means it.
func parseName(arg string) (freehold.Name, error) {
	h, err := freehold.ParseHost(arg)
	if err != nil {
		return freehold.Name{}, err
	}
	return freehold.NameOf(h)
}

func (s *session) historyCommand() *cli.Command {
	return &cli.Command{
		Name:      "history",
		Usage:     "what each saved audit found about a name, and what changed between them",
		ArgsUsage: "NAME",
		Flags:     join(outputFlags(), storeFlags()),
		Action:    s.history,
	}
}

func (s *session) history(c *cli.Context) error {
	if c.NArg() != 1 {
		return misuse(freehold.T("%s wants one name", "history"), freehold.Text{})
	}
	name, err := parseName(c.Args().First())
	if err != nil {
		return err
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	out, err := s.openOutput(c)
	if err != nil {
		return err
	}
	var entries iter.Seq2[report.HistoryEntry, error] = func(yield func(report.HistoryEntry, error) bool) {
		for h, err := range st.History(c.Context, name) {
			if !yield(report.HistoryEntry(h), err) {
				return
			}
		}
	}
	if err := report.History(out.format, out, out.options, name, entries); err != nil {
		return err
	}
	return out.finish()
}
