package observe

import (
	"context"
	"crypto/sha1"
	"encoding/base32"
	"encoding/hex"
	"maps"
	"math/big"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/miekg/dns"

	"freehold"
)

// hash is an NSEC3 hash: SHA-1 is the one algorithm there is (RFC 5155 §11).
type hash [sha1.Size]byte

func (h hash) compare(g hash) int { return slices.Compare(h[:], g[:]) }

var (
	base32hex = base32.HexEncoding.WithPadding(base32.NoPadding)
	three     = big.NewInt(3)
	ring      = new(big.Int).Lsh(big.NewInt(1), 8*sha1.Size)
)

// hashes reads the two hashes of a record.
func hashes(rr *dns.NSEC3) (owner, next hash, ok bool) {
	label, _, _ := strings.Cut(rr.Hdr.Name, ".")
	a, err1 := base32hex.DecodeString(strings.ToUpper(label))
	b, err2 := base32hex.DecodeString(strings.ToUpper(rr.NextDomain))
	if err1 != nil || err2 != nil || len(a) != len(owner) || len(b) != len(next) {
		return owner, next, false
	}
	return hash(a), hash(b), true
}

// distance is how far it is from one hash round the ring to another.
func distance(from, to hash) *big.Int {
	d := new(big.Int).Sub(new(big.Int).SetBytes(to[:]), new(big.Int).SetBytes(from[:]))
	return d.Mod(d, ring)
}

// A Hasher computes NSEC3 hashes (RFC 5155 §5) of one zone's names. It is not for
// several goroutines at once.
type Hasher struct {
	salt       []byte
	iterations int
	origin     []byte // in wire form
	buf        []byte
}

// NewHasher makes one. salt is hexadecimal; origin ends in a dot.
func NewHasher(origin, salt string, iterations uint16) (*Hasher, error) {
	s, err := hex.DecodeString(salt)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "the salt of an NSEC3 chain is not hexadecimal"}
	}
	wire := make([]byte, 256)
	n, err := dns.PackDomainName(dns.CanonicalName(origin), wire, 0, nil, false)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: `"` + freehold.OneLine(origin) + `" is not a name`}
	}
	return &Hasher{salt: s, iterations: int(iterations), origin: wire[:n], buf: make([]byte, 0, 512)}, nil
}

// Label hashes a label below the origin. It is the inner loop of a dictionary.
func (h *Hasher) Label(label []byte) [sha1.Size]byte {
	b := append(h.buf[:0], byte(len(label)))
	b = append(b, label...)
	b = append(b, h.origin...)
	return h.wire(b)
}

// Name hashes a whole name, in canonical form.
func (h *Hasher) Name(name string) ([sha1.Size]byte, bool) {
	b := h.buf[:256]
	n, err := dns.PackDomainName(name, b, 0, nil, false)
	if err != nil {
		return [sha1.Size]byte{}, false
	}
	return h.wire(b[:n]), true
}

func (h *Hasher) wire(b []byte) [sha1.Size]byte {
	sum := sha1.Sum(append(b, h.salt...))
	for range h.iterations {
		b = append(b[:0], sum[:]...)
		sum = sha1.Sum(append(b, h.salt...))
	}
	return sum
}

// chainer closes a chain of NSEC3 records.
type chainer struct {
	*observer
	way denial

	mu    sync.Mutex
	links map[hash]chainLink
	gaps  []gap // sorted by from, what no record covers
	done  int64 // hashes computed
}

type chainLink struct {
	next   hash
	types  []uint16
	optOut bool
}

// gap is a stretch of the ring: from is the end of a known record, to the start
// of the next one known. The whole ring is one gap from itself to itself.
type gap struct{ from, to hash }

func (g gap) holds(h hash) bool {
	switch c := g.from.compare(g.to); {
	case c < 0:
		return h.compare(g.from) > 0 && h.compare(g.to) < 0
	case c == 0:
		return h != g.from
	}
	return h.compare(g.from) > 0 || h.compare(g.to) < 0
}

// chain closes the ring, then looks for the names behind its hashes and asks for
// them. It returns whether every owner was found.
func (o *observer) chain(ctx context.Context, way denial) (bool, error) {
	c := &chainer{observer: o, way: way, links: map[hash]chainLink{}}
	o.tell("hashing")
	closed, err := c.close(ctx)
	if err != nil {
		return false, err
	}
	if !closed {
		o.reason(freehold.T("The chain of NSEC3 records could not be closed with %d hashes: the zone is larger than that, or it changed while it was read.", c.done))
		return false, nil
	}
	// What words and mentions find is needed before the hashes can be matched: names
	// found one way are levels to look below in another.
	if err := o.probe(ctx, way); err != nil {
		return false, err
	}
	named, err := c.names(ctx)
	if err != nil {
		return false, err
	}
	owners, found, optOut := 0, 0, false
	for h, l := range c.links {
		optOut = optOut || l.optOut
		if len(l.types) == 0 {
			continue // an empty non-terminal has no record to lose
		}
		owners++
		if named[h] {
			found++
		}
	}
	o.reason(freehold.T("The chain of NSEC3 records was closed: the zone has %d owners with records, and the names of %d of them were found.", owners, found))
	if optOut {
		o.reason(freehold.T("The chain leaves out delegations that are not signed (opt-out, RFC 5155): those that nobody thought of are missing."))
	}
	return found == owners && !optOut, nil
}

// add keeps the records of an answer and cuts the gaps. It returns whether
// anything was new.
func (c *chainer) add(m *dns.Msg) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	news := false
	for _, rr := range append(slices.Clone(m.Ns), m.Answer...) {
		n, ok := rr.(*dns.NSEC3)
		if !ok || strings.ToLower(n.Salt) != c.way.salt || n.Iterations != c.way.iterations || dns.CanonicalName(parentOf(n.Hdr.Name)) != c.origin {
			continue
		}
		owner, next, ok := hashes(n)
		if _, known := c.links[owner]; !ok || known || len(c.links) >= maxNames {
			continue
		}
		c.links[owner] = chainLink{next, n.TypeBitMap, n.Flags&1 != 0}
		news = true
	}
	if news {
		c.measure()
	}
	return news
}

// measure finds the gaps anew.
func (c *chainer) measure() {
	starts := make([]hash, 0, len(c.links))
	for h := range c.links {
		starts = append(starts, h)
	}
	slices.SortFunc(starts, hash.compare)
	c.gaps = c.gaps[:0]
	for i, s := range starts {
		after := starts[(i+1)%len(starts)]
		if next := c.links[s].next; next != after {
			c.gaps = append(c.gaps, gap{next, after})
		}
	}
	slices.SortFunc(c.gaps, func(a, b gap) int { return a.from.compare(b.from) })
}

// uncovered tells whether a hash lies in a gap.
func uncovered(gaps []gap, h hash) bool {
	if len(gaps) == 0 {
		return false
	}
	i, exact := slices.BinarySearchFunc(gaps, h, func(g gap, h hash) int { return g.from.compare(h) })
	if exact {
		return false
	}
	// The gap that starts before h is the one before i; before the first there is
	// the last, which may reach round the ring's end.
	return gaps[(i+len(gaps)-1)%len(gaps)].holds(h)
}

// close asks for made-up names whose hashes fall into gaps, until there are none.
// The names are searched for offline, on all cores: the servers are asked no
// more questions than there are gaps.
func (c *chainer) close(ctx context.Context) (bool, error) {
	if c.Journal != nil {
		for m := range c.Journal.Answers() {
			c.add(m)
		}
	}
	m, err := c.ask(ctx, c.nobody(c.origin, 0), dns.TypeA)
	if err != nil {
		return false, err
	}
	if c.add(m); len(c.links) == 0 {
		return false, nil
	}
	fruitless := 0
	for fruitless < 8 {
		c.mu.Lock()
		gaps, known := slices.Clone(c.gaps), len(c.links)
		c.mu.Unlock()
		if len(gaps) == 0 {
			return true, nil
		}
		candidates, err := c.candidates(ctx, gaps, min(len(gaps), 4*c.Parallel))
		if err != nil {
			return false, err
		}
		if len(candidates) == 0 {
			return false, nil
		}
		err = c.each(ctx, len(candidates), func(i int) error {
			m, err := c.ask(ctx, candidates[i]+"."+c.origin, dns.TypeA)
			if err == nil {
				c.add(m)
			}
			return err
		})
		if err != nil {
			return false, err
		}
		if fruitless++; len(c.links) > known {
			fruitless = 0
		}
	}
	return false, nil
}

// candidates finds labels whose hashes fall into different gaps, at most want.
func (c *chainer) candidates(ctx context.Context, gaps []gap, want int) ([]string, error) {
	var (
		mu    sync.Mutex
		out   []string
		taken = map[gap]bool{}
		stop  atomic.Bool
		wg    sync.WaitGroup
		left  = c.Guesses - atomic.LoadInt64(&c.done)
		spent atomic.Int64
	)
	const batch = 4096
	for w := range runtime.GOMAXPROCS(0) {
		prefix := c.label(c.origin, int(c.done))[:8] + strconv.Itoa(w) + "-"
		wg.Go(func() {
			h, err := NewHasher(c.origin, c.way.salt, c.way.iterations)
			if err != nil {
				return
			}
			label := make([]byte, 0, 63)
			for n := int64(0); !stop.Load() && ctx.Err() == nil; n++ {
				if n%batch == 0 && spent.Add(batch) > left {
					return
				}
				label = strconv.AppendInt(append(label[:0], prefix...), n, 36)
				sum := hash(h.Label(label))
				if !uncovered(gaps, sum) {
					continue
				}
				i, _ := slices.BinarySearchFunc(gaps, sum, func(g gap, h hash) int { return g.from.compare(h) })
				g := gaps[(i+len(gaps)-1)%len(gaps)]
				mu.Lock()
				if !taken[g] && !stop.Load() {
					taken[g] = true
					out = append(out, string(label))
					// The last gaps are the smallest and take the longest: asking for those found
					// narrows nothing else, so a share of them is enough for one round.
					if len(out) >= max(1, want/2) {
						stop.Store(true)
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	atomic.AddInt64(&c.done, spent.Load())
	if err := ctx.Err(); err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: "the zone was not read to its end", Err: err}
	}
	return out, nil
}

// names matches words, and what else is known to exist, against the hashes, and
// asks for what it finds. Each level found is looked below.
func (c *chainer) names(ctx context.Context) (map[hash]bool, error) {
	h, err := NewHasher(c.origin, c.way.salt, c.way.iterations)
	if err != nil {
		return nil, err
	}
	type match struct {
		name  string
		types []uint16
	}
	named := map[hash]bool{}
	var fresh []match
	try := func(name string) {
		sum, ok := h.Name(name)
		if l, there := c.links[sum]; ok && there && !named[sum] {
			named[sum] = true
			fresh = append(fresh, match{name, l.types})
		}
	}
	try(c.origin)
	for levels := []string{c.origin}; len(levels) > 0; {
		fresh = fresh[:0]
		for _, level := range levels {
			for _, word := range c.below(level) {
				try(word + "." + level)
			}
			try("*." + level)
		}
		for _, name := range c.known() {
			for at := name; dns.IsSubDomain(c.origin, at) && at != c.origin; at = parentOf(at) {
				try(at)
			}
		}
		if err := c.each(ctx, len(fresh), func(i int) error {
			c.exists(fresh[i].name)
			return c.askTypes(ctx, fresh[i].name, listed(fresh[i].types, fresh[i].name == c.origin))
		}); err != nil {
			return nil, err
		}
		levels = levels[:0]
		for _, m := range fresh {
			levels = append(levels, m.name)
		}
	}
	return named, nil
}

// known returns the owners found so far, sorted.
func (o *observer) known() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Sorted(maps.Keys(o.names))
}

// listed are the types of a bitmap that are worth asking for. At a delegation the
// parent has no more than NS and DS (RFC 4035 §2.3).
func listed(bitmap []uint16, apex bool) []uint16 {
	delegated := !apex && slices.Contains(bitmap, dns.TypeNS)
	var out []uint16
	for _, t := range bitmap {
		switch t {
		case dns.TypeNSEC, dns.TypeNSEC3, dns.TypeRRSIG, dns.TypeANY, typeNXNAME:
			continue
		}
		if !delegated || t == dns.TypeNS || t == dns.TypeDS {
			out = append(out, t)
		}
	}
	return out
}
