package agree

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/dnsexport/dnsexporttest"
	"freehold/internal/resolve"
	"freehold/internal/resolve/serverstest"
)

const (
	firstAt  = "127.0.7.1"
	secondAt = "127.0.7.2"
	silentAt = "127.0.7.9"
)

func server(t testing.TB, host, at string) resolve.Server {
	t.Helper()
	h, err := freehold.ParseHost(host)
	if err != nil {
		t.Fatal(err)
	}
	return resolve.Server{Host: h, Addr: netip.AddrPortFrom(netip.MustParseAddr(at), 53)}
}

// copyOf is what an API gives of the rich zone: without SOA and name servers, and
// without what lose names.
func copyOf(t testing.TB, lose ...string) *freehold.Zone {
	t.Helper()
	z := dnsexporttest.RichZone(t, dnsexporttest.Name(t, "suite.test"))
	z.Coverage = freehold.CoverageUnknown
	z.Records = slices.DeleteFunc(z.Records, func(r freehold.Record) bool {
		apex := r.Owner.Equal(z.Origin)
		return apex && (r.Type == freehold.TypeSOA || r.Type == freehold.TypeNS) || slices.Contains(lose, r.Owner.Relative(z.Origin)+" "+r.Type.String())
	})
	return z
}

// TestRealServers: an API's copy against BIND and NSD.
func TestRealServers(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	head := "$TTL 3600\n@ SOA ns1.ours.test. hostmaster.ours.test. 7 3600 900 1209600 300\n@ NS ns1.ours.test.\n@ NS ns2.ours.test.\n"
	text := head + fmt.Sprintf(dnsexporttest.Rich, strings.Repeat("x", 255), strings.Repeat("y", 200))
	serverstest.NSD(t, firstAt, serverstest.Served{Name: "suite.test.", Text: text})
	serverstest.BIND(t, secondAt, serverstest.Served{Name: "suite.test.", Text: strings.Replace(text, "mail A 192.0.2.25", "mail A 192.0.2.99", 1)})
	r, err := resolve.New(resolve.Config{Timeout: 2 * time.Second, AllowPrivate: true, Now: time.Now, Parallel: 64})
	if err != nil {
		t.Fatal(err)
	}
	judge := func(z *freehold.Zone, servers ...resolve.Server) string {
		t.Helper()
		if err := Judge(context.Background(), z, Config{Ask: r.Ask, Servers: servers}); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, reason := range z.Reasons {
			b.WriteString(reason.String() + "\n")
		}
		return b.String()
	}
	first, second, silent := server(t, "ns1.ours.test", firstAt), server(t, "ns2.ours.test", secondAt), server(t, "ns3.ours.test", silentAt)

	z := copyOf(t)
	said := judge(z, first)
	if serial, ok := z.Serial(); z.Coverage != freehold.CoverageAPI || !ok || serial != 7 || z.Counts()[freehold.TypeNS] != 4 || strings.Contains(said, "TTL") {
		t.Errorf("%s: serial %d, %v\n%s", z.Coverage, serial, z.Counts(), said)
	}
	if want := dnsexporttest.RichZone(t, dnsexporttest.Name(t, "suite.test")); len(want.Diff(z, freehold.DiffRules{}).Changes) > 0 {
		t.Errorf("the completed copy differs: %v", want.Diff(z, freehold.DiffRules{}).Changes)
	}
	z = copyOf(t)
	if said = judge(z, first, second); z.Coverage != freehold.CoverageUnknown || !strings.Contains(said, "ns2.ours.test (127.0.7.2) has 1 record sets otherwise than the API gives them: mail.suite.test. A") || strings.Contains(said, "127.0.7.1") {
		t.Errorf("%s\n%s", z.Coverage, said)
	}
	for _, lost := range []string{"@ MX", "mail A", "@ CAA", "www CNAME", "host SSHFP"} {
		z = copyOf(t, lost)
		said = judge(z, first)
		// An owner that is gone altogether and that nothing speaks of cannot be found.
		found := z.Coverage == freehold.CoverageUnknown && strings.Contains(said, "otherwise")
		if found == (lost == "host SSHFP") {
			t.Errorf("without %s: %s\n%s", lost, z.Coverage, said)
		}
	}
	z = copyOf(t)
	if said = judge(z, first, silent); z.Coverage != freehold.CoverageUnknown || !strings.Contains(said, "ns3.ours.test (127.0.7.9) did not answer") {
		t.Errorf("%s\n%s", z.Coverage, said)
	}
	z = copyOf(t)
	silent.Host = first.Host // another address of the same server
	if said = judge(z, first, silent); z.Coverage != freehold.CoverageAPI || !strings.Contains(said, "but elsewhere") {
		t.Errorf("%s\n%s", z.Coverage, said)
	}
}

// fake answers from a zone, as an authoritative server does.
func fake(z *freehold.Zone, spoil func(*dns.Msg)) Asker {
	return func(_ context.Context, _ netip.AddrPort, name string, qtype uint16) (*dns.Msg, error) {
		m := new(dns.Msg)
		m.SetQuestion(name, qtype)
		m.Authoritative, m.Response = true, true
		for _, r := range z.Records {
			if strings.EqualFold(r.Owner.String(), name) && uint16(r.Type) == qtype {
				rr := &dns.RFC3597{Hdr: dns.RR_Header{Name: name, Rrtype: qtype, Class: 1, Ttl: r.TTL}, Rdata: fmt.Sprintf("%x", r.Data)}
				known, err := dns.NewRR(fmt.Sprintf("%s %d IN TYPE%d \\# %d %x", name, r.TTL, qtype, len(r.Data), r.Data))
				if err == nil {
					m.Answer = append(m.Answer, known)
				} else {
					m.Answer = append(m.Answer, rr)
				}
			}
		}
		if spoil != nil {
			spoil(m)
		}
		return m, nil
	}
}

// TestTTLs: what is served with another TTL is told, once a set, and the copy is
// complete all the same.
func TestTTLs(t *testing.T) {
	z := copyOf(t)
	truth := dnsexporttest.RichZone(t, dnsexporttest.Name(t, "suite.test"))
	for i, r := range truth.Records {
		if r.Owner.Relative(z.Origin) == "mail" && r.Type == freehold.TypeA {
			truth.Records[i].TTL = 17
		}
	}
	if err := Judge(context.Background(), z, Config{Ask: fake(truth, nil), Servers: []resolve.Server{server(t, "ns1.ours.test", firstAt), server(t, "ns2.ours.test", secondAt)}}); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, n := range z.Notes {
		if strings.Contains(n.Text.String(), "TTL") {
			told = append(told, n.Place+": "+n.Text.String())
		}
	}
	said := fmt.Sprint(z.Reasons)
	if len(told) != 1 || !strings.HasPrefix(told[0], "mail.suite.test. A: 127.0.7.") || !strings.Contains(told[0], "serves it with a TTL of 17, and the API says 3600.") ||
		!strings.Contains(said, "The name servers give other TTLs than the API; the copy has the API's. Record sets: 1.") || z.Coverage != freehold.CoverageAPI {
		t.Errorf("%s %q\n%s", z.Coverage, told, said)
	}
}

func TestVerdicts(t *testing.T) {
	whole := dnsexporttest.Zone(t, dnsexporttest.Name(t, "suite.test"), "@ A 192.0.2.1\n@ MX 10 mail\nmail A 192.0.2.2\nwww A 192.0.2.3\n")
	api := func(text string) *freehold.Zone {
		z := dnsexporttest.Zone(t, dnsexporttest.Name(t, "suite.test"), text)
		z.Coverage = freehold.CoverageUnknown
		return z
	}
	one := []resolve.Server{server(t, "ns1.ours.test", firstAt)}
	for _, c := range []struct {
		what    string
		zone    *freehold.Zone
		foreign []freehold.ForeignRecord
		servers []resolve.Server
		spoil   func(*dns.Msg)
		good    bool
		says    string
	}{
		{"all the same", api("@ A 192.0.2.1\n@ MX 10 MAIL\nmail A 192.0.2.2\nwww A 192.0.2.3\n"), nil, one, nil, true, "every name server agrees: 5 record sets, asked for at 1 addresses"},
		{"nobody to ask", api("@ A 192.0.2.1\n"), nil, nil, nil, false, "stands alone"},
		{"one lost at the apex", api("@ A 192.0.2.1\nmail A 192.0.2.2\nwww A 192.0.2.3\n"), nil, one, nil, false, "suite.test. MX"},
		{"one more than is served", api("@ A 192.0.2.1\n@ MX 10 mail\nmail A 192.0.2.2\nwww A 192.0.2.3\nold A 192.0.2.4\n"), nil, one, nil, false, "old.suite.test. A"},
		{"not responsible", api("@ A 192.0.2.1\n@ MX 10 mail\nmail A 192.0.2.2\nwww A 192.0.2.3\n"), nil, one, func(m *dns.Msg) { m.Authoritative = false }, false, "SOA"},
		{"refused", api("@ A 192.0.2.1\n"), nil, one, func(m *dns.Msg) { m.Rcode = dns.RcodeRefused }, false, "did not answer"},
		{"proxied", api("@ A 192.0.2.1\n@ MX 10 mail\nmail A 192.0.2.2\nwww A 203.0.113.3\n"), []freehold.ForeignRecord{{Owner: "\x03www\x05suite\x04test\x00", Kind: "proxied A"}}, one, nil, true, "1 record sets are answered otherwise"},
		{"a redirect hides nothing", api("@ A 192.0.2.1\n@ MX 10 mail\nmail A 192.0.2.2\nwww A 203.0.113.3\n"), []freehold.ForeignRecord{{Owner: "\x03www\x05suite\x04test\x00", Kind: "web redirect"}}, one, nil, false, "www.suite.test. A"},
		{"flattened apex", api("@ MX 10 mail\nmail A 192.0.2.2\nwww A 192.0.2.3\n"), []freehold.ForeignRecord{{Owner: "\x05suite\x04test\x00", Kind: "ALIAS"}}, one, nil, true, "agrees"},
	} {
		c.zone.Foreign = c.foreign
		if err := Judge(context.Background(), c.zone, Config{Ask: fake(whole, c.spoil), Servers: c.servers, Parallel: 3}); err != nil {
			t.Fatal(c.what, err)
		}
		var said []string
		for _, r := range c.zone.Reasons {
			said = append(said, r.String())
		}
		if all := strings.Join(said, "\n"); (c.zone.Coverage == freehold.CoverageAPI) != c.good || !strings.Contains(all, c.says) {
			t.Errorf("%s: %s\n%s", c.what, c.zone.Coverage, all)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	z := copyOf(t)
	err := Judge(ctx, z, Config{Ask: fake(z, nil), Servers: []resolve.Server{server(t, "ns1.ours.test", firstAt)}})
	if freehold.KindOf(err) != freehold.KindUnavailable || z.Coverage != freehold.CoverageUnknown {
		t.Errorf("%v %v", z.Coverage, err)
	}
}

// TestBounds: a zone of many owners is not asked about for ever, and what is told
// stays short.
func TestBounds(t *testing.T) {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "host%d A 192.0.2.%d\n", i, i%250)
	}
	z := dnsexporttest.Zone(t, dnsexporttest.Name(t, "suite.test"), b.String())
	empty := dnsexporttest.Zone(t, dnsexporttest.Name(t, "suite.test"), "")
	asked := 0
	ask := fake(empty, nil)
	err := Judge(context.Background(), z, Config{Servers: []resolve.Server{server(t, "ns1.ours.test", firstAt)}, Parallel: 1, Ask: func(ctx context.Context, s netip.AddrPort, name string, qtype uint16) (*dns.Msg, error) {
		asked++
		return ask(ctx, s, name, qtype)
	}})
	if err != nil || asked > 2000+2+500*len(ownerTypes)+len(apexTypes)+20 || len(z.Notes) > maxNotes || len(z.Reasons) != 2 || len(z.Reasons[1].String()) > 300 {
		t.Errorf("%d questions, %d notes, %v, %v", asked, len(z.Notes), z.Reasons, err)
	}
}
