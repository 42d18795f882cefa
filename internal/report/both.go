package report

import (
	"errors"

	"freehold"
)

// Both makes a Writer that tells two others the same: a page and its calendar.
// The second one is not told what the first failed to take.
func Both(a, b Writer) Writer { return both{a, b} }

type both struct{ a, b Writer }

func (w both) Begin(r freehold.Run) error {
	if err := w.a.Begin(r); err != nil {
		return err
	}
	return w.b.Begin(r)
}

func (w both) Result(r *freehold.Result) error {
	if err := w.a.Result(r); err != nil {
		return err
	}
	return w.b.Result(r)
}

func (w both) End(r freehold.Run, s freehold.Summary) error {
	if err := w.a.End(r, s); err != nil {
		return err
	}
	return w.b.End(r, s)
}

// Fail ends both, whatever becomes of either.
func (w both) Fail(err error) error { return errors.Join(w.a.Fail(err), w.b.Fail(err)) }
