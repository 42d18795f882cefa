package zonefile

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"freehold"
)

// Part says which records of a zone are written.
type Part uint8

// The parts.
const (
	Content Part = iota // all but what the signer made
	Signer              // only that: RRSIG, NSEC, DNSKEY…
	All
)

// Write writes one part of a zone that is in canonical order. The same zone
// gives the same octets. A partial copy says PARTIAL in its first line. Foreign
// records are written as comments: no server would load them.
func Write(w io.Writer, z *freehold.Zone, part Part) error {
	out := bufio.NewWriterSize(w, min(1<<16, 1024+64*len(z.Records)))
	writeHead(out, z, part)
	ttl, any := commonTTL(z, part)
	if z.Origin != "" {
		fmt.Fprintf(out, "$ORIGIN %s\n", z.Origin)
	}
	if any {
		fmt.Fprintf(out, "$TTL %d\n", ttl)
	}
	p := linePrinter{origin: z.Origin, ttl: ttl}
	for _, r := range z.Records {
		if !wanted(r, part) {
			continue
		}
		p.line(r)
		if remark := z.Comments[r]; remark != "" {
			p.b = append(append(p.b, " ; "...), clean(remark)...)
		}
		p.b = append(p.b, '\n')
		if len(p.b) > 1<<15 {
			out.Write(p.b)
			p.b = p.b[:0]
		}
	}
	out.Write(p.b)
	if part != Signer {
		for _, f := range z.Foreign {
			fmt.Fprintf(out, "; not a DNS record: %s\t%d\t%s\t%s\n", f.Owner.Relative(z.Origin), f.TTL, clean(f.Kind), clean(f.Value))
		}
	}
	return out.Flush()
}

func wanted(r freehold.Record, part Part) bool {
	return part == All || r.Type.Signer() == (part == Signer)
}

func writeHead(out *bufio.Writer, z *freehold.Zone, part Part) {
	if z.Partial() {
		fmt.Fprintf(out, "; PARTIAL: records are missing or may be\n")
	}
	fmt.Fprintf(out, "; zone %s, coverage: %s\n", z.Origin, z.Coverage)
	for _, r := range z.Reasons {
		fmt.Fprintf(out, "; %s\n", clean(r.String()))
	}
	if part == Signer {
		fmt.Fprint(out, "; What the old signer made. Another operator cannot use it: keep it as evidence, never load it.\n")
	}
}

// clean makes text from outside harmless inside a comment.
func clean(s string) string { return strings.TrimSpace(freehold.OneLine(s)) }

// commonTTL is the TTL that most records have, the lower of two equally common.
func commonTTL(z *freehold.Zone, part Part) (ttl uint32, any bool) {
	count := map[uint32]int{}
	for _, r := range z.Records {
		if wanted(r, part) {
			count[r.TTL]++
		}
	}
	best := 0
	for t, n := range count {
		if n > best || n == best && t < ttl {
			ttl, best = t, n
		}
	}
	return ttl, best > 0
}

// linePrinter prints records, relative to an origin. Neighbours mostly share
// their owner, so its text is kept.
type linePrinter struct {
	origin freehold.Owner
	ttl    uint32 // not printed
	b      []byte
	owner  freehold.Owner
	text   []byte
}

func (p *linePrinter) line(r freehold.Record) {
	if r.Owner != p.owner || p.text == nil {
		p.owner = r.Owner
		p.text = r.Owner.AppendRelative(p.text[:0], p.origin)
	}
	p.b = append(append(p.b, p.text...), '\t')
	if r.TTL != p.ttl {
		p.b = append(strconv.AppendUint(p.b, uint64(r.TTL), 10), '\t')
	}
	p.b = append(p.b, "IN\t"...)
	p.b = append(AppendType(p.b, r.Type), '\t')
	p.b = AppendData(p.b, r.Type, r.Data)
}

// Line returns one record as a line without its break: owner relative to origin,
// TTL, class, type, rdata.
func Line(r freehold.Record, origin freehold.Owner) string {
	p := linePrinter{origin: origin, ttl: ^r.TTL}
	p.line(r)
	return string(p.b)
}
