package lab

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// clock is a Sleep that takes no time and remembers what was asked of it.
type clock struct {
	mu    sync.Mutex
	slept []time.Duration
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	return ctx.Err()
}

func (c *clock) total() (sum time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.slept {
		sum += d
	}
	return sum
}

const faultyRegistry = "registry/grandgable"

func TestRDAPFaults(t *testing.T) {
	var pace clock
	l := up(t, Config{Sleep: pace.sleep})
	url := domainURL(t, l, "garage-montfleuri.com")
	right := mustGet(t, web(t), url)
	for _, tt := range []struct {
		fault Fault
		check func(t *testing.T, r *http.Response, body string, err error)
	}{
		{Fault{Kind: Slow, Delay: time.Minute}, func(t *testing.T, r *http.Response, body string, err error) {
			if body != right || pace.total() != time.Minute {
				t.Errorf("%q after %v", body, pace.total())
			}
		}},
		{Fault{Kind: Throttle, RetryAfter: 17}, func(t *testing.T, r *http.Response, body string, err error) {
			if r.StatusCode != 429 || r.Header.Get("Retry-After") != "17" {
				t.Errorf("%v", r)
			}
		}},
		{Fault{Kind: Unavailable}, status(503)},
		{Fault{Kind: Refuse}, status(403)},
		{Fault{Kind: OtherName}, func(t *testing.T, r *http.Response, body string, err error) {
			if r.StatusCode != 200 || strings.Contains(strings.ToLower(body), "montfleuri.com") || !strings.Contains(body, `"ldhName":"quelqu-un-dautre.com"`) {
				t.Errorf("%d %s", r.StatusCode, body)
			}
		}},
		{Fault{Kind: HTML}, func(t *testing.T, r *http.Response, body string, err error) {
			if r.StatusCode != 200 || !strings.HasPrefix(body, "<!DOCTYPE html>") {
				t.Errorf("%d %s", r.StatusCode, body)
			}
		}},
		{Fault{Kind: WrongType}, func(t *testing.T, r *http.Response, body string, err error) {
			if body != right || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
				t.Errorf("%v %s", r.Header, body)
			}
		}},
		{Fault{Kind: Empty}, func(t *testing.T, r *http.Response, body string, err error) {
			if r.StatusCode != 200 || body != "" {
				t.Errorf("%d %q", r.StatusCode, body)
			}
		}},
		{Fault{Kind: Endless}, func(t *testing.T, r *http.Response, body string, err error) {
			if len(body) != readAtMost || err != nil {
				t.Errorf("%d octets, %v", len(body), err)
			}
		}},
		{Fault{Kind: Silent}, func(t *testing.T, r *http.Response, body string, err error) {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
		}},
		{Fault{Kind: Reset}, broken},
		{Fault{Kind: Gone}, broken},
	} {
		t.Run(tt.fault.Kind.String(), func(t *testing.T) {
			tt.fault.Server = faultyRegistry
			if err := l.Break(tt.fault); err != nil {
				t.Fatal(err)
			}
			patience := 10 * time.Second
			if tt.fault.Kind == Silent {
				patience = 50 * time.Millisecond
			}
			r, body, err := fetchURL(web(t), url, patience)
			if r == nil && err == nil {
				t.Fatal("neither answer nor error")
			}
			tt.check(t, r, body, err)
		})
	}
	if err := l.Mend(faultyRegistry); err != nil {
		t.Fatal(err)
	}
	if got := mustGet(t, web(t), url); got != right {
		t.Errorf("mended: %s", got)
	}
}

const readAtMost = 5 << 20

func fetchURL(c *http.Client, url string, patience time.Duration) (*http.Response, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, "", err
	}
	r, err := c.Do(q)
	if err != nil {
		return nil, "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, readAtMost))
	return r, string(body), err
}

func status(want int) func(*testing.T, *http.Response, string, error) {
	return func(t *testing.T, r *http.Response, _ string, err error) {
		if err != nil || r.StatusCode != want {
			t.Errorf("%v %v", r, err)
		}
	}
}

func broken(t *testing.T, r *http.Response, _ string, err error) {
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v %v", r, err)
	}
}

// TestThrottleAfter: a server answers well as often as it was told to.
func TestThrottleAfter(t *testing.T) {
	l, c := up(t, Config{Faults: []Fault{{Server: faultyRegistry, Kind: Throttle, After: 3, RetryAfter: 1}}}), web(t)
	var got []int
	for range 5 {
		status, _, _ := get(t, c, domainURL(t, l, "garage-montfleuri.com"))
		got = append(got, status)
	}
	if want := []int{200, 200, 200, 429, 429}; !equal(got, want) || l.Asked(faultyRegistry) != 5 {
		t.Errorf("%v after %d questions, want %v", got, l.Asked(faultyRegistry), want)
	}
}

func equal(a, b []int) bool {
	for i := range a {
		if len(a) != len(b) || a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

func TestDNSFaults(t *testing.T) {
	var pace clock
	l := up(t, Config{Sleep: pace.sleep})
	const id, addr, name = "dns/ns1.rhodanum-web.ch", "127.53.16.1", "atelier-verrine.ch"
	server := net.JoinHostPort(addr, strconv.Itoa(l.DNSPort()))
	q := new(dns.Msg).SetQuestion(name+".", dns.TypeA)
	right := ask(t, l, addr, name, dns.TypeA)
	for _, tt := range []struct {
		fault Fault
		check func(m *dns.Msg, err error) bool
	}{
		{Fault{Kind: Slow, Delay: time.Hour}, func(m *dns.Msg, err error) bool { return err == nil && len(m.Answer) == 1 && pace.total() == time.Hour }},
		{Fault{Kind: Throttle}, func(m *dns.Msg, err error) bool { return err == nil && m.Truncated && len(m.Answer) == 0 }},
		{Fault{Kind: Unavailable}, func(m *dns.Msg, err error) bool { return err == nil && m.Rcode == dns.RcodeServerFailure }},
		{Fault{Kind: Refuse}, func(m *dns.Msg, err error) bool { return err == nil && m.Rcode == dns.RcodeRefused }},
		{Fault{Kind: OtherName}, func(m *dns.Msg, err error) bool { return err == nil && m.Question[0].Name != q.Question[0].Name }},
		{Fault{Kind: WrongID}, func(m *dns.Msg, err error) bool { return err == nil && m.Id == q.Id^0x5555 }},
		{Fault{Kind: Empty}, func(m *dns.Msg, err error) bool {
			return err == nil && len(m.Answer)+len(m.Ns) == 0 && m.Rcode == dns.RcodeSuccess
		}},
		{Fault{Kind: HTML}, func(m *dns.Msg, err error) bool { return err != nil && !timedOut(err) }},
		{Fault{Kind: Silent}, func(m *dns.Msg, err error) bool { return timedOut(err) }},
		{Fault{Kind: Gone}, func(m *dns.Msg, err error) bool { return err != nil && !timedOut(err) }},
	} {
		tt.fault.Server = id
		if err := l.Break(tt.fault); err != nil {
			t.Fatal(err)
		}
		patience := 10 * time.Second
		if tt.fault.Kind == Silent {
			patience = 50 * time.Millisecond
		}
		if m, err := exchange(server, q, patience); !tt.check(m, err) {
			t.Errorf("%v: %v %v", tt.fault.Kind, m, err)
		}
	}
	// A throttling server speaks over TCP.
	if err := l.Break(Fault{Server: id, Kind: Throttle}); err != nil {
		t.Fatal(err)
	}
	if m, _, err := (&dns.Client{Net: "tcp"}).Exchange(q, server); err != nil || len(m.Answer) != 1 {
		t.Errorf("over TCP: %v %v", m, err)
	}
	if err := l.Mend(id); err != nil {
		t.Fatal(err)
	}
	if m := ask(t, l, addr, name, dns.TypeA); len(m.Answer) != len(right.Answer) {
		t.Errorf("mended: %s", m)
	}
}

// exchange asks over a plain socket: a client library would throw the wrong
// answers away.
func exchange(server string, q *dns.Msg, patience time.Duration) (*dns.Msg, error) {
	conn, err := net.Dial("udp", server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	wire, err := q.Pack()
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(wire); err != nil {
		return nil, err
	}
	buf := make([]byte, 4096)
	n, err := conn.Read(buf)
	if err != nil {
		return nil, err
	}
	m := new(dns.Msg)
	return m, m.Unpack(buf[:n])
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func TestWHOISFaults(t *testing.T) {
	var pace clock
	l := up(t, Config{Sleep: pace.sleep})
	const id, name = "whois/eu", "traiteur-lievens.eu"
	right, err := askWHOIS(l, "eu", name, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		fault Fault
		check func(text string, err error) bool
	}{
		{Fault{Kind: Slow, Delay: time.Hour}, func(text string, err error) bool { return text == right && pace.total() == time.Hour }},
		{Fault{Kind: Throttle, RetryAfter: 60}, func(text string, err error) bool { return text == "-1: Still in grace period, wait 60 seconds\n" }},
		{Fault{Kind: Unavailable}, func(text string, err error) bool { return strings.Contains(text, "temporarily unavailable") }},
		{Fault{Kind: Refuse}, func(text string, err error) bool { return strings.Contains(text, "denied") }},
		{Fault{Kind: OtherName}, func(text string, err error) bool {
			return strings.Contains(text, "Domain: quelqu-un-dautre.eu") && !strings.Contains(text, name)
		}},
		{Fault{Kind: HTML}, func(text string, err error) bool { return text == maintenancePage }},
		{Fault{Kind: Empty}, func(text string, err error) bool { return text == "" && err == nil }},
		{Fault{Kind: Endless}, func(text string, err error) bool { return len(text) == readAtMost }},
		{Fault{Kind: Silent}, func(text string, err error) bool { return text == "" && timedOut(err) }},
		{Fault{Kind: Reset}, func(text string, err error) bool { return text == "" && err != nil && !timedOut(err) }},
		{Fault{Kind: Gone}, func(text string, err error) bool { return text == "" && err != nil && !timedOut(err) }},
	} {
		tt.fault.Server = id
		if err := l.Break(tt.fault); err != nil {
			t.Fatal(err)
		}
		patience := 10 * time.Second
		if tt.fault.Kind == Silent {
			patience = 50 * time.Millisecond
		}
		if text, err := askWHOIS(l, "eu", name, patience); !tt.check(text, err) {
			t.Errorf("%v: %q %v", tt.fault.Kind, text[:min(len(text), 300)], err)
		}
	}
	if err := l.Mend(id); err != nil {
		t.Fatal(err)
	}
	if text, err := askWHOIS(l, "eu", name, time.Minute); text != right || err != nil {
		t.Errorf("mended: %q %v", text, err)
	}
}

func askWHOIS(l *Lab, tld, query string, patience time.Duration) (string, error) {
	addr, _ := l.WHOIS(tld)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, query+"\r\n"); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(conn, readAtMost))
	return string(text), err
}

// TestBreakRefuses: what a server cannot do is said, not passed over.
func TestBreakRefuses(t *testing.T) {
	l := up(t, Config{})
	for _, f := range []Fault{
		{Server: "registry/nowhere", Kind: Slow}, {Server: "dns/ns1.nordet-web.ca", Kind: Endless},
		{Server: "whois/eu", Kind: WrongID}, {Server: "rir/eurasia", Kind: WrongID}, {Server: "whois/eu", Kind: 200},
	} {
		if err := l.Break(f); err == nil {
			t.Errorf("%v was done", f)
		}
	}
	for kind := range FaultKind(len(faultNames)) {
		if got, ok := FaultKindOf(kind.String()); got != kind || !ok {
			t.Errorf("%v reads back as %v", kind, got)
		}
	}
	if _, ok := FaultKindOf("tired"); ok {
		t.Error("no such kind")
	}
}

// TestDelay passes before every answer.
func TestDelay(t *testing.T) {
	var pace clock
	l, c := up(t, Config{Delay: time.Second, Sleep: pace.sleep}), web(t)
	mustGet(t, c, domainURL(t, l, "garage-montfleuri.com"))
	ask(t, l, "127.53.0.1", "com", dns.TypeNS)
	if _, err := askWHOIS(l, "eu", "traiteur-lievens.eu", time.Minute); err != nil {
		t.Fatal(err)
	}
	if pace.total() != 3*time.Second {
		t.Errorf("%v passed", pace.total())
	}
}
