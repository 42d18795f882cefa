package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"freehold"
)

const (
	// applicationID marks a SQLite file as freehold's: "frhd"
	// (https://sqlite.org/fileformat2.html#application_id).
	applicationID = 0x66726864
	// checkedUpTo is the size of a file up to which every Open checks the whole
	// structure; of larger ones "db status" does.
	checkedUpTo = 32 << 20
	readers     = 4
)

// openSQLite opens or creates the file. An existing one is first looked at
// through a connection that cannot write, and only a sound one of a schema we
// know is opened for writing.
func (s *Store) openSQLite(ctx context.Context) error {
	file, err := s.lookAtFile()
	if err != nil {
		return err
	}
	if file.fresh {
		if err := s.createFile(ctx); err != nil {
			return err
		}
	} else if _, err := s.peek(ctx, file); err != nil {
		return err
	}
	busy := fmt.Sprintf("busy_timeout(%d)", s.options.BusyTimeout.Milliseconds())
	write := url.Values{"_txlock": {"immediate"}, "_pragma": {busy, "foreign_keys(1)", "synchronous(FULL)", "trusted_schema(0)", "journal_size_limit(67108864)"}}
	read := url.Values{"_pragma": {busy, "query_only(1)", "trusted_schema(0)"}}
	if s.writer, err = sql.Open("sqlite", s.address.uri(write)); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	version, err := readVersion(ctx, s.writer, false)
	if err != nil {
		return err
	}
	if err := s.ensureSchema(ctx, version, func() error { return s.keepCopy(ctx, version) }); err != nil {
		return err
	}
	if s.reader, err = sql.Open("sqlite", s.address.uri(read)); err != nil {
		return err
	}
	s.reader.SetMaxOpenConns(readers)
	return nil
}

// fileState is what a look at the files tells, before SQLite sees them.
type fileState struct {
	fresh   bool // absent or empty: to be created
	size    int64
	logged  bool // there is a write-ahead log with something in it
	journal bool // there is a rollback journal: something was interrupted
}

// lookAtFile reads the header of the file. It refuses what is no database of
// ours.
func (s *Store) lookAtFile() (fileState, error) {
	path := s.address.path
	f := fileState{logged: size(path+"-wal") > 0, journal: size(path+"-journal") > 0}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.fresh = true
	case err != nil:
		return f, err
	case info.IsDir():
		return f, s.notOurs(freehold.T("%q is a folder", path))
	case !info.Mode().IsRegular():
		return f, s.notOurs(freehold.T("%q is no ordinary file", path))
	default:
		f.size, f.fresh = info.Size(), info.Size() == 0
	}
	if f.fresh && f.logged {
		return f, s.damaged(freehold.T("all of it"), errors.New("its write-ahead log is there, the file itself is gone or empty"))
	}
	if f.fresh {
		return f, nil
	}
	return f, s.checkHeader(f)
}

// checkHeader reads the first 100 octets (https://sqlite.org/fileformat2.html#the_database_header).
func (s *Store) checkHeader(f fileState) error {
	in, err := os.Open(s.address.path)
	if err != nil {
		return err
	}
	defer in.Close()
	header := make([]byte, 100)
	if n, err := io.ReadFull(in, header); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && n < len(header) {
		return err
	}
	if !bytes.HasPrefix(header, []byte("SQLite format 3\x00")) {
		return s.notOurs(freehold.T("%q is not a database", s.address.path))
	}
	if binary.BigEndian.Uint32(header[68:]) != applicationID {
		return s.notOurs(freehold.T("%q is a database, but not one of freehold's", s.address.path))
	}
	pageSize := int64(binary.BigEndian.Uint16(header[16:]))
	if pageSize == 1 {
		pageSize = 65536
	}
	current := bytes.Equal(header[24:28], header[92:96]) // else the page count is not to be believed
	if need := pageSize * int64(binary.BigEndian.Uint32(header[28:])); current && !f.logged && !f.journal && f.size < need {
		return s.damaged(freehold.T("the file"), fmt.Errorf("it has %d octets and should have %d", f.size, need))
	}
	return nil
}

func (s *Store) notOurs(what freehold.Text) error {
	return &freehold.Error{Kind: freehold.KindDamaged, Text: what, Advice: freehold.T("give another path; this file was left as it is")}
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// peek looks into an existing file without writing a single octet to it, and
// returns its schema version. Errors are those that forbid to open it.
func (s *Store) peek(ctx context.Context, f fileState) (int64, error) {
	if f.journal {
		// A program was killed while it created the file, or somebody changed the
		// journal mode: only an opening for writing can roll that back.
		return 0, nil
	}
	version, err := s.peekOnce(ctx, f)
	if err != nil && !f.logged && size(s.address.path+"-wal") > 0 {
		// Somebody began to write while we looked as if nobody could: look again under its locks.
		f.logged = true
		version, err = s.peekOnce(ctx, f)
	}
	return version, err
}

func (s *Store) peekOnce(ctx context.Context, f fileState) (int64, error) {
	pool, err := s.openUntouched(f)
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	version, err := readVersion(ctx, pool, false)
	if err != nil {
		return 0, err
	}
	if needed := neededVersion(s.options.migrations); version > needed {
		return version, s.newer(version, needed)
	}
	if f.size > checkedUpTo {
		return version, nil
	}
	return version, s.checkStructure(ctx, pool, "quick_check")
}

// openUntouched opens the file so that not an octet of it or its log changes.
// With a log, SQLite must read both under locks. Without one the file is
// complete and "immutable", which also leaves no new files beside it.
func (s *Store) openUntouched(f fileState) (*sql.DB, error) {
	params := url.Values{"mode": {"ro"}, "_pragma": {"query_only(1)", "trusted_schema(0)", "cell_size_check(1)", fmt.Sprintf("busy_timeout(%d)", s.options.BusyTimeout.Milliseconds())}}
	if !f.logged {
		params.Set("immutable", "1")
	}
	pool, err := sql.Open("sqlite", s.address.uri(params))
	if err == nil {
		pool.SetMaxOpenConns(1)
	}
	return pool, err
}

// checkStructure runs SQLite's own check: "quick_check" or "integrity_check".
func (s *Store) checkStructure(ctx context.Context, pool *sql.DB, check string) error {
	var said string
	if err := pool.QueryRowContext(ctx, "PRAGMA "+check+"(1)").Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return s.damaged(freehold.T("the structure"), errors.New(freehold.OneLine(said)))
	}
	return nil
}

// createFile makes the file, readable by its owner alone whatever the umask,
// and marks it as ours. The mark is made before the write-ahead log is switched
// on, so that it is always in the file itself. SQLite gives the log the mode of
// the file.
func (s *Store) createFile(ctx context.Context) error {
	dir := filepath.Dir(s.address.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(s.address.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		if err := errors.Join(f.Close(), syncDir(dir)); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	for deadline := time.Now().Add(s.options.BusyTimeout); ; {
		err := s.markFile(ctx)
		if kindOf(err) != freehold.KindBusy || time.Now().After(deadline) {
			return err
		}
		select { // two programs that change the journal mode at once do not wait for each other
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// markFile writes the first page of a new file.
func (s *Store) markFile(ctx context.Context) error {
	pool, err := sql.Open("sqlite", s.address.uri(url.Values{"_pragma": {fmt.Sprintf("busy_timeout(%d)", s.options.BusyTimeout.Milliseconds())}}))
	if err != nil {
		return err
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	if _, err := pool.ExecContext(ctx, "PRAGMA application_id = "+strconv.Itoa(applicationID)); err != nil {
		return err
	}
	var mode string
	if err := pool.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the disk of %q does not allow a write-ahead log", s.address.path), Advice: freehold.T("put the database on a local disk")}
	}
	return nil
}

// syncDir makes a new or renamed file in a folder survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *Store) copyPath(version int64) string {
	return fmt.Sprintf("%s.schema-%d.bak", s.address.path, version)
}

// keepCopy writes a complete copy of the file before its schema is changed.
func (s *Store) keepCopy(ctx context.Context, version int64) error {
	final := s.copyPath(version)
	err := writeFile(final, true, func(temp *os.File) error {
		_, err := s.writer.ExecContext(ctx, "VACUUM INTO $1", temp.Name())
		return err
	})
	if err != nil {
		return err
	}
	s.options.Log(freehold.T("the database is brought to a new schema; a copy of the old state is in %q", final))
	return nil
}

// writeFile makes a file appear complete or not at all: written beside its
// place with mode 0600, flushed, and renamed.
func writeFile(path string, replace bool, write func(*os.File) error) error {
	if _, err := os.Lstat(path); err == nil && !replace {
		return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q exists already", path), Advice: freehold.T("give another name, or move it away")}
	}
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if err := errors.Join(write(temp), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}
