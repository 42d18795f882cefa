package freehold

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Layer is one thing about a name that somebody holds.
type Layer string

// The layers, in the order they are shown.
const (
	LayerRegistry       Layer = "registry"
	LayerRegistrar      Layer = "registrar"
	LayerReseller       Layer = "reseller"
	LayerRegistrant     Layer = "registrant"
	LayerAccount        Layer = "account" // the login at the registrar or reseller in which the name stands
	LayerDNS            Layer = "dns_operator"
	LayerSigner         Layer = "dnssec_signer"
	LayerMail           Layer = "mail"
	LayerWeb            Layer = "web"
	LayerNetwork        Layer = "network"
	LayerContactMailbox Layer = "contact_mailbox" // the mailbox of the contact that transfer mail goes to
)

// Layers lists all layers in order.
var Layers = []Layer{
	LayerRegistry, LayerRegistrar, LayerReseller, LayerRegistrant, LayerAccount, LayerDNS,
	LayerSigner, LayerMail, LayerWeb, LayerNetwork, LayerContactMailbox,
}

// Standing says how well we know who holds a layer.
type Standing uint8

// The standings, weakest first. The zero value is unknown.
const (
	StandingUnknown      Standing = iota
	StandingClaimed               // someone says so
	StandingObserved              // a public source shows it
	StandingProven                // a fresh act only the holder can do
	StandingContradicted          // two sources exclude each other
)

var standings = names[Standing]{"unknown", "claimed", "observed", "proven", "contradicted"}

func (s Standing) String() string               { return standings.name(s) }
func (s Standing) MarshalText() ([]byte, error) { return standings.marshal(s) }
func (s *Standing) UnmarshalText(b []byte) error {
	return standings.unmarshal(b, s, "standing")
}

// A Claim says who holds one layer of a name, and how we know.
type Claim struct {
	Layer  Layer
	Holder string // empty when unknown
	// Mine: the holder is the owner who asks, as attested or proven.
	Mine     bool
	Standing Standing
	// At is when it was observed, said or proven. Attested and proven claims age.
	At       time.Time
	Stale    bool // said or proven so long ago that it should be asked again
	Evidence []EvidenceID
	// Against holds what contradicts the claim, where Standing is contradicted.
	Against string
}

// Control is the control record: all claims on a name at one time.
type Control []Claim

// Of returns the claim on a layer; the zero claim, unknown, where there is none.
func (c Control) Of(l Layer) Claim {
	for _, claim := range c {
		if claim.Layer == l {
			return claim
		}
	}
	return Claim{Layer: l}
}

// Attestation subjects that are no layer: what no public source shows.
const (
	AttestHost          = "host"            // the company that hosts the site and would be left
	AttestPayer         = "payer"           // who pays for the name
	AttestRecovery      = "recovery"        // a recovery contact outside the name and the host
	AttestKeyHolders    = "key_holders"     // how many people can log in: a whole number
	AttestFilesCopy     = "files_copy"      // an off-host copy of the site's files: yes, no or where
	AttestDatabaseCopy  = "database_copy"   // the same for databases
	AttestMailCopy      = "mail_copy"       // the same for mailboxes
	AttestRegistrantIs  = "registrant_is"   // the registrant of record is: me, host or a name
	AttestNetworkSource = "network_source"  // who supplies the host upstream
	AttestZoneCopy      = "zone_copy"       // a zone copy away from the host: yes, no or where
	AttestRegistryRoute = "registry_access" // can act at the registry directly: yes or no
)

// AttestSubjects lists what can be attested, layers first.
var AttestSubjects = func() []string {
	var s []string
	for _, l := range Layers {
		s = append(s, string(l))
	}
	return append(s, AttestHost, AttestPayer, AttestRecovery, AttestKeyHolders, AttestFilesCopy, AttestDatabaseCopy,
		AttestMailCopy, AttestRegistrantIs, AttestNetworkSource, AttestZoneCopy, AttestRegistryRoute)
}()

// Values of an attestation with a meaning of their own. Anything else is the
// name of a party.
const (
	AttestedMe      = "me"   // the owner who asks
	AttestedTheHost = "host" // the hosting company
	AttestedYes     = "yes"
	AttestedNo      = "no"
)

// An Attestation is what a person said, or proved, about one subject of a name.
// Later ones replace earlier ones; none is ever deleted.
type Attestation struct {
	Name    Name
	Subject string // a layer or one of the Attest constants
	Value   string
	By      string // who said it
	At      time.Time
	// Proven: not only said, but shown by a fresh act (see Evidence).
	Proven   bool
	Evidence EvidenceID
}

// A Challenge is what a holder was asked to do as proof: to publish Token, or to
// open a link with it. Token is the text to be published where that is public,
// and a digest of the secret where it is not.
type Challenge struct {
	Name    Name
	Kind    string // "dns", "mailbox", "account"
	Token   string
	Created time.Time
	Expires time.Time
	Used    time.Time // zero while it waits
}

// Attestation ages: after this a word or proof is asked for again. Ours, not a
// rule of anyone's.
const (
	AttestationStale = 180 * 24 * time.Hour
	ProofStale       = 90 * 24 * time.Hour
)

// IsStale tells whether a is too old to decide a verdict at now.
func (a Attestation) IsStale(now time.Time) bool {
	limit := AttestationStale
	if a.Proven {
		limit = ProofStale
	}
	return now.Sub(a.At) > limit
}

// Attestations is all that was said about one name.
type Attestations []Attestation

// Latest returns the newest attestation on a subject, and whether there is one.
func (as Attestations) Latest(subject string) (Attestation, bool) {
	var best Attestation
	found := false
	for _, a := range as {
		if a.Subject == subject && (!found || !a.At.Before(best.At)) {
			best, found = a, true
		}
	}
	return best, found
}

// SameParty tells whether two names of organisations, or an organisation and
// the domain it works under, plainly mean one party: equal after case, accents
// of form, punctuation, legal forms and general trade words are taken away.
// It is careful: doubt is false.
func SameParty(a, b string) bool {
	ka, kb := partyKey(a), partyKey(b)
	return ka != "" && ka == kb
}

func partyKey(s string) string {
	s = strings.ToLower(strings.TrimSpace(OneLine(s)))
	if h, err := ParseHost(s); err == nil && strings.Contains(s, ".") {
		if n, ok := h.Registrable(); ok {
			s, _, _ = strings.Cut(n.ASCII(), ".")
			s = strings.ReplaceAll(s, "-", " ")
		}
	}
	s = strings.NewReplacer("s.à r.l.", " ", "s.à.r.l.", " ", "s.a.r.l.", " ", "s.a.s.", " ", "s.a.", " ", "b.v.", " ", "n.v.", " ", "s.p.a.", " ", "s.r.l.", " ", "a/s", " ", "&", " and ").Replace(s)
	fields := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	kept := slices.DeleteFunc(slices.Clone(fields), func(w string) bool { return partyNoise[w] })
	key := strings.Join(kept, "")
	if len([]rune(key)) < 3 {
		return ""
	}
	return key
}

// partyNoise holds legal forms and trade words that do not tell one company
// from another.
var partyNoise = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`ag sa sas sasu sarl gmbh kg ltd limited llc llp lp inc incorporated corp corporation co company plc bv nv ab oy as aps
		spa srl sàrl eurl eirl scop ug ohg kk pte pty sro hosting hosted host hébergement hebergement network networks netzwerk réseau
		réseaux internet services service group groupe holding international technologies technology solutions online the and et und registrar domains`) {
		m[w] = true
	}
	return m
}()
