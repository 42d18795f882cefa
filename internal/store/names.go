package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"freehold"
)

// Names returns names that saved runs found something about and that begin with
// prefix, in the database's order, at most limit. Each costs one step along an
// index, however often it was audited. It serves completion: where PostgreSQL
// sorts by a language, which puts hyphens aside, some may be missing.
func (s *Store) Names(ctx context.Context, prefix string, limit int) ([]freehold.Name, error) {
	var names []freehold.Name
	for from := prefix; len(names) < limit; {
		key, err := s.queries.NextName(ctx, from)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !strings.HasPrefix(key, prefix) {
			break
		}
		if err != nil {
			return nil, s.fail(ctx, "read from", err)
		}
		if n, err := freehold.ParseName(key); err == nil { // what was no name failed under its own text
			names = append(names, n)
		}
		from = key + "\x01" // the next one: no name holds a control character
	}
	return names, nil
}
