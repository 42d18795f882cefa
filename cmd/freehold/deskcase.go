package main

import (
	"context"
	"slices"
	"strings"

	"freehold"
)

// caseLister lists the cases of a name.
type caseLister interface {
	CasesOf(context.Context, freehold.Name) ([]freehold.CaseLine, error)
}

// caseOf is the identifier of the case that a person means: by the identifier itself,
// or by its name, which is that of its one open case or else of its last one.
func caseOf(ctx context.Context, st caseLister, said string) (string, error) {
	if !strings.Contains(said, ".") {
		return said, nil // identifiers have no dot, names at a registry have one
	}
	name, err := parseName(said)
	if err != nil {
		return "", err
	}
	lines, err := st.CasesOf(ctx, name)
	if err != nil {
		return "", err
	}
	if len(lines) == 0 {
		return "", &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("%q has no case", name), Advice: freehold.T("%s lists them", "freehold desk list --all")}
	}
	open := slices.DeleteFunc(slices.Clone(lines), func(l freehold.CaseLine) bool { return !slices.Contains(openStates, l.State) })
	if len(open) > 1 {
		var ids []string
		for _, l := range open {
			ids = append(ids, l.ID)
		}
		return "", misuse(freehold.T("%q has %d open cases", name, len(open)), freehold.T("name one: %s", strings.Join(ids, ", ")))
	}
	if len(open) == 1 {
		return open[0].ID, nil
	}
	last := slices.MaxFunc(lines, func(a, b freehold.CaseLine) int { return a.Opened.Compare(b.Opened) })
	return last.ID, nil
}
