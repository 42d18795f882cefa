package store

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"os"
	"time"

	"freehold"
)

// A backup is one gzip file of JSON lines, the same for both engines, readable
// with zcat:
//
//	{"freehold_backup":1,"schema":1,"made":"2026-11-25T09:35:16Z"}
//	{"table":"runs","columns":["id","started",…]}
//	["20261125T093516Z-3f9a2c",1795944916000000,…]
//	…
//	{"end":true,"rows":1234,"sha256":"…"}
//
// A row has a string for TEXT, a number for BIGINT, and {"b":"base64"} for BYTEA.
// The digest of the last line covers all lines before it; a file without that
// line is incomplete and refused.
const backupForm = 1

type table struct{ name, order string }

// tables lists all tables so that each comes after those it refers to, with the
// columns that order its rows.
var tables = []table{
	{"runs", "id"},
	{"run_names", "run, seq"},
	{"results", "run, name, rev"},
	{"evidence", "digest"},
	{"edges", "run, name, layer, holder"},
	{"attestations", "name, seq"},
	{"challenges", "name, kind, token"},
	{"zone_copies", "name, seq"},
	{"imports", "id"},
	{"portfolio", "name"},
	{"portfolio_tags", "name, tag"},
	{"portfolio_claims", "name, field, seq"},
	{"cases", "id"},
	{"case_events", "case_id, seq"},
	{"leases", "thing"},
	{"sealed_codes", "case_id"},
	{"outbox", "case_id, seq, part"},
	{"ledger_leaves", "case_id, seq"},
	{"ledger_hashes", "idx"},
	{"checkpoints", "size"},
	{"register", "account, seq"},
	{"purges", "thing, at"},
}

type backupHead struct {
	Form   int64     `json:"freehold_backup"`
	Schema int64     `json:"schema"`
	Made   time.Time `json:"made"`
}

type backupTable struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

type backupEnd struct {
	End    bool   `json:"end"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

type blob struct {
	B []byte `json:"b"`
}

// BackupInfo says what a backup holds.
type BackupInfo struct {
	Schema int64
	Made   time.Time
	Tables []TableCount
	Rows   int64
	SHA256 string // of the lines, in hexadecimal
}

// Backup writes everything into a new file of mode 0600, as it stood at one
// moment, while others go on reading and writing. The file appears complete or
// not at all. made is written into it.
func (s *Store) Backup(ctx context.Context, path string, made time.Time) (BackupInfo, error) {
	var info BackupInfo
	err := writeFile(path, false, func(f *os.File) (err error) {
		info, err = s.writeBackup(ctx, f, made)
		return err
	})
	if err != nil {
		return BackupInfo{}, s.failFile(ctx, freehold.T("cannot write backup %q", path), err)
	}
	return info, nil
}

// WriteBackup writes what Backup does to whatever takes it, such as a cipher.
func (s *Store) WriteBackup(ctx context.Context, w io.Writer, made time.Time) (BackupInfo, error) {
	info, err := s.writeBackup(ctx, w, made)
	if err != nil {
		return BackupInfo{}, s.failFile(ctx, freehold.T("cannot write the backup"), err)
	}
	return info, nil
}

// CheckBackup reads a backup to its end and holds it against its digest. Errors:
// KindDamaged (no backup, incomplete or altered), KindNewer.
func CheckBackup(ctx context.Context, r io.Reader) (BackupInfo, error) {
	info, err := readBackup(ctx, r, nil)
	return info, backupError("backup", err)
}

// failFile turns an error about a backup file into one for people. What the
// database itself is to blame for says so already.
func (s *Store) failFile(ctx context.Context, what freehold.Text, err error) error {
	if !isFileError(err) {
		return s.fail(ctx, "read from", err)
	}
	kind, advice := kindOf(err), freehold.Text{}
	switch kind {
	case freehold.KindFull:
		advice = freehold.T("free some space, or write to another disk")
	case freehold.KindPermission:
		advice = freehold.T("check who owns the file and its folder")
	}
	return &freehold.Error{Kind: kind, Text: what, Advice: advice, Err: err}
}

func (s *Store) writeBackup(ctx context.Context, f io.Writer, made time.Time) (BackupInfo, error) {
	version, err := readVersion(ctx, s.reader, s.address.postgres)
	if err != nil {
		return BackupInfo{}, err
	}
	var options *sql.TxOptions // SQLite's readers see one moment anyway
	if s.address.postgres {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := s.reader.BeginTx(ctx, options)
	if err != nil {
		return BackupInfo{}, err
	}
	defer tx.Rollback()
	zip := gzip.NewWriter(f)
	w := newLineWriter(zip)
	info := BackupInfo{Schema: version, Made: made.UTC()}
	w.line(backupHead{backupForm, version, info.Made})
	for _, t := range tablesOf(s.options.migrations) {
		n, err := w.table(ctx, tx, t.name, t.order)
		if err != nil {
			return BackupInfo{}, err
		}
		info.Tables = append(info.Tables, TableCount{t.name, n})
		info.Rows += n
	}
	info.SHA256 = w.sum()
	w.line(backupEnd{true, info.Rows, info.SHA256})
	if err := w.flush(); err != nil {
		return BackupInfo{}, err
	}
	return info, zip.Close()
}

// lineWriter writes JSON lines and digests them. It remembers its first error.
type lineWriter struct {
	out  *bufio.Writer
	json *json.Encoder
	hash hash.Hash
	err  error
}

func newLineWriter(to io.Writer) *lineWriter {
	w := &lineWriter{hash: sha256.New()}
	w.out = bufio.NewWriterSize(io.MultiWriter(to, w.hash), 64<<10)
	w.json = json.NewEncoder(w.out)
	w.json.SetEscapeHTML(false)
	return w
}

func (w *lineWriter) line(v any) {
	if w.err == nil {
		w.err = w.json.Encode(v)
	}
}

func (w *lineWriter) flush() error {
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}

// sum returns the digest of all lines so far.
func (w *lineWriter) sum() string {
	_ = w.flush() // remembered
	return hex.EncodeToString(w.hash.Sum(nil))
}

func (w *lineWriter) table(ctx context.Context, tx *sql.Tx, name, order string) (int64, error) {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+name+" ORDER BY "+order)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	w.line(backupTable{name, columns})
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	var n int64
	for rows.Next() && w.err == nil {
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				values[i] = blob{append([]byte{}, b...)} // an empty one may come back as nil, and is no null
			}
		}
		w.line(values)
		n++
	}
	if err := rows.Err(); err != nil {
		return n, err
	}
	return n, w.err
}

// isFileError tells the errors of a file from those of a database.
func isFileError(err error) bool {
	var path *os.PathError
	var link *os.LinkError
	return errors.As(err, &path) || errors.As(err, &link)
}
