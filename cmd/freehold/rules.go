package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/report"
	"freehold/verify/rules"
)

func (s *session) rulesCommand() *cli.Command {
	return &cli.Command{
		Name:      "rules",
		Usage:     "the rules that findings come from",
		ArgsUsage: "[ID…]",
		Flags:     outputFlags(),
		Action:    s.rules,
	}
}

func (s *session) rules(c *cli.Context) error {
	wanted := map[string]bool{}
	for _, id := range c.Args().Slice() {
		wanted[id] = true
	}
	var infos []report.RuleInfo
	for _, r := range rules.All {
		if len(wanted) == 0 || wanted[r.ID] {
			infos = append(infos, report.RuleInfo{ID: r.ID, Severity: r.Severity, Title: r.Title, Citation: r.Cite, Since: r.Since})
			delete(wanted, r.ID)
		}
	}
	for id := range wanted {
		return &freehold.Error{Kind: freehold.KindNotFound, Msg: fmt.Sprintf("no rule is called %q", freehold.OneLine(id)), Hint: `"freehold rules" lists them`}
	}
	out, err := s.openOutput(c)
	if err != nil {
		return err
	}
	if err := report.Rules(out.format, out, out.options, infos); err != nil {
		return err
	}
	return out.finish()
}
