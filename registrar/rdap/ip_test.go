package rdap

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"freehold"
)

func mustAddr(s string) netip.Addr { return netip.MustParseAddr(s) }

func networkBody(from, to, name, holder string) string {
	return fmt.Sprintf(`{"objectClassName":"ip network","startAddress":%q,"endAddress":%q,"name":%q,"entities":[%s]}`, from, to, name,
		entity("registrant", `,"handle":"ORG-H1",`+card(fn(holder)+`,["kind",{},"text","org"]`)))
}

func TestReadNetwork(t *testing.T) {
	const head = `{"objectClassName":"ip network","startAddress":"192.0.2.0","endAddress":"192.0.2.255","name":"N"`
	person := entity("registrant", `,"handle":"P1",`+card(fn("Anne Perrin")+`,["kind",{},"text","individual"]`))
	company := entity("registrant", `,"handle":"ORG-H1",`+card(fn("Hébergeur SA")+`,["kind",{},"text","org"]`))
	maintainer := entity("registrant", `,"handle":"HEB-MNT"`)
	key := entity("registrant", `,"handle":"ORG-H1"`)
	admin := entity("administrative", `,`+card(fn("Clerk")))
	description := `,"remarks":[{"description":["untitled"]},{"title":"description","description":["Hébergeur, Genève","second line"]}]`
	for _, c := range []struct{ name, body, holder string }{
		{"company", head + `,"entities":[` + admin + `,` + maintainer + `,` + person + `,` + company + `]` + description + `}`, "Hébergeur SA"},
		{"person", head + `,"entities":[` + admin + `,` + person + `]` + description + `}`, "Anne Perrin"},
		{"description", head + `,"entities":[` + maintainer + `,` + key + `]` + description + `}`, "Hébergeur, Genève"},
		{"key alone", head + `,"entities":[` + maintainer + `,` + key + `]}`, "ORG-H1"},
		{"maintainer alone", head + `,"entities":[` + maintainer + `,` + admin + `]}`, "unknown"},
		{"redacted", head + `,"entities":[` + entity("registrant", `,`+card(fn("Hébergeur SA"))) + `]}`, "Hébergeur SA"},
		{"nobody", head + `}`, "unknown"},
	} {
		var n network
		if _, err := readNetwork([]byte(c.body), mustAddr("192.0.2.9"), &n); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := n.facts.Holder.Value
		if n.facts.Holder.State != freehold.Value {
			got = n.facts.Holder.State.String()
		}
		if got != c.holder || n.facts.Prefix.Value != "192.0.2.0/24" || n.facts.Network.Value != "N" {
			t.Errorf("%s: holder %q, facts %+v; want %q", c.name, got, n.facts, c.holder)
		}
	}
	for _, c := range []struct{ body, want string }{
		{networkBody("198.51.100.0", "198.51.100.255", "N", "H"), "another block"},
		{networkBody("2001:db8::", "2001:db8::ffff", "N", "H"), "another block"},
		{networkBody("192.0.2.255", "192.0.2.0", "N", "H"), "which block"},
		{networkBody("", "", "N", "H"), "which block"},
		{`{"objectClassName":"domain"}`, `about a "domain"`},
		{"<html>", "web page"},
		{"", "empty"},
	} {
		var n network
		if _, err := readNetwork([]byte(c.body), mustAddr("192.0.2.9"), &n); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: %v, want %q", c.body, err, c.want)
		}
	}
}

func TestBlockName(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"192.0.2.0", "192.0.2.255", "192.0.2.0/24"},
		{"192.0.2.0", "192.0.2.0", "192.0.2.0/32"},
		{"0.0.0.0", "255.255.255.255", "0.0.0.0/0"},
		{"192.0.2.0", "192.0.2.99", "192.0.2.0-192.0.2.99"},
		{"192.0.2.1", "192.0.3.0", "192.0.2.1-192.0.3.0"},
		{"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32"},
	} {
		if got := blockName(mustAddr(c.from), mustAddr(c.to)); got != c.want {
			t.Errorf("blockName(%s, %s) = %s, want %s", c.from, c.to, got, c.want)
		}
	}
}

// Addresses of one host are one question; those outside the answered block, or
// in another part of it, are asked for.
func TestIPCache(t *testing.T) {
	w := newWorld(t)
	for _, addr := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.130", "192.0.2.131"} {
		end, start := "192.0.2.127", "192.0.2.0"
		if mustAddr("192.0.2.127").Less(mustAddr(addr)) {
			start, end = "192.0.2.128", "192.0.2.255"
		}
		w.answer("/rir/ip/"+addr, 200, networkBody(start, end, "NET", "Holder of "+start))
	}
	w.answer("/rir/ip/2001:db8::1", 200, networkBody("2001:db8::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", "SIX", "Six SA"))
	c := w.client()
	for _, step := range []struct {
		addr, holder string
		asked        int
	}{
		{"192.0.2.1", "Holder of 192.0.2.0", 1},
		{"192.0.2.2", "Holder of 192.0.2.0", 1},
		{"::ffff:192.0.2.2", "Holder of 192.0.2.0", 1},
		{"192.0.2.130", "Holder of 192.0.2.128", 2},
		{"192.0.2.131", "Holder of 192.0.2.128", 2},
		{"2001:db8::1", "Six SA", 3},
		{"2001:db8::2", "Six SA", 3},
	} {
		facts, evidence, asks := c.IP(context.Background(), mustAddr(step.addr))
		if facts.Holder.Value != step.holder || facts.Addr != mustAddr(step.addr).Unmap() || w.total() != step.asked || len(evidence) != 1 || len(asks) != 1 || asks[0].Outcome != freehold.OutcomeAnswered {
			t.Errorf("%s: %+v, %d asked, asks %+v; want %q, %d", step.addr, facts, w.total(), asks, step.holder, step.asked)
		}
		if asks[0].Evidence != evidence[0].ID() || facts.Holder.Evidence[0] != evidence[0].ID() {
			t.Errorf("%s: the fact does not rest on its evidence", step.addr)
		}
	}
	if facts, _, asks := c.IP(context.Background(), mustAddr("203.0.113.1")); facts.Holder.State != freehold.Unknown || facts.Holder.Note == "" || len(asks) != 0 {
		t.Errorf("no server known: %+v, %+v", facts, asks)
	}
}

func TestIPFailures(t *testing.T) {
	w := newWorld(t)
	w.answer("/rir/ip/192.0.2.1", 500, "")
	w.answer("/rir/ip/198.51.100.1", 404, "")
	w.answer("/rir/ip/198.51.101.1", 200, networkBody("10.0.0.0", "10.0.0.255", "N", "H"))
	c := w.client()
	ask := func(addr string) (freehold.AddressFacts, freehold.Ask) {
		facts, _, asks := c.IP(context.Background(), mustAddr(addr))
		return facts, asks[0]
	}
	for range 3 {
		if facts, a := ask("192.0.2.1"); a.Outcome != freehold.OutcomeFailed || facts.Holder.State != freehold.Unknown || facts.Holder.Note == "" {
			t.Errorf("failed: %+v, %+v", facts, a)
		}
	}
	if w.total() != 1 {
		t.Errorf("a server that failed was asked %d times", w.total())
	}
	w.advance(failureMemory)
	w.answer("/rir/ip/192.0.2.1", 200, networkBody("192.0.2.0", "192.0.2.255", "N", "Hébergeur SA"))
	if facts, _ := ask("192.0.2.1"); facts.Holder.Value != "Hébergeur SA" {
		t.Errorf("after a minute: %+v", facts)
	}
	if facts, a := ask("198.51.100.1"); a.Outcome != freehold.OutcomeAnswered || facts.Holder.State != freehold.Absent {
		t.Errorf("not found: %+v, %+v", facts, a)
	}
	w.answer("/rir/ip/198.51.100.2", 404, "<html>")
	if facts, _, asks := w.client().IP(context.Background(), mustAddr("198.51.100.2")); asks[0].Outcome != freehold.OutcomeGarbled || facts.Holder.State != freehold.Unknown || facts.Holder.Note == "" {
		t.Errorf("a web server's 404: %+v, %+v", facts, asks)
	}
	if facts, a := ask("198.51.101.1"); a.Outcome != freehold.OutcomeGarbled || facts.Holder.State != freehold.Unknown || !strings.Contains(a.Error, "another block") {
		t.Errorf("another block: %+v, %+v", facts, a)
	}
}

// Many who ask for one block at a time are one question.
func TestIPSingleFlight(t *testing.T) {
	w := newWorld(t)
	started, finish := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.handle("/rir/ip/", func(rw http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(started) })
		<-finish
		fmt.Fprint(rw, networkBody("192.0.2.0", "192.0.2.255", "N", "Hébergeur SA"))
	})
	c := w.client()
	var wg sync.WaitGroup
	ask := func() {
		if facts, _, _ := c.IP(context.Background(), mustAddr("192.0.2.1")); facts.Holder.Value != "Hébergeur SA" {
			t.Errorf("%+v", facts)
		}
	}
	wg.Go(ask)
	<-started
	for range 20 {
		wg.Go(ask)
	}
	close(finish)
	wg.Wait()
	if w.total() != 1 {
		t.Errorf("asked %d times", w.total())
	}
}

func TestNetworkCacheIsBounded(t *testing.T) {
	c := newNetworkCache(time.Now)
	for i := range 3 * keptNetworks {
		addr := netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1})
		c.get(context.Background(), addr, func() network {
			return network{from: areaOf(addr).Addr(), to: lastOf(areaOf(addr))}
		})
	}
	if len(c.byArea) != keptNetworks || c.recent.Len() != keptNetworks {
		t.Errorf("%d and %d kept, want %d", len(c.byArea), c.recent.Len(), keptNetworks)
	}
}
