package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"freehold"
	"freehold/internal/storetest/sample"
)

// TestStoredForm pins how results are stored. A new field may be added: "make
// golden" writes it into the file. A field or word that is no longer read as it
// was stored is a break: raise docVersion, convert in decodeResult, and give the
// new form a file of its own.
func TestStoredForm(t *testing.T) {
	file := filepath.Join("testdata", fmt.Sprintf("result.v%d.json", docVersion))
	now, err := encodeResult(sample.Filled())
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile(file)
	if err != nil && os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatal(err)
	}
	if err == nil {
		wantReadAsStored(t, golden)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, now, "", " "); err != nil {
		t.Fatal(err)
	}
	indented.WriteByte('\n')
	switch {
	case t.Failed() || bytes.Equal(indented.Bytes(), golden):
	case os.Getenv("UPDATE_GOLDEN") != "":
		if err := os.WriteFile(file, indented.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s lacks fields that results have now: run make golden", file)
	}
}

// wantReadAsStored reads a stored document, stores it again, and wants every
// value of the first in the second.
func wantReadAsStored(t *testing.T, doc []byte) {
	t.Helper()
	r, err := decodeResult(docVersion, doc)
	if err != nil {
		t.Fatal(err)
	}
	again, err := encodeResult(r)
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range leaves(t, doc) {
		if got := leaves(t, again)[path]; got != value {
			t.Errorf("%s was stored as %v and is read as %v: the stored form is broken", path, value, got)
		}
	}
}

// leaves returns every value of a JSON document by its path.
func leaves(t *testing.T, doc []byte) map[string]any {
	t.Helper()
	var tree any
	if err := json.Unmarshal(doc, &tree); err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				walk(path+"."+k, e)
			}
		case []any:
			for i, e := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), e)
			}
		default:
			all[path] = v
		}
	}
	walk("", tree)
	return all
}

// Results stored by later versions are not guessed at.
func TestNewerDocument(t *testing.T) {
	for _, version := range []int64{docVersion + 1, 0, -1} {
		if _, err := decodeResult(version, []byte("{}")); freehold.KindOf(err) != freehold.KindNewer {
			t.Errorf("form %d: %v", version, err)
		}
	}
}

// FuzzDocument: whatever is read stores and reads again as the same.
func FuzzDocument(f *testing.F) {
	filled, err := encodeResult(sample.Filled())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(filled)
	f.Add([]byte(`{"Name":"a.fr","At":"0000-01-01T00:00:00Z","Observed":{"DNS":{"A":{"State":"value","Value":["::1%eth0"]}}}}`))
	f.Add([]byte(`{"Observed":{"Registration":{"Statuses":{"Value":[]}}},"Control":[],"Findings":null}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		first, err := decodeResult(docVersion, doc)
		if err != nil {
			return
		}
		stored, err := encodeResult(first)
		if err != nil {
			t.Fatalf("read, but not stored again: %v", err)
		}
		second, err := decodeResult(docVersion, stored)
		if err != nil {
			t.Fatalf("stored, but not read again: %v\n%s", err, stored)
		}
		if again, err := encodeResult(second); err != nil || !bytes.Equal(again, stored) {
			t.Fatalf("stored as\n%s\nand then as\n%s, %v", stored, again, err)
		}
	})
}

// FuzzPacking: what is packed unpacks to the same; what is not a packing is an
// error and no panic.
func FuzzPacking(f *testing.F) {
	f.Add("deflate", []byte("\x01\x02"))
	f.Add("", bytes.Repeat([]byte("registrar "), 100))
	f.Fuzz(func(t *testing.T, packing string, b []byte) {
		_, _ = unpack(packing, b)
		how, packed := pack(b)
		if back, err := unpack(how, packed); err != nil || !bytes.Equal(back, b) || len(packed) > len(b) {
			t.Fatalf("%d octets packed to %d and came back as %d, %v", len(b), len(packed), len(back), err)
		}
	})
}

// FuzzHeader: a header that can be written can be read, and gives the same ID;
// one that is read is written the same.
func FuzzHeader(f *testing.F) {
	f.Add("rdap", "https://x/", "a.fr", "200", "text/plain", int64(5), true)
	f.Add("a: b", "\n\n", "\xff\x00", "freehold-evidence: 1", "", int64(-1), false)
	f.Fuzz(func(t *testing.T, kind, source, query, status, media string, ns int64, truncated bool) {
		e := freehold.Evidence{Kind: freehold.EvidenceKind(kind), Source: source, Query: query, Status: status, MediaType: media, Time: fromMicros(ns/1000 + 1).Add(1), Truncated: truncated}
		back, err := parseHeader(e.Header())
		if err != nil || back.ID() != e.ID() {
			t.Fatalf("%q\nread as %+v, %v", e.Header(), back, err)
		}
		if raw, err := parseHeader(source); err == nil && raw.Header() != source {
			if again, err := parseHeader(raw.Header()); err != nil || again.ID() != raw.ID() {
				t.Fatalf("%q read as %+v", source, raw)
			}
		}
	})
}

func TestFilledFillsEverything(t *testing.T) {
	var check func(path string, v reflect.Value)
	check = func(path string, v reflect.Value) {
		if v.IsZero() {
			t.Errorf("%s is empty", path)
			return
		}
		switch {
		case v.Kind() == reflect.Slice:
			for i := range v.Len() {
				check(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
			}
		case v.Kind() == reflect.Struct && v.NumField() > 0 && v.Type().Field(0).IsExported():
			for i := range v.NumField() {
				check(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		}
	}
	check("Result", reflect.ValueOf(*sample.Filled()))
}

func TestUnpackIsBounded(t *testing.T) {
	_, bomb := pack(make([]byte, maxUnpacked+1))
	if _, err := unpack(deflated, bomb); err == nil {
		t.Error("what unpacks to more than is ever stored was unpacked")
	}
}

func TestTables(t *testing.T) {
	s := openSome(t, Options{})
	rows, err := s.reader.QueryContext(t.Context(), "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> $1", versionTable)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		n++
		if !slices.ContainsFunc(tables, func(t table) bool { return t.name == name }) {
			t.Errorf("table %q is in no backup", name)
		}
	}
	if n != len(tables) {
		t.Errorf("%d tables, want %d", n, len(tables))
	}
}
