package epp

import (
	"slices"
	"strconv"
	"time"

	"freehold"
)

// A Greeting is how a registry opens a session (RFC 5730 §2.4).
type Greeting struct {
	Server              string
	Date                time.Time // zero: not readable
	Versions, Languages []string
	Objects, Extensions []string // namespaces offered
}

// SecureCodes tells whether the registry keeps codes as RFC 9154 asks.
func (g Greeting) SecureCodes() bool { return slices.Contains(g.Extensions, SecureAuthInfo) }

// A Response is an answer to a command (RFC 5730 §2.6). The parts that it does
// not have are nil.
type Response struct {
	Code    Code
	Message string // the registry's own words, for a person
	Reasons []string
	// ClientID is our transaction's identifier, ServerID the registry's: what to
	// quote to its support.
	ClientID, ServerID string

	Queue    *Queue
	Domain   *Domain
	Transfer *Transfer
	Pending  *Pending
	Free     map[string]bool // by name as the registry wrote it, of a check
	// Other lists the namespaces of what else it held: messages of the registry's
	// own kinds.
	Other []string
}

// A Queue is the state of the message queue, with its oldest message where one
// was asked for.
type Queue struct {
	Count   int // messages waiting, this one included; -1 where not said
	ID      string
	Date    time.Time
	Message string
}

// Domain is a name at the registry (RFC 5731 §3.1.2). What the registry does not
// tell us is empty: it tells the sponsor all, others little.
type Domain struct {
	Name, ROID                      string
	Statuses                        []string // EPP's words: clientTransferProhibited
	GracePeriods                    []string // RFC 3915 §3.1: redemptionPeriod
	Registrant                      string
	Contacts                        map[string][]string // by type
	NameServers, Hosts              []string
	Sponsor, Creator, Updater       string
	Created, Updated, Expires, Last time.Time // Last: of the last transfer
	// Code is the code where the registry tells it, as those before RFC 9154 do.
	// CodeSet tells an empty one, by which a registry says that a code is set
	// (RFC 9154 §5.3), from none.
	Code    freehold.TransferCode
	CodeSet bool
	Signed  bool // DS records at the parent
}

// Locked tells whether the registrar forbids transfers.
func (d *Domain) Locked() bool { return slices.Contains(d.Statuses, lock) }

// The states of a transfer (RFC 5730 §2.9.3.4).
const (
	TransferPending         = "pending"
	TransferClientApproved  = "clientApproved"
	TransferClientCancelled = "clientCancelled"
	TransferClientRejected  = "clientRejected"
	TransferServerApproved  = "serverApproved"
	TransferServerCancelled = "serverCancelled"
)

// A Transfer is the state of a transfer. While it is pending, ActBy is when the
// registry decides by itself.
type Transfer struct {
	Name, Status      string
	Gaining, Losing   string // registrar identifiers
	Requested, ActBy  time.Time
	ExpiresAfterwards time.Time
}

// Pending is the late outcome of a command that was answered with 1001.
type Pending struct {
	Name               string
	Done               bool
	ClientID, ServerID string
	Date               time.Time
}

// parseGreeting reads a greeting.
func parseGreeting(doc []byte) (Greeting, error) {
	root, err := parse(doc)
	if err != nil {
		return Greeting{}, err
	}
	g := root.in(nsEPP, "greeting")
	if root.space != nsEPP || root.local != "epp" || g == nil {
		return Greeting{}, garbled("it is no greeting")
	}
	menu := g.child("svcMenu")
	return Greeting{
		Server: g.child("svID").string(), Date: g.child("svDate").time(),
		Versions: strs(menu.all("version")), Languages: strs(menu.all("lang")),
		Objects: strs(menu.all("objURI")), Extensions: strs(menu.child("svcExtension").all("extURI")),
	}, nil
}

// ParseResponse reads an answer, which is then wiped where it held a code. It
// reads what registries send, not only what the schemas allow.
func ParseResponse(doc []byte) (*Response, error) {
	root, err := parse(doc)
	if err != nil {
		return nil, err
	}
	top := root.in(nsEPP, "response")
	if root.space != nsEPP || root.local != "epp" || top == nil {
		return nil, garbled("it is no answer to a command")
	}
	results := top.all("result")
	if len(results) == 0 {
		return nil, garbled("it has no result")
	}
	code, err := strconv.ParseUint(results[0].attr("code"), 10, 16)
	if err != nil || code < 1000 || code > 2999 {
		return nil, garbled("its result code is none")
	}
	r := &Response{Code: Code(code), Message: results[0].child("msg").string()}
	for _, result := range results {
		for _, v := range result.all("extValue") {
			if reason := v.child("reason").string(); reason != "" {
				r.Reasons = append(r.Reasons, reason)
			}
		}
	}
	ids := top.child("trID")
	r.ClientID, r.ServerID = ids.child("clTRID").string(), ids.child("svTRID").string()
	r.Queue = readQueue(top.child("msgQ"))
	if data := top.child("resData"); data != nil {
		r.read(data, doc)
	}
	if ext := top.child("extension"); ext != nil && r.Domain != nil {
		r.Domain.readExtension(ext)
	}
	return r, nil
}

func readQueue(q *element) *Queue {
	if q == nil {
		return nil
	}
	n, err := strconv.Atoi(q.attr("count"))
	if err != nil || n < 0 {
		n = -1
	}
	return &Queue{Count: n, ID: q.attr("id"), Date: q.child("qDate").time(), Message: q.child("msg").string()}
}

func (r *Response) read(data *element, doc []byte) {
	for _, e := range data.children {
		switch {
		case e.space != nsDomain:
			r.Other = append(r.Other, e.space)
		case e.local == "infData":
			r.Domain = readDomain(e, doc)
		case e.local == "trnData":
			r.Transfer = &Transfer{
				Name: e.child("name").string(), Status: e.child("trStatus").string(),
				Gaining: e.child("reID").string(), Requested: e.child("reDate").time(),
				Losing: e.child("acID").string(), ActBy: e.child("acDate").time(),
				ExpiresAfterwards: e.child("exDate").time(),
			}
		case e.local == "panData":
			result := e.child("name").attr("paResult")
			ids := e.child("paTRID")
			r.Pending = &Pending{Name: e.child("name").string(), Done: result == "1" || result == "true",
				ClientID: ids.in(nsEPP, "clTRID").string(), ServerID: ids.in(nsEPP, "svTRID").string(), Date: e.child("paDate").time()}
		case e.local == "chkData":
			r.Free = map[string]bool{}
			for _, cd := range e.all("cd") {
				name := cd.child("name")
				avail := name.attr("avail")
				r.Free[name.string()] = avail == "1" || avail == "true"
			}
		}
	}
}

func readDomain(e *element, doc []byte) *Domain {
	d := &Domain{
		Name: e.child("name").string(), ROID: e.child("roid").string(), Registrant: e.child("registrant").string(),
		Sponsor: e.child("clID").string(), Creator: e.child("crID").string(), Updater: e.child("upID").string(),
		Created: e.child("crDate").time(), Updated: e.child("upDate").time(), Expires: e.child("exDate").time(), Last: e.child("trDate").time(),
		Hosts: strs(e.all("host")),
	}
	for _, s := range e.all("status") {
		d.Statuses = append(d.Statuses, s.attr("s"))
	}
	for _, c := range e.all("contact") {
		if d.Contacts == nil {
			d.Contacts = map[string][]string{}
		}
		d.Contacts[c.attr("type")] = append(d.Contacts[c.attr("type")], c.string())
	}
	ns := e.child("ns")
	d.NameServers = strs(ns.all("hostObj"))
	for _, a := range ns.all("hostAttr") {
		d.NameServers = append(d.NameServers, a.child("hostName").string())
	}
	if auth := e.child("authInfo"); auth != nil {
		d.CodeSet = true
		if pw := auth.child("pw"); pw != nil {
			d.Code = freehold.NewTransferCode(pw.text)
		}
		auth.wipe()
		clear(doc) // the document repeats the code; everything else has been copied
	}
	return d
}

func (d *Domain) readExtension(ext *element) {
	for _, e := range ext.children {
		switch {
		case e.space == nsRGP && e.local == "infData":
			for _, s := range e.all("rgpStatus") {
				d.GracePeriods = append(d.GracePeriods, s.attr("s"))
			}
		case e.space == nsSecDNS && e.local == "infData":
			d.Signed = len(e.all("dsData"))+len(e.all("keyData")) > 0
		}
	}
}

func strs(all []*element) []string {
	out := make([]string, 0, len(all))
	for _, e := range all {
		out = append(out, e.string())
	}
	return out
}
