package zonefile

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"

	"freehold"
)

// parser holds the state of reading one zone, its included files with it.
type parser struct {
	options Options
	zone    *freehold.Zone
	lines   []where // of each record
	files   []string
	bytes   int64
	depth   int

	origin     freehold.Owner // of relative names, as the last $ORIGIN set it
	owner      freehold.Owner // of the entry before
	ttl        uint32         // the last that was written
	ttlKnown   bool
	defaultTTL uint32 // $TTL
	hasDefault bool
	pastNotes  int // notes beyond maxNotes
}

// where is the place of a record.
type where struct {
	file, line int32
}

func (p *parser) place(w where) string { return place(p.files[w.file], int(w.line)) }

func (p *parser) note(at string, t freehold.Text) {
	if len(p.zone.Notes) >= maxNotes {
		p.pastNotes++
		return
	}
	p.zone.Notes = append(p.zone.Notes, freehold.ZoneNote{Place: at, Text: t})
}

func (p *parser) file(name string, text []byte) error {
	p.files = append(p.files, name)
	l := &lexer{name: name, text: text, line: 1}
	if strings.HasPrefix(string(text[:min(3, len(text))]), "\xef\xbb\xbf") {
		l.at = 3 // a byte order mark, as some editors leave it
	}
	file := int32(len(p.files) - 1)
	for {
		ok, err := l.next()
		if err != nil || !ok {
			return err
		}
		if first := l.tokens[0]; !l.blank && !first.quoted && strings.HasPrefix(first.text, "$") {
			err = p.directive(l)
		} else {
			err = p.entry(l, where{file, int32(l.start)})
		}
		if err != nil {
			return err
		}
	}
}

// entry reads one resource record.
func (p *parser) entry(l *lexer, at where) error {
	words := l.tokens
	if !l.blank {
		owner, err := p.name(words[0].text)
		if err != nil {
			return l.errorf(l.start, "%s", lineOf(err))
		}
		p.owner, words = owner, words[1:]
	}
	if p.owner == "" {
		return l.errorf(l.start, "the first record has no owner")
	}
	return p.record(l, at, p.owner, words)
}

// record reads "[TTL] [class] type rdata" in any order of the first two.
func (p *parser) record(l *lexer, at where, owner freehold.Owner, words []token) error {
	ttl, explicit, class := uint32(0), false, ""
	if len(words) > 0 && strings.HasPrefix(words[0].text, "[AGE:") && !words[0].quoted {
		words = words[1:] // Windows DNS notes so when a client last renewed its record
	}
	for len(words) > 0 && !words[0].quoted {
		if t, ok := parseTTL(words[0].text); ok && !explicit {
			ttl, explicit, words = t, true, words[1:]
		} else if isClass(words[0].text) && class == "" {
			class, words = strings.ToUpper(words[0].text), words[1:]
		} else {
			break
		}
	}
	if len(words) == 0 {
		return l.errorf(l.start, "there is no record type")
	}
	kind := strings.ToUpper(words[0].text)
	switch {
	case class == "AWS" || foreignKinds[kind]:
		return p.foreign(l, at, owner, ttl, explicit, kind, words[1:])
	case class != "" && class != "IN" && class != "CLASS1":
		return l.errorf(l.start, "class %s, where the zone is of class IN", class)
	}
	rrtype, ok := freehold.ParseRRType(kind)
	if !ok {
		return l.errorf(l.start, "unknown record type %q", words[0].text)
	}
	if rrtype.Meta() {
		return l.errorf(l.start, "%s is no type that a zone can hold", kind)
	}
	data, split, err := parseWords(rrtype, words[1:], p.origin)
	if err != nil {
		return l.errorf(l.start, "%s record: %s", rrtype, lineOf(err))
	}
	r := freehold.Record{Owner: owner, Class: freehold.ClassIN, Type: rrtype, Data: data}
	if r.TTL, err = p.ttlOf(l, rrtype, ttl, explicit, data); err != nil {
		return err
	}
	if split {
		p.note(p.place(at), freehold.T("A string of %q is longer than 255 octets, and was split.", owner.Relative(p.zone.Origin)))
	}
	return p.add(l, r, at)
}

// ttlOf applies RFC 2308 section 4, and before $TTL RFC 1035: the TTL before.
// An SOA without any takes its own minimum, as BIND does.
func (p *parser) ttlOf(l *lexer, rrtype freehold.RRType, ttl uint32, explicit bool, data string) (uint32, error) {
	switch {
	case explicit:
		p.ttl, p.ttlKnown = ttl, true
	case p.hasDefault:
		return p.defaultTTL, nil
	case p.ttlKnown:
	case rrtype == freehold.TypeSOA && len(data) >= 4:
		d := data[len(data)-4:]
		p.ttl = uint32(d[0])<<24 | uint32(d[1])<<16 | uint32(d[2])<<8 | uint32(d[3])
		p.defaultTTL, p.hasDefault, p.ttlKnown = p.ttl, true, true
	default:
		return 0, l.errorf(l.start, "there is no TTL: none on the record, none before it, and no $TTL")
	}
	return p.ttl, nil
}

func (p *parser) add(l *lexer, r freehold.Record, at where) error {
	if p.zone.Origin == "" {
		if r.Type != freehold.TypeSOA {
			return l.errorf(l.start, "the origin of the zone is not known: the file has no $ORIGIN and does not begin with its SOA")
		}
		p.zone.Origin = r.Owner
	}
	if origin := p.zone.Origin; r.Type == freehold.TypeSOA && len(origin) > 1 && r.Owner.Equal(origin[:len(origin)-1]+origin) {
		p.note(p.place(at), freehold.T("The SOA's owner lacks its final dot, as some providers write it; it is taken for the origin.")) // Cloudflare's export
		r.Owner = origin
	}
	if !r.Owner.Within(p.zone.Origin) {
		p.note(p.place(at), freehold.T("%q is outside the zone and was left out, as servers do.", r.Owner))
		return nil
	}
	if len(p.zone.Records) >= p.options.MaxRecords {
		return l.errorf(l.start, "the zone has more than %d records", p.options.MaxRecords)
	}
	// One set has one TTL (RFC 2181 section 5.2): servers take the first.
	for i := len(p.zone.Records) - 1; i >= max(0, len(p.zone.Records)-manySets) && p.zone.Records[i].Owner.Equal(r.Owner); i-- {
		if b := p.zone.Records[i]; b.Type == r.Type && r.Type != freehold.TypeRRSIG {
			if b.TTL != r.TTL {
				p.note(p.place(at), freehold.T("The TTL %d was set to %d, that of the first record of its set.", r.TTL, b.TTL))
				r.TTL = b.TTL
			}
			break
		}
	}
	if r.TTL > maxTTL {
		p.note(p.place(at), freehold.T("The TTL %d is over the greatest, %d, and counts as 0.", r.TTL, maxTTL))
		r.TTL = 0
	}
	p.zone.Records = append(p.zone.Records, r)
	p.lines = append(p.lines, at)
	if strings.Contains(l.comment, "cf-proxied:true") { // Cloudflare's export
		p.note(p.place(at), freehold.T("%q is proxied: the world sees the provider's addresses, not this one. Outside it this address becomes visible.", r.Owner.Relative(p.zone.Origin)))
	}
	if l.comment != "" {
		if p.zone.Comments == nil {
			p.zone.Comments = map[freehold.Record]string{}
		}
		p.zone.Comments[r] = l.comment
	}
	return nil
}

// manySets bounds how far back the first record of a set is looked for.
const manySets = 64

// foreignKinds are pseudo-records that providers write into master files. No
// server knows them, and no two providers mean the same by them.
var foreignKinds = map[string]bool{"ALIAS": true, "ANAME": true, "URL": true, "REDIRECT": true, "FRAME": true, "WEBFWD": true, "MAILFW": true, "WINS": true, "WINS-R": true, "WINSR": true}

func (p *parser) foreign(l *lexer, at where, owner freehold.Owner, ttl uint32, explicit bool, kind string, words []token) error {
	if !explicit {
		ttl = p.ttl
		if p.hasDefault {
			ttl = p.defaultTTL
		}
	}
	if len(p.zone.Foreign) >= maxNotes {
		return l.errorf(l.start, "more than %d records of kinds that only a provider knows", maxNotes)
	}
	var value []string
	for _, w := range words {
		value = append(value, w.text)
	}
	note := freehold.T("Only its provider knows the kind %s: set up anew what it does at the next one.", kind)
	if kind == "ALIAS" || kind == "ANAME" {
		note = freehold.T("%s makes the provider answer with another name's addresses: use the next provider's own kind, or the addresses themselves.", kind)
	}
	p.zone.Foreign = append(p.zone.Foreign, freehold.ForeignRecord{Owner: owner, Kind: kind, TTL: ttl, Value: strings.Join(value, " "), Place: p.place(at), Note: note})
	return nil
}

// directive obeys $ORIGIN, $TTL, $INCLUDE and $GENERATE.
func (p *parser) directive(l *lexer) error {
	name, args := strings.ToUpper(l.tokens[0].text), l.tokens[1:]
	switch name {
	case "$ORIGIN":
		if len(args) != 1 {
			return l.errorf(l.start, "$ORIGIN wants one name")
		}
		origin, err := p.name(args[0].text)
		if err != nil {
			return l.errorf(l.start, "$ORIGIN: %s", lineOf(err))
		}
		if p.origin = origin; p.zone.Origin == "" {
			p.zone.Origin = origin
		}
	case "$TTL":
		ttl, ok := uint32(0), false
		if len(args) == 1 {
			ttl, ok = parseTTL(args[0].text)
		}
		if !ok {
			return l.errorf(l.start, "$TTL wants one number of seconds")
		}
		if ttl > maxTTL {
			p.note(place(l.name, l.start), freehold.T("The TTL %d is over the greatest, %d, and counts as 0.", ttl, maxTTL))
			ttl = 0
		}
		p.defaultTTL, p.hasDefault = ttl, true
	case "$INCLUDE":
		return p.include(l, args)
	case "$GENERATE":
		return p.generate(l, args)
	default:
		return l.errorf(l.start, "unknown directive %q", l.tokens[0].text)
	}
	return nil
}

// include reads another file of the folder. Afterwards origin and owner are
// what they were (RFC 1035 section 5.1).
func (p *parser) include(l *lexer, args []token) error {
	if len(args) < 1 || len(args) > 2 {
		return l.errorf(l.start, "$INCLUDE wants a file and at most an origin")
	}
	name := args[0].text
	switch {
	case p.options.Include == nil:
		return l.errorf(l.start, "$INCLUDE %q: other files are not read here", name)
	case p.depth >= maxInclude:
		return l.errorf(l.start, "$INCLUDE %q: more than %d files deep", name, maxInclude)
	case !fs.ValidPath(name):
		return l.errorf(l.start, "$INCLUDE %q leaves the folder of the zone", name)
	}
	origin, owner := p.origin, p.owner
	if len(args) == 2 {
		var err error
		if p.origin, err = p.name(args[1].text); err != nil {
			return l.errorf(l.start, "$INCLUDE: %s", lineOf(err))
		}
	}
	f, err := p.options.Include.Open(name)
	if err != nil {
		return l.errorf(l.start, "$INCLUDE %q: %s", name, includeReason(err))
	}
	defer f.Close()
	text, err := slurp(f, p.options.MaxBytes-p.bytes)
	if err != nil {
		return l.errorf(l.start, "$INCLUDE %q: %s", name, includeReason(err))
	}
	p.bytes += int64(len(text))
	p.depth++
	err = p.file(name, text)
	p.depth--
	p.origin, p.owner = origin, owner
	return err
}

func includeReason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (p *parser) name(text string) (freehold.Owner, error) {
	if p.origin == "" && !absolute(text) {
		return "", fmt.Errorf("%q is relative, and there is no origin", text)
	}
	return freehold.ParseOwner(text, p.origin)
}

// absolute tells whether a name ends in a dot that is no escaped one.
func absolute(name string) bool {
	if !strings.HasSuffix(name, ".") {
		return false
	}
	slashes := len(name) - 1 - len(strings.TrimRight(name[:len(name)-1], `\`))
	return slashes%2 == 0
}

// lineOf is the text of an error without its class.
func lineOf(err error) string { return freehold.OneLine(err.Error()) }

func isClass(s string) bool {
	switch strings.ToUpper(s) {
	case "IN", "CH", "HS", "CHAOS", "HESIOD", "CS", "AWS":
		return true
	}
	digits, ok := strings.CutPrefix(strings.ToUpper(s), "CLASS")
	if !ok {
		return false
	}
	_, err := strconv.ParseUint(digits, 10, 16)
	return err == nil
}

// parseTTL reads seconds, or BIND's "1w2d3h4m5s".
func parseTTL(s string) (uint32, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	total, n, digits := uint64(0), uint64(0), false
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		unit := uint64(0)
		switch {
		case s[i] >= '0' && s[i] <= '9':
			n, digits = n*10+uint64(s[i]-'0'), true
			if n > math.MaxUint32 {
				return 0, false
			}
			continue
		case c == 's':
			unit = 1
		case c == 'm':
			unit = 60
		case c == 'h':
			unit = 3600
		case c == 'd':
			unit = 86400
		case c == 'w':
			unit = 7 * 86400
		}
		if unit == 0 || !digits {
			return 0, false
		}
		total, n, digits = total+n*unit, 0, false
	}
	total += n
	return uint32(total), total <= math.MaxUint32
}
