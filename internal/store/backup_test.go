package store

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"freehold"
	"freehold/internal/storetest/sample"
)

// someBackup returns the lines of a backup with a little in it.
func someBackup(t testing.TB) []byte {
	t.Helper()
	s := openSome(t, Options{})
	run := sample.Run(0)
	result, evidence := sample.Audited("pain.fr", run.Started)
	if err := s.BeginRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), run.ID, []Saved{{result, evidence}}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "backup.gz")
	if _, err := s.Backup(t.Context(), path, sample.Start); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func zipped(lines []byte) []byte {
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	_, _ = zip.Write(lines)
	_ = zip.Close()
	return b.Bytes()
}

// resealed computes the last line anew, as somebody who means harm would.
func resealed(lines string) []byte {
	body := lines[:strings.LastIndex(strings.TrimSpace(lines), "\n")+1]
	rows := strings.Count(body, "\n[")
	return zipped(fmt.Appendf(nil, "%s{\"end\":true,\"rows\":%d,\"sha256\":\"%x\"}\n", body, rows, digestOf([]byte(body))))
}

// A backup that is not whole and true is refused before anything is changed.
func TestDamagedBackups(t *testing.T) {
	good := string(someBackup(t))
	whole := zipped([]byte(good))
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for name, b := range map[string][]byte{
		"empty":               {},
		"text":                []byte("example.fr\n"),
		"another gzip file":   zipped([]byte("hello\n")),
		"cut off":             whole[:len(whole)/2],
		"its check sum gone":  whole[:len(whole)-4],
		"flipped":             flipped,
		"without its end":     zipped([]byte(good[:strings.LastIndex(strings.TrimSpace(good), "\n")+1])),
		"a word changed":      zipped([]byte(strings.Replace(good, "0.1.0", "0.1.1", 1))),
		"a row less":          zipped([]byte(strings.Replace(good, good[strings.Index(good, `["`+sample.Run(0).ID):strings.Index(good, `{"table":"run_names"`)], "", 1))),
		"something after it":  zipped([]byte(good + "[1]\n")),
		"a line cut":          zipped([]byte(good[:len(good)-30])),
		"no such table":       resealed(strings.Replace(good, `"table":"runs"`, `"table":"sqlite_master"`, 1)),
		"no such column":      resealed(strings.Replace(good, `"columns":["id"`, `"columns":["colour"`, 1)),
		"SQL for a table":     resealed(strings.Replace(good, `"table":"runs"`, `"table":"runs; DROP TABLE runs"`, 1)),
		"SQL for a column":    resealed(strings.Replace(good, `"columns":["id"`, `"columns":["id) VALUES (1); --"`, 1)),
		"the table of schema": resealed(strings.Replace(good, `{"end"`, `{"table":"schema_version","columns":["version_id","is_applied"]}`+"\n[98,1]\n{\"end\"", 1)),
		"a value too many":    resealed(strings.Replace(good, `["`+sample.Run(0).ID, `[1,"x`, 1)),
		"a row of objects":    resealed(strings.Replace(good, `["`+sample.Run(0).ID+`"`, `[{"c":1}`, 1)),
		"a link to nothing":   resealed(strings.Replace(good, `["`+sample.Run(0).ID, `["other`, 1)),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "backup.gz")
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			s := openSome(t, Options{})
			if err := s.BeginRun(t.Context(), sample.Run(7)); err != nil {
				t.Fatal(err)
			}
			_, err := s.Restore(t.Context(), path, true)
			if err == nil {
				t.Fatal("it was restored")
			}
			if freehold.KindOf(err) != freehold.KindDamaged || !strings.Contains(err.Error(), path) || freehold.HintOf(err) == "" {
				t.Errorf("%v of kind %d, want a damaged backup", err, freehold.KindOf(err))
			}
			if runs, err := s.Runs(t.Context(), 5); err != nil || len(runs) != 1 || runs[0].ID != sample.Run(7).ID {
				t.Errorf("after it: %+v, %v", runs, err)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		if _, err := openSome(t, Options{}).Restore(t.Context(), "/nowhere/backup.gz", true); freehold.KindOf(err) != freehold.KindNotFound {
			t.Error(err)
		}
	})
	t.Run("a folder", func(t *testing.T) {
		if _, err := openSome(t, Options{}).Restore(t.Context(), t.TempDir(), true); err == nil || freehold.KindOf(err) == freehold.KindInternal {
			t.Error(err)
		}
	})
}

// A backup never takes the place of another file, and none is left half-made.
func TestBackupIsNewOrNothing(t *testing.T) {
	s := openSome(t, Options{})
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Backup(t.Context(), there, sample.Start); freehold.KindOf(err) != freehold.KindInvalid {
		t.Errorf("over another file: %v", err)
	}
	if _, err := s.Backup(t.Context(), filepath.Join(dir, "none", "b"), sample.Start); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("into no folder: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Backup(t.Context(), filepath.Join(dir, "closed"), sample.Start); err == nil {
		t.Error("of a closed database")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v; want the old file alone", entries, err)
	}
	if b, err := os.ReadFile(there); err != nil || string(b) != "mine" {
		t.Errorf("it holds %q, %v", b, err)
	}
}

// The same content at the same time gives the same octets.
func TestBackupIsDeterministic(t *testing.T) {
	if a, b := someBackup(t), someBackup(t); !bytes.Equal(a, b) {
		t.Errorf("%s\nand\n%s", a, b)
	}
}

// FuzzBackup: whatever the file, an answer and no panic; and what is accepted
// has the rows it says.
func FuzzBackup(f *testing.F) {
	good := someBackup(f)
	f.Add(good)
	f.Add([]byte("{\"freehold_backup\":1}\n{\"table\":\"runs\",\"columns\":[\"id\"]}\n[null]\n{\"end\":true}\n"))
	f.Fuzz(func(t *testing.T, lines []byte) {
		sink := &countingSink{}
		for _, b := range [][]byte{zipped(lines), lines, resealed(string(lines) + "\n{}")} {
			*sink = countingSink{}
			if info, err := readBackup(t.Context(), bytes.NewReader(b), sink); err == nil && (info.Rows != sink.rows || len(info.Tables) != sink.tables) {
				t.Fatalf("%+v, and %+v came", info, sink)
			}
		}
	})
}

type countingSink struct {
	tables int
	rows   int64
}

func (c *countingSink) table(backupTable) error { c.tables++; return nil }
func (c *countingSink) row([]any) error         { c.rows++; return nil }
