package freehold

import (
	"net/netip"
	"time"
)

// DNSFacts is what the DNS says about a name: the parent's delegation, every
// name server of it, and the zone's own records that bear on leaving.
type DNSFacts struct {
	// Stub is set when only a resolver of the user's was asked: then facts about
	// single servers and about validation are unknown, which is no failure.
	Stub bool

	// Delegation is the NS RRset at the parent. Absent: the parent answers and
	// delegates nothing.
	Delegation Fact[[]Host]
	DS         Fact[[]DS] // at the parent

	// Servers has one entry for each address of each name server, of the
	// parent's set first, then of those only the child names.
	Servers []ServerFacts

	NS  Fact[[]Host] // the child's own NS RRset
	SOA Fact[SOA]
	// A and AAAA are of the name itself, WWW of its "www", aliases followed.
	A     Fact[[]netip.Addr]
	AAAA  Fact[[]netip.Addr]
	WWW   Fact[[]netip.Addr]
	MX    Fact[[]MX]
	MXIPs Fact[[]netip.Addr] // addresses of the MX hosts
	TXT   Fact[[]string]
	SPF   Fact[string] // the one v=spf1 record (RFC 7208 section 4.5)
	DMARC Fact[string] // at _dmarc
	CAA   Fact[[]string]

	DNSKEY     Fact[[]DNSKEY]
	CDS        Fact[[]DS]
	Validation Fact[Validation]
	// Wildcard: some random name below the zone gets an answer.
	Wildcard Fact[bool]
	// HostLookup has each name server and MX host whose own addresses were looked for.
	HostLookup []HostFacts

	Asks []Ask
}

// SOA is the start of authority as the child's servers agree on it.
type SOA struct {
	MName   Host
	RName   string // as a mailbox: hostmaster@example.net
	Serial  uint32
	Refresh time.Duration
	Retry   time.Duration
	Expire  time.Duration
	Minimum time.Duration
	TTL     time.Duration
}

// MX is one mail exchanger. The null MX (RFC 7505) has a zero Host.
type MX struct {
	Preference uint16
	Host       Host
}

// DS is a delegation signer, or a CDS of the same content.
type DS struct {
	KeyTag     uint16
	Algorithm  uint8
	DigestType uint8
	Digest     string // lower-case hexadecimal
	TTL        time.Duration
}

// DNSKEY is the public part of a zone key, without the key itself.
type DNSKEY struct {
	KeyTag    uint16
	Algorithm uint8
	Flags     uint16
}

// ServerFacts is how one name server answered at one address.
type ServerFacts struct {
	Host    Host
	Addr    netip.Addr
	Outcome Outcome
	// Lame: it answered and is not authoritative for the zone, or refused it.
	Lame bool
	// Error says why there was no useful answer.
	Error  string
	Serial Fact[uint32]
	// NS is the NS RRset this server gives; differing sets are a finding.
	NS       Fact[[]Host]
	TCP      Fact[bool] // answers over TCP too (RFC 7766)
	InParent bool       // named by the parent
	Glue     bool       // the parent gives its address
	Evidence []EvidenceID
}

// HostFacts is where one name points.
type HostFacts struct {
	Host     Host
	Addrs    Fact[[]netip.Addr] // absent: the name does not exist or has no address
	Evidence []EvidenceID
}

// Validation is the result of DNSSEC validation (RFC 4035 section 4.3).
type Validation uint8

// The results. The zero value is indeterminate.
const (
	Indeterminate Validation = iota
	Insecure
	Secure
	Bogus
)

var validations = names[Validation]{"indeterminate", "insecure", "secure", "bogus"}

func (v Validation) String() string               { return validations.name(v) }
func (v Validation) MarshalText() ([]byte, error) { return validations.marshal(v) }
func (v *Validation) UnmarshalText(b []byte) error {
	return validations.unmarshal(b, v, "validation result")
}

// NetworkFacts is who holds the address blocks that a name's servers stand in.
type NetworkFacts struct {
	Addresses []AddressFacts
	Asks      []Ask
}

// AddressFacts is the registered holder of the block around one address (RDAP
// ip), and the origin AS where the user supplied a table.
type AddressFacts struct {
	Addr netip.Addr
	// Roles says what stands there: "web", "mail", "dns".
	Roles    []string
	Holder   Fact[string] // organisation name of the registered holder
	Network  Fact[string] // the registry's name or handle of the block
	Prefix   Fact[string] // the block: "192.0.2.0/24"
	OriginAS Fact[uint32]
	Evidence []EvidenceID
}

// NameserverDomain is the registration of a domain that a name server's own
// name lies in: whoever takes it over takes the zone.
type NameserverDomain struct {
	Name     Name
	Servers  []Host
	State    RegistrationState
	Expires  Fact[time.Time]
	Evidence []EvidenceID
	Asks     []Ask
}
