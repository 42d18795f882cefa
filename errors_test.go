package freehold

import (
	"errors"
	"io/fs"
	"testing"
)

// loud is a speaker that knows three sentences.
type loud struct{ English }

func (loud) Sentence(format string) string {
	known := map[string]string{"cannot read %q": "NO READING %q", "try %s": "TRY %s", fs.ErrNotExist.Error(): "GONE", "%s: %s": "%s! %s"}
	if s, ok := known[format]; ok {
		return s
	}
	return format
}

// TestErrorsInOtherLanguages: the terminal says an error, its causes and its
// hint in the language; Error and HintOf stay English.
func TestErrorsInOtherLanguages(t *testing.T) {
	inner := &Error{Kind: KindNotFound, Text: T("cannot read %q", "a\x1b[2Jb"), Advice: T("try %s", "again"), Err: fs.ErrNotExist}
	for _, c := range []struct {
		err           error
		english, said string
	}{
		{inner, "cannot read \"a\ufffd[2Jb\": file does not exist", "NO READING \"a\ufffd[2Jb\"! GONE"},
		{&Error{Msg: "x.csv:3", Err: inner}, "x.csv:3: cannot read \"a\ufffd[2Jb\": file does not exist", "x.csv:3! NO READING \"a\ufffd[2Jb\"! GONE"},
		{errors.Join(inner, nil), "", "NO READING \"a\ufffd[2Jb\"! GONE"},
		{errors.Join(inner, errors.New("more\nlines")), "", "NO READING \"a\ufffd[2Jb\"! GONE; more lines"},
		{errors.New("of others"), "of others", "of others"},
	} {
		if c.english != "" && c.err.Error() != c.english {
			t.Errorf("English: %q, want %q", c.err, c.english)
		}
		if got := SayError(loud{}, c.err); got != c.said {
			t.Errorf("said: %q, want %q", got, c.said)
		}
	}
	wrapped := errors.Join(&Error{Msg: "outer", Err: inner})
	if got := HintOf(wrapped); got != "try again" {
		t.Errorf("hint %q", got)
	}
	if got := SayHint(loud{}, wrapped); got != "TRY again" {
		t.Errorf("hint said %q", got)
	}
	if got := SayHint(loud{}, &Error{Hint: "as it came"}); got != "as it came" {
		t.Errorf("hint of others %q", got)
	}
}

// TestReasons: what is kept of an error says what the error said, in English and in
// any other language.
func TestReasons(t *testing.T) {
	for _, err := range []error{
		&Error{Kind: KindInvalid, Text: T("%q is not a domain", "x%y"), Advice: T("write %q", "x.ch")},
		&Error{Kind: KindUnavailable, Text: T("no source answered about %q", "x.ch"), Err: &Error{Text: T("%s %m", "rdap", OutcomeTimeout.Text().Format), Err: errors.New("100% lost\nfor good")}},
		&Error{Kind: KindInvalid, Msg: "words from elsewhere", Hint: "a way out"},
		&Error{Kind: KindNotFound, Text: T("cannot read %q", "a"), Advice: T("try %s", "again"), Err: fs.ErrNotExist},
		errors.New("none of ours"),
	} {
		var r Result
		r.Fail(err)
		if r.Error != err.Error() || SayReasons(English{}, r.Reasons) != OneLine(err.Error()) || r.Hint != HintOf(err) || r.Advice.String() != HintOf(err) {
			t.Errorf("%q is kept as %q, hint %q as %q", err, SayReasons(English{}, r.Reasons), HintOf(err), r.Advice)
		}
		if got, want := SayReasons(loud{}, r.Reasons), SayError(loud{}, err); got != want {
			t.Errorf("%q is said as %q, kept as %q", err, want, got)
		}
	}
}
