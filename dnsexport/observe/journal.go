package observe

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"net/netip"
	"os"
	"strconv"
	"sync"

	"github.com/miekg/dns"

	"freehold"
)

// A Journal keeps every answer as it came, so that an observation that was
// interrupted goes on where it was: what is in the journal is not asked again.
// Its file holds a seed, then one after another a key and a message, each after
// its length; a last entry that was cut off by a crash is dropped.
type Journal struct {
	seed    [16]byte
	mu      sync.Mutex
	file    *os.File
	answers map[string][]byte
}

const journalMagic = "freehold observation 1\n"

// maxJournal bounds what is read back, in bytes.
const maxJournal = 2 << 30

// OpenJournal opens a journal or begins one, readable by its owner alone.
func OpenJournal(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindPermission, Msg: `the journal "` + freehold.OneLine(path) + `" cannot be opened`, Err: err}
	}
	j := &Journal{file: f, answers: map[string][]byte{}}
	good, err := j.load()
	if err == nil {
		err = f.Truncate(good)
	}
	if err == nil {
		_, err = f.Seek(good, io.SeekStart)
	}
	if err == nil && good == 0 {
		rand.Read(j.seed[:])
		_, err = f.Write(append([]byte(journalMagic), j.seed[:]...))
	}
	if err != nil {
		f.Close()
		var ours *freehold.Error
		if errors.As(err, &ours) {
			return nil, err
		}
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Msg: `the journal "` + freehold.OneLine(path) + `" cannot be read`, Err: err}
	}
	return j, nil
}

// load reads all whole entries and returns where they end.
func (j *Journal) load() (int64, error) {
	in := bufio.NewReader(io.LimitReader(j.file, maxJournal))
	head := make([]byte, len(journalMagic))
	switch n, err := io.ReadFull(in, head); {
	case n == 0:
		return 0, nil
	case err != nil || string(head) != journalMagic:
		return 0, &freehold.Error{Kind: freehold.KindInvalid, Msg: `"` + freehold.OneLine(j.file.Name()) + `" is no journal of an observation`, Hint: "name another file"}
	}
	if _, err := io.ReadFull(in, j.seed[:]); err != nil {
		return 0, nil // it was cut off at once
	}
	good := int64(len(journalMagic) + len(j.seed))
	for {
		key, n, err := entry(in)
		if err != nil {
			return good, nil
		}
		msg, m, err := entry(in)
		if err != nil {
			return good, nil
		}
		j.answers[string(key)] = msg
		good += int64(n + m)
	}
}

func entry(in io.Reader) ([]byte, int, error) {
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return nil, 0, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > 70<<10 {
		return nil, 0, errors.New("too long")
	}
	b := make([]byte, n)
	_, err := io.ReadFull(in, b)
	return b, 4 + int(n), err
}

// ask asks, or answers from the journal. A nil journal keeps nothing.
func (j *Journal) ask(ctx context.Context, ask Asker, server netip.AddrPort, name string, qtype uint16) (*dns.Msg, error) {
	if j == nil {
		return ask(ctx, server, name, qtype)
	}
	key := server.String() + " " + name + " " + strconv.Itoa(int(qtype))
	j.mu.Lock()
	kept := j.answers[key]
	j.mu.Unlock()
	if kept != nil {
		m := new(dns.Msg)
		if err := m.Unpack(kept); err == nil {
			return m, nil
		}
	}
	m, err := ask(ctx, server, name, qtype)
	if err != nil {
		return nil, err
	}
	packed, err := m.Pack()
	if err != nil {
		return m, nil // an answer that cannot be written is asked for again
	}
	entry := binary.BigEndian.AppendUint32(nil, uint32(len(key)))
	entry = append(entry, key...)
	entry = binary.BigEndian.AppendUint32(entry, uint32(len(packed)))
	entry = append(entry, packed...)
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(entry); err != nil {
		return nil, &freehold.Error{Kind: freehold.KindFull, Msg: `the journal "` + freehold.OneLine(j.file.Name()) + `" cannot be written`, Err: err}
	}
	j.answers[key] = packed
	return m, nil
}

// seedOr returns the journal's seed, or a new one where there is no journal.
func (j *Journal) seedOr() (seed [16]byte) {
	if j != nil {
		return j.seed
	}
	rand.Read(seed[:])
	return seed
}

// Answers are the messages kept so far.
func (j *Journal) Answers() iter.Seq[*dns.Msg] {
	return func(yield func(*dns.Msg) bool) {
		j.mu.Lock()
		all := make([][]byte, 0, len(j.answers))
		for _, b := range j.answers {
			all = append(all, b)
		}
		j.mu.Unlock()
		for _, b := range all {
			m := new(dns.Msg)
			if m.Unpack(b) == nil && !yield(m) {
				return
			}
		}
	}
}

// Close closes the file, which stays for a later run.
func (j *Journal) Close() error { return j.file.Close() }
