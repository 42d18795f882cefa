package epp

import (
	"encoding/xml"
	"strconv"
	"strings"

	"freehold"
)

// A Command is one command to a registry.
type Command struct {
	name string // as people say it: "transfer request"
	// body writes what stands inside <command>.
	body func(*frame)
	// changes tells whether it changes anything at the registry, so that a lost
	// answer leaves an outcome that is not known.
	changes bool
	// domain is what it is about, for errors; empty for session commands.
	domain freehold.Name
	// secrets are the codes in it, which no error may repeat.
	secrets []freehold.TransferCode
}

// frame writes XML into one buffer, which can be wiped.
type frame struct{ buf []byte }

func (f *frame) raw(s string) { f.buf = append(f.buf, s...) }

// open writes a start tag; attributes are name and value by turns.
func (f *frame) open(tag string, attrs ...string) {
	f.raw("<" + tag)
	for i := 0; i+1 < len(attrs); i += 2 {
		f.raw(" " + attrs[i] + `="`)
		f.escape([]byte(attrs[i+1]))
		f.raw(`"`)
	}
	f.raw(">")
}

func (f *frame) close(tag string) { f.raw("</" + tag + ">") }

func (f *frame) text(tag, value string, attrs ...string) {
	f.open(tag, attrs...)
	f.escape([]byte(value))
	f.close(tag)
}

// escape writes text octet for octet but for what XML would take for markup. It
// writes straight into the buffer, so that no second copy of a code is left.
func (f *frame) escape(value []byte) {
	for _, b := range value {
		switch b {
		case '&':
			f.raw("&amp;")
		case '<':
			f.raw("&lt;")
		case '>':
			f.raw("&gt;")
		case '"':
			f.raw("&quot;")
		case '\t', '\n', '\r':
			f.raw("&#" + strconv.Itoa(int(b)) + ";")
		default:
			f.buf = append(f.buf, b)
		}
	}
}

// domain wraps the object part of a command: <verb><domain:verb xmlns…>.
func (f *frame) domain(verb string, inner func(), attrs ...string) {
	f.open(verb, attrs...)
	f.open("domain:"+verb, "xmlns:domain", nsDomain)
	inner()
	f.close("domain:" + verb)
	f.close(verb)
}

func (f *frame) authInfo(code freehold.TransferCode) {
	f.raw("<domain:authInfo><domain:pw>")
	code.Use(f.escape)
	f.raw("</domain:pw></domain:authInfo>")
}

// build writes the whole document. Its capacity is made before a code goes in, so
// that growing does not leave copies of it behind.
func (c Command) build(clTRID string) []byte {
	f := &frame{buf: make([]byte, 0, 8<<10)}
	f.raw(xml.Header)
	f.open("epp", "xmlns", nsEPP)
	f.open("command")
	c.body(f)
	f.text("clTRID", clTRID)
	f.close("command")
	f.close("epp")
	return f.buf
}

// Check asks whether a name is free (RFC 5731 §3.1.1).
func Check(name freehold.Name) Command {
	return Command{name: "check", domain: name, body: func(f *frame) {
		f.domain("check", func() { f.text("domain:name", name.ASCII()) })
	}}
}

// Info asks for all about a name (RFC 5731 §3.1.2). A code makes the registry
// verify it: answer 2202 means that it is wrong or not set (RFC 9154 §5.3).
func Info(name freehold.Name, code freehold.TransferCode) Command {
	return Command{name: "info", domain: name, secrets: []freehold.TransferCode{code}, body: func(f *frame) {
		f.domain("info", func() {
			f.text("domain:name", name.ASCII(), "hosts", "all")
			if !code.IsZero() {
				f.authInfo(code)
			}
		})
	}}
}

// A Change is what an update does to a name. The parts that are empty stay as
// they are.
type Change struct {
	AddStatus, RemoveStatus []string // client… statuses (RFC 5731 §2.3)
	AddNS, RemoveNS         []freehold.Host
	// SetCode makes it the code; UnsetCode removes whatever code is set (RFC 9154
	// §5.2). Both together are refused.
	SetCode   freehold.TransferCode
	UnsetCode bool
	// RemoveAllDS removes every DS record at the parent (RFC 5910 §5.2.5).
	RemoveAllDS bool
	// AddDS adds DS records at the parent, after those that are removed (RFC 5910 §5.2.5).
	AddDS []freehold.DS
}

// lock is the status by which a registrar forbids transfers.
const lock = "clientTransferProhibited"

// Unlocked is the change that lets a name go: the lock off and the code set in
// one command, so that there is no moment with one but not the other.
func Unlocked(code freehold.TransferCode) Change {
	return Change{RemoveStatus: []string{lock}, SetCode: code}
}

// Locked is the change back: the code unset and the lock on.
func Locked() Change { return Change{AddStatus: []string{lock}, UnsetCode: true} }

// Update changes a name (RFC 5731 §3.2.5). It returns an error of KindInvalid for
// a change of nothing, or one that contradicts itself.
func Update(name freehold.Name, c Change) (Command, error) {
	code := !c.SetCode.IsZero()
	adds := len(c.AddStatus)+len(c.AddNS) > 0
	removes := len(c.RemoveStatus)+len(c.RemoveNS) > 0
	switch {
	case code && c.UnsetCode:
		return Command{}, &freehold.Error{Kind: freehold.KindInvalid, Msg: "a code cannot be set and unset at once"}
	case !adds && !removes && !code && !c.UnsetCode && !c.RemoveAllDS && len(c.AddDS) == 0:
		return Command{}, &freehold.Error{Kind: freehold.KindInvalid, Msg: "the update changes nothing"}
	}
	for _, s := range append(append([]string(nil), c.AddStatus...), c.RemoveStatus...) {
		// A registrar sets client statuses only; server ones are the registry's (RFC 5731 §2.3).
		if !strings.HasPrefix(s, "client") {
			return Command{}, &freehold.Error{Kind: freehold.KindInvalid, Msg: `"` + freehold.OneLine(s) + `" is not for a registrar to set`}
		}
	}
	return Command{name: "update", domain: name, changes: true, secrets: []freehold.TransferCode{c.SetCode}, body: func(f *frame) {
		f.domain("update", func() {
			f.text("domain:name", name.ASCII())
			if adds {
				f.part("domain:add", c.AddNS, c.AddStatus)
			}
			if removes {
				f.part("domain:rem", c.RemoveNS, c.RemoveStatus)
			}
			switch {
			case code:
				f.open("domain:chg")
				f.authInfo(c.SetCode)
				f.close("domain:chg")
			case c.UnsetCode:
				f.raw("<domain:chg><domain:authInfo><domain:null/></domain:authInfo></domain:chg>")
			}
		})
		if c.RemoveAllDS || len(c.AddDS) > 0 {
			f.open("extension")
			f.open("secDNS:update", "xmlns:secDNS", nsSecDNS)
			if c.RemoveAllDS {
				f.raw("<secDNS:rem><secDNS:all>true</secDNS:all></secDNS:rem>")
			}
			if len(c.AddDS) > 0 {
				f.open("secDNS:add")
				for _, d := range c.AddDS {
					f.open("secDNS:dsData")
					f.text("secDNS:keyTag", strconv.Itoa(int(d.KeyTag)))
					f.text("secDNS:alg", strconv.Itoa(int(d.Algorithm)))
					f.text("secDNS:digestType", strconv.Itoa(int(d.DigestType)))
					f.text("secDNS:digest", strings.ToUpper(d.Digest))
					f.close("secDNS:dsData")
				}
				f.close("secDNS:add")
			}
			f.close("secDNS:update")
			f.close("extension")
		}
	}}, nil
}

func (f *frame) part(tag string, ns []freehold.Host, statuses []string) {
	f.open(tag)
	if len(ns) > 0 {
		f.open("domain:ns")
		for _, h := range ns {
			f.text("domain:hostObj", h.ASCII())
		}
		f.close("domain:ns")
	}
	for _, s := range statuses {
		f.raw(`<domain:status s="`)
		f.escape([]byte(s))
		f.raw(`"/>`)
	}
	f.close(tag)
}

// TransferRequest asks for a name as the gaining registrar (RFC 5731 §3.2.4).
func TransferRequest(name freehold.Name, code freehold.TransferCode) Command {
	return transfer("request", name, code)
}

// TransferQuery asks how a transfer stands (RFC 5731 §3.1.3).
func TransferQuery(name freehold.Name) Command {
	c := transfer("query", name, freehold.TransferCode{})
	c.changes = false
	return c
}

// TransferApprove and TransferReject answer a pending transfer as the registrar
// that loses the name; TransferCancel takes one back as the one that gains it.
func TransferApprove(name freehold.Name) Command {
	return transfer("approve", name, freehold.TransferCode{})
}

// TransferReject: see TransferApprove. The reasons for which a registrar may do so
// are a closed list (Transfer Policy I.A.3.7).
func TransferReject(name freehold.Name) Command {
	return transfer("reject", name, freehold.TransferCode{})
}

// TransferCancel: see TransferApprove.
func TransferCancel(name freehold.Name) Command {
	return transfer("cancel", name, freehold.TransferCode{})
}

func transfer(op string, name freehold.Name, code freehold.TransferCode) Command {
	return Command{name: "transfer " + op, domain: name, changes: true, secrets: []freehold.TransferCode{code}, body: func(f *frame) {
		f.domain("transfer", func() {
			f.text("domain:name", name.ASCII())
			if !code.IsZero() {
				f.authInfo(code)
			}
		}, "op", op)
	}}
}

// PollRequest asks for the oldest message of the queue (RFC 5730 §2.9.2.3).
func PollRequest() Command {
	return Command{name: "poll request", body: func(f *frame) { f.raw(`<poll op="req"/>`) }}
}

// PollAck takes a message off the queue. Only then does the next one show.
func PollAck(id string) Command {
	return Command{name: "poll ack", changes: true, body: func(f *frame) {
		f.open("poll", "op", "ack", "msgID", id)
		f.close("poll")
	}}
}

// Restore asks for a deleted name back during its redemption (RFC 3915 §4.2.5).
func Restore(name freehold.Name) Command {
	return Command{name: "restore", domain: name, changes: true, body: func(f *frame) {
		f.domain("update", func() {
			f.text("domain:name", name.ASCII())
			f.raw("<domain:chg/>")
		})
		f.open("extension")
		f.open("rgp:update", "xmlns:rgp", nsRGP)
		f.raw(`<rgp:restore op="request"/>`)
		f.close("rgp:update")
		f.close("extension")
	}}
}

func login(user string, password, next freehold.TransferCode, objects, extensions []string) Command {
	return Command{name: "login", secrets: []freehold.TransferCode{password, next}, body: func(f *frame) {
		f.open("login")
		f.text("clID", user)
		f.open("pw")
		password.Use(f.escape)
		f.close("pw")
		if !next.IsZero() {
			f.open("newPW")
			next.Use(f.escape)
			f.close("newPW")
		}
		f.raw("<options><version>1.0</version><lang>en</lang></options><svcs>")
		for _, o := range objects {
			f.text("objURI", o)
		}
		if len(extensions) > 0 {
			f.open("svcExtension")
			for _, e := range extensions {
				f.text("extURI", e)
			}
			f.close("svcExtension")
		}
		f.raw("</svcs>")
		f.close("login")
	}}
}

func logout() Command { return Command{name: "logout", body: func(f *frame) { f.raw("<logout/>") }} }

func hello() []byte { return []byte(xml.Header + `<epp xmlns="` + nsEPP + `"><hello/></epp>`) }
