package ledger

import (
	"bufio"
	"encoding/base64"
	"io"
	"iter"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"freehold"
)

// A ledger leaves the house as a text: this header, a leaf in base64 a line, an
// empty line, the signed checkpoint.
const fileHeader = "freehold ledger v1"

// WriteFile writes the leaves and the checkpoint that covers them.
func WriteFile(w io.Writer, leaves iter.Seq2[Leaf, error], signed []byte) error {
	b := bufio.NewWriter(w)
	b.WriteString(fileHeader + "\n")
	for leaf, err := range leaves {
		if err != nil {
			return err
		}
		b.WriteString(base64.StdEncoding.EncodeToString(leaf[:]))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.Write(signed)
	return b.Flush()
}

// VerifyFile reads a ledger file whole and checks that its checkpoint is of the
// log of origin, signed by a trusted key, and covers exactly the leaves in it.
// Every earlier checkpoint given, as one keeps them elsewhere, must be of the
// same log, and the file must begin with just what it covered: a file cut,
// edited, reordered or swapped since is an error of KindDamaged.
func VerifyFile(r io.Reader, origin string, earlier [][]byte, trusted ...note.Verifier) (Checkpoint, error) {
	in := bufio.NewReaderSize(r, 4096)
	if line, err := readLine(in); err != nil || line != fileHeader {
		return Checkpoint{}, &freehold.Error{Kind: freehold.KindInvalid, Msg: "this is no ledger file: its first line is another", Err: err}
	}
	var t Tree
	hashes := &Memory{}
	batch := make([]Leaf, 0, 1024)
	for {
		line, err := readLine(in)
		if err != nil {
			return Checkpoint{}, damaged("the file ends before its checkpoint", nil)
		}
		if line != "" {
			h, err := tlog.ParseHash(line)
			if err != nil || base64.StdEncoding.EncodeToString(h[:]) != line {
				return Checkpoint{}, damaged("one of its leaves is broken", nil)
			}
			batch = append(batch, Leaf(h))
		}
		if line == "" || len(batch) == cap(batch) {
			if t, err = Integrate(t, batch, hashes); err != nil {
				return Checkpoint{}, err
			}
			batch = batch[:0]
		}
		if line == "" {
			break
		}
	}
	signed, err := io.ReadAll(io.LimitReader(in, maxNote+1))
	if err != nil {
		return Checkpoint{}, &freehold.Error{Kind: freehold.KindUnavailable, Msg: "the ledger file cannot be read", Err: err}
	}
	c, err := OpenCheckpoint(signed, origin, trusted...)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Tree.N != t.N {
		return Checkpoint{}, damaged("it has not as many leaves as its checkpoint says", nil)
	}
	if t.N > 0 && c.Tree.Hash != t.Hash {
		return Checkpoint{}, damaged("its leaves are not those of its checkpoint", nil)
	}
	for _, e := range earlier {
		if err := contains(hashes, t, e, origin, trusted); err != nil {
			return Checkpoint{}, err
		}
	}
	return c, nil
}

// contains checks that the first leaves are those an earlier checkpoint covered.
func contains(h tlog.HashReader, now Tree, earlier []byte, origin string, trusted []note.Verifier) error {
	old, err := OpenCheckpoint(earlier, origin, trusted...)
	if err != nil {
		return err
	}
	if old.Tree.N > now.N {
		return damaged("it has fewer leaves than at the earlier checkpoint: it was cut", nil)
	}
	if old.Tree.N == 0 {
		return nil
	}
	was, err := tlog.TreeHash(old.Tree.N, h)
	if err != nil {
		return damaged("its hashes cannot be read", err)
	}
	if was != old.Tree.Hash {
		return damaged("what the earlier checkpoint covers is not what it holds now", nil)
	}
	return nil
}

// readLine reads a line of at most the reader's buffer, without its end.
func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(string(line), "\n"), nil
}
