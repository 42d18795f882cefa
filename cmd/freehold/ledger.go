package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/mod/sumdb/note"

	"freehold"
	"freehold/internal/ledger"
	"freehold/internal/report"
)

func (s *session) ledgerCommand() *cli.Command {
	keyFlag := &cli.StringFlag{Name: "ledger-key", Usage: "the ledger's private key in `FILE` (default: ledger.key in your data folder)"}
	return &cli.Command{
		Name: "ledger", Usage: "proofs of what a desk decided and released, which hold without trusting it",
		Subcommands: []*cli.Command{
			{
				Name: "key", Usage: "print the ledger's public key, to be given to whoever is to verify", ArgsUsage: " ",
				Description: `A key is replaced in two steps. --rotate makes a new pair beside the old one: from then on every checkpoint is signed with both, and whoever verifies is given the new key. --retire takes the oldest away, once a checkpoint is signed with the new one.`,
				Flags: join([]cli.Flag{keyFlag, &cli.StringFlag{Name: "new", Usage: "make the key pair of a new ledger with this `NAME`, such as desk.host.example/ledger"},
					&cli.BoolFlag{Name: "rotate", Usage: "make a new pair beside the one in use"},
					&cli.BoolFlag{Name: "retire", Usage: "take the oldest of several pairs away"},
					&cli.BoolFlag{Name: "all", Usage: "print the public keys of all pairs, the newest first"}}, moveFlags(), storeFlags()),
				Action: s.ledgerKey,
			},
			{
				Name: "receipt", Usage: "write the receipt of a case's last recorded step", ArgsUsage: "CASE",
				Flags: join([]cli.Flag{keyFlag, &cli.IntFlag{Name: "event", Usage: "of the event with this `NUMBER` instead"},
					&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write it to `FILE` (mode 0600)"}, nowFlag()}, moveFlags(), storeFlags()),
				Action: s.ledgerReceipt,
			},
			{
				Name: "export", Usage: "write the whole ledger with its signed checkpoint, to be kept elsewhere", ArgsUsage: " ",
				Flags:  join([]cli.Flag{keyFlag, &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write it to `FILE` (mode 0600)"}, nowFlag()}, moveFlags(), storeFlags()),
				Action: s.ledgerExport,
			},
			{
				Name: "verify", Usage: "verify a receipt or a ledger with the file and the public key alone", ArgsUsage: "FILE",
				Flags: join([]cli.Flag{
					&cli.StringFlag{Name: "public-key", Usage: "the ledger's public `KEY`, as its keeper gave it to you in another way than the file"},
					&cli.StringSliceFlag{Name: "earlier", Usage: "a ledger or checkpoint of before in `FILE`: what it covered must still be there; may be repeated"},
				}, moveFlags()),
				Action: s.ledgerVerify,
			},
		},
	}
}

func (s *session) ledgerKeyPath(c *cli.Context) (string, error) {
	if path := c.String("ledger-key"); path != "" {
		return path, nil
	}
	dir := s.dir("XDG_DATA_HOME", filepath.Join(".local", "share"))
	if dir == "" {
		return "", misuse(freehold.T("there is no home folder to keep the ledger's key in"), freehold.T("give --ledger-key and a file"))
	}
	return filepath.Join(dir, "ledger.key"), nil
}

// keyring is what signs a ledger: the newest pair first.
type keyring struct {
	path      string
	lines     []string // of the file: private and public key of each pair
	signers   []note.Signer
	verifiers []note.Verifier
}

// public is the key in use, as it is given to whoever verifies.
func (k keyring) public() string { return k.lines[1] }

// origin is the ledger's name, which all pairs have.
func (k keyring) origin() string { return k.verifiers[0].Name() }

// ledgerKeys reads a key file.
func (s *session) ledgerKeys(c *cli.Context) (k keyring, err error) {
	if k.path, err = s.ledgerKeyPath(c); err != nil {
		return k, err
	}
	body, err := os.ReadFile(k.path)
	if err != nil {
		return k, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", k.path), Err: plain(err), Advice: freehold.T("make one: %s", "freehold ledger key --new desk.host.example/ledger")}
	}
	defer clear(body)
	bad := &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("%q holds no key of a ledger", k.path)}
	k.lines = strings.Split(strings.TrimSpace(string(body)), "\n")
	if len(k.lines)%2 != 0 {
		return k, bad
	}
	for i := 0; i < len(k.lines); i += 2 {
		signer, err := note.NewSigner(k.lines[i])
		if err != nil {
			return k, bad
		}
		verifier, err := note.NewVerifier(k.lines[i+1])
		if err != nil || verifier.Name() != signer.Name() || verifier.KeyHash() != signer.KeyHash() || i > 0 && verifier.Name() != k.origin() {
			return k, bad
		}
		k.signers, k.verifiers = append(k.signers, signer), append(k.verifiers, verifier)
	}
	return k, nil
}

func (s *session) ledgerKey(c *cli.Context) error {
	if _, err := s.language(c); err != nil {
		return err
	}
	if name := c.String("new"); name != "" {
		if err := s.newLedgerKey(c, name); err != nil {
			return err
		}
	}
	k, err := s.ledgerKeys(c)
	if err != nil {
		return err
	}
	if c.Bool("rotate") {
		if k, err = s.rotateLedgerKey(c, k); err != nil {
			return err
		}
	}
	if c.Bool("retire") {
		if k, err = s.retireLedgerKey(c, k); err != nil {
			return err
		}
	}
	doc, lines := ledgerDoc{Schema: "freehold.ledger_key/1", Origin: k.origin(), Key: k.public()}, []string{k.public()}
	for i := 3; i < len(k.lines); i += 2 {
		if doc.Older = append(doc.Older, k.lines[i]); c.Bool("all") {
			lines = append(lines, k.lines[i])
		}
	}
	return s.ledgerDoc(c, doc, lines...)
}

// rotateLedgerKey puts a new pair before the others.
func (s *session) rotateLedgerKey(c *cli.Context, k keyring) (keyring, error) {
	secret, public, err := note.GenerateKey(rand.Reader, k.origin())
	if err != nil {
		return k, err
	}
	if err := k.write(append([]string{secret, public}, k.lines...)); err != nil {
		return k, err
	}
	return s.ledgerKeys(c)
}

// retireLedgerKey takes the oldest pair away, if the last checkpoint holds without it.
func (s *session) retireLedgerKey(c *cli.Context, k keyring) (keyring, error) {
	last := len(k.verifiers) - 1
	if last == 0 {
		return k, misuse(freehold.T("there is one key only, and a ledger needs one"), freehold.T("make another first: %s", "freehold ledger key --rotate"))
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return k, err
	}
	defer st.Close()
	size, signed, err := st.LedgerHead(c.Context)
	if err != nil {
		return k, err
	}
	if size > 0 {
		if _, err := ledger.OpenCheckpoint(signed, k.origin(), k.verifiers[:last]...); err != nil {
			return k, &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("no checkpoint is signed with the newer key yet"), Advice: freehold.T("the next record that gets its place in the ledger brings one")}
		}
	}
	if err := k.write(k.lines[:2*last]); err != nil {
		return k, err
	}
	return s.ledgerKeys(c)
}

// write puts the pairs into the file, all of them or none.
func (k keyring) write(lines []string) error {
	fail := func(err error) error {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("cannot write %q", k.path), Err: plain(err)}
	}
	f, err := os.CreateTemp(filepath.Dir(k.path), ".ledger-key-*") // mode 0600
	if err != nil {
		return fail(err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), k.path)
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

// newLedgerKey makes a pair, and never over another one: a ledger whose key is gone
// cannot go on.
func (s *session) newLedgerKey(c *cli.Context, name string) error {
	path, err := s.ledgerKeyPath(c)
	if err != nil {
		return err
	}
	secret, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return misuse(freehold.T("%q is no name of a ledger", freehold.OneLine(name)), freehold.T("for example: %s", "desk.host.example/ledger"))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("cannot write %q", path), Err: plain(err)}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("cannot write %q", path), Err: plain(err)}
	}
	_, err = f.WriteString(secret + "\n" + public + "\n")
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

type ledgerDoc struct {
	Schema  string   `json:"schema"`
	Origin  string   `json:"origin"`
	Key     string   `json:"key,omitempty"`
	Older   []string `json:"older,omitempty"` // keys that still sign, until they are retired
	Size    int64    `json:"size"`
	Index   *int64   `json:"index,omitempty"`
	Record  *string  `json:"record,omitempty"`
	Written string   `json:"written,omitempty"`
}

func (s *session) ledgerDoc(c *cli.Context, doc ledgerDoc, lines ...string) error {
	if f := c.String("format"); f == report.FormatJSON || f == report.FormatJSONL {
		return (&deskJob{session: s}).write(doc)
	}
	for _, l := range lines {
		fmt.Fprintln(s.Out, l)
	}
	return nil
}

// sequenced opens the store and gives what waits its place in the ledger.
func (s *session) sequenced(c *cli.Context, f func(ctx context.Context, l ledgerOpen) error) error {
	if _, err := s.language(c); err != nil {
		return err
	}
	k, err := s.ledgerKeys(c)
	if err != nil {
		return err
	}
	now, err := s.clock(c)
	if err != nil {
		return err
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	q := ledger.Sequencer{Log: st, Origin: k.origin(), Signers: k.signers, Trusted: k.verifiers, Holder: fmt.Sprint("ledger ", os.Getpid()), Now: now}
	if _, err := q.Run(c.Context); err != nil {
		return err
	}
	l := ledgerOpen{ledgerStore: st, verifier: k.verifiers[0]}
	size, signed, err := st.LedgerHead(c.Context)
	if err != nil {
		return err
	}
	if size == 0 {
		return &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("the ledger is empty")}
	}
	if l.head, err = ledger.OpenCheckpoint(signed, k.origin(), k.verifiers...); err != nil {
		return err
	}
	l.signed = signed
	return f(c.Context, l)
}

// ledgerStore is the ledger's side of the store.
type ledgerStore interface {
	ledger.Log
	caseLister
	LeavesOf(ctx context.Context, id string) ([]freehold.LedgerLeaf, error)
	Leaves(ctx context.Context) iter.Seq2[freehold.LedgerLeaf, error]
}

type ledgerOpen struct {
	ledgerStore
	verifier note.Verifier
	head     ledger.Checkpoint
	signed   []byte
}

func (s *session) ledgerReceipt(c *cli.Context) error {
	if c.NArg() != 1 {
		return misuse(freehold.T("which case is not said"), freehold.T("%s lists them", "freehold desk list"))
	}
	return s.sequenced(c, func(ctx context.Context, l ledgerOpen) error {
		id, err := caseOf(ctx, l, c.Args().First())
		if err != nil {
			return err
		}
		leaves, err := l.LeavesOf(ctx, id)
		if err != nil {
			return err
		}
		var leaf *freehold.LedgerLeaf
		for i := range leaves {
			if c.Int("event") == 0 || leaves[i].Event == c.Int("event") {
				leaf = &leaves[i]
			}
		}
		if leaf == nil {
			return &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("the ledger has no such record of the case %q", id)}
		}
		if len(leaf.Salt) != ledger.SaltSize {
			return &freehold.Error{Kind: freehold.KindNotFound, Text: freehold.T("the record was purged: its place in the ledger is kept, what it said is not")}
		}
		r, err := ledger.Issue(ledger.Salt(leaf.Salt), leaf.Record, leaf.Index, l.head.Tree, l.signed, ledger.Stored(ctx, l))
		if err != nil {
			return err
		}
		return s.writeProof(c, "freehold.receipt/1", l, func(w io.Writer) error {
			_, err := w.Write(r.Marshal())
			return err
		})
	})
}

func (s *session) ledgerExport(c *cli.Context) error {
	return s.sequenced(c, func(ctx context.Context, l ledgerOpen) error {
		return s.writeProof(c, "freehold.ledger/1", l, func(w io.Writer) error {
			return ledger.WriteFile(w, func(yield func(ledger.Leaf, error) bool) {
				l.Leaves(ctx)(func(leaf freehold.LedgerLeaf, err error) bool {
					if err == nil && len(leaf.Commitment) != len(ledger.Leaf{}) {
						err = &freehold.Error{Kind: freehold.KindDamaged, Text: freehold.T("the ledger is damaged: leaf %d is broken", leaf.Index)}
					}
					if err != nil {
						return yield(ledger.Leaf{}, err)
					}
					return yield(ledger.Leaf(leaf.Commitment), nil)
				})
			}, l.signed)
		})
	})
}

// writeProof writes a file, or standard output.
func (s *session) writeProof(c *cli.Context, schema string, l ledgerOpen, write func(io.Writer) error) error {
	path := c.String("output")
	if path == "" || path == "-" {
		return write(s.Out)
	}
	f, done, err := outputFile(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		return err
	}
	if err := done(); err != nil {
		return err
	}
	return s.ledgerDoc(c, ledgerDoc{Schema: schema, Origin: l.verifier.Name(), Size: l.head.Tree.N, Written: path},
		s.say("Written to %s, as of %d records.", path, l.head.Tree.N))
}

func (s *session) ledgerVerify(c *cli.Context) error {
	if _, err := s.language(c); err != nil {
		return err
	}
	if c.NArg() != 1 || c.String("public-key") == "" {
		return misuse(freehold.T("a file and the ledger's public key are wanted"), freehold.T("for example: %s", "freehold ledger verify receipt.txt --public-key KEY"))
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(c.String("public-key")))
	if err != nil {
		return misuse(freehold.T("the public key is not whole"), freehold.T("copy the whole line that %s prints", "freehold ledger key"))
	}
	path := c.Args().First()
	f, err := os.Open(path)
	if err != nil {
		return &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
	}
	defer f.Close()
	in := bufio.NewReader(f)
	if head, _ := in.Peek(len("c2sp.org/")); string(head) == "c2sp.org/" {
		return s.verifyReceipt(c, in, verifier)
	}
	var earlier [][]byte
	for _, e := range c.StringSlice("earlier") {
		body, err := os.ReadFile(e)
		if err != nil {
			return &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", e), Err: plain(err)}
		}
		if _, signed, found := bytes.Cut(body, []byte("\n\n")); found && bytes.HasPrefix(body, []byte("freehold ledger")) {
			body = signed // the checkpoint of a whole ledger
		}
		earlier = append(earlier, body)
	}
	checkpoint, err := ledger.VerifyFile(in, verifier.Name(), earlier, verifier)
	if err != nil {
		return err
	}
	return s.ledgerDoc(c, ledgerDoc{Schema: "freehold.verified/1", Origin: checkpoint.Origin, Size: checkpoint.Tree.N},
		s.say("The ledger %s is whole: %d records, none cut, edited or moved.", checkpoint.Origin, checkpoint.Tree.N))
}

func (s *session) verifyReceipt(c *cli.Context, in io.Reader, verifier note.Verifier) error {
	text, err := io.ReadAll(io.LimitReader(in, ledger.MaxReceipt+1))
	if err != nil {
		return &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", c.Args().First()), Err: plain(err)}
	}
	r, err := ledger.ParseReceipt(text)
	if err != nil {
		return err
	}
	checkpoint, err := r.Verify(verifier.Name(), verifier)
	if err != nil {
		return err
	}
	record := string(r.Record)
	return s.ledgerDoc(c, ledgerDoc{Schema: "freehold.verified/1", Origin: checkpoint.Origin, Size: checkpoint.Tree.N, Index: &r.Index, Record: &record},
		s.say("The receipt holds: record %d of the ledger %s.", r.Index, checkpoint.Origin), freehold.OneLine(record))
}
