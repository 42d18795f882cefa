package identity

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"freehold"
	"freehold/internal/policy"
)

// TestMain draws the same cases in every run; "go test -rapid.seed=N" draws others.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.seed": "20261125", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	flag.Parse()
	os.Exit(m.Run())
}

// monday is when the first request came in the tests, unless they say otherwise.
var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const hour, day = time.Hour, 24 * time.Hour

// random is deterministic: a stream of digests.
type random struct{ n uint64 }

func (r *random) Read(b []byte) (int, error) {
	for i := 0; i < len(b); {
		r.n++
		sum := sha256.Sum256(fmt.Append(nil, "test", r.n))
		i += copy(b[i:], sum[:])
	}
	return len(b), nil
}

// keyOf makes a key that is the same in every run.
func keyOf(who string) ssh.Signer {
	seed := sha256.Sum256([]byte(who))
	s, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		panic(err)
	}
	return s
}

func signersOf(who ...string) Signers {
	var b strings.Builder
	for _, w := range who {
		b.WriteString(w + ` namespaces="freehold" ` + string(ssh.MarshalAuthorizedKey(keyOf(w).PublicKey())))
	}
	s, err := ParseSigners([]byte(b.String()))
	if err != nil {
		panic(err)
	}
	return s
}

var (
	verrine = freehold.Party{Organisation: "Atelier Verrine Sàrl", Register: "CHE-101.202.303", Account: "k-17"}
	thief   = freehold.Party{Name: "M. Escroc"}
	agency  = freehold.Party{Organisation: "Agence Pixelune", Account: "k-4"}
	marthe  = freehold.Party{Name: "Marthe Verrine"}
)

// world is one case under way, with everything that may happen to it.
type world struct {
	t      testing.TB
	c      freehold.Case
	keeper Keeper
	now    time.Time
	rand   random
	asked  int
	tokens map[string]string // by ask, as they were sent
	events []freehold.CaseEvent
	// onHanded is called with the case as it was before a name was let go.
	onHanded func(before freehold.Case, at time.Time)
}

// place says where and how a case is opened.
type place struct {
	name      string
	profile   string
	act       freehold.Act
	holder    freehold.Party
	customer  freehold.Party
	requester freehold.Party
	contacts  []freehold.Contact
	incident  time.Time
	high      bool
	openedLag time.Duration // from the first request until it was noticed
	target    string
}

func contactMail() freehold.Contact {
	return freehold.Contact{ID: "mail", Of: freehold.SideHolder, Channel: freehold.ChannelMail, Address: "atelier@poste-verrine.ch", Since: monday.AddDate(-6, 0, 0), Source: "registry"}
}

func contactOf(id string, channel freehold.Channel, address string) freehold.Contact {
	return freehold.Contact{ID: id, Of: freehold.SideHolder, Channel: channel, Address: address, Since: monday.AddDate(-4, 0, 0), Source: "register"}
}

var (
	phone = contactOf("phone", freehold.ChannelPhone, "+41 32 555 01 02")
	post  = contactOf("post", freehold.ChannelPost, "rue du Four 3, 2800 Delémont")
	bank  = contactOf("bank", freehold.ChannelBank, "CH93 0076 2011 6238 5295 7")
	login = contactOf("login", freehold.ChannelAccount, "k-17")
	key   = contactOf("key", freehold.ChannelKey, "verrine")
	spare = contactOf("spare", freehold.ChannelRecovery, "marthe@boite-ailleurs.fr")
)

func profileNamed(t testing.TB, name string) Profile {
	t.Helper()
	p, err := LoadProfile(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parseName(t testing.TB, s string) freehold.Name {
	t.Helper()
	n, err := freehold.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func open(t testing.TB, at place) *world {
	t.Helper()
	set, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	n := parseName(t, at.name)
	if at.holder == (freehold.Party{}) {
		at.holder = verrine
	}
	if at.customer == (freehold.Party{}) {
		at.customer = at.holder
	}
	if at.requester == (freehold.Party{}) {
		at.requester = at.holder
	}
	if at.act == freehold.ActNone {
		at.act = freehold.ActCode
	}
	if at.profile == Crisis && at.incident.IsZero() {
		at.incident = monday.Add(-36 * hour)
	}
	w := &world{t: t, now: monday.Add(at.openedLag), tokens: map[string]string{},
		keeper: Keeper{PolicyFor(profileNamed(t, at.profile), set, n, monday), signersOf("ana", "bruno", "verrine", "pixelune")}}
	w.do("desk", freehold.Opened{Request: freehold.Request{Name: n, Act: at.act, FirstRequest: monday, Holder: at.holder, Customer: at.customer, Requester: at.requester,
		Contacts: at.contacts, Incident: at.incident, HighValue: at.high, Target: at.target}})
	return w
}

func (w *world) event(actor string, b freehold.CaseBody) freehold.CaseEvent {
	return freehold.CaseEvent{Case: "case-7", At: w.now, Actor: actor, Body: b}
}

// try adds an event and returns why it could not be.
func (w *world) try(actor string, b freehold.CaseBody) error {
	next, err := w.keeper.Add(w.c, w.event(actor, b))
	if err == nil {
		if handed(next) && !handed(w.c) && w.onHanded != nil {
			w.onHanded(w.c, w.now)
		}
		w.c, w.events = next, append(w.events, w.event(actor, b))
	}
	return err
}

func (w *world) do(actor string, b freehold.CaseBody) {
	w.t.Helper()
	if err := w.try(actor, b); err != nil {
		w.t.Fatalf("%s: %v", b.Kind(), err)
	}
}

func (w *world) wait(d time.Duration) *world {
	w.now = w.now.Add(d)
	return w
}

// ask sends a token to a contact and returns the question's identifier.
func (w *world) ask(method, contact string, of freehold.Side, ref string) string {
	w.t.Helper()
	w.asked++
	q, err := Ask(&w.rand, w.c, freehold.CheckAsked{ID: fmt.Sprintf("q%d", w.asked), Method: method, Of: of, Ref: ref, Contact: contact}, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	q.Token.Use(func(b []byte) { w.tokens[q.Event.ID] = string(b) })
	w.do("desk", q.Event)
	return q.Event.ID
}

// look runs a check and enters its result.
func (w *world) look(method, ask, contact string, of freehold.Side, ref string, p Proof) (passed bool, err error) {
	ended, err := Look(Trial{Case: w.c, Ended: freehold.CheckEnded{Ask: ask, Method: method, Of: of, Ref: ref, Contact: contact}, Proof: p, Now: w.now, Signers: w.keeper.Signers})
	if err == nil {
		err = w.try("ana", ended)
	}
	return err == nil && ended.Outcome == freehold.CheckPassed, err
}

// answers asks and answers right: whoever controls the contact.
func (w *world) answers(method, contact string, of freehold.Side, ref string) *world {
	w.t.Helper()
	id := w.ask(method, contact, of, ref)
	var p Proof = TokenShown{w.tokens[id]}
	if method == "payment_reference" {
		k, _ := w.c.Contact(contact)
		p = PaymentSeen{Account: k.Address, Reference: w.tokens[id]}
	}
	if ok, err := w.look(method, id, contact, of, ref, p); !ok {
		w.t.Fatalf("%s: %v", method, err)
	}
	return w
}

// passes brings a proof without a token.
func (w *world) passes(method, contact string, of freehold.Side, p Proof) *world {
	w.t.Helper()
	if ok, err := w.look(method, "", contact, of, "", p); !ok {
		w.t.Fatalf("%s did not pass: %v, %s", method, err, w.c.Checks[len(w.c.Checks)-1].Result)
	}
	return w
}

// told sends a notice to contacts that work.
func (w *world) told(contacts ...string) *world {
	w.t.Helper()
	for _, id := range contacts {
		k, _ := w.c.Contact(id)
		w.do("desk", freehold.NoticeEnded{Contact: id, Channel: k.Channel, Sent: true})
	}
	return w
}

func (w *world) signed(who string, d freehold.Decision) freehold.Decided {
	w.t.Helper()
	sig, err := Sign(nil, keyOf(who), d.Statement())
	if err != nil {
		w.t.Fatal(err)
	}
	return freehold.Decided{Decision: d, Signature: sig, Key: ssh.FingerprintSHA256(keyOf(who).PublicKey())}
}

func (w *world) decide(who string, kind freehold.DecisionKind, edit func(*freehold.Decision)) error {
	d := w.keeper.Policy.Decide(w.c, kind, who, w.now)
	if edit != nil {
		edit(&d)
	}
	return w.try(who, w.signed(who, d))
}

// released has two willing operators try for as long as a case can live, as soon as
// the rules allow: a release, the code, the hand-over. It returns when it was handed
// over, or the last reason why not.
func (w *world) released() (at time.Time, err error) {
	w.t.Helper()
	d := w.keeper.Policy.Deadline(&w.c).At
	times := []time.Time{w.now, w.now.Add(25 * hour), w.now.Add(49 * hour), d.Add(-day), d.Add(-hour), d.Add(day), d.AddDate(0, 0, 30)}
	slices.SortFunc(times, time.Time.Compare)
	for _, now := range times {
		if now.Before(w.now) {
			continue
		}
		w.now = now
		if err = w.release(); err == nil {
			return w.now, nil
		}
	}
	return time.Time{}, err
}

func (w *world) release() error {
	if w.c.State == freehold.CaseOpen {
		for _, who := range []string{"ana", "bruno"} {
			if err := w.decide(who, freehold.DecisionRelease, nil); err != nil && !strings.Contains(err.Error(), "entered already") {
				return err
			}
		}
		begun, err := w.keeper.MayRelease(w.c, w.now)
		if err != nil {
			return err
		}
		w.do("work", begun)
		if w.c.Act != freehold.ActCode {
			return w.try("work", freehold.ActDone{Receipt: "tx-1"})
		}
		w.do("work", freehold.CodeSet{Expires: w.now.Add(7 * day)})
	}
	return w.try("work", freehold.CodeRevealed{Delivery: "age file"})
}

// because tells whether an error or one of the judgement's reasons says a text.
func (w *world) because(err error, want string) bool {
	var e *freehold.Error
	if errors.As(err, &e) && strings.Contains(err.Error(), want) {
		return true
	}
	return slices.ContainsFunc(Evaluate(w.c, w.keeper.Policy, w.now).Why, func(r freehold.Reason) bool {
		return strings.Contains(r.Text.String(), want) || r.Citation != "" && strings.Contains(r.Citation, want)
	})
}

var _ io.Reader = (*random)(nil)

// signIn signs in any namespace, as ssh-keygen would.
func signIn(namespace string, key ssh.Signer, text []byte) []byte {
	signed, err := signedBytes(namespace, "sha512", text)
	if err != nil {
		panic(err)
	}
	sig, err := key.Sign(nil, signed)
	if err != nil {
		panic(err)
	}
	blob := append([]byte(sshsigMagic), ssh.Marshal(sshsigBlob{Version: 1, PublicKey: key.PublicKey().Marshal(), Namespace: []byte(namespace), Hash: []byte("sha512"), Sig: ssh.Marshal(sig)})...)
	return pem.EncodeToMemory(&pem.Block{Type: armorType, Bytes: blob})
}

// quiet is a testing.TB for worlds inside a drawn case, where a failure of a helper
// is a defect of the test.
type quiet struct{ testing.TB }

func (*quiet) Helper()                      {}
func (*quiet) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (*quiet) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

func spanOf(days int, business bool) policy.Span {
	return policy.Span{N: days, Unit: policy.Days, Business: business}
}

var (
	agencyPhone = freehold.Contact{ID: "apel", Of: freehold.SideRequester, Channel: freehold.ChannelPhone, Address: "+41 21 555 09 09", Since: monday.AddDate(-3, 0, 0), Source: "company register"}
	agencyMail  = freehold.Contact{ID: "amel", Of: freehold.SideCustomer, Channel: freehold.ChannelMail, Address: "contact@pixelune.ch", Since: monday.AddDate(-3, 0, 0)}
)

func mandate(edit func(*freehold.Mandate)) freehold.Mandate {
	m := freehold.Mandate{ID: "m1", From: verrine, To: agency, Acts: []freehold.Act{freehold.ActCode, freehold.ActUnlock}, Since: monday.AddDate(0, -1, 0), Until: monday.AddDate(0, 6, 0)}
	if edit != nil {
		edit(&m)
	}
	return m
}

type errorText string

func (e errorText) Error() string { return string(e) }

// stop marks an attack that ended with an error: nothing more is tried.
func (w *world) stop(err error) error {
	if err == nil {
		w.t.Error("nothing stopped it")
	}
	return err
}

// mandated brings a mandate into the case and all that it needs beside it.
func (w *world) mandated(m freehold.Mandate) error {
	w.do("ana", freehold.MandateShown{Mandate: m})
	w.answers("contact_mail", "mail", freehold.SideHolder, "")
	w.answers("call_back", "apel", freehold.SideRequester, "")
	return nil
}

// zone shows the token at every server.
func (w *world) zone(_ string, of freehold.Side) {
	id := w.ask("dns_txt", "", of, "")
	good := []string{"other", "token=" + w.tokens[id] + " expiry=2026-11-30"}
	if ok, err := w.look("dns_txt", id, "", of, "", TXTSeen{Servers: [][]string{good, good}, Resolvers: [][]string{good, good}}); !ok {
		w.t.Fatal(err)
	}
}
