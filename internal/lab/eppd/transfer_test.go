package eppd

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"freehold"
	"freehold/internal/policy"
	"freehold/registrar/epp"
	"freehold/registrar/registrartest"
	leave "freehold/registrar/transfer"
)

func account(t *testing.T, h *house, who string) leave.EPPConfig {
	t.Helper()
	rules, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	return leave.EPPConfig{Config: h.config(who), Rules: func(n freehold.Name) policy.Profile { return rules.For(n, start) }}
}

func adapter(t *testing.T, h *house, who string) *leave.EPP {
	e := leave.NewEPP(account(t, h, who))
	t.Cleanup(func() { e.Close() })
	return e
}

func pool(t *testing.T, h *house, who string) *leave.Pool {
	p := leave.NewPool(account(t, h, who), 3)
	t.Cleanup(func() { p.Close() })
	return p
}

// TestConformance holds the EPP adapter to the suite, with one session and with
// several, at a registry after RFC 9154 and at one of the older kind.
func TestConformance(t *testing.T) {
	for kind, secure := range map[string]bool{"secure": true, "older": false, "secure, several": true} {
		t.Run(kind, func(t *testing.T) {
			registrartest.Run(t, func(t *testing.T) *registrartest.World {
				h := open(t, Config{Secure: secure, TransferDelay: 5 * 24 * time.Hour})
				h.Add(Domain{Name: "foreign.example", Sponsor: "gainer", Created: start, Expires: start.AddDate(1, 0, 0)}, "")
				var registrar leave.Registrar = adapter(t, h, "loser")
				if strings.Contains(kind, "several") {
					registrar = pool(t, h, "loser")
				}
				get := func() Domain { d, _ := h.Get(name.ASCII()); return d }
				return &registrartest.World{
					Registrar: registrar, Name: name, Foreign: mustName("foreign.example"),
					Accepts:    func(code []byte) bool { return get().Accepts(string(code)) },
					HasCode:    func() bool { return get().HasCode() },
					Locked:     func() bool { return slices.Contains(get().Statuses, "clientTransferProhibited") },
					RefuseCode: func(n int) { h.Fail(Faults{RefuseCode: n}) },
					Lose: func(done bool) {
						h.Add(Domain{Name: name.ASCII(), Sponsor: "loser", Statuses: []string{"clientTransferProhibited"}, Created: start, Expires: start.AddDate(1, 0, 0)}, "")
						if h.Fail(Faults{DropBefore: 1}); done {
							h.Fail(Faults{DropAfter: 1})
						}
					},
					Request: func(c []byte) error {
						_, err := h.session("gainer").Do(t.Context(), epp.TransferRequest(name, freehold.NewTransferCode(c)))
						return err
					},
				}
			})
		})
	}
}

// TestDelegate: name servers and DS records are changed apart, as a move's order needs.
func TestDelegate(t *testing.T) {
	h := open(t, Config{Secure: true})
	e := pool(t, h, "loser")
	host, _ := freehold.ParseHost("ns1.new.example")
	ds := []freehold.DS{{KeyTag: 1, Algorithm: 13, DigestType: 2, Digest: strings.Repeat("ab", 32)}, {KeyTag: 2, Algorithm: 13, DigestType: 2, Digest: strings.Repeat("cd", 32)}}
	before, _ := h.Get(name.ASCII())
	if err := e.Delegate(t.Context(), name, []freehold.Host{host}); err != nil {
		t.Fatal(err)
	}
	if d, _ := h.Get(name.ASCII()); !slices.Equal(d.NameServers, []string{"ns1.new.example"}) || d.DS != before.DS || d.DS == 0 {
		t.Errorf("%+v", d)
	}
	for _, c := range []struct {
		ds   []freehold.DS
		want int
	}{{ds, 2}, {ds[:1], 1}, {nil, 0}, {nil, 0}} {
		if err := e.SetDS(t.Context(), name, c.ds); err != nil {
			t.Fatal(err)
		}
		if d, _ := h.Get(name.ASCII()); d.DS != c.want {
			t.Errorf("%d DS records, want %d", d.DS, c.want)
		}
	}
}

// TestRepoint: the servers are replaced, and a DS record that would make the name
// unreachable goes with the old ones.
func TestRepoint(t *testing.T) {
	h := open(t, Config{Secure: true})
	e := adapter(t, h, "loser")
	var to []freehold.Host
	for _, s := range []string{"ns1.new.example", "ns2.new.example"} {
		host, _ := freehold.ParseHost(s)
		to = append(to, host)
	}
	for range 2 {
		if err := e.Repoint(t.Context(), name, to); err != nil {
			t.Fatal(err)
		}
		if d, _ := h.Get(name.ASCII()); !slices.Equal(d.NameServers, []string{"ns1.new.example", "ns2.new.example"}) || d.DS != 0 {
			t.Errorf("%+v", d)
		}
	}
	if n := h.Commands()["update"]; n != 1 {
		t.Errorf("%d updates: what is as it is to be is left alone", n)
	}
	if err := e.Lock(t.Context(), name, false); err != nil {
		t.Fatal(err)
	}
	if d, _ := h.Get(name.ASCII()); len(d.Statuses) != 0 {
		t.Errorf("unlocked: %+v", d)
	}
}

// TestSessionAnew: a session that the registry ended meanwhile is opened again for
// a command that was not sent, and slots are given back.
func TestSessionAnew(t *testing.T) {
	h := open(t, Config{Secure: true, MaxSessions: 1})
	rules, _ := policy.Load()
	taken, given := 0, 0
	e := leave.NewEPP(leave.EPPConfig{Config: h.config("loser"), Rules: func(n freehold.Name) policy.Profile { return rules.For(n, start) },
		Slot: func(context.Context) (func(), error) { taken++; return func() { given++ }, nil }})
	for range 3 {
		h.Fail(Faults{DropBefore: 1})
		if err := e.Lock(t.Context(), name, true); err == nil || !strings.Contains(err.Error(), "not known") {
			t.Errorf("%v", err)
		}
		if _, err := e.Look(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if taken != 4 || given != 4 {
		t.Errorf("%d slots taken, %d given back", taken, given)
	}
}

// TestPool: several sessions work at once, and no more than there are slots for; one
// that gets none leaves its work to those that are open.
func TestPool(t *testing.T) {
	h := open(t, Config{Secure: true, MaxSessions: 2})
	c := account(t, h, "loser")
	slots := make(chan struct{}, 2)
	c.Slot = func(context.Context) (func(), error) {
		select {
		case slots <- struct{}{}:
			return func() { <-slots }, nil
		default:
			return nil, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("all are taken"), Err: leave.ErrNoSlot}
		}
	}
	p := leave.NewPool(c, 4)
	h.Fail(Faults{Latency: 2 * time.Millisecond})
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if s, err := p.Look(t.Context(), name); err != nil || !s.Ours {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
	all.Wait()
	if n := h.Refused(); n != 0 || len(slots) != 2 {
		t.Errorf("%d logins too many, %d sessions open", n, len(slots))
	}
	if err := p.Close(); err != nil || len(slots) != 0 {
		t.Errorf("%v, %d slots are left", err, len(slots))
	}
	slots <- struct{}{}
	slots <- struct{}{}
	if _, err := p.Look(t.Context(), name); !errors.Is(err, leave.ErrNoSlot) || freehold.KindOf(err) != freehold.KindUnavailable {
		t.Errorf("without a slot: %v", err)
	}
}
