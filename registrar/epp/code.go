package epp

import (
	"strconv"
	"strings"

	"freehold"
)

// Code is a result code (RFC 5730 §3).
type Code uint16

// The codes that decide something here.
const (
	Done               Code = 1000
	DonePending        Code = 1001
	NoMessages         Code = 1300
	MessageWaiting     Code = 1301
	Bye                Code = 1500
	ValueSyntax        Code = 2005
	ValueRange         Code = 2004
	NotTransferable    Code = 2106
	NotAuthenticated   Code = 2200
	NotAuthorized      Code = 2201
	WrongCode          Code = 2202
	AlreadyPending     Code = 2300
	NotPending         Code = 2301
	NoSuchObject       Code = 2303
	StatusProhibits    Code = 2304
	ValuePolicy        Code = 2306
	CommandFailed      Code = 2400
	ClosingFailure     Code = 2500
	ClosingAuth        Code = 2501
	ClosingTooMany     Code = 2502
	firstErrorCode     Code = 2000
	firstClosing, last Code = 2500, 2599
)

// OK tells whether the command was done or is under way.
func (c Code) OK() bool { return c < firstErrorCode }

// Closes tells whether the registry ends the session with this answer.
func (c Code) Closes() bool { return c == Bye || c >= firstClosing && c <= last }

// WantsOtherCode tells whether the registry refused the code that was to be set,
// so that a fresh one is worth trying (RFC 9154 §5.2: be ready to regenerate).
func (c Code) WantsOtherCode() bool {
	return c == WrongCode || c == ValueRange || c == ValueSyntax || c == ValuePolicy
}

// meaning says what a code means for whoever waits for a name, with a way out.
var meanings = map[Code]struct {
	kind       freehold.ErrorKind
	says, hint string
}{
	2104:             {freehold.KindPermission, "the registrar's account at the registry has no credit", "pay the registry, then repeat"},
	2105:             {freehold.KindPermission, "it cannot be renewed now", ""},
	NotTransferable:  {freehold.KindPermission, "it cannot be transferred now: too new, or moved too recently", "look at the dates with \"freehold show\""},
	NotAuthenticated: {freehold.KindPermission, "the registry does not accept the log-in", "check the account and its certificate"},
	NotAuthorized:    {freehold.KindPermission, "the registry does not let this account do it", "is the account the registrar of record?"},
	WrongCode:        {freehold.KindPermission, "the code is wrong, has expired or was never set", ""},
	AlreadyPending:   {freehold.KindPermission, "a transfer of it is already pending", ""},
	NotPending:       {freehold.KindPermission, "no transfer of it is pending", ""},
	2302:             {freehold.KindInvalid, "it exists already", ""},
	NoSuchObject:     {freehold.KindNotFound, "the registry does not have it", ""},
	StatusProhibits:  {freehold.KindPermission, "a lock on it forbids this", "look at its statuses; only who set a lock can remove it"},
	2305:             {freehold.KindPermission, "something else still depends on it", ""},
	ValuePolicy:      {freehold.KindInvalid, "a value in the command is against the registry's rules", ""},
	2308:             {freehold.KindPermission, "the registry's data policy forbids this", ""},
	CommandFailed:    {freehold.KindUnavailable, "the registry failed", "repeat later"},
	ClosingFailure:   {freehold.KindUnavailable, "the registry failed and closed the session", "repeat later"},
	ClosingAuth:      {freehold.KindPermission, "the registry does not accept the log-in and closed the session", "check the account and its certificate"},
	ClosingTooMany:   {freehold.KindUnavailable, "the account has too many sessions open", "end another session, or wait"},
}

// Err returns what a response says went wrong, or nil. The registry's own words
// come with it, made safe to print, and without the codes of the command: some
// registries repeat what they refuse.
func (r *Response) Err(c Command) error {
	if r.Code.OK() {
		return nil
	}
	m, known := meanings[r.Code]
	if !known {
		m.kind, m.says = freehold.KindUnavailable, "the registry refused it"
	}
	msg := c.subject() + ": " + m.says + " (" + strconv.Itoa(int(r.Code))
	if said := c.scrub(r.Message); said != "" {
		msg += `, "` + freehold.OneLine(said) + `"`
	}
	return &freehold.Error{Kind: m.kind, Msg: msg + ")", Hint: m.hint}
}

// scrub takes the secrets of a command out of what was said about it.
func (c Command) scrub(said string) string {
	for _, s := range c.secrets {
		s.Use(func(code []byte) { said = strings.ReplaceAll(said, string(code), s.String()) })
	}
	return said
}

// subject names the command in an error.
func (c Command) subject() string {
	if c.domain == (freehold.Name{}) {
		return c.name
	}
	return c.name + ` of "` + c.domain.ASCII() + `"`
}
