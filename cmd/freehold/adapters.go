package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/dnsexport/all"
	registrars "freehold/registrar/all"
	"freehold/registrar/transfer"
)

func (s *session) adaptersCommand() *cli.Command {
	return &cli.Command{
		Name:      "adapters",
		Usage:     "what can be asked today: each top-level domain's registry by RDAP and WHOIS, and which rules it is judged by; each DNS provider",
		ArgsUsage: "[TLD…]",
		Description: `Lists the registry servers that an audit asks, from IANA's list and from the program's own dated list. Neither RDAP nor WHOIS: only the DNS
tells of these names.

Without a TLD it also lists the DNS providers that zones can be read from and moved to, with what an account in the config file needs, what can be done
there, and how it was tested: against the real server, or against a server of recorded shapes and never live. Then the ways to registries and
registrars that let names go, in the same manner; "desk show CASE --account ACCOUNT" says what one can do for one name.

One RDAP reader and one WHOIS reader serve all; they are tested on answers of real registries and on an offline world with faults.`,
		Flags:  observeFlags(),
		Action: s.adapters,
	}
}

func (s *session) adapters(c *cli.Context) error {
	world, err := s.observe(c.Context, c)
	if err != nil {
		return err
	}
	defer world.Close()
	suffixes := append(world.lists.Suffixes(), world.whois.Suffixes()...)
	slices.Sort(suffixes)
	suffixes = slices.Compact(suffixes)
	if wanted := c.Args().Slice(); len(wanted) > 0 {
		suffixes = nil
		for _, w := range wanted {
			suffixes = append(suffixes, strings.Trim(strings.ToLower(w), "."))
		}
	}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join([]string{s.say("TLD"), "RDAP", "WHOIS", s.say("RULES")}, "\t"))
	for _, suffix := range suffixes {
		name, err := freehold.ParseName("nic." + suffix)
		if err != nil {
			return misuse(freehold.T("%q is no top-level domain", suffix), freehold.Text{})
		}
		rdapBase, _ := world.rdap.Server(name)
		whoisServer, _ := world.whois.Server(name)
		profile := world.policy.For(name, world.at)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", freehold.OneLine(suffix), cmp.Or(rdapBase, "-"), cmp.Or(whoisServer, "-"), profile.ID)
	}
	if err := w.Flush(); err != nil || c.Args().Present() {
		return err
	}
	fmt.Fprintln(s.Out)
	if err := s.providers(); err != nil {
		return err
	}
	fmt.Fprintln(s.Out)
	return s.registrars()
}

// registrars tells what can be done at each registrar, and how that was tested.
func (s *session) registrars() error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join([]string{s.say("REGISTRAR"), s.say("ACCOUNT HAS"), s.say("CODES"), s.say("TAKES BACK"), s.say("LOCKS"), s.say("TAGS"), s.say("DELEGATES"), s.say("TESTED")}, "\t"))
	yes := func(b bool) string {
		if b {
			return s.say("yes")
		}
		return "-"
	}
	for _, a := range registrars.Adapters {
		codes := s.say("made there")
		if a.Codes == transfer.HowSet {
			codes = s.say("set")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.ID, cmp.Or(strings.Join(a.Fields, ","), "-"), codes, yes(a.Unsets), yes(a.Locks), yes(a.Tags), yes(a.Delegates), a.Tested.Text().Render(s.speaker))
	}
	return w.Flush()
}

// providers tells what can be done at each DNS provider, and how that was tested.
func (s *session) providers() error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	head := []freehold.Text{freehold.T("DNS PROVIDER"), freehold.T("ACCOUNT HAS"), freehold.T("CHANGES"), freehold.T("MAKES ZONES"), freehold.T("LISTS ZONES"), freehold.T("SIGNS"), freehold.T("LOWEST TTL"), freehold.T("TESTED")}
	var words []string
	for _, h := range head {
		words = append(words, h.Render(s.speaker))
	}
	fmt.Fprintln(w, strings.Join(words, "\t"))
	yes := func(b bool) string {
		if b {
			return s.say("yes")
		}
		return "-"
	}
	for _, p := range all.Providers {
		can := p.Can()
		together := s.say("one by one")
		if can.Atomic {
			together = s.say("together")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", p.ID, strings.Join(p.Fields, ","), together, yes(can.Create), yes(can.List), yes(can.Sign), can.MinTTL, p.Tested.Text().Render(s.speaker))
	}
	return w.Flush()
}
