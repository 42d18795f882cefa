package rdap

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"freehold"
)

// maxText is the longest text taken from an answer, in characters. Names of
// companies are shorter; a longer text is something else.
const maxText = 300

// clean makes a piece of an answer fit to be kept and shown: one line, without
// control characters and bounded.
func clean(s string) string {
	s = strings.TrimSpace(s)
	if plain(s) && len(s) <= maxText {
		return s
	}
	s = freehold.OneLine(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > maxText {
		s = string([]rune(s)[:maxText-3]) + "..."
	}
	return s
}

func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == ' ' && i+1 < len(s) && s[i+1] == ' ' {
			return false
		}
	}
	return true
}

// meaning is what a text in the place of a value means.
type meaning uint8

const (
	meansValue    meaning = iota
	meansRedacted         // "REDACTED FOR PRIVACY": there is a value, not shown
	meansNothing          // "", "N/A", "undefined": nothing was said
)

// meaningOf tells a value from the words that registries and registrars put in
// its place. A privacy service's own name is a value: it is who the registry
// holds to be the registrant.
func meaningOf(s string) meaning {
	if len(s) > 120 { // a paragraph about privacy is no name either, but begins like one
		s = s[:120]
	}
	var room [160]byte
	key := appendWords(room[:0], s)
	if len(key) == 0 || nothing[string(key)] {
		return meansNothing
	}
	if withheld[string(key)] {
		return meansRedacted
	}
	for at := 0; ; { // at the beginning of each word
		for _, phrase := range phrasesBy[key[at]] {
			if bytes.HasPrefix(key[at:], phrase) {
				return meansRedacted
			}
		}
		space := bytes.IndexByte(key[at:], ' ')
		if space < 0 {
			return meansValue
		}
		at += space + 1
	}
}

// words lowers s and keeps its letters and digits, one space between words.
func words(s string) string { return string(appendWords(nil, s)) }

func appendWords(b []byte, s string) []byte {
	gap := false
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		case r >= 'A' && r <= 'Z':
			r += 'a' - 'A'
		case r < utf8.RuneSelf:
			r = -1
		default:
			if r, size = utf8.DecodeRuneInString(s[i:]); unicode.IsLetter(r) || unicode.IsDigit(r) {
				r = unicode.ToLower(r)
			} else {
				r = -1
			}
		}
		i += size
		if r < 0 {
			gap = true
			continue
		}
		if gap && len(b) > 0 {
			b = append(b, ' ')
		}
		gap = false
		b = utf8.AppendRune(b, r)
	}
	return b
}

func set(list ...string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}

// nothing holds what programs write where they have no value.
var nothing = set("n a", "na", "none", "null", "nil", "undefined", "unknown", "not available", "not applicable", "no data", "empty",
	"not provided", "no value", "nicht vorhanden", "keine angabe", "aucun", "aucune", "non renseigné", "non renseignée", "no name", "0")

// withheld holds whole texts, withheldPhrases beginnings of a word, that say a
// value is held back.
var withheld = set("private", "hidden", "masked", "protected", "confidential", "withheld", "anonymous", "anonymized", "anonymised", "ano nymous",
	"privacy", "privacy protected", "data privacy protected", "private data", "personal data", "private person", "private individual",
	"gdpr", "rgpd", "dsgvo", "gdpr protected", "gdpr compliant", "gdpr hidden", "hidden upon user request", "whois privacy", "identity protected",
	"anonyme", "masqué", "masquée", "masqués", "caché", "cachée", "confidentiel", "confidentielle", "privé", "données privées", "données personnelles",
	"anonym", "verborgen", "geschützt", "vertraulich", "privat", "privatperson", "persoonlijk", "afgeschermd", "riservato", "oscurato", "oculto", "protegido")

var phrasesBy = func() (by [256][][]byte) {
	for _, p := range withheldPhrases {
		by[p[0]] = append(by[p[0]], []byte(p))
	}
	return by
}()

var withheldPhrases = []string{
	"redacted", "data redacted", "statutory masking", "statutorily masked", "gdpr mask", "gdpr redact", "gdpr data", "masked for", "masked due", "withheld due",
	"not disclosed", "undisclosed", "non disclosed", "not published", "not shown", "not public", "non public data", "data protected",
	"hidden for privacy", "hidden due", "protected by gdpr", "protected due", "personal data can not be", "personal data cannot be",
	"information not available", "this information is not", "visit www", "please query the rdds", "please visit",
	"non diffus", "diffusion restreinte", "donnée protégée", "données protégées", "donnée masquée", "données masquées", "donnée non publi", "données non publi",
	"non publi", "non communiqu", "non divulgu", "informations masquées", "caviardé", "occulté", "anonymis",
	"nicht offengelegt", "nicht veröffentlicht", "nicht öffentlich", "nicht angezeigt", "nicht offen gelegt", "daten geschützt", "geschützte daten",
	"geschwärzt", "datenschutzbedingt", "aus datenschutzgründen", "aus gründen des datenschutzes", "unkenntlich", "anonymisiert",
	"niet openbaar", "niet gepubliceerd", "dato non disponibile", "dati oscurati", "dati protetti", "no divulgado", "datos protegidos", "datos ocultos", "oculto por",
}
