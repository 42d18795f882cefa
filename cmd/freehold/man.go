package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"freehold"
	"freehold/internal/policy"
	"freehold/internal/report"
)

// manCommand writes the manual pages for whoever packages the program.
func (s *session) manCommand() *cli.Command {
	return &cli.Command{
		Name: "man", Hidden: true, ArgsUsage: "DIR", Action: s.man,
		Usage:       "write the manual pages of all commands and languages below DIR",
		Description: `The folder then has man1/freehold.1, man1/freehold-audit.1 …, fr/man1/… and de/man1/…, as man looks for them.`,
	}
}

func (s *session) man(c *cli.Context) error {
	if c.NArg() != 1 {
		return misuse(freehold.T("man wants a folder to write to"), freehold.Text{})
	}
	set, err := policy.Load()
	if err != nil {
		return err
	}
	for _, lang := range report.Langs {
		dir := filepath.Join(c.Args().First(), lang, "man1")
		if lang == report.Langs[0] {
			dir = filepath.Join(c.Args().First(), "man1")
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return cannotWrite(dir, err)
		}
		for _, page := range helpPages(c.App) {
			var b bytes.Buffer
			if err := report.Man(&b, lang, page, programVersion(), set.Date()); err != nil {
				return err
			}
			path := filepath.Join(dir, strings.ReplaceAll(page.Command, " ", "-")+".1")
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				return cannotWrite(path, err)
			}
		}
	}
	return nil
}

func cannotWrite(path string, err error) error {
	return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("cannot write %q", path), Err: plain(err)}
}
