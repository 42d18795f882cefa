package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/internal/limit"
)

var ctx = context.Background()

// clock is a limiter's clock that jumps instead of waiting.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) timer(d time.Duration) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	c.now = c.now.Add(d)
	ch := make(chan time.Time, 1)
	ch <- c.now
	return ch, func() {}
}

func (c *clock) waits() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.slept)
}

// client makes a client on a jumping clock.
func client(t *testing.T, cfg Config) (*Client, *clock) {
	clk := newClock()
	cfg.Now = clk.Now
	cfg.Limiter = limit.New(limit.Config{Now: clk.Now, Timer: clk.timer})
	c := New(cfg)
	t.Cleanup(c.Close)
	return c, clk
}

func serve(t *testing.T, h http.HandlerFunc) (base string) {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

func TestGet(t *testing.T) {
	var got http.Header
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.Header().Set("Content-Type", "application/rdap+json")
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Cache-Control", "public, max-age=60")
		fmt.Fprint(w, "{}")
	})
	c, clk := client(t, Config{UserAgent: "freehold/test (+https://example.org)"})
	r, err := c.Get(ctx, Request{URL: base + "/rdap/domain/a.example", Policy: Policy{Named: bases(t, base+"/rdap")}, Accept: "application/rdap+json", ETag: `"0"`})
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != freehold.OutcomeAnswered || r.Status != 200 || string(r.Body) != "{}" || r.ContentType != "application/rdap+json" ||
		r.ETag != `"1"` || !r.Expires.Equal(clk.now.Add(time.Minute)) || !r.Time.Equal(clk.now) || r.URL != base+"/rdap/domain/a.example" {
		t.Errorf("response %+v", r)
	}
	for key, want := range map[string]string{"User-Agent": "freehold/test (+https://example.org)", "Accept": "application/rdap+json", "If-None-Match": `"0"`, "Accept-Encoding": "gzip"} {
		if got.Get(key) != want {
			t.Errorf("%s: %q, want %q", key, got.Get(key), want)
		}
	}
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		status int
		want   freehold.Outcome
	}{
		{200, freehold.OutcomeAnswered}, {404, freehold.OutcomeAnswered}, {304, freehold.OutcomeAnswered},
		{400, freehold.OutcomeRefused}, {401, freehold.OutcomeRefused}, {403, freehold.OutcomeRefused}, {451, freehold.OutcomeRefused},
		{500, freehold.OutcomeFailed}, {502, freehold.OutcomeFailed}, {429, freehold.OutcomeThrottled}, {503, freehold.OutcomeThrottled},
		{302, freehold.OutcomeGarbled}, // without a Location
	} {
		base := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(c.status) })
		cl, _ := client(t, Config{})
		r, err := cl.Get(ctx, Request{URL: base, Policy: Policy{Named: bases(t, base)}})
		if r.Outcome != c.want || r.Status != c.status || (err == nil) != (c.want == freehold.OutcomeAnswered) {
			t.Errorf("%d: outcome %s, status %d, err %v; want %s", c.status, r.Outcome, r.Status, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "\n") || freehold.KindOf(err) != freehold.KindUnavailable) {
			t.Errorf("%d: error %q", c.status, err)
		}
	}
}

func TestThrottling(t *testing.T) {
	date := newClock().now.Add(9 * time.Second).Format(http.TimeFormat)
	for _, c := range []struct {
		name    string
		status  int
		retry   string
		bad     int // answers that say "slow down" before a good one
		want    freehold.Outcome
		waits   string
		queries int32
	}{
		{"seconds", 429, "7", 1, freehold.OutcomeAnswered, "[7s]", 2},
		{"date", 429, date, 1, freehold.OutcomeAnswered, "[9s]", 2},
		{"503", 503, "3", 1, freehold.OutcomeAnswered, "[3s]", 2},
		{"not said", 429, "", 2, freehold.OutcomeAnswered, "[1s 2s]", 3},
		{"nonsense", 429, "soon", 1, freehold.OutcomeAnswered, "[1s]", 2},
		{"negative", 429, "-5", 1, freehold.OutcomeAnswered, "[1s]", 2},
		{"longer than the patience", 429, "31", 1, freehold.OutcomeThrottled, "[]", 1},
		{"overflow", 429, "99999999999999999999", 1, freehold.OutcomeAnswered, "[1s]", 2},
		{"a century", 429, "3155760000", 1, freehold.OutcomeThrottled, "[]", 1},
		{"for ever", 429, "1", 99, freehold.OutcomeThrottled, "[1s 1s]", 3},
		{"patience in all", 429, "20", 99, freehold.OutcomeThrottled, "[20s]", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var queries atomic.Int32
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if n := queries.Add(1); int(n) > c.bad {
					fmt.Fprint(w, "{}")
					return
				}
				if c.retry != "" {
					w.Header().Set("Retry-After", c.retry)
				}
				w.WriteHeader(c.status)
			})
			cl, clk := client(t, Config{})
			r, err := cl.Get(ctx, Request{URL: base, Policy: Policy{Named: bases(t, base)}})
			if r.Outcome != c.want || clk.waits() != c.waits || queries.Load() != c.queries {
				t.Errorf("outcome %s (%v), waits %s, %d queries; want %s, %s, %d", r.Outcome, err, clk.waits(), queries.Load(), c.want, c.waits, c.queries)
			}
			if c.want == freehold.OutcomeThrottled && (freehold.HintOf(err) == "" || r.Status != c.status) {
				t.Errorf("throttled: status %d, error %v without a hint", r.Status, err)
			}
		})
	}
}

// A server that drops connections is treated like one that says "slow down".
func TestReset(t *testing.T) {
	var queries atomic.Int32
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if queries.Add(1) > 1 {
			fmt.Fprint(w, "{}")
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	})
	cl, clk := client(t, Config{})
	r, err := cl.Get(ctx, Request{URL: base, Policy: Policy{Named: bases(t, base)}})
	if err != nil || r.Outcome != freehold.OutcomeAnswered || clk.waits() != "[1s]" {
		t.Errorf("outcome %s, %v, waits %s", r.Outcome, err, clk.waits())
	}
}

// While one server is held back, others are asked at once, and the held one is
// not asked at all.
func TestHeldServerIsLeftAlone(t *testing.T) {
	var queries atomic.Int32
	slow := serve(t, func(w http.ResponseWriter, r *http.Request) {
		queries.Add(1)
		w.Header().Set("Retry-After", "300")
		w.WriteHeader(429)
	})
	fast := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "{}") })
	cl, clk := client(t, Config{})
	p := Policy{Named: bases(t, slow, fast)}
	for range 5 {
		if r, _ := cl.Get(ctx, Request{URL: slow, Policy: p}); r.Outcome != freehold.OutcomeThrottled {
			t.Errorf("outcome %s", r.Outcome)
		}
	}
	if r, err := cl.Get(ctx, Request{URL: fast, Policy: p}); err != nil || r.Outcome != freehold.OutcomeAnswered {
		t.Errorf("other server: %s, %v", r.Outcome, err)
	}
	if queries.Load() != 1 || clk.waits() != "[]" {
		t.Errorf("%d queries, waits %s", queries.Load(), clk.waits())
	}
}

func TestHostileBodies(t *testing.T) {
	chunk := bytes.Repeat([]byte("a"), 64<<10)
	var sent atomic.Int64
	endless := func(w http.ResponseWriter, r *http.Request) {
		for sent.Add(int64(len(chunk))) < 1<<30 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    freehold.Outcome
		msg     string
	}{
		{"endless", endless, freehold.OutcomeGarbled, "larger than 1 MiB"},
		{"100 MB announced", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100000000")
			endless(w, r)
		}, freehold.OutcomeGarbled, "larger than 1 MiB"},
		{"bomb", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 1600 { // 100 MB
				if _, err := z.Write(chunk); err != nil {
					return
				}
			}
			z.Close()
		}, freehold.OutcomeGarbled, "larger than 1 MiB"},
		{"cut short", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write([]byte("abc"))
		}, freehold.OutcomeFailed, "dropped the connection"},
		{"drip", func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte("{"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, freehold.OutcomeTimeout, "within 300ms"},
		{"silent", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, freehold.OutcomeTimeout, "within 300ms"},
		{"endless header", func(w http.ResponseWriter, r *http.Request) {
			for i := range 2000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 100))
			}
		}, freehold.OutcomeFailed, "header"},
		{"no HTTP", func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n")
			conn.Close()
		}, freehold.OutcomeFailed, "malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent.Store(0)
			base := serve(t, c.handler)
			timeout := 10 * time.Second
			if c.want == freehold.OutcomeTimeout {
				timeout = 300 * time.Millisecond
			}
			cl, _ := client(t, Config{Timeout: timeout})
			r, err := cl.Get(ctx, Request{URL: base, Policy: Policy{Named: bases(t, base)}})
			if r.Outcome != c.want || err == nil || !strings.Contains(err.Error(), c.msg) {
				t.Errorf("outcome %s, %v; want %s, %s", r.Outcome, err, c.want, c.msg)
			}
			if r.Truncated != (c.want == freehold.OutcomeGarbled) || len(r.Body) > keptPrefix {
				t.Errorf("truncated %v, %d octets kept", r.Truncated, len(r.Body))
			}
			if n := sent.Load(); n > 32<<20 { // the cap and what the sockets buffer
				t.Errorf("%d octets were taken from the server", n)
			}
		})
	}
}

func TestCallerGivesUp(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	cl, _ := client(t, Config{})
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if r, err := cl.Get(short, Request{URL: base, Policy: Policy{Named: bases(t, base)}}); r.Outcome != freehold.OutcomeTimeout || err == nil {
		t.Errorf("outcome %s, %v", r.Outcome, err)
	}
}

func TestRedirects(t *testing.T) {
	secret := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Error("the server outside the policy was asked") })
	var base string
	base = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/rdap/ok":
			fmt.Fprint(w, "{}")
		case "/rdap/moved":
			http.Redirect(w, r, "/rdap/ok", http.StatusFound)
		case "/rdap/relative":
			w.Header().Set("Location", "ok")
			w.WriteHeader(http.StatusPermanentRedirect)
		case "/rdap/loop":
			http.Redirect(w, r, "/rdap/loop", http.StatusFound)
		case "/rdap/other":
			http.Redirect(w, r, secret+"/", http.StatusFound)
		case "/rdap/outside":
			http.Redirect(w, r, "/admin", http.StatusFound)
		case "/rdap/metadata":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		case "/rdap/dots":
			w.Header().Set("Location", base+"/rdap/%2e%2e/admin")
			w.WriteHeader(http.StatusFound)
		case "/rdap/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		default:
			t.Errorf("%s was asked", r.URL)
		}
	})
	cl, _ := client(t, Config{})
	for _, c := range []struct {
		path string
		want freehold.Outcome
		msg  string
	}{
		{"moved", freehold.OutcomeAnswered, ""},
		{"relative", freehold.OutcomeAnswered, ""},
		{"loop", freehold.OutcomeGarbled, "too often"},
		{"other", freehold.OutcomeRefused, "not asked"},
		{"outside", freehold.OutcomeRefused, "not asked"},
		{"metadata", freehold.OutcomeRefused, "not asked"},
		{"dots", freehold.OutcomeRefused, "not asked"},
		{"file", freehold.OutcomeRefused, "not asked"},
	} {
		r, err := cl.Get(ctx, Request{URL: base + "/rdap/" + c.path, Policy: Policy{Named: bases(t, base+"/rdap/")}})
		if r.Outcome != c.want || (err == nil) != (c.msg == "") || err != nil && !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%s: outcome %s, %v; want %s, %q", c.path, r.Outcome, err, c.want, c.msg)
		}
		if c.msg == "" && r.URL != base+"/rdap/ok" {
			t.Errorf("%s: final URL %q", c.path, r.URL)
		}
	}
}

// nameServer answers A queries from a table, over UDP on loopback.
func nameServer(t *testing.T, table map[string][]string) *net.Resolver {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{PacketConn: pc, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		for _, a := range table[q.Question[0].Name] {
			addr := netip.MustParseAddr(a)
			hdr := dns.RR_Header{Name: q.Question[0].Name, Class: dns.ClassINET, Ttl: 1}
			switch {
			case addr.Is4() && q.Question[0].Qtype == dns.TypeA:
				hdr.Rrtype = dns.TypeA
				m.Answer = append(m.Answer, &dns.A{Hdr: hdr, A: addr.AsSlice()})
			case addr.Is6() && q.Question[0].Qtype == dns.TypeAAAA:
				hdr.Rrtype = dns.TypeAAAA
				m.Answer = append(m.Answer, &dns.AAAA{Hdr: hdr, AAAA: addr.AsSlice()})
			}
		}
		w.WriteMsg(m)
	})}
	go s.ActivateAndServe()
	t.Cleanup(func() { s.Shutdown() })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

// A public name may have any address behind it: what is dialled is checked.
func TestPublicNamePrivateAddress(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "{}") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	resolver := nameServer(t, map[string][]string{
		"loop.example.com.":    {"127.0.0.1"},
		"private.example.com.": {"10.0.0.1", "192.168.0.1", "::1", "fd00::1"},
		"example.com.":         {"127.0.0.1"},
	})
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	p := Policy{Hosts: func(string) bool { return true }}

	cl, _ := client(t, Config{Resolver: resolver, roots: roots, Timeout: 5 * time.Second})
	for _, host := range []string{"loop.example.com", "private.example.com"} {
		r, err := cl.Get(ctx, Request{URL: "https://" + host + ":" + port + "/domain/x", Policy: p})
		if r.Outcome != freehold.OutcomeRefused || err == nil || !strings.Contains(err.Error(), "not public") {
			t.Errorf("%s: outcome %s, %v", host, r.Outcome, err)
		}
	}
	r, err := cl.Get(ctx, Request{URL: "https://nowhere.example.com/x", Policy: p})
	if r.Outcome != freehold.OutcomeFailed || err == nil || !strings.Contains(err.Error(), "no address") {
		t.Errorf("no such host: outcome %s, %v", r.Outcome, err)
	}

	// The same way, with loopback taken for public, does answer: the refusals
	// above are the check's doing. The certificate is for example.com.
	all := func(netip.Addr) bool { return true }
	cl, _ = client(t, Config{Resolver: resolver, roots: roots, public: all})
	r, err = cl.Get(ctx, Request{URL: "https://example.com:" + port + "/domain/x", Policy: p})
	if err != nil || string(r.Body) != "{}" {
		t.Errorf("allowed: %+v, %v", r, err)
	}
	r, err = cl.Get(ctx, Request{URL: "https://loop.test.example.com:" + port + "/x", Policy: p})
	if err == nil {
		t.Errorf("unknown host: %+v", r)
	}
	cl, _ = client(t, Config{Resolver: resolver, public: all})
	r, err = cl.Get(ctx, Request{URL: "https://example.com:" + port + "/domain/x", Policy: p})
	if r.Outcome != freehold.OutcomeFailed || err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("unknown signer: outcome %s, %v", r.Outcome, err)
	}
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		t.Error("the error drags the certificate along")
	}
}

// Connections that the user's own base opened to a private address are not
// reused for the same host under the public policy.
func TestNamedConnectionIsNotReused(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "{}") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	cl, _ := client(t, Config{Resolver: nameServer(t, map[string][]string{"example.com.": {"127.0.0.1"}}), roots: roots})
	p := Policy{Named: bases(t, "https://example.com:"+port+"/rdap/"), Hosts: func(string) bool { return true }}
	if r, err := cl.Get(ctx, Request{URL: "https://example.com:" + port + "/rdap/x", Policy: p}); err != nil {
		t.Fatalf("named: %+v, %v", r, err)
	}
	if r, err := cl.Get(ctx, Request{URL: "https://example.com:" + port + "/other", Policy: p}); r.Outcome != freehold.OutcomeRefused {
		t.Errorf("public: outcome %s, %v", r.Outcome, err)
	}
}

func TestProxyFromEnvironmentIsIgnored(t *testing.T) {
	if New(Config{}).open.Proxy != nil || New(Config{}).guard.Proxy != nil {
		t.Error("a proxy is used")
	}
}

// TestCompressed: gzip is asked for and inflated, also by a reader that was used
// before; where it says gzip and there is nothing, nothing came.
func TestCompressed(t *testing.T) {
	var squeezed bytes.Buffer
	z := gzip.NewWriter(&squeezed)
	z.Write([]byte(`{"ldhName":"boulangerie-perrin.com"}`))
	z.Close()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "GZip")
		switch r.URL.Path {
		case "/whole":
			w.Write(squeezed.Bytes())
		case "/cut":
			w.Write(squeezed.Bytes()[:squeezed.Len()-9])
		case "/plain":
			w.Write([]byte(`{"ldhName":"boulangerie-perrin.com"}`))
		case "/unchanged":
			w.WriteHeader(http.StatusNotModified)
		}
	})
	cl, _ := client(t, Config{Attempts: 1})
	for range 3 {
		for _, c := range []struct {
			path, body string
			want       freehold.Outcome
		}{
			{"/whole", `{"ldhName":"boulangerie-perrin.com"}`, freehold.OutcomeAnswered},
			{"/cut", `{"ldhName":"boulangerie-perrin.com"}`, freehold.OutcomeFailed},
			{"/plain", "", freehold.OutcomeFailed},
			{"/unchanged", "", freehold.OutcomeAnswered},
			{"/empty", "", freehold.OutcomeAnswered},
		} {
			r, err := cl.Get(ctx, Request{URL: base + c.path, Policy: Policy{Named: bases(t, base)}})
			if r.Outcome != c.want || string(r.Body) != c.body {
				t.Errorf("%s: outcome %s, body %q, error %v", c.path, r.Outcome, r.Body, err)
			}
		}
	}
}
