package store

import (
	"database/sql"
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"freehold"
	"freehold/internal/store/db"
	"freehold/internal/storetest/pgtest"
	"freehold/internal/storetest/sample"
)

func someCase(t testing.TB, s *Store, id string) freehold.CaseRow {
	t.Helper()
	who := freehold.Party{Name: "Rosa Abegg"}
	at := sample.Start
	row, err := s.WriteCase(t.Context(), freehold.CaseEntry{Case: id, Events: []freehold.CaseEvent{
		{Case: id, At: at, Actor: "anne", Body: freehold.Opened{Request: freehold.Request{Name: sample.Name("pain.fr"), Act: freehold.ActCode, FirstRequest: at, Holder: who, Requester: who}}},
		{Case: id, At: at, Actor: "anne", Body: freehold.DoubtRecorded{ID: "d1", Reason: "recent_contact_change", Words: "the number is of last week"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// beside opens a database past the store.
func beside(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

func change(t testing.TB, pool *sql.DB, query string) {
	t.Helper()
	if _, err := pool.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// TestEventsReadBack: whatever a body says, it reads back as itself, so that the
// basis of a decision is the same before and after.
func TestEventsReadBack(t *testing.T) {
	for kind, zero := range freehold.CaseBodies {
		body := reflect.New(reflect.TypeOf(zero)).Elem()
		fill(body, 0)
		e := freehold.CaseEvent{Case: "k1", At: sample.Start.Add(999), Actor: "anne\x00\xff", Channel: freehold.ChannelPost, Body: body.Interface().(freehold.CaseBody)}
		stored, p, err := asStored(e)
		if err != nil {
			t.Fatal(kind, err)
		}
		again, err := decodeEvent(db.CaseEvent{CaseID: p.CaseID, At: p.At, Kind: p.Kind, Doc: p.Doc})
		if err != nil || !reflect.DeepEqual(stored, again) || again.Digest() != stored.Digest() {
			t.Errorf("%s: %+v became %+v, %v", kind, stored, again, err)
		}
		if !reflect.DeepEqual(stored.Body, e.Body) {
			t.Errorf("%s: %+v is stored as %+v", kind, e.Body, stored.Body)
		}
	}
}

// fill sets every field to something that is not its zero value.
func fill(v reflect.Value, n int) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(sample.Start.Add(time.Duration(n) * time.Second)))
		return
	case freehold.Name:
		v.Set(reflect.ValueOf(sample.Name("bücher.ch")))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n+i+1)
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[[]byte]() {
			v.SetBytes([]byte{0, 255, byte(n)})
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n+1)
	case reflect.String:
		v.SetString("é<\u2028" + strings.Repeat("x", n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Int:
		v.SetInt(int64(n))
	default:
		panic(v.Type())
	}
}

// TestEditedEvents: what was changed behind our back is damage, not history.
func TestEditedEvents(t *testing.T) {
	for _, edit := range []string{
		`UPDATE case_events SET doc = replace(CAST(doc AS TEXT), 'last week', 'last year') WHERE seq = 2`,
		`UPDATE case_events SET at = at + 1 WHERE seq = 2`,
		`DELETE FROM case_events WHERE seq = 2`,
		`UPDATE case_events SET kind = 'noted' WHERE seq = 2`,
		`UPDATE case_events SET doc = CAST(doc AS TEXT) || ' {}' WHERE seq = 2`,
		`UPDATE case_events SET doc = replace(CAST(doc AS TEXT), '"actor"', '"x":1,"actor"') WHERE seq = 2`,
	} {
		path := t.TempDir() + "/freehold.db"
		s := openAt(t, path, Options{})
		someCase(t, s, "k1")
		raw := beside(t, "sqlite", path)
		change(t, raw, edit)
		if _, err := s.Case(t.Context(), "k1"); freehold.KindOf(err) != freehold.KindDamaged {
			t.Errorf("%s: %v", edit, err)
		}
		if _, err := s.WriteCase(t.Context(), freehold.CaseEntry{Case: "k1", Version: 2}); freehold.KindOf(err) != freehold.KindDamaged {
			t.Errorf("%s, then a write: %v", edit, err)
		}
	}
}

// TestEventsOfANewerFreehold are not passed over.
func TestEventsOfANewerFreehold(t *testing.T) {
	path := t.TempDir() + "/freehold.db"
	s := openAt(t, path, Options{})
	someCase(t, s, "k1")
	change(t, beside(t, "sqlite", path), `UPDATE case_events SET kind = 'teleported' WHERE seq = 2`)
	if _, err := s.Case(t.Context(), "k1"); freehold.KindOf(err) != freehold.KindNewer || freehold.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
}

// TestDeskRole: the desk works on PostgreSQL with a role that may add events and
// read them, and can neither change nor remove one.
func TestDeskRole(t *testing.T) {
	dsn := pgtest.Database(t)
	openAt(t, dsn, Options{})
	admin := beside(t, "pgx", dsn)
	role := "desk_" + strings.ToLower(t.Name())
	change(t, admin, `DROP ROLE IF EXISTS `+role)
	change(t, admin, `CREATE ROLE `+role+` LOGIN`)
	t.Cleanup(func() {
		admin.Exec(`DROP OWNED BY ` + role)
		admin.Exec(`DROP ROLE ` + role)
	})
	for _, grant := range DeskGrants(role) {
		change(t, admin, grant)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	s := openAt(t, u.String(), Options{})
	someCase(t, s, "k1")
	l, err := s.TakeLease(t.Context(), "case k1", "w", sample.Start, sample.Start.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutSealed(t.Context(), freehold.SealedCode{Case: "k1"}, l.Fence); err != nil {
		t.Fatal(err)
	}
	row, err := s.WriteCase(t.Context(), freehold.CaseEntry{Case: "k1", Version: 2, Fence: l.Fence, DropSealed: true,
		Leaves: []freehold.LedgerLeaf{{Event: 3, Salt: []byte{1}, Record: []byte{1}, Commitment: []byte{1}}},
		Events: []freehold.CaseEvent{{Case: "k1", At: sample.Start, Body: freehold.Noted{Words: "x"}}}})
	if err != nil || row.Version() != 3 {
		t.Fatalf("%+v, %v", row, err)
	}
	desk := beside(t, "pgx", u.String())
	for _, try := range []string{`UPDATE case_events SET at = 0`, `DELETE FROM case_events`, `TRUNCATE case_events`, `DELETE FROM cases`, `UPDATE cases SET name = 'x'`,
		`DELETE FROM ledger_leaves`, `UPDATE ledger_leaves SET commitment = '\x00'`, `DELETE FROM ledger_hashes`, `UPDATE checkpoints SET size = 0`, `DROP TABLE case_events`} {
		if _, err := desk.Exec(try); err == nil {
			t.Errorf("the desk's role could: %s", try)
		}
	}
}

// FuzzEvent: a stored event that is read at all says the same when it is stored
// again.
func FuzzEvent(f *testing.F) {
	for kind, zero := range freehold.CaseBodies {
		body := reflect.New(reflect.TypeOf(zero)).Elem()
		fill(body, 0)
		_, doc, err := encodeEvent(freehold.CaseEvent{Body: body.Interface().(freehold.CaseBody)})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(kind, doc)
	}
	f.Fuzz(func(t *testing.T, kind string, doc []byte) {
		e, err := decodeEvent(db.CaseEvent{CaseID: "k1", At: 1, Kind: kind, Doc: doc})
		if err != nil || !json.Valid(doc) {
			return
		}
		stored, _, err := asStored(e)
		if err != nil {
			t.Skip() // a time of the year 10000, which JSON reads and does not write
		}
		if stored.Digest() != e.Digest() {
			t.Errorf("%s became %+v", doc, stored)
		}
	})
}
