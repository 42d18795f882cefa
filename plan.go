package freehold

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// StepKind says what a step of a move does.
type StepKind uint8

// The steps, in the order of docs/design.md §8.
const (
	StepLowerTTL StepKind = iota // at the old operator
	StepCreate                   // an empty zone at the new one
	StepWrite                    // the records
	StepVerify                   // at every new server, before anybody is sent there
	StepUnsign                   // the DS out of the parent
	StepDelegate                 // the parent names the new servers
	StepKeep                     // the old zone goes on answering
	StepSign                     // the new operator's DS into the parent
	StepRestoreTTL
	StepRetire // the old zone
	// Where both operators sign and help each other (RFC 8901 §2.2.2):
	StepShareKeys // each publishes the other's zone-signing keys
	StepAddDS     // the new operator's DS beside the old one
	StepDropDS    // the old DS out of the parent
)

var stepKinds = names[StepKind]{"lower-ttl", "create", "write", "verify", "unsign", "delegate", "keep", "sign", "restore-ttl", "retire", "share-keys", "add-ds", "drop-ds"}

func (k StepKind) String() string               { return stepKinds.name(k) }
func (k StepKind) MarshalText() ([]byte, error) { return stepKinds.marshal(k) }
func (k *StepKind) UnmarshalText(b []byte) error {
	return stepKinds.unmarshal(b, k, "step of a move")
}

// A MoveStep is one act of a move.
type MoveStep struct {
	Kind  StepKind
	Title Text
	// Why says what goes wrong without it.
	Why Text
	// ByHand: nothing here can do it; Title says what is to be done, and the move goes
	// on once the world shows it.
	ByHand bool
	// After is how long caches keep what was before: the next step waits so long once
	// this one is done.
	After time.Duration
	// Undo says how it is taken back; the zero Text: it needs no undoing.
	Undo Text
	// Visible: the outside world sees it.
	Visible bool
}

// A MovePlan is the way of a zone from one operator to another.
type MovePlan struct {
	Name Name
	To   string // the new operator
	Made time.Time
	// NameServers are the new ones, as the parent is to name them.
	NameServers []Host
	Steps       []MoveStep
	// Losses are what the new operator cannot hold, told before the first step.
	Losses []Text
	// Warnings are what caching makes impossible, with times.
	Warnings []Text
	// Content is the digest of the records to be served (Zone.Digest).
	Content string
}

// Digest identifies the plan: who approves one approves these steps with this
// content from this state, and no other. It does not cover the day it was made.
func (p *MovePlan) Digest() string {
	h := sha256.New()
	fmt.Fprintf(h, "freehold move plan v1\n%s\n%s\n%s\n", p.Name.ASCII(), p.To, p.Content)
	for _, ns := range p.NameServers {
		fmt.Fprintf(h, "ns %s\n", ns.ASCII())
	}
	for _, s := range p.Steps {
		fmt.Fprintf(h, "step %s %t %d\n", s.Kind, s.ByHand, s.After)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// Waits is how long the move takes at least.
func (p *MovePlan) Waits() time.Duration {
	var all time.Duration
	for _, s := range p.Steps {
		all += s.After
	}
	return all
}

// Digest identifies a zone's content: every record but the SOA and what signers
// make, in canonical order and case.
func (z *Zone) Digest() string {
	own := Zone{Origin: z.Origin, Records: make([]Record, 0, len(z.Records))}
	own.Records = append(own.Records, z.Records...)
	own.Sort()
	h := sha256.New()
	for s := range own.RRsets() {
		if s.Type == TypeSOA || s.Type.Signer() {
			continue
		}
		fmt.Fprintf(h, "%q %d %d %d\n", s.Owner.Canonical(), s.Class, s.Type, s.TTL)
		for _, d := range s.Data {
			fmt.Fprintf(h, "%q\n", d)
		}
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
