package eppd

import (
	"encoding/xml"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"
)

// The documents a registrar sends, as far as this registry reads them.
type document struct {
	XMLName xml.Name  `xml:"urn:ietf:params:xml:ns:epp-1.0 epp"`
	Hello   *struct{} `xml:"urn:ietf:params:xml:ns:epp-1.0 hello"`
	Command *command  `xml:"urn:ietf:params:xml:ns:epp-1.0 command"`
}

type command struct {
	Login *struct {
		ID          string `xml:"clID"`
		Password    string `xml:"pw"`
		NewPassword string `xml:"newPW"`
	} `xml:"login"`
	Logout *struct{} `xml:"logout"`
	Check  *struct {
		Names []string `xml:"urn:ietf:params:xml:ns:domain-1.0 check>name"`
	} `xml:"check"`
	Info *struct {
		Domain named `xml:"urn:ietf:params:xml:ns:domain-1.0 info"`
	} `xml:"info"`
	Update *struct {
		Domain update `xml:"urn:ietf:params:xml:ns:domain-1.0 update"`
	} `xml:"update"`
	Transfer *struct {
		Op     string `xml:"op,attr"`
		Domain named  `xml:"urn:ietf:params:xml:ns:domain-1.0 transfer"`
	} `xml:"transfer"`
	Poll *struct {
		Op string `xml:"op,attr"`
		ID string `xml:"msgID,attr"`
	} `xml:"poll"`
	DropDS string `xml:"extension>update>rem>all"`
	AddDS  []struct {
		KeyTag string `xml:"keyTag"`
	} `xml:"extension>update>add>dsData"`
	Restore *struct {
		Op string `xml:"op,attr"`
	} `xml:"extension>update>restore"`
	ClTRID string `xml:"clTRID"`
}

type named struct {
	Name string `xml:"name"`
	Code string `xml:"authInfo>pw"`
}

type update struct {
	Name   string `xml:"name"`
	Add    part   `xml:"add"`
	Remove part   `xml:"rem"`
	Change struct {
		Auth *struct {
			Code *string   `xml:"pw"`
			Null *struct{} `xml:"null"`
		} `xml:"authInfo"`
	} `xml:"chg"`
}

type part struct {
	NS       []string `xml:"ns>hostObj"`
	Statuses []struct {
		S string `xml:"s,attr"`
	} `xml:"status"`
}

// answer is what becomes a response.
type answer struct {
	code  int
	data  string // resData
	queue string // msgQ
	ext   string
}

// texts are RFC 5730 §3's own words.
var texts = map[int]string{
	1000: "Command completed successfully", 1001: "Command completed successfully; action pending",
	1300: "Command completed successfully; no messages", 1301: "Command completed successfully; ack to dequeue",
	1500: "Command completed successfully; ending session", 2000: "Unknown command", 2001: "Command syntax error", 2002: "Command use error",
	2003: "Required parameter missing", 2005: "Parameter value syntax error", 2200: "Authentication error", 2201: "Authorization error",
	2202: "Invalid authorization information", 2300: "Object pending transfer", 2301: "Object not pending transfer",
	2303: "Object does not exist", 2304: "Object status prohibits operation", 2306: "Parameter value policy error", 2400: "Command failed",
	2502: "Session limit exceeded; server closing connection",
}

func (c *command) kind() string {
	switch {
	case c.Login != nil:
		return "login"
	case c.Logout != nil:
		return "logout"
	case c.Check != nil:
		return "check"
	case c.Info != nil:
		return "info"
	case c.Update != nil:
		return "update"
	case c.Transfer != nil:
		return "transfer " + c.Transfer.Op
	case c.Poll != nil:
		return "poll " + c.Poll.Op
	}
	return "unknown"
}

// do runs a command of a logged-in registrar. The registry is locked.
func (r *Registry) do(who string, c *command) answer {
	r.settle()
	switch {
	case c.Check != nil:
		return r.check(c.Check.Names)
	case c.Info != nil:
		return r.info(who, c.Info.Domain)
	case c.Update != nil:
		return r.update(who, c)
	case c.Transfer != nil:
		return r.transfer(who, c.Transfer.Op, c.Transfer.Domain)
	case c.Poll != nil:
		return r.poll(who, c.Poll.Op, c.Poll.ID)
	}
	return answer{code: 2000}
}

func (r *Registry) check(names []string) answer {
	if len(names) == 0 {
		return answer{code: 2003}
	}
	var b strings.Builder
	b.WriteString(`<domain:chkData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0">`)
	for _, n := range names {
		avail := 1
		if r.domains[strings.ToLower(n)] != nil {
			avail = 0
		}
		fmt.Fprintf(&b, `<domain:cd><domain:name avail="%d">%s</domain:name></domain:cd>`, avail, escape(n))
	}
	b.WriteString(`</domain:chkData>`)
	return answer{code: 1000, data: b.String()}
}

func (r *Registry) info(who string, n named) answer {
	d := r.domains[strings.ToLower(n.Name)]
	if d == nil {
		return answer{code: 2303}
	}
	if n.Code != "" && !d.Accepts(n.Code) {
		return answer{code: 2202}
	}
	return answer{code: 1000, data: r.infData(d, who == d.Sponsor), ext: d.extension()}
}

func (r *Registry) infData(d *Domain, sponsor bool) string {
	var b strings.Builder
	tag := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "<domain:%s>%s</domain:%[1]s>", name, escape(value))
		}
	}
	b.WriteString(`<domain:infData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0">`)
	tag("name", d.Name)
	tag("roid", "D"+fmt.Sprint(len(d.Name))+"-LAB")
	statuses := d.Statuses
	if len(statuses) == 0 {
		statuses = []string{"ok"}
	}
	for _, s := range statuses {
		fmt.Fprintf(&b, `<domain:status s="%s"/>`, escape(s))
	}
	tag("registrant", d.Registrant)
	if len(d.NameServers) > 0 {
		b.WriteString("<domain:ns>")
		for _, ns := range d.NameServers {
			tag("hostObj", ns)
		}
		b.WriteString("</domain:ns>")
	}
	tag("clID", d.Sponsor)
	tag("crID", d.Sponsor)
	tag("crDate", stamp(d.Created))
	tag("exDate", stamp(d.Expires))
	if !d.Transferred.IsZero() {
		tag("trDate", stamp(d.Transferred))
	}
	if sponsor && d.codeSet {
		b.WriteString("<domain:authInfo><domain:pw>" + escape(d.plain) + "</domain:pw></domain:authInfo>")
	}
	b.WriteString("</domain:infData>")
	return b.String()
}

func (d *Domain) extension() string {
	if d.DS == 0 {
		return ""
	}
	one := `<secDNS:dsData><secDNS:keyTag>12345</secDNS:keyTag><secDNS:alg>13</secDNS:alg><secDNS:digestType>2</secDNS:digestType>` +
		`<secDNS:digest>` + strings.Repeat("49FD", 16) + `</secDNS:digest></secDNS:dsData>`
	return `<secDNS:infData xmlns:secDNS="urn:ietf:params:xml:ns:secDNS-1.1">` + strings.Repeat(one, d.DS) + `</secDNS:infData>`
}

func (r *Registry) update(who string, c *command) answer {
	u := c.Update.Domain
	d := r.domains[strings.ToLower(u.Name)]
	switch {
	case d == nil:
		return answer{code: 2303}
	case d.Sponsor != who:
		return answer{code: 2201}
	case d.pending != nil && d.pending.status == "pending":
		return answer{code: 2304}
	}
	removed := func(s string) bool {
		return slices.ContainsFunc(u.Remove.Statuses, func(x struct {
			S string `xml:"s,attr"`
		}) bool {
			return x.S == s
		})
	}
	if slices.Contains(d.Statuses, "serverUpdateProhibited") || slices.Contains(d.Statuses, "clientUpdateProhibited") && !removed("clientUpdateProhibited") {
		return answer{code: 2304}
	}
	if a := u.Change.Auth; a != nil && a.Code != nil && *a.Code != "" {
		if r.faults.RefuseCode > 0 || len(*a.Code) < r.config.CodeMin {
			r.faults.RefuseCode--
			return answer{code: 2306}
		}
		r.setCode(d, *a.Code)
	} else if a != nil {
		r.setCode(d, "")
	}
	d.Statuses = slices.DeleteFunc(d.Statuses, removed)
	for _, s := range u.Add.Statuses {
		if !strings.HasPrefix(s.S, "client") {
			return answer{code: 2306}
		}
		if !slices.Contains(d.Statuses, s.S) {
			d.Statuses = append(d.Statuses, s.S)
		}
	}
	d.NameServers = slices.DeleteFunc(d.NameServers, func(ns string) bool { return slices.Contains(u.Remove.NS, ns) })
	d.NameServers = append(d.NameServers, u.Add.NS...)
	if c.DropDS == "true" || c.DropDS == "1" {
		d.DS = 0
	}
	d.DS += len(c.AddDS)
	return answer{code: 1000}
}

// transfer follows RFC 5730 §2.9.3.4.
func (r *Registry) transfer(who, op string, n named) answer {
	d := r.domains[strings.ToLower(n.Name)]
	if d == nil {
		return answer{code: 2303}
	}
	t := d.pending
	if op == "request" {
		return r.request(who, d, n.Code)
	}
	if op == "query" {
		if t == nil {
			return answer{code: 2301}
		}
		return answer{code: 1000, data: d.trnData()}
	}
	if t == nil || t.status != "pending" {
		return answer{code: 2301}
	}
	status, may := map[string]string{"approve": "clientApproved", "reject": "clientRejected", "cancel": "clientCancelled"}[op], t.losing
	if op == "cancel" {
		may = t.gaining
	}
	switch {
	case status == "":
		return answer{code: 2000}
	case who != may:
		return answer{code: 2201}
	}
	r.finish(d, status, r.config.Now().UTC())
	return answer{code: 1000, data: d.trnData()}
}

func (r *Registry) request(who string, d *Domain, code string) answer {
	switch {
	case d.pending != nil && d.pending.status == "pending":
		return answer{code: 2300}
	case d.Sponsor == who:
		return answer{code: 2002}
	case slices.Contains(d.Statuses, "clientTransferProhibited") || slices.Contains(d.Statuses, "serverTransferProhibited"):
		return answer{code: 2304}
	case !d.Accepts(code):
		return answer{code: 2202}
	}
	now := r.config.Now().UTC()
	d.pending = &transfer{status: "pending", gaining: who, losing: d.Sponsor, requested: now, actBy: now.Add(r.config.TransferDelay)}
	if r.config.TransferDelay == 0 {
		r.finish(d, "serverApproved", now)
		return answer{code: 1000, data: d.trnData()}
	}
	d.Statuses = append(d.Statuses, "pendingTransfer")
	r.tell(d.Sponsor, "Transfer requested.", d.trnData())
	return answer{code: 1001, data: d.trnData()}
}

func (d *Domain) trnData() string {
	t := d.pending
	return fmt.Sprintf(`<domain:trnData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0"><domain:name>%s</domain:name><domain:trStatus>%s</domain:trStatus>`+
		`<domain:reID>%s</domain:reID><domain:reDate>%s</domain:reDate><domain:acID>%s</domain:acID><domain:acDate>%s</domain:acDate></domain:trnData>`,
		escape(d.Name), t.status, escape(t.gaining), stamp(t.requested), escape(t.losing), stamp(t.actBy))
}

func (r *Registry) poll(who, op, id string) answer {
	q := r.queues[who]
	switch {
	case op == "ack":
		if len(q) == 0 || q[0].id != id {
			return answer{code: 2303}
		}
		r.queues[who] = q[1:]
		if len(q) == 1 {
			return answer{code: 1000}
		}
		return answer{code: 1000, queue: fmt.Sprintf(`<msgQ count="%d" id="%s"/>`, len(q)-1, q[1].id)}
	case op != "req":
		return answer{code: 2001}
	case len(q) == 0:
		return answer{code: 1300}
	}
	m := q[0]
	return answer{code: 1301, data: m.body, queue: fmt.Sprintf(`<msgQ count="%d" id="%s"><qDate>%s</qDate><msg>%s</msg></msgQ>`, len(q), m.id, stamp(m.at), escape(m.text))}
}

func escape(s string) string { return html.EscapeString(s) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0Z") }
