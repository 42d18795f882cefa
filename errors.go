package freehold

import (
	"errors"
	"strings"
)

// ErrorKind says what class of trouble an Error is, so that callers can choose
// an exit code or a retry without reading the message.
type ErrorKind uint8

// The kinds. The zero value is KindInternal: an error nobody classified.
const (
	KindInternal    ErrorKind = iota // a defect or an unexpected condition
	KindInvalid                      // the input is wrong; asking again changes nothing
	KindNotFound                     // what was asked for is not there
	KindPermission                   // we may not, or were told we may not
	KindUnavailable                  // a source did not answer, was throttled or refused; later may differ
	KindBusy                         // somebody else holds it (a locked database)
	KindDamaged                      // stored data does not read back
	KindNewer                        // written by a newer freehold than this one
	KindFull                         // no space left
	KindUsage                        // the command line is wrong
	KindWaiting                      // somebody else must act first
)

// Error is the one error shape that reaches a person: one line in lower case,
// the thing in quotes, and a way out where we know one. It never carries a
// secret, neither in its text nor in the error it wraps.
type Error struct {
	Kind ErrorKind
	// Text is one line in lower case that already names its subject. It can be
	// said in other languages (SayError).
	Text Text
	// Msg stands in place of Text where the words come from elsewhere and no
	// catalogue can have them. In English.
	Msg string
	// Advice is what to do about it, zero where we do not know; Hint stands in its
	// place as Msg does for Text.
	Advice Text
	Hint   string
	// Err is the cause, nil if there is none.
	Err error
}

// Error returns the message and its cause on one line, without the hint, in
// English: logs, JSON and tests read it.
func (e *Error) Error() string { return SayError(English{}, e) }

// SayError says an error and its causes on one line in the speaker's language.
// A cause that is no Error is said as it says itself, or as the catalogue
// translates its whole text ("no such file or directory").
func SayError(s Speaker, err error) string {
	e, ok := err.(*Error)
	if !ok {
		return sayOther(s, err)
	}
	said := OneLine(e.Msg)
	if e.Msg == "" {
		said = e.Text.Render(s)
	}
	if e.Err == nil {
		return said
	}
	return T("%s: %s", said, SayError(s, e.Err)).Render(s)
}

// sayOther says an error that is none of ours; of joined ones, each.
func sayOther(s Speaker, err error) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var said, own []string
		for _, e := range joined.Unwrap() {
			said, own = append(said, SayError(s, e)), append(own, e.Error())
		}
		if strings.Join(own, "\n") == err.Error() {
			return strings.Join(said, "; ")
		}
	}
	return OneLine(s.Sentence(err.Error()))
}

// ReasonsOf is what an error and its causes say, the outermost first, to be kept and
// said later in any language (SayReasons).
func ReasonsOf(err error) (all []Text) {
	for err != nil {
		e, ok := err.(*Error)
		if !ok {
			return append(all, Text{Format: OneLine(err.Error())})
		}
		if e.Msg != "" {
			all = append(all, Text{Format: OneLine(e.Msg)})
		} else {
			all = append(all, e.Text)
		}
		err = e.Err
	}
	return all
}

// SayReasons says kept reasons on one line, as SayError would have.
func SayReasons(s Speaker, all []Text) string {
	if len(all) == 0 {
		return ""
	}
	said := all[len(all)-1].Render(s)
	for i := len(all) - 2; i >= 0; i-- {
		said = T("%s: %s", all[i].Render(s), said).Render(s)
	}
	return said
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain, else KindInternal.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// HintOf returns the first hint in err's chain in English, or "".
func HintOf(err error) string { return SayHint(English{}, err) }

// SayHint says the first hint in err's chain in the speaker's language, or "".
func SayHint(s Speaker, err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return OneLine(e.Hint)
		}
		if !e.Advice.IsZero() {
			return e.Advice.Render(s)
		}
		err = e.Err
	}
	return ""
}

// AdviceOf returns the first hint in err's chain, to be said later.
func AdviceOf(err error) Text {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return Text{}
		}
		if e.Hint != "" {
			return Text{Format: OneLine(e.Hint)}
		}
		if !e.Advice.IsZero() {
			return e.Advice
		}
		err = e.Err
	}
	return Text{}
}

// OneLine returns s with every control character, line break and terminal
// escape made harmless, so that text from a registry cannot move the cursor,
// colour the screen or forge a second line of output. Octets that are no UTF-8
// are among them: alone, 0x9b begins an escape on some terminals.
func OneLine(s string) string {
	if printable(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	clean := func(r rune) bool { return !hostileRune(r) }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case clean(r):
			b.WriteRune(r)
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		default:
			b.WriteRune('\uFFFD')
		}
	}
	return b.String()
}

// printable tells whether s is of ASCII's visible characters and spaces alone, as
// most texts are.
func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// hostileRune tells the characters that change how a terminal or a reader sees
// the text around them: C0 and C1 controls, and the bidirectional overrides.
func hostileRune(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x2028, r == 0x2029:
		return true
	case r == 0xfffd:
		return false
	}
	return false
}
