package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"freehold"
	"freehold/internal/store/db"
)

// maxBackupLine bounds one line of a backup, in octets: a value may not be
// larger than what is ever stored, in base64.
const maxBackupLine = 2 * maxUnpacked

// Restore replaces the content of the database by that of a backup, in one
// transaction: wholly or not at all. The file is read to its end and held
// against its digest before anything is changed. A database that holds something
// is refused, unless force is set. A backup of an older schema is first brought
// to this one in a temporary file.
//
// Errors: KindNotFound (no such file), KindDamaged (no backup, incomplete or
// altered), KindNewer, KindInvalid (the database is not empty), and those of Open.
func (s *Store) Restore(ctx context.Context, path string, force bool) (BackupInfo, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return BackupInfo{}, notFound(freehold.T("there is no backup %q", path), freehold.Text{})
	}
	if err != nil {
		return BackupInfo{}, s.failFile(ctx, freehold.T("cannot read backup %q", path), err)
	}
	defer f.Close()
	info, err := readBackup(ctx, f, nil)
	if err != nil {
		return BackupInfo{}, backupError(path, err)
	}
	needed := neededVersion(s.options.migrations)
	switch {
	case info.Schema > needed:
		return info, &freehold.Error{Kind: freehold.KindNewer, Text: freehold.T("backup %q was made by a newer freehold: it has schema %d, this one knows %d", path, info.Schema, needed), Advice: freehold.T("use that newer version")}
	case info.Schema < needed:
		return info, s.restoreOlder(ctx, path, info, force)
	}
	return info, s.load(ctx, f, path, info, force)
}

// load reads a backup that was verified into the tables, and makes sure that it
// is still the same file.
func (s *Store) load(ctx context.Context, f io.ReadSeeker, path string, verified BackupInfo, force bool) error {
	return s.write(ctx, "restore to", func(tx *sql.Tx, _ *db.Queries) error {
		if err := clearTables(ctx, tx, tablesOf(s.options.migrations), s.address.shown, force); err != nil {
			return err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		into := &loader{ctx: ctx, tx: tx}
		info, err := readBackup(ctx, f, into)
		if err == nil {
			err = into.flush()
		}
		if err == nil && info.SHA256 != verified.SHA256 {
			err = errBackup("it was changed while it was read")
		}
		return backupError(path, err)
	})
}

func clearTables(ctx context.Context, tx *sql.Tx, tables []table, shown string, force bool) error {
	for _, t := range slices.Backward(tables) {
		var n int64
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+t.name).Scan(&n); err != nil {
			return err
		}
		if n > 0 && !force {
			return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("database %q is not empty", shown), Advice: freehold.T("restore into a new one; --force replaces all that is in it")}
		}
		if n > 0 {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+t.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// restoreOlder loads a backup into a temporary file of its own schema, brings
// that to this one, and restores what a backup of it holds.
func (s *Store) restoreOlder(ctx context.Context, path string, info BackupInfo, force bool) error {
	dir, err := os.MkdirTemp("", "freehold-restore-") // mode 0700
	if err != nil {
		return s.failFile(ctx, freehold.T("cannot read backup %q", path), err)
	}
	defer os.RemoveAll(dir)
	old := s.options
	old.migrations = upTo{s.options.migrations, info.Schema}
	staged := filepath.Join(dir, "staged.db")
	if err := withStore(ctx, staged, old, func(stage *Store) error {
		_, err := stage.Restore(ctx, path, false)
		return err
	}); err != nil {
		return err
	}
	now := s.options
	now.AutoMigrate = true
	converted := filepath.Join(dir, "converted")
	if err := withStore(ctx, staged, now, func(stage *Store) error {
		_, err := stage.Backup(ctx, converted, info.Made)
		return err
	}); err != nil {
		return err
	}
	_, err = s.Restore(ctx, converted, force)
	return err
}

func withStore(ctx context.Context, path string, o Options, do func(*Store) error) error {
	s, err := Open(ctx, path, o)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.Close())
}

// upTo shows the migrations of a folder up to a version.
type upTo struct {
	fs.FS
	version int64
}

func (u upTo) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(u.FS, name)
	var some []fs.DirEntry
	for _, e := range all {
		if versionOf(e.Name()) <= u.version {
			some = append(some, e)
		}
	}
	return some, err
}

// rowSink takes the rows of a backup, table by table.
type rowSink interface {
	table(t backupTable) error
	row(values []any) error
}

// readBackup reads a backup to its end and checks it. sink may be nil.
func readBackup(ctx context.Context, f io.Reader, sink rowSink) (BackupInfo, error) {
	zip, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return BackupInfo{}, errBackup("it is not a backup of freehold's")
	}
	defer zip.Close()
	r := &backupReader{in: bufio.NewReaderSize(zip, 64<<10), hash: sha256.New(), sink: sink}
	line, err := r.next()
	var head backupHead
	if err != nil || json.Unmarshal(line, &head) != nil || head.Form == 0 {
		return BackupInfo{}, errBackup("it is not a backup of freehold's")
	}
	if head.Form > backupForm {
		return BackupInfo{}, &freehold.Error{Kind: freehold.KindNewer, Text: freehold.T("the backup has form %d, this freehold knows %d", head.Form, backupForm), Advice: freehold.T("use the newer version that made it")}
	}
	r.info = BackupInfo{Schema: head.Schema, Made: head.Made}
	for ended := false; !ended; {
		if err := ctx.Err(); err != nil {
			return r.info, err
		}
		if ended, err = r.step(); err != nil {
			return r.info, err
		}
	}
	if _, err := r.next(); err != io.EOF {
		return r.info, errBackup("something follows its end")
	}
	return r.info, nil
}

type backupReader struct {
	in   *bufio.Reader
	hash hash.Hash
	sink rowSink
	info BackupInfo
}

// step reads one line after the first, and tells whether it was the last.
func (r *backupReader) step() (ended bool, err error) {
	sum := hex.EncodeToString(r.hash.Sum(nil))
	line, err := r.next()
	switch {
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return false, errBackup("it is incomplete")
	case err != nil:
		return false, err
	case bytes.HasPrefix(line, []byte(`[`)):
		return false, r.row(line)
	case bytes.HasPrefix(line, []byte(`{"end"`)):
		var end backupEnd
		if json.Unmarshal(line, &end) != nil || !end.End || end.SHA256 != sum || end.Rows != r.info.Rows {
			return false, errBackup("it is not what its digest says")
		}
		r.info.SHA256 = sum
		return true, nil
	}
	var t backupTable
	if json.Unmarshal(line, &t) != nil || !validTable(t) {
		return false, errBackup("a line of it is not understood")
	}
	r.info.Tables = append(r.info.Tables, TableCount{Table: t.Table})
	if r.sink != nil {
		return false, r.sink.table(t)
	}
	return false, nil
}

func (r *backupReader) row(line []byte) error {
	if len(r.info.Tables) == 0 {
		return errBackup("a row of it belongs to no table")
	}
	r.info.Rows++
	r.info.Tables[len(r.info.Tables)-1].Rows++
	if r.sink == nil {
		return nil
	}
	values, err := parseRow(line)
	if err != nil {
		return errBackup("a row of it is not understood")
	}
	return r.sink.row(values)
}

// next returns the next line and takes it into the digest.
func (r *backupReader) next() ([]byte, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxBackupLine:
			return nil, errBackup("a line of it is longer than any that is ever written")
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
			return nil, err
		case err != nil:
			return nil, errBackup("it is altered: " + err.Error())
		}
		r.hash.Write(line)
		return line, nil
	}
}

func parseRow(line []byte) ([]any, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil {
		return nil, err
	}
	values := make([]any, len(raw))
	for i, v := range raw {
		switch {
		case bytes.HasPrefix(v, []byte(`"`)):
			var s string
			if err := json.Unmarshal(v, &s); err != nil {
				return nil, err
			}
			values[i] = s
		case bytes.HasPrefix(v, []byte(`{`)):
			var b blob
			if err := json.Unmarshal(v, &b); err != nil || b.B == nil {
				return nil, errors.New("octets expected")
			}
			values[i] = b.B
		default:
			var n int64
			if err := json.Unmarshal(v, &n); err != nil {
				return nil, err
			}
			values[i] = n
		}
	}
	return values, nil
}

var identifier = regexp.MustCompile(`^[a-z][a-z_]{0,40}$`)

// validTable refuses what is no table of ours: its names go into SQL.
func validTable(t backupTable) bool {
	ours := slices.ContainsFunc(tables, func(o table) bool { return o.name == t.Table })
	if !ours || len(t.Columns) == 0 || len(t.Columns) > 100 {
		return false
	}
	for _, c := range t.Columns {
		if !identifier.MatchString(c) {
			return false
		}
	}
	return true
}

// loader inserts rows, some at a time.
type loader struct {
	ctx  context.Context
	tx   *sql.Tx
	head string
	cols int
	rows [][]any
}

func (l *loader) table(t backupTable) error {
	if err := l.flush(); err != nil {
		return err
	}
	l.cols = len(t.Columns)
	l.head = "INSERT INTO " + t.Table + " (" + strings.Join(t.Columns, ", ") + ")"
	return nil
}

func (l *loader) row(values []any) error {
	if len(values) != l.cols {
		return errBackup("a row of it has another number of values than its table")
	}
	l.rows = append(l.rows, values)
	if len(l.rows) < manyRows {
		return nil
	}
	return l.flush()
}

func (l *loader) flush() error {
	err := insertMany(l.ctx, l.tx, l.head, "", l.rows)
	l.rows = l.rows[:0]
	if err != nil && l.ctx.Err() == nil && kindOf(err) == freehold.KindInternal {
		return errBackup("its rows do not fit the tables: " + freehold.OneLine(err.Error())) // made by somebody else, or with another schema
	}
	return err
}

// errBackup is what is wrong with a backup; backupError says with which.
type errBackup string

func (e errBackup) Error() string { return string(e) }

func backupError(path string, err error) error {
	var wrong errBackup
	if !errors.As(err, &wrong) {
		return err
	}
	return &freehold.Error{Kind: freehold.KindDamaged, Text: freehold.T("backup %q cannot be restored: %s", path, string(wrong)), Advice: freehold.T("nothing was changed; use another backup")}
}
