package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"freehold"
	"freehold/internal/store/db"
)

const (
	digestSize   = sha256.Size
	digestPrefix = "sha256:"
)

// digestBytes returns the 32 octets of an ID.
func digestBytes(id freehold.EvidenceID) ([]byte, error) {
	if !id.Valid() {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is not the ID of a piece of evidence", string(id)), Advice: freehold.T(`an ID is "sha256:" and 64 hexadecimal digits`)}
	}
	return hex.DecodeString(strings.TrimPrefix(string(id), digestPrefix))
}

func idOf(digest []byte) freehold.EvidenceID {
	return freehold.EvidenceID(digestPrefix + hex.EncodeToString(digest))
}

// evidenceRows makes the rows for all evidence of a batch, each once, in the
// order of their digests: runs that are saved at once may have some in common,
// and in different orders two would wait for each other.
func evidenceRows(batch []Saved) ([][]any, error) {
	rows := map[freehold.EvidenceID][]any{}
	for _, one := range batch {
		for _, e := range one.Evidence {
			id := e.ID()
			if rows[id] != nil {
				continue
			}
			row, err := evidenceRow(id, e)
			if err != nil {
				return nil, err
			}
			rows[id] = row
		}
	}
	var sorted [][]any
	for _, row := range rows {
		sorted = append(sorted, row)
	}
	slices.SortFunc(sorted, func(a, b []any) int { return bytes.Compare(a[0].([]byte), b[0].([]byte)) })
	return sorted, nil
}

func evidenceRow(id freehold.EvidenceID, e freehold.Evidence) ([]any, error) {
	digest, err := digestBytes(id)
	if err != nil {
		return nil, err
	}
	notes, err := json.Marshal(append([]string{}, e.Notes...))
	if err != nil {
		return nil, err
	}
	header := e.Header()
	_, err = parseHeader(header)
	if len(e.Body) > maxUnpacked {
		err = errTooLarge
	}
	if err != nil {
		return nil, &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("evidence from %q cannot be stored", e.Source), Err: err}
	}
	packing, body := pack(e.Body)
	return []any{digest, text(string(e.Kind)), micros(e.Time), []byte(header), packing, body, text(string(notes))}, nil
}

// insertEvidence adds what is not there yet. The digest covers all but the
// notes, so that of two equal pieces the first may stay.
func insertEvidence(ctx context.Context, tx *sql.Tx, rows [][]any) error {
	return insertMany(ctx, tx, "INSERT INTO evidence (digest, kind, at, header, packing, body, notes)", "ON CONFLICT (digest) DO NOTHING", rows)
}

// Evidence returns a piece of evidence by its ID, held against its digest:
// KindNotFound, or KindDamaged if it is not what was saved.
func (s *Store) Evidence(ctx context.Context, id freehold.EvidenceID) (freehold.Evidence, error) {
	digest, err := digestBytes(id)
	if err != nil {
		return freehold.Evidence{}, err
	}
	row, err := s.queries.EvidenceByDigest(ctx, digest)
	if errors.Is(err, sql.ErrNoRows) {
		return freehold.Evidence{}, notFound(freehold.T("no evidence %q is saved", id), freehold.Text{})
	}
	if err != nil {
		return freehold.Evidence{}, s.fail(ctx, "read from", err)
	}
	return s.readEvidence(storedEvidence(row))
}

// storedEvidence is a row of evidence, whichever query read it.
type storedEvidence db.EvidenceByDigestRow

// readEvidence unpacks a row and holds it against its digest.
func (s *Store) readEvidence(row storedEvidence) (freehold.Evidence, error) {
	what := freehold.T("evidence %q", idOf(row.Digest))
	body, err := unpack(row.Packing, row.Body)
	if err != nil {
		return freehold.Evidence{}, s.damaged(what, err)
	}
	if !bytes.Equal(digestOf(row.Header, body), row.Digest) {
		return freehold.Evidence{}, s.damaged(what, errors.New("it is not what its digest says"))
	}
	e, err := parseHeader(string(row.Header))
	if err != nil {
		return freehold.Evidence{}, s.damaged(what, err)
	}
	if err := json.Unmarshal([]byte(row.Notes), &e.Notes); err != nil {
		return freehold.Evidence{}, s.damaged(what, err)
	}
	if len(e.Notes) == 0 {
		e.Notes = nil
	}
	if len(body) > 0 {
		e.Body = body
	}
	return e, nil
}

// FindEvidence completes an abbreviated ID: the first digits, with or without
// "sha256:", four at least. KindNotFound if none begins so, KindInvalid if several do.
func (s *Store) FindEvidence(ctx context.Context, prefix string) (freehold.EvidenceID, error) {
	digits := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(prefix), digestPrefix))
	low, errLow := hex.DecodeString(pad(digits, '0'))
	high, errHigh := hex.DecodeString(pad(digits, 'f'))
	if len(digits) < 4 || errLow != nil || errHigh != nil || len(low) != digestSize {
		return "", &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%q is not the ID of a piece of evidence", prefix), Advice: freehold.T(`give "sha256:" and the first digits, four at least`)}
	}
	found, err := s.queries.EvidenceBetween(ctx, db.EvidenceBetweenParams{Low: low, High: high, AtMost: 2})
	switch {
	case err != nil:
		return "", s.fail(ctx, "read from", err)
	case len(found) == 0:
		return "", notFound(freehold.T("no evidence whose ID begins with %q is saved", digits), freehold.Text{})
	case len(found) > 1:
		return "", &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("several pieces of evidence have IDs that begin with %q", digits),
			Advice: freehold.T("give more digits: %s… or %s…", hex.EncodeToString(found[0])[:16], hex.EncodeToString(found[1])[:16])}
	}
	return idOf(found[0]), nil
}

func pad(digits string, with byte) string {
	return digits + strings.Repeat(string(with), max(0, 2*digestSize-len(digits)))
}

// parseHeader reads what freehold.Evidence.Header wrote.
func parseHeader(header string) (e freehold.Evidence, err error) {
	lines, ended := strings.CutSuffix(header, "\n\n")
	if !ended {
		return e, errors.New("its header has no end")
	}
	for i, line := range strings.Split(lines, "\n") {
		key, value, ok := strings.Cut(line, ": ")
		if !ok || (i == 0) != (key == "freehold-evidence") {
			return e, errors.New("its header is not one of freehold's")
		}
		switch key {
		case "freehold-evidence":
			if value != "1" {
				return e, fmt.Errorf("its header is of form %q", freehold.OneLine(value))
			}
		case "kind":
			e.Kind = freehold.EvidenceKind(value)
		case "source":
			e.Source = value
		case "query":
			e.Query = value
		case "time":
			if e.Time, err = time.Parse(time.RFC3339Nano, value); err != nil {
				return e, errors.New("the time in its header is not one")
			}
		case "status":
			e.Status = value
		case "media-type":
			e.MediaType = value
		case "truncated":
			e.Truncated = value == "yes"
		default:
			return e, fmt.Errorf("its header has the unknown line %q", freehold.OneLine(key))
		}
	}
	return e, nil
}
