package whois

import (
	"bufio"
	"context"

	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"freehold"
	"freehold/internal/limit"
)

var testTime = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

const found = "Domain: moulin-bleu.eu\nScript: LATIN\n\nRegistrar:\n\tName: Hébergeur Exemple SA\n\nName servers:\n\tns.hote.example\n"

// serve starts a real server on loopback. answer gets each connection after its
// query line was read; the connection is closed when it returns.
func serve(t testing.TB, answer func(conn *net.TCPConn, query string)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		open.Wait()
	})
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				query, err := bufio.NewReader(conn).ReadString('\n')
				if err == nil {
					answer(conn.(*net.TCPConn), query)
				}
			})
		}
	})
	return l.Addr().String()
}

// untilGone blocks until the client closes its side.
func untilGone(conn *net.TCPConn) { io.Copy(io.Discard, conn) }

func client(hostport string, change func(*Config)) *Client {
	cfg := Config{Servers: map[string]string{"eu": hostport}, Timeout: 10 * time.Second, Now: func() time.Time { return testTime }}
	if change != nil {
		change(&cfg)
	}
	return New(cfg)
}

func soon(cfg *Config) { cfg.Timeout = 60 * time.Millisecond }

func TestDomain(t *testing.T) {
	name := mustName(t, "moulin-bleu.eu")
	var asked string
	hostport := serve(t, func(conn *net.TCPConn, query string) {
		asked = query
		io.WriteString(conn, found)
	})
	reg, evidence := client(hostport, nil).Domain(t.Context(), name)
	if asked != "moulin-bleu.eu\r\n" {
		t.Errorf("the query is %q", asked)
	}
	if reg.State != freehold.Registered || reg.Registrar.Value != "Hébergeur Exemple SA" || len(evidence) != 1 || len(reg.Asks) != 1 {
		t.Fatalf("%+v %v", reg, evidence)
	}
	e, ask := evidence[0], reg.Asks[0]
	if e.Kind != freehold.EvidenceWHOIS || e.Source != "whois://"+hostport || e.Query != "moulin-bleu.eu" || string(e.Body) != found ||
		!e.Time.Equal(testTime) || e.Truncated || e.Status != "closed" {
		t.Errorf("evidence %+v", e)
	}
	want := freehold.Ask{Kind: freehold.EvidenceWHOIS, Source: "whois://" + hostport, Outcome: freehold.OutcomeAnswered, Evidence: e.ID()}
	if ask != want {
		t.Errorf("ask %+v, want %+v", ask, want)
	}
	if len(reg.Registrar.Evidence) != 1 || reg.Registrar.Evidence[0] != e.ID() {
		t.Errorf("the registrar rests on %v, want %v", reg.Registrar.Evidence, e.ID())
	}
}

// TestBadServers puts the question to servers that misbehave. None tells
// anything about the name.
func TestBadServers(t *testing.T) {
	half := found[:len(found)/2]
	for _, c := range []struct {
		name     string
		answer   func(conn *net.TCPConn, query string)
		change   func(*Config)
		outcome  freehold.Outcome
		why      string
		evidence string // the body kept; "none" if there is no evidence
		cut      bool
	}{
		{"never answers", func(conn *net.TCPConn, _ string) { untilGone(conn) }, soon, freehold.OutcomeTimeout, "did not answer within 60ms", "none", false},
		{"stops in the middle", func(conn *net.TCPConn, _ string) { io.WriteString(conn, half); untilGone(conn) }, soon, freehold.OutcomeTimeout, "did not answer within", half, true},
		{"drips without end", func(conn *net.TCPConn, _ string) {
			for range 1 << 20 {
				if _, err := conn.Write([]byte("%")); err != nil {
					return
				}
			}
			untilGone(conn)
		}, func(cfg *Config) { cfg.MaxBytes = 100 }, freehold.OutcomeGarbled, "sent more than 100 octets", strings.Repeat("%", 100), true},
		{"answers without end", func(conn *net.TCPConn, _ string) {
			for {
				if _, err := io.WriteString(conn, found); err != nil {
					return
				}
			}
		}, func(cfg *Config) { cfg.MaxBytes = len(found) + 3 }, freehold.OutcomeGarbled, "sent more than", found + found[:3], true},
		{"resets at once", func(conn *net.TCPConn, _ string) { conn.SetLinger(0) }, nil, freehold.OutcomeFailed, "dropped the connection", "none", false},
		{"resets in the middle", func(conn *net.TCPConn, _ string) { io.WriteString(conn, half) }, func(cfg *Config) { cfg.Dial = resetAfter(len(half)) }, freehold.OutcomeFailed, "dropped the connection", half, true},
		{"closes at once", func(*net.TCPConn, string) {}, nil, freehold.OutcomeGarbled, "sent an empty answer", "", false},
		{"refuses", func(conn *net.TCPConn, _ string) { io.WriteString(conn, "% Access denied for 192.0.2.1\r\n") }, nil, freehold.OutcomeRefused, `refuses to say: "access denied for 192.0.2.1"`, "% Access denied for 192.0.2.1\r\n", false},
		{"throttles", func(conn *net.TCPConn, _ string) { io.WriteString(conn, "-1: Still in grace period, wait 5 seconds\n") }, nil, freehold.OutcomeThrottled, "asks us to slow down", "-1: Still in grace period, wait 5 seconds\n", false},
		{"sends noise", func(conn *net.TCPConn, _ string) { conn.Write([]byte{0, 255, 1, 254, '\n', 27, '['}) }, nil, freehold.OutcomeGarbled, "cannot be read", "\x00\xff\x01\xfe\n\x1b[", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			hostport := serve(t, c.answer)
			reg, evidence := client(hostport, c.change).Domain(t.Context(), mustName(t, "moulin-bleu.eu"))
			ask := reg.Asks[0]
			if reg.State != freehold.RegistrationUnknown || ask.Outcome != c.outcome || !strings.Contains(ask.Error, c.why) || !strings.Contains(ask.Error, hostport) {
				t.Fatalf("%s %+v, want %s %q", reg.State, ask, c.outcome, c.why)
			}
			if reg.Registrar.State != freehold.Unknown || reg.Nameservers.State != freehold.Unknown {
				t.Errorf("facts out of a bad answer: %+v", reg)
			}
			if c.evidence == "none" {
				if len(evidence) != 0 || ask.Evidence != "" {
					t.Fatalf("evidence of nothing: %+v", evidence)
				}
				return
			}
			if len(evidence) != 1 || string(evidence[0].Body) != c.evidence || evidence[0].Truncated != c.cut || ask.Evidence != evidence[0].ID() {
				t.Errorf("evidence %+v", evidence)
			}
		})
	}
}

// resetAfter dials connections that are reset after n octets: how a real one
// does so depends on timing.
func resetAfter(n int) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &brokenConn{Conn: conn, left: n}, err
	}
}

type brokenConn struct {
	net.Conn
	left int
}

func (c *brokenConn) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, &net.OpError{Op: "read", Err: syscall.ECONNRESET}
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

func TestConnectionRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	reg, evidence := client(l.Addr().String(), nil).Domain(t.Context(), mustName(t, "moulin-bleu.eu"))
	if ask := reg.Asks[0]; ask.Outcome != freehold.OutcomeFailed || !strings.Contains(ask.Error, "refuses connections") || len(evidence) != 0 {
		t.Errorf("%+v %v", ask, evidence)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hostport := serve(t, func(conn *net.TCPConn, _ string) {
		cancel()
		untilGone(conn)
	})
	reg, _ := client(hostport, nil).Domain(ctx, mustName(t, "moulin-bleu.eu"))
	if ask := reg.Asks[0]; ask.Outcome != freehold.OutcomeTimeout || !strings.Contains(ask.Error, "before the time was up") {
		t.Errorf("%+v", ask)
	}
}

// turnstile is a Limiter that records what it is told.
type turnstile struct {
	mu     sync.Mutex
	told   []limit.Feedback
	server string
	refuse error
}

func (l *turnstile) Acquire(_ context.Context, server string) (func(limit.Feedback), error) {
	l.server = server
	return func(f limit.Feedback) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.told = append(l.told, f)
	}, l.refuse
}

func TestThrottled(t *testing.T) {
	slow := limit.Feedback{Throttled: true, RetryAfter: 50 * time.Second}
	for _, c := range []struct {
		name    string
		refuse  int // how many answers are refusals
		limiter bool
		told    []limit.Feedback
		outcome freehold.Outcome
		asked   int
	}{
		{"then answers", 2, true, []limit.Feedback{slow, slow, {}}, freehold.OutcomeAnswered, 3},
		{"to the end", 9, true, []limit.Feedback{slow, slow, slow}, freehold.OutcomeThrottled, 3},
		{"nobody to wait for it", 1, false, nil, freehold.OutcomeThrottled, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := 0
			hostport := serve(t, func(conn *net.TCPConn, _ string) {
				if asked++; asked <= c.refuse {
					io.WriteString(conn, "The WHOIS query quota for 192.0.2.1 has been exceeded and will be replenished in 50 seconds.\n")
					return
				}
				io.WriteString(conn, found)
			})
			l := &turnstile{}
			reg, evidence := client(hostport, func(cfg *Config) {
				if c.limiter {
					cfg.Limiter = l
				}
			}).Domain(t.Context(), mustName(t, "moulin-bleu.eu"))
			if reg.Asks[0].Outcome != c.outcome || asked != c.asked || len(evidence) != 1 {
				t.Errorf("%+v after %d questions", reg.Asks, asked)
			}
			if c.limiter && l.server != hostport {
				t.Errorf("the limiter was asked about %q, want %q", l.server, hostport)
			}
			if len(l.told) != len(c.told) {
				t.Fatalf("the limiter was told %+v", l.told)
			}
			for i := range l.told {
				if l.told[i] != c.told[i] {
					t.Errorf("the limiter was told %+v, want %+v", l.told[i], c.told[i])
				}
			}
		})
	}
}

// TestLimiter joins the real limiter: a reset makes it hold the server.
func TestLimiter(t *testing.T) {
	hostport := serve(t, func(conn *net.TCPConn, _ string) { conn.SetLinger(0) })
	now := testTime
	l := limit.New(limit.Config{Patience: time.Nanosecond, Now: func() time.Time { return now }})
	c := client(hostport, func(cfg *Config) { cfg.Limiter = l })
	reg, _ := c.Domain(t.Context(), mustName(t, "moulin-bleu.eu"))
	if ask := reg.Asks[0]; ask.Outcome != freehold.OutcomeThrottled || !strings.Contains(ask.Error, "left alone") || l.Hold(hostport) == 0 {
		t.Errorf("%+v, held for %s", ask, l.Hold(hostport))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	reg, _ = client(hostport, func(cfg *Config) { cfg.Limiter = &turnstile{refuse: context.Canceled} }).Domain(ctx, mustName(t, "moulin-bleu.eu"))
	if ask := reg.Asks[0]; ask.Outcome != freehold.OutcomeTimeout {
		t.Errorf("%+v", ask)
	}
}

// TestPrivateAddress: a built-in server whose name leads to loopback is never
// connected to; the same address named by the user is.
func TestPrivateAddress(t *testing.T) {
	reached := make(chan string, 2)
	hostport := serve(t, func(conn *net.TCPConn, query string) {
		reached <- query
		io.WriteString(conn, found)
	})
	_, port, _ := net.SplitHostPort(hostport)
	for _, address := range []string{hostport, "localhost:" + port, "[::ffff:127.0.0.1]:" + port} {
		c := New(Config{})
		c.servers["eu"] = server{hostport: address}
		reg, evidence := c.Domain(t.Context(), mustName(t, "moulin-bleu.eu"))
		if ask := reg.Asks[0]; ask.Outcome != freehold.OutcomeRefused || !strings.Contains(ask.Error, "is not public") || len(evidence) != 0 {
			t.Errorf("%s: %+v", address, ask)
		}
	}
	if len(reached) != 0 {
		t.Errorf("the server was asked %q", <-reached)
	}
	if reg, _ := client(hostport, nil).Domain(t.Context(), mustName(t, "moulin-bleu.eu")); reg.State != freehold.Registered {
		t.Errorf("the user's own server: %+v", reg.Asks)
	}
}

func TestParallel(t *testing.T) {
	hostport := serve(t, func(conn *net.TCPConn, query string) {
		io.WriteString(conn, strings.ReplaceAll(found, "moulin-bleu.eu", strings.TrimSpace(query)))
	})
	c := client(hostport, func(cfg *Config) { cfg.Limiter = limit.New(limit.Config{}) })
	var all sync.WaitGroup
	for _, label := range strings.Fields("a b c d e f g h i j k l m n o p") {
		all.Go(func() {
			name := mustName(t, label+".eu")
			if reg, _ := c.Domain(t.Context(), name); reg.State != freehold.Registered {
				t.Errorf("%s: %+v", name, reg.Asks)
			}
		})
	}
	all.Wait()
}

// TestDebianClient: the client everybody has sends the same octets and shows
// the same answer.
func TestDebianClient(t *testing.T) {
	path, err := exec.LookPath("whois")
	if err != nil {
		t.Skip("skipped: no whois (Debian package whois)")
	}
	queries := make(chan string, 2)
	hostport := serve(t, func(conn *net.TCPConn, query string) {
		queries <- query
		io.WriteString(conn, found)
	})
	host, port, _ := net.SplitHostPort(hostport)
	out, err := exec.CommandContext(t.Context(), path, "-h", host, "-p", port, "moulin-bleu.eu").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, evidence := client(hostport, nil).Domain(t.Context(), mustName(t, "moulin-bleu.eu"))
	theirs, ours := <-queries, <-queries
	if theirs != ours {
		t.Errorf("whois asks %q, we ask %q", theirs, ours)
	}
	if string(out) != string(evidence[0].Body) {
		t.Errorf("whois shows %q, we keep %q", out, evidence[0].Body)
	}
}

func TestNoServer(t *testing.T) {
	c := New(Config{})
	if _, ok := c.Server(mustName(t, "moulin-bleu.eu")); ok {
		t.Error("the zero client knows a server")
	}
	if reg, evidence := c.Domain(t.Context(), mustName(t, "moulin-bleu.eu")); len(reg.Asks) != 0 || evidence != nil || reg.State != freehold.RegistrationUnknown {
		t.Errorf("%+v", reg)
	}
}
