package main

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/mod/sumdb/note"

	"freehold"
	"freehold/internal/seal"
	"freehold/internal/store"
)

// A backup of the desk is a zip file, sealed with age: what was made can be opened
// with tools that are not ours.
const (
	backedStore   = "store.gz"   // see internal/store/backup.go
	backedSigners = "signers"    // the operators' public keys
	backedLedger  = "ledger.pub" // the ledger's public key
)

// maxBackedKeys bounds a file of public keys, in octets.
const maxBackedKeys = 1 << 20

func (s *session) deskBackupCommand() *cli.Command {
	return &cli.Command{
		Name: "backup", Usage: "write all of the desk into one file that only the keeper of a key can open", ArgsUsage: " ",
		Description: `Cases, register, ledger and the public halves of the keys, sealed with age. The key that opens the file is not needed here and should not be here: nightly, from a timer, to a disk that is not the host's.

The file appears complete or not at all, and is read back from where it lies before it takes its name. The private keys of operators and ledger are not in it.

Example:
  freehold desk backup --encrypt-to age1… --signers signers -o /mnt/elsewhere/desk.age`,
		Flags: join([]cli.Flag{
			&cli.StringSliceFlag{Name: "encrypt-to", Usage: "the public `KEY` it is sealed to: age1…, ssh-…; may be repeated"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write it to `FILE` (mode 0600)"},
			&cli.StringFlag{Name: "signers", Usage: "put the operators' keys from `FILE` in too"},
			&cli.StringFlag{Name: "ledger-key", Usage: "put the public half of the ledger's key from `FILE` in too (default: ledger.key in your data folder, if it is there)"},
			nowFlag(),
		}, storeFlags()),
		Action: s.deskBackup,
	}
}

func (s *session) deskRestoreCommand() *cli.Command {
	return &cli.Command{
		Name: "restore", Usage: "start the desk anew from a backup, on any machine", ArgsUsage: "FILE",
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "identity", Usage: "the secret key that opens it, in `FILE`: of age, or of SSH"},
			&cli.StringFlag{Name: "keys-to", Usage: "write the public keys that are with it to the folder `DIR`"},
			&cli.BoolFlag{Name: "force", Usage: "replace what the database holds"},
		}, storeFlags()),
		Action: s.deskRestore,
	}
}

func (s *session) deskBackup(c *cli.Context) error {
	path := c.String("output")
	if path == "" || path == "-" || len(c.StringSlice("encrypt-to")) == 0 {
		return misuse(freehold.T("a key and a file are wanted"), freehold.T("for example: %s", "freehold desk backup --encrypt-to age1… -o desk.age"))
	}
	keys, err := seal.Recipients(strings.Join(c.StringSlice("encrypt-to"), "\n"))
	if err != nil {
		return err
	}
	now, err := s.clock(c)
	if err != nil {
		return err
	}
	beside, err := s.publicKeys(c)
	if err != nil {
		return err
	}
	st, err := s.openStore(c.Context, c)
	if err != nil {
		return err
	}
	defer st.Close()
	f, done, err := outputFile(path)
	if err != nil {
		return err
	}
	s.begun = append(s.begun, f.Name())
	sealed, err := seal.NewChecked(f, keys...)
	if err != nil {
		return err
	}
	made, err := writeDesk(c.Context, sealed, st, beside, now())
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = readBack(c.Context, f.Name(), sealed, made)
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return err
	}
	if err := done(); err != nil {
		return err
	}
	s.tell(freehold.T("%s is backed up to %s, and was read back: %d records", st.Location(), path, int(made.Rows)))
	return nil
}

// publicKeys are the public keys that go with a backup, by their names in it.
func (s *session) publicKeys(c *cli.Context) (map[string][]byte, error) {
	all := map[string][]byte{}
	if path := c.String("signers"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
		}
		if strings.Contains(string(text), "PRIVATE KEY") {
			return nil, misuse(freehold.T("%q holds a private key: public ones are wanted", path), freehold.Text{})
		}
		all[backedSigners] = text
	}
	path, err := s.ledgerKeyPath(c)
	if err != nil {
		return nil, err
	}
	body, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && c.String("ledger-key") == "" {
		return all, nil
	}
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
	}
	defer clear(body)
	var public []byte
	for line := range strings.Lines(string(body)) {
		// What is no public key of a note is none that leaves the house.
		if _, err := note.NewVerifier(strings.TrimSpace(line)); err == nil {
			public = append(public, line...)
		}
	}
	if public == nil {
		return nil, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("%q holds no key of a ledger", path)}
	}
	all[backedLedger] = public
	return all, nil
}

// writeDesk writes all of the desk into a sealed stream and ends it.
func writeDesk(ctx context.Context, to io.WriteCloser, st *store.Store, beside map[string][]byte, made time.Time) (info store.BackupInfo, err error) {
	box := zip.NewWriter(to)
	for _, name := range []string{backedSigners, backedLedger} {
		if beside[name] == nil {
			continue
		}
		w, err := box.Create(name)
		if err == nil {
			_, err = w.Write(beside[name])
		}
		if err != nil {
			return info, err
		}
	}
	w, err := box.CreateHeader(&zip.FileHeader{Name: backedStore, Method: zip.Store}) // it is packed
	if err != nil {
		return info, err
	}
	if info, err = st.WriteBackup(ctx, w, made); err != nil {
		return info, err
	}
	if err := errors.Join(box.Close(), to.Close()); err != nil {
		return info, &freehold.Error{Kind: freehold.KindFull, Text: freehold.T("cannot write the backup"), Err: plain(err)}
	}
	return info, nil
}

// readBack opens a backup as it lies on the disk and holds all of it against its
// digests.
func readBack(ctx context.Context, path string, sealed *seal.Checked, made store.BackupInfo) error {
	f, err := os.Open(path)
	if err != nil {
		return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("cannot read %q", path), Err: plain(err)}
	}
	defer f.Close()
	r, err := sealed.ReadBack(f)
	if err != nil {
		return err
	}
	info, err := openDesk(ctx, r, nil)
	if err == nil && info.SHA256 != made.SHA256 {
		err = &freehold.Error{Kind: freehold.KindDamaged, Text: freehold.T("the backup reads back as another one than was written")}
	}
	return err
}

// openDesk reads the opened stream of a backup. use is given the folder in which its
// parts lie for as long as it runs; it may be nil.
func openDesk(ctx context.Context, r io.Reader, use func(dir string) error) (info store.BackupInfo, err error) {
	dir, err := os.MkdirTemp("", "freehold-restore-") // mode 0700
	if err != nil {
		return info, &freehold.Error{Kind: freehold.KindFull, Text: freehold.T("there is no room for temporary files"), Err: plain(err)}
	}
	defer os.RemoveAll(dir)
	damaged := func(err error) error {
		return &freehold.Error{Kind: freehold.KindDamaged, Text: freehold.T("the backup is damaged"), Err: err}
	}
	whole, err := os.OpenFile(filepath.Join(dir, "whole.zip"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return info, damaged(plain(err))
	}
	defer whole.Close()
	size, err := io.Copy(whole, r)
	if err != nil {
		return info, damaged(err)
	}
	box, err := zip.NewReader(whole, size)
	if err != nil {
		return info, damaged(err)
	}
	for _, name := range []string{backedSigners, backedLedger, backedStore} {
		if err := unpackTo(box, name, filepath.Join(dir, name)); err != nil {
			return info, damaged(plain(err))
		}
	}
	stored, err := os.Open(filepath.Join(dir, backedStore))
	if err != nil {
		return info, damaged(plain(err))
	}
	defer stored.Close()
	if info, err = store.CheckBackup(ctx, stored); err != nil || use == nil {
		return info, err
	}
	return info, use(dir)
}

// unpackTo writes one part of a backup, which may not be there. Names in the file are
// not used as paths.
func unpackTo(box *zip.Reader, name, path string) error {
	part, err := box.Open(name)
	if errors.Is(err, os.ErrNotExist) && name != backedStore {
		return nil
	}
	if err != nil {
		return err
	}
	defer part.Close()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	var in io.Reader = part
	if name != backedStore {
		in = io.LimitReader(part, maxBackedKeys)
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Close())
}

func (s *session) deskRestore(c *cli.Context) error {
	if c.NArg() != 1 || c.String("identity") == "" {
		return misuse(freehold.T("a backup and the key that opens it are wanted"), freehold.T("for example: %s", "freehold desk restore desk.age --identity key.txt"))
	}
	path := c.Args().First()
	text, err := os.ReadFile(c.String("identity"))
	if err != nil {
		return &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", c.String("identity")), Err: plain(err)}
	}
	with, err := seal.Identities(text)
	clear(text)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("cannot read %q", path), Err: plain(err)}
	}
	defer f.Close()
	r, err := seal.Unseal(f, with...)
	if err != nil {
		return err
	}
	var location string
	info, err := openDesk(c.Context, r, func(dir string) error {
		st, err := s.openStore(c.Context, c)
		if err != nil {
			return err
		}
		defer st.Close()
		location = st.Location()
		if _, err := st.Restore(c.Context, filepath.Join(dir, backedStore), c.Bool("force")); err != nil {
			return err
		}
		return s.restoreKeys(dir, c.String("keys-to"))
	})
	if err != nil {
		return err
	}
	s.tell(freehold.T("%s is restored, as it was on %t: %d records", location, info.Made, int(info.Rows)))
	return nil
}

// restoreKeys writes the public keys of a backup where they are wanted, over nothing.
func (s *session) restoreKeys(dir, to string) error {
	for _, name := range []string{backedSigners, backedLedger} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if to == "" {
			s.tell(freehold.T("with it are public keys (%s); %s writes them", name, "--keys-to DIR"))
			continue
		}
		path := filepath.Join(to, name)
		if err == nil {
			err = os.MkdirAll(to, 0o700)
		}
		var f *os.File
		if err == nil {
			f, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		}
		if err == nil {
			_, err = f.Write(text)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("cannot write %q", path), Err: plain(err)}
		}
	}
	return nil
}
