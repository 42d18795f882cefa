package audit

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"golang.org/x/text/encoding/unicode"

	"freehold"
)

// maxLine bounds a line, and a CSV record that spans several.
const maxLine = 64 << 10

// lines reads a text line by line, whatever ends its lines (LF, CR LF or CR),
// and goes on after one that is too long.
type lines struct {
	r      *bufio.Reader
	number int
	lastCR bool
	ahead  []textLine // read and not yet used
	buf    []byte
}

type textLine struct {
	number  int
	text    string
	tooLong bool
}

// newLines looks at how the text begins: byte order marks decide its encoding,
// and what is no text at all is told in one sentence instead of thousands.
func newLines(r io.Reader) (*lines, error) {
	in := bufio.NewReaderSize(r, maxLine)
	start, _ := in.Peek(512)
	switch {
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return &lines{r: bufio.NewReaderSize(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(in), maxLine)}, nil
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		in.Discard(3)
	case bytes.HasPrefix(start, []byte("PK\x03\x04")), bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0")):
		return nil, notText(freehold.T("it is a spreadsheet or an archive, not text"), freehold.T("save the sheet as CSV"))
	case bytes.IndexByte(start, 0) >= 0, bytes.HasPrefix(start, []byte("%PDF")), bytes.HasPrefix(start, []byte("\x1f\x8b")):
		return nil, notText(freehold.T("it is not text"), freehold.T("one name a line, or a CSV, in UTF-8"))
	}
	return &lines{r: in}, nil
}

func notText(what, advice freehold.Text) error {
	return &freehold.Error{Kind: freehold.KindInvalid, Text: what, Advice: advice}
}

// next returns the next line without its end; io.EOF after the last.
func (l *lines) next() (textLine, error) {
	if len(l.ahead) > 0 {
		line := l.ahead[0]
		l.ahead = l.ahead[1:]
		return line, nil
	}
	return l.scan()
}

// unread gives lines back, to be read again in this order.
func (l *lines) unread(again []textLine) { l.ahead = append(again, l.ahead...) }

func (l *lines) scan() (textLine, error) {
	l.number++
	line := textLine{number: l.number}
	l.buf = l.buf[:0]
	for empty := true; ; {
		c, err := l.r.ReadByte()
		if errors.Is(err, io.EOF) && !empty {
			break
		}
		if err != nil {
			return line, err
		}
		if c == '\n' && l.lastCR {
			l.lastCR = false // the end of the line before
			continue
		}
		if l.lastCR = c == '\r'; l.lastCR || c == '\n' {
			break
		}
		empty = false
		if len(l.buf) < maxLine {
			l.buf = append(l.buf, c)
		} else {
			line.tooLong = true
		}
	}
	line.text = string(l.buf)
	return line, nil
}
