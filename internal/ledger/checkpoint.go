package ledger

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"freehold"
)

// A Checkpoint is a tree's state as signed by its log (c2sp.org/tlog-checkpoint).
type Checkpoint struct {
	Origin string // the log's name, the same for its whole life: "desk.host.example/ledger"
	Tree   Tree
}

// maxNote bounds what is read as a checkpoint or a receipt's checkpoint, in bytes.
const maxNote = 64 << 10

// text is the body of the note: origin, size, root.
func (c Checkpoint) text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Tree.N, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Tree.Hash[:]) + "\n"
}

// Sign returns the checkpoint as a signed note. While keys change, the last
// checkpoint of the old key is signed by both, so that whoever trusts the old one
// learns the new one from it.
func (c Checkpoint) Sign(signers ...note.Signer) ([]byte, error) {
	if c.Origin == "" || strings.ContainsAny(c.Origin, "\n\r") || c.Tree.N < 0 || len(signers) == 0 {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "a checkpoint needs an origin, a size and a signer"}
	}
	signed, err := note.Sign(&note.Note{Text: c.text()}, signers...)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "the checkpoint cannot be signed", Err: err}
	}
	return signed, nil
}

// OpenCheckpoint verifies a signed note with keys that the reader trusts and
// returns the checkpoint. origin is the log the reader expects. One good
// signature of a trusted key suffices; a wrong signature of a trusted key is an
// error of KindDamaged, none at all one of KindPermission.
func OpenCheckpoint(signed []byte, origin string, trusted ...note.Verifier) (Checkpoint, error) {
	if len(signed) > maxNote {
		return Checkpoint{}, damaged("its checkpoint is too long", nil)
	}
	n, err := note.Open(signed, note.VerifierList(trusted...))
	var nobody *note.UnverifiedNoteError
	switch {
	case errors.As(err, &nobody):
		return Checkpoint{}, &freehold.Error{Kind: freehold.KindPermission, Msg: "the checkpoint is signed by no key that you trust",
			Hint: "give the log's public key, as you got it from the desk in another way than this file"}
	case err != nil:
		return Checkpoint{}, damaged("its checkpoint does not verify", err)
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != origin {
		return Checkpoint{}, &freehold.Error{Kind: freehold.KindPermission, Msg: `the checkpoint is of "` + freehold.OneLine(c.Origin) + `", not of "` + freehold.OneLine(origin) + `"`}
	}
	return c, nil
}

// parseCheckpoint reads the three lines that count; extension lines may follow.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 {
		return Checkpoint{}, damaged("its checkpoint has fewer than three lines", nil)
	}
	n, err := parseIndex(lines[1])
	if err != nil {
		return Checkpoint{}, damaged("the size in its checkpoint is no number", nil)
	}
	h, err := tlog.ParseHash(lines[2])
	if err != nil || base64.StdEncoding.EncodeToString(h[:]) != lines[2] {
		return Checkpoint{}, damaged("the root in its checkpoint is no hash", nil)
	}
	return Checkpoint{Origin: lines[0], Tree: Tree{N: n, Hash: h}}, nil
}

// parseIndex reads a decimal number in its one spelling: no sign, no leading zero.
func parseIndex(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, err
	}
	if strconv.FormatInt(n, 10) != s || n < 0 {
		return 0, errors.New("not in decimal")
	}
	return n, nil
}

// ProveGrowth proves that a tree contains an older one unchanged (RFC 6962 §2.1.2).
func ProveGrowth(older, newer Tree, h tlog.HashReader) (tlog.TreeProof, error) {
	if older.N > newer.N {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Msg: "the older state has more leaves than the newer one"}
	}
	if older.N == 0 {
		return nil, nil
	}
	p, err := tlog.ProveTree(newer.N, older.N, h)
	if err != nil {
		return nil, damaged("its hashes cannot be read", err)
	}
	return p, nil
}

// CheckGrowth verifies such a proof. A log that was cut, edited or put in another
// order since the older checkpoint fails, whoever signed the newer one.
func CheckGrowth(older, newer Tree, p tlog.TreeProof) error {
	if older.N > newer.N {
		return damaged("it has fewer leaves than at the older checkpoint: it was cut", nil)
	}
	if older.N == 0 {
		return nil
	}
	if err := tlog.CheckTree(p, newer.N, newer.Hash, older.N, older.Hash); err != nil {
		return damaged("what the older checkpoint covers is not what it holds now", nil)
	}
	return nil
}
