package policy

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

const pageFile = "../../docs/policies.md"

// TestPage: docs/policies.md is what the data say. UPDATE_GOLDEN=1 writes it.
func TestPage(t *testing.T) {
	made := load(t).Markdown()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(pageFile, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != made {
		t.Error("docs/policies.md is not what the data say: run go generate ./internal/policy")
	}
}

// TestPageIsWhole: every rule has a label and a value that reads, every profile a
// chapter, and what is not verified is said to be.
func TestPageIsWhole(t *testing.T) {
	s := load(t)
	made := s.Markdown()
	for i := range reflect.TypeFor[Rules]().NumField() {
		key := reflect.TypeFor[Rules]().Field(i).Tag.Get("toml")
		if _, ok := labels[key]; !ok && key != "routes" {
			t.Errorf("%s has no label", key)
		}
	}
	for _, p := range s.Profiles() {
		if p.Family != familyDefault && !strings.Contains(made, "\n## "+p.ID+": ") {
			t.Errorf("%s has no chapter", p.ID)
		}
	}
	for _, line := range strings.Split(made, "\n") {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if len(cells) == 5 && strings.TrimSpace(cells[1]) == "" {
			t.Errorf("a rule without value: %s", line)
		}
		if len(cells) == 5 && strings.TrimSpace(cells[3]) == "not verified" && !strings.HasPrefix(strings.TrimSpace(cells[1]), "not verified") {
			t.Errorf("told as true: %s", line)
		}
		if len(cells) == 10 && strings.TrimSpace(cells[8]) == "not verified" && !strings.HasPrefix(line, "| not verified: ") {
			t.Errorf("told as true: %s", line)
		}
	}
	for _, want := range []string{
		"| .us | no transfer rule of its registry was read |", "uk-code (from 2027-02-09)", "gtld-tpr (adopted, no date: in force nowhere)", "below .uk, where other rules may hold",
	} {
		if !strings.Contains(made, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// TestPageCannotBeBroken: text of the data stays in its cell.
func TestPageCannotBeBroken(t *testing.T) {
	for in, want := range map[string]string{"a|b": `a\|b`, "a\nb\x1b[2J": "a b [2J", "<img src=x>": "&lt;img src=x&gt;", "`a`": "'a'"} {
		if got := cell(in); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
}
