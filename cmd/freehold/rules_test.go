package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"freehold/internal/report"
	"freehold/verify/rules"
)

//go:generate env UPDATE_GOLDEN=1 go test -run RulesPage .

const rulesPage = "../../docs/rules.md"

// TestRulesPage: docs/rules.md is what the rules say of themselves.
// UPDATE_GOLDEN=1 writes it.
func TestRulesPage(t *testing.T) {
	made := rulesMarkdown()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(rulesPage, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(rulesPage); err != nil || !bytes.Equal(kept, made) {
		t.Errorf("docs/rules.md is not what the rules say (%v): make it anew with UPDATE_GOLDEN=1 go test -run RulesPage ./cmd/freehold", err)
	}
}

func rulesMarkdown() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# The rules

Made from the rules themselves (verify/rules); "make generate" makes it anew.

A finding comes from one of these %d rules. Each looks at one name and speaks, is silent, or is undecided: where a fact that it needs is not
known it says nothing, and that is not the same as all being well. It speaks on evidence only; that nothing is recorded here is evidence too, of
our own records. The severity is the gravest that a rule reaches; where the danger may be there rather than is, it is one lighter.

| severity | meaning |
|---|---|
| critical | the name can be lost, or is being lost |
| warning | the name or its services would suffer with the host |
| notice | worth doing in a quiet hour |
| info | worth knowing |

`, len(rules.All))
	b.WriteString("| rule | severity | says |\n|---|---|---|\n")
	for _, r := range rules.All {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", r.ID, r.ID, r.Severity, r.Title)
	}
	for _, r := range rules.All {
		var looks []string
		for _, l := range r.Looks {
			looks = append(looks, l.String())
		}
		source := r.Cite
		if source == "" {
			source = "ours"
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s. *%s*, since %s.\n\n- Why it matters: %s\n- What to do: %s\n- Looks at, and is undecided without what decides: %s.\n- Source: %s.\n",
			r.ID, r.Title, r.Severity, r.Since, r.Reason, r.Advice, strings.Join(looks, "; "), source)
	}
	return b.Bytes()
}

// TestRulePages: every rule has its full text in every language, and an ID that
// is none is refused.
func TestRulePages(t *testing.T) {
	for _, lang := range report.Langs {
		args := []string{"freehold", "rules", "--lang", lang}
		for _, r := range rules.All {
			args = append(args, r.ID)
		}
		var out, errs bytes.Buffer
		if code := Run(context.Background(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: environment(t)}); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		for _, r := range rules.All {
			if !strings.Contains(out.String(), "\n"+r.ID+" ") && !strings.HasPrefix(out.String(), r.ID+" ") {
				t.Errorf("%s: no page of %s", lang, r.ID)
			}
		}
	}
	var out, errs bytes.Buffer
	code := Run(context.Background(), []string{"freehold", "rules", "no-such-rule"}, Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: environment(t)})
	if code != exitFailed || !strings.Contains(errs.String(), "hint: ") || out.Len() > 0 {
		t.Errorf("exit code %d, %q, %q", code, out.String(), errs.String())
	}
}
