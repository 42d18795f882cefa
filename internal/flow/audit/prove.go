package audit

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"freehold"
	"freehold/internal/resolve"
)

// Texts asks for TXT records.
type Texts interface {
	TXT(ctx context.Context, host freehold.Host) (freehold.Fact[[]string], freehold.Validation, []freehold.Evidence)
	TXTAtEveryServer(ctx context.Context, zone freehold.Name, host freehold.Host) ([]resolve.ServerTXT, []freehold.Evidence)
}

// Challenges remembers what a holder was asked to publish.
type Challenges interface {
	PutChallenge(ctx context.Context, c freehold.Challenge) error
	Challenge(ctx context.Context, name freehold.Name, kind string, now time.Time) (freehold.Challenge, error)
	UseChallenge(ctx context.Context, c freehold.Challenge, at time.Time) error
	Attest(ctx context.Context, a freehold.Attestation, e freehold.Evidence) error
}

// challengeLife is how long a token may be published and used. The draft on
// domain control validation asks for an expiry and leaves its length open.
const challengeLife = 7 * 24 * time.Hour

// DNSProof is how far the proof of control over a zone has come.
type DNSProof struct {
	Record string // the record to publish, in master file form
	Until  time.Time
	Proven bool
	// Missing lists, for people, what does not show the token yet.
	Missing []string
	// Fresh: the challenge was made just now, nothing was looked for.
	Fresh bool
}

// ProveDNS proves control over a name's zone: it asks for a TXT record with an
// unguessable token below the name (after draft-ietf-dnsop-domain-verification-techniques)
// and, asked again, looks for it at every authoritative server and by resolution
// from the root. What is proven is that whoever can write the zone answered; a
// host can do that too, so it decides no verdict alone.
func ProveDNS(ctx context.Context, dns Texts, store Challenges, name freehold.Name, by string, now time.Time) (DNSProof, error) {
	host, err := freehold.ParseHost("_freehold-challenge." + name.ASCII())
	if err != nil {
		return DNSProof{}, err
	}
	c, err := store.Challenge(ctx, name, "dns", now)
	if freehold.KindOf(err) == freehold.KindNotFound {
		c = freehold.Challenge{Name: name, Kind: "dns", Token: newToken(), Created: now.UTC(), Expires: now.UTC().Add(challengeLife)}
		if err := store.PutChallenge(ctx, c); err != nil {
			return DNSProof{}, err
		}
		return DNSProof{Record: challengeRecord(host, c), Until: c.Expires, Fresh: true}, nil
	}
	if err != nil {
		return DNSProof{}, err
	}
	proof := DNSProof{Record: challengeRecord(host, c), Until: c.Expires}
	evidence := proof.look(ctx, dns, name, host, challengeText(c))
	if len(proof.Missing) > 0 {
		return proof, nil
	}
	a := freehold.Attestation{Name: name, Subject: string(freehold.LayerDNS), Value: freehold.AttestedMe, By: by, At: now.UTC(), Proven: true}
	e := freehold.Evidence{
		Kind: freehold.EvidenceProof, Source: "TXT " + host.ASCII(), Query: name.ASCII() + " " + a.Subject, Time: a.At, Status: "proven",
		MediaType: "text/plain; charset=utf-8", Body: proofBody(c, evidence),
	}
	a.Evidence = e.ID()
	if err := store.Attest(ctx, a, e); err != nil {
		return proof, err
	}
	proof.Proven = true
	return proof, store.UseChallenge(ctx, c, now)
}

// look asks every server and the way from the root for the text.
func (p *DNSProof) look(ctx context.Context, dns Texts, name freehold.Name, host freehold.Host, want string) []freehold.Evidence {
	servers, evidence := dns.TXTAtEveryServer(ctx, name, host)
	for _, s := range servers {
		switch {
		case s.Outcome != freehold.OutcomeAnswered:
			p.Missing = append(p.Missing, fmt.Sprintf("%s (%s) did not answer: %s", s.Host, s.Addr, freehold.OneLine(s.Error)))
		case !slices.Contains(s.TXT.Value, want):
			p.Missing = append(p.Missing, fmt.Sprintf("%s (%s) does not show it", s.Host, s.Addr))
		}
	}
	if len(servers) == 0 {
		p.Missing = append(p.Missing, fmt.Sprintf("no name server of %s could be asked", name))
	}
	texts, validation, more := dns.TXT(ctx, host)
	switch {
	case validation == freehold.Bogus:
		p.Missing = append(p.Missing, "its DNSSEC signatures do not validate")
	case !slices.Contains(texts.Value, want):
		p.Missing = append(p.Missing, "resolution from the root does not find it")
	}
	return append(evidence, more...)
}

// newToken makes 160 bits that nobody can guess, in 32 letters and digits.
func newToken() string {
	var b [20]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

func challengeText(c freehold.Challenge) string {
	return "token=" + c.Token + " expiry=" + c.Expires.UTC().Format(time.DateOnly)
}

func challengeRecord(host freehold.Host, c freehold.Challenge) string {
	return fmt.Sprintf("%s 300 IN TXT %q", host.FQDN(), challengeText(c))
}

// proofBody records what was seen: the token and the digest of every answer.
func proofBody(c freehold.Challenge, evidence []freehold.Evidence) []byte {
	body := fmt.Appendf(nil, "%s\n", challengeText(c))
	for _, e := range evidence {
		body = fmt.Appendf(body, "%s\t%s\t%s\t%s\n", e.ID(), e.Source, e.Query, e.Status)
	}
	return body
}
