package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/flow/audit"
)

func (s *session) proveCommand() *cli.Command {
	return &cli.Command{
		Name:      "prove",
		Usage:     "prove by a fresh act who holds a layer",
		ArgsUsage: "NAME dns",
		Description: `"prove NAME dns" prints a TXT record with a token. Publish it, run the command again, and freehold looks for it at every name server of
the name and by resolution from the root. Found everywhere, the DNS layer is proven to be yours for 90 days.

Exit code 8: the record is not there yet.`,
		Flags: join([]cli.Flag{&cli.StringFlag{Name: "by", Usage: "`NAME` of who proves it (default: your login)"}},
			observeFlags(), storeFlags()),
		Action: s.prove,
	}
}

func (s *session) prove(c *cli.Context) error {
	if c.NArg() != 2 {
		return misuse(freehold.T("prove wants a name and what to prove"), freehold.T("for example: %s", "freehold prove example.ch dns"))
	}
	name, err := parseName(c.Args().First())
	if err != nil {
		return err
	}
	if what := c.Args().Get(1); what != "dns" {
		return misuse(freehold.T("%q cannot be proven", what), freehold.T("this version proves dns"))
	}
	if c.String("resolver") != "" {
		return misuse(freehold.T("a proof asks every name server, not a resolver"), freehold.T("leave --resolver out"))
	}
	world, err := s.observe(c.Context, c)
	if err != nil {
		return err
	}
	defer world.Close()
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	proof, err := audit.ProveDNS(c.Context, world.dns, st, name, s.person(c.String("by")), world.at)
	if err != nil {
		return err
	}
	if proof.Proven {
		fmt.Fprintln(s.Out, s.say("Proven: whoever acts for you can write the zone of %s. It counts for 90 days; you can remove the record.", name.Unicode()))
		return nil
	}
	if proof.Fresh {
		fmt.Fprintln(s.Out, s.say("Publish this record in the zone of %s, then run the same command again:", name.Unicode()))
	} else {
		fmt.Fprintln(s.Out, s.say("The record is not everywhere yet:"))
		for _, missing := range proof.Missing {
			fmt.Fprintf(s.Out, "  - %s\n", freehold.OneLine(missing))
		}
	}
	fmt.Fprintf(s.Out, "\n  %s\n\n", proof.Record)
	fmt.Fprintln(s.Out, s.say("It can be used until %t.", proof.Until))
	s.code = exitWaiting
	return nil
}
