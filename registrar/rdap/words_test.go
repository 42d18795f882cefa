package rdap

import (
	"strings"
	"testing"
	"time"
)

func TestMeaning(t *testing.T) {
	for want, texts := range map[meaning][]string{
		meansRedacted: {
			"REDACTED FOR PRIVACY", "Redacted for Privacy Purposes", "redacted", "[[REDACTED]]", "REDACTED-FOR-PRIVACY", "Data Redacted", "DATA REDACTED",
			"Data Protected", "Data protected, not disclosed", "Not Disclosed", "Not Disclosed!", "not disclosed", "Information not disclosed", "Statutory Masking Enabled",
			"STATUTORY MASKING ENABLED", "GDPR masked", "GDPR Masked", "GDPR REDACTED", "Non-Public Data", "Private", "Hidden upon user request",
			"Personal data, can not be publicly disclosed according to applicable laws.", "Please query the RDDS service of the Registrar of Record identified in this output",
			"Diffusion restreinte", "Ano Nymous", "Non diffusé", "Données protégées", "Données non publiques", "Non divulgué", "Informations masquées", "Masqué",
			"Nicht offengelegt", "Daten nicht veröffentlicht", "Aus Datenschutzgründen nicht angezeigt", "Geschützte Daten", "geschwärzt", "Anonymisiert", "Niet openbaar",
			"This information is not available for public display", "Withheld",
		},
		meansNothing: {"", " ", "-", "N/A", "n/a", "None", "null", "undefined", "{}", "[]", "...", "Keine Angabe", "Non renseigné"},
		meansValue: {
			"Boulangerie Perrin SA", "Privacy service provided by Withheld for Privacy ehf", "Domains By Proxy, LLC", "Whois Privacy Corp.", "Contact Privacy Inc. Customer 0123456789",
			"Private Bank Ltd", "Hidden Valley Ranch", "Data Protection Services Ltd", "Publicis", "Nonpareil SARL", "Masked Ball Theatre", "Protected Species Fund", "O2", "X", "例え株式会社",
			"Unredactedible GmbH", "anne@perrin.example", "Anonymous Coffee Ltd", "Undisclosure is not a word at the start", "Préfecture de Genève",
		},
	} {
		for _, s := range texts {
			if got := meaningOf(s); got != want {
				t.Errorf("meaningOf(%q) = %d, want %d", s, got, want)
			}
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"  Perrin SA ":               "Perrin SA",
		"Perrin\r\n  SA":             "Perrin SA",
		"a\x1b]0;x\x07b":             "a\uFFFD]0;x\uFFFDb",
		"caf\xe9":                    "caf\uFFFD",
		"café  crème":                "café crème",
		strings.Repeat("é", 400):     strings.Repeat("é", 297) + "...",
		"right\u202eleft\u2028below": "right\uFFFDleft\uFFFDbelow",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestReadDate(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	day := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		in    string
		want  time.Time
		zoned bool
	}{
		{"2026-03-04T05:06:07Z", at, true},
		{"2026-03-04T05:06:07.000Z", at, true},
		{"2026-03-04t05:06:07z", at, true},
		{"2026-03-04T07:06:07+02:00", at, true},
		{"2026-03-04T07:06:07.000+0200", at, true},
		{"2026-03-04T07:06:07+02", at, true},
		{"2026-03-04 05:06:07Z", at, true},
		{"2026-03-04 05:06:07 UTC", at, true},
		{"2026-03-04 07:06:07 +0200", at, true},
		{"Wed, 04 Mar 2026 05:06:07 GMT", at, true},
		{" 2026-03-04T05:06:07Z ", at, true},
		{"2026-03-04T05:06:07", at, false},
		{"2026-03-04T05:06:07.000", at, false},
		{"2026-03-04 05:06:07", at, false},
		{"20260304050607", at, false},
		{"2026-03-04", day, false},
		{"2026/03/04", day, false},
		{"2026.03.04", day, false},
		{"20260304", day, false},
		{"04-Mar-2026", day, false},
		{"1990-12-31T23:59:60Z", time.Date(1990, 12, 31, 23, 59, 59, 0, time.UTC), true},
	} {
		got, zoned, ok := readDate(c.in)
		if !ok || !got.Equal(c.want) || zoned != c.zoned {
			t.Errorf("readDate(%q) = %v, %v, %v; want %v, %v", c.in, got, zoned, ok, c.want, c.zoned)
		}
	}
	for _, in := range []string{"", "soon", "04/03/2026", "03-04-2026", "2026-02-30", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1772600767", "2026", strings.Repeat("2", 1000)} {
		if got, _, ok := readDate(in); ok {
			t.Errorf("readDate(%q) = %v, want nothing", in, got)
		}
	}
}
