package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"freehold"
	"freehold/internal/store"
	"freehold/internal/storetest/sample"
)

// populated makes a database of a few hundred kilobytes and returns its path.
func populated(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "freehold.db")
	s := open(t, path)
	run := sample.Run(0)
	var batch []store.Saved
	for i := range 40 {
		result, evidence := sample.Audited(fmt.Sprintf("name-%d.fr", i), run.Started)
		evidence = append(evidence, freehold.Evidence{Query: result.Asked, Body: noise(result.Asked, 8000)})
		batch = append(batch, store.Saved{Result: result, Evidence: evidence})
	}
	if err := errors.Join(s.BeginRun(t.Context(), run), s.Save(t.Context(), run.ID, batch), s.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whatever cannot be opened gives a clear error and stays as it was, octet for
// octet, and nothing is left beside it.
func TestWhatCannotBeOpenedStaysAsItWas(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		kind freehold.ErrorKind
		say  string
	}{
		{"a text file", func(t *testing.T, path string) { write(t, path, []byte("example.fr\nexample.ch\n")) }, freehold.KindDamaged, "is not a database"},
		{"a short file", func(t *testing.T, path string) { write(t, path, []byte("SQLite format 3\x00")) }, freehold.KindDamaged, "not one of freehold's"},
		{"noise", func(t *testing.T, path string) { write(t, path, noise("x", 100_000)) }, freehold.KindDamaged, "is not a database"},
		{"a folder", func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, freehold.KindDamaged, "is a folder"},
		{"a pipe", func(t *testing.T, path string) { must(t, syscall.Mkfifo(path, 0o600)) }, freehold.KindDamaged, "no ordinary file"},
		{"another program's database", func(t *testing.T, path string) {
			exec1(t, rawSQLite(t, path), "CREATE TABLE bookmarks (url TEXT)")
		}, freehold.KindDamaged, "not one of freehold's"},
		{"another program's database, in use", func(t *testing.T, path string) {
			exec1(t, rawSQLite(t, path), "CREATE TABLE bookmarks (url TEXT)")
			write(t, path+"-journal", noise("journal", 5000))
		}, freehold.KindDamaged, "not one of freehold's"},
		{"cut off", damaged(func(b []byte) []byte { return b[:len(b)/2] }), freehold.KindDamaged, "is damaged"},
		{"the last octet gone", damaged(func(b []byte) []byte { return b[:len(b)-1] }), freehold.KindDamaged, "is damaged"},
		{"the first page gone", damaged(func(b []byte) []byte { copy(b, make([]byte, 4096)); return b }), freehold.KindDamaged, "is not a database"},
		{"the schema overwritten", damaged(func(b []byte) []byte { copy(b[100:4096], noise("x", 3996)); return b }), freehold.KindDamaged, "is damaged"},
		{"pages overwritten", damaged(func(b []byte) []byte {
			for page := len(b) / 2 &^ 4095; page+4096 <= len(b); page += 4096 { // which the schema does not need
				copy(b[page:page+8], "\xff\xff\xff\xff\xff\xff\xff\xff")
			}
			return b
		}), freehold.KindDamaged, "is damaged"},
		{"gone, its log still there", func(t *testing.T, path string) {
			_, wal := whileOpen(t, nil)
			write(t, path, nil)
			write(t, path+"-wal", wal)
		}, freehold.KindDamaged, "is damaged"},
		{"newer", func(t *testing.T, path string) {
			copyFile(t, populated(t), path)
			newer(t, path)
		}, freehold.KindNewer, "newer freehold"},
		{"newer, killed with its log full", func(t *testing.T, path string) {
			main, wal := whileOpen(t, newer)
			write(t, path, main)
			write(t, path+"-wal", wal)
		}, freehold.KindNewer, "newer freehold"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "it.db")
			c.make(t, path)
			var before map[string]string
			if c.name != "a pipe" { // which nobody can read to its end
				before = snapshot(t, dir)
			}
			s, err := store.Open(t.Context(), path, store.Options{AutoMigrate: true})
			if s != nil || freehold.KindOf(err) != c.kind || !strings.Contains(fmt.Sprint(err), c.say) || !strings.Contains(fmt.Sprint(err), path) || freehold.HintOf(err) == "" {
				t.Errorf("open: %v of kind %d, want %q of kind %d, with a hint", err, freehold.KindOf(err), c.say, c.kind)
			}
			if st, err := store.Inspect(t.Context(), path, store.Options{}); err != nil || freehold.KindOf(st.Problem) != c.kind {
				t.Errorf("inspect: %+v, %v", st, err)
			}
			if before != nil {
				os.Remove(path + "-shm") // the index of a log: no data, made anew by whoever reads it
				wantSame(t, dir, before)
			}
		})
	}
}

func damaged(how func([]byte) []byte) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		b, err := os.ReadFile(populated(t))
		must(t, err)
		write(t, path, how(b))
	}
}

// newer makes a database look like that of a later version.
func newer(t *testing.T, path string) {
	db := rawSQLite(t, path)
	exec1(t, db, "INSERT INTO schema_version (version_id, is_applied) VALUES (99, 1)")
	must(t, db.Close())
}

// whileOpen returns a database file and its log as a process that is killed
// leaves them.
func whileOpen(t *testing.T, change func(*testing.T, string)) (file, wal []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "freehold.db")
	s := open(t, path)
	must(t, s.BeginRun(t.Context(), sample.Run(0)))
	if change != nil {
		change(t, path)
	}
	file, err := os.ReadFile(path)
	must(t, err)
	wal, err = os.ReadFile(path + "-wal")
	if must(t, err); len(wal) == 0 {
		t.Fatal("the log is empty: the test shows nothing")
	}
	return file, wal
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	must(t, os.WriteFile(path, b, 0o600))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	must(t, err)
	write(t, to, b)
}

// A database whose program was killed opens with all that was in its log.
func TestLogOfAKilledProgramIsRead(t *testing.T) {
	file, wal := whileOpen(t, nil)
	path := filepath.Join(t.TempDir(), "freehold.db")
	write(t, path, file)
	write(t, path+"-wal", wal)
	if run, err := open(t, path).LastRun(t.Context()); err != nil || run.ID != sample.Run(0).ID {
		t.Errorf("%+v, %v", run, err)
	}
}

// Deep inside a large file damage shows only when it is met, and then as such.
func TestDamagedRecords(t *testing.T) {
	onEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		run := sample.Run(0)
		result, evidence := sample.Audited("pain.fr", run.Started)
		must(t, errors.Join(s.BeginRun(t.Context(), run), s.Save(t.Context(), run.ID, []store.Saved{{Result: result, Evidence: evidence}})))
		driver := rawPostgres
		if !strings.HasPrefix(dsn, "postgres") {
			driver = rawSQLite
		}
		db := driver(t, dsn)
		for _, c := range []struct {
			change string
			arg    any
			read   func() error
		}{
			{"UPDATE evidence SET body = $1", []byte("changed"), func() error { _, err := s.Evidence(t.Context(), evidence[0].ID()); return err }},
			{"UPDATE evidence SET header = $1", []byte("x"), func() error { _, err := s.EvidenceOf(t.Context(), run.ID, result.Name); return err }},
			{"UPDATE results SET packing = '', doc = $1", []byte("{}"), func() error { _, err := s.Result(t.Context(), run.ID, result.Name); return err }},
			{"UPDATE results SET packing = $1", "zstd", func() error { _, _, err := s.Latest(t.Context(), result.Name); return err }},
			{"UPDATE runs SET args = $1", "?", func() error { _, err := s.LastRun(t.Context()); return err }},
		} {
			exec1(t, db, c.change, c.arg)
			if err := c.read(); freehold.KindOf(err) != freehold.KindDamaged || freehold.HintOf(err) == "" {
				t.Errorf("after %s: %v", c.change, err)
			}
			if st, err := store.Inspect(t.Context(), dsn, store.Options{}); err != nil || freehold.KindOf(st.Problem) != freehold.KindDamaged {
				t.Errorf("inspect after %s: %+v, %v", c.change, st, err)
			}
		}
		exec1(t, db, "UPDATE results SET doc_version = 99")
		exec1(t, db, "UPDATE evidence SET header = $1", []byte("y"))
		for _, err := range s.History(t.Context(), result.Name) {
			if freehold.KindOf(err) != freehold.KindDamaged { // the digest no longer holds; that comes first
				t.Errorf("history: %v", err)
			}
		}
	})
}

// Files of names are nobody else's business, whatever the umask.
func TestFilesArePrivate(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "new", "folder")
	s := open(t, filepath.Join(dir, "freehold.db"))
	must(t, s.BeginRun(t.Context(), sample.Run(0)))
	_, err := s.Backup(t.Context(), filepath.Join(dir, "backup.gz"), sample.Start)
	must(t, err)
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 4 {
		t.Errorf("%v, want the database, its log, its index and the backup", entries)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if info, err := os.Stat(d); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v, %v", d, info.Mode(), err)
		}
	}
}

func TestPathsOfAnyText(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a b.db", "what?.db", "100%.db", "a#b.db", "é&mode=ro.db", "%41.db", "it's.db"} {
		path := filepath.Join(dir, name)
		s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		must(t, errors.Join(s.BeginRun(t.Context(), sample.Run(0)), s.Close()))
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if st, err := store.Inspect(t.Context(), path, store.Options{}); err != nil || st.Problem != nil || st.Rows[0].Rows != 1 {
			t.Errorf("%s: %+v, %v", name, st, err)
		}
	}
}

// A database that another program holds gives a clear error in time, and works
// when that has finished.
func TestBusy(t *testing.T) {
	path := populated(t)
	s, err := store.Open(t.Context(), path, store.Options{BusyTimeout: 50 * time.Millisecond})
	must(t, err)
	defer s.Close()
	other := rawSQLite(t, path)
	exec1(t, other, "BEGIN IMMEDIATE")
	err = s.BeginRun(t.Context(), sample.Run(1))
	if freehold.KindOf(err) != freehold.KindBusy || freehold.HintOf(err) == "" {
		t.Errorf("%v of kind %d", err, freehold.KindOf(err))
	}
	if _, err := s.LastRun(t.Context()); err != nil {
		t.Errorf("reading while another writes: %v", err)
	}
	exec1(t, other, "ROLLBACK")
	must(t, s.BeginRun(t.Context(), sample.Run(1)))
	must(t, s.Close())

	before, err := os.ReadFile(path)
	must(t, err)
	exec1(t, other, "PRAGMA locking_mode = EXCLUSIVE")
	exec1(t, other, "BEGIN EXCLUSIVE")
	_, err = store.Open(t.Context(), path, store.Options{BusyTimeout: 50 * time.Millisecond})
	if freehold.KindOf(err) != freehold.KindBusy {
		t.Errorf("opening what is held: %v of kind %d", err, freehold.KindOf(err))
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed, %v", err)
	}
}

// Several programs may be the first at once.
func TestCreatedByManyAtOnce(t *testing.T) {
	for i, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			dsn := e.dsn(t)
			if i == 1 {
				dsn = emptyPostgres(t)
			}
			var all sync.WaitGroup
			for n := range 6 {
				all.Go(func() {
					s, err := store.Open(t.Context(), dsn, store.Options{})
					if err != nil {
						t.Error(err)
						return
					}
					if err := errors.Join(s.BeginRun(t.Context(), sample.Run(n)), s.Close()); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			st, err := store.Inspect(t.Context(), dsn, store.Options{})
			if err != nil || st.Problem != nil || st.Rows[0].Rows != 6 {
				t.Errorf("%+v, %v", st, err)
			}
		})
	}
}

func TestInspect(t *testing.T) {
	_, err := store.Inspect(t.Context(), filepath.Join(t.TempDir(), "none.db"), store.Options{})
	if freehold.KindOf(err) != freehold.KindNotFound {
		t.Errorf("of nothing: %v", err)
	}
	onEngines(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		must(t, s.BeginRun(t.Context(), sample.Run(0)))
		st, err := store.Inspect(t.Context(), dsn, store.Options{})
		must(t, err)
		if st.Problem != nil || st.Schema != st.Needed || st.Needed < 1 || st.Size < 4096 || st.Version == "" || st.Location != s.Location() || len(st.Rows) < 7 || st.Rows[0] != (store.TableCount{Table: "runs", Rows: 1}) {
			t.Errorf("%+v", st)
		}
	})
}
