package zonefile

import (
	"math"
	"strconv"
	"strings"

	"freehold"
)

// generate writes out "$GENERATE start-stop[/step] owner [TTL] [class] type
// rdata" (BIND's own directive), where $ and ${offset,width,base} stand for the
// number. It is bounded by maxGenerate.
func (p *parser) generate(l *lexer, args []token) error {
	if len(args) < 4 {
		return l.errorf(l.start, "$GENERATE wants a range, an owner, a type and rdata")
	}
	from, to, step, ok := parseRange(args[0].text)
	if !ok {
		return l.errorf(l.start, "$GENERATE: %q is no range such as 1-100 or 0-255/2", args[0].text)
	}
	if (to-from)/step >= maxGenerate {
		return l.errorf(l.start, "$GENERATE %s makes more than %d records", args[0].text, maxGenerate)
	}
	kept := p.owner
	file := int32(len(p.files) - 1)
	for i, name := range p.files {
		if name == l.name {
			file = int32(i)
		}
	}
	words := make([]token, len(args)-2)
	for n := from; n <= to; n += step {
		text, err := numbered(args[1].text, n)
		if err != nil {
			return l.errorf(l.start, "$GENERATE: %s", err)
		}
		owner, err := p.name(text)
		if err != nil {
			return l.errorf(l.start, "$GENERATE: %s", lineOf(err))
		}
		for i, a := range args[2:] {
			words[i] = a
			if words[i].text, err = numbered(a.text, n); err != nil {
				return l.errorf(l.start, "$GENERATE: %s", err)
			}
		}
		if err := p.record(l, where{file, int32(l.start)}, owner, words); err != nil {
			return err
		}
	}
	p.owner = kept
	return nil
}

func parseRange(s string) (from, to, step int64, ok bool) {
	s, by, stepped := strings.Cut(s, "/")
	a, b, _ := strings.Cut(s, "-")
	step = 1
	var errs [3]error
	from, errs[0] = strconv.ParseInt(a, 10, 32)
	to, errs[1] = strconv.ParseInt(b, 10, 32)
	if stepped {
		step, errs[2] = strconv.ParseInt(by, 10, 32)
	}
	ok = errs == [3]error{} && from >= 0 && from <= to && step > 0
	return
}

// numbered puts n in for each $ of a template. "\$" and "$$" are a dollar sign.
func numbered(template string, n int64) (string, error) {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		switch c := template[i]; {
		case c == '\\' && i+1 < len(template):
			if template[i+1] != '$' {
				b.WriteByte(c)
			}
			i++
			b.WriteByte(template[i])
		case c != '$':
			b.WriteByte(c)
		case strings.HasPrefix(template[i:], "$$"):
			b.WriteByte('$')
			i++
		case strings.HasPrefix(template[i:], "${"):
			end := strings.IndexByte(template[i:], '}')
			if end < 0 {
				return "", badModifier(template[i:])
			}
			text, ok := modified(template[i+2:i+end], n)
			if !ok {
				return "", badModifier(template[i : i+end+1])
			}
			b.WriteString(text)
			i += end
		default:
			b.WriteString(strconv.FormatInt(n, 10))
		}
	}
	return b.String(), nil
}

func badModifier(s string) error {
	return &freehold.Error{Kind: freehold.KindInvalid, Msg: strconv.Quote(s) + " is no ${offset,width,base}"}
}

// modified writes n as "offset,width,base" asks; base n and N are nibbles in
// reverse, for ip6.arpa.
func modified(spec string, n int64) (string, bool) {
	parts := strings.Split(spec, ",")
	if len(parts) > 3 {
		return "", false
	}
	offset, err := strconv.ParseInt(parts[0], 10, 32)
	if err != nil {
		return "", false
	}
	width, base := int64(0), "d"
	if len(parts) > 1 {
		if width, err = strconv.ParseInt(parts[1], 10, 16); err != nil || width < 0 || width > 255 {
			return "", false
		}
	}
	if len(parts) > 2 {
		base = parts[2]
	}
	v := n + offset
	if v < 0 || v > math.MaxInt32 {
		return "", false
	}
	var digits string
	switch base {
	case "d":
		digits = strconv.FormatInt(v, 10)
	case "o":
		digits = strconv.FormatInt(v, 8)
	case "x":
		digits = strconv.FormatInt(v, 16)
	case "X":
		digits = strings.ToUpper(strconv.FormatInt(v, 16))
	case "n", "N":
		return nibbles(v, int(width), base == "N"), true
	default:
		return "", false
	}
	return strings.Repeat("0", max(0, int(width)-len(digits))) + digits, true
}

// nibbles writes v as hexadecimal digits in reverse with dots between; width
// counts digits and dots.
func nibbles(v int64, width int, upper bool) string {
	const lower, capital = "0123456789abcdef", "0123456789ABCDEF"
	set := lower
	if upper {
		set = capital
	}
	var b strings.Builder
	for {
		b.WriteByte(set[v&15])
		v >>= 4
		width -= 2
		if width <= 0 && v == 0 {
			return b.String()
		}
		b.WriteByte('.')
		if width == 1 { // the width ends in a dot
			if v == 0 {
				return b.String()
			}
		}
	}
}
