package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"freehold"
)

// hostileText tries to move the cursor, forge a line and turn the text around.
const hostileText = "x\x1b[2J\r\nforged\u202e"

func importSample(t *testing.T) ([]freehold.Import, []freehold.ImportedRow, freehold.ImportSummary) {
	t.Helper()
	name, err := freehold.ParseName("bücher-lampe.de")
	if err != nil {
		t.Fatal(err)
	}
	at := func(row int) freehold.RowPlace { return freehold.RowPlace{File: "k.csv", Row: row} }
	files := []freehold.Import{{ID: "i", At: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), File: "k.csv", Digest: "sha256:00", Size: 9, Kind: "text", Encoding: "windows-1252", Guessed: true, Separator: ";",
		Sheets: []freehold.ImportSheet{{Heading: 1, Columns: []freehold.ImportColumn{
			{Number: 1, Heading: "Domain", Field: freehold.ListedName, How: freehold.ColumnByHeading},
			{Number: 2, Heading: "Bis", Field: freehold.ListedExpires, How: freehold.ColumnByUser, Order: "dmy"},
			{Number: 3, Heading: "Passwort", How: freehold.ColumnSecret},
			{Number: 4, Heading: hostileText},
			{Number: 5, Field: freehold.ListedHost, How: freehold.ColumnByContent}}}}}}
	rows := []freehold.ImportedRow{
		{RowPlace: at(2), Outcome: freehold.ImportNew, Name: name},
		{RowPlace: at(3), Outcome: freehold.ImportDuplicate, Name: name, First: at(2), Differs: []freehold.ListingField{freehold.ListedClient, freehold.ListedPayer}},
		{RowPlace: at(4), Outcome: freehold.ImportOdd, Written: hostileText, Why: []freehold.Text{freehold.T("%q is not a domain name", hostileText), freehold.T("it holds control characters")}},
		{RowPlace: at(5), Outcome: freehold.ImportUpdated, Name: name, Changes: []freehold.ListingChange{{Field: freehold.ListedClient, After: hostileText}}},
	}
	s := freehold.ImportSummary{Rows: 5, Missing: 21, Attested: 2, Skipped: 1, DryRun: true, Outcomes: map[freehold.ImportOutcome]int{
		freehold.ImportHeading: 1, freehold.ImportNew: 1, freehold.ImportDuplicate: 1, freehold.ImportOdd: 1, freehold.ImportUpdated: 1}}
	return files, rows, s
}

func tellImport(t *testing.T, format, lang string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := NewImport(format, &b, Options{Lang: lang, Width: 80, Unicode: true})
	if err != nil {
		t.Fatal(err)
	}
	files, rows, s := importSample(t)
	errs := []error{w.Begin(files)}
	for i := range rows {
		errs = append(errs, w.Row(&rows[i]))
	}
	for range 21 {
		errs = append(errs, w.Missing(freehold.Listing{Name: rows[0].Name, Client: "Lampe"}))
	}
	if err := errors.Join(append(errs, w.End(s))...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestImportTable(t *testing.T) {
	for lang, want := range map[string][]string{
		"": {
			"k.csv\n  A text in WINDOWS-1252 with semicolons between the columns.\n",
			"    Bis             date of expiry (as you say), the day before the month\n",
			"    Passwort        never read: it holds secrets\n",
			"    #5              host (by what stands in it)\n",
			"row 3  repeated  bücher-lampe.de stands in row 2 already, which counts; here it\n                 says otherwise: client, payer\n",
			"row 4  odd  \"x\uFFFD[2J forged\uFFFD\" is not a domain name: it holds control characters\n",
			"row 5  updated  bücher-lampe.de; client was none, is now x\uFFFD[2J forged\uFFFD\n",
			"and 1 more\n",
			"5 rows\n  1  new in the portfolio\n  1  in the portfolio already, and updated\n  1  repeating an earlier row\n  1  odd: nothing was taken\n  1  the heading, or above it\n  Every row is accounted for.\n",
			"  A dry run: nothing was kept.\n",
		},
		"fr": {"ligne 3  répété  bücher-lampe.de figure déjà à la ligne 2, qui fait foi\u202f; ici", "  Essai à blanc\u202f: rien n’a été conservé.\n", "5 lignes\n"},
		"de": {"Zeile 3  wiederholt  bücher-lampe.de steht schon in Zeile 2, die zählt; hier", "  Ein Probelauf: Nichts wurde gespeichert.\n", "5 Zeilen\n"},
	} {
		got := tellImport(t, FormatTable, lang)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%q lacks\n%s\nin\n%s", lang, w, got)
			}
		}
		if strings.ContainsAny(got, "\x1b\r\u202e") {
			t.Errorf("%q lets hostile text through", lang)
		}
	}
}

func TestImportJSON(t *testing.T) {
	whole := tellImport(t, FormatJSON, "")
	var doc struct {
		Schema  string           `json:"schema"`
		Files   []map[string]any `json:"files"`
		Rows    []map[string]any `json:"rows"`
		Missing []map[string]any `json:"missing"`
		Summary map[string]any   `json:"summary"`
	}
	if err := json.Unmarshal([]byte(whole), &doc); err != nil {
		t.Fatalf("%v in\n%s", err, whole)
	}
	if doc.Schema != SchemaImport || len(doc.Files) != 1 || len(doc.Rows) != 4 || len(doc.Missing) != 21 || doc.Summary["balanced"] != true || doc.Summary["odd"] != 1.0 {
		t.Errorf("%+v", doc)
	}
	if r := doc.Rows[1]; r["outcome"] != "duplicate" || r["name"] != "xn--bcher-lampe-thb.de" || r["first"].(map[string]any)["row"] != 2.0 {
		t.Errorf("%+v", r)
	}
	if r := doc.Rows[2]; r["name"] != nil || r["written"] != hostileText || r["why"] != "\"x\uFFFD[2J  forged\uFFFD\" is not a domain name: it holds control characters" {
		t.Errorf("%+v", r)
	}
	lines := strings.Split(strings.TrimSpace(tellImport(t, FormatJSONL, "")), "\n")
	if len(lines) != 1+4+21+1 {
		t.Errorf("%d lines", len(lines))
	}
	for i, l := range lines {
		var one map[string]any
		if err := json.Unmarshal([]byte(l), &one); err != nil || one["type"] == nil {
			t.Errorf("line %d: %v: %s", i, err, l)
		}
	}
	if strings.ContainsAny(whole, "\x1b\u202e") {
		t.Error("hostile text comes through as it stands")
	}
}

// An import that was told nothing of is a whole envelope too.
func TestImportOfNothing(t *testing.T) {
	var b bytes.Buffer
	w, err := NewImport(FormatJSON, &b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Begin(nil), w.End(freehold.ImportSummary{})); err != nil || !json.Valid(b.Bytes()) || !strings.Contains(b.String(), `"rows":[],"missing":[],`) {
		t.Errorf("%v: %s", err, b.String())
	}
	if _, err := NewImport(FormatHTML, &b, Options{}); freehold.KindOf(err) != freehold.KindUsage {
		t.Errorf("%v", err)
	}
}

func TestPortfolioListed(t *testing.T) {
	_, rows, _ := importSample(t)
	l := freehold.Listing{Name: rows[0].Name, Client: hostileText, Tags: []string{"a", "b"}, Claims: []freehold.ListingClaim{{Field: freehold.ListedPayer, Value: "Roux", From: freehold.Provenance{File: "k.csv", Row: 2}}}}
	listings := func(yield func(freehold.Listing, error) bool) {
		for range 2 {
			if !yield(l, nil) {
				return
			}
		}
	}
	for _, format := range ImportFormats {
		var b bytes.Buffer
		if err := Portfolio(format, &b, Options{Width: 80, Unicode: true}, listings); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		if strings.ContainsAny(got, "\x1b\u202e") || strings.Count(got, "cher-lampe") < 2 || strings.Count(got, "Roux") != 2 {
			t.Errorf("%s: %s", format, got)
		}
		if format == FormatJSON && !json.Valid(b.Bytes()) {
			t.Errorf("not JSON: %s", got)
		}
	}
}
