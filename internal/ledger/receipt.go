package ledger

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"freehold"
)

// A Receipt proves offline that a record was entered in the log, in the format
// c2sp.org/tlog-proof. Its extra data is the salt and the record.
type Receipt struct {
	Salt   Salt
	Record []byte
	Index  int64 // of the leaf, from 0
	Proof  tlog.RecordProof
	Signed []byte // the checkpoint, a signed note
}

const (
	receiptHeader = "c2sp.org/tlog-proof@v1\n"
	// MaxReceipt is the largest receipt read, in bytes.
	MaxReceipt = 1 << 20
	// maxProof is more hashes than a tree of 2^63 leaves needs.
	maxProof = 64
)

// Issue makes the receipt of the leaf at index in a tree, whose checkpoint is
// signed. It fails with KindDamaged where the log holds another leaf there.
func Issue(salt Salt, record []byte, index int64, t Tree, signed []byte, h tlog.HashReader) (Receipt, error) {
	if index < 0 || index >= t.N {
		return Receipt{}, &freehold.Error{Kind: freehold.KindNotFound, Msg: "the checkpoint does not cover this record yet"}
	}
	p, err := tlog.ProveRecord(t.N, index, h)
	if err != nil {
		return Receipt{}, damaged("its hashes cannot be read", err)
	}
	r := Receipt{Salt: salt, Record: record, Index: index, Proof: p, Signed: signed}
	return r, r.check(t)
}

func (r Receipt) check(t Tree) error {
	leaf := Commit(r.Salt, r.Record)
	if err := tlog.CheckRecord(r.Proof, t.N, t.Hash, r.Index, tlog.RecordHash(leaf[:])); err != nil {
		return damaged("the record is not the one that was entered", nil)
	}
	return nil
}

// Verify checks that the record was entered in the log of origin, as signed by
// one of the trusted keys, and returns the state of the log that says so.
func (r Receipt) Verify(origin string, trusted ...note.Verifier) (Checkpoint, error) {
	c, err := OpenCheckpoint(r.Signed, origin, trusted...)
	if err != nil {
		return Checkpoint{}, err
	}
	if r.Index >= c.Tree.N {
		return Checkpoint{}, damaged("its checkpoint ends before the record", nil)
	}
	return c, r.check(c.Tree)
}

// Marshal writes the receipt as text.
func (r Receipt) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString(receiptHeader)
	b.WriteString("extra " + base64.StdEncoding.EncodeToString(append(r.Salt[:], r.Record...)) + "\n")
	b.WriteString("index " + strconv.FormatInt(r.Index, 10) + "\n")
	for _, h := range r.Proof {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	b.WriteByte('\n')
	b.Write(r.Signed)
	return b.Bytes()
}

// ParseReceipt reads what Marshal wrote, and nothing that it could not have
// written. It verifies nothing.
func ParseReceipt(text []byte) (Receipt, error) {
	if len(text) > MaxReceipt {
		return Receipt{}, notAReceipt("it is longer than 1 MiB")
	}
	rest, ok := bytes.CutPrefix(text, []byte(receiptHeader))
	if !ok {
		return Receipt{}, notAReceipt("its first line is another")
	}
	head, signed, ok := bytes.Cut(rest, []byte("\n\n"))
	if !ok {
		return Receipt{}, notAReceipt("it has no checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	if len(lines) < 2 || len(lines) > 2+maxProof {
		return Receipt{}, notAReceipt("it has too few or too many lines")
	}
	r := Receipt{Signed: signed}
	extra, ok := strings.CutPrefix(lines[0], "extra ")
	body, err := base64.StdEncoding.Strict().DecodeString(extra)
	if !ok || err != nil || len(body) < SaltSize || strings.ContainsAny(extra, "\r\n") {
		return Receipt{}, notAReceipt("the record in it is missing or broken")
	}
	copy(r.Salt[:], body)
	r.Record = body[SaltSize:]
	index, ok := strings.CutPrefix(lines[1], "index ")
	if r.Index, err = parseIndex(index); !ok || err != nil {
		return Receipt{}, notAReceipt("its index is no number")
	}
	for _, line := range lines[2:] {
		h, err := tlog.ParseHash(line)
		if err != nil || base64.StdEncoding.EncodeToString(h[:]) != line {
			return Receipt{}, notAReceipt("one of its hashes is broken")
		}
		r.Proof = append(r.Proof, h)
	}
	return r, nil
}

func notAReceipt(why string) error {
	return &freehold.Error{Kind: freehold.KindInvalid, Msg: "this is no receipt of a ledger: " + why,
		Hint: "a receipt is a text that begins with " + strings.TrimSpace(receiptHeader)}
}
