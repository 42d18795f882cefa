package freehold

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"time"
)

// Act is what a case asks the host to do for a name.
type Act uint8

// The acts. The zero value is none: nothing may be done.
const (
	ActNone    Act = iota
	ActCode        // set a transfer code and hand it over
	ActUnlock      // take the transfer lock away
	ActPush        // move the name to the holder's own account at the same registrar
	ActTag         // move the name under another registrar's tag
	ActRepoint     // change its name servers: the act that steals mail, so it is no lesser one
)

var acts = names[Act]{"none", "code", "unlock", "push", "tag", "repoint"}

func (a Act) String() string                { return acts.name(a) }
func (a Act) MarshalText() ([]byte, error)  { return acts.marshal(a) }
func (a *Act) UnmarshalText(b []byte) error { return acts.unmarshal(b, a, "act") }

// Channel is the way something reached us, or we reached someone. Two checks on
// one channel fall together with it.
type Channel uint8

// The channels.
const (
	ChannelNone     Channel = iota
	ChannelMail             // a mailbox
	ChannelPhone            // a call or a short message
	ChannelPost             // a letter
	ChannelBank             // a payment
	ChannelAccount          // a login
	ChannelKey              // a signature by an enrolled key
	ChannelRecovery         // a contact enrolled for such a day, whatever it is
	ChannelZone             // a record in the name's zone, a file on its site
	ChannelRegister         // a public register
	ChannelDesk             // face to face, in person or by video
	ChannelReseller         // through the reseller
	ChannelPaper            // a document shown
)

var channels = names[Channel]{"none", "mail", "phone", "post", "bank", "account", "key", "recovery", "zone", "register", "desk", "reseller", "paper"}

func (c Channel) String() string                { return channels.name(c) }
func (c Channel) MarshalText() ([]byte, error)  { return channels.marshal(c) }
func (c *Channel) UnmarshalText(b []byte) error { return channels.unmarshal(b, c, "channel") }

// Side is who somebody is in a case. They are four, kept apart: authority flows
// from the holder only.
type Side uint8

// The sides.
const (
	SideNone      Side = iota
	SideHolder         // the registrant of record before the incident
	SideCustomer       // the host's account customer
	SideRequester      // who asks now
	SideClaimant       // who claims the name in a second request
	SideObjector       // who asks that nothing be done
)

var sides = names[Side]{"none", "holder", "customer", "requester", "claimant", "objector"}

func (s Side) String() string                { return sides.name(s) }
func (s Side) MarshalText() ([]byte, error)  { return sides.marshal(s) }
func (s *Side) UnmarshalText(b []byte) error { return sides.unmarshal(b, s, "side") }

// A Party is one person or organisation.
type Party struct {
	Name         string // of the person
	Organisation string // empty for a private person
	Register     string // its number in a company register: "CHE-123.456.788"
	Account      string // its account at the host
}

// Is tells whether both are plainly the same party: the same organisation, or
// where neither is one, the same person. It is careful: doubt is false.
func (p Party) Is(q Party) bool {
	switch {
	case p.Register != "" && q.Register != "":
		return p.Register == q.Register
	case p.Organisation != "" || q.Organisation != "":
		return p.Organisation != "" && SameParty(p.Organisation, q.Organisation)
	}
	return p.Name != "" && p.Name == q.Name
}

// A Contact is one way to reach a side, as it stood on record when the case was
// opened. Nothing that came with the request is one.
type Contact struct {
	ID      string // in this case: "c1"
	Of      Side
	Channel Channel
	Address string
	// Since is when it came on record; zero: not known, which is not "long ago".
	Since time.Time
	// Previous: it was replaced, and is told of what happens all the same.
	Previous bool
	// AtHost: whoever runs the failing host can read and answer there.
	AtHost bool
	Source string // "registry", "register", "payments of 2026"
}

// A Mandate is a power the holder gave to somebody else.
type Mandate struct {
	ID       string
	From, To Party
	Names    []Name // none: every name of the holder
	Acts     []Act  // none: no act
	Since    time.Time
	Until    time.Time // zero: until it is withdrawn
	// Signed: with a key of the holder's enrolled before. Not signed is on paper.
	Signed bool
	Digest string // of the document, which is not kept
}

// Covers tells whether the mandate allows an act on a name at a moment.
func (m Mandate) Covers(name Name, act Act, at time.Time) bool {
	named, allowed := len(m.Names) == 0, false
	for _, n := range m.Names {
		named = named || n == name
	}
	for _, a := range m.Acts {
		allowed = allowed || a == act && a != ActNone
	}
	return named && allowed && !at.Before(m.Since) && (m.Until.IsZero() || at.Before(m.Until))
}

// DecisionKind says what an operator decided. The four refusals are four acts,
// never mixed.
type DecisionKind uint8

// The kinds of decision.
const (
	DecisionNone            DecisionKind = iota
	DecisionNotProven                    // not yet: says what would suffice, the clock runs on
	DecisionNotOurs                      // the name is not in our hands, or the request is another one
	DecisionRefuse                       // the act is refused, for a reason of the closed list
	DecisionRejectTransfer               // a pending transfer is rejected, for a reason of the closed list
	DecisionRelease                      // the act is approved
	DecisionRevoke                       // earlier approvals are taken back
	DecisionSettle                       // an objection or a second claim is decided
	DecisionApproveTransfer              // a pending transfer is let through before its time
)

var decisionKinds = names[DecisionKind]{"none", "not_proven", "not_ours", "refuse", "reject_transfer", "release", "revoke", "settle", "approve_transfer"}

func (k DecisionKind) String() string               { return decisionKinds.name(k) }
func (k DecisionKind) MarshalText() ([]byte, error) { return decisionKinds.marshal(k) }
func (k *DecisionKind) UnmarshalText(b []byte) error {
	return decisionKinds.unmarshal(b, k, "decision")
}

// A Decision is what one named operator decided on a case. It is signed over
// Statement, so every field counts.
type Decision struct {
	Case string
	Name Name
	Act  Act
	Kind DecisionKind
	// Reason is the identifier of one of the reasons the policy lists.
	Reason string
	// Free: the policy lists none that was verified, so Words are the reason and a
	// second operator must agree.
	Free  bool
	Words string
	// Dispute is the objection or claim that is settled; Upheld: for who raised it.
	Dispute string
	Upheld  bool
	// Basis is Case.Basis as the operator saw it: a decision on another state of the
	// case is none.
	Basis    string
	Policy   string // the identity policy it was taken under: "crisis of 2026-11-22"
	Operator string // the principal of the signers' file
	Time     time.Time
	// Delivery is how the code of a release is handed over: "key age1…" or "key ssh-…",
	// "phrase", "aloud". It is signed with the rest: who swaps the key gains nothing.
	Delivery string
}

// Statement is the text that is signed: a line for every field that is set, in a
// fixed order. A field added later leaves older statements as they are.
func (d Decision) Statement() []byte { return canonical("freehold-decision: 1\n", d) }

// Digest identifies the decision, whoever signed it and however often.
func (d Decision) Digest() string { return digest(d.Statement()) }

// A CaseEvent is one thing that happened in a case. Events are only ever added.
type CaseEvent struct {
	Case    string
	At      time.Time // by the clock of whoever keeps the case
	Actor   string    // operator, "desk", or the party who acted
	Channel Channel   // the way it came
	Body    CaseBody
}

// CaseBody is what an event says. Which there are is closed: see CaseBodies.
type CaseBody interface {
	// Kind is the word it is stored under; changing one needs a migration.
	Kind() string
	// happen changes the case, or says why this cannot happen to it now.
	happen(c *Case, e CaseEvent) error
}

// Digest identifies the event by all it says.
func (e CaseEvent) Digest() string {
	kind := "none"
	if e.Body != nil {
		kind = e.Body.Kind()
	}
	return digest(canonical("freehold-case-event: 1\nkind: "+kind+"\n", e))
}

// CaseBodies holds a zero value of every body by its kind, for whoever reads
// events back.
var CaseBodies = func() map[string]CaseBody {
	m := map[string]CaseBody{}
	for _, b := range []CaseBody{
		Opened{}, EarlierRequest{}, MandateShown{}, MandateWithdrawn{}, CheckAsked{}, CheckEnded{}, DoubtRecorded{}, DoubtCleared{}, SignalSeen{},
		Objected{}, SecondClaim{}, NoticeEnded{}, Decided{}, ReleaseBegun{}, ReleaseFailed{}, CodeSet{}, CodeRevealed{}, CodeUnset{}, ActDone{},
		TransferSeen{}, Reopened{}, Closed{}, Noted{},
	} {
		m[b.Kind()] = b
	}
	return m
}()

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// canonical writes a value as "key: value" lines after a head, in the order of its
// fields, without those that are zero. Text is quoted, so that no value can look
// like another line.
func canonical(head string, v any) []byte {
	return appendCanonical([]byte(head), "", reflect.ValueOf(v))
}

var textMarshaler = reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()

func appendCanonical(b []byte, key string, v reflect.Value) []byte {
	switch {
	case v.Kind() == reflect.Interface && !v.IsNil():
		return appendCanonical(b, key, v.Elem())
	case !v.IsValid() || v.IsZero():
		return b
	case v.Type() == reflect.TypeFor[time.Time]():
		return fmt.Appendf(b, "%s: %s\n", key, v.Interface().(time.Time).UTC().Format(time.RFC3339Nano))
	case v.Type().Implements(textMarshaler):
		text, _ := v.Interface().(interface{ MarshalText() ([]byte, error) }).MarshalText()
		return fmt.Appendf(b, "%s: %q\n", key, text)
	}
	if key != "" {
		key += "."
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			b = appendCanonical(b, key+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return fmt.Appendf(b, "%s: %x\n", key[:len(key)-1], v.Bytes())
		}
		for i := range v.Len() {
			// A zero element still takes its place, or [x, ""] would read as [x].
			b = fmt.Appendf(b, "%s%d:\n", key, i)
			b = appendCanonical(b, fmt.Sprintf("%s%d", key, i), v.Index(i))
		}
	default:
		b = fmt.Appendf(b, "%s: %q\n", key[:len(key)-1], fmt.Sprint(v.Interface()))
	}
	return b
}
