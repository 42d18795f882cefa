// Package report tells people and programs what an audit found: as a table for
// a terminal, as JSON, as a page, Markdown or CSV, as a calendar, as cards to
// print and keep; in English, French or German.
//
// It reads the types of the root package and writes to a stream; it asks
// nobody, stores nothing, and needs the same memory however many names pass
// through: table, JSON, CSV, calendar and cards keep counters and a few
// examples; page and Markdown, which begin with what all names together say,
// keep a bounded list and a temporary file (spool.go). The JSON contract is docs/json.md and
// docs/freehold.audit-1.schema.json.
package report

import (
	"io"
	"slices"
	"strings"
	"time"

	"freehold"
)

// The formats a result can be written in.
const (
	FormatTable = "table" // for people, at a terminal
	FormatJSON  = "json"  // one envelope
	FormatJSONL = "jsonl" // one object a line
	FormatCSV   = "csv"   // one row a name, for spreadsheets
	FormatHTML  = "html"  // one self-contained page
	FormatMD    = "md"    // Markdown
)

// Formats lists the formats, the default first.
var Formats = []string{FormatTable, FormatJSON, FormatJSONL, FormatCSV, FormatHTML, FormatMD}

// dataFormats are those of results that are no audit: short lists for a terminal
// or a program.
var dataFormats = []string{FormatTable, FormatJSON, FormatJSONL}

// The schemas of the envelopes. The number grows when a field that was promised
// goes away or changes its meaning.
const (
	SchemaAudit        = "freehold.audit/1"
	SchemaShow         = "freehold.show/1"
	SchemaHistory      = "freehold.history/1"
	SchemaRules        = "freehold.rules/1"
	SchemaAttestations = "freehold.attestations/1"
	// SchemaError is for an error that belongs to no command, such as an unknown one.
	SchemaError = "freehold.error/1"
)

// Options say how to write.
type Options struct {
	// Lang is the language of all that a person reads: "en", "fr" or "de"; "" is "en".
	Lang string
	// Width is the terminal's width in columns; 0 is 80. It matters to tables only.
	Width int
	// Color allows terminal colours; Unicode allows characters beyond ASCII.
	Color   bool
	Unicode bool
	// Now is the time ages are counted from. Zero: the start of the run.
	Now time.Time
	// Saved says where the run is kept, for the last line of a table. Empty: it is not kept.
	Saved string
	// Clients shows client and tags in the list of a table.
	Clients bool
	// BOM begins a CSV with a byte order mark, without which Excel takes UTF-8 for
	// its own code page.
	BOM bool
}

// A Writer writes one audit: Begin once, Result for each name as it is done,
// then End, or Fail where the run could not be finished. What it has written is
// a complete document only after End or Fail.
//
// Errors of the underlying stream are returned as they came, so that a caller
// can take a broken pipe for the end of interest that it is.
type Writer interface {
	Begin(freehold.Run) error
	Result(*freehold.Result) error
	End(freehold.Run, freehold.Summary) error
	// Fail ends the report with an error, before or after Begin.
	Fail(err error) error
}

// New makes a Writer for one of Formats. An unknown format or language is an
// error of KindInvalid.
func New(format string, w io.Writer, o Options) (Writer, error) {
	s, err := check(format, o)
	if err != nil {
		return nil, err
	}
	switch format {
	case FormatJSON:
		return &jsonWriter{out: encoder{w: w}, speaker: s}, nil
	case FormatJSONL:
		return &jsonlWriter{out: encoder{w: w}, speaker: s}, nil
	case FormatHTML:
		return newHTML(w, o, s), nil
	case FormatMD:
		return newMarkdown(w, o, s), nil
	case FormatCSV:
		return newCSV(w, o, s), nil
	}
	return &tableWriter{p: newPrinter(w, o, s)}, nil
}

// Error writes an error in place of a result: in the JSON formats one complete
// envelope (or line) of the given schema, "" being SchemaError. A table has no
// place for errors: they belong on standard error, and nothing is written.
func Error(w io.Writer, format, schema string, err error) error {
	if schema == "" {
		schema = SchemaError
	}
	switch format {
	case FormatJSON:
		return encoder{w: w}.write(errorEnvelope{Schema: schema, Names: emptyNames(schema), Error: errorDoc(err)})
	case FormatJSONL:
		return encoder{w: w}.write(errorLine{Type: "error", Schema: schema, Error: errorDoc(err)})
	}
	return nil
}

func check(format string, o Options) (freehold.Speaker, error) {
	if !slices.Contains(Formats, format) {
		return nil, &freehold.Error{
			Kind: freehold.KindInvalid,
			Msg:  `"` + freehold.OneLine(format) + `" is not a format`,
			Hint: "use one of " + strings.Join(Formats, ", "),
		}
	}
	return SpeakerFor(o.Lang)
}
