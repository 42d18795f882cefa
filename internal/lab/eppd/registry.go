// Package eppd is the registry of the offline world as registrars meet it: an EPP
// server (RFC 5730, 5731, 5734) that keeps names, locks, codes, transfers and
// message queues as a real one does, after RFC 9154 or the older way. It reads
// commands with code of its own, so that a fault of our client is not repeated
// here.
package eppd

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config says what kind of registry it is.
type Config struct {
	// Addr is where Listen listens; empty: a free port of 127.0.0.1.
	Addr string
	// Registrars are the accounts: identifier and password.
	Registrars map[string]string
	// Now is its clock; nil is time.Now.
	Now func() time.Time
	// Secure: codes are kept as salted hashes and never told (RFC 9154). Without
	// it, the sponsor reads the code in the answer to info, as with older registries.
	Secure bool
	// TransferDelay is how long the losing registrar has to answer a transfer
	// before the registry approves it; 0 approves at once.
	TransferDelay time.Duration
	// MaxSessions an account may hold; 0 is without bound.
	MaxSessions int
	// CodeMin is the shortest code accepted; 0 is 6.
	CodeMin int
}

// A Domain is a name as the registry keeps it.
type Domain struct {
	Name, Sponsor, Registrant string
	Statuses                  []string
	NameServers               []string
	DS                        int // how many
	Created, Expires          time.Time
	Transferred               time.Time // zero: never

	salt    [16]byte
	hash    [32]byte
	codeSet bool
	plain   string // only of a registry that is not Secure
	pending *transfer
}

type transfer struct {
	status                string
	gaining, losing       string
	requested, actBy, end time.Time
}

type message struct {
	id   string
	at   time.Time
	text string
	body string // resData
}

// Registry holds the state behind all sessions.
type Registry struct {
	config Config

	mu       sync.Mutex
	domains  map[string]*Domain
	queues   map[string][]message
	sessions map[string]int
	serial   int
	refused  int // logins beyond MaxSessions
	faults   Faults
	commands map[string]int
}

// Faults make the registry misbehave. Each counts down as it strikes.
type Faults struct {
	// DropBefore and DropAfter close the connection on so many commands that
	// change something: before doing them, or after, without an answer.
	DropBefore, DropAfter int
	// Latency passes before each answer.
	Latency time.Duration
	// RefuseCode answers 2306 to so many settings of a code.
	RefuseCode int
	// Lie answers with another command's identifier, so many times.
	Lie int
	// Instead write the next answers after a login in place of the registry, in order;
	// then the connection is closed.
	Instead []func(io.Writer)
}

// New makes a registry without names.
func New(c Config) *Registry {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.CodeMin == 0 {
		c.CodeMin = 6
	}
	return &Registry{config: c, domains: map[string]*Domain{}, queues: map[string][]message{}, sessions: map[string]int{}, commands: map[string]int{}}
}

// Add registers a name, with its code where one is set.
func (r *Registry) Add(d Domain, code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	own := d
	own.Statuses, own.NameServers = slices.Clone(d.Statuses), slices.Clone(d.NameServers)
	r.setCode(&own, code)
	r.domains[strings.ToLower(d.Name)] = &own
}

// Get returns a name's state as it is now, without its code.
func (r *Registry) Get(name string) (Domain, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settle()
	d, ok := r.domains[strings.ToLower(name)]
	if !ok {
		return Domain{}, false
	}
	own := *d
	own.Statuses, own.NameServers, own.plain = slices.Clone(d.Statuses), slices.Clone(d.NameServers), ""
	return own, true
}

// HasCode tells whether a code is set, and Accepts whether it is this one.
func (d Domain) HasCode() bool { return d.codeSet }

// Accepts compares in constant time; nothing matches a code that is not set
// (RFC 9154 §4.4).
func (d Domain) Accepts(code string) bool {
	sum := hashed(d.salt, code)
	return d.codeSet && code != "" && subtle.ConstantTimeCompare(sum[:], d.hash[:]) == 1
}

// Fail sets the faults.
func (r *Registry) Fail(f Faults) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = f
}

// Refused returns how many logins there were beyond MaxSessions.
func (r *Registry) Refused() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused
}

// Commands returns how many commands of each kind were done: "update", "transfer request".
func (r *Registry) Commands() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]int{}
	for k, n := range r.commands {
		out[k] = n
	}
	return out
}

func hashed(salt [16]byte, code string) [32]byte {
	return sha256.Sum256(append(salt[:], code...))
}

func (r *Registry) setCode(d *Domain, code string) {
	d.codeSet, d.plain, d.hash = code != "", "", [32]byte{}
	if code == "" {
		return
	}
	rand.Read(d.salt[:])
	d.hash = hashed(d.salt, code)
	if !r.config.Secure {
		d.plain = code
	}
}

// settle decides the transfers whose time is over (RFC 5730 §2.9.3.4: the server
// may approve by itself).
func (r *Registry) settle() {
	now := r.config.Now()
	for _, d := range r.domains {
		if d.pending != nil && d.pending.status == "pending" && !now.Before(d.pending.actBy) {
			r.finish(d, "serverApproved", d.pending.actBy)
		}
	}
}

// finish ends a pending transfer and tells both sides by their queues.
func (r *Registry) finish(d *Domain, status string, at time.Time) {
	t := d.pending
	t.status, t.end = status, at
	if t.status == "clientApproved" || t.status == "serverApproved" {
		d.Sponsor, d.Transferred = t.gaining, at
		d.Expires = d.Expires.AddDate(1, 0, 0)
		r.setCode(d, "") // RFC 9154 §5.4: unset once used
	}
	d.Statuses = slices.DeleteFunc(d.Statuses, func(s string) bool { return s == "pendingTransfer" })
	for _, who := range []string{t.gaining, t.losing} {
		r.tell(who, "Transfer "+status+".", d.trnData())
	}
}

func (r *Registry) tell(who, text, body string) {
	r.serial++
	r.queues[who] = append(r.queues[who], message{id: fmt.Sprint(r.serial), at: r.config.Now().UTC(), text: text, body: body})
}
