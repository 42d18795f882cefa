package libdns

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libdns/libdns"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/dnsexporttest"
)

// memory is a provider that keeps what it is given. Each of its faults is one that
// real modules have.
type memory struct {
	mu      sync.Mutex
	records []libdns.RR

	drops   string // types that reading leaves out
	quotes  bool   // text comes with quotes
	whole   bool   // names come with the zone's own
	appends bool   // setting only adds
	panics  bool
	deaf    bool // ignores the context
	ttl     time.Duration
	fails   error
}

func (m *memory) GetRecords(ctx context.Context, zone string) ([]libdns.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.panics {
		panic("no token")
	}
	if m.deaf {
		<-make(chan struct{})
	}
	if m.fails != nil {
		return nil, m.fails
	}
	var out []libdns.Record
	for _, r := range m.records {
		if strings.Contains(m.drops, r.Type) {
			continue
		}
		if m.quotes && r.Type == "TXT" {
			r.Data = `"` + r.Data + `"`
		}
		if m.whole {
			r.Name = libdns.AbsoluteName(r.Name, strings.TrimSuffix(zone, "."))
		}
		if m.ttl != 0 {
			r.TTL = m.ttl
		}
		out = append(out, r)
	}
	return out, nil
}

func (m *memory) AppendRecords(_ context.Context, _ string, records []libdns.Record) ([]libdns.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range records {
		m.records = append(m.records, r.RR())
	}
	return records, nil
}

func (m *memory) SetRecords(ctx context.Context, zone string, records []libdns.Record) ([]libdns.Record, error) {
	m.mu.Lock()
	if !m.appends {
		m.records = slices.DeleteFunc(m.records, func(o libdns.RR) bool {
			return slices.ContainsFunc(records, func(r libdns.Record) bool { return r.RR().Name == o.Name && r.RR().Type == o.Type })
		})
	}
	m.mu.Unlock()
	return m.AppendRecords(ctx, zone, records)
}

func (m *memory) DeleteRecords(_ context.Context, _ string, records []libdns.Record) ([]libdns.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = slices.DeleteFunc(m.records, func(o libdns.RR) bool {
		return slices.ContainsFunc(records, func(r libdns.Record) bool { return r.RR() == o })
	})
	return records, nil
}

func (m *memory) ListZones(context.Context) ([]libdns.Zone, error) {
	return []libdns.Zone{{Name: "suite.test."}, {Name: "another.test."}}, nil
}

// one knows one zone alone.
type one struct{ *memory }

func (o one) GetRecords(ctx context.Context, zone string) ([]libdns.Record, error) {
	if zone != "suite.test." {
		return nil, dnsexport.ErrNoZone
	}
	return o.memory.GetRecords(ctx, zone)
}

func write(t *testing.T, p Writer) error {
	t.Helper()
	name := dnsexporttest.Name(t, "suite.test")
	target := NewTarget("Memory", p, nil)
	at, err := target.Read(context.Background(), name)
	if err != nil {
		return err
	}
	want := dnsexporttest.Held(dnsexporttest.RichZone(t, name), target.Traits())
	return target.Change(context.Background(), name, dnsexport.Plan(at, want, target.Traits()))
}

// TestRoundTrip: a provider without faults keeps everything that the interface can
// carry.
func TestRoundTrip(t *testing.T) {
	m := &memory{}
	if err := write(t, m); err != nil {
		t.Fatal(err)
	}
	if err := write(t, m); err != nil {
		t.Fatal(err)
	}
	name := dnsexporttest.Name(t, "suite.test")
	target := NewTarget("Memory", m, func() time.Time { return time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC) })
	got, err := target.Read(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	want := dnsexporttest.Held(dnsexporttest.RichZone(t, name), target.Traits())
	if d := want.Diff(got, dnsexporttest.Rules(target.Traits())); len(d.Changes) > 0 || len(got.Records) < 20 {
		t.Errorf("%d records, %v", len(got.Records), d.Changes)
	}
	if got.Coverage.Complete() || len(got.Reasons) != 1 || got.Source != "api Memory (libdns)" {
		t.Errorf("%v %v %q", got.Coverage, got.Reasons, got.Source)
	}
	if zones, err := target.Zones(context.Background()); err != nil || !slices.Equal(zones, []string{"another.test", "suite.test"}) {
		t.Errorf("%q %v", zones, err)
	}
	if err := target.Create(context.Background(), name); !errors.Is(err, dnsexport.ErrExists) {
		t.Error(err)
	}
}

// TestFaults: what a module does wrong is an error, or told.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		what string
		m    *memory
		says string
	}{
		{"loses records", &memory{drops: "MX"}, "does not hold what was written"},
		{"adds where it is to set", &memory{appends: true}, ""},
		{"panics", &memory{panics: true}, "broke down"},
		{"fails", &memory{fails: errors.New("bad\x1b[2J token")}, "did not do what was asked"},
		{"impossible TTL", &memory{ttl: -time.Hour}, "cannot be read"},
		{"overflowing TTL", &memory{ttl: 1<<63 - 1}, "cannot be read"},
	} {
		m := c.m
		if c.what == "adds where it is to set" {
			m.records = []libdns.RR{{Name: "@", Type: "A", Data: "192.0.2.80", TTL: time.Hour}}
			c.says = "does not hold what was written"
			m.records = append(m.records, libdns.RR{Name: "@", Type: "A", Data: "203.0.113.1", TTL: time.Hour})
		}
		err := write(t, m)
		if strings.HasSuffix(c.what, "TTL") {
			m.records = []libdns.RR{{Name: "@", Type: "A", Data: "192.0.2.80", TTL: time.Hour}}
			err = write(t, m)
		}
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\x1b") || freehold.KindOf(err) != freehold.KindUnavailable {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// TestMended: names and text that come otherwise than agreed are read, with a note.
func TestMended(t *testing.T) {
	m := &memory{quotes: true, whole: true, records: []libdns.RR{{Name: "@", Type: "TXT", Data: "v=spf1 -all", TTL: time.Hour}, {Name: "_sip._tcp", Type: "SRV", Data: "1 2 3 host.suite.test", TTL: 0}}}
	z, err := NewSource("Memory", m, nil).Read(context.Background(), dnsexporttest.Name(t, "suite.test"))
	if err != nil || len(z.Records) != 2 || len(z.Notes) < 3 {
		t.Fatalf("%v %v", z, err)
	}
	if r := z.Records[0]; r.Owner.String() != "suite.test." || r.Strings()[0] != "v=spf1 -all" {
		t.Errorf("%v", r)
	}
	if r := z.Records[1]; r.Owner.String() != "_sip._tcp.suite.test." || r.Target().String() != "host.suite.test." {
		t.Errorf("%v", r)
	}
}

// TestDeaf: a module that does not listen to the context does not hold us up.
func TestDeaf(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := NewSource("Memory", &memory{deaf: true}, nil).Read(ctx, dnsexporttest.Name(t, "suite.test")); freehold.KindOf(err) != freehold.KindUnavailable {
		t.Error(err)
	}
}

func TestUnknownType(t *testing.T) {
	m := &memory{records: []libdns.RR{{Name: "@", Type: "NEWKIND", Data: "1"}}}
	if _, err := NewSource("Memory", m, nil).Read(context.Background(), dnsexporttest.Name(t, "suite.test")); err == nil || !strings.Contains(err.Error(), "NEWKIND") {
		t.Error(err)
	}
	if _, err := NewSource("Memory", one{m}, nil).Zones(context.Background()); err != nil {
		t.Error(err)
	}
}
