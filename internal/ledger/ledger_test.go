package ledger

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"freehold"
)

const origin = "desk.host.example/ledger"

// book is a log with all that its records need.
type book struct {
	t       *testing.T
	signer  note.Signer
	trusted note.Verifier
	hashes  *Memory
	tree    Tree
	leaves  []Leaf
	salts   []Salt
}

func newKey(t testing.TB, name string) (note.Signer, note.Verifier) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

func newBook(t *testing.T) *book {
	b := &book{t: t, hashes: &Memory{}}
	b.signer, b.trusted = newKey(t, origin)
	return b
}

func record(i int) []byte { return fmt.Appendf(nil, `{"case":%d,"act":"release"}`, i) }

// grow adds n records, in batches of as many.
func (b *book) grow(n, batch int) {
	b.t.Helper()
	for n > 0 {
		var more []Leaf
		for range min(n, batch) {
			salt, err := NewSalt(rand.Reader)
			if err != nil {
				b.t.Fatal(err)
			}
			b.salts = append(b.salts, salt)
			more = append(more, Commit(salt, record(len(b.salts)-1)))
		}
		t, err := Integrate(b.tree, more, b.hashes)
		if err != nil {
			b.t.Fatal(err)
		}
		b.tree, b.leaves, n = t, append(b.leaves, more...), n-len(more)
	}
}

func (b *book) sign() []byte {
	b.t.Helper()
	signed, err := Checkpoint{Origin: origin, Tree: b.tree}.Sign(b.signer)
	if err != nil {
		b.t.Fatal(err)
	}
	return signed
}

func all(leaves []Leaf) iter.Seq2[Leaf, error] {
	return func(yield func(Leaf, error) bool) {
		for _, l := range leaves {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func (b *book) file(leaves []Leaf, signed []byte) []byte {
	var out bytes.Buffer
	if err := WriteFile(&out, all(leaves), signed); err != nil {
		b.t.Fatal(err)
	}
	return out.Bytes()
}

func kind(t *testing.T, what string, err error, want freehold.ErrorKind) {
	t.Helper()
	if err == nil || freehold.KindOf(err) != want {
		t.Errorf("%s: %v, want an error of kind %d", what, err, want)
	}
}

// TestBatchesDoNotMatter: the tree is the same however its leaves arrived.
func TestBatchesDoNotMatter(t *testing.T) {
	b := newBook(t)
	b.grow(200, 7)
	for _, batch := range []int{1, 64, 200} {
		var tree Tree
		h := &Memory{}
		for chunk := range slices.Chunk(b.leaves, batch) {
			var err error
			if tree, err = Integrate(tree, chunk, h); err != nil {
				t.Fatal(err)
			}
		}
		if tree != b.tree {
			t.Errorf("in batches of %d: %v, want %v", batch, tree, b.tree)
		}
	}
	again, err := Integrate(b.tree, nil, b.hashes)
	if err != nil || again != b.tree {
		t.Errorf("no leaves: %v %v", again, err)
	}
}

// broken fails to store, after having stored half.
type broken struct{ *Memory }

func (b broken) Append(from int64, hashes []tlog.Hash) error {
	b.Memory.Append(from, hashes[:len(hashes)/2])
	return errors.New("disk full")
}

// TestInterruptedIntegration: what a failed attempt left behind is written again.
func TestInterruptedIntegration(t *testing.T) {
	b := newBook(t)
	b.grow(10, 10)
	more := []Leaf{{1}, {2}, {3}}
	before := b.tree
	after, err := Integrate(b.tree, more, broken{b.hashes})
	if err == nil || after != before {
		t.Fatalf("%v %v", after, err)
	}
	again, err := Integrate(b.tree, more, b.hashes)
	if err != nil {
		t.Fatal(err)
	}
	clean := &Memory{}
	want, _ := Integrate(Tree{}, append(slices.Clone(b.leaves), more...), clean)
	if again != want {
		t.Errorf("%v, want %v", again, want)
	}
}

func TestReceipts(t *testing.T) {
	b := newBook(t)
	b.grow(100, 13)
	signed := b.sign()
	for i := range b.leaves {
		r, err := Issue(b.salts[i], record(i), int64(i), b.tree, signed, b.hashes)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseReceipt(r.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		c, err := read.Verify(origin, b.trusted)
		if err != nil || c.Tree.N != 100 || !bytes.Equal(read.Record, record(i)) || read.Index != int64(i) {
			t.Errorf("receipt %d: %v %+v", i, err, c)
		}
	}
	_, err := Issue(b.salts[3], record(4), 3, b.tree, signed, b.hashes)
	kind(t, "another record's receipt", err, freehold.KindDamaged)
	_, err = Issue(b.salts[3], record(3), 100, b.tree, signed, b.hashes)
	kind(t, "a receipt beyond the checkpoint", err, freehold.KindNotFound)
}

// TestForgedReceipts changes each part of a good receipt.
func TestForgedReceipts(t *testing.T) {
	b := newBook(t)
	b.grow(9, 9)
	good, err := Issue(b.salts[4], record(4), 4, b.tree, b.sign(), b.hashes)
	if err != nil {
		t.Fatal(err)
	}
	stranger, _ := newKey(t, origin)
	_, elsewhere := newKey(t, "another.example/ledger")
	forged, _ := Checkpoint{Origin: origin, Tree: b.tree}.Sign(stranger)
	other, _ := Checkpoint{Origin: "another.example/ledger", Tree: b.tree}.Sign(b.signer)
	for _, c := range []struct {
		what string
		edit func(*Receipt)
		kind freehold.ErrorKind
	}{
		{"the record", func(r *Receipt) { r.Record = record(5) }, freehold.KindDamaged},
		{"the salt", func(r *Receipt) { r.Salt[0]++ }, freehold.KindDamaged},
		{"the index", func(r *Receipt) { r.Index = 5 }, freehold.KindDamaged},
		{"an index beyond", func(r *Receipt) { r.Index = 9 }, freehold.KindDamaged},
		{"a hash", func(r *Receipt) { r.Proof = slices.Clone(r.Proof); r.Proof[1][0]++ }, freehold.KindDamaged},
		{"a hash less", func(r *Receipt) { r.Proof = r.Proof[1:] }, freehold.KindDamaged},
		{"a stranger's signature", func(r *Receipt) { r.Signed = forged }, freehold.KindPermission},
		{"another log", func(r *Receipt) { r.Signed = other }, freehold.KindPermission},
		{"a size", func(r *Receipt) { r.Signed = bytes.Replace(r.Signed, []byte("\n9\n"), []byte("\n8\n"), 1) }, freehold.KindDamaged},
		{"no checkpoint", func(r *Receipt) { r.Signed = nil }, freehold.KindDamaged},
	} {
		r := good
		c.edit(&r)
		_, err := r.Verify(origin, b.trusted)
		kind(t, c.what, err, c.kind)
	}
	_, err = good.Verify(origin, elsewhere)
	kind(t, "with another key", err, freehold.KindPermission)
	if _, err := good.Verify(origin, elsewhere, b.trusted); err != nil {
		t.Errorf("with both keys: %v", err)
	}
}

// TestFiles: a file cut, edited, reordered, extended or swapped does not verify,
// nor one whose owner, key in hand, signed a changed past.
func TestFiles(t *testing.T) {
	b := newBook(t)
	empty := b.sign()
	b.grow(1500, 400)
	old := b.sign()
	b.grow(600, 600)
	now := b.sign()
	if c, err := VerifyFile(bytes.NewReader(b.file(b.leaves, now)), origin, [][]byte{empty, old, now}, b.trusted); err != nil || c.Tree != b.tree {
		t.Fatalf("%v %v", c, err)
	}
	if _, err := VerifyFile(bytes.NewReader(b.file(nil, empty)), origin, nil, b.trusted); err != nil {
		t.Errorf("the empty ledger: %v", err)
	}
	resigned := func(leaves []Leaf) []byte {
		tree, err := Integrate(Tree{}, leaves, &Memory{})
		if err != nil {
			t.Fatal(err)
		}
		signed, _ := Checkpoint{Origin: origin, Tree: tree}.Sign(b.signer)
		return b.file(leaves, signed)
	}
	edited := slices.Clone(b.leaves)
	edited[700][3] ^= 1
	swapped := slices.Clone(b.leaves)
	swapped[10], swapped[11] = swapped[11], swapped[10]
	inserted := slices.Insert(slices.Clone(b.leaves), 20, Leaf{7})
	for what, leaves := range map[string][]Leaf{"edited": edited, "reordered": swapped, "inserted": inserted, "cut": b.leaves[:1400]} {
		_, err := VerifyFile(bytes.NewReader(b.file(leaves, now)), origin, nil, b.trusted)
		kind(t, what, err, freehold.KindDamaged)
		if _, err := VerifyFile(bytes.NewReader(resigned(leaves)), origin, nil, b.trusted); err != nil {
			t.Errorf("%s and signed anew, without an earlier checkpoint: %v", what, err)
		}
		_, err = VerifyFile(bytes.NewReader(resigned(leaves)), origin, [][]byte{old}, b.trusted)
		kind(t, what+" and signed anew", err, freehold.KindDamaged)
	}
	whole := b.file(b.leaves, now)
	for _, at := range []int{0, 10, 1000, len(whole) - 300, len(whole) - 1} {
		if _, err := VerifyFile(bytes.NewReader(whole[:at]), origin, nil, b.trusted); err == nil {
			t.Errorf("cut at octet %d: verified", at)
		}
	}
	_, err := VerifyFile(strings.NewReader(fileHeader+"\n"+strings.Repeat("A", 1<<20)), origin, nil, b.trusted)
	kind(t, "a line without end", err, freehold.KindDamaged)
}

func TestGrowth(t *testing.T) {
	b := newBook(t)
	var states []Tree
	for range 20 {
		states = append(states, b.tree)
		b.grow(3, 3)
	}
	for i, older := range states {
		for _, newer := range states[i:] {
			p, err := ProveGrowth(older, newer, b.hashes)
			if err != nil {
				t.Fatal(err)
			}
			if err := CheckGrowth(older, newer, p); err != nil {
				t.Errorf("%d to %d: %v", older.N, newer.N, err)
			}
			if older.N > 0 && older.N < newer.N {
				forged := older
				forged.Hash[0]++
				kind(t, "another past", CheckGrowth(forged, newer, p), freehold.KindDamaged)
				kind(t, "cut", CheckGrowth(newer, older, p), freehold.KindDamaged)
			}
		}
	}
}

// TestKeyRotation: the checkpoint signed by both keys leads from one to the other.
func TestKeyRotation(t *testing.T) {
	b := newBook(t)
	b.grow(5, 5)
	next, trustedNext := newKey(t, origin)
	both, err := Checkpoint{Origin: origin, Tree: b.tree}.Sign(b.signer, next)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []note.Verifier{b.trusted, trustedNext} {
		if _, err := OpenCheckpoint(both, origin, v); err != nil {
			t.Errorf("signed by both, trusted %s+%08x: %v", v.Name(), v.KeyHash(), err)
		}
	}
}

// TestLeavesSayNothing: equal records have different leaves, and no part of the
// record or salt moves between one another.
func TestLeavesSayNothing(t *testing.T) {
	a, b := Salt{1}, Salt{2}
	if Commit(a, record(1)) == Commit(b, record(1)) || Commit(a, record(1)) == Commit(a, record(2)) {
		t.Error("leaves are alike")
	}
	if Commit(a, []byte("x")) == Commit(a, []byte("x\x00")) || Commit(a, nil) == Commit(a, []byte{0}) {
		t.Error("the length does not count")
	}
	if _, err := NewSalt(strings.NewReader("short")); err == nil {
		t.Error("a salt from too little randomness")
	}
}

func FuzzReceipt(f *testing.F) {
	t := &testing.T{}
	b := newBook(t)
	b.grow(5, 5)
	r, _ := Issue(b.salts[2], record(2), 2, b.tree, b.sign(), b.hashes)
	f.Add(r.Marshal())
	f.Add([]byte(receiptHeader))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseReceipt(text)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Marshal(), text) {
			t.Errorf("read and written it is %q, not %q", r.Marshal(), text)
		}
		r.Verify(origin, b.trusted)
	})
}

func FuzzFile(f *testing.F) {
	t := &testing.T{}
	b := newBook(t)
	b.grow(3, 3)
	f.Add(b.file(b.leaves, b.sign()))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := VerifyFile(bytes.NewReader(text), origin, nil, b.trusted)
		if err == nil && c.Tree != b.tree {
			t.Errorf("a forged ledger verifies: %q", text)
		}
	})
}
