package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"
	"strings"

	"freehold"
	"freehold/internal/store/db"
)

// Saved is a result with all evidence it rests on.
type Saved struct {
	Result   *freehold.Result
	Evidence []freehold.Evidence
}

// Save keeps results of a run in one transaction: all of them are durable when
// it returns, or none. Saving the same again changes nothing; another result
// for a name of the same run becomes its new revision, the old one is kept.
func (s *Store) Save(ctx context.Context, run string, batch []Saved) error {
	if len(batch) == 0 {
		return nil
	}
	docs := make([]document, 0, len(batch))
	for _, one := range batch {
		d, err := documentOf(one)
		if err != nil {
			return err
		}
		docs = append(docs, d)
	}
	evidence, err := evidenceRows(batch)
	if err != nil {
		return err
	}
	return s.write(ctx, "save to", func(tx *sql.Tx, q *db.Queries) error {
		if err := s.lockRun(ctx, tx, q, run); err != nil {
			return err
		}
		if err := insertEvidence(ctx, tx, evidence); err != nil {
			return err
		}
		added := false
		for _, d := range docs {
			fresh, err := saveResult(ctx, tx, q, run, d)
			if err != nil {
				return err
			}
			added = added || fresh
		}
		if !added {
			return nil
		}
		return q.CountRunNames(ctx, run)
	})
}

// document is a result ready to be stored.
type document struct {
	result   *freehold.Result
	key      string // nameKey
	digest   []byte
	packing  string
	packed   []byte
	evidence []byte // digests, one after the other
}

func documentOf(one Saved) (document, error) {
	r := one.Result
	doc, err := encodeResult(r)
	if err == nil && len(doc) > maxUnpacked {
		err = errTooLarge
	}
	if err != nil {
		return document{}, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("the result for %q cannot be stored", r.Asked), Err: err}
	}
	d := document{result: r, key: nameKey(r.Name, r.Asked), digest: digestOf(doc)}
	d.packing, d.packed = pack(doc)
	d.evidence = make([]byte, 0, len(one.Evidence)*digestSize)
	for _, e := range one.Evidence {
		digest, err := digestBytes(e.ID())
		if err != nil {
			return document{}, err
		}
		d.evidence = append(d.evidence, digest...)
	}
	return d, nil
}

// saveResult stores one document as the newest revision, and tells whether its
// name was none the run had been asked for.
func saveResult(ctx context.Context, tx *sql.Tx, q *db.Queries, run string, d document) (added bool, err error) {
	name, added, err := runName(ctx, q, run, d)
	if err != nil {
		return false, err
	}
	if name.Rev > 0 {
		held, err := q.ResultDigest(ctx, db.ResultDigestParams{Run: run, Name: d.key, Rev: name.Rev})
		if err != nil {
			return false, err
		}
		if bytes.Equal(held, d.digest) {
			return added, nil
		}
	}
	r := d.result
	rev := name.Rev + 1
	err = q.InsertResult(ctx, db.InsertResultParams{Run: run, Name: d.key, Rev: rev, At: micros(r.At), Status: r.Status.String(), Verdict: r.Verdict.CanLeave.String(),
		DocVersion: docVersion, Digest: d.digest, Packing: d.packing, Doc: d.packed, Evidence: d.evidence})
	if err != nil {
		return false, err
	}
	if err := q.SetRunName(ctx, db.SetRunNameParams{Rev: rev, Status: r.Status.String(), Run: run, Name: d.key}); err != nil {
		return false, err
	}
	return added, saveEdges(ctx, tx, q, run, d.key, r.Control, rev)
}

// runName finds the name of a result among those of its run: by the domain, by
// what was asked, or else as one more.
func runName(ctx context.Context, q *db.Queries, run string, d document) (row db.RunNameByNameRow, added bool, err error) {
	row, err = q.RunNameByName(ctx, db.RunNameByNameParams{Run: run, Name: d.key})
	if !errors.Is(err, sql.ErrNoRows) {
		return row, false, err
	}
	if asked := nameKey(freehold.Name{}, d.result.Asked); asked != d.key {
		row, err = q.RunNameByName(ctx, db.RunNameByNameParams{Run: run, Name: asked})
		if err == nil && row.Rev == 0 {
			return row, false, q.RenameRunName(ctx, db.RenameRunNameParams{Name: d.key, Run: run, Seq: row.Seq})
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return row, false, err
		}
	}
	seq, err := q.LastSeq(ctx, run)
	if err != nil {
		return row, false, err
	}
	row = db.RunNameByNameRow{Seq: seq + 1, Name: d.key}
	return row, true, q.InsertRunName(ctx, db.InsertRunNameParams{Run: run, Seq: row.Seq, Name: d.key, Asked: text(d.result.Asked)})
}

// maxHolder bounds the name of a holder in an edge, in octets: indexes have
// limits, and a registry may send anything. The document has it whole.
const maxHolder = 500

func saveEdges(ctx context.Context, tx *sql.Tx, q *db.Queries, run, name string, control freehold.Control, rev int64) error {
	if rev > 1 {
		if err := q.DeleteEdges(ctx, db.DeleteEdgesParams{Run: run, Name: name}); err != nil {
			return err
		}
	}
	var rows [][]any
	for _, c := range control {
		holder := text(c.Holder)
		if len(holder) > maxHolder {
			holder = strings.ToValidUTF8(holder[:maxHolder], "")
		}
		rows = append(rows, []any{run, name, text(string(c.Layer)), holder, c.Standing.String()})
	}
	return insertMany(ctx, tx, "INSERT INTO edges (run, name, layer, holder, standing)", "ON CONFLICT (run, name, layer, holder) DO NOTHING", rows)
}

// Results streams the newest result for each name of a run, in the order the
// names were asked for. Memory is bounded whatever the size of the run.
func (s *Store) Results(ctx context.Context, run string) iter.Seq2[*freehold.Result, error] {
	next := func(after db.RunResultsRow) ([]db.RunResultsRow, error) {
		if after.Seq == 0 {
			if err := runExists(ctx, s.queries, run); err != nil {
				return nil, err
			}
		}
		return s.queries.RunResults(ctx, db.RunResultsParams{Run: run, Seq: after.Seq, AtMost: 32})
	}
	return paged(ctx, s, next, func(r db.RunResultsRow) (*freehold.Result, error) {
		return s.readResult(storedResult{Run: r.Run, Name: r.Name, Rev: r.Rev, DocVersion: r.DocVersion, Digest: r.Digest, Packing: r.Packing, Doc: r.Doc, Evidence: r.Evidence})
	})
}

// Result returns the newest result for a name within a run; KindNotFound if
// there is none.
func (s *Store) Result(ctx context.Context, run string, name freehold.Name) (*freehold.Result, error) {
	row, err := s.queries.ResultByName(ctx, db.ResultByNameParams{Run: run, Name: name.ASCII()})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound(freehold.T("run %q holds no result for %q", run, name.Unicode()), freehold.Text{})
	}
	if err != nil {
		return nil, s.fail(ctx, "read from", err)
	}
	return s.readResult(storedResult(row))
}

// Latest returns the newest result for a name, by the clock of its run, and
// the run it belongs to; KindNotFound if the name was never audited.
func (s *Store) Latest(ctx context.Context, name freehold.Name) (r *freehold.Result, run string, err error) {
	row, err := s.queries.LatestResult(ctx, name.ASCII())
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", noResult(name)
	}
	if err != nil {
		return nil, "", s.fail(ctx, "read from", err)
	}
	r, err = s.readResult(storedResult(row))
	return r, row.Run, err
}

// Earlier returns what the last audit of a name found, for the next one to compare
// with; the zero value where there was none.
func (s *Store) Earlier(ctx context.Context, name freehold.Name) (freehold.Earlier, error) {
	r, _, err := s.Latest(ctx, name)
	if freehold.KindOf(err) == freehold.KindNotFound {
		return freehold.Earlier{}, nil
	}
	if err != nil {
		return freehold.Earlier{}, err
	}
	return freehold.EarlierOf(r), nil
}

func noResult(name freehold.Name) error {
	return notFound(freehold.T("no audit of %q is saved", name.Unicode()), freehold.T("run: %s", "freehold audit "+name.ASCII()))
}

// HistoryEntry is one result for a name. The results of one run are its
// revisions: a name that was done again with --resume has several.
type HistoryEntry struct {
	Run    string
	Result *freehold.Result
}

// History streams everything that was ever found about a name, oldest first.
// A name without any gives KindNotFound.
func (s *Store) History(ctx context.Context, name freehold.Name) iter.Seq2[HistoryEntry, error] {
	return func(yield func(HistoryEntry, error) bool) {
		keys, err := s.queries.ResultKeys(ctx, name.ASCII())
		if err == nil && len(keys) == 0 {
			err = noResult(name)
		}
		if err != nil {
			yield(HistoryEntry{}, s.fail(ctx, "read from", err))
			return
		}
		for _, k := range keys {
			row, err := s.queries.ResultByKey(ctx, db.ResultByKeyParams{Run: k.Run, Name: name.ASCII(), Rev: k.Rev})
			if err != nil {
				yield(HistoryEntry{}, s.fail(ctx, "read from", err))
				return
			}
			r, err := s.readResult(storedResult(row))
			if !yield(HistoryEntry{Run: k.Run, Result: r}, err) || err != nil {
				return
			}
		}
	}
}

// EvidenceOf returns the evidence a result was saved with, in that order: of
// the newest result for a name within a run.
func (s *Store) EvidenceOf(ctx context.Context, run string, name freehold.Name) ([]freehold.Evidence, error) {
	row, err := s.queries.ResultByName(ctx, db.ResultByNameParams{Run: run, Name: name.ASCII()})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound(freehold.T("run %q holds no result for %q", run, name.Unicode()), freehold.Text{})
	}
	if err != nil {
		return nil, s.fail(ctx, "read from", err)
	}
	if len(row.Evidence)%digestSize != 0 {
		return nil, s.damaged(freehold.T("the evidence list of %q in run %q", name.Unicode(), run), nil)
	}
	var out []freehold.Evidence
	for digest := range slices.Chunk(row.Evidence, digestSize) {
		e, err := s.Evidence(ctx, idOf(digest))
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// storedResult is a row of results, whichever query read it.
type storedResult db.ResultByNameRow

// readResult unpacks a row and holds it against its digest.
func (s *Store) readResult(row storedResult) (*freehold.Result, error) {
	what := freehold.T("the result for %q in run %q", row.Name, row.Run)
	doc, err := unpack(row.Packing, row.Doc)
	if err != nil {
		return nil, s.damaged(what, err)
	}
	if !bytes.Equal(digestOf(doc), row.Digest) {
		return nil, s.damaged(what, errors.New("it is not what its digest says"))
	}
	r, err := decodeResult(row.DocVersion, doc)
	if err != nil && freehold.KindOf(err) != freehold.KindNewer {
		err = s.damaged(what, err)
	}
	return r, err
}
