// Package dnsexporttest is the conformance suite of targets, and starts real ones
// for tests. An adapter that passes it may be told to hold a customer's zone.
package dnsexporttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"freehold"
	"freehold/dnsexport"
	"freehold/dnsexport/zonefile"
)

// Rich is a zone with something of every kind that a customer's zone holds, as a
// master file without its SOA and NS; %s is its name.
const Rich = `@ 300 A 192.0.2.80
@ 300 A 192.0.2.81
@ AAAA 2001:db8::80
@ MX 10 mail
@ MX 20 mx2.mailer.test.
@ TXT "v=spf1 mx -all"
@ TXT "two" "strings"
@ CAA 0 issue "ca.example"
@ CAA 128 iodef "mailto:security@shop.test"
@ HTTPS 1 . alpn="h2,h3"
www CNAME @
mail A 192.0.2.25
*.apps A 192.0.2.99
quote TXT "a \"quoted\" word; and a \\ backslash"
eight TXT "\195\169t\195\169"
long TXT "%s" "%s"
_sip._tcp SRV 10 60 5060 mail
_443._tcp TLSA 3 1 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971
selector._domainkey TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC"
sub NS ns1.sub
sub NS ns9.elsewhere.test.
sub DS 12345 13 2 49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC4444
ns1.sub A 192.0.2.53
host SSHFP 4 2 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971
_call NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@shop.test!" .
_uri URI 10 1 "https://shop.test/"
odd TYPE65300 \# 4 0A000001
`

// Zone reads a master file's records as a zone of a name.
func Zone(t testing.TB, name freehold.Name, text string) *freehold.Zone {
	t.Helper()
	head := "$ORIGIN " + name.ASCII() + ".\n$TTL 3600\n@ SOA ns1.ours.test. hostmaster.ours.test. 7 3600 900 1209600 300\n@ NS ns1.ours.test.\n@ NS ns2.ours.test.\n"
	z, err := zonefile.Read(strings.NewReader(head+text), "test", zonefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// RichZone is Rich for a name.
func RichZone(t testing.TB, name freehold.Name) *freehold.Zone {
	return Zone(t, name, fmt.Sprintf(Rich, strings.Repeat("x", 255), strings.Repeat("y", 200)))
}

// Name parses a name that the test writes.
func Name(t testing.TB, s string) freehold.Name {
	t.Helper()
	n, err := freehold.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Held is what a target can hold of a zone, as it will hold it: without the types
// and sets that it cannot, no TTL below its lowest.
func Held(z *freehold.Zone, t dnsexport.Traits) *freehold.Zone {
	out := *z
	out.Records = nil
	for s := range z.RRsets() {
		s.TTL = max(s.TTL, t.MinTTL)
		if t.Holds != nil && !t.Holds(s.Type) && s.Type != freehold.TypeSOA || t.Cannot != nil && !t.Cannot(s).IsZero() {
			continue
		}
		for _, d := range s.Data {
			out.Records = append(out.Records, freehold.Record{Owner: s.Owner, Class: s.Class, Type: s.Type, TTL: s.TTL, Data: d})
		}
	}
	return &out
}

// Rules are how a target's zone is compared with what was wanted of it.
func Rules(t dnsexport.Traits) freehold.DiffRules {
	r := freehold.DiffRules{IgnoreApexNS: t.OwnNS}
	if t.OwnSOA {
		r.SOA = freehold.SOAIgnore
	}
	return r
}

// Target runs the suite on a target that either creates "suite.test" or has it
// empty.
func Target(t *testing.T, target dnsexport.Target) {
	ctx := context.Background()
	name, nobody := Name(t, "suite.test"), Name(t, "nobody.test")
	read := func() *freehold.Zone {
		t.Helper()
		z, err := target.Read(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	traits := target.Traits()
	become := func(want *freehold.Zone) int {
		t.Helper()
		want = Held(want, traits)
		changes := dnsexport.Plan(read(), want, target.Traits())
		if err := target.Change(ctx, name, changes); err != nil {
			t.Fatal(err)
		}
		if d := want.Diff(read(), Rules(traits)); len(d.Changes) > 0 {
			for _, c := range d.Changes {
				t.Errorf("%s of %s %s: wanted %q, is %q", c.Kind, c.Set().Owner, c.Set().Type, c.A.Data, c.B.Data)
			}
			t.FailNow()
		}
		return len(changes)
	}
	if _, err := target.Read(ctx, nobody); freehold.KindOf(err) != freehold.KindNotFound {
		t.Errorf("a zone that is not there: %v", err)
	}
	if err := target.Create(ctx, name); target.Traits().Creates && err != nil {
		t.Fatal(err)
	}
	if err := target.Create(ctx, name); !errors.Is(err, dnsexport.ErrExists) {
		t.Errorf("made twice: %v", err)
	}
	rich := RichZone(t, name)
	if become(rich) == 0 {
		t.Error("an empty zone needed no change")
	}
	if n := become(rich); n != 0 {
		t.Errorf("what is there already is changed in %d sets", n)
	}
	t.Run("sets", func(t *testing.T) {
		text := strings.NewReplacer("www CNAME @", "www A 192.0.2.80", "mail A 192.0.2.25", "mail CNAME mail.mailer.test.", "@ 300 A", "@ 600 A", "odd TYPE65300", "odd2 TYPE65300").Replace(Rich)
		become(Zone(t, name, fmt.Sprintf(text, "x", "y")))
	})
	t.Run("less", func(t *testing.T) { become(Zone(t, name, "@ A 192.0.2.1\n")) })
	t.Run("changed meanwhile", func(t *testing.T) {
		before := read()
		stale := dnsexport.Plan(before, Held(Zone(t, name, "@ A 192.0.2.2\nother A 192.0.2.3\n"), traits), traits)
		become(Zone(t, name, "@ A 192.0.2.66\n"))
		if err := target.Change(ctx, name, stale); !errors.Is(err, dnsexport.ErrChanged) {
			t.Errorf("a plan of another day: %v", err)
		}
		if d := Held(Zone(t, name, "@ A 192.0.2.66\n"), traits).Diff(read(), Rules(traits)); len(d.Changes) > 0 {
			t.Errorf("and it was done in part: %v", d.Changes)
		}
	})
	t.Run("many", func(t *testing.T) {
		var b strings.Builder
		for i := range Many {
			fmt.Fprintf(&b, "host%d A 192.0.2.%d\n", i, i%250)
		}
		become(Zone(t, name, b.String()))
		become(Zone(t, name, "@ A 192.0.2.1\n"))
	})
	if err := target.Change(ctx, nobody, dnsexport.Plan(&freehold.Zone{Origin: "\x06nobody\x04test\x00"}, Zone(t, nobody, "@ A 192.0.2.1\n"), target.Traits())); err == nil {
		t.Error("a zone that is not there was changed")
	}
}

// Many is how many names the suite writes at once: more than any target takes in
// one request.
var Many = 3000

// Source holds a source that cannot be written to what it is known to have.
func Source(t *testing.T, source dnsexport.Source, want *freehold.Zone, rules freehold.DiffRules) {
	t.Helper()
	name, err := freehold.ParseName(strings.TrimSuffix(want.Origin.String(), "."))
	if err != nil {
		t.Fatal(err)
	}
	got, err := source.Read(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range want.Diff(got, rules).Changes {
		t.Errorf("%s of %s %s: has %q, gives %q", c.Kind, c.Set().Owner, c.Set().Type, c.A.Data, c.B.Data)
	}
	if got.Coverage.Complete() {
		t.Errorf("it calls itself %s without having asked the name servers", got.Coverage)
	}
	if _, err := source.Read(t.Context(), Name(t, "nobody.test")); freehold.KindOf(err) != freehold.KindNotFound || !errors.Is(err, dnsexport.ErrNoZone) {
		t.Errorf("a zone that is not there: %v", err)
	}
}
