package rdap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// An answer is read in one pass into a flat tree whose strings are pieces of
// the body. encoding/json lets the last of two equal keys win silently, and gives
// up on a whole object when one member has another type than expected; a
// registry's mistake in one place must not lose the rest. It is also slower.

// Bounds of an answer.
const (
	maxDepth = 64
	maxNodes = 100_000
)

type kind uint8

const (
	missing kind = iota
	null
	boolean
	number
	text
	array
	object
)

// node is one value, in document order. The children of a container follow it,
// up to next. It holds places in the source, not strings: without pointers a
// large answer costs the garbage collector nothing.
type node struct {
	key, text span // text is a scalar's token, a string's content without its quotes
	next      int32
	kind      kind
	twice     bool // an object has another member of this key with another value
}

// span is a piece of the source.
type span struct {
	from, to int32
	escaped  bool // it holds backslashes
}

// tree is a parsed answer.
type tree struct {
	src   []byte // the body itself: nothing here writes to it
	nodes []node
	notes []string
	// controls: a string holds a raw control character, which JSON forbids.
	controls bool
	depth    int
}

var treePool = sync.Pool{New: func() any { return &tree{nodes: make([]node, 0, 256)} }}

// release gives the tree back. Nothing read from it may be kept but clones.
func (t *tree) release() {
	if cap(t.nodes) > 8192 {
		return // the odd large answer is not kept for the many small ones
	}
	*t = tree{nodes: t.nodes[:0]}
	treePool.Put(t)
}

var (
	errDeep  = fmt.Errorf("nested deeper than %d", maxDepth)
	errLarge = fmt.Errorf("more than %d values", maxNodes)
	errEnd   = errors.New("it ends too early")
)

// parse reads one JSON value (RFC 8259). The error says what is wrong and where.
func parse(body []byte) (*tree, error) {
	t := treePool.Get().(*tree)
	t.src = body
	i := 0
	if bytes.HasPrefix(t.src, []byte("\ufeff")) {
		i = len("\ufeff")
		t.note("the answer begins with a byte order mark")
	}
	i, err := t.value(t.space(i), span{})
	if err == nil {
		if i = t.space(i); i != len(t.src) {
			err = fmt.Errorf("something follows it at octet %d", i)
		}
	}
	if err != nil {
		t.release()
		return nil, err
	}
	if !utf8.Valid(t.src) {
		t.note("the answer is not UTF-8 text")
	}
	if t.controls {
		t.note("a string holds raw control characters")
	}
	return t, nil
}

// maxNotes bounds what is said about one answer.
const maxNotes = 40

func (t *tree) note(format string, args ...any) {
	if len(t.notes) < maxNotes {
		t.notes = append(t.notes, clean(fmt.Sprintf(format, args...)))
	}
}

func (t *tree) space(i int) int {
	src := t.src
	for i < len(src) && (src[i] == ' ' || src[i] == '\n' || src[i] == '\r' || src[i] == '\t') {
		i++
	}
	return i
}

// value parses the value at i and returns the position after it.
func (t *tree) value(i int, key span) (int, error) {
	if i >= len(t.src) {
		return i, errEnd
	}
	if len(t.nodes) >= maxNodes {
		return i, errLarge
	}
	at := len(t.nodes)
	var err error
	n := node{key: key, next: int32(at) + 1}
	start := i
	switch c := t.src[i]; {
	case c == '"':
		n.kind = text
		n.text, i, err = t.str(i)
	case c == '{' || c == '[':
		n.kind = array
		if c == '{' {
			n.kind = object
		}
		t.nodes = append(t.nodes, n) // before its children; container sets where they end
		return t.container(i, at, c == '{')
	case c == '-' || c >= '0' && c <= '9':
		n.kind = number
		for i < len(t.src) && strings.IndexByte("+-.eE0123456789", t.src[i]) >= 0 {
			i++
		}
		n.text = span{from: int32(start), to: int32(i)}
	default:
		n.kind, i, err = t.literal(i)
		n.text = span{from: int32(start), to: int32(i)}
	}
	if err != nil {
		return i, err
	}
	t.nodes = append(t.nodes, n)
	return i, nil
}

func (t *tree) literal(i int) (kind, int, error) {
	for _, l := range [...]struct {
		word string
		kind kind
	}{{"true", boolean}, {"false", boolean}, {"null", null}} {
		if len(t.src)-i >= len(l.word) && string(t.src[i:i+len(l.word)]) == l.word {
			return l.kind, i + len(l.word), nil
		}
	}
	return missing, i, fmt.Errorf("it is not JSON at octet %d", i)
}

// container parses an object or array whose node is at.
func (t *tree) container(i, at int, members bool) (int, error) {
	if t.depth++; t.depth > maxDepth {
		return i, errDeep
	}
	closing := byte(']')
	if members {
		closing = '}'
	}
	i = t.space(i + 1)
	for first := true; ; first = false {
		if i >= len(t.src) {
			return i, errEnd
		}
		if t.src[i] == closing {
			break
		}
		if !first {
			if t.src[i] != ',' {
				return i, fmt.Errorf("a comma is missing at octet %d", i)
			}
			if i = t.space(i + 1); i < len(t.src) && t.src[i] == closing {
				t.note("a comma stands before %q", closing)
				break
			}
		}
		var key span
		if members {
			var err error
			if key, i, err = t.key(i); err != nil {
				return i, err
			}
		}
		var err error
		if i, err = t.value(i, key); err != nil {
			return i, err
		}
		i = t.space(i)
	}
	t.depth--
	t.nodes[at].next = int32(len(t.nodes))
	if members {
		t.markTwice(at)
	}
	return i + 1, nil
}

// key parses a member's name and its colon.
func (t *tree) key(i int) (span, int, error) {
	if i >= len(t.src) || t.src[i] != '"' {
		return span{}, i, fmt.Errorf("a member's name is missing at octet %d", i)
	}
	key, i, err := t.str(i)
	if err != nil {
		return span{}, i, err
	}
	if i = t.space(i); i >= len(t.src) || t.src[i] != ':' {
		return span{}, i, fmt.Errorf("a colon is missing at octet %d", i)
	}
	return key, t.space(i + 1), nil
}

// str parses the string that begins at i.
func (t *tree) str(i int) (s span, end int, err error) {
	src := t.src
	i++
	s.from = int32(i)
	for {
		if i = plainEnd(src, i); i >= len(src) {
			return s, i, errEnd
		}
		switch src[i] {
		case '"':
			s.to = int32(i)
			return s, i + 1, nil
		case '\\':
			s.escaped = true
			if i++; i < len(src) && strings.IndexByte(`"\/bfnrtu`, src[i]) < 0 {
				return s, i, fmt.Errorf("an unknown escape stands at octet %d", i)
			}
		default:
			t.controls = true
		}
		i++
	}
}

// plainEnd returns the place of the first octet from i on that does not stand
// for itself in a string: a quote, a backslash or a control character. It looks
// at eight at once: in each of the three tests the lowest bit that is set is
// right (those above it may come from a borrow).
func plainEnd(src []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(src)-i >= 8; i += 8 {
		w := binary.LittleEndian.Uint64(src[i:])
		quote, slash := w^('"'*ones), w^('\\'*ones)
		if hit := ((w-0x20*ones)&^w | (quote-ones)&^quote | (slash-ones)&^slash) & tops; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for i < len(src) && src[i] >= 0x20 && src[i] != '"' && src[i] != '\\' {
		i++
	}
	return i
}

// of returns the text of a piece of the source, escapes resolved.
func (t *tree) of(s span) []byte {
	if s.escaped {
		return []byte(unescape(string(t.src[s.from:s.to])))
	}
	return t.src[s.from:s.to]
}

// markTwice marks the members of an object that are there twice and differ: two
// readers could take either, so we take none. Equal ones harm nobody.
func (t *tree) markTwice(at int) {
	end := t.nodes[at].next
	var seen map[string]int32
	count := 0
	for i := int32(at) + 1; i < end; i = t.nodes[i].next {
		count++
		if count == 24 { // few members are compared one by one, many by a map
			seen = map[string]int32{}
			for j := int32(at) + 1; j < i; j = t.nodes[j].next {
				seen[string(t.of(t.nodes[j].key))] = j
			}
		}
		if seen != nil {
			if j, ok := seen[string(t.of(t.nodes[i].key))]; ok {
				t.compare(j, i)
			} else {
				seen[string(t.of(t.nodes[i].key))] = i
			}
			continue
		}
		for j := int32(at) + 1; j < i; j = t.nodes[j].next {
			if t.same(t.nodes[j].key, t.nodes[i].key) {
				t.compare(j, i)
				break
			}
		}
	}
}

// same tells whether two pieces say the same.
func (t *tree) same(a, b span) bool {
	if !a.escaped && !b.escaped && a.to-a.from != b.to-b.from {
		return false
	}
	return bytes.Equal(t.of(a), t.of(b))
}

// compare marks two members of one name, unless they say the same.
func (t *tree) compare(a, b int32) {
	na, nb := t.nodes[a], t.nodes[b]
	if na.next-a == nb.next-b {
		same := true
		for k := int32(0); same && k < na.next-a; k++ {
			x, y := t.nodes[a+k], t.nodes[b+k]
			same = x.kind == y.kind && x.next-a == y.next-b && t.same(x.key, y.key) && t.same(x.text, y.text)
		}
		if same {
			return
		}
	}
	t.nodes[a].twice, t.nodes[b].twice = true, true
}

// unescape resolves the escapes of a JSON string. What is no valid Unicode
// becomes the replacement character.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r, size := unicodeEscape(s[i:])
			b.WriteRune(r)
			i += size - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// unicodeEscape reads "uXXXX", or two of them that make one character.
func unicodeEscape(s string) (r rune, size int) {
	if len(s) < 5 {
		return utf8.RuneError, len(s)
	}
	n, err := strconv.ParseUint(s[1:5], 16, 16)
	if err != nil {
		return utf8.RuneError, 1
	}
	r = rune(n)
	if !utf16.IsSurrogate(r) {
		return r, 5
	}
	if len(s) >= 11 && s[5] == '\\' && s[6] == 'u' {
		if low, err := strconv.ParseUint(s[7:11], 16, 16); err == nil {
			if pair := utf16.DecodeRune(r, rune(low)); pair != utf8.RuneError {
				return pair, 11
			}
		}
	}
	return utf8.RuneError, 5
}

// val is a value in a tree; the zero val is one that is not there.
type val struct {
	t *tree
	i int32
}

func (t *tree) root() val { return val{t, 0} }

func (v val) kind() kind {
	if v.t == nil {
		return missing
	}
	return v.t.nodes[v.i].kind
}

func (v val) is(k kind) bool { return v.kind() == k }

// there tells whether the value is present and not null.
func (v val) there() bool { return v.kind() > null }

// key returns the name of a member.
func (v val) key() string { return string(v.t.of(v.t.nodes[v.i].key)) }

// get returns an object's member. One that is there twice with different values
// is not taken, with a note.
func (v val) get(key string) val {
	if !v.is(object) {
		return val{}
	}
	nodes := v.t.nodes
	for i := v.i + 1; i < nodes[v.i].next; i = nodes[i].next {
		if k := nodes[i].key; string(v.t.src[k.from:k.to]) == key || k.escaped && string(v.t.of(k)) == key {
			if nodes[i].twice {
				v.t.note("%q is there twice with different values: neither is taken", key)
				return val{}
			}
			return val{v.t, i}
		}
	}
	return val{}
}

// all yields the children of an array or object.
func (v val) all() iter.Seq[val] {
	return func(yield func(val) bool) {
		if k := v.kind(); k != array && k != object {
			return
		}
		nodes := v.t.nodes
		for i := v.i + 1; i < nodes[v.i].next; i = nodes[i].next {
			if !yield(val{v.t, i}) {
				return
			}
		}
	}
}

// byKey yields the members of an object in the order of their names: a map has no
// order (RFC 8259 section 4), and what is taken from it must not hang on one.
func (v val) byKey() iter.Seq[val] {
	if !v.is(object) {
		return v.all()
	}
	members := slices.SortedStableFunc(v.all(), func(a, b val) int { return strings.Compare(a.key(), b.key()) })
	return slices.Values(members)
}

// list yields the elements of an array; a lone value where an array belongs is
// its only element.
func (v val) list() iter.Seq[val] {
	return func(yield func(val) bool) { v.each(yield) }
}

func (v val) each(yield func(val) bool) {
	if !v.is(array) {
		if v.there() {
			yield(v)
		}
		return
	}
	nodes := v.t.nodes
	for i := v.i + 1; i < nodes[v.i].next; i = nodes[i].next {
		if !yield(val{v.t, i}) {
			return
		}
	}
}

// at returns an array's n-th element.
func (v val) at(n int) val {
	if !v.is(array) {
		return val{}
	}
	for e := range v.all() {
		if n == 0 {
			return e
		}
		n--
	}
	return val{}
}

// raw returns the content of a string or the token of a number or boolean, as it
// stands: a piece of the answer, neither clean nor to be kept.
func (v val) raw() []byte {
	switch v.kind() {
	case text, number, boolean:
		return v.t.of(v.t.nodes[v.i].text)
	}
	return nil
}

// str returns a copy of raw.
func (v val) str() string { return string(v.raw()) }

// fold tells whether the value is a word, whatever its capitals and the space
// around it.
func (v val) fold(word string) bool {
	raw := v.raw()
	if len(raw) != len(word) {
		raw = bytes.TrimSpace(raw)
	}
	if len(raw) != len(word) {
		return false
	}
	for i, c := range raw {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
