package resolve

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"freehold"
	"freehold/internal/resolve/serverstest"
)

// TestAgainstUnboundAndDelv builds a world with every way of being signed, badly
// signed and unsigned, and asks ours, unbound and delv about it.
func TestAgainstUnboundAndDelv(t *testing.T) {
	if !serverstest.Isolated(t) {
		return
	}
	delv := serverstest.Need(t, "delv")
	w := newWorld(t)
	cases := buildSignedWorld(w)
	w.start()
	serverstest.Unbound(t, unboundAt, rootAt, w.ds.String())
	anchors := filepath.Join(t.TempDir(), "anchors")
	if err := os.WriteFile(anchors, fmt.Appendf(nil, "trust-anchors { . static-key %d %d %d %q; };\n", w.anchor.Flags, w.anchor.Protocol, w.anchor.Algorithm, w.anchor.PublicKey), 0o644); err != nil {
		t.Fatal(err)
	}
	r := w.resolver()
	agreed := 0
	for _, c := range cases {
		var ours, why, theirs, third string
		// On a busy machine a resolver gives up now and then; who validates wrongly
		// does so every time.
		for range 3 {
			ours, why = ourVerdict(r, c.name, c.qtype)
			theirs = unboundVerdict(c.name, c.qtype)
			third = delvVerdict(delv, anchors, c.name, c.qtype)
			if c.agreed(ours, theirs, third) {
				break
			}
			r = w.resolver()
		}
		if !c.agreed(ours, theirs, third) {
			t.Errorf("%s %s: ours says %s (%s), unbound %s, delv %s, want %s", c.name, typeName(c.qtype), ours, why, theirs, third, c.want)
			continue
		}
		agreed++
	}
	t.Logf("%d of %d questions have the stated result and agree with unbound, and with delv but for the opt-out ones it calls secure", agreed, len(cases))
	if len(cases) < 40 {
		t.Errorf("only %d questions", len(cases))
	}
}

func ourVerdict(r *Resolver, name string, qtype uint16) (string, string) {
	a, err := r.lookup(context.Background(), newTask(false), ask(name, qtype))
	if err != nil {
		return "error", err.Error()
	}
	return a.validation.String(), a.why
}

func unboundVerdict(name string, qtype uint16) string {
	q := new(dns.Msg)
	q.SetQuestion(name, qtype)
	q.SetEdns0(1232, true)
	c := dns.Client{Timeout: 10 * time.Second}
	m, _, err := c.Exchange(q, unboundAt+":53")
	switch {
	case err != nil:
		return err.Error()
	case m.Rcode == dns.RcodeServerFailure:
		return freehold.Bogus.String()
	case m.AuthenticatedData:
		return freehold.Secure.String()
	}
	return freehold.Insecure.String()
}

func delvVerdict(delv, anchors, name string, qtype uint16) string {
	out, _ := exec.Command(delv, "@"+unboundAt, "-a", anchors, "+root=.", "+multiline", name, typeName(qtype)).CombinedOutput()
	text := string(out)
	switch {
	case strings.Contains(text, "unsigned answer"), strings.Contains(text, "negative response, unsigned"):
		return freehold.Insecure.String()
	case strings.Contains(text, "fully validated"):
		return freehold.Secure.String()
	case strings.Contains(text, "resolution failed"):
		return freehold.Bogus.String()
	}
	return text
}

type signedCase struct {
	name  string
	qtype uint16
	want  freehold.Validation
	// notDelv: delv is known to see it differently.
	notDelv bool
}

func (c signedCase) agreed(ours, unbound, delv string) bool {
	want := c.want.String()
	return ours == want && unbound == want && (delv == want || c.notDelv)
}

const host = "www A 192.0.2.80\ndeep.er.ent TXT here\nalias CNAME www\n*.wild A 192.0.2.81\nwild A 192.0.2.82\n@ MX 10 www\n"

// buildSignedWorld adds the zones and returns the questions with their results.
func buildSignedWorld(w *world) []signedCase {
	var cases []signedCase
	check := func(name string, qtype uint16, want freehold.Validation) {
		cases = append(cases, signedCase{name: name, qtype: qtype, want: want})
	}
	type how = serverstest.Signing
	// Good zones: every algorithm, NSEC and NSEC3, on every server.
	for _, z := range []leaf{
		{name: "ecdsa.example.", at: bindAt, sign: &how{}},
		{name: "rsa.example.", at: nsdAt, sign: &how{Algorithm: dns.RSASHA256, NSEC3: true, Salt: "aabb", Iterations: 5}},
		{name: "ed.example.", at: knotAt, sign: &how{Algorithm: dns.ED25519}},
		{name: "p384.test.", at: nsdAt, sign: &how{Algorithm: dns.ECDSAP384SHA384, NSEC3: true}},
		{name: "rsa512.test.", at: bindAt, sign: &how{Algorithm: dns.RSASHA512, NSEC3: true, Iterations: 1}},
	} {
		z.records = host
		w.add(z)
		for _, q := range []string{"", "www.", "alias.", "x.wild."} {
			check(q+z.name, dns.TypeA, freehold.Secure)
		}
		check("www."+z.name, dns.TypeTXT, freehold.Secure)    // no such type
		check("er.ent."+z.name, dns.TypeTXT, freehold.Secure) // an empty non-terminal
		check("nope."+z.name, dns.TypeA, freehold.Secure)
		check("x.wild."+z.name, dns.TypeMX, freehold.Secure) // the wildcard has no such type
		check(z.name, dns.TypeDS, freehold.Secure)
	}
	add := func(want freehold.Validation, l leaf) {
		l.records = host
		w.add(l)
		check("www."+l.name, dns.TypeA, want)
		check("nope."+l.name, dns.TypeA, want)
	}
	add(freehold.Insecure, leaf{name: "unsigned.example.", at: nsdAt})
	add(freehold.Insecure, leaf{name: "unsigned.test.", at: knotAt})
	add(freehold.Insecure, leaf{name: "plain.test.", at: pdnsAt})
	add(freehold.Insecure, leaf{name: "nods.example.", at: bindAt, sign: &how{}, ds: func(*dns.DS) *dns.DS { return nil }})
	add(freehold.Bogus, leaf{name: "wrongds.example.", at: bindAt, sign: &how{}, ds: func(d *dns.DS) *dns.DS { d.Digest = strings.Repeat("ab", 32); return d }})
	add(freehold.Bogus, leaf{name: "wrongtag.test.", at: knotAt, sign: &how{}, ds: func(d *dns.DS) *dns.DS { d.KeyTag++; return d }})
	add(freehold.Bogus, leaf{name: "expired.example.", at: nsdAt, sign: &how{Inception: time.Now().Add(-20 * 24 * time.Hour), Expiration: time.Now().Add(-10 * 24 * time.Hour)}})
	add(freehold.Bogus, leaf{name: "future.test.", at: nsdAt, sign: &how{Inception: time.Now().Add(10 * 24 * time.Hour), Expiration: time.Now().Add(20 * 24 * time.Hour)}})
	add(freehold.Bogus, leaf{name: "stripped.example.", at: knotAt, sign: &how{}, damage: without("RRSIG", "NSEC", "DNSKEY")})
	add(freehold.Insecure, leaf{name: "unknown.example.", at: bindAt, sign: &how{}, ds: func(d *dns.DS) *dns.DS { d.Algorithm = 200; return d }})
	add(freehold.Insecure, leaf{name: "digest.example.", at: bindAt, sign: &how{}, ds: func(d *dns.DS) *dns.DS { d.DigestType = 200; return d }})
	add(freehold.Secure, leaf{name: "sha1ds.example.", at: nsdAt, sign: &how{Digest: dns.SHA1}})
	add(freehold.Secure, leaf{name: "sha384ds.test.", at: nsdAt, sign: &how{Digest: dns.SHA384}})
	w.add(leaf{name: "tampered.example.", at: bindAt, records: host, sign: &how{}, damage: func(s string) string { return strings.ReplaceAll(s, "192.0.2.80", "192.0.2.66") }})
	check("www.tampered.example.", dns.TypeA, freehold.Bogus)
	check("wild.tampered.example.", dns.TypeA, freehold.Secure)
	w.add(leaf{name: "nochain.example.", at: nsdAt, records: host, sign: &how{}, damage: without("NSEC")})
	check("nope.nochain.example.", dns.TypeA, freehold.Bogus)
	check("www.nochain.example.", dns.TypeTXT, freehold.Bogus)
	w.add(leaf{name: "manyhash.example.", at: knotAt, records: host, sign: &how{NSEC3: true, Iterations: 400}})
	check("www.manyhash.example.", dns.TypeA, freehold.Secure)
	check("nope.manyhash.example.", dns.TypeA, freehold.Insecure)
	check("www.manyhash.example.", dns.TypeTXT, freehold.Insecure)

	// PowerDNS signs as it answers, and makes up what it denies with.
	for _, live := range []struct {
		name, at string
		narrow   bool
	}{{"live.example.", pdnsLiveAt, false}, {"narrow.test.", pdnsNarrowAt, true}} {
		text := serverstest.Zone(live.name, 1, "ns1."+live.name, live.at) + host
		ds := serverstest.PowerDNSSigning(w.t, live.at, live.narrow, serverstest.Served{Name: live.name, Text: text})
		w.delegate(live.name, fmt.Sprintf("%s NS ns1.%s\nns1.%s A %s\n%s\n", live.name, live.name, live.name, live.at, ds[live.name]))
		for _, q := range []string{"", "www.", "alias.", "x.wild.", "nope.", "er.ent."} {
			check(q+live.name, dns.TypeA, freehold.Secure)
		}
		check("www."+live.name, dns.TypeTXT, freehold.Secure)
	}

	// Knot signs by itself.
	text := serverstest.Zone("self.example.", 1, "ns1.self.example.", knotLiveAt) + host
	serverstest.KnotSigning(w.t, knotLiveAt, true, serverstest.Served{Name: "self.example.", Text: text})
	w.delegate("self.example.", "self.example. NS ns1.self.example.\nns1.self.example. A "+knotLiveAt+"\n"+serverstest.DSAt(w.t, knotLiveAt, "self.example.").String()+"\n")
	for _, q := range []string{"", "www.", "alias.", "x.wild.", "nope.", "er.ent."} {
		check(q+"self.example.", dns.TypeA, freehold.Secure)
	}

	// Aliases across zones, a DNAME, and children on the parent's own server.
	w.add(leaf{name: "cross.example.", at: bindAt, sign: &how{}, records: "good CNAME www.rsa.example.\nplain CNAME www.unsigned.example.\nbad CNAME www.expired.example.\ngone CNAME nope.ed.example.\nd DNAME ecdsa.example.\n" +
		w.add(leaf{name: "child.cross.example.", at: bindAt, sign: &how{}, records: host}) +
		w.add(leaf{name: "plainchild.cross.example.", at: bindAt, records: host}) +
		w.add(leaf{name: "badchild.cross.example.", at: bindAt, records: host, sign: &how{}, ds: func(d *dns.DS) *dns.DS { d.Digest = strings.Repeat("cd", 32); return d }})})
	check("good.cross.example.", dns.TypeA, freehold.Secure)
	check("plain.cross.example.", dns.TypeA, freehold.Insecure)
	check("bad.cross.example.", dns.TypeA, freehold.Bogus)
	check("gone.cross.example.", dns.TypeA, freehold.Secure)
	check("www.d.cross.example.", dns.TypeA, freehold.Secure)
	check("nope.d.cross.example.", dns.TypeA, freehold.Secure)
	check("www.child.cross.example.", dns.TypeA, freehold.Secure)
	check("child.cross.example.", dns.TypeMX, freehold.Secure)
	check("www.plainchild.cross.example.", dns.TypeA, freehold.Insecure)
	check("plainchild.cross.example.", dns.TypeMX, freehold.Insecure)
	check("nope.plainchild.cross.example.", dns.TypeA, freehold.Insecure)
	check("www.badchild.cross.example.", dns.TypeA, freehold.Bogus)

	// The parents themselves.
	check("nobody.example.", dns.TypeA, freehold.Secure)
	check("unsigned.example.", dns.TypeDS, freehold.Secure)
	// Opt-out proves too little to be secure (RFC 5155 section 9.2); delv does not say so.
	for _, q := range []signedCase{{name: "nobody.test.", qtype: dns.TypeA}, {name: "unsigned.test.", qtype: dns.TypeDS}} {
		q.want, q.notDelv = freehold.Insecure, true
		cases = append(cases, q)
	}
	check("nothing.", dns.TypeA, freehold.Secure)
	return cases
}

// without drops the records of some types, with their signatures.
func without(types ...string) func(string) string {
	return func(zone string) string {
		var kept []string
		for _, line := range strings.Split(zone, "\n") {
			f := strings.Fields(line)
			drop := false
			for _, t := range types {
				drop = drop || len(f) > 4 && (f[3] == t || f[3] == "RRSIG" && f[4] == t)
			}
			if !drop {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "\n")
	}
}
