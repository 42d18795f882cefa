package audit

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/resolve"
)

// zone is a zone's TXT records as its two servers and the way from the root show them.
type zone struct {
	servers    [2]string
	root       string
	validation freehold.Validation
	silent     bool // the second server
}

func (z *zone) TXT(context.Context, freehold.Host) (freehold.Fact[[]string], freehold.Validation, []freehold.Evidence) {
	return freehold.Known([]string{z.root}), z.validation, nil
}

func (z *zone) TXTAtEveryServer(_ context.Context, _ freehold.Name, _ freehold.Host) ([]resolve.ServerTXT, []freehold.Evidence) {
	var out []resolve.ServerTXT
	for i, text := range z.servers {
		s := resolve.ServerTXT{Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), Outcome: freehold.OutcomeAnswered, TXT: freehold.Known([]string{"v=spf1 -all", text})}
		if i == 1 && z.silent {
			s.Outcome, s.TXT = freehold.OutcomeTimeout, freehold.Fact[[]string]{}
		}
		out = append(out, s)
	}
	return out, []freehold.Evidence{{Kind: freehold.EvidenceDNS}}
}

// notebook keeps one challenge and what was attested.
type notebook struct {
	challenge freehold.Challenge
	said      []freehold.Attestation
}

func (n *notebook) PutChallenge(_ context.Context, c freehold.Challenge) error {
	n.challenge = c
	return nil
}

func (n *notebook) Challenge(_ context.Context, _ freehold.Name, _ string, now time.Time) (freehold.Challenge, error) {
	if n.challenge.Token == "" || !n.challenge.Used.IsZero() || !now.Before(n.challenge.Expires) {
		return freehold.Challenge{}, &freehold.Error{Kind: freehold.KindNotFound, Msg: "no challenge"}
	}
	return n.challenge, nil
}

func (n *notebook) UseChallenge(_ context.Context, _ freehold.Challenge, at time.Time) error {
	n.challenge.Used = at
	return nil
}

func (n *notebook) Attest(_ context.Context, a freehold.Attestation, e freehold.Evidence) error {
	if a.Evidence != e.ID() {
		return &freehold.Error{Msg: "attested without its evidence"}
	}
	n.said = append(n.said, a)
	return nil
}

func TestProveDNS(t *testing.T) {
	const right = "the token"
	for _, c := range []struct {
		what    string
		zone    zone
		missing string // "" is proven
	}{
		{"everywhere", zone{[2]string{right, right}, right, freehold.Secure, false}, ""},
		{"everywhere, unsigned", zone{[2]string{right, right}, right, freehold.Insecure, false}, ""},
		{"one server lacks it", zone{[2]string{right, "other"}, right, freehold.Secure, false}, "192.0.2.1"},
		{"one server is silent", zone{[2]string{right, right}, right, freehold.Secure, true}, "did not answer"},
		{"not from the root", zone{[2]string{right, right}, "other", freehold.Secure, false}, "from the root"},
		{"bogus", zone{[2]string{right, right}, right, freehold.Bogus, false}, "DNSSEC"},
	} {
		book, n := &notebook{}, name(t, "example.ch")
		first, err := ProveDNS(context.Background(), &c.zone, book, n, "Anne", now)
		if err != nil || !first.Fresh || first.Proven || !strings.HasPrefix(first.Record, "_freehold-challenge.example.ch. 300 IN TXT ") || !strings.Contains(first.Record, "expiry=2026-12-02") {
			t.Fatalf("%s: first %+v, %v", c.what, first, err)
		}
		token := challengeText(book.challenge)
		for _, text := range []*string{&c.zone.servers[0], &c.zone.servers[1], &c.zone.root} {
			if *text == right {
				*text = token
			}
		}
		second, err := ProveDNS(context.Background(), &c.zone, book, n, "Anne", now.Add(time.Hour))
		if err != nil || second.Proven != (c.missing == "") || !strings.Contains(strings.Join(second.Missing, "\n"), c.missing) {
			t.Errorf("%s: %+v, %v", c.what, second, err)
		}
		if second.Proven {
			if len(book.said) != 1 || !book.said[0].Proven || book.said[0].Subject != string(freehold.LayerDNS) {
				t.Errorf("%s: attested %+v", c.what, book.said)
			}
		} else if len(book.said) != 0 || !book.challenge.Used.IsZero() {
			t.Errorf("%s: attested %+v without proof", c.what, book.said)
		}
	}
}

func TestProofTokensDifferAndExpire(t *testing.T) {
	book, n := &notebook{}, name(t, "example.ch")
	z := &zone{}
	if _, err := ProveDNS(context.Background(), z, book, n, "Anne", now); err != nil {
		t.Fatal(err)
	}
	old := book.challenge.Token
	late, err := ProveDNS(context.Background(), z, book, n, "Anne", now.Add(challengeLife))
	if err != nil || !late.Fresh || book.challenge.Token == old || len(old) < 26 {
		t.Errorf("after its end the challenge is %+v (was %q), %v; want a new one of 128 bits or more", late, old, err)
	}
}
