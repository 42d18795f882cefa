package report

import (
	"io"
	"testing"
)

// TestNotes: notes are known by their form, notes within notes too; what is not known
// stays as it is, and English stays English.
func TestNotes(t *testing.T) {
	for _, c := range []struct{ lang, note, want string }{
		{"en", `the answer says "REDACTED FOR PRIVACY"`, `the answer says "REDACTED FOR PRIVACY"`},
		{"fr", `the answer says "REDACTED FOR PRIVACY"`, "la réponse dit «\u202fREDACTED FOR PRIVACY\u202f»"},
		{"fr", `the registrar's record was not read: "127.0.0.1:1" refuses connections`, "la fiche du bureau d’enregistrement n’a pas été lue\u202f: «\u202f127.0.0.1:1\u202f» refuse les connexions"},
		{"de", `the keys of "a.com" do not validate: the signature of "a.com" DNSKEY ended on 2025-02-01 00:00 UTC`,
			"die Schlüssel von „a.com“ halten der Prüfung nicht stand: die Signatur von „a.com“ DNSKEY endete am 2025-02-01 00:00 UTC"},
		{"fr", "100% unknown to us", "100% unknown to us"},
		{"de", "it has no address", "er hat keine Adresse"},
	} {
		s, err := SpeakerFor(c.lang)
		if err != nil {
			t.Fatal(err)
		}
		if got := newPrinter(io.Discard, Options{}, s).note(c.note); got != c.want {
			t.Errorf("%s: %q is said as %q, want %q", c.lang, c.note, got, c.want)
		}
	}
}
