// Package ledger is the append-only log of what a desk decided and released: a
// Merkle tree (RFC 6962 §2) of salted commitments, whose root is signed as a
// checkpoint (c2sp.org/tlog-checkpoint) and whose receipts anybody verifies
// offline with a file and a public key (c2sp.org/tlog-proof).
//
// A leaf says nothing about a person: it is the digest of a secret salt and the
// record. Whoever holds the receipt holds both and can show what was decided;
// once the salt is destroyed with a purge, the leaf is noise that still keeps the
// tree in order.
package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"freehold"
)

// SaltSize is the length of a salt in bytes: as many as the digest has.
const SaltSize = 32

// A Salt keeps a leaf from being guessed: records are few and alike.
type Salt [SaltSize]byte

// NewSalt draws one from random, which must be cryptographically secure.
func NewSalt(random io.Reader) (Salt, error) {
	var s Salt
	if _, err := io.ReadFull(random, s[:]); err != nil {
		return Salt{}, &freehold.Error{Kind: freehold.KindUnavailable, Msg: "no randomness for a leaf of the ledger", Err: err}
	}
	return s, nil
}

// A Leaf is what the tree holds of a record: its commitment.
type Leaf [sha256.Size]byte

// commitment separates these digests from all others, and its version from the next.
const commitment = "freehold ledger leaf v1\x00"

// Commit returns the leaf of a record: SHA-256 over a label, the salt, the
// record's length and the record.
func Commit(salt Salt, record []byte) Leaf {
	h := sha256.New()
	h.Write([]byte(commitment))
	h.Write(salt[:])
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(record)))
	h.Write(length[:])
	h.Write(record)
	var l Leaf
	h.Sum(l[:0])
	return l
}

// A Tree is a state of the log: how many leaves, and the hash over all of them.
type Tree = tlog.Tree

// Hashes is where the inner hashes of the tree lie, in the order of
// tlog.StoredHashIndex: a table, a file, or memory.
type Hashes interface {
	tlog.HashReader
	// Append adds hashes at the index that follows the last one stored.
	Append(from int64, hashes []tlog.Hash) error
}

// Integrate appends leaves to a tree and returns the next one. One caller at a
// time: the sequencer. If it fails, the tree is the one it was; hashes already
// stored beyond it are written again by the next attempt.
func Integrate(t Tree, leaves []Leaf, h Hashes) (Tree, error) {
	if len(leaves) == 0 {
		return t, nil
	}
	from := tlog.StoredHashCount(t.N)
	pending := &overlay{Hashes: h, from: from}
	n := t.N
	for _, leaf := range leaves {
		more, err := tlog.StoredHashes(n, leaf[:], pending)
		if err != nil {
			return t, damaged("its hashes cannot be read", err)
		}
		pending.added = append(pending.added, more...)
		n++
	}
	root, err := tlog.TreeHash(n, pending)
	if err != nil {
		return t, damaged("its hashes cannot be read", err)
	}
	if err := h.Append(from, pending.added); err != nil {
		return t, err
	}
	return Tree{N: n, Hash: root}, nil
}

// overlay reads hashes not stored yet beside the stored ones.
type overlay struct {
	Hashes
	from  int64
	added []tlog.Hash
}

func (o *overlay) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var stored, places []int64
	for i, index := range indexes {
		switch {
		case index < o.from:
			stored, places = append(stored, index), append(places, int64(i))
		case index-o.from < int64(len(o.added)):
			out[i] = o.added[index-o.from]
		default:
			return nil, fmt.Errorf("hash %d is beyond the tree", index)
		}
	}
	if len(stored) == 0 {
		return out, nil
	}
	read, err := o.Hashes.ReadHashes(stored)
	if err != nil {
		return nil, err
	}
	if len(read) != len(stored) {
		return nil, fmt.Errorf("%d of %d hashes were read", len(read), len(stored))
	}
	for i, at := range places {
		out[at] = read[i]
	}
	return out, nil
}

// Memory keeps the hashes of a tree in memory: for the verification of a file
// and for tests.
type Memory struct{ hashes []tlog.Hash }

// ReadHashes returns the hashes at the indexes.
func (m *Memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(m.hashes)) {
			return nil, fmt.Errorf("there is no hash %d", index)
		}
		out[i] = m.hashes[index]
	}
	return out, nil
}

// Append adds hashes; what an interrupted attempt left beyond from is replaced.
func (m *Memory) Append(from int64, hashes []tlog.Hash) error {
	if from > int64(len(m.hashes)) {
		return fmt.Errorf("hashes %d to %d are missing", len(m.hashes), from)
	}
	m.hashes = append(m.hashes[:from], hashes...)
	return nil
}

func damaged(what string, err error) error {
	return &freehold.Error{Kind: freehold.KindDamaged, Msg: "the ledger is damaged: " + what, Err: err}
}
