package registrartest

import (
	"testing"

	"freehold"
	"freehold/registrar/registrartest/shapes"
	"freehold/registrar/transfer"
)

// Over makes the world of an adapter that asks a server of recorded shapes.
func Over(t *testing.T, reg transfer.Registrar, s *shapes.Store, name string) *World {
	t.Helper()
	ours, err := freehold.ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	foreign, _ := freehold.ParseName("foreign.com")
	view := func(f func(*shapes.Domain) bool) (out bool) {
		s.Do(name, func(d *shapes.Domain) { out = f(d) })
		return out
	}
	return &World{
		Registrar: reg, Name: ours, Foreign: foreign,
		Accepts: func(code []byte) bool {
			return view(func(d *shapes.Domain) bool { return d.Code != "" && d.Code == string(code) })
		},
		HasCode: func() bool { return view(func(d *shapes.Domain) bool { return d.Code != "" }) },
		Locked:  func() bool { return view(func(d *shapes.Domain) bool { return d.Locked }) },
		Lose:    s.Lose, RefuseCode: s.RefuseCode, Fault: s.SetFault,
		Delegation: func() (servers []string, signed bool) {
			s.Do(name, func(d *shapes.Domain) { servers, signed = d.NameServers, d.Keys > 0 || len(d.DS) > 0 })
			return servers, signed
		},
	}
}
