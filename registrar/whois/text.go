package whois

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"freehold"
)

// Bounds of one answer. The longest real ones have some three hundred lines.
const (
	maxLines = 2000
	maxValue = 1000 // characters of one value
)

// A line is one line of an answer.
type line struct {
	heading string // what it stands under, normalised like a key; "" at the top
	key     string // normalised; "" for a bare line
	value   string // the text after the key, or the whole bare line
	comment bool   // it began with % or #
	title   bool   // it is itself a heading
	indent  int
	part    int  // paragraphs, counted from 0
	cut     bool // it was longer than a line may be: a list in it has lost its end
}

// text is a read answer.
type text struct {
	lines   []line
	redacts bool // the answer says somewhere that it leaves data out
	dmy     bool // the answer says itself that its numeric dates begin with the day
	notes   []string
	// tooLong: more lines than any answer has; nothing of it is believed.
	tooLong bool
}

// readText turns an answer into lines. Control characters and terminal escapes
// are made harmless here; the evidence keeps them.
func readText(body []byte) text {
	var t text
	body = t.decode(body)
	t.redacts = bytes.Contains(bytes.ToLower(body), []byte("redacted"))
	raw := splitLines(string(body))
	if len(raw) > maxLines {
		t.tooLong = true
		return t
	}
	t.structure(raw)
	t.objects()
	return t
}

// decode returns an answer as UTF-8. WHOIS has no character set (RFC 3912 section
// 4): what is not UTF-8 is taken for ISO 8859-1, unless a byte order mark says
// UTF-16.
func (t *text) decode(body []byte) []byte {
	if rest, ok := bytes.CutPrefix(body, []byte("\xef\xbb\xbf")); ok {
		body = rest
	} else if bytes.HasPrefix(body, []byte("\xff\xfe")) || bytes.HasPrefix(body, []byte("\xfe\xff")) {
		decoded, err := unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder().Bytes(body)
		if err == nil {
			t.notes = append(t.notes, "text: read as UTF-16")
			return decoded
		}
	}
	if utf8.Valid(body) {
		return body
	}
	decoded, err := charmap.ISO8859_1.NewDecoder().Bytes(body)
	if err != nil {
		return bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	t.notes = append(t.notes, "text: not UTF-8, read as ISO 8859-1")
	return decoded
}

// splitLines splits at CR LF and LF. A carriage return alone breaks no line, for
// it could come out of what a holder registered, unless the server ends all its
// lines so.
func splitLines(s string) []string {
	if !strings.Contains(s, "\n") {
		return strings.Split(s, "\r")
	}
	return strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
}

// structure gives each line its heading.
func (t *text) structure(raw []string) {
	var under heading
	part := 0
	for i, s := range raw {
		whole := freehold.OneLine(s)
		s = cut(whole, maxValue)
		bare := strings.TrimSpace(s)
		if bare == "" {
			if under.untilBlank {
				under = heading{}
			}
			part++
			continue
		}
		if endOfRecord(bare) {
			return
		}
		l := line{indent: len(s) - len(strings.TrimLeft(s, " ")), part: part, cut: len(s) < len(whole)}
		if l.comment = bare[0] == '%' || bare[0] == '#'; l.comment {
			l.value = strings.TrimSpace(strings.TrimLeft(bare, "%#-"))
			t.dmy = t.dmy || saysDayFirst(l.value)
			t.lines = append(t.lines, l)
			continue
		}
		if !under.untilBlank && l.indent <= under.indent {
			under = heading{}
		}
		l.key, l.value = keyValue(bare)
		t.dmy = t.dmy || l.key != "" && saysDayFirst(bare)
		if h, ok := headingAt(raw, i, l); ok && !forged(under, h, l) {
			under = h
			t.lines = append(t.lines, line{title: true, value: bare, indent: l.indent, part: part})
			continue
		}
		l.heading = under.name
		if l.key == "" {
			t.carryOn(&l)
		}
		t.lines = append(t.lines, l)
	}
}

// forged tells whether what looks like a heading stands among a person's lines:
// whoever writes "Name servers:" into an address must not be able to name some.
func forged(under, h heading, l line) bool {
	inside := contactWords.MatchString(under.name) && (under.untilBlank || l.indent > under.indent)
	return inside && !contactWords.MatchString(h.name)
}

// heading is a line that names what the lines after it are about.
type heading struct {
	name       string
	indent     int
	untilBlank bool // it ends at an empty line; otherwise where the indent does
}

// headingAt tells whether line i is a heading. Registries write them in three
// ways: followed by deeper lines ("Registrar:" and an indented "Name: …"), with
// the value below ("Domain name:" and the name in the next line), or in
// brackets ("[Tech-C]").
func headingAt(raw []string, i int, l line) (heading, bool) {
	name := l.key
	if name == "" {
		name = normalKey(l.value)
	} else if l.value != "" {
		return heading{}, false
	}
	if strings.HasPrefix(l.value, "[") && strings.HasSuffix(l.value, "]") {
		return heading{name: strings.Trim(name, "[] "), untilBlank: true}, true
	}
	if i+1 == len(raw) || strings.TrimSpace(raw[i+1]) == "" {
		return heading{}, false
	}
	next := freehold.OneLine(raw[i+1])
	nextIndent := len(next) - len(strings.TrimLeft(next, " "))
	nextKey, nextValue := keyValue(strings.TrimSpace(next))
	switch {
	case nextIndent > l.indent:
		return heading{name: name, indent: l.indent}, true
	case l.key != "" && nextKey == "" && !strings.HasPrefix(nextValue, "%") && !strings.HasPrefix(nextValue, ">"):
		return heading{name: name, indent: l.indent, untilBlank: true}, true
	case headings[name] && belowHeading[nextKey]:
		return heading{name: name, indent: l.indent, untilBlank: true}, true
	}
	return heading{}, false
}

// carryOn gives a bare line the key of the one before, where it is indented
// deeper than that: the value goes on.
func (t *text) carryOn(l *line) {
	if len(t.lines) == 0 {
		return
	}
	before := t.lines[len(t.lines)-1]
	if before.key != "" && before.part == l.part && before.heading == l.heading && l.indent > before.indent {
		l.key, l.indent = before.key, before.indent
	}
}

// objects finds the paragraphs that are records of their own in answers written
// as RPSL-like objects (.fr, .at, .ie …), so that the country of a technical
// contact is not taken for the registrant's: they get a heading of their own,
// "contact HANDLE" or "registrar".
func (t *text) objects() {
	for from := 0; from < len(t.lines); {
		to := from
		for to < len(t.lines) && t.lines[to].part == t.lines[from].part {
			to++
		}
		if name := objectName(t.lines[from:to]); name != "" {
			for i := from; i < to; i++ {
				if t.lines[i].heading == "" {
					t.lines[i].heading = name
				}
			}
		}
		from = to
	}
}

func objectName(part []line) string {
	first, firstValue, handle := "", "", ""
	keys := map[string]bool{}
	for _, l := range part {
		if l.comment || l.key == "" || l.heading != "" {
			continue
		}
		if first == "" {
			first, firstValue = l.key, l.value
		}
		if !keys[l.key] && (l.key == "nic-hdl" || l.key == "nic-hdl-br") {
			handle = l.value
		}
		keys[l.key] = true
	}
	switch {
	case keys["domain"] || keys["domain name"] || keys["domainname"]:
		return ""
	case handle != "":
		return contactHeading(handle)
	case first == "contact":
		return contactHeading(firstValue)
	case first == "registrar" && (keys["type"] || keys["anonymous"]):
		return "registrar"
	case first == "person" || first == "role" || first == "organisation" || first == "personname":
		return contactHeading("")
	}
	return ""
}

func contactHeading(handle string) string { return "contact " + strings.ToLower(handle) }

// keyValue splits "Key: value". A line that is no such pair has no key.
func keyValue(s string) (key, value string) {
	if strings.HasPrefix(s, "[") { // [Domain Name]   EXAMPLE.JP
		if k, v, ok := strings.Cut(s[1:], "]"); ok && strings.TrimSpace(v) != "" {
			return normalKey(k), strings.TrimSpace(v)
		}
		return "", s
	}
	k, v, ok := strings.Cut(s, ":")
	if !ok || len(k) > 64 || strings.HasPrefix(v, "//") || strings.Contains(k, "://") {
		return "", s
	}
	key = normalKey(k)
	first, _, _ := strings.Cut(key, " ")
	if key == "" || strings.ContainsAny(key, "\"") || strings.Contains(first, ".") {
		return "", s // such as "ns1.example.net 2001:db8::1", which is a host and its address
	}
	return key, strings.TrimSpace(strings.TrimLeft(v, ":"))
}

// normalKey writes a key in one way: lower case, without dots that fill the
// line and without what stands in parentheses; of "Nome de domínio / Domain
// Name" the part after the slash.
func normalKey(k string) string {
	if i := strings.LastIndex(k, " / "); i >= 0 {
		k = k[i+3:]
	}
	if i := strings.IndexByte(k, '('); i > 0 {
		k = k[:i]
	}
	k = strings.TrimRight(strings.TrimSpace(k), ".: ")
	return strings.Join(strings.Fields(strings.ToLower(k)), " ")
}

// endOfRecord finds the line after which an answer holds nothing but terms of
// use: ">>> Last update of WHOIS database: … <<<" (ICANN's format) or a
// signature's dashes.
func endOfRecord(s string) bool {
	if s == "--" {
		return true
	}
	s = strings.ToLower(s)
	return strings.HasPrefix(s, ">>>") && (strings.Contains(s, "last update of") || strings.Contains(s, "last updated on"))
}

func saysDayFirst(s string) bool {
	s = strings.ToLower(s)
	return strings.Contains(s, "dd/mm/yyyy") || strings.Contains(s, "dd.mm.yyyy") || strings.Contains(s, "dd-mm-yyyy")
}

// cut shortens s to at most n characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
