package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"freehold"
	"freehold/dnsexport/archive"
	"freehold/dnsexport/zonefile"
)

func host(t testing.TB, s string) freehold.Host {
	t.Helper()
	h, err := freehold.ParseHost(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func zone(t testing.TB, name freehold.Owner, more string) *freehold.Zone {
	t.Helper()
	z, err := zonefile.Read(strings.NewReader("$TTL 3600\n@ IN SOA ns1.host.test. hostmaster 7 3600 900 604800 300\n@ NS ns1.host.test.\n"+more), "test", zonefile.Options{Origin: name})
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// sink keeps zones in memory.
type sink struct {
	mu     sync.Mutex
	kept   []string
	failed []string
}

func (s *sink) Zone(z *freehold.Zone) (archive.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, z.Origin.String())
	return archive.Entry{Zone: z.Origin.String()}, nil
}

func (s *sink) Failed(name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, name)
}

// TestRun: one zone that fails never stops the others, and zones are told in
// their order however they end.
func TestRun(t *testing.T) {
	var zones []freehold.Host
	for i := range 50 {
		zones = append(zones, host(t, fmt.Sprintf("z%02d.test", i)))
	}
	var s sink
	var told []string
	kept, err := Run(context.Background(), zones, func(_ context.Context, h freehold.Host) (*freehold.Zone, error) {
		if strings.HasSuffix(h.ASCII(), "3.test") {
			return nil, errors.New("refused")
		}
		return zone(t, freehold.OwnerOf(h), ""), nil
	}, &s, Options{Parallel: 7, Tell: func(o Outcome) { told = append(told, o.Zone.ASCII()) }})
	slices.Sort(s.failed)
	if err != nil || kept != 45 || len(s.kept) != 45 || !slices.Equal(s.failed, []string{"z03.test", "z13.test", "z23.test", "z33.test", "z43.test"}) {
		t.Errorf("kept %d, failed %v, %v", kept, s.failed, err)
	}
	if len(told) != 50 || !slices.IsSorted(told) {
		t.Errorf("told %v", told)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if kept, err := Run(ctx, zones, nil, &s, Options{}); kept != 0 || err == nil || freehold.HintOf(err) == "" {
		t.Errorf("an interrupted run: %d, %v", kept, err)
	}
}

type transfers map[string]*freehold.Zone

func (m transfers) Zone(_ context.Context, _ freehold.Owner, server string) (*freehold.Zone, error) {
	if z := m[server]; z != nil {
		return z, nil
	}
	return nil, &freehold.Error{Kind: freehold.KindPermission, Msg: "transfer from " + server, Err: errors.New("the server answers REFUSED")}
}

// TestFromServers: the first server that gives the zone counts, servers that
// have another serial are named, and where none gives it each reason is told.
func TestFromServers(t *testing.T) {
	serial := func(n uint32) freehold.Fact[uint32] { return freehold.Fact[uint32]{State: freehold.Value, Value: n} }
	servers := []Server{{"192.0.2.1:53", host(t, "ns1.host.test"), serial(7)}, {"192.0.2.2:53", host(t, "ns2.host.test"), serial(7)}, {"192.0.2.3:53", host(t, "ns3.host.test"), serial(6)}, {Address: "192.0.2.4:53", Host: host(t, "ns4.host.test")}}
	find := func(context.Context, freehold.Host) ([]Server, error) { return servers, nil }
	shop := host(t, "shop.test")
	z, err := FromServers(find, transfers{"192.0.2.2:53": zone(t, freehold.OwnerOf(shop), "")})(context.Background(), shop)
	if err != nil {
		t.Fatal(err)
	}
	last := z.Reasons[len(z.Reasons)-1].String()
	if last != "The server ns3.host.test has the serial 6, not 7." || len(z.Reasons) != 2 {
		t.Errorf("reasons %v", z.Reasons)
	}
	_, err = FromServers(find, transfers{})(context.Background(), shop)
	if freehold.KindOf(err) != freehold.KindPermission || strings.Count(err.Error(), "REFUSED") != 4 || freehold.HintOf(err) == "" {
		t.Errorf("refused by all: %v", err)
	}
	servers = nil
	if _, err = FromServers(find, transfers{})(context.Background(), shop); freehold.KindOf(err) != freehold.KindUnavailable {
		t.Errorf("no servers: %v", err)
	}
}

// asker answers from a zone; what stands in silent has no answer.
type asker struct {
	zones  map[string]*freehold.Zone
	silent string
	mu     sync.Mutex
	asked  []string
}

func (a *asker) Set(_ context.Context, server, network string, owner freehold.Owner, t freehold.RRType) ([]freehold.Record, error) {
	a.mu.Lock()
	a.asked = append(a.asked, owner.String()+" "+t.String())
	a.mu.Unlock()
	if network == a.silent {
		return nil, errors.New("no answer")
	}
	var out []freehold.Record
	for _, r := range a.zones[server].Records {
		if r.Owner.Equal(owner) && r.Type == t {
			out = append(out, r)
		}
	}
	return out, nil
}

// TestEveryServer: each server is asked over both transports for what it can
// answer itself; no answer is no difference.
func TestEveryServer(t *testing.T) {
	origin := freehold.OwnerOf(host(t, "shop.test"))
	text := "www A 192.0.2.1\nsub NS ns.sub\nsub DS 1 13 2 00\nns.sub A 192.0.2.2\nwww RRSIG A 13 3 60 20270101000000 20260101000000 1 shop.test. AQID\n"
	ask := &asker{silent: "tcp", zones: map[string]*freehold.Zone{"a": zone(t, origin, text), "b": zone(t, origin, strings.Replace(text, "2.1\n", "2.9\n", 1))}}
	got := EveryServer(context.Background(), zone(t, origin, text), []Server{{Address: "a"}, {Address: "b"}}, ask, freehold.DiffRules{}, 3)
	if len(got) != 4 || got[0].Failed != 0 || len(got[0].Diff.Changes) != 0 || got[0].Diff.Equal != 4 {
		t.Errorf("the same zone: %+v", got[0])
	}
	if got[1].Failed != 4 || len(got[1].Diff.Changes) != 0 || !strings.Contains(got[1].Error, "no answer") {
		t.Errorf("no answer: %+v", got[1])
	}
	if c := got[2].Diff.Changes; len(c) != 1 || c[0].Set().Type != freehold.TypeA {
		t.Errorf("another zone: %+v", c)
	}
	for _, q := range ask.asked {
		if strings.HasPrefix(q, "ns.sub") || strings.Contains(q, "RRSIG") || q == "sub.shop.test. NS" {
			t.Errorf("asked for %q, which a server does not answer itself", q)
		}
	}
	if !slices.Contains(ask.asked, "sub.shop.test. DS") {
		t.Error("the DS of a delegation was not asked for")
	}
}
