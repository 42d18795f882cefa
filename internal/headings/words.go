package headings

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"freehold"
)

// secretWords head columns that are never read: a password or a transfer code
// in the portfolio would be one in every backup of it.
var secretWords = []string{"password", "passwords", "passwort", "kennwort", "mot de passe", "passwd", "auth code", "authcode", "auth info", "authinfo", "auth key", "epp", "eppcode", "epp code",
	"transfer code", "transfercode", "transfer key", "code de transfert", "cle de transfert", "code d autorisation", "code auth", "autorisierungscode", "authorization code", "authorisation code", "transferschlussel",
	"api key", "api secret", "api token", "secret", "token", "pin", "tac", "registrar account password"}

// Normal makes headings comparable: lower case, without accents, marks, and what
// stands in parentheses.
func Normal(heading string) string {
	if open := strings.IndexByte(heading, '('); open > 0 {
		if end := strings.IndexByte(heading[open:], ')'); end > 0 {
			heading = heading[:open] + " " + heading[open+end+1:]
		}
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(heading)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// HasWord tells whether one of words stands in a normalised heading, as a word.
func HasWord(normalised string, words []string) bool {
	padded := " " + normalised + " "
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(padded, " "+w+" ") })
}

// Secret tells whether a column with this heading, made comparable, holds secrets.
func Secret(normalised string) bool { return HasWord(normalised, secretWords) }

// nothings are what stands in a cell that holds nothing; the last are errors
// of a spreadsheet.
var nothings = []string{"-", "--", "–", "—", "n/a", "n.a.", "na", "none", "null", "nil", "(none)", "(no folder)", "k.a.", "#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!"}

// Value returns what a cell says, "" where it says nothing. The apostrophe
// that keeps a spreadsheet from taking a text for a formula is no part of it.
func Value(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune("=+-@\t\r", rune(cell[1])) {
		cell = cell[1:]
	}
	cell = strings.TrimSpace(freehold.OneLine(cell))
	if slices.Contains(nothings, strings.ToLower(cell)) {
		return ""
	}
	return cell
}

// Cut shortens a text to n characters.
func Cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
