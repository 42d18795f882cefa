package freehold

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// room is one row of the import table: the folders it covers, and what of this
// module they may import. Standard library and third parties are free except
// where banned or limited.
type room struct {
	folders []string // "verify/..." covers verify and all below; "" is the root
	ours    []string // "." is the root package
	banned  []string // third-party prefixes
	only    []string // if set, the only third-party prefixes allowed
}

var leafRooms = []string{"internal/policy", "internal/resolve", "internal/fetch", "internal/limit", "internal/tabular", "internal/headings", "internal/providerapi/..."}

var capabilityRooms = []string{"registrar/...", "dnsexport/...", "verify/..."}

// The table of docs/design.md §4. Order matters: the first room that covers a
// folder decides.
var importTable = []room{
	{folders: []string{""}, ours: nil, only: []string{"golang.org/x/net/idna", "golang.org/x/net/publicsuffix"}},
	{folders: []string{"registrar/..."}, ours: append([]string{".", "registrar/..."}, leafRooms...)},
	{folders: []string{"dnsexport/dnsexporttest"}, ours: append([]string{".", "dnsexport/...", "internal/resolve/serverstest"}, leafRooms...)},
	{folders: []string{"dnsexport/..."}, ours: append([]string{".", "dnsexport/..."}, leafRooms...)},
	{folders: []string{"verify/..."}, ours: append([]string{".", "verify/..."}, leafRooms...)},
	{folders: leafRooms, ours: append([]string{"."}, leafRooms...)},
	{folders: []string{"internal/resolve/serverstest"}, ours: append([]string{"."}, leafRooms...)},
	{folders: []string{"internal/flow/work"}, ours: append([]string{".", "internal/flow/desk"}, capabilityRooms...)},
	{folders: []string{"internal/flow/..."}, ours: append(append([]string{"."}, leafRooms...), capabilityRooms...)},
	{folders: []string{"internal/storetest/..."}, ours: []string{".", "internal/store/...", "internal/storetest/..."}},
	{folders: []string{"internal/store/..."}, ours: []string{".", "internal/store/..."}, banned: []string{"github.com/riverqueue"}},
	{folders: []string{"internal/ledger/...", "internal/report/...", "internal/seal/...", "internal/mail/...", "internal/secret/..."}, ours: []string{"."}, banned: []string{"github.com/riverqueue"}},
	{folders: []string{"internal/queue/..."}, ours: []string{"."}},
	{folders: []string{"internal/portal/..."}, ours: []string{".", "internal/flow/...", "internal/report/..."}},
	{folders: []string{"internal/lab/..."}, ours: append(append([]string{".", "internal/..."}, leafRooms...), capabilityRooms...)},
	{folders: []string{"cmd/freehold/...", "examples/..."}, ours: []string{"..."}},
}

func covers(patterns []string, folder string) bool {
	for _, p := range patterns {
		if p == "..." || p == folder || p == "." && folder == "" {
			return true
		}
		if below, ok := strings.CutSuffix(p, "/..."); ok && (folder == below || strings.HasPrefix(folder, below+"/")) {
			return true
		}
	}
	return false
}

// TestImportTable walks every Go file and holds it to the table. Test files may
// reach one step further: their own package's siblings that exist for tests.
func TestImportTable(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go"):
			return nil
		}
		files++
		checkImports(t, filepath.ToSlash(p))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Errorf("only %d files walked: the test does not look where the code is", files)
	}
}

// roomOf returns the first room that covers a folder, or nil.
func roomOf(folder string) *room {
	for i := range importTable {
		if covers(importTable[i].folders, folder) {
			return &importTable[i]
		}
	}
	return nil
}

func checkImports(t *testing.T, file string) {
	folder := path.Dir(file)
	if folder == "." {
		folder = ""
	}
	r := roomOf(folder)
	if r == nil {
		t.Errorf("%s: the folder has no room in the import table", file)
		return
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	test := strings.HasSuffix(file, "_test.go")
	for _, im := range f.Imports {
		imp, _ := strconv.Unquote(im.Path.Value)
		if why := importBreaks(r, imp, test); why != "" {
			t.Errorf("%s imports %q: %s", file, imp, why)
		}
	}
}

// testHelpers are the packages made for tests: every test file may use them.
var testHelpers = []string{"internal/resolve/serverstest", "internal/storetest/..."}

func importBreaks(r *room, imp string, test bool) string {
	if imp == "freehold" || strings.HasPrefix(imp, "freehold/") {
		folder := strings.TrimPrefix(strings.TrimPrefix(imp, "freehold"), "/")
		if covers(r.ours, folder) || test && (covers(testHelpers, folder) || covers(r.folders, folder)) {
			return ""
		}
		return "not in this room's row of the import table"
	}
	first, _, _ := strings.Cut(imp, "/")
	if !strings.Contains(first, ".") {
		return "" // standard library
	}
	for _, b := range r.banned {
		if strings.HasPrefix(imp, b) {
			return "banned here"
		}
	}
	if r.only == nil || test {
		return ""
	}
	for _, o := range r.only {
		if imp == o {
			return ""
		}
	}
	return "the root takes no library but those of the import table"
}

func TestImportTableCatches(t *testing.T) {
	root, store, verify := roomOf(""), roomOf("internal/store"), roomOf("verify")
	for _, c := range []struct {
		r    *room
		imp  string
		good bool
	}{
		{root, "strings", true},
		{root, "github.com/miekg/dns", false},
		{root, "freehold/internal/limit", false},
		{store, "freehold", true},
		{store, "freehold/internal/report", false},
		{store, "github.com/riverqueue/river", false},
		{verify, "freehold/verify/rules", true},
		{verify, "freehold/internal/policy", true},
		{verify, "freehold/registrar/rdap", false},
		{verify, "freehold/internal/store", false},
	} {
		if got := importBreaks(c.r, c.imp, false) == ""; got != c.good {
			t.Errorf("%v importing %q: allowed %v, want %v", c.r.folders, c.imp, got, c.good)
		}
	}
}

// TestRootHasNoJSONTags keeps storage and presentation out of the vocabulary.
func TestRootHasNoJSONTags(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := fs.ReadFile(rootFS, file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "`json:") {
			t.Errorf("%s has JSON tags", file)
		}
	}
}

var rootFS = os.DirFS(".")
