package storetest

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

// saveEvidence saves pieces of evidence with a result of no importance.
func saveEvidence(t *testing.T, s *store.Store, pieces ...freehold.Evidence) {
	t.Helper()
	r := begin(t, s, 0, "pain.fr")
	result, _ := sample.Audited("pain.fr", r.Started)
	must(t, s.Save(t.Context(), r.ID, []store.Saved{{Result: result, Evidence: pieces}}))
}

func evidence(t *testing.T, s *store.Store) {
	random := make([]byte, 70_000) // does not compress
	x := uint32(1)
	for i := range random {
		x = x*1664525 + 1013904223
		random[i] = byte(x >> 24)
	}
	pieces := []freehold.Evidence{
		{Kind: freehold.EvidenceRDAP, Source: "https://rdap.example/domain/pain.fr", Query: "pain.fr", Time: sample.Start.Add(1), Status: "200", MediaType: "application/rdap+json", Body: []byte("{}"), Notes: []string{"one", "two: \"é\"\x00"}},
		{Kind: freehold.EvidenceDNS, Time: sample.Start},
		{Kind: freehold.EvidenceWHOIS, Time: sample.Start, Body: bytes.Repeat([]byte("domain: pain.fr\r\n"), 10_000), Truncated: true},
		{Kind: freehold.EvidenceDNS, Time: sample.Start, Body: random},
	}
	saveEvidence(t, s, append(pieces, pieces[0])...)
	for _, want := range pieces {
		got, err := s.Evidence(t.Context(), want.ID())
		must(t, err)
		if want.Notes != nil {
			want.Notes[1] = "two: \"é\"\x00"
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("came back as\n%.300v\nwant\n%.300v", got, want)
		}
	}
	_, err := s.Evidence(t.Context(), freehold.Evidence{Query: "other"}.ID())
	wantKind(t, err, freehold.KindNotFound)
	_, err = s.Evidence(t.Context(), "sha256:ABC")
	wantKind(t, err, freehold.KindInvalid)
}

// What a hostile server sends may stand in a header too; the digest must hold.
func evidenceOfAnyText(t *testing.T, s *store.Store) {
	pieces := []freehold.Evidence{
		{Source: "https://x/\n\nbody: forged", Query: "a\x00b", Status: "20\xff0", MediaType: "\u202e", Time: sample.Start},
		{Source: "latin-1 \xe9\xe8", Status: ": ", Kind: "new kind", Time: time.Time{}},
		{Source: strings.Repeat("long", 50_000), Time: time.Date(2026, 1, 1, 1, 0, 0, 5, time.FixedZone("", 3600))},
	}
	saveEvidence(t, s, pieces...)
	for _, want := range pieces {
		got, err := s.Evidence(t.Context(), want.ID())
		if err != nil || got.ID() != want.ID() {
			t.Errorf("%.80v\ncame back as\n%.80v, %v", want, got, err)
		}
	}
}

func findEvidence(t *testing.T, s *store.Store) {
	ctx := t.Context()
	byPrefix := map[string][]freehold.EvidenceID{}
	var pieces []freehold.Evidence
	for i := range 700 { // enough for two that begin alike
		e := freehold.Evidence{Time: sample.Start.Add(time.Duration(i))}
		pieces = append(pieces, e)
		byPrefix[string(e.ID())[:len("sha256:")+4]] = append(byPrefix[string(e.ID())[:len("sha256:")+4]], e.ID())
	}
	saveEvidence(t, s, pieces...)
	ambiguous := false
	for prefix, ids := range byPrefix {
		if len(ids) > 1 {
			ambiguous = true
			_, err := s.FindEvidence(ctx, prefix)
			wantKind(t, err, freehold.KindInvalid)
		}
	}
	if !ambiguous {
		t.Error("the test has no two digests that begin alike")
	}
	id := string(pieces[5].ID())
	for _, prefix := range []string{id, id[:40], strings.ToUpper(id[7:30]), " " + id[:17], id[:20], id[:21]} {
		if got, err := s.FindEvidence(ctx, prefix); err != nil || string(got) != id {
			t.Errorf("%q finds %q, %v", prefix, got, err)
		}
	}
	for _, bad := range []string{"", "sha256:", "abc", "sha256:zzzz", id + "0", "%", "sha256:ab_d"} {
		_, err := s.FindEvidence(ctx, bad)
		wantKind(t, err, freehold.KindInvalid)
	}
	other := "0"
	if id[50] == '0' {
		other = "1"
	}
	_, err := s.FindEvidence(ctx, id[:50]+other)
	wantKind(t, err, freehold.KindNotFound)
}

func attestation(name, subject, value string, minutes int) (freehold.Attestation, freehold.Evidence) {
	a := freehold.Attestation{Name: sample.Name(name), Subject: subject, Value: value, By: "Hélène", At: sample.Start.Add(time.Duration(minutes) * time.Minute)}
	e := freehold.Evidence{Kind: freehold.EvidenceAttestation, Source: "Hélène", Query: name + " " + subject, Time: a.At, Body: []byte(value)}
	a.Evidence = e.ID()
	return a, e
}

func attestations(t *testing.T, s *store.Store) {
	ctx := t.Context()
	if got, err := s.Attestations(ctx, sample.Name("pain.fr")); err != nil || len(got) != 0 {
		t.Errorf("before anything was said: %v, %v", got, err)
	}
	var want, all freehold.Attestations
	for _, value := range []string{"me", "host", "Käserei AG"} { // at one and the same moment: the last one said holds
		a, e := attestation("pain.fr", freehold.AttestPayer, value, 3)
		a.Proven = value == "host"
		must(t, s.Attest(ctx, a, e))
		want = append(want, a)
	}
	earlier, e := attestation("pain.fr", freehold.AttestPayer, "earlier", 1)
	must(t, s.Attest(ctx, earlier, e))
	want = append(want, earlier)
	other, e := attestation("abricot.ch", string(freehold.LayerAccount), "me", 2)
	must(t, s.Attest(ctx, other, e))
	all = append(freehold.Attestations{other}, want...)

	got, err := s.Attestations(ctx, sample.Name("pain.fr"))
	must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("attestations\n%+v\nwant\n%+v", got, want)
	}
	if a, _ := got.Latest(freehold.AttestPayer); a.Value != "Käserei AG" {
		t.Errorf("what holds is %q", a.Value)
	}
	if got := collect(t, s.AllAttestations(ctx)); !reflect.DeepEqual(freehold.Attestations(got), all) {
		t.Errorf("all attestations\n%+v\nwant\n%+v", got, all)
	}
	if got, err := s.Evidence(ctx, other.Evidence); err != nil || string(got.Body) != "me" {
		t.Errorf("its evidence: %v, %v", got, err)
	}
	other.Evidence = earlier.Evidence
	wantKind(t, s.Attest(ctx, other, e), freehold.KindInvalid)
}

func challenge(name, token string) freehold.Challenge {
	return freehold.Challenge{Name: sample.Name(name), Kind: "dns", Token: token, Created: sample.Start, Expires: sample.Start.Add(time.Hour)}
}

func challenges(t *testing.T, s *store.Store) {
	ctx := t.Context()
	name, now := sample.Name("pain.fr"), sample.Start.Add(time.Minute)
	_, err := s.Challenge(ctx, name, "dns", now)
	wantKind(t, err, freehold.KindNotFound)
	old, fresh := challenge("pain.fr", "old"), challenge("pain.fr", "fresh")
	fresh.Created = sample.Start.Add(time.Second)
	must(t, s.PutChallenge(ctx, fresh))
	must(t, s.PutChallenge(ctx, old))
	must(t, s.PutChallenge(ctx, challenge("abricot.ch", "other")))
	got, err := s.Challenge(ctx, name, "dns", now)
	if err != nil || !reflect.DeepEqual(got, fresh) {
		t.Errorf("waiting: %+v, %v; want the newest %+v", got, err, fresh)
	}
	_, err = s.Challenge(ctx, name, "mailbox", now)
	wantKind(t, err, freehold.KindNotFound)
	_, err = s.Challenge(ctx, name, "dns", fresh.Expires)
	wantKind(t, err, freehold.KindNotFound)
	wantKind(t, s.UseChallenge(ctx, fresh, fresh.Expires), freehold.KindInvalid)
	must(t, s.UseChallenge(ctx, fresh, now))
	wantKind(t, s.UseChallenge(ctx, fresh, now), freehold.KindInvalid)
	if got, err := s.Challenge(ctx, name, "dns", now); err != nil || got.Token != "old" {
		t.Errorf("after the newest was used: %+v, %v", got, err)
	}
}
