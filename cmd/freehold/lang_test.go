package main

import (
	"context"
	"slices"
	"syscall"
	"testing"

	"freehold"
	"freehold/internal/report"
)

// TestSystemWords holds the list to what the system really says, and every word
// to the catalogues.
func TestSystemWords(t *testing.T) {
	var listed []string
	for _, w := range systemWords {
		listed = append(listed, w.Format)
	}
	for _, err := range []error{
		syscall.ENOENT, syscall.EACCES, syscall.EISDIR, syscall.ENOTDIR, syscall.EEXIST, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO,
		syscall.EMFILE, syscall.ECONNREFUSED, syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EADDRINUSE, context.Canceled, context.DeadlineExceeded,
	} {
		if !slices.Contains(listed, err.Error()) {
			t.Errorf("%q is not among the words", err)
		}
		for _, lang := range report.Langs[1:] {
			s, err2 := report.SpeakerFor(lang)
			if err2 != nil {
				t.Fatal(err2)
			}
			wrapped := &freehold.Error{Text: freehold.T("cannot write %q", "x"), Err: err}
			if said := freehold.SayError(s, wrapped); said == wrapped.Error() || freehold.SayError(s, err) == err.Error() {
				t.Errorf("in %s it is %q", lang, said)
			}
		}
	}
}
