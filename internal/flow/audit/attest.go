package audit

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"freehold"
)

// maxAttested bounds what a person may write as a value, in octets.
const maxAttested = 500

// answers are the words a person may use for the values with a meaning of their
// own, in the languages freehold speaks.
var answers = map[string]string{
	"me": freehold.AttestedMe, "self": freehold.AttestedMe, "moi": freehold.AttestedMe, "ich": freehold.AttestedMe,
	"host": freehold.AttestedTheHost, "hébergeur": freehold.AttestedTheHost, "hebergeur": freehold.AttestedTheHost, "hoster": freehold.AttestedTheHost,
	"yes": freehold.AttestedYes, "oui": freehold.AttestedYes, "ja": freehold.AttestedYes, "y": freehold.AttestedYes, "o": freehold.AttestedYes, "j": freehold.AttestedYes,
	"no": freehold.AttestedNo, "non": freehold.AttestedNo, "nein": freehold.AttestedNo, "n": freehold.AttestedNo,
}

// Attest makes what a person said into an attestation and its evidence. The
// subject is a layer or one of the freehold.Attest constants; the value is
// "me", "host", "yes", "no" (in any of the three languages) or the name of a
// party. Errors are of KindInvalid.
func Attest(name freehold.Name, subject, value, by string, at time.Time) (freehold.Attestation, freehold.Evidence, error) {
	subject = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(subject)), "-", "_")
	if !slices.Contains(freehold.AttestSubjects, subject) {
		return freehold.Attestation{}, freehold.Evidence{}, &freehold.Error{Kind: freehold.KindInvalid,
			Text: freehold.T("%q cannot be attested", subject), Advice: freehold.T("use one of %s", strings.Join(freehold.AttestSubjects, ", "))}
	}
	value = strings.TrimSpace(freehold.OneLine(value))
	if word, ok := answers[strings.ToLower(value)]; ok {
		value = word
	}
	if err := checkAnswer(subject, value); err != nil {
		return freehold.Attestation{}, freehold.Evidence{}, err
	}
	a := freehold.Attestation{Name: name, Subject: subject, Value: value, By: freehold.OneLine(by), At: at.UTC()}
	e := attestationEvidence(a)
	a.Evidence = e.ID()
	return a, e, nil
}

func checkAnswer(subject, value string) error {
	bad := func(why, advice freehold.Text) error {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is no answer for %q", value, subject), Advice: advice, Err: &freehold.Error{Kind: freehold.KindInvalid, Text: why}}
	}
	switch {
	case value == "":
		return bad(freehold.T("it is empty"), freehold.T("write who holds it: me, host, or a name"))
	case len(value) > maxAttested:
		return bad(freehold.T("it is longer than %d octets", maxAttested), freehold.Text{})
	case subject == freehold.AttestKeyHolders:
		if n, err := strconv.Atoi(value); err != nil || n < 0 || n > 100000 {
			return bad(freehold.T("it is no whole number"), freehold.T("say how many people can log in"))
		}
	case subject == freehold.AttestRegistryRoute && value != freehold.AttestedYes && value != freehold.AttestedNo:
		return bad(freehold.T("it is neither yes nor no"), freehold.Text{})
	}
	return nil
}

// attestationEvidence is the record of somebody's word: who said what, when.
func attestationEvidence(a freehold.Attestation) freehold.Evidence {
	return freehold.Evidence{
		Kind: freehold.EvidenceAttestation, Source: "said by " + a.By, Query: a.Name.ASCII() + " " + a.Subject, Time: a.At,
		Status: "said", MediaType: "text/plain; charset=utf-8", Body: []byte(a.Subject + "=" + a.Value + "\n"),
	}
}
