package identity

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"freehold"
)

// TestAdd: on one channel the best counts alone, and a bar needs its channels.
func TestAdd(t *testing.T) {
	mail := held{method: "contact_mail", channel: freehold.ChannelMail, points: 2, anchors: true}
	letter := held{method: "letter_code", channel: freehold.ChannelPost, points: 3, anchors: true}
	paper := held{method: "invoice", channel: freehold.ChannelPaper, points: 1}
	for _, c := range []struct {
		all              []held
		points, channels int
	}{
		{nil, 0, 0}, {[]held{mail}, 2, 1}, {[]held{mail, mail}, 2, 1}, {[]held{paper, paper, paper}, 1, 0}, {[]held{mail, letter, paper, paper}, 6, 2}, {[]held{{method: "x", points: 0, anchors: true}}, 0, 0},
	} {
		if s := add(c.all); s.points != c.points || len(s.channels) != c.channels {
			t.Errorf("%v come to %d by %d", c.all, s.points, len(s.channels))
		}
	}
	if s := add([]held{letter, paper}); s.reaches(Level{Bar: 4, Channels: 2}) || !s.reaches(Level{Bar: 4, Channels: 1}) || s.reaches(Level{Bar: 5, Channels: 1}) {
		t.Error("a bar is reached by one channel where it asks for two")
	}
}

// TestWorth: what a contact's past takes from a check that was passed.
func TestWorth(t *testing.T) {
	undated := contactMail()
	undated.Since = freehold.Contact{}.Since
	w := open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{undated, phone}})
	w.answers("contact_mail", "mail", freehold.SideHolder, "")
	if a := Evaluate(w.c, w.keeper.Policy, w.now); a.Enough || a.Strength != 1 || !w.because(nil, "is not known, so it counts for less") {
		t.Errorf("a contact of unknown age is worth %d", a.Strength)
	}
	w = open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}})
	id := w.ask("contact_mail", "mail", freehold.SideHolder, "")
	w.do("ana", freehold.CheckEnded{Ask: id, Method: "contact_mail", Of: freehold.SideHolder, Contact: "mail", Outcome: freehold.CheckPassed, ThroughHost: true})
	if a := Evaluate(w.c, w.keeper.Policy, w.now); a.Enough || a.Channels != 0 {
		t.Errorf("what the host could have brought carries %d channels", a.Channels)
	}
}

// TestActs: an act that names of the domain do not move by is never enough.
func TestActs(t *testing.T) {
	for _, c := range []struct {
		name   string
		act    freehold.Act
		enough bool
	}{
		{"verrine.com", freehold.ActTag, false}, {"verrine.co.uk", freehold.ActCode, false}, {"verrine.lu", freehold.ActCode, false},
		{"verrine.co.uk", freehold.ActTag, true}, {"verrine.lu", freehold.ActUnlock, true}, {"verrine.com", freehold.ActPush, true}, {"verrine.me", freehold.ActCode, true},
	} {
		w := open(t, place{name: c.name, profile: Normal, act: c.act, contacts: []freehold.Contact{contactMail()}})
		w.answers("contact_mail", "mail", freehold.SideHolder, "")
		if a := Evaluate(w.c, w.keeper.Policy, w.now); a.Enough != c.enough {
			t.Errorf("%s, %s: enough %v, %v", c.name, c.act, a.Enough, a.Why)
		}
	}
}

// TestDisputes: each is proven by its own checks, and a holder's stops what it is as
// strong as.
func TestDisputes(t *testing.T) {
	w := open(t, place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}})
	w.answers("contact_mail", "mail", freehold.SideHolder, "")
	w.do("desk", freehold.Objected{ID: "o1", Party: thief, Claims: freehold.SideHolder})
	w.do("desk", freehold.Objected{ID: "o2", Party: verrine, Claims: freehold.SideHolder})
	w.answers("call_back", "phone", freehold.SideObjector, "o2")
	a := Evaluate(w.c, w.keeper.Policy, w.now)
	if !a.Stopped || a.Enough || !slices.Equal(a.Undecided, []string{"o2"}) || a.Level.Name != "high" {
		t.Errorf("stopped %v, enough %v, undecided %v, level %s", a.Stopped, a.Enough, a.Undecided, a.Level.Name)
	}
	w.settles("o2", true)
	w.settles("o1", false)
	if a := Evaluate(w.c, w.keeper.Policy, w.now); !a.Stopped || a.Enough || len(a.Undecided) != 0 {
		t.Errorf("upheld: stopped %v, enough %v, undecided %v", a.Stopped, a.Enough, a.Undecided)
	}
	// A weaker holder waits for a decision, and stops nothing.
	w = open(t, place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{contactMail(), phone, post, bank}})
	w.answers("call_back", "phone", freehold.SideHolder, "").answers("letter_code", "post", freehold.SideHolder, "").answers("payment_reference", "bank", freehold.SideHolder, "")
	w.do("desk", freehold.Objected{ID: "o1", Party: verrine, Claims: freehold.SideHolder})
	w.answers("contact_mail", "mail", freehold.SideObjector, "o1")
	if a := Evaluate(w.c, w.keeper.Policy, w.now); a.Stopped || !a.Enough || !slices.Equal(a.Undecided, []string{"o1"}) || a.Keys != 2 {
		t.Errorf("stopped %v, enough %v, undecided %v, keys %d", a.Stopped, a.Enough, a.Undecided, a.Keys)
	}
}

// TestGate: each thing that keeps a release or a hand-over waiting.
func TestGate(t *testing.T) {
	w := open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail(), phone}})
	refused := func(err error, kind freehold.ErrorKind, want string) {
		t.Helper()
		if err == nil || freehold.KindOf(err) != kind || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	refused(w.decide("ana", freehold.DecisionRelease, nil), freehold.KindPermission, "not enough is proven")
	w.answers("contact_mail", "mail", freehold.SideHolder, "").told("phone")
	refused(w.decide("ana", freehold.DecisionRelease, func(d *freehold.Decision) { d.Policy = "lax of 2026-01-01" }), freehold.KindPermission, "under the policy")
	d := w.keeper.Policy.Decide(w.c, freehold.DecisionRelease, "ana", w.now)
	good := w.signed("ana", d)
	good.Key = "SHA256:another"
	refused(w.try("ana", good), freehold.KindPermission, "another key")
	if err := w.decide("ana", freehold.DecisionRelease, nil); err != nil {
		t.Fatal(err)
	}
	_, err := w.keeper.MayRelease(w.c, w.now)
	refused(err, freehold.KindWaiting, "nothing is released before 2026-11-24T09:00:00Z")
	w.wait(25 * hour)
	begun, err := w.keeper.MayRelease(w.c, w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.do("work", begun)
	w.do("work", freehold.CodeSet{Expires: w.now.Add(7 * day)})
	// Somebody objects before the hand-over: more is asked for until shortly before the
	// deadline, and then it takes two operators.
	w.do("desk", freehold.Objected{ID: "o1", Party: thief})
	refused(w.try("work", freehold.CodeRevealed{}), freehold.KindPermission, "not enough is proven")
	w.now = monday.Add(4 * day)
	refused(w.try("work", freehold.CodeRevealed{}), freehold.KindWaiting, "1 of 2 operators")
}

// TestGateWithObjection: a hand-over waits for an objection that changes nothing else,
// and a release names every approval that it takes.
func TestGateWithObjection(t *testing.T) {
	w := open(t, place{name: "verrine.ch", profile: Normal, high: true, contacts: []freehold.Contact{contactMail(), phone}})
	w.answers("contact_mail", "mail", freehold.SideHolder, "").answers("call_back", "phone", freehold.SideHolder, "").wait(26 * hour)
	for _, who := range []string{"ana", "bruno"} {
		if err := w.decide(who, freehold.DecisionRelease, nil); err != nil {
			t.Fatal(err)
		}
	}
	begun, err := w.keeper.MayRelease(w.c, w.now)
	if err != nil || len(begun.Approvals) != 2 {
		t.Fatal(begun, err)
	}
	if err := w.try("work", freehold.ReleaseBegun{Basis: begun.Basis, Approvals: begun.Approvals[:1]}); err == nil {
		t.Error("a release of two approvals began with one")
	}
	w.do("work", begun)
	w.do("work", freehold.CodeSet{Expires: w.now.Add(7 * day)})
	w.do("desk", freehold.Objected{ID: "o1", Party: thief})
	if err := w.try("work", freehold.CodeRevealed{}); freehold.KindOf(err) != freehold.KindWaiting || !strings.Contains(err.Error(), "before 2026-11-27T09:00:00Z") {
		t.Error(err)
	}
	w.now = monday.Add(4 * day)
	w.do("work", freehold.CodeRevealed{})
}

// TestTokenBinding: every field a token is bound to changes its hash.
func TestTokenBinding(t *testing.T) {
	c := freehold.Case{ID: "a", Request: freehold.Request{Name: parseName(t, "verrine.com"), Act: freehold.ActCode}}
	q := freehold.CheckAsked{ID: "q", Method: "contact_mail", Of: freehold.SideHolder, Ref: "r", Contact: "c", Salt: []byte("salt")}
	base := tokenHash(c, q, "t")
	for i, edit := range []func(*freehold.Case, *freehold.CheckAsked){
		func(c *freehold.Case, _ *freehold.CheckAsked) { c.ID = "b" },
		func(c *freehold.Case, _ *freehold.CheckAsked) { c.Name = parseName(t, "verrine.net") },
		func(c *freehold.Case, _ *freehold.CheckAsked) { c.Act = freehold.ActRepoint },
		func(_ *freehold.Case, q *freehold.CheckAsked) { q.ID = "p" },
		func(_ *freehold.Case, q *freehold.CheckAsked) { q.Method = "call_back" },
		func(_ *freehold.Case, q *freehold.CheckAsked) { q.Of = freehold.SideObjector },
		func(_ *freehold.Case, q *freehold.CheckAsked) { q.Ref = "s" },
		func(_ *freehold.Case, q *freehold.CheckAsked) { q.Contact = "d" },
		func(_ *freehold.Case, q *freehold.CheckAsked) { q.Salt = []byte("pepper") },
	} {
		c2, q2 := c, q
		edit(&c2, &q2)
		if bytes.Equal(tokenHash(c2, q2, "t"), base) {
			t.Errorf("field %d does not count", i)
		}
	}
	q.Hash = tokenHash(c, q, "")
	if matches(c, q, "") || matches(c, q, " - ") {
		t.Error("nothing matches a token")
	}
}

// TestZoneCheck: all servers, two resolvers, valid signatures; and the host could have
// done it.
func TestZoneCheck(t *testing.T) {
	for _, c := range []struct {
		what   string
		edit   func(*TXTSeen)
		passes bool
	}{
		{"all", func(*TXTSeen) {}, true},
		{"one resolver", func(s *TXTSeen) { s.Resolvers = s.Resolvers[:1] }, false},
		{"no server", func(s *TXTSeen) { s.Servers = nil }, false},
		{"signatures that do not validate", func(s *TXTSeen) { s.Bogus = true }, false},
		{"one resolver shows another", func(s *TXTSeen) { s.Resolvers[1] = []string{"token=x"} }, false},
	} {
		w := open(t, place{name: "verrine.ch", profile: Normal})
		id := w.ask("dns_txt", "", freehold.SideHolder, "")
		good := []string{"token=" + w.tokens[id] + " expiry=2026-11-30"}
		p := TXTSeen{Servers: [][]string{good, good}, Resolvers: [][]string{good, good}}
		c.edit(&p)
		ok, err := w.look("dns_txt", id, "", freehold.SideHolder, "", p)
		if ok != c.passes || err != nil || !w.c.Checks[0].ThroughHost {
			t.Errorf("%s: passed %v, %v, through the host %v", c.what, ok, err, w.c.Checks[0].ThroughHost)
		}
	}
}

// TestSHA1: an RSA signature over SHA-1 proves nothing, whoever's key it is.
func TestSHA1(t *testing.T) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(k)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := ParseSigners([]byte("ana " + string(ssh.MarshalAuthorizedKey(s.PublicKey()))))
	if err != nil {
		t.Fatal(err)
	}
	for algorithm, good := range map[string]bool{ssh.KeyAlgoRSA: false, ssh.KeyAlgoRSASHA256: true, ssh.KeyAlgoRSASHA512: true} {
		signed, _ := signedBytes(Namespace, "sha512", []byte("x"))
		sig, err := s.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, signed, algorithm)
		if err != nil {
			t.Fatal(err)
		}
		blob := append([]byte(sshsigMagic), ssh.Marshal(sshsigBlob{Version: 1, PublicKey: s.PublicKey().Marshal(), Namespace: []byte(Namespace), Hash: []byte("sha512"), Sig: ssh.Marshal(sig)})...)
		if _, err := trusted.Verify("ana", Namespace, []byte("x"), pem.EncodeToMemory(&pem.Block{Type: armorType, Bytes: blob}), monday); (err == nil) != good {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}

// TestMailAge: a signed mail is as fresh as its signature says.
func TestMailAge(t *testing.T) {
	for _, c := range []struct {
		at   int64 // seconds from now
		want string
	}{{-60, "signed by"}, {-6 * 24 * 3600, "signed by"}, {-8 * 24 * 3600, "too long ago"}, {3600, "too long ago"}} {
		w := open(t, place{name: "verrine.com", profile: Normal, contacts: []freehold.Contact{contactMail()}})
		m := testMail{from: "atelier@poste-verrine.ch", subject: "case-7", body: "x\r\n", domain: "poste-verrine.ch", canon: "relaxed/relaxed"}
		raw, keys := m.build(w.now.Unix() + c.at)
		w.look("dkim_mail", "", "mail", freehold.SideHolder, "", MailSeen{raw, keys})
		if got := w.c.Checks[0].Result; !strings.Contains(got, c.want) {
			t.Errorf("%d seconds: %q", c.at, got)
		}
	}
	// A subject that is not signed names any case.
	p, _ := parseMail([]byte("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=poste-verrine.ch; s=sel; h=From; t=1763888400; bh=x; b=x\r\nFrom: a@poste-verrine.ch\r\n\r\nx"))
	s := p.signatures()[0]
	s.tags["t"] = "1795424400"
	if err := p.verify(s, "poste-verrine.ch", nil, monday); err == nil || !strings.Contains(err.Error(), "does not sign From and Subject") {
		t.Error(err)
	}
}

// TestOptions: no way holds a smaller one, and those in time come first.
func TestOptions(t *testing.T) {
	undated := contactMail()
	undated.Since = freehold.Contact{}.Since
	for _, c := range []struct {
		at    place
		first string
	}{
		{place{name: "verrine.ch", profile: Crisis, openedLag: 60 * hour, contacts: onlyPhonePostBank}, "call_back payment_reference"},
		{place{name: "verrine.ch", profile: Normal, contacts: []freehold.Contact{undated, phone}}, "call_back"},
		{place{name: "verrine.ch", profile: Normal, openedLag: 60 * hour, contacts: []freehold.Contact{undated, post}}, "contact_mail invoice"},
	} {
		w := open(t, c.at)
		a := Evaluate(w.c, w.keeper.Policy, w.now)
		if len(a.Missing) < 2 || !a.Missing[0].InTime || strings.Join(a.Missing[0].Methods, " ") != c.first {
			t.Errorf("%+v", a.Missing)
		}
		for i, o := range a.Missing {
			for j, p := range a.Missing {
				if i != j && !slices.ContainsFunc(p.Methods, func(m string) bool { return !slices.Contains(o.Methods, m) }) {
					t.Errorf("%v holds %v", o.Methods, p.Methods)
				}
			}
		}
	}
}
