// Package desklab is a host's whole desk in the lab: a registry that speaks EPP, a
// store, two operators with keys, a requester with a key, and a clock that is moved
// by hand. Tests and drills play their cases in it.
package desklab

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"freehold"
	"freehold/internal/flow/desk"
	"freehold/internal/lab/eppd"
	"freehold/internal/ledger"
	"freehold/internal/policy"
	"freehold/internal/seal"
	"freehold/internal/store"
	"freehold/registrar/epp"
	"freehold/registrar/transfer"
	"freehold/verify/identity"
)

// Start is the moment at which the lab's clock stands when it is opened.
var Start = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// The registrars' accounts at the registry. Passwords of the lab protect nothing.
const (
	Loser, LoserPassword   = "loser", "losing-secret"
	Gainer, GainerPassword = "gainer", "gaining-secret"
)

// Clock is moved by hand.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// NewClock stands at a moment.
func NewClock(t time.Time) *Clock { return &Clock{t: t} }

// Now is what it shows.
func (c *Clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

// Add moves it.
func (c *Clock) Add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.t = c.t.Add(d) }

// Set sets it.
func (c *Clock) Set(t time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.t = t }

// Config of a World.
type Config struct {
	DB       string              // address of the store
	Registry eppd.Config         // of a registry to be started, unless Addr is set
	Addr     string              // of a registry that runs
	EPP      func(c *epp.Config) // changes how we log in; needed with Addr
	Clock    *Clock              // nil: one that stands at Start
	Seed     string              // makes the operators' and the requester's keys; "": "lab"
	Worker   string              // "": "work"
	Random   io.Reader           // nil: crypto/rand
	Tell     func(freehold.Text) // nil: silence
	Wrap     func(desk.Store) desk.Store
	Watch    func(transfer.Registrar) transfer.Registrar
}

// World is the desk and all around it.
type World struct {
	Clock    *Clock
	Registry *eppd.Server // nil where another program runs it
	Store    *store.Store
	Desk     *desk.Desk
	EPP      *transfer.EPP
	Policy   *policy.Set
	Profile  identity.Profile
	Signers  identity.Signers
	// Operators sign decisions, by name: anne, bruno.
	Operators map[string]ssh.Signer
	// Requester opens what is sealed to Key.
	Requester *age.X25519Identity
	Key       string
	// LedgerKey signs checkpoints; LedgerTrust verifies them.
	LedgerKey   note.Signer
	LedgerTrust note.Verifier
}

// Origin is the name of the lab's ledger.
const Origin = "desk.lab.example/ledger"

// Open builds a world. Close ends it.
func Open(ctx context.Context, c Config) (*World, error) {
	w := &World{Clock: c.Clock, Operators: map[string]ssh.Signer{}}
	if w.Clock == nil {
		w.Clock = NewClock(Start)
	}
	if c.Seed == "" {
		c.Seed = "lab"
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	login := epp.Config{Addr: c.Addr, User: Loser, Password: freehold.NewTransferCode([]byte(LoserPassword)), ID: "lab", Timeout: 10 * time.Second}
	if c.Addr == "" {
		c.Registry.Now = w.Clock.Now
		c.Registry.Registrars = map[string]string{Loser: LoserPassword, Gainer: GainerPassword}
		var err error
		if w.Registry, err = eppd.Listen(c.Registry, ""); err != nil {
			return nil, err
		}
		login.Addr, login.TLS = w.Registry.Addr, w.Registry.TLS
	}
	if c.EPP != nil {
		c.EPP(&login)
	}
	if err := w.people(c.Seed); err != nil {
		return nil, err
	}
	var err error
	if w.Policy, err = policy.Load(); err != nil {
		return nil, err
	}
	if w.Profile, err = identity.LoadProfile(identity.Normal); err != nil {
		return nil, err
	}
	if w.Store, err = store.Open(ctx, c.DB, store.Options{AutoMigrate: true}); err != nil {
		return nil, err
	}
	w.EPP = transfer.NewEPP(transfer.EPPConfig{Config: login, Rules: func(n freehold.Name) policy.Profile { return w.Policy.For(n, w.Clock.Now()) }})
	w.Desk = w.desk(c)
	return w, nil
}

func (w *World) desk(c Config) *desk.Desk {
	var kept desk.Store = w.Store
	if c.Wrap != nil {
		kept = c.Wrap(kept)
	}
	var reg transfer.Registrar = w.EPP
	if c.Watch != nil {
		reg = c.Watch(reg)
	}
	worker := c.Worker
	if worker == "" {
		worker = "work"
	}
	return &desk.Desk{
		Store: kept, Keeper: w.Keeper, Registrar: func(freehold.Name) (transfer.Registrar, error) { return reg, nil },
		Seal: seal.Sealer{Work: 10}, Commit: ledger.Committer(c.Random), Random: c.Random, Now: w.Clock.Now, Worker: worker, Tell: c.Tell,
	}
}

// Keeper judges by the profile "normal", the rules in force and the lab's operators.
func (w *World) Keeper(name freehold.Name, at time.Time) identity.Keeper {
	return identity.Keeper{Policy: identity.PolicyFor(w.Profile, w.Policy, name, at), Signers: w.Signers}
}

// people makes everybody's keys from a seed: another process has the same ones.
func (w *World) people(seed string) error {
	var lines strings.Builder
	for _, who := range []string{"anne", "bruno"} {
		sum := sha256.Sum256([]byte(seed + " " + who))
		signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(sum[:]))
		if err != nil {
			return err
		}
		w.Operators[who] = signer
		fmt.Fprintf(&lines, "%s namespaces=%q %s", who, identity.Namespace, ssh.MarshalAuthorizedKey(signer.PublicKey()))
	}
	var err error
	if w.Signers, err = identity.ParseSigners([]byte(lines.String())); err != nil {
		return err
	}
	if w.Requester, err = age.GenerateX25519Identity(); err != nil {
		return err
	}
	w.Key = w.Requester.Recipient().String()
	return w.ledgerKeys(sha256.Sum256([]byte(seed + " ledger")))
}

// ledgerKeys makes the ledger's pair of a seed, in the two notations of c2sp.org/signed-note.
func (w *World) ledgerKeys(seed [32]byte) error {
	public, err := note.NewEd25519VerifierKey(Origin, ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
	if err != nil {
		return err
	}
	named, _, _ := strings.Cut(strings.TrimPrefix(public, Origin+"+"), "+")
	const ed25519Algorithm = 1
	secret := "PRIVATE+KEY+" + Origin + "+" + named + "+" + base64.StdEncoding.EncodeToString(append([]byte{ed25519Algorithm}, seed[:]...))
	if w.LedgerKey, err = note.NewSigner(secret); err != nil {
		return err
	}
	w.LedgerTrust, err = note.NewVerifier(public)
	return err
}

// Close ends the world.
func (w *World) Close() error {
	err := w.EPP.Close()
	if w.Registry != nil {
		w.Registry.Close()
	}
	if serr := w.Store.Close(); err == nil {
		err = serr
	}
	return err
}

// Sequencer of the lab's ledger.
func (w *World) Sequencer() ledger.Sequencer {
	return ledger.Sequencer{Log: w.Store, Origin: Origin, Signers: []note.Signer{w.LedgerKey}, Trusted: []note.Verifier{w.LedgerTrust}, Holder: w.Desk.Worker, Now: w.Clock.Now}
}

// Name parses a name of the lab.
func Name(s string) freehold.Name {
	n, err := freehold.ParseName(s)
	if err != nil {
		panic(err) // written in the program
	}
	return n
}

// Register puts a name of ours into the registry: locked, without a code.
func (w *World) Register(name string) {
	w.Registry.Add(eppd.Domain{Name: name, Sponsor: Loser, Registrant: "H-1", Statuses: []string{"clientTransferProhibited"}, NameServers: []string{"ns1.host.example"},
		Created: Start.AddDate(-9, 0, 0), Expires: Start.AddDate(0, 7, 0)}, "")
}

// Request is one by the holder, who has a mailbox and a telephone on record.
func Request(name string, at time.Time) freehold.Request {
	who := freehold.Party{Name: "Rosa Abegg", Organisation: "Abegg Früchte GmbH", Register: "CHE-100.200.300", Account: "k-1"}
	return freehold.Request{Name: Name(name), Act: freehold.ActCode, FirstRequest: at, Holder: who, Customer: who, Requester: who, Contacts: []freehold.Contact{
		{ID: "c1", Of: freehold.SideHolder, Channel: freehold.ChannelMail, Address: "rosa@post.example", Since: Start.AddDate(-3, 0, 0), Source: "registry"},
		{ID: "c2", Of: freehold.SideHolder, Channel: freehold.ChannelPhone, Address: "+41 44 000 00 00", Since: Start.AddDate(-3, 0, 0), Source: "register"},
	}}
}

// Prove has the holder pass the check of the mailbox on record, and the telephone
// told: after a day nothing but a signature is missing.
func (w *World) Prove(ctx context.Context, id string) error {
	row, err := w.Store.Case(ctx, id)
	if err != nil {
		return err
	}
	q := freehold.CheckAsked{ID: "q1", Method: "contact_mail", Of: freehold.SideHolder, Contact: "c1"}
	asked, err := identity.Ask(rand.Reader, row.Case, q, w.Clock.Now())
	if err != nil {
		return err
	}
	if row, err = w.Desk.Add(ctx, id, "anne", freehold.ChannelDesk, asked.Event); err != nil {
		return err
	}
	var ended freehold.CheckEnded
	asked.Token.Use(func(token []byte) {
		ended, err = identity.Look(identity.Trial{Case: row.Case, Now: w.Clock.Now(), Proof: identity.TokenShown{Token: string(token)},
			Ended: freehold.CheckEnded{Ask: q.ID, Method: q.Method, Of: q.Of, Contact: q.Contact}})
	})
	if err != nil {
		return err
	}
	if _, err = w.Desk.Add(ctx, id, "anne", freehold.ChannelMail, ended); err != nil {
		return err
	}
	_, err = w.Desk.Add(ctx, id, "anne", freehold.ChannelPhone, freehold.NoticeEnded{Contact: "c2", Channel: freehold.ChannelPhone, Sent: true})
	return err
}

// Decide signs a decision of an operator and enters it. change may alter it before it
// is signed.
func (w *World) Decide(ctx context.Context, id, operator string, kind freehold.DecisionKind, change func(*freehold.Decision)) (freehold.CaseRow, error) {
	row, err := w.Store.Case(ctx, id)
	if err != nil {
		return row, err
	}
	d := w.Keeper(row.Case.Name, w.Clock.Now()).Policy.Decide(row.Case, kind, operator, w.Clock.Now())
	if change != nil {
		change(&d)
	}
	key := w.Operators[operator]
	sig, err := identity.Sign(rand.Reader, key, d.Statement())
	if err != nil {
		return row, err
	}
	return w.Desk.Add(ctx, id, operator, freehold.ChannelDesk, freehold.Decided{Decision: d, Signature: sig, Key: ssh.FingerprintSHA256(key.PublicKey())})
}

// Approve releases a code, by anne, in the way given: "" is to the requester's key.
func (w *World) Approve(ctx context.Context, id, delivery string) error {
	if delivery == "" {
		delivery = "key " + w.Key
	}
	_, err := w.Decide(ctx, id, "anne", freehold.DecisionRelease, func(d *freehold.Decision) { d.Delivery = delivery })
	return err
}

// Gain asks for a name with a code, as the gaining registrar.
func (w *World) Gain(ctx context.Context, name string, code freehold.TransferCode) (*epp.Response, error) {
	s, err := epp.Dial(ctx, epp.Config{Addr: w.Registry.Addr, TLS: w.Registry.TLS, User: Gainer, Password: freehold.NewTransferCode([]byte(GainerPassword)), ID: "gain", Timeout: 10 * time.Second})
	if err != nil {
		return nil, err
	}
	defer s.End(ctx)
	return s.Do(ctx, epp.TransferRequest(Name(name), code))
}

// Everything returns all octets below a folder, for whoever looks for a secret.
func Everything(dir string) (map[string][]byte, error) {
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(p)
		all[p] = b
		return err
	})
	return all, err
}
