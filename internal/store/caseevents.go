package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"freehold"
	"freehold/internal/store/db"
)

// An event is stored as plain JSON of its body beside who acted and how. A field
// added to a body needs no migration; one renamed or a kind renamed does.
type eventDoc struct {
	Actor   string           `json:"actor"`
	Channel freehold.Channel `json:"channel"`
	Body    json.RawMessage  `json:"body"`
}

// kindPurged is the kind of an event of which a purge left the place only.
const kindPurged = "purged"

func encodeEvent(e freehold.CaseEvent) (kind string, doc []byte, err error) {
	body, err := json.Marshal(e.Body)
	if err != nil {
		return "", nil, err
	}
	doc, err = json.Marshal(eventDoc{e.Actor, e.Channel, body})
	return e.Body.Kind(), doc, err
}

func decodeEvent(row db.CaseEvent) (freehold.CaseEvent, error) {
	zero, ok := freehold.CaseBodies[row.Kind]
	if !ok {
		return freehold.CaseEvent{}, &freehold.Error{Kind: freehold.KindNewer, Text: freehold.T("a case has an event %q, which this freehold does not know", row.Kind), Advice: freehold.T("use the newer version that stored it")}
	}
	var d eventDoc
	if err := strict(row.Doc, &d); err != nil {
		return freehold.CaseEvent{}, err
	}
	body := reflect.New(reflect.TypeOf(zero))
	if err := strict(d.Body, body.Interface()); err != nil {
		return freehold.CaseEvent{}, err
	}
	return freehold.CaseEvent{Case: row.CaseID, At: fromMicros(row.At), Actor: d.Actor, Channel: d.Channel, Body: body.Elem().Interface().(freehold.CaseBody)}, nil
}

// strict refuses what it does not know: an event says no more than was understood.
func strict(doc []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("something follows the document")
	}
	return nil
}

// asStored returns the event as it reads back: with a time of whole microseconds,
// and no text that a database refuses.
func asStored(e freehold.CaseEvent) (freehold.CaseEvent, db.InsertCaseEventParams, error) {
	e.At = e.At.UTC().Truncate(time.Microsecond)
	kind, doc, err := encodeEvent(e)
	if err != nil {
		return e, db.InsertCaseEventParams{}, err
	}
	row := db.CaseEvent{CaseID: e.Case, At: micros(e.At), Kind: kind, Doc: doc}
	back, err := decodeEvent(row)
	return back, db.InsertCaseEventParams{CaseID: row.CaseID, At: row.At, Kind: kind, Doc: doc}, err
}

// chained returns the digest over all events up to this one.
func chained(before []byte, e freehold.CaseEvent) []byte {
	sum := sha256.Sum256(append(append([]byte("freehold case chain 1\n"), before...), e.Digest()...))
	return sum[:]
}
