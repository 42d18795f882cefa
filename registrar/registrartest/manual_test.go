package registrartest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"freehold"
	"freehold/internal/policy"
	"freehold/registrar/registrartest"
	"freehold/registrar/transfer"
)

// panel is a registrar's panel with an operator before it, who does what they are
// told.
type panel struct {
	asked  []string
	locked bool
	code   string
	made   int
}

func (p *panel) Yes(_ context.Context, q freehold.Text) (bool, error) {
	p.asked = append(p.asked, q.String())
	switch text := q.String(); {
	case strings.HasPrefix(text, "Is foreign.example in"):
		return false, nil
	case strings.HasPrefix(text, "Is the transfer lock"):
		return p.locked, nil
	case strings.HasPrefix(text, "Put the transfer lock"):
		p.locked = true
	case strings.HasPrefix(text, "Take the transfer lock"):
		p.locked = false
	case strings.HasPrefix(text, "Have the registrar's panel make"):
		p.make()
	}
	return true, nil
}

func (p *panel) make() {
	p.made++
	p.code = fmt.Sprintf("Panel-code-%d", p.made)
}

func (p *panel) Secret(_ context.Context, q freehold.Text) (freehold.TransferCode, error) {
	p.asked = append(p.asked, q.String())
	p.make()
	return freehold.NewTransferCode([]byte(p.code)), nil
}

func TestManual(t *testing.T) {
	rules, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	registrartest.Run(t, func(*testing.T) *registrartest.World {
		p := &panel{locked: true}
		name, _ := freehold.ParseName("old-shop.example")
		foreign, _ := freehold.ParseName("foreign.example")
		return &registrartest.World{
			Registrar: transfer.Manual{Operator: p, Rules: func(n freehold.Name) policy.Profile { return rules.For(n, today) }},
			Name:      name, Foreign: foreign,
			Accepts: func(code []byte) bool { return p.code != "" && string(code) == p.code },
			HasCode: func() bool { return p.code != "" }, Locked: func() bool { return p.locked },
			Shown: func() string { return strings.Join(p.asked, "\n") },
		}
	})
}

// TestManualAlone: without an operator at a terminal nothing is done, and said so.
func TestManualAlone(t *testing.T) {
	name, _ := freehold.ParseName("old-shop.example")
	m := transfer.Manual{}
	_, look := m.Look(t.Context(), name)
	_, fetch := m.Fetch(t.Context(), name, false)
	for _, err := range []error{look, fetch, m.Unset(t.Context(), name, true), m.Lock(t.Context(), name, true), m.Answer(t.Context(), name, false), m.Push(t.Context(), name, "x")} {
		if freehold.KindOf(err) != freehold.KindWaiting {
			t.Errorf("%v", err)
		}
	}
}
