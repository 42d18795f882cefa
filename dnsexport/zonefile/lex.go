package zonefile

import (
	"fmt"

	"freehold"
)

// token is one word of an entry. Escapes stand in it as they were written.
type token struct {
	text   string
	quoted bool
	glued  bool // nothing stands between it and the word before: key="value"
}

// lexer cuts a master file into entries: the words up to a line's end, or over
// several lines within parentheses.
type lexer struct {
	name string
	text []byte
	at   int
	line int // of the character at at, from 1

	// The entry last read.
	tokens  []token
	blank   bool   // it began with white space: its owner is the one before
	start   int    // its first line
	comment string // the last comment on it
}

func (l *lexer) errorf(line int, format string, args ...any) error {
	return &freehold.Error{Kind: freehold.KindInvalid, Msg: place(l.name, line) + ": " + fmt.Sprintf(format, args...)}
}

func place(name string, line int) string { return fmt.Sprintf("%s:%d", name, line) }

// next reads the next entry that has words, and false at the end of the file.
func (l *lexer) next() (bool, error) {
	for l.at < len(l.text) {
		l.tokens, l.comment = l.tokens[:0], ""
		l.start = l.line
		c := l.text[l.at]
		l.blank = c == ' ' || c == '\t'
		if err := l.entry(); err != nil {
			return false, err
		}
		if len(l.tokens) > 0 {
			return true, nil
		}
	}
	return false, nil
}

func (l *lexer) entry() error {
	depth := 0
	for l.at < len(l.text) {
		c := l.text[l.at]
		switch c {
		case '\n':
			l.at++
			l.line++
			if depth == 0 {
				return nil
			}
		case ' ', '\t', '\r', '\f', '\v':
			l.at++
		case ';':
			l.skipComment()
		case '(':
			depth++
			l.at++
		case ')':
			if depth == 0 {
				return l.errorf(l.line, "a closing parenthesis without an opening one")
			}
			depth--
			l.at++
		case '"':
			if err := l.quoted(); err != nil {
				return err
			}
		default:
			l.word()
		}
	}
	if depth > 0 {
		return l.errorf(l.start, "a parenthesis is not closed")
	}
	return nil
}

func (l *lexer) skipComment() {
	from := l.at + 1
	for l.at < len(l.text) && l.text[l.at] != '\n' {
		l.at++
	}
	for from < l.at && (l.text[from] == ' ' || l.text[from] == ';' || l.text[from] == '\t') {
		from++
	}
	if from < l.at {
		l.comment = string(l.text[from:min(l.at, from+maxComment)])
	}
}

// maxComment is the most octets kept of a comment.
const maxComment = 500

func (l *lexer) quoted() error {
	from, line := l.at+1, l.line
	for l.at++; l.at < len(l.text); l.at++ {
		switch l.text[l.at] {
		case '\\':
			l.at++
			if l.at < len(l.text) && l.text[l.at] == '\n' {
				l.line++
			}
		case '\n':
			return l.errorf(line, "a quoted string does not end on its line")
		case '"':
			l.tokens = append(l.tokens, token{string(l.text[from:l.at]), true, l.glued(from - 1)})
			l.at++
			return nil
		}
	}
	return l.errorf(line, "a quoted string does not end")
}

func (l *lexer) word() {
	from := l.at
	for ; l.at < len(l.text); l.at++ {
		switch c := l.text[l.at]; c {
		case '\\':
			if l.at+1 < len(l.text) && l.text[l.at+1] != '\n' {
				l.at++
			}
			continue
		case ' ', '\t', '\r', '\n', '\f', '\v', ';', '(', ')', '"':
		default:
			continue
		}
		break
	}
	l.tokens = append(l.tokens, token{text: string(l.text[from:l.at]), glued: l.glued(from)})
}

// glued tells whether a word that begins at from follows another immediately.
func (l *lexer) glued(from int) bool {
	if len(l.tokens) == 0 || from == 0 {
		return false
	}
	switch l.text[from-1] {
	case ' ', '\t', '\r', '\n', '\f', '\v', '(', ')':
		return false
	}
	return true
}
