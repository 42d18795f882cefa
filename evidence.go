package freehold

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// An EvidenceID is the digest of a piece of evidence: "sha256:" and 64
// lower-case hexadecimal digits.
type EvidenceID string

// Valid tells whether id has the shape of a digest.
func (id EvidenceID) Valid() bool {
	h, ok := strings.CutPrefix(string(id), "sha256:")
	if !ok || len(h) != 2*sha256.Size {
		return false
	}
	_, err := hex.DecodeString(h)
	return err == nil && strings.ToLower(h) == h
}

// EvidenceKind says how a piece of evidence came to us.
type EvidenceKind string

// The kinds of evidence.
const (
	EvidenceRDAP        EvidenceKind = "rdap"        // an RDAP answer, the body as it came
	EvidenceWHOIS       EvidenceKind = "whois"       // a WHOIS answer, the text as it came
	EvidenceDNS         EvidenceKind = "dns"         // a DNS message in wire format
	EvidenceAttestation EvidenceKind = "attestation" // what a person said, with who and when
	EvidenceProof       EvidenceKind = "proof"       // a fresh act only the holder can do
	EvidenceOwnRecord   EvidenceKind = "own-record"  // what our own store holds, or that it holds nothing
	EvidenceData        EvidenceKind = "data"        // a published list: bootstrap, registrar ids, policy
)

// Evidence is one answer from one source at one time, kept raw. Its ID is the
// digest of all that is written here, so nothing of it can change unnoticed.
type Evidence struct {
	Kind EvidenceKind
	// Source is where it came from: a URL, "whois://host:port", "dns://address:port".
	Source string
	// Query is what was asked: a name, "example.fr NS", a table and key.
	Query string
	// Time is when the answer was complete.
	Time time.Time
	// Status is the source's own word: "200", "404", "NOERROR", "timeout".
	Status string
	// MediaType is what the source said the body is, empty if it said nothing.
	MediaType string
	// Body is the answer as it came. Truncated says that more came than we keep.
	Body      []byte
	Truncated bool
	// Notes say which fields of the body were wrong or not understood, one line each.
	// They are ours, not the source's, and no part of the digest.
	Notes []string
}

// ID returns the digest of e: SHA-256 over a header of "key: value" lines, an
// empty line, and the body.
func (e Evidence) ID() EvidenceID {
	var room [512]byte
	h := sha256.New()
	h.Write(e.appendHeader(room[:0]))
	h.Write(e.Body)
	id := append(room[:0], "sha256:"...)
	return EvidenceID(hex.AppendEncode(id, h.Sum(room[128:128])))
}

// Header returns the text that stands before the body when the digest is
// computed; printed before the body it lets anyone recompute the ID.
func (e Evidence) Header() string { return string(e.appendHeader(nil)) }

func (e Evidence) appendHeader(b []byte) []byte {
	line := func(k, v string) {
		b = append(b, k...)
		b = append(b, ": "...)
		b = append(b, OneLine(v)...)
		b = append(b, '\n')
	}
	line("freehold-evidence", "1")
	line("kind", string(e.Kind))
	line("source", e.Source)
	line("query", e.Query)
	line("time", e.Time.UTC().Format(time.RFC3339Nano))
	line("status", e.Status)
	line("media-type", e.MediaType)
	if e.Truncated {
		line("truncated", "yes")
	}
	return append(b, '\n')
}

// FactState says what kind of answer a fact is. One is never read as another.
type FactState uint8

// The four states. The zero value is unknown: nobody told us.
const (
	Unknown  FactState = iota // not asked, not answered, throttled, refused, or not understood
	Absent                    // the source answered and has no such value
	Redacted                  // the source has a value and does not show it
	Value                     // the source showed this value
)

var factStates = names[FactState]{"unknown", "absent", "redacted", "value"}

func (s FactState) String() string               { return factStates.name(s) }
func (s FactState) MarshalText() ([]byte, error) { return factStates.marshal(s) }
func (s *FactState) UnmarshalText(b []byte) error {
	return factStates.unmarshal(b, s, "fact state")
}

// A Fact is one thing somebody told us, and who. The zero Fact is unknown.
type Fact[T any] struct {
	State FactState
	// Value is meaningful in state Value; redacted facts may carry what was shown instead.
	Value    T
	Evidence []EvidenceID
	// Note says why a fact is unknown or redacted, where a person should know. In English.
	Note string
}

// Known makes a fact with a value.
func Known[T any](v T, evidence ...EvidenceID) Fact[T] {
	return Fact[T]{State: Value, Value: v, Evidence: evidence}
}

// NotThere makes a fact whose source answered that there is no such value.
func NotThere[T any](evidence ...EvidenceID) Fact[T] {
	return Fact[T]{State: Absent, Evidence: evidence}
}

// Hidden makes a redacted fact.
func Hidden[T any](note string, evidence ...EvidenceID) Fact[T] {
	return Fact[T]{State: Redacted, Note: note, Evidence: evidence}
}

// NotKnown makes an unknown fact with its reason.
func NotKnown[T any](note string, evidence ...EvidenceID) Fact[T] {
	return Fact[T]{State: Unknown, Note: note, Evidence: evidence}
}

// Get returns the value, and whether there is one.
func (f Fact[T]) Get() (T, bool) { return f.Value, f.State == Value }

// Outcome says how a question to a source ended.
type Outcome uint8

// The outcomes. Only OutcomeAnswered tells us anything about the name: all
// others leave facts unknown.
const (
	OutcomeNone      Outcome = iota // not asked
	OutcomeAnswered                 // a usable answer, "no such name" included
	OutcomeThrottled                // the source told us to slow down, and still did at the end of our patience
	OutcomeRefused                  // the source will not tell us (401, 403, REFUSED), or we may not ask it
	OutcomeTimeout                  // no answer in time
	OutcomeFailed                   // connection or TLS failure, a 5xx, SERVFAIL
	OutcomeGarbled                  // an answer that cannot be read, or about something else
)

var outcomes = names[Outcome]{"not_asked", "answered", "throttled", "refused", "timeout", "failed", "garbled"}

// Text says what a source did that ended so: to stand after its name.
func (o Outcome) Text() Text {
	switch o {
	case OutcomeThrottled:
		return T("asked us to slow down, and did not answer")
	case OutcomeRefused:
		return T("refused to answer")
	case OutcomeTimeout:
		return T("did not answer in time")
	case OutcomeFailed:
		return T("could not be reached")
	case OutcomeGarbled:
		return T("gave an answer that cannot be used")
	case OutcomeAnswered:
		return T("answered")
	}
	return T("was not asked")
}

func (o Outcome) String() string               { return outcomes.name(o) }
func (o Outcome) MarshalText() ([]byte, error) { return outcomes.marshal(o) }
func (o *Outcome) UnmarshalText(b []byte) error {
	return outcomes.unmarshal(b, o, "outcome")
}

// An Ask is one question that was put to one source about a name.
type Ask struct {
	Kind    EvidenceKind
	Source  string
	Outcome Outcome
	// Error is the reason of an outcome other than answered, one line, no secret.
	Error    string
	Evidence EvidenceID
	// Kept is when the answer came, where it was kept from an earlier run and not
	// asked for again; zero otherwise.
	Kept time.Time
}
