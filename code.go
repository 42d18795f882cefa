package freehold

import (
	"crypto/subtle"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"sync"
)

// A TransferCode is the secret that moves a name to another registrar: the
// AuthInfo of RFC 5731 §3.2.4, in ICANN's words the TAC. Nothing prints it:
// whatever formats, logs or marshals one writes that it is redacted, and whatever
// would store one fails (RFC 9154 §4.3: the losing registrar must not store it).
// It leaves through Use alone.
//
// The zero value holds no code and reveals nothing. Copies share one secret;
// Destroy wipes it for all of them.
type TransferCode struct {
	// hold returns the secret. It is a function because fmt prints the address of
	// one, whereas it follows a pointer inside a struct that it prints with a verb
	// that does not fit (%s of an unexported field).
	hold func() *secret
}

type secret struct {
	mu    sync.Mutex
	bytes []byte
}

const redactedCode = "[transfer code]"

// NewTransferCode takes over code: the caller's bytes are wiped. An empty code is
// the zero value: nothing matches a code that is not set (RFC 9154 §4.4).
func NewTransferCode(code []byte) TransferCode {
	if len(code) == 0 {
		return TransferCode{}
	}
	s := &secret{bytes: append(make([]byte, 0, len(code)), code...)}
	clear(code)
	return TransferCode{func() *secret { return s }}
}

// Use calls f with the code, which is only valid during the call and must not be
// changed. It returns false, without calling f, where there is no code.
func (c TransferCode) Use(f func(code []byte)) bool {
	if c.hold == nil {
		return false
	}
	s := c.hold()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.bytes) == 0 {
		return false
	}
	f(s.bytes)
	return true
}

// IsZero tells whether there is no code, or none any more.
func (c TransferCode) IsZero() bool { return !c.Use(func([]byte) {}) }

// Destroy wipes the code from memory, as far as Go allows: the runtime may have
// moved stacks, but the one place that holds the bytes is overwritten.
func (c TransferCode) Destroy() {
	if c.hold == nil {
		return
	}
	s := c.hold()
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.bytes)
	s.bytes = nil
}

// Matches compares in constant time. Nothing matches a code that is not set, the
// empty guess included.
func (c TransferCode) Matches(guess []byte) bool {
	same := 0
	c.Use(func(code []byte) { same = subtle.ConstantTimeCompare(code, guess) })
	return same == 1
}

// Format keeps every verb of fmt from the code.
func (TransferCode) Format(f fmt.State, _ rune) { io.WriteString(f, redactedCode) }

func (TransferCode) String() string   { return redactedCode }
func (TransferCode) GoString() string { return redactedCode }

// LogValue keeps slog from the code.
func (TransferCode) LogValue() slog.Value { return slog.StringValue(redactedCode) }

// MarshalText and MarshalJSON write that there is something, not what.
func (TransferCode) MarshalText() ([]byte, error) { return []byte(redactedCode), nil }
func (TransferCode) MarshalJSON() ([]byte, error) { return json.Marshal(redactedCode) }

// Value refuses to put a code into a database.
func (TransferCode) Value() (driver.Value, error) { return nil, errNoCodeStored }

// GobEncode and MarshalBinary refuse to write a code down.
func (TransferCode) GobEncode() ([]byte, error)     { return nil, errNoCodeStored }
func (TransferCode) MarshalBinary() ([]byte, error) { return nil, errNoCodeStored }

var errNoCodeStored = &Error{Kind: KindPermission, Msg: "a transfer code is never stored in clear (RFC 9154, section 4.3)"}

// The classes of characters that registries ask for. Symbols are those that
// neither XML nor a shell nor a reader's eye takes for something else.
const (
	codeLower   = "abcdefghijklmnopqrstuvwxyz"
	codeUpper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	codeDigits  = "0123456789"
	codeSymbols = "#*+-=@_"
)

// CodeBits is the strength RFC 9154 §4.1 asks of a code, in bits.
const CodeBits = 128

// A CodeShape is what a registry accepts as a code: dated data of its policy.
// The zero value accepts nothing.
type CodeShape struct {
	Min, Max int // length in characters, both included
	// Classes are the sets of characters to draw from; a code holds at least one
	// of each, as registries that name a class ask for one of it.
	Classes []string
}

// NewCodeShape returns the shape of a length and the usual classes: letters of
// both cases, digits and, where allowed, symbols.
func NewCodeShape(lo, hi int, symbols bool) CodeShape {
	classes := []string{codeLower, codeUpper, codeDigits}
	if symbols {
		classes = append(classes, codeSymbols)
	}
	return CodeShape{Min: lo, Max: hi, Classes: classes}
}

// Length returns the shortest accepted length that reaches CodeBits, else the
// longest accepted one; and the strength it has, in whole bits, rounded down.
func (s CodeShape) Length() (length, bits int) {
	for n := max(s.Min, len(s.Classes), 1); n <= s.Max; n++ {
		if length, bits = n, s.bits(n); bits >= CodeBits {
			break
		}
	}
	return length, bits
}

// bits is the logarithm of the number of codes of n characters that hold every
// class, by inclusion and exclusion over the classes they might lack.
func (s CodeShape) bits(n int) int {
	all := float64(len(s.alphabet()))
	share := 0.0
	for lacking := range 1 << len(s.Classes) {
		left, sign := all, 1.0
		for i, class := range s.Classes {
			if lacking&(1<<i) != 0 {
				left, sign = left-float64(len(class)), -sign
			}
		}
		share += sign * math.Pow(left/all, float64(n))
	}
	if share <= 0 {
		return 0
	}
	return int(float64(n)*math.Log2(all) + math.Log2(share))
}

func (s CodeShape) alphabet() string { return strings.Join(s.Classes, "") }

// Accepts tells whether the registry would take the code.
func (s CodeShape) Accepts(code []byte) bool {
	if len(code) < s.Min || len(code) > s.Max || len(code) == 0 {
		return false
	}
	alphabet := s.alphabet()
	for _, b := range code {
		if strings.IndexByte(alphabet, b) < 0 {
			return false
		}
	}
	for _, class := range s.Classes {
		if !strings.ContainsAny(string(code), class) {
			return false
		}
	}
	return true
}

// Generate draws a code from random, which must be cryptographically secure
// (RFC 9154 §4.1). Every acceptable code of the length is equally likely: a draw
// that lacks a class is thrown away whole, never patched.
func (s CodeShape) Generate(random io.Reader) (TransferCode, error) {
	length, _ := s.Length()
	alphabet := s.alphabet()
	if length == 0 || len(alphabet) == 0 || len(alphabet) > 256 {
		return TransferCode{}, &Error{Kind: KindInvalid, Msg: fmt.Sprintf("no code of %d to %d characters holds all that the registry asks for", s.Min, s.Max)}
	}
	code := make([]byte, length)
	for {
		if err := draw(random, code, alphabet); err != nil {
			return TransferCode{}, err
		}
		if s.Accepts(code) {
			return NewTransferCode(code), nil
		}
	}
}

// draw fills code with characters of alphabet. Bytes beyond the last whole
// multiple of its size are thrown away, as a remainder would favour its start.
func draw(random io.Reader, code []byte, alphabet string) error {
	limit := 256 - 256%len(alphabet)
	var one [1]byte
	defer clear(one[:])
	for i := 0; i < len(code); {
		if _, err := io.ReadFull(random, one[:]); err != nil {
			clear(code)
			return &Error{Kind: KindUnavailable, Msg: "no randomness for a transfer code", Err: err}
		}
		if int(one[0]) < limit {
			code[i] = alphabet[int(one[0])%len(alphabet)]
			i++
		}
	}
	return nil
}
