package main

import (
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
		Description: `Without an ID, lists all rules. With one, says why the rule matters, what to do, what it looks at, and where it comes from.

A rule that lacks a fact it needs says nothing about a name.`,
		Flags:  outputFlags(),
		Action: s.rules,
	}
}

func (s *session) rules(c *cli.Context) error {
	var pages []report.RulePage
	for _, id := range c.Args().Slice() {
		r, ok := rules.Find(id)
		if !ok {
			return &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("no rule is called %q", id), Advice: freehold.T("%q lists them", "freehold rules")}
		}
		pages = append(pages, rulePage(r))
	}
	full := len(pages) > 0
	if !full {
		for _, r := range rules.All {
			pages = append(pages, rulePage(r))
		}
	}
	out, err := s.openOutput(c)
	if err != nil {
		return err
	}
	if full || out.format != report.FormatTable {
		err = report.RulePages(out.format, out, out.options, pages)
	} else {
		var list []report.RuleInfo
		for _, p := range pages {
			list = append(list, p.RuleInfo)
		}
		err = report.Rules(out.format, out, out.options, list)
	}
	if err != nil {
		return err
	}
	return out.finish()
}

func rulePage(r rules.Rule) report.RulePage {
	return report.RulePage{
		RuleInfo: report.RuleInfo{ID: r.ID, Severity: r.Severity, Title: r.Title, Citation: r.Cite, Since: r.Since},
		Reason:   r.Reason, Advice: r.Advice, Looks: r.Looks,
	}
}
