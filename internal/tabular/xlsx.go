package tabular

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"freehold"
)

// workbook is an XLSX file (ECMA-376, Office Open XML): a ZIP of XML parts. We
// read the parts that hold sheets and their strings as streams; formulas, styles
// and macros are not looked at. A day is a plain number there: whether a number
// is a day is for whoever knows what the column means.
type workbook struct {
	name    string
	parts   map[string]*zip.File
	strings []string // shared among the cells; read when the first sheet is
	ready   bool
	failure error
}

// errTooLarge ends the reading of a part that unpacks to more than it may.
var errTooLarge = errors.New("it unpacks to more than any real workbook")

func (f *File) openWorkbook(name string, r io.ReaderAt, size int64) error {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return invalid(freehold.T("%q is a broken spreadsheet or archive", name), freehold.T("it may not have been copied or downloaded to its end"))
	}
	w := &workbook{name: name, parts: map[string]*zip.File{}}
	for _, part := range archive.File {
		w.parts[strings.TrimPrefix(part.Name, "/")] = part
	}
	if what, advice := w.notOurs(); !what.IsZero() {
		return invalid(what, advice)
	}
	for _, part := range archive.File {
		if bomb(part) {
			return invalid(freehold.T("%q is not a real workbook: a part of it unpacks to hundreds of times its size", name), noAdvice)
		}
	}
	f.Kind = "xlsx"
	f.Sheets, f.Date1904, err = w.sheets()
	if err == nil && len(f.Sheets) == 0 {
		err = invalid(freehold.T("%q is a workbook without sheets", name), noAdvice)
	}
	return err
}

// notOurs knows the other things that are packed as ZIP.
func (w *workbook) notOurs() (what, advice freehold.Text) {
	has := func(part string) bool { return w.parts[part] != nil }
	switch {
	case has("xl/workbook.xml"):
		return freehold.Text{}, noAdvice
	case has("xl/workbook.bin"):
		return freehold.T("%q is a spreadsheet in the binary .xlsb form", w.name), freehold.T("open it in the spreadsheet program and save it as XLSX or CSV")
	case has("content.xml"):
		return freehold.T("%q is an OpenDocument file", w.name), freehold.T("open it in the spreadsheet program and save it as XLSX or CSV")
	case has("word/document.xml"):
		return freehold.T("%q is a text document", w.name), saveAs
	case has("Index/Document.iwa"):
		return freehold.T("%q is a Numbers or Pages file", w.name), freehold.T("export it as XLSX or CSV")
	}
	return freehold.T("%q is an archive, not a table", w.name), unpack
}

// bomb tells a part that was made to fill a disk: XML of real sheets unpacks to
// some tens of times its size.
func bomb(part *zip.File) bool {
	return part.UncompressedSize64 > maxPart || part.UncompressedSize64 > 64<<20 && part.UncompressedSize64/300 > part.CompressedSize64
}

// open returns a part's XML, which ends in errTooLarge beyond limit.
func (w *workbook) open(part string, limit int64) (io.ReadCloser, error) {
	p := w.parts[part]
	if p == nil {
		return nil, fmt.Errorf("%s is missing", part)
	}
	r, err := p.Open()
	if err != nil {
		return nil, err
	}
	return &bounded{r, limit}, nil
}

type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

func (w *workbook) damaged(err error) error {
	return &freehold.Error{Kind: freehold.KindDamaged, Text: freehold.T("%q is a damaged workbook", w.name), Err: err, Advice: freehold.T("open it in the spreadsheet program and save it again")}
}

// elements calls one for each element of a part, in order.
func (w *workbook) elements(part string, limit int64, one func(xml.StartElement)) error {
	r, err := w.open(part, limit)
	if err != nil {
		return w.damaged(err)
	}
	defer r.Close()
	d := newDecoder(r)
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return w.damaged(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			one(e)
		}
	}
}

func newDecoder(r io.Reader) *xml.Decoder { return xml.NewDecoder(bufio.NewReaderSize(r, 64<<10)) }

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// sheets lists the sheets of the workbook in its order.
func (w *workbook) sheets() (all []*Sheet, date1904 bool, err error) {
	const small = 16 << 20
	targets := map[string]string{}
	err = w.elements("xl/_rels/workbook.xml.rels", small, func(e xml.StartElement) {
		if e.Name.Local == "Relationship" && strings.HasSuffix(attribute(e, "Type"), "/worksheet") {
			target := attribute(e, "Target")
			if !strings.HasPrefix(target, "/") {
				target = "xl/" + target
			}
			targets[attribute(e, "Id")] = strings.TrimPrefix(path.Clean(target), "/")
		}
	})
	if err != nil {
		return nil, false, err
	}
	err = w.elements("xl/workbook.xml", small, func(e xml.StartElement) {
		switch e.Name.Local {
		case "workbookPr":
			v := attribute(e, "date1904")
			date1904 = v == "1" || v == "true"
		case "sheet":
			at := slices.IndexFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local == "id" && a.Name.Space != "" })
			if at < 0 || targets[e.Attr[at].Value] == "" || len(all) == maxSheets {
				return // a chart, or a sheet of macros
			}
			s := &sheetPart{book: w, part: targets[e.Attr[at].Value]}
			all = append(all, &Sheet{Name: attribute(e, "name"), rows: s.rows})
		}
	})
	return all, date1904, err
}

// shared reads the strings of the workbook, once.
func (w *workbook) shared() ([]string, error) {
	if !w.ready {
		w.ready = true
		if w.parts["xl/sharedStrings.xml"] != nil {
			w.failure = w.readShared()
		}
	}
	return w.strings, w.failure
}

func (w *workbook) readShared() error {
	r, err := w.open("xl/sharedStrings.xml", maxStrings)
	if err != nil {
		return w.damaged(err)
	}
	defer r.Close()
	d := newDecoder(r)
	var text strings.Builder
	inText, phonetic := false, false
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return w.damaged(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "si":
				text.Reset()
			case "t":
				inText = !phonetic
			case "rPh": // how a Japanese word is spoken
				phonetic = true
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "si":
				w.strings = append(w.strings, cellText(text.String()))
			case "t":
				inText = false
			case "rPh":
				phonetic = false
			}
		case xml.CharData:
			if inText && text.Len() < maxRecord {
				text.Write(t)
			}
		}
	}
}

// cellText cleans a string of a cell; "_x000D_" is how a line's end is written there.
func cellText(s string) string {
	return clean(strings.ReplaceAll(s, "_x000D_", "\n"))
}

// number writes a number as a person would: account 12345678 is no 1.2345678E7.
func number(v string) string {
	if n, err := strconv.ParseFloat(v, 64); err == nil && n == float64(int64(n)) && n < 1e15 && n > -1e15 {
		return strconv.FormatInt(int64(n), 10)
	}
	return v
}
