package observe

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"freehold"
	"freehold/internal/resolve"
)

// typeNXNAME in a bitmap says that the name does not exist (RFC 9824 §2).
const typeNXNAME = 128

// commonTypes are asked of every name that exists, where no chain says what it has.
var commonTypes = []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeCNAME, dns.TypeMX, dns.TypeTXT, dns.TypeCAA, dns.TypeHTTPS, dns.TypeSRV, dns.TypeSSHFP, dns.TypeTLSA,
	dns.TypeNAPTR, dns.TypeURI, dns.TypeDNAME, dns.TypePTR, dns.TypeSPF}

// probe asks for words, hints and what the zone's own records mention.
func (o *observer) probe(ctx context.Context, way denial) error {
	o.tell("asking")
	if _, err := o.wildcardAt(ctx, o.origin); err != nil {
		return err
	}
	seen := map[string]bool{o.origin: true}
	queue := o.wordsBelow(o.origin)
	for _, h := range o.Hints {
		h = dns.CanonicalName(strings.TrimPrefix(strings.TrimSpace(h), "*."))
		if _, ok := dns.IsDomainName(h); ok && dns.IsSubDomain(o.origin, h) {
			queue = append(queue, h)
		}
	}
	mentions := 0
	for round := 0; len(queue) > 0; round++ {
		var names []string
		for _, n := range queue {
			if !seen[n] && len(seen) < maxProbes {
				seen[n] = true
				names = append(names, n)
			}
		}
		there := make([]bool, len(names))
		err := o.each(ctx, len(names), func(i int) error {
			var err error
			there[i], err = o.try(ctx, names[i])
			return err
		})
		if err != nil {
			return err
		}
		queue = queue[:0]
		for i, name := range names {
			if there[i] {
				queue = append(queue, o.wordsBelow(name)...)
			}
		}
		for _, m := range o.mentioned() {
			if mentions < maxMention && !seen[m] {
				mentions++
				queue = append(queue, m)
			}
		}
	}
	o.tellProbes(way, len(seen))
	return nil
}

func (o *observer) tellProbes(way denial, asked int) {
	if way.kind != denialNSEC3 {
		o.reason(freehold.T("%d names were asked for, one by one.", asked))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, level := range slices.Sorted(maps.Keys(o.wild)) {
		w := o.wild[level]
		if !w.there {
			continue
		}
		owner := "*." + strings.TrimSuffix(level, ".")
		o.notes = append(o.notes, freehold.ZoneNote{Place: owner,
			Text: freehold.T("A wildcard answers for every name at this level. %d names answer just as it does and cannot be told from it; they are not listed.", len(w.same))})
	}
}

// wordsBelow are the full names to ask for below one that exists.
func (o *observer) wordsBelow(level string) []string {
	words := o.below(level)
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.ToLower(w) + "." + level
	}
	return out
}

// try asks for one name. It returns whether it exists in its own right, so that
// looking below it makes sense.
func (o *observer) try(ctx context.Context, name string) (bool, error) {
	level := parentOf(name)
	wild, err := o.wildcardAt(ctx, level)
	if err != nil {
		return false, err
	}
	first := firstType(name)
	m, err := o.ask(ctx, name, first)
	if err != nil {
		return false, err
	}
	switch {
	case missing(m, name):
		return false, nil
	case isReferral(m, name):
		o.exists(name)
		o.takeReferral(m, name)
		return false, nil // what is below belongs to another zone
	}
	own := false
	keep := func(m *dns.Msg, qtype uint16) {
		if wild.there && wild.answers(m, qtype) {
			return
		}
		if o.take(m, name, qtype) {
			own = true
		}
	}
	keepAll := []*dns.Msg{m}
	if alias(m) == 0 || wild.there {
		keepAll = make([]*dns.Msg, len(commonTypes))
		err := o.each(ctx, len(commonTypes), func(i int) error {
			if commonTypes[i] == first {
				keepAll[i] = m
				return nil
			}
			var err error
			keepAll[i], err = o.ask(ctx, name, commonTypes[i])
			if err == nil && wild.there {
				err = o.learn(ctx, wild, level, commonTypes[i])
			}
			return err
		})
		if err != nil {
			return false, err
		}
		for i, m := range keepAll {
			keep(m, commonTypes[i])
		}
	} else {
		keep(m, first)
	}
	if wild.there && !own {
		wild.mu.Lock()
		wild.same[name] = true
		wild.mu.Unlock()
		return false, nil
	}
	o.exists(name)
	return true, nil
}

// firstType is the type most likely to be there, which decides with one question
// whether the rest is worth asking.
func firstType(name string) uint16 {
	label, rest, _ := strings.Cut(name, ".")
	switch {
	case strings.HasPrefix(label, "_") && strings.HasPrefix(rest, "_"):
		return dns.TypeSRV
	case strings.HasPrefix(label, "_") || strings.Contains(rest, "_domainkey."):
		return dns.TypeTXT
	}
	return dns.TypeA
}

// missing tells that a name does not exist, and nothing below it (RFC 8020): by
// the response code, or the way RFC 9824 says it.
func missing(m *dns.Msg, name string) bool {
	if m.Rcode == dns.RcodeNameError && len(m.Answer) == 0 {
		return true
	}
	for _, rr := range m.Ns {
		if n, ok := rr.(*dns.NSEC); ok && dns.CanonicalName(n.Hdr.Name) == name && slices.Contains(n.TypeBitMap, typeNXNAME) {
			return true
		}
	}
	return false
}

// alias counts the CNAME records of an answer.
func alias(m *dns.Msg) int {
	n := 0
	for _, rr := range m.Answer {
		if rr.Header().Rrtype == dns.TypeCNAME {
			n++
		}
	}
	return n
}

// wildcard is what answers for names that do not exist, at one level (RFC 4592).
type wildcard struct {
	mu     sync.Mutex
	there  bool
	learnt map[uint16]map[string]bool // by type asked: what it answered with
	same   map[string]bool            // names that answer just like it
}

// wildcardAt finds out about a level once: with two names that nobody has, and,
// where they are answered, with the literal "*", which is a name like any other
// in a question.
func (o *observer) wildcardAt(ctx context.Context, level string) (*wildcard, error) {
	o.mu.Lock()
	w, known := o.wild[level]
	if !known {
		w = &wildcard{learnt: map[uint16]map[string]bool{}, same: map[string]bool{}}
		o.wild[level] = w
	}
	o.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if known && w.learnt[0] != nil {
		return w, nil
	}
	for i := range 2 {
		name := o.nobody(level, i)
		m, err := o.ask(ctx, name, dns.TypeA)
		if err != nil {
			return nil, err
		}
		if !missing(m, name) && !isReferral(m, name) {
			w.there = true
		}
	}
	w.learnt[0] = map[string]bool{}
	star := "*." + level
	m, err := o.ask(ctx, star, dns.TypeA)
	if err != nil || missing(m, star) && !w.there {
		return w, err
	}
	o.exists(star)
	for _, t := range commonTypes {
		m, err := o.ask(ctx, star, t)
		if err != nil {
			return w, err
		}
		o.take(m, star, t)
		w.put(t, m)
	}
	return w, nil
}

// learn asks twice more what a wildcard answers to a type: some rotate.
func (o *observer) learn(ctx context.Context, w *wildcard, level string, qtype uint16) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.learnt[qtype]["asked"] {
		return nil
	}
	for i := range 2 {
		m, err := o.ask(ctx, o.nobody(level, i), qtype)
		if err != nil {
			return err
		}
		w.put(qtype, m)
	}
	w.learnt[qtype]["asked"] = true
	return nil
}

func (w *wildcard) put(qtype uint16, m *dns.Msg) {
	if w.learnt[qtype] == nil {
		w.learnt[qtype] = map[string]bool{}
	}
	for _, d := range data(m, qtype) {
		w.learnt[qtype][d] = true
	}
}

// answers tells whether an answer is one the wildcard would give.
func (w *wildcard) answers(m *dns.Msg, qtype uint16) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range data(m, qtype) {
		if !w.learnt[qtype][d] {
			return false
		}
	}
	return true
}

// data is the content of an answer without owners and TTLs.
func data(m *dns.Msg, qtype uint16) []string {
	var out []string
	for _, rr := range m.Answer {
		if t := rr.Header().Rrtype; t == qtype || t == dns.TypeCNAME {
			if r, err := resolve.Record(rr); err == nil {
				out = append(out, r.Type.String()+" "+r.Data)
			}
		}
	}
	return out
}
