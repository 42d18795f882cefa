package format

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"freehold"
	"freehold/dnsexport/zonefile"
)

// controlTypes are the functions of DNSControl, with the number of arguments
// that are numbers, or words, before the last.
var controlTypes = map[string]string{
	"A": "s", "AAAA": "s", "CNAME": "s", "DNAME": "s", "NS": "s", "PTR": "s", "TXT": "t", "MX": "ns", "SRV": "nnns", "CAA": "caa",
	"SSHFP": "nns", "TLSA": "nnns", "DS": "nnns", "NAPTR": "nnssss",
}

func writeDNSControl(w io.Writer, z *freehold.Zone, l *losses) error {
	out := bufio.NewWriter(w)
	header(out, "//", z)
	out.WriteString("var REG_NONE = NewRegistrar(\"none\");\nvar DSP = NewDnsProvider(\"dsp\");\n\n")
	var types []string
	for t := range controlTypes {
		types = append(types, t)
	}
	fmt.Fprintf(out, "D(%s, REG_NONE, DnsProvider(DSP),\n", quoteYAML(bare(z.Origin)))
	for _, set := range l.carried(z, strings.Join(types, " ")) {
		apexNS := set.Type == freehold.TypeNS && set.Owner.Equal(z.Origin)
		if apexNS {
			l.addSet(set, freehold.T("The new operator puts its own name servers at the origin."))
			continue
		}
		for _, data := range set.Data {
			args, ok := controlArgs(set, data, l)
			if ok {
				fmt.Fprintf(out, "  %s(%s, %s, TTL(%d)),\n", set.Type, quoteYAML(controlName(set.Owner, z.Origin)), args, set.TTL)
			}
		}
	}
	out.WriteString("END);\n")
	return out.Flush()
}

func controlName(o, origin freehold.Owner) string {
	if o.Equal(origin) {
		return "@"
	}
	return o.Relative(origin)
}

func controlArgs(set freehold.RRset, data string, l *losses) (string, bool) {
	shape := controlTypes[set.Type.String()]
	if shape == "t" {
		text, ok := octoText(set, data, l)
		return quoteYAML(text), ok
	}
	text := zonefile.Data(set.Type, data)
	parts := words(text)
	if strings.HasPrefix(text, `\#`) {
		l.add(set.Type, set.Owner, freehold.T("The format cannot carry rdata of this shape."))
		return "", false
	}
	if shape == "caa" {
		args := quoteYAML(parts[1]) + ", " + quoteYAML(parts[2])
		switch parts[0] {
		case "0":
		case "128":
			args += ", CAA_CRITICAL"
		default:
			l.add(set.Type, set.Owner, freehold.T("The format cannot carry rdata of this shape."))
			return "", false
		}
		return args, true
	}
	if len(parts) != len(shape) {
		l.add(set.Type, set.Owner, freehold.T("The format cannot carry rdata of this shape."))
		return "", false
	}
	for i := range parts {
		if shape[i] == 's' {
			parts[i] = quoteYAML(parts[i])
		}
	}
	return strings.Join(parts, ", "), true
}

// readDNSControl reads D() blocks made of record functions with written-out
// values; JavaScript beyond that is not run.
func readDNSControl(r io.Reader, name string, origin freehold.Owner) (*freehold.Zone, error) {
	text, err := slurp(r, name)
	if err != nil {
		return nil, err
	}
	b := newBuilder(name, "dnscontrol", origin)
	calls, err := jsCalls(string(text))
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: name + ": " + err.Error()}
	}
	fallback := uint64(300) // DNSControl's own default
	inside := false
	for _, c := range calls {
		place := "line " + strconv.Itoa(c.line)
		switch shape, known := controlTypes[c.name]; {
		case c.name == "D" && len(c.args) > 0:
			zone, err := freehold.ParseOwner(c.args[0], freehold.RootOwner)
			if err != nil {
				return nil, b.errorf(place, "%s", freehold.OneLine(err.Error()))
			}
			if inside && !zone.Equal(b.zone.Origin) {
				return nil, b.errorf(place, "a second zone in one file")
			}
			if b.zone.Origin == "" {
				b.zone.Origin = zone
			}
			inside = zone.Equal(b.zone.Origin)
		case c.name == "DefaultTTL" && len(c.args) == 1:
			if n, err := strconv.ParseUint(c.args[0], 10, 32); err == nil {
				fallback = n
			}
		case !inside:
		case known:
			if err := b.controlRecord(place, c, shape, fallback); err != nil {
				return nil, err
			}
		case slices.Contains([]string{"ALIAS", "URL", "URL301", "FRAME", "R53_ALIAS", "CF_REDIRECT"}, c.name) && len(c.args) > 1:
			o, err := freehold.ParseOwner(c.args[0], b.zone.Origin)
			if err != nil {
				return nil, b.errorf(place, "%s", freehold.OneLine(err.Error()))
			}
			b.zone.Foreign = append(b.zone.Foreign, freehold.ForeignRecord{Owner: o, Kind: c.name, TTL: uint32(fallback), Value: strings.Join(c.args[1:], " "), Place: place,
				Note: freehold.T("Only its provider knows the kind %s: set up anew what it does at the next one.", c.name)})
		}
	}
	return b.done()
}

func (b *builder) controlRecord(place string, c jsCall, shape string, ttl uint64) error {
	if c.ttl != nil {
		ttl = *c.ttl
	}
	if len(c.args) < 2 {
		return b.errorf(place, "%s has too few arguments", c.name)
	}
	name, args := c.args[0], c.args[1:]
	switch shape {
	case "t":
		o, err := freehold.ParseOwner(name, b.zone.Origin)
		if err != nil {
			return b.errorf(place, "%s", freehold.OneLine(err.Error()))
		}
		return b.put(place, freehold.Record{Owner: o, Class: freehold.ClassIN, Type: freehold.TypeTXT, Data: chunked(args[0])}, ttl)
	case "caa":
		if len(args) < 2 {
			return b.errorf(place, "CAA has too few arguments")
		}
		flags := "0"
		if slices.Contains(args, "CAA_CRITICAL") {
			flags = "128"
		}
		return b.add(place, name, ttl, "CAA", flags+" "+args[0]+` "`+args[1]+`"`)
	}
	if len(args) < len(shape) {
		return b.errorf(place, "%s has too few arguments", c.name)
	}
	args = slices.Clone(args[:len(shape)])
	if c.name == "NAPTR" {
		for i := 2; i < 5; i++ {
			args[i] = `"` + args[i] + `"`
		}
	}
	return b.add(place, name, ttl, c.name, strings.Join(args, " "))
}

// jsCall is one call of a function whose arguments are values.
type jsCall struct {
	name string
	args []string
	ttl  *uint64
	line int
}

// jsCalls finds the calls in a DNSControl file in the order of their names. It
// knows strings, numbers, words and comments, and nothing else of the language.
func jsCalls(s string) ([]jsCall, error) {
	var calls []jsCall
	var open []int // indexes into calls of what is not closed
	line, word, start := 1, "", 0
	arg := func(v string) {
		if len(open) > 0 {
			c := &calls[open[len(open)-1]]
			c.args = append(c.args, v)
		}
	}
	flush := func() {
		if word != "" {
			arg(word)
		}
		word = ""
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n':
			line++
			flush()
		case strings.HasPrefix(s[i:], "//"):
			for i+1 < len(s) && s[i+1] != '\n' {
				i++
			}
		case strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i:], "*/")
			if end < 0 {
				return nil, fmt.Errorf("line %d: a comment does not end", line)
			}
			line += strings.Count(s[i:i+end], "\n")
			i += end + 1
		case c == '"' || c == '\'':
			text, n, ok := jsString(s[i:])
			if !ok {
				return nil, fmt.Errorf("line %d: a string does not end", line)
			}
			arg(text)
			i += n - 1
		case c == '(':
			if len(open) > 64 {
				return nil, fmt.Errorf("line %d: it is nested too deep", line)
			}
			calls = append(calls, jsCall{name: word, line: line})
			open = append(open, len(calls)-1)
			word = ""
		case c == ')':
			flush()
			if len(open) == 0 {
				return nil, fmt.Errorf("line %d: a parenthesis too many", line)
			}
			inner := calls[open[len(open)-1]]
			open = open[:len(open)-1]
			if inner.name == "TTL" && len(inner.args) == 1 && len(open) > 0 {
				n, err := strconv.ParseUint(inner.args[0], 10, 32)
				if err != nil {
					return nil, fmt.Errorf("line %d: %q is no TTL", line, freehold.OneLine(inner.args[0]))
				}
				calls[open[len(open)-1]].ttl = &n
			}
		case c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			if word == "" {
				start = i
			}
			word = s[start : i+1]
		default:
			flush()
		}
	}
	if len(open) > 0 {
		return nil, fmt.Errorf("line %d: a parenthesis is not closed", calls[open[len(open)-1]].line)
	}
	return calls, nil
}

func jsString(s string) (text string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == s[0]:
			return b.String(), i + 1, true
		case c == '\n':
			return "", 0, false
		case c != '\\' || i+1 == len(s):
			b.WriteByte(c)
		case s[i+1] == 'u' && i+6 <= len(s):
			v, err := strconv.ParseUint(s[i+2:i+6], 16, 16)
			if err != nil {
				return "", 0, false
			}
			b.WriteRune(rune(v))
			i += 5
		default:
			i++
			if at := strings.IndexByte("ntrbf", s[i]); at >= 0 {
				b.WriteByte("\n\t\r\b\f"[at])
			} else {
				b.WriteByte(s[i])
			}
		}
	}
	return "", 0, false
}
