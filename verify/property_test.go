package verify

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"freehold"
)

// TestMain draws the same cases in every run; "go test -rapid.seed=N" draws others.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.seed", "20261125"); err != nil {
		panic(err)
	}
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}

// anything draws what may be observed and said about a name, sense or nonsense.
func anything(t *rapid.T) *freehold.Observed {
	tld := rapid.SampledFrom(strings.Fields("com org fr re ch li ca uk ac.uk de eu be nl it es se lu at pl com.au cz io dk xn--p1ai")).Draw(t, "tld")
	o := seen("savon." + tld)
	r := &o.Registration
	r.State = rapid.SampledFrom([]freehold.RegistrationState{freehold.Registered, freehold.Registered, freehold.Registered, freehold.NotRegistered, freehold.RegistrationUnknown}).Draw(t, "state")
	party := func(label string) freehold.Fact[string] {
		return fact(t, label, rapid.SampledFrom([]string{"Comptoir des Noms SA", "Rhodanum Web Sàrl", "rhodanum-web.ch", "Tiers SARL", "", "%m%[9]s\x1b[2J"}))
	}
	r.Registrar, r.Reseller, r.RegistrantOrg = party("registrar"), party("reseller"), party("organisation")
	r.RegistrantEmail = fact(t, "mailbox", rapid.SampledFrom([]string{"a@savon.fr", "b@rhodanum-web.ch", "", "%s"}))
	moments := rapid.Custom(func(t *rapid.T) time.Time {
		return now.Add(time.Duration(rapid.Int64Range(-61*24*3600, 24*3600).Draw(t, "seconds")) * time.Second)
	})
	r.Created, r.LastTransfer, r.Changed, r.Expires = fact(t, "created", moments), fact(t, "transferred", moments), fact(t, "changed", moments), fact(t, "expires", moments)
	words := []string{"ok", "clientTransferProhibited", "serverTransferProhibited", "pendingTransfer", "pendingDelete", "redemptionPeriod", "pendingRestore", "clientHold", "serverHold", "transferPeriod", "transferProhibited", "clientUpdateProhibited", "nonsense"}
	r.Statuses = fact(t, "statuses", rapid.SliceOfN(rapid.SampledFrom(words), 0, 3))
	outcome := freehold.Outcome(rapid.IntRange(0, int(freehold.OutcomeGarbled)).Draw(t, "outcome"))
	r.Asks = []freehold.Ask{{Outcome: outcome, Evidence: id("ask")}}
	values := rapid.SampledFrom([]string{"me", "host", "yes", "no", "Rhodanum Web", "Tiers SARL", "Comptoir des Noms", ""})
	for i := range rapid.IntRange(0, 6).Draw(t, "said") {
		subject := rapid.SampledFrom([]string{"account", "account", "contact_mailbox", "host", "payer", "registry_access", "registrar", "reseller", "registrant"}).Draw(t, "subject")
		age := time.Duration(rapid.IntRange(0, 400).Draw(t, "age")) * 24 * time.Hour
		o.Attestations = append(o.Attestations, freehold.Attestation{Name: o.Name, Subject: subject, Value: values.Draw(t, "value"), At: now.Add(-age), Proven: rapid.Bool().Draw(t, "proven"), Evidence: id(fmt.Sprint("said", i))})
	}
	return o
}

func fact[T any](t *rapid.T, label string, values *rapid.Generator[T]) freehold.Fact[T] {
	f := freehold.Fact[T]{State: freehold.FactState(rapid.IntRange(0, 3).Draw(t, label+" state")), Evidence: []freehold.EvidenceID{id(label)}}
	if f.State == freehold.Value {
		f.Value = values.Draw(t, label)
	}
	return f
}

// TestVerdictsKeepTheirPromises: whatever is observed and said, alone needs
// access that was attested or proven lately, unknown has its question, and a
// date lies ahead. The record and the questions keep theirs.
func TestVerdictsKeepTheirPromises(t *testing.T) { rapid.Check(t, keepsPromises) }

// FuzzVerdict looks for what the drawn cases above did not meet.
func FuzzVerdict(f *testing.F) { f.Fuzz(rapid.MakeFuzz(keepsPromises)) }

func keepsPromises(t *rapid.T) {
	o := anything(t)
	c := Control(o)
	v := judge(o)
	lawfulButHostile(t, o, v)
	for _, claim := range c {
		if claim.Mine && claim.Standing != freehold.StandingClaimed && claim.Standing != freehold.StandingProven {
			t.Fatalf("mine and %s: %+v", claim.Standing, claim)
		}
		if (claim.Standing == freehold.StandingContradicted) != (claim.Against != "") {
			t.Fatalf("contradicted by nothing, or the other way round: %+v", claim)
		}
		if claim.Layer == freehold.LayerAccount && claim.Standing == freehold.StandingObserved {
			t.Fatalf("an account was observed: %+v", claim)
		}
	}
	if n := len(Questions(o, c, v)); n > maxQuestions {
		t.Fatalf("%d questions", n)
	}
	if again := judge(o); fmt.Sprint(again) != fmt.Sprint(v) {
		t.Fatal("judged twice, told two things")
	}
}

// lawfulButHostile is lawful for names that registries may send: they may hold
// percent signs and empty names, but never a line or an escape of their own.
func lawfulButHostile(t *rapid.T, o *freehold.Observed, v freehold.Verdict) {
	quiet := &complaints{}
	lawful(quiet, "drawn", o, v)
	for _, c := range quiet.all {
		if !strings.Contains(c, "badly said") {
			t.Fatal(c)
		}
	}
	for _, text := range texts(v) {
		if strings.ContainsAny(text.String(), "\x1b\n") {
			t.Fatalf("hostile text gets through: %q", text)
		}
	}
}

type complaints struct{ all []string }

func (c *complaints) Errorf(format string, args ...any) {
	c.all = append(c.all, fmt.Sprintf(format, args...))
}

// TestPublicDataNeverSetsAnyoneFree: without a word or an act of the owner, no
// name is alone, whatever registries publish.
func TestPublicDataNeverSetsAnyoneFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anything(t)
		o.Attestations = nil
		if v := judge(o); v.CanLeave == freehold.LeaveAlone {
			t.Fatalf("alone by public data:\n%s", reasons(v))
		}
	})
}
