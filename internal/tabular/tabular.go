// Package tabular reads the tables people hand over: text with any separator
// and encoding, and XLSX workbooks. It knows rows and cells and nothing of what
// they mean.
//
//	tabular.go    what a file is; rows; limits
//	encoding.go   which letters its octets are
//	text.go       lines, separators, quotation marks
//	xlsx.go       workbooks; xlsxsheet.go, the rows of a sheet
//	host.go       the host in what a person wrote for a name
//
// A file is read from its beginning as often as asked and never held: memory
// does not grow with it, but for the strings a workbook shares among its cells,
// which are bounded. What cannot be read as a row is told as one, with its line.
package tabular

import (
	"bytes"
	"io"
	"iter"
	"strings"

	"freehold"
)

// The bounds of what is read.
const (
	maxRecord  = 1 << 20 // octets of a row
	maxCells   = 1000    // columns of a row
	sniffed    = 64 << 10
	maxSheets  = 200
	maxStrings = 256 << 20 // octets of a workbook's shared strings, as XML
	maxPart    = 2 << 30   // octets of a sheet, as XML
)

// Row is one row of a table.
type Row struct {
	// Line is the row's number in its sheet, or the line of a text on which it
	// begins, from 1.
	Line  int
	Cells []string // as they stand, blanks at both ends taken away
	// Problem says why a row cannot be read; its cells are then what was made out.
	Problem freehold.Text
	// Notes say what about single cells is not what it seems.
	Notes []freehold.Text
}

// Empty tells whether nothing stands in a row.
func (r Row) Empty() bool {
	for _, c := range r.Cells {
		if c != "" {
			return false
		}
	}
	return r.Problem.IsZero()
}

// Sheet is one table of a file.
type Sheet struct {
	Name string // empty for a text
	rows func(yield func(Row, error) bool)
}

// Rows reads the sheet from its beginning. An error is the last it yields:
// KindDamaged, or KindUnavailable where the file could not be read.
func (s *Sheet) Rows() iter.Seq2[Row, error] { return s.rows }

// File is a file that was looked at.
type File struct {
	Kind   string // "text" or "xlsx"
	Digest string // of the whole file: "sha256:" and 64 hexadecimal digits
	Size   int64
	// Encoding of a text. Guessed: the octets do not say it, and letters beyond
	// ASCII may be others.
	Encoding string
	Guessed  bool
	// Separator of a text's columns; empty where it has one.
	Separator string
	// Date1904: the workbook's days are counted from 1904, not from 1900.
	Date1904 bool
	Sheets   []*Sheet
}

// Options say what the user knows of a file.
type Options struct {
	Encoding string // of a text, one of Encodings; empty: found out
}

// Open looks at a file from beginning to end and tells what it is. name is how
// errors call it. Errors are of KindInvalid and have a hint where it is known
// what to do instead.
func Open(name string, r io.ReaderAt, size int64, o Options) (*File, error) {
	start := make([]byte, min(size, sniffed))
	if _, err := r.ReadAt(start, 0); err != nil && err != io.EOF {
		return nil, unreadable(name, err)
	}
	if what, advice := noTable(name, start); !what.IsZero() {
		return nil, invalid(what, advice)
	}
	scan, err := scanOctets(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, unreadable(name, err)
	}
	f := &File{Digest: scan.digest, Size: size}
	if bytes.HasPrefix(start, []byte("PK\x03\x04")) {
		return f, f.openWorkbook(name, r, size)
	}
	return f, f.openText(name, r, scan, start, o)
}

// invalid makes an error about a file that is none of ours. what has one verb:
// the file's name.
func invalid(what, advice freehold.Text) error {
	return &freehold.Error{Kind: freehold.KindInvalid, Text: what, Advice: advice}
}

func unreadable(name string, err error) error {
	return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%q cannot be read", name), Err: err}
}

// The ways out.
var (
	noAdvice  = freehold.Text{}
	saveAs    = freehold.T("open it in the program it belongs to and save the table as XLSX or CSV")
	askForIt  = freehold.T("ask for the table itself, as XLSX or CSV")
	unpack    = freehold.T("unpack it first")
	exportCSV = freehold.T("export it as CSV")
)

// noTable knows by its first octets what people take for a table, and says what
// it is instead.
func noTable(name string, start []byte) (what, advice freehold.Text) {
	has := func(s string) bool { return bytes.HasPrefix(start, []byte(s)) }
	text := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(string(start[:min(len(start), 1024)]), "\xef\xbb\xbf"), " \t\r\n"))
	switch {
	case len(start) == 0:
		return freehold.T("%q is empty", name), noAdvice
	case has("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		return oldOffice(name, start)
	case has("%PDF-"):
		return freehold.T("%q is a PDF, whatever its name says", name), askForIt
	case has("\x1f\x8b"), has("BZh"), has("\xfd7zXZ"), has("7z\xbc\xaf"), has("Rar!"):
		return freehold.T("%q is packed", name), unpack
	case has("\x89PNG"), has("\xff\xd8\xff"), has("GIF8"):
		return freehold.T("%q is a picture", name), askForIt
	case has("SQLite format 3"):
		return freehold.T("%q is a database", name), freehold.T("export the table from it as CSV")
	case strings.HasPrefix(text, "{\\rtf"):
		return freehold.T("%q is a text document", name), saveAs
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"), strings.HasPrefix(text, "<table"):
		return freehold.T("%q is a web page", name), saveAs
	case strings.HasPrefix(text, "<?xml"):
		return freehold.T("%q is XML", name), saveAs
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "[{"), strings.HasPrefix(text, `["`):
		return freehold.T("%q is JSON, not a table", name), exportCSV
	}
	return freehold.Text{}, noAdvice
}

// oldOffice tells the two things apart that Microsoft's compound files are
// here: workbooks of before 2007, and newer ones behind a password, whose
// directory then has a stream of that name ([MS-OFFCRYPTO] section 2.3.4.4).
func oldOffice(name string, start []byte) (what, advice freehold.Text) {
	var stream []byte
	for _, c := range []byte("EncryptedPackage") {
		stream = append(stream, c, 0)
	}
	if bytes.Contains(start, stream) {
		return freehold.T("%q is protected by a password", name), freehold.T("open it in the spreadsheet program, take the password away, and save it as XLSX or CSV")
	}
	return freehold.T("%q is a spreadsheet in the old .xls form", name), freehold.T("open it in the spreadsheet program and save it as XLSX or CSV")
}
