package ledger

import (
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"freehold"
)

// A Log is where leaves wait for their place and where the tree lies.
type Log interface {
	TakeLease(ctx context.Context, thing, holder string, now, until time.Time) (freehold.Lease, error)
	EndLease(context.Context, freehold.Lease) error
	WaitingLeaves(ctx context.Context, n int) ([]freehold.LedgerLeaf, error)
	LedgerHead(context.Context) (size int64, checkpoint []byte, err error)
	LedgerHashes(ctx context.Context, indexes []int64) ([][32]byte, error)
	AppendLedger(context.Context, freehold.LedgerBatch) error
}

// A Sequencer gives the leaves that wait their places and signs what the log is
// then. Of several, one works at a time: who holds the lease.
type Sequencer struct {
	Log     Log
	Origin  string
	Signers []note.Signer
	// Trusted are the keys by which the last checkpoint is verified before the log
	// grows on it: a log that somebody replaced is not continued.
	Trusted []note.Verifier
	Holder  string // who takes the lease
	Now     func() time.Time
}

const (
	sequenceLease = time.Minute
	sequenceBatch = 1000
)

// Run places all that wait and returns how many. KindBusy: another one is at it.
func (s Sequencer) Run(ctx context.Context) (int, error) {
	now := s.Now()
	l, err := s.Log.TakeLease(ctx, freehold.LedgerThing, s.Holder, now, now.Add(sequenceLease))
	if err != nil {
		return 0, err
	}
	defer s.Log.EndLease(context.WithoutCancel(ctx), l) // else it runs out by itself
	total := 0
	for {
		n, err := s.batch(ctx, l.Fence)
		if total += n; err != nil || n == 0 {
			return total, err
		}
	}
}

func (s Sequencer) batch(ctx context.Context, fence int64) (int, error) {
	leaves, err := s.Log.WaitingLeaves(ctx, sequenceBatch)
	if err != nil || len(leaves) == 0 {
		return 0, err
	}
	size, signed, err := s.Log.LedgerHead(ctx)
	if err != nil {
		return 0, err
	}
	var tree Tree
	if size > 0 {
		c, err := OpenCheckpoint(signed, s.Origin, s.Trusted...)
		if err != nil {
			return 0, err
		}
		if tree = c.Tree; tree.N != size {
			return 0, damaged("its last checkpoint covers another number of leaves", nil)
		}
	}
	commitments := make([]Leaf, len(leaves))
	for i, l := range leaves {
		if len(l.Commitment) != len(commitments[i]) {
			return 0, damaged("a leaf of it is broken", nil)
		}
		commitments[i] = Leaf(l.Commitment)
	}
	stored := &storedHashes{ctx: ctx, log: s.Log}
	if size > 0 {
		// Whoever changed the stored hashes would have us sign another history.
		if root, err := tlog.TreeHash(size, stored); err != nil || root != tree.Hash {
			return 0, damaged("its hashes are not those of its last checkpoint", err)
		}
	}
	next, err := Integrate(tree, commitments, stored)
	if err != nil {
		return 0, err
	}
	note, err := Checkpoint{Origin: s.Origin, Tree: next}.Sign(s.Signers...)
	if err != nil {
		return 0, err
	}
	b := freehold.LedgerBatch{Fence: fence, From: size, Leaves: leaves, HashesFrom: stored.from, Checkpoint: note, At: s.Now()}
	for _, h := range stored.added {
		b.Hashes = append(b.Hashes, h)
	}
	return len(leaves), s.Log.AppendLedger(ctx, b)
}

// Stored reads the hashes of a log, for receipts and proofs.
func Stored(ctx context.Context, log Log) tlog.HashReader { return &storedHashes{ctx: ctx, log: log} }

// storedHashes reads from the log and keeps what is added for the one transaction
// that writes leaves, hashes and checkpoint together.
type storedHashes struct {
	ctx   context.Context
	log   Log
	from  int64
	added []tlog.Hash
}

func (s *storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	read, err := s.log.LedgerHashes(s.ctx, indexes)
	if err != nil {
		return nil, err
	}
	if len(read) != len(indexes) {
		return nil, fmt.Errorf("%d of %d hashes were read", len(read), len(indexes))
	}
	out := make([]tlog.Hash, len(read))
	for i, h := range read {
		out[i] = h
	}
	return out, nil
}

func (s *storedHashes) Append(from int64, hashes []tlog.Hash) error {
	s.from, s.added = from, hashes
	return nil
}

// Committer makes leaves: a salt of its own and the commitment for each record.
func Committer(random io.Reader) func(record []byte) (salt, commitment []byte, err error) {
	return func(record []byte) ([]byte, []byte, error) {
		salt, err := NewSalt(random)
		if err != nil {
			return nil, nil, err
		}
		leaf := Commit(salt, record)
		return salt[:], leaf[:], nil
	}
}
