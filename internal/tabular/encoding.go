package tabular

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"freehold"
)

// encodings are those a file may be said to have, by the name we write.
var encodings = map[string]encoding.Encoding{
	"utf-8": nil, "utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16be": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"windows-1252": charmap.Windows1252, "windows-1250": charmap.Windows1250, "iso-8859-1": charmap.ISO8859_1, "iso-8859-2": charmap.ISO8859_2,
	"iso-8859-15": charmap.ISO8859_15, "macintosh": charmap.Macintosh, "cp850": charmap.CodePage850, "cp437": charmap.CodePage437,
}

// Encodings lists the encodings a file may be said to have.
var Encodings = func() []string {
	var all []string
	for name := range encodings {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}()

// octets is what one look at all octets of a file tells.
type octets struct {
	digest    string
	valid     int // sequences of UTF-8 beyond ASCII
	invalid   int // octets that are none
	low, high int // of these: 0x80 to 0x9f without Windows' punctuation; 0xa0 to 0xff
	feeds     int // LF
	returns   int // CR not followed by LF
}

// scanOctets reads a file to its end.
func scanOctets(r io.Reader) (octets, error) {
	var o octets
	sum := sha256.New()
	buf := make([]byte, 256<<10)
	kept, lastCR := 0, false // kept: the beginning of a character cut by the buffer's end
	for {
		n, err := r.Read(buf[kept:])
		sum.Write(buf[kept : kept+n])
		chunk := buf[:kept+n]
		kept = o.look(chunk, err != nil, &lastCR)
		copy(buf, chunk[len(chunk)-kept:])
		if err == io.EOF {
			break
		}
		if err != nil {
			return o, err
		}
	}
	if lastCR {
		o.returns++
	}
	o.digest = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return o, nil
}

// look counts what stands in a chunk and returns how many octets at its end
// need what comes next.
func (o *octets) look(b []byte, last bool, lastCR *bool) int {
	for i := 0; i < len(b); {
		c := b[i]
		if *lastCR {
			*lastCR = false
			if c != '\n' {
				o.returns++
			}
		}
		if c < utf8.RuneSelf {
			switch c {
			case '\n':
				o.feeds++
			case '\r':
				*lastCR = true
			}
			i++
			continue
		}
		if !last && !utf8.FullRune(b[i:]) {
			return len(b) - i
		}
		if r, size := utf8.DecodeRune(b[i:]); r != utf8.RuneError || size > 1 {
			o.valid++
			i += size
			continue
		}
		o.invalid++
		switch {
		case c >= 0xa0:
			o.high++
		case !strings.ContainsRune("\u0080\u0082\u0084\u0085\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0099", rune(c)):
			o.low++
		}
		i++
	}
	return 0
}

// encodingOf decides the encoding of a text: its own mark, what the user says,
// or what its octets can be.
func encodingOf(name string, start []byte, scan octets, told string) (encodingName string, guessed bool, skip int64, err error) {
	told = strings.ToLower(told)
	switch {
	case told != "":
		if _, ok := encodings[told]; !ok {
			return "", false, 0, &freehold.Error{Kind: freehold.KindUsage, Text: freehold.T("%q is no encoding we know", told), Advice: freehold.T("use one of %s", strings.Join(Encodings, ", "))}
		}
		return told, false, markLength(start, told), nil
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		return "utf-8", false, 3, nil
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}):
		return "utf-16le", false, 2, nil
	case bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return "utf-16be", false, 2, nil
	}
	if wide := unmarkedUTF16(start); wide != "" {
		return wide, true, 0, nil
	}
	if bytes.IndexByte(start, 0) >= 0 {
		return "", false, 0, invalid(freehold.T("%q is not text", name), freehold.T("give a CSV, TSV or XLSX file"))
	}
	switch {
	case scan.invalid == 0:
		return "utf-8", false, 0, nil
	case scan.valid > 4*scan.invalid: // UTF-8 in which a few characters were destroyed
		return "utf-8", false, 0, nil
	case scan.low > scan.high: // é of a Mac or of DOS is another letter on Windows, and another name
		return "", false, 0, invalid(freehold.T("%q is in an encoding that cannot be told from its octets", name), freehold.T("save it as UTF-8, or say which it is: --encoding macintosh or --encoding cp850"))
	}
	return "windows-1252", true, 0, nil
}

// markLength returns how long the byte order mark is.
func markLength(start []byte, encodingName string) int64 {
	for name, mark := range map[string]string{"utf-8": "\xef\xbb\xbf", "utf-16le": "\xff\xfe", "utf-16be": "\xfe\xff"} {
		if name == encodingName && bytes.HasPrefix(start, []byte(mark)) {
			return int64(len(mark))
		}
	}
	return 0
}

// unmarkedUTF16 knows UTF-16 without a mark by the zero octets of its ASCII
// letters, all of which stand on one side.
func unmarkedUTF16(start []byte) string {
	if len(start) < 4 {
		return ""
	}
	var zeros [2]int
	for i, c := range start {
		if c == 0 {
			zeros[i%2]++
		}
	}
	most := len(start) / 2
	switch {
	case zeros[1] > most/2 && zeros[0] == 0:
		return "utf-16le"
	case zeros[0] > most/2 && zeros[1] == 0:
		return "utf-16be"
	}
	return ""
}
