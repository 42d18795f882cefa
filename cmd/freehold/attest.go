package main

import (
	"iter"
	"strings"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/audit"
	"freehold/internal/report"
)

func (s *session) attestCommand() *cli.Command {
	return &cli.Command{
		Name:      "attest",
		Usage:     "record what no public source shows: who holds the account, the mailbox, the copies",
		ArgsUsage: "NAME [SUBJECT=VALUE…]",
		Description: `Records what you know about a name, with your name and the date. Nothing said is ever deleted; the newest word counts, and after
180 days it is asked for again. Without SUBJECT=VALUE it lists what was said.

A value is me, host, yes, no, or the name of who it is.

Layers: {layers}.

Besides: {subjects}.

Examples:
  freehold attest example.ch account=me contact_mailbox=me
  freehold attest example.ch host="Muster Hosting AG" files_copy=no`,
		Flags:  join([]cli.Flag{&cli.StringFlag{Name: "by", Usage: "`NAME` of who says so (default: your login)"}, nowFlag()}, outputFlags(), storeFlags()),
		Action: s.attest,
	}
}

func (s *session) attest(c *cli.Context) error {
	if c.NArg() == 0 {
		return misuse(freehold.T("%s wants one name", "attest"), freehold.T("for example: %s", "freehold attest example.ch account=me"))
	}
	name, err := parseName(c.Args().First())
	if err != nil {
		return err
	}
	now, err := s.clock(c)
	if err != nil {
		return err
	}
	// All is checked before the first word is written.
	type word struct {
		freehold.Attestation
		freehold.Evidence
	}
	var said []word
	for _, arg := range c.Args().Tail() {
		subject, value, ok := strings.Cut(arg, "=")
		if !ok {
			return misuse(freehold.T("%q is not SUBJECT=VALUE", arg), freehold.T("for example: %s", "account=me"))
		}
		a, e, err := audit.Attest(name, subject, value, s.person(c.String("by")), now())
		if err != nil {
			return err
		}
		said = append(said, word{a, e})
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	for _, w := range said {
		if err := st.Attest(c.Context, w.Attestation, w.Evidence); err != nil {
			return err
		}
	}
	out, err := s.openOutput(c)
	if err != nil {
		return err
	}
	all, err := st.Attestations(c.Context, name)
	if err != nil {
		return err
	}
	if len(all) == 0 && out.format == report.FormatTable {
		s.tell(freehold.T("nothing is recorded about %q", name.Unicode()))
		s.hint(s.say("for example: %s", "freehold attest "+name.ASCII()+" account=me"))
	}
	var each iter.Seq2[freehold.Attestation, error] = func(yield func(freehold.Attestation, error) bool) {
		for _, a := range all {
			if !yield(a, nil) {
				return
			}
		}
	}
	out.options.Now = now()
	if err := report.Attestations(out.format, out, out.options, each); err != nil {
		return err
	}
	return out.finish()
}
