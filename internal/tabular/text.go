package tabular

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"freehold"
)

// maxRecordLines bounds how many lines one row may span. A quotation mark that
// is never closed then costs these lines a second look, not the file.
const maxRecordLines = 100

// separators are those that are looked for, the surest first.
var separators = []byte{'\t', ';', ',', '|'}

// openText finds out how a text is to be read.
func (f *File) openText(name string, r io.ReaderAt, scan octets, start []byte, o Options) error {
	encodingName, guessed, skip, err := encodingOf(name, start, scan, o.Encoding)
	if err != nil {
		return err
	}
	f.Kind, f.Encoding, f.Guessed = "text", encodingName, guessed
	t := &textTable{name: name, source: r, skip: skip, size: f.Size, encoding: encodingName, lineEnd: '\n'}
	if scan.feeds == 0 && scan.returns > 0 && !strings.HasPrefix(encodingName, "utf-16") {
		t.lineEnd = '\r'
	}
	if t.separator, t.marked, err = t.findSeparator(); err != nil {
		return err
	}
	if t.separator != 0 {
		f.Separator = string(t.separator)
	}
	f.Sheets = []*Sheet{{rows: t.rows}}
	return nil
}

// textTable reads a text from its beginning as often as it is asked to.
type textTable struct {
	name       string
	source     io.ReaderAt
	skip, size int64
	encoding   string
	lineEnd    byte
	separator  byte // 0: one column
	marked     bool // the first line is "sep=;"
}

func (t *textTable) lines() *lines {
	var r io.Reader = io.NewSectionReader(t.source, t.skip, t.size-t.skip)
	if e := encodings[t.encoding]; e != nil {
		r = e.NewDecoder().Reader(r)
	}
	return &lines{r: bufio.NewReaderSize(r, 64<<10), end: t.lineEnd}
}

func (t *textTable) rows(yield func(Row, error) bool) {
	in := t.lines()
	if t.marked {
		if _, err := in.next(); err != nil {
			return
		}
	}
	for {
		row, err := t.record(in)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(Row{}, unreadable(t.name, err))
			return
		}
		if !yield(row, nil) {
			return
		}
	}
}

// record reads one row, and the lines on which a quoted cell of it goes on. A
// quotation mark that is not closed, or not where a cell ends, spoils its own
// line alone: those after it are read anew.
func (t *textTable) record(in *lines) (Row, error) {
	first, err := in.next()
	if err != nil {
		return Row{}, err
	}
	row := Row{Line: first.number}
	if first.tooLong {
		row.Problem = freehold.T("the row is longer than %d KiB", maxRecord>>10)
		return row, nil
	}
	if t.separator == 0 && !strings.HasPrefix(strings.TrimSpace(first.text), `"`) { // a list: a quotation mark is no more than one
		row.Cells = []string{clean(first.text)}
		return row, nil
	}
	cells, state := split(first.text, t.separator)
	var taken []textLine
	text := first.text
	for state == quoteOpen && len(taken) < maxRecordLines {
		next, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return row, err
		}
		taken = append(taken, next)
		if text += "\n" + next.text; next.tooLong || len(text) > maxRecord {
			break
		}
		if cells, state = split(text, t.separator); state == quoteOdd {
			break
		}
	}
	if state == quoteOpen || state == quoteOdd && len(taken) > 0 {
		in.unread(taken)
		row.Cells, _ = split(first.text, t.separator)
		row.Problem = freehold.T("a quotation mark in it is never closed")
		return row, nil
	}
	if row.Cells = cells; len(cells) > maxCells {
		row.Cells, row.Problem = cells[:maxCells], freehold.T("it has more than %d columns", maxCells)
	}
	return row, nil
}

// quoteState is how a row's quotation marks are at its end.
type quoteState uint8

const (
	quoteNone quoteState = iota
	quoteOpen            // a quoted cell goes on
	quoteOdd             // something stands between a closing mark and the separator
)

// split cuts a row into cells (RFC 4180 section 2). A quotation mark is one only
// at the start of a cell; what follows a closing mark belongs to the cell.
func split(s string, separator byte) (cells []string, state quoteState) {
	var cell []byte
	quoted, started, closed := false, false, false
	end := func() {
		cells = append(cells, clean(string(cell)))
		cell, started, closed = cell[:0], false, false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quoted && c == '"' && i+1 < len(s) && s[i+1] == '"':
			cell = append(cell, '"')
			i++
		case quoted && c == '"':
			quoted, closed = false, true
		case quoted:
			cell = append(cell, c)
		case c == separator && separator != 0:
			end()
		case c == '"' && !started:
			quoted, started, cell = true, true, cell[:0]
		default:
			cell = append(cell, c)
			blank := c == ' ' || c == '\t'
			started = started || !blank
			if closed && !blank {
				state = quoteOdd
			}
		}
	}
	end()
	if quoted {
		state = quoteOpen
	}
	return cells, state
}

// clean takes blanks and marks without width from both ends of a cell.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.Trim(s, " \t\r\n\v\f\u00a0\u202f\u200b\ufeff")
}

// findSeparator looks at the first lines: the separator is the one by which
// most rows have the same number of cells. A spreadsheet's own mark decides.
func (t *textTable) findSeparator() (separator byte, marked bool, err error) {
	in := t.lines()
	var sample []string
	for size := 0; len(sample) < 200 && size < 256<<10; {
		l, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, false, unreadable(t.name, err)
		}
		if len(sample) == 0 && len(l.text) == 5 && strings.EqualFold(l.text[:4], "sep=") {
			return l.text[4], true, nil
		}
		if strings.TrimSpace(l.text) != "" && !l.tooLong {
			sample = append(sample, l.text)
			size += len(l.text)
		}
	}
	best := 0
	for _, c := range separators {
		if score := consistency(sample, c); score > best {
			separator, best = c, score
		}
	}
	return separator, false, nil
}

// consistency counts the lines that have the most frequent number of cells by a
// separator; lines that it does not cut at all say nothing for it.
func consistency(sample []string, separator byte) int {
	counts := map[int]int{}
	for _, line := range sample {
		if t := strings.TrimSpace(line); t[0] == '#' {
			continue // a comment may hold any of them
		}
		if cells, _ := split(line, separator); len(cells) > 1 {
			counts[len(cells)]++
		}
	}
	best, columns := 0, 0
	for n, rows := range counts {
		if rows > best || rows == best && n > columns {
			best, columns = rows, n
		}
	}
	return 4*best + min(columns, 3)*min(best, 1)
}

// lines reads a text line by line and goes on after one that is too long.
type lines struct {
	r      *bufio.Reader
	end    byte
	number int
	ahead  []textLine // given back, to be read again
}

type textLine struct {
	number  int
	text    string
	tooLong bool
}

// unread gives lines back, to be read again in this order.
func (l *lines) unread(again []textLine) {
	if len(again) > 0 {
		l.ahead = append(again, l.ahead...)
	}
}

// next returns the next line without its end; io.EOF after the last.
func (l *lines) next() (textLine, error) {
	if len(l.ahead) > 0 {
		line := l.ahead[0]
		l.ahead = l.ahead[1:]
		return line, nil
	}
	part, err := l.r.ReadSlice(l.end)
	if err == io.EOF && len(part) == 0 {
		return textLine{}, io.EOF
	}
	l.number++
	line := textLine{number: l.number}
	if err == nil || err == io.EOF { // the whole line at once, as nearly always
		line.text = string(bytes.TrimRight(part, "\r\n"))
		return line, nil
	}
	buf := bytes.Clone(part)
	for errors.Is(err, bufio.ErrBufferFull) {
		part, err = l.r.ReadSlice(l.end)
		if len(buf) <= maxRecord {
			buf = append(buf, part...)
		}
	}
	if err != nil && err != io.EOF {
		return line, err
	}
	if buf = bytes.TrimRight(buf, "\r\n"); len(buf) > maxRecord {
		buf, line.tooLong = buf[:100], true
	}
	line.text = string(buf)
	return line, nil
}
