package tabular

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"freehold"
)

// sheetPart reads the rows of one sheet.
type sheetPart struct {
	book   *workbook
	part   string
	looked bool
	merged map[int][]merge // by column
}

// merge is a cell that covers several rows of a column.
type merge struct{ from, to int }

// maxMerges bounds the merged cells that are remembered.
const maxMerges = 20_000

var mergeRef = regexp.MustCompile(`ref="([A-Z]{1,3})([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})"`)

// findMerges reads which cells are merged, which stands behind all rows. It
// looks at octets only: a second reading of the XML would cost as much as the first.
func (s *sheetPart) findMerges() error {
	s.looked, s.merged = true, map[int][]merge{}
	r, err := s.book.open(s.part, maxPart)
	if err != nil {
		return s.book.damaged(err)
	}
	defer r.Close()
	in := bufio.NewReaderSize(r, 64<<10)
	for n := 0; n < maxMerges; {
		element, err := in.ReadSlice('>')
		if err == io.EOF {
			break
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return s.book.damaged(err)
		}
		text := string(element)
		if !strings.Contains(text, "mergeCell ") {
			continue
		}
		if m := mergeRef.FindStringSubmatch(text); m != nil {
			from, _ := strconv.Atoi(m[2])
			to, _ := strconv.Atoi(m[3])
			if to > from {
				col := columnOf(m[1])
				s.merged[col] = append(s.merged[col], merge{from, to})
				n++
			}
		}
	}
	for _, all := range s.merged {
		slices.SortFunc(all, func(a, b merge) int { return cmp.Compare(a.from, b.from) })
	}
	return nil
}

// columnOf reads the letters of a reference such as "AB12": 0 for "A", -1 for none.
func columnOf(ref string) int {
	col := 0
	for i := 0; i < len(ref) && i < 4 && ref[i] >= 'A' && ref[i] <= 'Z'; i++ {
		col = col*26 + int(ref[i]-'A') + 1
	}
	return col - 1
}

func (s *sheetPart) rows(yield func(Row, error) bool) {
	shared, err := s.book.shared()
	if err == nil && !s.looked {
		err = s.findMerges()
	}
	if err != nil {
		yield(Row{}, err)
		return
	}
	r, err := s.book.open(s.part, maxPart)
	if err != nil {
		yield(Row{}, s.book.damaged(err))
		return
	}
	defer r.Close()
	p := rowReader{xml: newDecoder(r), shared: shared}
	fill := map[int]*filling{}
	for col, all := range s.merged {
		fill[col] = &filling{ahead: all}
	}
	for {
		row, err := p.next()
		if err == io.EOF {
			return
		}
		if err != nil {
			yield(Row{}, s.book.damaged(err))
			return
		}
		fillMerged(&row, fill)
		if !yield(row, nil) {
			return
		}
	}
}

// filling is how far a reading has come among the merged cells of a column.
type filling struct {
	ahead []merge
	value string // of the first of them
}

// fillMerged gives every row that a merged cell covers its value: who merged
// "Client A" over ten rows meant all ten.
func fillMerged(row *Row, fill map[int]*filling) {
	for col, f := range fill {
		for len(f.ahead) > 0 && f.ahead[0].to < row.Line {
			f.ahead, f.value = f.ahead[1:], ""
		}
		if len(f.ahead) == 0 || row.Line < f.ahead[0].from || len(row.Cells) == 0 {
			continue
		}
		if row.Line == f.ahead[0].from && col < len(row.Cells) {
			f.value = row.Cells[col]
		}
		if f.value == "" || col >= maxCells {
			continue
		}
		for len(row.Cells) <= col {
			row.Cells = append(row.Cells, "")
		}
		if row.Cells[col] == "" {
			row.Cells[col] = f.value
		}
	}
}

// rowReader reads rows from the XML of a sheet.
type rowReader struct {
	xml    *xml.Decoder
	shared []string
	line   int
}

// next returns the next row; io.EOF after the last.
func (p *rowReader) next() (Row, error) {
	for {
		token, err := p.xml.RawToken()
		if err != nil {
			return Row{}, err
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "row" {
			p.line++
			if n, err := strconv.Atoi(attribute(e, "r")); err == nil && n >= p.line {
				p.line = n
			}
			return p.row()
		}
	}
}

// row reads to the end of the row that has begun.
func (p *rowReader) row() (Row, error) {
	row := Row{Line: p.line}
	size := 0
	for {
		token, err := p.xml.RawToken()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return row, err
		}
		switch t := token.(type) {
		case xml.EndElement:
			if t.Name.Local == "row" {
				return row, nil
			}
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			col := len(row.Cells)
			if ref := attribute(t, "r"); ref != "" {
				col = columnOf(ref)
			}
			value, formula, err := p.cell(attribute(t, "t"))
			if err != nil {
				return row, err
			}
			size += len(value)
			switch {
			case value == "" && !formula:
				continue
			case size > maxRecord:
				row.Problem = freehold.T("the row is longer than %d KiB", maxRecord>>10)
				continue
			case col >= maxCells || col < 0:
				row.Problem = freehold.T("it has more than %d columns", maxCells)
				continue
			}
			for len(row.Cells) <= col {
				row.Cells = append(row.Cells, "")
			}
			row.Cells[col] = value
			if formula && value == "" {
				row.Notes = append(row.Notes, freehold.T("column %d holds a formula whose result was not saved", col+1))
			}
		}
	}
}

// cell reads a cell of a type (ECMA-376 part 1, section 18.18.11) to its end.
func (p *rowReader) cell(kind string) (value string, formula bool, err error) {
	var text []byte
	take, phonetic := false, false
	for {
		token, err := p.xml.RawToken()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", false, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "v", "t":
				take = !phonetic
			case "f":
				formula = true
			case "rPh":
				phonetic = true
			}
		case xml.CharData:
			if take && len(text) < maxRecord {
				text = append(text, t...)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "v", "t":
				take = false
			case "rPh":
				phonetic = false
			case "c":
				return p.value(kind, string(text)), formula, nil
			}
		}
	}
}

func (p *rowReader) value(kind, v string) string {
	switch kind {
	case "s":
		if i, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && i >= 0 && i < len(p.shared) {
			return p.shared[i]
		}
		return ""
	case "", "n":
		return number(clean(v))
	}
	return cellText(v)
}
