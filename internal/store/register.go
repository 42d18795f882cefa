package store

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"
	"time"

	"freehold"
	"freehold/internal/store/db"
)

// ImportRegister puts what records say of customers into the register, in one
// transaction: all that do put is durable when it returns, or nothing is. With dry
// nothing is written, and what would be is told all the same.
//
// No two of what is put at once are of one account. do may be called again from its
// start if the transaction lost against another one.
func (s *Store) ImportRegister(ctx context.Context, imports []freehold.Import, dry bool, do func(put func([]freehold.RegisterSaid) ([]freehold.RegisterMerge, error)) error) error {
	if dry {
		return do(func(said []freehold.RegisterSaid) ([]freehold.RegisterMerge, error) {
			merges, err := (&registerWriter{s: s, ctx: ctx, from: s.reader}).put(said)
			if err != nil {
				err = s.fail(ctx, "read from", err)
			}
			return merges, err
		})
	}
	return s.write(ctx, "save to", func(tx *sql.Tx, q *db.Queries) error {
		if err := s.lock(ctx, tx, "register"); err != nil {
			return err
		}
		for _, i := range imports {
			if err := insertImport(ctx, q, i); err != nil {
				return err
			}
		}
		return do((&registerWriter{s: s, ctx: ctx, from: tx, tx: tx, q: q}).put)
	})
}

// registerWriter puts entries into the register; without a transaction it only says
// what that would do.
type registerWriter struct {
	s    *Store
	ctx  context.Context
	from querier
	tx   *sql.Tx
	q    *db.Queries
}

func (w *registerWriter) put(said []freehold.RegisterSaid) ([]freehold.RegisterMerge, error) {
	ids := make([]string, len(said))
	for i := range said {
		ids[i] = text(said[i].Account)
	}
	known, err := w.s.readRegister(w.ctx, w.from, ids)
	if err != nil {
		return nil, err
	}
	merges := make([]freehold.RegisterMerge, len(said))
	var rows [][]any
	for i := range said {
		entries := known[ids[i]]
		m := freehold.MergeRegister(entries, said[i])
		merges[i] = m
		seq := len(entries)
		for _, n := range m.Add {
			seq++
			e := said[i].Entries[n]
			rows = append(rows, []any{ids[i], int64(seq), e.Of.String(), text(string(e.Field)), text(e.Value), text(e.Detail), text(e.Key()), text(e.Name.ASCII()), micros(e.Since), text(string(e.Source)),
				text(e.From.Import), text(e.From.Sheet), int64(e.From.Row), text(e.By), micros(e.Added), int64(0)})
		}
		for _, n := range m.Replace {
			if w.tx == nil {
				continue
			}
			if _, err := w.q.RegisterReplace(w.ctx, db.RegisterReplaceParams{At: micros(said[i].At), Account: ids[i], Seq: int64(n)}); err != nil {
				return nil, err
			}
		}
	}
	if w.tx == nil {
		return merges, nil
	}
	return merges, insertMany(w.ctx, w.tx, "INSERT INTO register (account, seq, side, field, value, detail, folded, name, since, source, import, sheet, line, said_by, added, replaced)", "", rows)
}

// readRegister reads all entries of some accounts.
func (s *Store) readRegister(ctx context.Context, from querier, accounts []string) (map[string][]freehold.RegisterEntry, error) {
	all := make(map[string][]freehold.RegisterEntry, len(accounts))
	for chunk := range slices.Chunk(accounts, 4*manyRows) {
		args := make([]any, len(chunk))
		for i, a := range chunk {
			args[i] = a
		}
		rows, err := from.QueryContext(ctx, `SELECT r.account, r.seq, r.side, r.field, r.value, r.detail, r.name, r.since, r.source, r.said_by, r.added, r.replaced,
    r.sheet, r.line, r.import, COALESCE(i.file, ''), i.digest, COALESCE(i.at, 0)
FROM register r LEFT JOIN imports i ON i.id = r.import WHERE r.account IN (`+placeholders(len(chunk))+`) ORDER BY r.account, r.seq`, args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			e, err := s.registerEntry(rows)
			if err != nil {
				rows.Close()
				return nil, err
			}
			all[e.Account] = append(all[e.Account], e)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *Store) registerEntry(rows *sql.Rows) (e freehold.RegisterEntry, err error) {
	var side, name string
	var since, added, replaced int64
	var from fromRow
	if err := rows.Scan(append([]any{&e.Account, &e.Seq, &side, &e.Field, &e.Value, &e.Detail, &name, &since, &e.Source, &e.By, &added, &replaced}, from.into()...)...); err != nil {
		return e, err
	}
	if err = e.Of.UnmarshalText([]byte(side)); err == nil && name != "" {
		err = e.Name.UnmarshalText([]byte(name))
	}
	if err != nil {
		return e, s.damaged(freehold.T("the entry of %q in the register", e.Account), err)
	}
	e.Since, e.Added, e.Replaced = fromMicros(since), fromMicros(added), fromMicros(replaced)
	if from.id != "" {
		e.From = from.provenance()
	}
	return e, nil
}

// RegisterAccount returns what the register has of an account; KindNotFound where it
// has nothing.
func (s *Store) RegisterAccount(ctx context.Context, id string) (freehold.RegisterAccount, error) {
	all, err := s.readRegister(ctx, s.reader, []string{id})
	if err != nil {
		return freehold.RegisterAccount{}, s.fail(ctx, "read from", err)
	}
	if len(all[id]) == 0 {
		return freehold.RegisterAccount{}, notFound(freehold.T("the register has no account %q", id), freehold.Text{})
	}
	return freehold.RegisterAccount{ID: id, Entries: all[id]}, nil
}

// FindRegister returns for each of the values, as freehold.RegisterKeyOf folds them,
// the accounts of which an entry of the field has it; standing asks for those only
// whose place nothing has taken.
func (s *Store) FindRegister(ctx context.Context, field freehold.ListingField, folded []string, standing bool) (map[string][]string, error) {
	all := map[string][]string{}
	query := "SELECT DISTINCT folded, account FROM register WHERE field = $1 AND folded IN ("
	end := ") ORDER BY folded, account"
	if standing {
		end = ") AND replaced = 0 ORDER BY folded, account"
	}
	for chunk := range slices.Chunk(folded, 4*manyRows) {
		args := []any{text(string(field))}
		for _, v := range chunk {
			args = append(args, text(v))
		}
		rows, err := s.reader.QueryContext(ctx, query+placeholders(len(args))[len("$1, "):]+end, args...)
		if err != nil {
			return nil, s.fail(ctx, "read from", err)
		}
		for rows.Next() {
			var value, account string
			if err := rows.Scan(&value, &account); err != nil {
				rows.Close()
				return nil, s.fail(ctx, "read from", err)
			}
			all[value] = append(all[value], account)
		}
		if err := rows.Err(); err != nil {
			return nil, s.fail(ctx, "read from", err)
		}
	}
	return all, nil
}

// Register streams the accounts of the register in the order of their identifiers.
func (s *Store) Register(ctx context.Context) iter.Seq2[freehold.RegisterAccount, error] {
	return func(yield func(freehold.RegisterAccount, error) bool) {
		for after := ""; ; {
			ids, err := s.queries.RegisterAccounts(ctx, db.RegisterAccountsParams{Account: after, AtMost: 4 * manyRows})
			var all map[string][]freehold.RegisterEntry
			if err == nil && len(ids) > 0 {
				after = ids[len(ids)-1]
				all, err = s.readRegister(ctx, s.reader, ids)
			}
			if err != nil {
				yield(freehold.RegisterAccount{}, s.fail(ctx, "read from", err))
				return
			}
			for _, id := range ids {
				if !yield(freehold.RegisterAccount{ID: id, Entries: all[id]}, nil) {
					return
				}
			}
			if len(ids) == 0 {
				return
			}
		}
	}
}

// A Purge says what was destroyed, and is all that is left of it.
type Purge struct {
	Thing  string // "case 20261125-abcdef"
	At     time.Time
	By     string
	Rule   string // why: its citation
	Number int    // of the records that were destroyed
	Digest []byte // over all of them, as it stood in their chain
}

// PurgeCase destroys all that the events of a case say, its messages and its records
// in the ledger with their salts: what stays is that there was a case, its digest, and
// the ledger's tree. Errors: KindNotFound; KindPermission where the case has not ended;
// KindWaiting where a record of it has no place in the ledger yet.
func (s *Store) PurgeCase(ctx context.Context, id, by, rule string, at time.Time) (p Purge, err error) {
	err = s.write(ctx, "save to", func(tx *sql.Tx, q *db.Queries) error {
		if err := s.lock(ctx, tx, "case "+id); err != nil {
			return err
		}
		row, chain, err := s.readCase(ctx, q, id)
		if err != nil {
			return err
		}
		if !row.Case.State.Ended() {
			return &freehold.Error{Kind: freehold.KindPermission, Text: freehold.T("the case %q has not ended: it is not purged", id)}
		}
		leaves, err := q.LeavesOfCase(ctx, id)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(leaves, func(l db.LedgerLeaf) bool { return l.Idx < 0 }) {
			return &freehold.Error{Kind: freehold.KindWaiting, Text: freehold.T("records of the case %q have no place in the ledger yet", id), Advice: freehold.T("%s gives them one", "freehold ledger export")}
		}
		p = Purge{Thing: "case " + id, At: at.UTC().Truncate(time.Microsecond), By: by, Rule: rule, Number: row.Version(), Digest: chain}
		for n := range row.Events {
			if _, err := q.EmptyEvent(ctx, db.EmptyEventParams{Doc: []byte{}, CaseID: id, Seq: int64(n + 1)}); err != nil {
				return err
			}
		}
		if _, err := q.ForgetLeaf(ctx, db.ForgetLeafParams{None: []byte{}, CaseID: id}); err != nil {
			return err
		}
		if err := q.EmptyOutbox(ctx, id); err != nil {
			return err
		}
		if err := q.DropSealedCode(ctx, id); err != nil {
			return err
		}
		if _, err := q.UpdateCase(ctx, db.UpdateCaseParams{State: row.Case.State.String(), Version: int64(row.Version()), Deadline: micros(row.Deadline), ID: id, Was: int64(row.Version())}); err != nil {
			return err
		}
		return q.InsertPurge(ctx, db.InsertPurgeParams{Thing: p.Thing, At: micros(p.At), SaidBy: text(by), Rule: text(rule), Number: int64(p.Number), Digest: p.Digest})
	})
	return p, err
}

// purged says of a case that was purged when and by which rule it was.
func (s *Store) purged(ctx context.Context, q *db.Queries, id string) error {
	all, err := q.PurgesOf(ctx, "case "+id)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return s.damaged(freehold.T("the case %q", id), errors.New("its events are empty, and no purge is noted"))
	}
	p := all[len(all)-1]
	return notFound(freehold.T("the case %q was purged on %t (%s): what it said is gone", id, fromMicros(p.At), p.Rule), freehold.Text{})
}
