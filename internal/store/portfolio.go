package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"freehold"
	"freehold/internal/store/db"
)

// ImportListings puts what files say into the portfolio, in one transaction:
// all that do put is durable when it returns, or nothing is. With dry nothing
// is written, and what would be is told all the same.
//
// do is called with a function that puts entries and says what each did; their
// From.Import is the ID of one of imports. No two entries of an import are of
// one name. do may be called again from its start if the transaction lost
// against another one.
func (s *Store) ImportListings(ctx context.Context, imports []freehold.Import, dry bool, do func(put func([]freehold.ListingEntry) ([]freehold.ListingResult, error)) error) error {
	if dry {
		return do(func(entries []freehold.ListingEntry) ([]freehold.ListingResult, error) {
			results, err := (&listingWriter{s: s, ctx: ctx, from: s.reader, q: s.queries}).put(entries)
			if err != nil {
				err = s.fail(ctx, "read from", err)
			}
			return results, err
		})
	}
	return s.write(ctx, "save to", func(tx *sql.Tx, q *db.Queries) error {
		if err := s.lock(ctx, tx, "portfolio"); err != nil {
			return err
		}
		for _, i := range imports {
			if err := insertImport(ctx, q, i); err != nil {
				return err
			}
		}
		return do((&listingWriter{s: s, ctx: ctx, from: tx, tx: tx, q: q}).put)
	})
}

// importForm is how a file was read, as it is stored.
type importForm struct {
	Kind      string       `json:"kind"`
	Encoding  string       `json:"encoding,omitempty"`
	Guessed   bool         `json:"guessed,omitempty"`
	Separator string       `json:"separator,omitempty"`
	Sheets    []importedAs `json:"sheets"`
}

type importedAs struct {
	Name    string            `json:"name,omitempty"`
	Heading int               `json:"heading"`
	Columns map[string]string `json:"columns"` // field to heading
}

func insertImport(ctx context.Context, q *db.Queries, i freehold.Import) error {
	digest, err := digestBytes(freehold.EvidenceID(i.Digest))
	if err != nil {
		return err
	}
	form := importForm{Kind: i.Kind, Encoding: i.Encoding, Guessed: i.Guessed, Separator: i.Separator}
	for _, sheet := range i.Sheets {
		as := importedAs{Name: sheet.Name, Heading: sheet.Heading, Columns: map[string]string{}}
		for _, c := range sheet.Columns {
			if c.Field != "" {
				as.Columns[string(c.Field)] = c.Heading
			}
		}
		form.Sheets = append(form.Sheets, as)
	}
	b, err := json.Marshal(form)
	if err != nil {
		return err
	}
	return q.InsertImport(ctx, db.InsertImportParams{ID: text(i.ID), At: micros(i.At), File: text(i.File), Digest: digest, Size: i.Size, Form: text(string(b))})
}

// querier is what a transaction and a pool of connections have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// listingWriter puts entries into the portfolio; without a transaction it only
// says what that would do.
type listingWriter struct {
	s    *Store
	ctx  context.Context
	from querier
	tx   *sql.Tx
	q    *db.Queries
}

func (w *listingWriter) put(entries []freehold.ListingEntry) ([]freehold.ListingResult, error) {
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name.ASCII()
	}
	known, err := w.s.readListings(w.ctx, w.from, names)
	if err != nil {
		return nil, err
	}
	results := make([]freehold.ListingResult, len(entries))
	var rows listingRows
	for i, e := range entries {
		before, there := known[names[i]]
		after, changes := before.Listing.Merge(e.Listing)
		results[i] = freehold.ListingResult{New: !there, Changes: changes}
		if !there {
			rows.listings = append(rows.listings, []any{names[i], text(e.Client), micros(e.Added), text(e.From.Import), text(e.From.Sheet), int64(e.From.Row)})
		} else if after.Client != before.Client && w.tx != nil {
			if err := w.q.SetClient(w.ctx, db.SetClientParams{Name: names[i], Client: text(after.Client)}); err != nil {
				return nil, err
			}
		}
		rows.add(names[i], before, after)
		if results[i].Attested, err = w.attest(e); err != nil {
			return nil, err
		}
	}
	if w.tx == nil {
		return results, nil
	}
	return results, rows.insert(w.ctx, w.tx)
}

// listingRows collects what a batch adds.
type listingRows struct{ listings, tags, claims [][]any }

func (r *listingRows) add(name string, before storedListing, after freehold.Listing) {
	for _, tag := range after.Tags {
		if !slices.Contains(before.Tags, tag) {
			r.tags = append(r.tags, []any{name, text(tag)})
		}
	}
	for _, c := range after.Claims {
		if old, had := before.Claim(c.Field); !had || old.Value != c.Value {
			r.claims = append(r.claims, []any{name, string(c.Field), before.seq[c.Field] + 1, text(c.Value), text(c.From.Import), text(c.From.Sheet), int64(c.From.Row)})
		}
	}
}

func (r *listingRows) insert(ctx context.Context, tx *sql.Tx) error {
	err := insertMany(ctx, tx, "INSERT INTO portfolio (name, client, added, import, sheet, line)", "", r.listings)
	if err == nil {
		err = insertMany(ctx, tx, "INSERT INTO portfolio_tags (name, tag)", "", r.tags)
	}
	if err == nil {
		err = insertMany(ctx, tx, "INSERT INTO portfolio_claims (name, field, seq, value, import, sheet, line)", "", r.claims)
	}
	return err
}

// attest adds the attestations that the same person did not make before in the
// same words.
func (w *listingWriter) attest(e freehold.ListingEntry) (made int, err error) {
	if len(e.Attestations) == 0 {
		return 0, nil
	}
	said, err := w.q.AttestationsOf(w.ctx, e.Name.ASCII())
	if err != nil {
		return 0, err
	}
	for i, a := range e.Attestations {
		repeats := slices.ContainsFunc(said, func(old db.Attestation) bool {
			return old.Subject == a.Subject && old.Value == text(a.Value) && old.SaidBy == text(a.By)
		})
		if repeats {
			continue
		}
		made++
		if w.tx != nil {
			if err := w.s.attest(w.ctx, w.tx, w.q, a, e.Evidence[i]); err != nil {
				return made, err
			}
		}
	}
	return made, nil
}

// storedListing is a listing with the number of the newest claim of each field.
type storedListing struct {
	freehold.Listing
	seq map[freehold.ListingField]int64
}

// readListings reads what the portfolio has of some names.
func (s *Store) readListings(ctx context.Context, from querier, names []string) (map[string]storedListing, error) {
	all := make(map[string]storedListing, len(names))
	for chunk := range slices.Chunk(names, 4*manyRows) {
		if err := s.readSome(ctx, from, chunk, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *Store) readSome(ctx context.Context, from querier, names []string, all map[string]storedListing) error {
	args := make([]any, len(names))
	for i, n := range names {
		args[i] = n
	}
	in := " IN (" + placeholders(len(names)) + ")"
	each := func(query string, scan func(*sql.Rows) error) error {
		rows, err := from.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	err := each("SELECT p.name, p.client, p.added, p.sheet, p.line, i.id, i.file, i.digest, i.at FROM portfolio p JOIN imports i ON i.id = p.import WHERE p.name"+in, func(rows *sql.Rows) error {
		l := storedListing{seq: map[freehold.ListingField]int64{}}
		var name string
		var added int64
		var from fromRow
		if err := rows.Scan(append([]any{&name, &l.Client, &added}, from.into()...)...); err != nil {
			return err
		}
		if err := l.Name.UnmarshalText([]byte(name)); err != nil {
			return s.damaged(freehold.T("the entry of %q in the portfolio", name), err)
		}
		l.Added, l.From = fromMicros(added), from.provenance()
		all[name] = l
		return nil
	})
	if err != nil || len(all) == 0 {
		return err
	}
	err = each("SELECT name, tag FROM portfolio_tags WHERE name"+in, func(rows *sql.Rows) error {
		var name, tag string
		if err := rows.Scan(&name, &tag); err != nil {
			return err
		}
		l := all[name]
		l.Tags = freehold.JoinTags(l.Tags, []string{tag})
		all[name] = l
		return nil
	})
	if err != nil {
		return err
	}
	err = each("SELECT c.name, c.field, c.seq, c.value, c.sheet, c.line, i.id, i.file, i.digest, i.at FROM portfolio_claims c JOIN imports i ON i.id = c.import WHERE c.name"+in, func(rows *sql.Rows) error {
		var name string
		var c freehold.ListingClaim
		var seq int64
		var from fromRow
		if err := rows.Scan(append([]any{&name, &c.Field, &seq, &c.Value}, from.into()...)...); err != nil {
			return err
		}
		l := all[name]
		if seq > l.seq[c.Field] {
			l.seq[c.Field], c.From = seq, from.provenance()
			l.Claims = append(slices.DeleteFunc(l.Claims, func(o freehold.ListingClaim) bool { return o.Field == c.Field }), c)
		}
		all[name] = l
		return nil
	})
	for name, l := range all {
		slices.SortFunc(l.Claims, func(a, b freehold.ListingClaim) int {
			return slices.Index(freehold.ClaimedFields, a.Field) - slices.Index(freehold.ClaimedFields, b.Field)
		})
		all[name] = l
	}
	return err
}

// fromRow is a provenance as it is stored.
type fromRow struct {
	sheet, id, file string
	line, at        int64
	digest          []byte
}

func (f *fromRow) into() []any { return []any{&f.sheet, &f.line, &f.id, &f.file, &f.digest, &f.at} }

func (f *fromRow) provenance() freehold.Provenance {
	return freehold.Provenance{Import: f.id, File: f.file, Digest: string(idOf(f.digest)), Sheet: f.sheet, Row: int(f.line), At: fromMicros(f.at)}
}

// placeholders writes "$1, $2, …".
func placeholders(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String()
}

// Listing returns what the portfolio has of a name, and false where it has
// nothing.
func (s *Store) Listing(ctx context.Context, name freehold.Name) (freehold.Listing, bool, error) {
	all, err := s.readListings(ctx, s.reader, []string{name.ASCII()})
	if err != nil {
		return freehold.Listing{}, false, s.fail(ctx, "read from", err)
	}
	l, ok := all[name.ASCII()]
	return l.Listing, ok, nil
}

// Listings streams a part of the portfolio, by name.
func (s *Store) Listings(ctx context.Context, sel freehold.Selection) iter.Seq2[freehold.Listing, error] {
	return func(yield func(freehold.Listing, error) bool) {
		for after := ""; ; {
			names, err := s.queries.PortfolioAfter(ctx, db.PortfolioAfterParams{Name: after, AtMost: 4 * manyRows})
			var all map[string]storedListing
			if err == nil && len(names) > 0 {
				after = names[len(names)-1]
				all, err = s.readListings(ctx, s.reader, names)
			}
			if err != nil {
				yield(freehold.Listing{}, s.fail(ctx, "read from", err))
				return
			}
			for _, name := range names {
				if l := all[name]; sel.Has(&l.Listing) && !yield(l.Listing, nil) {
					return
				}
			}
			if len(names) == 0 {
				return
			}
		}
	}
}

// ImportByID returns a file that was imported, without how it was read.
func (s *Store) ImportByID(ctx context.Context, id string) (freehold.Import, error) {
	row, err := s.queries.ImportByID(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return freehold.Import{}, notFound(freehold.T("no import %q is saved", id), freehold.Text{})
	}
	if err != nil {
		return freehold.Import{}, s.fail(ctx, "read from", err)
	}
	var form importForm
	if err := json.Unmarshal([]byte(row.Form), &form); err != nil {
		return freehold.Import{}, s.damaged(freehold.T("import %q", row.ID), err)
	}
	return freehold.Import{ID: row.ID, At: fromMicros(row.At), File: row.File, Digest: string(idOf(row.Digest)), Size: row.Size,
		Kind: form.Kind, Encoding: form.Encoding, Guessed: form.Guessed, Separator: form.Separator}, nil
}
