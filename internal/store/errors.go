package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"freehold"
)

// fail turns any error into one for people. The cause is kept as text only: the
// engines' own errors carry addresses with passwords.
func (s *Store) fail(ctx context.Context, doing string, err error) error {
	var known *freehold.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !s.address.postgres:
		return err
	}
	cause := err
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		cause = path.Err // the address is named already
	}
	e := &freehold.Error{Kind: kindOf(err), Err: errors.New(freehold.OneLine(cause.Error()))}
	e.Text, e.Advice = s.say(e.Kind, doing)
	return e
}

// say puts a kind of trouble with this database into words.
func (s *Store) say(kind freehold.ErrorKind, doing string) (what, advice freehold.Text) {
	where := s.address.shown
	switch kind {
	case freehold.KindBusy:
		return freehold.T("database %q is in use by another program", where), freehold.T("wait until that has finished, then try again")
	case freehold.KindFull:
		return freehold.T("no room to write to database %q", where), freehold.T("free some space (or raise the quota) where it lies; what was saved before is kept")
	case freehold.KindDamaged:
		return freehold.T("database %q is damaged", where), freehold.T("keep that file, and restore the newest backup into a new one: %s", "freehold db restore BACKUP --db NEW")
	case freehold.KindPermission:
		if s.address.postgres {
			return freehold.T("not allowed to use database %q", where), freehold.T("check user, password and grants of the address")
		}
		return freehold.T("not allowed to use database %q", where), freehold.T("check who owns the file and its folder, and whether the disk is mounted read-only")
	case freehold.KindNotFound:
		return freehold.T("there is no database %q", where), freehold.T("create it first: %s", "createdb NAME")
	case freehold.KindUnavailable:
		return freehold.T("database %q does not answer", where), freehold.T("check that the server runs, and host and port of the address")
	}
	switch doing {
	case "open":
		return freehold.T("cannot open database %q", where), freehold.Text{}
	case "save to":
		return freehold.T("cannot save to database %q", where), freehold.Text{}
	case "read from":
		return freehold.T("cannot read from database %q", where), freehold.Text{}
	}
	return freehold.T("cannot work with database %q", where), freehold.Text{}
}

// kindOf tells which of our kinds an engine's error is.
func kindOf(err error) freehold.ErrorKind {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	var network *net.OpError // every syscall.Errno is a net.Error, a missing folder is none of the network
	switch {
	case err == nil:
	case errors.As(err, &lite):
		return sqliteKind(lite.Code())
	case errors.As(err, &pg):
		return postgresKind(pg.Code)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return freehold.KindPermission
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return freehold.KindFull
	case errors.As(err, &connect), errors.As(err, &network), errors.Is(err, sql.ErrConnDone), errors.Is(err, net.ErrClosed), pgconn.Timeout(err),
		errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), brokenOff(err):
		return freehold.KindUnavailable
	}
	return freehold.KindInternal
}

// brokenOff tells a connection that ended in the middle, which pgx says in text only.
func brokenOff(err error) bool {
	text := err.Error()
	return strings.Contains(text, "unexpected EOF") || strings.Contains(text, "conn closed") || strings.Contains(text, "bad connection")
}

// sqliteKind reads a result code of SQLite (https://sqlite.org/rescode.html).
// It says FULL only where the system said ENOSPC; over quota, over a limit of
// the process or on a failing disk it says that a write went wrong.
func sqliteKind(code int) freehold.ErrorKind {
	switch code {
	case sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE, sqlite3.SQLITE_IOERR_SHMSIZE:
		return freehold.KindFull
	case sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_DATA, sqlite3.SQLITE_IOERR_CORRUPTFS, sqlite3.SQLITE_IOERR_READ:
		return freehold.KindDamaged
	}
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return freehold.KindBusy
	case sqlite3.SQLITE_FULL:
		return freehold.KindFull
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return freehold.KindDamaged
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_CANTOPEN:
		return freehold.KindPermission
	}
	return freehold.KindInternal
}

// postgresKind reads an SQLSTATE
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func postgresKind(state string) freehold.ErrorKind {
	switch state {
	case "53100": // disk_full
		return freehold.KindFull
	case "53300", "55P03", "40001", "40P01", "55006": // too many connections, lock not available, serialization, deadlock, in use
		return freehold.KindBusy
	case "3D000": // no such database
		return freehold.KindNotFound
	case "42501", "25006": // insufficient privilege, read-only transaction
		return freehold.KindPermission
	case "XX001", "XX002", "58030", "42P01", "42703": // corrupted data or index, I/O error; a table or column of ours is gone
		return freehold.KindDamaged
	}
	switch {
	case strings.HasPrefix(state, "28"): // invalid authorization
		return freehold.KindPermission
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "57P"): // connection, shutdown, starting up
		return freehold.KindUnavailable
	}
	return freehold.KindInternal
}

// lostRace tells an error of a transaction that another one got in the way of,
// and that will go through when done again: serialization failure, deadlock.
func lostRace(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// notFound makes the error for a record that is not there.
func notFound(what, advice freehold.Text) error {
	return &freehold.Error{Kind: freehold.KindNotFound, Text: what, Advice: advice}
}

// damaged makes the error for one record that does not read back; what names
// the record.
func (s *Store) damaged(what freehold.Text, err error) error {
	text, advice := s.say(freehold.KindDamaged, "")
	return &freehold.Error{Kind: freehold.KindDamaged, Text: text, Advice: advice, Err: &freehold.Error{Kind: freehold.KindDamaged, Text: what, Err: err}}
}
