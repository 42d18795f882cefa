package freehold

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestTextSaysItsArguments(t *testing.T) {
	day := time.Date(2027, 1, 2, 23, 30, 0, 0, time.FixedZone("", -3600))
	for _, c := range []struct {
		text Text
		want string
	}{
		{T("nothing to fill"), "nothing to fill"},
		{T("%s and %q, %d, %t", "a", "b", 1234, day), `a and "b", 1234, 3 January 2027`},
		{T("%[2]s before %[1]s", "one", "two"), "two before one"},
		{T("100%% of %d", 3), "100% of 3"},
		{T("missing %s", "x", "y"), "missing x"},
		{T("%s"), "%s"},
		{T("%z stays"), "%z stays"},
		{T("ends with %", "x"), "ends with %"},
		{T("%[9]s %[x]s %[", "x"), "%[9]s %[x]s %["},
		{T("of %s. Then", "Example Inc."), "of Example Inc. Then"},
		{T("of %s.", "Example"), "of Example."},
		{T("evil %s", "a\x1b[2Jb\nc"), "evil a�[2Jb c"},
	} {
		if got := c.text.String(); got != c.want {
			t.Errorf("%q%q = %q, want %q", c.text.Format, c.text.Args, got, c.want)
		}
	}
}

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, é":     "plain text, é",
		"a\r\nb\tc":         "a  b c",
		"x\x1b]0;t\x07y":    "x�]0;t�y",
		"\u202eevil\u2069":  "�evil�",
		"c1 \u009b31m":      "c1 �31m",
		"bad \xff\x9b utf8": "bad � utf8",
	} {
		got := OneLine(in)
		if got != want {
			t.Errorf("OneLine(%q) = %q, want %q", in, got, want)
		}
		if strings.ContainsAny(got, "\x1b\n\r\t\u202e") {
			t.Errorf("OneLine(%q) = %q still moves the terminal", in, got)
		}
	}
}

func TestEPPStatus(t *testing.T) {
	for in, want := range map[string]string{
		"client transfer prohibited": "clientTransferProhibited",
		"clientTransferProhibited https://icann.org/epp#clientTransferProhibited": "clientTransferProhibited",
		"CLIENTTRANSFERPROHIBITED": "clientTransferProhibited",
		"active":                   "ok",
		"Active":                   "ok",
		"associated":               "linked",
		"transfer prohibited":      "transferProhibited", // does not say who set it
		"redemption period":        "redemptionPeriod",
		"auto renew period":        "autoRenewPeriod",
		"  pending   delete ":      "pendingDelete",
		"some new thing":           "someNewThing",
		"":                         "",
	} {
		if got := EPPStatus(in); got != want {
			t.Errorf("EPPStatus(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSameParty(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Gandi SAS", "GANDI", true},
		{"OVH SAS", "ovh.net", true},
		{"Infomaniak Network SA", "infomaniak.ch", true},
		{"Hébergement Léman Sàrl", "Léman", true},
		{"Key-Systems GmbH", "key systems", true},
		{"Alpha Hosting Ltd", "Beta Hosting Ltd", false},
		{"Hosting Services Ltd", "Internet Group SA", false}, // nothing left to compare
		{"", "", false},
		{"Go", "Go", false}, // too short to mean one company
		{"Nordwind Hosting AG", "nordwind-hosting.ch", true},
		{"Nord AG", "nordwind.ch", false},
	} {
		if got := SameParty(c.a, c.b); got != c.want {
			t.Errorf("SameParty(%q, %q) = %v, want %v (keys %q, %q)", c.a, c.b, got, c.want, partyKey(c.a), partyKey(c.b))
		}
		if SameParty(c.a, c.b) != SameParty(c.b, c.a) {
			t.Errorf("SameParty(%q, %q) depends on the order", c.a, c.b)
		}
	}
}

func TestEvidenceIDCoversAll(t *testing.T) {
	e := Evidence{Kind: EvidenceRDAP, Source: "https://rdap.example/domain/x.fr", Query: "x.fr", Time: time.Unix(0, 0), Status: "200", Body: []byte("{}")}
	sum := sha256.Sum256([]byte(e.Header() + string(e.Body)))
	if want := EvidenceID("sha256:" + hex.EncodeToString(sum[:])); e.ID() != want || !want.Valid() {
		t.Fatalf("ID = %s, want %s", e.ID(), want)
	}
	seen := map[EvidenceID]string{e.ID(): "original"}
	for what, change := range map[string]func(*Evidence){
		"kind": func(e *Evidence) { e.Kind = EvidenceWHOIS }, "source": func(e *Evidence) { e.Source += "x" }, "query": func(e *Evidence) { e.Query = "y.fr" },
		"time": func(e *Evidence) { e.Time = e.Time.Add(time.Nanosecond) }, "status": func(e *Evidence) { e.Status = "404" },
		"type": func(e *Evidence) { e.MediaType = "text/html" }, "body": func(e *Evidence) { e.Body = []byte("{ }") }, "truncated": func(e *Evidence) { e.Truncated = true },
		"a line smuggled in": func(e *Evidence) { e.Status = "200\n\n" },
	} {
		c := e
		change(&c)
		if other, dup := seen[c.ID()]; dup {
			t.Errorf("changing the %s leaves the ID of the %s", what, other)
		}
		seen[c.ID()] = what
	}
	e.Notes = []string{"a note of ours"}
	if _, same := seen[e.ID()]; !same {
		t.Error("notes are not part of the evidence")
	}
}

func TestZeroValuesAreCautious(t *testing.T) {
	var (
		fact    Fact[string]
		claim   Claim
		verdict Verdict
		result  Result
		reg     Registration
		server  ServerFacts
		valid   Validation
	)
	for got, want := range map[string]string{
		fact.State.String(): "unknown", claim.Standing.String(): "unknown", verdict.CanLeave.String(): "unknown", result.Status.String(): "failed",
		reg.State.String(): "unknown", server.Outcome.String(): "not_asked", valid.String(): "indeterminate",
	} {
		if got != want {
			t.Errorf("a zero value says %q, want %q", got, want)
		}
	}
	if has, known := reg.HasStatus("ok"); has || known {
		t.Error("an empty status must be unknown")
	}
}

func TestEnumsSurviveText(t *testing.T) {
	type doc struct {
		S FactState
		G Standing
		L CanLeave
		V Severity
		N NameStatus
		O Outcome
		R RegistrationState
		D Validation
	}
	in := doc{Redacted, StandingContradicted, LeaveNo, SeverityCritical, StatusOK, OutcomeGarbled, NotRegistered, Bogus}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out doc
	if err := json.Unmarshal(b, &out); err != nil || out != in {
		t.Errorf("%s read back as %+v, %v", b, out, err)
	}
	if err := json.Unmarshal([]byte(`{"L":"perhaps"}`), &out); err == nil {
		t.Error("an unknown word was accepted")
	}
}

func TestStatusOf(t *testing.T) {
	asks := func(o ...Outcome) Observed {
		var ob Observed
		for _, x := range o {
			ob.DNS.Asks = append(ob.DNS.Asks, Ask{Outcome: x})
		}
		return ob
	}
	for _, c := range []struct {
		o    Observed
		want NameStatus
	}{
		{asks(), StatusFailed},
		{asks(OutcomeAnswered, OutcomeNone), StatusOK},
		{asks(OutcomeAnswered, OutcomeThrottled), StatusPartial},
		{asks(OutcomeTimeout, OutcomeRefused), StatusFailed},
	} {
		if got := StatusOf(&c.o); got != c.want {
			t.Errorf("StatusOf(%v) = %v, want %v", c.o.DNS.Asks, got, c.want)
		}
	}
}

func TestAttestationsLatestAndStale(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	as := Attestations{{Subject: "account", Value: "host", At: day(3)}, {Subject: "account", Value: "me", At: day(9)}, {Subject: "payer", Value: "me", At: day(20)}}
	if a, ok := as.Latest("account"); !ok || a.Value != "me" {
		t.Errorf("latest account = %+v, %v", a, ok)
	}
	if _, ok := as.Latest("web"); ok {
		t.Error("found what nobody said")
	}
	a := Attestation{At: day(1)}
	if a.IsStale(day(1).Add(AttestationStale)) || !a.IsStale(day(1).Add(AttestationStale+1)) {
		t.Error("an attestation grows stale after AttestationStale exactly")
	}
	a.Proven = true
	if a.IsStale(day(1).Add(ProofStale)) || !a.IsStale(day(1).Add(ProofStale+1)) {
		t.Error("a proof grows stale after ProofStale exactly")
	}
}

func TestErrorsHintAndKind(t *testing.T) {
	inner := &Error{Kind: KindBusy, Msg: "database is locked", Hint: "close the other freehold"}
	err := error(&Error{Kind: KindInternal, Msg: "cannot save", Err: inner})
	if err.Error() != "cannot save: database is locked" || HintOf(err) != "close the other freehold" {
		t.Errorf("got %q, hint %q", err, HintOf(err))
	}
	if KindOf(errors.New("x")) != KindInternal || HintOf(errors.New("x")) != "" || HintOf(nil) != "" {
		t.Error("a foreign error is internal and has no hint")
	}
}
