package report

import (
	"net/netip"
	"time"

	"freehold"
)

// fact is the one shape of a fact: its state, its value (null in every state
// but "value") and the evidence it rests on.
type fact[T any] struct {
	State    string                `json:"state"`
	Value    *T                    `json:"value"`
	Evidence []freehold.EvidenceID `json:"evidence"`
}

// plain keeps a fact's value as it is.
func plain[T any](f freehold.Fact[T]) fact[T] {
	d := fact[T]{State: f.State.String(), Evidence: list(f.Evidence)}
	if f.State == freehold.Value {
		d.Value = &f.Value
	}
	return d
}

// as makes a fact whose value is written in another type.
func as[T, U any](f freehold.Fact[T], convert func(T) U) fact[U] {
	d := fact[U]{State: f.State.String(), Evidence: list(f.Evidence)}
	if f.State == freehold.Value {
		v := convert(f.Value)
		d.Value = &v
	}
	return d
}

// each makes a list fact; a known empty list is [], never null.
func each[T, U any](f freehold.Fact[[]T], convert func(T) U) fact[[]U] {
	return as(f, func(in []T) []U {
		out := make([]U, len(in))
		for i, v := range in {
			out[i] = convert(v)
		}
		return out
	})
}

func texts(f freehold.Fact[[]string]) fact[[]string] { return as(f, list[string]) }

func hosts(f freehold.Fact[[]freehold.Host]) fact[[]string] { return each(f, freehold.Host.ASCII) }

func addrs(f freehold.Fact[[]netip.Addr]) fact[[]string] { return each(f, netip.Addr.String) }

// date writes a moment; one that RFC 3339 cannot hold is unknown.
func date(f freehold.Fact[time.Time]) fact[string] {
	d := fact[string]{State: f.State.String(), Evidence: list(f.Evidence)}
	if f.State == freehold.Value {
		if d.Value = moment(f.Value); d.Value == nil {
			d.State = freehold.Unknown.String()
		}
	}
	return d
}

type registration struct {
	State            string         `json:"state"`
	Registrar        fact[string]   `json:"registrar"`
	RegistrarIANAID  fact[string]   `json:"registrar_iana_id"`
	Reseller         fact[string]   `json:"reseller"`
	RegistrantName   fact[string]   `json:"registrant_name"`
	RegistrantOrg    fact[string]   `json:"registrant_org"`
	RegistrantEmail  fact[string]   `json:"registrant_email"`
	Created          fact[string]   `json:"created"`
	Expires          fact[string]   `json:"expires"`
	RegistrarExpires fact[string]   `json:"registrar_expires"`
	LastTransfer     fact[string]   `json:"last_transfer"`
	Statuses         fact[[]string] `json:"statuses"`
	Nameservers      fact[[]string] `json:"nameservers"`
	DNSSEC           fact[bool]     `json:"dnssec"`

	RegistrarURL      fact[string] `json:"registrar_url"`
	RegistrarPhone    fact[string] `json:"registrar_phone"`
	RegistrarEmail    fact[string] `json:"registrar_email"`
	RegistrantCountry fact[string] `json:"registrant_country"`
	Changed           fact[string] `json:"changed"`
	Conflicts         []conflict   `json:"conflicts"`
}

type conflict struct {
	Field    string                `json:"field"`
	A        string                `json:"a"`
	SourceA  string                `json:"source_a"`
	B        string                `json:"b"`
	SourceB  string                `json:"source_b"`
	Evidence []freehold.EvidenceID `json:"evidence"`
}

func fillRegistration(d *registration, r *freehold.Registration) {
	*d = registration{
		State:     r.State.String(),
		Registrar: plain(r.Registrar), RegistrarIANAID: plain(r.RegistrarIANAID), Reseller: plain(r.Reseller),
		RegistrantName: plain(r.RegistrantName), RegistrantOrg: plain(r.RegistrantOrg), RegistrantEmail: plain(r.RegistrantEmail),
		Created: date(r.Created), Expires: date(r.Expires), RegistrarExpires: date(r.RegistrarExpires), LastTransfer: date(r.LastTransfer),
		Statuses: texts(r.Statuses), Nameservers: hosts(r.Nameservers), DNSSEC: plain(r.DNSSEC),
		RegistrarURL: plain(r.RegistrarURL), RegistrarPhone: plain(r.RegistrarPhone), RegistrarEmail: plain(r.RegistrarEmail),
		RegistrantCountry: plain(r.RegistrantCountry), Changed: date(r.Changed),
		Conflicts: make([]conflict, 0, len(r.Conflicts)),
	}
	for _, c := range r.Conflicts {
		d.Conflicts = append(d.Conflicts, conflict{Field: c.Field, A: c.A, SourceA: c.SourceA, B: c.B, SourceB: c.SourceB, Evidence: list(c.Evidence)})
	}
}

type dns struct {
	Delegation fact[[]string] `json:"delegation"`
	DS         fact[[]ds]     `json:"ds"`
	NS         fact[[]string] `json:"ns"`
	SOA        fact[soa]      `json:"soa"`
	A          fact[[]string] `json:"a"`
	AAAA       fact[[]string] `json:"aaaa"`
	WWW        fact[[]string] `json:"www"`
	MX         fact[[]mx]     `json:"mx"`
	MXAddrs    fact[[]string] `json:"mx_addresses"`
	TXT        fact[[]string] `json:"txt"`
	SPF        fact[string]   `json:"spf"`
	DMARC      fact[string]   `json:"dmarc"`
	CAA        fact[[]string] `json:"caa"`
	DNSKEY     fact[[]dnskey] `json:"dnskey"`
	CDS        fact[[]ds]     `json:"cds"`
	Validation fact[string]   `json:"validation"`
	Wildcard   fact[bool]     `json:"wildcard"`
	Stub       bool           `json:"stub"`
	Servers    []server       `json:"servers"`
	HostLookup []hostAddrs    `json:"host_addresses"`
}

type ds struct {
	KeyTag     uint16 `json:"key_tag"`
	Algorithm  uint8  `json:"algorithm"`
	DigestType uint8  `json:"digest_type"`
	Digest     string `json:"digest"`
	TTL        int64  `json:"ttl"`
}

type dnskey struct {
	KeyTag    uint16 `json:"key_tag"`
	Algorithm uint8  `json:"algorithm"`
	Flags     uint16 `json:"flags"`
}

type soa struct {
	MName   string `json:"mname"`
	RName   string `json:"rname"`
	Serial  uint32 `json:"serial"`
	Refresh int64  `json:"refresh"`
	Retry   int64  `json:"retry"`
	Expire  int64  `json:"expire"`
	Minimum int64  `json:"minimum"`
	TTL     int64  `json:"ttl"`
}

type mx struct {
	Preference uint16 `json:"preference"`
	Host       string `json:"host"`
}

type server struct {
	Host     string                `json:"host"`
	Address  *string               `json:"address"`
	Outcome  string                `json:"outcome"`
	Lame     bool                  `json:"lame"`
	Error    *string               `json:"error"`
	Serial   fact[uint32]          `json:"serial"`
	NS       fact[[]string]        `json:"ns"`
	TCP      fact[bool]            `json:"tcp"`
	InParent bool                  `json:"in_parent"`
	Glue     bool                  `json:"glue"`
	Evidence []freehold.EvidenceID `json:"evidence"`
}

type hostAddrs struct {
	Host      string                `json:"host"`
	Addresses fact[[]string]        `json:"addresses"`
	Evidence  []freehold.EvidenceID `json:"evidence"`
}

func fillDNS(d *dns, f *freehold.DNSFacts) {
	*d = dns{
		Delegation: hosts(f.Delegation), DS: each(f.DS, dsDoc), NS: hosts(f.NS), SOA: as(f.SOA, soaDoc),
		A: addrs(f.A), AAAA: addrs(f.AAAA), WWW: addrs(f.WWW), MX: each(f.MX, mxDoc), MXAddrs: addrs(f.MXIPs),
		TXT: texts(f.TXT), SPF: plain(f.SPF), DMARC: plain(f.DMARC), CAA: texts(f.CAA),
		DNSKEY: each(f.DNSKEY, func(k freehold.DNSKEY) dnskey { return dnskey(k) }), CDS: each(f.CDS, dsDoc),
		Validation: as(f.Validation, freehold.Validation.String), Wildcard: plain(f.Wildcard), Stub: f.Stub,
		Servers: make([]server, 0, len(f.Servers)), HostLookup: make([]hostAddrs, 0, len(f.HostLookup)),
	}
	for i := range f.Servers {
		d.Servers = append(d.Servers, serverDoc(&f.Servers[i]))
	}
	for _, h := range f.HostLookup {
		d.HostLookup = append(d.HostLookup, hostAddrs{Host: h.Host.ASCII(), Addresses: addrs(h.Addrs), Evidence: list(h.Evidence)})
	}
}

func serverDoc(s *freehold.ServerFacts) server {
	return server{
		Host: s.Host.ASCII(), Address: addrOrNull(s.Addr), Outcome: s.Outcome.String(), Lame: s.Lame,
		Error: textOrNull(freehold.OneLine(s.Error)), Serial: plain(s.Serial), NS: hosts(s.NS), TCP: plain(s.TCP),
		InParent: s.InParent, Glue: s.Glue, Evidence: list(s.Evidence),
	}
}

func addrOrNull(a netip.Addr) *string {
	if !a.IsValid() {
		return nil
	}
	s := a.String()
	return &s
}

func dsDoc(r freehold.DS) ds {
	return ds{KeyTag: r.KeyTag, Algorithm: r.Algorithm, DigestType: r.DigestType, Digest: r.Digest, TTL: seconds(r.TTL)}
}

func soaDoc(r freehold.SOA) soa {
	return soa{
		MName: r.MName.ASCII(), RName: r.RName, Serial: r.Serial, Refresh: seconds(r.Refresh), Retry: seconds(r.Retry),
		Expire: seconds(r.Expire), Minimum: seconds(r.Minimum), TTL: seconds(r.TTL),
	}
}

// mxDoc writes the null MX of RFC 7505 as the zone does: host ".".
func mxDoc(r freehold.MX) mx {
	return mx{Preference: r.Preference, Host: orDefault(r.Host.ASCII(), ".")}
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

type address struct {
	Address  string                `json:"address"`
	Roles    []string              `json:"roles"`
	Holder   fact[string]          `json:"holder"`
	Network  fact[string]          `json:"network"`
	Prefix   fact[string]          `json:"prefix"`
	OriginAS fact[uint32]          `json:"origin_as"`
	Evidence []freehold.EvidenceID `json:"evidence"`
}

func networkDoc(n freehold.NetworkFacts) []address {
	docs := make([]address, 0, len(n.Addresses))
	for _, a := range n.Addresses {
		docs = append(docs, address{
			Address: a.Addr.String(), Roles: list(a.Roles), Holder: plain(a.Holder), Network: plain(a.Network),
			Prefix: plain(a.Prefix), OriginAS: plain(a.OriginAS), Evidence: list(a.Evidence),
		})
	}
	return docs
}

type nsDomain struct {
	Name     string                `json:"name"`
	Servers  []string              `json:"servers"`
	State    string                `json:"state"`
	Expires  fact[string]          `json:"expires"`
	Evidence []freehold.EvidenceID `json:"evidence"`
}

func nsDomainsDoc(domains []freehold.NameserverDomain) []nsDomain {
	docs := make([]nsDomain, 0, len(domains))
	for _, n := range domains {
		d := nsDomain{Name: n.Name.ASCII(), Servers: make([]string, 0, len(n.Servers)), State: n.State.String(), Expires: date(n.Expires), Evidence: list(n.Evidence)}
		for _, h := range n.Servers {
			d.Servers = append(d.Servers, h.ASCII())
		}
		docs = append(docs, d)
	}
	return docs
}

// notesDoc collects why a fact is unknown or redacted, under the fact's path.
// The shape of a fact stays the three fields of the contract.
func notesDoc(o *freehold.Observed) []note {
	notes := []note{}
	add := func(path, text string) {
		if text = freehold.OneLine(text); text != "" {
			notes = append(notes, note{Fact: path, Text: text})
		}
	}
	r, d := &o.Registration, &o.DNS
	add("registration.registrar", r.Registrar.Note)
	add("registration.registrar_iana_id", r.RegistrarIANAID.Note)
	add("registration.reseller", r.Reseller.Note)
	add("registration.registrant_name", r.RegistrantName.Note)
	add("registration.registrant_org", r.RegistrantOrg.Note)
	add("registration.registrant_email", r.RegistrantEmail.Note)
	add("registration.created", r.Created.Note)
	add("registration.expires", r.Expires.Note)
	add("registration.registrar_expires", r.RegistrarExpires.Note)
	add("registration.last_transfer", r.LastTransfer.Note)
	add("registration.statuses", r.Statuses.Note)
	add("registration.nameservers", r.Nameservers.Note)
	add("registration.dnssec", r.DNSSEC.Note)
	add("registration.registrar_url", r.RegistrarURL.Note)
	add("registration.registrar_phone", r.RegistrarPhone.Note)
	add("registration.registrar_email", r.RegistrarEmail.Note)
	add("registration.registrant_country", r.RegistrantCountry.Note)
	add("registration.changed", r.Changed.Note)
	add("dns.delegation", d.Delegation.Note)
	add("dns.ds", d.DS.Note)
	add("dns.ns", d.NS.Note)
	add("dns.soa", d.SOA.Note)
	add("dns.a", d.A.Note)
	add("dns.aaaa", d.AAAA.Note)
	add("dns.www", d.WWW.Note)
	add("dns.mx", d.MX.Note)
	add("dns.mx_addresses", d.MXIPs.Note)
	add("dns.txt", d.TXT.Note)
	add("dns.spf", d.SPF.Note)
	add("dns.dmarc", d.DMARC.Note)
	add("dns.caa", d.CAA.Note)
	add("dns.dnskey", d.DNSKEY.Note)
	add("dns.cds", d.CDS.Note)
	add("dns.validation", d.Validation.Note)
	add("dns.wildcard", d.Wildcard.Note)
	for _, a := range o.Network.Addresses {
		add("network["+a.Addr.String()+"].holder", a.Holder.Note)
		add("network["+a.Addr.String()+"].origin_as", a.OriginAS.Note)
	}
	for _, s := range d.Servers {
		add("dns.servers["+s.Host.ASCII()+"].serial", s.Serial.Note)
		add("dns.servers["+s.Host.ASCII()+"].tcp", s.TCP.Note)
	}
	return notes
}
