package eppd

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"freehold"
	"freehold/registrar/epp"
)

var (
	start = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	name  = mustName("old-shop.example")
)

func mustName(s string) freehold.Name {
	n, err := freehold.ParseName(s)
	if err != nil {
		panic(err)
	}
	return n
}

// clock is the registry's, moved by the tests.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

func (c *clock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.t = c.t.Add(d) }

// house is a registry on a TLS socket, with certificates for both sides.
type house struct {
	*Registry
	t     *testing.T
	addr  string
	tls   *tls.Config
	ca    []byte // its authority's certificate, DER
	clock *clock
}

func certificate(t *testing.T, template *x509.Certificate, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func open(t *testing.T, c Config) *house {
	t.Helper()
	ca, caKey, _ := certificate(t, &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	leaf := func(serial int64) tls.Certificate {
		_, _, cert := certificate(t, &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "lab"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}, ca, caKey)
		return cert
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{leaf(2)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	clock := &clock{t: start}
	c.Now = clock.now
	if c.Registrars == nil {
		c.Registrars = map[string]string{"loser": "losing-secret", "gainer": "gaining-secret"}
	}
	h := &house{Registry: New(c), t: t, ca: ca.Raw, addr: l.Addr().String(), clock: clock, tls: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{leaf(3)}}}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() { defer close(served); h.Serve(ctx, l) }()
	t.Cleanup(func() { cancel(); <-served })
	h.Add(Domain{Name: name.ASCII(), Sponsor: "loser", Registrant: "H-1", Statuses: []string{"clientTransferProhibited"}, NameServers: []string{"ns1.host.example"}, DS: 1,
		Created: start.AddDate(-9, 0, 0), Expires: start.AddDate(0, 7, 0)}, "")
	return h
}

func (h *house) config(who string) epp.Config {
	return epp.Config{Addr: h.addr, TLS: h.tls, User: who, Password: freehold.NewTransferCode([]byte(map[string]string{"loser": "losing-secret", "gainer": "gaining-secret"}[who])), ID: "test-" + who, Timeout: 10 * time.Second}
}

func (h *house) session(who string) *epp.Session {
	h.t.Helper()
	s, err := epp.Dial(context.Background(), h.config(who))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { s.End(context.Background()) })
	return s
}

func do(t *testing.T, s *epp.Session, c epp.Command, want epp.Code) *epp.Response {
	t.Helper()
	r, err := s.Do(context.Background(), c)
	if r == nil || r.Code != want || (err == nil) != want.OK() {
		t.Fatalf("answer %+v, %v; want %d", r, err, want)
	}
	return r
}

func change(t *testing.T, s *epp.Session, c epp.Change, want epp.Code) {
	t.Helper()
	u, err := epp.Update(name, c)
	if err != nil {
		t.Fatal(err)
	}
	do(t, s, u, want)
}

const secret = "Tx7&<9>kQ\"m'2"

func code(s string) freehold.TransferCode { return freehold.NewTransferCode([]byte(s)) }

// TestLeaving takes a name from one registrar to another, as both sides see it.
func TestLeaving(t *testing.T) {
	h := open(t, Config{Secure: true, TransferDelay: 5 * 24 * time.Hour})
	loser, gainer := h.session("loser"), h.session("gainer")
	if !loser.Greeting.SecureCodes() {
		t.Errorf("greeting %+v", loser.Greeting)
	}
	d := do(t, loser, epp.Info(name, freehold.TransferCode{}), epp.Done).Domain
	if d.Name != name.ASCII() || !d.Locked() || d.Sponsor != "loser" || d.CodeSet || !d.Signed || !slices.Equal(d.NameServers, []string{"ns1.host.example"}) || !d.Expires.Equal(start.AddDate(0, 7, 0)) {
		t.Errorf("info %+v", d)
	}
	do(t, gainer, epp.TransferRequest(name, code("anything")), epp.StatusProhibits)
	change(t, gainer, epp.Unlocked(code(secret)), epp.NotAuthorized)
	change(t, loser, epp.Unlocked(code(secret)), epp.Done)
	if got, _ := h.Get(name.ASCII()); !got.Accepts(secret) || slices.Contains(got.Statuses, "clientTransferProhibited") {
		t.Fatalf("after unlocking: %+v", got)
	}
	d = do(t, loser, epp.Info(name, freehold.TransferCode{}), epp.Done).Domain
	if !d.CodeSet || !d.Code.IsZero() {
		t.Error("the registry says that a code is set, not which")
	}
	do(t, loser, epp.Info(name, code("wrong")), epp.WrongCode)
	do(t, loser, epp.Info(name, code(secret)), epp.Done)
	do(t, gainer, epp.TransferRequest(name, code("wrong")), epp.WrongCode)
	tr := do(t, gainer, epp.TransferRequest(name, code(secret)), epp.DonePending).Transfer
	if tr.Status != epp.TransferPending || tr.Gaining != "gainer" || tr.Losing != "loser" || !tr.ActBy.Equal(start.Add(5*24*time.Hour)) {
		t.Errorf("transfer %+v", tr)
	}
	do(t, gainer, epp.TransferRequest(name, code(secret)), epp.AlreadyPending)
	do(t, gainer, epp.TransferApprove(name), epp.NotAuthorized)
	r := do(t, loser, epp.PollRequest(), epp.MessageWaiting)
	if r.Queue == nil || r.Queue.Count != 1 || r.Transfer == nil || r.Transfer.Name != name.ASCII() {
		t.Fatalf("poll %+v", r)
	}
	do(t, loser, epp.PollAck(r.Queue.ID), epp.Done)
	do(t, loser, epp.PollRequest(), epp.NoMessages)
	h.clock.add(5 * 24 * time.Hour)
	tr = do(t, gainer, epp.TransferQuery(name), epp.Done).Transfer
	if tr.Status != epp.TransferServerApproved {
		t.Errorf("after five days: %+v", tr)
	}
	if got, _ := h.Get(name.ASCII()); got.Sponsor != "gainer" || got.HasCode() {
		t.Errorf("after the transfer: %+v", got)
	}
}

func TestRejectedCancelledLocked(t *testing.T) {
	h := open(t, Config{Secure: true, TransferDelay: time.Hour})
	loser, gainer := h.session("loser"), h.session("gainer")
	change(t, loser, epp.Unlocked(code(secret)), epp.Done)
	do(t, gainer, epp.TransferRequest(name, code(secret)), epp.DonePending)
	if r := do(t, loser, epp.TransferReject(name), epp.Done); r.Transfer.Status != epp.TransferClientRejected {
		t.Errorf("rejected: %+v", r.Transfer)
	}
	do(t, gainer, epp.TransferRequest(name, code(secret)), epp.DonePending)
	do(t, gainer, epp.TransferCancel(name), epp.Done)
	do(t, loser, epp.TransferApprove(name), epp.NotPending)
	change(t, loser, epp.Locked(), epp.Done)
	if got, _ := h.Get(name.ASCII()); got.HasCode() || !slices.Contains(got.Statuses, "clientTransferProhibited") {
		t.Errorf("locked again: %+v", got)
	}
	ns, _ := freehold.ParseHost("ns1.new.example")
	old, _ := freehold.ParseHost("ns1.host.example")
	change(t, loser, epp.Change{AddNS: []freehold.Host{ns}, RemoveNS: []freehold.Host{old}, RemoveAllDS: true}, epp.Done)
	if got, _ := h.Get(name.ASCII()); got.DS != 0 || !slices.Equal(got.NameServers, []string{"ns1.new.example"}) {
		t.Errorf("delegated anew: %+v", got)
	}
	free := do(t, loser, epp.Check(mustName("nobody.example")), epp.Done).Free
	if !free["nobody.example"] {
		t.Errorf("check %v", free)
	}
	do(t, loser, epp.Info(mustName("nobody.example"), freehold.TransferCode{}), epp.NoSuchObject)
	if err := loser.Keep(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestOldRegistry: one that tells codes; the client keeps them from every print.
func TestOldRegistry(t *testing.T) {
	h := open(t, Config{})
	loser := h.session("loser")
	change(t, loser, epp.Unlocked(code(secret)), epp.Done)
	r := do(t, loser, epp.Info(name, freehold.TransferCode{}), epp.Done)
	if !r.Domain.Code.Matches([]byte(secret)) {
		t.Error("the code was not read")
	}
	if printed := fmt.Sprintf("%v %+v %#v", r, r.Domain, *r.Domain); strings.Contains(printed, "Tx7") {
		t.Errorf("printed: %s", printed)
	}
}

// TestLostAnswers: a connection that breaks after a command leaves its outcome
// unknown, whether it was done or not; a question that is lost is just lost.
func TestLostAnswers(t *testing.T) {
	for _, c := range []struct {
		what   string
		faults Faults
		done   bool
	}{
		{"before", Faults{DropBefore: 1}, false},
		{"after", Faults{DropAfter: 1}, true},
		{"out of step", Faults{Lie: 1}, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			h := open(t, Config{Secure: true})
			loser := h.session("loser")
			h.Fail(c.faults)
			u, _ := epp.Update(name, epp.Unlocked(code(secret)))
			_, err := loser.Do(context.Background(), u)
			if !errors.Is(err, epp.ErrOutcomeUnknown) || freehold.HintOf(err) == "" {
				t.Errorf("%v", err)
			}
			if got, _ := h.Get(name.ASCII()); got.HasCode() != c.done {
				t.Errorf("done: %v, want %v", got.HasCode(), c.done)
			}
			if _, err := loser.Do(context.Background(), epp.Info(name, freehold.TransferCode{})); err == nil || errors.Is(err, epp.ErrOutcomeUnknown) {
				t.Errorf("a session that is over: %v", err)
			}
			// What the desk does next: a fresh code, in a fresh session.
			again := h.session("loser")
			change(t, again, epp.Unlocked(code("fresh-code-1")), epp.Done)
			if got, _ := h.Get(name.ASCII()); !got.Accepts("fresh-code-1") || got.Accepts(secret) {
				t.Error("the fresh code is not the one that counts")
			}
		})
	}
}

func TestCancelledWait(t *testing.T) {
	h := open(t, Config{Secure: true})
	loser := h.session("loser")
	h.Fail(Faults{Latency: 300 * time.Millisecond})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := loser.Do(ctx, epp.Info(name, freehold.TransferCode{})); err == nil || errors.Is(err, epp.ErrOutcomeUnknown) {
		t.Errorf("a question given up: %v", err)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	h.Fail(Faults{})
	if _, err := h.session("loser").Do(ended, epp.PollRequest()); err == nil || !strings.Contains(err.Error(), "not sent") {
		t.Errorf("nothing is sent for a caller who has gone: %v", err)
	}
}

func TestLogin(t *testing.T) {
	h := open(t, Config{MaxSessions: 2})
	wrong := h.config("loser")
	wrong.Password = code("guessed")
	if _, err := epp.Dial(context.Background(), wrong); freehold.KindOf(err) != freehold.KindPermission || strings.Contains(err.Error(), "guessed") {
		t.Errorf("a wrong password: %v", err)
	}
	first := h.session("loser")
	h.session("loser")
	if _, err := epp.Dial(context.Background(), h.config("loser")); err == nil || !strings.Contains(err.Error(), "too many sessions") {
		t.Errorf("a third session: %v", err)
	}
	if err := first.End(context.Background()); err != nil {
		t.Error(err)
	}
	first.End(context.Background())
	anonymous := h.config("loser")
	anonymous.TLS = &tls.Config{RootCAs: h.tls.RootCAs}
	if _, err := epp.Dial(context.Background(), anonymous); err == nil {
		t.Error("no client certificate, and let in")
	}
	stranger := h.config("loser")
	stranger.TLS = &tls.Config{Certificates: h.tls.Certificates, InsecureSkipVerify: true}
	if _, err := epp.Dial(context.Background(), stranger); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a registry that nobody vouches for: %v", err)
	}
	next := h.config("gainer")
	next.NewPassword = code("next-secret")
	if _, err := epp.Dial(context.Background(), next); err != nil {
		t.Error(err)
	}
	if _, err := epp.Dial(context.Background(), h.config("gainer")); freehold.KindOf(err) != freehold.KindPermission {
		t.Errorf("the old password: %v", err)
	}
}

func TestRefusedCode(t *testing.T) {
	h := open(t, Config{Secure: true, CodeMin: 8})
	loser := h.session("loser")
	h.Fail(Faults{RefuseCode: 1})
	u, _ := epp.Update(name, epp.Unlocked(code(secret)))
	r, err := loser.Do(context.Background(), u)
	if err == nil || !r.Code.WantsOtherCode() || strings.Contains(err.Error(), "Tx7") {
		t.Errorf("%+v %v", r, err)
	}
	change(t, loser, epp.Unlocked(code(secret)), epp.Done)
}

// TestManyCallers: one session serves many at once, one command at a time.
func TestManyCallers(t *testing.T) {
	h := open(t, Config{Secure: true})
	loser := h.session("loser")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := loser.Do(context.Background(), epp.Info(name, freehold.TransferCode{})); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := h.Commands()["info"]; n != 20 {
		t.Errorf("%d commands", n)
	}
}
